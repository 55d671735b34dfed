"""What deciding about orders that exist already goes by, and what several decisions share. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import channels, idempotency, inventory, sourcing
from omniretail.errors import Invalid, Refused
from omniretail.orders.order import Fulfillment, Order, OrderLine
from omniretail.orders.resourcing import Search
from omniretail.orders.settlement import settled

Quantities = Mapping[int, int]
"""How many of each line, by line number; empty means all that is open."""


class QuantityNotOpen(Refused):
    """More was named than is still open on the line."""

    def __init__(self, *, line: int, requested: int, open_quantity: int) -> None:
        super().__init__(
            f"Line {line} has {open_quantity} open, {requested} were named.",
            line=line,
            requested=requested,
            open_quantity=open_quantity,
        )


class Change(Protocol):
    """A command that changes an order: who, when, under which key, and what its timeline says."""

    @property
    def key(self) -> idempotency.Key: ...  # noqa: D102
    @property
    def principal(self) -> channels.Principal: ...  # noqa: D102
    @property
    def occurred_at(self) -> datetime: ...  # noqa: D102
    @property
    def event_type(self) -> str: ...  # noqa: D102
    def describe(self) -> dict[str, Any]: ...  # noqa: D102


class World(msgspec.Struct, kw_only=True):
    """The locked orders and stock, which change as commands are accepted, and what else counts.

    `search` is there where a command looks for other locations. A command leaves other orders that
    it changed in `also`, and in `said` what the timelines say beside, by order.
    """

    orders: dict[UUID, Order]
    stock: inventory.Stock
    waiting: Mapping[str, sourcing.FulfillmentPolicy]
    now: datetime
    search: Search | None = None
    also: list[Order] = []
    said: dict[UUID, dict[str, Any]] = {}

    def source(self, order: Order, command: Change) -> inventory.Source:
        """Return what caused the movements of a command."""
        return inventory.Source(
            document_type="order",
            document_id=order.id,
            actor_id=command.principal.id,
            channel=command.principal.channel or order.channel,
            occurred_at=command.occurred_at,
            idempotency_key=command.key.key,
        )


def taken(lines: Sequence[OrderLine], quantities: Quantities) -> dict[int, int] | Refused | Invalid:
    """Return how many of each line are meant: those named, or all that is open."""
    if not quantities:
        return {line.number: line.open_quantity for line in lines if line.open_quantity}
    by_number = {line.number: line for line in lines}
    for number, quantity in quantities.items():
        line = by_number.get(number)
        if line is None:
            return Invalid.at("/lines", f"There is no line {number} here")
        if quantity > line.open_quantity:
            return QuantityNotOpen(
                line=number, requested=quantity, open_quantity=line.open_quantity
            )
    return dict(quantities)


def released(part: Fulfillment, units: Mapping[int, int]) -> list[inventory.Movement]:
    """Return the movements that take back what was promised of a fulfillment's lines."""
    return [
        movement
        for line in part.lines
        if line.number in units
        for movement in inventory.moved(
            inventory.released, line.sku, part.location, units[line.number], line.components
        )
    ]


def with_lines(order: Order, changed: Callable[[OrderLine], OrderLine]) -> Order:
    """Return the order, one version on, with changed lines; its tenders follow."""
    parts = tuple(
        replace(part, lines=tuple(changed(line) for line in part.lines))
        for part in order.fulfillments
    )
    return settled(order, replace(order, version=order.version + 1, fulfillments=parts))


def fulfilled(part: Fulfillment, units: Mapping[int, int]) -> Fulfillment:
    """Return a fulfillment of whose lines so many units more have reached the customer."""
    return replace(
        part,
        lines=tuple(
            replace(line, fulfilled_quantity=line.fulfilled_quantity + units.get(line.number, 0))
            for line in part.lines
        ),
    )
