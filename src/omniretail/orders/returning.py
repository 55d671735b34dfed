"""What the return of goods means for their order: units are claimed, come back, and are paid back. Pure.

It judges nothing but what the order itself allows; who may return what, and until when, lives in
`returns`. None of this counts the order's version: a return is one change, whatever it does at once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from omniretail.errors import DomainError, Invalid, Refused
from omniretail.orders.order import Fulfillment, Order, OrderLine, PayBack
from omniretail.orders.settlement import paid_back

Units = Mapping[int, int]
"""How many units of each line, by its number."""


class AlreadyReturned(Refused):
    """The units were returned already, here or elsewhere."""

    def __init__(self, *, line: int, requested: int, returnable: int) -> None:
        super().__init__(
            f"Of line {line}, {returnable} can still be returned, {requested} were named.",
            line=line,
            requested=requested,
            returnable=returnable,
        )


class NotHandedOver(Refused):
    """The goods have not reached the customer: what is open is cancelled, not returned."""

    def __init__(self, *, line: int, requested: int, handed_over: int) -> None:
        super().__init__(
            f"Of line {line}, {handed_over} reached the customer, {requested} were named.",
            line=line,
            requested=requested,
            handed_over=handed_over,
        )


class LineRefund(msgspec.Struct, frozen=True):
    """What units of a line come to that are paid back: their exact share of it, and of its tax."""

    amount_minor: int
    tax_minor: int


class RefundDue(msgspec.Struct, frozen=True, kw_only=True):
    """What goes back for returned units, by line number, and of shipping with the last of the goods."""

    lines: Mapping[int, LineRefund]
    shipping_minor: int = 0
    shipping_tax_minor: int = 0

    @property
    def amount_minor(self) -> int:
        """All that goes back."""
        return self.shipping_minor + sum(line.amount_minor for line in self.lines.values())

    @property
    def tax_minor(self) -> int:
        """The tax within it."""
        return self.shipping_tax_minor + sum(line.tax_minor for line in self.lines.values())


def handed_over_at(order: Order, part: Fulfillment) -> datetime:
    """Return when the last of a fulfillment's goods reached the customer, as far as that is known."""
    sent = [parcel.delivered_at or parcel.shipped_at for parcel in part.parcels]
    if part.kind == "ship" and sent:
        return max(sent)
    collected = part.pickup and part.pickup.handed_over_at
    return collected or order.placed_at


def claimed(order: Order, units: Units) -> Order | DomainError:
    """Return the order of whose lines so many more units are in a return.

    Outcomes: that order, Invalid (a line number), NotHandedOver, AlreadyReturned.
    """
    by_number = {line.number: line for line in order.lines}
    for number, quantity in units.items():
        line = by_number.get(number)
        if line is None:
            return Invalid.at("/lines", f"There is no line {number} here")
        if quantity > line.fulfilled_quantity:
            return NotHandedOver(
                line=number, requested=quantity, handed_over=line.fulfilled_quantity
            )
        if quantity > line.returnable_quantity:
            return AlreadyReturned(
                line=number, requested=quantity, returnable=line.returnable_quantity
            )
    return counted(order, units, "returned_quantity")


def unclaimed(order: Order, units: Units) -> Order:
    """Return the order of whose lines so many units are in no return any more."""
    freed = {number: -quantity for number, quantity in units.items()}
    return _with_room(counted(order, freed, "returned_quantity"))


def come_back(order: Order, units: Units) -> Order:
    """Return the order of whose returned units so many more came back."""
    return _with_room(counted(order, units, "received_quantity"))


def refund_due(order: Order, units: Units, *, refund_shipping: bool = True) -> RefundDue:
    """Return what goes back for so many units: what the sale stored, replayed in exact shares."""
    return _due(order, _gone(order, units, refund_shipping), units)


def refunded(
    order: Order,
    units: Units,
    backs: Sequence[PayBack],
    *,
    refund_shipping: bool = True,
    cash_step_minor: int = 1,
) -> Order:
    """Return the order of whose returned units so many more are paid back, to the tenders of `backs`."""
    gone = _gone(order, units, refund_shipping)
    assert sum(back.amount_minor for back in backs) == order.kept_minor - gone.kept_minor, (
        "what goes back is what the units come to"
    )
    tenders = paid_back(order.tenders, backs, cash_step_minor=cash_step_minor)
    return replace(gone, tenders=tenders)


def credited(order: Order, units: Units) -> Order:
    """Return the order of whose returned units so many more pay for what comes in instead.

    They cost nothing any more; shipping stays, since something of the order does.
    """
    return counted(order, units, "refunded_quantity")


def _gone(order: Order, units: Units, refund_shipping: bool) -> Order:
    gone = counted(order, units, "refunded_quantity")
    if not refund_shipping and not gone.keeps_shipping:
        return replace(gone, shipping_kept=True)
    return gone


def _due(order: Order, gone: Order, units: Units) -> RefundDue:
    after = {line.number: line for line in gone.lines}
    lines = {
        line.number: LineRefund(
            line.kept_minor - after[line.number].kept_minor,
            line.kept_tax_minor - after[line.number].kept_tax_minor,
        )
        for line in order.lines
        if line.number in units
    }
    if order.shipping is None or gone.keeps_shipping:
        return RefundDue(lines=lines)
    return RefundDue(
        lines=lines,
        shipping_minor=order.shipping.total_minor,
        shipping_tax_minor=order.shipping.tax_minor,
    )


def counted(order: Order, units: Units, counter: str) -> Order:
    """Return the order of whose lines a counter says so many units more."""

    def more(line: OrderLine) -> OrderLine:
        if line.number not in units:
            return line
        return replace(line, **{counter: getattr(line, counter) + units[line.number]})

    parts = tuple(
        replace(part, lines=tuple(more(line) for line in part.lines)) for part in order.fulfillments
    )
    return replace(order, fulfillments=parts)


def _with_room(order: Order) -> Order:
    """Return the order of whose lines none has more units back than were returned of it.

    Units that were paid back before they came became a line of their own when open ones of their line
    were set apart; returns name the other one. What that has no room for came back of these.
    """
    moves: dict[int, int] = {}
    for line in order.lines:
        excess = line.received_quantity - line.returned_quantity
        if excess <= 0:
            continue
        moves[line.number] = -excess
        for one in order.lines:
            if one.part_of != (line.part_of or line.number) or one.gone_quantity < one.quantity:
                continue
            room = one.returned_quantity - one.received_quantity - moves.get(one.number, 0)
            if room > 0 and excess:
                here = min(room, excess)
                moves[one.number] = moves.get(one.number, 0) + here
                excess -= here
        assert excess == 0, "no more comes back than was returned"
    return counted(order, moves, "received_quantity") if moves else order
