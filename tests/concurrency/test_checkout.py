"""Checkouts over real connections, to two server processes: however many complete one, it is one order."""

import asyncio
from collections import Counter
from typing import Any

import httpx

from tests.callers import Caller, Retailer, line, order, served
from tests.carts.carting import at, begun, hold, read, wants
from tests.live import Live
from tests.orders.buying import HOME, authorized, carted, found, orders, told


async def bought(caller: Caller, cart: dict[str, Any], payment: dict[str, Any]) -> dict[str, Any]:
    """Wait in the browser until a payment is authorized, and order the cart with it."""
    while (await found(caller, payment))["state"] == "pending":
        pass
    answer = await caller.post("/v1/orders", carted(cart, (payment, 2000)))
    assert answer.status_code == 201, answer.text
    order: dict[str, Any] = answer.json()
    return order


async def test_browser_and_provider_complete_one_checkout(retailer: Retailer, live: Live) -> None:
    """Given 20 carts, when browser and provider (twice) complete each at once, then 20 orders."""
    await retailer.receive("A", S1=20, WH=20)
    web = live.caller(retailer.web)
    carts = [
        await begun(web, at("A", 1))
        if number % 2
        else await begun(web, wants("A", 1, kind="ship"), ship_to=HOME)
        for number in range(20)
    ]
    for cart in carts[1::4]:
        assert (await hold(web, cart)).status_code == 200
    methods = ["late", "late", "twice", "twice"] * 5
    payments = [
        await authorized(web, cart, 2000, method)
        for cart, method in zip(carts, methods, strict=True)
    ]
    assert Counter(payment["state"] for payment in payments) == {"pending": 10, "authorized": 10}

    async def completed(cart: dict[str, Any], payment: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any]
        made, *heard = await asyncio.gather(
            bought(web, cart, payment), told(live.http, payment), told(live.http, payment)
        )
        assert [answer.status_code for answer in heard] == [200, 200]
        return made

    placed = await asyncio.gather(*map(completed, carts, payments))

    assert len({one["id"] for one in placed}) == 20
    assert {one["id"] for one in await orders(web)} == {one["id"] for one in placed}
    for cart, payment, made in zip(carts, payments, placed, strict=True):
        cart_now, payment_now = await read(web, cart), await found(web, payment)
        assert (cart_now["state"], cart_now["order_id"]) == ("converted", made["id"])
        assert (payment_now["state"], payment_now["order_id"]) == ("used", made["id"])
        assert (made["channel"], made["cart_id"]) == ("web", cart["id"])
    allocated = [await retailer.level("A", place) for place in ("S1", "WH")]
    assert sum(level[1] for level in allocated) == 20


async def test_browsers_and_provider_want_the_last_unit(retailer: Retailer, live: Live) -> None:
    """Given one unit and 10 paid carts, when all complete at once, then one has it, and the others keep
    their money set aside."""
    await retailer.receive("A", S1=1)
    web = live.caller(retailer.web)
    carts = [await begun(web, at("A", 1)) for _ in range(10)]
    payments = [await authorized(web, cart, 2000, "twice") for cart in carts]

    answers = await asyncio.gather(
        *(
            asked
            for cart, payment in zip(carts, payments, strict=True)
            for asked in (
                told(live.http, payment),
                web.post("/v1/orders", carted(cart, (payment, 2000))),
            )
        )
    )

    assert {answer.status_code for answer in answers[::2]} == {200}
    placed = await orders(web)
    assert len(placed) == 1
    for cart, answer in zip(carts, answers[1::2], strict=True):
        if cart["id"] == placed[0]["cart_id"]:
            assert (answer.status_code, answer.json()["id"]) == (201, placed[0]["id"])
        else:
            assert answer.status_code == 409
            assert answer.json()["type"] == "/problems/insufficient_stock"
    states = [(await found(web, payment))["state"] for payment in payments]
    assert Counter(states) == {"used": 1, "authorized": 9}
    assert await retailer.level("A", "S1") == (1, 1, 0)


async def test_a_cart_changes_while_it_is_paid(retailer: Retailer, live: Live) -> None:
    """Given paid carts, when one more is put in as the provider tells, then no order costs more than
    was paid, and none is without its goods."""
    await retailer.receive("A", S1=40)
    web = live.caller(retailer.web)
    carts = [await begun(web, at("A", 1)) for _ in range(15)]
    payments = [await authorized(web, cart, 2000, "twice") for cart in carts]

    await asyncio.gather(
        *(
            asked
            for cart, payment in zip(carts, payments, strict=True)
            for asked in (
                told(live.http, payment),
                web.send(
                    "PATCH", f"/v1/carts/{cart['id']}", json={"lines": [{"line": 1, "add": 1}]}
                ),
            )
        )
    )

    placed = await orders(web)
    for cart, payment in zip(carts, payments, strict=True):
        after = await read(web, cart)
        quantity = after["lines"][0]["quantity"]
        paid = (await found(web, payment))["state"]
        assert (after["state"], quantity, paid) in {
            ("converted", 1, "used"),
            ("open", 2, "authorized"),
        }
    assert {one["total"]["amount"] for one in placed} <= {2000}
    assert await retailer.level("A", "S1") == (40, len(placed), 40 - len(placed))


async def test_others_want_what_a_failed_payment_holds(retailer: Retailer, live: Live) -> None:
    """Given 10 units held by 10 carts whose first payment fails, when they pay again while 20 others
    want a unit, then each cart has its own, and the others are told: 0 left."""
    await retailer.receive("A", S1=10)
    web, till = live.caller(retailer.web), live.caller(retailer.till)
    carts = [await begun(web, at("A", 1)) for _ in range(10)]
    for cart in carts:
        assert (await hold(web, cart)).status_code == 200
    carried = order(served("carry_out", "S1", line("A", 1)), paid=2000)

    async def tried(cart: dict[str, Any]) -> httpx.Response:
        failed = await authorized(web, cart, 2000, "declined")
        refused = await web.post("/v1/orders", carted(cart, (failed, 2000)))
        assert refused.json()["type"] == "/problems/payment_not_authorized"
        paid = await authorized(web, cart, 2000, "twice")
        answer, _ = await asyncio.gather(
            web.post("/v1/orders", carted(cart, (paid, 2000))), told(live.http, paid)
        )
        return answer

    answers = await asyncio.gather(
        *(till.post("/v1/orders", carried) for _ in range(20)), *map(tried, carts)
    )

    assert Counter(answer.status_code for answer in answers[:20]) == {409: 20}
    assert Counter(answer.status_code for answer in answers[20:]) == {201: 10}
    assert len(await orders(web)) == 10
    assert await retailer.level("A", "S1") == (10, 10, 0)
