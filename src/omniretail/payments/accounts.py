"""Accounts of gift cards and store credit: locking and writing them, issuing and changing them by hand.

What may be done with one is decided in `account`. Orders lock and write them in their own
transaction: payment accounts come last in the global lock order, with payments.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from msgspec import structs

from omniretail import channels, customers, idempotency
from omniretail.db import RaceLost, Read, Rows, Transaction, Write, constraint, sql, write_documents
from omniretail.errors import DomainError, Invalid
from omniretail.ids import id_in
from omniretail.money import is_currency
from omniretail.payments.account import (
    Account,
    Accounts,
    AccountStatus,
    Entry,
    EntrySource,
    EntryType,
    UnknownAccount,
    code_hash,
    fresh_account,
)

_LOCK = sql("payments.lock_accounts")
_FIND = sql("payments.accounts")
_ENTRIES = sql("payments.account_entries")
_ISSUE = sql("payments.issue_accounts")
_CHANGE = sql("payments.change_accounts")
_RECORD = sql("payments.record_entries")
_LAST_DAY = datetime(9999, 1, 1, tzinfo=UTC)

# Another batch issued a card with this code since ours looked: run again, and find it.
constraint("payment_account_code_hash_key", RaceLost)


class IssueAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The command to issue a gift card, by its `code`, or (None) a store credit."""

    key: idempotency.Key
    principal: channels.Principal
    account_id: UUID
    code: str | None
    customer: str | None
    amount_minor: int
    currency: str
    expires_at: datetime | None


class AdjustAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The command to add to an account, or take from it, by hand."""

    key: idempotency.Key
    principal: channels.Principal
    account_id: UUID
    change_minor: int
    currency: str
    reason: str


class SetAccountStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The command to block an account, or to make it active again."""

    key: idempotency.Key
    principal: channels.Principal
    account_id: UUID
    status: AccountStatus
    reason: str


class RecordedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One change of an account, as it stands in the books."""

    sequence: int
    type: EntryType
    balance_change_minor: int
    held_change_minor: int
    order_id: UUID | None
    tender_number: int | None
    return_id: UUID | None
    claim_id: UUID | None
    reason: str | None
    occurred_at: datetime
    recorded_at: datetime
    actor_id: UUID


AccountCommand = IssueAccount | AdjustAccount | SetAccountStatus


def lock_accounts(references: Collection[str], ids: Collection[UUID]) -> Read[Accounts]:
    """Return the read of accounts by what payers name, and by ids; of those that exist.

    A reference is a gift card's code or a store credit's id. Locks: the accounts, by id.
    """
    named = {found for text in references if (found := id_in(text)) is not None}
    hashes = sorted({code_hash(text) for text in references})
    return Read(_LOCK, (sorted(named | set(ids)), hashes), _accounts)


def write_accounts(accounts: Accounts, *, now: datetime) -> list[Write]:
    """Return the writes of what was accepted on locked accounts."""
    issued = [
        # As it stands after all that was accepted; JSON has no bytes.
        structs.asdict(account) | {"code_hash": hashed and hashed.hex()}
        for account_id, hashed in accounts.code_hashes.items()
        if isinstance(account := accounts.account(account_id), Account)
    ]
    changes: dict[UUID, list[Entry]] = {}
    for entry in accounts.entries:
        if entry.account_id not in accounts.code_hashes:
            changes.setdefault(entry.account_id, []).append(entry)
    changed = [
        {
            "id": account_id,
            "balance_minor": sum(entry.balance_change_minor for entry in entries),
            "held_minor": sum(entry.held_change_minor for entry in entries),
            "status": account.status,
            "entries": len(entries),
        }
        for account_id, entries in changes.items()
        if isinstance(account := accounts.account(account_id), Account)
    ]
    return [
        *write_documents(_ISSUE, issued),
        *write_documents(_CHANGE, changed),
        *write_documents(_RECORD, accounts.entries, now),
    ]


async def change_accounts(
    tx: Transaction, commands: Sequence[AccountCommand], *, now: datetime
) -> list[idempotency.Answer[Account] | DomainError]:
    """Issue, adjust, block and unblock accounts, first come first served; one outcome each, in order.

    What is issued for a known customer keeps the id, whatever they are called. Locks: the accounts by
    id, in the statement that looks the keys up. Outcomes: the account after the command, Invalid
    (currency, expiry), GiftCardExists, BalanceTooLarge, UnknownAccount, AccountCurrencyDiffers,
    InsufficientBalance, IdempotencyKeyReused. Raises: RaceLost where a code is issued elsewhere at the
    same moment.
    """
    issued = [command for command in commands if isinstance(command, IssueAccount)]
    ids = {command.account_id for command in commands if not isinstance(command, IssueAccount)}
    known, people, accounts = await tx.read(
        idempotency.known(commands),
        customers.customers_by_reference({one.customer for one in issued if one.customer}),
        lock_accounts([one.code for one in issued if one.code is not None], ids),
    )
    repetitions = idempotency.Repetitions(commands, known, Account)
    outcomes = [
        decide(accounts, _of_known(command, people), now=now) for command in repetitions.fresh
    ]
    await repetitions.confirm(tx, outcomes)
    await tx.write(*write_accounts(accounts, now=now), *repetitions.remember(outcomes, now=now))
    return repetitions.answers(outcomes)


def decide(accounts: Accounts, command: AccountCommand, *, now: datetime) -> Account | DomainError:
    """Return the account after one command, changed in `accounts`, or why it is refused."""
    source = EntrySource(
        actor_id=command.principal.id,
        occurred_at=now,
        idempotency_key=command.key.key,
        reason=None if isinstance(command, IssueAccount) else command.reason,
    )
    refusal: DomainError | None
    match command:
        case IssueAccount():
            account = _issued(command, now)
            if isinstance(account, DomainError):
                return account
            refusal = accounts.issue(account, source, code=command.code)
        case AdjustAccount():
            refusal = accounts.adjust(
                command.account_id, command.change_minor, command.currency, source
            )
        case SetAccountStatus():
            refusal = accounts.set_status(command.account_id, command.status, source)
    return refusal or accounts.account(command.account_id)


async def find_account(tx: Transaction, account_id: UUID) -> Account:
    """Return an account. Raises: UnknownAccount."""
    (accounts,) = await tx.read(_by(ids=[account_id]))
    found: Account | UnknownAccount = accounts.account(account_id)
    if isinstance(found, DomainError):
        raise found
    return found


async def find_gift_card(tx: Transaction, code: str) -> Account:
    """Return the gift card with a code. Raises: UnknownAccount."""
    (accounts,) = await tx.read(_by(codes=[code]))
    found: Account | UnknownAccount = accounts.find(code)
    if isinstance(found, DomainError):
        raise found
    return found


async def list_account_entries(
    tx: Transaction, account_id: UUID, *, before: int | None = None, limit: int
) -> list[RecordedEntry]:
    """Return an account's entries, the latest first, those before number `before`."""
    rows = await tx.fetch(_ENTRIES, account_id, before, limit)
    return [msgspec.convert(dict(row), RecordedEntry) for row in rows]


def _by(*, ids: Collection[UUID] = (), codes: Collection[str] = ()) -> Read[Accounts]:
    return Read(_FIND, (list(ids), [code_hash(code) for code in codes]), _accounts)


def _accounts(rows: Rows) -> Accounts:
    by_code = {
        bytes.fromhex(row["code_hash"]): UUID(row["id"])
        for row in rows
        if row["code_hash"] is not None
    }
    return Accounts(msgspec.convert(rows, list[Account]), by_code)


def _of_known(command: AccountCommand, people: Mapping[str, customers.Known]) -> AccountCommand:
    """Return a command with the customer whom it names by id, where that is known."""
    if isinstance(command, IssueAccount) and command.customer and command.customer in people:
        return structs.replace(command, customer=str(people[command.customer].id))
    return command


def _issued(command: IssueAccount, now: datetime) -> Account | Invalid:
    if not is_currency(command.currency):
        return Invalid.at("/amount/currency", "This is not a currency of ISO 4217")
    expires_at = command.expires_at
    if expires_at is not None and not now < expires_at < _LAST_DAY:
        return Invalid.at("/expires_at", "It expires after now, and before the year 9999")
    return fresh_account(
        command.account_id,
        customer=command.customer,
        amount_minor=command.amount_minor,
        currency=command.currency,
        code=command.code,
        expires_at=None if expires_at is None else expires_at.astimezone(UTC),
        now=now,
    )
