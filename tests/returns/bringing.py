"""What the tests of returns share: sales, and bringing goods of them back."""

from typing import Any

import httpx

from tests.callers import Caller, Retailer, euro, line, order, served
from tests.orders.buying import HOME


def back(sale: dict[str, Any], *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A return on the wire."""
    return {"order": sale["id"], "lines": list(lines), **more}


def units(number: int, quantity: int = 1, **dispositions: int) -> dict[str, Any]:
    """Units of an order's line on the wire, and what becomes of them."""
    graded = [
        {"disposition": disposition, "quantity": of} for disposition, of in dispositions.items()
    ]
    return {"line": number, "quantity": quantity, "reason": "too_small", "dispositions": graded}


async def taken(answer: httpx.Response, status: int = 201) -> dict[str, Any]:
    """Return what was answered, which must have worked."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


def came(*lines: tuple[int, dict[str, int]], at: str | None = None) -> dict[str, Any]:
    """A receipt on the wire: what came back of each line of a return, and where."""
    graded = [
        {
            "line": number,
            "dispositions": [
                {"disposition": disposition, "quantity": of} for disposition, of in of_line.items()
            ],
        }
        for number, of_line in lines
    ]
    return {"lines": graded} | ({} if at is None else {"location": at})


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the code of a refusal."""
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def carried_out(
    retailer: Retailer, *lines: dict[str, Any], paid: int, by: str = "cash", **more: Any
) -> dict[str, Any]:
    """Sell over the counter of S1."""
    body = order(served("carry_out", None, *lines), paid=paid, by=by) | more
    return await taken(await retailer.till.post("/v1/orders", body))


async def shipped(
    retailer: Retailer, *lines: dict[str, Any], paid: int, **more: Any
) -> dict[str, Any]:
    """Sell on the web, and ship all of it from the warehouse."""
    body = order(served("ship", "WH", *lines), paid=paid) | {"ship_to": HOME} | more
    sale = await taken(await retailer.web.post("/v1/orders", body))
    for part in sale["fulfillments"]:
        assert (await retailer.office.leave(part)).is_success
    return sale


async def till_at(retailer: Retailer, location: str) -> Caller:
    """A till in another store."""
    return await retailer.caller(
        f"till-{location}", "terminal", channel="pos", locations=frozenset({location})
    )


async def sale_now(retailer: Retailer, sale: dict[str, Any]) -> dict[str, Any]:
    """The order as it stands."""
    return await taken(await retailer.office.get(f"/v1/orders/{sale['id']}"), 200)


__all__ = [
    "back",
    "came",
    "carried_out",
    "euro",
    "line",
    "refused",
    "sale_now",
    "shipped",
    "taken",
    "till_at",
    "units",
]
