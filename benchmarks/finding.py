"""Finding a sale without its receipt, in books that have grown for a year: by each thing to be known.

Asked about those who always come, whose sales are many; the slowest of the four is the figure.
"""

import asyncio
from statistics import median

import asyncpg
import msgspec

from benchmarks import load, shop

_CLIENTS = 8
_REGULARS = 1_000
_NUMBERS = 500

Series = dict[str, list[float]]


def measure(
    filled: shop.Shop, port: int, *, rounds: int, seconds: float, generator: load.Generator
) -> Series:
    """Find sales by each criterion in turn; the first round warms up, and does not count.

    Raises: BenchmarkBroken for any answer but the expected one.
    """
    questions = asyncio.run(_questions(filled.url))
    series: Series = {f"find_by_{name}_p99": [] for name in questions}
    job = load.Job(
        kind="asked",
        path="/v1/orders/searches",
        status=200,
        name="",
        port=port,
        token=filled.token,
        clients=_CLIENTS,
        seconds=seconds,
    )
    for number in range(rounds + 1):
        for name, bodies in questions.items():
            done = load.run(msgspec.structs.replace(job, bodies=bodies), generator)
            if number:
                series[f"find_by_{name}_p99"].append(done.p99_ms)
    return series | {"find_p99": max(series.values(), key=median)}


async def _questions(url: str) -> dict[str, tuple[str, ...]]:
    """Return what is asked: the bodies of the questions by each criterion."""
    names = [f"regular-{number:04}" for number in range(_REGULARS)]
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "select number from sales_order where customer = any($1::text[]) limit $2",
            names[:: _REGULARS // 10],
            _NUMBERS,
        )
    finally:
        await connection.close()
    return {
        "customer": tuple(f'{{"customer":"{name}"}}' for name in names),
        "email": tuple(f'{{"email":"{name}@example.com"}}' for name in names),
        "card_token": tuple(f'{{"card_token":"card-{name}"}}' for name in names),
        "number": tuple(f'{{"number":"{row["number"]}"}}' for row in rows),
    }
