"""The rule of a segment: what is true of everybody in it. Pure."""

from collections.abc import Iterator

import msgspec

MOST_DAYS = 3_650
MOST_NAMED = 100
MOST_MINOR = 2**63 - 1


class Spend(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was spent in a currency over so many days, less what was given back; bounds are within."""

    currency: str
    days: int
    at_least_minor: int | None = None
    at_most_minor: int | None = None


class OrderCount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many orders were placed over so many days; bounds are within."""

    days: int
    at_least: int | None = None
    at_most: int | None = None


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is stated must hold; what is not stated may be anything.

    Orders of which all was cancelled do not count. Of `tiers` and `groups` one is enough; `consents`
    are purposes that all are consented to.
    """

    channels_any: frozenset[str] = frozenset()
    channels_all: frozenset[str] = frozenset()
    ordered_within_days: int | None = None
    not_ordered_for_days: int | None = None
    spend: Spend | None = None
    orders: OrderCount | None = None
    tiers: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    consents: frozenset[str] = frozenset()


def rule_faults(rule: Rule) -> list[tuple[str, str]]:
    """Return what is wrong with a rule, each with where."""
    return [*_names(rule), *_days(rule), *_bounds(rule)]


def _names(rule: Rule) -> Iterator[tuple[str, str]]:
    for part in ("channels_any", "channels_all", "tiers", "groups", "consents"):
        if len(getattr(rule, part)) > MOST_NAMED:
            yield f"/{part}", f"At most {MOST_NAMED} are named"


def _days(rule: Rule) -> Iterator[tuple[str, str]]:
    stated = {
        "/ordered_within_days": rule.ordered_within_days,
        "/not_ordered_for_days": rule.not_ordered_for_days,
        "/spend/days": None if rule.spend is None else rule.spend.days,
        "/orders/days": None if rule.orders is None else rule.orders.days,
    }
    for pointer, days in stated.items():
        if days is not None and not 1 <= days <= MOST_DAYS:
            yield pointer, f"Expected 1 to {MOST_DAYS} days"
    within, without = rule.ordered_within_days, rule.not_ordered_for_days
    if within is not None and without is not None and without >= within:
        yield "/not_ordered_for_days", "Nobody has ordered within this time and not within it"


def _bounds(rule: Rule) -> Iterator[tuple[str, str]]:
    bounds: list[tuple[str, int | None, int | None]] = []
    if rule.spend is not None:
        bounds.append(("/spend", rule.spend.at_least_minor, rule.spend.at_most_minor))
    if rule.orders is not None:
        bounds.append(("/orders", rule.orders.at_least, rule.orders.at_most))
    for pointer, least, most in bounds:
        if least is None and most is None:
            yield pointer, "Expected a bound"
        elif least is not None and most is not None and least > most:
            yield f"{pointer}/at_most", "It is not below at_least"
