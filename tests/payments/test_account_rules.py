"""Whatever is done to an account, in any order: it never owes what it has not, and its entries say why."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from omniretail.ids import new_id
from omniretail.payments import (
    Account,
    AccountBlocked,
    AccountCurrencyDiffers,
    AccountExpired,
    Accounts,
    AccountStatus,
    EntrySource,
    GiftCardExists,
    InsufficientBalance,
)

T0 = datetime(2026, 7, 6, 12, tzinfo=UTC)
CODE = "RULE-BOOK-0001"
ORDERS = [new_id() for _ in range(2)]

amounts = st.integers(1, 900)
tenders = st.tuples(st.sampled_from(ORDERS), st.integers(1, 2))


def source(order_id: UUID | None = None, number: int | None = None) -> EntrySource:
    return EntrySource(
        actor_id=ORDERS[0],
        occurred_at=T0,
        order_id=order_id,
        tender_number=number,
        reason=None if order_id else "by hand",
    )


def account(balance_minor: int, **more: object) -> Account:
    fresh = Account(
        id=new_id(),
        kind="gift_card",
        last4="0001",
        customer=None,
        currency="EUR",
        balance_minor=balance_minor,
        held_minor=0,
        status="active",
        expires_at=T0 + timedelta(days=10),
        created_at=T0,
        version=1,
    )
    return replace(fresh, **more)


class AnAccount(RuleBasedStateMachine):
    """One gift card beside a model of it: what stands on it, and what each tender holds."""

    @initialize(balance=st.integers(0, 1000))
    def issue(self, balance: int) -> None:
        self.accounts = Accounts([], {})
        card = account(balance)
        assert self.accounts.issue(card, source(), code=CODE) is None
        self.id, self.first = card.id, card
        self.balance, self.held = balance, dict[tuple[UUID, int], int]()
        self.blocked, self.days = False, 0

    @property
    def now(self) -> datetime:
        return T0 + timedelta(days=self.days)

    def may_pay(self, amount: int) -> bool:
        free = self.balance - sum(self.held.values())
        return not self.blocked and self.days < 10 and amount <= free

    @rule(amount=amounts, tender=tenders)
    def hold(self, amount: int, tender: tuple[UUID, int]) -> None:
        expected = self.may_pay(amount)
        refusal = self.accounts.hold(self.id, amount, "EUR", source(*tender), now=self.now)
        assert (refusal is None) == expected
        if expected:
            self.held[tender] = self.held.get(tender, 0) + amount
        elif self.blocked:
            assert isinstance(refusal, AccountBlocked)
        elif self.days >= 10:
            assert isinstance(refusal, AccountExpired)
        else:
            assert isinstance(refusal, InsufficientBalance)
            free = self.balance - sum(self.held.values())
            assert refusal.fields["available_minor"] == free

    @rule(amount=amounts, tender=tenders)
    def spend(self, amount: int, tender: tuple[UUID, int]) -> None:
        expected = self.may_pay(amount)
        refusal = self.accounts.spend(self.id, amount, "EUR", source(*tender), now=self.now)
        assert (refusal is None) == expected
        self.balance -= amount * expected

    @rule(amount=amounts, tender=tenders)
    def commit(self, amount: int, tender: tuple[UUID, int]) -> None:
        if taken := min(amount, self.held.get(tender, 0)):
            assert self.accounts.commit(self.id, taken, source(*tender)) is None
            self.held[tender] -= taken
            self.balance -= taken

    @rule(amount=amounts, tender=tenders)
    def void(self, amount: int, tender: tuple[UUID, int]) -> None:
        if freed := min(amount, self.held.get(tender, 0)):
            assert self.accounts.void(self.id, freed, source(*tender)) is None
            self.held[tender] -= freed

    @rule(amount=amounts, tender=tenders)
    def refund(self, amount: int, tender: tuple[UUID, int]) -> None:
        assert self.accounts.refund(self.id, amount, "EUR", source(*tender)) is None
        self.balance += amount

    @rule(change=st.integers(-900, 900).filter(bool))
    def adjust(self, change: int) -> None:
        refusal = self.accounts.adjust(self.id, change, "EUR", source())
        assert (refusal is None) == (self.balance + change >= sum(self.held.values()))
        self.balance += change * (refusal is None)

    @rule(status=st.sampled_from(["active", "blocked"]))
    def set_status(self, status: AccountStatus) -> None:
        before = len(self.accounts.entries)
        assert self.accounts.set_status(self.id, status, source()) is None
        assert len(self.accounts.entries) - before == (self.blocked != (status == "blocked"))
        self.blocked = status == "blocked"

    @rule(days=st.integers(1, 6))
    def time_passes(self, days: int) -> None:
        self.days += days

    @rule(amount=amounts, tender=tenders)
    def an_order_is_refused_after_its_first_tender(
        self, amount: int, tender: tuple[UUID, int]
    ) -> None:
        mark, before = self.accounts.mark(), self.accounts.account(self.id)
        self.accounts.spend(self.id, amount, "EUR", source(*tender), now=self.now)
        self.accounts.issue(account(1), source(), code="ANOTHER-CARD")
        self.accounts.refund(self.id, amount, "EUR", source(*tender))
        self.accounts.take_back(mark)
        assert self.accounts.account(self.id) == before
        assert self.accounts.mark() == mark
        assert set(self.accounts.code_hashes) == {self.id}

    @invariant()
    def it_is_what_its_entries_say(self) -> None:
        found, entries = self.accounts.account(self.id), self.accounts.entries
        assert isinstance(found, Account)
        assert 0 <= found.held_minor <= found.balance_minor
        assert found.balance_minor == self.balance
        assert found.held_minor == sum(self.held.values())
        assert found.available_minor == self.balance - sum(self.held.values())
        assert found.balance_minor == sum(entry.balance_change_minor for entry in entries)
        assert found.held_minor == sum(entry.held_change_minor for entry in entries)
        assert [entry.sequence for entry in entries] == list(range(1, found.version + 1))
        assert found.status == ("blocked" if self.blocked else "active")


TestAnAccount = AnAccount.TestCase


def test_a_code_taken_back_may_be_issued() -> None:
    """Given an issue that was undone, its code is as free as before; one that stands keeps it."""
    accounts = Accounts([], {})
    mark = accounts.mark()
    assert accounts.issue(account(5), source(), code=CODE) is None
    assert isinstance(accounts.issue(account(5), source(), code="rulebook0001"), GiftCardExists)
    accounts.take_back(mark)

    assert accounts.issue(account(7), source(), code=CODE) is None
    found = accounts.find(CODE)
    assert isinstance(found, Account)
    assert found.balance_minor == 7


def test_another_currency_is_told_before_all_else() -> None:
    accounts = Accounts([blocked := account(5, status="blocked")], {})
    refusal = accounts.hold(blocked.id, 9, "USD", source(ORDERS[0], 1), now=T0)

    assert isinstance(refusal, AccountCurrencyDiffers)


def test_what_no_order_of_ours_may_ask() -> None:
    """Amounts below one cent, and more than is held, are our own mistakes and stop at once."""
    accounts = Accounts([card := account(5)], {})
    tender = source(ORDERS[0], 1)
    for amount in (0, -1):
        with pytest.raises(AssertionError):
            accounts.hold(card.id, amount, "EUR", tender, now=T0)
        with pytest.raises(AssertionError):
            accounts.refund(card.id, amount, "EUR", tender)
    for work in (accounts.commit, accounts.void):
        with pytest.raises(AssertionError):
            work(card.id, 1, tender)
    assert accounts.entries == []
