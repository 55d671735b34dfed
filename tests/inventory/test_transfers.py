"""Transfers: goods leave one location, are in transit and sellable nowhere, and arrive at another."""

import random
from contextlib import suppress
from decimal import Decimal
from typing import Any

import httpx
import pytest

from omniretail import audit, clock
from tests.callers import Caller, Retailer, line, order, served

Wire = dict[str, Any]


async def drafted(by: Caller, source: str, destination: str, **quantities: int) -> Wire:
    """Plan a transfer: `drafted(office, "WH", "S1", A=6)`."""
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]
    body = {"source": source, "destination": destination, "lines": lines}
    answer = await by.post("/v1/transfers", body)
    assert answer.status_code == 201, answer.text
    made: Wire = answer.json()
    return made


async def step(by: Caller, transfer: Wire, name: str, **body: Any) -> httpx.Response:
    """Take a step of a transfer; `name` is the end of its address."""
    return await by.post(f"/v1/transfers/{transfer['id']}/{name}", body)


async def done(by: Caller, transfer: Wire, name: str, **body: Any) -> Wire:
    """Take a step that is accepted; return the transfer after it."""
    answer = await step(by, transfer, name, **body)
    assert answer.status_code == 200, answer.text
    after: Wire = answer.json()
    return after


def units(quantity: int, number: int = 1, **more: Any) -> Wire:
    """So many units of a line."""
    return {"line": number, "quantity": quantity, **more}


def of(transfer: Wire, number: int = 1) -> dict[str, int]:
    """What became of a line's units, but for what is 0."""
    found = transfer["lines"][number - 1]
    return {name: many for name, many in found.items() if name not in {"line", "sku"} and many}


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def pointers(answer: httpx.Response) -> list[str]:
    return [fault["pointer"] for fault in answer.json()["errors"]]


async def test_the_whole_life_of_a_transfer(retailer: Retailer) -> None:
    """Given 10 in WH and 2 in S1, when 6 travel and 4 arrive, then 2 are in transit until lost."""
    await retailer.receive("A", WH=10, S1=2)
    office = retailer.office

    transfer = await drafted(office, "WH", "S1", A=6)
    assert (transfer["state"], of(transfer)) == ("draft", {"quantity": 6})
    assert await retailer.level("A", "WH") == (10, 0, 10)

    transfer = await done(office, transfer, "shipment")
    assert (transfer["state"], of(transfer)) == (
        "shipped",
        {"quantity": 6, "shipped": 6, "in_transit": 6},
    )
    assert await retailer.level("A", "WH") == (4, 0, 4)
    assert await retailer.level("A", "S1") == (2, 0, 2)
    wanted = order(served("pickup", "S1", line("A", 3)), paid=6000)
    assert refused(await retailer.web.post("/v1/orders", wanted)) == (409, "insufficient_stock")

    transfer = await done(office, transfer, "receipt", lines=[units(4)])
    assert transfer["state"] == "partially_received"
    assert await retailer.level("A", "S1") == (6, 0, 6)

    transfer = await done(office, transfer, "receipt", lines=[], complete=True)
    assert (transfer["state"], of(transfer)["in_transit"]) == ("received", 2)
    (under,) = transfer["discrepancies"]
    assert (under["kind"], under["quantity"], under["closed_at"]) == ("under", 2, None)
    assert await retailer.level("A", "S1") == (6, 0, 6)

    transfer = await done(
        office, transfer, "discrepancies/1/closing", resolution="lost", note="fell off the truck"
    )
    assert of(transfer) == {"quantity": 6, "shipped": 6, "received": 4, "lost": 2}
    assert transfer["discrepancies"][0]["note"] == "fell off the truck"
    assert transfer["version"] == 5
    assert (await retailer.movements("A"))[2:] == [
        ("transfer_shipped", "WH", 6),
        ("transfer_received", "S1", 4),
        ("transfer_closed", "S1", 2),
    ]
    assert refused(await step(office, transfer, "discrepancies/1/closing", resolution="found")) == (
        409,
        "discrepancy_closed",
    )
    timeline = (await office.get(f"/v1/transfers/{transfer['id']}/timeline")).json()["items"]
    assert [(event["sequence"], event["type"]) for event in timeline] == [
        (1, "drafted"),
        (2, "shipped"),
        (3, "received"),
        (4, "received"),
        (5, "discrepancy_closed"),
    ]
    assert timeline[2]["data"] == {"lines": [{"line": 1, "sku": "A", "quantity": 4}]}
    assert timeline[3]["data"]["discrepancies"] == [{"discrepancy": 1, "line": 1, "under": 2}]


@pytest.mark.parametrize(
    ("location", "movement", "at_warehouse", "in_store"),
    [
        (None, ("transfer_received", "S1", 2), 4, 6),
        ("S1", ("transfer_received", "S1", 2), 4, 6),
        ("WH", ("transfer_returned", "WH", 2), 6, 4),
    ],
)
async def test_a_shortfall_turns_up(
    retailer: Retailer,
    location: str | None,
    movement: tuple[str, str, int],
    at_warehouse: int,
    in_store: int,
) -> None:
    """Given 4 of 6 arrived and that was all, when 2 are found, then they stand where they were found."""
    await retailer.receive("A", WH=10)
    office = retailer.office
    transfer = await drafted(office, "WH", "S1", A=6)
    await done(office, transfer, "shipment")
    transfer = await done(office, transfer, "receipt", lines=[units(4)], complete=True)
    assert transfer["state"] == "received"

    place = {} if location is None else {"location": location}
    transfer = await done(office, transfer, "discrepancies/1/closing", resolution="found", **place)

    assert of(transfer) == {"quantity": 6, "shipped": 6, "received": 4, "found": 2}
    assert transfer["state"] == "received"
    assert (await retailer.movements("A"))[-1] == movement
    assert (await retailer.level("A", "WH"))[0] == at_warehouse
    assert (await retailer.level("A", "S1"))[0] == in_store


async def test_more_arrives_than_left(retailer: Retailer) -> None:
    """Given 5 were shipped, when 8 arrive in two goes, then 3 are not on hand until they are found."""
    await retailer.receive("A", WH=10)
    office = retailer.office
    transfer = await drafted(office, "WH", "S1", A=5)
    await done(office, transfer, "shipment")

    await done(office, transfer, "receipt", lines=[units(4)])
    transfer = await done(office, transfer, "receipt", lines=[units(4)])

    assert transfer["state"] == "received"
    assert [(one["kind"], one["quantity"]) for one in transfer["discrepancies"]] == [("over", 3)]
    assert await retailer.level("A", "S1") == (5, 0, 5)

    elsewhere = await step(
        office, transfer, "discrepancies/1/closing", resolution="found", location="WH"
    )
    assert (refused(elsewhere), pointers(elsewhere)) == ((400, "invalid"), ["/location"])
    transfer = await done(office, transfer, "discrepancies/1/closing", resolution="found")

    assert await retailer.level("A", "S1") == (8, 0, 8)
    assert of(transfer) == {"quantity": 5, "shipped": 5, "received": 5}
    newest = (await office.get("/v1/stock/movements", sku="A", limit=1)).json()["items"][0]
    assert (newest["type"], newest["from_state"], newest["reason"], newest["document_id"]) == (
        "adjusted",
        "shrinkage",
        "found",
        transfer["id"],
    )


async def test_a_surplus_that_never_was(retailer: Retailer) -> None:
    """Given 7 of 5 were scanned in, when it was a slip, then the discrepancy closes without a movement."""
    await retailer.receive("A", WH=10)
    transfer = await drafted(retailer.office, "WH", "S1", A=5)
    await done(retailer.office, transfer, "shipment")
    await done(retailer.office, transfer, "receipt", lines=[units(7)])
    before = await retailer.movements("A")

    transfer = await done(retailer.office, transfer, "discrepancies/1/closing", resolution="lost")

    assert transfer["discrepancies"][0]["resolution"] == "lost"
    assert await retailer.movements("A") == before
    assert await retailer.level("A", "S1") == (5, 0, 5)


async def test_a_cancellation_puts_back_what_has_not_arrived(retailer: Retailer) -> None:
    """Given 6 left and 2 arrived, one more than said of B, when cancelled, then 4 are back in WH."""
    await retailer.receive("A", WH=10)
    await retailer.receive("B", WH=3)
    office = retailer.office
    transfer = await drafted(office, "WH", "S1", A=6, B=1)
    await done(office, transfer, "shipment")
    await done(office, transfer, "receipt", lines=[units(2), units(2, 2)])

    transfer = await done(office, transfer, "cancellation", reason="the road is closed")

    assert transfer["state"] == "cancelled"
    assert of(transfer) == {"quantity": 6, "shipped": 6, "received": 2, "returned": 4}
    assert await retailer.level("A", "WH") == (8, 0, 8)
    assert await retailer.level("A", "S1") == (2, 0, 2)
    assert await retailer.level("B", "S1") == (1, 0, 1)
    # What came too many is still to be explained.
    closed = await done(office, transfer, "discrepancies/1/closing", resolution="found")
    assert closed["state"] == "cancelled"
    assert await retailer.level("B", "S1") == (2, 0, 2)


async def test_a_draft_is_just_cancelled(retailer: Retailer) -> None:
    transfer = await drafted(retailer.office, "WH", "S1", A=6)

    transfer = await done(retailer.office, transfer, "cancellation", reason="not needed")

    assert (transfer["state"], transfer["shipped_at"]) == ("cancelled", None)
    assert await retailer.movements("A") == []


async def test_promised_and_held_goods_stay(retailer: Retailer) -> None:
    """Given 10 with 3 promised and 2 held, when 6 shall travel, then they do not, and 5 do."""
    await retailer.receive("A", WH=10)
    await retailer.receive("B", WH=1)
    await retailer.web.post("/v1/orders", order(served("ship", "WH", line("A", 3)), paid=6000))
    hold = {"lines": [{"sku": "A", "location": "WH", "quantity": 2}]}
    assert (await retailer.web.post("/v1/holds", hold)).status_code == 201
    transfer = await drafted(retailer.office, "WH", "S1", A=6, B=4)

    short = await step(retailer.office, transfer, "shipment")

    assert refused(short) == (409, "insufficient_stock")
    assert [
        (one["sku"], one["requested"], one["available"]) for one in short.json()["shortages"]
    ] == [("A", 6, 5), ("B", 4, 1)]
    one_short = await step(retailer.office, transfer, "shipment", lines=[units(5), units(2, 2)])
    assert refused(one_short) == (409, "insufficient_stock")
    assert await retailer.level("A", "WH") == (10, 3, 5)

    transfer = await done(retailer.office, transfer, "shipment", lines=[units(5)])

    assert of(transfer, 2) == {"quantity": 4}
    assert await retailer.level("A", "WH") == (5, 3, 0)


async def test_safety_stock_may_travel(retailer: Retailer) -> None:
    """What a location withholds from promises it may still send elsewhere: it is free."""
    await retailer.office.put("/v1/locations/WH", {"name": "WH", "safety_stock": 4})
    await retailer.receive("A", WH=5)
    transfer = await drafted(retailer.office, "WH", "S1", A=5)

    assert (await done(retailer.office, transfer, "shipment"))["state"] == "shipped"
    assert await retailer.level("A", "WH") == (0, 0, 0)


async def test_what_is_not_shipped_is_dropped(retailer: Retailer) -> None:
    """Given 6 A and 4 B planned, when 5 A leave, then the line says 6 and 5, and B never goes."""
    await retailer.receive("A", WH=10)
    await retailer.receive("B", WH=10)
    transfer = await drafted(retailer.office, "WH", "S1", A=6, B=4)

    too_many = await step(retailer.office, transfer, "shipment", lines=[units(7)])
    nothing = await step(retailer.office, transfer, "shipment", lines=[])
    unknown = await step(retailer.office, transfer, "shipment", lines=[units(1, 3)])
    twice = await step(retailer.office, transfer, "shipment", lines=[units(1), units(1)])
    for answer in (too_many, nothing, unknown, twice):
        assert (refused(answer), pointers(answer)) == ((400, "invalid"), ["/lines"])

    transfer = await done(
        retailer.office,
        transfer,
        "shipment",
        lines=[units(5)],
        expected_at="2031-03-01T09:00:00+01:00",
    )
    assert of(transfer) == {"quantity": 6, "shipped": 5, "in_transit": 5}
    assert of(transfer, 2) == {"quantity": 4}
    assert transfer["expected_at"] == "2031-03-01T08:00:00Z"

    transfer = await done(retailer.office, transfer, "receipt")
    assert (transfer["state"], transfer["discrepancies"]) == ("received", [])
    assert await retailer.level("B", "WH") == (10, 0, 10)


async def test_a_receipt_says_what_it_means(retailer: Retailer) -> None:
    """Nothing named is all, an empty list is nothing; what could be meant either way is refused."""
    await retailer.receive("A", WH=10)
    transfer = await drafted(retailer.office, "WH", "S1", A=6)
    await done(retailer.office, transfer, "shipment")

    unclear: list[Wire] = [{"lines": []}, {"complete": True}, {"lines": [units(1, 2)]}]
    for body in unclear:
        answer = await step(retailer.office, transfer, "receipt", **body)
        assert (refused(answer), pointers(answer)) == ((400, "invalid"), ["/lines"])
    huge = 2**31 - 1
    lines = [units(huge, lot="X"), units(huge, lot="Y")]
    assert refused(await step(retailer.office, transfer, "receipt", lines=lines)) == (
        409,
        "quantity_too_large",
    )
    lot = await step(retailer.office, transfer, "receipt", lines=[units(1, lot="X")])
    assert refused(lot) == (400, "lot_not_tracked")
    transfer = await done(retailer.office, transfer, "receipt")
    assert of(transfer) == {"quantity": 6, "shipped": 6, "received": 6}


_LOTS = (("L3", "2032-01-01", 4), ("L1", "2031-01-01", 3), ("L0", None, 5))


async def _with_lots(retailer: Retailer) -> None:
    made = await retailer.office.put("/v1/skus/MILK", {"name": "Milk", "tracking": "lot"})
    assert made.is_success
    lines = [
        {"sku": "MILK", "location": "WH", "quantity": quantity, "lot": lot}
        | ({"expires_on": expires_on} if expires_on else {})
        for lot, expires_on, quantity in _LOTS
    ]
    answer = await retailer.office.post(
        "/v1/stock/receipts", {"lines": lines, "all_or_nothing": True}
    )
    assert answer.status_code == 201, answer.text


async def lots(retailer: Retailer, location: str) -> dict[str, tuple[str | None, int]]:
    """When the lots of MILK at a location expire, and how many there are."""
    async with retailer.process.database.transaction() as tx:
        rows = await tx.fetch(
            "select lot, expires_on::text, on_hand from stock_lot"
            " where sku = 'MILK' and location = $1 and on_hand > 0",
            location,
        )
    return {row["lot"]: (row["expires_on"], row["on_hand"]) for row in rows}


async def test_lots_travel_with_their_dates(retailer: Retailer) -> None:
    """Given three lots, when 8 leave unnamed, then the first to expire leave first, and arrive so."""
    await _with_lots(retailer)
    office = retailer.office
    transfer = await drafted(office, "WH", "S1", MILK=8)

    await done(office, transfer, "shipment")
    assert await lots(retailer, "WH") == {"L0": (None, 4)}
    await done(office, transfer, "receipt", lines=[units(4)])
    assert await lots(retailer, "S1") == {"L1": ("2031-01-01", 3), "L3": ("2032-01-01", 1)}
    await done(office, transfer, "receipt", lines=[units(1, lot="L0"), units(2)])
    assert await lots(retailer, "S1") == {
        "L0": (None, 1),
        "L1": ("2031-01-01", 3),
        "L3": ("2032-01-01", 3),
    }
    transfer = await done(office, transfer, "cancellation", reason="enough")
    assert of(transfer) == {"quantity": 8, "shipped": 8, "received": 7, "returned": 1}
    assert await lots(retailer, "WH") == {"L0": (None, 4), "L3": ("2032-01-01", 1)}


async def test_a_lot_may_be_named_when_it_leaves(retailer: Retailer) -> None:
    """Given L1 expires first, when L3 is named, then L3 leaves; of a lot that is short, nothing does."""
    await _with_lots(retailer)
    office = retailer.office
    transfer = await drafted(office, "WH", "S1", MILK=6)

    short = await step(office, transfer, "shipment", lines=[units(5, lot="L3")])
    nowhere = await step(office, transfer, "shipment", lines=[units(1, lot="L9")])
    assert refused(short) == refused(nowhere) == (409, "insufficient_stock")

    await done(office, transfer, "shipment", lines=[units(4, lot="L3"), units(2, lot="L0")])
    transfer = await done(
        office, transfer, "receipt", lines=[units(3, lot="L3"), units(3, lot="L1")]
    )
    # L1 never left: three too many came of it, and one of L3 and both of L0 are still to come.
    assert [(one["kind"], one["quantity"]) for one in transfer["discrepancies"]] == [("over", 3)]
    assert of(transfer)["in_transit"] == 3
    nameless = await step(office, transfer, "discrepancies/1/closing", resolution="found")
    assert refused(nameless) == (400, "lot_missing")
    await done(office, transfer, "discrepancies/1/closing", resolution="found", lot="L1")
    transfer = await done(office, transfer, "receipt", lines=[], complete=True)
    named = await step(office, transfer, "discrepancies/2/closing", resolution="lost", lot="L3")
    assert (refused(named), pointers(named)) == ((400, "invalid"), ["/lot"])
    transfer = await done(office, transfer, "discrepancies/2/closing", resolution="lost")

    assert of(transfer) == {"quantity": 6, "shipped": 6, "received": 3, "lost": 3}
    assert await lots(retailer, "S1") == {"L1": ("2031-01-01", 3), "L3": ("2032-01-01", 3)}
    lost = (await office.get("/v1/stock/movements", sku="MILK", limit=2)).json()["items"]
    assert {(one["type"], one["quantity"]) for one in lost} == {
        ("transfer_closed", 1),
        ("transfer_closed", 2),
    }


async def test_cost_travels_with_the_goods(retailer: Retailer) -> None:
    """Given units at 3.00 in WH and at 1.00 in S1, when 2 join 2, then S1's average is 2.00."""
    office = retailer.office

    async def cost(location: str, amount: str, currency: str = "EUR") -> None:
        row = {
            "sku": "A",
            "location": location,
            "quantity": 2 if location == "S1" else 9,
            "unit_cost": {"amount": amount, "currency": currency},
        }
        assert (await office.post("/v1/stock/receipts", {"lines": [row]})).status_code == 201

    async def averages() -> dict[str, Decimal]:
        async with retailer.process.database.transaction() as tx:
            rows = await tx.fetch(
                "select location, average from stock_cost order by recorded_at, movement_id"
            )
        return {row["location"]: row["average"] for row in rows}

    await cost("WH", "300")
    await cost("S1", "100")
    await cost("S2", "500", "USD")
    first = await drafted(office, "WH", "S1", A=2)
    await done(office, first, "shipment")
    await cost("WH", "500")
    await done(office, first, "receipt")
    assert await averages() == {
        "WH": Decimal("412.500000"),
        "S1": Decimal("200.000000"),
        "S2": Decimal("500.000000"),
    }

    # Another currency is not averaged in; where nothing was known, the goods bring their cost along.
    for destination, quantity in (("S2", 3), ("S3", 1)):
        transfer = await drafted(office, "WH", destination, A=quantity)
        await done(office, transfer, "shipment")
        await done(office, transfer, "receipt")
    found = await averages()
    assert (found["S2"], found["S3"]) == (Decimal("500.000000"), Decimal("412.500000"))

    # Back where it was, a unit costs what it did when it left.
    transfer = await drafted(office, "WH", "S1", A=12)
    await done(office, transfer, "shipment")
    await cost("WH", "100")
    await done(office, transfer, "cancellation", reason="too dear")
    assert (await averages())["WH"] == Decimal("278.571429")


async def test_who_sees_a_transfer_and_who_may_act(retailer: Retailer) -> None:
    """Staff of S1 see what comes and goes there; they receive at S1, and do not ship from WH."""
    await retailer.receive("A", WH=10)
    office, staff = retailer.office, retailer.staff
    others = await retailer.caller("others", "staff", locations=frozenset({"S2"}))
    foreign = await drafted(office, "WH", "S2", A=1)
    asked = await drafted(staff, "WH", "S1", A=3)
    mine = {"source": "WH", "destination": "S2", "lines": [{"sku": "A", "quantity": 1}]}
    assert refused(await staff.post("/v1/transfers", mine)) == (403, "location_not_yours")

    assert refused(await step(staff, asked, "shipment")) == (403, "location_not_yours")
    await done(office, asked, "shipment")
    for by in (staff, retailer.till):
        assert (await by.get(f"/v1/transfers/{asked['id']}")).json()["state"] == "shipped"
        gone = await by.get(f"/v1/transfers/{foreign['id']}")
        assert refused(gone) == (404, "unknown_transfer")
        listed = (await by.get("/v1/transfers")).json()["items"]
        assert [one["id"] for one in listed] == [asked["id"]]
    for name, body in (
        ("receipt", {}),
        ("shipment", {}),
        ("cancellation", {"reason": "mine"}),
        ("discrepancies/1/closing", {"resolution": "lost"}),
    ):
        assert refused(await step(others, asked, name, **body)) == (404, "unknown_transfer")
    assert refused(await others.get(f"/v1/transfers/{asked['id']}/timeline")) == (
        404,
        "unknown_transfer",
    )
    assert refused(await step(staff, asked, "cancellation", reason="no")) == (
        403,
        "location_not_yours",
    )
    await done(staff, asked, "receipt", lines=[units(1)], complete=True)
    at_source = await step(
        staff, asked, "discrepancies/1/closing", resolution="found", location="WH"
    )
    nowhere = await step(
        office, asked, "discrepancies/1/closing", resolution="found", location="S3"
    )
    assert refused(at_source) == (403, "location_not_yours")
    assert (refused(nowhere), pointers(nowhere)) == ((400, "invalid"), ["/location"])
    await done(staff, asked, "discrepancies/1/closing", resolution="found")
    withdrawn = await drafted(staff, "WH", "S1", A=1)
    assert (await done(staff, withdrawn, "cancellation", reason="no"))["state"] == "cancelled"
    assert refused(await retailer.web.get("/v1/transfers")) == (403, "scope_missing")
    assert refused(await retailer.till.post("/v1/transfers", mine)) == (403, "scope_missing")


async def test_an_arrival_told_after_a_count(retailer: Retailer) -> None:
    """Given 5 were counted with 3 of them just arrived, when the arrival is told, then 5 stand there."""
    await retailer.receive("A", WH=10, S1=2)
    office = retailer.office
    transfer = await drafted(office, "WH", "S1", A=3)
    await done(office, transfer, "shipment")
    arrived_at = clock.now().isoformat()
    counted = await office.post(
        "/v1/stock/counts", {"lines": [{"sku": "A", "location": "S1", "quantity": 5}]}
    )
    assert counted.json()["outcomes"][0]["variance"] == 3

    transfer = await done(office, transfer, "receipt", occurred_at=arrived_at)

    assert transfer["state"] == "received"
    assert await retailer.level("A", "S1") == (5, 0, 5)
    assert (await retailer.movements("A"))[-2:] == [
        ("transfer_received", "S1", 3),
        ("counted", "S1", 3),
    ]


async def test_what_is_on_its_way_is_supply(retailer: Retailer) -> None:
    """Given back orders and 4 in transit for a day, when 4 are ordered, then they are promised for it."""
    ordering = {"policy": "back_order", "limit": 0}
    await retailer.office.put("/v1/skus/A", {"name": "A", "ordering": ordering})
    await retailer.receive("A", WH=4)
    wanted = order(served("pickup", "S1", line("A", 4)), paid=8000)
    transfer = await drafted(retailer.office, "WH", "S1", A=4)
    await done(retailer.office, transfer, "shipment", expected_at="2031-03-01T09:00:00Z")

    placed = await retailer.web.post("/v1/orders", wanted)

    assert placed.status_code == 201, placed.text
    promised = placed.json()["fulfillments"][0]["lines"][0]["promised_at"]
    assert promised == "2031-03-01T09:00:00Z"
    await done(retailer.office, transfer, "receipt")
    assert await retailer.level("A", "S1") == (4, 4, 0)


@pytest.mark.parametrize(
    ("change", "status", "problem", "pointer"),
    [
        ({"destination": "WH"}, 400, "invalid", "/destination"),
        ({"source": "MOON"}, 404, "unknown_location", None),
        ({"destination": "MOON"}, 404, "unknown_location", None),
        ({"lines": [{"sku": "NOBODY", "quantity": 1}]}, 404, "unknown_sku", None),
        ({"lines": [{"sku": "PACK", "quantity": 1}]}, 400, "kit_has_no_stock", None),
        (
            {"lines": [{"sku": sku, "quantity": 1} for sku in ("A", "B", "A")]},
            400,
            "invalid",
            "/lines/2/sku",
        ),
        ({"expected_at": "9999-12-31T23:59:59-14:00"}, 400, "invalid", "/expected_at"),
        ({"expected_at": "0001-01-01T00:00:00+14:00"}, 400, "invalid", "/expected_at"),
    ],
)
async def test_what_cannot_be_planned(
    retailer: Retailer, change: Wire, status: int, problem: str, pointer: str | None
) -> None:
    pack = {"name": "Pack", "components": [{"sku": "A", "quantity": 2}]}
    await retailer.office.put("/v1/skus/PACK", pack)
    body = {"source": "WH", "destination": "S1", "lines": [{"sku": "A", "quantity": 1}]}

    answer = await retailer.office.post("/v1/transfers", body | change)

    assert refused(answer) == (status, problem)
    if pointer:
        assert pointers(answer) == [pointer]
    assert (await retailer.office.get("/v1/transfers")).json()["items"] == []


_STEPS: dict[str, Wire] = {
    "shipment": {},
    "receipt": {"lines": [units(1)]},
    "cancellation": {"reason": "why not"},
}
# Which step each state allows; every other one is refused with both.
ALLOWED = {
    "draft": {"shipment", "cancellation"},
    "shipped": {"receipt", "cancellation"},
    "partially_received": {"receipt", "cancellation"},
    "received": set(),
    "cancelled": set(),
}


async def _in_state(retailer: Retailer, state: str) -> Wire:
    transfer = await drafted(retailer.office, "WH", "S1", A=4)
    steps: dict[str, list[tuple[str, Wire]]] = {
        "draft": [],
        "shipped": [("shipment", {})],
        "partially_received": [("shipment", {}), ("receipt", {"lines": [units(2)]})],
        "received": [("shipment", {}), ("receipt", {"lines": [units(2)], "complete": True})],
        "cancelled": [("shipment", {}), ("cancellation", {"reason": "why not"})],
    }
    for name, body in steps[state]:
        transfer = await done(retailer.office, transfer, name, **body)
    assert transfer["state"] == state
    return transfer


@pytest.mark.parametrize("state", ALLOWED)
async def test_every_step_in_every_state(retailer: Retailer, state: str) -> None:
    """The table above is what happens; a discrepancy that is not there is not closed."""
    await retailer.receive("A", WH=100)
    for name, body in _STEPS.items():
        transfer = await _in_state(retailer, state)
        answer = await step(retailer.office, transfer, name, **body)
        if name in ALLOWED[state]:
            assert answer.status_code == 200, answer.text
            continue
        assert refused(answer) == (409, "transfer_state_refused"), (state, name)
        assert (answer.json()["state"], answer.json()["step"]) == (state, name)
        missing = await step(
            retailer.office, transfer, "discrepancies/2/closing", resolution="lost"
        )
        assert refused(missing) == (404, "unknown_discrepancy")
        shown = await retailer.office.get(f"/v1/transfers/{transfer['id']}")
        assert shown.json() == transfer


async def test_transfers_are_listed_by_their_ends_and_state(retailer: Retailer) -> None:
    await retailer.receive("A", WH=10, S1=10)
    office = retailer.office
    first = await drafted(office, "WH", "S1", A=1)
    second = await drafted(office, "S1", "WH", A=1)
    third = await drafted(office, "WH", "S2", A=1)
    await done(office, third, "shipment")

    async def listed(**query: Any) -> list[str]:
        items = (await office.get("/v1/transfers", **query)).json()["items"]
        return [item["id"] for item in items]

    assert await listed() == [third["id"], second["id"], first["id"]]
    assert await listed(source="WH") == [third["id"], first["id"]]
    assert await listed(destination="WH") == [second["id"]]
    assert await listed(state="draft") == [second["id"], first["id"]]
    assert await listed(source="WH", state="draft") == [first["id"]]
    page = (await office.get("/v1/transfers", limit=2)).json()
    rest = (await office.get("/v1/transfers", limit=2, cursor=page["next_cursor"])).json()
    assert [item["id"] for item in rest["items"]] == [first["id"]]
    assert rest["next_cursor"] is None


class _Undone(Exception):
    """Takes back what a test did to the books."""


@pytest.mark.parametrize(
    "tampering",
    [
        "update transfer set state = 'shipped'",
        "update transfer set closed_at = shipped_at",
        "update transfer_line set received = received + 1 where sku = 'A'",
        "update transfer_line set shipped = shipped + 1",
        "update transfer_line set lost = 1, received = received - 1",
        "update transfer_line set destination = 'WH'",
        "update transfer_discrepancy set resolution = null, closed_at = null, closed_by = null",
        "delete from transfer_discrepancy",
        "update stock_movement set quantity = quantity + 1 where type = 'transfer_shipped'",
        "update stock_movement set location = 'S2' where type = 'transfer_received'",
        "update stock_movement set document_id = gen_random_uuid() where type = 'adjusted'",
        "update stock_movement set document_id = gen_random_uuid() where type = 'transfer_received'",
        "delete from stock_movement where type = 'transfer_received'",
    ],
)
async def test_the_audit_sees_what_is_amiss(retailer: Retailer, tampering: str) -> None:
    """Given a transfer under way with a surplus found, when a row is changed by hand, then it shows."""
    await retailer.receive("A", WH=10)
    await retailer.receive("B", WH=10)
    transfer = await drafted(retailer.office, "WH", "S1", A=6, B=2)
    await done(retailer.office, transfer, "shipment")
    await done(retailer.office, transfer, "receipt", lines=[units(4), units(3, 2)])
    await done(retailer.office, transfer, "discrepancies/1/closing", resolution="found")

    async def exceptions() -> int:
        findings = await audit.audit(tx, now=clock.now())
        return next(one.exceptions for one in findings if one.check == "in_transit")

    with suppress(_Undone):
        async with retailer.process.database.transaction() as tx:
            assert await exceptions() == 0
            await tx.execute(tampering)
            assert await exceptions() > 0
            raise _Undone


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_no_unit_is_lost_sight_of(retailer: Retailer, seed: int) -> None:
    """Steps at random, most of them refused: what is nowhere is in transit, lost, or was found."""
    chance = random.Random(seed)
    office, places = retailer.office, ("WH", "S1", "S2")
    await retailer.receive("A", WH=20, S1=20, S2=20)
    transfers = [
        await drafted(office, *chance.sample(places, 2), A=chance.randint(1, 9)) for _ in range(8)
    ]
    for _ in range(80):
        some = [units(chance.randint(1, 6))]
        steps: list[tuple[str, Wire]] = [
            ("shipment", {}),
            ("shipment", {"lines": some}),
            ("receipt", {"lines": some}),
            ("receipt", {"lines": some, "complete": True}),
            ("cancellation", {"reason": "chance"}),
            ("discrepancies/1/closing", {"resolution": "found"}),
            ("discrepancies/1/closing", {"resolution": "lost"}),
            ("discrepancies/2/closing", {"resolution": "found"}),
        ]
        name, body = chance.choice(steps)
        answer = await step(office, chance.choice(transfers), name, **body)
        assert answer.status_code in {200, 400, 404, 409}, answer.text

    items = (await office.get("/v1/transfers")).json()["items"]
    on_hand = sum([(await retailer.level("A", place))[0] for place in places])
    lines = [line for item in items for line in item["lines"]]
    away = sum(line["in_transit"] + line["lost"] for line in lines)
    surplus = sum(
        one["quantity"]
        for item in items
        for one in item["discrepancies"]
        if (one["kind"], one["resolution"]) == ("over", "found")
    )
    assert on_hand + away - surplus == 60
