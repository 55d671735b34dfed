"""Sourced orders among many, over real connections, to two server processes: nothing goes twice."""

import asyncio
import os
import random
from collections import Counter
from typing import Any

import httpx

from tests.callers import Caller, Retailer, euro, line, order, served
from tests.live import Live, serving
from tests.orders.buying import HOME

BASKETS = 10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 300
AT_ONCE = 64
PLACES = ("S1", "S2", "S3", "S4", "WH")
SKUS = [f"SKU-{number:02}" for number in range(40)]


def statuses(answers: list[httpx.Response]) -> dict[int, int]:
    return dict(Counter(answer.status_code for answer in answers))


async def put(retailer: Retailer, path: str, **stated: Any) -> None:
    answer = await retailer.office.put(path, stated)
    assert answer.is_success, answer.text


async def everywhere(retailer: Retailer) -> None:
    """Have every location ship, and S1 be where the customers live."""
    offers = ["ship", "pickup", "carry_out"]
    near = {"S1": (52.52, 13.4), "S2": (53.55, 10.0), "S3": (48.14, 11.58), "WH": (51.34, 12.37)}
    for code, (latitude, longitude) in near.items():
        await put(
            retailer,
            f"/v1/locations/{code}",
            name=code,
            kind="warehouse" if code == "WH" else "store",
            capabilities=offers[:1] if code == "WH" else offers,
            latitude=latitude,
            longitude=longitude,
        )


async def levels(retailer: Retailer, sku: str, *places: str) -> dict[str, int]:
    """How many are allocated, by location."""
    return {place: (await retailer.level(sku, place))[1] for place in places}


async def test_the_last_unit_of_the_nearest_store(retailer: Retailer, live: Live) -> None:
    """Given one unit in the nearest store and plenty elsewhere, when 30 want one, then all are served."""
    await everywhere(retailer)
    await put(retailer, "/v1/sourcing-policies/web", rules=["proximity"])
    await retailer.receive("A", S1=1, S2=40, WH=20)
    wanted = order(served("ship", None, line("A", 1)), paid=2000) | {"ship_to": HOME}
    web, office = live.caller(retailer.web), live.caller(retailer.office)

    answers = await asyncio.gather(
        *(
            caller.post("/v1/orders", wanted | more)
            for _ in range(15)
            for caller, more in ((web, {}), (office, {"channel": "web"}))
        )
    )

    assert statuses(answers) == {201: 30}
    # The nearest first, then the next one.
    assert await levels(retailer, "A", "S1", "WH", "S2") == {"S1": 1, "WH": 20, "S2": 9}


async def test_more_is_wanted_than_there_is_anywhere(retailer: Retailer, live: Live) -> None:
    """Given 25 units in four places, when 40 want one each, then 25 have it and 15 are told: 0 left."""
    await everywhere(retailer)
    await retailer.receive("A", S1=7, S2=3, S3=11, WH=4)
    wanted = order(served("ship", None, line("A", 1)), paid=2000) | {"ship_to": HOME}
    web = live.caller(retailer.web)

    answers = await asyncio.gather(*(web.post("/v1/orders", wanted) for _ in range(40)))

    assert statuses(answers) == {201: 25, 409: 15}
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["type"] == "/problems/insufficient_stock"
            assert (answer.json()["requested"], answer.json()["available"]) == (1, 0)
    assert await levels(retailer, "A", "S1", "S2", "S3", "WH") == {
        "S1": 7,
        "S2": 3,
        "S3": 11,
        "WH": 4,
    }


async def test_shippers_and_counters_share_the_last_units(retailer: Retailer, live: Live) -> None:
    """Given 20 units, when shippers, pickups and tills want 60 of them, then 20 go, and none twice."""
    await everywhere(retailer)
    await retailer.receive("A", S1=10, S2=6, WH=4)
    web, till = live.caller(retailer.web), live.caller(retailer.till)
    shipped = order(served("ship", None, line("A", 1)), paid=2000) | {"ship_to": HOME}
    collected = order(served("pickup", "S2", line("A", 1)), paid=2000)
    carried = order(served("carry_out", None, line("A", 1)), paid=2000)

    answers = await asyncio.gather(
        *(
            asked
            for _ in range(20)
            for asked in (
                web.post("/v1/orders", shipped),
                web.post("/v1/orders", collected),
                till.post("/v1/orders", carried),
            )
        )
    )

    assert statuses(answers) == {201: 20, 409: 40}
    left = [(await retailer.level("A", place))[2] for place in ("S1", "S2", "WH")]
    assert left == [0, 0, 0]


def basket(chance: random.Random) -> tuple[dict[str, Any], Counter[str]]:
    """Return an order of twenty lines in any order, in one to three fulfillments; and its SKUs."""
    lines = [line(sku, chance.choice((1, 1, 1, 2, 3))) for sku in chance.sample(SKUS, 20)]
    first, second = sorted(chance.choices(range(21), k=2))
    parts = [
        served("ship", None, *lines[:first]),
        served("pickup", chance.choice(("S1", "S2", "S3", "S4")), *lines[first:second]),
        served("ship", None, *lines[second:]),
    ]
    kept = [part for part in parts if part["lines"]]
    chance.shuffle(kept)
    units = Counter({entry["sku"]: entry["quantity"] for entry in lines})
    return order(*kept, paid=100 * units.total()) | {"ship_to": HOME}, units


async def stocked(retailer: Retailer, each: int) -> None:
    """Put forty SKUs at 1.00 euro into five locations, so many of each."""
    await put(retailer, "/v1/locations/S4", name="S4", kind="store")
    await everywhere(retailer)
    for sku in SKUS:
        await put(retailer, f"/v1/skus/{sku}", name=sku)
    await retailer.prices(**dict.fromkeys(SKUS, 100))
    lines = [{"sku": sku, "location": place, "quantity": each} for sku in SKUS for place in PLACES]
    received = await retailer.office.post(
        "/v1/stock/receipts", {"lines": lines, "all_or_nothing": True}
    )
    assert received.status_code == 201, received.text


async def deadlocks(retailer: Retailer) -> int:
    """Return how many deadlocks the database has seen; sessions that ended have told of theirs."""
    async with retailer.process.database.transaction() as tx:
        rows = await tx.fetch(
            "select deadlocks from pg_stat_database where datname = current_database()"
        )
    count: int = rows[0]["deadlocks"]
    return count


async def test_baskets_of_twenty_lines_in_any_order(retailer: Retailer, database_url: str) -> None:
    """Given five locations and too few goods, when baskets of 20 of 40 SKUs come in any order of their
    lines, sourced or not, then none deadlocks, none fails, and the sums are right.

    A few hundred of them; with HYPOTHESIS_PROFILE=thorough 10,000.
    """
    # Every second basket wants a SKU, and 1.6 units of it: about as many as the five places have.
    each = BASKETS * 16 // 100
    await stocked(retailer, each)
    chance = random.Random(11)
    wanted = [basket(chance) for _ in range(BASKETS)]
    room = asyncio.Semaphore(AT_ONCE)
    sold: Counter[str] = Counter()
    answered: Counter[int] = Counter()

    async def buy(caller: Caller, body: dict[str, Any], units: Counter[str]) -> None:
        async with room:
            answer = await caller.post("/v1/orders", body)
        answered[answer.status_code] += 1
        if answer.status_code == 201:
            sold.update(units)
            assert answer.json()["total"] == euro(100 * units.total())
        else:
            assert answer.json()["type"] == "/problems/insufficient_stock", answer.text

    async with serving(database_url) as live:
        web = live.caller(retailer.web)
        await asyncio.gather(*(buy(web, body, units) for body, units in wanted))

    assert set(answered) == {201, 409}
    assert await deadlocks(retailer) == 0
    for sku in SKUS:
        allocated = await levels(retailer, sku, *PLACES)
        assert sum(allocated.values()) == sold[sku]
        assert max(allocated.values()) <= each
