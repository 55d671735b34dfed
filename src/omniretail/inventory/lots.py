"""Lots: goods made together, with one expiry date. Which leave first, and what is past its date. Pure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import msgspec

from omniretail.errors import Invalid
from omniretail.inventory.movements import Movement


class LotMissing(Invalid):
    """The SKU is tracked by lot: name it."""

    def __init__(self, sku: str) -> None:
        super().__init__(f"{sku} is tracked by lot: name the lot.", sku=sku)


class LotNotTracked(Invalid):
    """The SKU is not tracked by lot."""

    def __init__(self, sku: str) -> None:
        super().__init__(f"{sku} is not tracked by lot.", sku=sku)


class LotExpiryDiffers(Invalid):
    """The lot is known with another expiry date."""

    def __init__(self, *, sku: str, lot: str, expires_on: date | None) -> None:
        known = "none" if expires_on is None else expires_on.isoformat()
        super().__init__(
            f"Lot {lot} of {sku} is known with another expiry date: {known}.",
            sku=sku,
            lot=lot,
            expires_on=known,
        )


class Lot(msgspec.Struct):
    """What stands of one lot at one place; `expires_on` is the last day it may be sold."""

    lot: str
    expires_on: date | None = None
    on_hand: int = 0
    damaged: int = 0
    quality_control: int = 0

    @property
    def shelf(self) -> int:
        """Units of the lot that are not set aside."""
        return self.on_hand - self.damaged - self.quality_control

    def expired(self, today: date) -> bool:
        """Tell whether the lot is past its date."""
        return self.expires_on is not None and self.expires_on < today

    def move(self, movement: Movement) -> None:
        """Follow a movement of the lot."""
        self.on_hand += movement.on_hand_change
        self.damaged += movement.change("damaged")
        self.quality_control += movement.change("quality_control")


def lot_fault(sku: str, tracking: str | None, lot: str | None) -> Invalid | None:
    """Return why a figure may not name that lot of a SKU, or must name one; None where it is right."""
    if (tracking == "lot") == (lot is not None):
        return None
    return LotNotTracked(sku) if lot is not None else LotMissing(sku)


def expired_units(lots: Sequence[Lot], today: date) -> int:
    """Return how many units on the shelf are past their date."""
    return sum(lot.shelf for lot in lots if lot.expired(today))


def first_to_leave(lots: Sequence[Lot], quantity: int, today: date) -> list[tuple[Lot, int]]:
    """Return from which lots units leave: earliest expiry first, those without a date last.

    Lots past their date stay. Where there are not enough, fewer are returned than were asked for.
    """
    taken: list[tuple[Lot, int]] = []
    good = [lot for lot in lots if lot.shelf > 0 and not lot.expired(today)]
    for lot in sorted(good, key=lambda lot: (lot.expires_on or date.max, lot.lot)):
        units = min(quantity, lot.shelf)
        if units == 0:
            break
        taken.append((lot, units))
        quantity -= units
    return taken


def utc_day(moment: datetime) -> date:
    """Return the day of a moment, by which lots expire."""
    return moment.astimezone(UTC).date()
