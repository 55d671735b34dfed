"""A counting task and what becomes of it, step by step. Pure.

Somebody counts some SKUs of a location without being told what the books expect. A figure that
differs by more than the task's threshold waits until somebody else has reviewed it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import catalog, channels, idempotency
from omniretail.errors import DomainError, Forbidden, Missing, Refused
from omniretail.ids import new_id
from omniretail.inventory.accepted import Posted
from omniretail.inventory.counts import CountRow
from omniretail.inventory.levels import Place
from omniretail.inventory.lots import lot_fault
from omniretail.inventory.movements import Source
from omniretail.inventory.rows import RowRefused, place_fault, refused
from omniretail.inventory.stock import Stock, posted

LineState = Literal["assigned", "pending_review", "counted"]
TaskState = Literal["assigned", "pending_review", "counted", "closed"]
TaskStep = Literal["counts", "review", "closing"]

# What each state says: the task is closed, a line is not counted, a line waits for review (None:
# either).
_FACTS: dict[TaskState, tuple[bool | None, bool | None, bool | None]] = {
    "closed": (True, None, None),
    "assigned": (False, True, None),
    "pending_review": (False, False, True),
    "counted": (False, False, False),
}


class UnknownCountTask(Missing):
    """There is no such counting task, or it is not yours to see."""

    def __init__(self, task: UUID) -> None:
        super().__init__(f"There is no counting task {task}.", task=str(task))


class UnknownTaskLine(Missing):
    """The counting task has no such line."""

    def __init__(self, line: int) -> None:
        super().__init__(f"The counting task has no line {line}.", line=line)


class TaskStateRefused(Refused):
    """The counting task, or a line of it, is not in a state for this step."""

    def __init__(self, *, state: TaskState, step: TaskStep, line: int | None = None) -> None:
        what = "The counting task" if line is None else f"Line {line}"
        of_line = {} if line is None else {"line": line}
        super().__init__(
            f"{what} is {state}: no {step} at this point.", state=state, step=step, **of_line
        )


class ReviewOfOwnCount(Forbidden):
    """Who counted may not review what they counted."""

    def __init__(self, line: int) -> None:
        super().__init__(f"Line {line} was counted under this very key.", line=line)


class TaskLine(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU to count, or one lot of it. `variance` is the one booked, or waiting to be, in units."""

    number: int
    sku: str
    lot: str | None = None
    state: LineState = "assigned"
    quantity: int | None = None
    variance: int | None = None
    occurred_at: datetime | None = None
    counted_by: UUID | None = None
    reviewed_by: UUID | None = None
    count_id: UUID | None = None


class CountTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task to count at a location. `review_threshold` None means that nothing is reviewed.

    The document, if there is one, is what made somebody suspect that goods are not there.
    """

    id: UUID
    location: str
    assigned_to: str | None
    review_threshold: int | None
    note: str | None
    due_at: datetime | None
    created_at: datetime
    created_by: UUID
    closed_at: datetime | None = None
    closed_by: UUID | None = None
    version: int = 1
    document_type: str | None = None
    document_id: UUID | None = None
    lines: tuple[TaskLine, ...]

    @property
    def state(self) -> TaskState:
        """What the task's facts add up to."""
        return state_of((line.state for line in self.lines), closed=self.closed_at is not None)


class WantedLine(msgspec.Struct, frozen=True):
    """A SKU that shall be counted; of one tracked by lot, the lot."""

    sku: str
    lot: str | None


class CreateCountTask(msgspec.Struct, frozen=True, kw_only=True):
    """The command to have some SKUs of a location counted."""

    key: idempotency.Key
    principal: channels.Principal
    task_id: UUID
    location: str
    lines: tuple[WantedLine, ...]
    assigned_to: str | None = None
    review_threshold: int | None = None
    note: str | None = None
    due_at: datetime | None = None


class LineCounted(msgspec.Struct, frozen=True, kw_only=True):
    """So many were found; `expected` is what the books should have said."""

    line: int
    quantity: int
    occurred_at: datetime
    expected: int | None = None


class CountLines(msgspec.Struct, frozen=True, kw_only=True):
    """The command that says what was counted; a row that cannot be right stands there as its error."""

    key: idempotency.Key
    principal: channels.Principal
    task_id: UUID
    rows: tuple[LineCounted | DomainError, ...]


class LineReviewed(msgspec.Struct, frozen=True):
    """What the reviewer says of a line that waits."""

    line: int
    decision: Literal["accept", "recount"]


class ReviewLines(msgspec.Struct, frozen=True, kw_only=True):
    """The command to book lines that wait, or to have them counted again."""

    key: idempotency.Key
    principal: channels.Principal
    task_id: UUID
    rows: tuple[LineReviewed, ...]
    note: str | None = None


class CloseCountTask(msgspec.Struct, frozen=True, kw_only=True):
    """The command to close a task of which everything is counted."""

    key: idempotency.Key
    principal: channels.Principal
    task_id: UUID


ChangeCountTask: TypeAlias = CreateCountTask | CountLines | ReviewLines | CloseCountTask


class LineOutcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one row: booked, waiting or sent back (`state`), or refused."""

    state: LineState | None = None
    booked: Posted | None = None
    variance: int | None = None
    refused: RowRefused | None = None


class ChangedTask(msgspec.Struct, frozen=True):
    """A task after a change, and one outcome per row of it, in order."""

    task: CountTask
    outcomes: list[LineOutcome] = []


class Surroundings(msgspec.Struct, frozen=True):
    """All that judging a change needs to know; tasks and stock change as it goes."""

    tasks: dict[UUID, CountTask]
    skus: Mapping[str, catalog.SkuTraits]
    locations: Mapping[str, catalog.LocationSpec]
    stock: Stock
    now: datetime


def state_of(lines: Iterable[LineState], *, closed: bool) -> TaskState:
    """Return a task's state: how far its lines have come, and whether it was closed."""
    states = set(lines)
    found = closed, "assigned" in states, "pending_review" in states
    return next(
        state
        for state, said in _FACTS.items()
        if all(wanted in {None, fact} for wanted, fact in zip(said, found, strict=True))
    )


def facts(state: TaskState) -> tuple[bool | None, bool | None, bool | None]:
    """Return what a state says: closed, a line not counted, a line that waits (None: either)."""
    return _FACTS[state]


def moments(
    tasks: Mapping[UUID, CountTask], command: ChangeCountTask
) -> Iterator[tuple[Place, str | None, datetime]]:
    """Yield where, of which lot and at which moment a command may book a count."""
    task = tasks.get(command.task_id)
    if task is None or not isinstance(command, CountLines | ReviewLines):
        return
    lines = {line.number: line for line in task.lines}
    for row in command.rows:
        if isinstance(row, DomainError) or row.line not in lines:
            continue
        line = lines[row.line]
        at = row.occurred_at if isinstance(row, LineCounted) else line.occurred_at
        if at is not None:
            yield (line.sku, task.location), line.lot, at


def decide(known: Surroundings, command: ChangeCountTask) -> ChangedTask | DomainError:
    """Return what becomes of a task; what is booked is taken into the stock, row by row."""
    if isinstance(command, CreateCountTask):
        return _create(known, command)
    task = known.tasks.get(command.task_id)
    if task is None or not command.principal.may_act_at(task.location):
        return UnknownCountTask(command.task_id)
    if isinstance(command, CloseCountTask):
        if task.state != "counted":
            return TaskStateRefused(state=task.state, step="closing")
        closed = replace(
            task, closed_at=known.now, closed_by=command.principal.id, version=task.version + 1
        )
        return ChangedTask(closed)
    if isinstance(command, CountLines):
        return _count(known, command, task)
    return _review(known, command, task)


def _create(known: Surroundings, command: CreateCountTask) -> ChangedTask | DomainError:
    for line in command.lines:
        if fault := place_fault(
            command.principal, known.skus, known.locations, line.sku, command.location
        ) or lot_fault(line.sku, known.skus[line.sku].tracking, line.lot):
            return fault
    return ChangedTask(
        CountTask(
            id=command.task_id,
            location=command.location,
            assigned_to=command.assigned_to,
            review_threshold=command.review_threshold,
            note=command.note,
            due_at=command.due_at,
            created_at=known.now,
            created_by=command.principal.id,
            lines=tuple(
                TaskLine(number=number, sku=line.sku, lot=line.lot)
                for number, line in enumerate(command.lines, start=1)
            ),
        )
    )


def _count(known: Surroundings, command: CountLines, task: CountTask) -> ChangedTask | DomainError:
    if task.closed_at is not None:
        return TaskStateRefused(state=task.state, step="counts")
    lines = {line.number: line for line in task.lines}
    outcomes: list[LineOutcome] = []
    for row in command.rows:
        counted = (
            row if isinstance(row, DomainError) else _counted(known, command, task, lines, row)
        )
        if isinstance(counted, DomainError):
            outcomes.append(LineOutcome(refused=refused(counted)))
        else:
            lines[counted.number] = counted
            _clear(known.stock, task, lines, counted)
            outcomes.append(_outcome(known.stock, task, counted))
    return ChangedTask(_with_lines(task, lines), outcomes)


def _counted(
    known: Surroundings,
    command: CountLines,
    task: CountTask,
    lines: Mapping[int, TaskLine],
    row: LineCounted,
) -> TaskLine | DomainError:
    """Return a line after it was counted: booked, or waiting for its review."""
    line = lines.get(row.line)
    if line is None:
        return UnknownTaskLine(row.line)
    if line.state != "assigned":
        return TaskStateRefused(state=line.state, step="counts", line=line.number)
    line = replace(
        line,
        quantity=row.quantity,
        occurred_at=row.occurred_at,
        counted_by=command.principal.id,
        reviewed_by=None,
    )
    count = _count_row(task, line, row.expected)
    variance = known.stock.variance(count)
    if isinstance(variance, DomainError):
        return variance
    if task.review_threshold is not None and abs(variance) > task.review_threshold:
        return replace(line, state="pending_review", variance=variance)
    return _booked(known, command, task, line, count)


def _review(
    known: Surroundings, command: ReviewLines, task: CountTask
) -> ChangedTask | DomainError:
    if task.closed_at is not None:
        return TaskStateRefused(state=task.state, step="review")
    lines = {line.number: line for line in task.lines}
    for row in command.rows:
        line = lines.get(row.line)
        if line is None:
            return UnknownTaskLine(row.line)
        if line.state != "pending_review":
            return TaskStateRefused(state=line.state, step="review", line=line.number)
        if line.counted_by == command.principal.id:
            return ReviewOfOwnCount(line.number)
    outcomes: list[LineOutcome] = []
    for row in command.rows:
        line = replace(lines[row.line], reviewed_by=command.principal.id)
        reviewed = _reviewed(known, command, task, line, row)
        if isinstance(reviewed, DomainError):
            outcomes.append(LineOutcome(refused=refused(reviewed)))
        else:
            lines[reviewed.number] = reviewed
            _clear(known.stock, task, lines, reviewed)
            outcomes.append(_outcome(known.stock, task, reviewed))
    return ChangedTask(_with_lines(task, lines), outcomes)


def _reviewed(
    known: Surroundings,
    command: ReviewLines,
    task: CountTask,
    line: TaskLine,
    row: LineReviewed,
) -> TaskLine | DomainError:
    if row.decision == "recount":
        return TaskLine(
            number=line.number, sku=line.sku, lot=line.lot, reviewed_by=line.reviewed_by
        )
    return _booked(known, command, task, line, _count_row(task, line))


def _count_row(task: CountTask, line: TaskLine, expected: int | None = None) -> CountRow:
    assert line.quantity is not None, "the line was counted"
    assert line.occurred_at is not None, "the line was counted"
    return CountRow(
        id=new_id(),
        sku=line.sku,
        location=task.location,
        quantity=line.quantity,
        occurred_at=line.occurred_at,
        lot=line.lot,
        expected=expected,
    )


def _booked(
    known: Surroundings,
    command: CountLines | ReviewLines,
    task: CountTask,
    line: TaskLine,
    count: CountRow,
) -> TaskLine | DomainError:
    source = Source(
        document_type="count_task",
        document_id=task.id,
        actor_id=command.principal.id,
        channel=command.principal.channel,
        occurred_at=count.occurred_at,
        idempotency_key=command.key.key,
    )
    variance = known.stock.count(source, count)
    if isinstance(variance, DomainError):
        return variance
    return replace(line, state="counted", variance=variance, count_id=count.id)


def _clear(stock: Stock, task: CountTask, lines: Mapping[int, TaskLine], counted: TaskLine) -> None:
    """Suspect nothing any more of a SKU of which the last line of a suspicion's task is counted."""
    of_sku = [line.state for line in lines.values() if line.sku == counted.sku]
    if task.document_id is not None and set(of_sku) == {"counted"}:
        stock.clear(counted.sku, task.location)


def _outcome(stock: Stock, task: CountTask, line: TaskLine) -> LineOutcome:
    return LineOutcome(
        state=line.state,
        booked=posted(stock, line.sku, task.location) if line.state == "counted" else None,
        variance=line.variance,
    )


def _with_lines(task: CountTask, lines: Mapping[int, TaskLine]) -> CountTask:
    """Return a task with its lines as they are now: the same where nothing came of the change."""
    changed = tuple(lines[line.number] for line in task.lines)
    if changed == task.lines:
        return task
    return replace(task, lines=changed, version=task.version + 1)
