"""What is promised for a while and what is still to come: holds' lines, supply, orders beyond it. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec


class Ordering(Protocol):
    """What a SKU allows beyond its stock: `limit` units nobody has announced, shipping then."""

    @property
    def policy(self) -> str: ...  # noqa: D102
    @property
    def limit(self) -> int: ...  # noqa: D102
    @property
    def ships_at(self) -> datetime | None: ...  # noqa: D102


class HoldLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a hold promises of one SKU at one place, for one of its lines."""

    hold_id: UUID
    number: int
    sku: str
    location: str
    kit: str | None
    per_unit: int
    requested: int
    quantity: int
    expires_at: datetime


class Supply(msgspec.Struct, frozen=True):
    """Units that are announced for a place, and when they are expected."""

    quantity: int
    expected_at: datetime


def promise_date(
    there: int, supply: Sequence[Supply], quantity: int, ordering: Ordering
) -> datetime | None:
    """Return when `quantity` more could leave, of what is there (below 0: owed) and coming.

    Announced supply is owed to earlier promises first. Beyond all of it stands the SKU's own date.
    """
    for coming in sorted(supply, key=lambda coming: coming.expected_at):
        there += coming.quantity
        if there >= quantity:
            return coming.expected_at
    return ordering.ships_at
