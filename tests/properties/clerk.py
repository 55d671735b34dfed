"""The clerk beside the returns desk: what went back of each line, and what stands where, by hand.

A clerk reckons in fractions: the k-th unit that goes brings what the first k come to, rounded up, less
what the ones before it brought. Nothing here asks an order what it thinks that it still costs.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from omniretail.orders import Order
from omniretail.returns import Disposition, Return, ReturnPolicy

STATES: Mapping[Disposition, str] = {
    "sellable": "available",
    "damaged": "damaged",
    "to_vendor": "damaged",
    "quality_control": "quality_control",
    "destroyed": "waste",
}
Components = Mapping[str, int]


@dataclass
class Pile:
    """The units of one line: what all of them come to, and how many are gone."""

    units: int
    worth: int
    tax: int
    gone: int = 0

    def kept(self, of: int) -> int:
        """What is left of an amount that all units share."""
        return of - ceil(Fraction(of, self.units) * self.gone)

    def take(self, units: int) -> tuple[int, int]:
        """Return what so many units bring that go next, and the tax in it."""
        before = self.kept(self.worth), self.kept(self.tax)
        self.gone += units
        assert self.gone <= self.units, "no unit goes twice"
        return before[0] - self.kept(self.worth), before[1] - self.kept(self.tax)


class Clerk:
    """All piles of one order and their goods; what was given back for returns, and otherwise."""

    def __init__(self, order: Order, policy: ReturnPolicy) -> None:
        self.policy = policy
        self.shipping = 0 if order.shipping is None else order.shipping.total_minor
        self.shipping_tax = 0 if order.shipping is None else order.shipping.tax_minor
        self.shipping_is_kept = False
        self.total = order.total_minor
        self.total_tax = self.shipping_tax + sum(line.tax_minor for line in order.lines)
        self.returned, self.returned_tax = 0, 0
        self.otherwise, self.otherwise_tax = 0, 0
        self.stands: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self.piles: dict[int, Pile] = {}
        self.look_at(order)

    def look_at(self, order: Order) -> None:
        """Look at the lines anew, which may have been set apart: together they are worth the same."""
        before = self.worth()
        self.piles = {
            line.number: Pile(line.quantity, line.worth_minor, line.worth_tax_minor)
            for line in order.lines
        }
        for line in order.lines:
            self.piles[line.number].gone = line.cancelled_quantity + line.refunded_quantity
        assert before in {self.worth(), (0, 0, 0)}, "setting units apart costs nothing"

    def worth(self) -> tuple[int, int, int]:
        """What all goods that are not gone come to, the tax in it, and how many they are."""
        piles = self.piles.values()
        return (
            sum(pile.kept(pile.worth) for pile in piles),
            sum(pile.kept(pile.tax) for pile in piles),
            sum(pile.units - pile.gone for pile in piles),
        )

    @property
    def kept(self) -> tuple[int, int]:
        """What the customer still has to pay for, and the tax in it."""
        worth, tax, units = self.worth()
        if units or self.shipping_is_kept:
            return worth + self.shipping, tax + self.shipping_tax
        return worth, tax

    def cancel(self, units: Mapping[int, int]) -> None:
        """Note units that never reached the customer."""
        before = self.kept
        for number, quantity in units.items():
            self.piles[number].take(quantity)
        self._note_otherwise(before)

    def adjust(self, number: int, worth: int, tax: int) -> None:
        """Note that all units of a line cost less than agreed."""
        before = self.kept
        self.piles[number].worth, self.piles[number].tax = worth, tax
        self._note_otherwise(before)

    def _note_otherwise(self, before: tuple[int, int]) -> None:
        after = self.kept
        assert after[0] <= before[0]
        self.otherwise += before[0] - after[0]
        self.otherwise_tax += before[1] - after[1]

    def pay_back(self, units: Mapping[int, int]) -> tuple[dict[int, tuple[int, int]], int, int]:
        """Return what each line's units bring, and all with shipping, and the tax in all."""
        before = self.kept
        brought = {number: self.piles[number].take(units[number]) for number in units}
        if not self.worth()[2] and not self.policy.refund_shipping:
            self.shipping_is_kept = True
        after = self.kept
        self.returned += before[0] - after[0]
        self.returned_tax += before[1] - after[1]
        return brought, before[0] - after[0], before[1] - after[1]

    def move(
        self,
        sku: str,
        location: str,
        units: int,
        components: Components | None,
        *,
        to: Iterable[str] = (),
        away: Iterable[str] = (),
    ) -> None:
        """Note goods that go to some states at a place, and away from others."""
        for part, per in (components or {sku: 1}).items():
            here = self.stands[part, location]
            here.update(dict.fromkeys(to, units * per))
            here.subtract(dict.fromkeys(away, units * per))

    def graded(self, doc: Return) -> None:
        """Look at a return's own figures: each is what its units make."""
        for line in doc.lines:
            assert sum(line.graded.values()) == line.received_quantity
            assert all(units > 0 for units in line.graded.values())
            assert 0 <= line.cancelled_quantity <= line.quantity
            assert line.received_quantity <= line.standing_quantity
            assert line.refunded_quantity <= line.standing_quantity
            assert 0 <= line.refunded_tax_minor <= max(line.refunded_minor, line.refunded_quantity)
        assert doc.refunded_minor == sum(line.refunded_minor for line in doc.lines) + sum(
            refund.shipping_minor for refund in doc.refunds
        )
