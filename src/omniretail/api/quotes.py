"""Quotes over HTTP: what a basket costs, signed; whether a quote stands; the keys to check one with.

None of this writes anything a client could repeat, so it needs no Idempotency-Key. The keys are public:
they open nothing, and a till or partner must have them at hand before it needs them.
"""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.params import JSONBody
from msgspec import Meta

from omniretail import channels, clock, orders, pricing
from omniretail.api.auth import selling_channel
from omniretail.api.baskets import (
    DiscountView,
    PromotionView,
    QuoteToken,
    ShippingRequest,
    ShippingView,
    TaxView,
    discount_views,
    own_price_allowed,
    promotion_views,
    shipping_view,
    tax_views,
)
from omniretail.api.orders import CouponRequest
from omniretail.api.process import Tx
from omniretail.api.wire import Code, Moment, Money, Quantity, Request, Text, View
from omniretail.money import Rounding

# A till fetches them again when a quote names a key that it does not know.
_KEYS_MAY_BE_KEPT = "public, max-age=300"


class QuoteLineRequest(Request, frozen=True, kw_only=True):
    """So many of a SKU; a price of its own needs `prices:override` and a reason."""

    sku: Code
    quantity: Quantity
    unit_price: Money | None = None
    price_reason: Text | None = None


class QuoteRequest(Request, frozen=True, kw_only=True):
    """A basket, for whom and where; a terminal's location is its own by default.

    `customer` is an id, an external id or a loyalty card; of one who is known, `customer_groups` need
    not be said. With `at` another moment is asked about: the answer is a preview, which has no token.
    `explain` says of every promotion that was not applied why it was not.
    """

    lines: Annotated[tuple[QuoteLineRequest, ...], Meta(min_length=1, max_length=500)]
    coupons: Annotated[tuple[CouponRequest, ...], Meta(max_length=20)] = ()
    channel: Code | None = None
    location: Code | None = None
    customer: Code | None = None
    customer_groups: Annotated[tuple[Code, ...], Meta(max_length=20)] = ()
    region: Code | None = None
    shipping: ShippingRequest | None = None
    at: Moment | None = None
    explain: bool = False


class QuoteCheckRequest(Request, frozen=True, kw_only=True):
    """A quote to check: the token, as it was given."""

    quote: QuoteToken


class QuoteLineView(View, frozen=True, kw_only=True):
    """A line priced: what the book says, what is charged, what comes off, and what comes of it."""

    sku: str
    quantity: int
    list_price: Money | None
    price_list: str | None
    unit_price: Money
    price_reason: str | None
    discounts: list[DiscountView]
    tax_included: bool
    tax_rate_ppm: int | None
    net: Money
    tax: Money
    total: Money


class NotAppliedView(View, frozen=True, kw_only=True):
    """A promotion that was not applied, and why, in a word and in a sentence."""

    promotion: str
    reason: str
    detail: str


class QuoteView(View, frozen=True, kw_only=True):
    """What a basket costs, and until when that stands.

    `quote` is the token, a JSON Web Token that says all of it; a preview has neither token nor end.
    `search` tells whether the promotions are the best there are, or good ones of very many.
    """

    id: UUID | None
    quote: str | None
    issued_at: Moment
    expires_at: Moment | None
    book_version: int
    channel: str | None
    location: str | None
    region: str | None
    customer: str | None
    customer_groups: list[str]
    coupons: list[str]
    currency: str
    total: Money
    net: Money
    tax: list[TaxView]
    lines: list[QuoteLineView]
    shipping: ShippingView | None
    promotions: list[PromotionView]
    not_applied: list[NotAppliedView] | None
    search: pricing.Search
    rounding: Rounding
    tax_per: pricing.TaxPer


class CheckedQuoteView(View, frozen=True, kw_only=True):
    """What a quote of ours says, and whether it is charged exactly at this moment."""

    live: bool
    says: QuoteView


class KeyView(View, frozen=True, kw_only=True):
    """A public key as a JSON Web Key (RFC 7517, RFC 8037)."""

    kty: str
    crv: str
    use: str
    alg: str
    kid: str
    x: str


class KeySet(View, frozen=True, kw_only=True):
    """Every key that a quote of ours may be signed with: a JSON Web Key Set."""

    keys: list[KeyView]


@post("/v1/quotes", opt={"scope": "quotes:write"}, status_code=200)
async def make_quote(
    request: HttpRequest[Any, Any, Any], data: JSONBody[QuoteRequest]
) -> QuoteView:
    """Price a basket and sign what it costs: until it expires, it is charged exactly, in any channel."""
    wish = _wish(request.user, data)
    quote, token = await request.app.state.process.quote(wish)
    return _view(quote, token, explained=data.explain)


@post("/v1/quotes/check", opt={"scope": "quotes:write"}, status_code=200)
async def check_quote(
    tx: Tx, request: HttpRequest[Any, Any, Any], data: JSONBody[QuoteCheckRequest]
) -> CheckedQuoteView:
    """Check a quote: what it says, if we signed it, and whether it is still charged exactly."""
    quote = await pricing.check_quote(tx, data.quote, books=request.app.state.process.books)
    return CheckedQuoteView(
        live=quote.live_at(clock.now()), says=_view(quote, data.quote, explained=False)
    )


@get("/v1/quotes/keys", opt={"public": True})
async def list_quote_keys(tx: Tx, request: HttpRequest[Any, Any, Any]) -> Response[KeySet]:
    """Return the public keys of quotes, by which any channel can check one without asking us."""
    keys = await pricing.current_keys(tx, books=request.app.state.process.books)
    return Response(
        KeySet(keys=[KeyView(**key) for key in keys.public()]),
        headers={"Cache-Control": _KEYS_MAY_BE_KEPT},
    )


def _wish(principal: channels.Principal, data: QuoteRequest) -> pricing.QuoteWish:
    location = data.location
    if location is None and principal.kind == "terminal":
        location = next(iter(principal.locations))
    if location is not None and not principal.may_act_at(location):
        raise orders.LocationBound(location)
    shipping = data.shipping
    return pricing.QuoteWish(
        channel=selling_channel(principal, data.channel),
        location=location,
        lines=tuple(
            _line_wish(principal, line, f"/lines/{position}")
            for position, line in enumerate(data.lines)
        ),
        coupons=tuple(coupon.code for coupon in data.coupons),
        claims=tuple(coupon.claim for coupon in data.coupons if coupon.claim is not None),
        customer=data.customer,
        customer_groups=frozenset(data.customer_groups),
        region=data.region,
        shipping=None if shipping is None else shipping.charge(),
        shipping_currency=None if shipping is None else shipping.price.currency,
        at=data.at,
        explain=data.explain,
    )


def _line_wish(
    principal: channels.Principal, line: QuoteLineRequest, pointer: str
) -> pricing.LineQuoted:
    own_price_allowed(principal, line.unit_price, line.price_reason, pointer)
    if line.unit_price is None:
        return pricing.LineQuoted(sku=line.sku, quantity=line.quantity)
    return pricing.LineQuoted(
        sku=line.sku,
        quantity=line.quantity,
        own_price_minor=line.unit_price.amount,
        own_price_currency=line.unit_price.currency,
        price_reason=line.price_reason,
    )


def _view(quote: pricing.Quote, token: str | None, *, explained: bool) -> QuoteView:
    basket, priced = quote.basket, quote.priced
    currency, shopper = basket.currency, basket.shopper
    return QuoteView(
        id=quote.id if token else None,
        quote=token,
        issued_at=quote.issued_at,
        expires_at=quote.expires_at if token else None,
        book_version=priced.book_version,
        channel=shopper.channel,
        location=shopper.location,
        region=shopper.region,
        customer=shopper.customer,
        customer_groups=sorted(shopper.customer_groups),
        coupons=list(basket.coupons),
        currency=currency,
        total=Money(priced.total_minor, currency),
        net=Money(sum(charge.net_minor for charge in priced.charges), currency),
        tax=tax_views(priced.tax, currency),
        lines=_lines(quote, currency),
        shipping=shipping_view(priced.shipping, currency),
        promotions=promotion_views(priced.promotions, currency),
        not_applied=_not_applied(priced.not_applied) if explained else None,
        search=priced.search,
        rounding=priced.rounding,
        tax_per=priced.tax_per,
    )


def _lines(quote: pricing.Quote, currency: str) -> list[QuoteLineView]:
    return [
        QuoteLineView(
            sku=wanted.sku,
            quantity=wanted.quantity,
            list_price=(
                None if line.list_price_minor is None else Money(line.list_price_minor, currency)
            ),
            price_list=line.price_list,
            unit_price=Money(line.unit_price_minor, currency),
            price_reason=reason,
            discounts=discount_views(line.discounts, currency),
            tax_included=line.tax_included,
            tax_rate_ppm=line.tax_rate_ppm,
            net=Money(line.net_minor, currency),
            tax=Money(line.tax_minor, currency),
            total=Money(line.total_minor, currency),
        )
        for wanted, line, reason in zip(
            quote.basket.lines, quote.priced.lines, quote.price_reasons, strict=True
        )
    ]


def _not_applied(refused: Sequence[pricing.NotApplied]) -> list[NotAppliedView]:
    return [
        NotAppliedView(promotion=one.promotion, reason=one.reason, detail=one.detail)
        for one in refused
    ]


HANDLERS = [make_quote, check_quote, list_quote_keys]
