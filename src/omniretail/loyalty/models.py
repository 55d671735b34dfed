"""The tables of loyalty accounts: members, lots, entries, holds, and what orders earned and spent."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel, Text


class LoyaltyAccount(SQLModel, table=True):
    """A loyalty account: what stands in its lots, what it owes, and its tier.

    `version` counts its entries.
    """

    __tablename__ = "loyalty_account"
    __table_args__ = (
        CheckConstraint("status in ('open', 'merged')", name="loyalty_account_status_known"),
        CheckConstraint(
            "(status = 'merged') = (merged_into is not null)",
            name="loyalty_account_merged_names_target",
        ),
        CheckConstraint(
            "lots_points >= 0 and debt_points >= 0 and active_points >= 0 and pending_points >= 0",
            name="loyalty_account_points_not_negative",
        ),
        CheckConstraint(
            "active_points + pending_points <= lots_points",
            name="loyalty_account_states_within_lots",
        ),
        Index(
            "loyalty_account_steady_idx",
            "steady_until",
            postgresql_where=text("steady_until is not null"),
        ),
        Index(
            "loyalty_account_merged_idx",
            "merged_into",
            postgresql_where=text("merged_into is not null"),
        ),
        Index(
            "loyalty_account_tier_idx",
            "tier_until",
            postgresql_where=text("tier_until is not null and status = 'open'"),
        ),
        {"postgresql_with": {"fillfactor": 50}},
    )

    id: UUID = Field(primary_key=True)
    version: int
    status: str = Field(sa_type=Text)
    merged_into: UUID | None = None
    lots_points: int = Field(sa_type=BigInteger)
    debt_points: int = Field(sa_type=BigInteger)
    active_points: int = Field(sa_type=BigInteger)
    pending_points: int = Field(sa_type=BigInteger)
    steady_until: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    tier: str | None = Field(default=None, sa_type=Text)
    tier_until: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    opened_at: datetime = Field(sa_type=DateTime(timezone=True))
    opened_by: UUID


class LoyaltyMember(SQLModel, table=True):
    """A customer of an account; a customer is in one at most."""

    __tablename__ = "loyalty_member"
    __table_args__ = (Index("loyalty_member_account_idx", "account_id"),)

    customer_id: UUID = Field(primary_key=True)
    account_id: UUID
    joined_at: datetime = Field(sa_type=DateTime(timezone=True))
    joined_by: UUID


class LoyaltyLot(SQLModel, table=True):
    """Points that came in together, with one expiry, and how many of them remain."""

    __tablename__ = "loyalty_lot"
    __table_args__ = (
        CheckConstraint(
            "kind in ('earned', 'restored', 'adjusted', 'gift')", name="loyalty_lot_kind_known"
        ),
        CheckConstraint(
            "quantity > 0 and remaining between 0 and quantity",
            name="loyalty_lot_remaining_within_quantity",
        ),
        CheckConstraint("held between 0 and remaining", name="loyalty_lot_held_within_remaining"),
        CheckConstraint(
            "expired >= 0 and absorbed between 0 and expired",
            name="loyalty_lot_absorbed_within_expired",
        ),
        CheckConstraint(
            "expires_at is null or available_at is not null",
            name="loyalty_lot_expires_after_available",
        ),
        Index(
            "loyalty_lot_spending_idx",
            "account_id",
            "expires_at",
            "earned_at",
            "id",
            postgresql_where=text("remaining > 0"),
        ),
        Index("loyalty_lot_order_idx", "order_id", postgresql_where=text("order_id is not null")),
        Index("loyalty_lot_account_idx", "account_id", "id"),
        Index("loyalty_lot_live_idx", "account_id", "id", postgresql_where=text("remaining > 0")),
        Index("loyalty_lot_expiry_idx", "expires_at", postgresql_where=text("remaining > 0")),
        Index("loyalty_lot_gift_idx", "gift_id", postgresql_where=text("gift_id is not null")),
        {"postgresql_with": {"fillfactor": 70}},
    )

    id: UUID = Field(primary_key=True)
    account_id: UUID
    kind: str = Field(sa_type=Text)
    order_id: UUID | None = None
    origin_id: UUID | None = None
    gift_id: UUID | None = None
    quantity: int = Field(sa_type=BigInteger)
    remaining: int = Field(sa_type=BigInteger)
    held: int = Field(sa_type=BigInteger)
    expired: int = Field(sa_type=BigInteger)
    absorbed: int = Field(sa_type=BigInteger)
    earned_at: datetime = Field(sa_type=DateTime(timezone=True))
    available_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    expires_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    in_review: bool


class LoyaltyEntry(SQLModel, table=True):
    """One change of an account; its sequence is the account's version after it. Only ever added."""

    __tablename__ = "loyalty_entry"
    __table_args__ = (
        CheckConstraint(
            "points > 0 and (lot_id is not null or lot_change = 0) and case type"
            " when 'earned' then lot_change = points and debt_change = 0"
            " when 'repaid' then lot_change = -points and debt_change = -points"
            " when 'spent' then lot_change = -points and debt_change = 0"
            " when 'restored' then lot_change = points and debt_change = 0"
            " when 'reversed' then lot_change - debt_change = -points"
            " and lot_change * debt_change = 0 when 'absorbed' then lot_change = 0"
            " and debt_change = 0 when 'expired' then lot_change = -points and debt_change = 0"
            " when 'adjusted' then abs(lot_change) = points and debt_change = 0"
            " when 'gifted' then abs(lot_change) = points and debt_change = 0"
            " when 'moved' then abs(lot_change) + abs(debt_change) = points else false end",
            name="loyalty_entry_changes_of_type",
        ),
        CheckConstraint(
            "(other_account_id is not null) = (type in ('gifted', 'moved'))",
            name="loyalty_entry_names_other",
        ),
        CheckConstraint("reason is not null or type <> 'adjusted'", name="loyalty_entry_explained"),
        Index("loyalty_entry_order_idx", "order_id", postgresql_where=text("order_id is not null")),
        Index("loyalty_entry_account_time_idx", "account_id", "occurred_at"),
        Index("loyalty_entry_time_idx", "occurred_at"),
    )

    account_id: UUID = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    type: str = Field(sa_type=Text)
    points: int = Field(sa_type=BigInteger)
    lot_id: UUID | None = None
    lot_change: int = Field(sa_type=BigInteger)
    debt_change: int = Field(sa_type=BigInteger)
    order_id: UUID | None = None
    tender_number: int | None = None
    other_account_id: UUID | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    occurred_at: datetime = Field(sa_type=DateTime(timezone=True))
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
    actor_id: UUID
    idempotency_key: str | None = Field(default=None, sa_type=Text)


class LoyaltyHold(SQLModel, table=True):
    """Points that are promised to a checkout for a while."""

    __tablename__ = "loyalty_hold"
    __table_args__ = (
        CheckConstraint(
            "points > 0 and state in ('held', 'committed', 'voided', 'lapsed')",
            name="loyalty_hold_state_known",
        ),
        CheckConstraint(
            "(state = 'held') = (closed_at is null) and (state = 'committed') = (order_id is not null)",
            name="loyalty_hold_closed_once",
        ),
        Index("loyalty_hold_open_idx", "account_id", postgresql_where=text("state = 'held'")),
        Index("loyalty_hold_placed_idx", "account_id", "placed_at", "id"),
        Index("loyalty_hold_account_idx", "account_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    account_id: UUID
    points: int = Field(sa_type=BigInteger)
    state: str = Field(sa_type=Text)
    placed_at: datetime = Field(sa_type=DateTime(timezone=True))
    expires_at: datetime = Field(sa_type=DateTime(timezone=True))
    closed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    order_id: UUID | None = None
    channel: str | None = Field(default=None, sa_type=Text)
    location: str | None = Field(default=None, sa_type=Text)
    actor_id: UUID


class LoyaltyHoldLot(SQLModel, table=True):
    """How many points of a lot a hold promises."""

    __tablename__ = "loyalty_hold_lot"
    __table_args__ = (
        CheckConstraint("points > 0", name="loyalty_hold_lot_points_positive"),
        Index("loyalty_hold_lot_lot_idx", "lot_id"),
    )

    hold_id: UUID = Field(primary_key=True)
    lot_id: UUID = Field(primary_key=True)
    points: int = Field(sa_type=BigInteger)


class LoyaltyOrder(SQLModel, table=True):
    """What an order earned, by which terms, and spent, and what of it was taken and given back."""

    __tablename__ = "loyalty_order"
    __table_args__ = (
        CheckConstraint(
            "reversed_points between 0 and earned_points and forgiven_points between 0"
            " and reversed_points and qualifying_points >= 0",
            name="loyalty_order_reversed_within_earned",
        ),
        CheckConstraint(
            "restored_points between 0 and spent_points", name="loyalty_order_restored_within_spent"
        ),
        Index("loyalty_order_account_idx", "account_id"),
    )

    order_id: UUID = Field(primary_key=True)
    account_id: UUID
    parts: list[dict[str, Any]] = Field(sa_type=JSONB)
    earned_points: int = Field(sa_type=BigInteger)
    reversed_points: int = Field(sa_type=BigInteger)
    forgiven_points: int = Field(sa_type=BigInteger)
    qualifying_points: int = Field(sa_type=BigInteger)
    spent_points: int = Field(sa_type=BigInteger)
    restored_points: int = Field(sa_type=BigInteger)
    day: date


class LoyaltySpending(SQLModel, table=True):
    """Points of a lot that paid a tender of an order, or its reward (0)."""

    __tablename__ = "loyalty_spending"
    __table_args__ = (
        CheckConstraint(
            "points > 0 and restored between 0 and points",
            name="loyalty_spending_restored_within_points",
        ),
    )

    order_id: UUID = Field(primary_key=True)
    tender_number: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    lot_id: UUID
    points: int = Field(sa_type=BigInteger)
    restored: int = Field(sa_type=BigInteger)


class LoyaltyDay(SQLModel, table=True):
    """What an account did on a local day, as far as limits and tiers go by it."""

    __tablename__ = "loyalty_day"

    account_id: UUID = Field(primary_key=True)
    day: date = Field(primary_key=True)
    qualifying: int = Field(sa_type=BigInteger)
    earned: int = Field(sa_type=BigInteger)
    redemptions: int


class LoyaltyReview(SQLModel, table=True):
    """Points that somebody has to look at before they count."""

    __tablename__ = "loyalty_review"
    __table_args__ = (
        CheckConstraint(
            "points > 0 and why in ('earned_too_much', 'claimed_late')",
            name="loyalty_review_why_known",
        ),
        CheckConstraint(
            "decision in ('approved', 'denied') and closed_at is not null"
            " and closed_by is not null or decision is null and closed_at is null"
            " and closed_by is null",
            name="loyalty_review_decided",
        ),
        Index("loyalty_review_lot_key", "lot_id", unique=True),
        Index("loyalty_review_open_idx", "id", postgresql_where=text("decision is null")),
        Index("loyalty_review_account_idx", "account_id"),
    )

    id: UUID = Field(primary_key=True)
    account_id: UUID
    lot_id: UUID
    order_id: UUID | None = None
    why: str = Field(sa_type=Text)
    points: int = Field(sa_type=BigInteger)
    opened_at: datetime = Field(sa_type=DateTime(timezone=True))
    decision: str | None = Field(default=None, sa_type=Text)
    closed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    closed_by: UUID | None = None
    note: str | None = Field(default=None, sa_type=Text)


class LoyaltyGift(SQLModel, table=True):
    """Points that one account gave another."""

    __tablename__ = "loyalty_gift"
    __table_args__ = (
        CheckConstraint(
            "from_account_id <> to_account_id and points > 0", name="loyalty_gift_between_two"
        ),
        Index("loyalty_gift_from_idx", "from_account_id", "id"),
        Index("loyalty_gift_to_idx", "to_account_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    from_account_id: UUID
    to_account_id: UUID
    points: int = Field(sa_type=BigInteger)
    sent_at: datetime = Field(sa_type=DateTime(timezone=True))
    available_at: datetime = Field(sa_type=DateTime(timezone=True))
    taken_back_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    actor_id: UUID


class LoyaltyMerge(SQLModel, table=True):
    """One account that became part of another, and what of it moved there."""

    __tablename__ = "loyalty_merge"
    __table_args__ = (
        CheckConstraint("source_id <> target_id and debt_points >= 0", name="loyalty_merge_of_two"),
        CheckConstraint(
            "(undone_at is null) = (undone_by is null)", name="loyalty_merge_undone_by_somebody"
        ),
        Index("loyalty_merge_source_idx", "source_id"),
        Index("loyalty_merge_target_idx", "target_id"),
    )

    id: UUID = Field(primary_key=True)
    source_id: UUID
    target_id: UUID
    lots: list[UUID] = Field(sa_type=ARRAY(Uuid))
    members: list[UUID] = Field(sa_type=ARRAY(Uuid))
    debt_points: int = Field(sa_type=BigInteger)
    merged_at: datetime = Field(sa_type=DateTime(timezone=True))
    merged_by: UUID
    reason: str | None = Field(default=None, sa_type=Text)
    undone_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    undone_by: UUID | None = None


class LoyaltyProgramme(SQLModel, table=True):
    """A version of the programme, in force until the next one is; none is ever changed."""

    __tablename__ = "loyalty_programme"

    id: UUID = Field(primary_key=True)
    effective_from: datetime = Field(sa_type=DateTime(timezone=True), unique=True)
    spec: dict[str, Any] = Field(sa_type=JSONB)
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    created_by: UUID
