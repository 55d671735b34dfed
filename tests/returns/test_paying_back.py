"""Money goes back: to which tender, as what, to the cent and to the coin; and shipping with the last."""

from typing import Any

import pytest

from omniretail import pricing
from tests.callers import Retailer, line, order, served
from tests.orders.stepping import authorized
from tests.returns.bringing import (
    back,
    carried_out,
    euro,
    refused,
    sale_now,
    shipped,
    taken,
    till_at,
    units,
)

FIVE_CENTS = pricing.Currency(code="EUR", exponent=2, cash_step_minor=5)


async def policy(retailer: Retailer, channel: str = "pos", **stated: Any) -> None:
    answer = await retailer.office.put(f"/v1/channels/{channel}/return-policy", stated)
    assert answer.is_success, answer.text


def paid_out(made: dict[str, Any]) -> dict[str, int]:
    """How much of the last refund went back by which means of payment."""
    return {one["type"]: one["amount"]["amount"] for one in made["refunds"][-1]["paid_out"]}


async def mixed(
    retailer: Retailer, *tenders: tuple[str, int], units_sold: int = 2, **more: Any
) -> dict[str, Any]:
    """Sell A at 20.00 over the counter, paid by several tenders; `card` names one of ours."""
    await retailer.receive("A", S1=units_sold)
    paid = []
    for kind, amount in tenders:
        tender: dict[str, Any] = {"type": kind, "amount": euro(amount)}
        if kind == "card":
            tender["reference"] = "p-1"
        if kind in {"gift_card", "store_credit"}:
            tender["account"] = more[kind]
        paid.append(tender)
    body = order(served("carry_out", None, line("A", units_sold)), paid=0) | {"tenders": paid}
    if "customer" in more:
        body["customer"] = more["customer"]
    return await taken(await retailer.till.post("/v1/orders", body))


async def balance(retailer: Retailer, account: str) -> tuple[int, str | None]:
    found = (await retailer.office.get(f"/v1/accounts/{account}")).json()
    return found["balance"]["amount"], found["customer"]


async def test_a_price_that_was_matched_goes_back_as_matched(retailer: Retailer) -> None:
    """Given 2 × 25.00, matched to 22.00: 6.00 went back; one returned, 22.00 more; then 22.00."""
    await retailer.prices(A=2500)
    await retailer.receive("A", WH=2)
    sale = await shipped(retailer, line("A", 2), paid=5000)
    lower = {"reason": "price match", "lines": [{"line": 1, "unit_price": euro(2200)}]}
    path = f"/v1/orders/{sale['id']}/price-adjustments"
    matched = await taken(await retailer.office.post(path, lower), 200)
    s2 = await till_at(retailer, "S2")

    first = await taken(await s2.post("/v1/returns", back(sale, units(1))))
    second = await taken(await s2.post("/v1/returns", back(sale, units(1))))

    assert matched["tenders"][0]["refunded"] == euro(600)
    assert (first["refunded"], second["refunded"]) == (euro(2200), euro(2200))
    assert (await sale_now(retailer, sale))["tenders"][0]["refunded"] == euro(5000)


@pytest.mark.parametrize(
    ("kept", "last", "status"), [(False, 2490, "refunded"), (True, 2000, "partly_refunded")]
)
async def test_shipping_goes_back_with_the_last_of_the_goods(
    retailer: Retailer, kept: bool, last: int, status: str
) -> None:
    """2 × 20.00 and 4.90 for shipping: it goes back with the second one, where the policy says so."""
    await policy(retailer, "web", refund_shipping=not kept)
    await retailer.receive("A", WH=2)
    charge = {"shipping": {"price": euro(490)}}
    sale = await shipped(retailer, line("A", 2), paid=4490, **charge)
    s2 = await till_at(retailer, "S2")

    first = await taken(await s2.post("/v1/returns", back(sale, units(1))))
    second = await taken(await s2.post("/v1/returns", back(sale, units(1))))

    assert (first["refunded"], second["refunded"]) == (euro(2000), euro(last))
    assert second["refunds"][0]["shipping"] == euro(0 if kept else 490)
    after = await sale_now(retailer, sale)
    assert (after["payment_status"], after["return_status"]) == (status, "full")


async def test_cash_goes_back_in_coins(retailer: Retailer) -> None:
    """5.01 and 7.42 were 12.45 in 5-cent coins: 5.00 goes back, then 7.45, all of it."""
    await retailer.define(FIVE_CENTS)
    await retailer.prices(A=501, B=742)
    await retailer.receive("A", S1=1)
    await retailer.receive("B", S1=1)
    sale = await carried_out(retailer, line("A", 1), line("B", 1), paid=1245)

    first = await taken(await retailer.till.post("/v1/returns", back(sale, units(1))))
    rest = await taken(await retailer.till.post("/v1/returns", back(sale, units(2))))

    assert (first["refunded"], paid_out(first)) == (euro(501), {"cash": 500})
    assert (rest["refunded"], paid_out(rest)) == (euro(742), {"cash": 745})
    after = await sale_now(retailer, sale)
    assert after["tenders"][0]["refunded"] == euro(1245)
    assert after["payment_status"] == "refunded"


async def test_a_card_s_money_goes_back_in_coins_where_the_policy_allows(
    retailer: Retailer,
) -> None:
    """The card paid 5.01; in cash that is 5.00."""
    await policy(retailer, "pos", refund_methods={"bank_transfer": ["bank_transfer"]})
    await retailer.define(FIVE_CENTS)
    await retailer.prices(A=501)
    await retailer.receive("A", S1=1)
    sale = await carried_out(retailer, line("A", 1), paid=501, by="card")
    wish = {"refund": {"method": "cash"}}

    denied = await retailer.till.post("/v1/returns", back(sale, units(1), **wish))
    await policy(retailer, "pos", refund_methods={"card": ["card", "cash"]})
    made = await taken(await retailer.till.post("/v1/returns", back(sale, units(1), **wish)))

    assert refused(denied) == (409, "refund_method_not_allowed")
    assert denied.json()["allowed"] == ["card", "store_credit"]
    assert (made["refunded"], paid_out(made)) == (euro(501), {"cash": 500})
    assert (await sale_now(retailer, sale))["payment_status"] == "refunded"


async def test_tenders_give_back_in_shares_or_in_turn(retailer: Retailer) -> None:
    """40.00, 30.00 by card and 10.00 in cash: 20.00 goes back 15.00 and 5.00; or cash comes first."""
    tenders = (("card", 3000), ("cash", 1000))
    shared, ranked = await mixed(retailer, *tenders), await mixed(retailer, *tenders)

    in_shares = await taken(await retailer.till.post("/v1/returns", back(shared, units(1))))
    await policy(retailer, refund_by="priority", priority=["cash", "card"])
    in_turn = await taken(await retailer.till.post("/v1/returns", back(ranked, units(1))))
    rest = await taken(await retailer.till.post("/v1/returns", back(ranked, units(1))))

    assert paid_out(in_shares) == {"card": 1500, "cash": 500}
    assert paid_out(in_turn) == {"cash": 1000, "card": 1000}
    assert paid_out(rest) == {"card": 2000}


async def test_the_policy_says_as_what_money_goes_back(retailer: Retailer) -> None:
    """Usually as the first of its row; nothing that is not in the row."""
    await policy(retailer, refund_methods={"card": ["store_credit", "card"]})
    await retailer.receive("A", S1=3)
    sale = await carried_out(retailer, line("A", 3), paid=6000, by="card")

    usual = await taken(await retailer.till.post("/v1/returns", back(sale, units(1))))
    asked = await taken(
        await retailer.till.post("/v1/returns", back(sale, units(1), refund={"method": "card"}))
    )
    never = await retailer.till.post(
        "/v1/returns", back(sale, units(1), refund={"method": "gift_card"})
    )

    assert (paid_out(usual), paid_out(asked)) == ({"store_credit": 2000}, {"card": 2000})
    assert refused(never) == (409, "refund_method_not_allowed")


async def test_store_credit_instead_of_money_on_the_card(retailer: Retailer) -> None:
    """Ann takes store credit: a new account of hers, and what comes back later goes onto it, too."""
    await retailer.receive("A", S1=2)
    sale = await carried_out(retailer, line("A", 2), paid=4000, by="card", customer="ann")
    wish = {"refund": {"method": "store_credit"}}
    body = back(sale, units(1, 2), received=True, refunded=False)

    made = await taken(await retailer.till.post("/v1/returns", body))
    path = f"/v1/returns/{made['id']}/refund"
    one = {"lines": [{"line": 1, "quantity": 1}]} | wish
    first = await taken(await retailer.till.post(path, one), 200)
    second = await taken(await retailer.till.post(path, wish), 200)

    account = first["refunds"][0]["account_id"]
    assert account is not None
    assert second["account_id"] == second["refunds"][1]["account_id"] == account
    assert await balance(retailer, account) == (4000, "ann")
    assert (await sale_now(retailer, sale))["payment_status"] == "refunded"


async def test_store_credit_goes_to_the_customer_s_own_account_only(retailer: Retailer) -> None:
    await retailer.receive("A", S1=1)
    sale = await carried_out(retailer, line("A", 1), paid=2000, by="card", customer="ann")
    accounts = [
        await taken(await retailer.office.post(path, {"amount": euro(100)} | of))
        for path, of in (
            ("/v1/store-credits", {"customer": "bob"}),
            ("/v1/store-credits", {}),
            ("/v1/gift-cards", {"customer": "ann", "code": "ANNS-CARD-0001"}),
            ("/v1/store-credits", {"customer": "ann"}),
        )
    ]

    answers = [
        await retailer.till.post(
            "/v1/returns",
            back(sale, units(1), refund={"method": "store_credit", "account": one["id"]}),
        )
        for one in accounts
    ]
    without = await retailer.till.post(
        "/v1/returns", back(sale, units(1), refund={"account": accounts[3]["id"]})
    )

    assert [refused(one) for one in answers[:3]] == [(404, "unknown_account")] * 3
    assert answers[3].status_code == 201, answers[3].text
    assert [(await balance(retailer, one["id"]))[0] for one in accounts] == [100, 100, 100, 2100]
    assert refused(without) == (400, "invalid")
    assert await retailer.level("A", "S1") == (1, 0, 1)


async def test_a_gift_card_gets_back_what_it_paid(retailer: Retailer) -> None:
    """40.00, 10.00 of it by gift card: of one unit, 5.00 goes back to the card, 15.00 in cash."""
    code = "GIVEN-CARD-0001"
    card = await taken(
        await retailer.office.post("/v1/gift-cards", {"code": code, "amount": euro(5000)})
    )
    sale = await mixed(retailer, ("gift_card", 1000), ("cash", 3000), gift_card=code)

    made = await taken(await retailer.till.post("/v1/returns", back(sale, units(1))))

    assert paid_out(made) == {"gift_card": 500, "cash": 1500}
    assert await balance(retailer, card["id"]) == (4500, None)


async def test_store_credit_gets_back_what_it_paid(retailer: Retailer) -> None:
    """Though it is ann's, and the order names nobody."""
    credit = await taken(
        await retailer.office.post("/v1/store-credits", {"customer": "ann", "amount": euro(4000)})
    )
    sale = await mixed(retailer, ("store_credit", 4000), store_credit=credit["id"])

    made = await taken(await retailer.till.post("/v1/returns", back(sale, units(1))))

    assert paid_out(made) == {"store_credit": 2000}
    assert made["account_id"] is None
    assert await balance(retailer, credit["id"]) == (2000, "ann")


async def test_what_was_never_taken_is_not_paid_out(retailer: Retailer) -> None:
    """Of 2 × 20.00 promised one left and was taken; it comes back, the other one stays promised."""
    await retailer.receive("A", WH=2)
    wanted = order(served("ship", "WH", line("A", 2)), paid=4000)
    sale = await taken(await retailer.web.post("/v1/orders", wanted))
    await authorized(retailer, sale["id"])
    one = {"lines": [{"line": 1, "quantity": 1}]}
    assert (await retailer.office.leave(sale["fulfillments"][0], **one)).is_success
    s2 = await till_at(retailer, "S2")

    made = await taken(await s2.post("/v1/returns", back(sale, units(1))))

    tender = (await sale_now(retailer, sale))["tenders"][0]
    assert made["refunded"] == euro(2000)
    assert (tender["captured"], tender["refunded"]) == (euro(2000), euro(2000))
    assert tender["voided"] == euro(0)
    assert (await retailer.office.leave(sale["fulfillments"][0])).is_success
    after = await sale_now(retailer, sale)
    assert (after["payment_status"], after["return_status"]) == ("partly_refunded", "part")


async def test_what_came_back_is_paid_back_bit_by_bit(retailer: Retailer) -> None:
    """Three lines of a return, each paid for itself; none of them more often than it came."""
    await retailer.receive("A", S1=2)
    await retailer.receive("B", S1=1)
    sale = await carried_out(retailer, line("A", 2), line("B", 1), paid=4500)
    body = back(sale, units(1, 2), units(2), refunded=False)
    made = await taken(await retailer.till.post("/v1/returns", body))
    path = f"/v1/returns/{made['id']}/refund"

    async def pay(*of: tuple[int, int]) -> Any:
        named = [{"line": number, "quantity": quantity} for number, quantity in of]
        return await retailer.till.post(path, {"lines": named})

    first = await taken(await pay((1, 1)), 200)
    too_many = await pay((1, 2))
    twice = await pay((1, 1), (1, 1))
    nowhere = await pay((3, 1))
    rest = await taken(await retailer.till.post(path, {}), 200)
    over = await retailer.till.post(path, {})

    assert (first["refunded"], first["refund_status"]) == (euro(2000), "part")
    assert refused(too_many) == (409, "more_than_returned")
    assert refused(twice) == refused(nowhere) == (400, "invalid")
    assert rest["refunds"][1]["amount"] == euro(2500)
    assert refused(over) == (409, "return_state_refused")
