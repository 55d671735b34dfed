"""The kinds of movement, and what each does to a level. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

MovementType = Literal[
    "received", "sold", "adjusted", "allocated", "released", "shipped", "handed_over"
]

REASONS: dict[str, tuple[str, ...]] = {
    "received": ("purchase", "found", "opening_balance"),
    "adjusted": ("damaged", "theft", "expired", "count_correction", "sample", "other"),
}
"""The reason codes that receipts and adjustments may give."""


class Movement(NamedTuple):
    """So many units of a SKU at a location, from one state to another."""

    type: MovementType
    sku: str
    location: str
    from_state: str
    to_state: str
    quantity: int
    reason: str | None = None

    @property
    def on_hand_change(self) -> int:
        """What it adds to the level's `on_hand`."""
        return self.quantity * (_inside(self.to_state) - _inside(self.from_state))

    @property
    def allocated_change(self) -> int:
        """What it adds to the level's `allocated`."""
        return self.quantity * ((self.to_state == "allocated") - (self.from_state == "allocated"))


def received(sku: str, location: str, quantity: int, reason: str) -> Movement:
    """Goods arrive from a supplier."""
    return Movement("received", sku, location, "supplier", "available", quantity, reason)


def sold(sku: str, location: str, quantity: int) -> Movement:
    """Goods leave with a customer at once, as at a till."""
    return Movement("sold", sku, location, "available", "customer", quantity)


def adjusted(sku: str, location: str, change: int, reason: str) -> Movement:
    """The shelf turns out to hold `change` more (or, below zero, less) than the books say."""
    ways = ("shrinkage", "available") if change > 0 else ("available", "shrinkage")
    return Movement("adjusted", sku, location, *ways, abs(change), reason)


def allocated(sku: str, location: str, quantity: int) -> Movement:
    """Goods on the shelf are promised to an order; they stay on hand."""
    return Movement("allocated", sku, location, "available", "allocated", quantity)


def released(sku: str, location: str, quantity: int) -> Movement:
    """A promise to an order is taken back."""
    return Movement("released", sku, location, "allocated", "available", quantity)


def shipped(sku: str, location: str, quantity: int) -> Movement:
    """Promised goods leave by parcel."""
    return Movement("shipped", sku, location, "allocated", "customer", quantity)


def handed_over(sku: str, location: str, quantity: int) -> Movement:
    """Promised goods leave over the counter."""
    return Movement("handed_over", sku, location, "allocated", "customer", quantity)


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What caused movements: the document, who did it, when it happened, under which key."""

    document_type: str
    document_id: UUID
    actor_id: UUID
    channel: str | None
    occurred_at: datetime
    idempotency_key: str


class Posting(msgspec.Struct, frozen=True):
    """Movements that happen together or not at all, from one source."""

    source: Source
    movements: Sequence[Movement]


def _inside(state: str) -> int:
    return state in {"available", "allocated"}
