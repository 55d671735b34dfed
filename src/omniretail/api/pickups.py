"""Collecting in a store over HTTP: ready, the code, who collects, where they wait, handing over."""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from omniretail import channels, clock, orders, pricing
from omniretail.api.fulfillments import StepLine, StepRequest, changed
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.order_views import OrderView, order_view
from omniretail.api.orders import quantities_by_line
from omniretail.api.process import Process, Tx
from omniretail.api.wire import Moment, Request, Text, View, moment
from omniretail.errors import Forbidden
from omniretail.forms import TEXT


class CodeNeeded(Forbidden):
    """This key hands over against the code only."""

    def __init__(self) -> None:
        super().__init__("Handing over without the code needs the scope pickups:without_code.")


class HandoverRequest(Request, frozen=True, kw_only=True):
    """Who collects, and what proves it; no lines means all that are open.

    The proof is the pickup's `code`; with the scope pickups:without_code a `name` and the reference
    of a signature do instead.
    """

    lines: Annotated[tuple[StepLine, ...], Meta(max_length=500)] = ()
    occurred_at: Moment | None = None
    name: Text | None = None
    code: Annotated[str, Meta(min_length=1, max_length=32, pattern=TEXT)] | None = None
    signature_reference: Text | None = None


class CollectorRequest(Request, frozen=True, kw_only=True):
    """Who collects for the customer."""

    name: Text


class CurbsideRequest(Request, frozen=True, kw_only=True):
    """Where the customer waits outside, such as a bay or a car."""

    spot: Text | None = None


class DeadlineRequest(Request, frozen=True, kw_only=True):
    """Until when goods are kept."""

    collect_by: Moment


class PickupCodeView(View, frozen=True, kw_only=True):
    """The code that the customer shows, and until when it opens anything."""

    fulfillment_id: UUID
    pickup_code: str
    collect_by: Moment | None


class ReadyView(View, frozen=True, kw_only=True):
    """The code to send to the customer, and the order."""

    pickup_code: str
    order: OrderView


@post(
    "/v1/fulfillments/{fulfillment_id:uuid}/readiness",
    opt={"scope": "fulfillments:write"},
    status_code=200,
)
async def make_ready(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: FromPath[UUID],
    data: JSONBody[StepRequest],
    idempotency_key: KeyHeader = None,
) -> Response[ReadyView]:
    """Say that goods wait for their customer; answers the code to send. They stay in the stock."""
    process: Process = request.app.state.process
    named = key(idempotency_key, request.user, request.url.path, data)
    code_key, code = await process.pickup_code(fulfillment_id)
    command = orders.Advance(
        key=named,
        principal=request.user,
        fulfillment_id=fulfillment_id,
        step="readiness",
        occurred_at=moment(data.occurred_at, now=clock.now(), pointer="/occurred_at"),
        code_key=code_key,
        code_hash=await asyncio.to_thread(orders.hash_of, code, fulfillment_id),
    )
    answer = await process.change_order(command)
    part = next(one for one in answer.value.fulfillments if one.id == fulfillment_id)
    assert part.pickup is not None, "it is ready"
    _, code = await process.pickup_code(fulfillment_id, made_with=part.pickup.code_key)
    return answered(
        answer, lambda order: ReadyView(pickup_code=code, order=order_view(order)), status=200
    )


@get("/v1/fulfillments/{fulfillment_id:uuid}/pickup-code", opt={"scope": "orders:write"})
async def get_pickup_code(
    tx: Tx, request: HttpRequest[Any, Any, Any], fulfillment_id: FromPath[UUID]
) -> PickupCodeView:
    """Return the code of a pickup that is ready, to tell its customer once more."""
    found = await orders.find_fulfillment(tx, fulfillment_id, principal=request.user)
    part = found.fulfillment
    if part.state != "ready" or part.pickup is None:
        raise orders.TransitionRefused(state=f"{part.kind}, {part.state}", step="pickup code")
    process: Process = request.app.state.process
    keys = await pricing.current_keys(tx, books=process.books)
    _, secret = keys.secret(orders.PICKUP_CODES, part.pickup.code_key)
    return PickupCodeView(
        fulfillment_id=fulfillment_id,
        pickup_code=orders.code_of(secret, fulfillment_id),
        collect_by=part.collect_by,
    )


@post(
    "/v1/fulfillments/{fulfillment_id:uuid}/handover",
    opt={"scope": "fulfillments:write"},
    status_code=200,
)
async def hand_over(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: FromPath[UUID],
    data: JSONBody[HandoverRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Hand goods over to whoever collects them: they leave the stock, and what is due is taken."""
    principal: channels.Principal = request.user
    without_code = "pickups:without_code" in principal.scopes
    if data.code is None and not without_code:
        raise CodeNeeded
    command = orders.Fulfill(
        key=key(idempotency_key, principal, request.url.path, data),
        principal=principal,
        fulfillment_id=fulfillment_id,
        step="handover",
        quantities=quantities_by_line(data.lines),
        serials={line.line: line.serials for line in data.lines if line.serials},
        occurred_at=moment(data.occurred_at, now=clock.now(), pointer="/occurred_at"),
        proof=orders.Proof(
            name=data.name,
            code_hash=data.code
            and await asyncio.to_thread(orders.hash_of, data.code, fulfillment_id),
            signature_reference=data.signature_reference,
            without_code=without_code,
        ),
    )
    return await changed(request, command)


@post(
    "/v1/fulfillments/{fulfillment_id:uuid}/collector",
    opt={"scope": "orders:write"},
    status_code=200,
)
async def name_collector(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: FromPath[UUID],
    data: JSONBody[CollectorRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Name who collects for the customer."""
    return await _change(
        request, fulfillment_id, "collector", data, idempotency_key, collector=data.name
    )


@post(
    "/v1/fulfillments/{fulfillment_id:uuid}/curbside",
    opt={"scope": "orders:write"},
    status_code=200,
)
async def wait_outside(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: FromPath[UUID],
    data: JSONBody[CurbsideRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Say that the customer is here, and where they wait."""
    return await _change(request, fulfillment_id, "curbside", data, idempotency_key, spot=data.spot)


@post(
    "/v1/fulfillments/{fulfillment_id:uuid}/deadline",
    opt={"scope": "fulfillments:write"},
    status_code=200,
)
async def move_deadline(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: FromPath[UUID],
    data: JSONBody[DeadlineRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Keep goods for their customer until another time."""
    return await _change(
        request, fulfillment_id, "deadline", data, idempotency_key, collect_by=data.collect_by
    )


async def _change(
    request: HttpRequest[Any, Any, Any],
    fulfillment_id: UUID,
    step: Literal["collector", "curbside", "deadline"],
    data: Request,
    idempotency_key: str | None,
    *,
    collector: str | None = None,
    spot: str | None = None,
    collect_by: datetime | None = None,
) -> Response[OrderView]:
    command = orders.ChangePickup(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        fulfillment_id=fulfillment_id,
        step=step,
        occurred_at=clock.now(),
        collector=collector,
        spot=spot,
        collect_by=collect_by,
    )
    return await changed(request, command)


HANDLERS = [
    make_ready,
    get_pickup_code,
    hand_over,
    name_collector,
    wait_outside,
    move_deadline,
]
