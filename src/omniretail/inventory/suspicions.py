"""Suspicions: goods that staff did not find, and the tasks to count them that other domains open.

What is suspected stands in the level (`Stock.suspect`); what becomes of the tasks is `count_task`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from omniretail import channels, events
from omniretail.db import Read, Write, sql
from omniretail.inventory.count_task import CountTask, TaskLine
from omniretail.inventory.levels import Place
from omniretail.inventory.stock import Stock
from omniretail.inventory.tasks import create_writes

_OPEN = sql("inventory.suspicions_open")


class Suspicion(msgspec.Struct, frozen=True, kw_only=True):
    """SKUs that staff did not find at a location, the document they looked for, and the task to be."""

    task_id: UUID
    principal: channels.Principal
    location: str
    skus: tuple[str, ...]
    document_id: UUID
    document_type: str = "order"
    note: str | None = None


def suspicions_open(places: Iterable[Place]) -> Read[set[Place]]:
    """Return the read of those of `places` that a suspicion's task is open for: they need no other.

    The caller holds the levels of the places, and reads this in a statement after the one that locked
    them: tasks of a suspicion are opened and counted only under those locks.
    """
    ordered = sorted(set(places))
    return Read(
        _OPEN,
        ([sku for sku, _ in ordered], [location for _, location in ordered]),
        lambda rows: {(row["sku"], row["location"]) for row in rows},
    )


def suspicion_tasks(stock: Stock, suspicions: Sequence[Suspicion], *, now: datetime) -> list[Write]:
    """Return the writes of one counting task per suspicion, each with its first event.

    A SKU tracked by lot has a line for each lot of which something is there. What there is nothing
    of to count opens no task. The caller holds the levels and has surveyed them, names no kit, and
    no place twice or that `suspicions_open` told of. Its own transaction is done once under a key;
    the tasks have none.
    """
    tasks = [
        (suspicion, task)
        for suspicion in suspicions
        if (task := _task(stock, suspicion, now)).lines
    ]
    return [
        *create_writes([task for _, task in tasks]),
        *events.record([_created(suspicion, now) for suspicion, _ in tasks], now=now),
    ]


def _task(stock: Stock, suspicion: Suspicion, now: datetime) -> CountTask:
    wanted = [
        (sku, lot) for sku in suspicion.skus for lot in stock.lots_to_count(sku, suspicion.location)
    ]
    return CountTask(
        id=suspicion.task_id,
        location=suspicion.location,
        assigned_to=None,
        review_threshold=None,
        note=suspicion.note,
        due_at=None,
        created_at=now,
        created_by=suspicion.principal.id,
        document_type=suspicion.document_type,
        document_id=suspicion.document_id,
        lines=tuple(
            TaskLine(number=number, sku=sku, lot=lot)
            for number, (sku, lot) in enumerate(wanted, start=1)
        ),
    )


def _created(suspicion: Suspicion, now: datetime) -> events.Happened:
    return events.Happened(
        document_type="count_task",
        document_id=suspicion.task_id,
        sequence=1,
        type="count_task_created",
        occurred_at=now,
        actor_id=suspicion.principal.id,
        channel=suspicion.principal.channel,
        data={
            "document_type": suspicion.document_type,
            "document_id": str(suspicion.document_id),
        },
    )
