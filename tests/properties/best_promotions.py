"""The best promotions by trying every set of them: what the engine's search must come to.

Written from the documented rules alone, with fractions, without the engine's code.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from math import ceil, floor
from typing import NamedTuple

from omniretail.pricing import (
    Amount,
    Bundle,
    BuyXGetY,
    FixedPrice,
    Gift,
    Percent,
    Promotion,
    Shipping,
    Threshold,
)

Off = dict[int, int]
"""What comes off which line."""


class Order(NamedTuple):
    """A basket before promotions: SKU, quantity and amount by line; shipping is the line after."""

    skus: tuple[str, ...]
    quantities: tuple[int, ...]
    amounts: tuple[int, ...]
    shipping: int | None

    @property
    def opening(self) -> list[int]:
        return [*self.amounts, *([] if self.shipping is None else [self.shipping])]


class Outcome(NamedTuple):
    """What a set of promotions saves, and which of them took something off, in turn."""

    saved: int
    taken: tuple[str, ...]


def outcome(order: Order, chosen: Sequence[Promotion]) -> Outcome:
    """Take a set of promotions in their turns."""
    running, taken, groups, saved = order.opening, [], set(), 0
    for promotion in sorted(chosen, key=_turn):
        if promotion.exclusive_group is not None and promotion.exclusive_group in groups:
            continue
        off = _off(promotion, order, running)
        if not off:
            continue
        for line, amount in off.items():
            assert 0 < amount <= running[line]
            running[line] -= amount
            saved += amount
        taken.append(promotion.code)
        groups.add(promotion.exclusive_group)
        if promotion.stop:
            break
    return Outcome(saved, tuple(taken))


def every_outcome(order: Order, promotions: Sequence[Promotion]) -> Iterator[Outcome]:
    """Try every set that may be: one that stands alone, or any of the others together."""
    beside = [promotion for promotion in promotions if promotion.stackable]
    for promotion in promotions:
        if not promotion.stackable:
            yield outcome(order, [promotion])
    for size in range(len(beside) + 1):
        for chosen in combinations(beside, size):
            yield outcome(order, chosen)


def _turn(promotion: Promotion) -> tuple[int, int, str]:
    match promotion.action:
        case Shipping():
            level = 2
        case Threshold() | Percent(level="order") | Amount(level="order"):
            level = 1
        case _:
            level = 0
    return level, -promotion.priority, promotion.code


def _off(promotion: Promotion, order: Order, running: Sequence[int]) -> Off:
    lines = [n for n, sku in enumerate(order.skus) if not promotion.skus or sku in promotion.skus]
    if isinstance(promotion.action, Shipping):
        return _off_shipping(promotion, promotion.action, order, running)
    looked_at = lines
    if isinstance(promotion.action, Gift):
        looked_at = [n for n in lines if order.skus[n] != promotion.action.sku]
    if not lines or sum(running[n] for n in looked_at) < promotion.minimum_minor:
        return {}
    if _turn(promotion)[0] == 1:
        return _off_order(promotion, {n: running[n] for n in lines})
    return _off_lines(promotion, order, running, lines)


def _off_order(promotion: Promotion, worth: Mapping[int, int]) -> Off:
    whole, off = sum(worth.values()), 0
    match promotion.action:
        case Percent(rate_ppm=rate):
            off = _share(whole, rate)
        case Amount(amount_minor=amount):
            off = amount
        case Threshold(steps=steps):
            reached = [step for step in steps if step.minimum_minor <= whole]
            offs = [_share(whole, step.rate_ppm) + step.amount_minor for step in reached]
            off = max(offs, default=0)
    return _shared(min(off, whole), worth)


def _off_lines(
    promotion: Promotion, order: Order, running: Sequence[int], lines: Sequence[int]
) -> Off:
    most = promotion.most_per_basket
    match promotion.action:
        case Percent(rate_ppm=rate) if most is not None:
            worth = {n: w for n, (_, w) in _units(order, running, lines, most, dear=True).items()}
            return _shared(_share(sum(worth.values()), rate), worth)
        case BuyXGetY(buy=buy, get=get, rate_ppm=rate):
            sets = _least(most, sum(order.quantities[n] for n in lines) // (buy + get))
            free = _units(order, running, lines, sets * get, dear=False)
            within = _units(order, running, lines, sets * (buy + get), dear=False)
            off = _share(sum(worth for _, worth in free.values()), rate)
            return _shared(off, {n: worth for n, (_, worth) in within.items()})
        case Bundle(parts=parts, amount_minor=amount):
            return _off_bundle(order, running, lines, parts, amount, most)
        case Gift(sku=sku, quantity=quantity):
            given = [n for n, other in enumerate(order.skus) if other == sku]
            free = _units(order, running, given, quantity, dear=False)
            return {n: worth for n, (_, worth) in free.items() if worth}
        case _:
            return _off_units(promotion, order, running, lines)


def _off_shipping(
    promotion: Promotion, action: Shipping, order: Order, running: Sequence[int]
) -> Off:
    goods = sum(running[: len(order.skus)])
    if order.shipping is None or goods < promotion.minimum_minor:
        return {}
    charge = running[-1]
    off = min(charge, _share(charge, action.rate_ppm) + action.amount_minor)
    return {len(order.skus): off} if off else {}


def _off_units(
    promotion: Promotion, order: Order, running: Sequence[int], lines: Sequence[int]
) -> Off:
    most = promotion.most_per_basket
    units = {n: (order.quantities[n], running[n]) for n in lines}
    if most is not None:
        units = _units(order, running, lines, most, dear=True)
    offs = {}
    for n, (count, worth) in units.items():
        match promotion.action:
            case Percent(rate_ppm=rate):
                offs[n] = _share(worth, rate)
            case Amount(amount_minor=amount):
                offs[n] = min(worth, amount * count)
            case FixedPrice(amount_minor=amount):
                offs[n] = max(0, worth - amount * count)
    return {n: off for n, off in offs.items() if off}


def _off_bundle(
    order: Order,
    running: Sequence[int],
    lines: Sequence[int],
    parts: Mapping[str, int],
    amount: int,
    most: int | None,
) -> Off:
    of_sku = {sku: [n for n in lines if order.skus[n] == sku] for sku in parts}
    sets = _least(
        most,
        min(sum(order.quantities[n] for n in of_sku[sku]) // parts[sku] for sku in parts),
    )
    worth: dict[int, int] = {}
    for sku, count in parts.items():
        units = _units(order, running, of_sku[sku], sets * count, dear=True)
        worth |= {n: w for n, (_, w) in units.items()}
    return _shared(max(0, sum(worth.values()) - sets * amount), worth)


def _units(
    order: Order, running: Sequence[int], lines: Sequence[int], count: int, *, dear: bool
) -> dict[int, tuple[int, int]]:
    """The cheapest or dearest units: of each line how many, and what they come to, rounded up."""
    by_unit = sorted(
        lines, key=lambda n: (Fraction(running[n], order.quantities[n]), order.skus[n], n)
    )
    chosen = {}
    for n in reversed(by_unit) if dear else by_unit:
        units = min(count, order.quantities[n])
        if units:
            worth = ceil(Fraction(running[n] * units, order.quantities[n]))
            chosen[n] = units, worth
        count -= units
    return chosen


def _share(amount: int, rate_ppm: int) -> int:
    return floor(Fraction(amount * rate_ppm, 1_000_000) + Fraction(1, 2))


def _shared(off: int, weights: Mapping[int, int]) -> Off:
    """Divide by largest remainder: floors first, then one more each by what they lost."""
    whole = sum(weights.values())
    if not whole:
        return {}
    exact = {n: Fraction(off * weight, whole) for n, weight in weights.items()}
    shares = {n: floor(share) for n, share in exact.items()}
    by_loss = sorted(exact, key=lambda n: floor(exact[n]) - exact[n])
    for n in by_loss[: off - sum(shares.values())]:
        shares[n] += 1
    return {n: share for n, share in shares.items() if share}


def _least(most: int | None, count: int) -> int:
    return count if most is None else min(most, count)
