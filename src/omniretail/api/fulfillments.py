"""Fulfillments over HTTP: a location's queue, handing over and shipping."""

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
from omniretail.api.wire import CodeInQuery, Moment, Request, Serials, View, moment


class StepLine(LineQuantity, frozen=True, kw_only=True):
    """So many units of a line leave; of a SKU tracked by serial number, these."""

    serials: Serials = ()


class StepRequest(Request, frozen=True, kw_only=True):
    """Which units leave; no lines means all that are open."""

    lines: Annotated[tuple[StepLine, ...], Meta(max_length=500)] = ()
    occurred_at: Moment | None = None


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
    wanted: Annotated[orders.FulfillmentState, QueryParameter(name="state")] = "allocated",
    kind: FromQuery[orders.FulfillmentKind | None] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[QueuedView]:
    """List a location's fulfillments, the oldest first."""
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


@post(
    "/v1/fulfillments/{fulfillment_id:uuid}/handover",
    opt={"scope": "fulfillments:write"},
    status_code=200,
)
async def hand_over(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: FromPath[UUID],
    data: JSONBody[StepRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Hand a pickup over to the customer: its goods leave the stock."""
    return await _fulfill(request, fulfillment_id, "handover", data, idempotency_key)


@post(
    "/v1/fulfillments/{fulfillment_id:uuid}/shipment",
    opt={"scope": "fulfillments:write"},
    status_code=200,
)
async def ship(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: FromPath[UUID],
    data: JSONBody[StepRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Ship a parcel: its goods leave the stock."""
    return await _fulfill(request, fulfillment_id, "shipment", data, idempotency_key)


async def _fulfill(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: UUID,
    step: Literal["handover", "shipment"],
    data: JSONBody[StepRequest],
    idempotency_key: str | None,
) -> Response[OrderView]:
    command = orders.Fulfill(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        fulfillment_id=fulfillment_id,
        step=step,
        quantities=quantities_by_line(data.lines),
        serials={line.line: line.serials for line in data.lines if line.serials},
        occurred_at=moment(data.occurred_at, now=clock.now(), pointer="/occurred_at"),
    )
    return answered(await request.app.state.process.change_order(command), order_view, status=200)


def _queued(queued: orders.QueuedFulfillment) -> QueuedView:
    return QueuedView(
        order_id=queued.order.id,
        order_number=queued.order.number,
        channel=queued.order.channel,
        placed_at=queued.order.placed_at,
        fulfillment=fulfillment_view(queued.fulfillment, queued.order.currency),
    )


HANDLERS = [list_fulfillments, hand_over, ship]
