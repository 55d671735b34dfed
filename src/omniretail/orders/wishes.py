"""The command to place an order, and its parts: what is wanted, from where, and how it was paid. Pure."""

from datetime import datetime
from uuid import UUID

import msgspec

from omniretail import channels, idempotency, pricing
from omniretail.addresses import ShipTo
from omniretail.errors import Forbidden, Invalid
from omniretail.ids import new_id
from omniretail.orders.machine import FulfillmentKind
from omniretail.orders.order import TenderType


class LocationBound(Forbidden):
    """This key sells at its own location only."""

    def __init__(self, location: str) -> None:
        super().__init__(
            f"This key may not sell over the counter at {location}.", location=location
        )


class LineWish(msgspec.Struct, frozen=True, kw_only=True):
    """So many of a SKU; a price of its own replaces the book's, and needs a reason.

    `serials` name the units that a till hands over, of SKUs that are tracked by serial number.
    """

    sku: str
    quantity: int
    own_price_minor: int | None = None
    own_price_currency: str | None = None
    price_reason: str | None = None
    serials: tuple[str, ...] = ()


class FulfillmentWish(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that shall be served in one way, by a location or (None) by those that are found.

    `destination` is the store that goods are sent to for the customer to collect; `prefer` a
    location that shall serve if it can.
    """

    id: UUID
    kind: FulfillmentKind
    location: str | None
    lines: tuple[LineWish, ...]
    destination: str | None = None
    prefer: str | None = None


class TenderGiven(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that was made; card payments carry the provider's reference.

    `payment_id` is an authorization of ours, captured when goods leave. `account` is a gift card's
    code, or the identity of an account of store credit. `awaited`: a bank transfer that is yet to
    come. `card_token` is the terminal's stable name of a card; of an authorization, its provider's
    counts. Points may have been promised by the hold `hold_id`.
    """

    type: TenderType
    amount_minor: int
    currency: str
    reference: str | None = None
    payment_id: UUID | None = None
    account: str | None = None
    awaited: bool = False
    card_token: str | None = None
    hold_id: UUID | None = None


class CouponGiven(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon, and the claim that kept it for this checkout, if there is one."""

    code: str
    claim: UUID | None = None


class ShippingAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for shipping, before promotions, and in which currency."""

    charge: pricing.ShippingCharge
    currency: str


class PlaceOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The command to place one order; `location` is where it is placed, if at a till.

    `hold_id` is the basket's own hold, which becomes the order; so does a cart, as it stood at
    `cart_version`, with its holds; `cart_groups` are what was said there of a customer who is not known.
    `quote` is the signed token of a priced basket, which is charged as it says while it is live. What
    is `forced` was carried out already, at a till that was offline: no lack of stock refuses it.
    """

    key: idempotency.Key
    order_id: UUID
    principal: channels.Principal
    channel: str
    location: str | None
    placed_at: datetime
    fulfillments: tuple[FulfillmentWish, ...]
    tenders: tuple[TenderGiven, ...]
    hold_id: UUID | None = None
    forced: bool = False
    quote: str | None = None
    customer: str | None = None
    customer_groups: frozenset[str] = frozenset()
    region: str | None = None
    coupons: tuple[CouponGiven, ...] = ()
    reward: str | None = None
    shipping: ShippingAsked | None = None
    ship_to: ShipTo | None = None
    email: str | None = None
    cart_id: UUID | None = None
    cart_version: int = 0
    cart_holds: tuple[UUID, ...] = ()
    cart_groups: frozenset[str] = frozenset()

    @property
    def hold_ids(self) -> tuple[UUID, ...]:
        """The holds that become the order: the basket's own, and its cart's."""
        return self.cart_holds if self.hold_id is None else (self.hold_id, *self.cart_holds)

    @property
    def lines(self) -> list[LineWish]:
        """The lines of all fulfillments."""
        return [line for wish in self.fulfillments for line in wish.lines]


def fulfillment_wish(
    principal: channels.Principal,
    *,
    kind: FulfillmentKind,
    location: str | None,
    lines: tuple[LineWish, ...],
    destination: str | None = None,
    prefer: str | None = None,
    pointer: str,
) -> FulfillmentWish:
    """Return what a principal wants served in one way; `pointer` is where it stands in the request.

    A terminal's own location is where goods are carried out or picked up unless it says otherwise.
    Raises: Invalid, LocationBound.
    """
    if location is None and kind in {"carry_out", "pickup"}:
        if principal.kind != "terminal":
            raise Invalid.at(f"{pointer}/location", "Name the location that serves these lines")
        location = next(iter(principal.locations))
    # Goods leave over the counter only where the caller stands; elsewhere they are promised.
    if kind == "carry_out" and location is not None and not principal.may_act_at(location):
        raise LocationBound(location)
    if (kind == "ship_to_store") != (destination is not None):
        raise Invalid.at(
            f"{pointer}/destination", "What is shipped to a store names it, and nothing else does"
        )
    if destination is not None and destination == location:
        raise Invalid.at(f"{pointer}/location", "What is there already is a pickup")
    return FulfillmentWish(
        id=new_id(),
        kind=kind,
        location=location,
        lines=lines,
        destination=destination,
        prefer=prefer,
    )
