"""Which tier somebody has, and until when: up at once, down one step when a period ends. Pure.

A tier is a matter of qualifying points, day by day, and of the clock. Where they are kept is the
ledger's business.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import msgspec

from omniretail.loyalty.programme import (
    Programme,
    Tier,
    day_begins_at,
    local_day,
    months_later,
)


class Standing(msgspec.Struct, frozen=True):
    """A tier and the moment at which it is judged anew; without a tier there is none."""

    tier: str | None = None
    until: datetime | None = None


def tier_for(programme: Programme, qualifying: int) -> Tier | None:
    """Return the highest tier that so many qualifying points reach, if any."""
    reached = [tier for tier in programme.tiers if tier.qualifying <= qualifying]
    return reached[-1] if reached else None


def since(programme: Programme, at: datetime) -> date:
    """Return the first local day whose points count at a moment.

    Rolling: the same day, so many months before; else the first day of the calendar's period.
    """
    day = local_day(programme, at)
    if programme.tier_period == "rolling":
        return months_later(day, -programme.tier_months)
    return _period_begins(programme, day)


def raised(programme: Programme, standing: Standing, qualifying: int, at: datetime) -> Standing:
    """Return the standing after so many qualifying points: higher at once, never lower.

    A tier reached anew is held for a whole period: to the end of the local day so many months later,
    or to the end of the calendar's next period.
    """
    reached = tier_for(programme, qualifying)
    if reached is None or _rank(programme, reached.code) <= _rank(programme, standing.tier):
        return standing
    return Standing(reached.code, _held_until(programme, at))


def settled(
    programme: Programme, standing: Standing, qualifying_by_day: Mapping[date, int], at: datetime
) -> Standing:
    """Return the standing after all periods that have ended by a moment.

    At the end of each, the tier stays where the points of that period still reach it; else it is one
    step lower. Either lasts for another period. However late it is asked, the answer is the same.
    """
    while standing.until is not None and standing.until <= at:
        end = local_day(programme, standing.until)
        begin = months_later(end, -programme.tier_months)
        points = sum(points for day, points in qualifying_by_day.items() if begin <= day < end)
        tier = _after(programme, standing.tier, points)
        again = day_begins_at(programme, months_later(end, programme.tier_months))
        standing = Standing() if tier is None else Standing(tier, again)
    return standing


def _after(programme: Programme, tier: str | None, points: int) -> str | None:
    """Return the tier after a period with so many points."""
    rank = _rank(programme, tier)
    if rank < 0:
        # The programme has it no longer, so there is no step below it.
        reached = tier_for(programme, points)
        return None if reached is None else reached.code
    if points >= programme.tiers[rank].qualifying:
        return tier
    return programme.tiers[rank - 1].code if rank else None


def _rank(programme: Programme, tier: str | None) -> int:
    codes = [known.code for known in programme.tiers]
    return codes.index(tier) if tier in codes else -1


def _held_until(programme: Programme, at: datetime) -> datetime:
    day = local_day(programme, at)
    if programme.tier_period == "rolling":
        last = months_later(day, programme.tier_months)
        return day_begins_at(programme, last + timedelta(days=1))
    end = months_later(_period_begins(programme, day), 2 * programme.tier_months)
    return day_begins_at(programme, end)


def _period_begins(programme: Programme, day: date) -> date:
    months = day.year * 12 + day.month - 1
    return months_later(day.replace(day=1), -(months % programme.tier_months))
