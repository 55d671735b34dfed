"""What the tests of returns without a receipt share."""

from typing import Any

import httpx

from tests.api.test_approvals import MARIA
from tests.callers import Caller, Retailer

PATH = "/v1/unlinked-returns"
_MARIA = {"staff": "maria", "pin": MARIA}


def without(sku: str, quantity: int = 1, **more: Any) -> dict[str, Any]:
    """Units of a SKU without a receipt, on the wire."""
    return {"sku": sku, "quantity": quantity, "reason": "unwanted", **more}


def no_receipt(customer: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What a customer brings without a receipt, on the wire; a field that is None is left out."""
    body = {"customer": customer, "lines": list(lines), **more}
    return {name: value for name, value in body.items() if value is not None}


async def brought(
    retailer: Retailer,
    customer: str,
    *lines: dict[str, Any],
    till: Caller | None = None,
    **more: Any,
) -> httpx.Response:
    """Bring goods to the till of S1, or another one, with maria's approval unless another is named."""
    body = no_receipt(customer, *lines, **({"approval": _MARIA} | more))
    return await (till or retailer.till).post(PATH, body)
