"""Great counts: ten thousand places counted in one call, against a hundred thousand levels.

A retailer of its own, in a database and a server of its own, so that nothing else is disturbed.
"""

import asyncio
import http.client
import random
import secrets
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from benchmarks import BenchmarkBroken, books, processes, shop
from omniretail import embedded

ROWS = 10_000
LEVELS = shop.COUNTED_SKUS * shop.COUNTED_LOCATIONS
_PATH = "/v1/stock/counts"
_PATIENCE_SECONDS = 120.0
_MOST_OFF = 20
# By how many rows one is off: all of them, or one in ten, as when a count is honest work.
_KINDS = {"counts": 1, "counts_one_in_ten": 10}

Place = tuple[str, str]
Series = dict[str, list[float]]


class _Line(msgspec.Struct, frozen=True):
    sku: str
    location: str
    quantity: int


class _Count(msgspec.Struct, frozen=True):
    lines: list[_Line]


class _Outcome(msgspec.Struct, frozen=True):
    status: str
    variance: int = 0


class _Answer(msgspec.Struct, frozen=True):
    outcomes: list[_Outcome]


def measure(server: embedded.Server, home: Path, *, workers: int, rounds: int) -> Series:
    """Count in so many rounds, each kind once, after one of each to warm up; return rows a second.

    Raises: BenchmarkBroken for a row that was not booked with its variance, or untrue books.
    """
    counted = asyncio.run(_counted(server))
    figures = {
        (shop.counted_sku(number), shop.store(place)): shop.COUNTED_STOCK
        for number in range(shop.COUNTED_SKUS)
        for place in range(shop.COUNTED_LOCATIONS)
    }
    series: Series = {kind: [] for kind in _KINDS}
    settings = processes.settings(counted.url, workers=workers)
    with processes.running(["benchmarks.server"], settings, home / "counting.log") as (
        process,
        port,
        _,
    ):
        for number in range(rounds + 1):
            for kind, off in _KINDS.items():
                taken = _count(port, counted.token, figures, off)
                if number:
                    series[kind].append(ROWS / taken)
        series["counts_memory_mib"] = [processes.resident_mib(process)]
    asyncio.run(books.prove(counted.url))
    return series


async def _counted(server: embedded.Server) -> shop.Counted:
    return await shop.fill_counted(await shop.database(server, "counted"))


def _count(port: int, token: str, figures: dict[Place, int], one_off_in: int) -> float:
    """Count places drawn by lot in one call; return its seconds, from first byte to last."""
    variances = {
        place: 0 if number % one_off_in else _variance(figures[place])
        for number, place in enumerate(random.sample(list(figures), ROWS))
    }
    body = msgspec.json.encode(
        _Count([_Line(*place, figures[place] + off) for place, off in variances.items()])
    )
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Idempotency-Key": secrets.token_hex(),
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
    try:
        connection.connect()
        began = time.perf_counter()
        connection.request("POST", _PATH, body, headers)
        response = connection.getresponse()
        answer = response.read()
        taken = time.perf_counter() - began
    finally:
        connection.close()
    if response.status != 201:
        raise BenchmarkBroken(f"{_PATH} answers {response.status} {answer[:500]!r}")
    _compare(answer, variances)
    for place, off in variances.items():
        figures[place] += off
    return taken


def _compare(answer: bytes, variances: Mapping[Place, int]) -> None:
    outcomes = msgspec.json.decode(answer, type=_Answer).outcomes
    if outcomes != [_Outcome("booked", off) for off in variances.values()]:
        raise BenchmarkBroken(f"the counts were not booked as they were sent: {answer[:500]!r}")


def _variance(figure: int) -> int:
    """Return by how much a count is off: never nothing, never more than there is."""
    off = random.randint(1, _MOST_OFF)
    return off if figure < _MOST_OFF or random.random() < 0.5 else -off
