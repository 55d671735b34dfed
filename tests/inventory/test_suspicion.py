"""Suspicions: staff do not find what the books say is there; nobody is promised it until a count."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniretail import catalog, channels, clock, inventory
from omniretail.db import Transaction
from omniretail.ids import new_id
from omniretail.inventory.counts import CountRow
from omniretail.inventory.lots import Lot
from tests.callers import Retailer, line, order, served

TASKS = "/v1/stock/count-tasks"
PICKER = channels.Principal(
    id=UUID(int=9),
    kind="staff",
    name="picker",
    scopes=frozenset(channels.SCOPES),
    channel=None,
    locations=frozenset({"S1"}),
)


async def not_found(
    retailer: Retailer, sku: str, location: str, quantity: int | None = None, **more: Any
) -> int:
    """Staff look for goods of an order and do not find them; returns how many are suspected."""
    place = sku, location

    async def reject(tx: Transaction) -> int:
        now = clock.now()
        skus, stock = await tx.read(catalog.skus_by_code({sku}), inventory.lock([place]))
        await inventory.survey(tx, stock, skus, inventory.Asked(earliest=now), now=now)
        (counting,) = await tx.read(inventory.suspicions_open([place]))
        suspected: int = stock.suspect(sku, location, quantity)
        suspicion = inventory.Suspicion(
            task_id=new_id(),
            principal=PICKER,
            location=location,
            skus=(sku,),
            document_id=more.get("document_id", uuid4()),
            note=more.get("note"),
        )
        await tx.write(
            *inventory.write(stock, now=now),
            *inventory.suspicion_tasks(stock, [] if place in counting else [suspicion], now=now),
        )
        return suspected

    return await retailer.process.database.run(reject)


async def tasks(retailer: Retailer) -> list[dict[str, Any]]:
    """The counting tasks, the latest first."""
    found: list[dict[str, Any]] = (await retailer.office.get(TASKS)).json()["items"]
    return found


async def counted(retailer: Retailer, task: dict[str, Any], *lines: tuple[int, int]) -> Any:
    """Staff count lines of a task; all are booked."""
    body = {"lines": [{"line": number, "quantity": quantity} for number, quantity in lines]}
    answer = await retailer.staff.post(f"{TASKS}/{task['id']}/counts", body)
    assert answer.status_code == 200, answer.text
    assert {one["status"] for one in answer.json()["outcomes"]} == {"booked"}
    return answer.json()


async def standing(retailer: Retailer, sku: str, **query: Any) -> dict[str, Any]:
    """What is said of a SKU at S1."""
    answer = await retailer.staff.get("/v1/availability", sku=sku, location="S1", **query)
    found: dict[str, Any] = answer.json()["items"][0]["locations"][0]
    return found


async def put_sku(retailer: Retailer, sku: str, **more: Any) -> None:
    assert (await retailer.office.put(f"/v1/skus/{sku}", {"name": sku, **more})).is_success


async def milk(retailer: Retailer, **lots: int) -> None:
    """Milk of some lots arrives at S1: `milk(L1=5, L2=2)`."""
    lines = [
        {"sku": "MILK", "location": "S1", "quantity": quantity, "lot": lot}
        for lot, quantity in lots.items()
    ]
    answer = await retailer.office.post("/v1/stock/receipts", {"lines": lines})
    assert "refused" not in answer.text


async def test_what_staff_do_not_find_is_promised_to_nobody(retailer: Retailer) -> None:
    """Given 3 on hand, when staff do not find them, then ATP 0 and on hand 3, and it says why."""
    await retailer.receive("A", S1=3)

    assert await not_found(retailer, "A", "S1") == 3

    assert await retailer.level("A", "S1") == (3, 0, 0)
    found = await standing(retailer, "A", explain=True)
    assert (found["suspected"], found["orderable"], found["available_to_order"]) == (3, 0, 0)
    assert found["explain"] == "on_hand 3 − suspected 3 = 0"
    looked_up = (await retailer.staff.get("/v1/stock/lookup", sku="A")).json()["locations"]
    assert [at["suspected"] for at in looked_up if at["location"] == "S1"] == [3]
    assert await retailer.movements("A") == [("received", "S1", 3)]


async def test_a_task_to_count_is_opened_for_the_order(retailer: Retailer) -> None:
    """When staff do not find goods of an order, then a task says what to count, and for which order."""
    await retailer.receive("A", S1=3)
    order_id = uuid4()

    await not_found(retailer, "A", "S1", document_id=order_id, note="not in stock")

    (task,) = await tasks(retailer)
    assert (task["state"], task["location"], task["note"]) == ("assigned", "S1", "not in stock")
    assert (task["document_type"], task["document_id"]) == ("order", str(order_id))
    assert (task["created_by"], task["review_threshold"]) == (str(PICKER.id), None)
    assert [(one["sku"], one["lot"]) for one in task["lines"]] == [("A", None)]
    shown = (await retailer.office.get(f"{TASKS}/{task['id']}/timeline")).json()["items"]
    assert [(event["sequence"], event["type"]) for event in shown] == [(1, "count_task_created")]
    assert shown[0]["data"] == {"document_type": "order", "document_id": str(order_id)}


async def test_the_count_says_none(retailer: Retailer) -> None:
    """Given 3 that nobody found, when the count says 0, then −3, and the task can be closed."""
    await retailer.receive("A", S1=3)
    await not_found(retailer, "A", "S1")
    (task,) = await tasks(retailer)

    answer = await counted(retailer, task, (1, 0))
    closed = await retailer.staff.post(f"{TASKS}/{task['id']}/closing", {})

    assert answer["outcomes"][0]["variance"] == -3
    assert closed.json()["state"] == "closed"
    assert await retailer.level("A", "S1") == (0, 0, 0)
    assert (await standing(retailer, "A"))["suspected"] == 0
    assert await retailer.movements("A") == [("received", "S1", 3), ("counted", "S1", 3)]
    await retailer.receive("A", S1=2)
    assert await retailer.level("A", "S1") == (2, 0, 2)


async def test_the_count_says_they_are_there(retailer: Retailer) -> None:
    """Given 3 that nobody found, when the count says 3, then all of them are promised again."""
    await retailer.receive("A", S1=3)
    await not_found(retailer, "A", "S1")
    (task,) = await tasks(retailer)

    answer = await counted(retailer, task, (1, 3))

    assert answer["outcomes"][0]["level"]["available_to_promise"] == 3
    assert await retailer.level("A", "S1") == (3, 0, 3)
    assert await retailer.movements("A") == [("received", "S1", 3)]


async def test_a_stocktaking_says_it_as_well(retailer: Retailer) -> None:
    """Given a suspicion, when the place is counted without its task, then nothing is suspected."""
    await retailer.receive("A", S1=3)
    await not_found(retailer, "A", "S1")

    count = {"lines": [{"sku": "A", "location": "S1", "quantity": 2}]}
    assert (await retailer.office.post("/v1/stock/counts", count)).is_success

    assert await retailer.level("A", "S1") == (2, 0, 2)
    (task,) = await tasks(retailer)
    await counted(retailer, task, (1, 2))
    assert await retailer.level("A", "S1") == (2, 0, 2)


async def test_a_refused_count_says_nothing(retailer: Retailer) -> None:
    await retailer.receive("A", S1=3)
    await not_found(retailer, "A", "S1")

    row = {"sku": "A", "location": "S1", "quantity": 3, "expected": 7}
    answer = await retailer.office.post("/v1/stock/counts", {"lines": [row]})

    assert answer.json()["outcomes"][0]["problem"]["type"] == "/problems/count_stale"
    assert await retailer.level("A", "S1") == (3, 0, 0)


async def test_a_till_sells_the_unit_in_its_hand(retailer: Retailer) -> None:
    """Given 3 that nobody found, when a customer brings one to the till, then it is sold."""
    await retailer.receive("A", S1=3)
    await not_found(retailer, "A", "S1")

    sale = order(served("carry_out", None, line("A", 1)), paid=2000, by="cash")
    sold = await retailer.till.post("/v1/orders", sale)

    assert sold.status_code == 201
    assert await retailer.level("A", "S1") == (2, 0, 0)
    assert (await standing(retailer, "A"))["suspected"] == 2


async def test_orders_and_holds_are_refused_what_is_suspected(retailer: Retailer) -> None:
    """Given 5 of which 2 were not found, then 3 can be promised, and a fourth cannot."""
    await retailer.receive("A", S1=5)
    assert await not_found(retailer, "A", "S1", 2) == 2

    hold = {"sku": "A", "location": "S1", "quantity": 4}
    refused = await retailer.web.post("/v1/holds", {"lines": [hold]})
    too_many = order(served("pickup", "S1", line("A", 4)), paid=8000)
    also = await retailer.web.post("/v1/orders", too_many)
    fits = order(served("pickup", "S1", line("A", 3)), paid=6000)
    placed = await retailer.web.post("/v1/orders", fits)

    for answer in (refused, also):
        assert answer.status_code == 409
        assert answer.json()["shortages"][0]["available"] == 3
    assert placed.status_code == 201
    assert await retailer.level("A", "S1") == (5, 3, 0)


async def test_what_is_held_is_suspected_too(retailer: Retailer) -> None:
    """Given 3 with 2 held, when nobody finds any, then none is promised when the hold ends either."""
    await retailer.receive("A", S1=3)
    hold = {"lines": [{"sku": "A", "location": "S1", "quantity": 2}]}
    held = (await retailer.web.post("/v1/holds", hold)).json()

    assert await not_found(retailer, "A", "S1") == 3

    assert (await standing(retailer, "A", explain=True))["explain"] == (
        "on_hand 3 − held 2 − suspected 3 = -2; below 0 promises nothing"
    )
    assert (await retailer.web.send("DELETE", f"/v1/holds/{held['id']}")).is_success
    assert await retailer.level("A", "S1") == (3, 0, 0)


async def test_what_orders_are_promised_is_not_suspected(retailer: Retailer) -> None:
    """Given 3 with 2 promised, when all is suspected, then that is 1; no more the second time."""
    await retailer.receive("A", S1=3)
    await retailer.web.post("/v1/orders", order(served("pickup", "S1", line("A", 2)), paid=4000))

    assert await not_found(retailer, "A", "S1") == 1
    assert await not_found(retailer, "A", "S1") == 0
    assert await not_found(retailer, "A", "S1", 5) == 0

    assert await retailer.level("A", "S1") == (3, 2, 0)
    assert len(await tasks(retailer)) == 1


async def test_one_task_for_a_place_however_many_suspect_it(retailer: Retailer) -> None:
    """Given two orders rejected at one moment, then one task; given it is counted, then another."""
    await retailer.receive("A", S1=6)

    marked = await asyncio.gather(*(not_found(retailer, "A", "S1", 2) for _ in range(4)))

    assert sorted(marked) == [0, 2, 2, 2]
    (task,) = await tasks(retailer)
    await counted(retailer, task, (1, 6))
    assert await not_found(retailer, "A", "S1", 1) == 1
    assert len(await tasks(retailer)) == 2


async def test_somebody_elses_task_is_no_reason_not_to_open_one(retailer: Retailer) -> None:
    """Given A is to be counted in both stores anyway, when staff do not find it, then they shall, too."""
    await retailer.receive("A", S1=1, S2=1)
    for location in ("S1", "S2"):
        body = {"location": location, "skus": ["A"]}
        assert (await retailer.office.post(TASKS, body)).status_code == 201
    await not_found(retailer, "A", "S2")

    await not_found(retailer, "A", "S1")

    assert [task["document_type"] for task in await tasks(retailer)] == [
        *("order", "order"),
        *(None, None),
    ]


async def test_a_kit_follows_its_components(retailer: Retailer) -> None:
    """Given a pack of two A and one B, when the A are not found, then no pack is promised."""
    parts = [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]
    await put_sku(retailer, "PACK", components=parts)
    await retailer.receive("A", S1=6)
    await retailer.receive("B", S1=9)
    assert (await retailer.level("PACK", "S1"))[2] == 3

    await not_found(retailer, "A", "S1", 3)
    fewer = (await retailer.level("PACK", "S1"))[2]
    await not_found(retailer, "A", "S1")

    assert fewer == 1
    assert (await standing(retailer, "PACK", explain=True))["explain"] == (
        "the least of A 0 ÷ 2 = 0, B 9 ÷ 1 = 9"
    )


async def test_a_channel_sees_and_is_promised_less(retailer: Retailer) -> None:
    """Given 5 and 5 less a threshold of 2, when 4 are suspected, then the web may promise 4."""
    await retailer.receive("A", S1=5, S2=5)
    policy = {"threshold": 2}
    assert (await retailer.office.put("/v1/channels/web/stock-policy", policy)).is_success
    await not_found(retailer, "A", "S1", 4)

    shown = (await retailer.web.get("/v1/availability", sku="A")).json()["items"][0]
    too_many = order(served("ship", "S2", line("A", 5)), paid=10_000)
    refused = await retailer.web.post("/v1/orders", too_many)
    placed = await retailer.web.post(
        "/v1/orders", order(served("ship", "S2", line("A", 4)), paid=8000)
    )

    assert shown["available_to_promise"] == 4
    assert (refused.status_code, placed.status_code) == (409, 201)


async def test_what_may_be_ordered_beyond_the_stock(retailer: Retailer) -> None:
    """Given 3 and 2 more to order, when the 3 are not found, then what is ordered is on order."""
    await put_sku(retailer, "A", ordering={"policy": "back_order", "limit": 5})
    await retailer.receive("A", S1=3)
    assert (await standing(retailer, "A"))["orderable"] == 8

    await not_found(retailer, "A", "S1")

    assert (await standing(retailer, "A"))["orderable"] == 5
    placed = order(served("pickup", "S1", line("A", 5)), paid=10_000)
    assert (await retailer.web.post("/v1/orders", placed)).status_code == 201
    assert (await standing(retailer, "A"))["orderable"] == 0


async def test_what_left_was_of_what_was_suspected(retailer: Retailer) -> None:
    """Given 3 suspected, when 2 are found broken or stolen, then 1 is suspected, and not more."""
    await retailer.receive("A", S1=3)
    await not_found(retailer, "A", "S1")
    row = {"sku": "A", "location": "S1"}

    stolen = row | {"change": -1, "reason": "theft"}
    await retailer.office.post("/v1/stock/adjustments", {"lines": [stolen]})
    broken = row | {"quantity": 1, "to_state": "damaged", "reason": "damaged"}
    await retailer.office.post("/v1/stock/set-asides", {"lines": [broken]})
    after = await standing(retailer, "A")
    await retailer.receive("A", S1=4)

    assert (after["on_hand"], after["damaged"], after["suspected"]) == (2, 1, 1)
    assert await retailer.level("A", "S1") == (6, 0, 4)


async def test_each_lot_is_counted_before_all_is_clear(retailer: Retailer) -> None:
    """Given 5 and 2 of two lots, when one is counted, then all stay suspected until the other is."""
    await put_sku(retailer, "MILK", tracking="lot")
    await milk(retailer, L1=5, L2=2)
    assert await not_found(retailer, "MILK", "S1") == 7
    (task,) = await tasks(retailer)
    assert [(one["sku"], one["lot"]) for one in task["lines"]] == [("MILK", "L1"), ("MILK", "L2")]

    await counted(retailer, task, (1, 5))
    between = await standing(retailer, "MILK")
    await counted(retailer, task, (2, 1))

    assert (between["suspected"], between["available_to_promise"]) == (7, 0)
    assert await retailer.level("MILK", "S1") == (6, 0, 6)


async def test_a_count_of_the_only_lot_is_a_count_of_all(retailer: Retailer) -> None:
    await put_sku(retailer, "MILK", tracking="lot")
    await milk(retailer, L1=5)
    await not_found(retailer, "MILK", "S1")

    row = {"sku": "MILK", "location": "S1", "lot": "L1", "quantity": 4}
    assert (await retailer.office.post("/v1/stock/counts", {"lines": [row]})).is_success

    assert await retailer.level("MILK", "S1") == (4, 0, 4)


async def test_what_was_never_there_is_not_counted(retailer: Retailer) -> None:
    """Given a place without any lot, then nothing is suspected and there is nothing to count."""
    await put_sku(retailer, "MILK", tracking="lot")

    assert await not_found(retailer, "MILK", "S1") == 0

    assert await tasks(retailer) == []


async def test_a_suspicion_is_no_part_of_the_past(retailer: Retailer) -> None:
    """Safety stock is today's, holds and suspicions are not looked back at: they moved nothing."""
    await retailer.receive("A", S1=3)
    moment = clock.now()
    await not_found(retailer, "A", "S1")

    then = await standing(retailer, "A", as_of=moment.isoformat())

    assert (then["on_hand"], then["suspected"], then["available_to_promise"]) == (3, 0, 3)


async def test_levels_are_exported_with_what_is_suspected(retailer: Retailer) -> None:
    """Of a SKU with lots it stands beside the first one; taken in again, it is passed over."""
    await put_sku(retailer, "MILK", tracking="lot")
    await retailer.receive("A", S1=3)
    await milk(retailer, L1=5, L2=2)
    await not_found(retailer, "A", "S1", 2)
    await not_found(retailer, "MILK", "S1")

    file = (await retailer.office.get("/v1/exports/levels")).text
    header, *rows = [row.split(",") for row in file.splitlines()]

    told = [row[header.index("suspected")] for row in rows]
    assert told == ["2", "7", "0"]
    answer = await retailer.office.send(
        "POST",
        "/v1/imports/counts",
        content=file,
        headers={"Content-Type": "text/csv", "Idempotency-Key": "levels-1"},
    )
    assert answer.json() == {"taken": 3, "refused": []}


PLACE = "A", "S1"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SOURCE = inventory.Source(
    document_type="test",
    document_id=UUID(int=1),
    actor_id=UUID(int=2),
    channel=None,
    occurred_at=NOW,
    idempotency_key="k",
)
levels = st.builds(
    inventory.Level,
    on_hand=st.integers(6, 12),
    allocated=st.integers(0, 4),
    held=st.integers(0, 4),
    damaged=st.integers(0, 3),
    quality_control=st.integers(0, 3),
    safety_stock=st.integers(0, 3),
)
steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["suspect", "suspect all", "received", "sold", "lost", "allocated", "released", "count"]
        ),
        st.integers(1, 9),
    ),
    max_size=20,
)


def step(stock: inventory.Stock, name: str, n: int, at: datetime) -> None:
    """Let one thing happen at the place."""
    level = stock.level(*PLACE)
    was = msgspec.structs.replace(level)
    movement = None
    match name:
        case "suspect":
            assert stock.suspect(*PLACE, n) <= n
        case "suspect all":
            stock.suspect(*PLACE)
            assert level.available_to_promise == 0
        case "received":
            movement = inventory.received(*PLACE, n, "purchase")
        case "sold":
            movement = inventory.sold(*PLACE, n)
        case "lost":
            movement = inventory.adjusted(*PLACE, -n, "theft")
        case "allocated":
            movement = inventory.allocated(*PLACE, n)
        case "released" if n <= level.allocated:
            movement = inventory.released(*PLACE, n)
        case "count":
            row = CountRow(id=new_id(), sku=PLACE[0], location=PLACE[1], quantity=n, occurred_at=at)
            assert stock.count(SOURCE, row) == n - was.on_hand
            assert (level.on_hand, level.suspected) == (n, 0)
    if movement is None:
        return
    source = msgspec.structs.replace(SOURCE, occurred_at=at)
    refusal = stock.post(inventory.Posting(source, [movement]))
    possible = {"sold": was.free, "allocated": was.available_to_promise, "lost": was.shelf}
    assert (refusal is None) == (n <= possible.get(name, n))
    if name in {"allocated", "released", "received"}:
        assert level.suspected == was.suspected


@given(level=levels, happening=steps)
def test_suspicions_withhold_promises_and_nothing_else(
    level: inventory.Level, happening: list[tuple[str, int]]
) -> None:
    """Whatever happens: no more is suspected than is there, and the counter sells as if none were."""
    stock = inventory.Stock({PLACE: level})
    for number, (name, n) in enumerate(happening, start=1):
        step(stock, name, n, NOW + timedelta(seconds=number))
        now = stock.level(*PLACE)
        assert 0 <= now.suspected <= max(0, now.shelf)
        unsuspected = now.shelf - now.allocated - now.held - now.safety_stock
        assert now.available_to_promise == max(0, unsuspected - now.suspected)


@pytest.mark.parametrize(("others", "left"), [(0, 0), (3, 5)])
def test_a_lot_speaks_for_the_place_where_it_is_all(others: int, left: int) -> None:
    stock = inventory.Stock({PLACE: inventory.Level(4 + others)})
    stock.tracking = {"A": "lot"}
    stock.lots = {PLACE: [Lot("L1", None, 4), Lot("L2", None, others)]}
    stock.suspect(*PLACE, 5)

    row = CountRow(id=new_id(), sku="A", location="S1", quantity=4, occurred_at=NOW, lot="L1")
    assert stock.count(SOURCE, row) == 0

    assert stock.level(*PLACE).suspected == left
