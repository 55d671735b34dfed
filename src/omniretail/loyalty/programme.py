"""A loyalty programme as the retailer states it: what points are earned for, worth, and how long. Pure.

What an order earns by it is in `earning`, what tier somebody has in `tiers`.
"""

from calendar import monthrange
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from omniretail.money import MOST_MINOR

RuleKind = Literal["multiplier", "rate", "units"]
TierPeriod = Literal["rolling", "calendar"]
Negative = Literal["debt", "within_balance", "only_pending"]
"""What becomes of earned points that are taken back when they are spent already."""


class EarnRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Points on top of the base rate, for the lines that it names (naming none: for all that count).

    A `multiplier` adds `percent` − 100 percent of the base rate, a `rate` `points` for each
    `per_minor` of the currency, `units` so many `points` a unit. It holds in `[valid_from, valid_to)`,
    in the channels and for the tiers that it names; of each empty set: everywhere, for everybody.
    """

    code: str
    name: str
    kind: RuleKind
    percent: int = 100
    points: int = 0
    per_minor: dict[str, int] = {}
    skus: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()
    valid_from: datetime | None = None
    valid_to: datetime | None = None

    def holds(self, *, channel: str | None, tier: str | None, at: datetime) -> bool:
        """Tell whether it holds for a sale in a channel, to a tier, at a moment."""
        return (
            (not self.channels or channel in self.channels)
            and (not self.tiers or tier in self.tiers)
            and (self.valid_from is None or self.valid_from <= at)
            and (self.valid_to is None or at < self.valid_to)
        )

    def names(self, sku: str, categories: Collection[str]) -> bool:
        """Tell whether it works on goods with a SKU and some categories."""
        everything = not self.skus and not self.categories
        return everything or sku in self.skus or not self.categories.isdisjoint(categories)


class Reward(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon that is had for points."""

    code: str
    name: str
    points: int
    coupon: str


class Tier(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tier, from so many qualifying points on; its members earn `percent` of the base rate.

    They have the prices of `customer_group`, where one is named.
    """

    code: str
    name: str
    qualifying: int
    percent: int = 100
    customer_group: str | None = None


class Programme(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A loyalty programme.

    Earned: `points` for each `per_minor` of what is paid for goods that are not excluded, otherwise
    than by points, `tax_excluded` without its tax; a currency that is not named earns nothing. They
    can be spent `pending_days` after the goods reached the customer, and `lifetime_months` from then
    on, until the local day ends in `zone`; None: for ever.

    Spent: `redeem_points` pay `redeem_minor`, `least_redeemed` at least at once, or a reward. A hold
    lasts `web_hold_seconds`, or `till_hold_seconds`; what is given back lasts `restored_days` at
    least. `negative` says what becomes of a debt. Limits that are None do not bound.
    """

    name: str
    zone: str
    per_minor: dict[str, int]
    redeem_minor: dict[str, int]
    points: int = 1
    tax_excluded: bool = True
    excluded_skus: frozenset[str] = frozenset()
    excluded_categories: frozenset[str] = frozenset()
    rules: tuple[EarnRule, ...] = ()
    pending_days: int = 14
    lifetime_months: int | None = 24
    redeem_points: int = 100
    least_redeemed: int = 1
    rewards: tuple[Reward, ...] = ()
    tiers: tuple[Tier, ...] = ()
    tier_period: TierPeriod = "rolling"
    tier_months: int = 12
    web_hold_seconds: int = 900
    till_hold_seconds: int = 300
    restored_days: int = 30
    negative: Negative = "debt"
    most_earned_a_day: int | None = None
    most_redemptions_a_day: int | None = None
    late_claim_days: int = 30
    gift_hours: int = 24
    expected_redemption_ppm: int = 800_000
    most_members: int = 6

    def counts(self, sku: str, categories: Collection[str]) -> bool:
        """Tell whether goods with a SKU and some categories earn anything."""
        return sku not in self.excluded_skus and self.excluded_categories.isdisjoint(categories)

    def tier(self, code: str | None) -> Tier | None:
        """Return the tier of a code, where the programme has it."""
        return next((tier for tier in self.tiers if tier.code == code), None)


class ProgrammeVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A programme from a moment on, until the next version."""

    id: UUID
    effective_from: datetime
    programme: Programme
    created_at: datetime
    created_by: UUID


class Programmes(msgspec.Struct, frozen=True):
    """Versions of the programme, the earliest first."""

    versions: tuple[ProgrammeVersion, ...] = ()

    def at(self, moment: datetime) -> tuple[UUID, Programme] | None:
        """Return the version in force at a moment, with its identity; None before the first one."""
        for version in reversed(self.versions):
            if version.effective_from <= moment:
                return version.id, version.programme
        return None

    def in_force(self, moment: datetime) -> Programme | None:
        """Return the programme in force at a moment; None before the first one."""
        version = self.at(moment)
        return None if version is None else version[1]


def points_for(programme: Programme, amount_minor: int, currency: str) -> int | None:
    """Return how many points pay an amount, rounded up; None: points do not pay this currency.

    More than 2^63 − 1 points are said to be 2^63 − 1, which nobody has.
    """
    per = programme.redeem_minor.get(currency)
    return (
        None if per is None else min(MOST_MINOR, -(-amount_minor * programme.redeem_points // per))
    )


def value_minor(programme: Programme, points: int, currency: str) -> int | None:
    """Return what points pay, rounded down, 2^63 − 1 at most; None: they do not pay this currency."""
    per = programme.redeem_minor.get(currency)
    return None if per is None else min(MOST_MINOR, points * per // programme.redeem_points)


def local_day(programme: Programme, moment: datetime) -> date:
    """Return the day that it is at a moment, in the programme's zone."""
    return moment.astimezone(ZoneInfo(programme.zone)).date()


def day_begins_at(programme: Programme, day: date) -> datetime:
    """Return the moment from which on it is this day in the programme's zone, in UTC.

    Where the clocks skip midnight, that is the moment of the skip; where they show it twice, the
    second time, after which it is never the day before again.
    """
    midnight = datetime.combine(day, time(0), ZoneInfo(programme.zone))
    return max(midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


def day_ends_at(programme: Programme, moment: datetime) -> datetime:
    """Return when the local day of a moment ends: the moment at which the next one begins, in UTC."""
    return day_begins_at(programme, local_day(programme, moment) + timedelta(days=1))


def expires_at(programme: Programme, available_at: datetime) -> datetime | None:
    """Return when points expire that can be spent from a moment on; None: never.

    That is when the local day ends that many months later; the month's last day, where it has no
    such day.
    """
    if programme.lifetime_months is None:
        return None
    last = months_later(local_day(programme, available_at), programme.lifetime_months)
    return day_begins_at(programme, last + timedelta(days=1))


def months_later(day: date, months: int) -> date:
    """Return the same day so many months later (or earlier), or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
