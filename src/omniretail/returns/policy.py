"""What is taken back of a channel's orders, for how long, and which tenders may pay it back. Pure."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Literal, get_args

import msgspec

from omniretail.errors import Invalid, Refused
from omniretail.orders import TenderType

RefundBy = Literal["original_shares", "priority"]
Approval = Literal["staff", "automatic"]
TENDER_TYPES: tuple[TenderType, ...] = get_args(TenderType)

MOST_DAYS = 3_650
MOST_UNLINKED = 1_000
MOST_CATEGORIES = 1_000
"""So many categories may have a window of their own."""

REFUND_METHODS: Mapping[TenderType, tuple[TenderType, ...]] = {
    "cash": ("cash", "store_credit"),
    "card": ("card", "store_credit"),
    "ewallet": ("ewallet", "store_credit"),
    "bank_transfer": ("bank_transfer", "store_credit"),
    "gift_card": ("gift_card", "store_credit"),
    "store_credit": ("store_credit",),
    "points": ("points",),
}
"""The default matrix: to itself, or as store credit. Nothing becomes cash that was not."""
# A card, wallet or gift card that paid nothing is nothing that money could go to.
_PAID_OUT: frozenset[TenderType] = frozenset({"cash", "store_credit", "bank_transfer"})


class OutsideReturnWindow(Refused):
    """The goods are not taken back any more."""

    def __init__(
        self, *, window_days: int, handed_over_at: datetime, closed_at: datetime | None
    ) -> None:
        super().__init__(
            "Such goods are not taken back."
            if closed_at is None
            else f"What was handed over at {handed_over_at.isoformat()} is taken back for "
            f"{window_days} days, until {closed_at.isoformat()}.",
            window_days=window_days,
            handed_over_at=handed_over_at.isoformat(),
            closed_at=None if closed_at is None else closed_at.isoformat(),
        )


class ReturnPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken back of a channel's orders, as the retailer states it; version 0 was never put.

    A window of 0 days takes nothing back; a category's own replaces `window_days`. Money goes back by
    `refund_by`: in the shares of what each tender has left, or to the types in `priority` one after
    the other. `refund_methods` says of each purchase tender as what it may go back; the first is what
    happens unless another is asked for, and a tender left out has its row of `REFUND_METHODS`.

    `approval`: who approves a return that is requested in time. `refund_shipping`: the shipping charge
    goes back with the last of the goods. `claims_keep_goods`: who claims something within `claim_days`
    of the hand-over keeps the goods. Without a receipt a customer brings at most `unlinked_limit`
    returns within `unlinked_days`, at the lowest price of `unlinked_price_days`.
    """

    channel: str
    window_days: int = 30
    window_days_by_category: dict[str, int] = {}
    refund_by: RefundBy = "original_shares"
    priority: tuple[TenderType, ...] = ()
    refund_methods: dict[TenderType, tuple[TenderType, ...]] = msgspec.field(
        default_factory=lambda: dict(REFUND_METHODS)
    )
    approval: Approval = "staff"
    refund_shipping: bool = True
    claims_keep_goods: bool = True
    claim_days: int = 60
    unlinked_limit: int = 3
    unlinked_days: int = 90
    unlinked_price_days: int = 30
    version: int = 0

    def methods(self, purchase: TenderType) -> tuple[TenderType, ...]:
        """Return as what the money of a purchase tender may go back, the usual one first."""
        return self.refund_methods.get(purchase) or REFUND_METHODS[purchase]

    def days(self, categories: Collection[str]) -> int:
        """Return for how many days goods are taken back; of several categories the shortest counts."""
        own = self.window_days_by_category
        return min((own[one] for one in categories if one in own), default=self.window_days)


def window_end(
    policy: ReturnPolicy, categories: Collection[str], handed_over_at: datetime
) -> datetime | None:
    """Return the last moment at which goods of some categories are taken back; None: at none."""
    days = policy.days(categories)
    return handed_over_at + timedelta(days=days) if days else None


def window_refusal(
    policy: ReturnPolicy, categories: Collection[str], *, handed_over_at: datetime, at: datetime
) -> OutsideReturnWindow | None:
    """Return why goods are not taken back at a moment, or None; the very end is still inside."""
    end = window_end(policy, categories, handed_over_at)
    if end is not None and at <= end:
        return None
    return OutsideReturnWindow(
        window_days=policy.days(categories), handed_over_at=handed_over_at, closed_at=end
    )


def policy_fault(policy: ReturnPolicy) -> Invalid | None:
    """Say what is wrong with a return policy, if anything."""
    bounds = (
        ("window_days", policy.window_days, 0, MOST_DAYS),
        ("claim_days", policy.claim_days, 1, MOST_DAYS),
        ("unlinked_limit", policy.unlinked_limit, 0, MOST_UNLINKED),
        ("unlinked_days", policy.unlinked_days, 1, MOST_DAYS),
        ("unlinked_price_days", policy.unlinked_price_days, 1, MOST_DAYS),
    )
    for name, value, least, most in bounds:
        if not least <= value <= most:
            return Invalid.at(f"/{name}", f"It is between {least:,} and {most:,}")
    return _window_fault(policy) or _priority_fault(policy) or _method_fault(policy)


def _window_fault(policy: ReturnPolicy) -> Invalid | None:
    if len(policy.window_days_by_category) > MOST_CATEGORIES:
        return Invalid.at(
            "/category_windows", f"At most {MOST_CATEGORIES:,} categories have windows of their own"
        )
    for position, (category, days) in enumerate(policy.window_days_by_category.items()):
        pointer = f"/category_windows/{position}"
        if len(category.split()) != 1:
            return Invalid.at(f"{pointer}/category", "A category has a code without spaces")
        if not 0 <= days <= MOST_DAYS:
            return Invalid.at(f"{pointer}/window_days", f"It is between 0 and {MOST_DAYS:,}")
    return None


def _priority_fault(policy: ReturnPolicy) -> Invalid | None:
    if policy.priority and policy.refund_by != "priority":
        return Invalid.at("/priority", "It counts only where refunds go by priority")
    for position, tender in enumerate(policy.priority):
        if tender in policy.priority[:position]:
            return Invalid.at(f"/priority/{position}", f"{tender} stands there already")
    return None


def _method_fault(policy: ReturnPolicy) -> Invalid | None:
    for purchase, methods in policy.refund_methods.items():
        if not methods:
            return Invalid.at(f"/refund_methods/{purchase}", "Its money must go somewhere")
        for position, method in enumerate(methods):
            pointer = f"/refund_methods/{purchase}/{position}"
            if method in methods[:position]:
                return Invalid.at(pointer, f"{method} stands there already")
            if method != purchase and method not in _PAID_OUT:
                return Invalid.at(
                    pointer, f"Money of another tender does not go to a {method}: there is none"
                )
    return None
