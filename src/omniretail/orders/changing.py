"""What changes an order after it was placed: handing over, shipping, cancelling.

Each change counts the order's version up, moves stock, and is one event of its timeline.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import catalog, channels, events, idempotency, inventory
from omniretail.db import Transaction
from omniretail.errors import DomainError, Invalid, Missing, Refused
from omniretail.money import split
from omniretail.orders import store
from omniretail.orders.order import Fulfillment, Order, OrderLine, Tender

Quantities = Mapping[int, int]
"""How many of each line, by line number; empty means all that is open."""


class UnknownOrder(Missing):
    """There is no such order, or it is not yours to see."""

    def __init__(self, order: object) -> None:
        super().__init__(f"There is no order {order}.", order=str(order))


class UnknownFulfillment(Missing):
    """There is no such fulfillment, or it is not yours to see."""

    def __init__(self, fulfillment: object) -> None:
        super().__init__(f"There is no fulfillment {fulfillment}.", fulfillment=str(fulfillment))


class TransitionRefused(Refused):
    """The document's state does not allow this step."""

    def __init__(self, *, state: str, step: str) -> None:
        super().__init__(f"It is {state}: {step} is not possible.", state=state, step=step)


class QuantityNotOpen(Refused):
    """More was named than is still open on the line."""

    def __init__(self, *, line: int, requested: int, open_quantity: int) -> None:
        super().__init__(
            f"Line {line} has {open_quantity} open, {requested} were named.",
            line=line,
            requested=requested,
            open_quantity=open_quantity,
        )


class Fulfill(msgspec.Struct, frozen=True, kw_only=True):
    """The command to hand over a pickup or to ship a parcel, wholly or in part.

    `serials` name the units of each line that leave, of SKUs that are tracked by serial number.
    """

    key: idempotency.Key
    principal: channels.Principal
    fulfillment_id: UUID
    step: Literal["handover", "shipment"]
    quantities: Quantities
    occurred_at: datetime
    serials: Mapping[int, tuple[str, ...]] = {}

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return "handed_over" if self.step == "handover" else "shipped"

    def describe(self) -> dict[str, Any]:
        """What the timeline says beside the lines."""
        return {"fulfillment": str(self.fulfillment_id)}


class Cancel(msgspec.Struct, frozen=True, kw_only=True):
    """The command to cancel what is open of an order, wholly or in part."""

    key: idempotency.Key
    principal: channels.Principal
    order_id: UUID
    reason: str
    quantities: Quantities
    occurred_at: datetime

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return "cancelled"

    def describe(self) -> dict[str, Any]:
        """What the timeline says beside the lines."""
        return {"reason": self.reason}


Command = Fulfill | Cancel


async def change(
    tx: Transaction, commands: Sequence[Command], *, now: datetime
) -> list[idempotency.Answer[Order] | DomainError]:
    """Fulfill or cancel, one outcome per command, in order, each all or nothing.

    Locks: keys, orders by id, stock by (SKU, location). Outcomes: the order after the change,
    UnknownOrder, UnknownFulfillment, TransitionRefused, QuantityNotOpen, Invalid (a line number),
    InsufficientStock (fewer on hand than allocated, after a count), those of serial numbers,
    KeyReused.
    """
    return await idempotency.once(tx, commands, partial(_change, tx, now=now), Order, now=now)


async def _change(
    tx: Transaction, commands: Sequence[Command], *, now: datetime
) -> list[Order | DomainError]:
    before = await store.lock(
        tx,
        order_ids={command.order_id for command in commands if isinstance(command, Cancel)},
        fulfillment_ids={
            command.fulfillment_id for command in commands if isinstance(command, Fulfill)
        },
    )
    places = {
        (sku, fulfillment.location)
        for order in before.values()
        for fulfillment in order.fulfillments
        for line in fulfillment.lines
        for sku in line.components or (line.sku,)
    }
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
    )
    await inventory.survey(tx, stock, skus, asked, now=now)
    after = dict(before)
    changes: list[tuple[Order, Order, events.Happened]] = []
    outcomes: list[Order | DomainError] = []
    for command in commands:
        outcome = decide(after, stock, command)
        outcomes.append(outcome)
        if isinstance(outcome, Order):
            previous, after[outcome.id] = after[outcome.id], outcome
            changes.append((previous, outcome, _happened(command, previous, outcome)))
    await tx.write(*inventory.write(stock, now=now), *store.write_changed(before, changes, now=now))
    return outcomes


def decide(
    orders: Mapping[UUID, Order], stock: inventory.Stock, command: Command
) -> Order | DomainError:
    """Return the order after one command, its movements accepted by the stock, or a refusal."""
    if isinstance(command, Cancel):
        order = orders.get(command.order_id)
        if order is None or not order.visible_to(command.principal):
            return UnknownOrder(command.order_id)
        return _cancel(order, stock, command)
    for order in orders.values():
        for fulfillment in order.fulfillments:
            if (
                fulfillment.id == command.fulfillment_id
                and order.visible_to(command.principal)
                and command.principal.may_act_at(fulfillment.location)
            ):
                return _fulfill(order, fulfillment, stock, command)
    return UnknownFulfillment(command.fulfillment_id)


def _fulfill(
    order: Order, fulfillment: Fulfillment, stock: inventory.Stock, command: Fulfill
) -> Order | DomainError:
    fitting = {"handover": "pickup", "shipment": "ship"}[command.step]
    if fulfillment.kind != fitting or fulfillment.state != "allocated":
        return TransitionRefused(
            state=f"{fulfillment.kind}, {fulfillment.state}", step=command.step
        )
    taken = _taken(fulfillment.lines, command.quantities)
    if isinstance(taken, DomainError):
        return taken
    leaves = inventory.handed_over if command.step == "handover" else inventory.shipped
    movements = [
        movement
        for line in fulfillment.lines
        if line.number in taken
        for movement in inventory.moved(
            leaves,
            line.sku,
            fulfillment.location,
            taken[line.number],
            line.components,
            command.serials.get(line.number, ()),
            tracking=stock.tracking,
        )
    ]
    if refusal := stock.post(inventory.Posting(_source(order, command), movements)):
        return refusal
    lines = tuple(
        replace(line, fulfilled_quantity=line.fulfilled_quantity + taken.get(line.number, 0))
        for line in fulfillment.lines
    )
    return replace(
        order,
        version=order.version + 1,
        fulfillments=tuple(
            replace(part, lines=lines) if part.id == fulfillment.id else part
            for part in order.fulfillments
        ),
    )


def _cancel(order: Order, stock: inventory.Stock, command: Cancel) -> Order | DomainError:
    if order.fulfillment_status not in {"open", "part"}:
        return TransitionRefused(state=order.fulfillment_status, step="cancellation")
    taken = _taken(tuple(order.lines), command.quantities)
    if isinstance(taken, DomainError):
        return taken
    movements = [
        movement
        for fulfillment in order.fulfillments
        for line in fulfillment.lines
        if line.number in taken
        for movement in inventory.moved(
            inventory.released,
            line.sku,
            fulfillment.location,
            taken[line.number],
            line.components,
        )
    ]
    if refusal := stock.post(inventory.Posting(_source(order, command), movements)):
        return refusal
    refund_minor = sum(line.unit_price_minor * taken.get(line.number, 0) for line in order.lines)
    return replace(
        order,
        version=order.version + 1,
        fulfillments=tuple(
            replace(
                part,
                lines=tuple(
                    replace(
                        line,
                        cancelled_quantity=line.cancelled_quantity + taken.get(line.number, 0),
                    )
                    for line in part.lines
                ),
            )
            for part in order.fulfillments
        ),
        tenders=refunded(order.tenders, refund_minor),
    )


def refunded(tenders: Sequence[Tender], amount_minor: int) -> tuple[Tender, ...]:
    """Give an amount back to the tenders, in the shares of what each has left."""
    shares = split(
        amount_minor, [tender.amount_minor - tender.refunded_minor for tender in tenders]
    )
    return tuple(
        replace(tender, refunded_minor=tender.refunded_minor + share)
        for tender, share in zip(tenders, shares, strict=True)
    )


def _taken(
    lines: Sequence[OrderLine], quantities: Quantities
) -> dict[int, int] | QuantityNotOpen | Invalid:
    """Return how many of each line are meant: those named, or all that is open."""
    if not quantities:
        return {line.number: line.open_quantity for line in lines if line.open_quantity}
    by_number = {line.number: line for line in lines}
    for number, quantity in quantities.items():
        line = by_number.get(number)
        if line is None:
            return Invalid.at("/lines", f"There is no line {number} here")
        if quantity > line.open_quantity:
            return QuantityNotOpen(
                line=number, requested=quantity, open_quantity=line.open_quantity
            )
    return dict(quantities)


def _source(order: Order, command: Command) -> inventory.Source:
    return inventory.Source(
        document_type="order",
        document_id=order.id,
        actor_id=command.principal.id,
        channel=command.principal.channel or order.channel,
        occurred_at=command.occurred_at,
        idempotency_key=command.key.key,
    )


def _happened(command: Command, before: Order, after: Order) -> events.Happened:
    lines = [
        {
            "line": line.number,
            "sku": line.sku,
            "quantity": was.open_quantity - line.open_quantity,
        }
        for was, line in zip(before.lines, after.lines, strict=True)
        if was != line
    ]
    data = {"lines": lines, **command.describe()}
    if refunded_minor := after.refunded_minor - before.refunded_minor:
        data["refunded_minor"] = refunded_minor
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
