"""What the tests of checkouts share: a cart, its payments, and what the provider tells of them."""

from typing import Any

import httpx

from omniretail import clock
from omniretail.payments.signatures import sign
from tests.callers import Caller, euro
from tests.live import SANDBOX_SECRET

HOME = {
    "name": "Ann Lee",
    "street": "Torstr. 1",
    "city": "Berlin",
    "postal_code": "10119",
    "country": "DE",
    "latitude": 52.52,
    "longitude": 13.4,
}


def carted(cart: dict[str, Any], *paid: tuple[dict[str, Any], int]) -> dict[str, Any]:
    """An order of a cart on the wire, paid by authorizations of so many cents."""
    return {
        "cart": cart["id"],
        "tenders": [
            {"type": "card", "amount": euro(amount), "payment": payment["id"]}
            for payment, amount in paid
        ],
    }


async def authorized(
    caller: Caller, cart: dict[str, Any], amount: int, method: str = "ok", **more: Any
) -> dict[str, Any]:
    """Ask for an amount to be set aside for a cart, and return the payment, whatever became of it."""
    # Not with the writes that are repeated: a payment that is pending is answered anew.
    answer = await caller.send(
        "POST",
        "/v1/payments",
        json={"type": "card", "amount": euro(amount), "method": method, "cart": cart["id"], **more},
        headers={"Idempotency-Key": f"{cart['id']}-{method}-{amount}"},
    )
    assert answer.status_code == 201, answer.text
    payment: dict[str, Any] = answer.json()
    return payment


async def told(
    http: httpx.AsyncClient, payment: dict[str, Any], decline_code: str | None = None
) -> httpx.Response:
    """Tell what became of a payment, as the provider would by itself."""
    code = "null" if decline_code is None else f'"{decline_code}"'
    body = f'{{"payment_id":"{payment["id"]}","decline_code":{code}}}'.encode()
    signature = sign(SANDBOX_SECRET, body, at=clock.now())
    headers = {"Sandbox-Signature": signature, "Content-Type": "application/json"}
    return await http.post("/v1/payment-callbacks/sandbox", content=body, headers=headers)


async def found(caller: Caller, payment: dict[str, Any]) -> dict[str, Any]:
    """Return a payment as it stands."""
    answer = await caller.get(f"/v1/payments/{payment['id']}")
    assert answer.status_code == 200, answer.text
    seen: dict[str, Any] = answer.json()
    return seen


async def orders(caller: Caller) -> list[dict[str, Any]]:
    """Return all orders that a caller may see, the latest first."""
    answer = await caller.get("/v1/orders", limit=200)
    listed: list[dict[str, Any]] = answer.json()["items"]
    return listed
