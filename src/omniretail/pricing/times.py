"""When things begin and end: moments entered in a time zone of the retailer's own. Pure."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from omniretail.errors import Invalid

_FIRST = datetime(1900, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 1, 1, tzinfo=UTC)


def is_zone(name: str) -> bool:
    """Tell whether the IANA database has a time zone of this name."""
    return name in _zones()


def in_zone(moment: datetime | None, time_zone: str, *, pointer: str) -> datetime | None:
    """Return a moment in UTC; one without an offset is a wall clock's in the zone.

    An hour that the clock shows twice means the first one. Raises: Invalid for an hour that the clock
    skips, and for an unknown zone.
    """
    if moment is None:
        return None
    if not is_zone(time_zone):
        raise Invalid.at("/time_zone", f"{time_zone!r} is not a zone of the IANA database")
    try:
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
        local = moment.replace(tzinfo=ZoneInfo(time_zone), fold=0)
        there = local.astimezone(UTC)
        if there.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None) != moment:
            raise Invalid.at(pointer, f"The clocks of {time_zone} skip that hour")
    except OverflowError as error:
        raise Invalid.at(pointer, "That is outside the calendar") from error
    return there


def moment_fault(pointer: str, moment: datetime | None) -> Invalid | None:
    """Return what is wrong with a moment that no clock of ours has to show, or None."""
    if moment is None or _FIRST <= moment <= _LAST:
        return None
    return Invalid.at(pointer, "A time is between the years 1900 and 9999")


def validity_fault(
    time_zone: str, valid_from: datetime | None, valid_until: datetime | None
) -> Invalid | None:
    """Return what is wrong with a half-open time `[valid_from, valid_until)`, or None."""
    if not is_zone(time_zone):
        return Invalid.at("/time_zone", f"{time_zone!r} is not a zone of the IANA database")
    for pointer, moment in (("/valid_from", valid_from), ("/valid_until", valid_until)):
        if fault := moment_fault(pointer, moment):
            return fault
    if valid_from is not None and valid_until is not None and valid_from >= valid_until:
        return Invalid.at("/valid_until", "It ends before it begins")
    return None


@cache
def _zones() -> set[str]:
    # Listing them reads a directory tree.
    return available_timezones()
