"""Gift cards and store credit over HTTP: issuing, changing by hand, and what stands on them."""

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from omniretail import clock, payments
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.paging import Cursor, Limit, Page, page, text_cursor
from omniretail.api.process import Tx
from omniretail.api.wire import Code, Currency, Moment, Money, Request, Text, View
from omniretail.errors import Invalid
from omniretail.forms import GIFT_CARD_CODE
from omniretail.ids import new_id

_LAST_SEQUENCE = 2**31 - 1

GiftCardCode = Annotated[
    str,
    Meta(
        min_length=12,
        max_length=64,
        pattern=GIFT_CARD_CODE,
        description="The secret on the card. Upper and lower case are the same; hyphens do not count.",
        examples=["7K3M-9QXW-2HTD-4VNB"],
    ),
]
Signed = Annotated[
    int,
    Meta(
        ge=-payments.MOST_BALANCE_MINOR,
        le=payments.MOST_BALANCE_MINOR,
        description="In minor units; below zero it is taken away",
    ),
]


class MoneyChange(Request, frozen=True, kw_only=True):
    """So much more, or below zero less: `{"amount": -500, "currency": "EUR"}`."""

    amount: Signed
    currency: Currency


class StoreCreditRequest(Request, frozen=True, kw_only=True):
    """A store credit to issue, for a customer where one is named: by id, external id or loyalty card."""

    amount: Money
    customer: Code | None = None
    expires_at: Moment | None = None


class GiftCardRequest(StoreCreditRequest, frozen=True, kw_only=True):
    """A gift card to issue. Its code is kept as a hash, and never answered."""

    code: GiftCardCode


class AccountAdjustmentRequest(Request, frozen=True, kw_only=True):
    """An amount to add to an account or take from it, and why."""

    change: MoneyChange
    reason: Text


class AccountStatusRequest(Request, frozen=True, kw_only=True):
    """Whether an account may be paid with, and why."""

    status: Literal["active", "blocked"]
    reason: Text


class GiftCardBalanceRequest(Request, frozen=True, kw_only=True):
    """The code of a gift card whose balance is asked for."""

    code: GiftCardCode


class AccountView(View, frozen=True, kw_only=True):
    """A gift card or store credit: `balance` stands on it, `held` of that is promised to orders."""

    id: UUID
    kind: Literal["gift_card", "store_credit"]
    last4: str | None
    customer: str | None
    balance: Money
    held: Money
    available: Money
    status: Literal["active", "blocked"]
    expires_at: Moment | None
    created_at: Moment
    version: int


class GiftCardBalanceView(View, frozen=True, kw_only=True):
    """What may be paid with a gift card: `available`, if it is active."""

    last4: str
    balance: Money
    available: Money
    status: Literal["active", "blocked", "expired"]
    expires_at: Moment | None


class AccountEntryView(View, frozen=True, kw_only=True):
    """One change of an account: of its balance, of what is held, or of neither but its status."""

    sequence: int
    type: payments.EntryType
    balance_change: MoneyChange
    held_change: MoneyChange
    order_id: UUID | None
    tender_number: int | None
    return_id: UUID | None
    claim_id: UUID | None
    reason: str | None
    occurred_at: Moment
    recorded_at: Moment
    actor_id: UUID


@post("/v1/gift-cards", opt={"scope": "accounts:write"}, status_code=201)
async def issue_gift_card(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[GiftCardRequest],
    idempotency_key: KeyHeader = None,
) -> Response[AccountView]:
    """Issue a gift card with a code of yours and a balance."""
    return await _issue(request, data, idempotency_key, code=data.code)


@post("/v1/store-credits", opt={"scope": "accounts:write"}, status_code=201)
async def issue_store_credit(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[StoreCreditRequest],
    idempotency_key: KeyHeader = None,
) -> Response[AccountView]:
    """Issue a store credit with a balance; it is paid with by its id."""
    return await _issue(request, data, idempotency_key, code=None)


@post("/v1/gift-cards/balance", opt={"scope": "orders:write"}, status_code=200)
async def get_gift_card_balance(
    tx: Tx, data: JSONBody[GiftCardBalanceRequest]
) -> GiftCardBalanceView:
    """Return what stands on the gift card with a code; writes nothing and needs no key."""
    account = await payments.find_gift_card(tx, data.code)
    assert account.last4 is not None, "a gift card has a code"
    return GiftCardBalanceView(
        last4=account.last4,
        balance=Money(account.balance_minor, account.currency),
        available=Money(account.available_minor, account.currency),
        status="expired"
        if account.status == "active" and account.expired_at(clock.now())
        else account.status,
        expires_at=account.expires_at,
    )


@post("/v1/accounts/{account_id:uuid}/adjustments", opt={"scope": "accounts:write"})
async def adjust_account(
    request: HttpRequest[Any, Any, Any],
    account_id: FromPath[UUID],
    data: JSONBody[AccountAdjustmentRequest],
    idempotency_key: KeyHeader = None,
) -> Response[AccountView]:
    """Add to a gift card or store credit, or take from it what is not held, with a reason."""
    if data.change.amount == 0:
        raise Invalid.at("/change/amount", "Expected an amount other than 0")
    command = payments.AdjustAccount(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        account_id=account_id,
        change_minor=data.change.amount,
        currency=data.change.currency,
        reason=data.reason,
    )
    return answered(
        await request.app.state.process.change_account(command), account_view, status=201
    )


@post("/v1/accounts/{account_id:uuid}/status", opt={"scope": "accounts:write"}, status_code=200)
async def set_account_status(
    request: HttpRequest[Any, Any, Any],
    account_id: FromPath[UUID],
    data: JSONBody[AccountStatusRequest],
    idempotency_key: KeyHeader = None,
) -> Response[AccountView]:
    """Block a gift card or store credit, or make it active again; what is held stays held."""
    command = payments.SetAccountStatus(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        account_id=account_id,
        status=data.status,
        reason=data.reason,
    )
    return answered(
        await request.app.state.process.change_account(command), account_view, status=200
    )


@get("/v1/accounts/{account_id:uuid}", opt={"scope": "accounts:read"})
async def get_account(tx: Tx, account_id: FromPath[UUID]) -> AccountView:
    """Return a gift card or store credit."""
    return account_view(await payments.find_account(tx, account_id))


@get("/v1/accounts/{account_id:uuid}/entries", opt={"scope": "accounts:read"})
async def list_account_entries(
    tx: Tx, account_id: FromPath[UUID], limit: Limit = 50, cursor: Cursor = None
) -> Page[AccountEntryView]:
    """List what changed a gift card or store credit, the latest first."""
    account = await payments.find_account(tx, account_id)
    found = await payments.list_account_entries(
        tx, account_id, before=_sequence_cursor(cursor), limit=limit + 1
    )
    return page(
        found,
        limit=limit,
        view=lambda entry: account_entry_view(entry, account.currency),
        key=lambda entry: entry.sequence,
    )


async def _issue(
    request: HttpRequest[Any, Any, Any],
    data: StoreCreditRequest,
    header: str | None,
    *,
    code: str | None,
) -> Response[AccountView]:
    command = payments.IssueAccount(
        key=key(header, request.user, request.url.path, data),
        principal=request.user,
        account_id=new_id(),
        code=code,
        customer=data.customer,
        amount_minor=data.amount.amount,
        currency=data.amount.currency,
        expires_at=data.expires_at,
    )
    return answered(
        await request.app.state.process.change_account(command), account_view, status=201
    )


def _sequence_cursor(cursor: str | None) -> int | None:
    text = text_cursor(cursor)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        raise Invalid.at("/cursor", "This is not a cursor of ours")
    return min(int(text), _LAST_SEQUENCE)


def account_view(account: payments.Account) -> AccountView:
    """Return a gift card or store credit as the wire shows it."""
    return AccountView(
        id=account.id,
        kind=account.kind,
        last4=account.last4,
        customer=account.customer,
        balance=Money(account.balance_minor, account.currency),
        held=Money(account.held_minor, account.currency),
        available=Money(account.available_minor, account.currency),
        status=account.status,
        expires_at=account.expires_at,
        created_at=account.created_at,
        version=account.version,
    )


def account_entry_view(entry: payments.RecordedEntry, currency: str) -> AccountEntryView:
    """Return an entry of one as the wire shows it."""
    return AccountEntryView(
        sequence=entry.sequence,
        type=entry.type,
        balance_change=MoneyChange(amount=entry.balance_change_minor, currency=currency),
        held_change=MoneyChange(amount=entry.held_change_minor, currency=currency),
        order_id=entry.order_id,
        tender_number=entry.tender_number,
        return_id=entry.return_id,
        claim_id=entry.claim_id,
        reason=entry.reason,
        occurred_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        actor_id=entry.actor_id,
    )


HANDLERS = [
    issue_gift_card,
    issue_store_credit,
    get_gift_card_balance,
    adjust_account,
    set_account_status,
    get_account,
    list_account_entries,
]
