"""Stock over HTTP: receipts and adjustments row by row, and availability with its arithmetic."""

from tests.callers import Retailer, line, order, served


async def test_each_row_of_a_receipt_is_booked_or_refused_by_itself(retailer: Retailer) -> None:
    """Given one unknown SKU among three rows, when booked, then the two others are on the shelf."""
    answer = await retailer.office.post(
        "/v1/stock/receipts",
        {
            "lines": [
                {"sku": "A", "location": "S1", "quantity": 3},
                {"sku": "NOBODY", "location": "S1", "quantity": 3},
                {"sku": "A", "location": "MOON", "quantity": 1},
                {"sku": "A", "location": "S1", "quantity": 2, "reason": "found"},
            ]
        },
    )

    outcomes = answer.json()["outcomes"]
    assert [outcome["status"] for outcome in outcomes] == [
        "booked",
        "refused",
        "refused",
        "booked",
    ]
    assert outcomes[0]["level"]["on_hand"] == 3
    assert outcomes[3]["level"]["on_hand"] == 5
    assert outcomes[1]["problem"]["type"] == "/problems/unknown_sku"
    assert outcomes[2]["problem"]["type"] == "/problems/unknown_location"
    assert await retailer.level("A", "S1") == (5, 0, 5)


async def test_all_or_nothing_books_nothing_for_one_bad_row(retailer: Retailer) -> None:
    answer = await retailer.office.post(
        "/v1/stock/receipts",
        {
            "lines": [
                {"sku": "A", "location": "S1", "quantity": 3},
                {"sku": "NOBODY", "location": "S1", "quantity": 3},
            ],
            "all_or_nothing": True,
        },
    )

    assert answer.status_code == 404
    assert await retailer.level("A", "S1") == (0, 0, 0)


async def test_an_adjustment_needs_a_reason_and_never_empties_below_zero(
    retailer: Retailer,
) -> None:
    await retailer.receive("A", S1=3)
    row = {"sku": "A", "location": "S1"}

    answer = await retailer.office.post(
        "/v1/stock/adjustments",
        {
            "lines": [
                row | {"change": -2, "reason": "theft"},
                row | {"change": -2, "reason": "theft"},
                row | {"change": -1, "reason": "because"},
                row | {"change": 4, "reason": "count_correction"},
            ]
        },
    )

    outcomes = answer.json()["outcomes"]
    assert [outcome["status"] for outcome in outcomes] == [
        "booked",
        "refused",
        "refused",
        "booked",
    ]
    assert outcomes[1]["problem"]["type"] == "/problems/insufficient_stock"
    assert outcomes[2]["problem"]["errors"][0]["pointer"] == "/lines/2/reason"
    assert await retailer.level("A", "S1") == (5, 0, 5)


async def test_a_loss_below_what_is_promised_is_shown_not_hidden(retailer: Retailer) -> None:
    """Given 3 with 2 promised, when 2 are stolen, then 0 may be promised, and it says −1 why."""
    await retailer.receive("A", S1=3)
    await retailer.web.post("/v1/orders", order(served("pickup", "S1", line("A", 2)), paid=4000))

    await retailer.office.post(
        "/v1/stock/adjustments",
        {"lines": [{"sku": "A", "location": "S1", "change": -2, "reason": "theft"}]},
    )

    assert await retailer.level("A", "S1") == (1, 2, 0)
    shown = await retailer.staff.get("/v1/availability", sku="A", explain=True)
    assert shown.json()["items"][0]["locations"][0]["explain"] == (
        "on_hand 1 − allocated 2 = -1; below 0 promises nothing"
    )


async def test_availability_sums_over_the_locations_that_promise(retailer: Retailer) -> None:
    """Given goods in three places, when one store closes, then its goods are promised no more."""
    await retailer.receive("A", WH=10, S1=4, S2=2)
    await retailer.office.put("/v1/locations/S2", {"name": "S2", "status": "inactive"})

    answer = (await retailer.web.get("/v1/availability", sku="A,B", explain=True)).json()

    a, b = answer["items"]
    assert (a["on_hand"], a["available_to_promise"]) == (16, 14)
    assert [(at["location"], at["available_to_promise"]) for at in a["locations"]] == [
        ("S1", 4),
        ("S2", 0),
        ("WH", 10),
    ]
    assert a["locations"][1]["explain"].endswith("inactive and promises nothing")
    assert (b["sku"], b["available_to_promise"], b["locations"]) == ("B", 0, [])


async def test_availability_of_the_unknown_is_an_answer_too(retailer: Retailer) -> None:
    sku = await retailer.web.get("/v1/availability", sku="NOBODY")
    location = await retailer.web.get("/v1/availability", sku="A", location="MOON")
    never_stocked = await retailer.web.get("/v1/availability", sku="A", location="S3")

    assert (sku.status_code, sku.json()["type"]) == (404, "/problems/unknown_sku")
    assert (location.status_code, location.json()["type"]) == (404, "/problems/unknown_location")
    assert never_stocked.json()["items"][0]["locations"] == [
        {
            "location": "S3",
            "on_hand": 0,
            "allocated": 0,
            "held": 0,
            "damaged": 0,
            "quality_control": 0,
            "safety_stock": 0,
            "suspected": 0,
            "available_to_promise": 0,
            "available_to_order": 0,
            "orderable": 0,
        }
    ]


async def test_movements_tell_who_when_and_why(retailer: Retailer) -> None:
    """Given a receipt and a sale, when staff ask for the history, then each row names its cause."""
    await retailer.receive("A", S1=3)
    sale = await retailer.till.post(
        "/v1/orders", order(served("carry_out", None, line("A", 1)), paid=2000, by="cash")
    )

    items = (await retailer.staff.get("/v1/stock/movements", sku="A")).json()["items"]

    sold, received = items
    assert (sold["type"], sold["from_state"], sold["to_state"]) == ("sold", "available", "customer")
    assert (sold["document_type"], sold["document_id"]) == ("order", sale.json()["id"])
    assert sold["channel"] == "pos"
    assert (received["type"], received["reason"]) == ("received", "purchase")
    assert received["occurred_at"] <= received["recorded_at"]
    by_document = await retailer.staff.get("/v1/stock/movements", document_id=sale.json()["id"])
    assert [item["id"] for item in by_document.json()["items"]] == [sold["id"]]
