"""Availability over HTTP: what may be promised, where, when, and why; and where goods are, for staff."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import get
from litestar.params import FromQuery, QueryParameter

from omniretail import catalog, channels, clock, inventory
from omniretail.api.auth import acting_channel
from omniretail.api.process import Tx
from omniretail.api.wire import CodeInQueryOrNone, Moment, View, moment
from omniretail.errors import Invalid

_MOST_SKUS = 200

Codes = Annotated[str, QueryParameter(description="Codes, separated by commas", max_length=14_000)]
Degrees = Annotated[float | None, QueryParameter(description="WGS 84", ge=-180, le=180)]
QuantityInQuery = Annotated[
    int | None, QueryParameter(ge=1, le=2**31 - 1, description="How many are wanted")
]


class ComingView(View, frozen=True, kw_only=True):
    """Units that are announced, and when they are expected."""

    quantity: int
    expected_at: Moment


class StandingView(View, frozen=True, kw_only=True, omit_defaults=True):
    """What stands at one location, and what may be promised of it.

    `available_to_promise` is there now; `available_to_order` counts in what is announced;
    `orderable` is what the SKU's policy lets be ordered. `promised_at` is when a quantity asked for
    could leave, where that is not now.
    """

    location: str
    on_hand: int
    allocated: int
    held: int
    damaged: int
    quality_control: int
    safety_stock: int
    suspected: int
    available_to_promise: int
    available_to_order: int
    orderable: int
    coming: tuple[ComingView, ...] = ()
    promised_at: Moment | None = None
    explain: str | None = None


class AvailabilityView(View, frozen=True, kw_only=True, omit_defaults=True):
    """One SKU over its locations; what a channel's threshold withholds is taken off the sums."""

    sku: str
    on_hand: int
    allocated: int
    held: int
    available_to_promise: int
    available_to_order: int
    orderable: int
    locations: list[StandingView]
    withheld: int = 0
    explain: str | None = None


class AvailabilityList(View, frozen=True, kw_only=True):
    """One item per SKU, in the order asked."""

    items: list[AvailabilityView]


class FoundAtView(View, frozen=True, kw_only=True):
    """A location as staff look for goods there, and why its figure says what it says."""

    location: str
    name: str
    kind: str
    distance_km: float | None
    on_hand: int
    allocated: int
    held: int
    damaged: int
    quality_control: int
    safety_stock: int
    suspected: int
    available_to_promise: int
    available_to_order: int
    coming: tuple[ComingView, ...]
    explain: str
    moved_at: Moment | None
    counted_at: Moment | None
    shortage: UUID | None


class LookupView(View, frozen=True, kw_only=True):
    """Where a SKU is: every location that has or had it, nearest first where coordinates were given."""

    sku: str
    name: str
    on_hand: int
    available_to_promise: int
    locations: list[FoundAtView]


@get("/v1/availability", opt={"scope": "stock:read"})
async def availability(
    request: HttpRequest[Any, Any, Any],
    sku: Codes,
    location: Codes = "",
    group: Codes = "",
    channel: CodeInQueryOrNone = None,
    quantity: QuantityInQuery = None,
    as_of: FromQuery[datetime | None] = None,
    explain: FromQuery[bool] = False,
) -> AvailabilityList:
    """Tell what may be promised of SKUs, per location and in sum.

    `location` and `group` name where to look; none: everywhere. `channel` counts only its sourcing
    pool, and takes its threshold off; a channel's own key always sees it so. `as_of` answers for a
    moment of the past, by when things happened; holds and suspicions are not part of that.
    """
    query = inventory.AvailabilityQuery(
        _codes(sku, "/sku"),
        _codes(location, "/location") if location else (),
        _codes(group, "/group") if group else (),
        _seen_by(request.user, channel),
    )
    process = request.app.state.process
    if as_of is None:
        found = await process.availability(query)
    else:
        now = clock.now()
        if as_of.tzinfo is None:
            raise Invalid.at("/as_of", "A moment needs its time zone")
        async with process.database.transaction(snapshot=True) as tx:
            found = await inventory.availability_as_of(
                tx, query, as_of=moment(as_of, now=now, pointer="/as_of"), now=now
            )
    return AvailabilityList(items=[_availability(one, explain, quantity) for one in found])


@get("/v1/stock/lookup", opt={"scope": "stock:read"})
async def look_up(
    tx: Tx,
    sku: CodeInQueryOrNone = None,
    barcode: Annotated[str, QueryParameter(max_length=200)] = "",
    latitude: Annotated[float | None, QueryParameter(description="WGS 84", ge=-90, le=90)] = None,
    longitude: Degrees = None,
) -> LookupView:
    """Tell staff whether we have it, where, and why the books say so; by SKU or barcode."""
    if (sku is None) == (not barcode):
        raise Invalid.at("/sku", "Name a SKU or a barcode")
    if (latitude is None) != (longitude is None):
        raise Invalid.at("/longitude", "Coordinates are a latitude and a longitude, or neither")
    stored = await catalog.get_sku(tx, sku) if sku else await catalog.find_by_barcode(tx, barcode)
    query = inventory.AvailabilityQuery((stored.spec.code,))
    (outcome,) = await inventory.availability(tx, [query], now=clock.now())
    assert isinstance(outcome, list), "the SKU was just found"
    (found,) = outcome
    places = {place.code: place for place in await inventory.whereabouts(tx, found)}
    near = None if latitude is None or longitude is None else (latitude, longitude)
    views = [_found_at(standing, places[standing.location], near) for standing in found.standings]
    if near:
        views.sort(key=lambda view: (view.distance_km is None, view.distance_km, view.location))
    return LookupView(
        sku=found.sku,
        name=stored.spec.name,
        on_hand=sum(standing.on_hand for standing in found.standings),
        available_to_promise=sum(view.available_to_promise for view in views),
        locations=views,
    )


def _seen_by(principal: channels.Principal, named: str | None) -> str | None:
    return acting_channel(principal, named) if principal.kind == "channel" else named


def _availability(
    found: inventory.Availability, explain: bool, quantity: int | None
) -> AvailabilityView:
    views: list[StandingView] = []
    on_hand = allocated = held = promise = to_order = orderable = 0
    for standing in found.standings:
        view = _standing(found, standing, explain, quantity)
        views.append(view)
        on_hand += view.on_hand
        allocated += view.allocated
        held += view.held
        promise += view.available_to_promise
        to_order += view.available_to_order
        orderable += view.orderable
    withheld = found.withheld() if found.thresholds else 0
    return AvailabilityView(
        sku=found.sku,
        on_hand=on_hand,
        allocated=allocated,
        held=held,
        available_to_promise=max(0, promise - withheld),
        available_to_order=max(0, to_order - withheld),
        orderable=max(0, orderable - withheld),
        locations=views,
        withheld=withheld,
        explain=(
            f"{promise} over all locations − withheld from the channel {withheld} = {promise - withheld}"
            if explain and withheld
            else None
        ),
    )


def _standing(
    found: inventory.Availability,
    standing: inventory.Standing,
    explain: bool,
    quantity: int | None,
) -> StandingView:
    promise = standing.available_to_promise
    # Most have nothing to come: what is there is then all there is to order.
    more = standing.parts or standing.coming or found.ordering
    return StandingView(
        location=standing.location,
        on_hand=standing.on_hand,
        allocated=standing.allocated,
        held=standing.held,
        damaged=standing.damaged,
        quality_control=standing.quality_control,
        safety_stock=standing.safety_stock,
        suspected=standing.suspected,
        available_to_promise=promise,
        available_to_order=standing.available_to_order if more else promise,
        orderable=found.orderable(standing) if more else promise,
        coming=_coming(standing.coming) if standing.coming else (),
        promised_at=found.promised_at(standing, quantity) if quantity else None,
        explain=explained(standing) if explain else None,
    )


def _found_at(
    standing: inventory.Standing,
    place: inventory.Whereabouts,
    near: tuple[float, float] | None,
) -> FoundAtView:
    distance = place.distance_km(*near) if near else None
    return FoundAtView(
        location=place.code,
        name=place.name,
        kind=place.kind,
        distance_km=None if distance is None else round(distance, 1),
        on_hand=standing.on_hand,
        allocated=standing.allocated,
        held=standing.held,
        damaged=standing.damaged,
        quality_control=standing.quality_control,
        safety_stock=standing.safety_stock,
        suspected=standing.suspected,
        available_to_promise=standing.available_to_promise,
        available_to_order=standing.available_to_order,
        coming=_coming(standing.coming),
        explain=explained(standing),
        moved_at=place.moved_at,
        counted_at=place.counted_at,
        shortage=place.shortage_id,
    )


def _coming(supply: Iterable[inventory.Supply]) -> tuple[ComingView, ...]:
    return tuple(
        ComingView(quantity=one.quantity, expected_at=one.expected_at)
        for one in sorted(supply, key=lambda one: one.expected_at)
    )


def explained(standing: inventory.Standing) -> str:
    """Return the arithmetic behind what a location may promise, in words and figures."""
    if standing.parts:
        parts = (
            f"{sku} {part.available_to_promise} ÷ {units} = {part.available_to_promise // units}"
            for sku, units, part in standing.parts
        )
        arithmetic = f"the least of {', '.join(parts)}"
    else:
        taken = (
            ("damaged", standing.damaged),
            ("quality_control", standing.quality_control),
            ("past its date", standing.past_date),
            ("allocated", standing.allocated),
            ("held", standing.held),
            ("safety_stock", standing.safety_stock),
            ("suspected", standing.suspected),
        )
        less = "".join(f" − {name} {units}" for name, units in taken if units)
        arithmetic = f"on_hand {standing.on_hand}{less}"
        arithmetic += f" = {standing.raw}" if less else ""
    if not standing.active:
        return f"{arithmetic}; the location is inactive and promises nothing"
    return f"{arithmetic}; below 0 promises nothing" if standing.raw < 0 else arithmetic


def _codes(text: str, pointer: str) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not 1 <= len(codes) <= _MOST_SKUS:
        raise Invalid.at(pointer, f"Name 1 to {_MOST_SKUS} codes, separated by commas")
    return codes


HANDLERS = [availability, look_up]
