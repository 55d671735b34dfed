"""Gift cards and store credit: what may be done with an account, first come first served. Pure.

An account's balance is what its entries sum to; what is held of it is promised to orders. Locking,
reading and writing live in `accounts`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail.errors import DomainError, Missing, Refused
from omniretail.ids import id_in

MOST_BALANCE_MINOR = 10**15 - 1
"""The largest balance that issuing and adjusting may lead to, in minor units."""

AccountKind = Literal["gift_card", "store_credit"]
AccountStatus = Literal["active", "blocked"]
EntryType = Literal[
    "issued", "held", "committed", "voided", "refunded", "adjusted", "blocked", "unblocked"
]


class UnknownAccount(Missing):
    """There is no such gift card or store credit."""

    def __init__(self, account: UUID | None = None) -> None:
        # A code that was asked for is a secret, or a typing error close to one: it is not repeated.
        super().__init__(
            "There is no such gift card or store credit.",
            **({} if account is None else {"account": str(account)}),
        )


class AccountBlocked(Refused):
    """The gift card or store credit is blocked."""

    def __init__(self, account: UUID) -> None:
        super().__init__("The account is blocked.", account=str(account))


class AccountExpired(Refused):
    """The gift card or store credit has expired."""

    def __init__(self, account: UUID, expires_at: datetime) -> None:
        super().__init__(
            f"The account expired at {expires_at.isoformat()}.",
            account=str(account),
            expires_at=expires_at.isoformat(),
        )


class AccountCurrencyDiffers(Refused):
    """The gift card or store credit is kept in another currency."""

    def __init__(self, account: UUID, *, currency: str, asked: str) -> None:
        super().__init__(
            f"The account is kept in {currency}, not in {asked}.",
            account=str(account),
            currency=currency,
        )


class InsufficientBalance(Refused):
    """The gift card or store credit has less than is asked of it."""

    def __init__(self, account: UUID, *, requested_minor: int, available_minor: int) -> None:
        super().__init__(
            f"{requested_minor} minor units wanted, {available_minor} available.",
            account=str(account),
            requested_minor=requested_minor,
            available_minor=available_minor,
        )


class BalanceTooLarge(Refused):
    """The gift card or store credit would hold more than an account may."""

    def __init__(self) -> None:
        super().__init__(
            f"An account holds at most {MOST_BALANCE_MINOR} minor units.",
            most_minor=MOST_BALANCE_MINOR,
        )


class GiftCardExists(Refused):
    """A gift card with this code was issued already."""

    def __init__(self) -> None:
        super().__init__("A gift card with this code was issued already.")


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A gift card or store credit: what stands on it, and what of that is promised to orders."""

    id: UUID
    kind: AccountKind
    last4: str | None
    customer: str | None
    currency: str
    balance_minor: int
    held_minor: int
    status: AccountStatus
    expires_at: datetime | None
    created_at: datetime
    version: int

    @property
    def available_minor(self) -> int:
        """What may be promised still, unless it is blocked or expired."""
        return self.balance_minor - self.held_minor

    def expired_at(self, now: datetime) -> bool:
        """Tell whether it has expired by `now`: the moment itself is too late."""
        return self.expires_at is not None and self.expires_at <= now


class EntrySource(msgspec.Struct, frozen=True, kw_only=True):
    """Who changes an account, when it happened, and for what.

    Of what pays an order, or is given back to what paid it, that is a tender of the order; of new store
    credit for goods that came back it is the return, for goods that were not as they should be the claim.
    """

    actor_id: UUID
    occurred_at: datetime
    idempotency_key: str | None = None
    order_id: UUID | None = None
    tender_number: int | None = None
    return_id: UUID | None = None
    claim_id: UUID | None = None
    reason: str | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One change of an account; `sequence` is the version that it gave the account."""

    account_id: UUID
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
    actor_id: UUID
    idempotency_key: str | None


class Accounts:
    """Locked accounts, changed by what is accepted.

    Everything that takes an amount takes it in minor units, more than none. Expiry and blocking stop
    what is newly promised and spent. What was promised before is still committed or voided, and
    refunds are taken always: the money is owed.
    """

    def __init__(self, accounts: Iterable[Account], by_code: Mapping[bytes, UUID]) -> None:
        self._accounts = {account.id: account for account in accounts}
        self._by_code = dict(by_code)
        self._undo: list[tuple[UUID, Account | None]] = []
        self.code_hashes: dict[UUID, bytes | None] = {}
        self.entries: list[Entry] = []

    @property
    def owners(self) -> set[str]:
        """Whose the accounts are, as far as that is known, as each of them says it."""
        return {one.customer for one in self._accounts.values() if one.customer is not None}

    def account(self, account_id: UUID) -> Account | UnknownAccount:
        """Return an account as it stands after what was accepted so far."""
        return self._accounts.get(account_id) or UnknownAccount(account_id)

    def find(self, reference: str) -> Account | UnknownAccount:
        """Return the gift card with a code, or the store credit with an id.

        Whoever knows no more than a gift card's id cannot pay with it.
        """
        if (account_id := self._by_code.get(code_hash(reference))) is not None:
            return self._accounts[account_id]
        named = id_in(reference)
        account = self._accounts.get(named) if named is not None else None
        if account is None or account.kind != "store_credit":
            return UnknownAccount()
        return account

    def issue(
        self, account: Account, source: EntrySource, *, code: str | None = None
    ) -> DomainError | None:
        """Accept a new account with its first balance, of version 1; a gift card has a `code`."""
        assert account.version == 1, "an account begins with its first entry"
        assert (account.kind == "gift_card") == (code is not None), "a gift card has a code"
        hashed = None if code is None else code_hash(code)
        if hashed in self._by_code:
            return GiftCardExists()
        if account.balance_minor > MOST_BALANCE_MINOR:
            return BalanceTooLarge()
        if hashed is not None:
            self._by_code[hashed] = account.id
        self.code_hashes[account.id] = hashed
        self._enter(account, "issued", source, balance=account.balance_minor)
        return None

    def hold(
        self,
        account_id: UUID,
        amount_minor: int,
        currency: str,
        source: EntrySource,
        *,
        now: datetime,
    ) -> DomainError | None:
        """Promise an amount to a tender; returns None, or why it is refused at `now`."""
        account = self.account(account_id)
        if isinstance(account, DomainError):
            return account
        if account.currency != currency:
            return AccountCurrencyDiffers(account_id, currency=account.currency, asked=currency)
        if account.status == "blocked":
            return AccountBlocked(account_id)
        if account.expires_at is not None and account.expired_at(now):
            return AccountExpired(account_id, account.expires_at)
        if account.available_minor < amount_minor:
            return InsufficientBalance(
                account_id, requested_minor=amount_minor, available_minor=account.available_minor
            )
        self._change(account, "held", source, held=_positive(amount_minor))
        return None

    def commit(
        self, account_id: UUID, amount_minor: int, source: EntrySource
    ) -> UnknownAccount | None:
        """Spend an amount that the tender holds."""
        account = self.account(account_id)
        if isinstance(account, DomainError):
            return account
        taken = _positive(amount_minor)
        assert taken <= account.held_minor, "an order spends no more than it holds"
        self._change(account, "committed", source, balance=-taken, held=-taken)
        return None

    def spend(
        self,
        account_id: UUID,
        amount_minor: int,
        currency: str,
        source: EntrySource,
        *,
        now: datetime,
    ) -> DomainError | None:
        """Promise an amount to a tender and spend it at once, as for goods that are carried out."""
        return self.hold(account_id, amount_minor, currency, source, now=now) or self.commit(
            account_id, amount_minor, source
        )

    def void(
        self, account_id: UUID, amount_minor: int, source: EntrySource
    ) -> UnknownAccount | None:
        """Give back to the account an amount that the tender holds."""
        account = self.account(account_id)
        if isinstance(account, DomainError):
            return account
        freed = _positive(amount_minor)
        assert freed <= account.held_minor, "an order gives back no more than it holds"
        self._change(account, "voided", source, held=-freed)
        return None

    def refund(
        self, account_id: UUID, amount_minor: int, currency: str, source: EntrySource
    ) -> DomainError | None:
        """Put on an account what is given back of an order, be it blocked, expired, or another one."""
        account = self.account(account_id)
        if isinstance(account, DomainError):
            return account
        if account.currency != currency:
            return AccountCurrencyDiffers(account_id, currency=account.currency, asked=currency)
        self._change(account, "refunded", source, balance=_positive(amount_minor))
        return None

    def credit(
        self,
        account_id: UUID,
        amount_minor: int,
        currency: str,
        source: EntrySource,
        *,
        customer: str | None,
    ) -> DomainError | None:
        """Put on a customer's own store credit what a return or claim is worth; of others nothing is told.

        `customer` is None only for what was issued to nobody known, for this very return.
        For what nobody paid with this account: unlike a refund to what paid, it can be issued anew.
        """
        assert source.return_id or source.claim_id, "what is credited is of a return or a claim"
        account = self.account(account_id)
        if isinstance(account, DomainError):
            return account
        if account.kind != "store_credit" or account.customer != customer:
            return UnknownAccount(account_id)
        if account.currency != currency:
            return AccountCurrencyDiffers(account_id, currency=account.currency, asked=currency)
        if account.balance_minor + amount_minor > MOST_BALANCE_MINOR:
            return BalanceTooLarge()
        self._change(account, "refunded", source, balance=_positive(amount_minor))
        return None

    def adjust(
        self, account_id: UUID, change_minor: int, currency: str, source: EntrySource
    ) -> DomainError | None:
        """Add to an account or take from it, by hand and with a reason; never what is held."""
        account = self.account(account_id)
        if isinstance(account, DomainError):
            return account
        if account.currency != currency:
            return AccountCurrencyDiffers(account_id, currency=account.currency, asked=currency)
        assert change_minor, "an adjustment changes something"
        if account.available_minor + change_minor < 0:
            return InsufficientBalance(
                account_id, requested_minor=-change_minor, available_minor=account.available_minor
            )
        if change_minor > 0 and account.balance_minor + change_minor > MOST_BALANCE_MINOR:
            return BalanceTooLarge()
        self._change(account, "adjusted", source, balance=change_minor)
        return None

    def set_status(
        self, account_id: UUID, status: AccountStatus, source: EntrySource
    ) -> UnknownAccount | None:
        """Block an account or make it active again; as it is already, nothing changes."""
        account = self.account(account_id)
        if isinstance(account, DomainError):
            return account
        if account.status != status:
            self._change(
                replace(account, status=status),
                "blocked" if status == "blocked" else "unblocked",
                source,
            )
        return None

    def mark(self) -> int:
        """Return a mark of what was accepted so far, for `take_back`."""
        return len(self.entries)

    def take_back(self, mark: int) -> None:
        """Undo what was accepted since a mark: a command was refused after its first tender."""
        while len(self.entries) > mark:
            self.entries.pop()
            account_id, before = self._undo.pop()
            if before is not None:
                self._accounts[account_id] = before
                continue
            del self._accounts[account_id]
            hashed = self.code_hashes.pop(account_id)
            if hashed is not None:
                del self._by_code[hashed]

    def _change(
        self,
        account: Account,
        kind: EntryType,
        source: EntrySource,
        *,
        balance: int = 0,
        held: int = 0,
    ) -> None:
        after = replace(
            account,
            balance_minor=account.balance_minor + balance,
            held_minor=account.held_minor + held,
            version=account.version + 1,
        )
        self._enter(after, kind, source, balance=balance, held=held)

    def _enter(
        self, after: Account, kind: EntryType, source: EntrySource, *, balance: int, held: int = 0
    ) -> None:
        self._undo.append((after.id, self._accounts.get(after.id)))
        self._accounts[after.id] = after
        self.entries.append(
            Entry(
                account_id=after.id,
                sequence=after.version,
                type=kind,
                balance_change_minor=balance,
                held_change_minor=held,
                order_id=source.order_id,
                tender_number=source.tender_number,
                return_id=source.return_id,
                claim_id=source.claim_id,
                reason=source.reason,
                occurred_at=source.occurred_at,
                actor_id=source.actor_id,
                idempotency_key=source.idempotency_key,
            )
        )


def fresh_account(
    account_id: UUID,
    *,
    customer: str | None,
    amount_minor: int,
    currency: str,
    code: str | None = None,
    expires_at: datetime | None = None,
    now: datetime,
) -> Account:
    """Return an account to issue: the gift card with a `code`, or (None) a store credit."""
    return Account(
        id=account_id,
        kind="store_credit" if code is None else "gift_card",
        last4=None if code is None else last4(code),
        customer=customer,
        currency=currency,
        balance_minor=amount_minor,
        held_minor=0,
        status="active",
        expires_at=expires_at,
        created_at=now,
        version=1,
    )


def code_hash(code: str) -> bytes:
    """Return under what a gift card's code is kept and found: upper case, without its hyphens."""
    return hashlib.sha256(_normalized(code).encode()).digest()


def last4(code: str) -> str:
    """Return the end of a gift card's code, by which people tell cards apart."""
    return _normalized(code)[-4:]


def _normalized(code: str) -> str:
    return code.strip().replace("-", "").upper()


def _positive(amount_minor: int) -> int:
    assert amount_minor > 0, "an amount is more than nothing"
    return amount_minor
