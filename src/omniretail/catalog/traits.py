"""Traits: what deciding about goods needs to know of a SKU. Putting SKUs in place is not here."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal

import msgspec

from omniretail.db import Read, sql

_TRAITS = sql("catalog.traits_of_skus")

Tracking = Literal["lot", "serial"]


class Ordering(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a SKU is sold beyond its stock: `limit` units beyond what suppliers have announced, too.

    `ships_at` is when goods that nobody has announced yet will ship.
    """

    policy: Literal["back_order", "pre_order"]
    limit: int = 0
    ships_at: datetime | None = None


class SkuTraits(msgspec.Struct, frozen=True):
    """What a SKU is like; `components` says how many units of which SKUs make one of a kit.

    `tax_class` and `categories` are what taxes and promotions go by.
    """

    status: str
    tracking: Tracking | None = None
    components: dict[str, int] | None = None
    ordering: Ordering | None = None
    tax_class: str = "standard"
    categories: frozenset[str] = frozenset()


def skus_by_code(codes: Collection[str]) -> Read[dict[str, SkuTraits]]:
    """Return the read of the traits of the SKUs among `codes` that exist, and of their components.

    A component of a kit is there whether it is among `codes` or not.
    """
    return Read(
        _TRAITS,
        (list(codes),),
        lambda rows: {row["code"]: _traits(**row) for row in rows},
    )


def _traits(code: str, status: str, tax_class: str, more: dict[str, Any] | None) -> SkuTraits:
    if more is None:
        return SkuTraits(status, tax_class=tax_class)
    return msgspec.convert({"status": status, "tax_class": tax_class, **more}, SkuTraits)
