"""Orders: placing, fulfilling and cancelling them, for every channel through the same door."""

from omniretail.orders.changing import (
    AdjustPrices,
    Cancel,
    Fulfill,
    PriceNotLower,
    QuantityNotOpen,
    TransitionRefused,
    UnknownFulfillment,
    UnknownOrder,
    change,
)
from omniretail.orders.charge import TendersMismatch
from omniretail.orders.order import (
    Fulfillment,
    FulfillmentKind,
    FulfillmentState,
    Order,
    OrderLine,
    Tender,
    TenderType,
)
from omniretail.orders.placing import place
from omniretail.orders.queries import (
    OpenLine,
    QueuedFulfillment,
    find_order,
    list_fulfillments,
    list_orders,
    open_lines,
    order_timeline,
)
from omniretail.orders.wishes import (
    CouponGiven,
    FulfillmentWish,
    LineWish,
    PlaceOrder,
    ShippingAsked,
    TenderGiven,
)

__all__ = [
    "AdjustPrices",
    "Cancel",
    "CouponGiven",
    "Fulfill",
    "Fulfillment",
    "FulfillmentKind",
    "FulfillmentState",
    "FulfillmentWish",
    "LineWish",
    "OpenLine",
    "Order",
    "OrderLine",
    "PlaceOrder",
    "PriceNotLower",
    "QuantityNotOpen",
    "QueuedFulfillment",
    "ShippingAsked",
    "Tender",
    "TenderGiven",
    "TenderType",
    "TendersMismatch",
    "TransitionRefused",
    "UnknownFulfillment",
    "UnknownOrder",
    "change",
    "find_order",
    "list_fulfillments",
    "list_orders",
    "open_lines",
    "order_timeline",
    "place",
]
