"""Claims: what was damaged, missing or wrong is paid back or replaced, for exactly what was paid."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from omniretail import clock, idempotency, returns
from omniretail.channels import DEFAULT_SCOPES, Principal
from omniretail.ids import new_id
from tests.callers import Retailer, euro, line, order, served
from tests.returns.bringing import (
    back,
    carried_out,
    sale_now,
    shipped,
    taken,
    till_at,
    units,
)
from tests.scenarios.test_return_anywhere import ONCE, QUARTER_OFF, TEN_OFF, VAT_20

REFUND = {"resolution": "refund"}


def claim(
    sale: dict[str, Any], *lines: dict[str, Any], wish: str = "refund", **more: Any
) -> dict[str, Any]:
    """A claim on the wire."""
    return {"order": sale["id"], "lines": list(lines), "wish": wish, **more}


def bad(number: int, quantity: int = 1, kind: str = "damaged") -> dict[str, Any]:
    """Units of an order's line that are not as they should be."""
    return {"line": number, "quantity": quantity, "kind": kind}


def others(kind: str, location: str | None = None, **more: Any) -> dict[str, Any]:
    """A resolution by which others of the same come."""
    place = {} if location is None else {"location": location}
    return {"resolution": "replacement", "fulfillment": {"kind": kind, **place, **more}}


def refused(answer: Any) -> tuple[int, str]:
    """The status and the problem of a refusal."""
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def opened(retailer: Retailer, body: dict[str, Any]) -> str:
    """Open a claim on the web; return its path."""
    made = await taken(await retailer.web.post("/v1/claims", body))
    assert made["state"] == "open"
    return f"/v1/claims/{made['id']}"


async def approved(retailer: Retailer, body: dict[str, Any], **how: Any) -> str:
    """Open a claim on the web, and have staff approve it; return its path."""
    path = await opened(retailer, body)
    answer = await retailer.staff.post(f"{path}/approval", how)
    assert (await taken(answer, 200))["state"] == "approved"
    return path


def line_of(sale: dict[str, Any], number: int) -> dict[str, Any]:
    """A line of an order, by its number."""
    found: dict[str, Any] = next(
        one for part in sale["fulfillments"] for one in part["lines"] if one["line"] == number
    )
    return found


async def sold_of_three(retailer: Retailer) -> dict[str, Any]:
    """Three A at 20.00 less 10.00 and a third of one more off: 50.00 for three, shipped from WH."""
    await retailer.define(VAT_20, TEN_OFF, ONCE)
    await retailer.receive("A", WH=3)
    return await shipped(retailer, line("A", 3), paid=5000, coupons=[{"code": "ONCE"}])


async def test_the_damaged_one_is_paid_back_and_kept(retailer: Retailer) -> None:
    """One of three for 50.00 arrives broken: 16.67 go back, the customer keeps it, no stock moves."""
    sale = await sold_of_three(retailer)
    path = await opened(retailer, claim(sale, bad(1)))

    agreed = await taken(await retailer.staff.post(f"{path}/approval", {}), 200)
    done = await taken(await retailer.staff.post(f"{path}/resolution", REFUND), 200)

    assert (agreed["state"], agreed["goods_back"]) == ("approved", False)
    assert (done["state"], done["resolution"], done["return_id"]) == ("resolved", "refund", None)
    assert done["refund"]["amount"] == euro(1667)
    assert done["refund"]["paid_out"] == [{"type": "card", "amount": euro(1667)}]
    assert (done["lines"][0]["worth"], done["lines"][0]["worth_tax"]) == (euro(1667), euro(278))
    after = await sale_now(retailer, sale)
    assert line_of(after, 1)["kept"] == euro(3333)
    assert (after["payment_status"], after["return_status"]) == ("partly_refunded", "none")
    assert await retailer.level("A", "WH") == (0, 0, 0)
    story = (await retailer.office.get(f"{path}/timeline")).json()["items"]
    assert [one["type"] for one in story] == ["claim_opened", "claim_approved", "claim_resolved"]
    told = (await retailer.office.get(f"/v1/orders/{sale['id']}/timeline")).json()["items"]
    assert [one["type"] for one in told][-2:] == ["claim_opened", "claim_resolved"]


async def test_what_replaces_it_is_worth_what_was_paid(retailer: Retailer) -> None:
    """The broken one of three is replaced from S1; brought back, it gives its 16.67."""
    sale = await sold_of_three(retailer)
    await retailer.prices(A=9900)
    await retailer.receive("A", S1=1)
    path = await approved(retailer, claim(sale, bad(1), wish="replacement"))

    done = await taken(await retailer.staff.post(f"{path}/resolution", others("ship", "S1")), 200)

    assert done["refund"] is None
    assert (done["lines"][0]["replaced_by"], done["lines"][0]["worth"]) == (2, euro(1667))
    assert await retailer.level("A", "S1") == (1, 1, 0)
    between = await sale_now(retailer, sale)
    coming = line_of(between, 2)
    assert (coming["sku"], coming["quantity"], coming["total"]) == ("A", 1, euro(1667))
    assert (coming["tax"], coming["unit_price"], coming["part_of"]) == (euro(278), euro(2000), 1)
    assert (between["payment_status"], between["fulfillment_status"]) == ("paid", "part")
    part = next(one for one in between["fulfillments"] if one["id"] == done["fulfillment_id"])
    assert (await retailer.office.leave(part)).is_success
    s2 = await till_at(retailer, "S2")
    again = await taken(await s2.post("/v1/returns", back(sale, units(2))))
    rest = await taken(await s2.post("/v1/returns", back(sale, units(1, 2))))

    assert (again["refunded"], again["refunded_tax"]) == (euro(1667), euro(278))
    assert (rest["refunded"], rest["refunded_tax"]) == (euro(3333), euro(555))
    after = await sale_now(retailer, sale)
    assert after["tenders"][0]["refunded"] == euro(5000)
    assert after["payment_status"] == "refunded"


async def test_prices_that_divide_badly_stay_exact(retailer: Retailer) -> None:
    """10 × 23.90 less a quarter: five claims of two, replaced one after the other, lose no cent."""
    await retailer.define(VAT_20, QUARTER_OFF)
    await retailer.prices(A=2390)
    await retailer.receive("A", WH=20)
    sale = await shipped(retailer, line("A", 10), paid=17925)
    worths = []
    for _ in range(5):
        made = await taken(
            await retailer.staff.post(
                "/v1/claims",
                claim(sale, bad(1, 2), wish="replacement", resolution=others("ship", "WH")),
            )
        )
        worths.append(
            (made["lines"][0]["worth"]["amount"], made["lines"][0]["worth_tax"]["amount"])
        )

    after = await sale_now(retailer, sale)

    assert sum(worth for worth, _ in worths) == 17925
    assert sum(tax for _, tax in worths) == line_of(after, 1)["tax"]["amount"]
    assert line_of(after, 1)["kept"] == euro(0)
    assert after["payment_status"] == "paid"
    cancelled = await taken(
        await retailer.office.post(f"/v1/orders/{sale['id']}/cancellation", {"reason": "enough"}),
        200,
    )
    assert cancelled["tenders"][0]["refunded"] == euro(17925)


async def test_adjusted_prices_and_tax_on_top_stay_exact(retailer: Retailer) -> None:
    """Two at 15.00 and tax on top, matched to 14.99: the replaced one is worth its adjusted share."""
    await retailer.define(VAT_20)
    trade = {"scope": {"customer_group": "trade"}, "tax_included": False, "priority": 5}
    body = {"name": "Trade", "currency": "EUR", **trade}
    assert (await retailer.office.put("/v1/price-lists/trade", body)).is_success
    prices = {"prices": [{"sku": "A", "price": euro(1501)}]}
    assert (await retailer.office.put("/v1/price-lists/trade/prices", prices)).is_success
    await retailer.receive("A", WH=3)
    sale = await shipped(retailer, line("A", 2), paid=3602, customer_groups=["trade"])
    match = {"reason": "seen for less", "lines": [{"line": 1, "unit_price": euro(1499)}]}
    adjusted = await retailer.office.post(f"/v1/orders/{sale['id']}/price-adjustments", match)
    assert adjusted.is_success, adjusted.text
    body = claim(sale, bad(1), wish="replacement", resolution=others("ship", "WH"))

    made = await taken(await retailer.staff.post("/v1/claims", body))

    assert made["lines"][0]["worth"] == euro(1799)
    after = await sale_now(retailer, sale)
    assert line_of(after, 2)["total"] == euro(1801)
    assert (line_of(after, 1)["kept"], line_of(after, 2)["kept"]) == (euro(1799), euro(1799))


async def test_a_parcel_that_never_came_is_sent_again(retailer: Retailer) -> None:
    """Both units of a parcel are missing: two others leave WH, and nothing is ever awaited back."""
    await retailer.receive("A", WH=4)
    sale = await shipped(retailer, line("A", 2), paid=4000)
    body = claim(sale, bad(1, 2, "missing"), wish="replacement")
    path = await opened(retailer, body)

    asked = await retailer.staff.post(f"{path}/approval", {"goods_back": True})
    await taken(await retailer.staff.post(f"{path}/approval", {}), 200)
    done = await taken(await retailer.staff.post(f"{path}/resolution", others("ship", "WH")), 200)

    assert refused(asked) == (400, "invalid")
    assert await retailer.level("A", "WH") == (2, 2, 0)
    assert (done["goods_back"], done["return_id"]) == (False, None)
    after = await sale_now(retailer, sale)
    part = after["fulfillments"][-1]
    assert (await retailer.office.leave(part)).is_success
    assert await retailer.level("A", "WH") == (0, 0, 0)
    assert (await sale_now(retailer, sale))["fulfillment_status"] == "done"


async def test_a_denied_claim_frees_its_units(retailer: Retailer) -> None:
    """What is claimed cannot be returned as well; once the claim is denied it can."""
    await retailer.receive("A", WH=2)
    sale = await shipped(retailer, line("A", 2), paid=4000)
    path = await opened(retailer, claim(sale, bad(1)))

    both = await retailer.till.post("/v1/returns", back(sale, units(1, 2)))
    second = await retailer.web.post("/v1/claims", claim(sale, bad(1, 2)))
    agreed = await approved(retailer, claim(sale, bad(1)))
    dropped = await taken(await retailer.staff.post(f"{agreed}/denial", {"reason": "seen"}), 200)
    denied = await taken(await retailer.staff.post(f"{path}/denial", {"reason": "worn"}), 200)
    late = await retailer.staff.post(f"{path}/approval", {})
    made = await taken(await retailer.till.post("/v1/returns", back(sale, units(1, 2))))

    assert (refused(both), refused(second)) == ((409, "already_returned"),) * 2
    assert (dropped["state"], dropped["approved_at"] is None) == ("denied", False)
    assert (denied["state"], denied["denial_reason"]) == ("denied", "worn")
    assert refused(late) == (409, "claim_state_refused")
    assert made["refunded"] == euro(4000)


async def test_resolved_units_are_returned_by_nobody(retailer: Retailer) -> None:
    """What was paid back by a claim, and kept, cannot be returned, nor is the claim denied any more."""
    await retailer.receive("A", WH=1)
    sale = await shipped(retailer, line("A", 1), paid=2000)
    path = await approved(retailer, claim(sale, bad(1)))
    await taken(await retailer.staff.post(f"{path}/resolution", REFUND), 200)

    brought = await retailer.till.post("/v1/returns", back(sale, units(1)))
    again = await retailer.staff.post(f"{path}/resolution", REFUND)
    denied = await retailer.staff.post(f"{path}/denial", {"reason": "no"})

    assert refused(brought) == (409, "already_returned")
    assert (refused(again), refused(denied)) == ((409, "claim_state_refused"),) * 2


async def test_goods_that_have_to_come_back_are_awaited(retailer: Retailer) -> None:
    """The policy wants goods back: the money goes at once, and S2 receives the wrong one later."""
    policy = {"claims_keep_goods": False}
    assert (await retailer.office.put("/v1/channels/web/return-policy", policy)).is_success
    await retailer.receive("A", WH=2)
    sale = await shipped(retailer, line("A", 2), paid=4000)
    path = await approved(retailer, claim(sale, bad(1, 1, "wrong")))

    done = await taken(await retailer.staff.post(f"{path}/resolution", REFUND), 200)
    awaited = (await retailer.office.get(f"/v1/returns/{done['return_id']}")).json()
    twice = await retailer.office.post(f"/v1/returns/{done['return_id']}/refund", {})
    freed = await retailer.office.post(
        f"/v1/returns/{done['return_id']}/cancellation", {"reason": "they keep it"}
    )
    s2 = await till_at(retailer, "S2")
    graded = [{"disposition": "sellable", "quantity": 1}]
    came = await taken(
        await s2.post(
            f"/v1/returns/{done['return_id']}/receipt",
            {"lines": [{"line": 1, "dispositions": graded}]},
        ),
        200,
    )

    assert (done["goods_back"], done["refund"]["amount"]) == (True, euro(2000))
    assert (awaited["state"], awaited["refunded"]) == ("approved", euro(0))
    assert awaited["lines"][0]["reason"] == "wrong"
    assert refused(twice) == (409, "nothing_to_pay_back")
    assert refused(freed) == (409, "return_state_refused")
    assert came["state"] == "refunded"
    assert await retailer.level("A", "S2") == (1, 0, 1)
    assert (await sale_now(retailer, sale))["return_status"] == "part"
    story = (await retailer.office.get(f"/v1/returns/{done['return_id']}/timeline")).json()
    assert [one["type"] for one in story["items"]] == ["return_opened", "return_received"]


async def test_only_what_arrived_comes_back(retailer: Retailer) -> None:
    """Of two lines one is missing and one broken: a return waits for the broken one alone."""
    await retailer.receive("A", WH=1)
    await retailer.receive("B", WH=1)
    sale = await shipped(retailer, line("A", 1), line("B", 1), paid=2500)
    body = claim(sale, bad(1, 1, "missing"), bad(2), resolution=REFUND, goods_back=True)

    done = await taken(await retailer.staff.post("/v1/claims", body))

    awaited = (await retailer.office.get(f"/v1/returns/{done['return_id']}")).json()
    assert done["refund"]["amount"] == euro(2500)
    assert [(one["sku"], one["order_line"]) for one in awaited["lines"]] == [("B", 2)]


async def test_a_till_swaps_it_over_the_counter(retailer: Retailer) -> None:
    """By the manager's PIN another one leaves the till at once, and the broken one comes back."""
    await retailer.receive("A", S1=2)
    sale = await carried_out(retailer, line("A", 1), paid=2000)
    body = claim(sale, bad(1), wish="replacement", resolution=others("carry_out"), goods_back=True)
    token = retailer.staff.token
    pin = {"key": token.split(".")[0], "pin": "4711"}
    assert (await retailer.office.put("/v1/staff-pins/ann", pin)).is_success

    alone = await retailer.till.post("/v1/claims", body)
    approval = {"staff": "ann", "pin": "4711"}
    done = await taken(await retailer.till.post("/v1/claims", body | {"approval": approval}))
    graded = [{"disposition": "damaged", "quantity": 1}]
    came = await retailer.till.post(
        f"/v1/returns/{done['return_id']}/receipt",
        {"lines": [{"line": 1, "dispositions": graded}]},
    )

    assert refused(alone) == (403, "approval_needed")
    assert done["state"] == "resolved"
    assert done["approved_by"] != done["opened_by"]
    assert came.is_success
    # One on the shelf was sold for it; the broken one is there, and not sold.
    assert await retailer.level("A", "S1") == (1, 0, 0)
    assert await retailer.movements("A") == [
        ("received", "S1", 2),
        ("sold", "S1", 1),
        ("sold", "S1", 1),
        ("returned", "S1", 1),
    ]
    after = await sale_now(retailer, sale)
    assert (after["fulfillment_status"], after["payment_status"]) == ("done", "paid")
    assert (await taken(await retailer.till.post("/v1/returns", back(sale, units(2)))))[
        "refunded"
    ] == euro(2000)


async def test_too_few_to_replace_leaves_all_as_it_was(retailer: Retailer) -> None:
    """Nothing of it is left: the claim stays approved, and is paid back instead."""
    await retailer.receive("A", WH=1)
    sale = await shipped(retailer, line("A", 1), paid=2000)
    path = await approved(retailer, claim(sale, bad(1), wish="replacement"))
    before = await sale_now(retailer, sale)

    short = await retailer.staff.post(f"{path}/resolution", others("ship", "WH"))
    nowhere = await retailer.staff.post(f"{path}/resolution", others("ship", "S9"))
    elsewhere = await retailer.staff.post(f"{path}/resolution", others("carry_out", "S2"))
    middle = (await retailer.office.get(path)).json()
    between = await sale_now(retailer, sale)
    done = await taken(await retailer.staff.post(f"{path}/resolution", REFUND), 200)

    assert refused(short) == (409, "insufficient_stock")
    assert refused(nowhere) == (404, "unknown_location")
    assert refused(elsewhere) == (403, "location_not_yours")
    assert (middle["state"], between) == ("approved", before)
    assert done["refund"]["amount"] == euro(2000)


async def test_two_resolutions_at_once_are_one(retailer: Retailer) -> None:
    """Staff pay back while the office has another one sent: one of them does."""
    await retailer.receive("A", WH=2)
    sale = await shipped(retailer, line("A", 1), paid=2000)
    path = await approved(retailer, claim(sale, bad(1)))

    answers = await asyncio.gather(
        retailer.staff.post(f"{path}/resolution", REFUND),
        retailer.office.post(f"{path}/resolution", others("ship", "WH")),
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert refused(loser) == (409, "claim_state_refused")


async def test_claimed_and_returned_at_once_is_one(retailer: Retailer) -> None:
    """The web shop claims what a till takes back at that moment: one of them has it."""
    await retailer.receive("A", WH=1)
    sale = await shipped(retailer, line("A", 1), paid=2000)

    answers = await asyncio.gather(
        retailer.web.post("/v1/claims", claim(sale, bad(1))),
        retailer.till.post("/v1/returns", back(sale, units(1))),
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_a_claim_comes_back_as_store_credit(retailer: Retailer) -> None:
    """Ada paid by card and wants store credit: a new account, then the same one once more."""
    await retailer.receive("A", WH=2)
    sale = await shipped(retailer, line("A", 2), paid=4000, customer="ada")
    credit = {"resolution": "refund", "refund": {"method": "store_credit"}}

    first = await taken(
        await retailer.staff.post("/v1/claims", claim(sale, bad(1), resolution=credit))
    )
    account = first["refund"]["account_id"]
    same = {"resolution": "refund", "refund": {"method": "store_credit", "account": account}}
    second = await taken(
        await retailer.staff.post("/v1/claims", claim(sale, bad(1), resolution=same))
    )
    other = {"resolution": "refund", "refund": {"method": "cash"}}

    assert second["refund"]["account_id"] == account
    now = (await retailer.office.get(f"/v1/accounts/{account}")).json()
    assert now["balance"] == euro(4000)
    entries = (await retailer.office.get(f"/v1/accounts/{account}/entries")).json()["items"]
    assert [one["claim_id"] for one in entries] == [second["id"], first["id"]]
    assert refused(
        await retailer.staff.post("/v1/claims", claim(sale, bad(1), resolution=other))
    ) == (409, "already_returned")


async def test_a_method_the_policy_does_not_know(retailer: Retailer) -> None:
    """What was paid by card does not go back in cash, and the claim is not even opened."""
    await retailer.receive("A", WH=1)
    sale = await shipped(retailer, line("A", 1), paid=2000)
    cash = {"resolution": "refund", "refund": {"method": "cash"}}

    answer = await retailer.staff.post("/v1/claims", claim(sale, bad(1), resolution=cash))

    assert refused(answer) == (409, "refund_method_not_allowed")
    assert (await retailer.office.get("/v1/claims", order=sale["id"])).json()["items"] == []


async def test_a_kit_is_replaced_by_its_components(retailer: Retailer) -> None:
    """A pack of two A and one B is replaced as what it was sold as."""
    pack = {
        "name": "Pack",
        "components": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}],
    }
    assert (await retailer.office.put("/v1/skus/PACK", pack)).is_success
    await retailer.prices(PACK=4000)
    await retailer.receive("A", WH=2, S1=2)
    await retailer.receive("B", WH=1, S1=1)
    sale = await shipped(retailer, line("PACK", 1), paid=4000)
    body = claim(sale, bad(1), wish="replacement", resolution=others("pickup", "S1"))

    done = await taken(await retailer.staff.post("/v1/claims", body))

    assert await retailer.level("A", "S1") == (2, 2, 0)
    assert await retailer.level("B", "S1") == (1, 1, 0)
    assert (await retailer.staff.collect(done["fulfillment_id"])).is_success
    assert await retailer.level("A", "S1") == (0, 0, 0)


async def test_a_numbered_one_is_swapped_by_its_number(retailer: Retailer) -> None:
    """A phone is replaced over the counter: by which one, the till says."""
    assert (
        await retailer.office.put("/v1/skus/PHONE", {"name": "Phone", "tracking": "serial"})
    ).is_success
    await retailer.prices(PHONE=90_000)
    row = {"sku": "PHONE", "location": "S1", "quantity": 2, "serials": ["s-1", "s-2"]}
    assert (await retailer.office.post("/v1/stock/receipts", {"lines": [row]})).is_success
    sale = await carried_out(retailer, line("PHONE", 1, serials=["s-1"]), paid=90_000)
    numbered = others("carry_out", "S1", serials=[{"line": 1, "serials": ["s-2"]}])

    unnamed = await retailer.staff.post(
        "/v1/claims", claim(sale, bad(1), resolution=others("carry_out", "S1"))
    )
    done = await taken(
        await retailer.staff.post("/v1/claims", claim(sale, bad(1), resolution=numbered))
    )

    assert 400 <= unnamed.status_code < 500
    assert done["state"] == "resolved"
    where = (await retailer.office.get("/v1/stock/serials/PHONE/s-2")).json()
    assert where["state"] == "gone"


async def test_a_rejected_replacement_is_sourced_again(retailer: Retailer) -> None:
    """S1 cannot find all of what it was to send: each unit is still worth what it was."""
    await retailer.define(VAT_20, QUARTER_OFF)
    await retailer.prices(A=2390)
    await retailer.receive("A", WH=3, S1=3, S2=3)
    sale = await shipped(retailer, line("A", 3), paid=5377)
    body = claim(sale, bad(1, 3), wish="replacement", resolution=others("ship", "S1"))
    done = await taken(await retailer.staff.post("/v1/claims", body))

    rejected = await retailer.staff.post(
        f"/v1/fulfillments/{done['fulfillment_id']}/rejection",
        {"reason": "damaged", "lines": [{"line": 2, "quantity": 1}]},
    )

    assert rejected.is_success, rejected.text
    after = await sale_now(retailer, sale)
    kept = [one["kept"]["amount"] for part in after["fulfillments"] for one in part["lines"]]
    assert sum(kept) == 5377
    assert after["payment_status"] == "paid"


async def test_shipping_goes_back_with_the_last_of_the_goods_only(retailer: Retailer) -> None:
    """All that came is replaced: shipping is not paid back; all is paid back then, shipping with it."""
    await retailer.receive("A", WH=2)
    more = {"shipping": {"price": euro(499)}}
    sale = await shipped(retailer, line("A", 1), paid=2499, **more)
    first = claim(sale, bad(1), wish="replacement", resolution=others("ship", "WH"))
    await taken(await retailer.staff.post("/v1/claims", first))
    between = await sale_now(retailer, sale)
    assert between["tenders"][0]["refunded"] == euro(0)
    assert (await retailer.office.leave(between["fulfillments"][-1])).is_success

    second = claim(sale, bad(2, 1, "missing"), resolution=REFUND)
    done = await taken(await retailer.staff.post("/v1/claims", second))

    assert (done["refund"]["amount"], done["refund"]["shipping"]) == (euro(2499), euro(499))


async def test_what_has_not_left_is_not_claimed(retailer: Retailer) -> None:
    """Goods that are still here are cancelled, not claimed; nor can what was never sold."""
    await retailer.receive("A", WH=1)
    sale = await taken(
        await retailer.web.post("/v1/orders", order(served("ship", "WH", line("A", 1)), paid=2000))
    )

    early = await retailer.web.post("/v1/claims", claim(sale, bad(1)))
    unknown = await retailer.web.post("/v1/claims", claim(sale, bad(7)))
    nobody = await retailer.web.post("/v1/claims", claim({"id": str(new_id())}, bad(1)))

    assert refused(early) == (409, "not_handed_over")
    assert refused(unknown) == (400, "invalid")
    assert refused(nobody) == (404, "unknown_order")


async def test_claims_are_found_by_order_and_state(retailer: Retailer) -> None:
    """Each state lists its own; a claim is found by the number of its order, too."""
    await retailer.receive("A", WH=4)
    sale = await shipped(retailer, line("A", 4), paid=8000)
    body = {"order_number": sale["number"], "lines": [bad(1)], "wish": "refund"}
    paths = {
        "open": await opened(retailer, body),
        "approved": await approved(retailer, body),
        "denied": await opened(retailer, body),
        "resolved": await approved(retailer, body),
    }
    await taken(await retailer.staff.post(f"{paths['denied']}/denial", {"reason": "no"}), 200)
    await taken(await retailer.staff.post(f"{paths['resolved']}/resolution", REFUND), 200)

    for state, path in paths.items():
        found = (await retailer.office.get("/v1/claims", state=state)).json()["items"]
        assert [f"/v1/claims/{one['id']}" for one in found] == [path]
    every = (await retailer.office.get("/v1/claims", order=sale["id"])).json()["items"]
    assert [one["state"] for one in every] == ["resolved", "denied", "approved", "open"]
    assert (await retailer.office.get("/v1/claims", order=str(new_id()))).json()["items"] == []
    assert refused(await retailer.office.get("/v1/claims", state="lost"))[0] == 400
    gone = await retailer.office.get(f"/v1/claims/{new_id()}")
    assert refused(gone) == (404, "unknown_goods_claim")
    assert refused(await retailer.staff.post(f"/v1/claims/{new_id()}/denial", {"reason": "x"})) == (
        404,
        "unknown_goods_claim",
    )


async def test_nobody_decides_about_their_own(retailer: Retailer) -> None:
    """The web shop opens claims; deciding is for staff, and whom staff approve."""
    await retailer.receive("A", WH=1)
    sale = await shipped(retailer, line("A", 1), paid=2000)
    path = await opened(retailer, claim(sale, bad(1)))

    for step in ("approval", "denial", "resolution"):
        assert (await retailer.web.post(f"{path}/{step}", {})).status_code == 403
    unapproved = await retailer.staff.post(f"{path}/resolution", REFUND)
    lenient = await retailer.web.post(
        "/v1/claims", claim(sale, bad(1), override={"reason": "please"})
    )
    aside = await retailer.web.post("/v1/claims", claim(sale, bad(1), goods_back=True))

    assert refused(unapproved) == (409, "claim_state_refused")
    assert refused(lenient) == (403, "approval_needed")
    assert refused(aside) == (400, "invalid")


async def _open_at(retailer: Retailer, sale: dict[str, Any], days: float, **more: Any) -> Any:
    """Open a claim so many days from now."""
    now = clock.now() + timedelta(days=days)
    who = Principal(
        id=new_id(),
        kind="staff",
        name="staff",
        scopes=DEFAULT_SCOPES["staff"],
        channel=None,
        locations=frozenset(),
    )
    command = returns.OpenClaim(
        key=idempotency.Key(who.id, "late", b""),
        principal=who,
        claim_id=new_id(),
        order=UUID(sale["id"]),
        lines=(returns.LineClaimed(order_line=1, quantity=1, kind="damaged"),),
        wish="refund",
        occurred_at=now,
        **more,
    )
    process = retailer.process
    (outcome,) = await process.database.run(
        lambda tx: returns.change_claims(tx, [command], books=process.books, now=now)
    )
    return outcome


async def test_claimed_too_late(retailer: Retailer) -> None:
    """Sixty days after the hand-over it may be claimed, a day later only if somebody lets it pass."""
    await retailer.receive("A", WH=2)
    sale = await shipped(retailer, line("A", 2), paid=4000)
    allowed = returns.Override(by=new_id(), name="Ann", reason="a good customer")

    late = await _open_at(retailer, sale, 61)
    in_time = await _open_at(retailer, sale, 59.9)
    let_pass = await _open_at(retailer, sale, 61, override=allowed)

    assert isinstance(late, returns.OutsideClaimWindow)
    assert late.fields["claim_days"] == 60
    assert in_time.value.state == "open"
    assert let_pass.value.override == allowed


async def test_a_gift_card_that_pays_as_goods_leave(retailer: Retailer) -> None:
    """One of three left and is replaced; the card pays each unit once, and gets 5.00 back."""
    await retailer.receive("B", WH=4)
    card = {"code": "CLAIMED-CARD-1", "amount": euro(2000)}
    assert (await retailer.office.post("/v1/gift-cards", card)).is_success
    tender = {"type": "gift_card", "account": "CLAIMED-CARD-1", "amount": euro(1500)}
    wanted = order(served("ship", "WH", line("B", 3)), paid=0) | {"tenders": [tender]}
    sale = await taken(await retailer.web.post("/v1/orders", wanted))
    part = sale["fulfillments"][0]
    one = {"lines": [{"line": 1, "quantity": 1}]}
    assert (await retailer.office.leave(part, **one)).is_success

    first = claim(sale, bad(1), wish="replacement", resolution=others("ship", "WH"))
    await taken(await retailer.staff.post("/v1/claims", first))
    for each in (await sale_now(retailer, sale))["fulfillments"]:
        assert (await retailer.office.leave(each)).is_success
    middle = await sale_now(retailer, sale)
    done = await taken(
        await retailer.staff.post("/v1/claims", claim(sale, bad(2), resolution=REFUND))
    )

    assert (middle["payment_status"], middle["tenders"][0]["captured"]) == ("paid", euro(1500))
    assert done["refund"]["paid_out"] == [{"type": "gift_card", "amount": euro(500)}]
    balance = await retailer.office.ask("/v1/gift-cards/balance", {"code": "CLAIMED-CARD-1"})
    assert balance.json()["balance"] == euro(1000)
