"""Price lists and prices over HTTP."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get, put
from litestar.params import JSONBody
from msgspec import Meta

from omniretail import clock, pricing
from omniretail.api.problems import document
from omniretail.api.process import Tx
from omniretail.api.wire import (
    Code,
    CodeInPath,
    Currency,
    LocalMoment,
    Moment,
    Money,
    Request,
    Text,
    View,
)
from omniretail.errors import DomainError, Invalid


class PriceScope(Request, frozen=True, kw_only=True):
    """For whom a list speaks: each thing named must be so; nothing named is everybody.

    `customer` is an id, an external id or a loyalty card; the list keeps the id of one who is known.
    """

    customer: Code | None = None
    customer_group: Code | None = None
    location: Code | None = None
    region: Code | None = None
    channel: Code | None = None


class PriceListRequest(Request, frozen=True, kw_only=True):
    """A price list, all of it: what is left out takes its default.

    Of the lists that speak for a customer, the highest priority decides, then the narrowest scope,
    then the lowest price. It is in force from `valid_from` until before `valid_until`. A scope of a
    channel or a location makes prices differ by place: it needs `override_reason` and `valid_until`.
    """

    name: Text
    currency: Currency
    priority: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)] = 0
    tax_included: bool = True
    scope: PriceScope = PriceScope()
    time_zone: Text = "UTC"
    valid_from: LocalMoment | None = None
    valid_until: LocalMoment | None = None
    override_reason: Text | None = None


class PriceListView(View, frozen=True, kw_only=True):
    """A price list as stored."""

    code: str
    name: str
    currency: str
    priority: int
    tax_included: bool
    scope: PriceScope
    time_zone: str
    valid_from: Moment | None
    valid_until: Moment | None
    override_reason: str | None


class PriceListList(View, frozen=True, kw_only=True):
    """Every price list."""

    items: list[PriceListView]


class TierBody(Request, frozen=True, kw_only=True):
    """What each unit costs where so many are bought together."""

    from_quantity: Annotated[int, Meta(ge=2, le=2**31 - 1)]
    price: Money


class PriceBody(Request, frozen=True, kw_only=True):
    """What a SKU costs from a moment on (none given: from now); no price ends its sale.

    A moment without an offset is what the clocks of the list's `time_zone` show.
    """

    sku: Code
    price: Money | None
    valid_from: LocalMoment | None = None
    tiers: Annotated[tuple[TierBody, ...], Meta(max_length=50)] = ()


class PricesRequest(Request, frozen=True, kw_only=True):
    """Prices to set in one list."""

    prices: Annotated[tuple[PriceBody, ...], Meta(min_length=1, max_length=10_000)]


class PriceOutcome(View, frozen=True, kw_only=True):
    """What became of one price: set, or refused with a problem."""

    sku: str
    valid_from: LocalMoment
    refused: dict[str, object] | None = None


class PricesView(View, frozen=True, kw_only=True):
    """One outcome per price, in order."""

    outcomes: list[PriceOutcome]


class PriceStepView(View, frozen=True, kw_only=True):
    """A price from a moment on."""

    valid_from: Moment
    price: Money | None
    tiers: list[TierBody]


class PriceHistory(View, frozen=True, kw_only=True):
    """Every price a list has had or will have for a SKU."""

    price_list: str
    sku: str
    prices: list[PriceStepView]


@put("/v1/price-lists/{code:str}", opt={"scope": "prices:write"})
async def put_price_list(
    tx: Tx, code: CodeInPath, data: JSONBody[PriceListRequest]
) -> PriceListView:
    """Create or replace a price list; it keeps its currency, and whether its prices include tax."""
    spec = pricing.PriceList(
        code=code,
        name=data.name,
        currency=data.currency,
        priority=data.priority,
        tax_included=data.tax_included,
        scope=pricing.Scope(**msgspec.structs.asdict(data.scope)),
        time_zone=data.time_zone,
        valid_from=pricing.in_zone(data.valid_from, data.time_zone, pointer="/valid_from"),
        valid_until=pricing.in_zone(data.valid_until, data.time_zone, pointer="/valid_until"),
        override_reason=data.override_reason,
    )
    return _price_list(await pricing.put_price_list(tx, spec, now=clock.now()))


@get("/v1/price-lists/{code:str}", opt={"scope": "prices:read"})
async def get_price_list(tx: Tx, code: CodeInPath) -> PriceListView:
    """Return a price list."""
    return _price_list(await pricing.get_price_list(tx, code))


@get("/v1/price-lists", opt={"scope": "prices:read"})
async def list_price_lists(tx: Tx) -> PriceListList:
    """List every price list."""
    found = await pricing.price_lists(tx)
    return PriceListList(items=[_price_list(item) for item in found.values()])


@put("/v1/price-lists/{code:str}/prices", opt={"scope": "prices:write"})
async def put_prices(tx: Tx, code: CodeInPath, data: JSONBody[PricesRequest]) -> PricesView:
    """Set prices; each is set or refused by itself."""
    now = clock.now()
    prices = [_new_price(code, price, position, now) for position, price in enumerate(data.prices)]
    outcomes = await pricing.set_prices(tx, prices, now=now)
    return PricesView(
        outcomes=[
            PriceOutcome(
                sku=price.sku,
                valid_from=(price if isinstance(outcome, DomainError) else outcome).valid_from,
                refused=document(outcome) if isinstance(outcome, DomainError) else None,
            )
            for price, outcome in zip(prices, outcomes, strict=True)
        ]
    )


@get("/v1/price-lists/{code:str}/prices/{sku:str}", opt={"scope": "prices:read"})
async def get_prices(tx: Tx, code: CodeInPath, sku: CodeInPath) -> PriceHistory:
    """Return a SKU's prices in a list, past and coming."""
    price_list, steps = await pricing.prices_of_sku(tx, price_list=code, sku=sku)
    currency = price_list.currency
    return PriceHistory(
        price_list=code,
        sku=sku,
        prices=[
            PriceStepView(
                valid_from=step.valid_from,
                price=None if step.amount_minor is None else Money(step.amount_minor, currency),
                tiers=[
                    TierBody(from_quantity=least, price=Money(amount, currency))
                    for least, amount in step.tiers
                ],
            )
            for step in steps
        ],
    )


def _price_list(stored: pricing.PriceList) -> PriceListView:
    return PriceListView(
        code=stored.code,
        name=stored.name,
        currency=stored.currency,
        priority=stored.priority,
        tax_included=stored.tax_included,
        scope=PriceScope(**msgspec.structs.asdict(stored.scope)),
        time_zone=stored.time_zone,
        valid_from=stored.valid_from,
        valid_until=stored.valid_until,
        override_reason=stored.override_reason,
    )


def _new_price(code: str, body: PriceBody, position: int, now: datetime) -> pricing.NewPrice:
    for number, tier in enumerate(body.tiers):
        if body.price is not None and tier.price.currency != body.price.currency:
            pointer = f"/prices/{position}/tiers/{number}/price/currency"
            raise Invalid.at(pointer, "A price and its tiers are in one currency")
    return pricing.NewPrice(
        price_list=code,
        sku=body.sku,
        amount_minor=body.price.amount if body.price else None,
        currency=body.price.currency if body.price else None,
        valid_from=body.valid_from or now,
        tiers=tuple((tier.from_quantity, tier.price.amount) for tier in body.tiers),
    )


HANDLERS = [put_price_list, get_price_list, list_price_lists, put_prices, get_prices]
