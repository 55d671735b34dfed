"""The clock, read at the edge only and passed inwards as `now`."""

from datetime import UTC, datetime, timedelta

_OLDEST = datetime(1970, 1, 1, tzinfo=UTC)
FUTURE_TOLERANCE = timedelta(minutes=5)
"""How far ahead of ours a caller's clock may run before its times are refused."""


def now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)


def happened(given: datetime, *, now: datetime, oldest: timedelta | None = None) -> datetime:
    """Return when something happened by a caller's clock, as far as it can be.

    A clock that runs ahead of ours, within the tolerance, says now: nothing is recorded before it
    happens, and a count never speaks for a sale that is still to come.

    Raises: ValueError for a time ahead of ours by more than the tolerance, or older than allowed.
    """
    if given > now + FUTURE_TOLERANCE:
        raise ValueError(f"{given.isoformat()} lies ahead of the present")
    if given < _OLDEST or (oldest is not None and given < now - oldest):
        raise ValueError(f"{given.isoformat()} lies too far in the past for this key")
    return min(now, given.astimezone(UTC))
