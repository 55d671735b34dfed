"""The event table, partitioned by the month of recording."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel, Text


class Event(SQLModel, table=True):
    """One thing that happened to one document; never changed, never deleted one by one."""

    __tablename__ = "event"
    __table_args__ = (
        Index("event_document_idx", "document_id", "sequence"),
        {"postgresql_partition_by": "RANGE (recorded_at)"},
    )

    id: UUID = Field(primary_key=True)
    recorded_at: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    occurred_at: datetime = Field(sa_type=DateTime(timezone=True))
    document_type: str = Field(sa_type=Text)
    document_id: UUID
    sequence: int
    type: str = Field(sa_type=Text)
    actor_id: UUID
    channel: str | None = Field(default=None, sa_type=Text)
    data: dict[str, Any] = Field(sa_type=JSONB)
