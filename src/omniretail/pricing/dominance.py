"""Which promotions are never worse taken than left: they need not be searched. Pure.

A promotion works on lines. Taking one leaves less on its lines to those that follow. Where all that
follow leave the less the less they find, taking it can only be better. A promotion that works on each
line by itself does (a share off, an amount off each unit, a fixed price). One that divides what it
takes off over its lines does so in their sum only; that is enough where nothing that follows looks at
some of its lines alone.

A promotion of level `order` does so on each line as well, but for the rounding of the shares: by a few
minor units it may leave more on one line because there is less on another.
"""

from collections.abc import Sequence

import msgspec

from omniretail.pricing.promotion import Amount, FixedPrice, Percent, Shipping, Threshold
from omniretail.pricing.savings import Amounts, Candidate, Goods, value


class Weighed(msgspec.Struct, frozen=True):
    """A promotion that saves something by itself: how much, and on which lines (a bit each).

    It depends on the lines that it looks at: a minimum for shipping looks at all goods.
    """

    candidate: Candidate
    alone_minor: int
    lines: int
    looks_at: int


def weighed(candidate: Candidate, alone_minor: int, goods: Goods) -> Weighed:
    """Return a promotion with what it saves by itself."""
    lines = looks_at = 0
    if isinstance(candidate.promotion.action, Shipping):
        assert goods.shipping is not None
        lines = looks_at = 1 << goods.shipping
        if candidate.promotion.minimum_minor:
            looks_at |= lines - 1
    else:
        for position in candidate.positions:
            lines |= 1 << position
        looks_at = lines
    return Weighed(candidate, alone_minor, lines, looks_at)


def found_as_sum(found: Sequence[Weighed]) -> list[bool]:
    """Tell of each promotion, in the order of their turns, whether only a sum of its lines matters.

    So it is where all that follow look at none of its lines, or at the sum of all of them, and only
    the sum of theirs matters in turn.
    """
    as_sum = [False] * len(found)
    seen_apart = [False] * len(found)
    looks_at = [one.looks_at for one in found]
    for number in range(len(found) - 1, -1, -1):
        lines = found[number].lines
        as_sum[number] = not any(
            looks_at[later] & lines and (seen_apart[later] or lines & ~looks_at[later])
            for later in range(number + 1, len(found))
        )
        seen_apart[number] = not as_sum[number] or found[number].candidate.promotion.level == "line"
    return as_sum


def never_worse(
    found: Sequence[Weighed],
    goods: Goods,
    amounts: Amounts,
    *,
    as_sum: Sequence[bool],
    but_for_rounding: bool = False,
) -> list[bool]:
    """Tell of each promotion, in the order of their turns, whether taking it is never worse.

    `as_sum` is `found_as_sum`. With `but_for_rounding`, it may be worse by some minor units.
    """
    steady = [_is_steady(one, found, goods, amounts) for one in found]
    each_line = [
        _works_on_each_line(one.candidate)
        or (but_for_rounding and one.candidate.promotion.level == "order" and steady[number])
        for number, one in enumerate(found)
    ]
    orderly = [each or (as_sum[number] and steady[number]) for number, each in enumerate(each_line)]
    return [
        _excludes_none(one.candidate) and _reaches_orderly_only(number, found, each_line, orderly)
        for number, one in enumerate(found)
    ]


def _excludes_none(candidate: Candidate) -> bool:
    return candidate.promotion.exclusive_group is None and not candidate.promotion.stop


def _reaches_orderly_only(
    number: int, found: Sequence[Weighed], each_line: Sequence[bool], orderly: Sequence[bool]
) -> bool:
    """Tell whether all that follow and find less because of this one leave the less for it."""
    reached = found[number].lines
    for later in range(number + 1, len(found)):
        looks_at = found[later].looks_at
        if looks_at & reached:
            if not orderly[later]:
                return False
            if not each_line[later]:
                reached |= looks_at
    return True


def _works_on_each_line(candidate: Candidate) -> bool:
    promotion = candidate.promotion
    return (
        promotion.level == "line"
        and isinstance(promotion.action, Percent | Amount | FixedPrice)
        and promotion.minimum_minor == 0
        and promotion.most_per_basket is None
    )


def _is_steady(one: Weighed, found: Sequence[Weighed], goods: Goods, amounts: Amounts) -> bool:
    """Tell whether no minimum of this one is crossed, however much the others take off before it."""
    promotion = one.candidate.promotion
    steps = promotion.action.steps if isinstance(promotion.action, Threshold) else ()
    minimums = [promotion.minimum_minor, *(step.minimum_minor for step in steps)]
    if not any(minimums):
        return True
    most = value(one.candidate, goods, amounts)
    least = most - sum(
        other.alone_minor for other in found if other is not one and other.lines & one.looks_at
    )
    return all((most >= minimum) == (least >= minimum) for minimum in minimums)
