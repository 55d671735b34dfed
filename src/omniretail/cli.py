"""The command line: run omniretail, bring its database up to date, prove its books, fill it."""

import asyncio
import contextlib
import os
import shutil
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import msgspec
import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Column, Table

from omniretail import (
    __version__,
    audit,
    channels,
    clock,
    demo,
    embedded,
    exports,
    files,
    idempotency,
    imports,
    inventory,
    serving,
)
from omniretail.db import Database
from omniretail.errors import DomainError
from omniretail.migrations import ensure_months, migrate
from omniretail.settings import Settings, load

Result = TypeVar("Result")

_out = Console(highlight=False)
_err = Console(highlight=False, stderr=True)
_KEYS_FILE = "demo-keys.json"
_PORT_SECONDS = 5.0
# Their levels stay locked until the slice is done.
_HOLDS_AT_ONCE = 200
# Who it was, in the ledger, when the operator's own hand imported: no key, but one fixed identity.
_OPERATOR = channels.Principal(
    id=UUID(int=0),
    kind="integration",
    name="operator at the command line",
    scopes=frozenset(channels.SCOPES),
    channel=None,
    locations=frozenset(),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="omniretail")
def main() -> None:
    """Run the backend that a retailer's tills, web shop and app share.

    Without DATABASE_URL a real PostgreSQL is started under a directory of yours
    (OMNIRETAIL_DATA_DIRECTORY); with it, any PostgreSQL from version 15 on is used.
    """


@main.command()
@click.option("--demo", "with_demo", is_flag=True, help="Load the demo retailer, once.")
def serve(with_demo: bool) -> None:
    """Serve the API until Ctrl-C."""
    settings = load()
    with _errors(), _database_url(settings, exclusive=True) as (url, home):
        _await_port(settings)
        keys, _ = asyncio.run(_prepare(settings, url, home if with_demo else None))
        _banner(settings, keys)
        os.environ["DATABASE_URL"] = url
        serving.serve(settings)
        _out.print("omniretail has stopped; everything acknowledged is in the books.")


@main.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest version."""
    settings = load()
    version = _with_database(settings, lambda database: _migrate(database, settings))
    _out.print(f"The database is at {version}.")


@main.command()
@click.option("--reset", is_flag=True, help="Delete the embedded database, demo and all, for good.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
def demo_command(reset: bool, yes: bool) -> None:
    """Load the demo retailer into an empty database."""
    settings = load()
    if reset:
        if settings.database_url:
            raise click.ClickException("--reset deletes the embedded database only.")
        home = _home(settings)
        if not yes:
            click.confirm(f"Delete everything in {home / 'data'}?", abort=True)
        with _errors(), embedded.running(home, exclusive=True):
            pass  # refused while somebody serves it; whoever only reads has ended with us
        shutil.rmtree(home / "data")
        (home / _KEYS_FILE).unlink(missing_ok=True)
        _out.print("The embedded database is gone; the next start makes a new one.")
        return
    with _errors(), _database_url(settings) as (url, home):
        if not asyncio.run(_prepare(settings, url, home))[1]:
            raise click.ClickException("There is a retailer in this database already.")
    _out.print(f"The demo retailer is loaded; its keys are in {_home(settings) / _KEYS_FILE}.")


@main.command()
def verify() -> None:
    """Prove the books: each balance against the ledger it sums up. Exit status 1 if one is false."""

    async def run(database: Database) -> list[audit.Finding]:
        async with database.transaction(snapshot=True) as tx:
            return await audit.audit(tx)

    findings = _with_database(load(), run, migrated=False)
    table = Table("check", "what must be true", "exceptions", title="The books")
    for finding in findings:
        mark = "[green]0[/]" if finding.holds else f"[bold red]{finding.exceptions}[/]"
        table.add_row(finding.check, finding.truth, mark)
        for example in finding.examples:
            table.add_row("", f"[red]{example}[/]", "")
    _out.print(table)
    if not all(finding.holds for finding in findings):
        _out.print("[bold red]The books are not true.[/]")
        sys.exit(1)
    _out.print(f"All {len(findings)} checks hold.")


@main.command("import")
@click.argument("kind", type=click.Choice(imports.KINDS))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--refused",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the refused rows, with their reasons; default: beside the file.",
)
def import_command(kind: imports.Kind, file: Path, refused: Path | None) -> None:
    """Take a CSV file into the books. Doing it again with the same file changes nothing."""

    async def run(database: Database) -> tuple[int, list[imports.Refused]]:
        with _progress() as progress:
            task = progress.add_task(f"Importing {kind}", total=None)
            return await files.take_file(
                database,
                kind,
                file,
                principal=_OPERATOR,
                clock=clock.now,
                advance=lambda done, total: progress.update(task, completed=done, total=total),
            )

    report, start = refused or file.with_suffix(".refused.csv"), time.monotonic()
    taken, rejected = _with_database(load(), run)
    _out.print(f"{taken} rows taken, {len(rejected)} refused, {time.monotonic() - start:.1f} s.")
    if rejected:
        files.write_report(report, rejected)
        _out.print(f"The refused rows are in {report}; once they are mended, import it.")
        sys.exit(1)


@main.command("export")
@click.argument("kind", type=click.Choice(exports.KINDS))
@click.option("--output", "-o", required=True, help="The file to write; - for standard output.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]),
    help="Of the valuation: a moment of the past, such as 2026-01-01T00:00:00+00:00.",
)
def export_command(kind: exports.Kind, output: str, as_of: datetime | None) -> None:
    """Write a CSV file out of the books, all of one moment."""
    if as_of is not None and kind != "valuation":
        raise click.UsageError("--as-of is for the valuation.")

    target = Path(output)
    # What breaks off leaves no half file under the name; a device or a pipe is written to as it is.
    whole = output != "-" and (target.is_file() or not target.exists())
    part = Path(f"{output}.part") if whole else target

    async def run(database: Database) -> int:
        if output == "-":
            return await files.write_file(database, kind, sys.stdout.buffer, as_of=as_of)
        with part.open("wb") as opened, _progress(_err) as progress:
            task = progress.add_task(f"Exporting {kind}", total=None)
            return await files.write_file(
                database,
                kind,
                opened,
                as_of=as_of,
                advance=lambda lines: progress.advance(task, lines),
            )

    try:
        count = _with_database(load(), run)
        if whole:
            part.replace(target)
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}.") from error
    finally:
        if whole:
            part.unlink(missing_ok=True)
    _err.print(f"{count} rows exported.")


@main.group()
def keys() -> None:
    """Make, list and revoke API keys."""


@keys.command("create")
@click.option("--kind", type=click.Choice(channels.KINDS), required=True)
@click.option("--name", required=True, help="Whose key it is, in your words.")
@click.option("--channel", help="The channel it acts in; terminals and channel keys need one.")
@click.option("--location", multiple=True, help="Where it may act; none means everywhere.")
@click.option("--scope", multiple=True, help="What it may do; default: what its kind needs.")
def create_key(
    kind: channels.Kind,
    name: str,
    channel: str | None,
    location: tuple[str, ...],
    scope: tuple[str, ...],
) -> None:
    """Make a key and print it; it cannot be shown again."""

    async def run(database: Database) -> channels.NewKey:
        return await database.run(
            lambda tx: channels.create_key(
                tx,
                kind=kind,
                name=name,
                channel=channel,
                locations=frozenset(location),
                scopes=frozenset(scope) or None,
                now=clock.now(),
            )
        )

    made = _with_database(load(), run)
    _out.print(f"{made.token}\nscopes: {' '.join(sorted(made.principal.scopes))}", soft_wrap=True)


@keys.command("list")
def list_keys() -> None:
    """List every key, without its secret."""

    async def run(database: Database) -> list[tuple[str, channels.Principal, object]]:
        async with database.transaction() as tx:
            return [*await channels.list_keys(tx)]

    # A prefix cut short could not be revoked.
    table = Table(Column("prefix", min_width=17), "kind", "name", "channel", "locations", "revoked")
    for prefix, principal, revoked_at in _with_database(load(), run):
        table.add_row(
            prefix,
            principal.kind,
            principal.name,
            principal.channel or "any",
            " ".join(sorted(principal.locations)) or "any",
            str(revoked_at or ""),
        )
    _out.print(table)


@keys.command("revoke")
@click.argument("prefix")
def revoke_key(prefix: str) -> None:
    """Revoke a key; running processes honor it for a few seconds more."""

    async def run(database: Database) -> bool:
        return await database.run(lambda tx: channels.revoke_key(tx, prefix, now=clock.now()))

    if not _with_database(load(), run):
        raise click.ClickException(f"There is no live key with the prefix {prefix}.")
    _out.print(f"{prefix} is revoked.")


@main.command()
@click.option("--days", type=click.IntRange(min=1), default=30, show_default=True)
def retain(days: int) -> None:
    """Forget idempotency keys older than so many days, close holds that have run out, and make the
    coming months' partitions.
    """

    async def run(database: Database) -> tuple[int, int]:
        now = clock.now()
        await database.run(lambda tx: ensure_months(tx, now=now))
        moment, forgotten, closed = now - timedelta(days=days), 0, 0
        while count := await database.run(
            lambda tx: idempotency.forget_before(tx, moment=moment, most=10_000)
        ):
            forgotten += count
        while count := await database.run(
            lambda tx: inventory.sweep_holds(tx, now=now, most=_HOLDS_AT_ONCE)
        ):
            closed += count
        return forgotten, closed

    forgotten, closed = _with_database(load(), run)
    _out.print(f"{forgotten} idempotency keys forgotten, {closed} lines of holds closed.")


main.add_command(demo_command, "demo")


def _with_database(
    settings: Settings,
    work: Callable[[Database], Awaitable[Result]],
    *,
    migrated: bool = True,
) -> Result:
    """Run one piece of work on the database, whichever it is; `migrated`: at the newest version."""

    async def run(url: str) -> Result:
        async with _connected(settings, url) as database:
            if migrated:
                await _migrate(database, settings)
            return await work(database)

    with _errors(), _database_url(settings) as (url, _):
        return asyncio.run(run(url))


@contextlib.asynccontextmanager
async def _connected(settings: Settings, url: str) -> AsyncIterator[Database]:
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
def _database_url(settings: Settings, *, exclusive: bool = False) -> Iterator[tuple[str, Path]]:
    """Yield the database's URL, and the directory of ours where the demo's keys are kept."""
    home = _home(settings)
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
def _errors() -> Iterator[None]:
    """Say what went wrong in one line, without a traceback, where it is the operator's to mend."""
    try:
        yield
    except (DomainError, embedded.EmbeddedError) as error:
        raise click.ClickException(str(error)) from error


async def _prepare(
    settings: Settings, url: str, demo_home: Path | None
) -> tuple[demo.DemoKeys | None, bool]:
    """Migrate, and load the demo where it is wanted and nothing is there.

    Returns the demo's keys, where they are known, and whether the demo was loaded just now.
    """
    async with _connected(settings, url) as database:
        await _migrate(database, settings)
        if demo_home is None:
            return None, False
        kept = demo_home / _KEYS_FILE
        if await demo.is_loaded(database):
            return demo.read_keys(kept), False
        with _progress() as progress:
            task = progress.add_task("Loading the demo retailer", total=len(demo.STEPS))
            made = await demo.load(
                database, advance=lambda _: progress.advance(task), now=clock.now()
            )
        demo.write_keys(kept, made)
        await database.analyze()
        return made, True


async def _migrate(database: Database, settings: Settings) -> str:
    version = await migrate(database.url, schema=settings.schema)
    await database.run(lambda tx: ensure_months(tx, now=clock.now()))
    return version


def _progress(console: Console = _out) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
    )


def _home(settings: Settings) -> Path:
    if settings.data_directory:
        return Path(settings.data_directory).absolute()
    return embedded.default_data_directory()


def _await_port(settings: Settings) -> None:
    """Wait for the port to come free: a killed predecessor's processes take a moment to end."""
    deadline = time.monotonic() + _PORT_SECONDS
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, settings.port))
            except OSError as error:
                if time.monotonic() > deadline:
                    raise click.ClickException(
                        f"Port {settings.port} is in use; set OMNIRETAIL_PORT to another."
                    ) from error
                time.sleep(0.2)
            else:
                return


def _banner(settings: Settings, keys_: demo.DemoKeys | None) -> None:
    address = f"http://{settings.host}:{settings.port}"
    _out.print(f"\n[bold]omniretail[/] {__version__} at [bold]{address}[/]  (Ctrl-C ends it)")
    _out.print(f"API documentation: {address}/docs\n")
    if keys_ is None:
        _out.print("Make a first key with: omniretail keys create --help\n")
        return
    width = shutil.get_terminal_size().columns
    _out.print("Three requests to try, with working keys of the demo retailer:\n".ljust(width))
    for request in _requests(address, keys_):
        # Printed plainly: a line broken by the terminal's width could not be pasted.
        print(request, end="\n\n", flush=True)


def _requests(address: str, keys_: demo.DemoKeys) -> list[str]:
    sale = msgspec.json.encode(
        {
            "fulfillments": [{"kind": "carry_out", "lines": [{"sku": "TEE-BLA-M", "quantity": 1}]}],
            "tenders": [{"type": "cash", "amount": {"amount": 1990, "currency": "EUR"}}],
        }
    ).decode()
    return [
        (
            f"curl -s '{address}/v1/availability?sku=TEE-BLA-M&explain=true' \\\n"
            f"  -H 'Authorization: Bearer {keys_.staff}'"
        ),
        (
            f"curl -s {address}/v1/orders \\\n"
            f"  -H 'Authorization: Bearer {keys_.terminal}' \\\n"
            f"  -H 'Idempotency-Key: my-first-sale' -H 'Content-Type: application/json' \\\n"
            f"  -d '{sale}'"
        ),
        (
            f"curl -s '{address}/v1/fulfillments?location=BER' \\\n"
            f"  -H 'Authorization: Bearer {keys_.integration}'"
        ),
    ]
