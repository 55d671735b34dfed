"""Every kind, state and step, in one table; the machine is held against it, and so are real orders."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from omniretail import catalog, clock, inventory, orders
from omniretail.db import Transaction
from omniretail.errors import DomainError
from omniretail.ids import new_id
from omniretail.orders import machine
from tests.callers import Retailer
from tests.orders.stepping import OFFICE, by, change, placed

# The second bookkeeping: read it as a reviewer, and write it by hand. In the row of a step and the
# column of a state stands the state it leads to; `=` stays as it is; `-` is refused.
TABLE = """
carry_out    alloc pick  pack  ship  deliv trans arriv ready hand  nosho rejec cance
picking      -     -     -     -     -     -     -     -     -     -     -     -
packing      -     -     -     -     -     -     -     -     -     -     -     -
shipment     -     -     -     -     -     -     -     -     -     -     -     -
delivery     -     -     -     -     -     -     -     -     -     -     -     -
arrival      -     -     -     -     -     -     -     -     -     -     -     -
readiness    -     -     -     -     -     -     -     -     -     -     -     -
curbside     -     -     -     -     -     -     -     -     -     -     -     -
collector    -     -     -     -     -     -     -     -     -     -     -     -
deadline     -     -     -     -     -     -     -     -     -     -     -     -
reminder     -     -     -     -     -     -     -     -     -     -     -     -
handover     -     -     -     -     -     -     -     -     -     -     -     -
no_show      -     -     -     -     -     -     -     -     -     -     -     -
rejection    -     -     -     -     -     -     -     -     -     -     -     -
sourcing     -     -     -     -     -     -     -     -     -     -     -     -
cancellation -     -     -     -     -     -     -     -     -     -     -     -
hold         -     -     -     -     -     -     -     -     -     -     -     -

ship         alloc pick  pack  ship  deliv trans arriv ready hand  nosho rejec cance
picking      pick  -     -     -     -     -     -     -     -     -     -     -
packing      pack  pack  -     -     -     -     -     -     -     -     -     -
shipment     ship  ship  ship  -     -     -     -     -     -     -     -     -
delivery     -     -     -     deliv -     -     -     -     -     -     -     -
arrival      -     -     -     -     -     -     -     -     -     -     -     -
readiness    -     -     -     -     -     -     -     -     -     -     -     -
curbside     -     -     -     -     -     -     -     -     -     -     -     -
collector    -     -     -     -     -     -     -     -     -     -     -     -
deadline     -     -     -     -     -     -     -     -     -     -     -     -
reminder     -     -     -     -     -     -     -     -     -     -     -     -
handover     -     -     -     -     -     -     -     -     -     -     -     -
no_show      -     -     -     -     -     -     -     -     -     -     -     -
rejection    rejec rejec rejec -     -     -     -     -     -     -     -     -
sourcing     -     -     -     -     -     -     -     -     -     -     alloc -
cancellation cance cance cance -     -     -     -     -     -     -     cance -
hold         =     =     =     -     -     -     -     -     -     -     =     -

pickup       alloc pick  pack  ship  deliv trans arriv ready hand  nosho rejec cance
picking      pick  -     -     -     -     -     -     -     -     -     -     -
packing      -     -     -     -     -     -     -     -     -     -     -     -
shipment     -     -     -     -     -     -     -     -     -     -     -     -
delivery     -     -     -     -     -     -     -     -     -     -     -     -
arrival      -     -     -     -     -     -     -     -     -     -     -     -
readiness    ready ready -     -     -     -     -     -     -     -     -     -
curbside     -     -     -     -     -     -     -     =     -     -     -     -
collector    =     =     -     -     -     -     -     =     -     -     -     -
deadline     -     -     -     -     -     -     -     =     -     -     -     -
reminder     -     -     -     -     -     -     -     =     -     -     -     -
handover     -     -     -     -     -     -     -     hand  -     -     -     -
no_show      -     -     -     -     -     -     -     nosho -     -     -     -
rejection    rejec rejec -     -     -     -     -     rejec -     -     -     -
sourcing     -     -     -     -     -     -     -     -     -     -     alloc -
cancellation cance cance -     -     -     -     -     cance -     -     cance -
hold         =     =     -     -     -     -     -     =     -     -     =     -

ship_to_store alloc pick pack  ship  deliv trans arriv ready hand  nosho rejec cance
picking      pick  -     -     -     -     -     -     -     -     -     -     -
packing      pack  pack  -     -     -     -     -     -     -     -     -     -
shipment     trans trans trans -     -     -     -     -     -     -     -     -
delivery     -     -     -     -     -     -     -     -     -     -     -     -
arrival      -     -     -     -     -     arriv -     -     -     -     -     -
readiness    -     -     -     -     -     -     ready -     -     -     -     -
curbside     -     -     -     -     -     -     -     =     -     -     -     -
collector    =     =     =     -     -     =     =     =     -     -     -     -
deadline     -     -     -     -     -     -     -     =     -     -     -     -
reminder     -     -     -     -     -     -     -     =     -     -     -     -
handover     -     -     -     -     -     -     -     hand  -     -     -     -
no_show      -     -     -     -     -     -     -     nosho -     -     -     -
rejection    rejec rejec rejec -     -     -     -     -     -     -     -     -
sourcing     -     -     -     -     -     -     -     -     -     -     alloc -
cancellation cance cance cance -     -     -     cance cance -     -     cance -
hold         =     =     =     -     -     -     =     =     -     -     =     -
"""
SHORT = {
    "alloc": "allocated",
    "pick": "picking",
    "pack": "packed",
    "ship": "shipped",
    "deliv": "delivered",
    "trans": "in_transit",
    "arriv": "arrived",
    "ready": "ready",
    "hand": "handed_over",
    "nosho": "no_show",
    "rejec": "rejected",
    "cance": "cancelled",
}
WHILE_HELD = {"cancellation", "hold", "no_show", "collector", "deadline", "curbside"}
"""What goes on while something holds a fulfillment up: it may end, and wait."""

# How a real order comes into each state that its kind can be in.
WALKS: dict[str, dict[str, list[str]]] = {
    "carry_out": {"handed_over": []},
    "ship": {
        "allocated": [],
        "picking": ["picking"],
        "packed": ["packing"],
        "shipped": ["shipment"],
        "delivered": ["shipment", "delivery"],
        "rejected": ["rejection"],
        "cancelled": ["cancellation"],
    },
    "pickup": {
        "allocated": [],
        "picking": ["picking"],
        "ready": ["readiness"],
        "handed_over": ["readiness", "handover"],
        "no_show": ["readiness", "no_show"],
        "rejected": ["rejection"],
        "cancelled": ["cancellation"],
    },
    "ship_to_store": {
        "allocated": [],
        "picking": ["picking"],
        "packed": ["picking", "packing"],
        "in_transit": ["shipment"],
        "arrived": ["shipment", "arrival"],
        "ready": ["shipment", "arrival", "readiness"],
        "handed_over": ["shipment", "arrival", "readiness", "handover"],
        "no_show": ["shipment", "arrival", "readiness", "no_show"],
        "rejected": ["rejection"],
        "cancelled": ["cancellation"],
    },
}
# Nobody rejects or sources by a command of this machine's own.
NOT_DRIVEN = {"rejection", "sourcing"}
ENDED = {
    "shipped": "done",
    "delivered": "done",
    "handed_over": "done",
    "no_show": "cancelled",
    "cancelled": "cancelled",
}
"""What cancelling an order of one fulfillment calls an end."""
CELLS = [("carry_out", "handed_over")] + [
    (kind, state) for kind, walks in WALKS.items() for state in walks if kind != "carry_out"
]


def table() -> dict[tuple[str, str, str], str | None]:
    """Return what (kind, state, step) leads to; None is refused."""
    found: dict[tuple[str, str, str], str | None] = {}
    for block in TABLE.strip().split("\n\n"):
        (kind, *columns), *rows = (row.split() for row in block.splitlines())
        states = [SHORT[column] for column in columns]
        for step, *cells in rows:
            for state, cell in zip(states, cells, strict=True):
                to = {"-": None, "=": state}.get(cell, SHORT.get(cell))
                assert (to is None) == (cell == "-")
                found[kind, state, step] = to
    return found


EXPECTED = table()


def test_the_table_has_every_kind_state_and_step() -> None:
    assert set(EXPECTED) == {
        (kind, state, step)
        for kind in machine.TRANSITIONS
        for state in machine.STATES
        for step in machine.STEPS
    }
    assert len(EXPECTED) == 4 * 12 * 16


@pytest.mark.parametrize("held", [False, True])
def test_the_machine_is_the_table(held: bool) -> None:
    """Every step from every state: the new state, or a refusal that names state and step."""
    found: dict[tuple[str, str, str], str | None] = {}
    for kind, state, step in EXPECTED:
        outcome: Any = machine.after(kind, state, step, held=held)  # type: ignore[arg-type]
        if isinstance(outcome, DomainError):
            assert isinstance(outcome, machine.TransitionRefused)
            why = state if EXPECTED[kind, state, step] is None else "on_hold"
            assert outcome.fields == {"state": f"{kind}, {why}", "step": step}
            outcome = None
        found[kind, state, step] = outcome

    assert found == {
        (kind, state, step): None if held and step not in WHILE_HELD else to
        for (kind, state, step), to in EXPECTED.items()
    }


def test_every_state_that_can_be_reached_is_walked_to() -> None:
    for kind, walks in WALKS.items():
        start = "handed_over" if kind == "carry_out" else "allocated"
        reached, new = {start}, {start}
        while new:
            new = {
                to
                for (of, state, _), to in EXPECTED.items()
                if of == kind and state in new and to is not None
            } - reached
            reached |= new
        assert set(walks) == reached


Order = dict[str, Any]
Told = tuple[int, dict[str, Any]]


async def _post(retailer: Retailer, order: Order, step: str, **body: Any) -> Told:
    path = f"/v1/fulfillments/{order['fulfillments'][0]['id']}/{step}"
    answer = await retailer.office.post(path, body)
    told = answer.json()
    return answer.status_code, told.get("order", told)


async def _cancelled(retailer: Retailer, order: Order) -> Told:
    path = f"/v1/orders/{order['id']}/cancellation"
    answer = await retailer.office.post(path, {"reason": "no longer wanted"})
    return answer.status_code, answer.json()


async def _commanded(retailer: Retailer, order: Order, command: orders.Command) -> Told:
    outcome = await change(retailer, command)
    if isinstance(outcome, DomainError):
        return 409, {"type": f"/problems/{outcome.code}", **outcome.fields}
    return 200, (await retailer.office.get(f"/v1/orders/{order['id']}")).json()


async def _no_show(retailer: Retailer, order: Order) -> Told:
    later = clock.now() + timedelta(days=4)
    number = order["fulfillments"][0]["id"]
    return await _commanded(retailer, order, orders.NoShow(**by(number, later)))


async def _reminder(retailer: Retailer, order: Order) -> Told:
    number = order["fulfillments"][0]["id"]
    return await _commanded(retailer, order, orders.Remind(**by(number, clock.now())))


async def _rejected(retailer: Retailer, order: Order) -> Told:
    """Reject a fulfillment behind the machine's back: what was promised of it is released."""
    part = order["fulfillments"][0]
    now = clock.now()

    async def reject(tx: Transaction) -> None:
        skus, stock = await tx.read(
            catalog.skus_by_code(["A"]), inventory.lock([("A", part["location"])])
        )
        await inventory.survey(tx, stock, skus, inventory.Asked(earliest=now), now=now)
        source = inventory.Source(
            document_type="order",
            document_id=UUID(order["id"]),
            actor_id=OFFICE.id,
            channel="web",
            occurred_at=now,
            idempotency_key="rejected",
        )
        released = inventory.Posting(source, [inventory.released("A", part["location"], 2)])
        assert stock.post(released) is None
        await tx.write(*inventory.write(stock, now=now))
        await tx.execute(
            "update fulfillment set state = 'rejected' where id = $1", UUID(part["id"])
        )
        await tx.execute(
            "insert into rejection values ($1, $2, $3, 1, 'A', null, $4, 2, 'no_variance', false,"
            " $5, $5, $6)",
            *(new_id(), UUID(order["id"]), UUID(part["id"]), part["location"], now, OFFICE.id),
        )

    await retailer.process.database.run(reject)
    return 200, (await retailer.office.get(f"/v1/orders/{order['id']}")).json()


async def _deadline(retailer: Retailer, order: Order) -> Told:
    until = (clock.now() + timedelta(days=9)).isoformat()
    return await _post(retailer, order, "deadline", collect_by=until)


def _posting(step: str, **body: Any) -> Callable[[Retailer, Order], Awaitable[Told]]:
    async def take(retailer: Retailer, order: Order) -> Told:
        return await _post(retailer, order, step, **body)

    return take


TAKEN: dict[str, Callable[[Retailer, Order], Awaitable[Told]]] = {
    **{
        name: _posting(name)
        for name in (
            *("picking", "packing", "shipment", "delivery", "arrival", "readiness"),
            "curbside",
        )
    },
    "collector": _posting("collector", name="Bo"),
    "handover": _posting("handover", name="Ann", signature_reference="s-1"),
    "hold": _posting("hold", reason="fraud_review"),
    "deadline": _deadline,
    "cancellation": _cancelled,
    "no_show": _no_show,
    "reminder": _reminder,
    "rejection": _rejected,
}


async def walked(retailer: Retailer, kind: str, state: str) -> Order:
    """Return a new order whose fulfillment has come into a state."""
    order = await placed(retailer, kind)
    for step in WALKS[kind][state]:
        status, order = await TAKEN[step](retailer, order)
        assert status == 200, (kind, state, step, order)
    found: Order = (await retailer.office.get(f"/v1/orders/{order['id']}")).json()
    assert (found["fulfillments"][0]["kind"], found["fulfillments"][0]["state"]) == (kind, state)
    return found


@pytest.mark.parametrize(("kind", "state"), CELLS)
async def test_what_the_table_refuses_changes_nothing(
    retailer: Retailer, kind: str, state: str
) -> None:
    """Given an order in a state, when each step that it refuses is tried, then it says so, no more."""
    order = await walked(retailer, kind, state)
    refused = [step for step in TAKEN if EXPECTED[kind, state, step] is None]

    for step in refused:
        if step in NOT_DRIVEN:
            continue
        status, told = await TAKEN[step](retailer, order)
        if (kind, state, step) in {
            ("pickup", "handed_over", "handover"),
            ("ship_to_store", "handed_over", "handover"),
        }:
            # What was handed over already is handed over: the same answer, once more.
            assert (status, told) == (200, order)
            continue
        why = f"{kind}, {state}"
        if step == "cancellation":
            why = ENDED.get(state, why)
        assert (status, told["type"]) == (409, "/problems/transition_refused"), (step, told)
        assert (told["state"], told["step"]) == (why, step)

    assert (await retailer.office.get(f"/v1/orders/{order['id']}")).json() == order


@pytest.mark.parametrize(("kind", "state"), CELLS)
async def test_what_the_table_allows_is_one_version_on(
    retailer: Retailer, kind: str, state: str
) -> None:
    """Given orders in a state, when each takes one step it allows, then it is in the state it says."""
    for step, take in TAKEN.items():
        to = EXPECTED[kind, state, step]
        if to is None or step in NOT_DRIVEN:
            continue
        order = await walked(retailer, kind, state)

        status, told = await take(retailer, order)

        assert status == 200, (step, told)
        assert told["version"] == order["version"] + 1
        if step == "hold":
            assert told["fulfillments"][0]["state"] == "on_hold"
            status, told = await _post(retailer, order, "release")
            assert told["version"] == order["version"] + 2
        # What was rejected stays so, also where nothing of it is wanted any more.
        expected = "rejected" if state == "rejected" and step == "cancellation" else to
        assert told["fulfillments"][0]["state"] == expected, step


@pytest.mark.parametrize("kind", ["ship", "pickup", "ship_to_store"])
async def test_while_something_holds_it_up(retailer: Retailer, kind: str) -> None:
    """Given an order that is held up, when each step is tried, then it can wait and end, no more."""
    for step, take in TAKEN.items():
        if EXPECTED[kind, "allocated", step] is None or step in NOT_DRIVEN:
            continue
        order = await walked(retailer, kind, "allocated")
        _, held = await _post(retailer, order, "hold", reason="awaiting_payment")

        status, told = await take(retailer, order)

        if step in WHILE_HELD:
            assert (status, told["version"]) == (200, held["version"] + 1), step
        else:
            assert (status, told["type"]) == (409, "/problems/transition_refused"), step
            assert (told["state"], told["step"]) == (f"{kind}, on_hold", step)
