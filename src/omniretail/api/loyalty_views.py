"""What loyalty accounts, lots, holds, gifts, merges and reviews look like on the wire."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from omniretail import loyalty
from omniretail.api.wire import Moment, View


class TierView(View, frozen=True, kw_only=True):
    """A tier, and when it is judged anew."""

    code: str
    until: Moment | None


class LoyaltyAccountView(View, frozen=True, kw_only=True):
    """A loyalty account: `balance` is `active` and `pending` points, less `debt`.

    Of the active ones, `held` are promised to checkouts; `spendable` is what may be promised still.
    """

    id: UUID
    status: Literal["open", "merged"]
    merged_into: UUID | None
    balance: int
    active: int
    pending: int
    held: int
    debt: int
    spendable: int
    tier: TierView | None
    members: tuple[UUID, ...]
    opened_at: Moment
    version: int


class LoyaltyEntryView(View, frozen=True, kw_only=True):
    """One change of an account: of its lots, of its debt, or of neither where it made no difference."""

    sequence: int
    type: loyalty.EntryType
    points: int
    lot_change: int
    debt_change: int
    lot: UUID | None
    order_id: UUID | None
    tender_number: int | None
    other_account: UUID | None
    reason: str | None
    occurred_at: Moment
    recorded_at: Moment
    actor_id: UUID


class LoyaltyLotView(View, frozen=True, kw_only=True):
    """Points that came in together; `available_at` null: not before the goods are there."""

    id: UUID
    kind: loyalty.LotKind
    state: loyalty.LotState
    quantity: int
    remaining: int
    held: int
    expired: int
    earned_at: Moment
    available_at: Moment | None
    expires_at: Moment | None
    order_id: UUID | None
    origin: UUID | None
    gift: UUID | None


class PointsHoldView(View, frozen=True, kw_only=True):
    """Points promised to a checkout, and what has become of that."""

    id: UUID
    account: UUID
    points: int
    state: loyalty.HoldState
    placed_at: Moment
    expires_at: Moment
    closed_at: Moment | None
    order_id: UUID | None
    channel: str | None
    location: str | None


class GiftView(View, frozen=True, kw_only=True):
    """Points that one account gave another; until `available_at` they can be taken back."""

    id: UUID
    from_account: UUID
    to_account: UUID
    points: int
    sent_at: Moment
    available_at: Moment
    taken_back_at: Moment | None


class MergeView(View, frozen=True, kw_only=True):
    """One account that became part of another, with its lots, members and debt."""

    id: UUID
    source: UUID
    target: UUID
    lots: tuple[UUID, ...]
    members: tuple[UUID, ...]
    debt: int
    reason: str | None
    merged_at: Moment
    merged_by: UUID
    undone_at: Moment | None
    undone_by: UUID | None


class ReviewView(View, frozen=True, kw_only=True):
    """Points that wait for somebody to look at them, or what was decided."""

    id: UUID
    account: UUID
    lot: UUID
    order_id: UUID | None
    why: Literal["earned_too_much", "claimed_late"]
    points: int
    opened_at: Moment
    decision: Literal["approved", "denied"] | None
    closed_at: Moment | None
    closed_by: UUID | None
    note: str | None


def account_view(account: loyalty.Account) -> LoyaltyAccountView:
    """Return an account as answers show it."""
    return LoyaltyAccountView(
        id=account.id,
        status=account.status,
        merged_into=account.merged_into,
        balance=account.balance_points,
        active=account.active_points,
        pending=account.pending_points,
        held=account.held_points,
        debt=account.debt_points,
        spendable=account.spendable_points,
        tier=None
        if account.tier is None
        else TierView(code=account.tier, until=account.tier_until),
        members=account.members,
        opened_at=account.opened_at,
        version=account.version,
    )


def entry_view(entry: loyalty.RecordedEntry) -> LoyaltyEntryView:
    """Return an entry as answers show it."""
    return LoyaltyEntryView(
        sequence=entry.sequence,
        type=entry.type,
        points=entry.points,
        lot_change=entry.lot_change,
        debt_change=entry.debt_change,
        lot=entry.lot_id,
        order_id=entry.order_id,
        tender_number=entry.tender_number,
        other_account=entry.other_account_id,
        reason=entry.reason,
        occurred_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        actor_id=entry.actor_id,
    )


def lot_view(lot: loyalty.Lot, now: datetime) -> LoyaltyLotView:
    """Return a lot as answers show it: what it is by the clock."""
    return LoyaltyLotView(
        id=lot.id,
        kind=lot.kind,
        state=lot.state_at(now),
        quantity=lot.quantity,
        remaining=lot.remaining,
        held=lot.held,
        expired=lot.expired,
        earned_at=lot.earned_at,
        available_at=lot.available_at,
        expires_at=lot.expires_at,
        order_id=lot.order_id,
        origin=lot.origin_id,
        gift=lot.gift_id,
    )


def hold_view(hold: loyalty.Hold) -> PointsHoldView:
    """Return a hold as it was written, so that a repetition tells the same."""
    return _hold(hold, hold.state)


def hold_view_at(hold: loyalty.Hold, now: datetime) -> PointsHoldView:
    """Return a hold as it is by the clock."""
    return _hold(hold, hold.state_at(now))


def gift_view(gift: loyalty.Gift) -> GiftView:
    """Return a gift as answers show it."""
    return GiftView(
        id=gift.id,
        from_account=gift.from_account_id,
        to_account=gift.to_account_id,
        points=gift.points,
        sent_at=gift.sent_at,
        available_at=gift.available_at,
        taken_back_at=gift.taken_back_at,
    )


def merge_view(merge: loyalty.Merge) -> MergeView:
    """Return a merge as answers show it."""
    return MergeView(
        id=merge.id,
        source=merge.source_id,
        target=merge.target_id,
        lots=merge.lots,
        members=merge.members,
        debt=merge.debt_points,
        reason=merge.reason,
        merged_at=merge.merged_at,
        merged_by=merge.merged_by,
        undone_at=merge.undone_at,
        undone_by=merge.undone_by,
    )


def review_view(review: loyalty.Review) -> ReviewView:
    """Return a review as answers show it."""
    return ReviewView(
        id=review.id,
        account=review.account_id,
        lot=review.lot_id,
        order_id=review.order_id,
        why=review.why,
        points=review.points,
        opened_at=review.opened_at,
        decision=review.decision,
        closed_at=review.closed_at,
        closed_by=review.closed_by,
        note=review.note,
    )


def _hold(hold: loyalty.Hold, state: loyalty.HoldState) -> PointsHoldView:
    return PointsHoldView(
        id=hold.id,
        account=hold.account_id,
        points=hold.points,
        state=state,
        placed_at=hold.placed_at,
        expires_at=hold.expires_at,
        closed_at=hold.closed_at,
        order_id=hold.order_id,
        channel=hold.channel,
        location=hold.location,
    )
