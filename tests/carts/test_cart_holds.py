"""What carts hold: as much as they want and no more, for as long as somebody is there."""

from datetime import timedelta

from omniretail import carts, clock, inventory
from tests.callers import Retailer, line, order, served
from tests.carts.carting import (
    OFFICE,
    PATH,
    Cart,
    ask,
    at,
    begun,
    bought,
    changed,
    create,
    edit,
    events,
    find,
    hold,
    hold_for,
    read,
    refusal,
    wants,
)


async def free(retailer: Retailer, sku: str = "A", location: str = "S1") -> int:
    """Return what is available to promise."""
    return (await retailer.level(sku, location))[2]


async def held(retailer: Retailer, cart: Cart) -> Cart:
    answer = await hold(retailer.web, cart)
    assert answer.status_code == 200, answer.text
    found: Cart = answer.json()
    return found


async def test_a_cart_holds_what_it_names_a_place_for(retailer: Retailer) -> None:
    """Given 5 at S1, when a cart wants 3 of them and 2 from anywhere, then 3 are held."""
    await retailer.receive("A", S1=5)
    cart = await begun(retailer.web, at("A", 3), wants("A", 2, kind="ship"))
    assert cart["hold"] is None

    after = await held(retailer, cart)

    assert bought(after) == [("A", 3, 3), ("A", 2, 0)]
    assert after["hold"]["state"] == "live"
    assert await free(retailer) == 2
    (hold_id,) = after["hold"]["holds"]
    found = (await retailer.web.get(f"/v1/holds/{hold_id}")).json()
    assert (found["reference"], found["channel"]) == (cart["code"], "web")
    assert found["expires_at"] == after["hold"]["expires_at"]
    assert await events(retailer.web, cart) == ["created", "held"]
    assert await read(retailer.till, cart) == after


async def test_nothing_to_hold(retailer: Retailer) -> None:
    cart = await begun(retailer.web, wants("A", 3))
    assert refusal(await hold(retailer.web, cart)) == (409, "cart_nothing_to_hold")


async def test_my_own_hold_does_not_block_me(retailer: Retailer) -> None:
    """Given the last 3 held by a cart, when it wants them anew, then it has them; 4 it cannot have."""
    await retailer.receive("A", S1=3)
    cart = await held(retailer, await begun(retailer.web, at("A", 3)))

    again = await held(retailer, cart)
    more = await changed(retailer.web, again, {"line": 1, "add": 1})
    refused = await hold(retailer.web, more)

    assert again["hold"]["holds"] != cart["hold"]["holds"]
    assert refusal(refused) == (409, "insufficient_stock")
    assert (refused.json()["requested"], refused.json()["available"]) == (4, 3)
    assert bought(await read(retailer.web, cart)) == [("A", 4, 3)]
    assert await free(retailer) == 0
    before = (await retailer.web.get(f"/v1/holds/{cart['hold']['holds'][0]}")).json()
    assert before["state"] == "released"
    assert await events(retailer.web, cart) == ["created", "held", "held", "changed"]


async def test_a_cart_never_holds_more_than_its_lines_want(retailer: Retailer) -> None:
    """Given 5 held, when the customer wants fewer, then the others are free; for none, all are."""
    await retailer.receive("A", S1=5)
    await retailer.receive("B", S1=5)
    cart = await held(retailer, await begun(retailer.web, at("A", 5), at("B", 2)))

    cart = await changed(retailer.web, cart, {"line": 1, "quantity": 2})
    assert bought(cart) == [("A", 2, 2), ("B", 2, 2)]
    assert await free(retailer) == 3

    cart = await changed(retailer.web, cart, {"line": 1, "quantity": 4})
    assert bought(cart) == [("A", 4, 2), ("B", 2, 2)]
    cart = await changed(retailer.web, cart, {"line": 1, "quantity": 0})
    assert bought(cart) == [("B", 2, 2)]
    assert (await free(retailer), await free(retailer, "B")) == (5, 3)

    cart = await changed(retailer.web, cart, {"line": 2, "quantity": 0})
    assert (cart["hold"], await free(retailer, "B")) == (None, 5)


async def test_of_a_kit_the_components_are_held_and_freed_together(retailer: Retailer) -> None:
    """Given 2 packs held, each 2 A and 1 B, when one pack is enough, then 2 A and 1 B are free."""
    parts = [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]
    pack = {"name": "Pack", "components": parts}
    assert (await retailer.office.put("/v1/skus/PACK", pack)).is_success
    await retailer.receive("A", S1=5)
    await retailer.receive("B", S1=3)
    cart = await held(retailer, await begun(retailer.web, at("PACK", 2), at("A", 1)))
    assert (await free(retailer), await free(retailer, "B")) == (0, 1)

    cart = await changed(retailer.web, cart, {"line": 1, "quantity": 1})

    assert bought(cart) == [("PACK", 1, 1), ("A", 1, 1)]
    assert (await free(retailer), await free(retailer, "B")) == (2, 2)


async def test_what_is_held_lasts_anew_with_each_change(retailer: Retailer) -> None:
    """Given 5, 3 of them held for 600 s, when there is activity at 540, then until 1140 they are held."""
    await retailer.receive("A", S1=5)
    start = clock.now()

    def after(seconds: int) -> dict[str, object]:
        return {"now": start + timedelta(seconds=seconds)}

    mine, yours = create(("A", 3)), create(("A", 3))
    await ask(retailer, mine, yours, now=start)
    await ask(retailer, hold_for(mine.cart_id, 600), now=start)
    touch = carts.EditCart(principal=OFFICE, cart_id=mine.cart_id)
    (touched,) = await edit(retailer, touch, now=start + timedelta(seconds=540))
    assert isinstance(touched, carts.CartNow)
    assert touched.holds[0].expires_at == start + timedelta(seconds=1140)

    late = hold_for(yours.cart_id, 600)
    (refused,) = await ask(retailer, late, now=start + timedelta(seconds=1139))
    assert isinstance(refused, inventory.InsufficientStock)
    assert refused.fields["available"] == 2
    (given,) = await ask(retailer, late, now=start + timedelta(seconds=1141))
    assert isinstance(given, carts.CartNow)

    # What has run out is not brought back by a change, and is shown as what it is.
    (seen,) = await edit(retailer, touch, now=start + timedelta(seconds=1142))
    assert isinstance(seen, carts.CartNow)
    assert ([one.state for one in seen.holds], seen.held.total()) == (["expired"], 0)


async def test_a_hold_is_judged_when_it_is_read(retailer: Retailer) -> None:
    await retailer.receive("A", S1=5)
    start = clock.now() - timedelta(hours=1)
    cart = create(("A", 3))
    await ask(retailer, cart, now=start)
    await ask(retailer, hold_for(cart.cart_id, 600), now=start)

    shown = await read(retailer.web, {"id": str(cart.cart_id)})

    assert (shown["hold"]["state"], bought(shown)) == ("expired", [("A", 3, 0)])
    assert (await find(retailer, cart.cart_id, now=start)).held.total() == 3
    again = await hold(retailer.web, shown)
    assert bought(again.json()) == [("A", 3, 3)]
    assert await free(retailer) == 2


async def test_a_cart_lets_its_goods_go(retailer: Retailer) -> None:
    """Given a hold, when it is released twice, then the goods are free and it happened once."""
    await retailer.receive("A", S1=5)
    cart = await held(retailer, await begun(retailer.web, at("A", 3)))
    path = f"{PATH}/{cart['id']}/hold"

    released = await retailer.till.send("DELETE", path)
    again = await retailer.till.send("DELETE", path)

    assert (released.json()["hold"], released.headers["etag"]) == (None, '"3"')
    assert again.json() == released.json()
    assert await free(retailer) == 5
    assert await events(retailer.web, cart) == ["created", "held", "released"]


async def test_a_threshold_counts_a_cart_s_own_goods_once(retailer: Retailer) -> None:
    """Given 5 of which the web withholds 1, when a cart holds 4 and asks again, then it holds 4."""
    policy = {"threshold": 1, "sku_thresholds": []}
    answer = await retailer.office.put("/v1/channels/web/stock-policy", policy)
    assert answer.is_success
    await retailer.receive("A", S1=5)
    cart = await held(retailer, await begun(retailer.web, at("A", 4)))

    again = await held(retailer, cart)
    more = await changed(retailer.web, again, {"line": 1, "add": 1})

    assert bought(again) == [("A", 4, 4)]
    assert refusal(await hold(retailer.web, more)) == (409, "insufficient_stock")
    # The till is another channel, and withholds nothing.
    assert bought((await hold(retailer.till, more)).json()) == [("A", 5, 5)]
    assert await free(retailer) == 0


async def test_one_batch_about_one_cart(retailer: Retailer) -> None:
    """Given a hold, two merges and a hold in one batch, then each sees what the one before it left."""
    await retailer.receive("A", S1=5)
    now = clock.now()
    target, one, two = create(("A", 1)), create(("A", 1)), create(("A", 1))
    await ask(retailer, target, one, two, now=now)

    def merging(guest: carts.CreateCart) -> carts.MergeCarts:
        return carts.MergeCarts(
            key=hold_for(target.cart_id, 1).key,
            principal=OFFICE,
            cart_id=target.cart_id,
            guest_id=guest.cart_id,
        )

    outcomes = await ask(
        retailer,
        hold_for(target.cart_id, 60),
        merging(one),
        hold_for(one.cart_id, 60),
        merging(two),
        hold_for(target.cart_id, 60),
        now=now,
    )

    versions = [
        (outcome.cart.version, outcome.held.total())
        for outcome in outcomes
        if isinstance(outcome, carts.CartNow)
    ]
    assert versions == [(2, 1), (3, 1), (4, 1), (5, 3)]
    assert isinstance(outcomes[2], carts.CartClosed)
    assert await free(retailer) == 2


async def test_a_cart_s_hold_may_become_an_order(retailer: Retailer) -> None:
    """Given the last 2 held by a cart, when an order uses its hold, then the cart holds nothing more."""
    await retailer.receive("A", S1=2)
    cart = await held(retailer, await begun(retailer.web, at("A", 2)))
    wanted = order(served("pickup", "S1", line("A", 2)), paid=4000)

    placed = await retailer.web.post("/v1/orders", wanted | {"hold": cart["hold"]["holds"][0]})

    assert placed.status_code == 201, placed.text
    assert (await read(retailer.web, cart))["hold"]["state"] == "converted"
    assert refusal(await hold(retailer.web, cart)) == (409, "insufficient_stock")
    assert await retailer.level("A", "S1") == (2, 2, 0)
