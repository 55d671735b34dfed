"""Reading and writing orders as rows. It decides nothing: what an order may become is not its room."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import structs

from omniretail import events, pricing
from omniretail.db import Transaction, Write, sql, write_columns
from omniretail.orders.order import Fulfillment, Order, OrderLine, Tender

_LOCK = sql("orders.lock_orders")
_ORDERS = sql("orders.orders")
_LINES = sql("orders.lines")
_FULFILLMENTS = sql("orders.fulfillments")
_TENDERS = sql("orders.tenders")
_PLACE_ORDERS = sql("orders.place_orders")
_PLACE_LINES = sql("orders.place_lines")
_PLACE_FULFILLMENTS = sql("orders.place_fulfillments")
_PLACE_TENDERS = sql("orders.place_tenders")
_CHANGE_ORDERS = sql("orders.change_orders")
_CHANGE_LINES = sql("orders.change_lines")
_CHANGE_FULFILLMENTS = sql("orders.change_fulfillments")
_REFUND = sql("orders.refund_tenders")
_LINE_FIELDS = (
    "number",
    "sku",
    "quantity",
    "fulfilled_quantity",
    "cancelled_quantity",
    "list_price_minor",
    "unit_price_minor",
    "price_reason",
    "total_minor",
    "components",
    "promised_at",
    "price_list",
    "discounts",
    "tax_class",
    "tax_included",
    "tax_rate_ppm",
    "tax_minor",
    "adjusted_total_minor",
    "adjusted_tax_minor",
)
_DISCOUNTS = msgspec.json.Decoder(tuple[pricing.Discount, ...])
_CHARGE = msgspec.json.Decoder(pricing.PricedLine)


async def lock(
    tx: Transaction, *, order_ids: Collection[UUID], fulfillment_ids: Collection[UUID]
) -> dict[UUID, Order]:
    """Lock orders, named by their own ids or by fulfillments', in the order of ids; return them."""
    rows = await tx.fetch(_LOCK, list(order_ids), list(fulfillment_ids))
    return {order.id: order for order in await load(tx, [row["id"] for row in rows])}


async def load(tx: Transaction, order_ids: Sequence[UUID]) -> list[Order]:
    """Return the orders that exist among `order_ids`, in that order."""
    ids = list(order_ids)
    lines: dict[tuple[UUID, int], list[OrderLine]] = {}
    for row in await tx.fetch(_LINES, ids):
        order_id, fulfillment_number, *rest = row
        fields = dict(zip(_LINE_FIELDS, rest, strict=True))
        if fields["components"] is not None:
            fields["components"] = msgspec.json.decode(fields["components"])
        fields["discounts"] = _DISCOUNTS.decode(fields["discounts"] or "[]")
        lines.setdefault((order_id, fulfillment_number), []).append(OrderLine(**fields))
    parts: dict[UUID, list[Fulfillment]] = {}
    for row in await tx.fetch(_FULFILLMENTS, ids):
        parts.setdefault(row["order_id"], []).append(
            Fulfillment(
                id=row["id"],
                number=row["number"],
                kind=row["kind"],
                location=row["location"],
                lines=tuple(lines[row["order_id"], row["number"]]),
            )
        )
    tenders: dict[UUID, list[Tender]] = {}
    for row in await tx.fetch(_TENDERS, ids):
        fields = dict(row)
        tenders.setdefault(fields.pop("order_id"), []).append(Tender(**fields))
    found: dict[UUID, Order] = {}
    for row in await tx.fetch(_ORDERS, ids):
        fields = dict(row)
        for several in ("customer_groups", "coupons"):
            fields[several] = tuple(fields[several] or ())
        fields["shipping"] = fields["shipping"] and _CHARGE.decode(fields["shipping"])
        found[row["id"]] = Order(
            **fields,
            fulfillments=tuple(parts[row["id"]]),
            tenders=tuple(tenders.get(row["id"], ())),
        )
    return [found[order_id] for order_id in ids if order_id in found]


def write_placed(placed: Sequence[tuple[str, Order]], *, now: datetime) -> list[Write]:
    """Return the writes of orders just placed, each with its idempotency key: all their parts,
    which the statements unpack from the orders themselves, and their first event.
    """
    orders = [{"idempotency_key": key, **structs.asdict(order)} for key, order in placed]
    happened = [
        events.Happened(
            document_type="order",
            document_id=order.id,
            sequence=order.version,
            type="placed",
            occurred_at=order.placed_at,
            actor_id=order.placed_by,
            channel=order.channel,
            data={
                "number": order.number,
                "currency": order.currency,
                "total_minor": order.total_minor,
            },
        )
        for _, order in placed
    ]
    document = msgspec.json.encode(orders).decode()
    return [
        Write(_PLACE_ORDERS, (document, now)),
        Write(_PLACE_FULFILLMENTS, (document,)),
        Write(_PLACE_LINES, (document,)),
        Write(_PLACE_TENDERS, (document,)),
        *events.record(happened, now=now),
    ]


def write_changed(
    before: Mapping[UUID, Order],
    changes: Sequence[tuple[Order, Order, events.Happened]],
    *,
    now: datetime,
) -> list[Write]:
    """Return the writes of changes, each an order before, after, and the event that it was.

    `before` are the orders as locked; their progress is written once, as the last change left it.
    """
    current = {**before, **{after.id: after for _, after, _ in changes}}
    orders = [
        order for order_id, order in current.items() if order.version != before[order_id].version
    ]
    lines = [
        (
            order.id,
            line.number,
            line.fulfilled_quantity,
            line.cancelled_quantity,
            line.adjusted_total_minor,
            line.adjusted_tax_minor,
        )
        for order in orders
        for was, line in zip(before[order.id].lines, order.lines, strict=True)
        if line != was
    ]
    states = [
        (part.id, part.state)
        for order in orders
        for was, part in zip(before[order.id].fulfillments, order.fulfillments, strict=True)
        if part.state != was.state
    ]
    refunds = [
        (
            after.id,
            tender.number,
            after.version,
            tender.refunded_minor - was.refunded_minor,
            tender.refunded_rounding_minor - was.refunded_rounding_minor,
        )
        for previous, after, _ in changes
        for was, tender in zip(previous.tenders, after.tenders, strict=True)
        if tender.left_minor != was.left_minor
    ]
    return [
        *write_columns(_CHANGE_ORDERS, [(order.id, order.version) for order in orders]),
        *write_columns(_CHANGE_LINES, lines),
        *write_columns(_CHANGE_FULFILLMENTS, states),
        *write_columns(_REFUND, refunds, now),
        *events.record([happened for _, _, happened in changes], now=now),
    ]
