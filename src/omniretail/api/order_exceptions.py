"""Exceptions of orders over HTTP: what staff must look after, and how it ended."""

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from omniretail import orders
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.paging import Cursor, Limit, Page, id_cursor, page
from omniretail.api.process import Tx
from omniretail.api.wire import Moment, Request, Text, View


class ExceptionClosingRequest(Request, frozen=True, kw_only=True):
    """How an exception ended."""

    note: Text


class OrderExceptionView(View, frozen=True, kw_only=True):
    """An exception; its `detail` says what happened, by its kind.

    Of what a provider declined: the `operation`, the `tender`, `amount_minor` and `currency`, and in
    `failure` the provider's words.
    """

    id: UUID
    order_id: UUID
    order_number: str
    fulfillment_id: UUID | None
    kind: orders.ExceptionKind
    state: Literal["open", "closed"]
    detail: dict[str, Any]
    opened_at: Moment
    closed_at: Moment | None
    closed_by: UUID | None
    note: str | None


@get("/v1/order-exceptions", opt={"scope": "fulfillments:read"})
async def list_order_exceptions(
    tx: Tx,
    request: HttpRequest[Any, Any, Any],
    wanted: Annotated[Literal["open", "all"], QueryParameter(name="state")] = "open",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[OrderExceptionView]:
    """List the exceptions of the orders you may see, the oldest first."""
    found = await orders.list_exceptions(
        tx,
        principal=request.user,
        open_only=wanted == "open",
        after=id_cursor(cursor),
        limit=limit + 1,
    )
    return page(found, limit=limit, view=_view, key=lambda exception: exception.id)


@post(
    "/v1/order-exceptions/{exception_id:uuid}/closing",
    opt={"scope": "fulfillments:write"},
    status_code=200,
)
async def close_order_exception(
    request: HttpRequest[Any, Any, Any],
    exception_id: FromPath[UUID],
    data: JSONBody[ExceptionClosingRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderExceptionView]:
    """Close an exception that has been looked after; the note says how. The order stays as it is."""
    command = orders.CloseException(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        exception_id=exception_id,
        note=data.note,
    )
    answer = await request.app.state.process.close_exception(command)
    return answered(answer, _view, status=200)


def _view(exception: orders.OrderException) -> OrderExceptionView:
    return OrderExceptionView(
        id=exception.id,
        order_id=exception.order_id,
        order_number=exception.order_number,
        fulfillment_id=exception.fulfillment_id,
        kind=exception.kind,
        state="open" if exception.closed_at is None else "closed",
        detail=exception.detail,
        opened_at=exception.opened_at,
        closed_at=exception.closed_at,
        closed_by=exception.closed_by,
        note=exception.note,
    )


HANDLERS = [list_order_exceptions, close_order_exception]
