"""What the retailer owes in points, day by day, and what it is worth in money.

Everything is by the clock, not by what a job has done: points that have expired count as expired when
their lot ended, whether or not that is booked. From what stands now the report goes backwards through the
entries, by when things happened; what is told late changes the days it is of.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from omniretail.db import Read, Transaction, sql
from omniretail.errors import Invalid
from omniretail.loyalty.programme import Programme, day_begins_at, local_day, value_minor
from omniretail.loyalty.programmes import programme_at, programmes
from omniretail.money import MILLION, rounded

_LIABILITY = sql("loyalty.liability")

MOST_LIABILITY_DAYS = 366
_FIRST_DAY = date(1970, 1, 1)
_JUST_BEFORE = timedelta(microseconds=1)
_ADJUSTED = ("adjusted", "gifted", "moved")


class LiabilityDay(msgspec.Struct, frozen=True, kw_only=True):
    """The points of all accounts on a local day, and what is owed at its end, or now.

    `ending_points` = `opening_points` + earned + restored − spent − expired − reversed + adjusted, all of
    them less the debts of accounts; = `outstanding_points`, which stand in lots, − `debt_points`.
    `outstanding_points` = `pending_points` + `active_points`. `value_minor`, which the outstanding points
    pay, = `deferred_minor` + `breakage_minor`; all three are None where points did not pay the currency.
    """

    day: date
    opening_points: int
    earned_points: int
    restored_points: int
    spent_points: int
    expired_points: int
    reversed_points: int
    adjusted_points: int
    ending_points: int
    outstanding_points: int
    pending_points: int
    active_points: int
    debt_points: int
    currency: str
    value_minor: int | None
    deferred_minor: int | None
    breakage_minor: int | None


async def liability(
    tx: Transaction, *, since: date, until: date, currency: str | None = None, now: datetime
) -> list[LiabilityDay]:
    """Return what all accounts have, day by day, in the zone of the programme in force now.

    Takes no locks. Points are worth what the programme says that was in force at each day's end, in
    `currency` or the first one by the alphabet; `deferred_minor` is the part that is expected to be
    redeemed. What gifts and merges move between accounts is within `adjusted_points`, where it comes
    to nothing. Raises: Invalid, NoProgrammeInForce.

    Source: IFRS 15. Points are customer options that give a material right (B39, B40), estimated at what
    they save times the likelihood that they are exercised (B42); what is not expected to be is breakage
    (B44 to B47). To spread a sale's price over goods and points by these estimates is the accountant's.
    """
    _check(since, until)
    current = (await programme_at(tx, now)).programme
    if until > (today := local_day(current, now)):
        raise Invalid.at("/to", f"In {current.zone} it is {today}; later days have not begun")
    wanted = min(current.redeem_minor) if currency is None else currency
    if wanted not in current.redeem_minor:
        raise Invalid.at("/currency", f"Points do not pay {wanted}")
    dates = [since + timedelta(days=number) for number in range((until - since).days + 1)]
    begins = [day_begins_at(current, day) for day in (*dates, until + timedelta(days=1))]
    changes, versions = await tx.read(Read(_LIABILITY, (now, begins), list), programmes(begins[0]))
    days = []
    for day, ends_at, points in zip(
        dates, begins[1:], _backwards(changes, len(dates)), strict=True
    ):
        in_force = versions.at(min(ends_at - _JUST_BEFORE, now))
        programme = in_force[1] if in_force else versions.versions[0].programme
        worth = _worth(programme, points["outstanding_points"], wanted)
        days.append(
            LiabilityDay(
                day=day,
                **points,
                currency=wanted,
                value_minor=worth and worth[0],
                deferred_minor=worth and worth[1],
                breakage_minor=worth and worth[0] - worth[1],
            )
        )
    return days


def _check(since: date, until: date) -> None:
    """Check which days are asked for. Raises: Invalid."""
    if since < _FIRST_DAY:
        raise Invalid.at("/from", f"The first day is {_FIRST_DAY} at the earliest")
    if until < since:
        raise Invalid.at("/to", "The last day is not before the first one")
    if (until - since).days >= MOST_LIABILITY_DAYS:
        raise Invalid.at("/to", f"There are at most {MOST_LIABILITY_DAYS} days at once")


def _backwards(changes: Sequence[Any], days: int) -> list[dict[str, int]]:
    """Return the points of each day, the first one first: what stands now less all that came later."""
    sums = _Sums(changes)
    lots, debt, waiting = sums.lots_now, sums.debt_now, 0
    found: list[dict[str, int]] = []
    for day in range(days + 1, 0, -1):
        if day <= days:
            flows = {
                "earned_points": sums.points["earned", day],
                "restored_points": sums.points["restored", day],
                "spent_points": sums.points["spent", day],
                "expired_points": sums.points["expired", day],
                "reversed_points": sums.points["reversed", day],
                "adjusted_points": sums.adjusted[day],
            }
            stood = lots - sums.lots[day] - (debt - sums.debt[day])
            found.append(
                {
                    "opening_points": stood,
                    **flows,
                    "ending_points": lots - debt,
                    "outstanding_points": lots,
                    "pending_points": waiting,
                    "active_points": lots - waiting,
                    "debt_points": debt,
                }
            )
        lots -= sums.lots[day]
        debt -= sums.debt[day]
        waiting += sums.waiting[day]
    return found[::-1]


class _Sums:
    """What the rows of the statement come to, by day; in `waiting`, what was pending before a day."""

    def __init__(self, changes: Sequence[Any]) -> None:
        self.lots_now = self.debt_now = 0
        self.points = Counter[tuple[str, int]]()
        self.adjusted, self.lots, self.debt = Counter[int](), Counter[int](), Counter[int]()
        self.waiting = Counter[int]()
        for row in changes:
            kind, day, active_day = row["type"], row["day"], row["active_day"]
            lots, debt = int(row["lot_change"]), int(row["debt_change"])
            if kind == "now":
                self.lots_now, self.debt_now = lots, debt
            elif kind == "waiting":
                self.waiting[active_day] += int(row["points"])
            else:
                self.points[kind, day] += int(row["points"])
                self.lots[day] += lots
                self.debt[day] += debt
                if kind in _ADJUSTED:
                    self.adjusted[day] += lots - debt
                if active_day is not None:
                    # What remained was another while its lot was pending, up to this change.
                    self.waiting[min(day, active_day)] -= lots


def _worth(programme: Programme, points: int, currency: str) -> tuple[int, int] | None:
    """Return what points pay, and how much of that is expected to be redeemed; None: they pay none."""
    value = value_minor(programme, points, currency)
    if value is None:
        return None
    return value, rounded(value * programme.expected_redemption_ppm, MILLION)
