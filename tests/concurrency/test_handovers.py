"""Handing over among many, over real connections, to two server processes: goods leave once."""

import asyncio
from collections import Counter

from tests.callers import Retailer, line, order, served
from tests.live import Live
from tests.orders.stepping import placed


async def test_two_counters_hand_over_one_pickup(retailer: Retailer, live: Live) -> None:
    """Given a pickup that is ready, when ten counters hand it over at once, then it leaves once."""
    part = (await placed(retailer, "pickup"))["fulfillments"][0]
    told = (await retailer.staff.ready(part["id"])).json()["pickup_code"]
    staff = live.caller(retailer.staff)
    path = f"/v1/fulfillments/{part['id']}/handover"

    answers = await asyncio.gather(
        *(staff.post(path, {"code": told, "name": f"Ann {n}"}) for n in range(10))
    )

    assert [answer.status_code for answer in answers] == [200] * 10
    for answer in answers:
        assert answer.json() == answers[0].json()
    moved = [kind for kind, _, _ in await retailer.movements("A")]
    assert moved == ["received", "allocated", "handed_over"]
    assert await retailer.level("A", "S1") == (0, 0, 0)


async def test_a_code_is_guessed_from_many_places_at_once(retailer: Retailer, live: Live) -> None:
    """Given a pickup, when twenty wrong codes come at once, then five are judged, the others not."""
    part = (await placed(retailer, "pickup"))["fulfillments"][0]
    await retailer.staff.ready(part["id"])
    staff = live.caller(retailer.staff)
    path = f"/v1/fulfillments/{part['id']}/handover"

    answers = await asyncio.gather(
        *(staff.post(path, {"code": f"0000-{n:04}", "name": "Eve"}) for n in range(20))
    )

    found = Counter(answer.json()["type"].removeprefix("/problems/") for answer in answers)
    assert found == {"pickup_code_wrong": 5, "pickup_locked": 15}
    assert await retailer.level("A", "S1") == (2, 2, 0)


async def test_collected_while_it_is_cancelled(retailer: Retailer, live: Live) -> None:
    """Given six pickups, when each is handed over and cancelled at once, then each goes one way."""
    await retailer.receive("A", S1=6)
    wanted = order(served("pickup", "S1", line("A", 1)), paid=2000)
    placed_orders = [(await retailer.web.post("/v1/orders", wanted)).json() for _ in range(6)]
    codes = [
        (await retailer.staff.ready(one["fulfillments"][0]["id"])).json()["pickup_code"]
        for one in placed_orders
    ]
    staff, web = live.caller(retailer.staff), live.caller(retailer.web)

    answers = await asyncio.gather(
        *(
            race
            for one, told in zip(placed_orders, codes, strict=True)
            for race in (
                staff.post(
                    f"/v1/fulfillments/{one['fulfillments'][0]['id']}/handover",
                    {"code": told, "name": "Ann"},
                ),
                web.post(f"/v1/orders/{one['id']}/cancellation", {"reason": "too slow"}),
            )
        )
    )

    statuses = [answer.status_code for answer in answers]
    for taken, given_up in zip(statuses[::2], statuses[1::2], strict=True):
        assert sorted([taken, given_up]) == [200, 409]
    gone = statuses[::2].count(200)
    assert await retailer.level("A", "S1") == (6 - gone, 0, 6 - gone)
