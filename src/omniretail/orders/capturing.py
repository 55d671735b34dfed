"""Money that comes in after the order: a bank transfer arrives, an authorization is taken early. Pure.

What is taken when goods leave, `settlement` says.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import channels, idempotency
from omniretail.errors import DomainError, Invalid, Refused
from omniretail.orders.order import Order, Tender
from omniretail.orders.settlement import captured, paid_up


class PaymentNotAwaited(Refused):
    """Nothing is on its way by bank to this tender."""

    def __init__(self, tender: int) -> None:
        super().__init__(f"Tender {tender} awaits no bank transfer.", tender=tender)


class CaptureTooLarge(Refused):
    """More was to be taken than is authorized, and was not taken yet."""

    def __init__(self, *, uncaptured_minor: int, currency: str) -> None:
        super().__init__(
            f"{uncaptured_minor} minor units of {currency} are authorized and not yet taken.",
            uncaptured={"amount": uncaptured_minor, "currency": currency},
        )


class ReceivePayment(msgspec.Struct, frozen=True, kw_only=True):
    """The command to note that a bank transfer has arrived, by the number of its tender."""

    key: idempotency.Key
    principal: channels.Principal
    order_id: UUID
    tender: int
    reference: str | None
    occurred_at: datetime

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return "payment_received"

    def describe(self) -> dict[str, Any]:
        """What the timeline says beside the lines."""
        return {"tender": self.tender}


class CapturePayment(msgspec.Struct, frozen=True, kw_only=True):
    """The command to take what is authorized before goods leave: an amount or (None) all of it.

    Of one tender, by its number, or (None) of all in the shares of what each has left.
    """

    key: idempotency.Key
    principal: channels.Principal
    order_id: UUID
    amount_minor: int | None
    currency: str | None
    tender: int | None
    occurred_at: datetime

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return "payment_captured"

    def describe(self) -> dict[str, Any]:
        """What the timeline says beside the lines."""
        return {} if self.tender is None else {"tender": self.tender}


def receive(order: Order, command: ReceivePayment) -> Order | DomainError:
    """Return the order whose transfer arrived; its goods wait for it no longer."""
    tender = _tender(order, command.tender)
    if isinstance(tender, Invalid):
        return tender
    if not tender.awaited_minor:
        return PaymentNotAwaited(tender.number)
    reference = command.reference or tender.reference
    arrived = replace(tender, uncaptured_minor=0, reference=reference)
    return paid_up(_with_tenders(order, [arrived]))


def capture(order: Order, command: CapturePayment) -> Order | DomainError:
    """Return the order with an amount taken that was only authorized."""
    if command.currency not in {None, order.currency}:
        return Invalid.at("/amount/currency", f"The order is in {order.currency}")
    tenders = order.tenders
    if command.tender is not None:
        tender = _tender(order, command.tender)
        if isinstance(tender, Invalid):
            return tender
        tenders = (tender,)
    uncaptured_minor = sum(tender.authorized_minor for tender in tenders)
    amount_minor = uncaptured_minor if command.amount_minor is None else command.amount_minor
    if amount_minor > uncaptured_minor or amount_minor == 0:
        return CaptureTooLarge(uncaptured_minor=uncaptured_minor, currency=order.currency)
    return _with_tenders(order, captured(tenders, amount_minor))


def _tender(order: Order, number: int) -> Tender | Invalid:
    for tender in order.tenders:
        if tender.number == number:
            return tender
    return Invalid.at("/tender", f"There is no tender {number} here")


def _with_tenders(order: Order, changed: Sequence[Tender]) -> Order:
    """Return the order, one version on, with changed tenders."""
    after = {tender.number: tender for tender in changed}
    tenders = tuple(after.get(tender.number, tender) for tender in order.tenders)
    return replace(order, version=order.version + 1, tenders=tenders)
