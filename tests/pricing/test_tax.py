"""Taxes: included in the price or on top, per line or per unit, rounded one way or the other."""

from datetime import timedelta
from decimal import ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniretail.money import MILLION, Rounding, part, rounded, to_step
from omniretail.pricing import (
    Amount,
    BasketLine,
    Changes,
    Coupon,
    Currency,
    Percent,
    ShippingCharge,
    Shopper,
    TaxRate,
    TaxSummary,
    summary,
    taxed,
)
from tests.pricing.books import NOON, VAT_20, applied, basket, offer, priced, shelf, totals

_DECIMALS = {
    "half_up": ROUND_HALF_UP,
    "half_down": ROUND_HALF_DOWN,
    "half_even": ROUND_HALF_EVEN,
}
roundings = st.sampled_from(sorted(_DECIMALS))


def _kept(rounding: Rounding = "half_up", **rest: object) -> Currency:
    return Currency(code="EUR", exponent=2, rounding=rounding, **rest)  # type: ignore[arg-type]


def test_the_net_of_9_99_at_20_percent_depends_on_how_half_a_cent_rounds() -> None:
    """Given 9.99 with 20 % in it, then the net is 8.33 half up and 8.32 half to even."""
    for rounding, net, tax in (("half_up", 833, 166), ("half_even", 832, 167)):
        kept = _kept(rounding)  # type: ignore[arg-type]
        found = priced(shelf({"A": 999}, rates=VAT_20, kept=kept), basket(("A", 1)))
        assert found.tax == (TaxSummary(200_000, net, tax),)
        assert (found.total_minor, found.rounding) == (999, rounding)


def test_half_a_cent_of_tax_goes_up_where_that_of_the_net_goes_down() -> None:
    """Given 10 × 23.90 less 25 %, and 20 % tax within, then 29.875 of tax are 29.88 half down.

    Half up it is the net that gains the half cent, and 29.87 are tax.
    """
    quarter_off = offer("Q", Percent(rate_ppm=250_000), "A")
    for rounding, net, tax in (("half_down", 14_937, 2988), ("half_up", 14_938, 2987)):
        kept = _kept(rounding)  # type: ignore[arg-type]
        book = shelf({"A": 2390}, quarter_off, rates=VAT_20, kept=kept)
        found = priced(book, basket(("A", 10)))
        assert (found.total_minor, found.tax) == (17_925, (TaxSummary(200_000, net, tax),))


def test_tax_is_rounded_line_by_line() -> None:
    """Given three lines of 0.99 with 20 % in them, then 0.48 are tax, not the 0.49 of 2.97."""
    shelves = shelf({"A": 99, "B": 99, "C": 99}, rates=VAT_20)

    found = priced(shelves, basket(("A", 1), ("B", 1), ("C", 1)))

    assert [line.tax_minor for line in found.lines] == [16, 16, 16]
    assert found.tax == (TaxSummary(200_000, 249, 48),)


def test_tax_on_top_per_line_or_per_unit() -> None:
    """Given 3 × 1.08 and 19 % on top, then 3.86 are paid per line, 3.87 per unit."""
    for per, total in (("line", 386), ("unit", 387)):
        kept = _kept(tax_per=per)
        book = shelf({"A": 108}, tax_included=False, rates={"standard": 190_000}, kept=kept)
        found = priced(book, basket(("A", 3)))
        assert (found.total_minor, found.tax_per) == (total, per)


def test_net_and_gross_agree() -> None:
    """Given 2 × 1.00 and 20 % on top, or 2 × 1.20 with 20 % in it, then 2.00, 0.40 and 2.40."""
    for amount, included in ((100, False), (120, True)):
        book = shelf({"A": amount}, tax_included=included, rates=VAT_20)
        line = priced(book, basket(("A", 2))).lines[0]
        assert (line.net_minor, line.tax_minor, line.total_minor) == (200, 40, 240)


def test_a_basket_of_several_rates_is_summed_up_by_rate() -> None:
    """Given 2.00 net each at 20 %, at 10 % and at 0 %, then a row for each rate."""
    rates = {"standard": 200_000, "reduced": 100_000, "zero": 0}
    book = shelf({"A": 100, "B": 200, "C": 200}, tax_included=False, rates=rates)

    found = priced(
        book,
        basket(
            BasketLine("C", 1, tax_class="zero"),
            ("A", 2),
            BasketLine("B", 1, tax_class="reduced"),
        ),
    )

    assert found.tax == (
        TaxSummary(200_000, 200, 40),
        TaxSummary(100_000, 200, 20),
        TaxSummary(0, 200, 0),
    )
    assert found.total_minor == 660


def test_half_a_yen_and_the_third_digit_of_a_dinar() -> None:
    """Given 105 yen and 10 % on top, then 11 of tax half up and 10 half to even; a dinar has fils."""
    for rounding, tax in (("half_up", 11), ("half_even", 10)):
        kept = Currency(code="JPY", exponent=0, rounding=rounding)  # type: ignore[arg-type]
        rates = {"standard": 100_000}
        book = shelf({"A": 105}, currency="JPY", tax_included=False, rates=rates, kept=kept)
        assert priced(book, basket(("A", 1), currency="JPY")).lines[0].tax_minor == tax

    book = shelf({"A": 1235}, currency="KWD", tax_included=False, rates={"standard": 100_000})
    assert priced(book, basket(("A", 1), currency="KWD")).total_minor == 1235 + 124


def test_a_rate_counts_from_its_day_and_in_its_region() -> None:
    """Given 20 % everywhere, 10 % in the west, and 21 % from tomorrow on."""
    tomorrow = NOON + timedelta(days=1)
    book = shelf({"A": 1000}, tax_included=False, rates=VAT_20).with_changes(
        2,
        Changes(
            tax_rates=[
                TaxRate(tax_class="standard", valid_from=tomorrow, rate_ppm=210_000),
                TaxRate(tax_class="standard", region="west", valid_from=NOON, rate_ppm=100_000),
            ]
        ),
    )
    west = basket(("A", 1), shopper=Shopper(region="west"))

    assert priced(book, basket(("A", 1))).total_minor == 1200
    assert priced(book, basket(("A", 1)), tomorrow).total_minor == 1210
    assert priced(book, west).total_minor == 1100
    assert priced(book, west, NOON - timedelta(seconds=1)).total_minor == 1200


def test_item_then_order_promotion_before_tax() -> None:
    """Given 2 × 10.00 net at half price and 50.00 net, then 60.00 net are 72.00; 15 % less by a code.

    The 9.00 that the code takes off are 1.50 of the first line and 7.50 of the second.
    """
    book = shelf(
        {"A": 1000, "B": 5000},
        offer("HALF", Percent(rate_ppm=500_000), "A"),
        offer("CODE15", Percent(rate_ppm=150_000, level="order"), coupon_only=True),
        tax_included=False,
        rates=VAT_20,
        coupons=[Coupon(code="SAVE15", promotion="CODE15")],
    )

    plain = priced(book, basket(("A", 2), ("B", 1)))
    by_code = priced(book, basket(("A", 2), ("B", 1), coupons=("SAVE15",)))

    assert (plain.tax[0].net_minor, plain.total_minor) == (6000, 7200)
    assert (by_code.tax[0].net_minor, by_code.total_minor) == (5100, 6120)
    assert applied(by_code) == {"HALF": 1000, "CODE15": 900}
    assert [line.discounts[-1].amount_minor for line in by_code.lines] == [150, 750]
    assert {line.discounts[-1].coupon for line in by_code.lines} == {"SAVE15"}


def test_shipping_has_a_tax_of_its_own() -> None:
    book = shelf({"A": 1000}, rates={"standard": 200_000, "reduced": 100_000})
    charge = ShippingCharge(amount_minor=500, tax_class="reduced", tax_included=False)

    found = priced(book, basket(("A", 1), shipping=charge))

    assert found.shipping is not None
    assert (found.shipping.net_minor, found.shipping.tax_minor) == (500, 50)
    assert found.total_minor == 1550
    assert [row.rate_ppm for row in found.tax] == [200_000, 100_000]


def test_a_discounted_line_goes_back_unit_by_unit_to_the_cent() -> None:
    """Given 3 × 9.99 less 5.00, then the units are worth 8.33, 8.32 and 8.32: 24.97 in all."""
    found = priced(
        shelf({"A": 999}, offer("FIVE", Amount(amount_minor=500, level="order"))),
        basket(("A", 3)),
    )

    paid = totals(found)[0]
    units = [part(paid, n, 3) - part(paid, n - 1, 3) for n in (1, 2, 3)]
    assert (paid, units) == (2497, [833, 832, 832])


def test_cash_rounds_to_the_smallest_coin_and_refunds_in_cash_sum_up() -> None:
    """Given coins of 0.05, then 12.43 are 12.45; of 5.01 go back 5.00, with the rest 12.45 in all."""
    assert to_step(1243, 5) == 1245
    assert to_step(501, 5) == 500
    assert to_step(1243, 5) - to_step(501, 5) == 745


@given(st.integers(0, 10**15), st.integers(1, 200), st.data())
def test_any_split_of_units_sums_exactly(amount: int, units: int, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, units), max_size=10).map(sorted))
    borders = [0, *cuts, units]

    parts = [
        part(amount, until, units) - part(amount, since, units)
        for since, until in pairwise(borders)
    ]

    assert sum(parts) == amount
    assert all(one >= 0 for one in parts)
    single = [part(amount, n, units) - part(amount, n - 1, units) for n in range(1, units + 1)]
    assert max(single) - min(single) <= 1


@given(st.integers(-(10**18), 10**18), st.integers(1, 10**9), roundings)
def test_quotients_round_as_decimals_do(above: int, below: int, rounding: Rounding) -> None:
    # Of so many digits, only what is exactly a half looks like one.
    digits = Context(prec=60)
    exact = digits.divide(Decimal(above), Decimal(below))
    wanted = exact.quantize(Decimal(1), _DECIMALS[rounding], context=digits)

    assert rounded(above, below, rounding) == int(wanted)


@given(st.integers(0, 10**12), st.integers(0, 10**6), roundings)
def test_tax_on_top_is_what_decimals_say(net: int, rate_ppm: int, rounding: Rounding) -> None:
    exact = Decimal(net) * rate_ppm / MILLION

    found = taxed(net, rate_ppm, included=False, rounding=rounding)

    assert found.tax_minor == int(exact.quantize(Decimal(1), _DECIMALS[rounding]))


@given(
    st.integers(0, 10**12),
    st.integers(0, 10**6),
    st.booleans(),
    roundings,
    st.sampled_from(["line", "unit"]),
    st.integers(1, 50),
)
def test_net_and_tax_are_the_total_and_never_negative(
    amount: int, rate_ppm: int, included: bool, rounding: Rounding, per: str, quantity: int
) -> None:
    found = taxed(
        amount,
        rate_ppm,
        included=included,
        rounding=rounding,
        per=per,  # type: ignore[arg-type]
        quantity=quantity,
    )

    assert found.net_minor + found.tax_minor == found.total_minor
    assert min(found) >= 0
    assert amount == (found.total_minor if included else found.net_minor)


@given(st.lists(st.tuples(st.sampled_from([0, 50_000, 200_000]), st.integers(), st.integers())))
def test_a_summary_by_rate_leaves_nothing_out(lines: list[tuple[int, int, int]]) -> None:
    rows = summary(lines)

    assert sum(row.net_minor for row in rows) == sum(net for _, net, _ in lines)
    assert sum(row.tax_minor for row in rows) == sum(tax for _, _, tax in lines)
    assert [row.rate_ppm for row in rows] == sorted({rate for rate, _, _ in lines}, reverse=True)


@pytest.mark.parametrize(
    ("rounding", "wanted"),
    [
        ("half_up", [3, 2, 1, -1, -2, -3]),
        ("half_down", [2, 1, 0, 0, -1, -2]),
        ("half_even", [2, 2, 0, 0, -2, -2]),
    ],
)
def test_exactly_half_goes_away_from_zero_toward_it_or_to_the_even_neighbor(
    rounding: Rounding, wanted: list[int]
) -> None:
    assert [rounded(twice, 2, rounding) for twice in (5, 3, 1, -1, -3, -5)] == wanted
