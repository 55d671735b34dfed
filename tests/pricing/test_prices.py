"""Price lists and prices over HTTP: which price is whose, from when, and live in every order at once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from omniretail import catalog, clock
from omniretail.pricing import (
    Basket,
    BasketLine,
    Book,
    BookKeeper,
    PricedBasket,
    Shopper,
    price,
)
from tests.callers import Retailer, euro, line, order, served


async def put_list(retailer: Retailer, code: str, **more: Any) -> httpx.Response:
    """Put a list of prices in euro in place."""
    body = {"name": code, "currency": "EUR"} | more
    return await retailer.office.put(f"/v1/price-lists/{code}", body)


async def set_prices(
    retailer: Retailer, price_list: str, *prices: dict[str, Any]
) -> list[dict[str, Any]]:
    """Set prices in a list; return their outcomes."""
    path = f"/v1/price-lists/{price_list}/prices"
    answer = await retailer.office.put(path, {"prices": prices})
    assert answer.status_code == 200, answer.text
    outcomes: list[dict[str, Any]] = answer.json()["outcomes"]
    return outcomes


async def book_of(retailer: Retailer, keeper: BookKeeper | None = None) -> Book:
    """The book as a process has it that asks now; by default one that has just started."""
    keeper = keeper or BookKeeper()
    async with retailer.process.database.transaction() as tx:
        (version,) = await tx.read(keeper.version())
        return await keeper.at(tx, version)


def costs(
    book: Book,
    sku: str,
    *,
    shopper: Shopper = Shopper(),  # noqa: B008 - it is immutable
    at: datetime | None = None,
    quantities: tuple[int, ...] = (1,),
) -> tuple[int, str | None]:
    """What one unit costs, and by which list, where lines with such quantities are in the basket."""
    lines = tuple(BasketLine(sku, quantity) for quantity in quantities)
    basket = Basket(currency="EUR", lines=lines, shopper=shopper)
    priced = price(book, basket, at or clock.now())
    assert isinstance(priced, PricedBasket)
    return priced.lines[0].unit_price_minor, priced.lines[0].price_list


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


async def test_a_list_keeps_its_currency_and_whether_its_prices_include_tax(
    retailer: Retailer,
) -> None:
    """Given a list in euro, when another one comes in euro, then there are two; neither changes shape."""
    second = await put_list(retailer, "other", name="Other")
    currency = await put_list(retailer, "retail", currency="CHF")
    net = await put_list(retailer, "retail", tax_included=False)
    unknown = await put_list(retailer, "x", currency="XXQ")

    assert [answer.status_code for answer in (second, currency, net, unknown)] == [
        200,
        409,
        409,
        400,
    ]
    assert currency.json()["type"] == net.json()["type"] == "/problems/price_list_shape_fixed"
    lists = (await retailer.office.get("/v1/price-lists")).json()["items"]
    assert [(one["code"], one["currency"], one["tax_included"]) for one in lists] == [
        ("other", "EUR", True),
        ("retail", "EUR", True),
    ]


async def test_a_list_says_for_whom_it_speaks_when_and_why(retailer: Retailer) -> None:
    """Given a list with all it can say, when it is read, then it says it; replaced, it says less."""
    scope = {"customer": "C-1", "customer_group": "gold", "location": "S1", "region": "DE"}
    made = await put_list(
        retailer,
        "winter",
        priority=40,
        tax_included=False,
        scope=scope | {"channel": "web"},
        time_zone="Asia/Jakarta",
        valid_from="2026-12-01T00:00:00",
        valid_until="2026-12-08T00:00:00+01:00",
        override_reason="the shop opens",
    )
    read = await retailer.till.get("/v1/price-lists/winter")
    bare = await put_list(retailer, "winter", tax_included=False)

    assert made.json() == read.json()
    assert read.json() == {
        "code": "winter",
        "name": "winter",
        "currency": "EUR",
        "priority": 40,
        "tax_included": False,
        "scope": scope | {"channel": "web"},
        "time_zone": "Asia/Jakarta",
        "valid_from": "2026-11-30T17:00:00Z",
        "valid_until": "2026-12-07T23:00:00Z",
        "override_reason": "the shop opens",
    }
    assert set(bare.json()["scope"].values()) == {None}
    assert bare.json()["valid_from"] is bare.json()["override_reason"] is None
    nowhere = await retailer.till.get("/v1/price-lists/nowhere")
    assert (nowhere.status_code, nowhere.json()["price_list"]) == (404, "nowhere")


@pytest.mark.parametrize("scope", [{"channel": "web"}, {"location": "S1"}])
async def test_prices_that_differ_by_place_say_why_and_until_when(
    retailer: Retailer, scope: dict[str, str]
) -> None:
    end, reason = {"valid_until": "2099-01-01T00:00:00Z"}, {"override_reason": "clearance"}

    for given in ({}, end, reason):
        refused = await put_list(retailer, "here", scope=scope, **given)
        assert (refused.status_code, refused.json()["type"]) == (
            409,
            "/problems/override_unexplained",
        )
    assert (await put_list(retailer, "here", scope=scope, **end, **reason)).status_code == 200


async def test_a_list_for_a_place_that_is_not_there_is_refused(retailer: Retailer) -> None:
    why = {"valid_until": "2099-01-01T00:00:00Z", "override_reason": "clearance"}

    channel = await put_list(retailer, "x", scope={"channel": "fax"}, **why)
    location = await put_list(retailer, "x", scope={"location": "MOON"}, **why)

    assert (channel.status_code, channel.json()["channel"]) == (404, "fax")
    assert (location.status_code, location.json()["location"]) == (404, "MOON")


async def test_one_price_everywhere_or_a_named_override(retailer: Retailer) -> None:
    """Given 20.00, an override of 18.00 on the web and 17.00 for gold customers, then who pays what.

    Gold customers pay 17.00 everywhere; others 18.00 on the web and 20.00 in the store.
    """
    await put_list(
        retailer,
        "web-only",
        priority=40,
        scope={"channel": "web"},
        override_reason="web week",
        valid_until="2099-01-01T00:00:00Z",
    )
    await put_list(retailer, "gold", priority=50, scope={"customer_group": "gold"})
    await set_prices(retailer, "web-only", {"sku": "A", "price": euro(1800)})
    await set_prices(retailer, "gold", {"sku": "A", "price": euro(1700)})
    book = await book_of(retailer)

    def pays(channel: str, *groups: str) -> tuple[int, str | None]:
        return costs(book, "A", shopper=Shopper(channel=channel, customer_groups=frozenset(groups)))

    assert pays("web", "gold") == pays("pos", "gold") == (1700, "gold")
    assert pays("web") == (1800, "web-only")
    assert pays("pos") == (2000, "retail")
    # A SKU that the other lists say nothing of costs what it costs everywhere.
    assert costs(book, "B", shopper=Shopper(channel="web")) == (500, "retail")


async def test_which_list_decides_among_many(retailer: Retailer) -> None:
    """The highest priority, then the narrowest scope, then the lowest price, then the list's code."""
    for code, group, amount in (("z-gold", "gold", 1800), ("a-staff", "staff", 1900)):
        await put_list(retailer, code, scope={"customer_group": group})
        await set_prices(retailer, code, {"sku": "A", "price": euro(amount)})
    both = Shopper(region="DE", customer_groups=frozenset({"gold", "staff"}))

    assert costs(await book_of(retailer), "A", shopper=both) == (1800, "z-gold")
    await set_prices(retailer, "z-gold", {"sku": "A", "price": euro(1900)})
    assert costs(await book_of(retailer), "A", shopper=both) == (1900, "a-staff")
    await put_list(retailer, "z-gold", scope={"customer_group": "gold", "region": "DE"})
    await set_prices(retailer, "z-gold", {"sku": "A", "price": euro(2100)})
    assert costs(await book_of(retailer), "A", shopper=both) == (2100, "z-gold")
    await put_list(retailer, "retail", priority=1)
    assert costs(await book_of(retailer), "A", shopper=both) == (2000, "retail")


@pytest.mark.parametrize(
    ("time_zone", "since", "until", "first", "end"),
    [
        (
            *("Asia/Jakarta", "2026-12-01T00:00:00", "2026-12-08T00:00:00"),
            *("2026-11-30T17:00:00+00:00", "2026-12-07T17:00:00+00:00"),
        ),
        # A day of 23 hours.
        (
            *("Europe/Amsterdam", "2027-03-28T00:00:00", "2027-03-29T00:00:00"),
            *("2027-03-27T23:00:00+00:00", "2027-03-28T22:00:00+00:00"),
        ),
        # A day of 25 hours; of the hour that the clocks show twice, the first one.
        (
            *("Europe/Amsterdam", "2027-10-31T02:30:00", "2027-11-01T00:00:00"),
            *("2027-10-31T00:30:00+00:00", "2027-10-31T23:00:00+00:00"),
        ),
    ],
)
async def test_a_list_holds_from_its_first_moment_until_before_its_last(
    retailer: Retailer, time_zone: str, since: str, until: str, first: str, end: str
) -> None:
    """Given a sale between two wall-clock times, then it holds at the first and no more at the other."""
    await put_list(
        retailer, "sale", priority=1, time_zone=time_zone, valid_from=since, valid_until=until
    )
    for price_list, amount in (("retail", 2000), ("sale", 1500)):
        begun = {"sku": "A", "price": euro(amount), "valid_from": "2020-01-01T00:00:00Z"}
        await set_prices(retailer, price_list, begun)
    book = await book_of(retailer)
    tick = timedelta(microseconds=1)
    opens, closes = datetime.fromisoformat(first), datetime.fromisoformat(end)

    told = [costs(book, "A", at=at)[1] for at in (opens - tick, opens, closes - tick, closes)]

    assert told == ["retail", "sale", "sale", "retail"]


async def test_an_hour_that_the_clocks_skip_is_refused(retailer: Retailer) -> None:
    skipped = "2027-03-28T02:30:00"

    refused = await put_list(retailer, "x", time_zone="Europe/Amsterdam", valid_from=skipped)
    await put_list(retailer, "x", time_zone="Europe/Amsterdam")
    outcomes = await set_prices(
        retailer,
        "x",
        {"sku": "A", "price": euro(1), "valid_from": skipped},
        {"sku": "A", "price": euro(2), "valid_from": "2027-10-31T02:30:00"},
    )

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/valid_from"
    assert outcomes[0]["refused"]["errors"][0]["pointer"] == "/valid_from"
    assert outcomes[1] == {"sku": "A", "valid_from": "2027-10-31T00:30:00Z", "refused": None}


async def test_a_price_begins_by_the_clocks_of_its_list(retailer: Retailer) -> None:
    """Given 17.90 from midnight in Jakarta, then it is 20.00 at 16:59:59 and 17.90 at 17:00 UTC."""
    await put_list(retailer, "retail", time_zone="Asia/Jakarta")
    midnight = datetime(2099, 1, 1, 17, tzinfo=UTC)
    await set_prices(
        retailer, "retail", {"sku": "A", "price": euro(1790), "valid_from": "2099-01-02T00:00:00"}
    )
    book = await book_of(retailer)

    assert costs(book, "A", at=midnight - timedelta(seconds=1))[0] == 2000
    assert costs(book, "A", at=midnight)[0] == 1790


async def test_the_more_are_bought_the_less_each_costs(retailer: Retailer) -> None:
    """Given 18.00 from 10 and 15.00 from 50 on, then all of a SKU in the basket reach a tier together."""
    tiers = [
        {"from_quantity": 10, "price": euro(1800)},
        {"from_quantity": 50, "price": euro(1500)},
    ]
    await set_prices(retailer, "retail", {"sku": "A", "price": euro(2000), "tiers": tiers})
    book = await book_of(retailer)

    def each(*quantities: int) -> int:
        return costs(book, "A", quantities=quantities)[0]

    assert [each(quantity) for quantity in (1, 9, 10, 49, 50)] == [2000, 2000, 1800, 1800, 1500]
    assert each(5, 5) == 1800
    assert each(4, 5) == 2000
    history = (await retailer.till.get("/v1/price-lists/retail/prices/A")).json()["prices"]
    assert [(step["price"], step["tiers"]) for step in history] == [
        (euro(2000), []),
        (euro(2000), tiers),
    ]


async def test_tiers_that_make_no_sense_are_refused(retailer: Retailer) -> None:
    def tiered(*steps: int) -> dict[str, Any]:
        tiers = [{"from_quantity": least, "price": euro(1)} for least in steps]
        return {"sku": "A", "price": euro(2), "tiers": tiers}

    outcomes = await set_prices(
        retailer, "retail", tiered(2, 2), tiered(10, 5), tiered(5) | {"price": None}, tiered(5)
    )
    other = {"from_quantity": 5, "price": {"amount": 1, "currency": "JPY"}}
    mixed = await retailer.office.put(
        "/v1/price-lists/retail/prices",
        {"prices": [{"sku": "A", "price": euro(2), "tiers": [other]}]},
    )

    pointers = [
        outcome["refused"] and outcome["refused"]["errors"][0]["pointer"] for outcome in outcomes
    ]
    assert pointers == ["/tiers", "/tiers", "/tiers", None]
    assert mixed.status_code == 400
    assert mixed.json()["errors"][0]["pointer"] == "/prices/0/tiers/0/price/currency"


async def test_of_the_same_price_twice_the_last_one_stands(retailer: Retailer) -> None:
    at = "2030-01-01T00:00:00"
    await set_prices(
        retailer,
        "retail",
        {"sku": "A", "price": euro(1), "valid_from": f"{at}Z"},
        {"sku": "A", "price": euro(2), "valid_from": at},
    )

    history = (await retailer.till.get("/v1/price-lists/retail/prices/A")).json()["prices"]
    assert [step["price"] for step in history] == [euro(2000), euro(2)]


async def test_ten_thousand_prices_come_at_once(retailer: Retailer) -> None:
    """Given 10,000 SKUs, when all are priced by one request, then each costs what it says."""
    codes = [f"N{number}" for number in range(10_000)]
    specs = [catalog.SkuSpec(code=code, name=code) for code in codes]
    await retailer.process.database.run(lambda tx: catalog.put_skus(tx, specs, now=clock.now()))

    outcomes = await set_prices(
        retailer,
        "retail",
        *({"sku": code, "price": euro(number)} for number, code in enumerate(codes)),
    )

    assert [outcome["refused"] for outcome in outcomes] == [None] * 10_000
    book = await book_of(retailer)
    assert [costs(book, code)[0] for code in codes] == list(range(10_000))


async def test_two_processes_keep_the_same_book(retailer: Retailer) -> None:
    """Given two processes with the book of before, when lists and prices change, then both see it."""
    one, other = BookKeeper(), BookKeeper()
    before = [await book_of(retailer, keeper) for keeper in (one, other)]

    await asyncio.gather(
        put_list(retailer, "gold", priority=50, scope={"customer_group": "gold"}),
        set_prices(retailer, "retail", {"sku": "A", "price": euro(1900)}),
        set_prices(retailer, "retail", {"sku": "B", "price": euro(450)}),
    )
    await set_prices(retailer, "gold", {"sku": "A", "price": euro(1700)})

    books = [await book_of(retailer, keeper) for keeper in (one, other)]
    assert {book.version for book in books} == {before[0].version + 4}
    for book in (*books, await book_of(retailer)):
        assert costs(book, "A")[0] == 1900
        assert costs(book, "B")[0] == 450
        gold = Shopper(customer_groups=frozenset({"gold"}))
        assert costs(book, "A", shopper=gold) == (1700, "gold")


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
