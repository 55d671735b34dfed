"""SKUs: putting them in place, looking them up, finding them by text or barcode."""

import unicodedata
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

import asyncpg
import msgspec

from omniretail.catalog.barcodes import Barcode, fault, normalized
from omniretail.catalog.versions import StaleVersion, Stored
from omniretail.db import Read, Transaction, constraint, sql, write_columns
from omniretail.errors import DomainError, Invalid, Missing, Refused

_LOCK = sql("catalog.lock_skus")
_PUT = sql("catalog.put_skus")
_BARCODES = sql("catalog.barcodes_of_skus")
_BARCODE_OWNERS = sql("catalog.barcode_owners")
_DROP_BARCODES = sql("catalog.drop_barcodes")
_PUT_BARCODES = sql("catalog.put_barcodes")
_SKU = sql("catalog.sku")
_SEARCH = sql("catalog.search_skus")
_STATUSES = sql("catalog.statuses_of_skus")


class UnknownSku(Missing):
    """There is no such SKU."""

    def __init__(self, sku: str) -> None:
        super().__init__(f"There is no SKU {sku!r}.", sku=sku)


class SkuNotSold(Refused):
    """The SKU is blocked from sale."""

    def __init__(self, sku: str) -> None:
        super().__init__(f"{sku} is blocked from sale.", sku=sku)


class BarcodeTaken(Refused):
    """The barcode belongs to another SKU."""

    def __init__(self, *, barcode: str = "", sku: str = "") -> None:
        super().__init__(f"The barcode {barcode} belongs to {sku}.", barcode=barcode, sku=sku)


constraint("sku_barcode_pkey", BarcodeTaken)


class SkuSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU as the retailer states it; the name is in any script."""

    code: str
    name: str
    tax_class: str = "standard"
    status: Literal["active", "blocked"] = "active"
    barcodes: tuple[Barcode, ...] = ()


async def put_skus(
    tx: Transaction,
    specs: Sequence[SkuSpec],
    *,
    expected_version: int | None = None,
    now: datetime,
) -> list[Stored[SkuSpec] | DomainError]:
    """Create or replace SKUs by code, their barcodes with them; one outcome per spec, in order.

    `expected_version` is for a single spec. Locks: the SKUs, by code. Outcomes: the stored SKU,
    Invalid (a check digit), BarcodeTaken, StaleVersion. The same code twice: the last one stands.
    """
    codes = sorted({spec.code for spec in specs})
    versions = {row["code"]: row["version"] for row in await tx.fetch(_LOCK, codes)}
    wanted = sorted({normalized(code.code) for spec in specs for code in spec.barcodes})
    owners = {
        row["normalized"]: row["sku"] for row in await tx.fetch(_BARCODE_OWNERS, wanted, codes)
    }
    outcomes: list[Stored[SkuSpec] | DomainError] = []
    accepted: dict[str, Stored[SkuSpec]] = {}
    for spec in specs:
        actual = versions.get(spec.code, 0)
        outcome: Stored[SkuSpec] | DomainError | None = _fault(spec, owners)
        if outcome is None and expected_version not in {None, actual}:
            assert expected_version is not None
            outcome = StaleVersion(code=spec.code, expected=expected_version, actual=actual)
        if outcome is None:
            outcome = accepted[spec.code] = Stored(spec, actual + 1)
            owners = {code: sku for code, sku in owners.items() if sku != spec.code}
            owners |= {normalized(code.code): spec.code for code in spec.barcodes}
        outcomes.append(outcome)
    await _write(tx, list(accepted.values()), now)
    return outcomes


def skus_by_code(codes: Collection[str]) -> Read[dict[str, str]]:
    """Return the read of the status of each SKU among `codes` that exists."""
    return Read(
        _STATUSES, (list(codes),), lambda rows: {row["code"]: row["status"] for row in rows}
    )


async def get_sku(tx: Transaction, code: str) -> Stored[SkuSpec]:
    """Return one SKU with its barcodes. Raises: UnknownSku."""
    rows = await tx.fetch(_SKU, code)
    if not rows:
        raise UnknownSku(code)
    return (await _with_barcodes(tx, rows))[0]


async def search_skus(
    tx: Transaction, *, text: str = "", barcode: str = "", after: str = "", limit: int
) -> list[Stored[SkuSpec]]:
    """Return SKUs in the order of their codes, behind `after`.

    Every word of `text` must stand somewhere in the code or the name, in any case and script;
    `barcode` is found whatever the length a GTIN was printed in.
    """
    words = [f"%{_escape(word)}%" for word in _folded(text).split()]
    rows = await tx.fetch(_SEARCH, words, normalized(barcode), after, limit)
    return await _with_barcodes(tx, rows)


async def _with_barcodes(tx: Transaction, rows: Sequence[asyncpg.Record]) -> list[Stored[SkuSpec]]:
    barcodes: dict[str, list[Barcode]] = {row["code"]: [] for row in rows}
    for found in await tx.fetch(_BARCODES, list(barcodes)):
        barcodes[found["sku"]].append(Barcode(code=found["printed"], kind=found["kind"]))
    return [
        Stored(
            SkuSpec(
                code=row["code"],
                name=row["name"],
                tax_class=row["tax_class"],
                status=row["status"],
                barcodes=tuple(barcodes[row["code"]]),
            ),
            row["version"],
        )
        for row in rows
    ]


async def _write(tx: Transaction, accepted: Sequence[Stored[SkuSpec]], now: datetime) -> None:
    rows = [
        (
            stored.spec.code,
            stored.spec.name,
            stored.spec.tax_class,
            stored.spec.status,
            _folded(f"{stored.spec.code} {stored.spec.name}"),
            stored.version,
        )
        for stored in accepted
    ]
    await tx.write(*write_columns(_PUT, rows, now))
    await tx.execute(_DROP_BARCODES, [stored.spec.code for stored in accepted])
    barcodes = {
        normalized(barcode.code): (stored.spec.code, barcode.kind, barcode.code)
        for stored in accepted
        for barcode in stored.spec.barcodes
    }
    await tx.write(
        *write_columns(_PUT_BARCODES, [(code, *rest) for code, rest in barcodes.items()])
    )


def _fault(spec: SkuSpec, owners: dict[str, str]) -> DomainError | None:
    for position, barcode in enumerate(spec.barcodes):
        if wrong := fault(barcode):
            return Invalid.at(f"/barcodes/{position}", wrong)
        owner = owners.get(normalized(barcode.code), spec.code)
        if owner != spec.code:
            return BarcodeTaken(barcode=barcode.code, sku=owner)
    return None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _escape(word: str) -> str:
    return word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
