"""Checkouts: a cart becomes an order, by whoever asks first: the browser, or its payment's provider.

Both take the one way to an order, `placing`; the cart, which is locked there, becomes one order.
"""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import structlog
from msgspec.structs import replace

from omniretail import carts, channels, idempotency, payments
from omniretail.db import Database, Transaction
from omniretail.errors import DomainError, Invalid, Unavailable
from omniretail.ids import new_id
from omniretail.orders.machine import FulfillmentKind
from omniretail.orders.order import Order
from omniretail.orders.wishes import (
    CouponGiven,
    FulfillmentWish,
    LineWish,
    PlaceOrder,
    ShippingAsked,
    TenderGiven,
    fulfillment_wish,
)

Place: TypeAlias = Callable[[PlaceOrder], Awaitable[idempotency.Answer[Order]]]
"""Places one order; a refusal is raised."""

_log = structlog.get_logger()


def from_cart(command: PlaceOrder, cart: carts.Cart) -> PlaceOrder:
    """Return a command with what its cart says; what the command says itself comes first.

    Raises: Invalid, LocationBound.
    """
    return replace(
        command,
        fulfillments=command.fulfillments or _wishes(command.principal, cart),
        cart_id=cart.id,
        cart_version=cart.version,
        cart_holds=cart.hold_ids,
        customer=command.customer or cart.customer,
        cart_groups=frozenset(cart.customer_groups),
        region=command.region or cart.region,
        coupons=command.coupons or tuple(CouponGiven(code=coupon) for coupon in cart.coupons),
        shipping=command.shipping
        or (cart.shipping and ShippingAsked(charge=cart.shipping, currency=cart.currency)),
        ship_to=command.ship_to or cart.ship_to,
        email=command.email or cart.email,
    )


async def complete_checkout(
    database: Database, payment: payments.Payment, place: Place, *, now: datetime
) -> Order | DomainError | None:
    """Place the order of the cart that an authorized payment names, if the cart is complete with it.

    All that is authorized for the cart pays for it; it is placed by the principal that began the
    payment, under a key of the cart's own. Where it cannot be placed, because goods are gone, the
    sum is another one now, or nobody said where parcels go, nothing is changed: the money stays set
    aside for whoever asks for the order next, until its time is over. Locks: those of `place`.
    Outcomes: the order, also where the cart became one meanwhile; its refusal; None where there is
    nothing to complete.
    """
    if payment.cart_id is None or payment.state != "authorized":
        return None
    try:
        async with database.reading() as tx:
            command = await _completion(tx, payment, payment.cart_id, now=now)
        return (await place(command)).value
    except Unavailable:
        raise
    except DomainError as refusal:
        _log.warning(
            "checkout not completed",
            cart=str(payment.cart_id),
            payment=str(payment.id),
            problem=refusal.code,
            detail=refusal.detail,
        )
        return refusal


async def _completion(
    tx: Transaction, payment: payments.Payment, cart_id: UUID, *, now: datetime
) -> PlaceOrder:
    """Return the command to place a cart's order, paid by all that is authorized for it.

    Raises: KeyNotValid, UnknownCart, Invalid, LocationBound.
    """
    authorized, principals = await tx.read(
        payments.authorized_of_cart(cart_id), channels.principals_by_id([payment.principal_id])
    )
    principal = principals.get(payment.principal_id)
    if principal is None or "orders:write" not in principal.scopes:
        raise channels.KeyNotValid("Who began the payment may place no orders, or no longer.")
    cart = (await carts.find_cart(tx, cart_id, now=now)).cart
    command = from_cart(_paid_by(payment, authorized, principal, now=now), cart)
    if command.ship_to is None and any(wish.kind == "ship" for wish in command.fulfillments):
        raise Invalid.at("/cart/ship_to", "Nobody said where the parcels go")
    return command


def _paid_by(
    payment: payments.Payment,
    authorized: list[payments.Payment],
    principal: channels.Principal,
    *,
    now: datetime,
) -> PlaceOrder:
    """Return the command that has a cart's authorized payments pay for it, before it says for what."""
    name = f"checkout-{payment.cart_id}"
    digest = hashlib.blake2b(name.encode(), digest_size=16).digest()
    return PlaceOrder(
        key=idempotency.Key(principal.id, name, digest),
        order_id=new_id(),
        principal=principal,
        channel=payment.channel,
        location=next(iter(principal.locations)) if principal.kind == "terminal" else None,
        placed_at=now,
        fulfillments=(),
        tenders=tuple(
            TenderGiven(
                type=one.type,
                amount_minor=one.amount_minor,
                currency=one.currency,
                payment_id=one.id,
            )
            for one in authorized
        ),
    )


def _wishes(principal: channels.Principal, cart: carts.Cart) -> tuple[FulfillmentWish, ...]:
    """Return what a cart wants; a line's location is where it is collected."""
    if not cart.lines and cart.state == "open":
        raise Invalid.at("/cart", "There is nothing in the cart")
    groups: dict[tuple[FulfillmentKind, str | None], list[LineWish]] = {}
    for line in cart.lines:
        wish = LineWish(sku=line.sku, quantity=line.quantity)
        groups.setdefault((line.kind or "ship", line.location), []).append(wish)
    return tuple(
        fulfillment_wish(
            principal,
            kind=kind,
            location=None if kind == "ship_to_store" else location,
            destination=location if kind == "ship_to_store" else None,
            lines=tuple(lines),
            pointer="/cart",
        )
        for (kind, location), lines in groups.items()
    )
