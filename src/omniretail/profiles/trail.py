"""Merges of customers as they stand, and the trail of what each moved. It decides nothing."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from omniretail.db import Read, Transaction, Write, sql, write_columns, write_documents

_MERGES = sql("profiles.merges")
_MERGES_OF = sql("profiles.merges_of_customer")
_ITEMS = sql("profiles.merge_items")
_PUT = sql("profiles.put_merges")
_ADD_ITEMS = sql("profiles.add_merge_items")
_ERASE = sql("profiles.erase_merges")

MovedKind = Literal[
    "identity",
    "consent",
    "note",
    "customer",
    "cart",
    "order",
    "return",
    "claim",
    "usage",
    "credit",
    "membership",
    "points",
]


class CustomerMerge(msgspec.Struct, frozen=True, kw_only=True):
    """One customer that became part of another; `moved` counts what went along, by kind."""

    id: UUID
    source_id: UUID
    target_id: UUID
    reason: str | None
    merged_at: datetime
    merged_by: UUID
    undone_at: datetime | None = None
    undone_by: UUID | None = None
    moved: dict[str, int] = {}


class Moved(msgspec.Struct, frozen=True):
    """One thing that a merge moved: which, and how it named its customer before."""

    kind: MovedKind
    key: str
    was: str | None = None


def merges_by_id(merge_ids: Collection[UUID]) -> Read[dict[UUID, CustomerMerge]]:
    """Return the read of the merges that exist among `merge_ids`."""
    return Read(
        _MERGES,
        (list(merge_ids),),
        lambda rows: {one.id: one for one in msgspec.convert(rows, list[CustomerMerge])},
    )


async def list_merges(
    tx: Transaction, customer_id: UUID, *, before: UUID | None = None, limit: int
) -> list[CustomerMerge]:
    """Return the merges that a customer was part of, the latest first, before `before`."""
    rows = await tx.fetch(_MERGES_OF, customer_id, before, limit)
    found = (await tx.read(merges_by_id([row["id"] for row in rows])))[0]
    return [found[row["id"]] for row in rows]


async def items_of(tx: Transaction, merge_id: UUID) -> list[Moved]:
    """Return all that a merge moved."""
    rows = await tx.fetch(_ITEMS, merge_id)
    return [Moved(row["kind"], row["key"], row["was"]) for row in rows]


def write_merge(merge: CustomerMerge, items: Iterable[Moved] = ()) -> list[Write]:
    """Return the writes of a merge, new or undone, and of what it moved; its customers are locked."""
    rows = [(merge.id, one.kind, one.key, one.was) for one in items]
    return [*write_documents(_PUT, [merge]), *write_columns(_ADD_ITEMS, rows)]


async def erase_merges(tx: Transaction, customer_ids: Collection[UUID]) -> None:
    """Forget what the merges of customers moved, and why: that there were any stays."""
    await tx.execute(_ERASE, list(customer_ids))
