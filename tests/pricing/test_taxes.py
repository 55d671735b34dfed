"""Tax rates, and how currencies are kept: put in place, read, and what prices make of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from omniretail import clock, pricing
from omniretail.errors import DomainError
from omniretail.pricing import (
    Basket,
    BasketLine,
    Book,
    PricedBasket,
    Shopper,
    TaxRateMissing,
    price,
)
from tests.callers import Retailer, euro, line, order, served
from tests.pricing.test_prices import book_of, put_list, set_prices

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


def rate(
    tax_class: str, ppm: int, *, region: str = "", since: str = "2020-01-01T00:00:00Z"
) -> dict[str, Any]:
    """A tax rate on the wire."""
    return {"tax_class": tax_class, "region": region, "rate_ppm": ppm, "valid_from": since}


async def put_rates(retailer: Retailer, *rates: dict[str, Any]) -> httpx.Response:
    """Set tax rates."""
    return await retailer.office.put("/v1/tax-rates", {"rates": rates})


async def put_currency(retailer: Retailer, code: str, **body: Any) -> httpx.Response:
    """Say how a currency is kept."""
    return await retailer.office.put(f"/v1/currencies/{code}", body)


def priced(
    book: Book,
    *lines: BasketLine,
    region: str | None = None,
    at: datetime | None = None,
    currency: str = "EUR",
) -> PricedBasket | DomainError:
    """A basket at its prices, in a region."""
    basket = Basket(currency=currency, lines=lines, shopper=Shopper(region=region))
    return price(book, basket, at or clock.now())


def tax(book: Book, line: BasketLine, **more: Any) -> int:
    """What part of a line's price is tax."""
    found = priced(book, line, **more)
    assert isinstance(found, PricedBasket), found
    return found.lines[0].tax_minor


async def test_a_region_has_its_own_rate_or_that_of_every_other(retailer: Retailer) -> None:
    """Given 19 % in general and 21 % in the Netherlands, then 20.00 holds 3.19, there 3.47."""
    put = await put_rates(
        retailer, rate("standard", 190_000), rate("standard", 210_000, region="NL")
    )
    book = await book_of(retailer)

    assert put.status_code == 200
    assert tax(book, BasketLine("A", 1)) == tax(book, BasketLine("A", 1), region="DE") == 319
    assert tax(book, BasketLine("A", 1), region="NL") == 347


async def test_a_rate_holds_until_the_next_one_begins(retailer: Retailer) -> None:
    """Given 20 % that become 10 % with the new year, then the last moment of the old one bears 20 %."""
    await set_prices(
        retailer,
        "retail",
        {"sku": "A", "price": euro(2000), "valid_from": "2020-01-01T00:00:00Z"},
    )
    await put_rates(
        retailer,
        rate("standard", 200_000),
        rate("standard", 100_000, since="2027-01-01T01:00:00+01:00"),
    )
    book = await book_of(retailer)

    assert tax(book, BasketLine("A", 3), at=NEW_YEAR - timedelta(microseconds=1)) == 1000
    assert tax(book, BasketLine("A", 3), at=NEW_YEAR) == 545


async def test_a_class_without_a_rate_is_not_sold(retailer: Retailer) -> None:
    """Given no rates at all, nothing is taxed; given one, what is sold must have one."""
    untaxed = await book_of(retailer)
    await put_rates(retailer, rate("standard", 200_000), rate("zero", 0))
    book = await book_of(retailer)
    tea = BasketLine("A", 1, tax_class="reduced")

    assert tax(untaxed, tea) == 0
    missing = priced(book, tea, region="AT")
    assert isinstance(missing, TaxRateMissing)
    assert missing.fields == {"tax_class": "reduced", "region": "AT"}
    assert tax(book, BasketLine("A", 1, tax_class="zero")) == 0


async def test_a_rate_that_was_wrong_is_put_right(retailer: Retailer) -> None:
    await put_rates(retailer, rate("standard", 20_000), rate("reduced", 70_000, region="DE"))
    later = "2030-01-01T00:00:00Z"
    put = await put_rates(
        retailer, rate("standard", 200_000), rate("standard", 210_000, since=later)
    )

    assert [one["rate_ppm"] for one in put.json()["items"]] == [200_000, 210_000]
    assert (await retailer.till.get("/v1/tax-rates")).json()["items"] == [
        rate("reduced", 70_000, region="DE"),
        rate("standard", 200_000),
        rate("standard", 210_000, since=later),
    ]
    assert tax(await book_of(retailer), BasketLine("A", 3)) == 1000


async def test_of_tax_rates_all_are_set_or_none(retailer: Retailer) -> None:
    refused = await put_rates(
        retailer,
        rate("standard", 200_000),
        rate("reduced", 70_000, since="0001-01-01T00:00:00Z"),
    )

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/rates/1/valid_from"
    assert (await retailer.till.get("/v1/tax-rates")).json()["items"] == []


async def test_a_currency_is_kept_as_iso_4217_has_it_unless_the_retailer_says(
    retailer: Retailer,
) -> None:
    iso = await retailer.till.get("/v1/currencies/IDR")
    put = await put_currency(
        retailer, "IDR", exponent=0, cash_step=100, rounding="half_even", tax_per="unit"
    )
    read = await retailer.till.get("/v1/currencies/IDR")
    await put_currency(retailer, "CHF", cash_step=5)
    unknown = await put_currency(retailer, "XAU")

    assert iso.json() == {
        "code": "IDR",
        "exponent": 2,
        "cash_step": 1,
        "rounding": "half_up",
        "tax_per": "line",
    }
    assert put.json() == read.json()
    assert read.json() == {
        "code": "IDR",
        "exponent": 0,
        "cash_step": 100,
        "rounding": "half_even",
        "tax_per": "unit",
    }
    listed = (await retailer.till.get("/v1/currencies")).json()["items"]
    assert [(one["code"], one["exponent"], one["cash_step"]) for one in listed] == [
        ("CHF", 2, 5),
        ("IDR", 0, 100),
    ]
    assert (unknown.status_code, unknown.json()["currency"]) == (404, "XAU")
    assert (await retailer.till.get("/v1/currencies/ZZZ")).status_code == 404


async def test_taxes_round_as_their_currency_is_kept(retailer: Retailer) -> None:
    """Given 9.99 with 20 % in it, then the net is 8.33, and 8.32 where half goes to the even one.

    And 3 × 1.08 with 19 % on top is 3.86, or 3.87 where each unit is rounded by itself.
    """
    await put_rates(retailer, rate("standard", 200_000), rate("reduced", 190_000))
    await put_list(retailer, "net", priority=1, tax_included=False)
    await retailer.prices(A=999)
    body = {"prices": [{"sku": "B", "price": euro(108)}]}
    await retailer.office.put("/v1/price-lists/net/prices", body)
    soap = BasketLine("B", 3, tax_class="reduced")

    def totals(book: Book) -> tuple[int, int]:
        found = priced(book, BasketLine("A", 1), soap)
        assert isinstance(found, PricedBasket)
        return found.lines[0].net_minor, found.lines[1].total_minor

    assert totals(await book_of(retailer)) == (833, 386)
    await put_currency(retailer, "EUR", rounding="half_even", tax_per="unit")
    assert totals(await book_of(retailer)) == (832, 387)


async def test_a_law_that_rounds_the_tax_up_lets_halves_of_the_net_go_down(
    retailer: Retailer,
) -> None:
    """Given 10 × 23.90 less 25 % with 20 % in it, and halves that go down, then 29.88 are tax."""
    await put_rates(retailer, rate("standard", 200_000))
    await put_currency(retailer, "EUR", rounding="half_down")
    await retailer.prices(A=2390)
    await retailer.receive("A", S1=10)
    await retailer.define(
        pricing.Promotion(
            code="quarter", name="A quarter off", action=pricing.Percent(rate_ppm=250_000)
        )
    )

    quoted = await retailer.quote(line("A", 10))
    sold = await retailer.web.post(
        "/v1/orders", order(served("pickup", "S1", line("A", 10)), paid=17_925)
    )

    tax = [{"rate_ppm": 200_000, "net": euro(14_937), "tax": euro(2988)}]
    assert (quoted["rounding"], quoted["tax"]) == ("half_down", tax)
    assert (sold.json()["rounding"], sold.json()["tax"]) == ("half_down", tax)
    assert sold.json()["total"] == euro(17_925)
    assert (await retailer.till.get("/v1/currencies/EUR")).json()["rounding"] == "half_down"
    assert (await put_currency(retailer, "EUR", rounding="down")).status_code == 400


async def test_an_exponent_changes_while_no_amount_stands_in_the_currency(
    retailer: Retailer,
) -> None:
    """Given a price in rupiah with 2 decimals, when they shall have none, then it is refused."""
    before = await put_currency(retailer, "IDR", exponent=0)
    back = await put_currency(retailer, "IDR", exponent=2)
    await put_list(retailer, "jakarta", currency="IDR")
    without_prices = await put_currency(retailer, "IDR", exponent=0)
    money = {"amount": 15_000, "currency": "IDR"}
    await retailer.office.put(
        "/v1/price-lists/jakarta/prices", {"prices": [{"sku": "A", "price": money}]}
    )
    refused = await put_currency(retailer, "IDR", exponent=2)
    by_default = await put_currency(retailer, "IDR")
    step = await put_currency(retailer, "IDR", exponent=0, cash_step=100)

    assert [answer.status_code for answer in (before, back, without_prices)] == [200] * 3
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/currency_in_use")
    assert (refused.json()["currency"], refused.json()["exponent"]) == ("IDR", 0)
    assert by_default.status_code == 409
    assert step.json()["cash_step"] == 100


async def test_promotions_and_costs_are_amounts_too(retailer: Retailer) -> None:
    promotion = pricing.Promotion(
        code="off", name="Off", action=pricing.Amount(amount_minor=500), currency="CHF"
    )
    await retailer.process.database.run(
        lambda tx: pricing.put_promotion(tx, promotion, now=clock.now())
    )
    cost = {"amount": "105", "currency": "JPY"}
    goods = {"sku": "A", "location": "S1", "quantity": 1, "unit_cost": cost}
    received = await retailer.office.post("/v1/stock/receipts", {"lines": [goods]})
    assert received.json()["outcomes"][0]["status"] == "booked"

    for code, exponent in (("CHF", 3), ("JPY", 2)):
        refused = await put_currency(retailer, code, exponent=exponent)
        assert refused.json()["type"] == "/problems/currency_in_use", code
    assert (await put_currency(retailer, "SEK", exponent=0)).status_code == 200


async def test_an_order_fixes_the_exponent_of_its_currency(retailer: Retailer) -> None:
    """Given an order in kroner at a price of its own and no price at all, then they keep 2 decimals."""
    await retailer.office.put(
        "/v1/channels/oslo", {"name": "Oslo", "kind": "web", "currency": "NOK", "region": "NO"}
    )
    await retailer.receive("A", S1=1)
    money = {"amount": 5000, "currency": "NOK"}
    wanted = served("pickup", "S1", line("A", 1, unit_price=money, price_reason="a gift"))
    body = order(wanted, paid=0) | {
        "channel": "oslo",
        "tenders": [{"type": "card", "amount": money, "reference": "p-1"}],
    }
    assert (await retailer.office.post("/v1/orders", body)).status_code == 201

    assert (await put_currency(retailer, "NOK", exponent=0)).status_code == 409


@pytest.mark.parametrize("scope", ["prices:read", "catalog:write"])
async def test_taxes_and_currencies_need_the_scope_of_prices(
    retailer: Retailer, scope: str
) -> None:
    clerk = await retailer.caller("clerk", "integration", scopes=frozenset({scope}))

    for path, body in (
        ("/v1/tax-rates", {"rates": [rate("standard", 0)]}),
        ("/v1/currencies/EUR", {}),
    ):
        refused = await clerk.put(path, body)
        assert (refused.status_code, refused.json()["scope"]) == (403, "prices:write")
