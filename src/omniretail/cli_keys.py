"""Keys on the command line: those that open the API, and those that quotes are signed with."""

import rich_click as click
from rich.console import Console
from rich.table import Column, Table

from omniretail import channels, clock, pricing
from omniretail.cli_database import with_database
from omniretail.db import Database
from omniretail.settings import load

_out = Console(highlight=False)


@click.group()
def keys() -> None:
    """Make, list and revoke API keys, and give those of staff a PIN."""


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

    made = with_database(load(), run)
    _out.print(f"{made.token}\nscopes: {' '.join(sorted(made.principal.scopes))}", soft_wrap=True)


@keys.command("list")
def list_keys() -> None:
    """List every key, without its secret."""

    async def run(database: Database) -> list[tuple[str, channels.Principal, object]]:
        async with database.transaction() as tx:
            return [*await channels.list_keys(tx)]

    # A prefix cut short could not be revoked.
    table = Table(Column("prefix", min_width=17), "kind", "name", "channel", "locations", "revoked")
    for prefix, principal, revoked_at in with_database(load(), run):
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

    if not with_database(load(), run):
        raise click.ClickException(f"There is no live key with the prefix {prefix}.")
    _out.print(f"{prefix} is revoked.")


@keys.command("pin")
@click.argument("prefix")
@click.option("--code", required=True, help="What is typed at the till with the PIN.")
def set_pin(prefix: str, code: str) -> None:
    """Give a staff key a PIN to approve with, or a new one; it is asked for, and never shown."""
    # Not an option: what stands on a command line, others on the machine can read.
    typed = click.prompt("PIN", hide_input=True, confirmation_prompt=True)

    async def run(database: Database) -> channels.StaffCode:
        pin = channels.seal_pin(typed)
        return await database.run(
            lambda tx: channels.set_pin(
                tx, code=code, prefix=prefix, pin=pin, within=frozenset(), now=clock.now()
            )
        )

    made = with_database(load(), run)
    _out.print(f"{made.name} approves as {made.code}.")


@click.group("quote-keys")
def quote_keys() -> None:
    """Replace and list the keys that quotes are signed with."""


@quote_keys.command("rotate")
def rotate_quote_key() -> None:
    """Sign by a new key from now on; quotes that older keys signed still stand."""

    async def run(database: Database) -> str:
        return await database.run(lambda tx: pricing.rotate_signing_key(tx, now=clock.now()))

    _out.print(f"Quotes are signed by {with_database(load(), run)} from now on.")


@quote_keys.command("list")
def list_quote_keys() -> None:
    """List the keys that quotes are signed with, without what they sign with."""

    async def run(database: Database) -> list[pricing.KeyOfQuotes]:
        async with database.transaction() as tx:
            return await pricing.signing_keys(tx)

    table = Table("key", "public key", "made", "retired")
    for key in with_database(load(), run):
        table.add_row(key.id, key.public_key.hex(), str(key.created_at), str(key.retired_at or ""))
    _out.print(table)
