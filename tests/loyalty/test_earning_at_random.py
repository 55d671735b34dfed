"""What must hold of earning for any programme, any order and any order of returns."""

from fractions import Fraction
from math import floor
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from omniretail.loyalty import Earned, EarnRule, Programme, Sold, Tier, due, explained
from tests.loyalty.clubs import bought, by_number, club

_CATEGORIES = ("coffee", "tea", "mugs", "deposits")
_some = st.frozensets(st.sampled_from(_CATEGORIES), max_size=2)
_points = st.integers(1, 60)
_amounts = st.integers(1, 2_000)


@st.composite
def rules(draw: st.DrawFn, code: str) -> EarnRule:
    """A rule of any kind."""
    kind: Any = draw(st.sampled_from(["multiplier", "rate", "units"]))
    return EarnRule(
        code=code,
        name=code,
        kind=kind,
        percent=draw(st.integers(101, 400)) if kind == "multiplier" else 100,
        points=0 if kind == "multiplier" else draw(_points),
        per_minor={"EUR": draw(_amounts)} if kind == "rate" else {},
        categories=draw(_some),
        channels=draw(st.sampled_from([frozenset(), frozenset({"web"}), frozenset({"app"})])),
        tiers=draw(st.sampled_from([frozenset(), frozenset({"gold"})])),
    )


@st.composite
def programmes(draw: st.DrawFn) -> Programme:
    """A programme with up to three rules and one tier."""
    return club(
        points=draw(_points),
        per_minor={"EUR": draw(_amounts)},
        tax_excluded=draw(st.booleans()),
        excluded_categories=draw(st.sampled_from([frozenset(), frozenset({"deposits"})])),
        rules=tuple(draw(rules(f"rule-{number}")) for number in range(draw(st.integers(0, 3)))),
        tiers=(Tier(code="gold", name="Gold", qualifying=1, percent=draw(st.integers(100, 300))),),
    )


@st.composite
def lines(draw: st.DrawFn, number: int) -> Sold:
    """A line of an order, of which a part of the total is tax."""
    total_minor = draw(st.integers(0, 20_000))
    return Sold(
        number,
        f"SKU-{number}",
        draw(_some),
        draw(st.integers(1, 5)),
        total_minor,
        draw(st.integers(0, total_minor // 3)),
    )


@st.composite
def orders(draw: st.DrawFn) -> tuple[Programme, list[Sold], str | None, int, int]:
    """A programme, lines, the buyer's tier, the order's total (with shipping), and its points' part."""
    sold = [draw(lines(number)) for number in range(1, draw(st.integers(1, 5)) + 1)]
    total_minor = sum(line.total_minor for line in sold) + draw(st.sampled_from([0, 0, 495]))
    return (
        draw(programmes()),
        sold,
        draw(st.sampled_from([None, "gold"])),
        total_minor,
        draw(st.integers(0, total_minor)) if draw(st.booleans()) else 0,
    )


def buy(order: tuple[Programme, list[Sold], str | None, int, int]) -> Earned | None:
    """What it earns."""
    programme, sold, tier, total_minor, points_minor = order
    return bought(programme, *sold, tier=tier, total_minor=total_minor, points_minor=points_minor)


def by_hand(
    order: tuple[Programme, list[Sold], str | None, int, int], kept: list[Sold]
) -> tuple[int, int]:
    """Points and base points by the words of the programme, with fractions."""
    programme, _, tier, total_minor, points_minor = order
    share = Fraction(total_minor - points_minor, total_minor)
    counting = [line for line in kept if not line.categories & programme.excluded_categories]

    def net(lines: list[Sold]) -> Fraction:
        tax = sum(line.tax_minor for line in lines) if programme.tax_excluded else 0
        return (sum(line.total_minor for line in lines) - tax) * share

    rate = Fraction(programme.points, programme.per_minor["EUR"])
    base = floor(net(counting) * rate)
    more = 0
    if tier is not None:
        more += floor(net(counting) * rate * Fraction(programme.tiers[0].percent - 100, 100))
    for rule in programme.rules:
        if "app" in rule.channels or (rule.tiers and tier is None):
            continue
        named = [one for one in counting if not rule.categories or one.categories & rule.categories]
        match rule.kind:
            case "multiplier":
                more += floor(net(named) * rate * Fraction(rule.percent - 100, 100))
            case "rate":
                more += floor(net(named) * Fraction(rule.points, rule.per_minor["EUR"]))
            case "units":
                more += floor(sum(line.quantity for line in named) * share * rule.points)
    return base + more, base


@given(orders())
def test_an_order_earns_what_fractions_say(
    order: tuple[Programme, list[Sold], str | None, int, int],
) -> None:
    found = buy(order)
    if found is None:
        assert order[3] == order[4] or by_hand(order, order[1]) == (0, 0)
        return

    assert (found.points, found.base_points) == by_hand(order, order[1])
    assert sum(share.points for share in found.lines) == found.points
    assert all(share.points >= 0 for share in found.lines)


@st.composite
def returned(draw: st.DrawFn, sold: list[Sold]) -> list[list[Sold]]:
    """What is kept after each of several returns, of goods or of money, until nothing is kept."""
    kept = {line.number: line for line in sold}
    steps: list[list[Sold]] = []
    while kept and len(steps) < 12:
        line = kept[draw(st.sampled_from(sorted(kept)))]
        quantity = draw(st.integers(0, line.quantity))
        total_minor = draw(st.integers(0, line.total_minor)) if quantity else 0
        # The tax that is kept grows no smaller than its share, so that the net never grows.
        tax_minor = (
            line.tax_minor
            if not line.total_minor
            else min(total_minor, -(-line.tax_minor * total_minor // line.total_minor))
        )
        if quantity:
            net = min(line.total_minor - line.tax_minor, total_minor - tax_minor)
            kept[line.number] = Sold(
                line.number, line.sku, line.categories, quantity, total_minor, total_minor - net
            )
        else:
            del kept[line.number]
        steps.append(list(kept.values()))
    return [*steps, []]


@given(st.data(), orders())
def test_any_order_of_returns_takes_back_what_was_earned(
    data: st.DataObject, order: tuple[Programme, list[Sold], str | None, int, int]
) -> None:
    found = buy(order)
    if found is None:
        return
    assert due(found, by_number(*order[1])) == (found.points, found.base_points)

    taken = base_taken = 0
    for kept in data.draw(returned(order[1])):
        points, base_points = due(found, by_number(*kept))
        assert (points, base_points) == by_hand(order, kept)
        assert sum(term["points"] for term in explained(found, by_number(*kept))) == points
        reverse, base_reverse = (
            found.points - taken - points,
            found.base_points - base_taken - base_points,
        )
        assert reverse >= 0
        assert base_reverse >= 0
        taken, base_taken = taken + reverse, base_taken + base_reverse
        assert taken <= found.points
    assert (taken, base_taken) == (found.points, found.base_points)


@given(st.data(), orders())
def test_less_kept_never_earns_more(
    data: st.DataObject, order: tuple[Programme, list[Sold], str | None, int, int]
) -> None:
    found = buy(order)
    if found is None:
        return
    before = due(found, by_number(*order[1]))
    left = data.draw(st.permutations(order[1]))
    while left:
        left = left[1:]
        after = due(found, by_number(*left))
        assert after[0] <= before[0]
        assert after[1] <= before[1]
        before = after
