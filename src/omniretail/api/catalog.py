"""Locations, their groups, and SKUs over HTTP."""

import re
from typing import Annotated, Literal

from litestar import Response, get, put
from litestar.params import HeaderParameter, JSONBody, QueryParameter
from msgspec import Meta

from omniretail import catalog, clock
from omniretail.api.paging import Cursor, Limit, Page, page, text_cursor
from omniretail.api.process import Tx
from omniretail.api.wire import Code, CodeInPath, Moment, Request, Text, View
from omniretail.errors import DomainError, Invalid

IfMatch = Annotated[
    str | None,
    HeaderParameter(name="If-Match", description="The ETag you read; a stale edit answers 412"),
]
_ETAG = re.compile(r'(?:W/)?("?)(?P<version>[0-9]{1,9})\1')


class LocationRequest(Request, frozen=True, kw_only=True):
    """A location, all of it: what is left out takes its default."""

    name: Text
    kind: Literal["store", "warehouse"] = "store"
    time_zone: Text = "UTC"
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    capabilities: tuple[catalog.Capability, ...] = ("carry_out", "pickup", "ship")
    status: Literal["active", "inactive"] = "active"
    safety_stock: Annotated[
        int, Meta(ge=0, le=1_000_000, description="Units of each SKU withheld from promises")
    ] = 0
    region: Annotated[Code | None, Meta(description="What prices and taxes go by")] = None


class LocationView(View, frozen=True, kw_only=True):
    """A location as stored."""

    code: str
    name: str
    kind: str
    time_zone: str
    latitude: float | None
    longitude: float | None
    capabilities: list[str]
    status: str
    safety_stock: int
    region: str | None
    version: int


class LocationGroupRequest(Request, frozen=True, kw_only=True):
    """A group of locations, all of it: a location that is left out leaves the group."""

    name: Text
    locations: Annotated[tuple[Code, ...], Meta(max_length=1000)]


class LocationGroupView(View, frozen=True, kw_only=True):
    """A group of locations as stored."""

    code: str
    name: str
    locations: list[str]
    version: int


class BarcodeBody(Request, frozen=True, kw_only=True):
    """A barcode as printed; `internal` codes are the retailer's own and carry no check digit."""

    code: Code
    kind: Literal["gtin", "internal"] = "gtin"


class ComponentBody(Request, frozen=True, kw_only=True):
    """How many units of a SKU make one of the kit."""

    sku: Code
    quantity: Annotated[int, Meta(ge=1, le=10_000)]


class OrderingBody(Request, frozen=True, kw_only=True):
    """How a SKU is sold beyond its stock and what suppliers have announced: `limit` units more.

    `ships_at` is when goods that nobody has announced yet will ship; a pre-order needs it.
    """

    policy: Literal["back_order", "pre_order"]
    limit: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    ships_at: Moment | None = None


class SkuRequest(Request, frozen=True, kw_only=True):
    """A SKU, all of it: what is left out takes its default."""

    name: Text
    tax_class: Code = "standard"
    categories: Annotated[
        tuple[Code, ...], Meta(max_length=50, description="Codes that promotions go by")
    ] = ()
    status: Literal["active", "blocked"] = "active"
    barcodes: Annotated[tuple[BarcodeBody, ...], Meta(max_length=50)] = ()
    tracking: Annotated[
        catalog.Tracking | None, Meta(description="Stands from the making of the SKU")
    ] = None
    components: Annotated[
        tuple[ComponentBody, ...],
        Meta(max_length=50, description="What a kit is made of; whether it is one stands, too"),
    ] = ()
    ordering: OrderingBody | None = None


class SkuView(View, frozen=True, kw_only=True):
    """A SKU as stored."""

    sku: str
    name: str
    tax_class: str
    categories: list[str]
    status: str
    barcodes: list[BarcodeBody]
    tracking: str | None
    components: list[ComponentBody]
    ordering: OrderingBody | None
    version: int


@put("/v1/locations/{code:str}", opt={"scope": "catalog:write"})
async def put_location(
    tx: Tx, code: CodeInPath, data: JSONBody[LocationRequest], if_match: IfMatch = None
) -> Response[LocationView]:
    """Create or replace a location."""
    spec = catalog.LocationSpec(
        code=code,
        name=data.name,
        kind=data.kind,
        time_zone=data.time_zone,
        latitude=data.latitude,
        longitude=data.longitude,
        capabilities=data.capabilities,
        status=data.status,
        safety_stock=data.safety_stock,
        region=data.region,
    )
    (outcome,) = await catalog.put_locations(
        tx, [spec], expected_version=expected_version(if_match), now=clock.now()
    )
    return _tagged(_location(_stored(outcome)))


@get("/v1/locations/{code:str}", opt={"scope": "catalog:read"})
async def get_location(tx: Tx, code: CodeInPath) -> Response[LocationView]:
    """Return a location."""
    return _tagged(_location(await catalog.get_location(tx, code)))


@get("/v1/locations", opt={"scope": "catalog:read"})
async def list_locations(tx: Tx, limit: Limit = 50, cursor: Cursor = None) -> Page[LocationView]:
    """List locations by code."""
    found = await catalog.list_locations(tx, after=text_cursor(cursor), limit=limit + 1)
    return page(found, limit=limit, view=_location, key=lambda stored: stored.spec.code)


@put("/v1/location-groups/{code:str}", opt={"scope": "catalog:write"})
async def put_location_group(
    tx: Tx, code: CodeInPath, data: JSONBody[LocationGroupRequest], if_match: IfMatch = None
) -> Response[LocationGroupView]:
    """Create or replace a group of locations."""
    group = catalog.LocationGroup(code=code, name=data.name, locations=data.locations)
    stored = await catalog.put_location_group(
        tx, group, expected_version=expected_version(if_match), now=clock.now()
    )
    return _tagged(_location_group(stored))


@get("/v1/location-groups/{code:str}", opt={"scope": "catalog:read"})
async def get_location_group(tx: Tx, code: CodeInPath) -> Response[LocationGroupView]:
    """Return a group of locations."""
    return _tagged(_location_group(await catalog.get_location_group(tx, code)))


@get("/v1/location-groups", opt={"scope": "catalog:read"})
async def list_location_groups(
    tx: Tx, limit: Limit = 50, cursor: Cursor = None
) -> Page[LocationGroupView]:
    """List groups of locations by code."""
    found = await catalog.list_location_groups(tx, after=text_cursor(cursor), limit=limit + 1)
    return page(found, limit=limit, view=_location_group, key=lambda stored: stored.spec.code)


@put("/v1/skus/{sku:str}", opt={"scope": "catalog:write"})
async def put_sku(
    tx: Tx, sku: CodeInPath, data: JSONBody[SkuRequest], if_match: IfMatch = None
) -> Response[SkuView]:
    """Create or replace a SKU, with its barcodes."""
    spec = catalog.SkuSpec(
        code=sku,
        name=data.name,
        tax_class=data.tax_class,
        categories=data.categories,
        status=data.status,
        barcodes=tuple(catalog.Barcode(code=one.code, kind=one.kind) for one in data.barcodes),
        tracking=data.tracking,
        components=tuple(catalog.Component(one.sku, one.quantity) for one in data.components),
        ordering=_ordering(data.ordering),
    )
    (outcome,) = await catalog.put_skus(
        tx, [spec], expected_version=expected_version(if_match), now=clock.now()
    )
    return _tagged(_sku(_stored(outcome)))


@get("/v1/skus/{sku:str}", opt={"scope": "catalog:read"})
async def get_sku(tx: Tx, sku: CodeInPath) -> Response[SkuView]:
    """Return a SKU."""
    return _tagged(_sku(await catalog.get_sku(tx, sku)))


@get("/v1/skus", opt={"scope": "catalog:read"})
async def search_skus(
    tx: Tx,
    q: Annotated[str, QueryParameter(max_length=200, description="Words of code or name")] = "",
    barcode: Annotated[str, QueryParameter(max_length=64, description="A barcode as scanned")] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[SkuView]:
    """Find SKUs by text and by barcode."""
    found = await catalog.search_skus(
        tx, text=q, barcode=barcode, after=text_cursor(cursor), limit=limit + 1
    )
    return page(found, limit=limit, view=_sku, key=lambda stored: stored.spec.code)


def _location(stored: catalog.Stored[catalog.LocationSpec]) -> LocationView:
    spec = stored.spec
    return LocationView(
        code=spec.code,
        name=spec.name,
        kind=spec.kind,
        time_zone=spec.time_zone,
        latitude=spec.latitude,
        longitude=spec.longitude,
        capabilities=sorted(set(spec.capabilities)),
        status=spec.status,
        safety_stock=spec.safety_stock,
        region=spec.region,
        version=stored.version,
    )


def _location_group(stored: catalog.Stored[catalog.LocationGroup]) -> LocationGroupView:
    spec = stored.spec
    return LocationGroupView(
        code=spec.code, name=spec.name, locations=list(spec.locations), version=stored.version
    )


def _ordering_view(stated: catalog.Ordering | None) -> OrderingBody | None:
    if stated is None:
        return None
    return OrderingBody(policy=stated.policy, limit=stated.limit, ships_at=stated.ships_at)


def _ordering(body: OrderingBody | None) -> catalog.Ordering | None:
    return None if body is None else catalog.Ordering(body.policy, body.limit, body.ships_at)


def _sku(stored: catalog.Stored[catalog.SkuSpec]) -> SkuView:
    spec = stored.spec
    return SkuView(
        sku=spec.code,
        name=spec.name,
        tax_class=spec.tax_class,
        categories=sorted(set(spec.categories)),
        status=spec.status,
        barcodes=[BarcodeBody(code=one.code, kind=one.kind) for one in spec.barcodes],
        tracking=spec.tracking,
        components=[
            ComponentBody(sku=one.sku, quantity=one.quantity)
            for one in sorted(spec.components, key=lambda one: one.sku)
        ],
        ordering=_ordering_view(spec.ordering),
        version=stored.version,
    )


def _stored(outcome: catalog.Stored[catalog.Spec] | DomainError) -> catalog.Stored[catalog.Spec]:
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def _tagged(view: "LocationView | LocationGroupView | SkuView") -> Response:  # type: ignore[type-arg]
    return Response(view, headers={"ETag": f'"{view.version}"'})


def expected_version(if_match: str | None) -> int | None:
    """Return the version that an If-Match header names, if it names one. Raises: Invalid."""
    if if_match is None or if_match.strip() == "*":
        return None
    tag = _ETAG.fullmatch(if_match.strip())
    if tag is None:
        raise Invalid.at("/If-Match", "This is not an ETag of ours")
    return int(tag["version"])


HANDLERS = [
    put_location,
    get_location,
    list_locations,
    put_location_group,
    get_location_group,
    list_location_groups,
    put_sku,
    get_sku,
    search_skus,
]
