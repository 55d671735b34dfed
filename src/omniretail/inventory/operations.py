"""What changes the ledger: lock the levels, survey, decide in memory, write in a handful of statements."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from omniretail.db import (
    RaceLost,
    Read,
    Transaction,
    Write,
    constraint,
    sql,
    write_columns,
    write_documents,
)
from omniretail.ids import new_id_text
from omniretail.inventory.levels import Level, Place
from omniretail.inventory.lots import Lot
from omniretail.inventory.movements import Source
from omniretail.inventory.stock import Stock

_LOCK = sql("inventory.lock_levels")
_MAKE = sql("inventory.make_levels")
_CHANGE = sql("inventory.change_levels")
_CREATE = sql("inventory.create_levels")
_RECORD = sql("inventory.record_movements")
_CLOSE_HOLD_LINES = sql("inventory.close_hold_lines")
_CREATE_LOTS = sql("inventory.create_lots")
_CHANGE_LOTS = sql("inventory.change_lots")
_CREATE_SERIALS = sql("inventory.create_serials")
_CHANGE_SERIALS = sql("inventory.change_serials")
_RECORD_COUNTS = sql("inventory.record_counts")
_CHANGE_VARIANCES = sql("inventory.change_variances")
_OPEN_SHORTAGES = sql("inventory.open_shortages")
_RECORD_COSTS = sql("inventory.record_costs")
_FIGURES = ("on_hand", "allocated", "held", "damaged", "quality_control", "suspected")
_STAMPS = ("moved_at", "counted_at", "shortage_id")
_ARRIVED = sql("inventory.arrived")

constraint("stock_level_pkey", RaceLost)
constraint("stock_serial_pkey", RaceLost)
constraint("shortage_open_key", RaceLost)


def lock(places: Iterable[Place], *, holds: Iterable[UUID] = ()) -> Read[Stock]:
    """Return the read that locks the levels of `places` in the one global order: SKU, location.

    Those of the components of kits, and those that `holds` hold, are locked with them. A place
    without a level has nothing; the level comes into being when something arrives. `survey` tells
    the rest.
    """
    ordered = sorted(set(places))
    return Read(
        _LOCK,
        ([sku for sku, _ in ordered], [location for _, location in ordered], list(set(holds))),
        lambda rows: Stock({(row.pop("sku"), row.pop("location")): _level(row) for row in rows}),
    )


async def lock_made(tx: Transaction, places: Iterable[Place]) -> Stock:
    """Lock the levels of places that exist, making those that are missing; for absolute figures.

    Locks: the levels, by SKU and location.
    """
    ordered = sorted(set(places))
    await tx.execute(_MAKE, [sku for sku, _ in ordered], [location for _, location in ordered])
    (stock,) = await tx.read(lock(ordered))
    made: Stock = stock
    return made


async def lock_more(tx: Transaction, stock: Stock, places: Iterable[Place]) -> None:
    """Make and lock the levels of places that exist and that `stock` lacks, and add them to it.

    For promises beyond what is there, which are judged where nothing has ever been, too. Locks: those
    levels, by SKU and location; rarely behind later ones, which the database may answer with a
    deadlock, and then all runs again.
    """
    if missing := set(places) - stock.before.keys():
        stock.add(await lock_made(tx, missing))


def write(stock: Stock, *, now: datetime) -> list[Write]:
    """Return the writes of what `stock` accepted: levels by relative updates, and each movement."""
    stood, new = _changes(stock)
    movements = list(_movement_documents(stock))
    return [
        *write_documents(_CHANGE, stood),
        *write_documents(_CREATE, new),
        *write_documents(_RECORD, movements, now),
        *write_columns(
            _CLOSE_HOLD_LINES,
            [(line.hold_id, line.number, line.sku) for line in stock.closed_lines],
            now,
        ),
        *_rarer_writes(stock, now),
    ]


def _movement_documents(stock: Stock) -> Iterator[dict[str, Any]]:
    """Yield each accepted movement with its source, without what says nothing."""
    last: Source | None = None
    for source, moved in stock.accepted:
        if source is not last:
            last, caused_by = source, _source_document(source)
        for movement in moved:
            said = zip(movement._fields, movement, strict=True)
            document = caused_by | {name: value for name, value in said if value is not None}
            if movement.id is None:
                document["id"] = new_id_text()
            yield document


def _changes(stock: Stock) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what changed at levels that stood already, and the levels that came into being.

    Each in the one global order, by SKU and location; only what differs is said.
    """
    stood: list[dict[str, Any]] = []
    new: list[dict[str, Any]] = []
    nothing = Level()
    for (sku, location), level in stock.levels():
        before = stock.before.get((sku, location), nothing)
        if level == before:
            continue
        change: dict[str, Any] = {"sku": sku, "location": location}
        for name in _FIGURES:
            if more := getattr(level, name) - getattr(before, name):
                change[name] = more
        for name in _STAMPS:
            if (stamp := getattr(level, name)) != getattr(before, name):
                change[name] = stamp
        (new if before is nothing else stood).append(change)
    return stood, new


def _rarer_writes(stock: Stock, now: datetime) -> list[Write]:
    fresh = {count.row.id for count in stock.booked_counts}
    variances = [row for row in stock.variances.items() if row[1] and row[0] not in fresh]
    opened = [
        (
            case.id,
            case.sku,
            case.location,
            case.missing,
            case.source.document_type,
            case.source.document_id,
        )
        for case in stock.opened
    ]
    return [
        *_tracked_writes(stock),
        *write_documents(_RECORD_COUNTS, _counts(stock), now),
        *write_columns(_CHANGE_VARIANCES, variances),
        *write_columns(_OPEN_SHORTAGES, opened, now),
        *write_columns(_RECORD_COSTS, _cost_rows(stock), now),
        *write_columns(_ARRIVED, sorted(stock.arrived.items())),
    ]


def _tracked_writes(stock: Stock) -> list[Write]:
    lots = [
        (place, before.get(lot.lot), lot, change)
        for place, before in stock.lots_before.items()
        for lot in stock.lots[place]
        if any(change := _lot_change(before.get(lot.lot), lot))
    ]
    new = [
        (*place, lot.lot, lot.expires_on, *change) for place, was, lot, change in lots if not was
    ]
    stood = [(*place, lot.lot, *change) for place, was, lot, change in lots if was]
    serials = [
        (*key, serial.state, serial.location) for key, serial in stock.serials_changed.items()
    ]
    known = stock.serials_before.keys()
    return [
        *write_columns(_CREATE_LOTS, new),
        *write_columns(_CHANGE_LOTS, stood),
        *write_columns(_CREATE_SERIALS, [row for row in serials if row[:2] not in known]),
        *write_columns(_CHANGE_SERIALS, [row for row in serials if row[:2] in known]),
    ]


def _counts(stock: Stock) -> list[dict[str, object]]:
    return [
        {
            "id": count.row.id,
            "occurred_at": count.row.occurred_at,
            "sku": count.row.sku,
            "location": count.row.location,
            "lot": count.row.lot,
            "quantity": count.row.quantity,
            "variance": stock.variances.get(count.row.id, 0),
            "document_id": count.source.document_id,
            "actor_id": count.source.actor_id,
        }
        for count in stock.booked_counts
    ]


def _cost_rows(stock: Stock) -> list[tuple[object, ...]]:
    return [
        (
            change.movement_id,
            change.sku,
            change.location,
            change.quantity,
            change.cost.amount,
            change.cost.currency,
            change.on_hand_before,
            change.average.amount,
        )
        for change in stock.cost_changes
    ]


def _lot_change(before: Lot | None, after: Lot) -> tuple[int, int, int]:
    was = before or Lot(after.lot)
    return (
        after.on_hand - was.on_hand,
        after.damaged - was.damaged,
        after.quality_control - was.quality_control,
    )


def _source_document(source: Source) -> dict[str, Any]:
    return {name: getattr(source, name) for name in source.__struct_fields__}


def _level(row: dict[str, Any]) -> Level:
    for name in ("moved_at", "counted_at"):
        if row[name] is not None:
            row[name] = datetime.fromisoformat(row[name])
    if row["shortage_id"] is not None:
        row["shortage_id"] = UUID(row["shortage_id"])
    return Level(**row)
