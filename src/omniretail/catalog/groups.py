"""Location groups: locations that are named together, such as the stores of a country."""

from collections.abc import Collection
from datetime import datetime

import asyncpg
import msgspec

from omniretail.catalog.locations import UnknownLocation, locations_by_code
from omniretail.catalog.versions import Stored
from omniretail.db import RaceLost, Read, Transaction, Write, sql
from omniretail.errors import Missing, StaleVersion

_BY_CODE = sql("catalog.location_groups_by_code")
_DROP_MEMBERS = sql("catalog.drop_group_members")
_LIST = sql("catalog.list_location_groups")
_LOCK = sql("catalog.lock_location_group")
_PUT = sql("catalog.put_location_group")
_PUT_MEMBERS = sql("catalog.put_group_members")


class UnknownLocationGroup(Missing):
    """There is no such group of locations."""

    def __init__(self, location_group: str) -> None:
        super().__init__(
            f"There is no location group {location_group!r}.", location_group=location_group
        )


class LocationGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group of locations as the retailer states it; a location may be in several."""

    code: str
    name: str
    locations: tuple[str, ...] = ()


async def put_location_group(
    tx: Transaction, spec: LocationGroup, *, expected_version: int | None = None, now: datetime
) -> Stored[LocationGroup]:
    """Create or replace a group: its locations are those of `spec`, and no others.

    Locks: the group. Raises: UnknownLocation, StaleVersion; RaceLost where another transaction
    creates the group at the same moment.
    """
    members = sorted(set(spec.locations))
    version, existing = await tx.read(
        Read(_LOCK, (spec.code,), lambda rows: rows[0]["version"] if rows else 0),
        locations_by_code(members),
    )
    for location in members:
        if location not in existing:
            raise UnknownLocation(location)
    if expected_version not in {None, version}:
        assert expected_version is not None
        raise StaleVersion(code=spec.code, expected=expected_version, actual=version)
    if await tx.execute(_PUT, spec.code, spec.name, version + 1, now) == 0:
        raise RaceLost
    await tx.write(
        Write(_DROP_MEMBERS, (spec.code, members)), Write(_PUT_MEMBERS, (spec.code, members))
    )
    return Stored(
        LocationGroup(code=spec.code, name=spec.name, locations=tuple(members)), version + 1
    )


def groups_by_code(codes: Collection[str]) -> Read[dict[str, frozenset[str]]]:
    """Return the read of the locations of each group among `codes` that exists."""
    return Read(
        _BY_CODE,
        (list(codes),),
        lambda rows: {row["code"]: frozenset(row["locations"]) for row in rows},
    )


async def get_location_group(tx: Transaction, code: str) -> Stored[LocationGroup]:
    """Return one group. Raises: UnknownLocationGroup."""
    rows = await tx.fetch(_BY_CODE, [code])
    if not rows:
        raise UnknownLocationGroup(code)
    return _stored(rows[0])


async def list_location_groups(
    tx: Transaction, *, after: str = "", limit: int
) -> list[Stored[LocationGroup]]:
    """Return up to `limit` groups whose code sorts behind `after`."""
    return [_stored(row) for row in await tx.fetch(_LIST, after, limit)]


def _stored(row: asyncpg.Record) -> Stored[LocationGroup]:
    return Stored(msgspec.convert(dict(row), LocationGroup), row["version"])
