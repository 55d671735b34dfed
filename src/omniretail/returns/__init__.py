"""Returns: goods that come back anywhere, and what becomes of them and of their money."""

from omniretail.returns.commands import (
    Approve,
    Arrival,
    CancelReturn,
    Grade,
    LineBack,
    OpenReturn,
    PayBack,
    Receive,
    RefundWish,
    ReturnCommand,
)
from omniretail.returns.document import (
    Disposition,
    Override,
    Progress,
    Refund,
    Return,
    ReturnKind,
    ReturnLine,
    ReturnState,
)
from omniretail.returns.operations import change_returns
from omniretail.returns.queries import find_return, list_returns, return_timeline

__all__ = [
    "Approve",
    "Arrival",
    "CancelReturn",
    "Disposition",
    "Grade",
    "LineBack",
    "OpenReturn",
    "Override",
    "PayBack",
    "Progress",
    "Receive",
    "Refund",
    "RefundWish",
    "Return",
    "ReturnCommand",
    "ReturnKind",
    "ReturnLine",
    "ReturnState",
    "change_returns",
    "find_return",
    "list_returns",
    "return_timeline",
]
