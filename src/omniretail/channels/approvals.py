"""Approving on the spot: under which code a member of staff has a PIN, and what it approves.

A PIN belongs to a staff key. It opens nothing by itself: it lends one request, made under another
key, a scope that the staff key has. How PINs are sealed and tries counted stands in `pins`.
"""

import hmac
import re
from datetime import datetime
from uuid import UUID

import msgspec
from sqlmodel import col, select

from omniretail.channels.keys import Principal
from omniretail.channels.models import ApiKey, StaffPin
from omniretail.channels.pins import (
    NOBODYS_SALT,
    ApprovalRefused,
    SealedPin,
    Tries,
    after_try,
)
from omniretail.db import RaceLost, Transaction, constraint, sql
from omniretail.errors import DomainError, Forbidden, Invalid, Missing, Refused
from omniretail.forms import CODE

_LONGEST_CODE = 64
_LOCK = sql("channels.lock_staff_pins")
_LIST = sql("channels.staff_pins")
_PUT = sql("channels.put_staff_pin")
_NOTE = sql("channels.note_tries")
_DELETE = sql("channels.delete_staff_pin")

# A PIN of the same key, set meanwhile under another code: run again, and find it.
constraint("staff_pin_api_key_id_key", RaceLost)


class ApproverNotAllowed(Forbidden):
    """This member of staff may not approve that."""

    def __init__(self, *, scope: str, location: str) -> None:
        super().__init__(
            f"To approve this, the key of staff needs the scope {scope}, and to act at {location} "
            "in the caller's channel.",
            scope=scope,
            location=location,
        )


class UnknownStaffPin(Missing):
    """There is no PIN under that code, or it is not yours to see."""

    def __init__(self, code: str) -> None:
        super().__init__(f"There is no PIN under the code {code!r}.", code=code)


class UnknownStaffKey(Missing):
    """There is no such key of staff, or it is not yours to see."""

    def __init__(self, prefix: str) -> None:
        super().__init__(
            f"There is no live key of kind staff with the prefix {prefix}.", key=prefix
        )


class StaffCodeTaken(Refused):
    """The code is another member of staff's."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"{code!r} is the code of another key: take another code, or delete its PIN first.",
            code=code,
        )


class StaffKeyHasCode(Refused):
    """This key has a PIN under another code."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"This key has its PIN under {code!r}: set it there, or delete that one first.",
            code=code,
        )


class Approver(msgspec.Struct, frozen=True, kw_only=True):
    """Who approved: the key, its name, and the code typed; no code where the key itself called."""

    id: UUID
    name: str
    code: str | None = None


class PinTry(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed at a caller's till, to approve what needs a scope at a location."""

    code: str
    pin_hash: bytes
    principal: Principal
    scope: str
    location: str


class StaffCode(msgspec.Struct, frozen=True, kw_only=True):
    """The code under which a staff key has a PIN; `key` is the key's prefix, `name` its name."""

    code: str
    key: str
    name: str
    locked_until: datetime | None
    updated_at: datetime


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A PIN as stored, with its key."""

    code: str
    pin_hash: bytes
    wrong_tries: int
    locked_until: datetime | None
    updated_at: datetime
    prefix: str
    revoked_at: datetime | None
    holder: Principal

    def shown(self) -> StaffCode:
        return StaffCode(
            code=self.code,
            key=self.prefix,
            name=self.holder.name,
            locked_until=self.locked_until,
            updated_at=self.updated_at,
        )


async def set_pin(
    tx: Transaction,
    *,
    code: str,
    prefix: str,
    pin: SealedPin,
    within: frozenset[str],
    now: datetime,
) -> StaffCode:
    """Give a staff key a PIN under a code, or a new one; it is unlocked, its tries forgotten.

    `within` are the locations that the caller is bound to, none means all: keys that act elsewhere
    are not the caller's to see. Locks: the PINs of the code and of the key.
    Raises: Invalid, UnknownStaffKey, StaffCodeTaken (by a key that is not revoked), StaffKeyHasCode.
    """
    if not (re.fullmatch(CODE, code) and len(code) <= _LONGEST_CODE):
        raise Invalid.at(
            "/code", "A code has 1 to 64 characters, no comma, slash, bar or outer space"
        )
    rows = await tx.select(select(ApiKey).where(col(ApiKey.prefix) == prefix))
    holder = msgspec.convert(dict(rows[0]), Principal) if rows else None
    if (
        holder is None
        or holder.kind != "staff"
        or rows[0]["revoked_at"] is not None
        or not _within(holder, within)
    ):
        raise UnknownStaffKey(prefix)
    replaced = None
    for kept in await _locked(tx, code, holder.id):
        if kept.code != code:
            raise StaffKeyHasCode(kept.code)
        if kept.holder.id != holder.id and kept.revoked_at is None:
            raise StaffCodeTaken(code)
        replaced = kept.holder.id
    if await tx.execute(_PUT, code, holder.id, pin.salt, pin.pin_hash, now, replaced) != 1:
        raise RaceLost
    return StaffCode(code=code, key=prefix, name=holder.name, locked_until=None, updated_at=now)


async def delete_pin(tx: Transaction, code: str, *, within: frozenset[str]) -> None:
    """Take a PIN away. Locks: the PIN. Raises: UnknownStaffPin."""
    await _lock_one(tx, code, within)
    await tx.execute(_DELETE, code)


async def unlock_pin(tx: Transaction, code: str, *, within: frozenset[str]) -> StaffCode:
    """Forget the wrong tries of a PIN, and with them its lock. Locks: the PIN.

    Raises: UnknownStaffPin.
    """
    kept = await _lock_one(tx, code, within)
    await tx.execute(_NOTE, code, 0, None)
    return msgspec.structs.replace(kept, locked_until=None).shown()


async def list_pins(tx: Transaction, *, within: frozenset[str]) -> list[StaffCode]:
    """Return who has a PIN under which code, by code; revoked keys are left out."""
    kept = [_kept(dict(row)) for row in await tx.fetch(_LIST)]
    return [one.shown() for one in kept if _within(one.holder, within)]


async def salt_of(tx: Transaction, code: str, *, now: datetime) -> bytes:
    """Return what a PIN typed under a code is to be hashed with; an unknown code has a salt too.

    Raises: ApprovalLocked, so that a locked PIN costs nobody the time of a hash.
    """
    rows = await tx.select(
        select(StaffPin.salt, StaffPin.locked_until).where(col(StaffPin.code) == code)
    )
    if not rows:
        return NOBODYS_SALT
    if locked := Tries(locked_until=rows[0]["locked_until"]).lock(now=now):
        raise locked
    salt: bytes = rows[0]["salt"]
    return salt


async def try_pin(tx: Transaction, tried: PinTry, *, now: datetime) -> Approver | DomainError:
    """Judge a PIN that was typed under a code, and count it where it is wrong.

    A refusal is a value: the caller commits, so that the try counts. Locks: the PIN, so that of many
    tries at once each is judged after the one before. A PIN replaced since `salt_of` fits no more.
    Outcomes: who approves, ApprovalRefused, ApprovalLocked, ApproverNotAllowed.
    """
    found = await _locked(tx, tried.code)
    if not found or found[0].revoked_at is not None:
        return ApprovalRefused()
    (kept,) = found
    before = Tries(wrong=kept.wrong_tries, locked_until=kept.locked_until)
    fits = hmac.compare_digest(kept.pin_hash, tried.pin_hash)
    tries, refusal = after_try(before, fits=fits, now=now)
    if tries != before:
        await tx.execute(_NOTE, tried.code, tries.wrong, tries.locked_until)
    if refusal is not None:
        return refusal
    holder = kept.holder
    if (
        tried.scope not in holder.scopes
        or not holder.may_act_at(tried.location)
        or holder.channel not in {None, tried.principal.channel}
    ):
        return ApproverNotAllowed(scope=tried.scope, location=tried.location)
    return Approver(id=holder.id, name=holder.name, code=kept.code)


def _within(holder: Principal, within: frozenset[str]) -> bool:
    """Tell whether a key acts nowhere but at these locations; none means all."""
    return not within or (bool(holder.locations) and holder.locations <= within)


async def _lock_one(tx: Transaction, code: str, within: frozenset[str]) -> _Kept:
    found = await _locked(tx, code)
    if not found or not _within(found[0].holder, within):
        raise UnknownStaffPin(code)
    return found[0]


async def _locked(tx: Transaction, code: str, holder: UUID | None = None) -> list[_Kept]:
    return [_kept(dict(row)) for row in await tx.fetch(_LOCK, code, holder)]


def _kept(row: dict[str, object]) -> _Kept:
    return msgspec.convert({**row, "holder": row}, _Kept)
