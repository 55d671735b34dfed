"""Putting tax rates in place, and reading them. Each change gives the book a new version."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from omniretail.db import Transaction, sql, write_columns
from omniretail.errors import Invalid
from omniretail.money import MILLION
from omniretail.pricing.book import TaxRate
from omniretail.pricing.keeper import next_version
from omniretail.pricing.times import moment_fault

_PUT = sql("pricing.put_tax_rates")
_RATES = sql("pricing.tax_rates_since")


async def put_tax_rates(
    tx: Transaction, rates: Sequence[TaxRate], *, now: datetime
) -> list[TaxRate | Invalid]:
    """Set tax rates; one outcome per rate, in order.

    Locks: the book's version. Outcomes: the rate, Invalid. The same class, region and time twice:
    the last one stands.
    """
    outcomes: list[TaxRate | Invalid] = []
    accepted: dict[tuple[str, str, datetime], TaxRate] = {}
    for rate in rates:
        fault = _fault(rate)
        if fault is None:
            accepted[rate.tax_class, rate.region, rate.valid_from] = rate
        outcomes.append(fault or rate)
    if accepted:
        rows = [
            (rate.tax_class, rate.region, rate.valid_from, rate.rate_ppm)
            for rate in accepted.values()
        ]
        await tx.write(*write_columns(_PUT, rows, await next_version(tx), now))
    return outcomes


async def tax_rates(tx: Transaction) -> list[TaxRate]:
    """Return every tax rate, by class, region and time."""
    found = [msgspec.convert(dict(row), TaxRate) for row in await tx.fetch(_RATES, -1)]
    return sorted(found, key=lambda rate: (rate.tax_class, rate.region, rate.valid_from))


def _fault(rate: TaxRate) -> Invalid | None:
    if not 0 <= rate.rate_ppm <= MILLION:
        return Invalid.at("/rate_ppm", f"A rate is between 0 and {MILLION:,} parts per million")
    return moment_fault("/valid_from", rate.valid_from)
