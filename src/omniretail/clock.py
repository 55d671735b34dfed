"""The clock, read at the edge only and passed inwards as `now`."""

from datetime import UTC, datetime, timedelta

FUTURE_TOLERANCE = timedelta(minutes=5)
"""How far ahead of ours a caller's clock may run before its times are refused."""


def now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)
