"""A programme's own arithmetic: what points are worth, which day it is, when they expire."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniretail.loyalty import (
    EarnRule,
    Programmes,
    ProgrammeVersion,
    Reward,
    Tier,
    day_ends_at,
    expires_at,
    faults,
    local_day,
    points_for,
    programme_fault,
    value_minor,
)
from tests.loyalty.clubs import NOON, club


def berlin(year: int, month: int, day: int, hour: int = 0) -> datetime:
    """A moment by the clocks of Berlin."""
    return datetime(year, month, day, hour, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


def test_a_hundred_points_pay_a_euro() -> None:
    assert points_for(club(), 1_500, "EUR") == 1_500
    assert value_minor(club(), 1_500, "EUR") == 1_500
    assert points_for(club(), 1_500, "USD") is None
    assert value_minor(club(), 1_500, "USD") is None


def test_points_are_rounded_up_and_their_value_down() -> None:
    programme = club(redeem_points=150, redeem_minor={"EUR": 100, "JPY": 7})

    assert points_for(programme, 1, "EUR") == 2
    assert value_minor(programme, 2, "EUR") == 1
    assert value_minor(programme, 1, "EUR") == 0
    assert points_for(programme, 0, "JPY") == 0
    assert points_for(programme, 1, "JPY") == 22


def test_no_figure_leaves_the_books() -> None:
    dear = club(redeem_points=10**9, redeem_minor={"EUR": 1})
    cheap = club(redeem_points=1, redeem_minor={"EUR": 10**12})

    assert points_for(dear, 2**63 - 1, "EUR") == 2**63 - 1
    assert value_minor(cheap, 10**12, "EUR") == 2**63 - 1


@given(st.integers(1, 10**9), st.integers(1, 10**12), st.integers(0, 10**9))
def test_the_points_for_an_amount_pay_it_and_no_fewer_would(
    points: int, minor: int, amount: int
) -> None:
    programme = club(redeem_points=points, redeem_minor={"EUR": minor})

    needed = points_for(programme, amount, "EUR")
    assert needed is not None
    if needed < 2**63 - 1:
        worth, less = (
            value_minor(programme, needed, "EUR"),
            value_minor(programme, needed - 1, "EUR"),
        )
        assert worth is not None
        assert less is not None
        assert less < amount <= worth or amount == needed == 0


def test_points_expire_when_a_local_day_ends() -> None:
    programme = club(lifetime_months=24)

    # In summer two hours ahead of UTC, in winter one.
    assert expires_at(programme, berlin(2026, 6, 15, 9)) == datetime(2028, 6, 15, 22, tzinfo=UTC)
    assert expires_at(programme, berlin(2026, 1, 31, 9)) == datetime(2028, 1, 31, 23, tzinfo=UTC)
    # Late in the evening in London it is the day after in Berlin.
    late = datetime(2026, 6, 15, 22, 30, tzinfo=UTC)
    assert expires_at(programme, late) == datetime(2028, 6, 16, 22, tzinfo=UTC)


def test_a_month_without_that_day_ends_with_its_last() -> None:
    assert expires_at(club(lifetime_months=1), berlin(2027, 1, 31)) == berlin(2027, 3, 1)
    assert expires_at(club(lifetime_months=12), berlin(2028, 2, 29)) == berlin(2029, 3, 1)
    assert expires_at(club(lifetime_months=24), berlin(2025, 12, 31)) == berlin(2028, 1, 1)


def test_points_may_last_for_ever() -> None:
    assert expires_at(club(lifetime_months=None), NOON) is None


@pytest.mark.parametrize(
    ("zone", "moment", "ends"),
    [
        # A day of 23 hours, and one of 25.
        ("Europe/Berlin", "2026-03-29T12:00:00+02:00", "2026-03-30T00:00:00+02:00"),
        ("Europe/Berlin", "2026-10-25T00:30:00+02:00", "2026-10-26T00:00:00+01:00"),
        # Midnight is skipped: the day begins at one.
        ("America/Santiago", "2026-09-05T12:00:00-04:00", "2026-09-06T01:00:00-03:00"),
        # The hour before midnight is shown twice; both are of the day before.
        ("America/Santiago", "2026-04-04T23:30:00-03:00", "2026-04-05T00:00:00-04:00"),
        ("America/Santiago", "2026-04-04T23:30:00-04:00", "2026-04-05T00:00:00-04:00"),
        # One minute after midnight, back by an hour: the day ends a second time, for good.
        ("America/St_Johns", "2010-11-06T23:30:00-02:30", "2010-11-07T00:00:00-03:30"),
        ("America/St_Johns", "2010-11-06T23:30:00-03:30", "2010-11-07T00:00:00-03:30"),
        # 30 December 2011 never was in Samoa.
        ("Pacific/Apia", "2011-12-29T12:00:00-10:00", "2011-12-31T00:00:00+14:00"),
    ],
)
def test_a_day_ends_where_its_clocks_say(zone: str, moment: str, ends: str) -> None:
    found = day_ends_at(club(zone=zone), datetime.fromisoformat(moment))
    assert found == datetime.fromisoformat(ends)
    assert found.tzinfo is UTC


@given(
    st.integers(631_152_000_000, 2_840_140_800_000),
    st.sampled_from(["Europe/Berlin", "America/Santiago", "America/St_Johns", "Pacific/Apia"])
    | st.sampled_from(["Asia/Beirut", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Tehran"]),
)
def test_a_moment_lies_before_the_end_of_its_day(milliseconds: int, zone: str) -> None:
    programme = club(zone=zone)
    moment = datetime.fromtimestamp(milliseconds / 1_000, UTC)  # from 1990 to 2060
    ends = day_ends_at(programme, moment)

    assert moment < ends <= moment + timedelta(hours=27)
    assert local_day(programme, ends) > local_day(programme, moment)
    assert local_day(programme, ends - timedelta(microseconds=1)) <= local_day(programme, moment)


def test_the_day_is_that_of_the_zone() -> None:
    late = datetime(2026, 6, 15, 22, 30, tzinfo=UTC)

    assert local_day(club(), late) == date(2026, 6, 16)
    assert local_day(club(zone="America/New_York"), late) == date(2026, 6, 15)


def test_the_version_in_force_is_the_last_that_has_begun() -> None:
    def version(number: int, begun: datetime) -> ProgrammeVersion:
        return ProgrammeVersion(
            id=UUID(int=number),
            effective_from=begun,
            programme=club(name=f"Club {number}"),
            created_at=NOON,
            created_by=UUID(int=9),
        )

    later = NOON + timedelta(days=1)
    found = Programmes((version(1, NOON), version(2, later)))

    assert found.at(NOON - timedelta(microseconds=1)) is None
    assert found.at(NOON) == (UUID(int=1), club(name="Club 1"))
    assert found.at(later - timedelta(microseconds=1)) == (UUID(int=1), club(name="Club 1"))
    assert found.at(later) == (UUID(int=2), club(name="Club 2"))
    assert Programmes().at(NOON) is None


def extra(**more: Any) -> dict[str, Any]:
    """A programme's one rule, which triples unless it is stated otherwise."""
    usual: dict[str, Any] = {"code": "x", "name": "X", "kind": "multiplier", "percent": 300}
    return {"rules": (EarnRule(**(usual | more)),)}


def tiers(*qualifying: int, **more: Any) -> dict[str, Any]:
    """Tiers from so many points on."""
    found = [
        Tier(code=f"t{number}", name="T", qualifying=points, **more)
        for number, points in enumerate(qualifying)
    ]
    return {"tiers": tuple(found)}


MUG = Reward(code="mug", name="A mug", points=500, coupon="MUG")


@pytest.mark.parametrize(
    "more",
    [
        {},
        extra(),
        extra(kind="rate", percent=100, points=1, per_minor={"EUR": 1}),
        extra(kind="units", percent=100, points=1),
        extra(tiers=frozenset({"t0"})) | tiers(1, 2, 3),
        tiers(10**9, percent=10_000),
        {"tier_period": "calendar", "tier_months": 6},
        {"lifetime_months": None, "most_earned_a_day": None, "pending_days": 0},
        {"rewards": (MUG,)},
    ],
)
def test_a_good_programme(more: dict[str, Any]) -> None:
    assert programme_fault(club(**more)) is None


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"zone": "Atlantis"}, "/time_zone"),
        ({"name": " "}, "/name"),
        ({"points": 0}, "/earn/points"),
        ({"points": 10**9 + 1}, "/earn/points"),
        ({"per_minor": {}}, "/earn/per"),
        ({"per_minor": {"XAU": 100}}, "/earn/per/0/currency"),
        ({"per_minor": {"EUR": 100, "USD": 0}}, "/earn/per/1/amount"),
        ({"per_minor": {"EUR": 10**12 + 1}}, "/earn/per/0/amount"),
        ({"redeem_points": 0}, "/redeem/points"),
        ({"redeem_minor": {}}, "/redeem/for"),
        ({"least_redeemed": 0}, "/redeem/least"),
        ({"pending_days": -1}, "/earn/pending_days"),
        ({"lifetime_months": 0}, "/lifetime_months"),
        ({"web_hold_seconds": 0}, "/redeem/web_hold_seconds"),
        ({"till_hold_seconds": 86_401}, "/redeem/till_hold_seconds"),
        ({"most_earned_a_day": 0}, "/earn/most_a_day"),
        ({"most_redemptions_a_day": 0}, "/redeem/most_a_day"),
        ({"expected_redemption_ppm": 1_000_001}, "/expected_redemption_ppm"),
        ({"most_members": 0}, "/most_members"),
        ({"tier_months": 0}, "/tier_period/months"),
        ({"tier_months": 5, "tier_period": "calendar"}, "/tier_period/months"),
        ({"excluded_skus": frozenset(map(str, range(1_001)))}, "/earn/excluded_skus"),
        ({"rewards": (MUG, MUG)}, "/redeem/rewards/1/code"),
        (tiers(500, 500), "/tiers/1/qualifying"),
        (tiers(500, 400), "/tiers/1/qualifying"),
        (tiers(0), "/tiers/0/qualifying"),
        (tiers(1, percent=99), "/tiers/0/percent"),
        (tiers(*range(1, 22)), "/tiers"),
        ({"rules": extra()["rules"] * 2}, "/earn/rules/1/code"),
        (extra(code="base"), "/earn/rules/0/code"),
        (extra(percent=100), "/earn/rules/0/percent"),
        (extra(points=1), "/earn/rules/0/points"),
        (extra(per_minor={"EUR": 1}), "/earn/rules/0/per"),
        (extra(tiers=frozenset({"gold"})), "/earn/rules/0/tiers"),
        (extra(kind="units", points=1), "/earn/rules/0/percent"),
        (extra(kind="units", percent=100), "/earn/rules/0/points"),
        (extra(kind="rate", percent=100, points=1), "/earn/rules/0/per"),
        (extra(valid_from=NOON, valid_to=NOON), "/earn/rules/0/valid_to"),
        (extra(valid_to=datetime(1, 1, 1, tzinfo=UTC)), "/earn/rules/0/valid_to"),
    ],
)
def test_what_may_be_wrong(more: dict[str, Any], pointer: str) -> None:
    found = list(faults(club(**more)))
    assert [place for place, _ in found] == [f"/programme{pointer}"]
    assert programme_fault(club(**more)) is not None


def test_all_faults_are_told_at_once() -> None:
    fault = programme_fault(club(zone="Atlantis", points=0))

    assert fault is not None
    assert [error["pointer"] for error in fault.fields["errors"]] == [
        "/programme/time_zone",
        "/programme/earn/points",
    ]
