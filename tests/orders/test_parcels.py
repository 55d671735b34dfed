"""Parcels that leave one by one, and what holds them up."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from omniretail import clock, orders
from omniretail.ids import new_id
from tests.callers import Caller, Retailer, euro, line, order, served
from tests.orders.stepping import authorized, placed


async def _ship(retailer: Retailer, part: str, *lines: tuple[int, int], **more: Any) -> Any:
    body = {"lines": [{"line": number, "quantity": units} for number, units in lines], **more}
    answer = await retailer.office.post(f"/v1/fulfillments/{part}/shipment", body)
    return answer.json()


async def _step(by: Caller, part: str, step: str, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = await by.post(f"/v1/fulfillments/{part}/{step}", body)
    return answer.status_code, answer.json()


async def test_two_parcels_of_one_order(retailer: Retailer) -> None:
    """Given 3 of A and 1 of B, when they leave in two parcels, then each can be followed and is paid."""
    await retailer.receive("A", WH=3)
    await retailer.receive("B", WH=1)
    wanted = order(served("ship", "WH", line("A", 3), line("B", 1)), paid=6500)
    bought = (await retailer.web.post("/v1/orders", wanted)).json()
    part = bought["fulfillments"][0]["id"]
    await authorized(retailer, bought["id"])

    url = "https://track.example/JD01"
    first = await _ship(
        retailer, part, (1, 2), carrier="DHL", tracking_number="JD01", tracking_url=url
    )
    early = await _step(retailer.office, part, "delivery")
    second = await _ship(retailer, part, carrier="UPS", tracking_number="1Z02")

    assert first["fulfillments"][0]["state"] == "allocated"
    assert (first["fulfillment_status"], first["tenders"][0]["captured"]) == ("part", euro(4000))
    assert (early[0], early[1]["type"]) == (409, "/problems/transition_refused")
    assert second["fulfillments"][0]["state"] == "shipped"
    assert (second["fulfillment_status"], second["tenders"][0]["captured"]) == ("done", euro(6500))
    one, two = second["fulfillments"][0]["parcels"]
    assert (one["number"], one["carrier"], one["tracking_number"]) == (1, "DHL", "JD01")
    assert (one["tracking_url"], one["lines"]) == (url, [{"line": 1, "quantity": 2}])
    assert (two["number"], two["carrier"], two["tracking_url"]) == (2, "UPS", None)
    assert two["lines"] == [{"line": 1, "quantity": 1}, {"line": 2, "quantity": 1}]
    assert await retailer.level("A", "WH") == (0, 0, 0)

    came = await _step(retailer.office, part, "delivery", parcel=two["id"])
    again = await _step(retailer.office, part, "delivery", parcel=two["id"])
    unknown = await _step(retailer.office, part, "delivery", parcel=str(new_id()))
    last = await _step(retailer.office, part, "delivery", parcel=one["id"])

    delivered = [parcel["delivered_at"] for parcel in came[1]["fulfillments"][0]["parcels"]]
    assert (came[0], came[1]["fulfillments"][0]["state"]) == (200, "shipped")
    assert (delivered[0], delivered[1] is None) == (None, False)
    assert again == came
    assert (unknown[0], unknown[1]["type"]) == (404, "/problems/unknown_parcel")
    assert (last[0], last[1]["fulfillments"][0]["state"]) == (200, "delivered")
    told = (await retailer.web.get(f"/v1/orders/{bought['id']}/timeline")).json()["items"]
    assert [event["type"] for event in told] == [
        *("placed", "shipped", "shipped", "delivered", "delivered"),
    ]
    assert told[1]["data"]["tracking_number"] == "JD01"
    assert told[1]["data"]["lines"] == [{"line": 1, "sku": "A", "quantity": 2}]


async def test_the_first_parcel_arrives_before_the_second_leaves(retailer: Retailer) -> None:
    """Given one of two units shipped, when its parcel arrives, then that is told, and the rest is open."""
    bought = await placed(retailer, "ship")
    part = bought["fulfillments"][0]["id"]
    sent = await _ship(retailer, part, (1, 1))
    parcel = sent["fulfillments"][0]["parcels"][0]["id"]

    came = await _step(retailer.office, part, "delivery", parcel=parcel)
    last = await _ship(retailer, part)
    done = await _step(retailer.office, part, "delivery")

    assert (came[0], came[1]["fulfillments"][0]["state"]) == (200, "allocated")
    assert came[1]["fulfillments"][0]["parcels"][0]["delivered_at"] is not None
    assert last["fulfillments"][0]["state"] == "shipped"
    assert done[1]["fulfillments"][0]["state"] == "delivered"


async def test_all_parcels_are_delivered_at_once(retailer: Retailer) -> None:
    """Given two parcels, when one was delivered before, then saying "all" leaves its time as it is."""
    bought = await placed(retailer, "ship")
    part = bought["fulfillments"][0]["id"]
    await _ship(retailer, part, (1, 1))
    sent = await _ship(retailer, part, (1, 1))
    one, two = (parcel["id"] for parcel in sent["fulfillments"][0]["parcels"])
    earlier = (clock.now() - timedelta(hours=3)).isoformat()

    first = await _step(retailer.office, part, "delivery", parcel=one, occurred_at=earlier)
    both = await _step(retailer.office, part, "delivery")

    assert both[1]["fulfillments"][0]["state"] == "delivered"
    came = {
        parcel["id"]: parcel["delivered_at"] for parcel in both[1]["fulfillments"][0]["parcels"]
    }
    assert came[one] == first[1]["fulfillments"][0]["parcels"][0]["delivered_at"]
    assert came[one] < came[two]


async def test_parcels_are_numbered_through_the_order(retailer: Retailer) -> None:
    """Given an order from WH and S1, when both ship, then their parcels are the order's 1 and 2."""
    await retailer.receive("A", WH=1, S1=1)
    wanted = order(
        served("ship", "WH", line("A", 1)), served("ship", "S1", line("A", 1)), paid=4000
    )
    bought = (await retailer.web.post("/v1/orders", wanted)).json()
    here, there = (part["id"] for part in bought["fulfillments"])

    await _ship(retailer, there)
    sent = await _ship(retailer, here)

    numbers = [parcel["number"] for part in sent["fulfillments"] for parcel in part["parcels"]]
    assert numbers == [2, 1]
    of_another = sent["fulfillments"][1]["parcels"][0]["id"]
    wrong = await _step(retailer.office, here, "delivery", parcel=of_another)
    assert (wrong[0], wrong[1]["type"]) == (404, "/problems/unknown_parcel")


async def test_one_parcel_left_and_the_rest_is_cancelled(retailer: Retailer) -> None:
    bought = await placed(retailer, "ship", units=3)
    part = bought["fulfillments"][0]["id"]
    await authorized(retailer, bought["id"])
    await _ship(retailer, part, (1, 1))

    answer = await retailer.web.post(
        f"/v1/orders/{bought['id']}/cancellation", {"reason": "the rest takes too long"}
    )

    told = answer.json()
    assert (told["fulfillments"][0]["state"], told["fulfillment_status"]) == ("shipped", "done")
    tender = told["tenders"][0]
    assert (tender["captured"], tender["voided"]) == (euro(2000), euro(4000))
    assert (await _step(retailer.office, part, "delivery"))[0] == 200


async def test_two_reasons_hold_one_fulfillment_up(retailer: Retailer) -> None:
    """Given a payment awaited and a bad address, when one is mended, then it waits for the other."""
    bought = await placed(retailer, "ship")
    part = bought["fulfillments"][0]["id"]
    other = (await placed(retailer, "ship"))["fulfillments"][0]["id"]

    async def queued(state: str, **more: Any) -> list[str]:
        answer = await retailer.office.get("/v1/fulfillments", location="WH", state=state, **more)
        return [one["fulfillment"]["id"] for one in answer.json()["items"]]

    _, first = await _step(retailer.office, part, "hold", reason="awaiting_payment")
    note = {"reason": "bad_address", "note": "no such street"}
    _, both = await _step(retailer.office, part, "hold", **note)
    money, street = (hold["id"] for hold in both["fulfillments"][0]["holds"])

    assert (first["fulfillments"][0]["state"], both["fulfillments"][0]["state"]) == ("on_hold",) * 2
    assert both["fulfillments"][0]["holds"][1]["note"] == "no such street"
    assert (await queued("allocated"), await queued("on_hold")) == ([other], [part])
    assert (await queued("on_hold", kind="pickup"), await queued("on_hold", cursor="")) == (
        [],
        [part],
    )
    for step in ("picking", "packing", "shipment"):
        status, told = await _step(retailer.office, part, step)
        assert (status, told["state"], told["step"]) == (409, "ship, on_hold", step)

    unknown = await _step(retailer.office, part, "release", hold=str(new_id()))
    _, less = await _step(retailer.office, part, "release", hold=money)
    gone = await _step(retailer.office, part, "release", hold=money)
    still = await _step(retailer.office, part, "picking")
    _, free = await _step(retailer.office, part, "release", hold=street)
    going = await _step(retailer.office, part, "picking")

    for status, told in (unknown, gone):
        assert (status, told["type"]) == (404, "/problems/unknown_fulfillment_hold")
    assert [hold["id"] for hold in less["fulfillments"][0]["holds"]] == [street]
    assert still[0] == 409
    assert (free["fulfillments"][0]["state"], free["fulfillments"][0]["holds"]) == ("allocated", [])
    assert going[0] == 200
    told = (await retailer.web.get(f"/v1/orders/{bought['id']}/timeline")).json()["items"]
    assert [(event["type"], event["data"].get("reason")) for event in told] == [
        ("placed", None),
        ("held_up", "awaiting_payment"),
        ("held_up", "bad_address"),
        ("hold_released", None),
        ("hold_released", None),
        ("picking_started", None),
    ]


async def test_all_holds_end_at_once(retailer: Retailer) -> None:
    bought = await placed(retailer, "pickup")
    part = bought["fulfillments"][0]["id"]
    for reason in ("fraud_review", "customer_request", "out_of_stock", "other"):
        assert (await _step(retailer.staff, part, "hold", reason=reason))[0] == 200

    _, free = await _step(retailer.staff, part, "release")
    _, again = await _step(retailer.staff, part, "release")

    assert free["fulfillments"][0]["holds"] == []
    assert (free["version"], again["version"]) == (6, 6)


async def test_what_is_held_up_can_be_cancelled(retailer: Retailer) -> None:
    """Given an order held up for fraud, when it is cancelled, then nothing holds it up any more."""
    bought = await placed(retailer, "pickup")
    part = bought["fulfillments"][0]["id"]
    await retailer.staff.ready(part)
    await _step(retailer.staff, part, "hold", reason="fraud_review")
    held = await retailer.staff.collect(part)

    answer = await retailer.web.post(
        f"/v1/orders/{bought['id']}/cancellation", {"reason": "it was fraud"}
    )

    assert (held.status_code, held.json()["state"]) == (409, "pickup, on_hold")
    assert answer.json()["fulfillments"][0]["state"] == "cancelled"
    assert answer.json()["fulfillments"][0]["holds"] == []
    queue = await retailer.staff.get("/v1/fulfillments", location="S1", state="on_hold")
    assert queue.json()["items"] == []
    assert await retailer.level("A", "S1") == (2, 0, 2)


async def test_a_queue_is_read_page_by_page(retailer: Retailer) -> None:
    """Given five orders, when their queue is read by twos, then each is there once, the oldest first."""
    await retailer.receive("A", WH=5)
    wanted = order(served("ship", "WH", line("A", 1)), paid=2000)
    parts = [
        (await retailer.web.post("/v1/orders", wanted)).json()["fulfillments"][0]["id"]
        for _ in range(5)
    ]
    seen: list[str] = []
    query: dict[str, Any] = {"location": "WH", "limit": 2}
    while True:
        page = (await retailer.office.get("/v1/fulfillments", **query)).json()
        seen += [one["fulfillment"]["id"] for one in page["items"]]
        if not (cursor := page.get("next_cursor")):
            break
        query["cursor"] = cursor

    assert seen == parts
    till = await retailer.caller("pos shop", "channel", channel="pos")
    assert (await till.get("/v1/fulfillments", location="WH")).json()["items"] == []
    one = await retailer.office.get(f"/v1/fulfillments/{parts[0]}")
    assert (one.status_code, one.json()["fulfillment"]["id"]) == (200, parts[0])
    hidden = await till.get(f"/v1/fulfillments/{parts[0]}")
    assert (hidden.status_code, hidden.json()["type"]) == (404, "/problems/unknown_fulfillment")
    assert orders.UnknownFulfillment(UUID(parts[0])).fields == {"fulfillment": parts[0]}
