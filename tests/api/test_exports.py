"""CSV exports through the API: all of one moment, and able to come in again."""

import asyncio
import csv
import io
from typing import Any

import httpx
import pytest

from omniretail.api import exports as exporting
from omniretail.app import create_app
from omniretail.exports import KINDS, SCOPES
from omniretail.settings import Settings
from tests.api.test_imports import send
from tests.callers import Caller, Retailer, line, order, served
from tests.conftest import cloned, started
from tests.live import Live


async def export(caller: Caller, kind: str, **query: Any) -> list[dict[str, str]]:
    """Fetch an export; return its rows by the names of their columns."""
    answer = await caller.get(f"/v1/exports/{kind}", **query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{kind}.csv"'
    return list(csv.DictReader(io.StringIO(answer.text)))


async def post(retailer: Retailer, document: str, *lines: dict[str, Any]) -> None:
    """Book a stock document, all of it."""
    body = {"lines": list(lines), "all_or_nothing": True}
    answer = await retailer.office.post(f"/v1/stock/{document}", body)
    assert answer.status_code == 201, answer.text


async def stocked(retailer: Retailer) -> None:
    """Put goods of every sort on the shelves: plain, by lot, by serial number, promised, damaged."""
    for code, tracking in (("MILK", "lot"), ("PHONE", "serial")):
        await retailer.office.put(f"/v1/skus/{code}", {"name": code, "tracking": tracking})
    at = {"sku": "MILK", "location": "S1"}
    await post(
        retailer,
        "receipts",
        {"sku": "A", "location": "S1", "quantity": 5}
        | {"unit_cost": {"amount": "150.5", "currency": "EUR"}},
        {"sku": "A", "location": "WH", "quantity": 100},
        {"sku": "PHONE", "location": "S1", "quantity": 2, "serials": ["X1", "X2"]},
        at | {"quantity": 4, "lot": "L1", "expires_on": "2031-01-31"},
        at | {"quantity": 6, "lot": "L2"},
    )
    await post(
        retailer,
        "set-asides",
        at | {"quantity": 1, "lot": "L2", "to_state": "damaged", "reason": "damaged"},
    )
    await post(retailer, "counts", {"sku": "A", "location": "WH", "quantity": 98})
    promised = order(served("pickup", "S1", line("A", 2)), paid=4000)
    assert (await retailer.web.post("/v1/orders", promised)).status_code == 201


async def test_levels_say_what_stands_where(retailer: Retailer) -> None:
    """Given goods by lot and without, then each lot has its row, and sums are the levels'."""
    await stocked(retailer)

    rows = await export(retailer.office, "levels")

    assert [(row["sku"], row["location"], row["lot"], row["quantity"]) for row in rows] == [
        ("A", "S1", "", "5"),
        ("A", "WH", "", "98"),
        ("MILK", "S1", "L1", "4"),
        ("MILK", "S1", "L2", "6"),
        ("PHONE", "S1", "", "2"),
    ]
    assert [row["allocated"] for row in rows] == ["2", "0", "0", "0", "0"]
    assert [row["damaged"] for row in rows] == ["0", "0", "0", "1", "0"]
    assert [row["expires_on"] for row in rows] == ["", "", "2031-01-31", "", ""]
    assert rows[1]["counted_at"].endswith("Z")


async def levels(caller: Caller) -> dict[tuple[str, str, str], int]:
    """What stands where, by SKU, location and lot."""
    return {
        (row["sku"], row["location"], row["lot"]): int(row["quantity"])
        for row in await export(caller, "levels")
    }


async def test_what_went_out_comes_in_again(retailer: Retailer, server: Any) -> None:
    """Given a retailer's files, when a second database takes them, then its levels are the same."""
    await stocked(retailer)
    await retailer.office.put(
        "/v1/skus/BOX",
        {
            "name": 'Box, "large"\nof two',
            "components": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}],
            "barcodes": [{"code": "4006381333931"}, {"code": "SHELF-1", "kind": "internal"}],
        },
    )
    ordering = {"policy": "pre_order", "limit": 7, "ships_at": "2031-03-01T10:00:00+01:00"}
    tin = {"name": "=1+1", "ordering": ordering, "categories": ["tins", "gifts"]}
    await retailer.office.put("/v1/skus/TIN", tin)
    depot = {"name": "Depot", "kind": "warehouse", "capabilities": [], "safety_stock": 3}
    depot["region"] = "DE-BB"
    await retailer.office.put("/v1/locations/N", depot | {"latitude": 52.5, "longitude": -13.25})
    files = {
        kind: (await retailer.office.get(f"/v1/exports/{kind}")).text
        for kind in ("locations", "skus", "levels", "counts")
    }

    async with cloned(server) as url:
        app = create_app(Settings(database_url=url, log_level="error"))
        async with started(app):
            second = await Retailer.open(app)
            for kind, text in (
                ("locations", files["locations"]),
                ("skus", files["skus"]),
                ("counts", files["levels"]),
            ):
                answer = (await send(second.office, kind, text, f"{kind}-1")).json()
                assert answer["refused"] == [], kind
            assert await levels(second.office) == await levels(retailer.office)
            for kind in ("locations", "skus"):
                again = await second.office.get(f"/v1/exports/{kind}")
                assert again.text == files[kind]
            # As receipts they bring the dates of their lots, too; what a count said stands anyway.
            counts = (await send(second.office, "counts", files["counts"], "counts-2")).json()
            assert counts == {"taken": 1, "refused": []}
            assert (await send(second.office, "receipts", files["levels"], "r")).json()[
                "refused"
            ] == [
                {
                    "line": 4,
                    "code": "lot_expiry_differs",
                    "field": "expires_on",
                    "detail": "Lot L1 of MILK is known with another expiry date: none.",
                }
            ]
            await second.close()


async def test_codes_and_names_leave_as_they_stand(retailer: Retailer) -> None:
    """A sign in front would keep a spreadsheet from reckoning, and the file from coming in again."""
    await retailer.office.put("/v1/skus/=A1", {"name": "@SUM(1)"})

    rows = await export(retailer.office, "skus")

    assert ("=A1", "@SUM(1)") in [(row["code"], row["name"]) for row in rows]


async def test_movements_and_counts_are_the_whole_history(retailer: Retailer) -> None:
    await stocked(retailer)

    movements = await export(retailer.office, "movements")
    counts = await export(retailer.office, "counts")

    async with retailer.process.database.transaction() as tx:
        (known,) = await tx.fetch("select count(*) as many from stock_movement")
    assert len(movements) == known["many"]
    assert {row["serials"] for row in movements if row["sku"] == "PHONE"} == {"X1 X2"}
    assert {row["type"] for row in movements} == {"received", "set_aside", "counted", "allocated"}
    (count,) = counts
    assert (count["quantity"], count["variance"]) == ("98", "-2")


async def test_the_valuation_leaves_whole_and_as_of_a_moment(retailer: Retailer) -> None:
    await stocked(retailer)

    rows = await export(retailer.office, "valuation")
    before = await export(retailer.office, "valuation", as_of="2026-01-01T00:00:00Z")

    assert rows[0] == {
        "sku": "A",
        "location": "S1",
        "on_hand": "5",
        "unit_cost_minor": "150.5",
        "currency": "EUR",
        "value_minor": "752",
    }
    assert rows[1]["value_minor"] == ""
    assert before == []


async def test_an_empty_export_names_its_columns(retailer: Retailer) -> None:
    for kind in ("counts", "levels", "movements", "valuation"):
        answer = await retailer.office.get(f"/v1/exports/{kind}")
        assert answer.text.count("\n") == 1, kind
        assert "sku,location" in answer.text


async def test_an_export_needs_the_scope_of_what_it_reads(retailer: Retailer) -> None:
    for kind in KINDS:
        able = await retailer.caller(
            f"no {kind}", "integration", scopes=frozenset({"exports:read"})
        )
        answer = await able.get(f"/v1/exports/{kind}")
        assert (answer.status_code, answer.json()["scope"]) == (403, SCOPES[kind])


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("levels?as_of=2026-01-01T00:00:00Z", "/as_of"),
        ("valuation?as_of=2999-01-01T00:00:00Z", "/as_of"),
        ("valuation?as_of=2026-01-01T00:00:00", "/as_of"),
        ("nothing", "/kind"),
    ],
)
async def test_what_is_wrong_is_said_before_the_first_byte(
    retailer: Retailer, path: str, pointer: str
) -> None:
    answer = await retailer.office.send("GET", f"/v1/exports/{path}")

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_database_that_fails_answers_a_problem(retailer: Retailer) -> None:
    """What goes wrong before the first piece is told as everything else is."""
    async with retailer.process.database.transaction() as tx:
        await tx.execute("alter table stock_count rename to gone")
    try:
        answer = await retailer.office.get("/v1/exports/counts")
    finally:
        async with retailer.process.database.transaction() as tx:
            await tx.execute("alter table gone rename to stock_count")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"


async def test_exports_that_nobody_reads_make_room(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given two readers that stall, then a third waits; once they are given up, it is served."""
    monkeypatch.setattr(exporting, "_PATIENCE_SECONDS", 0.2)
    stalled = [exporting._Copying(retailer.process, "skus", None) for _ in range(2)]
    await asyncio.sleep(0.1)

    busy = await retailer.office.get("/v1/exports/skus")
    await asyncio.sleep(0.5)
    served_ = await retailer.office.get("/v1/exports/skus")

    assert (busy.status_code, busy.json()["type"]) == (503, "/problems/exports_busy")
    assert busy.headers["retry-after"] == "1"
    assert served_.status_code == 200
    for copying in stalled:
        await copying.next()
        with pytest.raises(Exception, match="did not answer"):
            await copying.next()


async def test_a_large_export_arrives_in_pieces(retailer: Retailer, live: Live) -> None:
    """Given 60,000 SKUs, when they are read over a real connection, then all of them arrive."""
    async with retailer.process.database.transaction() as tx:
        await tx.execute(
            "insert into sku (code, name, tax_class, status, search_text, version, updated_at) "
            "select 'N' || number, repeat('long name ', 20), 'standard', 'active', '', 1, now() "
            "from generate_series(1, 60000) as number"
        )
    headers = {"Authorization": f"Bearer {retailer.office.token}"}
    pieces = lines = 0
    async with live.http.stream("GET", "/v1/exports/skus", headers=headers) as answer:
        assert answer.status_code == 200
        async for piece in answer.aiter_raw():
            pieces += 1
            lines += piece.count(b"\n")
    assert lines == 1 + 3 + 60_000
    assert pieces > 10
    # Who goes away in the middle leaves nothing behind.
    for _ in range(4):
        async with live.http.stream("GET", "/v1/exports/skus", headers=headers) as answer:
            await answer.aiter_raw().__anext__()
        await asyncio.sleep(0.2)
    whole = await live.http.get("/v1/exports/skus", headers=headers)
    assert isinstance(whole, httpx.Response)
    assert whole.status_code == 200


_FAILS_LATE = """
create view stock_count as
select
    gen_random_uuid() as id, 'A' as sku, 'S1' as location, null::text as lot, 0 as variance,
    1 / (200000 - number) as quantity, now() as occurred_at, now() as recorded_at,
    gen_random_uuid() as document_id, gen_random_uuid() as actor_id
from generate_series(1, 200000) as number
"""


async def test_half_a_file_is_never_a_whole_one(retailer: Retailer, live: Live) -> None:
    """Given an export under way, when the database fails, then the connection breaks off."""
    headers = {"Authorization": f"Bearer {retailer.office.token}"}
    async with retailer.process.database.transaction() as tx:
        await tx.execute("alter table stock_count rename to kept")
        await tx.execute(_FAILS_LATE)
    try:
        async with live.http.stream("GET", "/v1/exports/counts", headers=headers) as answer:
            assert answer.status_code == 200
            with pytest.raises(httpx.RemoteProtocolError):
                async for _ in answer.aiter_raw():
                    pass
    finally:
        async with retailer.process.database.transaction() as tx:
            await tx.execute("drop view stock_count")
            await tx.execute("alter table kept rename to stock_count")
