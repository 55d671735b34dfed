"""Claims over HTTP: goods that were damaged, missing or wrong; staff decide, in one step or in several."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta

from omniretail import channels, clock, returns
from omniretail.api.approvals import ApprovableRequest, approver_of, without_pin
from omniretail.api.claim_views import GoodsClaimView, claim_view
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.order_views import TimelineView, event_view
from omniretail.api.paging import Cursor, Limit, Page, id_cursor, page
from omniretail.api.process import Process, Tx
from omniretail.api.returns import (
    LineNumber,
    OverrideRequest,
    RefundRequest,
    overridden,
    place_of,
)
from omniretail.api.wire import Code, Quantity, Request, Serials, Text
from omniretail.errors import Invalid
from omniretail.ids import new_id


class ClaimLineRequest(Request, frozen=True, kw_only=True):
    """Units of an order's line that were damaged, missing or wrong."""

    line: LineNumber
    quantity: Quantity
    kind: returns.ClaimKind
    note: Text | None = None


class LineSerials(Request, frozen=True, kw_only=True):
    """The serial numbers of the units that are handed over for a line of the claim."""

    line: LineNumber
    serials: Serials


class ReplacementRequest(Request, frozen=True, kw_only=True):
    """How others of the same come: shipped, to be collected, or (`carry_out`) handed over at once.

    The location of a till's `carry_out` is its own by default; `serials` are of such only.
    """

    kind: returns.ReplacementKind
    location: Code | None = None
    serials: Annotated[tuple[LineSerials, ...], Meta(max_length=500)] = ()


class ResolutionRequest(Request, frozen=True, kw_only=True):
    """What an approved claim comes to.

    A `refund` goes back as the policy says or as said here; a `replacement` comes by a `fulfillment`.
    """

    resolution: returns.Resolution
    refund: RefundRequest | None = None
    fulfillment: ReplacementRequest | None = None


class GoodsClaimRequest(ApprovableRequest, frozen=True, kw_only=True):
    """Units of an order, by its id or its number, that were not as they should be.

    With a `resolution` the claim is approved and resolved in the same step; that needs
    `claims:decide`, or the approval of who has it. `goods_back` is said only then. `override` lets
    pass what is claimed too late.
    """

    order: UUID | None = None
    order_number: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    lines: Annotated[tuple[ClaimLineRequest, ...], Meta(min_length=1, max_length=500)]
    wish: returns.Resolution
    resolution: ResolutionRequest | None = None
    goods_back: bool | None = None
    override: OverrideRequest | None = None
    note: Text | None = None


class ClaimApprovalRequest(Request, frozen=True, kw_only=True):
    """Whether the goods have to come back; else the policy of the order's channel says it."""

    goods_back: bool | None = None


class ClaimDenialRequest(Request, frozen=True, kw_only=True):
    """Why a claim is denied."""

    reason: Text


@post("/v1/claims", opt={"scope": "claims:write"}, status_code=201)
async def open_claim(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[GoodsClaimRequest],
    idempotency_key: KeyHeader = None,
) -> Response[GoodsClaimView]:
    """Claim goods of an order that were damaged, missing or wrong; staff may resolve it at once."""
    principal: channels.Principal = request.user
    process: Process = request.app.state.process
    named = key(idempotency_key, principal, request.url.path, without_pin(data))
    order = data.order_number if data.order is None else data.order
    if order is None or (data.order is not None and data.order_number is not None):
        raise Invalid.at("/order", "Name the order, by its id or by its number")
    if len({line.line for line in data.lines}) != len(data.lines):
        raise Invalid.at("/lines", "Name each line once")
    if data.goods_back is not None and data.resolution is None:
        raise Invalid.at("/goods_back", "Whether goods come back is decided with the claim")
    wish, decided_by = None, None
    if data.resolution is not None:
        here = next(iter(principal.locations), "")
        decider = await approver_of(
            process, principal, data.approval, scope="claims:decide", location=here
        )
        wish, decided_by = _wish(principal, data.resolution), decider.id
    command = returns.OpenClaim(
        key=named,
        principal=principal,
        claim_id=new_id(),
        order=order,
        lines=tuple(
            returns.LineClaimed(
                order_line=line.line, quantity=line.quantity, kind=line.kind, note=line.note
            )
            for line in data.lines
        ),
        wish=data.wish,
        occurred_at=clock.now(),
        resolution=wish,
        decided_by=decided_by,
        goods_back=data.goods_back,
        override=await overridden(process, principal, data.override, data.approval, None),
        note=data.note,
    )
    return answered(await process.change_claim(command), claim_view, status=201)


@get("/v1/claims/{claim_id:uuid}", opt={"scope": "returns:read"})
async def get_goods_claim(tx: Tx, claim_id: FromPath[UUID]) -> GoodsClaimView:
    """Return a claim."""
    return claim_view(await returns.find_claim(tx, claim_id))


@get("/v1/claims", opt={"scope": "returns:read"})
async def list_claims(
    tx: Tx,
    order: FromQuery[UUID | None] = None,
    wanted: Annotated[returns.ClaimState | None, QueryParameter(name="state")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[GoodsClaimView]:
    """List claims: of an order, in a state; the latest first."""
    found = await returns.list_claims(
        tx, order_id=order, state=wanted, before=id_cursor(cursor), limit=limit + 1
    )
    return page(found, limit=limit, view=claim_view, key=lambda claim: claim.id)


@get("/v1/claims/{claim_id:uuid}/timeline", opt={"scope": "returns:read"})
async def get_claim_timeline(tx: Tx, claim_id: FromPath[UUID]) -> TimelineView:
    """Return all that happened to a claim."""
    happened = await returns.claim_timeline(tx, claim_id)
    return TimelineView(items=[event_view(event) for event in happened])


@post("/v1/claims/{claim_id:uuid}/approval", opt={"scope": "claims:decide"}, status_code=200)
async def approve_claim(
    request: HttpRequest[Any, Any, Any],
    claim_id: FromPath[UUID],
    data: JSONBody[ClaimApprovalRequest],
    idempotency_key: KeyHeader = None,
) -> Response[GoodsClaimView]:
    """Approve a claim, and say whether its goods come back."""
    command = returns.ApproveClaim(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        claim_id=claim_id,
        occurred_at=clock.now(),
        goods_back=data.goods_back,
    )
    return await _changed(request, command)


@post("/v1/claims/{claim_id:uuid}/denial", opt={"scope": "claims:decide"}, status_code=200)
async def deny_claim(
    request: HttpRequest[Any, Any, Any],
    claim_id: FromPath[UUID],
    data: JSONBody[ClaimDenialRequest],
    idempotency_key: KeyHeader = None,
) -> Response[GoodsClaimView]:
    """Deny a claim that was not resolved: its units may be returned."""
    command = returns.DenyClaim(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        claim_id=claim_id,
        reason=data.reason,
        occurred_at=clock.now(),
    )
    return await _changed(request, command)


@post("/v1/claims/{claim_id:uuid}/resolution", opt={"scope": "claims:decide"}, status_code=200)
async def resolve_claim(
    request: HttpRequest[Any, Any, Any],
    claim_id: FromPath[UUID],
    data: JSONBody[ResolutionRequest],
    idempotency_key: KeyHeader = None,
) -> Response[GoodsClaimView]:
    """Pay an approved claim back, or have others of the same come for what was paid."""
    command = returns.ResolveClaim(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        claim_id=claim_id,
        resolution=_wish(request.user, data),
        occurred_at=clock.now(),
    )
    return await _changed(request, command)


async def _changed(
    request: HttpRequest[Any, Any, Any], command: returns.ClaimCommand
) -> Response[GoodsClaimView]:
    process: Process = request.app.state.process
    return answered(await process.change_claim(command), claim_view, status=200)


def _wish(principal: channels.Principal, asked: ResolutionRequest) -> returns.ResolutionWish:
    """Return what a resolution asks for. Raises: Invalid, LocationBound."""
    if asked.resolution == "refund":
        if asked.fulfillment is not None:
            raise Invalid.at("/fulfillment", "Nothing comes where money goes back")
        return (asked.refund or RefundRequest()).wish({})
    if asked.refund is not None:
        raise Invalid.at("/refund", "No money goes back where others come")
    if asked.fulfillment is None:
        raise Invalid.at("/fulfillment", "Say how the others come")
    way = asked.fulfillment
    if way.kind == "carry_out":
        location = place_of(principal, way.location)
    elif way.location is None:
        raise Invalid.at("/fulfillment/location", "Name the location that serves it")
    elif way.serials:
        raise Invalid.at("/fulfillment/serials", "Numbers are named when goods leave")
    else:
        location = way.location
    return returns.ReplacementWish(
        fulfillment_id=new_id(),
        kind=way.kind,
        location=location,
        serials={line.line: line.serials for line in way.serials},
    )


HANDLERS = [
    open_claim,
    get_goods_claim,
    list_claims,
    get_claim_timeline,
    approve_claim,
    deny_claim,
    resolve_claim,
]
