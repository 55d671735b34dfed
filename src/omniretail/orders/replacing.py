"""Replacing goods of an order that were damaged, missing or wrong: others come in at what they cost. Pure.

No money moves. The units that are replaced cost nothing any more; what they came to, to the cent, is
what the new ones are worth. So whoever brings these back is paid back what was paid.
"""

from collections import Counter
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import inventory, pricing
from omniretail.money import MOST_MINOR, part, split
from omniretail.orders.drafting import promised
from omniretail.orders.machine import FulfillmentKind
from omniretail.orders.order import Fulfillment, Order, OrderLine, Pickup
from omniretail.orders.returning import Units, counted


class Replacement(msgspec.Struct, frozen=True, kw_only=True):
    """How goods that replace others come to the customer: from which location, by which fulfillment."""

    fulfillment_id: UUID
    kind: FulfillmentKind
    location: str
    occurred_at: datetime


def replaced(
    order: Order, units: Units, wish: Replacement, stock: inventory.Stock
) -> Order | pricing.AmountTooLarge:
    """Return the order of whose claimed units so many are replaced, by its last fulfillment.

    That one has a line for each line of `units`, in their order, promised by what the stock has.
    """
    gone = counted(order, units, "refunded_quantity")
    before = {line.number: line for line in order.lines}
    after = {line.number: line for line in gone.lines}
    last = max(before)
    lines = [
        _again(order, before[number], after[number], last + position)
        for position, number in enumerate(units, start=1)
    ]
    added_minor = sum(line.total_minor for line in lines)
    if order.total_minor + added_minor > MOST_MINOR:
        return pricing.AmountTooLarge()
    fresh = Fulfillment(
        id=wish.fulfillment_id,
        number=max(one.number for one in order.fulfillments) + 1,
        kind=wish.kind,
        location=wish.location,
        lines=tuple(lines),
    )
    if wish.kind == "carry_out":
        fresh = replace(
            fresh,
            state="handed_over",
            lines=tuple(replace(line, fulfilled_quantity=line.quantity) for line in lines),
            # It may be returned from then on, and not since the order was placed.
            pickup=Pickup(handed_over_at=wish.occurred_at),
        )
    coming = promised(replace(order, fulfillments=(fresh,)), stock, Counter())
    return replace(
        gone,
        total_minor=order.total_minor + added_minor,
        exchanged_minor=order.exchanged_minor + added_minor,
        fulfillments=(*gone.fulfillments, *coming.fulfillments),
    )


def _again(order: Order, line: OrderLine, after: OrderLine, number: int) -> OrderLine:
    """Return the units that are gone from a line as a line of their own, worth what they came to."""

    def share(amount_minor: int) -> int:
        taken = part(amount_minor, after.gone_quantity, line.quantity)
        return taken - part(amount_minor, line.gone_quantity, line.quantity)

    quantity = after.gone_quantity - line.gone_quantity
    listed = line.unit_price_minor * quantity
    total, tax = share(line.total_minor), share(line.tax_minor)
    charged = total
    if not line.tax_included:
        # Shares of a total and of its tax round apart: what is left of the price is never above it.
        charged = min(total - tax, listed)
        tax = total - charged
    adjusted, adjusted_tax = line.adjusted_total_minor, line.adjusted_tax_minor
    return replace(
        line,
        number=number,
        part_of=line.part_of or line.number,
        quantity=quantity,
        total_minor=total,
        tax_minor=tax,
        adjusted_total_minor=None if adjusted is None else share(adjusted),
        adjusted_tax_minor=None if adjusted_tax is None else share(adjusted_tax),
        discounts=_discounts(order, line, listed - charged),
        fulfilled_quantity=0,
        cancelled_quantity=0,
        returned_quantity=0,
        received_quantity=0,
        refunded_quantity=0,
        promised_at=None,
    )


def _discounts(order: Order, line: OrderLine, off_minor: int) -> tuple[pricing.Discount, ...]:
    """Divide what is off a price among the promotions that worked on the line as ordered."""
    whole = line.part_of or line.number
    worked = Counter[tuple[str, str | None]]()
    for one in order.lines:
        if (one.part_of or one.number) == whole:
            for discount in one.discounts:
                worked[discount.promotion, discount.coupon] += discount.amount_minor
    shares = split(off_minor, list(worked.values())) if off_minor else []
    return tuple(
        pricing.Discount(promotion, minor, coupon)
        for (promotion, coupon), minor in zip(worked, shares, strict=False)
        if minor
    )
