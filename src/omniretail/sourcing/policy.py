"""How a channel's orders find their locations, and what a location can take. Pure."""

from typing import Literal, get_args

import msgspec

from omniretail.errors import Invalid

Rule = Literal["preferred", "fewest_splits", "proximity", "highest_stock"]
RULES: tuple[Rule, ...] = get_args(Rule)

MOST_LOCATIONS = 20
MOST_HOURS = 24 * 365
MOST_ATTEMPTS = 100
MOST_KM = 20_038
"""Half the way around the equator."""
MOST_CAPACITY = 1_000_000


class SourcingPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How a channel's orders find their locations, as the retailer states it.

    `rules` decide in their order, and last of all the location's code. No customer is served from
    beyond `max_distance_km`, no request by more than `max_locations`. A location that rejected a
    line gets it back after `cooling_off_hours` at the earliest; after `max_attempts` staff decide.
    """

    channel: str
    rules: tuple[Rule, ...] = RULES
    max_distance_km: int | None = None
    max_locations: int = 5
    cooling_off_hours: int = 72
    max_attempts: int = 3


class FulfillmentPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How a location serves orders, as the retailer states it.

    A pickup that is ready waits `pickup_hours`; its customer is reminded `reminder_hours` before
    they end. `daily_capacity` is how many fulfillments it may be given to ship per UTC day.
    """

    location: str
    pickup_hours: int = 72
    reminder_hours: int = 24
    daily_capacity: int | None = None


def sourcing_fault(policy: SourcingPolicy) -> Invalid | None:
    """Say what is wrong with a sourcing policy, if anything."""
    for position, rule in enumerate(policy.rules):
        if rule in policy.rules[:position]:
            return Invalid.at(f"/rules/{position}", f"The rule {rule} stands there already")
    bounds = (
        ("max_distance_km", policy.max_distance_km, 1, MOST_KM),
        ("max_locations", policy.max_locations, 1, MOST_LOCATIONS),
        ("cooling_off_hours", policy.cooling_off_hours, 0, MOST_HOURS),
        ("max_attempts", policy.max_attempts, 1, MOST_ATTEMPTS),
    )
    return _out_of_bounds(bounds)


def fulfillment_fault(policy: FulfillmentPolicy) -> Invalid | None:
    """Say what is wrong with a fulfillment policy, if anything."""
    if policy.reminder_hours > policy.pickup_hours:
        return Invalid.at("/reminder_hours", "A reminder is due while the pickup waits")
    bounds = (
        ("pickup_hours", policy.pickup_hours, 1, MOST_HOURS),
        ("reminder_hours", policy.reminder_hours, 0, MOST_HOURS),
        ("daily_capacity", policy.daily_capacity, 0, MOST_CAPACITY),
    )
    return _out_of_bounds(bounds)


def _out_of_bounds(bounds: tuple[tuple[str, int | None, int, int], ...]) -> Invalid | None:
    for name, value, least, most in bounds:
        if value is not None and not least <= value <= most:
            return Invalid.at(f"/{name}", f"It is between {least:,} and {most:,}")
    return None
