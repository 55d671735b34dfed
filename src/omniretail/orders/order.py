"""An order as everybody sees it, and the statuses that follow from its facts. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from omniretail.channels import Principal

FulfillmentKind = Literal["carry_out", "pickup", "ship"]
FulfillmentState = Literal["allocated", "shipped", "handed_over", "cancelled"]
TenderType = Literal["cash", "card"]


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """So many of a SKU, what one was listed at and sold for, and how far it has come.

    A kit remembers the `components` it was made of when it was placed, in units each. `promised_at`
    is when goods that were not there will be.
    """

    number: int
    sku: str
    quantity: int
    list_price_minor: int | None
    unit_price_minor: int
    price_reason: str | None
    total_minor: int
    fulfilled_quantity: int = 0
    cancelled_quantity: int = 0
    components: dict[str, int] | None = None
    promised_at: datetime | None = None

    @property
    def open_quantity(self) -> int:
        """How many are neither fulfilled nor cancelled."""
        return self.quantity - self.fulfilled_quantity - self.cancelled_quantity


class Fulfillment(msgspec.Struct, frozen=True, kw_only=True):
    """The part of an order that one location serves in one way."""

    id: UUID
    number: int
    kind: FulfillmentKind
    location: str
    lines: tuple[OrderLine, ...]

    @property
    def state(self) -> FulfillmentState:
        """`allocated` while anything is open; then how it ended."""
        if any(line.open_quantity for line in self.lines):
            return "allocated"
        if any(line.fulfilled_quantity for line in self.lines):
            return "shipped" if self.kind == "ship" else "handed_over"
        return "cancelled"


class Tender(msgspec.Struct, frozen=True, kw_only=True):
    """A payment, and how much of it was given back."""

    number: int
    type: TenderType
    amount_minor: int
    reference: str | None
    refunded_minor: int = 0


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One customer's purchase, whatever the channel; amounts in minor units of `currency`."""

    id: UUID
    number: str
    channel: str
    location: str | None
    currency: str
    total_minor: int
    book_version: int
    placed_by: UUID
    placed_at: datetime
    version: int
    fulfillments: tuple[Fulfillment, ...]
    tenders: tuple[Tender, ...]

    @property
    def lines(self) -> Iterator[OrderLine]:
        """The order's lines, of all its fulfillments."""
        return (line for fulfillment in self.fulfillments for line in fulfillment.lines)

    @property
    def refunded_minor(self) -> int:
        """How much was given back, over all tenders."""
        return sum(tender.refunded_minor for tender in self.tenders)

    @property
    def payment_status(self) -> Literal["paid", "partly_refunded", "refunded"]:
        """What the tenders and refunds add up to."""
        refunded = self.refunded_minor
        if refunded == 0:
            return "paid"
        return "refunded" if refunded == self.total_minor else "partly_refunded"

    @property
    def fulfillment_status(self) -> Literal["open", "part", "done", "cancelled"]:
        """What the lines' progress adds up to."""
        fulfilled = any(line.fulfilled_quantity for line in self.lines)
        if any(line.open_quantity for line in self.lines):
            return "part" if fulfilled else "open"
        return "done" if fulfilled else "cancelled"

    def visible_to(self, principal: Principal) -> bool:
        """Tell whether a principal may see the order.

        A channel sees its own; a terminal and located staff those that were placed at, or are
        served by, one of their locations; others see every order.
        """
        if principal.kind == "channel":
            return self.channel == principal.channel
        touched = {self.location, *(part.location for part in self.fulfillments)}
        return not principal.locations or bool(principal.locations & touched)
