"""SKUs: putting them in place, looking them up, finding them by text or barcode."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

import asyncpg
import msgspec

from omniretail.catalog import barcodes, kits
from omniretail.catalog.barcodes import Barcode, normalized
from omniretail.catalog.kits import Component
from omniretail.catalog.traits import Ordering, SkuTraits, Tracking, skus_by_code
from omniretail.catalog.versions import Stored
from omniretail.db import RaceLost, Read, Transaction, constraint, sql, write_columns
from omniretail.errors import DomainError, Invalid, Missing, Refused, StaleVersion

_LOCK = sql("catalog.lock_skus")
_PUT = sql("catalog.put_skus")
_BARCODES = sql("catalog.barcodes_of_skus")
_BARCODE_OWNERS = sql("catalog.barcode_owners")
_DROP_BARCODES = sql("catalog.drop_barcodes")
_PUT_BARCODES = sql("catalog.put_barcodes")
_SKU = sql("catalog.sku")
_SEARCH = sql("catalog.search_skus")
MOST_CATEGORIES = 50
# An order takes the time over into a column, which not every time of the calendar fits.
_FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_DAY = datetime(9999, 1, 1, tzinfo=UTC)


class UnknownSku(Missing):
    """There is no such SKU."""

    def __init__(self, sku: str) -> None:
        super().__init__(f"There is no SKU {sku!r}.", sku=sku)


class UnknownBarcode(Missing):
    """No SKU has this barcode."""

    def __init__(self, barcode: str) -> None:
        super().__init__(f"No SKU has the barcode {barcode!r}.", barcode=barcode)


class SkuNotSold(Refused):
    """The SKU is blocked from sale."""

    def __init__(self, sku: str) -> None:
        super().__init__(f"{sku} is blocked from sale.", sku=sku)


class BarcodeTaken(Refused):
    """The barcode belongs to another SKU."""

    def __init__(self, *, barcode: str = "", sku: str = "") -> None:
        super().__init__(f"The barcode {barcode} belongs to {sku}.", barcode=barcode, sku=sku)


class SkuShapeFixed(Refused):
    """What a SKU is tracked by, and whether it is a kit, stands from its making."""

    def __init__(self, *, sku: str, tracking: str | None, is_kit: bool) -> None:
        made = "a kit" if is_kit else f"a SKU tracked by {tracking or 'quantity alone'}"
        super().__init__(
            f"{sku} is {made}, and stays so.", sku=sku, tracking=tracking, is_kit=is_kit
        )


constraint("sku_barcode_pkey", BarcodeTaken)


class SkuSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU as the retailer states it; the name is in any script.

    `tracking`, and whether there are `components` at all, is settled when the SKU is created: its
    stock is kept by it. With components it is a kit and has no stock of its own. `categories` are
    codes that promotions go by.
    """

    code: str
    name: str
    tax_class: str = "standard"
    status: Literal["active", "blocked"] = "active"
    barcodes: tuple[Barcode, ...] = ()
    tracking: Tracking | None = None
    components: tuple[Component, ...] = ()
    ordering: Ordering | None = None
    categories: tuple[str, ...] = ()

    def traits(self) -> SkuTraits:
        """Return what deciding about goods needs to know of it."""
        components = {component.sku: component.quantity for component in self.components}
        return SkuTraits(
            self.status,
            self.tracking,
            components or None,
            self.ordering,
            self.tax_class,
            frozenset(self.categories),
        )


async def put_skus(
    tx: Transaction,
    specs: Sequence[SkuSpec],
    *,
    expected_version: int | None = None,
    now: datetime,
) -> list[Stored[SkuSpec] | DomainError]:
    """Create or replace SKUs by code, their barcodes with them; one outcome per spec, in order.

    `expected_version` is for a single spec. Locks: the SKUs, by code. Outcomes: the stored SKU,
    Invalid (a check digit, a category, a component, an ordering), BarcodeTaken, ComponentIsKit,
    SkuShapeFixed, StaleVersion. The same code twice: the last one stands. A component may be put in
    the same list as its kit, before it.
    """
    codes = sorted({spec.code for spec in specs})
    versions = {row["code"]: row["version"] for row in await tx.fetch(_LOCK, codes)}
    owners, known = await tx.read(
        _owners({normalized(one.code) for spec in specs for one in spec.barcodes}, codes),
        skus_by_code({*codes, *(part.sku for spec in specs for part in spec.components)}),
    )
    outcomes: list[Stored[SkuSpec] | DomainError] = []
    accepted: dict[str, Stored[SkuSpec]] = {}
    for spec in specs:
        actual = versions.get(spec.code, 0)
        outcome: Stored[SkuSpec] | DomainError | None = _fault(spec, owners, known)
        if outcome is None and expected_version not in {None, actual}:
            assert expected_version is not None
            outcome = StaleVersion(code=spec.code, expected=expected_version, actual=actual)
        if outcome is None:
            outcome = accepted[spec.code] = Stored(spec, actual + 1)
            owners = {code: sku for code, sku in owners.items() if sku != spec.code}
            owners |= {normalized(code.code): spec.code for code in spec.barcodes}
            known[spec.code] = spec.traits()
        outcomes.append(outcome)
    if accepted:
        await _write(tx, list(accepted.values()), now)
    return outcomes


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


async def find_by_barcode(tx: Transaction, barcode: str) -> Stored[SkuSpec]:
    """Return the SKU of a scanned barcode. Raises: UnknownBarcode."""
    found = await search_skus(tx, barcode=barcode, limit=1) if normalized(barcode) else []
    if not found:
        raise UnknownBarcode(barcode)
    return found[0]


async def _with_barcodes(tx: Transaction, rows: Sequence[asyncpg.Record]) -> list[Stored[SkuSpec]]:
    printed: dict[str, list[Barcode]] = {row["code"]: [] for row in rows}
    for found in await tx.fetch(_BARCODES, list(printed)):
        printed[found["sku"]].append(Barcode(code=found["printed"], kind=found["kind"]))
    return [
        Stored(
            SkuSpec(
                code=row["code"],
                name=row["name"],
                tax_class=row["tax_class"],
                status=row["status"],
                barcodes=tuple(printed[row["code"]]),
                tracking=row["tracking"],
                components=_components(row["components"]),
                ordering=_ordering(row["ordering"]),
                categories=tuple(row["categories"]),
            ),
            row["version"],
        )
        for row in rows
    ]


def _components(stored: str | None) -> tuple[Component, ...]:
    units: dict[str, int] = msgspec.json.decode(stored or "{}")
    return tuple(Component(sku, quantity) for sku, quantity in sorted(units.items()))


def _ordering(stored: str | None) -> Ordering | None:
    return msgspec.json.decode(stored or "null", type=Ordering | None)


async def _write(tx: Transaction, accepted: Sequence[Stored[SkuSpec]], now: datetime) -> None:
    rows = [
        (
            stored.spec.code,
            stored.spec.name,
            stored.spec.tax_class,
            stored.spec.status,
            _folded(f"{stored.spec.code} {stored.spec.name}"),
            stored.version,
            stored.spec.tracking,
            _json(stored.spec.traits().components),
            _json(stored.spec.ordering),
            ",".join(sorted(set(stored.spec.categories))),
        )
        for stored in accepted
    ]
    (put,) = write_columns(_PUT, rows, now)
    if await tx.execute(put.statement, *put.values) != len(rows):
        raise RaceLost
    await tx.execute(_DROP_BARCODES, [stored.spec.code for stored in accepted])
    codes = {
        normalized(barcode.code): (stored.spec.code, barcode.kind, barcode.code)
        for stored in accepted
        for barcode in stored.spec.barcodes
    }
    await tx.write(*write_columns(_PUT_BARCODES, [(code, *rest) for code, rest in codes.items()]))


def _json(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _owners(wanted: Collection[str], skus: Sequence[str]) -> Read[dict[str, str]]:
    return Read(
        _BARCODE_OWNERS,
        (sorted(wanted), skus),
        lambda rows: {row["normalized"]: row["sku"] for row in rows},
    )


def _fault(
    spec: SkuSpec, owners: Mapping[str, str], known: Mapping[str, SkuTraits]
) -> DomainError | None:
    for position, barcode in enumerate(spec.barcodes):
        if wrong := barcodes.fault(barcode):
            return Invalid.at(f"/barcodes/{position}", wrong)
        owner = owners.get(normalized(barcode.code), spec.code)
        if owner != spec.code:
            return BarcodeTaken(barcode=barcode.code, sku=owner)
    if spec.components and (spec.tracking or spec.ordering):
        pointer = "/tracking" if spec.tracking else "/ordering"
        return Invalid.at(pointer, "A kit has nothing of its own here: its components have")
    if refusal := _category_fault(spec.categories) or _ordering_fault(spec.ordering):
        return refusal
    stood = known.get(spec.code)
    if stood and (stood.tracking, bool(stood.components)) != (spec.tracking, bool(spec.components)):
        return SkuShapeFixed(
            sku=spec.code, tracking=stood.tracking, is_kit=stood.components is not None
        )
    return kits.fault(spec.code, spec.components, known)


def _category_fault(categories: Sequence[str]) -> Invalid | None:
    if len(set(categories)) > MOST_CATEGORIES:
        return Invalid.at("/categories", f"A SKU is in at most {MOST_CATEGORIES} categories")
    for position, category in enumerate(categories):
        # A file separates them by spaces.
        if len(category.split()) != 1:
            return Invalid.at(f"/categories/{position}", "A category has a code without spaces")
    return None


def _ordering_fault(ordering: Ordering | None) -> Invalid | None:
    if ordering is None:
        return None
    if not 0 <= ordering.limit < 2**31:
        return Invalid.at("/ordering/limit", "A limit is between 0 and 2^31 − 1 units")
    if ordering.policy == "pre_order" and ordering.ships_at is None:
        return Invalid.at("/ordering/ships_at", "A pre-order says when the goods will ship")
    if ordering.ships_at is not None and not _FIRST_DAY <= ordering.ships_at < _LAST_DAY:
        return Invalid.at("/ordering/ships_at", "Goods ship between the years 1970 and 9998")
    return None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _escape(word: str) -> str:
    return word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
