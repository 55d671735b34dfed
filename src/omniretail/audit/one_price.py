"""One price everywhere: a sample of prices, each over all channels and stores; who differs says why.

`price()` itself is asked, by the book as it stands. Within a region a customer pays for a SKU what
everybody like them pays; only a list or promotion of a channel or a store that names its reason may
change that.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import product
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from omniretail import catalog, channels, pricing
from omniretail.audit.finding import MOST_EXAMPLES, Finding
from omniretail.db import Transaction

NAME = "one_price"
TRUTH = "a customer pays one price in every channel and store, but for overrides that say why"

_AROUND = timedelta(days=30)
_JUST_BEFORE = timedelta(microseconds=1)
_MOST_SKUS = 500
_MOST_CUSTOMERS = 20
# Stores that no list and no promotion names are alike; some of them stand for all.
_MOST_ALIKE = 2
_MOST_STORES = 1000
# A price takes some 20 µs.
_MOST_PRICES = 10_000
# Larger than any sample, and prime: its multiples come by all of a sample in no order.
_STRIDE = 2**61 - 1
_AT_ONCE = 10


class Paid(NamedTuple):
    """What one unit costs somewhere (None: it is not for sale), and what makes that differ by place."""

    amount_minor: int | None
    tax_included: bool
    makers: tuple[pricing.PriceList | pricing.Promotion, ...]


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What is priced: each SKU for each customer at each moment in each region, in every place."""

    currency: str
    lines: Sequence[pricing.BasketLine]
    customers: Sequence[pricing.Shopper]
    moments: Sequence[datetime]
    places: Sequence[tuple[str | None, str | None]]

    def drawn(self) -> Iterator[tuple[pricing.BasketLine, pricing.Shopper, datetime]]:
        """Yield all of them, or of very many so many by a fixed rule."""
        size = len(self.lines) * len(self.customers) * len(self.moments)
        most = max(1, _MOST_PRICES // len(self.places))
        for number in range(min(size, most)):
            rest, line = divmod(number * _STRIDE % size, len(self.lines))
            moment, customer = divmod(rest, len(self.customers))
            yield self.lines[line], self.customers[customer], self.moments[moment]


async def one_price(tx: Transaction, *, now: datetime) -> Finding:
    """Look for prices that differ by channel or store without an override; name the overrides met."""
    books = pricing.BookKeeper()
    (version,) = await tx.read(books.version())
    # Taxes depend on the region, which a comparison leaves as it is.
    book = replace(await books.at(tx, version), tax_rates={})
    sellers = await channels.list_channels(tx)
    stores = [stored.spec.code for stored in await catalog.list_locations(tx, limit=_MOST_STORES)]
    skus = chosen_skus(book)
    (traits,) = await tx.read(catalog.skus_by_code(skus))
    lines = [
        pricing.BasketLine(sku, 1, None, traits[sku].tax_class, traits[sku].categories)
        for sku in skus
    ]
    exceptions, examples, overrides = 0, list[str](), dict[str, str]()
    for sample in samples(book, lines, sellers, stores, now=now):
        for number, (line, shopper, at) in enumerate(sample.drawn()):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)  # others are served meanwhile
            faults = _compare(book, sample, line, shopper, at, overrides)
            exceptions += len(faults)
            examples += faults[: MOST_EXAMPLES - len(examples)]
    return Finding(
        NAME, TRUTH, exceptions, examples, [overrides[code] for code in sorted(overrides)]
    )


def samples(
    book: pricing.Book,
    lines: Sequence[pricing.BasketLine],
    sellers: Iterable[channels.ChannelSpec],
    stores: Iterable[str],
    *,
    now: datetime,
) -> Iterator[Sample]:
    """Yield what is to be priced in each currency that a channel sells in."""
    if not lines:
        return
    by_currency: dict[str, list[str]] = {}
    for seller in sellers:
        by_currency.setdefault(seller.currency, []).append(seller.code)
    named = _named_stores(book)
    places = [None, *sorted(named), *[code for code in stores if code not in named][:_MOST_ALIKE]]
    for currency, codes in sorted(by_currency.items()):
        yield Sample(
            currency=currency,
            lines=lines,
            customers=_customers(book),
            moments=_moments(book, now),
            places=list(product([None, *codes], places)),
        )


def chosen_skus(book: pricing.Book) -> list[str]:
    """Return the SKUs of the sample: all, or so many, first those whose prices may differ by place."""
    skus = sorted({sku for _, sku in book.prices})
    if len(skus) <= _MOST_SKUS:
        return skus
    apart = {item.code for item in book.lists.values() if item.scope.differs_by_channel}
    suspects = {sku for code, sku in book.prices if code in apart}
    for promotion in book.promotions.values():
        if promotion.differs_by_channel:
            suspects |= promotion.skus
    first = _drawn([sku for sku in skus if sku in suspects], _MOST_SKUS // 2)
    others = _drawn([sku for sku in skus if sku not in suspects], _MOST_SKUS - len(first))
    return sorted([*first, *others])


def _drawn(skus: Sequence[str], most: int) -> list[str]:
    return [skus[number * _STRIDE % len(skus)] for number in range(min(len(skus), most))]


def _named_stores(book: pricing.Book) -> set[str]:
    """Return the stores that lists and promotions name."""
    stores = {item.scope.location for item in book.lists.values() if item.scope.location}
    return stores.union(*(promotion.locations for promotion in book.promotions.values()))


def _customers(book: pricing.Book) -> list[pricing.Shopper]:
    """Return nobody in particular, and those for whom there are lists and promotions, in each region."""
    scopes = [item.scope for item in book.lists.values()]
    customers = {scope.customer for scope in scopes if scope.customer}
    groups = {scope.customer_group for scope in scopes if scope.customer_group}
    for promotion in book.promotions.values():
        groups |= promotion.customer_groups
    regions = [None, *sorted({scope.region for scope in scopes if scope.region})]
    return [
        replace(shopper, region=region)
        for region in regions
        for shopper in (
            pricing.Shopper(),
            *(pricing.Shopper(customer_groups=frozenset({group})) for group in sorted(groups)),
            *(pricing.Shopper(customer=one) for one in sorted(customers)[:_MOST_CUSTOMERS]),
        )
    ]


def _moments(book: pricing.Book, now: datetime) -> list[datetime]:
    """Return now, and when lists and promotions begin and end about now, and just before."""
    stated: list[pricing.PriceList | pricing.Promotion] = [*book.lists.values()]
    stated += book.promotions.values()
    turns = {
        moment
        for item in stated
        for moment in (item.valid_from, item.valid_until)
        if moment is not None and abs(moment - now) <= _AROUND
    }
    return sorted({now, *turns, *(moment - _JUST_BEFORE for moment in turns)})


def _compare(
    book: pricing.Book,
    sample: Sample,
    line: pricing.BasketLine,
    shopper: pricing.Shopper,
    at: datetime,
    overrides: dict[str, str],
) -> list[str]:
    """Return, in words, where one unit has another price than nowhere in particular without a reason.

    The overrides that are met are added to `overrides`, by what they are.
    """
    faults: list[str] = []
    usual: Paid | None = None
    for channel, location in sample.places:
        here = replace(shopper, channel=channel, location=location)
        paid = _paid(book, sample.currency, line, here, at)
        usual = usual or paid
        if paid[:2] == usual[:2]:
            continue
        if paid.makers and all(maker.override_reason for maker in paid.makers):
            for maker in paid.makers:
                overrides.setdefault(f"{type(maker).__name__} {maker.code}", _said(maker))
        else:
            faults.append(
                f"sku {line.sku}, {_whom(shopper)}, at {at.isoformat()}, "
                f"channel {channel}, location {location}, "
                f"{sample.currency} {paid.amount_minor}, elsewhere {usual.amount_minor}"
            )
    return faults


def _paid(
    book: pricing.Book,
    currency: str,
    line: pricing.BasketLine,
    shopper: pricing.Shopper,
    at: datetime,
) -> Paid:
    basket = pricing.Basket(currency=currency, lines=(line,), shopper=shopper)
    priced = pricing.price(book, basket, at)
    if not isinstance(priced, pricing.PricedBasket):
        return Paid(None, True, ())
    charged = priced.lines[0]
    made_by = [book.promotions[one.promotion] for one in priced.promotions]
    makers = [maker for maker in made_by if maker.differs_by_channel]
    assert charged.price_list is not None, "no line has a price of its own"
    price_list = book.lists[charged.price_list]
    lists = [price_list] if price_list.scope.differs_by_channel else []
    return Paid(priced.total_minor, charged.tax_included, (*lists, *makers))


def _whom(shopper: pricing.Shopper) -> str:
    who = shopper.customer or "/".join(shopper.customer_groups) or "anybody"
    return f"{who} in {shopper.region}" if shopper.region else who


def _said(maker: pricing.PriceList | pricing.Promotion) -> str:
    what = "price list" if isinstance(maker, pricing.PriceList) else "promotion"
    until = "ever" if maker.valid_until is None else maker.valid_until.isoformat()
    return f"{what} {maker.code} until {until}: {maker.override_reason}"
