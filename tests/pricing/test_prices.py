"""Prices over HTTP: one list per currency, live in every order at once."""

from datetime import UTC, datetime, timedelta

from tests.callers import Retailer, euro, line, order, served


async def test_a_new_price_counts_from_the_next_order_on(retailer: Retailer) -> None:
    """Given 20.00, when the price becomes 17.90, then the next order pays 17.90 and not 20.00."""
    await retailer.receive("A", S1=5)
    wanted = served("carry_out", None, line("A", 1))
    before = await retailer.till.post("/v1/orders", order(wanted, paid=2000, by="cash"))

    await retailer.prices(A=1790)
    old = await retailer.till.post("/v1/orders", order(wanted, paid=2000, by="cash"))
    new = await retailer.till.post("/v1/orders", order(wanted, paid=1790, by="cash"))

    assert (before.status_code, old.status_code, new.status_code) == (201, 409, 201)
    assert old.json()["total"] == euro(1790)


async def test_a_price_of_tomorrow_does_not_count_today(retailer: Retailer) -> None:
    await retailer.receive("A", S1=5)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()

    put = await retailer.office.put(
        "/v1/price-lists/retail/prices",
        {"prices": [{"sku": "A", "price": euro(1), "valid_from": tomorrow}]},
    )
    sale = await retailer.till.post(
        "/v1/orders", order(served("carry_out", None, line("A", 1)), paid=2000, by="cash")
    )
    history = (await retailer.office.get("/v1/price-lists/retail/prices/A")).json()["prices"]

    assert put.json()["outcomes"][0]["refused"] is None
    assert sale.status_code == 201
    assert [step["price"] for step in history] == [euro(2000), euro(1)]


async def test_a_sku_without_a_price_is_not_sold(retailer: Retailer) -> None:
    await retailer.receive("A", S1=5)
    await retailer.prices(A=None)

    sale = await retailer.till.post(
        "/v1/orders", order(served("carry_out", None, line("A", 1)), paid=2000, by="cash")
    )

    assert (sale.status_code, sale.json()["type"]) == (409, "/problems/price_missing")


async def test_one_bad_price_does_not_stop_the_others(retailer: Retailer) -> None:
    put = await retailer.office.put(
        "/v1/price-lists/retail/prices",
        {
            "prices": [
                {"sku": "A", "price": euro(100)},
                {"sku": "NOBODY", "price": euro(100)},
                {"sku": "B", "price": {"amount": 100, "currency": "JPY"}},
            ]
        },
    )

    refused = [outcome["refused"] for outcome in put.json()["outcomes"]]
    assert refused[0] is None
    assert [problem["type"] for problem in refused[1:]] == [
        "/problems/unknown_sku",
        "/problems/other_currency",
    ]


async def test_a_currency_has_one_list(retailer: Retailer) -> None:
    second = await retailer.office.put(
        "/v1/price-lists/other", {"name": "Other", "currency": "EUR"}
    )
    changed = await retailer.office.put(
        "/v1/price-lists/retail", {"name": "Retail", "currency": "CHF"}
    )
    unknown = await retailer.office.put("/v1/price-lists/x", {"name": "X", "currency": "XXQ"})

    assert [second.status_code, changed.status_code, unknown.status_code] == [409, 409, 400]
    lists = (await retailer.office.get("/v1/price-lists")).json()["items"]
    assert [(one["code"], one["currency"]) for one in lists] == [("retail", "EUR")]


async def test_another_process_sees_a_new_price_at_once(retailer: Retailer) -> None:
    """Given a process that has the book already, when another changes it, then it is read anew."""
    await retailer.receive("A", S1=2)
    wanted = served("carry_out", None, line("A", 1))
    assert (
        await retailer.till.post("/v1/orders", order(wanted, paid=2000, by="cash"))
    ).status_code == 201
    version_here = retailer.process.books._book.version

    await retailer.prices(A=1500, B=400)

    assert (
        await retailer.till.post("/v1/orders", order(wanted, paid=1500, by="cash"))
    ).status_code == 201
    assert retailer.process.books._book.version == version_here + 1
