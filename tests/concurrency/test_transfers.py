"""Transfers that cross each other at once: nothing deadlocks, and no unit is anywhere twice."""

import asyncio
from collections import Counter
from typing import Any

import httpx

from tests.callers import Caller, Retailer
from tests.live import Live


async def _drafted(by: Caller, source: str, destination: str, skus: str) -> dict[str, Any]:
    lines = [{"sku": sku, "quantity": 1} for sku in skus]
    body = {"source": source, "destination": destination, "lines": lines}
    answer = await by.post("/v1/transfers", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def _statuses(answers: list[httpx.Response]) -> dict[int, int]:
    return dict(Counter(answer.status_code for answer in answers))


async def test_stores_send_each_other_the_same_goods(retailer: Retailer, live: Live) -> None:
    """Given 100 transfers between two stores, half each way, when all go at once, then none is stuck."""
    for sku in "ABC":
        await retailer.receive(sku, S1=20, S2=20)
    office = live.caller(retailer.office)

    async def travel(number: int) -> list[httpx.Response]:
        ends = ("S1", "S2") if number % 2 else ("S2", "S1")
        transfer = await _drafted(office, *ends, ("ABC", "CBA", "BCA")[number % 3])
        path = f"/v1/transfers/{transfer['id']}"
        shipped = await office.post(f"{path}/shipment", {})
        if shipped.status_code != 200:
            return [shipped]
        last = ("receipt", {}) if number % 5 else ("cancellation", {"reason": "why not"})
        return [shipped, await office.post(f"{path}/{last[0]}", last[1])]

    answers = [one for both in await asyncio.gather(*map(travel, range(100))) for one in both]

    assert set(_statuses(answers)) <= {200, 409}
    assert {answer.json()["type"] for answer in answers if answer.status_code == 409} <= {
        "/problems/insufficient_stock"
    }
    for sku in "ABC":
        levels = [await retailer.level(sku, location) for location in ("S1", "S2")]
        assert sum(on_hand for on_hand, _, _ in levels) == 40


async def test_the_same_goods_are_received_once(retailer: Retailer, live: Live) -> None:
    """Given 6 in transit, when two doors receive them at once, then 6 are there; keys of their own."""
    await retailer.receive("A", WH=100)
    office = live.caller(retailer.office)
    body = {"source": "WH", "destination": "S1", "lines": [{"sku": "A", "quantity": 6}]}
    paths = []
    for _ in range(10):
        transfer = (await office.post("/v1/transfers", body)).json()
        paths.append(f"/v1/transfers/{transfer['id']}")
        await office.post(f"{paths[-1]}/shipment", {})

    answers = await asyncio.gather(
        *(office.post(f"{path}/receipt", {}) for path in paths for _ in range(2))
    )

    assert _statuses(answers) == {200: 10, 409: 10}
    for first, second in zip(answers[::2], answers[1::2], strict=True):
        assert sorted([first.status_code, second.status_code]) == [200, 409]
    assert await retailer.level("A", "S1") == (60, 0, 60)


async def test_shipped_and_cancelled_at_once(retailer: Retailer, live: Live) -> None:
    """Given a draft of the last units, when it is shipped and cancelled at once, then they are there."""
    await retailer.receive("A", WH=1)
    office = live.caller(retailer.office)

    async def race() -> None:
        transfer = await _drafted(office, "WH", "S1", "A")
        path = f"/v1/transfers/{transfer['id']}"
        shipped, cancelled = await asyncio.gather(
            office.post(f"{path}/shipment", {}),
            office.post(f"{path}/cancellation", {"reason": "too late"}),
        )
        assert cancelled.status_code == 200
        assert shipped.status_code in {200, 409}

    await asyncio.gather(*(race() for _ in range(20)))

    assert await retailer.level("A", "WH") == (1, 0, 1)
