"""The clerk beside the returns desk: what went back of each line, and what stands where, by hand.

A clerk reckons in fractions: the k-th unit that goes brings what the first k come to, rounded up, less
what the ones before it brought. Nothing here asks an order what it thinks that it still costs.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from omniretail.orders import Order, OrderLine
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
    """The units of one line: what all of them came to, come to by now, and how many are gone."""

    units: int
    price: int
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
        self.exchanged, self.exchanged_tax = 0, 0
        self.stands: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self.piles: dict[int, Pile] = {}
        self.look_at(order)

    def look_at(self, order: Order) -> None:
        """Look at the lines anew, which may have been set apart: together they are worth the same."""
        before = self.worth()
        self.piles = {
            line.number: Pile(
                line.quantity, line.total_minor, line.worth_minor, line.worth_tax_minor
            )
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

    def brings(self, units: Mapping[int, int]) -> int:
        """What units would bring, none of which goes yet."""
        return sum(replace(self.piles[number]).take(units[number])[0] for number in units)

    def exchange(
        self, units: Mapping[int, int], coming: Sequence[OrderLine]
    ) -> tuple[dict[int, tuple[int, int]], int, int]:
        """Return what each line's units bring that pay for what comes in, and what of it goes back.

        That has its part of the tax; the rest of it is within what comes in.
        """
        brought = {number: self.piles[number].take(units[number]) for number in units}
        worth, tax = (sum(each) for each in zip(*brought.values(), strict=True))
        back = max(0, worth - sum(line.total_minor for line in coming))
        back_tax = ceil(Fraction(tax * back, worth)) if back else 0
        self.returned += back
        self.returned_tax += back_tax
        self.exchanged += worth - back
        self.exchanged_tax += tax - back_tax
        self._come_in(coming)
        return brought, back, back_tax

    def replace(self, units: Mapping[int, int], coming: Sequence[OrderLine]) -> None:
        """Note units whose place others take, worth to the cent what these came to."""
        for (number, quantity), line in zip(units.items(), coming, strict=True):
            pile = self.piles[number]
            price = pile.kept(pile.price)
            worth, tax = pile.take(quantity)
            price -= pile.kept(pile.price)
            assert (line.quantity, line.total_minor, line.worth_minor) == (quantity, price, worth)
            assert abs(line.worth_tax_minor - tax) <= (0 if line.tax_included else 1)
            self.exchanged += price
            self.exchanged_tax += line.tax_minor - (line.worth_tax_minor - tax)
        self._come_in(coming)

    def edit(self, units: Mapping[int, int], coming: Sequence[OrderLine]) -> None:
        """Note units that are taken off before they left, and pay for what comes in as far as they go."""
        brought = [self.piles[number].take(units[number]) for number in units]
        worth, tax = (sum(each) for each in zip(*brought, strict=True))
        paid = min(worth, sum(line.total_minor for line in coming))
        self.exchanged += paid
        self.otherwise += worth - paid
        self.exchanged_tax += tax
        self._come_in(coming)

    def _come_in(self, coming: Sequence[OrderLine]) -> None:
        for line in coming:
            assert line.number not in self.piles
            self.piles[line.number] = Pile(
                line.quantity, line.total_minor, line.worth_minor, line.worth_tax_minor
            )
            self.total += line.total_minor
            self.total_tax += line.tax_minor

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
        paid_by_goods = doc.exchange.paid_minor if doc.exchange else 0
        assert doc.refunded_minor + paid_by_goods == sum(
            line.refunded_minor for line in doc.lines
        ) + sum(refund.shipping_minor for refund in doc.refunds)
