"""What an approved claim comes to: money back as a return's would be, or others of the same. Pure."""

from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import catalog, inventory, orders
from omniretail.errors import DomainError
from omniretail.ids import document_number, new_id
from omniretail.returns.claim import Claim, ClaimLine
from omniretail.returns.claim_commands import ReplacementWish, ResolutionWish
from omniretail.returns.commands import RefundWish
from omniretail.returns.desk import Desk, Draft
from omniretail.returns.document import Return, ReturnLine
from omniretail.returns.repaying import paid_back


class ClaimDraft(msgspec.Struct, kw_only=True):
    """A claim and its order as one command would leave them.

    `moves` is what moves with them, goods or store credit; `opened` the return that waits for goods.
    """

    claim: Claim
    order: orders.Order
    moves: Draft | None = None
    opened: Return | None = None


def resolved(
    desk: Desk, draft: ClaimDraft, command: orders.Change, wish: ResolutionWish, by: UUID
) -> ClaimDraft | DomainError:
    """Resolve an approved claim; where its goods come back, a return waits for them from now on."""
    done = (
        _refunded(desk, draft, command, wish)
        if isinstance(wish, RefundWish)
        else _replaced(desk, draft, command, wish)
    )
    if isinstance(done, DomainError):
        return done
    done.claim = replace(done.claim, resolved_at=command.occurred_at, resolved_by=by)
    if done.claim.goods_back:
        done.opened = replace(_as_return(done.claim, command, done.claim.reached), version=1)
        # The claim gave what they were worth.
        lines = [replace(one, refunded_quantity=one.quantity) for one in done.opened.lines]
        done.opened = replace(done.opened, lines=tuple(lines))
        done.claim = replace(done.claim, return_id=done.opened.id)
    return done


def _refunded(
    desk: Desk, draft: ClaimDraft, command: orders.Change, wish: RefundWish
) -> ClaimDraft | DomainError:
    """Pay claimed units back: what a return of them would give, whether they come back or not."""
    claim = draft.claim
    as_return = Draft(doc=_as_return(claim, command, claim.lines), order=draft.order)
    paid = paid_back(desk, as_return, command, wish, early=True)
    if isinstance(paid, DomainError):
        return paid
    assert paid.order is not None, "it was paid back of its order"
    lines = zip(claim.lines, paid.doc.lines, strict=True)
    draft.order = paid.order
    draft.moves = paid
    draft.claim = replace(
        claim,
        resolution="refund",
        refund=paid.doc.refunds[-1],
        lines=tuple(
            replace(line, worth_minor=of.refunded_minor, worth_tax_minor=of.refunded_tax_minor)
            for line, of in lines
        ),
    )
    return draft


def _replaced(
    desk: Desk, draft: ClaimDraft, command: orders.Change, wish: ReplacementWish
) -> ClaimDraft | DomainError:
    """Have others of the same come, worth what the claimed units came to."""
    claim = draft.claim
    location = desk.locations.get(wish.location)
    if location is None:
        return catalog.UnknownLocation(wish.location)
    if not location.serves(wish.kind):
        return catalog.LocationNotServing(location=wish.location, kind=wish.kind)
    way = orders.Replacement(
        fulfillment_id=wish.fulfillment_id,
        kind=wish.kind,
        location=wish.location,
        occurred_at=command.occurred_at,
    )
    after = orders.replaced(draft.order, claim.units, way, desk.stock)
    if isinstance(after, DomainError):
        return after
    coming = after.fulfillments[-1].lines
    leave = inventory.sold if wish.kind == "carry_out" else inventory.allocated
    draft.moves = Draft(
        doc=_as_return(claim, command, claim.lines),
        order=after,
        movements=[
            movement
            for line, new in zip(claim.lines, coming, strict=True)
            for movement in inventory.moved(
                leave,
                new.sku,
                wish.location,
                new.quantity,
                new.components,
                wish.serials.get(line.number, ()),
                tracking=desk.stock.tracking,
            )
        ],
    )
    draft.order = after
    draft.claim = replace(
        claim,
        resolution="replacement",
        fulfillment_id=wish.fulfillment_id,
        lines=tuple(
            replace(
                line,
                worth_minor=new.worth_minor,
                worth_tax_minor=new.worth_tax_minor,
                replaced_by=new.number,
            )
            for line, new in zip(claim.lines, coming, strict=True)
        ),
    )
    return draft


def _as_return(claim: Claim, command: orders.Change, lines: tuple[ClaimLine, ...]) -> Return:
    """Return the return that lines of a claim are like, approved with it."""
    return_id = new_id()
    return Return(
        id=return_id,
        number=document_number(return_id, command.occurred_at),
        kind="return",
        currency=claim.currency,
        requested_at=command.occurred_at,
        requested_by=command.principal.id,
        version=0,
        lines=tuple(
            ReturnLine(
                number=number,
                sku=line.sku,
                components=line.components,
                quantity=line.quantity,
                reason=line.kind,
                order_line=line.order_line,
            )
            for number, line in enumerate(lines, start=1)
        ),
        order_id=claim.order_id,
        channel=command.principal.channel,
        customer=claim.customer,
        approved_at=command.occurred_at,
        approved_by=claim.approved_by,
        note=f"claim {claim.number}",
    )
