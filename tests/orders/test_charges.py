"""What orders are charged: promotions, coupons, taxes, quotes, cash; and what goes back of it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from omniretail import clock, pricing
from tests.callers import Retailer, euro, line, order, served

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
HALF_OFF_A = pricing.Promotion(
    code="HALF-A",
    name="Half off A",
    action=pricing.Percent(rate_ppm=500_000),
    skus=frozenset({"A"}),
)
TEN_OFF = pricing.Promotion(
    code="TEN-OFF",
    name="Ten euro off",
    action=pricing.Amount(amount_minor=1000, level="order"),
    currency="EUR",
    coupon_only=True,
)
VAT_20 = pricing.TaxRate(tax_class="standard", valid_from=LONG_AGO, rate_ppm=200_000)


def tenders(*paid: tuple[str, int]) -> list[dict[str, Any]]:
    return [
        {"type": kind, "amount": euro(amount)} | ({"reference": "p"} if kind == "card" else {})
        for kind, amount in paid
    ]


async def placed(retailer: Retailer, body: dict[str, Any], by: str = "web") -> dict[str, Any]:
    response = await retailer.callers[by].post("/v1/orders", body)
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def cancelled(retailer: Retailer, order_id: str, *lines: tuple[int, int]) -> dict[str, Any]:
    body = {
        "reason": "changed their mind",
        "lines": [{"line": number, "quantity": quantity} for number, quantity in lines],
    }
    response = await retailer.web.post(f"/v1/orders/{order_id}/cancellation", body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def refunded(answer: dict[str, Any]) -> int:
    return sum(tender["refunded"]["amount"] for tender in answer["tenders"])


async def used(retailer: Retailer, coupon: str) -> int:
    response = await retailer.office.get(f"/v1/coupons/{coupon}")
    assert response.status_code == 200, response.text
    count: int = response.json()["used"]
    return count


async def test_item_then_order_promotion(retailer: Retailer) -> None:
    """Given net prices, half off A and a 15 % code, then 51.00 net, 61.20 gross, 9.00 as 1.50 + 7.50."""
    await retailer.define(
        VAT_20,
        pricing.PriceList(code="net", name="Net", currency="EUR", priority=5, tax_included=False),
        *(
            pricing.NewPrice(
                price_list="net", sku=sku, amount_minor=amount, currency="EUR", valid_from=LONG_AGO
            )
            for sku, amount in (("A", 1000), ("B", 5000))
        ),
        HALF_OFF_A,
        pricing.Promotion(
            code="15-OFF",
            name="15 % off the order",
            action=pricing.Percent(rate_ppm=150_000, level="order"),
            coupon_only=True,
        ),
        pricing.Coupon(code="SAVE15", promotion="15-OFF"),
    )
    await retailer.receive("A", S1=9)
    await retailer.receive("B", S1=9)
    wanted = served("pickup", "S1", line("A", 2), line("B", 1))

    plain = await placed(retailer, order(wanted, paid=7200))
    coded = await placed(retailer, order(wanted, paid=6120) | {"coupons": [{"code": "save15"}]})
    at_till = await placed(
        retailer,
        order(served("carry_out", None, line("A", 2), line("B", 1)), paid=6120)
        | {"coupons": [{"code": "SAVE15"}]},
        by="till",
    )

    assert plain["total"] == euro(7200)
    assert plain["tax"] == [{"rate_ppm": 200_000, "net": euro(6000), "tax": euro(1200)}]
    assert coded["total"] == at_till["total"] == euro(6120)
    assert coded["tax"] == [{"rate_ppm": 200_000, "net": euro(5100), "tax": euro(1020)}]
    first, second = coded["fulfillments"][0]["lines"]
    assert first["discounts"] == [
        {"promotion": "HALF-A", "coupon": None, "amount": euro(1000)},
        {"promotion": "15-OFF", "coupon": "SAVE15", "amount": euro(150)},
    ]
    assert second["discounts"] == [{"promotion": "15-OFF", "coupon": "SAVE15", "amount": euro(750)}]
    assert [(one["promotion"], one["amount"]["amount"]) for one in coded["promotions"]] == [
        ("15-OFF", 900),
        ("HALF-A", 1000),
    ]
    assert await used(retailer, "SAVE15") == 2


async def test_a_cancelled_line_does_not_cheapen_the_rest(retailer: Retailer) -> None:
    """Given A 60.00, B 40.00, code −10.00, when B is cancelled, then 36.00 goes back and A stays 54.00."""
    await retailer.prices(A=6000, B=4000)
    await retailer.define(VAT_20, TEN_OFF, pricing.Coupon(code="TEN", promotion="TEN-OFF"))
    await retailer.receive("A", S1=1)
    await retailer.receive("B", S1=1)
    wanted = served("pickup", "S1", line("A", 1), line("B", 1))

    sold = await placed(retailer, order(wanted, paid=9000) | {"coupons": [{"code": "TEN"}]})
    without_b = await cancelled(retailer, sold["id"], (2, 1))
    kept = [one["kept"]["amount"] for one in without_b["fulfillments"][0]["lines"]]
    still_used = await used(retailer, "TEN")
    without_a = await cancelled(retailer, sold["id"], (1, 1))

    assert sold["tax"] == [{"rate_ppm": 200_000, "net": euro(7500), "tax": euro(1500)}]
    assert [one["tax"]["amount"] for one in sold["fulfillments"][0]["lines"]] == [900, 600]
    assert (refunded(without_b), kept) == (3600, [5400, 0])
    assert refunded(without_a) == 9000
    assert (still_used, await used(retailer, "TEN")) == (1, 0)


async def test_units_go_back_in_exact_shares(retailer: Retailer) -> None:
    """Given 3 × 9.99 less 5.00, when units go back one by one, then 8.33, 8.32, 8.32: 24.97 in all."""
    await retailer.prices(A=999)
    await retailer.define(
        pricing.Promotion(
            code="FIVE",
            name="Five off",
            action=pricing.Amount(amount_minor=500, level="order"),
            currency="EUR",
        )
    )
    await retailer.receive("A", S1=3)
    sold = await placed(retailer, order(served("pickup", "S1", line("A", 3)), paid=2497))

    sums = [refunded(await cancelled(retailer, sold["id"], (1, 1))) for _ in range(3)]

    assert sums == [833, 1665, 2497]


async def test_what_was_free_is_shared_by_all_that_made_it_so(retailer: Retailer) -> None:
    """Given 30.00 and 20.00, the cheaper free, then they cost 18.00 and 12.00, and go back at that."""
    await retailer.prices(A=3000, B=2000)
    await retailer.define(
        pricing.Promotion(code="2-FOR-1", name="Two for one", action=pricing.BuyXGetY(buy=1, get=1))
    )
    await retailer.receive("A", S1=1)
    await retailer.receive("B", S1=1)
    wanted = served("pickup", "S1", line("A", 1), line("B", 1))

    sold = await placed(retailer, order(wanted, paid=3000))
    without_a = await cancelled(retailer, sold["id"], (1, 1))

    totals = [one["total"]["amount"] for one in sold["fulfillments"][0]["lines"]]
    assert (totals, refunded(without_a)) == ([1800, 1200], 1800)


async def test_one_use_two_checkouts(retailer: Retailer) -> None:
    """Given a code for one use, when two order at once, then one wins; cancelled, it is free again."""
    await retailer.define(TEN_OFF, pricing.Coupon(code="ONCE", promotion="TEN-OFF", usage_limit=1))
    await retailer.receive("A", WH=3, S1=3, S2=3)
    body = order(
        *(served("ship", place, line("A", 1)) for place in ("WH", "S1", "S2")), paid=5000
    ) | {"coupons": [{"code": "ONCE"}]}

    answers = await asyncio.gather(*(retailer.web.post("/v1/orders", body) for _ in range(2)))
    won = next(answer.json() for answer in answers if answer.status_code == 201)
    lost = next(answer.json() for answer in answers if answer.status_code == 409)
    in_three_parcels = await used(retailer, "ONCE")
    await cancelled(retailer, won["id"], (1, 1))
    partly_cancelled = await used(retailer, "ONCE")
    await cancelled(retailer, won["id"])
    wholly_cancelled = await used(retailer, "ONCE")
    third = await retailer.web.post("/v1/orders", body)

    assert lost["type"] == "/problems/coupon_exhausted"
    assert (lost["coupon"], lost["limit"]) == ("ONCE", 1)
    assert (in_three_parcels, partly_cancelled, wholly_cancelled) == (1, 1, 0)
    assert third.status_code == 201


async def test_a_claim_keeps_the_use_for_its_checkout(retailer: Retailer) -> None:
    """Given a claimed use, then nobody else has it; the claim becomes the order's, or is given back."""
    await retailer.define(TEN_OFF, pricing.Coupon(code="ONCE", promotion="TEN-OFF", usage_limit=1))
    await retailer.receive("A", S1=5)
    body = order(served("pickup", "S1", line("A", 1)), paid=1000)

    claim = (await retailer.web.post("/v1/coupon-claims", {"coupon": "once"})).json()
    stranger = await retailer.till.post("/v1/orders", body | {"coupons": [{"code": "ONCE"}]})
    mine = await placed(retailer, body | {"coupons": [{"code": "ONCE", "claim": claim["id"]}]})
    after = await used(retailer, "ONCE")
    await cancelled(retailer, mine["id"])
    again = await retailer.web.post("/v1/orders", body | {"coupons": [{"code": "ONCE"}]})

    assert stranger.json()["type"] == "/problems/coupon_exhausted"
    assert after == 1
    assert again.status_code == 201


async def test_an_unpaid_order_uses_no_coupon(retailer: Retailer) -> None:
    """Given too little tendered, when the order is refused, then the coupon is as it was."""
    await retailer.define(TEN_OFF, pricing.Coupon(code="ONCE", promotion="TEN-OFF", usage_limit=1))
    await retailer.receive("A", S1=1)
    body = order(served("pickup", "S1", line("A", 1)), paid=900)

    refused = await retailer.web.post("/v1/orders", body | {"coupons": [{"code": "ONCE"}]})

    assert refused.json()["type"] == "/problems/tenders_mismatch"
    assert await used(retailer, "ONCE") == 0


async def test_a_limited_promotion_ends_with_its_limit(retailer: Retailer) -> None:
    """Given half off A for two orders, when three order at once, then the third pays the price."""
    await retailer.define(
        pricing.Promotion(
            code="FIRST-TWO",
            name="Half off, twice",
            action=pricing.Percent(rate_ppm=500_000),
            skus=frozenset({"A"}),
            usage_limit=2,
        )
    )
    await retailer.receive("A", S1=9)
    cheap = order(served("pickup", "S1", line("A", 1)), paid=1000)

    answers = await asyncio.gather(*(retailer.web.post("/v1/orders", cheap) for _ in range(3)))
    full = await placed(retailer, order(served("pickup", "S1", line("A", 1)), paid=2000))

    assert sorted(answer.status_code for answer in answers) == [201, 201, 409]
    assert full["promotions"] == []


async def test_the_quoted_price_is_charged(retailer: Retailer) -> None:
    """Given a quote, when the price rises, then the quote is charged; when it falls, too, while live."""
    await retailer.receive("A", S1=5)
    quote = await retailer.quote(line("A", 1))
    await retailer.prices(A=2100)
    body = order(served("pickup", "S1", line("A", 1)), paid=2000)

    by_quote = await placed(retailer, body | {"quote": quote["quote"]})
    at_till = await placed(
        retailer,
        order(served("carry_out", None, line("A", 1)), paid=2000, by="cash")
        | {"quote": quote["quote"]},
        by="till",
    )
    without = await retailer.web.post("/v1/orders", body)

    assert by_quote["total"] == at_till["total"] == euro(2000)
    assert by_quote["quote_id"] == quote["id"]
    assert without.json()["type"] == "/problems/tenders_mismatch"


async def test_the_price_i_was_shown(retailer: Retailer) -> None:
    """Given 79.90 until 18:00 and a quote of 17:55 for half an hour, then 18:10 pays 79.90, 18:26 not."""
    five_to_six = clock.now().replace(microsecond=0) - timedelta(hours=1)
    await retailer.define(
        pricing.NewPrice(
            price_list="retail", sku="A", amount_minor=9990, currency="EUR", valid_from=LONG_AGO
        ),
        pricing.NewPrice(
            price_list="retail", sku="A", amount_minor=9990, currency="EUR", valid_from=five_to_six
        ),
        pricing.Promotion(
            code="UNTIL-SIX",
            name="20 off until six",
            action=pricing.FixedPrice(amount_minor=7990),
            currency="EUR",
            skus=frozenset({"A"}),
            valid_until=five_to_six + timedelta(minutes=5),
        ),
    )
    await retailer.receive("A", S1=5)
    wish = pricing.QuoteWish(
        channel="web", lines=(pricing.LineQuoted(sku="A", quantity=1),), at=None
    )
    await retailer.quote(line("A", 1))  # makes the first key

    async def quoted(tx: Any) -> Any:
        return await pricing.make_quote(
            tx,
            wish,
            books=retailer.process.books,
            quotes_last=timedelta(minutes=30),
            now=five_to_six,
        )

    quote = await retailer.process.database.run(quoted)
    body = order(served("carry_out", "S1", line("A", 1)), paid=7990, by="cash") | {
        "quote": quote.token,
        "channel": "pos",
        "offline": True,
    }

    ten_past = await placed(
        retailer,
        body | {"placed_at": (five_to_six + timedelta(minutes=15)).isoformat()},
        by="office",
    )
    late = await retailer.office.post(
        "/v1/orders",
        body | {"placed_at": (five_to_six + timedelta(minutes=31)).isoformat()},
    )
    problem = late.json()
    agreed = await placed(
        retailer,
        order(served("pickup", "S1", line("A", 1)), paid=9990) | {"quote": problem["quote"]},
    )

    assert ten_past["total"] == euro(7990)
    assert (late.status_code, problem["type"]) == (409, "/problems/quote_expired")
    assert (problem["quoted"], problem["now"]) == (euro(7990), euro(9990))
    assert agreed["total"] == euro(9990)


async def test_an_expired_quote_passes_a_lower_price_on(retailer: Retailer) -> None:
    """Given a quote that ran out, when the price has fallen, then the lower one is charged."""
    await retailer.receive("A", S1=5)
    await retailer.quote(line("A", 1))
    then = clock.now() - timedelta(hours=2)
    await retailer.define(
        pricing.NewPrice(
            price_list="retail", sku="A", amount_minor=2500, currency="EUR", valid_from=LONG_AGO
        )
    )

    async def quoted(tx: Any) -> Any:
        wish = pricing.QuoteWish(channel="web", lines=(pricing.LineQuoted(sku="A", quantity=1),))
        return await pricing.make_quote(
            tx, wish, books=retailer.process.books, quotes_last=timedelta(minutes=30), now=then
        )

    quote = await retailer.process.database.run(quoted)
    sold = await placed(
        retailer,
        order(served("pickup", "S1", line("A", 1)), paid=2000) | {"quote": quote.token},
    )

    assert quote.quote.priced.total_minor == 2500
    assert sold["total"] == euro(2000)


async def test_a_quote_is_for_its_lines(retailer: Retailer) -> None:
    """Given a quote of A and B, then it is charged for these in any order, and for nothing else."""
    await retailer.receive("A", S1=5)
    await retailer.receive("B", S1=5)
    quote = await retailer.quote(line("A", 1), line("B", 2))
    token = {"quote": quote["quote"]}

    turned = await placed(
        retailer,
        order(served("pickup", "S1", line("B", 2), line("A", 1)), paid=3000) | token,
    )
    more = await retailer.web.post(
        "/v1/orders", order(served("pickup", "S1", line("A", 2), line("B", 2)), paid=3000) | token
    )
    fewer = await retailer.web.post(
        "/v1/orders", order(served("pickup", "S1", line("A", 1)), paid=2000) | token
    )
    other = await retailer.web.post(
        "/v1/orders",
        order(served("pickup", "S1", line("A", 1), line("B", 2)), paid=3000)
        | token
        | {"customer": "ann"},
    )
    broken = await retailer.web.post(
        "/v1/orders",
        order(served("pickup", "S1", line("A", 1), line("B", 2)), paid=3000) | {"quote": "x.y.z"},
    )

    assert [one["total"] for one in turned["fulfillments"][0]["lines"]] == [euro(1000), euro(2000)]
    assert [answer.json()["type"] for answer in (more, fewer, other)] == [
        "/problems/quote_mismatch"
    ] * 3
    assert (broken.status_code, broken.json()["type"]) == (400, "/problems/quote_not_valid")


async def test_the_same_basket_costs_the_same_everywhere(retailer: Retailer) -> None:
    """Given promotions and taxes, when pos, web and mobile sell one basket, then to the cent alike."""
    body = {"name": "app", "kind": "mobile", "currency": "EUR"}
    assert (await retailer.office.put("/v1/channels/mobile", body)).is_success
    await retailer.caller("app", "channel", channel="mobile")
    await retailer.define(
        VAT_20,
        HALF_OFF_A,
        pricing.Promotion(
            code="3-FOR-2",
            name="Three for two",
            action=pricing.BuyXGetY(buy=2, get=1),
            skus=frozenset({"C"}),
        ),
        pricing.Promotion(
            code="7-OFF",
            name="7 % off",
            action=pricing.Percent(rate_ppm=70_000, level="order"),
        ),
    )
    for sku in ("A", "B", "C"):
        await retailer.receive(sku, S1=50)
    lines = [line("A", 1), line("B", 2), line("C", 4)]
    # 10.00 + 10.00 + 2.97 = 22.97, less 7 % (1.61)
    orders = [
        await placed(retailer, order(served("pickup", "S1", *lines), paid=2136), by=by)
        for by in ("till", "web", "app")
    ]
    quotes = [await retailer.quote(*lines, by=by) for by in ("till", "web", "app")]
    by_quote = [
        await placed(
            retailer,
            order(served("pickup", "S1", *lines), paid=2136)
            | {"quote": quotes[number - 1]["quote"]},
            by=by,
        )
        for number, by in enumerate(("till", "web", "app"))
    ]

    def amounts(sold: dict[str, Any]) -> Any:
        return [
            (one["discounts"], one["tax"], one["total"]) for one in sold["fulfillments"][0]["lines"]
        ], sold["total"]

    assert [amounts(sold) for sold in (*orders, *by_quote)] == [amounts(orders[0])] * 6
    assert {quote["total"]["amount"] for quote in quotes} == {2136}


async def test_cash_is_rounded_and_prices_are_not(retailer: Retailer) -> None:
    """Given 5-cent coins, when 12.43 is paid in cash, then 12.45; back go 5.00, then 7.45."""
    await retailer.prices(A=501, B=742)
    await retailer.define(pricing.Currency(code="EUR", exponent=2, cash_step_minor=5))
    await retailer.receive("A", S1=2)
    await retailer.receive("B", S1=2)
    wanted = served("pickup", "S1", line("A", 1), line("B", 1))

    exact = await retailer.till.post("/v1/orders", order(wanted, paid=1243, by="cash"))
    by_card = await placed(retailer, order(wanted, paid=1243))
    in_cash = await placed(retailer, order(wanted, paid=1245, by="cash"))
    first = await cancelled(retailer, in_cash["id"], (1, 1))
    rest = await cancelled(retailer, in_cash["id"])

    assert exact.json()["type"] == "/problems/tenders_mismatch"
    assert by_card["total"] == in_cash["total"] == euro(1243)
    assert in_cash["tenders"][0]["rounding_minor"] == 2
    assert (refunded(first), refunded(rest)) == (500, 1245)
    assert rest["payment_status"] == "refunded"


async def test_cash_and_card_together(retailer: Retailer) -> None:
    """Given 5-cent coins, when 10.00 of 12.43 is paid by card, then 2.45 is due in cash."""
    await retailer.prices(A=1243)
    await retailer.define(pricing.Currency(code="EUR", exponent=2, cash_step_minor=5))
    await retailer.receive("A", S1=2)
    wanted = {"fulfillments": [served("pickup", "S1", line("A", 1))]}

    sold = await placed(retailer, wanted | {"tenders": tenders(("card", 1000), ("cash", 245))})
    too_exact = await retailer.web.post(
        "/v1/orders", wanted | {"tenders": tenders(("card", 1000), ("cash", 243))}
    )

    assert [one["rounding_minor"] for one in sold["tenders"]] == [0, 2]
    assert too_exact.status_code == 409


async def test_a_price_match_gives_the_difference_back(retailer: Retailer) -> None:
    """Given 2 × 25.00, when matched to 22.00, then 6.00 goes back; one cancelled: 22.00, 22.00 left."""
    await retailer.prices(A=2500)
    await retailer.define(VAT_20)
    await retailer.receive("A", S1=2)
    sold = await placed(retailer, order(served("pickup", "S1", line("A", 2)), paid=5000))
    path = f"/v1/orders/{sold['id']}/price-adjustments"
    body = {
        "reason": "price match: the shop across the street",
        "lines": [{"line": 1, "unit_price": euro(2200)}],
    }

    denied = await retailer.web.post(path, body)
    matched = (await retailer.office.post(path, body)).json()
    again = await retailer.office.post(path, body)
    one_less = await cancelled(retailer, sold["id"], (1, 1))
    timeline = await retailer.office.get(f"/v1/orders/{sold['id']}/timeline")

    assert denied.json()["type"] == "/problems/scope_missing"
    assert refunded(matched) == 600
    assert matched["fulfillments"][0]["lines"][0]["adjusted_total"] == euro(4400)
    assert matched["fulfillments"][0]["lines"][0]["adjusted_tax"] == euro(733)
    assert again.json()["type"] == "/problems/price_not_lower"
    assert refunded(one_less) == 2800
    assert one_less["fulfillments"][0]["lines"][0]["kept"] == euro(2200)
    event = timeline.json()["items"][1]
    assert (event["type"], event["data"]["reason"]) == ("price_adjusted", body["reason"])


async def test_shipping_is_charged_taxed_and_given_back_with_all(retailer: Retailer) -> None:
    """Given 4.90 for shipping and free shipping from 50.00, then it is charged below that only."""
    await retailer.define(
        VAT_20,
        pricing.Promotion(
            code="FREE-SHIP",
            name="Free shipping from 50",
            action=pricing.Shipping(rate_ppm=1_000_000),
            currency="EUR",
            minimum_minor=5000,
        ),
    )
    await retailer.receive("A", WH=9)
    charge = {"shipping": {"price": euro(490)}}

    small = await placed(retailer, order(served("ship", "WH", line("A", 1)), paid=2490) | charge)
    large = await placed(retailer, order(served("ship", "WH", line("A", 3)), paid=6000) | charge)
    gone = await cancelled(retailer, small["id"])

    assert small["shipping"]["total"] == euro(490)
    assert small["tax"] == [{"rate_ppm": 200_000, "net": euro(2075), "tax": euro(415)}]
    assert large["shipping"]["total"] == euro(0)
    assert large["promotions"] == [{"promotion": "FREE-SHIP", "coupon": None, "amount": euro(490)}]
    assert refunded(gone) == 2490


async def test_free_shipping_of_some_goods_is_for_these_and_so_often(retailer: Retailer) -> None:
    """Given free shipping of A for one order, then B's is charged, A's first is free, the next not."""
    await retailer.define(
        pricing.Promotion(
            code="A-SHIPS-FREE",
            name="A ships free, once",
            action=pricing.Shipping(rate_ppm=1_000_000),
            skus=frozenset({"A"}),
            usage_limit=1,
        )
    )
    await retailer.receive("A", WH=9)
    await retailer.receive("B", WH=9)
    charge = {"shipping": {"price": euro(490)}}
    of_a = order(served("ship", "WH", line("A", 1)), paid=2000) | charge

    of_b = await placed(retailer, order(served("ship", "WH", line("B", 1)), paid=990) | charge)
    first = await placed(retailer, of_a)
    second = await retailer.web.post("/v1/orders", of_a)

    assert (of_b["shipping"]["total"], first["shipping"]["total"]) == (euro(490), euro(0))
    assert second.json()["total"] == euro(2490)


async def test_a_coupon_that_is_not_valid_refuses_the_order(retailer: Retailer) -> None:
    """Given a mistyped or expired code, when it is used, then the order is refused and says so."""
    await retailer.define(
        TEN_OFF,
        pricing.Coupon(code="OLD", promotion="TEN-OFF", valid_until=clock.now()),
    )
    await retailer.receive("A", S1=1)
    body = order(served("pickup", "S1", line("A", 1)), paid=2000)

    for code in ("OLD", "NO-SUCH"):
        refused = await retailer.web.post("/v1/orders", body | {"coupons": [{"code": code}]})
        assert (refused.status_code, refused.json()["type"]) == (
            409,
            "/problems/coupon_not_valid",
        )
