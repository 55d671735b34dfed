"""The tables of returns and claims: the documents, their lines, what goods were graded as; policies."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Index,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel, Text

_Moment = DateTime(timezone=True)
_DISPOSITIONS = "('sellable', 'damaged', 'quality_control', 'to_vendor', 'destroyed')"


class SalesReturn(SQLModel, table=True):
    """Goods that come back: of an order, or without one. `version` counts its changes."""

    __tablename__ = "sales_return"
    __table_args__ = (
        CheckConstraint(
            "kind in ('return', 'exchange', 'unlinked')", name="sales_return_kind_known"
        ),
        CheckConstraint(
            "(kind = 'unlinked') = (order_id is null)", name="sales_return_order_named"
        ),
        CheckConstraint(
            "(approved_at is null) = (approved_by is null)",
            name="sales_return_approved_by_somebody",
        ),
        CheckConstraint(
            "(kind = 'unlinked') = (unlinked_count is not null)",
            name="sales_return_unlinked_counted",
        ),
        CheckConstraint("unlinked_count > 0", name="sales_return_unlinked_count_positive"),
        CheckConstraint(
            "kind <> 'unlinked' or customer is not null", name="sales_return_unlinked_by_customer"
        ),
        Index("sales_return_order_idx", "order_id", "id"),
        Index(
            "sales_return_person_idx",
            "customer",
            "requested_at",
            "id",
            postgresql_where=text("customer is not null"),
        ),
        Index("sales_return_location_idx", "location", "id"),
        Index(
            "sales_return_unlinked_idx",
            "customer",
            "id",
            postgresql_where=text("kind = 'unlinked'"),
        ),
    )

    id: UUID = Field(primary_key=True)
    number: str = Field(sa_type=Text, unique=True)
    kind: str = Field(sa_type=Text)
    order_id: UUID | None = None
    channel: str | None = Field(default=None, sa_type=Text)
    location: str | None = Field(default=None, sa_type=Text)
    customer: str | None = Field(default=None, sa_type=Text)
    currency: str = Field(sa_type=Text)
    requested_at: datetime = Field(sa_type=_Moment)
    requested_by: UUID
    approved_at: datetime | None = Field(default=None, sa_type=_Moment)
    approved_by: UUID | None = None
    cancelled_at: datetime | None = Field(default=None, sa_type=_Moment)
    note: str | None = Field(default=None, sa_type=Text)
    override: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    refunds: list[dict[str, Any]] | None = Field(default=None, sa_type=JSONB)
    account_id: UUID | None = None
    exchange: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    unlinked_count: int | None = None
    version: int
    recorded_at: datetime = Field(sa_type=_Moment)
    idempotency_key: str = Field(sa_type=Text)


class ReturnLine(SQLModel, table=True):
    """So many units of a SKU that come back, and how far that has come."""

    __tablename__ = "return_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="return_line_quantity_positive"),
        CheckConstraint(
            "received_quantity >= 0 and refunded_quantity >= 0 and cancelled_quantity >= 0 "
            "and received_quantity + cancelled_quantity <= quantity "
            "and refunded_quantity + cancelled_quantity <= quantity",
            name="return_line_progress_within_quantity",
        ),
        CheckConstraint(
            "refunded_minor >= 0 and refunded_tax_minor >= 0",
            name="return_line_refund_not_negative",
        ),
    )

    return_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    order_line: int | None = None
    sku: str = Field(sa_type=Text)
    components: dict[str, int] | None = Field(default=None, sa_type=JSONB)
    quantity: int
    reason: str = Field(sa_type=Text)
    received_quantity: int
    refunded_quantity: int
    cancelled_quantity: int
    refunded_minor: int = Field(sa_type=BigInteger)
    refunded_tax_minor: int = Field(sa_type=BigInteger)
    unit_minor: int | None = Field(default=None, sa_type=BigInteger)


class ReturnGrading(SQLModel, table=True):
    """What so many returned units were graded as, and before that."""

    __tablename__ = "return_grading"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="return_grading_quantity_positive"),
        CheckConstraint(
            f"to_disposition in {_DISPOSITIONS} and from_disposition in {_DISPOSITIONS} "
            "and from_disposition <> to_disposition",
            name="return_grading_disposition_known",
        ),
        Index("return_grading_return_idx", "return_id", "line_number"),
    )

    id: UUID = Field(primary_key=True)
    return_id: UUID
    line_number: int
    location: str = Field(sa_type=Text)
    from_disposition: str | None = Field(default=None, sa_type=Text)
    to_disposition: str = Field(sa_type=Text)
    quantity: int
    reason: str | None = Field(default=None, sa_type=Text)
    occurred_at: datetime = Field(sa_type=_Moment)
    recorded_at: datetime = Field(sa_type=_Moment)
    actor_id: UUID


class UnlinkedCustomer(SQLModel, table=True):
    """A customer who wanted to bring goods back without a receipt: the row that is locked to count them.

    It says nothing more, and stays where the return was refused.
    """

    __tablename__ = "unlinked_customer"

    customer: str = Field(primary_key=True, sa_type=Text)
    first_at: datetime = Field(sa_type=_Moment)


class Claim(SQLModel, table=True):
    """Units of an order that were damaged, missing or wrong. `version` counts its changes."""

    __tablename__ = "claim"
    __table_args__ = (
        CheckConstraint("wish in ('refund', 'replacement')", name="claim_wish_known"),
        CheckConstraint("resolution in ('refund', 'replacement')", name="claim_resolution_known"),
        CheckConstraint(
            "(approved_at is null) = (approved_by is null) "
            "and (approved_at is null) = (goods_back is null)",
            name="claim_approved_by_somebody",
        ),
        CheckConstraint(
            "(denied_at is null) = (denied_by is null) "
            "and (denied_at is null) = (denial_reason is null)",
            name="claim_denied_by_somebody",
        ),
        CheckConstraint(
            "(resolved_at is null) = (resolved_by is null) "
            "and (resolved_at is null) = (resolution is null) "
            "and (resolved_at is null or (approved_at is not null and denied_at is null))",
            name="claim_resolved_by_somebody",
        ),
        CheckConstraint(
            "(refund is not null) = coalesce(resolution = 'refund', false) "
            "and (fulfillment_id is not null) = coalesce(resolution = 'replacement', false) "
            "and (return_id is not null) "
            "= (resolution is not null and coalesce(goods_back, false))",
            name="claim_resolved_one_way",
        ),
        Index(
            "claim_person_idx",
            "customer",
            "opened_at",
            "id",
            postgresql_where=text("customer is not null"),
        ),
        Index("claim_order_idx", "order_id", "id"),
        Index(
            "claim_standing_idx",
            "id",
            postgresql_where=text("resolved_at is null and denied_at is null"),
        ),
    )

    id: UUID = Field(primary_key=True)
    number: str = Field(sa_type=Text, unique=True)
    order_id: UUID
    channel: str | None = Field(default=None, sa_type=Text)
    customer: str | None = Field(default=None, sa_type=Text)
    currency: str = Field(sa_type=Text)
    wish: str = Field(sa_type=Text)
    opened_at: datetime = Field(sa_type=_Moment)
    opened_by: UUID
    approved_at: datetime | None = Field(default=None, sa_type=_Moment)
    approved_by: UUID | None = None
    goods_back: bool | None = None
    denied_at: datetime | None = Field(default=None, sa_type=_Moment)
    denied_by: UUID | None = None
    denial_reason: str | None = Field(default=None, sa_type=Text)
    resolved_at: datetime | None = Field(default=None, sa_type=_Moment)
    resolved_by: UUID | None = None
    resolution: str | None = Field(default=None, sa_type=Text)
    refund: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    fulfillment_id: UUID | None = None
    return_id: UUID | None = None
    override: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    note: str | None = Field(default=None, sa_type=Text)
    version: int
    recorded_at: datetime = Field(sa_type=_Moment)
    idempotency_key: str = Field(sa_type=Text)


class ClaimLine(SQLModel, table=True):
    """So many units that were not as they should be, and what they came to."""

    __tablename__ = "claim_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="claim_line_quantity_positive"),
        CheckConstraint("kind in ('damaged', 'missing', 'wrong')", name="claim_line_kind_known"),
        CheckConstraint(
            "worth_minor >= 0 and worth_tax_minor >= 0", name="claim_line_worth_not_negative"
        ),
    )

    claim_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    order_line: int
    sku: str = Field(sa_type=Text)
    components: dict[str, int] | None = Field(default=None, sa_type=JSONB)
    quantity: int
    kind: str = Field(sa_type=Text)
    note: str | None = Field(default=None, sa_type=Text)
    worth_minor: int = Field(sa_type=BigInteger)
    worth_tax_minor: int = Field(sa_type=BigInteger)
    replaced_by: int | None = None


class ReturnPolicy(SQLModel, table=True):
    """What is taken back of a channel's orders and how; without a row, by the defaults."""

    __tablename__ = "return_policy"
    __table_args__ = (
        ForeignKeyConstraint(["channel"], ["channel.code"], name="return_policy_channel_fkey"),
        CheckConstraint("window_days >= 0", name="return_policy_window_not_negative"),
        CheckConstraint(
            "jsonb_typeof(window_days_by_category) = 'object'",
            name="return_policy_windows_by_category",
        ),
        CheckConstraint(
            "refund_by in ('original_shares', 'priority')", name="return_policy_refund_by_known"
        ),
        CheckConstraint(
            "priority <@ array['cash', 'card', 'ewallet', 'bank_transfer', 'gift_card', "
            "'store_credit', 'points']",
            name="return_policy_priority_known",
        ),
        CheckConstraint(
            "jsonb_typeof(refund_methods) = 'object'", name="return_policy_methods_by_tender"
        ),
        CheckConstraint("approval in ('staff', 'automatic')", name="return_policy_approval_known"),
        CheckConstraint("claim_days > 0", name="return_policy_claim_days_positive"),
        CheckConstraint(
            "unlinked_limit >= 0 and unlinked_days > 0 and unlinked_price_days > 0",
            name="return_policy_unlinked_not_negative",
        ),
    )

    channel: str = Field(primary_key=True, sa_type=Text)
    window_days: int
    window_days_by_category: dict[str, int] = Field(sa_type=JSONB)
    refund_by: str = Field(sa_type=Text)
    priority: list[str] = Field(sa_type=ARRAY(Text))
    refund_methods: dict[str, list[str]] = Field(sa_type=JSONB)
    approval: str = Field(sa_type=Text)
    refund_shipping: bool
    claims_keep_goods: bool
    claim_days: int
    unlinked_limit: int
    unlinked_days: int
    unlinked_price_days: int
    version: int
    updated_at: datetime = Field(sa_type=_Moment)
