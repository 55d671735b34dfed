"""A few locations and what stands there, and plans by them: what tests of plans begin with."""

from collections.abc import Mapping, Sequence
from typing import Any

from omniretail import catalog, sourcing

Stock = Mapping[str, Mapping[str, int]]
"""By location and SKU."""

BERLIN = (52.52, 13.405)
PLACED = {
    "BER": BERLIN,
    "POT": (52.39, 13.065),  # 27 km from Berlin
    "HAM": (53.551, 9.994),  # 255 km
    "MUC": (48.137, 11.575),  # 504 km
}


def location(code: str, **stated: Any) -> catalog.LocationSpec:
    """A location, where it lies if it is one of those placed above."""
    if code in PLACED:
        stated = {"latitude": PLACED[code][0], "longitude": PLACED[code][1], **stated}
    return catalog.LocationSpec(code=code, name=code, **stated)


def lines(*wanted: tuple[str, int], **kits: Mapping[str, int]) -> tuple[sourcing.AskedLine, ...]:
    """Lines of (SKU, quantity); of a kit, its components: `lines(("K", 1), K={"A": 2})`."""
    return tuple(
        sourcing.AskedLine(sku=sku, quantity=quantity, components=kits.get(sku))
        for sku, quantity in wanted
    )


def plan(
    ask: sourcing.Ask | tuple[sourcing.AskedLine, ...],
    stock: Stock,
    locations: Sequence[catalog.LocationSpec] | None = None,
    *,
    explain: bool = False,
    room: Mapping[str, int] | None = None,
    **stated: Any,
) -> sourcing.Plan:
    """Plan by a stock, with a policy of what is stated; lines alone are to be shipped."""
    if not isinstance(ask, sourcing.Ask):
        ask = sourcing.Ask(kind="ship", lines=ask)
    return sourcing.make_plan(
        ask,
        sourcing.Places(locations or [location(code) for code in stock]),
        lambda sku, code: stock.get(code, {}).get(sku, 0),
        sourcing.SourcingPolicy(channel="web", **stated),
        room=room or {},
        explain=explain,
    )


def excluded(made: sourcing.Plan) -> dict[str, str | None]:
    """Why each location was no candidate."""
    assert made.explanation is not None
    return {one.location: one.excluded for one in made.explanation.candidates}
