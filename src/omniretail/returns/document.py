"""A return as everybody sees it, and the statuses that follow from its facts. Pure."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

Disposition = Literal["sellable", "damaged", "quality_control", "to_vendor", "destroyed"]
ReturnKind = Literal["return", "exchange", "unlinked"]
ReturnState = Literal["requested", "approved", "received", "refunded", "cancelled"]
Progress = Literal["none", "part", "full"]


class ReturnLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """So many units of a SKU that come back, of a line of an order where there is one.

    Of those not cancelled, so many came back and so many were paid back, each with its exact share.
    `graded` is what those that came back are graded as now. Without an order, `unit_minor` is what a
    unit is taken back at. A kit comes back as the `components` that it was sold as, in units each.
    """

    number: int
    sku: str
    quantity: int
    reason: str
    order_line: int | None = None
    components: dict[str, int] | None = None
    received_quantity: int = 0
    refunded_quantity: int = 0
    cancelled_quantity: int = 0
    refunded_minor: int = 0
    refunded_tax_minor: int = 0
    unit_minor: int | None = None
    graded: dict[Disposition, int] = {}

    @property
    def standing_quantity(self) -> int:
        """How many of its units are not cancelled."""
        return self.quantity - self.cancelled_quantity

    @property
    def awaited_quantity(self) -> int:
        """How many of its units are still to come."""
        return self.standing_quantity - self.received_quantity


class Refund(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Money that went back for a return, by the event of its order with the number `sequence`.

    `methods` is how much went back by which means of payment.
    """

    amount_minor: int
    tax_minor: int
    refunded_at: datetime
    refunded_by: UUID
    methods: dict[str, int] = {}
    shipping_minor: int = 0
    sequence: int | None = None
    account_id: UUID | None = None


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """Who allowed what the policy does not, and why; `name` is how staff know them."""

    by: UUID
    name: str
    reason: str


class ExchangePart(msgspec.Struct, frozen=True, kw_only=True):
    """What came in for returned units: lines of their order, and what they cost.

    Of `added_minor`, the units paid `paid_minor` and the customer `charged_minor`; `refunded_minor` is
    what the units were worth more.
    """

    lines: tuple[int, ...]
    added_minor: int
    paid_minor: int
    charged_minor: int
    refunded_minor: int


class Return(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Goods that come back: of an order, or (`unlinked`) without one; amounts in minor units.

    It belongs to no channel: `channel` is where it was asked for, `location` where its goods are.
    `account_id` is the store credit that it was paid back to, where it was. An `exchange` is paid back by
    what came in, and only what its units were worth more by `refunds`. `unlinked_count` says how many its
    customer had brought without a receipt by then, itself among them.
    """

    id: UUID
    number: str
    kind: ReturnKind
    currency: str
    requested_at: datetime
    requested_by: UUID
    version: int
    lines: tuple[ReturnLine, ...]
    order_id: UUID | None = None
    channel: str | None = None
    location: str | None = None
    customer: str | None = None
    approved_at: datetime | None = None
    approved_by: UUID | None = None
    cancelled_at: datetime | None = None
    note: str | None = None
    override: Override | None = None
    refunds: tuple[Refund, ...] = ()
    account_id: UUID | None = None
    exchange: ExchangePart | None = None
    unlinked_count: int | None = None

    @property
    def state(self) -> ReturnState:
        """How far it has come: each state is reached, never set."""
        if not any(line.standing_quantity for line in self.lines):
            return "cancelled"
        if self.receipt_status == "full" and self.refund_status == "full":
            return "refunded"
        if self.receipt_status != "none":
            return "received"
        return "requested" if self.approved_at is None else "approved"

    @property
    def receipt_status(self) -> Progress:
        """Whether its goods came back."""
        return _progress(
            sum(line.received_quantity for line in self.lines),
            sum(line.standing_quantity for line in self.lines),
        )

    @property
    def refund_status(self) -> Progress:
        """Whether its units were paid back."""
        return _progress(
            sum(line.refunded_quantity for line in self.lines),
            sum(line.standing_quantity for line in self.lines),
        )

    @property
    def refunded_minor(self) -> int:
        """All that was paid back for it, shipping within."""
        return sum(refund.amount_minor for refund in self.refunds)

    @property
    def refunded_tax_minor(self) -> int:
        """The tax within it."""
        return sum(refund.tax_minor for refund in self.refunds)


def _progress(done: int, of: int) -> Progress:
    if done == 0:
        return "none"
    return "full" if done == of else "part"
