"""Lots and serial numbers: which units came, which leave, and which are past their date."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from omniretail import clock
from tests.callers import Caller, Retailer, line, order, served

MILK, PHONE = "MILK", "PHONE"


def day(from_now: int) -> str:
    """A day as the wire has it, so many days from today."""
    return (clock.now().date() + timedelta(days=from_now)).isoformat()


async def tracked(retailer: Retailer) -> None:
    """Put a SKU tracked by lot and one tracked by serial number on sale, at 1 and 100 euro."""
    for sku, tracking in ((MILK, "lot"), (PHONE, "serial")):
        body = {"name": sku, "tracking": tracking}
        assert (await retailer.office.put(f"/v1/skus/{sku}", body)).is_success
    await retailer.prices(MILK=100, PHONE=10_000)


def row(sku: str, quantity: int, location: str = "S1", **more: Any) -> dict[str, Any]:
    return {"sku": sku, "location": location, "quantity": quantity, **more}


async def book(caller: Caller, kind: str, *lines: dict[str, Any]) -> list[Any]:
    """Book a stock document, and return what became of each row: booked, or the problem's code."""
    answer = await caller.post(f"/v1/stock/{kind}", {"lines": list(lines)})
    assert answer.status_code == 201, answer.text
    return [
        outcome["problem"]["type"].removeprefix("/problems/")
        if "problem" in outcome
        else outcome["status"]
        for outcome in answer.json()["outcomes"]
    ]


def sale(sku: str, quantity: int, **more: Any) -> dict[str, Any]:
    price = {MILK: 100, PHONE: 10_000}[sku]
    wanted = served("carry_out", "S1", line(sku, quantity, **more))
    return order(wanted, paid=price * quantity)


def promise(sku: str, quantity: int, kind: str = "pickup") -> dict[str, Any]:
    price = {MILK: 100, PHONE: 10_000}[sku]
    return order(served(kind, "S1", line(sku, quantity)), paid=price * quantity)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def leave(caller: Caller, placed: httpx.Response, **body: Any) -> httpx.Response:
    """Hand over or ship an order's only fulfillment."""
    return await caller.leave(placed.json()["fulfillments"][0], **body)


async def lots(retailer: Retailer, location: str = "S1") -> dict[str, tuple[int, int, int]]:
    """Return (on_hand, damaged, quality_control) of each lot of milk at a location."""
    async with retailer.process.database.transaction() as tx:
        rows = await tx.fetch(
            "select lot, on_hand, damaged, quality_control from stock_lot "
            "where sku = $1 and location = $2 order by lot",
            MILK,
            location,
        )
    return {found["lot"]: tuple(found)[1:] for found in rows}


async def left(retailer: Retailer, kind: str) -> list[tuple[str | None, int]]:
    """Return (lot, quantity) of the movements of milk of a kind, by lot."""
    async with retailer.process.database.transaction() as tx:
        rows = await tx.fetch(
            "select lot, quantity from stock_movement where sku = $1 and type = $2 order by lot, id",
            MILK,
            kind,
        )
    return [tuple(found) for found in rows]


async def where(retailer: Retailer) -> dict[str, tuple[str, str | None]]:
    """Return (state, location) of each phone by its number."""
    async with retailer.process.database.transaction() as tx:
        rows = await tx.fetch("select serial, state, location from stock_serial order by serial")
    return {found["serial"]: (found["state"], found["location"]) for found in rows}


async def test_a_receipt_names_its_lot(retailer: Retailer) -> None:
    """Given milk, when it arrives without its lot, then it is refused; with it, it is kept apart."""
    await tracked(retailer)

    assert await book(
        retailer.office,
        "receipts",
        row(MILK, 4, lot="L1", expires_on=day(9)),
        row(MILK, 4),
        row("A", 1, lot="L1"),
        row(MILK, 2, lot="L1"),
        row(MILK, 2, lot="L1", expires_on=day(9)),
        row(MILK, 2, lot="L1", expires_on=day(10)),
        row(MILK, 3, lot="L2"),
        row(MILK, 1, lot="L2", expires_on=day(10)),
        row(MILK, 5, "S2", lot="L1", expires_on=day(9)),
    ) == [
        "booked",
        "lot_missing",
        "lot_not_tracked",
        "booked",
        "booked",
        "lot_expiry_differs",
        "booked",
        "lot_expiry_differs",
        "booked",
    ]
    assert await lots(retailer) == {"L1": (8, 0, 0), "L2": (3, 0, 0)}
    assert await lots(retailer, "S2") == {"L1": (5, 0, 0)}
    assert await retailer.level(MILK, "S1") == (11, 0, 11)


async def test_a_lot_sold_out_keeps_its_date(retailer: Retailer) -> None:
    await tracked(retailer)
    await book(retailer.office, "receipts", row(MILK, 1, lot="L1", expires_on=day(9)))
    assert (await retailer.till.post("/v1/orders", sale(MILK, 1))).status_code == 201

    assert await book(
        retailer.office,
        "receipts",
        row(MILK, 1, lot="L1", expires_on=day(8)),
        row(MILK, 1, lot="L1"),
    ) == ["lot_expiry_differs", "booked"]
    assert await lots(retailer) == {"L1": (1, 0, 0)}


@pytest.mark.parametrize("kind", ["sold", "handed_over", "shipped"])
async def test_the_first_to_expire_leaves_first(retailer: Retailer, kind: str) -> None:
    """Given lots that expire in 9, 3 and no days, when 7 leave, then 3 days, 9 days, the undated last."""
    await tracked(retailer)
    await book(
        retailer.office,
        "receipts",
        row(MILK, 5, lot="UNDATED"),
        row(MILK, 4, lot="NINE", expires_on=day(9)),
        row(MILK, 2, lot="THREE", expires_on=day(3)),
        row(MILK, 9, lot="PAST", expires_on=day(-2)),
    )

    if kind == "sold":
        answer = await retailer.till.post("/v1/orders", sale(MILK, 7))
    else:
        way = {"handed_over": "pickup", "shipped": "ship"}[kind]
        placed = await retailer.web.post("/v1/orders", promise(MILK, 7, way))
        assert await left(retailer, "allocated") == [(None, 7)]
        answer = await leave(retailer.staff, placed)

    assert answer.is_success, answer.text
    assert await left(retailer, kind) == [("NINE", 4), ("THREE", 2), ("UNDATED", 1)]
    assert await lots(retailer) == {
        "NINE": (0, 0, 0),
        "PAST": (9, 0, 0),
        "THREE": (0, 0, 0),
        "UNDATED": (4, 0, 0),
    }


async def test_what_is_past_its_date_is_neither_sold_nor_promised(retailer: Retailer) -> None:
    """Given 3 good and 5 past their date, then 3 may be promised, held or sold, and 5 written off."""
    await tracked(retailer)
    await book(
        retailer.office,
        "receipts",
        row(MILK, 3, lot="GOOD", expires_on=day(5)),
        row(MILK, 5, lot="PAST", expires_on=day(-2)),
    )
    assert await retailer.level(MILK, "S1") == (8, 0, 3)

    for answer in (
        await retailer.till.post("/v1/orders", sale(MILK, 4)),
        await retailer.web.post("/v1/orders", promise(MILK, 4)),
        await retailer.web.post("/v1/holds", {"lines": [row(MILK, 4)]}),
    ):
        assert refusal(answer) == (409, "insufficient_stock")
        assert answer.json()["available"] == 3

    gone = {"sku": MILK, "location": "S1", "reason": "expired"}
    assert await book(
        retailer.staff,
        "adjustments",
        gone | {"change": -6, "lot": "PAST"},
        gone | {"change": -5, "lot": "PAST"},
    ) == ["insufficient_stock", "booked"]
    assert await retailer.level(MILK, "S1") == (3, 0, 3)


async def test_what_passed_its_date_since_it_was_promised_stays(retailer: Retailer) -> None:
    """Given milk promised, when its only lot is past its date at the counter, then it stays there."""
    await tracked(retailer)
    await book(retailer.office, "receipts", row(MILK, 2, lot="L1", expires_on=day(5)))
    placed = await retailer.web.post("/v1/orders", promise(MILK, 2))
    async with retailer.process.database.transaction() as tx:
        await tx.execute("update stock_lot set expires_on = $1", date(2020, 1, 1))

    refused = await leave(retailer.staff, placed)
    assert refusal(refused) == (409, "insufficient_stock")
    await book(retailer.office, "receipts", row(MILK, 2, lot="L2", expires_on=day(5)))
    assert (await leave(retailer.staff, placed)).status_code == 200
    assert await lots(retailer) == {"L1": (2, 0, 0), "L2": (0, 0, 0)}


async def test_a_channels_threshold_counts_what_is_good(retailer: Retailer) -> None:
    """Given 2 good beside 5 past their date, when 1 is withheld from the web shop, then it has 1."""
    await tracked(retailer)
    await book(
        retailer.office,
        "receipts",
        row(MILK, 2, lot="GOOD", expires_on=day(5)),
        row(MILK, 5, lot="PAST", expires_on=day(-2)),
    )
    await retailer.office.put("/v1/channels/web/stock-policy", {"threshold": 1})

    two = await retailer.web.post("/v1/orders", promise(MILK, 2))

    assert (two.status_code, two.json()["available"]) == (409, 1)
    assert (await retailer.web.post("/v1/orders", promise(MILK, 1))).status_code == 201


async def test_what_is_promised_is_not_sold_whatever_the_lots_hold(retailer: Retailer) -> None:
    await tracked(retailer)
    await book(retailer.office, "receipts", row(MILK, 5, lot="L1", expires_on=day(5)))
    assert (await retailer.web.post("/v1/orders", promise(MILK, 4))).status_code == 201

    for quantity in (2, 6):
        answer = await retailer.till.post("/v1/orders", sale(MILK, quantity))
        assert (answer.status_code, answer.json()["available"]) == (409, 1)
    assert (await retailer.till.post("/v1/orders", sale(MILK, 1))).status_code == 201


async def test_lots_are_adjusted_and_set_aside_by_name(retailer: Retailer) -> None:
    """Given two lots, when units are lost, found, set aside and put back, then each by its lot."""
    await tracked(retailer)
    await book(
        retailer.office,
        "receipts",
        row(MILK, 4, lot="L1", expires_on=day(5)),
        row(MILK, 4, lot="L2", expires_on=day(6)),
    )
    place = {"sku": MILK, "location": "S1"}

    assert await book(
        retailer.staff,
        "adjustments",
        place | {"change": -1, "reason": "theft"},
        place | {"change": -1, "reason": "theft", "lot": "L1"},
        place | {"change": 2, "reason": "found", "lot": "L2"},
        place | {"change": -5, "reason": "theft", "lot": "L1"},
    ) == ["lot_missing", "booked", "booked", "insufficient_stock"]
    aside = place | {"reason": "damaged", "to_state": "damaged"}
    back = place | {"reason": "repaired", "from_state": "damaged", "to_state": "available"}
    assert await book(
        retailer.staff,
        "set-asides",
        aside | {"quantity": 3},
        aside | {"quantity": 3, "lot": "L1"},
        aside | {"quantity": 1, "lot": "L1"},
        aside | {"quantity": 1, "lot": "L3"},
        back | {"quantity": 1, "lot": "L2"},
        back | {"quantity": 1, "lot": "L1"},
        place
        | {
            "quantity": 1,
            "reason": "inspection",
            "from_state": "damaged",
            "to_state": "quality_control",
            "lot": "L1",
        },
    ) == [
        "lot_missing",
        "booked",
        "insufficient_stock",
        "insufficient_stock",
        "insufficient_stock",
        "booked",
        "booked",
    ]
    assert await lots(retailer) == {"L1": (3, 1, 1), "L2": (6, 0, 0)}
    assert await retailer.level(MILK, "S1") == (9, 0, 7)
    # What is set aside does not leave, though it expires first.
    assert (await retailer.till.post("/v1/orders", sale(MILK, 2))).status_code == 201
    assert await left(retailer, "sold") == [("L1", 1), ("L2", 1)]


async def test_a_customer_brings_milk_back_into_its_lot(retailer: Retailer) -> None:
    await tracked(retailer)
    await book(retailer.office, "receipts", row(MILK, 2, lot="L1", expires_on=day(5)))
    await retailer.till.post("/v1/orders", sale(MILK, 2))
    brought = row(MILK, 1, source="customer", reason="customer_return", state="damaged")

    assert await book(retailer.staff, "receipts", brought, brought | {"lot": "L1"}) == [
        "lot_missing",
        "booked",
    ]
    assert await lots(retailer) == {"L1": (1, 1, 0)}


async def test_a_unit_is_known_by_its_number_when_it_comes(retailer: Retailer) -> None:
    """Given phones, when they arrive, then each number once, as many as units, or none at all."""
    await tracked(retailer)

    assert await book(
        retailer.office,
        "receipts",
        row(PHONE, 2, serials=["p1", "p2"]),
        row(PHONE, 2, serials=["p3"]),
        row(PHONE, 2, serials=["p3", "p3"]),
        row(PHONE, 1, serials=["p1"]),
        row(PHONE, 1, "S2", serials=["p2"]),
        row("A", 1, serials=["p4"]),
        row(PHONE, 3),
    ) == [
        "booked",
        "serials_missing",
        "serials_missing",
        "serial_on_hand",
        "serial_on_hand",
        "serials_not_tracked",
        "booked",
    ]
    assert await where(retailer) == {"p1": ("on_hand", "S1"), "p2": ("on_hand", "S1")}
    assert await retailer.level(PHONE, "S1") == (5, 0, 5)


async def test_a_till_names_the_unit_it_sells(retailer: Retailer) -> None:
    """Given two numbered phones and one unknown, when they are sold, then by number, and once each."""
    await tracked(retailer)
    await book(retailer.office, "receipts", row(PHONE, 2, serials=["p1", "p2"]), row(PHONE, 2))

    for body, expected in (
        (sale(PHONE, 1), (400, "serials_missing")),
        (sale(PHONE, 2, serials=["p1"]), (400, "serials_missing")),
        (sale(PHONE, 2, serials=["p1", "p1"]), (400, "serials_missing")),
        (sale(MILK, 1, serials=["p1"]), (400, "serials_not_tracked")),
    ):
        assert refusal(await retailer.till.post("/v1/orders", body)) == expected
    assert (await retailer.till.post("/v1/orders", sale(PHONE, 1, serials=["p1"]))).is_success
    assert (await retailer.till.post("/v1/orders", sale(PHONE, 1, serials=["p9"]))).is_success
    again = await retailer.till.post("/v1/orders", sale(PHONE, 1, serials=["p1"]))

    assert refusal(again) == (409, "serial_gone")
    assert (again.json()["sku"], again.json()["serial"]) == (PHONE, "p1")
    assert await where(retailer) == {
        "p1": ("gone", None),
        "p2": ("on_hand", "S1"),
        "p9": ("gone", None),
    }


async def test_one_number_is_not_on_two_lines(retailer: Retailer) -> None:
    await tracked(retailer)
    await book(retailer.office, "receipts", row(PHONE, 2, serials=["p1", "p2"]))
    twice = served("carry_out", "S1", *(line(PHONE, 1, serials=["p1"]) for _ in range(2)))

    answer = await retailer.till.post("/v1/orders", order(twice, paid=20_000))

    assert refusal(answer) == (409, "serial_gone")
    assert await where(retailer) == {"p1": ("on_hand", "S1"), "p2": ("on_hand", "S1")}


@pytest.mark.parametrize("kind", ["pickup", "ship"])
async def test_a_number_is_named_when_the_unit_leaves(retailer: Retailer, kind: str) -> None:
    """Given two phones ordered, when they leave one after the other, then each by its number."""
    await tracked(retailer)
    await book(retailer.office, "receipts", row(PHONE, 2, serials=["p1", "p2"]))
    early = served(kind, "S1", line(PHONE, 2, serials=["p1", "p2"]))
    named = await retailer.web.post("/v1/orders", order(early, paid=20_000))
    assert named.json()["errors"][0]["pointer"] == "/fulfillments/0/lines/0/serials"
    placed = await retailer.web.post("/v1/orders", promise(PHONE, 2, kind))

    def one(*serials: str) -> dict[str, Any]:
        return {"lines": [{"line": 1, "quantity": 1, "serials": list(serials)}]}

    for body, expected in (
        ({}, (400, "serials_missing")),
        (one(), (400, "serials_missing")),
        (one("p1", "p2"), (400, "serials_missing")),
    ):
        assert refusal(await leave(retailer.staff, placed, **body)) == expected
    assert (await leave(retailer.staff, placed, **one("p2"))).status_code == 200
    assert refusal(await leave(retailer.staff, placed, **one("p2"))) == (409, "serial_gone")
    assert (await leave(retailer.staff, placed, **one("p1"))).status_code == 200
    assert await where(retailer) == {"p1": ("gone", None), "p2": ("gone", None)}
    async with retailer.process.database.transaction() as tx:
        rows = await tx.fetch(
            "select serials from stock_movement where type in ('handed_over', 'shipped') "
            "order by id"
        )
    assert [found["serials"] for found in rows] == [["p2"], ["p1"]]


async def test_a_unit_comes_back_by_its_number(retailer: Retailer) -> None:
    """Given a phone sold, when it is brought back to another store, then it is there, and only once."""
    await tracked(retailer)
    await book(retailer.office, "receipts", row(PHONE, 2, serials=["p1", "p2"]))
    await retailer.till.post("/v1/orders", sale(PHONE, 1, serials=["p1"]))
    brought = row(PHONE, 1, "S2", source="customer", reason="customer_return")

    assert await book(
        retailer.office,
        "receipts",
        brought,
        brought | {"serials": ["p2"]},
        brought | {"serials": ["p1"], "state": "quality_control"},
        brought | {"serials": ["p1"]},
        brought | {"serials": ["never-ours"]},
    ) == ["serials_missing", "serial_on_hand", "booked", "serial_on_hand", "booked"]
    assert await where(retailer) == {
        "never-ours": ("on_hand", "S2"),
        "p1": ("on_hand", "S2"),
        "p2": ("on_hand", "S1"),
    }
    assert await retailer.level(PHONE, "S2") == (2, 0, 1)


async def test_a_sale_that_happened_offline_is_told_whatever_the_lots_say(
    retailer: Retailer,
) -> None:
    """Given 2 units of a lot, when a till tells of 3 it sold offline, then all 3 went, one of no lot."""
    await tracked(retailer)
    await book(retailer.office, "receipts", row(MILK, 2, lot="L1", expires_on=day(5)))
    till = await retailer.caller(
        "offline",
        "terminal",
        channel="pos",
        locations=frozenset({"S1"}),
        scopes=frozenset({"orders:write", "orders:read", "orders:backdate"}),
    )

    told = await till.post("/v1/orders", sale(MILK, 3) | {"offline": True})

    assert told.status_code == 201, told.text
    assert await left(retailer, "sold") == [("L1", 2), (None, 1)]
    assert await lots(retailer) == {"L1": (0, 0, 0)}
