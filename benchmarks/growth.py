"""Books that have grown for a year: orders and their movements, written straight into the tables.

Row for row what the product would have written (year/*.sql), so that the audit holds on them.
"""

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise

import asyncpg

from benchmarks import ROOT
from benchmarks.pgbench import Sample
from benchmarks.shop import LOCATIONS, SKUS, UNIT_PRICE_MINOR
from omniretail import clock
from omniretail.db import Database
from omniretail.migrations import ensure_months

MOVEMENTS_OF_AN_ORDER = 5
# All levels take turns; with whole rounds, each ends as it began.
MOVEMENTS_OF_A_ROUND = MOVEMENTS_OF_AN_ORDER * SKUS * LOCATIONS

_YEAR = timedelta(days=365)
_NOT_YET_LEFT = timedelta(hours=3)
_KEYS_KEPT = timedelta(days=30)  # as `omniretail retain` does
_MONTHS_MADE_AT_ONCE = 4
_WRITERS = 2
_SKETCH = """
create unlogged table year_order (
    number bigint, stamp text, left_stamp text, placed_at timestamptz, left_at timestamptz,
    location text, first text, second text
)
"""


async def grow(url: str, like: Sample, *, movements: int) -> None:
    """Write so many movements, in whole rounds, with their orders; end as a database at rest."""
    assert movements % MOVEMENTS_OF_A_ROUND == 0, "every level takes the same part"
    now = clock.now()
    await _make_months(url, now)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_SKETCH)
        orders = movements // MOVEMENTS_OF_AN_ORDER
        bounds = [orders * part // _WRITERS for part in range(_WRITERS + 1)]
        async with asyncio.TaskGroup() as writers:
            for first, behind in pairwise(bounds):
                writers.create_task(_write(url, like, first, behind, orders, now))
        await connection.execute("drop table year_order")
    finally:
        await connection.close()


async def settle(url: str) -> None:
    """Do what the database would do by and by: statistics, visibility, what is not yet on disk."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("vacuum (analyze)")
        await connection.execute("checkpoint")
    finally:
        await connection.close()


async def _make_months(url: str, now: datetime) -> None:
    """Make the months of the past: a book of a year was not one until each of them had been."""
    database = Database(url, pool_size=1)
    try:
        for months in range(_MONTHS_MADE_AT_ONCE, 17, _MONTHS_MADE_AT_ONCE):
            past = now - timedelta(days=30 * months)
            await database.run(lambda tx, past=past: ensure_months(tx, now=past))  # type: ignore[misc]
    finally:
        await database.close()


async def _write(
    url: str, like: Sample, first: int, behind: int, orders: int, now: datetime
) -> None:
    connection = await asyncpg.connect(url)
    begun, ended = now - _YEAR, now - _NOT_YET_LEFT
    who, price = like.principal_id, UNIT_PRICE_MINOR
    steps: list[tuple[str, tuple[object, ...]]] = [
        ("sketch", (orders, begun, ended, SKUS, LOCATIONS)),
        ("movements", (who,)),
        ("orders", (who, price)),
        ("lines", (price,)),
        ("fulfillments", ()),
        ("tenders", (price,)),
        ("events", (who, like.event)),
        ("keys", (who, like.answer, now - _KEYS_KEPT)),
    ]
    try:
        for name, values in steps:
            statement = (ROOT / "benchmarks" / "year" / f"{name}.sql").read_text()
            await connection.execute(statement, first, behind, *values)
    finally:
        await connection.close()
