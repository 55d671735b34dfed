"""Lots and serial numbers of what moves: which units leave, and whether they may. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
from msgspec.structs import replace

from omniretail.errors import DomainError
from omniretail.inventory.levels import InsufficientStock, Place, Shortage
from omniretail.inventory.lots import (
    Lot,
    LotExpiryDiffers,
    LotMissing,
    LotNotTracked,
    first_to_leave,
)
from omniretail.inventory.movements import ON_HAND, Movement
from omniretail.inventory.serials import (
    Serial,
    SerialGone,
    SerialOnHand,
    SerialsMissing,
    SerialsNotTracked,
)

_LEAVES = frozenset({"sold", "shipped", "handed_over"})
_CHOOSES_LOTS = _LEAVES | {"transfer_shipped", "store_shipped"}
_NO_LOT = frozenset({"allocated", "released"})
_COMES_BACK = frozenset({"returned", "unlinked_return"})
_FOLLOWED = _LEAVES | _COMES_BACK | {"received"}


class Tracked(msgspec.Struct, frozen=True):
    """Movements with their lots, and what lots and serial numbers are after them.

    `on_the_way` are the lots that the movements' document has in transit to a store, by SKU.
    """

    movements: Sequence[Movement]
    lots: dict[Place, list[Lot]] = {}
    serials: dict[tuple[str, str], Serial] = {}
    on_the_way: dict[str, list[Lot]] = {}


def track(
    movements: Sequence[Movement],
    *,
    tracking: Mapping[str, str],
    lots: Mapping[Place, Sequence[Lot]],
    serials: Mapping[tuple[str, str], Serial],
    today: date,
    forced: bool,
    on_the_way: Mapping[str, Sequence[Lot]] = {},
) -> Tracked | DomainError:
    """Choose the lots of what leaves (earliest expiry first) and check each serial number.

    What arrives at a store is of the lots that its document sent there, earliest expiry first.
    Outcomes: what is then, or LotMissing, LotNotTracked, LotExpiryDiffers, InsufficientStock (of a
    lot), SerialsMissing, SerialsNotTracked, SerialGone, SerialOnHand. What is `forced` may leave
    without a lot where the lots do not suffice.
    """
    coming = {sku: [replace(lot) for lot in sent] for sku, sent in on_the_way.items()}
    after = Tracked([], {}, {}, coming)
    chosen: list[Movement] = []
    for movement in movements:
        kind = tracking.get(movement.sku)
        if movement.lot is not None and kind != "lot":
            return LotNotTracked(movement.sku)
        if movement.serials and kind != "serial":
            return SerialsNotTracked(movement.sku)
        outcome: Sequence[Movement] | DomainError = [movement]
        if kind == "lot" and movement.type not in _NO_LOT:
            outcome = _with_lots(movement, after, lots, today, forced=forced)
        elif kind == "serial":
            outcome = _with_serials(movement, after.serials, serials)
        if isinstance(outcome, DomainError):
            return outcome
        if kind == "lot" and movement.type == "store_shipped":
            expiries = {
                lot.lot: lot.expires_on for lot in after.lots[movement.sku, movement.location]
            }
            after.on_the_way.setdefault(movement.sku, []).extend(
                Lot(piece.lot, expiries[piece.lot], piece.quantity)
                for piece in outcome
                if piece.lot
            )
        chosen += outcome
    return replace(after, movements=chosen)


def _with_lots(
    movement: Movement,
    after: Tracked,
    before: Mapping[Place, Sequence[Lot]],
    today: date,
    *,
    forced: bool,
) -> Sequence[Movement] | DomainError:
    place = movement.sku, movement.location
    if place not in after.lots:
        after.lots[place] = [replace(lot) for lot in before.get(place, ())]
    there = after.lots[place]
    if movement.type == "store_received":
        return _arriving(movement, there, after.on_the_way.get(movement.sku, []))
    if movement.lot is not None:
        return _of_one_lot(movement, there)
    if movement.type not in _CHOOSES_LOTS:
        return LotMissing(movement.sku)
    taken = first_to_leave(there, movement.quantity, today)
    found = sum(units for _, units in taken)
    if found < movement.quantity and forced:
        # It has left: what is past its date is likelier gone than what is not in the books.
        past = [lot for lot in there if lot.expired(today)]
        taken += first_to_leave(past, movement.quantity - found, date.min)
        found = sum(units for _, units in taken)
    if found < movement.quantity and not forced:
        return InsufficientStock(
            [Shortage(movement.sku, movement.location, movement.quantity, found)]
        )
    pieces = []
    for lot, units in taken:
        lot.on_hand -= units
        pieces.append(movement._replace(lot=lot.lot, quantity=units))
    if found < movement.quantity:
        pieces.append(movement._replace(quantity=movement.quantity - found))
    return pieces


def _arriving(
    movement: Movement, there: list[Lot], sent: list[Lot]
) -> Sequence[Movement] | DomainError:
    """Return the lots by which goods arrive that were sent: an arrival is of what left."""
    named = [lot for lot in sent if movement.lot in {None, lot.lot}]
    taken = first_to_leave(named, movement.quantity, date.min)
    if sum(units for _, units in taken) < movement.quantity:
        return LotMissing(movement.sku)
    known = {lot.lot for lot in there}
    pieces: list[Movement] = []
    for lot, units in taken:
        lot.on_hand -= units
        expires_on = None if lot.lot in known else lot.expires_on
        piece = movement._replace(lot=lot.lot, expires_on=expires_on, quantity=units)
        outcome = _of_one_lot(piece, there)
        if isinstance(outcome, DomainError):
            return outcome
        pieces += outcome
    return pieces


def _of_one_lot(movement: Movement, there: list[Lot]) -> Sequence[Movement] | DomainError:
    assert movement.lot is not None, "the movement names its lot"
    lot = next((lot for lot in there if lot.lot == movement.lot), None)
    if lot is None:
        lot = Lot(movement.lot, movement.expires_on)
        there.append(lot)
    elif movement.expires_on not in {None, lot.expires_on}:
        return LotExpiryDiffers(sku=movement.sku, lot=lot.lot, expires_on=lot.expires_on)
    available = {
        "available": lot.shelf,
        "allocated": lot.shelf,
        "damaged": lot.damaged,
        "quality_control": lot.quality_control,
    }.get(movement.from_state, movement.quantity)
    if available < movement.quantity:
        return InsufficientStock(
            [Shortage(movement.sku, movement.location, movement.quantity, available)]
        )
    lot.move(movement)
    return [movement]


def _with_serials(
    movement: Movement,
    after: dict[tuple[str, str], Serial],
    before: Mapping[tuple[str, str], Serial],
) -> Sequence[Movement] | DomainError:
    named = movement.serials or ()
    written_off_or_found = movement.type == "set_aside" and movement.on_hand_change
    if movement.type not in _FOLLOWED and not written_off_or_found:
        return [movement]
    needed = movement.type in _LEAVES | _COMES_BACK or named
    if needed and (len(named) != movement.quantity or len(set(named)) != len(named)):
        return SerialsMissing(movement.sku, movement.quantity)
    was_here, is_here = movement.from_state in ON_HAND, movement.to_state in ON_HAND
    for serial in named:
        key = movement.sku, serial
        known = after.get(key) or before.get(key)
        if known and was_here and known.state == "gone":
            return SerialGone(movement.sku, serial)
        if known and not was_here and known.state == "on_hand":
            return SerialOnHand(movement.sku, serial)
        after[key] = Serial("on_hand", movement.location) if is_here else Serial("gone", None)
    return [movement]
