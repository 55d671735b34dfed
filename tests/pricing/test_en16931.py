"""The totals of an invoice after EN 16931, against what we compute.

Each case is a set of figures of which a business rule says that they agree or that they do not. Where
they agree we must compute them, and where they do not we must not. Cases that credit notes share with
invoices, figure for figure, stand here once and are counted for both. `price()` makes no amount
negative; the functions under it round what goes back to the customer as they round what is paid.
What does not apply to us is named with the reason for each.
"""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from omniretail.money import part, rounded, to_step
from omniretail.pricing import summary, taxed


def minor(amount: str, digits: int = 2) -> int:
    """An amount in minor units, negative ones as well: a credit note has them."""
    scaled = Decimal(amount).scaleb(digits)
    assert scaled == int(scaled)
    return int(scaled)


def ppm(percent: str) -> int:
    return minor(percent, 4)


# BR-CO-17: the tax of a rate is its taxable amount times the rate, rounded to two decimals.
TAX_OF_A_RATE = [
    ("1000", "25", "250", True),
    ("-6491.34", "25", "-1622.84", True),
    ("2141.05", "14", "299.75", True),
    ("2141.05", "0", ".00", True),  # no percentage is none
    ("2141.19", "2.1", "44.96", True),
    ("2141.19", "0", "0.0", True),
    ("-2141.19", "5.5", "-117.77", True),
    ("-25.00", "0", "0.00", True),
    ("1000", "25", "251", False),
    ("2141.19", "2.1", "43.91", False),
    ("-2141.19", "5.5", "-117.77", True),
    ("6491.34", "25", "1622.84", True),
]

# BR-S-09: the same at each of the standard rates. Credit notes share the cases without negative nets.
TAX_AT_STANDARD_RATES = [
    ([("1200", "15", "180")], True),
    ([("12342.61", "4.8", "592.45")], True),
    ([("-12342.61", "4.8", "-592.45")], True),
    ([("-6170.72", "20", "-1234.14")], True),
    ([("1000", "13", "130"), ("979.15", "4.8", "47")], True),
    ([("1100", "15", "180")], False),
]

# BR-CO-10: the sum of the lines' nets.
SUM_OF_LINES = [
    ("100", ["100.00"], True),
    ("0", ["0.00"], True),
    ("0", ["0"], True),
    ("200", ["110.00", "90.00"], True),
    ("20", ["110.00", "-90.00"], True),
    ("-20", ["-110.00", "90.00"], True),
    ("-100", ["-100.00"], True),
    ("200.01", ["110.00", "90.00"], False),
    ("-91", ["-90.00"], False),
]

# BR-CO-13: lines less allowances plus charges are the total without tax. (lines, less, plus, total)
TOTAL_WITHOUT_TAX = [
    ("1000", "100", "100", "1000", True),
    ("1000", "100", "0", "900", True),
    ("1000", "0", "100", "1100", True),
    ("1000", "0", "0", "1000", True),
    ("-100", "0", "100", "00", True),
    ("-1000", "100", "100", "-1000", True),
    ("0", "100", "0", "-100", True),
    ("100.00", "100", "0", "00.0", True),
    ("1000", "100", "200", "1000", False),
    ("-100", "100", "200", "100", False),
    ("1100", "100", "0", "1000.01", False),
    ("1000", "0", "0", "1001", False),
    ("-1000", "100", "0", "-1000", False),
]
OF_INVOICES_ONLY = [
    ("1000", "0", "0", "1000", True),
    ("1000", "0.0", "0.00", "1000", True),
]

# BR-CO-15: the total without tax and the tax are the total with tax. (without, tax, with)
TOTAL_WITH_TAX = [
    ("1000", "300", "1300", True),
    ("-100", "300", "200", True),
    ("-100", "100", "0.0", True),
    ("0.00", "0", "0.0", True),
    ("1000.00", "250", "1250.01", False),
    ("1000.00", "0", "1250.00", False),
    ("-100.00", "100", "0.01", False),
]

# BR-CO-16: what is due is the total less what is paid already, plus the rounding of the payment.
# (total, paid, rounding, due)
AMOUNT_DUE = [
    ("1200", "1000", "0", "200.00", True),
    ("8250.00", "0", "0", "8250.0", True),
    ("8250.00", "0", "0", "8250.0", True),
    ("1200.00", "0", "0", "1200.00", True),
    ("1200.00", "0", "0", "1200.0", True),
    ("1200.00", "1200", "0", "0.0", True),
    ("1200.78", "1000.0", "0.22", "201", True),
    ("1200.78", "0", "0.22", "1201", True),
    ("1200.22", "0", "-0.22", "1200.0", True),
    ("1200.00", "100", "0", "1200.00", False),
    ("1200.78", "100", "0.22", "1100.78", False),
    ("1200.00", "0", "0", "1100.00", False),
    ("12829.69", "12829.69", "0", "0", True),
]

NOT_OURS = {
    "BR-CO-17, the cases in the other syntax, which have no figures: three agree, two do not": 5,
    "BR-CO-15, invoices with two totals of tax, 700.00 and 715, where an order of ours has one": 1,
    "BR-CO-15, credit notes likewise": 1,
}


def _taxed(net: str, percent: str) -> int:
    return taxed(minor(net), ppm(percent), included=False).tax_minor


@pytest.mark.parametrize(("net", "percent", "tax", "agrees"), TAX_OF_A_RATE)
def test_tax_of_a_rate(net: str, percent: str, tax: str, agrees: bool) -> None:
    """BR-CO-17."""
    assert (_taxed(net, percent) == minor(tax)) is agrees


@pytest.mark.parametrize(("rows", "agrees"), TAX_AT_STANDARD_RATES)
def test_tax_at_standard_rates(rows: Sequence[tuple[str, str, str]], agrees: bool) -> None:
    """BR-S-09: a row of the summary for each rate, with its net and its tax."""
    found = summary((ppm(rate), minor(net), _taxed(net, rate)) for net, rate, _ in rows)

    assert [(row.rate_ppm, row.net_minor) for row in found] == [
        (ppm(rate), minor(net)) for net, rate, _ in rows
    ]
    assert ([row.tax_minor for row in found] == [minor(tax) for _, _, tax in rows]) is agrees


@pytest.mark.parametrize(("total", "lines", "agrees"), SUM_OF_LINES)
def test_sum_of_lines(total: str, lines: Sequence[str], agrees: bool) -> None:
    """BR-CO-10."""
    (row,) = summary((0, minor(line), 0) for line in lines)

    assert (row.net_minor == minor(total)) is agrees


@pytest.mark.parametrize(
    ("lines", "less", "plus", "total", "agrees"),
    [*TOTAL_WITHOUT_TAX, *OF_INVOICES_ONLY],
)
def test_total_without_tax(lines: str, less: str, plus: str, total: str, agrees: bool) -> None:
    """BR-CO-13: what comes off the order is off its lines with us; a charge is a line of its own."""
    charged = [minor(lines) - minor(less), minor(plus)]

    (row,) = summary((0, net, 0) for net in charged)

    assert (row.net_minor == minor(total)) is agrees


@pytest.mark.parametrize(("without", "tax", "total", "agrees"), TOTAL_WITH_TAX)
def test_total_with_tax(without: str, tax: str, total: str, agrees: bool) -> None:
    """BR-CO-15: the sums of the summary's rows."""
    (row,) = summary([(0, minor(without), minor(tax))])

    assert (row.net_minor + row.tax_minor == minor(total)) is agrees


@pytest.mark.parametrize(("total", "paid", "rounding", "due", "agrees"), AMOUNT_DUE)
def test_amount_due(total: str, paid: str, rounding: str, due: str, agrees: bool) -> None:
    """BR-CO-16: rounding belongs to the payment; here to the whole of a currency's coin."""
    left = minor(total) - minor(paid)
    if minor(rounding):
        assert to_step(left, 100) - left == minor(rounding)

    assert (left + minor(rounding) == minor(due)) is agrees


def test_no_case_is_left_out() -> None:
    """Ninety-three cases: eighty-six that we compute, seven that are not ours."""
    of_credit_notes = [
        (rows, agrees)
        for rows, agrees in TAX_AT_STANDARD_RATES
        if all(minor(net) > 0 for net, _, _ in rows)
    ]
    ours = [
        *TAX_OF_A_RATE,
        *TAX_AT_STANDARD_RATES,
        *of_credit_notes,
        *SUM_OF_LINES,
        *TOTAL_WITHOUT_TAX,
        *OF_INVOICES_ONLY,
        *TOTAL_WITHOUT_TAX,
        *TOTAL_WITH_TAX,
        *TOTAL_WITH_TAX,
        *AMOUNT_DUE,
    ]
    agreeing = sum(case[-1] is True for case in ours)

    assert (len(ours), sum(NOT_OURS.values())) == (86, 7)
    # Of those that are not ours, three agree.
    assert (agreeing + 3, len(ours) - agreeing + 4) == (64, 29)


# Indonesia: the value added tax (PPN) of 2025 is rounded half up to a whole rupiah.


@pytest.mark.parametrize(("exact", "rupiah"), [("100499.49", 100_499), ("100499.50", 100_500)])
def test_ppn_is_rounded_half_up_to_a_whole_rupiah(exact: str, rupiah: int) -> None:
    """A retailer who keeps rupiah without decimals has minor units of one rupiah."""
    assert rounded(minor(exact), 100) == rupiah


# Before 2025 it was cut off at the rupiah, of nets that themselves had decimals: (rate, net, tax).
PPN_CUT_OFF = [
    ("11", "2342343", 257_657),
    ("11", "3453454", 379_879),
    ("10", "100345567.75", 10_034_556),
    ("20", "500564985.5", 100_112_997),
]


@pytest.mark.parametrize(("percent", "net", "rupiah"), PPN_CUT_OFF)
def test_cutting_off_is_not_a_way_of_ours_to_round(percent: str, net: str, rupiah: int) -> None:
    """We round half up or half to even: of these four, we agree where less than a half is cut off."""
    exact = Decimal(net) * Decimal(percent) / 100
    assert int(exact) == rupiah

    found = rounded(minor(net) * ppm(percent), 100 * 1_000_000)

    assert (found == rupiah) is (exact - rupiah < Decimal("0.5"))


def test_cash_in_rupiah_is_rounded_to_the_coin_of_a_hundred() -> None:
    assert [to_step(amount, 100) for amount in (765, 12_765)] == [800, 12_800]


def test_ten_units_go_back_one_by_one() -> None:
    """Given ten units paid 179.25 with 29.88 of tax, then five are worth 17.93, and two bear 2.98."""
    paid = [part(17_925, n, 10) - part(17_925, n - 1, 10) for n in range(1, 11)]
    tax = [part(2988, n, 10) - part(2988, n - 1, 10) for n in range(1, 11)]

    assert (paid.count(1793), paid.count(1792)) == (5, 5)
    assert (tax.count(299), tax.count(298)) == (8, 2)
