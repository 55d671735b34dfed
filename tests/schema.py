"""Writes docs/schema.sql, the database on one page: `python -m tests.schema`.

The page is what pg_dump says of a migrated database, told table by table: the order in which the
migrations made them is history, the page is what stands.
"""

import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from omniretail import embedded
from omniretail.migrations import migrate

PAGE = Path(__file__).parents[1] / "docs" / "schema.sql"
_HEAD = """\
-- The database of one retailer, as the migrations make it. Written by `make schema`; do not edit.
--
-- Left out: the partitions of stock_movement and event (one per month, made ahead of time, and a
-- default for months that nobody made), and the migrations' own table.
"""
_LEFT_OUT = ("*_[0-9][0-9][0-9][0-9]_[0-9][0-9]", "*_default", "alembic_version")
_TABLE = re.compile(
    r"(?:CREATE TABLE|ALTER TABLE(?: ONLY)?|CREATE (?:UNIQUE )?INDEX \S+ ON(?: ONLY)?) (\w+)"
)


def page(url: str) -> str:
    """Return the page for the database at an address."""
    dumped = subprocess.run(
        [
            *(embedded.bin_directory() / "pg_dump", "--schema-only", "--schema=public"),
            *("--no-owner", "--no-privileges", "--no-comments", "--no-tablespaces"),
            *(f"--exclude-table={name}" for name in _LEFT_OUT),
            url,
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    tables: dict[str, list[str]] = {}
    for statement in _statements(dumped):
        found = _TABLE.match(statement)
        assert found, f"what is this of? {statement}"
        tables.setdefault(found[1], []).append(statement)
    return "\n".join([_HEAD, *("\n\n".join(told) + "\n" for _, told in sorted(tables.items()))])


def _statements(dumped: str) -> list[str]:
    """Return the statements of a dump, without session settings, comments and schema names."""
    code = re.sub(r"^(--|\\|SET |SELECT pg_catalog).*\n", "", dumped, flags=re.MULTILINE)
    code = code.replace("public.", "")
    statements = [part.strip() for part in re.split(r"(?<=;)\n", code)]
    return [
        statement
        for statement in statements
        if statement and not statement.startswith("CREATE SCHEMA")
    ]


def main() -> None:
    """Migrate an empty database and write its page."""
    with tempfile.TemporaryDirectory(prefix="omniretail-schema-") as home:
        Path(home).chmod(0o755)
        with embedded.running(Path(home) / "data", durable=False) as server:
            asyncio.run(migrate(server.url()))
            PAGE.write_text(page(server.url()), "utf-8")
    sys.stdout.write(f"{PAGE} is written\n")


if __name__ == "__main__":
    main()
