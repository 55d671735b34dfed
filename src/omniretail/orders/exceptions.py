"""Exceptions: what staff must look after, because no rule could; opened by its cause, closed by hand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from omniretail.db import Write, sql, write_documents
from omniretail.ids import new_id

_OPEN = sql("orders.open_exceptions")

ExceptionKind = Literal["not_sourced", "capture_failed", "refund_failed", "void_failed"]


class NewException(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be looked after: of which order, and in `detail` all that staff need to know."""

    order_id: UUID
    kind: ExceptionKind
    detail: dict[str, Any]
    fulfillment_id: UUID | None = None
    id: UUID = msgspec.field(default_factory=new_id)


def open_exceptions(opened: Sequence[NewException], *, now: datetime) -> list[Write]:
    """Return the writes of new exceptions, whose orders are locked."""
    return write_documents(_OPEN, opened, now)
