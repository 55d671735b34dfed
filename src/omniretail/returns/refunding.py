"""Which tenders give how much of a refund back, and as what. Pure.

What a tender really paid out or let go of, and the smallest coin, is the business of `orders`.
"""

from collections.abc import Sequence

from omniretail.errors import Refused
from omniretail.money import split
from omniretail.orders import PayBack, Tender, TenderType
from omniretail.returns.policy import ReturnPolicy


class RefundMethodNotAllowed(Refused):
    """The return policy does not let the money go back that way."""

    def __init__(
        self, *, purchase: TenderType, refund: TenderType, allowed: Sequence[TenderType]
    ) -> None:
        super().__init__(
            f"What was paid by {purchase} goes back as {' or '.join(allowed)}, not as {refund}.",
            purchase=purchase,
            refund=refund,
            allowed=list(allowed),
        )


def pay_backs(
    tenders: Sequence[Tender], amount_minor: int, policy: ReturnPolicy, asked: TenderType | None
) -> tuple[PayBack, ...] | RefundMethodNotAllowed:
    """Return what each tender gives back of an amount that is at most what all of them have left.

    They give what was taken; only where that does not suffice, the rest is let go of what they
    promise. There is at most one pay-back for each tender and method, in the order of the tenders,
    and none of nothing. All of what was taken goes back as `asked`, else each as its policy's usual
    method; without a `method`, to the tender itself. Accounts are for the caller to fill in.

    Outcomes: the pay-backs; RefundMethodNotAllowed where a tender that gives may not go back as asked.
    """
    taken = [tender.left_minor - tender.uncaptured_minor for tender in tenders]
    promised = [tender.uncaptured_minor for tender in tenders]
    of_taken = min(amount_minor, sum(taken))
    given = _shares(tenders, taken, of_taken, policy)
    let_go = _shares(tenders, promised, amount_minor - of_taken, policy)
    found: dict[tuple[int, TenderType | None], int] = {}
    for tender, share, promise in zip(tenders, given, let_go, strict=True):
        if share:
            allowed = policy.methods(tender.type)
            method = allowed[0] if asked is None else asked
            if method not in allowed:
                return RefundMethodNotAllowed(purchase=tender.type, refund=method, allowed=allowed)
            found[tender.number, None if method == tender.type else method] = share
        if promise:
            # What was never taken cannot be paid out another way.
            itself = tender.number, None
            found[itself] = found.get(itself, 0) + promise
    return tuple(
        PayBack(tender_number=number, amount_minor=minor, method=method)
        for (number, method), minor in found.items()
    )


def _shares(
    tenders: Sequence[Tender], had: Sequence[int], amount_minor: int, policy: ReturnPolicy
) -> list[int]:
    """Divide an amount among what tenders have: in its shares, or to one type after the other."""
    assert 0 <= amount_minor <= sum(had), "no tender gives back more than it has"
    if policy.refund_by == "original_shares":
        return split(amount_minor, had)
    ranks = {one: rank for rank, one in enumerate(policy.priority)}
    order = sorted(
        range(len(tenders)), key=lambda i: ranks.get(tenders[i].type, len(policy.priority))
    )
    shares = [0] * len(tenders)
    for i in order:
        shares[i] = min(amount_minor, had[i])
        amount_minor -= shares[i]
    return shares
