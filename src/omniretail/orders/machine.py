"""The states of a fulfillment, and which step leads from which to which, for each kind. Pure.

Both machines stand in one table: what it does not name is refused. A step that only part of the
goods take leaves the state as it is; who holds a fulfillment up stops every step but ending it.
"""

from collections.abc import Mapping
from typing import Literal, get_args

from omniretail.errors import Refused

FulfillmentKind = Literal["carry_out", "pickup", "ship", "ship_to_store"]
FulfillmentState = Literal[
    "allocated",
    "picking",
    "packed",
    "shipped",
    "delivered",
    "in_transit",
    "arrived",
    "ready",
    "handed_over",
    "no_show",
    "rejected",
    "cancelled",
]
Step = Literal[
    "picking",
    "packing",
    "shipment",
    "delivery",
    "arrival",
    "readiness",
    "curbside",
    "collector",
    "deadline",
    "reminder",
    "handover",
    "no_show",
    "rejection",
    "sourcing",
    "cancellation",
    "hold",
]
STATES: tuple[FulfillmentState, ...] = get_args(FulfillmentState)
STEPS: tuple[Step, ...] = get_args(Step)

UNPROMISED = frozenset({"in_transit", "rejected"})
"""In these states nothing is allocated where the fulfillment is: it is on its way, or had to be let go."""
_WAITING = frozenset({"cancellation", "hold", "no_show", "collector", "deadline", "curbside"})


class TransitionRefused(Refused):
    """The document's state does not allow this step."""

    def __init__(self, *, state: str, step: str) -> None:
        super().__init__(f"It is {state}: {step} is not possible.", state=state, step=step)


def _steps(**ways: str) -> dict[Step, dict[FulfillmentState, FulfillmentState]]:
    """Read `step="from|from>to"`; without `>` the state stays."""
    table: dict[Step, dict[FulfillmentState, FulfillmentState]] = {}
    for step, way in ways.items():
        froms, _, to = way.partition(">")
        assert step in STEPS
        table[step] = {state: (to or state) for state in froms.split("|")}  # type: ignore[misc]
    return table


TRANSITIONS: Mapping[
    FulfillmentKind, Mapping[Step, Mapping[FulfillmentState, FulfillmentState]]
] = {
    "carry_out": {},
    "ship": _steps(
        picking="allocated>picking",
        packing="allocated|picking>packed",
        shipment="allocated|picking|packed>shipped",
        delivery="shipped>delivered",
        rejection="allocated|picking|packed>rejected",
        sourcing="rejected>allocated",
        cancellation="allocated|picking|packed|rejected>cancelled",
        hold="allocated|picking|packed|rejected",
    ),
    "pickup": _steps(
        picking="allocated>picking",
        readiness="allocated|picking>ready",
        curbside="ready",
        collector="allocated|picking|ready",
        deadline="ready",
        reminder="ready",
        handover="ready>handed_over",
        no_show="ready>no_show",
        rejection="allocated|picking|ready>rejected",
        sourcing="rejected>allocated",
        cancellation="allocated|picking|ready|rejected>cancelled",
        hold="allocated|picking|ready|rejected",
    ),
    "ship_to_store": _steps(
        picking="allocated>picking",
        packing="allocated|picking>packed",
        shipment="allocated|picking|packed>in_transit",
        arrival="in_transit>arrived",
        readiness="arrived>ready",
        curbside="ready",
        collector="allocated|picking|packed|in_transit|arrived|ready",
        deadline="ready",
        reminder="ready",
        handover="ready>handed_over",
        no_show="ready>no_show",
        rejection="allocated|picking|packed>rejected",
        sourcing="rejected>allocated",
        cancellation="allocated|picking|packed|arrived|ready|rejected>cancelled",
        hold="allocated|picking|packed|arrived|ready|rejected",
    ),
}


def after(
    kind: FulfillmentKind, state: FulfillmentState, step: Step, *, held: bool = False
) -> FulfillmentState | TransitionRefused:
    """Return the state that a step leads to, or why it is not possible.

    `held`: somebody holds the fulfillment up.
    """
    to = TRANSITIONS[kind].get(step, {}).get(state)
    if to is None:
        return TransitionRefused(state=f"{kind}, {state}", step=step)
    if held and step not in _WAITING:
        return TransitionRefused(state=f"{kind}, on_hold", step=step)
    return to
