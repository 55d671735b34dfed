"""Exceptions: what staff must look after, because no rule could; opened by its cause, closed by hand."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import channels, idempotency
from omniretail.db import Transaction, Write, sql, write_columns, write_documents
from omniretail.errors import DomainError, Missing, Refused
from omniretail.ids import new_id
from omniretail.orders import store
from omniretail.orders.order import Order

_OPEN = sql("orders.open_exceptions")
_LOCK = sql("orders.lock_exceptions")
_CLOSE = sql("orders.close_exceptions")
_LIST = sql("orders.exceptions")

ExceptionKind = Literal["not_sourced", "capture_failed", "refund_failed", "void_failed"]


class UnknownOrderException(Missing):
    """There is no such exception, or its order is not yours to see."""

    def __init__(self, exception: UUID) -> None:
        super().__init__(f"There is no exception {exception}.", exception=str(exception))


class OrderExceptionClosed(Refused):
    """Somebody has closed the exception already."""

    def __init__(self, exception: UUID) -> None:
        super().__init__("The exception is closed already.", exception=str(exception))


class NewException(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be looked after: of which order, and in `detail` all that staff need to know."""

    order_id: UUID
    kind: ExceptionKind
    detail: dict[str, Any]
    fulfillment_id: UUID | None = None
    id: UUID = msgspec.field(default_factory=new_id)


class OrderException(msgspec.Struct, frozen=True, kw_only=True):
    """An exception as it stands; who closed it says in `note` how it ended."""

    id: UUID
    order_id: UUID
    order_number: str
    kind: ExceptionKind
    detail: dict[str, Any]
    opened_at: datetime
    fulfillment_id: UUID | None = None
    closed_at: datetime | None = None
    closed_by: UUID | None = None
    note: str | None = None


class CloseException(msgspec.Struct, frozen=True, kw_only=True):
    """The command to close an exception; `note` says how it ended."""

    key: idempotency.Key
    principal: channels.Principal
    exception_id: UUID
    note: str


def open_exceptions(opened: Sequence[NewException], *, now: datetime) -> list[Write]:
    """Return the writes of new exceptions, whose orders are locked."""
    return write_documents(_OPEN, opened, now)


async def close_exceptions(
    tx: Transaction, commands: Sequence[CloseException], *, now: datetime
) -> list[idempotency.Answer[OrderException] | DomainError]:
    """Close exceptions; one outcome per command, in order. The orders stay as they are.

    Locks: keys, exceptions by id. Outcomes: the closed exception, UnknownOrderException,
    OrderExceptionClosed, KeyReused.
    """
    return await idempotency.once(
        tx, commands, partial(_close, tx, now=now), OrderException, now=now
    )


async def _close(
    tx: Transaction, commands: Sequence[CloseException], *, now: datetime
) -> list[OrderException | DomainError]:
    rows = await tx.fetch(_LOCK, sorted({command.exception_id for command in commands}))
    # Who may see an order does not change: it need not be locked.
    orders = {order.id: order for order in await store.load(tx, [row["order_id"] for row in rows])}
    found = {
        row["id"]: _exception({**row, "order_number": orders[row["order_id"]].number})
        for row in rows
    }
    outcomes: list[OrderException | DomainError] = []
    for command in commands:
        outcome = _closed(found, orders, command, now)
        outcomes.append(outcome)
        if isinstance(outcome, OrderException):
            found[outcome.id] = outcome
    closed = [
        (outcome.id, outcome.closed_by, outcome.note)
        for outcome in outcomes
        if isinstance(outcome, OrderException)
    ]
    await tx.write(*write_columns(_CLOSE, closed, now))
    return outcomes


def _closed(
    found: Mapping[UUID, OrderException],
    orders: Mapping[UUID, Order],
    command: CloseException,
    now: datetime,
) -> OrderException | DomainError:
    exception = found.get(command.exception_id)
    if exception is None or not orders[exception.order_id].visible_to(command.principal):
        return UnknownOrderException(command.exception_id)
    if exception.closed_at is not None:
        return OrderExceptionClosed(exception.id)
    return replace(exception, closed_at=now, closed_by=command.principal.id, note=command.note)


async def list_exceptions(
    tx: Transaction,
    *,
    principal: channels.Principal,
    open_only: bool = True,
    after: UUID | None = None,
    limit: int,
) -> list[OrderException]:
    """Return the exceptions of orders that a principal may see, the oldest first, behind `after`."""
    channel = principal.channel if principal.kind == "channel" else None
    locations = None if principal.kind == "channel" else sorted(principal.locations) or None
    rows = await tx.fetch(_LIST, channel, locations, open_only, after, limit)
    return [_exception(dict(row)) for row in rows]


def _exception(fields: dict[str, Any]) -> OrderException:
    return OrderException(**{**fields, "detail": msgspec.json.decode(fields["detail"])})
