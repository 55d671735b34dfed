"""Holds among many, over real connections, to two server processes: nothing is promised twice."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx

from omniretail import channels, clock, inventory
from omniretail.idempotency import Answer, Key
from omniretail.ids import new_id
from tests.callers import Retailer, line, order, served
from tests.live import Live

OFFICE = channels.Principal(
    id=new_id(),
    kind="integration",
    name="office",
    scopes=frozenset(channels.SCOPES),
    channel=None,
    locations=frozenset(),
)


def wish(quantity: int, sku: str = "A", **more: Any) -> dict[str, Any]:
    return {"lines": [{"sku": sku, "location": "S1", "quantity": quantity}], **more}


def statuses(answers: list[httpx.Response]) -> dict[int, int]:
    return dict(Counter(answer.status_code for answer in answers))


async def stored(retailer: Retailer) -> dict[str, int]:
    """Return what stands at S1 of A, and what its live holds sum to."""
    async with retailer.process.database.transaction() as tx:
        (row,) = await tx.fetch(
            "select on_hand, allocated, held, (select coalesce(sum(quantity), 0) from hold_line "
            "where sku = 'A' and location = 'S1' and closed_at is null) as open, "
            "(select coalesce(sum(quantity), 0) from hold_line where sku = 'A' "
            "and location = 'S1' and closed_at is null and expires_at > $1) as live "
            "from stock_level where sku = 'A' and location = 'S1'",
            clock.now(),
        )
    return dict(row)


async def test_one_unit_fifty_baskets(retailer: Retailer, live: Live) -> None:
    """Given one unit, when fifty baskets want to hold it at once, then one does and 49 are told 0."""
    await retailer.receive("A", S1=1)
    web, till = live.caller(retailer.web), live.caller(retailer.till)

    answers = await asyncio.gather(
        *(web.post("/v1/holds", wish(1)) for _ in range(25)),
        *(till.post("/v1/holds", wish(1)) for _ in range(25)),
    )

    assert statuses(answers) == {201: 1, 409: 49}
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["type"] == "/problems/insufficient_stock"
            assert answer.json()["available"] == 0
    assert await retailer.level("A", "S1") == (1, 0, 0)


async def test_baskets_orders_and_tills_share_twenty_units(retailer: Retailer, live: Live) -> None:
    """Given 20 units, when 90 want one each in three ways, then exactly 20 get one."""
    await retailer.receive("A", S1=20)
    web, till = live.caller(retailer.web), live.caller(retailer.till)
    promised = order(served("pickup", "S1", line("A", 1)), paid=2000)
    carried = order(served("carry_out", "S1", line("A", 1)), paid=2000)

    answers = await asyncio.gather(
        *(
            wanted
            for _ in range(30)
            for wanted in (
                web.post("/v1/holds", wish(1)),
                web.post("/v1/orders", promised),
                till.post("/v1/orders", carried),
            )
        )
    )

    assert statuses(answers) == {201: 20, 409: 70}
    holds, orders, sales = (
        sum(answer.status_code == 201 for answer in answers[kind::3]) for kind in range(3)
    )
    assert await stored(retailer) == {
        "on_hand": 20 - sales,
        "allocated": orders,
        "held": holds,
        "open": holds,
        "live": holds,
    }
    assert await retailer.level("A", "S1") == (20 - sales, orders, 0)


async def test_one_basket_two_orders(retailer: Retailer, live: Live) -> None:
    """Given all goods held, when ten orders use the hold at once, then one does, and it is one order."""
    await retailer.receive("A", S1=4)
    web = live.caller(retailer.web)
    hold = (await web.post("/v1/holds", wish(2))).json()["id"]
    wanted = order(served("pickup", "S1", line("A", 2)), paid=4000) | {"hold": hold}

    answers = await asyncio.gather(*(web.post("/v1/orders", wanted) for _ in range(10)))

    assert statuses(answers) == {201: 1, 409: 9}
    refused = {answer.json()["type"] for answer in answers if answer.status_code == 409}
    assert refused == {"/problems/hold_ended"}
    (placed,) = (answer.json() for answer in answers if answer.status_code == 201)
    found = (await web.get(f"/v1/holds/{hold}")).json()
    assert (found["state"], found["order_id"]) == ("converted", placed["id"])
    assert await retailer.level("A", "S1") == (4, 2, 2)


async def test_a_basket_is_ordered_while_it_is_released(retailer: Retailer, live: Live) -> None:
    """Given ten baskets, when each is ordered, extended and released at once, then each ends one way."""
    await retailer.receive("A", S1=10)
    web = live.caller(retailer.web)
    wanted = order(served("pickup", "S1", line("A", 1)), paid=2000)
    holds = [(await web.post("/v1/holds", wish(1))).json()["id"] for _ in range(10)]

    answers = await asyncio.gather(
        *(
            race
            for hold in holds
            for race in (
                web.post("/v1/orders", wanted | {"hold": hold}),
                web.send("DELETE", f"/v1/holds/{hold}"),
                web.send("PATCH", f"/v1/holds/{hold}", json={"seconds": 60}),
            )
        )
    )

    placed = [answer.status_code for answer in answers[::3]]
    # Whoever was released first still finds goods: as many as there are baskets.
    assert placed == [201] * 10
    for hold in holds:
        assert (await web.get(f"/v1/holds/{hold}")).json()["state"] in {"converted", "released"}
    assert {answer.status_code for answer in answers[2::3]} <= {200, 409}
    assert await stored(retailer) == {
        "on_hand": 10,
        "allocated": 10,
        "held": 0,
        "open": 0,
        "live": 0,
    }


async def test_extensions_race_with_the_end_and_with_others(retailer: Retailer) -> None:
    """Given holds about to end, when they are extended while others want their goods, then one wins.

    Whatever comes first at each moment: what live holds promise is never more than there is.
    """
    await retailer.receive("A", S1=5)
    start = clock.now()

    def placing(seconds: int) -> inventory.PlaceHold:
        return inventory.PlaceHold(
            key=Key(OFFICE.id, str(new_id()), b"hash"),
            hold_id=new_id(),
            principal=OFFICE,
            channel=None,
            reference=None,
            lines=(inventory.HoldWish(sku="A", location="S1", quantity=1),),
            seconds=seconds,
        )

    ledger = retailer.process.ledger
    first = [placing(10) for _ in range(5)]
    for outcome in await ledger.run(lambda tx: inventory.place_holds(tx, first, now=start)):
        assert isinstance(outcome, Answer)

    async def extend(command: inventory.PlaceHold, at: int) -> bool:
        change = inventory.ChangeHold(hold_id=command.hold_id, principal=OFFICE, seconds=3600)
        now = start + timedelta(seconds=at)
        (outcome,) = await ledger.run(lambda tx: inventory.change_holds(tx, [change], now=now))
        return isinstance(outcome, inventory.Hold)

    async def want(at: int) -> bool:
        now = start + timedelta(seconds=at)
        command = placing(3600)
        (outcome,) = await ledger.run(lambda tx: inventory.place_holds(tx, [command], now=now))
        return isinstance(outcome, Answer)

    # Clocks of processes differ: some see the holds live, some see them over.
    extended = [extend(command, at) for command in first for at in (9, 11)]
    wanted = [want(at) for _ in range(5) for at in (9, 11)]
    won = await asyncio.gather(*extended, *wanted)

    level = await stored(retailer)
    kept = sum(early or late for early, late in zip(won[:10:2], won[1:10:2], strict=True))
    assert kept + sum(won[10:]) == 5
    assert level["held"] == level["open"] == level["live"] == 5
    # Who was told that a basket is kept can buy it.
    for command, told in zip(first, zip(won[:10:2], won[1:10:2], strict=True), strict=True):
        found = (await retailer.office.get(f"/v1/holds/{command.hold_id}")).json()
        assert found["state"] == ("live" if any(told) else "expired")


async def test_two_stores_take_one_unit_back_at_once(retailer: Retailer, live: Live) -> None:
    """Given phones sold, when each is brought back in two stores at once, then one store has it."""
    office, till = live.caller(retailer.office), live.caller(retailer.till)
    await retailer.office.put("/v1/skus/PHONE", {"name": "Phone", "tracking": "serial"})
    await retailer.prices(PHONE=100)
    serials = [f"p{number}" for number in range(8)]
    arrived = {"sku": "PHONE", "location": "S1", "quantity": 8, "serials": serials}
    await office.post("/v1/stock/receipts", {"lines": [arrived]})
    sold = order(served("carry_out", "S1", line("PHONE", 8, serials=serials)), paid=800)
    assert (await till.post("/v1/orders", sold)).status_code == 201
    # Half of them were never known here.
    brought = [*serials, *(f"x{number}" for number in range(8))]

    answers = await asyncio.gather(
        *(
            office.post(
                "/v1/stock/receipts",
                {
                    "lines": [
                        {
                            "sku": "PHONE",
                            "location": location,
                            "quantity": 1,
                            "serials": [serial],
                            "source": "customer",
                            "reason": "customer_return",
                        }
                    ]
                },
            )
            for serial in brought
            for location in ("S1", "S2")
        )
    )

    assert statuses(answers) == {201: 32}
    outcomes = [answer.json()["outcomes"][0] for answer in answers]
    for here, there in zip(outcomes[::2], outcomes[1::2], strict=True):
        assert sorted([here["status"], there["status"]]) == ["booked", "refused"]
        problem = here.get("problem") or there["problem"]
        assert problem["type"] == "/problems/serial_on_hand"
    levels = [await retailer.level("PHONE", location) for location in ("S1", "S2")]
    assert sum(on_hand for on_hand, _, _ in levels) == 16
