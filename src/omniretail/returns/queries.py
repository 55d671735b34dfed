"""Reading returns and claims."""

from uuid import UUID

from omniretail import customers, events
from omniretail.db import Transaction, sql
from omniretail.returns import claim_store, store
from omniretail.returns.claim import Claim, ClaimState
from omniretail.returns.claiming import UnknownGoodsClaim
from omniretail.returns.desk import UnknownReturn
from omniretail.returns.document import Return

_LIST = sql("returns.list_returns")
_LIST_CLAIMS = sql("returns.list_claims")
_STANDING = sql("returns.list_standing_claims")


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
    """Return the returns of an order, at a location, of a customer however called, the latest first."""
    called = None if customer is None else await customers.references_of(tx, customer)
    rows = await tx.fetch(_LIST, order_id, location, called, before, limit)
    return await store.load(tx, [row["id"] for row in rows])


async def return_timeline(tx: Transaction, return_id: UUID) -> list[events.Happened]:
    """Return all that happened to a return, first to last. Raises: UnknownReturn."""
    await find_return(tx, return_id)
    return await events.timeline(tx, return_id)


async def find_claim(tx: Transaction, claim_id: UUID) -> Claim:
    """Return a claim. Raises: UnknownGoodsClaim."""
    found = await claim_store.load_claims(tx, [claim_id])
    if not found:
        raise UnknownGoodsClaim(claim_id)
    return found[0]


async def list_claims(
    tx: Transaction,
    *,
    order_id: UUID | None = None,
    state: ClaimState | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[Claim]:
    """Return the claims of an order, in a state, the latest first."""
    statement = _STANDING if state in {"open", "approved"} else _LIST_CLAIMS
    rows = await tx.fetch(statement, order_id, state, before, limit)
    return await claim_store.load_claims(tx, [row["id"] for row in rows])


async def claim_timeline(tx: Transaction, claim_id: UUID) -> list[events.Happened]:
    """Return all that happened to a claim, first to last. Raises: UnknownGoodsClaim."""
    await find_claim(tx, claim_id)
    return await events.timeline(tx, claim_id)
