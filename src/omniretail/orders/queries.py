"""What only reads orders: one by id or number, lists by who may see them, a location's queue."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec
from sqlmodel import col, select

from omniretail import catalog, events, payments
from omniretail.channels import Principal
from omniretail.db import Transaction, sql
from omniretail.orders import models, store
from omniretail.orders.changing import UnknownFulfillment, UnknownOrder
from omniretail.orders.machine import FulfillmentKind, FulfillmentState
from omniretail.orders.order import Fulfillment, Order

_FIND = sql("orders.find_order")
_LIST = sql("orders.list_orders")
_QUEUE = sql("orders.queue")
_HELD_UP = sql("orders.held_up")
_OPEN_LINES = sql("orders.open_lines")


class QueuedFulfillment(msgspec.Struct, frozen=True):
    """A fulfillment with the order it belongs to."""

    order: Order
    fulfillment: Fulfillment


class OpenLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that awaits goods: so many of its own SKU, which may be a kit of what it awaits."""

    order_id: UUID
    number: str
    line_number: int
    sku: str
    open_quantity: int


async def find_order(tx: Transaction, reference: UUID | str, *, principal: Principal) -> Order:
    """Return an order by its id or its number. Raises: UnknownOrder, also where it is not yours."""
    by_id, by_number = (reference, None) if isinstance(reference, UUID) else (None, reference)
    rows = await tx.fetch(_FIND, by_id, by_number)
    found = await store.load(tx, [row["id"] for row in rows])
    if not found or not found[0].visible_to(principal):
        raise UnknownOrder(reference)
    return found[0]


async def find_fulfillment(
    tx: Transaction, fulfillment_id: UUID, *, principal: Principal
) -> QueuedFulfillment:
    """Return a fulfillment with its order. Raises: UnknownFulfillment, also where it is not yours."""
    rows = await tx.select(
        select(models.Fulfillment.order_id).where(col(models.Fulfillment.id) == fulfillment_id)
    )
    for order in await store.load(tx, [row["order_id"] for row in rows]):
        if order.visible_to(principal):
            part = next(one for one in order.fulfillments if one.id == fulfillment_id)
            return QueuedFulfillment(order, part)
    raise UnknownFulfillment(fulfillment_id)


async def order_timeline(
    tx: Transaction, order_id: UUID, *, principal: Principal
) -> list[events.Happened]:
    """Return all that happened to an order, first to last. Raises: UnknownOrder."""
    await find_order(tx, order_id, principal=principal)
    return await events.timeline(tx, order_id)


async def order_payments(
    tx: Transaction, order_id: UUID, *, principal: Principal
) -> tuple[Order, list[payments.Operation]]:
    """Return an order, with what providers have to do, did or declined for it. Raises: UnknownOrder."""
    order = await find_order(tx, order_id, principal=principal)
    (operations,) = await tx.read(payments.operations_of_orders([order.id]))
    return order, operations.get(order.id, [])


async def list_orders(
    tx: Transaction, *, principal: Principal, before: UUID | None = None, limit: int
) -> list[Order]:
    """Return the orders a principal may see, the latest first, older than `before`."""
    channel = principal.channel if principal.kind == "channel" else None
    locations = None if principal.kind == "channel" else sorted(principal.locations) or None
    rows = await tx.fetch(_LIST, channel, locations, before, limit)
    return await store.load(tx, [row["id"] for row in rows])


async def list_fulfillments(
    tx: Transaction,
    *,
    principal: Principal,
    location: str,
    state: FulfillmentState | Literal["on_hold"],
    kind: FulfillmentKind | None = None,
    after: UUID | None = None,
    limit: int,
) -> list[QueuedFulfillment]:
    """Return a location's fulfillments in a state, the oldest first, behind `after`.

    Those on their way to it are among them. What is held up is `on_hold`, and nothing else. A channel
    sees its own orders' only. Raises: UnknownLocation, also where it is not yours.
    """
    (known,) = await tx.read(catalog.locations_by_code([location]))
    if location not in known or not principal.may_act_at(location):
        raise catalog.UnknownLocation(location)
    channel = principal.channel if principal.kind == "channel" else None
    if state == "on_hold":
        rows = await tx.fetch(_HELD_UP, location, kind, channel, after, limit)
    else:
        rows = await tx.fetch(_QUEUE, location, state, kind, channel, after, limit)
    orders = {order.id: order for order in await store.load(tx, [row["order_id"] for row in rows])}
    parts = {part.id: part for order in orders.values() for part in order.fulfillments}
    return [QueuedFulfillment(orders[row["order_id"]], parts[row["id"]]) for row in rows]


async def open_lines(
    tx: Transaction, places: Sequence[tuple[str, str]], *, principal: Principal, most: int
) -> dict[tuple[str, str], list[OpenLine]]:
    """Return the open lines that await goods at places, the oldest first, at most `most` for each.

    A channel sees its own orders' only.
    """
    channel = principal.channel if principal.kind == "channel" else None
    found: dict[tuple[str, str], list[OpenLine]] = {place: [] for place in places}
    rows = await tx.fetch(
        _OPEN_LINES,
        [sku for sku, _ in found],
        [location for _, location in found],
        channel,
        most,
    )
    for row in map(dict, rows):
        found[row.pop("awaited"), row.pop("location")].append(OpenLine(**row))
    return found
