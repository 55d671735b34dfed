"""What may become of a payment: pending, then authorized or declined; used by one order, or voided.

Pure: no database, no provider. Whoever decides holds the lock of the payment's row.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import channels, idempotency
from omniretail.errors import DomainError, Missing, Refused
from omniretail.payments.provider import Declined, Done, ProviderAnswer

PaymentType = Literal["card", "ewallet"]
PaymentState = Literal["pending", "authorized", "declined", "voided", "used"]

LASTS = timedelta(minutes=30)
"""How long an authorization waits for its order before it is voided."""
LEASE = timedelta(seconds=60)
"""How long one process has for asking the provider before another one asks again."""

_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(hours=1)
_MOST_DOUBLINGS = 12


class UnknownPayment(Missing):
    """There is no such payment, or it is not yours to see."""

    def __init__(self, payment: UUID) -> None:
        super().__init__(f"There is no payment {payment}.", payment=str(payment))


class PaymentNotAuthorized(Refused):
    """The payment is not authorized, or no longer."""

    def __init__(self, payment: UUID, state: PaymentState) -> None:
        super().__init__(f"The payment is {state}.", payment=str(payment), state=state)


class PaymentUsed(Refused):
    """The payment pays for an order already."""

    def __init__(self, payment: UUID, order: UUID) -> None:
        super().__init__(
            f"The payment pays for the order {order}.", payment=str(payment), order=str(order)
        )


class PaymentAmountDiffers(Refused):
    """The payment was authorized for another amount."""

    def __init__(self, payment: UUID, *, authorized_minor: int, wanted_minor: int) -> None:
        super().__init__(
            f"{authorized_minor} minor units are authorized, and {wanted_minor} are wanted.",
            payment=str(payment),
            authorized_minor=authorized_minor,
            wanted_minor=wanted_minor,
        )


class PaymentCurrencyDiffers(Refused):
    """The payment is in another currency than what it pays for."""

    def __init__(self, *, currency: str, wanted: str) -> None:
        super().__init__(
            f"The payment is in {currency}, and {wanted} is wanted.",
            currency=currency,
            wanted=wanted,
        )


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment by card or wallet, as it stood when it was read."""

    id: UUID
    channel: str
    principal_id: UUID
    cart_id: UUID | None
    type: PaymentType
    amount_minor: int
    currency: str
    state: PaymentState
    provider: str
    decline_code: str | None
    order_id: UUID | None
    tender_number: int | None
    created_at: datetime
    expires_at: datetime
    card_token: str | None = None

    def visible_to(self, principal: channels.Principal) -> bool:
        """Tell whether a principal may see and use it: one bound to a channel, that channel's."""
        return principal.channel in {None, self.channel}


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """A payment, with what asking its provider needs, and the key under which it was asked for."""

    payment: Payment
    method: str
    reference: str | None
    attempts: int
    leased_until: datetime | None
    key: idempotency.Key


class Payments:
    """Some payments, locked, and what a batch of orders does with them."""

    def __init__(self, found: Iterable[Payment]) -> None:
        self._found = {payment.id: payment for payment in found}
        self._payments = dict(self._found)
        self.used: dict[UUID, tuple[UUID, int]] = {}
        """The payments that became a tender of an order, with the order and the tender's number."""

    def find(self, payment_id: UUID) -> Payment | None:
        """Return a payment as it stands after what was accepted so far."""
        return self._payments.get(payment_id)

    def use(
        self,
        payment_id: UUID,
        *,
        order_id: UUID,
        tender_number: int,
        amount_minor: int,
        currency: str,
        principal: channels.Principal,
    ) -> DomainError | None:
        """Pay a tender of an order with an authorization, all of it, or say why not.

        Its state decides, and not its time: until the worker voids it, the money is set aside.
        """
        payment = self._payments.get(payment_id)
        refusal = (
            UnknownPayment(payment_id)
            if payment is None or not payment.visible_to(principal)
            else _not_usable(payment, amount_minor, currency)
        )
        if refusal or payment is None:
            return refusal
        self._payments[payment_id] = replace(
            payment, state="used", order_id=order_id, tender_number=tender_number
        )
        self.used[payment_id] = order_id, tender_number
        return None

    def take_back(self, order_id: UUID, *, first: int = 1) -> None:
        """Undo what was accepted for an order, from its `first` tender on: one was refused."""
        for payment_id in [
            one for one, (by, number) in self.used.items() if by == order_id and number >= first
        ]:
            del self.used[payment_id]
            self._payments[payment_id] = self._found[payment_id]


def _not_usable(payment: Payment, amount_minor: int, currency: str) -> DomainError | None:
    if payment.order_id is not None:
        return PaymentUsed(payment.id, payment.order_id)
    if payment.state != "authorized":
        return PaymentNotAuthorized(payment.id, payment.state)
    if payment.currency != currency:
        return PaymentCurrencyDiffers(currency=payment.currency, wanted=currency)
    if payment.amount_minor != amount_minor:
        return PaymentAmountDiffers(
            payment.id, authorized_minor=payment.amount_minor, wanted_minor=amount_minor
        )
    return None


def answered(attempt: Attempt, answer: ProviderAnswer | None, *, now: datetime) -> Attempt:
    """Return an attempt after an answer of its provider; None means that there was none yet.

    The first answer stands. A later one may name the card, where the first did not. It changes nothing
    else, but for money that is set aside after all for a payment that was declined: it is voided, and
    must be released.
    """
    payment = attempt.payment
    match payment.state, answer:
        case "pending", None:
            return replace(attempt, leased_until=now + wait(attempt.attempts))
        case "pending", Done(reference=reference, card_token=token):
            authorized = replace(payment, state="authorized", card_token=token)
            return replace(attempt, payment=authorized, reference=reference, leased_until=None)
        case "pending", Declined(code=code):
            declined = replace(payment, state="declined", decline_code=code)
            return replace(attempt, payment=declined, leased_until=None)
        case "authorized", Done(card_token=str(token)) if payment.card_token is None:
            return replace(attempt, payment=replace(payment, card_token=token))
        case "declined", Done(reference=reference):
            return replace(attempt, payment=replace(payment, state="voided"), reference=reference)
    return attempt


def voided(attempt: Attempt, principal: channels.Principal | None) -> Attempt | DomainError:
    """Return an attempt after it was given up, by a principal or (None) by its time; or why not."""
    payment = attempt.payment
    if principal is not None and not payment.visible_to(principal):
        return UnknownPayment(payment.id)
    if payment.order_id is not None:
        return PaymentUsed(payment.id, payment.order_id)
    if payment.state not in {"authorized", "voided"}:
        return PaymentNotAuthorized(payment.id, payment.state)
    return replace(attempt, payment=replace(payment, state="voided"))


def wait(attempts: int) -> timedelta:
    """Return how long to wait before asking once more, after so many attempts: twice as long each."""
    return min(_LONGEST_WAIT, _FIRST_WAIT * (1 << min(attempts, _MOST_DOUBLINGS)))


def released(before: Mapping[UUID, Attempt], after: Iterable[Attempt]) -> list[Payment]:
    """Return the payments that are voided now and were not before: their money must be released."""
    return [
        attempt.payment
        for attempt in after
        if attempt.payment.state == "voided"
        and before[attempt.payment.id].payment.state != "voided"
    ]
