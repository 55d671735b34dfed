"""Shortages: places that owe more than they have, who waits for the goods, and how a case ends."""

import asyncio
from typing import Any

import pytest

from omniretail.db import Database
from tests.callers import Caller, Retailer, line, order, served


async def offline_sale(retailer: Retailer, quantity: int, location: str = "S1") -> dict[str, Any]:
    """A till without a connection sold units of A; now it tells."""
    body = order(served("carry_out", location, line("A", quantity)), paid=2000 * quantity)
    answer = await retailer.office.post("/v1/orders", body | {"offline": True, "channel": "pos"})
    assert answer.status_code == 201, answer.text
    placed: dict[str, Any] = answer.json()
    return placed


async def pickup(retailer: Retailer, quantity: int, sku: str = "A") -> dict[str, Any]:
    """The web shop promises units in S1."""
    prices = {"A": 2000, "KIT": 2500}
    body = order(served("pickup", "S1", line(sku, quantity)), paid=prices[sku] * quantity)
    answer = await retailer.web.post("/v1/orders", body)
    assert answer.status_code == 201, answer.text
    placed: dict[str, Any] = answer.json()
    return placed


async def adjust(retailer: Retailer, change: int, reason: str = "theft") -> None:
    row = {"sku": "A", "location": "S1", "change": change, "reason": reason}
    answer = await retailer.office.post("/v1/stock/adjustments", {"lines": [row]})
    assert answer.json()["outcomes"][0]["status"] == "booked", answer.text


async def shortages(caller: Caller, **query: Any) -> list[dict[str, Any]]:
    answer = await caller.get("/v1/stock/shortages", **query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def close(caller: Caller, case: dict[str, Any], note: str = "made good") -> Any:
    return await caller.post(f"/v1/stock/shortages/{case['id']}/closing", {"note": note})


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def test_an_offline_sale_below_zero_from_its_case_to_the_end_of_it(
    retailer: Retailer,
) -> None:
    """Given 1 on hand, when a till tells that it sold 3, then 2 are missing until goods arrive."""
    await retailer.receive("A", S1=1)
    sale = await offline_sale(retailer, 3)

    (case,) = await shortages(retailer.office, location="S1", sku="A", state="open")
    assert (case["missing"], case["missing_at_opening"], case["state"]) == (2, 2, "open")
    assert (case["document_type"], case["document_id"]) == ("order", sale["id"])
    assert case["orders"] == []
    async with retailer.process.database.transaction() as tx:
        (sold,) = await tx.fetch("select * from stock_movement where type = 'sold'")
        (level,) = await tx.fetch("select * from stock_level where sku = 'A'")
    assert str(sold["shortage_id"]) == case["id"]
    assert (level["on_hand"], str(level["shortage_id"])) == (-2, case["id"])

    early = await close(retailer.office, case)
    assert refused(early) == (409, "still_short")
    assert early.json()["missing"] == 2

    await retailer.receive("A", S1=1)
    assert (await shortages(retailer.office))[0]["missing"] == 1
    assert refused(await close(retailer.office, case)) == (409, "still_short")

    await retailer.receive("A", S1=1)
    closed = await close(retailer.office, case, note="the other box was found")
    assert closed.status_code == 200
    assert closed.json() == (await retailer.office.get(f"/v1/stock/shortages/{case['id']}")).json()
    assert (closed.json()["state"], closed.json()["missing"]) == ("closed", 0)
    assert closed.json()["note"] == "the other box was found"
    assert closed.json()["closed_by"] is not None
    async with retailer.process.database.transaction() as tx:
        (level,) = await tx.fetch("select * from stock_level where sku = 'A'")
    assert (level["on_hand"], level["shortage_id"]) == (0, None)


async def test_a_case_is_closed_once(retailer: Retailer) -> None:
    """Closed again under its key it gives the first answer; under another it is refused."""
    await offline_sale(retailer, 1)
    (case,) = await shortages(retailer.office)
    await retailer.receive("A", S1=5)
    path, body = f"/v1/stock/shortages/{case['id']}/closing", {"note": "done"}

    answers = await asyncio.gather(
        *(retailer.office.post(path, body) for _ in range(6)),
    )
    again = await retailer.office.post(path, body)

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    assert refused(again) == (409, "shortage_closed")


async def test_a_new_case_opens_after_the_old_one_was_closed(retailer: Retailer) -> None:
    await offline_sale(retailer, 1)
    (first,) = await shortages(retailer.office)
    await retailer.receive("A", S1=1)
    await close(retailer.office, first)

    await offline_sale(retailer, 4)
    await offline_sale(retailer, 1)

    (second,) = await shortages(retailer.office, state="open")
    (old,) = await shortages(retailer.office, state="closed")
    assert (second["missing"], second["missing_at_opening"]) == (5, 4)
    assert (old["id"], old["missing"], old["orders"]) == (first["id"], 0, None)
    assert second["id"] != first["id"]
    assert refused(await close(retailer.office, first)) == (409, "shortage_closed")


async def test_a_count_below_what_is_promised_opens_a_case(retailer: Retailer) -> None:
    """Given 5 of which 4 are promised, when 3 are counted, then 1 is missing for the two orders."""
    await retailer.receive("A", S1=5)
    first, second = await pickup(retailer, 3), await pickup(retailer, 1)
    await pickup_elsewhere(retailer)
    row = {"sku": "A", "location": "S1", "quantity": 3}
    counted = await retailer.office.post("/v1/stock/counts", {"lines": [row]})

    (case,) = await shortages(retailer.office, sku="A")

    assert case["missing"] == 1
    assert (case["document_type"], case["document_id"]) == ("count", counted.json()["id"])
    assert case["orders"] == [
        {
            "order_id": placed["id"],
            "number": placed["number"],
            "line": 1,
            "sku": "A",
            "open_quantity": quantity,
        }
        for placed, quantity in ((first, 3), (second, 1))
    ]
    cancelled = await retailer.web.post(
        f"/v1/orders/{second['id']}/cancellation", {"reason": "no longer there"}
    )
    assert cancelled.status_code == 200
    (case,) = await shortages(retailer.office, sku="A")
    assert (case["missing"], len(case["orders"])) == (0, 1)
    assert (await close(retailer.office, case)).status_code == 200


async def pickup_elsewhere(retailer: Retailer) -> None:
    """An order for the same SKU that another store serves."""
    await retailer.receive("A", S2=1)
    body = order(served("pickup", "S2", line("A", 1)), paid=2000)
    assert (await retailer.web.post("/v1/orders", body)).status_code == 201


async def test_a_theft_of_what_was_promised_opens_a_case(retailer: Retailer) -> None:
    await retailer.receive("A", S1=3)
    placed = await pickup(retailer, 3)
    await adjust(retailer, -2)

    (case,) = await shortages(retailer.office)

    assert (case["missing"], case["document_type"]) == (2, "adjustment")
    assert [affected["order_id"] for affected in case["orders"]] == [placed["id"]]
    await adjust(retailer, 2, reason="found")
    assert (await close(retailer.office, case)).status_code == 200


async def test_goods_put_aside_from_under_an_order_open_a_case(retailer: Retailer) -> None:
    await retailer.receive("A", S1=2)
    await pickup(retailer, 2)
    row = {"sku": "A", "location": "S1", "quantity": 1, "to_state": "damaged", "reason": "damaged"}
    await retailer.office.post("/v1/stock/set-asides", {"lines": [row]})

    (case,) = await shortages(retailer.office)

    assert (case["missing"], case["document_type"]) == (1, "set_aside")


async def test_an_order_for_a_kit_waits_for_its_component(retailer: Retailer) -> None:
    """Given 2 kits of 2 A promised and 1 A lost, when asked who waits, it is the order for the kit."""
    kit = {"name": "Kit", "components": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]}
    await retailer.office.put("/v1/skus/KIT", kit)
    await retailer.prices(KIT=2500)
    await retailer.receive("A", S1=4)
    await retailer.receive("B", S1=2)
    placed = await pickup(retailer, 2, sku="KIT")
    await adjust(retailer, -1)

    (case,) = await shortages(retailer.office)

    (affected,) = case["orders"]
    assert (case["sku"], case["missing"]) == ("A", 1)
    assert (affected["order_id"], affected["sku"]) == (placed["id"], "KIT")
    assert affected["open_quantity"] == 2


async def test_goods_on_order_are_owed_by_agreement(retailer: Retailer) -> None:
    """Given a SKU on back order, when more is promised than is there, then no case opens."""
    body = {"name": "A", "ordering": {"policy": "back_order", "limit": 5}}
    await retailer.office.put("/v1/skus/A", body)
    await retailer.receive("A", S1=1)
    await pickup(retailer, 4)

    assert await retailer.level("A", "S1") == (1, 4, 0)
    assert await shortages(retailer.office) == []


async def test_who_may_see_and_close_a_case(retailer: Retailer) -> None:
    """Staff of S1 see and close what is short in S1; of S2 they know nothing."""
    await offline_sale(retailer, 1, "S1")
    await offline_sale(retailer, 1, "S2")
    there, here = await shortages(retailer.office)
    await retailer.receive("A", S1=1, S2=1)

    assert [case["id"] for case in await shortages(retailer.staff)] == [here["id"]]
    assert await shortages(retailer.staff, location="S2") == []
    answer = await retailer.staff.get(f"/v1/stock/shortages/{there['id']}")
    assert refused(answer) == (404, "unknown_shortage")
    assert refused(await close(retailer.staff, there)) == (404, "unknown_shortage")
    assert refused(await close(retailer.staff, {"id": str(here["document_id"])})) == (
        404,
        "unknown_shortage",
    )
    assert (await close(retailer.staff, here)).status_code == 200


async def test_orders_are_told_to_who_may_read_them(retailer: Retailer) -> None:
    """A web shop sees its own orders only; a key without orders:read sees none."""
    await retailer.receive("A", S1=2)
    placed = await pickup(retailer, 2)
    await adjust(retailer, -1)
    shop = {"name": "app", "kind": "mobile", "currency": "EUR"}
    await retailer.office.put("/v1/channels/app", shop)
    app = await retailer.caller("app", "channel", channel="app")
    auditor = await retailer.caller("auditor", "staff", scopes=frozenset({"stock:read"}))

    (own,) = await shortages(retailer.web)
    (foreign,) = await shortages(app)
    (none,) = await shortages(auditor)

    assert [affected["order_id"] for affected in own["orders"]] == [placed["id"]]
    assert foreign["orders"] == []
    assert none["orders"] is None


async def test_shortages_are_listed_page_by_page(retailer: Retailer) -> None:
    for location in ("S1", "S2", "S3"):
        await offline_sale(retailer, 1, location)

    first = (await retailer.office.get("/v1/stock/shortages", limit=2)).json()
    rest = (await retailer.office.get("/v1/stock/shortages", cursor=first["next_cursor"])).json()

    assert [case["location"] for case in first["items"] + rest["items"]] == ["S3", "S2", "S1"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("figures", ["on_hand = -1", "on_hand = 0, damaged = 1"])
async def test_the_database_holds_no_level_that_owes_without_a_case(
    retailer: Retailer, database: Database, figures: str
) -> None:
    """The last wall: what no operation does, the CHECK refuses."""
    await retailer.receive("A", S1=1)
    async with database.transaction() as tx:
        with pytest.raises(
            Exception, match=r"stock_level_(on_hand_not_negative|set_aside_on_hand)"
        ):
            await tx.execute(f"update stock_level set {figures} where sku = 'A'")
