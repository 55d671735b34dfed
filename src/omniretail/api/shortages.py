"""Shortages over HTTP: places that owe more than they have, the orders that wait, and the end of it."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from omniretail import channels, inventory, orders
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.paging import Cursor, Limit, Page, id_cursor, page
from omniretail.api.process import Tx
from omniretail.api.wire import CodeInQueryOrNone, Moment, Request, Text, View

_MOST_ORDERS = 100

ShortageState = Literal["open", "closed"]


class ShortageClosingRequest(Request, frozen=True, kw_only=True):
    """How a shortage ended."""

    note: Text


class AffectedLineView(View, frozen=True, kw_only=True):
    """An order line that awaits what is missing; a kit awaits its component."""

    order_id: UUID
    number: str
    line: int
    sku: str
    open_quantity: int


class ShortageView(View, frozen=True, kw_only=True):
    """A shortage: what opened it, what is missing now, and which orders wait for it.

    At most 100 order lines are named, the oldest first; none (null) to a key that may not read
    orders, and once the shortage is closed.
    """

    id: UUID
    sku: str
    location: str
    state: ShortageState
    missing: int
    missing_at_opening: int
    opened_at: Moment
    document_type: str
    document_id: UUID
    note: str | None
    closed_at: Moment | None
    closed_by: UUID | None
    orders: list[AffectedLineView] | None


@get("/v1/stock/shortages", opt={"scope": "stock:read"})
async def list_shortages(
    tx: Tx,
    request: HttpRequest[Any, Any, Any],
    location: CodeInQueryOrNone = None,
    sku: CodeInQueryOrNone = None,
    wanted: Annotated[ShortageState | None, QueryParameter(name="state")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ShortageView]:
    """List the shortages you may see, the latest first, with the orders they affect."""
    found = await inventory.list_shortages(
        tx,
        principal=request.user,
        sku=sku,
        location=location,
        closed=None if wanted is None else wanted == "closed",
        before=id_cursor(cursor),
        limit=limit + 1,
    )
    affected = await _affected(tx, found, request.user)
    return page(
        found,
        limit=limit,
        view=lambda case: _shortage(case, affected.get(case.id)),
        key=lambda case: case.id,
    )


@get("/v1/stock/shortages/{shortage_id:uuid}", opt={"scope": "stock:read"})
async def get_shortage(
    tx: Tx, request: HttpRequest[Any, Any, Any], shortage_id: FromPath[UUID]
) -> ShortageView:
    """Return a shortage with the orders it affects."""
    case = await inventory.find_shortage(tx, shortage_id, principal=request.user)
    affected = await _affected(tx, [case], request.user)
    return _shortage(case, affected.get(case.id))


@post(
    "/v1/stock/shortages/{shortage_id:uuid}/closing", opt={"scope": "stock:write"}, status_code=200
)
async def close_shortage(
    request: HttpRequest[Any, Any, Any],
    shortage_id: FromPath[UUID],
    data: JSONBody[ShortageClosingRequest],
    idempotency_key: KeyHeader = None,
) -> Response[ShortageView]:
    """Close a shortage once nothing is missing any more."""
    command = inventory.CloseShortage(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        shortage_id=shortage_id,
        note=data.note,
    )
    answer = await request.app.state.process.close_shortage(command)
    return answered(answer, lambda case: _shortage(case, None), status=200)


async def _affected(
    tx: Tx, cases: Sequence[inventory.ShortageCase], principal: channels.Principal
) -> dict[UUID, list[orders.OpenLine]]:
    """Return the order lines that open cases keep waiting, where the caller may read orders."""
    waiting = [case for case in cases if case.closed_at is None]
    if not waiting or "orders:read" not in principal.scopes:
        return {}
    lines = await orders.open_lines(
        tx,
        [(case.sku, case.location) for case in waiting],
        principal=principal,
        most=_MOST_ORDERS,
    )
    return {case.id: lines[case.sku, case.location] for case in waiting}


def _shortage(
    case: inventory.ShortageCase, affected: Sequence[orders.OpenLine] | None
) -> ShortageView:
    return ShortageView(
        id=case.id,
        sku=case.sku,
        location=case.location,
        state="open" if case.closed_at is None else "closed",
        missing=case.missing,
        missing_at_opening=case.missing_at_opening,
        opened_at=case.opened_at,
        document_type=case.document_type,
        document_id=case.document_id,
        note=case.note,
        closed_at=case.closed_at,
        closed_by=case.closed_by,
        orders=None
        if affected is None
        else [
            AffectedLineView(
                order_id=line.order_id,
                number=line.number,
                line=line.line_number,
                sku=line.sku,
                open_quantity=line.open_quantity,
            )
            for line in affected
        ],
    )


HANDLERS = [list_shortages, get_shortage, close_shortage]
