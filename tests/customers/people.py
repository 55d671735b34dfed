"""People as tests tell of them: made over HTTP, known by this and that."""

from typing import Any

import httpx

from tests.callers import Caller

PATH = "/v1/customers"


def email(value: str) -> dict[str, Any]:
    """An e-mail address on the wire."""
    return {"kind": "email", "value": value}


def phone(value: str, region: str | None = None) -> dict[str, Any]:
    """A phone number on the wire."""
    return {"kind": "phone", "value": value} | ({"region": region} if region else {})


def card(value: str) -> dict[str, Any]:
    """A loyalty card on the wire."""
    return {"kind": "loyalty_card", "value": value}


def external(value: str) -> dict[str, Any]:
    """An id of another system on the wire."""
    return {"kind": "external_id", "value": value}


async def made(caller: Caller, *identities: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Make a customer who is known by some things."""
    answer = await caller.post(PATH, {"identities": list(identities), **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def read(caller: Caller, customer: dict[str, Any]) -> dict[str, Any]:
    """Read a customer anew."""
    answer = await caller.get(f"{PATH}/{customer['id']}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == f'"{answer.json()["version"]}"'
    found: dict[str, Any] = answer.json()
    return found


async def found(caller: Caller, **wanted: Any) -> list[str]:
    """The ids of those whom a search finds."""
    answer = await caller.ask(f"{PATH}/searches", wanted)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


async def told(caller: Caller, customer: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What happened to a customer, first to last."""
    answer = await caller.get(f"{PATH}/{customer['id']}/timeline")
    assert answer.status_code == 200, answer.text
    return [(event["type"], event["data"]) for event in reversed(answer.json()["items"])]


def values(customer: dict[str, Any]) -> list[tuple[str, str]]:
    """By what a customer is known."""
    return [(one["kind"], one["value"]) for one in customer["identities"]]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """The status and the code of a refusal."""
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")
