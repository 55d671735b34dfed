"""The tables of SKUs, barcodes, locations and their groups. Their keys are the retailer's own codes."""

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, CheckConstraint, DateTime, Float, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
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
        CheckConstraint("safety_stock >= 0", name="location_safety_stock_not_negative"),
    )

    code: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    time_zone: str = Field(sa_type=Text)
    latitude: float | None = Field(default=None, sa_type=Float)
    longitude: float | None = Field(default=None, sa_type=Float)
    capabilities: list[str] = Field(sa_type=ARRAY(Text))
    status: str = Field(sa_type=Text)
    safety_stock: int = Field(sa_column_kwargs={"server_default": "0"})
    version: int
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))
    region: str | None = Field(default=None, sa_type=Text)


class LocationGroup(SQLModel, table=True):
    """Locations that are named together."""

    __tablename__ = "location_group"

    code: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    version: int
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))


class LocationGroupMember(SQLModel, table=True):
    """One location of a group; a location may be in several."""

    __tablename__ = "location_group_member"
    __table_args__ = (
        ForeignKeyConstraint(
            ["location_group"], ["location_group.code"], name="location_group_member_group_fkey"
        ),
        ForeignKeyConstraint(
            ["location"], ["location.code"], name="location_group_member_location_fkey"
        ),
    )

    location_group: str = Field(primary_key=True, sa_type=Text)
    location: str = Field(primary_key=True, sa_type=Text)


class Sku(SQLModel, table=True):
    """A stock-keeping unit: the thing sold and counted."""

    __tablename__ = "sku"
    __table_args__ = (
        CheckConstraint("status in ('active', 'blocked')", name="sku_status_known"),
        CheckConstraint("tracking in ('lot', 'serial')", name="sku_tracking_known"),
        CheckConstraint("components is null or tracking is null", name="sku_kit_untracked"),
        Index("sku_kit_idx", "code", postgresql_where=text("components is not null")),
    )

    code: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    tax_class: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    search_text: str = Field(sa_type=Text)
    tracking: str | None = Field(default=None, sa_type=Text)
    components: dict[str, int] | None = Field(default=None, sa_type=JSONB)
    ordering: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    version: int
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))
    categories: list[str] = Field(
        sa_type=ARRAY(Text), sa_column_kwargs={"server_default": text("'{}'::text[]")}
    )


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
