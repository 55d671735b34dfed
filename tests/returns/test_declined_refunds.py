"""Refunds that the provider declines: the goods are back, the money is owed, and paid once, later."""

from datetime import timedelta
from uuid import UUID

import pytest

from omniretail import clock, worker
from tests.callers import Retailer, euro
from tests.due import captured, exceptions, rows
from tests.payments.cards import Cards
from tests.returns.bringing import back, sale_now, taken, till_at, units

REFUNDS = "select amount_minor, method from refund where order_id = $1 order by event_sequence"
ASKED = "select kind, state, amount_minor from payment_operation where order_id = $1 order by id"


@pytest.fixture
async def cards(retailer: Retailer) -> Cards:
    """A checkout's way to the sandbox, by the clock on the wall; and enough of A in the store."""
    await retailer.receive("A", S1=10)
    made = Cards(retailer)
    made.clock.now = clock.now()
    return made


async def settled(retailer: Retailer, cards: Cards) -> None:
    """Have the provider do what is due, and tell orders what it declined, as the worker does."""
    cards.clock.now = clock.now() + timedelta(seconds=1)
    await cards.settle_all()
    await worker.note_failures(retailer.process.ledger, clock.now)


async def test_goods_are_received_and_the_refund_is_declined_and_made_once_later(
    retailer: Retailer, cards: Cards
) -> None:
    """Given a declined refund, then S2 has the goods, nothing was refunded; asked again, it is, once."""
    sale, _ = await captured(retailer, cards, "refund_declined_once")
    s2 = await till_at(retailer, "S2")
    made = await taken(await s2.post("/v1/returns", back(sale, units(1))))
    await settled(retailer, cards)

    standing = await sale_now(retailer, sale)
    (tender,) = standing["tenders"]
    assert (made["state"], await retailer.level("A", "S2")) == ("refunded", (1, 0, 1))
    assert (tender["refunded"], tender["owed"]) == (euro(0), euro(2000))
    assert standing["payment_status"] == "partly_refunded"
    assert await rows(retailer, REFUNDS, UUID(sale["id"])) == [(2000, None), (-2000, None)]
    assert [one["kind"] for one in await exceptions(retailer)] == ["refund_failed"]

    again = f"/v1/orders/{sale['id']}/refunds"
    paid = await taken(await retailer.office.post(again, {}), 200)
    twice = await retailer.office.post(again, {})
    await settled(retailer, cards)

    assert (paid["tenders"][0]["refunded"], paid["tenders"][0]["owed"]) == (euro(2000), euro(0))
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/nothing_owed")
    assert await rows(retailer, REFUNDS, UUID(sale["id"])) == [
        (2000, None),
        (-2000, None),
        (2000, None),
    ]
    assert await rows(retailer, ASKED, UUID(sale["id"])) == [
        ("capture", "done", 2000),
        ("refund", "failed", 2000),
        ("refund", "done", 2000),
    ]
    assert (await sale_now(retailer, sale))["payment_status"] == "refunded"


@pytest.mark.parametrize("method", ["cash", "bank_transfer"])
async def test_what_is_owed_is_paid_another_way(
    retailer: Retailer, cards: Cards, method: str
) -> None:
    """Given a refund that is declined every time, then staff pay it another way, and the books say so."""
    sale, _ = await captured(retailer, cards, "refund_declined")
    s2 = await till_at(retailer, "S2")
    await taken(await s2.post("/v1/returns", back(sale, units(1))))
    await settled(retailer, cards)

    answer = await retailer.office.post(f"/v1/orders/{sale['id']}/refunds", {"method": method})

    after = await taken(answer, 200)
    assert (after["tenders"][0]["refunded"], after["tenders"][0]["owed"]) == (euro(2000), euro(0))
    assert await rows(retailer, REFUNDS, UUID(sale["id"])) == [
        (2000, None),
        (-2000, None),
        (2000, method),
    ]
