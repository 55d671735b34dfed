"""What changes an order after it was placed: handing over, shipping, cancelling, adjusting prices.

Each change counts the order's version up, may move stock and money, and is one event of its timeline.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import catalog, channels, events, idempotency, inventory, pricing
from omniretail.db import Transaction
from omniretail.errors import DomainError, Invalid, Missing, Refused
from omniretail.money import split, to_step
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


class PriceNotLower(Refused):
    """A price adjustment gives money back: the new price must be below the one that stands."""

    def __init__(self, *, line: int, unit_price_minor: int) -> None:
        super().__init__(
            f"Line {line} costs no more than {unit_price_minor} a unit.",
            line=line,
            unit_price_minor=unit_price_minor,
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


class AdjustPrices(msgspec.Struct, frozen=True, kw_only=True):
    """The command to lower prices after the sale, such as to match another shop's.

    `unit_prices_minor` says what a unit of each line shall cost, by line number, with tax or without
    it as the line's price list has it; discounts are within it.
    """

    key: idempotency.Key
    principal: channels.Principal
    order_id: UUID
    reason: str
    unit_prices_minor: Mapping[int, int]
    currency: str
    occurred_at: datetime

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return "price_adjusted"

    def describe(self) -> dict[str, Any]:
        """What the timeline says beside the lines."""
        return {
            "reason": self.reason,
            "unit_prices_minor": {str(line): to for line, to in self.unit_prices_minor.items()},
        }


Command = Fulfill | Cancel | AdjustPrices


async def change(
    tx: Transaction, commands: Sequence[Command], *, now: datetime
) -> list[idempotency.Answer[Order] | DomainError]:
    """Fulfill, cancel or adjust prices, one outcome per command, in order, each all or nothing.

    Locks: keys, orders by id, stock by (SKU, location), the counts of coupons that are given back.
    Outcomes: the order after the change, UnknownOrder, UnknownFulfillment, TransitionRefused,
    QuantityNotOpen, Invalid (a line number, a currency), InsufficientStock (fewer on hand than
    allocated, after a count), those of serial numbers, PriceNotLower, KeyReused.
    """
    return await idempotency.once(tx, commands, partial(_change, tx, now=now), Order, now=now)


async def _change(
    tx: Transaction, commands: Sequence[Command], *, now: datetime
) -> list[Order | DomainError]:
    before = await store.lock(
        tx,
        order_ids={command.order_id for command in commands if not isinstance(command, Fulfill)},
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
    unwound = [
        order.id
        for order in after.values()
        if order.fulfillment_status == "cancelled" and order != before[order.id]
    ]
    await tx.write(
        *inventory.write(stock, now=now),
        *store.write_changed(before, changes, now=now),
        *await pricing.free_usages(tx, unwound, now=now),
    )
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
    if isinstance(command, AdjustPrices):
        order = orders.get(command.order_id)
        if order is None or not order.visible_to(command.principal):
            return UnknownOrder(command.order_id)
        return _adjust(order, command)
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
    return _with_lines(
        order,
        lambda line: replace(
            line, cancelled_quantity=line.cancelled_quantity + taken.get(line.number, 0)
        ),
    )


def _adjust(order: Order, command: AdjustPrices) -> Order | DomainError:
    by_number = {line.number: line for line in order.lines}
    adjusted = dict(by_number)
    for number, unit_minor in command.unit_prices_minor.items():
        line = by_number.get(number)
        if line is None:
            return Invalid.at("/lines", f"There is no line {number} here")
        if command.currency != order.currency:
            return Invalid.at("/lines", f"The order is in {order.currency}")
        if line.cancelled_quantity == line.quantity:
            return TransitionRefused(state="cancelled", step="price adjustment")
        parts = pricing.taxed(
            unit_minor * line.quantity,
            line.tax_rate_ppm or 0,
            included=line.tax_included,
            rounding=order.rounding,
            per=order.tax_per,
            quantity=line.quantity,
        )
        if parts.total_minor >= line.worth_minor:
            return PriceNotLower(line=number, unit_price_minor=unit_minor)
        adjusted[number] = replace(
            line, adjusted_total_minor=parts.total_minor, adjusted_tax_minor=parts.tax_minor
        )
    return _with_lines(order, lambda line: adjusted[line.number])


def _with_lines(order: Order, changed: Callable[[OrderLine], OrderLine]) -> Order:
    """Return an order with changed lines; what it costs less than before is given back."""
    after = replace(
        order,
        version=order.version + 1,
        fulfillments=tuple(
            replace(part, lines=tuple(changed(line) for line in part.lines))
            for part in order.fulfillments
        ),
    )
    back_minor = order.kept_minor - after.kept_minor
    return replace(after, tenders=refunded(order.tenders, back_minor))


def refunded(tenders: Sequence[Tender], amount_minor: int) -> tuple[Tender, ...]:
    """Give an amount back to the tenders, in the shares of what each has left.

    What goes back in cash is rounded to the smallest coin, all that went back so far taken together.
    """
    shares = split(amount_minor, [tender.left_minor for tender in tenders])
    return tuple(_given_back(tender, share) for tender, share in zip(tenders, shares, strict=True))


def _given_back(tender: Tender, share_minor: int) -> Tender:
    due_minor = tender.amount_minor - tender.rounding_minor - tender.left_minor + share_minor
    back_minor = to_step(due_minor, tender.cash_step_minor)
    return replace(
        tender, refunded_minor=back_minor, refunded_rounding_minor=back_minor - due_minor
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
