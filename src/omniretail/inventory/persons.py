"""What inventory holds of a person: what callers called holds, what staff said of goods."""

from collections.abc import Collection
from uuid import UUID

from omniretail.db import Transaction, sql

_FORGET = sql("inventory.forget_references")
_FORGET_REASONS = sql("inventory.forget_reasons")


async def forget_references(
    tx: Transaction, hold_ids: Collection[UUID], order_ids: Collection[UUID]
) -> list[UUID]:
    """Forget what callers called some holds, and those that became some orders; returns those that had.

    Locks: those holds.
    """
    return [row["id"] for row in await tx.fetch(_FORGET, list(hold_ids), list(order_ids))]


async def forget_reasons(tx: Transaction, return_ids: Collection[UUID]) -> None:
    """Say no longer why staff graded what came back of locked returns another way.

    That goods moved, what, where and when stays.
    """
    await tx.execute(_FORGET_REASONS, list(return_ids))
