"""The tables of returns: by which policy goods are taken back and paid back."""

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, DateTime, ForeignKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel, Text

_Moment = DateTime(timezone=True)


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
            "'store_credit']",
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
