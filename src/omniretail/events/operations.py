"""Recording what happened, in the transaction in which it happened, and reading it back.

The sequence number comes from the document: its version counts its events, and its row lock makes
the count gapless. Delivery to others does not live here.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import structs

from omniretail.db import Transaction, Write, sql, write_documents
from omniretail.ids import new_id_text

_RECORD = sql("events.record_events")
_TIMELINE = sql("events.timeline")


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """One event: `sequence` is 1 for a document's first, and grows by 1 with each."""

    document_type: str
    document_id: UUID
    sequence: int
    type: str
    occurred_at: datetime
    actor_id: UUID
    channel: str | None
    data: dict[str, Any]


def record(happened: Sequence[Happened], *, now: datetime) -> list[Write]:
    """Return the writes of events. The caller holds the locks of their documents, or makes them."""
    rows = [{"id": new_id_text(), **structs.asdict(event)} for event in happened]
    return write_documents(_RECORD, rows, now)


async def timeline(tx: Transaction, document_id: UUID) -> list[Happened]:
    """Return everything that happened to a document, first to last."""
    return [
        Happened(**{**row, "data": msgspec.json.decode(row["data"])})
        for row in map(dict, await tx.fetch(_TIMELINE, document_id))
    ]
