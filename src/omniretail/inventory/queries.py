"""What only reads the ledger: the history of movements, and where lots and single units are."""

from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from msgspec.structs import astuple
from sqlmodel import col, select

from omniretail.db import Read, Transaction, sql
from omniretail.errors import Missing, Refused
from omniretail.ids import first_id
from omniretail.inventory.models import StockSerial
from omniretail.inventory.serials import SerialState

_MOVEMENTS = sql("inventory.movements")
_COUNTS = sql("inventory.counts")
_LOTS = sql("inventory.list_lots")
_LEFT_WITH = sql("inventory.left_with")
# Identities are made right after the clock was read, by clocks that may differ a little.
_CLOCKS_DIFFER = timedelta(minutes=2)


class UnknownMovement(Missing):
    """There is no such movement."""


class UnknownSerial(Missing):
    """No unit of the SKU has this serial number."""

    def __init__(self, sku: str, serial: str) -> None:
        super().__init__(f"No {sku} {serial} was ever in stock.", sku=sku, serial=serial)


class MovementImmutable(Refused):
    """A movement is never changed or deleted; post another one that corrects it."""


class MovementFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which movements; None does not matter. The last two are bounds of `occurred_at`.

    Of one SKU, one document, one `corrects` or from a moment on, an index finds them. Any other
    filter reads back through all movements until it has found enough.
    """

    id: UUID | None = None
    sku: str | None = None
    location: str | None = None
    document_id: UUID | None = None
    type: str | None = None
    reason: str | None = None
    kit: str | None = None
    lot: str | None = None
    serial: str | None = None
    corrects: UUID | None = None
    occurred_from: datetime | None = None
    occurred_before: datetime | None = None


class RecordedMovement(msgspec.Struct, frozen=True, kw_only=True):
    """A movement as the ledger keeps it."""

    id: UUID
    recorded_at: datetime
    occurred_at: datetime
    type: str
    sku: str
    location: str
    from_state: str
    to_state: str
    quantity: int
    reason: str | None
    kit: str | None
    lot: str | None
    serials: list[str] | None
    corrects: UUID | None
    shortage_id: UUID | None
    document_type: str
    document_id: UUID
    actor_id: UUID
    channel: str | None


class LotThere(msgspec.Struct, frozen=True, kw_only=True):
    """What stands of a lot at a location; `expires_on` is the last day it may be sold."""

    sku: str
    location: str
    lot: str
    expires_on: date | None
    on_hand: int
    damaged: int
    quality_control: int


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """One unit known by its serial number: where it is (gone: nowhere of ours)."""

    sku: str
    serial: str
    state: SerialState
    location: str | None


async def list_movements(
    tx: Transaction, wanted: MovementFilter, *, before: UUID | None = None, limit: int
) -> list[RecordedMovement]:
    """Return the movements that a filter wants, the latest recorded first, older than `before`."""
    since = wanted.occurred_from and first_id(wanted.occurred_from - _CLOCKS_DIFFER)
    rows = await tx.fetch(_MOVEMENTS, *astuple(wanted), since, before, limit)
    return [msgspec.convert(dict(row), RecordedMovement) for row in rows]


async def find_movement(tx: Transaction, movement_id: UUID) -> RecordedMovement:
    """Return one movement. Raises: UnknownMovement."""
    found = await list_movements(tx, MovementFilter(id=movement_id), limit=1)
    if not found:
        raise UnknownMovement(f"There is no movement {movement_id}.")
    return found[0]


async def list_lots(
    tx: Transaction,
    *,
    sku: str | None = None,
    location: str | None = None,
    expires_before: date | None = None,
    after: tuple[str, str, str] = ("", "", ""),
    limit: int,
) -> list[LotThere]:
    """Return the lots of which something is there, by (SKU, location, lot), after one of them."""
    rows = await tx.fetch(_LOTS, sku, location, expires_before, *after, limit)
    return [msgspec.convert(dict(row), LotThere) for row in rows]


async def find_unit(tx: Transaction, sku: str, serial: str) -> Unit:
    """Return where a unit is. Raises: UnknownSerial."""
    rows = await tx.select(
        select(StockSerial).where(col(StockSerial.sku) == sku, col(StockSerial.serial) == serial)
    )
    if not rows:
        raise UnknownSerial(sku, serial)
    return msgspec.convert(dict(rows[0]), Unit)


def left_with(serial: str, sku: str | None = None) -> Read[list[UUID]]:
    """Return the read of the orders with which a unit left: more than one, where it came back."""
    return Read(_LEFT_WITH, (serial, sku), lambda rows: [UUID(row["document_id"]) for row in rows])


class RecordedCount(msgspec.Struct, frozen=True, kw_only=True):
    """A count as the ledger keeps it, with its variance as it is by now."""

    id: UUID
    recorded_at: datetime
    occurred_at: datetime
    sku: str
    location: str
    lot: str | None
    quantity: int
    variance: int
    document_type: str
    document_id: UUID
    actor_id: UUID


async def list_counts(
    tx: Transaction,
    *,
    sku: str | None = None,
    location: str | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[RecordedCount]:
    """Return counts, the latest recorded first, older than `before`; of a SKU, at a location."""
    rows = await tx.fetch(_COUNTS, sku, location, before, limit)
    return [msgspec.convert(dict(row), RecordedCount) for row in rows]
