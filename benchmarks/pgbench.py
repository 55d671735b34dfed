"""The database's own limit: pgbench, from the same PostgreSQL, writes the rows of an order.

One commit for each order, in a copy of the filled database, so that what it writes never mixes
with what the product wrote.
"""

import os
import re
import subprocess
from itertools import count
from uuid import UUID

import asyncpg
import msgspec

from benchmarks import ROOT, BenchmarkBroken
from benchmarks.shop import LOCATIONS, SKUS, Shop
from omniretail import embedded

DATABASE = "pgbench"
"""The copy that pgbench writes to."""
_runs = count(1)


class Sample(msgspec.Struct, frozen=True):
    """What the product stored with one order, for pgbench to store the same."""

    principal_id: UUID
    answer: str
    event: str


class Measured(msgspec.Struct, frozen=True):
    """What a run of pgbench came to."""

    transactions: int
    per_second: float


async def sample(shop: Shop) -> Sample:
    """Return what the product stored with one of its orders."""
    connection = await asyncpg.connect(shop.url)
    try:
        row = await connection.fetchrow(
            "select used.answer, event.data::text as data from idempotency_key as used "
            "join sales_order on sales_order.idempotency_key = used.key "
            "join event on event.document_id = sales_order.id "
            "where used.principal_id = $1 limit 1",
            shop.principal_id,
        )
    finally:
        await connection.close()
    if row is None:
        raise BenchmarkBroken("the product has placed no order that pgbench could imitate")
    return Sample(shop.principal_id, row["answer"], row["data"])


def run(
    server: embedded.Server, like: Sample, *, clients: int, seconds: float, one_sku: bool = False
) -> Measured:
    """Write orders for a while, all on one SKU if so wanted. Raises: BenchmarkBroken."""
    variables = {
        "n": next(_runs) * 10**7,  # identities differ from every other run's
        "skus": 1 if one_sku else SKUS,
        "locations": 1 if one_sku else LOCATIONS,
        "principal": like.principal_id,
        "answer": like.answer,
        "event": like.event,
    }
    threads = min(2, os.cpu_count() or 1)
    command = [str(embedded.bin_directory() / "pgbench"), "-n", "-M", "prepared"]
    command += ["-c", str(clients), "-j", str(threads), "-T", str(max(1, round(seconds)))]
    command += ["-f", str(ROOT / "benchmarks" / "order.sql")]
    command += [f"-D{name}={value}" for name, value in variables.items()]
    ran = subprocess.run(
        [*command, "-h", str(server.socket_directory), "-U", server.user, DATABASE],
        env={name: value for name, value in os.environ.items() if not name.startswith("PG")},
        capture_output=True,
        text=True,
        check=False,
    )
    done = re.search(r"transactions actually processed: (\d+)", ran.stdout)
    speed = re.search(r"^tps = ([\d.]+)", ran.stdout, flags=re.MULTILINE)
    if ran.returncode or done is None or speed is None:
        raise BenchmarkBroken(f"pgbench ended with {ran.returncode}: {ran.stdout} {ran.stderr}")
    return Measured(int(done[1]), float(speed[1]))
