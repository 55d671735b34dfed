"""The kinds of movement, and what each does to a level. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Literal, NamedTuple, get_args
from uuid import UUID

import msgspec

MovementType = Literal[
    "received",
    "returned",
    "unlinked_return",
    "sold",
    "adjusted",
    "counted",
    "set_aside",
    "allocated",
    "released",
    "shipped",
    "handed_over",
    "transfer_shipped",
    "transfer_received",
    "transfer_returned",
    "transfer_closed",
    "store_shipped",
    "store_received",
]
SetAside = Literal["damaged", "quality_control"]
Shelf = Literal["available", "damaged", "quality_control"]
ON_HAND = frozenset({"available", "allocated", *get_args(SetAside)})
"""The states of goods that are physically in a location."""


class Movement(NamedTuple):
    """So many units of a SKU at a location, from one state to another.

    `kit` names what a component moved for. `expires_on` says when a new lot expires. `corrects` is
    the movement or the count that this one puts right. `occurred_at` and `id` stand only where
    they differ from the source's time and from an identity made when it is written.
    """

    type: MovementType
    sku: str
    location: str
    from_state: str
    to_state: str
    quantity: int
    reason: str | None = None
    kit: str | None = None
    lot: str | None = None
    expires_on: date | None = None
    serials: tuple[str, ...] | None = None
    corrects: UUID | None = None
    shortage_id: UUID | None = None
    occurred_at: datetime | None = None
    id: UUID | None = None

    def change(self, state: str) -> int:
        """What it adds to the goods in one state here."""
        return self.quantity * ((self.to_state == state) - (self.from_state == state))

    @property
    def on_hand_change(self) -> int:
        """What it adds to the level's `on_hand`."""
        return self.quantity * ((self.to_state in ON_HAND) - (self.from_state in ON_HAND))


def received(sku: str, location: str, quantity: int, reason: str) -> Movement:
    """Goods arrive from a supplier."""
    return Movement("received", sku, location, "supplier", "available", quantity, reason)


def returned(sku: str, location: str, quantity: int, reason: str, *, to_state: str) -> Movement:
    """Goods come back from a customer, to sell again or set aside, or (`shrinkage`) destroyed at once."""
    return Movement("returned", sku, location, "customer", to_state, quantity, reason)


def unlinked(sku: str, location: str, quantity: int, reason: str, *, to_state: str) -> Movement:
    """Goods come back as `returned` ones do, of a sale that nobody can name."""
    return Movement("unlinked_return", sku, location, "customer", to_state, quantity, reason)


def sold(sku: str, location: str, quantity: int) -> Movement:
    """Goods leave with a customer at once, as at a till."""
    return Movement("sold", sku, location, "available", "customer", quantity)


def adjusted(sku: str, location: str, change: int, reason: str) -> Movement:
    """The shelf turns out to hold `change` more (or, below zero, less) than the books say."""
    return Movement("adjusted", sku, location, *_ways(change), abs(change), reason)


def counted(
    sku: str,
    location: str,
    change: int,
    *,
    lot: str | None = None,
    occurred_at: datetime | None = None,
    id: UUID | None = None,  # noqa: A002 - the movement's own field
) -> Movement:
    """A count found `change` more (or, below zero, less) than the books said."""
    return Movement(
        "counted",
        sku,
        location,
        *_ways(change),
        abs(change),
        lot=lot,
        occurred_at=occurred_at,
        id=id,
    )


def set_aside(
    sku: str, location: str, quantity: int, reason: str, *, from_state: str, to_state: str
) -> Movement:
    """Goods are put aside, put back, graded anew, written off (to `shrinkage`) or found (from it)."""
    return Movement("set_aside", sku, location, from_state, to_state, quantity, reason)


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


def transfer_shipped(sku: str, location: str, quantity: int) -> Movement:
    """Goods leave for another location; they are in transit, and nobody's to sell."""
    return Movement("transfer_shipped", sku, location, "available", "in_transit", quantity)


def transfer_received(sku: str, location: str, quantity: int) -> Movement:
    """Goods that were in transit arrive."""
    return Movement("transfer_received", sku, location, "in_transit", "available", quantity)


def transfer_returned(sku: str, location: str, quantity: int) -> Movement:
    """Goods that were in transit are back where they left."""
    return Movement("transfer_returned", sku, location, "in_transit", "available", quantity)


def transfer_closed(sku: str, location: str, quantity: int) -> Movement:
    """Goods that were in transit never arrived."""
    return Movement("transfer_closed", sku, location, "in_transit", "shrinkage", quantity)


def store_shipped(sku: str, location: str, quantity: int) -> Movement:
    """Promised goods leave for the store where their customer collects them."""
    return Movement("store_shipped", sku, location, "allocated", "in_transit", quantity)


def store_received(sku: str, location: str, quantity: int) -> Movement:
    """Promised goods arrive at the store where their customer collects them; they stay promised."""
    return Movement("store_received", sku, location, "in_transit", "allocated", quantity)


class Part(NamedTuple):
    """What moves for one line: so many units of a SKU, for a kit where it is a component."""

    sku: str
    quantity: int
    kit: str | None


def parts(sku: str, quantity: int, components: Mapping[str, int] | None) -> Iterator[Part]:
    """Yield what moves for so many of a SKU: itself, or the components of a kit."""
    if components is None:
        yield Part(sku, quantity, None)
        return
    for component, per_unit in components.items():
        yield Part(component, quantity * per_unit, sku)


def moved(
    leave: Callable[[str, str, int], Movement],
    sku: str,
    location: str,
    quantity: int,
    components: Mapping[str, int] | None,
    serials: Sequence[str] = (),
    *,
    tracking: Mapping[str, str] = {},
) -> Iterator[Movement]:
    """Yield the movements of one line: of the SKU itself, or of a kit's components.

    The serial numbers of a line are those of its units that are tracked by one, component after
    component.
    """
    if components is None:
        movement = leave(sku, location, quantity)
        yield movement._replace(serials=tuple(serials)) if serials else movement
        return
    kit = list(parts(sku, quantity, components))
    # What is left over goes with the last component that has numbers, and is refused there.
    numbered = [part.sku for part in kit if tracking.get(part.sku) == "serial"] or [kit[0].sku]
    for part in kit:
        movement = leave(part.sku, location, part.quantity)._replace(kit=part.kit)
        if serials and part.sku in numbered:
            units = None if part.sku == numbered[-1] else part.quantity
            movement = movement._replace(serials=tuple(serials[:units]))
            serials = serials[part.quantity :]
        yield movement


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What caused movements: the document, who did it, when it happened, under which key."""

    document_type: str
    document_id: UUID
    actor_id: UUID
    channel: str | None
    occurred_at: datetime
    idempotency_key: str


class Posting(msgspec.Struct, frozen=True):
    """Movements that happen together or not at all, from one source.

    What is `forced` has already happened, out of our sight: no lack of stock refuses it.
    """

    source: Source
    movements: Sequence[Movement]
    forced: bool = False


def _ways(change: int) -> tuple[str, str]:
    return ("shrinkage", "available") if change > 0 else ("available", "shrinkage")
