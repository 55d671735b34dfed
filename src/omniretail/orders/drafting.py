"""An order as it is about to be placed: its fulfillments, its lines, the movements that it means. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from omniretail import catalog, inventory, pricing
from omniretail.ids import document_number, new_id
from omniretail.orders.charge import Charge
from omniretail.orders.machine import FulfillmentState
from omniretail.orders.order import Fulfillment, FulfillmentHold, Order, OrderLine
from omniretail.orders.wishes import FulfillmentWish, LineWish, PlaceOrder

Routes = Mapping[UUID, Mapping[str, Sequence[tuple[int, int]]]]
"""Who serves a fulfillment that named nobody: by its id, per location the position of each of its
lines, and how many units of it."""


def draft(
    command: PlaceOrder,
    charged: Charge,
    currency: str,
    routes: Routes,
    skus: Mapping[str, catalog.SkuTraits],
) -> Order:
    """Return the order that a command becomes, its tenders as they were given."""
    return Order(
        id=command.order_id,
        number=document_number(command.order_id, command.placed_at),
        channel=command.channel,
        location=command.location,
        currency=currency,
        total_minor=charged.priced.total_minor,
        book_version=charged.priced.book_version,
        placed_by=command.principal.id,
        placed_at=command.placed_at,
        version=1,
        fulfillments=tuple(_fulfillments(command, charged, routes, skus)),
        tenders=charged.tenders,
        customer=charged.shopper.customer,
        customer_groups=tuple(sorted(charged.shopper.customer_groups)),
        region=charged.shopper.region,
        quote_id=charged.quote_id,
        coupons=charged.coupons,
        rounding=charged.priced.rounding,
        tax_per=charged.priced.tax_per,
        shipping=charged.priced.shipping,
        ship_to=command.ship_to,
        email=command.email,
        cart_id=command.cart_id,
    )


def _fulfillments(
    command: PlaceOrder, charged: Charge, routes: Routes, skus: Mapping[str, catalog.SkuTraits]
) -> Iterator[Fulfillment]:
    numbered = iter(enumerate(zip(charged.lines, charged.reasons, strict=True), start=1))
    last_line, number = len(command.lines), 0
    holds = _holds(command)
    for wish in command.fulfillments:
        lines = []
        for line in wish.lines:
            line_number, (priced, reason) = next(numbered)
            lines.append(_line(line_number, wish, line, priced, reason, skus))
        served: Sequence[tuple[str, UUID, Sequence[OrderLine]]]
        if wish.location is not None:
            served = [(wish.location, wish.id, lines)]
        else:
            served, last_line = _divided(wish, lines, routes[wish.id], last_line)
        for location, fulfillment_id, its_lines in served:
            number += 1
            # What the store of collection has itself needs no shipping.
            collected = wish.kind == "ship_to_store" and location == wish.destination
            to_store = wish.kind == "ship_to_store" and not collected
            state: FulfillmentState = "handed_over" if wish.kind == "carry_out" else "allocated"
            yield Fulfillment(
                id=fulfillment_id,
                number=number,
                kind="pickup" if collected else wish.kind,
                location=location,
                lines=tuple(its_lines),
                state=state,
                source=location if to_store else None,
                destination=wish.destination if to_store else None,
                holds=() if wish.kind == "carry_out" else holds,
            )


def _holds(command: PlaceOrder) -> tuple[FulfillmentHold, ...]:
    """Return what holds up the goods of an order that is yet to be paid by bank."""
    if not any(tender.awaited for tender in command.tenders):
        return ()
    return (payment_hold(command),)


def payment_hold(command: PlaceOrder) -> FulfillmentHold:
    """Return what holds goods up until they are paid."""
    return FulfillmentHold(
        id=new_id(),
        reason="awaiting_payment",
        placed_at=command.placed_at,
        placed_by=command.principal.id,
    )


def _line(
    number: int,
    wish: FulfillmentWish,
    line: LineWish,
    priced: pricing.PricedLine,
    reason: str | None,
    skus: Mapping[str, catalog.SkuTraits],
) -> OrderLine:
    return OrderLine(
        number=number,
        sku=line.sku,
        quantity=line.quantity,
        list_price_minor=priced.list_price_minor,
        unit_price_minor=priced.unit_price_minor,
        price_reason=reason,
        total_minor=priced.total_minor,
        fulfilled_quantity=line.quantity if wish.kind == "carry_out" else 0,
        components=skus[line.sku].components,
        price_list=priced.price_list,
        discounts=priced.discounts,
        tax_class=priced.tax_class,
        tax_included=priced.tax_included,
        tax_rate_ppm=priced.tax_rate_ppm,
        tax_minor=priced.tax_minor,
    )


def _divided(
    wish: FulfillmentWish,
    lines: Sequence[OrderLine],
    route: Mapping[str, Sequence[tuple[int, int]]],
    last_line: int,
) -> tuple[list[tuple[str, UUID, list[OrderLine]]], int]:
    """Return what each location of a route serves, lines divided where several serve one.

    Also the number of the last line then.
    """
    left = dict(enumerate(lines))
    served = []
    for position, (location, units) in enumerate(sorted(route.items())):
        its_lines = []
        for at, quantity in units:
            line = left[at]
            if quantity < line.quantity:
                last_line += 1
                line, left[at] = line.divided(quantity, last_line)
            its_lines.append(line)
        served.append((location, new_id() if position else wish.id, its_lines))
    return served, last_line


def promised(order: Order, stock: inventory.Stock, held: Counter[tuple[str, str]]) -> Order:
    """Return the order with the dates of goods that are not there yet, by what its lines want.

    `held` is what the basket's own holds keep for them.
    """
    if not stock.ordering:
        return order
    wanted = Counter[tuple[str, str]]()
    wanted.subtract(held)
    parts = []
    for part in order.fulfillments:
        lines = tuple(
            replace(line, promised_at=at)
            if (at := promised_at(part, line, stock, wanted))
            else line
            for line in part.lines
        )
        parts.append(replace(part, lines=lines))
    return replace(order, fulfillments=tuple(parts))


def promised_at(
    part: Fulfillment,
    line: OrderLine,
    stock: inventory.Stock,
    wanted: Counter[tuple[str, str]],
) -> datetime | None:
    """Return when goods will be there that are not: the last of a kit's components decides.

    `wanted` is what the lines before it want; this one's goods are added.
    """
    dates: list[datetime | None] = []
    for goods in inventory.parts(line.sku, line.quantity, line.components):
        place = goods.sku, part.location
        wanted[place] += goods.quantity
        if part.kind != "carry_out":
            dates.append(stock.promised_at(*place, wanted[place]))
    return max((at for at in dates if at), default=None)


def posting(stock: inventory.Stock, command: PlaceOrder, order: Order) -> inventory.Posting:
    """Return the movements that placing an order means: goods promised, or sold over the counter."""
    source = inventory.Source(
        document_type="order",
        document_id=order.id,
        actor_id=command.principal.id,
        channel=order.channel,
        occurred_at=order.placed_at,
        idempotency_key=command.key.key,
    )
    serials = {
        number: line.serials for number, line in enumerate(command.lines, start=1) if line.serials
    }
    movements: list[inventory.Movement] = []
    for part in order.fulfillments:
        leave = inventory.sold if part.kind == "carry_out" else inventory.allocated
        for line in part.lines:
            movements += inventory.moved(
                leave,
                line.sku,
                part.location,
                line.quantity,
                line.components,
                serials.get(line.number, ()),
                tracking=stock.tracking,
            )
    return inventory.Posting(source, movements, forced=command.forced)
