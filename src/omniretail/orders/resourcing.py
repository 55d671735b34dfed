"""Finding another location for goods that one could not serve, and what came of it. Pure.

All that is known here is locked: a plan that is made stands.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from omniretail import catalog, inventory, sourcing
from omniretail.errors import DomainError, Refused
from omniretail.ids import new_id
from omniretail.orders.exceptions import NewException
from omniretail.orders.order import Fulfillment, Order, OrderLine

Place = tuple[str, str]
Route = dict[str, list[tuple[int, int]]]
"""Who serves lines: per location the position of each, and how many units of it."""


class NotSourced(Refused):
    """No other location can serve it."""

    def __init__(self, short: Mapping[str, int]) -> None:
        super().__init__(
            "No location can serve it just now.",
            short=[{"sku": sku, "quantity": units} for sku, units in sorted(short.items())],
        )


class RejectedLine(msgspec.Struct, frozen=True, kw_only=True):
    """So many units of a line that a location could not serve, and until when it is barred."""

    order_id: UUID
    fulfillment_id: UUID
    line_number: int
    sku: str
    components: dict[str, int] | None
    location: str
    quantity: int
    reason: str
    collateral: bool
    occurred_at: datetime
    barred_until: datetime
    actor_id: UUID
    id: UUID = msgspec.field(default_factory=new_id)


class Search:
    """Where goods of a batch may come from instead, and what is to be written of it.

    `barred` says which SKUs of which order may not come from which location. What was `asked` about
    is where goods were not to be had; `places` are where they may come from instead, levels to lock.
    `counting` are the places that somebody shall count already because of a suspicion.
    """

    def __init__(
        self,
        survey: sourcing.Survey,
        policies: Mapping[str, sourcing.SourcingPolicy],
        pools: Mapping[str, inventory.ChannelPolicy],
        barred: dict[UUID, set[Place]],
        *,
        asked: frozenset[Place],
        places: frozenset[Place],
    ) -> None:
        self._survey = survey
        self._policies = policies
        self._pools = pools
        self._barred = barred
        self.asked = asked
        self.places = places
        self.counting: set[Place] = set()
        self.rejected: list[RejectedLine] = []
        self.suspicions: list[inventory.Suspicion] = []
        self.exceptions: list[NewException] = []
        self.sourced: list[tuple[UUID, UUID, UUID]] = []

    def location(self, code: str) -> catalog.LocationSpec | None:
        """Return a location as it was read, if there is one."""
        return self._survey.locations.get(code)

    def may_try(self, order: Order, part: Fulfillment) -> bool:
        """Tell whether a fulfillment may be sourced once more without staff."""
        return part.attempt < self._policies[order.channel].max_attempts

    def bar(self, order: Order, line: RejectedLine) -> None:
        """Note a rejection: its location gets the SKU back never in this batch, and not too soon."""
        self.rejected.append(line)
        self._barred.setdefault(order.id, set()).add((line.sku, line.location))

    def barred_until(self, order: Order, at: datetime) -> datetime:
        """Return how long a location that rejected at a moment is barred."""
        return at + timedelta(hours=self._policies[order.channel].cooling_off_hours)

    def route(
        self,
        order: Order,
        part: Fulfillment,
        lines: Sequence[OrderLine],
        stock: inventory.Stock,
    ) -> Route:
        """Return who serves lines of a fulfillment instead: all of them, or each that can be.

        Lines that no plan serves are in no part of it.
        """
        route: Route = {}
        promised: dict[Place, int] = {}

        def available(sku: str, location: str) -> int:
            there = stock.level(sku, location).available_to_promise
            return there - promised.get((sku, location), 0)

        whole = list(range(len(lines)))
        for positions in (whole, *([at] for at in whole if len(whole) > 1)):
            if any(
                at == taken for units in route.values() for taken, _ in units for at in positions
            ):
                continue
            ask = self._ask(order, part, [lines[at] for at in positions])
            plan = sourcing.make_plan(
                ask,
                self._survey.places,
                available,
                self._policies[order.channel],
                room=self._survey.room,
            )
            for location, units in plan.parts.items():
                for at, quantity in units:
                    route.setdefault(location, []).append((positions[at], quantity))
                    for sku, each in ask.lines[at].parts.items():
                        place = sku, location
                        promised[place] = promised.get(place, 0) + each * quantity
        for location in route:
            if location in self._survey.room and location != _store(part):
                self._survey.room[location] -= 1
        return route

    def _ask(self, order: Order, part: Fulfillment, lines: Sequence[OrderLine]) -> sourcing.Ask:
        pool, store = self._pools.get(order.channel), _store(part)
        customer = order.ship_to.point if order.ship_to is not None else None
        return sourcing.Ask(
            kind="ship" if store is None else "ship_to_store",
            lines=tuple(
                sourcing.AskedLine(
                    sku=line.sku, quantity=line.open_quantity, components=line.components
                )
                for line in lines
            ),
            point=customer if store is None else None,
            destination=store,
            barred=frozenset(
                (position, location)
                for position, line in enumerate(lines)
                for sku, location in self._barred.get(order.id, ())
                if sku == line.sku
            ),
            pool=None if pool is None else pool.pool,
        )

    def named(
        self, part: Fulfillment, lines: Sequence[OrderLine], code: str
    ) -> Route | DomainError:
        """Return the route by which one location that staff name serves all lines, or why it cannot."""
        location = self.location(code)
        if location is None:
            return catalog.UnknownLocation(code)
        kind = "pickup" if code == _store(part) else "ship"
        if not location.serves(kind):
            return catalog.LocationNotServing(location=code, kind=kind)
        return {code: [(at, line.open_quantity) for at, line in enumerate(lines)]}


def _store(part: Fulfillment) -> str | None:
    """Return the store where goods are collected, if they are."""
    return None if part.kind == "ship" else part.collected_at


def goods(line: OrderLine) -> Iterator[str]:
    """Yield the SKUs that a line takes from the shelves."""
    yield from line.components or (line.sku,)
