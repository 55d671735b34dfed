"""Real worker processes: killed in the middle of anything, and started again; beside a server; ended."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from omniretail import carts, clock, idempotency, inventory
from omniretail.db import Transaction
from omniretail.ids import new_id
from omniretail.payments import Payment
from omniretail.worker import WORKER
from tests.callers import Retailer
from tests.due import (
    Body,
    captured,
    exceptions,
    execute,
    found,
    in_days,
    keep_until,
    part_of,
    rows,
    timeline,
    waiting,
)
from tests.live import serving
from tests.payments.cards import Cards

Process = asyncio.subprocess.Process
_PATIENCE_SECONDS = 40.0


@asynccontextmanager
async def worker(database_url: str, *more: str) -> AsyncIterator[Process]:
    """Run `omniretail worker` over a database; however the block ends, the process has."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "omniretail", "worker", *more),
        env=os.environ | {"DATABASE_URL": database_url, "OMNIRETAIL_LOG_LEVEL": "error"},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until(true: Callable[[], Awaitable[Any]]) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not await true():  # noqa: ASYNC110 - other processes make it so
            await asyncio.sleep(0.1)


@dataclass
class Shop:
    """Something due of every kind, by the clock on the wall."""

    uncollected: Body
    forgotten: Body
    declined: Body
    slow: Body
    pending: Payment
    unused: Payment
    cart_id: UUID

    async def standing(self, retailer: Retailer) -> dict[str, Any]:
        """Return what became of all of it."""
        payment = "select state from payment where id = $1"
        return {
            "no-show": (
                (await found(retailer, self.uncollected))["fulfillments"][0]["state"],
                await timeline(retailer, self.uncollected),
                await rows(retailer, "select amount_minor from refund"),
            ),
            "reminder": await timeline(retailer, self.forgotten),
            "declined": (
                (await found(retailer, self.declined))["payment_status"],
                await timeline(retailer, self.declined),
                [one["kind"] for one in await exceptions(retailer)],
            ),
            "operations": sorted(
                await rows(retailer, "select kind, amount_minor, state from payment_operation")
            ),
            "at the sandbox": sorted(
                await rows(
                    retailer,
                    "select kind, amount_minor from sandbox_charge where kind <> 'authorization'",
                )
            ),
            "pending": await rows(retailer, payment, self.pending.id),
            "unused": await rows(retailer, payment, self.unused.id),
            "holds": await rows(retailer, "select count(*) from hold_line where closed_at is null"),
            "cart": await rows(retailer, "select state from cart where id = $1", self.cart_id),
            "goods": await retailer.level("A", "S1"),
            "moved": [
                movement
                for movement in await retailer.movements("A")
                if movement[0] not in {"received", "allocated"}
            ],
        }


DONE = {
    "no-show": ("no_show", ["ready", "deadline_moved", "no_show"], [(2000,)]),
    "reminder": ["ready", "reminder_due"],
    "declined": ("authorized", ["ready", "handed_over", "capture_failed"], ["capture_failed"]),
    "operations": [
        ("capture", 2000, "done"),
        ("capture", 2000, "failed"),
        ("void", 2000, "done"),
    ],
    "at the sandbox": [("capture", 2000), ("capture", 2000), ("void", 2000)],
    "pending": [("authorized",)],
    "unused": [("voided",)],
    "holds": [(0,)],
    "cart": [("abandoned",)],
    "goods": (98, 1, 97),
    "moved": [("handed_over", "S1", 1), ("handed_over", "S1", 1), ("released", "S1", 1)],
}


@pytest.fixture
async def shop(retailer: Retailer) -> Shop:
    """A store on a busy day, and nobody who does what is due."""
    await retailer.receive("A", S1=100)
    now, cards = clock.now(), Cards(retailer)
    cards.clock.now = now
    uncollected, forgotten = await waiting(retailer), await waiting(retailer)
    await keep_until(retailer, uncollected, in_days(-1))
    await execute(
        retailer,
        "update fulfillment set remind_at = now() - interval '1 hour' where id = $1",
        UUID(part_of(forgotten)),
    )
    declined, _ = await captured(retailer, cards, "capture_declined")
    slow, _ = await captured(retailer, cards, "timeout")
    cards.clock.now = now - timedelta(hours=1)
    unused = await cards.pay()
    cards.clock.now = now - timedelta(minutes=5)
    pending = await cards.start(cards.command())
    cart_id = new_id()

    async def leave(tx: Transaction) -> None:
        hold = inventory.PlaceHold(
            key=idempotency.Key(WORKER.id, "a hold", b"1" * 16),
            hold_id=new_id(),
            principal=WORKER,
            channel="web",
            reference=None,
            lines=(inventory.HoldWish(sku="A", location="S1", quantity=3),),
            seconds=60,
        )
        cart = carts.CreateCart(
            key=idempotency.Key(WORKER.id, "a cart", b"1" * 16),
            principal=WORKER,
            cart_id=cart_id,
            channel="web",
        )
        await inventory.place_holds(tx, [hold], now=now - timedelta(hours=1))
        await carts.change_carts(tx, [cart], now=now - timedelta(days=60))

    await retailer.process.ledger.run(leave)
    return Shop(uncollected, forgotten, declined, slow, pending, unused, cart_id)


async def finish(retailer: Retailer, shop: Shop, database_url: str) -> dict[str, Any]:
    """Start a worker, let it do all that is left, and end it; return what stands then."""
    # The leases of the one that was killed run out.
    await execute(retailer, "update payment_operation set leased_until = null")
    await execute(retailer, "update payment set leased_until = now() where state = 'pending'")
    standing: dict[str, Any] = {}

    async def done() -> bool:
        nonlocal standing
        # It is time to ask once more for what was not answered.
        await execute(retailer, "update payment_operation set due_at = now() where state = 'due'")
        standing = await shop.standing(retailer)
        return standing == DONE

    async with worker(database_url) as process:
        try:
            await until(done)
        except TimeoutError:
            return standing
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 15) == 0
    return await shop.standing(retailer)


@pytest.mark.parametrize(
    "table",
    [
        "event",
        "idempotency_key",
        "payment_operation",
        "sandbox_charge",
        "stock_level",
    ],
)
async def test_killed_in_the_middle(
    retailer: Retailer, shop: Shop, database_url: str, table: str
) -> None:
    """Given a worker that is about to write to a table, when it is killed and another one comes, then
    everything that was due is done, and nothing twice."""
    blocking = await asyncpg.connect(database_url)
    try:
        lock = blocking.transaction()
        await lock.start()
        await blocking.execute(f"lock table {table} in share mode")

        async def waits() -> Any:
            return await blocking.fetchval(
                "select exists (select 1 from pg_locks where not granted "
                "and relation = $1::text::regclass)",
                table,
            )

        async with worker(database_url) as process:
            await until(waits)
            await asyncio.sleep(0.3)  # the other steps come as far as they can
            process.kill()
            assert await process.wait() == -signal.SIGKILL
        await lock.rollback()
    finally:
        await blocking.close()

    assert await finish(retailer, shop, database_url) == DONE


async def test_killed_between_asking_and_recording(
    retailer: Retailer, shop: Shop, database_url: str
) -> None:
    """Given a provider that has captured, when the worker is killed before it can write that down, then
    the next one asks, hears that it was done, and nothing is captured twice."""
    asking, recording = [await asyncpg.connect(database_url) for _ in range(2)]
    try:
        first, second = asking.transaction(), recording.transaction()
        await first.start()
        await asking.execute("lock table sandbox_charge in share mode")

        async def leased() -> Any:
            return await asking.fetchval(
                "select count(*) = 2 from payment_operation "
                "where kind = 'capture' and leased_until is not null"
            )

        async def captured_there() -> Any:
            return await recording.fetchval(
                "select count(*) = 2 from sandbox_charge where kind = 'capture'"
            )

        async with worker(database_url) as process:
            await until(leased)
            await second.start()
            await recording.execute("lock table payment_operation in share mode")
            await first.rollback()
            await until(captured_there)
            process.kill()
            await process.wait()
        states = await recording.fetch("select state from payment_operation where kind = 'capture'")
        await second.rollback()
    finally:
        await asking.close()
        await recording.close()

    assert [row["state"] for row in states] == ["due", "due"]
    assert await finish(retailer, shop, database_url) == DONE


async def test_it_ends_with_the_process_above(database_url: str) -> None:
    """However that ends: an orphan would work on, unseen."""
    async with worker(database_url, "--parent", "999999999") as process:
        assert await asyncio.wait_for(process.wait(), 30) == 0


def workers_of(pid: int) -> list[int]:
    """Return the worker processes that end with a process."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode().split("\0")
        except OSError:
            continue  # it has just ended
        if words[-4:-1] == ["worker", "--parent", str(pid)]:
            found.append(int(path.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks processes up in /proc")
async def test_a_server_keeps_a_worker(retailer: Retailer, shop: Shop, database_url: str) -> None:
    """Given a server, then a worker runs beside it; killed, it is started again; and it ends with the
    server, also where that is killed."""

    async def one() -> bool:
        return len(workers_of(live.pid)) == 1

    async with serving(database_url, workers=1, worker="on") as live:
        await until(one)
        (first,) = workers_of(live.pid)
        os.kill(first, signal.SIGKILL)
        await execute(retailer, "update payment_operation set leased_until = null")

        async def another() -> bool:
            return workers_of(live.pid) not in ([], [first])

        await until(another)

        async def done() -> bool:
            await execute(
                retailer, "update payment_operation set due_at = now() where state = 'due'"
            )
            return await shop.standing(retailer) == DONE

        await until(done)
    assert workers_of(live.pid) == []

    async with serving(database_url, workers=1, worker="on") as live:
        await until(one)
        os.kill(live.pid, signal.SIGKILL)

        async def none() -> bool:
            return workers_of(live.pid) == []

        await until(none)


async def test_a_server_without_a_worker(retailer: Retailer, database_url: str) -> None:
    async with serving(database_url, workers=1) as live:
        await asyncio.sleep(0.5)
        assert workers_of(live.pid) == []
