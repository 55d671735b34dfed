"""Sales over HTTP: finding one without its receipt, wherever its goods come back to. It only reads."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import post
from litestar.params import JSONBody
from msgspec import Meta

from omniretail import clock, orders
from omniretail.api.paging import Page, id_cursor, page
from omniretail.api.process import Process
from omniretail.api.wire import (
    CardToken,
    Code,
    Email,
    Moment,
    Money,
    Request,
    View,
    card_token,
    moment,
)
from omniretail.errors import Invalid
from omniretail.forms import TEXT, kept_email

_LOOKED_BACK = timedelta(days=2 * 365)


class SaleSearchRequest(Request, frozen=True, kw_only=True):
    """What is known of a sale: all that is given must hold, and one of the first five must be given.

    `customer` is an id, an external id or a loyalty card, and finds what was sold under any of them.
    `number` is the order's, as on its receipt. `serial` is of a unit that left with it. `sku` is among
    what was bought, by itself or in a kit. It was placed from `since` on, by default two years ago, and
    before `until`.
    """

    customer: Code | None = None
    email: Email | None = None
    card_token: CardToken | None = None
    number: Annotated[str, Meta(min_length=1, max_length=32, pattern=TEXT)] | None = None
    serial: Annotated[str, Meta(min_length=1, max_length=64, pattern=TEXT)] | None = None
    sku: Code | None = None
    since: Moment | None = None
    until: Moment | None = None
    limit: Annotated[int, Meta(ge=1, le=50, description="How many items at most")] = 20
    cursor: (
        Annotated[str, Meta(max_length=1100, description="`next_cursor` of the page before")] | None
    ) = None


class SaleLineView(View, frozen=True, kw_only=True):
    """So many of a SKU, how far they came, how many may be returned, and what is kept comes to."""

    line: int
    sku: str
    quantity: int
    fulfilled_quantity: int
    cancelled_quantity: int
    returnable_quantity: int
    kept: Money


class SaleTenderView(View, frozen=True, kw_only=True):
    """How much was paid in which way."""

    type: orders.TenderType
    amount: Money


class SaleView(View, frozen=True, kw_only=True):
    """What was sold and how it was paid; not who bought it, nor where they live."""

    id: UUID
    number: str
    placed_at: Moment
    channel: str
    location: str | None
    currency: str
    lines: list[SaleLineView]
    tenders: list[SaleTenderView]


@post("/v1/orders/searches", opt={"scope": "returns:read"}, status_code=200)
async def search_sales(
    request: HttpRequest[Any, Any, Any], data: JSONBody[SaleSearchRequest]
) -> Page[SaleView]:
    """Find sales without their receipt, of any channel and location, the latest first."""
    process: Process = request.app.state.process
    now = clock.now()
    wanted = orders.SaleFilter(
        customer=data.customer,
        email=kept_email(data.email),
        card_token=card_token(data.card_token, "/card_token"),
        number=data.number,
        serial=data.serial,
        sku=data.sku,
        since=moment(data.since or now - _LOOKED_BACK, now=now, pointer="/since"),
        # What lies ahead, such as the end of the day, bounds nothing.
        until=None
        if data.until is None or data.until > now
        else moment(data.until, now=now, pointer="/until"),
    )
    if not wanted.leads_somewhere:
        raise Invalid.at(
            "/customer", "Name a customer, an e-mail address, a card's token, a number or a serial"
        )
    before = id_cursor(data.cursor)
    async with process.database.reading() as tx:
        found = await orders.find_sales(tx, wanted, before=before, limit=data.limit + 1)
    return page(found, limit=data.limit, view=_sale, key=lambda sale: sale.id)


def _sale(sale: orders.Sale) -> SaleView:
    return SaleView(
        id=sale.id,
        number=sale.number,
        placed_at=sale.placed_at,
        channel=sale.channel,
        location=sale.location,
        currency=sale.currency,
        lines=[
            SaleLineView(
                line=line.number,
                sku=line.sku,
                quantity=line.quantity,
                fulfilled_quantity=line.fulfilled_quantity,
                cancelled_quantity=line.cancelled_quantity,
                returnable_quantity=line.returnable_quantity,
                kept=Money(line.kept_minor, sale.currency),
            )
            for line in sale.lines
        ],
        tenders=[
            SaleTenderView(type=tender.type, amount=Money(tender.amount_minor, sale.currency))
            for tender in sale.tenders
        ],
    )


HANDLERS = [search_sales]
