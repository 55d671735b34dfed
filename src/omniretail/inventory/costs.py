"""What stock cost: the moving average of each place, changed by receipts whose cost is known. Pure.

The perpetual moving average of accounting texts (IAS 2, paragraph 27: weighted average cost).
"""

from decimal import ROUND_HALF_EVEN, Decimal
from uuid import UUID

import msgspec

from omniretail.errors import Refused

_FRACTION = Decimal("0.000001")


class CostCurrencyDiffers(Refused):
    """Stock of one place is valued in one currency."""

    def __init__(self, *, sku: str, location: str, currency: str) -> None:
        super().__init__(
            f"{sku} at {location} is valued in {currency}.",
            sku=sku,
            location=location,
            currency=currency,
        )


class Cost(msgspec.Struct, frozen=True):
    """What one unit cost, in minor units and millionths of them, and in which currency."""

    amount: Decimal
    currency: str


class CostChange(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt whose cost is known, and the place's average after it."""

    movement_id: UUID
    sku: str
    location: str
    quantity: int
    cost: Cost
    on_hand_before: int
    average: Cost


def moving_average(on_hand: int, average: Decimal | None, quantity: int, cost: Decimal) -> Decimal:
    """Return the average cost of a unit after `quantity` came in at `cost` each.

    Units on hand whose cost nobody gave count as costing what the new ones do; where on_hand is
    below zero there is nothing to average with.
    """
    if average is None or on_hand <= 0:
        return cost.quantize(_FRACTION, ROUND_HALF_EVEN)
    total = average * on_hand + cost * quantity
    return (total / (on_hand + quantity)).quantize(_FRACTION, ROUND_HALF_EVEN)
