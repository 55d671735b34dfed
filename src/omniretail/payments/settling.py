"""Asking providers: for a new payment, and whatever is left over, as the worker does in its loops.

Each step leases or writes in one transaction, asks with none open, and records in another. Whatever
dies in between is found by the next who comes: nothing is asked for under a second identity.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from omniretail import idempotency
from omniretail.db import Database
from omniretail.errors import DomainError
from omniretail.payments.outbox import (
    LeasedOperation,
    lease_operations,
    perform,
    record_operation,
)
from omniretail.payments.paying import (
    StartPayment,
    Told,
    authorization,
    lease_payments,
    record_answers,
    start_payments,
    void_expired,
)
from omniretail.payments.payment import Attempt, Payment
from omniretail.payments.provider import (
    Authorization,
    Declined,
    Provider,
    ProviderAnswer,
    ProviderUnavailable,
)

Clock = Callable[[], datetime]


async def pay(
    database: Database, provider: Provider, command: StartPayment, *, clock: Clock
) -> idempotency.Answer[Payment] | DomainError:
    """Have an amount authorized, or find out what became of it where this was asked before.

    Without an answer the payment stays pending, and its key is not used up: asking again looks once
    more, and so does the worker. Outcomes: the payment, UnknownChannel, PaymentCurrencyDiffers,
    IdempotencyKeyReused.
    """
    (started,) = await database.run(
        lambda tx: start_payments(tx, [command], provider=provider.name, now=clock())
    )
    if isinstance(started, DomainError) or started.value.state != "pending":
        return started
    wanted = authorization(started.value, command.method)
    answer = await ask(provider, wanted, again=started.replayed)
    told = Told(payment_id=started.value.id, answer=answer)
    (recorded,) = await database.run(lambda tx: record_answers(tx, [told], now=clock()))
    if isinstance(recorded, DomainError) or not recorded.replayed:
        return recorded
    # Somebody else was told first, and an order may have used it already: the first answer is kept.
    (remembered,) = await database.run(
        lambda tx: start_payments(tx, [command], provider=provider.name, now=clock())
    )
    return remembered


async def ask(
    provider: Provider, wanted: Authorization, *, again: bool, late: bool = False
) -> ProviderAnswer | None:
    """Return a provider's answer, or None where it gave none that can be relied on.

    Where it may have been asked before (`again`), it is asked first what became of it. What it
    never heard of is not asked for any more once it is too `late`.
    """
    try:
        if again and (found := await provider.find(wanted.payment_id)) is not None:
            return found
        if late:
            return Declined("expired", "Nobody waits for it any more.")
        return await provider.authorize(wanted)
    except ProviderUnavailable:
        return None


async def find_pending(
    database: Database,
    provider: Provider,
    clock: Clock,
    *,
    most: int = 20,
    authorized: Callable[[Payment], Awaitable[object]] | None = None,
) -> int:
    """Find out what became of up to `most` pending payments; returns how many were asked about.

    `authorized` is told of each whose money turns out to be set aside, such as to place its order.
    """
    leased = await database.run(
        lambda tx: lease_payments(tx, provider=provider.name, now=clock(), most=most)
    )

    async def find(attempt: Attempt) -> None:
        payment = attempt.payment
        wanted = authorization(payment, attempt.method)
        late = payment.expires_at <= clock()
        told = Told(
            payment_id=payment.id, answer=await ask(provider, wanted, again=True, late=late)
        )
        (recorded,) = await database.run(lambda tx: record_answers(tx, [told], now=clock()))
        if isinstance(recorded, DomainError) or authorized is None:
            return
        if recorded.value.state == "authorized":
            await authorized(recorded.value)

    async with asyncio.TaskGroup() as group:
        for attempt in leased:
            group.create_task(find(attempt))
    return len(leased)


async def settle_due(
    database: Database, provider: Provider, clock: Clock, *, most: int = 20
) -> int:
    """Have up to `most` due operations done; returns how many were asked for."""
    leased = await database.run(
        lambda tx: lease_operations(tx, provider=provider.name, now=clock(), most=most)
    )

    async def settle(operation: LeasedOperation) -> None:
        answer = await perform(provider, operation)
        await database.run(lambda tx: record_operation(tx, operation, answer, now=clock()))

    async with asyncio.TaskGroup() as group:
        for operation in leased:
            group.create_task(settle(operation))
    return len(leased)


async def void_unused(database: Database, clock: Clock, *, most: int = 100) -> int:
    """Void up to `most` authorizations that no order used in time; returns how many.

    No provider is asked here: what releases their money is due with it.
    """
    return await database.run(lambda tx: void_expired(tx, now=clock(), most=most))
