"""The tables of price lists, prices, promotions, coupons and their uses, taxes, currencies, keys."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel, Text


class PriceList(SQLModel, table=True):
    """A list of prices in one currency, for a scope and a time."""

    __tablename__ = "price_list"
    __table_args__ = (
        CheckConstraint("valid_from < valid_until", name="price_list_valid_from_before_until"),
        CheckConstraint(
            "(channel is null and location is null) "
            "or (override_reason is not null and valid_until is not null)",
            name="price_list_override_explained",
        ),
        ForeignKeyConstraint(["location"], ["location.code"], name="price_list_location_fkey"),
        ForeignKeyConstraint(["channel"], ["channel.code"], name="price_list_channel_fkey"),
    )

    code: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))
    priority: int = Field(sa_column_kwargs={"server_default": "0"})
    tax_included: bool = Field(sa_column_kwargs={"server_default": text("true")})
    customer: str | None = Field(default=None, sa_type=Text)
    customer_group: str | None = Field(default=None, sa_type=Text)
    location: str | None = Field(default=None, sa_type=Text)
    region: str | None = Field(default=None, sa_type=Text)
    channel: str | None = Field(default=None, sa_type=Text)
    time_zone: str = Field(sa_type=Text, sa_column_kwargs={"server_default": "UTC"})
    valid_from: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    valid_until: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    override_reason: str | None = Field(default=None, sa_type=Text)
    book_version: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


class Price(SQLModel, table=True):
    """What a SKU costs from a moment on, until the list's next price for it begins.

    At most one price holds at any moment, by construction. No amount: not for sale from then on.
    `tiers` are pairs of a least quantity and what each costs from it on.
    """

    __tablename__ = "price"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="price_amount_not_negative"),
        ForeignKeyConstraint(["price_list"], ["price_list.code"], name="price_price_list_fkey"),
        ForeignKeyConstraint(["sku"], ["sku.code"], name="price_sku_fkey"),
        Index("price_book_version_idx", "book_version"),
    )

    price_list: str = Field(primary_key=True, sa_type=Text)
    sku: str = Field(primary_key=True, sa_type=Text)
    valid_from: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    amount_minor: int | None = Field(default=None, sa_type=BigInteger)
    book_version: int = Field(sa_type=BigInteger)
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
    tiers: list[list[int]] | None = Field(default=None, sa_type=JSONB)


class PriceChange(SQLModel, table=True):
    """A price as it was set once, whatever became of it. Rows are only ever added."""

    __tablename__ = "price_change"

    price_list: str = Field(primary_key=True, sa_type=Text)
    sku: str = Field(primary_key=True, sa_type=Text)
    book_version: int = Field(primary_key=True, sa_type=BigInteger)
    valid_from: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    amount_minor: int | None = Field(default=None, sa_type=BigInteger)
    tiers: list[list[int]] | None = Field(default=None, sa_type=JSONB)
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))


class BookChange(SQLModel, table=True):
    """A price list or promotion as it was stated once. Rows are only ever added."""

    __tablename__ = "book_change"
    __table_args__ = (
        CheckConstraint("kind in ('price_list', 'promotion')", name="book_change_kind_known"),
    )

    kind: str = Field(primary_key=True, sa_type=Text)
    code: str = Field(primary_key=True, sa_type=Text)
    book_version: int = Field(primary_key=True, sa_type=BigInteger)
    document: dict[str, Any] = Field(sa_type=JSONB)
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))


class PriceBook(SQLModel, table=True):
    """One row: the version that the last change of anything in it gave the book."""

    __tablename__ = "price_book"
    __table_args__ = (CheckConstraint("only_row", name="price_book_only_row"),)

    only_row: bool = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)


class Promotion(SQLModel, table=True):
    """A promotion; `document` is all that it says of itself."""

    __tablename__ = "promotion"
    __table_args__ = (
        CheckConstraint(
            "not (jsonb_exists(document, 'channels') or jsonb_exists(document, 'locations')) "
            "or (jsonb_exists(document, 'override_reason') "
            "and jsonb_exists(document, 'valid_until'))",
            name="promotion_override_explained",
        ),
    )

    code: str = Field(primary_key=True, sa_type=Text)
    document: dict[str, Any] = Field(sa_type=JSONB)
    book_version: int = Field(sa_type=BigInteger)
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))


class Coupon(SQLModel, table=True):
    """A code that unlocks a promotion; `document` is all that it says of itself."""

    __tablename__ = "coupon"
    __table_args__ = (
        ForeignKeyConstraint(["promotion"], ["promotion.code"], name="coupon_promotion_fkey"),
        Index("coupon_book_version_idx", "book_version"),
    )

    code: str = Field(primary_key=True, sa_type=Text)
    promotion: str = Field(sa_type=Text)
    document: dict[str, Any] = Field(sa_type=JSONB)
    book_version: int = Field(sa_type=BigInteger)
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))


class TaxRate(SQLModel, table=True):
    """A tax rate in parts per million from a moment on; an empty region is every other one."""

    __tablename__ = "tax_rate"
    __table_args__ = (
        CheckConstraint("rate_ppm between 0 and 1000000", name="tax_rate_within_bounds"),
    )

    tax_class: str = Field(primary_key=True, sa_type=Text)
    region: str = Field(primary_key=True, sa_type=Text)
    valid_from: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    rate_ppm: int
    book_version: int = Field(sa_type=BigInteger)
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))


class Currency(SQLModel, table=True):
    """How the retailer keeps a currency."""

    __tablename__ = "currency"
    __table_args__ = (
        CheckConstraint("exponent between 0 and 6", name="currency_exponent_within_bounds"),
        CheckConstraint("cash_step_minor > 0", name="currency_cash_step_positive"),
        CheckConstraint(
            "rounding in ('half_up', 'half_down', 'half_even')", name="currency_rounding_known"
        ),
        CheckConstraint("tax_per in ('line', 'unit')", name="currency_tax_per_known"),
    )

    code: str = Field(primary_key=True, sa_type=Text)
    exponent: int
    cash_step_minor: int = Field(sa_type=BigInteger)
    rounding: str = Field(sa_type=Text)
    tax_per: str = Field(sa_type=Text)
    book_version: int = Field(sa_type=BigInteger)
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))


class SigningKey(SQLModel, table=True):
    """A pair of keys (Ed25519, raw) that quotes are signed with."""

    __tablename__ = "signing_key"

    id: str = Field(primary_key=True, sa_type=Text)
    private_key: bytes = Field(sa_type=LargeBinary)
    public_key: bytes = Field(sa_type=LargeBinary)
    book_version: int = Field(sa_type=BigInteger)
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    retired_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class UsageCount(SQLModel, table=True):
    """How many orders used a coupon, or a promotion with a limit."""

    __tablename__ = "usage_count"
    __table_args__ = (
        CheckConstraint("kind in ('coupon', 'promotion')", name="usage_count_kind_known"),
        CheckConstraint("used >= 0", name="usage_count_not_negative"),
        {"postgresql_with": {"fillfactor": 50}},
    )

    kind: str = Field(primary_key=True, sa_type=Text)
    code: str = Field(primary_key=True, sa_type=Text)
    used: int


class Usage(SQLModel, table=True):
    """One use of a coupon or promotion: claimed for a time, used by an order, or freed."""

    __tablename__ = "usage"
    __table_args__ = (
        CheckConstraint("kind in ('coupon', 'promotion')", name="usage_kind_known"),
        CheckConstraint("state in ('claimed', 'used', 'freed')", name="usage_state_known"),
        CheckConstraint("state <> 'claimed' or expires_at is not null", name="usage_claim_expires"),
        CheckConstraint("state <> 'used' or order_id is not null", name="usage_used_by_order"),
        Index(
            "usage_claimed_idx",
            "kind",
            "code",
            "expires_at",
            postgresql_where=text("state = 'claimed'"),
        ),
        Index(
            "usage_customer_idx",
            "kind",
            "code",
            "customer",
            postgresql_where=text("customer is not null and state <> 'freed'"),
        ),
        Index("usage_person_idx", "customer", postgresql_where=text("customer is not null")),
        Index("usage_order_idx", "order_id", postgresql_where=text("order_id is not null")),
        Index("usage_expires_at_idx", "expires_at", postgresql_where=text("order_id is null")),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    code: str = Field(sa_type=Text)
    customer: str | None = Field(default=None, sa_type=Text)
    state: str = Field(sa_type=Text)
    order_id: UUID | None = None
    claimed_by: UUID | None = None
    expires_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
    ended_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
