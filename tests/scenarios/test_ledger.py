"""The ledger's own sentences: last units, kits, holds and their time, counts and tills offline."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from omniretail import channels, clock, inventory, orders
from omniretail.errors import DomainError
from omniretail.idempotency import Answer, Key
from omniretail.ids import new_id
from tests.callers import Caller, Retailer, euro, line, order, served
from tests.live import Live

YESTERDAY = (clock.now() - timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
OFFICE = channels.Principal(
    id=UUID(int=3),
    kind="integration",
    name="office",
    scopes=frozenset(channels.SCOPES),
    channel=None,
    locations=frozenset(),
)


def at(hour: int, minute: int) -> str:
    """A time of yesterday, as it travels."""
    return (YESTERDAY + timedelta(hours=hour, minutes=minute)).isoformat()


def held(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A hold on the wire, of lines at S1."""
    return {"lines": [{"location": "S1", **one} for one in lines], **more}


async def standing(retailer: Retailer, sku: str, **query: Any) -> dict[str, Any]:
    """Return what stands of a SKU at S1."""
    answer = await retailer.office.get("/v1/availability", sku=sku, location="S1", **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["items"][0]["locations"][0]
    return found


async def fifty(web: Caller, till: Caller) -> list[httpx.Response]:
    """25 carts and 25 tills ask for one unit at once."""
    return await asyncio.gather(
        *(caller.post("/v1/holds", held(line("A", 1))) for caller in [web, till] * 25)
    )


async def one_has_it(retailer: Retailer, answers: list[httpx.Response]) -> None:
    """One of fifty was told yes, the others that nothing is left."""
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(201), statuses.count(409)) == (1, 49)
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["type"] == "/problems/insufficient_stock"
            assert answer.json()["available"] == 0
    there = await standing(retailer, "A")
    assert (there["on_hand"], there["held"], there["available_to_promise"]) == (1, 1, 0)


async def test_last_unit_fifty_carts_and_tills(retailer: Retailer) -> None:
    """Given one unit, when fifty ask to hold it at once, then one does and 49 are told 0."""
    await retailer.receive("A", S1=1)

    answers = await fifty(retailer.web, retailer.till)

    await one_has_it(retailer, answers)


async def test_last_unit_fifty_over_two_processes(retailer: Retailer, live: Live) -> None:
    """Given one unit, when fifty ask two server processes for it, then one has it all the same."""
    await retailer.receive("A", S1=1)

    answers = await fifty(live.caller(retailer.web), live.caller(retailer.till))

    await one_has_it(retailer, answers)


async def test_two_lines_one_inventory_item(retailer: Retailer) -> None:
    """Given 2, when a cart wants a pack of two and one single, then it is short by one."""
    await retailer.receive("A", S1=2)
    pack = {"name": "Twin pack", "components": [{"sku": "A", "quantity": 2}]}
    assert (await retailer.office.put("/v1/skus/TWIN", pack)).is_success
    cart = line("TWIN", 1), line("A", 1)

    refused = await retailer.web.post("/v1/holds", held(*cart))
    before = await standing(retailer, "A")
    partial = await retailer.web.post("/v1/holds", held(*cart, allow_partial=True))
    after = await standing(retailer, "A")

    assert refused.status_code == 409
    assert refused.json()["shortages"] == [
        {"sku": "A", "location": "S1", "requested": 3, "available": 2, "missing": 1}
    ]
    assert (before["held"], before["available_to_promise"]) == (0, 2)
    assert partial.status_code == 201
    assert [(one["sku"], one["held"], one["unfilled"]) for one in partial.json()["lines"]] == [
        ("TWIN", 1, 0),
        ("A", 0, 1),
    ]
    assert (after["held"], after["available_to_promise"]) == (2, 0)


async def test_a_hold_ends_by_the_clock_alone(retailer: Retailer) -> None:
    """Given 5 and a hold of 3, when its time has come, then they are free and nobody swept them."""
    await retailer.receive("A", S1=5)
    start = YESTERDAY

    async def place(n: int, second: int) -> inventory.Hold | DomainError:
        command = inventory.PlaceHold(
            key=Key(OFFICE.id, f"hold-{second}", b""),
            hold_id=new_id(),
            principal=OFFICE,
            channel=None,
            reference=None,
            lines=(inventory.HoldWish(sku="A", location="S1", quantity=n),),
            seconds=600,
        )
        (outcome,) = await retailer.process.ledger.run(
            lambda tx: inventory.place_holds(tx, [command], now=start + timedelta(seconds=second))
        )
        return outcome.value if isinstance(outcome, Answer) else outcome

    async def extend(hold: inventory.Hold, second: int) -> inventory.Hold | DomainError:
        command = inventory.ChangeHold(hold_id=hold.id, principal=OFFICE, seconds=600)
        (outcome,) = await retailer.process.ledger.run(
            lambda tx: inventory.change_holds(tx, [command], now=start + timedelta(seconds=second))
        )
        return outcome

    first = await place(3, 0)
    assert isinstance(first, inventory.Hold)
    extended = await extend(first, 540)
    too_early = await place(3, 1139)
    second = await place(3, 1141)
    too_late = await extend(first, 1141)

    assert isinstance(extended, inventory.Hold)
    assert extended.expires_at == start + timedelta(seconds=1140)
    assert isinstance(too_early, inventory.InsufficientStock)
    assert too_early.shortages[0].available == 2
    assert isinstance(second, inventory.Hold)
    assert isinstance(too_late, inventory.HoldEnded)
    assert too_late.fields["state"] == "expired"


async def test_the_own_hold_does_not_stand_in_the_way(retailer: Retailer) -> None:
    """Given the last unit in a cart, when another buys it he cannot; the cart's own order can."""
    await retailer.receive("A", S1=1)
    wanted = order(served("pickup", "S1", line("A", 1)), paid=2000)
    cart = (await retailer.web.post("/v1/holds", held(line("A", 1)))).json()

    other = await retailer.web.post("/v1/orders", wanted)
    own = await retailer.web.post("/v1/orders", wanted | {"hold": cart["id"]})
    again = await retailer.web.post("/v1/orders", wanted | {"hold": cart["id"]})

    assert (other.status_code, other.json()["available"]) == (409, 0)
    assert own.status_code == 201
    assert (again.status_code, again.json()["type"]) == (409, "/problems/hold_ended")
    there = await standing(retailer, "A")
    assert (there["on_hand"], there["allocated"], there["held"]) == (1, 1, 0)
    became = (await retailer.web.get(f"/v1/holds/{cart['id']}")).json()
    assert (became["state"], became["order_id"]) == ("converted", own.json()["id"])


async def test_a_released_hold_is_no_help_and_no_hindrance(retailer: Retailer) -> None:
    """Given a cart that let its goods go, when it orders them all the same, then it may."""
    await retailer.receive("A", S1=1)
    wanted = order(served("pickup", "S1", line("A", 1)), paid=2000)
    cart = (await retailer.web.post("/v1/holds", held(line("A", 1)))).json()
    released = await retailer.web.send("DELETE", f"/v1/holds/{cart['id']}")

    placed = await retailer.web.post("/v1/orders", wanted | {"hold": cart["id"]})

    assert released.json()["state"] == "released"
    assert placed.status_code == 201
    assert (await retailer.web.get(f"/v1/holds/{cart['id']}")).json()["state"] == "released"
    assert await retailer.level("A", "S1") == (1, 1, 0)


@pytest.fixture
async def offline_till(retailer: Retailer) -> Caller:
    """A till in S1 that may report what it sold without a connection: A, and milk by the lot."""
    await retailer.office.put("/v1/skus/M", {"name": "Milk", "tracking": "lot"})
    await retailer.office.put(
        "/v1/price-lists/retail/prices",
        {
            "prices": [
                {"sku": sku, "price": euro(100), "valid_from": at(0, 0)} for sku in ("A", "M")
            ]
        },
    )
    return await retailer.caller(
        "late",
        "terminal",
        channel="pos",
        locations=frozenset({"S1"}),
        scopes=channels.DEFAULT_SCOPES["terminal"] | {"orders:backdate"},
    )


async def sold(till: Caller, sku: str, quantity: int, when: str) -> httpx.Response:
    """Report a sale that happened at a till without a connection."""
    sale = order(served("carry_out", None, line(sku, quantity)), paid=quantity * 100, by="cash")
    return await till.post("/v1/orders", sale | {"offline": True, "placed_at": when})


async def booked(retailer: Retailer, path: str, **row: Any) -> dict[str, Any]:
    """Book one row of a stock document at S1."""
    answer = await retailer.office.post(path, {"lines": [{"location": "S1", **row}]})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["outcomes"][0]
    assert found["status"] == "booked", found
    return found


async def variances(retailer: Retailer, sku: str) -> list[int]:
    """Return the variances of a SKU's counts, as the books have them now."""
    async with retailer.process.database.transaction() as tx:
        rows = await tx.fetch("select variance from stock_count where sku = $1 order by id", sku)
    return [row["variance"] for row in rows]


async def ship(retailer: Retailer, fulfillment: UUID, when: datetime) -> None:
    """Ship a parcel at a time of the past, as only the ledger itself can."""
    command = orders.Fulfill(
        key=Key(OFFICE.id, "shipment", b""),
        principal=OFFICE,
        fulfillment_id=fulfillment,
        step="shipment",
        quantities={},
        occurred_at=when.astimezone(UTC),
    )
    (outcome,) = await retailer.process.ledger.run(
        lambda tx: orders.change(tx, [command], now=clock.now())
    )
    assert isinstance(outcome, Answer)


async def test_a_count_while_a_till_is_offline(retailer: Retailer, offline_till: Caller) -> None:
    """Given a sale before a count and told after it, then the count stands, and its variance moves."""
    receipt = {"sku": "A", "quantity": 100, "occurred_at": at(13, 0)}
    await booked(retailer, "/v1/stock/receipts", **receipt)
    web_sale = order(served("ship", "S1", line("A", 3)), paid=300) | {
        "channel": "web",
        "placed_at": at(13, 10),
    }
    scopes = channels.DEFAULT_SCOPES["integration"] | {"orders:backdate"}
    importer = await retailer.caller("importer", "integration", scopes=scopes)
    placed = (await importer.post("/v1/orders", web_sale)).json()
    await ship(retailer, UUID(placed["fulfillments"][0]["id"]), datetime.fromisoformat(at(13, 10)))
    shipped = await standing(retailer, "A")

    counted = await booked(
        retailer, "/v1/stock/counts", sku="A", quantity=95, occurred_at=at(13, 30)
    )
    assert shipped["on_hand"] == 97
    assert (counted["level"]["on_hand"], counted["variance"]) == (95, -2)

    late = await sold(offline_till, "A", 2, at(13, 20))
    assert late.status_code == 201, late.text
    assert (await standing(retailer, "A"))["on_hand"] == 95
    assert await variances(retailer, "A") == [0]

    later = await sold(offline_till, "A", 1, at(13, 40))
    assert later.status_code == 201
    assert (await standing(retailer, "A"))["on_hand"] == 94
    assert await variances(retailer, "A") == [0]
    for when, on_hand in ((at(13, 15), 97), (at(13, 25), 95), (at(13, 35), 95), (at(13, 45), 94)):
        assert (await standing(retailer, "A", as_of=when))["on_hand"] == on_hand


async def test_a_count_of_a_lot_while_a_till_is_offline(
    retailer: Retailer, offline_till: Caller
) -> None:
    """Given 5 of a lot, none found by a count, when a sale of all 5 before it is told, then it fits."""
    row = {"sku": "M", "lot": "L1"}
    await booked(retailer, "/v1/stock/receipts", **row, quantity=5, occurred_at=at(13, 0))
    counted = await booked(retailer, "/v1/stock/counts", **row, quantity=0, occurred_at=at(13, 30))

    late = await sold(offline_till, "M", 5, at(13, 20))

    assert counted["variance"] == -5
    assert late.status_code == 201, late.text
    assert await variances(retailer, "M") == [0]
    there = await standing(retailer, "M")
    assert (there["on_hand"], there["available_to_promise"]) == (0, 0)


async def test_a_late_sale_leaves_what_is_left_of_a_lot(
    retailer: Retailer, offline_till: Caller
) -> None:
    """Given 5 of a lot, counted as 3, when 2 sold before that are told, then 3 are there, and sold."""
    row = {"sku": "M", "lot": "L1"}
    await booked(retailer, "/v1/stock/receipts", **row, quantity=5, occurred_at=at(13, 0))
    await booked(retailer, "/v1/stock/counts", **row, quantity=3, occurred_at=at(13, 30))

    late = await sold(offline_till, "M", 2, at(13, 20))
    after = await sold(offline_till, "M", 3, at(13, 40))

    assert (late.status_code, after.status_code) == (201, 201)
    assert await variances(retailer, "M") == [0]
    assert (await standing(retailer, "M"))["on_hand"] == 0


async def test_an_expired_lot_was_sold_offline(retailer: Retailer, offline_till: Caller) -> None:
    """Given only expired goods, when a till has sold one, then it was one of those."""
    row = {"sku": "M", "lot": "L1", "expires_on": "2020-01-01"}
    await booked(retailer, "/v1/stock/receipts", **row, quantity=2, occurred_at=at(13, 0))

    late = await sold(offline_till, "M", 1, at(13, 20))

    assert late.status_code == 201
    there = await standing(retailer, "M")
    assert (there["on_hand"], there["available_to_promise"]) == (1, 0)


async def test_goods_returned_damaged_before_a_count_that_found_none(
    retailer: Retailer,
) -> None:
    """Given a count of 0, when a damaged return before it is told, then still nothing is there."""
    await booked(retailer, "/v1/stock/receipts", sku="A", quantity=1, occurred_at=at(13, 0))
    await booked(retailer, "/v1/stock/counts", sku="A", quantity=0, occurred_at=at(13, 30))

    row = {"sku": "A", "quantity": 2, "source": "customer", "state": "damaged"}
    told = await booked(
        retailer,
        "/v1/stock/receipts",
        **row,
        reason="customer_return",
        occurred_at=at(13, 20),
    )

    assert (told["level"]["on_hand"], told["level"]["damaged"]) == (0, 0)
    assert await variances(retailer, "A") == [-3]


async def test_a_count_that_finds_less_than_was_set_aside(retailer: Retailer) -> None:
    """Given 6, two of them damaged and three inspected, when 1 is counted, then the variance is −5."""
    await booked(retailer, "/v1/stock/receipts", sku="A", quantity=6)
    for state, quantity in (("damaged", 2), ("quality_control", 3)):
        row = {"sku": "A", "quantity": quantity, "to_state": state, "reason": "damaged"}
        await booked(retailer, "/v1/stock/set-asides", **row)

    counted = await booked(retailer, "/v1/stock/counts", sku="A", quantity=1)

    level = counted["level"]
    assert counted["variance"] == -5
    assert (level["on_hand"], level["damaged"], level["quality_control"]) == (1, 1, 0)
    assert await variances(retailer, "A") == [-5]
