"""The months of tables that grow: made ahead of time, so that every row finds its own.

A row of a month that nobody made lands in the table's default partition; nothing is ever refused.
A month that has rows there stays there, for PostgreSQL would not take them out.
"""

from datetime import datetime

from omniretail.db import Transaction

_PARTITIONED = ("stock_movement", "event")
_MONTHS_AHEAD = 3


async def ensure_months(tx: Transaction, *, now: datetime) -> list[str]:
    """Make this month's and the next three months' partitions; returns the names of new ones."""
    made: list[str] = []
    for table in _PARTITIONED:
        for ahead in range(_MONTHS_AHEAD + 1):
            start, end = _month(now, ahead), _month(now, ahead + 1)
            name = f"{table}_{start:%Y_%m}"
            # Names and bounds cannot be parameters; they are of our own making.
            bounds = f"'{start:%Y-%m-%d}+00'", f"'{end:%Y-%m-%d}+00'"
            (found,) = await tx.fetch(
                f"select to_regclass($1) is not null as known, exists (select 1 from {table}_default "  # noqa: S608
                f"where recorded_at >= {bounds[0]} and recorded_at < {bounds[1]}) as strayed",
                name,
            )
            if not found["known"] and not found["strayed"]:
                await tx.execute(
                    f"create table if not exists {name} partition of {table} "
                    f"for values from ({bounds[0]}) to ({bounds[1]})"
                )
                made.append(name)
    return made


def _month(now: datetime, ahead: int) -> datetime:
    months = now.year * 12 + now.month - 1 + ahead
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=now.tzinfo)
