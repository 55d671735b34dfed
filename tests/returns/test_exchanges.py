"""Exchanges: goods come back, others come in, on one document; one difference is paid or goes back."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from omniretail import channels, clock, idempotency, orders, pricing, returns
from omniretail.ids import new_id
from tests.api.test_approvals import principal
from tests.callers import Caller, Retailer, euro, line, order, served
from tests.orders.buying import HOME
from tests.returns.bringing import back, carried_out, sale_now, shipped, taken, till_at, units

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
VAT_20 = pricing.TaxRate(tax_class="standard", valid_from=LONG_AGO, rate_ppm=200_000)
TEN_OFF = pricing.Promotion(
    code="TEN-OFF",
    name="Ten euro off",
    action=pricing.Amount(amount_minor=1000, level="order"),
    currency="EUR",
    coupon_only=True,
)


def cash(amount: int) -> dict[str, Any]:
    return {"type": "cash", "amount": euro(amount)}


def swap(sale: dict[str, Any], *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An exchange on the wire; `takes` is what is carried out for it."""
    takes = more.pop("takes", ())
    add = [served("carry_out", None, *takes)] if takes else []
    return {"order": sale["id"], "lines": list(lines), "add": add, **more}


async def exchanged(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    return await taken(await caller.post("/v1/exchanges", body))


async def previewed(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    what = {name: body[name] for name in ("order", "lines", "add")}
    return await taken(await caller.ask("/v1/exchanges/preview", what), 200)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def difference(made: dict[str, Any]) -> list[int]:
    """(added, paid by the units, charged, refunded), in cents."""
    part = made["exchange"]
    return [part[name]["amount"] for name in ("added", "paid", "charge", "refund")]


def money(sale: dict[str, Any]) -> list[tuple[str, int, int]]:
    """(type, amount, refunded) of each tender."""
    return [
        (one["type"], one["amount"]["amount"], one["refunded"]["amount"]) for one in sale["tenders"]
    ]


def kept(sale: dict[str, Any]) -> list[tuple[str, int]]:
    """(SKU, what is kept of it) of each line."""
    return [
        (one["sku"], one["kept"]["amount"])
        for part in sale["fulfillments"]
        for one in part["lines"]
    ]


async def ledger(retailer: Retailer, sale: dict[str, Any], *places: tuple[str, str]) -> list[Any]:
    """The order and the levels, to tell whether anything moved."""
    levels = [await retailer.level(*place) for place in places]
    return [await sale_now(retailer, sale), *levels, await retailer.movements("A")]


async def test_something_dearer_for_something_cheaper(retailer: Retailer) -> None:
    """B at 5.00 comes back for A at 20.00: 15.00 is paid, and each has its timeline."""
    await retailer.receive("A", S1=2)
    await retailer.receive("B", S1=1)
    sale = await carried_out(retailer, line("B", 1), paid=500)
    body = swap(sale, units(1), takes=[line("A", 1)])

    preview = await previewed(retailer.till, body)
    unpaid = await retailer.till.post("/v1/exchanges", body)
    made = await exchanged(retailer.till, body | {"tenders": [cash(1500)]})

    assert (preview["charge"], preview["refund"], preview["in_stock"]) == (
        euro(1500),
        euro(0),
        True,
    )
    assert (refusal(unpaid), unpaid.json()["total"]) == ((409, "tenders_mismatch"), euro(1500))
    assert (made["kind"], made["state"], made["location"]) == ("exchange", "refunded", "S1")
    assert difference(made) == [2000, 500, 1500, 0]
    assert (made["exchange"]["lines"], made["refunds"], made["refunded"]) == ([2], [], euro(0))
    after = await sale_now(retailer, sale)
    assert made["order"] == after
    assert (after["total"], after["exchanged"]) == (euro(2500), euro(500))
    assert money(after) == [("cash", 500, 0), ("cash", 1500, 0)]
    assert (after["payment_status"], after["fulfillment_status"]) == ("paid", "done")
    assert kept(after) == [("B", 0), ("A", 2000)]
    assert after["fulfillments"][1]["pickup"] is None
    assert await retailer.level("A", "S1") == (1, 0, 1)
    assert await retailer.level("B", "S1") == (1, 0, 1)
    for path in (f"/v1/orders/{sale['id']}", f"/v1/returns/{made['id']}"):
        events = (await retailer.office.get(f"{path}/timeline")).json()["items"]
        assert events[-1]["type"] == "exchanged"
        assert events[-1]["data"]["added"] == [{"line": 2, "sku": "A", "quantity": 1}]
        assert events[-1]["data"]["charged_minor"] == 1500
    read = await taken(await retailer.office.get(f"/v1/returns/{made['id']}"), 200)
    assert read == {name: what for name, what in made.items() if name != "order"}


async def test_something_cheaper_for_something_dearer(retailer: Retailer) -> None:
    """A at 20.00 comes back for B at 5.00: 15.00 goes back as it was paid, with its share of the tax."""
    await retailer.define(VAT_20)
    await retailer.receive("A", S1=1)
    await retailer.receive("B", S1=1)
    sale = await carried_out(retailer, line("A", 1), paid=2000)
    body = swap(sale, units(1), takes=[line("B", 1)])

    preview = await previewed(retailer.till, body)
    made = await exchanged(retailer.till, body)

    assert (preview["returned"], preview["added"]) == (euro(2000), euro(500))
    assert preview["paid_out"] == [{"type": "cash", "amount": euro(1500)}]
    assert difference(made) == [500, 500, 0, 1500]
    assert (made["refunded"], made["refunded_tax"]) == (euro(1500), euro(250))
    assert made["lines"][0]["refunded"] == euro(2000)
    assert made["lines"][0]["refunded_tax"] == euro(333)
    after = await sale_now(retailer, sale)
    assert money(after) == [("cash", 2000, 1500)]
    assert (after["payment_status"], after["return_status"]) == ("partly_refunded", "part")


async def test_a_larger_size_at_the_same_price(retailer: Retailer) -> None:
    """M for L, damaged: no money moves at all, and M is not sold again."""
    await retailer.prices(B=2000)
    await retailer.receive("A", S1=1)
    await retailer.receive("B", S1=1)
    sale = await carried_out(retailer, line("A", 1), paid=2000)

    made = await exchanged(retailer.till, swap(sale, units(1, 1, damaged=1), takes=[line("B", 1)]))

    assert difference(made) == [2000, 2000, 0, 0]
    after = await sale_now(retailer, sale)
    assert (money(after), after["payment_status"]) == ([("cash", 2000, 0)], "paid")
    assert await retailer.level("A", "S1") == (1, 0, 0)
    assert await retailer.level("B", "S1") == (0, 0, 0)


async def test_the_same_article_from_another_place(retailer: Retailer) -> None:
    """A is broken, and S1 has no other: the warehouse ships one, which is later returned like any."""
    await retailer.receive("A", S1=1, WH=1)
    sale = await carried_out(retailer, line("A", 1), paid=2000, by="card", ship_to=HOME)
    broken = units(1, 1, damaged=1)

    made = await exchanged(
        retailer.till, swap(sale, broken, add=[served("ship", None, line("A", 1))])
    )
    after = await sale_now(retailer, sale)
    shipment = after["fulfillments"][1]
    assert (shipment["location"], after["fulfillment_status"]) == ("WH", "part")
    assert await retailer.level("A", "WH") == (1, 1, 0)
    early = await retailer.till.post("/v1/returns", back(sale, units(2)))
    assert (await retailer.office.leave(shipment)).is_success
    again = await taken(await retailer.till.post("/v1/returns", back(sale, units(2))))

    assert difference(made) == [2000, 2000, 0, 0]
    assert refusal(early) == (409, "not_handed_over")
    assert again["refunded"] == euro(2000)
    assert (await sale_now(retailer, sale))["payment_status"] == "refunded"


async def test_what_is_not_there_moves_nothing(retailer: Retailer) -> None:
    """The last A is sold: neither B nor the very A that comes back is exchanged for what is not there."""
    await retailer.receive("A", S1=1)
    sale = await carried_out(retailer, line("A", 1), paid=2000)
    before = await ledger(retailer, sale, ("A", "S1"), ("B", "S1"))

    other = await retailer.till.post("/v1/exchanges", swap(sale, units(1), takes=[line("B", 4)]))
    same = await retailer.till.post("/v1/exchanges", swap(sale, units(1), takes=[line("A", 1)]))
    shipment = [served("ship", None, line("B", 1))]
    nowhere = await retailer.till.post("/v1/exchanges", swap(sale, units(1), add=shipment))
    preview = await previewed(retailer.till, swap(sale, units(1), takes=[line("B", 4)]))

    for answer in (other, same, nowhere):
        assert refusal(answer) == (409, "insufficient_stock")
    assert (preview["in_stock"], preview["order"], preview["refund"]) == (False, None, euro(0))
    assert preview["shortages"] == [
        {"sku": "B", "location": "S1", "requested": 4, "available": 0, "missing": 4}
    ]
    assert await ledger(retailer, sale, ("A", "S1"), ("B", "S1")) == before
    listed = await retailer.office.get("/v1/returns", order=sale["id"])
    assert listed.json()["items"] == []


async def test_two_stores_exchange_the_same_unit_at_once(retailer: Retailer) -> None:
    """One of them has it; the other one's goods stay where they are."""
    await retailer.receive("A", WH=1)
    await retailer.receive("B", S2=1, S3=1)
    sale = await shipped(retailer, line("A", 1), paid=2000)
    tills = [await till_at(retailer, code) for code in ("S2", "S3")]
    body = swap(sale, units(1), takes=[line("B", 1)])

    answers = await asyncio.gather(*(till.post("/v1/exchanges", body) for till in tills))

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert [refusal(one)[1] for one in answers if one.status_code == 409] == ["already_returned"]
    left = [(await retailer.level("B", code))[0] for code in ("S2", "S3")]
    assert sorted(left) == [0, 1]
    assert money(await sale_now(retailer, sale)) == [("card", 2000, 1500)]


async def test_bought_online_exchanged_where_it_was_never_sold(retailer: Retailer) -> None:
    """S2, which never had A, takes it back, hands a B over, and has the warehouse ship another one."""
    await retailer.prices(A=3000)
    await retailer.receive("A", WH=2)
    await retailer.receive("B", S2=1, WH=1)
    sale = await shipped(
        retailer,
        line("A", 2),
        paid=6499,
        shipping={"price": euro(499), "tax_class": "standard", "tax_included": True},
    )
    s2 = await till_at(retailer, "S2")

    made = await exchanged(
        s2,
        swap(
            sale,
            units(1, 2, sellable=1, quality_control=1),
            add=[served("carry_out", None, line("B", 1)), served("ship", None, line("B", 1))],
        ),
    )

    assert difference(made) == [1000, 1000, 0, 5000]
    assert made["refunds"][0]["shipping"] == euro(0)
    after = await sale_now(retailer, sale)
    assert money(after) == [("card", 6499, 5000)]
    assert [part["location"] for part in after["fulfillments"]] == ["WH", "S2", "WH"]
    assert await retailer.level("A", "S2") == (2, 0, 1)
    assert await retailer.level("B", "S2") == (0, 0, 0)
    assert (await retailer.office.leave(after["fulfillments"][2])).is_success
    last = await taken(await s2.post("/v1/returns", back(sale, units(2), units(3))))
    # Shipping goes with the last of the goods.
    assert last["refunded"] == euro(1499)
    assert (await sale_now(retailer, sale))["payment_status"] == "refunded"


async def test_discounts_taxes_and_two_tenders_sum_to_the_cent(retailer: Retailer) -> None:
    """3 A at 23.90 less 10.00, by two tenders; one for B, one for 70 C, the rest comes back."""
    await retailer.define(VAT_20, TEN_OFF, pricing.Coupon(code="TEN", promotion="TEN-OFF"))
    await retailer.prices(A=2390)
    await retailer.receive("A", S1=3)
    await retailer.receive("B", S1=1)
    await retailer.receive("C", S1=70)
    gift = {"code": "GIFT-0001-0001", "amount": euro(3000)}
    card = (await retailer.office.post("/v1/gift-cards", gift)).json()
    body = order(served("carry_out", None, line("A", 3)), paid=3170) | {
        "coupons": [{"code": "TEN"}]
    }
    body["tenders"].append({"type": "gift_card", "amount": euro(3000), "account": "GIFT-0001-0001"})
    sale = await taken(await retailer.till.post("/v1/orders", body))

    cheaper = await exchanged(retailer.till, swap(sale, units(1), takes=[line("B", 1)]))
    dearer = await exchanged(
        retailer.till, swap(sale, units(1), takes=[line("C", 70)], tenders=[cash(4873)])
    )
    rest = await taken(
        await retailer.till.post("/v1/returns", back(sale, units(1), units(2), units(3, 70)))
    )

    # 61.70 in three: 20.57, 20.57, 20.56.
    assert difference(cheaper) == [500, 500, 0, 1557]
    assert difference(dearer) == [6930, 2057, 4873, 0]
    assert [one["refunded"]["amount"] for one in rest["lines"]] == [2056, 500, 6930]
    after = await sale_now(retailer, sale)
    assert (after["payment_status"], after["return_status"]) == ("refunded", "full")
    assert [one for _, one in kept(after)] == [0, 0, 0]
    assert [amount - refunded for _, amount, refunded in money(after)] == [0, 0, 0]
    account = (await retailer.office.get(f"/v1/accounts/{card['id']}")).json()
    assert account["available"] == euro(3000)


async def test_the_difference_as_store_credit(retailer: Retailer) -> None:
    """What was paid by card may go back as store credit, which pays the next difference; not in cash."""
    await retailer.prices(C=1000)
    await retailer.receive("A", S1=1)
    await retailer.receive("B", S1=1)
    await retailer.receive("C", S1=1)
    sale = await carried_out(retailer, line("A", 1), paid=2000, by="card")
    body = swap(sale, units(1), takes=[line("B", 1)])

    in_cash = await retailer.till.post("/v1/exchanges", body | {"refund": {"method": "cash"}})
    made = await exchanged(retailer.till, body | {"refund": {"method": "store_credit"}})
    credit = {"type": "store_credit", "amount": euro(500), "account": made["account_id"]}
    more = await exchanged(
        retailer.till, swap(sale, units(2), takes=[line("C", 1)], tenders=[credit])
    )

    assert refusal(in_cash) == (409, "refund_method_not_allowed")
    assert made["refunds"][0]["paid_out"] == [{"type": "store_credit", "amount": euro(1500)}]
    assert difference(more) == [1000, 500, 500, 0]
    account = (await retailer.office.get(f"/v1/accounts/{made['account_id']}")).json()
    assert account["available"] == euro(1000)


async def test_a_refused_exchange_gives_all_its_money_back(retailer: Retailer) -> None:
    """A gift card would pay, and the goods are not there: nothing of it stays held."""
    await retailer.receive("B", S1=1)
    sale = await carried_out(retailer, line("B", 1), paid=500)
    gift = {"code": "GIFT-0001-0001", "amount": euro(3000)}
    card = (await retailer.office.post("/v1/gift-cards", gift)).json()
    tender = {"type": "gift_card", "amount": euro(1500), "account": "GIFT-0001-0001"}

    answer = await retailer.till.post(
        "/v1/exchanges", swap(sale, units(1), takes=[line("A", 1)], tenders=[tender])
    )

    assert refusal(answer) == (409, "insufficient_stock")
    account = (await retailer.office.get(f"/v1/accounts/{card['id']}")).json()
    assert account["available"] == euro(3000)


async def test_kits_and_serial_numbers(retailer: Retailer) -> None:
    """A phone comes back for a kit of two A and a B, and the kit for another phone: the very units."""
    phone = {"name": "Phone", "tracking": "serial"}
    kit = {
        "name": "Pack",
        "components": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}],
    }
    assert (await retailer.office.put("/v1/skus/PHONE", phone)).is_success
    assert (await retailer.office.put("/v1/skus/PACK", kit)).is_success
    await retailer.prices(PHONE=4000, PACK=4000)
    await retailer.receive("A", S1=2)
    await retailer.receive("B", S1=1)
    unit = {"sku": "PHONE", "location": "S1", "quantity": 2, "serials": ["s-1", "s-2"]}
    await retailer.office.post("/v1/stock/receipts", {"lines": [unit], "all_or_nothing": True})
    sale = await carried_out(retailer, line("PHONE", 1, serials=["s-1"]), paid=4000)

    def phone_back(serial: str) -> dict[str, Any]:
        graded = {"disposition": "sellable", "quantity": 1, "serials": [serial]}
        return {"line": 1, "quantity": 1, "reason": "too_small", "dispositions": [graded]}

    before = await sale_now(retailer, sale)
    wrong = await retailer.till.post(
        "/v1/exchanges", swap(sale, phone_back("s-2"), takes=[line("PACK", 1)])
    )
    itself = await retailer.till.post(
        "/v1/exchanges", swap(sale, phone_back("s-1"), takes=[line("PHONE", 1, serials=["s-1"])])
    )
    assert (wrong.status_code, itself.status_code) == (409, 409)
    assert await sale_now(retailer, sale) == before
    assert await retailer.level("A", "S1") == (2, 0, 2)

    first = await exchanged(retailer.till, swap(sale, phone_back("s-1"), takes=[line("PACK", 1)]))
    assert await retailer.level("A", "S1") == (0, 0, 0)
    second = await exchanged(
        retailer.till, swap(sale, units(2), takes=[line("PHONE", 1, serials=["s-2"])])
    )

    assert difference(first) == difference(second) == [4000, 4000, 0, 0]
    assert await retailer.level("A", "S1") == (2, 0, 2)
    assert await retailer.level("B", "S1") == (1, 0, 1)
    here = [
        (await retailer.office.get(f"/v1/stock/serials/PHONE/{one}")).json()["location"]
        for one in ("s-1", "s-2")
    ]
    assert here == ["S1", None]


async def test_a_matched_price_is_what_the_unit_pays(retailer: Retailer) -> None:
    """A was lowered to 15.00, and costs 20.00 today: it pays 15.00, or a manager gives it for that."""
    await retailer.receive("A", S1=3)
    sale = await carried_out(retailer, line("A", 2), paid=4000)
    lowered = {"reason": "a match", "lines": [{"line": 1, "unit_price": euro(1500)}]}
    assert (
        await retailer.office.post(f"/v1/orders/{sale['id']}/price-adjustments", lowered)
    ).is_success
    await retailer.caller(
        "manager",
        "terminal",
        channel="pos",
        locations=frozenset({"S1"}),
        scopes=channels.DEFAULT_SCOPES["terminal"] | {"prices:override"},
    )
    own = line("A", 1, unit_price=euro(1500), price_reason="as it was sold")

    preview = await previewed(retailer.till, swap(sale, units(1), takes=[line("A", 1)]))
    forbidden = await retailer.till.post("/v1/exchanges", swap(sale, units(1), takes=[own]))
    made = await exchanged(retailer.manager, swap(sale, units(1, 1, damaged=1), takes=[own]))

    assert (preview["returned"], preview["charge"]) == (euro(1500), euro(500))
    assert refusal(forbidden) == (403, "price_override_forbidden")
    assert difference(made) == [1500, 1500, 0, 0]
    rest = await taken(await retailer.till.post("/v1/returns", back(sale, units(1), units(2))))
    assert rest["refunded"] == euro(3000)
    assert money(await sale_now(retailer, sale)) == [("cash", 4000, 4000)]


async def test_an_exchange_out_of_time_needs_who_allows_it(retailer: Retailer) -> None:
    """A till may not after the window, and neither may it exchange what is not back; a manager may."""
    assert (
        await retailer.office.put("/v1/channels/pos/return-policy", {"window_days": 0})
    ).is_success
    await retailer.receive("A", S1=1)
    await retailer.receive("B", S1=2)
    sale = await carried_out(retailer, line("A", 1), paid=2000)
    body = swap(sale, units(1), takes=[line("B", 1)])
    override = {"reason": "a regular customer"}

    preview = await previewed(retailer.till, body)
    late = await retailer.till.post("/v1/exchanges", body)
    alone = await retailer.till.post("/v1/exchanges", body | {"override": override})
    made = await exchanged(
        retailer.office,
        body
        | {"received": True, "location": "S1", "override": override}
        | {"add": [served("carry_out", "S1", line("B", 1))]},
    )

    assert preview["in_window"] is False
    assert refusal(late) == (409, "outside_return_window")
    assert refusal(alone) == (403, "approval_needed")
    assert made["override"]["reason"] == "a regular customer"


async def test_what_came_in_has_its_own_time(retailer: Retailer) -> None:
    """A sale of forty days ago is exchanged today by who may; what came in is returned by anybody."""
    await retailer.receive("A", S1=1)
    await retailer.receive("B", S1=1)
    then = line("A", 1, unit_price=euro(2000), price_reason="as on the receipt")
    body = order(served("carry_out", "S1", then), paid=2000) | {
        "channel": "pos",
        "placed_at": (clock.now() - timedelta(days=40)).isoformat(),
    }
    sale = await taken(await retailer.office.post("/v1/orders", body))
    wanted = swap(sale, units(1), takes=[line("B", 1)])

    late = await retailer.till.post("/v1/exchanges", wanted)
    add = [served("carry_out", "S1", line("B", 1))]
    allowed = {"received": True, "location": "S1", "override": {"reason": "a regular customer"}}
    await exchanged(retailer.office, wanted | {"add": add} | allowed)
    again = await taken(await retailer.till.post("/v1/returns", back(sale, units(2))))

    assert refusal(late) == (409, "outside_return_window")
    assert again["refunded"] == euro(500)


async def test_exchanges_of_one_batch_see_each_other(retailer: Retailer) -> None:
    """Of 2 A and 2 B: one each way, one too much of B, the same unit again, and A that has come back."""
    await retailer.receive("A", S1=2)
    await retailer.receive("B", S1=2)
    sale = await carried_out(retailer, line("A", 2), paid=4000)
    till = await principal(retailer, retailer.till)

    def command(number: int, quantity: int, sku: str, wanted: int) -> returns.Exchange:
        return returns.Exchange(
            key=idempotency.Key(till.id, str(new_id()), b"1" * 16),
            principal=till,
            return_id=new_id(),
            order=UUID(sale["id"]),
            lines=(returns.LineBack(order_line=number, quantity=quantity, reason="too_small"),),
            wanted=(
                orders.FulfillmentWish(
                    id=new_id(),
                    kind="carry_out",
                    location="S1",
                    lines=(orders.LineWish(sku=sku, quantity=wanted),),
                ),
            ),
            occurred_at=clock.now(),
            location="S1",
            arrivals=(returns.Arrival(line=1, quantity=quantity, disposition="sellable"),),
        )

    commands = [
        command(1, 1, "B", 1),
        command(1, 1, "B", 2),
        command(1, 2, "B", 1),
        command(1, 1, "A", 1),
        command(2, 1, "B", 1),
        command(9, 1, "B", 1),
    ]
    outcomes = await retailer.process.ledger.run(
        lambda tx: returns.exchange(tx, commands, books=retailer.process.books, now=clock.now())
    )

    assert [
        outcome.value.order.version
        if isinstance(outcome, idempotency.Answer)
        else type(outcome).__name__
        for outcome in outcomes
    ] == [2, "InsufficientStock", "AlreadyReturned", 3, 4, "Invalid"]
    assert await retailer.level("A", "S1") == (1, 0, 1)
    assert await retailer.level("B", "S1") == (1, 0, 1)
    after = await sale_now(retailer, sale)
    assert kept(after) == [("A", 0), ("B", 0), ("A", 2000), ("B", 500)]


async def test_the_new_one_goes_ahead_of_the_old_one(retailer: Retailer) -> None:
    """The web's customer gets the right size at once, if allowed, and sends the other one later."""
    await retailer.prices(B=2000)
    await retailer.receive("A", WH=1)
    await retailer.receive("B", WH=1)
    sale = await shipped(retailer, line("A", 1), paid=2000)
    body = swap(sale, units(1), add=[served("ship", "WH", line("B", 1))])

    waiting = await retailer.office.post("/v1/exchanges", body)
    made = await exchanged(retailer.office, body | {"override": {"reason": "sent ahead"}})
    assert (made["state"], made["receipt_status"], made["refund_status"]) == (
        "approved",
        "none",
        "full",
    )
    assert (await retailer.level("A", "WH"))[0] == 0
    twice = await retailer.office.post(f"/v1/returns/{made['id']}/refund", {})
    cancelled = await retailer.office.post(
        f"/v1/returns/{made['id']}/cancellation", {"reason": "it never came"}
    )
    graded = [{"disposition": "sellable", "quantity": 1}]
    came = await taken(
        await retailer.office.post(
            f"/v1/returns/{made['id']}/receipt",
            {"location": "S2", "lines": [{"line": 1, "dispositions": graded}]},
        ),
        200,
    )

    assert refusal(waiting) == (409, "not_received")
    assert refusal(twice) == (409, "nothing_to_pay_back")
    assert refusal(cancelled) == (409, "return_state_refused")
    assert (came["state"], came["exchange"]) == ("refunded", made["exchange"])
    assert await retailer.level("A", "S2") == (1, 0, 1)


async def test_money_that_is_awaited_holds_the_new_goods_up(retailer: Retailer) -> None:
    """The difference comes by bank: what is picked up waits for it, and what came back is back."""
    await retailer.receive("A", S1=1)
    await retailer.receive("B", S1=1)
    sale = await carried_out(retailer, line("B", 1), paid=500)
    transfer = {"type": "bank_transfer", "amount": euro(1500), "awaited": True}

    await exchanged(
        retailer.till,
        swap(sale, units(1), add=[served("pickup", None, line("A", 1))], tenders=[transfer]),
    )
    after = await sale_now(retailer, sale)
    paid = await retailer.till.post(f"/v1/orders/{sale['id']}/payments", {"tender": 2})
    collected = await retailer.till.collect(after["fulfillments"][1]["id"])

    assert (after["payment_status"], after["fulfillments"][1]["state"]) == ("unpaid", "on_hold")
    assert (paid.status_code, collected.status_code) == (200, 200)
    done = await sale_now(retailer, sale)
    assert (done["payment_status"], done["fulfillment_status"]) == ("paid", "done")


async def test_an_authorization_pays_the_difference(retailer: Retailer) -> None:
    """15.00 set aside are taken at once, since the goods are handed over at once."""
    await retailer.receive("A", S1=1)
    await retailer.receive("B", S1=1)
    sale = await carried_out(retailer, line("B", 1), paid=500)
    asked = {"type": "card", "amount": euro(1500), "method": "ok"}
    payment = (await retailer.till.post("/v1/payments", asked)).json()
    tender = {"type": "card", "amount": euro(1500), "payment": payment["id"]}

    await exchanged(retailer.till, swap(sale, units(1), takes=[line("A", 1)], tenders=[tender]))

    after = await sale_now(retailer, sale)
    assert after["tenders"][1]["captured"] == euro(1500)
    assert after["payment_status"] == "paid"
    seen = (await retailer.till.get(f"/v1/payments/{payment['id']}")).json()
    assert (seen["state"], seen["order_id"]) == ("used", sale["id"])


async def test_a_preview_writes_nothing(retailer: Retailer) -> None:
    """What is previewed is what happens then, and until then nothing does; an own SKU of orders too."""
    await retailer.receive("A", S1=2)
    sale = await carried_out(retailer, line("A", 1), paid=2000)
    coming = {"name": "New", "ordering": {"policy": "back_order", "limit": 5}}
    assert (await retailer.office.put("/v1/skus/NEW", coming)).is_success
    await retailer.prices(NEW=2000)
    body = swap(sale, units(1), add=[served("pickup", "S1", line("NEW", 1))])
    before = await ledger(retailer, sale, ("A", "S1"))

    preview = await previewed(retailer.till, body)
    between = await ledger(retailer, sale, ("A", "S1"))
    made = await exchanged(retailer.till, body)

    assert between == before
    assert (preview["charge"], preview["refund"], preview["in_window"]) == (
        euro(0),
        euro(0),
        True,
    )
    assert kept(preview["order"]) == kept(made["order"]) == [("A", 0), ("NEW", 2000)]
    assert preview["order"]["version"] == made["order"]["version"] == 2


async def test_an_exchange_of_an_order_that_is_half_open(retailer: Retailer) -> None:
    """A is collected, B is not, both authorized: A's money is taken, and pays for what comes in for it."""
    await retailer.receive("A", S1=2)
    await retailer.receive("B", S1=1)
    await retailer.receive("C", S1=1)
    asked = {"type": "card", "amount": euro(2500), "method": "ok", "channel": "web"}
    payment = (await retailer.web.post("/v1/payments", asked)).json()
    wanted = order(
        served("pickup", "S1", line("A", 1)), served("pickup", "S1", line("B", 1)), paid=0
    )
    wanted["tenders"] = [{"type": "card", "amount": euro(2500), "payment": payment["id"]}]
    sale = await taken(await retailer.web.post("/v1/orders", wanted))
    assert (await retailer.till.collect(sale["fulfillments"][0]["id"])).is_success

    made = await exchanged(retailer.till, swap(sale, units(1), takes=[line("C", 1)]))
    between = await sale_now(retailer, sale)
    assert (await retailer.till.collect(sale["fulfillments"][1]["id"])).is_success
    after = await sale_now(retailer, sale)

    assert difference(made) == [99, 99, 0, 1901]
    assert between["tenders"][0]["captured"] == euro(2000)
    assert after["tenders"][0]["captured"] == euro(2500)
    assert money(after) == [("card", 2500, 1901)]


@pytest.mark.parametrize(
    ("what", "status", "problem"),
    [
        ({"add": []}, 400, "invalid"),
        ({"lines": []}, 400, "invalid"),
        ({"lines": [units(1), units(1)]}, 400, "invalid"),
        ({"lines": [units(7)]}, 400, "invalid"),
        ({"lines": [units(1, 2)]}, 409, "not_handed_over"),
        ({"lines": [units(1, 1, damaged=2)]}, 400, "invalid"),
        ({"version": 2}, 412, "stale_version"),
        ({"order": None, "order_number": "260101-00000000"}, 404, "unknown_order"),
        ({"order": "0198c0de-0000-7000-8000-000000000000"}, 404, "unknown_order"),
        ({"order_number": "260101-00000000"}, 400, "invalid"),
        ({"location": "S2"}, 403, "location_not_yours"),
        ({"tenders": [cash(5)]}, 409, "tenders_mismatch"),
        (
            {"tenders": [{"type": "cash", "amount": {"amount": 5, "currency": "USD"}}]},
            400,
            "invalid",
        ),
        ({"add": [served("carry_out", None, line("X", 1))]}, 404, "unknown_sku"),
        ({"add": [served("pickup", "S9", line("B", 1))]}, 404, "unknown_location"),
        ({"add": [served("carry_out", "S2", line("B", 1))]}, 403, "location_bound"),
        ({"refund": {"account": "0198c0de-0000-7000-8000-000000000000"}}, 400, "invalid"),
        (
            {
                "refund": {
                    "method": "store_credit",
                    "account": "0198c0de-0000-7000-8000-000000000000",
                }
            },
            404,
            "unknown_account",
        ),
        ({"received": False}, 409, "not_received"),
        ({"received": False, "location": "S9"}, 404, "unknown_location"),
    ],
)
async def test_what_an_exchange_is_refused_for(
    retailer: Retailer, what: dict[str, Any], status: int, problem: str
) -> None:
    await retailer.receive("A", S1=1)
    await retailer.receive("B", S1=1)
    sale = await carried_out(retailer, line("A", 1), paid=2000)
    body = swap(sale, units(1), takes=[line("B", 1)]) | what
    body = {name: value for name, value in body.items() if value is not None}
    before = await ledger(retailer, sale, ("A", "S1"), ("B", "S1"))

    answer = await retailer.till.post("/v1/exchanges", body)

    assert refusal(answer) == (status, problem)
    assert await ledger(retailer, sale, ("A", "S1"), ("B", "S1")) == before


async def test_who_may_exchange(retailer: Retailer) -> None:
    """Staff and the web shop may not by themselves; another channel's order is none for a shop."""
    await retailer.receive("A", S1=1)
    await retailer.receive("B", S1=1)
    sale = await carried_out(retailer, line("A", 1), paid=2000)
    body = swap(sale, units(1), add=[served("pickup", "S1", line("B", 1))])
    question = {name: body[name] for name in ("order", "lines", "add")}
    shop = await retailer.caller(
        "shop", "channel", channel="web", scopes=frozenset(channels.SCOPES)
    )
    weak = await retailer.caller(
        "weak", "integration", scopes=frozenset({"orders:edit", "returns:write", "returns:refund"})
    )

    assert refusal(await retailer.staff.post("/v1/exchanges", body)) == (403, "scope_missing")
    refused = await retailer.web.post("/v1/exchanges", body)
    assert refusal(refused) == (403, "return_step_forbidden")
    received = await weak.post("/v1/exchanges", body | {"received": True, "location": "S1"})
    assert refusal(received) == (403, "return_step_forbidden")
    assert received.json()["scope"] == "returns:receive"
    foreign = await shop.post("/v1/exchanges", body | {"override": {"reason": "why not"}})
    assert refusal(foreign) == (404, "unknown_order")
    asked = await retailer.web.ask("/v1/exchanges/preview", question)
    assert refusal(asked) == (404, "unknown_order")
