"""The one way to the database: engine, transactions, named statements, and what its errors mean.

No table and no rule lives here. `FOR UPDATE` stands only in files named `lock_*.sql`.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from importlib import resources
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import exc as sqlalchemy_errors
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql import Executable

from omniretail.errors import DomainError, Invalid, Unavailable

Result = TypeVar("Result")

_ATTEMPTS = 4
_POOL_SECONDS = 5.0
_RETRYABLE = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.PostgresConnectionError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    OSError,
    sqlalchemy_errors.InterfaceError,
)
_constraints: dict[str, Callable[[], Exception]] = {}


class RaceLost(Exception):
    """Another transaction wrote first what this one had found missing; running again finds it."""


class DatabaseUnavailable(Unavailable):
    """The database cannot answer just now."""


class ValueNotStorable(Invalid):
    """A value cannot be stored in a database text or number."""


def constraint(name: str, error: Callable[[], Exception]) -> None:
    """Say what a violation of the named constraint means: `error()` is raised in its place."""
    _constraints[name] = error


@cache
def sql(name: str) -> str:
    """Return the text of the statement `domain.name`, from `domain/sql/name.sql`."""
    domain, _, statement = name.partition(".")
    return (resources.files("omniretail") / domain / "sql" / f"{statement}.sql").read_text("utf-8")


class Transaction:
    """One open transaction; operations take it first and never end it.

    Ledger statements (`sql("…")`) go to the driver directly, plain selects through SQLAlchemy;
    both run on the same connection, inside the same transaction.
    """

    __slots__ = ("_connection", "_driver")

    def __init__(self, connection: AsyncConnection, driver: asyncpg.Connection) -> None:
        self._connection = connection
        self._driver = driver

    async def fetch(self, statement: str, *values: object) -> list[asyncpg.Record]:
        """Run a named statement and return its rows."""
        with _meaning():
            return await self._driver.fetch(statement, *values)

    async def write(self, statement: str, rows: Sequence[Sequence[object]], *rest: object) -> int:
        """Run a set-based statement, handing it `rows` as one array per column, then `rest`.

        Returns how many rows it wrote.
        """
        if not rows:
            return 0
        with _meaning():
            status = await self._driver.execute(
                statement, *map(list, zip(*rows, strict=True)), *rest
            )
        return _rows_written(status)

    async def execute(self, statement: str, *values: object) -> int:
        """Run a named statement and return how many rows it wrote."""
        with _meaning():
            status = await self._driver.execute(statement, *values)
        return _rows_written(status)

    async def select(self, statement: Executable) -> Sequence[Any]:
        """Run a plain select and return its rows."""
        with _meaning():
            return (await self._connection.execute(statement)).all()


class Database:
    """The connections of one process to one retailer's schema."""

    def __init__(
        self,
        url: str,
        *,
        schema: str = "public",
        pool_size: int = 8,
        prepared_statements: bool = True,
    ) -> None:
        cache_off = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
        self._schema = schema
        self.engine: AsyncEngine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            # BEGIN and COMMIT are ours (see `transaction`), so that the driver and SQLAlchemy
            # never disagree about whether one is open.
            isolation_level="AUTOCOMMIT",
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=_POOL_SECONDS,
            connect_args={} if prepared_statements else cache_off,
        )

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    @asynccontextmanager
    async def transaction(self, *, snapshot: bool = False) -> AsyncIterator[Transaction]:
        """Open a transaction: committed at the end, rolled back on any error.

        READ COMMITTED; with `snapshot` read-only and REPEATABLE READ, so that all its statements
        see one moment.
        """
        async with self._connected() as (connection, driver):
            with _meaning():
                began = driver.transaction(
                    isolation="repeatable_read" if snapshot else None, readonly=snapshot
                )
                await began.start()
            try:
                if self._schema != "public":
                    await driver.execute("select set_config('search_path', $1, true)", self._schema)
                yield Transaction(connection, driver)
            except BaseException:
                if not driver.is_closed():
                    await began.rollback()
                raise
            with _meaning():
                await began.commit()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Open a connection for one read statement, which is its own transaction."""
        if self._schema != "public":
            async with self.transaction(snapshot=True) as tx:
                yield tx
        else:
            async with self._connected() as (connection, driver):
                yield Transaction(connection, driver)

    async def run(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Run `work` in a transaction; again, from its beginning, where the database asks for it.

        Deadlocks, serialization failures, lost races and lost connections are tried four times.
        After a lost connection a commit may have happened: `work` must find out by its
        idempotency key, as every write of ours does.

        Raises: DatabaseUnavailable after the last try.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with self.transaction() as tx:
                    return await work(tx)
            except (*_RETRYABLE, RaceLost) as error:
                if attempt == _ATTEMPTS:
                    raise DatabaseUnavailable("The database did not take it; try again.") from error
                await asyncio.sleep(random.uniform(0, 0.05) * attempt**2)  # noqa: S311 - jitter
        raise AssertionError("the loop returns or raises")

    async def analyze(self) -> None:
        """Give the planner its statistics, after rows came in by the thousand.

        Statements planned before a table has any can settle on reading it whole.
        """
        async with self.transaction() as tx:
            await tx.execute("analyze")

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[AsyncConnection, asyncpg.Connection]]:
        connection = self.engine.connect()
        try:
            await connection.start()
            driver = (await connection.get_raw_connection()).driver_connection
        except sqlalchemy_errors.TimeoutError as error:
            raise DatabaseUnavailable("Every database connection is busy; try again.") from error
        assert isinstance(driver, asyncpg.Connection)
        try:
            yield connection, driver
        finally:
            if driver.is_closed():
                await connection.invalidate()
            await connection.close()


class _meaning:  # noqa: N801 - reads as a statement: `with _meaning(): …`
    """Turns the database's errors into ours: a constraint's meaning, a value it cannot store."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is None or isinstance(error, DomainError):
            return
        cause = getattr(error, "orig", error)
        cause = getattr(cause, "__cause__", None) or cause
        if isinstance(cause, asyncpg.IntegrityConstraintViolationError):
            # Some poolers and clusters leave the name out; the message still has it.
            name = cause.constraint_name or next((n for n in _constraints if n in str(cause)), "")
            if name in _constraints:
                raise _constraints[name]() from error
        if isinstance(cause, asyncpg.DataError | asyncpg.exceptions.DataError):
            raise ValueNotStorable(
                "A value in the request cannot be stored (a NUL character, or a number too large)."
            ) from error


def _rows_written(status: str) -> int:
    """Return the count at the end of a command's status (`UPDATE 3`); DDL has none."""
    count = status.rpartition(" ")[2]
    return int(count) if count.isdecimal() else 0
