"""What one unit of a SKU cost everybody, moment by moment, replayed from how prices were set. Pure.

Everybody is a shopper of whom nothing is known: no customer, no group, no channel, no store, no coupon.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import zip_longest
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from omniretail.errors import DomainError
from omniretail.pricing.basket import Basket, BasketLine
from omniretail.pricing.book import Book, Changes
from omniretail.pricing.engine import TaxRateMissing, price
from omniretail.pricing.lists import PriceFrom, PriceList, Shopper
from omniretail.pricing.promotion import Hours, Promotion
from omniretail.pricing.tax import RateFrom

_EVER = datetime.min.replace(tzinfo=UTC)


class RecordedPrice(msgspec.Struct, frozen=True, kw_only=True):
    """What one unit was said to cost in a list from a moment on, and when that was said."""

    price_list: str
    valid_from: datetime
    amount_minor: int | None
    book_version: int
    recorded_at: datetime


class Stated(msgspec.Struct, frozen=True):
    """A price list or promotion as it was stated, and when."""

    what: PriceList | Promotion
    recorded_at: datetime


class PastPrice(msgspec.Struct, frozen=True, kw_only=True):
    """What one unit cost from a moment on, tax within; None: it was not for sale."""

    since: datetime
    amount_minor: int | None
    price_list: str | None = None
    promotions: tuple[str, ...] = ()


def replay(
    book: Book,
    line: BasketLine,
    prices: Iterable[RecordedPrice],
    stated: Sequence[Stated],
    *,
    currency: str,
    region: str | None,
    since: datetime,
    until: datetime,
) -> list[PastPrice]:
    """Return what one unit cost from `since` until before `until`: at first, and where that changed.

    `stated` comes in the order of the book's versions. A list is taken as first stated where it was
    stated later; a promotion counts from when it was stated. Promotions on the order are left out.
    Taxes and currencies are those of `book`; where it has no rate for a moment, nothing was taxed.
    """
    by_list: dict[str, list[RecordedPrice]] = {}
    for one in prices:
        by_list.setdefault(one.price_list, []).append(one)
    steps = {(code, line.sku): effective(changes) for code, changes in by_list.items()}
    counting = _counting(stated, line, currency)
    basket = Basket(currency=currency, lines=(line,), shopper=Shopper(region=region))
    rates = [book.tax_rates.get((line.tax_class, name), ()) for name in (region or "", "")]
    known = Book(tax_rates=book.tax_rates, currencies=book.currencies, prices=steps)
    found: list[PastPrice] = []
    told = 0
    for moment in _moments(counting, steps, rates, since=since, until=until):
        fresh = told
        while fresh < len(counting) and counting[fresh].recorded_at <= moment:
            fresh += 1
        if fresh > told:
            known = _with(known, [one.what for one in counting[told:fresh]])
            told = fresh
        held = _priced(known, basket, moment)
        if not found or replace(held, since=found[-1].since) != found[-1]:
            found.append(held)
    return found


def effective(changes: Iterable[RecordedPrice]) -> tuple[PriceFrom, ...]:
    """Return what held of the prices of one list: each once it was both due and known.

    Of the prices that are due the latest `valid_from` decides, and of several for that moment the
    latest said so far. So what was set for the past holds from when it was set, and what replaced a
    price does not undo that it was charged.
    """
    waiting = sorted(changes, key=lambda change: (change.recorded_at, change.book_version))
    moments = sorted({at for change in waiting for at in (change.recorded_at, change.valid_from)})
    known: dict[datetime, RecordedPrice] = {}
    begins: list[datetime] = []
    steps: list[PriceFrom] = []
    told = 0
    for moment in moments:
        while told < len(waiting) and waiting[told].recorded_at <= moment:
            change = waiting[told]
            before = known.get(change.valid_from)
            if before is None:
                insort(begins, change.valid_from)
            if before is None or before.book_version < change.book_version:
                known[change.valid_from] = change
            told += 1
        due = bisect_right(begins, moment)
        if due:
            amount_minor = known[begins[due - 1]].amount_minor
            if not steps or steps[-1].amount_minor != amount_minor:
                steps.append(PriceFrom(moment, amount_minor))
    return tuple(steps)


def lowest(prices: Sequence[PastPrice], since: datetime) -> PastPrice | None:
    """Return the lowest price that held at some moment from `since` on, the first of equals."""
    held = [
        (one.amount_minor, number)
        for number, (one, after) in enumerate(zip_longest(prices, prices[1:]))
        if one.amount_minor is not None and (after is None or after.since > since)
    ]
    return prices[min(held)[1]] if held else None


def _counting(stated: Sequence[Stated], line: BasketLine, currency: str) -> list[Stated]:
    """Return what may decide about this SKU; a promotion that ceased to is as if it were archived."""
    told: dict[tuple[bool, str], datetime] = {}
    found: list[Stated] = []
    for one in stated:
        what, recorded_at = one.what, one.recorded_at
        if isinstance(what, PriceList):
            known, counts = (True, what.code), what.currency == currency
            recorded_at = max(recorded_at, told[known]) if known in told else _EVER
        else:
            known, counts = (False, what.code), _works_on(what, line)
            if not counts and known in told:
                what, counts = replace(what, status="archived"), True
            # Clocks differ, and what has the later version came later.
            recorded_at = max(recorded_at, told.get(known, _EVER))
        if counts:
            told[known] = recorded_at
            found.append(Stated(what, recorded_at))
    return sorted(found, key=lambda one: one.recorded_at)


def _works_on(promotion: Promotion, line: BasketLine) -> bool:
    return promotion.level == "line" and (
        line.sku in promotion.skus
        or not line.categories.isdisjoint(promotion.categories)
        or not (promotion.skus or promotion.categories)
    )


def _with(book: Book, stated: Sequence[PriceList | Promotion]) -> Book:
    return book.with_changes(
        book.version,
        Changes(
            lists=[what for what in stated if isinstance(what, PriceList)],
            promotions=[what for what in stated if isinstance(what, Promotion)],
        ),
    )


def _priced(book: Book, basket: Basket, at: datetime) -> PastPrice:
    priced = price(book, basket, at)
    if isinstance(priced, TaxRateMissing):
        priced = price(replace(book, tax_rates={}), basket, at)
    if isinstance(priced, DomainError):
        return PastPrice(since=at, amount_minor=None)
    return PastPrice(
        since=at,
        amount_minor=priced.total_minor,
        price_list=priced.lines[0].price_list,
        promotions=tuple(one.promotion for one in priced.promotions),
    )


def _moments(
    stated: Iterable[Stated],
    steps: Mapping[tuple[str, str], Sequence[PriceFrom]],
    rates: Iterable[Sequence[RateFrom]],
    *,
    since: datetime,
    until: datetime,
) -> list[datetime]:
    """Return `since`, and each moment after it and before `until` at which anything may change."""
    found: set[datetime | None] = {since}
    found |= {step.valid_from for several in steps.values() for step in several}
    found |= {rate.valid_from for several in rates for rate in several}
    for one in stated:
        found |= {one.recorded_at, one.what.valid_from, one.what.valid_until}
        if isinstance(one.what, Promotion) and one.what.hours is not None:
            found |= set(turns(one.what.hours, since, until))
    return sorted(at for at in found if at is not None and since <= at < until)


def turns(hours: Hours, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield each moment between two at which hours of the week may begin or end, and others.

    An hour that the clock shows twice, or skips, turns where it does and where the clock changes.
    """
    zone = ZoneInfo(hours.time_zone)
    day = since.astimezone(zone).date() - timedelta(days=1)
    while (begins := datetime.combine(day, time(0), zone)).astimezone(UTC) < until:
        day += timedelta(days=1)
        ends = datetime.combine(day, time(0), zone)
        for at in (time(0), hours.since, hours.until or time(0)):
            for fold in (0, 1):
                yield datetime.combine(begins.date(), at, zone).replace(fold=fold).astimezone(UTC)
        if begins.utcoffset() != ends.utcoffset():
            yield _clock_change(begins.astimezone(UTC), ends.astimezone(UTC), zone)


def _clock_change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first second after a change of a zone's clocks."""
    offset = before.astimezone(zone).utcoffset()
    least, most = 0, int((after - before).total_seconds())
    while most - least > 1:
        middle = (least + most) // 2
        at = (before + timedelta(seconds=middle)).astimezone(zone)
        if at.utcoffset() == offset:
            least = middle
        else:
            most = middle
    return before + timedelta(seconds=most)
