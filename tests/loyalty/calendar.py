"""A clock that tests set: a year ahead, where the dates of the worked examples are."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from omniretail import clock

BERLIN = ZoneInfo("Europe/Berlin")
YEAR = datetime.now(UTC).year + 1


def noon(month: int, day: int, *, years: int = 0) -> datetime:
    """Noon of a day of the coming year, or of a later one."""
    return datetime(YEAR + years, month, day, 12, tzinfo=UTC)


def end_of(month: int, day: int, *, years: int = 0) -> datetime:
    """The last second of a day, by the clocks of the programme."""
    local = datetime(YEAR + years, month, day, 23, 59, 59, tzinfo=BERLIN)
    return local.astimezone(UTC)


class Calendar:
    """What the application's clock says, until the test ends."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
        self.now = at
        monkeypatch.setattr(clock, "now", self._now)

    def _now(self) -> datetime:
        return self.now

    def last_day(self, moment: Any) -> tuple[int, int, int]:
        """The local day at whose end a moment on the wire is: years from the coming one, month, day."""
        end = datetime.fromisoformat(moment).astimezone(BERLIN)
        assert (end.hour, end.minute, end.second) == (0, 0, 0)
        before = end.fromtimestamp(end.timestamp() - 1, BERLIN)
        return before.year - YEAR, before.month, before.day
