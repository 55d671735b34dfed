"""Batches of orders that name no location: planned together, judged one after the other."""

from typing import Any
from uuid import UUID

from omniretail import clock, orders
from omniretail.errors import DomainError
from omniretail.idempotency import Key
from omniretail.ids import new_id
from tests.callers import EUR, Retailer, line, order, served
from tests.carts.carting import OFFICE, refusal, wants
from tests.orders.buying import HOME

PRICES = {"A": 2000, "B": 500}


def wanted(sku: str, quantity: int) -> orders.PlaceOrder:
    """The command to have so many of a SKU sent, from wherever."""
    order_id = new_id()
    return orders.PlaceOrder(
        key=Key(OFFICE.id, str(order_id), b"hash"),
        order_id=order_id,
        principal=OFFICE,
        channel="web",
        location=None,
        placed_at=clock.now(),
        fulfillments=(
            orders.FulfillmentWish(
                id=new_id(),
                kind="ship",
                location=None,
                lines=(orders.LineWish(sku=sku, quantity=quantity),),
            ),
        ),
        tenders=(
            orders.TenderGiven(type="cash", amount_minor=PRICES[sku] * quantity, currency=EUR),
        ),
    )


async def placed(retailer: Retailer, *commands: orders.PlaceOrder) -> list[str]:
    """Have a batch judged: who serves each, or why nobody does."""
    process = retailer.process
    outcomes = await process.ledger.run(
        lambda tx: orders.place(tx, commands, books=process.books, now=clock.now())
    )
    return [
        outcome.code
        if isinstance(outcome, DomainError)
        else "+".join(part.location for part in outcome.value.fulfillments)
        for outcome in outcomes
    ]


async def capacity(retailer: Retailer, location: str, daily: int) -> None:
    answer = await retailer.office.put(
        f"/v1/fulfillment-policies/{location}", {"daily_capacity": daily}
    )
    assert answer.is_success, answer.text


async def test_room_is_counted_once(retailer: Retailer) -> None:
    """Given room for three a day at S1, when one order of a batch finds nothing and all are planned
    anew, then three go to S1, and the fourth to WH."""
    await retailer.receive("A", S1=9, WH=1)
    await capacity(retailer, "S1", 3)
    batch = [wanted("A", 2), wanted("B", 1), wanted("A", 1), wanted("A", 2), wanted("A", 1)]

    assert await placed(retailer, *batch) == ["S1", "insufficient_stock", "S1", "S1", "WH"]
    assert await placed(retailer, wanted("A", 1)) == ["insufficient_stock"]


async def test_what_is_refused_leaves_its_room(retailer: Retailer) -> None:
    """Given room for one, when the first order is not paid, then the second has it."""
    await retailer.receive("A", S1=9)
    await capacity(retailer, "S1", 1)
    payment = orders.TenderGiven(type="card", amount_minor=2000, currency=EUR, payment_id=new_id())
    unpaid = wanted("A", 1)
    unpaid = orders.PlaceOrder(**{**_fields(unpaid), "tenders": (payment,)})

    made = await placed(retailer, unpaid, wanted("B", 1), wanted("A", 1), wanted("A", 1))

    assert made == ["unknown_payment", "insufficient_stock", "S1", "insufficient_stock"]


def _fields(command: orders.PlaceOrder) -> dict[str, Any]:
    return {name: getattr(command, name) for name in command.__struct_fields__}


async def test_those_before_have_the_goods(retailer: Retailer) -> None:
    """Given two units in two places, when three orders of a batch want them, then the third is told."""
    await retailer.receive("A", S1=1, S2=1)

    first, second, third = await placed(retailer, *(wanted("A", 1) for _ in range(3)))

    assert {first, second} == {"S1", "S2"}
    assert third == "insufficient_stock"


async def test_a_hold_that_is_not_needed_is_let_go(retailer: Retailer) -> None:
    """Given a hold at S1 and an order that WH serves, then what was held is free again."""
    await retailer.receive("A", S1=1, WH=5)
    lines = [wants("A", 1, location="S1")]
    held = (await retailer.web.post("/v1/holds", {"lines": lines})).json()
    body = order(served("ship", None, line("A", 3)), paid=6000)

    answer = await retailer.web.post("/v1/orders", body | {"hold": held["id"], "ship_to": HOME})

    assert answer.status_code == 201, answer.text
    assert [part["location"] for part in answer.json()["fulfillments"]] == ["WH"]
    assert await retailer.level("A", "S1") == (1, 0, 1)
    assert await retailer.level("A", "WH") == (5, 3, 2)
    after = (await retailer.web.get(f"/v1/holds/{held['id']}")).json()
    assert (after["state"], UUID(after["order_id"])) == ("converted", UUID(answer.json()["id"]))


async def test_places_that_are_not(retailer: Retailer) -> None:
    """A destination or a location that nobody knows is refused; who shall rather serve is a wish."""
    await retailer.receive("A", S1=5)
    to_store = served("ship_to_store", None, line("A", 1))

    unknown = await retailer.web.post(
        "/v1/orders", order(to_store | {"destination": "MOON"}, paid=2000)
    )
    nowhere = await retailer.web.post("/v1/orders", order(to_store, paid=2000))
    nothing = await retailer.web.post(
        "/v1/orders", order(served("ship", None, line("Z", 1)), paid=2000)
    )
    wished = await retailer.web.post(
        "/v1/orders",
        order(served("ship", None, line("A", 1)) | {"prefer": "MOON"}, paid=2000),
    )
    own = await retailer.web.post("/v1/orders", order(to_store | {"destination": "S1"}, paid=2000))

    assert refusal(unknown) == (404, "unknown_location")
    assert refusal(nowhere) == (400, "invalid")
    assert refusal(nothing) == (404, "unknown_sku")
    assert wished.status_code == 201
    # What the store of collection has itself needs no shipping.
    assert [part["kind"] for part in own.json()["fulfillments"]] == ["pickup"]


async def test_what_is_named_is_not_planned_a_second_time(retailer: Retailer) -> None:
    """Given one A each in S1 and WH, when one is picked up in S1 and another one shipped from wherever,
    then WH ships it."""
    await retailer.receive("A", S1=1, WH=1)
    both = [served("pickup", "S1", line("A", 1)), served("ship", None, line("A", 1))]

    bought = await retailer.web.post("/v1/orders", order(*both, paid=4000) | {"ship_to": HOME})
    more = await retailer.web.post("/v1/orders", order(*both, paid=4000) | {"ship_to": HOME})

    assert bought.status_code == 201, bought.text
    assert [part["location"] for part in bought.json()["fulfillments"]] == ["S1", "WH"]
    assert refusal(more) == (409, "insufficient_stock")
