"""Price lists and their prices: which list speaks for whom, and what it says of a quantity. Pure."""

from bisect import bisect_right
from collections.abc import Set
from datetime import datetime
from typing import NamedTuple

import msgspec

MOST_PRIORITY = 1_000_000
"""How far from 0 the priority of a list or a promotion may be."""


class Scope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """For whom a list speaks: each thing named must be so; nothing named is everybody."""

    customer: str | None = None
    customer_group: str | None = None
    location: str | None = None
    region: str | None = None
    channel: str | None = None

    @property
    def narrowness(self) -> int:
        """How narrow it is: a customer outranks a group, then store, region, channel."""
        named = (self.customer, self.customer_group, self.location, self.region, self.channel)
        return sum(1 << rank for rank, name in enumerate(reversed(named)) if name is not None)

    @property
    def differs_by_channel(self) -> bool:
        """Tell whether it lets one customer pay different prices in different places of sale."""
        return self.channel is not None or self.location is not None


class Shopper(msgspec.Struct, frozen=True, kw_only=True):
    """Who buys, and where: what scopes are held against."""

    channel: str | None = None
    location: str | None = None
    region: str | None = None
    customer: str | None = None
    customer_groups: Set[str] = frozenset()

    def within(self, scope: Scope) -> bool:
        """Tell whether a scope speaks for this shopper."""
        return (
            scope.customer in (None, self.customer)
            and (scope.customer_group is None or scope.customer_group in self.customer_groups)
            and scope.location in (None, self.location)
            and scope.region in (None, self.region)
            and scope.channel in (None, self.channel)
        )


class PriceList(msgspec.Struct, frozen=True, kw_only=True):
    """A list of prices in one currency, for a scope and a time `[valid_from, valid_until)`.

    Its prices include tax or not. A list that `differs_by_channel` breaks the promise of one price
    everywhere, and says why in `override_reason`, and until when.
    """

    code: str
    name: str
    currency: str
    priority: int = 0
    tax_included: bool = True
    scope: Scope = Scope()
    time_zone: str = "UTC"
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    override_reason: str | None = None

    @property
    def rank(self) -> tuple[int, int]:
        """What decides between lists: the highest priority, then the narrowest scope."""
        return self.priority, self.scope.narrowness

    def holds_at(self, at: datetime) -> bool:
        """Tell whether the list is in force at a moment."""
        return (self.valid_from is None or self.valid_from <= at) and (
            self.valid_until is None or at < self.valid_until
        )


class PriceFrom(msgspec.Struct, frozen=True):
    """A price in minor units from a moment on; None ends the sale.

    `tiers` are (from so many units, price of each), rising.
    """

    valid_from: datetime
    amount_minor: int | None
    tiers: tuple[tuple[int, int], ...] = ()

    def for_quantity(self, quantity: int) -> int | None:
        """Return what each of so many units costs."""
        amount_minor = self.amount_minor
        for least, tier_minor in self.tiers:
            if quantity < least:
                break
            amount_minor = tier_minor
        return amount_minor


class Listed(NamedTuple):
    """What one unit is listed at, and by which list."""

    amount_minor: int
    price_list: PriceList


def price_at(steps: tuple[PriceFrom, ...], at: datetime) -> PriceFrom | None:
    """Return the price in force at a moment, of prices in the order of time."""
    if len(steps) == 1:
        return steps[0] if steps[0].valid_from <= at else None
    position = bisect_right(steps, at, key=lambda step: step.valid_from)
    return steps[position - 1] if position else None
