"""Checkouts: a cart becomes one order, by the browser, the provider's message, or the worker."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from omniretail import channels, clock, orders, payments
from omniretail.batching import Batcher
from omniretail.idempotency import Answer
from tests.callers import Retailer, euro
from tests.carts.carting import at, begun, changed, events, hold, read, refusal, wants
from tests.live import SANDBOX_SECRET
from tests.orders.buying import HOME, authorized, carted, found, told
from tests.orders.buying import orders as all_orders


@pytest.fixture(autouse=True)
def signed(retailer: Retailer) -> None:
    """A provider whose messages are believed."""
    retailer.process.provider = payments.SandboxProvider(
        retailer.process.database, secret=SANDBOX_SECRET
    )


async def completed(retailer: Retailer, cart: dict[str, Any], payment: dict[str, Any]) -> Any:
    """Have the provider tell of a payment; return the order that its cart has become, if it has."""
    answer = await told(retailer.http, payment)
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    after = await read(retailer.web, cart)
    if after["order_id"] is None:
        return None
    return (await retailer.web.get(f"/v1/orders/{after['order_id']}")).json()


async def test_the_browser_is_gone(retailer: Retailer) -> None:
    """Given a browser that was closed, when the provider tells, then the order is placed all the same."""
    await retailer.receive("A", S1=3)
    await retailer.receive("B", WH=3)
    cart = await begun(
        retailer.web,
        at("A", 2),
        wants("B", 1),
        ship_to=HOME,
        customer="ann",
        shipping={"price": euro(499)},
    )
    assert (await hold(retailer.web, cart)).status_code == 200
    payment = await authorized(retailer.web, cart, 4999, "late")

    order = await completed(retailer, cart, payment)
    again = await completed(retailer, cart, payment)
    browser = await retailer.web.post("/v1/orders", carted(cart, (payment, 4999)))

    assert payment["state"] == "pending"
    assert order == again
    assert (browser.status_code, browser.json()) == (201, order)
    assert (order["channel"], order["customer"], order["ship_to"]) == ("web", "ann", HOME)
    assert order["total"] == euro(4999)
    assert sorted((part["kind"], part["location"]) for part in order["fulfillments"]) == [
        ("pickup", "S1"),
        ("ship", "WH"),
    ]
    assert (await found(retailer.web, payment))["order_id"] == order["id"]
    assert await events(retailer.web, cart) == ["created", "held", "converted"]
    assert await retailer.level("A", "S1") == (3, 2, 1)


async def test_two_cards_complete_one_checkout(retailer: Retailer) -> None:
    """Given two cards that share the sum, then the second one's authorization places the order."""
    await retailer.receive("A", S1=3)
    cart = await begun(retailer.web, at("A", 1))
    first = await authorized(retailer.web, cart, 1500, "twice")

    too_early = await completed(retailer, cart, first)
    second = await authorized(retailer.web, cart, 500, "late")
    order = await completed(retailer, cart, second)

    assert too_early is None
    assert [(one["type"], one["amount"]) for one in order["tenders"]] == [
        ("card", euro(1500)),
        ("card", euro(500)),
    ]


async def test_what_cannot_be_placed_stays_as_it_is(retailer: Retailer) -> None:
    """Given goods that went, a price that rose, no address: no order, and the money stays set aside
    until its time is over."""
    await retailer.receive("A", S1=1)
    await retailer.receive("B", S1=5, WH=5)
    gone = await begun(retailer.web, at("A", 1))
    dearer = await begun(retailer.web, at("B", 1))
    homeless = await begun(retailer.web, wants("B", 1, kind="ship"))
    placeless = await begun(retailer.web, wants("B", 1, kind="pickup"))
    empty = await begun(retailer.web)
    paid = [
        (gone, await authorized(retailer.web, gone, 2000, "twice")),
        (dearer, await authorized(retailer.web, dearer, 500, "twice")),
        (homeless, await authorized(retailer.web, homeless, 500, "twice")),
        (placeless, await authorized(retailer.web, placeless, 500, "twice")),
        (empty, await authorized(retailer.web, empty, 500, "twice")),
    ]
    other = await begun(retailer.till, at("A", 1))
    assert (await hold(retailer.till, other)).status_code == 200
    await retailer.prices(B=501)

    assert [await completed(retailer, cart, payment) for cart, payment in paid] == [None] * 5

    for cart, payment in paid:
        assert await read(retailer.web, cart) == cart
        assert (await found(retailer.web, payment))["state"] == "authorized"
    later = clock.now() + timedelta(minutes=31)
    assert await payments.void_unused(retailer.process.database, lambda: later) == 5
    await retailer.prices(B=500)
    assert [await completed(retailer, cart, payment) for cart, payment in paid] == [None] * 5


async def test_told_again_once_it_can_be_placed(retailer: Retailer) -> None:
    """Given goods that were not there, when they are and the provider tells again, then it is placed."""
    cart = await begun(retailer.web, at("A", 1))
    payment = await authorized(retailer.web, cart, 2000, "twice")

    first = await completed(retailer, cart, payment)
    await retailer.receive("A", S1=1)
    second = await completed(retailer, cart, payment)

    assert first is None
    assert second["total"] == euro(2000)


async def test_whose_key_was_revoked_orders_nothing(retailer: Retailer) -> None:
    """Given a key that may order no more, or never could, then its payments complete nothing."""
    await retailer.receive("A", S1=5)
    paying = await retailer.caller(
        "paying", "channel", channel="web", scopes=frozenset({"payments:write"})
    )
    leaving = await retailer.caller("leaving", "channel", channel="web")
    carts = [await begun(retailer.web, at("A", 1)) for _ in range(2)]
    made = [
        await authorized(caller, cart, 2000, "twice")
        for caller, cart in zip((paying, leaving), carts, strict=True)
    ]
    prefix = leaving.token.partition(".")[0]
    await retailer.process.database.run(lambda tx: channels.revoke_key(tx, prefix, now=clock.now()))

    assert [
        await completed(retailer, cart, one) for cart, one in zip(carts, made, strict=True)
    ] == [None, None]


async def test_the_worker_completes_what_nobody_told(retailer: Retailer) -> None:
    """Given a lost answer, no message and no browser, when the worker asks, then the order is placed,
    once; of a cart that is an order already it changes nothing."""
    await retailer.receive("A", S1=5)
    cart = await begun(retailer.web, at("A", 1))
    ordered = await begun(retailer.web, at("A", 1))
    payment = await authorized(retailer.web, cart, 2000, "timeout")
    late = await authorized(retailer.web, ordered, 2000, "timeout")
    cash = {"cart": ordered["id"], "tenders": [{"type": "cash", "amount": euro(2000)}]}
    by_hand = await retailer.web.post("/v1/orders", cash)
    process = retailer.process
    told_of: list[Any] = []

    place = Batcher[orders.PlaceOrder, Answer[orders.Order]](
        lambda commands: process.ledger.run(
            lambda tx: orders.place(tx, commands, books=process.books, now=clock.now())
        )
    )

    async def authorized_now(found: payments.Payment) -> None:
        told_of.append(
            await orders.complete_checkout(process.database, found, place, now=clock.now())
        )

    asked = 0
    for minutes in (2, 4):
        asked += await payments.find_pending(
            process.database,
            process.provider,
            lambda minutes=minutes: clock.now() + timedelta(minutes=minutes),  # type: ignore[misc]
            authorized=authorized_now,
        )

    assert (payment["state"], late["state"], by_hand.status_code) == ("pending", "pending", 201)
    assert asked == 2
    order_id = (await read(retailer.web, cart))["order_id"]
    assert {order.id for order in told_of} == {UUID(order_id), UUID(by_hand.json()["id"])}
    assert (await found(retailer.web, payment))["order_id"] == order_id
    assert (await found(retailer.web, late))["state"] == "authorized"
    assert len(await all_orders(retailer.web)) == 2


async def test_an_address_in_the_cart(retailer: Retailer) -> None:
    """Given a cart's address, then it comes and goes, its order has it, and no timeline tells it."""
    await retailer.receive("A", WH=5)
    cart = await begun(retailer.web, wants("A", 1, kind="ship"), ship_to=HOME)
    assert cart["ship_to"] == HOME
    plain = {name: HOME[name] for name in ("name", "street", "city", "postal_code", "country")}

    moved = await changed(retailer.web, cart, ship_to=plain)
    kept = await changed(retailer.web, cart, note="ring twice")
    without = await changed(retailer.web, cart, ship_to=None)
    back = await changed(retailer.web, cart, ship_to=HOME)
    half = await retailer.web.send(
        "PATCH", f"/v1/carts/{cart['id']}", json={"ship_to": plain | {"latitude": 1.0}}
    )
    payment = await authorized(retailer.web, cart, 2000)
    placed = await retailer.web.post("/v1/orders", carted(cart, (payment, 2000)))

    # What an address leaves out, an answer leaves out too.
    assert [one["ship_to"] for one in (moved, kept, without, back)] == [plain, plain, None, HOME]
    assert refusal(half) == (400, "invalid")
    assert half.json()["errors"][0]["pointer"] == "/ship_to/longitude"
    assert placed.json()["ship_to"] == HOME
    timeline = (await retailer.web.get(f"/v1/carts/{cart['id']}/timeline")).json()["items"]
    assert [one["data"].get("ship_to") for one in timeline] == [None, True, None, False, True, None]


async def test_an_empty_cart_is_no_order(retailer: Retailer) -> None:
    cart = await begun(retailer.web)

    answer = await retailer.web.post("/v1/orders", {"cart": cart["id"]})

    assert refusal(answer) == (400, "invalid")
    assert answer.json()["errors"][0]["pointer"] == "/cart"
