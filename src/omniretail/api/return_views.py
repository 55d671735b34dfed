"""Returns as the wire shows them."""

from uuid import UUID

from omniretail import returns
from omniretail.api.wire import Moment, Money, View


class GradedView(View, frozen=True, kw_only=True):
    """So many units of a disposition."""

    disposition: returns.Disposition
    quantity: int


class ReturnLineView(View, frozen=True, kw_only=True):
    """Units that come back: how many came, were paid back, were cancelled, and what they are worth."""

    line: int
    order_line: int | None
    sku: str
    quantity: int
    received_quantity: int
    refunded_quantity: int
    cancelled_quantity: int
    reason: str
    unit_price: Money | None
    refunded: Money
    refunded_tax: Money
    dispositions: list[GradedView]


class PaidOutView(View, frozen=True, kw_only=True):
    """So much that went back by a means of payment; `cash` with what the smallest coin made of it."""

    type: str
    amount: Money


class RefundView(View, frozen=True, kw_only=True):
    """Money that went back: for goods, and for shipping with the last of them."""

    amount: Money
    tax: Money
    shipping: Money
    paid_out: list[PaidOutView]
    account_id: UUID | None
    refunded_at: Moment
    refunded_by: UUID


class OverrideView(View, frozen=True, kw_only=True):
    """Who allowed what the policy does not, and why."""

    by: UUID
    name: str
    reason: str


class ExchangePartView(View, frozen=True, kw_only=True):
    """What came in for returned units: lines of the order, and what they cost.

    Of `added`, `paid` is what the units paid, and `charge` what the customer paid; `refund` is what the
    units were worth more, which went back.
    """

    lines: list[int]
    added: Money
    paid: Money
    charge: Money
    refund: Money


class ReturnView(View, frozen=True, kw_only=True):
    """A return; its state follows from what came back and what was paid back.

    What an `exchange` is paid back by is what came in: only the rest stands in `refunds`.
    """

    id: UUID
    number: str
    kind: returns.ReturnKind
    state: returns.ReturnState
    receipt_status: returns.Progress
    refund_status: returns.Progress
    order_id: UUID | None
    channel: str | None
    location: str | None
    customer: str | None
    requested_at: Moment
    requested_by: UUID
    approved_at: Moment | None
    approved_by: UUID | None
    cancelled_at: Moment | None
    note: str | None
    override: OverrideView | None
    refunded: Money
    refunded_tax: Money
    refunds: list[RefundView]
    account_id: UUID | None
    unlinked_count: int | None
    exchange: ExchangePartView | None
    lines: list[ReturnLineView]
    version: int


def return_view(doc: returns.Return) -> ReturnView:
    """Return a return as the wire shows it."""
    currency = doc.currency
    return ReturnView(
        id=doc.id,
        number=doc.number,
        kind=doc.kind,
        state=doc.state,
        receipt_status=doc.receipt_status,
        refund_status=doc.refund_status,
        order_id=doc.order_id,
        channel=doc.channel,
        location=doc.location,
        customer=doc.customer,
        requested_at=doc.requested_at,
        requested_by=doc.requested_by,
        approved_at=doc.approved_at,
        approved_by=doc.approved_by,
        cancelled_at=doc.cancelled_at,
        note=doc.note,
        override=override_view(doc.override),
        refunded=Money(doc.refunded_minor, currency),
        refunded_tax=Money(doc.refunded_tax_minor, currency),
        refunds=[refund_view(refund, currency) for refund in doc.refunds],
        account_id=doc.account_id,
        unlinked_count=doc.unlinked_count,
        exchange=_exchange(doc.exchange, currency),
        lines=[_line(line, currency) for line in doc.lines],
        version=doc.version,
    )


def _exchange(part: returns.ExchangePart | None, currency: str) -> ExchangePartView | None:
    if part is None:
        return None
    return ExchangePartView(
        lines=list(part.lines),
        added=Money(part.added_minor, currency),
        paid=Money(part.paid_minor, currency),
        charge=Money(part.charged_minor, currency),
        refund=Money(part.refunded_minor, currency),
    )


def override_view(override: returns.Override | None) -> OverrideView | None:
    """Return who allowed what, as the wire shows it."""
    if override is None:
        return None
    return OverrideView(by=override.by, name=override.name, reason=override.reason)


def refund_view(refund: returns.Refund, currency: str) -> RefundView:
    """Return money that went back as the wire shows it."""
    return RefundView(
        amount=Money(refund.amount_minor, currency),
        tax=Money(refund.tax_minor, currency),
        shipping=Money(refund.shipping_minor, currency),
        paid_out=[
            PaidOutView(type=method, amount=Money(minor, currency))
            for method, minor in sorted(refund.methods.items())
        ],
        account_id=refund.account_id,
        refunded_at=refund.refunded_at,
        refunded_by=refund.refunded_by,
    )


def _line(line: returns.ReturnLine, currency: str) -> ReturnLineView:
    return ReturnLineView(
        line=line.number,
        order_line=line.order_line,
        sku=line.sku,
        quantity=line.quantity,
        received_quantity=line.received_quantity,
        refunded_quantity=line.refunded_quantity,
        cancelled_quantity=line.cancelled_quantity,
        reason=line.reason,
        unit_price=None if line.unit_minor is None else Money(line.unit_minor, currency),
        refunded=Money(line.refunded_minor, currency),
        refunded_tax=Money(line.refunded_tax_minor, currency),
        dispositions=[
            GradedView(disposition=disposition, quantity=quantity)
            for disposition, quantity in sorted(line.graded.items())
        ],
    )
