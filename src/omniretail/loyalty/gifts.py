"""Giving points to another account, and taking them back before they are available there.

A gift is of active points that outlast the wait for it; what would expire before it could be spent is
left with the giver. It repays no debt of whom it is given to: it may still be taken back.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import channels, idempotency
from omniretail.db import Read, Transaction, sql, write_documents
from omniretail.errors import DomainError, Invalid, Missing, Refused
from omniretail.ids import new_id
from omniretail.loyalty.books import spending_order
from omniretail.loyalty.lot import Gift, InsufficientPoints, Lot, Source
from omniretail.loyalty.points import Ledger
from omniretail.loyalty.programme import Programme
from omniretail.loyalty.programmes import NoProgrammeInForce, programmes
from omniretail.loyalty.store import Concerned, write
from omniretail.loyalty.whole import lock_whole

_GIFTS = sql("loyalty.gifts")
_GIFT_LOTS = sql("loyalty.gift_lots")
_PUT_GIFTS = sql("loyalty.put_gifts")


class UnknownGift(Missing):
    """There is no such gift of points."""

    def __init__(self, gift: UUID) -> None:
        super().__init__(f"There is no gift of points {gift}.", gift=str(gift))


class GiftClosed(Refused):
    """The gift cannot be taken back: it was already, or whom it was given to may spend it."""

    def __init__(self, gift: Gift) -> None:
        super().__init__(
            "It was taken back before."
            if gift.taken_back_at is not None
            else f"It can be spent since {gift.available_at.isoformat()}.",
            gift=str(gift.id),
            available_at=gift.available_at.isoformat(),
        )


class GivePoints(msgspec.Struct, frozen=True, kw_only=True):
    """The command to give points of one account to another one."""

    key: idempotency.Key
    principal: channels.Principal
    gift_id: UUID
    from_account_id: UUID
    to_account_id: UUID
    points: int


class TakeGiftBack(msgspec.Struct, frozen=True, kw_only=True):
    """The command to take a gift back."""

    key: idempotency.Key
    principal: channels.Principal
    gift_id: UUID


GiftCommand = GivePoints | TakeGiftBack


async def change_gifts(
    tx: Transaction, commands: Sequence[GiftCommand], *, now: datetime
) -> list[idempotency.Answer[Gift] | DomainError]:
    """Give points, and take gifts back; one outcome per command, in order.

    Locks: the accounts by id, both of each gift. Outcomes: the gift, Invalid (to itself),
    UnknownLoyaltyAccount, LoyaltyAccountMerged, InsufficientPoints, NoProgrammeInForce, UnknownGift,
    GiftClosed, IdempotencyKeyReused.
    """
    return await idempotency.once(tx, commands, partial(_change, tx, now=now), Gift, now=now)


async def _change(
    tx: Transaction, commands: Sequence[GiftCommand], *, now: datetime
) -> list[Gift | DomainError]:
    asked = {one.gift_id for one in commands if isinstance(one, TakeGiftBack)}
    versions, found = await tx.read(programmes(now), gifts_by_id(asked))
    accounts = {
        account
        for one in (*commands, *found)
        if not isinstance(one, TakeGiftBack)
        for account in (one.from_account_id, one.to_account_id)
    }
    programme = versions.in_force(now)
    ledger = await lock_whole(tx, Concerned(accounts=accounts), programme, now=now)
    # Read anew: somebody may have taken one back before we had the locks.
    found, lots = await tx.read(gifts_by_id(asked), _lots_of(asked))
    ledger.add_lots(lots)
    gifts = {gift.id: gift for gift in found}
    outcomes: list[Gift | DomainError] = []
    for command in commands:
        outcome = (
            give(ledger, command, programme)
            if isinstance(command, GivePoints)
            else take_back(ledger, command, gifts.get(command.gift_id))
        )
        if isinstance(outcome, Gift):
            gifts[outcome.id] = outcome
        outcomes.append(outcome)
    # Of a gift that was given and taken back in one batch, the last word counts.
    changed = {one.id: gifts[one.id] for one in outcomes if isinstance(one, Gift)}
    await tx.write(*write(ledger, now=now), *write_documents(_PUT_GIFTS, list(changed.values())))
    return outcomes


def give(ledger: Ledger, command: GivePoints, programme: Programme | None) -> Gift | DomainError:
    """Give points of one locked account, all of whose lots are here, to another; or say why not."""
    giver = ledger.open_account(command.from_account_id)
    receiver = ledger.open_account(command.to_account_id)
    for account in (giver, receiver):
        if isinstance(account, DomainError):
            return account
    assert not isinstance(giver, DomainError)
    assert not isinstance(receiver, DomainError)
    if giver.id == receiver.id:
        return Invalid.at("/to", "Expected another account")
    if programme is None:
        return NoProgrammeInForce(ledger.now)
    gift = Gift(
        id=command.gift_id,
        from_account_id=giver.id,
        to_account_id=receiver.id,
        points=command.points,
        sent_at=ledger.now,
        available_at=ledger.now + timedelta(hours=programme.gift_hours),
        actor_id=command.principal.id,
    )
    lots = [
        lot
        for lot in sorted(ledger.lots_on(giver.id), key=spending_order)
        if lot.expires_at is None or lot.expires_at > gift.available_at
    ]
    free = sum(lot.free_points(ledger.now) for lot in lots)
    if gift.points > (available := min(free, giver.spendable_points)):
        return InsufficientPoints(giver.id, requested=gift.points, available=available)
    source = _source(command, ledger.now)
    left = gift.points
    for lot in lots:
        if share := min(left, lot.free_points(ledger.now)):
            left -= share
            ledger.take_from("gifted", lot, share, source, other=receiver.id)
            _put(ledger, gift, lot, share, source)
    return gift


def take_back(ledger: Ledger, command: TakeGiftBack, gift: Gift | None) -> Gift | DomainError:
    """Take back what is left of a gift; its lots and those they came from are here.

    Points go back to the lot they came from, or, where that is another account's by now, to a lot of
    their own with the same expiry.
    """
    if gift is None:
        return UnknownGift(command.gift_id)
    if gift.taken_back_at is not None or gift.available_at <= ledger.now:
        return GiftClosed(gift)
    giver, receiver = ledger.account(gift.from_account_id), ledger.account(gift.to_account_id)
    assert not isinstance(giver, DomainError), "both accounts of a gift are locked"
    assert not isinstance(receiver, DomainError), "both accounts of a gift are locked"
    source = _source(command, ledger.now)
    given = [lot for lot in ledger.lots.values() if lot.gift_id == gift.id and lot.remaining]
    for lot in given:
        share = ledger.take_lot(lot, "gifted", source, other=giver.id)
        assert lot.origin_id is not None, "a gift came from a lot"
        origin = ledger.lots[lot.origin_id]
        if origin.account_id == giver.id:
            back = replace(origin, remaining=origin.remaining + share)
        else:
            back = Lot(
                id=new_id(),
                account_id=giver.id,
                kind="restored",
                quantity=share,
                remaining=share,
                earned_at=origin.earned_at,
                available_at=ledger.now,
                expires_at=origin.expires_at,
                origin_id=origin.id,
            )
        ledger.put_lot(back)
        ledger.enter("gifted", share, source, lot=back, lot_change=share, other=receiver.id)
    return replace(gift, taken_back_at=ledger.now)


def gifts_by_id(gift_ids: Collection[UUID]) -> Read[list[Gift]]:
    """Return the read of gifts, of those that exist."""
    return Read(_GIFTS, (sorted(gift_ids),), lambda rows: msgspec.convert(rows, list[Gift]))


def _lots_of(gift_ids: Collection[UUID]) -> Read[list[Lot]]:
    return Read(_GIFT_LOTS, (sorted(gift_ids),), lambda rows: msgspec.convert(rows, list[Lot]))


def _put(ledger: Ledger, gift: Gift, lot: Lot, share: int, source: Source) -> None:
    """Put points of a lot on the account that they are given to; they expire when they would have."""
    given = Lot(
        id=new_id(),
        account_id=gift.to_account_id,
        kind="gift",
        quantity=share,
        remaining=share,
        earned_at=lot.earned_at,
        available_at=gift.available_at,
        expires_at=lot.expires_at,
        origin_id=lot.id,
        gift_id=gift.id,
    )
    ledger.put_lot(given)
    ledger.enter("gifted", share, source, lot=given, lot_change=share, other=gift.from_account_id)


def _source(command: GiftCommand, now: datetime) -> Source:
    return Source(actor_id=command.principal.id, occurred_at=now, idempotency_key=command.key.key)
