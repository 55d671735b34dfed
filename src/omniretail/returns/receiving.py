"""Goods that come back: each unit graded, and graded again when somebody looks closer. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from omniretail import catalog, inventory, orders
from omniretail.errors import DomainError, Invalid, Refused
from omniretail.returns.commands import Arrival, Grade
from omniretail.returns.desk import (
    Desk,
    Draft,
    Grading,
    MoreThanReturned,
    ReturnStateRefused,
    of_order,
)
from omniretail.returns.document import Disposition, Return, ReturnLine

STATE_OF: Mapping[Disposition, str] = {
    "sellable": "available",
    "damaged": "damaged",
    "quality_control": "quality_control",
    # It waits to be sent back, and nobody may sell it.
    "to_vendor": "damaged",
    "destroyed": "shrinkage",
}
"""Where goods of each disposition stand in the stock ledger."""


class ReceivedElsewhere(Refused):
    """The goods of a return come back to one location."""

    def __init__(self, location: str) -> None:
        super().__init__(f"Its goods come back to {location}.", location=location)


class SerialNotSold(Refused):
    """The customer does not have this unit of the order."""

    def __init__(self, sku: str, serial: str) -> None:
        super().__init__(
            f"{sku} {serial} was not sold by this order, or came back already.",
            sku=sku,
            serial=serial,
        )


def received(
    desk: Desk, draft: Draft, command: orders.Change, location: str, arrivals: Sequence[Arrival]
) -> Draft | DomainError:
    """Have goods back at a location, each unit graded; money is another matter."""
    doc = draft.doc
    if doc.state not in {"approved", "received"}:
        return ReturnStateRefused(state=doc.state, step="receipt")
    if misplaced := _misplaced(desk, doc, location):
        return misplaced
    by_number = {line.number: line for line in doc.lines}
    came = Counter[int]()
    for arrival in arrivals:
        line = by_number.get(arrival.line)
        if line is None:
            return Invalid.at("/lines", f"There is no line {arrival.line} here")
        came[line.number] += arrival.quantity
        if came[line.number] > line.awaited_quantity:
            return MoreThanReturned(
                line=line.number, requested=came[line.number], left=line.awaited_quantity
            )
        movements = list(_back(desk, doc, line, arrival, location))
        if stranger := _not_sold(desk, doc, movements):
            return stranger
        draft.movements += movements
        draft.gradings.append(
            Grading(
                return_id=doc.id,
                line_number=line.number,
                location=location,
                to_disposition=arrival.disposition,
                quantity=arrival.quantity,
                occurred_at=command.occurred_at,
                actor_id=command.principal.id,
            )
        )
    graded = {number: Counter(line.graded) for number, line in by_number.items()}
    for arrival in arrivals:
        graded[arrival.line][arrival.disposition] += arrival.quantity
    draft.doc = replace(
        doc,
        location=location,
        version=doc.version + 1,
        lines=tuple(
            replace(
                line,
                received_quantity=line.received_quantity + came[line.number],
                graded=dict(graded[line.number]),
            )
            for line in doc.lines
        ),
    )
    if draft.order is not None:
        draft.order = orders.come_back(draft.order, of_order(doc, came))
    return draft


def _misplaced(desk: Desk, doc: Return, location: str) -> DomainError | None:
    if location not in desk.locations:
        return catalog.UnknownLocation(location)
    if doc.location not in {None, location} and any(line.received_quantity for line in doc.lines):
        assert doc.location is not None
        return ReceivedElsewhere(doc.location)
    return None


def _not_sold(
    desk: Desk, doc: Return, movements: Sequence[inventory.Movement]
) -> SerialNotSold | None:
    """Return why a unit is refused that its order did not sell; without an order, any may come."""
    if doc.order_id is None:
        return None
    for movement in movements:
        if desk.stock.tracking.get(movement.sku) == "serial":
            for serial in movement.serials or ():
                if (doc.order_id, movement.sku, serial) not in desk.units_sold:
                    return SerialNotSold(movement.sku, serial)
    return None


def _back(
    desk: Desk, doc: Return, line: ReturnLine, arrival: Arrival, location: str
) -> Iterator[inventory.Movement]:
    """Yield the movements of units that came back: into the location's stock, or straight to waste."""
    comes = inventory.unlinked if doc.kind == "unlinked" else inventory.returned

    def leave(sku: str, at: str, quantity: int) -> inventory.Movement:
        state = STATE_OF[arrival.disposition]
        movement = comes(sku, at, quantity, line.reason, to_state=state)
        if arrival.lot is not None and desk.stock.tracking.get(sku) == "lot":
            return movement._replace(lot=arrival.lot)
        return movement

    yield from inventory.moved(
        leave,
        line.sku,
        location,
        arrival.quantity,
        line.components,
        arrival.serials,
        tracking=desk.stock.tracking,
    )


def graded(draft: Draft, command: Grade) -> Draft | DomainError:
    """Grade units again that came back: a movement, where they stand elsewhere in the ledger then."""
    doc = draft.doc
    line = next((line for line in doc.lines if line.number == command.line), None)
    if line is None:
        return Invalid.at("/line", f"There is no line {command.line} here")
    graded = Counter(line.graded)
    if command.quantity > graded[command.from_disposition]:
        return MoreThanReturned(
            line=line.number, requested=command.quantity, left=graded[command.from_disposition]
        )
    assert doc.location is not None, "what is graded came back somewhere"
    if not command.principal.may_act_at(doc.location):
        return inventory.LocationNotYours(doc.location)
    states = STATE_OF[command.from_disposition], STATE_OF[command.to_disposition]
    if states[0] != states[1]:
        draft.movements += [
            inventory.set_aside(
                part.sku,
                doc.location,
                part.quantity,
                command.reason or line.reason,
                from_state=states[0],
                to_state=states[1],
            )._replace(kit=part.kit, lot=command.lot, serials=command.serials or None)
            for part in inventory.parts(line.sku, command.quantity, line.components)
        ]
    graded[command.from_disposition] -= command.quantity
    graded[command.to_disposition] += command.quantity
    draft.gradings.append(
        Grading(
            return_id=doc.id,
            line_number=line.number,
            location=doc.location,
            from_disposition=command.from_disposition,
            to_disposition=command.to_disposition,
            quantity=command.quantity,
            reason=command.reason,
            occurred_at=command.occurred_at,
            actor_id=command.principal.id,
        )
    )
    draft.doc = replace(
        doc,
        version=doc.version + 1,
        lines=tuple(
            replace(one, graded=dict(+graded)) if one is line else one for one in doc.lines
        ),
    )
    return draft
