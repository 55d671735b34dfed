"""What changes the ledger: lock the levels, decide in memory, write in a handful of statements."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from msgspec import structs

from omniretail import catalog
from omniretail.db import Read, Transaction, Write, sql, write_columns, write_documents
from omniretail.errors import DomainError
from omniretail.ids import new_id_text
from omniretail.inventory.levels import Level, Place, Stock
from omniretail.inventory.movements import Posting

_LOCK = sql("inventory.lock_levels")
_CHANGE = sql("inventory.change_levels")
_CREATE = sql("inventory.create_levels")
_RECORD = sql("inventory.record_movements")


class Posted(msgspec.Struct, frozen=True):
    """The level of one movement's place, right after its posting."""

    sku: str
    location: str
    on_hand: int
    allocated: int
    available_to_promise: int


def lock(places: Iterable[Place]) -> Read[Stock]:
    """Return the read that locks the levels of `places` in the one global order: SKU, location.

    A place without a level has nothing; the level comes into being when something arrives.
    """
    ordered = sorted(set(places))
    return Read(
        _LOCK,
        ([sku for sku, _ in ordered], [location for _, location in ordered]),
        lambda rows: Stock(
            {(row["sku"], row["location"]): Level(row["on_hand"], row["allocated"]) for row in rows}
        ),
    )


def write(stock: Stock, *, now: datetime) -> list[Write]:
    """Return the writes of what `stock` accepted: levels by relative updates, and each movement."""
    stood, new = stock.changes()
    movements = [
        {
            "id": new_id_text(),
            **movement._asdict(),
            **structs.asdict(posting.source),
        }
        for posting in stock.accepted
        for movement in posting.movements
    ]
    return [
        *write_columns(_CHANGE, stood),
        *write_columns(_CREATE, new),
        *write_documents(_RECORD, movements, now),
    ]


async def post(
    tx: Transaction, postings: Sequence[Posting], *, now: datetime
) -> list[list[Posted] | DomainError]:
    """Post movements; one outcome per posting, in order, each all or nothing.

    Locks: the levels, by SKU and location. Outcomes: the levels after each movement, UnknownSku,
    UnknownLocation, InsufficientStock, QuantityTooLarge.
    """
    movements = [movement for posting in postings for movement in posting.movements]
    skus, locations, stock = await tx.read(
        catalog.skus_by_code({movement.sku for movement in movements}),
        catalog.locations_by_code({movement.location for movement in movements}),
        lock((movement.sku, movement.location) for movement in movements),
    )
    outcomes: list[list[Posted] | DomainError] = []
    for posting in postings:
        refusal: DomainError | None = next(
            (catalog.UnknownSku(m.sku) for m in posting.movements if m.sku not in skus), None
        ) or next(
            (
                catalog.UnknownLocation(m.location)
                for m in posting.movements
                if m.location not in locations
            ),
            None,
        )
        outcomes.append(refusal or stock.post(posting) or _after(stock, posting))
    await tx.write(*write(stock, now=now))
    return outcomes


def _after(stock: Stock, posting: Posting) -> list[Posted]:
    levels = [
        (movement, stock.level(movement.sku, movement.location)) for movement in posting.movements
    ]
    return [
        Posted(
            movement.sku,
            movement.location,
            level.on_hand,
            level.allocated,
            level.available_to_promise,
        )
        for movement, level in levels
    ]
