"""Carts among many, over real connections, to two server processes: one customer, many devices."""

import asyncio
from collections import Counter

import httpx

from tests.callers import Retailer
from tests.carts.carting import at, begun, bought, change, hold, merge, read, refusal
from tests.live import Live


def statuses(answers: list[httpx.Response]) -> dict[int, int]:
    return dict(Counter(answer.status_code for answer in answers))


async def test_two_logins_merge_the_same_guest_at_once(retailer: Retailer, live: Live) -> None:
    """Given a guest's cart with goods held, when two devices log in at once, then one cart has it."""
    await retailer.receive("A", S1=60)
    web, till = live.caller(retailer.web), live.caller(retailer.till)
    for _ in range(5):
        guest = await begun(web, at("A", 3))
        assert (await hold(web, guest)).status_code == 200
        targets = [await begun(web, at("A", 1)), await begun(till, at("A", 1))]

        answers = await asyncio.gather(
            *(
                merge(caller, target, guest)
                for target in targets
                for caller in (web, till)
                for _ in range(3)
            )
        )

        assert statuses(answers) == {200: 1, 409: 11}
        assert {refusal(one) for one in answers if one.status_code == 409} == {(409, "cart_closed")}
        (merged,) = (one.json() for one in answers if one.status_code == 200)
        assert bought(merged) == [("A", 4, 3)]
        assert (await read(web, guest))["merged_into"] == merged["id"]
    assert await retailer.level("A", "S1") == (60, 0, 45)


async def test_carts_that_merge_into_each_other_at_once(retailer: Retailer, live: Live) -> None:
    """Given pairs of carts, when each shall become the other at once, then one of each pair is left."""
    web, till = live.caller(retailer.web), live.caller(retailer.till)
    pairs = [(await begun(web, at("A", 1)), await begun(till, at("A", 2))) for _ in range(10)]

    answers = await asyncio.gather(
        *(
            merge(caller, *carts)
            for one, two in pairs
            for caller, carts in ((web, (one, two)), (till, (two, one)))
        )
    )

    assert statuses(answers) == {200: 10, 409: 10}
    for pair in pairs:
        found = [await read(web, cart) for cart in pair]
        assert sorted(cart["state"] for cart in found) == ["merged", "open"]
        (left,) = (cart for cart in found if cart["state"] == "open")
        assert bought(left) == [("A", 3, 0)]


async def test_devices_add_to_one_cart_and_hold_at_once(retailer: Retailer, live: Live) -> None:
    """Given one cart on many devices, when all add to it and hold, then nothing is lost or held twice."""
    await retailer.receive("A", S1=15)
    web, till = live.caller(retailer.web), live.caller(retailer.till)
    cart = await begun(web, at("A", 1))
    one_more = {"line": 1, "add": 1}

    answers = await asyncio.gather(
        *(
            asked
            for _ in range(15)
            for asked in (
                change(web, cart, one_more),
                hold(till, cart),
                change(till, cart, {"sku": "B", "add": 1}),
                hold(web, cart),
            )
        )
    )

    assert {answer.status_code for answer in answers} <= {200, 409}
    assert all(answer.status_code == 200 for answer in (*answers[::4], *answers[2::4]))
    found = await read(web, cart)
    wanted = [(line["sku"], line["quantity"]) for line in found["lines"]]
    assert sorted(wanted) == [("A", 16), ("B", 15)]
    held = bought(found)[0][2]
    assert held <= 15
    assert await retailer.level("A", "S1") == (15, 0, 15 - held)
    accepted = sum(answer.status_code == 200 for answer in answers)
    assert found["version"] == 1 + accepted


async def test_many_carts_want_the_last_units(retailer: Retailer, live: Live) -> None:
    """Given 10 units, when 25 carts want one each and then let go or go on, then none is held twice."""
    await retailer.receive("A", S1=10)
    web, till = live.caller(retailer.web), live.caller(retailer.till)
    carts = [await begun(web, at("A", 1)) for _ in range(25)]

    first = await asyncio.gather(*(hold(caller, cart) for cart in carts for caller in (web, till)))
    holding = [cart for cart in carts if bought(await read(web, cart))[0][2]]
    again = await asyncio.gather(*(hold(till, cart) for cart in carts))

    assert len(holding) == 10
    assert statuses(first) == {200: 20, 409: 30}
    assert statuses(again) == {200: 10, 409: 15}
    assert await retailer.level("A", "S1") == (10, 0, 0)
