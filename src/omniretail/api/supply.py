"""Supply over HTTP: goods that suppliers have announced, until they arrive or are cancelled."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from omniretail import inventory
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.paging import Cursor, Limit, Page, id_cursor, page
from omniretail.api.process import Tx
from omniretail.api.stock_documents import row_problem
from omniretail.api.wire import (
    Code,
    CodeInQueryOrNone,
    Moment,
    Quantity,
    Request,
    RowFault,
    RowsRequest,
    Text,
    View,
)


class ExpectedLine(Request, frozen=True, kw_only=True):
    """Goods that a supplier will bring; the reference is your own, such as a purchase order's number."""

    sku: Code
    location: Code
    quantity: Quantity
    expected_at: Moment
    reference: Text | None = None


class ExpectedRequest(RowsRequest, frozen=True, kw_only=True):
    """Goods to expect: each line is taken by itself, unless it is all or nothing."""

    lines: Annotated[tuple[ExpectedLine, ...], Meta(min_length=1, max_length=10_000)]


class EmptyRequest(Request, frozen=True, kw_only=True):
    """Nothing more has to be said."""


class ExpectedView(View, frozen=True, kw_only=True):
    """Goods that are expected: how many in all, how many have arrived, and how many are to come."""

    id: UUID
    sku: str
    location: str
    quantity: int
    received: int
    open_quantity: int
    expected_at: Moment
    reference: str | None
    created_at: Moment
    cancelled_at: Moment | None


class ExpectedRowView(View, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a line: what is expected now, or the problem that refused it."""

    status: Literal["expected", "refused"]
    expected_receipt: ExpectedView | None = None
    problem: dict[str, Any] | None = None


class ExpectedOutcomes(View, frozen=True, kw_only=True):
    """One outcome per line, in order."""

    outcomes: list[ExpectedRowView]


@post("/v1/stock/expected-receipts", opt={"scope": "stock:write"}, status_code=201)
async def expect(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[ExpectedRequest],
    idempotency_key: KeyHeader = None,
) -> Response[ExpectedOutcomes]:
    """Expect goods from suppliers: an outcome per line; also as newline-delimited JSON.

    SKUs that may be ordered beyond their stock are promised out of what is expected. A receipt line
    that names the expected receipt counts as its arrival.
    """
    command = inventory.Announce(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        rows=tuple(
            line.error()
            if isinstance(line, RowFault)
            else inventory.AnnouncedRow(
                sku=line.sku,
                location=line.location,
                quantity=line.quantity,
                expected_at=line.expected_at,
                reference=line.reference,
            )
            for line in data.lines
        ),
        all_or_nothing=data.all_or_nothing,
    )
    return answered(await request.app.state.process.announce(command), _outcomes, status=201)


@get("/v1/stock/expected-receipts", opt={"scope": "stock:read"})
async def list_expected(
    tx: Tx,
    sku: CodeInQueryOrNone = None,
    location: CodeInQueryOrNone = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ExpectedView]:
    """List what is still to come, the first announced first."""
    found = await inventory.list_expected(
        tx, sku=sku, location=location, after=id_cursor(cursor), limit=limit + 1
    )
    return page(found, limit=limit, view=_expected, key=lambda expected: expected.id)


@post(
    "/v1/stock/expected-receipts/{expected_receipt_id:uuid}/cancellation",
    opt={"scope": "stock:write"},
    status_code=200,
)
async def cancel_expected(
    request: HttpRequest[Any, Any, Any],
    expected_receipt_id: FromPath[UUID],
    data: JSONBody[EmptyRequest],
    idempotency_key: KeyHeader = None,
) -> Response[ExpectedView]:
    """Expect no longer what has not arrived. What was promised of it stays promised."""
    command = inventory.CancelExpected(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        expected_receipt=expected_receipt_id,
    )
    return answered(await request.app.state.process.cancel_expected(command), _expected, status=200)


def _outcomes(announced: inventory.Announced) -> ExpectedOutcomes:
    return ExpectedOutcomes(outcomes=[_outcome(one) for one in announced.outcomes])


def _outcome(outcome: inventory.AnnouncedOutcome) -> ExpectedRowView:
    if outcome.expected:
        return ExpectedRowView(status="expected", expected_receipt=_expected(outcome.expected))
    assert outcome.refused is not None, "a row is taken or refused"
    return ExpectedRowView(status="refused", problem=row_problem(outcome.refused))


def _expected(expected: inventory.Expected) -> ExpectedView:
    return msgspec.convert(expected, ExpectedView, from_attributes=True)


HANDLERS = [expect, list_expected, cancel_expected]
