"""Availability: what may be promised of a SKU, where, when, and the arithmetic that says why.

Everything that changes nothing and takes no locks. Whether a hold is live, a lot past its date or
goods still to come is judged at the moment of asking.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from omniretail import catalog
from omniretail.db import Transaction, sql
from omniretail.distances import km_between
from omniretail.errors import DomainError
from omniretail.ids import first_id
from omniretail.inventory.promises import Supply, promise_date

_AVAILABILITY = sql("inventory.availability")
_AS_OF = sql("inventory.levels_as_of")
_WHEREABOUTS = sql("inventory.whereabouts")
_CLOCKS_DIFFER = timedelta(minutes=2)


class AvailabilityQuery(msgspec.Struct, frozen=True):
    """Which SKUs, at which locations (none named: all), as which channel sees them (None: all).

    `groups` name location groups; with locations and groups, any of them.
    """

    skus: tuple[str, ...]
    locations: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    channel: str | None = None


class Standing(msgspec.Struct):
    """What stands of a SKU at a location, in units; an inactive location promises nothing.

    `past_date` are units of lots past their date; `suspected` are in the books, and staff did not
    find them. `coming` is announced for here. A kit has no stock: `parts` are its components'
    standings here, with how many units of each make one.
    """

    location: str
    on_hand: int = 0
    allocated: int = 0
    held: int = 0
    damaged: int = 0
    quality_control: int = 0
    safety_stock: int = 0
    suspected: int = 0
    past_date: int = 0
    active: bool = True
    coming: Sequence[Supply] = ()
    parts: Sequence[tuple[str, int, "Standing"]] = ()

    @property
    def raw(self) -> int:
        """What may be promised as the arithmetic has it: below zero where more is promised."""
        return (
            self.on_hand
            - self.damaged
            - self.quality_control
            - self.past_date
            - self.allocated
            - self.held
            - self.safety_stock
            - self.suspected
        )

    @property
    def available_to_promise(self) -> int:
        """What may be promised from this location now; never below zero."""
        if not self.active:
            return 0
        if self.parts:
            return min(part.available_to_promise // units for _, units, part in self.parts)
        return max(0, self.raw)

    @property
    def available_to_order(self) -> int:
        """What may be promised now or when what is announced has come."""
        if not self.active:
            return 0
        if self.parts:
            return min(part.available_to_order // units for _, units, part in self.parts)
        return max(0, self.raw + sum(supply.quantity for supply in self.coming))


class Availability(msgspec.Struct, frozen=True):
    """One SKU's standings, by the code of the location.

    `thresholds` are what the channel withholds of the SKU, or of a kit's components.

    `ordering` says what may be ordered beyond the stock: of the SKU, or of a kit's components.
    """

    sku: str
    standings: list[Standing]
    thresholds: Mapping[str, int] = {}
    ordering: Mapping[str, catalog.Ordering] = {}

    def withheld(self) -> int:
        """Return how many of those that all locations may promise the channel may not."""
        promised = sum(standing.available_to_promise for standing in self.standings)
        room = promised
        for sku, threshold in self.thresholds.items():
            total, units_of_one = 0, 1
            for standing in self.standings:
                for part, units, of_part in standing.parts or ((self.sku, 1, standing),):
                    if part == sku and standing.active:
                        total, units_of_one = total + of_part.available_to_promise, units
            room = min(room, max(0, total - threshold) // units_of_one)
        return promised - room

    def orderable(self, standing: Standing) -> int:
        """Return how many may be ordered at a location: what is there, and what policy adds."""
        if not standing.active:
            return 0
        if standing.parts:
            return min(self._of(sku, part) // units for sku, units, part in standing.parts)
        return self._of(self.sku, standing)

    def promised_at(self, standing: Standing, quantity: int) -> datetime | None:
        """Return when so many could leave: None for now, or where they cannot be ordered."""
        parts = standing.parts or ((self.sku, 1, standing),)
        dates = [
            promise_date(part.raw, part.coming, units * quantity, self.ordering[sku])
            for sku, units, part in parts
            if units * quantity > part.available_to_promise and sku in self.ordering
        ]
        return max((at for at in dates if at), default=None)

    def _of(self, sku: str, standing: Standing) -> int:
        ordering = self.ordering.get(sku)
        if ordering is None:
            return standing.available_to_promise
        coming = sum(supply.quantity for supply in standing.coming)
        return max(0, standing.raw + coming + ordering.limit)


class _Pool(msgspec.Struct, frozen=True):
    """What a channel sells from (None: everywhere) and withholds."""

    locations: frozenset[str] | None
    threshold: int


class _More(msgspec.Struct, frozen=True):
    """What most SKUs do not have: components, and a policy for orders beyond the stock."""

    components: dict[str, int] | None
    ordering: catalog.Ordering | None


class _Found:
    """What one statement found about all the SKUs of a batch, sorted by what it is."""

    def __init__(self, rows: Iterable[asyncpg.Record]) -> None:
        self.standings: dict[str, dict[str, Standing]] = {}
        self.components: dict[str, Mapping[str, int]] = {}
        self.ordering: dict[str, catalog.Ordering] = {}
        self.skus: set[str] = set()
        self.pools: dict[str, _Pool] = {}
        self.thresholds: dict[tuple[str, str], int] = {}
        for row in rows:
            if row[0] == "level":
                _, sku, location, on_hand, allocated, held, damaged, inspected = row[:8]
                safe, doubted, active = row[8:11]
                self.standings.setdefault(sku, {})[location] = Standing(
                    location, on_hand, allocated, held, damaged, inspected, safe, doubted, 0, active
                )
            else:
                self._note(*row)

    def _note(
        self,
        part: str,
        name: str,
        location: str | None,
        figure: int | None,
        *rest: object,
    ) -> None:
        *_, safety_stock, _, flag, said, at = rest
        match part:
            case "sku":
                self.skus.add(name)
                if isinstance(said, str):
                    more = msgspec.json.decode(said, type=_More)
                    if more.components:
                        self.components[name] = more.components
                    if more.ordering:
                        self.ordering[name] = more.ordering
            case "ordering":
                assert isinstance(said, str), "there is a policy"
                self.ordering[name] = msgspec.json.decode(said, type=catalog.Ordering)
            case "pool":
                assert figure is not None, "a policy has a threshold"
                members = msgspec.json.decode(said) if isinstance(said, str) else []
                self.pools[name] = _Pool(frozenset(members) if flag else None, figure)
            case "threshold":
                assert figure is not None, "a threshold is a figure"
                assert isinstance(said, str), "of one SKU"
                self.thresholds[name, said] = figure
            case _:
                assert location is not None, "of one place"
                assert figure is not None, "so many"
                at_sku = self.standings.setdefault(name, {})
                if location not in at_sku:  # something comes where nothing has been
                    assert isinstance(safety_stock, int), "the location's own"
                    at_sku[location] = Standing(
                        location, safety_stock=safety_stock, active=bool(flag)
                    )
                self._correct(part, at_sku[location], figure, at)

    @staticmethod
    def _correct(part: str, standing: Standing, figure: int, at: object) -> None:
        if part == "expired":
            standing.held -= figure
        elif part == "past_date":
            standing.past_date += figure
        elif isinstance(at, datetime):
            standing.coming = (*standing.coming, Supply(figure, at))

    def of(self, sku: str) -> dict[str, Standing]:
        """Return the standings of a SKU by location, those of a kit made of its components'."""
        components = self.components.get(sku)
        if components is None:
            return self.standings.get(sku, {})
        places: dict[str, bool] = {}
        for component in components:
            for location, standing in self.standings.get(component, {}).items():
                places[location] = standing.active
        return {
            location: Standing(
                location,
                active=active,
                parts=[
                    (
                        component,
                        units,
                        self.standings.get(component, {}).get(location, Standing(location)),
                    )
                    for component, units in components.items()
                ],
            )
            for location, active in sorted(places.items())
        }


async def availability(
    tx: Transaction, queries: Sequence[AvailabilityQuery], *, now: datetime
) -> list[list[Availability] | DomainError]:
    """Answer many queries in one statement: per query, its SKUs in the order asked.

    Takes no locks. Outcomes: availability, UnknownSku, UnknownLocation, UnknownLocationGroup. A
    location that never had the SKU is listed with zeros where it was asked for by name.
    """
    found = _Found(
        await tx.fetch(
            _AVAILABILITY,
            list({sku for query in queries for sku in query.skus}),
            now,
            list({query.channel for query in queries if query.channel}),
        )
    )
    locations = {location for query in queries for location in query.locations}
    groups = {group for query in queries for group in query.groups}
    known: dict[str, catalog.LocationSpec] = {}
    members: dict[str, frozenset[str]] = {}
    if locations or groups:
        known, members = await tx.read(
            catalog.locations_by_code(locations), catalog.groups_by_code(groups)
        )
    return [_answer(query, found, known, members) for query in queries]


async def availability_as_of(
    tx: Transaction, query: AvailabilityQuery, *, as_of: datetime, now: datetime
) -> list[Availability]:
    """Return what stood at a moment, by when things happened, however late they were told.

    Holds and suspicions are not among it: they withheld goods for a while, and moved nothing. Safety
    stock and the channel's policy are today's. Raises: UnknownSku, UnknownLocation, UnknownLocationGroup.
    """
    rows = await tx.fetch(
        _AVAILABILITY, list(query.skus), now, [query.channel] if query.channel else []
    )
    found = _Found(row for row in rows if row[0] in {"sku", "pool", "threshold"})
    skus = [*query.skus, *(part for parts in found.components.values() for part in parts)]
    for row in await tx.fetch(_AS_OF, skus, as_of, first_id(as_of - _CLOCKS_DIFFER)):
        fields = dict(row)
        standing = Standing(**{name: value for name, value in fields.items() if name != "sku"})
        found.standings.setdefault(fields["sku"], {})[standing.location] = standing
    known, members = await tx.read(
        catalog.locations_by_code(query.locations), catalog.groups_by_code(query.groups)
    )
    answer = _answer(query, found, known, members)
    if isinstance(answer, DomainError):
        raise answer
    return answer


def _answer(
    query: AvailabilityQuery,
    found: _Found,
    known: Mapping[str, catalog.LocationSpec],
    members: Mapping[str, frozenset[str]],
) -> list[Availability] | DomainError:
    for location in query.locations:
        if location not in known:
            return catalog.UnknownLocation(location)
    for group in query.groups:
        if group not in members:
            return catalog.UnknownLocationGroup(group)
    pool = found.pools.get(query.channel) if query.channel else None
    answers: list[Availability] = []
    for sku in query.skus:
        if sku not in found.skus:
            return catalog.UnknownSku(sku)
        standings = list(_chosen(query, found.of(sku), known, members))
        parts = found.components.get(sku) or (sku,)
        ordering = {part: found.ordering[part] for part in parts if part in found.ordering}
        thresholds: dict[str, int] = {}
        if pool is not None:
            assert query.channel is not None, "the pool is the channel's"
            # What may be ordered beyond its stock is not withheld.
            thresholds = {
                part: found.thresholds.get((query.channel, part), pool.threshold)
                for part in parts
                if part not in ordering
            }
            if pool.locations is not None:
                standings = [one for one in standings if one.location in pool.locations]
        answers.append(Availability(sku, standings, thresholds, ordering))
    return answers


def _chosen(
    query: AvailabilityQuery,
    at: Mapping[str, Standing],
    known: Mapping[str, catalog.LocationSpec],
    members: Mapping[str, frozenset[str]],
) -> Iterable[Standing]:
    if not query.locations and not query.groups:
        return at.values()
    grouped = {code for group in query.groups for code in members[group]}
    named = [
        at.get(code) or Standing(code, active=known[code].status == "active")
        for code in query.locations
    ]
    others = grouped - set(query.locations)
    return [*named, *(standing for code, standing in at.items() if code in others)]


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """A location as staff look for goods: where it is, and when its figure was last true.

    Coordinates are WGS 84 degrees; `moved_at` and `counted_at` are of the SKU, or the latest of a
    kit's components.
    """

    code: str
    name: str
    kind: str
    latitude: float | None
    longitude: float | None
    moved_at: datetime | None
    counted_at: datetime | None
    shortage_id: UUID | None

    def distance_km(self, latitude: float, longitude: float) -> float | None:
        """Return the great-circle distance to a point; None if unplaced."""
        if self.latitude is None or self.longitude is None:
            return None
        return km_between((self.latitude, self.longitude), (latitude, longitude))


async def whereabouts(tx: Transaction, found: Availability) -> list[Whereabouts]:
    """Return every location as staff look for a SKU there, by code."""
    skus = {sku for standing in found.standings for sku, _, _ in standing.parts} or {found.sku}
    return [
        msgspec.convert(dict(row), Whereabouts) for row in await tx.fetch(_WHEREABOUTS, list(skus))
    ]
