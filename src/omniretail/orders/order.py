"""An order as everybody sees it, and the statuses that follow from its facts. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import pricing
from omniretail.addresses import ShipTo
from omniretail.channels import Principal
from omniretail.money import Rounding, part
from omniretail.orders.machine import FulfillmentKind, FulfillmentState

TenderType = Literal[
    "cash", "card", "ewallet", "bank_transfer", "gift_card", "store_credit", "points"
]
HoldReason = Literal[
    "awaiting_payment",
    "fraud_review",
    "bad_address",
    "out_of_stock",
    "customer_request",
    "other",
]
PaymentStatus = Literal["unpaid", "authorized", "paid", "partly_refunded", "refunded"]
FulfillmentStatus = Literal["open", "ready", "part", "done", "cancelled"]
ReturnStatus = Literal["none", "part", "full"]


class OrderLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """So many of a SKU, what one was listed at and sold for, and how far it has come.

    `total_minor` is what was agreed at the sale, discounts taken off and tax within; a later price
    adjustment stands beside it. A kit remembers the `components` it was made of when it was placed,
    in units each. `promised_at` is when goods that were not there will be. A line that several
    locations serve is divided, each part with its exact share; `part_of` is the line as ordered.
    Of its fulfilled units, `returned_quantity` are in returns that stand; so many of these came back,
    and so many were paid back.
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
    part_of: int | None = None
    returned_quantity: int = 0
    received_quantity: int = 0
    refunded_quantity: int = 0

    @property
    def gone_quantity(self) -> int:
        """How many of its units cost nothing any more: cancelled, or returned and paid back."""
        return self.cancelled_quantity + self.refunded_quantity

    @property
    def returnable_quantity(self) -> int:
        """How many of its units reached the customer and are in no return."""
        return self.fulfilled_quantity - self.returned_quantity

    @property
    def worth_minor(self) -> int:
        """What all of its units come to, as sold or as adjusted since."""
        return self.total_minor if self.adjusted_total_minor is None else self.adjusted_total_minor

    @property
    def worth_tax_minor(self) -> int:
        """The tax within `worth_minor`."""
        return self.tax_minor if self.adjusted_tax_minor is None else self.adjusted_tax_minor

    @property
    def kept_minor(self) -> int:
        """What its units come to that are not gone: each goes with its exact share."""
        return self.worth_minor - part(self.worth_minor, self.gone_quantity, self.quantity)

    @property
    def kept_tax_minor(self) -> int:
        """The tax within `kept_minor`: it goes in exact shares of its own."""
        return self.worth_tax_minor - part(self.worth_tax_minor, self.gone_quantity, self.quantity)

    @property
    def open_quantity(self) -> int:
        """How many are neither fulfilled nor cancelled."""
        return self.quantity - self.fulfilled_quantity - self.cancelled_quantity

    @property
    def fulfilled_minor(self) -> int:
        """What its fulfilled units come to, of what it comes to without those that are gone."""
        there = self.quantity - self.gone_quantity
        stayed = self.fulfilled_quantity - self.refunded_quantity
        return part(self.kept_minor, stayed, there) if there else 0

    def divided(self, units: int, number: int) -> "tuple[OrderLine, OrderLine]":
        """Return the line in two: its first `units`, and the others as the line `number`.

        All that it costs is divided with it, to the cent. Cancelled units, and then fulfilled ones,
        those paid back ahead, are its first.
        """
        assert 0 < units < self.quantity, "a part is less than the whole"

        def share(amount_minor: int) -> int:
            return part(amount_minor, units, self.quantity)

        def shared(amount_minor: int | None) -> tuple[int | None, int | None]:
            if amount_minor is None:
                return None, None
            return share(amount_minor), amount_minor - share(amount_minor)

        cancelled = min(units, self.cancelled_quantity)
        fulfilled = min(units - cancelled, self.fulfilled_quantity)
        returned = min(fulfilled, self.returned_quantity)
        received = min(fulfilled, self.received_quantity)
        refunded = min(fulfilled, self.refunded_quantity)
        discounts = [
            (replace(one, amount_minor=mine), replace(one, amount_minor=one.amount_minor - mine))
            for one in self.discounts
            for mine in (share(one.amount_minor),)
        ]
        adjusted, adjusted_tax = shared(self.adjusted_total_minor), shared(self.adjusted_tax_minor)
        first = replace(
            self,
            quantity=units,
            total_minor=share(self.total_minor),
            tax_minor=share(self.tax_minor),
            adjusted_total_minor=adjusted[0],
            adjusted_tax_minor=adjusted_tax[0],
            discounts=tuple(mine for mine, _ in discounts if mine.amount_minor),
            cancelled_quantity=cancelled,
            fulfilled_quantity=fulfilled,
            returned_quantity=returned,
            received_quantity=received,
            refunded_quantity=refunded,
        )
        second = replace(
            self,
            number=number,
            part_of=self.part_of or self.number,
            quantity=self.quantity - units,
            total_minor=self.total_minor - first.total_minor,
            tax_minor=self.tax_minor - first.tax_minor,
            adjusted_total_minor=adjusted[1],
            adjusted_tax_minor=adjusted_tax[1],
            discounts=tuple(other for _, other in discounts if other.amount_minor),
            cancelled_quantity=self.cancelled_quantity - cancelled,
            fulfilled_quantity=self.fulfilled_quantity - fulfilled,
            returned_quantity=self.returned_quantity - returned,
            received_quantity=self.received_quantity - received,
            refunded_quantity=self.refunded_quantity - refunded,
        )
        return first, second


class FulfillmentHold(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What holds a fulfillment up, such as a payment that is awaited; there may be several at once."""

    id: UUID
    reason: HoldReason
    placed_at: datetime
    placed_by: UUID
    note: str | None = None


class Pickup(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a fulfillment is collected in a store.

    Of its code only a hash is kept (`code_hash`, hexadecimal); `code_key` names the key that it was
    made with. `collector` may collect for the customer; `spot` is where somebody waits outside. What was
    carried out after the order was placed has `handed_over_at` alone.
    """

    ready_at: datetime | None = None
    code_key: str | None = None
    code_hash: str | None = None
    wrong_tries: int = 0
    locked_until: datetime | None = None
    collector: str | None = None
    spot: str | None = None
    waiting_since: datetime | None = None
    proof: dict[str, str] | None = None
    handed_over_at: datetime | None = None


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """Units that left together: so many of each line, by line number."""

    id: UUID
    number: int
    lines: dict[int, int]
    shipped_at: datetime
    carrier: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    delivered_at: datetime | None = None


class Fulfillment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The part of an order that one location serves in one way.

    `location` is where its goods are. What is shipped to a store starts at its `source` and is
    collected at its `destination`. `attempt` counts how often its lines were sourced.
    """

    id: UUID
    number: int
    kind: FulfillmentKind
    location: str
    lines: tuple[OrderLine, ...]
    state: FulfillmentState = "allocated"
    source: str | None = None
    destination: str | None = None
    attempt: int = 1
    holds: tuple[FulfillmentHold, ...] = ()
    pickup: Pickup | None = None
    collect_by: datetime | None = None
    remind_at: datetime | None = None
    parcels: tuple[Parcel, ...] = ()

    @property
    def is_open(self) -> bool:
        """Tell whether anything of it is still to be done."""
        return any(line.open_quantity for line in self.lines)

    @property
    def collected_at(self) -> str:
        """The store where the customer collects it."""
        return self.destination or self.location


class Tender(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A payment, and how much of it was taken, let go and given back.

    Of `amount_minor`, `uncaptured_minor` is promised only (authorized, held on a gift card, or on
    its way by bank), and `voided_minor` was let go before it was taken; the rest is ours. Of what is
    paid in cash, `rounding_minor` is no part of the price, but what the smallest coin
    (`cash_step_minor`) makes of it; and so with what was given back. Some of that may have gone back
    another way, by method, without its rounding, in `otherwise`. `owed_minor` is what its provider
    declined to give back, which the customer is owed still.
    `card_token` is a stable name of the card, by which the sale is found; `points` is how many of them
    paid the amount.
    """

    number: int
    type: TenderType
    amount_minor: int
    reference: str | None
    refunded_minor: int = 0
    rounding_minor: int = 0
    cash_step_minor: int = 1
    refunded_rounding_minor: int = 0
    uncaptured_minor: int = 0
    voided_minor: int = 0
    payment_id: UUID | None = None
    account_id: UUID | None = None
    otherwise: dict[TenderType, int] = {}
    owed_minor: int = 0
    card_token: str | None = None
    points: int | None = None

    @property
    def captured_minor(self) -> int:
        """How much of it was taken."""
        return self.amount_minor - self.uncaptured_minor - self.voided_minor

    @property
    def awaited_minor(self) -> int:
        """How much of it is on its way by bank."""
        return self.uncaptured_minor if self.type == "bank_transfer" else 0

    @property
    def authorized_minor(self) -> int:
        """How much of it can be taken, and was not yet."""
        return self.uncaptured_minor - self.awaited_minor

    @property
    def left_minor(self) -> int:
        """What it pays of the order's price: neither let go nor given back, nor owed."""
        paid = self.amount_minor - self.rounding_minor - self.voided_minor
        return paid - (self.refunded_minor - self.refunded_rounding_minor) - self.owed_minor

    @property
    def back_minor(self) -> int:
        """What was given back to the tender itself, of the price."""
        back = self.refunded_minor - self.refunded_rounding_minor
        return back - sum(self.otherwise.values())


class PayBack(msgspec.Struct, frozen=True, kw_only=True):
    """So much of what a tender paid that goes back: to the tender itself, or another way (`method`).

    What goes back as store credit names its account.
    """

    tender_number: int
    amount_minor: int
    method: TenderType | None = None
    account_id: UUID | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One customer's purchase, whatever the channel; amounts in minor units of `currency`.

    `coupons` are those that took something off; `quote_id` is the quote it was charged by.
    `exchanged_minor` is what edits and exchanges took off and paid their own additions with.
    `shipping_kept`: shipping stays to be paid, though all of the goods came back. `loyalty_account` is
    whose points it earns and spends; a `reward` cost `reward_points` and took `reward_minor` off, by its
    coupon.
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
    exchanged_minor: int = 0
    ship_to: ShipTo | None = None
    email: str | None = None
    cart_id: UUID | None = None
    shipping_kept: bool = False
    loyalty_account: UUID | None = None
    reward: str | None = None
    reward_coupon: str | None = None
    reward_points: int = 0
    reward_minor: int = 0

    @property
    def lines(self) -> Iterator[OrderLine]:
        """The order's lines, of all its fulfillments."""
        return (line for fulfillment in self.fulfillments for line in fulfillment.lines)

    def with_part(self, changed: Fulfillment) -> "Order":
        """Return the order with one fulfillment in its new shape, one version on."""
        parts = tuple(changed if part.id == changed.id else part for part in self.fulfillments)
        return replace(self, version=self.version + 1, fulfillments=parts)

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
    def captured_minor(self) -> int:
        """How much was taken, over all tenders."""
        return sum(tender.captured_minor for tender in self.tenders)

    @property
    def voided_minor(self) -> int:
        """How much was let go before it was taken, over all tenders."""
        return sum(tender.voided_minor for tender in self.tenders)

    @property
    def kept_minor(self) -> int:
        """What the order still costs: its lines, and shipping while it is kept."""
        kept = sum(line.kept_minor for line in self.lines)
        if self.shipping is not None and self.keeps_shipping:
            kept += self.shipping.total_minor
        return kept

    @property
    def keeps_shipping(self) -> bool:
        """Tell whether shipping is still to be paid: it goes with the last of the goods, if at all."""
        return self.shipping_kept or any(line.gone_quantity < line.quantity for line in self.lines)

    @property
    def owed_minor(self) -> int:
        """What the customer is owed because a provider declined to give it back."""
        return sum(tender.owed_minor for tender in self.tenders)

    @property
    def awaits_payment(self) -> bool:
        """Tell whether any of its money is on its way by bank."""
        return any(tender.awaited_minor for tender in self.tenders)

    @property
    def payment_status(self) -> PaymentStatus:
        """What the tenders add up to."""
        if any(tender.uncaptured_minor for tender in self.tenders):
            return "unpaid" if self.awaits_payment else "authorized"
        left_minor = sum(tender.left_minor for tender in self.tenders)
        if left_minor == self.total_minor - self.exchanged_minor:
            return "paid"
        # What a provider declined to give back, the customer does not have.
        if left_minor or self.owed_minor:
            return "partly_refunded"
        return "refunded" if any(tender.captured_minor for tender in self.tenders) else "unpaid"

    @property
    def fulfillment_status(self) -> FulfillmentStatus:
        """What the progress of lines and fulfillments adds up to."""
        fulfilled = any(line.fulfilled_quantity for line in self.lines)
        if any(line.open_quantity for line in self.lines):
            if fulfilled:
                return "part"
            waiting = all(part.state == "ready" for part in self.fulfillments if part.is_open)
            return "ready" if waiting else "open"
        return "done" if fulfilled else "cancelled"

    @property
    def return_status(self) -> ReturnStatus:
        """What the goods that came back add up to, of those that reached the customer."""
        if not any(line.received_quantity for line in self.lines):
            return "none"
        gone = all(
            line.received_quantity == line.fulfilled_quantity and not line.open_quantity
            for line in self.lines
        )
        return "full" if gone else "part"

    def visible_to(self, principal: Principal) -> bool:
        """Tell whether a principal may see the order.

        A channel sees its own; a terminal and located staff those that were placed at, or are
        served by, one of their locations; others see every order.
        """
        if principal.kind == "channel":
            return self.channel == principal.channel
        touched = {self.location}
        for one in self.fulfillments:
            touched |= {one.location, one.source, one.destination}
        return not principal.locations or bool(principal.locations & touched)
