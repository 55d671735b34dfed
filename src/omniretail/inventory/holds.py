"""Holds: goods promised to a basket until a time, without moving them.

Whether a hold is live is judged by its time whenever it is read; nothing has to sweep it. Its lines
change only under the locks of their levels.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from omniretail import catalog, channels, idempotency
from omniretail.db import Transaction, Write, sql, write_columns
from omniretail.errors import DomainError, Missing, Refused
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
_HOLDS = sql("inventory.holds")
_LINES = sql("inventory.lines_of_holds")
_EXTEND = sql("inventory.extend_holds")
_RELEASE = sql("inventory.release_holds")
_CONVERT = sql("inventory.convert_holds")
_SWEEP = sql("inventory.expired_holds")

# More than all levels of a SKU together.
_NO_LIMIT = 2**63

HoldState = Literal["live", "expired", "released", "converted"]


class UnknownHold(Missing):
    """There is no such hold, or it is not yours to see."""

    def __init__(self, hold: UUID) -> None:
        super().__init__(f"There is no hold {hold}.", hold=str(hold))


class HoldEnded(Refused):
    """The hold has ended."""

    def __init__(self, hold: UUID, state: HoldState) -> None:
        super().__init__(f"The hold is {state}.", hold=str(hold), state=state)


class HoldWish(msgspec.Struct, frozen=True, kw_only=True):
    """So many of a SKU at a location."""

    sku: str
    location: str
    quantity: int


class PlaceHold(msgspec.Struct, frozen=True, kw_only=True):
    """The command to hold goods for `seconds`; `allow_partial` takes what there is."""

    key: idempotency.Key
    hold_id: UUID
    principal: channels.Principal
    channel: str | None
    reference: str | None
    lines: tuple[HoldWish, ...]
    seconds: int
    allow_partial: bool = False


class ChangeHold(msgspec.Struct, frozen=True, kw_only=True):
    """The command to extend a hold, to last `seconds` from now, or (None) to release it."""

    hold_id: UUID
    principal: channels.Principal
    seconds: int | None


class HeldLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a hold, in units of the SKU asked for."""

    number: int
    sku: str
    location: str
    requested: int
    held: int

    @property
    def unfilled(self) -> int:
        """How many were asked for and are not held."""
        return self.requested - self.held


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """A hold, as it stood when it was read."""

    id: UUID
    channel: str | None
    reference: str | None
    created_by: UUID
    created_at: datetime
    expires_at: datetime
    state: HoldState
    order_id: UUID | None
    lines: tuple[HeldLine, ...]

    def visible_to(self, principal: channels.Principal) -> bool:
        """Tell whether a principal may see the hold: a channel its own, located keys theirs."""
        if self.created_by == principal.id:
            return True
        if principal.kind == "channel":
            return self.channel == principal.channel
        return not principal.locations or any(
            line.location in principal.locations for line in self.lines
        )


class _Surroundings(msgspec.Struct, frozen=True):
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
    known, sellers, skus, locations, policies, stock = await tx.read(
        idempotency.known(commands),
        channels.channels_by_code(named),
        catalog.skus_by_code({sku for sku, _ in places}),
        catalog.locations_by_code({location for _, location in places}),
        channel_policies(named),
        lock(places),
    )
    await survey(tx, stock, skus, Asked(earliest=now), now=now)
    room = await channel_room(
        tx,
        policies,
        (
            (command.channel, part.sku)
            for command in commands
            if command.channel
            for line in command.lines
            if line.sku in skus
            for part in parts(line.sku, 1, skus[line.sku].components)
        ),
        now=now,
    )
    surroundings = _Surroundings(sellers, skus, locations, policies, room, stock)
    repetitions = idempotency.Repetitions(commands, known, Hold)
    outcomes: list[Hold | DomainError] = []
    held: list[tuple[PlaceHold, Hold, list[HoldLine]]] = []
    for command in repetitions.fresh:
        lines = decide(surroundings, command, now=now)
        if isinstance(lines, DomainError):
            outcomes.append(lines)
        else:
            hold = _hold(command, lines, now)
            outcomes.append(hold)
            held.append((command, hold, lines))
    await repetitions.confirm(tx, outcomes)
    if held:
        await tx.write(
            *write(stock, now=now), *_placed(held), *repetitions.remember(outcomes, now=now)
        )
    return repetitions.answers(outcomes)


def decide(
    known: _Surroundings, command: PlaceHold, *, now: datetime
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


def _room(room: ChannelRoom, command: PlaceHold, sku: str) -> int:
    left = room.left(command.channel, sku) if command.channel else None
    return _NO_LIMIT if left is None else max(0, left)


def _short(known: _Surroundings, command: PlaceHold, wanted: Mapping[Place, int]) -> DomainError:
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


def _cannot_be_held(known: _Surroundings, command: PlaceHold) -> DomainError | None:
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
    await tx.write(*write(stock, now=now), *write_columns(_RELEASE, [(i,) for i in released], now))
    still = [(hold_id, at) for hold_id, at in extended.items() if hold_id not in released]
    await tx.write(*write_columns(_EXTEND, still))
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


async def find_holds(tx: Transaction, ids: Sequence[UUID], *, now: datetime) -> list[Hold]:
    """Return those of the holds that exist, judged at `now`."""
    lines: dict[UUID, dict[int, HeldLine]] = {}
    closed: set[UUID] = set()
    for row in await tx.fetch(_LINES, list(ids)):
        of_hold = lines.setdefault(row["hold_id"], {})
        if row["closed_at"]:
            closed.add(row["hold_id"])
        # The parts of a kit are held alike: the first says it all.
        of_hold.setdefault(
            row["number"],
            HeldLine(
                number=row["number"],
                sku=row["kit"] or row["sku"],
                location=row["location"],
                requested=row["requested"],
                held=row["quantity"] // row["per_unit"],
            ),
        )
    return [
        Hold(
            id=row["id"],
            channel=row["channel"],
            reference=row["reference"],
            created_by=row["principal_id"],
            created_at=row["created_at"],
            expires_at=row["expires_at"],
            state=_state(row, row["id"] in closed, now),
            order_id=row["order_id"],
            lines=tuple(lines[row["id"]].values()),
        )
        for row in await tx.fetch(_HOLDS, list(ids))
    ]


async def holds_by_id(tx: Transaction, ids: Sequence[UUID], *, now: datetime) -> dict[UUID, Hold]:
    """Return those of the holds that exist, by id; asks nobody about none."""
    return {hold.id: hold for hold in await find_holds(tx, ids, now=now)} if ids else {}


async def find_hold(
    tx: Transaction, hold_id: UUID, *, principal: channels.Principal, now: datetime
) -> Hold:
    """Return one hold. Raises: UnknownHold."""
    found = await find_holds(tx, [hold_id], now=now)
    if not found or not found[0].visible_to(principal):
        raise UnknownHold(hold_id)
    return found[0]


def _state(row: Any, closed: bool, now: datetime) -> HoldState:
    if row["order_id"] is not None:
        return "converted"
    if row["released_at"] is not None:
        return "released"
    # By a clock ahead of ours it may have run out, and its goods may have gone to others.
    return "expired" if closed or row["expires_at"] <= now else "live"


def _hold(command: PlaceHold, lines: Sequence[HoldLine], now: datetime) -> Hold:
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


def _placed(held: Sequence[tuple[PlaceHold, Hold, list[HoldLine]]]) -> list[Write]:
    holds = [
        (
            hold.id,
            hold.created_by,
            hold.channel,
            hold.reference,
            hold.created_at,
            hold.expires_at,
        )
        for _, hold, _ in held
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
        for _, hold, held_lines in held
        for line in held_lines
    ]
    return [*write_columns(_PLACE, holds), *write_columns(_PLACE_LINES, lines)]
