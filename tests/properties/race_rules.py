"""Rules of races: many do the same at once, in batches of two processes; the sums are right anyway."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from omniretail import inventory, orders
from tests.properties.auditor import needs
from tests.properties.machine import Machine, carts, happening, locations, picks, quantities, skus

takers = st.lists(
    st.tuples(st.sampled_from(["carry_out", "pickup", "hold"]), locations, carts),
    min_size=2,
    max_size=10,
)
tellings = st.lists(st.tuples(quantities, st.integers(0, 900)), min_size=1, max_size=6)


class Races(Machine):
    """What happens when many come at once."""

    @happening(often=3, batch=takers)
    def take_at_once(self, batch: Any) -> None:
        """Carts and tills want goods at one moment: who is refused, is so because they are gone."""
        now = self.shop.now
        commands = [
            self.shop.hold(location, cart)
            if kind == "hold"
            else self.shop.order(kind, location, cart)
            for kind, location, cart in batch
        ]

        outcomes = self.at_once(commands)

        for (kind, location, cart), outcome in zip(batch, outcomes, strict=True):
            wanted = needs(cart, location)
            if isinstance(outcome, inventory.Hold):
                self.note_hold(outcome, location, cart)
            elif isinstance(outcome, orders.Order):
                self.placed(kind, wanted, outcome)
            else:
                assert isinstance(outcome, inventory.InsufficientStock)
        for (kind, location, cart), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, inventory.InsufficientStock):
                assert not self.auditor.fits(needs(cart, location), kind, now)
            else:
                for place in needs(cart, location):
                    assert self.auditor.free(place, now) >= 0, place

    @happening(
        sku=skus, location=locations, told=tellings, arrived=tellings, ago=st.integers(0, 900)
    )
    def count_while_others_tell(
        self, sku: str, location: str, told: Any, arrived: Any, ago: int
    ) -> None:
        """A count, sales of offline tills and late receipts at once: in whatever order they come."""
        now, shelf = self.shop.now, self.auditor.shelves[sku, location]
        counted_at, figure = now - timedelta(seconds=ago), 30

        def moment(ago: int) -> datetime:
            return now - timedelta(seconds=ago)

        sales = [
            self.shop.order("carry_out", location, [(sku, n)], at=moment(ago), forced=True)
            for n, ago in told
        ]
        receipts = [
            self.shop.book("receipt", sku, location, n, at=moment(ago), reason="found")
            for n, ago in arrived
        ]
        count = self.shop.book("count", sku, location, figure, at=counted_at)

        *outcomes, counted = self.at_once([*sales, *receipts, count])

        assert all(isinstance(one, orders.Order | inventory.Booked) for one in outcomes)
        assert all(
            row.booked
            for one in outcomes
            if isinstance(one, inventory.Booked)
            for row in one.outcomes
        )
        assert counted.outcomes[0].booked, counted
        shelf.events += [(moment(ago), -n) for n, ago in told]
        shelf.events += [(moment(ago), n) for n, ago in arrived]
        shelf.counts.append((counted_at, figure))
        shelf.suspected = 0

    @happening(location=locations, several=st.integers(2, 6))
    def one_unit_many_tills(self, location: str, several: int) -> None:
        """Tills sell one unit by its number at once: it leaves once."""
        now, wanted = self.shop.now, needs([("S", 1)], location)
        fits = self.auditor.serials.get("s1", True) and self.auditor.fits(wanted, "carry_out", now)
        sale = [("S", 1)]

        outcomes = self.at_once(
            [self.shop.order("carry_out", location, sale, serials=("s1",)) for _ in range(several)]
        )

        sold = [one for one in outcomes if isinstance(one, orders.Order)]
        assert len(sold) == fits
        for one in sold:
            self.placed("carry_out", wanted, one)
            self.auditor.serials["s1"] = False

    @happening(location=locations, cart=carts, several=st.integers(2, 6))
    def one_key_many_times(self, location: str, cart: Any, several: int) -> None:
        """One order is sent many times under one key: it is one order, answered alike."""
        wanted = needs(cart, location)
        fits = self.auditor.fits(wanted, "pickup", self.shop.now)

        outcomes = self.at_once([self.shop.order("pickup", location, cart)] * several)

        placed = [one for one in outcomes if isinstance(one, orders.Order)]
        assert len(placed) == (several if fits else 0)
        if placed:
            assert len({one.id for one in placed}) == 1
            self.placed("pickup", wanted, placed[0])

    @happening(often=2, pick=picks, release=st.booleans())
    def one_hold_many_orders(self, pick: int, release: bool) -> None:
        """A cart is ordered twice and let go at once: whoever is first, its hold ends once."""
        hold_id = self.pick_hold(pick)
        if hold_id is None:
            return
        hold, now = self.auditor.holds[hold_id], self.shop.now
        location = next(iter(hold.needs))[1]
        cart = [(sku, n) for (sku, _), n in hold.needs.items() if n]
        live = not hold.ended and hold.expires_at > now
        commands: list[Any] = [
            self.shop.order("pickup", location, cart, hold=hold_id) for _ in range(2)
        ]
        if release:
            commands.append(self.shop.change_hold(hold_id, None))

        outcomes = self.at_once(commands)

        placed = [one for one in outcomes if isinstance(one, orders.Order)]
        if release or placed:
            hold.ended = True
        if live and not release:
            assert len(placed) <= 1
        state = self.run(self.state_of(hold_id))
        hold.converted, hold.released = state == "converted", state == "released"
        for one in placed:
            self.placed("pickup", needs(cart, location), one)

    async def state_of(self, hold_id: Any) -> str:
        """Return what has become of a hold."""
        async with self.shop.database.transaction() as tx:
            found = await inventory.holds_by_id(tx, [hold_id], now=self.shop.now)
        return found[hold_id].state

    @happening(sku=skus, location=locations, several=st.lists(quantities, min_size=2, max_size=8))
    def receive_at_once(self, sku: str, location: str, several: list[int]) -> None:
        """Deliveries come to one place at once, also to one that never had any."""
        now = self.shop.now

        outcomes = self.at_once(
            [self.shop.book("receipt", sku, location, n, reason="purchase") for n in several]
        )

        assert all(one.outcomes[0].booked for one in outcomes)
        self.auditor.shelves[sku, location].events += [(now, n) for n in several]
