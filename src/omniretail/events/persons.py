"""Events as a person's timeline shows them, and taking out of them what is personal."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from omniretail.db import Read, Transaction, sql
from omniretail.events.operations import Happened

_BEFORE = sql("events.events_before")
_DATA_OF = sql("events.data_of")
_SAY = sql("events.say")


class Recorded(Happened, frozen=True, kw_only=True):
    """An event under its own identity."""

    id: UUID


def events_before(
    document_ids: Collection[UUID], *, before: tuple[datetime, UUID] | None, limit: int
) -> Read[list[Recorded]]:
    """Return the read of the events of documents, the latest first, that occurred before `before`."""
    moment, last = before or (None, None)
    return Read(
        _BEFORE,
        (list(document_ids), moment, last, limit),
        lambda rows: msgspec.convert(rows, list[Recorded]),
    )


async def restate(
    tx: Transaction,
    document_ids: Collection[UUID],
    say: Callable[[str, dict[str, Any]], dict[str, Any]],
) -> int:
    """Have the events of documents say something else, as `say` tells by type and data; returns how many.

    That something happened, when and by whom stays. Locks: the events it changes.
    """
    changes = []
    for row in await tx.fetch(_DATA_OF, list(document_ids)):
        data = msgspec.json.decode(row["data"])
        if (said := say(row["type"], data)) != data:
            changes.append((row["id"], row["recorded_at"], msgspec.json.encode(said).decode()))
    if changes:
        await tx.execute(_SAY, *map(list, zip(*changes, strict=True)))
    return len(changes)
