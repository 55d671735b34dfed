"""An order as everybody sees it, and the statuses that follow from its facts. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from omniretail import pricing
from omniretail.channels import Principal
from omniretail.money import Rounding, part

FulfillmentKind = Literal["carry_out", "pickup", "ship"]
FulfillmentState = Literal["allocated", "shipped", "handed_over", "cancelled"]
TenderType = Literal["cash", "card"]


class OrderLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """So many of a SKU, what one was listed at and sold for, and how far it has come.

    `total_minor` is what was agreed at the sale, discounts taken off and tax within; a later price
    adjustment stands beside it. A kit remembers the `components` it was made of when it was placed,
    in units each. `promised_at` is when goods that were not there will be.
    """

    number: int
    sku: str
    quantity: int
    list_price_minor: int | None
    unit_price_minor: int
    price_reason: str | None
    total_minor: int
    fulfilled_quantity: int = 0
    cancelled_quantity: int = 0
    components: dict[str, int] | None = None
    promised_at: datetime | None = None
    price_list: str | None = None
    discounts: tuple[pricing.Discount, ...] = ()
    tax_class: str = "standard"
    tax_included: bool = True
    tax_rate_ppm: int | None = None
    tax_minor: int = 0
    adjusted_total_minor: int | None = None
    adjusted_tax_minor: int | None = None

    @property
    def worth_minor(self) -> int:
        """What all of its units come to, as sold or as adjusted since."""
        return self.total_minor if self.adjusted_total_minor is None else self.adjusted_total_minor

    @property
    def kept_minor(self) -> int:
        """What its units come to that were not cancelled: each goes with its exact share."""
        return self.worth_minor - part(self.worth_minor, self.cancelled_quantity, self.quantity)

    @property
    def open_quantity(self) -> int:
        """How many are neither fulfilled nor cancelled."""
        return self.quantity - self.fulfilled_quantity - self.cancelled_quantity


class Fulfillment(msgspec.Struct, frozen=True, kw_only=True):
    """The part of an order that one location serves in one way."""

    id: UUID
    number: int
    kind: FulfillmentKind
    location: str
    lines: tuple[OrderLine, ...]

    @property
    def state(self) -> FulfillmentState:
        """`allocated` while anything is open; then how it ended."""
        if any(line.open_quantity for line in self.lines):
            return "allocated"
        if any(line.fulfilled_quantity for line in self.lines):
            return "shipped" if self.kind == "ship" else "handed_over"
        return "cancelled"


class Tender(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A payment, and how much of it was given back.

    Of what is paid in cash, `rounding_minor` is no part of the price, but what the smallest coin
    (`cash_step_minor`) makes of it; and so with what was given back.
    """

    number: int
    type: TenderType
    amount_minor: int
    reference: str | None
    refunded_minor: int = 0
    rounding_minor: int = 0
    cash_step_minor: int = 1
    refunded_rounding_minor: int = 0

    @property
    def left_minor(self) -> int:
        """What it paid of the order's price and was not given back."""
        paid = self.amount_minor - self.rounding_minor
        return paid - (self.refunded_minor - self.refunded_rounding_minor)


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One customer's purchase, whatever the channel; amounts in minor units of `currency`.

    `coupons` are those that took something off; `quote_id` is the quote it was charged by.
    """

    id: UUID
    number: str
    channel: str
    location: str | None
    currency: str
    total_minor: int
    book_version: int
    placed_by: UUID
    placed_at: datetime
    version: int
    fulfillments: tuple[Fulfillment, ...]
    tenders: tuple[Tender, ...]
    customer: str | None = None
    customer_groups: tuple[str, ...] = ()
    region: str | None = None
    quote_id: UUID | None = None
    coupons: tuple[str, ...] = ()
    rounding: Rounding = "half_up"
    tax_per: pricing.TaxPer = "line"
    shipping: pricing.PricedLine | None = None

    @property
    def lines(self) -> Iterator[OrderLine]:
        """The order's lines, of all its fulfillments."""
        return (line for fulfillment in self.fulfillments for line in fulfillment.lines)

    @property
    def tax(self) -> tuple[pricing.TaxSummary, ...]:
        """What was taxed at each rate at the sale; lines without a rate are in none."""
        taxed = [
            (charge.tax_rate_ppm, charge.total_minor - charge.tax_minor, charge.tax_minor)
            for charge in (*self.lines, *((self.shipping,) if self.shipping else ()))
            if charge.tax_rate_ppm is not None
        ]
        return pricing.summary(taxed)

    @property
    def discounts(self) -> list[pricing.Discount]:
        """What each promotion took off the whole order, by its code."""
        off: dict[tuple[str, str | None], int] = {}
        shipping = self.shipping.discounts if self.shipping is not None else ()
        for discount in (*shipping, *(one for line in self.lines for one in line.discounts)):
            key = (discount.promotion, discount.coupon)
            off[key] = off.get(key, 0) + discount.amount_minor
        return [
            pricing.Discount(promotion, amount, coupon)
            for (promotion, coupon), amount in sorted(off.items(), key=lambda item: item[0][0])
        ]

    @property
    def refunded_minor(self) -> int:
        """How much was given back, over all tenders."""
        return sum(tender.refunded_minor for tender in self.tenders)

    @property
    def kept_minor(self) -> int:
        """What the order still costs: its lines, and shipping unless all of it was cancelled."""
        kept = sum(line.kept_minor for line in self.lines)
        if self.shipping is not None and self.fulfillment_status != "cancelled":
            kept += self.shipping.total_minor
        return kept

    @property
    def payment_status(self) -> Literal["paid", "partly_refunded", "refunded"]:
        """What the tenders and refunds add up to."""
        left_minor = sum(tender.left_minor for tender in self.tenders)
        if left_minor == self.total_minor:
            return "paid"
        return "partly_refunded" if left_minor else "refunded"

    @property
    def fulfillment_status(self) -> Literal["open", "part", "done", "cancelled"]:
        """What the lines' progress adds up to."""
        fulfilled = any(line.fulfilled_quantity for line in self.lines)
        if any(line.open_quantity for line in self.lines):
            return "part" if fulfilled else "open"
        return "done" if fulfilled else "cancelled"

    def visible_to(self, principal: Principal) -> bool:
        """Tell whether a principal may see the order.

        A channel sees its own; a terminal and located staff those that were placed at, or are
        served by, one of their locations; others see every order.
        """
        if principal.kind == "channel":
            return self.channel == principal.channel
        touched = {self.location, *(part.location for part in self.fulfillments)}
        return not principal.locations or bool(principal.locations & touched)
