"""What a change of an order means for its tenders: what is taken, let go, and given back. Pure.

What the order costs less is let go where it was only promised, and given back where it was taken.
What has reached the customer is taken.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from omniretail.money import split, to_step
from omniretail.orders.order import Order, Tender


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


def taken(tenders: Sequence[Tender], due: int) -> tuple[Tender, ...]:
    """Capture what is due and was not taken yet, in the shares of what each tender still promises.

    Money that is on its way by bank arrives by itself.
    """
    promised = [
        0 if tender.type == "bank_transfer" else tender.uncaptured_minor for tender in tenders
    ]
    had = sum(tender.left_minor - tender.uncaptured_minor for tender in tenders)
    shares = split(max(0, min(due - had, sum(promised))), promised)
    return tuple(
        replace(tender, uncaptured_minor=tender.uncaptured_minor - share) if share else tender
        for tender, share in zip(tenders, shares, strict=True)
    )


def given_up(tenders: Sequence[Tender], amount_minor: int) -> tuple[Tender, ...]:
    """Give an amount up, in the shares of what each tender has left.

    Of each, what it only promises is let go first. What goes back in cash is rounded to the smallest
    coin, all that went back so far taken together.
    """
    shares = split(amount_minor, [tender.left_minor for tender in tenders])
    return tuple(_given_up(tender, share) for tender, share in zip(tenders, shares, strict=True))


def _given_up(tender: Tender, share_minor: int) -> Tender:
    if share_minor == 0:
        return tender
    let_go = min(share_minor, tender.uncaptured_minor)
    after = replace(
        tender,
        uncaptured_minor=tender.uncaptured_minor - let_go,
        voided_minor=tender.voided_minor + let_go,
    )
    if let_go == share_minor:
        return after
    paid = after.amount_minor - after.rounding_minor - after.voided_minor
    back_due = paid - after.left_minor + share_minor - let_go
    back = to_step(back_due, tender.cash_step_minor)
    return replace(after, refunded_minor=back, refunded_rounding_minor=back - back_due)
