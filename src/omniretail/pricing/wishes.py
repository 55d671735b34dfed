"""Turning what a customer wishes for, and where, into the basket that is priced. Pure."""

from collections.abc import Iterable, Mapping

from omniretail import catalog, channels
from omniretail.pricing.basket import Basket, BasketLine, ShippingCharge
from omniretail.pricing.lists import Shopper
from omniretail.pricing.promotion import coupon_code


def basket_of(
    *,
    channel: channels.ChannelSpec,
    location: catalog.LocationSpec | None,
    region: str | None,
    customer: str | None,
    customer_groups: frozenset[str],
    coupons: Iterable[str],
    shipping: ShippingCharge | None,
    lines: Iterable[tuple[str, int, int | None]],
    skus: Mapping[str, catalog.SkuTraits],
    exhausted: frozenset[str] = frozenset(),
) -> Basket:
    """Return the basket of lines (SKU, quantity, own price in minor units); each SKU is in `skus`.

    The taxes are those of the region named, else of the location's, else of the channel's. Two
    wishes that differ in nothing but the order and case of their coupons are one basket.
    """
    place = location.region if location is not None else None
    return Basket(
        currency=channel.currency,
        lines=tuple(
            BasketLine(
                sku,
                quantity,
                own_price_minor,
                skus[sku].tax_class,
                frozenset(skus[sku].categories),
            )
            for sku, quantity, own_price_minor in lines
        ),
        shopper=Shopper(
            channel=channel.code,
            location=location.code if location is not None else None,
            region=region or place or channel.region,
            customer=customer,
            customer_groups=customer_groups,
        ),
        coupons=tuple(sorted({coupon_code(code) for code in coupons})),
        shipping=shipping,
        exhausted=exhausted,
    )
