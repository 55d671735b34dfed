"""Taxes: rates by class and region from a moment on, and what part of an amount is tax. Pure.

The totals are those of EN 16931 (BR-CO-17, BR-S-08): per rate, taxable amount and tax amount.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from omniretail.money import MILLION, Rounding, rounded

TaxPer = Literal["line", "unit"]
"""Whether tax is rounded once a line, or once a unit."""


class RateFrom(msgspec.Struct, frozen=True):
    """A rate in parts per million from a moment on."""

    valid_from: datetime
    rate_ppm: int


class Taxed(NamedTuple):
    """An amount in its parts: `total` is `net` and `tax` together."""

    net_minor: int
    tax_minor: int
    total_minor: int


class TaxSummary(msgspec.Struct, frozen=True):
    """What was taxed at one rate, and how much tax that is."""

    rate_ppm: int
    net_minor: int
    tax_minor: int


def taxed(
    amount_minor: int,
    rate_ppm: int,
    *,
    included: bool,
    rounding: Rounding = "half_up",
    per: TaxPer = "line",
    quantity: int = 1,
) -> Taxed:
    """Return an amount's net, tax and total; `included`: the amount is the total, else the net.

    Of an amount that includes tax the net is rounded, else the tax. Per unit, each unit has its whole
    share of the amount, some of them one minor unit more than the others.
    """
    if rate_ppm == 0:
        return Taxed(amount_minor, 0, amount_minor)
    if per == "line" or quantity == 1:
        one = _net(amount_minor, rate_ppm, rounding) if included else 0
        tax = amount_minor - one if included else _tax(amount_minor, rate_ppm, rounding)
    else:
        less, more = divmod(amount_minor, quantity)
        tax = 0
        for unit_minor, units in ((less, quantity - more), (less + 1, more)):
            if included:
                tax += units * (unit_minor - _net(unit_minor, rate_ppm, rounding))
            else:
                tax += units * _tax(unit_minor, rate_ppm, rounding)
    if included:
        return Taxed(amount_minor - tax, tax, amount_minor)
    return Taxed(amount_minor, tax, amount_minor + tax)


def summary(lines: Iterable[tuple[int, int, int]]) -> tuple[TaxSummary, ...]:
    """Return the sums by rate of lines of (rate, net, tax), the highest rate first."""
    sums: dict[int, tuple[int, int]] = {}
    for rate_ppm, net_minor, tax_minor in lines:
        net, tax = sums.get(rate_ppm, (0, 0))
        sums[rate_ppm] = net + net_minor, tax + tax_minor
    return tuple(
        TaxSummary(rate_ppm, net, tax)
        for rate_ppm, (net, tax) in sorted(sums.items(), reverse=True)
    )


def _net(total_minor: int, rate_ppm: int, rounding: Rounding) -> int:
    return rounded(total_minor * MILLION, MILLION + rate_ppm, rounding)


def _tax(net_minor: int, rate_ppm: int, rounding: Rounding) -> int:
    return rounded(net_minor * rate_ppm, MILLION, rounding)
