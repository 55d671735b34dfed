"""Locations as choosing looks at them: put in order once, for many asks. Pure."""

from collections.abc import Collection, Iterable
from typing import Protocol

from omniretail.distances import Direction, direction


class Location(Protocol):
    """What choosing needs to know of a location; `catalog.LocationSpec` says it."""

    @property
    def code(self) -> str: ...  # noqa: D102
    @property
    def status(self) -> str: ...  # noqa: D102
    @property
    def capabilities(self) -> Collection[str]: ...  # noqa: D102
    @property
    def latitude(self) -> float | None: ...  # noqa: D102
    @property
    def longitude(self) -> float | None: ...  # noqa: D102


class Places:
    """All locations, by code; what they are capable of, and in which direction they lie."""

    def __init__(self, locations: Iterable[Location]) -> None:
        ordered = sorted(locations, key=lambda location: location.code)
        self.codes = [location.code for location in ordered]
        self.active = [location.code for location in ordered if location.status == "active"]
        self.directions: dict[str, Direction] = {}
        self._capable: dict[str, list[str]] = {}
        for location in ordered:
            if location.latitude is not None and location.longitude is not None:
                at = location.latitude, location.longitude
                self.directions[location.code] = direction(at)
            if location.status == "active":
                for capability in location.capabilities:
                    self._capable.setdefault(capability, []).append(location.code)

    def capable(self, capability: str) -> list[str]:
        """Return the active locations that are capable of something."""
        return self._capable.get(capability, [])
