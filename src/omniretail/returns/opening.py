"""Asking for a return, approving it, and cancelling what did not come back. Pure."""

from typing import TypeVar

from msgspec.structs import replace

from omniretail import catalog, orders
from omniretail.errors import DomainError
from omniretail.ids import document_number
from omniretail.returns.commands import Approve, CancelReturn, Exchange, OpenReturn, OpenUnlinked
from omniretail.returns.desk import Desk, Draft, ReturnStateRefused, of_order
from omniretail.returns.document import Return, ReturnKind, ReturnLine
from omniretail.returns.policy import window_refusal
from omniretail.returns.receiving import received
from omniretail.returns.repaying import paid_back


def opened(desk: Desk, command: OpenReturn) -> Draft | DomainError:
    """Claim units of an order for a return; at a till they come back and are paid back at once."""
    order = desk.order(command.order)
    if order is None:
        return orders.UnknownOrder(command.order)
    at_once = bool(command.arrivals) or command.refund is not None
    approved = at_once or desk.policy(order).approval == "automatic"
    draft = drafted(desk, order, command, kind="return", approved=approved)
    if isinstance(draft, DomainError):
        return draft
    return done_at_once(desk, draft, command)


def done_at_once(
    desk: Desk, fresh: Draft, command: OpenReturn | OpenUnlinked
) -> Draft | DomainError:
    """Do what a till does in the same step: have the goods back, and pay them back."""
    draft: Draft | DomainError = fresh
    if command.arrivals:
        assert command.location is not None, "goods come back somewhere"
        draft = received(desk, fresh, command, command.location, command.arrivals)
    if command.refund is not None and isinstance(draft, Draft):
        # Who allows one more return without a receipt does not allow paying for goods that are not here.
        early = isinstance(command, OpenReturn) and command.override is not None
        draft = paid_back(desk, draft, command, command.refund, early=early)
    return first_version(draft)


def drafted(
    desk: Desk,
    order: orders.Order,
    command: OpenReturn | Exchange,
    *,
    kind: ReturnKind,
    approved: bool,
) -> Draft | DomainError:
    """Claim units of an order, in time or by an override, which approves them as well."""
    claimed = orders.claimed(order, {line.order_line: line.quantity for line in command.lines})
    if isinstance(claimed, DomainError):
        return claimed
    if command.location is not None and command.location not in desk.locations:
        return catalog.UnknownLocation(command.location)
    if command.override is None and (late := too_late(desk, order, command)):
        return late
    approved = approved or command.override is not None
    by_number = {line.number: line for line in order.lines}
    doc = Return(
        id=command.return_id,
        number=document_number(command.return_id, command.occurred_at),
        kind=kind,
        currency=order.currency,
        requested_at=command.occurred_at,
        requested_by=command.principal.id,
        version=0,
        lines=tuple(
            ReturnLine(
                number=number,
                sku=by_number[line.order_line].sku,
                components=by_number[line.order_line].components,
                quantity=line.quantity,
                reason=line.reason,
                order_line=line.order_line,
            )
            for number, line in enumerate(command.lines, start=1)
        ),
        order_id=order.id,
        channel=command.principal.channel,
        location=command.location,
        customer=order.customer,
        approved_at=command.occurred_at if approved else None,
        approved_by=command.principal.id if approved else None,
        override=command.override,
        note=command.note,
    )
    return Draft(doc=doc, order=claimed)


Opened = TypeVar("Opened", bound=Draft | DomainError)


def first_version(draft: Opened) -> Opened:
    """Return a draft that is new, whatever its steps were."""
    if isinstance(draft, Draft):
        draft.doc = replace(draft.doc, version=1)
    return draft


def too_late(desk: Desk, order: orders.Order, command: OpenReturn | Exchange) -> DomainError | None:
    """Return why some of the goods are not taken back any more, or None."""
    policy = desk.policy(order)
    wanted = {line.order_line for line in command.lines}
    for part in order.fulfillments:
        for line in part.lines:
            if line.number not in wanted:
                continue
            traits = desk.skus.get(line.sku)
            refusal = window_refusal(
                policy,
                traits.categories if traits else (),
                handed_over_at=orders.handed_over_at(order, part),
                at=command.occurred_at,
            )
            if refusal:
                return refusal
    return None


def approved(draft: Draft, command: Approve) -> Draft | DomainError:
    """Approve a return that was asked for."""
    if draft.doc.state != "requested":
        return ReturnStateRefused(state=draft.doc.state, step="approval")
    draft.doc = replace(
        draft.doc,
        approved_at=command.occurred_at,
        approved_by=command.principal.id,
        version=draft.doc.version + 1,
    )
    return draft


def cancelled(draft: Draft, command: CancelReturn) -> Draft | DomainError:
    """Cancel what did not come back and was not paid back; the units may be returned again."""
    doc = draft.doc
    freed = {
        line.number: line.standing_quantity - max(line.received_quantity, line.refunded_quantity)
        for line in doc.lines
    }
    if not any(freed.values()):
        return ReturnStateRefused(state=doc.state, step="cancellation")
    draft.doc = replace(
        doc,
        version=doc.version + 1,
        cancelled_at=command.occurred_at,
        lines=tuple(
            replace(line, cancelled_quantity=line.cancelled_quantity + freed[line.number])
            for line in doc.lines
        ),
    )
    if draft.order is not None:
        draft.order = orders.unclaimed(draft.order, of_order(doc, freed))
    return draft
