"""What the worker does, step by step, at a time of the test's own: each thing once, whoever comes."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from omniretail import clock, orders, worker
from omniretail.db import Database
from omniretail.idempotency import Key
from omniretail.ids import new_id
from tests.callers import Retailer, euro, line, order, served
from tests.due import (
    Body,
    captured,
    change,
    execute,
    found,
    in_days,
    keep_until,
    paid_by,
    part_of,
    rows,
    timeline,
    waiting,
)
from tests.payments.cards import Cards


@pytest.fixture(autouse=True)
async def goods(retailer: Retailer) -> None:
    """Enough of A in the store."""
    await retailer.receive("A", S1=100)


def at(moment: datetime) -> worker.Clock:
    """A clock that stands."""
    return lambda: moment


async def test_nobody_comes_for_a_pickup(retailer: Retailer) -> None:
    """Given a paid pickup with a coupon, when its time is over, then the goods are for sale again, the
    money goes back, and the coupon may be used again."""
    await retailer.office.put(
        "/v1/promotions/spring",
        {
            "name": "Spring",
            "action": {"type": "percent", "rate_ppm": 100_000},
            "coupon_only": True,
        },
    )
    coupon = {"promotion": "spring", "usage_limit": 1}
    assert (await retailer.office.put("/v1/coupons/TENTH", coupon)).status_code == 200
    body = order(served("pickup", "S1", line("A", 2)), paid=3600) | {"coupons": [{"code": "TENTH"}]}
    placed = (await retailer.web.post("/v1/orders", body)).json()
    await retailer.staff.ready(part_of(placed))
    before = await retailer.level("A", "S1")
    too_soon = await worker.end_no_shows(retailer.process.ledger, at(in_days(2.99)))
    ended = await worker.end_no_shows(retailer.process.ledger, at(in_days(3.01)))
    again = await worker.end_no_shows(retailer.process.ledger, at(in_days(4)))

    assert (too_soon, ended, again) == (0, 1, 0)
    standing = await found(retailer, placed)
    assert (before, await retailer.level("A", "S1")) == ((100, 2, 98), (100, 0, 100))
    assert standing["fulfillments"][0]["state"] == "no_show"
    assert (standing["fulfillment_status"], standing["payment_status"]) == ("cancelled", "refunded")
    assert [tender["refunded"] for tender in standing["tenders"]] == [euro(3600)]
    assert (await retailer.office.get("/v1/coupons/TENTH")).json()["used"] == 0
    assert await timeline(retailer, placed) == ["ready", "no_show"]
    assert await rows(retailer, "select actor_id from event where type = 'no_show'") == [
        (worker.WORKER.id,)
    ]


async def test_nobody_comes_and_nothing_was_taken_yet(retailer: Retailer) -> None:
    """Given a card that was authorized only, when nobody comes, then it is let go and not given back."""
    placed = await waiting(retailer)
    await paid_by(retailer, Cards(retailer), placed, "ok")
    await worker.end_no_shows(retailer.process.ledger, at(in_days(4)))

    (tender,) = await rows(
        retailer, "select amount_minor, uncaptured_minor, voided_minor from tender"
    )
    assert tender == (2000, 0, 2000)
    assert await rows(retailer, "select amount_minor from refund") == []


async def test_a_deadline_that_was_moved_counts(retailer: Retailer) -> None:
    """Kept a week longer, it is ended a week later."""
    placed = await waiting(retailer)
    await keep_until(retailer, placed, in_days(10))
    ended = [
        await worker.end_no_shows(retailer.process.ledger, at(in_days(days))) for days in (4, 11)
    ]

    assert ended == [0, 1]


async def test_what_was_collected_is_no_no_show(retailer: Retailer) -> None:
    placed = await waiting(retailer)
    await retailer.staff.collect(part_of(placed), name="Ann")

    assert await worker.end_no_shows(retailer.process.ledger, at(in_days(4))) == 0
    assert await worker.remind(retailer.process.ledger, at(in_days(2.5))) == 0


async def test_a_customer_is_reminded_once(retailer: Retailer) -> None:
    """A day before the time is over; and not of what is held up, or too late to collect."""
    placed, held, late = [await waiting(retailer) for _ in range(3)]
    command = orders.HoldUp(
        key=Key(worker.WORKER.id, str(new_id()), b"1" * 16),
        principal=worker.WORKER,
        fulfillment_id=UUID(part_of(held)),
        hold_id=new_id(),
        reason="fraud_review",
        occurred_at=clock.now(),
    )
    await change(retailer, command, now=clock.now())
    await execute(
        retailer,
        "update fulfillment set collect_by = remind_at + interval '1 second' where id = $1",
        UUID(part_of(late)),
    )
    reminded = [
        await worker.remind(retailer.process.ledger, at(in_days(days))) for days in (1.9, 2.1, 2.2)
    ]

    assert reminded == [0, 1, 0]
    assert await timeline(retailer, placed) == ["ready", "reminder_due"]
    assert await timeline(retailer, held) == ["ready", "held_up"]
    assert await timeline(retailer, late) == ["ready"]


async def test_one_that_cannot_be_done_keeps_nobody(retailer: Retailer) -> None:
    """Given one order that refuses and one that cannot even be read among many, when their time is
    over, then all the others are ended, and these two once they are mended."""
    placed = [await waiting(retailer) for _ in range(6)]
    refused, broken = UUID(part_of(placed[0])), UUID(part_of(placed[2]))
    await execute(retailer, "update fulfillment set kind = 'ship' where id = $1", refused)
    (kept,) = await rows(retailer, "select pickup::text from fulfillment where id = $1", broken)
    await execute(retailer, "update fulfillment set pickup = '5' where id = $1", broken)
    first = await worker.end_no_shows(retailer.process.ledger, at(in_days(4)))
    states = [
        state for (state,) in await rows(retailer, "select state from fulfillment order by id")
    ]
    await execute(retailer, "update fulfillment set kind = 'pickup' where id = $1", refused)
    await execute(
        retailer, "update fulfillment set pickup = $2::text::jsonb where id = $1", broken, kept[0]
    )
    then = await worker.end_no_shows(retailer.process.ledger, at(in_days(4)))

    assert (first, then) == (4, 2)
    assert states == ["ready", "no_show", "ready", "no_show", "no_show", "no_show"]


async def test_more_than_a_batch_is_due(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where those at the head of the line are refused, for ever."""
    monkeypatch.setattr(worker, "_AT_ONCE", 2)
    placed = [await waiting(retailer) for _ in range(5)]
    heads = [UUID(part_of(body)) for body in placed[:2]]
    await execute(retailer, "update fulfillment set kind = 'ship' where id = any($1)", heads)
    ended = await worker.end_no_shows(retailer.process.ledger, at(in_days(4)))
    await execute(retailer, "update fulfillment set kind = 'pickup' where id = any($1)", heads)

    assert ended == 3


async def test_two_workers_do_nothing_twice(retailer: Retailer, database_url: str) -> None:
    """Given 24 pickups, when three workers remind of them and then end them at once, then each of
    them is reminded of once and ended once."""
    placed = [await waiting(retailer) for _ in range(24)]
    others = [Database(database_url, pool_size=2, ledger=True) for _ in range(3)]
    reminded, ended = 0, 0
    for _ in range(3):
        done = await asyncio.gather(*(worker.remind(one, at(in_days(2.5))) for one in others))
        reminded += sum(done)
    for _ in range(3):
        done = await asyncio.gather(*(worker.end_no_shows(one, at(in_days(4))) for one in others))
        ended += sum(done)
    for one in others:
        await one.close()

    assert (reminded, ended) == (24, 24)
    for body in placed:
        assert await timeline(retailer, body) == ["ready", "reminder_due", "no_show"]
    assert await retailer.level("A", "S1") == (100, 0, 100)


async def test_a_customer_who_comes_at_the_last_moment(retailer: Retailer) -> None:
    """Given an order that somebody is just handing over, when its time is over, then the worker leaves
    it, and waits for nobody."""
    placed = await waiting(retailer)
    other = await waiting(retailer)

    async with retailer.process.database.transaction() as tx:
        await tx.fetch("select id from sales_order where id = $1 for update", UUID(placed["id"]))
        ended = await asyncio.wait_for(
            worker.end_no_shows(retailer.process.ledger, at(in_days(4))), 5
        )

    assert ended == 1
    assert await timeline(retailer, other) == ["ready", "no_show"]
    assert await timeline(retailer, placed) == ["ready"]


async def test_the_coming_months_are_made(retailer: Retailer) -> None:
    """A server that runs for months never runs out of them."""
    made = [
        await worker.make_months(retailer.process.ledger, at(in_days(days))) for days in (0, 95, 95)
    ]

    assert made[0] == 0
    assert made[1] in {6, 8}
    assert made[2] == 0


async def test_every_step_is_run_until_nothing_is_left(retailer: Retailer) -> None:
    """Given much to do of everything, when the worker runs for a moment, then all of it is done; a step
    that fails keeps no other."""
    placed: list[Body] = [await waiting(retailer) for _ in range(3)]
    cards = Cards(retailer)
    await captured(retailer, cards, "ok")
    ended, tried = asyncio.Event(), 0

    async def fail() -> int:
        nonlocal tried
        tried += 1
        raise RuntimeError

    async def left() -> int:
        waiting_still = "select count(*) from fulfillment where state = 'ready'"
        due = "select count(*) from payment_operation where state = 'due'"
        return sum([(await rows(retailer, one))[0][0] for one in (waiting_still, due)])

    steps = worker.steps(retailer.process.ledger, cards.provider, at(in_days(4)))
    running = asyncio.create_task(worker.repeat((worker.Step("bad", 0.1, fail), *steps), ended))
    for _ in range(200):
        await asyncio.sleep(0.05)
        if tried > 1 and not await left():
            break
    ended.set()
    await asyncio.wait_for(running, 5)

    assert tried > 1
    assert await left() == 0
    assert [await timeline(retailer, body) for body in placed] == [["ready", "no_show"]] * 3
    assert await rows(retailer, "select kind, state from payment_operation") == [
        ("capture", "done")
    ]


async def test_a_checkout_that_nobody_completed(retailer: Retailer) -> None:
    """Given money set aside for a cart whose browser is gone, when its time comes, then it is ordered."""
    await retailer.receive("C", S1=1)
    wanted = {"lines": [{"sku": "C", "quantity": 1, "kind": "pickup", "location": "S1"}]}
    cart = (await retailer.web.post("/v1/carts", wanted)).json()["id"]
    card = {"type": "card", "amount": euro(99), "method": "ok", "cart": cart}
    assert (await retailer.web.post("/v1/payments", card)).json()["state"] == "authorized"
    retailer.web.written.clear()  # the payment is used by now, and says so when it is asked for again

    early = await worker.complete_checkouts(retailer.process.database, clock.now)
    soon = clock.now() + timedelta(seconds=20)
    done = [
        await worker.complete_checkouts(retailer.process.database, lambda: soon) for _ in range(2)
    ]

    assert (early, done) == (0, [1, 0])
    assert await retailer.level("C", "S1") == (1, 1, 0)


async def test_a_web_order_is_rerouted_when_the_till_has_sold_its_goods(
    retailer: Retailer,
) -> None:
    """Given one at S1 promised to the web, when an offline till has sold it, then WH serves the web."""
    await retailer.receive("C", S1=1, WH=5)
    promised = order(served("ship", "S1", line("C", 1)), paid=99)
    web = (await retailer.web.post("/v1/orders", promised)).json()
    sold = order(served("carry_out", None, line("C", 1)), paid=99, by="cash") | {"offline": True}
    offline = await retailer.caller(
        *("offline", "terminal"),
        channel="pos",
        locations=frozenset({"S1"}),
        scopes=frozenset({"orders:write", "orders:backdate"}),
    )
    assert (await offline.post("/v1/orders", sold)).status_code == 201

    moved = [await worker.reroute(retailer.process.database, clock.now) for _ in range(2)]

    after = (await retailer.office.get(f"/v1/orders/{web['id']}")).json()
    assert moved == [1, 0]
    assert [(part["location"], part["state"]) for part in after["fulfillments"]] == [
        ("S1", "rejected"),
        ("WH", "allocated"),
    ]
    assert await retailer.level("C", "WH") == (5, 1, 4)
