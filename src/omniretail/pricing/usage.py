"""How often coupons and limited promotions may still be used, and what uses them. Pure.

A use is claimed at a checkout for a time, or taken by an order; what is claimed is gone for others
until the claim runs out, is given back, or becomes the order's.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from omniretail.errors import Missing, Refused
from omniretail.ids import new_id
from omniretail.pricing.basket import Basket
from omniretail.pricing.book import Book
from omniretail.pricing.promotion import Coupon, Promotion

Kind = Literal["coupon", "promotion"]


class Subject(NamedTuple):
    """What is counted: a coupon or a promotion, by its code."""

    kind: Kind
    code: str


class CouponExhausted(Refused):
    """The coupon has been used as often as it may."""

    def __init__(self, *, coupon: str, limit: int, customer: str | None = None) -> None:
        by = f" by {customer}" if customer else ""
        super().__init__(
            f"{coupon} may be used {limit} times{by}, and has been.",
            coupon=coupon,
            limit=limit,
            customer=customer,
        )


class CouponNeedsCustomer(Refused):
    """The coupon is limited for each customer, and no customer was named."""

    def __init__(self, coupon: str) -> None:
        super().__init__(f"{coupon} is limited for each customer: name one.", coupon=coupon)


class PromotionExhausted(Refused):
    """The promotion has been used as often as it may."""

    def __init__(self, promotion: str) -> None:
        super().__init__(f"{promotion} has been used as often as it may.", promotion=promotion)


class UnknownClaim(Missing):
    """There is no such claim of a coupon, or it is not yours to see."""

    def __init__(self, claim: object) -> None:
        super().__init__(f"There is no claim {claim}.", claim=str(claim))


class ClaimEnded(Refused):
    """The claim has become an order's, or was freed."""

    def __init__(self, claim: UUID, state: str) -> None:
        super().__init__(f"The claim is {state}.", claim=str(claim), state=state)


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A use of a coupon that is promised to one checkout until a moment."""

    id: UUID
    coupon: str
    customer: str | None
    state: Literal["claimed", "used", "freed"]
    claimed_by: UUID | None
    expires_at: datetime
    order_id: UUID | None = None

    def live_at(self, now: datetime) -> bool:
        """Tell whether the claim still keeps a use."""
        return self.state == "claimed" and now < self.expires_at


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A new use by an order, or by a claim."""

    id: UUID
    subject: Subject
    customer: str | None
    order_id: UUID | None = None
    claimed_by: UUID | None = None
    expires_at: datetime | None = None


class Usages:
    """The counts of some coupons and promotions, locked, and what a batch adds to them.

    `counts` are uses by orders; `claimed` live claims; `by_customer` both, of one customer.
    """

    def __init__(
        self,
        counts: Mapping[Subject, int],
        claimed: Mapping[Subject, int],
        by_customer: Mapping[tuple[Subject, str], int],
        claims: Mapping[UUID, Claim],
        *,
        now: datetime,
    ) -> None:
        self._counts = dict(counts)
        self._claimed = dict(claimed)
        self._by_customer = dict(by_customer)
        self._now = now
        self.claims = dict(claims)
        self.uses: list[Use] = []
        self.more: dict[Subject, int] = {}
        """How many more orders use each coupon or promotion."""
        self.taken_claims: dict[UUID, tuple[UUID, str | None]] = {}
        """The claims that became an order's, with the order and its customer."""

    def so_far(self, subject: Subject) -> tuple[int, int]:
        """Return how many orders used a coupon or promotion, and how many live claims keep a use."""
        return self._counts.get(subject, 0), self._claimed.get(subject, 0)

    def exhausted(self, promotions: Mapping[str, Promotion]) -> frozenset[str]:
        """Return the promotions whose usage limit is reached."""
        return frozenset(
            subject.code
            for subject, used in self._counts.items()
            if subject.kind == "promotion"
            and (limit := promotions[subject.code].usage_limit) is not None
            and used >= limit
        )

    def refusal(
        self, coupon: Coupon, customer: str | None, claim_id: UUID | None
    ) -> Refused | None:
        """Return why a coupon may not be used once more, its own claim left out of account."""
        subject = Subject("coupon", coupon.code)
        own = self._own(coupon.code, claim_id)
        used = self._counts.get(subject, 0) + self._claimed.get(subject, 0) - (own is not None)
        if coupon.usage_limit is not None and used >= coupon.usage_limit:
            return CouponExhausted(coupon=coupon.code, limit=coupon.usage_limit)
        if coupon.limit_per_customer is None:
            return None
        if customer is None:
            return CouponNeedsCustomer(coupon.code)
        used = self._by_customer.get((subject, customer), 0)
        used -= own is not None and own.customer == customer
        if used >= coupon.limit_per_customer:
            return CouponExhausted(
                coupon=coupon.code, limit=coupon.limit_per_customer, customer=customer
            )
        return None

    def claim(self, coupon: Coupon, use: Use) -> Refused | None:
        """Keep a use of a coupon for a checkout; returns why not, or None."""
        if refusal := self.refusal(coupon, use.customer, None):
            return refusal
        self._claimed[use.subject] = self._claimed.get(use.subject, 0) + 1
        self._count_customer(use.subject, use.customer, 1)
        self.uses.append(use)
        return None

    def take(
        self, subject: Subject, customer: str | None, order_id: UUID, claim_id: UUID | None = None
    ) -> None:
        """Use a coupon or promotion for an order, which nothing refused; its own claim becomes that."""
        own = self._own(subject.code, claim_id)
        self._counts[subject] = self._counts.get(subject, 0) + 1
        self.more[subject] = self.more.get(subject, 0) + 1
        self._count_customer(subject, customer, 1)
        if own is None:
            self.uses.append(
                Use(id=new_id(), subject=subject, customer=customer, order_id=order_id)
            )
            return
        self._claimed[subject] -= 1
        self._count_customer(subject, own.customer, -1)
        self.taken_claims[own.id] = (order_id, customer)
        del self.claims[own.id]

    def _own(self, code: str, claim_id: UUID | None) -> Claim | None:
        claim = self.claims.get(claim_id) if claim_id is not None else None
        if claim is None or claim.coupon != code or not claim.live_at(self._now):
            return None
        return claim

    def _count_customer(self, subject: Subject, customer: str | None, more: int) -> None:
        if customer is not None:
            key = (subject, customer)
            self._by_customer[key] = self._by_customer.get(key, 0) + more


def is_limited(book: Book, promotion: str) -> bool:
    """Tell whether the orders that use a promotion are counted."""
    found = book.promotions.get(promotion)
    return found is not None and found.usage_limit is not None


def subjects_of(book: Book, basket: Basket) -> set[Subject]:
    """Return what may be counted of a basket: its coupons, and limited promotions on its goods."""
    found = {Subject("coupon", code) for code in basket.coupons if code in book.coupons}
    for promotion in book.limited:
        if not (promotion.skus or promotion.categories) or any(
            line.sku in promotion.skus or line.categories & promotion.categories
            for line in basket.lines
        ):
            found.add(Subject("promotion", promotion.code))
    return found
