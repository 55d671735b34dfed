"""The table of keys that were used, each with the request's hash and its answer."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Index, LargeBinary
from sqlmodel import Field, SQLModel, Text


class IdempotencyKey(SQLModel, table=True):
    """One accepted write: who asked, under which key, for what, and what was answered."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("idempotency_key_recorded_at_idx", "recorded_at"),)

    principal_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True, sa_type=Text)
    request_hash: bytes = Field(sa_type=LargeBinary)
    answer: str = Field(sa_type=Text)
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
