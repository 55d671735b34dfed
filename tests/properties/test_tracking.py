"""What must hold of lots, costs and dates of promise, whatever the figures."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from omniretail.catalog import Ordering
from omniretail.inventory import Supply
from omniretail.inventory.costs import moving_average
from omniretail.inventory.lots import Lot, expired_units, first_to_leave
from omniretail.inventory.promises import promise_date

TODAY = date(2026, 6, 15)
START = datetime(2026, 6, 15, tzinfo=UTC)

days = st.integers(-3, 3).map(lambda number: TODAY + timedelta(days=number))


@st.composite
def some_lots(draw: st.DrawFn) -> list[Lot]:
    """Lots at one place, each with its name."""
    made = []
    for name in draw(st.lists(st.sampled_from("abcdefgh"), unique=True)):
        damaged, inspected, good = (draw(st.integers(0, 5)) for _ in range(3))
        made.append(
            Lot(name, draw(st.none() | days), damaged + inspected + good, damaged, inspected)
        )
    return made


@given(lots=some_lots(), quantity=st.integers(0, 40))
def test_first_expired_first_out(lots: list[Lot], quantity: int) -> None:
    taken = first_to_leave(lots, quantity, TODAY)
    good = sum(lot.shelf for lot in lots) - expired_units(lots, TODAY)

    assert sum(units for _, units in taken) == min(quantity, good)
    assert len({lot.lot for lot, _ in taken}) == len(taken)
    for lot, units in taken:
        assert 0 < units <= lot.shelf
        assert lot.expires_on is None or lot.expires_on >= TODAY
    dates = [lot.expires_on or date.max for lot, _ in taken]
    assert dates == sorted(dates)
    # A lot is begun only when every lot that expires before it is used up.
    used = {lot.lot: units for lot, units in taken}
    for later, _ in taken:
        for lot in lots:
            sooner = (lot.expires_on or date.max) < (later.expires_on or date.max)
            if sooner and not lot.expired(TODAY):
                assert used.get(lot.lot, 0) == lot.shelf


@given(lots=some_lots())
def test_a_lot_may_be_sold_on_its_last_day(lots: list[Lot]) -> None:
    past = [lot for lot in lots if lot.expires_on and lot.expires_on < TODAY]

    assert expired_units(lots, TODAY) == sum(lot.shelf for lot in past)
    assert [lot for lot in lots if lot.expired(TODAY)] == past


amounts = st.decimals(0, 10**15, places=6)
units = st.integers(1, 2**31 - 1)


@given(on_hand=units, average=amounts, quantity=units, cost=amounts)
def test_an_average_lies_between_what_it_averages(
    on_hand: int, average: Decimal, quantity: int, cost: Decimal
) -> None:
    """Within the millionth that it is rounded to."""
    after = moving_average(on_hand, average, quantity, cost)

    rounded = Decimal("0.000001")
    assert min(average, cost) - rounded <= after <= max(average, cost) + rounded
    value = average * on_hand + cost * quantity
    assert abs(after * (on_hand + quantity) - value) <= rounded * (on_hand + quantity)


@given(
    on_hand=st.integers(-(2**31), 2**31), average=st.none() | amounts, quantity=units, cost=amounts
)
def test_an_average_of_one_cost_is_that_cost(
    on_hand: int, average: Decimal | None, quantity: int, cost: Decimal
) -> None:
    assert moving_average(max(1, on_hand), cost, quantity, cost) == cost
    if on_hand <= 0 or average is None:
        assert moving_average(on_hand, average, quantity, cost) == cost


supplies = st.lists(
    st.builds(
        Supply,
        quantity=st.integers(1, 10),
        expected_at=st.integers(-5, 20).map(lambda number: START + timedelta(days=number)),
    ),
    max_size=6,
)
orderings = st.builds(
    Ordering,
    policy=st.just("back_order"),
    limit=st.integers(0, 10),
    ships_at=st.none() | st.just(START + timedelta(days=30)),
)


@given(there=st.integers(-20, 5), supply=supplies, quantity=st.integers(1, 30), ordering=orderings)
def test_a_date_of_promise_is_the_first_that_suffices(
    there: int, supply: list[Supply], quantity: int, ordering: Ordering
) -> None:
    """By then enough has come for what is owed and for this; the day before it had not."""
    at = promise_date(there, supply, quantity, ordering)

    def by(moment: datetime) -> int:
        return there + sum(one.quantity for one in supply if one.expected_at <= moment)

    enough = [one.expected_at for one in supply if by(one.expected_at) >= quantity]
    if enough:
        assert at == min(enough)
    else:
        assert at == ordering.ships_at


@given(there=st.integers(-20, 5), supply=supplies, ordering=orderings)
def test_who_wants_more_waits_no_less(there: int, supply: list[Supply], ordering: Ordering) -> None:
    dates = [promise_date(there, supply, quantity, ordering) for quantity in range(1, 31)]
    known = [at for at in dates if at is not None and at != ordering.ships_at]

    assert known == sorted(known)
    # Once nobody knows, or all that is announced is gone, it stays so.
    assert dates[: len(known)] == known
