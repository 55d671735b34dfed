"""Promised goods on their way to the store that hands them over: still promised, of the same lots."""

from contextlib import suppress
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from omniretail import audit, catalog, clock, inventory
from omniretail.db import Transaction
from omniretail.errors import DomainError
from omniretail.inventory.lots import Lot, LotMissing
from omniretail.inventory.movements import Movement
from tests.callers import Retailer, line, order, served
from tests.inventory.test_suspicion import milk, put_sku

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ORDER = UUID(int=5)
SOON, LATER = date(2027, 1, 1), date(2028, 1, 1)


def posting(*movements: Movement, order_id: UUID = ORDER, at: datetime = NOW) -> inventory.Posting:
    source = inventory.Source(
        document_type="order",
        document_id=order_id,
        actor_id=UUID(int=2),
        channel="web",
        occurred_at=at,
        idempotency_key="k",
    )
    return inventory.Posting(source, movements)


def figures(stock: inventory.Stock, sku: str, location: str) -> tuple[int, int, int]:
    """What stands there: on hand, allocated, available to promise."""
    level = stock.level(sku, location)
    return level.on_hand, level.allocated, level.available_to_promise


def test_promised_goods_travel_and_stay_promised() -> None:
    """Given 5 with 2 promised, when these go to a store that never had any, then it has 2, promised."""
    stock = inventory.Stock({("A", "WH"): inventory.Level(5, 2)})

    assert stock.post(posting(inventory.store_shipped("A", "WH", 2))) is None
    on_the_way = figures(stock, "A", "WH"), figures(stock, "A", "S1")
    assert stock.post(posting(inventory.store_received("A", "S1", 2))) is None
    there = figures(stock, "A", "S1")
    assert stock.post(posting(inventory.handed_over("A", "S1", 2))) is None

    assert on_the_way == ((3, 0, 3), (0, 0, 0))
    assert there == (2, 2, 0)
    assert figures(stock, "A", "S1") == (0, 0, 0)
    legs = [(m.type, m.from_state, m.to_state) for _, moved in stock.accepted for m in moved]
    assert legs[:2] == [
        ("store_shipped", "allocated", "in_transit"),
        ("store_received", "in_transit", "allocated"),
    ]


def test_what_is_not_there_cannot_be_sent() -> None:
    """Given 2 promised of which 1 is left after a theft, when 2 are sent, then it says there is 1."""
    stock = inventory.Stock({("A", "WH"): inventory.Level(1, 2)})

    refusal = stock.post(posting(inventory.store_shipped("A", "WH", 2)))

    assert isinstance(refusal, inventory.InsufficientStock)
    assert refusal.shortages[0].available == 1


def test_an_arrival_is_refused_for_no_lack_of_stock() -> None:
    """Given a store that owes more than it has, when goods arrive, then they are taken; no new case."""
    owing = inventory.Level(-2, 3, shortage_id=UUID(int=1))
    stock = inventory.Stock({("A", "S1"): owing})

    assert stock.post(posting(inventory.store_received("A", "S1", 1))) is None

    assert figures(stock, "A", "S1") == (-1, 4, 0)
    assert stock.level("A", "S1").missing == 5
    assert stock.opened == []


@pytest.mark.parametrize(
    "level",
    [
        inventory.Level(inventory.MOST_QUANTITY, 0),
        inventory.Level(0, inventory.MOST_QUANTITY),
    ],
)
def test_an_arrival_that_no_quantity_can_say_is_refused(level: inventory.Level) -> None:
    stock = inventory.Stock({("A", "S1"): level})

    refusal = stock.post(posting(inventory.store_received("A", "S1", 1)))

    assert isinstance(refusal, inventory.QuantityTooLarge)


def cellar(**sent: int) -> inventory.Stock:
    """Six bottles of two lots at WH, all promised; some are on their way already."""
    stock = inventory.Stock({("L", "WH"): inventory.Level(6, 6)})
    stock.tracking = {"L": "lot"}
    stock.lots = {("L", "WH"): [Lot("late", LATER, 4), Lot("soon", SOON, 2)]}
    if sent:
        stock.on_the_way[ORDER, "L"] = [Lot(name, LATER, n) for name, n in sent.items()]
    return stock


def lots_moved(stock: inventory.Stock) -> list[tuple[str, str | None, int]]:
    return [(m.type, m.lot, m.quantity) for _, moved in stock.accepted for m in moved]


def test_the_lots_that_arrive_are_those_that_left() -> None:
    """Given lots of two dates, when 3 leave and arrive in two parts, then the earliest comes first."""
    stock = cellar()

    for movement in (
        inventory.store_shipped("L", "WH", 3),
        inventory.store_received("L", "S1", 1),
        inventory.store_received("L", "S1", 2),
    ):
        assert stock.post(posting(movement)) is None

    assert lots_moved(stock) == [
        ("store_shipped", "soon", 2),
        ("store_shipped", "late", 1),
        ("store_received", "soon", 1),
        ("store_received", "soon", 1),
        ("store_received", "late", 1),
    ]
    there = {lot.lot: (lot.on_hand, lot.expires_on) for lot in stock.lots["L", "S1"]}
    assert there == {"soon": (2, SOON), "late": (1, LATER)}
    assert figures(stock, "L", "S1") == (3, 3, 0)


def test_a_lot_may_be_named_where_it_leaves() -> None:
    stock = cellar()

    assert stock.post(posting(inventory.store_shipped("L", "WH", 3)._replace(lot="late"))) is None
    assert stock.post(posting(inventory.store_received("L", "S1", 3))) is None

    assert lots_moved(stock) == [("store_shipped", "late", 3), ("store_received", "late", 3)]
    assert stock.lots["L", "S1"] == [Lot("late", LATER, 3)]


def test_a_lot_may_be_named_where_it_arrives() -> None:
    stock = cellar(one=2, two=2)

    named = inventory.store_received("L", "S1", 2)._replace(lot="two")
    assert stock.post(posting(named)) is None

    assert lots_moved(stock) == [("store_received", "two", 2)]


@pytest.mark.parametrize(
    ("quantity", "lot", "order_id"),
    [(5, None, ORDER), (3, "one", ORDER), (1, "other", ORDER), (1, None, UUID(int=6))],
)
def test_no_lot_arrives_that_was_not_sent(quantity: int, lot: str | None, order_id: UUID) -> None:
    """More than was sent, of another lot, or for another order: name what it is by another document."""
    stock = cellar(one=2, two=2)

    wrong = inventory.store_received("L", "S1", quantity)._replace(lot=lot)
    refusal = stock.post(posting(wrong, order_id=order_id))

    assert isinstance(refusal, LotMissing)
    assert [lot.on_hand for lot in stock.on_the_way[ORDER, "L"]] == [2, 2]
    assert figures(stock, "L", "S1") == (0, 0, 0)


def test_a_refused_shipment_sends_no_lot() -> None:
    """Given 6 with 1 set aside, when 6 are sent, then nothing of them is on its way."""
    stock = cellar()
    stock.level("L", "WH").damaged = 1
    stock.lots["L", "WH"][0].damaged = 1

    refusal = stock.post(posting(inventory.store_shipped("L", "WH", 6)))

    assert isinstance(refusal, inventory.InsufficientStock)
    assert stock.on_the_way == {}


def test_a_kit_travels_as_its_components() -> None:
    stock = inventory.Stock(
        {("A", "WH"): inventory.Level(4, 4), ("B", "WH"): inventory.Level(2, 2)}
    )
    parts = {"A": 2, "B": 1}

    for kind, location in ((inventory.store_shipped, "WH"), (inventory.store_received, "S1")):
        moved = list(inventory.moved(kind, "PACK", location, 2, parts))
        assert {movement.kit for movement in moved} == {"PACK"}
        assert stock.post(posting(*moved)) is None

    assert (figures(stock, "A", "S1"), figures(stock, "B", "S1")) == ((4, 4, 0), (2, 2, 0))


class _Seen(Exception):
    """Ends a transaction that the orders' own books know nothing of."""


async def move(tx: Transaction, *movements: Movement, order_id: UUID) -> DomainError | None:
    """Post movements of an order as a change of it does."""
    now = clock.now()
    places = {(movement.sku, movement.location) for movement in movements}
    skus, stock = await tx.read(
        catalog.skus_by_code({sku for sku, _ in places}), inventory.lock(places)
    )
    asked = inventory.Asked(earliest=now, arrivals=[order_id])
    await inventory.survey(tx, stock, skus, asked, now=now)
    refusal: DomainError | None = stock.post(posting(*movements, order_id=order_id, at=now))
    await tx.write(*inventory.write(stock, now=now))
    return refusal


async def test_the_books_of_goods_on_their_way(retailer: Retailer) -> None:
    """Given an order of A and milk, when both go to S2 in two parts, then levels and lots are true."""
    await put_sku(retailer, "MILK", tracking="lot")
    await retailer.prices(MILK=100)
    await milk(retailer, L1=2, L2=3)
    await retailer.receive("A", S1=3)
    # S2 had milk of one lot once.
    lot = {"sku": "MILK", "location": "S2", "lot": "L2"}
    for path, more in (
        ("receipts", {"quantity": 1}),
        ("adjustments", {"change": -1, "reason": "theft"}),
    ):
        answer = await retailer.office.post(f"/v1/stock/{path}", {"lines": [lot | more]})
        assert "refused" not in answer.text
    wanted = served("pickup", "S1", line("A", 2), line("MILK", 4))
    placed = await retailer.web.post("/v1/orders", order(wanted, paid=4400))
    order_id = UUID(placed.json()["id"])
    seen: list[str] = []
    there: list[tuple[str, int, int]] = []

    with suppress(_Seen):
        async with retailer.process.database.transaction() as tx:
            for parts in (
                (inventory.store_shipped("A", "S1", 2), inventory.store_shipped("MILK", "S1", 4)),
                (inventory.store_received("A", "S2", 1), inventory.store_received("MILK", "S2", 1)),
                (inventory.store_received("MILK", "S2", 3),),
            ):
                assert await move(tx, *parts, order_id=order_id) is None
                findings = await audit.audit(tx, now=clock.now())
                seen += [finding.check for finding in findings if not finding.holds]
            rows = await tx.fetch(
                "select sku, on_hand, allocated from stock_level where location = 'S2' order by sku"
            )
            there += [(row["sku"], row["on_hand"], row["allocated"]) for row in rows]
            lots = await tx.fetch(
                "select lot, on_hand from stock_lot where location = 'S2' order by lot"
            )
            left = await move(tx, inventory.store_received("MILK", "S2", 1), order_id=order_id)
            raise _Seen

    assert there == [("A", 1, 1), ("MILK", 4, 4)]
    assert [tuple(row) for row in lots] == [("L1", 2), ("L2", 2)]
    assert isinstance(left, LotMissing)
    # The order itself was not told: it says that all of it is still in S1.
    assert set(seen) == {"allocations", "order_movements"}


async def test_their_movements_can_be_asked_for(retailer: Retailer) -> None:
    for kind in ("store_shipped", "store_received"):
        answer = await retailer.office.get("/v1/stock/movements", type=kind)
        assert (answer.status_code, answer.json()["items"]) == (200, [])
