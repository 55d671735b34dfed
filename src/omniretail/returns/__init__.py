"""Returns: goods that come back anywhere, and what becomes of them and of their money."""

from omniretail.returns.policies import find_return_policy, put_return_policy, return_policies
from omniretail.returns.policy import (
    MOST_CATEGORIES,
    MOST_DAYS,
    MOST_UNLINKED,
    REFUND_METHODS,
    TENDER_TYPES,
    Approval,
    OutsideReturnWindow,
    RefundBy,
    ReturnPolicy,
    window_end,
    window_refusal,
)
from omniretail.returns.refunding import RefundMethodNotAllowed, pay_backs

__all__ = [
    "MOST_CATEGORIES",
    "MOST_DAYS",
    "MOST_UNLINKED",
    "REFUND_METHODS",
    "TENDER_TYPES",
    "Approval",
    "OutsideReturnWindow",
    "RefundBy",
    "RefundMethodNotAllowed",
    "ReturnPolicy",
    "find_return_policy",
    "pay_backs",
    "put_return_policy",
    "return_policies",
    "window_end",
    "window_refusal",
]
