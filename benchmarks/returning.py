"""Returns: one unit of one line, received and paid back in one step, beside the echo of an order.

A retailer of its own: twenty thousand orders of three units each, sold at one till, which come back to
another one, in a database and a server of their own.
"""

import asyncio
import secrets
from pathlib import Path

import msgspec

from benchmarks import books, load, processes, shop
from omniretail import embedded

Series = dict[str, list[float]]


def measure(
    server: embedded.Server,
    home: Path,
    *,
    workers: int,
    rounds: int,
    seconds: float,
    clients: int,
    generator: load.Generator,
) -> Series:
    """Have goods back and echo orders, by turns; prove the books.

    Raises: BenchmarkBroken for any answer but the expected one, or untrue books.
    """
    returned = asyncio.run(_filled(server))
    series: Series = {"returns": [], "returns_p99": [], "returns_echo": []}
    settings = processes.settings(returned.url, workers=workers)
    # No unit comes back twice: each run goes on where the one before it ended.
    coming = returned.orders * shop.RETURNED_UNITS
    with processes.running(["benchmarks.server"], settings, home / "returns.log") as (_, port, _):
        echo = load.Job(
            kind="order",
            path="/v1/bench/echo",
            status=201,
            name="",
            port=port,
            token=returned.token,
            clients=clients,
            seconds=seconds,
        )
        names = home / "orders-that-come-back"
        back = msgspec.structs.replace(echo, kind="return", path="/v1/returns", names=str(names))
        for number in range(rounds + 1):
            names.write_text("\n".join(coming) + "\n")
            run = msgspec.structs.replace(back, name=f"bench-{secrets.token_hex(3)[:5]}")
            done = load.run(run, generator)
            # Some were on their way when the run ended, and may have come back.
            coming = coming[done.requests + clients :]
            echoed = load.run(echo, generator)
            if number:
                series["returns"].append(done.per_second)
                series["returns_p99"].append(done.p99_ms)
                series["returns_echo"].append(echoed.per_second)
    asyncio.run(books.prove(returned.url))
    return series


async def _filled(server: embedded.Server) -> shop.Returned:
    return await shop.fill_returned(await shop.database(server, "returned"))
