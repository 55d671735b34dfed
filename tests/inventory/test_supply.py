"""What is to come: expected receipts, and what is promised out of them before it is there."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.callers import Caller, Retailer, line, order, served

PATH = "/v1/stock/expected-receipts"
SOON = datetime(2031, 5, 1, 8, 0, tzinfo=UTC)
LATER = SOON + timedelta(days=9)


def expected(sku: str, location: str, quantity: int, at: datetime = SOON, **more: Any) -> Any:
    return {
        "sku": sku,
        "location": location,
        "quantity": quantity,
        "expected_at": at.isoformat(),
        **more,
    }


async def announce(caller: Caller, *lines: Any) -> list[str]:
    """Expect goods, all of them, and return the identities."""
    answer = await caller.post(PATH, {"lines": list(lines), "all_or_nothing": True})
    assert answer.status_code == 201, answer.text
    return [outcome["expected_receipt"]["id"] for outcome in answer.json()["outcomes"]]


async def still_to_come(retailer: Retailer, **query: Any) -> list[tuple[str, str, int]]:
    items = (await retailer.till.get(PATH, **query)).json()["items"]
    return [(item["sku"], item["location"], item["open_quantity"]) for item in items]


def pickup(sku: str, quantity: int, location: str = "S1", *, price: int = 2000) -> dict[str, Any]:
    return order(served("pickup", location, line(sku, quantity)), paid=quantity * price)


def at(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def promised(answer: httpx.Response) -> list[datetime | None]:
    """When each line of an accepted order is promised for."""
    assert answer.status_code == 201, answer.text
    parts = answer.json()["fulfillments"]
    return [at(one["promised_at"]) for part in parts for one in part["lines"]]


async def back_order(retailer: Retailer, sku: str, limit: int = 0, **more: Any) -> None:
    body = {"name": sku, "ordering": {"policy": "back_order", "limit": limit, **more}}
    assert (await retailer.office.put(f"/v1/skus/{sku}", body)).is_success


async def test_each_line_is_expected_or_refused_by_itself(retailer: Retailer) -> None:
    """Given a delivery note with three bad lines, when it is announced, then the good ones count."""
    await retailer.office.put(
        "/v1/skus/PACK", {"name": "Pack", "components": [{"sku": "A", "quantity": 2}]}
    )
    far = "9999-12-31T00:00:00+00:00"
    answer = await retailer.staff.post(
        PATH,
        {
            "lines": [
                expected("A", "S1", 5, reference="PO-7"),
                expected("NOBODY", "S1", 1),
                expected("A", "MOON", 1),
                expected("PACK", "S1", 1),
                expected("A", "S2", 1),
                expected("A", "S1", 1) | {"expected_at": far},
                expected("A", "S1", 0),
                expected("A", "S1", 2, LATER),
            ]
        },
    )

    assert answer.status_code == 201, answer.text
    outcomes = answer.json()["outcomes"]
    refused = [
        one["problem"]["type"].removeprefix("/problems/") if "problem" in one else None
        for one in outcomes
    ]
    assert refused == [
        None,
        "unknown_sku",
        "unknown_location",
        "kit_has_no_stock",
        "location_not_yours",
        "invalid",
        "invalid",
        None,
    ]
    assert [outcomes[position]["problem"]["errors"][0]["pointer"] for position in (5, 6)] == [
        "/lines/5/expected_at",
        "/lines/6/quantity",
    ]
    first = outcomes[0]["expected_receipt"]
    assert (first["quantity"], first["received"], first["open_quantity"]) == (5, 0, 5)
    assert (first["reference"], at(first["expected_at"])) == ("PO-7", SOON)
    assert await still_to_come(retailer, sku="A") == [("A", "S1", 5), ("A", "S1", 2)]
    assert await retailer.level("A", "S1") == (0, 0, 0)


async def test_all_or_nothing_expects_nothing_for_one_bad_line(retailer: Retailer) -> None:
    lines = [expected("A", "S1", 5), expected("A", "MOON", 1)]
    answer = await retailer.office.post(PATH, {"lines": lines, "all_or_nothing": True})

    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown_location")
    assert await still_to_come(retailer) == []


async def test_an_announcement_comes_line_by_line_too(retailer: Retailer) -> None:
    content = (
        f'{{"sku":"A","location":"S1","quantity":3,"expected_at":"{SOON.isoformat()}"}}\n'
        '{"sku":"A","location":"S1"}\n'
    )
    answer = await retailer.office.send(
        "POST",
        PATH,
        content=content,
        headers={"Content-Type": "application/x-ndjson", "Idempotency-Key": "note-1"},
    )

    assert [one["status"] for one in answer.json()["outcomes"]] == ["expected", "refused"]
    assert await still_to_come(retailer) == [("A", "S1", 3)]


async def test_the_list_tells_what_is_to_come_page_by_page(retailer: Retailer) -> None:
    await announce(
        retailer.office,
        expected("A", "S1", 1),
        expected("B", "S1", 2),
        expected("A", "WH", 3),
    )

    assert await still_to_come(retailer, location="S1") == [("A", "S1", 1), ("B", "S1", 2)]
    assert await still_to_come(retailer, sku="A", location="WH") == [("A", "WH", 3)]
    first = (await retailer.till.get(PATH, limit=2)).json()
    rest = (await retailer.till.get(PATH, limit=2, cursor=first["next_cursor"])).json()
    assert [item["quantity"] for item in first["items"]] == [1, 2]
    assert [item["quantity"] for item in rest["items"]] == [3]
    assert rest["next_cursor"] is None


async def test_what_arrives_is_expected_no_longer(retailer: Retailer) -> None:
    """Given 5 announced, when 3 arrive, then 2 are to come; when 4 more arrive, then none."""
    (announced,) = await announce(retailer.office, expected("A", "S1", 5))

    async def arrive(quantity: int, **more: Any) -> Any:
        row = {"sku": "A", "location": "S1", "quantity": quantity, "expected_receipt": announced}
        answer = await retailer.office.post("/v1/stock/receipts", {"lines": [row | more]})
        return answer.json()["outcomes"][0]

    assert (await arrive(3))["status"] == "booked"
    assert await still_to_come(retailer) == [("A", "S1", 2)]
    for wrong in ({"sku": "B"}, {"location": "S2"}):
        refused = (await arrive(1, **wrong))["problem"]
        assert refused["type"] == "/problems/unknown_expected_receipt"
    assert (await arrive(4))["status"] == "booked"
    assert await still_to_come(retailer) == []
    assert await retailer.level("A", "S1") == (7, 0, 7)
    gone = await retailer.office.post(f"{PATH}/{announced}/cancellation", {})
    assert (gone.status_code, gone.json()["type"]) == (409, "/problems/nothing_expected")
    assert gone.json()["state"] == "received"


async def test_what_is_cancelled_is_expected_no_longer(retailer: Retailer) -> None:
    """Given 5 announced of which 2 came, when the rest is cancelled, then nothing is to come."""
    (announced,) = await announce(retailer.office, expected("A", "S1", 5))
    row = {"sku": "A", "location": "S1", "quantity": 2, "expected_receipt": announced}
    await retailer.office.post("/v1/stock/receipts", {"lines": [row]})

    cancelled = await retailer.staff.post(f"{PATH}/{announced}/cancellation", {})
    twice = await retailer.office.post(f"{PATH}/{announced}/cancellation", {})
    late = await retailer.office.post("/v1/stock/receipts", {"lines": [row]})

    assert cancelled.status_code == 200, cancelled.text
    told = cancelled.json()
    assert (told["quantity"], told["received"], told["open_quantity"]) == (5, 2, 0)
    assert told["cancelled_at"] is not None
    assert (twice.status_code, twice.json()["state"]) == (409, "cancelled")
    problem = late.json()["outcomes"][0]["problem"]
    assert problem["type"] == "/problems/unknown_expected_receipt"
    assert await still_to_come(retailer) == []


async def test_only_who_works_there_cancels_and_only_what_was_announced(
    retailer: Retailer,
) -> None:
    (announced,) = await announce(retailer.office, expected("A", "S2", 5))
    nobody = "0198c0de-0000-7000-8000-000000000000"

    elsewhere = await retailer.staff.post(f"{PATH}/{announced}/cancellation", {})
    nothing = await retailer.office.post(f"{PATH}/{nobody}/cancellation", {})

    assert (elsewhere.status_code, elsewhere.json()["type"]) == (
        403,
        "/problems/location_not_yours",
    )
    assert (nothing.status_code, nothing.json()["type"]) == (
        404,
        "/problems/unknown_expected_receipt",
    )
    assert await still_to_come(retailer) == [("A", "S2", 5)]


async def test_a_back_order_is_promised_for_when_the_goods_come(retailer: Retailer) -> None:
    """Given 2 here and 5 to come, when 6 are ordered, then for that day; an 8th is not to be had."""
    await back_order(retailer, "A")
    await retailer.receive("A", S1=2)
    (announced,) = await announce(retailer.office, expected("A", "S1", 5))

    six = await retailer.web.post("/v1/orders", pickup("A", 6))
    seventh = await retailer.web.post("/v1/orders", pickup("A", 1))
    eighth = await retailer.web.post("/v1/orders", pickup("A", 1))

    assert promised(six) == [SOON]
    assert promised(seventh) == [SOON]
    assert (eighth.status_code, eighth.json()["available"]) == (409, 0)
    assert await retailer.level("A", "S1") == (2, 7, 0)
    moved = (await retailer.office.get("/v1/stock/movements", sku="A")).json()["items"]
    assert [(one["type"], one["reason"]) for one in moved] == [
        ("allocated", "back_order"),
        ("allocated", "back_order"),
        ("received", "purchase"),
    ]
    async with retailer.process.database.transaction() as tx:
        assert await tx.fetch("select id from shortage") == []

    waiting = six.json()["fulfillments"][0]["id"]
    early = await retailer.staff.collect(waiting)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/insufficient_stock")
    row = {"sku": "A", "location": "S1", "quantity": 5, "expected_receipt": announced}
    await retailer.office.post("/v1/stock/receipts", {"lines": [row]})
    assert await retailer.level("A", "S1") == (7, 7, 0)
    assert (await retailer.staff.collect(waiting)).status_code == 200
    assert await retailer.level("A", "S1") == (1, 1, 0)


async def test_what_is_there_is_promised_for_now(retailer: Retailer) -> None:
    """Given 2 here and 5 to come, when 2 are ordered, then at once; of the next 5 none."""
    await back_order(retailer, "A")
    await retailer.receive("A", S1=2)
    await announce(retailer.office, expected("A", "S1", 3, SOON), expected("A", "S1", 2, LATER))

    now = await retailer.web.post("/v1/orders", pickup("A", 2))
    soon = await retailer.web.post("/v1/orders", pickup("A", 3))
    later = await retailer.web.post("/v1/orders", pickup("A", 1))

    assert [promised(one) for one in (now, soon, later)] == [[None], [SOON], [LATER]]
    found = (await retailer.web.get(f"/v1/orders/{later.json()['id']}")).json()
    assert at(found["fulfillments"][0]["lines"][0]["promised_at"]) == LATER


async def test_lines_of_one_order_share_what_is_there(retailer: Retailer) -> None:
    """Given 2 here and 2 to come, when one order names the SKU twice, then the second line waits."""
    await back_order(retailer, "A")
    await retailer.receive("A", S1=2)
    await announce(retailer.office, expected("A", "S1", 2))

    both = await retailer.web.post(
        "/v1/orders", order(served("pickup", "S1", line("A", 2), line("A", 1)), paid=6000)
    )

    assert promised(both) == [None, SOON]


async def test_a_pre_order_of_what_has_never_been_there(retailer: Retailer) -> None:
    """Given a SKU that nobody ever stocked, when it may be pre-ordered, then up to the limit."""
    body = {
        "name": "New",
        "ordering": {"policy": "pre_order", "limit": 2, "ships_at": LATER.isoformat()},
    }
    await retailer.office.put("/v1/skus/A", body)
    await announce(retailer.office, expected("A", "S1", 3))

    first = await retailer.web.post("/v1/orders", pickup("A", 3))
    second = await retailer.web.post("/v1/orders", pickup("A", 2))
    third = await retailer.web.post("/v1/orders", pickup("A", 1))
    elsewhere = await retailer.web.post("/v1/orders", pickup("A", 3, "S2"))

    assert promised(first) == [SOON]
    assert promised(second) == [LATER]
    assert (third.status_code, third.json()["available"]) == (409, 0)
    assert (elsewhere.status_code, elsewhere.json()["available"]) == (409, 2)
    assert await retailer.level("A", "S1") == (0, 5, 0)
    reasons = {
        one["reason"]
        for one in (await retailer.office.get("/v1/stock/movements", sku="A")).json()["items"]
    }
    assert reasons == {"pre_order"}


async def test_a_limit_without_a_date_promises_none(retailer: Retailer) -> None:
    """Given nothing here and nothing announced, when one is taken on order, then nobody knows when."""
    await back_order(retailer, "A", limit=1)

    assert promised(await retailer.web.post("/v1/orders", pickup("A", 1))) == [None]
    assert (await retailer.web.post("/v1/orders", pickup("A", 1))).status_code == 409


async def test_a_till_hands_out_only_what_is_there(retailer: Retailer) -> None:
    """Given one on the shelf and five to come, when a till sells two, then it cannot."""
    await back_order(retailer, "A", limit=9)
    await retailer.receive("A", S1=1)
    await announce(retailer.office, expected("A", "S1", 5))

    sale = order(served("carry_out", None, line("A", 2)), paid=4000, by="cash")
    refused = await retailer.till.post("/v1/orders", sale)

    assert (refused.status_code, refused.json()["available"]) == (409, 1)


async def test_a_hold_takes_only_what_is_there(retailer: Retailer) -> None:
    await back_order(retailer, "A", limit=9)
    await retailer.receive("A", S1=2)
    await announce(retailer.office, expected("A", "S1", 5))
    wish = {"sku": "A", "location": "S1", "quantity": 3}

    whole = await retailer.web.post("/v1/holds", {"lines": [wish]})
    some = await retailer.web.post("/v1/holds", {"lines": [wish], "allow_partial": True})

    assert (whole.status_code, whole.json()["available"]) == (409, 2)
    assert [(one["held"], one["unfilled"]) for one in some.json()["lines"]] == [(2, 1)]
    # What the basket holds itself is there for it now; what goes beyond waits for the delivery.
    for quantity, when in ((2, None), (3, SOON)):
        hold = await retailer.web.post(
            "/v1/holds", {"lines": [wish | {"quantity": 2}], "allow_partial": True}
        )
        wanted = pickup("A", quantity) | {"hold": (hold if hold.is_success else some).json()["id"]}
        placed = await retailer.web.post("/v1/orders", wanted)
        assert promised(placed) == [when]
        await retailer.web.post(f"/v1/orders/{placed.json()['id']}/cancellation", {"reason": "no"})


async def test_the_last_component_of_a_kit_decides_when(retailer: Retailer) -> None:
    """Given a kit whose parts come on different days, when it is ordered, then it leaves on the last."""
    await back_order(retailer, "A")
    await back_order(retailer, "B")
    parts = [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]
    await retailer.office.put("/v1/skus/SET", {"name": "Set", "components": parts})
    await retailer.office.put(
        "/v1/price-lists/retail/prices",
        {"prices": [{"sku": "SET", "price": {"amount": 3000, "currency": "EUR"}}]},
    )
    await retailer.receive("A", S1=2)
    await announce(retailer.office, expected("A", "S1", 4, LATER), expected("B", "S1", 9, SOON))

    first = await retailer.web.post("/v1/orders", pickup("SET", 1, price=3000))
    second = await retailer.web.post("/v1/orders", pickup("SET", 2, price=3000))
    fourth = await retailer.web.post("/v1/orders", pickup("SET", 1, price=3000))

    assert promised(first) == [SOON]
    assert promised(second) == [LATER]
    assert fourth.status_code == 409
    assert fourth.json()["shortages"][0]["sku"] == "A"
    waiting = first.json()["fulfillments"][0]["id"]
    assert (await retailer.staff.collect(waiting)).status_code == 409
    await retailer.receive("B", S1=1)
    assert (await retailer.staff.collect(waiting)).status_code == 200


async def test_what_is_cancelled_is_promised_to_nobody_more(retailer: Retailer) -> None:
    """Given an order on what was to come, when the supplier calls off, then it stands; new ones fall."""
    await back_order(retailer, "A")
    (announced,) = await announce(retailer.office, expected("A", "S1", 5))
    taken = await retailer.web.post("/v1/orders", pickup("A", 2))

    await retailer.office.post(f"{PATH}/{announced}/cancellation", {})

    assert promised(taken) == [SOON]
    assert (await retailer.web.post("/v1/orders", pickup("A", 1))).status_code == 409
    assert await retailer.level("A", "S1") == (0, 2, 0)


@pytest.mark.parametrize("threshold", [0, 3])
async def test_a_channels_threshold_withholds_nothing_that_is_on_order(
    retailer: Retailer, threshold: int
) -> None:
    """Given a margin against overselling, when goods are sold before they are there, then it is moot."""
    await back_order(retailer, "A")
    await retailer.receive("A", S1=2)
    await announce(retailer.office, expected("A", "S1", 5))
    await retailer.office.put("/v1/channels/web/stock-policy", {"threshold": threshold})

    assert promised(await retailer.web.post("/v1/orders", pickup("A", 7))) == [SOON]
