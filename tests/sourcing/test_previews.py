"""Asking where an order would be served from: the plan, why, and nothing written."""

from typing import Any

import httpx

from tests.callers import Caller, Retailer, line, order, served

PLANS = "/v1/sourcing/plans"


async def asked(caller: Caller, *lines: tuple[str, int], **more: Any) -> Any:
    """The answer to a question about some lines, to be shipped unless it says otherwise."""
    wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
    answer = await caller.ask(PLANS, {"kind": "ship", "lines": wanted} | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def parts(plan: Any) -> dict[str, list[tuple[int, str, int]]]:
    """By location: the number of each line, its SKU, how many."""
    return {
        part["location"]: [(one["line"], one["sku"], one["quantity"]) for one in part["lines"]]
        for part in plan["parts"]
    }


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def put(retailer: Retailer, path: str, **stated: Any) -> None:
    answer = await retailer.office.put(path, stated)
    assert answer.is_success, answer.text


async def test_first_non_tie_wins_and_says_why(retailer: Retailer) -> None:
    """Given A×2, B×1; S1 {A2}, S2 {A2, B1}, S3 {A5, B5, inactive}: S2 alone, nothing is written."""
    await retailer.receive("A", S1=2, S2=2, S3=5)
    await retailer.receive("B", S2=1, S3=5)
    await put(retailer, "/v1/locations/S3", name="S3", status="inactive")
    rules = ["preferred", "fewest_splits", "proximity"]
    await put(retailer, "/v1/sourcing-policies/web", rules=rules)
    before = await retailer.movements("A")

    plan = await asked(retailer.web, ("A", 2), ("B", 1))
    again = await asked(retailer.web, ("A", 2), ("B", 1))

    assert plan == again
    assert parts(plan) == {"S2": [(1, "A", 2), (2, "B", 1)]}
    assert plan["short"] == []
    said = plan["explanation"]
    assert (said["lines"], said["units"]) == (2, 3)
    assert [(one["location"], one["lines"], one["excluded"]) for one in said["candidates"]] == [
        ("S1", 1, None),
        ("S2", 2, None),
        ("S3", 0, "inactive"),
        ("WH", 0, "nothing_there"),
    ]
    assert said["steps"] == [
        {"part": 1, "rule": "preferred", "left": None},
        {"part": 1, "rule": "fewest_splits", "left": ["S2"]},
    ]
    assert await retailer.movements("A") == before
    assert await retailer.level("A", "S2") == (2, 0, 2)


async def test_split_by_the_highest_stock(retailer: Retailer) -> None:
    """Given WH 4, S1 3 and the highest stock first: 5 are WH 4, S1 1."""
    await retailer.receive("A", WH=4, S1=3)
    await put(retailer, "/v1/sourcing-policies/web", rules=["highest_stock"])

    plan = await asked(retailer.web, ("A", 5))

    assert [part["location"] for part in plan["parts"]] == ["WH", "S1"]
    assert parts(plan) == {"WH": [(1, "A", 4)], "S1": [(1, "A", 1)]}


async def test_only_what_may_be_promised_counts(retailer: Retailer) -> None:
    """Allocated, held, set aside, safety stock of the place and of the level: none of it ships."""
    await retailer.receive("A", WH=9, S1=3, S2=4, S3=2)
    await put(retailer, "/v1/locations/WH", name="WH", safety_stock=5)
    taken = order(served("pickup", "S1", line("A", 2)), paid=4000)
    assert (await retailer.web.post("/v1/orders", taken)).status_code == 201
    hold = {"lines": [{"sku": "A", "location": "WH", "quantity": 3}]}
    assert (await retailer.web.post("/v1/holds", hold)).status_code == 201
    safety = {"lines": [{"sku": "A", "location": "S2", "quantity": 2}]}
    assert (await retailer.office.put("/v1/stock/safety-stock", safety)).is_success
    aside = {"sku": "A", "location": "S3", "quantity": 2, "to_state": "damaged"}
    await retailer.office.post("/v1/stock/set-asides", {"lines": [aside | {"reason": "damaged"}]})

    found = (await asked(retailer.office, ("A", 1)))["explanation"]["candidates"]
    short = await asked(retailer.office, ("A", 9))

    assert {one["location"]: one["remaining"] + 1 for one in found} == {
        "WH": 1,
        "S1": 1,
        "S2": 2,
        "S3": 0,
    }
    assert short["parts"] == []
    assert short["short"] == [{"sku": "A", "quantity": 5}]


async def test_a_kit_is_planned_by_its_components(retailer: Retailer) -> None:
    components = [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]
    await put(retailer, "/v1/skus/TWIN", name="Twin pack", components=components)
    await retailer.receive("A", S1=9, S2=4)
    await retailer.receive("B", S2=2, WH=9)

    assert parts(await asked(retailer.web, ("TWIN", 2))) == {"S2": [(1, "TWIN", 2)]}
    assert (await asked(retailer.web, ("TWIN", 3)))["short"] == [{"sku": "TWIN", "quantity": 1}]


async def test_a_channel_is_served_from_its_pool(retailer: Retailer) -> None:
    await retailer.receive("A", S1=1, WH=9)
    await put(retailer, "/v1/location-groups/online", name="Online", locations=["S1"])
    await put(retailer, "/v1/channels/web/stock-policy", pool="online", threshold=1)

    web, office = await asked(retailer.web, ("A", 1)), await asked(retailer.office, ("A", 1))

    assert list(parts(web)) == ["S1"]
    kept_out = {one["location"]: one["excluded"] for one in web["explanation"]["candidates"]}
    assert kept_out["WH"] == "outside_pool"
    assert list(parts(office)) == ["WH"]
    assert parts(await asked(retailer.office, ("A", 1), channel="web")) == parts(web)


async def test_a_location_that_is_busy_today_is_spared(retailer: Retailer) -> None:
    """Given one fulfillment a day at S1: the second is shipped from elsewhere, a pickup is not."""
    await retailer.receive("A", S1=9, S2=1)
    await put(retailer, "/v1/fulfillment-policies/S1", daily_capacity=1)
    first = await asked(retailer.web, ("A", 1))
    shipped = order(served("ship", "S1", line("A", 1)), paid=2000)
    assert (await retailer.web.post("/v1/orders", shipped)).status_code == 201

    second = await asked(retailer.web, ("A", 1))

    assert (list(parts(first)), list(parts(second))) == (["S1"], ["S2"])
    assert second["explanation"]["candidates"][0]["excluded"] == "at_capacity"
    assert list(parts(await asked(retailer.web, ("A", 1), kind="pickup"))) == ["S1"]


async def test_the_nearest_location_serves(retailer: Retailer) -> None:
    await retailer.receive("A", S1=1, S2=1, S3=9)
    await put(retailer, "/v1/locations/S1", name="Hamburg", latitude=53.551, longitude=9.994)
    await put(retailer, "/v1/locations/S2", name="Berlin", latitude=52.52, longitude=13.405)
    potsdam = {"latitude": 52.39, "longitude": 13.065}

    shipped = await asked(retailer.web, ("A", 1), point=potsdam)
    arrives = await asked(retailer.web, ("A", 1), kind="ship_to_store", destination="S1")

    assert list(parts(shipped)) == ["S2"]
    distances = {
        one["location"]: one["distance_km"] for one in shipped["explanation"]["candidates"]
    }
    assert distances == {"S1": 242.8, "S2": 27.2, "S3": None, "WH": None}
    assert list(parts(arrives)) == ["S1"]
    assert list(parts(await asked(retailer.web, ("A", 1), prefer="S3"))) == ["S3"]


async def test_what_cannot_be_planned_is_refused(retailer: Retailer) -> None:
    await put(retailer, "/v1/skus/OLD", name="Old", status="blocked")
    await put(retailer, "/v1/locations/S2", name="S2", capabilities=["ship"])
    lines = [{"sku": "A", "quantity": 1}]
    store = {"kind": "ship_to_store", "lines": lines}
    for body, refused in (
        ({"kind": "ship", "lines": [{"sku": "X", "quantity": 1}]}, (404, "unknown_sku")),
        ({"kind": "ship", "lines": [{"sku": "OLD", "quantity": 1}]}, (409, "sku_not_sold")),
        ({"kind": "ship", "lines": lines, "prefer": "X"}, (404, "unknown_location")),
        ({"kind": "ship", "lines": lines, "channel": "X"}, (404, "unknown_channel")),
        ({"kind": "ship", "lines": lines, "destination": "S1"}, (400, "invalid")),
        (store, (400, "invalid")),
        (store | {"destination": "X"}, (404, "unknown_location")),
        (store | {"destination": "S2"}, (409, "location_not_serving")),
    ):
        assert refusal(await retailer.office.ask(PLANS, body)) == refused
    foreign = {"kind": "ship", "lines": lines, "channel": "pos"}
    assert refusal(await retailer.web.ask(PLANS, foreign)) == (403, "channel_bound")
