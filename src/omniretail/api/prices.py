"""Price lists and prices over HTTP."""

from typing import Annotated

from litestar import get, put
from litestar.params import JSONBody
from msgspec import Meta

from omniretail import clock, pricing
from omniretail.api.problems import document
from omniretail.api.process import Tx
from omniretail.api.wire import Code, CodeInPath, Currency, Moment, Money, Request, Text, View
from omniretail.errors import DomainError


class PriceListRequest(Request, frozen=True, kw_only=True):
    """A price list, all of it."""

    name: Text
    currency: Currency


class PriceListView(View, frozen=True, kw_only=True):
    """A price list as stored."""

    code: str
    name: str
    currency: str


class PriceListList(View, frozen=True, kw_only=True):
    """Every price list."""

    items: list[PriceListView]


class PriceBody(Request, frozen=True, kw_only=True):
    """What a SKU costs from a moment on (none given: from now); no price ends its sale."""

    sku: Code
    price: Money | None
    valid_from: Moment | None = None


class PricesRequest(Request, frozen=True, kw_only=True):
    """Prices to set in one list."""

    prices: Annotated[tuple[PriceBody, ...], Meta(min_length=1, max_length=10_000)]


class PriceOutcome(View, frozen=True, kw_only=True):
    """What became of one price: set, or refused with a problem."""

    sku: str
    valid_from: Moment
    refused: dict[str, object] | None = None


class PricesView(View, frozen=True, kw_only=True):
    """One outcome per price, in order."""

    outcomes: list[PriceOutcome]


class PriceStepView(View, frozen=True, kw_only=True):
    """A price from a moment on."""

    valid_from: Moment
    price: Money | None


class PriceHistory(View, frozen=True, kw_only=True):
    """Every price a list has had or will have for a SKU."""

    price_list: str
    sku: str
    prices: list[PriceStepView]


@put("/v1/price-lists/{code:str}", opt={"scope": "prices:write"})
async def put_price_list(
    tx: Tx, code: CodeInPath, data: JSONBody[PriceListRequest]
) -> PriceListView:
    """Create or rename a price list; there is one per currency."""
    spec = pricing.PriceListSpec(code=code, name=data.name, currency=data.currency)
    stored = await pricing.put_price_list(tx, spec, now=clock.now())
    return PriceListView(code=stored.code, name=stored.name, currency=stored.currency)


@get("/v1/price-lists", opt={"scope": "prices:read"})
async def list_price_lists(tx: Tx) -> PriceListList:
    """List every price list."""
    found = await pricing.list_price_lists(tx)
    return PriceListList(
        items=[
            PriceListView(code=code, name=name, currency=currency) for code, name, currency in found
        ]
    )


@put("/v1/price-lists/{code:str}/prices", opt={"scope": "prices:write"})
async def put_prices(tx: Tx, code: CodeInPath, data: JSONBody[PricesRequest]) -> PricesView:
    """Set prices; each is set or refused by itself."""
    now = clock.now()
    prices = [
        pricing.NewPrice(
            price_list=code,
            sku=price.sku,
            amount_minor=price.price.amount if price.price else None,
            currency=price.price.currency if price.price else None,
            valid_from=price.valid_from or now,
        )
        for price in data.prices
    ]
    outcomes = await pricing.set_prices(tx, prices, now=now)
    return PricesView(
        outcomes=[
            PriceOutcome(
                sku=price.sku,
                valid_from=price.valid_from,
                refused=document(outcome) if isinstance(outcome, DomainError) else None,
            )
            for price, outcome in zip(prices, outcomes, strict=True)
        ]
    )


@get("/v1/price-lists/{code:str}/prices/{sku:str}", opt={"scope": "prices:read"})
async def get_prices(tx: Tx, code: CodeInPath, sku: CodeInPath) -> PriceHistory:
    """Return a SKU's prices in a list, past and coming."""
    currency, steps = await pricing.prices_of_sku(tx, price_list=code, sku=sku)
    return PriceHistory(
        price_list=code,
        sku=sku,
        prices=[
            PriceStepView(
                valid_from=step.valid_from,
                price=None if step.amount_minor is None else Money(step.amount_minor, currency),
            )
            for step in steps
        ],
    )


HANDLERS = [put_price_list, list_price_lists, put_prices, get_prices]
