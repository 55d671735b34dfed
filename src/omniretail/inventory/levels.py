"""Levels and the one rule that guards them: what may be promised is what is there and unpromised. Pure."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from omniretail.errors import Refused
from omniretail.inventory.movements import Movement, Posting

MOST_QUANTITY = 2**31 - 1
"""The largest quantity of one SKU at one location."""

Place = tuple[str, str]
"""A SKU and a location."""

Change = tuple[str, str, int, int]
"""A SKU, a location, and what is added to `on_hand` and `allocated` there."""


class Shortage(msgspec.Struct, frozen=True):
    """So many wanted of a SKU at a location, and so many there were."""

    sku: str
    location: str
    requested: int
    available: int


class InsufficientStock(Refused):
    """There is not enough stock."""

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        first = shortages[0]
        super().__init__(
            f"{first.requested} of {first.sku} wanted at {first.location}, "
            f"{first.available} available.",
            sku=first.sku,
            location=first.location,
            requested=first.requested,
            available=first.available,
            shortages=[msgspec.to_builtins(shortage) for shortage in shortages],
        )
        self.shortages = tuple(shortages)


class QuantityTooLarge(Refused):
    """The level would hold more than a quantity can say."""

    def __init__(self, *, sku: str, location: str) -> None:
        super().__init__(
            f"{sku} at {location} would exceed {MOST_QUANTITY}.", sku=sku, location=location
        )


class Level(msgspec.Struct):
    """What stands at one place: `on_hand` units, `allocated` of them promised to orders."""

    on_hand: int = 0
    allocated: int = 0

    @property
    def available_to_promise(self) -> int:
        """What may be promised now; never below zero (after a count the raw figure can be)."""
        return max(0, self.on_hand - self.allocated)


class Stock:
    """The levels a batch works on: locked rows, changed in memory first come first served.

    `post` is the decision; what it accepted is written by `inventory.write`, all at once.
    """

    def __init__(self, levels: Mapping[Place, Level]) -> None:
        self._levels = dict(levels)
        self._before = {place: (level.on_hand, level.allocated) for place, level in levels.items()}
        self.accepted: list[Posting] = []

    def level(self, sku: str, location: str) -> Level:
        """Return the level of a place as it stands after what was accepted so far."""
        return self._levels.setdefault((sku, location), Level())

    def post(self, posting: Posting) -> InsufficientStock | QuantityTooLarge | None:
        """Accept a posting's movements, all or none; returns None, or why they are refused.

        Movements of one SKU at one location are summed before they are judged.
        """
        demands = _demands(posting.movements)
        shortages: list[Shortage] = []
        for (sku, location), demand in demands.items():
            level = self.level(sku, location)
            if level.on_hand + demand.on_hand > MOST_QUANTITY:
                return QuantityTooLarge(sku=sku, location=location)
            if demand.promised and demand.promised > level.available_to_promise:
                shortages.append(
                    Shortage(sku, location, demand.promised, level.available_to_promise)
                )
            elif level.on_hand + demand.on_hand < 0:
                shortages.append(Shortage(sku, location, -demand.on_hand, level.on_hand))
            assert level.allocated + demand.allocated >= 0, "an order gave back more than it has"
        if shortages:
            return InsufficientStock(shortages)
        for (sku, location), demand in demands.items():
            level = self._levels[sku, location]
            level.on_hand += demand.on_hand
            level.allocated += demand.allocated
        self.accepted.append(posting)
        return None

    def changes(self) -> tuple[list[Change], list[Change]]:
        """Return what changed at levels that stood already, and the levels that came into being.

        Each in the one global order, by SKU and location.
        """
        stood: list[Change] = []
        new: list[Change] = []
        for place, level in sorted(self._levels.items()):
            on_hand, allocated = self._before.get(place, (0, 0))
            change = (*place, level.on_hand - on_hand, level.allocated - allocated)
            if change[2:] != (0, 0):
                (stood if place in self._before else new).append(change)
        return stood, new


class _Demand(msgspec.Struct):
    """What a posting asks of one place: the net changes, and how much must be free to promise."""

    on_hand: int = 0
    allocated: int = 0
    promised: int = 0


def _demands(movements: Iterable[Movement]) -> dict[Place, _Demand]:
    demands: dict[Place, _Demand] = {}
    for movement in movements:
        demand = demands.setdefault((movement.sku, movement.location), _Demand())
        demand.on_hand += movement.on_hand_change
        demand.allocated += movement.allocated_change
        if movement.type in {"sold", "allocated"}:
            demand.promised += movement.quantity
    return demands
