"""The ledger's statements find rows by their keys, also where they were planned on empty tables.

A statement is planned once per connection. Statistics that say "empty" make reading a whole index
look free, and the plan stays while the table grows: so what a plan reads must be bounded by the
batch, whatever the statistics say.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from omniretail.db import _LEDGER_PLANS, _reading_together, _writing_together, sql

GROWING = {
    "event",
    "fulfillment",
    "idempotency_key",
    "order_line",
    "refund",
    "sales_order",
    "sku",
    "stock_level",
    "stock_movement",
    "tender",
}
TOGETHER = {
    "placing an order reads": _reading_together(
        (
            sql("idempotency.known_keys"),
            sql("pricing.book_version"),
            sql("channels.channels_by_code"),
            sql("catalog.traits_of_skus"),
            sql("catalog.locations_by_code"),
            sql("inventory.lock_levels"),
        )
    ),
    "placing an order writes": _writing_together(
        (
            sql("inventory.change_levels"),
            sql("inventory.record_movements"),
            sql("orders.place_orders"),
            sql("orders.place_fulfillments"),
            sql("orders.place_lines"),
            sql("orders.place_tenders"),
            sql("events.record_events"),
            sql("idempotency.remember_keys"),
        )
    ),
    "changing an order writes": _writing_together(
        (
            sql("inventory.change_levels"),
            sql("inventory.record_movements"),
            sql("orders.change_orders"),
            sql("orders.change_lines"),
            sql("orders.change_fulfillments"),
            sql("orders.refund_tenders"),
            sql("events.record_events"),
        )
    ),
    "booking stock reads": _reading_together(
        (
            sql("catalog.traits_of_skus"),
            sql("catalog.locations_by_code"),
            sql("inventory.lock_levels"),
        )
    ),
} | {
    name: sql(name)
    for name in (
        "inventory.availability",
        "orders.lock_orders",
        "orders.orders",
        "orders.lines",
        "orders.fulfillments",
        "orders.tenders",
    )
}


# What is written was looked up before, so only the reads must withstand the worst statistics.
CASES = [(name, False) for name in TOGETHER] + [
    (name, True) for name in TOGETHER if "write" not in name
]


@pytest.mark.parametrize(("name", "analyzed"), CASES)
async def test_a_plan_reads_no_more_than_the_batch_asks_for(
    database_url: str, name: str, analyzed: bool
) -> None:
    statement = TOGETHER[name]
    connection = await asyncpg.connect(database_url, server_settings=_LEDGER_PLANS)
    try:
        if analyzed:
            await connection.execute("analyze")
        await connection.execute(f"prepare planned as {statement.rstrip().removesuffix(';')}")
        values = max(int(number) for number in re.findall(r"\$(\d+)", statement))
        plan = await connection.fetchval(
            f"explain (format json) execute planned({', '.join(['null'] * values)})"
        )
    finally:
        await connection.close()

    reads = [node for node in nodes(json.loads(plan)[0]["Plan"]) if reads_growing(node)]
    for node in reads:
        assert node["Node Type"] != "Seq Scan", node
        assert "Index Cond" in node or "Recheck Cond" in node, node
    assert reads


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a plan's nodes."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def reads_growing(node: dict[str, Any]) -> bool:
    """Tell whether a node scans a table that grows."""
    return node.get("Relation Name") in GROWING and "Scan" in node["Node Type"]
