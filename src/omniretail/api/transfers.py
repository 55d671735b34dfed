"""Transfers over HTTP: goods leave one location and arrive at another, or do not."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from omniretail import clock, inventory
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.order_views import TimelineView, event_view
from omniretail.api.paging import Cursor, Limit, Page, id_cursor, page
from omniretail.api.process import Tx
from omniretail.api.wire import (
    Code,
    CodeInQueryOrNone,
    Moment,
    Quantity,
    Request,
    Text,
    View,
    moment,
)
from omniretail.errors import Invalid
from omniretail.ids import new_id

_MOST_LINES = 500
_MOST_UNITS = 5_000
_YEARS = range(1970, 9999)


class TransferLineRequest(Request, frozen=True, kw_only=True):
    """So many of a SKU; a kit's components travel by themselves."""

    sku: Code
    quantity: Quantity


class TransferRequest(Request, frozen=True, kw_only=True):
    """What shall go from where to where; each SKU on one line."""

    source: Code
    destination: Code
    lines: Annotated[tuple[TransferLineRequest, ...], Meta(min_length=1, max_length=_MOST_LINES)]
    expected_at: Moment | None = None
    note: Text | None = None


class UnitsRequest(Request, frozen=True, kw_only=True):
    """So many units of a line, by its number; of one lot, where the lot is named."""

    line: Annotated[int, Meta(ge=1, le=_MOST_LINES)]
    quantity: Quantity
    lot: Annotated[Code | None, Meta(description="Of a SKU tracked by lot")] = None


_Units = Annotated[tuple[UnitsRequest, ...], Meta(max_length=_MOST_UNITS)]


class TransferShipmentRequest(Request, frozen=True, kw_only=True):
    """Which units leave: all, unless lines are named; what they leave out is dropped."""

    lines: _Units | None = None
    expected_at: Moment | None = None
    occurred_at: Moment | None = None


class TransferReceiptRequest(Request, frozen=True, kw_only=True):
    """Which units arrived: all that are in transit, unless lines are named.

    `complete` says that nothing more will come; `"lines": []` beside it, that nothing came now.
    """

    lines: _Units | None = None
    complete: bool = False
    occurred_at: Moment | None = None


class ClosingRequest(Request, frozen=True, kw_only=True):
    """What a discrepancy was.

    Units of a shortfall are found at the destination, unless `location` says the source. A surplus
    of a SKU tracked by lot names its lot.
    """

    resolution: Literal["found", "lost"]
    location: Code | None = None
    lot: Annotated[Code | None, Meta(description="Of a SKU tracked by lot")] = None
    note: Text | None = None


class TransferCancellationRequest(Request, frozen=True, kw_only=True):
    """Why a transfer is cancelled; what has not arrived is put back at the source."""

    reason: Text


class TransferLineView(View, frozen=True, kw_only=True):
    """A line, and what became of the units that were shipped."""

    line: int
    sku: str
    quantity: int
    shipped: int
    in_transit: int
    received: int
    returned: int
    found: int
    lost: int


class DiscrepancyView(View, frozen=True, kw_only=True):
    """More (`over`) or fewer (`under`) arrived of a line; how it was closed, once it was."""

    number: int
    line: int
    sku: str
    kind: Literal["over", "under"]
    quantity: int
    opened_at: Moment
    resolution: Literal["found", "lost"] | None
    note: str | None
    closed_at: Moment | None


class TransferView(View, frozen=True, kw_only=True):
    """A transfer."""

    id: UUID
    number: str
    source: str
    destination: str
    state: inventory.TransferState
    note: str | None
    created_at: Moment
    expected_at: Moment | None
    shipped_at: Moment | None
    closed_at: Moment | None
    version: int
    lines: list[TransferLineView]
    discrepancies: list[DiscrepancyView]


@post("/v1/transfers", opt={"scope": "transfers:write"}, status_code=201)
async def draft_transfer(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[TransferRequest],
    idempotency_key: KeyHeader = None,
) -> Response[TransferView]:
    """Plan a transfer from one location to another; nothing moves yet."""
    command = inventory.DraftTransfer(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        transfer_id=new_id(),
        source=data.source,
        destination=data.destination,
        lines=tuple(
            inventory.TransferWish(sku=line.sku, quantity=line.quantity) for line in data.lines
        ),
        expected_at=_expected(data.expected_at),
        note=data.note,
    )
    return await _changed(request, command, status=201)


@get("/v1/transfers", opt={"scope": "transfers:read"})
async def list_transfers(
    tx: Tx,
    request: HttpRequest[Any, Any, Any],
    source: CodeInQueryOrNone = None,
    destination: CodeInQueryOrNone = None,
    wanted: Annotated[inventory.TransferState | None, QueryParameter(name="state")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[TransferView]:
    """List transfers, the latest first; a located key sees those with an end of its own."""
    found = await inventory.list_transfers(
        tx,
        principal=request.user,
        source=source,
        destination=destination,
        state=wanted,
        before=id_cursor(cursor),
        limit=limit + 1,
    )
    return page(found, limit=limit, view=transfer_view, key=lambda transfer: transfer.id)


@get("/v1/transfers/{transfer_id:uuid}", opt={"scope": "transfers:read"})
async def get_transfer(
    tx: Tx, request: HttpRequest[Any, Any, Any], transfer_id: FromPath[UUID]
) -> TransferView:
    """Return a transfer."""
    return transfer_view(await inventory.find_transfer(tx, transfer_id, principal=request.user))


@get("/v1/transfers/{transfer_id:uuid}/timeline", opt={"scope": "transfers:read"})
async def get_transfer_timeline(
    tx: Tx, request: HttpRequest[Any, Any, Any], transfer_id: FromPath[UUID]
) -> TimelineView:
    """Return all that happened to a transfer."""
    happened = await inventory.transfer_timeline(tx, transfer_id, principal=request.user)
    return TimelineView(items=[event_view(event) for event in happened])


@post(
    "/v1/transfers/{transfer_id:uuid}/shipment", opt={"scope": "transfers:write"}, status_code=200
)
async def ship_transfer(
    request: HttpRequest[Any, Any, Any],
    transfer_id: FromPath[UUID],
    data: JSONBody[TransferShipmentRequest],
    idempotency_key: KeyHeader = None,
) -> Response[TransferView]:
    """Send the goods off: they leave the source and are in transit; only free units go."""
    command = inventory.ShipTransfer(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        transfer_id=transfer_id,
        occurred_at=moment(data.occurred_at, now=clock.now(), pointer="/occurred_at"),
        units=_units(data.lines),
        expected_at=_expected(data.expected_at),
    )
    return await _changed(request, command)


@post("/v1/transfers/{transfer_id:uuid}/receipt", opt={"scope": "transfers:write"}, status_code=200)
async def receive_transfer(
    request: HttpRequest[Any, Any, Any],
    transfer_id: FromPath[UUID],
    data: JSONBody[TransferReceiptRequest],
    idempotency_key: KeyHeader = None,
) -> Response[TransferView]:
    """Receive goods at the destination, as often as some arrive; what differs is a discrepancy."""
    if data.complete and data.lines is None:
        raise Invalid.at("/lines", "Name the last that came; an empty list says nothing did")
    command = inventory.ReceiveTransfer(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        transfer_id=transfer_id,
        occurred_at=moment(data.occurred_at, now=clock.now(), pointer="/occurred_at"),
        units=_units(data.lines),
        complete=data.complete,
    )
    return await _changed(request, command)


@post(
    "/v1/transfers/{transfer_id:uuid}/discrepancies/{number:int}/closing",
    opt={"scope": "transfers:write"},
    status_code=200,
)
async def close_discrepancy(
    request: HttpRequest[Any, Any, Any],
    transfer_id: FromPath[UUID],
    number: FromPath[int],
    data: JSONBody[ClosingRequest],
    idempotency_key: KeyHeader = None,
) -> Response[TransferView]:
    """Say what a discrepancy was: the units were found, or they are lost."""
    command = inventory.CloseDiscrepancy(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        transfer_id=transfer_id,
        occurred_at=clock.now(),
        discrepancy=number,
        resolution=data.resolution,
        location=data.location,
        lot=data.lot,
        note=data.note,
    )
    return await _changed(request, command)


@post(
    "/v1/transfers/{transfer_id:uuid}/cancellation",
    opt={"scope": "transfers:write"},
    status_code=200,
)
async def cancel_transfer(
    request: HttpRequest[Any, Any, Any],
    transfer_id: FromPath[UUID],
    data: JSONBody[TransferCancellationRequest],
    idempotency_key: KeyHeader = None,
) -> Response[TransferView]:
    """Cancel a transfer: what has not arrived is put back at the source."""
    command = inventory.CancelTransfer(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        transfer_id=transfer_id,
        occurred_at=clock.now(),
        reason=data.reason,
    )
    return await _changed(request, command)


async def _changed(
    request: HttpRequest[Any, Any, Any], command: inventory.TransferCommand, *, status: int = 200
) -> Response[TransferView]:
    answer = await request.app.state.process.change_transfer(command)
    return answered(answer, transfer_view, status=status)


def _units(lines: Sequence[UnitsRequest] | None) -> tuple[inventory.LineUnits, ...] | None:
    """Return which units are meant. Raises: Invalid for a line, or a lot of it, named twice."""
    if lines is None:
        return None
    if len({(line.line, line.lot) for line in lines}) != len(lines):
        raise Invalid.at("/lines", "Name each line once, or once for each of its lots")
    return tuple(
        inventory.LineUnits(line=line.line, quantity=line.quantity, lot=line.lot) for line in lines
    )


def _expected(given: datetime | None) -> datetime | None:
    """Return when goods are expected. Raises: Invalid for a time at the edge of the calendar."""
    if given is None:
        return None
    if given.year not in _YEARS:
        raise Invalid.at("/expected_at", f"The year {given.year} is none to expect goods in")
    return given.astimezone(UTC)


def transfer_view(transfer: inventory.Transfer) -> TransferView:
    """Return a transfer as the wire shows it."""
    skus = {line.number: line.sku for line in transfer.lines}
    return TransferView(
        id=transfer.id,
        number=transfer.number,
        source=transfer.source,
        destination=transfer.destination,
        state=transfer.state,
        note=transfer.note,
        created_at=transfer.created_at,
        expected_at=transfer.expected_at,
        shipped_at=transfer.shipped_at,
        closed_at=transfer.closed_at,
        version=transfer.version,
        lines=[
            TransferLineView(
                line=line.number,
                sku=line.sku,
                quantity=line.quantity,
                shipped=line.shipped,
                in_transit=line.in_transit,
                received=line.received,
                returned=line.returned,
                found=line.found,
                lost=line.lost,
            )
            for line in transfer.lines
        ],
        discrepancies=[
            DiscrepancyView(
                number=one.number,
                line=one.line,
                sku=skus[one.line],
                kind=one.kind,
                quantity=one.quantity,
                opened_at=one.opened_at,
                resolution=one.resolution,
                note=one.note,
                closed_at=one.closed_at,
            )
            for one in transfer.discrepancies
        ],
    )


HANDLERS = [
    draft_transfer,
    list_transfers,
    get_transfer,
    get_transfer_timeline,
    ship_transfer,
    receive_transfer,
    close_discrepancy,
    cancel_transfer,
]
