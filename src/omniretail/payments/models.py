"""The tables of payment accounts and their entries, payments, and what is asked of providers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel, Text


class PaymentAccount(SQLModel, table=True):
    """A gift card or a store credit. Of a gift card's code only a hash is kept."""

    __tablename__ = "payment_account"
    __table_args__ = (
        CheckConstraint("kind in ('gift_card', 'store_credit')", name="payment_account_kind_known"),
        CheckConstraint(
            "(kind = 'gift_card') = (code_hash is not null)"
            " and (code_hash is null) = (last4 is null)",
            name="payment_account_gift_card_has_code",
        ),
        CheckConstraint("status in ('active', 'blocked')", name="payment_account_status_known"),
        CheckConstraint("balance_minor >= 0", name="payment_account_balance_not_negative"),
        CheckConstraint(
            "held_minor between 0 and balance_minor", name="payment_account_held_within_balance"
        ),
        Index(
            "payment_account_person_idx", "customer", postgresql_where=text("customer is not null")
        ),
        {"postgresql_with": {"fillfactor": 50}},
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    code_hash: bytes | None = Field(default=None, sa_type=LargeBinary, unique=True)
    last4: str | None = Field(default=None, sa_type=Text)
    customer: str | None = Field(default=None, sa_type=Text)
    currency: str = Field(sa_type=Text)
    balance_minor: int = Field(sa_type=BigInteger)
    held_minor: int = Field(sa_type=BigInteger)
    status: str = Field(sa_type=Text)
    expires_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    version: int


class AccountEntry(SQLModel, table=True):
    """One change of an account; its sequence is the account's version after it. Only ever added."""

    __tablename__ = "account_entry"
    __table_args__ = (
        CheckConstraint(
            "case type"
            " when 'issued' then balance_change_minor >= 0 and held_change_minor = 0"
            " when 'held' then balance_change_minor = 0 and held_change_minor > 0"
            " when 'committed'"
            " then balance_change_minor < 0 and held_change_minor = balance_change_minor"
            " when 'voided' then balance_change_minor = 0 and held_change_minor < 0"
            " when 'refunded' then balance_change_minor > 0 and held_change_minor = 0"
            " when 'adjusted' then balance_change_minor <> 0 and held_change_minor = 0"
            " when 'blocked' then balance_change_minor = 0 and held_change_minor = 0"
            " when 'unblocked' then balance_change_minor = 0 and held_change_minor = 0"
            " else false end",
            name="account_entry_changes_of_type",
        ),
        CheckConstraint(
            "(order_id is null) = (tender_number is null)"
            " and (order_id is not null or type not in ('held', 'committed', 'voided'))"
            " and (coalesce(order_id, return_id, claim_id) is not null or type <> 'refunded')",
            name="account_entry_names_tender",
        ),
        CheckConstraint(
            "return_id is null or (order_id is null and type in ('issued', 'refunded'))",
            name="account_entry_names_return",
        ),
        CheckConstraint(
            "claim_id is null or (order_id is null and return_id is null"
            " and type in ('issued', 'refunded'))",
            name="account_entry_names_claim",
        ),
        CheckConstraint(
            "reason is not null or type not in ('adjusted', 'blocked', 'unblocked')",
            name="account_entry_explained",
        ),
    )

    account_id: UUID = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    type: str = Field(sa_type=Text)
    balance_change_minor: int = Field(sa_type=BigInteger)
    held_change_minor: int = Field(sa_type=BigInteger)
    order_id: UUID | None = None
    tender_number: int | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    occurred_at: datetime = Field(sa_type=DateTime(timezone=True))
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
    actor_id: UUID
    idempotency_key: str | None = Field(default=None, sa_type=Text)
    return_id: UUID | None = None
    claim_id: UUID | None = None


class Payment(SQLModel, table=True):
    """A payment by card or wallet: pending, authorized or declined, then used or voided."""

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("principal_id", "idempotency_key", name="payment_idempotency_key_key"),
        CheckConstraint("type in ('card', 'ewallet')", name="payment_type_known"),
        CheckConstraint(
            "state in ('pending', 'authorized', 'declined', 'voided', 'used')",
            name="payment_state_known",
        ),
        CheckConstraint("amount_minor > 0", name="payment_amount_positive"),
        CheckConstraint(
            "(state = 'pending') = (leased_until is not null)", name="payment_pending_leased"
        ),
        CheckConstraint(
            "(state in ('pending', 'declined')) = (provider_reference is null)",
            name="payment_authorized_referenced",
        ),
        CheckConstraint(
            "state <> 'declined' or decline_code is not null", name="payment_declined_explained"
        ),
        CheckConstraint(
            "(state = 'used') = (order_id is not null)"
            " and (order_id is null) = (tender_number is null)",
            name="payment_used_by_tender",
        ),
        Index("payment_pending_idx", "leased_until", postgresql_where=text("state = 'pending'")),
        Index("payment_unused_idx", "expires_at", postgresql_where=text("state = 'authorized'")),
        Index("payment_cart_idx", "cart_id", postgresql_where=text("state = 'authorized'")),
        Index("payment_order_idx", "order_id", postgresql_where=text("order_id is not null")),
    )

    id: UUID = Field(primary_key=True)
    channel: str = Field(sa_type=Text)
    principal_id: UUID
    cart_id: UUID | None = None
    type: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(sa_type=Text)
    method: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    provider: str = Field(sa_type=Text)
    provider_reference: str | None = Field(default=None, sa_type=Text)
    decline_code: str | None = Field(default=None, sa_type=Text)
    order_id: UUID | None = None
    tender_number: int | None = None
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    expires_at: datetime = Field(sa_type=DateTime(timezone=True))
    leased_until: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    attempts: int
    idempotency_key: str = Field(sa_type=Text)
    request_hash: bytes = Field(sa_type=LargeBinary)
    card_token: str | None = Field(default=None, sa_type=Text)


class PaymentOperation(SQLModel, table=True):
    """What a provider has to do about a payment, did, or declined."""

    __tablename__ = "payment_operation"
    __table_args__ = (
        CheckConstraint(
            "kind in ('capture', 'void', 'refund')", name="payment_operation_kind_known"
        ),
        CheckConstraint("state in ('due', 'done', 'failed')", name="payment_operation_state_known"),
        CheckConstraint("amount_minor > 0", name="payment_operation_amount_positive"),
        CheckConstraint(
            "(order_id is null) = (tender_number is null)", name="payment_operation_names_tender"
        ),
        CheckConstraint(
            "(state = 'due') = (done_at is null)"
            " and (state = 'failed') = (failure is not null)"
            " and (state = 'done') = (provider_reference is not null)",
            name="payment_operation_ended",
        ),
        CheckConstraint(
            "told_at is null or state = 'failed'", name="payment_operation_told_of_failure"
        ),
        Index("payment_operation_due_idx", "due_at", postgresql_where=text("state = 'due'")),
        Index("payment_operation_payment_idx", "payment_id", "id"),
        Index(
            "payment_operation_order_idx",
            "order_id",
            postgresql_where=text("order_id is not null"),
        ),
        Index(
            "payment_operation_untold_idx",
            "id",
            postgresql_where=text("state = 'failed' and told_at is null and order_id is not null"),
        ),
    )

    id: UUID = Field(primary_key=True)
    payment_id: UUID
    order_id: UUID | None = None
    tender_number: int | None = None
    kind: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    state: str = Field(sa_type=Text)
    attempts: int
    due_at: datetime = Field(sa_type=DateTime(timezone=True))
    leased_until: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    provider_reference: str | None = Field(default=None, sa_type=Text)
    failure: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    done_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    told_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class SandboxCharge(SQLModel, table=True):
    """What the sandbox, a provider for trials, did or declined. It is no part of the books."""

    __tablename__ = "sandbox_charge"
    __table_args__ = (
        CheckConstraint(
            "kind in ('authorization', 'capture', 'void', 'refund')",
            name="sandbox_charge_kind_known",
        ),
        Index("sandbox_charge_payment_idx", "payment_id"),
    )

    id: UUID = Field(primary_key=True)
    payment_id: UUID
    kind: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(sa_type=Text)
    method: str = Field(sa_type=Text)
    decline_code: str | None = Field(default=None, sa_type=Text)
    asked: int
