"""Three tellings of one database: the models, the migrated schema, and docs/schema.sql."""

import asyncio
import importlib
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import SQLModel

import omniretail
from omniretail import clock
from omniretail.app import create_app
from omniretail.db import Database
from omniretail.migrations import ensure_months, migrate
from omniretail.migrations.runner import statements
from omniretail.settings import Settings
from tests import schema
from tests.callers import Retailer, line, order, served
from tests.conftest import started

_HOME = Path(omniretail.__file__).parent
for _models in sorted(_HOME.glob("*/models.py")):
    importlib.import_module(f"omniretail.{_models.parent.name}.{_models.stem}")

# What a schema holds, as the database itself spells it; rows of (table, kind, name, meaning).
_TOLD = """
with tables as (
    select oid, relname, relkind from pg_class
    where relnamespace = $1::regnamespace and relkind in ('r', 'p')
        and not relispartition and relname <> 'alembic_version'
)
select relname::text, 'table', '', coalesce(pg_get_partkeydef(oid), 'whole') from tables
union all
select relname, 'column', attname, concat_ws(
    ' ', format_type(atttypid, atttypmod), case when attnotnull then 'not null' end,
    'default ' || pg_get_expr(adbin, adrelid), nullif(attidentity, '')
)
from tables inner join pg_attribute on attrelid = tables.oid
left join pg_attrdef on adrelid = tables.oid and adnum = attnum
where attnum > 0 and not attisdropped
union all
select relname, 'constraint', conname, pg_get_constraintdef(pg_constraint.oid)
from tables inner join pg_constraint on conrelid = tables.oid
where contype in ('c', 'f', 'p', 'u', 'x')
union all
select relname, 'index', indexrelid::regclass::text, pg_get_indexdef(indexrelid)
from tables inner join pg_index on indrelid = tables.oid
"""

Told = dict[str, dict[tuple[str, str], str]]


async def told(connection: asyncpg.Connection, name: str) -> Told:
    """What stands in a schema: by table, each column, constraint and index with its meaning."""
    await connection.execute("select set_config('search_path', $1, false)", name)
    found: Told = defaultdict(dict)
    for table, kind, part, meaning in await connection.fetch(_TOLD, name):
        found[table][kind, part] = meaning.replace(f"{name}.", "")
    return found


async def test_the_models_say_what_the_migrations_made(database_url: str) -> None:
    """The models' own tables, made beside the migrated ones, are the same to the last CHECK."""
    dialect: Any = postgresql.dialect()  # type: ignore[no-untyped-call]
    connection = await asyncpg.connect(database_url)
    migrated = await told(connection, "public")
    await connection.execute("create schema models")
    await connection.execute("set search_path to models")
    for table in SQLModel.metadata.sorted_tables:
        await connection.execute(str(CreateTable(table).compile(dialect=dialect)))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            await connection.execute(str(CreateIndex(index).compile(dialect=dialect)))
    modeled = await told(connection, "models")
    await connection.execute("drop schema models cascade")
    await connection.close()

    assert len(modeled) > 30
    assert set(modeled) == set(migrated)
    for name, parts in migrated.items():
        assert modeled[name] == parts


async def test_the_page_says_what_the_migrations_made(database_url: str) -> None:
    """Where it does not: `make schema` writes it anew."""
    written = await asyncio.to_thread(schema.PAGE.read_text, "utf-8")
    assert written == await asyncio.to_thread(schema.page, database_url)


async def test_every_name_is_ours(database_url: str) -> None:
    """A refusal by the database is known by its constraint's name: none may be made up by a server."""
    given = " ".join(
        path.read_text("utf-8")
        for path in sorted((_HOME / "migrations" / "versions").glob("*.sql"))
    )
    connection = await asyncpg.connect(database_url)
    found = await told(connection, "public")
    await connection.close()

    names = {name for parts in found.values() for kind, name in parts if kind == "constraint"}
    indexes = {name for parts in found.values() for kind, name in parts if kind == "index"}
    assert len(names) > 100
    for name in names:
        assert f"constraint {name} " in given
    for name in indexes - names:
        assert f"index {name} on " in given
    for table, parts in found.items():
        assert all(
            name.startswith(f"{table}_") for kind, name in parts if kind != "column" and name
        )


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    before = await asyncio.to_thread(schema.page, database_url)
    first = await migrate(database_url)
    again = await migrate(database_url)

    assert first == again
    assert await asyncio.to_thread(schema.page, database_url) == before


async def test_two_processes_migrate_at_once(database_url: str) -> None:
    """Two servers that start together: one waits for the other, and finds all done."""
    versions = await asyncio.gather(*(migrate(database_url, schema="shop") for _ in range(3)))

    connection = await asyncpg.connect(database_url)
    public, shop = await told(connection, "public"), await told(connection, "shop")
    await connection.close()
    assert len(set(versions)) == 1
    assert shop == public


_BEFORE_THE_LEDGER = """
insert into location values ('S1', 'S1', 'store', 'UTC', null, null, '{pickup}', 'active', 1, now());
insert into sku values ('A', 'Article A', 'standard', 'active', 'a', 1, now());
insert into sku values ('B', 'Article B', 'standard', 'active', 'b', 1, now());
insert into stock_level values ('A', 'S1', 3, 1), ('B', 'S1', 1, 3);
insert into stock_movement (
    id, recorded_at, occurred_at, type, sku, location, from_state, to_state, quantity, document_type,
    document_id, actor_id, idempotency_key
)
values (
    gen_random_uuid(), now(), now(), 'received', 'A', 'S1', 'supplier', 'available', 3, 'receipt',
    gen_random_uuid(), gen_random_uuid(), 'key-1'
);
insert into order_line values (gen_random_uuid(), 1, 1, 'A', 1, 0, 0, 500, 500, null, 500);
"""


async def test_what_stood_before_the_inventory_ledger_stands_after_it(database_url: str) -> None:
    """Given a database of the first version with rows, when it is migrated, then they mean the same."""
    first = _HOME / "migrations" / "versions" / "0001_the_house_stands.sql"
    connection = await asyncpg.connect(database_url)
    await connection.execute("create schema shop")
    await connection.execute("set search_path to shop")
    for script in (await asyncio.to_thread(first.read_text, "utf-8"), _BEFORE_THE_LEDGER):
        for statement in statements(script):
            await connection.execute(statement)
    await connection.execute(
        "create table alembic_version "
        "(version_num varchar(32) constraint alembic_version_pkc primary key)"
    )
    await connection.execute("insert into alembic_version values ($1)", first.stem)

    await migrate(database_url, schema="shop")

    enough, short = map(dict, await connection.fetch("select * from stock_level order by sku"))
    (shortage,) = await connection.fetch("select * from shortage")
    (movement,) = await connection.fetch("select * from stock_movement")
    assert enough.pop("moved_at") is not None
    assert enough == {
        "sku": "A",
        "location": "S1",
        "on_hand": 3,
        "allocated": 1,
        **dict.fromkeys(("held", "damaged", "quality_control", "suspected"), 0),
        **dict.fromkeys(("safety_stock", "counted_at", "shortage_id"), None),
    }
    assert (short["on_hand"], short["allocated"]) == (1, 3)
    assert (shortage["id"], shortage["missing"]) == (short["shortage_id"], 2)
    assert movement["quantity"] == 3
    assert await connection.fetchval("select safety_stock from location") == 0
    assert await connection.fetchval(
        "select bool_and(tracking is null and components is null) from sku"
    )
    assert await connection.fetchval("select promised_at is null from order_line")
    assert await connection.fetchval("select count(*) from stock_reason") > 10
    shop, public = await told(connection, "shop"), await told(connection, "public")
    await connection.close()
    assert shop == public


async def test_a_retailer_in_a_schema_of_its_own(database_url: str) -> None:
    """It sells as it would in `public`, and nothing of it lands there."""
    await migrate(database_url, schema="shop")
    database = Database(database_url, schema="shop")
    made = await database.run(lambda tx: ensure_months(tx, now=clock.now()))
    again = await database.run(lambda tx: ensure_months(tx, now=clock.now()))
    await database.close()
    app = create_app(Settings(database_url=database_url, schema="shop", log_level="error"))
    async with started(app):
        retailer = await Retailer.open(app)
        await retailer.receive("A", S1=2)
        placed = await retailer.web.post(
            "/v1/orders", order(served("pickup", "S1", line("A", 1)), paid=2000)
        )
        level = await retailer.level("A", "S1")
        books = (await retailer.office.get("/v1/audit")).json()
        await retailer.repeat_every_write()
        await retailer.close()

    assert len(made) == 8
    assert again == []
    assert placed.status_code == 201
    assert level == (2, 1, 1)
    assert books["holds"] is True
    connection = await asyncpg.connect(database_url)
    for table in ("channel", "sku", "stock_movement", "sales_order", "event", "idempotency_key"):
        assert await connection.fetchval(f"select count(*) from public.{table}") == 0
        assert await connection.fetchval(f"select count(*) from shop.{table}") > 0
    await connection.close()


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("", []),
        ("-- only a comment\n", []),
        ("select 1;\nselect 2;\n", ["select 1", "select 2"]),
        ("select 1;", ["select 1"]),
        ("select 1", ["select 1"]),
        ("select\n    1;  \n\n\n-- then\nselect 2;\n", ["select\n    1", "select 2"]),
        ("select 'a;b';\nselect 2;\n", ["select 'a;b'", "select 2"]),
        (
            "create table t (\n    -- a comment\n    a text\n);\n",
            ["create table t (\n    a text\n)"],
        ),
    ],
)
def test_a_script_is_split_into_statements(script: str, expected: list[str]) -> None:
    assert statements(script) == expected


async def test_a_statement_may_hold_a_colon(database_url: str) -> None:
    """Casts in migrations are not taken for parameters; seen in what they made."""
    connection = await asyncpg.connect(database_url)
    check = await connection.fetchval(
        "select pg_get_constraintdef(oid) from pg_constraint "
        "where conname = 'location_capabilities_known'"
    )
    await connection.close()
    assert "'carry_out'" in check


async def test_a_month_whose_rows_strayed_does_not_stop_the_next_start(database: Database) -> None:
    """Given rows of a month that nobody made, when months are made, then that one is left out."""
    later = datetime(2031, 3, 15, tzinfo=UTC)
    async with database.transaction() as tx:
        await tx.execute(
            "insert into event values (gen_random_uuid(), $1, $1, 'test', gen_random_uuid(), 1, 'x', "
            "gen_random_uuid(), null, '{}')",
            later,
        )

    made = await database.run(lambda tx: ensure_months(tx, now=later))
    again = await database.run(lambda tx: ensure_months(tx, now=later))

    assert "event_2031_03" not in made
    assert {"event_2031_04", "event_2031_06", "stock_movement_2031_03"} <= set(made)
    assert again == []
    async with database.transaction() as tx:
        await tx.execute("delete from event where document_type = 'test'")
