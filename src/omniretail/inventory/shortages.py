"""Shortage cases: places that owe more than they have, from the posting that made it so to the end.

A case opens by itself, in `stock`. It ends when somebody says so and nothing is missing any more.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import channels, idempotency
from omniretail.db import Transaction, sql, write_columns
from omniretail.errors import DomainError, Missing, Refused
from omniretail.inventory.levels import Level
from omniretail.inventory.operations import lock
from omniretail.inventory.stock import Stock

_FIND = sql("inventory.shortages")
_CASES = sql("inventory.shortage_cases")
_CLOSE = sql("inventory.close_shortages")


class UnknownShortage(Missing):
    """There is no such shortage, or it is not yours to see."""

    def __init__(self, shortage: UUID) -> None:
        super().__init__(f"There is no shortage {shortage}.", shortage=str(shortage))


class ShortageClosed(Refused):
    """The shortage is closed already."""

    def __init__(self, shortage: UUID) -> None:
        super().__init__("The shortage is closed already.", shortage=str(shortage))


class StillShort(Refused):
    """Goods are missing still."""

    def __init__(self, *, sku: str, location: str, missing: int) -> None:
        super().__init__(
            f"{missing} of {sku} are missing at {location} still.",
            sku=sku,
            location=location,
            missing=missing,
        )


class ShortageCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case: how many were missing when it opened and are `missing` now, and what opened it."""

    id: UUID
    sku: str
    location: str
    missing_at_opening: int
    missing: int
    opened_at: datetime
    document_type: str
    document_id: UUID
    note: str | None = None
    closed_at: datetime | None = None
    closed_by: UUID | None = None


class CloseShortage(msgspec.Struct, frozen=True, kw_only=True):
    """The command to close a case; `note` says how it ended."""

    key: idempotency.Key
    principal: channels.Principal
    shortage_id: UUID
    note: str


async def close_shortages(
    tx: Transaction, commands: Sequence[CloseShortage], *, now: datetime
) -> list[idempotency.Answer[ShortageCase] | DomainError]:
    """Close cases; one outcome per command, in order.

    Locks: keys, then the cases' levels by (SKU, location). Outcomes: the closed case,
    UnknownShortage, ShortageClosed, StillShort.
    """
    return await idempotency.once(tx, commands, partial(_close, tx, now=now), ShortageCase, now=now)


async def _close(
    tx: Transaction, commands: Sequence[CloseShortage], *, now: datetime
) -> list[ShortageCase | DomainError]:
    # Of a case nothing is read here that changes; whether it is open, its locked level says.
    rows = await tx.fetch(_CASES, sorted({command.shortage_id for command in commands}))
    cases = {row["id"]: _case(dict(row), missing=0) for row in rows}
    (stock,) = await tx.read(lock((case.sku, case.location) for case in cases.values()))
    outcomes = [_closed(stock, cases, command, now) for command in commands]
    closed = [
        (outcome.id, outcome.closed_by, outcome.note)
        for outcome in outcomes
        if isinstance(outcome, ShortageCase)
    ]
    await tx.write(*write_columns(_CLOSE, closed, now))
    return outcomes


def _closed(
    stock: Stock, cases: Mapping[UUID, ShortageCase], command: CloseShortage, now: datetime
) -> ShortageCase | DomainError:
    case = cases.get(command.shortage_id)
    if case is None or not command.principal.may_act_at(case.location):
        return UnknownShortage(command.shortage_id)
    level = stock.level(case.sku, case.location)
    if level.shortage_id != case.id:
        return ShortageClosed(case.id)
    if level.missing:
        return StillShort(sku=case.sku, location=case.location, missing=level.missing)
    level.shortage_id = None
    return replace(case, note=command.note, closed_at=now, closed_by=command.principal.id)


async def list_shortages(
    tx: Transaction,
    *,
    principal: channels.Principal,
    sku: str | None = None,
    location: str | None = None,
    closed: bool | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[ShortageCase]:
    """Return the cases at a principal's locations, the latest first, older than `before`."""
    locations = sorted(principal.locations) or None
    rows = await tx.fetch(_FIND, sku, location, locations, closed, before, limit, None)
    return [_of_level(row) for row in rows]


async def find_shortage(
    tx: Transaction, shortage_id: UUID, *, principal: channels.Principal
) -> ShortageCase:
    """Return one case. Raises: UnknownShortage, also where it is not yours."""
    locations = sorted(principal.locations) or None
    rows = await tx.fetch(_FIND, None, None, locations, None, None, 1, [shortage_id])
    if not rows:
        raise UnknownShortage(shortage_id)
    return _of_level(rows[0])


def _of_level(row: Any) -> ShortageCase:
    """Return a case with what its level lacks now."""
    fields = dict(row)
    level = Level(
        **{
            name: fields.pop(name)
            for name in ("on_hand", "allocated", "damaged", "quality_control")
        }
    )
    return _case(fields, missing=level.missing if row["closed_at"] is None else 0)


def _case(row: dict[str, Any], *, missing: int) -> ShortageCase:
    at_opening = row.pop("missing")
    return ShortageCase(**row, missing_at_opening=at_opening, missing=missing)
