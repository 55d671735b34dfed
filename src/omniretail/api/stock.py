"""Stock over HTTP: the history of movements, and where lots and single units are."""

from datetime import UTC, date, datetime
from typing import Literal
from uuid import UUID

import msgspec
from litestar import delete, get, patch
from litestar.params import FromPath, FromQuery

from omniretail import inventory
from omniretail.api.paging import Cursor, Limit, Page, id_cursor, page, place_cursor
from omniretail.api.process import Tx
from omniretail.api.wire import (
    CodeInPath,
    CodeInQueryOrNone,
    Moment,
    SerialInPath,
    SerialInQueryOrNone,
    View,
)
from omniretail.errors import Invalid

_FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_MOVEMENTS_OF_A_UNIT = 200


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
    kit: str | None
    lot: str | None
    serials: list[str]
    corrects: UUID | None
    shortage_id: UUID | None
    document_type: str
    document_id: UUID
    actor_id: UUID
    channel: str | None


class LotView(View, frozen=True, kw_only=True):
    """What stands of a lot at a location; `expires_on` is the last day it may be sold."""

    sku: str
    location: str
    lot: str
    expires_on: date | None
    on_hand: int
    damaged: int
    quality_control: int


class UnitView(View, frozen=True, kw_only=True):
    """One unit known by its serial number, and its movements, the latest first, 200 at most."""

    sku: str
    serial: str
    state: Literal["on_hand", "gone"]
    location: str | None
    movements: list[MovementView]


@get("/v1/stock/movements", opt={"scope": "stock:read"})
async def list_movements(
    tx: Tx,
    sku: CodeInQueryOrNone = None,
    location: CodeInQueryOrNone = None,
    document_id: FromQuery[UUID | None] = None,
    type: FromQuery[inventory.MovementType | None] = None,  # noqa: A002 - the field's name
    reason: CodeInQueryOrNone = None,
    kit: CodeInQueryOrNone = None,
    lot: CodeInQueryOrNone = None,
    serial: SerialInQueryOrNone = None,
    corrects: FromQuery[UUID | None] = None,
    occurred_from: FromQuery[datetime | None] = None,
    occurred_before: FromQuery[datetime | None] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[MovementView]:
    """List movements, the latest recorded first.

    A lot or a serial number is a name within its SKU, and needs it. `occurred_from` includes its
    moment, `occurred_before` does not. What names no SKU, document or correction reads back through
    the movements of all SKUs until the page is full: bound it by `occurred_from`.
    """
    for name, value in (("lot", lot), ("serial", serial)):
        if value is not None and sku is None:
            raise Invalid.at(f"/{name}", "Name its SKU, too")
    wanted = inventory.MovementFilter(
        sku=sku,
        location=location,
        document_id=document_id,
        type=type,
        reason=reason,
        kit=kit,
        lot=lot,
        serial=serial,
        corrects=corrects,
        occurred_from=_bound(occurred_from, "/occurred_from"),
        occurred_before=_bound(occurred_before, "/occurred_before"),
    )
    found = await inventory.list_movements(tx, wanted, before=id_cursor(cursor), limit=limit + 1)
    return page(found, limit=limit, view=_movement, key=lambda movement: movement.id)


@patch("/v1/stock/movements/{movement_id:uuid}", opt={"scope": "stock:write"})
async def change_movement(tx: Tx, movement_id: FromPath[UUID]) -> None:
    """Refuse: a movement is never changed."""
    await _refuse_change(tx, movement_id)


@delete("/v1/stock/movements/{movement_id:uuid}", opt={"scope": "stock:write"})
async def delete_movement(tx: Tx, movement_id: FromPath[UUID]) -> None:
    """Refuse: a movement is never deleted."""
    await _refuse_change(tx, movement_id)


@get("/v1/stock/lots", opt={"scope": "stock:read"})
async def list_lots(
    tx: Tx,
    sku: CodeInQueryOrNone = None,
    location: CodeInQueryOrNone = None,
    expires_before: FromQuery[date | None] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[LotView]:
    """List the lots of which something is there, by SKU, location and lot."""
    after = place_cursor(cursor, 3)
    found = await inventory.list_lots(
        tx,
        sku=sku,
        location=location,
        expires_before=expires_before,
        after=(after[0], after[1], after[2]),
        limit=limit + 1,
    )
    return page(
        found, limit=limit, view=_lot, key=lambda lot: f"{lot.sku}|{lot.location}|{lot.lot}"
    )


@get("/v1/stock/serials/{sku:str}/{serial:str}", opt={"scope": "stock:read"})
async def find_unit(tx: Tx, sku: CodeInPath, serial: SerialInPath) -> UnitView:
    """Tell where the unit with a serial number is, and how it came there.

    One whose number has a slash is found by the `serial` of the movements.
    """
    unit = await inventory.find_unit(tx, sku, serial)
    movements = await inventory.list_movements(
        tx,
        inventory.MovementFilter(sku=sku, serial=serial),
        limit=_MOST_MOVEMENTS_OF_A_UNIT,
    )
    return UnitView(
        sku=unit.sku,
        serial=unit.serial,
        state=unit.state,
        location=unit.location,
        movements=[_movement(movement) for movement in movements],
    )


async def _refuse_change(tx: Tx, movement_id: UUID) -> None:
    movement = await inventory.find_movement(tx, movement_id)
    raise inventory.MovementImmutable(
        "Movements stand for good; post another one that corrects it.", movement=str(movement.id)
    )


def _movement(movement: inventory.RecordedMovement) -> MovementView:
    fields = msgspec.structs.asdict(movement)
    return MovementView(**fields | {"serials": movement.serials or []})


def _lot(lot: inventory.LotThere) -> LotView:
    return msgspec.convert(lot, LotView, from_attributes=True)


def _bound(given: datetime | None, pointer: str) -> datetime | None:
    """Return a bound of times, in UTC; the ledger begins after 1970. Raises: Invalid."""
    if given is None:
        return None
    if given.tzinfo is None:
        raise Invalid.at(pointer, "A moment needs its time zone")
    try:
        return max(given, _FIRST_DAY).astimezone(UTC)
    except OverflowError as error:
        raise Invalid.at(pointer, "The calendar ends before") from error


HANDLERS = [list_movements, change_movement, delete_movement, list_lots, find_unit]
