"""Money divides without losing or inventing a cent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniretail.money import MOST_MINOR, fraction_of_minor_units, minor_units, split

weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=60).filter(any)


@given(weights, st.integers(0, 10**15))
def test_shares_sum_to_the_amount(parts: list[int], amount: int) -> None:
    assert sum(split(amount, parts)) == amount


@given(weights, st.data())
def test_no_share_exceeds_what_its_part_has_left(parts: list[int], data: st.DataObject) -> None:
    amount = data.draw(st.integers(0, sum(parts)))

    shares = split(amount, parts)

    assert all(0 <= share <= part for share, part in zip(shares, parts, strict=True))


@given(weights, st.integers(0, 10**15))
def test_each_share_is_its_exact_part_rounded_up_or_down(parts: list[int], amount: int) -> None:
    whole = sum(parts)

    for share, part in zip(split(amount, parts), parts, strict=True):
        assert amount * part // whole <= share <= -(-amount * part // whole)


def test_largest_remainder_by_hand() -> None:
    assert split(1000, [1999, 549, 99]) == [755, 208, 37]
    assert split(50, [10] * 100) == [1] * 50 + [0] * 50


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.50", "EUR", 1250),
        ("0", "EUR", 0),
        ("105", "JPY", 105),
        ("1.234", "KWD", 1234),
        ("92233720368547758.07", "EUR", MOST_MINOR),
    ],
)
def test_decimal_texts_become_minor_units(text: str, currency: str, minor: int) -> None:
    assert minor_units(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "exponent", "minor"),
    [("15000", "IDR", 0, 15_000), ("0.125", "EUR", 3, 125), ("1", "JPY", 2, 100)],
)
def test_a_retailer_gives_a_currency_decimals_of_its_own(
    text: str, currency: str, exponent: int, minor: int
) -> None:
    assert minor_units(text, currency, exponent=exponent) == minor
    assert fraction_of_minor_units(text, currency, exponent=exponent) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1.5", "JPY"),
        ("0.001", "EUR"),
        ("-1", "EUR"),
        ("NaN", "EUR"),
        ("Infinity", "EUR"),
        ("1e400", "EUR"),
        ("1e999999999", "EUR"),
        ("92233720368547758.08", "EUR"),
        ("twelve", "EUR"),
        ("1", "XYZ"),
        ("1", "XAU"),
    ],
)
def test_what_no_currency_can_hold_is_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        minor_units(text, currency)
