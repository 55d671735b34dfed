"""Goods that come back: with a sale, without one, destroyed at once; and what becomes of them later."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from omniretail import catalog, clock, inventory
from omniretail.db import Transaction
from omniretail.errors import DomainError
from omniretail.ids import new_id
from omniretail.inventory.levels import Level
from omniretail.inventory.lots import LotMissing
from omniretail.inventory.serials import Serial, SerialGone, SerialOnHand, SerialsMissing
from omniretail.inventory.stock import Stock
from tests.callers import Retailer, euro, line, order, served

NOON = datetime(2026, 7, 6, 12, tzinfo=UTC)
STATES = ("available", "damaged", "quality_control", "shrinkage")
MILK, PHONE = "MILK", "PHONE"


def source(at: datetime = NOON) -> inventory.Source:
    return inventory.Source(
        document_type="receipt",
        document_id=new_id(),
        actor_id=new_id(),
        channel="pos",
        occurred_at=at,
        idempotency_key="return-1",
    )


def graded(
    quantity: int, from_state: str, to_state: str, *, sku: str = "A", **more: Any
) -> inventory.Movement:
    movement = inventory.set_aside(
        sku, "S1", quantity, "inspection", from_state=from_state, to_state=to_state
    )
    return movement._replace(**more)


def back(quantity: int, to_state: str, *, sku: str = "A", **more: Any) -> inventory.Movement:
    movement = inventory.unlinked(sku, "S1", quantity, "customer_return", to_state=to_state)
    return movement._replace(**more)


def figures(level: Level) -> tuple[int, int, int]:
    return level.on_hand, level.damaged, level.quality_control


async def post(
    retailer: Retailer, *movements: inventory.Movement, at: datetime | None = None
) -> DomainError | None:
    """Post movements of one document, as returns do of theirs."""
    now = clock.now()

    async def run(tx: Transaction) -> DomainError | None:
        places = {(movement.sku, movement.location) for movement in movements}
        reads = catalog.skus_by_code({sku for sku, _ in places}), inventory.lock(places)
        skus, stock = await tx.read(*reads)
        asked = inventory.Asked(
            earliest=at or now,
            lots=[movement.lot for movement in movements if movement.lot],
            serials=[(one.sku, serial) for one in movements for serial in one.serials or ()],
        )
        await inventory.survey(tx, stock, skus, asked, now=now)
        refusal: DomainError | None = stock.post(inventory.Posting(source(at or now), movements))
        await tx.write(*inventory.write(stock, now=now))
        return refusal

    return await retailer.process.ledger.run(run)


@pytest.mark.parametrize("come_back", [inventory.returned, inventory.unlinked])
@pytest.mark.parametrize(
    ("to_state", "after"),
    [
        ("available", (5, 1, 1)),
        ("damaged", (5, 3, 1)),
        ("quality_control", (5, 1, 3)),
        ("shrinkage", (3, 1, 1)),
    ],
)
def test_what_comes_back_is_sold_again_set_aside_or_destroyed(
    come_back: Any, to_state: str, after: tuple[int, int, int]
) -> None:
    """Given 3 on hand, 1 damaged and 1 in inspection, when 2 come back, they are where they were put."""
    stock = Stock({("A", "S1"): Level(on_hand=3, damaged=1, quality_control=1)})
    movement = come_back("A", "S1", 2, "customer_return", to_state=to_state)

    assert stock.post(inventory.Posting(source(), [movement])) is None

    assert (movement.type, movement.from_state) == (
        "returned" if come_back is inventory.returned else "unlinked_return",
        "customer",
    )
    assert figures(stock.level("A", "S1")) == after
    assert (stock.level("A", "S1").moved_at is None) == (to_state == "shrinkage")


@pytest.mark.parametrize("from_state", STATES)
@pytest.mark.parametrize("to_state", STATES)
def test_what_came_back_is_graded_anew(from_state: str, to_state: str) -> None:
    """Any grade may follow any other; of what is in the location no more than there is."""
    if from_state == to_state:
        return
    level = Level(on_hand=6, damaged=2, quality_control=2)
    stock = Stock({("A", "S1"): level})
    gone = from_state == "shrinkage"

    too_many = stock.post(inventory.Posting(source(), [graded(3, from_state, to_state)]))
    # What was thrown away is counted nowhere: that so much of it was, its document knows.
    assert (too_many is None) == gone
    if not gone:
        assert isinstance(too_many, inventory.InsufficientStock)
        assert too_many.fields["available"] == 2
        assert figures(level) == (6, 2, 2)
        assert stock.post(inventory.Posting(source(), [graded(2, from_state, to_state)])) is None

    moved = 3 if gone else 2
    expected = {"available": 2, "damaged": 2, "quality_control": 2, "shrinkage": 0}
    expected[from_state] -= moved
    expected[to_state] += moved
    assert figures(stock.level("A", "S1")) == (
        sum(expected[state] for state in STATES[:3]),
        expected["damaged"],
        expected["quality_control"],
    )


def test_what_orders_wait_for_is_short_when_it_is_thrown_away() -> None:
    """Given 2, both promised, when 1 of them is thrown away, then a shortage says so."""
    stock = Stock({("A", "S1"): Level(on_hand=2, allocated=2)})

    assert stock.post(inventory.Posting(source(), [graded(1, "available", "shrinkage")])) is None

    assert [(case.sku, case.missing) for case in stock.opened] == [("A", 1)]


def serials_after(state: str, *movements: inventory.Movement) -> DomainError | str | None:
    """Return what a unit that was here or gone is after movements, or why they are refused."""
    stock = Stock({(PHONE, "S1"): Level(on_hand=3, damaged=1)})
    stock.tracking = {PHONE: "serial"}
    stock.serials = {(PHONE, "s-1"): Serial("gone", None)}
    if state == "on_hand":
        stock.serials[PHONE, "s-1"] = Serial("on_hand", "S1")
    for movement in movements:
        one = movement._replace(sku=PHONE, serials=("s-1",))
        if refusal := stock.post(inventory.Posting(source(), [one])):
            return refusal
    return stock.serials[PHONE, "s-1"].state


def test_a_unit_is_followed_wherever_it_goes() -> None:
    destroyed, found = back(1, "shrinkage"), graded(1, "shrinkage", "available")
    written_off = graded(1, "damaged", "shrinkage")

    assert serials_after("gone", back(1, "damaged")) == "on_hand"
    assert serials_after("gone", destroyed) == "gone"
    assert serials_after("gone", destroyed, found) == "on_hand"
    assert serials_after("gone", back(1, "damaged"), written_off) == "gone"
    assert serials_after("on_hand", graded(1, "available", "damaged")) == "on_hand"
    for again in (back(1, "available"), destroyed, found):
        assert isinstance(serials_after("on_hand", again), SerialOnHand)
    assert isinstance(serials_after("gone", written_off), SerialGone)


@pytest.mark.parametrize("come_back", [inventory.returned, inventory.unlinked])
@pytest.mark.parametrize("to_state", STATES)
def test_each_unit_that_comes_back_is_named(come_back: Any, to_state: str) -> None:
    stock = Stock({})
    stock.tracking = {PHONE: "serial"}
    movement = come_back(PHONE, "S1", 2, "customer_return", to_state=to_state)

    for serials in (None, ("s-1",), ("s-1", "s-1")):
        one = movement._replace(serials=serials)
        refusal = stock.post(inventory.Posting(source(), [one]))
        assert isinstance(refusal, SerialsMissing)


async def test_a_return_without_a_receipt_enters_the_books(retailer: Retailer) -> None:
    """Given a store that never stocked A, when 4 come back there, each is where it was put."""
    grades = [back(1, state) for state in STATES]
    assert await post(retailer, *grades) is None

    found = await retailer.office.get("/v1/stock/movements", sku="A", type="unlinked_return")
    items: Sequence[dict[str, Any]] = found.json()["items"]
    assert {(one["from_state"], one["to_state"], one["quantity"]) for one in items} == {
        ("customer", state, 1) for state in STATES
    }
    assert {one["document_type"] for one in items} == {"receipt"}
    assert await retailer.level("A", "S1") == (3, 0, 1)


async def test_what_came_back_is_decided_again(retailer: Retailer) -> None:
    """Given 2 damaged of a return, 1 is repaired and 1 thrown away; then that one turns up again."""
    await post(retailer, back(2, "damaged"))

    assert await post(retailer, graded(1, "damaged", "available")) is None
    assert await post(retailer, graded(1, "damaged", "shrinkage")) is None
    refused = await post(retailer, graded(1, "damaged", "shrinkage"))
    assert isinstance(refused, inventory.InsufficientStock)
    assert await retailer.level("A", "S1") == (1, 0, 1)
    for to_state in STATES[:3]:
        assert await post(retailer, graded(1, "shrinkage", to_state)) is None
    assert await post(retailer, graded(1, "quality_control", "damaged")) is None
    assert await post(retailer, graded(2, "available", "shrinkage")) is None

    assert await retailer.level("A", "S1") == (2, 0, 0)


async def test_a_count_has_spoken_for_what_was_thrown_away_before_it(retailer: Retailer) -> None:
    """Given 3, counted as 2, when it is told that 1 was thrown away before, then there are still 2."""
    await retailer.receive("A", S1=3)
    before = clock.now() - timedelta(hours=1)
    count = {"lines": [{"sku": "A", "location": "S1", "quantity": 2}]}
    assert (await retailer.office.post("/v1/stock/counts", count)).status_code == 201

    assert await post(retailer, graded(1, "available", "shrinkage"), at=before) is None
    assert await post(retailer, graded(1, "shrinkage", "damaged"), at=before) is None
    assert await post(retailer, back(1, "shrinkage"), at=before) is None

    assert (await retailer.level("A", "S1"))[0] == 2


async def test_what_comes_back_of_a_lot_names_it(retailer: Retailer) -> None:
    assert (
        await retailer.office.put("/v1/skus/MILK", {"name": "Milk", "tracking": "lot"})
    ).is_success

    for state in STATES:
        nameless = await post(retailer, back(1, state, sku=MILK))
        assert isinstance(nameless, LotMissing)
        assert await post(retailer, back(1, state, sku=MILK, lot="L1")) is None
    assert isinstance(
        await post(retailer, graded(1, "shrinkage", "available", sku=MILK)), LotMissing
    )
    assert await post(retailer, graded(1, "shrinkage", "available", sku=MILK, lot="L1")) is None
    assert await post(retailer, graded(2, "available", "shrinkage", sku=MILK, lot="L1")) is None
    short = await post(retailer, graded(2, "damaged", "shrinkage", sku=MILK, lot="L1"))

    assert isinstance(short, inventory.InsufficientStock)
    assert (await retailer.level(MILK, "S1"))[0] == 2


async def test_a_phone_comes_back_once(retailer: Retailer) -> None:
    """Given a phone that was sold, when it came back and is brought back again, it is in stock already."""
    body = {"name": "Phone", "tracking": "serial"}
    assert (await retailer.office.put("/v1/skus/PHONE", body)).is_success
    await retailer.prices(PHONE=10_000)
    row = {"sku": PHONE, "location": "S1", "quantity": 1, "serials": ["s-1"]}
    assert (await retailer.office.post("/v1/stock/receipts", {"lines": [row]})).is_success
    sale = served("carry_out", None, line(PHONE, 1, serials=["s-1"]))
    assert (await retailer.till.post("/v1/orders", order(sale, paid=10_000))).is_success
    phone: dict[str, Any] = {"sku": PHONE, "serials": ("s-1",)}

    async def where() -> tuple[str, str | None]:
        unit = (await retailer.office.get("/v1/stock/serials/PHONE/s-1")).json()
        return unit["state"], unit["location"]

    assert await post(retailer, back(1, "quality_control", **phone)) is None
    assert await where() == ("on_hand", "S1")
    again = await post(retailer, back(1, "available", **phone))
    assert isinstance(again, SerialOnHand)
    assert await post(retailer, graded(1, "quality_control", "shrinkage", **phone)) is None
    assert await where() == ("gone", None)
    assert await post(retailer, graded(1, "shrinkage", "available", **phone)) is None
    assert await where() == ("on_hand", "S1")
    sold_again = await retailer.till.post("/v1/orders", order(sale, paid=10_000))
    assert sold_again.is_success
    assert await post(retailer, back(1, "shrinkage", **phone)) is None
    assert await where() == ("gone", None)


async def test_what_comes_back_is_worth_what_the_goods_there_cost(retailer: Retailer) -> None:
    """Given 2 that cost 10.00 each, when 1 comes back with a receipt and 1 without, all cost 10.00."""
    row = {
        "sku": "A",
        "location": "S1",
        "quantity": 2,
        "unit_cost": {"amount": "1000", "currency": "EUR"},
    }
    booked = await retailer.office.post("/v1/stock/receipts", {"lines": [row]})
    assert booked.status_code == 201, booked.text
    linked = inventory.returned("A", "S1", 1, "customer_return", to_state="available")
    assert await post(retailer, linked, back(1, "available"), back(1, "shrinkage")) is None

    worth = (await retailer.office.get("/v1/stock/valuation")).json()
    (item,) = worth["items"]
    assert (item["on_hand"], item["unit_cost"], item["value"]) == (4, "1000", euro(4000))
