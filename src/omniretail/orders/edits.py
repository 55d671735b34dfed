"""What an edit of an order means, and what becomes of it: open units fall, new ones come in. Pure.

What stays keeps its price.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import channels, idempotency
from omniretail.errors import DomainError, Invalid, Refused
from omniretail.orders.additions import (
    Difference,
    addition_of,
    brought_in,
    charged,
    stale,
    tendered,
    worth_minor,
)
from omniretail.orders.cancelling import taken_off
from omniretail.orders.machine import TransitionRefused
from omniretail.orders.order import Order, Tender
from omniretail.orders.paying import change_accounts
from omniretail.orders.settlement import given_up
from omniretail.orders.surroundings import Surroundings
from omniretail.orders.wishes import FulfillmentWish, TenderGiven
from omniretail.orders.world import QuantityNotOpen


class QuantityNotLower(Refused):
    """An edit lowers the quantity of a line; more of it comes as a line of its own."""

    def __init__(self, *, line: int, requested: int, quantity: int) -> None:
        super().__init__(
            f"Line {line} has {quantity}, and {requested} is not less.",
            line=line,
            requested=requested,
            quantity=quantity,
        )


class EditLeavesNothing(Refused):
    """Nothing would be left of the order: that is a cancellation."""

    def __init__(self, order: UUID) -> None:
        super().__init__("Nothing would be left of the order.", order=str(order))


class EditOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The command to edit an order: new quantities of lines, and what comes in.

    `quantities` are how many of a line shall stay, by its number; 0 takes it off. `tenders` pay what
    comes in beyond what is taken off. `version` is the order's, as it was read.
    """

    key: idempotency.Key
    principal: channels.Principal
    order_id: UUID
    reason: str
    quantities: Mapping[int, int]
    wanted: tuple[FulfillmentWish, ...]
    tenders: tuple[TenderGiven, ...]
    occurred_at: datetime
    version: int | None = None

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return "edited"

    def describe(self) -> dict[str, Any]:
        """What the timeline says beside the lines."""
        return {"reason": self.reason}


def decide(surroundings: Surroundings, order: Order, command: EditOrder) -> Order | DomainError:
    """Return the order after an edit, its stock and money taken and given back; or why not."""
    difference = judge(surroundings, order, command)
    if isinstance(difference, DomainError):
        return difference
    mark, points = surroundings.accounts.mark(), surroundings.points.mark()
    tenders = tendered(surroundings, order, difference)
    after = (
        tenders
        if isinstance(tenders, DomainError)
        else applied(surroundings, order, difference, tenders)
    )
    if isinstance(after, DomainError):
        surroundings.points.take_back(points)
        surroundings.accounts.take_back(mark)
        surroundings.payments.take_back(order.id, first=len(order.tenders) + 1)
        return after
    change_accounts(surroundings.accounts, order, after, command.principal.id, now=surroundings.now)
    return after


def judge(surroundings: Surroundings, order: Order, command: EditOrder) -> Difference | DomainError:
    """Return what an edit means by the order and the price book, or why it cannot be."""
    if refusal := stale(order, command):
        return refusal
    if order.fulfillment_status in {"done", "cancelled"}:
        return TransitionRefused(state=order.fulfillment_status, step="edit")
    units = fewer(order, command.quantities)
    left = units if isinstance(units, DomainError) else taken_off(order, units)
    if isinstance(left, DomainError):
        return left
    parts, released = left
    smaller = replace(order, fulfillments=parts)
    if not command.wanted and smaller.fulfillment_status == "cancelled":
        return EditLeavesNothing(order.id)
    addition = addition_of(order, command)
    charge = charged(surroundings, order, addition)
    if isinstance(charge, DomainError):
        return charge
    return Difference(
        parts=parts,
        released=released,
        # Shipping stays: something of the order does.
        off_minor=worth_minor(order) - worth_minor(smaller),
        addition=addition,
        charge=charge,
        currency=order.currency,
    )


def applied(
    surroundings: Surroundings, order: Order, difference: Difference, tenders: tuple[Tender, ...]
) -> Order | DomainError:
    """Return the order after an edit that its new tenders pay, its goods moved; or why not."""
    stood = given_up(order.tenders, difference.refund_minor)
    came = brought_in(surroundings, order, difference, stood=stood, tenders=tenders)
    if isinstance(came, DomainError):
        return came
    surroundings.room.take(order.channel, came.promised)
    return came.order


def fewer(order: Order, quantities: Mapping[int, int]) -> dict[int, int] | DomainError:
    """Return how many units of each line are taken off where so many shall stay."""
    by_number = {line.number: line for line in order.lines}
    units = {}
    for number, stays in quantities.items():
        line = by_number.get(number)
        if line is None:
            return Invalid.at("/lines", f"There is no line {number} here")
        there = line.quantity - line.cancelled_quantity
        if stays >= there:
            return QuantityNotLower(line=number, requested=stays, quantity=there)
        if there - stays > line.open_quantity:
            return QuantityNotOpen(
                line=number, requested=there - stays, open_quantity=line.open_quantity
            )
        units[number] = there - stays
    return units
