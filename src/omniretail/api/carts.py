"""Carts over HTTP: begun in one channel, opened in another, held, merged. What they show is `cart_views`.

Whoever may read carts, and knows one by its id, its code or its customer, may see it in any channel.
"""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType, field

from omniretail import carts, channels, clock
from omniretail.api.auth import selling_channel
from omniretail.api.baskets import ShippingRequest, ShipToRequest
from omniretail.api.cart_views import CartView, cart_view
from omniretail.api.etags import IfMatch, expected_version, tagged
from omniretail.api.holds import Seconds
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.order_views import TimelineView, event_view
from omniretail.api.paging import Cursor, Limit, Page, id_cursor, page
from omniretail.api.process import Tx
from omniretail.api.wire import Code, CodeInQueryOrNone, Email, Quantity, Request, Text
from omniretail.errors import Invalid
from omniretail.forms import kept_email
from omniretail.ids import new_id

Groups = Annotated[tuple[Code, ...], Meta(max_length=20)]
Coupons = Annotated[
    tuple[Code, ...], Meta(max_length=carts.MOST_COUPONS, description="Codes, in any case")
]


class CartLineRequest(Request, frozen=True, kw_only=True):
    """So many of a SKU; how it shall leave, and where, may stay open until the order.

    A terminal's goods leave over its own counter by default.
    """

    sku: Code
    quantity: Quantity
    kind: carts.LineKind | None = None
    location: Code | None = None


class LineChangeRequest(Request, frozen=True, kw_only=True):
    """A line shall have `quantity` units (0 removes it), or `add` more.

    It is named by its number, or by SKU, kind and location together; one that is not there comes in.
    """

    line: Quantity | None = None
    sku: Code | None = None
    kind: carts.LineKind | None = None
    location: Code | None = None
    quantity: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    add: Quantity | None = None


class CartRequest(Request, frozen=True, kw_only=True):
    """What a new cart begins with; equal lines become one.

    `customer` is an id, an external id or a loyalty card. The cart keeps the id of one who is known,
    whose groups are looked up whenever it is priced; `customer_groups` are for others.
    """

    lines: Annotated[tuple[CartLineRequest, ...], Meta(max_length=carts.MOST_LINES)] = ()
    channel: Code | None = None
    customer: Code | None = None
    customer_groups: Groups = ()
    region: Code | None = None
    coupons: Coupons = ()
    shipping: ShippingRequest | None = None
    ship_to: ShipToRequest | None = None
    email: Email | None = None
    note: Text | None = None


class CartChangeRequest(Request, frozen=True, kw_only=True):
    """What changes in a cart, line after line; what is left out stays, null takes away.

    With nothing in it, it is a sign of life: what is held lasts anew.
    """

    lines: Annotated[tuple[LineChangeRequest, ...], Meta(max_length=carts.MOST_LINES)] = ()
    customer: Code | UnsetType | None = UNSET
    customer_groups: Groups | UnsetType = UNSET
    region: Code | UnsetType | None = UNSET
    coupons: Coupons | UnsetType = UNSET
    shipping: ShippingRequest | UnsetType | None = UNSET
    ship_to: ShipToRequest | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    note: Text | UnsetType | None = UNSET


class CartHoldRequest(Request, frozen=True, kw_only=True):
    """How long the goods of a cart shall be held after each change of it."""

    seconds: Seconds = 600


class MergeRequest(Request, frozen=True, kw_only=True):
    """The cart that becomes part of this one, and whose lines count: both carts', or one's alone."""

    from_: UUID = field(name="from")
    strategy: carts.MergeStrategy = "sum"


@post("/v1/carts", opt={"scope": "carts:write"}, status_code=201)
async def create_cart(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[CartRequest],
    idempotency_key: KeyHeader = None,
) -> Response[CartView]:
    """Begin a cart; it stays open for thirty days after its last change."""
    principal: channels.Principal = request.user
    command = carts.CreateCart(
        key=key(idempotency_key, principal, request.url.path, data),
        principal=principal,
        cart_id=new_id(),
        channel=selling_channel(principal, data.channel),
        lines=tuple(
            carts.LineChange(
                sku=line.sku,
                kind=line.kind,
                location=_location(principal, line.kind, line.location),
                quantity=line.quantity,
                more=True,
            )
            for line in data.lines
        ),
        customer=data.customer,
        customer_groups=data.customer_groups,
        region=data.region,
        coupons=data.coupons,
        shipping=_shipping(data.shipping),
        ship_to=data.ship_to.address() if data.ship_to else None,
        email=kept_email(data.email),
        note=data.note,
    )
    return answered(await request.app.state.process.change_cart(command), cart_view, status=201)


@get("/v1/carts", opt={"scope": "carts:read"})
async def list_carts(
    tx: Tx,
    code: Annotated[
        str | None, QueryParameter(max_length=32, description="One cart, by its code")
    ] = None,
    customer: CodeInQueryOrNone = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[CartView]:
    """List a customer's open carts, the latest first; or the one cart with a code."""
    if code is not None:
        found = [await carts.find_cart(tx, code, now=clock.now())]
    elif customer is not None:
        found = await carts.list_carts(
            tx, customer=customer, before=id_cursor(cursor), limit=limit + 1, now=clock.now()
        )
    else:
        raise Invalid.at("/code", "Name the code of a cart, or a customer")
    return page(found, limit=limit, view=cart_view, key=lambda one: one.cart.id)


@get("/v1/carts/{cart_id:uuid}", opt={"scope": "carts:read"})
async def get_cart(
    tx: Tx,
    request: HttpRequest[Any, Any, Any],
    cart_id: FromPath[UUID],
    priced: Annotated[bool, QueryParameter(description="With what it would cost now")] = False,
) -> Response[CartView]:
    """Return a cart, with its prices as of now where they are wanted."""
    principal: channels.Principal = request.user
    now = clock.now()
    found = await carts.find_cart(tx, cart_id, now=now)
    if not priced:
        return tagged(cart_view(found))
    prices = await carts.price_cart(
        tx,
        found.cart,
        channel=principal.channel,
        location=next(iter(principal.locations)) if principal.kind == "terminal" else None,
        books=request.app.state.process.books,
        now=now,
    )
    return tagged(cart_view(found, prices))


@get("/v1/carts/{cart_id:uuid}/timeline", opt={"scope": "carts:read"})
async def get_cart_timeline(tx: Tx, cart_id: FromPath[UUID]) -> TimelineView:
    """Return all that happened to a cart, first to last."""
    return TimelineView(
        items=[event_view(event) for event in await carts.cart_timeline(tx, cart_id)]
    )


@patch("/v1/carts/{cart_id:uuid}", opt={"scope": "carts:write"})
async def change_cart(
    request: HttpRequest[Any, Any, Any],
    cart_id: FromPath[UUID],
    data: JSONBody[CartChangeRequest],
    if_match: IfMatch = None,
) -> Response[CartView]:
    """Change what is in a cart; what it holds lasts anew, and is never more than its lines want."""
    shipping, ship_to = data.shipping, data.ship_to
    command = carts.EditCart(
        principal=request.user,
        cart_id=cart_id,
        expected_version=expected_version(if_match),
        lines=tuple(
            _line_change(request.user, line, f"/lines/{position}")
            for position, line in enumerate(data.lines)
        ),
        customer=data.customer,
        customer_groups=data.customer_groups,
        region=data.region,
        coupons=data.coupons,
        shipping=shipping if isinstance(shipping, UnsetType) else _shipping(shipping),
        ship_to=ship_to.address() if isinstance(ship_to, ShipToRequest) else ship_to,
        email=data.email if data.email is UNSET else kept_email(data.email),
        note=data.note,
    )
    return tagged(cart_view(await request.app.state.process.edit_cart(command)))


@post("/v1/carts/{cart_id:uuid}/hold", opt={"scope": "carts:write"}, status_code=200)
async def hold_cart(
    request: HttpRequest[Any, Any, Any],
    cart_id: FromPath[UUID],
    data: JSONBody[CartHoldRequest],
    idempotency_key: KeyHeader = None,
) -> Response[CartView]:
    """Hold what a cart wants at the locations it names, all or nothing, in place of what it held."""
    command = carts.HoldCart(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        cart_id=cart_id,
        hold_id=new_id(),
        seconds=data.seconds,
    )
    return answered(await request.app.state.process.change_cart(command), cart_view, status=200)


@delete("/v1/carts/{cart_id:uuid}/hold", opt={"scope": "carts:write"}, status_code=200)
async def release_cart(
    request: HttpRequest[Any, Any, Any], cart_id: FromPath[UUID]
) -> Response[CartView]:
    """Release what a cart holds; where it holds nothing, it stays as it is."""
    command = carts.ReleaseCart(principal=request.user, cart_id=cart_id)
    return tagged(cart_view(await request.app.state.process.edit_cart(command)))


@post("/v1/carts/{cart_id:uuid}/merge", opt={"scope": "carts:write"}, status_code=200)
async def merge_carts(
    request: HttpRequest[Any, Any, Any],
    cart_id: FromPath[UUID],
    data: JSONBody[MergeRequest],
    idempotency_key: KeyHeader = None,
) -> Response[CartView]:
    """Make two carts one: the other's lines and holds become this one's, and it says so."""
    command = carts.MergeCarts(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        cart_id=cart_id,
        guest_id=data.from_,
        strategy=data.strategy,
    )
    return answered(await request.app.state.process.change_cart(command), cart_view, status=200)


def _line_change(
    principal: channels.Principal, line: LineChangeRequest, pointer: str
) -> carts.LineChange:
    if (line.line is None) == (line.sku is None):
        raise Invalid.at(f"{pointer}/line", "Name the line, or else a SKU")
    if line.line is not None and (line.kind is not None or line.location is not None):
        raise Invalid.at(f"{pointer}/line", "A line keeps its kind and location")
    quantity = line.add if line.quantity is None else line.quantity
    if quantity is None or (line.quantity is not None and line.add is not None):
        raise Invalid.at(f"{pointer}/quantity", "Say how many it shall be, or else how many more")
    return carts.LineChange(
        number=line.line,
        sku=line.sku,
        kind=line.kind,
        location=_location(principal, line.kind, line.location),
        quantity=quantity,
        more=line.add is not None,
    )


def _location(
    principal: channels.Principal, kind: carts.LineKind | None, named: str | None
) -> str | None:
    if named is None and kind == "carry_out" and principal.kind == "terminal":
        return next(iter(principal.locations))
    return named


def _shipping(asked: ShippingRequest | None) -> carts.ShippingWanted | None:
    if asked is None:
        return None
    return carts.ShippingWanted(charge=asked.charge(), currency=asked.price.currency)


HANDLERS = [
    create_cart,
    list_carts,
    get_cart,
    get_cart_timeline,
    change_cart,
    hold_cart,
    release_cart,
    merge_carts,
]
