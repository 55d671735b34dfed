"""Rejections while others do something with the same orders or goods, on two real processes."""

import asyncio
from collections import Counter
from typing import Any

from tests.callers import Retailer, line, order, served
from tests.live import Live


async def shipped_from(retailer: Retailer, location: str, sku: str = "A") -> dict[str, Any]:
    paid = {"A": 2000, "B": 500}[sku]
    wanted = order(served("ship", location, line(sku, 1)), paid=paid)
    answer = await retailer.web.post("/v1/orders", wanted)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def path(placed: dict[str, Any], step: str) -> str:
    return f"/v1/fulfillments/{placed['fulfillments'][0]['id']}/{step}"


async def test_two_stores_reject_at_once(retailer: Retailer, live: Live) -> None:
    """Given A at S1 and S2 is gone, when both say so, then all of their orders are the warehouse's."""
    await retailer.receive("A", S1=5, S2=5, WH=50)
    stores = ["S1", "S2"] * 5
    placed = [await shipped_from(retailer, store) for store in stores]
    office = live.caller(retailer.office)

    answers = await asyncio.gather(
        *(office.post(path(one, "rejection"), {"reason": "not_in_stock"}) for one in placed)
    )

    # Who asked for an order that had gone with another was told so.
    assert {answer.status_code for answer in answers} <= {200, 409}
    for store in ("S1", "S2"):
        told = [
            answer.status_code for at, answer in zip(stores, answers, strict=True) if at == store
        ]
        assert told.count(200) == 1
    assert await retailer.level("A", "S1") == (5, 0, 0)
    assert await retailer.level("A", "S2") == (5, 0, 0)
    assert await retailer.level("A", "WH") == (50, 10, 40)
    tasks = (await retailer.office.get("/v1/stock/count-tasks")).json()["items"]
    assert sorted(task["location"] for task in tasks) == ["S1", "S2"]


async def test_rejected_while_it_is_shipped(retailer: Retailer, live: Live) -> None:
    """When one says it is gone and another ships it, then one of them is first, and it holds."""
    await retailer.receive("A", S1=8, WH=50)
    placed = [await shipped_from(retailer, "S1") for _ in range(8)]
    office = live.caller(retailer.office)
    alone = {"reason": "no_variance"}

    answers = await asyncio.gather(
        *(
            race
            for one in placed
            for race in (
                office.post(path(one, "rejection"), alone),
                office.post(path(one, "shipment"), {}),
            )
        )
    )

    for rejected, shipped in zip(answers[::2], answers[1::2], strict=True):
        assert sorted([rejected.status_code, shipped.status_code]) == [200, 409]
    gone = sum(answer.status_code == 200 for answer in answers[1::2])
    assert await retailer.level("A", "S1") == (8 - gone, 0, 8 - gone)
    assert await retailer.level("A", "WH") == (50, 8 - gone, 42 + gone)


async def test_rejected_while_it_is_cancelled(retailer: Retailer, live: Live) -> None:
    """When store and customer act at once, then nothing is promised to nobody in the end."""
    await retailer.receive("A", S1=8, WH=50)
    placed = [await shipped_from(retailer, "S1") for _ in range(8)]
    office, web = live.caller(retailer.office), live.caller(retailer.web)

    answers = await asyncio.gather(
        *(
            race
            for one in placed
            for race in (
                office.post(path(one, "rejection"), {"reason": "not_in_stock"}),
                web.post(f"/v1/orders/{one['id']}/cancellation", {"reason": "too slow"}),
            )
        )
    )

    assert {answer.status_code for answer in answers[::2]} <= {200, 409}
    assert Counter(answer.status_code for answer in answers[1::2]) == {200: 8}
    assert (await retailer.level("A", "S1"))[1] == 0
    assert await retailer.level("A", "WH") == (50, 0, 50)


async def test_two_shelves_are_found_empty_in_opposite_order(
    retailer: Retailer, live: Live
) -> None:
    """Given 20 orders of A or B, when half are rejected at once from each end, all is settled."""
    await retailer.receive("A", S1=10, S2=50)
    await retailer.receive("B", S1=10, WH=50)
    placed = [await shipped_from(retailer, "S1", sku) for sku in "AB" * 10]
    office = live.caller(retailer.office)
    mixed = [one for pair in zip(placed, reversed(placed), strict=True) for one in pair][:20]

    answers = await asyncio.gather(
        *(office.post(path(one, "rejection"), {"reason": "not_in_stock"}) for one in mixed)
    )

    assert {answer.status_code for answer in answers} <= {200, 409}
    assert await retailer.level("A", "S1") == (10, 0, 0)
    assert await retailer.level("B", "S1") == (10, 0, 0)
    assert await retailer.level("A", "S2") == (50, 10, 40)
    assert await retailer.level("B", "WH") == (50, 10, 40)


async def test_ordered_while_the_shelf_is_found_empty(retailer: Retailer, live: Live) -> None:
    """Given orders that come in while A is rejected, then no order is left with what is not there."""
    await retailer.receive("A", S1=40, WH=100)
    first = await shipped_from(retailer, "S1")
    office, web = live.caller(retailer.office), live.caller(retailer.web)
    wanted = order(served("ship", "S1", line("A", 1)), paid=2000)

    rejected, *placed = await asyncio.gather(
        office.post(path(first, "rejection"), {"reason": "not_in_stock"}),
        *(web.post("/v1/orders", wanted) for _ in range(20)),
    )

    assert rejected.status_code == 200, rejected.text
    assert {answer.status_code for answer in placed} <= {201, 409}
    taken = sum(answer.status_code == 201 for answer in placed)
    assert await retailer.level("A", "S1") == (40, 0, 0)
    assert await retailer.level("A", "WH") == (100, taken + 1, 99 - taken)
