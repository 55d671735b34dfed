"""Carts: what a customer has put together, in one place for all channels, until it becomes an order."""

from omniretail.carts.cart import (
    LASTS,
    MOST_COUPONS,
    Cart,
    CartClosed,
    CartCurrencyDiffers,
    CartNothingToHold,
    CartNow,
    CartState,
    UnknownCart,
    open_cart,
)
from omniretail.carts.changing import change_carts, edit_carts
from omniretail.carts.closing import Conversion, abandon_expired, convert
from omniretail.carts.commands import (
    CreateCart,
    EditCart,
    HoldCart,
    MergeCarts,
    ReleaseCart,
    ShippingWanted,
)
from omniretail.carts.lines import (
    MOST_LINES,
    CartLine,
    CartTooLarge,
    LineChange,
    LineKind,
    MergeStrategy,
    UnknownCartLine,
    held_by_line,
)
from omniretail.carts.persons import (
    CartMade,
    CartOfPerson,
    carts_made,
    carts_of,
    erase_carts,
    lock_carts_of,
    lock_carts_of_person,
    name_customers_of_carts,
)
from omniretail.carts.prices import CartPrices, CartProblem, price_cart
from omniretail.carts.queries import cart_timeline, find_cart, list_carts
from omniretail.carts.store import lock_carts

__all__ = [
    "LASTS",
    "MOST_COUPONS",
    "MOST_LINES",
    "Cart",
    "CartClosed",
    "CartCurrencyDiffers",
    "CartLine",
    "CartMade",
    "CartNothingToHold",
    "CartNow",
    "CartOfPerson",
    "CartPrices",
    "CartProblem",
    "CartState",
    "CartTooLarge",
    "Conversion",
    "CreateCart",
    "EditCart",
    "HoldCart",
    "LineChange",
    "LineKind",
    "MergeCarts",
    "MergeStrategy",
    "ReleaseCart",
    "ShippingWanted",
    "UnknownCart",
    "UnknownCartLine",
    "abandon_expired",
    "cart_timeline",
    "carts_made",
    "carts_of",
    "change_carts",
    "convert",
    "edit_carts",
    "erase_carts",
    "find_cart",
    "held_by_line",
    "list_carts",
    "lock_carts",
    "lock_carts_of",
    "lock_carts_of_person",
    "name_customers_of_carts",
    "open_cart",
    "price_cart",
]
