"""What only reads carts: one by id or code, a customer's, and what happened to one.

A cart is seen in every channel: whoever may read carts, and knows one, may see it.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from omniretail import customers, events
from omniretail.carts.cart import Cart, CartNow, UnknownCart, cart_code
from omniretail.carts.store import carts_by, with_holds
from omniretail.db import Read, Transaction, sql

_OF_CUSTOMER = sql("carts.carts_of_customer")


async def find_cart(tx: Transaction, reference: UUID | str, *, now: datetime) -> CartNow:
    """Return a cart by its id or its code, as it stands now. Raises: UnknownCart."""
    (found,) = await tx.read(
        carts_by(ids=[reference])
        if isinstance(reference, UUID)
        else carts_by(codes=[cart_code(reference)])
    )
    if not found:
        raise UnknownCart(reference)
    (cart,) = await with_holds(tx, found, now=now)
    return cart


async def list_carts(
    tx: Transaction, *, customer: str, before: UUID | None = None, limit: int, now: datetime
) -> list[CartNow]:
    """Return a customer's open carts, whatever they are called, the latest first, older than `before`."""
    called = await customers.references_of(tx, customer)
    (found,) = await tx.read(
        Read(
            _OF_CUSTOMER,
            (called, now, before, limit),
            lambda rows: msgspec.convert(rows, list[Cart]),
        )
    )
    return await with_holds(tx, found, now=now)


async def cart_timeline(tx: Transaction, cart_id: UUID) -> list[events.Happened]:
    """Return all that happened to a cart, first to last. Raises: UnknownCart."""
    (found,) = await tx.read(carts_by(ids=[cart_id]))
    if not found:
        raise UnknownCart(cart_id)
    return await events.timeline(tx, cart_id)
