"""The tables of orders. Lines keep what was agreed at the sale; progress is counted beside it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel, Text


class SalesOrder(SQLModel, table=True):
    """One customer's purchase, whatever the channel. `version` counts its events."""

    __tablename__ = "sales_order"
    __table_args__ = (
        CheckConstraint("total_minor >= 0", name="sales_order_total_not_negative"),
        CheckConstraint(
            "rounding in ('half_up', 'half_down', 'half_even')", name="sales_order_rounding_known"
        ),
        CheckConstraint("tax_per in ('line', 'unit')", name="sales_order_tax_per_known"),
        CheckConstraint("exchanged_minor >= 0", name="sales_order_exchanged_not_negative"),
        CheckConstraint("email <> ''", name="sales_order_email_not_empty"),
        Index("sales_order_channel_idx", "channel", "id"),
        Index(
            "sales_order_customer_idx",
            "customer",
            "id",
            postgresql_where=text("customer is not null"),
        ),
        Index(
            "sales_order_person_idx",
            "customer",
            "placed_at",
            "id",
            postgresql_where=text("customer is not null"),
        ),
        Index("sales_order_email_idx", "email", "id", postgresql_where=text("email is not null")),
        Index(
            "sales_order_cart_key",
            "cart_id",
            unique=True,
            postgresql_where=text("cart_id is not null"),
        ),
        CheckConstraint(
            "(reward is null) = (reward_points = 0) and (reward is null) = (reward_coupon is null)"
            " and (reward is null or loyalty_account is not null) and reward_minor >= 0",
            name="sales_order_reward_costs_points",
        ),
        Index(
            "sales_order_loyalty_idx",
            "loyalty_account",
            "id",
            postgresql_where=text("loyalty_account is not null"),
        ),
    )

    id: UUID = Field(primary_key=True)
    number: str = Field(sa_type=Text, unique=True)
    channel: str = Field(sa_type=Text)
    location: str | None = Field(default=None, sa_type=Text)
    currency: str = Field(sa_type=Text)
    total_minor: int = Field(sa_type=BigInteger)
    book_version: int = Field(sa_type=BigInteger)
    placed_by: UUID
    placed_at: datetime = Field(sa_type=DateTime(timezone=True))
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
    idempotency_key: str = Field(sa_type=Text)
    version: int
    customer: str | None = Field(default=None, sa_type=Text)
    customer_groups: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    region: str | None = Field(default=None, sa_type=Text)
    quote_id: UUID | None = None
    coupons: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    rounding: str = Field(sa_type=Text, sa_column_kwargs={"server_default": "half_up"})
    tax_per: str = Field(sa_type=Text, sa_column_kwargs={"server_default": "line"})
    shipping: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    exchanged_minor: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    ship_to: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    cart_id: UUID | None = None
    shipping_kept: bool = Field(sa_column_kwargs={"server_default": text("false")})
    email: str | None = Field(default=None, sa_type=Text)
    loyalty_account: UUID | None = None
    reward: str | None = Field(default=None, sa_type=Text)
    reward_coupon: str | None = Field(default=None, sa_type=Text)
    reward_points: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    reward_minor: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


class OrderLine(SQLModel, table=True):
    """So many of a SKU at a price, served by one fulfillment."""

    __tablename__ = "order_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="order_line_quantity_positive"),
        CheckConstraint(
            "fulfilled_quantity >= 0 and cancelled_quantity >= 0 "
            "and fulfilled_quantity + cancelled_quantity <= quantity",
            name="order_line_progress_within_quantity",
        ),
        CheckConstraint(
            "returned_quantity between 0 and fulfilled_quantity "
            "and received_quantity between 0 and returned_quantity "
            "and refunded_quantity between 0 and returned_quantity",
            name="order_line_returns_within_fulfilled",
        ),
        CheckConstraint("tax_minor between 0 and total_minor", name="order_line_tax_within_total"),
        CheckConstraint(
            "adjusted_total_minor between 0 and total_minor "
            "and adjusted_tax_minor between 0 and adjusted_total_minor",
            name="order_line_adjusted_within_total",
        ),
    )

    order_id: UUID = Field(primary_key=True)
    line_number: int = Field(primary_key=True)
    fulfillment_number: int
    sku: str = Field(sa_type=Text)
    quantity: int
    fulfilled_quantity: int
    cancelled_quantity: int
    list_price_minor: int | None = Field(default=None, sa_type=BigInteger)
    unit_price_minor: int = Field(sa_type=BigInteger)
    price_reason: str | None = Field(default=None, sa_type=Text)
    total_minor: int = Field(sa_type=BigInteger)
    components: dict[str, int] | None = Field(default=None, sa_type=JSONB)
    promised_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    price_list: str | None = Field(default=None, sa_type=Text)
    discounts: list[dict[str, Any]] | None = Field(default=None, sa_type=JSONB)
    tax_class: str = Field(sa_type=Text, sa_column_kwargs={"server_default": "standard"})
    tax_included: bool = Field(sa_column_kwargs={"server_default": text("true")})
    tax_rate_ppm: int | None = None
    tax_minor: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    adjusted_total_minor: int | None = Field(default=None, sa_type=BigInteger)
    adjusted_tax_minor: int | None = Field(default=None, sa_type=BigInteger)
    part_of: int | None = None
    returned_quantity: int = Field(sa_column_kwargs={"server_default": text("0")})
    received_quantity: int = Field(sa_column_kwargs={"server_default": text("0")})
    refunded_quantity: int = Field(sa_column_kwargs={"server_default": text("0")})


class Fulfillment(SQLModel, table=True):
    """The part of an order that one location serves in one way."""

    __tablename__ = "fulfillment"
    __table_args__ = (
        CheckConstraint(
            "kind in ('carry_out', 'pickup', 'ship', 'ship_to_store')",
            name="fulfillment_kind_known",
        ),
        CheckConstraint(
            "state in ('allocated', 'picking', 'packed', 'shipped', 'delivered', 'in_transit', "
            "'arrived', 'ready', 'handed_over', 'no_show', 'rejected', 'cancelled')",
            name="fulfillment_state_known",
        ),
        CheckConstraint(
            "(kind = 'ship_to_store') = (destination is not null) "
            "and (kind = 'ship_to_store') = (source is not null)",
            name="fulfillment_store_named",
        ),
        Index("fulfillment_order_idx", "order_id"),
        Index("fulfillment_location_idx", "location", "state", "id"),
        Index(
            "fulfillment_destination_idx",
            "destination",
            "state",
            "id",
            postgresql_where=text("destination is not null"),
        ),
        Index(
            "fulfillment_held_up_idx",
            "location",
            "id",
            postgresql_where=text("holds is not null"),
        ),
        Index("fulfillment_collect_by_idx", "collect_by", postgresql_where=text("state = 'ready'")),
        Index(
            "fulfillment_remind_at_idx",
            "remind_at",
            postgresql_where=text("remind_at is not null"),
        ),
        Index(
            "fulfillment_given_idx",
            "location",
            "id",
            postgresql_where=text("kind in ('ship', 'ship_to_store')"),
        ),
    )

    id: UUID = Field(primary_key=True)
    order_id: UUID
    number: int
    kind: str = Field(sa_type=Text)
    location: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    source: str | None = Field(default=None, sa_type=Text)
    destination: str | None = Field(default=None, sa_type=Text)
    attempt: int = Field(sa_column_kwargs={"server_default": text("1")})
    holds: list[dict[str, Any]] | None = Field(default=None, sa_type=JSONB)
    pickup: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    collect_by: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    remind_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class Parcel(SQLModel, table=True):
    """Units of one fulfillment that left together, on the way to the customer."""

    __tablename__ = "parcel"
    __table_args__ = (
        UniqueConstraint("order_id", "number", name="parcel_number_key"),
        Index(
            "parcel_tracking_idx",
            "tracking_number",
            postgresql_where=text("tracking_number is not null"),
        ),
    )

    id: UUID = Field(primary_key=True)
    order_id: UUID
    fulfillment_id: UUID
    number: int
    carrier: str | None = Field(default=None, sa_type=Text)
    tracking_number: str | None = Field(default=None, sa_type=Text)
    tracking_url: str | None = Field(default=None, sa_type=Text)
    lines: dict[str, int] = Field(sa_type=JSONB)
    shipped_at: datetime = Field(sa_type=DateTime(timezone=True))
    delivered_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class Rejection(SQLModel, table=True):
    """Units that a location could not serve: its allocation was released, its stock put right."""

    __tablename__ = "rejection"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="rejection_quantity_positive"),
        CheckConstraint(
            "reason in ('not_in_stock', 'damaged', 'mismatch', 'no_variance')",
            name="rejection_reason_known",
        ),
        Index("rejection_order_idx", "order_id"),
    )

    id: UUID = Field(primary_key=True)
    order_id: UUID
    fulfillment_id: UUID
    line_number: int
    sku: str = Field(sa_type=Text)
    components: dict[str, int] | None = Field(default=None, sa_type=JSONB)
    location: str = Field(sa_type=Text)
    quantity: int
    reason: str = Field(sa_type=Text)
    collateral: bool
    occurred_at: datetime = Field(sa_type=DateTime(timezone=True))
    barred_until: datetime = Field(sa_type=DateTime(timezone=True))
    actor_id: UUID


class OrderException(SQLModel, table=True):
    """What staff must look after, because no rule could."""

    __tablename__ = "order_exception"
    __table_args__ = (
        CheckConstraint(
            "kind in ('not_sourced', 'capture_failed', 'refund_failed', 'void_failed')",
            name="order_exception_kind_known",
        ),
        CheckConstraint(
            "(closed_at is null) = (closed_by is null)",
            name="order_exception_closed_by_somebody",
        ),
        Index("order_exception_open_idx", "id", postgresql_where=text("closed_at is null")),
        Index("order_exception_order_idx", "order_id"),
    )

    id: UUID = Field(primary_key=True)
    order_id: UUID
    fulfillment_id: UUID | None = None
    kind: str = Field(sa_type=Text)
    detail: dict[str, Any] = Field(sa_type=JSONB)
    opened_at: datetime = Field(sa_type=DateTime(timezone=True))
    closed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    closed_by: UUID | None = None
    note: str | None = Field(default=None, sa_type=Text)


class Tender(SQLModel, table=True):
    """A means of payment used on an order, with its provider's reference."""

    __tablename__ = "tender"
    __table_args__ = (
        CheckConstraint(
            "type in ('cash', 'card', 'ewallet', 'bank_transfer', 'gift_card', 'store_credit', "
            "'points')",
            name="tender_type_known",
        ),
        CheckConstraint(
            "uncaptured_minor >= 0 and voided_minor >= 0 "
            "and uncaptured_minor + voided_minor <= amount_minor",
            name="tender_parts_within_amount",
        ),
        CheckConstraint(
            "(type in ('gift_card', 'store_credit')) = (account_id is not null)",
            name="tender_account_named",
        ),
        CheckConstraint("amount_minor > 0", name="tender_amount_positive"),
        CheckConstraint("owed_minor >= 0", name="tender_owed_not_negative"),
        CheckConstraint(
            "type = 'cash' or (rounding_minor = 0 and cash_step_minor = 1)",
            name="tender_rounding_is_cash",
        ),
        CheckConstraint(
            "card_token is null or type in ('card', 'ewallet')", name="tender_card_token_of_card"
        ),
        CheckConstraint(
            "(type = 'points') = (points is not null) and (points is null or points > 0)",
            name="tender_points_named",
        ),
        Index(
            "tender_card_token_idx",
            "card_token",
            "order_id",
            postgresql_where=text("card_token is not null"),
        ),
    )

    order_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    type: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    reference: str | None = Field(default=None, sa_type=Text)
    rounding_minor: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    cash_step_minor: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("1")})
    uncaptured_minor: int = Field(
        sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")}
    )
    voided_minor: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    payment_id: UUID | None = None
    account_id: UUID | None = None
    owed_minor: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    card_token: str | None = Field(default=None, sa_type=Text)
    points: int | None = Field(default=None, sa_type=BigInteger)


class Capture(SQLModel, table=True):
    """What was taken of an authorization, or let go of it, by the event of that sequence number.

    A capture that the provider refused later is taken back by a negative one.
    """

    __tablename__ = "capture"
    __table_args__ = (
        CheckConstraint("captured_minor <> 0 or voided_minor <> 0", name="capture_says_something"),
    )

    order_id: UUID = Field(primary_key=True)
    tender_number: int = Field(primary_key=True)
    event_sequence: int = Field(primary_key=True)
    captured_minor: int = Field(sa_type=BigInteger)
    voided_minor: int = Field(sa_type=BigInteger)
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))


class Refund(SQLModel, table=True):
    """Money given back of one tender, by the event of its order with that sequence number.

    It went to the tender itself, or by another `method`. A refund that the provider declined later is
    taken back by a negative one.
    """

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint(
            "method in ('cash', 'store_credit', 'bank_transfer')", name="refund_method_known"
        ),
        CheckConstraint(
            "amount_minor >= 0 or method is null", name="refund_taken_back_is_the_tenders_own"
        ),
    )

    order_id: UUID = Field(primary_key=True)
    tender_number: int = Field(primary_key=True)
    event_sequence: int = Field(primary_key=True)
    amount_minor: int = Field(sa_type=BigInteger)
    rounding_minor: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
    method: str | None = Field(default=None, sa_type=Text)
