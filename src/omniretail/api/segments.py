"""Segments over HTTP: rules by which customers belong together, and who does now."""

from typing import Annotated
from uuid import UUID

from litestar import get, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from omniretail import clock, profiles
from omniretail.api.paging import Cursor, Limit, Page, id_cursor, page, text_cursor
from omniretail.api.process import Tx
from omniretail.api.wire import Code, CodeInPath, Currency, Money, Request, Text, View
from omniretail.errors import Invalid

Days = Annotated[int, Meta(ge=1, le=profiles.MOST_DAYS)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Codes = Annotated[tuple[Code, ...], Meta(max_length=profiles.MOST_NAMED)]


class SpendBody(Request, frozen=True, kw_only=True):
    """What was spent in `currency` over `days`, less what was given back; both bounds are within."""

    currency: Currency
    days: Days
    at_least: Money | None = None
    at_most: Money | None = None


class OrderCountBody(Request, frozen=True, kw_only=True):
    """How many orders were placed over `days`; both bounds are within."""

    days: Days
    at_least: Count | None = None
    at_most: Count | None = None


class SegmentRuleBody(Request, frozen=True, kw_only=True):
    """All that is stated must hold; what is left out may be anything.

    Orders of which all was cancelled do not count. Of `tiers` and `groups` one is enough; all of the
    purposes `consents` must be consented to.
    """

    channels_any: Codes = ()
    channels_all: Codes = ()
    ordered_within_days: Days | None = None
    not_ordered_for_days: Days | None = None
    spend: SpendBody | None = None
    orders: OrderCountBody | None = None
    tiers: Codes = ()
    groups: Codes = ()
    consents: Codes = ()


class SegmentRequest(Request, frozen=True, kw_only=True):
    """A segment, all of it."""

    name: Text
    rule: SegmentRuleBody


class SegmentView(View, frozen=True, kw_only=True):
    """A segment; what it shows can be put in place again."""

    code: str
    name: str
    rule: SegmentRuleBody


class SegmentCustomerView(View, frozen=True, kw_only=True):
    """A customer of a segment."""

    id: UUID


@put("/v1/segments/{segment:str}", opt={"scope": "customers:segment"})
async def put_segment(tx: Tx, segment: CodeInPath, data: JSONBody[SegmentRequest]) -> SegmentView:
    """Put a segment in place, new or instead of what it was."""
    stated = profiles.Segment(code=segment, name=data.name, rule=_rule(data.rule))
    return _view(await profiles.put_segment(tx, stated, now=clock.now()))


@get("/v1/segments", opt={"scope": "customers:segment"})
async def list_segments(tx: Tx, limit: Limit = 50, cursor: Cursor = None) -> Page[SegmentView]:
    """List segments by code."""
    found = await profiles.list_segments(tx, after=text_cursor(cursor), limit=limit + 1)
    return page(found, limit=limit, view=_view, key=lambda one: one.code)


@get("/v1/segments/{segment:str}", opt={"scope": "customers:segment"})
async def get_segment(tx: Tx, segment: CodeInPath) -> SegmentView:
    """Return a segment."""
    return _view(await profiles.find_segment(tx, segment))


@get("/v1/segments/{segment:str}/customers", opt={"scope": "customers:segment"})
async def list_segment_customers(
    tx: Tx, segment: CodeInPath, limit: Limit = 50, cursor: Cursor = None
) -> Page[SegmentCustomerView]:
    """List the customers who belong to a segment now, the oldest first."""
    found = await profiles.segment_customers(
        tx, segment, after=id_cursor(cursor), limit=limit + 1, now=clock.now()
    )
    return page(
        found,
        limit=limit,
        view=lambda one: SegmentCustomerView(id=one),
        key=lambda one: one,
    )


@get("/v1/customers/{customer_id:uuid}/segments", opt={"scope": "customers:segment"})
async def list_customer_segments(tx: Tx, customer_id: FromPath[UUID]) -> list[SegmentView]:
    """Return the segments that a customer belongs to now, by code."""
    found = await profiles.segments_of_customer(tx, customer_id, now=clock.now())
    return [_view(one) for one in found]


def _rule(body: SegmentRuleBody) -> profiles.Rule:
    spend, orders = body.spend, body.orders
    return profiles.Rule(
        channels_any=frozenset(body.channels_any),
        channels_all=frozenset(body.channels_all),
        ordered_within_days=body.ordered_within_days,
        not_ordered_for_days=body.not_ordered_for_days,
        spend=None if spend is None else _spend(spend),
        orders=(
            None
            if orders is None
            else profiles.OrderCount(
                days=orders.days, at_least=orders.at_least, at_most=orders.at_most
            )
        ),
        tiers=frozenset(body.tiers),
        groups=frozenset(body.groups),
        consents=frozenset(body.consents),
    )


def _spend(spend: SpendBody) -> profiles.Spend:
    return profiles.Spend(
        currency=spend.currency,
        days=spend.days,
        at_least_minor=_minor(spend, spend.at_least, "at_least"),
        at_most_minor=_minor(spend, spend.at_most, "at_most"),
    )


def _spend_body(spend: profiles.Spend) -> SpendBody:
    return SpendBody(
        currency=spend.currency,
        days=spend.days,
        at_least=_money(spend.at_least_minor, spend.currency),
        at_most=_money(spend.at_most_minor, spend.currency),
    )


def _minor(spend: SpendBody, amount: Money | None, name: str) -> int | None:
    if amount is not None and amount.currency != spend.currency:
        raise Invalid.at(f"/rule/spend/{name}/currency", f"Expected {spend.currency}")
    return None if amount is None else amount.amount


def _view(segment: profiles.Segment) -> SegmentView:
    rule = segment.rule
    spend, orders = rule.spend, rule.orders
    return SegmentView(
        code=segment.code,
        name=segment.name,
        rule=SegmentRuleBody(
            channels_any=tuple(sorted(rule.channels_any)),
            channels_all=tuple(sorted(rule.channels_all)),
            ordered_within_days=rule.ordered_within_days,
            not_ordered_for_days=rule.not_ordered_for_days,
            spend=None if spend is None else _spend_body(spend),
            orders=(
                None
                if orders is None
                else OrderCountBody(
                    days=orders.days, at_least=orders.at_least, at_most=orders.at_most
                )
            ),
            tiers=tuple(sorted(rule.tiers)),
            groups=tuple(sorted(rule.groups)),
            consents=tuple(sorted(rule.consents)),
        ),
    )


def _money(amount_minor: int | None, currency: str) -> Money | None:
    return None if amount_minor is None else Money(amount_minor, currency)


HANDLERS = [
    put_segment,
    list_segments,
    get_segment,
    list_segment_customers,
    list_customer_segments,
]
