"""What may be wrong with a promotion or a coupon as it is stated. Pure.

Each fault points into the body that a promotion or a coupon arrives in.
"""

from collections.abc import Iterator
from itertools import chain

from omniretail.errors import Invalid
from omniretail.money import MILLION, MOST_MINOR, is_currency
from omniretail.pricing.lists import MOST_PRIORITY
from omniretail.pricing.promotion import (
    Amount,
    Bundle,
    BuyXGetY,
    Coupon,
    FixedPrice,
    Gift,
    Percent,
    Promotion,
    Shipping,
    Threshold,
)
from omniretail.pricing.times import is_zone, validity_fault

Faults = Iterator[tuple[str, str]]
"""Where a fault is, and what is wrong there."""

MOST_NAMED = 10_000
"""How many SKUs and categories one promotion may name."""

_MOST_UNITS = 2**31 - 1
_LONGEST_CODE = 64


def promotion_fault(spec: Promotion) -> Invalid | None:
    """Return the first thing wrong with a promotion whose times have their zone, or None."""
    faults = (_scope_faults, _amount_faults, _rate_faults, _count_faults, _action_faults)
    for pointer, detail in chain.from_iterable(find(spec) for find in faults):
        return Invalid.at(pointer, detail)
    for pointer, detail in _hour_faults(spec):
        return Invalid.at(pointer, detail)
    return validity_fault(spec.time_zone, spec.valid_from, spec.valid_until)


def coupon_fault(spec: Coupon) -> Invalid | None:
    """Return the first thing wrong with a coupon whose times have their zone, or None."""
    if len(spec.code) > _LONGEST_CODE:  # in upper case it may be longer than it was
        return Invalid.at("/code", f"In upper case, a code has at most {_LONGEST_CODE} characters")
    for pointer, limit in (
        ("/usage_limit", spec.usage_limit),
        ("/limit_per_customer", spec.limit_per_customer),
    ):
        if limit is not None and not 1 <= limit <= _MOST_UNITS:
            return Invalid.at(pointer, f"A limit is between 1 and {_MOST_UNITS:,}")
    return validity_fault(spec.time_zone, spec.valid_from, spec.valid_until)


def _scope_faults(spec: Promotion) -> Faults:
    if not -MOST_PRIORITY <= spec.priority <= MOST_PRIORITY:
        yield "/priority", f"A priority is between ±{MOST_PRIORITY:,}"
    if len(spec.skus) + len(spec.categories) > MOST_NAMED:
        yield "/skus", f"A promotion names at most {MOST_NAMED:,} SKUs and categories"
    if spec.currency is not None and not is_currency(spec.currency):
        yield "/currency", f"{spec.currency} is not a currency of ISO 4217"


def _amount_faults(spec: Promotion) -> Faults:
    for pointer, amount_minor, least in _amounts(spec):
        if spec.currency is None:
            yield "/currency", "A promotion with amounts names their currency"
        if not least <= amount_minor <= MOST_MINOR:
            yield pointer, f"This amount is between {least} and 2^63 − 1 minor units"


def _amounts(spec: Promotion) -> Iterator[tuple[str, int, int]]:
    """Yield each amount that a promotion speaks of: where, how much, and what it is at least."""
    if spec.minimum_minor != 0:
        yield "/minimum", spec.minimum_minor, 1
    match spec.action:
        case Amount(amount_minor=amount):
            yield "/action/amount", amount, 1
        case FixedPrice(amount_minor=amount) | Bundle(amount_minor=amount):
            yield "/action/amount", amount, 0
        case Shipping(amount_minor=amount) if amount != 0:
            yield "/action/amount", amount, 1
        case Threshold(steps=steps):
            for number, step in enumerate(steps):
                yield f"/action/steps/{number}/minimum", step.minimum_minor, 0
                if step.amount_minor != 0:
                    yield f"/action/steps/{number}/amount", step.amount_minor, 1


def _rate_faults(spec: Promotion) -> Faults:
    rates: list[tuple[str, int]] = []
    match spec.action:
        case Percent(rate_ppm=rate) | BuyXGetY(rate_ppm=rate):
            rates = [("/action/rate_ppm", rate)]
        case Shipping(rate_ppm=rate) if rate != 0:
            rates = [("/action/rate_ppm", rate)]
        case Threshold(steps=steps):
            rates = [
                (f"/action/steps/{number}/rate_ppm", step.rate_ppm)
                for number, step in enumerate(steps)
                if step.rate_ppm != 0
            ]
    for pointer, rate in rates:
        if not 1 <= rate <= MILLION:
            yield pointer, "A rate is between 1 and 1,000,000 parts per million"


def _count_faults(spec: Promotion) -> Faults:
    counts = [("/most_per_basket", spec.most_per_basket), ("/usage_limit", spec.usage_limit)]
    match spec.action:
        case BuyXGetY(buy=buy, get=get):
            counts += [("/action/buy", buy), ("/action/get", get)]
        case Gift(quantity=quantity):
            counts.append(("/action/quantity", quantity))
        case Bundle(parts=parts):
            counts += [("/action/parts", quantity) for quantity in parts.values()]
    for pointer, count in counts:
        if count is not None and not 1 <= count <= _MOST_UNITS:
            yield pointer, f"This is between 1 and {_MOST_UNITS:,}"


def _action_faults(spec: Promotion) -> Faults:
    match spec.action:
        case Bundle(parts=parts):
            if sum(parts.values()) < 2:
                yield "/action/parts", "A bundle is of two units or more"
            if not parts.keys() <= spec.skus:
                yield "/skus", "A bundle works on all its parts: name them, or no SKUs at all"
        case Threshold(steps=steps):
            if not steps:
                yield "/action/steps", "Name a step"
            for number, (step, before) in enumerate(zip(steps, (None, *steps), strict=False)):
                if before is not None and step.minimum_minor <= before.minimum_minor:
                    yield f"/action/steps/{number}/minimum", "Each step begins above the last"
                if not (step.rate_ppm or step.amount_minor):
                    yield f"/action/steps/{number}", "A step takes a share off, or an amount"
        case Shipping(rate_ppm=0, amount_minor=0):
            yield "/action", "It takes a share off shipping, or an amount"
    by_unit = isinstance(spec.action, Percent | Amount | FixedPrice | BuyXGetY | Bundle)
    if spec.most_per_basket is not None and not (by_unit and spec.level == "line"):
        yield "/most_per_basket", "Only what works on units can be bounded in a basket"


def _hour_faults(spec: Promotion) -> Faults:
    hours = spec.hours
    if hours is None:
        return
    if not is_zone(hours.time_zone):
        yield "/hours/time_zone", f"{hours.time_zone!r} is not a zone of the IANA database"
    if not hours.days or len(set(hours.days)) < len(hours.days):
        yield "/hours/days", "Name each day once, and one at least"
    if any(not 1 <= day <= 7 for day in hours.days):
        yield "/hours/days", "Days are 1 (Monday) to 7 (Sunday)"
    if hours.until is not None and hours.since >= hours.until:
        yield "/hours/until", "Hours end after they begin, on the same day"
