"""Goods that one location sends to a store where their customer collects them."""

from datetime import timedelta
from typing import Any

from omniretail import clock, orders
from omniretail.orders.machine import TransitionRefused
from tests.callers import Caller, Retailer, euro, line, order, served
from tests.inventory.test_suspicion import milk, put_sku
from tests.orders.stepping import (
    authorized,
    by,
    change,
    changed,
    findings,
    handover,
    placed,
    readiness,
    sent_to,
)


async def _staff_of(retailer: Retailer, location: str) -> Caller:
    return await retailer.caller(location, "staff", locations=frozenset({location}))


async def _step(by_whom: Caller, part: str, step: str, **body: Any) -> dict[str, Any]:
    answer = await by_whom.post(f"/v1/fulfillments/{part}/{step}", body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_from_the_warehouse_to_the_customers_store(retailer: Retailer) -> None:
    """Given 2 of A in WH, bought to be collected in S2, when each does its part, then the books follow."""
    bought = await placed(retailer, "ship_to_store")
    await authorized(retailer, bought["id"])
    part = bought["fulfillments"][0]["id"]
    warehouse, store = await _staff_of(retailer, "WH"), await _staff_of(retailer, "S2")
    stages: list[tuple[str, tuple[int, int, int], tuple[int, int, int]]] = []

    async def stand(told: dict[str, Any]) -> None:
        assert await findings(retailer) == []
        stages.append(
            (
                told["fulfillments"][0]["state"],
                await retailer.level("A", "WH"),
                await retailer.level("A", "S2"),
            )
        )

    await stand(await _step(warehouse, part, "picking"))
    await stand(await _step(warehouse, part, "packing"))
    tracking = {"carrier": "DHL", "tracking_number": "JD01"}
    sent = await _step(warehouse, part, "shipment", **tracking)
    await stand(sent)
    arrived = await _step(store, part, "arrival")
    await stand(arrived)
    told = (await store.ready(part)).json()
    await stand(told["order"])
    taken = await _step(store, part, "handover", code=told["pickup_code"], name="Ann")
    await stand(taken)

    assert stages == [
        ("picking", (2, 2, 0), (0, 0, 0)),
        ("packed", (2, 2, 0), (0, 0, 0)),
        ("in_transit", (0, 0, 0), (0, 0, 0)),
        ("arrived", (0, 0, 0), (2, 2, 0)),
        ("ready", (0, 0, 0), (2, 2, 0)),
        ("handed_over", (0, 0, 0), (0, 0, 0)),
    ]
    assert (sent["fulfillments"][0]["location"], sent["tenders"][0]["captured"]) == ("WH", euro(0))
    (parcel,) = sent["fulfillments"][0]["parcels"]
    assert (parcel["carrier"], parcel["tracking_number"]) == ("DHL", "JD01")
    assert parcel["lines"] == [{"line": 1, "quantity": 2}]
    assert sent["fulfillments"][0]["lines"][0]["fulfilled_quantity"] == 0
    collected = arrived["fulfillments"][0]
    assert [collected[name] for name in ("location", "source", "destination")] == ["S2", "WH", "S2"]
    assert (taken["fulfillment_status"], taken["tenders"][0]["captured"]) == ("done", euro(4000))
    assert await retailer.movements("A") == [
        ("received", "WH", 2),
        ("allocated", "WH", 2),
        ("store_shipped", "WH", 2),
        ("store_received", "S2", 2),
        ("handed_over", "S2", 2),
    ]


async def test_each_acts_where_they_are(retailer: Retailer) -> None:
    """Given goods on their way, when their sender says they arrived, then only the store may say so."""
    part = (await placed(retailer, "ship_to_store"))["fulfillments"][0]["id"]
    warehouse, store = await _staff_of(retailer, "WH"), await _staff_of(retailer, "S2")
    elsewhere = await _staff_of(retailer, "S3")

    async def refused(by_whom: Caller, step: str) -> None:
        answer = await by_whom.post(f"/v1/fulfillments/{part}/{step}", {})
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown_fulfillment")

    for step in ("picking", "packing", "shipment"):
        await refused(store, step)
    await _step(warehouse, part, "shipment")
    await refused(warehouse, "arrival")
    await refused(elsewhere, "arrival")
    await _step(store, part, "arrival")
    await refused(warehouse, "readiness")

    seen = [
        (await who.get(f"/v1/fulfillments/{part}")).status_code
        for who in (warehouse, store, elsewhere)
    ]
    assert seen == [200, 200, 404]


async def test_the_store_sees_what_is_coming(retailer: Retailer) -> None:
    """Given goods in transit to S2, when the queues are read, then they are in its and the sender's."""
    bought = await placed(retailer, "ship_to_store")
    part = bought["fulfillments"][0]["id"]
    store = await _staff_of(retailer, "S2")

    async def queued(location: str, state: str, **more: Any) -> list[str]:
        answer = await retailer.office.get(
            "/v1/fulfillments", location=location, state=state, **more
        )
        return [one["fulfillment"]["id"] for one in answer.json()["items"]]

    assert (await queued("WH", "allocated"), await queued("S2", "allocated")) == ([part], [])
    await _step(retailer.office, part, "shipment")
    assert (await queued("WH", "in_transit"), await queued("S2", "in_transit")) == ([part], [part])
    assert await queued("S2", "in_transit", kind="pickup") == []
    coming = (await store.get("/v1/fulfillments", location="S2", state="in_transit")).json()
    assert coming["items"][0]["order_number"] == bought["number"]
    await _step(store, part, "arrival")
    assert (await queued("WH", "arrived"), await queued("S2", "arrived")) == ([], [part])


async def test_all_of_it_goes_together(retailer: Retailer) -> None:
    """Given 3 for S2, when 1 is cancelled and only 1 of 2 shall leave, then it is both or none."""
    bought = await placed(retailer, "ship_to_store", units=3)
    part = bought["fulfillments"][0]["id"]
    one = {"lines": [{"line": 1, "quantity": 1}]}
    cancelled = await retailer.web.post(
        f"/v1/orders/{bought['id']}/cancellation", {"reason": "one less", **one}
    )

    alone = await retailer.office.post(f"/v1/fulfillments/{part}/shipment", one)
    many = await retailer.office.post(
        f"/v1/fulfillments/{part}/shipment", {"lines": [{"line": 1, "quantity": 3}]}
    )
    both = await _step(retailer.office, part, "shipment", lines=[{"line": 1, "quantity": 2}])

    assert cancelled.json()["fulfillments"][0]["state"] == "allocated"
    assert (alone.status_code, alone.json()["errors"][0]["pointer"]) == (400, "/lines")
    assert (many.status_code, many.json()["type"]) == (409, "/problems/quantity_not_open")
    assert both["fulfillments"][0]["state"] == "in_transit"
    assert await retailer.level("A", "WH") == (1, 0, 1)


async def test_cancelled_before_on_the_way_and_there(retailer: Retailer) -> None:
    """Given goods for S2, when they are cancelled on their way, then no; once there, they are S2's own."""
    bought = await placed(retailer, "ship_to_store")
    part, path = bought["fulfillments"][0]["id"], f"/v1/orders/{bought['id']}/cancellation"
    await _step(retailer.office, part, "shipment")

    on_the_way = await retailer.web.post(path, {"reason": "too slow"})
    assert (on_the_way.status_code, on_the_way.json()["state"]) == (
        409,
        "ship_to_store, in_transit",
    )
    assert await findings(retailer) == []
    await _step(retailer.office, part, "arrival")
    there = await retailer.web.post(path, {"reason": "too slow"})

    assert there.json()["fulfillments"][0]["state"] == "cancelled"
    assert there.json()["tenders"][0]["refunded"] == euro(4000)
    assert await retailer.level("A", "WH") == (0, 0, 0)
    assert await retailer.level("A", "S2") == (2, 0, 2)
    assert (await retailer.movements("A"))[-1] == ("released", "S2", 2)


async def test_cancelled_before_it_leaves(retailer: Retailer) -> None:
    bought = await placed(retailer, "ship_to_store")
    path = f"/v1/orders/{bought['id']}/cancellation"

    answer = await retailer.web.post(path, {"reason": "never mind"})

    assert answer.json()["fulfillment_status"] == "cancelled"
    assert await retailer.level("A", "WH") == (2, 0, 2)


async def test_nobody_comes_to_the_store(retailer: Retailer) -> None:
    """Given goods that came to S2, when nobody collects them in time, then S2 may sell them."""
    part = (await placed(retailer, "ship_to_store"))["fulfillments"][0]["id"]
    now = clock.now()
    await changed(retailer, orders.Fulfill(**by(part, now), step="shipment", quantities={}))
    early = await change(retailer, orders.NoShow(**by(part, now)))
    assert isinstance(early, TransitionRefused)
    await changed(retailer, orders.Advance(**by(part, now), step="arrival"))
    await changed(retailer, readiness(part, now))

    over = await changed(retailer, orders.NoShow(**by(part, now + timedelta(days=4))))

    assert (over.fulfillments[0].state, over.refunded_minor) == ("no_show", 4000)
    assert await retailer.level("A", "S2") == (2, 0, 2)


async def test_sent_and_arrived_in_one_batch(retailer: Retailer) -> None:
    """Given one batch of all steps, when it is decided, then each finds what the one before it left."""
    part = (await placed(retailer, "ship_to_store"))["fulfillments"][0]["id"]
    now = clock.now()
    steps: list[orders.Command] = [
        orders.Fulfill(**by(part, now), step="shipment", quantities={}),
        orders.Advance(**by(part, now), step="arrival"),
        readiness(part, now),
        handover(part, now, name="Ann"),
    ]

    outcomes = await retailer.process.ledger.run(lambda tx: orders.change(tx, steps, now=now))

    answers = [one.value for one in outcomes if not isinstance(one, Exception)]
    states = [answer.fulfillments[0].state for answer in answers]
    assert states == ["in_transit", "arrived", "ready", "handed_over"]
    assert [answer.version for answer in answers] == [2, 3, 4, 5]


async def test_the_lots_that_were_sent_arrive(retailer: Retailer) -> None:
    """Given milk of two lots, when 4 are sent to S2, then the same lots are there, the earliest first."""
    await put_sku(retailer, "MILK", tracking="lot")
    await retailer.prices(MILK=100)
    await milk(retailer, L1=2, L2=3)
    wanted = order(served("ship", "S1", line("MILK", 4)), paid=400)
    part = (await retailer.web.post("/v1/orders", wanted)).json()["fulfillments"][0]["id"]
    await sent_to(retailer, "S2", part)

    await _step(retailer.office, part, "shipment")
    on_the_way = await findings(retailer)
    await _step(retailer.office, part, "arrival")

    assert on_the_way == []
    answer = await retailer.office.get("/v1/stock/lots", sku="MILK")
    there = {
        (lot["location"], lot["lot"]): lot["on_hand"]
        for lot in answer.json()["items"]
        if lot["on_hand"]
    }
    assert there == {("S1", "L2"): 1, ("S2", "L1"): 2, ("S2", "L2"): 2}


async def test_a_phone_is_named_where_it_is_handed_over(retailer: Retailer) -> None:
    await put_sku(retailer, "PHONE", tracking="serial")
    await retailer.prices(PHONE=100)
    arrived = {"sku": "PHONE", "location": "WH", "quantity": 2, "serials": ["p-1", "p-2"]}
    assert (await retailer.office.post("/v1/stock/receipts", {"lines": [arrived]})).is_success
    wanted = order(served("ship", "WH", line("PHONE", 1)), paid=100)
    part = (await retailer.web.post("/v1/orders", wanted)).json()["fulfillments"][0]["id"]
    await sent_to(retailer, "S1", part)
    await _step(retailer.office, part, "shipment")
    await _step(retailer.staff, part, "arrival")

    unnamed = await retailer.staff.collect(part, name="Ann")
    named = await retailer.staff.collect(
        part, name="Ann", lines=[{"line": 1, "quantity": 1, "serials": ["p-2"]}]
    )

    assert (unnamed.status_code, unnamed.json()["type"]) == (400, "/problems/serials_missing")
    assert named.status_code == 200, named.text
    gone = (await retailer.office.get("/v1/stock/serials/PHONE/p-2")).json()
    assert gone["state"] == "gone"


async def test_a_kit_is_sent_as_its_components(retailer: Retailer) -> None:
    parts = [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]
    assert (
        await retailer.office.put("/v1/skus/PACK", {"name": "Pack", "components": parts})
    ).is_success
    await retailer.prices(PACK=4000)
    await retailer.receive("A", WH=4)
    await retailer.receive("B", WH=2)
    wanted = order(served("ship", "WH", line("PACK", 2)), paid=8000)
    part = (await retailer.web.post("/v1/orders", wanted)).json()["fulfillments"][0]["id"]
    await sent_to(retailer, "S1", part)

    await _step(retailer.office, part, "shipment")
    assert await findings(retailer) == []
    await _step(retailer.staff, part, "arrival")
    assert await findings(retailer) == []

    assert await retailer.level("A", "S1") == (4, 4, 0)
    assert await retailer.level("B", "S1") == (2, 2, 0)
    assert (await retailer.staff.collect(part, name="Ann")).status_code == 200
