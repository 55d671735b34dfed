"""Payments by card or wallet, step by step: begun, answered, used, voided. What may be is in `payment`.

A payment is written before its provider is asked, and no transaction is open while it is. Whoever
is told the answer records it: the request, a repetition, the worker, or the provider's callback.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from omniretail import channels, idempotency
from omniretail.db import (
    RaceLost,
    Read,
    Rows,
    Transaction,
    Write,
    constraint,
    sql,
    write_columns,
    write_documents,
)
from omniretail.errors import DomainError
from omniretail.payments.outbox import OperationWish, request_operations
from omniretail.payments.payment import (
    LASTS,
    LEASE,
    Attempt,
    Payment,
    PaymentCurrencyDiffers,
    Payments,
    PaymentType,
    UnknownPayment,
    answered,
    released,
    voided,
)
from omniretail.payments.provider import Authorization, ProviderAnswer

_PAYMENTS = sql("payments.payments")
_OF_CART = sql("payments.payments_of_cart")
_OF_CHECKOUTS = sql("payments.payments_of_checkouts")
_LOCK = sql("payments.lock_payments")
_BY_KEY = sql("payments.payments_by_key")
_START = sql("payments.start_payments")
_ANSWER = sql("payments.answer_payments")
_USE = sql("payments.use_payments")
_PENDING = sql("payments.lock_pending_payments")
_UNUSED = sql("payments.lock_unused_payments")

# The same request slipped in between our look-up and our insert: run again, and find its payment.
constraint("payment_idempotency_key_key", RaceLost)


class StartPayment(msgspec.Struct, frozen=True, kw_only=True):
    """The command to have an amount authorized by a payment method, as its provider names it."""

    key: idempotency.Key
    payment_id: UUID
    principal: channels.Principal
    channel: str
    cart_id: UUID | None
    type: PaymentType
    amount_minor: int
    currency: str
    method: str


class VoidPayment(msgspec.Struct, frozen=True, kw_only=True):
    """The command to give an authorization up that no order used."""

    key: idempotency.Key
    principal: channels.Principal
    payment_id: UUID


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider said of a payment; None where it said nothing that can be relied on."""

    payment_id: UUID
    answer: ProviderAnswer | None


async def start_payments(
    tx: Transaction, commands: Sequence[StartPayment], *, provider: str, now: datetime
) -> list[idempotency.Answer[Payment] | DomainError]:
    """Write payments down as pending, before anybody is asked; one outcome each, in order.

    A repetition finds the payment as its provider's first answer left it, or as it stands where
    there is none yet; either is `replayed`. Locks: none. Outcomes: the payment, UnknownChannel,
    PaymentCurrencyDiffers, IdempotencyKeyReused.
    """
    known, sellers, begun = await tx.read(
        idempotency.known(commands),
        channels.channels_by_code({command.channel for command in commands}),
        _by_key(commands),
    )
    # A payment may have begun under a key that no answer is remembered for yet.
    begun = {identity: attempt for identity, attempt in begun.items() if identity not in known}
    unheard = [command for command in commands if _identity(command) not in begun]
    repetitions = idempotency.Repetitions(unheard, known, Payment)
    outcomes = [
        _started(command, sellers, provider=provider, now=now) for command in repetitions.fresh
    ]
    await repetitions.confirm(tx, outcomes)
    await tx.write(*_writes_of(repetitions.fresh, outcomes, now=now))
    answers = iter(repetitions.answers(outcomes))
    return [
        _again(command, begun[identity])
        if (identity := _identity(command)) in begun
        else next(answers)
        for command in commands
    ]


async def record_answers(
    tx: Transaction, told: Sequence[Told], *, now: datetime
) -> list[idempotency.Answer[Payment] | DomainError]:
    """Record what a provider said of payments; one outcome each, in order.

    The first answer stands, and is remembered under the key of the request that began the payment.
    Whoever comes later gets the payment as it is, `replayed`. Locks: the payments by id. Outcomes:
    the payment, UnknownPayment.
    """
    (before,) = await tx.read(_locked({one.payment_id for one in told}))
    attempts = dict(before)
    outcomes: list[idempotency.Answer[Payment] | DomainError] = []
    for one in told:
        attempt = attempts.get(one.payment_id)
        if attempt is None:
            outcomes.append(UnknownPayment(one.payment_id))
            continue
        after = attempts[one.payment_id] = answered(attempt, one.answer, now=now)
        pending = attempt.payment.state == "pending"
        outcomes.append(idempotency.Answer(after.payment, replayed=not pending))
    changed = [after for after in attempts.values() if after is not before[after.payment.id]]
    decided = [
        after
        for after in changed
        if before[after.payment.id].payment.state == "pending" and after.payment.state != "pending"
    ]
    # A key that was free while its payment was pending may have become another request's.
    (known,) = await tx.read(idempotency.known(decided)) if decided else ({},)
    remembered = idempotency.Repetitions(decided, known, Payment)
    await tx.write(
        *_changes(before, changed, now=now),
        *remembered.remember([attempt.payment for attempt in remembered.fresh], now=now),
    )
    return outcomes


async def void_payments(
    tx: Transaction, commands: Sequence[VoidPayment], *, now: datetime
) -> list[idempotency.Answer[Payment] | DomainError]:
    """Void authorizations that no order used, and have their money released; one outcome each.

    Locks: the payments by id. Outcomes, in order: the payment, also where it was voided before;
    UnknownPayment, PaymentUsed, PaymentNotAuthorized (it is pending or declined), IdempotencyKeyReused.
    """

    async def run(fresh: Sequence[VoidPayment]) -> list[Payment | DomainError]:
        (before,) = await tx.read(_locked({command.payment_id for command in fresh}))
        attempts = dict(before)
        outcomes: list[Payment | DomainError] = []
        for command in fresh:
            attempt = attempts.get(command.payment_id)
            after = (
                UnknownPayment(command.payment_id)
                if attempt is None
                else voided(attempt, command.principal)
            )
            if isinstance(after, DomainError):
                outcomes.append(after)
                continue
            attempts[command.payment_id] = after
            outcomes.append(after.payment)
        changed = [after for after in attempts.values() if after != before[after.payment.id]]
        await tx.write(*_changes(before, changed, now=now))
        return outcomes

    return await idempotency.once(tx, commands, run, Payment, now=now)


async def void_expired(tx: Transaction, *, now: datetime, most: int) -> int:
    """Void up to `most` authorizations that no order used in time; returns how many.

    Locks: those payments, by id; what somebody else has locked is left to the next time.
    """
    rows = await tx.fetch(_UNUSED, now, most)
    before = {attempt.payment.id: attempt for attempt in map(_attempt, rows)}
    after = [voided(attempt, None) for attempt in before.values()]
    changed = [attempt for attempt in after if isinstance(attempt, Attempt)]
    await tx.write(*_changes(before, changed, now=now))
    return len(changed)


async def lease_payments(
    tx: Transaction, *, provider: str, now: datetime, most: int
) -> list[Attempt]:
    """Return up to `most` pending payments of a provider, for whose outcome nobody else asks now.

    The lease must be committed before the provider is asked. Locks: those payments; what somebody
    else has locked is left to them.
    """
    rows = await tx.fetch(_PENDING, now, most, now + LEASE, provider)
    return [_attempt(row) for row in rows]


def lock_payments(ids: Collection[UUID]) -> Read[Payments]:
    """Return the read that locks payments by id, last in the global lock order."""
    return Read(
        _LOCK,
        (list(ids),),
        lambda rows: Payments(_attempt(row).payment for row in rows),
    )


def write_payments(payments: Payments) -> list[Write]:
    """Return the writes of what orders used; the payments are locked."""
    return write_columns(
        _USE,
        [(payment_id, *tender) for payment_id, tender in payments.used.items()],
    )


async def find_payment(
    tx: Transaction, payment_id: UUID, *, principal: channels.Principal
) -> Payment:
    """Return a payment. Raises: UnknownPayment."""
    rows = await tx.fetch(_PAYMENTS, [payment_id])
    payment = _attempt(rows[0]).payment if rows else None
    if payment is None or not payment.visible_to(principal):
        raise UnknownPayment(payment_id)
    return payment


def authorized_of_cart(cart_id: UUID) -> Read[list[Payment]]:
    """Return the read of what is authorized for a cart and used by no order yet, first begun first."""
    return Read(
        _OF_CART,
        ([cart_id],),
        lambda rows: sorted((_attempt(row).payment for row in rows), key=lambda one: one.id),
    )


async def authorized_for_carts(
    tx: Transaction, *, begun_before: datetime, most: int, now: datetime
) -> list[Payment]:
    """Return what is authorized for carts, has not run out, and is used by no order yet."""
    found = [row["id"] for row in await tx.fetch(_OF_CHECKOUTS, now, begun_before, most)]
    return [_attempt(row).payment for row in await tx.fetch(_PAYMENTS, found)]


def authorization(payment: Payment, method: str) -> Authorization:
    """Return what a provider is asked for a payment: always the same."""
    return Authorization(
        payment_id=payment.id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        method=method,
    )


def _again(
    command: StartPayment, begun: Attempt
) -> idempotency.Answer[Payment] | idempotency.IdempotencyKeyReused:
    if begun.key.request_hash != command.key.request_hash:
        return idempotency.IdempotencyKeyReused(command.key.key)
    return idempotency.Answer(begun.payment, replayed=True)


def _started(
    command: StartPayment,
    sellers: Mapping[str, channels.ChannelSpec],
    *,
    provider: str,
    now: datetime,
) -> Payment | DomainError:
    """Return the payment that a command begins, or why it is refused."""
    seller = sellers.get(command.channel)
    if seller is None:
        return channels.UnknownChannel(command.channel)
    if seller.currency != command.currency:
        return PaymentCurrencyDiffers(currency=command.currency, wanted=seller.currency)
    return Payment(
        id=command.payment_id,
        channel=command.channel,
        principal_id=command.principal.id,
        cart_id=command.cart_id,
        type=command.type,
        amount_minor=command.amount_minor,
        currency=command.currency,
        state="pending",
        provider=provider,
        decline_code=None,
        order_id=None,
        tender_number=None,
        created_at=now,
        expires_at=now + LASTS,
    )


def _identity(command: StartPayment) -> tuple[UUID, str]:
    return command.key.principal_id, command.key.key


def _writes_of(
    commands: Sequence[StartPayment], outcomes: Sequence[Payment | DomainError], *, now: datetime
) -> list[Write]:
    rows = [
        msgspec.to_builtins(payment)
        | {
            "method": command.method,
            "leased_until": now + LEASE,
            "idempotency_key": command.key.key,
            "request_hash": command.key.request_hash.hex(),
        }
        for command, payment in zip(commands, outcomes, strict=True)
        if isinstance(payment, Payment)
    ]
    return write_documents(_START, rows)


def _changes(
    before: Mapping[UUID, Attempt], changed: Sequence[Attempt], *, now: datetime
) -> list[Write]:
    """Return the writes of payments that changed, and of the releases that follow from it."""
    rows = [
        (
            after.payment.id,
            after.payment.state,
            after.reference,
            after.payment.decline_code,
            after.leased_until,
            after.payment.card_token,
        )
        for after in changed
    ]
    releases = [
        OperationWish(payment_id=payment.id, kind="void", amount_minor=payment.amount_minor)
        for payment in released(before, changed)
    ]
    return [*write_columns(_ANSWER, rows), *request_operations(releases, now=now)]


def _by_key(commands: Sequence[StartPayment]) -> Read[dict[tuple[UUID, str], Attempt]]:
    keys = [command.key for command in commands]
    return Read(
        _BY_KEY,
        ([key.principal_id for key in keys], [key.key for key in keys]),
        lambda rows: {
            (attempt.key.principal_id, attempt.key.key): attempt for attempt in map(_attempt, rows)
        },
    )


def _locked(ids: Collection[UUID]) -> Read[dict[UUID, Attempt]]:
    def meaning(rows: Rows) -> dict[UUID, Attempt]:
        return {attempt.payment.id: attempt for attempt in map(_attempt, rows)}

    return Read(_LOCK, (list(ids),), meaning)


def _attempt(row: Any) -> Attempt:
    payment = msgspec.convert(dict(row), Payment)
    leased_until = row["leased_until"]
    return Attempt(
        payment=payment,
        method=row["method"],
        reference=row["provider_reference"],
        attempts=row["attempts"],
        leased_until=leased_until and msgspec.convert(leased_until, datetime),
        key=idempotency.Key(
            payment.principal_id, row["idempotency_key"], bytes.fromhex(row["request_hash"])
        ),
    )
