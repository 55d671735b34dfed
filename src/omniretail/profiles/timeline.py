"""A person's timeline over all channels: orders, returns, claims, carts, points, events of the profile.

Each source gives at most as many rows as a page has, found by index; they come together here. It tells
no personal value: whoever wants one asks the document.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from omniretail import carts, customers, events, loyalty, orders, returns
from omniretail.db import Transaction

Place = tuple[datetime, UUID]
"""Where a page begins: what is older than this moment, or of the same and has a smaller identity."""

ItemKind = Literal["order", "return", "claim", "cart", "points", "points_hold", "profile"]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in a person's timeline: what it was, when, where, of which document."""

    kind: ItemKind
    type: str
    at: datetime
    id: UUID
    document_type: str
    document_id: UUID
    number: str | None = None
    channel: str | None = None
    location: str | None = None
    data: dict[str, Any] = {}

    @property
    def place(self) -> Place:
        """Where the page behind it begins."""
        return self.at, self.id


async def person_timeline(
    tx: Transaction, customer_id: UUID, *, before: Place | None = None, limit: int
) -> list[Item]:
    """Return what happened with a customer in all channels, the latest first, before `before`.

    Documents of customers that were merged into it are among them. Raises: UnknownCustomer.
    """
    await customers.find_customer(tx, customer_id)
    (who,) = await tx.read(customers.person(customer_id))
    bounds: dict[str, Any] = {"before": before, "limit": limit}
    placed, asked, made, points, told = await tx.read(
        orders.orders_placed(who.references, **bounds),
        returns.returns_requested(who.references, **bounds),
        carts.carts_made(who.references, **bounds),
        loyalty.points_moved(who.ids, **bounds),
        events.events_before(who.ids, **bounds),
    )
    found: list[tuple[datetime, UUID, Any]] = [
        *((one.placed_at, one.id, one) for one in placed),
        *((one.at, one.id, one) for one in (*asked, *points)),
        *((one.created_at, one.id, one) for one in made),
        *((one.occurred_at, one.id, one) for one in told),
    ]
    found.sort(key=lambda entry: entry[:2], reverse=True)
    shown = [one for _, _, one in found[:limit]]
    documents = await _documents(tx, shown)
    items = [_item(one, documents) for one in shown]
    return [item for item in items if item is not None]


async def _documents(tx: Transaction, shown: list[Any]) -> dict[UUID, Any]:
    """Return the orders, returns and claims among what is shown, as they stand now."""
    placed = [one.id for one in shown if isinstance(one, orders.OrderPlaced)]
    asked = [one for one in shown if isinstance(one, returns.Requested)]
    back = [one.id for one in asked if one.type == "return"]
    claimed = [one.id for one in asked if one.type == "claim"]
    return {
        **{one.id: one for one in await orders.orders_by_id(tx, placed)},
        **{one.id: one for one in await returns.returns_by_id(tx, back)},
        **{one.id: one for one in await returns.claims_by_id(tx, claimed)},
    }


def _item(one: Any, documents: dict[UUID, Any]) -> Item | None:
    shown = documents.get(one.id, one)
    show = _SHOWN.get(type(shown))
    return None if show is None else show(shown)


def _order(order: orders.Order) -> Item:
    return Item(
        kind="order",
        type="placed",
        at=order.placed_at,
        id=order.id,
        document_type="order",
        document_id=order.id,
        number=order.number,
        channel=order.channel,
        location=order.location,
        data={
            "total": _money(order.total_minor, order.currency),
            "refunded": _money(order.refunded_minor, order.currency),
            "payment_status": order.payment_status,
            "fulfillment_status": order.fulfillment_status,
            "return_status": order.return_status,
        },
    )


def _return(doc: returns.Return) -> Item:
    return Item(
        kind="return",
        type=doc.kind,
        at=doc.requested_at,
        id=doc.id,
        document_type="return",
        document_id=doc.id,
        number=doc.number,
        channel=doc.channel,
        location=doc.location,
        data={
            "state": doc.state,
            "refunded": _money(doc.refunded_minor, doc.currency),
            "order": doc.order_id and str(doc.order_id),
        },
    )


def _claim(claim: returns.Claim) -> Item:
    return Item(
        kind="claim",
        type=claim.wish,
        at=claim.opened_at,
        id=claim.id,
        document_type="claim",
        document_id=claim.id,
        number=claim.number,
        channel=claim.channel,
        data={"state": claim.state, "order": str(claim.order_id)},
    )


def _cart(cart: carts.CartMade) -> Item:
    return Item(
        kind="cart",
        type=cart.state,
        at=cart.created_at,
        id=cart.id,
        document_type="cart",
        document_id=cart.id,
        number=cart.code,
        channel=cart.channel,
        data={"holds": cart.held, "order": cart.order_id and str(cart.order_id)},
    )


def _points(one: loyalty.PointsMoved) -> Item:
    return Item(
        kind=one.kind,
        type=one.type,
        at=one.at,
        id=one.id,
        document_type="loyalty_account",
        document_id=one.account_id,
        channel=one.channel,
        location=one.location,
        data={"points": one.points, "order": one.order_id and str(one.order_id)},
    )


def _event(event: events.Recorded) -> Item:
    return Item(
        kind="profile",
        type=event.type,
        at=event.occurred_at,
        id=event.id,
        document_type=event.document_type,
        document_id=event.document_id,
        channel=event.channel,
        data=event.data,
    )


def _money(amount_minor: int, currency: str) -> dict[str, Any]:
    return {"amount": amount_minor, "currency": currency}


_SHOWN: dict[type, Callable[[Any], Item]] = {
    orders.Order: _order,
    returns.Return: _return,
    returns.Claim: _claim,
    carts.CartMade: _cart,
    loyalty.PointsMoved: _points,
    events.Recorded: _event,
}
