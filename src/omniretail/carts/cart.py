"""A cart: what a customer has put together, in any channel, until it becomes an order. No I/O.

Whether it is open is judged by its time whenever it is read; nothing has to sweep it.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import inventory, pricing
from omniretail.addresses import ShipTo
from omniretail.carts.lines import CartLine
from omniretail.errors import DomainError, Missing, Refused

LASTS = timedelta(days=30)
"""How long a cart stays open after its last change."""
MOST_COUPONS = 20

CartState = Literal["open", "converted", "merged", "abandoned"]

# The letters that Crockford's base 32 leaves out stand for the digits that they look like.
_MEANT = str.maketrans("OIL", "011", "- ")


class UnknownCart(Missing):
    """There is no such cart."""

    def __init__(self, cart: object) -> None:
        super().__init__(f"There is no cart {cart}.", cart=str(cart))


class CartClosed(Refused):
    """The cart is not open any more."""

    def __init__(
        self,
        cart: UUID,
        *,
        state: CartState,
        order_id: UUID | None = None,
        merged_into: UUID | None = None,
    ) -> None:
        super().__init__(
            f"The cart is {state}.",
            cart=str(cart),
            state=state,
            order_id=order_id and str(order_id),
            merged_into=merged_into and str(merged_into),
        )


class CartCurrencyDiffers(Refused):
    """The cart is in another currency."""

    def __init__(self, cart: UUID, *, currency: str, other: str) -> None:
        super().__init__(
            f"The cart is in {currency}, not in {other}.",
            cart=str(cart),
            currency=currency,
            other_currency=other,
        )


class CartNothingToHold(Refused):
    """No line of the cart names a location."""

    def __init__(self, cart: UUID) -> None:
        super().__init__(
            "Goods are held where they are: no line of the cart names a location.", cart=str(cart)
        )


class Cart(msgspec.Struct, frozen=True, kw_only=True):
    """A cart as stored. `hold_ids` are the holds it owns, live or not.

    `hold_seconds` is how long a live one lasts from each change on.
    """

    id: UUID
    code: str
    channel: str
    currency: str
    customer: str | None
    customer_groups: tuple[str, ...]
    region: str | None
    state: CartState
    order_id: UUID | None
    merged_into: UUID | None
    hold_ids: tuple[UUID, ...]
    hold_seconds: int | None
    lines: tuple[CartLine, ...]
    coupons: tuple[str, ...]
    shipping: pricing.ShippingCharge | None
    note: str | None
    ship_to: ShipTo | None = None
    email: str | None = None
    version: int
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    expires_at: datetime

    def judged(self, now: datetime) -> "Cart":
        """Return the cart as it is at a moment: an open one whose time is over is abandoned."""
        if self.state == "open" and self.expires_at <= now:
            return replace(self, state="abandoned")
        return self


class CartNow(msgspec.Struct, frozen=True, kw_only=True):
    """A cart as it stood at a moment, with the holds it owns, judged then."""

    cart: Cart
    holds: tuple[inventory.Hold, ...]

    @property
    def live_holds(self) -> tuple[inventory.Hold, ...]:
        """The holds that promise something."""
        return tuple(hold for hold in self.holds if hold.state == "live")

    @property
    def held(self) -> Counter[tuple[str, str]]:
        """How many of each SKU are held at each location."""
        units = Counter[tuple[str, str]]()
        for hold in self.live_holds:
            for line in hold.lines:
                units[line.sku, line.location] += line.held
        return units


def open_cart(carts: Mapping[UUID, Cart], cart_id: UUID, *, now: datetime) -> Cart | DomainError:
    """Return a cart that is open at a moment. Outcomes: the cart; UnknownCart; CartClosed."""
    if cart_id not in carts:
        return UnknownCart(cart_id)
    cart = carts[cart_id].judged(now)
    if cart.state == "open":
        return cart
    return CartClosed(
        cart_id, state=cart.state, order_id=cart.order_id, merged_into=cart.merged_into
    )


def cart_code(typed: str) -> str:
    """Return the code that somebody typed or scanned, in the form under which it is kept."""
    return typed.upper().translate(_MEANT)
