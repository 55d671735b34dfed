"""Editing orders over HTTP: a preview, then the edit."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from omniretail import clock, idempotency, inventory, orders
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.order_views import OrderView, order_view
from omniretail.api.orders import (
    FulfillmentRequest,
    TenderRequest,
    fulfillment_wish,
    tender_given,
)
from omniretail.api.process import Process
from omniretail.api.wire import Money, Request, Text, View
from omniretail.errors import DomainError, Invalid


class LineStays(Request, frozen=True, kw_only=True):
    """How many units of a line shall stay, by its number; 0 takes it off."""

    line: Annotated[int, Meta(ge=1, le=25_000)]
    quantity: Annotated[int, Meta(ge=0, le=2**31 - 1)]


class EditPreviewRequest(Request, frozen=True, kw_only=True):
    """What an edit would change, and why.

    `lines` lower quantities: of what was not fulfilled yet, each unit goes with its exact share of
    what its line costs. To raise one, `add` a line of the same SKU: it costs what it costs today. What
    is added is priced as a basket of its own, without coupons, promotions on an order as a whole, or
    promotions that are limited. What is carried out leaves at once. `version` is the order's as you
    read it; an edit of a later one is refused.
    """

    reason: Text
    lines: Annotated[tuple[LineStays, ...], Meta(max_length=500)] = ()
    add: Annotated[tuple[FulfillmentRequest, ...], Meta(max_length=50)] = ()
    version: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None


class EditRequest(EditPreviewRequest, frozen=True, kw_only=True):
    """An edit, and how it is paid.

    What is taken off pays for what is added. The `tenders` sum to the rest, if there is one; what is
    taken off beyond that goes back to the tenders that paid. To raise the quantity of a line, add a
    line of the same SKU, at today's price.
    """

    tenders: Annotated[tuple[TenderRequest, ...], Meta(max_length=20)] = ()


class ShortageView(View, frozen=True, kw_only=True):
    """So many wanted of a SKU at a location, and so many there are."""

    sku: str
    location: str
    requested: int
    available: int
    missing: int


class EditPreviewView(View, frozen=True, kw_only=True):
    """What an edit would do: what is to be paid, or goes back, and the order after it.

    Where stock is short, the edit would be refused: `in_stock` is false, and there is no order. New
    fulfillments have no lasting identity yet, and what is to be paid has no tender.
    """

    charge: Money
    refund: Money
    in_stock: bool
    shortages: list[ShortageView]
    order: OrderView | None


@post("/v1/orders/{order_id:uuid}/edits", opt={"scope": "orders:edit"}, status_code=200)
async def edit_order(
    request: HttpRequest[Any, Any, Any],
    order_id: FromPath[UUID],
    data: JSONBody[EditRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Edit an order: its lines fall, new ones come in, one difference is paid or goes back."""
    process: Process = request.app.state.process
    named = key(idempotency_key, request.user, request.url.path, data)
    command = _command(request, order_id, data, named, data.tenders)
    (outcome,) = await process.database.run(
        lambda tx: orders.edit(tx, [command], books=process.books, now=clock.now())
    )
    if isinstance(outcome, DomainError):
        raise outcome
    return answered(outcome, order_view, status=200)


@post("/v1/orders/{order_id:uuid}/edits/preview", opt={"scope": "orders:edit"}, status_code=200)
async def preview_edit(
    request: HttpRequest[Any, Any, Any],
    order_id: FromPath[UUID],
    data: JSONBody[EditPreviewRequest],
) -> EditPreviewView:
    """Say what an edit would do now: the order after it, what is to be paid, whether there is stock."""
    process: Process = request.app.state.process
    unnamed = idempotency.Key(request.user.id, "", b"")
    command = _command(request, order_id, data, unnamed, ())
    preview = await process.database.run(
        lambda tx: orders.preview_edit(tx, command, books=process.books, now=clock.now())
    )
    if isinstance(preview, DomainError):
        raise preview
    return EditPreviewView(
        charge=Money(preview.charge_minor, preview.currency),
        refund=Money(preview.refund_minor, preview.currency),
        in_stock=preview.missing is None,
        shortages=shortage_views(preview.missing),
        order=None if preview.order is None else order_view(preview.order),
    )


def shortage_views(missing: inventory.InsufficientStock | None) -> list[ShortageView]:
    """Return what is short, as the wire shows it; nothing where nothing is."""
    if missing is None:
        return []
    return [ShortageView(**shortage) for shortage in missing.fields["shortages"]]


def _command(
    request: HttpRequest[Any, Any, Any],
    order_id: UUID,
    data: EditPreviewRequest,
    named: idempotency.Key,
    tenders: tuple[TenderRequest, ...],
) -> orders.EditOrder:
    if not (data.lines or data.add):
        raise Invalid.at("/lines", "Say what changes: lines that fall, or what is added")
    quantities = {line.line: line.quantity for line in data.lines}
    if len(quantities) != len(data.lines):
        raise Invalid.at("/lines", "Name each line once")
    return orders.EditOrder(
        key=named,
        principal=request.user,
        order_id=order_id,
        reason=data.reason,
        quantities=quantities,
        wanted=tuple(
            fulfillment_wish(request.user, wish, f"/add/{position}")
            for position, wish in enumerate(data.add)
        ),
        tenders=tuple(
            tender_given(tender, f"/tenders/{position}") for position, tender in enumerate(tenders)
        ),
        occurred_at=clock.now(),
        version=data.version,
    )


HANDLERS = [edit_order, preview_edit]
