"""The tables of customers: profiles, by what each is known, consents, and notes of staff."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Column, DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel, Text

_Moment = DateTime(timezone=True)


class Customer(SQLModel, table=True):
    """A person, in all channels. `version` counts its events."""

    __tablename__ = "customer"
    __table_args__ = (
        CheckConstraint("status in ('active', 'merged', 'erased')", name="customer_status_known"),
        CheckConstraint(
            "(status = 'merged') = (merged_into is not null)", name="customer_target_of_merged"
        ),
        CheckConstraint("merged_into <> id", name="customer_merged_into_another"),
        CheckConstraint(
            "status <> 'erased' or (given_name is null and family_name is null"
            " and family_name_key is null and birth_date is null and locale is null"
            " and addresses = '[]'::jsonb)",
            name="customer_erased_is_empty",
        ),
        Index(
            "customer_family_name_idx",
            "family_name_key",
            "id",
            postgresql_where=text("status = 'active'"),
        ),
        Index(
            "customer_merged_into_idx",
            "merged_into",
            postgresql_where=text("merged_into is not null"),
        ),
    )

    id: UUID = Field(primary_key=True)
    version: int
    status: str = Field(sa_type=Text)
    merged_into: UUID | None = None
    given_name: str | None = Field(default=None, sa_type=Text)
    family_name: str | None = Field(default=None, sa_type=Text)
    family_name_key: str | None = Field(default=None, sa_column=Column(Text(collation="C")))
    birth_date: date | None = None
    locale: str | None = Field(default=None, sa_type=Text)
    customer_groups: list[str] = Field(sa_type=ARRAY(Text))
    addresses: list[dict[str, Any]] = Field(sa_type=JSONB)
    created_at: datetime = Field(sa_type=_Moment)
    updated_at: datetime = Field(sa_type=_Moment)
    created_by: UUID
    channel: str | None = Field(default=None, sa_type=Text)


class CustomerIdentity(SQLModel, table=True):
    """By what a customer is known, in the form under which it is found. `issuer` is an app's, or empty."""

    __tablename__ = "customer_identity"
    __table_args__ = (
        CheckConstraint(
            "kind in ('email', 'phone', 'loyalty_card', 'app', 'external_id')",
            name="customer_identity_kind_known",
        ),
        CheckConstraint("(kind = 'app') = (issuer <> '')", name="customer_identity_issuer_of_app"),
        CheckConstraint("value <> ''", name="customer_identity_value_not_empty"),
        Index("customer_identity_customer_idx", "customer_id", "kind", "issuer", "value"),
        Index(
            "customer_identity_reference_key",
            "value",
            unique=True,
            postgresql_where=text("kind in ('external_id', 'loyalty_card')"),
        ),
    )

    kind: str = Field(primary_key=True, sa_type=Text)
    issuer: str = Field(primary_key=True, sa_type=Text)
    value: str = Field(primary_key=True, sa_type=Text)
    customer_id: UUID
    added_at: datetime = Field(sa_type=_Moment)
    added_by: UUID


class CustomerConsent(SQLModel, table=True):
    """What a customer decided about one purpose, once; the latest decision counts."""

    __tablename__ = "customer_consent"
    __table_args__ = (
        Index(
            "customer_consent_current_idx",
            "customer_id",
            "purpose",
            text("decided_at desc"),
            text("id desc"),
        ),
        Index("customer_consent_customer_idx", "customer_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    customer_id: UUID
    purpose: str = Field(sa_type=Text)
    granted: bool
    decided_at: datetime = Field(sa_type=_Moment)
    channel: str | None = Field(default=None, sa_type=Text)
    actor_id: UUID
    source: str | None = Field(default=None, sa_type=Text)
    recorded_at: datetime = Field(sa_type=_Moment)


class CustomerNote(SQLModel, table=True):
    """What somebody noted about a customer."""

    __tablename__ = "customer_note"
    __table_args__ = (
        CheckConstraint("text <> ''", name="customer_note_text_not_empty"),
        Index("customer_note_customer_idx", "customer_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    customer_id: UUID
    text: str = Field(sa_type=Text)
    noted_at: datetime = Field(sa_type=_Moment)
    actor_id: UUID
    channel: str | None = Field(default=None, sa_type=Text)
