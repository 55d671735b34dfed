"""Money: integer minor units and an ISO 4217 currency. No floats anywhere.

Here live amounts, their limits and their exact division. What a thing costs lives in `pricing`.
"""

from collections.abc import Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow

from iso4217 import Currency

MOST_MINOR = 2**63 - 1
"""The largest amount that the books can hold, in minor units."""
MOST_UNIT_COST = 10**15 - 1
"""The largest cost of one unit, in minor units."""

_MILLIONTH = Decimal("0.000001")
_ROUNDING = Context(prec=40)
_EXACT = Context(prec=40, traps=[Inexact, InvalidOperation, Overflow])


def is_currency(code: str) -> bool:
    """Tell whether `code` is an ISO 4217 currency that has minor units (EUR, JPY, KWD; not XAU)."""
    return _exponent(code) is not None


def minor_units(amount: str, currency: str) -> int:
    """Return a decimal text such as `12.50` in minor units of `currency`, exactly.

    Raises: ValueError where the text is no number, is negative, has more digits than the currency
    has minor units, or is too large for the books.
    """
    value = _in_minor_units(amount, currency, most=MOST_MINOR)
    if value != int(value):
        raise ValueError(f"{amount[:40]} has more digits than {currency} has minor units")
    return int(value)


def fraction_of_minor_units(amount: str, currency: str) -> Decimal:
    """Return a decimal text such as `12.505` in minor units of `currency` and millionths of them.

    Raises: ValueError where the text is no number, is negative, has more digits, or is too large.
    """
    value = _in_minor_units(amount, currency, most=MOST_UNIT_COST)
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
    shares = [amount_minor * weight // whole for weight in weights]
    missing = amount_minor - sum(shares)
    by_remainder = sorted(
        range(len(weights)), key=lambda i: (-(amount_minor * weights[i] % whole), i)
    )
    for i in by_remainder[:missing]:
        shares[i] += 1
    return shares


def _in_minor_units(amount: str, currency: str, *, most: int) -> Decimal:
    exponent = _exponent(currency)
    if exponent is None:
        raise ValueError(f"{currency} is not a currency of ISO 4217")
    try:
        value = _EXACT.scaleb(Decimal(amount), exponent)
        fits = 0 <= value <= most
    except ArithmeticError as error:
        raise ValueError(f"{amount[:40]!r} is not an amount") from error
    # Before it becomes an integer: 1e999999 would have a million digits.
    if not fits:
        raise ValueError(f"{amount[:40]} is not between 0 and {most} minor units")
    return value


def _exponent(code: str) -> int | None:
    try:
        exponent: int | None = Currency(code).exponent
    except ValueError:
        return None
    return exponent
