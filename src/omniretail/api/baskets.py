"""What quotes and orders share on the wire: own prices, shipping, discounts, promotions, taxes."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from omniretail import channels, orders, pricing
from omniretail.api.wire import Code, Money, Request, Text, View
from omniretail.errors import Forbidden, Invalid
from omniretail.forms import COUNTRY, TEXT

QuoteToken = Annotated[
    str, Meta(min_length=1, max_length=1_000_000, description="A quote's token, as it was given")
]


class PriceOverrideForbidden(Forbidden):
    """This key may not set prices of its own."""

    def __init__(self) -> None:
        super().__init__("A line's own price needs the scope prices:override.")


class ShippingRequest(Request, frozen=True, kw_only=True):
    """What is asked for shipping, before promotions."""

    price: Money
    tax_class: Code = "standard"
    tax_included: bool = True

    def charge(self) -> pricing.ShippingCharge:
        """Return the charge; its currency is judged apart."""
        return pricing.ShippingCharge(
            amount_minor=self.price.amount,
            tax_class=self.tax_class,
            tax_included=self.tax_included,
        )


class ShipToRequest(Request, frozen=True, kw_only=True):
    """Where parcels go; coordinates (WGS 84) let the nearest location serve."""

    name: Text
    street: Text
    city: Text
    postal_code: Annotated[str, Meta(min_length=1, max_length=20, pattern=TEXT)]
    country: Annotated[str, Meta(pattern=COUNTRY, description="ISO 3166-1")]
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None

    def address(self, within: str = "/ship_to") -> orders.ShipTo:
        """Return the address. Raises: Invalid, `within` the request, for half of the coordinates."""
        if (self.latitude is None) != (self.longitude is None):
            raise Invalid.at(
                f"{within}/longitude", "Coordinates are a latitude and a longitude, or neither"
            )
        return orders.ShipTo(**msgspec.structs.asdict(self))


class DiscountView(View, frozen=True, kw_only=True):
    """A line's share of what a promotion takes off, and the coupon behind it."""

    promotion: str
    coupon: str | None
    amount: Money


class PromotionView(View, frozen=True, kw_only=True):
    """A promotion that was applied, and what it takes off the basket."""

    promotion: str
    name: str
    coupon: str | None
    amount: Money


class TaxView(View, frozen=True, kw_only=True):
    """What was taxed at one rate, and how much tax that is."""

    rate_ppm: int
    net: Money
    tax: Money


class ShippingView(View, frozen=True, kw_only=True):
    """A shipping charge: asked for, taken off, and what comes of it."""

    price: Money
    discounts: list[DiscountView]
    tax_included: bool
    tax_rate_ppm: int | None
    net: Money
    tax: Money
    total: Money


def own_price_allowed(
    principal: channels.Principal, price: Money | None, reason: str | None, pointer: str
) -> None:
    """Demand the scope and the reason that a line's own price needs.

    Raises: PriceOverrideForbidden, Invalid.
    """
    if price is None:
        return
    if "prices:override" not in principal.scopes:
        raise PriceOverrideForbidden
    if reason is None:
        raise Invalid.at(f"{pointer}/price_reason", "A price of its own needs a reason")


def discount_views(discounts: Iterable[pricing.Discount], currency: str) -> list[DiscountView]:
    """Return a line's discounts as the wire shows them."""
    return [
        DiscountView(
            promotion=discount.promotion,
            coupon=discount.coupon,
            amount=Money(discount.amount_minor, currency),
        )
        for discount in discounts
    ]


def promotion_views(applied: Iterable[pricing.Applied], currency: str) -> list[PromotionView]:
    """Return the promotions that were applied as the wire shows them."""
    return [
        PromotionView(
            promotion=one.promotion,
            name=one.name,
            coupon=one.coupon,
            amount=Money(one.amount_minor, currency),
        )
        for one in applied
    ]


def tax_views(sums: Iterable[pricing.TaxSummary], currency: str) -> list[TaxView]:
    """Return the tax by rate as the wire shows it."""
    return [
        TaxView(
            rate_ppm=one.rate_ppm,
            net=Money(one.net_minor, currency),
            tax=Money(one.tax_minor, currency),
        )
        for one in sums
    ]


def shipping_view(charge: pricing.PricedLine | None, currency: str) -> ShippingView | None:
    """Return a shipping charge as the wire shows it, where there is one."""
    if charge is None:
        return None
    return ShippingView(
        price=Money(charge.unit_price_minor, currency),
        discounts=discount_views(charge.discounts, currency),
        tax_included=charge.tax_included,
        tax_rate_ppm=charge.tax_rate_ppm,
        net=Money(charge.net_minor, currency),
        tax=Money(charge.tax_minor, currency),
        total=Money(charge.total_minor, currency),
    )
