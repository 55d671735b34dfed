"""Store credit for goods that came back: issued or added to, naming the return and no tender."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from omniretail import clock, payments
from omniretail.db import Transaction
from omniretail.errors import DomainError
from omniretail.ids import new_id
from tests.callers import EUR, Retailer, euro, line, order, served
from tests.returns.bringing import taken
from tests.returns.unlinked import no_receipt, without

NOON = datetime(2026, 7, 6, 12, tzinfo=UTC)
CODE = "7K3M-9QXW-2HTD"

Work = Callable[[payments.Accounts], DomainError | None]


@pytest.fixture
async def counter(retailer: Retailer) -> AsyncIterator[Retailer]:
    """The retailer, where credit is given for returns that nobody wrote down; it is gone afterwards."""
    yield retailer
    async with retailer.process.database.transaction() as tx:
        await tx.execute("delete from account_entry where return_id is not null")
        await tx.execute(
            "delete from payment_account where id not in (select account_id from account_entry)"
        )


def of_return(return_id: UUID | None = None) -> payments.EntrySource:
    return payments.EntrySource(
        actor_id=new_id(),
        occurred_at=NOON,
        idempotency_key="return-1",
        return_id=return_id or new_id(),
    )


def new_credit(amount_minor: int, customer: str | None = "ada") -> payments.Account:
    return payments.fresh_account(
        new_id(), customer=customer, amount_minor=amount_minor, currency=EUR, now=NOON
    )


async def on(retailer: Retailer, work: Work, *ids: UUID) -> DomainError | None:
    """Do something to accounts in a transaction of another domain, which names them by id."""

    async def run(tx: Transaction) -> DomainError | None:
        (accounts,) = await tx.read(payments.lock_accounts([], ids))
        refusal = work(accounts)
        await tx.write(*payments.write_accounts(accounts, now=clock.now()))
        return refusal

    return await retailer.process.ledger.run(run)


def crediting(
    account_id: UUID,
    amount_minor: int,
    *,
    currency: str = EUR,
    customer: str = "ada",
    return_id: UUID | None = None,
) -> Work:
    source = of_return(return_id)
    return lambda accounts: accounts.credit(
        account_id, amount_minor, currency, source, customer=customer
    )


async def entries(retailer: Retailer, account_id: UUID) -> list[tuple[Any, ...]]:
    """Return (type, balance change, return, order) of an account's entries, first to last."""
    told = (await retailer.office.get(f"/v1/accounts/{account_id}/entries")).json()["items"]
    return [
        (one["type"], one["balance_change"]["amount"], one["return_id"], one["order_id"])
        for one in reversed(told)
    ]


async def test_a_return_is_paid_with_new_store_credit(counter: Retailer) -> None:
    """Given a return of 39.90 without proof, Ada gets a store credit of 39.90 that names the return."""
    credit, return_id = new_credit(3990), new_id()

    issued = await on(counter, lambda accounts: accounts.issue(credit, of_return(return_id)))

    assert issued is None
    shown = (await counter.office.get(f"/v1/accounts/{credit.id}")).json()
    assert (shown["kind"], shown["customer"], shown["status"]) == ("store_credit", "ada", "active")
    assert (shown["balance"], shown["available"]) == (euro(3990), euro(3990))
    assert (shown["last4"], shown["expires_at"], shown["version"]) == (None, None, 1)
    assert await entries(counter, credit.id) == [("issued", 3990, str(return_id), None)]


async def test_a_return_is_added_to_the_credit_that_the_customer_has(counter: Retailer) -> None:
    credit, returns = new_credit(1000), (new_id(), new_id())
    await on(counter, lambda accounts: accounts.issue(credit, of_return(returns[0])))

    assert await on(counter, crediting(credit.id, 500, return_id=returns[1]), credit.id) is None

    assert await entries(counter, credit.id) == [
        ("issued", 1000, str(returns[0]), None),
        ("refunded", 500, str(returns[1]), None),
    ]
    shown = (await counter.office.get(f"/v1/accounts/{credit.id}")).json()
    assert shown["available"] == euro(1500)


async def test_credit_of_a_return_pays_the_next_order(retailer: Retailer) -> None:
    """Given 15.00 of returns, when 5.00 are spent and the order is cancelled, all three are told."""
    first = await brought_by_ada(retailer, 2)
    account = first["account_id"]
    assert (await brought_by_ada(retailer, 1, account=account))["account_id"] == account
    wanted = order(served("pickup", "S1", line("B", 1)), paid=0) | {
        "tenders": [{"type": "store_credit", "amount": euro(500), "account": account}]
    }
    placed = await retailer.web.post("/v1/orders", wanted)
    assert placed.status_code == 201, placed.text
    path = f"/v1/orders/{placed.json()['id']}/cancellation"
    assert (await retailer.web.post(path, {"reason": "never mind"})).is_success

    assert [told[:2] for told in await entries(retailer, UUID(account))] == [
        ("issued", 1000),
        ("refunded", 500),
        ("held", 0),
        ("voided", 0),
    ]


async def brought_by_ada(
    retailer: Retailer, quantity: int, *, account: str | None = None
) -> dict[str, Any]:
    """Ada brings so many of B back to S1 without a receipt."""
    body = no_receipt("ada", without("B", quantity))
    body |= {"channel": "pos", "location": "S1", "received": True, "refunded": True}
    if account is not None:
        body |= {"account": account}
    return await taken(await retailer.office.post("/v1/unlinked-returns", body))


async def test_only_a_customers_own_store_credit_is_added_to(counter: Retailer) -> None:
    ada, nobodys = new_credit(1000), new_credit(1000, customer=None)
    full = new_credit(payments.MOST_BALANCE_MINOR - 5)
    card = await counter.office.post(
        "/v1/gift-cards", {"code": CODE, "amount": euro(100), "customer": "ada"}
    )
    gift_card = UUID(card.json()["id"])
    for account in (ada, nobodys, full):
        await on(counter, lambda accounts, a=account: accounts.issue(a, of_return()))  # type: ignore[misc]

    for work, ids, refusal in (
        (crediting(unknown := new_id(), 1), [unknown], payments.UnknownAccount),
        (crediting(gift_card, 1), [gift_card], payments.UnknownAccount),
        (crediting(ada.id, 1, customer="ben"), [ada.id], payments.UnknownAccount),
        (crediting(nobodys.id, 1), [nobodys.id], payments.UnknownAccount),
        (crediting(ada.id, 1, currency="USD"), [ada.id], payments.AccountCurrencyDiffers),
        (crediting(full.id, 6), [full.id], payments.BalanceTooLarge),
    ):
        assert isinstance(await on(counter, work, *ids), refusal)

    for account_id in (ada.id, nobodys.id, full.id, gift_card):
        assert len(await entries(counter, account_id)) == 1
    assert await on(counter, crediting(full.id, 5), full.id) is None


def test_a_return_that_is_refused_takes_its_credit_back() -> None:
    """Given a return that added to one credit and issued another, both are as they were."""
    accounts = payments.Accounts([kept := new_credit(1000)], {})
    mark = accounts.mark()

    assert accounts.credit(kept.id, 500, EUR, of_return(), customer="ada") is None
    assert accounts.issue(fresh := new_credit(700), of_return()) is None
    accounts.take_back(mark)

    assert accounts.account(kept.id) == kept
    assert isinstance(accounts.account(fresh.id), payments.UnknownAccount)
    assert (accounts.entries, accounts.code_hashes) == ([], {})


def test_what_no_return_of_ours_may_ask() -> None:
    accounts = payments.Accounts([kept := new_credit(5)], {})
    by_hand = payments.EntrySource(actor_id=new_id(), occurred_at=NOON)

    for amount_minor in (0, -1):
        with pytest.raises(AssertionError):
            accounts.credit(kept.id, amount_minor, EUR, of_return(), customer="ada")
    with pytest.raises(AssertionError):
        accounts.credit(kept.id, 1, EUR, by_hand, customer="ada")
    assert accounts.entries == []


@pytest.mark.parametrize(
    ("fault", "constraint"),
    [
        ("return_id = null", "account_entry_names_tender"),
        ("order_id = return_id, tender_number = 1", "account_entry_names_return"),
        ("type = 'adjusted', reason = 'x'", "account_entry_names_return"),
    ],
)
async def test_an_entry_names_a_return_or_a_tender(
    counter: Retailer, fault: str, constraint: str
) -> None:
    """The last wall: money that was given back says of what, and of one thing only."""
    credit = new_credit(1000)
    await on(counter, lambda accounts: accounts.issue(credit, of_return()))
    await on(counter, crediting(credit.id, 500), credit.id)

    with pytest.raises(asyncpg.CheckViolationError, match=constraint):
        async with counter.process.database.transaction() as tx:
            await tx.execute(f"update account_entry set {fault} where type = 'refunded'")
