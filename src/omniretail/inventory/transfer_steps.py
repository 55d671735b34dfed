"""What each step makes of a transfer: which units move, what arrives and what does not. Pure.

Goods in transit are on hand nowhere. Which lots of a SKU are in transit is told from the transfer's
own movements, and kept up here while a batch is judged.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail.errors import DomainError, Invalid
from omniretail.ids import new_id
from omniretail.inventory.levels import MOST_QUANTITY, QuantityTooLarge
from omniretail.inventory.lots import LotNotTracked
from omniretail.inventory.movements import (
    Movement,
    Posting,
    Source,
    adjusted,
    transfer_closed,
    transfer_received,
    transfer_returned,
    transfer_shipped,
)
from omniretail.inventory.rows import LocationNotYours
from omniretail.inventory.stock import Stock
from omniretail.inventory.transfer import (
    CancelTransfer,
    CloseDiscrepancy,
    Discrepancy,
    DiscrepancyClosed,
    LineUnits,
    ReceiveTransfer,
    ShipTransfer,
    Transfer,
    TransferLine,
    TransferStateRefused,
    TransferStep,
    UnknownDiscrepancy,
    UnknownTransfer,
)

LotsInTransit = defaultdict[tuple[UUID, str], Counter[str]]
"""How many units of each lot are in transit, by transfer and SKU; of SKUs tracked by lot."""

_Pieces = list[tuple[str | None, int]]
_MAY_SHIP = frozenset({"draft"})
_MAY_RECEIVE = frozenset({"shipped", "partially_received"})
_MAY_CANCEL = _MAY_SHIP | _MAY_RECEIVE


class Goods(msgspec.Struct, frozen=True):
    """What a step works on, and changes when it is accepted: the stock, and the lots in transit."""

    stock: Stock
    lots: LotsInTransit

    def in_transit(self, transfer: Transfer, line: TransferLine) -> _Pieces:
        """Return what of a line is in transit, by lot, in the order in which it arrives.

        Earliest expiry first, as the source knows it; those without a date last, by name.
        """
        if self.stock.tracking.get(line.sku) != "lot":
            return [(None, line.in_transit)] if line.in_transit else []
        lots = self.lots[transfer.id, line.sku]
        expiries = self.expiries(line.sku, transfer.source)
        ordered = sorted(lots, key=lambda lot: (expiries.get(lot) or date.max, lot))
        return [(lot, lots[lot]) for lot in ordered if lots[lot]]

    def expiries(self, sku: str, location: str) -> dict[str, date | None]:
        """Return when the lots of a SKU that a location knows expire."""
        return {lot.lot: lot.expires_on for lot in self.stock.lots.get((sku, location), ())}

    def post(
        self, transfer: Transfer, command: TransferStep, movements: Sequence[Movement]
    ) -> DomainError | None:
        """Accept a step's movements, all or none; returns None, or why they are refused."""
        source = Source(
            document_type="transfer",
            document_id=transfer.id,
            actor_id=command.principal.id,
            channel=command.principal.channel,
            occurred_at=command.occurred_at,
            idempotency_key=command.key.key,
        )
        stood = {
            (movement.sku, movement.location): self.stock.level(
                movement.sku, movement.location
            ).on_hand
            for movement in movements
        }
        if refusal := self.stock.post(Posting(source, movements)):
            return refusal
        costs = {line.sku: line.unit_cost for line in transfer.lines}
        for movement in self.stock.accepted[-1][1]:
            if movement.lot is not None and (change := movement.change("in_transit")):
                self.lots[transfer.id, movement.sku][movement.lot] += change
            cost = costs.get(movement.sku)
            if movement.id is not None and cost is not None:
                place = movement.sku, movement.location
                self.stock.came_at(movement, cost, stood[place])
                stood[place] += movement.quantity
        return None

    def coming(
        self,
        transfer: Transfer,
        line: TransferLine,
        kind: Callable[[str, str, int], Movement],
        location: str,
        pieces: _Pieces,
    ) -> Iterator[Movement]:
        """Yield the movements by which units in transit come on hand, with what they cost."""
        cost = line.unit_cost
        valued = cost is not None and not self.stock.other_currency(
            line.sku, location, cost.currency
        )
        for lot, quantity in pieces:
            yield kind(line.sku, location, quantity)._replace(
                lot=lot,
                expires_on=self.expiry(transfer, line.sku, location, lot),
                id=new_id() if valued else None,
            )

    def expiry(self, transfer: Transfer, sku: str, location: str, lot: str | None) -> date | None:
        """Return when a lot expires that a location does not know yet, as the source knows it."""
        if lot is None or lot in self.expiries(sku, location):
            return None
        return self.expiries(sku, transfer.source).get(lot)


def decide(
    transfers: Mapping[UUID, Transfer], goods: Goods, command: TransferStep
) -> Transfer | DomainError:
    """Return the transfer after one step, its movements accepted by the stock, or a refusal."""
    transfer = transfers.get(command.transfer_id)
    if transfer is None or not transfer.visible_to(command.principal):
        return UnknownTransfer(command.transfer_id)
    after: Transfer | DomainError
    if isinstance(command, ShipTransfer):
        after = _ship(transfer, goods, command)
    elif isinstance(command, ReceiveTransfer):
        after = _receive(transfer, goods, command)
    elif isinstance(command, CloseDiscrepancy):
        after = _close(transfer, goods, command)
    else:
        after = _cancel(transfer, goods, command)
    if isinstance(after, DomainError):
        return after
    return replace(after, version=transfer.version + 1)


def _ship(transfer: Transfer, goods: Goods, command: ShipTransfer) -> Transfer | DomainError:
    if refusal := _refusal(transfer, command, "shipment", _MAY_SHIP, transfer.source):
        return refusal
    units = command.units
    if units is None:
        units = tuple(
            LineUnits(line=line.number, quantity=line.quantity) for line in transfer.lines
        )
    if not units:
        return Invalid.at("/lines", "Name what leaves; without lines, all does")
    shipped = _by_line(transfer, units)
    if isinstance(shipped, DomainError):
        return shipped
    for line in transfer.lines:
        if shipped[line.number] > line.quantity:
            return Invalid.at("/lines", f"Line {line.number} has {line.quantity} to ship")
    skus = {line.number: line.sku for line in transfer.lines}
    movements = [
        transfer_shipped(skus[one.line], transfer.source, one.quantity)._replace(lot=one.lot)
        for one in units
    ]
    if posted := goods.post(transfer, command, movements):
        return posted
    return replace(
        transfer,
        shipped_at=command.occurred_at,
        expected_at=command.expected_at or transfer.expected_at,
        lines=tuple(
            replace(
                line,
                shipped=shipped[line.number],
                unit_cost=goods.stock.averages.get((line.sku, transfer.source)),
            )
            for line in transfer.lines
        ),
    )


def _receive(transfer: Transfer, goods: Goods, command: ReceiveTransfer) -> Transfer | DomainError:
    if refusal := _refusal(transfer, command, "receipt", _MAY_RECEIVE, transfer.destination):
        return refusal
    arrived = _arrived(transfer, goods, command)
    if isinstance(arrived, DomainError):
        return arrived
    movements: list[Movement] = []
    lines: list[TransferLine] = []
    differ: list[tuple[int, Literal["over", "under"], int]] = []
    for line in transfer.lines:
        pieces, over = arrived.get(line.number, ([], 0))
        movements += goods.coming(transfer, line, transfer_received, transfer.destination, pieces)
        received = sum(quantity for _, quantity in pieces)
        lines.append(replace(line, received=line.received + received))
        if over:
            differ.append((line.number, "over", over))
        if command.complete and line.in_transit > received:
            differ.append((line.number, "under", line.in_transit - received))
    if movements and (posted := goods.post(transfer, command, movements)):
        return posted
    done = command.complete or not any(line.in_transit for line in lines)
    first = len(transfer.discrepancies) + 1
    return replace(
        transfer,
        closed_at=command.occurred_at if done else None,
        lines=tuple(lines),
        discrepancies=(
            *transfer.discrepancies,
            *(
                Discrepancy(
                    number=number,
                    line=line_number,
                    kind=kind,
                    quantity=quantity,
                    opened_at=command.occurred_at,
                    opened_by=command.principal.id,
                )
                for number, (line_number, kind, quantity) in enumerate(differ, start=first)
            ),
        ),
    )


def _arrived(
    transfer: Transfer, goods: Goods, command: ReceiveTransfer
) -> dict[int, tuple[_Pieces, int]] | DomainError:
    """Return what arrived of each line: units that were in transit, by lot, and how many more."""
    left = {line.number: dict(goods.in_transit(transfer, line)) for line in transfer.lines}
    if command.units is None:
        return {number: (list(there.items()), 0) for number, there in left.items()}
    if not command.units and not command.complete:
        return Invalid.at("/lines", "Name what arrived, or say that nothing more will come")
    named = _by_line(transfer, command.units)
    if isinstance(named, DomainError):
        return named
    skus = {line.number: line.sku for line in transfer.lines}
    arrived: dict[int, tuple[_Pieces, int]] = {}
    # Units whose lot is told come first: the others are of whatever is left.
    for one in sorted(command.units, key=lambda one: one.lot is None):
        there = left[one.line]
        if one.lot is not None and goods.stock.tracking.get(skus[one.line]) != "lot":
            return LotNotTracked(skus[one.line])
        pieces, over = arrived.get(one.line, ([], 0))
        wanted = one.quantity
        for lot in [one.lot] if one.lot is not None else list(there):
            if units := min(wanted, there.get(lot, 0)):
                pieces.append((lot, units))
                there[lot] -= units
                wanted -= units
        arrived[one.line] = pieces, over + wanted
    return arrived


def _close(transfer: Transfer, goods: Goods, command: CloseDiscrepancy) -> Transfer | DomainError:
    found = next((one for one in transfer.discrepancies if one.number == command.discrepancy), None)
    if found is None:
        return UnknownDiscrepancy(transfer.id, command.discrepancy)
    if found.resolution is not None:
        return DiscrepancyClosed(found.number, found.resolution)
    location = command.location or transfer.destination
    line = next(line for line in transfer.lines if line.number == found.line)
    refusal: DomainError | None = _misplaced(transfer, found, command, location)
    if refusal is None and not command.principal.may_act_at(location):
        refusal = LocationNotYours(location)
    if refusal is None and (movements := _closing(transfer, goods, line, found, command, location)):
        refusal = goods.post(transfer, command, movements)
    if refusal:
        return refusal
    if found.kind == "under":
        counted = {command.resolution: getattr(line, command.resolution) + found.quantity}
        line = replace(line, **counted)
    closed = replace(
        found,
        resolution=command.resolution,
        note=command.note,
        closed_at=command.occurred_at,
        closed_by=command.principal.id,
    )
    return replace(
        transfer,
        lines=tuple(line if one.number == line.number else one for one in transfer.lines),
        discrepancies=tuple(
            closed if one.number == closed.number else one for one in transfer.discrepancies
        ),
    )


def _misplaced(
    transfer: Transfer, found: Discrepancy, command: CloseDiscrepancy, location: str
) -> Invalid | None:
    if location not in {transfer.source, transfer.destination}:
        return Invalid.at("/location", f"{location} is neither end of the transfer")
    shortfall_found = (found.kind, command.resolution) == ("under", "found")
    if location == transfer.source and not shortfall_found:
        return Invalid.at("/location", "This is booked at the destination")
    if command.lot is not None and (found.kind, command.resolution) != ("over", "found"):
        return Invalid.at("/lot", "The lots are those that were shipped")
    return None


def _closing(
    transfer: Transfer,
    goods: Goods,
    line: TransferLine,
    found: Discrepancy,
    command: CloseDiscrepancy,
    location: str,
) -> list[Movement]:
    """Return what moves when a discrepancy is closed; a surplus that never was moves nothing."""
    if found.kind == "over":
        surplus = adjusted(line.sku, location, found.quantity, "found")._replace(
            lot=command.lot, expires_on=goods.expiry(transfer, line.sku, location, command.lot)
        )
        return [surplus] if command.resolution == "found" else []
    # A shortfall is all that is still in transit of its line.
    pieces = goods.in_transit(transfer, line)
    if command.resolution == "lost":
        return [
            transfer_closed(line.sku, location, quantity)._replace(lot=lot)
            for lot, quantity in pieces
        ]
    arrives = transfer_returned if location == transfer.source else transfer_received
    return [*goods.coming(transfer, line, arrives, location, pieces)]


def _cancel(transfer: Transfer, goods: Goods, command: CancelTransfer) -> Transfer | DomainError:
    # A draft may be withdrawn by either end, as it may be made by either.
    end = transfer.source if transfer.shipped_at else None
    if refusal := _refusal(transfer, command, "cancellation", _MAY_CANCEL, end):
        return refusal
    movements = [
        movement
        for line in transfer.lines
        for movement in goods.coming(
            transfer,
            line,
            transfer_returned,
            transfer.source,
            goods.in_transit(transfer, line),
        )
    ]
    if movements and (posted := goods.post(transfer, command, movements)):
        return posted
    return replace(
        transfer,
        closed_at=command.occurred_at,
        lines=tuple(
            replace(line, returned=line.returned + line.in_transit) for line in transfer.lines
        ),
    )


def _refusal(
    transfer: Transfer,
    command: TransferStep,
    step: str,
    allowed: frozenset[str],
    end: str | None,
) -> DomainError | None:
    """Return why a step is not for this state, or not for this principal, or None."""
    if transfer.state not in allowed:
        return TransferStateRefused(state=transfer.state, step=step)
    if end is not None and not command.principal.may_act_at(end):
        return LocationNotYours(end)
    return None


def _by_line(transfer: Transfer, units: Sequence[LineUnits]) -> Counter[int] | DomainError:
    """Return how many of each line are named, over its lots."""
    quantities: Counter[int] = Counter()
    skus = {line.number: line.sku for line in transfer.lines}
    for one in units:
        if one.line not in skus:
            return Invalid.at("/lines", f"There is no line {one.line} here")
        quantities[one.line] += one.quantity
        if quantities[one.line] > MOST_QUANTITY:
            return QuantityTooLarge(sku=skus[one.line], location=transfer.destination)
    return quantities
