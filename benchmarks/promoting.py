"""Promotions: orders that have some, beside orders that have none; and how soon a new price is live.

A retailer of its own: two hundred promotions, two thousand SKUs that some of them work on and two
thousand that none does, in a database and a server of its own.
"""

import asyncio
import http.client
import secrets
import time
from pathlib import Path

import msgspec

from benchmarks import BenchmarkBroken, books, load, processes, shop
from omniretail import embedded

_WORKERS = 2
_ASKED = 16
_PATIENCE_SECONDS = 10.0
_CHANGES = 5

Series = dict[str, list[float]]


class _Total(msgspec.Struct, frozen=True):
    amount: int


class _Quote(msgspec.Struct, frozen=True):
    total: _Total


def measure(
    server: embedded.Server,
    home: Path,
    *,
    workers: int,
    rounds: int,
    seconds: float,
    clients: int,
    generator: load.Generator,
) -> Series:
    """Place orders without and with promotions, by turns, then change prices; prove the books.

    Raises: BenchmarkBroken for any answer but the expected one, or untrue books.
    """
    promoting = asyncio.run(_promoting(server))
    settings = processes.settings(promoting.url, workers=workers)
    series: Series = {"orders_plain": [], "orders_promoted": []}
    with processes.running(["benchmarks.server"], settings, home / "promoting.log") as (_, port, _):
        job = load.Job(
            kind="order",
            path="/v1/orders",
            status=201,
            name="",
            port=port,
            token=promoting.token,
            clients=clients,
            seconds=seconds,
        )
        kinds: list[tuple[str, load.Kind]] = [
            ("orders_plain", "order"),
            ("orders_promoted", "deal"),
        ]
        for number in range(rounds + 1):
            for name, kind in kinds if number % 2 else kinds[::-1]:
                run = msgspec.structs.replace(
                    job, kind=kind, name=f"bench-{secrets.token_hex(3)[:5]}"
                )
                done = load.run(run, generator)
                if number:
                    series[name].append(done.per_second)
    settings = processes.settings(promoting.url, workers=_WORKERS)
    with processes.running(["benchmarks.server"], settings, home / "live.log") as (_, port, _):
        series["book_live"] = [
            _seconds_until_live(port, promoting, shop.UNIT_PRICE_MINOR + number)
            for number in range(1, _CHANGES + 1)
        ]
    asyncio.run(books.prove(promoting.url))
    return series


async def _promoting(server: embedded.Server) -> shop.Promoting:
    return await shop.fill_promoting(await shop.database(server, "promoting"))


def _seconds_until_live(port: int, promoting: shop.Promoting, price_minor: int) -> float:
    """Change a price; return how long it took until each of many connections was told the new one.

    The connections are opened anew each time, and fall to one process or the other.
    """
    price = {"amount": price_minor, "currency": shop.CURRENCY}
    body = msgspec.json.encode({"prices": [{"sku": shop.sku(0), "price": price}]})
    began = time.perf_counter()
    status, answer = _send(port, "PUT", "/v1/price-lists/retail/prices", promoting.office, body)
    if status != 200:
        raise BenchmarkBroken(f"the price was not changed: {status} {answer!r}")
    while _told(port, promoting.token) != {price_minor}:
        if time.perf_counter() - began > _PATIENCE_SECONDS:
            raise BenchmarkBroken("a changed price never became live everywhere")
    return time.perf_counter() - began


def _told(port: int, token: str) -> set[int]:
    body = msgspec.json.encode({"lines": [{"sku": shop.sku(0), "quantity": 1}]})
    answers = [_send(port, "POST", "/v1/quotes", token, body) for _ in range(_ASKED)]
    if any(status != 200 for status, _ in answers):
        raise BenchmarkBroken(f"a quote was refused: {answers}")
    return {msgspec.json.decode(answer, type=_Quote).total.amount for _, answer in answers}


def _send(port: int, method: str, path: str, token: str, body: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
