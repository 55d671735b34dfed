"""The tables of channels, API keys and the PINs of staff."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    LargeBinary,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel, Text


class Channel(SQLModel, table=True):
    """A place of sale: a kind of till, the web shop, the app. It sells in one currency."""

    __tablename__ = "channel"
    __table_args__ = (
        CheckConstraint(
            "kind in ('pos', 'web', 'mobile', 'marketplace')", name="channel_kind_known"
        ),
    )

    code: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))
    region: str | None = Field(default=None, sa_type=Text)


class ApiKey(SQLModel, table=True):
    """A credential. Only a hash of its secret is kept."""

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint(
            "kind in ('terminal', 'channel', 'staff', 'integration')", name="api_key_kind_known"
        ),
        CheckConstraint(
            "kind <> 'terminal' or (channel is not null and cardinality(locations) = 1)",
            name="api_key_terminal_bound",
        ),
        ForeignKeyConstraint(["channel"], ["channel.code"], name="api_key_channel_fkey"),
    )

    id: UUID = Field(primary_key=True)
    prefix: str = Field(sa_type=Text, unique=True)
    secret_hash: bytes = Field(sa_type=LargeBinary)
    kind: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    scopes: list[str] = Field(sa_type=ARRAY(Text))
    channel: str | None = Field(default=None, sa_type=Text)
    locations: list[str] = Field(sa_type=ARRAY(Text))
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    revoked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class StaffPin(SQLModel, table=True):
    """The PIN of a staff key, under the code that is typed with it. Only a slow hash is kept."""

    __tablename__ = "staff_pin"
    __table_args__ = (
        UniqueConstraint("api_key_id", name="staff_pin_api_key_id_key"),
        ForeignKeyConstraint(["api_key_id"], ["api_key.id"], name="staff_pin_api_key_id_fkey"),
        CheckConstraint("wrong_tries >= 0", name="staff_pin_wrong_tries_not_negative"),
        CheckConstraint("length(salt) = 16 and length(pin_hash) = 32", name="staff_pin_salted"),
    )

    code: str = Field(primary_key=True, sa_type=Text)
    api_key_id: UUID
    salt: bytes = Field(sa_type=LargeBinary)
    pin_hash: bytes = Field(sa_type=LargeBinary)
    wrong_tries: int
    locked_until: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))
