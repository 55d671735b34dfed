"""What ends before it reaches the customer, or costs less than agreed: cancelling, no-shows, lower prices.

Pure: stock is released, and what an order costs less goes back by itself.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import channels, idempotency, inventory, pricing
from omniretail.errors import DomainError, Invalid, Refused
from omniretail.orders.machine import UNPROMISED, FulfillmentState, TransitionRefused, after
from omniretail.orders.order import Fulfillment, Order
from omniretail.orders.settlement import settled
from omniretail.orders.world import Quantities, World, released, taken, with_lines


class PriceNotLower(Refused):
    """A price adjustment gives money back: the new price must be below the one that stands."""

    def __init__(self, *, line: int, unit_price_minor: int) -> None:
        super().__init__(
            f"Line {line} costs no more than {unit_price_minor} a unit.",
            line=line,
            unit_price_minor=unit_price_minor,
        )


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


class NoShow(msgspec.Struct, frozen=True, kw_only=True):
    """The command to end a pickup that nobody collected in time: everything is reversed."""

    key: idempotency.Key
    principal: channels.Principal
    fulfillment_id: UUID
    occurred_at: datetime

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return "no_show"

    def describe(self) -> dict[str, Any]:
        """What the timeline says beside the lines."""
        return {"fulfillment": str(self.fulfillment_id)}


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


class NotYetExpired(Refused):
    """The time to collect is not over."""

    def __init__(self, collect_by: datetime) -> None:
        super().__init__(
            f"It is kept until {collect_by.isoformat()}.", collect_by=collect_by.isoformat()
        )


def cancel(world: World, order: Order, command: Cancel) -> Order | DomainError:
    """Return the order without what is cancelled of it, stock and money where they were."""
    if order.fulfillment_status in {"done", "cancelled"}:
        return TransitionRefused(state=order.fulfillment_status, step="cancellation")
    units = taken(tuple(order.lines), command.quantities)
    if isinstance(units, DomainError):
        return units
    left = taken_off(order, units)
    if isinstance(left, DomainError):
        return left
    parts, movements = left
    if refusal := world.stock.post(inventory.Posting(world.source(order, command), movements)):
        return refusal
    return settled(order, replace(order, version=order.version + 1, fulfillments=parts))


def taken_off(
    order: Order, units: Mapping[int, int]
) -> tuple[tuple[Fulfillment, ...], list[inventory.Movement]] | DomainError:
    """Return what is left of an order's fulfillments without so many open units of its lines.

    With it come the movements that release their stock.
    """
    movements: list[inventory.Movement] = []
    parts: list[Fulfillment] = []
    for part in order.fulfillments:
        mine = {line.number: units[line.number] for line in part.lines if line.number in units}
        if not mine:
            parts.append(part)
            continue
        state = after(part.kind, part.state, "cancellation")
        if isinstance(state, DomainError):
            return state
        if part.state not in UNPROMISED:
            movements += released(part, mine)
        parts.append(_without(part, mine, state))
    return tuple(parts), movements


def no_show(world: World, order: Order, part: Fulfillment, command: NoShow) -> Order | DomainError:
    """Return the order whose pickup nobody collected: goods back on the shelf, money back."""
    state = after(part.kind, part.state, "no_show")
    if isinstance(state, DomainError):
        return state
    if part.collect_by is not None and command.occurred_at < part.collect_by:
        return NotYetExpired(part.collect_by)
    units = taken(part.lines, {})
    assert not isinstance(units, DomainError), "all that is open can be taken"
    posting = inventory.Posting(world.source(order, command), released(part, units))
    if refusal := world.stock.post(posting):
        return refusal
    return settled(order, order.with_part(_without(part, units, state)))


def adjust(order: Order, command: AdjustPrices) -> Order | DomainError:
    """Return the order at lower prices, the difference given back."""
    by_number = {line.number: line for line in order.lines}
    adjusted = dict(by_number)
    for number, unit_minor in command.unit_prices_minor.items():
        line = by_number.get(number)
        if line is None:
            return Invalid.at("/lines", f"There is no line {number} here")
        if command.currency != order.currency:
            return Invalid.at("/lines", f"The order is in {order.currency}")
        if line.gone_quantity == line.quantity:
            state = "returned" if line.refunded_quantity else "cancelled"
            return TransitionRefused(state=state, step="price adjustment")
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
    return with_lines(order, lambda line: adjusted[line.number])


def _without(part: Fulfillment, units: Mapping[int, int], state: FulfillmentState) -> Fulfillment:
    """Return a fulfillment without so many units of its lines; `state` where nothing of it is left.

    Where nothing is left, nothing holds it up. What was rejected stays so: nothing of it is promised
    anywhere.
    """
    changed = replace(
        part,
        lines=tuple(
            replace(line, cancelled_quantity=line.cancelled_quantity + units.get(line.number, 0))
            for line in part.lines
        ),
    )
    if changed.is_open:
        return changed
    changed = replace(changed, collect_by=None, remind_at=None, holds=())
    if part.state == "rejected":
        return changed
    if any(line.fulfilled_quantity for line in changed.lines):
        return replace(changed, state="shipped" if part.kind == "ship" else "handed_over")
    return replace(changed, state=state)
