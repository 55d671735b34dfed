"""Rules of promises: orders are placed, leave and are cancelled; holds come and end."""

import math
from datetime import timedelta
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from omniretail import inventory, orders
from tests.properties.auditor import Needs, needs
from tests.properties.machine import (
    Machine,
    carts,
    happening,
    kinds,
    locations,
    picks,
    process_numbers,
)

seconds = st.sampled_from([60, 600, 1800])
units_of_lines = st.lists(st.integers(0, 4), min_size=3, max_size=3)


class Promises(Machine):
    """What customers and their carts do."""

    @happening(often=2, kind=kinds, location=locations, cart=carts, process=process_numbers)
    def order(self, kind: orders.FulfillmentKind, location: str, cart: Any, process: int) -> None:
        """One customer buys; kits are their components."""
        wanted = needs(cart, location)
        fits = self.auditor.fits(wanted, kind, self.shop.now)

        outcome = self.do(self.shop.order(kind, location, cart), process)

        assert isinstance(outcome, orders.Order) == fits
        if fits:
            self.placed(kind, wanted, outcome)

    @happening(often=2, pick=picks, units=units_of_lines, process=process_numbers)
    def fulfill(self, pick: int, units: list[int], process: int) -> None:
        """Some or all of an order's goods leave."""
        order = self.pick_order(pick)
        if order is None:
            return
        part, quantities, leaving = some(order, units)
        possible = all(
            n <= self.auditor.sellable(place) and self.auditor.lots_suffice(place, n)
            for place, n in leaving.items()
        )
        at = self.shop.now
        if part.kind == "pickup" and part.state == "allocated":
            ready = self.do(self.shop.ready(part), process)
            assert isinstance(ready, orders.Order)
            self.keep(ready)

        outcome = self.do(self.shop.fulfill(part, quantities), process)

        assert isinstance(outcome, orders.Order) == possible
        if possible:
            for place, n in leaving.items():
                self.auditor.shelves[place].allocated -= n
                self.auditor.leave(place, n, at)
            self.keep(outcome)

    @happening(pick=picks, units=units_of_lines)
    def cancel(self, pick: int, units: list[int]) -> None:
        """Some or all of what is open of an order is cancelled, and its money goes back."""
        order = self.pick_order(pick)
        if order is None:
            return
        _, quantities, released = some(order, units)

        outcome = self.do(self.shop.cancel(order, quantities))

        assert isinstance(outcome, orders.Order)
        taken = quantities or {line.number: line.open_quantity for line in order.lines}
        back = outcome.refunded_minor - order.refunded_minor
        assert back == sum(
            share(line, line.cancelled_quantity + taken.get(line.number, 0))
            - share(line, line.cancelled_quantity)
            for line in order.lines
        )
        if outcome.fulfillment_status == "cancelled":
            self.auditor.uses.discard(order.id)
        for place, n in released.items():
            self.auditor.shelves[place].allocated -= n
        self.keep(outcome)

    @happening(
        often=3,
        location=locations,
        cart=carts,
        lasting=seconds,
        allow_partial=st.booleans(),
        process=process_numbers,
    )
    def hold(
        self, location: str, cart: Any, lasting: int, allow_partial: bool, process: int
    ) -> None:
        """A cart holds its goods, all of them, or where it may what there is."""
        granted = self.auditor.grants(cart, location, self.shop.now)
        possible = granted == cart or (allow_partial and any(n for _, n in granted))

        outcome = self.do(
            self.shop.hold(location, cart, seconds=lasting, allow_partial=allow_partial), process
        )

        assert isinstance(outcome, inventory.Hold) == possible
        if possible:
            assert [line.held for line in outcome.lines] == [n for _, n in granted]
            self.note_hold(outcome, location, granted)

    @happening(often=2, pick=picks, lasting=st.none() | seconds, process=process_numbers)
    def change_hold(self, pick: int, lasting: int | None, process: int) -> None:
        """A hold is extended, or released; what has ended stays as it is."""
        hold_id = self.pick_hold(pick)
        if hold_id is None:
            return
        hold, now = self.auditor.holds[hold_id], self.shop.now
        live = not hold.ended and hold.expires_at > now

        outcome = self.do(self.shop.change_hold(hold_id, lasting), process)

        if lasting is None:
            assert isinstance(outcome, inventory.Hold)
            hold.released = hold.released or live
            hold.ended = True
        else:
            assert isinstance(outcome, inventory.Hold) == live
            if live:
                hold.expires_at = now + timedelta(seconds=lasting)

    @happening(
        often=2,
        pick=picks,
        kind=kinds,
        location=locations,
        cart=carts,
        exact=st.booleans(),
        process=process_numbers,
    )
    def order_what_is_held(
        self,
        pick: int,
        kind: orders.FulfillmentKind,
        location: str,
        cart: Any,
        exact: bool,
        process: int,
    ) -> None:
        """A cart with a hold becomes an order, of what it held or of something else."""
        hold_id = self.pick_hold(pick)
        if hold_id is None:
            return
        hold = self.auditor.holds[hold_id]
        if exact:
            location = next(iter(hold.needs))[1]
            cart = [(sku, n) for (sku, _), n in hold.needs.items() if n] or cart
        wanted, own = needs(cart, location), self.auditor.live(hold_id, self.shop.now)
        fits = not hold.converted and self.auditor.fits(wanted, kind, self.shop.now, own)

        outcome = self.do(self.shop.order(kind, location, cart, hold=hold_id), process)

        assert isinstance(outcome, orders.Order) == fits
        if fits:
            hold.converted = hold.converted or not hold.released
            hold.ended = True
            self.placed(kind, wanted, outcome)


def share(line: orders.OrderLine, units: int) -> int:
    """What the first units of a line come to: their share of its total, rounded up."""
    return math.ceil(Fraction(line.total_minor * units, line.quantity))


def some(order: orders.Order, units: list[int]) -> tuple[orders.Fulfillment, dict[int, int], Needs]:
    """Return some of an order's open units, and what they take; none named means all of them."""
    part = order.fulfillments[0]
    named = {
        line.number: min(n, line.open_quantity) for line, n in zip(part.lines, units, strict=False)
    }
    quantities = {number: n for number, n in named.items() if n}
    taken = quantities or {line.number: line.open_quantity for line in part.lines}
    moving = [(line.sku, taken.get(line.number, 0)) for line in part.lines]
    return part, quantities, +needs(moving, part.location)
