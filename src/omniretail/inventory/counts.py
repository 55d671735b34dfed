"""Counts: absolute figures at a moment, and what events mean that come to light after one. Pure.

A count yields a variance movement at its own moment. An event that happened before a count but is
told after it changes the count's variance and not today's figure: a second movement, at the
count's moment, takes its effect back and names the count. So the sum of all movements up to any
moment is what stood there at that moment.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from omniretail.errors import Refused
from omniretail.inventory.levels import Level
from omniretail.inventory.lots import Lot
from omniretail.inventory.movements import Movement, counted


class CountStale(Refused):
    """The books say another figure than the count expected."""

    def __init__(self, *, sku: str, location: str, expected: int, on_hand: int) -> None:
        super().__init__(
            f"{expected} of {sku} were expected at {location}, the books say {on_hand}.",
            sku=sku,
            location=location,
            expected=expected,
            on_hand=on_hand,
        )


class CountContradicted(Refused):
    """More has left since than the count says were there."""

    def __init__(self, *, sku: str, location: str, quantity: int, on_hand: int) -> None:
        super().__init__(
            f"{quantity} of {sku} cannot have been at {location}: with what has moved since, "
            f"{on_hand} would be there now.",
            sku=sku,
            location=location,
            quantity=quantity,
            on_hand=on_hand,
        )


class Counted(msgspec.Struct, frozen=True):
    """A count in the books: which moment it speaks of, and of which lot if the SKU has lots."""

    id: UUID
    occurred_at: datetime
    lot: str | None = None


class CountRow(msgspec.Struct, frozen=True, kw_only=True):
    """A count to book: `quantity` units were on hand; `expected` is what the books should say."""

    id: UUID
    sku: str
    location: str
    quantity: int
    occurred_at: datetime
    lot: str | None = None
    expected: int | None = None


def count_after(
    counts: Iterable[Counted], at: datetime, lot: str | None, *, of_count: bool = False
) -> Counted | None:
    """Return the first count that speaks for what happened at `at`; None where none does.

    A count speaks for all that happened up to its moment, but not for another count of that moment:
    of two, the one booked last stands.
    """
    return first_after(
        (
            count
            for count in counts
            if count.lot == lot and not (of_count and count.occurred_at == at)
        ),
        at,
    )


def first_after(counts: Iterable[Counted], at: datetime) -> Counted | None:
    """Return the first count at `at` or later, of whatever lot; None where there is none."""
    later = [count for count in counts if count.occurred_at >= at]
    return min(later, key=lambda count: (count.occurred_at, count.id), default=None)


def correction(count: Counted, movement: Movement) -> Movement:
    """Return what takes a movement back at a count: from where it brought goods, or to the shelf."""
    back = counted(movement.sku, movement.location, -movement.on_hand_change)
    if movement.to_state in {"damaged", "quality_control"}:
        back = back._replace(from_state=movement.to_state)
    return back._replace(corrects=count.id, occurred_at=count.occurred_at, lot=count.lot)


def variance_movements(
    row: CountRow, variance: int, effect: int, there: Level | Lot
) -> list[Movement]:
    """Return the movements of a variance; what the shelf cannot lose, the set-aside loses.

    The first is known by the count's identity, the others name it. Only an `effect` on what is
    there now can be more than the shelf has.
    """
    if variance == 0:
        return []
    movement = counted(
        row.sku,
        row.location,
        variance,
        lot=row.lot,
        occurred_at=row.occurred_at,
        id=row.id,
    )
    lost = max(0, -effect - max(0, there.shelf))
    if lost == 0:
        return [movement]
    inspected = min(lost, there.quality_control)
    units = (
        ("available", abs(variance) - lost),
        ("quality_control", inspected),
        ("damaged", lost - inspected),
    )
    first, *others = (
        movement._replace(from_state=state, quantity=lost) for state, lost in units if lost
    )
    return [first, *(other._replace(id=None, corrects=row.id) for other in others)]
