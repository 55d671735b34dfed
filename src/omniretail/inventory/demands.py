"""What a posting asks of each place: the net changes, and what must be there for them. Pure."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from omniretail.inventory.levels import Place
from omniretail.inventory.movements import Movement

_NEEDS = {
    ("allocated", "available"): "promised",
    ("sold", "available"): "taken",
    ("transfer_shipped", "available"): "taken",
    ("shipped", "allocated"): "leaving",
    ("handed_over", "allocated"): "leaving",
    ("store_shipped", "allocated"): "leaving",
    ("adjusted", "available"): "from_shelf",
    ("set_aside", "available"): "from_shelf",
    ("set_aside", "damaged"): "from_damaged",
    ("set_aside", "quality_control"): "from_quality_control",
    ("counted", "shrinkage"): "spoken_for",
    ("released", "allocated"): "freed",
}
_GRADED = frozenset({"set_aside", "returned", "unlinked_return", "counted"})


class Demand(msgspec.Struct):
    """What a posting asks of one place: net changes, and what must be there for it."""

    on_hand: int = 0
    allocated: int = 0
    damaged: int = 0
    quality_control: int = 0
    promised: int = 0
    """To be promised: less than what is free and not withheld."""
    taken: int = 0
    """To leave at once: less than what is free."""
    leaving: int = 0
    """Promised before and leaving now: less than what is sellable."""
    from_shelf: int = 0
    """Lost or put aside, promised or not."""
    from_damaged: int = 0
    from_quality_control: int = 0
    spoken_for: int = 0
    """Of those, what a later count has spoken for already: it takes nothing from today's shelf."""
    freed: int = 0
    """Promised before, and no longer: what else is promised here, or taken, may be of it."""
    moved_at: datetime | None = None

    @property
    def requested(self) -> int:
        """All that is asked for."""
        return (
            self.promised
            + self.taken
            + self.leaving
            + self.from_shelf
            + self.from_damaged
            + self.from_quality_control
        )


def demands_of(movements: Iterable[Movement], occurred_at: datetime) -> dict[Place, Demand]:
    """Sum up what movements ask of each place; `occurred_at` is when they happened."""
    demands: dict[Place, Demand] = {}
    for movement in movements:
        place = movement.sku, movement.location
        demand = demands.get(place)
        if demand is None:
            demand = demands[place] = Demand()
        demand.allocated += movement.change("allocated")
        if change := movement.on_hand_change:
            demand.on_hand += change
            at = movement.occurred_at or occurred_at
            if demand.moved_at is None or demand.moved_at < at:
                demand.moved_at = at
        if need := _NEEDS.get((movement.type, movement.from_state)):
            setattr(demand, need, getattr(demand, need) + movement.quantity)
        if movement.type in _GRADED:
            demand.damaged += movement.change("damaged")
            demand.quality_control += movement.change("quality_control")
    return demands
