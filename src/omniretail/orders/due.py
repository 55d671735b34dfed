"""What is due by itself: pickups that nobody collected, reminders, and what providers declined.

Finding and locking it is here. It is done by `change`, in the same transaction, as by anybody else.
"""

from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec

from omniretail import payments
from omniretail.channels import Principal
from omniretail.db import Transaction, sql
from omniretail.idempotency import Key
from omniretail.orders.cancelling import NoShow
from omniretail.orders.changing import Command
from omniretail.orders.failures import NoteFailure
from omniretail.orders.pickups import Remind

_NO_SHOWS = sql("orders.lock_no_shows")
_REMINDERS = sql("orders.lock_reminders")


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A command that is due `since` some time, about the document `id`.

    Its key is made from both, so that whoever finds it again, does it no second time.
    """

    since: datetime
    id: UUID
    command: Command


async def due_no_shows(
    tx: Transaction, *, principal: Principal, after: Due | None = None, most: int, now: datetime
) -> list[Due]:
    """Return up to `most` pickups whose time is over, behind `after`, the longest over first.

    Locks: their orders; what somebody else has locked is left to them.
    """
    rows = await tx.fetch(_NO_SHOWS, now, after and after.since, after and after.id, most)
    return [_pickup(NoShow, "no-show", dict(row), principal, now) for row in rows]


async def due_reminders(
    tx: Transaction, *, principal: Principal, after: Due | None = None, most: int, now: datetime
) -> list[Due]:
    """Return up to `most` pickups to remind of, behind `after`, the longest due first.

    Locks: their orders; what somebody else has locked is left to them.
    """
    rows = await tx.fetch(_REMINDERS, now, after and after.since, after and after.id, most)
    return [_pickup(Remind, "reminder", dict(row), principal, now) for row in rows]


async def due_failures(
    tx: Transaction, *, principal: Principal, after: Due | None = None, most: int, now: datetime
) -> list[Due]:
    """Return up to `most` declined operations that their orders do not know of, behind `after`.

    Locks: those operations, which nobody waits for; what somebody else has locked is left to them.
    """
    found = await payments.untold_failures(tx, after=after.id if after else None, most=most)
    return [
        Due(
            since=operation.done_at,
            id=operation.id,
            command=NoteFailure(
                key=_key(principal, f"failure-{operation.id}"),
                principal=principal,
                operation=operation,
                occurred_at=now,
            ),
        )
        for operation in found
    ]


def _pickup(
    kind: type[NoShow] | type[Remind],
    word: str,
    row: dict[str, Any],
    principal: Principal,
    now: datetime,
) -> Due:
    # A deadline that was moved is another one: it ends, or is reminded of, under a key of its own.
    name = f"{word}-{row['id']}-{row['since'].isoformat()}"
    command = kind(
        key=_key(principal, name), principal=principal, fulfillment_id=row["id"], occurred_at=now
    )
    return Due(since=row["since"], id=row["id"], command=command)


def _key(principal: Principal, name: str) -> Key:
    return Key(principal.id, name, blake2b(name.encode(), digest_size=16).digest())
