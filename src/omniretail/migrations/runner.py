"""Bringing a database to the newest version."""

import re
from importlib import resources
from pathlib import Path

from alembic import command, op
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

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


async def migrate(url: str, *, schema: str = "public") -> str:
    """Bring the schema to the newest version; returns that version."""
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        poolclass=NullPool,
        # No statement is prepared under a name, so that a pooler in transaction mode may stand
        # between.
        connect_args={
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: "",
        },
    )
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(_upgrade, schema)
    except IntegrityError:
        # Another process made the schema or the version table at the same moment, `if not exists`
        # or not. It has committed since: this time we find them, and its work done.
        async with engine.begin() as connection:
            return await connection.run_sync(_upgrade, schema)


def _upgrade(connection: Connection, schema: str) -> str:
    if schema != "public":  # making it needs a right that `public` does not
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
