"""The tables of the ledger: levels, the fast balances, and movements, their proof."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel, Text


class StockLevel(SQLModel, table=True):
    """What stands at one location of one SKU; always the sum of its movements."""

    __tablename__ = "stock_level"
    __table_args__ = (
        CheckConstraint("on_hand >= 0", name="stock_level_on_hand_not_negative"),
        CheckConstraint("allocated >= 0", name="stock_level_allocated_not_negative"),
        ForeignKeyConstraint(["sku"], ["sku.code"], name="stock_level_sku_fkey"),
        ForeignKeyConstraint(["location"], ["location.code"], name="stock_level_location_fkey"),
    )

    sku: str = Field(primary_key=True, sa_type=Text)
    location: str = Field(primary_key=True, sa_type=Text)
    on_hand: int
    allocated: int


class StockMovement(SQLModel, table=True):
    """One immutable row of the ledger, from one account to another; partitioned by month.

    An account is a state at a location (`available`, `allocated`) or one outside all locations
    (`supplier`, `customer`, `shrinkage`).
    """

    __tablename__ = "stock_movement"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="stock_movement_quantity_positive"),
        CheckConstraint(
            "(from_state, to_state) in ("
            "('supplier', 'available'), ('available', 'customer'), ('shrinkage', 'available'), "
            "('available', 'shrinkage'), ('available', 'allocated'), ('allocated', 'available'), "
            "('allocated', 'customer'))",
            name="stock_movement_states_known",
        ),
        Index("stock_movement_sku_idx", "sku", "id"),
        Index("stock_movement_document_idx", "document_id"),
        {"postgresql_partition_by": "RANGE (recorded_at)"},
    )

    id: UUID = Field(primary_key=True)
    recorded_at: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    occurred_at: datetime = Field(sa_type=DateTime(timezone=True))
    type: str = Field(sa_type=Text)
    sku: str = Field(sa_type=Text)
    location: str = Field(sa_type=Text)
    from_state: str = Field(sa_type=Text)
    to_state: str = Field(sa_type=Text)
    quantity: int
    reason: str | None = Field(default=None, sa_type=Text)
    document_type: str = Field(sa_type=Text)
    document_id: UUID
    actor_id: UUID
    channel: str | None = Field(default=None, sa_type=Text)
    idempotency_key: str = Field(sa_type=Text)
