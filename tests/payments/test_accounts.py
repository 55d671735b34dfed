"""Gift cards and store credit: issued, paid with, given back to, adjusted, blocked, run out."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from omniretail import channels, clock, idempotency, payments
from omniretail.db import Database, Transaction
from omniretail.errors import DomainError
from omniretail.ids import new_id
from tests.callers import EUR, Caller, Retailer, euro

T0 = datetime(2026, 7, 6, 12, tzinfo=UTC)
NOBODY = "0198c0de-0000-7000-8000-000000000000"
CODE = "7K3M-9QXW-2HTD"
OFFICE = channels.Principal(
    id=new_id(),
    kind="integration",
    name="the office",
    scopes=frozenset({"accounts:write"}),
    channel=None,
    locations=frozenset(),
)

Work = Callable[[payments.Accounts], Any]


async def card(retailer: Retailer, amount: int, code: str = CODE, **more: Any) -> dict[str, Any]:
    """Issue a gift card."""
    answer = await retailer.office.post(
        "/v1/gift-cards", {"code": code, "amount": euro(amount), **more}
    )
    assert answer.status_code == 201, answer.text
    issued: dict[str, Any] = answer.json()
    return issued


async def credit(retailer: Retailer, amount: int, **more: Any) -> dict[str, Any]:
    """Issue a store credit."""
    answer = await retailer.office.post("/v1/store-credits", {"amount": euro(amount), **more})
    assert answer.status_code == 201, answer.text
    issued: dict[str, Any] = answer.json()
    return issued


async def standing(retailer: Retailer, account: dict[str, Any]) -> tuple[int, int, int]:
    """Return (balance, held, available) of an account."""
    answer = await retailer.office.get(f"/v1/accounts/{account['id']}")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    return told["balance"]["amount"], told["held"]["amount"], told["available"]["amount"]


async def entries(retailer: Retailer, account: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Return (type, balance change, held change) of an account's entries, first to last."""
    answer = await retailer.office.get(f"/v1/accounts/{account['id']}/entries", limit=200)
    assert answer.status_code == 200, answer.text
    return [
        (entry["type"], entry["balance_change"]["amount"], entry["held_change"]["amount"])
        for entry in reversed(answer.json()["items"])
    ]


async def balance(caller: Caller, code: str) -> httpx.Response:
    return await caller.ask("/v1/gift-cards/balance", {"code": code})


async def adjust(retailer: Retailer, account: dict[str, Any], amount: int) -> httpx.Response:
    return await retailer.office.post(
        f"/v1/accounts/{account['id']}/adjustments",
        {"change": euro(amount), "reason": "goodwill"},
    )


async def put_status(retailer: Retailer, account: dict[str, Any], status: str) -> httpx.Response:
    return await retailer.office.post(
        f"/v1/accounts/{account['id']}/status", {"status": status, "reason": "it was reported"}
    )


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def tender(number: int = 1, *, order_id: UUID | None = None) -> payments.EntrySource:
    """A tender of an order, at noon."""
    return payments.EntrySource(
        actor_id=OFFICE.id,
        occurred_at=T0,
        idempotency_key="order-1",
        order_id=order_id or new_id(),
        tender_number=number,
    )


async def on(retailer: Retailer, reference: str, work: Work) -> Any:
    """Do something to the account that a payer names, in a transaction of its own."""

    async def run(tx: Transaction) -> Any:
        (accounts,) = await tx.read(payments.lock_accounts([reference], []))
        outcome = work(accounts)
        await tx.write(*payments.write_accounts(accounts, now=T0))
        return outcome

    return await retailer.process.ledger.run(run)


def spend(
    reference: str, amount: int, *, currency: str = EUR, now: datetime = T0
) -> Callable[[payments.Accounts], DomainError | None]:
    """Buy something that is carried out at once."""

    def work(accounts: payments.Accounts) -> DomainError | None:
        account = accounts.find(reference)
        if isinstance(account, DomainError):
            return account
        return accounts.spend(account.id, amount, currency, tender(), now=now)

    return work


async def issue_at(database: Database, at: datetime, **more: Any) -> payments.Account | DomainError:
    """Issue a gift card at a moment."""
    fields: dict[str, Any] = {
        "key": idempotency.Key(OFFICE.id, str(new_id()), b"hash"),
        "principal": OFFICE,
        "account_id": new_id(),
        "code": CODE,
        "customer": None,
        "amount_minor": 1000,
        "currency": EUR,
        "expires_at": None,
    }
    command = payments.IssueAccount(**fields | more)
    (outcome,) = await database.run(lambda tx: payments.change_accounts(tx, [command], now=at))
    return outcome.value if isinstance(outcome, idempotency.Answer) else outcome


async def test_a_gift_card_is_read_as_it_was_issued(retailer: Retailer) -> None:
    issued = await card(retailer, 5000, customer="ada", expires_at="2099-01-01T01:00:00+01:00")

    assert issued == {
        "id": issued["id"],
        "kind": "gift_card",
        "last4": "2HTD",
        "customer": "ada",
        "balance": euro(5000),
        "held": euro(0),
        "available": euro(5000),
        "status": "active",
        "expires_at": "2099-01-01T00:00:00Z",
        "created_at": issued["created_at"],
        "version": 1,
    }
    found = await retailer.office.get(f"/v1/accounts/{issued['id']}")
    assert found.json() == issued
    assert await entries(retailer, issued) == [("issued", 5000, 0)]


async def test_a_store_credit_is_read_as_it_was_issued(retailer: Retailer) -> None:
    """It may begin with nothing, for what is given back later."""
    issued = await credit(retailer, 0, customer="ben")

    assert (issued["kind"], issued["last4"], issued["customer"]) == ("store_credit", None, "ben")
    assert (await retailer.office.get(f"/v1/accounts/{issued['id']}")).json() == issued
    assert await entries(retailer, issued) == [("issued", 0, 0)]


async def test_a_code_is_kept_nowhere(retailer: Retailer) -> None:
    """Given a gift card that was issued and asked for, its code stands in no row of the books."""
    answer = await retailer.office.post(
        "/v1/gift-cards", {"code": "SECRETSECRET", "amount": euro(1)}
    )
    asked = await balance(retailer.till, "secretsecret")

    assert (answer.status_code, asked.status_code) == (201, 200)
    assert "secretsecret" not in (answer.text + asked.text).lower()
    async with retailer.process.database.transaction() as tx:
        for table in ("payment_account", "account_entry", "idempotency_key", "event"):
            (row,) = await tx.fetch(
                f"select count(*) as found from {table} as t where t::text ilike '%secretsecret%'"
            )
            assert row["found"] == 0, table


@pytest.mark.parametrize("typed", [CODE, "7k3m9qxw2htd", "7K3M9-QXW2HTD", "7k3m-9qxw-2htd"])
async def test_a_till_asks_what_stands_on_a_card(retailer: Retailer, typed: str) -> None:
    """However the buyer types the code: hyphens and small letters are the same."""
    await card(retailer, 5000)
    await on(retailer, CODE, spend(CODE, 1250))

    answer = await balance(retailer.till, typed)

    assert answer.status_code == 200
    assert answer.json() == {
        "last4": "2HTD",
        "balance": euro(3750),
        "available": euro(3750),
        "status": "active",
        "expires_at": None,
    }


async def test_a_code_that_is_on_no_card(retailer: Retailer) -> None:
    """The answer does not say the code again; and a store credit's id opens no balance."""
    kept = await credit(retailer, 500)

    unknown = await balance(retailer.till, "AAAA-BBBB-CCCC")
    by_id = await balance(retailer.till, kept["id"])

    assert refused(unknown) == (404, "unknown_account")
    assert "AAAA" not in unknown.text
    assert refused(by_id) == (404, "unknown_account")


@pytest.mark.parametrize(
    "code", ["", "SHORT", "ELEVEN-CHAR", "-" * 12, "AAAA--BBBB-CC", "AAAA BBBB CCCC", "Ä" * 12]
)
async def test_a_code_that_no_card_can_have(retailer: Retailer, code: str) -> None:
    answer = await retailer.office.post("/v1/gift-cards", {"code": code, "amount": euro(1)})

    assert refused(answer) == (400, "invalid")
    assert answer.json()["errors"][0]["pointer"] == "/code"
    assert refused(await balance(retailer.till, code)) == (400, "invalid")


async def test_a_code_is_issued_once(retailer: Retailer) -> None:
    """Given a card, when its code is issued again, then the first card stays as it is."""
    first = await card(retailer, 5000)

    again = await retailer.office.post(
        "/v1/gift-cards", {"code": CODE.lower().replace("-", ""), "amount": euro(9000)}
    )

    assert refused(again) == (409, "gift_card_exists")
    assert await standing(retailer, first) == (5000, 0, 5000)


async def test_a_code_is_issued_in_two_places_at_once(retailer: Retailer) -> None:
    """Given two offices with one list of codes, when both issue one, then one card comes of it."""
    outcomes = await asyncio.gather(
        *(issue_at(retailer.process.ledger, T0, code="LIST-0001-0001") for _ in range(6))
    )

    issued = [outcome for outcome in outcomes if isinstance(outcome, payments.Account)]
    assert len(issued) == 1
    assert {type(outcome) for outcome in outcomes} == {payments.Account, payments.GiftCardExists}


async def test_a_card_is_issued_once_under_its_key(retailer: Retailer) -> None:
    body = {"code": CODE, "amount": euro(5000)}
    first = await retailer.office.post("/v1/gift-cards", body, key="card-1")
    again = await retailer.office.post("/v1/gift-cards", body, key="card-1")
    other = await retailer.office.post("/v1/gift-cards", body | {"amount": euro(1)}, key="card-1")

    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert refused(other) == (422, "idempotency_key_reused")


async def test_one_key_at_once(retailer: Retailer) -> None:
    """When one office issues a card ten times at once, none of them is told that it exists."""
    body = {"code": CODE, "amount": euro(5000)}
    answers = await asyncio.gather(
        *(retailer.office.post("/v1/gift-cards", body, key="card-1") for _ in range(10))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"amount": {"amount": 1, "currency": "XAU"}}, "/amount/currency"),
        ({"amount": euro(-1)}, "/amount/amount"),
        ({"amount": euro(1), "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"amount": euro(1), "expires_at": "9999-12-31T23:59:59-12:00"}, "/expires_at"),
        ({"amount": euro(1), "expires_at": "2099-01-01T00:00:00"}, "/expires_at"),
    ],
)
async def test_an_account_that_cannot_be(
    retailer: Retailer, body: dict[str, Any], pointer: str
) -> None:
    answer = await retailer.office.post("/v1/store-credits", body)

    assert refused(answer) == (400, "invalid")
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_no_account_holds_any_amount(retailer: Retailer) -> None:
    most = payments.MOST_BALANCE_MINOR
    too_much = await retailer.office.post("/v1/store-credits", {"amount": euro(most + 1)})
    full = await credit(retailer, most)

    assert refused(too_much) == (409, "balance_too_large")
    assert refused(await adjust(retailer, full, 1)) == (409, "balance_too_large")
    assert (await adjust(retailer, full, -1)).status_code == 201
    assert (await adjust(retailer, full, 1)).status_code == 201


async def test_goods_are_paid_when_they_leave(retailer: Retailer) -> None:
    """Given 50.00 on a card, 30.00 held for an order: 20.00 are spent, 10.00 are given back."""
    kept = await card(retailer, 5000)
    order_id, account_id = new_id(), UUID(kept["id"])
    source = tender(order_id=order_id)

    assert (
        await on(retailer, CODE, lambda one: one.hold(account_id, 3000, EUR, source, now=T0))
        is None
    )
    assert await standing(retailer, kept) == (5000, 3000, 2000)
    assert await on(retailer, CODE, lambda one: one.commit(account_id, 2000, source)) is None
    assert await standing(retailer, kept) == (3000, 1000, 2000)
    assert await on(retailer, CODE, lambda one: one.void(account_id, 1000, source)) is None
    assert await standing(retailer, kept) == (3000, 0, 3000)
    assert await on(retailer, CODE, lambda one: one.refund(account_id, 500, EUR, source)) is None
    assert await standing(retailer, kept) == (3500, 0, 3500)

    told = (await retailer.office.get(f"/v1/accounts/{kept['id']}/entries", limit=1)).json()
    (latest,) = told["items"]
    assert latest == {
        "sequence": 5,
        "type": "refunded",
        "balance_change": euro(500),
        "held_change": euro(0),
        "order_id": str(order_id),
        "tender_number": 1,
        "return_id": None,
        "claim_id": None,
        "reason": None,
        "occurred_at": "2026-07-06T12:00:00Z",
        "recorded_at": "2026-07-06T12:00:00Z",
        "actor_id": str(OFFICE.id),
    }
    assert await entries(retailer, kept) == [
        ("issued", 5000, 0),
        ("held", 0, 3000),
        ("committed", -2000, -2000),
        ("voided", 0, -1000),
        ("refunded", 500, 0),
    ]


async def test_a_store_credit_pays_by_its_id_and_a_card_by_its_code(retailer: Retailer) -> None:
    """Who has seen a card's id in the books cannot pay with it."""
    kept, bought = await credit(retailer, 500), await card(retailer, 500)

    by_id = await on(retailer, kept["id"], spend(kept["id"], 500))
    seen = await on(retailer, bought["id"], spend(bought["id"], 500))
    nobody = await on(retailer, "no such thing", spend("no such thing", 500))

    assert by_id is None
    assert isinstance(seen, payments.UnknownAccount)
    assert isinstance(nobody, payments.UnknownAccount)
    assert await standing(retailer, kept) == (0, 0, 0)
    assert await standing(retailer, bought) == (500, 0, 500)


async def test_a_card_with_a_code_that_looks_like_an_id(retailer: Retailer) -> None:
    """Its code is what it is found by; the store credit with that id is another one."""
    kept = await credit(retailer, 700)
    bought = await card(retailer, 500, code=kept["id"])

    assert await on(retailer, kept["id"], spend(kept["id"], 500)) is None
    assert await standing(retailer, bought) == (0, 0, 0)
    assert await standing(retailer, kept) == (700, 0, 700)


async def test_less_on_the_card_than_is_to_be_paid(retailer: Retailer) -> None:
    """Given 10.00, of which 4.00 are held, when 7.00 are to be paid, then 6.00 are available."""
    kept = await card(retailer, 1000)
    account_id = UUID(kept["id"])
    await on(retailer, CODE, lambda one: one.hold(account_id, 400, EUR, tender(), now=T0))

    outcome = await on(retailer, CODE, spend(CODE, 700))

    assert isinstance(outcome, payments.InsufficientBalance)
    assert outcome.fields == {
        "account": kept["id"],
        "requested_minor": 700,
        "available_minor": 600,
    }
    assert await on(retailer, CODE, spend(CODE, 600)) is None
    assert await standing(retailer, kept) == (400, 400, 0)


async def test_another_currency(retailer: Retailer) -> None:
    kept = await card(retailer, 1000)
    account_id = UUID(kept["id"])

    spent = await on(retailer, CODE, spend(CODE, 100, currency="USD"))
    given = await on(retailer, CODE, lambda one: one.refund(account_id, 100, "USD", tender()))
    adjusted = await retailer.office.post(
        f"/v1/accounts/{kept['id']}/adjustments",
        {"change": {"amount": 100, "currency": "USD"}, "reason": "goodwill"},
    )

    assert isinstance(spent, payments.AccountCurrencyDiffers)
    assert isinstance(given, payments.AccountCurrencyDiffers)
    assert refused(adjusted) == (409, "account_currency_differs")
    assert adjusted.json()["currency"] == EUR
    assert await standing(retailer, kept) == (1000, 0, 1000)


async def test_a_card_runs_out(retailer: Retailer) -> None:
    """Given a card until 1 August: the second before it pays, from that moment on it does not."""
    ends = datetime(2026, 8, 1, tzinfo=UTC)
    issued = await issue_at(retailer.process.ledger, T0, expires_at=ends, amount_minor=1000)
    assert isinstance(issued, payments.Account)
    source, account_id = tender(), issued.id

    before = await on(
        retailer,
        CODE,
        lambda one: one.hold(account_id, 600, EUR, source, now=ends - timedelta(seconds=1)),
    )
    after = await on(retailer, CODE, spend(CODE, 100, now=ends))

    assert before is None
    assert isinstance(after, payments.AccountExpired)
    assert after.fields["expires_at"] == "2026-08-01T00:00:00+00:00"
    # What was promised in time is paid, and what is owed is given back.
    assert await on(retailer, CODE, lambda one: one.commit(account_id, 400, source)) is None
    assert await on(retailer, CODE, lambda one: one.void(account_id, 200, source)) is None
    assert await on(retailer, CODE, lambda one: one.refund(account_id, 400, EUR, source)) is None
    assert await standing(retailer, {"id": issued.id}) == (1000, 0, 1000)


async def test_a_card_that_has_run_out_says_so(retailer: Retailer) -> None:
    past = clock.now() - timedelta(days=2)
    issued = await issue_at(retailer.process.ledger, past, expires_at=past + timedelta(days=1))
    assert isinstance(issued, payments.Account)

    assert (await balance(retailer.web, CODE)).json()["status"] == "expired"
    assert (await put_status(retailer, {"id": issued.id}, "blocked")).status_code == 200
    assert (await balance(retailer.web, CODE)).json()["status"] == "blocked"


async def test_a_card_that_was_stolen(retailer: Retailer) -> None:
    """Blocked it pays nothing new; what it held is paid; active again, it pays."""
    kept = await card(retailer, 1000)
    source, account_id = tender(), UUID(kept["id"])
    await on(retailer, CODE, lambda one: one.hold(account_id, 400, EUR, source, now=T0))

    blocked = await put_status(retailer, kept, "blocked")
    twice = await put_status(retailer, kept, "blocked")

    assert (blocked.status_code, blocked.json()["status"]) == (200, "blocked")
    assert twice.json() == blocked.json()
    assert isinstance(await on(retailer, CODE, spend(CODE, 100)), payments.AccountBlocked)
    assert await on(retailer, CODE, lambda one: one.commit(account_id, 300, source)) is None
    assert await on(retailer, CODE, lambda one: one.void(account_id, 100, source)) is None
    assert await on(retailer, CODE, lambda one: one.refund(account_id, 50, EUR, source)) is None
    assert (await put_status(retailer, kept, "active")).json()["status"] == "active"
    assert await on(retailer, CODE, spend(CODE, 750)) is None
    assert await standing(retailer, kept) == (0, 0, 0)
    assert [kind for kind, _, _ in await entries(retailer, kept)] == [
        *("issued", "held", "blocked", "committed", "voided", "refunded", "unblocked"),
        *("held", "committed"),
    ]


async def test_an_account_is_adjusted_by_hand(retailer: Retailer) -> None:
    """Given 10.00, 4.00 of it held, when 6.00 are taken off, then not one cent more can be."""
    kept = await card(retailer, 1000)
    account_id = UUID(kept["id"])
    await on(retailer, CODE, lambda one: one.hold(account_id, 400, EUR, tender(), now=T0))

    too_much = await adjust(retailer, kept, -601)
    all_of_it = await adjust(retailer, kept, -600)
    nothing = await adjust(retailer, kept, 0)
    more = await adjust(retailer, kept, 250)

    assert refused(too_much) == (409, "insufficient_balance")
    assert (too_much.json()["requested_minor"], too_much.json()["available_minor"]) == (601, 600)
    assert (all_of_it.status_code, all_of_it.json()["available"]) == (201, euro(0))
    assert refused(nothing) == (400, "invalid")
    assert nothing.json()["errors"][0]["pointer"] == "/change/amount"
    assert more.json()["balance"] == euro(650)
    told = (await retailer.office.get(f"/v1/accounts/{kept['id']}/entries")).json()["items"]
    assert [entry["reason"] for entry in told] == ["goodwill", "goodwill", None, None]


async def test_an_account_that_never_was(retailer: Retailer) -> None:
    nobody = {"id": NOBODY}

    for answer in (
        await adjust(retailer, nobody, 1),
        await put_status(retailer, nobody, "blocked"),
        await retailer.office.get(f"/v1/accounts/{NOBODY}"),
        await retailer.office.get(f"/v1/accounts/{NOBODY}/entries"),
    ):
        assert refused(answer) == (404, "unknown_account")
        assert answer.json()["account"] == NOBODY
    for work in (
        lambda one: one.hold(UUID(NOBODY), 1, EUR, tender(), now=T0),
        lambda one: one.commit(UUID(NOBODY), 1, tender()),
        lambda one: one.void(UUID(NOBODY), 1, tender()),
        lambda one: one.refund(UUID(NOBODY), 1, EUR, tender()),
    ):
        assert isinstance(await on(retailer, NOBODY, work), payments.UnknownAccount)


async def test_entries_page_by_page(retailer: Retailer) -> None:
    kept = await credit(retailer, 0)
    for amount in range(1, 6):
        assert (await adjust(retailer, kept, amount)).status_code == 201
    path = f"/v1/accounts/{kept['id']}/entries"

    first = (await retailer.office.get(path, limit=4)).json()
    second = (await retailer.office.get(path, limit=4, cursor=first["next_cursor"])).json()

    assert [entry["sequence"] for entry in first["items"]] == [6, 5, 4, 3]
    assert [entry["sequence"] for entry in second["items"]] == [2, 1]
    assert second["next_cursor"] is None
    for cursor in ("x", "LTE", "4pGg", "OTk5OTk5OTk5OTk5OTk"):
        assert refused(await retailer.office.get(path, cursor=cursor)) == (400, "invalid"), cursor
    beyond = await retailer.office.get(path, cursor="OTk5OTk5OTk5OQ")
    assert len(beyond.json()["items"]) == 6


async def test_two_buyers_spend_the_last_ten_euro_at_once(retailer: Retailer) -> None:
    """Given 10.00 on a card, when one till has taken them and not yet said so, the other one waits."""
    kept, ledger = await card(retailer, 1000), retailer.process.ledger
    async with ledger.transaction() as tx:
        (accounts,) = await tx.read(payments.lock_accounts([CODE], []))
        assert spend(CODE, 1000)(accounts) is None
        second = asyncio.create_task(on(retailer, CODE, spend(CODE, 1000)))
        while not second.done() and not await tx.fetch("select 1 from pg_locks where not granted"):
            await tx.fetch("select pg_sleep(0.01)")
        await tx.write(*payments.write_accounts(accounts, now=T0))

    lost = await second

    assert isinstance(lost, payments.InsufficientBalance)
    assert lost.fields["available_minor"] == 0
    assert await standing(retailer, kept) == (0, 0, 0)


async def test_many_buyers_with_two_cards_each(retailer: Retailer) -> None:
    """Given two cards of 10.00, when twenty pay 1.00 from both at once, then ten do; none hangs."""
    codes = ["CARD-0001-0001", "CARD-0002-0002"]
    kept = [await card(retailer, 1000, code=code) for code in codes]

    async def pay(number: int) -> bool:
        named = codes if number % 2 else codes[::-1]

        async def run(tx: Transaction) -> bool:
            (accounts,) = await tx.read(payments.lock_accounts(named, []))
            mark = accounts.mark()
            for code in named:
                if spend(code, 100)(accounts) is not None:
                    accounts.take_back(mark)
            await tx.write(*payments.write_accounts(accounts, now=T0))
            return bool(accounts.entries)

        return await retailer.process.ledger.run(run)

    paid = await asyncio.gather(*(pay(number) for number in range(20)))

    assert sum(paid) == 10
    assert [await standing(retailer, one) for one in kept] == [(0, 0, 0), (0, 0, 0)]


async def test_first_come_first_served_in_a_batch(retailer: Retailer) -> None:
    """Given one batch that issues a card twice, takes from it and blocks it, each in turn."""
    ids = [new_id(), new_id()]

    def keyed() -> dict[str, Any]:
        key = idempotency.Key(OFFICE.id, str(new_id()), b"hash")
        return {"key": key, "principal": OFFICE, "account_id": ids[0]}

    issued: dict[str, Any] = {
        "customer": None,
        "amount_minor": 100,
        "currency": EUR,
        "expires_at": None,
    }
    commands: list[payments.AccountCommand] = [
        payments.IssueAccount(**keyed(), code=CODE, **issued),
        payments.IssueAccount(**keyed() | {"account_id": ids[1]}, code=CODE, **issued),
        payments.IssueAccount(**keyed() | {"account_id": ids[1]}, code=None, **issued),
        payments.AdjustAccount(**keyed(), change_minor=-60, currency=EUR, reason="x"),
        payments.AdjustAccount(**keyed(), change_minor=-60, currency=EUR, reason="x"),
        payments.SetAccountStatus(**keyed(), status="blocked", reason="x"),
    ]

    async def run(tx: Transaction) -> list[Any]:
        return list(await payments.change_accounts(tx, commands, now=T0))

    outcomes = await retailer.process.ledger.run(run)
    again = await retailer.process.ledger.run(run)

    told = [
        one.value.balance_minor if isinstance(one, idempotency.Answer) else type(one)
        for one in outcomes
    ]
    assert told == [
        100,
        payments.GiftCardExists,
        100,
        40,
        payments.InsufficientBalance,
        40,
    ]
    assert [isinstance(one, idempotency.Answer) and one.replayed for one in again] == [
        *(True, False, True, True, False, True)
    ]
    found = (await retailer.office.get(f"/v1/accounts/{ids[0]}")).json()
    assert (found["balance"], found["status"], found["version"]) == (euro(40), "blocked", 3)
