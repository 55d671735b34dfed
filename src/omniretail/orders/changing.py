"""Changing orders that were placed: one way for every command, whatever it does.

Each change counts the order's version up, may move stock and money, and is one event of its timeline.
What a command does stands with its noun: `stepping`, `pickups`, `cancelling`, `rejecting`,
`capturing`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

from omniretail import catalog, channels, events, idempotency, inventory, pricing, sourcing
from omniretail.db import Transaction, Write
from omniretail.errors import DomainError, Missing
from omniretail.orders import rejections, store
from omniretail.orders.cancelling import AdjustPrices, Cancel, NoShow, adjust, cancel, no_show
from omniretail.orders.capturing import CapturePayment, ReceivePayment, capture, receive
from omniretail.orders.failures import NoteFailure, Repay, noted, repay, write_noted
from omniretail.orders.following import ClaimPoints, claim_points, settle_points
from omniretail.orders.order import Fulfillment, Order
from omniretail.orders.paying import request_changes, settle_accounts
from omniretail.orders.pickups import ChangePickup, Remind, changed, reminded
from omniretail.orders.rejecting import Reject, SourceAgain, awaited, reject, source_again
from omniretail.orders.resourcing import Place, Search
from omniretail.orders.stepping import (
    Advance,
    Fulfill,
    HoldUp,
    LetGoOn,
    advance,
    hold_up,
    leave,
    let_go_on,
)
from omniretail.orders.surroundings import places_of
from omniretail.orders.world import Change, World

OrderCommand: TypeAlias = (
    Cancel | AdjustPrices | ReceivePayment | CapturePayment | NoteFailure | Repay | ClaimPoints
)
"""Commands that name an order."""
FulfillmentCommand: TypeAlias = (
    Fulfill | Advance | HoldUp | LetGoOn | ChangePickup | Remind | NoShow | Reject | SourceAgain
)
"""Commands that name a fulfillment."""
Command: TypeAlias = OrderCommand | FulfillmentCommand
Changed: TypeAlias = tuple[Order, Order, events.Happened]
"""An order before, after, and the event that it was."""


class UnknownOrder(Missing):
    """There is no such order, or it is not yours to see."""

    def __init__(self, order: object) -> None:
        super().__init__(f"There is no order {order}.", order=str(order))


class UnknownFulfillment(Missing):
    """There is no such fulfillment, or it is not yours to see."""

    def __init__(self, fulfillment: object) -> None:
        super().__init__(f"There is no fulfillment {fulfillment}.", fulfillment=str(fulfillment))


async def change(
    tx: Transaction, commands: Sequence[Command], *, now: datetime
) -> list[idempotency.Answer[Order] | DomainError]:
    """Change orders, one outcome per command, in order, each all or nothing.

    Locks: keys, orders by id, stock by (SKU, location), the counts of coupons that are given back,
    payment accounts and loyalty accounts by id.
    A rejection locks the orders that await the same goods there too, and the levels of all locations
    that may serve instead. Outcomes: the order after the change, UnknownOrder, UnknownFulfillment,
    TransitionRefused, QuantityNotOpen, Invalid (a line number, a currency), InsufficientStock (fewer
    on hand than allocated, after a count), those of serial numbers and of each command's noun,
    KeyReused.
    """
    return await idempotency.once(tx, commands, partial(_change, tx, now=now), Order, now=now)


async def reroute(
    tx: Transaction, places: Collection[Place], *, principal: channels.Principal, now: datetime
) -> list[Order]:
    """Have others serve what `places` promise and do not have; return the orders that it changed.

    Of a place that promises more than it has, the youngest orders that nobody has packed are rejected
    until it promises no more than it has. A SKU that may be ordered beyond its stock is promised so by
    agreement: its orders stay. It goes by what is short, so done again it does nothing; it has no key.
    Locks: the orders that await goods there, by id; stock by (SKU, location), as `change` does.
    """
    (concerned,) = await tx.read(rejections.same_goods((), places))
    before = await store.lock(tx, order_ids=concerned, fulfillment_ids=())
    if not before:
        return []
    search = await rejections.look_around(tx, before, (), places, now=now)
    world = await _world(tx, before, (), search, now=now)
    await rejections.confirm(tx, search, before, (), places)
    changes: list[Changed] = []
    for place in sorted(places):
        for part in _youngest(world, place):
            units = awaited(part, {place[0]})
            if _short(world, place) <= 0 or not units:
                continue
            command = Reject(
                key=idempotency.Key(principal.id, f"reroute-{part.id}", b""),
                principal=principal,
                fulfillment_id=part.id,
                reason="no_variance",
                quantities=units,
                occurred_at=now,
                note="promised beyond what is there",
                collateral=False,
                short=True,
            )
            _judge(world, command, changes)
    await _write(tx, world, before, changes, now=now)
    return [order for order_id, order in world.orders.items() if order != before[order_id]]


def _youngest(world: World, place: Place) -> list[Fulfillment]:
    """Return the fulfillments of a place, the latest first."""
    parts = [
        part
        for order in world.orders.values()
        for part in order.fulfillments
        if part.location == place[1]
    ]
    return sorted(parts, key=lambda part: part.id, reverse=True)


def _short(world: World, place: Place) -> int:
    """Return how many units a place promises beyond those that it has, by no agreement."""
    level = world.stock.level(*place)
    return 0 if place[0] in world.stock.ordering else level.allocated - max(0, level.shelf)


async def _change(
    tx: Transaction, commands: Sequence[Command], *, now: datetime
) -> list[Order | DomainError]:
    asking = [
        command.fulfillment_id for command in commands if isinstance(command, Reject | SourceAgain)
    ]
    spreading = [
        command.fulfillment_id
        for command in commands
        if isinstance(command, Reject) and command.spreads
    ]
    concerned: set[UUID] = set()
    if spreading:
        (concerned,) = await tx.read(rejections.same_goods(spreading, ()))
    before = await store.lock(
        tx,
        order_ids=concerned
        | {command.order_id for command in commands if isinstance(command, OrderCommand)},
        fulfillment_ids={
            command.fulfillment_id
            for command in commands
            if isinstance(command, FulfillmentCommand)
        },
    )
    search = None
    if asking:
        search = await rejections.look_around(tx, before, asking, (), now=now)
    world = await _world(tx, before, commands, search, now=now)
    if search is not None:
        await rejections.confirm(tx, search, before, spreading, ())
    changes: list[Changed] = []
    outcomes = [_judge(world, command, changes) for command in commands]
    failures = [
        command
        for command, outcome in zip(commands, outcomes, strict=True)
        if isinstance(command, NoteFailure) and isinstance(outcome, Order)
    ]
    noted = write_noted(failures, world.orders, now=now)
    await _write(tx, world, before, changes, *noted, now=now)
    return outcomes


def _judge(world: World, command: Command, changes: list[Changed]) -> Order | DomainError:
    """Decide about one command; the orders that it changed are in the world, and in `changes`."""
    outcome = decide(world, command)
    changed = [outcome, *world.also] if isinstance(outcome, Order) else []
    for order in changed:
        # A step that was taken already leaves the order as it is.
        if order.version != world.orders[order.id].version:
            previous, world.orders[order.id] = world.orders[order.id], order
            said = world.said.get(order.id, {})
            changes.append((previous, order, happened(command, previous, order, said)))
    world.also.clear()
    world.said.clear()
    return outcome


async def _write(
    tx: Transaction,
    world: World,
    before: Mapping[UUID, Order],
    changes: Sequence[Changed],
    *more: Write,
    now: datetime,
) -> None:
    unwound = [
        order.id
        for order in world.orders.values()
        if order.fulfillment_status == "cancelled" and order != before[order.id]
    ]
    await tx.write(
        *inventory.write(world.stock, now=now),
        *store.write_changed(before, world.orders, changes, now=now),
        *(rejections.write(world.search, world.stock, now=now) if world.search else ()),
        *more,
        *await pricing.free_usages(tx, unwound, now=now),
        *await settle_accounts(
            tx, [(was, order, event.actor_id) for was, order, event in changes], now=now
        ),
        *request_changes([(was, order) for was, order, _ in changes], now=now),
        *await settle_points(tx, changes, now=now),
    )


async def _world(
    tx: Transaction,
    orders: dict[UUID, Order],
    commands: Sequence[Command],
    search: Search | None,
    *,
    now: datetime,
) -> World:
    """Lock the stock of orders that are locked, and read what else their commands go by."""
    places = {place for order in orders.values() for place in places_of(order)}
    if search is not None:
        places |= search.places
    skus, stock = await tx.read(
        catalog.skus_by_code({sku for sku, _ in places}), inventory.lock(places)
    )
    if named := _named(commands, skus, places):
        await inventory.lock_more(tx, stock, named)
    await inventory.survey(tx, stock, skus, _asked(orders, commands, skus, now), now=now)
    (waiting,) = await tx.read(
        sourcing.location_policies(
            {
                part.collected_at
                for order in orders.values()
                for part in order.fulfillments
                if part.kind in {"pickup", "ship_to_store"}
            }
        )
    )
    return World(orders=dict(orders), stock=stock, waiting=waiting, now=now, search=search)


def _named(
    commands: Sequence[Command], skus: Mapping[str, catalog.SkuTraits], places: Collection[Place]
) -> set[Place]:
    """Return the places that staff name of SKUs that may be ordered beyond their stock, levels or not."""
    named = {command.location for command in commands if isinstance(command, SourceAgain)}
    return {(sku, at) for sku, at in places if at in named and sku in skus and skus[sku].ordering}


def _asked(
    orders: Mapping[UUID, Order],
    commands: Sequence[Command],
    skus: Mapping[str, catalog.SkuTraits],
    now: datetime,
) -> inventory.Asked:
    return inventory.Asked(
        earliest=min((command.occurred_at for command in commands), default=now),
        lots=sorted(
            {
                lot
                for command in commands
                if isinstance(command, Reject)
                for lot in command.lots.values()
            }
        ),
        serials=[
            (sku, serial)
            for command in commands
            if isinstance(command, Fulfill) and command.serials
            for serials in command.serials.values()
            for serial in serials
            for sku, traits in skus.items()
            if traits.tracking == "serial"
        ],
        arrivals=[
            order.id
            for order in orders.values()
            if any(part.state == "in_transit" for part in order.fulfillments)
        ],
    )


def decide(world: World, command: Command) -> Order | DomainError:
    """Return the order after one command, its movements accepted by the stock, or a refusal."""
    if isinstance(command, OrderCommand):
        order = world.orders.get(command.order_id)
        if order is None or not order.visible_to(command.principal):
            return UnknownOrder(command.order_id)
        if isinstance(command, Cancel):
            return cancel(world, order, command)
        return _AMOUNTS[type(command)](order, command)
    for order in world.orders.values():
        for part in order.fulfillments:
            if part.id == command.fulfillment_id and _may_act(command, order, part):
                return _STEPS[type(command)](world, order, part, command)
    return UnknownFulfillment(command.fulfillment_id)


def _may_act(command: FulfillmentCommand, order: Order, part: Fulfillment) -> bool:
    """Tell whether somebody may take a step: who sees the order, and works where the step happens."""
    if not order.visible_to(command.principal):
        return False
    arriving = isinstance(command, Advance) and command.step == "arrival"
    collecting = isinstance(command, ChangePickup)
    return command.principal.may_act_at(
        part.collected_at if arriving or collecting else part.location
    )


_AMOUNTS: Mapping[type[OrderCommand], Callable[[Order, Any], Order | DomainError]] = {
    AdjustPrices: adjust,
    ReceivePayment: receive,
    CapturePayment: capture,
    NoteFailure: noted,
    Repay: repay,
    ClaimPoints: claim_points,
}
_STEPS: Mapping[
    type[FulfillmentCommand],
    Callable[[World, Order, Fulfillment, Any], Order | DomainError],
] = {
    Fulfill: leave,
    Advance: advance,
    HoldUp: hold_up,
    LetGoOn: let_go_on,
    ChangePickup: changed,
    Remind: reminded,
    NoShow: no_show,
    Reject: reject,
    SourceAgain: source_again,
}


def happened(
    command: Change, before: Order, after: Order, said: Mapping[str, Any] = {}
) -> events.Happened:
    """Return the event that a change was: what became of the lines, and of the money.

    `said` is what its timeline says beside that.
    """
    stood = {line.number: line for line in before.lines}
    lines = [
        {
            "line": line.number,
            "sku": line.sku,
            "quantity": stood[line.number].open_quantity - line.open_quantity,
        }
        for line in after.lines
        if line.number in stood and stood[line.number] != line
    ]
    data = {"lines": lines, **command.describe(), **said}
    money = {
        "refunded_minor": after.refunded_minor - before.refunded_minor,
        "captured_minor": after.captured_minor - before.captured_minor,
        "voided_minor": after.voided_minor - before.voided_minor,
    }
    data |= {name: more for name, more in money.items() if more}
    return events.Happened(
        document_type="order",
        document_id=after.id,
        sequence=after.version,
        type=command.event_type,
        occurred_at=command.occurred_at,
        actor_id=command.principal.id,
        channel=command.principal.channel or after.channel,
        data=data,
    )
