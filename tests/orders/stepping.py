"""Walking real orders through their states, at moments of the test's own choosing."""

from datetime import datetime
from typing import Any
from uuid import UUID

from omniretail import orders
from omniretail.channels import SCOPES, Principal
from omniretail.errors import DomainError
from omniretail.idempotency import Key
from omniretail.ids import new_id
from tests.callers import Retailer, line, order, served

OFFICE = Principal(
    id=UUID(int=11),
    kind="integration",
    name="office",
    scopes=frozenset(SCOPES),
    channel=None,
    locations=frozenset(),
)
SECRET = b"what codes of these tests are made with"


def named(name: str | None = None) -> Key:
    """A key of the office's: a new one, or one that is named."""
    return Key(OFFICE.id, name or str(new_id()), b"hash")


def by(fulfillment: str, at: datetime, *, principal: Principal = OFFICE) -> dict[str, Any]:
    """What each command that names a fulfillment has."""
    return {
        "key": named(),
        "principal": principal,
        "fulfillment_id": UUID(fulfillment),
        "occurred_at": at,
    }


async def change(
    retailer: Retailer, command: orders.Command, *, now: datetime | None = None
) -> orders.Order | DomainError:
    """Return the order after one command, or why not."""
    (outcome,) = await retailer.process.ledger.run(
        lambda tx: orders.change(tx, [command], now=now or command.occurred_at)
    )
    return outcome if isinstance(outcome, DomainError) else outcome.value


async def changed(
    retailer: Retailer, command: orders.Command, *, now: datetime | None = None
) -> orders.Order:
    """Return the order after one command that must be accepted."""
    outcome = await change(retailer, command, now=now)
    assert isinstance(outcome, orders.Order), outcome
    return outcome


def readiness(fulfillment: str, at: datetime, **more: Any) -> orders.Advance:
    """The command to say that a pickup waits, under the code that `code` tells."""
    number = UUID(fulfillment)
    hashed = orders.hash_of(code(fulfillment), number)
    return orders.Advance(
        **by(fulfillment, at, **more), step="readiness", code_key="k1", code_hash=hashed
    )


def code(fulfillment: str) -> str:
    """The code of a pickup that `readiness` made ready."""
    return orders.code_of(SECRET, UUID(fulfillment))


def handover(
    fulfillment: str, at: datetime, *, said: str | None = None, name: str | None = None, **more: Any
) -> orders.Fulfill:
    """The command to hand over, all that is open, against a code: the right one unless `said`."""
    hashed = orders.hash_of(said or code(fulfillment), UUID(fulfillment))
    return orders.Fulfill(
        **by(fulfillment, at),
        **{
            "step": "handover",
            "quantities": {},
            "proof": orders.Proof(name=name, code_hash=hashed),
            **more,
        },
    )


async def placed(retailer: Retailer, kind: str, *, units: int = 2) -> dict[str, Any]:
    """Place an order of A for one way: from S1 where it is collected, else from WH; to S2 by store."""
    located = "S1" if kind in {"pickup", "carry_out"} else "WH"
    await retailer.receive("A", **{located: units})
    way = "ship" if kind == "ship_to_store" else kind
    wanted = order(served(way, located, line("A", units)), paid=units * 2000)
    caller = retailer.till if kind == "carry_out" else retailer.web
    answer = await caller.post("/v1/orders", wanted)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    if kind == "ship_to_store":
        await sent_to(retailer, "S2", found["fulfillments"][0]["id"])
    return found


async def sent_to(retailer: Retailer, store: str, fulfillment: str) -> None:
    """Let what was to be shipped be shipped to a store, and collected there."""
    async with retailer.process.database.transaction() as tx:
        await tx.execute(
            "update fulfillment set kind = 'ship_to_store', source = location, destination = $2"
            " where id = $1",
            UUID(fulfillment),
            store,
        )


async def authorized(retailer: Retailer, order_id: str) -> None:
    """Let an order's tenders be promised only, none of it taken."""
    async with retailer.process.database.transaction() as tx:
        await tx.execute(
            "update tender set uncaptured_minor = amount_minor where order_id = $1", UUID(order_id)
        )


async def findings(retailer: Retailer) -> list[str]:
    """Return which checks of the books fail just now."""
    told = (await retailer.office.get("/v1/audit")).json()
    return [found["check"] for found in told["findings"] if not found["holds"]]
