"""Exchanges over HTTP: a preview, then the exchange; at a till all in one step."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, post
from litestar.params import JSONBody
from msgspec import Meta, structs

from omniretail import channels, clock, idempotency, orders, returns
from omniretail.api.approvals import ApprovableRequest, without_pin
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.order_edits import ShortageView, shortage_views
from omniretail.api.order_views import OrderView, order_view
from omniretail.api.orders import (
    FulfillmentRequest,
    TenderRequest,
    fulfillment_wish,
    tender_given,
)
from omniretail.api.process import Process
from omniretail.api.return_views import PaidOutView, ReturnView, return_view
from omniretail.api.returns import (
    OrderNumber,
    OverrideRequest,
    RefundRequest,
    ReturnLineRequest,
    arrivals_of,
    lines_back,
    needs,
    order_named,
    overridden,
    place_of,
)
from omniretail.api.wire import Code, Money, Request, Text, View
from omniretail.errors import DomainError
from omniretail.ids import new_id

Lines = Annotated[tuple[ReturnLineRequest, ...], Meta(min_length=1, max_length=500)]
Added = Annotated[tuple[FulfillmentRequest, ...], Meta(min_length=1, max_length=50)]
Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class ExchangePreviewRequest(Request, frozen=True, kw_only=True):
    """Units of an order, by its id or its number, that shall come back, and what comes in instead.

    What is in `add` is priced as a basket of its own, today, as an edit of the order adds it. `method`
    is how what the units are worth more would go back.
    """

    order: UUID | None = None
    order_number: OrderNumber | None = None
    lines: Lines
    add: Added
    method: orders.TenderType | None = None
    version: Version | None = None


class ExchangeRequest(ApprovableRequest, frozen=True, kw_only=True):
    """Units of an order that come back, what comes in instead, and how the difference is settled.

    The units pay for what is in `add`, which is priced as a basket of its own, today, as an edit of the
    order adds it. The `tenders` sum to what it costs more; what the units are worth more goes back as
    `refund` says. The goods are back (`received`) at `location`: a till says so by default, and its own
    location. An `override` lets goods come later, and lets pass what the policy does not. `version` is
    the order's as you read it; an exchange of a later one is refused.
    """

    order: UUID | None = None
    order_number: OrderNumber | None = None
    lines: Lines
    add: Added
    tenders: Annotated[tuple[TenderRequest, ...], Meta(max_length=20)] = ()
    refund: RefundRequest = RefundRequest()
    received: bool | None = None
    location: Code | None = None
    override: OverrideRequest | None = None
    note: Text | None = None
    version: Version | None = None


class ExchangeView(ReturnView, frozen=True, kw_only=True):
    """An exchange: the return that it is, and its order after it, where it is yours to see."""

    order: OrderView | None


class ExchangePreviewView(View, frozen=True, kw_only=True):
    """What an exchange would do: what comes back and in, what is to be paid, or goes back and how.

    Where stock is short, the exchange would be refused: `in_stock` is false, and there is no order; nor
    is there one that is not yours to see. Out of the return window (`in_window`) it needs an override.
    New fulfillments have no lasting identity yet, and what is to be paid has no tender.
    """

    returned: Money
    added: Money
    charge: Money
    refund: Money
    paid_out: list[PaidOutView]
    in_window: bool
    in_stock: bool
    shortages: list[ShortageView]
    order: OrderView | None


@post("/v1/exchanges", opt={"scope": "orders:edit"}, status_code=201)
async def make_exchange(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[ExchangeRequest],
    idempotency_key: KeyHeader = None,
) -> Response[ExchangeView]:
    """Exchange goods of an order, whichever channel sold them: one difference is paid or goes back."""
    principal: channels.Principal = request.user
    process: Process = request.app.state.process
    named = key(idempotency_key, principal, request.url.path, without_pin(data))
    needs(principal, "returns:write")
    # The units are paid back, be it in goods.
    needs(principal, "returns:refund")
    received = principal.kind == "terminal" if data.received is None else data.received
    location = place_of(principal, data.location) if received else data.location
    command = returns.Exchange(
        key=named,
        principal=principal,
        return_id=new_id(),
        order=order_named(data.order, data.order_number),
        lines=lines_back(data.lines),
        wanted=_wanted(principal, data.add),
        tenders=tuple(
            tender_given(tender, f"/tenders/{position}")
            for position, tender in enumerate(data.tenders)
        ),
        occurred_at=clock.now(),
        location=location,
        arrivals=arrivals_of(principal, data.lines, received=received),
        refund=data.refund.wish({}),
        override=await overridden(process, principal, data.override, data.approval, location),
        note=data.note,
        version=data.version,
    )
    (outcome,) = await process.database.run(
        lambda tx: returns.exchange(tx, [command], books=process.books, now=clock.now())
    )
    if isinstance(outcome, DomainError):
        raise outcome
    return answered(outcome, partial(_view, principal), status=201)


@post("/v1/exchanges/preview", opt={"scope": "orders:edit"}, status_code=200)
async def preview_exchange(
    request: HttpRequest[Any, Any, Any], data: JSONBody[ExchangePreviewRequest]
) -> ExchangePreviewView:
    """Say what an exchange would do now: the difference, the order after it, whether there is stock."""
    principal: channels.Principal = request.user
    process: Process = request.app.state.process
    needs(principal, "returns:write")
    command = returns.Exchange(
        key=idempotency.Key(principal.id, "", b""),
        principal=principal,
        return_id=new_id(),
        order=order_named(data.order, data.order_number),
        lines=lines_back(data.lines),
        wanted=_wanted(principal, data.add),
        occurred_at=clock.now(),
        refund=returns.RefundWish(method=data.method),
        version=data.version,
    )
    preview = await process.database.run(
        lambda tx: returns.preview_exchange(tx, command, books=process.books, now=clock.now())
    )
    if isinstance(preview, DomainError):
        raise preview
    currency = preview.currency
    return ExchangePreviewView(
        returned=Money(preview.off_minor, currency),
        added=Money(preview.added_minor, currency),
        charge=Money(preview.charge_minor, currency),
        refund=Money(preview.refund_minor, currency),
        paid_out=[
            PaidOutView(type=method, amount=Money(minor, currency))
            for method, minor in sorted(preview.methods.items())
        ],
        in_window=preview.in_window,
        in_stock=preview.missing is None,
        shortages=shortage_views(preview.missing),
        order=None if preview.order is None else order_view(preview.order),
    )


def _wanted(
    principal: channels.Principal, add: tuple[FulfillmentRequest, ...]
) -> tuple[orders.FulfillmentWish, ...]:
    return tuple(
        fulfillment_wish(principal, wish, f"/add/{position}") for position, wish in enumerate(add)
    )


def _view(principal: channels.Principal, made: returns.Exchanged) -> ExchangeView:
    # Goods that came in where the caller stands make the order theirs to see.
    order = order_view(made.order) if made.order.visible_to(principal) else None
    return ExchangeView(**structs.asdict(return_view(made.doc)), order=order)


HANDLERS = [make_exchange, preview_exchange]
