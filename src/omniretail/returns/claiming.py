"""What may become of a claim: opened, approved, denied, resolved; one command after the other. Pure."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from omniretail import events, inventory, orders, payments
from omniretail.errors import DomainError, Invalid, Missing, Refused
from omniretail.ids import document_number
from omniretail.returns.claim import Claim, ClaimLine
from omniretail.returns.claim_commands import (
    ApproveClaim,
    ClaimCommand,
    DenyClaim,
    OpenClaim,
    ResolveClaim,
)
from omniretail.returns.desk import Desk, order_changed, taken
from omniretail.returns.document import Return
from omniretail.returns.resolving import ClaimDraft, resolved


class UnknownGoodsClaim(Missing):
    """There is no such claim."""

    def __init__(self, claim_id: object) -> None:
        super().__init__(f"There is no claim {claim_id}.", claim=str(claim_id))


class ClaimStateRefused(Refused):
    """The claim's state does not allow this step."""

    def __init__(self, *, state: str, step: str) -> None:
        super().__init__(f"The claim is {state}: {step} is not possible.", state=state, step=step)


class OutsideClaimWindow(Refused):
    """The goods were handed over too long ago."""

    def __init__(self, *, claim_days: int, handed_over_at: datetime, closed_at: datetime) -> None:
        super().__init__(
            f"What was handed over at {handed_over_at.isoformat()} may be claimed for {claim_days} "
            f"days, until {closed_at.isoformat()}.",
            claim_days=claim_days,
            handed_over_at=handed_over_at.isoformat(),
            closed_at=closed_at.isoformat(),
        )


def decide(desk: Desk, command: ClaimCommand) -> Claim | DomainError:
    """Return the claim after one command, all that it means taken from the desk; or why not."""
    draft: ClaimDraft | DomainError
    if isinstance(command, OpenClaim):
        draft = _opened(desk, command)
    else:
        claim = desk.claims.get(command.claim_id)
        if claim is None:
            return UnknownGoodsClaim(command.claim_id)
        fresh = ClaimDraft(claim=claim, order=desk.orders[claim.order_id])
        match command:
            case ApproveClaim():
                draft = _approved(desk, fresh, command, command.principal.id, command.goods_back)
            case DenyClaim():
                draft = _denied(fresh, command)
            case ResolveClaim() if claim.state != "approved":
                draft = ClaimStateRefused(state=claim.state, step="resolution")
            case ResolveClaim():
                draft = resolved(desk, fresh, command, command.resolution, command.principal.id)
    if isinstance(draft, DomainError):
        return draft
    draft.claim = replace(
        draft.claim, version=1 if isinstance(command, OpenClaim) else draft.claim.version + 1
    )
    return _accepted(desk, draft, command)


def _opened(desk: Desk, command: OpenClaim) -> ClaimDraft | DomainError:
    """Claim units of an order that reached the customer, or should have; perhaps resolve it at once."""
    order = desk.order(command.order)
    if order is None:
        return orders.UnknownOrder(command.order)
    claimed = orders.claimed(order, {line.order_line: line.quantity for line in command.lines})
    if isinstance(claimed, DomainError):
        return claimed
    if command.override is None and (late := _too_late(desk, order, command)):
        return late
    sold = {line.number: line for line in order.lines}
    claim = Claim(
        id=command.claim_id,
        number=document_number(command.claim_id, command.occurred_at),
        order_id=order.id,
        currency=order.currency,
        wish=command.wish,
        opened_at=command.occurred_at,
        opened_by=command.principal.id,
        version=0,
        lines=tuple(
            ClaimLine(
                number=number,
                order_line=line.order_line,
                sku=sold[line.order_line].sku,
                components=sold[line.order_line].components,
                quantity=line.quantity,
                kind=line.kind,
                note=line.note,
            )
            for number, line in enumerate(command.lines, start=1)
        ),
        channel=command.principal.channel,
        customer=order.customer,
        override=command.override,
        note=command.note,
    )
    draft = ClaimDraft(claim=claim, order=claimed)
    if command.resolution is None:
        return draft
    assert command.decided_by is not None, "somebody decides what is resolved at once"
    approved = _approved(desk, draft, command, command.decided_by, command.goods_back)
    if isinstance(approved, DomainError):
        return approved
    return resolved(desk, approved, command, command.resolution, command.decided_by)


def _too_late(desk: Desk, order: orders.Order, command: OpenClaim) -> OutsideClaimWindow | None:
    days = desk.policy(order).claim_days
    wanted = {line.order_line for line in command.lines}
    for part in order.fulfillments:
        if wanted.isdisjoint(line.number for line in part.lines):
            continue
        at = orders.handed_over_at(order, part)
        if command.occurred_at > (closed_at := at + timedelta(days=days)):
            return OutsideClaimWindow(claim_days=days, handed_over_at=at, closed_at=closed_at)
    return None


def _approved(
    desk: Desk,
    draft: ClaimDraft,
    command: OpenClaim | ApproveClaim,
    by: UUID,
    goods_back: bool | None,
) -> ClaimDraft | DomainError:
    """Approve a claim, and decide whether its goods come back: as said, else as the policy does."""
    claim = draft.claim
    if claim.state != "open":
        return ClaimStateRefused(state=claim.state, step="approval")
    if goods_back is None:
        goods_back = not desk.policy(draft.order).claims_keep_goods and bool(claim.reached)
    if goods_back and not claim.reached:
        return Invalid.at("/goods_back", "What never arrived cannot come back")
    draft.claim = replace(
        claim, approved_at=command.occurred_at, approved_by=by, goods_back=goods_back
    )
    return draft


def _denied(draft: ClaimDraft, command: DenyClaim) -> ClaimDraft | DomainError:
    """Deny a claim that nobody resolved: its units are free again."""
    claim = draft.claim
    if claim.state not in {"open", "approved"}:
        return ClaimStateRefused(state=claim.state, step="denial")
    draft.claim = replace(
        claim,
        denied_at=command.occurred_at,
        denied_by=command.principal.id,
        denial_reason=command.reason,
    )
    draft.order = orders.unclaimed(draft.order, claim.units)
    return draft


def _accepted(desk: Desk, draft: ClaimDraft, command: ClaimCommand) -> Claim | DomainError:
    """Take from the desk what a draft means: goods, store credit, the order, a return; the events."""
    claim, order = draft.claim, draft.order
    source = inventory.Source(
        document_type="order",
        document_id=order.id,
        actor_id=command.principal.id,
        channel=order.channel,
        occurred_at=command.occurred_at,
        idempotency_key=command.key.key,
    )
    entry = payments.EntrySource(
        actor_id=command.principal.id,
        occurred_at=command.occurred_at,
        claim_id=claim.id,
        idempotency_key=command.key.key,
    )
    if draft.moves is not None and (refusal := taken(desk, draft.moves, source, entry)):
        return refusal
    data = _said(claim, command)
    event = partial(_event, command, order.channel)
    order_changed(desk, order, command, lambda after: event("order", after.id, after.version, data))
    desk.happened.append(event("claim", claim.id, claim.version, data))
    if draft.opened is not None:
        desk.happened.append(
            replace(
                event(
                    "return", draft.opened.id, draft.opened.version, _awaited(draft.opened, claim)
                ),
                type="return_opened",
            )
        )
        desk.returns[draft.opened.id] = draft.opened
    desk.claims[claim.id] = claim
    return claim


def _said(claim: Claim, command: ClaimCommand) -> dict[str, Any]:
    """Return what timelines say of a claim; lines by the numbers that the order has."""
    data: dict[str, Any] = {
        "claim": str(claim.id),
        "number": claim.number,
        "state": claim.state,
        "lines": [
            {
                "line": line.order_line,
                "sku": line.sku,
                "quantity": line.quantity,
                "kind": line.kind,
            }
            | ({"replaced_by": line.replaced_by} if line.replaced_by else {})
            for line in claim.lines
        ],
    }
    if claim.resolution is not None:
        data["resolution"] = claim.resolution
    if claim.refund is not None:
        data["refunded_minor"] = claim.refund.amount_minor
    if claim.return_id is not None:
        data["return"] = str(claim.return_id)
    return data | command.describe()


def _awaited(doc: Return, claim: Claim) -> dict[str, Any]:
    """Return what the timeline says of a return that a claim opened."""
    return {
        "return": str(doc.id),
        "number": doc.number,
        "state": doc.state,
        "claim": str(claim.id),
        "lines": [
            {"line": line.number, "sku": line.sku, "quantity": line.quantity} for line in doc.lines
        ],
    }


def _event(
    command: ClaimCommand,
    sold_by: str,
    kind: str,
    document_id: UUID,
    version: int,
    data: dict[str, Any],
) -> events.Happened:
    return events.Happened(
        document_type=kind,
        document_id=document_id,
        sequence=version,
        type=command.event_type,
        occurred_at=command.occurred_at,
        actor_id=command.principal.id,
        channel=command.principal.channel or sold_by,
        data=data,
    )
