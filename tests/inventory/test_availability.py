"""What may be promised, where and when, and where staff find it: with the arithmetic that says why."""

from datetime import timedelta
from typing import Any

from omniretail import clock
from tests.callers import Retailer, line, order, served


async def at(retailer: Retailer, sku: str, location: str, **query: Any) -> dict[str, Any]:
    """What availability says of one SKU at one location."""
    answer = await retailer.office.get(
        "/v1/availability", sku=sku, location=location, explain=True, **query
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["items"][0]["locations"][0]
    return found


async def aside(retailer: Retailer, quantity: int, to_state: str, reason: str) -> None:
    answer = await retailer.office.post(
        "/v1/stock/set-asides",
        {
            "lines": [
                {
                    "sku": "A",
                    "location": "S1",
                    "quantity": quantity,
                    "to_state": to_state,
                    "reason": reason,
                }
            ],
            "all_or_nothing": True,
        },
    )
    assert answer.status_code == 201, answer.text


async def test_everything_that_is_not_for_sale_is_taken_off(retailer: Retailer) -> None:
    """Given 20 with 2 damaged, 1 in quality control, 3 ordered, 4 held and 5 withheld, then 5 are left."""
    await retailer.office.put("/v1/locations/S1", {"name": "S1", "safety_stock": 5})
    await retailer.receive("A", S1=20)
    await aside(retailer, 2, "damaged", "damaged")
    await aside(retailer, 1, "quality_control", "inspection")
    await retailer.web.post("/v1/orders", order(served("pickup", "S1", line("A", 3)), paid=6000))
    await retailer.web.post(
        "/v1/holds", {"lines": [{"sku": "A", "location": "S1", "quantity": 4}], "seconds": 600}
    )

    found = await at(retailer, "A", "S1")

    assert found["available_to_promise"] == found["available_to_order"] == found["orderable"] == 5
    assert found["explain"] == (
        "on_hand 20 − damaged 2 − quality_control 1 − allocated 3 − held 4 − safety_stock 5 = 5"
    )


async def test_a_till_sells_what_safety_stock_withholds_from_promises(retailer: Retailer) -> None:
    """Given 2 of which 2 are withheld, then the web shop sees none, and the till sells both."""
    await retailer.office.put("/v1/locations/S1", {"name": "S1", "safety_stock": 2})
    await retailer.receive("A", S1=2)

    promised = await retailer.web.post(
        "/v1/orders", order(served("pickup", "S1", line("A", 1)), paid=2000)
    )
    carried = await retailer.till.post(
        "/v1/orders", order(served("carry_out", None, line("A", 2)), paid=4000, by="cash")
    )

    assert (promised.status_code, promised.json()["available"]) == (409, 0)
    assert carried.status_code == 201


async def test_a_kit_is_as_available_as_its_scarcest_component(retailer: Retailer) -> None:
    """Given 5 A and 9 B at S1 and B alone at S2, then a box of 2 A and 1 B can be made twice, at S1."""
    box = {
        "name": "Box",
        "components": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}],
    }
    assert (await retailer.office.put("/v1/skus/BOX", box)).is_success
    await retailer.receive("A", S1=5)
    await retailer.receive("B", S1=9, S2=3)

    answer = await retailer.office.get("/v1/availability", sku="BOX,A", explain=True)

    boxes, singles = answer.json()["items"]
    assert boxes["available_to_promise"] == 2
    assert [(one["location"], one["available_to_promise"]) for one in boxes["locations"]] == [
        ("S1", 2),
        ("S2", 0),
    ]
    assert boxes["locations"][0]["explain"] == "the least of A 5 ÷ 2 = 2, B 9 ÷ 1 = 9"
    assert singles["available_to_promise"] == 5


async def test_a_group_of_locations_is_asked_by_name(retailer: Retailer) -> None:
    await retailer.receive("A", WH=10, S1=4, S2=2)
    await retailer.office.put(
        "/v1/location-groups/stores", {"name": "Stores", "locations": ["S1", "S2", "S3"]}
    )

    stores = await retailer.office.get("/v1/availability", sku="A", group="stores")
    both = await retailer.office.get("/v1/availability", sku="A", group="stores", location="WH")
    unknown = await retailer.office.get("/v1/availability", sku="A", group="moons")

    assert stores.json()["items"][0]["available_to_promise"] == 6
    assert both.json()["items"][0]["available_to_promise"] == 16
    assert (unknown.status_code, unknown.json()["type"]) == (
        404,
        "/problems/unknown_location_group",
    )


async def test_a_past_moment_is_answered_by_when_things_happened(retailer: Retailer) -> None:
    """Given a receipt told a day late, then the day between shows it, and the time before does not."""
    now = clock.now()
    for quantity, days in ((10, 3), (5, 1)):
        await retailer.office.post(
            "/v1/stock/receipts",
            {
                "lines": [
                    {
                        "sku": "A",
                        "location": "S1",
                        "quantity": quantity,
                        "occurred_at": (now - timedelta(days=days)).isoformat(),
                    }
                ]
            },
        )
    await aside(retailer, 2, "damaged", "damaged")

    def ago(days: int) -> str:
        return (now - timedelta(days=days)).isoformat()

    assert (await at(retailer, "A", "S1", as_of=ago(4)))["on_hand"] == 0
    assert (await at(retailer, "A", "S1", as_of=ago(2)))["on_hand"] == 10
    assert (await at(retailer, "A", "S1", as_of=ago(1)))["on_hand"] == 15
    assert (await at(retailer, "A", "S1", as_of=ago(1)))["damaged"] == 0
    assert (await at(retailer, "A", "S1"))["damaged"] == 2
    future = await retailer.office.get("/v1/availability", sku="A", as_of=ago(-1))
    assert future.json()["errors"][0]["pointer"] == "/as_of"
    zoneless = await retailer.office.get("/v1/availability", sku="A", as_of="2026-01-01T00:00:00")
    assert zoneless.json()["errors"][0]["pointer"] == "/as_of"


async def test_staff_ask_where_it_is_nearest(retailer: Retailer) -> None:
    """Given a scan in Haarlem, then Amsterdam comes before Berlin, and a store without a map last."""
    places = {"S1": (52.5030, 13.3390), "S2": (52.3700, 4.8914)}
    for code, (latitude, longitude) in places.items():
        body = {"name": f"Store {code}", "latitude": latitude, "longitude": longitude}
        assert (await retailer.office.put(f"/v1/locations/{code}", body)).is_success
    body = {"name": "Article A", "barcodes": [{"code": "4006381333931"}]}
    assert (await retailer.office.put("/v1/skus/A", body)).is_success
    await retailer.receive("A", S1=2, S2=3, S3=1)
    await retailer.office.post(
        "/v1/stock/counts", {"lines": [{"sku": "A", "location": "S2", "quantity": 3}]}
    )

    answer = await retailer.staff.get(
        "/v1/stock/lookup", barcode="04006381333931", latitude=52.3874, longitude=4.6462
    )

    found = answer.json()
    assert (found["sku"], found["name"], found["available_to_promise"]) == ("A", "Article A", 6)
    assert [(one["location"], one["distance_km"]) for one in found["locations"]] == [
        ("S2", 16.8),
        ("S1", 588.9),
        ("S3", None),
    ]
    assert found["locations"][0]["explain"] == "on_hand 3"
    assert found["locations"][0]["counted_at"] is not None
    assert found["locations"][1]["counted_at"] is None
    by_code = await retailer.staff.get("/v1/stock/lookup", sku="A")
    assert [one["location"] for one in by_code.json()["locations"]] == ["S1", "S2", "S3"]


async def test_a_lookup_of_nothing_is_answered_plainly(retailer: Retailer) -> None:
    unknown = await retailer.staff.get("/v1/stock/lookup", barcode="4006381333931")
    neither = await retailer.staff.get("/v1/stock/lookup")
    half = await retailer.staff.get("/v1/stock/lookup", sku="A", latitude=1)

    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/unknown_barcode")
    assert neither.json()["errors"][0]["pointer"] == "/sku"
    assert half.json()["errors"][0]["pointer"] == "/longitude"


async def test_a_channel_sees_its_pool_less_its_threshold(retailer: Retailer) -> None:
    """Given 90, 90 and 40 in the stores after their safety stock, then a threshold of 10 leaves 210."""
    for code, safe in (("S1", 5), ("S2", 0), ("S3", 2)):
        await retailer.office.put(f"/v1/locations/{code}", {"name": code, "safety_stock": safe})
    await retailer.receive("A", WH=500, S1=95, S2=90, S3=42)
    await retailer.receive("B", S1=30)
    box = {
        "name": "Box",
        "components": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}],
    }
    assert (await retailer.office.put("/v1/skus/BOX", box)).is_success
    stores = {"name": "Stores", "locations": ["S1", "S2", "S3"]}
    await retailer.office.put("/v1/location-groups/stores", stores)
    policy = {"pool": "stores", "threshold": 10}
    assert (await retailer.office.put("/v1/channels/web/stock-policy", policy)).is_success

    a, kit = (await retailer.web.get("/v1/availability", sku="A,BOX", explain=True)).json()["items"]
    everywhere = (await retailer.office.get("/v1/availability", sku="A")).json()["items"][0]

    assert (a["available_to_promise"], a["withheld"]) == (210, 10)
    assert a["explain"] == "220 over all locations − withheld from the channel 10 = 210"
    assert [one["location"] for one in a["locations"]] == ["S1", "S2", "S3"]
    # 25 boxes could be made of B at S1 with its safety stock off; 10 of B are withheld: 15.
    assert (kit["available_to_promise"], kit["withheld"]) == (15, 10)
    assert everywhere["available_to_promise"] == 720
