"""What a basket costs: which list speaks, tiers, own prices, and what the books cannot hold."""

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

import omniretail
from omniretail.money import MOST_MINOR
from omniretail.pricing import (
    Amount,
    AmountTooLarge,
    BasketLine,
    Changes,
    CouponNotValid,
    Percent,
    PriceChange,
    PriceFrom,
    PriceList,
    PriceMissing,
    Scope,
    ShippingCharge,
    Shopper,
    TaxRateMissing,
    price,
)
from tests.pricing.books import NOON, at_price, basket, offer, priced, shelf, totals

WEB, STORE = Shopper(channel="web"), Shopper(channel="till", location="S1")


def _list(code: str, **rest: object) -> PriceList:
    return msgspec.convert({"code": code, "name": code, "currency": "EUR", **rest}, PriceList)


def test_a_basket_costs_the_sum_of_its_lines() -> None:
    found = priced(shelf({"A": 2000, "B": 99}), basket(("A", 2), ("B", 3)))

    assert totals(found) == [4000, 297]
    assert found.total_minor == 4297


def test_a_price_ends_the_moment_the_next_begins() -> None:
    """Given 20.00, and 17.90 from 18:00, when it is sold at 17:59:59 and at 18:00."""
    six = NOON + timedelta(hours=6)
    book = shelf({"A": 2000}, listed=[PriceChange("retail", "A", PriceFrom(six, 1790))])

    assert priced(book, basket(("A", 1)), six - timedelta(seconds=1)).total_minor == 2000
    assert priced(book, basket(("A", 1)), six).total_minor == 1790


def test_what_is_not_for_sale_refuses_the_basket() -> None:
    ended = shelf({"A": 2000}, listed=[PriceChange("retail", "A", PriceFrom(NOON, None))])

    assert isinstance(price(ended, basket(("A", 1)), NOON), PriceMissing)
    assert isinstance(price(ended, basket(("Z", 1)), NOON), PriceMissing)
    assert isinstance(price(ended, basket(("A", 1), currency="CHF"), NOON), PriceMissing)


def test_a_list_of_higher_priority_speaks_first() -> None:
    sale = _list("sale", priority=10)
    book = shelf({"A": 2000, "B": 500}, lists=[sale], listed=[at_price("sale", "A", 2500)])

    found = priced(book, basket(("A", 1), ("B", 1)))

    assert totals(found) == [2500, 500]
    assert [line.price_list for line in found.lines] == ["sale", "retail"]


def test_gold_customers_pay_the_same_everywhere_and_others_less_on_the_web() -> None:
    """Given 20.00, on the web 18.00 by an override, for gold customers 17.00 before all."""
    book = shelf(
        {"A": 2000},
        lists=[
            _list("web", priority=40, scope={"channel": "web"}, override_reason="Web week"),
            _list("gold", priority=50, scope={"customer_group": "gold"}),
        ],
        listed=[at_price("web", "A", 1800), at_price("gold", "A", 1700)],
    )

    def pays(who: Shopper) -> int:
        return priced(book, basket(("A", 1), shopper=who)).total_minor

    gold = frozenset({"gold"})
    assert (pays(WEB), pays(STORE)) == (1800, 2000)
    assert pays(msgspec.structs.replace(WEB, customer_groups=gold)) == 1700
    assert pays(msgspec.structs.replace(STORE, customer_groups=gold)) == 1700


def test_of_equal_priority_the_narrowest_scope_speaks() -> None:
    """Given lists for everybody, a channel, a region, a store, a group and a customer."""
    scopes: list[dict[str, str]] = [
        {"channel": "till"},
        {"region": "west"},
        {"location": "S1"},
        {"customer_group": "gold"},
        {"customer": "anna"},
    ]
    names = ["channel", "region", "location", "group", "customer"]
    who = Shopper(
        channel="till",
        region="west",
        location="S1",
        customer_groups=frozenset({"gold"}),
        customer="anna",
    )
    for count in range(len(scopes) + 1):
        book = shelf(
            {"A": 100},
            lists=[_list(names[n], scope=scopes[n]) for n in range(count)],
            # The narrower, the dearer: it is the scope that decides here, not the price.
            listed=[at_price(names[n], "A", 200 + n) for n in range(count)],
        )
        wanted = 100 if count == 0 else 199 + count
        assert priced(book, basket(("A", 1), shopper=who)).total_minor == wanted
        assert priced(book, basket(("A", 1))).total_minor == 100


def test_a_scope_of_two_things_outranks_each_of_them() -> None:
    both = Scope(customer_group="gold", channel="web")

    assert both.narrowness > Scope(customer_group="gold").narrowness
    assert both.narrowness > Scope(channel="web").narrowness
    assert Scope(customer="anna").narrowness > both.narrowness


def test_of_lists_of_one_rank_the_lowest_price_decides_and_then_the_code() -> None:
    lists = [_list("b"), _list("a"), _list("c")]
    book = shelf(
        {"A": 1000},
        lists=lists,
        listed=[at_price("b", "A", 900), at_price("a", "A", 900), at_price("c", "A", 950)],
    )

    line = priced(book, basket(("A", 1))).lines[0]

    assert (line.total_minor, line.price_list) == (900, "a")


def test_a_list_speaks_from_its_first_moment_until_before_its_last() -> None:
    week = _list("week", priority=1, valid_from=NOON, valid_until=NOON + timedelta(days=7))
    book = shelf({"A": 2000}, lists=[week], listed=[at_price("week", "A", 1500)])

    def costs(at: datetime) -> int:
        return priced(book, basket(("A", 1)), at).total_minor

    second = timedelta(seconds=1)
    assert [costs(NOON - second), costs(NOON)] == [2000, 1500]
    assert [costs(NOON + timedelta(days=7) - second), costs(NOON + timedelta(days=7))] == [
        1500,
        2000,
    ]


def test_the_more_units_the_less_for_each() -> None:
    """Given 10.00, from 3 units 9.00, from 10 units 7.50 each."""
    book = shelf({}, listed=[at_price("retail", "A", 1000, (3, 900), (10, 750))])

    paid = {n: priced(book, basket(("A", n))).total_minor for n in (1, 2, 3, 9, 10, 11)}

    assert paid == {1: 1000, 2: 2000, 3: 2700, 9: 8100, 10: 7500, 11: 8250}


def test_lines_of_one_sku_reach_its_tiers_together() -> None:
    book = shelf({}, listed=[at_price("retail", "A", 1000, (3, 900))])

    assert totals(priced(book, basket(("A", 1), ("A", 2)))) == [900, 1800]


def test_an_own_price_replaces_the_list_price_and_no_promotion_works_on_it() -> None:
    """Given 10 % off everything, when one line has a price of its own."""
    book = shelf({"A": 2000, "B": 1000}, offer("TEN", Percent(rate_ppm=100_000)))
    agreed = BasketLine("A", 3, own_price_minor=1500)

    found = priced(book, basket(agreed, ("B", 1)))

    line = found.lines[0]
    assert (line.list_price_minor, line.unit_price_minor, line.total_minor) == (2000, 1500, 4500)
    assert line.discounts == ()
    assert found.lines[1].total_minor == 900


def test_an_own_price_needs_no_list_price() -> None:
    found = priced(shelf({}), basket(BasketLine("NEW", 1, own_price_minor=700)))

    assert found.total_minor == 700
    assert found.lines[0].list_price_minor is None


def test_a_total_beyond_the_books_is_refused() -> None:
    half = shelf({"A": MOST_MINOR // 2})

    assert priced(half, basket(("A", 2))).total_minor == MOST_MINOR - 1
    assert isinstance(price(half, basket(("A", 3)), NOON), AmountTooLarge)
    assert isinstance(price(half, basket(("A", 2), ("A", 1)), NOON), AmountTooLarge)
    with_shipping = basket(("A", 2), shipping=ShippingCharge(amount_minor=2))
    assert isinstance(price(half, with_shipping, NOON), AmountTooLarge)


def test_tax_on_top_may_be_what_is_too_much() -> None:
    book = shelf({"A": MOST_MINOR}, tax_included=False, rates={"standard": 1})

    assert isinstance(price(book, basket(("A", 1)), NOON), AmountTooLarge)


def test_the_largest_amounts_keep_every_unit() -> None:
    """Given the largest price there may be, when 33.3333 % come off and 20 % are tax."""
    book = shelf(
        {"A": MOST_MINOR},
        offer("THIRD", Percent(rate_ppm=333_333)),
        rates={"standard": 200_000},
    )

    line = priced(book, basket(("A", 1))).lines[0]

    off = (MOST_MINOR * 333_333 + 500_000) // 1_000_000
    assert line.total_minor == MOST_MINOR - off
    assert line.net_minor == (2 * line.total_minor * 1_000_000 + 1_200_000) // 2_400_000
    assert line.net_minor + line.tax_minor == line.total_minor


def test_a_class_without_a_rate_is_refused_once_there_are_rates() -> None:
    book = shelf({"A": 100}, rates={"reduced": 100_000})

    assert isinstance(price(book, basket(("A", 1)), NOON), TaxRateMissing)
    assert priced(shelf({"A": 100}), basket(("A", 1))).lines[0].tax_rate_ppm is None


def test_an_unknown_coupon_refuses_the_basket() -> None:
    refused = price(shelf({"A": 100}), basket(("A", 1), coupons=("NOBODY",)), NOON)

    assert isinstance(refused, CouponNotValid)


def test_the_odd_cent_goes_to_the_same_sku_whatever_the_order_of_lines() -> None:
    """Given 0.01 off three lines of equal worth, when they are scanned in any order."""
    book = shelf({"A": 10, "B": 10, "C": 10}, offer("CENT", Amount(amount_minor=1, level="order")))

    for skus in ("ABC", "CBA", "BCA"):
        found = priced(book, basket(*((sku, 1) for sku in skus)))
        assert dict(zip(skus, totals(found), strict=True)) == {"A": 9, "B": 10, "C": 10}


def test_the_answer_says_by_which_version_of_the_book() -> None:
    book = shelf({"A": 100})

    assert priced(book, basket(("A", 1))).book_version == 1
    assert priced(book.with_changes(2, Changes()), basket(("A", 1))).book_version == 2


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_minor_units_are_the_currencys_own(currency: str) -> None:
    """Given a price of 105 minor units, then so much is paid, whatever a minor unit is worth."""
    assert (
        priced(
            shelf({"A": 105}, currency=currency), basket(("A", 1), currency=currency)
        ).total_minor
        == 105
    )


def test_a_moment_has_one_price_in_every_time_zone() -> None:
    book = shelf({"A": 2000}, listed=[PriceChange("retail", "A", PriceFrom(NOON, 1900))])

    there = NOON.astimezone(tz=None)

    assert there.astimezone(UTC) == NOON
    assert priced(book, basket(("A", 1)), there).total_minor == 1900


def test_no_module_of_prices_knows_a_float() -> None:
    """Neither a number with a point, nor `float`, nor a division that makes one."""
    home = Path(omniretail.__file__).parent
    for path in [home / "money.py", *sorted((home / "pricing").glob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), path
            assert not (isinstance(node, ast.Name) and node.id == "float"), path
            assert not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)), path
