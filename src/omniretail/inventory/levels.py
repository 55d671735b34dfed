"""Levels: what stands at one place, and what of it may be promised. Pure."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from omniretail.errors import Refused

MOST_QUANTITY = 2**31 - 1
"""The largest quantity of one SKU at one location."""

Place = tuple[str, str]
"""A SKU and a location."""


class Shortage(msgspec.Struct, frozen=True):
    """So many wanted of a SKU at a location, and so many there were."""

    sku: str
    location: str
    requested: int
    available: int

    @property
    def missing(self) -> int:
        """How many are wanted and not there."""
        return self.requested - self.available


class InsufficientStock(Refused):
    """There is not enough stock."""

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        first = shortages[0]
        super().__init__(
            f"{first.requested} of {first.sku} wanted at {first.location or 'any location'}, "
            f"{first.available} available.",
            sku=first.sku,
            location=first.location,
            requested=first.requested,
            available=first.available,
            shortages=[
                {**msgspec.to_builtins(shortage), "missing": shortage.missing}
                for shortage in shortages
            ],
        )
        self.shortages = tuple(shortages)


class QuantityTooLarge(Refused):
    """The level would hold more than a quantity can say."""

    def __init__(self, *, sku: str, location: str) -> None:
        super().__init__(
            f"{sku} at {location} would exceed {MOST_QUANTITY}.", sku=sku, location=location
        )


class Level(msgspec.Struct):
    """What stands at one place, in units; the states of [the glossary](docs/glossary.md).

    `held` counts live holds once the survey has swept the expired. `expired` are sellable units of
    lots past their date. `safety_stock` is the one in force here. `suspected` are units in the books
    that staff did not find. `moved_at` is when `on_hand` last changed and `counted_at` when it was
    last counted, both by the callers' times.
    """

    on_hand: int = 0
    allocated: int = 0
    held: int = 0
    damaged: int = 0
    quality_control: int = 0
    safety_stock: int = 0
    suspected: int = 0
    moved_at: datetime | None = None
    counted_at: datetime | None = None
    shortage_id: UUID | None = None
    expired: int = 0

    @property
    def shelf(self) -> int:
        """Units on hand that are not set aside."""
        return self.on_hand - self.damaged - self.quality_control

    @property
    def sellable(self) -> int:
        """Units that may leave with a customer."""
        return self.shelf - self.expired

    @property
    def free(self) -> int:
        """Sellable units that are promised to nobody; below zero where more is promised."""
        return self.sellable - self.allocated - self.held

    @property
    def raw(self) -> int:
        """What may be promised as the arithmetic has it: below zero where more is promised."""
        return self.free - self.safety_stock - self.suspected

    @property
    def available_to_promise(self) -> int:
        """What may be promised now; never below zero."""
        return max(0, self.raw)

    @property
    def missing(self) -> int:
        """How many units orders await that are not there, or that left without being there."""
        return max(self.allocated - self.shelf, -self.on_hand, 0)

    def bound_suspicion(self) -> None:
        """Suspect no more units than the books have on the shelf: the others have left, or were found."""
        if self.suspected:
            self.suspected = min(self.suspected, max(0, self.shelf))
