"""The tables of the ledger, and of what leads to movements or promises."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, DateTime, ForeignKeyConstraint, Index, text
from sqlmodel import Field, SQLModel, Text

_Moment = DateTime(timezone=True)
_NAMED: Any = {"postgresql_using": "gin", "postgresql_where": text("serials is not null")}


def _code(table: str, column: str, of: str = "") -> ForeignKeyConstraint:
    """Return the foreign key of a column that holds the code of another table, or of its namesake."""
    return ForeignKeyConstraint([column], [f"{of or column}.code"], name=f"{table}_{column}_fkey")


class ChannelStockPolicy(SQLModel, table=True):
    """What a channel may promise: the stock of its pool of locations, less a threshold per SKU."""

    __tablename__ = "channel_stock_policy"
    __table_args__ = (
        CheckConstraint("threshold >= 0", name="channel_stock_policy_threshold_not_negative"),
        _code("channel_stock_policy", "channel"),
        _code("channel_stock_policy", "pool", "location_group"),
    )

    channel: str = Field(primary_key=True, sa_type=Text)
    pool: str | None = Field(default=None, sa_type=Text)
    threshold: int
    updated_at: datetime = Field(sa_type=_Moment)


class ChannelSkuThreshold(SQLModel, table=True):
    """The threshold of one SKU in one channel, in place of the channel's own."""

    __tablename__ = "channel_sku_threshold"
    __table_args__ = (
        CheckConstraint("threshold >= 0", name="channel_sku_threshold_not_negative"),
        ForeignKeyConstraint(
            ["channel"],
            ["channel_stock_policy.channel"],
            name="channel_sku_threshold_channel_fkey",
        ),
        _code("channel_sku_threshold", "sku"),
    )

    channel: str = Field(primary_key=True, sa_type=Text)
    sku: str = Field(primary_key=True, sa_type=Text)
    threshold: int


class StockLevel(SQLModel, table=True):
    """What stands at one location of one SKU; always the sum of its movements."""

    __tablename__ = "stock_level"
    __table_args__ = (
        CheckConstraint(
            "on_hand >= 0 or shortage_id is not null", name="stock_level_on_hand_not_negative"
        ),
        CheckConstraint("allocated >= 0", name="stock_level_allocated_not_negative"),
        CheckConstraint("held >= 0", name="stock_level_held_not_negative"),
        CheckConstraint(
            "damaged >= 0 and quality_control >= 0 "
            "and (damaged + quality_control <= on_hand or shortage_id is not null)",
            name="stock_level_set_aside_on_hand",
        ),
        CheckConstraint("safety_stock >= 0", name="stock_level_safety_stock_not_negative"),
        CheckConstraint("suspected >= 0", name="stock_level_suspected_not_negative"),
        _code("stock_level", "sku"),
        _code("stock_level", "location"),
        Index("stock_level_location_idx", "location", "sku"),
    )

    sku: str = Field(primary_key=True, sa_type=Text)
    location: str = Field(primary_key=True, sa_type=Text)
    on_hand: int
    allocated: int
    held: int = Field(sa_column_kwargs={"server_default": "0"})
    damaged: int = Field(sa_column_kwargs={"server_default": "0"})
    quality_control: int = Field(sa_column_kwargs={"server_default": "0"})
    safety_stock: int | None = None
    suspected: int = Field(sa_column_kwargs={"server_default": "0"})
    moved_at: datetime | None = Field(default=None, sa_type=_Moment)
    counted_at: datetime | None = Field(default=None, sa_type=_Moment)
    shortage_id: UUID | None = None


class StockMovement(SQLModel, table=True):
    """One immutable row of the ledger, from one account to another; partitioned by month.

    An account is a state at a location (`available`, `allocated`, `damaged`, `quality_control`) or
    one outside all locations (`supplier`, `customer`, `shrinkage`, `in_transit`).
    """

    __tablename__ = "stock_movement"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="stock_movement_quantity_positive"),
        CheckConstraint(
            "(from_state, to_state) in ("
            "('supplier', 'available'), ('available', 'customer'), ('shrinkage', 'available'), "
            "('available', 'shrinkage'), ('available', 'allocated'), ('allocated', 'available'), "
            "('allocated', 'customer'), ('customer', 'available'), ('customer', 'damaged'), "
            "('customer', 'quality_control'), ('available', 'damaged'), ('damaged', 'available'), "
            "('available', 'quality_control'), ('quality_control', 'available'), "
            "('damaged', 'quality_control'), ('quality_control', 'damaged'), "
            "('damaged', 'shrinkage'), ('quality_control', 'shrinkage'), "
            "('available', 'in_transit'), ('in_transit', 'available'), "
            "('in_transit', 'shrinkage'), ('allocated', 'in_transit'), ('in_transit', 'allocated'), "
            "('customer', 'shrinkage'), ('shrinkage', 'damaged'), ('shrinkage', 'quality_control'))",
            name="stock_movement_states_known",
        ),
        Index("stock_movement_sku_idx", "sku", "id"),
        Index("stock_movement_document_idx", "document_id"),
        Index(
            "stock_movement_corrects_idx", "corrects", postgresql_where=text("corrects is not null")
        ),
        Index("stock_movement_serials_idx", "serials", **_NAMED),
        {"postgresql_partition_by": "RANGE (recorded_at)"},
    )

    id: UUID = Field(primary_key=True)
    recorded_at: datetime = Field(primary_key=True, sa_type=_Moment)
    occurred_at: datetime = Field(sa_type=_Moment)
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
    kit: str | None = Field(default=None, sa_type=Text)
    lot: str | None = Field(default=None, sa_type=Text)
    serials: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    corrects: UUID | None = None
    shortage_id: UUID | None = None


class StockReason(SQLModel, table=True):
    """Why goods were received, adjusted or set aside, out of the retailer's own list."""

    __tablename__ = "stock_reason"
    __table_args__ = (
        CheckConstraint(
            "direction in ('in', 'out', 'either')", name="stock_reason_direction_known"
        ),
        CheckConstraint("status in ('active', 'retired')", name="stock_reason_status_known"),
    )

    code: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    direction: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    updated_at: datetime = Field(sa_type=_Moment)


class StockCount(SQLModel, table=True):
    """How many somebody counted at a moment, and by how many the books were wrong then."""

    __tablename__ = "stock_count"
    __table_args__ = (
        CheckConstraint("quantity >= 0", name="stock_count_quantity_not_negative"),
        Index("stock_count_place_idx", "sku", "location", "occurred_at"),
        Index("stock_count_document_idx", "document_id"),
    )

    id: UUID = Field(primary_key=True)
    recorded_at: datetime = Field(sa_type=_Moment)
    occurred_at: datetime = Field(sa_type=_Moment)
    sku: str = Field(sa_type=Text)
    location: str = Field(sa_type=Text)
    lot: str | None = Field(default=None, sa_type=Text)
    quantity: int
    variance: int
    document_id: UUID
    actor_id: UUID


class StockLot(SQLModel, table=True):
    """What stands at one location of one lot of a SKU."""

    __tablename__ = "stock_lot"
    __table_args__ = (
        CheckConstraint(
            "damaged >= 0 and quality_control >= 0 and damaged + quality_control <= on_hand",
            name="stock_lot_set_aside_on_hand",
        ),
        ForeignKeyConstraint(
            ["sku", "location"],
            ["stock_level.sku", "stock_level.location"],
            name="stock_lot_level_fkey",
        ),
        Index("stock_lot_there_idx", "sku", "location", postgresql_where=text("on_hand > 0")),
    )

    sku: str = Field(primary_key=True, sa_type=Text)
    location: str = Field(primary_key=True, sa_type=Text)
    lot: str = Field(primary_key=True, sa_type=Text)
    expires_on: date | None = None
    on_hand: int
    damaged: int
    quality_control: int


class StockSerial(SQLModel, table=True):
    """One unit of a SKU, known by its serial number, and where it is."""

    __tablename__ = "stock_serial"
    __table_args__ = (
        CheckConstraint("state in ('on_hand', 'gone')", name="stock_serial_state_known"),
        CheckConstraint("(state = 'on_hand') = (location is not null)", name="stock_serial_placed"),
        _code("stock_serial", "sku"),
    )

    sku: str = Field(primary_key=True, sa_type=Text)
    serial: str = Field(primary_key=True, sa_type=Text)
    state: str = Field(sa_type=Text)
    location: str | None = Field(default=None, sa_type=Text)


class Hold(SQLModel, table=True):
    """Goods promised to a basket until a time; it ends as an order, released, or by its time."""

    __tablename__ = "hold"
    __table_args__ = (
        CheckConstraint("released_at is null or order_id is null", name="hold_resolved_once"),
    )

    id: UUID = Field(primary_key=True)
    principal_id: UUID
    channel: str | None = Field(default=None, sa_type=Text)
    reference: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=_Moment)
    expires_at: datetime = Field(sa_type=_Moment)
    released_at: datetime | None = Field(default=None, sa_type=_Moment)
    order_id: UUID | None = None


class HoldLine(SQLModel, table=True):
    """So many of a SKU held at a location, as themselves or for a kit; open until closed or expired."""

    __tablename__ = "hold_line"
    __table_args__ = (
        CheckConstraint("per_unit > 0", name="hold_line_per_unit_positive"),
        CheckConstraint(
            "requested > 0 and quantity >= 0 and quantity <= requested::bigint * per_unit",
            name="hold_line_within_requested",
        ),
        Index(
            "hold_line_open_idx",
            *("sku", "location", "expires_at"),
            postgresql_where=text("closed_at is null and quantity > 0"),
        ),
    )

    hold_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    sku: str = Field(primary_key=True, sa_type=Text)
    location: str = Field(sa_type=Text)
    kit: str | None = Field(default=None, sa_type=Text)
    per_unit: int
    requested: int
    quantity: int
    created_at: datetime = Field(sa_type=_Moment)
    expires_at: datetime = Field(sa_type=_Moment)
    closed_at: datetime | None = Field(default=None, sa_type=_Moment)


class Transfer(SQLModel, table=True):
    """Goods that go from one location to another."""

    __tablename__ = "transfer"
    __table_args__ = (
        CheckConstraint(
            "state in ('draft', 'shipped', 'partially_received', 'received', 'cancelled')",
            name="transfer_state_known",
        ),
        CheckConstraint("source <> destination", name="transfer_between_two"),
        _code("transfer", "source", "location"),
        _code("transfer", "destination", "location"),
        Index("transfer_source_idx", "source", "id"),
        Index("transfer_destination_idx", "destination", "id"),
    )

    id: UUID = Field(primary_key=True)
    number: str = Field(sa_type=Text, unique=True)
    source: str = Field(sa_type=Text)
    destination: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    note: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=_Moment)
    created_by: UUID
    expected_at: datetime | None = Field(default=None, sa_type=_Moment)
    shipped_at: datetime | None = Field(default=None, sa_type=_Moment)
    closed_at: datetime | None = Field(default=None, sa_type=_Moment)
    version: int


class TransferLine(SQLModel, table=True):
    """So many of a SKU in a transfer, and what became of them; what is left is in transit."""

    __tablename__ = "transfer_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="transfer_line_quantity_positive"),
        CheckConstraint(
            "shipped >= 0 and received >= 0 and returned >= 0 and found >= 0 and lost >= 0 "
            "and received + returned + found + lost <= shipped",
            name="transfer_line_within_shipped",
        ),
        _code("transfer_line", "sku"),
        Index(
            "transfer_line_inbound_idx",
            *("sku", "destination"),
            postgresql_where=text("shipped > received + returned + found + lost"),
        ),
    )

    transfer_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    sku: str = Field(sa_type=Text)
    destination: str = Field(sa_type=Text)
    quantity: int
    shipped: int
    received: int
    returned: int
    found: int
    lost: int
    unit_cost: Decimal | None = None
    cost_currency: str | None = Field(default=None, sa_type=Text)


class TransferDiscrepancy(SQLModel, table=True):
    """A line of a transfer of which more or fewer arrived than left, until somebody explains it."""

    __tablename__ = "transfer_discrepancy"
    __table_args__ = (
        CheckConstraint("kind in ('over', 'under')", name="transfer_discrepancy_kind_known"),
        CheckConstraint(
            "resolution in ('found', 'lost')", name="transfer_discrepancy_resolution_known"
        ),
        CheckConstraint("quantity > 0", name="transfer_discrepancy_quantity_positive"),
        CheckConstraint(
            "(resolution is null) = (closed_at is null) "
            "and (closed_at is null) = (closed_by is null)",
            name="transfer_discrepancy_closed_whole",
        ),
    )

    transfer_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    line_number: int
    kind: str = Field(sa_type=Text)
    quantity: int
    opened_at: datetime = Field(sa_type=_Moment)
    opened_by: UUID
    resolution: str | None = Field(default=None, sa_type=Text)
    note: str | None = Field(default=None, sa_type=Text)
    closed_at: datetime | None = Field(default=None, sa_type=_Moment)
    closed_by: UUID | None = None


class ExpectedReceipt(SQLModel, table=True):
    """Goods that a supplier has announced for a time."""

    __tablename__ = "expected_receipt"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="expected_receipt_quantity_positive"),
        CheckConstraint("received >= 0", name="expected_receipt_received_not_negative"),
        _code("expected_receipt", "sku"),
        _code("expected_receipt", "location"),
        Index(
            "expected_receipt_open_idx",
            *("sku", "location"),
            postgresql_where=text("cancelled_at is null and received < quantity"),
        ),
    )

    id: UUID = Field(primary_key=True)
    sku: str = Field(sa_type=Text)
    location: str = Field(sa_type=Text)
    quantity: int
    received: int
    expected_at: datetime = Field(sa_type=_Moment)
    reference: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=_Moment)
    created_by: UUID
    cancelled_at: datetime | None = Field(default=None, sa_type=_Moment)


class StockCost(SQLModel, table=True):
    """What a receipt cost per unit, and the moving average of its place after it, in minor units."""

    __tablename__ = "stock_cost"
    __table_args__ = (
        CheckConstraint("unit_cost >= 0 and average >= 0", name="stock_cost_not_negative"),
        Index("stock_cost_place_idx", "sku", "location", "movement_id"),
    )

    movement_id: UUID = Field(primary_key=True)
    sku: str = Field(sa_type=Text)
    location: str = Field(sa_type=Text)
    recorded_at: datetime = Field(sa_type=_Moment)
    quantity: int
    unit_cost: Decimal
    currency: str = Field(sa_type=Text)
    on_hand_before: int
    average: Decimal


class CountTask(SQLModel, table=True):
    """The task to count some SKUs of a location."""

    __tablename__ = "count_task"
    __table_args__ = (
        CheckConstraint("review_threshold >= 0", name="count_task_review_threshold_not_negative"),
        CheckConstraint(
            "(document_type is null) = (document_id is null)", name="count_task_document_whole"
        ),
        _code("count_task", "location"),
        Index("count_task_location_idx", "location", "id"),
    )

    id: UUID = Field(primary_key=True)
    location: str = Field(sa_type=Text)
    assigned_to: str | None = Field(default=None, sa_type=Text)
    review_threshold: int | None = None
    note: str | None = Field(default=None, sa_type=Text)
    due_at: datetime | None = Field(default=None, sa_type=_Moment)
    created_at: datetime = Field(sa_type=_Moment)
    created_by: UUID
    closed_at: datetime | None = Field(default=None, sa_type=_Moment)
    closed_by: UUID | None = None
    version: int
    document_type: str | None = Field(default=None, sa_type=Text)
    document_id: UUID | None = None


class CountTaskLine(SQLModel, table=True):
    """One SKU of a counting task, what was counted of it, and who reviewed that."""

    __tablename__ = "count_task_line"
    __table_args__ = (
        CheckConstraint(
            "state in ('assigned', 'pending_review', 'counted')", name="count_task_line_state_known"
        ),
        CheckConstraint(
            "(state = 'assigned') = (quantity is null) "
            "and (quantity is null) = (occurred_at is null)",
            name="count_task_line_counted_whole",
        ),
        _code("count_task_line", "sku"),
        Index("count_task_line_open_idx", "sku", postgresql_where=text("state <> 'counted'")),
    )

    task_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    sku: str = Field(sa_type=Text)
    lot: str | None = Field(default=None, sa_type=Text)
    state: str = Field(sa_type=Text)
    quantity: int | None = None
    variance: int | None = None
    occurred_at: datetime | None = Field(default=None, sa_type=_Moment)
    counted_by: UUID | None = None
    reviewed_by: UUID | None = None
    count_id: UUID | None = None


class Shortage(SQLModel, table=True):
    """A place that owes more than it has, until somebody closes the case."""

    __tablename__ = "shortage"
    __table_args__ = (
        CheckConstraint("missing > 0", name="shortage_missing_positive"),
        CheckConstraint("(closed_at is null) = (closed_by is null)", name="shortage_closed_whole"),
        Index(
            "shortage_open_key",
            *("sku", "location"),
            unique=True,
            postgresql_where=text("closed_at is null"),
        ),
        Index("shortage_location_idx", "location", "id"),
    )

    id: UUID = Field(primary_key=True)
    sku: str = Field(sa_type=Text)
    location: str = Field(sa_type=Text)
    missing: int
    opened_at: datetime = Field(sa_type=_Moment)
    document_type: str = Field(sa_type=Text)
    document_id: UUID
    note: str | None = Field(default=None, sa_type=Text)
    closed_at: datetime | None = Field(default=None, sa_type=_Moment)
    closed_by: UUID | None = None
