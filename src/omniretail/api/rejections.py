"""Rejections over HTTP: a location cannot serve a fulfillment; and who serves it instead, by staff."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from omniretail import clock, orders
from omniretail.api.fulfillments import changed
from omniretail.api.keyed import KeyHeader, key
from omniretail.api.order_views import OrderView
from omniretail.api.orders import LineQuantity, quantities_by_line
from omniretail.api.wire import Code, Quantity, Request, Text
from omniretail.errors import Invalid


class RejectedLine(LineQuantity, frozen=True, kw_only=True):
    """So many units of a line; damaged ones of a SKU tracked by lot are of this lot."""

    lot: Code | None = None


class RejectionRequest(Request, frozen=True, kw_only=True):
    """Which units a location cannot serve, and why; no lines means all that are open.

    What is `not_in_stock` is so for other orders, too, unless `collateral` says otherwise. `missing`
    is how many units of each SKU were not there, of a `mismatch`; as many as are rejected unless given.
    """

    reason: orders.RejectionReason
    lines: Annotated[tuple[RejectedLine, ...], Meta(max_length=500)] = ()
    note: Text | None = None
    collateral: bool = True
    missing: Quantity | None = None


class SourcingRequest(Request, frozen=True, kw_only=True):
    """Who shall serve it, whatever was rejected there; else the channel's rules decide."""

    location: Code | None = None


@post(
    "/v1/fulfillments/{fulfillment_id:uuid}/rejection",
    opt={"scope": "fulfillments:write"},
    status_code=200,
)
async def reject(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: FromPath[UUID],
    data: JSONBody[RejectionRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Say that a location cannot serve a fulfillment: another one is found, or staff look after it."""
    if data.missing is not None and data.reason != "mismatch":
        raise Invalid.at("/missing", "Units are missing where the reason is a mismatch")
    lots = {line.line: line.lot for line in data.lines if line.lot is not None}
    if lots and data.reason != "damaged":
        raise Invalid.at("/lines", "A lot is named of what is damaged")
    command = orders.Reject(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        fulfillment_id=fulfillment_id,
        reason=data.reason,
        quantities=quantities_by_line(data.lines),
        occurred_at=clock.now(),
        note=data.note,
        collateral=data.collateral,
        missing=data.missing,
        lots=lots,
    )
    return await changed(request, command)


@post(
    "/v1/fulfillments/{fulfillment_id:uuid}/sourcing",
    opt={"scope": "fulfillments:write"},
    status_code=200,
)
async def source_again(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: FromPath[UUID],
    data: JSONBody[SourcingRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Look again for who serves a rejected fulfillment, or say who does."""
    command = orders.SourceAgain(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        fulfillment_id=fulfillment_id,
        occurred_at=clock.now(),
        location=data.location,
    )
    return await changed(request, command)


HANDLERS = [reject, source_again]
