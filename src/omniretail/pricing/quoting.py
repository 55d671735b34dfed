"""Making quotes: reading what a wish needs, pricing it by the book as of now, and signing it.

What a quote is, and what its token says, is `quote`. Nothing here writes.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import catalog, channels
from omniretail.db import Transaction
from omniretail.errors import DomainError, Invalid
from omniretail.ids import new_id
from omniretail.pricing.basket import Basket, ShippingCharge
from omniretail.pricing.book import Book
from omniretail.pricing.engine import price
from omniretail.pricing.keeper import BookKeeper
from omniretail.pricing.quote import Quote, read, signed
from omniretail.pricing.signing import SigningKeys
from omniretail.pricing.times import moment_fault
from omniretail.pricing.usage import Usages
from omniretail.pricing.usages import asked_of, usages
from omniretail.pricing.wishes import basket_of


class SigningKeyMissing(Exception):
    """No key has been made yet that signs; `ensure_signing_key` makes one."""


class LineQuoted(msgspec.Struct, frozen=True, kw_only=True):
    """So many of a SKU; a price of its own replaces the book's, and needs a reason."""

    sku: str
    quantity: int
    own_price_minor: int | None = None
    own_price_currency: str | None = None
    price_reason: str | None = None


class QuoteWish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to know the price of, and where.

    `claims` keep coupons for this very checkout. `at` is another moment than now, for which there is
    a preview only.
    """

    channel: str
    location: str | None = None
    lines: tuple[LineQuoted, ...]
    coupons: tuple[str, ...] = ()
    claims: tuple[UUID, ...] = ()
    customer: str | None = None
    customer_groups: frozenset[str] = frozenset()
    region: str | None = None
    shipping: ShippingCharge | None = None
    shipping_currency: str | None = None
    at: datetime | None = None
    explain: bool = False


class Quoted(NamedTuple):
    """A quote and its token; a preview has none, and nobody is bound by it."""

    quote: Quote
    token: str | None


async def make_quote(
    tx: Transaction, wish: QuoteWish, *, books: BookKeeper, now: datetime, quotes_last: timedelta
) -> Quoted | DomainError:
    """Price a wish, and sign what came of it for so long, to the second.

    Limits of use are those of now, also where the price is that of another moment. Locks: none.
    Outcomes: the quote; UnknownChannel, UnknownLocation, UnknownSku, SkuNotSold, Invalid (a currency,
    a moment), CouponNotValid, CouponExhausted, CouponNeedsCustomer, PriceMissing, TaxRateMissing,
    AmountTooLarge. Raises: SigningKeyMissing.
    """
    version, sellers, places, skus = await tx.read(
        books.version(),
        channels.channels_by_code([wish.channel]),
        catalog.locations_by_code([wish.location] if wish.location else []),
        catalog.skus_by_code({line.sku for line in wish.lines}),
    )
    channel = sellers.get(wish.channel)
    if channel is None:
        return channels.UnknownChannel(wish.channel)
    if refusal := _refusal(wish, channel, places, skus):
        return refusal
    basket = basket_of(
        channel=channel,
        location=places[wish.location] if wish.location else None,
        region=wish.region,
        customer=wish.customer,
        customer_groups=wish.customer_groups,
        coupons=wish.coupons,
        shipping=wish.shipping,
        lines=[(line.sku, line.quantity, line.own_price_minor) for line in wish.lines],
        skus=skus,
    )
    book = await books.at(tx, version)
    used = await usages(tx, asked_of(book, [basket], wish.claims), lock=False, now=now)
    if refusal := _used_up(book, basket, used):
        return refusal
    if exhausted := used.exhausted(book.promotions):
        basket = replace(basket, exhausted=exhausted)
    priced = price(book, basket, wish.at or now, explain=wish.explain)
    if isinstance(priced, DomainError):
        return priced
    quote = Quote(
        id=new_id(),
        issued_at=now,
        expires_at=(now + quotes_last).replace(microsecond=0),
        basket=basket,
        priced=priced,
        price_reasons=tuple(line.price_reason for line in wish.lines),
    )
    if wish.at is not None:
        return Quoted(quote, None)
    if not books.keys.can_sign:
        raise SigningKeyMissing
    # Why other promotions were not applied is of no use to whoever checks it, and long.
    bare = replace(quote, priced=replace(priced, not_applied=()))
    return Quoted(quote, signed(bare, books.keys))


async def check_quote(tx: Transaction, token: str, *, books: BookKeeper) -> Quote:
    """Return the quote that a token says, live or not. Raises: QuoteNotValid."""
    return read(token, await current_keys(tx, books=books))


async def current_keys(tx: Transaction, *, books: BookKeeper) -> SigningKeys:
    """Return the keys that quotes are signed with, as of now."""
    (version,) = await tx.read(books.version())
    await books.at(tx, version)
    return books.keys


def _refusal(
    wish: QuoteWish,
    channel: channels.ChannelSpec,
    places: Mapping[str, catalog.LocationSpec],
    skus: Mapping[str, catalog.SkuTraits],
) -> DomainError | None:
    if wish.location is not None and wish.location not in places:
        return catalog.UnknownLocation(wish.location)
    for line in wish.lines:
        if line.sku not in skus:
            return catalog.UnknownSku(line.sku)
        if skus[line.sku].status != "active":
            return catalog.SkuNotSold(line.sku)
    named = [
        (f"/lines/{position}/unit_price/currency", line.own_price_currency)
        for position, line in enumerate(wish.lines)
    ]
    for pointer, currency in (*named, ("/shipping/price/currency", wish.shipping_currency)):
        if currency not in (None, channel.currency):
            return Invalid.at(pointer, f"{channel.code} sells in {channel.currency}")
    return moment_fault("/at", wish.at)


def _used_up(book: Book, basket: Basket, used: Usages) -> DomainError | None:
    """Return why a coupon may not be used once more; one that does not exist is for `price` to refuse."""
    own = {claim.coupon: claim.id for claim in used.claims.values()}
    for code in basket.coupons:
        if code in book.coupons and (
            refusal := used.refusal(book.coupons[code], basket.shopper.customer, own.get(code))
        ):
            return refusal
    return None
