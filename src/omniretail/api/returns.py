"""Returns over HTTP: asking for them, receiving goods, paying back, grading; at a till all in one step."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from omniretail import channels, clock, inventory, orders, returns
from omniretail.api.approvals import ApprovableRequest, ApprovalRequest, approver_of, without_pin
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.order_views import TimelineView, event_view
from omniretail.api.paging import Cursor, Limit, Page, id_cursor, page
from omniretail.api.process import Process, Tx
from omniretail.api.return_views import ReturnView, return_view
from omniretail.api.wire import Code, CodeInQueryOrNone, Quantity, Request, Serials, Text
from omniretail.errors import Forbidden, Invalid
from omniretail.forms import TEXT
from omniretail.ids import new_id

OrderNumber = Annotated[str, Meta(min_length=1, max_length=32, pattern=TEXT)]
LineNumber = Annotated[int, Meta(ge=1, le=25_000)]


class ReturnStepForbidden(Forbidden):
    """This key may not do all that it asks for in one step."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"This step needs the scope {scope}.", scope=scope)


class DispositionRequest(Request, frozen=True, kw_only=True):
    """So many units, and what becomes of them.

    `serials` name them where the SKU is tracked by serial number; `lot` says which lot they are of.
    """

    disposition: returns.Disposition
    quantity: Quantity
    serials: Serials = ()
    lot: Text | None = None


Dispositions = Annotated[tuple[DispositionRequest, ...], Meta(max_length=100)]


class ReturnLineRequest(Request, frozen=True, kw_only=True):
    """Units of an order's line that come back, and why.

    Where they come back at once, `dispositions` grade them, all of them; none means all are sellable.
    """

    line: LineNumber
    quantity: Quantity
    reason: Code
    dispositions: Dispositions = ()


class RefundRequest(Request, frozen=True, kw_only=True):
    """How to pay back: as the policy says, or by one method that it allows.

    Store credit goes to the customer's own `account`, or to a new one.
    """

    method: orders.TenderType | None = None
    account: UUID | None = None

    def wish(self, quantities: dict[int, int]) -> returns.RefundWish:
        """Return what is wished for so many units of each line; for all where none is named."""
        if self.account is not None and self.method != "store_credit":
            raise Invalid.at("/refund/account", "Only store credit goes to an account")
        return returns.RefundWish(
            quantities=quantities, method=self.method, account_id=self.account
        )


class OverrideRequest(Request, frozen=True, kw_only=True):
    """Why the policy is overridden; needs `returns:override`, or the approval of who has it."""

    reason: Text


class ReturnRequest(ApprovableRequest, frozen=True, kw_only=True):
    """Units of an order, by its id or its number, that come back.

    `received`: the goods are here, at `location`, which is a till's own by default; a till says so by
    default, too. `refund` pays them back in the same step; a till does by default. Otherwise each is a
    step of its own. `override` lets pass what the policy does not.
    """

    order: UUID | None = None
    order_number: OrderNumber | None = None
    lines: Annotated[tuple[ReturnLineRequest, ...], Meta(min_length=1, max_length=500)]
    received: bool | None = None
    location: Code | None = None
    refund: RefundRequest | None = None
    refunded: bool | None = None
    override: OverrideRequest | None = None
    note: Text | None = None


class ReceiptLineRequest(Request, frozen=True, kw_only=True):
    """Units of a line of the return that came back, graded; nothing else came of it."""

    line: LineNumber
    dispositions: Annotated[tuple[DispositionRequest, ...], Meta(min_length=1, max_length=100)]


class ReceiptRequest(Request, frozen=True, kw_only=True):
    """What came back of a return, and where; a till's own location by default."""

    location: Code | None = None
    lines: Annotated[tuple[ReceiptLineRequest, ...], Meta(min_length=1, max_length=500)]


class LineUnits(Request, frozen=True, kw_only=True):
    """So many units of a line of the return."""

    line: LineNumber
    quantity: Quantity


class PayBackRequest(ApprovableRequest, frozen=True, kw_only=True):
    """Which units are paid back, and how; none named means all that came back.

    With an `override`, units are paid back that did not come back yet.
    """

    refund: RefundRequest = RefundRequest()
    lines: Annotated[tuple[LineUnits, ...], Meta(max_length=500)] = ()
    override: OverrideRequest | None = None


class ReturnCancellationRequest(Request, frozen=True, kw_only=True):
    """Why what did not come back is not awaited any more."""

    reason: Text


class GradingRequest(Request, frozen=True, kw_only=True):
    """Units that came back, graded again; `to_vendor` waits to be sent back and is not sold."""

    line: LineNumber
    quantity: Quantity
    from_disposition: returns.Disposition
    to_disposition: returns.Disposition
    reason: Text | None = None
    serials: Serials = ()
    lot: Text | None = None


class NothingRequest(Request, frozen=True, kw_only=True):
    """An empty body."""


@post("/v1/returns", opt={"scope": "returns:write"}, status_code=201)
async def open_return(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[ReturnRequest],
    idempotency_key: KeyHeader = None,
) -> Response[ReturnView]:
    """Return goods of an order, whichever channel sold them; at a till they are paid back at once."""
    principal: channels.Principal = request.user
    process: Process = request.app.state.process
    named = key(idempotency_key, principal, request.url.path, without_pin(data))
    order = order_named(data.order, data.order_number)
    lines = lines_back(data.lines)
    at_till = principal.kind == "terminal"
    received = at_till if data.received is None else data.received
    wants_refund = data.refund is not None or (at_till if data.refunded is None else data.refunded)
    location = place_of(principal, data.location) if received else data.location
    needs(principal, "returns:refund", wants_refund)
    arrivals = arrivals_of(principal, data.lines, received=received)
    command = returns.OpenReturn(
        key=named,
        principal=principal,
        return_id=new_id(),
        order=order,
        lines=lines,
        occurred_at=clock.now(),
        location=location,
        arrivals=arrivals,
        refund=(data.refund or RefundRequest()).wish({}) if wants_refund else None,
        override=await overridden(process, principal, data.override, data.approval, location),
        note=data.note,
    )
    return answered(await process.change_return(command), return_view, status=201)


@get("/v1/returns/{return_id:uuid}", opt={"scope": "returns:read"})
async def get_return(tx: Tx, return_id: FromPath[UUID]) -> ReturnView:
    """Return a return."""
    return return_view(await returns.find_return(tx, return_id))


@get("/v1/returns", opt={"scope": "returns:read"})
async def list_returns(
    tx: Tx,
    order: FromQuery[UUID | None] = None,
    location: CodeInQueryOrNone = None,
    customer: CodeInQueryOrNone = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ReturnView]:
    """List returns: of an order, at a location, of a customer; the latest first."""
    found = await returns.list_returns(
        tx,
        order_id=order,
        location=location,
        customer=customer,
        before=id_cursor(cursor),
        limit=limit + 1,
    )
    return page(found, limit=limit, view=return_view, key=lambda doc: doc.id)


@get("/v1/returns/{return_id:uuid}/timeline", opt={"scope": "returns:read"})
async def get_return_timeline(tx: Tx, return_id: FromPath[UUID]) -> TimelineView:
    """Return all that happened to a return."""
    happened = await returns.return_timeline(tx, return_id)
    return TimelineView(items=[event_view(event) for event in happened])


@post("/v1/returns/{return_id:uuid}/approval", opt={"scope": "returns:approve"}, status_code=200)
async def approve_return(
    request: HttpRequest[Any, Any, Any],
    return_id: FromPath[UUID],
    data: JSONBody[NothingRequest],
    idempotency_key: KeyHeader = None,
) -> Response[ReturnView]:
    """Approve a return that was asked for."""
    command = returns.Approve(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        return_id=return_id,
        occurred_at=clock.now(),
    )
    return await _changed(request, command)


@post("/v1/returns/{return_id:uuid}/receipt", opt={"scope": "returns:receive"}, status_code=200)
async def receive_return(
    request: HttpRequest[Any, Any, Any],
    return_id: FromPath[UUID],
    data: JSONBody[ReceiptRequest],
    idempotency_key: KeyHeader = None,
) -> Response[ReturnView]:
    """Receive goods of a return, into the stock of where they are; nothing is paid back by it."""
    command = returns.Receive(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        return_id=return_id,
        location=place_of(request.user, data.location),
        arrivals=tuple(
            _arrival(line.line, one) for line in data.lines for one in line.dispositions
        ),
        occurred_at=clock.now(),
    )
    return await _changed(request, command)


@post("/v1/returns/{return_id:uuid}/refund", opt={"scope": "returns:refund"}, status_code=200)
async def refund_return(
    request: HttpRequest[Any, Any, Any],
    return_id: FromPath[UUID],
    data: JSONBody[PayBackRequest],
    idempotency_key: KeyHeader = None,
) -> Response[ReturnView]:
    """Pay a return back, wholly or in part: what the sale stored for its units."""
    quantities = {line.line: line.quantity for line in data.lines}
    if len(quantities) != len(data.lines):
        raise Invalid.at("/lines", "Name each line once")
    command = returns.PayBack(
        key=key(idempotency_key, request.user, request.url.path, without_pin(data)),
        principal=request.user,
        return_id=return_id,
        refund=data.refund.wish(quantities),
        occurred_at=clock.now(),
        override=await overridden(
            request.app.state.process, request.user, data.override, data.approval, None
        ),
    )
    return await _changed(request, command)


@post("/v1/returns/{return_id:uuid}/cancellation", opt={"scope": "returns:write"}, status_code=200)
async def cancel_return(
    request: HttpRequest[Any, Any, Any],
    return_id: FromPath[UUID],
    data: JSONBody[ReturnCancellationRequest],
    idempotency_key: KeyHeader = None,
) -> Response[ReturnView]:
    """Cancel what did not come back: the units may be returned again."""
    command = returns.CancelReturn(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        return_id=return_id,
        reason=data.reason,
        occurred_at=clock.now(),
    )
    return await _changed(request, command)


@post(
    "/v1/returns/{return_id:uuid}/dispositions", opt={"scope": "returns:receive"}, status_code=200
)
async def grade_return(
    request: HttpRequest[Any, Any, Any],
    return_id: FromPath[UUID],
    data: JSONBody[GradingRequest],
    idempotency_key: KeyHeader = None,
) -> Response[ReturnView]:
    """Grade units again that came back: each time a movement of the stock where they are."""
    if data.from_disposition == data.to_disposition:
        raise Invalid.at("/to_disposition", "They are graded so already")
    command = returns.Grade(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        return_id=return_id,
        line=data.line,
        quantity=data.quantity,
        from_disposition=data.from_disposition,
        to_disposition=data.to_disposition,
        occurred_at=clock.now(),
        reason=data.reason,
        serials=data.serials,
        lot=data.lot,
    )
    return await _changed(request, command)


async def _changed(
    request: HttpRequest[Any, Any, Any], command: returns.ReturnCommand
) -> Response[ReturnView]:
    process: Process = request.app.state.process
    return answered(await process.change_return(command), return_view, status=200)


def place_of(principal: channels.Principal, location: str | None) -> str:
    """Return where goods come back: as named, or the terminal's own. Raises: Invalid, Forbidden."""
    if location is None:
        if principal.kind != "terminal":
            raise Invalid.at("/location", "Name the location where the goods are")
        return next(iter(principal.locations))
    if not principal.may_act_at(location):
        raise inventory.LocationNotYours(location)
    return location


async def overridden(
    process: Process,
    principal: channels.Principal,
    asked: OverrideRequest | None,
    approval: ApprovalRequest | None,
    location: str | None,
) -> returns.Override | None:
    """Return who allows what the policy does not, if that is asked for."""
    if asked is None:
        return None
    approver = await approver_of(
        process,
        principal,
        approval,
        scope="returns:override",
        location=location or next(iter(principal.locations), ""),
    )
    return returns.Override(by=approver.id, name=approver.name, reason=asked.reason)


def order_named(order: UUID | None, number: str | None) -> UUID | str:
    """Return how a body names its order. Raises: Invalid where it does not, or twice."""
    if order is not None and number is None:
        return order
    if number is None or order is not None:
        raise Invalid.at("/order", "Name the order, by its id or by its number")
    return number


def lines_back(lines: Sequence[ReturnLineRequest]) -> tuple[returns.LineBack, ...]:
    """Return which units come back. Raises: Invalid for a line named twice."""
    if len({line.line for line in lines}) != len(lines):
        raise Invalid.at("/lines", "Name each line once")
    return tuple(
        returns.LineBack(order_line=line.line, quantity=line.quantity, reason=line.reason)
        for line in lines
    )


def arrivals_of(
    principal: channels.Principal, lines: Sequence[ReturnLineRequest], *, received: bool
) -> tuple[returns.Arrival, ...]:
    """Return what is back at once, graded, if anything is. Raises: Invalid, ReturnStepForbidden."""
    needs(principal, "returns:receive", received)
    if received:
        numbered = enumerate(lines, start=1)
        return tuple(
            arrival
            for number, line in numbered
            for arrival in graded(number, line.quantity, line.dispositions)
        )
    if any(line.dispositions for line in lines):
        raise Invalid.at("/lines", "Goods are graded when they come back")
    return ()


def needs(principal: channels.Principal, scope: str, needed: bool = True) -> None:
    """Make sure that a key may do a step that is asked for. Raises: ReturnStepForbidden."""
    if needed and scope not in principal.scopes:
        raise ReturnStepForbidden(scope)


def graded(number: int, quantity: int, dispositions: Dispositions) -> list[returns.Arrival]:
    """Return the units of a line as they come back: all sellable unless graded. Raises: Invalid."""
    if not dispositions:
        return [returns.Arrival(line=number, quantity=quantity, disposition="sellable")]
    if sum(one.quantity for one in dispositions) != quantity:
        raise Invalid.at(
            f"/lines/{number - 1}/dispositions", "They grade all units of the line that come back"
        )
    return [_arrival(number, one) for one in dispositions]


def _arrival(number: int, graded: DispositionRequest) -> returns.Arrival:
    return returns.Arrival(
        line=number,
        quantity=graded.quantity,
        disposition=graded.disposition,
        serials=graded.serials,
        lot=graded.lot,
    )


HANDLERS = [
    open_return,
    get_return,
    list_returns,
    get_return_timeline,
    approve_return,
    receive_return,
    refund_return,
    cancel_return,
    grade_return,
]
