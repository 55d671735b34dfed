"""Fulfillments over HTTP: a location's queue, and each step to the customer's hands.

What is special about collecting in a store is `pickups`.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta

from omniretail import clock, orders
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.order_views import (
    FulfillmentView,
    OrderView,
    fulfillment_view,
    order_view,
)
from omniretail.api.orders import LineQuantity, quantities_by_line
from omniretail.api.paging import Cursor, Limit, Page, id_cursor, page
from omniretail.api.process import Tx
from omniretail.api.wire import CodeInQuery, Moment, Request, Serials, Text, View, moment
from omniretail.forms import WEB_ADDRESS
from omniretail.ids import new_id

Url = Annotated[str, Meta(max_length=500, pattern=WEB_ADDRESS)]


class StepLine(LineQuantity, frozen=True, kw_only=True):
    """So many units of a line leave; of a SKU tracked by serial number, these."""

    serials: Serials = ()


class ShipmentRequest(Request, frozen=True, kw_only=True):
    """Which units leave as one parcel, and how to follow it; no lines means all that are open."""

    lines: Annotated[tuple[StepLine, ...], Meta(max_length=500)] = ()
    occurred_at: Moment | None = None
    carrier: Text | None = None
    tracking_number: Text | None = None
    tracking_url: Url | None = None


class StepRequest(Request, frozen=True, kw_only=True):
    """When the step was taken; now unless it says otherwise."""

    occurred_at: Moment | None = None


class DeliveryRequest(StepRequest, frozen=True, kw_only=True):
    """Which parcel was delivered; all of them unless it names one."""

    parcel: UUID | None = None


class HoldUpRequest(Request, frozen=True, kw_only=True):
    """Why a fulfillment has to wait."""

    reason: orders.HoldReason
    note: Text | None = None


class ReleaseRequest(Request, frozen=True, kw_only=True):
    """Which hold ends; all of them unless it names one."""

    hold: UUID | None = None


class QueuedView(View, frozen=True, kw_only=True):
    """A fulfillment in a location's queue, with the order it belongs to."""

    order_id: UUID
    order_number: str
    channel: str
    placed_at: Moment
    fulfillment: FulfillmentView


@get("/v1/fulfillments", opt={"scope": "fulfillments:read"})
async def list_fulfillments(
    tx: Tx,
    request: HttpRequest[Any, Any, Any],
    location: CodeInQuery,
    wanted: Annotated[
        orders.FulfillmentState | Literal["on_hold"], QueryParameter(name="state")
    ] = "allocated",
    kind: FromQuery[orders.FulfillmentKind | None] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[QueuedView]:
    """List the fulfillments whose goods are at a location, or on their way to it, the oldest first."""
    found = await orders.list_fulfillments(
        tx,
        principal=request.user,
        location=location,
        state=wanted,
        kind=kind,
        after=id_cursor(cursor),
        limit=limit + 1,
    )
    return page(found, limit=limit, view=_queued, key=lambda one: one.fulfillment.id)


@get("/v1/fulfillments/{fulfillment_id:uuid}", opt={"scope": "fulfillments:read"})
async def get_fulfillment(
    tx: Tx, request: HttpRequest[Any, Any, Any], fulfillment_id: FromPath[UUID]
) -> QueuedView:
    """Return a fulfillment with the order it belongs to."""
    return _queued(await orders.find_fulfillment(tx, fulfillment_id, principal=request.user))


@post(
    "/v1/fulfillments/{fulfillment_id:uuid}/picking",
    opt={"scope": "fulfillments:write"},
    status_code=200,
)
async def start_picking(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: FromPath[UUID],
    data: JSONBody[StepRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Start to pick the goods of a fulfillment."""
    return await _advance(request, fulfillment_id, "picking", data, idempotency_key)


@post(
    "/v1/fulfillments/{fulfillment_id:uuid}/packing",
    opt={"scope": "fulfillments:write"},
    status_code=200,
)
async def pack(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: FromPath[UUID],
    data: JSONBody[StepRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Say that the goods of a fulfillment are packed."""
    return await _advance(request, fulfillment_id, "packing", data, idempotency_key)


@post(
    "/v1/fulfillments/{fulfillment_id:uuid}/shipment",
    opt={"scope": "fulfillments:write"},
    status_code=200,
)
async def ship(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: FromPath[UUID],
    data: JSONBody[ShipmentRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Ship a parcel: its goods leave the stock, to the customer or to the store that awaits them."""
    command = orders.Fulfill(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        fulfillment_id=fulfillment_id,
        step="shipment",
        quantities=quantities_by_line(data.lines),
        serials={line.line: line.serials for line in data.lines if line.serials},
        occurred_at=moment(data.occurred_at, now=clock.now(), pointer="/occurred_at"),
        tracking=orders.Tracking(
            carrier=data.carrier,
            number=data.tracking_number,
            url=data.tracking_url,
        ),
    )
    return await changed(request, command)


@post(
    "/v1/fulfillments/{fulfillment_id:uuid}/delivery",
    opt={"scope": "fulfillments:write"},
    status_code=200,
)
async def deliver(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: FromPath[UUID],
    data: JSONBody[DeliveryRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Say that a parcel, or all of them, reached the customer."""
    return await _advance(
        request, fulfillment_id, "delivery", data, idempotency_key, parcel_id=data.parcel
    )


@post(
    "/v1/fulfillments/{fulfillment_id:uuid}/arrival",
    opt={"scope": "fulfillments:write"},
    status_code=200,
)
async def arrive(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: FromPath[UUID],
    data: JSONBody[StepRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Say that goods which were sent to a store have arrived: they are in its stock, promised."""
    return await _advance(request, fulfillment_id, "arrival", data, idempotency_key)


@post(
    "/v1/fulfillments/{fulfillment_id:uuid}/hold",
    opt={"scope": "fulfillments:write"},
    status_code=200,
)
async def hold_up(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: FromPath[UUID],
    data: JSONBody[HoldUpRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Hold a fulfillment up, for a reason; there may be several at once."""
    command = orders.HoldUp(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        fulfillment_id=fulfillment_id,
        hold_id=new_id(),
        reason=data.reason,
        note=data.note,
        occurred_at=clock.now(),
    )
    return await changed(request, command)


@post(
    "/v1/fulfillments/{fulfillment_id:uuid}/release",
    opt={"scope": "fulfillments:write"},
    status_code=200,
)
async def release(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: FromPath[UUID],
    data: JSONBody[ReleaseRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """End what holds a fulfillment up: one hold, or all of them."""
    command = orders.LetGoOn(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        fulfillment_id=fulfillment_id,
        hold_id=data.hold,
        occurred_at=clock.now(),
    )
    return await changed(request, command)


async def changed(
    request: HttpRequest[Any, Any, Any], command: orders.Command
) -> Response[OrderView]:
    """Return the answer to a command that changes an order: the order as it is now."""
    return answered(await request.app.state.process.change_order(command), order_view, status=200)


async def _advance(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: UUID,
    step: Literal["picking", "packing", "delivery", "arrival"],
    data: StepRequest,
    idempotency_key: str | None,
    *,
    parcel_id: UUID | None = None,
) -> Response[OrderView]:
    command = orders.Advance(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        fulfillment_id=fulfillment_id,
        step=step,
        occurred_at=moment(data.occurred_at, now=clock.now(), pointer="/occurred_at"),
        parcel_id=parcel_id,
    )
    return await changed(request, command)


def _queued(queued: orders.QueuedFulfillment) -> QueuedView:
    return QueuedView(
        order_id=queued.order.id,
        order_number=queued.order.number,
        channel=queued.order.channel,
        placed_at=queued.order.placed_at,
        fulfillment=fulfillment_view(queued.fulfillment, queued.order.currency),
    )


HANDLERS = [
    list_fulfillments,
    get_fulfillment,
    start_picking,
    pack,
    ship,
    deliver,
    arrive,
    hold_up,
    release,
]
