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
_RETAILER = "template_of_retailers"
_ROOM_BYTES = 4 * 2**30
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[embedded.Server]:
    """The PostgreSQL of this test process; it need not outlive a power cut."""
    # Below a directory that the server's user may pass through; in memory, where there is room: a
    # database is some hundred files, and a disk takes a third of a second to make them.
    home = Path(tempfile.mkdtemp(prefix="omniretail-tests-", dir=_roomy()))
    home.chmod(0o755)
    try:
        with embedded.running(home / "data", durable=False) as running:
            asyncio.run(_make_template(running))
            yield running
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _roomy() -> Path | None:
    """Return the directory in memory, if there is one with room enough; None is the usual one."""
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK):
        return memory if shutil.disk_usage(memory).free > _ROOM_BYTES else None
    return None


async def _make_template(running: embedded.Server) -> None:
    connection = await asyncpg.connect(running.url("postgres"))
    await connection.execute(f"create database {_TEMPLATE}")
    await connection.close()
    database = Database(running.url(_TEMPLATE))
    await migrate(database.url)
    await database.run(lambda tx: ensure_months(tx, now=clock.now()))
    await database.close()


@asynccontextmanager
async def cloned(running: embedded.Server, template: str = _TEMPLATE) -> AsyncIterator[str]:
    """Yield the URL of a fresh database, migrated and empty; when it goes, its books were true."""
    name = f"test_{next(_numbers)}"
    connection = await asyncpg.connect(running.url("postgres"))
    try:
        await connection.execute(f"create database {name} template {template}")
        yield running.url(name)
        database = Database(running.url(name), pool_size=1)
        async with database.transaction(snapshot=True) as tx:
            findings = await audit.audit(tx, now=clock.now())
        await database.close()
        assert [finding for finding in findings if not finding.holds] == []
    finally:
        await connection.execute(f"drop database {name} with (force)")
        await connection.close()


@pytest.fixture(scope="session")
def app() -> Litestar:
    """The application, built once: building it takes longer than most tests."""
    return create_app(Settings(log_level="error"))


@pytest.fixture(scope="session")
async def tokens(server: embedded.Server, app: Litestar) -> dict[str, str]:
    """The keys of the small retailer, which is opened once, in a database that others are copied from."""
    connection = await asyncpg.connect(server.url("postgres"))
    await connection.execute(f"create database {_RETAILER} template {_TEMPLATE}")
    await connection.close()
    async with served(app, server.url(_RETAILER)):
        made = await Retailer.open(app)
        await made.close()
    return {name: caller.token for name, caller in made.callers.items()}


@pytest.fixture
async def database_url(
    request: pytest.FixtureRequest, server: embedded.Server, tokens: dict[str, str]
) -> AsyncIterator[str]:
    """A fresh database, with the small retailer in it where a test wants it.

    After the test, the audit must hold on it.
    """
    assert tokens
    wanted = _RETAILER if "retailer" in request.fixturenames else _TEMPLATE
    async with cloned(server, wanted) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Connections of ours to a fresh database."""
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def retailer(
    app: Litestar, database_url: str, tokens: dict[str, str]
) -> AsyncIterator[Retailer]:
    """The application over a fresh database, with a small retailer in it.

    After the test, every write that was accepted is repeated with its key: the answer must be the
    first one, and the books unchanged.
    """
    async with served(app, database_url):
        made = Retailer(app, tokens)
        yield made
        await made.repeat_every_write()
        await made.close()


@asynccontextmanager
async def served(app: Litestar, url: str) -> AsyncIterator[None]:
    """Run an application over a database."""
    app.state.settings = Settings(database_url=url, log_level="error")
    async with started(app):
        yield


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
