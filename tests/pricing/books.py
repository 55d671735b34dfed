"""Books and baskets made in memory, to price without a database."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from omniretail.pricing import (
    Basket,
    BasketLine,
    Book,
    Changes,
    Coupon,
    Currency,
    PriceChange,
    PricedBasket,
    PriceFrom,
    PriceList,
    Promotion,
    Shopper,
    TaxRate,
    price,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=365)
VAT_20 = {"standard": 200_000}


def shelf(
    prices: Mapping[str, int],
    *promotions: Promotion,
    currency: str = "EUR",
    tax_included: bool = True,
    rates: Mapping[str, int] | None = None,
    coupons: Iterable[Coupon] = (),
    kept: Currency | None = None,
    lists: Iterable[PriceList] = (),
    listed: Iterable[PriceChange] = (),
) -> Book:
    """A book of one list, `retail`, for everybody; `lists` and what is `listed` in them come beside it."""
    retail = PriceList(code="retail", name="Retail", currency=currency, tax_included=tax_included)
    return Book().with_changes(
        1,
        Changes(
            lists=[retail, *lists],
            prices=[
                *(
                    PriceChange("retail", sku, PriceFrom(LONG_AGO, at))
                    for sku, at in prices.items()
                ),
                *listed,
            ],
            promotions=promotions,
            coupons=list(coupons),
            tax_rates=[
                TaxRate(tax_class=name, valid_from=LONG_AGO, rate_ppm=rate)
                for name, rate in (rates or {}).items()
            ],
            currencies=[] if kept is None else [kept],
        ),
    )


def at_price(price_list: str, sku: str, amount_minor: int, *tiers: tuple[int, int]) -> PriceChange:
    """A price of a list that has been there for long."""
    return PriceChange(price_list, sku, PriceFrom(LONG_AGO, amount_minor, tiers))


def basket(*lines: tuple[str, int] | BasketLine, currency: str = "EUR", **rest: Any) -> Basket:
    """A basket of (SKU, quantity)."""
    return Basket(
        currency=currency,
        lines=tuple(
            line if isinstance(line, BasketLine) else BasketLine(line[0], line[1]) for line in lines
        ),
        **rest,
    )


def offer(code: str, action: Any, *skus: str, **rest: Any) -> Promotion:
    """A promotion on some SKUs, or on all."""
    return Promotion(code=code, name=code, action=action, skus=frozenset(skus), **rest)


def priced(book: Book, what: Basket, at: datetime = NOON, *, explain: bool = False) -> PricedBasket:
    """What a basket costs; it must cost something."""
    found = price(book, what, at, explain=explain)
    assert isinstance(found, PricedBasket), found
    return found


def totals(found: PricedBasket) -> list[int]:
    """What is paid for each line."""
    return [line.total_minor for line in found.lines]


def applied(found: PricedBasket) -> dict[str, int]:
    """What each promotion takes off, in the order in which they were applied."""
    return {one.promotion: one.amount_minor for one in found.promotions}


def reasons(found: PricedBasket) -> dict[str, str]:
    """Why each other promotion was not applied."""
    return {one.promotion: one.reason for one in found.not_applied}


def shopper(**rest: Any) -> Shopper:
    """Somebody who buys somewhere."""
    return Shopper(**rest)
