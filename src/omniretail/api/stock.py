"""Stock over HTTP: availability, receipts, adjustments, and the history of movements."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request as HttpRequest
from litestar import delete, get, patch
from litestar.params import FromPath, FromQuery, QueryParameter

from omniretail import inventory
from omniretail.api.paging import Cursor, Limit, Page, id_cursor, page
from omniretail.api.process import Tx
from omniretail.api.wire import (
    CodeInQueryOrNone,
    Moment,
    View,
)
from omniretail.errors import Invalid

_MOST_SKUS = 200
_MOST_ROWS = 10_000


class StandingView(View, frozen=True, kw_only=True, omit_defaults=True):
    """What stands at one location, and what may be promised of it."""

    location: str
    on_hand: int
    allocated: int
    available_to_promise: int
    explain: str | None = None


class AvailabilityView(View, frozen=True, kw_only=True):
    """One SKU over its locations."""

    sku: str
    on_hand: int
    allocated: int
    available_to_promise: int
    locations: list[StandingView]


class AvailabilityList(View, frozen=True, kw_only=True):
    """One item per SKU, in the order asked."""

    items: list[AvailabilityView]


class MovementView(View, frozen=True, kw_only=True):
    """A movement as the ledger keeps it."""

    id: UUID
    recorded_at: Moment
    occurred_at: Moment
    type: str
    sku: str
    location: str
    from_state: str
    to_state: str
    quantity: int
    reason: str | None
    document_type: str
    document_id: UUID
    actor_id: UUID
    channel: str | None


@get("/v1/availability", opt={"scope": "stock:read"})
async def availability(
    request: HttpRequest[Any, Any, Any],
    sku: Annotated[str, QueryParameter(description="SKUs, separated by commas", max_length=14_000)],
    location: Annotated[
        str,
        QueryParameter(description="Locations, separated by commas; none: all", max_length=14_000),
    ] = "",
    explain: FromQuery[bool] = False,
) -> AvailabilityList:
    """Tell what may be promised of SKUs, per location and in sum."""
    query = inventory.AvailabilityQuery(
        _codes(sku, "/sku"), _codes(location, "/location") if location else ()
    )
    found = await request.app.state.process.availability(query)
    return AvailabilityList(items=[_availability(one, explain) for one in found])


@get("/v1/stock/movements", opt={"scope": "stock:read"})
async def list_movements(
    tx: Tx,
    sku: CodeInQueryOrNone = None,
    location: CodeInQueryOrNone = None,
    document_id: FromQuery[UUID | None] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[MovementView]:
    """List movements, the latest first."""
    found = await inventory.list_movements(
        tx,
        sku=sku,
        location=location,
        document_id=document_id,
        before=id_cursor(cursor),
        limit=limit + 1,
    )
    return page(found, limit=limit, view=_movement, key=lambda movement: movement.id)


@patch("/v1/stock/movements/{movement_id:uuid}", opt={"scope": "stock:write"})
async def change_movement(tx: Tx, movement_id: FromPath[UUID]) -> None:
    """Refuse: a movement is never changed."""
    await _refuse_change(tx, movement_id)


@delete("/v1/stock/movements/{movement_id:uuid}", opt={"scope": "stock:write"})
async def delete_movement(tx: Tx, movement_id: FromPath[UUID]) -> None:
    """Refuse: a movement is never deleted."""
    await _refuse_change(tx, movement_id)


async def _refuse_change(tx: Tx, movement_id: UUID) -> None:
    movement = await inventory.find_movement(tx, movement_id)
    raise inventory.MovementImmutable(
        "Movements stand for good; post another one that corrects it.", movement=str(movement.id)
    )


def _movement(movement: inventory.RecordedMovement) -> MovementView:
    return msgspec.convert(movement, MovementView, from_attributes=True)


def _availability(found: inventory.Availability, explain: bool) -> AvailabilityView:
    on_hand = allocated = promise = 0
    views: list[StandingView] = []
    for standing in found.standings:
        available = standing.available_to_promise
        on_hand += standing.on_hand
        allocated += standing.allocated
        promise += available
        views.append(
            StandingView(
                location=standing.location,
                on_hand=standing.on_hand,
                allocated=standing.allocated,
                available_to_promise=available,
                explain=_explained(standing) if explain else None,
            )
        )
    return AvailabilityView(
        sku=found.sku,
        on_hand=on_hand,
        allocated=allocated,
        available_to_promise=promise,
        locations=views,
    )


def _explained(standing: inventory.Standing) -> str:
    raw = standing.on_hand - standing.allocated
    arithmetic = f"on_hand {standing.on_hand} − allocated {standing.allocated} = {raw}"
    if not standing.active:
        return f"{arithmetic}; the location is inactive and promises nothing"
    return arithmetic if raw >= 0 else f"{arithmetic}; below 0 promises nothing"


def _codes(text: str, pointer: str) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not 1 <= len(codes) <= _MOST_SKUS:
        raise Invalid.at(pointer, f"Name 1 to {_MOST_SKUS} codes, separated by commas")
    return codes


HANDLERS = [
    availability,
    list_movements,
    change_movement,
    delete_movement,
]
