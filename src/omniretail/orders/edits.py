"""What an edit of an order means, and what becomes of it: lines fall, new ones come in. Pure.

What an edit adds is wanted, priced, promised and paid as a new order of the same customer would be, and
becomes part of the order that stands. What stays keeps its price.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import catalog, channels, idempotency, inventory, pricing
from omniretail.errors import DomainError, Invalid, Refused
from omniretail.money import MOST_MINOR
from omniretail.orders.cancelling import taken_off
from omniretail.orders.charge import Charge, basket, other_currency, paid
from omniretail.orders.drafting import Routes, draft, payment_hold, posting, promised
from omniretail.orders.machine import TransitionRefused
from omniretail.orders.order import Fulfillment, Order, Tender
from omniretail.orders.paying import change_accounts, set_aside
from omniretail.orders.routing import unrouted
from omniretail.orders.settlement import exchanged, paid_up
from omniretail.orders.surroundings import Surroundings, cannot_be_served
from omniretail.orders.wishes import FulfillmentWish, PlaceOrder, TenderGiven
from omniretail.orders.world import QuantityNotOpen


class QuantityNotLower(Refused):
    """An edit lowers the quantity of a line; more of it comes as a line of its own."""

    def __init__(self, *, line: int, requested: int, quantity: int) -> None:
        super().__init__(
            f"Line {line} has {quantity}, and {requested} is not less.",
            line=line,
            requested=requested,
            quantity=quantity,
        )


class EditLeavesNothing(Refused):
    """Nothing would be left of the order: that is a cancellation."""

    def __init__(self, order: UUID) -> None:
        super().__init__("Nothing would be left of the order.", order=str(order))


class EditOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The command to edit an order: new quantities of lines, and what comes in.

    `quantities` are how many of a line shall stay, by its number; 0 takes it off. `tenders` pay what
    comes in beyond what is taken off. `version` is the order's, as it was read.
    """

    key: idempotency.Key
    principal: channels.Principal
    order_id: UUID
    reason: str
    quantities: Mapping[int, int]
    wanted: tuple[FulfillmentWish, ...]
    tenders: tuple[TenderGiven, ...]
    occurred_at: datetime
    version: int | None = None

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return "edited"

    def describe(self) -> dict[str, Any]:
        """What the timeline says beside the lines."""
        return {"reason": self.reason}


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What an edit means, judged by the order and the price book alone.

    `parts` are the fulfillments without what is taken off, which is worth `off_minor` and whose stock
    `released` gives back. What comes in is `addition`, at the price of `charge`.
    """

    parts: tuple[Fulfillment, ...]
    released: Sequence[inventory.Movement]
    off_minor: int
    addition: PlaceOrder
    charge: Charge | None
    currency: str

    @property
    def added_minor(self) -> int:
        """What comes in costs so much."""
        return 0 if self.charge is None else self.charge.priced.total_minor

    @property
    def charge_minor(self) -> int:
        """What is to be paid: more comes in than is taken off."""
        return max(0, self.added_minor - self.off_minor)

    @property
    def refund_minor(self) -> int:
        """What goes back: more is taken off than comes in."""
        return max(0, self.off_minor - self.added_minor)


def addition_of(order: Order, command: EditOrder) -> PlaceOrder:
    """Return what an edit adds as an order of its own would want it: same customer, same place of sale."""
    return PlaceOrder(
        key=command.key,
        order_id=order.id,
        principal=command.principal,
        channel=order.channel,
        location=order.location,
        placed_at=command.occurred_at,
        fulfillments=command.wanted,
        tenders=command.tenders,
        customer=order.customer,
        customer_groups=frozenset(order.customer_groups),
        region=order.region,
        ship_to=order.ship_to,
    )


def decide(surroundings: Surroundings, order: Order, command: EditOrder) -> Order | DomainError:
    """Return the order after an edit, its stock and money taken and given back; or why not."""
    difference = judge(surroundings, order, command)
    if isinstance(difference, DomainError):
        return difference
    tenders = paid(
        command.tenders,
        difference.charge_minor,
        order.currency,
        surroundings.prices.book.currency(order.currency).cash_step_minor,
        first=len(order.tenders) + 1,
    )
    if isinstance(tenders, DomainError):
        return tenders
    accounts, authorized, now = surroundings.accounts, surroundings.payments, surroundings.now
    mark = accounts.mark()
    held = set_aside(accounts, authorized, difference.addition, order, tenders, now=now)
    after = (
        held if isinstance(held, DomainError) else applied(surroundings, order, difference, held)
    )
    if isinstance(after, DomainError):
        accounts.take_back(mark)
        authorized.take_back(order.id, first=len(order.tenders) + 1)
        return after
    change_accounts(accounts, order, after, command.principal.id, now=now)
    return after


def judge(surroundings: Surroundings, order: Order, command: EditOrder) -> Difference | DomainError:
    """Return what an edit means by the order and the price book, or why it cannot be."""
    if command.version not in {None, order.version}:
        assert command.version is not None
        return catalog.StaleVersion(
            code=order.number, expected=command.version, actual=order.version
        )
    if order.fulfillment_status in {"done", "cancelled"}:
        return TransitionRefused(state=order.fulfillment_status, step="edit")
    units = fewer(order, command.quantities)
    left = units if isinstance(units, DomainError) else taken_off(order, units)
    if isinstance(left, DomainError):
        return left
    parts, released = left
    smaller = replace(order, fulfillments=parts)
    if not command.wanted and smaller.fulfillment_status == "cancelled":
        return EditLeavesNothing(order.id)
    addition = addition_of(order, command)
    charge = _charge(surroundings, order, addition) if command.wanted else None
    if isinstance(charge, DomainError):
        return charge
    return Difference(
        parts=parts,
        released=released,
        # Shipping stays: something of the order does.
        off_minor=_worth_minor(order) - _worth_minor(smaller),
        addition=addition,
        charge=charge,
        currency=order.currency,
    )


def fewer(order: Order, quantities: Mapping[int, int]) -> dict[int, int] | DomainError:
    """Return how many units of each line are taken off where so many shall stay."""
    by_number = {line.number: line for line in order.lines}
    units = {}
    for number, stays in quantities.items():
        line = by_number.get(number)
        if line is None:
            return Invalid.at("/lines", f"There is no line {number} here")
        there = line.quantity - line.cancelled_quantity
        if stays >= there:
            return QuantityNotLower(line=number, requested=stays, quantity=there)
        if there - stays > line.open_quantity:
            return QuantityNotOpen(
                line=number, requested=there - stays, open_quantity=line.open_quantity
            )
        units[number] = there - stays
    return units


def _worth_minor(order: Order) -> int:
    return sum(line.kept_minor for line in order.lines)


def _charge(surroundings: Surroundings, order: Order, addition: PlaceOrder) -> Charge | DomainError:
    """Return what comes in at the price of now, as a basket of its own.

    No promotion on an order as a whole works on it, and none whose uses are counted: the order has had
    those when it was placed, and what it keeps would have to be priced anew to have them again.
    """
    channel = surroundings.channels[order.channel]
    # The order stays in its currency, whatever its channel sells in now.
    channel = replace(channel, currency=order.currency)
    if refusal := (
        cannot_be_served(surroundings, addition) or other_currency(addition, channel, wanted="/add")
    ):
        return refusal
    book = _as_sold(surroundings.prices.book, order)
    spent = frozenset(
        promotion.code
        for promotion in book.promotions.values()
        if promotion.level != "line" or promotion.usage_limit is not None
    )
    wanted = basket(addition, channel, surroundings.locations, surroundings.skus)
    priced = pricing.price(book, replace(wanted, exhausted=spent), addition.placed_at)
    if isinstance(priced, DomainError):
        return priced
    if order.total_minor + priced.total_minor > MOST_MINOR:
        return pricing.AmountTooLarge()
    return Charge(
        priced=priced,
        lines=priced.lines,
        reasons=tuple(line.price_reason for line in addition.lines),
        shopper=wanted.shopper,
        tenders=(),
    )


def _as_sold(book: pricing.Book, order: Order) -> pricing.Book:
    """Return the book with the order's own way of rounding taxes: an order has one."""
    currency = book.currency(order.currency)
    kept = replace(currency, rounding=order.rounding, tax_per=order.tax_per)
    if kept == currency:
        return book
    return replace(book, currencies={**book.currencies, kept.code: kept})


def applied(
    surroundings: Surroundings, order: Order, difference: Difference, tenders: Sequence[Tender]
) -> Order | DomainError:
    """Return the order after an edit that its new tenders pay, its goods moved; or why not."""
    stock, addition = surroundings.stock, difference.addition
    freed = Counter[tuple[str, str]]()
    for movement in difference.released:
        freed[movement.sku, movement.location] += movement.quantity
    added = _added(surroundings, order, difference, freed)
    if isinstance(added, DomainError):
        return added
    coming = posting(stock, addition, added)
    more = Counter[tuple[str, str]]()
    for movement in coming.movements:
        if movement.type == "allocated":
            more[movement.sku, movement.location] += movement.quantity
    more.subtract(freed)
    if refusal := surroundings.room.refusal(order.channel, +more):
        return refusal
    if refused := stock.post(
        inventory.Posting(coming.source, [*difference.released, *coming.movements])
    ):
        return refused
    surroundings.room.take(order.channel, +more)
    after = exchanged(
        order,
        replace(
            order,
            version=order.version + 1,
            fulfillments=(*difference.parts, *_numbered_on(order, added.fulfillments)),
        ),
        off_minor=difference.off_minor,
        added_minor=difference.added_minor,
        tenders=tenders,
    )
    return _held_up(order, after, addition) if after.awaits_payment else paid_up(after)


def _added(
    surroundings: Surroundings,
    order: Order,
    difference: Difference,
    freed: Counter[tuple[str, str]],
) -> Order | DomainError:
    """Return what comes in as if it were an order of its own; none of its fulfillments for nothing."""
    addition = difference.addition
    routes: Routes = {}
    if difference.charge is None:
        return replace(order, fulfillments=(), placed_at=addition.placed_at)
    if unrouted(addition):
        assert surroundings.router is not None, "it was made for what nobody serves yet"
        found = surroundings.router.route(addition, surroundings.stock, freed)
        if isinstance(found, DomainError):
            return found
        routes = found
    added = draft(addition, difference.charge, order.currency, routes, surroundings.skus)
    return promised(added, surroundings.stock, freed)


def _numbered_on(order: Order, parts: Sequence[Fulfillment]) -> list[Fulfillment]:
    """Return fulfillments that come in, they and their lines numbered on from the order's."""
    last = max(part.number for part in order.fulfillments)
    last_line = max(line.number for line in order.lines)
    return [
        replace(
            part,
            number=last + part.number,
            lines=tuple(
                replace(
                    line,
                    number=last_line + line.number,
                    part_of=line.part_of and last_line + line.part_of,
                )
                for line in part.lines
            ),
        )
        for part in parts
    ]


def _held_up(before: Order, after: Order, addition: PlaceOrder) -> Order:
    """Return the order whose new goods, too, wait for the payment that is awaited."""
    stood = {part.id for part in before.fulfillments}
    parts = tuple(
        part
        if part.id in stood or part.holds or part.kind == "carry_out"
        else replace(part, holds=(payment_hold(addition),))
        for part in after.fulfillments
    )
    return replace(after, fulfillments=parts)
