"""Programmes and lines for tests: one point per 1.00, a hundred points pay 1.00."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from omniretail.loyalty import Earned, Programme, Sold, earned

CLUB = UUID(int=1)
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


def club(**more: Any) -> Programme:
    """A programme with one point per 1.00 in euro, unless it is stated otherwise."""
    usual: dict[str, Any] = {
        "name": "Club",
        "zone": "Europe/Berlin",
        "points": 1,
        "per_minor": {"EUR": 100},
        "redeem_points": 100,
        "redeem_minor": {"EUR": 100},
    }
    return Programme(**(usual | more))


def sold(
    number: int,
    total_minor: int,
    *categories: str,
    tax_minor: int = 0,
    quantity: int = 1,
    sku: str | None = None,
) -> Sold:
    """A line of an order, of a SKU of its own."""
    return Sold(
        number, sku or f"SKU-{number}", frozenset(categories), quantity, total_minor, tax_minor
    )


def by_number(*lines: Sold) -> dict[int, Sold]:
    """What is kept of an order."""
    return {line.number: line for line in lines}


def bought(programme: Programme, *lines: Sold, **more: Any) -> Earned | None:
    """What lines earn that are all of their order; in euro, in the web shop, without a tier."""
    usual: dict[str, Any] = {
        "currency": "EUR",
        "channel": "web",
        "tier": None,
        "at": NOON,
        "total_minor": sum(line.total_minor for line in lines),
        "points_minor": 0,
    }
    return earned(programme, CLUB, lines, **(usual | more))


def surely_bought(programme: Programme, *lines: Sold, **more: Any) -> Earned:
    """What lines earn that earn something."""
    found = bought(programme, *lines, **more)
    assert found is not None
    return found
