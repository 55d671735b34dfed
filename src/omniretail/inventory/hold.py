"""A hold, as it stands at a moment, and reading it. Placing and changing holds is not here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from omniretail import channels
from omniretail.db import Transaction, sql
from omniretail.errors import Missing, Refused

_HOLDS = sql("inventory.holds")
_LINES = sql("inventory.lines_of_holds")

HoldState = Literal["live", "expired", "released", "converted"]


class UnknownHold(Missing):
    """There is no such hold, or it is not yours to see."""

    def __init__(self, hold: UUID) -> None:
        super().__init__(f"There is no hold {hold}.", hold=str(hold))


class HoldEnded(Refused):
    """The hold has ended."""

    def __init__(self, hold: UUID, state: HoldState) -> None:
        super().__init__(f"The hold is {state}.", hold=str(hold), state=state)


class HeldLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a hold, in units of the SKU asked for."""

    number: int
    sku: str
    location: str
    requested: int
    held: int

    @property
    def unfilled(self) -> int:
        """How many were asked for and are not held."""
        return self.requested - self.held


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """A hold, as it stood when it was read."""

    id: UUID
    channel: str | None
    reference: str | None
    created_by: UUID
    created_at: datetime
    expires_at: datetime
    state: HoldState
    order_id: UUID | None
    lines: tuple[HeldLine, ...]

    def visible_to(self, principal: channels.Principal) -> bool:
        """Tell whether a principal may see the hold: a channel its own, located keys theirs."""
        if self.created_by == principal.id:
            return True
        if principal.kind == "channel":
            return self.channel == principal.channel
        return not principal.locations or any(
            line.location in principal.locations for line in self.lines
        )


async def find_holds(tx: Transaction, ids: Sequence[UUID], *, now: datetime) -> list[Hold]:
    """Return those of the holds that exist, judged at `now`."""
    lines: dict[UUID, dict[int, HeldLine]] = {}
    closed: set[UUID] = set()
    for row in await tx.fetch(_LINES, list(ids)):
        of_hold = lines.setdefault(row["hold_id"], {})
        if row["closed_at"]:
            closed.add(row["hold_id"])
        # The parts of a kit are held alike: the first says it all.
        of_hold.setdefault(
            row["number"],
            HeldLine(
                number=row["number"],
                sku=row["kit"] or row["sku"],
                location=row["location"],
                requested=row["requested"],
                held=row["quantity"] // row["per_unit"],
            ),
        )
    return [
        Hold(
            id=row["id"],
            channel=row["channel"],
            reference=row["reference"],
            created_by=row["principal_id"],
            created_at=row["created_at"],
            expires_at=row["expires_at"],
            state=_state(row, row["id"] in closed, now),
            order_id=row["order_id"],
            lines=tuple(lines[row["id"]].values()),
        )
        for row in await tx.fetch(_HOLDS, list(ids))
    ]


async def holds_by_id(tx: Transaction, ids: Sequence[UUID], *, now: datetime) -> dict[UUID, Hold]:
    """Return those of the holds that exist, by id; asks nobody about none."""
    return {hold.id: hold for hold in await find_holds(tx, ids, now=now)} if ids else {}


async def find_hold(
    tx: Transaction, hold_id: UUID, *, principal: channels.Principal, now: datetime
) -> Hold:
    """Return one hold. Raises: UnknownHold."""
    found = await find_holds(tx, [hold_id], now=now)
    if not found or not found[0].visible_to(principal):
        raise UnknownHold(hold_id)
    return found[0]


def _state(row: Any, closed: bool, now: datetime) -> HoldState:
    if row["order_id"] is not None:
        return "converted"
    if row["released_at"] is not None:
        return "released"
    # By a clock ahead of ours it may have run out, and its goods may have gone to others.
    return "expired" if closed or row["expires_at"] <= now else "live"
