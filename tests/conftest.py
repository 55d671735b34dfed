"""A real PostgreSQL for the whole run, and a fresh database for each test, cloned from a template."""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from litestar import Litestar

from omniretail import audit, clock, embedded
from omniretail.app import create_app
from omniretail.db import Database
from omniretail.migrations import ensure_months, migrate
from omniretail.settings import Settings
from tests.callers import Retailer
from tests.live import Live, serving

settings.register_profile(
    "ordinary", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.register_profile("thorough", parent=settings.get_profile("ordinary"), max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ordinary"))

_TEMPLATE = "template_of_tests"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[embedded.Server]:
    """The PostgreSQL of this test process; it need not outlive a power cut."""
    # Below the system's own temporary directory, which the server's user may pass through.
    home = Path(tempfile.mkdtemp(prefix="omniretail-tests-"))
    home.chmod(0o755)
    try:
        with embedded.running(home / "data", durable=False) as running:
            asyncio.run(_make_template(running))
            yield running
    finally:
        shutil.rmtree(home, ignore_errors=True)


async def _make_template(running: embedded.Server) -> None:
    connection = await asyncpg.connect(running.url("postgres"))
    await connection.execute(f"create database {_TEMPLATE}")
    await connection.close()
    database = Database(running.url(_TEMPLATE))
    await migrate(database.url)
    await database.run(lambda tx: ensure_months(tx, now=clock.now()))
    await database.close()


@asynccontextmanager
async def cloned(running: embedded.Server) -> AsyncIterator[str]:
    """Yield the URL of a fresh database, migrated and empty; when it goes, its books were true."""
    name = f"test_{next(_numbers)}"
    connection = await asyncpg.connect(running.url("postgres"))
    try:
        await connection.execute(f"create database {name} template {_TEMPLATE}")
        yield running.url(name)
        database = Database(running.url(name), pool_size=1)
        async with database.transaction(snapshot=True) as tx:
            findings = await audit.audit(tx, now=clock.now())
        await database.close()
        assert [finding for finding in findings if not finding.holds] == []
    finally:
        await connection.execute(f"drop database {name} with (force)")
        await connection.close()


@pytest.fixture
async def database_url(server: embedded.Server) -> AsyncIterator[str]:
    """A fresh database; after the test, the audit must hold on it."""
    async with cloned(server) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Connections of ours to a fresh database."""
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def retailer(database_url: str) -> AsyncIterator[Retailer]:
    """The application over a fresh database, with a small retailer in it.

    After the test, every write that was accepted is repeated with its key: the answer must be the
    first one, and the books unchanged.
    """
    app = create_app(Settings(database_url=database_url, log_level="error"))
    async with started(app):
        made = await Retailer.open(app)
        yield made
        await made.repeat_every_write()
        await made.close()


@asynccontextmanager
async def started(app: Litestar) -> AsyncIterator[None]:
    """Run an application's lifespan in one task, as its cancel scopes demand; fixtures use two."""
    up, down = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            up.set()
            await down.wait()

    task = asyncio.create_task(live())
    await asyncio.wait([task, asyncio.create_task(up.wait())], return_when="FIRST_COMPLETED")
    try:
        yield
    finally:
        down.set()
        await task


@pytest.fixture
async def live(retailer: Retailer, database_url: str) -> AsyncIterator[Live]:
    """A real two-worker server over the database of `retailer`, reached over real connections."""
    async with serving(database_url) as running:
        yield running
        assert (await running.http.get("/healthz")).status_code == 200
