"""Rejecting: a location cannot serve what it was given; its promise ends, and others are looked for. Pure.

The reason says what becomes of the stock, and whether other orders there are in the same case.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import channels, idempotency, inventory
from omniretail.errors import DomainError
from omniretail.ids import new_id
from omniretail.orders.drafting import promised_at
from omniretail.orders.exceptions import NewException
from omniretail.orders.machine import TransitionRefused, after
from omniretail.orders.order import Fulfillment, Order, OrderLine
from omniretail.orders.parting import dealt, left_behind, moved_to, parted
from omniretail.orders.resourcing import NotSourced, RejectedLine, Route, Search, goods
from omniretail.orders.world import Quantities, World, released, taken

RejectionReason = Literal["not_in_stock", "damaged", "mismatch", "no_variance"]

UNPACKED = ("allocated", "picking")
"""In these states goods are on the shelf still, as far as anybody knows."""

Touched = tuple[Fulfillment, Mapping[int, int]]
"""A fulfillment, and how many of each of its lines it cannot serve."""


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """The command to say that a location cannot serve a fulfillment, wholly or in part, and why.

    `collateral`: what is not in stock is so for other orders, too. `missing` is how many units of
    each SKU were not there, of a mismatch; as many as are rejected unless it says. `lots` say of
    which lot damaged units are, by line. `short`: nobody looked; its place promises more than it has.
    """

    key: idempotency.Key
    principal: channels.Principal
    fulfillment_id: UUID
    reason: RejectionReason
    quantities: Quantities
    occurred_at: datetime
    note: str | None = None
    collateral: bool = True
    missing: int | None = None
    lots: Mapping[int, str] = {}
    short: bool = False

    @property
    def spreads(self) -> bool:
        """Tell whether other orders are rejected with it."""
        return self.reason == "not_in_stock" and self.collateral

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return "rejected"

    def describe(self) -> dict[str, Any]:
        """What the timeline says beside the lines."""
        said = {"fulfillment": str(self.fulfillment_id), "reason": self.reason}
        return said if self.note is None else said | {"note": self.note}


class SourceAgain(msgspec.Struct, frozen=True, kw_only=True):
    """The command to look again for who serves a rejected fulfillment.

    At a `location` that staff name, whatever was rejected there; else by the channel's rules.
    """

    key: idempotency.Key
    principal: channels.Principal
    fulfillment_id: UUID
    occurred_at: datetime
    location: str | None = None

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return "sourced"

    def describe(self) -> dict[str, Any]:
        """What the timeline says beside the lines."""
        return {"fulfillment": str(self.fulfillment_id)}


def reject(world: World, order: Order, part: Fulfillment, command: Reject) -> Order | DomainError:
    """Return the order whose goods come from elsewhere, or from nowhere yet.

    Other orders that are rejected with it are left in `world.also`.
    """
    held = bool(part.holds) and not command.short
    state = after(part.kind, part.state, "rejection", held=held)
    if isinstance(state, DomainError):
        return state
    units = taken(part.lines, command.quantities)
    if isinstance(units, DomainError):
        return units
    missing = _missing(world, part, units)
    movements = released(part, units)
    if command.reason == "damaged":
        movements += _set_aside(world, part, units, command.lots)
    if refusal := world.stock.post(inventory.Posting(world.source(order, command), movements)):
        return refusal
    # From here on nothing is refused: other orders are changed too.
    touched: dict[UUID, list[Touched]] = {order.id: [(part, units)]}
    if command.spreads:
        for other, its_part, its_units in _in_the_same_case(world, part, missing):
            touched.setdefault(other.id, []).append((its_part, its_units))
            posting = inventory.Posting(world.source(other, command), released(its_part, its_units))
            refusal = world.stock.post(posting)
            assert refusal is None, "what is promised can be released"
    _suspect(world, order, part, units, command)
    rejected = _rejected(world, order, touched.pop(order.id), command)
    for order_id in sorted(touched):
        other = _rejected(world, world.orders[order_id], touched[order_id], command)
        world.said[order_id]["collateral_of"] = str(order.id)
        world.also.append(other)
    return rejected


def source_again(
    world: World, order: Order, part: Fulfillment, command: SourceAgain
) -> Order | DomainError:
    """Return the order of which a rejected fulfillment, or what can be of it, is served after all."""
    search = _search(world)
    state = after(part.kind, part.state, "sourcing", held=bool(part.holds))
    if isinstance(state, DomainError):
        return state
    units = taken(part.lines, {})
    assert not isinstance(units, DomainError), "all that is open can be taken"
    if not units:
        return TransitionRefused(state=f"{part.kind}, {part.state}", step="sourcing")
    last = max(line.number for line in order.lines)
    stays, leaves, last = parted(part, units, last)
    if command.location is None:
        route = search.route(order, part, leaves, world.stock)
    else:
        named = search.named(part, leaves, command.location)
        if isinstance(named, DomainError):
            return named
        route = named
    if not route:
        return NotSourced(_by_sku(leaves))
    placed = _served(world, order, part, leaves, route, command, last)
    if isinstance(placed, DomainError):
        return placed
    new, rest = placed
    if not rest:
        search.sourced.append((order.id, part.id, command.principal.id))
    (left,) = left_behind(part, stays, rest, 0)
    world.said[order.id] = _said(part, leaves, new, rest)
    return _changed(order, part, (left,), new)


def _rejected(world: World, order: Order, touched: Sequence[Touched], command: Reject) -> Order:
    """Return an order some of whose fulfillments were rejected, one version on."""
    search, changed = _search(world), order
    said: dict[str, Any] = {}
    for part, units in touched:
        for line in part.lines:
            if units.get(line.number):
                row = _row(search, order, part, line, units[line.number], command)
                search.bar(order, row)
        last = max(line.number for line in changed.lines)
        stays, leaves, last = parted(part, units, last)
        route: Route = {}
        if search.may_try(order, part):
            route = search.route(order, part, leaves, world.stock)
        placed = _served(world, changed, part, leaves, route, command, last)
        assert not isinstance(placed, DomainError), "what is locked and free can be promised"
        new, rest = placed
        number = max(one.number for one in (*changed.fulfillments, *new)) + 1
        left = left_behind(part, stays, rest, number)
        if rest:
            search.exceptions.append(_not_sourced(order, left[-1], command))
        more = _said(part, leaves, new, rest)
        said |= {
            name: [*said.get(name, ()), *value]
            if isinstance(value, list)
            else said.get(name, value)
            for name, value in more.items()
        }
        changed = _changed(changed, part, left, new)
    world.said[order.id] = said
    return replace(changed, version=order.version + 1)


def _served(
    world: World,
    order: Order,
    part: Fulfillment,
    leaves: Sequence[OrderLine],
    route: Route,
    command: Reject | SourceAgain,
    last: int,
) -> tuple[list[Fulfillment], list[OrderLine]] | DomainError:
    """Promise what a route serves; return its fulfillments, and the lines that nobody serves."""
    served, _ = dealt(leaves, route, last)
    wanted = Counter[tuple[str, str]]()
    new = [
        replace(one, lines=tuple(_dated(one, line, world.stock, wanted) for line in one.lines))
        for one in moved_to(order, part, served)
    ]
    positions = {at for units in route.values() for at, _ in units}
    rest = [line for at, line in enumerate(leaves) if at not in positions]
    movements = [
        movement
        for one in new
        for line in one.lines
        for movement in inventory.moved(
            inventory.allocated, line.sku, one.location, line.quantity, line.components
        )
    ]
    refusal = world.stock.post(inventory.Posting(world.source(order, command), movements))
    return refusal or (new, rest)


def _dated(
    part: Fulfillment, line: OrderLine, stock: inventory.Stock, wanted: Counter[tuple[str, str]]
) -> OrderLine:
    """Return a line with the date of goods that staff have served from where they are not yet."""
    return replace(line, promised_at=promised_at(part, line, stock, wanted))


def _changed(
    order: Order, part: Fulfillment, left: Sequence[Fulfillment], new: Sequence[Fulfillment]
) -> Order:
    """Return the order with what is left of a fulfillment, and those that serve the rest of it."""
    first, *others = left
    parts = [first if one.id == part.id else one for one in order.fulfillments]
    parts += sorted((*others, *new), key=lambda one: one.number)
    return replace(order, version=order.version + 1, fulfillments=tuple(parts))


def _in_the_same_case(
    world: World, rejected: Fulfillment, missing: set[str]
) -> Iterator[tuple[Order, Fulfillment, dict[int, int]]]:
    """Yield what else awaits goods there that are missing, the oldest order first."""
    for order_id in sorted(world.orders):
        order = world.orders[order_id]
        for part in order.fulfillments:
            if part.id == rejected.id or part.location != rejected.location:
                continue
            if found := awaited(part, missing):
                yield order, part, found


def _missing(world: World, part: Fulfillment, units: Mapping[int, int]) -> set[str]:
    """Return the SKUs that are missing for everybody, as far as anybody knows.

    Not those of which orders await more than there is by agreement: theirs are to come yet.
    """
    return {
        sku
        for line in part.lines
        if line.number in units
        for sku in goods(line)
        for level in (world.stock.level(sku, part.location),)
        if sku not in world.stock.ordering or level.allocated <= level.shelf
    }


def awaited(part: Fulfillment, skus: set[str]) -> dict[int, int]:
    """Return how many of each line of a fulfillment await some of `skus` and may be on the shelf."""
    if part.state not in UNPACKED:
        return {}
    return {
        line.number: line.open_quantity
        for line in part.lines
        if line.open_quantity and not skus.isdisjoint(goods(line))
    }


def _set_aside(
    world: World, part: Fulfillment, units: Mapping[int, int], lots: Mapping[int, str]
) -> Iterator[inventory.Movement]:
    for line in part.lines:
        for moved in inventory.parts(line.sku, units.get(line.number, 0), line.components):
            if moved.quantity:
                movement = inventory.set_aside(
                    moved.sku,
                    part.location,
                    moved.quantity,
                    "damaged",
                    from_state="available",
                    to_state="damaged",
                )
                lot = lots.get(line.number)
                if lot and (line.components is None or _by_lot(world, moved.sku)):
                    movement = movement._replace(lot=lot)
                yield movement


def _by_lot(world: World, sku: str) -> bool:
    return world.stock.tracking.get(sku) == "lot"


def _suspect(
    world: World, order: Order, part: Fulfillment, units: Mapping[int, int], command: Reject
) -> None:
    """Mark what nobody found, and have it counted, unless somebody does so already."""
    if command.reason not in {"not_in_stock", "mismatch"}:
        return
    search, suspected = _search(world), list[str]()
    for sku, quantity in _not_found(part, units, command).items():
        world.stock.suspect(sku, part.location, quantity)
        place = sku, part.location
        if world.stock.level(*place).shelf > 0 and place not in search.counting:
            search.counting.add(place)
            suspected.append(sku)
    if suspected:
        search.suspicions.append(
            inventory.Suspicion(
                task_id=new_id(),
                principal=command.principal,
                location=part.location,
                skus=tuple(suspected),
                document_id=order.id,
                note=command.note,
            )
        )


def _not_found(
    part: Fulfillment, units: Mapping[int, int], command: Reject
) -> dict[str, int | None]:
    """Return how many units of which goods were not found; None is all."""
    found: dict[str, int | None] = {}
    counted: dict[str, int] = {}
    for line in part.lines:
        if not units.get(line.number):
            continue
        if command.reason == "not_in_stock":
            found |= dict.fromkeys(goods(line))
            continue
        if command.missing is None:
            quantity = units[line.number]
        else:
            # It is said of a SKU, not of each of its lines.
            quantity = command.missing if line.sku not in counted else 0
        counted[line.sku] = quantity
        for moved in inventory.parts(line.sku, quantity, line.components):
            found[moved.sku] = (found.get(moved.sku) or 0) + moved.quantity
    return dict(sorted(found.items()))


def _row(
    search: Search,
    order: Order,
    part: Fulfillment,
    line: OrderLine,
    quantity: int,
    command: Reject,
) -> RejectedLine:
    return RejectedLine(
        order_id=order.id,
        fulfillment_id=part.id,
        line_number=line.number,
        sku=line.sku,
        components=line.components,
        location=part.location,
        quantity=quantity,
        reason=command.reason,
        collateral=command.short or part.id != command.fulfillment_id,
        occurred_at=command.occurred_at,
        barred_until=search.barred_until(order, command.occurred_at),
        actor_id=command.principal.id,
    )


def _not_sourced(order: Order, part: Fulfillment, command: Reject) -> NewException:
    return NewException(
        order_id=order.id,
        kind="not_sourced",
        fulfillment_id=part.id,
        detail={
            "location": part.location,
            "reason": command.reason,
            "attempt": part.attempt,
            "lines": _lines(part.lines),
        },
    )


def _said(
    part: Fulfillment,
    leaves: Sequence[OrderLine],
    new: Sequence[Fulfillment],
    rest: Sequence[OrderLine],
) -> dict[str, Any]:
    """What the timeline says of a fulfillment that was rejected, or sourced again."""
    said: dict[str, Any] = {
        "fulfillment": str(part.id),
        "location": part.location,
        "lines": _lines(leaves),
        "moved_to": [{"fulfillment": str(one.id), "location": one.location} for one in new],
    }
    return said | {"not_sourced": _lines(rest)} if rest else said


def _lines(lines: Sequence[OrderLine]) -> list[dict[str, Any]]:
    return [
        {"line": line.number, "sku": line.sku, "quantity": line.open_quantity} for line in lines
    ]


def _by_sku(lines: Sequence[OrderLine]) -> dict[str, int]:
    units: dict[str, int] = {}
    for line in lines:
        units[line.sku] = units.get(line.sku, 0) + line.open_quantity
    return units


def _search(world: World) -> Search:
    assert world.search is not None, "who rejects or sources looks for other locations"
    return world.search
