"""What an order earns, by which terms, and what is still due of it when goods have come back. Pure.

The terms are stored with the order: what a return takes back is judged by them, whatever the programme
says by then.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from math import lcm
from typing import Any
from uuid import UUID

import msgspec

from omniretail.loyalty.programme import EarnRule, Programme, RuleKind
from omniretail.money import split

MOST_PER_TERM = 10**12
"""So many points at most come of one term of one order, so that no sum leaves the books."""


class Sold(msgspec.Struct, frozen=True):
    """A line of an order as it was sold, or what is kept of it now; the total includes the tax."""

    number: int
    sku: str
    categories: frozenset[str]
    quantity: int
    total_minor: int
    tax_minor: int


class Term(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reason for points: `percent` of `points`, for each `per_minor` of its lines, or a unit.

    `rule` is "base", "tier", or the code of a rule. Of a multiplier, `percent` is what it adds.
    """

    rule: str
    kind: RuleKind
    points: int
    per_minor: int = 1
    percent: int = 100
    lines: tuple[int, ...]


class LinePoints(msgspec.Struct, frozen=True):
    """The share of an order's points that a line has."""

    line: int
    points: int


class Earned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an order earned, and why.

    `counted_minor` of its `total_minor` was paid otherwise than by points. Only `base_points` count
    for tiers.
    """

    programme_id: UUID
    tier: str | None = None
    currency: str
    counted_minor: int
    total_minor: int
    tax_excluded: bool
    terms: tuple[Term, ...]
    lines: tuple[LinePoints, ...]
    base_points: int
    points: int


def earned(
    programme: Programme,
    programme_id: UUID,
    lines: Sequence[Sold],
    *,
    currency: str,
    channel: str | None,
    tier: str | None,
    at: datetime,
    total_minor: int,
    points_minor: int,
) -> Earned | None:
    """Return what an order earns, of whose total an amount was paid by points.

    Each term is rounded down once an order, and the terms add up. None: nothing can be earned, be it
    that the currency has no rate, that no line counts, or that points paid for everything.
    """
    counting = [line for line in lines if programme.counts(line.sku, line.categories)]
    counted_minor = max(0, total_minor - points_minor)
    if currency not in programme.per_minor or not counting or not counted_minor:
        return None
    standing = programme.tier(tier)
    known = None if standing is None else standing.code
    terms = tuple(
        _terms(programme, counting, currency=currency, channel=channel, tier=known, at=at)
    )
    bare = Earned(
        programme_id=programme_id,
        tier=known,
        currency=currency,
        counted_minor=counted_minor,
        total_minor=total_minor,
        tax_excluded=programme.tax_excluded,
        terms=terms,
        lines=(),
        base_points=0,
        points=0,
    )
    points, base_points = _by_terms(bare, {line.number: line for line in counting})
    return msgspec.structs.replace(
        bare, lines=_by_line(bare, counting, points), base_points=base_points, points=points
    )


def due(earned: Earned, kept: Mapping[int, Sold]) -> tuple[int, int]:
    """Return how many points, and how many of them at the base rate, an order earns for what is kept.

    A line that is absent is not kept. Never more than was earned, and all of it for everything.
    """
    points, base_points = _by_terms(earned, kept)
    return min(points, earned.points), min(base_points, earned.base_points)


def explained(earned: Earned, kept: Mapping[int, Sold]) -> list[dict[str, Any]]:
    """Return the arithmetic of `due`, one entry a term; `exact` is cut off after four digits."""
    return [_explained(earned, term, kept) for term in earned.terms]


def _terms(
    programme: Programme,
    counting: Sequence[Sold],
    *,
    currency: str,
    channel: str | None,
    tier: str | None,
    at: datetime,
) -> Iterator[Term]:
    numbers = tuple(line.number for line in counting)
    base, per_minor = programme.points, programme.per_minor[currency]
    yield Term(rule="base", kind="rate", points=base, per_minor=per_minor, lines=numbers)
    standing = programme.tier(tier)
    if standing is not None and standing.percent > 100:
        yield Term(
            rule="tier",
            kind="multiplier",
            points=base,
            per_minor=per_minor,
            percent=standing.percent - 100,
            lines=numbers,
        )
    for rule in programme.rules:
        named = tuple(line.number for line in counting if rule.names(line.sku, line.categories))
        if named and rule.holds(channel=channel, tier=tier, at=at):
            yield from _rule_terms(programme, rule, currency, named)


def _rule_terms(
    programme: Programme, rule: EarnRule, currency: str, lines: tuple[int, ...]
) -> Iterator[Term]:
    match rule.kind:
        case "multiplier":
            yield Term(
                rule=rule.code,
                kind="multiplier",
                points=programme.points,
                per_minor=programme.per_minor[currency],
                percent=rule.percent - 100,
                lines=lines,
            )
        case "rate" if currency in rule.per_minor:
            yield Term(
                rule=rule.code,
                kind="rate",
                points=rule.points,
                per_minor=rule.per_minor[currency],
                lines=lines,
            )
        case "units":
            yield Term(rule=rule.code, kind="units", points=rule.points, lines=lines)


def _by_terms(earned: Earned, kept: Mapping[int, Sold]) -> tuple[int, int]:
    """Return the points of all terms, and those of the base rate."""
    base = others = 0
    for term in earned.terms:
        points = _points(earned, term, _measure(earned, term, _of(term, kept)))
        if term.rule == "base":
            base += points
        else:
            others += points
    return base + others, base


def _by_line(earned: Earned, lines: Sequence[Sold], points: int) -> tuple[LinePoints, ...]:
    # A line's weight is what it brings in by all terms, exactly: brought to one denominator.
    whole = lcm(*(term.per_minor for term in earned.terms))
    by_number = {line.number: line for line in lines}
    weights = dict.fromkeys(by_number, 0)
    for term in earned.terms:
        each = term.points * term.percent * (whole // term.per_minor)
        for number in term.lines:
            weights[number] += each * _measure(earned, term, (by_number[number],))
    shares = split(points, list(weights.values()))
    return tuple(LinePoints(line, share) for line, share in zip(weights, shares, strict=True))


def _of(term: Term, kept: Mapping[int, Sold]) -> Iterator[Sold]:
    return (kept[number] for number in term.lines if number in kept)


def _measure(earned: Earned, term: Term, lines: Iterable[Sold]) -> int:
    """Return what a term counts: units, or minor units."""
    if term.kind == "units":
        return sum(max(0, line.quantity) for line in lines)
    without = earned.tax_excluded
    return sum(max(0, line.total_minor - line.tax_minor * without) for line in lines)


def _points(earned: Earned, term: Term, measure: int, *, scale: int = 1) -> int:
    """Return what a term comes to, rounded down, in points or in the `scale`-th part of them."""
    exactly = scale * term.points * term.percent * measure * earned.counted_minor
    return min(scale * MOST_PER_TERM, exactly // (term.per_minor * 100 * earned.total_minor))


def _explained(earned: Earned, term: Term, kept: Mapping[int, Sold]) -> dict[str, Any]:
    kept_of = list(_of(term, kept))
    measure = _measure(earned, term, kept_of)
    points = _points(earned, term, measure)
    units = term.kind == "units"
    counted = f"{measure:,} units" if units else f"{measure:,} minor units of {earned.currency}"
    per = f"{term.points:,} {'point' if term.points == 1 else 'points'}"
    of_points = per if term.percent == 100 else f"{term.percent} % of {per}"
    each = "a unit" if units else f"for each {term.per_minor:,} minor units"
    share = (
        ""
        if earned.counted_minor == earned.total_minor
        else f", of which {earned.counted_minor:,} of {earned.total_minor:,} was not paid by points"
    )
    exact = "{}.{:04}".format(*divmod(_points(earned, term, measure, scale=10_000), 10_000))
    return {
        "rule": term.rule,
        "kind": term.kind,
        "lines": [line.number for line in kept_of],
        "measure": measure,
        "counted_minor": earned.counted_minor,
        "total_minor": earned.total_minor,
        "exact": exact,
        "points": points,
        "text": f"{of_points} {each}: {counted}{share}: {exact}, so {points:,}",
    }
