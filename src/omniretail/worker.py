"""The worker: what is due by time, or by a provider's answer, done again and again in the background.

Each step finds its own work in the database and forgets everything in between: any number of workers
may run, and each may be killed at any moment. What a step means lives in its domain.
"""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

import structlog

from omniretail import carts, channels, clock, inventory, loyalty, orders, payments, pricing
from omniretail.db import Database, Transaction
from omniretail.errors import DomainError, Unavailable
from omniretail.idempotency import Answer
from omniretail.migrations import ensure_months
from omniretail.settings import Settings

Clock = Callable[[], datetime]

WORKER = channels.Principal(
    id=UUID(int=1),
    kind="integration",
    name="worker",
    scopes=frozenset(channels.SCOPES),
    channel=None,
    locations=frozenset(),
)
"""Who it was, in timelines and the ledger: no key, but one fixed identity."""

_AT_ONCE = 50
# So long the browser, or the provider's message, has a checkout for itself.
_CHECKOUT_GRACE = timedelta(seconds=10)
_CONNECTIONS = 12
_GRACE_SECONDS = 8.0
_PARENT_SECONDS = 0.5
_DAY_SECONDS = 24 * 60 * 60.0
_LONGEST_AFTER_ERROR_SECONDS = 60.0

_log = structlog.get_logger()


class Step(NamedTuple):
    """Something to do: it tells how much it did, and rests so many seconds when that was nothing."""

    name: str
    seconds: float
    run: Callable[[], Awaitable[int]]


class _Finding(Protocol):
    """Finds and locks what is due of orders."""

    async def __call__(
        self,
        tx: Transaction,
        *,
        principal: channels.Principal,
        after: orders.Due | None,
        most: int,
        now: datetime,
    ) -> list[orders.Due]: ...


def steps(database: Database, provider: payments.Provider, clock: Clock) -> tuple[Step, ...]:
    """Return all that the worker does for one retailer."""
    return (
        Step("settle_payments", 1, lambda: payments.settle_due(database, provider, clock)),
        Step("find_payments", 2, lambda: find_payments(database, provider, clock)),
        Step("checkouts", 60, lambda: complete_checkouts(database, clock)),
        Step("note_failures", 2, lambda: note_failures(database, clock)),
        Step("no_shows", 10, lambda: end_no_shows(database, clock)),
        Step("reminders", 10, lambda: remind(database, clock)),
        Step("reroute", 30, lambda: reroute(database, clock)),
        Step("holds", 10, lambda: sweep_holds(database, clock)),
        Step("void_payments", 30, lambda: payments.void_unused(database, clock)),
        Step("carts", 30, lambda: abandon_carts(database, clock)),
        Step("points", 60, lambda: settle_points(database, clock)),
        Step("months", _DAY_SECONDS, lambda: make_months(database, clock)),
    )


async def find_payments(database: Database, provider: payments.Provider, clock: Clock) -> int:
    """Ask what became of payments whose answer was lost; their checkouts follow. Returns how many."""
    place = _placing(database, clock)

    async def authorized(payment: payments.Payment) -> None:
        await orders.complete_checkout(database, payment, place, now=clock())

    return await payments.find_pending(database, provider, clock, authorized=authorized)


async def complete_checkouts(database: Database, clock: Clock) -> int:
    """Complete the checkouts whose money is set aside and whose browser is gone; returns how many.

    Whoever was told that the money is there completes them at once; this is for those that were
    killed in between. What cannot be placed is tried again until its money runs out.
    """
    now = clock()
    async with database.reading() as tx:
        found = await payments.authorized_for_carts(
            tx, begun_before=now - _CHECKOUT_GRACE, most=_AT_ONCE, now=now
        )
    place, done = _placing(database, clock), 0
    for payment in found:
        order = await orders.complete_checkout(database, payment, place, now=now)
        paid = order.tenders if isinstance(order, orders.Order) else ()
        done += any(tender.payment_id == payment.id for tender in paid)
    return done


async def reroute(database: Database, clock: Clock) -> int:
    """Have others serve what places promise and do not have; returns how many orders changed."""

    async def run(tx: Transaction) -> int:
        cases = await inventory.list_shortages(tx, principal=WORKER, closed=False, limit=_AT_ONCE)
        places = {(case.sku, case.location) for case in cases}
        return len(await orders.reroute(tx, places, principal=WORKER, now=clock()))

    return await database.run(run)


def _placing(database: Database, clock: Clock) -> orders.Place:
    """Return what places an order, whoever asks."""
    books = pricing.BookKeeper()

    async def place(command: orders.PlaceOrder) -> Answer[orders.Order]:
        (outcome,) = await database.run(
            lambda tx: orders.place(tx, [command], books=books, now=clock())
        )
        if isinstance(outcome, DomainError):
            raise outcome
        return outcome

    return place


async def end_no_shows(database: Database, clock: Clock) -> int:
    """End the pickups whose time to collect is over; returns how many."""
    return await _change_due(database, clock, orders.due_no_shows)


async def remind(database: Database, clock: Clock) -> int:
    """Say of whom it is time to be reminded that a pickup waits; returns of how many."""
    return await _change_due(database, clock, orders.due_reminders)


async def note_failures(database: Database, clock: Clock) -> int:
    """Tell orders what providers declined to do for them; returns how much."""
    return await _change_due(database, clock, orders.due_failures)


async def sweep_holds(database: Database, clock: Clock) -> int:
    """Close the lines of holds that have run out; returns how many lines."""
    return await database.run(lambda tx: inventory.sweep_holds(tx, now=clock(), most=_AT_ONCE))


async def abandon_carts(database: Database, clock: Clock) -> int:
    """Close carts that nobody came back to, and release what they hold; returns how many."""
    return await database.run(lambda tx: carts.abandon_expired(tx, now=clock(), most=_AT_ONCE))


async def settle_points(database: Database, clock: Clock) -> int:
    """Write what the clock did to loyalty accounts into their books; returns to how many."""
    return await database.run(
        lambda tx: loyalty.settle_accounts(tx, actor_id=WORKER.id, now=clock(), most=_AT_ONCE)
    )


async def make_months(database: Database, clock: Clock) -> int:
    """Make the coming months' partitions; returns how many."""
    return len(await database.run(lambda tx: ensure_months(tx, now=clock())))


async def _change_due(database: Database, clock: Clock, find: _Finding) -> int:
    """Change orders by what is due, some at a time; returns how many commands were accepted.

    What is refused, or fails by itself, is left behind and tried again the next time: it keeps nobody.
    """
    done, most = 0, _AT_ONCE
    after: orders.Due | None = None
    while True:
        found: list[orders.Due] = []

        async def change(
            tx: Transaction, after: orders.Due | None = after, most: int = most
        ) -> list[Answer[orders.Order] | DomainError]:
            nonlocal found
            now = clock()
            found = await find(tx, principal=WORKER, after=after, most=most, now=now)
            return await orders.change(tx, [one.command for one in found], now=now)

        try:
            outcomes = await database.run(change)
        except Unavailable:
            raise
        except Exception:
            if not found:
                raise
            if len(found) > 1:
                most = 1  # one by one, so that it hits only its cause
                continue
            _log.exception("step_failed", command=found[0].command.key.key)
            outcomes = []
        if not found:
            return done
        for one, outcome in zip(found, outcomes, strict=False):
            if isinstance(outcome, DomainError):
                _log.warning("step_refused", command=one.command.key.key, refusal=str(outcome))
            else:
                done += not outcome.replayed
        after, most = found[-1], _AT_ONCE


async def work(settings: Settings, url: str, *, parent: int | None = None) -> None:
    """Do what is due at a database until SIGTERM or SIGINT, or until the process `parent` has ended."""
    database = Database(
        url,
        schema=settings.schema,
        pool_size=_CONNECTIONS,
        prepared_statements=settings.prepared_statements,
        ledger=True,
    )
    provider = payments.chosen_provider(settings, database)
    ended = asyncio.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(ending, ended.set)
    try:
        await repeat(steps(database, provider, clock.now), ended, parent=parent)
    finally:
        await provider.close()
        await database.close()


async def repeat(doing: Sequence[Step], ended: asyncio.Event, *, parent: int | None = None) -> None:
    """Run steps beside each other until the end; what they have begun by then is let finish."""
    _log.info("worker_started", steps=[step.name for step in doing])
    tasks = [asyncio.create_task(_repeat(step, ended)) for step in doing]
    if parent is not None:
        tasks.append(asyncio.create_task(_end_with(parent, ended)))
    await ended.wait()
    _, late = await asyncio.wait(tasks, timeout=_GRACE_SECONDS)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    _log.info("worker_ended")


async def _repeat(step: Step, ended: asyncio.Event) -> None:
    while not ended.is_set():
        seconds = step.seconds
        try:
            if did := await step.run():
                _log.debug("step_done", step=step.name, did=did)
                continue
        except Unavailable as error:
            _log.warning("step_waits", step=step.name, reason=str(error))
            seconds = min(seconds, _LONGEST_AFTER_ERROR_SECONDS)
        except Exception:
            _log.exception("step_failed", step=step.name)
            seconds = min(seconds, _LONGEST_AFTER_ERROR_SECONDS)
        # Several workers that were started together need not come together for ever.
        jitter = random.uniform(0.75, 1.25)  # noqa: S311
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), seconds * jitter)


async def _end_with(parent: int, ended: asyncio.Event) -> None:
    """End with the process above, however that ends: nothing tells of it but the parent's number."""
    while os.getppid() == parent and not ended.is_set():  # noqa: ASYNC110
        await asyncio.sleep(_PARENT_SECONDS)
    ended.set()
