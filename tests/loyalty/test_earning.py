"""What orders earn, and what they still earn when goods have come back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from omniretail.loyalty import Earned, EarnRule, LinePoints, Sold, Tier, due, explained
from tests.loyalty.clubs import NOON, bought, by_number, club, sold, surely_bought

GOLD = Tier(code="gold", name="Gold", qualifying=500, percent=150)


def rule(kind: Any = "multiplier", code: str = "extra", **more: Any) -> EarnRule:
    """A rule under its code."""
    return EarnRule(code=code, name="Extra", kind=kind, **more)


def reversals(order: Earned, *kept: list[Sold]) -> list[int]:
    """What each of several returns takes back, one after the other: earned − taken back − due."""
    taken: list[int] = []
    for lines in kept:
        points, _ = due(order, by_number(*lines))
        taken.append(order.points - sum(taken) - points)
    return taken


def test_cents_of_all_lines_come_together() -> None:
    """19.99 + 5.49 + 0.99 = 26.47 earns 26; rounding each line down would give 24."""
    order = surely_bought(club(), sold(1, 1999), sold(2, 549), sold(3, 99))

    assert order.points == order.base_points == 26
    assert order.lines == (LinePoints(1, 20), LinePoints(2, 5), LinePoints(3, 1))


def test_tax_earns_nothing() -> None:
    """120.00 with 20 % tax, 10 % off: of 108.00 the 90.00 without tax earn 90."""
    line = sold(1, 10_800, tax_minor=1_800)

    assert surely_bought(club(), line).points == 90
    assert surely_bought(club(tax_excluded=False), line).points == 108


def test_what_points_paid_earns_nothing() -> None:
    """Of the same, 20.00 paid by 2,000 points: 90.00 × 88/108 = 73.33."""
    order = surely_bought(club(), sold(1, 10_800, tax_minor=1_800), points_minor=2_000)

    assert order.points == 73
    assert (order.counted_minor, order.total_minor) == (8_800, 10_800)


def test_a_line_comes_back() -> None:
    """40.00 + 35.50 + 24.99 earned 100; 64.99 is kept, which earns 64: 36 go back."""
    lines = [sold(1, 4_000), sold(2, 3_550), sold(3, 2_499)]
    order = surely_bought(club(), *lines)

    assert order.points == 100
    assert reversals(order, [lines[0], lines[2]]) == [36]
    assert reversals(order, [lines[0], lines[2]], [lines[0]], []) == [36, 24, 40]


def test_twenty_small_refunds_take_back_what_was_earned() -> None:
    """One point per 10.00, 100.00 earns 10: twenty refunds of 5.00 take back 10, never more."""
    order = surely_bought(club(per_minor={"EUR": 1_000}), sold(1, 10_000))
    kept = [[sold(1, 10_000 - 500 * times)] for times in range(1, 21)]

    taken = reversals(order, *kept)
    assert order.points == 10
    assert taken == [1, 0] * 10


def test_a_return_of_what_points_paid_in_part() -> None:
    """36.00 + 24.00, 15.00 of it by points: 45 earned. The second line comes back: 18 go back."""
    lines = [sold(1, 3_600), sold(2, 2_400)]
    order = surely_bought(club(), *lines, points_minor=1_500)

    assert order.points == 45
    assert order.lines == (LinePoints(1, 27), LinePoints(2, 18))
    assert reversals(order, [lines[0]], []) == [18, 27]


def test_gold_earns_half_as_much_again() -> None:
    """75.50 earns 75, and ⌊37.75⌋ = 37 on top, of which none count for tiers."""
    order = surely_bought(club(tiers=(GOLD,)), sold(1, 7_550), tier="gold")

    assert (order.points, order.base_points, order.tier) == (112, 75, "gold")
    assert [term.rule for term in order.terms] == ["base", "tier"]
    assert due(order, by_number(sold(1, 7_550))) == (112, 75)
    assert due(order, {}) == (0, 0)


def test_a_tier_that_the_programme_does_not_have_adds_nothing() -> None:
    order = surely_bought(club(), sold(1, 7_550), tier="platinum")

    assert (order.points, order.tier) == (75, None)


def test_what_is_excluded_earns_nothing_and_no_rule_helps() -> None:
    programme = club(
        excluded_skus=frozenset({"GIFT-CARD"}),
        excluded_categories=frozenset({"deposits"}),
        rules=(rule(percent=200, skus=frozenset({"GIFT-CARD"})),),
    )
    card, crate = sold(1, 5_000, sku="GIFT-CARD"), sold(2, 300, "crates", "deposits")

    assert bought(programme, card, crate) is None
    order = surely_bought(programme, card, crate, sold(3, 1_000))
    assert order.points == 10
    assert order.lines == (LinePoints(3, 10),)


@pytest.mark.parametrize(
    "more",
    [{"currency": "USD"}, {"points_minor": 1_000}, {"total_minor": 0}, {"points_minor": 9_999}],
)
def test_where_nothing_can_be_earned(more: dict[str, Any]) -> None:
    assert bought(club(), sold(1, 1_000), **more) is None


def test_what_is_too_cheap_earns_no_point() -> None:
    order = surely_bought(club(), sold(1, 99))

    assert order.points == 0
    assert order.lines == (LinePoints(1, 0),)


def test_bonuses_add_up_and_are_rounded_one_by_one() -> None:
    """Double on coffee and half again for gold: 15.99 earns 15, and 7 for gold; coffee 9.99 adds 9."""
    programme = club(tiers=(GOLD,), rules=(rule(percent=200, categories=frozenset({"coffee"})),))
    order = surely_bought(programme, sold(1, 999, "coffee"), sold(2, 600), tier="gold")

    assert [(term.rule, term.percent) for term in order.terms] == [
        ("base", 100),
        ("tier", 50),
        ("extra", 100),
    ]
    assert (order.points, order.base_points) == (15 + 7 + 9, 15)
    # By what each line brings in: 9.99 × 2.5 and 6.00 × 1.5 points.
    assert order.lines == (LinePoints(1, 23), LinePoints(2, 8))


def test_points_by_the_unit() -> None:
    programme = club(rules=(rule("units", points=50, skus=frozenset({"MUG"})),))
    mugs = sold(1, 1_500, sku="MUG", quantity=3)
    order = surely_bought(programme, mugs)

    assert (order.points, order.base_points) == (15 + 150, 15)
    assert due(order, by_number(sold(1, 1_000, sku="MUG", quantity=2))) == (110, 10)


def test_units_that_points_paid_earn_as_little_as_money() -> None:
    """Half paid by points: half of the points a unit."""
    programme = club(rules=(rule("units", points=51),))

    assert surely_bought(programme, sold(1, 2_000), points_minor=1_000).points == 10 + 25


def test_a_rate_of_its_own_in_its_own_currencies() -> None:
    programme = club(
        per_minor={"EUR": 100, "USD": 100},
        rules=(rule("rate", points=3, per_minor={"EUR": 500}),),
    )

    assert surely_bought(programme, sold(1, 1_900)).points == 19 + 11
    assert surely_bought(programme, sold(1, 1_900), currency="USD").points == 19


def test_a_rule_holds_where_when_and_for_whom_it_says() -> None:
    programme = club(
        tiers=(GOLD,),
        rules=(
            rule(
                percent=300,
                channels=frozenset({"app"}),
                tiers=frozenset({"gold"}),
                valid_from=NOON,
                valid_to=NOON + timedelta(days=1),
            ),
        ),
    )
    line, held = sold(1, 1_000), {"channel": "app", "tier": "gold", "at": NOON}

    assert surely_bought(programme, line, **held).points == 10 + 5 + 20
    for other in (
        {"channel": "web"},
        {"at": NOON - timedelta(microseconds=1)},
        {"at": NOON + timedelta(days=1)},
    ):
        assert surely_bought(programme, line, **(held | other)).points == 15
    assert surely_bought(programme, line, **(held | {"tier": None})).points == 10


def test_what_is_kept_can_cost_more_than_it_did_and_earns_no_more() -> None:
    order = surely_bought(club(), sold(1, 1_000))

    assert due(order, by_number(sold(1, 5_000), sold(2, 5_000))) == (10, 10)
    assert due(order, by_number(sold(1, -100))) == (0, 0)


def test_the_largest_order_stays_within_the_books() -> None:
    programme = club(points=10**9, per_minor={"EUR": 1}, rules=(rule("units", points=10**9),))
    order = surely_bought(programme, sold(1, 2**63 - 1, quantity=2**31))

    assert order.points == 2 * 10**12
    assert due(order, by_number(sold(1, 2**63 - 1, quantity=2**31))) == (2 * 10**12, 10**12)


def test_what_was_earned_is_kept_as_json() -> None:
    programme = club(tiers=(GOLD,), rules=(rule("units", points=50),))
    order = surely_bought(programme, sold(1, 7_550), tier="gold")

    stored = msgspec.json.encode(order)
    assert msgspec.json.decode(stored, type=Earned) == order


def test_the_arithmetic_is_explained() -> None:
    programme = club(tiers=(GOLD,), rules=(rule("units", points=50),))
    lines = [sold(1, 3_600), sold(2, 2_400)]
    order = surely_bought(programme, *lines, points_minor=1_500, tier="gold")

    base, tier, units = explained(order, by_number(lines[0]))
    assert base == {
        "rule": "base",
        "kind": "rate",
        "lines": [1],
        "measure": 3_600,
        "counted_minor": 4_500,
        "total_minor": 6_000,
        "exact": "27.0000",
        "points": 27,
        "text": "1 point for each 100 minor units: 3,600 minor units of EUR, of which 4,500 of 6,000 "
        "was not paid by points: 27.0000, so 27",
    }
    assert tier["text"].startswith("50 % of 1 point for")
    assert (tier["exact"], tier["points"]) == ("13.5000", 13)
    assert units["text"].startswith("50 points a unit: 1 units")
    assert (units["exact"], units["points"]) == ("37.5000", 37)
    assert sum(term["points"] for term in (base, tier, units)) == due(order, by_number(lines[0]))[0]


def test_when_it_was_bought_is_a_moment_wherever_the_clock_hangs() -> None:
    programme = club(rules=(rule(percent=200, valid_from=datetime(2026, 6, 1, tzinfo=UTC)),))
    tokyo = datetime.fromisoformat("2026-06-01T08:59:59+09:00")

    assert surely_bought(programme, sold(1, 1_000), at=tokyo).points == 10
    assert surely_bought(programme, sold(1, 1_000), at=tokyo + timedelta(seconds=1)).points == 20
