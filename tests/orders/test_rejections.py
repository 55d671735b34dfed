"""Rejections: a store cannot serve what it was given; the order comes from elsewhere, at its price."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from omniretail import orders
from omniretail.channels import SCOPES, Principal
from omniretail.errors import DomainError
from omniretail.idempotency import Key
from omniretail.ids import new_id
from tests.callers import Retailer, euro, line, order, served

TASKS = "/v1/stock/count-tasks"
OFFICE = Principal(
    id=UUID(int=12),
    kind="integration",
    name="office",
    scopes=frozenset(SCOPES),
    channel=None,
    locations=frozenset(),
)


async def placed(
    retailer: Retailer, *parts: dict[str, Any], paid: int, **more: Any
) -> dict[str, Any]:
    answer = await retailer.web.post("/v1/orders", order(*parts, paid=paid) | more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def shipped_from(retailer: Retailer, location: str, quantity: int) -> dict[str, Any]:
    """An order of so many A that one location is to ship."""
    part = served("ship", location, line("A", quantity))
    return await placed(retailer, part, paid=2000 * quantity)


async def reject(retailer: Retailer, part: dict[str, Any], reason: str, **more: Any) -> Any:
    """Staff of the location say that it cannot serve a fulfillment; returns the order."""
    path = f"/v1/fulfillments/{part['id']}/rejection"
    answer = await retailer.office.post(path, {"reason": reason, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def again(retailer: Retailer, placed: dict[str, Any]) -> Any:
    """The order as it stands now."""
    return (await retailer.office.get(f"/v1/orders/{placed['id']}")).json()


def serving(body: dict[str, Any]) -> list[tuple[str, str, str, int, list[tuple[str, int]]]]:
    """How an order is served: kind, location, state, attempt, and the open units of its lines."""
    return [
        (
            part["kind"],
            part["location"],
            part["state"],
            part["attempt"],
            [
                (
                    one["sku"],
                    one["quantity"] - one["fulfilled_quantity"] - one["cancelled_quantity"],
                )
                for one in part["lines"]
            ],
        )
        for part in body["fulfillments"]
    ]


def money(body: dict[str, Any]) -> Any:
    """What an order costs and how it was paid: none of it changes when others serve it."""
    kept = sum(one["kept"]["amount"] for part in body["fulfillments"] for one in part["lines"])
    return kept, body["total"], body["tenders"], body["payment_status"], body["tax"]


async def events(retailer: Retailer, placed: dict[str, Any]) -> list[dict[str, Any]]:
    found = await retailer.office.get(f"/v1/orders/{placed['id']}/timeline")
    items: list[dict[str, Any]] = found.json()["items"]
    return items


async def exceptions(retailer: Retailer) -> list[tuple[str, bool]]:
    """The exceptions: kind, and whether it is closed."""
    async with retailer.process.database.transaction() as tx:
        rows = await tx.fetch("select kind, closed_at from order_exception order by id")
    return [(row["kind"], row["closed_at"] is not None) for row in rows]


async def change(retailer: Retailer, command: orders.Command, *, now: datetime) -> Any:
    """Return the outcome of one command at a moment of the test's own choosing."""
    (outcome,) = await retailer.process.ledger.run(lambda tx: orders.change(tx, [command], now=now))
    return outcome if isinstance(outcome, DomainError) else outcome.value


def rejection(part: UUID, at: datetime, **more: Any) -> orders.Reject:
    return orders.Reject(
        **{
            "key": Key(OFFICE.id, str(new_id()), b"hash"),
            "principal": OFFICE,
            "fulfillment_id": part,
            "reason": "no_variance",
            "quantities": {},
            "occurred_at": at,
            **more,
        }
    )


async def put(retailer: Retailer, path: str, **stated: Any) -> None:
    answer = await retailer.office.put(path, stated)
    assert answer.is_success, answer.text


async def test_shelf_is_empty(retailer: Retailer) -> None:
    """Given S1 3, O1 (1) and O2 (2) there, WH 10, when O1 is not in stock, then WH serves both."""
    await retailer.receive("A", S1=3, WH=10)
    first, second = await shipped_from(retailer, "S1", 1), await shipped_from(retailer, "S1", 2)
    assert await retailer.level("A", "S1") == (3, 3, 0)

    answer = await retailer.staff.post(
        f"/v1/fulfillments/{first['fulfillments'][0]['id']}/rejection", {"reason": "not_in_stock"}
    )

    assert answer.status_code == 200, answer.text
    other = await again(retailer, second)
    assert serving(answer.json()) == [
        ("ship", "S1", "rejected", 1, []),
        ("ship", "WH", "allocated", 2, [("A", 1)]),
    ]
    assert serving(other) == [
        ("ship", "S1", "rejected", 1, []),
        ("ship", "WH", "allocated", 2, [("A", 2)]),
    ]
    assert await retailer.level("A", "S1") == (3, 0, 0)
    assert await retailer.level("A", "WH") == (10, 3, 7)
    assert [money(answer.json()), money(other)] == [money(first), money(second)]
    async with retailer.process.database.transaction() as tx:
        rows = await tx.fetch("select * from rejection order by quantity")
    assert [(row["location"], row["quantity"], row["collateral"]) for row in rows] == [
        ("S1", 1, False),
        ("S1", 2, True),
    ]
    assert {row["barred_until"] - row["occurred_at"] for row in rows} == {timedelta(days=3)}
    looked_up = (await retailer.staff.get("/v1/stock/lookup", sku="A")).json()["locations"]
    assert [at["suspected"] for at in looked_up if at["location"] == "S1"] == [3]

    (task,) = (await retailer.office.get(TASKS)).json()["items"]
    assert (task["location"], task["document_id"]) == ("S1", first["id"])
    counted = {"lines": [{"line": 1, "quantity": 0}]}
    booked = await retailer.staff.post(f"{TASKS}/{task['id']}/counts", counted)
    closed = await retailer.staff.post(f"{TASKS}/{task['id']}/closing", {})
    assert booked.json()["outcomes"][0]["variance"] == -3
    assert closed.json()["state"] == "closed"
    assert await retailer.level("A", "S1") == (0, 0, 0)


async def test_each_order_that_was_touched_says_so(retailer: Retailer) -> None:
    """When one rejection moves two orders, then both timelines tell what went where, and why."""
    await retailer.receive("A", S1=3, WH=10)
    first, second = await shipped_from(retailer, "S1", 1), await shipped_from(retailer, "S1", 2)

    body = await reject(retailer, first["fulfillments"][0], "not_in_stock", note="looked twice")

    own, other = (await events(retailer, first))[-1], (await events(retailer, second))[-1]
    assert (own["sequence"], own["type"], body["version"]) == (2, "rejected", 2)
    assert own["data"] == {
        "fulfillment": first["fulfillments"][0]["id"],
        "location": "S1",
        "reason": "not_in_stock",
        "note": "looked twice",
        "lines": [{"line": 1, "sku": "A", "quantity": 1}],
        "moved_to": [{"fulfillment": body["fulfillments"][1]["id"], "location": "WH"}],
    }
    assert (other["sequence"], other["type"]) == (2, "rejected")
    assert other["data"]["collateral_of"] == first["id"]
    assert other["data"]["fulfillment"] == second["fulfillments"][0]["id"]
    assert other["data"]["lines"] == [{"line": 1, "sku": "A", "quantity": 2}]


async def test_others_may_be_spared(retailer: Retailer) -> None:
    await retailer.receive("A", S1=3, WH=10)
    first, second = await shipped_from(retailer, "S1", 1), await shipped_from(retailer, "S1", 2)

    await reject(retailer, first["fulfillments"][0], "not_in_stock", collateral=False)

    assert serving(await again(retailer, second)) == [("ship", "S1", "allocated", 1, [("A", 2)])]
    assert await retailer.level("A", "S1") == (3, 2, 0)


async def test_what_is_in_hand_stays(retailer: Retailer) -> None:
    """Given a packed parcel, a pickup that is ready and other SKUs: an empty shelf moves none of them."""
    await retailer.receive("A", S1=6, WH=10)
    await retailer.receive("B", S1=2, WH=10)
    packed = await shipped_from(retailer, "S1", 1)
    ready = await placed(retailer, served("pickup", "S1", line("A", 1)), paid=2000)
    both = served("ship", "S1", line("A", 1), line("B", 2))
    mixed = await placed(retailer, both, paid=3000)
    picking = await placed(retailer, served("pickup", "S1", line("A", 1)), paid=2000)
    office, base = retailer.office, "/v1/fulfillments"
    await office.post(f"{base}/{packed['fulfillments'][0]['id']}/packing", {})
    await office.post(f"{base}/{picking['fulfillments'][0]['id']}/picking", {})
    await retailer.staff.ready(ready["fulfillments"][0]["id"])
    lost = await shipped_from(retailer, "S1", 1)

    await reject(retailer, lost["fulfillments"][0], "not_in_stock")

    assert serving(await again(retailer, packed))[0][:3] == ("ship", "S1", "packed")
    assert serving(await again(retailer, ready))[0][:3] == ("pickup", "S1", "ready")
    assert serving(await again(retailer, mixed)) == [
        ("ship", "S1", "allocated", 1, [("B", 2)]),
        ("ship", "WH", "allocated", 2, [("A", 1)]),
    ]
    assert serving(await again(retailer, picking)) == [
        ("pickup", "S1", "rejected", 1, []),
        ("ship_to_store", "WH", "allocated", 2, [("A", 1)]),
    ]
    assert await retailer.level("A", "S1") == (6, 2, 0)


async def test_what_is_held_up_is_held_up_elsewhere_too(retailer: Retailer) -> None:
    """Given an order under review, when its shelf is empty, then WH waits for the review as well."""
    await retailer.receive("A", S1=2, WH=10)
    reviewed, lost = await shipped_from(retailer, "S1", 1), await shipped_from(retailer, "S1", 1)
    path = f"/v1/fulfillments/{reviewed['fulfillments'][0]['id']}"
    assert (await retailer.office.post(f"{path}/hold", {"reason": "fraud_review"})).is_success

    refused = await retailer.office.post(f"{path}/rejection", {"reason": "no_variance"})
    await reject(retailer, lost["fulfillments"][0], "not_in_stock")

    assert refused.json()["type"] == "/problems/transition_refused"
    parts = (await again(retailer, reviewed))["fulfillments"]
    assert [(part["location"], part["state"]) for part in parts] == [
        ("S1", "rejected"),
        ("WH", "on_hold"),
    ]


async def test_damaged_goods_are_set_aside(retailer: Retailer) -> None:
    await retailer.receive("A", S1=3, WH=10)
    one = await shipped_from(retailer, "S1", 2)

    body = await reject(
        retailer, one["fulfillments"][0], "damaged", lines=[{"line": 1, "quantity": 1}]
    )

    assert serving(body) == [
        ("ship", "S1", "allocated", 1, [("A", 1)]),
        ("ship", "WH", "allocated", 2, [("A", 1)]),
    ]
    assert money(body) == money(one)
    # Of 3 on hand one is damaged, and one promised.
    assert await retailer.level("A", "S1") == (3, 1, 1)
    assert (await retailer.movements("A"))[-3:] == [
        ("released", "S1", 1),
        ("set_aside", "S1", 1),
        ("allocated", "WH", 1),
    ]
    assert (await retailer.office.get(TASKS)).json()["items"] == []


async def test_a_damaged_unit_of_a_lot(retailer: Retailer) -> None:
    await put(retailer, "/v1/skus/MILK", name="Milk", tracking="lot")
    await retailer.prices(MILK=100)
    lines = [{"sku": "MILK", "location": at, "quantity": 2, "lot": "L1"} for at in ("S1", "WH")]
    assert (await retailer.office.post("/v1/stock/receipts", {"lines": lines})).is_success
    one = await placed(retailer, served("ship", "S1", line("MILK", 1)), paid=100)
    path = f"/v1/fulfillments/{one['fulfillments'][0]['id']}/rejection"

    nameless = await retailer.office.post(path, {"reason": "damaged"})
    named = await retailer.office.post(
        path, {"reason": "damaged", "lines": [{"line": 1, "quantity": 1, "lot": "L1"}]}
    )

    assert (nameless.status_code, nameless.json()["type"]) == (400, "/problems/lot_missing")
    assert named.status_code == 200, named.text
    assert serving(named.json())[-1] == ("ship", "WH", "allocated", 2, [("MILK", 1)])


async def test_fewer_than_the_books_say(retailer: Retailer) -> None:
    """Given 5 at S1, when 2 of an order's 3 are not there, then 2 are suspected until a count."""
    await retailer.receive("A", S1=5, WH=10)
    one, other = await shipped_from(retailer, "S1", 3), await shipped_from(retailer, "S1", 1)

    body = await reject(
        retailer, one["fulfillments"][0], "mismatch", lines=[{"line": 1, "quantity": 2}]
    )

    assert serving(body)[0][-1] == [("A", 1)]
    assert serving(await again(retailer, other)) == [("ship", "S1", "allocated", 1, [("A", 1)])]
    assert await retailer.level("A", "S1") == (5, 2, 1)
    (task,) = (await retailer.office.get(TASKS)).json()["items"]
    assert [one["sku"] for one in task["lines"]] == ["A"]


async def test_how_many_are_missing_may_be_said(retailer: Retailer) -> None:
    await retailer.receive("A", S1=5, WH=10)
    one = await shipped_from(retailer, "S1", 1)
    path = f"/v1/fulfillments/{one['fulfillments'][0]['id']}/rejection"

    elsewise = await retailer.office.post(path, {"reason": "damaged", "missing": 4})
    await reject(retailer, one["fulfillments"][0], "mismatch", missing=4)

    assert elsewise.status_code == 400
    assert await retailer.level("A", "S1") == (5, 0, 1)


async def test_no_time_is_no_variance(retailer: Retailer) -> None:
    await retailer.receive("A", S1=3, WH=10)
    one, other = await shipped_from(retailer, "S1", 1), await shipped_from(retailer, "S1", 1)

    await reject(retailer, one["fulfillments"][0], "no_variance", note="no staff today")

    assert await retailer.level("A", "S1") == (3, 1, 2)
    assert serving(await again(retailer, other))[0][:3] == ("ship", "S1", "allocated")
    assert (await retailer.office.get(TASKS)).json()["items"] == []


async def test_one_task_to_count_is_enough(retailer: Retailer) -> None:
    """Given a suspicion of A at S1, when A is rejected there once more, then nobody counts twice."""
    await retailer.receive("A", S1=4, WH=10)
    one, other = await shipped_from(retailer, "S1", 1), await shipped_from(retailer, "S1", 1)

    await reject(retailer, one["fulfillments"][0], "mismatch")
    await reject(retailer, other["fulfillments"][0], "not_in_stock")

    assert len((await retailer.office.get(TASKS)).json()["items"]) == 1
    assert await retailer.level("A", "S1") == (4, 0, 0)


async def test_not_back_to_whom_rejected_it_too_soon(retailer: Retailer) -> None:
    """Given S1 and then WH rejected it: nobody serves it, until three days after S1 did, S1 may again."""
    await retailer.receive("A", S1=3, WH=10)
    one, start = await shipped_from(retailer, "S1", 2), datetime.now(UTC)
    first = await change(retailer, rejection(UUID(one["fulfillments"][0]["id"]), start), now=start)
    assert [part.location for part in first.fulfillments if part.is_open] == ["WH"]
    later = start + timedelta(hours=48)

    second = await change(retailer, rejection(first.fulfillments[1].id, later), now=later)

    assert [(part.location, part.state) for part in second.fulfillments] == [
        ("S1", "rejected"),
        ("WH", "rejected"),
    ]
    assert await exceptions(retailer) == [("not_sourced", False)]
    assert (await events(retailer, one))[-1]["data"]["not_sourced"] == [
        {"line": 1, "sku": "A", "quantity": 2}
    ]
    told = {}
    for hours in (71, 73):
        at = start + timedelta(hours=hours)
        command = orders.SourceAgain(
            key=Key(OFFICE.id, f"after-{hours}", b"hash"),
            principal=OFFICE,
            fulfillment_id=second.fulfillments[1].id,
            occurred_at=at,
        )
        told[hours] = await change(retailer, command, now=at)
    assert isinstance(told[71], orders.NotSourced)
    assert told[71].fields["short"] == [{"sku": "A", "quantity": 2}]
    assert [part.location for part in told[73].fulfillments if part.is_open] == ["S1"]
    assert await exceptions(retailer) == [("not_sourced", True)]


async def test_a_cooling_off_of_nothing(retailer: Retailer) -> None:
    """Given no cooling off, when WH rejects as well, then S1 may have it back, but WH not at once."""
    await put(retailer, "/v1/sourcing-policies/web", cooling_off_hours=0)
    await retailer.receive("A", S1=3, WH=10)
    one = await shipped_from(retailer, "S1", 2)

    first = await reject(retailer, one["fulfillments"][0], "no_variance")
    second = await reject(retailer, first["fulfillments"][1], "no_variance")

    assert [part[1:4] for part in serving(second)] == [
        ("S1", "rejected", 1),
        ("WH", "rejected", 2),
        ("S1", "allocated", 3),
    ]


async def test_after_the_last_attempt_staff_decide(retailer: Retailer) -> None:
    """Given two attempts at most, when the second is rejected, then nobody is asked a third time."""
    await put(retailer, "/v1/sourcing-policies/web", max_attempts=2)
    await retailer.receive("A", S1=3, S2=3, WH=10)
    one = await shipped_from(retailer, "S1", 2)
    first = await reject(retailer, one["fulfillments"][0], "no_variance")

    second = await reject(retailer, first["fulfillments"][1], "no_variance")

    assert [part[1:4] for part in serving(second)] == [("S1", "rejected", 1), ("WH", "rejected", 2)]
    assert await exceptions(retailer) == [("not_sourced", False)]
    assert money(second) == money(one)
    path = f"/v1/fulfillments/{second['fulfillments'][1]['id']}/sourcing"
    staffed = await retailer.office.post(path, {"location": "S1"})
    assert staffed.status_code == 200, staffed.text
    assert serving(staffed.json())[1:] == [
        ("ship", "WH", "rejected", 2, []),
        ("ship", "S1", "allocated", 3, [("A", 2)]),
    ]
    assert await exceptions(retailer) == [("not_sourced", True)]
    assert (await events(retailer, one))[-1]["type"] == "sourced"


async def test_a_place_that_staff_name_must_be_able_to(retailer: Retailer) -> None:
    await retailer.receive("A", S1=2)
    await put(retailer, "/v1/locations/S3", name="S3", capabilities=["pickup"])
    one = await shipped_from(retailer, "S1", 2)
    body = await reject(retailer, one["fulfillments"][0], "no_variance")
    path = f"/v1/fulfillments/{body['fulfillments'][0]['id']}/sourcing"

    told = {
        location: (await retailer.office.post(path, {"location": location})).json()["type"]
        for location in ("MOON", "S3", "S2")
    }
    open_part = await shipped_from(retailer, "S1", 1)
    busy = await retailer.office.post(
        f"/v1/fulfillments/{open_part['fulfillments'][0]['id']}/sourcing", {}
    )

    assert told == {
        "MOON": "/problems/unknown_location",
        "S3": "/problems/location_not_serving",
        "S2": "/problems/insufficient_stock",
    }
    assert busy.json()["type"] == "/problems/transition_refused"


async def test_nobody_has_it(retailer: Retailer) -> None:
    """When nobody else has it, then it waits, promised nowhere, and may still be cancelled."""
    await retailer.receive("A", S1=3)
    one = await shipped_from(retailer, "S1", 2)

    body = await reject(retailer, one["fulfillments"][0], "not_in_stock")

    assert serving(body) == [("ship", "S1", "rejected", 1, [("A", 2)])]
    assert (body["fulfillment_status"], money(body)) == ("open", money(one))
    assert await retailer.level("A", "S1") == (3, 0, 0)
    assert await exceptions(retailer) == [("not_sourced", False)]
    some = {"reason": "one will do", "lines": [{"line": 1, "quantity": 1}]}
    path = f"/v1/orders/{one['id']}/cancellation"
    assert (await retailer.web.post(path, some)).is_success
    await retailer.receive("A", WH=5)
    sourcing = f"/v1/fulfillments/{body['fulfillments'][0]['id']}/sourcing"
    found = await retailer.office.post(sourcing, {})
    assert serving(found.json()) == [
        ("ship", "S1", "rejected", 1, [("A", 0)]),
        ("ship", "WH", "allocated", 2, [("A", 1)]),
    ]
    nothing = await retailer.office.post(sourcing, {})
    assert nothing.json()["type"] == "/problems/transition_refused"


async def test_what_can_be_served_is(retailer: Retailer) -> None:
    """Given nobody else has B, when A and B are rejected, then A moves and B waits."""
    await retailer.receive("A", S1=2, WH=10)
    await retailer.receive("B", S1=2)
    both = served("ship", "S1", line("A", 2), line("B", 2))
    one = await placed(retailer, both, paid=5000)

    body = await reject(retailer, one["fulfillments"][0], "no_variance")

    assert serving(body) == [
        ("ship", "S1", "rejected", 1, [("B", 2)]),
        ("ship", "WH", "allocated", 2, [("A", 2)]),
    ]
    assert await exceptions(retailer) == [("not_sourced", False)]


async def test_several_serve_what_one_could_not(retailer: Retailer) -> None:
    """Given S2 has 2 and WH 1, when S1 cannot serve 3, then they do, each at its share of the price."""
    await put(
        retailer,
        "/v1/promotions/odd",
        name="Odd",
        action={"type": "amount", "amount": euro(101), "level": "order"},
        currency="EUR",
    )
    await retailer.receive("A", S1=3, S2=2, WH=1)
    one = await placed(retailer, served("ship", "S1", line("A", 3)), paid=5899)

    body = await reject(retailer, one["fulfillments"][0], "no_variance")

    assert serving(body) == [
        ("ship", "S1", "rejected", 1, []),
        ("ship", "S2", "allocated", 2, [("A", 2)]),
        ("ship", "WH", "allocated", 2, [("A", 1)]),
    ]
    assert money(body)[0] == money(one)[0] == 5899
    assert [one["part_of"] for part in body["fulfillments"] for one in part["lines"]] == [None, 1]


async def test_what_was_shipped_stays_shipped(retailer: Retailer) -> None:
    """Given 5 of which 1 was cancelled and 2 shipped, when the rest is rejected, then it moves alone."""
    await retailer.receive("A", S1=5, WH=10)
    one = await placed(retailer, served("ship", "S1", line("A", 5)), paid=10_000)
    part = one["fulfillments"][0]
    some = {"reason": "less", "lines": [{"line": 1, "quantity": 1}]}
    await retailer.web.post(f"/v1/orders/{one['id']}/cancellation", some)
    two = {"lines": [{"line": 1, "quantity": 2}]}
    before = await retailer.office.post(f"/v1/fulfillments/{part['id']}/shipment", two)

    body = await reject(retailer, part, "not_in_stock")

    assert serving(body) == [
        ("ship", "S1", "shipped", 1, [("A", 0), ("A", 0)]),
        ("ship", "WH", "allocated", 2, [("A", 2)]),
    ]
    assert money(body) == money(before.json())
    assert {one["line"]: one["fulfilled_quantity"] for one in body["fulfillments"][0]["lines"]} == {
        1: 2,
        2: 0,
    }
    delivered = await retailer.office.post(f"/v1/fulfillments/{part['id']}/delivery", {})
    assert delivered.json()["fulfillments"][0]["state"] == "delivered"
    rest = await retailer.office.post(
        f"/v1/fulfillments/{body['fulfillments'][1]['id']}/shipment", {}
    )
    assert rest.json()["fulfillment_status"] == "done"


async def test_what_was_shipped_stays_shipped_where_nobody_has_the_rest(retailer: Retailer) -> None:
    await retailer.receive("A", S1=3)
    one = await shipped_from(retailer, "S1", 3)
    part = one["fulfillments"][0]
    await retailer.office.post(
        f"/v1/fulfillments/{part['id']}/shipment", {"lines": [{"line": 1, "quantity": 1}]}
    )

    body = await reject(retailer, part, "no_variance")

    assert serving(body) == [
        ("ship", "S1", "shipped", 1, [("A", 0)]),
        ("ship", "S1", "rejected", 1, [("A", 2)]),
    ]
    path = f"/v1/fulfillments/{body['fulfillments'][1]['id']}/sourcing"
    found = await retailer.office.post(path, {"location": "S1"})
    assert serving(found.json())[1:] == [
        ("ship", "S1", "rejected", 1, []),
        ("ship", "S1", "allocated", 2, [("A", 2)]),
    ]


async def test_a_pickup_is_sent_to_its_store(retailer: Retailer) -> None:
    """Given a pickup at S1 for Ada, when S1 has none, then WH sends it there, for Ada still."""
    await retailer.receive("A", S1=2, WH=10)
    one = await placed(retailer, served("pickup", "S1", line("A", 2)), paid=4000)
    part = one["fulfillments"][0]
    named = await retailer.web.post(f"/v1/fulfillments/{part['id']}/collector", {"name": "Ada"})

    body = await reject(retailer, part, "not_in_stock")

    assert serving(body) == [
        ("pickup", "S1", "rejected", 1, []),
        ("ship_to_store", "WH", "allocated", 2, [("A", 2)]),
    ]
    sent = body["fulfillments"][1]
    assert (sent["source"], sent["destination"]) == ("WH", "S1")
    if named.is_success:
        assert sent["pickup"]["collector"] == "Ada"
    assert (await retailer.office.post(f"/v1/fulfillments/{sent['id']}/shipment", {})).is_success
    assert (await retailer.staff.post(f"/v1/fulfillments/{sent['id']}/arrival", {})).is_success
    assert (await retailer.staff.collect(sent["id"])).status_code == 200


async def test_a_pickup_that_was_ready_is_not(retailer: Retailer) -> None:
    await retailer.receive("A", S1=2, WH=10)
    one = await placed(retailer, served("pickup", "S1", line("A", 2)), paid=4000)
    await retailer.staff.ready(one["fulfillments"][0]["id"])

    body = await reject(retailer, one["fulfillments"][0], "damaged")

    assert serving(body)[1][:3] == ("ship_to_store", "WH", "allocated")
    assert body["fulfillment_status"] == "open"


async def test_the_store_itself_has_it_by_now(retailer: Retailer) -> None:
    """Given what WH should send to S1, when WH rejects it and S1 has it, then it is a pickup there."""
    await retailer.receive("A", S1=1, WH=10)
    one = await placed(retailer, served("pickup", "S1", line("A", 1)), paid=2000)
    first = await reject(retailer, one["fulfillments"][0], "no_variance")
    sent = first["fulfillments"][1]
    elsewhere = await reject(retailer, sent, "no_variance")
    assert serving(elsewhere)[1:] == [("ship_to_store", "WH", "rejected", 2, [("A", 1)])]

    path = f"/v1/fulfillments/{sent['id']}/sourcing"
    found = await retailer.office.post(path, {"location": "S1"})

    assert serving(found.json())[2] == ("pickup", "S1", "allocated", 3, [("A", 1)])


async def test_a_kit_is_missed_by_its_components(retailer: Retailer) -> None:
    """Given a kit of 2 A and 1 B at S1, when it is not there, then neither A nor B is promised there."""
    components = [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]
    await put(retailer, "/v1/skus/TWIN", name="Twin pack", components=components)
    await retailer.prices(TWIN=4000)
    await retailer.receive("A", S1=6, WH=10)
    await retailer.receive("B", S1=6, WH=10)
    kit = await placed(retailer, served("ship", "S1", line("TWIN", 2)), paid=8000)
    single = await placed(retailer, served("ship", "S1", line("B", 1)), paid=500)

    body = await reject(retailer, kit["fulfillments"][0], "not_in_stock")

    assert serving(body)[1] == ("ship", "WH", "allocated", 2, [("TWIN", 2)])
    assert serving(await again(retailer, single))[1] == ("ship", "WH", "allocated", 2, [("B", 1)])
    assert await retailer.level("A", "S1") == (6, 0, 0)
    assert await retailer.level("B", "S1") == (6, 0, 0)
    assert await retailer.level("A", "WH") == (10, 4, 6)
    assert await retailer.level("B", "WH") == (10, 3, 7)
    (task,) = (await retailer.office.get(TASKS)).json()["items"]
    assert [one["sku"] for one in task["lines"]] == ["A", "B"]


async def test_goods_that_are_to_come_yet_are_not_missed(retailer: Retailer) -> None:
    """Given a back order at S1, when the shelf there is empty, then the back order waits as it did."""
    await put(
        retailer,
        "/v1/skus/A",
        name="A",
        ordering={"policy": "back_order", "limit": 5},
    )
    await retailer.receive("A", S1=1, WH=10)
    lost, later = await shipped_from(retailer, "S1", 1), await shipped_from(retailer, "S1", 2)

    await reject(retailer, lost["fulfillments"][0], "not_in_stock")

    assert serving(await again(retailer, later)) == [("ship", "S1", "allocated", 1, [("A", 2)])]


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        (
            {"reason": "no_variance", "lines": [{"line": 1, "quantity": 3}]},
            409,
            "quantity_not_open",
        ),
        ({"reason": "no_variance", "lines": [{"line": 2, "quantity": 1}]}, 400, "invalid"),
        ({"reason": "why_not"}, 400, "invalid"),
    ],
)
async def test_what_a_rejection_is_refused_for(
    retailer: Retailer, body: dict[str, Any], status: int, problem: str
) -> None:
    await retailer.receive("A", S1=2, WH=10)
    one = await shipped_from(retailer, "S1", 2)

    path = f"/v1/fulfillments/{one['fulfillments'][0]['id']}/rejection"
    refused = await retailer.office.post(path, body)

    assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{problem}")
    assert await retailer.level("A", "S1") == (2, 2, 0)


async def test_only_who_works_there_may_reject(retailer: Retailer) -> None:
    await retailer.receive("A", S2=2, WH=10)
    one = await shipped_from(retailer, "S2", 2)
    path = f"/v1/fulfillments/{one['fulfillments'][0]['id']}/rejection"

    foreign = await retailer.staff.post(path, {"reason": "no_variance"})
    gone = await retailer.office.post(path, {"reason": "no_variance"})
    twice = await retailer.office.post(path, {"reason": "no_variance"})

    assert (foreign.status_code, gone.status_code) == (404, 200)
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/transition_refused")


def offline_sale(quantity: int, at: datetime) -> orders.PlaceOrder:
    """The command of a till in S1 that sold so many A while it was offline."""
    wish = orders.FulfillmentWish(
        id=new_id(),
        kind="carry_out",
        location="S1",
        lines=(orders.LineWish(sku="A", quantity=quantity),),
    )
    return orders.PlaceOrder(
        key=Key(OFFICE.id, str(new_id()), b"hash"),
        order_id=new_id(),
        principal=OFFICE,
        channel="pos",
        location="S1",
        placed_at=at,
        fulfillments=(wish,),
        tenders=(orders.TenderGiven(type="cash", amount_minor=2000 * quantity, currency="EUR"),),
        forced=True,
    )


async def reroute(retailer: Retailer) -> list[orders.Order]:
    """Have others serve what S1 promises of A and does not have."""
    return await retailer.process.ledger.run(
        lambda tx: orders.reroute(tx, [("A", "S1")], principal=OFFICE, now=datetime.now(UTC))
    )


async def test_sales_that_were_made_offline_move_web_orders(retailer: Retailer) -> None:
    """Given S1 4, of which O9 holds 1, when 5 were sold offline, then WH serves O9, by itself, once."""
    await retailer.receive("A", S1=4, WH=10)
    nine = await shipped_from(retailer, "S1", 1)
    now = datetime.now(UTC)
    (sold,) = await retailer.process.ledger.run(
        lambda tx: orders.place(tx, [offline_sale(5, now)], books=retailer.process.books, now=now)
    )
    assert not isinstance(sold, DomainError), sold
    assert await retailer.level("A", "S1") == (-1, 1, 0)

    (moved,) = await reroute(retailer)

    assert str(moved.id) == nine["id"]
    body = await again(retailer, nine)
    assert serving(body) == [
        ("ship", "S1", "rejected", 1, []),
        ("ship", "WH", "allocated", 2, [("A", 1)]),
    ]
    assert money(body) == money(nine)
    assert await retailer.level("A", "S1") == (-1, 0, 0)
    assert (await events(retailer, nine))[-1]["data"]["note"] == "promised beyond what is there"
    assert await reroute(retailer) == []


async def test_the_youngest_orders_move_first(retailer: Retailer) -> None:
    """Given 3 orders of 1 and one unit less, then the last of them moves, and the others stay."""
    await retailer.receive("A", S1=3, WH=10)
    made = [await shipped_from(retailer, "S1", 1) for _ in range(3)]
    stolen = {"sku": "A", "location": "S1", "change": -1, "reason": "theft"}
    assert (await retailer.office.post("/v1/stock/adjustments", {"lines": [stolen]})).is_success

    moved = await reroute(retailer)

    assert [str(one.id) for one in moved] == [made[2]["id"]]
    assert await retailer.level("A", "S1") == (2, 2, 0)


async def test_back_orders_stay_where_they_wait(retailer: Retailer) -> None:
    """Given a back order at S1, which has not got it yet, then nobody moves it."""
    await put(retailer, "/v1/skus/A", name="A", ordering={"policy": "back_order", "limit": 5})
    await retailer.receive("A", WH=10)
    await shipped_from(retailer, "S1", 2)

    assert await reroute(retailer) == []


async def test_a_place_that_staff_name_may_get_it_later(retailer: Retailer) -> None:
    """Given S2 awaits A, when staff have S2 serve what nobody has, then the line says from when on."""
    await put(retailer, "/v1/skus/A", name="A", ordering={"policy": "back_order", "limit": 0})
    await retailer.receive("A", S1=1)
    one = await shipped_from(retailer, "S1", 1)
    body = await reject(retailer, one["fulfillments"][0], "not_in_stock")
    coming = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    row = {"sku": "A", "location": "S2", "quantity": 2, "expected_at": coming}
    announced = await retailer.office.post("/v1/stock/expected-receipts", {"lines": [row]})
    assert announced.is_success, announced.text
    path = f"/v1/fulfillments/{body['fulfillments'][0]['id']}/sourcing"

    refused = await retailer.office.post(path, {})
    found = await retailer.office.post(path, {"location": "S2"})

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/not_sourced")
    assert refused.json()["short"] == [{"sku": "A", "quantity": 1}]
    assert serving(found.json())[1] == ("ship", "S2", "allocated", 2, [("A", 1)])
    assert found.json()["fulfillments"][1]["lines"][0]["promised_at"][:10] == coming[:10]


async def test_the_rest_of_a_pickup_comes_from_elsewhere(retailer: Retailer) -> None:
    """Given 3 to collect of which 1 was handed over, when the others are damaged, then WH sends two."""
    await retailer.receive("A", S1=3, WH=10)
    one = await placed(retailer, served("pickup", "S1", line("A", 3)), paid=6000)
    part = one["fulfillments"][0]
    before = await retailer.staff.collect(part["id"], lines=[{"line": 1, "quantity": 1}])
    assert before.status_code == 200, before.text

    body = await reject(retailer, part, "damaged")

    assert serving(body) == [
        ("pickup", "S1", "handed_over", 1, [("A", 0)]),
        ("ship_to_store", "WH", "allocated", 2, [("A", 2)]),
    ]
    assert money(body) == money(before.json())
    assert await retailer.level("A", "S1") == (2, 0, 0)


async def test_several_rejections_at_once(retailer: Retailer) -> None:
    """Given two orders of the same goods, when both are rejected at once, then one has gone."""
    await retailer.receive("A", S1=3, WH=10)
    first, second = await shipped_from(retailer, "S1", 1), await shipped_from(retailer, "S1", 2)
    now = datetime.now(UTC)
    commands = [
        rejection(UUID(one["fulfillments"][0]["id"]), now, reason="not_in_stock")
        for one in (first, second)
    ]

    outcomes = await retailer.process.ledger.run(
        lambda tx: orders.change(tx, [*commands, replace(commands[0])], now=now)
    )

    assert isinstance(outcomes[1], orders.TransitionRefused)
    assert not isinstance(outcomes[2], DomainError)
    assert outcomes[2].replayed
    assert await retailer.level("A", "WH") == (10, 3, 7)
    assert len((await retailer.office.get(TASKS)).json()["items"]) == 1


async def test_the_capacity_of_a_day_is_kept(retailer: Retailer) -> None:
    """Given WH may ship one more today, when two orders must move, then S2 serves the second."""
    await put(retailer, "/v1/fulfillment-policies/WH", daily_capacity=1)
    await retailer.receive("A", S1=2, S2=5, WH=10)
    first, second = await shipped_from(retailer, "S1", 1), await shipped_from(retailer, "S1", 1)

    body = await reject(retailer, first["fulfillments"][0], "not_in_stock")

    assert serving(body)[1][1] == "WH"
    assert serving(await again(retailer, second))[1][1] == "S2"
