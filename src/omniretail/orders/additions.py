"""What comes into an order that stands, and what it costs beside what goes. Pure.

What is added is wanted, priced, promised and paid as a new order of the same customer would be, and
becomes part of the order. Why something goes, and what, is the business of `edits` and `exchanges`.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec.structs import replace

from omniretail import catalog, channels, idempotency, inventory, pricing
from omniretail.errors import DomainError
from omniretail.money import MOST_MINOR
from omniretail.orders.charge import Charge, basket, other_currency, paid
from omniretail.orders.drafting import Routes, draft, payment_hold, posting, promised
from omniretail.orders.order import Fulfillment, Order, Pickup, Tender
from omniretail.orders.paying import set_aside
from omniretail.orders.points import spend_more
from omniretail.orders.routing import unrouted
from omniretail.orders.settlement import exchanged, paid_up
from omniretail.orders.surroundings import Surroundings, cannot_be_served
from omniretail.orders.wishes import FulfillmentWish, PlaceOrder, TenderGiven


class Adding(Protocol):
    """A command that adds to an order; `version` is the order's, as it was read."""

    @property
    def key(self) -> idempotency.Key: ...  # noqa: D102
    @property
    def principal(self) -> channels.Principal: ...  # noqa: D102
    @property
    def wanted(self) -> tuple[FulfillmentWish, ...]: ...  # noqa: D102
    @property
    def tenders(self) -> tuple[TenderGiven, ...]: ...  # noqa: D102
    @property
    def occurred_at(self) -> datetime: ...  # noqa: D102
    @property
    def version(self) -> int | None: ...  # noqa: D102


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What an edit or an exchange means, judged by the order and the price book alone.

    `parts` are the fulfillments without what goes, which is worth `off_minor` and of which `released`
    was promised only. What comes in is `addition`, at the price of `charge`.
    """

    parts: tuple[Fulfillment, ...]
    off_minor: int
    addition: PlaceOrder
    charge: Charge | None
    currency: str
    released: Sequence[inventory.Movement] = ()

    @property
    def added_minor(self) -> int:
        """What comes in costs so much."""
        return 0 if self.charge is None else self.charge.priced.total_minor

    @property
    def paid_minor(self) -> int:
        """So much of what comes in is paid by what goes."""
        return min(self.off_minor, self.added_minor)

    @property
    def charge_minor(self) -> int:
        """What is to be paid: more comes in than goes."""
        return max(0, self.added_minor - self.off_minor)

    @property
    def refund_minor(self) -> int:
        """What goes back: more goes than comes in."""
        return max(0, self.off_minor - self.added_minor)


class BroughtIn(msgspec.Struct, frozen=True):
    """The order after what comes in, whose goods were moved, and what it had promised of them."""

    order: Order
    promised: Counter[tuple[str, str]]


def addition_of(order: Order, command: Adding) -> PlaceOrder:
    """Return what is added, as an order of its own would want it: same customer, same place of sale."""
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


def stale(order: Order, command: Adding) -> catalog.StaleVersion | None:
    """Return the refusal of a command about an order as it is no more."""
    if command.version is None or command.version == order.version:
        return None
    return catalog.StaleVersion(code=order.number, expected=command.version, actual=order.version)


def worth_minor(order: Order) -> int:
    """Return what an order's goods come to, less those that are gone."""
    return sum(line.kept_minor for line in order.lines)


def charged(
    surroundings: Surroundings, order: Order, addition: PlaceOrder
) -> Charge | DomainError | None:
    """Return what comes in at the price of now, as a basket of its own; None where nothing does.

    No promotion on an order as a whole works on it, and none whose uses are counted: the order has had
    those when it was placed, and what it keeps would have to be priced anew to have them again.
    """
    if not addition.fulfillments:
        return None
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


def tendered(
    surroundings: Surroundings, order: Order, difference: Difference
) -> tuple[Tender, ...] | DomainError:
    """Return the tenders that pay what comes in beyond what goes, their amounts held; or why not.

    What was set aside before a refusal is not taken back here.
    """
    addition = difference.addition
    tenders = paid(
        addition.tenders,
        difference.charge_minor,
        order.currency,
        surroundings.prices.book.currency(order.currency).cash_step_minor,
        first=len(order.tenders) + 1,
    )
    if isinstance(tenders, DomainError):
        return tenders
    held = set_aside(
        surroundings.accounts,
        surroundings.payments,
        addition,
        order,
        tenders,
        now=surroundings.now,
    )
    if isinstance(held, DomainError):
        return held
    return spend_more(surroundings.points, surroundings.shoppers.programmes, addition, order, held)


def brought_in(
    surroundings: Surroundings,
    order: Order,
    difference: Difference,
    *,
    stood: Sequence[Tender],
    tenders: Sequence[Tender],
) -> BroughtIn | DomainError:
    """Return the order after a difference, its goods moved; or why not, and then nothing is.

    `stood` are its tenders after what goes back to them; the new `tenders` pay the difference.
    """
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
    after = exchanged(
        order,
        replace(
            order,
            version=order.version + 1,
            fulfillments=(*difference.parts, *_numbered_on(order, added)),
        ),
        added_minor=difference.added_minor,
        paid_minor=difference.paid_minor,
        tenders=(*stood, *tenders),
    )
    settled = _held_up(order, after, addition) if after.awaits_payment else paid_up(after)
    return BroughtIn(settled, +more)


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


def _numbered_on(order: Order, added: Order) -> list[Fulfillment]:
    """Return fulfillments that come in, they and their lines numbered on from the order's.

    What is carried out is handed over now, and not when the order was placed.
    """
    last = max(part.number for part in order.fulfillments)
    last_line = max(line.number for line in order.lines)
    return [
        replace(
            part,
            number=last + part.number,
            pickup=Pickup(handed_over_at=added.placed_at) if part.kind == "carry_out" else None,
            lines=tuple(
                replace(
                    line,
                    number=last_line + line.number,
                    part_of=line.part_of and last_line + line.part_of,
                )
                for line in part.lines
            ),
        )
        for part in added.fulfillments
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
