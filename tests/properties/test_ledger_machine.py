"""The ledger beside an independent auditor: whatever is done, in whatever order, both agree.

Each rule drives the real operations on a real database, several at once where it says so; the
auditor is a dictionary that knows nothing of how the ledger works.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from omniretail import audit, catalog, channels, clock, embedded, inventory, orders, pricing
from omniretail.api.process import Process
from omniretail.errors import DomainError
from omniretail.idempotency import Answer, Key
from omniretail.ids import new_id
from omniretail.settings import Settings
from tests.conftest import cloned

SKUS, LOCATIONS = ("A", "B"), ("WH", "S1")
PRICES = {"A": 2000, "B": 99}
OFFICE = channels.Principal(
    id=UUID(int=7),
    kind="integration",
    name="office",
    scopes=frozenset(channels.SCOPES),
    channel=None,
    locations=frozenset(),
)
skus, locations, quantities = st.sampled_from(SKUS), st.sampled_from(LOCATIONS), st.integers(1, 4)
kinds: st.SearchStrategy[orders.FulfillmentKind] = st.sampled_from(["carry_out", "pickup", "ship"])
lines = st.lists(st.tuples(skus, quantities), min_size=1, max_size=4)
wishes = st.tuples(kinds, locations, lines)


class Ledger(RuleBasedStateMachine):
    """Drives the ledger and its auditor side by side."""

    server: embedded.Server

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clone = cloned(self.server)
        url = self.run(self.clone.__aenter__())
        self.process = Process(Settings(database_url=url, pool_size=2))
        self.on_hand: Counter[tuple[str, str]] = Counter()
        self.promised: Counter[tuple[str, str]] = Counter()
        self.open: dict[UUID, orders.Order] = {}
        self.keys = 0

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run one piece of work to its end; rules themselves cannot be coroutines."""
        return self.runner.run(work)

    def key(self) -> Key:
        """Return a key that was never used."""
        self.keys += 1
        return Key(OFFICE.id, f"key-{self.keys}", b"hash")

    @initialize()
    def open_shop(self) -> None:
        """Put the master data in place."""

        async def everything(tx: Any) -> None:
            now = clock.now()
            await channels.put_channel(
                tx,
                channels.ChannelSpec(code="web", name="web", kind="web", currency="EUR"),
                now=now,
            )
            await catalog.put_locations(
                tx, [catalog.LocationSpec(code=code, name=code) for code in LOCATIONS], now=now
            )
            await catalog.put_skus(
                tx, [catalog.SkuSpec(code=code, name=code) for code in SKUS], now=now
            )
            await pricing.put_price_list(
                tx, pricing.PriceListSpec(code="list", name="list", currency="EUR"), now=now
            )
            await pricing.set_prices(
                tx,
                [
                    pricing.NewPrice(
                        price_list="list",
                        sku=sku,
                        amount_minor=amount,
                        currency="EUR",
                        valid_from=now,
                    )
                    for sku, amount in PRICES.items()
                ],
                now=now,
            )

        self.run(self.process.database.run(everything))
        for sku in SKUS:
            for location in LOCATIONS:
                self.book("receipt", sku, location, 5, "opening_balance")
                self.on_hand[sku, location] = 5

    def place_command(
        self, kind: orders.FulfillmentKind, location: str, wanted: list[tuple[str, int]]
    ) -> orders.PlaceOrder:
        """Return the command for an order, paid exactly."""
        return orders.PlaceOrder(
            key=self.key(),
            order_id=new_id(),
            principal=OFFICE,
            channel="web",
            location=None,
            placed_at=clock.now(),
            fulfillments=(
                orders.FulfillmentWish(
                    id=new_id(),
                    kind=kind,
                    location=location,
                    lines=tuple(orders.LineWish(sku=sku, quantity=n) for sku, n in wanted),
                ),
            ),
            tenders=(
                orders.TenderGiven(
                    type="cash",
                    amount_minor=sum(PRICES[sku] * n for sku, n in wanted),
                    currency="EUR",
                ),
            ),
        )

    def book(self, kind: Any, sku: str, location: str, change: int, reason: str) -> Any:
        """Book one row and return its outcome."""
        command = inventory.BookDocument(
            key=self.key(),
            principal=OFFICE,
            document_id=new_id(),
            type=kind,
            rows=(
                inventory.DocumentRow(
                    sku=sku,
                    location=location,
                    quantity=change,
                    reason=reason,
                    occurred_at=clock.now(),
                ),
            ),
        )
        return self.run(self.process.book(command)).value.outcomes[0]

    @rule(sku=skus, location=locations, quantity=quantities)
    def receive(self, sku: str, location: str, quantity: int) -> None:
        """Goods arrive."""
        outcome = self.book("receipt", sku, location, quantity, "purchase")

        self.on_hand[sku, location] += quantity
        assert outcome.booked.on_hand == self.on_hand[sku, location]

    @rule(sku=skus, location=locations, change=st.integers(-9, 9).filter(bool))
    def adjust(self, sku: str, location: str, change: int) -> None:
        """The shelf turns out to hold more or fewer."""
        possible = self.on_hand[sku, location] + change >= 0

        outcome = self.book("adjustment", sku, location, change, "count_correction")

        assert (outcome.booked is not None) == possible
        if possible:
            self.on_hand[sku, location] += change

    @rule(wish=wishes)
    def place(self, wish: tuple[orders.FulfillmentKind, str, list[tuple[str, int]]]) -> None:
        """One customer buys."""
        kind, location, wanted = wish
        fits = self.fits(location, wanted)

        outcome = self.attempt(self.place_command(*wish))

        assert isinstance(outcome, Answer) == fits
        if isinstance(outcome, Answer):
            self.take(kind, location, wanted, outcome.value)

    @rule(batch=st.lists(wishes, min_size=2, max_size=12))
    def place_at_once(
        self, batch: list[tuple[orders.FulfillmentKind, str, list[tuple[str, int]]]]
    ) -> None:
        """Many customers buy at the same moment: whoever is served, the shelf is never oversold."""
        commands = [self.place_command(*wish) for wish in batch]

        async def all_at_once() -> list[Any]:
            return await asyncio.gather(
                *(self.process.place_order(command) for command in commands),
                return_exceptions=True,
            )

        for wish, outcome in zip(batch, self.run(all_at_once()), strict=True):
            if isinstance(outcome, Answer):
                self.take(*wish, outcome.value)
            else:
                assert isinstance(outcome, inventory.InsufficientStock)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def fulfill(self, data: st.DataObject) -> None:
        """Some or all of an order's goods leave."""
        order = data.draw(st.sampled_from(sorted(self.open.values(), key=lambda one: one.id)))
        part = order.fulfillments[0]
        quantities = self.some(data, order)
        taken = quantities or {line.number: line.open_quantity for line in part.lines}
        leaving = self.per_sku(order, taken)
        possible = all(self.on_hand[sku, part.location] >= n for sku, n in leaving.items())

        outcome = self.change(
            orders.Fulfill(
                key=self.key(),
                principal=OFFICE,
                fulfillment_id=part.id,
                step="shipment" if part.kind == "ship" else "handover",
                quantities=quantities,
                occurred_at=clock.now(),
            )
        )

        assert isinstance(outcome, Answer) == possible
        if isinstance(outcome, Answer):
            for sku, n in leaving.items():
                self.on_hand[sku, part.location] -= n
                self.promised[sku, part.location] -= n
            self.keep(outcome.value)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Some or all of what is open of an order is cancelled, and its money goes back."""
        order = data.draw(st.sampled_from(sorted(self.open.values(), key=lambda one: one.id)))
        part = order.fulfillments[0]
        quantities = self.some(data, order)
        taken = quantities or {line.number: line.open_quantity for line in part.lines}

        outcome = self.change(
            orders.Cancel(
                key=self.key(),
                principal=OFFICE,
                order_id=order.id,
                reason="changed their mind",
                quantities=quantities,
                occurred_at=clock.now(),
            )
        )

        assert isinstance(outcome, Answer)
        back = outcome.value.refunded_minor - order.refunded_minor
        assert back == sum(line.unit_price_minor * taken.get(line.number, 0) for line in part.lines)
        for sku, n in self.per_sku(order, taken).items():
            self.promised[sku, part.location] -= n
        self.keep(outcome.value)

    @invariant()
    def the_auditor_agrees(self) -> None:
        """Every level is what the auditor counted."""

        async def read() -> list[inventory.Availability]:
            return await self.process.availability(inventory.AvailabilityQuery(SKUS, LOCATIONS))

        if not self.keys:
            return
        for found in self.run(read()):
            for standing in found.standings:
                place = found.sku, standing.location
                assert standing.on_hand == self.on_hand[place]
                assert standing.allocated == self.promised[place]

    def teardown(self) -> None:
        """Prove the books, and let the database go."""

        async def end() -> None:
            async with self.process.database.transaction(snapshot=True) as tx:
                findings = await audit.audit(tx)
            await self.process.close()
            await self.clone.__aexit__(None, None, None)
            assert all(finding.holds for finding in findings)

        self.run(end())
        self.runner.close()

    def fits(self, location: str, wanted: list[tuple[str, int]]) -> bool:
        """Tell whether the auditor would serve a basket."""
        needs: Counter[str] = Counter()
        for sku, n in wanted:
            needs[sku] += n
        return all(
            n <= self.on_hand[sku, location] - self.promised[sku, location]
            for sku, n in needs.items()
        )

    def take(
        self,
        kind: orders.FulfillmentKind,
        location: str,
        wanted: list[tuple[str, int]],
        order: orders.Order,
    ) -> None:
        """Count what an accepted order took or was promised."""
        books = self.on_hand if kind == "carry_out" else self.promised
        for sku, n in wanted:
            books[sku, location] += -n if kind == "carry_out" else n
        self.keep(order)

    def keep(self, order: orders.Order) -> None:
        """Remember an order while anything of it is open."""
        self.open.pop(order.id, None)
        if order.fulfillment_status in {"open", "part"}:
            self.open[order.id] = order

    def some(self, data: st.DataObject, order: orders.Order) -> dict[int, int]:
        """Draw some of an order's open units; nothing drawn means all of them."""
        drawn = {line.number: data.draw(st.integers(0, line.open_quantity)) for line in order.lines}
        return {number: n for number, n in drawn.items() if n}

    def per_sku(self, order: orders.Order, taken: dict[int, int]) -> Counter[str]:
        """Sum quantities by line into quantities by SKU."""
        sums: Counter[str] = Counter()
        for line in order.lines:
            sums[line.sku] += taken.get(line.number, 0)
        return sums

    def attempt(self, command: orders.PlaceOrder) -> Answer[orders.Order] | DomainError:
        """Place one order; a refusal is a value here."""
        try:
            answer: Answer[orders.Order] = self.run(self.process.place_order(command))
        except DomainError as refusal:
            return refusal
        return answer

    def change(self, command: orders.Fulfill | orders.Cancel) -> Answer[orders.Order] | DomainError:
        """Change one order; a refusal is a value here."""
        try:
            answer: Answer[orders.Order] = self.run(self.process.change_order(command))
        except DomainError as refusal:
            return refusal
        return answer


def test_the_ledger_and_its_auditor_agree(server: embedded.Server) -> None:
    machine = type("LedgerOnServer", (Ledger,), {"server": server})
    run_state_machine_as_test(
        machine,
        settings=settings(
            # An example is a whole database: a twentieth of what pure properties are given.
            max_examples=max(30, settings().max_examples // 20),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
