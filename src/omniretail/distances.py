"""How far apart two points on earth are. Pure."""

from math import asin, cos, dist, radians, sin
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]
"""A latitude and a longitude, in WGS 84 degrees."""

Direction: TypeAlias = tuple[float, float, float]
"""The unit vector from the middle of the earth to a point."""

_EARTH_KM = 6371.0088


def direction(point: Point) -> Direction:
    """Return the direction of a point."""
    up, east = radians(point[0]), radians(point[1])
    return cos(up) * cos(east), cos(up) * sin(east), sin(up)


def km_apart(here: Direction, there: Direction) -> float:
    """Return the great-circle distance of two directions, by the chord between them."""
    # A chord may come out longer than the diameter, by the last of its bits.
    return 2 * _EARTH_KM * asin(min(1.0, dist(here, there) / 2))


def chord(km: float) -> float:
    """Return the length of the chord between two directions that are so far apart."""
    return 2 * sin(km / (2 * _EARTH_KM))


def km_between(here: Point, there: Point) -> float:
    """Return the great-circle distance of two points."""
    return km_apart(direction(here), direction(there))
