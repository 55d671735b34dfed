"""What a provider declined, told to its order: what becomes of the money, and that staff look after it.

What the customer is owed since is asked for once more, or paid another way.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import channels, idempotency, payments
from omniretail.db import Write
from omniretail.errors import DomainError, Refused
from omniretail.orders.exceptions import ExceptionKind, NewException, open_exceptions
from omniretail.orders.order import Order, Tender
from omniretail.orders.settlement import owed, repaid

_KINDS: Mapping[str, ExceptionKind] = {
    "capture": "capture_failed",
    "void": "void_failed",
    "refund": "refund_failed",
}


class NoteFailure(msgspec.Struct, frozen=True, kw_only=True):
    """The command to note that a provider declined to capture, void or refund for an order."""

    key: idempotency.Key
    principal: channels.Principal
    operation: payments.FailedOperation
    occurred_at: datetime

    @property
    def order_id(self) -> UUID:
        """The order that it is told to."""
        return self.operation.order_id

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return _KINDS[self.operation.kind]

    def describe(self) -> dict[str, Any]:
        """What the timeline says beside the lines."""
        return {
            "operation": str(self.operation.id),
            "tender": self.operation.tender_number,
            "amount_minor": self.operation.amount_minor,
            "failure": self.operation.failure,
        }


class NothingOwed(Refused):
    """Nothing is owed to the customer: no refund was declined, or it was made since."""

    def __init__(self, order: UUID) -> None:
        super().__init__("Nothing of it is owed.", order=str(order))


class Repay(msgspec.Struct, frozen=True, kw_only=True):
    """The command to give back what is owed since a provider declined it.

    Asked of the provider once more, or paid by another `method`; cash in coins of `cash_step_minor`.
    """

    key: idempotency.Key
    principal: channels.Principal
    order_id: UUID
    method: Literal["cash", "bank_transfer"] | None
    occurred_at: datetime
    cash_step_minor: int = 1

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return "repaid"

    def describe(self) -> dict[str, Any]:
        """What the timeline says beside the lines."""
        return {"method": self.method} if self.method else {}


def repay(order: Order, command: Repay) -> Order | DomainError:
    """Return the order of which nothing is owed any more."""
    if not order.owed_minor:
        return NothingOwed(order.id)
    tenders = tuple(
        repaid(tender, command.method, cash_step_minor=command.cash_step_minor)
        for tender in order.tenders
    )
    return replace(order, version=order.version + 1, tenders=tenders)


def noted(order: Order, command: NoteFailure) -> Order:
    """Return the order after a provider declined something.

    What could not be captured is promised only, once more; the next step of the order that makes it due
    asks for it again. What of it was given back since stays both, taken and given back, which comes
    to nothing. What could not be refunded is not refunded: the customer is owed it whatever the
    provider says, until it is asked for once more or paid another way, and the books never show it as
    ours. What could not be voided runs out at the provider by itself.
    """
    failed = command.operation
    tenders = tuple(
        _undone(tender, failed) if tender.number == failed.tender_number else tender
        for tender in order.tenders
    )
    return replace(order, version=order.version + 1, tenders=tenders)


def write_noted(
    commands: Sequence[NoteFailure], orders: Mapping[UUID, Order], *, now: datetime
) -> list[Write]:
    """Return the writes beside those of the orders: an exception for staff each, and that it was told."""
    opened = [
        NewException(
            order_id=command.order_id,
            kind=_KINDS[command.operation.kind],
            detail={**command.describe(), "currency": orders[command.order_id].currency},
        )
        for command in commands
    ]
    told = payments.write_told([command.operation.id for command in commands], now=now)
    return [*open_exceptions(opened, now=now), *told]


def _undone(tender: Tender, failed: payments.FailedOperation) -> Tender:
    if failed.kind == "capture":
        back_minor = min(failed.amount_minor, tender.left_minor - tender.uncaptured_minor)
        return replace(tender, uncaptured_minor=tender.uncaptured_minor + back_minor)
    # Nobody is owed what was never taken: a capture was declined, which was told before.
    if failed.kind == "refund" and failed.taken_minor >= failed.amount_minor:
        return owed(tender, failed.amount_minor)
    return tender
