"""The price book: a pure function of basket and moment."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from omniretail.money import MOST_MINOR
from omniretail.pricing import (
    AmountTooLarge,
    Basket,
    BasketLine,
    Book,
    PricedBasket,
    PriceMissing,
    price,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
moments = st.integers(-1000, 1000).map(lambda minutes: NOON + timedelta(minutes=minutes))
amounts = st.none() | st.integers(0, 10**9)


def book(*changes: tuple[str, datetime, int | None], version: int = 1) -> Book:
    """A book in euro that changed from nothing."""
    return Book(0, {}).with_changes(version, [("EUR", *change) for change in changes])


def basket(*lines: tuple[str, int]) -> Basket:
    return Basket("EUR", tuple(BasketLine(sku, quantity) for sku, quantity in lines))


def test_a_price_holds_until_the_next_one_begins() -> None:
    steps = book(("A", NOON, 2000), ("A", NOON + timedelta(hours=6), 1790))

    def costs(at: datetime) -> int | None:
        return steps.unit_price_minor(sku="A", currency="EUR", at=at)

    assert costs(NOON - timedelta(seconds=1)) is None
    assert costs(NOON) == 2000
    assert costs(NOON + timedelta(hours=6, seconds=-1)) == 2000
    assert costs(NOON + timedelta(hours=6)) == 1790


def test_a_basket_costs_the_sum_of_its_lines() -> None:
    priced = price(book(("A", NOON, 2000), ("B", NOON, 99)), basket(("A", 2), ("B", 3)), NOON)

    assert isinstance(priced, PricedBasket)
    assert [line.total_minor for line in priced.lines] == [4000, 297]
    assert priced.total_minor == 4297


def test_a_sku_that_is_not_for_sale_refuses_the_basket() -> None:
    ended = book(("A", NOON, 2000), ("A", NOON + timedelta(hours=1), None))

    assert isinstance(price(ended, basket(("A", 1)), NOON + timedelta(hours=1)), PriceMissing)
    assert isinstance(price(ended, basket(("Z", 1)), NOON), PriceMissing)


def test_an_own_price_replaces_the_list_price_and_both_are_kept() -> None:
    priced = price(
        book(("A", NOON, 2000)), Basket("EUR", (BasketLine("A", 3, own_price_minor=1500),)), NOON
    )

    assert isinstance(priced, PricedBasket)
    line = priced.lines[0]
    assert (line.list_price_minor, line.unit_price_minor, line.total_minor) == (2000, 1500, 4500)


def test_a_total_beyond_the_books_is_refused() -> None:
    dear = book(("A", NOON, MOST_MINOR // 2))

    assert isinstance(price(dear, basket(("A", 2)), NOON), PricedBasket)
    assert isinstance(price(dear, basket(("A", 3)), NOON), AmountTooLarge)


changes = st.lists(st.tuples(st.sampled_from("ABC"), moments, amounts), max_size=30)


@given(changes, changes, moments)
def test_changing_the_book_step_by_step_or_at_once_is_the_same(
    first: list[tuple[str, datetime, int | None]],
    then: list[tuple[str, datetime, int | None]],
    at: datetime,
) -> None:
    stepwise = book(*first).with_changes(2, [("EUR", *change) for change in then])
    at_once = book(*first, *then, version=2)

    for sku in "ABC":
        assert stepwise.unit_price_minor(sku=sku, currency="EUR", at=at) == (
            at_once.unit_price_minor(sku=sku, currency="EUR", at=at)
        )


@given(changes, moments)
def test_the_price_is_that_of_the_latest_step_begun(
    steps: list[tuple[str, datetime, int | None]], at: datetime
) -> None:
    begun = {moment: amount for sku, moment, amount in steps if sku == "A" and moment <= at}

    expected = begun[max(begun)] if begun else None

    assert book(*steps).unit_price_minor(sku="A", currency="EUR", at=at) == expected


@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 1000)), min_size=1, max_size=20),
    st.randoms(),
)
def test_the_order_of_lines_never_changes_the_total(lines: list[tuple[str, int]], random) -> None:  # type: ignore[no-untyped-def]
    shelf = book(("A", NOON, 1999), ("B", NOON, 549), ("C", NOON, 99))
    shuffled = list(lines)
    random.shuffle(shuffled)

    one, other = price(shelf, basket(*lines), NOON), price(shelf, basket(*shuffled), NOON)

    assert isinstance(one, PricedBasket)
    assert isinstance(other, PricedBasket)
    assert one.total_minor == other.total_minor == sum(line.total_minor for line in one.lines)
