"""The history of prices: what one unit of a SKU cost everybody, and the lowest of so many days.

The lowest price is what Directive 98/6/EC, article 6a, asks a reduction to be announced beside. How it
is found is `replay`.
"""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec

from omniretail import catalog
from omniretail.db import Read, Rows, Transaction, sql
from omniretail.errors import Invalid
from omniretail.money import is_currency
from omniretail.pricing.basket import BasketLine
from omniretail.pricing.keeper import BookKeeper
from omniretail.pricing.lists import PriceList, Shopper
from omniretail.pricing.promotion import Promotion
from omniretail.pricing.replay import PastPrice, RecordedPrice, Stated, lowest, replay
from omniretail.pricing.times import moment_fault

_STATED = sql("pricing.book_changes_within")
_PRICES = sql("pricing.price_changes_within")
_LOWEST_OF = timedelta(days=30)
# So many SKUs are replayed before others are answered: where promotions follow the clock, each takes long.
_BREATH = 10
_KINDS: dict[str, type[PriceList | Promotion]] = {"price_list": PriceList, "promotion": Promotion}


class PriceHistory(msgspec.Struct, frozen=True, kw_only=True):
    """What one unit cost from `since` until before `until`, and the lowest from `lowest_since` on."""

    prices: list[PastPrice]
    lowest: PastPrice | None
    since: datetime
    lowest_since: datetime


async def price_history(
    tx: Transaction,
    *,
    sku: str,
    currency: str,
    region: str | None,
    days: int,
    until: datetime,
    books: BookKeeper,
) -> PriceHistory:
    """Return what one unit of a SKU cost everybody in so many days, and the lowest of thirty.

    Of a moment that is still to come it says what is known by now. Locks: none. Raises: Invalid (a
    currency, a moment), UnknownSku.
    """
    _check(currency, until)
    since, lowest_since = until - timedelta(days=days), until - _LOWEST_OF
    shopper, within = Shopper(region=region), (min(since, lowest_since), until)
    histories = await _histories(tx, [sku], within, currency=currency, shopper=shopper, books=books)
    if sku not in histories:
        raise catalog.UnknownSku(sku)
    found = histories[sku]
    return PriceHistory(
        prices=_from(found, since),
        lowest=lowest(found, lowest_since),
        since=since,
        lowest_since=lowest_since,
    )


async def lowest_prices(
    tx: Transaction,
    skus: Collection[str],
    *,
    currency: str,
    region: str | None,
    days: int,
    until: datetime,
    books: BookKeeper,
) -> dict[str, int]:
    """Return the lowest that one unit of each SKU cost everybody in so many days, in minor units.

    As `price_history` finds it, for some hundred SKUs at once. SKUs that are unknown, or were not for
    sale in that time, are left out. Locks: none. Raises: Invalid (a currency, a moment).
    """
    _check(currency, until)
    since, shopper = until - timedelta(days=days), Shopper(region=region)
    histories = await _histories(
        tx, skus, (since, until), currency=currency, shopper=shopper, books=books
    )
    found = {sku: lowest(prices, since) for sku, prices in histories.items()}
    return {
        sku: least.amount_minor
        for sku, least in found.items()
        if least is not None and least.amount_minor is not None
    }


def _check(currency: str, until: datetime) -> None:
    if not is_currency(currency):
        raise Invalid.at("/currency", f"{currency} is not a currency of ISO 4217")
    if fault := moment_fault("/until", until):
        raise fault


async def _histories(
    tx: Transaction,
    skus: Collection[str],
    within: tuple[datetime, datetime],
    *,
    currency: str,
    shopper: Shopper,
    books: BookKeeper,
) -> dict[str, list[PastPrice]]:
    """Return the prices of each SKU that there is, from one moment until before another."""
    since, until = within
    version, traits, stated = await tx.read(
        books.version(),
        catalog.skus_by_code(skus),
        Read(_STATED, within, _stated),
    )
    # A list that never was for this shopper decides nothing, whatever its prices are.
    lists = {
        one.what.code
        for one in stated
        if isinstance(one.what, PriceList)
        and one.what.currency == currency
        and shopper.within(one.what.scope)
    }
    # Those of a kit's components came along.
    known = {sku: traits[sku] for sku in sorted(set(skus)) if sku in traits}
    (prices,) = await tx.read(Read(_PRICES, (list(known), sorted(lists), *within), _prices))
    book = await books.at(tx, version)
    histories: dict[str, list[PastPrice]] = {}
    for position, (sku, of) in enumerate(known.items(), start=1):
        histories[sku] = replay(
            book,
            BasketLine(sku, 1, None, of.tax_class, of.categories),
            prices.get(sku, ()),
            stated,
            currency=currency,
            region=shopper.region,
            since=since,
            until=until,
        )
        if position % _BREATH == 0:
            await asyncio.sleep(0)
    return histories


def _from(prices: list[PastPrice], since: datetime) -> list[PastPrice]:
    """Return the prices that held from a moment on, the one that held then among them."""
    first = sum(one.since <= since for one in prices) - 1
    return [msgspec.structs.replace(prices[first], since=since), *prices[first + 1 :]]


def _stated(rows: Rows) -> list[Stated]:
    return [
        Stated(
            msgspec.convert(row["document"], _KINDS[row["kind"]]),
            msgspec.convert(row["recorded_at"], datetime),
        )
        for row in rows
    ]


def _prices(rows: Rows) -> dict[str, list[RecordedPrice]]:
    by_sku: dict[str, list[RecordedPrice]] = {}
    for row in rows:
        by_sku.setdefault(row.pop("sku"), []).append(msgspec.convert(row, RecordedPrice))
    return by_sku
