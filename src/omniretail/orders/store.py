"""Reading and writing orders as rows. It decides nothing: what an order may become is not its room."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import structs

from omniretail import events
from omniretail.db import Read, Rows, Transaction, Write, sql, write_columns, write_documents
from omniretail.orders.order import Fulfillment, Order, Tender, TenderType

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
_PARTS = (_ORDERS, _LINES, _FULFILLMENTS, _PARCELS, _TENDERS)
_MAY_BE_NULL = frozenset({"list_price_minor", "price_reason", "location", "reference"})


async def lock(
    tx: Transaction,
    *,
    order_ids: Collection[UUID],
    fulfillment_ids: Collection[UUID] = (),
) -> dict[UUID, Order]:
    """Lock orders, named by their own ids or by fulfillments', in the order of ids; return them."""
    rows = await tx.fetch(_LOCK, list(order_ids), list(fulfillment_ids))
    return {order.id: order for order in await load(tx, [row["id"] for row in rows])}


async def load(tx: Transaction, order_ids: Sequence[UUID]) -> list[Order]:
    """Return the orders that exist among `order_ids`, in that order."""
    found = await tx.read(*(Read(part, (list(order_ids),), list) for part in _PARTS))
    orders = {order.id: order for order in _orders(*found)}
    return [orders[order_id] for order_id in order_ids if order_id in orders]


def _orders(orders: Rows, lines: Rows, parts: Rows, parcels: Rows, tenders: Rows) -> list[Order]:
    its_lines, its_parts, its_parcels, its_tenders = (
        defaultdict[Any, Rows](list) for _ in range(4)
    )
    for line in lines:
        place = line.pop("order_id"), line.pop("fulfillment_number")
        its_lines[place].append(_said(line))
    for parcel in parcels:
        its_parcels[parcel["fulfillment_id"]].append(parcel)
    for part in parts:
        order_id = part["order_id"]
        part["lines"] = its_lines[order_id, part["number"]]
        part["parcels"] = its_parcels[part["id"]]
        its_parts[order_id].append(_said(part))
    for tender in tenders:
        its_tenders[tender["order_id"]].append(_said(tender))
    for order in orders:
        order["fulfillments"] = its_parts[order["id"]]
        order["tenders"] = its_tenders[order["id"]]
    # The keys of objects are text in JSON, also where they are numbers.
    return msgspec.convert([_said(order) for order in orders], list[Order], str_keys=True)


def _said(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without what it leaves out: that is what the order says by default."""
    return {name: it for name, it in row.items() if it is not None or name in _MAY_BE_NULL}


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
                (
                    order.id,
                    order.version,
                    order.total_minor,
                    order.exchanged_minor,
                    order.shipping_kept,
                    order.customer,
                    order.loyalty_account,
                )
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
        (order.id, *_kept_of(tender))
        for was, order in changed
        for stood, tender in zip(was.tenders, order.tenders, strict=False)
        if _kept_of(stood) != _kept_of(tender)
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
                refunds.append((*place, back, rounding, _other_way(stood, tender)))
    return [
        *write_documents(_ADD_TENDERS, new),
        *write_columns(_CHANGE_TENDERS, tenders),
        *write_columns(_CAPTURE, captures, now),
        *write_columns(_REFUND, refunds, now),
    ]


def _kept_of(tender: Tender) -> tuple[int, int, int, str | None, int]:
    """Return what a tender's own row says beside what it was given with."""
    return (
        tender.number,
        tender.uncaptured_minor,
        tender.voided_minor,
        tender.reference,
        tender.owed_minor,
    )


def _other_way(was: Tender, tender: Tender) -> TenderType | None:
    """Return by what method something went back that did not go to the tender itself."""
    ways = [way for way, minor in tender.otherwise.items() if minor != was.otherwise.get(way)]
    assert len(ways) <= 1, "one change gives back one way"
    return ways[0] if ways else None
