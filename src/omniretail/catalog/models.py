"""The tables of SKUs, barcodes and locations. Their keys are the retailer's own codes."""

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, DateTime, Float, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel, Text


class Location(SQLModel, table=True):
    """A store or warehouse."""

    __tablename__ = "location"
    __table_args__ = (
        CheckConstraint("kind in ('store', 'warehouse')", name="location_kind_known"),
        CheckConstraint("status in ('active', 'inactive')", name="location_status_known"),
        CheckConstraint(
            "capabilities <@ array['carry_out', 'pickup', 'ship']",
            name="location_capabilities_known",
        ),
        CheckConstraint("(latitude is null) = (longitude is null)", name="location_placed"),
    )

    code: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    time_zone: str = Field(sa_type=Text)
    latitude: float | None = Field(default=None, sa_type=Float)
    longitude: float | None = Field(default=None, sa_type=Float)
    capabilities: list[str] = Field(sa_type=ARRAY(Text))
    status: str = Field(sa_type=Text)
    version: int
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))


class Sku(SQLModel, table=True):
    """A stock-keeping unit: the thing sold and counted."""

    __tablename__ = "sku"
    __table_args__ = (CheckConstraint("status in ('active', 'blocked')", name="sku_status_known"),)

    code: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    tax_class: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    search_text: str = Field(sa_type=Text)
    version: int
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))


class SkuBarcode(SQLModel, table=True):
    """One of a SKU's barcodes, under the form by which any scan of it is found."""

    __tablename__ = "sku_barcode"
    __table_args__ = (
        CheckConstraint("kind in ('gtin', 'internal')", name="sku_barcode_kind_known"),
        ForeignKeyConstraint(["sku"], ["sku.code"], name="sku_barcode_sku_fkey"),
        Index("sku_barcode_sku_idx", "sku"),
    )

    normalized: str = Field(primary_key=True, sa_type=Text)
    sku: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    printed: str = Field(sa_type=Text)
