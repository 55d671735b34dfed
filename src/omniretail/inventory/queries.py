"""What only reads the ledger: availability, and the history of movements."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from omniretail import catalog
from omniretail.db import Transaction, sql
from omniretail.errors import DomainError, Missing, Refused

_AVAILABILITY = sql("inventory.availability")
_MOVEMENTS = sql("inventory.movements")


class UnknownMovement(Missing):
    """There is no such movement."""


class MovementImmutable(Refused):
    """A movement is never changed or deleted; post another one that corrects it."""


class AvailabilityQuery(msgspec.Struct, frozen=True):
    """Which SKUs, and at which locations; no locations means all."""

    skus: tuple[str, ...]
    locations: tuple[str, ...] = ()


class Standing(msgspec.Struct, frozen=True):
    """What stands of a SKU at a location; an inactive location promises nothing."""

    location: str
    on_hand: int = 0
    allocated: int = 0
    active: bool = True

    @property
    def available_to_promise(self) -> int:
        """What may be promised from this location now."""
        return max(0, self.on_hand - self.allocated) if self.active else 0


class Availability(msgspec.Struct, frozen=True):
    """One SKU's standings, by the code of the location."""

    sku: str
    standings: list[Standing]


async def availability(
    tx: Transaction, queries: Sequence[AvailabilityQuery]
) -> list[list[Availability] | DomainError]:
    """Answer many queries in one statement: per query, its SKUs in the order asked.

    Takes no locks. Outcomes: availability, UnknownSku, UnknownLocation. A location that never
    had the SKU is listed with zeros where it was asked for by name.
    """
    rows = await tx.fetch(_AVAILABILITY, list({sku for query in queries for sku in query.skus}))
    standings: dict[str, list[Standing]] = {}
    for sku, location, on_hand, allocated, active in rows:
        found = standings.setdefault(sku, [])
        if location is not None:
            found.append(Standing(location, on_hand, allocated, active))
    named = {location for query in queries for location in query.locations}
    known = (await tx.read(catalog.locations_by_code(named)))[0] if named else {}
    return [_answer(query, standings, known) for query in queries]


def _answer(
    query: AvailabilityQuery,
    standings: dict[str, list[Standing]],
    known: dict[str, catalog.LocationSpec],
) -> list[Availability] | DomainError:
    for location in query.locations:
        if location not in known:
            return catalog.UnknownLocation(location)
    answers: list[Availability] = []
    for sku in query.skus:
        found = standings.get(sku)
        if found is None:
            return catalog.UnknownSku(sku)
        if query.locations:
            at = {standing.location: standing for standing in found}
            found = [
                at.get(code) or Standing(code, active=known[code].status == "active")
                for code in query.locations
            ]
        answers.append(Availability(sku, found))
    return answers


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
    document_type: str
    document_id: UUID
    actor_id: UUID
    channel: str | None


async def list_movements(
    tx: Transaction,
    *,
    sku: str | None = None,
    location: str | None = None,
    document_id: UUID | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[RecordedMovement]:
    """Return movements, the latest first, older than `before`; of a SKU, a document, a location."""
    rows = await tx.fetch(_MOVEMENTS, sku, location, document_id, before, limit, None)
    return [msgspec.convert(dict(row), RecordedMovement) for row in rows]


async def find_movement(tx: Transaction, movement_id: UUID) -> RecordedMovement:
    """Return one movement. Raises: UnknownMovement."""
    rows = await tx.fetch(_MOVEMENTS, None, None, None, None, 1, movement_id)
    if not rows:
        raise UnknownMovement(f"There is no movement {movement_id}.")
    return msgspec.convert(dict(rows[0]), RecordedMovement)
