"""Loyalty accounts and what they consist of: lots, holds, entries, and what is refused of them. Pure.

What a lot is (pending, active, expired) is read from the clock, never from a job's having run. What may
be done with them is decided in `points`.
"""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from omniretail.errors import Missing, Refused

LotKind = Literal["earned", "restored", "adjusted", "gift"]
LotState = Literal["in_review", "pending", "active", "expired", "used"]
EntryType = Literal[
    "earned",
    "repaid",
    "spent",
    "restored",
    "reversed",
    "absorbed",
    "expired",
    "adjusted",
    "gifted",
    "moved",
]
HoldState = Literal["held", "committed", "voided", "lapsed"]


class UnknownLoyaltyAccount(Missing):
    """There is no such loyalty account."""

    def __init__(self, account: object) -> None:
        super().__init__(f"There is no loyalty account {account}.", account=str(account))


class UnknownLoyaltyHold(Missing):
    """There is no such hold of points, or it is another account's."""

    def __init__(self, hold: UUID) -> None:
        super().__init__(f"There is no hold of points {hold}.", hold=str(hold))


class PointsHoldEnded(Refused):
    """The hold of points ended: it ran out, was given back, or was spent already."""

    def __init__(self, hold: UUID, state: str) -> None:
        super().__init__(f"The hold is {state}.", hold=str(hold), state=state)


class InsufficientPoints(Refused):
    """The account has fewer points free than are asked of it."""

    def __init__(self, account: UUID, *, requested: int, available: int) -> None:
        super().__init__(
            f"{requested} points wanted, {available} available.",
            account=str(account),
            requested=requested,
            available=available,
        )


class RedemptionLimitReached(Refused):
    """As often as the programme allows in a day, points of this account were spent today."""

    def __init__(self, account: UUID, *, most: int) -> None:
        super().__init__(
            f"Points of this account were spent {most} times today, and no more is allowed.",
            account=str(account),
            most_redemptions_a_day=most,
        )


class LoyaltyAccountMerged(Refused):
    """The account was merged into another one."""

    def __init__(self, account: UUID, into: UUID) -> None:
        super().__init__(
            f"The account was merged into {into}.", account=str(account), merged_into=str(into)
        )


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A loyalty account. Its balance is what stands in its lots, less its debt.

    `active_points` and `pending_points` are those states' parts of `lots_points`: they count from the
    last change of the account on, until `steady_until` comes (None: for ever). What is in neither has
    expired. `held_points` are active ones that live holds promise. `version` counts the entries.
    """

    id: UUID
    version: int
    status: Literal["open", "merged"]
    lots_points: int
    debt_points: int
    active_points: int
    pending_points: int
    opened_at: datetime
    opened_by: UUID
    merged_into: UUID | None = None
    steady_until: datetime | None = None
    held_points: int = 0
    tier: str | None = None
    tier_until: datetime | None = None
    members: tuple[UUID, ...] = ()

    @property
    def balance_points(self) -> int:
        """What the account has by the clock, pending ones within it: below zero where it owes."""
        return self.active_points + self.pending_points - self.debt_points

    @property
    def spendable_points(self) -> int:
        """What may be promised still."""
        return max(0, self.active_points - self.held_points - self.debt_points)


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """Points that came in together, with one expiry. `available_at` None: it waits for the goods.

    Of its `quantity`, `remaining` are there, `held` of them promised to live holds; `expired` were
    booked as such, of which `absorbed` were reversed later, when it made no difference any more.
    `origin_id` is the lot that a restored or given one came from.
    """

    id: UUID
    account_id: UUID
    kind: LotKind
    quantity: int
    remaining: int
    earned_at: datetime
    available_at: datetime | None
    expires_at: datetime | None
    order_id: UUID | None = None
    origin_id: UUID | None = None
    gift_id: UUID | None = None
    held: int = 0
    expired: int = 0
    absorbed: int = 0
    in_review: bool = False

    def pending_at(self, now: datetime) -> bool:
        """Tell whether its points cannot be spent yet."""
        return self.in_review or self.available_at is None or self.available_at > now

    def expired_at(self, now: datetime) -> bool:
        """Tell whether its time is over: the moment itself is too late."""
        return self.expires_at is not None and self.expires_at <= now

    def pending_points(self, now: datetime) -> int:
        """How many of its points will be there later."""
        return self.remaining if self.pending_at(now) and not self.expired_at(now) else 0

    def active_points(self, now: datetime) -> int:
        """How many of its points are there now: what a live hold promises does not expire."""
        if self.expired_at(now):
            return self.held
        return 0 if self.pending_at(now) else self.remaining

    def free_points(self, now: datetime) -> int:
        """How many of its points may be promised or spent now."""
        return max(0, self.active_points(now) - self.held)

    def gone_points(self, now: datetime) -> int:
        """How many of its points have expired and are not booked as expired yet."""
        return self.remaining - self.held if self.expired_at(now) else 0

    def state_at(self, now: datetime) -> LotState:
        """Say in one word what it is."""
        if self.remaining == 0 or (self.expired_at(now) and not self.held):
            return "expired" if self.expired or self.remaining else "used"
        if self.in_review:
            return "in_review"
        return "pending" if self.pending_at(now) else "active"

    def changes_at(self, now: datetime) -> datetime | None:
        """When it will be something else by the clock alone, if ever; a hold's end aside."""
        if self.remaining == 0 or self.expired_at(now):
            return None
        if not self.in_review and self.available_at is not None and self.available_at > now:
            return self.available_at
        return self.expires_at


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """Points promised to a checkout for a while; `lots` says how many of which lot."""

    id: UUID
    account_id: UUID
    points: int
    state: HoldState
    placed_at: datetime
    expires_at: datetime
    actor_id: UUID
    lots: dict[UUID, int] = {}
    closed_at: datetime | None = None
    order_id: UUID | None = None
    channel: str | None = None
    location: str | None = None

    def state_at(self, now: datetime) -> HoldState:
        """What it is by the clock."""
        return "lapsed" if self.state == "held" and self.expires_at <= now else self.state


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Who changes an account, when it happened, and for what.

    A tender of an order goes by its number; number 0 is the order's reward.
    """

    actor_id: UUID
    occurred_at: datetime
    idempotency_key: str | None = None
    order_id: UUID | None = None
    tender_number: int | None = None
    reason: str | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One change of an account; `sequence` is the version that it gave the account.

    `lot_change` less `debt_change` is what it did to the balance. What was absorbed changed neither: the
    points had expired before they were reversed.
    """

    account_id: UUID
    sequence: int
    type: EntryType
    points: int
    occurred_at: datetime
    actor_id: UUID
    lot_id: UUID | None = None
    lot_change: int = 0
    debt_change: int = 0
    order_id: UUID | None = None
    tender_number: int | None = None
    other_account_id: UUID | None = None
    reason: str | None = None
    idempotency_key: str | None = None


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """Points of a lot that paid an order's tender, or its reward (0), and how many came back to it."""

    order_id: UUID
    tender_number: int
    position: int
    lot_id: UUID
    points: int
    restored: int = 0


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What an account did on one local day, as far as limits and tiers go by it."""

    account_id: UUID
    day: date
    qualifying: int = 0
    earned: int = 0
    redemptions: int = 0


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """Points that somebody has to look at before they count."""

    id: UUID
    account_id: UUID
    lot_id: UUID
    why: Literal["earned_too_much", "claimed_late"]
    points: int
    opened_at: datetime
    order_id: UUID | None = None
    decision: Literal["approved", "denied"] | None = None
    closed_at: datetime | None = None
    closed_by: UUID | None = None
    note: str | None = None


class Gift(msgspec.Struct, frozen=True, kw_only=True):
    """Points that one account gave another; it may take them back until they are available there."""

    id: UUID
    from_account_id: UUID
    to_account_id: UUID
    points: int
    sent_at: datetime
    available_at: datetime
    actor_id: UUID
    taken_back_at: datetime | None = None


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """One account that became part of another, and what of it moved there."""

    id: UUID
    source_id: UUID
    target_id: UUID
    lots: tuple[UUID, ...]
    members: tuple[UUID, ...]
    debt_points: int
    merged_at: datetime
    merged_by: UUID
    reason: str | None = None
    undone_at: datetime | None = None
    undone_by: UUID | None = None
