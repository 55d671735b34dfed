"""The table of carts: one row is the whole document."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, DateTime, ForeignKeyConstraint, Index, text
from sqlalchemy import UUID as SQLUUID
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel, Text

_Moment = DateTime(timezone=True)


class Cart(SQLModel, table=True):
    """What a customer has put together, in any channel. `version` counts its events."""

    __tablename__ = "cart"
    __table_args__ = (
        CheckConstraint(
            "state in ('open', 'converted', 'merged', 'abandoned')", name="cart_state_known"
        ),
        CheckConstraint(
            "(state = 'converted') = (order_id is not null)", name="cart_order_of_converted"
        ),
        CheckConstraint(
            "(state = 'merged') = (merged_into is not null)", name="cart_target_of_merged"
        ),
        CheckConstraint("merged_into <> id", name="cart_merged_into_another"),
        CheckConstraint("hold_seconds > 0", name="cart_hold_seconds_positive"),
        CheckConstraint("email <> ''", name="cart_email_not_empty"),
        ForeignKeyConstraint(["channel"], ["channel.code"], name="cart_channel_fkey"),
        Index("cart_customer_idx", "customer", "id", postgresql_where=text("state = 'open'")),
        Index(
            "cart_person_idx",
            "customer",
            "created_at",
            "id",
            postgresql_where=text("customer is not null"),
        ),
        Index("cart_expires_at_idx", "expires_at", postgresql_where=text("state = 'open'")),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_type=Text, unique=True)
    channel: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    customer: str | None = Field(default=None, sa_type=Text)
    customer_groups: list[str] = Field(sa_type=ARRAY(Text))
    region: str | None = Field(default=None, sa_type=Text)
    state: str = Field(sa_type=Text)
    order_id: UUID | None = None
    merged_into: UUID | None = None
    hold_ids: list[UUID] = Field(sa_type=ARRAY(SQLUUID))
    hold_seconds: int | None = None
    lines: list[dict[str, Any]] = Field(sa_type=JSONB)
    coupons: list[str] = Field(sa_type=ARRAY(Text))
    shipping: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    note: str | None = Field(default=None, sa_type=Text)
    version: int
    created_by: UUID
    created_at: datetime = Field(sa_type=_Moment)
    updated_at: datetime = Field(sa_type=_Moment)
    expires_at: datetime = Field(sa_type=_Moment)
    ship_to: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    email: str | None = Field(default=None, sa_type=Text)
