"""Transfers: goods leave one location and arrive at another. What each step means is `transfer_steps`.

Here transfers are locked, read and written; each change counts the version up and is one event.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from msgspec import structs

from omniretail import catalog, channels, events, idempotency
from omniretail.db import Read, Rows, Transaction, Write, sql, write_columns, write_documents
from omniretail.errors import DomainError, Invalid
from omniretail.ids import document_number
from omniretail.inventory.costs import Cost
from omniretail.inventory.operations import lock, write
from omniretail.inventory.rows import KitHasNoStock, LocationNotYours
from omniretail.inventory.survey import Asked, survey
from omniretail.inventory.transfer import (
    CancelTransfer,
    CloseDiscrepancy,
    Discrepancy,
    DraftTransfer,
    ReceiveTransfer,
    ShipTransfer,
    Transfer,
    TransferLine,
    TransferState,
    TransferStep,
    UnknownTransfer,
)
from omniretail.inventory.transfer_steps import Goods, LotsInTransit, decide

_LOCK = sql("inventory.lock_transfers")
_TRANSFERS = sql("inventory.transfers")
_LINES = sql("inventory.transfer_lines")
_DISCREPANCIES = sql("inventory.transfer_discrepancies")
_LOTS = sql("inventory.lots_in_transit")
_LIST = sql("inventory.list_transfers")
_DRAFT = sql("inventory.draft_transfers")
_DRAFT_LINES = sql("inventory.draft_transfer_lines")
_CHANGE = sql("inventory.change_transfers")
_CHANGE_LINES = sql("inventory.change_transfer_lines")
_PUT_DISCREPANCIES = sql("inventory.put_transfer_discrepancies")

TransferCommand = DraftTransfer | TransferStep
_Change = tuple[Transfer | None, Transfer, TransferCommand]


async def change_transfers(
    tx: Transaction, commands: Sequence[TransferCommand], *, now: datetime
) -> list[idempotency.Answer[Transfer] | DomainError]:
    """Draft, ship, receive, cancel transfers, close their discrepancies; one outcome each, in order.

    Locks: keys, transfers by id, then levels by (SKU, location). Outcomes: the transfer after the
    step, UnknownTransfer, UnknownDiscrepancy, TransferStateRefused, DiscrepancyClosed,
    LocationNotYours, Invalid (lines, locations), UnknownSku, UnknownLocation, KitHasNoStock,
    InsufficientStock, QuantityTooLarge, those of lots, KeyReused.
    """
    return await idempotency.once(tx, commands, partial(_change, tx, now=now), Transfer, now=now)


async def find_transfer(
    tx: Transaction, transfer_id: UUID, *, principal: channels.Principal
) -> Transfer:
    """Return a transfer. Raises: UnknownTransfer, also where neither end of it is yours."""
    found = await _find(tx, [transfer_id])
    if not found or not found[0].visible_to(principal):
        raise UnknownTransfer(transfer_id)
    return found[0]


async def transfer_timeline(
    tx: Transaction, transfer_id: UUID, *, principal: channels.Principal
) -> list[events.Happened]:
    """Return all that happened to a transfer, first to last. Raises: UnknownTransfer."""
    await find_transfer(tx, transfer_id, principal=principal)
    return await events.timeline(tx, transfer_id)


async def list_transfers(
    tx: Transaction,
    *,
    principal: channels.Principal,
    source: str | None = None,
    destination: str | None = None,
    state: TransferState | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[Transfer]:
    """Return the transfers a principal may see, the latest first, older than `before`."""
    ends = sorted(principal.locations) or None
    rows = await tx.fetch(_LIST, source, destination, state, ends, before, limit)
    return await _find(tx, [row["id"] for row in rows])


async def _change(
    tx: Transaction, commands: Sequence[TransferCommand], *, now: datetime
) -> list[Transfer | DomainError]:
    steps = [command for command in commands if not isinstance(command, DraftTransfer)]
    drafts = [command for command in commands if isinstance(command, DraftTransfer)]
    before, lots = await _locked(tx, steps)
    places = {
        (line.sku, end)
        for transfer in before.values()
        for line in transfer.lines
        for end in (transfer.source, transfer.destination)
    }
    wished = {wish.sku for draft in drafts for wish in draft.lines}
    skus, locations, stock = await tx.read(
        catalog.skus_by_code({sku for sku, _ in places} | wished),
        catalog.locations_by_code(
            {end for draft in drafts for end in (draft.source, draft.destination)}
        ),
        lock(places),
    )
    await survey(tx, stock, skus, _asked(steps, lots, sorted(places), now), now=now)
    goods = Goods(stock, lots)
    after = dict(before)
    changes: list[_Change] = []
    outcomes: list[Transfer | DomainError] = []
    for command in commands:
        if isinstance(command, DraftTransfer):
            outcome = _drafted(command, skus, locations, now)
        else:
            outcome = decide(after, goods, command)
        if isinstance(outcome, Transfer):
            changes.append((after.get(outcome.id), outcome, command))
        if isinstance(outcome, Transfer) and not isinstance(command, DraftTransfer):
            after[outcome.id] = outcome
        outcomes.append(outcome)
    await tx.write(
        *write(stock, now=now),
        *_drafts([transfer for was, transfer, _ in changes if was is None], now),
        *_changed(before, after),
        *events.record([_happened(*change, now=now) for change in changes], now=now),
    )
    return outcomes


def _drafted(
    command: DraftTransfer,
    skus: Mapping[str, catalog.SkuTraits],
    locations: Mapping[str, catalog.LocationSpec],
    now: datetime,
) -> Transfer | DomainError:
    transfer = Transfer(
        id=command.transfer_id,
        number=document_number(command.transfer_id, now),
        source=command.source,
        destination=command.destination,
        note=command.note,
        created_at=now,
        created_by=command.principal.id,
        expected_at=command.expected_at,
        version=1,
        lines=tuple(
            TransferLine(number=number, sku=wish.sku, quantity=wish.quantity)
            for number, wish in enumerate(command.lines, start=1)
        ),
    )
    for end in (command.source, command.destination):
        if end not in locations:
            return catalog.UnknownLocation(end)
    if command.source == command.destination:
        return Invalid.at("/destination", "Goods go from one location to another")
    if not transfer.visible_to(command.principal):
        return LocationNotYours(command.source)
    return _lines_fault(transfer, skus) or transfer


def _lines_fault(transfer: Transfer, skus: Mapping[str, catalog.SkuTraits]) -> DomainError | None:
    seen: set[str] = set()
    for position, line in enumerate(transfer.lines):
        traits = skus.get(line.sku)
        if traits is None:
            return catalog.UnknownSku(line.sku)
        if traits.components is not None:
            return KitHasNoStock(line.sku)
        if line.sku in seen:
            return Invalid.at(f"/lines/{position}/sku", f"{line.sku} stands on a line already")
        seen.add(line.sku)
    return None


async def _locked(
    tx: Transaction, steps: Sequence[TransferStep]
) -> tuple[dict[UUID, Transfer], LotsInTransit]:
    """Lock the transfers of some steps; return them, and their lots in transit."""
    lots: LotsInTransit = defaultdict(Counter)
    ids = sorted({step.transfer_id for step in steps})
    if not ids:
        return {}, lots
    # Their lines are read by the next statement: this one's snapshot is older than the locks.
    (heads,) = await tx.read(Read(_LOCK, (ids,), list))
    lines, discrepancies, in_transit = await tx.read(*_parts(ids), Read(_LOTS, (ids,), list))
    for row in in_transit:
        lots[UUID(row["transfer_id"]), row["sku"]][row["lot"]] = row["quantity"]
    return _transfers(heads, lines, discrepancies), lots


async def _find(tx: Transaction, ids: Sequence[UUID]) -> list[Transfer]:
    """Return those of the transfers that exist, in the order of `ids`."""
    found = await tx.read(Read(_TRANSFERS, (list(ids),), list), *_parts(ids))
    transfers = _transfers(*found)
    return [transfers[one] for one in ids if one in transfers]


def _parts(ids: Sequence[UUID]) -> tuple[Read[Rows], Read[Rows]]:
    return Read(_LINES, (list(ids),), list), Read(_DISCREPANCIES, (list(ids),), list)


def _transfers(heads: Rows, lines: Rows, discrepancies: Rows) -> dict[UUID, Transfer]:
    lines_of: dict[str, list[TransferLine]] = defaultdict(list)
    for row in lines:
        amount, currency = row.pop("unit_cost"), row.pop("cost_currency")
        cost = None if amount is None else Cost(Decimal(amount), currency)
        transfer_id = row.pop("transfer_id")
        lines_of[transfer_id].append(TransferLine(**row, unit_cost=cost))
    discrepancies_of: dict[str, list[Discrepancy]] = defaultdict(list)
    for row in discrepancies:
        transfer_id = row.pop("transfer_id")
        discrepancies_of[transfer_id].append(msgspec.convert(row, Discrepancy))
    return {
        UUID(row["id"]): structs.replace(
            msgspec.convert({**row, "lines": ()}, Transfer),
            lines=tuple(lines_of[row["id"]]),
            discrepancies=tuple(discrepancies_of[row["id"]]),
        )
        for row in heads
    }


def _asked(
    steps: Sequence[TransferStep],
    lots: LotsInTransit,
    places: Sequence[tuple[str, str]],
    now: datetime,
) -> Asked:
    named = {lot for of_sku in lots.values() for lot in of_sku}
    for step in steps:
        if isinstance(step, ShipTransfer | ReceiveTransfer):
            named |= {one.lot for one in step.units or () if one.lot}
        elif isinstance(step, CloseDiscrepancy) and step.lot:
            named.add(step.lot)
    return Asked(
        earliest=min((step.occurred_at for step in steps), default=now),
        lots=sorted(named),
        costs=places,
    )


def _drafts(transfers: Sequence[Transfer], now: datetime) -> list[Write]:
    heads = [
        {**structs.asdict(transfer), "state": transfer.state, "lines": None}
        for transfer in transfers
    ]
    lines = [
        (transfer.id, line.number, line.sku, transfer.destination, line.quantity)
        for transfer in transfers
        for line in transfer.lines
    ]
    return [*write_documents(_DRAFT, heads, now), *write_columns(_DRAFT_LINES, lines)]


def _changed(before: Mapping[UUID, Transfer], after: Mapping[UUID, Transfer]) -> list[Write]:
    """Return the writes of what has changed, each once, as the last step left it."""
    changed = [(before[one.id], one) for one in after.values() if one != before[one.id]]
    heads = [
        (one.id, one.state, one.expected_at, one.shipped_at, one.closed_at, one.version)
        for _, one in changed
    ]
    lines = [
        (
            one.id,
            line.number,
            line.shipped,
            line.received,
            line.returned,
            line.found,
            line.lost,
            line.unit_cost.amount if line.unit_cost else None,
            line.unit_cost.currency if line.unit_cost else None,
        )
        for was, one in changed
        for line in one.lines
        if line not in was.lines
    ]
    discrepancies = [
        {"transfer_id": one.id, **structs.asdict(discrepancy)}
        for was, one in changed
        for discrepancy in one.discrepancies
        if discrepancy not in was.discrepancies
    ]
    return [
        *write_columns(_CHANGE, heads),
        *write_columns(_CHANGE_LINES, lines),
        *write_documents(_PUT_DISCREPANCIES, discrepancies),
    ]


def _happened(
    before: Transfer | None, after: Transfer, command: TransferCommand, *, now: datetime
) -> events.Happened:
    kind, data = _told(before, after, command)
    return events.Happened(
        document_type="transfer",
        document_id=after.id,
        sequence=after.version,
        type=kind,
        occurred_at=now if isinstance(command, DraftTransfer) else command.occurred_at,
        actor_id=command.principal.id,
        channel=command.principal.channel,
        data=data,
    )


def _told(
    before: Transfer | None, after: Transfer, command: TransferCommand
) -> tuple[str, dict[str, Any]]:
    """Return what the timeline calls a step, and what it says of it."""
    if before is None or isinstance(command, DraftTransfer):
        planned = [(line, line.quantity) for line in after.lines]
        ends = {"source": after.source, "destination": after.destination}
        return "drafted", {"number": after.number, **ends, "lines": _lines(planned)}
    moved = [
        (line, abs(line.in_transit - was.in_transit))
        for was, line in zip(before.lines, after.lines, strict=True)
    ]
    data: dict[str, Any] = {"lines": _lines(moved)}
    if isinstance(command, ShipTransfer):
        return "shipped", data
    if isinstance(command, CancelTransfer):
        return "cancelled", data | {"reason": command.reason}
    if isinstance(command, ReceiveTransfer):
        opened = after.discrepancies[len(before.discrepancies) :]
        told = [
            {"discrepancy": one.number, "line": one.line, one.kind: one.quantity} for one in opened
        ]
        return "received", data | ({"discrepancies": told} if told else {})
    closed = {"discrepancy": command.discrepancy, "resolution": command.resolution}
    return "discrepancy_closed", data | closed


def _lines(moved: Sequence[tuple[TransferLine, int]]) -> list[dict[str, Any]]:
    return [
        {"line": line.number, "sku": line.sku, "quantity": quantity}
        for line, quantity in moved
        if quantity
    ]
