"""Taking out of remembered answers what is personal, so that repeated writes tell it no longer."""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

import msgspec

from omniretail.db import Transaction, sql

_NAMING = sql("idempotency.answers_naming")
_ANSWER = sql("idempotency.answer_anew")
_AT_ONCE = 500


async def restate_answers(
    tx: Transaction, document_ids: Collection[UUID], say: Callable[[Any], Any]
) -> int:
    """Have the remembered answers that name documents say something else; returns how many do.

    They are read so many at a time. The hash of what was asked stays: a repeated write is known as
    one. Locks: the keys it changes, by principal and key.
    """
    changed = 0
    wanted = sorted(map(str, document_ids))
    principal_id, key = UUID(int=0), ""
    while rows := await tx.fetch(_NAMING, wanted, principal_id, key, _AT_ONCE):
        changes = []
        for row in rows:
            answer = msgspec.json.decode(row["answer"])
            if (said := say(answer)) != answer:
                changes.append(
                    (row["principal_id"], row["key"], msgspec.json.encode(said).decode())
                )
        if changes:
            changed += await tx.execute(_ANSWER, *map(list, zip(*changes, strict=True)))
        principal_id, key = rows[-1]["principal_id"], rows[-1]["key"]
    return changed
