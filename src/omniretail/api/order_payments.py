"""Payments of orders over HTTP: what paid them, a transfer that arrived, an authorization taken early."""

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from omniretail import clock, orders, payments, pricing
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.order_views import OrderView, TenderView, order_view, tender_view
from omniretail.api.payments import PaidAmount
from omniretail.api.process import Process, Tx
from omniretail.api.wire import Moment, Money, Request, Text, View

TenderNumber = Annotated[int, Meta(ge=1, le=2**31 - 1, description="A tender's number")]


class PaymentReceivedRequest(Request, frozen=True, kw_only=True):
    """An awaited bank transfer has arrived; `reference` is the bank's."""

    tender: TenderNumber
    reference: Text | None = None


class CaptureRequest(Request, frozen=True, kw_only=True):
    """What is taken of what is authorized: an amount, or all; of one tender, or of all in shares."""

    amount: PaidAmount | None = None
    tender: TenderNumber | None = None


class RepaymentRequest(Request, frozen=True, kw_only=True):
    """How what is owed is given back: asked of the provider once more, or by another method."""

    method: Literal["cash", "bank_transfer"] | None = None


class OperationView(View, frozen=True, kw_only=True):
    """What the payment provider has to do (`due`), did, or declined: then `failure` says why."""

    id: UUID
    kind: payments.OperationKind
    amount: Money
    state: str
    attempts: int
    failure: str | None
    created_at: Moment
    done_at: Moment | None


class PaidByView(View, frozen=True, kw_only=True):
    """A tender, what of it is promised and not taken, and what its provider does about it."""

    tender: TenderView
    uncaptured: Money
    operations: list[OperationView]


class OrderPaymentsView(View, frozen=True, kw_only=True):
    """What paid an order."""

    order_id: UUID
    payment_status: orders.PaymentStatus
    items: list[PaidByView]


@post("/v1/orders/{order_id:uuid}/payments", opt={"scope": "orders:write"}, status_code=200)
async def receive_payment(
    request: HttpRequest[Any, Any, Any],
    order_id: FromPath[UUID],
    data: JSONBody[PaymentReceivedRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Note that an awaited bank transfer has arrived: the goods wait for it no longer."""
    command = orders.ReceivePayment(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        order_id=order_id,
        tender=data.tender,
        reference=data.reference,
        occurred_at=clock.now(),
    )
    return answered(await request.app.state.process.change_order(command), order_view, status=200)


@post("/v1/orders/{order_id:uuid}/captures", opt={"scope": "orders:write"}, status_code=200)
async def capture_payment(
    request: HttpRequest[Any, Any, Any],
    order_id: FromPath[UUID],
    data: JSONBody[CaptureRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Take what is authorized, or part of it, before the goods leave."""
    command = orders.CapturePayment(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        order_id=order_id,
        amount_minor=None if data.amount is None else data.amount.amount,
        currency=None if data.amount is None else data.amount.currency,
        tender=data.tender,
        occurred_at=clock.now(),
    )
    return answered(await request.app.state.process.change_order(command), order_view, status=200)


@post("/v1/orders/{order_id:uuid}/refunds", opt={"scope": "payments:write"}, status_code=200)
async def repay_order(
    request: HttpRequest[Any, Any, Any],
    order_id: FromPath[UUID],
    data: JSONBody[RepaymentRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Give back what is owed since a provider declined it, once more or another way."""
    process: Process = request.app.state.process
    named = key(idempotency_key, request.user, request.url.path, data)
    step_minor = 1
    if data.method == "cash":
        async with process.database.transaction() as tx:
            order = await orders.find_order(tx, order_id, principal=request.user)
            step_minor = (await pricing.get_currency(tx, order.currency)).cash_step_minor
    command = orders.Repay(
        key=named,
        principal=request.user,
        order_id=order_id,
        method=data.method,
        occurred_at=clock.now(),
        cash_step_minor=step_minor,
    )
    return answered(await process.change_order(command), order_view, status=200)


@get("/v1/orders/{order_id:uuid}/payments", opt={"scope": "orders:read"})
async def get_order_payments(
    tx: Tx, request: HttpRequest[Any, Any, Any], order_id: FromPath[UUID]
) -> OrderPaymentsView:
    """Return what paid an order, and what providers have to do, did or declined about it."""
    order, operations = await orders.order_payments(tx, order_id, principal=request.user)
    return OrderPaymentsView(
        order_id=order.id,
        payment_status=order.payment_status,
        items=[
            PaidByView(
                tender=tender_view(tender, order.currency),
                uncaptured=Money(tender.uncaptured_minor, order.currency),
                operations=[
                    _operation(operation, order.currency)
                    for operation in operations
                    if operation.tender_number == tender.number
                ],
            )
            for tender in order.tenders
        ],
    )


def _operation(operation: payments.Operation, currency: str) -> OperationView:
    return OperationView(
        id=operation.id,
        kind=operation.kind,
        amount=Money(operation.amount_minor, currency),
        state=operation.state,
        attempts=operation.attempts,
        failure=operation.failure,
        created_at=operation.created_at,
        done_at=operation.done_at,
    )


HANDLERS = [receive_payment, capture_payment, repay_order, get_order_payments]
