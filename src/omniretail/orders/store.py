"""Reading and writing orders as rows. It decides nothing: what an order may become is not its room."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import structs

from omniretail import events, pricing
from omniretail.addresses import ShipTo
from omniretail.db import Transaction, Write, sql, write_columns, write_documents
from omniretail.orders.order import (
    Fulfillment,
    FulfillmentHold,
    Order,
    OrderLine,
    Parcel,
    Pickup,
    Tender,
)

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
_CHANGE_TENDERS = sql("orders.change_tenders")
_ADD_LINES = sql("orders.add_lines")
_ADD_FULFILLMENTS = sql("orders.add_fulfillments")
_ADD_TENDERS = sql("orders.add_tenders")
_SEND_PARCELS = sql("orders.send_parcels")
_PARCELS = sql("orders.parcels")
_CAPTURE = sql("orders.capture_tenders")
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
    "part_of",
)
_DISCOUNTS = msgspec.json.Decoder(tuple[pricing.Discount, ...])
_CHARGE = msgspec.json.Decoder(pricing.PricedLine)
_SHIP_TO = msgspec.json.Decoder(ShipTo)
_HOLDS = msgspec.json.Decoder(tuple[FulfillmentHold, ...])
_PICKUP = msgspec.json.Decoder(Pickup)
_UNITS = msgspec.json.Decoder(dict[int, int])


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
    served = await tx.fetch(_FULFILLMENTS, ids)
    sent = any(row["kind"] in {"ship", "ship_to_store"} for row in served)
    parcels = await _load_parcels(tx, ids) if sent else {}
    parts: dict[UUID, list[Fulfillment]] = {}
    for row in served:
        fields = dict(row)
        order_id = fields.pop("order_id")
        fields["holds"] = _HOLDS.decode(fields["holds"] or "[]")
        fields["pickup"] = fields["pickup"] and _PICKUP.decode(fields["pickup"])
        parts.setdefault(order_id, []).append(
            Fulfillment(
                **fields,
                lines=tuple(lines.get((order_id, fields["number"]), ())),
                parcels=tuple(parcels.get(fields["id"], ())),
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
        fields["ship_to"] = fields["ship_to"] and _SHIP_TO.decode(fields["ship_to"])
        found[row["id"]] = Order(
            **fields,
            fulfillments=tuple(parts[row["id"]]),
            tenders=tuple(tenders.get(row["id"], ())),
        )
    return [found[order_id] for order_id in ids if order_id in found]


async def _load_parcels(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, list[Parcel]]:
    parcels: dict[UUID, list[Parcel]] = {}
    for row in await tx.fetch(_PARCELS, ids):
        fields = dict(row)
        del fields["order_id"]
        fields["lines"] = _UNITS.decode(fields["lines"])
        parcels.setdefault(fields.pop("fulfillment_id"), []).append(Parcel(**fields))
    return parcels


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
    captures = [
        (order.id, tender.number, order.version, tender.captured_minor, 0)
        for _, order in placed
        for tender in order.tenders
        if (tender.payment_id or tender.account_id) and tender.captured_minor
    ]
    document = msgspec.json.encode(orders).decode()
    return [
        Write(_PLACE_ORDERS, (document, now)),
        Write(_PLACE_FULFILLMENTS, (document,)),
        Write(_PLACE_LINES, (document,)),
        Write(_PLACE_TENDERS, (document,)),
        *write_columns(_CAPTURE, captures, now),
        *events.record(happened, now=now),
    ]


def write_changed(
    before: Mapping[UUID, Order],
    current: Mapping[UUID, Order],
    changes: Sequence[tuple[Order, Order, events.Happened]],
    *,
    now: datetime,
) -> list[Write]:
    """Return the writes of changes, each an order before, after, and the event that it was.

    `before` are the orders as locked, `current` as the last change left them: what became of them is
    written once.
    """
    changed = [
        (before[order_id], order)
        for order_id, order in current.items()
        if order != before[order_id]
    ]
    ids = [order.id for _, order in changed]
    lines = [part for was, order in changed for part in _changed_lines(was, order)]
    parts = [part for was, order in changed for part in _changed_fulfillments(was, order)]
    return [
        *write_columns(
            _CHANGE_ORDERS,
            [
                (order.id, order.version, order.total_minor, order.exchanged_minor)
                for _, order in changed
            ],
        ),
        *write_documents(_ADD_LINES, [line for line, is_new in lines if is_new]),
        *write_documents(_CHANGE_LINES, [line for line, is_new in lines if not is_new], ids),
        *write_documents(_ADD_FULFILLMENTS, [part for part, is_new in parts if is_new]),
        *write_documents(
            _CHANGE_FULFILLMENTS,
            [part for part, is_new in parts if not is_new],
            [part["id"] for part, is_new in parts if not is_new],
        ),
        *write_documents(
            _SEND_PARCELS, [one for was, order in changed for one in _sent(was, order)]
        ),
        *_tender_writes(changed, changes, now),
        *events.record([happened for _, _, happened in changes], now=now),
    ]


def _changed_lines(was: Order, order: Order) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield each line that changed or moved, and whether it is new."""
    stood = {line.number: (part.number, line) for part in was.fulfillments for line in part.lines}
    for part in order.fulfillments:
        for line in part.lines:
            if stood.get(line.number) == (part.number, line):
                continue
            document = structs.asdict(line)
            document |= {
                "order_id": order.id,
                "fulfillment_number": part.number,
                "discounts": line.discounts or None,
            }
            yield document, line.number not in stood


def _changed_fulfillments(was: Order, order: Order) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield each fulfillment that changed, apart from its lines, and whether it is new."""
    stood = {part.id: _bare(part) for part in was.fulfillments}
    for part in order.fulfillments:
        if stood.get(part.id) == (bare := _bare(part)):
            continue
        document = structs.asdict(bare)
        document |= {"order_id": order.id, "holds": part.holds or None}
        yield document, part.id not in stood


def _bare(part: Fulfillment) -> Fulfillment:
    return structs.replace(part, lines=(), parcels=())


def _sent(was: Order, order: Order) -> Iterator[dict[str, Any]]:
    """Yield each parcel that left or was delivered."""
    known = {parcel for part in was.fulfillments for parcel in _parcels(part)}
    for part in order.fulfillments:
        for parcel in part.parcels:
            if (parcel.id, parcel.delivered_at) not in known:
                yield structs.asdict(parcel) | {"order_id": order.id, "fulfillment_id": part.id}


def _parcels(part: Fulfillment) -> Iterator[tuple[UUID, datetime | None]]:
    return ((parcel.id, parcel.delivered_at) for parcel in part.parcels)


def _tenders_of(before: Order, after: Order) -> Iterator[tuple[Tender, Tender]]:
    """Yield each tender as it was with what it is; one that came in was promised, or is as it is."""
    for position, tender in enumerate(after.tenders):
        if position < len(before.tenders):
            yield before.tenders[position], tender
        elif tender.payment_id or tender.account_id:
            yield structs.replace(tender, uncaptured_minor=tender.amount_minor), tender


def _tender_writes(
    changed: Sequence[tuple[Order, Order]],
    changes: Sequence[tuple[Order, Order, events.Happened]],
    now: datetime,
) -> list[Write]:
    new = [
        structs.asdict(tender) | {"order_id": order.id}
        for was, order in changed
        for tender in order.tenders[len(was.tenders) :]
    ]
    tenders = [
        (order.id, tender.number, tender.uncaptured_minor, tender.voided_minor, tender.reference)
        for was, order in changed
        for stood, tender in zip(was.tenders, order.tenders, strict=False)
        if (stood.uncaptured_minor, stood.voided_minor, stood.reference)
        != (tender.uncaptured_minor, tender.voided_minor, tender.reference)
    ]
    captures, refunds = [], []
    for previous, after, _ in changes:
        for stood, tender in _tenders_of(previous, after):
            place = (after.id, tender.number, after.version)
            captured = tender.captured_minor - stood.captured_minor
            voided = tender.voided_minor - stood.voided_minor
            if captured or voided:
                captures.append((*place, captured, voided))
            back = tender.refunded_minor - stood.refunded_minor
            rounding = tender.refunded_rounding_minor - stood.refunded_rounding_minor
            if back or rounding:
                refunds.append((*place, back, rounding))
    return [
        *write_documents(_ADD_TENDERS, new),
        *write_columns(_CHANGE_TENDERS, tenders),
        *write_columns(_CAPTURE, captures, now),
        *write_columns(_REFUND, refunds, now),
    ]
