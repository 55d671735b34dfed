"""Claims as the wire shows them."""

from uuid import UUID

from omniretail import returns
from omniretail.api.return_views import OverrideView, RefundView, override_view, refund_view
from omniretail.api.wire import Moment, Money, View


class ClaimLineView(View, frozen=True, kw_only=True):
    """Units that were not as they should be; once resolved, what they came to, their tax within.

    `replaced_by` is the line of the order by which others came.
    """

    line: int
    order_line: int
    sku: str
    quantity: int
    kind: returns.ClaimKind
    note: str | None
    worth: Money | None
    worth_tax: Money | None
    replaced_by: int | None


class GoodsClaimView(View, frozen=True, kw_only=True):
    """A claim: what was wished for, what was decided, and what came of it.

    `return_id` is the return that waits for its goods, where they come back.
    """

    id: UUID
    number: str
    state: returns.ClaimState
    order_id: UUID
    channel: str | None
    customer: str | None
    wish: returns.Resolution
    opened_at: Moment
    opened_by: UUID
    approved_at: Moment | None
    approved_by: UUID | None
    goods_back: bool | None
    denied_at: Moment | None
    denied_by: UUID | None
    denial_reason: str | None
    resolved_at: Moment | None
    resolved_by: UUID | None
    resolution: returns.Resolution | None
    refund: RefundView | None
    fulfillment_id: UUID | None
    return_id: UUID | None
    override: OverrideView | None
    note: str | None
    lines: list[ClaimLineView]
    version: int


def claim_view(claim: returns.Claim) -> GoodsClaimView:
    """Return a claim as the wire shows it."""
    return GoodsClaimView(
        id=claim.id,
        number=claim.number,
        state=claim.state,
        order_id=claim.order_id,
        channel=claim.channel,
        customer=claim.customer,
        wish=claim.wish,
        opened_at=claim.opened_at,
        opened_by=claim.opened_by,
        approved_at=claim.approved_at,
        approved_by=claim.approved_by,
        goods_back=claim.goods_back,
        denied_at=claim.denied_at,
        denied_by=claim.denied_by,
        denial_reason=claim.denial_reason,
        resolved_at=claim.resolved_at,
        resolved_by=claim.resolved_by,
        resolution=claim.resolution,
        refund=None if claim.refund is None else refund_view(claim.refund, claim.currency),
        fulfillment_id=claim.fulfillment_id,
        return_id=claim.return_id,
        override=override_view(claim.override),
        note=claim.note,
        lines=[_line(claim, line) for line in claim.lines],
        version=claim.version,
    )


def _line(claim: returns.Claim, line: returns.ClaimLine) -> ClaimLineView:
    done = claim.resolution is not None
    return ClaimLineView(
        line=line.number,
        order_line=line.order_line,
        sku=line.sku,
        quantity=line.quantity,
        kind=line.kind,
        note=line.note,
        worth=Money(line.worth_minor, claim.currency) if done else None,
        worth_tax=Money(line.worth_tax_minor, claim.currency) if done else None,
        replaced_by=line.replaced_by,
    )
