"""The history of prices over HTTP, with the lowest price of thirty days."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Request as HttpRequest
from litestar import get
from litestar.params import FromQuery, QueryParameter

from omniretail import clock, pricing
from omniretail.api.process import Tx
from omniretail.api.wire import CodeInQuery, CodeInQueryOrNone, Moment, Money, View
from omniretail.errors import Invalid
from omniretail.forms import CURRENCY


class PastPriceView(View, frozen=True, kw_only=True):
    """What one unit cost from a moment on, tax within; no price: it was not for sale.

    `price_list` and `promotions` are what made the price.
    """

    since: Moment
    price: Money | None
    price_list: str | None
    promotions: list[str]


class PriceHistoryView(View, frozen=True, kw_only=True):
    """What one unit cost everybody from `since` until before `until`: at first, and each change.

    `lowest` is the lowest price from `lowest_since`, thirty days before `until`, until before `until`.
    """

    sku: str
    currency: str
    region: str | None
    since: Moment
    until: Moment
    prices: list[PastPriceView]
    lowest_since: Moment
    lowest: PastPriceView | None


@get("/v1/price-history", opt={"scope": "prices:read"})
async def get_price_history(
    request: HttpRequest[Any, Any, Any],
    tx: Tx,
    sku: CodeInQuery,
    currency: Annotated[str, QueryParameter(pattern=CURRENCY, description="ISO 4217")],
    region: CodeInQueryOrNone = None,
    days: Annotated[int, QueryParameter(ge=1, le=366)] = 30,
    until: FromQuery[datetime | None] = None,
) -> PriceHistoryView:
    """Return what a SKU cost everybody over so many days, and its lowest price of thirty days.

    That is the price of one unit for a shopper without a coupon of whom nothing is known: promotions
    on lines count, as far as they need nothing else; lists and promotions for customers, groups,
    channels or stores do not. `until` is now unless given: to announce a reduction, give its beginning.
    """
    if until is not None and until.tzinfo is None:
        raise Invalid.at("/until", "A moment needs its time zone")
    end = until or clock.now()
    found = await pricing.price_history(
        tx,
        sku=sku,
        currency=currency,
        region=region,
        days=days,
        until=end,
        books=request.app.state.process.books,
    )
    return PriceHistoryView(
        sku=sku,
        currency=currency,
        region=region,
        since=found.since,
        until=end,
        prices=[_view(one, currency) for one in found.prices],
        lowest_since=found.lowest_since,
        lowest=None if found.lowest is None else _view(found.lowest, currency),
    )


def _view(one: pricing.PastPrice, currency: str) -> PastPriceView:
    return PastPriceView(
        since=one.since,
        price=None if one.amount_minor is None else Money(one.amount_minor, currency),
        price_list=one.price_list,
        promotions=list(one.promotions),
    )


HANDLERS = [get_price_history]
