"""CSV files into the books, through the domains' own doors; each row is taken or refused by itself.

Columns are named in the first line, in any order; what is left empty takes its default.

| kind | columns |
|---|---|
| locations | code, name, kind, time_zone, latitude, longitude, capabilities (a b c), status, |
| | safety_stock |
| skus | code, name, tax_class, status, barcodes (a b c), internal_barcodes (a b c), tracking, |
| | components (SKU:2/OTHER:1), ordering (back_order, pre_order), ordering_limit, ships_at |
| prices | price_list, sku, amount (12.50), currency, valid_from (RFC 3339; empty: now) |
| receipts | sku, location, quantity, reason, occurred_at |
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, TextIO, get_args
from uuid import UUID

import msgspec

from omniretail import catalog, inventory, pricing
from omniretail.channels import Principal
from omniretail.db import Transaction
from omniretail.errors import DomainError, Invalid
from omniretail.idempotency import Answer, Key, once
from omniretail.money import minor_units

Kind = Literal["locations", "skus", "prices", "receipts"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_COLUMNS: dict[Kind, tuple[frozenset[str], frozenset[str]]] = {
    "locations": (
        frozenset({"code", "name"}),
        frozenset(
            {
                *("kind", "time_zone", "latitude", "longitude", "capabilities", "status"),
                "safety_stock",
            }
        ),
    ),
    "skus": (
        frozenset({"code", "name"}),
        frozenset(
            {
                *("tax_class", "status", "barcodes", "internal_barcodes", "tracking"),
                *("components", "ordering", "ordering_limit", "ships_at"),
            }
        ),
    ),
    "prices": (frozenset({"price_list", "sku", "amount", "currency"}), frozenset({"valid_from"})),
    "receipts": (
        frozenset({"sku", "location", "quantity"}),
        frozenset({"reason", "occurred_at"}),
    ),
}


SCOPES: dict[Kind, str] = {
    "locations": "catalog:write",
    "skus": "catalog:write",
    "prices": "prices:write",
    "receipts": "stock:write",
}
"""What a key must be allowed to do to import a kind."""


class UnreadableFile(Invalid):
    """The file is not a CSV file of this kind."""


class Row(msgspec.Struct, frozen=True):
    """One row of a file: its line number, what it says, and what that means (or why nothing)."""

    line: int
    cells: dict[str, str]
    meaning: Any


class Refused(msgspec.Struct, frozen=True):
    """A row that was not taken, and why."""

    line: int
    cells: dict[str, str]
    code: str
    detail: str


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


def read(kind: Kind, file: TextIO, *, now: datetime) -> Iterator[Row]:
    """Read a file's rows. Raises: UnreadableFile for wrong columns or no CSV at all."""
    required, optional = _COLUMNS[kind]
    reader = csv.reader(file, strict=True)
    try:
        header = [cell.strip().removeprefix("\ufeff") for cell in next(reader, [])]
        if missing := required - set(header):
            raise UnreadableFile(f"Columns are missing: {', '.join(sorted(missing))}.")
        if unknown := set(header) - required - optional:
            raise UnreadableFile(f"Columns are not known: {', '.join(sorted(unknown))}.")
        if len(set(header)) != len(header):
            raise UnreadableFile("A column stands there twice.")
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            named = dict(zip(header, (cell.strip() for cell in cells), strict=False))
            whole = len(cells) == len(header)
            meaning = (
                _meaning(kind, named, now)
                if whole
                else Invalid(f"{len(cells)} cells where the header has {len(header)}.")
            )
            yield Row(reader.line_num, named, meaning)
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
    meanings = [row.meaning for row in good]
    outcomes: Sequence[object]
    if command.kind == "locations":
        outcomes = await catalog.put_locations(tx, meanings, now=now)
    elif command.kind == "skus":
        outcomes = await catalog.put_skus(tx, meanings, now=now)
    elif command.kind == "prices":
        outcomes = await pricing.set_prices(tx, meanings, now=now)
    else:
        outcomes = await _receive(tx, command, meanings, now)
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


async def _receive(
    tx: Transaction, command: TakeRows, rows: Sequence[inventory.DocumentRow], now: datetime
) -> list[inventory.RowRefused | None]:
    document = inventory.BookDocument(
        key=command.key,
        principal=command.principal,
        document_id=command.document_id,
        type="receipt",
        rows=tuple(rows),
    )
    (booked,) = await inventory.book_unkeyed(tx, [document], now=now)
    assert isinstance(booked, inventory.Booked), "rows are refused one by one"
    return [outcome.refused for outcome in booked.outcomes]


def _refused(row: Row, reason: DomainError | inventory.RowRefused) -> Refused:
    faults = reason.fields.get("errors", ())
    said = "; ".join(f"{fault['pointer']}: {fault['detail']}" for fault in faults)
    return Refused(row.line, row.cells, reason.code, said or reason.detail)


def _meaning(kind: Kind, cells: dict[str, str], now: datetime) -> object:
    """Return what a row says, or the error that says why it says nothing."""
    try:
        return _READERS[kind]({name: cell for name, cell in cells.items() if cell}, now)
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        return Invalid(str(error))
    except KeyError as error:
        return Invalid(f"{error.args[0]} is empty")


def _location(cells: dict[str, Any], _: datetime) -> catalog.LocationSpec:
    if "capabilities" in cells:
        cells["capabilities"] = cells["capabilities"].split()
    return msgspec.convert(_coded(cells), catalog.LocationSpec, strict=False)


def _sku(cells: dict[str, Any], now: datetime) -> catalog.SkuSpec:
    cells["barcodes"] = [
        {"code": code, "kind": kind}
        for column, kind in (("barcodes", "gtin"), ("internal_barcodes", "internal"))
        for code in cells.pop(column, "").split()
    ]
    cells["components"] = [
        _component(part) for part in cells.get("components", "").split("/") if part
    ]
    limit, ships_at = cells.pop("ordering_limit", None), cells.pop("ships_at", None)
    if policy := cells.pop("ordering", None):
        cells["ordering"] = {
            "policy": policy,
            "limit": limit or 0,
            "ships_at": ships_at and _moment(ships_at, now),
        }
    elif limit or ships_at:
        raise ValueError("ordering_limit and ships_at belong to an ordering, which is empty")
    return msgspec.convert(_coded(cells), catalog.SkuSpec, strict=False)


def _component(part: str) -> dict[str, str]:
    # A code may hold a colon, a quantity does not.
    sku, _, quantity = part.strip().rpartition(":")
    if not sku or not quantity.isdecimal():
        raise ValueError(f"{part!r} is not a SKU, a colon and a quantity")
    return {"sku": sku, "quantity": quantity}


def _price(cells: dict[str, Any], now: datetime) -> pricing.NewPrice:
    return pricing.NewPrice(
        price_list=cells["price_list"],
        sku=cells["sku"],
        amount_minor=minor_units(cells["amount"], cells["currency"]),
        currency=cells["currency"],
        valid_from=_moment(cells.get("valid_from"), now),
    )


def _receipt(cells: dict[str, Any], now: datetime) -> inventory.DocumentRow:
    quantity = int(cells["quantity"])
    if not 1 <= quantity <= inventory.MOST_QUANTITY:
        raise ValueError(f"quantity {quantity} is not between 1 and {inventory.MOST_QUANTITY}")
    return inventory.DocumentRow(
        sku=cells["sku"],
        location=cells["location"],
        quantity=quantity,
        reason=cells.get("reason", "purchase"),
        occurred_at=_moment(cells.get("occurred_at"), now),
    )


_READERS: dict[Kind, Callable[[dict[str, Any], datetime], object]] = {
    "locations": _location,
    "skus": _sku,
    "prices": _price,
    "receipts": _receipt,
}


def _coded(cells: dict[str, Any]) -> dict[str, Any]:
    code = cells["code"]
    if len(code) > 64 or any(sign in ",/|" or ord(sign) < 32 for sign in code):
        raise ValueError(f"{code!r} is not a code: at most 64 signs, no comma, slash or bar")
    return cells


def _moment(text: str | None, now: datetime) -> datetime:
    if text is None:
        return now
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment.astimezone(UTC)
