"""The tables of price lists, prices, and the book's version."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel, Text


class PriceList(SQLModel, table=True):
    """A list of prices in one currency; today one list per currency."""

    __tablename__ = "price_list"

    code: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text, unique=True)
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))


class Price(SQLModel, table=True):
    """What a SKU costs from a moment on, until the list's next price for it begins.

    At most one price holds at any moment, by construction. No amount: not for sale from then on.
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


class PriceBook(SQLModel, table=True):
    """One row: the version that the last change of any price gave the book."""

    __tablename__ = "price_book"
    __table_args__ = (CheckConstraint("only_row", name="price_book_only_row"),)

    only_row: bool = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
