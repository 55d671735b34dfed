"""Orders as the wire shows them: their lines, fulfillments, payments and timeline."""

from typing import Any, Literal
from uuid import UUID

from omniretail import events, orders, pricing
from omniretail.api.baskets import (
    DiscountView,
    ShippingView,
    TaxView,
    discount_views,
    shipping_view,
    tax_views,
)
from omniretail.api.wire import Moment, Money, View
from omniretail.money import Rounding


class LineView(View, frozen=True, kw_only=True):
    """A line, and how far it has come.

    `total` is what was agreed at the sale, with its tax; `kept` what it comes to now, less what was
    cancelled, and returned and paid back, by the price that stands since a later adjustment.
    """

    line: int
    sku: str
    quantity: int
    fulfilled_quantity: int
    cancelled_quantity: int
    returned_quantity: int
    refunded_quantity: int
    list_price: Money | None
    unit_price: Money
    price_reason: str | None
    price_list: str | None
    discounts: list[DiscountView]
    tax_rate_ppm: int | None
    tax: Money
    total: Money
    adjusted_total: Money | None
    adjusted_tax: Money | None
    kept: Money
    promised_at: Moment | None
    part_of: int | None


class FulfillmentHoldView(View, frozen=True, kw_only=True):
    """What holds a fulfillment up."""

    id: UUID
    reason: orders.HoldReason
    note: str | None
    placed_at: Moment


class PickupView(View, frozen=True, kw_only=True):
    """How a fulfillment is collected: until when, by whom, and what proved it."""

    ready_at: Moment | None
    collect_by: Moment | None
    collector: str | None
    waiting_since: Moment | None
    spot: str | None
    locked_until: Moment | None
    proof: dict[str, str] | None


class ParcelLineView(View, frozen=True, kw_only=True):
    """So many units of a line."""

    line: int
    quantity: int


class ParcelView(View, frozen=True, kw_only=True):
    """Units that left together, and how to follow them."""

    id: UUID
    number: int
    carrier: str | None
    tracking_number: str | None
    tracking_url: str | None
    shipped_at: Moment
    delivered_at: Moment | None
    lines: list[ParcelLineView]


class FulfillmentView(View, frozen=True, kw_only=True):
    """A fulfillment with its lines; `state` is `on_hold` while anything holds it up."""

    id: UUID
    number: int
    kind: orders.FulfillmentKind
    location: str
    source: str | None
    destination: str | None
    state: orders.FulfillmentState | Literal["on_hold"]
    attempt: int
    holds: list[FulfillmentHoldView]
    pickup: PickupView | None
    parcels: list[ParcelView]
    lines: list[LineView]


class TenderView(View, frozen=True, kw_only=True):
    """A payment, and how much of it was taken, let go before, and given back.

    `owed` is what its provider declined to give back, and nobody has paid another way yet.

    `rounding_minor` is what the smallest coin made of it: above zero, more than the price.
    """

    number: int
    type: str
    amount: Money
    rounding_minor: int
    captured: Money
    voided: Money
    refunded: Money
    owed: Money
    reference: str | None
    payment_id: UUID | None
    account_id: UUID | None
    card_token: str | None
    points: int | None


class OrderView(View, frozen=True, kw_only=True):
    """An order; its statuses follow from its lines and tenders.

    `exchanged` is what edits took off and paid with for what they added: the tenders come to `total`
    less that.
    """

    id: UUID
    number: str
    channel: str
    location: str | None
    placed_at: Moment
    customer: str | None
    customer_groups: list[str]
    region: str | None
    quote_id: UUID | None
    total: Money
    exchanged: Money
    tax: list[TaxView]
    rounding: Rounding
    tax_per: pricing.TaxPer
    promotions: list[DiscountView]
    shipping: ShippingView | None
    payment_status: orders.PaymentStatus
    fulfillment_status: orders.FulfillmentStatus
    return_status: orders.ReturnStatus
    ship_to: orders.ShipTo | None
    email: str | None
    cart_id: UUID | None
    loyalty_account: UUID | None
    reward: str | None
    reward_points: int
    fulfillments: list[FulfillmentView]
    tenders: list[TenderView]
    version: int


class EventView(View, frozen=True, kw_only=True):
    """One thing that happened to an order."""

    sequence: int
    type: str
    occurred_at: Moment
    actor_id: UUID
    channel: str | None
    data: dict[str, Any]


class TimelineView(View, frozen=True, kw_only=True):
    """All that happened to an order, first to last."""

    items: list[EventView]


def order_view(order: orders.Order) -> OrderView:
    """Return an order as the wire shows it."""
    currency = order.currency
    return OrderView(
        id=order.id,
        number=order.number,
        channel=order.channel,
        location=order.location,
        placed_at=order.placed_at,
        customer=order.customer,
        customer_groups=list(order.customer_groups),
        region=order.region,
        quote_id=order.quote_id,
        total=Money(order.total_minor, currency),
        exchanged=Money(order.exchanged_minor, currency),
        tax=tax_views(order.tax, currency),
        rounding=order.rounding,
        tax_per=order.tax_per,
        promotions=discount_views(order.discounts, currency),
        shipping=shipping_view(order.shipping, currency),
        ship_to=order.ship_to,
        email=order.email,
        cart_id=order.cart_id,
        loyalty_account=order.loyalty_account,
        reward=order.reward,
        reward_points=order.reward_points,
        payment_status=order.payment_status,
        fulfillment_status=order.fulfillment_status,
        return_status=order.return_status,
        fulfillments=[fulfillment_view(part, currency) for part in order.fulfillments],
        tenders=[tender_view(tender, currency) for tender in order.tenders],
        version=order.version,
    )


def tender_view(tender: orders.Tender, currency: str) -> TenderView:
    """Return a payment as the wire shows it."""
    return TenderView(
        number=tender.number,
        type=tender.type,
        amount=Money(tender.amount_minor, currency),
        rounding_minor=tender.rounding_minor,
        captured=Money(tender.captured_minor, currency),
        voided=Money(tender.voided_minor, currency),
        refunded=Money(tender.refunded_minor, currency),
        owed=Money(tender.owed_minor, currency),
        reference=tender.reference,
        payment_id=tender.payment_id,
        account_id=tender.account_id,
        card_token=tender.card_token,
        points=tender.points,
    )


def fulfillment_view(part: orders.Fulfillment, currency: str) -> FulfillmentView:
    """Return a fulfillment as the wire shows it."""
    return FulfillmentView(
        id=part.id,
        number=part.number,
        kind=part.kind,
        location=part.location,
        source=part.source,
        destination=part.destination,
        state="on_hold" if part.holds else part.state,
        attempt=part.attempt,
        holds=[
            FulfillmentHoldView(
                id=hold.id, reason=hold.reason, note=hold.note, placed_at=hold.placed_at
            )
            for hold in part.holds
        ],
        pickup=_pickup(part),
        parcels=[_parcel(parcel) for parcel in part.parcels],
        lines=[
            LineView(
                line=line.number,
                sku=line.sku,
                quantity=line.quantity,
                fulfilled_quantity=line.fulfilled_quantity,
                cancelled_quantity=line.cancelled_quantity,
                returned_quantity=line.returned_quantity,
                refunded_quantity=line.refunded_quantity,
                list_price=_money(line.list_price_minor, currency),
                unit_price=Money(line.unit_price_minor, currency),
                price_reason=line.price_reason,
                price_list=line.price_list,
                discounts=discount_views(line.discounts, currency),
                tax_rate_ppm=line.tax_rate_ppm,
                tax=Money(line.tax_minor, currency),
                total=Money(line.total_minor, currency),
                adjusted_total=_money(line.adjusted_total_minor, currency),
                adjusted_tax=_money(line.adjusted_tax_minor, currency),
                kept=Money(line.kept_minor, currency),
                promised_at=line.promised_at,
                part_of=line.part_of,
            )
            for line in part.lines
        ],
    )


def _pickup(part: orders.Fulfillment) -> PickupView | None:
    pickup = part.pickup
    if pickup is None or part.kind == "carry_out":
        return None
    return PickupView(
        ready_at=pickup.ready_at,
        collect_by=part.collect_by,
        collector=pickup.collector,
        waiting_since=pickup.waiting_since,
        spot=pickup.spot,
        locked_until=pickup.locked_until,
        proof=pickup.proof,
    )


def _parcel(parcel: orders.Parcel) -> ParcelView:
    return ParcelView(
        id=parcel.id,
        number=parcel.number,
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
        tracking_url=parcel.tracking_url,
        shipped_at=parcel.shipped_at,
        delivered_at=parcel.delivered_at,
        lines=[
            ParcelLineView(line=line, quantity=quantity)
            for line, quantity in sorted(parcel.lines.items())
        ],
    )


def _money(amount_minor: int | None, currency: str) -> Money | None:
    return None if amount_minor is None else Money(amount_minor, currency)


def event_view(event: events.Happened) -> EventView:
    """Return an event of a timeline as the wire shows it."""
    return EventView(
        sequence=event.sequence,
        type=event.type,
        occurred_at=event.occurred_at,
        actor_id=event.actor_id,
        channel=event.channel,
        data=event.data,
    )
