"""What is withheld: a channel's pool and threshold, and the safety stock of a place."""

from typing import Any

import httpx

from tests.callers import Caller, Retailer, line, order, served

POLICY = "/v1/channels/web/stock-policy"
SAFETY = "/v1/stock/safety-stock"


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def pickups(*wanted: tuple[str, int], sku: str = "A", price: int = 2000) -> dict[str, Any]:
    """An order that picks a SKU up at several locations."""
    return order(
        *(served("pickup", location, line(sku, quantity)) for location, quantity in wanted),
        paid=price * sum(quantity for _, quantity in wanted),
    )


def hold(*wanted: tuple[str, int], sku: str = "A", **more: Any) -> dict[str, Any]:
    lines = [{"sku": sku, "location": where, "quantity": many} for where, many in wanted]
    return {"lines": lines, **more}


async def pool(retailer: Retailer, *locations: str) -> None:
    body = {"name": "Online", "locations": list(locations)}
    assert (await retailer.office.put("/v1/location-groups/online", body)).is_success


async def policy(retailer: Retailer, **stated: Any) -> None:
    answer = await retailer.office.put(POLICY, stated)
    assert answer.is_success, answer.text


async def withhold(caller: Caller, sku: str, **quantities: int | None) -> list[Any]:
    """Put safety stocks in place: `withhold(office, "A", S1=3)`; return the outcomes."""
    lines = [{"sku": sku, "location": at, "quantity": many} for at, many in quantities.items()]
    answer = await caller.put(SAFETY, {"lines": lines})
    assert answer.status_code == 200, answer.text
    outcomes: list[Any] = answer.json()["outcomes"]
    return outcomes


async def test_a_channel_without_a_policy_promises_everything(retailer: Retailer) -> None:
    stated = await retailer.web.get(POLICY)
    unknown = await retailer.web.get("/v1/channels/nowhere/stock-policy")

    assert stated.json() == {
        "channel": "web",
        "pool": None,
        "threshold": 0,
        "sku_thresholds": [],
    }
    assert refusal(unknown) == (404, "unknown_channel")


async def test_a_policy_is_replaced_as_a_whole(retailer: Retailer) -> None:
    await pool(retailer, "S1", "S2")
    own = [{"sku": "B", "threshold": 4}, {"sku": "A", "threshold": 0}]
    put = await retailer.office.put(
        POLICY, {"pool": "online", "threshold": 10, "sku_thresholds": own}
    )
    read = await retailer.web.get(POLICY)
    assert put.json() == read.json()
    assert read.json() == {
        "channel": "web",
        "pool": "online",
        "threshold": 10,
        "sku_thresholds": own[::-1],
    }

    await policy(retailer, threshold=2, sku_thresholds=[{"sku": "C", "threshold": 1}])
    assert (await retailer.web.get(POLICY)).json() == {
        "channel": "web",
        "pool": None,
        "threshold": 2,
        "sku_thresholds": [{"sku": "C", "threshold": 1}],
    }
    await policy(retailer)
    assert (await retailer.web.get(POLICY)).json()["sku_thresholds"] == []


async def test_a_policy_of_what_there_is_not(retailer: Retailer) -> None:
    await retailer.office.put(
        "/v1/skus/PACK", {"name": "Pack", "components": [{"sku": "A", "quantity": 2}]}
    )
    before = (await retailer.web.get(POLICY)).json()

    nowhere = await retailer.office.put("/v1/channels/nowhere/stock-policy", {"threshold": 1})
    group = await retailer.office.put(POLICY, {"pool": "moon"})
    assert refusal(nowhere) == (404, "unknown_channel")
    assert refusal(group) == (404, "unknown_location_group")
    for second in ("NOBODY", "A", "PACK"):
        own = [{"sku": "A", "threshold": 1}, {"sku": second, "threshold": 1}]
        answer = await retailer.office.put(POLICY, {"sku_thresholds": own})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/sku_thresholds/1/sku"
    many = [{"sku": f"X{number}", "threshold": 1} for number in range(10_001)]
    too_many = await retailer.office.put(POLICY, {"sku_thresholds": many})
    assert too_many.json()["errors"][0]["pointer"] == "/sku_thresholds"
    assert (await retailer.web.get(POLICY)).json() == before


async def test_a_channel_promises_its_pool_less_its_threshold(retailer: Retailer) -> None:
    """Given 90, 90 and 40 beyond their safety stock, when 10 are withheld, then 210 go and 211 do not."""
    await retailer.receive("A", S1=100, S2=95, S3=40, WH=500)
    await withhold(retailer.office, "A", S1=10, S2=5)
    await pool(retailer, "S1", "S2", "S3")
    await policy(retailer, pool="online", threshold=10)

    order_211 = await retailer.web.post("/v1/orders", pickups(("S1", 90), ("S2", 90), ("S3", 31)))
    hold_211 = await retailer.web.post("/v1/holds", hold(("S1", 90), ("S2", 90), ("S3", 31)))
    order_210 = await retailer.web.post("/v1/orders", pickups(("S1", 90), ("S2", 90), ("S3", 30)))

    for refused in (order_211, hold_211):
        assert refusal(refused) == (409, "insufficient_stock")
        assert (refused.json()["requested"], refused.json()["available"]) == (211, 210)
    assert order_210.status_code == 201, order_210.text
    one_more = await retailer.web.post("/v1/orders", pickups(("S3", 1)))
    assert (one_more.status_code, one_more.json()["available"]) == (409, 0)
    # What the web shop leaves, another channel may still promise.
    assert (await retailer.till.post("/v1/orders", pickups(("S3", 10)))).status_code == 201


async def test_a_location_outside_the_pool_serves_over_its_own_counter_only(
    retailer: Retailer,
) -> None:
    """Given a pool without S1, when a till there promises, then no; when it sells, then it does."""
    await retailer.receive("A", S1=5, S2=5)
    await pool(retailer, "S2")
    for channel in ("web", "pos"):
        body = {"pool": "online"}
        await retailer.office.put(f"/v1/channels/{channel}/stock-policy", body)

    for kind in ("pickup", "ship"):
        wanted = order(served(kind, "S1", line("A", 1)), paid=2000)
        for caller in (retailer.web, retailer.till):
            answer = await caller.post("/v1/orders", wanted)
            assert refusal(answer) == (409, "location_outside_pool")
            assert answer.json()["location"] == "S1"
    assert refusal(await retailer.web.post("/v1/holds", hold(("S1", 1)))) == (
        409,
        "location_outside_pool",
    )
    sold = await retailer.till.post(
        "/v1/orders", order(served("carry_out", None, line("A", 1)), paid=2000)
    )
    assert sold.status_code == 201
    assert (await retailer.web.post("/v1/orders", pickups(("S2", 5)))).status_code == 201


async def test_an_empty_pool_promises_nothing(retailer: Retailer) -> None:
    await retailer.receive("A", S1=5)
    await pool(retailer)
    await policy(retailer, pool="online")

    assert refusal(await retailer.web.post("/v1/orders", pickups(("S1", 1)))) == (
        409,
        "location_outside_pool",
    )


async def test_a_sku_has_a_threshold_of_its_own(retailer: Retailer) -> None:
    """Given 10 withheld of everything but 1 of A, when all else is sold out, then A goes on."""
    await retailer.receive("A", S1=10)
    await retailer.receive("B", S1=10)
    await policy(retailer, threshold=10, sku_thresholds=[{"sku": "A", "threshold": 1}])

    assert (await retailer.web.post("/v1/orders", pickups(("S1", 9)))).status_code == 201
    refused = await retailer.web.post("/v1/orders", pickups(("S1", 1), sku="B", price=500))
    assert (refused.status_code, refused.json()["available"]) == (409, 0)


async def test_a_kit_is_withheld_by_its_components(retailer: Retailer) -> None:
    """Given 9 A with 4 withheld, when pairs of A are sold, then 2 pairs go and not 3."""
    await retailer.office.put(
        "/v1/skus/PAIR", {"name": "Pair", "components": [{"sku": "A", "quantity": 2}]}
    )
    await retailer.prices(PAIR=3000)
    await retailer.receive("A", S1=9)
    await policy(retailer, threshold=4)

    three = await retailer.web.post("/v1/orders", pickups(("S1", 3), sku="PAIR", price=3000))
    assert (three.status_code, three.json()["available"]) == (409, 5)
    two = await retailer.web.post("/v1/orders", pickups(("S1", 2), sku="PAIR", price=3000))
    assert two.status_code == 201


async def test_a_hold_takes_what_the_channel_may_promise(retailer: Retailer) -> None:
    """Given 10 with 4 withheld, when a basket takes what there is, then it holds 6 of 8."""
    await retailer.receive("A", S1=6, S2=4)
    await policy(retailer, threshold=4)

    partial = await retailer.web.post("/v1/holds", hold(("S1", 4), ("S2", 4), allow_partial=True))
    nothing = await retailer.web.post("/v1/holds", hold(("S1", 1), allow_partial=True))

    assert [one["held"] for one in partial.json()["lines"]] == [4, 2]
    assert (nothing.status_code, nothing.json()["available"]) == (409, 0)
    # The basket's own hold becomes the order, whatever the threshold.
    wanted = pickups(("S1", 4), ("S2", 2)) | {"hold": partial.json()["id"]}
    assert (await retailer.web.post("/v1/orders", wanted)).status_code == 201
    more = await retailer.web.post("/v1/orders", pickups(("S1", 1)))
    assert (more.status_code, more.json()["available"]) == (409, 0)


async def test_a_hold_names_a_channel_that_exists(retailer: Retailer) -> None:
    await retailer.receive("A", S1=1)

    answer = await retailer.office.post("/v1/holds", hold(("S1", 1), channel="nowhere"))

    assert refusal(answer) == (404, "unknown_channel")


async def test_safety_stock_is_withheld_from_promises_only(retailer: Retailer) -> None:
    """Given 5 with 3 withheld, then 2 may be promised; but all 5 may be sold, set aside or lost."""
    await retailer.receive("A", S1=5)
    (outcome,) = await withhold(retailer.staff, "A", S1=3)

    assert (outcome["status"], outcome["safety_stock"]) == ("put", 3)
    assert outcome["level"]["available_to_promise"] == 2
    assert await retailer.level("A", "S1") == (5, 0, 2)
    for kind in ("pickup", "ship"):
        wanted = order(served(kind, "S1", line("A", 3)), paid=6000)
        answer = await retailer.web.post("/v1/orders", wanted)
        assert (answer.status_code, answer.json()["available"]) == (409, 2)
    answer = await retailer.web.post("/v1/holds", hold(("S1", 3)))
    assert (answer.status_code, answer.json()["available"]) == (409, 2)

    aside = {"sku": "A", "location": "S1", "quantity": 2, "reason": "damaged"}
    set_aside = await retailer.staff.post(
        "/v1/stock/set-asides", {"lines": [aside | {"to_state": "damaged"}]}
    )
    assert set_aside.json()["outcomes"][0]["status"] == "booked"
    sale = order(served("carry_out", None, line("A", 3)), paid=6000)
    assert (await retailer.till.post("/v1/orders", sale)).status_code == 201
    assert await retailer.level("A", "S1") == (2, 0, 0)


async def test_what_was_promised_leaves_though_it_is_withheld_now(retailer: Retailer) -> None:
    await retailer.receive("A", S1=2)
    placed = await retailer.web.post("/v1/orders", pickups(("S1", 2)))
    await withhold(retailer.office, "A", S1=9)

    pickup = placed.json()["fulfillments"][0]["id"]
    assert (await retailer.staff.collect(pickup)).status_code == 200


async def test_a_place_without_its_own_withholds_what_the_location_says(
    retailer: Retailer,
) -> None:
    """Given a location that keeps 2 of each, when A keeps 0, then only A goes down to the last."""
    await retailer.receive("A", S1=5)
    await retailer.receive("B", S1=5)
    await retailer.office.put("/v1/locations/S1", {"name": "S1", "safety_stock": 2})
    assert await retailer.level("A", "S1") == (5, 0, 3)

    (zero,) = await withhold(retailer.office, "A", S1=0)
    assert (zero["safety_stock"], zero["level"]["available_to_promise"]) == (0, 5)
    assert await retailer.level("A", "S1") == (5, 0, 5)
    assert await retailer.level("B", "S1") == (5, 0, 3)

    (back,) = await withhold(retailer.office, "A", S1=None)
    assert (back["safety_stock"], back["level"]["available_to_promise"]) == (2, 3)
    assert await retailer.level("A", "S1") == (5, 0, 3)


async def test_safety_stock_comes_before_the_goods(retailer: Retailer) -> None:
    """Given a place that has never had the SKU, when safety stock is put there, then it stands."""
    (outcome,) = await withhold(retailer.office, "A", S3=2)
    assert outcome["level"]["on_hand"] == 0

    await retailer.receive("A", S3=3)

    assert await retailer.level("A", "S3") == (3, 0, 1)


async def test_each_safety_stock_is_put_or_refused_by_itself(retailer: Retailer) -> None:
    await retailer.office.put(
        "/v1/skus/PACK", {"name": "Pack", "components": [{"sku": "A", "quantity": 2}]}
    )
    lines = [
        {"sku": "A", "location": "S1", "quantity": 1},
        {"sku": "NOBODY", "location": "S1", "quantity": 1},
        {"sku": "A", "location": "MOON", "quantity": 1},
        {"sku": "PACK", "location": "S1", "quantity": 1},
        {"sku": "A", "location": "S2", "quantity": 1},
        {"sku": "A", "location": "S1", "quantity": -1},
        {"sku": "A", "location": "S1", "quantity": 4},
    ]
    await retailer.receive("A", S1=5)

    answer = await retailer.staff.put(SAFETY, {"lines": lines})
    whole = await retailer.staff.put(
        SAFETY,
        {"lines": [lines[0], lines[4]], "all_or_nothing": True},
    )

    assert [
        one["problem"]["type"].removeprefix("/problems/") if "problem" in one else one["status"]
        for one in answer.json()["outcomes"]
    ] == [
        "put",
        "unknown_sku",
        "unknown_location",
        "kit_has_no_stock",
        "location_not_yours",
        "invalid",
        "put",
    ]
    assert refusal(whole) == (403, "location_not_yours")
    # Of a place that is named twice, the last line stands.
    assert await retailer.level("A", "S1") == (5, 0, 1)


async def test_ten_thousand_safety_stocks_at_once(retailer: Retailer) -> None:
    lines = [{"sku": "A", "location": "S1", "quantity": number} for number in range(10_000)]
    answer = await retailer.office.put(SAFETY, {"lines": lines})

    assert len(answer.json()["outcomes"]) == 10_000
    too_many = await retailer.office.put(SAFETY, {"lines": [*lines, lines[0]]})
    assert too_many.json()["errors"][0]["pointer"] == "/lines"
