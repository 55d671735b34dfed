"""What providers still have to do for orders: captures, voids and refunds, each done exactly once.

An operation is written in the transaction that decides it, leased by a worker, asked for outside of
any transaction, and recorded. Its identity is the provider's: asked twice, it is done once.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from omniretail.db import Read, Rows, Transaction, Write, sql, write_columns
from omniretail.ids import new_id
from omniretail.payments.payment import LEASE, wait
from omniretail.payments.provider import (
    Change,
    Declined,
    Done,
    OperationKind,
    Provider,
    ProviderAnswer,
    ProviderUnavailable,
)

_REQUEST = sql("payments.request_operations")
_LEASE = sql("payments.lock_due_operations")
_RECORD = sql("payments.record_operation")
_OF_ORDERS = sql("payments.operations_of_orders")
_UNTOLD = sql("payments.lock_untold_failures")
_TELL = sql("payments.tell_failures")

OperationState = Literal["due", "done", "failed"]


class OperationWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider shall do about a payment, for a tender of an order where there is one."""

    payment_id: UUID
    kind: OperationKind
    amount_minor: int
    order_id: UUID | None = None
    tender_number: int | None = None


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider has to do, did, or declined; `failure` says why."""

    id: UUID
    payment_id: UUID
    order_id: UUID | None
    tender_number: int | None
    kind: OperationKind
    amount_minor: int
    state: OperationState
    attempts: int
    failure: str | None
    created_at: datetime
    done_at: datetime | None


class LeasedOperation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that one worker asks the provider for; `captured_minor` was captured before it."""

    id: UUID
    payment_id: UUID
    kind: OperationKind
    amount_minor: int
    currency: str
    reference: str
    authorized_minor: int
    captured_minor: int
    attempts: int


class FailedOperation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation of an order that a provider declined, in the provider's words.

    `taken_minor` is what was captured of its payment and not given back.
    """

    id: UUID
    order_id: UUID
    tender_number: int
    kind: OperationKind
    amount_minor: int
    failure: str
    done_at: datetime
    taken_minor: int = 0


def request_operations(wishes: Sequence[OperationWish], *, now: datetime) -> list[Write]:
    """Return the write that has operations done, each payment's in the order they are given.

    Whoever asks holds the lock of the payment or of its order, and has made sure that captures stay
    within what is authorized, and refunds within what is captured.
    """
    rows = [
        (
            new_id(),
            wish.payment_id,
            wish.order_id,
            wish.tender_number,
            wish.kind,
            wish.amount_minor,
        )
        for wish in wishes
    ]
    return write_columns(_REQUEST, rows, now)


async def lease_operations(
    tx: Transaction, *, provider: str, now: datetime, most: int
) -> list[LeasedOperation]:
    """Return up to `most` due operations of a provider, which nobody else asks for now.

    Of each payment only the first that is due: a refund waits for its capture. The lease must be
    committed before the provider is asked. Locks: those operations; what somebody else has locked is
    left to them.
    """
    rows = await tx.fetch(_LEASE, now, most, now + LEASE, provider)
    return [msgspec.convert(dict(row), LeasedOperation) for row in rows]


async def perform(provider: Provider, operation: LeasedOperation) -> ProviderAnswer | None:
    """Ask a provider for an operation; None where it gave no answer. No transaction is open."""
    left = operation.authorized_minor - operation.captured_minor
    change = Change(
        operation_id=operation.id,
        payment_id=operation.payment_id,
        reference=operation.reference,
        amount_minor=operation.amount_minor,
        currency=operation.currency,
        final=operation.kind == "capture" and operation.amount_minor >= left,
    )
    try:
        match operation.kind:
            case "capture":
                return await provider.capture(change)
            case "void":
                return await provider.void(change)
            case "refund":
                return await provider.refund(change)
    except ProviderUnavailable:
        return None


async def record_operation(
    tx: Transaction, operation: LeasedOperation, answer: ProviderAnswer | None, *, now: datetime
) -> bool:
    """Record what a provider answered; None makes it due again later. Tells whether it was news.

    What is recorded already stays as it is. Locks: the operation, as it writes it.
    """
    values: tuple[object, ...]
    match answer:
        case Done(reference=reference):
            values = ("done", reference, None, now, now)
        case Declined(code=code, message=message):
            values = ("failed", None, f"{code}: {message}", now, now)
        case None:
            values = ("due", None, None, None, now + wait(operation.attempts))
    return await tx.execute(_RECORD, operation.id, operation.attempts, *values) == 1


async def untold_failures(
    tx: Transaction, *, after: UUID | None, most: int
) -> list[FailedOperation]:
    """Return up to `most` declined operations that their orders were not told of, behind `after`.

    Locks: those operations, which nobody waits for; what somebody else has locked is left to them.
    """
    rows = await tx.fetch(_UNTOLD, after, most)
    return [msgspec.convert(dict(row), FailedOperation) for row in rows]


def write_told(operation_ids: Sequence[UUID], *, now: datetime) -> list[Write]:
    """Return the write that notes which declined operations their orders were told of."""
    return [Write(_TELL, (list(operation_ids), now))] if operation_ids else []


def operations_of_orders(order_ids: Collection[UUID]) -> Read[dict[UUID, list[Operation]]]:
    """Return the read of what providers have to do, did or declined for orders, first to last."""

    def meaning(rows: Rows) -> dict[UUID, list[Operation]]:
        found: dict[UUID, list[Operation]] = {}
        for operation in msgspec.convert(rows, list[Operation]):
            assert operation.order_id is not None, "it was found by its order"
            found.setdefault(operation.order_id, []).append(operation)
        return found

    return Read(_OF_ORDERS, (list(order_ids),), meaning)
