"""Holds over HTTP: goods promised to a basket for a while."""

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from omniretail import channels, clock, inventory
from omniretail.api.auth import acting_channel
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.process import Tx
from omniretail.api.wire import Code, Moment, Quantity, Request, Text, View
from omniretail.errors import Invalid
from omniretail.ids import new_id

Seconds = Annotated[
    int,
    Meta(
        ge=1,
        le=int(inventory.LONGEST.total_seconds()),
        description="How long from now, at most four hours",
    ),
]


class HoldLineRequest(Request, frozen=True, kw_only=True):
    """So many of a SKU at a location; a terminal's location is its own by default."""

    sku: Code
    location: Code | None = None
    quantity: Quantity


class HoldRequest(Request, frozen=True, kw_only=True):
    """What a basket wants promised: all of it, or with `allow_partial` what there is."""

    lines: Annotated[tuple[HoldLineRequest, ...], Meta(min_length=1, max_length=500)]
    seconds: Seconds = 600
    allow_partial: bool = False
    channel: Code | None = None
    reference: Text | None = None


class ExtensionRequest(Request, frozen=True, kw_only=True):
    """A hold shall last so long from now."""

    seconds: Seconds


class HoldLineView(View, frozen=True, kw_only=True):
    """A line of a hold: how many are held, and how many are not."""

    line: int
    sku: str
    location: str
    requested: int
    held: int
    unfilled: int


class HoldView(View, frozen=True, kw_only=True):
    """A hold, and what has become of it."""

    id: UUID
    state: Literal["live", "expired", "released", "converted"]
    channel: str | None
    reference: str | None
    created_at: Moment
    expires_at: Moment
    order_id: UUID | None
    lines: list[HoldLineView]


@post("/v1/holds", opt={"scope": "holds:write"}, status_code=201)
async def place_hold(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[HoldRequest],
    idempotency_key: KeyHeader = None,
) -> Response[HoldView]:
    """Hold goods for a basket, all or nothing unless it allows a part."""
    principal: channels.Principal = request.user
    command = inventory.PlaceHold(
        key=key(idempotency_key, principal, request.url.path, data),
        hold_id=new_id(),
        principal=principal,
        channel=acting_channel(principal, data.channel),
        reference=data.reference,
        lines=tuple(
            _wish(principal, line, f"/lines/{position}") for position, line in enumerate(data.lines)
        ),
        seconds=data.seconds,
        allow_partial=data.allow_partial,
    )
    return answered(await request.app.state.process.place_hold(command), _hold, status=201)


@get("/v1/holds/{hold_id:uuid}", opt={"scope": "holds:read"})
async def get_hold(
    tx: Tx, request: HttpRequest[Any, Any, Any], hold_id: FromPath[UUID]
) -> HoldView:
    """Return a hold."""
    return _hold(await inventory.find_hold(tx, hold_id, principal=request.user, now=clock.now()))


@patch("/v1/holds/{hold_id:uuid}", opt={"scope": "holds:write"})
async def extend_hold(
    request: HttpRequest[Any, Any, Any], hold_id: FromPath[UUID], data: JSONBody[ExtensionRequest]
) -> HoldView:
    """Extend a hold that is live: it lasts so long from now."""
    command = inventory.ChangeHold(hold_id=hold_id, principal=request.user, seconds=data.seconds)
    return _hold(await request.app.state.process.change_hold(command))


@delete("/v1/holds/{hold_id:uuid}", opt={"scope": "holds:write"}, status_code=200)
async def release_hold(request: HttpRequest[Any, Any, Any], hold_id: FromPath[UUID]) -> HoldView:
    """Release a hold; one that has ended stays as it is."""
    command = inventory.ChangeHold(hold_id=hold_id, principal=request.user, seconds=None)
    return _hold(await request.app.state.process.change_hold(command))


def _wish(principal: channels.Principal, line: HoldLineRequest, pointer: str) -> inventory.HoldWish:
    location = line.location
    if location is None:
        if principal.kind != "terminal":
            raise Invalid.at(f"{pointer}/location", "Name the location that holds these goods")
        location = next(iter(principal.locations))
    return inventory.HoldWish(sku=line.sku, location=location, quantity=line.quantity)


def _hold(hold: inventory.Hold) -> HoldView:
    return HoldView(
        id=hold.id,
        state=hold.state,
        channel=hold.channel,
        reference=hold.reference,
        created_at=hold.created_at,
        expires_at=hold.expires_at,
        order_id=hold.order_id,
        lines=[
            HoldLineView(
                line=line.number,
                sku=line.sku,
                location=line.location,
                requested=line.requested,
                held=line.held,
                unfilled=line.unfilled,
            )
            for line in hold.lines
        ],
    )


HANDLERS = [place_hold, get_hold, extend_hold, release_hold]
