"""The history of movements by everything it can be asked for, and where lots and single units are."""

from typing import Any

import pytest

from tests.callers import Retailer, line, order, served


async def sku(retailer: Retailer, code: str, **more: Any) -> None:
    """Put a SKU with a price in place."""
    answer = await retailer.office.put(f"/v1/skus/{code}", {"name": code, **more})
    assert answer.is_success, answer.text
    await retailer.prices(**{code: 1000})


async def post(retailer: Retailer, document: str, *lines: dict[str, Any]) -> list[Any]:
    """Book a stock document, all of it; return its outcomes."""
    body = {"lines": list(lines), "all_or_nothing": True}
    answer = await retailer.office.post(f"/v1/stock/{document}", body)
    assert answer.status_code == 201, answer.text
    outcomes: list[Any] = answer.json()["outcomes"]
    return outcomes


async def found(retailer: Retailer, **query: Any) -> list[tuple[str, str, int]]:
    """Return (type, SKU, quantity) of the movements that a query finds, first to last."""
    answer = await retailer.staff.get("/v1/stock/movements", **query)
    assert answer.status_code == 200, answer.text
    items = reversed(answer.json()["items"])
    return [(item["type"], item["sku"], item["quantity"]) for item in items]


async def test_a_history_is_asked_for_by_what_happened_and_why(retailer: Retailer) -> None:
    """Given receipts, losses and a sale, when one kind or one reason is asked for, then only it comes."""
    at = {"sku": "A", "location": "S1"}
    await post(retailer, "receipts", at | {"quantity": 9}, at | {"quantity": 1, "reason": "found"})
    await post(retailer, "adjustments", at | {"change": -2, "reason": "theft"})
    sale = order(served("carry_out", None, line("A", 1)), paid=2000, by="cash")
    await retailer.till.post("/v1/orders", sale)

    assert await found(retailer, type="sold") == [("sold", "A", 1)]
    assert await found(retailer, sku="A", type="received") == [
        ("received", "A", 9),
        ("received", "A", 1),
    ]
    assert await found(retailer, reason="theft") == [("adjusted", "A", 2)]
    assert await found(retailer, type="received", reason="theft") == []


async def test_a_history_is_bounded_by_when_it_happened(retailer: Retailer) -> None:
    """Given receipts of three days, told at once, then times choose by their happening."""
    days = [f"2026-03-0{day}T12:00:00Z" for day in (1, 2, 3)]
    await post(
        retailer,
        "receipts",
        *(
            {"sku": "A", "location": "S1", "quantity": number, "occurred_at": at}
            for number, at in enumerate(days, 1)
        ),
    )

    async def quantities(**query: str) -> list[int]:
        return [quantity for _, _, quantity in await found(retailer, **query)]

    assert await quantities(occurred_from=days[1]) == [2, 3]
    assert await quantities(occurred_before=days[1]) == [1]
    assert await quantities(occurred_from=days[1], occurred_before=days[2], sku="A") == [2]
    assert await quantities(occurred_from="2026-03-02T14:00:00+01:00") == [3]


async def test_a_history_names_the_kit_and_what_it_corrects(retailer: Retailer) -> None:
    """Given a kit of A and B, when it is sold, then its parts' movements name it."""
    await sku(
        retailer,
        "BOX",
        components=[{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}],
    )
    await retailer.receive("A", S1=5)
    await retailer.receive("B", S1=5)
    sale = order(served("carry_out", None, line("BOX", 1)), paid=1000, by="cash")
    assert (await retailer.till.post("/v1/orders", sale)).status_code == 201
    (wrong,) = (await retailer.staff.get("/v1/stock/movements", sku="B", type="received")).json()[
        "items"
    ]
    loss = {"sku": "B", "location": "S1", "change": -1, "reason": "count_correction"}
    await post(retailer, "adjustments", loss | {"corrects": wrong["id"]})

    assert await found(retailer, kit="BOX") == [("sold", "A", 2), ("sold", "B", 1)]
    assert await found(retailer, corrects=wrong["id"]) == [("adjusted", "B", 1)]
    answer = await retailer.staff.get("/v1/stock/movements", kit="BOX", sku="A")
    (item,) = answer.json()["items"]
    assert (item["kit"], item["serials"], item["lot"], item["corrects"]) == ("BOX", [], None, None)
    assert item["shortage_id"] is None


async def test_lots_are_listed_by_when_they_expire(retailer: Retailer) -> None:
    """Given three lots in two stores, one of them damaged in part, then staff see which go first."""
    await sku(retailer, "MILK", tracking="lot")
    at = {"sku": "MILK", "location": "S1"}
    await post(
        retailer,
        "receipts",
        at | {"quantity": 4, "lot": "L1", "expires_on": "2031-01-01"},
        at | {"quantity": 6, "lot": "L2", "expires_on": "2031-02-01"},
        at | {"quantity": 2, "lot": "L1", "location": "S2", "expires_on": "2031-01-01"},
        at | {"quantity": 1, "lot": "GONE"},
    )
    aside = at | {"quantity": 1, "lot": "L1", "to_state": "damaged", "reason": "damaged"}
    await post(retailer, "set-asides", aside)
    await post(
        retailer, "adjustments", at | {"change": -1, "lot": "GONE", "reason": "count_correction"}
    )

    async def lots(**query: Any) -> list[tuple[str, str, int]]:
        items, cursor = [], None
        while True:
            more: dict[str, str] = {} if cursor is None else {"cursor": cursor}
            page = (await retailer.staff.get("/v1/stock/lots", limit=1, **query, **more)).json()
            items += page["items"]
            if (cursor := page["next_cursor"]) is None:
                return [(lot["location"], lot["lot"], lot["on_hand"]) for lot in items]

    assert await lots() == [("S1", "L1", 4), ("S1", "L2", 6), ("S2", "L1", 2)]
    assert await lots(location="S1", expires_before="2031-02-01") == [("S1", "L1", 4)]
    assert await lots(sku="A") == []
    first = (await retailer.staff.get("/v1/stock/lots", location="S1")).json()["items"][0]
    assert first == {
        "sku": "MILK",
        "location": "S1",
        "lot": "L1",
        "expires_on": "2031-01-01",
        "on_hand": 4,
        "damaged": 1,
        "quality_control": 0,
    }
    assert await found(retailer, sku="MILK", lot="L1", type="set_aside") == [
        ("set_aside", "MILK", 1)
    ]


async def test_a_page_of_lots_with_the_longest_codes_leads_to_the_next(retailer: Retailer) -> None:
    """A cursor holds three codes of 64 signs of any script."""
    code, lots = "品" * 64, ["一" * 64, "二" * 64]
    await retailer.office.put(f"/v1/skus/{code}", {"name": "Long", "tracking": "lot"})
    await post(
        retailer,
        "receipts",
        *({"sku": code, "location": "S1", "quantity": 1, "lot": lot} for lot in lots),
    )

    first = (await retailer.staff.get("/v1/stock/lots", limit=1)).json()
    second = await retailer.staff.get("/v1/stock/lots", limit=1, cursor=first["next_cursor"])

    assert [lot["lot"] for lot in second.json()["items"]] == [lots[1]]


async def test_a_unit_is_found_by_its_serial_number(retailer: Retailer) -> None:
    """Given a phone that came and was sold, then its number says that it is gone, and how."""
    await sku(retailer, "PHONE", tracking="serial")
    await post(
        retailer,
        "receipts",
        {"sku": "PHONE", "location": "S1", "quantity": 2, "serials": ["IMEI 1", "IMEI 2"]},
    )
    sale = order(
        served("carry_out", None, line("PHONE", 1, serials=["IMEI 1"])), paid=1000, by="cash"
    )
    sold = await retailer.till.post("/v1/orders", sale)
    assert sold.status_code == 201, sold.text

    gone = (await retailer.staff.get("/v1/stock/serials/PHONE/IMEI 1")).json()
    here = (await retailer.staff.get("/v1/stock/serials/PHONE/IMEI 2")).json()

    assert (gone["state"], gone["location"]) == ("gone", None)
    assert [movement["type"] for movement in gone["movements"]] == ["sold", "received"]
    assert gone["movements"][0]["document_id"] == sold.json()["id"]
    assert (here["state"], here["location"]) == ("on_hand", "S1")
    assert [movement["type"] for movement in here["movements"]] == ["received"]
    assert here["movements"][0]["serials"] == ["IMEI 1", "IMEI 2"]
    assert await found(retailer, sku="PHONE", serial="IMEI 1", type="sold") == [
        ("sold", "PHONE", 1)
    ]
    for path in ("PHONE/IMEI 3", "A/IMEI 1", "NOBODY/IMEI 1"):
        answer = await retailer.staff.get(f"/v1/stock/serials/{path}")
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown_serial")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"type": "stolen"}, "/type"),
        ({"lot": "L1"}, "/lot"),
        ({"serial": "1"}, "/serial"),
        ({"sku": "A", "serial": "x" * 65}, "/serial"),
        ({"sku": "A", "serial": "\0"}, "/serial"),
        ({"corrects": "x"}, "/corrects"),
        ({"occurred_from": "2026-03-01T12:00:00"}, "/occurred_from"),
        ({"occurred_before": "yesterday"}, "/occurred_before"),
    ],
)
async def test_a_filter_that_is_not_valid_is_pointed_at(
    retailer: Retailer, query: dict[str, str], pointer: str
) -> None:
    answer = await retailer.staff.get("/v1/stock/movements", **query)

    assert answer.status_code == 400
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


async def test_a_moment_at_the_edge_of_the_calendar_is_no_fault_of_ours(retailer: Retailer) -> None:
    await retailer.receive("A", S1=1)
    for name in ("occurred_from", "occurred_before"):
        for at in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
            answer = await retailer.staff.get("/v1/stock/movements", **{name: at})
            assert answer.status_code in {200, 400}, (name, at, answer.text)


async def test_a_cursor_of_another_list_is_pointed_at(retailer: Retailer) -> None:
    for path, cursor in (("lots", "QQ"), ("lots", "QXxC"), ("lots", "*"), ("valuation", "QQ")):
        answer = await retailer.office.get(f"/v1/stock/{path}", cursor=cursor)
        assert answer.json()["errors"][0]["pointer"] == "/cursor"
