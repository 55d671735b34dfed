"""What the tests of profiles share: customers, and what they did in the channels."""

from typing import Any

import httpx

from tests.callers import Caller, Retailer, line, order, served
from tests.orders.buying import HOME


async def taken(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """Return what was answered, which must have worked."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the code of a refusal."""
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def customer(retailer: Retailer, *, known: str, **profile: Any) -> dict[str, Any]:
    """Make a customer who is known by an external id and an e-mail address."""
    identities = [
        {"kind": "external_id", "value": known},
        {"kind": "email", "value": f"{known}@example.com"},
    ]
    body = {"identities": identities, **profile}
    return await taken(await retailer.office.post("/v1/customers", body), 201)


async def bought(
    retailer: Retailer, named: str, *, paid: int = 2000, **more: Any
) -> dict[str, Any]:
    """Sell one A over the counter of S1."""
    body = order(served("carry_out", None, line("A", paid // 2000)), paid=paid, by="cash")
    answer = await retailer.till.post("/v1/orders", body | {"customer": named} | more)
    return await taken(answer, 201)


async def ordered(retailer: Retailer, named: str, **more: Any) -> dict[str, Any]:
    """Order one A on the web, to be shipped from the warehouse."""
    body = order(served("ship", "WH", line("A", 1)), paid=2000) | {"ship_to": HOME}
    answer = await retailer.web.post("/v1/orders", body | {"customer": named} | more)
    return await taken(answer, 201)


async def shipped(retailer: Retailer, sale: dict[str, Any], **more: Any) -> None:
    """Ship all of an order."""
    for part in sale["fulfillments"]:
        await taken(await retailer.office.leave(part, **more))


async def timeline(caller: Caller, who: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    """All that happened with a customer, the latest first, read page by page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await taken(
            await caller.get(f"/v1/customers/{who['id']}/timeline", **query, **cursor)
        )
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


async def merged(
    retailer: Retailer, target: dict[str, Any], source: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """Merge one customer into another."""
    path = f"/v1/customers/{target['id']}/merge"
    return await taken(await retailer.office.post(path, {"source": source["id"], **more}))


async def undone(retailer: Retailer, merge: dict[str, Any]) -> dict[str, Any]:
    """Undo a merge."""
    path = f"/v1/customers/merges/{merge['id']}/undoing"
    return await taken(await retailer.office.post(path, {}))


async def erased(retailer: Retailer, who: dict[str, Any]) -> dict[str, Any]:
    """Erase a customer. Earlier writes, repeated, are known still, and answer without the person."""
    path = f"/v1/customers/{who['id']}/erasure"
    answer = await taken(await retailer.office.post(path, {"reason": "customer_request"}))
    for caller in retailer.callers.values():
        caller.written = [
            (path, body, key, await again(caller, path, body, key))
            for path, body, key, _ in caller.written
        ]
    return answer


async def again(caller: Caller, path: str, body: Any, key: str) -> Any:
    """Return what a write answers that is repeated with its key."""
    answer = await caller.send("POST", path, json=body, headers={"Idempotency-Key": key})
    assert answer.is_success, answer.text
    assert answer.headers["idempotency-replayed"] == "true"
    return answer.json()


async def named_in(retailer: Retailer, sale: dict[str, Any]) -> str:
    """Whom an order names."""
    found = await taken(await retailer.office.get(f"/v1/orders/{sale['id']}"))
    named: str = found["customer"]
    return named


def numbers(items: list[dict[str, Any]], kind: str) -> list[str]:
    """The numbers of the documents of one kind in a timeline."""
    return [item["document"]["number"] for item in items if item["kind"] == kind]


async def standing(retailer: Retailer, who: dict[str, Any]) -> dict[str, Any]:
    """The customer as it stands."""
    return await taken(await retailer.office.get(f"/v1/customers/{who['id']}"))
