"""Bringing a database to the newest version."""

import re
from importlib import resources
from pathlib import Path

from alembic import command, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

_HOME = Path(str(resources.files("omniretail"))) / "migrations"
# Two processes that migrate at once wait for each other here; correctness does not depend on it,
# for the version table's own row lock decides.
_LOCK = text("lock table alembic_version in access exclusive mode")


def run_sql(version: str) -> None:
    """Execute the SQL file of a version, one statement at a time."""
    for statement in statements((_HOME / "versions" / f"{version}.sql").read_text("utf-8")):
        op.execute(text(re.sub(r":", r"\:", statement)))


def statements(script: str) -> list[str]:
    """Split a script at the semicolons that end a line; comments between them fall away."""
    code = re.sub(r"^\s*--.*\n", "", script, flags=re.MULTILINE)
    return [
        statement.strip()
        for statement in re.split(r";\s*$", code, flags=re.MULTILINE)
        if statement.strip()
    ]


async def migrate(engine: AsyncEngine, *, schema: str = "public") -> str:
    """Bring the schema to the newest version; returns that version."""
    async with engine.execution_options(isolation_level="READ COMMITTED").begin() as connection:
        return await connection.run_sync(_upgrade, schema)


async def is_current(engine: AsyncEngine, *, schema: str = "public") -> bool:
    """Tell whether the schema is at the newest version."""

    def current(connection: Connection) -> str | None:
        connection.execute(text(f'set local search_path to "{schema}"'))
        return MigrationContext.configure(connection).get_current_revision()

    async with engine.execution_options(isolation_level="READ COMMITTED").begin() as connection:
        found = await connection.run_sync(current)
    return found == ScriptDirectory.from_config(_config()).get_current_head()


def _upgrade(connection: Connection, schema: str) -> str:
    connection.execute(text(f'create schema if not exists "{schema}"'))
    connection.execute(text(f'set local search_path to "{schema}"'))
    connection.execute(
        text(
            "create table if not exists alembic_version "
            "(version_num varchar(32) constraint alembic_version_pkc primary key)"
        )
    )
    connection.execute(_LOCK)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    head = ScriptDirectory.from_config(config).get_current_head()
    assert head is not None
    return head


def _config() -> Config:
    config = Config()
    # Alembic reads `%` as interpolation; a path may hold one.
    config.set_main_option("script_location", str(_HOME).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
