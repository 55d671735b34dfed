"""Points of orders over HTTP: what an order earned and spent, and why; and claiming them later."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from omniretail import clock, customers, loyalty, orders
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.order_views import OrderView, order_view
from omniretail.api.process import Process, Tx
from omniretail.api.wire import Code, Request, View


class LinePointsView(View, frozen=True, kw_only=True):
    """A line's share of what an order earned at once."""

    line: int
    points: int


class OrderPointsView(View, frozen=True, kw_only=True):
    """What an order earned and spent, and what of both went back; all of it is points.

    `lines` are the shares of what it earned, by the line as ordered; `explained`, where asked for, the
    arithmetic behind them and what the goods that are kept still earn.
    """

    order: UUID
    loyalty_account: UUID | None
    earned_points: int
    reversed_points: int
    forgiven_points: int
    spent_points: int
    restored_points: int
    lines: list[LinePointsView]
    explained: list[dict[str, Any]] | None


class PointsClaimRequest(Request, frozen=True, kw_only=True):
    """Whose points an order shall earn that was placed without saying whose it was."""

    customer: Code


@get("/v1/orders/{order_id:uuid}/points", opt={"scope": "orders:read"})
async def get_order_points(
    tx: Tx,
    request: HttpRequest[Any, Any, Any],
    order_id: FromPath[UUID],
    explain: Annotated[bool, QueryParameter(description="Say how the points came about")] = False,
) -> OrderPointsView:
    """Return what an order earned and spent, and why."""
    order = await orders.find_order(tx, order_id, principal=request.user)
    (found,) = await tx.read(loyalty.order_points([order_id]))
    points: loyalty.OrderPoints | None = found[0] if found else None
    parts = points.parts if points is not None else ()
    kept = orders.kept_lines(order)
    return OrderPointsView(
        order=order.id,
        loyalty_account=order.loyalty_account,
        earned_points=points.earned_points if points else 0,
        reversed_points=points.reversed_points if points else 0,
        forgiven_points=points.forgiven_points if points else 0,
        spent_points=points.spent_points if points else 0,
        restored_points=points.restored_points if points else 0,
        lines=[
            LinePointsView(line=share.line, points=share.points)
            for earned in parts
            for share in earned.lines
        ],
        explained=[step for earned in parts for step in loyalty.explained(earned, kept)]
        if explain
        else None,
    )


@post("/v1/orders/{order_id:uuid}/points-claim", opt={"scope": "loyalty:write"}, status_code=200)
async def claim_points(
    request: HttpRequest[Any, Any, Any],
    order_id: FromPath[UUID],
    data: JSONBody[PointsClaimRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Have an order earn points for a customer who did not say so when it was placed; each earns once.

    What is claimed later than the programme allows waits until somebody has looked at it.
    """
    process: Process = request.app.state.process
    named = key(idempotency_key, request.user, request.url.path, data)
    async with process.database.reading() as tx:
        (known,) = await tx.read(customers.customers_by_reference([data.customer]))
        if data.customer not in known:
            raise customers.UnknownCustomer(data.customer)
        customer_id = known[data.customer].id
        accounts = await loyalty.accounts_of_customers(tx, [customer_id], now=clock.now())
    if not accounts:
        raise orders.NoLoyaltyAccount
    command = orders.ClaimPoints(
        key=named,
        principal=request.user,
        order_id=order_id,
        account_id=accounts[0].id,
        customer_id=customer_id,
        occurred_at=clock.now(),
    )
    return answered(await process.change_order(command), order_view, status=200)


HANDLERS = [get_order_points, claim_points]
