"""What one unit cost everybody, replayed: what holds when, on the clock of any zone. No database."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from omniretail.pricing.basket import BasketLine
from omniretail.pricing.book import Book
from omniretail.pricing.lists import PriceList, Scope
from omniretail.pricing.promotion import Amount, Hours, Percent, Promotion
from omniretail.pricing.replay import (
    PastPrice,
    RecordedPrice,
    Stated,
    effective,
    lowest,
    replay,
    turns,
)
from omniretail.pricing.tax import RateFrom

START = datetime(2026, 3, 1, tzinfo=UTC)
_versions = iter(range(1, 10_000))


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def said(
    amount_minor: int | None, *, on: float, since: float | None = None, price_list: str = "retail"
) -> RecordedPrice:
    """A price that was recorded on a day, and begins on that day or another."""
    return RecordedPrice(
        price_list=price_list,
        valid_from=day(on if since is None else since),
        amount_minor=amount_minor,
        book_version=next(_versions),
        recorded_at=day(on),
    )


def a_list(code: str = "retail", *, on: float = 0, **more: Any) -> Stated:
    return Stated(PriceList(code=code, name=code, currency="EUR", **more), day(on))


def a_promotion(code: str, percent: int = 10, *, on: float = 0, **more: Any) -> Stated:
    action = more.pop("action", Percent(rate_ppm=percent * 10_000))
    return Stated(Promotion(code=code, name=code, action=action, **more), day(on))


def told(
    prices: list[RecordedPrice],
    *stated: Stated,
    book: Book | None = None,
    region: str | None = None,
    until: float = 60,
) -> list[tuple[float, int | None]]:
    """Return (day, price in cents) of each change of what everybody paid, from the first day on."""
    found = replay(
        book or Book(),
        BasketLine("A", 1, categories=frozenset({"shoes"})),
        prices,
        [a_list(), *stated],
        currency="EUR",
        region=region,
        since=START,
        until=day(until),
    )
    return [((one.since - START) / timedelta(days=1), one.amount_minor) for one in found]


def test_a_price_for_the_past_holds_from_when_it_was_set() -> None:
    steps = effective([said(4990, on=1), said(3990, on=5, since=3)])

    assert [(step.valid_from, step.amount_minor) for step in steps] == [
        (day(1), 4990),
        (day(5), 3990),
    ]


def test_what_replaced_a_price_does_not_undo_that_it_was_charged() -> None:
    """Given 39.90 from day 2 on, when on day 4 somebody says that it was 44.90, both were charged."""
    assert told([said(3990, on=2), said(4490, on=4, since=2)]) == [
        (0, None),
        (2, 3990),
        (4, 4490),
    ]


def test_what_was_replaced_before_it_began_was_never_charged() -> None:
    prices = [said(4990, on=0), said(100, on=1, since=5), said(4000, on=2, since=5)]

    assert told(prices) == [(0, 4990), (5, 4000)]


def test_of_two_prices_for_one_moment_the_later_version_holds() -> None:
    early, late = said(100, on=1, since=0), said(200, on=1, since=0)

    assert [step.amount_minor for step in effective([late, early])] == [200]


def test_an_ended_sale_has_no_price_until_it_begins_anew() -> None:
    prices = [said(4990, on=0), said(None, on=10), said(2990, on=20)]

    assert told(prices) == [(0, 4990), (10, None), (20, 2990)]


def test_lists_count_while_they_hold_and_the_higher_priority_first() -> None:
    sale = a_list("sale", priority=5, valid_from=day(10), valid_until=day(12))

    prices = [said(4990, on=0), said(3990, on=0, price_list="sale")]

    assert told(prices, sale) == [(0, 4990), (10, 3990), (12, 4990)]


def test_a_list_that_is_restated_does_not_change_the_past() -> None:
    """Given a sale of ten days, when it is cut short on day 5, it held for five days all the same."""
    first = a_list("sale", priority=5, valid_from=day(0), valid_until=day(10))
    cut = a_list("sale", on=5, priority=5, valid_from=day(0), valid_until=day(1))

    prices = [said(4990, on=0), said(3990, on=0, price_list="sale")]

    assert told(prices, first, cut) == [(0, 3990), (5, 4990)]


@pytest.mark.parametrize(
    "scope",
    [
        Scope(customer="anna"),
        Scope(customer_group="gold"),
        Scope(channel="web"),
        Scope(location="S1"),
        Scope(region="AT"),
    ],
)
def test_lists_that_are_not_for_everybody_do_not_count(scope: Scope) -> None:
    narrow = a_list("narrow", priority=9, scope=scope)

    prices = [said(4990, on=0), said(100, on=0, price_list="narrow")]

    assert told(prices, narrow) == [(0, 4990)]


def test_a_region_has_its_own_history() -> None:
    austria = a_list("austria", scope=Scope(region="AT"))
    prices = [said(4990, on=0), said(4500, on=3, price_list="austria")]

    assert told(prices, austria, region="AT") == [(0, 4990), (3, 4500)]


def test_promotions_on_the_goods_count_while_they_hold() -> None:
    prices = [said(5000, on=0)]

    named = a_promotion("named", skus=frozenset({"A"}), valid_from=day(4), valid_until=day(7))
    category = a_promotion(
        "shoes", 20, categories=frozenset({"shoes"}), valid_from=day(20), valid_until=day(21)
    )

    assert told(prices, named, category) == [
        (0, 5000),
        (4, 4500),
        (7, 5000),
        (20, 4000),
        (21, 5000),
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"coupon_only": True},
        {"customer_groups": frozenset({"gold"})},
        {"channels": frozenset({"web"})},
        {"skus": frozenset({"B"})},
        {"minimum_minor": 5001},
        {"action": Percent(rate_ppm=100_000, level="order")},
        {"action": Amount(amount_minor=500, level="order")},
        {"status": "archived"},
        {"currency": "CHF"},
    ],
)
def test_promotions_that_need_something_more_do_not_count(more: dict[str, Any]) -> None:
    assert told([said(5000, on=0)], a_promotion("more", **more)) == [(0, 5000)]


def test_a_promotion_counts_from_when_it_was_stated_until_it_was_withdrawn() -> None:
    """Given a promotion without a beginning that was stated on day 3, it did not hold before."""
    stated = [
        a_promotion("ten", on=3),
        a_promotion("ten", 30, on=6),
        a_promotion("ten", 30, on=9, status="archived"),
    ]

    assert told([said(5000, on=0)], *stated) == [(0, 5000), (3, 4500), (6, 3500), (9, 5000)]


def test_a_promotion_that_turns_to_other_goods_is_over_here() -> None:
    stated = [a_promotion("ten", on=3), a_promotion("ten", on=5, skus=frozenset({"B"}))]

    assert told([said(5000, on=0)], *stated) == [(0, 5000), (3, 4500), (5, 5000)]


def test_the_later_version_stands_where_clocks_differ() -> None:
    stated = [a_promotion("ten", on=3), a_promotion("ten", on=2.9, status="archived")]

    assert told([said(5000, on=0)], *stated) == [(0, 5000)]


def test_happy_hours_turn_every_day() -> None:
    happy = Hours(time_zone="UTC", since=time(12), until=time(18), days=(1, 2))

    found = told([said(5000, on=0)], a_promotion("happy", hours=happy), until=8)

    # 1 March 2026 is a Sunday.
    assert found == [(0, 5000), (1.5, 4500), (1.75, 5000), (2.5, 4500), (2.75, 5000)]


def test_tax_on_top_is_part_of_the_price() -> None:
    book = Book(
        tax_rates={("standard", ""): (RateFrom(day(5), 200_000), RateFrom(day(9), 210_000))}
    )
    net = Stated(PriceList(code="net", name="net", currency="EUR", tax_included=False), START)

    prices = [said(1000, on=0, price_list="net")]

    assert told(prices, net, book=book) == [(0, 1000), (5, 1200), (9, 1210)]


def test_the_lowest_price_is_of_what_held_in_the_time() -> None:
    prices = [
        PastPrice(since=day(since), amount_minor=amount)
        for since, amount in ((0, 10), (5, 40), (8, None), (9, 30), (12, 30))
    ]

    assert lowest(prices, day(0)) == prices[0]
    assert lowest(prices, day(4.9)) == prices[0]
    assert lowest(prices, day(5)) == prices[3]
    assert lowest(prices, day(99)) == prices[4]
    assert lowest(prices[2:3], day(0)) is None
    assert lowest([], day(0)) is None


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("month", [3, 10, 11])
@pytest.mark.parametrize(("since", "until"), [(time(2, 30), time(3, 15)), (time(0), None)])
def test_hours_turn_at_the_moments_named_and_at_no_other(
    zone: str, month: int, since: time, until: time | None
) -> None:
    """Minute after minute, also where clocks are changed."""
    hours = Hours(time_zone=zone, since=since, until=until, days=(1, 7))
    begins = datetime(2026, month, 1, tzinfo=UTC)
    ends = begins + timedelta(days=31)
    named = set(turns(hours, begins, ends))

    was, minute = hours.hold_at(begins), begins
    while (minute := minute + timedelta(minutes=1)) < ends:
        if (holds := hours.hold_at(minute)) != was:
            assert minute in named, minute.astimezone(ZoneInfo(zone))
        was = holds
