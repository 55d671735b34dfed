"""Goods come back step by step: asked for, approved, received in parts, graded, or not sent after all."""

from itertools import pairwise
from typing import Any

import httpx

from tests.callers import Caller, Retailer, line, order, served
from tests.inventory.test_tracking import PHONE, tracked
from tests.returns.bringing import (
    back,
    came,
    carried_out,
    euro,
    refused,
    sale_now,
    shipped,
    taken,
    till_at,
    units,
)


async def graded_again(
    caller: Caller, made: dict[str, Any], before: str, after: str, quantity: int = 1, **more: Any
) -> httpx.Response:
    body = {"line": 1, "quantity": quantity, "from_disposition": before, "to_disposition": after}
    return await caller.post(f"/v1/returns/{made['id']}/dispositions", body | more)


def graded(made: dict[str, Any], number: int = 1) -> dict[str, int]:
    found = next(one for one in made["lines"] if one["line"] == number)
    return {one["disposition"]: one["quantity"] for one in found["dispositions"]}


async def test_a_parcel_comes_back_in_two_parts(retailer: Retailer) -> None:
    """The web asks, the office approves, the warehouse has 2 of 3 back, and then the third."""
    await retailer.receive("A", WH=3)
    sale = await shipped(retailer, line("A", 3), paid=6000)
    office = retailer.office

    asked = await taken(await retailer.web.post("/v1/returns", back(sale, units(1, 3))))
    path = f"/v1/returns/{asked['id']}"
    approved = await taken(await office.post(f"{path}/approval", {}), 200)
    two = await taken(
        await office.post(f"{path}/receipt", came((1, {"sellable": 2}), at="WH")), 200
    )
    paid = await taken(await office.post(f"{path}/refund", {}), 200)
    third = await taken(
        await office.post(f"{path}/receipt", came((1, {"damaged": 1}), at="WH")), 200
    )
    rest = await taken(await office.post(f"{path}/refund", {}), 200)

    seen = (asked, approved, two, paid, third, rest)
    assert [(one["state"], one["receipt_status"], one["refund_status"]) for one in seen] == [
        ("requested", "none", "none"),
        ("approved", "none", "none"),
        ("received", "part", "none"),
        ("received", "part", "part"),
        ("received", "full", "part"),
        ("refunded", "full", "full"),
    ]
    assert [one["version"] for one in seen] == [1, 2, 3, 4, 5, 6]
    assert [one["amount"] for one in rest["refunds"]] == [euro(4000), euro(2000)]
    assert graded(rest) == {"sellable": 2, "damaged": 1}
    assert (asked["channel"], asked["location"], rest["location"]) == ("web", None, "WH")
    assert await retailer.level("A", "WH") == (3, 0, 2)
    events = (await retailer.web.get(f"{path}/timeline")).json()["items"]
    assert [event["type"] for event in events] == [
        *("return_opened", "return_approved", "return_received"),
        *("return_refunded", "return_received", "return_refunded"),
    ]
    listed = (await retailer.web.get("/v1/returns", order=sale["id"])).json()["items"]
    assert listed == [rest] == [(await retailer.web.get(path)).json()]


async def test_the_order_tells_of_its_returns(retailer: Retailer) -> None:
    """What comes back is on the order's own timeline, too, and its units count there."""
    await retailer.receive("A", WH=2)
    sale = await shipped(retailer, line("A", 2), paid=4000)
    s2 = await till_at(retailer, "S2")
    before = await sale_now(retailer, sale)

    await taken(await s2.post("/v1/returns", back(sale, units(1))))

    after = await sale_now(retailer, sale)
    told = (await retailer.office.get(f"/v1/orders/{sale['id']}/timeline")).json()["items"][-1]
    assert (told["type"], told["data"]["refunded_minor"]) == ("return_opened", 2000)
    assert after["version"] == before["version"] + 1
    assert (after["return_status"], after["fulfillment_status"]) == ("part", "done")


async def test_a_till_takes_back_and_pays_back_in_one_step(retailer: Retailer) -> None:
    """Two of A and one of B sold over the counter; one of each comes back, cash goes out."""
    await retailer.receive("A", S1=2)
    await retailer.receive("B", S1=1)
    sale = await carried_out(retailer, line("A", 2), line("B", 1), paid=4500)

    made = await taken(
        await retailer.till.post("/v1/returns", back(sale, units(1), units(2, 1, damaged=1)))
    )

    assert (made["state"], made["refunded"], made["location"]) == ("refunded", euro(2500), "S1")
    assert made["refunds"][0]["paid_out"] == [{"type": "cash", "amount": euro(2500)}]
    assert made["approved_by"] == made["requested_by"]
    assert await retailer.level("A", "S1") == (1, 0, 1)
    assert await retailer.level("B", "S1") == (1, 0, 0)
    assert await retailer.movements("A") == [
        ("received", "S1", 2),
        ("sold", "S1", 2),
        ("returned", "S1", 1),
    ]


async def test_a_sale_is_named_by_the_number_on_its_receipt(retailer: Retailer) -> None:
    await retailer.receive("A", S1=1)
    sale = await carried_out(retailer, line("A", 1), paid=2000)
    asked = {"order_number": sale["number"], "lines": [units(1)]}
    both = asked | {"order": sale["id"]}
    nobody = {"order_number": "261122-00000000", "lines": [units(1)]}

    answers = [await retailer.till.post("/v1/returns", body) for body in (both, nobody, asked)]

    assert [refused(one) for one in answers[:2]] == [(400, "invalid"), (404, "unknown_order")]
    assert answers[2].json()["order_id"] == sale["id"]


async def test_who_keeps_the_goods_after_all_may_return_them_later(retailer: Retailer) -> None:
    """A return that is cancelled before anything came frees its units for another one."""
    await retailer.receive("A", WH=2)
    sale = await shipped(retailer, line("A", 2), paid=4000)
    asked = await taken(await retailer.web.post("/v1/returns", back(sale, units(1, 2))))

    early = await retailer.web.post("/v1/returns", back(sale, units(1)))
    given_up = await retailer.web.post(
        f"/v1/returns/{asked['id']}/cancellation", {"reason": "it fits"}
    )
    again = await retailer.web.post("/v1/returns", back(sale, units(1, 2)))

    assert refused(early) == (409, "already_returned")
    assert early.json()["returnable"] == 0
    assert given_up.json()["state"] == "cancelled"
    assert given_up.json()["cancelled_at"] is not None
    assert again.status_code == 201


async def test_of_what_came_in_part_only_the_rest_is_cancelled(retailer: Retailer) -> None:
    """Of 3, one came back and is paid back; the other two stay with the customer, and may return."""
    await retailer.receive("A", WH=3)
    sale = await shipped(retailer, line("A", 3), paid=6000)
    office = retailer.office
    asked = await taken(await retailer.web.post("/v1/returns", back(sale, units(1, 3))))
    path = f"/v1/returns/{asked['id']}"
    await office.post(f"{path}/approval", {})
    await office.post(f"{path}/receipt", came((1, {"sellable": 1}), at="WH"))

    cut = await taken(await retailer.web.post(f"{path}/cancellation", {"reason": "kept two"}), 200)
    paid = await taken(await office.post(f"{path}/refund", {}), 200)
    third = await retailer.web.post("/v1/returns", back(sale, units(1, 3)))
    two = await retailer.web.post("/v1/returns", back(sale, units(1, 2)))

    assert (cut["state"], cut["receipt_status"]) == ("received", "full")
    assert (paid["state"], paid["refunded"]) == ("refunded", euro(2000))
    assert refused(third) == (409, "already_returned")
    assert two.status_code == 201


async def test_a_return_comes_back_to_one_place(retailer: Retailer) -> None:
    """What came in part to WH is not received in S2; before anything came, any place will do."""
    await retailer.receive("A", WH=2)
    sale = await shipped(retailer, line("A", 2), paid=4000)
    asked = await taken(
        await retailer.web.post("/v1/returns", back(sale, units(1, 2), location="S3"))
    )
    path = f"/v1/returns/{asked['id']}"
    await retailer.office.post(f"{path}/approval", {})
    first = await retailer.office.post(f"{path}/receipt", came((1, {"sellable": 1}), at="WH"))
    s2 = await till_at(retailer, "S2")

    elsewhere = await s2.post(f"{path}/receipt", came((1, {"sellable": 1})))

    assert (first.status_code, first.json()["location"]) == (200, "WH")
    assert refused(elsewhere) == (409, "received_elsewhere")
    assert elsewhere.json()["location"] == "WH"


async def test_more_than_was_asked_for_is_not_received(retailer: Retailer) -> None:
    await retailer.receive("A", S1=2)
    sale = await carried_out(retailer, line("A", 2), paid=4000)
    body = back(sale, units(1), received=False, refunded=False)
    asked = await taken(await retailer.till.post("/v1/returns", body))
    path = f"/v1/returns/{asked['id']}"
    await retailer.office.post(f"{path}/approval", {})

    two = await retailer.till.post(f"{path}/receipt", came((1, {"sellable": 2})))
    split = await retailer.till.post(
        f"{path}/receipt", came((1, {"sellable": 1}), (1, {"damaged": 1}))
    )
    other = await retailer.till.post(f"{path}/receipt", came((2, {"sellable": 1})))

    assert refused(two) == refused(split) == (409, "more_than_returned")
    assert (two.json()["line"], two.json()["requested"], two.json()["left"]) == (1, 2, 1)
    assert refused(other) == (400, "invalid")
    assert await retailer.level("A", "S1") == (0, 0, 0)


async def test_goods_are_graded_again_and_again(retailer: Retailer) -> None:
    """Sellable, damaged, destroyed, and found sellable after all: each time the ledger moves."""
    await retailer.receive("A", S1=2)
    sale = await carried_out(retailer, line("A", 2), paid=4000)
    made = await taken(await retailer.till.post("/v1/returns", back(sale, units(1, 2))))
    levels = [await retailer.level("A", "S1")]
    chain = ["sellable", "damaged", "destroyed", "sellable", "quality_control", "to_vendor"]

    for before, after in pairwise(chain):
        answer = await graded_again(retailer.staff, made, before, after, reason="looked again")
        made = await taken(answer, 200)
        levels.append(await retailer.level("A", "S1"))
    none_left = await graded_again(retailer.staff, made, "damaged", "sellable")
    too_many = await graded_again(retailer.staff, made, "to_vendor", "sellable", 2)
    same = await graded_again(retailer.staff, made, "sellable", "sellable")

    assert levels == [(2, 0, 2), (2, 0, 1), (1, 0, 1), (2, 0, 2), (2, 0, 1), (2, 0, 1)]
    assert graded(made) == {"sellable": 1, "to_vendor": 1}
    assert [kind for kind, _, _ in await retailer.movements("A")] == [
        *("received", "sold", "returned"),
        *("set_aside",) * 5,
    ]
    assert refused(none_left) == refused(too_many) == (409, "more_than_returned")
    assert refused(same) == (400, "invalid")
    assert made["state"] == "refunded"


async def test_what_waits_for_its_vendor_is_not_for_sale(retailer: Retailer) -> None:
    """Graded anew between two kinds of what nobody may sell, nothing moves in the ledger."""
    await retailer.receive("A", S1=1)
    sale = await carried_out(retailer, line("A", 1), paid=2000)
    made = await taken(await retailer.till.post("/v1/returns", back(sale, units(1, to_vendor=1))))

    again = await graded_again(retailer.staff, made, "to_vendor", "damaged")

    assert await retailer.level("A", "S1") == (1, 0, 0)
    assert graded(again.json()) == {"damaged": 1}
    assert len(await retailer.movements("A")) == 3


async def test_destroyed_at_once_never_stands_in_stock(retailer: Retailer) -> None:
    await retailer.receive("A", S1=1)
    sale = await carried_out(retailer, line("A", 1), paid=2000)

    made = await taken(await retailer.till.post("/v1/returns", back(sale, units(1, destroyed=1))))

    assert (made["state"], made["refunded"]) == ("refunded", euro(2000))
    assert await retailer.level("A", "S1") == (0, 0, 0)


async def test_what_was_sold_on_is_not_graded_as_damaged(retailer: Retailer) -> None:
    """A unit that came back sellable was sold again: it is not there any more to be set aside."""
    await retailer.receive("A", S1=1)
    sale = await carried_out(retailer, line("A", 1), paid=2000)
    made = await taken(await retailer.till.post("/v1/returns", back(sale, units(1))))
    await carried_out(retailer, line("A", 1), paid=2000)

    late = await graded_again(retailer.staff, made, "sellable", "damaged")

    assert refused(late) == (409, "insufficient_stock")


async def test_a_kit_comes_back_as_its_components(retailer: Retailer) -> None:
    """A gift set of 2 A and 1 B is made of them, and so they come back; one set is damaged."""
    parts = [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]
    await retailer.office.put("/v1/skus/SET", {"name": "Gift set", "components": parts})
    await retailer.prices(SET=4000)
    await retailer.receive("A", WH=4)
    await retailer.receive("B", WH=2)
    sale = await shipped(retailer, line("SET", 2), paid=8000)
    s2 = await till_at(retailer, "S2")

    made = await taken(await s2.post("/v1/returns", back(sale, units(1, 2, sellable=1, damaged=1))))
    mended = await taken(await graded_again(s2, made, "damaged", "sellable"), 200)

    assert made["refunded"] == euro(8000)
    assert graded(mended) == {"sellable": 2}
    assert await retailer.level("A", "S2") == (4, 0, 4)
    assert await retailer.level("B", "S2") == (2, 0, 2)


async def sold_phones(retailer: Retailer) -> dict[str, Any]:
    """Sell the phones p1 and p2 of three."""
    await tracked(retailer)
    rows = [{"sku": PHONE, "location": "S1", "quantity": 3, "serials": ["p1", "p2", "p3"]}]
    assert (await retailer.office.post("/v1/stock/receipts", {"lines": rows})).is_success
    return await carried_out(retailer, line(PHONE, 2, serials=["p1", "p2"]), paid=20_000)


def phones(quantity: int, *serials: str) -> dict[str, Any]:
    whole = units(1, quantity, sellable=quantity)
    whole["dispositions"][0]["serials"] = list(serials)
    return whole


async def test_a_phone_comes_back_under_its_serial_number(retailer: Retailer) -> None:
    """It has to be named, to be one that this order sold, and it cannot come back twice."""
    sale = await sold_phones(retailer)
    s2 = await till_at(retailer, "S2")

    nameless = await s2.post("/v1/returns", back(sale, units(1)))
    there = await s2.post("/v1/returns", back(sale, phones(1, "p3")))
    made = await taken(await s2.post("/v1/returns", back(sale, phones(1, "p1"))))
    twice = await s2.post("/v1/returns", back(sale, phones(1, "p1")))
    unit = (await retailer.office.get(f"/v1/stock/serials/{PHONE}/p1")).json()

    assert refused(nameless) == (400, "serials_missing")
    assert refused(there) == refused(twice) == (409, "serial_not_sold")
    assert made["refunded"] == euro(10_000)
    assert (unit["state"], unit["location"]) == ("on_hand", "S2")


async def test_a_phone_comes_back_of_the_order_that_sold_it_last(retailer: Retailer) -> None:
    """p1 came back and was sold again: it is the second buyer's now, and nobody's is x9."""
    sale = await sold_phones(retailer)
    await taken(await retailer.till.post("/v1/returns", back(sale, phones(1, "p1"))))
    later = await carried_out(retailer, line(PHONE, 1, serials=["p1"]), paid=10_000)

    answers = [
        await retailer.till.post("/v1/returns", back(of, phones(1, serial)))
        for of, serial in ((sale, "x9"), (sale, "p1"), (later, "p2"), (sale, "p2"), (later, "p1"))
    ]

    assert [refused(one) for one in answers[:3]] == [(409, "serial_not_sold")] * 3
    assert [one.status_code for one in answers[3:]] == [201, 201]


async def test_a_phone_that_came_back_is_still_there(retailer: Retailer) -> None:
    """Somebody received p1 by hand before its return was entered: it cannot come twice."""
    sale = await sold_phones(retailer)
    rows = [{"sku": PHONE, "location": "S1", "quantity": 1, "serials": ["p1"]}]
    await retailer.office.post("/v1/stock/receipts", {"lines": rows})

    late = await retailer.till.post("/v1/returns", back(sale, phones(1, "p1")))

    assert refused(late) == (409, "serial_on_hand")


async def test_milk_comes_back_under_its_lot(retailer: Retailer) -> None:
    """What is kept in lots comes back to one: which, has to be said."""
    await tracked(retailer)
    rows = [
        {"sku": "MILK", "location": "S1", "quantity": 3, "lot": "L1", "expires_on": "2099-01-01"}
    ]
    assert (await retailer.office.post("/v1/stock/receipts", {"lines": rows})).is_success
    sale = await carried_out(retailer, line("MILK", 2), paid=200)
    named = units(1, 1, sellable=1)
    named["dispositions"][0]["lot"] = "L1"

    nameless = await retailer.till.post("/v1/returns", back(sale, units(1)))
    made = await retailer.till.post("/v1/returns", back(sale, named))
    lots = (await retailer.office.get("/v1/stock/lots", sku="MILK")).json()["items"]
    spoiled = await graded_again(retailer.staff, made.json(), "sellable", "destroyed", lot="L1")

    assert refused(nameless) == (400, "lot_missing")
    assert made.status_code == 201, made.text
    assert [(one["lot"], one["on_hand"]) for one in lots] == [("L1", 2)]
    assert spoiled.status_code == 200, spoiled.text


async def test_what_is_not_handed_over_is_cancelled_not_returned(retailer: Retailer) -> None:
    """Of 3 for a parcel, one has left: one can be returned, the others are open."""
    await retailer.receive("A", WH=3)
    wanted = order(served("ship", "WH", line("A", 3)), paid=6000)
    sale = await taken(await retailer.web.post("/v1/orders", wanted))
    one = {"lines": [{"line": 1, "quantity": 1}]}
    await retailer.office.leave(sale["fulfillments"][0], **one)

    two = await retailer.web.post("/v1/returns", back(sale, units(1, 2)))
    left = await retailer.web.post("/v1/returns", back(sale, units(1)))

    assert refused(two) == (409, "not_handed_over")
    assert (two.json()["handed_over"], two.json()["requested"]) == (1, 2)
    assert left.status_code == 201


async def test_the_rest_of_a_partly_cancelled_order_comes_back(retailer: Retailer) -> None:
    """Of 3 × 20.00 one was cancelled and two left; they come back, and all is paid back."""
    await retailer.receive("A", WH=3)
    wanted = order(served("ship", "WH", line("A", 3)), paid=6000)
    sale = await taken(await retailer.web.post("/v1/orders", wanted))
    one = {"lines": [{"line": 1, "quantity": 1}]}
    path = f"/v1/orders/{sale['id']}/cancellation"
    await taken(await retailer.web.post(path, one | {"reason": "one less"}), 200)
    await retailer.office.leave(sale["fulfillments"][0])
    s2 = await till_at(retailer, "S2")

    three = await s2.post("/v1/returns", back(sale, units(1, 3)))
    made = await taken(await s2.post("/v1/returns", back(sale, units(1, 2))))

    assert refused(three) == (409, "not_handed_over")
    assert made["refunded"] == euro(4000)
    after = await sale_now(retailer, sale)
    assert (after["payment_status"], after["return_status"]) == ("refunded", "full")
    assert after["tenders"][0]["refunded"] == euro(6000)


async def test_a_line_is_named_once(retailer: Retailer) -> None:
    """And what it says of itself must add up before anything is looked up."""
    await retailer.receive("A", S1=2)
    sale = await carried_out(retailer, line("A", 2), paid=4000)

    answers = [
        await retailer.till.post("/v1/returns", body)
        for body in (
            back(sale, units(1), units(1)),
            back(sale, units(1, 2, sellable=1)),
            back(sale, units(1, 1, sellable=1), received=False),
            back(sale, units(2)),
            {"lines": [units(1)]},
        )
    ]

    assert {refused(one) for one in answers} == {(400, "invalid")}


async def test_what_came_back_is_listed_by_place_and_customer(retailer: Retailer) -> None:
    """Latest first, a page at a time."""
    await retailer.receive("A", S1=3)
    sales = [
        await carried_out(retailer, line("A", 1), paid=2000, customer=name)
        for name in ("ann", "bob", "ann")
    ]
    made = [
        (await taken(await retailer.till.post("/v1/returns", back(sale, units(1)))))["id"]
        for sale in sales
    ]

    async def found(**query: Any) -> list[str]:
        items = (await retailer.staff.get("/v1/returns", **query)).json()["items"]
        return [one["id"] for one in items]

    first = (await retailer.staff.get("/v1/returns", location="S1", limit=2)).json()
    assert [one["id"] for one in first["items"]] == made[:0:-1]
    assert await found(location="S1", limit=2, cursor=first["next_cursor"]) == made[:1]
    assert await found(customer="ann") == [made[2], made[0]]
    assert await found(order=sales[1]["id"]) == [made[1]]
    assert await found(location="S2") == []
