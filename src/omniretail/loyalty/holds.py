"""Holding points for a checkout, and giving them back. Orders commit holds in their own transaction."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from omniretail import channels, idempotency
from omniretail.db import Read, Transaction, sql
from omniretail.errors import DomainError
from omniretail.loyalty.lot import Hold, UnknownLoyaltyHold
from omniretail.loyalty.points import Ledger
from omniretail.loyalty.programme import Programme
from omniretail.loyalty.programmes import NoProgrammeInForce, programmes
from omniretail.loyalty.store import Concerned, lock, write

_HOLDS = sql("loyalty.holds")


class PlaceHold(msgspec.Struct, frozen=True, kw_only=True):
    """The command to hold points; for as long as the programme says, or for fewer `seconds`."""

    key: idempotency.Key
    principal: channels.Principal
    hold_id: UUID
    account_id: UUID
    points: int
    seconds: int | None = None
    channel: str | None = None
    location: str | None = None


class VoidHold(msgspec.Struct, frozen=True, kw_only=True):
    """The command to give back what a hold promises."""

    principal: channels.Principal
    hold_id: UUID


async def place_holds(
    tx: Transaction, commands: Sequence[PlaceHold], *, now: datetime
) -> list[idempotency.Answer[Hold] | DomainError]:
    """Hold points, first come first served, those that expire the soonest first; one outcome each.

    Locks: the accounts by id. Outcomes: the hold, InsufficientPoints, UnknownLoyaltyAccount,
    LoyaltyAccountMerged, NoProgrammeInForce, IdempotencyKeyReused.
    """
    stored, versions = await tx.read(idempotency.known(commands), programmes(now))
    repetitions = idempotency.Repetitions(commands, stored, Hold)
    wanted: Counter[UUID] = Counter()
    for command in repetitions.fresh:
        wanted[command.account_id] += command.points
    programme = versions.in_force(now)
    ledger = await lock(tx, Concerned(accounts=wanted.keys(), wanted=wanted), programme, now=now)
    outcomes = [place(ledger, command, programme) for command in repetitions.fresh]
    await repetitions.confirm(tx, outcomes)
    await tx.write(*write(ledger, now=now), *repetitions.remember(outcomes, now=now))
    return repetitions.answers(outcomes)


def place(ledger: Ledger, command: PlaceHold, programme: Programme | None) -> Hold | DomainError:
    """Return the hold that a locked account has now, or why it has none."""
    account = ledger.open_account(command.account_id)
    if isinstance(account, DomainError):
        return account
    if programme is None:
        return NoProgrammeInForce(ledger.now)
    at_till = command.principal.kind == "terminal"
    longest = programme.till_hold_seconds if at_till else programme.web_hold_seconds
    seconds = longest if command.seconds is None else min(command.seconds, longest)
    hold = Hold(
        id=command.hold_id,
        account_id=command.account_id,
        points=command.points,
        state="held",
        placed_at=ledger.now,
        expires_at=ledger.now + timedelta(seconds=seconds),
        actor_id=command.principal.id,
        channel=command.channel,
        location=command.location,
    )
    return ledger.hold(hold) or ledger.holds[hold.id]


async def void_holds(
    tx: Transaction, commands: Sequence[VoidHold], *, now: datetime
) -> list[Hold | DomainError]:
    """Give back what holds promise; one outcome each, in order.

    One that was given back before, or has run out, stays as it is. Locks: the accounts by id.
    Outcomes: the hold, UnknownLoyaltyHold, PointsHoldEnded (it was spent).
    """
    asked = {command.hold_id for command in commands}
    (found,) = await tx.read(holds_by_id(asked))
    accounts = {hold.id: hold.account_id for hold in found}
    concerned = Concerned(accounts=set(accounts.values()), holds=sorted(accounts))
    ledger = await lock(tx, concerned, None, now=now)
    outcomes: list[Hold | DomainError] = []
    for command in commands:
        if command.hold_id not in accounts:
            outcomes.append(UnknownLoyaltyHold(command.hold_id))
            continue
        refusal = ledger.void(accounts[command.hold_id], command.hold_id)
        outcomes.append(refusal or ledger.holds[command.hold_id])
    await tx.write(*write(ledger, now=now))
    return outcomes


def holds_by_id(hold_ids: Collection[UUID]) -> Read[list[Hold]]:
    """Return the read of holds as they were last written, of those that exist."""
    return Read(
        _HOLDS,
        (sorted(hold_ids),),
        lambda rows: [msgspec.convert(row, Hold, str_keys=True) for row in rows],
    )
