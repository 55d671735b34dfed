"""Every state of a return, and what each step makes of it: one table, written by hand."""

from typing import Any

import httpx
import pytest

from tests.callers import Retailer, line
from tests.returns.bringing import back, came, refused, shipped, taken, units

# What makes a return of two units, step by step, and how far it is then.
WAYS: dict[str, tuple[str, ...]] = {
    "requested": (),
    "approved": ("approval",),
    "received in part": ("approval", "receipt of one"),
    "received": ("approval", "receipt"),
    "refunded in part": ("approval", "receipt", "refund of one"),
    "refunded": ("approval", "receipt", "refund"),
    "cancelled": ("cancellation",),
}
BEFORE = {
    "requested": ("requested", "none", "none"),
    "approved": ("approved", "none", "none"),
    "received in part": ("received", "part", "none"),
    "received": ("received", "full", "none"),
    "refunded in part": ("received", "full", "part"),
    "refunded": ("refunded", "full", "full"),
    "cancelled": ("cancelled", "none", "none"),
}
STATE, MORE, NOTHING, TAKEN = (
    *("return_state_refused", "more_than_returned"),
    *("nothing_to_pay_back", "already_returned"),
)
# (state, goods, money) after the step; or why not. A receipt and a refund are of all that is left; a
# grading is of one unit that came back; "again" is another return of the same two units.
TABLE: dict[str, dict[str, tuple[str, str, str] | str]] = {
    "requested": {
        "approval": ("approved", "none", "none"),
        "receipt": STATE,
        "refund": STATE,
        "cancellation": ("cancelled", "none", "none"),
        "grading": MORE,
        "again": TAKEN,
    },
    "approved": {
        "approval": STATE,
        "receipt": ("received", "full", "none"),
        "refund": NOTHING,
        "cancellation": ("cancelled", "none", "none"),
        "grading": MORE,
        "again": TAKEN,
    },
    "received in part": {
        "approval": STATE,
        "receipt": MORE,
        "refund": ("received", "part", "part"),
        # The unit that did not come is let go; the one that came is all of it now.
        "cancellation": ("received", "full", "none"),
        "grading": ("received", "part", "none"),
        "again": TAKEN,
    },
    "received": {
        "approval": STATE,
        "receipt": MORE,
        "refund": ("refunded", "full", "full"),
        "cancellation": STATE,
        "grading": ("received", "full", "none"),
        "again": TAKEN,
    },
    "refunded in part": {
        "approval": STATE,
        "receipt": MORE,
        "refund": ("refunded", "full", "full"),
        "cancellation": STATE,
        "grading": ("received", "full", "part"),
        "again": TAKEN,
    },
    "refunded": {
        "approval": STATE,
        "receipt": STATE,
        "refund": STATE,
        "cancellation": STATE,
        # Goods may still turn out to be another thing than they seemed.
        "grading": ("refunded", "full", "full"),
        "again": TAKEN,
    },
    "cancelled": {
        "approval": STATE,
        "receipt": STATE,
        "refund": STATE,
        "cancellation": STATE,
        "grading": MORE,
        "again": ("requested", "none", "none"),
    },
}
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "approval": ("approval", {}),
    "receipt": ("receipt", came((1, {"sellable": 2}), at="WH")),
    "receipt of one": ("receipt", came((1, {"sellable": 1}), at="WH")),
    "refund": ("refund", {}),
    "refund of one": ("refund", {"lines": [{"line": 1, "quantity": 1}]}),
    "cancellation": ("cancellation", {"reason": "kept after all"}),
    "grading": (
        "dispositions",
        {
            "line": 1,
            "quantity": 1,
            "from_disposition": "sellable",
            "to_disposition": "damaged",
        },
    ),
}


async def step(retailer: Retailer, made: dict[str, Any], name: str) -> httpx.Response:
    if name == "again":
        return await retailer.web.post("/v1/returns", back({"id": made["order_id"]}, units(1, 2)))
    path, body = BODIES[name]
    return await retailer.office.post(f"/v1/returns/{made['id']}/{path}", body)


def seen(made: dict[str, Any]) -> tuple[str, str, str]:
    return made["state"], made["receipt_status"], made["refund_status"]


def test_the_table_is_whole() -> None:
    assert set(TABLE) == set(WAYS) == set(BEFORE)
    steps = set(BODIES) - {"receipt of one", "refund of one"} | {"again"}
    assert {frozenset(row) for row in TABLE.values()} == {frozenset(steps)}


@pytest.mark.parametrize("state", TABLE)
async def test_every_step_from_every_state(retailer: Retailer, state: str) -> None:
    """Each is tried on a return of its own; what is refused leaves the return as it was."""
    found: dict[str, tuple[str, str, str] | str] = {}
    await retailer.receive("A", WH=2 * len(TABLE[state]))
    for name in TABLE[state]:
        sale = await shipped(retailer, line("A", 2), paid=4000)
        made = await taken(await retailer.web.post("/v1/returns", back(sale, units(1, 2))))
        for before in WAYS[state]:
            made = await taken(await step(retailer, made, before), 200)
        assert seen(made) == BEFORE[state]

        answer = await step(retailer, made, name)

        if answer.is_success:
            found[name] = seen(answer.json())
            continue
        status, found[name] = refused(answer)
        assert status == 409
        path = f"/v1/returns/{made['id']}"
        assert (await retailer.office.get(path)).json() == made
    assert found == TABLE[state]
