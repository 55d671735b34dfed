"""Rows: what documents of many lines share. Each line is taken or refused by itself."""

from collections.abc import Mapping
from typing import Any

import msgspec

from omniretail import catalog, channels
from omniretail.errors import DomainError, Forbidden, Invalid


class LocationNotYours(Forbidden):
    """This key may not act at that location."""

    def __init__(self, location: str) -> None:
        super().__init__(f"This key may not act at {location}.", location=location)


class KitHasNoStock(Invalid):
    """A kit has no stock of its own: its components have."""

    def __init__(self, sku: str) -> None:
        super().__init__(f"{sku} is a kit: move its components.", sku=sku)


class RowRefused(msgspec.Struct, frozen=True):
    """Why a row was not taken."""

    code: str
    title: str
    detail: str
    fields: dict[str, Any]


def refused(error: DomainError) -> RowRefused:
    """Return an error as a row's outcome, which is remembered with the others."""
    return RowRefused(error.code, error.title(), error.detail, dict(error.fields))


def place_fault(
    principal: channels.Principal,
    skus: Mapping[str, catalog.SkuTraits],
    locations: Mapping[str, catalog.LocationSpec],
    sku: str,
    location: str,
) -> DomainError | None:
    """Return why a principal may not say anything of a SKU's stock at a location, or None."""
    traits = skus.get(sku)
    if traits is None:
        return catalog.UnknownSku(sku)
    if traits.components is not None:
        return KitHasNoStock(sku)
    if location not in locations:
        return catalog.UnknownLocation(location)
    if not principal.may_act_at(location):
        return LocationNotYours(location)
    return None
