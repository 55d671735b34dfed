"""Baskets: what is to be priced, and what came of it. Pure."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from omniretail.money import Rounding
from omniretail.pricing.lists import Shopper
from omniretail.pricing.tax import TaxPer, TaxSummary, summary

Search = Literal["exact", "greedy"]
"""How the promotions were chosen: the best set there is, or a good one of very many."""


class BasketLine(msgspec.Struct, frozen=True):
    """A wish: so many of a SKU; `own_price_minor` replaces the book's price, where permitted.

    An own price is what was agreed: no promotion works on it.
    """

    sku: str
    quantity: int
    own_price_minor: int | None = None
    tax_class: str = "standard"
    categories: frozenset[str] = frozenset()


class ShippingCharge(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for shipping, before promotions."""

    amount_minor: int
    tax_class: str = "standard"
    tax_included: bool = True


class Basket(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be priced, in one currency, for whom and where.

    `exhausted` are the promotions whose usage limit is reached.
    """

    currency: str
    lines: tuple[BasketLine, ...]
    shopper: Shopper = Shopper()
    coupons: tuple[str, ...] = ()
    shipping: ShippingCharge | None = None
    exhausted: frozenset[str] = frozenset()


class Discount(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line's share of what a promotion takes off, in minor units, and the coupon behind it."""

    promotion: str
    amount_minor: int
    coupon: str | None = None


class PricedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line priced: what the book says (None: nothing), what is charged, and what comes of it.

    `total_minor` is what is paid: quantity times the unit price, less the discounts, with its tax.
    """

    list_price_minor: int | None
    price_list: str | None
    unit_price_minor: int
    discounts: tuple[Discount, ...] = ()
    tax_class: str
    tax_included: bool
    tax_rate_ppm: int | None
    net_minor: int
    tax_minor: int
    total_minor: int


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """A promotion that was applied, and what it takes off the basket."""

    promotion: str
    name: str
    coupon: str | None
    amount_minor: int


class NotApplied(msgspec.Struct, frozen=True, kw_only=True):
    """A promotion that was not applied, and why, in a word and in a sentence."""

    promotion: str
    reason: str
    detail: str


class PricedBasket(msgspec.Struct, frozen=True, kw_only=True):
    """A basket priced: its lines in order, its total, and how that came about."""

    lines: tuple[PricedLine, ...]
    shipping: PricedLine | None
    total_minor: int
    promotions: tuple[Applied, ...]
    not_applied: tuple[NotApplied, ...]
    search: Search
    rounding: Rounding
    tax_per: TaxPer
    book_version: int

    @property
    def charges(self) -> Iterator[PricedLine]:
        """The lines, and the shipping charge where there is one."""
        yield from self.lines
        if self.shipping is not None:
            yield self.shipping

    @property
    def tax(self) -> tuple[TaxSummary, ...]:
        """What was taxed at each rate; lines without a rate are in none."""
        return summary(
            (line.tax_rate_ppm, line.net_minor, line.tax_minor)
            for line in self.charges
            if line.tax_rate_ppm is not None
        )
