"""Sourcing: orders that leave open who serves them, beside orders that name a location; a long queue.

A retailer of its own: a thousand SKUs at fifty locations a degree apart, and ten thousand pickups that
wait at one of them, in a database and a server of its own.
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
    """Place orders with and without a location, by turns, and read the queue; prove the books.

    Raises: BenchmarkBroken for any answer but the expected one, or untrue books.
    """
    sourced = asyncio.run(_filled(server))
    series: Series = {"orders_named": [], "orders_sourced": [], "queue_p99": []}
    settings = processes.settings(sourced.url, workers=workers)
    with processes.running(["benchmarks.server"], settings, home / "sourcing.log") as (_, port, _):
        job = load.Job(
            kind="named",
            path="/v1/orders",
            status=201,
            name="",
            port=port,
            token=sourced.token,
            clients=clients,
            seconds=seconds,
            skus=shop.SOURCED_SKUS,
            locations=shop.SOURCES,
        )
        queue = msgspec.structs.replace(
            job,
            kind="fixed",
            path=f"/v1/fulfillments?location={shop.source(0)}&kind=pickup",
            status=200,
            token=sourced.staff,
            clients=1,
        )
        kinds: list[tuple[str, load.Kind]] = [
            ("orders_named", "named"),
            ("orders_sourced", "sourced"),
        ]
        for number in range(rounds + 1):
            for name, kind in kinds if number % 2 else kinds[::-1]:
                run = msgspec.structs.replace(
                    job, kind=kind, name=f"bench-{secrets.token_hex(3)[:5]}"
                )
                done = load.run(run, generator)
                if number:
                    series[name].append(done.per_second)
            waited = load.run(queue, generator)
            if number:
                series["queue_p99"].append(waited.p99_ms)
    asyncio.run(books.prove(sourced.url))
    return series


async def _filled(server: embedded.Server) -> shop.Sourced:
    return await shop.fill_sourced(await shop.database(server, "sourcing"))
