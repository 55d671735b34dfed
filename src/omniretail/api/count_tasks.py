"""Counting over HTTP: tasks and what becomes of them, and the list of counts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from omniretail import clock, inventory
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.order_views import EventView, TimelineView
from omniretail.api.paging import Cursor, Limit, Page, id_cursor, page
from omniretail.api.process import Tx
from omniretail.api.stock_documents import LevelView, Lot, row_problem
from omniretail.api.wire import Code, CodeInQueryOrNone, Moment, Request, Text, View, moment
from omniretail.errors import DomainError, Invalid
from omniretail.ids import new_id

_MOST_LINES = 2_000

LineNumber = Annotated[int, Meta(ge=1, le=_MOST_LINES)]
LineState = Literal["assigned", "pending_review", "counted"]
TaskState = Literal["assigned", "pending_review", "counted", "closed"]


class WantedLineRequest(Request, frozen=True, kw_only=True):
    """A SKU to count, or one lot of it."""

    sku: Code
    lot: Lot | None = None


class CountTaskRequest(Request, frozen=True, kw_only=True):
    """What shall be counted at a location: `skus`, or `lines` where lots are to be named.

    A count that differs by more than `review_threshold` units waits for a review; without one,
    none does.
    """

    location: Code
    skus: Annotated[tuple[Code, ...], Meta(max_length=_MOST_LINES)] = ()
    lines: Annotated[tuple[WantedLineRequest, ...], Meta(max_length=_MOST_LINES)] = ()
    assigned_to: Text | None = None
    review_threshold: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    due_at: Moment | None = None
    note: Text | None = None


class LineCountRequest(Request, frozen=True, kw_only=True):
    """So many were there when they were counted; `expected` is what the books should say."""

    line: LineNumber
    quantity: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    expected: int | None = None
    occurred_at: Moment | None = None


class LineCountsRequest(Request, frozen=True, kw_only=True):
    """What was counted, each line by itself."""

    lines: Annotated[tuple[LineCountRequest, ...], Meta(min_length=1, max_length=_MOST_LINES)]


class LineReviewRequest(Request, frozen=True, kw_only=True):
    """What is said of a line that waits: `accept` books it, `recount` has it counted again."""

    line: LineNumber
    decision: Literal["accept", "recount"]


class ReviewRequest(Request, frozen=True, kw_only=True):
    """The review of lines that wait."""

    lines: Annotated[tuple[LineReviewRequest, ...], Meta(min_length=1, max_length=_MOST_LINES)]
    note: Text | None = None


class ClosingRequest(Request, frozen=True, kw_only=True):
    """The task is done: nothing more to say."""


class TaskLineView(View, frozen=True, kw_only=True):
    """A line: who counts it is not told what the books expect; afterwards the variance is."""

    line: int
    sku: str
    lot: str | None
    state: LineState
    quantity: int | None
    variance: int | None
    occurred_at: Moment | None
    counted_by: UUID | None
    reviewed_by: UUID | None
    count_id: UUID | None


class CountTaskView(View, frozen=True, kw_only=True):
    """A counting task, and how far it has come; its document, if any, is what goods were missing for."""

    id: UUID
    state: TaskState
    location: str
    assigned_to: str | None
    review_threshold: int | None
    note: str | None
    due_at: Moment | None
    created_at: Moment
    created_by: UUID
    closed_at: Moment | None
    closed_by: UUID | None
    version: int
    document_type: str | None
    document_id: UUID | None
    lines: list[TaskLineView]


class LineOutcomeView(View, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a row: booked with its level, waiting, to be counted again, or refused."""

    status: Literal["booked", "pending_review", "recount", "refused"]
    level: LevelView | None = None
    variance: int | None = None
    problem: dict[str, Any] | None = None


class CountedTaskView(View, frozen=True, kw_only=True):
    """A counting task after a change, and one outcome per row, in order."""

    task: CountTaskView
    outcomes: list[LineOutcomeView]


class CountView(View, frozen=True, kw_only=True):
    """A count as the ledger keeps it; late events change its variance."""

    id: UUID
    recorded_at: Moment
    occurred_at: Moment
    sku: str
    location: str
    lot: str | None
    quantity: int
    variance: int
    document_type: str
    document_id: UUID
    actor_id: UUID


@post("/v1/stock/count-tasks", opt={"scope": "stock:write"}, status_code=201)
async def create_count_task(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[CountTaskRequest],
    idempotency_key: KeyHeader = None,
) -> Response[CountTaskView]:
    """Have some SKUs of a location counted."""
    command = inventory.CreateCountTask(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        task_id=new_id(),
        location=data.location,
        lines=_wanted(data),
        assigned_to=data.assigned_to,
        review_threshold=data.review_threshold,
        note=data.note,
        due_at=data.due_at,
    )
    answer = await request.app.state.process.change_count_task(command)
    return answered(answer, lambda changed: _task(changed.task), status=201)


@get("/v1/stock/count-tasks", opt={"scope": "stock:read"})
async def list_count_tasks(
    tx: Tx,
    request: HttpRequest[Any, Any, Any],
    location: CodeInQueryOrNone = None,
    wanted: Annotated[TaskState | None, QueryParameter(name="state")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[CountTaskView]:
    """List the counting tasks you may see, the latest first."""
    found = await inventory.list_count_tasks(
        tx,
        principal=request.user,
        location=location,
        state=wanted,
        before=id_cursor(cursor),
        limit=limit + 1,
    )
    return page(found, limit=limit, view=_task, key=lambda task: task.id)


@get("/v1/stock/count-tasks/{task_id:uuid}", opt={"scope": "stock:read"})
async def get_count_task(
    tx: Tx, request: HttpRequest[Any, Any, Any], task_id: FromPath[UUID]
) -> CountTaskView:
    """Return a counting task."""
    return _task(await inventory.find_count_task(tx, task_id, principal=request.user))


@get("/v1/stock/count-tasks/{task_id:uuid}/timeline", opt={"scope": "stock:read"})
async def get_count_task_timeline(
    tx: Tx, request: HttpRequest[Any, Any, Any], task_id: FromPath[UUID]
) -> TimelineView:
    """Return all that happened to a counting task, with the notes of its reviews."""
    happened = await inventory.count_task_timeline(tx, task_id, principal=request.user)
    return TimelineView(
        items=[msgspec.convert(event, EventView, from_attributes=True) for event in happened]
    )


@post("/v1/stock/count-tasks/{task_id:uuid}/counts", opt={"scope": "stock:write"}, status_code=200)
async def count_task_lines(
    request: HttpRequest[Any, Any, Any],
    task_id: FromPath[UUID],
    data: JSONBody[LineCountsRequest],
    idempotency_key: KeyHeader = None,
) -> Response[CountedTaskView]:
    """Say what was counted: an outcome per line.

    Within the task's threshold a count is booked at once; above it, it waits for a review, and
    nothing is booked.
    """
    command = inventory.CountLines(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        task_id=task_id,
        rows=tuple(_rows(data.lines)),
    )
    answer = await request.app.state.process.change_count_task(command)
    return answered(answer, _changed, status=200)


@post("/v1/stock/count-tasks/{task_id:uuid}/review", opt={"scope": "stock:write"}, status_code=200)
async def review_count_task(
    request: HttpRequest[Any, Any, Any],
    task_id: FromPath[UUID],
    data: JSONBody[ReviewRequest],
    idempotency_key: KeyHeader = None,
) -> Response[CountedTaskView]:
    """Review lines that wait: book them at the moment they were counted, or have them counted again.

    Who counted a line may not review it.
    """
    if len({line.line for line in data.lines}) != len(data.lines):
        raise Invalid.at("/lines", "Name each line once")
    command = inventory.ReviewLines(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        task_id=task_id,
        rows=tuple(inventory.LineReviewed(line.line, line.decision) for line in data.lines),
        note=data.note,
    )
    answer = await request.app.state.process.change_count_task(command)
    return answered(answer, _changed, status=200)


@post("/v1/stock/count-tasks/{task_id:uuid}/closing", opt={"scope": "stock:write"}, status_code=200)
async def close_count_task(
    request: HttpRequest[Any, Any, Any],
    task_id: FromPath[UUID],
    data: JSONBody[ClosingRequest],
    idempotency_key: KeyHeader = None,
) -> Response[CountTaskView]:
    """Close a counting task of which everything is counted."""
    command = inventory.CloseCountTask(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        task_id=task_id,
    )
    answer = await request.app.state.process.change_count_task(command)
    return answered(answer, lambda changed: _task(changed.task), status=200)


@get("/v1/stock/counts", opt={"scope": "stock:read"})
async def list_counts(
    tx: Tx,
    sku: CodeInQueryOrNone = None,
    location: CodeInQueryOrNone = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[CountView]:
    """List counts, the latest recorded first, each with its variance as it is by now."""
    found = await inventory.list_counts(
        tx, sku=sku, location=location, before=id_cursor(cursor), limit=limit + 1
    )
    return page(
        found,
        limit=limit,
        view=lambda count: msgspec.convert(count, CountView, from_attributes=True),
        key=lambda count: count.id,
    )


def _wanted(data: CountTaskRequest) -> tuple[inventory.WantedLine, ...]:
    wanted = [inventory.WantedLine(sku, None) for sku in data.skus]
    wanted += [inventory.WantedLine(line.sku, line.lot) for line in data.lines]
    if not 1 <= len(wanted) <= _MOST_LINES:
        raise Invalid.at("/lines", f"Name 1 to {_MOST_LINES} SKUs to count")
    if len(set(wanted)) != len(wanted):
        raise Invalid.at("/lines", "Name each SKU once, or each lot of it")
    return tuple(wanted)


def _rows(lines: Sequence[LineCountRequest]) -> list[inventory.LineCounted | DomainError]:
    now = clock.now()
    rows: list[inventory.LineCounted | DomainError] = []
    for position, line in enumerate(lines):
        try:
            rows.append(_row(line, now, f"/lines/{position}"))
        except Invalid as error:
            rows.append(error)
    return rows


def _row(line: LineCountRequest, now: datetime, pointer: str) -> inventory.LineCounted:
    return inventory.LineCounted(
        line=line.line,
        quantity=line.quantity,
        expected=line.expected,
        occurred_at=moment(line.occurred_at, now=now, pointer=f"{pointer}/occurred_at"),
    )


def _changed(changed: inventory.ChangedTask) -> CountedTaskView:
    return CountedTaskView(
        task=_task(changed.task), outcomes=[_outcome(outcome) for outcome in changed.outcomes]
    )


def _outcome(outcome: inventory.LineOutcome) -> LineOutcomeView:
    if outcome.refused:
        return LineOutcomeView(status="refused", problem=row_problem(outcome.refused))
    if outcome.booked:
        return LineOutcomeView(
            status="booked",
            level=msgspec.convert(outcome.booked, LevelView, from_attributes=True),
            variance=outcome.variance,
        )
    if outcome.state == "pending_review":
        return LineOutcomeView(status="pending_review", variance=outcome.variance)
    return LineOutcomeView(status="recount")


def _task(task: inventory.CountTask) -> CountTaskView:
    return CountTaskView(
        id=task.id,
        state=task.state,
        location=task.location,
        assigned_to=task.assigned_to,
        review_threshold=task.review_threshold,
        note=task.note,
        due_at=task.due_at,
        created_at=task.created_at,
        created_by=task.created_by,
        closed_at=task.closed_at,
        closed_by=task.closed_by,
        version=task.version,
        document_type=task.document_type,
        document_id=task.document_id,
        lines=[
            TaskLineView(
                line=line.number,
                sku=line.sku,
                lot=line.lot,
                state=line.state,
                quantity=line.quantity,
                variance=line.variance,
                occurred_at=line.occurred_at,
                counted_by=line.counted_by,
                reviewed_by=line.reviewed_by,
                count_id=line.count_id,
            )
            for line in task.lines
        ],
    )


HANDLERS = [
    create_count_task,
    list_count_tasks,
    get_count_task,
    get_count_task_timeline,
    count_task_lines,
    review_count_task,
    close_count_task,
    list_counts,
]
