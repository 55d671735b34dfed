"""Returns without a receipt over HTTP: store credit at the lowest price, and how often a customer did so.

Afterwards they are returns as all others are: received, paid back and graded under `/v1/returns`.
"""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.params import JSONBody
from msgspec import Meta

from omniretail import channels, clock, returns
from omniretail.api.approvals import ApprovableRequest, approver_of, without_pin
from omniretail.api.auth import selling_channel
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.process import Process, Tx
from omniretail.api.return_views import ReturnView, return_view
from omniretail.api.returns import (
    Dispositions,
    OverrideRequest,
    graded,
    needs,
    overridden,
    place_of,
)
from omniretail.api.wire import (
    Code,
    CodeInQuery,
    CodeInQueryOrNone,
    Money,
    Quantity,
    Request,
    Text,
    View,
)
from omniretail.errors import Invalid
from omniretail.ids import new_id


class GoodsBackRequest(Request, frozen=True, kw_only=True):
    """Units of a SKU that come back, and why; `unit_price` is the highest that is allowed by default.

    Where they come back at once, `dispositions` grade them, all of them; none means all are sellable.
    """

    sku: Code
    quantity: Quantity
    reason: Code
    dispositions: Dispositions = ()
    unit_price: Money | None = None


class UnlinkedReturnRequest(ApprovableRequest, frozen=True, kw_only=True):
    """Goods that a customer brings back of a sale that nobody can name.

    `channel` is the caller's, and `location` a till's own, by default. `received`: the goods are here;
    a till says so by default. `refunded` pays them back in the same step, to the customer's own
    `account` or to a new one; a till does by default. `customer` is an id, an external id or a loyalty
    card. With an `override` a customer brings more than the policy takes.
    """

    customer: Code
    lines: Annotated[tuple[GoodsBackRequest, ...], Meta(min_length=1, max_length=100)]
    channel: Code | None = None
    location: Code | None = None
    received: bool | None = None
    refunded: bool | None = None
    account: UUID | None = None
    override: OverrideRequest | None = None
    note: Text | None = None


class UnlinkedCounterView(View, frozen=True, kw_only=True):
    """How many returns without a receipt a customer brought in the last `days`; `limit` are taken."""

    customer: str
    channel: str
    count: int
    limit: int
    days: int


@post("/v1/unlinked-returns", opt={"scope": "returns:write"}, status_code=201)
async def open_unlinked_return(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[UnlinkedReturnRequest],
    idempotency_key: KeyHeader = None,
) -> Response[ReturnView]:
    """Take goods back without a receipt, for store credit at up to their lowest price of late.

    It needs `returns:unlinked`, or the approval of who has it; beyond the policy's limit an `override`
    and `returns:override`.
    """
    principal: channels.Principal = request.user
    process: Process = request.app.state.process
    named = key(idempotency_key, principal, request.url.path, without_pin(data))
    at_till = principal.kind == "terminal"
    received = at_till if data.received is None else data.received
    refunded = at_till if data.refunded is None else data.refunded
    location = place_of(principal, data.location)
    channel = selling_channel(principal, data.channel)
    needs(principal, "returns:receive", received)
    needs(principal, "returns:refund", refunded)
    if not received and any(line.dispositions for line in data.lines):
        raise Invalid.at("/lines", "Goods are graded when they come back")
    if data.account is not None and not refunded:
        raise Invalid.at("/account", "It is named when the goods are paid back")
    arrivals = [
        arrival
        for number, line in enumerate(data.lines, start=1)
        for arrival in graded(number, line.quantity, line.dispositions)
    ]
    override = await overridden(process, principal, data.override, data.approval, location)
    command = returns.OpenUnlinked(
        key=named,
        principal=principal,
        return_id=new_id(),
        customer=data.customer,
        channel=channel,
        location=location,
        lines=tuple(_goods(line) for line in data.lines),
        approved_by=override.by
        if override is not None
        else (
            await approver_of(
                process, principal, data.approval, scope="returns:unlinked", location=location
            )
        ).id,
        occurred_at=clock.now(),
        arrivals=tuple(arrivals) if received else (),
        refund=returns.RefundWish(account_id=data.account) if refunded else None,
        override=override,
        note=data.note,
    )
    return answered(await process.change_return(command), return_view, status=201)


@get("/v1/unlinked-returns/counters", opt={"scope": "returns:read"})
async def get_unlinked_counter(
    tx: Tx,
    request: HttpRequest[Any, Any, Any],
    customer: CodeInQuery,
    channel: CodeInQueryOrNone = None,
) -> UnlinkedCounterView:
    """Tell how many returns without a receipt a customer brought of late, cancelled ones left out."""
    counter = await returns.unlinked_counter(
        tx, customer=customer, channel=selling_channel(request.user, channel), now=clock.now()
    )
    return UnlinkedCounterView(
        customer=counter.customer,
        channel=counter.channel,
        count=counter.count,
        limit=counter.limit,
        days=counter.days,
    )


def _goods(line: GoodsBackRequest) -> returns.GoodsBack:
    money = line.unit_price
    return returns.GoodsBack(
        sku=line.sku,
        quantity=line.quantity,
        reason=line.reason,
        unit_minor=None if money is None else money.amount,
        currency=None if money is None else money.currency,
    )


HANDLERS = [open_unlinked_return, get_unlinked_counter]
