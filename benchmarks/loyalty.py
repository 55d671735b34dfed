"""Loyalty: orders that earn and spend points beside orders that do neither, and what balances cost.

A retailer of its own: five thousand members with points to spend, and three who stand out, in a database
and a server of their own.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import msgspec

from benchmarks import BenchmarkBroken, books, load, members, processes, shop
from omniretail import embedded

Series = dict[str, list[float]]
Run = Callable[[load.Job], load.Load]

_ACCOUNTS = "/v1/loyalty/accounts"
# What is read of an account, by one caller.
_READ = {"balance": "", "entries": "/entries?limit=10", "lots": "/lots?live=true&limit=10"}


def measure(
    server: embedded.Server,
    home: Path,
    *,
    workers: int,
    rounds: int,
    seconds: float,
    short_seconds: float,
    clients: int,
    generator: load.Generator,
) -> Series:
    """Place orders with and without points and read accounts, by turns; prove the books.

    Raises: BenchmarkBroken for any answer but the expected one, or untrue books.
    """
    club = asyncio.run(_filled(server))
    series: Series = {}
    settings = processes.settings(club.url, workers=workers)
    with processes.running(["benchmarks.server"], settings, home / "loyalty.log") as (_, port, _):
        _try_out(club, port)
        customers, accounts = home / "customers", home / "accounts"
        customers.write_text("\n".join(club.customers) + "\n")
        accounts.write_text("\n".join(club.accounts) + "\n")
        order = load.Job(
            kind="order",
            path="/v1/orders",
            status=201,
            name="",
            port=port,
            token=club.token,
            clients=clients,
            seconds=seconds,
        )
        read = msgspec.structs.replace(
            order, kind="about", status=200, names=str(accounts), seconds=short_seconds
        )
        run = partial(load.run, generator=generator)
        for number in range(rounds + 1):
            # The first one warms up.
            found: dict[str, float] = {}
            for step in (
                partial(_orders, run, order, str(customers)),
                partial(_balances, run, read),
                partial(_reads, run, read, club),
            ):
                found |= step(backwards=number % 2 == 1)
            if number:
                for name, value in found.items():
                    series.setdefault(name, []).append(value)
    asyncio.run(books.prove(club.url))
    return series


def _orders(run: Run, order: load.Job, customers: str, *, backwards: bool) -> Mapping[str, float]:
    """Place orders of nobody, paid by card, and orders of members, paid by card and points."""
    found: dict[str, float] = {}
    kinds: list[tuple[str, load.Kind, str]] = [
        ("strangers", "order", ""),
        ("members", "member", customers),
    ]
    for name, kind, names in kinds[::-1] if backwards else kinds:
        key = f"bench-{secrets.token_hex(3)[:5]}"
        done = run(msgspec.structs.replace(order, kind=kind, name=key, names=names))
        found |= {name: done.per_second, f"{name}_p99": done.p99_ms}
    return found


def _balances(run: Run, read: load.Job, *, backwards: bool) -> Mapping[str, float]:
    """Ask for anybody's balance, of the product or of the memory."""
    paths = [("balance", f"{_ACCOUNTS}/%s"), ("balance_memory", "/v1/bench/account/%s")]
    return {
        name: run(msgspec.structs.replace(read, path=path)).per_second
        for name, path in (paths[::-1] if backwards else paths)
    }


def _reads(run: Run, read: load.Job, club: members.Club, *, backwards: bool) -> Mapping[str, float]:
    """Read the three accounts that stand out, one caller at a time; what counts is the time of each."""
    alone = msgspec.structs.replace(read, kind="fixed", clients=1, names="")
    which = [("few", club.few), ("entries", club.entries), ("lots", club.lots)]
    return {
        f"{what}_{name}": run(
            msgspec.structs.replace(alone, path=f"{_ACCOUNTS}/{account}{rest}")
        ).p50_ms
        for what, rest in _READ.items()
        for name, account in (which[::-1] if backwards else which)
    }


def _try_out(club: members.Club, port: int) -> None:
    """Check that what is compared is comparable: the memory's bytes, and pages as long as the others."""
    ask = partial(processes.ask, port, "GET", token=club.token)
    account = club.accounts[0]
    reads = [ask(f"{path}/{account}") for path in (_ACCOUNTS, "/v1/bench/account")]
    if reads[0] != reads[1] or reads[0][0] != 200:
        raise BenchmarkBroken(f"the memory is not an account's answer: {reads}")


async def _filled(server: embedded.Server) -> members.Club:
    return await members.fill(await shop.database(server, "club"))
