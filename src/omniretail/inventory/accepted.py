"""What a stock accepted beside its movements: cases opened, counts booked, levels right after. Pure."""

from uuid import UUID

import msgspec

from omniretail.inventory.counts import CountRow
from omniretail.inventory.movements import Source


class OpenedShortage(msgspec.Struct, frozen=True, kw_only=True):
    """A case that a posting opened: so many units are owed and not there."""

    id: UUID
    sku: str
    location: str
    missing: int
    source: Source


class BookedCount(msgspec.Struct, frozen=True, kw_only=True):
    """A count that was accepted; its variance stands with those of all counts."""

    row: CountRow
    source: Source


class Posted(msgspec.Struct, frozen=True):
    """The level of one movement's place, right after its posting."""

    sku: str
    location: str
    on_hand: int
    allocated: int
    held: int
    damaged: int
    quality_control: int
    available_to_promise: int
