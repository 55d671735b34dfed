"""Money: integer minor units and an ISO 4217 currency. No floats anywhere.

Here live amounts, their limits and their exact division. What a thing costs lives in `pricing`.
"""

from collections.abc import Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow

from iso4217 import Currency

MOST_MINOR = 2**63 - 1
"""The largest amount that the books can hold, in minor units."""

_EXACT = Context(prec=40, traps=[Inexact, InvalidOperation, Overflow])


def is_currency(code: str) -> bool:
    """Tell whether `code` is an ISO 4217 currency that has minor units (EUR, JPY, KWD; not XAU)."""
    return _exponent(code) is not None


def minor_units(amount: str, currency: str) -> int:
    """Return a decimal text such as `12.50` in minor units of `currency`, exactly.

    Raises: ValueError where the text is no number, is negative, has more digits than the currency
    has minor units, or is too large for the books.
    """
    exponent = _exponent(currency)
    if exponent is None:
        raise ValueError(f"{currency} is not a currency of ISO 4217")
    try:
        value = _EXACT.scaleb(Decimal(amount), exponent)
        fits = 0 <= value <= MOST_MINOR
    except ArithmeticError as error:
        raise ValueError(f"{amount[:40]!r} is not an amount") from error
    # Before it becomes an integer: 1e999999 would have a million digits.
    if not fits:
        raise ValueError(f"{amount[:40]} is not between 0 and {MOST_MINOR} minor units")
    if value != int(value):
        raise ValueError(
            f"{amount[:40]} has more digits than {currency} has minor units ({exponent})"
        )
    return int(value)


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


def _exponent(code: str) -> int | None:
    try:
        exponent: int | None = Currency(code).exponent
    except ValueError:
        return None
    return exponent
