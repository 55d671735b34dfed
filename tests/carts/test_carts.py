"""Carts: begun in one channel, opened in another; changed, priced, over when their time is."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from omniretail import carts, clock
from omniretail.errors import DomainError
from omniretail.ids import new_id
from tests.callers import Retailer, euro, line, order, served
from tests.carts.carting import (
    OFFICE,
    PATH,
    ask,
    at,
    begun,
    bought,
    change,
    changed,
    create,
    edit,
    events,
    find,
    hold,
    hold_for,
    merge,
    read,
    refusal,
    wants,
)


async def test_begun_on_the_web_and_opened_at_the_till(retailer: Retailer) -> None:
    """Given a cart of the web shop, when its code is typed at a till, then the till goes on with it."""
    shown = await begun(retailer.web, wants("A", 2), at("B", 1), customer="anna")
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{8}", shown["code"])
    assert (shown["channel"], shown["currency"], shown["state"]) == ("web", "EUR", "open")
    typed = shown["code"].lower().replace("0", "o").replace("1", "l")

    for code in (shown["code"], typed, f"{typed[:4]}-{typed[4:]}"):
        (opened,) = (await retailer.till.get(PATH, code=code)).json()["items"]
        assert opened == shown
    carried = {"sku": "C", "add": 3, "kind": "carry_out"}
    after = await changed(retailer.till, opened, carried, {"line": 1, "quantity": 0})

    assert after["version"] == 2
    assert bought(after) == [("B", 1, 0), ("C", 3, 0)]
    assert [one["location"] for one in after["lines"]] == ["S1", "S1"]
    assert await read(retailer.web, shown) == after
    assert await events(retailer.web, shown) == ["created", "changed"]
    told = (await retailer.web.get(f"{PATH}/{shown['id']}/timeline")).json()["items"][1]["data"]
    assert [(one["number"], one["quantity"]) for one in told["lines"]] == [(1, 0), (3, 3)]


async def test_begun_at_the_till_and_found_by_its_customer(retailer: Retailer) -> None:
    """Given suspended sales of two customers, when Anna asks on the web, then she sees hers alone."""
    ids = [
        (await begun(retailer.till, wants("A", number), customer=customer))["id"]
        for number, customer in enumerate(("anna", "ben", "anna", "anna"), start=1)
    ]
    await begun(retailer.till, wants("A", 9))

    first = (await retailer.web.get(PATH, customer="anna", limit=2)).json()
    rest = (
        await retailer.web.get(PATH, customer="anna", limit=2, cursor=first["next_cursor"])
    ).json()

    assert [cart["id"] for cart in first["items"]] == [ids[3], ids[2]]
    assert ([cart["id"] for cart in rest["items"]], rest["next_cursor"]) == ([ids[0]], None)
    assert (await retailer.web.get(PATH, customer="carl")).json()["items"] == []
    assert refusal(await retailer.web.get(PATH, code="7K3M9QXW")) == (404, "unknown_cart")
    assert refusal(await retailer.web.get(PATH)) == (400, "invalid")
    assert refusal(await retailer.web.get(f"{PATH}/{new_id()}")) == (404, "unknown_cart")
    assert refusal(await retailer.web.get(f"{PATH}/{new_id()}/timeline")) == (404, "unknown_cart")


async def test_lines_are_added_set_and_removed(retailer: Retailer) -> None:
    """Given equal lines, then they are one; others differ by how they leave and where."""
    cart = await begun(retailer.web, wants("A", 1), wants("A", 2), at("A", 1), at("A", 1, "S2"))
    assert [(one["line"], one["quantity"]) for one in cart["lines"]] == [(1, 3), (2, 1), (3, 1)]

    cart = await changed(
        retailer.web,
        cart,
        {"sku": "A", "add": 2},
        {"line": 2, "add": 4},
        {"sku": "A", "kind": "pickup", "location": "S2", "quantity": 0},
        {"sku": "B", "quantity": 7},
        {"sku": "C", "quantity": 0},
    )

    assert [(one["line"], one["sku"], one["quantity"]) for one in cart["lines"]] == [
        (1, "A", 5),
        (2, "A", 5),
        (4, "B", 7),
    ]


async def test_what_is_left_out_stays_and_null_takes_away(retailer: Retailer) -> None:
    """Given a cart with everything, when one thing changes, then the rest is as it was."""
    everything: dict[str, Any] = {
        "customer": "anna",
        "customer_groups": ["gold"],
        "region": "NL",
        "coupons": ["spring", "Spring", "TEN"],
        "shipping": {"price": euro(499)},
        "note": "a gift",
    }
    cart = await begun(retailer.web, wants("A", 1), **everything)
    assert cart["coupons"] == ["SPRING", "TEN"]
    assert cart["shipping"] == {
        "price": euro(499),
        "tax_class": "standard",
        "tax_included": True,
    }
    same = ("customer_groups", "region", "coupons", "shipping", "lines", "code", "id")

    after = await changed(retailer.till, cart, customer="ben", note=None)
    assert (after["customer"], after["note"], after["version"]) == ("ben", None, 2)
    assert {name: after[name] for name in same} == {name: cart[name] for name in same}

    nothing: dict[str, Any] = dict.fromkeys(("customer", "region", "shipping", "note"))
    after = await changed(retailer.till, after, coupons=[], customer_groups=[], **nothing)
    assert {name: after[name] for name in everything} == nothing | {
        "coupons": [],
        "customer_groups": [],
    }
    told = (await retailer.web.get(f"{PATH}/{cart['id']}/timeline")).json()["items"]
    assert told[1]["data"] == {"customer": "ben", "note": None}
    assert (told[1]["channel"], told[0]["channel"]) == ("pos", "web")


async def test_an_edit_of_a_stale_cart_is_refused(retailer: Retailer) -> None:
    """Given two who read a cart, when both change what they read, then the second reads again."""
    cart = await begun(retailer.web, wants("A", 1))
    answer = await retailer.web.get(f"{PATH}/{cart['id']}")
    read_by_both = {"If-Match": answer.headers["etag"]}
    body = {"lines": [{"line": 1, "add": 1}]}
    path = f"{PATH}/{cart['id']}"

    first = await retailer.web.send("PATCH", path, json=body, headers=read_by_both)
    second = await retailer.till.send("PATCH", path, json=body, headers=read_by_both)

    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    assert refusal(second) == (412, "stale_version")
    assert (second.json()["version"], second.json()["expected_version"]) == (2, 1)
    assert bought(await read(retailer.till, cart)) == [("A", 2, 0)]


async def test_what_cannot_be_in_a_cart(retailer: Retailer) -> None:
    """Unknown and blocked SKUs, unknown places, other currencies: refused, and nothing changes."""
    await retailer.office.put("/v1/skus/C", {"name": "Article C", "status": "blocked"})
    cart = await begun(retailer.web, wants("A", 1))

    async def told(*lines: dict[str, Any], **more: Any) -> tuple[int, str]:
        there = refusal(await change(retailer.web, cart, *lines, **more))
        if all("line" not in one and "add" not in one for one in lines):
            body = {"lines": list(lines), **more}
            assert refusal(await retailer.web.post(PATH, body)) == there
        return there

    assert await told(wants("X", 1)) == (404, "unknown_sku")
    assert await told(wants("C", 1)) == (409, "sku_not_sold")
    assert await told(at("A", 1, "MOON")) == (404, "unknown_location")
    other = {"price": {"amount": 1, "currency": "USD"}}
    assert await told(shipping=other) == (400, "invalid")
    most = 2**31 - 1
    assert await told({"line": 1, "add": most}) == (409, "cart_too_large")
    assert await told({"line": 2, "quantity": 1}) == (404, "unknown_cart_line")
    assert await told({"line": 1, "sku": "A", "quantity": 1}) == (400, "invalid")
    assert await told({"quantity": 1, "add": 1}) == (400, "invalid")
    assert await told({"line": 1, "add": 1, "quantity": 1}) == (400, "invalid")
    assert await told({"line": 1, "kind": "ship", "quantity": 1}) == (400, "invalid")
    assert await read(retailer.web, cart) == cart
    nowhere = {"lines": [], "channel": "nowhere"}
    assert refusal(await retailer.office.post(PATH, nowhere)) == (404, "unknown_channel")
    assert refusal(await retailer.office.post(PATH, {})) == (400, "invalid")
    assert refusal(await retailer.web.post(PATH, {"channel": "pos"})) == (403, "channel_bound")


async def test_a_cart_has_at_most_500_lines(retailer: Retailer) -> None:
    cart = await begun(retailer.web)
    places = ("WH", "S1", "S2", "S3")
    for number in range(130):
        sku = f"X{number}"
        assert (await retailer.office.put(f"/v1/skus/{sku}", {"name": sku})).is_success
    wanted = [at(f"X{number}", 1, place) for number in range(125) for place in places]

    full = await changed(retailer.web, cart, *wanted)
    more = await change(retailer.web, cart, at("X126", 1))

    assert len(full["lines"]) == 500
    assert refusal(more) == (409, "cart_too_large")
    assert more.json()["most"] == 500


async def test_a_cart_is_over_thirty_days_after_its_last_change(retailer: Retailer) -> None:
    """Given a cart that nobody swept, when its time is over, then whoever reads it finds it so."""
    await retailer.receive("A", S1=5)
    start = clock.now()
    wanted = create(("A", 1))
    await ask(retailer, wanted, now=start)
    touched = start + timedelta(days=29)
    await edit(retailer, carts.EditCart(principal=OFFICE, cart_id=wanted.cart_id), now=touched)
    over = touched + timedelta(days=30)
    just = over - timedelta(microseconds=1)

    assert (await find(retailer, wanted.cart_id, now=just)).cart.state == "open"
    assert (await find(retailer, wanted.cart_id, now=over)).cart.state == "abandoned"
    guest = create(("A", 1))
    await ask(retailer, guest, now=over)
    refused: list[carts.CartNow | DomainError] = []
    refused += await edit(
        retailer,
        carts.EditCart(principal=OFFICE, cart_id=wanted.cart_id),
        carts.ReleaseCart(principal=OFFICE, cart_id=wanted.cart_id),
        now=over,
    )
    refused += await ask(
        retailer,
        hold_for(wanted.cart_id, 60),
        carts.MergeCarts(
            key=hold_for(wanted.cart_id, 60).key,
            principal=OFFICE,
            cart_id=wanted.cart_id,
            guest_id=guest.cart_id,
        ),
        now=over,
    )
    assert len(refused) == 4
    for one in refused:
        assert isinstance(one, carts.CartClosed)
        assert one.fields["state"] == "abandoned"


async def test_carts_whose_time_is_over_are_closed_by_the_slice(retailer: Retailer) -> None:
    """Given old carts, one of them with a hold kept alive, when they are swept, then all is free."""
    await retailer.receive("A", S1=5)
    start = clock.now()
    old = [create(("A", 1)) for _ in range(5)]
    await ask(retailer, *old, now=start)
    await ask(retailer, hold_for(old[0].cart_id, 600), now=start)
    late = start + timedelta(days=31)
    fresh = create(("A", 1))
    await ask(retailer, fresh, now=late)

    async def sweep() -> int:
        return await retailer.process.database.run(
            lambda tx: carts.abandon_expired(tx, now=late, most=3)
        )

    assert [await sweep() for _ in range(3)] == [3, 2, 0]
    for one in old:
        cart = (await find(retailer, one.cart_id, now=start)).cart
        assert (cart.state, cart.hold_ids) == ("abandoned", ())
        told = await events(retailer.office, {"id": str(one.cart_id)})
        assert told[-1] == "abandoned"
    assert (await find(retailer, fresh.cart_id, now=late)).cart.state == "open"
    assert await retailer.level("A", "S1") == (5, 0, 5)


async def test_a_cart_becomes_an_order_once(retailer: Retailer) -> None:
    """Given a cart that became an order, when anybody changes it, then they are told which order."""
    await retailer.receive("A", S1=5)
    cart = await begun(retailer.web, at("A", 2))
    guest = await begun(retailer.web, at("A", 1))
    placed = (
        await retailer.web.post(
            "/v1/orders", order(served("pickup", "S1", line("A", 2)), paid=4000)
        )
    ).json()
    now = clock.now()

    async def convert(tx: Any) -> carts.Cart | DomainError:
        (locked,) = await tx.read(carts.lock_carts([UUID(cart["id"])]))
        found = carts.open_cart(locked, UUID(cart["id"]), now=now)
        if isinstance(found, carts.Cart):
            conversion = carts.Conversion(
                cart=found,
                order_id=UUID(placed["id"]),
                actor_id=OFFICE.id,
                channel="web",
            )
            await tx.write(*carts.convert([conversion], now=now))
        return found

    first = await retailer.process.database.run(convert)
    second = await retailer.process.database.run(convert)

    assert isinstance(first, carts.Cart)
    assert isinstance(second, carts.CartClosed)
    after = await read(retailer.till, cart)
    assert (after["state"], after["order_id"], after["version"]) == ("converted", placed["id"], 2)
    assert await events(retailer.web, cart) == ["created", "converted"]
    path = f"{PATH}/{cart['id']}"
    for told in (
        await change(retailer.till, cart, {"line": 1, "add": 1}),
        await hold(retailer.till, cart),
        await retailer.till.send("DELETE", f"{path}/hold"),
        await merge(retailer.web, cart, guest),
        await merge(retailer.web, guest, cart),
    ):
        assert refusal(told) == (409, "cart_closed")
        assert (told.json()["state"], told.json()["order_id"]) == ("converted", placed["id"])
    assert (await read(retailer.web, guest))["state"] == "open"


async def test_what_a_cart_would_cost_now(retailer: Retailer) -> None:
    """Given a sale and a coupon, when a cart is looked at with prices, then they are a quote's."""
    ten = {"type": "percent", "rate_ppm": 100_000}
    for code, more in (("sale", {"skus": ["B"]}), ("ten", {"skus": ["A"], "coupon_only": True})):
        body = {"name": code, "action": ten, **more}
        assert (await retailer.office.put(f"/v1/promotions/{code}", body)).is_success
    await retailer.office.put("/v1/coupons/TEN", {"promotion": "ten"})
    wanted: dict[str, Any] = {"shipping": {"price": euro(499)}}
    cart = await begun(
        retailer.web, wants("A", 2), wants("B", 3), coupons=["ten"], customer="anna", **wanted
    )
    assert cart["prices"] is None

    prices = (await read(retailer.web, cart, priced="true"))["prices"]
    quote = await retailer.quote(
        line("A", 2), line("B", 3), coupons=[{"code": "ten"}], customer="anna", **wanted
    )

    assert prices["problems"] == []
    assert prices["total"] == euro(3600 + 1350 + 499)
    for name in ("total", "net", "tax", "shipping", "promotions", "channel"):
        assert prices[name] == quote[name]
    for shown, quoted in zip(prices["lines"], quote["lines"], strict=True):
        assert {name: quoted[name] for name in shown if name != "line"} == {
            name: shown[name] for name in shown if name != "line"
        }
    at_till = (await read(retailer.till, cart, priced="true"))["prices"]
    assert (at_till["channel"], at_till["location"]) == ("pos", "S1")
    assert at_till["total"] == prices["total"]


async def test_what_stands_in_the_way_is_told_line_by_line(retailer: Retailer) -> None:
    """Given a blocked SKU, one without a price and used-up coupons, then the rest is priced."""
    await retailer.office.put("/v1/skus/NEW", {"name": "No price yet"})
    action = {"type": "percent", "rate_ppm": 100_000}
    ten = {"name": "Ten", "action": action, "coupon_only": True}
    await retailer.office.put("/v1/promotions/ten", ten)
    await retailer.office.put("/v1/coupons/ONCE", {"promotion": "ten", "usage_limit": 1})
    await retailer.web.post("/v1/coupon-claims", {"coupon": "ONCE"})
    lines = [wants(sku, 1) for sku in ("A", "B", "NEW", "C")]
    cart = await begun(retailer.web, *lines, coupons=["NEVER", "ONCE"])
    await retailer.office.put("/v1/skus/B", {"name": "Article B", "status": "blocked"})

    prices = (await read(retailer.web, cart, priced="true"))["prices"]

    told = [
        (one["line"], one["coupon"], one["problem"]["type"].removeprefix("/problems/"))
        for one in prices["problems"]
    ]
    assert told == [
        (2, None, "sku_not_sold"),
        (3, None, "price_missing"),
        (None, "NEVER", "coupon_not_valid"),
        (None, "ONCE", "coupon_exhausted"),
    ]
    assert [one["line"] for one in prices["lines"]] == [1, 4]
    assert prices["total"] == euro(2099)


async def test_a_cart_that_cannot_be_priced_at_all(retailer: Retailer) -> None:
    """Given taxes in one region only, when a cart is of another, then the cart as a whole is told."""
    rate = {"tax_class": "standard", "region": "DE", "rate_ppm": 190_000}
    rates = {"rates": [rate | {"valid_from": "2020-01-01T00:00:00Z"}]}
    assert (await retailer.office.put("/v1/tax-rates", rates)).is_success
    cart = await begun(retailer.web, wants("A", 1), region="NL")

    prices = (await read(retailer.web, cart, priced="true"))["prices"]

    assert (prices["total"], prices["net"], prices["lines"]) == (None, None, [])
    ((fault),) = prices["problems"]
    assert (fault["line"], fault["coupon"]) == (None, None)
    assert fault["problem"]["type"] == "/problems/tax_rate_missing"


async def test_a_channel_of_another_currency_sees_the_price_of_the_first(
    retailer: Retailer,
) -> None:
    """Given a cart in euro, when a shop in francs looks at it, then it sees what it costs in euro."""
    shop = {"name": "swiss", "kind": "web", "currency": "CHF"}
    assert (await retailer.office.put("/v1/channels/swiss", shop)).is_success
    swiss = await retailer.caller("swiss", "channel", channel="swiss")
    cart = await begun(retailer.web, wants("A", 1))

    prices = (await read(swiss, cart, priced="true"))["prices"]

    assert (prices["channel"], prices["location"], prices["total"]) == ("web", None, euro(2000))


@pytest.mark.parametrize("lines", [[], [wants("A", 1)]])
async def test_the_same_key_begins_one_cart(
    retailer: Retailer, lines: list[dict[str, Any]]
) -> None:
    body = {"lines": lines}
    first = await retailer.web.post(PATH, body, key="begin")
    again = await retailer.web.post(PATH, body, key="begin")
    other = await retailer.web.post(PATH, {"note": "other"}, key="begin")

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert refusal(other) == (422, "idempotency_key_reused")
