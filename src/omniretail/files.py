"""CSV files on this machine: taking one into the books slice by slice, writing one out of them."""

import csv
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from omniretail import channels, exports, idempotency, imports, pricing
from omniretail.db import Database
from omniretail.errors import DomainError
from omniretail.ids import new_id

_ROWS_AT_ONCE = 1_000
_PIECE_BYTES = 1 << 20

Clock = Callable[[], datetime]


async def take_file(
    database: Database,
    kind: imports.Kind,
    path: Path,
    *,
    principal: channels.Principal,
    clock: Clock,
    advance: Callable[[int, int], None],
) -> tuple[int, list[imports.Refused]]:
    """Take a file in slices, each one transaction under a key of the file's own content.

    Broken off, it goes on where it stopped when the same file is taken again. `advance` is told the
    lines that are done, and how many there are. Returns how many rows were taken, and those refused.
    """
    content, lines = _digest(path)
    async with database.reading() as tx:
        exponents = await pricing.exponents(tx)
    taken, refused = 0, list[imports.Refused]()
    with path.open(encoding="utf-8", newline="") as source:
        rows = imports.read(kind, source, exponents=exponents, now=clock())
        while piece := list(islice(rows, _ROWS_AT_ONCE)):
            command = imports.TakeRows(
                key=idempotency.Key(principal.id, f"{kind}:{content}:{piece[0].line}", b""),
                principal=principal,
                kind=kind,
                rows=tuple(piece),
                document_id=new_id(),
            )
            outcome = await _take(database, command, clock)
            taken += outcome.taken
            refused += outcome.refused
            advance(piece[-1].line, max(lines, piece[-1].line))
    await database.analyze()
    return taken, refused


def write_report(path: Path, refused: Sequence[imports.Refused]) -> None:
    """Write the refused rows with their reasons. Once they are mended, the report can be taken in."""
    columns = list(refused[0].cells)
    with path.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target)
        writer.writerow([*imports.REPORT_COLUMNS, *columns])
        for row in refused:
            cells = [row.cells.get(column, "") for column in columns]
            writer.writerow([row.line, row.code, row.field or "", row.detail, *cells])


async def write_file(
    database: Database,
    kind: exports.Kind,
    output: BinaryIO,
    *,
    as_of: datetime | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> int:
    """Write an export, all of one moment; `advance` is told the lines of each piece as it leaves.

    Returns how many rows it has. Raises: OSError.
    """

    failed: OSError | None = None

    async def put(piece: bytes) -> None:
        nonlocal failed
        try:
            output.write(piece)
        except OSError as error:
            failed = error
            raise
        advance(piece.count(b"\n"))

    try:
        async with database.transaction(snapshot=True) as tx:
            return await exports.copy(tx, kind, put, as_of=as_of)
    except DomainError:
        # The database would take it for its own.
        if failed is not None:
            raise failed from None
        raise


async def _take(database: Database, command: imports.TakeRows, clock: Clock) -> imports.Taken:
    (answer,) = await database.run(lambda tx: imports.take(tx, [command], now=clock()))
    if isinstance(answer, DomainError):
        raise answer
    return answer.value


def _digest(path: Path) -> tuple[str, int]:
    """Return what names a file's content, and how many lines it has."""
    digest, lines = hashlib.sha256(), 0
    with path.open("rb") as source:
        while piece := source.read(_PIECE_BYTES):
            digest.update(piece)
            lines += piece.count(b"\n")
    return digest.hexdigest(), lines
