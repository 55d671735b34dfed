"""All that is held about a person, from every room, in one piece."""

from datetime import datetime
from uuid import UUID

import msgspec

from omniretail import carts, customers, loyalty, orders, payments, returns
from omniretail.carts import CartNow
from omniretail.db import Transaction
from omniretail.orders import Order
from omniretail.profiles.timeline import Item, person_timeline
from omniretail.returns import Claim, Return

_ALL = 1_000_000


class Credit(msgspec.Struct, frozen=True, kw_only=True):
    """A store credit or gift card of somebody's own, with all that changed it, the latest first."""

    account: payments.Account
    entries: list[payments.RecordedEntry]


class Points(msgspec.Struct, frozen=True, kw_only=True):
    """A loyalty account, and all that happened to its points, the latest first."""

    accounts: list[loyalty.Account]
    moved: list[loyalty.PointsMoved]


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """All that is held about a person; `merged` are those who were merged into the customer."""

    customer: customers.Customer
    merged: list[customers.Customer]
    consents: list[customers.Consent]
    notes: list[customers.Note]
    orders: list[Order]
    returns: list[Return]
    claims: list[Claim]
    carts: list[CartNow]
    credits: list[Credit]
    points: Points
    timeline: list[Item]


async def export_person(tx: Transaction, customer_id: UUID, *, now: datetime) -> Held:
    """Return all that is held about a customer and those merged into it. Raises: UnknownCustomer.

    Orders that name nobody and have one of its e-mail addresses are among them. `tx` should be a
    snapshot, so that all of it is of one moment.
    """
    customer = await customers.find_customer(tx, customer_id)
    (who,) = await tx.read(customers.person(customer_id))
    (ordered,) = await tx.read(orders.orders_of_person(who.references, who.emails))
    back, owned, known, moved = await tx.read(
        returns.returns_of_person(who.references, ordered),
        payments.accounts_of(who.references),
        customers.customers_by_id(who.ids),
        loyalty.points_moved(who.ids, before=None, limit=_ALL),
    )
    return Held(
        customer=customer,
        merged=[known[one] for one in sorted(known) if one != customer_id],
        consents=await customers.list_consents(tx, customer_id, limit=_ALL),
        notes=await customers.list_notes(tx, customer_id, limit=_ALL),
        orders=await orders.orders_by_id(tx, ordered),
        returns=await returns.returns_by_id(tx, [one.id for one in back if one.type == "return"]),
        claims=await returns.claims_by_id(tx, [one.id for one in back if one.type == "claim"]),
        carts=await carts.carts_of(tx, who.references, now=now),
        credits=[
            Credit(
                account=await payments.find_account(tx, one),
                entries=await payments.list_account_entries(tx, one, limit=_ALL),
            )
            for one in owned
        ],
        points=Points(
            accounts=await loyalty.accounts_of_customers(tx, who.ids, now=now), moved=moved
        ),
        timeline=await person_timeline(tx, customer_id, limit=_ALL),
    )
