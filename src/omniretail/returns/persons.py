"""What returns and claims hold of a person: those somebody asked for, naming another customer, erasing.

Who a person is, by which references, is for others to say.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from omniretail.db import Read, Transaction, sql
from omniretail.returns import claim_store, store
from omniretail.returns.claim import Claim
from omniretail.returns.document import Return

_LOCK_RETURNS_OF = sql("returns.lock_returns_of_customers")
_LOCK_CLAIMS_OF = sql("returns.lock_claims_of_customers")
_NAME_IN_RETURNS = sql("returns.name_customers_of_returns")
_NAME_IN_CLAIMS = sql("returns.name_customers_of_claims")
_LOCK_RETURNS_OF_PERSON = sql("returns.lock_returns_of_person")
_LOCK_CLAIMS_OF_PERSON = sql("returns.lock_claims_of_person")
_LOCK_UNLINKED = sql("returns.lock_unlinked_of_person")
_FORGET_UNLINKED = sql("returns.forget_unlinked")
_ERASE = sql("returns.erase_returns")
_REQUESTED = sql("returns.returns_requested")
_OF_PERSON = sql("returns.returns_of_person")


class Requested(msgspec.Struct, frozen=True, kw_only=True):
    """A return or a claim, and when it was asked for."""

    type: Literal["return", "claim"]
    id: UUID
    at: datetime


class ReturnOfPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A return or claim that holds personal data of somebody; `is_open` while anything is awaited."""

    id: UUID
    number: str
    is_open: bool


def returns_requested(
    references: Collection[str], *, before: tuple[datetime, UUID] | None, limit: int
) -> Read[list[Requested]]:
    """Return the read of the returns and claims of whom references name, the latest first."""
    moment, last = before or (None, None)
    return Read(
        _REQUESTED,
        (sorted(references), moment, last, limit),
        lambda rows: msgspec.convert(rows, list[Requested]),
    )


def returns_of_person(
    references: Collection[str], order_ids: Collection[UUID]
) -> Read[list[Requested]]:
    """Return the read of all returns and claims that hold something of a person, the oldest first."""
    return Read(
        _OF_PERSON,
        (sorted(references), list(order_ids)),
        lambda rows: msgspec.convert(rows, list[Requested]),
    )


async def returns_by_id(tx: Transaction, return_ids: Sequence[UUID]) -> list[Return]:
    """Return the returns that exist among `return_ids`, in that order."""
    return await store.load(tx, return_ids)


async def claims_by_id(tx: Transaction, claim_ids: Sequence[UUID]) -> list[Claim]:
    """Return the claims that exist among `claim_ids`, in that order."""
    return await claim_store.load_claims(tx, claim_ids)


def lock_returns_of(references: Collection[str]) -> Read[dict[UUID, str]]:
    """Return the read that locks the returns of whom references name, by id, with what each says."""
    return Read(_LOCK_RETURNS_OF, (sorted(references),), _named)


def lock_claims_of(references: Collection[str]) -> Read[dict[UUID, str]]:
    """Return the read that locks the claims of whom references name, by id, with what each says."""
    return Read(_LOCK_CLAIMS_OF, (sorted(references),), _named)


async def name_customers_of_returns(
    tx: Transaction, named: Mapping[UUID, str], *, present: Collection[str]
) -> None:
    """Have locked returns name other customers, where they name one of `present` now."""
    if named:
        await tx.execute(_NAME_IN_RETURNS, list(named), list(named.values()), sorted(present))


async def name_customers_of_claims(
    tx: Transaction, named: Mapping[UUID, str], *, present: Collection[str]
) -> None:
    """Have locked claims name other customers, where they name one of `present` now."""
    if named:
        await tx.execute(_NAME_IN_CLAIMS, list(named), list(named.values()), sorted(present))


async def lock_counters_of(tx: Transaction, references: Collection[str]) -> None:
    """Lock the counters of goods brought back without a receipt, by code.

    They come before returns in the global lock order; what they count are the returns themselves.
    """
    await tx.fetch(_LOCK_UNLINKED, sorted(references))


def lock_returns_of_person(
    references: Collection[str], order_ids: Collection[UUID]
) -> Read[list[ReturnOfPerson]]:
    """Return the read that locks all returns that hold something of a person, by id."""
    return Read(_LOCK_RETURNS_OF_PERSON, (sorted(references), list(order_ids)), _of_person)


def lock_claims_of_person(
    references: Collection[str], order_ids: Collection[UUID]
) -> Read[list[ReturnOfPerson]]:
    """Return the read that locks all claims that hold something of a person, by id."""
    return Read(_LOCK_CLAIMS_OF_PERSON, (sorted(references), list(order_ids)), _of_person)


async def erase_returns(
    tx: Transaction,
    return_ids: Collection[UUID],
    claim_ids: Collection[UUID],
    *,
    references: Collection[str],
    customer: UUID,
) -> None:
    """Take all that is personal out of locked returns, claims and counters of whom references name."""
    await tx.execute(_ERASE, list(return_ids), list(claim_ids), str(customer))
    await tx.execute(_FORGET_UNLINKED, sorted(references))


def _named(rows: Sequence[Mapping[str, str]]) -> dict[UUID, str]:
    return {UUID(row["id"]): row["customer"] for row in rows}


def _of_person(rows: Sequence[Mapping[str, str]]) -> list[ReturnOfPerson]:
    return msgspec.convert(rows, list[ReturnOfPerson])
