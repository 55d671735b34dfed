"""Selling from one stock: tills carry out, the web shop promises, stores hand over."""

import asyncio

from tests.callers import Retailer, line, order, served


async def test_last_unit_fifty_buyers(retailer: Retailer) -> None:
    """Given one unit, when 25 carts and 25 tills want it at once, then exactly one gets it."""
    await retailer.receive("A", S1=1)
    wanted = served("pickup", "S1", line("A", 1)), served("carry_out", "S1", line("A", 1))

    answers = await asyncio.gather(
        *(retailer.web.post("/v1/orders", order(wanted[0], paid=2000)) for _ in range(25)),
        *(retailer.till.post("/v1/orders", order(wanted[1], paid=2000)) for _ in range(25)),
    )

    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(201), statuses.count(409)) == (1, 49)
    for answer in answers:
        if answer.status_code == 409:
            problem = answer.json()
            assert problem["type"] == "/problems/insufficient_stock"
            assert (problem["requested"], problem["available"]) == (1, 0)
    assert (await retailer.level("A", "S1"))[2] == 0


async def test_a_retried_payment_places_one_order(retailer: Retailer) -> None:
    """Given one unit, when the first attempt was not paid in full and the second is, then one order."""
    await retailer.receive("A", S1=1)
    wanted = served("pickup", "S1", line("A", 1))

    failed = await retailer.web.post("/v1/orders", order(wanted, paid=1900))
    retried = await retailer.web.post("/v1/orders", order(wanted, paid=2000))

    assert failed.status_code == 409
    assert failed.json()["type"] == "/problems/tenders_mismatch"
    assert failed.json()["total"] == {"amount": 2000, "currency": "EUR"}
    assert retried.status_code == 201
    assert await retailer.level("A", "S1") == (1, 1, 0)
    assert len((await retailer.web.get("/v1/orders")).json()["items"]) == 1


async def test_split_allocation_keeps_the_ledger_true(retailer: Retailer) -> None:
    """Given WH 4 and S1 3, when 5 are ordered as 4 + 1 and cancelled, then 4 + 1 come back, not 5 + 5."""
    await retailer.receive("A", WH=4, S1=3)
    wanted = served("ship", "WH", line("A", 4)), served("ship", "S1", line("A", 1))

    placed = await retailer.web.post("/v1/orders", order(*wanted, paid=10_000))
    promised = await retailer.movements("A")
    levels = [await retailer.level("A", "WH"), await retailer.level("A", "S1")]
    cancelled = await retailer.web.post(
        f"/v1/orders/{placed.json()['id']}/cancellation", {"reason": "changed their mind"}
    )

    assert promised[2:] == [("allocated", "WH", 4), ("allocated", "S1", 1)]
    assert levels == [(4, 4, 0), (3, 1, 2)]
    assert cancelled.json()["fulfillment_status"] == "cancelled"
    assert cancelled.json()["payment_status"] == "refunded"
    moved = await retailer.movements("A")
    assert moved[4:] == [("released", "WH", 4), ("released", "S1", 1)]
    sums = {
        (location, kind): sum(n for type_, at, n in moved if (at, type_) == (location, kind))
        for location in ("WH", "S1")
        for kind in ("received", "allocated", "released")
    }
    assert sums == {
        ("WH", "received"): 4,
        ("WH", "allocated"): 4,
        ("WH", "released"): 4,
        ("S1", "received"): 3,
        ("S1", "allocated"): 1,
        ("S1", "released"): 1,
    }
    assert await retailer.level("A", "WH") == (4, 0, 4)
    assert await retailer.level("A", "S1") == (3, 0, 3)


async def test_on_hand_means_on_the_shelf(retailer: Retailer) -> None:
    """Given 10, when 3 are ordered, 2 shipped and 1 cancelled, then on_hand moves with the parcel only."""
    await retailer.receive("A", WH=10)

    placed = (
        await retailer.web.post("/v1/orders", order(served("ship", "WH", line("A", 3)), paid=6000))
    ).json()
    after_placing = await retailer.level("A", "WH")
    shipped = await retailer.office.post(
        f"/v1/fulfillments/{placed['fulfillments'][0]['id']}/shipment",
        {"lines": [{"line": 1, "quantity": 2}]},
    )
    after_shipping = await retailer.level("A", "WH")
    cancelled = await retailer.web.post(
        f"/v1/orders/{placed['id']}/cancellation",
        {"reason": "out of patience", "lines": [{"line": 1, "quantity": 1}]},
    )
    after_cancelling = await retailer.level("A", "WH")

    assert after_placing == (10, 3, 7)
    assert shipped.json()["fulfillment_status"] == "part"
    assert after_shipping == (8, 1, 7)
    assert cancelled.json()["fulfillment_status"] == "done"
    assert cancelled.json()["tenders"][0]["refunded"]["amount"] == 2000
    assert after_cancelling == (8, 0, 8)
    assert (await retailer.movements("A"))[1:] == [
        ("allocated", "WH", 3),
        ("shipped", "WH", 2),
        ("released", "WH", 1),
    ]


async def test_movements_cannot_be_edited(retailer: Retailer) -> None:
    """Given a movement, when somebody wants to change or delete it, then it stands."""
    await retailer.receive("A", WH=10)
    found = (await retailer.office.get("/v1/stock/movements", sku="A")).json()["items"][0]

    for method in ("PATCH", "DELETE"):
        answer = await retailer.office.send(method, f"/v1/stock/movements/{found['id']}")
        assert answer.status_code == 409
        assert answer.json()["type"] == "/problems/movement_immutable"

    assert await retailer.level("A", "WH") == (10, 0, 10)


async def test_click_and_collect_leaves_the_shelf_when_handed_over(retailer: Retailer) -> None:
    """Given 6 at S1, when 2 are bought online and collected, then on_hand is 4 after the hand-over."""
    await retailer.receive("A", S1=6)
    placed = (
        await retailer.web.post(
            "/v1/orders", order(served("pickup", "S1", line("A", 2)), paid=4000)
        )
    ).json()
    before = await retailer.level("A", "S1")
    queue = (await retailer.staff.get("/v1/fulfillments", location="S1", kind="pickup")).json()

    pickup = placed["fulfillments"][0]["id"]
    early = await retailer.staff.post(f"/v1/fulfillments/{pickup}/handover", {"code": "any"})
    ready = await retailer.staff.post(f"/v1/fulfillments/{pickup}/readiness", {})
    code = {"code": ready.json()["pickup_code"], "name": "Ada"}
    done = await retailer.staff.post(f"/v1/fulfillments/{pickup}/handover", code, key="at-counter")
    again = await retailer.staff.post(f"/v1/fulfillments/{pickup}/handover", code, key="at-counter")
    late = await retailer.staff.post(f"/v1/fulfillments/{pickup}/handover", code)

    assert before == (6, 2, 4)
    assert [item["order_number"] for item in queue["items"]] == [placed["number"]]
    assert done.json()["fulfillments"][0]["state"] == "handed_over"
    assert again.json() == done.json()
    assert early.status_code == 409
    assert early.json()["state"] == "pickup, allocated"
    # Another press of the button is the same answer, and no second movement.
    assert (late.status_code, late.json()) == (200, done.json())
    assert await retailer.level("A", "S1") == (4, 0, 4)


async def test_a_till_and_the_web_shop_sell_from_the_same_shelf(retailer: Retailer) -> None:
    """Given 3 at S1, when the till sells 2, then the web shop can promise 1 and no more."""
    await retailer.receive("A", S1=3)

    sale = await retailer.till.post(
        "/v1/orders", order(served("carry_out", None, line("A", 2)), paid=4000, by="cash")
    )
    refused = await retailer.web.post(
        "/v1/orders", order(served("pickup", "S1", line("A", 2)), paid=4000)
    )
    promised = await retailer.web.post(
        "/v1/orders", order(served("pickup", "S1", line("A", 1)), paid=2000)
    )

    assert sale.json()["fulfillment_status"] == "done"
    assert sale.json()["location"] == "S1"
    assert (refused.status_code, refused.json()["available"]) == (409, 1)
    assert promised.status_code == 201
    timeline = (await retailer.till.get(f"/v1/orders/{sale.json()['id']}/timeline")).json()
    assert [event["type"] for event in timeline["items"]] == ["placed"]
