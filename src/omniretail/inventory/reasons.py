"""Reason codes: why stock was received, adjusted or set aside. The retailer may add its own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec
from sqlmodel import col, select

from omniretail.db import Read, Transaction, sql
from omniretail.inventory.models import StockReason

_ACTIVE = sql("inventory.active_reasons")
_PUT = sql("inventory.put_reason")

Direction = Literal["in", "out", "either"]
"""Whether it explains more to sell, less to sell, or both."""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """A reason as the retailer states it; a retired one is kept, but explains nothing new."""

    code: str
    name: str
    direction: Direction
    status: Literal["active", "retired"] = "active"


def active_reasons() -> Read[dict[str, Direction]]:
    """Return the read of the directions of the active reasons, by code."""
    return Read(_ACTIVE, (), lambda rows: {row["code"]: row["direction"] for row in rows})


def fault(known: Mapping[str, Direction], reason: str, change: int) -> str | None:
    """Return why a reason cannot explain a change (above 0: more to sell), or None."""
    direction = known.get(reason)
    if direction is None:
        return f"{reason!r} is not a reason; known are {', '.join(sorted(known))}"
    if direction == "in" and change < 0:
        return f"{reason!r} explains what comes in, not what goes out"
    if direction == "out" and change > 0:
        return f"{reason!r} explains what goes out, not what comes in"
    return None


async def put_reason(tx: Transaction, reason: Reason, *, now: datetime) -> Reason:
    """Create a reason, or replace what it says of itself; returns it. Locks: the reason."""
    await tx.execute(_PUT, reason.code, reason.name, reason.direction, reason.status, now)
    return reason


async def list_reasons(tx: Transaction) -> list[Reason]:
    """Return every reason, retired ones too, by code."""
    rows = await tx.select(select(StockReason).order_by(col(StockReason.code)))
    return [msgspec.convert(dict(row), Reason) for row in rows]
