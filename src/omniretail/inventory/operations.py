"""What changes the ledger: lock the levels, decide in memory, write in a handful of statements."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from omniretail import catalog
from omniretail.db import Transaction, sql
from omniretail.errors import DomainError
from omniretail.ids import new_id
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


async def lock(tx: Transaction, places: Iterable[Place]) -> Stock:
    """Lock the levels of `places` in the one global order, by SKU and location, and return them.

    A place without a level has nothing; the level comes into being when something arrives.
    """
    ordered = sorted(set(places))
    rows = await tx.fetch(_LOCK, [sku for sku, _ in ordered], [location for _, location in ordered])
    return Stock({(sku, location): Level(*level) for sku, location, *level in rows})


async def write(tx: Transaction, stock: Stock, *, now: datetime) -> None:
    """Write what `stock` accepted: the levels by relative updates, and every movement."""
    stood, new = stock.changes()
    await tx.write(_CHANGE, stood)
    await tx.write(_CREATE, new)
    rows = [
        (
            new_id(),
            posting.source.occurred_at,
            movement.type,
            movement.sku,
            movement.location,
            movement.from_state,
            movement.to_state,
            movement.quantity,
            movement.reason,
            posting.source.document_type,
            posting.source.document_id,
            posting.source.actor_id,
            posting.source.channel,
            posting.source.idempotency_key,
        )
        for posting in stock.accepted
        for movement in posting.movements
    ]
    await tx.write(_RECORD, rows, now)


async def post(
    tx: Transaction, postings: Sequence[Posting], *, now: datetime
) -> list[list[Posted] | DomainError]:
    """Post movements; one outcome per posting, in order, each all or nothing.

    Locks: the levels, by SKU and location. Outcomes: the levels after each movement, UnknownSku,
    UnknownLocation, InsufficientStock, QuantityTooLarge.
    """
    movements = [movement for posting in postings for movement in posting.movements]
    skus = await catalog.skus_by_code(tx, {movement.sku for movement in movements})
    locations = await catalog.locations_by_code(tx, {movement.location for movement in movements})
    stock = await lock(
        tx,
        (
            (movement.sku, movement.location)
            for movement in movements
            if movement.sku in skus and movement.location in locations
        ),
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
    await write(tx, stock, now=now)
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
