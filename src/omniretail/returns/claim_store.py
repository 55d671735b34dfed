"""Reading and writing claims as rows. It decides nothing: what a claim may become is not its room."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import structs

from omniretail.db import Read, Rows, Transaction, Write, sql, write_documents
from omniretail.returns.claim import Claim

_ORDERS_OF = sql("returns.orders_of_claims")
_LOCK = sql("returns.lock_claims")
_CLAIMS = sql("returns.claims")
_LINES = sql("returns.claim_lines")
_PUT = sql("returns.put_claims")
_PUT_LINES = sql("returns.put_claim_lines")


def orders_of_claims(claim_ids: Collection[UUID], numbers: Collection[str]) -> Read[set[UUID]]:
    """Return the read of the orders that claims are of, and of those with some numbers."""
    return Read(
        _ORDERS_OF,
        (list(claim_ids), list(numbers)),
        lambda rows: {UUID(row["order_id"]) for row in rows},
    )


async def lock_claims(tx: Transaction, claim_ids: Collection[UUID]) -> dict[UUID, Claim]:
    """Lock claims by id; return them."""
    if not claim_ids:
        return {}
    rows = await tx.fetch(_LOCK, sorted(claim_ids))
    return {claim.id: claim for claim in await load_claims(tx, [row["id"] for row in rows])}


async def load_claims(tx: Transaction, claim_ids: Sequence[UUID]) -> list[Claim]:
    """Return the claims that exist among `claim_ids`, in that order."""
    ids = list(claim_ids)
    rows, lines = await tx.read(Read(_CLAIMS, (ids,), list), Read(_LINES, (ids,), list))
    its_lines = defaultdict[Any, Rows](list)
    for line in lines:
        its_lines[line["claim_id"]].append(_said(line))
    documents = [{**_said(row), "lines": its_lines[row["id"]]} for row in rows]
    found = {claim.id: claim for claim in msgspec.convert(documents, list[Claim])}
    return [found[claim_id] for claim_id in ids if claim_id in found]


def _said(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def write_claims(claims: Sequence[tuple[str, Claim]], *, now: datetime) -> list[Write]:
    """Return the writes of claims as they are now, each with the key that made or changed it."""
    documents = [{"idempotency_key": key, **structs.asdict(claim)} for key, claim in claims]
    lines = [
        {"claim_id": claim.id, **structs.asdict(line)}
        for _, claim in claims
        for line in claim.lines
    ]
    return [*write_documents(_PUT, documents, now), *write_documents(_PUT_LINES, lines)]
