"""Finding the locations that serve what an order wants, where it names none.

A plan is made without locks, for the whole batch; under the locks of its levels it is judged again.
Where goods turned out to be gone, or no plan was found, all candidates are locked, and the plan that
is made then holds.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from omniretail import catalog, inventory, sourcing
from omniretail.db import RaceLost, Transaction
from omniretail.orders.drafting import Routes
from omniretail.orders.wishes import FulfillmentWish, PlaceOrder


class Router:
    """The plans of a batch, and what making another one needs."""

    def __init__(
        self,
        survey: sourcing.Survey,
        policies: Mapping[str, sourcing.SourcingPolicy],
        pools: Mapping[str, inventory.ChannelPolicy],
        skus: Mapping[str, catalog.SkuTraits],
    ) -> None:
        self._survey = survey
        self._policies = policies
        self._pools = pools
        self._skus = skus
        self._room = dict(survey.room)
        self.routes: dict[UUID, Mapping[str, Sequence[tuple[int, int]]]] = {}

    def plan(self, command: PlaceOrder) -> bool:
        """Plan who serves what a command leaves open; tells whether all of it can be served."""
        for wish in unrouted(command):
            ask = self._ask(command, wish)
            if ask is None:
                return False
            plan = self._survey.plan(ask, self._policies[command.channel])
            if plan.short:
                return False
            self._survey.take(ask, plan)
            self.routes[wish.id] = plan.parts
        return True

    def is_planned(self, command: PlaceOrder) -> bool:
        """Tell whether all that a command leaves open was planned."""
        return all(wish.id in self.routes for wish in unrouted(command))

    def places(self, commands: Sequence[PlaceOrder]) -> Iterator[tuple[str, str]]:
        """Yield every SKU with every location that commands may be served from."""
        for command in commands:
            for wish in unrouted(command):
                for line in wish.lines:
                    for location in self._survey.locations:
                        yield line.sku, location

    def route(
        self,
        command: PlaceOrder,
        stock: inventory.Stock,
        freed: Mapping[tuple[str, str], int] = {},
    ) -> Routes | inventory.InsufficientStock:
        """Plan a command by what is locked, and by what was promised to those before it.

        What its own holds keep is there for it; `freed` units are promised no longer, by the same
        command. Raises: RaceLost where a SKU has come in since the first plans were made.
        """
        room = dict(self._room)
        routes: dict[UUID, Mapping[str, Sequence[tuple[int, int]]]] = {}
        taken = Counter[tuple[str, str]]()
        for hold in command.hold_ids:
            for line in stock.holds.get(hold, ()):
                taken[line.sku, line.location] -= line.quantity
        taken.update(self._located(command))

        def available(sku: str, location: str) -> int:
            level = stock.level(sku, location)
            there = max(level.available_to_promise, stock.orderable(sku, location))
            place = sku, location
            return there + freed.get(place, 0) - taken[place]

        for wish in unrouted(command):
            ask = self._ask(command, wish)
            if ask is None:
                raise RaceLost
            plan = sourcing.make_plan(
                ask,
                self._survey.places,
                available,
                self._policies[command.channel],
                room=room,
            )
            if plan.short:
                return _short(wish, plan.short)
            for location, units in plan.parts.items():
                if location in room:
                    room[location] -= 1
                for position, quantity in units:
                    for sku, each in ask.lines[position].parts.items():
                        taken[sku, location] += each * quantity
            routes[wish.id] = plan.parts
        return routes

    def _located(self, command: PlaceOrder) -> Counter[tuple[str, str]]:
        """Return what a command wants from locations that it names, of goods that are planned here."""
        wanted = Counter[tuple[str, str]]()
        for wish in command.fulfillments:
            if wish.location is not None:
                for line in wish.lines:
                    traits = self._skus.get(line.sku)
                    for part in inventory.parts(
                        line.sku, line.quantity, traits.components if traits else None
                    ):
                        wanted[part.sku, wish.location] += part.quantity
        return wanted

    def take(self, routes: Routes) -> None:
        """Note that routes by what is locked are carried out: their locations have less room left."""
        for parts in routes.values():
            for location in parts:
                if location in self._room:
                    self._room[location] -= 1

    def _ask(self, command: PlaceOrder, wish: FulfillmentWish) -> sourcing.Ask | None:
        if any(line.sku not in self._skus for line in wish.lines):
            return None
        assert wish.kind != "carry_out", "what is carried out is where the customer is"
        pool = self._pools.get(command.channel)
        customer = command.ship_to.point if command.ship_to is not None else None
        return sourcing.Ask(
            kind=wish.kind,
            lines=tuple(
                sourcing.AskedLine(
                    sku=line.sku,
                    quantity=line.quantity,
                    components=self._skus[line.sku].components,
                )
                for line in wish.lines
            ),
            prefer=wish.prefer,
            point=customer if wish.kind == "ship" else None,
            destination=wish.destination,
            pool=None if pool is None else pool.pool,
        )


def unrouted(command: PlaceOrder) -> list[FulfillmentWish]:
    """Return the fulfillments of a command that name no location."""
    return [wish for wish in command.fulfillments if wish.location is None]


async def router(tx: Transaction, commands: Sequence[PlaceOrder], *, now: datetime) -> Router:
    """Return the plans of a batch, made without locks, command after command."""
    skus = {line.sku for command in commands for wish in unrouted(command) for line in wish.lines}
    sellers = {command.channel for command in commands}
    traits, policies, pools, survey = await _read(tx, skus, sellers, now=now)
    made = Router(survey, policies, pools, traits)
    for command in commands:
        made.plan(command)
    return made


async def _read(
    tx: Transaction, skus: set[str], sellers: set[str], *, now: datetime
) -> tuple[
    dict[str, catalog.SkuTraits],
    dict[str, sourcing.SourcingPolicy],
    dict[str, inventory.ChannelPolicy],
    sourcing.Survey,
]:
    traits, policies, pools, candidates, units = await tx.read(
        catalog.skus_by_code(skus),
        sourcing.policies(sellers),
        inventory.channel_policies(sellers),
        sourcing.candidates(now=now),
        sourcing.promisable(skus),
    )
    return traits, policies, pools, sourcing.Survey(candidates, units)


def _short(wish: FulfillmentWish, missing: Mapping[str, int]) -> inventory.InsufficientStock:
    """Return what no plan could find, over all locations together."""
    wanted: dict[str, int] = {}
    for line in wish.lines:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    return inventory.InsufficientStock(
        [
            inventory.Shortage(sku, wish.destination or "", wanted[sku], wanted[sku] - units)
            for sku, units in missing.items()
        ]
    )
