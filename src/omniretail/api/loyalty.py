"""Loyalty accounts over HTTP: balances, members, holds, gifts, merges, reviews, changes by hand.

Points are one for all channels: whoever has the scope may act on any account.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from omniretail import channels, clock, customers, loyalty
from omniretail.api.auth import acting_channel
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.loyalty_views import (
    GiftView,
    LoyaltyAccountView,
    LoyaltyEntryView,
    LoyaltyLotView,
    MergeView,
    PointsHoldView,
    ReviewView,
    account_view,
    entry_view,
    gift_view,
    hold_view,
    hold_view_at,
    lot_view,
    merge_view,
    review_view,
)
from omniretail.api.paging import Cursor, Limit, Page, id_cursor, page, text_cursor
from omniretail.api.process import Tx
from omniretail.api.wire import Code, CodeInQuery, Moment, Request, Text
from omniretail.errors import Invalid
from omniretail.ids import new_id

_LAST_SEQUENCE = 2**31 - 1

Points = Annotated[int, Meta(ge=1, le=loyalty.MOST_POINTS)]


class LoyaltyAccountRequest(Request, frozen=True, kw_only=True):
    """An account to open, for these customers."""

    members: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=loyalty.MOST_MEMBERS)]


class MemberRequest(Request, frozen=True, kw_only=True):
    """A customer who joins an account, or leaves it."""

    customer: UUID


class PointsHoldRequest(Request, frozen=True, kw_only=True):
    """Points to promise to a checkout, for as long as the programme says, or for fewer `seconds`."""

    points: Points
    seconds: Annotated[int, Meta(ge=1, le=loyalty.MOST_HOLD_SECONDS)] | None = None
    channel: Code | None = None


class PointsAdjustmentRequest(Request, frozen=True, kw_only=True):
    """Points to give, or below zero to take, and why; what is given expires as the programme says."""

    points: Annotated[int, Meta(ge=-loyalty.MOST_POINTS, le=loyalty.MOST_POINTS)]
    reason: Text
    expires_at: Moment | None = None


class GiftRequest(Request, frozen=True, kw_only=True):
    """Points to give to another account."""

    to: UUID
    points: Points


class GiftReturnRequest(Request, frozen=True, kw_only=True):
    """A gift is taken back; nothing needs to be said of it."""


class MergeRequest(Request, frozen=True, kw_only=True):
    """The account that becomes part of this one, and why."""

    source: UUID
    reason: Text | None = None


class MergeUndoingRequest(Request, frozen=True, kw_only=True):
    """A merge is undone; nothing needs to be said of it."""


class ReviewDecisionRequest(Request, frozen=True, kw_only=True):
    """Whether points count that were looked at, and why."""

    decision: Literal["approved", "denied"]
    note: Text


@post("/v1/loyalty/accounts", opt={"scope": "loyalty:write"}, status_code=201)
async def open_loyalty_account(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[LoyaltyAccountRequest],
    idempotency_key: KeyHeader = None,
) -> Response[LoyaltyAccountView]:
    """Open a loyalty account for one customer or several; each is a member of one at most."""
    command = loyalty.OpenAccount(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        account_id=new_id(),
        members=data.members,
    )
    return await _changed(request, command)


@get("/v1/loyalty/accounts", opt={"scope": "loyalty:read"})
async def list_loyalty_accounts(tx: Tx, customer: CodeInQuery) -> Page[LoyaltyAccountView]:
    """List the account of a customer, by the customer's id, an external id or a loyalty card."""
    (known,) = await tx.read(customers.customers_by_reference([customer]))
    found = await loyalty.accounts_of_customers(
        tx, [one.id for one in known.values()], now=clock.now()
    )
    return Page([account_view(one) for one in found], None)


@get("/v1/loyalty/accounts/{account_id:uuid}", opt={"scope": "loyalty:read"})
async def get_loyalty_account(
    request: HttpRequest[Any, Any, Any], account_id: FromPath[UUID]
) -> LoyaltyAccountView:
    """Return a loyalty account as it is now; one that was merged says into which."""
    return account_view(await request.app.state.process.points_balance(account_id))


@get("/v1/loyalty/accounts/{account_id:uuid}/entries", opt={"scope": "loyalty:read"})
async def list_loyalty_entries(
    tx: Tx, account_id: FromPath[UUID], limit: Limit = 50, cursor: Cursor = None
) -> Page[LoyaltyEntryView]:
    """List what changed an account, the latest first."""
    await loyalty.find_account(tx, account_id, now=clock.now())
    found = await loyalty.list_entries(
        tx, account_id, before=_sequence_cursor(cursor), limit=limit + 1
    )
    return page(found, limit=limit, view=entry_view, key=lambda entry: entry.sequence)


@get("/v1/loyalty/accounts/{account_id:uuid}/lots", opt={"scope": "loyalty:read"})
async def list_loyalty_lots(
    tx: Tx,
    account_id: FromPath[UUID],
    live: FromQuery[bool] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[LoyaltyLotView]:
    """List the lots of an account, the latest first; `live`: only those that have points."""
    now = clock.now()
    await loyalty.find_account(tx, account_id, now=now)
    found = await loyalty.list_lots(
        tx, account_id, live=live, before=id_cursor(cursor), limit=limit + 1, now=now
    )
    return page(found, limit=limit, view=lambda lot: lot_view(lot, now), key=lambda lot: lot.id)


@get("/v1/loyalty/accounts/{account_id:uuid}/holds", opt={"scope": "loyalty:read"})
async def list_points_holds(
    tx: Tx, account_id: FromPath[UUID], limit: Limit = 50, cursor: Cursor = None
) -> Page[PointsHoldView]:
    """List the holds of an account, the latest first."""
    now = clock.now()
    await loyalty.find_account(tx, account_id, now=now)
    found = await loyalty.list_holds(tx, account_id, before=id_cursor(cursor), limit=limit + 1)
    return page(
        found, limit=limit, view=lambda hold: hold_view_at(hold, now), key=lambda hold: hold.id
    )


@post("/v1/loyalty/accounts/{account_id:uuid}/holds", opt={"scope": "loyalty:write"})
async def hold_points(
    request: HttpRequest[Any, Any, Any],
    account_id: FromPath[UUID],
    data: JSONBody[PointsHoldRequest],
    idempotency_key: KeyHeader = None,
) -> Response[PointsHoldView]:
    """Promise points to a checkout for a while, those that expire the soonest first."""
    principal: channels.Principal = request.user
    command = loyalty.PlaceHold(
        key=key(idempotency_key, principal, request.url.path, data),
        principal=principal,
        hold_id=new_id(),
        account_id=account_id,
        points=data.points,
        seconds=data.seconds,
        channel=acting_channel(principal, data.channel),
        location=next(iter(principal.locations)) if principal.kind == "terminal" else None,
    )
    return answered(await request.app.state.process.hold_points(command), hold_view, status=201)


@get("/v1/loyalty/holds/{hold_id:uuid}", opt={"scope": "loyalty:read"})
async def get_points_hold(tx: Tx, hold_id: FromPath[UUID]) -> PointsHoldView:
    """Return a hold of points."""
    return hold_view_at(await loyalty.find_hold(tx, hold_id), clock.now())


@delete("/v1/loyalty/holds/{hold_id:uuid}", opt={"scope": "loyalty:write"}, status_code=200)
async def void_points_hold(
    request: HttpRequest[Any, Any, Any], hold_id: FromPath[UUID]
) -> PointsHoldView:
    """Give back what a hold promises; one that has run out stays as it is."""
    command = loyalty.VoidHold(principal=request.user, hold_id=hold_id)
    return hold_view(await request.app.state.process.void_points(command))


@post("/v1/loyalty/accounts/{account_id:uuid}/members", opt={"scope": "loyalty:write"})
async def add_loyalty_member(
    request: HttpRequest[Any, Any, Any],
    account_id: FromPath[UUID],
    data: JSONBody[MemberRequest],
    idempotency_key: KeyHeader = None,
) -> Response[LoyaltyAccountView]:
    """Have a customer be a member of an account."""
    command = loyalty.JoinAccount(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        account_id=account_id,
        customer=data.customer,
    )
    return await _changed(request, command)


@post("/v1/loyalty/accounts/{account_id:uuid}/member-removals", opt={"scope": "loyalty:write"})
async def remove_loyalty_member(
    request: HttpRequest[Any, Any, Any],
    account_id: FromPath[UUID],
    data: JSONBody[MemberRequest],
    idempotency_key: KeyHeader = None,
) -> Response[LoyaltyAccountView]:
    """Have a customer be a member no more; the points stay with the others."""
    command = loyalty.LeaveAccount(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        account_id=account_id,
        customer=data.customer,
    )
    return await _changed(request, command)


@post("/v1/loyalty/accounts/{account_id:uuid}/adjustments", opt={"scope": "loyalty:adjust"})
async def adjust_points(
    request: HttpRequest[Any, Any, Any],
    account_id: FromPath[UUID],
    data: JSONBody[PointsAdjustmentRequest],
    idempotency_key: KeyHeader = None,
) -> Response[LoyaltyAccountView]:
    """Give an account points by hand, or take some that can be spent, with a reason."""
    if data.points == 0:
        raise Invalid.at("/points", "Expected a number other than 0")
    if data.points < 0 and data.expires_at is not None:
        raise Invalid.at("/expires_at", "Only points that are given expire")
    command = loyalty.AdjustPoints(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        account_id=account_id,
        points=data.points,
        reason=data.reason,
        expires_at=data.expires_at,
    )
    return await _changed(request, command)


@post("/v1/loyalty/accounts/{account_id:uuid}/gifts", opt={"scope": "loyalty:write"})
async def give_points(
    request: HttpRequest[Any, Any, Any],
    account_id: FromPath[UUID],
    data: JSONBody[GiftRequest],
    idempotency_key: KeyHeader = None,
) -> Response[GiftView]:
    """Give points to another account, which can spend them after a wait; they expire when they would."""
    command = loyalty.GivePoints(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        gift_id=new_id(),
        from_account_id=account_id,
        to_account_id=data.to,
        points=data.points,
    )
    answer = await request.app.state.process.change_gift(command)
    return answered(answer, gift_view, status=201)


@post("/v1/loyalty/gifts/{gift_id:uuid}/return", opt={"scope": "loyalty:write"}, status_code=200)
async def take_gift_back(
    request: HttpRequest[Any, Any, Any],
    gift_id: FromPath[UUID],
    data: JSONBody[GiftReturnRequest],
    idempotency_key: KeyHeader = None,
) -> Response[GiftView]:
    """Take a gift back that cannot be spent yet."""
    command = loyalty.TakeGiftBack(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        gift_id=gift_id,
    )
    answer = await request.app.state.process.change_gift(command)
    return answered(answer, gift_view, status=200)


@post("/v1/loyalty/accounts/{account_id:uuid}/merges", opt={"scope": "loyalty:merge"})
async def merge_loyalty_accounts(
    request: HttpRequest[Any, Any, Any],
    account_id: FromPath[UUID],
    data: JSONBody[MergeRequest],
    idempotency_key: KeyHeader = None,
) -> Response[MergeView]:
    """Have another account be part of this one: its lots, its debt and its members."""
    command = loyalty.MergeAccounts(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        merge_id=new_id(),
        source_id=data.source,
        target_id=account_id,
        reason=data.reason,
    )
    answer = await request.app.state.process.merge_accounts(command)
    return answered(answer, merge_view, status=201)


@post("/v1/loyalty/merges/{merge_id:uuid}/undoing", opt={"scope": "loyalty:merge"}, status_code=200)
async def undo_loyalty_merge(
    request: HttpRequest[Any, Any, Any],
    merge_id: FromPath[UUID],
    data: JSONBody[MergeUndoingRequest],
    idempotency_key: KeyHeader = None,
) -> Response[MergeView]:
    """Undo a merge: what is left of the lots that came goes back, as do the debt and the members."""
    command = loyalty.UndoMerge(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        merge_id=merge_id,
    )
    answer = await request.app.state.process.merge_accounts(command)
    return answered(answer, merge_view, status=200)


@get("/v1/loyalty/reviews", opt={"scope": "loyalty:review"})
async def list_loyalty_reviews(
    tx: Tx, limit: Limit = 50, cursor: Cursor = None
) -> Page[ReviewView]:
    """List the points that wait for somebody to look at them, the oldest first."""
    found = await loyalty.list_reviews(tx, after=id_cursor(cursor), limit=limit + 1)
    return page(found, limit=limit, view=review_view, key=lambda review: review.id)


@post(
    "/v1/loyalty/reviews/{review_id:uuid}/decision",
    opt={"scope": "loyalty:review"},
    status_code=200,
)
async def decide_loyalty_review(
    request: HttpRequest[Any, Any, Any],
    review_id: FromPath[UUID],
    data: JSONBody[ReviewDecisionRequest],
    idempotency_key: KeyHeader = None,
) -> Response[ReviewView]:
    """Have points count that were looked at, or take them back."""
    command = loyalty.DecideReview(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        review_id=review_id,
        decision=data.decision,
        note=data.note,
    )
    answer = await request.app.state.process.decide_review(command)
    return answered(answer, review_view, status=200)


async def _changed(
    request: HttpRequest[Any, Any, Any], command: loyalty.AccountCommand
) -> Response[LoyaltyAccountView]:
    answer = await request.app.state.process.change_loyalty_account(command)
    return answered(answer, account_view, status=201)


def _sequence_cursor(cursor: str | None) -> int | None:
    text = text_cursor(cursor)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        raise Invalid.at("/cursor", "This is not a cursor of ours")
    return min(int(text), _LAST_SEQUENCE)


HANDLERS = [
    open_loyalty_account,
    list_loyalty_accounts,
    get_loyalty_account,
    list_loyalty_entries,
    list_loyalty_lots,
    list_points_holds,
    hold_points,
    get_points_hold,
    void_points_hold,
    add_loyalty_member,
    remove_loyalty_member,
    adjust_points,
    give_points,
    take_gift_back,
    merge_loyalty_accounts,
    undo_loyalty_merge,
    list_loyalty_reviews,
    decide_loyalty_review,
]
