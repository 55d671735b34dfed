"""Counting tasks: creating and changing them in batches, and reading them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from omniretail import catalog, channels, events, idempotency
from omniretail.db import Transaction, Write, sql, write_columns
from omniretail.errors import DomainError
from omniretail.inventory.count_task import (
    ChangeCountTask,
    ChangedTask,
    CloseCountTask,
    CountLines,
    CountTask,
    CreateCountTask,
    LineCounted,
    ReviewLines,
    Surroundings,
    TaskLine,
    TaskState,
    UnknownCountTask,
    decide,
    facts,
    moments,
)
from omniretail.inventory.operations import lock, lock_made, write
from omniretail.inventory.survey import Asked, survey

_LOCK = sql("inventory.lock_count_tasks")
_TASKS = sql("inventory.count_tasks")
_LINES = sql("inventory.lines_of_count_tasks")
_LIST = sql("inventory.list_count_tasks")
_CREATE = sql("inventory.create_count_tasks")
_CREATE_LINES = sql("inventory.create_count_task_lines")
_CHANGE = sql("inventory.change_count_tasks")
_CHANGE_LINES = sql("inventory.change_count_task_lines")

_TASK_COLUMNS = (
    *("id", "location", "assigned_to", "review_threshold", "note", "due_at"),
    *("created_at", "created_by", "version", "document_type", "document_id"),
)
_LINE_COLUMNS = (
    *("number", "state", "quantity", "variance", "occurred_at"),
    *("counted_by", "reviewed_by", "count_id"),
)


async def change_count_tasks(
    tx: Transaction, commands: Sequence[ChangeCountTask], *, now: datetime
) -> list[idempotency.Answer[ChangedTask] | DomainError]:
    """Create, count, review or close counting tasks; one outcome per command, in order.

    Locks: keys, tasks by id, then levels by (SKU, location). Outcomes: the task after the change
    with an outcome per row (of counts: CountStale, CountContradicted, UnknownTaskLine and others
    refuse their row alone), UnknownSku, UnknownLocation, LocationNotYours, KitHasNoStock,
    LotMissing, LotNotTracked, UnknownCountTask, UnknownTaskLine, TaskStateRefused, ReviewOfOwnCount.
    """
    return await idempotency.once(tx, commands, partial(_change, tx, now=now), ChangedTask, now=now)


async def _change(
    tx: Transaction, commands: Sequence[ChangeCountTask], *, now: datetime
) -> list[ChangedTask | DomainError]:
    known = await _surroundings(tx, commands, now=now)
    before = dict(known.tasks)
    outcomes: list[ChangedTask | DomainError] = []
    happened: list[events.Happened] = []
    for command in commands:
        outcome = decide(known, command)
        outcomes.append(outcome)
        if isinstance(outcome, DomainError):
            continue
        task = outcome.task
        if known.tasks.get(task.id) != task:
            known.tasks[task.id] = task
            happened.append(_event(command, task, now))
    await tx.write(
        *write(known.stock, now=now),
        *_task_writes(before, known.tasks),
        *events.record(happened, now=now),
    )
    return outcomes


async def _surroundings(
    tx: Transaction, commands: Sequence[ChangeCountTask], *, now: datetime
) -> Surroundings:
    """Lock the tasks, then the levels that are counted, and learn what judging them needs."""
    creations = [command for command in commands if isinstance(command, CreateCountTask)]
    ids = {command.task_id for command in commands} - {command.task_id for command in creations}
    tasks = await _load(tx, _LOCK, sorted(ids)) if ids else {}
    asked_for = [moment for command in commands for moment in moments(tasks, command)]
    places = {place for place, _, _ in asked_for}
    skus, locations, stock = await tx.read(
        catalog.skus_by_code(
            {sku for sku, _ in places} | {line.sku for task in creations for line in task.lines}
        ),
        catalog.locations_by_code({command.location for command in creations}),
        lock(places),
    )
    if not places <= stock.before.keys():
        # A figure is absolute: it needs a level that stands still.
        stock = await lock_made(tx, places)
    asked = Asked(
        earliest=min((at for _, _, at in asked_for), default=now),
        counts=asked_for,
        lots=[lot for _, lot, _ in asked_for if lot],
    )
    await survey(tx, stock, skus, asked, now=now)
    return Surroundings(tasks, skus, locations, stock, now)


async def find_count_task(
    tx: Transaction, task_id: UUID, *, principal: channels.Principal
) -> CountTask:
    """Return one counting task. Raises: UnknownCountTask, also where it is not yours."""
    task = (await _load(tx, _TASKS, [task_id])).get(task_id)
    if task is None or not principal.may_act_at(task.location):
        raise UnknownCountTask(task_id)
    return task


async def count_task_timeline(
    tx: Transaction, task_id: UUID, *, principal: channels.Principal
) -> list[events.Happened]:
    """Return all that happened to a counting task, first to last. Raises: UnknownCountTask."""
    await find_count_task(tx, task_id, principal=principal)
    return await events.timeline(tx, task_id)


async def list_count_tasks(
    tx: Transaction,
    *,
    principal: channels.Principal,
    location: str | None = None,
    state: TaskState | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[CountTask]:
    """Return the counting tasks a principal may see, the latest first, older than `before`."""
    rows = await tx.fetch(
        _LIST,
        location,
        sorted(principal.locations) or None,
        *(facts(state) if state else (None, None, None)),
        before,
        limit,
    )
    return list((await _with_lines(tx, rows)).values())


async def _load(tx: Transaction, statement: str, ids: Sequence[UUID]) -> dict[UUID, CountTask]:
    return await _with_lines(tx, await tx.fetch(statement, list(ids)))


async def _with_lines(tx: Transaction, rows: Sequence[Any]) -> dict[UUID, CountTask]:
    """Return tasks by id; their lines are read by a statement of its own, after their lock."""
    lines: dict[UUID, list[TaskLine]] = {row["id"]: [] for row in rows}
    for row in map(dict, await tx.fetch(_LINES, list(lines)) if lines else []):
        lines[row.pop("task_id")].append(TaskLine(**row))
    return {row["id"]: CountTask(**dict(row), lines=tuple(lines[row["id"]])) for row in rows}


def _event(command: ChangeCountTask, task: CountTask, now: datetime) -> events.Happened:
    kind = "created"
    data: dict[str, Any] = {}
    if isinstance(command, CountLines):
        kind = "counted"
        data = {"lines": [row.line for row in command.rows if isinstance(row, LineCounted)]}
    elif isinstance(command, ReviewLines):
        kind = "reviewed"
        data = {"lines": msgspec.to_builtins(command.rows), "note": command.note}
    elif isinstance(command, CloseCountTask):
        kind = "closed"
    return events.Happened(
        document_type="count_task",
        document_id=task.id,
        sequence=task.version,
        type=f"count_task_{kind}",
        occurred_at=now,
        actor_id=command.principal.id,
        channel=command.principal.channel,
        data=data,
    )


def create_writes(tasks: Sequence[CountTask]) -> list[Write]:
    """Return the writes of new counting tasks and their lines."""
    return [
        *write_columns(
            _CREATE, [[getattr(task, name) for name in _TASK_COLUMNS] for task in tasks]
        ),
        *write_columns(
            _CREATE_LINES,
            [(task.id, line.number, line.sku, line.lot) for task in tasks for line in task.lines],
        ),
    ]


def _task_writes(before: Mapping[UUID, CountTask], after: Mapping[UUID, CountTask]) -> list[Write]:
    new = [task for task in after.values() if task.id not in before]
    stood = [task for task in after.values() if task.id in before and before[task.id] != task]
    return [
        *create_writes(new),
        *write_columns(
            _CHANGE, [(task.id, task.closed_at, task.closed_by, task.version) for task in stood]
        ),
        *write_columns(
            _CHANGE_LINES,
            [
                [task.id, *(getattr(line, name) for name in _LINE_COLUMNS)]
                for task in stood
                for was, line in zip(before[task.id].lines, task.lines, strict=True)
                if was != line
            ],
        ),
    ]
