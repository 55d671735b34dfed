"""Orders: what is refused, what it costs, who may see it, and where the money goes back to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from omniretail import channels
from tests.callers import Retailer, euro, line, order, served


async def test_one_order_may_mix_ways_and_places(retailer: Retailer) -> None:
    """Given goods here and there, when a customer takes one and has one sent, then it is one order."""
    await retailer.receive("A", S1=1, WH=5)
    await retailer.receive("B", S2=2)

    placed = await retailer.till.post(
        "/v1/orders",
        order(
            served("carry_out", None, line("A", 1)),
            served("ship", "WH", line("A", 2), line("A", 1)),
            served("pickup", "S2", line("B", 2)),
            paid=4 * 2000 + 2 * 500,
        ),
    )

    body = placed.json()
    assert placed.status_code == 201
    assert body["total"] == euro(9000)
    assert [(part["kind"], part["state"]) for part in body["fulfillments"]] == [
        ("carry_out", "handed_over"),
        ("ship", "allocated"),
        ("pickup", "allocated"),
    ]
    assert [entry["line"] for part in body["fulfillments"] for entry in part["lines"]] == [
        1,
        2,
        3,
        4,
    ]
    assert body["fulfillment_status"] == "part"
    assert await retailer.level("A", "WH") == (5, 3, 2)
    again = (await retailer.till.get(f"/v1/orders/{body['id']}")).json()
    assert again == body
    by_number = await retailer.till.get("/v1/orders", number=body["number"])
    assert by_number.json()["items"] == [body]


async def test_all_of_an_order_or_nothing(retailer: Retailer) -> None:
    """Given enough of A and too little of B, when both are ordered, then A is not promised either."""
    await retailer.receive("A", S1=5)
    await retailer.receive("B", S1=1)

    refused = await retailer.web.post(
        "/v1/orders", order(served("pickup", "S1", line("A", 1), line("B", 2)), paid=3000)
    )

    assert refused.status_code == 409
    assert refused.json()["shortages"] == [
        {"sku": "B", "location": "S1", "requested": 2, "available": 1, "missing": 1}
    ]
    assert await retailer.level("A", "S1") == (5, 0, 5)


REFUSALS: list[tuple[str, dict[str, Any], int, str]] = [
    ("an unknown SKU", order(served("pickup", "S1", line("Z", 1)), paid=1), 404, "unknown_sku"),
    (
        "an unknown location",
        order(served("pickup", "MOON", line("A", 1)), paid=2000),
        404,
        "unknown_location",
    ),
    (
        "a SKU blocked from sale",
        order(served("pickup", "S1", line("C", 1)), paid=99),
        409,
        "sku_not_sold",
    ),
    (
        "a place that does not ship",
        order(served("ship", "S3", line("A", 1)), paid=2000),
        409,
        "location_not_serving",
    ),
    (
        "too little money",
        order(served("pickup", "S1", line("A", 1)), paid=1999),
        409,
        "tenders_mismatch",
    ),
    (
        "too much money",
        order(served("pickup", "S1", line("A", 1)), paid=2001),
        409,
        "tenders_mismatch",
    ),
    ("no money", order(served("pickup", "S1", line("A", 1)), paid=0), 409, "tenders_mismatch"),
    (
        "other money",
        {
            "fulfillments": [served("pickup", "S1", line("A", 1))],
            "tenders": [{"type": "cash", "amount": {"amount": 2000, "currency": "JPY"}}],
        },
        400,
        "invalid",
    ),
    (
        "a card without its reference",
        {
            "fulfillments": [served("pickup", "S1", line("A", 1))],
            "tenders": [{"type": "card", "amount": euro(2000)}],
        },
        400,
        "invalid",
    ),
    (
        "another channel",
        order(served("pickup", "S1", line("A", 1)), paid=2000) | {"channel": "pos"},
        403,
        "channel_bound",
    ),
    (
        "a price of one's own without permission",
        order(
            served("pickup", "S1", line("A", 1, unit_price=euro(1), price_reason="please")), paid=1
        ),
        403,
        "price_override_forbidden",
    ),
    (
        "a price of last week without permission",
        order(served("pickup", "S1", line("A", 1)), paid=2000)
        | {"placed_at": (datetime.now(UTC) - timedelta(days=7)).isoformat()},
        400,
        "invalid",
    ),
    (
        "a sale of tomorrow",
        order(served("pickup", "S1", line("A", 1)), paid=2000)
        | {"placed_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()},
        400,
        "invalid",
    ),
]


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [row[1:] for row in REFUSALS],
    ids=[row[0].replace(" ", "-") for row in REFUSALS],
)
async def test_what_an_order_is_refused_for(
    retailer: Retailer, body: dict[str, Any], status: int, problem: str
) -> None:
    await retailer.receive("A", S1=5)
    await retailer.office.put("/v1/skus/C", {"name": "Article C", "status": "blocked"})
    await retailer.office.put("/v1/locations/S3", {"name": "S3", "capabilities": ["carry_out"]})

    refused = await retailer.web.post("/v1/orders", body)

    assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{problem}")
    assert await retailer.level("A", "S1") == (5, 0, 5)
    assert (await retailer.web.get("/v1/orders")).json()["items"] == []


async def test_a_price_of_its_own_by_permission_and_reason(retailer: Retailer) -> None:
    """Given a scratched article, when staff sell it for less, then list price and reason are kept."""
    await retailer.receive("A", S1=5)
    manager = await retailer.caller(
        "manager",
        "terminal",
        channel="pos",
        locations=frozenset({"S1"}),
        scopes=channels.DEFAULT_SCOPES["terminal"] | {"prices:override"},
    )
    own = line("A", 2, unit_price=euro(1500), price_reason="scratched")

    without_reason = await manager.post(
        "/v1/orders",
        order(served("carry_out", None, line("A", 2, unit_price=euro(1500))), paid=3000),
    )
    sale = await manager.post(
        "/v1/orders", order(served("carry_out", None, own), paid=3000, by="cash")
    )

    assert without_reason.json()["errors"][0]["pointer"] == "/fulfillments/0/lines/0/price_reason"
    sold = sale.json()["fulfillments"][0]["lines"][0]
    assert (sold["list_price"], sold["unit_price"]) == (euro(2000), euro(1500))
    assert sold["price_reason"] == "scratched"


async def test_cancelled_money_goes_back_to_the_tenders_it_came_from(retailer: Retailer) -> None:
    """Given 3 × 20.00 paid 10.00 cash and 50.00 card, when 1, then 2 are cancelled, then all of it."""
    await retailer.receive("A", WH=3)
    body = {
        "fulfillments": [served("ship", "WH", line("A", 3))],
        "tenders": [
            {"type": "cash", "amount": euro(1000)},
            {"type": "card", "amount": euro(5000), "reference": "p-1"},
        ],
    }
    placed = (await retailer.web.post("/v1/orders", body)).json()
    path = f"/v1/orders/{placed['id']}/cancellation"

    first = await retailer.web.post(
        path, {"reason": "one too many", "lines": [{"line": 1, "quantity": 1}]}
    )
    rest = await retailer.web.post(path, {"reason": "all of it"})

    assert [tender["refunded"] for tender in first.json()["tenders"]] == [euro(333), euro(1667)]
    assert first.json()["payment_status"] == "partly_refunded"
    assert [tender["refunded"] for tender in rest.json()["tenders"]] == [euro(1000), euro(5000)]
    assert rest.json()["payment_status"] == "refunded"
    timeline = (await retailer.web.get(f"/v1/orders/{placed['id']}/timeline")).json()["items"]
    assert [(event["sequence"], event["type"]) for event in timeline] == [
        (1, "placed"),
        (2, "cancelled"),
        (3, "cancelled"),
    ]
    assert timeline[1]["data"]["reason"] == "one too many"
    assert timeline[1]["data"]["refunded_minor"] == 2000


async def test_a_gift_costs_nothing_and_needs_no_tender(retailer: Retailer) -> None:
    await retailer.prices(A=0)
    await retailer.receive("A", S1=1)

    placed = await retailer.web.post(
        "/v1/orders", order(served("pickup", "S1", line("A", 1)), paid=0)
    )

    assert placed.status_code == 201
    assert (placed.json()["total"], placed.json()["tenders"]) == (euro(0), [])
    cancelled = await retailer.web.post(
        f"/v1/orders/{placed.json()['id']}/cancellation", {"reason": "unwanted"}
    )
    assert cancelled.json()["fulfillment_status"] == "cancelled"


async def test_no_more_leaves_than_is_open(retailer: Retailer) -> None:
    await retailer.receive("A", S1=3)
    placed = (
        await retailer.web.post(
            "/v1/orders", order(served("pickup", "S1", line("A", 2)), paid=4000)
        )
    ).json()
    pickup = placed["fulfillments"][0]["id"]

    many = await retailer.staff.collect(pickup, lines=[{"line": 1, "quantity": 3}])
    other = await retailer.staff.collect(pickup, lines=[{"line": 2, "quantity": 1}])
    twice = await retailer.staff.collect(
        pickup, lines=[{"line": 1, "quantity": 1}, {"line": 1, "quantity": 1}]
    )

    assert (many.status_code, many.json()["type"]) == (409, "/problems/quantity_not_open")
    assert many.json()["open_quantity"] == 2
    assert (other.status_code, twice.status_code) == (400, 400)
    assert await retailer.level("A", "S1") == (3, 2, 1)


async def test_queues_and_lists_show_only_ones_own(retailer: Retailer) -> None:
    """Given orders at two stores, when staff of one look, then they see what concerns them."""
    await retailer.receive("A", S1=5, S2=5)
    numbers = {}
    for store in ("S1", "S2"):
        placed = await retailer.web.post(
            "/v1/orders", order(served("pickup", store, line("A", 1)), paid=2000)
        )
        numbers[store] = placed.json()["number"]

    mine = (await retailer.staff.get("/v1/orders")).json()["items"]
    other = await retailer.staff.get("/v1/fulfillments", location="S2")
    nowhere = await retailer.office.get("/v1/fulfillments", location="MOON")
    everything = (await retailer.office.get("/v1/orders")).json()["items"]

    assert [found["number"] for found in mine] == [numbers["S1"]]
    assert (other.status_code, nowhere.status_code) == (404, 404)
    assert [found["number"] for found in everything] == [numbers["S2"], numbers["S1"]]
