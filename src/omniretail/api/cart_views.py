"""Carts as the wire shows them: their lines, what they hold, and what they would cost."""

from typing import Any, Literal
from uuid import UUID

from omniretail import carts, orders, pricing
from omniretail.api import problems
from omniretail.api.baskets import (
    DiscountView,
    PromotionView,
    ShippingView,
    TaxView,
    discount_views,
    promotion_views,
    shipping_view,
    tax_views,
)
from omniretail.api.wire import Moment, Money, View


class CartLineView(View, frozen=True, kw_only=True):
    """A line of a cart, and how many of its units are held."""

    line: int
    sku: str
    quantity: int
    kind: carts.LineKind | None
    location: str | None
    held: int


class CartShippingView(View, frozen=True, kw_only=True):
    """What is asked for shipping, before promotions."""

    price: Money
    tax_class: str
    tax_included: bool


class CartHoldView(View, frozen=True, kw_only=True):
    """What has become of the holds that a cart owns; `expires_at` is when the first one runs out."""

    state: Literal["live", "expired", "released", "converted"]
    holds: list[UUID]
    expires_at: Moment


class CartPriceView(View, frozen=True, kw_only=True):
    """What a line of a cart would cost now."""

    line: int
    list_price: Money | None
    price_list: str | None
    unit_price: Money
    discounts: list[DiscountView]
    tax_included: bool
    tax_rate_ppm: int | None
    net: Money
    tax: Money
    total: Money


class CartProblemView(View, frozen=True, kw_only=True):
    """Why a line, a coupon or, with neither, the whole cart cannot be ordered as it is."""

    line: int | None
    coupon: str | None
    problem: dict[str, Any]


class CartPricesView(View, frozen=True, kw_only=True):
    """What a cart would cost now, in the channel and place that look at it; only a quote binds.

    The sums are of the lines without a problem; they are null where the cart as a whole has one.
    """

    channel: str
    location: str | None
    total: Money | None
    net: Money | None
    tax: list[TaxView]
    lines: list[CartPriceView]
    shipping: ShippingView | None
    promotions: list[PromotionView]
    problems: list[CartProblemView]


class CartView(View, frozen=True, kw_only=True):
    """A cart. Its `code` is shown as text or QR code, and opens it in any channel."""

    id: UUID
    code: str
    state: carts.CartState
    channel: str
    currency: str
    customer: str | None
    customer_groups: list[str]
    region: str | None
    order_id: UUID | None
    merged_into: UUID | None
    lines: list[CartLineView]
    coupons: list[str]
    shipping: CartShippingView | None
    ship_to: orders.ShipTo | None
    email: str | None
    note: str | None
    hold: CartHoldView | None
    prices: CartPricesView | None
    version: int
    created_at: Moment
    updated_at: Moment
    expires_at: Moment


def cart_view(found: carts.CartNow, prices: carts.CartPrices | None = None) -> CartView:
    """Return a cart as the wire shows it."""
    cart = found.cart
    held = carts.held_by_line(cart.lines, found.held)
    return CartView(
        id=cart.id,
        code=cart.code,
        state=cart.state,
        channel=cart.channel,
        currency=cart.currency,
        customer=cart.customer,
        customer_groups=list(cart.customer_groups),
        region=cart.region,
        order_id=cart.order_id,
        merged_into=cart.merged_into,
        lines=[
            CartLineView(
                line=line.number,
                sku=line.sku,
                quantity=line.quantity,
                kind=line.kind,
                location=line.location,
                held=held[line.number],
            )
            for line in cart.lines
        ],
        coupons=list(cart.coupons),
        shipping=_shipping(cart),
        ship_to=cart.ship_to,
        email=cart.email,
        note=cart.note,
        hold=_hold(found),
        prices=None if prices is None else _prices(prices, cart.currency),
        version=cart.version,
        created_at=cart.created_at,
        updated_at=cart.updated_at,
        expires_at=cart.expires_at,
    )


def _shipping(cart: carts.Cart) -> CartShippingView | None:
    if cart.shipping is None:
        return None
    return CartShippingView(
        price=Money(cart.shipping.amount_minor, cart.currency),
        tax_class=cart.shipping.tax_class,
        tax_included=cart.shipping.tax_included,
    )


def _hold(found: carts.CartNow) -> CartHoldView | None:
    if not found.holds:
        return None
    telling = found.live_holds or found.holds[-1:]
    return CartHoldView(
        state=telling[0].state,
        holds=[hold.id for hold in telling],
        expires_at=min(hold.expires_at for hold in telling),
    )


def _prices(prices: carts.CartPrices, currency: str) -> CartPricesView:
    priced = prices.priced
    return CartPricesView(
        channel=prices.channel,
        location=prices.location,
        total=Money(priced.total_minor, currency) if priced else None,
        net=Money(sum(one.net_minor for one in priced.charges), currency) if priced else None,
        tax=tax_views(priced.tax, currency) if priced else [],
        lines=[
            _price(line.number, one, currency)
            for line, one in zip(prices.lines, priced.lines, strict=True)
        ]
        if priced
        else [],
        shipping=shipping_view(priced.shipping, currency) if priced else None,
        promotions=promotion_views(priced.promotions, currency) if priced else [],
        problems=[
            CartProblemView(line=one.line, coupon=one.coupon, problem=problems.document(one.error))
            for one in prices.problems
        ],
    )


def _price(number: int, line: pricing.PricedLine, currency: str) -> CartPriceView:
    return CartPriceView(
        line=number,
        list_price=(
            None if line.list_price_minor is None else Money(line.list_price_minor, currency)
        ),
        price_list=line.price_list,
        unit_price=Money(line.unit_price_minor, currency),
        discounts=discount_views(line.discounts, currency),
        tax_included=line.tax_included,
        tax_rate_ppm=line.tax_rate_ppm,
        net=Money(line.net_minor, currency),
        tax=Money(line.tax_minor, currency),
        total=Money(line.total_minor, currency),
    )
