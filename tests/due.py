"""What tests of the worker share: pickups that wait, cards that are declined, and looking at orders."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from omniretail import clock, idempotency, orders
from omniretail.errors import DomainError
from omniretail.ids import new_id
from omniretail.payments import Payment
from omniretail.worker import WORKER
from tests.callers import Retailer, line, order, served
from tests.payments.cards import Cards

Body = dict[str, Any]


def in_days(days: float) -> datetime:
    """So many days from now."""
    return clock.now() + timedelta(days=days)


async def ordered(retailer: Retailer, quantity: int = 1, *, paid: int | None = None) -> Body:
    """Order so many of A in the web shop, to be picked up in S1; return the order."""
    answer = await retailer.web.post(
        "/v1/orders",
        order(served("pickup", "S1", line("A", quantity)), paid=paid or quantity * 2000),
    )
    assert answer.status_code == 201, answer.text
    body: Body = answer.json()
    return body


async def waiting(retailer: Retailer, quantity: int = 1) -> Body:
    """Order so many of A, and say that they wait for their customer; return the order."""
    placed = await ordered(retailer, quantity)
    assert (await retailer.staff.ready(part_of(placed))).is_success
    return await found(retailer, placed)


def part_of(body: Body) -> str:
    """The id of an order's only fulfillment."""
    fulfillment: str = body["fulfillments"][0]["id"]
    return fulfillment


async def found(retailer: Retailer, body: Body) -> Body:
    """Return an order as it stands."""
    answer = await retailer.office.get(f"/v1/orders/{body['id']}")
    assert answer.status_code == 200
    standing: Body = answer.json()
    return standing


async def timeline(retailer: Retailer, body: Body) -> list[str]:
    """Return what happened to an order after it was placed, first to last."""
    answer = await retailer.office.get(f"/v1/orders/{body['id']}/timeline")
    assert answer.status_code == 200
    return [event["type"] for event in answer.json()["items"]][1:]


async def change(retailer: Retailer, command: orders.Command, *, now: datetime) -> orders.Order:
    """Change an order by a command, at a time of the test's own."""
    (outcome,) = await retailer.process.ledger.run(lambda tx: orders.change(tx, [command], now=now))
    assert not isinstance(outcome, DomainError), outcome
    return outcome.value


async def keep_until(retailer: Retailer, body: Body, until: datetime) -> None:
    """Move a pickup's deadline, also into the past."""
    command = orders.ChangePickup(
        key=idempotency.Key(WORKER.id, str(new_id()), b"1" * 16),
        principal=WORKER,
        fulfillment_id=UUID(part_of(body)),
        step="deadline",
        occurred_at=clock.now(),
        collect_by=until,
    )
    # It was moved while that was still a time to come.
    await change(retailer, command, now=min(clock.now(), until - timedelta(hours=1)))


async def execute(retailer: Retailer, statement: str, *values: object) -> None:
    """Change rows by hand."""
    async with retailer.process.database.transaction() as tx:
        await tx.execute(statement, *values)


async def rows(retailer: Retailer, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Read rows by hand."""
    async with retailer.process.database.transaction() as tx:
        return [tuple(row) for row in await tx.fetch(statement, *values)]


async def paid_by(retailer: Retailer, cards: Cards, body: Body, method: str) -> Payment:
    """Have an order of 20.00 paid by a card that was authorized first."""
    payment = await cards.pay(method)
    if payment.state == "pending":  # its answer was lost
        await cards.record(payment.id, await cards.provider.find(payment.id))
    assert await cards.use(payment.id, UUID(body["id"])) is None
    await execute(
        retailer,
        "update tender set uncaptured_minor = amount_minor, payment_id = $2 where order_id = $1",
        UUID(body["id"]),
        payment.id,
    )
    return payment


async def captured(retailer: Retailer, cards: Cards, method: str) -> tuple[Body, Payment]:
    """Hand 20.00 worth of goods over, which the provider is then asked to capture."""
    body = await waiting(retailer)
    payment = await paid_by(retailer, cards, body, method)
    answer = await retailer.staff.collect(part_of(body), name="Ann")
    assert answer.status_code == 200, answer.text
    cards.clock.now = clock.now() + timedelta(seconds=1)
    return await found(retailer, body), payment


async def exceptions(retailer: Retailer, state: str = "all") -> list[Body]:
    """Return the exceptions of orders, the oldest first."""
    answer = await retailer.office.get("/v1/order-exceptions", state=state)
    assert answer.status_code == 200, answer.text
    items: list[Body] = answer.json()["items"]
    return items
