"""Holds: goods promised to a basket until a time, without moving them.

Whether a hold is live is judged by its time whenever it is read; nothing has to sweep it. Its lines
change only under the locks of their levels.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from omniretail import catalog, channels, idempotency
from omniretail.db import Read, Transaction, Write, sql, write_columns
from omniretail.errors import DomainError
from omniretail.inventory.hold import HeldLine, Hold, HoldEnded, UnknownHold, find_holds
from omniretail.inventory.levels import InsufficientStock, Place, Shortage
from omniretail.inventory.movements import parts
from omniretail.inventory.operations import lock, write
from omniretail.inventory.policies import (
    ChannelPolicy,
    ChannelRoom,
    LocationOutsidePool,
    channel_policies,
    channel_room,
)
from omniretail.inventory.promises import HoldLine
from omniretail.inventory.stock import Stock
from omniretail.inventory.survey import Asked, survey

LONGEST = timedelta(hours=4)
"""How long a hold may last before it is extended."""

_PLACE = sql("inventory.place_holds")
_PLACE_LINES = sql("inventory.place_hold_lines")
_EXTEND = sql("inventory.extend_holds")
_RELEASE = sql("inventory.release_holds")
_CONVERT = sql("inventory.convert_holds")
_SWEEP = sql("inventory.expired_holds")

# More than all levels of a SKU together.
_NO_LIMIT = 2**63


class HoldWish(msgspec.Struct, frozen=True, kw_only=True):
    """So many of a SKU at a location."""

    sku: str
    location: str
    quantity: int


class WantedHold(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that shall be held for `seconds`; `allow_partial` takes what there is."""

    hold_id: UUID
    principal: channels.Principal
    channel: str | None
    reference: str | None
    lines: tuple[HoldWish, ...]
    seconds: int
    allow_partial: bool = False


class PlaceHold(WantedHold, frozen=True, kw_only=True):
    """The command to hold goods."""

    key: idempotency.Key


class ChangeHold(msgspec.Struct, frozen=True, kw_only=True):
    """The command to extend a hold, to last `seconds` from now, or (None) to release it."""

    hold_id: UUID
    principal: channels.Principal
    seconds: int | None


class Surroundings(msgspec.Struct, frozen=True):
    """All that judging a hold needs to know; `stock` is locked and changes as it goes."""

    channels: Collection[str]
    skus: Mapping[str, catalog.SkuTraits]
    locations: Mapping[str, catalog.LocationSpec]
    policies: Mapping[str, ChannelPolicy]
    room: ChannelRoom
    stock: Stock


async def place_holds(
    tx: Transaction, commands: Sequence[PlaceHold], *, now: datetime
) -> list[idempotency.Answer[Hold] | DomainError]:
    """Hold goods, first come first served; one outcome each, in order.

    Locks: levels by (SKU, location), in the statement that looks the keys up. Outcomes: the hold,
    UnknownChannel, UnknownSku, SkuNotSold, UnknownLocation, LocationNotServing, LocationOutsidePool,
    InsufficientStock (with `allow_partial`: where there is nothing at all), KeyReused.
    """
    places = {(line.sku, line.location) for command in commands for line in command.lines}
    named = {command.channel for command in commands if command.channel}
    known, *found = await tx.read(idempotency.known(commands), *needed(places, named))
    promised = [
        (command.channel, line.sku)
        for command in commands
        if command.channel
        for line in command.lines
    ]
    surroundings = await surveyed(tx, found, promised, now=now)
    repetitions = idempotency.Repetitions(commands, known, Hold)
    outcomes: list[Hold | DomainError] = []
    held: list[tuple[Hold, list[HoldLine]]] = []
    for command in repetitions.fresh:
        lines = decide(surroundings, command, now=now)
        if isinstance(lines, DomainError):
            outcomes.append(lines)
        else:
            hold = placed(command, lines, now)
            outcomes.append(hold)
            held.append((hold, lines))
    await repetitions.confirm(tx, outcomes)
    if held:
        await tx.write(
            *write(surroundings.stock, now=now),
            *write_placed(held),
            *repetitions.remember(outcomes, now=now),
        )
    return repetitions.answers(outcomes)


def needed(
    places: Collection[Place], named: Collection[str], *, holds: Collection[UUID] = ()
) -> list[Read[Any]]:
    """Return the reads of what judging holds at places needs, by channels; the last one locks.

    Locks: the levels of the places, and those of the lines of `holds`, by (SKU, location).
    """
    return [
        channels.channels_by_code(named),
        catalog.skus_by_code({sku for sku, _ in places}),
        catalog.locations_by_code({location for _, location in places}),
        channel_policies(named),
        lock(places, holds=holds),
    ]


async def surveyed(
    tx: Transaction,
    found: Sequence[Any],
    promised: Iterable[tuple[str, str]],
    *,
    holds: Collection[UUID] = (),
    now: datetime,
) -> Surroundings:
    """Return what was found by the reads that are `needed`, with what they do not say.

    `promised` are the pairs of (channel, SKU) that are asked for, kits as themselves.
    """
    sellers, skus, locations, policies, stock = found
    await survey(tx, stock, skus, Asked(earliest=now, holds=list(holds)), now=now)
    room = await channel_room(
        tx,
        policies,
        (
            (channel, part.sku)
            for channel, sku in promised
            if sku in skus
            for part in parts(sku, 1, skus[sku].components)
        ),
        now=now,
    )
    return Surroundings(sellers, skus, locations, policies, room, stock)


def decide(
    known: Surroundings, command: WantedHold, *, now: datetime
) -> list[HoldLine] | DomainError:
    """Return what is held for one command, taken from the stock, or a refusal.

    Lines that consume the same component are summed before they are judged.
    """
    if command.channel and command.channel not in known.channels:
        return channels.UnknownChannel(command.channel)
    if refusal := _cannot_be_held(known, command):
        return refusal
    expires_at = now + timedelta(seconds=command.seconds)
    left: dict[Place, int] = {}
    room: dict[str, int] = {}
    wanted: Counter[Place] = Counter()
    held: list[HoldLine] = []
    for number, line in enumerate(command.lines, start=1):
        needs = list(parts(line.sku, 1, known.skus[line.sku].components))
        for part in needs:
            place = part.sku, line.location
            wanted[place] += part.quantity * line.quantity
            left.setdefault(place, known.stock.level(*place).available_to_promise)
            room.setdefault(part.sku, _room(known.room, command, part.sku))
        granted = min(
            line.quantity,
            *(
                min(left[part.sku, line.location], room[part.sku]) // part.quantity
                for part in needs
            ),
        )
        for part in needs:
            left[part.sku, line.location] -= granted * part.quantity
            room[part.sku] -= granted * part.quantity
            held.append(
                HoldLine(
                    hold_id=command.hold_id,
                    number=number,
                    sku=part.sku,
                    location=line.location,
                    kit=part.kit,
                    per_unit=part.quantity,
                    requested=line.quantity,
                    quantity=granted * part.quantity,
                    expires_at=expires_at,
                )
            )
    takes = Counter[Place]()
    for one in held:
        takes[one.sku, one.location] += one.quantity
    whole = takes == wanted
    if not whole and not (command.allow_partial and any(takes.values())):
        return _short(known, command, wanted)
    if command.channel:
        known.room.take(command.channel, takes)
    known.stock.hold(held)
    return held


def _room(room: ChannelRoom, command: WantedHold, sku: str) -> int:
    left = room.left(command.channel, sku) if command.channel else None
    return _NO_LIMIT if left is None else max(0, left)


def _short(known: Surroundings, command: WantedHold, wanted: Mapping[Place, int]) -> DomainError:
    """Return what is missing: at a location, or else of what the channel may promise at all."""
    shortages = [
        Shortage(*place, quantity, known.stock.level(*place).available_to_promise)
        for place, quantity in wanted.items()
        if quantity > known.stock.level(*place).available_to_promise
    ]
    if shortages or not command.channel:
        return InsufficientStock(shortages)
    refusal = known.room.refusal(command.channel, wanted)
    assert refusal is not None, "what is not granted is missing somewhere"
    return refusal


def _cannot_be_held(known: Surroundings, command: WantedHold) -> DomainError | None:
    policy = known.policies.get(command.channel or "")
    for line in command.lines:
        traits = known.skus.get(line.sku)
        if traits is None:
            return catalog.UnknownSku(line.sku)
        if traits.status != "active":
            return catalog.SkuNotSold(line.sku)
        location = known.locations.get(line.location)
        if location is None:
            return catalog.UnknownLocation(line.location)
        if location.status != "active":
            return catalog.LocationNotServing(location=line.location, kind="hold")
        if policy and policy.pool is not None and line.location not in policy.pool:
            assert command.channel is not None, "the policy is the channel's"
            return LocationOutsidePool(channel=command.channel, location=line.location)
    return None


async def change_holds(
    tx: Transaction, commands: Sequence[ChangeHold], *, now: datetime
) -> list[Hold | DomainError]:
    """Extend or release holds; one outcome each, in order. Releasing what has ended changes nothing.

    Locks: the levels of the holds' lines, by (SKU, location). Outcomes: the hold after the change,
    UnknownHold, HoldEnded (extending one that is expired, released or converted).
    """
    ids = {command.hold_id for command in commands}
    (stock,) = await tx.read(lock((), holds=ids))
    await survey(tx, stock, {}, Asked(earliest=now, holds=list(ids)), now=now)
    holds = {hold.id: hold for hold in await find_holds(tx, list(ids), now=now)}
    extended: dict[UUID, datetime] = {}
    released: set[UUID] = set()
    outcomes: list[Hold | DomainError] = []
    for command in commands:
        hold = holds.get(command.hold_id)
        if hold is None or not hold.visible_to(command.principal):
            outcomes.append(UnknownHold(command.hold_id))
            continue
        if hold.state == "live" and command.seconds is None:
            stock.release(stock.holds.pop(hold.id, []))
            released.add(hold.id)
            hold = msgspec.structs.replace(hold, state="released")
        elif hold.state == "live" and command.seconds is not None:
            extended[hold.id] = now + timedelta(seconds=command.seconds)
            hold = msgspec.structs.replace(hold, expires_at=extended[hold.id])
        elif command.seconds is not None:
            outcomes.append(HoldEnded(hold.id, hold.state))
            continue
        holds[hold.id] = hold
        outcomes.append(hold)
    # The lines of one hold are not extended and closed in one statement.
    await tx.write(*write(stock, now=now), *write_released(released, now=now))
    await tx.write(
        *write_extended({one: at for one, at in extended.items() if one not in released})
    )
    return outcomes


async def sweep_holds(tx: Transaction, *, now: datetime, most: int) -> int:
    """Close the lines of up to `most` expired holds; returns how many lines. Nobody waits for it.

    Locks: their levels, by (SKU, location).
    """
    ids = [row["hold_id"] for row in await tx.fetch(_SWEEP, now, most)]
    if not ids:
        return 0
    (stock,) = await tx.read(lock((), holds=ids))
    await survey(tx, stock, {}, Asked(earliest=now), now=now)
    await tx.write(*write(stock, now=now))
    return len(stock.closed_lines)


def convert_holds(converted: Mapping[UUID, UUID]) -> list[Write]:
    """Return the writes that turn holds into the orders they became, by the holds' ids."""
    return write_columns(_CONVERT, list(converted.items()))


def write_released(ids: Iterable[UUID], *, now: datetime) -> list[Write]:
    """Return the writes that note that holds were released; their lines are closed apart."""
    return write_columns(_RELEASE, [(hold_id,) for hold_id in ids], now)


def write_extended(extended: Mapping[UUID, datetime]) -> list[Write]:
    """Return the writes that extend holds with their lines; a statement of their own."""
    return write_columns(_EXTEND, list(extended.items()))


def placed(command: WantedHold, lines: Sequence[HoldLine], now: datetime) -> Hold:
    """Return the hold that a command led to, with the lines that were decided."""
    held = {line.number: line.quantity // line.per_unit for line in lines}
    return Hold(
        id=command.hold_id,
        channel=command.channel,
        reference=command.reference,
        created_by=command.principal.id,
        created_at=now,
        expires_at=lines[0].expires_at,
        state="live",
        order_id=None,
        lines=tuple(
            HeldLine(
                number=number,
                sku=line.sku,
                location=line.location,
                requested=line.quantity,
                held=held[number],
            )
            for number, line in enumerate(command.lines, start=1)
        ),
    )


def write_placed(held: Sequence[tuple[Hold, Sequence[HoldLine]]]) -> list[Write]:
    """Return the writes of holds with their lines, whose levels are locked."""
    holds = [
        (
            hold.id,
            hold.created_by,
            hold.channel,
            hold.reference,
            hold.created_at,
            hold.expires_at,
        )
        for hold, _ in held
    ]
    lines = [
        (
            line.hold_id,
            line.number,
            line.sku,
            line.location,
            line.kit,
            line.per_unit,
            line.requested,
            line.quantity,
            hold.created_at,
            line.expires_at,
        )
        for hold, held_lines in held
        for line in held_lines
    ]
    return [*write_columns(_PLACE, holds), *write_columns(_PLACE_LINES, lines)]
