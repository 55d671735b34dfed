"""Tax rates, and how currencies are kept, over HTTP."""

from typing import Annotated, Any, Literal

from litestar import get, put
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from omniretail import clock, pricing
from omniretail.api.process import Tx
from omniretail.api.wire import Code, Moment, Request, View
from omniretail.errors import Invalid
from omniretail.forms import CODE_OR_NOTHING, CURRENCY
from omniretail.money import Rounding, exponent, is_currency

_CURRENCY: Any = {
    "min_length": 3,
    "max_length": 3,
    "pattern": CURRENCY,
    "description": "ISO 4217",
}
CurrencyInPath = Annotated[str, PathParameter(**_CURRENCY)]


class TaxRateBody(Request, frozen=True, kw_only=True):
    """A rate of a class of goods from a moment on, in parts per million: 55,000 is 5.5 %.

    Without a region it is that of every region that has none of its own.
    """

    tax_class: Code
    region: Annotated[str, Meta(max_length=64, pattern=CODE_OR_NOTHING)] = ""
    rate_ppm: Annotated[int, Meta(ge=0, le=1_000_000)]
    valid_from: Moment


class TaxRatesRequest(Request, frozen=True, kw_only=True):
    """Tax rates to set, all of them or none."""

    rates: Annotated[tuple[TaxRateBody, ...], Meta(min_length=1, max_length=1_000)]


class TaxRateView(View, frozen=True, kw_only=True):
    """A tax rate as stored."""

    tax_class: str
    region: str
    rate_ppm: int
    valid_from: Moment


class TaxRateList(View, frozen=True, kw_only=True):
    """Tax rates, by class, region and time."""

    items: list[TaxRateView]


class CurrencyRequest(Request, frozen=True, kw_only=True):
    """How a currency is kept: what is left out takes its default, the exponent that of ISO 4217."""

    exponent: Annotated[int, Meta(ge=0, le=6, description="Decimals of its minor units")] | None = (
        None
    )
    cash_step: Annotated[
        int, Meta(ge=1, le=1_000_000_000, description="The smallest coin, in minor units")
    ] = 1
    rounding: Rounding = "half_up"
    tax_per: Literal["line", "unit"] = "line"


class CurrencyView(View, frozen=True, kw_only=True):
    """How a currency is kept."""

    code: str
    exponent: int
    cash_step: int
    rounding: str
    tax_per: str


class CurrencyList(View, frozen=True, kw_only=True):
    """The currencies of which it was said how they are kept."""

    items: list[CurrencyView]


@put("/v1/tax-rates", opt={"scope": "prices:write"})
async def put_tax_rates(tx: Tx, data: JSONBody[TaxRatesRequest]) -> TaxRateList:
    """Set tax rates, all of them or none; once there is one, every class that is sold needs one."""
    rates = [
        pricing.TaxRate(
            tax_class=rate.tax_class,
            region=rate.region,
            valid_from=rate.valid_from,
            rate_ppm=rate.rate_ppm,
        )
        for rate in data.rates
    ]
    outcomes = await pricing.put_tax_rates(tx, rates, now=clock.now())
    for position, outcome in enumerate(outcomes):
        if isinstance(outcome, Invalid):
            (fault,) = outcome.fields["errors"]
            raise Invalid.at(f"/rates/{position}{fault['pointer']}", fault["detail"])
    return _tax_rates([outcome for outcome in outcomes if isinstance(outcome, pricing.TaxRate)])


@get("/v1/tax-rates", opt={"scope": "prices:read"})
async def list_tax_rates(tx: Tx) -> TaxRateList:
    """List every tax rate, past and coming."""
    return _tax_rates(await pricing.tax_rates(tx))


@put("/v1/currencies/{code:str}", opt={"scope": "prices:write"})
async def put_currency(
    tx: Tx, code: CurrencyInPath, data: JSONBody[CurrencyRequest]
) -> CurrencyView:
    """Say how a currency is kept; its exponent stands once there are amounts in it."""
    if not is_currency(code):
        raise pricing.UnknownCurrency(code)
    spec = pricing.Currency(
        code=code,
        exponent=exponent(code) if data.exponent is None else data.exponent,
        cash_step_minor=data.cash_step,
        rounding=data.rounding,
        tax_per=data.tax_per,
    )
    return _currency(await pricing.put_currency(tx, spec, now=clock.now()))


@get("/v1/currencies/{code:str}", opt={"scope": "prices:read"})
async def get_currency(tx: Tx, code: CurrencyInPath) -> CurrencyView:
    """Return how a currency is kept; where that was not said, as ISO 4217 has it."""
    return _currency(await pricing.get_currency(tx, code))


@get("/v1/currencies", opt={"scope": "prices:read"})
async def list_currencies(tx: Tx) -> CurrencyList:
    """List the currencies of which it was said how they are kept."""
    return CurrencyList(items=[_currency(one) for one in await pricing.currencies(tx)])


def _tax_rates(rates: list[pricing.TaxRate]) -> TaxRateList:
    return TaxRateList(
        items=[
            TaxRateView(
                tax_class=rate.tax_class,
                region=rate.region,
                rate_ppm=rate.rate_ppm,
                valid_from=rate.valid_from,
            )
            for rate in rates
        ]
    )


def _currency(spec: pricing.Currency) -> CurrencyView:
    return CurrencyView(
        code=spec.code,
        exponent=spec.exponent,
        cash_step=spec.cash_step_minor,
        rounding=spec.rounding,
        tax_per=spec.tax_per,
    )


HANDLERS = [put_tax_rates, list_tax_rates, put_currency, get_currency, list_currencies]
