"""Pricing: price lists, the book they make, and `price()`, which decides every price."""

from omniretail.pricing.book import (
    AmountTooLarge,
    Basket,
    BasketLine,
    Book,
    PricedBasket,
    PricedLine,
    PriceMissing,
    price,
)
from omniretail.pricing.operations import (
    CurrencyTaken,
    NewPrice,
    OtherCurrency,
    PriceListSpec,
    put_price_list,
    set_prices,
)
from omniretail.pricing.queries import (
    BookKeeper,
    UnknownPriceList,
    list_price_lists,
    prices_of_sku,
)

__all__ = [
    "AmountTooLarge",
    "Basket",
    "BasketLine",
    "Book",
    "BookKeeper",
    "CurrencyTaken",
    "NewPrice",
    "OtherCurrency",
    "PriceListSpec",
    "PriceMissing",
    "PricedBasket",
    "PricedLine",
    "UnknownPriceList",
    "list_price_lists",
    "price",
    "prices_of_sku",
    "put_price_list",
    "set_prices",
]
