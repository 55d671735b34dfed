"""What concerns a customer in all rooms over HTTP: the timeline, merges, export and erasure."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody

from omniretail import clock, loyalty, profiles
from omniretail.api.accounts import (
    AccountEntryView,
    AccountView,
    account_entry_view,
    account_view,
)
from omniretail.api.cart_views import CartView, cart_view
from omniretail.api.claim_views import GoodsClaimView, claim_view
from omniretail.api.customers import (
    ConsentView,
    CustomerView,
    NoteView,
    consent_view,
    customer_view,
    note_view,
)
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.order_views import OrderView, order_view
from omniretail.api.paging import Cursor, Limit, Page, id_cursor, page, place_cursor
from omniretail.api.process import Process, Tx
from omniretail.api.return_views import ReturnView, return_view
from omniretail.api.wire import Code, Moment, Request, Text, View
from omniretail.errors import DomainError, Invalid
from omniretail.ids import new_id


class CustomerMergeRequest(Request, frozen=True, kw_only=True):
    """Who becomes part of the customer, and why."""

    source: UUID
    reason: Text | None = None


class CustomerErasureRequest(Request, frozen=True, kw_only=True):
    """Why somebody is erased: a code of the retailer's own, since a text might be personal."""

    reason: Code


class CustomerMergeUndoingRequest(Request, frozen=True, kw_only=True):
    """A merge shall be as if it had never been."""


class DocumentView(View, frozen=True, kw_only=True):
    """A document: what it is, its identity, and what people call it."""

    type: str
    id: UUID
    number: str | None


class TimelineItemView(View, frozen=True, kw_only=True):
    """One thing that happened with a customer, in any channel."""

    at: Moment
    kind: profiles.ItemKind
    type: str
    channel: str | None
    location: str | None
    document: DocumentView
    data: dict[str, Any]


class CustomerMergeView(View, frozen=True, kw_only=True):
    """A merge of customers, and how much went along, by kind."""

    id: UUID
    source: UUID
    target: UUID
    reason: str | None
    merged_at: Moment
    merged_by: UUID
    undone_at: Moment | None
    undone_by: UUID | None
    moved: dict[str, int]


class ErasureView(View, frozen=True, kw_only=True):
    """That customers were erased, and of how many documents each kind."""

    customer: UUID
    erased: list[UUID]
    erased_at: Moment
    documents: dict[str, int]


class CreditView(View, frozen=True, kw_only=True):
    """A store credit or gift card of the customer's own, with its entries, the latest first."""

    account: AccountView
    entries: list[AccountEntryView]


class PointsMovedView(View, frozen=True, kw_only=True):
    """An entry of a loyalty account, or a hold of its points."""

    account_id: UUID
    kind: str
    type: str
    points: int
    at: Moment
    order_id: UUID | None
    channel: str | None
    location: str | None


class PointsView(View, frozen=True, kw_only=True):
    """A loyalty account that the customer is a member of."""

    account_id: UUID
    active_points: int
    pending_points: int
    debt_points: int
    tier: str | None


class ExportView(View, frozen=True, kw_only=True):
    """All that is held about a customer, and about those who were merged into it."""

    exported_at: Moment
    customer: CustomerView
    merged: list[CustomerView]
    consents: list[ConsentView]
    notes: list[NoteView]
    orders: list[OrderView]
    returns: list[ReturnView]
    claims: list[GoodsClaimView]
    carts: list[CartView]
    credits: list[CreditView]
    loyalty_accounts: list[PointsView]
    points: list[PointsMovedView]
    timeline: list[TimelineItemView]


@get("/v1/customers/{customer_id:uuid}/timeline", opt={"scope": "customers:read"})
async def get_customer_timeline(
    tx: Tx, customer_id: FromPath[UUID], limit: Limit = 50, cursor: Cursor = None
) -> Page[TimelineItemView]:
    """List what happened with a customer in all channels, the latest first; no personal value."""
    found = await profiles.person_timeline(tx, customer_id, before=_place(cursor), limit=limit + 1)
    return page(found, limit=limit, view=_item, key=lambda item: f"{item.at.isoformat()}|{item.id}")


@get("/v1/customers/{customer_id:uuid}/merges", opt={"scope": "customers:merge"})
async def list_customer_merges(
    tx: Tx, customer_id: FromPath[UUID], limit: Limit = 50, cursor: Cursor = None
) -> Page[CustomerMergeView]:
    """List the merges that a customer was part of, the latest first."""
    found = await profiles.list_merges(tx, customer_id, before=id_cursor(cursor), limit=limit + 1)
    return page(found, limit=limit, view=_merge, key=lambda merge: merge.id)


@post("/v1/customers/{customer_id:uuid}/merge", opt={"scope": "customers:merge"}, status_code=200)
async def merge_customer(
    request: HttpRequest[Any, Any, Any],
    customer_id: FromPath[UUID],
    data: JSONBody[CustomerMergeRequest],
    idempotency_key: KeyHeader = None,
) -> Response[CustomerMergeView]:
    """Merge another customer into this one: all that was the other's is this one's; it can be undone."""
    command = profiles.MergeCustomers(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        merge_id=new_id(),
        source_id=data.source,
        target_id=customer_id,
        reason=data.reason,
    )
    return await _merged(request, command)


@post(
    "/v1/customers/merges/{merge_id:uuid}/undoing",
    opt={"scope": "customers:merge"},
    status_code=200,
)
async def undo_customer_merge(
    request: HttpRequest[Any, Any, Any],
    merge_id: FromPath[UUID],
    data: JSONBody[CustomerMergeUndoingRequest],
    idempotency_key: KeyHeader = None,
) -> Response[CustomerMergeView]:
    """Undo a merge: exactly what it moved goes back; what arose since stays."""
    command = profiles.UndoCustomerMerge(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        merge_id=merge_id,
    )
    return await _merged(request, command)


@get("/v1/customers/{customer_id:uuid}/export", opt={"scope": "customers:export"})
async def export_customer(
    request: HttpRequest[Any, Any, Any], customer_id: FromPath[UUID]
) -> ExportView:
    """Return all that is held about a customer."""
    process: Process = request.app.state.process
    now = clock.now()
    async with process.database.transaction(snapshot=True) as tx:
        held = await profiles.export_person(tx, customer_id, now=now)
    return ExportView(
        exported_at=now,
        customer=customer_view(held.customer),
        merged=[customer_view(one) for one in held.merged],
        consents=[consent_view(one) for one in held.consents],
        notes=[note_view(one) for one in held.notes],
        orders=[order_view(one) for one in held.orders],
        returns=[return_view(one) for one in held.returns],
        claims=[claim_view(one) for one in held.claims],
        carts=[cart_view(one) for one in held.carts],
        credits=[_credit(one) for one in held.credits],
        loyalty_accounts=[_points(one) for one in held.points.accounts],
        points=[_moved(one) for one in held.points.moved],
        timeline=[_item(one) for one in held.timeline],
    )


@post("/v1/customers/{customer_id:uuid}/erasure", opt={"scope": "customers:erase"}, status_code=200)
async def erase_customer(
    request: HttpRequest[Any, Any, Any],
    customer_id: FromPath[UUID],
    data: JSONBody[CustomerErasureRequest],
    idempotency_key: KeyHeader = None,
) -> Response[ErasureView]:
    """Erase a customer: nothing personal remains in any document; books and totals stay as they were."""
    command = profiles.EraseCustomer(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        customer_id=customer_id,
        reason=data.reason,
    )
    process: Process = request.app.state.process
    (outcome,) = await process.database.run(
        lambda tx: profiles.erase_customers(tx, [command], now=clock.now())
    )
    if isinstance(outcome, DomainError):
        raise outcome
    return answered(outcome, _erasure, status=200)


async def _merged(
    request: HttpRequest[Any, Any, Any], command: profiles.MergeCommand
) -> Response[CustomerMergeView]:
    process: Process = request.app.state.process
    (outcome,) = await process.database.run(
        lambda tx: profiles.merge_customers(tx, [command], now=clock.now())
    )
    if isinstance(outcome, DomainError):
        raise outcome
    return answered(outcome, _merge, status=200)


def _place(cursor: str | None) -> profiles.Place | None:
    moment, last = place_cursor(cursor, 2)
    if not moment:
        return None
    try:
        # In UTC, so that the database can hold it.
        return datetime.fromisoformat(moment).astimezone(UTC), UUID(last)
    except (ValueError, OverflowError) as error:
        raise Invalid.at("/cursor", "This is not a cursor of ours") from error


def _item(item: profiles.Item) -> TimelineItemView:
    return TimelineItemView(
        at=item.at,
        kind=item.kind,
        type=item.type,
        channel=item.channel,
        location=item.location,
        document=DocumentView(type=item.document_type, id=item.document_id, number=item.number),
        data=item.data,
    )


def _merge(merge: profiles.CustomerMerge) -> CustomerMergeView:
    return CustomerMergeView(
        id=merge.id,
        source=merge.source_id,
        target=merge.target_id,
        reason=merge.reason,
        merged_at=merge.merged_at,
        merged_by=merge.merged_by,
        undone_at=merge.undone_at,
        undone_by=merge.undone_by,
        moved=merge.moved,
    )


def _erasure(erasure: profiles.Erasure) -> ErasureView:
    return ErasureView(
        customer=erasure.customer_id,
        erased=list(erasure.erased),
        erased_at=erasure.erased_at,
        documents=erasure.documents,
    )


def _credit(credit: profiles.Credit) -> CreditView:
    return CreditView(
        account=account_view(credit.account),
        entries=[account_entry_view(one, credit.account.currency) for one in credit.entries],
    )


def _points(account: loyalty.Account) -> PointsView:
    return PointsView(
        account_id=account.id,
        active_points=account.active_points,
        pending_points=account.pending_points,
        debt_points=account.debt_points,
        tier=account.tier,
    )


def _moved(one: loyalty.PointsMoved) -> PointsMovedView:
    return PointsMovedView(
        account_id=one.account_id,
        kind=one.kind,
        type=one.type,
        points=one.points,
        at=one.at,
        order_id=one.order_id,
        channel=one.channel,
        location=one.location,
    )


HANDLERS = [
    get_customer_timeline,
    list_customer_merges,
    merge_customer,
    undo_customer_merge,
    export_customer,
    erase_customer,
]
