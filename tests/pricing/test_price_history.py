"""The history of prices over HTTP, and the lowest of thirty days that a reduction is announced beside."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from omniretail import clock, pricing
from omniretail.db import Transaction
from omniretail.errors import Invalid
from tests.callers import EUR, Retailer, euro

NOW = clock.now()


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


async def set_price(
    retailer: Retailer,
    amount_minor: int | None,
    *,
    ago_days: float,
    since_days: float | None = None,
    price_list: str = "retail",
    sku: str = "A",
) -> None:
    """Set a price, of A unless told, as it was done so many days ago, from then on or another day on."""
    begins = ago(ago_days if since_days is None else since_days)
    price = pricing.NewPrice(
        price_list=price_list,
        sku=sku,
        amount_minor=amount_minor,
        currency=None,
        valid_from=begins,
    )
    (outcome,) = await retailer.process.database.run(
        lambda tx: pricing.set_prices(tx, [price], now=ago(ago_days))
    )
    assert isinstance(outcome, pricing.NewPrice), outcome


async def put_promotion(retailer: Retailer, *, ago_days: float, **more: Any) -> None:
    """State a promotion of 10 % as it was done so many days ago."""
    promotion = pricing.Promotion(
        code="ten", name="Ten", action=pricing.Percent(rate_ppm=100_000), **more
    )
    await retailer.process.database.run(
        lambda tx: pricing.put_promotion(tx, promotion, now=ago(ago_days))
    )


async def history(retailer: Retailer, **query: Any) -> dict[str, Any]:
    """The price history of A until just before the retailer of the tests opened, unless told."""
    query = {"sku": "A", "currency": EUR, "until": NOW.isoformat()} | query
    response = await retailer.till.get("/v1/price-history", **query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def lowest(retailer: Retailer, *skus: str, **query: Any) -> dict[str, int]:
    """The lowest prices of SKUs in the thirty days before the retailer of the tests opened."""
    asked = {"currency": EUR, "region": None, "days": 30, "until": NOW} | query
    return await retailer.process.database.run(
        lambda tx: pricing.lowest_prices(tx, skus, **asked, books=retailer.process.books)
    )


def changes(found: dict[str, Any]) -> list[tuple[float, int | None]]:
    """(Days ago, cents) of each price of a history."""
    return [
        (
            round((NOW - datetime.fromisoformat(one["since"])) / timedelta(days=1), 3),
            one["price"] and one["price"]["amount"],
        )
        for one in found["prices"]
    ]


async def test_the_lowest_of_thirty_days_is_named_beside_todays_price(retailer: Retailer) -> None:
    """Given 49.90, five days at 39.90 and now 44.90, then the lowest of thirty days is 39.90."""
    await set_price(retailer, 4990, ago_days=90)
    await set_price(retailer, 3990, ago_days=20)
    await set_price(retailer, 4490, ago_days=15)

    found = await history(retailer)

    assert changes(found) == [(30, 4990), (20, 3990), (15, 4490)]
    assert found["lowest"] == found["prices"][1]
    assert found["lowest"]["price"] == euro(3990)
    assert found["lowest"]["price_list"] == "retail"
    assert await lowest(retailer, "A") == {"A": 3990}


async def test_what_was_cheap_before_the_thirty_days_does_not_count(retailer: Retailer) -> None:
    await set_price(retailer, 100, ago_days=50)
    await set_price(retailer, 4990, ago_days=31)

    found = await history(retailer, days=60)

    assert changes(found) == [(60, None), (50, 100), (31, 4990)]
    assert found["lowest"]["price"] == euro(4990)


async def test_the_lowest_prices_of_several_skus_are_told_at_once(retailer: Retailer) -> None:
    """Each by its own history; what is unknown, or was not for sale in that time, is left out."""
    await set_price(retailer, 4990, ago_days=90)
    await set_price(retailer, 3990, ago_days=20)
    await set_price(retailer, 4490, ago_days=15)
    await set_price(retailer, 700, ago_days=40, sku="B")
    await set_price(retailer, None, ago_days=25, sku="B")
    await set_price(retailer, 90, ago_days=40, sku="C")
    await set_price(retailer, None, ago_days=31, sku="C")

    assert await lowest(retailer, "B", "A", "NOBODY", "C", "A") == {"A": 3990, "B": 700}
    assert await lowest(retailer, "A", "B", "C", days=10) == {"A": 4490}
    assert await lowest(retailer, "A", "B", "C", days=60) == {"A": 3990, "B": 700, "C": 90}
    assert await lowest(retailer, "A", currency="USD") == {}
    assert await lowest(retailer) == {}


async def test_a_kit_has_a_lowest_price_of_its_own(retailer: Retailer) -> None:
    """Given a kit of two A, only what was asked for is told."""
    kit = {"name": "Pair", "components": [{"sku": "A", "quantity": 2}]}
    put = await retailer.office.put("/v1/skus/PAIR", kit)
    assert put.is_success, put.text
    await set_price(retailer, 4990, ago_days=90)
    await set_price(retailer, 8990, ago_days=90, sku="PAIR")

    assert await lowest(retailer, "PAIR") == {"PAIR": 8990}


@pytest.mark.parametrize(
    "query", [{"currency": "XAU"}, {"until": datetime(1, 1, 1, tzinfo=NOW.tzinfo)}]
)
async def test_the_lowest_prices_are_refused_as_the_history_is(
    retailer: Retailer, query: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        await lowest(retailer, "A", **query)


async def test_the_reduction_itself_does_not_count(retailer: Retailer) -> None:
    """Given 49.90 and a reduction to 29.90 since ten days ago, before it the lowest was 49.90."""
    await set_price(retailer, 4990, ago_days=90)
    await set_price(retailer, 2990, ago_days=10)

    assert (await history(retailer, until=ago(10).isoformat()))["lowest"]["price"] == euro(4990)
    assert (await history(retailer))["lowest"]["price"] == euro(2990)


async def test_an_overwritten_price_was_charged_all_the_same(retailer: Retailer) -> None:
    """Given 39.90 from day 20 on, when ten days later it is overwritten from day 20 on, both held."""
    await set_price(retailer, 3990, ago_days=20)
    await set_price(retailer, 4490, ago_days=10, since_days=20)

    found = await history(retailer)

    assert changes(found) == [(30, None), (20, 3990), (10, 4490)]
    assert found["lowest"]["price"] == euro(3990)


async def test_a_price_set_for_the_past_holds_from_when_it_was_set(retailer: Retailer) -> None:
    await set_price(retailer, 4990, ago_days=40)
    await set_price(retailer, 100, ago_days=3, since_days=25)
    await set_price(retailer, 4990, ago_days=2)

    assert changes(await history(retailer)) == [(30, 4990), (3, 100), (2, 4990)]


async def test_a_price_set_beforehand_holds_from_when_it_begins(retailer: Retailer) -> None:
    await set_price(retailer, 4990, ago_days=80)
    await set_price(retailer, 3990, ago_days=70, since_days=12)

    assert changes(await history(retailer)) == [(30, 4990), (12, 3990)]


async def test_an_ended_sale_costs_nothing_that_could_be_lowest(retailer: Retailer) -> None:
    await set_price(retailer, 4990, ago_days=80)
    await set_price(retailer, None, ago_days=25)

    found = await history(retailer)
    without = await history(retailer, sku="B")

    assert changes(found) == [(30, 4990), (25, None)]
    assert found["lowest"]["price"] == euro(4990)
    assert (changes(without), without["lowest"]) == ([(30, None)], None)


async def test_a_promotion_of_three_days_counts(retailer: Retailer) -> None:
    await set_price(retailer, 5000, ago_days=80)
    await put_promotion(
        retailer, ago_days=60, skus=frozenset({"A"}), valid_from=ago(9), valid_until=ago(6)
    )

    found = await history(retailer)

    assert changes(found) == [(30, 5000), (9, 4500), (6, 5000)]
    assert found["lowest"]["price"] == euro(4500)
    assert found["lowest"]["promotions"] == ["ten"]
    assert await lowest(retailer, "A") == {"A": 4500}


async def test_a_withdrawn_promotion_has_held_until_then(retailer: Retailer) -> None:
    """Given a promotion stated twenty days ago and archived ten days later, it held for ten days."""
    await set_price(retailer, 5000, ago_days=80)
    await put_promotion(retailer, ago_days=20)
    await put_promotion(retailer, ago_days=10, status="archived")

    assert changes(await history(retailer)) == [(30, 5000), (20, 4500), (10, 5000)]


async def test_what_is_planned_can_be_asked_for_beforehand(retailer: Retailer) -> None:
    """Given 20.00 now and 15.00 from next week on, then in two weeks the lowest is 15.00."""
    await set_price(retailer, 1500, ago_days=1, since_days=-7)

    found = await history(retailer, until=ago(-14).isoformat(), days=1)

    assert [one["price"] for one in found["prices"]] == [euro(1500)]
    assert found["lowest"]["price"] == euro(1500)
    assert (await history(retailer, until=ago(-5).isoformat()))["lowest"]["price"] == euro(2000)


async def test_until_is_now_unless_told(retailer: Retailer) -> None:
    """Given prices that were set through the API just now, then they are in the history of today."""
    await retailer.prices(A=1800)

    response = await retailer.web.get("/v1/price-history", sku="A", currency=EUR)

    found = response.json()
    assert [one["price"] for one in found["prices"]] == [None, euro(2000), euro(1800)]
    assert found["lowest"]["price"] == euro(1800)


async def test_lists_for_some_are_no_part_of_it(retailer: Retailer) -> None:
    await set_price(retailer, 5000, ago_days=80)
    gold = {"name": "Gold", "currency": EUR, "priority": 9, "scope": {"customer_group": "gold"}}
    austria = {"name": "Austria", "currency": EUR, "scope": {"region": "AT"}}
    for code, body in (("gold", gold), ("austria", austria)):
        put = await retailer.office.put(f"/v1/price-lists/{code}", body)
        assert put.status_code == 200, put.text
    await set_price(retailer, 100, ago_days=20, price_list="gold")
    await set_price(retailer, 4800, ago_days=20, price_list="austria")

    assert changes(await history(retailer)) == [(30, 5000)]
    assert changes(await history(retailer, region="AT")) == [(30, 5000), (20, 4800)]
    assert await lowest(retailer, "A") == {"A": 5000}
    assert await lowest(retailer, "A", region="AT") == {"A": 4800}


async def test_a_list_that_was_for_all_once_counts_while_it_was(retailer: Retailer) -> None:
    """Given a sale for everybody, from day 20 on for gold only, until then it was everybody's price."""
    sale = pricing.PriceList(code="sale", name="Sale", currency=EUR, priority=1)
    gold = structs.replace(sale, scope=pricing.Scope(customer_group="gold"))
    for at, stated in ((60, sale), (20, gold)):
        await retailer.process.database.run(
            lambda tx, at=at, stated=stated: pricing.put_price_list(tx, stated, now=ago(at))  # type: ignore[misc]
        )
    await set_price(retailer, 5000, ago_days=80)
    await set_price(retailer, 4000, ago_days=60, price_list="sale")

    assert changes(await history(retailer)) == [(30, 4000), (20, 5000)]
    assert await lowest(retailer, "A") == {"A": 4000}


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_read_is_all_that_matters(retailer: Retailer, seed: int) -> None:
    """Prices, lists and promotions at random: any window is a part of the history of all days."""
    chance = random.Random(seed)
    await retailer.process.database.run(lambda tx: _stated_at_random(tx, chance))
    whole = await history(retailer, until=ago(-60).isoformat(), days=366)
    for _ in range(20):
        until, days = chance.randint(-60, 200) + 0.5, chance.randint(1, 90)
        found = await history(retailer, until=ago(until).isoformat(), days=days)
        told = [(at, amount) for at, amount in changes(whole) if at > until]
        within = [(at, amount) for at, amount in told if at < until + days]
        (_, first) = [one for one in told if one[0] >= until + days][-1]
        assert changes(found) == [(until + days, first), *within]
        held = [amount for at, amount in told if at < until + 30]
        held += [[amount for at, amount in told if at >= until + 30][-1]]
        least = min((amount for amount in held if amount is not None), default=None)
        assert (found["lowest"] and found["lowest"]["price"]["amount"]) == least
        told_at_once = await lowest(retailer, "A", until=ago(until))
        assert told_at_once == ({} if least is None else {"A": least})


async def _stated_at_random(tx: Transaction, chance: random.Random) -> None:
    for day in sorted((chance.randint(-50, 250) for _ in range(60)), reverse=True):
        begins = ago(day if chance.random() < 0.3 else day - chance.randint(-60, 60))
        ends = begins + timedelta(days=chance.randint(1, 40))
        match chance.randint(0, 4):
            case 0:
                sale = pricing.PriceList(
                    code="sale",
                    name="Sale",
                    currency=EUR,
                    priority=chance.choice([-1, 1]),
                    valid_from=begins,
                    valid_until=ends,
                )
                await pricing.put_price_list(tx, sale, now=ago(day))
            case 1:
                ten = pricing.Promotion(
                    code="ten",
                    name="Ten",
                    action=pricing.Percent(rate_ppm=100_000),
                    status=chance.choice(["active", "active", "archived"]),
                    valid_from=begins,
                    valid_until=ends,
                )
                await pricing.put_promotion(tx, ten, now=ago(day))
            case _:
                price = pricing.NewPrice(
                    price_list=chance.choice(["retail", "sale"]),
                    sku="A",
                    amount_minor=chance.choice([None, *range(1000, 1010)]),
                    currency=None,
                    valid_from=begins,
                )
                await pricing.set_prices(tx, [price], now=ago(day))


@pytest.mark.parametrize(
    ("query", "status", "problem"),
    [
        ({"sku": "NOBODY"}, 404, "unknown_sku"),
        ({"currency": "XAU"}, 400, "invalid"),
        ({"currency": "euro"}, 400, None),
        ({"days": 0}, 400, None),
        ({"days": 367}, 400, None),
        ({"until": "2026-01-01T00:00:00"}, 400, "invalid"),
        ({"until": "yesterday"}, 400, None),
        ({"until": "0001-01-01T00:00:00Z"}, 400, "invalid"),
        ({"until": "9999-12-31T23:59:59Z"}, 400, "invalid"),
        ({"until": "0001-01-01T00:00:00+14:00"}, 400, "invalid"),
        ({"region": "\x00"}, 400, None),
    ],
)
async def test_what_is_refused(
    retailer: Retailer, query: dict[str, Any], status: int, problem: str | None
) -> None:
    response = await retailer.till.get(
        "/v1/price-history", **({"sku": "A", "currency": EUR} | query)
    )

    assert response.status_code == status, response.text
    assert problem is None or response.json()["type"] == f"/problems/{problem}"


async def test_the_calendars_ends_have_a_history_too(retailer: Retailer) -> None:
    for until in ("1900-01-01T00:00:00Z", "9999-01-01T00:00:00Z"):
        await put_promotion(
            retailer,
            ago_days=1,
            hours=pricing.Hours(time_zone="Pacific/Kiritimati", days=(1, 2)),
        )
        found = await history(retailer, until=until, days=366)
        assert found["prices"]
