"""Who had the locks first was first: whatever his clock said, and where there was nothing to lock yet."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from omniretail import channels, clock, inventory
from omniretail.idempotency import Answer, Key
from omniretail.ids import new_id
from tests.callers import Retailer

NOW = clock.now()
OFFICE = channels.Principal(
    id=UUID(int=5),
    kind="integration",
    name="office",
    scopes=frozenset(channels.SCOPES),
    channel=None,
    locations=frozenset(),
)


def document(kind: inventory.DocumentType, at: datetime, **row: Any) -> inventory.BookDocument:
    """The command to book one row for A at S1."""
    return inventory.BookDocument(
        key=Key(OFFICE.id, str(new_id()), b""),
        principal=OFFICE,
        document_id=new_id(),
        type=kind,
        rows=(inventory.DocumentRow(sku="A", location="S1", occurred_at=at, **row),),
    )


async def test_a_receipt_told_while_the_first_count_is_booked(retailer: Retailer) -> None:
    """Given a place that never had A, when an earlier receipt comes beside a count, the count stands."""
    ledger = retailer.process.ledger
    count = document("count", NOW, quantity=7)
    late = document("receipt", NOW - timedelta(hours=1), quantity=5, reason="purchase")

    async with ledger.transaction() as tx:
        await inventory.book(tx, [count], now=NOW)
        receipt = asyncio.create_task(
            ledger.run(lambda other: inventory.book(other, [late], now=NOW))
        )
        # It finds no level to wait for, and then waits to make one.
        await asyncio.wait([receipt], timeout=0.5)
    (answer,) = await receipt

    assert isinstance(answer, Answer)
    assert answer.value.outcomes[0].booked is not None
    assert await retailer.level("A", "S1") == (7, 0, 7)


async def test_costs_follow_the_locks_and_not_the_clocks(retailer: Retailer) -> None:
    """Given three receipts, the second by a slow clock, then each average follows from the one before."""
    for seconds, amount in ((10, 100), (0, 200), (10, 300)):
        moment = NOW + timedelta(seconds=seconds - 60)
        receipt = document(
            "receipt",
            moment,
            quantity=10,
            reason="purchase",
            unit_cost=inventory.Cost(Decimal(amount), "EUR"),
        )
        await retailer.process.ledger.run(
            lambda tx, one=receipt, now=moment: inventory.book(tx, [one], now=now)  # type: ignore[misc]
        )

    async with retailer.process.database.transaction() as tx:
        rows = await tx.fetch("select average from stock_cost order by movement_id")
    assert [row["average"] for row in rows] == [100, 150, 200]
