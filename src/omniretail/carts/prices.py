"""What a cart would cost if it were ordered now. What stands in the way is told, line by line."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from omniretail import catalog, channels, loyalty, pricing
from omniretail.carts.cart import Cart
from omniretail.carts.lines import CartLine
from omniretail.db import Transaction
from omniretail.errors import DomainError


class CartProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a line, a coupon (by its code) or, with neither, the whole cart cannot be ordered as it is."""

    error: DomainError
    line: int | None = None
    coupon: str | None = None


class CartPrices(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of a cart that can be priced, with what they cost; what cannot be is a problem.

    Nobody is bound by it; a quote binds.
    """

    channel: str
    location: str | None
    lines: tuple[CartLine, ...]
    priced: pricing.PricedBasket | None
    problems: tuple[CartProblem, ...]


async def price_cart(
    tx: Transaction,
    cart: Cart,
    *,
    channel: str | None,
    location: str | None,
    books: pricing.BookKeeper,
    now: datetime,
) -> CartPrices:
    """Price a cart by the book as of now, for a channel that looks at it, at a location of its.

    A known customer pays by the groups they are in now, that of their loyalty tier among them. Where
    that channel sells in another currency, the price is that of the channel the cart was begun
    in. Locks: none.
    """
    version, sellers, places, skus = await tx.read(
        books.version(),
        channels.channels_by_code({cart.channel, channel or cart.channel}),
        catalog.locations_by_code([location] if location else []),
        catalog.skus_by_code({line.sku for line in cart.lines}),
    )
    book = await books.at(tx, version)
    people = await loyalty.people(tx, [cart.customer], now=now)
    cart = replace(
        cart,
        customer=people.name(cart.customer),
        customer_groups=tuple(people.groups_of(cart.customer, cart.customer_groups)),
    )
    seller = sellers[cart.channel]
    if channel in sellers and sellers[channel].currency == cart.currency:
        seller = sellers[channel]
    place = places.get(location) if seller.code == channel else None
    faults = _unsold(cart.lines, skus)
    wanted = [line for line in cart.lines if line.number not in faults]
    whole = _basket(cart, wanted, seller, place, skus)
    faults |= _unpriced(book, whole, wanted, now)
    lines = tuple(line for line in wanted if line.number not in faults)
    basket = _basket(cart, lines, seller, place, skus)
    used = await pricing.usages(tx, pricing.asked_of(book, [basket], ()), lock=False, now=now)
    refused = _refused_coupons(book, basket, used, now)
    priced = pricing.price(
        book,
        replace(
            basket,
            coupons=tuple(code for code in basket.coupons if code not in refused),
            exhausted=used.exhausted(book.promotions),
        ),
        now,
    )
    problems = [CartProblem(line=number, error=fault) for number, fault in sorted(faults.items())]
    problems += [CartProblem(coupon=code, error=fault) for code, fault in refused.items()]
    if isinstance(priced, DomainError):
        problems.append(CartProblem(error=priced))
    return CartPrices(
        channel=seller.code,
        location=place.code if place else None,
        lines=lines,
        priced=None if isinstance(priced, DomainError) else priced,
        problems=tuple(problems),
    )


def _unsold(
    lines: Sequence[CartLine], skus: Mapping[str, catalog.SkuTraits]
) -> dict[int, DomainError]:
    """Return why lines are not sold at all, by their numbers."""
    faults: dict[int, DomainError] = {}
    for line in lines:
        if line.sku not in skus:
            faults[line.number] = catalog.UnknownSku(line.sku)
        elif skus[line.sku].status != "active":
            faults[line.number] = catalog.SkuNotSold(line.sku)
    return faults


def _basket(
    cart: Cart,
    lines: Sequence[CartLine],
    seller: channels.ChannelSpec,
    place: catalog.LocationSpec | None,
    skus: Mapping[str, catalog.SkuTraits],
) -> pricing.Basket:
    return pricing.basket_of(
        channel=seller,
        location=place,
        region=cart.region,
        customer=cart.customer,
        customer_groups=frozenset(cart.customer_groups),
        coupons=cart.coupons,
        shipping=cart.shipping,
        lines=[(line.sku, line.quantity, None) for line in lines],
        skus=skus,
    )


def _unpriced(
    book: pricing.Book, basket: pricing.Basket, lines: Sequence[CartLine], now: datetime
) -> dict[int, DomainError]:
    """Return which lines the book has no price for, by their numbers."""
    lists = book.lists_for(basket.currency, basket.shopper, now)
    wanted = Counter[str]()
    for line in lines:
        wanted[line.sku] += line.quantity
    missing = {
        sku for sku, quantity in wanted.items() if book.listed(sku, quantity, now, lists) is None
    }
    return {
        line.number: pricing.PriceMissing(sku=line.sku, currency=basket.currency)
        for line in lines
        if line.sku in missing
    }


def _refused_coupons(
    book: pricing.Book, basket: pricing.Basket, used: pricing.Usages, now: datetime
) -> dict[str, DomainError]:
    """Return which coupons do not work, or not once more, by their codes."""
    refused: dict[str, DomainError] = {}
    for code in basket.coupons:
        coupon = book.coupon(code, now)
        fault = (
            used.refusal(coupon, basket.shopper.customer, None)
            if coupon
            else pricing.CouponNotValid(code)
        )
        if fault:
            refused[code] = fault
    return refused
