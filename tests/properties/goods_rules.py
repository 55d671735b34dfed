"""Rules of goods: they come, go, are set aside, counted, tracked, transferred, and told of late."""

import asyncio
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from omniretail import inventory, orders
from tests.properties.machine import (
    EXPIRIES,
    SKUS,
    Machine,
    agos,
    happening,
    locations,
    picks,
    process_numbers,
    quantities,
    skus,
)
from tests.properties.shop import LOCATIONS

lots, serials = st.sampled_from(sorted(EXPIRIES)), st.sampled_from(["s1", "s2", "s3"])
STATES = ("available", "damaged", "quality_control")


class Goods(Machine):
    """What happens to goods that nobody ordered."""

    @happening(sku=skus, location=locations, n=quantities, ago=agos, process=process_numbers)
    def receive(self, sku: str, location: str, n: int, ago: int, process: int) -> None:
        """Goods arrive, or arrived a while ago."""
        at = self.shop.now - timedelta(seconds=ago)
        cost = inventory.Cost(Decimal(100 + n), "EUR") if n > 2 else None

        outcome = self.row(
            self.shop.book("receipt", sku, location, n, at=at, reason="purchase", unit_cost=cost),
            process,
        )

        self.auditor.shelves[sku, location].events.append((at, n))
        assert outcome.booked is not None
        assert outcome.booked.on_hand == self.auditor.shelves[sku, location].on_hand

    @happening(sku=skus, location=locations, change=st.integers(-9, 9).filter(bool), ago=agos)
    def adjust(self, sku: str, location: str, change: int, ago: int) -> None:
        """The shelf turns out to hold more or fewer; it cannot lose what is not on it."""
        at = self.shop.now - timedelta(seconds=ago)
        shelf = self.auditor.shelves[sku, location]
        possible = change > 0 or shelf.spoken_for(at) or -change <= shelf.shelf

        outcome = self.row(
            self.shop.book("adjustment", sku, location, change, at=at, reason="count_correction")
        )

        assert (outcome.booked is not None) == possible
        if possible:
            shelf.events.append((at, change))

    @happening(
        sku=skus,
        location=locations,
        n=quantities,
        way=st.permutations(STATES) | st.sampled_from([(s, "shrinkage") for s in STATES[1:]]),
    )
    def set_aside(self, sku: str, location: str, n: int, way: Any) -> None:
        """Goods are put aside, put back, graded anew, or written off."""
        here, there = way[:2]
        shelf = self.auditor.shelves[sku, location]
        stands = shelf.shelf if here == "available" else getattr(shelf, here)
        possible = n <= stands

        outcome = self.row(
            self.shop.book(
                "set_aside", sku, location, n, from_state=here, to_state=there, reason="other"
            )
        )

        assert (outcome.booked is not None) == possible
        if possible:
            for state, change in ((here, -n), (there, n)):
                if state in STATES[1:]:
                    setattr(shelf, state, getattr(shelf, state) + change)
            if there == "shrinkage":
                shelf.events.append((self.shop.now - timedelta(seconds=1), -n))

    @happening(
        sku=skus,
        location=locations,
        figure=st.integers(0, 12),
        ago=agos,
        off_by=st.none() | st.sampled_from([0, 1]),
        process=process_numbers,
    )
    def count(
        self, sku: str, location: str, figure: int, ago: int, off_by: int | None, process: int
    ) -> None:
        """Somebody counted, now or a while ago, perhaps expecting a figure."""
        at = self.shop.now - timedelta(seconds=ago)
        shelf = self.auditor.shelves[sku, location]
        stood, before = shelf.at(at), shelf.on_hand
        after = before if any(c > at for c, _ in shelf.counts) else before + figure - stood
        expected = None if off_by is None else stood + off_by

        outcome = self.row(
            self.shop.book("count", sku, location, figure, at=at, expected=expected), process
        )

        if off_by:
            assert outcome.refused is not None
            assert outcome.refused.code == "count_stale"
        elif after < min(0, before):
            assert outcome.refused is not None
            assert outcome.refused.code == "count_contradicted"
        else:
            assert outcome.variance == figure - stood
            shelf.count(at, figure)

    @happening(sku=st.sampled_from(["A", "B", "L"]), location=locations, n=quantities, ago=agos)
    def tell_of_a_sale(self, sku: str, location: str, n: int, ago: int) -> None:
        """A till was offline and sold: no lack of stock refuses it."""
        at = self.shop.now - timedelta(seconds=ago)

        order = self.do(self.shop.order("carry_out", location, [(sku, n)], at=at, forced=True))

        assert isinstance(order, orders.Order)
        self.auditor.leave((sku, location), n, at)

    @happening(location=locations, lot=lots, n=quantities, process=process_numbers)
    def receive_lot(self, location: str, lot: str, n: int, process: int) -> None:
        """Goods of a lot arrive; some are past their date already."""
        at = self.shop.now

        outcome = self.row(
            self.shop.book(
                *("receipt", "L", location, n),
                lot=lot,
                expires_on=EXPIRIES[lot],
                reason="purchase",
            ),
            process,
        )

        assert outcome.booked is not None
        self.auditor.shelves["L", location].events.append((at, n))
        self.auditor.lots["L", location][lot] += n

    @happening(location=locations, lot=lots, figure=st.integers(0, 5))
    def count_lot(self, location: str, lot: str, figure: int) -> None:
        """Somebody counts a lot that was there once."""
        at, place = self.shop.now, ("L", location)
        if lot not in self.auditor.lots[place]:
            return
        variance = figure - self.auditor.lots[place][lot]

        outcome = self.row(self.shop.book("count", "L", location, figure, lot=lot))

        assert outcome.variance == variance
        self.auditor.shelves[place].events.append((at, variance))
        self.auditor.lots[place][lot] = figure
        if not any(n for other, n in self.auditor.lots[place].items() if other != lot):
            self.auditor.shelves[place].suspected = 0

    @happening(
        sku=st.sampled_from(SKUS), location=locations, n=st.none() | quantities, again=st.booleans()
    )
    def not_found(self, sku: str, location: str, n: int | None, again: bool) -> None:
        """Staff do not find what the books say, perhaps two of them at once: somebody shall count."""
        suspected = self.auditor.shelves[sku, location].suspect
        expected = [suspected(n) for _ in range(1 + again)]

        async def reject() -> list[int]:
            return await asyncio.gather(*(self.shop.not_found(sku, location, n) for _ in expected))

        assert sorted(self.run(reject())) == sorted(expected)
        self.shop.now += timedelta(seconds=1)

    @happening(location=locations, lot=lots, n=quantities)
    def lose_of_a_lot(self, location: str, lot: str, n: int) -> None:
        """Units of a lot are gone."""
        at, place = self.shop.now, ("L", location)
        possible = n <= min(self.auditor.lots[place][lot], self.auditor.shelves[place].shelf)

        outcome = self.row(self.shop.book("adjustment", "L", location, -n, lot=lot, reason="theft"))

        assert (outcome.booked is not None) == possible
        if possible:
            self.auditor.shelves[place].events.append((at, -n))
            self.auditor.lots[place][lot] -= n

    @happening(location=locations, kind=st.sampled_from(["carry_out", "pickup"]), n=quantities)
    def sell_of_lots(self, location: str, kind: orders.FulfillmentKind, n: int) -> None:
        """A customer wants what has lots."""
        wanted = Counter({("L", location): n})
        fits = self.auditor.fits(wanted, kind, self.shop.now)

        outcome = self.do(self.shop.order(kind, location, [("L", n)]))

        assert isinstance(outcome, orders.Order) == fits
        if fits:
            self.placed(kind, wanted, outcome)

    @happening(location=locations, serial=serials, process=process_numbers)
    def receive_unit(self, location: str, serial: str, process: int) -> None:
        """A unit with a number comes, or comes back; it cannot come twice."""
        at, there = self.shop.now, self.auditor.serials.get(serial, False)

        outcome = self.row(
            self.shop.book(
                *("receipt", "S", location, 1),
                serials=(serial,),
                from_state="customer" if serial in self.auditor.serials else "supplier",
                reason="other",
            ),
            process,
        )

        assert (outcome.booked is not None) == (not there)
        if not there:
            self.auditor.shelves["S", location].events.append((at, 1))
            self.auditor.serials[serial] = True

    @happening(location=locations, serial=serials)
    def sell_unit(self, location: str, serial: str) -> None:
        """A unit with a number is sold; it cannot leave twice."""
        wanted = Counter({("S", location): 1})
        fits = self.auditor.serials.get(serial, True) and self.auditor.fits(
            wanted, "carry_out", self.shop.now
        )

        outcome = self.do(self.shop.order("carry_out", location, [("S", 1)], serials=(serial,)))

        assert isinstance(outcome, orders.Order) == fits
        if fits:
            self.placed("carry_out", wanted, outcome)
            self.auditor.serials[serial] = False

    @happening(sku=skus, way=st.permutations(LOCATIONS), n=quantities, process=process_numbers)
    def send_off(self, sku: str, way: tuple[str, ...], n: int, process: int) -> None:
        """Goods that nobody was promised leave for another location."""
        source, destination = way[:2]
        draft = self.shop.transfer(source, destination, sku, n)
        assert isinstance(self.do(draft), inventory.Transfer)
        at = self.shop.now
        fits = n <= self.auditor.free((sku, source), at)

        outcome = self.do(self.shop.ship(draft.transfer_id), process)

        assert isinstance(outcome, inventory.Transfer) == fits
        if fits:
            self.auditor.shelves[sku, source].events.append((at, -n))
            self.in_transit[draft.transfer_id] = sku, destination, n

    @happening(pick=picks, most=quantities, process=process_numbers)
    def arrive(self, pick: int, most: int, process: int) -> None:
        """Some of what is in transit arrives."""
        if not self.in_transit:
            return
        transfer = sorted(self.in_transit)[pick % len(self.in_transit)]
        sku, destination, left = self.in_transit.pop(transfer)
        n, at = min(most, left), self.shop.now

        outcome = self.do(self.shop.arrive(transfer, n), process)

        assert isinstance(outcome, inventory.Transfer)
        self.auditor.shelves[sku, destination].events.append((at, n))
        if n < left:
            self.in_transit[transfer] = sku, destination, left - n

    @happening(ago=st.integers(0, 3600))
    def look_back(self, ago: int) -> None:
        """What stood there a while ago is what the auditor knows today of that moment."""
        at = self.shop.now - timedelta(seconds=ago)

        async def read() -> Any:
            async with self.shop.database.transaction() as tx:
                query = inventory.AvailabilityQuery(SKUS)
                return await inventory.availability_as_of(tx, query, as_of=at, now=self.shop.now)

        for found in self.run(read()):
            for standing in found.standings:
                place = found.sku, standing.location
                assert standing.on_hand == self.auditor.shelves[place].at(at), place
