"""What an order is charged: by its quote or by the book, with coupons, and how it was paid. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import catalog, channels, pricing
from omniretail.errors import DomainError, Invalid, Refused
from omniretail.ids import new_id
from omniretail.money import to_step
from omniretail.orders.order import Tender
from omniretail.orders.wishes import LineWish, PlaceOrder, TenderGiven


class TendersMismatch(Refused):
    """The tenders do not add up to the total."""

    def __init__(
        self, *, total_minor: int, tendered_minor: int, currency: str, cash_step_minor: int = 1
    ) -> None:
        coins = (
            "" if cash_step_minor == 1 else f", what is paid in cash to the next {cash_step_minor}"
        )
        super().__init__(
            f"{total_minor} minor units of {currency} are to be paid{coins}; tendered were "
            f"{tendered_minor}.",
            total={"amount": total_minor, "currency": currency},
            tendered={"amount": tendered_minor, "currency": currency},
        )


Quotes: TypeAlias = dict[str, pricing.Quote | DomainError]
"""What each token says, or why it is none."""


class Prices(msgspec.Struct, frozen=True):
    """All that charging needs to know; `usages` are locked and change as orders use coupons.

    `people` says who is meant by what a customer is called, where that is known.
    """

    book: pricing.Book
    keys: pricing.SigningKeys
    quotes: Quotes
    usages: pricing.Usages
    quotes_last: timedelta
    now: datetime
    people: Mapping[str, str] = {}


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """An order's price: its lines as the command has them, each with the reason for its own price."""

    priced: pricing.PricedBasket
    lines: tuple[pricing.PricedLine, ...]
    reasons: tuple[str | None, ...]
    shopper: pricing.Shopper
    tenders: tuple[Tender, ...]
    quote_id: UUID | None = None

    @property
    def coupons(self) -> tuple[str, ...]:
        """The coupons that took something off."""
        return tuple(sorted({one.coupon for one in self.priced.promotions if one.coupon}))


def basket(
    command: PlaceOrder,
    channel: channels.ChannelSpec,
    locations: Mapping[str, catalog.LocationSpec],
    skus: Mapping[str, catalog.SkuTraits],
) -> pricing.Basket:
    """Return the basket of a command all of whose SKUs exist."""
    return pricing.basket_of(
        channel=channel,
        location=locations.get(command.location) if command.location else None,
        region=command.region,
        customer=command.customer,
        customer_groups=command.customer_groups,
        coupons=tuple(coupon.code for coupon in command.coupons),
        shipping=command.shipping.charge if command.shipping else None,
        lines=[(line.sku, line.quantity, line.own_price_minor) for line in command.lines],
        skus=skus,
    )


def read_quotes(
    commands: Sequence[PlaceOrder], keys: pricing.SigningKeys, again: Quotes | None = None
) -> Quotes:
    """Return what each quote says, or why it is none; `again`: of those that none was found to be.

    A key may be newer than those that were known when the quotes were read first.
    """
    quotes: Quotes = {}
    for command in commands:
        token = command.quote
        if token is None or (again and isinstance(again[token], pricing.Quote)):
            continue
        try:
            quotes[token] = quotes.get(token) or pricing.read_quote(token, keys)
        except pricing.QuoteNotValid as refusal:
            quotes[token] = refusal
    return quotes


def counted(
    commands: Sequence[PlaceOrder],
    book: pricing.Book,
    quotes: Mapping[str, pricing.Quote | DomainError],
    sellers: Mapping[str, channels.ChannelSpec],
    locations: Mapping[str, catalog.LocationSpec],
    skus: Mapping[str, catalog.SkuTraits],
    people: Mapping[str, str],
) -> pricing.Asked:
    """Return whose uses must be counted: coupons, and limited promotions on the goods."""
    baskets = []
    for command in commands:
        quote = quotes.get(command.quote) if command.quote else None
        if isinstance(quote, pricing.Quote):
            shopper = _known(people, quote.basket.shopper)
            baskets.append(replace(quote.basket, shopper=shopper))
        elif (
            (command.coupons or book.limited)
            and command.channel in sellers
            and all(line.sku in skus for line in command.lines)
        ):
            baskets.append(basket(command, sellers[command.channel], locations, skus))
    claims = {coupon.claim for command in commands for coupon in command.coupons}
    return pricing.asked_of(book, baskets, claims)


def charge(prices: Prices, command: PlaceOrder, wanted: pricing.Basket) -> Charge | DomainError:
    """Return what a command is charged, or why it cannot be.

    By a live quote as it says; by an expired one as the book says now, where that is not more.
    Outcomes: the charge; those of `pricing.price`; QuoteNotValid, QuoteMismatch, QuoteExpired;
    CouponExhausted, CouponNeedsCustomer, PromotionExhausted; TendersMismatch.
    """
    if command.quote is not None:
        charged = _by_quote(prices, command, wanted)
    else:
        charged = _by_book(prices, command, wanted)
    if isinstance(charged, DomainError):
        return charged
    if refusal := _used_up(prices, command, charged):
        return refusal
    step_minor = prices.book.currency(wanted.currency).cash_step_minor
    tenders = paid(command.tenders, charged.priced.total_minor, wanted.currency, step_minor)
    return tenders if isinstance(tenders, DomainError) else replace(charged, tenders=tenders)


def use(prices: Prices, command: PlaceOrder, charged: Charge) -> None:
    """Use the coupons and limited promotions of an order that was accepted."""
    if not charged.priced.promotions:
        return
    claims = {coupon.code: coupon.claim for coupon in command.coupons}
    customer = charged.shopper.customer
    for code in charged.coupons:
        prices.usages.take(
            pricing.Subject("coupon", code), customer, command.order_id, claims.get(code)
        )
    for one in charged.priced.promotions:
        if pricing.is_limited(prices.book, one.promotion):
            subject = pricing.Subject("promotion", one.promotion)
            prices.usages.take(subject, customer, command.order_id)


def paid(
    given: Sequence[TenderGiven],
    total_minor: int,
    currency: str,
    cash_step_minor: int,
    *,
    first: int = 1,
) -> tuple[Tender, ...] | TendersMismatch:
    """Return the tenders of a total: what is paid in cash is rounded to the smallest coin.

    The rounding is an entry of the last cash tender, never a price. Their numbers begin at `first`.
    """
    cash = [tender for tender in given if tender.type == "cash"]
    cash_minor = sum(tender.amount_minor for tender in cash)
    tendered_minor = sum(tender.amount_minor for tender in given)
    due_minor = total_minor - (tendered_minor - cash_minor)
    rounding_minor = to_step(due_minor, cash_step_minor) - due_minor if cash else 0
    if cash_minor != due_minor + rounding_minor or any(
        tender.amount_minor % cash_step_minor for tender in cash
    ):
        return TendersMismatch(
            total_minor=total_minor,
            tendered_minor=tendered_minor,
            currency=currency,
            cash_step_minor=cash_step_minor,
        )
    return tuple(
        Tender(
            number=number,
            type=tender.type,
            amount_minor=tender.amount_minor,
            reference=tender.reference,
            rounding_minor=rounding_minor if cash and tender is cash[-1] else 0,
            cash_step_minor=cash_step_minor if tender.type == "cash" else 1,
            uncaptured_minor=tender.amount_minor
            if tender.payment_id or tender.account or tender.awaited
            else 0,
            payment_id=tender.payment_id,
            card_token=tender.card_token,
        )
        for number, tender in enumerate(given, start=first)
    )


def _by_book(prices: Prices, command: PlaceOrder, wanted: pricing.Basket) -> Charge | DomainError:
    priced = _priced(prices, wanted, command.placed_at)
    if isinstance(priced, DomainError):
        return priced
    return Charge(
        priced=priced,
        lines=priced.lines,
        reasons=tuple(line.price_reason for line in command.lines),
        shopper=wanted.shopper,
        tenders=(),
    )


def _by_quote(prices: Prices, command: PlaceOrder, wanted: pricing.Basket) -> Charge | DomainError:
    assert command.quote is not None
    quote = prices.quotes[command.quote]
    if isinstance(quote, DomainError):
        return quote
    positions = _positions(quote, command.lines)
    if isinstance(positions, DomainError):
        return positions
    if differs := _differs(prices, quote, command, wanted):
        return pricing.QuoteMismatch(differs)
    priced = quote.priced
    if not quote.live_at(command.placed_at):
        anew = _priced(prices, quote.basket, command.placed_at)
        if isinstance(anew, DomainError):
            return anew
        if anew.total_minor > priced.total_minor:
            return _expired(prices, quote, anew)
        priced = anew
    return Charge(
        priced=priced,
        lines=tuple(priced.lines[position] for position in positions),
        reasons=tuple(quote.price_reasons[position] for position in positions),
        shopper=_known(prices.people, quote.basket.shopper),
        tenders=(),
        quote_id=quote.id,
    )


def _known(people: Mapping[str, str], shopper: pricing.Shopper) -> pricing.Shopper:
    """Return a quote's shopper under the name that the customer goes by."""
    if shopper.customer is None or shopper.customer not in people:
        return shopper
    return replace(shopper, customer=people[shopper.customer])


def _priced(
    prices: Prices, wanted: pricing.Basket, at: datetime
) -> pricing.PricedBasket | DomainError:
    exhausted = prices.usages.exhausted(prices.book.promotions)
    if exhausted:
        wanted = replace(wanted, exhausted=exhausted)
    return pricing.price(prices.book, wanted, at)


def _positions(quote: pricing.Quote, lines: Sequence[LineWish]) -> list[int] | DomainError:
    """Return which line of the quote each line of the order is; they may stand in another order."""
    unclaimed: dict[tuple[str, int], list[int]] = {}
    for position, line in enumerate(quote.basket.lines):
        unclaimed.setdefault((line.sku, line.quantity), []).append(position)
    positions = []
    for wish in lines:
        same = unclaimed.get((wish.sku, wish.quantity))
        if not same:
            return pricing.QuoteMismatch("lines")
        positions.append(same.pop(0))
    return (
        positions if len(positions) == len(quote.basket.lines) else pricing.QuoteMismatch("lines")
    )


def _differs(
    prices: Prices, quote: pricing.Quote, command: PlaceOrder, wanted: pricing.Basket
) -> str | None:
    """Return what the order says beside its quote that the quote does not."""
    said = quote.basket
    if wanted.currency != said.currency:
        return "currency"
    customer = said.shopper.customer
    if command.customer not in (None, customer and prices.people.get(customer, customer)):
        return "customer"
    if wanted.shipping not in (None, said.shipping):
        return "shipping"
    if not set(wanted.coupons) <= set(said.coupons):
        return "coupons"
    if any(line.own_price_minor is not None for line in command.lines):
        return "prices"
    return None


def _expired(
    prices: Prices, quote: pricing.Quote, priced: pricing.PricedBasket
) -> pricing.QuoteExpired:
    fresh = replace(
        quote,
        id=new_id(),
        issued_at=prices.now,
        expires_at=(prices.now + prices.quotes_last).replace(microsecond=0),
        priced=priced,
    )
    return pricing.QuoteExpired(
        quoted_minor=quote.priced.total_minor,
        now_minor=priced.total_minor,
        currency=quote.basket.currency,
        quote=pricing.signed_quote(fresh, prices.keys),
    )


def _used_up(prices: Prices, command: PlaceOrder, charged: Charge) -> DomainError | None:
    """Return why a coupon or promotion may not be used once more; a quote does not lift a limit."""
    if not charged.priced.promotions:
        return None
    claims = {coupon.code: coupon.claim for coupon in command.coupons}
    for code in charged.coupons:
        coupon = prices.book.coupons[code]
        if refusal := prices.usages.refusal(coupon, charged.shopper.customer, claims.get(code)):
            return refusal
    exhausted = prices.usages.exhausted(prices.book.promotions)
    for one in charged.priced.promotions:
        if one.promotion in exhausted:
            return pricing.PromotionExhausted(one.promotion)
    return None


def other_currency(
    command: PlaceOrder, channel: channels.ChannelSpec, *, wanted: str = "/fulfillments"
) -> Invalid | None:
    """Return which amount is not in the channel's currency, or None.

    `wanted` is where the request has its fulfillments.
    """
    named = [
        (f"/tenders/{position}/amount/currency", tender.currency)
        for position, tender in enumerate(command.tenders)
    ]
    named += [
        (f"{wanted}/{part}/lines/{position}/unit_price/currency", line.own_price_currency)
        for part, wish in enumerate(command.fulfillments)
        for position, line in enumerate(wish.lines)
        if line.own_price_currency is not None
    ]
    if command.shipping is not None:
        named.append(("/shipping/price/currency", command.shipping.currency))
    for pointer, currency in named:
        if currency != channel.currency:
            return Invalid.at(pointer, f"{channel.code} sells in {channel.currency}")
    return None
