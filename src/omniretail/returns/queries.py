"""Reading returns."""

from uuid import UUID

from omniretail import events
from omniretail.db import Transaction, sql
from omniretail.returns import store
from omniretail.returns.desk import UnknownReturn
from omniretail.returns.document import Return

_LIST = sql("returns.list_returns")


async def find_return(tx: Transaction, return_id: UUID) -> Return:
    """Return a return. Raises: UnknownReturn."""
    found = await store.load(tx, [return_id])
    if not found:
        raise UnknownReturn(return_id)
    return found[0]


async def list_returns(
    tx: Transaction,
    *,
    order_id: UUID | None = None,
    location: str | None = None,
    customer: str | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[Return]:
    """Return the returns of an order, at a location, of a customer, the latest first."""
    rows = await tx.fetch(_LIST, order_id, location, customer, before, limit)
    return await store.load(tx, [row["id"] for row in rows])


async def return_timeline(tx: Transaction, return_id: UUID) -> list[events.Happened]:
    """Return all that happened to a return, first to last. Raises: UnknownReturn."""
    await find_return(tx, return_id)
    return await events.timeline(tx, return_id)
