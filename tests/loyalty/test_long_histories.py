"""Whoever has collected for years is read as fast as who began today: as few pages are touched."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from omniretail.db import _LEDGER_PLANS, sql

ANN = UUID("01900000-0000-7000-8000-00000000000a")
LATER = datetime(2030, 1, 1, tzinfo=UTC)
MOST_PAGES = 60
HISTORY = (
    """insert into loyalty_account (id, version, status, lots_points, debt_points, active_points,
    pending_points, steady_until, opened_at, opened_by)
    values ($1, 100000, 'open', 10, 0, 10, 0, '2026-01-01Z', '2020-01-01Z', $1)""",
    """insert into loyalty_lot (id, account_id, kind, quantity, remaining, held, expired, absorbed,
    earned_at, available_at, in_review)
    select gen_random_uuid(), $1, 'earned', 1, (each > 100000)::int, 0, 0, 0, '2020-01-01Z',
    '2020-01-01Z', false from generate_series(1, 100010) as each""",
    """insert into loyalty_entry (account_id, sequence, type, points, lot_change, debt_change,
    occurred_at, recorded_at, actor_id)
    select $1, each, 'absorbed', 1, 0, 0, '2020-01-01Z', '2020-01-01Z', $1
    from generate_series(1, 100000) as each""",
    """insert into loyalty_hold (id, account_id, points, state, placed_at, expires_at, closed_at,
    actor_id) select gen_random_uuid(), $1, 1, 'voided', '2020-01-01Z', '2020-01-01Z',
    '2020-01-01Z', $1 from generate_series(1, 20000) as each""",
)


@pytest.fixture
async def years(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees an account with a hundred thousand entries, and nobody else does."""
    connection = await asyncpg.connect(database_url, server_settings=_LEDGER_PLANS)
    history = connection.transaction()
    await history.start()
    for name, statement in STATEMENTS.items():
        await connection.execute(f"prepare {name} as {statement}")
    for statement in HISTORY:
        await connection.execute(statement, ANN)
    for table in ("account", "lot", "entry", "hold"):
        await connection.execute(f"analyze loyalty_{table}")
    yield connection
    await history.rollback()
    await connection.close()


def text(name: str) -> str:
    return sql(name).rstrip().removesuffix(";")


STATEMENTS = {
    "accounts": text("loyalty.accounts"),
    "entries": text("loyalty.entries"),
    "lots": text("loyalty.lots"),
    "lots_with_points": text("loyalty.lots_with_points"),
    "live_lots": text("loyalty.live_lots"),
    "list_holds": text("loyalty.list_holds"),
    "lots_to_change": text("loyalty.lots_to_change"),
}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("accounts", f"array['{ANN}'::uuid], '{LATER}'"),
        ("entries", f"'{ANN}', null, 51"),
        ("entries", f"'{ANN}', 50000, 51"),
        ("lots", f"'{ANN}', null, 51"),
        ("lots", f"'{ANN}', '{UUID(int=1 << 127)}', 51"),
        ("lots_with_points", f"'{ANN}', null, 51, '{LATER}'"),
        ("live_lots", f"array['{ANN}'::uuid]"),
        ("list_holds", f"'{ANN}', null, 51"),
        ("lots_to_change", f"array['{ANN}'::uuid], array[5], '{{}}', '{{}}', '{LATER}'"),
    ],
)
async def test_a_long_history_is_read_by_few_pages(
    years: asyncpg.Connection, name: str, values: str
) -> None:
    told = await years.fetchval(f"explain (analyze, buffers, format json) execute {name}({values})")

    whole = json.loads(told)[0]["Plan"]
    assert whole["Shared Hit Blocks"] + whole["Shared Read Blocks"] < MOST_PAGES, told
    assert whole["Actual Rows"] > 0
