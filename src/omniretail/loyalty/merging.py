"""Merging one loyalty account into another, and undoing that.

Lots and debt move as they are, so that they can go back: the debt stands beside the lots and is not
repaid from them. What was earned since stays with the account that the other was merged into, and so
does its tier.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import channels, idempotency
from omniretail.db import Read, Transaction, Write, sql, write_columns, write_documents
from omniretail.errors import DomainError, Invalid, Missing, Refused
from omniretail.loyalty.accounts import TooManyMembers, most_members
from omniretail.loyalty.lot import Account, Lot, LoyaltyAccountMerged, Merge, Source
from omniretail.loyalty.points import Ledger
from omniretail.loyalty.programme import Programme
from omniretail.loyalty.programmes import programmes
from omniretail.loyalty.store import Concerned, accounts_by_id, write
from omniretail.loyalty.whole import add_accounts, lock_whole

_MERGES = sql("loyalty.merges")
_PUT_MERGES = sql("loyalty.put_merges")
_MOVE_MEMBERS = sql("loyalty.move_members")


class UnknownMerge(Missing):
    """There is no such merge of loyalty accounts."""

    def __init__(self, merge: UUID) -> None:
        super().__init__(f"There is no merge {merge}.", merge=str(merge))


class MergeUndone(Refused):
    """The merge was undone before."""

    def __init__(self, merge: UUID, undone_at: datetime) -> None:
        super().__init__(
            f"It was undone at {undone_at.isoformat()}.",
            merge=str(merge),
            undone_at=undone_at.isoformat(),
        )


class MergeAccounts(msgspec.Struct, frozen=True, kw_only=True):
    """The command to merge the account `source_id` into `target_id`.

    With `any_members` the programme does not bound how many share it: it follows a merge of customers.
    """

    key: idempotency.Key
    principal: channels.Principal
    merge_id: UUID
    source_id: UUID
    target_id: UUID
    reason: str | None = None
    any_members: bool = False


class UndoMerge(msgspec.Struct, frozen=True, kw_only=True):
    """The command to undo a merge."""

    key: idempotency.Key
    principal: channels.Principal
    merge_id: UUID


MergeCommand = MergeAccounts | UndoMerge


async def merge_accounts(
    tx: Transaction, commands: Sequence[MergeCommand], *, now: datetime
) -> list[idempotency.Answer[Merge] | DomainError]:
    """Merge accounts, and undo merges; one outcome per command, in order.

    Locks: the accounts by id; a merged one by the account that it is part of. Outcomes: the merge,
    Invalid (into itself), UnknownLoyaltyAccount, LoyaltyAccountMerged (also where the target was
    merged further), TooManyMembers, UnknownMerge, MergeUndone, IdempotencyKeyReused.
    """
    return await idempotency.once(tx, commands, partial(_change, tx, now=now), Merge, now=now)


async def _change(
    tx: Transaction, commands: Sequence[MergeCommand], *, now: datetime
) -> list[Merge | DomainError]:
    asked = {one.merge_id for one in commands if isinstance(one, UndoMerge)}
    versions, found = await tx.read(programmes(now), merges_by_id(asked))
    accounts = {
        account
        for one in (*commands, *found)
        if not isinstance(one, UndoMerge)
        for account in (one.source_id, one.target_id)
    }
    programme = versions.in_force(now)
    ledger = await lock_whole(tx, Concerned(accounts=accounts), programme, now=now)
    # Read anew: somebody may have undone one before we had the locks.
    found, sources = await tx.read(
        merges_by_id(asked), accounts_by_id({one.source_id for one in found}, now=now)
    )
    add_accounts(ledger, sources)
    merges = {one.id: one for one in found}
    outcomes: list[Merge | DomainError] = []
    for command in commands:
        outcome = (
            merge(ledger, command, programme)
            if isinstance(command, MergeAccounts)
            else undo(ledger, command, merges.get(command.merge_id))
        )
        if isinstance(outcome, Merge):
            merges[outcome.id] = outcome
        outcomes.append(outcome)
    changed = {one.id: merges[one.id] for one in outcomes if isinstance(one, Merge)}
    await tx.write(
        *write(ledger, now=now),
        *write_documents(_PUT_MERGES, list(changed.values())),
        *_write_members(ledger),
    )
    return outcomes


def merge(
    ledger: Ledger, command: MergeAccounts, programme: Programme | None
) -> Merge | DomainError:
    """Have one locked account, all of whose lots are here, be part of another; or say why not."""
    source, target = _standing(ledger, command.source_id), _standing(ledger, command.target_id)
    for account in (source, target):
        if isinstance(account, DomainError):
            return account
    assert isinstance(source, Account)
    assert isinstance(target, Account)
    if source.id == target.id:
        return Invalid.at("/source", "Expected another account")
    members = tuple(sorted({*source.members, *target.members}))
    most = most_members(programme)
    if len(members) > most and not command.any_members:
        return TooManyMembers(target.id, members=len(members), most=most)
    for hold in list(ledger.holds.values()):
        if hold.account_id == source.id and hold.state == "held":
            ledger.end_hold(hold, "voided")
    ledger.expire(command.principal.id)
    note = _source(command, ledger.now, command.reason)
    lots = [lot for lot in ledger.lots_on(source.id) if lot.remaining]
    for lot in lots:
        _move(ledger, lot, target.id, note)
    debt_points = ledger.accounts[source.id].debt_points
    _move_debt(ledger, debt_points, source.id, target.id, note)
    tier, until = _higher(programme, source, target)
    ledger.put(
        ledger.accounts,
        source.id,
        replace(
            ledger.accounts[source.id],
            status="merged",
            merged_into=target.id,
            members=(),
            steady_until=None,
        ),
    )
    ledger.put(
        ledger.accounts,
        target.id,
        replace(ledger.accounts[target.id], tier=tier, tier_until=until, members=members),
    )
    return Merge(
        id=command.merge_id,
        source_id=source.id,
        target_id=target.id,
        lots=tuple(lot.id for lot in lots),
        members=source.members,
        debt_points=debt_points,
        merged_at=ledger.now,
        merged_by=command.principal.id,
        reason=command.reason,
    )


def undo(ledger: Ledger, command: UndoMerge, merged: Merge | None) -> Merge | DomainError:
    """Have a merged account stand by itself again, with what is left of its lots and its debt.

    Live holds that promise points of them are voided.
    """
    if merged is None:
        return UnknownMerge(command.merge_id)
    if merged.undone_at is not None:
        return MergeUndone(merged.id, merged.undone_at)
    target = _standing(ledger, merged.target_id)
    if isinstance(target, DomainError):
        return target
    came = set(merged.lots)
    for hold in list(ledger.holds.values()):
        if hold.account_id == target.id and hold.state == "held" and came & hold.lots.keys():
            ledger.end_hold(hold, "voided")
    ledger.expire(command.principal.id)
    note = _source(command, ledger.now, merged.reason)
    source = replace(
        ledger.accounts[merged.source_id], status="open", merged_into=None, steady_until=None
    )
    ledger.put(ledger.accounts, source.id, source)
    for lot in ledger.lots_on(target.id):
        if lot.id in came and lot.remaining:
            _move(ledger, lot, source.id, note)
    owed = min(merged.debt_points, ledger.accounts[target.id].debt_points)
    _move_debt(ledger, owed, target.id, source.id, note)
    back = tuple(who for who in merged.members if who in target.members)
    for account_id, members in (
        (source.id, back),
        (target.id, tuple(who for who in target.members if who not in back)),
    ):
        ledger.put(
            ledger.accounts, account_id, replace(ledger.accounts[account_id], members=members)
        )
    return replace(merged, undone_at=ledger.now, undone_by=command.principal.id)


def merges_by_id(merge_ids: Collection[UUID]) -> Read[list[Merge]]:
    """Return the read of merges, of those that exist."""
    return Read(_MERGES, (sorted(merge_ids),), lambda rows: msgspec.convert(rows, list[Merge]))


def _standing(ledger: Ledger, account_id: UUID) -> Account | DomainError:
    """Return an account that is part of no other one, also by what was accepted just now."""
    account = ledger.open_account(account_id)
    if isinstance(account, Account) and account.merged_into is not None:
        return LoyaltyAccountMerged(account_id, account.merged_into)
    return account


def _move(ledger: Ledger, lot: Lot, to: UUID, note: Source) -> None:
    """Move a lot to another account as it is."""
    points, came_from = lot.remaining, lot.account_id
    ledger.enter("moved", points, note, lot=lot, lot_change=-points, other=to)
    lot = replace(lot, account_id=to)
    ledger.put_lot(lot)
    ledger.enter("moved", points, note, lot=lot, lot_change=points, other=came_from)


def _move_debt(ledger: Ledger, points: int, came_from: UUID, to: UUID, note: Source) -> None:
    if points:
        ledger.enter("moved", points, note, account_id=came_from, debt_change=-points, other=to)
        ledger.enter("moved", points, note, account_id=to, debt_change=points, other=came_from)


def _higher(
    programme: Programme | None, source: Account, target: Account
) -> tuple[str | None, datetime | None]:
    """Return the higher of two accounts' tiers and its end; of equals, the later end."""
    codes = [] if programme is None else [tier.code for tier in programme.tiers]

    def rank(account: Account) -> tuple[int, float]:
        known = codes.index(account.tier) if account.tier in codes else -1
        return known, account.tier_until.timestamp() if account.tier_until else 0.0

    better = source if rank(source) > rank(target) else target
    return better.tier, better.tier_until


def _write_members(ledger: Ledger) -> list[Write]:
    """Return the write that has members follow their accounts."""
    before = {who: one.id for one in ledger.before.accounts for who in one.members}
    after = {who: one.id for one in ledger.accounts.values() for who in one.members}
    moved = sorted((who, to) for who, to in after.items() if before[who] != to)
    return write_columns(_MOVE_MEMBERS, moved)


def _source(command: MergeCommand, now: datetime, reason: str | None) -> Source:
    return Source(
        actor_id=command.principal.id,
        occurred_at=now,
        idempotency_key=command.key.key,
        reason=reason,
    )
