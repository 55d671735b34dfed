"""The clerk for points: what an order earns and gives back, reckoned by hand in exact fractions.

It asks the other clerk what the goods that are kept come to, and the programme for its rates. It rounds
down once for each reason to earn something, and never asks the ledger what it thinks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from omniretail.loyalty import EarnRule, Programme
from omniretail.orders import Order, OrderLine, Tender
from tests.properties.clerk import Clerk

CATEGORIES: Mapping[str, frozenset[str]] = {"B": frozenset({"books"})}


@dataclass(frozen=True)
class Reason:
    """So many points for each minor unit, or unit, that is kept of some goods."""

    rate: Fraction
    of: frozenset[int]
    counts_units: bool = False
    is_base: bool = False


@dataclass(frozen=True)
class Kept:
    """What is kept of a line as ordered: units, and minor units without the tax where it is left out."""

    units: int
    minor: int


@dataclass(frozen=True)
class Part:
    """What came in together, of which `counted` was not paid by points, and what that earned."""

    reasons: tuple[Reason, ...]
    counted: Fraction
    earned: int = 0
    base: int = 0

    def due(self, kept: Mapping[int, Kept]) -> tuple[int, int]:
        """Return how many points, and of these how many at the base rate, are due for what is kept."""
        points = base = 0
        for reason in self.reasons:
            goods = [kept[number] for number in reason.of]
            measure = sum(one.units if reason.counts_units else one.minor for one in goods)
            some = floor(reason.rate * measure * self.counted)
            points += some
            base += some if reason.is_base else 0
        return points, base


class PointsClerk:
    """What one order earned and must give back, and has to have had back."""

    def __init__(self, programme: Programme, clerk: Clerk) -> None:
        self.programme = programme
        self.clerk = clerk
        self.parts: list[Part] = []
        self.reversed = 0
        self.base_reversed = 0
        self.known: set[int] = set()

    @property
    def earned(self) -> int:
        """What all parts of the order earned."""
        return sum(part.earned for part in self.parts)

    @property
    def base(self) -> int:
        """What all parts of the order earned at the base rate."""
        return sum(part.base for part in self.parts)

    def came_in(self, order: Order, tier: str | None) -> None:
        """Note what an order has that it did not have before, and what that earns."""
        coming = [line for line in order.lines if line.number not in self.known]
        self.known |= {line.number for line in coming}
        new = [line for line in coming if line.part_of is None or line.part_of not in self.known]
        paid = sum(tender.left_minor for tender in order.tenders)
        by_points = sum(one.left_minor for one in order.tenders if one.type == "points")
        if not new or paid == by_points:
            return
        part = Part(tuple(self._reasons(new, order, tier)), 1 - Fraction(by_points, paid))
        points, base = part.due(self.kept(order))
        self.parts.append(Part(part.reasons, part.counted, points, base))

    def _reasons(
        self, lines: Iterable[OrderLine], order: Order, tier: str | None
    ) -> Iterable[Reason]:
        programme = self.programme
        counting = [
            line
            for line in lines
            if line.sku not in programme.excluded_skus
            and not CATEGORIES.get(line.sku, frozenset()) & programme.excluded_categories
        ]
        numbers = frozenset(line.number for line in counting)
        rate = Fraction(programme.points, programme.per_minor["EUR"])
        yield Reason(rate, numbers, is_base=True)
        for known in programme.tiers:
            if known.code == tier:
                yield Reason(rate * Fraction(known.percent - 100, 100), numbers)
        for rule in programme.rules:
            if rule.channels and order.channel not in rule.channels:
                continue
            named = frozenset(line.number for line in counting if _names(rule, line.sku))
            if rule.kind == "units":
                yield Reason(Fraction(rule.points), named, counts_units=True)
            elif rule.kind == "rate":
                yield Reason(Fraction(rule.points, rule.per_minor["EUR"]), named)
            else:
                yield Reason(rate * Fraction(rule.percent - 100, 100), named)

    def kept(self, order: Order) -> dict[int, Kept]:
        """Return what is kept of each line as ordered, by what the other clerk noted of its goods."""
        kept: dict[int, Kept] = {}
        for line in order.lines:
            pile = self.clerk.piles[line.number]
            minor = pile.kept(pile.worth)
            minor -= pile.kept(pile.tax) if self.programme.tax_excluded else 0
            whole = line.part_of or line.number
            before = kept.get(whole, Kept(0, 0))
            kept[whole] = Kept(before.units + pile.units - pile.gone, before.minor + minor)
        return kept

    def look(self, order: Order) -> None:
        """Reckon what has to be taken back by now: once it is, it stays so."""
        kept = self.kept(order)
        due = [part.due(kept) for part in self.parts]
        points = sum(
            min(part.earned, some) for part, (some, _) in zip(self.parts, due, strict=True)
        )
        base = sum(min(part.base, some) for part, (_, some) in zip(self.parts, due, strict=True))
        if self.earned - points > self.reversed:
            self.reversed = self.earned - points
            self.base_reversed = max(self.base_reversed, self.base - base)


def owed_back(tender: Tender) -> int:
    """How many points a tender has to have had back: its part of them, a started one for a whole one."""
    assert tender.points is not None
    return ceil(Fraction(tender.points * tender.back_minor, tender.amount_minor))


def reward_owed_back(order: Order) -> int:
    """How many points of its reward an order has to have had back, by what the reward still takes off."""
    still = 0
    for line in order.lines:
        off = sum(one.amount_minor for one in line.discounts if one.coupon == order.reward_coupon)
        still += off - ceil(Fraction(off * line.gone_quantity, line.quantity))
    gone = max(0, order.reward_minor - still)
    return ceil(Fraction(order.reward_points * gone, order.reward_minor))


def _names(rule: EarnRule, sku: str) -> bool:
    if not rule.skus and not rule.categories:
        return True
    return sku in rule.skus or bool(CATEGORIES.get(sku, frozenset()) & rule.categories)
