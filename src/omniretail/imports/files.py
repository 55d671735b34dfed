"""Reading a CSV file row by row, and taking rows into the books, once under their key."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO
from uuid import UUID

import msgspec

from omniretail import catalog, customers, inventory, loyalty, pricing
from omniretail.channels import Principal
from omniretail.db import Transaction
from omniretail.errors import DomainError, Invalid
from omniretail.idempotency import Answer, Key, once
from omniretail.imports.kinds import Kind, Reading, known, meaning, required

REPORT_COLUMNS = ("refused_line", "refused_code", "refused_field", "refused_detail")
"""What a report of refused rows says of a row; a file may have them, and they say nothing there."""

_DOCUMENTS: dict[Kind, inventory.DocumentType] = {
    "adjustments": "adjustment",
    "counts": "count",
    "receipts": "receipt",
    "set_asides": "set_aside",
}
# Where a refusal does not point at a column itself.
_COLUMNS = {
    "barcode_taken": "barcodes",
    "component_is_kit": "components",
    "cost_currency_differs": "currency",
    "count_contradicted": "quantity",
    "count_stale": "expected",
    "insufficient_stock": "quantity",
    "kit_has_no_stock": "sku",
    "location_not_yours": "location",
    "lot_expiry_differs": "expires_on",
    "lot_missing": "lot",
    "lot_not_tracked": "lot",
    "other_currency": "currency",
    "quantity_too_large": "quantity",
    "serial_gone": "serials",
    "serial_on_hand": "serials",
    "serials_missing": "serials",
    "serials_not_tracked": "serials",
    "sku_shape_fixed": "tracking",
    "unknown_customer": "customer",
    "unknown_expected_receipt": "expected_receipt",
    "unknown_location": "location",
    "unknown_price_list": "price_list",
    "unknown_sku": "sku",
}


class UnreadableFile(Invalid):
    """The file is not a CSV file of this kind."""


class Row(msgspec.Struct, frozen=True):
    """One row of a file: its line number, what it says, and what that means (or why nothing)."""

    line: int
    cells: dict[str, str]
    meaning: Any


class Refused(msgspec.Struct, frozen=True):
    """A row that was not taken, why, and by which column, if by one."""

    line: int
    cells: dict[str, str]
    code: str
    detail: str
    field: str | None = None


class TakeRows(msgspec.Struct, frozen=True, kw_only=True):
    """The command to take the rows of a file, or of a slice of one, once under its key."""

    key: Key
    principal: Principal
    kind: Kind
    rows: tuple[Row, ...]
    document_id: UUID


class Taken(msgspec.Struct, frozen=True):
    """How many rows were taken, and those that were refused."""

    taken: int
    refused: list[Refused]


def read(kind: Kind, file: TextIO, *, exponents: Mapping[str, int], now: datetime) -> Iterator[Row]:
    """Read a file's rows; `exponents` are how many decimals amounts have, where not ISO 4217 says it.

    Raises: UnreadableFile for wrong columns or no CSV at all.
    """
    reader = csv.reader(file, strict=True)
    try:
        header = [cell.strip().removeprefix("\ufeff") for cell in next(reader, [])]
        columns = [name for name in header if name not in REPORT_COLUMNS]
        if missing := required(kind) - set(columns):
            raise UnreadableFile(f"Columns are missing: {', '.join(sorted(missing))}.")
        if unknown := set(columns) - known(kind):
            raise UnreadableFile(f"Columns are not known: {', '.join(sorted(unknown))}.")
        if len(set(columns)) != len(columns):
            raise UnreadableFile("A column stands there twice.")
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            stripped = zip(header, (cell.strip() for cell in cells), strict=False)
            named = {name: cell for name, cell in stripped if name not in REPORT_COLUMNS}
            whole = len(cells) == len(header)
            meant = (
                meaning(kind, named, Reading(now, exponents))
                if whole
                else Invalid(f"{len(cells)} cells where the header has {len(header)}.")
            )
            yield Row(reader.line_num, named, meant)
    except (csv.Error, UnicodeDecodeError) as error:
        raise UnreadableFile(f"Line {reader.line_num + 1}: {error}.") from error


async def take(
    tx: Transaction, commands: Sequence[TakeRows], *, now: datetime
) -> list[Answer[Taken] | DomainError]:
    """Take rows into the books, each command in one go and once; one outcome each, in order.

    Locks and outcomes are those of the domains' own operations; a row that a domain refuses is
    reported, and the others are taken.
    """

    async def run(fresh: Sequence[TakeRows]) -> list[Taken | DomainError]:
        return [await _take(tx, command, now) for command in fresh]

    return await once(tx, commands, run, Taken, now=now)


async def _take(tx: Transaction, command: TakeRows, now: datetime) -> Taken:
    good = [row for row in command.rows if not isinstance(row.meaning, DomainError)]
    outcomes = await _outcomes(tx, command, [row.meaning for row in good], now)
    refused = [
        _refused(row, row.meaning) for row in command.rows if isinstance(row.meaning, DomainError)
    ]
    refused += [
        _refused(row, outcome)
        for row, outcome in zip(good, outcomes, strict=True)
        if isinstance(outcome, DomainError | inventory.RowRefused)
    ]
    return Taken(
        len(command.rows) - len(refused), sorted(refused, key=lambda refusal: refusal.line)
    )


async def _outcomes(
    tx: Transaction, command: TakeRows, meanings: Sequence[Any], now: datetime
) -> Sequence[object]:
    outcomes: Sequence[object]
    match command.kind:
        case "locations":
            outcomes = await catalog.put_locations(tx, meanings, now=now)
        case "skus":
            outcomes = await catalog.put_skus(tx, meanings, now=now)
        case "customers":
            outcomes = await _people(tx, command, meanings, now)
        case "loyalty_balances":
            outcomes = await loyalty.open_balances(
                tx, meanings, key=command.key, principal=command.principal, now=now
            )
        case "prices":
            outcomes = await pricing.set_prices(tx, meanings, now=now)
        case "tax_rates":
            outcomes = await pricing.put_tax_rates(tx, meanings, now=now)
        case "safety_stock":
            outcomes = await inventory.put_safety_stock(
                tx, meanings, principal=command.principal, now=now
            )
        case _:
            outcomes = await _book(tx, command, meanings, now)
    return outcomes


async def _people(
    tx: Transaction, command: TakeRows, specs: Sequence[customers.PutCustomer], now: datetime
) -> list[customers.Customer | DomainError]:
    """Put customers in place; price lists that called them as they are known by are theirs."""
    by = command.principal
    outcomes = await customers.put_customers(tx, specs, actor_id=by.id, channel=by.channel, now=now)
    people = [one for one in outcomes if isinstance(one, customers.Customer)]
    known = {reference for one in people for reference in one.references}
    await pricing.keep_lists_by_id(tx, known, now=now)
    return outcomes


async def _book(
    tx: Transaction, command: TakeRows, rows: Sequence[inventory.DocumentRow], now: datetime
) -> list[inventory.RowRefused | None]:
    document = inventory.BookDocument(
        key=command.key,
        principal=command.principal,
        document_id=command.document_id,
        type=_DOCUMENTS[command.kind],
        rows=tuple(rows),
    )
    (booked,) = await inventory.book_unkeyed(tx, [document], now=now)
    assert isinstance(booked, inventory.Booked), "rows are refused one by one"
    return [outcome.refused for outcome in booked.outcomes]


def _refused(row: Row, reason: DomainError | inventory.RowRefused) -> Refused:
    faults = reason.fields.get("errors", ())
    said = "; ".join(fault["detail"] for fault in faults) or reason.detail
    field = _pointed_at(faults[0]["pointer"]) if faults else _COLUMNS.get(reason.code)
    if reason.code == customers.IdentityTaken.code:
        # A kind of identity is called as its column is.
        field = reason.fields["kind"]
    if field == "quantity" and "change" in row.cells:
        field = "change"
    return Refused(row.line, row.cells, reason.code, said, field)


def _pointed_at(pointer: str) -> str | None:
    """Return the column that a pointer into a domain's value means: `/lines/0/lot`, `/lot`."""
    steps = [step for step in pointer.split("/") if step]
    if steps[:1] == ["lines"]:
        steps = steps[2:]
    if steps[:1] == ["ordering"] and steps[1:]:
        return {"limit": "ordering_limit", "policy": "ordering"}.get(steps[1], steps[1])
    return steps[0] if steps else None
