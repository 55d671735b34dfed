"""What providers decline, told to the order once; and exceptions, until staff have looked after them."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from omniretail import clock, worker
from omniretail.db import Database
from omniretail.ids import new_id
from omniretail.payments import SandboxProvider
from tests.callers import Caller, Retailer, euro
from tests.due import (
    Body,
    captured,
    exceptions,
    execute,
    found,
    ordered,
    paid_by,
    rows,
    timeline,
)
from tests.payments.cards import Cards

TENDER = "select uncaptured_minor, voided_minor from tender where order_id = $1"
CAPTURES = (
    "select captured_minor, voided_minor from capture where order_id = $1 order by event_sequence"
)


@pytest.fixture
async def cards(retailer: Retailer) -> Cards:
    """A checkout's way to the sandbox, by the clock on the wall; and enough of A in the store."""
    await retailer.receive("A", S1=100)
    made = Cards(retailer)
    made.clock.now = clock.now()
    return made


async def note(retailer: Retailer) -> int:
    """Tell orders what was declined, as the worker does."""
    return await worker.note_failures(retailer.process.ledger, clock.now)


async def close(caller: Caller, exception: Body, note: str = "Paid in cash.") -> tuple[int, Body]:
    answer = await caller.post(f"/v1/order-exceptions/{exception['id']}/closing", {"note": note})
    return answer.status_code, answer.json()


async def test_a_capture_is_declined(retailer: Retailer, cards: Cards) -> None:
    """Given goods that were handed over, when the card's issuer declines to pay, then the order is not
    paid but authorized, its timeline says so, and staff find it among what they must look after."""
    body, _ = await captured(retailer, cards, "capture_declined")
    paid = body["payment_status"]
    before = await note(retailer)
    await cards.settle()
    noted = [await note(retailer), await note(retailer)]

    standing = await found(retailer, body)
    assert (before, noted) == (0, [1, 0])
    assert (paid, standing["payment_status"]) == ("paid", "authorized")
    assert standing["fulfillment_status"] == "done"
    assert await rows(retailer, TENDER, UUID(body["id"])) == [(2000, 0)]
    assert await rows(retailer, CAPTURES, UUID(body["id"])) == [(2000, 0), (-2000, 0)]
    assert await timeline(retailer, body) == ["ready", "handed_over", "capture_failed"]
    (operation,) = await rows(retailer, "select id, told_at is not null from payment_operation")
    (exception,) = await exceptions(retailer, "open")
    assert operation[1]
    assert (exception["kind"], exception["state"]) == ("capture_failed", "open")
    assert exception["order_number"] == body["number"]
    assert exception["detail"] == {
        "operation": str(operation[0]),
        "tender": 1,
        "amount_minor": 2000,
        "currency": "EUR",
        "failure": "capture_declined: The sandbox declines it.",
    }


async def test_a_capture_is_declined_of_which_some_was_given_back(
    retailer: Retailer, cards: Cards
) -> None:
    """Given 5.00 off after the sale, when capturing and refunding are declined, then 15.00 are open."""
    body, _ = await captured(retailer, cards, "capture_declined")
    seller = await retailer.caller("manager", "integration", scopes=frozenset({"prices:override"}))
    lower = {"reason": "a scratch", "lines": [{"line": 1, "unit_price": euro(1500)}]}
    answer = await seller.post(f"/v1/orders/{body['id']}/price-adjustments", lower)
    assert answer.status_code == 200, answer.text
    await cards.settle()
    noted = await note(retailer)

    assert noted == 1
    assert await rows(retailer, TENDER, UUID(body["id"])) == [(1500, 0)]
    assert await rows(retailer, CAPTURES, UUID(body["id"])) == [(2000, 0), (-1500, 0)]
    assert await rows(retailer, "select amount_minor from refund") == [(500,)]


async def test_what_was_not_captured_is_captured_with_the_next_step(
    retailer: Retailer, cards: Cards
) -> None:
    """Given a declined capture, when the price is lowered afterwards, then less is asked for again."""
    body, _ = await captured(retailer, cards, "capture_declined")
    await cards.settle()
    await note(retailer)
    seller = await retailer.caller("manager", "integration", scopes=frozenset({"prices:override"}))
    lower = {"reason": "a scratch", "lines": [{"line": 1, "unit_price": euro(1500)}]}
    answer = await seller.post(f"/v1/orders/{body['id']}/price-adjustments", lower)

    assert answer.status_code == 200, answer.text
    assert await rows(retailer, TENDER, UUID(body["id"])) == [(0, 500)]
    assert await rows(retailer, CAPTURES, UUID(body["id"])) == [
        (2000, 0),
        (-2000, 0),
        (1500, 500),
    ]


async def test_a_refund_is_declined(retailer: Retailer, cards: Cards) -> None:
    """The card was given nothing back: the customer is owed it, until staff pay it another way."""
    body, _ = await captured(retailer, cards, "refund_declined")
    seller = await retailer.caller("manager", "integration", scopes=frozenset({"prices:override"}))
    lower = {"reason": "broken", "lines": [{"line": 1, "unit_price": euro(0)}]}
    assert (await seller.post(f"/v1/orders/{body['id']}/price-adjustments", lower)).is_success
    before = await found(retailer, body)
    cards.clock.now = clock.now() + timedelta(seconds=1)
    await cards.settle_all()
    noted = [await note(retailer), await note(retailer)]

    after = await found(retailer, body)
    assert noted == [1, 0]
    assert (before["tenders"][0]["refunded"], before["tenders"][0]["owed"]) == (euro(2000), euro(0))
    assert (after["tenders"][0]["refunded"], after["tenders"][0]["owed"]) == (euro(0), euro(2000))
    assert await rows(retailer, "select amount_minor from refund order by event_sequence") == [
        (2000,),
        (-2000,),
    ]
    # Nothing of what it costs now was paid; that the money is still to go back, the tender says.
    assert (before["payment_status"], after["payment_status"]) == ("refunded", "partly_refunded")
    assert [one["kind"] for one in await exceptions(retailer)] == ["refund_failed"]
    assert (await timeline(retailer, body))[-1] == "refund_failed"


async def test_a_void_is_declined(retailer: Retailer, cards: Cards) -> None:
    """What was authorized runs out by itself; staff are told all the same."""
    body = await ordered(retailer)
    await paid_by(retailer, cards, body, "void_declined")
    cancelled = await retailer.web.post(
        f"/v1/orders/{body['id']}/cancellation", {"reason": "changed their mind"}
    )
    assert cancelled.status_code == 200
    cards.clock.now = clock.now() + timedelta(seconds=1)
    await cards.settle_all()

    assert await note(retailer) == 1
    assert [one["kind"] for one in await exceptions(retailer)] == ["void_failed"]
    assert await rows(retailer, TENDER, UUID(body["id"])) == [(0, 2000)]
    assert await timeline(retailer, body) == ["cancelled", "void_failed"]


async def test_two_workers_tell_once(retailer: Retailer, cards: Cards, database_url: str) -> None:
    """Given ten declined captures, when three workers tell the orders, then each is told once."""
    bodies = [(await captured(retailer, cards, "capture_declined"))[0] for _ in range(10)]
    cards.provider = SandboxProvider(retailer.process.ledger)
    await cards.settle()
    others = [Database(database_url, pool_size=2, ledger=True) for _ in range(3)]
    told = 0
    for _ in range(3):
        told += sum(await asyncio.gather(*(worker.note_failures(one, clock.now) for one in others)))
    for one in others:
        await one.close()

    assert told == 10
    assert len(await exceptions(retailer, "open")) == 10
    for body in bodies:
        assert (await timeline(retailer, body)).count("capture_failed") == 1


async def test_it_is_told_once_although_its_key_is_forgotten(
    retailer: Retailer, cards: Cards
) -> None:
    """Keys are kept for a month; that an order was told is kept for ever."""
    await captured(retailer, cards, "capture_declined")
    await cards.settle()
    await note(retailer)
    await execute(retailer, "delete from idempotency_key where principal_id = $1", worker.WORKER.id)

    assert await note(retailer) == 0
    assert len(await exceptions(retailer)) == 1


async def declined(retailer: Retailer, cards: Cards) -> Body:
    """An exception: a capture that was declined."""
    body, _ = await captured(retailer, cards, "capture_declined")
    await cards.settle()
    await note(retailer)
    return next(one for one in await exceptions(retailer) if one["order_id"] == body["id"])


async def test_an_exception_is_closed_with_a_word(retailer: Retailer, cards: Cards) -> None:
    """Who closed it, when, and how it ended; then it is no longer among the open ones."""
    exception, other = await declined(retailer, cards), await declined(retailer, cards)
    status, closed = await close(retailer.staff, exception, "Paid in cash.")
    again, problem = await close(retailer.staff, exception, "Once more.")

    assert (status, closed["state"], closed["note"]) == (200, "closed", "Paid in cash.")
    assert closed["closed_at"] is not None
    assert closed["closed_by"] is not None
    assert {name: closed[name] for name in ("id", "detail", "order_number", "opened_at")} == {
        name: exception[name] for name in ("id", "detail", "order_number", "opened_at")
    }
    assert (again, problem["type"]) == (409, "/problems/order_exception_closed")
    assert await exceptions(retailer, "open") == [other]
    assert await exceptions(retailer, "all") == [closed, other]


async def test_two_close_it_at_once(retailer: Retailer, cards: Cards) -> None:
    exception = await declined(retailer, cards)
    answers = await asyncio.gather(
        *(close(retailer.office, exception, f"Word {number}.") for number in range(8))
    )

    assert sorted(status for status, _ in answers) == [200] + [409] * 7


async def test_an_exception_that_is_not_there(retailer: Retailer) -> None:
    answer = await close(retailer.office, {"id": str(new_id())})

    assert (answer[0], answer[1]["type"]) == (404, "/problems/unknown_order_exception")


async def test_who_may_see_an_exception(retailer: Retailer, cards: Cards) -> None:
    """A store sees those of its orders, a channel its own, and nobody else's exists for them."""
    exception = await declined(retailer, cards)
    elsewhere = await retailer.caller("elsewhere", "staff", locations=frozenset({"S2"}))
    other = await retailer.caller("other", "channel", channel="pos")
    seen = {
        name: [one["id"] for one in (await caller.get("/v1/order-exceptions")).json()["items"]]
        for name, caller in (
            ("staff", retailer.staff),
            ("web", retailer.web),
            ("elsewhere", elsewhere),
            ("other", other),
        )
    }

    mine = [exception["id"]]
    assert seen == {"staff": mine, "web": mine, "elsewhere": [], "other": []}
    assert (await close(elsewhere, exception))[0] == 404
    assert (await close(retailer.web, exception))[0] == 403


async def test_exceptions_come_by_the_page(retailer: Retailer, cards: Cards) -> None:
    """The oldest first, each once; those closed between two pages leave no gap."""
    found = [await declined(retailer, cards) for _ in range(5)]
    first = (await retailer.office.get("/v1/order-exceptions", limit=2)).json()
    await close(retailer.office, found[0])
    await close(retailer.office, found[3])
    cursor = first["next_cursor"]
    rest = (await retailer.office.get("/v1/order-exceptions", limit=2, cursor=cursor)).json()

    assert first["items"] == found[:2]
    assert rest["items"] == [found[2], found[4]]
    assert rest["next_cursor"] is None
