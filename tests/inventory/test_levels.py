"""The rule that guards the levels, without a database: what is promised is there and unpromised."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from omniretail.inventory import (
    MOST_QUANTITY,
    InsufficientStock,
    Level,
    Movement,
    Posting,
    QuantityTooLarge,
    Source,
    Stock,
    adjusted,
    allocated,
    handed_over,
    received,
    released,
    sold,
)

SOURCE = Source(
    document_type="test",
    document_id=UUID(int=1),
    actor_id=UUID(int=2),
    channel=None,
    occurred_at=datetime(2026, 11, 22, tzinfo=UTC),
    idempotency_key="k",
)


def posting(*movements: Movement) -> Posting:
    return Posting(SOURCE, movements)


def shelf(on_hand: int, promised: int = 0) -> Stock:
    """One SKU A at S1."""
    return Stock({("A", "S1"): Level(on_hand, promised)})


def test_lines_of_the_same_sku_are_summed_before_they_are_judged() -> None:
    stock = shelf(2)

    refusal = stock.post(posting(allocated("A", "S1", 2), allocated("A", "S1", 1)))

    assert isinstance(refusal, InsufficientStock)
    (shortage,) = refusal.shortages
    assert (shortage.requested, shortage.available) == (3, 2)
    assert stock.level("A", "S1").allocated == 0


def test_one_short_line_refuses_the_whole_posting_and_names_every_shortage() -> None:
    stock = Stock({("A", "S1"): Level(5, 0), ("B", "S1"): Level(1, 0)})

    refusal = stock.post(
        posting(allocated("A", "S1", 5), allocated("B", "S1", 2), allocated("C", "S1", 1))
    )

    assert isinstance(refusal, InsufficientStock)
    assert [(s.sku, s.requested, s.available) for s in refusal.shortages] == [
        ("B", 2, 1),
        ("C", 1, 0),
    ]
    assert stock.accepted == []


def test_what_is_promised_to_orders_is_not_sold_at_the_till() -> None:
    stock = shelf(3, promised=2)

    assert isinstance(stock.post(posting(sold("A", "S1", 2))), InsufficientStock)
    assert stock.post(posting(sold("A", "S1", 1))) is None


def test_a_loss_may_eat_into_promises_but_not_below_the_empty_shelf() -> None:
    stock = shelf(5, promised=4)

    assert stock.post(posting(adjusted("A", "S1", -3, "theft"))) is None
    level = stock.level("A", "S1")
    assert (level.on_hand, level.allocated, level.available_to_promise) == (2, 4, 0)
    assert isinstance(stock.post(posting(adjusted("A", "S1", -3, "theft"))), InsufficientStock)
    assert isinstance(stock.post(posting(handed_over("A", "S1", 3))), InsufficientStock)
    assert stock.post(posting(released("A", "S1", 1))) is None


def test_a_level_holds_no_more_than_a_quantity_can_say() -> None:
    stock = shelf(MOST_QUANTITY - 1)

    assert stock.post(posting(received("A", "S1", 1, "purchase"))) is None
    refusal = stock.post(posting(received("A", "S1", 1, "purchase")))
    assert isinstance(refusal, QuantityTooLarge)


wishes = st.lists(
    st.lists(
        st.tuples(st.sampled_from("AB"), st.sampled_from(["S1", "S2"]), st.integers(1, 6)),
        min_size=1,
        max_size=4,
    ),
    max_size=25,
)


@given(st.integers(0, 20), wishes)
def test_first_come_first_served_and_never_more_than_there_is(
    on_hand: int, baskets: list[list[tuple[str, str, int]]]
) -> None:
    places = [(sku, location) for sku in "AB" for location in ("S1", "S2")]
    stock = Stock({place: Level(on_hand, 0) for place in places})
    left = dict.fromkeys(places, on_hand)

    for basket in baskets:
        wanted: dict[tuple[str, str], int] = {}
        for sku, location, quantity in basket:
            wanted[sku, location] = wanted.get((sku, location), 0) + quantity
        fits = all(quantity <= left[place] for place, quantity in wanted.items())

        refusal = stock.post(posting(*(allocated(*wish) for wish in basket)))

        assert (refusal is None) == fits
        if fits:
            for place, quantity in wanted.items():
                left[place] -= quantity

    for place in places:
        assert stock.level(*place).available_to_promise == left[place]
