"""Putting price lists and prices in place. Each change gives the book a new version."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from omniretail import catalog
from omniretail.db import Transaction, constraint, sql, write_columns
from omniretail.errors import DomainError, Invalid, Refused
from omniretail.money import MOST_MINOR, is_currency
from omniretail.pricing.queries import UnknownPriceList, price_lists

_LOCK_BOOK = sql("pricing.lock_book")
_PUT_LIST = sql("pricing.put_price_list")
_SET = sql("pricing.set_prices")


class CurrencyTaken(Refused):
    """A currency has one price list, and a price list keeps its currency."""

    def __init__(self) -> None:
        super().__init__("Another price list has this currency, or this list has another currency.")


constraint("price_list_currency_key", CurrencyTaken)


class OtherCurrency(Refused):
    """The price list has another currency."""

    def __init__(self, *, price_list: str, currency: str) -> None:
        super().__init__(
            f"{price_list} is a list in {currency}.", price_list=price_list, currency=currency
        )


class PriceListSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A price list as the retailer states it."""

    code: str
    name: str
    currency: str


class NewPrice(msgspec.Struct, frozen=True, kw_only=True):
    """What a SKU shall cost in a list from a moment on; no amount ends its sale there.

    An amount names its currency, which must be the list's.
    """

    price_list: str
    sku: str
    amount_minor: int | None
    currency: str | None
    valid_from: datetime


async def put_price_list(tx: Transaction, spec: PriceListSpec, *, now: datetime) -> PriceListSpec:
    """Create a price list or rename it. Raises: Invalid for an unknown currency, CurrencyTaken."""
    if not is_currency(spec.currency):
        raise Invalid.at("/currency", f"{spec.currency} is not a currency of ISO 4217")
    if await tx.execute(_PUT_LIST, spec.code, spec.name, spec.currency, now) == 0:
        raise CurrencyTaken
    return spec


async def set_prices(
    tx: Transaction, prices: Sequence[NewPrice], *, now: datetime
) -> list[NewPrice | DomainError]:
    """Set prices; one outcome per price, in order.

    Locks: the book's version row, so that versions are given in the order of commits. Outcomes:
    the price, UnknownPriceList, OtherCurrency, UnknownSku, Invalid. The same SKU and time twice:
    the last one stands.
    """
    lists = await price_lists(tx)
    (skus,) = await tx.read(catalog.skus_by_code({price.sku for price in prices}))
    outcomes: list[NewPrice | DomainError] = []
    accepted: dict[tuple[str, str, datetime], NewPrice] = {}
    for price in prices:
        if price.price_list not in lists:
            outcomes.append(UnknownPriceList(price.price_list))
        elif price.amount_minor is not None and price.currency != lists[price.price_list][1]:
            outcomes.append(
                OtherCurrency(price_list=price.price_list, currency=lists[price.price_list][1])
            )
        elif price.sku not in skus:
            outcomes.append(catalog.UnknownSku(price.sku))
        elif price.amount_minor is not None and not 0 <= price.amount_minor <= MOST_MINOR:
            outcomes.append(Invalid.at("/amount", "A price is between 0 and 2^63 − 1 minor units"))
        else:
            accepted[price.price_list, price.sku, price.valid_from] = price
            outcomes.append(price)
    if accepted:
        version = (await tx.fetch(_LOCK_BOOK))[0]["version"] + 1
        rows = [
            (price.price_list, price.sku, price.valid_from, price.amount_minor)
            for price in accepted.values()
        ]
        await tx.write(*write_columns(_SET, rows, version, now))
    return outcomes
