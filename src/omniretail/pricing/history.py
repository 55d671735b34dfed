"""The history of prices: what one unit of a SKU cost everybody, and the lowest of thirty days.

The lowest price is what Directive 98/6/EC, article 6a, asks a reduction to be announced beside. How it
is found is `replay`.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from omniretail import catalog
from omniretail.db import Read, Rows, Transaction, sql
from omniretail.errors import Invalid
from omniretail.money import is_currency
from omniretail.pricing.basket import BasketLine
from omniretail.pricing.keeper import BookKeeper
from omniretail.pricing.lists import PriceList
from omniretail.pricing.promotion import Promotion
from omniretail.pricing.replay import PastPrice, RecordedPrice, Stated, lowest, replay
from omniretail.pricing.times import moment_fault

_STATED = sql("pricing.book_changes_within")
_PRICES = sql("pricing.price_changes_within")
_LOWEST_OF = timedelta(days=30)
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
    if not is_currency(currency):
        raise Invalid.at("/currency", f"{currency} is not a currency of ISO 4217")
    if fault := moment_fault("/until", until):
        raise fault
    since, lowest_since = until - timedelta(days=days), until - _LOWEST_OF
    earliest = min(since, lowest_since)
    version, skus, stated = await tx.read(
        books.version(),
        catalog.skus_by_code([sku]),
        Read(_STATED, (earliest, until), _stated),
    )
    if sku not in skus:
        raise catalog.UnknownSku(sku)
    lists = {one.what.code for one in stated if _is_of(one, currency)}
    (prices,) = await tx.read(Read(_PRICES, (sku, sorted(lists), earliest, until), _prices))
    found = replay(
        await books.at(tx, version),
        BasketLine(sku, 1, None, skus[sku].tax_class, skus[sku].categories),
        prices,
        stated,
        currency=currency,
        region=region,
        since=earliest,
        until=until,
    )
    return PriceHistory(
        prices=_from(found, since),
        lowest=lowest(found, lowest_since),
        since=since,
        lowest_since=lowest_since,
    )


def _is_of(one: Stated, currency: str) -> bool:
    return isinstance(one.what, PriceList) and one.what.currency == currency


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


def _prices(rows: Rows) -> Any:
    return msgspec.convert(rows, list[RecordedPrice])
