"""The price book and `price()`: a pure function over an immutable snapshot. No I/O, clock, floats."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from omniretail.errors import DomainError, Refused
from omniretail.money import MOST_MINOR


class PriceMissing(Refused):
    """The SKU has no price in this currency at this time."""

    def __init__(self, *, sku: str, currency: str) -> None:
        super().__init__(f"{sku} has no price in {currency}.", sku=sku, currency=currency)


class AmountTooLarge(Refused):
    """The amount is larger than the books can hold."""

    def __init__(self) -> None:
        super().__init__(f"A total would exceed {MOST_MINOR} minor units.")


class PriceFrom(msgspec.Struct, frozen=True):
    """A price in minor units from a moment on; None ends the sale."""

    valid_from: datetime
    amount_minor: int | None


class Book(msgspec.Struct, frozen=True):
    """Every price as of one version, by (currency, SKU), each in the order of time."""

    version: int
    prices: Mapping[tuple[str, str], tuple[PriceFrom, ...]]

    def unit_price_minor(self, *, sku: str, currency: str, at: datetime) -> int | None:
        """Return what one unit costs at a moment, or None where it is not for sale."""
        steps = self.prices.get((currency, sku), ())
        if len(steps) == 1:
            return steps[0].amount_minor if steps[0].valid_from <= at else None
        position = bisect_right(steps, at, key=lambda step: step.valid_from)
        return steps[position - 1].amount_minor if position else None

    def with_changes(
        self, version: int, changes: Sequence[tuple[str, str, datetime, int | None]]
    ) -> "Book":
        """Return the book of a later version, in which (currency, SKU, from, amount) hold as well."""
        prices = dict(self.prices)
        changed: dict[tuple[str, str], dict[datetime, int | None]] = {}
        for currency, sku, valid_from, amount_minor in changes:
            changed.setdefault((currency, sku), {})[valid_from] = amount_minor
        for key, steps in changed.items():
            merged = {step.valid_from: step.amount_minor for step in prices.get(key, ())} | steps
            prices[key] = tuple(PriceFrom(moment, merged[moment]) for moment in sorted(merged))
        return Book(version, prices)


class BasketLine(msgspec.Struct, frozen=True):
    """A wish: so many of a SKU; `own_price_minor` replaces the book's price, where permitted."""

    sku: str
    quantity: int
    own_price_minor: int | None = None


class Basket(msgspec.Struct, frozen=True):
    """What is to be priced, in one currency."""

    currency: str
    lines: tuple[BasketLine, ...]


class PricedLine(msgspec.Struct, frozen=True):
    """One line priced: what the book says (None: nothing), what is charged, and the line's total."""

    list_price_minor: int | None
    unit_price_minor: int
    total_minor: int


class PricedBasket(msgspec.Struct, frozen=True):
    """A basket priced: its lines in order, their total, and the book's version."""

    lines: tuple[PricedLine, ...]
    total_minor: int
    book_version: int


def price(book: Book, basket: Basket, at: datetime) -> PricedBasket | DomainError:
    """Price a basket at a moment.

    Outcomes: the priced basket; PriceMissing for the first SKU without a price; AmountTooLarge.
    """
    lines: list[PricedLine] = []
    total_minor = 0
    for line in basket.lines:
        listed = book.unit_price_minor(sku=line.sku, currency=basket.currency, at=at)
        charged = listed if line.own_price_minor is None else line.own_price_minor
        if charged is None:
            return PriceMissing(sku=line.sku, currency=basket.currency)
        lines.append(PricedLine(listed, charged, charged * line.quantity))
        total_minor += charged * line.quantity
    if total_minor > MOST_MINOR:
        return AmountTooLarge()
    return PricedBasket(tuple(lines), total_minor, book.version)
