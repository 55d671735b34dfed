"""Promotions over HTTP: what each does, stated by its `type`."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time
from typing import Annotated, Literal

from litestar import get, put
from litestar.params import JSONBody
from msgspec import Meta

from omniretail import clock, pricing
from omniretail.api.paging import Cursor, Limit, Page, page, text_cursor
from omniretail.api.process import Tx
from omniretail.api.wire import (
    Code,
    CodeInPath,
    Currency,
    Moment,
    Money,
    Quantity,
    Request,
    Text,
    View,
)
from omniretail.errors import Invalid
from omniretail.forms import HOUR

RatePpm = Annotated[int, Meta(ge=1, le=1_000_000, description="Parts per million: 200000 is 20 %")]
Level = Literal["line", "order"]
WallClock = Annotated[
    datetime,
    Meta(
        description="With an offset, or as the clocks of `time_zone` show it: 2026-11-27T00:00:00"
    ),
]
HourOfDay = Annotated[
    str, Meta(pattern=HOUR, description="As clocks show it", examples=["17:30:00"])
]
Codes = Annotated[tuple[Code, ...], Meta(max_length=1_000)]
ManyCodes = Annotated[tuple[Code, ...], Meta(max_length=pricing.MOST_NAMED)]


class PercentBody(Request, frozen=True, kw_only=True, tag_field="type", tag="percent"):
    """A share off each line; of level `order`, off the order, divided over its lines."""

    rate_ppm: RatePpm
    level: Level = "line"


class AmountBody(Request, frozen=True, kw_only=True, tag_field="type", tag="amount"):
    """An amount off each unit; of level `order`, once off the order, divided over its lines."""

    amount: Money
    level: Level = "line"


class FixedPriceBody(Request, frozen=True, kw_only=True, tag_field="type", tag="fixed_price"):
    """Each unit costs so much, where it costs more."""

    amount: Money


class BuyXGetYBody(Request, frozen=True, kw_only=True, tag_field="type", tag="buy_x_get_y"):
    """Of each `buy` + `get` units, the `get` cheapest are reduced; by default they are free."""

    buy: Quantity
    get: Quantity
    rate_ppm: RatePpm = 1_000_000


class BundlePartBody(Request, frozen=True, kw_only=True):
    """So many of a SKU are part of the bundle."""

    sku: Code
    quantity: Quantity


class BundleBody(Request, frozen=True, kw_only=True, tag_field="type", tag="bundle"):
    """So many of each SKU together cost so much."""

    parts: Annotated[tuple[BundlePartBody, ...], Meta(min_length=1, max_length=50)]
    amount: Money


class StepBody(Request, frozen=True, kw_only=True):
    """From such a value on, a share or an amount off, or both."""

    minimum: Money
    rate_ppm: RatePpm | None = None
    amount: Money | None = None


class ThresholdBody(Request, frozen=True, kw_only=True, tag_field="type", tag="threshold"):
    """The more is bought, the more comes off the order: of the steps reached, the one that saves most."""

    steps: Annotated[tuple[StepBody, ...], Meta(min_length=1, max_length=50)]


class GiftBody(Request, frozen=True, kw_only=True, tag_field="type", tag="gift"):
    """So many units of a SKU in the basket are free, once the other lines come to the minimum."""

    sku: Code
    quantity: Quantity = 1


class ShippingBody(Request, frozen=True, kw_only=True, tag_field="type", tag="shipping"):
    """A share off the shipping charge, or an amount, or both."""

    rate_ppm: RatePpm | None = None
    amount: Money | None = None


ActionBody = (
    PercentBody
    | AmountBody
    | FixedPriceBody
    | BuyXGetYBody
    | BundleBody
    | ThresholdBody
    | GiftBody
    | ShippingBody
)


class HoursBody(Request, frozen=True, kw_only=True):
    """Hours of the week, from midnight to midnight unless stated: days 1 (Monday) to 7 (Sunday).

    They are those of the promotion's zone unless another is named.
    """

    time_zone: Text | None = None
    days: Annotated[tuple[Annotated[int, Meta(ge=1, le=7)], ...], Meta(max_length=7)] = (
        *(1, 2, 3, 4, 5, 6, 7),
    )
    since: HourOfDay = "00:00:00"
    until: HourOfDay | None = None


class PromotionRequest(Request, frozen=True, kw_only=True):
    """A promotion, all of it: what is left out takes its default.

    Naming neither SKUs nor categories, it works on all goods. All amounts are in one `currency`,
    which they name themselves. Channels and locations need `override_reason` and `valid_until`.
    """

    name: Text
    action: ActionBody
    status: Literal["active", "archived"] = "active"
    priority: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)] = 0
    stackable: bool = True
    exclusive_group: Code | None = None
    stop: bool = False
    currency: Currency | None = None
    skus: ManyCodes = ()
    categories: ManyCodes = ()
    customer_groups: Codes = ()
    channels: Codes = ()
    locations: Codes = ()
    override_reason: Text | None = None
    minimum: Money | None = None
    most_per_basket: Quantity | None = None
    usage_limit: Quantity | None = None
    coupon_only: bool = False
    time_zone: Text = "UTC"
    valid_from: WallClock | None = None
    valid_until: WallClock | None = None
    hours: HoursBody | None = None


class PromotionView(View, frozen=True, kw_only=True):
    """A promotion as stored."""

    code: str
    name: str
    action: ActionBody
    status: str
    priority: int
    stackable: bool
    exclusive_group: str | None
    stop: bool
    currency: str | None
    skus: list[str]
    categories: list[str]
    customer_groups: list[str]
    channels: list[str]
    locations: list[str]
    override_reason: str | None
    minimum: Money | None
    most_per_basket: int | None
    usage_limit: int | None
    coupon_only: bool
    time_zone: str
    valid_from: Moment | None
    valid_until: Moment | None
    hours: HoursBody | None


@put("/v1/promotions/{code:str}", opt={"scope": "prices:write"})
async def put_promotion(
    tx: Tx, code: CodeInPath, data: JSONBody[PromotionRequest]
) -> PromotionView:
    """Create or replace a promotion; it counts from the next price on."""
    return _view(await pricing.put_promotion(tx, _spec(code, data), now=clock.now()))


@get("/v1/promotions/{code:str}", opt={"scope": "prices:read"})
async def get_promotion(tx: Tx, code: CodeInPath) -> PromotionView:
    """Return a promotion."""
    return _view(await pricing.get_promotion(tx, code))


@get("/v1/promotions", opt={"scope": "prices:read"})
async def list_promotions(tx: Tx, limit: Limit = 50, cursor: Cursor = None) -> Page[PromotionView]:
    """List promotions by code, archived ones among them."""
    found = await pricing.list_promotions(tx, after=text_cursor(cursor), limit=limit + 1)
    return page(found, limit=limit, view=_view, key=lambda promotion: promotion.code)


def _spec(code: str, data: PromotionRequest) -> pricing.Promotion:
    return pricing.Promotion(
        code=code,
        name=data.name,
        action=_action(data.action),
        status=data.status,
        priority=data.priority,
        stackable=data.stackable,
        exclusive_group=data.exclusive_group,
        stop=data.stop,
        currency=_currency(data),
        skus=frozenset(data.skus),
        categories=frozenset(data.categories),
        customer_groups=frozenset(data.customer_groups),
        channels=frozenset(data.channels),
        locations=frozenset(data.locations),
        override_reason=data.override_reason,
        minimum_minor=_minor(data.minimum),
        most_per_basket=data.most_per_basket,
        usage_limit=data.usage_limit,
        coupon_only=data.coupon_only,
        time_zone=data.time_zone,
        valid_from=data.valid_from,
        valid_until=data.valid_until,
        hours=None if data.hours is None else _hours(data.hours, data.time_zone),
    )


def _action(body: ActionBody) -> pricing.Actions:
    action: pricing.Actions
    match body:
        case PercentBody():
            action = pricing.Percent(rate_ppm=body.rate_ppm, level=body.level)
        case AmountBody():
            action = pricing.Amount(amount_minor=body.amount.amount, level=body.level)
        case FixedPriceBody():
            action = pricing.FixedPrice(amount_minor=body.amount.amount)
        case BuyXGetYBody():
            action = pricing.BuyXGetY(buy=body.buy, get=body.get, rate_ppm=body.rate_ppm)
        case BundleBody():
            action = pricing.Bundle(parts=_parts(body.parts), amount_minor=body.amount.amount)
        case ThresholdBody():
            action = pricing.Threshold(steps=tuple(_step(step) for step in body.steps))
        case GiftBody():
            action = pricing.Gift(sku=body.sku, quantity=body.quantity)
        case ShippingBody():
            action = pricing.Shipping(rate_ppm=body.rate_ppm or 0, amount_minor=_minor(body.amount))
    return action


def _parts(parts: Sequence[BundlePartBody]) -> dict[str, int]:
    found: dict[str, int] = {}
    for position, part in enumerate(parts):
        if part.sku in found:
            raise Invalid.at(f"/action/parts/{position}/sku", f"{part.sku} is named above")
        found[part.sku] = part.quantity
    return found


def _step(body: StepBody) -> pricing.Step:
    return pricing.Step(
        minimum_minor=body.minimum.amount,
        rate_ppm=body.rate_ppm or 0,
        amount_minor=_minor(body.amount),
    )


def _hours(body: HoursBody, time_zone: str) -> pricing.Hours:
    return pricing.Hours(
        time_zone=body.time_zone or time_zone,
        days=body.days,
        since=time.fromisoformat(body.since),
        until=None if body.until is None else time.fromisoformat(body.until),
    )


def _minor(money: Money | None) -> int:
    return 0 if money is None else money.amount


def _currency(data: PromotionRequest) -> str | None:
    """Return the one currency that a promotion speaks of, if it does. Raises: Invalid."""
    currency = data.currency
    for pointer, money in _monies(data):
        if currency is None:
            currency = money.currency
        if money.currency != currency:
            raise Invalid.at(f"{pointer}/currency", f"The promotion is in {currency}")
    return currency


def _monies(data: PromotionRequest) -> Iterator[tuple[str, Money]]:
    if data.minimum is not None:
        yield "/minimum", data.minimum
    match data.action:
        case AmountBody(amount=amount) | FixedPriceBody(amount=amount) | BundleBody(amount=amount):
            yield "/action/amount", amount
        case ShippingBody(amount=Money() as amount):
            yield "/action/amount", amount
        case ThresholdBody(steps=steps):
            for number, step in enumerate(steps):
                yield f"/action/steps/{number}/minimum", step.minimum
                if step.amount is not None:
                    yield f"/action/steps/{number}/amount", step.amount


def _view(promotion: pricing.Promotion) -> PromotionView:
    hours = promotion.hours
    return PromotionView(
        code=promotion.code,
        name=promotion.name,
        action=_action_view(promotion.action, promotion.currency or ""),
        status=promotion.status,
        priority=promotion.priority,
        stackable=promotion.stackable,
        exclusive_group=promotion.exclusive_group,
        stop=promotion.stop,
        currency=promotion.currency,
        skus=sorted(promotion.skus),
        categories=sorted(promotion.categories),
        customer_groups=sorted(promotion.customer_groups),
        channels=sorted(promotion.channels),
        locations=sorted(promotion.locations),
        override_reason=promotion.override_reason,
        minimum=_money(promotion.minimum_minor, promotion.currency or ""),
        most_per_basket=promotion.most_per_basket,
        usage_limit=promotion.usage_limit,
        coupon_only=promotion.coupon_only,
        time_zone=promotion.time_zone,
        valid_from=promotion.valid_from,
        valid_until=promotion.valid_until,
        hours=None if hours is None else _hours_view(hours),
    )


def _hours_view(hours: pricing.Hours) -> HoursBody:
    return HoursBody(
        time_zone=hours.time_zone,
        days=hours.days,
        since=hours.since.isoformat(),
        until=None if hours.until is None else hours.until.isoformat(),
    )


def _action_view(action: pricing.Actions, currency: str) -> ActionBody:
    """Return an action as it was stated; one with amounts has a currency."""
    body: ActionBody
    match action:
        case pricing.Percent():
            body = PercentBody(rate_ppm=action.rate_ppm, level=action.level)
        case pricing.Amount():
            body = AmountBody(amount=Money(action.amount_minor, currency), level=action.level)
        case pricing.FixedPrice():
            body = FixedPriceBody(amount=Money(action.amount_minor, currency))
        case pricing.BuyXGetY():
            body = BuyXGetYBody(buy=action.buy, get=action.get, rate_ppm=action.rate_ppm)
        case pricing.Bundle():
            body = BundleBody(
                parts=tuple(
                    BundlePartBody(sku=sku, quantity=quantity)
                    for sku, quantity in sorted(action.parts.items())
                ),
                amount=Money(action.amount_minor, currency),
            )
        case pricing.Threshold():
            body = ThresholdBody(
                steps=tuple(
                    StepBody(
                        minimum=Money(step.minimum_minor, currency),
                        rate_ppm=step.rate_ppm or None,
                        amount=_money(step.amount_minor, currency),
                    )
                    for step in action.steps
                )
            )
        case pricing.Gift():
            body = GiftBody(sku=action.sku, quantity=action.quantity)
        case pricing.Shipping():
            body = ShippingBody(
                rate_ppm=action.rate_ppm or None, amount=_money(action.amount_minor, currency)
            )
    return body


def _money(amount_minor: int, currency: str) -> Money | None:
    return Money(amount_minor, currency) if amount_minor else None


HANDLERS = [put_promotion, get_promotion, list_promotions]
