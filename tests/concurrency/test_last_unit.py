"""Many at once, over real connections, to two server processes: the last unit is sold once."""

import asyncio
import random
from collections import Counter

import httpx

from tests.callers import Retailer, line, order, served
from tests.live import Live


def _statuses(answers: list[httpx.Response]) -> dict[int, int]:
    return dict(Counter(answer.status_code for answer in answers))


async def test_one_unit_fifty_buyers(retailer: Retailer, live: Live) -> None:
    """Given one unit, when fifty want it over fifty connections, then one gets it and 49 are told 0."""
    await retailer.receive("A", S1=1)
    web, till = live.caller(retailer.web), live.caller(retailer.till)
    promised = order(served("pickup", "S1", line("A", 1)), paid=2000)
    carried = order(served("carry_out", "S1", line("A", 1)), paid=2000)

    answers = await asyncio.gather(
        *(web.post("/v1/orders", promised) for _ in range(25)),
        *(till.post("/v1/orders", carried) for _ in range(25)),
    )

    assert _statuses(answers) == {201: 1, 409: 49}
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["type"] == "/problems/insufficient_stock"
            assert answer.json()["available"] == 0
    assert (await retailer.level("A", "S1"))[2] == 0


async def test_one_key_twenty_times(retailer: Retailer, live: Live) -> None:
    """Given a client that sends one order twenty times at once, then there is one, answered alike."""
    await retailer.receive("A", S1=20)
    web = live.caller(retailer.web)
    wanted = order(served("pickup", "S1", line("A", 1)), paid=2000)

    answers = await asyncio.gather(
        *(web.post("/v1/orders", wanted, key="one-cart") for _ in range(20))
    )

    assert _statuses(answers) == {201: 20}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert await retailer.level("A", "S1") == (20, 1, 19)


async def test_one_key_twenty_times_for_the_last_unit(retailer: Retailer, live: Live) -> None:
    """Given one unit and a cart that is sent twenty times at once, then it is never told: sold out."""
    web = live.caller(retailer.web)
    wanted = order(served("pickup", "S1", line("A", 1)), paid=2000)
    held = {"lines": [line("A", 1, location="S1")]}
    for path, body in (("/v1/orders", wanted), ("/v1/holds", held)):
        for attempt in range(5):
            await retailer.receive("A", S1=1)

            answers = await asyncio.gather(
                *(web.post(path, body, key=f"{path}-{attempt}") for _ in range(20))
            )

            assert _statuses(answers) == {201: 20}
            assert len({answer.content for answer in answers}) == 1
    assert await retailer.level("A", "S1") == (10, 5, 0)


async def test_orders_that_want_the_same_in_opposing_order(retailer: Retailer, live: Live) -> None:
    """Given A+B beside B+A beside C+A, when 200 come at once, then none deadlocks and sums are right."""
    stock = {"A": 150, "B": 150, "C": 150}
    for sku, quantity in stock.items():
        await retailer.receive(sku, S1=quantity)
    prices = {"A": 2000, "B": 500, "C": 99}
    chance = random.Random(20)
    pairs = [chance.sample(sorted(stock), 2) for _ in range(200)]
    web = live.caller(retailer.web)

    answers = await asyncio.gather(
        *(
            web.post(
                "/v1/orders",
                order(
                    served("pickup", "S1", *(line(sku, 1) for sku in pair)),
                    paid=sum(prices[sku] for sku in pair),
                ),
            )
            for pair in pairs
        )
    )

    assert set(_statuses(answers)) <= {201, 409}
    assert len({answer.headers["x-request-id"] for answer in answers}) == 200
    sold: Counter[str] = Counter()
    for pair, answer in zip(pairs, answers, strict=True):
        if answer.status_code == 201:
            sold.update(pair)
    for sku, quantity in stock.items():
        assert await retailer.level(sku, "S1") == (quantity, sold[sku], quantity - sold[sku])
    # Whoever was refused was refused for a reason: one of the two SKUs had run out.
    wanted = Counter(sku for pair in pairs for sku in pair)
    exhausted = {sku for sku in stock if sold[sku] == stock[sku]}
    assert exhausted or wanted == sold
    for pair, answer in zip(pairs, answers, strict=True):
        assert answer.status_code == 201 or set(pair) & exhausted


async def test_cancelled_while_it_is_handed_over(retailer: Retailer, live: Live) -> None:
    """Given a pickup, when store and customer act at once, then one of them is first, and it holds."""
    await retailer.receive("A", S1=10)
    web, staff = live.caller(retailer.web), live.caller(retailer.staff)
    wanted = order(served("pickup", "S1", line("A", 1)), paid=2000)
    placed = [(await web.post("/v1/orders", wanted)).json() for _ in range(10)]
    for one in placed:
        await staff.ready(one["fulfillments"][0]["id"])

    answers = await asyncio.gather(
        *(
            race
            for one in placed
            for race in (
                web.post(f"/v1/orders/{one['id']}/cancellation", {"reason": "changed my mind"}),
                staff.collect(one["fulfillments"][0]["id"]),
            )
        )
    )

    pairs = list(zip(answers[::2], answers[1::2], strict=True))
    for cancelled, handed in pairs:
        assert sorted([cancelled.status_code, handed.status_code]) == [200, 409]
    gone = sum(handed.status_code == 200 for _, handed in pairs)
    assert await retailer.level("A", "S1") == (10 - gone, 0, 10 - gone)


async def test_placed_and_cancelled_at_once(retailer: Retailer, live: Live) -> None:
    """Given one unit that is ordered and cancelled over and over, then it is there in the end."""
    await retailer.receive("A", S1=1)
    web = live.caller(retailer.web)
    wanted = order(served("pickup", "S1", line("A", 1)), paid=2000)

    async def shopper() -> int:
        placed = await web.post("/v1/orders", wanted)
        if placed.status_code == 409:
            return 0
        assert placed.status_code == 201, placed.text
        path = f"/v1/orders/{placed.json()['id']}/cancellation"
        both = await asyncio.gather(*(web.post(path, {"reason": "no"}) for _ in range(2)))
        assert sorted(answer.status_code for answer in both) == [200, 409]
        return 1

    bought = sum(await asyncio.gather(*(shopper() for _ in range(40))))

    assert bought >= 1
    assert await retailer.level("A", "S1") == (1, 0, 1)
    assert len(await retailer.movements("A")) == 1 + 2 * bought


async def test_two_counters_one_pickup(retailer: Retailer, live: Live) -> None:
    """Given one pickup, when two counters hand it over at once, then the goods leave once."""
    await retailer.receive("A", S1=5)
    placed = (
        await retailer.web.post(
            "/v1/orders", order(served("pickup", "S1", line("A", 2)), paid=4000)
        )
    ).json()
    pickup = placed["fulfillments"][0]["id"]
    staff = live.caller(retailer.staff)
    assert (await staff.ready(pickup)).status_code == 200

    answers = await asyncio.gather(*(staff.collect(pickup) for _ in range(2)))

    # Who came second is told the same: it is handed over.
    assert _statuses(answers) == {200: 2}
    assert answers[0].json() == answers[1].json()
    assert await retailer.level("A", "S1") == (3, 0, 3)
    assert (await retailer.movements("A"))[1:] == [("allocated", "S1", 2), ("handed_over", "S1", 2)]
