"""Locations: putting them in place and looking them up."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal, get_args
from zoneinfo import available_timezones

import asyncpg
import msgspec
from sqlmodel import col, select

from omniretail.catalog.models import Location
from omniretail.catalog.versions import Stored
from omniretail.db import Read, Transaction, sql, write_columns
from omniretail.errors import DomainError, Invalid, Missing, Refused, StaleVersion

_BY_CODE = sql("catalog.locations_by_code")
_LOCK = sql("catalog.lock_locations")
_PUT = sql("catalog.put_locations")

MOST_SAFETY_STOCK = 1_000_000

Capability = Literal["carry_out", "pickup", "ship"]


class UnknownLocation(Missing):
    """There is no such location."""

    def __init__(self, location: str) -> None:
        super().__init__(f"There is no location {location!r}.", location=location)


class LocationNotServing(Refused):
    """The location does not serve orders in this way."""

    def __init__(self, *, location: str, kind: str) -> None:
        super().__init__(
            f"{location} does not serve {kind} just now.", location=location, fulfillment_kind=kind
        )


class LocationSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A location as the retailer states it; coordinates are WGS 84 degrees, the zone is IANA's.

    `safety_stock` is how many units of each SKU it withholds from promises; `region` is what prices
    and taxes go by.
    """

    code: str
    name: str
    kind: Literal["store", "warehouse"] = "store"
    time_zone: str = "UTC"
    latitude: float | None = None
    longitude: float | None = None
    capabilities: tuple[Capability, ...] = get_args(Capability)
    status: Literal["active", "inactive"] = "active"
    safety_stock: int = 0
    region: str | None = None

    def serves(self, kind: str) -> bool:
        """Tell whether the location takes orders of this fulfillment kind now."""
        return self.status == "active" and kind in self.capabilities


async def put_locations(
    tx: Transaction,
    specs: Sequence[LocationSpec],
    *,
    expected_version: int | None = None,
    now: datetime,
) -> list[Stored[LocationSpec] | DomainError]:
    """Create or replace locations by code; one outcome per spec, in order.

    `expected_version` is for a single spec. Locks: the locations, by code. Outcomes: the stored
    location, Invalid (zone, coordinates, safety stock), StaleVersion. The same code twice: the last
    one stands.
    """
    versions = {
        row["code"]: row["version"]
        for row in await tx.fetch(_LOCK, sorted({spec.code for spec in specs}))
    }
    outcomes: list[Stored[LocationSpec] | DomainError] = []
    accepted: dict[str, Stored[LocationSpec]] = {}
    for spec in specs:
        actual = versions.get(spec.code, 0)
        outcome: Stored[LocationSpec] | DomainError | None = _fault(spec)
        if outcome is None and expected_version not in {None, actual}:
            assert expected_version is not None
            outcome = StaleVersion(code=spec.code, expected=expected_version, actual=actual)
        if outcome is None:
            outcome = accepted[spec.code] = Stored(spec, actual + 1)
        outcomes.append(outcome)
    rows = [
        (
            stored.spec.code,
            stored.spec.name,
            stored.spec.kind,
            stored.spec.time_zone,
            stored.spec.latitude,
            stored.spec.longitude,
            ",".join(sorted(stored.spec.capabilities)),
            stored.spec.status,
            stored.spec.safety_stock,
            stored.version,
            stored.spec.region,
        )
        for stored in accepted.values()
    ]
    await tx.write(*write_columns(_PUT, rows, now))
    return outcomes


def locations_by_code(codes: Collection[str]) -> Read[dict[str, LocationSpec]]:
    """Return the read of the locations among `codes` that exist, by code."""
    return Read(
        _BY_CODE,
        (list(codes),),
        lambda rows: {row["code"]: msgspec.convert(row, LocationSpec) for row in rows},
    )


async def get_location(tx: Transaction, code: str) -> Stored[LocationSpec]:
    """Return one location. Raises: UnknownLocation."""
    rows = await tx.select(select(Location).where(col(Location.code) == code))
    if not rows:
        raise UnknownLocation(code)
    return _stored(rows[0])


async def list_locations(
    tx: Transaction, *, after: str = "", limit: int
) -> list[Stored[LocationSpec]]:
    """Return up to `limit` locations whose code sorts behind `after`."""
    rows = await tx.select(
        select(Location).where(col(Location.code) > after).order_by(col(Location.code)).limit(limit)
    )
    return [_stored(row) for row in rows]


def _stored(row: asyncpg.Record) -> Stored[LocationSpec]:
    return Stored(msgspec.convert(dict(row), LocationSpec), row["version"])


def _fault(spec: LocationSpec) -> Invalid | None:
    if spec.time_zone not in available_timezones():
        return Invalid.at("/time_zone", f"{spec.time_zone!r} is not a zone of the IANA database")
    if (spec.latitude is None) != (spec.longitude is None):
        return Invalid.at("/longitude", "Coordinates are a latitude and a longitude, or neither")
    # A file's cell may say `nan` or `inf`, which JSON cannot.
    if spec.latitude is not None and not -90 <= spec.latitude <= 90:
        return Invalid.at("/latitude", "A latitude is between −90 and 90 degrees")
    if spec.longitude is not None and not -180 <= spec.longitude <= 180:
        return Invalid.at("/longitude", "A longitude is between −180 and 180 degrees")
    if not 0 <= spec.safety_stock <= MOST_SAFETY_STOCK:
        return Invalid.at(
            "/safety_stock", f"Safety stock is between 0 and {MOST_SAFETY_STOCK:,} units"
        )
    return None
