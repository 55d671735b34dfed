"""Orders: placing, fulfilling and cancelling them, for every channel through the same door."""

from omniretail.orders.changing import (
    Cancel,
    Fulfill,
    QuantityNotOpen,
    TransitionRefused,
    UnknownFulfillment,
    UnknownOrder,
    change,
)
from omniretail.orders.order import (
    Fulfillment,
    FulfillmentKind,
    FulfillmentState,
    Order,
    OrderLine,
    Tender,
    TenderType,
)
from omniretail.orders.placing import (
    FulfillmentWish,
    LineWish,
    PlaceOrder,
    TenderGiven,
    TendersMismatch,
    place,
)
from omniretail.orders.queries import (
    OpenLine,
    QueuedFulfillment,
    find_order,
    list_fulfillments,
    list_orders,
    open_lines,
    order_timeline,
)

__all__ = [
    "Cancel",
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
    "QuantityNotOpen",
    "QueuedFulfillment",
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
