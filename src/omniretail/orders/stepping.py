"""The steps of fulfillments: picking, packing, shipping, arriving, handing over, being held up. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import channels, idempotency, inventory
from omniretail.errors import DomainError, Invalid, Missing
from omniretail.ids import new_id
from omniretail.orders import pickups
from omniretail.orders.machine import FulfillmentState, after
from omniretail.orders.order import Fulfillment, FulfillmentHold, HoldReason, Order, Parcel
from omniretail.orders.settlement import settled
from omniretail.orders.world import Quantities, World, fulfilled, taken

_EVENTS = {
    "picking": "picking_started",
    "packing": "packed",
    "shipment": "shipped",
    "delivery": "delivered",
    "arrival": "arrived",
    "readiness": "ready",
    "handover": "handed_over",
}


class UnknownFulfillmentHold(Missing):
    """Nothing of this name holds the fulfillment up."""

    def __init__(self, hold: UUID) -> None:
        super().__init__(f"There is no hold {hold} on it.", hold=str(hold))


class UnknownParcel(Missing):
    """There is no such parcel of this fulfillment."""

    def __init__(self, parcel: UUID) -> None:
        super().__init__(f"There is no parcel {parcel} of it.", parcel=str(parcel))


class Tracking(msgspec.Struct, frozen=True, kw_only=True):
    """Who carries a parcel, and how to follow it."""

    parcel_id: UUID = msgspec.field(default_factory=new_id)
    carrier: str | None = None
    number: str | None = None
    url: str | None = None


class Fulfill(msgspec.Struct, frozen=True, kw_only=True):
    """The command to hand over a pickup or to ship a parcel, wholly or in part.

    `serials` name the units of each line that leave, of SKUs that are tracked by serial number.
    """

    key: idempotency.Key
    principal: channels.Principal
    fulfillment_id: UUID
    step: Literal["handover", "shipment"]
    quantities: Quantities
    occurred_at: datetime
    serials: Mapping[int, tuple[str, ...]] = {}
    tracking: Tracking = msgspec.field(default_factory=Tracking)
    proof: pickups.Proof = pickups.Proof()

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return _EVENTS[self.step]

    def describe(self) -> dict[str, Any]:
        """What the timeline says beside the lines."""
        said: dict[str, Any] = {"fulfillment": str(self.fulfillment_id)}
        if self.tracking.number is not None:
            said["tracking_number"] = self.tracking.number
        if self.proof.name is not None:
            said["collected_by"] = self.proof.name
        return said


class Advance(msgspec.Struct, frozen=True, kw_only=True):
    """The command to take a whole fulfillment one step further; its goods stay with us.

    `code_key` and `code_hash` are the pickup code's, of what becomes ready. `parcel_id` says which
    parcel was delivered, where it is not all of them.
    """

    key: idempotency.Key
    principal: channels.Principal
    fulfillment_id: UUID
    step: Literal["picking", "packing", "delivery", "arrival", "readiness"]
    occurred_at: datetime
    code_key: str | None = None
    code_hash: str | None = None
    parcel_id: UUID | None = None

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return _EVENTS[self.step]

    def describe(self) -> dict[str, Any]:
        """What the timeline says beside the lines."""
        return {"fulfillment": str(self.fulfillment_id)}


class HoldUp(msgspec.Struct, frozen=True, kw_only=True):
    """The command to hold a fulfillment up, for a reason."""

    key: idempotency.Key
    principal: channels.Principal
    fulfillment_id: UUID
    hold_id: UUID
    reason: HoldReason
    occurred_at: datetime
    note: str | None = None

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return "held_up"

    def describe(self) -> dict[str, Any]:
        """What the timeline says beside the lines."""
        return {"fulfillment": str(self.fulfillment_id), "reason": self.reason}


class LetGoOn(msgspec.Struct, frozen=True, kw_only=True):
    """The command to end what holds a fulfillment up: one hold, or all of them."""

    key: idempotency.Key
    principal: channels.Principal
    fulfillment_id: UUID
    hold_id: UUID | None
    occurred_at: datetime

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return "hold_released"

    def describe(self) -> dict[str, Any]:
        """What the timeline says beside the lines."""
        return {"fulfillment": str(self.fulfillment_id)}


def leave(world: World, order: Order, part: Fulfillment, command: Fulfill) -> Order | DomainError:
    """Return the order whose goods left: shipped, sent to a store, or handed over.

    A handover of what was handed over already, all of it, changes nothing.
    """
    if command.step == "handover" and part.state in {"ready", "handed_over"} and part.pickup:
        if refusal := _not_proven(world, order, part, command.proof):
            return refusal
        if part.state == "handed_over" and not command.quantities:
            return order
    state = after(part.kind, part.state, command.step, held=bool(part.holds))
    if isinstance(state, DomainError):
        return state
    return _leave(world, order, part, command, state)


def _leave(
    world: World, order: Order, part: Fulfillment, command: Fulfill, state: FulfillmentState
) -> Order | DomainError:
    units = taken(part.lines, command.quantities)
    if isinstance(units, DomainError):
        return units
    if state == "in_transit" and units != taken(part.lines, {}):
        return Invalid.at("/lines", "All that is open goes to the store together")
    leaves = {
        "handover": inventory.handed_over,
        "shipment": inventory.store_shipped if state == "in_transit" else inventory.shipped,
    }[command.step]
    movements = [
        movement
        for line in part.lines
        if line.number in units
        for movement in inventory.moved(
            leaves,
            line.sku,
            part.location,
            units[line.number],
            line.components,
            command.serials.get(line.number, ()),
            tracking=world.stock.tracking,
        )
    ]
    if refusal := world.stock.post(inventory.Posting(world.source(order, command), movements)):
        return refusal
    if state == "in_transit":
        return order.with_part(_with_parcel(order, replace(part, state=state), units, command))
    changed = fulfilled(part, units)
    if command.step == "shipment":
        changed = _with_parcel(order, changed, units, command)
    else:
        changed = pickups.collected(changed, command.proof, command.occurred_at)
    if not changed.is_open:
        changed = replace(changed, state=state, collect_by=None, remind_at=None)
    return settled(order, order.with_part(changed))


def advance(world: World, order: Order, part: Fulfillment, command: Advance) -> Order | DomainError:
    """Return the order with a fulfillment one step further."""
    # One parcel reaches the customer whatever the rest of its fulfillment does.
    if command.step == "delivery" and command.parcel_id and part.is_open and part.parcels:
        return _delivered(order, part, command)
    state = after(part.kind, part.state, command.step, held=bool(part.holds))
    if isinstance(state, DomainError):
        return state
    if command.step == "delivery":
        return _delivered(order, part, command)
    changed = replace(part, state=state)
    if command.step == "readiness":
        waiting = world.waiting[part.location]
        changed = pickups.ready(
            changed,
            at=command.occurred_at,
            code_key=command.code_key,
            code_hash=command.code_hash,
            pickup_hours=waiting.pickup_hours,
            reminder_hours=waiting.reminder_hours,
        )
    if command.step == "arrival":
        assert part.destination is not None, "what arrives goes to a store"
        changed = replace(changed, location=part.destination)
        movements = [
            movement
            for line in part.lines
            if line.open_quantity
            for movement in inventory.moved(
                inventory.store_received,
                line.sku,
                part.destination,
                line.open_quantity,
                line.components,
            )
        ]
        posting = inventory.Posting(world.source(order, command), movements, forced=True)
        if refusal := world.stock.post(posting):
            return refusal
    return order.with_part(changed)


def hold_up(_: World, order: Order, part: Fulfillment, command: HoldUp) -> Order | DomainError:
    """Return the order with a fulfillment that is held up, once more."""
    state = after(part.kind, part.state, "hold")
    if isinstance(state, DomainError):
        return state
    hold = FulfillmentHold(
        id=command.hold_id,
        reason=command.reason,
        note=command.note,
        placed_at=command.occurred_at,
        placed_by=command.principal.id,
    )
    return order.with_part(replace(part, holds=(*part.holds, hold)))


def let_go_on(_: World, order: Order, part: Fulfillment, command: LetGoOn) -> Order | DomainError:
    """Return the order with a fulfillment that one hold less holds up."""
    if command.hold_id is None:
        left: tuple[FulfillmentHold, ...] = ()
    else:
        left = tuple(hold for hold in part.holds if hold.id != command.hold_id)
        if len(left) == len(part.holds):
            return UnknownFulfillmentHold(command.hold_id)
    return order.with_part(replace(part, holds=left)) if part.holds else order


def _not_proven(
    world: World, order: Order, part: Fulfillment, proof: pickups.Proof
) -> DomainError | None:
    """Return why goods may not be handed over; a wrong code is counted, although it is refused."""
    refusal = pickups.not_proven(part, proof, now=world.now)
    if isinstance(refusal, pickups.PickupCodeWrong):
        noted = pickups.tried(part, now=world.now)
        world.orders[order.id] = replace(
            order,
            fulfillments=tuple(noted if one.id == part.id else one for one in order.fulfillments),
        )
    return refusal


def _with_parcel(
    order: Order, part: Fulfillment, units: Mapping[int, int], command: Fulfill
) -> Fulfillment:
    parcel = Parcel(
        id=command.tracking.parcel_id,
        number=1 + sum(len(one.parcels) for one in order.fulfillments),
        lines=dict(units),
        shipped_at=command.occurred_at,
        carrier=command.tracking.carrier,
        tracking_number=command.tracking.number,
        tracking_url=command.tracking.url,
    )
    return replace(part, parcels=(*part.parcels, parcel))


def _delivered(order: Order, part: Fulfillment, command: Advance) -> Order | DomainError:
    """Return the order with parcels delivered; one that was delivered already changes nothing."""
    if command.parcel_id not in {None, *(parcel.id for parcel in part.parcels)}:
        assert command.parcel_id is not None
        return UnknownParcel(command.parcel_id)
    parcels = tuple(
        replace(parcel, delivered_at=command.occurred_at)
        if parcel.delivered_at is None and command.parcel_id in {None, parcel.id}
        else parcel
        for parcel in part.parcels
    )
    if parcels == part.parcels and parcels:
        return order
    changed = replace(part, parcels=parcels)
    if not part.is_open and all(parcel.delivered_at for parcel in parcels):
        changed = replace(changed, state="delivered")
    return order.with_part(changed)
