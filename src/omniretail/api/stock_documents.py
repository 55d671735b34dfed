"""Stock documents over HTTP: receipts, adjustments, set-asides and counts, an outcome per line."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request as HttpRequest
from litestar import Response, get, post, put
from litestar.params import JSONBody
from msgspec import Meta

from omniretail import clock, inventory
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.problems import status
from omniretail.api.process import Tx
from omniretail.api.wire import (
    Change,
    Code,
    CodeInPath,
    Moment,
    Quantity,
    Request,
    RowFault,
    RowsRequest,
    Serials,
    Text,
    View,
    moment,
)
from omniretail.errors import DomainError, Invalid, subclasses
from omniretail.ids import new_id

_MOST_ROWS = 10_000

Shelf = Literal["available", "damaged", "quality_control"]
Lot = Annotated[Code, Meta(description="Of a SKU tracked by lot")]


class UnitCost(Request, frozen=True, kw_only=True):
    """What one unit cost: `"12.5"` is 12 and a half minor units of the currency."""

    amount: Annotated[
        str, Meta(pattern=r"^\d{1,15}(\.\d{1,6})?\Z", description="Minor units", examples=["1250"])
    ]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z", description="ISO 4217")]


class ReceiptLine(Request, frozen=True, kw_only=True):
    """Goods that arrived: from a supplier to sell, or back from a customer."""

    sku: Code
    location: Code
    quantity: Quantity
    reason: Code = "purchase"
    source: Literal["supplier", "customer"] = "supplier"
    state: Shelf = "available"
    lot: Lot | None = None
    expires_on: date | None = None
    serials: Serials = ()
    unit_cost: UnitCost | None = None
    expected_receipt: UUID | None = None
    corrects: UUID | None = None
    occurred_at: Moment | None = None


class ReceiptRequest(RowsRequest, frozen=True, kw_only=True):
    """A receipt: each line is booked by itself, unless it is all or nothing."""

    lines: Annotated[tuple[ReceiptLine, ...], Meta(min_length=1, max_length=_MOST_ROWS)]


class AdjustmentLine(Request, frozen=True, kw_only=True):
    """The shelf holds `change` more, or fewer where below 0, than the books say."""

    sku: Code
    location: Code
    change: Change
    reason: Code
    lot: Lot | None = None
    corrects: UUID | None = None
    occurred_at: Moment | None = None


class AdjustmentRequest(RowsRequest, frozen=True, kw_only=True):
    """An adjustment: each line is booked by itself, unless it is all or nothing."""

    lines: Annotated[tuple[AdjustmentLine, ...], Meta(min_length=1, max_length=_MOST_ROWS)]


class SetAsideLine(Request, frozen=True, kw_only=True):
    """Goods put aside, put back, graded anew, or written off (`to` is `shrinkage`)."""

    sku: Code
    location: Code
    quantity: Quantity
    from_state: Shelf = "available"
    to_state: Shelf | Literal["shrinkage"]
    reason: Code
    lot: Lot | None = None
    corrects: UUID | None = None
    occurred_at: Moment | None = None


class SetAsideRequest(RowsRequest, frozen=True, kw_only=True):
    """A set-aside: each line is booked by itself, unless it is all or nothing."""

    lines: Annotated[tuple[SetAsideLine, ...], Meta(min_length=1, max_length=_MOST_ROWS)]


class CountLine(Request, frozen=True, kw_only=True):
    """So many were there when they were counted; `expected` is what the books should say."""

    sku: Code
    location: Code
    quantity: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    expected: int | None = None
    lot: Lot | None = None
    occurred_at: Moment | None = None


class CountRequest(RowsRequest, frozen=True, kw_only=True):
    """Counts: each line is booked by itself, unless they are all or nothing."""

    lines: Annotated[tuple[CountLine, ...], Meta(min_length=1, max_length=_MOST_ROWS)]


class LevelView(View, frozen=True, kw_only=True):
    """A level right after a row was booked."""

    sku: str
    location: str
    on_hand: int
    allocated: int
    held: int
    damaged: int
    quality_control: int
    available_to_promise: int


class RowView(View, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a row: the level after it, or the problem that refused it."""

    status: Literal["booked", "refused"]
    level: LevelView | None = None
    variance: int | None = None
    problem: dict[str, Any] | None = None


class DocumentView(View, frozen=True, kw_only=True):
    """A stock document: its identity, and one outcome per row, in order."""

    id: UUID
    outcomes: list[RowView]


class ReasonRequest(Request, frozen=True, kw_only=True):
    """A reason code: `in` explains more to sell, `out` less."""

    name: Text
    direction: Literal["in", "out", "either"]
    status: Literal["active", "retired"] = "active"


class ReasonView(View, frozen=True, kw_only=True):
    """A reason code."""

    code: str
    name: str
    direction: Literal["in", "out", "either"]
    status: Literal["active", "retired"]


class ReasonList(View, frozen=True, kw_only=True):
    """Every reason, retired ones too."""

    items: list[ReasonView]


@post("/v1/stock/receipts", opt={"scope": "stock:write"}, status_code=201)
async def receive(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[ReceiptRequest],
    idempotency_key: KeyHeader = None,
) -> Response[DocumentView]:
    """Receive goods: an outcome per line; also as newline-delimited JSON."""

    def row(line: ReceiptLine, at: datetime, pointer: str) -> inventory.DocumentRow:
        if line.source == "supplier" and line.state != "available":
            raise Invalid.at(f"{pointer}/state", "What a supplier brings is set aside afterwards")
        return inventory.DocumentRow(
            sku=line.sku,
            location=line.location,
            quantity=line.quantity,
            reason=line.reason,
            from_state=line.source,
            to_state=line.state,
            lot=line.lot,
            expires_on=line.expires_on,
            serials=line.serials or None,
            unit_cost=_cost(line.unit_cost),
            expected_receipt=line.expected_receipt,
            corrects=line.corrects,
            occurred_at=at,
        )

    return await _booked(request, "receipt", data, row, idempotency_key)


@post("/v1/stock/adjustments", opt={"scope": "stock:write"}, status_code=201)
async def adjust(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[AdjustmentRequest],
    idempotency_key: KeyHeader = None,
) -> Response[DocumentView]:
    """Adjust stock, with a reason per line: an outcome per line; also as newline-delimited JSON."""

    def row(line: AdjustmentLine, at: datetime, pointer: str) -> inventory.DocumentRow:
        if line.change == 0:
            raise Invalid.at(f"{pointer}/change", "A change is not 0")
        return inventory.DocumentRow(
            sku=line.sku,
            location=line.location,
            quantity=line.change,
            reason=line.reason,
            lot=line.lot,
            corrects=line.corrects,
            occurred_at=at,
        )

    return await _booked(request, "adjustment", data, row, idempotency_key)


@post("/v1/stock/set-asides", opt={"scope": "stock:write"}, status_code=201)
async def set_aside(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[SetAsideRequest],
    idempotency_key: KeyHeader = None,
) -> Response[DocumentView]:
    """Set stock aside, put it back or write it off: an outcome per line; also as newline-delimited JSON.

    `available` → `damaged` or `quality_control` takes goods from sale; back again puts them on sale;
    `damaged` or `quality_control` → `shrinkage` writes them off. What is on sale is written off by
    an adjustment.
    """

    def row(line: SetAsideLine, at: datetime, pointer: str) -> inventory.DocumentRow:
        if line.from_state == line.to_state:
            raise Invalid.at(f"{pointer}/to_state", "Goods go from one state to another")
        if (line.from_state, line.to_state) == ("available", "shrinkage"):
            raise Invalid.at(f"{pointer}/to_state", "What is on sale is lost by an adjustment")
        return inventory.DocumentRow(
            sku=line.sku,
            location=line.location,
            quantity=line.quantity,
            from_state=line.from_state,
            to_state=line.to_state,
            reason=line.reason,
            lot=line.lot,
            corrects=line.corrects,
            occurred_at=at,
        )

    return await _booked(request, "set_aside", data, row, idempotency_key)


@post("/v1/stock/counts", opt={"scope": "stock:write"}, status_code=201)
async def count(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[CountRequest],
    idempotency_key: KeyHeader = None,
) -> Response[DocumentView]:
    """Count stock: an outcome per line, with its variance; also as newline-delimited JSON.

    A count speaks of its own moment. What happened before it and is told later changes its variance,
    not today's figure; what happened after it changes today's figure.
    """

    def row(line: CountLine, at: datetime, _: str) -> inventory.DocumentRow:
        return inventory.DocumentRow(
            sku=line.sku,
            location=line.location,
            quantity=line.quantity,
            expected=line.expected,
            lot=line.lot,
            occurred_at=at,
        )

    return await _booked(request, "count", data, row, idempotency_key)


@get("/v1/stock/reasons", opt={"scope": "stock:read"})
async def list_reasons(tx: Tx) -> ReasonList:
    """List the reason codes, retired ones too."""
    return ReasonList(items=[_reason(reason) for reason in await inventory.list_reasons(tx)])


@put("/v1/stock/reasons/{code:str}", opt={"scope": "catalog:write"})
async def put_reason(tx: Tx, code: CodeInPath, data: JSONBody[ReasonRequest]) -> ReasonView:
    """Create a reason code of your own, or change or retire one."""
    reason = inventory.Reason(
        code=code, name=data.name, direction=data.direction, status=data.status
    )
    return _reason(await inventory.put_reason(tx, reason, now=clock.now()))


async def _booked(
    request: HttpRequest[Any, Any, Any],
    kind: inventory.DocumentType,
    data: RowsRequest,
    row: Callable[[Any, datetime, str], inventory.DocumentRow],
    idempotency_key: str | None,
) -> Response[DocumentView]:
    command = inventory.BookDocument(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        document_id=new_id(),
        type=kind,
        rows=tuple(_rows(data.lines, row)),
        all_or_nothing=data.all_or_nothing,
    )
    return answered(await request.app.state.process.book(command), document_view, status=201)


def _rows(
    lines: Sequence[Any], row: Callable[[Any, datetime, str], inventory.DocumentRow]
) -> list[inventory.DocumentRow | DomainError]:
    now = clock.now()
    rows: list[inventory.DocumentRow | DomainError] = []
    for position, line in enumerate(lines):
        if isinstance(line, RowFault):
            rows.append(line.error())
            continue
        pointer = f"/lines/{position}"
        try:
            at = moment(line.occurred_at, now=now, pointer=f"{pointer}/occurred_at")
            rows.append(row(line, at, pointer))
        except Invalid as error:
            rows.append(error)
    return rows


def document_view(booked: inventory.Booked) -> DocumentView:
    """Return a stock document as the wire shows it."""
    return DocumentView(
        id=booked.document_id, outcomes=[_outcome(outcome) for outcome in booked.outcomes]
    )


def _outcome(outcome: inventory.RowOutcome) -> RowView:
    if outcome.booked:
        return RowView(
            status="booked",
            level=msgspec.convert(outcome.booked, LevelView, from_attributes=True),
            variance=outcome.variance,
        )
    refused = outcome.refused
    assert refused is not None, "a row is booked or refused"
    return RowView(status="refused", problem=row_problem(refused))


def row_problem(refused: inventory.RowRefused) -> dict[str, Any]:
    """Return the problem document of a row that was refused."""
    return {
        "type": f"/problems/{refused.code}",
        "title": refused.title,
        "status": _status(refused.code),
        "detail": refused.detail,
        **refused.fields,
    }


def _cost(cost: UnitCost | None) -> inventory.Cost | None:
    return None if cost is None else inventory.Cost(Decimal(cost.amount), cost.currency)


@cache
def _status(code: str) -> int:
    return next(status(error) for error in subclasses() if error.code == code)


def _reason(reason: inventory.Reason) -> ReasonView:
    return ReasonView(
        code=reason.code, name=reason.name, direction=reason.direction, status=reason.status
    )


HANDLERS = [receive, adjust, set_aside, count, list_reasons, put_reason]
