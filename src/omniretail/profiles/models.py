"""The tables of profiles: merges of customers with their trails, and segments."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel, Text

_Moment = DateTime(timezone=True)


class CustomerMerge(SQLModel, table=True):
    """One customer that became part of another, until that is undone."""

    __tablename__ = "customer_merge"
    __table_args__ = (
        CheckConstraint("source_id <> target_id", name="customer_merge_of_two"),
        CheckConstraint(
            "(undone_at is null) = (undone_by is null)", name="customer_merge_undone_by_somebody"
        ),
        Index("customer_merge_source_idx", "source_id", "id"),
        Index("customer_merge_target_idx", "target_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    source_id: UUID
    target_id: UUID
    reason: str | None = Field(default=None, sa_type=Text)
    merged_at: datetime = Field(sa_type=_Moment)
    merged_by: UUID
    undone_at: datetime | None = Field(default=None, sa_type=_Moment)
    undone_by: UUID | None = None


class CustomerMergeItem(SQLModel, table=True):
    """One thing that a merge moved: `key` says which, `was` how it named its customer before."""

    __tablename__ = "customer_merge_item"
    __table_args__ = (
        CheckConstraint(
            "kind in ('identity', 'consent', 'note', 'customer', 'cart', 'order', 'return', 'claim',"
            " 'usage', 'credit', 'membership', 'points')",
            name="customer_merge_item_kind_known",
        ),
    )

    merge_id: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True, sa_type=Text)
    key: str = Field(primary_key=True, sa_type=Text)
    was: str | None = Field(default=None, sa_type=Text)


class Segment(SQLModel, table=True):
    """A rule by which customers belong together; who does is judged whenever somebody asks."""

    __tablename__ = "segment"

    code: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    rule: dict[str, Any] = Field(sa_type=JSONB)
    updated_at: datetime = Field(sa_type=_Moment)
