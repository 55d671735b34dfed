"""Saying how currencies are kept, and reading it. Each change gives the book a new version."""

from datetime import datetime

from omniretail.db import Transaction, sql
from omniretail.errors import Invalid, Missing, Refused
from omniretail.money import exponent, is_currency
from omniretail.pricing.book import Currency
from omniretail.pricing.keeper import next_version

_IN_USE = sql("pricing.currency_in_use")
_CURRENCIES = sql("pricing.currencies_since")
_PUT = sql("pricing.put_currency")

MOST_EXPONENT = 6
MOST_CASH_STEP = 1_000_000_000


class UnknownCurrency(Missing):
    """There is no such currency."""

    def __init__(self, currency: str) -> None:
        super().__init__(f"{currency!r} is not a currency of ISO 4217.", currency=currency)


class CurrencyInUse(Refused):
    """Amounts stand in this currency, and would mean something else with another exponent."""

    def __init__(self, *, currency: str, exponent: int) -> None:
        super().__init__(
            f"Amounts in {currency} stand in the books with {exponent} decimals.",
            currency=currency,
            exponent=exponent,
        )


async def put_currency(tx: Transaction, spec: Currency, *, now: datetime) -> Currency:
    """Say how a currency is kept: its minor units, its smallest coin, how its taxes round.

    Locks: the book's version. Raises: Invalid, UnknownCurrency; CurrencyInUse where amounts stand
    in it and the exponent would change.
    """
    if not 0 <= spec.exponent <= MOST_EXPONENT:
        raise Invalid.at("/exponent", f"An exponent is between 0 and {MOST_EXPONENT}")
    if not 1 <= spec.cash_step_minor <= MOST_CASH_STEP:
        raise Invalid.at("/cash_step", f"A step is between 1 and {MOST_CASH_STEP:,} minor units")
    # Before it is asked whether prices are in it: none can come while the book is locked.
    version = await next_version(tx)
    stood = await get_currency(tx, spec.code)
    if spec.exponent != stood.exponent and (await tx.fetch(_IN_USE, spec.code))[0]["in_use"]:
        raise CurrencyInUse(currency=spec.code, exponent=stood.exponent)
    await tx.execute(
        _PUT,
        spec.code,
        spec.exponent,
        spec.cash_step_minor,
        spec.rounding,
        spec.tax_per,
        version,
        now,
    )
    return spec


async def get_currency(tx: Transaction, code: str) -> Currency:
    """Return how a currency is kept; where that was not said, as ISO 4217 has it.

    Raises: UnknownCurrency.
    """
    if not is_currency(code):
        raise UnknownCurrency(code)
    stated = {one.code: one for one in await currencies(tx)}
    return stated.get(code) or Currency(code=code, exponent=exponent(code))


async def exponents(tx: Transaction) -> dict[str, int]:
    """Return how many digits the minor units of each currency have of which that was said."""
    return {one.code: one.exponent for one in await currencies(tx)}


async def currencies(tx: Transaction) -> list[Currency]:
    """Return the currencies of which it was said how they are kept, by code."""
    found = [Currency(**row) for row in await tx.fetch(_CURRENCIES, -1)]
    return sorted(found, key=lambda one: one.code)
