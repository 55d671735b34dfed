"""Goods come back anywhere: what the sale stored goes back, to the cent, wherever and in any order."""

import asyncio
import random
from datetime import UTC, datetime

import pytest

from omniretail import pricing
from tests.callers import Retailer, euro, line
from tests.returns.bringing import back, sale_now, shipped, taken, till_at, units

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
VAT_20 = pricing.TaxRate(tax_class="standard", valid_from=LONG_AGO, rate_ppm=200_000)
TEN_OFF = pricing.Promotion(
    code="TEN-OFF",
    name="Ten euro off",
    action=pricing.Amount(amount_minor=1000, level="order"),
    currency="EUR",
    coupon_only=True,
)
ONCE = pricing.Coupon(code="ONCE", promotion="TEN-OFF", usage_limit=1)
QUARTER_OFF = pricing.Promotion(
    code="QUARTER", name="A quarter off", action=pricing.Percent(rate_ppm=250_000)
)


async def test_18_a_return_does_not_cheapen_the_rest(retailer: Retailer) -> None:
    """A 60.00 and B 40.00 less 10.00: B goes back for 36.00, A stays 54.00, and goes for 54.00."""
    await retailer.define(VAT_20, TEN_OFF, ONCE)
    await retailer.prices(A=6000, B=4000)
    await retailer.receive("A", WH=1)
    await retailer.receive("B", WH=1)
    sale = await shipped(
        retailer, line("A", 1), line("B", 1), paid=9000, coupons=[{"code": "ONCE"}]
    )
    s2, s3 = await till_at(retailer, "S2"), await till_at(retailer, "S3")

    first = await taken(await s2.post("/v1/returns", back(sale, units(2))))
    between = await sale_now(retailer, sale)
    second = await taken(await s3.post("/v1/returns", back(sale, units(1))))

    assert (first["refunded"], first["refunded_tax"]) == (euro(3600), euro(600))
    kept = [one["kept"]["amount"] for part in between["fulfillments"] for one in part["lines"]]
    assert kept == [5400, 0]
    assert (between["payment_status"], between["return_status"]) == ("partly_refunded", "part")
    assert (second["refunded"], second["refunded_tax"]) == (euro(5400), euro(900))
    after = await sale_now(retailer, sale)
    assert after["tenders"][0]["refunded"] == euro(9000)
    assert (after["payment_status"], after["return_status"]) == ("refunded", "full")


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_19_ten_partial_returns_lose_no_cent(retailer: Retailer, seed: int) -> None:
    """10 × 23.90 less 25 % is 179.25 with VAT 29.88; one at a time, at any store, and no eleventh."""
    await retailer.define(
        pricing.Currency(code="EUR", exponent=2, rounding="half_down"), VAT_20, QUARTER_OFF
    )
    await retailer.prices(A=2390)
    await retailer.receive("A", WH=10)
    sale = await shipped(retailer, line("A", 10), paid=17925)
    assert [one["tax"] for one in sale["tax"]] == [euro(2988)]
    tills = [await till_at(retailer, code) for code in ("S1", "S2", "S3")]

    amounts, taxes = [], []
    for _ in range(10):
        till = random.Random(seed).choice(tills)
        made = await taken(await till.post("/v1/returns", back(sale, units(1))))
        amounts.append(made["refunded"]["amount"])
        taxes.append(made["refunded_tax"]["amount"])
    eleventh = await tills[0].post("/v1/returns", back(sale, units(1)))

    assert sorted(amounts) == [1792] * 5 + [1793] * 5
    assert sorted(taxes) == [298] * 2 + [299] * 8
    assert (sum(amounts), sum(taxes)) == (17925, 2988)
    assert (eleventh.status_code, eleventh.json()["type"]) == (409, "/problems/already_returned")


async def test_21_bought_online_returned_where_it_was_never_sold(retailer: Retailer) -> None:
    """3 × 30.00 from WH: S2, which never had A, takes 3; one is damaged, and graded again later."""
    await retailer.prices(A=3000)
    await retailer.receive("A", WH=3)
    sale = await shipped(retailer, line("A", 3), paid=9000)
    s2, s3 = await till_at(retailer, "S2"), await till_at(retailer, "S3")

    answers = await asyncio.gather(
        s2.post("/v1/returns", back(sale, units(1, 3, sellable=2, damaged=1))),
        s3.post("/v1/returns", back(sale, units(1, 3))),
    )

    won = [answer.status_code for answer in answers]
    assert sorted(won) == [201, 409]
    assert [one.json()["type"] for one in answers if one.status_code == 409] == [
        "/problems/already_returned"
    ]
    place = "S2" if won[0] == 201 else "S3"
    made = next(one.json() for one in answers if one.status_code == 201)
    assert made["refunded"] == euro(9000)
    assert (await retailer.level("A", "WH"))[0] == 0
    if place == "S3":  # the other one won: all three are sellable there
        assert await retailer.level("A", "S3") == (3, 0, 3)
        return
    assert await retailer.level("A", "S2") == (3, 0, 2)
    graded = await s2.post(
        f"/v1/returns/{made['id']}/dispositions",
        {"line": 1, "quantity": 1, "from_disposition": "damaged", "to_disposition": "sellable"},
    )
    assert graded.status_code == 200, graded.text
    assert await retailer.level("A", "S2") == (3, 0, 3)


async def test_receiving_does_not_force_paying_back(retailer: Retailer) -> None:
    """S2 has the goods back today; the office pays them back tomorrow."""
    await retailer.receive("A", WH=2)
    sale = await shipped(retailer, line("A", 2), paid=4000)
    s2 = await till_at(retailer, "S2")

    made = await taken(await s2.post("/v1/returns", back(sale, units(1, 2), refunded=False)))
    assert (made["state"], made["refunded"]) == ("received", euro(0))
    assert (await sale_now(retailer, sale))["payment_status"] == "paid"
    paid = await taken(await retailer.office.post(f"/v1/returns/{made['id']}/refund", {}), 200)

    assert (paid["state"], paid["refunded"]) == ("refunded", euro(4000))
