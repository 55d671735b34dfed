"""What was written in a run: the same rows for each order, whoever wrote them, and true books."""

import asyncpg
import msgspec

from benchmarks import BenchmarkBroken
from benchmarks.shop import Shop
from omniretail import audit, clock
from omniretail.db import Database

# Of each table, the rows that came with orders and not with the opening stock.
_WRITTEN = {
    "idempotency_key": (1, "principal_id = $1"),
    "sales_order": (1, "true"),
    "order_line": (2, "true"),
    "stock_movement": (2, "document_type = 'order'"),
    "fulfillment": (1, "true"),
    "tender": (1, "true"),
    "event": (1, "document_type = 'order'"),
    "refund": (0, "true"),
}
_ALLOCATED = 2
_SIZE_TOLERANCE = 0.05


class Rows(msgspec.Struct, frozen=True):
    """How many rows of a table came with orders, and their mean size."""

    count: int
    mean_bytes: float


class Written(msgspec.Struct, frozen=True):
    """Everything that orders left in a database."""

    tables: dict[str, Rows]
    allocated: int

    @property
    def orders(self) -> int:
        """How many orders there are."""
        return self.tables["sales_order"].count


async def written(url: str, shop: Shop) -> Written:
    """Count what orders left in a database."""
    connection = await asyncpg.connect(url)
    try:
        tables = {}
        for table, (_, condition) in _WRITTEN.items():
            arguments = [shop.principal_id] if "$1" in condition else []
            row = await connection.fetchrow(
                f"select count(*), coalesce(avg(pg_column_size(written.*)), 0)::float8 "
                f"from {table} as written where {condition}",
                *arguments,
            )
            assert row is not None, "an aggregate returns a row"
            tables[table] = Rows(*row)
        allocated = await connection.fetchval("select sum(allocated) from stock_level")
    finally:
        await connection.close()
    return Written(tables, allocated)


def compare(ours: Written, theirs: Written) -> None:
    """Check that each order left the same rows in both databases.

    Raises: BenchmarkBroken where an order left other rows, or rows of another size.
    """
    for who, found in (("the product", ours), ("pgbench", theirs)):
        for table, (rows, _) in _WRITTEN.items():
            if found.tables[table].count != rows * found.orders:
                raise BenchmarkBroken(
                    f"{who} wrote {found.tables[table].count} rows of {table} for "
                    f"{found.orders} orders, not {rows} each"
                )
        if found.allocated != _ALLOCATED * found.orders:
            raise BenchmarkBroken(
                f"{who} allocated {found.allocated} units for {found.orders} orders, "
                f"not {_ALLOCATED} each"
            )
    for table, our in ours.tables.items():
        their = theirs.tables[table]
        if abs(our.mean_bytes - their.mean_bytes) > _SIZE_TOLERANCE * our.mean_bytes:
            raise BenchmarkBroken(
                f"a row of {table} has {our.mean_bytes:.0f} bytes from the product and "
                f"{their.mean_bytes:.0f} from pgbench"
            )


async def prove(url: str) -> int:
    """Run the audit on a database; return how many checks hold, which is all.

    Raises: BenchmarkBroken where one does not.
    """
    database = Database(url, pool_size=1)
    try:
        async with database.transaction(snapshot=True) as tx:
            findings = await audit.audit(tx, now=clock.now())
    finally:
        await database.close()
    false = [finding for finding in findings if not finding.holds]
    if false:
        text = "; ".join(f"{finding.check}: {finding.examples}" for finding in false)
        raise BenchmarkBroken(f"the books are not true: {text}")
    return len(findings)
