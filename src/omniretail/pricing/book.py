"""The price book: an immutable snapshot of all that decides prices, and how to look things up. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache

import msgspec

from omniretail.money import Rounding, exponent
from omniretail.pricing.basket import BasketLine
from omniretail.pricing.lists import Listed, PriceFrom, PriceList, Shopper, price_at
from omniretail.pricing.promotion import Coupon, Promotion
from omniretail.pricing.tax import RateFrom, TaxPer


class Currency(msgspec.Struct, frozen=True, kw_only=True):
    """How the retailer keeps a currency: its minor units, its smallest coin, how its taxes round."""

    code: str
    exponent: int
    cash_step_minor: int = 1
    rounding: Rounding = "half_up"
    tax_per: TaxPer = "line"


class PriceChange(msgspec.Struct, frozen=True):
    """A price of a list, new or replaced."""

    price_list: str
    sku: str
    step: PriceFrom


class TaxRate(msgspec.Struct, frozen=True, kw_only=True):
    """A rate in parts per million of a class of goods in a region from a moment on.

    A rate without a region is that of every region that has none of its own.
    """

    tax_class: str
    region: str = ""
    valid_from: datetime
    rate_ppm: int


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What became new between two versions of the book."""

    lists: Sequence[PriceList] = ()
    prices: Sequence[PriceChange] = ()
    promotions: Sequence[Promotion] = ()
    coupons: Sequence[Coupon] = ()
    tax_rates: Sequence[TaxRate] = ()
    currencies: Sequence[Currency] = ()


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """Everything as of one version. Whoever has it can price a basket without asking anybody."""

    version: int = 0
    lists: Mapping[str, PriceList] = {}
    prices: Mapping[tuple[str, str], tuple[PriceFrom, ...]] = {}
    promotions: Mapping[str, Promotion] = {}
    coupons: Mapping[str, Coupon] = {}
    tax_rates: Mapping[tuple[str, str], tuple[RateFrom, ...]] = {}
    currencies: Mapping[str, Currency] = {}
    ranked: Mapping[str, tuple[PriceList, ...]] = {}
    """The lists of each currency, the one that decides first in front."""
    by_sku: Mapping[str, tuple[Promotion, ...]] = {}
    by_category: Mapping[str, tuple[Promotion, ...]] = {}
    general: tuple[Promotion, ...] = ()
    """The promotions that name a SKU, a category, or neither."""
    limited: tuple[Promotion, ...] = ()
    """The promotions whose uses are counted."""

    def with_changes(self, version: int, changes: Changes) -> "Book":
        """Return the book of a later version, in which the changes hold as well."""
        lists = {**self.lists, **{item.code: item for item in changes.lists}}
        promotions = {**self.promotions, **{item.code: item for item in changes.promotions}}
        by_sku, by_category, general = (
            _filed(promotions.values())
            if changes.promotions
            else (self.by_sku, self.by_category, self.general)
        )
        return Book(
            version=version,
            lists=lists,
            prices=_with_prices(self.prices, changes.prices) if changes.prices else self.prices,
            promotions=promotions,
            coupons={**self.coupons, **{item.code: item for item in changes.coupons}},
            tax_rates=_with_rates(self.tax_rates, changes.tax_rates),
            currencies={**self.currencies, **{item.code: item for item in changes.currencies}},
            ranked=_ranked(lists.values()) if changes.lists else self.ranked,
            by_sku=by_sku,
            by_category=by_category,
            general=general,
            limited=tuple(
                item
                for item in promotions.values()
                if item.status == "active" and item.usage_limit is not None
            ),
        )

    def coupon(self, code: str, at: datetime) -> Coupon | None:
        """Return a coupon where it, and the promotion that it unlocks, are in force at a moment."""
        coupon = self.coupons.get(code)
        promotion = None if coupon is None else self.promotions.get(coupon.promotion)
        if promotion is None or not promotion.holds_at(at):
            return None
        return coupon if coupon is not None and coupon.holds_at(at) else None

    def lists_for(self, currency: str, shopper: Shopper, at: datetime) -> list[PriceList]:
        """Return the lists in force for a shopper, the one that decides first in front."""
        return [
            item
            for item in self.ranked.get(currency, ())
            if item.holds_at(at) and shopper.within(item.scope)
        ]

    def listed(
        self, sku: str, quantity: int, at: datetime, lists: Iterable[PriceList]
    ) -> Listed | None:
        """Return what one of so many units costs by `lists_for`, or None where it is not for sale.

        Of lists of equal rank the lowest price decides, then the list's code.
        """
        best: Listed | None = None
        for item in lists:
            if best is not None and item.rank != best.price_list.rank:
                break
            steps = self.prices.get((item.code, sku))
            step = price_at(steps, at) if steps else None
            amount_minor = step.for_quantity(quantity) if step else None
            if amount_minor is not None and (best is None or amount_minor < best.amount_minor):
                best = Listed(amount_minor, item)
        return best

    def rate_ppm(self, tax_class: str, region: str | None, at: datetime) -> int | None:
        """Return the tax rate of a class in a region at a moment, or None where there is none."""
        for name in (region, ""):
            rates = self.tax_rates.get((tax_class, name)) if name is not None else None
            for rate in reversed(rates or ()):
                if rate.valid_from <= at:
                    return rate.rate_ppm
        return None

    def currency(self, code: str) -> Currency:
        """Return how the retailer keeps a currency; where that was not said, as ISO 4217 has it."""
        return self.currencies.get(code) or _of_iso(code)

    def may_promote(self, lines: Iterable[BasketLine]) -> bool:
        """Tell whether there is any promotion that could work on some of the lines."""
        return bool(self.general) or any(
            line.sku in self.by_sku
            or any(category in self.by_category for category in line.categories)
            for line in lines
        )

    def promotions_of(self, sku: str, categories: frozenset[str]) -> Iterator[Promotion]:
        """Return the promotions that name a SKU or one of its categories, each once."""
        named = self.by_sku.get(sku, ())
        yield from named
        seen = {promotion.code for promotion in named}
        for category in categories:
            for promotion in self.by_category.get(category, ()):
                if promotion.code not in seen:
                    seen.add(promotion.code)
                    yield promotion


@cache
def _of_iso(code: str) -> Currency:
    return Currency(code=code, exponent=exponent(code))


def _with_prices(
    before: Mapping[tuple[str, str], tuple[PriceFrom, ...]], changes: Sequence[PriceChange]
) -> dict[tuple[str, str], tuple[PriceFrom, ...]]:
    prices = dict(before)
    changed: dict[tuple[str, str], dict[datetime, PriceFrom]] = {}
    for change in changes:
        steps = changed.setdefault((change.price_list, change.sku), {})
        steps[change.step.valid_from] = change.step
    for key, fresh in changed.items():
        steps = {step.valid_from: step for step in prices[key]} | fresh if key in prices else fresh
        prices[key] = tuple(steps[moment] for moment in sorted(steps))
    return prices


def _with_rates(
    before: Mapping[tuple[str, str], tuple[RateFrom, ...]], changes: Sequence[TaxRate]
) -> dict[tuple[str, str], tuple[RateFrom, ...]]:
    rates = dict(before)
    for change in changes:
        key = (change.tax_class, change.region)
        others = [rate for rate in rates.get(key, ()) if rate.valid_from != change.valid_from]
        others.append(RateFrom(change.valid_from, change.rate_ppm))
        rates[key] = tuple(sorted(others, key=lambda rate: rate.valid_from))
    return rates


def _ranked(lists: Iterable[PriceList]) -> dict[str, tuple[PriceList, ...]]:
    ranked: dict[str, list[PriceList]] = {}
    for item in sorted(lists, key=lambda item: (-item.rank[0], -item.rank[1], item.code)):
        ranked.setdefault(item.currency, []).append(item)
    return {currency: tuple(items) for currency, items in ranked.items()}


def _filed(
    promotions: Iterable[Promotion],
) -> tuple[
    dict[str, tuple[Promotion, ...]], dict[str, tuple[Promotion, ...]], tuple[Promotion, ...]
]:
    by_sku: dict[str, list[Promotion]] = {}
    by_category: dict[str, list[Promotion]] = {}
    general: list[Promotion] = []
    for promotion in promotions:
        if promotion.status != "active":
            continue
        for sku in promotion.skus:
            by_sku.setdefault(sku, []).append(promotion)
        for category in promotion.categories:
            by_category.setdefault(category, []).append(promotion)
        if not (promotion.skus or promotion.categories):
            general.append(promotion)
    return (
        {sku: tuple(found) for sku, found in by_sku.items()},
        {category: tuple(found) for category, found in by_category.items()},
        tuple(general),
    )
