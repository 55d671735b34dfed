"""The value of the stock over HTTP, now or as of a moment of the past."""

from datetime import datetime
from typing import Any

from litestar import Request as HttpRequest
from litestar import get
from litestar.params import FromQuery

from omniretail import clock, inventory
from omniretail.api.paging import Cursor, Limit, Page, page, place_cursor
from omniretail.api.wire import CodeInQueryOrNone, Moment, View, moment_in_query


class AmountView(View, frozen=True, kw_only=True):
    """An amount in minor units; below zero where more left than there was."""

    amount: int
    currency: str


class ValuedView(View, frozen=True, kw_only=True):
    """What a place has on hand and what it is worth; null where nobody said what it cost.

    `unit_cost` is the moving average in minor units, up to six digits after the point.
    """

    sku: str
    location: str
    on_hand: int
    unit_cost: str | None
    currency: str | None
    value: AmountView | None


class TotalView(View, frozen=True, kw_only=True):
    """What everything valued in one currency is worth: the sum of the items' values."""

    on_hand: int
    value: AmountView


class TotalsView(View, frozen=True, kw_only=True):
    """Totals over everything that was asked for, not only the page."""

    currencies: list[TotalView]
    units_without_cost: int


class ValuationView(View, frozen=True, kw_only=True):
    """A valuation; the totals stand on the first page only."""

    as_of: Moment
    items: list[ValuedView]
    next_cursor: str | None
    totals: TotalsView | None


@get("/v1/stock/valuation", opt={"scope": "stock:value"})
async def value_stock(
    request: HttpRequest[Any, Any, Any],
    as_of: FromQuery[datetime | None] = None,
    location: CodeInQueryOrNone = None,
    sku: CodeInQueryOrNone = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ValuationView:
    """Value the stock at moving averages, place by place and in sum.

    `as_of` values what stood at a moment of the past, by when things happened. All of it in one
    piece is the export `valuation`.
    """
    now = clock.now()
    at = moment_in_query(as_of, now=now, pointer="/as_of")
    after = place_cursor(cursor, 2)
    async with request.app.state.process.database.transaction(snapshot=True) as tx:
        found = await inventory.value_stock(
            tx,
            as_of=at,
            sku=sku,
            location=location,
            after=(after[0], after[1]),
            limit=limit + 1,
        )
        totals = (
            None
            if cursor
            else await inventory.total_value(tx, as_of=at, sku=sku, location=location)
        )
    shown: Page[ValuedView] = page(
        found, limit=limit, view=_valued, key=lambda place: f"{place.sku}|{place.location}"
    )
    return ValuationView(
        as_of=at or now,
        items=shown.items,
        next_cursor=shown.next_cursor,
        totals=None if totals is None else _totals(totals),
    )


def _valued(place: inventory.Valued) -> ValuedView:
    value = None
    if place.value_minor is not None and place.currency is not None:
        value = AmountView(amount=place.value_minor, currency=place.currency)
    return ValuedView(
        sku=place.sku,
        location=place.location,
        on_hand=place.on_hand,
        unit_cost=None if place.unit_cost_minor is None else f"{place.unit_cost_minor:f}",
        currency=place.currency,
        value=value,
    )


def _totals(totals: inventory.Totals) -> TotalsView:
    return TotalsView(
        currencies=[
            TotalView(
                on_hand=total.on_hand,
                value=AmountView(amount=total.value_minor, currency=total.currency),
            )
            for total in totals.currencies
        ],
        units_without_cost=totals.without_cost,
    )


HANDLERS = [value_stock]
