"""Changing orders that were placed: one way for every command, whatever it does.

Each change counts the order's version up, may move stock and money, and is one event of its timeline.
What a command does stands with its noun: `stepping`, `pickups`, `cancelling`, `capturing`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

from omniretail import catalog, events, idempotency, inventory, pricing, sourcing
from omniretail.db import Transaction
from omniretail.errors import DomainError, Missing
from omniretail.orders import store
from omniretail.orders.cancelling import AdjustPrices, Cancel, NoShow, adjust, cancel, no_show
from omniretail.orders.capturing import CapturePayment, ReceivePayment, capture, receive
from omniretail.orders.order import Fulfillment, Order
from omniretail.orders.paying import request_changes, settle_accounts
from omniretail.orders.pickups import ChangePickup, Remind, changed, reminded
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

OrderCommand: TypeAlias = Cancel | AdjustPrices | ReceivePayment | CapturePayment
"""Commands that name an order."""
FulfillmentCommand: TypeAlias = (
    Fulfill | Advance | HoldUp | LetGoOn | ChangePickup | Remind | NoShow
)
"""Commands that name a fulfillment."""
Command: TypeAlias = OrderCommand | FulfillmentCommand


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

    Locks: keys, orders by id, stock by (SKU, location), the counts of coupons that are given back.
    Outcomes: the order after the change, UnknownOrder, UnknownFulfillment, TransitionRefused,
    QuantityNotOpen, Invalid (a line number, a currency), InsufficientStock (fewer on hand than
    allocated, after a count), those of serial numbers and of each command's noun, KeyReused.
    """
    return await idempotency.once(tx, commands, partial(_change, tx, now=now), Order, now=now)


async def _change(
    tx: Transaction, commands: Sequence[Command], *, now: datetime
) -> list[Order | DomainError]:
    before = await store.lock(
        tx,
        order_ids={command.order_id for command in commands if isinstance(command, OrderCommand)},
        fulfillment_ids={
            command.fulfillment_id
            for command in commands
            if isinstance(command, FulfillmentCommand)
        },
    )
    world = await _world(tx, before, commands, now=now)
    changes: list[tuple[Order, Order, events.Happened]] = []
    outcomes: list[Order | DomainError] = []
    for command in commands:
        outcome = decide(world, command)
        outcomes.append(outcome)
        # A step that was taken already leaves the order as it is.
        if isinstance(outcome, Order) and outcome.version != world.orders[outcome.id].version:
            previous, world.orders[outcome.id] = world.orders[outcome.id], outcome
            changes.append((previous, outcome, happened(command, previous, outcome)))
    unwound = [
        order.id
        for order in world.orders.values()
        if order.fulfillment_status == "cancelled" and order != before[order.id]
    ]
    await tx.write(
        *inventory.write(world.stock, now=now),
        *store.write_changed(before, world.orders, changes, now=now),
        *await pricing.free_usages(tx, unwound, now=now),
        *await settle_accounts(
            tx, [(was, order, event.actor_id) for was, order, event in changes], now=now
        ),
        *request_changes([(was, order) for was, order, _ in changes], now=now),
    )
    return outcomes


async def _world(
    tx: Transaction, orders: dict[UUID, Order], commands: Sequence[Command], *, now: datetime
) -> World:
    """Lock the stock of orders that are locked, and read what else their commands go by."""
    places = {place for order in orders.values() for place in places_of(order)}
    skus, stock = await tx.read(
        catalog.skus_by_code({sku for sku, _ in places}), inventory.lock(places)
    )
    asked = inventory.Asked(
        earliest=min(command.occurred_at for command in commands),
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
            for command in commands
            if isinstance(command, Advance) and command.step == "arrival"
            for order in orders.values()
            if any(part.id == command.fulfillment_id for part in order.fulfillments)
        ],
    )
    await inventory.survey(tx, stock, skus, asked, now=now)
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
    return World(orders=dict(orders), stock=stock, waiting=waiting, now=now)


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
}


def happened(command: Change, before: Order, after: Order) -> events.Happened:
    """Return the event that a change was: what became of the lines, and of the money."""
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
    data = {"lines": lines, **command.describe()}
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
