"""Tiers: up at once, down one step when a period ends, however late somebody asks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniretail.loyalty import Programme, Standing, Tier, raised, settled, since, tier_for
from tests.loyalty.clubs import club

BERLIN = ZoneInfo("Europe/Berlin")
SILVER = Tier(code="silver", name="Silver", qualifying=500)
GOLD = Tier(code="gold", name="Gold", qualifying=1_000)
PLATINUM = Tier(code="platinum", name="Platinum", qualifying=5_000)
ROLLING = club(tiers=(SILVER, GOLD, PLATINUM))
CALENDAR = club(tiers=(SILVER, GOLD, PLATINUM), tier_period="calendar")


def berlin(year: int, month: int, day: int, hour: int = 0) -> datetime:
    """A moment by the clocks of Berlin."""
    return datetime(year, month, day, hour, tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("points", "tier"),
    [
        *((-50, None), (0, None), (499, None), (500, "silver"), (999, "silver"), (1_000, "gold")),
        *((4_999, "gold"), (5_000, "platinum"), (10**12, "platinum")),
    ],
)
def test_points_reach_a_tier(points: int, tier: str | None) -> None:
    found = tier_for(ROLLING, points)
    assert (found and found.code) == tier


def test_without_tiers_nothing_is_reached() -> None:
    assert tier_for(club(), 10**9) is None
    assert raised(club(), Standing(), 10**9, berlin(2026, 6, 15)) == Standing()


def test_a_rolling_period_goes_back_so_many_months() -> None:
    assert since(ROLLING, berlin(2026, 11, 22, 23)) == date(2025, 11, 22)
    assert since(ROLLING, berlin(2024, 2, 29)) == date(2023, 2, 28)
    # It is 23:30 on the 21st in London, half past midnight on the 22nd in Berlin.
    assert since(ROLLING, datetime(2026, 11, 21, 23, 30, tzinfo=UTC)) == date(2025, 11, 22)


@pytest.mark.parametrize(
    ("months", "first"), [(12, date(2026, 1, 1)), (6, date(2026, 7, 1)), (1, date(2026, 11, 1))]
)
def test_a_period_of_the_calendar_begins_with_a_month(months: int, first: date) -> None:
    programme = club(tiers=(SILVER,), tier_period="calendar", tier_months=months)
    assert since(programme, berlin(2026, 11, 22)) == first


def test_a_tier_is_reached_at_once_and_held_for_a_year() -> None:
    reached = raised(ROLLING, Standing(), 1_200, berlin(2026, 6, 15, 18))
    assert reached == Standing("gold", berlin(2027, 6, 16))

    assert raised(CALENDAR, Standing(), 600, berlin(2026, 6, 15)) == Standing(
        "silver", berlin(2028, 1, 1)
    )


def test_the_same_tier_again_changes_nothing_and_a_lower_one_neither() -> None:
    gold = Standing("gold", berlin(2027, 6, 16))

    assert raised(ROLLING, gold, 1_000, berlin(2027, 1, 1)) == gold
    assert raised(ROLLING, gold, 600, berlin(2027, 1, 1)) == gold
    assert raised(ROLLING, gold, 0, berlin(2027, 1, 1)) == gold
    assert raised(ROLLING, gold, 5_000, berlin(2027, 1, 1)) == Standing(
        "platinum", berlin(2028, 1, 2)
    )


def test_who_earns_enough_again_stays() -> None:
    gold = Standing("gold", berlin(2027, 6, 16))
    points = {date(2026, 6, 15): 1_200, date(2027, 6, 15): 1_000}

    assert settled(ROLLING, gold, points, berlin(2027, 6, 16) - timedelta(microseconds=1)) == gold
    assert settled(ROLLING, gold, points, berlin(2027, 6, 16)) == Standing(
        "gold", berlin(2028, 6, 16)
    )


def test_the_day_that_raised_it_does_not_count_twice() -> None:
    """Gold by one purchase on 15 June: a year later these points have had their time."""
    gold = raised(ROLLING, Standing(), 1_200, berlin(2026, 6, 15, 18))
    points = {date(2026, 6, 15): 1_200}

    assert settled(ROLLING, gold, points, berlin(2027, 6, 16)) == Standing(
        "silver", berlin(2028, 6, 16)
    )


def test_who_buys_nothing_goes_down_step_by_step() -> None:
    platinum = Standing("platinum", berlin(2027, 1, 1))

    assert settled(CALENDAR, platinum, {}, berlin(2027, 12, 31, 23)) == Standing(
        "gold", berlin(2028, 1, 1)
    )
    assert settled(CALENDAR, platinum, {}, berlin(2028, 1, 1)) == Standing(
        "silver", berlin(2029, 1, 1)
    )
    assert settled(CALENDAR, platinum, {}, berlin(2040, 1, 1)) == Standing(None, None)


def test_a_calendar_tier_lasts_through_the_next_year_and_what_is_earned_in_it() -> None:
    silver = raised(CALENDAR, Standing(), 600, berlin(2026, 3, 1))
    before = {date(2026, 3, 1): 600, date(2026, 12, 31): 9_000}

    assert settled(CALENDAR, silver, before, berlin(2027, 12, 31)) == silver
    assert settled(CALENDAR, silver, before, berlin(2028, 1, 1)) == Standing()
    again = before | {date(2027, 1, 1): 250, date(2027, 12, 31): 250, date(2028, 1, 1): 9_000}
    assert settled(CALENDAR, silver, again, berlin(2028, 1, 1)) == Standing(
        "silver", berlin(2029, 1, 1)
    )


def test_a_tier_that_is_no_more_becomes_what_the_points_reach() -> None:
    bronze = Standing("bronze", berlin(2027, 6, 16))

    assert settled(ROLLING, bronze, {}, berlin(2027, 6, 15)) == bronze
    assert settled(ROLLING, bronze, {}, berlin(2027, 6, 16)) == Standing()
    assert settled(ROLLING, bronze, {date(2027, 1, 1): 700}, berlin(2027, 6, 16)) == Standing(
        "silver", berlin(2028, 6, 16)
    )
    assert raised(ROLLING, bronze, 500, berlin(2027, 1, 1)) == Standing(
        "silver", berlin(2028, 1, 2)
    )


_days = st.dates(date(2020, 1, 1), date(2032, 12, 31))
_moments = st.integers(0, 15 * 366 * 86_400).map(
    lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


@st.composite
def programmes(draw: st.DrawFn) -> Programme:
    """A programme with one to three tiers, over periods of any kind."""
    kind = draw(st.sampled_from(["rolling", "calendar"]))
    months = [1, 2, 3, 4, 6, 12] if kind == "calendar" else [1, 3, 5, 12, 24]
    return club(
        zone=draw(st.sampled_from(["Europe/Berlin", "UTC", "Pacific/Apia", "America/Santiago"])),
        tiers=(SILVER, GOLD, PLATINUM)[: draw(st.integers(1, 3))],
        tier_period=kind,
        tier_months=draw(st.sampled_from(months)),
    )


@given(
    programmes(),
    st.sampled_from([SILVER, GOLD, PLATINUM]),
    _moments,
    st.dictionaries(_days, st.integers(-200, 3_000), max_size=30),
    st.lists(_moments, max_size=6),
    _moments,
)
def test_however_often_somebody_asks_the_answer_is_the_same(
    programme: Programme,
    tier: Tier,
    reached_at: datetime,
    points: dict[date, int],
    asked: list[datetime],
    at: datetime,
) -> None:
    begun = raised(programme, Standing(), tier.qualifying, reached_at)
    assert begun.until is not None
    assert begun.until > reached_at
    once = settled(programme, begun, points, at)

    often = begun
    for moment in sorted(moment for moment in asked if moment < at):
        often = settled(programme, often, points, moment)
        assert often.until is None or often.until > moment
    assert settled(programme, often, points, at) == once
    assert once.until is None or once.until > at
    assert (once.tier is None) == (once.until is None)
