"""The table of the loyalty programme's versions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

_Moment = DateTime(timezone=True)


class LoyaltyProgramme(SQLModel, table=True):
    """A version of the programme, in force until the next one is; none is ever changed."""

    __tablename__ = "loyalty_programme"

    id: UUID = Field(primary_key=True)
    effective_from: datetime = Field(sa_type=_Moment, unique=True)
    spec: dict[str, Any] = Field(sa_type=JSONB)
    created_at: datetime = Field(sa_type=_Moment)
    created_by: UUID
