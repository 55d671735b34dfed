"""The catalog: what is sold (SKUs, barcodes) and where it stands (locations)."""

from omniretail.catalog.barcodes import Barcode, normalized
from omniretail.catalog.locations import (
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
    SkuSpec,
    UnknownSku,
    get_sku,
    put_skus,
    search_skus,
    skus_by_code,
)
from omniretail.catalog.versions import Spec, StaleVersion, Stored

__all__ = [
    "Barcode",
    "BarcodeTaken",
    "Capability",
    "LocationNotServing",
    "LocationSpec",
    "SkuNotSold",
    "SkuSpec",
    "Spec",
    "StaleVersion",
    "Stored",
    "UnknownLocation",
    "UnknownSku",
    "get_location",
    "get_sku",
    "list_locations",
    "locations_by_code",
    "normalized",
    "put_locations",
    "put_skus",
    "search_skus",
    "skus_by_code",
]
