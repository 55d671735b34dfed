"""What a change of an order means for its tenders: what is taken, let go, and given back. Pure.

What the order costs less is let go where it was only promised, and given back where it was taken.
What has reached the customer is taken.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from omniretail.money import split, to_step
from omniretail.orders.order import Order, PayBack, Tender, TenderType


def settled(before: Order, after: Order) -> Order:
    """Return the changed order with its tenders as the change leaves them."""
    tenders = given_up(after.tenders, before.kept_minor - after.kept_minor)
    return replace(after, tenders=taken(tenders, due_minor(after)))


def due_minor(order: Order) -> int:
    """Return what of an order's price is for goods that have reached the customer.

    Shipping is due with the first of them; all is due when nothing is open.
    """
    if order.fulfillment_status in {"done", "cancelled"}:
        return order.kept_minor
    due = sum(line.fulfilled_minor for line in order.lines)
    if due and order.shipping is not None:
        due += order.shipping.total_minor
    return due


def exchanged(
    before: Order, after: Order, *, added_minor: int, paid_minor: int, tenders: Sequence[Tender]
) -> Order:
    """Return the order after what came in for `added_minor`, `paid_minor` of it by what went.

    The rest of what went has been given back, and the rest of what came in is paid: `tenders` say so.
    """
    order = replace(
        after,
        total_minor=before.total_minor + added_minor,
        exchanged_minor=before.exchanged_minor + paid_minor,
    )
    return replace(order, tenders=taken(tenders, due_minor(order)))


def paid_up(order: Order) -> Order:
    """Return the order whose goods wait for no payment, where none of its money is awaited."""
    if order.awaits_payment:
        return order
    parts = tuple(
        replace(part, holds=tuple(h for h in part.holds if h.reason != "awaiting_payment"))
        for part in order.fulfillments
    )
    return replace(order, fulfillments=parts)


def taken(tenders: Sequence[Tender], due: int) -> tuple[Tender, ...]:
    """Capture what is due and was not taken yet, of what tenders still promise."""
    authorized = sum(tender.authorized_minor for tender in tenders)
    had = sum(tender.left_minor - tender.uncaptured_minor for tender in tenders)
    return captured(tenders, max(0, min(due - had, authorized)))


def captured(tenders: Sequence[Tender], amount_minor: int) -> tuple[Tender, ...]:
    """Capture an amount, no more than all of them promise, in the shares of what each does.

    Money that is on its way by bank arrives by itself.
    """
    shares = split(amount_minor, [tender.authorized_minor for tender in tenders])
    return tuple(
        replace(tender, uncaptured_minor=tender.uncaptured_minor - share) if share else tender
        for tender, share in zip(tenders, shares, strict=True)
    )


def given_up(tenders: Sequence[Tender], amount_minor: int) -> tuple[Tender, ...]:
    """Give an amount up, in the shares of what each tender has left.

    Of each, what it only promises is let go first.
    """
    shares = split(amount_minor, [tender.left_minor for tender in tenders])
    return tuple(_given_up(tender, share) for tender, share in zip(tenders, shares, strict=True))


def _given_up(tender: Tender, share_minor: int) -> Tender:
    let_go = min(share_minor, tender.uncaptured_minor)
    return _given_back(_let_go(tender, let_go), share_minor - let_go)


def paid_back(
    tenders: Sequence[Tender], backs: Sequence[PayBack], *, cash_step_minor: int
) -> tuple[Tender, ...]:
    """Give back what returned goods cost, to which tenders and how `backs` say.

    Of each tender, what was taken goes back first: the goods were paid with it. `cash_step_minor` is
    the smallest coin of what goes back in cash and was paid another way.
    """
    after = {tender.number: tender for tender in tenders}
    for back in backs:
        after[back.tender_number] = _paid_back(after[back.tender_number], back, cash_step_minor)
    return tuple(after.values())


def _paid_back(tender: Tender, back: PayBack, cash_step_minor: int) -> Tender:
    taken_minor = min(back.amount_minor, tender.left_minor - tender.uncaptured_minor)
    let_go = _let_go(tender, back.amount_minor - taken_minor)
    return _given_back(let_go, taken_minor, back.method, cash_step_minor)


def owed(tender: Tender, amount_minor: int) -> Tender:
    """Return a tender whose provider declined to give an amount back: the customer is owed it."""
    return replace(
        tender,
        refunded_minor=tender.refunded_minor - amount_minor,
        owed_minor=tender.owed_minor + amount_minor,
    )


def repaid(tender: Tender, method: TenderType | None, *, cash_step_minor: int) -> Tender:
    """Return a tender of which what is owed goes back: to itself once more, or another way."""
    clear = replace(tender, owed_minor=0)
    return _given_back(clear, tender.owed_minor, method, cash_step_minor)


def _let_go(tender: Tender, amount_minor: int) -> Tender:
    return replace(
        tender,
        uncaptured_minor=tender.uncaptured_minor - amount_minor,
        voided_minor=tender.voided_minor + amount_minor,
    )


def _given_back(
    tender: Tender,
    amount_minor: int,
    method: TenderType | None = None,
    cash_step_minor: int = 1,
) -> Tender:
    """Give back an amount that was taken.

    What goes back in cash is rounded to the smallest coin, all that went back so taken together.
    """
    if amount_minor == 0:
        return tender
    otherwise, own_minor, rounding_minor = (
        tender.otherwise,
        tender.back_minor,
        tender.refunded_rounding_minor,
    )
    if method is None:
        own_minor += amount_minor
    else:
        otherwise = {**otherwise, method: otherwise.get(method, 0) + amount_minor}
    if method is None and tender.type == "cash":
        rounding_minor = to_step(own_minor, tender.cash_step_minor) - own_minor
    if method == "cash":
        rounding_minor = to_step(otherwise["cash"], cash_step_minor) - otherwise["cash"]
    return replace(
        tender,
        otherwise=otherwise,
        refunded_minor=own_minor + sum(otherwise.values()) + rounding_minor,
        refunded_rounding_minor=rounding_minor,
    )
