"""What sourcing is asked, what it answers, and how it explains itself. Pure."""

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

import msgspec

from omniretail.distances import Point
from omniretail.sourcing.policy import Rule

Kind = Literal["ship", "ship_to_store", "pickup"]

Reason = Literal[
    "inactive",
    "does_not_offer",
    "outside_pool",
    "too_far",
    "at_capacity",
    "barred",
    "nothing_there",
]
"""Why a location is no candidate: the first that holds."""

Available: TypeAlias = Callable[[str, str], int]
"""How many units of a SKU (never a kit) may be promised at a location."""


class AskedLine(msgspec.Struct, frozen=True, kw_only=True):
    """So many units of a SKU; of a kit, `components` says how many of which SKUs make one."""

    sku: str
    quantity: int
    components: Mapping[str, int] | None = None

    @property
    def parts(self) -> Mapping[str, int]:
        """How many units of which SKUs one of it takes from the shelves."""
        return {self.sku: 1} if self.components is None else self.components


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that shall be served in one way.

    `point` is where the customer is, and `destination` the store that goods shipped to a store go
    to: distances are from the point, else from the destination. The destination serves what it has
    without shipping it. `barred` are locations that a line, by its position, may not be served
    from; `pool`, where given, are the only locations.
    """

    kind: Kind
    lines: tuple[AskedLine, ...]
    prefer: str | None = None
    point: Point | None = None
    destination: str | None = None
    barred: frozenset[tuple[int, str]] = frozenset()
    pool: frozenset[str] | None = None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A location as it was considered: why it is no candidate, or what it could serve alone.

    `remaining` is what it would have left of the SKUs asked for, if it served all; below zero is
    what it lacks.
    """

    location: str
    excluded: Reason | None = None
    lines: int = 0
    units: int = 0
    distance_km: float | None = None
    remaining: int | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A rule's word in the choice of the plan's `part`-th location: who was left after it.

    None: it abstained. The last rule of each part leaves the one that won.
    """

    part: int
    rule: Rule | Literal["code"]
    left: tuple[str, ...] | None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """How a plan came about: `lines` and `units` are how many were asked for, in all."""

    lines: int
    units: int
    candidates: tuple[Candidate, ...]
    steps: tuple[Step, ...]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Who serves what: by location, the positions of lines and how many units of each.

    Or, in `short`, how many units of which SKUs (kits in kits) cannot be served, and then no parts:
    all or nothing.
    """

    parts: Mapping[str, tuple[tuple[int, int], ...]] = {}
    short: Mapping[str, int] = {}
    explanation: Explanation | None = None
