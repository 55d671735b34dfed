"""The catalog: what is sold (SKUs, kits, barcodes) and where it stands (locations, their groups)."""

from omniretail.catalog.barcodes import Barcode, normalized
from omniretail.catalog.groups import (
    LocationGroup,
    UnknownLocationGroup,
    get_location_group,
    groups_by_code,
    list_location_groups,
    put_location_group,
)
from omniretail.catalog.kits import Component, ComponentIsKit
from omniretail.catalog.locations import (
    MOST_SAFETY_STOCK,
    Capability,
    LocationNotServing,
    LocationSpec,
    UnknownLocation,
    get_location,
    list_locations,
    locations_by_code,
    put_locations,
)
from omniretail.catalog.skus import (
    BarcodeTaken,
    SkuNotSold,
    SkuShapeFixed,
    SkuSpec,
    UnknownBarcode,
    UnknownSku,
    find_by_barcode,
    get_sku,
    put_skus,
    search_skus,
)
from omniretail.catalog.traits import Ordering, SkuTraits, Tracking, skus_by_code
from omniretail.catalog.versions import Spec, Stored
from omniretail.errors import StaleVersion

__all__ = [
    "MOST_SAFETY_STOCK",
    "Barcode",
    "BarcodeTaken",
    "Capability",
    "Component",
    "ComponentIsKit",
    "LocationGroup",
    "LocationNotServing",
    "LocationSpec",
    "Ordering",
    "SkuNotSold",
    "SkuShapeFixed",
    "SkuSpec",
    "SkuTraits",
    "Spec",
    "StaleVersion",
    "Stored",
    "Tracking",
    "UnknownBarcode",
    "UnknownLocation",
    "UnknownLocationGroup",
    "UnknownSku",
    "find_by_barcode",
    "get_location",
    "get_location_group",
    "get_sku",
    "groups_by_code",
    "list_location_groups",
    "list_locations",
    "locations_by_code",
    "normalized",
    "put_location_group",
    "put_locations",
    "put_skus",
    "search_skus",
    "skus_by_code",
]
