"""What a promotion takes off amounts that others may have reduced already. Pure.

Amounts are in minor units, one per line, the shipping charge last where there is one. Nothing here
makes an amount larger, and nothing makes one negative.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cmp_to_key
from typing import NamedTuple, TypeAlias

import msgspec

from omniretail.money import MILLION, Rounding, part, rounded, split
from omniretail.pricing.promotion import (
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

Amounts: TypeAlias = Sequence[int]
Shares: TypeAlias = list[tuple[int, int]]
"""What comes off which line: (line's position, amount), each above zero."""


class Goods(msgspec.Struct, frozen=True):
    """The lines of a basket by position: their SKUs, how many units, and where shipping stands."""

    skus: tuple[str, ...]
    quantities: tuple[int, ...]
    shipping: int | None = None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A promotion that may work on the lines at `positions`, by a coupon or by itself."""

    promotion: Promotion
    positions: Sequence[int]
    coupon: str | None = None


class _Units(NamedTuple):
    """So many units of one line, and what they come to."""

    position: int
    units: int
    amount_minor: int


def shares(candidate: Candidate, goods: Goods, amounts: Amounts, rounding: Rounding) -> Shares:
    """Return what a promotion takes off which line, at the present amounts; nothing: an empty list."""
    if falls_short(candidate, goods, amounts):
        return []
    return _SHARES[type(candidate.promotion.action)](candidate, goods, amounts, rounding)


def undivided(candidate: Candidate, goods: Goods, amounts: Amounts, rounding: Rounding) -> Shares:
    """Return what a promotion of level `order` takes off, all of it on the first of its lines."""
    whole_minor = value(candidate, goods, amounts)
    if whole_minor < candidate.promotion.minimum_minor:
        return []
    return _positive([(candidate.positions[0], _off_whole(candidate, whole_minor, rounding))])


def falls_short(candidate: Candidate, goods: Goods, amounts: Amounts) -> bool:
    """Tell whether what a promotion looks at comes to less than its minimum."""
    minimum_minor = candidate.promotion.minimum_minor
    return minimum_minor > 0 and value(candidate, goods, amounts) < minimum_minor


def value(candidate: Candidate, goods: Goods, amounts: Amounts) -> int:
    """Return what the lines come to that a promotion's minimum is about."""
    match candidate.promotion.action:
        case Shipping():
            return sum(amounts[: goods.shipping])
        case Gift(sku=gift):
            return sum([amounts[at] for at in candidate.positions if goods.skus[at] != gift])
        case _:
            return sum([amounts[at] for at in candidate.positions])


def _percent(candidate: Candidate, goods: Goods, amounts: Amounts, rounding: Rounding) -> Shares:
    action = candidate.promotion.action
    assert isinstance(action, Percent)
    if action.level == "order":
        return _off_order(candidate, goods, amounts, rounding)
    chosen = _units(candidate, goods, amounts)
    if candidate.promotion.most_per_basket is not None:
        # Rounded line by line, it could save more where it finds less: the same units on more lines.
        worth = sum(units.amount_minor for units in chosen)
        return _spread(rounded(worth * action.rate_ppm, MILLION, rounding), chosen)
    return _positive(
        (units.position, rounded(units.amount_minor * action.rate_ppm, MILLION, rounding))
        for units in chosen
    )


def _amount(candidate: Candidate, goods: Goods, amounts: Amounts, rounding: Rounding) -> Shares:
    action = candidate.promotion.action
    assert isinstance(action, Amount)
    if action.level == "order":
        return _off_order(candidate, goods, amounts, rounding)
    return _positive(
        (chosen.position, min(chosen.amount_minor, action.amount_minor * chosen.units))
        for chosen in _units(candidate, goods, amounts)
    )


def _fixed_price(candidate: Candidate, goods: Goods, amounts: Amounts, _: Rounding) -> Shares:
    action = candidate.promotion.action
    assert isinstance(action, FixedPrice)
    return _positive(
        (chosen.position, chosen.amount_minor - action.amount_minor * chosen.units)
        for chosen in _units(candidate, goods, amounts)
    )


def _buy_x_get_y(
    candidate: Candidate, goods: Goods, amounts: Amounts, rounding: Rounding
) -> Shares:
    action = candidate.promotion.action
    assert isinstance(action, BuyXGetY)
    units = sum(goods.quantities[at] for at in candidate.positions)
    sets = units // (action.buy + action.get)
    if candidate.promotion.most_per_basket is not None:
        sets = min(sets, candidate.promotion.most_per_basket)
    if sets == 0:
        return []
    cheapest = _cheapest_first(candidate.positions, goods, amounts)
    free = sum(
        chosen.amount_minor for chosen in _first(cheapest, sets * action.get, goods, amounts)
    )
    in_sets = _first(cheapest, sets * (action.buy + action.get), goods, amounts)
    return _spread(rounded(free * action.rate_ppm, MILLION, rounding), in_sets)


def _bundle(candidate: Candidate, goods: Goods, amounts: Amounts, _: Rounding) -> Shares:
    action = candidate.promotion.action
    assert isinstance(action, Bundle)
    dearest = _cheapest_first(candidate.positions, goods, amounts)[::-1]
    at_hand: dict[str, int] = {}
    for position in candidate.positions:
        sku = goods.skus[position]
        at_hand[sku] = at_hand.get(sku, 0) + goods.quantities[position]
    sets = min(at_hand.get(sku, 0) // quantity for sku, quantity in action.parts.items())
    if candidate.promotion.most_per_basket is not None:
        sets = min(sets, candidate.promotion.most_per_basket)
    if sets == 0:
        return []
    chosen: list[_Units] = []
    for sku, quantity in action.parts.items():
        of_sku = [position for position in dearest if goods.skus[position] == sku]
        chosen += _first(of_sku, sets * quantity, goods, amounts)
    worth = sum(units.amount_minor for units in chosen)
    return _spread(max(0, worth - sets * action.amount_minor), chosen)


def _gift(candidate: Candidate, goods: Goods, amounts: Amounts, _: Rounding) -> Shares:
    action = candidate.promotion.action
    assert isinstance(action, Gift)
    positions = [at for at in candidate.positions if goods.skus[at] == action.sku]
    cheapest = _cheapest_first(positions, goods, amounts)
    chosen = _first(cheapest, action.quantity, goods, amounts)
    return _positive((units.position, units.amount_minor) for units in chosen)


def _shipping(candidate: Candidate, goods: Goods, amounts: Amounts, rounding: Rounding) -> Shares:
    action = candidate.promotion.action
    assert isinstance(action, Shipping)
    assert goods.shipping is not None
    charge = amounts[goods.shipping]
    off = rounded(charge * action.rate_ppm, MILLION, rounding) + action.amount_minor
    return _positive([(goods.shipping, min(charge, off))])


def _off_order(candidate: Candidate, _: Goods, amounts: Amounts, rounding: Rounding) -> Shares:
    """Divide what comes off the order over its lines, in the shares of what they come to."""
    weights = [amounts[at] for at in candidate.positions]
    off = split(_off_whole(candidate, sum(weights), rounding), weights)
    return _positive(zip(candidate.positions, off, strict=True))


def _off_whole(candidate: Candidate, whole_minor: int, rounding: Rounding) -> int:
    match candidate.promotion.action:
        case Percent(rate_ppm=rate_ppm):
            off_minor = rounded(whole_minor * rate_ppm, MILLION, rounding)
        case Amount(amount_minor=amount_minor):
            off_minor = amount_minor
        case Threshold(steps=steps):
            off_minor = max(
                (
                    rounded(whole_minor * step.rate_ppm, MILLION, rounding) + step.amount_minor
                    for step in steps
                    if whole_minor >= step.minimum_minor
                ),
                default=0,
            )
        case action:
            raise AssertionError(f"{action} is not of level order")
    return min(off_minor, whole_minor)


def _spread(off_minor: int, chosen: Sequence[_Units]) -> Shares:
    off = split(off_minor, [units.amount_minor for units in chosen])
    return _positive(zip((units.position for units in chosen), off, strict=True))


def _units(candidate: Candidate, goods: Goods, amounts: Amounts) -> list[_Units]:
    """Return the units that a promotion works on: all, or so many of the dearest."""
    most = candidate.promotion.most_per_basket
    if most is None:
        return [_Units(at, goods.quantities[at], amounts[at]) for at in candidate.positions]
    return _first(_cheapest_first(candidate.positions, goods, amounts)[::-1], most, goods, amounts)


def _cheapest_first(positions: Sequence[int], goods: Goods, amounts: Amounts) -> list[int]:
    """Return positions in the order of what one unit of each comes to; of equals by SKU."""

    def compare(one: int, other: int) -> int:
        left, right = amounts[one] * goods.quantities[other], amounts[other] * goods.quantities[one]
        if left != right:
            return -1 if left < right else 1
        return -1 if (goods.skus[one], one) < (goods.skus[other], other) else 1

    return sorted(positions, key=cmp_to_key(compare))


def _first(positions: Sequence[int], units: int, goods: Goods, amounts: Amounts) -> list[_Units]:
    chosen = []
    for position in positions:
        taken = min(units, goods.quantities[position])
        if taken == 0:
            break
        worth = part(amounts[position], taken, goods.quantities[position])
        chosen.append(_Units(position, taken, worth))
        units -= taken
    return chosen


def _positive(offs: Iterable[tuple[int, int]]) -> Shares:
    return [(position, off) for position, off in offs if off > 0]


_Share: TypeAlias = Callable[[Candidate, Goods, Amounts, Rounding], Shares]
_SHARES: Mapping[type, _Share] = {
    Percent: _percent,
    Amount: _amount,
    FixedPrice: _fixed_price,
    BuyXGetY: _buy_x_get_y,
    Bundle: _bundle,
    Threshold: _off_order,
    Gift: _gift,
    Shipping: _shipping,
}
