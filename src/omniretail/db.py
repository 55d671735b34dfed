"""The one way to the database: engine, transactions, named statements, and what its errors mean.

No table and no rule lives here. `FOR UPDATE` stands only in files named `lock_*.sql`.
"""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from importlib import resources
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy.dialects.postgresql import asyncpg as dialect
from sqlalchemy.sql import ClauseElement

from omniretail.errors import DomainError, Invalid, Unavailable

Result = TypeVar("Result")
Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

_ATTEMPTS = 4
_DIALECT = dialect.dialect()  # type: ignore[no-untyped-call]
# Ledger statements find a handful of rows by their keys, whatever the values and however large the
# tables. Planning one each time takes longer than running it; planned once, while a table is still
# empty, it would read the whole table for ever. So each is planned once, and by its keys.
_LEDGER_PLANS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
_SEARCH_PATH = "select set_config('search_path', $1, true)"
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
)
_constraints: dict[str, Callable[[], Exception]] = {}


class RaceLost(Exception):
    """Another transaction wrote first what this one had found missing; running again finds it."""


class TakenBack(Exception):
    """What was tried in `Transaction.tentative` shall be as if it had never been."""


class DatabaseUnavailable(Unavailable):
    """The database cannot answer just now."""


class DatabaseBusy(Unavailable):
    """Every connection to the database is busy."""


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


Value = TypeVar("Value")
Rows: TypeAlias = list[dict[str, Any]]
Output: TypeAlias = Callable[[bytes], Coroutine[Any, Any, None]]


class Read(msgspec.Struct, Generic[Value], frozen=True):
    """A named statement that returns rows, its values, and what the rows mean.

    The rows arrive through JSON: identities and times as text.
    """

    statement: str
    values: tuple[object, ...]
    meaning: Callable[[Rows], Value]


class Write(msgspec.Struct, frozen=True):
    """A named statement that changes rows, and its values."""

    statement: str
    values: tuple[object, ...]


def write_columns(statement: str, rows: Sequence[Sequence[object]], *rest: object) -> list[Write]:
    """Return the write that hands `rows` over as one array per column, then `rest`; none for none."""
    return [Write(statement, (*map(list, zip(*rows, strict=True)), *rest))] if rows else []


def write_documents(statement: str, documents: Sequence[object], *rest: object) -> list[Write]:
    """Return the write that hands `documents` over as one JSON array, then `rest`; none for none.

    For wide rows that costs less to encode than arrays, and one statement can write a document
    with all its parts.
    """
    return [Write(statement, (msgspec.json.encode(documents).decode(), *rest))] if documents else []


class Transaction:
    """One open transaction; operations take it first and never end it.

    Each statement is a journey to the database and back, which costs more than most statements:
    reads that do not depend on each other travel together, and so do writes.
    """

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fetch(self, statement: str, *values: object) -> list[asyncpg.Record]:
        """Run a named statement and return its rows."""
        with _meaning():
            return await self._connection.fetch(statement, *values)

    async def execute(self, statement: str, *values: object) -> int:
        """Run a named statement and return how many rows it wrote."""
        with _meaning():
            return _rows_written(await self._connection.execute(statement, *values))

    async def select(self, statement: ClauseElement) -> list[asyncpg.Record]:
        """Run a plain select, as SQLModel and SQLAlchemy write it, and return its rows."""
        compiled = statement.compile(dialect=_DIALECT)
        values = [compiled.params[name] for name in getattr(compiled, "positiontup", None) or ()]
        return await self.fetch(str(compiled), *values)

    async def read(self, *reads: Read[Any]) -> list[Any]:
        """Run reads together, in one statement and on one snapshot; return what each means."""
        statement = _reading_together(tuple(read.statement for read in reads))
        values = [value for read in reads for value in read.values]
        (found,) = await self.fetch(statement, *values)
        return [
            read.meaning(msgspec.json.decode(rows)) for read, rows in zip(reads, found, strict=True)
        ]

    @asynccontextmanager
    async def tentative(self) -> AsyncIterator[None]:
        """Try something: where it raises, its changes and its locks are given back."""
        with _meaning():
            async with self._connection.transaction():
                yield

    async def copy(self, statement: str, output: Output, *values: object) -> int:
        """Hand a statement's rows to `output` as CSV under their names; return how many there were.

        They come piece by piece, as fast as `output` takes them, and none of them is kept. Where
        `output` fails, the connection ends with the transaction.
        """
        broken_off = False

        async def put(piece: bytes) -> None:
            nonlocal broken_off
            broken_off = True
            await output(bytes(piece))  # the driver's own piece is a bytearray
            broken_off = False

        try:
            with _meaning():
                # Values are written into the text, and one must not end a comment.
                status = await self._connection.copy_from_query(
                    bare(statement), *values, output=put, format="csv", header=True
                )
                return _rows_written(status)
        finally:
            if broken_off:
                # The driver would wait for ever for the end of what has ended already.
                self._connection.terminate()

    async def write(self, *writes: Write) -> None:
        """Run writes together, in one statement; they must not touch the same rows."""
        if writes:
            statement = _writing_together(tuple(write.statement for write in writes))
            await self.execute(statement, *(value for write in writes for value in write.values))


def bare(statement: str) -> str:
    """Return a statement as it stands within another: without comments and its last semicolon."""
    return re.sub(r"^\s*--.*\n", "", statement, flags=re.MULTILINE).strip().removesuffix(";")


@cache
def _reading_together(statements: tuple[str, ...]) -> str:
    columns = [
        # Only our own named statements come together here, never a value.
        # The alias must be no column's name, which would be read in place of the row.
        f"(select coalesce(json_agg(_row), '[]') from ({statement}) as _row)::text"  # noqa: S608
        for statement in _renumbered(statements)
    ]
    return f"select {', '.join(columns)}"


@cache
def _writing_together(statements: tuple[str, ...]) -> str:
    first, *others = _renumbered(statements)
    if not others:
        return first
    parts = [f"write_{number} as ({part})" for number, part in enumerate((first, *others))]
    return f"with {', '.join(parts)} select"


def _renumbered(statements: tuple[str, ...]) -> Iterator[str]:
    """Yield statements without comments, their parameters numbered on from each other's."""
    offset = 0
    for statement in statements:
        text = bare(statement)
        numbers = [int(number) for number in re.findall(r"\$(\d+)", text)]
        yield re.sub(r"\$(\d+)", lambda found, by=offset: f"${int(found[1]) + by}", text)  # type: ignore[misc]
        offset += max(numbers, default=0)


class Database:
    """The connections of one process to one retailer's schema.

    `ledger` is for connections that run ledger statements only: see `_LEDGER_PLANS`.
    """

    def __init__(
        self,
        url: str,
        *,
        schema: str = "public",
        pool_size: int = 8,
        prepared_statements: bool = True,
        ledger: bool = False,
    ) -> None:
        self.url = url
        self.schema = schema
        self._opening = asyncio.Lock()
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._size = pool_size
        self._cached_statements = 200 if prepared_statements else 0
        self._session = _LEDGER_PLANS if ledger and prepared_statements else {}

    async def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            await self._pool.close()

    @asynccontextmanager
    async def transaction(self, *, snapshot: bool = False) -> AsyncIterator[Transaction]:
        """Open a transaction: committed at the end, rolled back on any error.

        READ COMMITTED; with `snapshot` read-only and REPEATABLE READ, so that all its statements
        see one moment.
        """
        isolation: Literal["repeatable_read"] | None = "repeatable_read" if snapshot else None
        async with self._connected() as connection:
            with _meaning():
                async with connection.transaction(isolation=isolation, readonly=snapshot):
                    if self.schema != "public":
                        await connection.execute(_SEARCH_PATH, self.schema)
                    yield Transaction(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Open a connection for one read statement, which is its own transaction."""
        if self.schema != "public":
            async with self.transaction(snapshot=True) as tx:
                yield tx
        else:
            async with self._connected() as connection:
                yield Transaction(connection)

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
            except (DatabaseUnavailable, RaceLost) as error:
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
    async def _connected(self) -> AsyncIterator[Connection]:
        with _meaning():
            pool = await self._opened()
            try:
                connection = await pool.acquire(timeout=_POOL_SECONDS)
            except TimeoutError as error:
                raise DatabaseBusy("Every database connection is busy; try again.") from error
        try:
            yield connection
        finally:
            await pool.release(connection)

    async def _opened(self) -> "asyncpg.Pool[asyncpg.Record]":
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self.url,
                    min_size=1,
                    max_size=self._size,
                    statement_cache_size=self._cached_statements,
                    server_settings=self._session,
                    # Nothing of ours outlives its transaction, so a connection needs no cleaning.
                    reset=_as_it_is,  # type: ignore[arg-type]
                )
            return self._pool


async def _as_it_is(_: Connection) -> None:
    return None


class _meaning:  # noqa: N801 - reads as a statement: `with _meaning(): …`
    """Turns the database's errors into ours: a constraint's meaning, a value it cannot store."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is None or isinstance(error, DomainError):
            return
        # What the driver finds wrong with a value before it sends anything is an InterfaceError too.
        in_driver = isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
        if isinstance(error, _RETRYABLE) and not in_driver:
            raise DatabaseUnavailable("The database did not answer; try again.") from error
        # SQLAlchemy wraps the driver's error twice; the driver's own may have a cause of its own.
        wrapped = getattr(error, "orig", None)
        cause = error if wrapped is None else wrapped.__cause__ or wrapped
        if isinstance(cause, asyncpg.IntegrityConstraintViolationError):
            # Some poolers and clusters leave the name out; the message still has it.
            name = cause.constraint_name or next((n for n in _constraints if n in str(cause)), "")
            if name in _constraints:
                raise _constraints[name]() from error
        if in_driver or isinstance(error, asyncpg.DataError):
            raise ValueNotStorable(
                "A value in the request cannot be stored (a NUL character, or a number too large)."
            ) from error


def _rows_written(status: str) -> int:
    """Return the count at the end of a command's status (`UPDATE 3`); DDL has none."""
    count = status.rpartition(" ")[2]
    return int(count) if count.isdecimal() else 0
