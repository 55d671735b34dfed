"""Holds: promised to a basket for a while; extended, released, run out, or become an order."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from omniretail import channels, clock, inventory
from omniretail.errors import DomainError
from omniretail.idempotency import Answer, Key
from omniretail.ids import new_id
from tests.callers import Caller, Retailer, line, order, served

PATH = "/v1/holds"
OFFICE = channels.Principal(
    id=UUID(int=7),
    kind="integration",
    name="office",
    scopes=frozenset(channels.SCOPES),
    channel=None,
    locations=frozenset(),
)


def wish(*wanted: tuple[str, str, int], **more: Any) -> dict[str, Any]:
    lines = [{"sku": sku, "location": at, "quantity": many} for sku, at, many in wanted]
    return {"lines": lines, **more}


async def held(caller: Caller, *wanted: tuple[str, str, int], **more: Any) -> dict[str, Any]:
    """Hold goods, and return the hold."""
    answer = await caller.post(PATH, wish(*wanted, **more))
    assert answer.status_code == 201, answer.text
    hold: dict[str, Any] = answer.json()
    return hold


def pickup(quantity: int, sku: str = "A", location: str = "S1", price: int = 2000) -> Any:
    return order(served("pickup", location, line(sku, quantity)), paid=price * quantity)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def place(
    retailer: Retailer, quantity: int, *, seconds: int, now: datetime, sku: str = "A"
) -> inventory.Hold:
    """Hold goods at S1 at a moment of our choosing."""
    command = inventory.PlaceHold(
        key=Key(OFFICE.id, str(new_id()), b"hash"),
        hold_id=new_id(),
        principal=OFFICE,
        channel="web",
        reference=None,
        lines=(inventory.HoldWish(sku=sku, location="S1", quantity=quantity),),
        seconds=seconds,
    )
    (outcome,) = await retailer.process.ledger.run(
        lambda tx: inventory.place_holds(tx, [command], now=now)
    )
    assert isinstance(outcome, Answer)
    return outcome.value


async def change(
    retailer: Retailer, hold: UUID, *, seconds: int | None, now: datetime
) -> inventory.Hold | DomainError:
    """Extend or release a hold at a moment of our choosing."""
    command = inventory.ChangeHold(hold_id=hold, principal=OFFICE, seconds=seconds)
    (outcome,) = await retailer.process.ledger.run(
        lambda tx: inventory.change_holds(tx, [command], now=now)
    )
    return outcome


async def raw_level(retailer: Retailer, sku: str = "A", location: str = "S1") -> tuple[int, int]:
    """Return (held, open lines of holds) as they are stored, run out or not."""
    async with retailer.process.database.transaction() as tx:
        (row,) = await tx.fetch(
            "select level.held, (select count(*) from hold_line where sku = $1 and location = $2 "
            "and closed_at is null and quantity > 0) as lines from stock_level as level "
            "where sku = $1 and location = $2",
            sku,
            location,
        )
    return row["held"], row["lines"]


async def test_a_hold_promises_without_moving(retailer: Retailer) -> None:
    """Given 5, when a basket holds 3, then others are promised 2, and no movement is written."""
    await retailer.receive("A", S1=5)
    before = clock.now()

    hold = await held(retailer.web, ("A", "S1", 3), reference="basket-9")

    assert (hold["state"], hold["channel"], hold["reference"]) == ("live", "web", "basket-9")
    assert hold["order_id"] is None
    assert hold["lines"] == [
        {"line": 1, "sku": "A", "location": "S1", "requested": 3, "held": 3, "unfilled": 0}
    ]
    lasts = datetime.fromisoformat(hold["expires_at"]) - before
    assert timedelta(minutes=10) <= lasts < timedelta(minutes=11)
    assert await retailer.level("A", "S1") == (5, 0, 2)
    assert await retailer.movements("A") == [("received", "S1", 5)]
    assert (await retailer.web.get(f"{PATH}/{hold['id']}")).json() == hold


async def test_all_or_nothing_unless_a_part_will_do(retailer: Retailer) -> None:
    """Given 3 A and no B, when 5 A and 2 B are wanted, then nothing is held; or 3 A and no B."""
    await retailer.receive("A", S1=3)
    wanted = (("A", "S1", 2), ("B", "S1", 2), ("A", "S1", 3))

    refused = await retailer.web.post(PATH, wish(*wanted))
    assert refusal(refused) == (409, "insufficient_stock")
    assert [
        (one["sku"], one["requested"], one["available"], one["missing"])
        for one in refused.json()["shortages"]
    ] == [("A", 5, 3, 2), ("B", 2, 0, 2)]
    assert await retailer.level("A", "S1") == (3, 0, 3)

    partial = await held(retailer.web, *wanted, allow_partial=True)
    assert [(one["held"], one["unfilled"]) for one in partial["lines"]] == [(2, 0), (0, 2), (1, 2)]
    assert (await retailer.web.get(f"{PATH}/{partial['id']}")).json() == partial
    nothing = await retailer.web.post(PATH, wish(("A", "S1", 1), allow_partial=True))
    assert refusal(nothing) == (409, "insufficient_stock")


async def test_what_cannot_be_held(retailer: Retailer) -> None:
    await retailer.receive("A", S1=3, S2=3)
    await retailer.office.put("/v1/skus/A", {"name": "A", "status": "blocked"})
    await retailer.office.put("/v1/locations/S2", {"name": "S2", "status": "inactive"})
    await retailer.receive("B", S2=1)

    for wanted, expected in (
        (("NOBODY", "S1", 1), (404, "unknown_sku")),
        (("B", "MOON", 1), (404, "unknown_location")),
        (("A", "S1", 1), (409, "sku_not_sold")),
        (("B", "S2", 1), (409, "location_not_serving")),
    ):
        assert refusal(await retailer.web.post(PATH, wish(wanted))) == expected
    elsewhere = await retailer.web.post(PATH, wish(("B", "S1", 1), channel="pos"))
    assert refusal(elsewhere) == (403, "channel_bound")
    nowhere = await retailer.web.post(PATH, {"lines": [{"sku": "B", "quantity": 1}]})
    assert nowhere.json()["errors"][0]["pointer"] == "/lines/0/location"


@pytest.mark.parametrize("seconds", [0, -1, 14_401, 1.5, "600", None])
async def test_a_hold_lasts_at_most_four_hours(retailer: Retailer, seconds: Any) -> None:
    await retailer.receive("A", S1=3)
    hold = await held(retailer.web, ("A", "S1", 1), seconds=14_400)

    placed = await retailer.web.post(PATH, wish(("A", "S1", 1), seconds=seconds))
    extended = await retailer.web.send("PATCH", f"{PATH}/{hold['id']}", json={"seconds": seconds})

    for answer in (placed, extended):
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/seconds"


async def test_a_till_holds_at_its_own_counter_by_default(retailer: Retailer) -> None:
    await retailer.receive("A", S1=3)

    answer = await retailer.till.post(PATH, {"lines": [{"sku": "A", "quantity": 1}]})

    assert answer.json()["lines"][0]["location"] == "S1"
    assert answer.json()["channel"] == "pos"


async def test_an_extension_counts_from_now(retailer: Retailer) -> None:
    """Given a hold of a minute, when it is extended half a minute later, then it lasts from then on."""
    now = clock.now()
    await retailer.receive("A", S1=2)
    hold = await place(retailer, 2, seconds=60, now=now)

    extended = await change(retailer, hold.id, seconds=60, now=now + timedelta(seconds=30))
    assert isinstance(extended, inventory.Hold)
    assert extended.expires_at == now + timedelta(seconds=90)
    live = await change(retailer, hold.id, seconds=1, now=now + timedelta(seconds=80))
    assert isinstance(live, inventory.Hold)
    assert live.expires_at == now + timedelta(seconds=81)  # it may be shortened, too

    answer = await retailer.office.send("PATCH", f"{PATH}/{hold.id}", json={"seconds": 600})
    assert (answer.status_code, answer.json()["state"]) == (200, "live")
    assert (await retailer.office.get(f"{PATH}/{hold.id}")).json() == answer.json()


async def test_a_hold_that_ran_out_is_not_extended(retailer: Retailer) -> None:
    now = clock.now() - timedelta(hours=1)
    await retailer.receive("A", S1=2)
    hold = await place(retailer, 2, seconds=60, now=now)

    at_its_end = await change(retailer, hold.id, seconds=60, now=now + timedelta(seconds=60))
    answer = await retailer.office.send("PATCH", f"{PATH}/{hold.id}", json={"seconds": 600})

    assert isinstance(at_its_end, inventory.HoldEnded)
    assert refusal(answer) == (409, "hold_ended")
    assert answer.json()["state"] == "expired"
    assert (await retailer.office.get(f"{PATH}/{hold.id}")).json()["state"] == "expired"


async def test_a_release_frees_the_goods_once(retailer: Retailer) -> None:
    await retailer.receive("A", S1=5)
    hold = await held(retailer.web, ("A", "S1", 3))

    released = await retailer.web.send("DELETE", f"{PATH}/{hold['id']}")
    again = await retailer.web.send("DELETE", f"{PATH}/{hold['id']}")
    extended = await retailer.web.send("PATCH", f"{PATH}/{hold['id']}", json={"seconds": 60})

    assert released.json() == again.json() == hold | {"state": "released"}
    assert (refusal(extended), extended.json()["state"]) == ((409, "hold_ended"), "released")
    assert await retailer.level("A", "S1") == (5, 0, 5)
    assert await raw_level(retailer) == (0, 0)


async def test_what_ran_out_is_free_at_once_though_nobody_swept_it(retailer: Retailer) -> None:
    """Given a hold of all goods an hour ago, then they are promised, held and sold as if it never was."""
    now = clock.now()
    await retailer.receive("A", S1=4)
    await place(retailer, 4, seconds=60, now=now - timedelta(hours=1))
    assert await raw_level(retailer) == (4, 1)

    assert await retailer.level("A", "S1") == (4, 0, 4)
    assert (await retailer.web.post("/v1/orders", pickup(1))).status_code == 201
    assert await raw_level(retailer) == (0, 0)  # whoever takes goods sweeps their place
    await place(retailer, 3, seconds=60, now=now - timedelta(hours=1))
    await held(retailer.web, ("A", "S1", 1))
    sale = order(served("carry_out", None, line("A", 2)), paid=4000)
    assert (await retailer.till.post("/v1/orders", sale)).status_code == 201
    assert await retailer.level("A", "S1") == (2, 1, 0)


async def test_what_ran_out_is_not_withheld_from_a_channel(retailer: Retailer) -> None:
    """Given a threshold, when a hold elsewhere runs out, then the channel may promise again."""
    await retailer.receive("A", S1=4)
    await retailer.receive("A", S2=4)
    await retailer.office.put("/v1/channels/web/stock-policy", {"threshold": 4})
    await place(retailer, 4, seconds=60, now=clock.now() - timedelta(hours=1))

    assert (await retailer.web.post("/v1/orders", pickup(4, location="S2"))).status_code == 201


async def test_a_hold_ends_at_its_very_second(retailer: Retailer) -> None:
    now = clock.now()
    await retailer.receive("A", S1=1)
    hold = await place(retailer, 1, seconds=60, now=now)
    at_the_end = now + timedelta(seconds=60)

    found = await retailer.process.database.run(
        lambda tx: inventory.find_hold(
            tx, hold.id, principal=OFFICE, now=at_the_end - timedelta(microseconds=1)
        )
    )
    assert found.state == "live"
    assert (await place(retailer, 1, seconds=60, now=at_the_end)).state == "live"
    found = await retailer.process.database.run(
        lambda tx: inventory.find_hold(tx, hold.id, principal=OFFICE, now=at_the_end)
    )
    assert found.state == "expired"


async def test_sweeping_closes_what_ran_out_and_nothing_else(retailer: Retailer) -> None:
    """Given three holds run out and one live, when they are swept in slices, then one is left."""
    now = clock.now()
    await retailer.receive("A", S1=9)
    await retailer.receive("B", S1=9)
    for sku in ("A", "A", "B"):
        await place(retailer, 2, seconds=60, now=now - timedelta(hours=1), sku=sku)
    await place(retailer, 3, seconds=7200, now=now - timedelta(hours=1))

    swept = []
    while count := await retailer.process.database.run(
        lambda tx: inventory.sweep_holds(tx, now=now, most=1)
    ):
        swept.append(count)

    assert sum(swept) == 3
    assert await raw_level(retailer, "A") == (3, 1)
    assert await raw_level(retailer, "B") == (0, 0)


async def test_who_sees_a_hold(retailer: Retailer) -> None:
    """A channel its own; a store those with goods from there; whoever made it; the office all."""
    await retailer.receive("A", S1=5, S2=5)
    app = await retailer.caller("app", "channel", channel="pos")
    south = await retailer.caller("south", "staff", locations=frozenset({"S2"}))
    both = await held(retailer.web, ("A", "S1", 1), ("A", "S2", 1))
    own = await held(retailer.staff, ("A", "S2", 1))

    async def statuses(hold: dict[str, Any]) -> dict[str, int]:
        return {
            name: (await caller.get(f"{PATH}/{hold['id']}")).status_code
            for name, caller in {
                "web": retailer.web,
                "app": app,
                "till": retailer.till,
                "staff": retailer.staff,
                "south": south,
                "office": retailer.office,
            }.items()
        }

    assert await statuses(both) == {
        "web": 200,
        "app": 404,
        "till": 200,
        "staff": 200,
        "south": 200,
        "office": 200,
    }
    assert await statuses(own) == {
        "web": 404,
        "app": 404,
        "till": 404,
        "staff": 200,
        "south": 200,
        "office": 200,
    }
    for hidden in (
        await app.send("DELETE", f"{PATH}/{both['id']}"),
        await app.send("PATCH", f"{PATH}/{both['id']}", json={"seconds": 60}),
        await app.post("/v1/orders", pickup(1) | {"hold": both["id"]}),
        await retailer.web.send("DELETE", f"{PATH}/{new_id()}"),
    ):
        assert refusal(hidden) == (404, "unknown_hold")


async def test_a_basket_is_never_in_its_own_way(retailer: Retailer) -> None:
    """Given all goods held, when the basket becomes an order, then it goes; without the hold, not."""
    await retailer.receive("A", S1=3)
    hold = await held(retailer.web, ("A", "S1", 3))

    stranger = await retailer.web.post("/v1/orders", pickup(1))
    placed = await retailer.web.post("/v1/orders", pickup(3) | {"hold": hold["id"]})
    again = await retailer.web.post("/v1/orders", pickup(3) | {"hold": hold["id"]})

    assert refusal(stranger) == (409, "insufficient_stock")
    assert placed.status_code == 201, placed.text
    assert (refusal(again), again.json()["state"]) == ((409, "hold_ended"), "converted")
    found = (await retailer.web.get(f"{PATH}/{hold['id']}")).json()
    assert (found["state"], found["order_id"]) == ("converted", placed.json()["id"])
    extended = await retailer.web.send("PATCH", f"{PATH}/{hold['id']}", json={"seconds": 60})
    released = await retailer.web.send("DELETE", f"{PATH}/{hold['id']}")
    assert refusal(extended) == (409, "hold_ended")
    assert (released.status_code, released.json()["state"]) == (200, "converted")
    assert await retailer.level("A", "S1") == (3, 3, 0)


@pytest.mark.parametrize(("ordered", "left"), [(1, 4), (2, 3), (5, 0)])
async def test_an_order_may_want_more_or_fewer_than_it_held(
    retailer: Retailer, ordered: int, left: int
) -> None:
    """Given 5 with 2 held, when the order wants fewer or more, then what it does not need is free."""
    await retailer.receive("A", S1=5)
    hold = await held(retailer.web, ("A", "S1", 2))

    placed = await retailer.web.post("/v1/orders", pickup(ordered) | {"hold": hold["id"]})

    assert placed.status_code == 201
    assert await retailer.level("A", "S1") == (5, ordered, left)
    assert await raw_level(retailer) == (0, 0)


async def test_a_refused_order_leaves_its_hold(retailer: Retailer) -> None:
    """Given 5 with 2 held, when the order wants 6, then it is refused, and the hold stands."""
    await retailer.receive("A", S1=5)
    hold = await held(retailer.web, ("A", "S1", 2))

    refused = await retailer.web.post("/v1/orders", pickup(6) | {"hold": hold["id"]})
    other = await retailer.web.post(
        "/v1/orders", order(served("pickup", "S1", line("A", 1)), paid=1) | {"hold": hold["id"]}
    )

    assert (refused.status_code, refused.json()["available"]) == (409, 5)
    assert refusal(other) == (409, "tenders_mismatch")
    assert (await retailer.web.get(f"{PATH}/{hold['id']}")).json() == hold
    assert await retailer.level("A", "S1") == (5, 0, 3)


async def test_an_order_elsewhere_ends_its_hold_here(retailer: Retailer) -> None:
    await retailer.receive("A", S1=2, S2=2)
    hold = await held(retailer.web, ("A", "S1", 2))

    wanted = pickup(2, location="S2") | {"hold": hold["id"]}
    assert (await retailer.web.post("/v1/orders", wanted)).status_code == 201

    assert await retailer.level("A", "S1") == (2, 0, 2)
    assert await raw_level(retailer) == (0, 0)


async def test_a_till_sells_out_of_its_own_hold(retailer: Retailer) -> None:
    await retailer.receive("A", S1=2)
    hold = await held(retailer.till, ("A", "S1", 2))
    sale = order(served("carry_out", None, line("A", 2)), paid=4000)

    refused = await retailer.till.post("/v1/orders", sale)
    sold = await retailer.till.post("/v1/orders", sale | {"hold": hold["id"]})

    assert (refused.status_code, refused.json()["available"]) == (409, 0)
    assert sold.status_code == 201
    assert await retailer.level("A", "S1") == (0, 0, 0)


@pytest.mark.parametrize("ended", ["expired", "released"])
async def test_a_hold_that_ended_is_no_hindrance(retailer: Retailer, ended: str) -> None:
    """Given a basket whose hold is over, when it is ordered, then as if it never had one."""
    long_ago = clock.now() - timedelta(hours=1)
    await retailer.receive("A", S1=2)
    hold = await place(retailer, 2, seconds=60, now=long_ago)
    if ended == "released":
        await change(retailer, hold.id, seconds=None, now=long_ago)

    wanted = pickup(2) | {"hold": str(hold.id)}
    placed = await retailer.web.post("/v1/orders", wanted)

    assert placed.status_code == 201, placed.text
    assert await retailer.level("A", "S1") == (2, 2, 0)
    assert await raw_level(retailer) == (0, 0)
    state = (await retailer.office.get(f"{PATH}/{hold.id}")).json()["state"]
    assert state == {"expired": "converted", "released": "released"}[ended]


async def test_orders_wait_for_no_hold_but_their_own(retailer: Retailer) -> None:
    """Given two baskets that hold 2 each of 5, when one orders 3, then it takes the free one, too."""
    await retailer.receive("A", S1=5)
    first = await held(retailer.web, ("A", "S1", 2))
    second = await held(retailer.web, ("A", "S1", 2))

    four = await retailer.web.post("/v1/orders", pickup(4) | {"hold": first["id"]})
    three = await retailer.web.post("/v1/orders", pickup(3) | {"hold": first["id"]})

    assert (four.status_code, four.json()["available"]) == (409, 3)
    assert three.status_code == 201
    assert (await retailer.web.get(f"{PATH}/{second['id']}")).json()["state"] == "live"
    assert await retailer.level("A", "S1") == (5, 3, 0)


async def test_a_hold_is_repeated_as_it_was(retailer: Retailer) -> None:
    """Given a basket sent twice under one key, then one hold; another basket under it is refused."""
    await retailer.receive("A", S1=5)
    first = await retailer.web.post(PATH, wish(("A", "S1", 2)), key="basket-1")
    again = await retailer.web.post(PATH, wish(("A", "S1", 2)), key="basket-1")
    other = await retailer.web.post(PATH, wish(("A", "S1", 3)), key="basket-1")

    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert refusal(other) == (422, "idempotency_key_reused")
    assert await retailer.level("A", "S1") == (5, 0, 3)


async def test_a_hold_of_kits_holds_their_components(retailer: Retailer) -> None:
    """Given 7 A and 2 B, when kits of 2 A and a B are held with an A, then 2 kits, and 3 A are left."""
    parts = [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]
    await retailer.office.put("/v1/skus/KIT", {"name": "Kit", "components": parts})
    await retailer.prices(KIT=4000)
    await retailer.receive("A", S1=7)
    await retailer.receive("B", S1=2)

    too_many = await retailer.web.post(PATH, wish(("KIT", "S1", 2), ("A", "S1", 4)))
    assert too_many.status_code == 409
    assert [(one["sku"], one["requested"]) for one in too_many.json()["shortages"]] == [("A", 8)]
    hold = await held(retailer.web, ("KIT", "S1", 3), ("A", "S1", 1), allow_partial=True)

    assert [(one["sku"], one["held"], one["unfilled"]) for one in hold["lines"]] == [
        ("KIT", 2, 1),
        ("A", 1, 0),
    ]
    assert (await retailer.web.get(f"{PATH}/{hold['id']}")).json() == hold
    assert await retailer.level("A", "S1") == (7, 0, 2)
    assert await retailer.level("B", "S1") == (2, 0, 0)
    placed = await retailer.web.post(
        "/v1/orders", pickup(2, "KIT", price=4000) | {"hold": hold["id"]}
    )
    assert placed.status_code == 201, placed.text
    assert await retailer.level("A", "S1") == (7, 4, 3)
    assert await retailer.level("B", "S1") == (2, 2, 0)
    assert await raw_level(retailer, "A") == (0, 0)


async def test_a_kit_held_before_it_changed_is_still_freed(retailer: Retailer) -> None:
    """Given a kit held, when its composition changes, then what was held is freed, not what is new."""
    await retailer.office.put(
        "/v1/skus/KIT", {"name": "Kit", "components": [{"sku": "A", "quantity": 2}]}
    )
    await retailer.receive("A", S1=4)
    await retailer.receive("B", S1=4)
    hold = await held(retailer.web, ("KIT", "S1", 2))
    await retailer.office.put(
        "/v1/skus/KIT", {"name": "Kit", "components": [{"sku": "B", "quantity": 1}]}
    )

    assert (await retailer.web.send("DELETE", f"{PATH}/{hold['id']}")).is_success

    assert await retailer.level("A", "S1") == (4, 0, 4)
    assert await retailer.level("B", "S1") == (4, 0, 4)
