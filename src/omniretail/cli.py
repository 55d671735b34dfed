"""The command line: run omniretail, bring its database up to date, prove its books, fill it."""

import asyncio
import os
import shutil
import socket
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import rich_click as click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from omniretail import (
    __version__,
    audit,
    carts,
    channels,
    cli_keys,
    clock,
    demo,
    embedded,
    exports,
    files,
    idempotency,
    imports,
    inventory,
    pricing,
    serving,
    worker,
)
from omniretail.app import configure_logs
from omniretail.cli_database import (
    bring_up_to_date,
    connected,
    database_url,
    errors,
    home_directory,
    with_database,
)
from omniretail.db import Database
from omniretail.migrations import ensure_months
from omniretail.settings import Settings, load

_out = Console(highlight=False)
_err = Console(highlight=False, stderr=True)
_KEYS_FILE = "demo-keys.json"
_PORT_SECONDS = 5.0
# Their levels stay locked until the slice is done.
_HOLDS_AT_ONCE = 200
_CARTS_AT_ONCE = 200
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
    with errors(), database_url(settings, exclusive=True) as (url, home):
        _await_port(settings)
        keys, _ = asyncio.run(_prepare(settings, url, home if with_demo else None))
        _banner(settings, keys)
        os.environ["DATABASE_URL"] = url
        serving.serve(settings)
        _out.print("omniretail has stopped; everything acknowledged is in the books.")


@main.command("worker")
@click.option("--parent", type=int, hidden=True, help="The process to end with.")
def worker_command(parent: int | None) -> None:
    """Do what is due, again and again, until Ctrl-C: no-shows, reminders, payments, expired holds.

    `omniretail serve` runs one by itself, unless OMNIRETAIL_WORKER is off. Any number may run.
    """
    settings = load()
    configure_logs(settings.log_level)

    async def run(url: str) -> None:
        async with connected(settings, url) as database:
            await bring_up_to_date(database, settings)
        await worker.work(settings, url, parent=parent)

    with errors(), database_url(settings) as (url, _):
        asyncio.run(run(url))


@main.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest version."""
    settings = load()
    version = with_database(settings, lambda database: bring_up_to_date(database, settings))
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
        home = home_directory(settings)
        if not yes:
            click.confirm(f"Delete everything in {home / 'data'}?", abort=True)
        with errors(), embedded.running(home, exclusive=True):
            pass  # refused while somebody serves it; whoever only reads has ended with us
        shutil.rmtree(home / "data")
        (home / _KEYS_FILE).unlink(missing_ok=True)
        _out.print("The embedded database is gone; the next start makes a new one.")
        return
    with errors(), database_url(settings) as (url, home):
        if not asyncio.run(_prepare(settings, url, home))[1]:
            raise click.ClickException("There is a retailer in this database already.")
    _out.print(
        f"The demo retailer is loaded; its keys are in {home_directory(settings) / _KEYS_FILE}."
    )


@main.command()
def verify() -> None:
    """Prove the books: each balance against the ledger it sums up. Exit status 1 if one is false."""

    async def run(database: Database) -> list[audit.Finding]:
        async with database.transaction(snapshot=True) as tx:
            return await audit.audit(tx, now=clock.now())

    findings = with_database(load(), run, migrated=False)
    table = Table("check", "what must be true", "exceptions", title="The books")
    for finding in findings:
        mark = "[green]0[/]" if finding.holds else f"[bold red]{finding.exceptions}[/]"
        table.add_row(finding.check, finding.truth, mark)
        for example in finding.examples:
            table.add_row("", f"[red]{escape(example)}[/]", "")
        for note in finding.notes:
            table.add_row("", f"[yellow]{escape(note)}[/]", "")
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
    taken, rejected = with_database(load(), run)
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
        count = with_database(load(), run)
        if whole:
            part.replace(target)
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}.") from error
    finally:
        if whole:
            part.unlink(missing_ok=True)
    _err.print(f"{count} rows exported.")


@main.command()
@click.option("--days", type=click.IntRange(min=1), default=30, show_default=True)
def retain(days: int) -> None:
    """Forget idempotency keys, and claims of coupons that ran out, older than so many days; close
    holds and carts that have run out; make the coming months' partitions.
    """

    async def run(database: Database) -> tuple[int, int, int, int]:
        now = clock.now()
        await database.run(lambda tx: ensure_months(tx, now=now))
        moment, forgotten, closed, claims, abandoned = now - timedelta(days=days), 0, 0, 0, 0
        while count := await database.run(
            lambda tx: idempotency.forget_before(tx, moment=moment, most=10_000)
        ):
            forgotten += count
        while count := await database.run(
            lambda tx: inventory.sweep_holds(tx, now=now, most=_HOLDS_AT_ONCE)
        ):
            closed += count
        while count := await database.run(
            lambda tx: pricing.forget_claims(tx, moment=moment, most=10_000)
        ):
            claims += count
        while count := await database.run(
            lambda tx: carts.abandon_expired(tx, now=now, most=_CARTS_AT_ONCE)
        ):
            abandoned += count
        return forgotten, closed, claims, abandoned

    forgotten, closed, claims, abandoned = with_database(load(), run)
    _out.print(
        f"{forgotten} idempotency keys and {claims} claims forgotten, {closed} lines of holds and "
        f"{abandoned} carts closed."
    )


main.add_command(demo_command, "demo")
main.add_command(cli_keys.keys)
main.add_command(cli_keys.quote_keys)


async def _prepare(
    settings: Settings, url: str, demo_home: Path | None
) -> tuple[demo.DemoKeys | None, bool]:
    """Migrate, and load the demo where it is wanted and nothing is there.

    Returns the demo's keys, where they are known, and whether the demo was loaded just now.
    """
    async with connected(settings, url) as database:
        await bring_up_to_date(database, settings)
        await database.run(lambda tx: pricing.ensure_signing_key(tx, now=clock.now()))
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


def _progress(console: Console = _out) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
    )


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
