"""The liability report of loyalty points over HTTP: what is owed, day by day."""

from datetime import date
from typing import Annotated, Any

from litestar import Request as HttpRequest
from litestar import get
from litestar.params import QueryParameter

from omniretail import clock, loyalty
from omniretail.api.wire import Money, View
from omniretail.forms import CURRENCY


class LiabilityDayView(View, frozen=True, kw_only=True):
    """The points of all accounts on a local day, and what is owed at its end (today: now).

    Ending is opening + earned + restored − spent − expired − reversed + adjusted, and outstanding
    − debt. Outstanding is pending + active. Its value is deferred revenue + expected breakage; null
    where points did not pay the currency then.
    """

    day: date
    opening_points: int
    earned_points: int
    restored_points: int
    spent_points: int
    expired_points: int
    reversed_points: int
    adjusted_points: int
    ending_points: int
    outstanding_points: int
    pending_points: int
    active_points: int
    debt_points: int
    value: Money | None
    deferred_revenue: Money | None
    breakage: Money | None


class LiabilityView(View, frozen=True, kw_only=True):
    """The liability, day by day, the first day first."""

    days: list[LiabilityDayView]


@get("/v1/loyalty/liability", opt={"scope": "loyalty:report"})
async def get_liability(
    request: HttpRequest[Any, Any, Any],
    since: Annotated[date, QueryParameter(name="from", description="The first local day")],
    until: Annotated[date, QueryParameter(name="to", description="The last local day")],
    currency: Annotated[
        str | None, QueryParameter(pattern=CURRENCY, description="ISO 4217")
    ] = None,
) -> LiabilityView:
    """Report what is owed in points, day by day, at most 366 days.

    Days are those of the programme's time zone; the last one is today at the latest. What has
    expired counts by the clock. Without a currency the values are in the first one that points
    pay, by the alphabet.
    """
    async with request.app.state.process.database.transaction(snapshot=True) as tx:
        days = await loyalty.liability(
            tx, since=since, until=until, currency=currency, now=clock.now()
        )
    return LiabilityView(days=[_day(day) for day in days])


def _day(day: loyalty.LiabilityDay) -> LiabilityDayView:
    return LiabilityDayView(
        day=day.day,
        opening_points=day.opening_points,
        earned_points=day.earned_points,
        restored_points=day.restored_points,
        spent_points=day.spent_points,
        expired_points=day.expired_points,
        reversed_points=day.reversed_points,
        adjusted_points=day.adjusted_points,
        ending_points=day.ending_points,
        outstanding_points=day.outstanding_points,
        pending_points=day.pending_points,
        active_points=day.active_points,
        debt_points=day.debt_points,
        value=_money(day.value_minor, day.currency),
        deferred_revenue=_money(day.deferred_minor, day.currency),
        breakage=_money(day.breakage_minor, day.currency),
    )


def _money(amount_minor: int | None, currency: str) -> Money | None:
    return None if amount_minor is None else Money(amount_minor, currency)


HANDLERS = [get_liability]
