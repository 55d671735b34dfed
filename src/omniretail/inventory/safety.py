"""Safety stock: what is withheld from promises of a SKU at a location, in place of the location's own."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from omniretail import catalog, channels
from omniretail.db import Transaction, sql, write_columns
from omniretail.errors import DomainError
from omniretail.inventory.accepted import Posted
from omniretail.inventory.levels import Place
from omniretail.inventory.operations import lock_made, write
from omniretail.inventory.rows import place_fault
from omniretail.inventory.stock import posted
from omniretail.inventory.survey import Asked, survey

_PUT = sql("inventory.put_safety_stock")


class SafetyRow(msgspec.Struct, frozen=True, kw_only=True):
    """So many units are withheld of a SKU at a location; None: as many as the location says."""

    sku: str
    location: str
    quantity: int | None


class Withheld(msgspec.Struct, frozen=True, kw_only=True):
    """What is withheld from now on, and the level of the place with it."""

    quantity: int
    level: Posted


async def put_safety_stock(
    tx: Transaction,
    rows: Sequence[SafetyRow | DomainError],
    *,
    principal: channels.Principal,
    now: datetime,
) -> list[Withheld | DomainError]:
    """Put safety stocks in place; one outcome per row, in order. Of a place named twice the last stands.

    A row that could not be read stands there as the error that says why. What was promised before
    stays promised. Locks: the levels, by SKU and location. Outcomes: what is withheld, UnknownSku,
    KitHasNoStock, UnknownLocation, LocationNotYours.
    """
    good = [row for row in rows if not isinstance(row, DomainError)]
    skus, locations = await tx.read(
        catalog.skus_by_code({row.sku for row in good}),
        catalog.locations_by_code({row.location for row in good}),
    )
    judged = [
        row
        if isinstance(row, DomainError)
        else place_fault(principal, skus, locations, row.sku, row.location) or row
        for row in rows
    ]
    accepted = [row for row in judged if isinstance(row, SafetyRow)]
    stock = await lock_made(tx, ((row.sku, row.location) for row in accepted))
    await survey(tx, stock, skus, Asked(earliest=now), now=now)
    # First what the survey learned, by the levels as they stood.
    await tx.write(*write(stock, now=now))
    put: dict[Place, int | None] = {}
    outcomes: list[Withheld | DomainError] = []
    for row in judged:
        if isinstance(row, DomainError):
            outcomes.append(row)
            continue
        put[row.sku, row.location] = row.quantity
        withheld = locations[row.location].safety_stock if row.quantity is None else row.quantity
        stock.level(row.sku, row.location).safety_stock = withheld
        outcomes.append(Withheld(quantity=withheld, level=posted(stock, row.sku, row.location)))
    await tx.write(*write_columns(_PUT, [(*place, quantity) for place, quantity in put.items()]))
    return outcomes
