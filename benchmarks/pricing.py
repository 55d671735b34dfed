"""What a price takes: `price()` alone, against 100,000 prices and 200 promotions, in a process of its own.

Two books. The retailer's has what a retailer has at a time: offers of the week on some hundred SKUs each,
two for the price of one and the like on a category, a few bundles and gifts, and for the whole basket a
threshold, a share for loyal customers, and free shipping. The harsh one has two hundred promotions of
every kind on five hundred SKUs each, one in seven excluding the others, and two more on whole baskets
whose turn comes before that of others; there the best set cannot be found exactly. Of both, baskets are
drawn by lot, each line from all SKUs.

`python -m benchmarks.pricing 5` measures five rounds and prints them as JSON.
"""

import random
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from statistics import median

import msgspec

from benchmarks import ROOT, BenchmarkBroken
from omniretail import pricing

PRICES = 100_000
PROMOTIONS = 200
LINES = (10, 500)
_BASKETS = {10: 300, 500: 20}
_CATEGORIES = 500
_NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_PATIENCE_SECONDS = 300.0

Series = dict[str, list[float]]


def measure(rounds: int) -> Series:
    """Measure in a process of its own; return milliseconds, the median of a round's baskets.

    Raises: BenchmarkBroken where it fails.
    """
    command = [sys.executable, "-m", "benchmarks.pricing", str(rounds)]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, check=True, timeout=_PATIENCE_SECONDS
        )
    except subprocess.SubprocessError as error:
        raise BenchmarkBroken(f"prices could not be measured: {error}") from error
    return msgspec.json.decode(done.stdout, type=Series)


def main(rounds: int) -> None:
    """Measure here, after a round to warm up, and print the series."""
    lot = random.Random(1)
    books = {"retailer": _book(lot, _of_a_retailer(lot)), "harsh": _book(lot, _harsh(lot))}
    series: Series = {}
    for number in range(rounds + 1):
        for name, book in books.items():
            for lines in LINES:
                taken = median(_seconds(book, lot, lines) for _ in range(_BASKETS[lines]))
                if number:
                    series.setdefault(f"price_{name}_{lines}", []).append(taken * 1000)
    sys.stdout.buffer.write(msgspec.json.encode(series))


def _seconds(book: pricing.Book, lot: random.Random, lines: int) -> float:
    basket = pricing.Basket(
        currency="EUR",
        lines=tuple(_line(lot) for _ in range(lines)),
        shopper=pricing.Shopper(channel="web", customer_groups=frozenset({"loyal"})),
        shipping=pricing.ShippingCharge(amount_minor=490),
    )
    began = time.perf_counter()
    priced = pricing.price(book, basket, _NOW)
    taken = time.perf_counter() - began
    if not isinstance(priced, pricing.PricedBasket) or not priced.promotions:
        raise BenchmarkBroken(f"a basket was not priced: {priced}")
    return taken


def _line(lot: random.Random) -> pricing.BasketLine:
    number = lot.randrange(PRICES)
    return pricing.BasketLine(
        _sku(number), lot.randint(1, 3), categories=frozenset({_category(number % _CATEGORIES)})
    )


def _book(lot: random.Random, promotions: Iterable[pricing.Promotion]) -> pricing.Book:
    offered = list(promotions)
    if len(offered) != PROMOTIONS:
        raise BenchmarkBroken(f"{len(offered)} promotions are not {PROMOTIONS}")
    retail = pricing.PriceList(code="retail", name="Retail", currency="EUR")
    prices = [
        pricing.PriceChange("retail", _sku(n), pricing.PriceFrom(_NOW, lot.randint(100, 9000)))
        for n in range(PRICES)
    ]
    vat = pricing.TaxRate(tax_class="standard", valid_from=_NOW, rate_ppm=200_000)
    changes = pricing.Changes(lists=[retail], prices=prices, promotions=offered, tax_rates=[vat])
    return pricing.Book().with_changes(1, changes)


def _of_a_retailer(lot: random.Random) -> Iterator[pricing.Promotion]:
    for n in range(70):
        yield _offer(f"W{n}", pricing.Percent(rate_ppm=200_000), skus=_skus(lot, 200))
    for n in range(40):
        yield _offer(f"F{n}", pricing.FixedPrice(amount_minor=499), skus=_skus(lot, 50))
    for n in range(30):
        yield _offer(f"A{n}", pricing.Amount(amount_minor=100), skus=_skus(lot, 50))
    for n in range(24):
        three = pricing.BuyXGetY(buy=2, get=1)
        yield _offer(f"B{n}", three, categories=frozenset({_category(n)}))
    for n in range(12):
        named = frozenset({_category(100 + n)})
        yield _offer(
            f"C{n}", pricing.Percent(rate_ppm=150_000), categories=named, exclusive_group="season"
        )
    for n in range(15):
        one, other = sorted(_skus(lot, 2))
        parts = {one: 1, other: 1}
        yield _offer(f"S{n}", pricing.Bundle(parts=parts, amount_minor=3000), skus=frozenset(parts))
    for n in range(5):
        gift = pricing.Gift(sku=_sku(lot.randrange(PRICES)))
        yield _offer(f"G{n}", gift, minimum_minor=10_000)
    steps = (pricing.Step(minimum_minor=5000, amount_minor=500),)
    yield _offer("ALL1", pricing.Threshold(steps=steps), priority=1)
    loyal = frozenset({"loyal"})
    yield _offer("ALL2", pricing.Percent(rate_ppm=30_000, level="order"), customer_groups=loyal)
    yield _offer("SHIP", pricing.Shipping(rate_ppm=1_000_000), minimum_minor=5000)
    yield _offer("STAFF", pricing.Percent(rate_ppm=300_000), customer_groups=frozenset({"staff"}))


def _harsh(lot: random.Random) -> Iterator[pricing.Promotion]:
    actions = (
        pricing.Percent(rate_ppm=100_000),
        pricing.Amount(amount_minor=50),
        pricing.FixedPrice(amount_minor=500),
        pricing.BuyXGetY(buy=2, get=1),
        pricing.Percent(rate_ppm=50_000, level="order"),
    )
    for n in range(PROMOTIONS - 2):
        group = "only one" if n % 7 == 0 else None
        yield _offer(f"P{n}", actions[n % 5], skus=_skus(lot, 500), exclusive_group=group)
    yield _offer("ALL1", pricing.Percent(rate_ppm=50_000, level="order"), minimum_minor=1000)
    steps = (pricing.Step(minimum_minor=5000, amount_minor=500),)
    yield _offer("ALL2", pricing.Threshold(steps=steps))


def _offer(code: str, action: object, **terms: object) -> pricing.Promotion:
    return pricing.Promotion(code=code, name=code, action=action, **terms)  # type: ignore[arg-type]


def _skus(lot: random.Random, count: int) -> frozenset[str]:
    return frozenset(_sku(n) for n in lot.sample(range(PRICES), count))


def _sku(number: int) -> str:
    return f"SKU{number:06}"


def _category(number: int) -> str:
    return f"category{number}"


if __name__ == "__main__":
    main(int(sys.argv[1]))
