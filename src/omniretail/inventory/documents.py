"""Stock documents: receipts, adjustments, set-asides and counts of many rows, booked once.

Each row is booked or refused by itself, unless the document is all or nothing.
"""

import asyncio
import copy
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, Literal
from uuid import UUID

import msgspec

from omniretail import catalog, channels, idempotency
from omniretail.db import Read, Transaction
from omniretail.errors import DomainError, Invalid
from omniretail.ids import new_id
from omniretail.inventory.accepted import Posted
from omniretail.inventory.costs import Cost
from omniretail.inventory.counts import CountRow
from omniretail.inventory.lots import lot_fault
from omniretail.inventory.movements import (
    Movement,
    Posting,
    Shelf,
    Source,
    adjusted,
    received,
    returned,
    set_aside,
)
from omniretail.inventory.operations import lock, lock_made, write
from omniretail.inventory.reasons import Direction, active_reasons, fault
from omniretail.inventory.rows import RowRefused, place_fault, refused
from omniretail.inventory.stock import Stock, posted
from omniretail.inventory.supply import Expected, UnknownExpectedReceipt, lock_expected
from omniretail.inventory.survey import Asked, survey

# So many rows are judged before others are answered, and before more of a statement is sent; and so
# many are written while the next ones are judged.
_BREATH = 50
_SLICE = 1000

DocumentType = Literal["receipt", "adjustment", "set_aside", "count"]


class DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row, in units.

    `quantity` is what arrives (receipt), what is put aside or back (set-aside), what was counted, or
    the change (adjustment: below 0 for less). `from_state` is `supplier` or `customer` for a
    receipt, a shelf state for a set-aside. `unit_cost` is what one unit cost; `expected` what the
    books should say before a count; `corrects` a movement that this row puts right.
    """

    sku: str
    location: str
    quantity: int
    occurred_at: datetime
    reason: str = ""
    from_state: Literal["supplier", "customer"] | Shelf = "supplier"
    to_state: Shelf | Literal["shrinkage"] = "available"
    lot: str | None = None
    expires_on: date | None = None
    serials: tuple[str, ...] | None = None
    unit_cost: Cost | None = None
    expected: int | None = None
    expected_receipt: UUID | None = None
    corrects: UUID | None = None


class BookDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The command to book a document; `all_or_nothing` refuses it whole for one bad row.

    A row that could not be read stands there as the error that says why.
    """

    key: idempotency.Key
    principal: channels.Principal
    document_id: UUID
    type: DocumentType
    rows: tuple[DocumentRow | DomainError, ...]
    all_or_nothing: bool = False


class RowOutcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one row: booked (a count with its variance), or refused."""

    booked: Posted | None = None
    variance: int | None = None
    refused: RowRefused | None = None


class Booked(msgspec.Struct, frozen=True):
    """A document as booked: one outcome per row, in order."""

    document_id: UUID
    outcomes: list[RowOutcome]


class _Surroundings(msgspec.Struct, frozen=True):
    """All that judging a row needs to know, beside the stock."""

    reasons: Mapping[str, Direction]
    skus: Mapping[str, catalog.SkuTraits]
    locations: Mapping[str, catalog.LocationSpec]
    expected: Mapping[UUID, Expected]
    sources: dict[tuple[int, datetime], Source]


async def book(
    tx: Transaction, commands: Sequence[BookDocument], *, now: datetime
) -> list[idempotency.Answer[Booked] | DomainError]:
    """Book documents; one outcome per command, in order.

    Locks: keys, expected receipts by id, then levels by (SKU, location). Outcomes: the booked
    document, in which each row was posted or refused by itself; with `all_or_nothing` the first
    refusal, and nothing booked.
    """
    return await idempotency.once(tx, commands, partial(book_unkeyed, tx, now=now), Booked, now=now)


async def book_unkeyed(
    tx: Transaction, commands: Sequence[BookDocument], *, now: datetime
) -> list[Booked | DomainError]:
    """Book documents as `book` does, as a part of something that is itself done once under a key."""
    rows = [row for command in commands for row in _good(command)]
    places = {(row.sku, row.location) for row in rows}
    # In one statement, whose parts run in this order: expected receipts are locked before levels.
    reads: list[Read[Any]] = [
        lock_expected(row.expected_receipt for row in rows if row.expected_receipt),
        active_reasons(),
        catalog.skus_by_code({row.sku for row in rows}),
        catalog.locations_by_code({row.location for row in rows}),
        lock(places),
    ]
    expected, reasons, skus, locations, stock = await tx.read(*reads)
    # Others are refused before anything is asked of their stock.
    places = {
        (sku, location)
        for sku, location in places
        if sku in skus and skus[sku].components is None and location in locations
    }
    counted = {
        (row.sku, row.location)
        for command in commands
        if command.type == "count"
        for row in _good(command)
    }
    if not counted & places <= stock.before.keys():
        # A figure is absolute: it needs a level that stands still.
        stock = await lock_made(tx, places)
    await survey(tx, stock, skus, _asked(commands, rows, now), now=now)
    surroundings = _Surroundings(reasons, skus, locations, expected, {})
    outcomes: list[Booked | DomainError] = []
    for command in commands:
        if command.all_or_nothing:
            # What stands or falls together is tried on a copy.
            trial = copy.deepcopy(stock)
            outcome = _book_whole(trial, surroundings, command)
            stock = trial if isinstance(outcome, Booked) else stock
            outcomes.append(outcome)
        else:
            outcomes.append(await _book_by_row(tx, stock, surroundings, command, now=now))
    await tx.write(*write(stock, now=now))
    return outcomes


def _book_whole(stock: Stock, known: _Surroundings, command: BookDocument) -> Booked | DomainError:
    outcomes: list[RowOutcome] = []
    for position in range(len(command.rows)):
        outcome = _row(stock, known, command, position)
        if isinstance(outcome, DomainError):
            return outcome
        outcomes.append(outcome)
    return Booked(command.document_id, outcomes)


async def _book_by_row(
    tx: Transaction,
    stock: Stock,
    known: _Surroundings,
    command: BookDocument,
    *,
    now: datetime,
) -> Booked:
    """Book each row by itself; of many rows, a slice is written while the next one is judged.

    Between two slices the process answers others, whom ten thousand rows would keep waiting.
    """
    outcomes: list[RowOutcome] = []
    writing: asyncio.Task[None] | None = None
    try:
        for position in range(len(command.rows)):
            if position and position % _BREATH == 0:
                if position % _SLICE == 0:
                    if writing:
                        await writing
                    writing = asyncio.create_task(tx.write(*write(stock, now=now)))
                    stock.settle()
                await asyncio.sleep(0)
            outcome = _row(stock, known, command, position)
            if isinstance(outcome, DomainError):
                outcome = RowOutcome(refused=refused(outcome))
            outcomes.append(outcome)
    finally:
        if writing:
            await writing
    return Booked(command.document_id, outcomes)


def _row(
    stock: Stock, known: _Surroundings, command: BookDocument, position: int
) -> RowOutcome | DomainError:
    row = command.rows[position]
    if isinstance(row, DomainError):
        return row
    if refusal := _fault(known, command, position, row):
        return refusal
    if command.type == "count":
        return _count(stock, known, command, row)
    movement = _movement(command.type, row)
    if row.unit_cost:
        if differs := stock.other_currency(row.sku, row.location, row.unit_cost.currency):
            return differs
        movement = movement._replace(id=new_id())
    before = stock.level(row.sku, row.location).on_hand
    if refusal := stock.post(Posting(_source(known, command, row), [movement])):
        return refusal
    if row.unit_cost:
        stock.came_at(movement, row.unit_cost, before)
    if row.expected_receipt:
        stock.arrived[row.expected_receipt] += row.quantity
    return RowOutcome(booked=posted(stock, row.sku, row.location))


def _count(
    stock: Stock, known: _Surroundings, command: BookDocument, row: DocumentRow
) -> RowOutcome | DomainError:
    if wrong := lot_fault(row.sku, known.skus[row.sku].tracking, row.lot):
        return wrong
    count = CountRow(
        id=new_id(),
        sku=row.sku,
        location=row.location,
        quantity=row.quantity,
        occurred_at=row.occurred_at,
        lot=row.lot,
        expected=row.expected,
    )
    variance = stock.count(_source(known, command, row), count)
    if isinstance(variance, DomainError):
        return variance
    return RowOutcome(booked=posted(stock, row.sku, row.location), variance=variance)


def _fault(
    known: _Surroundings, command: BookDocument, position: int, row: DocumentRow
) -> DomainError | None:
    return place_fault(
        command.principal, known.skus, known.locations, row.sku, row.location
    ) or _without_cause(known, command.type, position, row)


def _without_cause(
    known: _Surroundings, kind: DocumentType, position: int, row: DocumentRow
) -> DomainError | None:
    """Return what is wrong with why a row says it happens."""
    if kind != "count" and (wrong := fault(known.reasons, row.reason, _more_to_sell(kind, row))):
        return Invalid.at(f"/lines/{position}/reason", wrong)
    if row.expected_receipt:
        expected = known.expected.get(row.expected_receipt)
        if (
            expected is None
            or expected.cancelled_at
            or (expected.sku, expected.location) != (row.sku, row.location)
        ):
            return UnknownExpectedReceipt(
                row.expected_receipt, of=f" of {row.sku} at {row.location}"
            )
    return None


def _more_to_sell(kind: DocumentType, row: DocumentRow) -> int:
    """Return by how much a row adds to what can be sold, for its reason to explain."""
    if kind == "set_aside":
        return row.quantity * ((row.to_state == "available") - (row.from_state == "available"))
    return row.quantity


def _movement(kind: DocumentType, row: DocumentRow) -> Movement:
    at = row.sku, row.location, row.quantity, row.reason
    if kind == "adjustment":
        movement = adjusted(*at)
    elif kind == "set_aside":
        movement = set_aside(*at, from_state=row.from_state, to_state=row.to_state)
    elif row.from_state == "customer":
        movement = returned(*at, to_state=row.to_state)
    else:
        movement = received(*at)
    return movement._replace(
        lot=row.lot, expires_on=row.expires_on, serials=row.serials, corrects=row.corrects
    )


def _source(known: _Surroundings, command: BookDocument, row: DocumentRow) -> Source:
    """Return what caused a row's movements; rows that happened at once share it."""
    named = id(command), row.occurred_at
    if named not in known.sources:
        known.sources[named] = Source(
            document_type=command.type,
            document_id=command.document_id,
            actor_id=command.principal.id,
            channel=command.principal.channel,
            occurred_at=row.occurred_at,
            idempotency_key=command.key.key,
        )
    return known.sources[named]


def _good(command: BookDocument) -> Iterator[DocumentRow]:
    return (row for row in command.rows if not isinstance(row, DomainError))


def _asked(commands: Sequence[BookDocument], rows: Sequence[DocumentRow], now: datetime) -> Asked:
    return Asked(
        earliest=min((row.occurred_at for row in rows), default=now),
        counts=[
            ((row.sku, row.location), row.lot, row.occurred_at)
            for command in commands
            if command.type == "count"
            for row in _good(command)
        ],
        lots=[row.lot for row in rows if row.lot],
        serials=[(row.sku, serial) for row in rows for serial in row.serials or ()],
        costs=[(row.sku, row.location) for row in rows if row.unit_cost],
    )
