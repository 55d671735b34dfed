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
    "account_entry",
    "cart",
    "count_task",
    "count_task_line",
    "customer",
    "customer_consent",
    "customer_identity",
    "customer_note",
    "event",
    "expected_receipt",
    "fulfillment",
    "hold",
    "hold_line",
    "idempotency_key",
    *("loyalty_account", "loyalty_day", "loyalty_entry", "loyalty_gift", "loyalty_hold"),
    *("loyalty_hold_lot", "loyalty_lot", "loyalty_member", "loyalty_merge", "loyalty_order"),
    *("loyalty_review", "loyalty_spending"),
    "order_exception",
    "order_line",
    "parcel",
    "payment",
    "payment_account",
    "payment_operation",
    "price_change",
    "refund",
    "rejection",
    "return_grading",
    "return_line",
    "sales_order",
    "sales_return",
    "shortage",
    "sku",
    "stock_cost",
    "stock_count",
    "stock_level",
    "stock_lot",
    "stock_movement",
    "stock_serial",
    "tender",
    "transfer",
    "transfer_discrepancy",
    "transfer_line",
    "unlinked_customer",
    "usage",
    "usage_count",
}
TOGETHER = {
    "placing an order reads": _reading_together(
        (
            sql("idempotency.known_keys"),
            sql("pricing.book_version"),
            sql("channels.channels_by_code"),
            sql("catalog.traits_of_skus"),
            sql("catalog.locations_by_code"),
            sql("inventory.channel_policies"),
            sql("inventory.lock_levels"),
        )
    ),
    "changing a cart reads": _reading_together(
        (
            sql("carts.lock_carts"),
            sql("channels.channels_by_code"),
            sql("catalog.traits_of_skus"),
            sql("catalog.locations_by_code"),
        )
    ),
    "changing a cart writes": _writing_together(
        (
            sql("inventory.change_levels"),
            sql("inventory.place_holds"),
            sql("inventory.place_hold_lines"),
            sql("inventory.close_hold_lines"),
            sql("inventory.release_holds"),
            sql("inventory.shrink_hold_lines"),
            sql("carts.create_carts"),
            sql("carts.change_carts"),
            sql("events.record_events"),
        )
    ),
    "changing customers reads": _reading_together(
        (sql("customers.customers"), sql("customers.identity_owners"))
    ),
    "changing customers writes": _writing_together(
        (
            sql("customers.create_customers"),
            sql("customers.change_customers"),
            sql("customers.add_identities"),
            sql("customers.record_consents"),
            sql("customers.record_notes"),
            sql("events.record_events"),
        )
    ),
    "placing a hold reads": _reading_together(
        (
            sql("idempotency.known_keys"),
            sql("catalog.traits_of_skus"),
            sql("catalog.locations_by_code"),
            sql("inventory.channel_policies"),
            sql("inventory.lock_levels"),
        )
    ),
    "placing a hold writes": _writing_together(
        (
            sql("inventory.change_levels"),
            sql("inventory.place_holds"),
            sql("inventory.place_hold_lines"),
            sql("inventory.close_hold_lines"),
            sql("idempotency.remember_keys"),
        )
    ),
    "surveying reads": _reading_together(
        (
            sql("inventory.hold_lines"),
            sql("inventory.counts_since"),
            sql("inventory.moved_since"),
            sql("inventory.lots"),
            sql("inventory.supply"),
            sql("inventory.lock_serials"),
            sql("inventory.averages"),
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
            sql("pricing.record_usages"),
            sql("pricing.use_claims"),
            sql("pricing.count_usages"),
            sql("events.record_events"),
            sql("idempotency.remember_keys"),
        )
    ),
    "noting a failure writes": _writing_together(
        (
            sql("orders.change_orders"),
            sql("orders.change_tenders"),
            sql("orders.capture_tenders"),
            sql("events.record_events"),
            sql("orders.open_exceptions"),
            sql("payments.tell_failures"),
            sql("idempotency.remember_keys"),
        )
    ),
    "closing exceptions writes": _writing_together(
        (sql("orders.close_exceptions"), sql("idempotency.remember_keys"))
    ),
    "changing an order writes": _writing_together(
        (
            sql("inventory.change_levels"),
            sql("inventory.record_movements"),
            sql("orders.change_orders"),
            sql("orders.change_lines"),
            sql("orders.change_fulfillments"),
            sql("orders.send_parcels"),
            sql("orders.change_tenders"),
            sql("orders.capture_tenders"),
            sql("orders.refund_tenders"),
            sql("events.record_events"),
            sql("pricing.free_usages"),
            sql("pricing.count_usages"),
        )
    ),
    "rejecting reads": _reading_together(
        (
            sql("sourcing.candidates"),
            sql("sourcing.policies"),
            sql("inventory.channel_policies"),
            sql("orders.bars"),
        )
    ),
    "rejecting confirms": _reading_together(
        (sql("orders.same_goods"), sql("inventory.suspicions_open"))
    ),
    "rejecting writes": _writing_together(
        (
            sql("inventory.change_levels"),
            sql("inventory.record_movements"),
            sql("orders.change_orders"),
            sql("orders.add_lines"),
            sql("orders.change_lines"),
            sql("orders.add_fulfillments"),
            sql("orders.change_fulfillments"),
            sql("orders.record_rejections"),
            sql("orders.open_exceptions"),
            sql("orders.close_not_sourced"),
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
    "changing transfers writes": _writing_together(
        (
            sql("inventory.change_transfers"),
            sql("inventory.change_transfer_lines"),
            sql("inventory.put_transfer_discrepancies"),
            sql("inventory.change_levels"),
            sql("inventory.create_levels"),
            sql("inventory.record_movements"),
            sql("events.record_events"),
        )
    ),
    "starting a payment reads": _reading_together(
        (
            sql("idempotency.known_keys"),
            sql("channels.channels_by_code"),
            sql("payments.payments_by_key"),
        )
    ),
    "using payments writes": _writing_together(
        (sql("payments.use_payments"), sql("payments.request_operations"))
    ),
    "answering payments writes": _writing_together(
        (
            sql("payments.answer_payments"),
            sql("payments.request_operations"),
            sql("idempotency.remember_keys"),
        )
    ),
    "changing accounts reads": _reading_together(
        (sql("idempotency.known_keys"), sql("payments.lock_accounts"))
    ),
    "changing accounts writes": _writing_together(
        (
            sql("payments.issue_accounts"),
            sql("payments.change_accounts"),
            sql("payments.record_entries"),
            sql("idempotency.remember_keys"),
        )
    ),
    "locking loyalty accounts reads": _reading_together(
        (
            sql("loyalty.accounts"),
            sql("loyalty.lots_to_change"),
            sql("loyalty.holds_to_change"),
            sql("loyalty.orders"),
            sql("loyalty.spendings"),
            sql("loyalty.days"),
            sql("loyalty.qualifying"),
        )
    ),
    "changing loyalty accounts writes": _writing_together(
        (
            sql("loyalty.put_accounts"),
            sql("loyalty.put_lots"),
            sql("loyalty.record_entries"),
            sql("loyalty.put_holds"),
            sql("loyalty.record_hold_lots"),
            sql("loyalty.put_orders"),
            sql("loyalty.put_spendings"),
            sql("loyalty.add_days"),
            sql("loyalty.put_reviews"),
            sql("loyalty.put_gifts"),
            sql("loyalty.put_merges"),
            sql("loyalty.move_members"),
        )
    ),
    "changing returns reads": _reading_together(
        (
            sql("pricing.book_version"),
            sql("catalog.traits_of_skus"),
            sql("catalog.locations_by_code"),
            sql("returns.policies"),
            sql("inventory.lock_levels"),
            sql("payments.lock_accounts"),
        )
    ),
    "returns are read": _reading_together((sql("returns.returns"), sql("returns.lines"))),
    "changing returns writes": _writing_together(
        (
            sql("inventory.change_levels"),
            sql("inventory.create_levels"),
            sql("inventory.record_movements"),
            sql("orders.change_orders"),
            sql("orders.change_lines"),
            sql("orders.change_tenders"),
            sql("orders.capture_tenders"),
            sql("orders.refund_tenders"),
            sql("returns.put_returns"),
            sql("returns.put_lines"),
            sql("returns.record_gradings"),
            sql("events.record_events"),
            sql("payments.issue_accounts"),
            sql("payments.change_accounts"),
            sql("payments.record_entries"),
            sql("payments.request_operations"),
            sql("idempotency.remember_keys"),
        )
    ),
} | {
    name: sql(name)
    for name in (
        "carts.carts",
        "carts.carts_of_customer",
        "customers.consents",
        "customers.customers_by_name",
        "customers.customers_by_reference",
        "customers.lock_customers",
        "customers.notes",
        "customers.references",
        "inventory.availability",
        "inventory.levels_as_of",
        "inventory.holds",
        "inventory.left_with",
        "inventory.lines_of_holds",
        "inventory.channel_room",
        "inventory.lock_expected_receipts",
        "inventory.lock_count_tasks",
        "inventory.lines_of_count_tasks",
        "inventory.shortage_cases",
        "loyalty.accounts",
        "loyalty.accounts_of_customers",
        "loyalty.entries",
        "loyalty.gift_lots",
        "loyalty.gifts",
        "loyalty.holds",
        "loyalty.list_holds",
        "loyalty.live_lots",
        "loyalty.lock_accounts",
        "loyalty.lock_due_accounts",
        "loyalty.lots",
        "loyalty.lots_with_points",
        "loyalty.merges",
        "loyalty.remove_members",
        "loyalty.reviews",
        "orders.find_order",
        "orders.find_sales",
        "orders.lock_exceptions",
        "orders.lock_no_shows",
        "orders.lock_orders",
        "orders.lock_reminders",
        "orders.bars",
        "orders.same_goods",
        "orders.orders",
        "orders.lines",
        "orders.fulfillments",
        "orders.held_up",
        "orders.parcels",
        "orders.queue",
        "orders.tenders",
        "inventory.lock_transfers",
        "inventory.lots_in_transit",
        "inventory.lots_on_the_way",
        "inventory.suspicions_open",
        "inventory.transfer_discrepancies",
        "inventory.transfer_lines",
        "inventory.transfers",
        "payments.account_entries",
        "payments.accounts",
        "payments.lock_due_operations",
        "payments.lock_payments",
        "payments.lock_pending_payments",
        "payments.lock_untold_failures",
        "payments.lock_unused_payments",
        "payments.operations_of_orders",
        "payments.payments",
        "payments.payments_of_cart",
        "payments.record_operation",
        "pricing.claims",
        "pricing.claims_counted",
        "pricing.customers_counted",
        "pricing.lock_usage_counts",
        "pricing.price_changes_within",
        "pricing.usages_of_orders",
        "returns.lock_unlinked_customers",
        "returns.recent_unlinked",
        "returns.lines",
        "returns.list_returns",
        "returns.lock_returns",
        "returns.orders_of",
        "returns.returns",
        "returns.units_sold",
        "sourcing.candidates",
        "sourcing.promisable",
    )
}


# What is written was looked up before, so only the reads must withstand the worst statistics. Of those not
# the one that an inverted index serves, nor those of lots and holds by account: of what is known to be
# empty, any other index is as good.
ANY_INDEX_IS_AS_GOOD = {
    "inventory.left_with",
    "locking loyalty accounts reads",
    "loyalty.accounts",
    "loyalty.gift_lots",
}
CASES = [(name, False) for name in TOGETHER] + [
    (name, True) for name in TOGETHER if "write" not in name and name not in ANY_INDEX_IS_AS_GOOD
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


async def test_sales_are_read_in_their_order_and_no_further_than_wanted(database_url: str) -> None:
    """Whoever has bought for years has as many sales: sorting them would read them all."""
    statement = sql("orders.find_sales").rstrip().removesuffix(";")
    connection = await asyncpg.connect(database_url, server_settings=_LEDGER_PLANS)
    try:
        await connection.execute(f"prepare planned as {statement}")
        nulls = ", ".join(["null"] * 10)
        plan = await connection.fetchval(f"explain (format json) execute planned({nulls})")
    finally:
        await connection.close()

    whole = json.loads(plan)[0]["Plan"]
    (leads,) = [node for node in nodes(whole) if node["Node Type"] == "Merge Append"]
    led = {"sales_order_email_idx", "sales_order_customer_idx", "tender_card_token_idx"}
    assert led == {node["Index Name"] for node in nodes(leads) if "Index Name" in node}
    sorting = [node for node in nodes(whole) if "Sort" in node["Node Type"]]
    assert not any(part is leads for node in sorting for part in nodes(node))
    assert not any(
        reads_growing(part)
        for node in sorting
        if node in list(nodes(leads))
        for part in nodes(node)
    )
    (limit,) = [
        node
        for node in nodes(whole)
        if node["Node Type"] == "Limit" and any(part is leads for part in nodes(node))
    ]
    assert limit is not whole


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a plan's nodes."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def reads_growing(node: dict[str, Any]) -> bool:
    """Tell whether a node scans a table that grows, or a month of one."""
    table = re.sub(r"_(\d{4}_\d{2}|default)$", "", node.get("Relation Name", ""))
    return table in GROWING and "Scan" in node["Node Type"]
