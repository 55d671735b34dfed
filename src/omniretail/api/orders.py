"""Orders over HTTP: placing, reading and cancelling them. What their goods do is `fulfillments`."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from omniretail import carts, channels, clock, orders, pricing
from omniretail.api.auth import selling_channel
from omniretail.api.baskets import (
    QuoteToken,
    ShippingRequest,
    ShipToRequest,
    own_price_allowed,
)
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.order_views import OrderView, TimelineView, event_view, order_view
from omniretail.api.paging import Cursor, Limit, Page, id_cursor, page
from omniretail.api.process import Process, Tx
from omniretail.api.wire import (
    CardToken,
    Code,
    Email,
    Moment,
    Money,
    Quantity,
    Request,
    Serials,
    Text,
    card_token,
    moment,
)
from omniretail.errors import Forbidden, Invalid
from omniretail.forms import kept_email
from omniretail.ids import new_id

_ON_TIME = timedelta(minutes=5)


class OfflineSaleForbidden(Forbidden):
    """This key may not report sales that happened offline."""

    def __init__(self) -> None:
        super().__init__("A sale that happened offline needs the scope orders:backdate.")


class LineRequest(Request, frozen=True, kw_only=True):
    """So many of a SKU; a price of its own needs `prices:override` and a reason.

    `serials` name the units that leave at once, of a SKU tracked by serial number.
    """

    sku: Code
    quantity: Quantity
    serials: Serials = ()
    unit_price: Money | None = None
    price_reason: Text | None = None


class FulfillmentRequest(Request, frozen=True, kw_only=True):
    """Lines that are served in one way.

    What is carried out or picked up names its location; a terminal's is its own by default. What is
    shipped is served from wherever the channel's sourcing policy finds best, unless a location is
    named; `prefer` names one that shall serve if it can. What is shipped to a store names the store
    of collection as `destination`.
    """

    kind: orders.FulfillmentKind
    location: Code | None = None
    destination: Code | None = None
    prefer: Code | None = None
    lines: Annotated[tuple[LineRequest, ...], Meta(min_length=1, max_length=500)]


class TenderRequest(Request, frozen=True, kw_only=True):
    """A payment; one by card or wallet carries its provider's reference, or an authorization of ours.

    `payment` is an authorization of POST /v1/payments, which is taken when goods leave. A gift card
    names its code as `account`, store credit its account. `awaited`: a bank transfer that is yet to
    come, which holds the goods up until then. `card_token` is what the card reader calls the card each
    time, by which the sale is found without its receipt; an authorization has its provider's. Points are
    those of the customer's loyalty account; a `hold` may have promised them.
    """

    type: orders.TenderType
    amount: Money
    reference: Text | None = None
    payment: UUID | None = None
    account: Text | None = None
    awaited: bool = False
    card_token: CardToken | None = None
    hold: UUID | None = None


class CouponRequest(Request, frozen=True, kw_only=True):
    """A coupon, in any case of letters, and the claim that kept it for this checkout."""

    code: Code
    claim: UUID | None = None


class OrderRequest(Request, frozen=True, kw_only=True):
    """An order: what is wanted from where, and how it was paid; the tenders sum to the total.

    What is paid in cash is rounded to the currency's smallest coin. `quote` is the token of a quote
    for the same lines, whose total stands while it is live; it says customer, coupons and shipping.
    `hold` is the basket's own hold, which becomes the order. `offline` says that the goods have left
    already, at a till without a connection: no lack of stock refuses that. `cart` becomes the order:
    its lines, customer, coupons, shipping and holds, as they stand; a cart that is an order already
    is answered with that order. `customer` is an id, an external id or a loyalty card; `reward` takes
    something off for points.
    """

    fulfillments: Annotated[tuple[FulfillmentRequest, ...], Meta(max_length=50)] = ()
    cart: UUID | None = None
    tenders: Annotated[tuple[TenderRequest, ...], Meta(max_length=20)] = ()
    channel: Code | None = None
    placed_at: Moment | None = None
    hold: UUID | None = None
    offline: bool = False
    quote: QuoteToken | None = None
    customer: Code | None = None
    customer_groups: Annotated[tuple[Code, ...], Meta(max_length=20)] = ()
    region: Code | None = None
    coupons: Annotated[tuple[CouponRequest, ...], Meta(max_length=20)] = ()
    reward: Code | None = None
    shipping: ShippingRequest | None = None
    ship_to: ShipToRequest | None = None
    email: Email | None = None


class LineQuantity(Request, frozen=True, kw_only=True):
    """So many units of a line, by its number."""

    line: Annotated[int, Meta(ge=1, le=25_000)]
    quantity: Quantity


class CancellationRequest(Request, frozen=True, kw_only=True):
    """Which units are cancelled, and why; no lines means all that are open."""

    reason: Text
    lines: Annotated[tuple[LineQuantity, ...], Meta(max_length=500)] = ()


class LinePrice(Request, frozen=True, kw_only=True):
    """What a unit of a line shall cost, all discounts within it."""

    line: Annotated[int, Meta(ge=1, le=25_000)]
    unit_price: Money


class PriceAdjustmentRequest(Request, frozen=True, kw_only=True):
    """Lower prices after the sale, and why, such as a match of another shop's price."""

    reason: Text
    lines: Annotated[tuple[LinePrice, ...], Meta(min_length=1, max_length=500)]


@post("/v1/orders", opt={"scope": "orders:write"}, status_code=201)
async def place_order(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[OrderRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Place an order: stock, money, event and key in one transaction, all or nothing."""
    principal: channels.Principal = request.user
    process: Process = request.app.state.process
    named = key(idempotency_key, principal, request.url.path, data)
    if not data.fulfillments and data.cart is None:
        raise Invalid.at("/fulfillments", "Name what is wanted, or the cart that it is in")
    command = orders.PlaceOrder(
        key=named,
        order_id=new_id(),
        principal=principal,
        channel=selling_channel(principal, data.channel),
        location=next(iter(principal.locations)) if principal.kind == "terminal" else None,
        placed_at=moment(
            data.placed_at,
            now=clock.now(),
            pointer="/placed_at",
            oldest=None if "orders:backdate" in principal.scopes else _ON_TIME,
        ),
        fulfillments=tuple(
            fulfillment_wish(principal, wish, f"/fulfillments/{position}")
            for position, wish in enumerate(data.fulfillments)
        ),
        tenders=tuple(
            tender_given(tender, f"/tenders/{position}")
            for position, tender in enumerate(data.tenders)
        ),
        hold_id=data.hold,
        forced=_offline(principal, data),
        quote=data.quote,
        customer=data.customer,
        customer_groups=frozenset(data.customer_groups),
        region=data.region,
        coupons=_coupons(data.coupons),
        reward=data.reward,
        shipping=_shipping(data.shipping),
        ship_to=data.ship_to.address() if data.ship_to else None,
        email=kept_email(data.email),
    )
    if data.cart is not None:
        async with process.database.reading() as tx:
            found = await carts.find_cart(tx, data.cart, now=command.placed_at)
        command = orders.from_cart(command, found.cart)
    return answered(await process.place_order(command), order_view, status=201)


@get("/v1/orders/{order_id:uuid}", opt={"scope": "orders:read"})
async def get_order(
    tx: Tx, request: HttpRequest[Any, Any, Any], order_id: FromPath[UUID]
) -> OrderView:
    """Return an order."""
    return order_view(await orders.find_order(tx, order_id, principal=request.user))


@get("/v1/orders", opt={"scope": "orders:read"})
async def list_orders(
    tx: Tx,
    request: HttpRequest[Any, Any, Any],
    number: Annotated[
        str | None, QueryParameter(max_length=32, description="One order, by its number")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[OrderView]:
    """List the orders you may see, the latest first; or the one with a number."""
    if number is not None:
        found = [await orders.find_order(tx, number, principal=request.user)]
    else:
        found = await orders.list_orders(
            tx, principal=request.user, before=id_cursor(cursor), limit=limit + 1
        )
    return page(found, limit=limit, view=order_view, key=lambda order: order.id)


@get("/v1/orders/{order_id:uuid}/timeline", opt={"scope": "orders:read"})
async def get_timeline(
    tx: Tx, request: HttpRequest[Any, Any, Any], order_id: FromPath[UUID]
) -> TimelineView:
    """Return all that happened to an order."""
    happened = await orders.order_timeline(tx, order_id, principal=request.user)
    return TimelineView(items=[event_view(event) for event in happened])


@post("/v1/orders/{order_id:uuid}/cancellation", opt={"scope": "orders:write"}, status_code=200)
async def cancel_order(
    request: HttpRequest[Any, Any, Any],
    order_id: FromPath[UUID],
    data: JSONBody[CancellationRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Cancel what is open of an order: its stock is released, its money goes back."""
    command = orders.Cancel(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        order_id=order_id,
        reason=data.reason,
        quantities=quantities_by_line(data.lines),
        occurred_at=clock.now(),
    )
    return answered(await request.app.state.process.change_order(command), order_view, status=200)


@post(
    "/v1/orders/{order_id:uuid}/price-adjustments",
    opt={"scope": "prices:override"},
    status_code=200,
)
async def adjust_prices(
    request: HttpRequest[Any, Any, Any],
    order_id: FromPath[UUID],
    data: JSONBody[PriceAdjustmentRequest],
    idempotency_key: KeyHeader = None,
) -> Response[OrderView]:
    """Lower the prices of lines after the sale; the difference goes back to the tenders."""
    currencies = {line.unit_price.currency for line in data.lines}
    if len(currencies) > 1:
        raise Invalid.at("/lines", "An order is in one currency")
    unit_prices = {line.line: line.unit_price.amount for line in data.lines}
    if len(unit_prices) != len(data.lines):
        raise Invalid.at("/lines", "Name each line once")
    command = orders.AdjustPrices(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        order_id=order_id,
        reason=data.reason,
        unit_prices_minor=unit_prices,
        currency=currencies.pop(),
        occurred_at=clock.now(),
    )
    return answered(await request.app.state.process.change_order(command), order_view, status=200)


def _offline(principal: channels.Principal, data: OrderRequest) -> bool:
    if not data.offline:
        return False
    if "orders:backdate" not in principal.scopes:
        raise OfflineSaleForbidden
    for position, wish in enumerate(data.fulfillments):
        if wish.kind != "carry_out":
            raise Invalid.at(
                f"/fulfillments/{position}/kind", "Offline, goods leave over the counter only"
            )
    return True


def fulfillment_wish(
    principal: channels.Principal, wish: FulfillmentRequest, pointer: str
) -> orders.FulfillmentWish:
    """Return what a caller wants, from where they may.

    Raises: Invalid, LocationBound, PriceOverrideForbidden.
    """
    for position, line in enumerate(wish.lines):
        if line.serials and wish.kind != "carry_out":
            raise Invalid.at(
                f"{pointer}/lines/{position}/serials", "Units are named when they leave"
            )
        own_price_allowed(
            principal, line.unit_price, line.price_reason, f"{pointer}/lines/{position}"
        )
    return orders.fulfillment_wish(
        principal,
        kind=wish.kind,
        location=wish.location,
        lines=tuple(_line_wish(line) for line in wish.lines),
        destination=wish.destination,
        prefer=wish.prefer,
        pointer=pointer,
    )


def _line_wish(line: LineRequest) -> orders.LineWish:
    if line.unit_price is None:
        return orders.LineWish(sku=line.sku, quantity=line.quantity, serials=line.serials)
    return orders.LineWish(
        sku=line.sku,
        quantity=line.quantity,
        own_price_minor=line.unit_price.amount,
        own_price_currency=line.unit_price.currency,
        price_reason=line.price_reason,
        serials=line.serials,
    )


def _coupons(given: tuple[CouponRequest, ...]) -> tuple[orders.CouponGiven, ...]:
    coupons = tuple(
        orders.CouponGiven(code=pricing.coupon_code(coupon.code), claim=coupon.claim)
        for coupon in given
    )
    if len({coupon.code for coupon in coupons}) != len(coupons):
        raise Invalid.at("/coupons", "Name each coupon once")
    return coupons


def _shipping(asked: ShippingRequest | None) -> orders.ShippingAsked | None:
    if asked is None:
        return None
    return orders.ShippingAsked(charge=asked.charge(), currency=asked.price.currency)


def tender_given(tender: TenderRequest, pointer: str) -> orders.TenderGiven:
    """Return a payment as it was given. Raises: Invalid where a field is missing, or one too many."""
    card, account = tender.type in {"card", "ewallet"}, tender.type in {"gift_card", "store_credit"}
    for wrong, field, detail in (
        (tender.amount.amount == 0, "amount/amount", "A tender is above 0"),
        (
            card and tender.reference is None and tender.payment is None,
            "reference",
            f"A payment by {tender.type} carries its provider's reference, or names a payment",
        ),
        (
            not card and tender.payment is not None,
            "payment",
            "Only cards and wallets are authorized",
        ),
        (
            account != (tender.account is not None),
            "account",
            "Gift cards and store credit name their account, and nothing else does",
        ),
        (
            tender.awaited and tender.type != "bank_transfer",
            "awaited",
            "Only a bank transfer is awaited",
        ),
        (
            tender.card_token is not None and (not card or tender.payment is not None),
            "card_token",
            "Only cards and wallets have a token; that of a payment is its provider's",
        ),
        (
            tender.hold is not None and tender.type != "points",
            "hold",
            "Only points are held by themselves",
        ),
    ):
        if wrong:
            raise Invalid.at(f"{pointer}/{field}", detail)
    return orders.TenderGiven(
        type=tender.type,
        amount_minor=tender.amount.amount,
        currency=tender.amount.currency,
        reference=tender.reference,
        payment_id=tender.payment,
        account=tender.account,
        awaited=tender.awaited,
        hold_id=tender.hold,
        card_token=card_token(tender.card_token, f"{pointer}/card_token"),
    )


def quantities_by_line(lines: tuple[LineQuantity, ...]) -> dict[int, int]:
    """Return how many of each line are meant. Raises: Invalid for a line named twice."""
    quantities = {line.line: line.quantity for line in lines}
    if len(quantities) != len(lines):
        raise Invalid.at("/lines", "Name each line once")
    return quantities


HANDLERS = [
    place_order,
    get_order,
    list_orders,
    get_timeline,
    cancel_order,
    adjust_prices,
]
