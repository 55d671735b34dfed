"""Kits: sold as one, moved as their components."""

from typing import Any

import httpx

from tests.callers import Caller, Retailer, line, order, served


async def kit(retailer: Retailer, code: str, price: int = 4000, **parts: int) -> None:
    """Put a kit in place: `kit(retailer, "SET", A=2, B=1)`."""
    components = [{"sku": sku, "quantity": quantity} for sku, quantity in parts.items()]
    body = {"name": code, "components": components}
    assert (await retailer.office.put(f"/v1/skus/{code}", body)).is_success
    await retailer.prices(**{code: price})


def bought(kind: str, *lines: dict[str, Any], paid: int) -> dict[str, Any]:
    return order(served(kind, "S1", *lines), paid=paid)


async def placed(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    answer = await caller.post("/v1/orders", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def leave(caller: Caller, made: dict[str, Any], **body: Any) -> httpx.Response:
    """Hand over or ship an order's only fulfillment."""
    return await caller.leave(made["fulfillments"][0], **body)


async def stored(retailer: Retailer, order_id: str) -> list[tuple[str, str, int, str | None]]:
    """Return (type, SKU, quantity, kit) of the movements of an order."""
    async with retailer.process.database.transaction() as tx:
        rows = await tx.fetch(
            "select type, sku, quantity, kit from stock_movement where document_id = $1 "
            "order by recorded_at, type, sku, quantity",
            order_id,
        )
    return [tuple(row) for row in rows]


async def test_an_order_of_kits_promises_their_components(retailer: Retailer) -> None:
    """Given 9 A and 3 B, when two kits of 3 A and a B are ordered and fetched, then 6 A and 2 B go."""
    await kit(retailer, "SET", A=3, B=1)
    await retailer.receive("A", S1=9)
    await retailer.receive("B", S1=3)

    made = await placed(retailer.web, bought("pickup", line("SET", 2), paid=8000))
    assert await retailer.level("A", "S1") == (9, 6, 3)
    assert await retailer.level("B", "S1") == (3, 2, 1)
    (shown,) = made["fulfillments"][0]["lines"]
    assert (shown["sku"], shown["quantity"]) == ("SET", 2)
    assert (await leave(retailer.staff, made)).status_code == 200

    assert await retailer.level("A", "S1") == (3, 0, 3)
    assert await retailer.level("B", "S1") == (1, 0, 1)
    assert await stored(retailer, made["id"]) == [
        ("allocated", "A", 6, "SET"),
        ("allocated", "B", 2, "SET"),
        ("handed_over", "A", 6, "SET"),
        ("handed_over", "B", 2, "SET"),
    ]


async def test_a_kit_is_sold_over_the_counter(retailer: Retailer) -> None:
    await kit(retailer, "SET", A=2, B=1)
    await retailer.receive("A", S1=3)
    await retailer.receive("B", S1=3)

    sale = await placed(retailer.till, bought("carry_out", line("SET", 1), paid=4000))
    second = await retailer.till.post("/v1/orders", bought("carry_out", line("SET", 1), paid=4000))

    assert await stored(retailer, sale["id"]) == [("sold", "A", 2, "SET"), ("sold", "B", 1, "SET")]
    assert second.status_code == 409
    assert second.json()["shortages"] == [
        {"sku": "A", "location": "S1", "requested": 2, "available": 1, "missing": 1}
    ]
    assert await retailer.level("B", "S1") == (2, 0, 2)


async def test_kits_and_their_components_share_what_is_there(retailer: Retailer) -> None:
    """Given 5 A, when one order wants 2 kits of 2 A and 2 A besides, then 6 are wanted, and it falls."""
    await kit(retailer, "PAIR", A=2)
    await retailer.receive("A", S1=5)

    refused = await retailer.web.post(
        "/v1/orders", bought("pickup", line("PAIR", 2), line("A", 2), paid=12_000)
    )
    assert (refused.status_code, refused.json()["requested"]) == (409, 6)
    await placed(retailer.web, bought("pickup", line("PAIR", 2), line("A", 1), paid=10_000))
    assert await retailer.level("A", "S1") == (5, 5, 0)


async def test_a_kit_is_cancelled_and_shipped_in_part(retailer: Retailer) -> None:
    """Given three kits ordered, when one is shipped and one cancelled, then one is still promised."""
    await kit(retailer, "SET", A=2, B=1)
    await retailer.receive("A", S1=6)
    await retailer.receive("B", S1=6)
    made = await placed(retailer.web, bought("ship", line("SET", 3), paid=12_000))

    shipped = await leave(retailer.staff, made, lines=[{"line": 1, "quantity": 1}])
    assert shipped.status_code == 200, shipped.text
    cancelled = await retailer.web.post(
        f"/v1/orders/{made['id']}/cancellation",
        {"reason": "too many", "lines": [{"line": 1, "quantity": 1}]},
    )

    assert cancelled.json()["tenders"][0]["refunded"]["amount"] == 4000
    assert await retailer.level("A", "S1") == (4, 2, 2)
    assert await retailer.level("B", "S1") == (5, 1, 4)


async def test_an_open_order_keeps_the_kit_it_bought(retailer: Retailer) -> None:
    """Given a kit of 2 A ordered, when the kit is changed to a B, then the order still gets its A."""
    await kit(retailer, "SET", A=2)
    await retailer.receive("A", S1=4)
    await retailer.receive("B", S1=4)
    first = await placed(retailer.web, bought("pickup", line("SET", 1), paid=4000))
    second = await placed(retailer.web, bought("pickup", line("SET", 1), paid=4000))

    await kit(retailer, "SET", B=1)
    third = await placed(retailer.web, bought("pickup", line("SET", 1), paid=4000))

    assert (await leave(retailer.staff, first)).status_code == 200
    cancelled = await retailer.web.post(
        f"/v1/orders/{second['id']}/cancellation", {"reason": "not that"}
    )
    assert cancelled.status_code == 200
    assert (await leave(retailer.staff, third)).status_code == 200
    assert await retailer.level("A", "S1") == (2, 0, 2)
    assert await retailer.level("B", "S1") == (3, 0, 3)


async def test_as_many_kits_as_the_scarcest_component_allows(retailer: Retailer) -> None:
    """Given components for 4, 3 and 2 kits in one place, then 2 may be sold there, and none elsewhere."""
    await kit(retailer, "SET", A=2, B=1, C=5)
    for sku, quantity in {"A": 9, "B": 3, "C": 14}.items():
        await retailer.receive(sku, S1=quantity)
    await retailer.receive("A", S2=100)

    items = (await retailer.web.get("/v1/availability", sku="SET")).json()["items"]

    assert items[0]["available_to_promise"] == 2
    assert {at["location"]: at["available_to_promise"] for at in items[0]["locations"]} == {
        "S1": 2,
        "S2": 0,
    }
    three = await retailer.web.post("/v1/orders", bought("pickup", line("SET", 3), paid=12_000))
    assert three.json()["shortages"][0]["sku"] == "C"
    await placed(retailer.web, bought("pickup", line("SET", 2), paid=8000))


async def test_a_kit_itself_is_never_moved(retailer: Retailer) -> None:
    await kit(retailer, "SET", A=2)
    row = {"sku": "SET", "location": "S1"}
    for path, more in (
        ("receipts", {"quantity": 1}),
        ("adjustments", {"change": 1, "reason": "found"}),
        ("set-asides", {"quantity": 1, "to_state": "damaged", "reason": "damaged"}),
        ("counts", {"quantity": 1}),
    ):
        answer = await retailer.office.post(f"/v1/stock/{path}", {"lines": [row | more]})
        problem = answer.json()["outcomes"][0]["problem"]
        assert problem["type"] == "/problems/kit_has_no_stock", path


async def test_a_kit_of_many_units_asks_for_more_than_there_can_be(retailer: Retailer) -> None:
    await kit(retailer, "CRATE", price=0, A=10_000)
    await retailer.receive("A", S1=5)

    answer = await retailer.web.post(
        "/v1/orders", bought("pickup", line("CRATE", 2**31 - 1), paid=0)
    )

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/insufficient_stock")
    assert answer.json()["requested"] == 10_000 * (2**31 - 1)


async def test_a_kit_with_a_numbered_component(retailer: Retailer) -> None:
    """Given a phone with a case as a kit, when it leaves, then the phone's number must be named."""
    await retailer.office.put("/v1/skus/PHONE", {"name": "Phone", "tracking": "serial"})
    await kit(retailer, "SET", A=1, PHONE=2)
    await retailer.receive("A", S1=9)
    row = {"sku": "PHONE", "location": "S1", "quantity": 6}
    serials = [f"p{number}" for number in range(6)]
    receipt = await retailer.office.post(
        "/v1/stock/receipts", {"lines": [row | {"serials": serials}]}
    )
    assert receipt.json()["outcomes"][0]["status"] == "booked"

    unnamed = await retailer.till.post("/v1/orders", bought("carry_out", line("SET", 1), paid=4000))
    assert (unnamed.status_code, unnamed.json()["type"]) == (400, "/problems/serials_missing")
    too_many = await retailer.till.post(
        "/v1/orders", bought("carry_out", line("SET", 1, serials=["p0", "p1", "p2"]), paid=4000)
    )
    assert too_many.json()["type"] == "/problems/serials_missing"
    sale = await placed(
        retailer.till, bought("carry_out", line("SET", 1, serials=["p0", "p1"]), paid=4000)
    )
    made = await placed(retailer.web, bought("pickup", line("SET", 2), paid=8000))
    gone = await leave(
        retailer.staff, made, lines=[{"line": 1, "quantity": 1, "serials": ["p1", "p2"]}]
    )
    assert (gone.status_code, gone.json()["type"]) == (409, "/problems/serial_gone")
    handed = await leave(
        retailer.staff, made, lines=[{"line": 1, "quantity": 1, "serials": ["p2", "p3"]}]
    )
    assert handed.status_code == 200, handed.text

    async with retailer.process.database.transaction() as tx:
        rows = await tx.fetch("select serial, state from stock_serial order by serial")
    assert [(row["serial"], row["state"]) for row in rows] == [
        ("p0", "gone"),
        ("p1", "gone"),
        ("p2", "gone"),
        ("p3", "gone"),
        ("p4", "on_hand"),
        ("p5", "on_hand"),
    ]
    assert ("sold", "A", 1, "SET") in await stored(retailer, sale["id"])
    assert await retailer.level("PHONE", "S1") == (2, 2, 0)
