"""The ledger machine's frame: a fresh database, the shop over it, the auditor beside it, their time.

Time starts some days ago and only moves forward; every operation is given it. What may happen are the
methods marked `happening`; all that they are given is drawn beforehand, for what there is to choose
from may depend on who won a race.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import strategies as st

from omniretail import audit, clock, embedded, inventory, orders
from tests.conftest import cloned
from tests.properties.auditor import Auditor, Needs, Place, needs
from tests.properties.shop import LOCATIONS, Lines, Shop

SKUS = ("A", "B", "L", "S")
START = (clock.now() - timedelta(days=5)).replace(hour=3, minute=0, second=0, microsecond=0)
EXPIRIES = {
    "GONE": (START - timedelta(days=9)).date(),
    "SOON": (START + timedelta(days=30)).date(),
    "EVER": None,
}

# Most happens where there are goods; S2 never had any.
skus, locations = st.sampled_from(["A", "B"]), st.sampled_from(["WH", "S1", "WH", "S1", "S2"])
quantities = st.integers(1, 4)
kinds: st.SearchStrategy[orders.FulfillmentKind] = st.sampled_from(["carry_out", "pickup", "ship"])
carts = st.lists(
    st.tuples(st.sampled_from(["A", "B", "K"]), st.integers(1, 3)), min_size=1, max_size=2
)
agos = st.just(0) | st.integers(1, 1800)
process_numbers = st.integers(0, 1)
picks = st.integers(0, 99)


Method = TypeVar("Method", bound=Callable[..., None])


_happenings: list[st.SearchStrategy[tuple[str, dict[str, Any]]]] = []


def happening(often: int = 1, **given: st.SearchStrategy[Any]) -> Callable[[Method], Method]:
    """Mark a method as something that may happen, how often beside others, and what it is given."""

    def mark(method: Method) -> Method:
        one = st.tuples(st.just(method.__name__), st.fixed_dictionaries(given))
        _happenings.extend([one] * often)
        return method

    return mark


def days() -> st.SearchStrategy[list[tuple[str, dict[str, Any]]]]:
    """Some days in the life of a shop: what happens one after the other."""
    return st.lists(st.sampled_from(_happenings).flatmap(lambda one: one), min_size=25, max_size=60)


class Machine:
    """Drives the ledger and its auditor side by side."""

    def __init__(self, server: embedded.Server) -> None:
        self.runner = asyncio.Runner()
        self.clone = cloned(server)
        self.shop = Shop(self.run(self.clone.__aenter__()), START)
        self.auditor = Auditor(EXPIRIES, START.date())
        self.open: dict[UUID, orders.Order] = {}
        self.in_transit: dict[UUID, tuple[str, str, int]] = {}
        self.asked = 0

    def live(self, opening: int, days: list[tuple[str, dict[str, Any]]]) -> None:
        """Open the shop, let things happen, and compare the books after each; then prove them."""
        try:
            self.open_shop(opening)
            for name, given in days:
                getattr(self, name)(**given)
                self.the_auditor_agrees()
                self.nobody_gets_one_more()
            self.run(self.prove())
        finally:
            self.run(self.close())
            self.runner.close()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run one piece of work to its end; rules themselves cannot be coroutines."""
        return self.runner.run(work)

    def do(self, command: Any, process: int = 0) -> Any:
        """Send one command, a second later than the one before; a refusal is a value."""
        outcome = self.run(self.shop.processes[process](command))
        self.shop.now += timedelta(seconds=1)
        return outcome

    def at_once(self, commands: list[Any]) -> list[Any]:
        """Send commands to both processes at the same moment."""
        outcomes: list[Any] = self.run(self.shop.all_at_once(commands))
        self.shop.now += timedelta(seconds=1)
        return outcomes

    def row(self, command: inventory.BookDocument, process: int = 0) -> inventory.RowOutcome:
        """Book a document of one row; return its outcome."""
        booked: inventory.Booked = self.do(command, process)
        return booked.outcomes[0]

    def pick_order(self, pick: int) -> orders.Order | None:
        """Return one of the open orders, if there are any."""
        found = sorted(self.open.values(), key=lambda one: one.id)
        return found[pick % len(found)] if found else None

    def pick_hold(self, pick: int) -> UUID | None:
        """Return one of the holds there were, if there were any."""
        found = sorted(self.auditor.holds)
        return found[pick % len(found)] if found else None

    def keep(self, order: orders.Order) -> None:
        """Remember an order while anything of it is open."""
        self.open.pop(order.id, None)
        if order.fulfillment_status in {"open", "part"}:
            self.open[order.id] = order

    def placed(self, kind: str, wanted: Needs, order: orders.Order) -> None:
        """Note an order that was accepted."""
        self.auditor.take(wanted, kind, order.placed_at)
        self.keep(order)

    def note_hold(self, hold: inventory.Hold, location: str, granted: Lines) -> None:
        """Note a hold that was placed."""
        self.auditor.keep_for(hold.id, needs(granted, location), hold.expires_at)

    def open_shop(self, opening: int) -> None:
        """Put the master data in place, and goods into two of three locations."""
        self.run(self.shop.open())
        for location in ("WH", "S1"):
            for sku in ("A", "B"):
                opened = self.shop.book("receipt", sku, location, opening, reason="opening_balance")
                self.row(opened)
                event = (self.shop.now - timedelta(seconds=1), opening)
                self.auditor.shelves[sku, location].events.append(event)

    @happening(often=2, seconds=st.sampled_from([60, 599, 601, 1800]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.shop.now += timedelta(seconds=seconds)

    def the_auditor_agrees(self) -> None:
        """Every level and lot is what the auditor counted, and so is what may be promised."""
        levels, lots, standings = self.run(self.read())
        self.auditor.find_what_left()
        for place, shelf in self.auditor.shelves.items():
            noted = (
                *(shelf.on_hand, shelf.allocated, shelf.damaged, shelf.quality_control),
                shelf.suspected,
            )
            assert levels.get(place, (0, 0, 0, 0, 0)) == noted, place
            if place in standings:
                now = self.shop.now
                assert standings[place] == (
                    self.auditor.held(place, now),
                    self.auditor.promisable(place, now),
                ), place
        noted_lots = {
            (*place, lot): n
            for place, of in self.auditor.lots.items()
            for lot, n in of.items()
            if n
        }
        assert lots == noted_lots

    def nobody_gets_one_more(self) -> None:
        """A cart or a till that wants one more than there is everywhere is told what there is."""
        self.asked += 1
        now, places = self.shop.now, [(sku, at) for sku in SKUS[:3] for at in LOCATIONS]
        if self.asked % 2:
            there = {place: self.auditor.promisable(place, now) for place in places}
            command: Any = self.shop.hold_everywhere({place: n + 1 for place, n in there.items()})
        else:
            there = {
                place: max(0, self.auditor.free(place, now)) for place in places if place[0] != "L"
            }
            command = self.shop.sell_everywhere({place: n + 1 for place, n in there.items()})

        outcome = self.run(self.shop.processes[self.asked // 2 % 2](command))

        assert isinstance(outcome, inventory.InsufficientStock)
        told = {(one.sku, one.location): one.available for one in outcome.shortages}
        assert told == there

    async def read(self) -> Any:
        """Return all levels, all lots, and what the shop says may be promised."""
        async with self.shop.database.transaction() as tx:
            levels = {
                (row["sku"], row["location"]): tuple(row)[2:]
                for row in await tx.fetch(
                    "select sku, location, on_hand, allocated, damaged, quality_control, suspected"
                    " from stock_level"
                )
            }
            lots = {
                tuple(row)[:3]: row["on_hand"]
                for row in await tx.fetch(
                    "select sku, location, lot, on_hand from stock_lot where on_hand > 0"
                )
            }
            query = inventory.AvailabilityQuery(SKUS)
            (answer,) = await inventory.availability(tx, [query], now=self.shop.now)
            assert isinstance(answer, list)
            standings: dict[Place, tuple[int, int]] = {
                (one.sku, standing.location): (standing.held, standing.available_to_promise)
                for one in answer
                for standing in one.standings
            }
            return levels, lots, standings

    async def prove(self) -> None:
        """Run the audit."""
        async with self.shop.database.transaction(snapshot=True) as tx:
            findings = await audit.audit(tx, now=self.shop.now)
        assert [finding for finding in findings if not finding.holds] == []

    async def close(self) -> None:
        """Let the connections and the database go."""
        await self.shop.close()
        with suppress(AssertionError):  # what is untrue has been told by now
            await self.clone.__aexit__(None, None, None)
