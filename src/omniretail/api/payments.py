"""Payments by card and wallet over HTTP: authorized before their order, voided if there is none.

The provider is asked here, between two transactions: no handler of this file has one.
"""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from omniretail import channels, clock, orders, payments
from omniretail.api.auth import selling_channel
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.process import Process, Tx
from omniretail.api.wire import Code, Currency, Moment, Money, Request, View
from omniretail.errors import DomainError, Missing
from omniretail.forms import TEXT
from omniretail.ids import new_id

Method = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        pattern=TEXT,
        description="The payment method as the provider names it: a token, never a card's number",
        examples=["ok"],
    ),
]


class UnknownProvider(Missing):
    """Payments do not go through this provider."""

    def __init__(self, provider: str) -> None:
        super().__init__(f"No payments go through {provider!r}.", provider=provider)


class PaidAmount(Request, frozen=True, kw_only=True):
    """An amount in minor units, above zero."""

    amount: Annotated[int, Meta(ge=1, le=2**63 - 1, description="In minor units")]
    currency: Currency


class PaymentRequest(Request, frozen=True, kw_only=True):
    """What shall be set aside for an order that is still to come."""

    type: payments.PaymentType
    amount: PaidAmount
    method: Method
    cart: UUID | None = None
    channel: Code | None = None


class PaymentVoidRequest(Request, frozen=True, kw_only=True):
    """An authorization is given up."""


class PaymentView(View, frozen=True, kw_only=True):
    """A payment, and what has become of it."""

    id: UUID
    channel: str
    type: payments.PaymentType
    amount: Money
    state: payments.PaymentState
    provider: str
    decline_code: str | None
    cart: UUID | None
    order_id: UUID | None
    created_at: Moment
    expires_at: Moment


class CallbackView(View, frozen=True, kw_only=True):
    """The message has been understood; it need not be sent again."""

    received: bool = True


@post("/v1/payments", opt={"scope": "payments:write"}, status_code=201)
async def start_payment(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[PaymentRequest],
    idempotency_key: KeyHeader = None,
) -> Response[PaymentView]:
    """Have an amount authorized for an order that is still to come.

    `pending` means that the provider has not answered. Ask again under the same key, or look at the
    payment later: nothing is charged twice. An authorization that no order uses is voided.
    """
    principal: channels.Principal = request.user
    process: Process = request.app.state.process
    command = payments.StartPayment(
        key=key(idempotency_key, principal, request.url.path, data),
        payment_id=new_id(),
        principal=principal,
        channel=selling_channel(principal, data.channel),
        cart_id=data.cart,
        type=data.type,
        amount_minor=data.amount.amount,
        currency=data.amount.currency,
        method=data.method,
    )
    outcome = await payments.pay(process.database, process.provider, command, clock=clock.now)
    if isinstance(outcome, DomainError):
        raise outcome
    return answered(outcome, _payment, status=201)


@get("/v1/payments/{payment_id:uuid}", opt={"scope": "payments:read"})
async def get_payment(
    tx: Tx, request: HttpRequest[Any, Any, Any], payment_id: FromPath[UUID]
) -> PaymentView:
    """Return a payment."""
    return _payment(await payments.find_payment(tx, payment_id, principal=request.user))


@post("/v1/payments/{payment_id:uuid}/void", opt={"scope": "payments:write"}, status_code=200)
async def void_payment(
    request: HttpRequest[Any, Any, Any],
    payment_id: FromPath[UUID],
    data: JSONBody[PaymentVoidRequest],
    idempotency_key: KeyHeader = None,
) -> Response[PaymentView]:
    """Void an authorization that no order used: its money is released."""
    process: Process = request.app.state.process
    command = payments.VoidPayment(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        payment_id=payment_id,
    )
    (outcome,) = await process.database.run(
        lambda tx: payments.void_payments(tx, [command], now=clock.now())
    )
    if isinstance(outcome, DomainError):
        raise outcome
    return answered(outcome, _payment, status=200)


@post("/v1/payment-callbacks/{provider:str}", opt={"public": True}, status_code=200)
async def hear_provider(
    request: HttpRequest[Any, Any, Any],
    provider: FromPath[str],
    data: JSONBody[dict[str, Any]],
) -> CallbackView:
    """Take a message that the payment provider sends by itself; its signature says that it did.

    What is known already, or about no payment of ours, changes nothing. A cart that is paid with it
    becomes its order, unless the browser has seen to that.
    """
    process: Process = request.app.state.process
    if provider != process.provider.name:
        raise UnknownProvider(provider)
    # What is signed are the bytes, and not what they were read as.
    body = await request.body()
    now = clock.now()
    heard = process.provider.heard(request.headers, body, now=now)
    if heard is not None:
        told = payments.Told(payment_id=heard.payment_id, answer=heard.answer)
        (recorded,) = await process.database.run(
            lambda tx: payments.record_answers(tx, [told], now=now)
        )
        if not isinstance(recorded, DomainError):
            # Also where it was known: whoever recorded it may have ended before this.
            await orders.complete_checkout(
                process.database, recorded.value, process.place_order, now=now
            )
    return CallbackView()


def _payment(payment: payments.Payment) -> PaymentView:
    return PaymentView(
        id=payment.id,
        channel=payment.channel,
        type=payment.type,
        amount=Money(payment.amount_minor, payment.currency),
        state=payment.state,
        provider=payment.provider,
        decline_code=payment.decline_code,
        cart=payment.cart_id,
        order_id=payment.order_id,
        created_at=payment.created_at,
        expires_at=payment.expires_at,
    )


HANDLERS = [start_payment, get_payment, void_payment, hear_provider]
