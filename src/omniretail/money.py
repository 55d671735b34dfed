"""Money: integer minor units and an ISO 4217 currency. No floats anywhere.

Here live amounts, their limits, rounding and exact division. What a thing costs lives in `pricing`.
"""

from collections.abc import Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from functools import cache
from typing import Literal

from iso4217 import Currency

MOST_MINOR = 2**63 - 1
"""The largest amount that the books can hold, in minor units."""
MOST_UNIT_COST = 10**15 - 1
"""The largest cost of one unit, in minor units."""

MILLION = 1_000_000
"""Rates are whole parts per million: 200,000 is 20 %."""

Rounding = Literal["half_up", "half_down", "half_even"]
"""What becomes of exactly half a minor unit: away from zero, toward it, or to the even neighbor."""

_MILLIONTH = Decimal("0.000001")
_ROUNDING = Context(prec=40)
_EXACT = Context(prec=40, traps=[Inexact, InvalidOperation, Overflow])


def is_currency(code: str) -> bool:
    """Tell whether `code` is an ISO 4217 currency that has minor units (EUR, JPY, KWD; not XAU)."""
    return _exponent(code) is not None


def exponent(code: str) -> int:
    """Return how many digits ISO 4217 gives to the minor units of a currency that has some."""
    digits = _exponent(code)
    assert digits is not None, f"{code} has no minor units"
    return digits


def minor_units(amount: str, currency: str, *, exponent: int | None = None) -> int:
    """Return a decimal text such as `12.50` in minor units of `currency`, exactly.

    They have `exponent` digits; where none is given, as many as ISO 4217 says.

    Raises: ValueError where the text is no number, is negative, has more digits than the currency
    has minor units, or is too large for the books.
    """
    value = _in_minor_units(amount, currency, exponent, most=MOST_MINOR)
    if value != int(value):
        raise ValueError(f"{amount[:40]} has more digits than {currency} has minor units")
    return int(value)


def fraction_of_minor_units(amount: str, currency: str, *, exponent: int | None = None) -> Decimal:
    """Return a decimal text such as `12.505` in minor units of `currency` and millionths of them.

    They have `exponent` digits; where none is given, as many as ISO 4217 says.

    Raises: ValueError where the text is no number, is negative, has more digits, or is too large.
    """
    value = _in_minor_units(amount, currency, exponent, most=MOST_UNIT_COST)
    if value != value.quantize(_MILLIONTH, context=_ROUNDING):
        raise ValueError(f"{amount[:40]} has more digits than a millionth of a minor unit")
    return value.quantize(_MILLIONTH, context=_ROUNDING).normalize()


def split(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Divide an amount by weights so that the shares sum to it exactly (largest remainder).

    No share is above its weight's exact part rounded up, so an amount no larger than the sum of
    the weights never takes more from one than it has. Ties go to the earlier weight.
    """
    whole = sum(weights)
    if whole == 0:
        assert amount_minor == 0, "nothing to divide an amount by"
        return [0] * len(weights)
    products = [amount_minor * weight for weight in weights]
    shares = [product // whole for product in products]
    missing = amount_minor - sum(shares)
    if missing:
        remainders = [product % whole for product in products]
        by_remainder = sorted(range(len(weights)), key=remainders.__getitem__, reverse=True)
        for i in by_remainder[:missing]:
            shares[i] += 1
    return shares


def rounded(numerator: int, denominator: int, rounding: Rounding = "half_up") -> int:
    """Return the quotient as a whole number, by `rounding`; the denominator is positive."""
    quotient, remainder = divmod(abs(numerator), denominator)
    twice = 2 * remainder
    half_goes_up = rounding == "half_up" or (rounding == "half_even" and quotient % 2 == 1)
    if twice > denominator or (twice == denominator and half_goes_up):
        quotient += 1
    return quotient if numerator >= 0 else -quotient


def part(amount_minor: int, units: int, of: int) -> int:
    """Return what the first `units` of `of` equal units come to: the amount's share, rounded up.

    So unit k is worth part(k) − part(k − 1), and any split of the units sums to the amount exactly.
    """
    return -(-amount_minor * units // of)


def to_step(amount_minor: int, step_minor: int) -> int:
    """Return an amount rounded to a multiple of the smallest coin, a half of it up."""
    return rounded(amount_minor, step_minor) * step_minor


def _in_minor_units(amount: str, currency: str, exponent: int | None, *, most: int) -> Decimal:
    standard = _exponent(currency)
    if standard is None:
        raise ValueError(f"{currency} is not a currency of ISO 4217")
    try:
        value = _EXACT.scaleb(Decimal(amount), standard if exponent is None else exponent)
        fits = 0 <= value <= most
    except ArithmeticError as error:
        raise ValueError(f"{amount[:40]!r} is not an amount") from error
    # Before it becomes an integer: 1e999999 would have a million digits.
    if not fits:
        raise ValueError(f"{amount[:40]} is not between 0 and {most} minor units")
    return value


@cache
def _exponent(code: str) -> int | None:
    try:
        digits: int | None = Currency(code).exponent
    except ValueError:
        return None
    return digits
