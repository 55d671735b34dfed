"""`price()`: the one function that decides every price. No I/O, no clock, no floats.

A price list speaks first (or the line's own price, where permitted), then promotions, then taxes. The
lines are judged by SKU, whatever their order in the basket: the odd cent goes to the same one.
"""

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from msgspec import structs

from omniretail.errors import DomainError, Refused
from omniretail.money import MOST_MINOR
from omniretail.pricing.basket import (
    Applied,
    Basket,
    BasketLine,
    Discount,
    NotApplied,
    PricedBasket,
    PricedLine,
    ShippingCharge,
)
from omniretail.pricing.book import Book, Currency
from omniretail.pricing.candidates import candidates, not_applied, unlocked
from omniretail.pricing.choice import NOTHING, Choice, best
from omniretail.pricing.lists import Listed
from omniretail.pricing.savings import Goods
from omniretail.pricing.tax import Taxed, taxed


class PriceMissing(Refused):
    """The SKU has no price in this currency at this time."""

    def __init__(self, *, sku: str, currency: str) -> None:
        super().__init__(f"{sku} has no price in {currency}.", sku=sku, currency=currency)


class TaxRateMissing(Refused):
    """There is no tax rate for goods of this class in this region."""

    def __init__(self, *, tax_class: str, region: str | None) -> None:
        where = f"in {region}" if region else "where no region is named"
        super().__init__(
            f"There is no tax rate for {tax_class} {where}.", tax_class=tax_class, region=region
        )


class AmountTooLarge(Refused):
    """The amount is larger than the books can hold."""

    def __init__(self) -> None:
        super().__init__(f"A total would exceed {MOST_MINOR} minor units.")


def price(
    book: Book, basket: Basket, at: datetime, *, explain: bool = False
) -> PricedBasket | DomainError:
    """Price a basket at a moment; with `explain`, say of every promotion why it was not applied.

    Where the book has no tax rates at all, nothing is taxed. Outcomes: the priced basket;
    PriceMissing for the first SKU without a price; TaxRateMissing; CouponNotValid; AmountTooLarge.
    """
    try:
        if not (explain or book.may_promote(basket.lines)):
            unlocked(book, basket, at)
            return _taxed(book, basket, at, _costs(book, basket, at))
        by_sku = sorted(range(len(basket.lines)), key=lambda n: _place(basket.lines[n]))
        if by_sku == list(range(len(by_sku))):
            return _promoted(book, basket, at, explain)
        lines = tuple(basket.lines[n] for n in by_sku)
        priced = _promoted(book, structs.replace(basket, lines=lines), at, explain)
    except DomainError as refusal:
        return refusal
    as_asked = sorted(zip(by_sku, priced.lines, strict=True), key=itemgetter(0))
    return structs.replace(priced, lines=tuple(line for _, line in as_asked))


# The order in which promotions see the lines must not decide what they cost.
def _place(line: BasketLine) -> tuple[str, int, int, str]:
    own_minor = -1 if line.own_price_minor is None else line.own_price_minor
    return line.sku, line.quantity, own_minor, line.tax_class


class _Costs(NamedTuple):
    """Of each line what the book says, what a unit costs, what all come to; shipping comes last."""

    listed: Sequence[Listed | None]
    units: Sequence[int]
    amounts: list[int]


def _costs(book: Book, basket: Basket, at: datetime) -> _Costs:
    listed = _listed(book, basket, at)
    units = [_unit(line, found) for line, found in zip(basket.lines, listed, strict=True)]
    amounts = [unit * line.quantity for unit, line in zip(units, basket.lines, strict=True)]
    if basket.shipping is not None:
        amounts.append(basket.shipping.amount_minor)
    if sum(amounts) > MOST_MINOR:
        raise AmountTooLarge
    return _Costs(listed, units, amounts)


def _promoted(book: Book, basket: Basket, at: datetime, explain: bool) -> PricedBasket:
    coupons = unlocked(book, basket, at)
    costs = _costs(book, basket, at)
    rounding = book.currency(basket.currency).rounding
    eligible = candidates(book, basket, at, coupons)
    goods = Goods(
        tuple(line.sku for line in basket.lines),
        tuple(line.quantity for line in basket.lines),
        None if basket.shipping is None else len(basket.lines),
    )
    choice = best(eligible, goods, costs.amounts, rounding)
    refused = (
        not_applied(
            book,
            basket,
            at,
            coupons=coupons,
            eligible=eligible,
            applied=frozenset(taken.candidate.promotion.code for taken in choice.taken),
            goods=goods,
            amounts=costs.amounts,
            rounding=rounding,
        )
        if explain
        else ()
    )
    return _taxed(book, basket, at, costs, choice, refused)


def _taxed(
    book: Book,
    basket: Basket,
    at: datetime,
    costs: _Costs,
    choice: Choice = NOTHING,
    refused: tuple[NotApplied, ...] = (),
) -> PricedBasket:
    """Take what was chosen off the amounts, and return all of it with its taxes."""
    currency = book.currency(basket.currency)
    amounts = costs.amounts
    discounts = _discounts(choice, amounts)
    rates = _Rates(book, basket, at, currency)
    lines = tuple(
        rates.line(line, found, unit, discounts[position], amounts[position])
        for position, (line, found, unit) in enumerate(
            zip(basket.lines, costs.listed, costs.units, strict=True)
        )
    )
    shipping = (
        rates.shipping(basket.shipping, discounts[-1], amounts[-1]) if basket.shipping else None
    )
    total = sum(line.total_minor for line in lines) + (shipping.total_minor if shipping else 0)
    if total > MOST_MINOR:
        raise AmountTooLarge
    return PricedBasket(
        lines=lines,
        shipping=shipping,
        total_minor=total,
        promotions=_applied(choice),
        not_applied=refused,
        search=choice.search,
        rounding=currency.rounding,
        tax_per=currency.tax_per,
        book_version=book.version,
    )


def _listed(book: Book, basket: Basket, at: datetime) -> list[Listed | None]:
    """Return what the book says of each line; all of a SKU in the basket reach its tiers together."""
    lists = book.lists_for(basket.currency, basket.shopper, at)
    wanted: dict[str, int] = {}
    for line in basket.lines:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    found = {sku: book.listed(sku, quantity, at, lists) for sku, quantity in wanted.items()}
    for line in basket.lines:
        if line.own_price_minor is None and found[line.sku] is None:
            raise PriceMissing(sku=line.sku, currency=basket.currency)
    return [found[line.sku] for line in basket.lines]


def _unit(line: BasketLine, found: Listed | None) -> int:
    if line.own_price_minor is not None:
        return line.own_price_minor
    assert found is not None, "a line without a price was refused"
    return found.amount_minor


def _discounts(choice: Choice, amounts: list[int]) -> Sequence[tuple[Discount, ...]]:
    """Take what was chosen off the amounts; return each line's shares of it."""
    if not choice.taken:
        return [()] * len(amounts)
    discounts: list[list[Discount]] = [[] for _ in amounts]
    for candidate, shares in choice.taken:
        for position, off in shares:
            discounts[position].append(Discount(candidate.promotion.code, off, candidate.coupon))
            amounts[position] -= off
    return [tuple(shares) for shares in discounts]


def _applied(choice: Choice) -> tuple[Applied, ...]:
    return tuple(
        Applied(
            promotion=candidate.promotion.code,
            name=candidate.promotion.name,
            coupon=candidate.coupon,
            amount_minor=sum(off for _, off in shares),
        )
        for candidate, shares in choice.taken
    )


class _Rates:
    """What tax the lines of one basket bear; each class is looked up once."""

    def __init__(self, book: Book, basket: Basket, at: datetime, currency: Currency) -> None:
        self._book = book
        self._region = basket.shopper.region
        self._at = at
        self._currency = currency
        self._by_class: dict[str, int | None] = {}

    def line(
        self,
        line: BasketLine,
        listed: Listed | None,
        unit_minor: int,
        discounts: tuple[Discount, ...],
        amount_minor: int,
    ) -> PricedLine:
        """Return a line with its tax."""
        included = listed is None or listed.price_list.tax_included
        rate_ppm, parts = self._taxed(line.tax_class, amount_minor, included, line.quantity)
        return PricedLine(
            list_price_minor=None if listed is None else listed.amount_minor,
            price_list=None if listed is None else listed.price_list.code,
            unit_price_minor=unit_minor,
            discounts=discounts,
            tax_class=line.tax_class,
            tax_included=included,
            tax_rate_ppm=rate_ppm,
            net_minor=parts.net_minor,
            tax_minor=parts.tax_minor,
            total_minor=parts.total_minor,
        )

    def shipping(
        self, charge: ShippingCharge, discounts: tuple[Discount, ...], amount_minor: int
    ) -> PricedLine:
        """Return the shipping charge with its tax."""
        rate_ppm, parts = self._taxed(charge.tax_class, amount_minor, charge.tax_included, 1)
        return PricedLine(
            list_price_minor=None,
            price_list=None,
            unit_price_minor=charge.amount_minor,
            discounts=discounts,
            tax_class=charge.tax_class,
            tax_included=charge.tax_included,
            tax_rate_ppm=rate_ppm,
            net_minor=parts.net_minor,
            tax_minor=parts.tax_minor,
            total_minor=parts.total_minor,
        )

    def _taxed(
        self, tax_class: str, amount_minor: int, included: bool, quantity: int
    ) -> tuple[int | None, Taxed]:
        if not self._book.tax_rates:
            return None, Taxed(amount_minor, 0, amount_minor)
        if tax_class not in self._by_class:
            self._by_class[tax_class] = self._book.rate_ppm(tax_class, self._region, self._at)
        rate_ppm = self._by_class[tax_class]
        if rate_ppm is None:
            raise TaxRateMissing(tax_class=tax_class, region=self._region)
        parts = taxed(
            amount_minor,
            rate_ppm,
            included=included,
            rounding=self._currency.rounding,
            per=self._currency.tax_per,
            quantity=quantity,
        )
        return rate_ppm, parts
