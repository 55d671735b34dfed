"""What every command needs: the database, whichever it is, and errors told in one line."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import rich_click as click

from omniretail import clock, embedded
from omniretail.db import Database
from omniretail.errors import DomainError
from omniretail.migrations import ensure_months, migrate
from omniretail.settings import Settings

Result = TypeVar("Result")


def with_database(
    settings: Settings,
    work: Callable[[Database], Awaitable[Result]],
    *,
    migrated: bool = True,
) -> Result:
    """Run one piece of work on the database, whichever it is; `migrated`: at the newest version."""

    async def run(url: str) -> Result:
        async with connected(settings, url) as database:
            if migrated:
                await bring_up_to_date(database, settings)
            return await work(database)

    with errors(), database_url(settings) as (url, _):
        return asyncio.run(run(url))


@contextlib.asynccontextmanager
async def connected(settings: Settings, url: str) -> AsyncIterator[Database]:
    """Yield a few connections to a database."""
    database = Database(
        url,
        schema=settings.schema,
        pool_size=2,
        prepared_statements=settings.prepared_statements,
    )
    try:
        yield database
    finally:
        await database.close()


@contextlib.contextmanager
def database_url(settings: Settings, *, exclusive: bool = False) -> Iterator[tuple[str, Path]]:
    """Yield the database's URL, and the directory of ours where the demo's keys are kept."""
    home = home_directory(settings)
    if settings.database_url:
        yield settings.database_url, home
        return
    with embedded.running(home, exclusive=exclusive) as server:
        ended = threading.Event()
        keeper = threading.Thread(target=_keep_running, args=(server, ended), daemon=True)
        if exclusive:
            keeper.start()
        try:
            yield server.url(), home
        finally:
            ended.set()
            if exclusive:
                keeper.join()


def _keep_running(server: embedded.Server, ended: threading.Event) -> None:
    while not ended.wait(1.0):
        # It is tried again a second later; meanwhile requests answer 503.
        with contextlib.suppress(embedded.EmbeddedError, OSError):
            server.ensure_running()


@contextlib.contextmanager
def errors() -> Iterator[None]:
    """Say what went wrong in one line, without a traceback, where it is the operator's to mend."""
    try:
        yield
    except (DomainError, embedded.EmbeddedError) as error:
        raise click.ClickException(str(error)) from error


async def bring_up_to_date(database: Database, settings: Settings) -> str:
    """Bring a database to the newest version, with the coming months' partitions; return the version."""
    version = await migrate(database.url, schema=settings.schema)
    await database.run(lambda tx: ensure_months(tx, now=clock.now()))
    return version


def home_directory(settings: Settings) -> Path:
    """Return the directory of ours: as set, or the user's own."""
    if settings.data_directory:
        return Path(settings.data_directory).absolute()
    return embedded.default_data_directory()
