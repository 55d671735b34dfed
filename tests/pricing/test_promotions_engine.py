"""What promotions take off: each kind, beside what else, for whom, when, and how the best are found."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from omniretail.pricing import (
    Amount,
    BasketLine,
    Bundle,
    BuyXGetY,
    Coupon,
    Discount,
    FixedPrice,
    Gift,
    Hours,
    Percent,
    Promotion,
    Shipping,
    ShippingCharge,
    Shopper,
    Step,
    Threshold,
)
from tests.pricing.books import NOON, applied, basket, offer, priced, reasons, shelf, totals

TEN = Percent(rate_ppm=100_000)


def _order(rate_ppm: int) -> Percent:
    return Percent(rate_ppm=rate_ppm, level="order")


# What each kind takes off


def test_an_amount_off_the_order_is_divided_by_largest_remainder() -> None:
    """Given 10.00 off 19.99, 5.49 and 0.99, then the lines bear 7.55, 2.08 and 0.37."""
    book = shelf(
        {"A": 1999, "B": 549, "C": 99}, offer("X", Amount(amount_minor=1000, level="order"))
    )

    found = priced(book, basket(("A", 1), ("B", 1), ("C", 1)))

    assert [line.discounts for line in found.lines] == [
        (Discount("X", off),) for off in (755, 208, 37)
    ]


def test_shares_too_small_for_a_cent_are_a_cent_or_nothing() -> None:
    """Given 0.50 off a hundred lines of 0.10, then fifty bear 0.01 each, and no line less than none."""
    skus = [f"S{n:02}" for n in range(100)]
    book = shelf(dict.fromkeys(skus, 10), offer("X", Amount(amount_minor=50, level="order")))

    found = priced(book, basket(*((sku, 1) for sku in skus)))

    assert totals(found) == [9] * 50 + [10] * 50


def test_an_amount_off_the_order_never_exceeds_the_order() -> None:
    book = shelf({"A": 300}, offer("X", Amount(amount_minor=1000, level="order")))

    assert priced(book, basket(("A", 2))).total_minor == 0


def test_an_amount_off_each_unit_stops_at_nothing() -> None:
    book = shelf({"A": 300, "B": 50}, offer("X", Amount(amount_minor=100)))

    assert totals(priced(book, basket(("A", 2), ("B", 3)))) == [400, 0]


def test_each_works_on_what_the_one_before_left() -> None:
    """Given 40 % and then 70 % off 100.00, then 18.00 are paid."""
    book = shelf(
        {"A": 10_000},
        offer("P40", Percent(rate_ppm=400_000), priority=1),
        offer("P70", Percent(rate_ppm=700_000)),
    )

    found = priced(book, basket(("A", 1)))

    assert found.total_minor == 1800
    assert applied(found) == {"P40": 4000, "P70": 4200}


def test_lines_come_before_the_order_and_the_order_before_shipping() -> None:
    """Given all three with priorities the other way round, then the levels decide first."""
    book = shelf(
        {"A": 10_000},
        offer("LINE", TEN, priority=1),
        offer("ORDER", _order(100_000), priority=2),
        offer("SHIP", Shipping(rate_ppm=500_000), priority=3),
    )

    found = priced(book, basket(("A", 1), shipping=ShippingCharge(amount_minor=499)))

    assert list(applied(found).items()) == [("LINE", 1000), ("ORDER", 900), ("SHIP", 250)]
    assert found.total_minor == 8100 + 249


def test_a_fixed_price_is_never_a_raise() -> None:
    book = shelf({"A": 800, "B": 300}, offer("FIVE", FixedPrice(amount_minor=500)))

    assert totals(priced(book, basket(("A", 2), ("B", 2)))) == [1000, 600]


def test_the_cheapest_of_two_is_free_and_both_bear_it() -> None:
    """Given 30.00 and 20.00, the cheapest free, then 30.00 are paid: 18.00 and 12.00."""
    book = shelf({"A": 3000, "B": 2000}, offer("2FOR1", BuyXGetY(buy=1, get=1)))

    assert totals(priced(book, basket(("A", 1), ("B", 1)))) == [1800, 1200]


def test_of_seven_units_buy_two_get_one_gives_two() -> None:
    """Given 3 × 10.00 and 4 × 4.00, then two sets: two units of 4.00 are free."""
    book = shelf({"A": 1000, "B": 400}, offer("3FOR2", BuyXGetY(buy=2, get=1)))

    found = priced(book, basket(("A", 3), ("B", 4)))

    assert applied(found) == {"3FOR2": 800}
    # The six cheapest units are in the sets; the seventh bears nothing.
    assert totals(found) == [3000 - 444, 1600 - 356]


def test_the_second_at_half_price() -> None:
    book = shelf({"A": 999}, offer("HALF", BuyXGetY(buy=1, get=1, rate_ppm=500_000)))

    paid = {n: priced(book, basket(("A", n))).total_minor for n in (1, 2, 3, 4)}

    assert paid == {1: 999, 2: 1998 - 500, 3: 2997 - 500, 4: 3996 - 999}


def test_sets_are_counted_once_a_basket_where_that_is_all_there_may_be() -> None:
    book = shelf({"A": 999}, offer("ONCE", BuyXGetY(buy=1, get=1), most_per_basket=1))

    assert applied(priced(book, basket(("A", 6)))) == {"ONCE": 999}


def test_a_bundle_takes_whole_sets_of_the_dearest() -> None:
    """Given 2 × A and 1 × B for 15.00, when 5 × A at 6.00 and 2 × B at 8.00, then two sets."""
    bundle = Bundle(parts={"A": 2, "B": 1}, amount_minor=1500)
    book = shelf({"A": 600, "B": 800}, offer("MEAL", bundle, "A", "B"))

    found = priced(book, basket(("A", 5), ("B", 2)))

    assert applied(found) == {"MEAL": 4 * 600 + 2 * 800 - 2 * 1500}
    assert found.total_minor == 600 + 2 * 1500
    assert applied(priced(book, basket(("A", 1), ("B", 1)))) == {}


def test_a_bundle_is_never_dearer_than_its_parts() -> None:
    book = shelf(
        {"A": 100, "B": 100}, offer("MEAL", Bundle(parts={"A": 1, "B": 1}, amount_minor=500))
    )

    assert priced(book, basket(("A", 1), ("B", 1))).total_minor == 200


def test_bundles_are_bounded_per_basket() -> None:
    bundle = Bundle(parts={"A": 1, "B": 1}, amount_minor=1000)
    book = shelf({"A": 600, "B": 800}, offer("MEAL", bundle, most_per_basket=1))

    assert applied(priced(book, basket(("A", 3), ("B", 3)))) == {"MEAL": 400}


def test_the_more_is_bought_the_more_comes_off() -> None:
    """Given 5.00 off from 50.00 on and 10 % from 100.00 on, then at 60.00 5.00, at 120.00 12.00."""
    steps = (
        Step(minimum_minor=5000, amount_minor=500),
        Step(minimum_minor=10_000, rate_ppm=100_000),
    )
    book = shelf({"A": 1000}, offer("MORE", Threshold(steps=steps)))

    off = {n: sum(applied(priced(book, basket(("A", n)))).values()) for n in (4, 5, 9, 10, 12)}

    assert off == {4: 0, 5: 500, 9: 500, 10: 1000, 12: 1200}


def test_of_the_steps_reached_the_one_that_saves_most_counts() -> None:
    steps = (Step(minimum_minor=0, amount_minor=900), Step(minimum_minor=1000, rate_ppm=100_000))
    book = shelf({"A": 1000}, offer("MORE", Threshold(steps=steps)))

    assert applied(priced(book, basket(("A", 1)))) == {"MORE": 900}


def test_a_gift_in_the_basket_is_free_once_the_rest_comes_to_enough() -> None:
    """Given a mug free from 30.00 on, when the rest comes to 29.99 or 30.00, or there is no mug."""
    gift = offer("MUG", Gift(sku="MUG"), minimum_minor=3000)
    book = shelf({"A": 2999, "B": 1, "MUG": 700}, gift)

    short = priced(book, basket(("A", 1), ("MUG", 1)), explain=True)
    enough = priced(book, basket(("A", 1), ("B", 1), ("MUG", 2)))
    without = priced(book, basket(("A", 2)), explain=True)

    assert (applied(short), reasons(short)) == ({}, {"MUG": "below_minimum"})
    assert totals(enough) == [2999, 1, 700]
    assert reasons(without) == {"MUG": "gift_missing"}


def test_a_gift_comes_with_the_goods_that_it_is_for() -> None:
    """Given a mug free with coffee, then tea brings none."""
    book = shelf({"COFFEE": 900, "TEA": 900, "MUG": 700}, offer("MUG", Gift(sku="MUG"), "COFFEE"))

    assert totals(priced(book, basket(("COFFEE", 1), ("MUG", 1)))) == [900, 0]
    assert totals(priced(book, basket(("TEA", 1), ("MUG", 1)))) == [900, 700]


def test_shipping_is_free_from_a_value_of_goods_on_at_the_prices_paid() -> None:
    """Given free shipping from 50.00 on, when 20 % off 55.00 leave 44.00, then it is not free."""
    free = offer("FREE", Shipping(rate_ppm=1_000_000), minimum_minor=5000)
    what = basket(("A", 1), shipping=ShippingCharge(amount_minor=590))

    plain = priced(shelf({"A": 5500}, free), what)
    less = priced(shelf({"A": 5500}, free, offer("P20", Percent(rate_ppm=200_000))), what)

    assert applied(plain) == {"FREE": 590}
    assert applied(less) == {"P20": 1100}
    assert less.total_minor == 4400 + 590


def test_shipping_costs_nothing_at_least() -> None:
    book = shelf({"A": 100}, offer("SHIP", Shipping(rate_ppm=500_000, amount_minor=400)))

    found = priced(book, basket(("A", 1), shipping=ShippingCharge(amount_minor=500)))

    assert found.shipping is not None
    assert found.shipping.total_minor == 0
    assert applied(priced(book, basket(("A", 1)))) == {}


# How many units


@pytest.mark.parametrize(
    ("action", "off"),
    [
        # The three dearest units are 2 × 9.00 and 1 × 5.00.
        (TEN, 230),
        (Amount(amount_minor=600), 600 + 600 + 500),
        (FixedPrice(amount_minor=400), 500 + 500 + 100),
    ],
)
def test_a_promotion_for_three_units_takes_the_dearest(action: Percent, off: int) -> None:
    book = shelf({"A": 500, "B": 900}, offer("THREE", action, most_per_basket=3))

    assert applied(priced(book, basket(("A", 4), ("B", 2)))) == {"THREE": off}


def test_a_share_off_so_many_units_is_rounded_once() -> None:
    """Given 10 % off two units, when they are two lines of 0.05, then 0.01 and not twice that."""
    book = shelf({"A": 5, "B": 5}, offer("TWO", TEN, most_per_basket=2))

    assert applied(priced(book, basket(("A", 1), ("B", 1)))) == {"TWO": 1}


# Beside what else


def test_the_best_set_wins_over_the_largest_promotion() -> None:
    """Given 50.00, 30.00 and 20.00, X with 20 % alone, or Y with 15.00 off A beside Z with 10 %.

    X saves 20.00, Y and Z 15.00 and 8.50: 76.50 are paid.
    """
    book = shelf(
        {"A": 5000, "B": 3000, "C": 2000},
        offer("X", _order(200_000), stackable=False),
        offer("Y", Amount(amount_minor=1500), "A"),
        offer("Z", _order(100_000)),
    )

    found = priced(book, basket(("A", 1), ("B", 1), ("C", 1)), explain=True)

    assert found.total_minor == 7650
    assert applied(found) == {"Y": 1500, "Z": 850}
    assert reasons(found) == {"X": "outweighed"}
    assert found.search == "exact"


def test_of_a_group_one_is_taken_the_best_with_all_the_rest() -> None:
    """Given 10 % and 3.00 off, which exclude each other, when A costs 20.00, and when it costs 40.00."""
    group = (
        offer("TEN", TEN, "A", exclusive_group="week"),
        offer("THREE", Amount(amount_minor=300), "A", exclusive_group="week"),
        offer("ALL", _order(50_000)),
    )

    assert applied(priced(shelf({"A": 2000}, *group), basket(("A", 1)))) == {
        "THREE": 300,
        "ALL": 85,
    }
    assert applied(priced(shelf({"A": 4000}, *group), basket(("A", 1)))) == {"TEN": 400, "ALL": 180}


def test_after_a_stop_comes_none_and_so_it_is_taken_only_where_that_is_better() -> None:
    """Given 30 % with a stop, and after it 20 % and 20 %, which together are 36 %."""
    stop = offer("STOP", Percent(rate_ppm=300_000), priority=1, stop=True)
    after = offer("P1", Percent(rate_ppm=200_000)), offer("P2", Percent(rate_ppm=200_000))

    both = priced(shelf({"A": 10_000}, stop, *after), basket(("A", 1)))
    one = priced(shelf({"A": 10_000}, stop, after[0]), basket(("A", 1)))

    assert applied(both) == {"P1": 2000, "P2": 1600}
    assert applied(one) == {"STOP": 3000}


def test_a_minimum_is_about_the_prices_that_are_left() -> None:
    """Given 6.00 off A, and 15.00 off from 50.00 on, when 50.00 are bought: one of them only."""
    book = shelf(
        {"A": 3000, "B": 2000},
        offer("SIX", Amount(amount_minor=600), "A"),
        offer("BIG", Amount(amount_minor=1500, level="order"), minimum_minor=5000),
    )

    found = priced(book, basket(("A", 1), ("B", 1)), explain=True)

    assert applied(found) == {"BIG": 1500}
    assert reasons(found) == {"SIX": "outweighed"}
    assert applied(priced(book, basket(("A", 1), ("B", 2)))) == {"SIX": 600, "BIG": 1500}


def test_ties_go_to_fewer_promotions_and_then_to_the_code() -> None:
    two = offer("A1", Amount(amount_minor=100), "A", exclusive_group="g")
    one = offer("B1", Amount(amount_minor=100), "A", exclusive_group="g")

    assert applied(priced(shelf({"A": 500}, one, two), basket(("A", 1)))) == {"A1": 100}


def test_what_makes_no_difference_is_left_and_its_coupon_is_not_used() -> None:
    """Given 10 % by a coupon, and then a fixed price of 5.00, then only the latter is applied."""
    book = shelf(
        {"A": 1000},
        offer("TEN", TEN, priority=1, coupon_only=True),
        offer("FIVE", FixedPrice(amount_minor=500)),
        coupons=[Coupon(code="SAVE", promotion="TEN")],
    )

    found = priced(book, basket(("A", 1), coupons=("SAVE",)), explain=True)

    assert applied(found) == {"FIVE": 500}
    assert reasons(found) == {"TEN": "outweighed"}


def test_what_stands_alone_wins_a_tie_against_two() -> None:
    book = shelf(
        {"A": 1000, "B": 1000},
        offer("ALONE", Amount(amount_minor=200, level="order"), stackable=False),
        offer("P1", Amount(amount_minor=100), "A"),
        offer("P2", Amount(amount_minor=100), "B"),
    )

    assert applied(priced(book, basket(("A", 1), ("B", 1)))) == {"ALONE": 200}


def test_of_very_many_that_stand_in_each_others_way_a_good_set_is_found() -> None:
    """Given twenty groups of two on twenty SKUs, then each SKU gets the better one, and we say how."""
    skus = [f"S{n:02}" for n in range(20)]
    pairs = [
        offer(f"{kind}{sku}", Amount(amount_minor=off), sku, exclusive_group=sku)
        for sku in skus
        for kind, off in (("LESS", 100), ("MORE", 200))
    ]
    book = shelf(dict.fromkeys(skus, 1000), *pairs)

    found = priced(book, basket(*((sku, 1) for sku in skus)))

    assert found.search == "greedy"
    assert found.total_minor == 20 * 800


def test_a_thousand_promotions_on_one_basket_are_taken() -> None:
    """Given a thousand SKUs with a promotion each, then all of them are applied, and exactly so."""
    skus = [f"S{n:03}" for n in range(1000)]
    each = [offer(f"P{sku}", TEN, sku) for sku in skus]

    found = priced(shelf(dict.fromkeys(skus, 100), *each), basket(*((sku, 1) for sku in skus)))

    assert (found.total_minor, found.search) == (90_000, "exact")


# For whom, and when


def test_a_promotion_names_skus_or_categories() -> None:
    book = shelf(
        {"A": 1000, "B": 1000, "C": 1000},
        offer("SOME", TEN, "A", categories=frozenset({"tea"})),
    )
    tea = BasketLine("B", 1, categories=frozenset({"tea", "hot"}))

    assert totals(priced(book, basket(("A", 1), tea, ("C", 1)))) == [900, 900, 1000]


def test_a_line_named_twice_is_reduced_once() -> None:
    named = offer("ONCE", TEN, "A", categories=frozenset({"tea", "hot"}))
    line = BasketLine("A", 1, categories=frozenset({"tea", "hot"}))

    assert totals(priced(shelf({"A": 1000}, named), basket(line))) == [900]


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"valid_from": NOON + timedelta(seconds=1)}, "not_yet"),
        ({"valid_until": NOON}, "over"),
        ({"currency": "CHF"}, "other_currency"),
        ({"customer_groups": frozenset({"gold"})}, "other_customers"),
        ({"channels": frozenset({"web"})}, "other_channel"),
        ({"locations": frozenset({"S2"})}, "other_channel"),
        ({"hours": Hours(time_zone="UTC", days=(1, 2))}, "other_hours"),
        ({"coupon_only": True}, "coupon_missing"),
        ({"skus": frozenset({"Z"})}, "no_such_goods"),
        ({"minimum_minor": 1001}, "below_minimum"),
        ({"action": Percent(rate_ppm=1)}, "saves_nothing"),
    ],
)
def test_what_is_not_applied_is_told_with_its_reason(terms: dict[str, object], reason: str) -> None:
    promotion = Promotion(**{"code": "P", "name": "P", "action": TEN, **terms})  # type: ignore[arg-type]
    who = Shopper(channel="till", location="S1")

    found = priced(shelf({"A": 1000}, promotion), basket(("A", 1), shopper=who), explain=True)

    assert reasons(found) == {"P": reason}
    assert found.total_minor == 1000


def test_a_promotion_that_was_used_as_often_as_it_may_be_is_not_applied() -> None:
    book = shelf({"A": 1000}, offer("P", TEN))

    found = priced(book, basket(("A", 1), exhausted=frozenset({"P"})), explain=True)

    assert (found.total_minor, reasons(found)) == (1000, {"P": "used_up"})


def test_it_counts_from_its_first_moment_until_before_its_last() -> None:
    day = offer("DAY", TEN, valid_from=NOON, valid_until=NOON + timedelta(days=1))
    book = shelf({"A": 1000}, day)
    second = timedelta(seconds=1)

    paid = [
        priced(book, basket(("A", 1)), NOON + after).total_minor
        for after in (-second, timedelta(0), timedelta(days=1) - second, timedelta(days=1))
    ]

    assert paid == [1000, 900, 900, 1000]


def test_happy_hour_goes_by_the_clock_on_the_wall() -> None:
    """Given 17:00 to 18:00 in Berlin, when the clocks change, then it is still 17:00 to 18:00 there."""
    berlin = ZoneInfo("Europe/Berlin")
    happy = offer(
        "HAPPY", TEN, hours=Hours(time_zone="Europe/Berlin", since=time(17), until=time(18))
    )
    book = shelf({"A": 1000}, happy)

    for day in (datetime(2026, 10, 24), datetime(2026, 10, 25), datetime(2026, 3, 29)):  # noqa: DTZ001
        for clock, paid in (((16, 59), 1000), ((17, 0), 900), ((17, 59), 900), ((18, 0), 1000)):
            at = day.replace(hour=clock[0], minute=clock[1], tzinfo=berlin).astimezone(UTC)
            assert priced(book, basket(("A", 1)), at).total_minor == paid, at


def test_an_hour_that_comes_twice_is_happy_twice() -> None:
    """Given 02:00 to 03:00 in Berlin on the night it is 02:30 twice; and in spring it is not at all."""
    happy = offer(
        "NIGHT", TEN, hours=Hours(time_zone="Europe/Berlin", since=time(2), until=time(3))
    )
    book = shelf({"A": 1000}, happy)
    autumn = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    spring = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)

    def paid(at: datetime) -> list[int]:
        hours = (at + timedelta(hours=n) for n in range(4))
        return [priced(book, basket(("A", 1)), hour).total_minor for hour in hours]

    assert paid(autumn) == [1000, 900, 900, 1000]
    assert paid(spring) == [1000, 1000, 1000, 1000]


def test_days_are_those_of_the_zone() -> None:
    """Given Mondays in Auckland, then it begins while it is Sunday in Greenwich."""
    monday = offer("MONDAY", TEN, hours=Hours(time_zone="Pacific/Auckland", days=(1,)))
    book = shelf({"A": 1000}, monday)
    midnight = datetime(2026, 11, 23, tzinfo=ZoneInfo("Pacific/Auckland"))

    assert midnight.astimezone(UTC).isoweekday() == 7
    assert priced(book, basket(("A", 1)), midnight).total_minor == 900
    assert priced(book, basket(("A", 1)), midnight - timedelta(seconds=1)).total_minor == 1000


def test_a_coupon_unlocks_its_promotion_and_is_named_with_it() -> None:
    book = shelf(
        {"A": 1000},
        offer("TEN", TEN, coupon_only=True),
        coupons=[Coupon(code="SAVE", promotion="TEN"), Coupon(code="ALSO", promotion="TEN")],
    )

    found = priced(book, basket(("A", 1), coupons=("SAVE", "ALSO")))

    assert [(one.promotion, one.coupon) for one in found.promotions] == [("TEN", "ALSO")]
    assert found.lines[0].discounts == (Discount("TEN", 100, "ALSO"),)


def test_an_archived_promotion_is_nowhere() -> None:
    found = priced(
        shelf({"A": 1000}, offer("P", TEN, status="archived")), basket(("A", 1)), explain=True
    )

    assert (found.total_minor, found.not_applied) == (1000, ())
