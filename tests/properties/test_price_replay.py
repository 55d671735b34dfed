"""For any sequence of prices: what the replay says held at a moment is what a till would have charged."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from omniretail.pricing.basket import Basket, BasketLine, PricedBasket
from omniretail.pricing.book import Book, Changes, PriceChange
from omniretail.pricing.engine import price
from omniretail.pricing.lists import PriceFrom, PriceList
from omniretail.pricing.promotion import Percent, Promotion
from omniretail.pricing.replay import RecordedPrice, Stated, effective, lowest, replay

START = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = st.integers(0, 40)
AMOUNTS = st.none() | st.integers(0, 5)
SAID = st.lists(st.tuples(HOURS, HOURS, AMOUNTS, st.sampled_from(["one", "two"])), max_size=14)
MAYBE = st.none() | HOURS
PROMOTIONS = st.lists(
    st.tuples(HOURS, st.sampled_from(["p", "q"]), st.booleans(), MAYBE, MAYBE), max_size=6
)
LISTS = {
    "one": PriceList(code="one", name="one", currency="EUR"),
    "two": PriceList(
        code="two",
        name="two",
        currency="EUR",
        priority=1,
        valid_from=START + timedelta(hours=10),
        valid_until=START + timedelta(hours=30),
    ),
}
LINE = BasketLine("A", 1)
BASKET = Basket(currency="EUR", lines=(LINE,))


def hour(number: int) -> datetime:
    return START + timedelta(hours=number)


def recorded(said: list[tuple[int, int, int | None, str]]) -> list[RecordedPrice]:
    """Prices in the order in which they were recorded."""
    return [
        RecordedPrice(
            price_list=price_list,
            valid_from=hour(begins),
            amount_minor=None if amount is None else amount * 100,
            book_version=version,
            recorded_at=hour(on),
        )
        for version, (on, begins, amount, price_list) in enumerate(
            sorted(said, key=lambda one: one[0])
        )
    ]


def offers(drawn: list[tuple[int, str, bool, int | None, int | None]]) -> list[Stated]:
    return [
        Stated(
            Promotion(
                code=code,
                name=code,
                action=Percent(rate_ppm=500_000 if code == "p" else 100_000),
                status="active" if active else "archived",
                valid_from=None if begins is None else hour(begins),
                valid_until=None if ends is None else hour(ends),
            ),
            hour(on),
        )
        for on, code, active, begins, ends in sorted(drawn, key=lambda one: one[0])
    ]


def charged(prices: list[RecordedPrice], stated: list[Stated], at: datetime) -> int | None:
    """What a till charged at a moment by the book as it was then: the oracle."""
    changes = [
        PriceChange(one.price_list, "A", PriceFrom(one.valid_from, one.amount_minor))
        for one in prices
        if one.recorded_at <= at
    ]
    promotions = [
        one.what for one in stated if isinstance(one.what, Promotion) and one.recorded_at <= at
    ]
    book = Book().with_changes(
        1, Changes(lists=list(LISTS.values()), prices=changes, promotions=promotions)
    )
    priced = price(book, BASKET, at)
    return priced.total_minor if isinstance(priced, PricedBasket) else None


@given(SAID)
def test_steps_are_what_was_in_force_and_known(
    said: list[tuple[int, int, int | None, str]],
) -> None:
    prices = [one for one in recorded(said) if one.price_list == "one"]
    steps = effective(prices)
    for number in range(42):
        due = [one for one in prices if max(one.recorded_at, one.valid_from) <= hour(number)]
        holds = max(due, key=lambda one: (one.valid_from, one.book_version), default=None)
        found = [step for step in steps if step.valid_from <= hour(number)]
        assert (found[-1].amount_minor if found else None) == (
            holds.amount_minor if holds else None
        )


@given(SAID, PROMOTIONS, st.integers(0, 20))
def test_the_replay_is_what_was_charged_hour_by_hour(
    said: list[tuple[int, int, int | None, str]],
    drawn: list[tuple[int, str, bool, int | None, int | None]],
    since: int,
) -> None:
    prices, stated = recorded(said), offers(drawn)
    found = replay(
        Book(),
        LINE,
        prices,
        [*(Stated(one, hour(40)) for one in LISTS.values()), *stated],
        currency="EUR",
        region=None,
        since=hour(since),
        until=hour(42),
    )

    by_hour = [charged(prices, stated, hour(number)) for number in range(since, 42)]
    for number, amount in enumerate(by_hour, start=since):
        held = [one for one in found if one.since <= hour(number)][-1]
        assert held.amount_minor == amount
    least = lowest(found, hour(since))
    assert (least.amount_minor if least else None) == min(
        (amount for amount in by_hour if amount is not None), default=None
    )
    assert all(one.amount_minor is not None or not one.promotions for one in found)
