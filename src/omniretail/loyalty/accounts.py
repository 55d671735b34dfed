"""Opening loyalty accounts, who is a member of one, and changing their points by hand.

How points are held, given away and merged lives in `holds`, `gifts` and `merging`; what orders do to
accounts lives with orders.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import channels, customers, idempotency
from omniretail.db import RaceLost, Transaction, constraint, sql, write_columns
from omniretail.errors import DomainError, Invalid, Missing, Refused
from omniretail.ids import new_id
from omniretail.loyalty.lot import Account, Lot, Source
from omniretail.loyalty.points import Ledger
from omniretail.loyalty.programme import Programme, expires_at
from omniretail.loyalty.programme_faults import LAST
from omniretail.loyalty.programmes import NoProgrammeInForce, programmes
from omniretail.loyalty.store import Concerned, lock, write

MOST_MEMBERS_WITHOUT_PROGRAMME = 6

_ADD_MEMBERS = sql("loyalty.add_members")
_REMOVE_MEMBERS = sql("loyalty.remove_members")

# Another batch had the customer join an account since ours looked: run again, and find it.
constraint("loyalty_member_pkey", RaceLost)


class AlreadyMember(Refused):
    """The customer is a member of a loyalty account already."""

    def __init__(self, customer: UUID, account: UUID) -> None:
        super().__init__(
            f"Customer {customer} is a member of account {account}.",
            customer=str(customer),
            account=str(account),
        )


class UnknownMember(Missing):
    """The customer is no member of this loyalty account."""

    def __init__(self, customer: UUID, account: UUID) -> None:
        super().__init__(
            f"Customer {customer} is no member of account {account}.",
            customer=str(customer),
            account=str(account),
        )


class LastMember(Refused):
    """The last member of a loyalty account cannot leave it."""

    def __init__(self, customer: UUID, account: UUID) -> None:
        super().__init__(
            f"Account {account} has no member but {customer}.",
            customer=str(customer),
            account=str(account),
        )


class TooManyMembers(Refused):
    """The loyalty account would have more members than the programme allows."""

    def __init__(self, account: UUID, *, members: int, most: int) -> None:
        super().__init__(
            f"That would be {members} members, of at most {most}.",
            account=str(account),
            members=members,
            most_members=most,
        )


class OpenAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The command to open a loyalty account for some customers."""

    key: idempotency.Key
    principal: channels.Principal
    account_id: UUID
    members: tuple[UUID, ...]


class JoinAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The command to have a customer be a member of an account."""

    key: idempotency.Key
    principal: channels.Principal
    account_id: UUID
    customer: UUID


class LeaveAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The command to have a customer be a member no more; the points stay."""

    key: idempotency.Key
    principal: channels.Principal
    account_id: UUID
    customer: UUID


class AdjustPoints(msgspec.Struct, frozen=True, kw_only=True):
    """The command to give an account points by hand, or (below zero) to take some, and why.

    What is given expires as the programme says, unless it is told when.
    """

    key: idempotency.Key
    principal: channels.Principal
    account_id: UUID
    points: int
    reason: str
    expires_at: datetime | None = None


AccountCommand = OpenAccount | JoinAccount | LeaveAccount | AdjustPoints


class _Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What judging a command needs to know; `ledger` and `members` change as it goes."""

    ledger: Ledger
    members: dict[UUID, UUID]
    customers: Mapping[UUID, UUID]
    programme: Programme | None


async def change_accounts(
    tx: Transaction, commands: Sequence[AccountCommand], *, now: datetime
) -> list[idempotency.Answer[Account] | DomainError]:
    """Open accounts, change their members and their points by hand; one outcome each, in order.

    Locks: the accounts by id, those of customers who join among them. Outcomes: the account after the
    command, Invalid, UnknownCustomer, AlreadyMember, TooManyMembers, UnknownLoyaltyAccount,
    LoyaltyAccountMerged, UnknownMember, LastMember, InsufficientPoints, NoProgrammeInForce,
    IdempotencyKeyReused. Raises: RaceLost where a customer joins elsewhere at the same moment.
    """
    return await idempotency.once(
        tx, commands, partial(change_unkeyed, tx, now=now), Account, now=now
    )


def most_members(programme: Programme | None) -> int:
    """Return how many customers may share an account."""
    return MOST_MEMBERS_WITHOUT_PROGRAMME if programme is None else programme.most_members


async def change_unkeyed(
    tx: Transaction, commands: Sequence[AccountCommand], *, now: datetime
) -> list[Account | DomainError]:
    """Do as `change_accounts`, for commands whose answers the caller remembers."""
    joining = {str(customer) for command in commands for customer in _joining(command)}
    versions, known = await tx.read(programmes(now), customers.customers_by_reference(joining))
    programme = versions.in_force(now)
    active = {UUID(reference): customer.id for reference, customer in known.items()}
    taken: Counter[UUID] = Counter()
    for command in commands:
        if isinstance(command, AdjustPoints) and command.points < 0:
            taken[command.account_id] -= command.points
    ledger = await lock(
        tx,
        Concerned(
            accounts=[one.account_id for one in commands if not isinstance(one, OpenAccount)],
            customers=list(active.values()),
            wanted=taken,
        ),
        programme,
        now=now,
    )
    around = _Surroundings(
        ledger=ledger, members=dict(ledger.members), customers=active, programme=programme
    )
    outcomes = [_decide(around, command) for command in commands]
    await _write_members(tx, ledger, {one.account_id: one for one in commands}, now=now)
    await tx.write(*write(ledger, now=now))
    return outcomes


def _joining(command: AccountCommand) -> tuple[UUID, ...]:
    match command:
        case OpenAccount():
            return command.members
        case JoinAccount():
            return (command.customer,)
    return ()


def _decide(around: _Surroundings, command: AccountCommand) -> Account | DomainError:
    """Return the account after one command, or why it is refused."""
    match command:
        case OpenAccount():
            return _open(around, command)
        case JoinAccount():
            account = around.ledger.open_account(command.account_id)
            if isinstance(account, DomainError):
                return account
            return _join(around, account, (command.customer,))
        case LeaveAccount():
            return _leave(around, command)
    programme, ledger = around.programme, around.ledger
    return adjust(ledger, command, programme) or ledger.account(command.account_id)


def _open(around: _Surroundings, command: OpenAccount) -> Account | DomainError:
    account = Account(
        id=command.account_id,
        version=0,
        status="open",
        lots_points=0,
        debt_points=0,
        active_points=0,
        pending_points=0,
        opened_at=around.ledger.now,
        opened_by=command.principal.id,
    )
    return _join(around, account, command.members)


def _join(around: _Surroundings, account: Account, wanted: Sequence[UUID]) -> Account | DomainError:
    joining: list[UUID] = []
    for customer in wanted:
        if customer not in around.customers:
            return customers.UnknownCustomer(customer)
        who = around.customers[customer]
        if who in around.members:
            return AlreadyMember(who, around.members[who])
        if who not in joining:
            joining.append(who)
    members = tuple(sorted({*account.members, *joining}))
    if len(members) > (most := most_members(around.programme)):
        return TooManyMembers(account.id, members=len(members), most=most)
    around.members.update(dict.fromkeys(joining, account.id))
    joined = replace(account, members=members)
    around.ledger.put(around.ledger.accounts, account.id, joined)
    return joined


def _leave(around: _Surroundings, command: LeaveAccount) -> Account | DomainError:
    account = around.ledger.open_account(command.account_id)
    if isinstance(account, DomainError):
        return account
    if command.customer not in account.members:
        return UnknownMember(command.customer, account.id)
    if len(account.members) == 1:
        return LastMember(command.customer, account.id)
    left = replace(
        account, members=tuple(one for one in account.members if one != command.customer)
    )
    around.members.pop(command.customer, None)
    around.ledger.put(around.ledger.accounts, account.id, left)
    return left


def adjust(
    ledger: Ledger, command: AdjustPoints, programme: Programme | None
) -> DomainError | None:
    """Give points to a locked account, or take such as can be spent; or say why not."""
    source = Source(
        actor_id=command.principal.id,
        occurred_at=ledger.now,
        idempotency_key=command.key.key,
        reason=command.reason,
    )
    if command.points < 0:
        taken = ledger.take(command.account_id, -command.points, "adjusted", source)
        return taken if isinstance(taken, DomainError) else None
    ends = command.expires_at
    if ends is not None and not ledger.now < ends < LAST:
        return Invalid.at("/expires_at", "It expires after now, and before the year 9999")
    account = ledger.open_account(command.account_id)
    if isinstance(account, DomainError):
        return account
    if ends is None and programme is None:
        return NoProgrammeInForce(ledger.now)
    if ends is None and programme is not None:
        ends = expires_at(programme, ledger.now)
    lot = Lot(
        id=new_id(),
        account_id=account.id,
        kind="adjusted",
        quantity=command.points,
        remaining=command.points,
        earned_at=ledger.now,
        available_at=ledger.now,
        expires_at=None if ends is None else ends.astimezone(UTC),
    )
    ledger.put_in(lot, "adjusted", source)
    return None


async def _write_members(
    tx: Transaction, ledger: Ledger, by_account: Mapping[UUID, AccountCommand], *, now: datetime
) -> None:
    """Write who joined and who left; who left is gone first, for a batch may have both of one."""
    before = {(who, one.id) for one in ledger.before.accounts for who in one.members}
    after = {(who, one.id) for one in ledger.accounts.values() for who in one.members}
    await tx.write(*write_columns(_REMOVE_MEMBERS, [(who,) for who, _ in sorted(before - after)]))
    joined = [(*each, by_account[each[1]].principal.id) for each in sorted(after - before)]
    await tx.write(*write_columns(_ADD_MEMBERS, joined, now))
