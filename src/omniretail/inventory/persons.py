"""What inventory holds of a person: what callers called the holds of their baskets."""

from collections.abc import Collection
from uuid import UUID

from omniretail.db import Transaction, sql

_FORGET = sql("inventory.forget_references")


async def forget_references(
    tx: Transaction, hold_ids: Collection[UUID], order_ids: Collection[UUID]
) -> list[UUID]:
    """Forget what callers called some holds, and those that became some orders; returns those that had.

    Locks: those holds.
    """
    return [row["id"] for row in await tx.fetch(_FORGET, list(hold_ids), list(order_ids))]
