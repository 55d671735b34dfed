"""Loyalty accounts over HTTP: a programme in force, customers, accounts with points on them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import httpx

from omniretail import clock, customers, loyalty, worker
from omniretail.db import Transaction
from omniretail.errors import DomainError
from omniretail.idempotency import Key
from omniretail.ids import new_id
from tests.callers import Caller, Retailer
from tests.loyalty.books import SOMEBODY, club

PATH = "/v1/loyalty/accounts"


def key() -> Key:
    """A key that nobody used before."""
    return Key(SOMEBODY.id, str(new_id()), b"")


async def run(retailer: Retailer, operation: Any, *commands: Any, now: datetime) -> list[Any]:
    """Run an operation at a moment, in a transaction of its own; answers as their values."""
    outcomes = await retailer.process.database.run(lambda tx: operation(tx, commands, now=now))
    return [getattr(one, "value", one) for one in outcomes]


async def in_force(retailer: Retailer, **more: Any) -> None:
    """Put a programme in force: one point per 1.00, unless it is stated otherwise."""
    now = clock.now()
    command = loyalty.AddProgramme(
        key=key(), principal=SOMEBODY, programme=club(**more), effective_from=now
    )
    (version,) = await run(retailer, loyalty.add_programmes, command, now=now)
    assert not isinstance(version, DomainError), version


async def customer(retailer: Retailer, *cards: str) -> str:
    """Make a customer with some loyalty cards."""
    command = customers.CreateCustomer(
        key=key(),
        actor_id=SOMEBODY.id,
        channel=None,
        customer_id=new_id(),
        identities=tuple(customers.Identity("loyalty_card", card) for card in cards),
    )
    (made,) = await run(retailer, customers.change_customers, command, now=clock.now())
    assert not isinstance(made, DomainError), made
    return str(command.customer_id)


async def account(retailer: Retailer, points: int = 0, *, members: int = 1) -> str:
    """Open an account for new customers, with some points on it."""
    people = [await customer(retailer) for _ in range(members)]
    answer = await retailer.web.post(PATH, {"members": people})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    if points:
        given = await adjusted(retailer, made, points)
        assert given.status_code == 201, given.text
    return made


async def adjusted(retailer: Retailer, account_id: str, points: int, **more: Any) -> httpx.Response:
    """Give points by hand, or take them."""
    body = {"points": points, "reason": "by hand", **more}
    return await retailer.office.post(f"{PATH}/{account_id}/adjustments", body)


async def stands(caller: Caller, account_id: str) -> dict[str, Any]:
    """Read an account."""
    answer = await caller.get(f"{PATH}/{account_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def balance_at(retailer: Retailer, account_id: str, now: datetime) -> loyalty.Account:
    """Read an account as it is at a moment."""

    async def find(tx: Transaction) -> loyalty.Account:
        return await loyalty.find_account(tx, UUID(account_id), now=now)

    return await retailer.process.database.run(find)


async def settled(retailer: Retailer, now: datetime) -> int:
    """Have the worker's step run at a moment."""
    return await worker.settle_points(retailer.process.ledger, lambda: now)


async def items(caller: Caller, path: str, **query: Any) -> list[dict[str, Any]]:
    """Read a list."""
    answer = await caller.get(path, **query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found
