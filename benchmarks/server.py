"""The measured server: the product's own, under its own serving setup, with three routes beside it.

`POST /v1/bench/echo` is `POST /v1/orders` without idempotency, stock and database;
`GET /v1/bench/memory` is `GET /v1/availability`, and `GET /v1/bench/account/{id}` is
`GET /v1/loyalty/accounts/{id}`, without thinking: what is left is the price of HTTP, authentication
and JSON. They exist here only. Run as `python -m benchmarks.server`, with the product's environment
variables.
"""

from collections import defaultdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.enums import MediaType
from litestar.params import FromPath, JSONBody

from benchmarks import shop
from omniretail import catalog, channels, clock, orders, pricing, serving, settings
from omniretail.api import availability as availability_api
from omniretail.api import loyalty as loyalty_api
from omniretail.api import orders as orders_api
from omniretail.api.auth import selling_channel
from omniretail.api.keyed import answered
from omniretail.api.order_views import OrderView, order_view
from omniretail.api.wire import moment
from omniretail.app import HANDLERS
from omniretail.errors import DomainError
from omniretail.forms import kept_email
from omniretail.idempotency import Answer, Key
from omniretail.ids import new_id
from omniretail.orders import charge, drafting

AnyRequest = HttpRequest[Any, Any, Any]

# The command wants a key; an echo is not idempotent and reads none.
_NO_KEY = Key(UUID(int=0), "echo", b"")
# What deciding about an order knows, with no stock behind it: made once, as a batch makes it once.
_NOTHING = charge.Prices(
    book=pricing.Book(),
    keys=pricing.SigningKeys({}),
    quotes={},
    usages=pricing.Usages({}, {}, {}, {}, now=clock.now()),
    quotes_last=timedelta(minutes=30),
    now=clock.now(),
)
_CHANNEL = channels.ChannelSpec(
    code=shop.CHANNEL, name="Web shop", kind="web", currency=shop.CURRENCY
)
_SKUS = defaultdict[str, catalog.SkuTraits](lambda: catalog.SkuTraits("active"))


@post("/v1/bench/echo", opt={"scope": "orders:write"}, status_code=201)
async def echo(request: AnyRequest, data: JSONBody[orders_api.OrderRequest]) -> Response[OrderView]:
    """Answer the order that a body asks for, priced, without placing it."""
    # Line by line what `place_order` does with a body; the private names are the point.
    principal: channels.Principal = request.user
    command = orders.PlaceOrder(
        key=_NO_KEY,
        order_id=new_id(),
        principal=principal,
        channel=selling_channel(principal, data.channel),
        location=next(iter(principal.locations)) if principal.kind == "terminal" else None,
        placed_at=moment(
            data.placed_at,
            now=clock.now(),
            pointer="/placed_at",
            oldest=None if "orders:backdate" in principal.scopes else orders_api._ON_TIME,
        ),
        fulfillments=tuple(
            orders_api.fulfillment_wish(principal, wish, f"/fulfillments/{position}")
            for position, wish in enumerate(data.fulfillments)
        ),
        tenders=tuple(
            orders_api.tender_given(tender, f"/tenders/{position}")
            for position, tender in enumerate(data.tenders)
        ),
        hold_id=data.hold,
        forced=orders_api._offline(principal, data),
        quote=data.quote,
        customer=data.customer,
        customer_groups=frozenset(data.customer_groups),
        region=data.region,
        coupons=orders_api._coupons(data.coupons),
        shipping=orders_api._shipping(data.shipping),
        ship_to=data.ship_to.address() if data.ship_to else None,
        email=kept_email(data.email),
    )
    wanted = pricing.basket_of(
        channel=_CHANNEL,
        location=None,
        region=None,
        customer=command.customer,
        customer_groups=command.customer_groups,
        coupons=(),
        shipping=None,
        lines=[(line.sku, line.quantity, line.own_price_minor) for line in command.lines],
        skus=_SKUS,
    )
    charged = charge.charge(await _prices(request), command, wanted)
    if isinstance(charged, DomainError):
        raise charged
    order = drafting.draft(command, charged, shop.CURRENCY, {}, _SKUS)
    return answered(Answer(order), order_view, status=201)


@get("/v1/bench/memory", opt={"scope": "stock:read"})
async def memory(request: AnyRequest) -> Response[bytes]:
    """Answer the bytes that the first caller's SKU had as its availability."""
    state = request.app.state
    if "bench_memory" not in state:
        found = await availability_api.availability.fn(request, sku=request.query_params["sku"])
        state.bench_memory = msgspec.json.encode(found)
    return Response(state.bench_memory, media_type=MediaType.JSON)


@get("/v1/bench/account/{account_id:uuid}", opt={"scope": "loyalty:read"})
async def account(request: AnyRequest, account_id: FromPath[UUID]) -> Response[bytes]:
    """Answer the bytes that the first caller's loyalty account had."""
    state = request.app.state
    if "bench_account" not in state:
        found = await loyalty_api.get_loyalty_account.fn(request, account_id=account_id)
        state.bench_account = msgspec.json.encode(found)
    return Response(state.bench_account, media_type=MediaType.JSON)


async def _prices(request: AnyRequest) -> charge.Prices:
    """Return the book that orders are priced by; read once, since no price changes in a run."""
    state = request.app.state
    if "bench_prices" not in state:
        keeper = pricing.BookKeeper()
        async with state.process.database.transaction() as tx:
            (version,) = await tx.read(keeper.version())
            book = await keeper.at(tx, version)
        state.bench_prices = msgspec.structs.replace(_NOTHING, book=book)
    prices: charge.Prices = state.bench_prices
    return prices


# Worker processes build the application from this list: they are forked from this module, or
# import it anew, whichever the platform does.
HANDLERS.extend([echo, memory, account])

if __name__ == "__main__":
    serving.serve(settings.load())
