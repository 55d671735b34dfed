"""Promotions and coupons as the retailer states them. What a promotion saves is in `savings`. Pure."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

import msgspec

from omniretail.pricing.lists import Shopper

Level = Literal["line", "order", "shipping"]
_LEVELS: tuple[Level, ...] = ("line", "order", "shipping")


class Action(msgspec.Struct, frozen=True, tag_field="type", kw_only=True, omit_defaults=True):
    """What a promotion does; rates are in parts per million, amounts in minor units."""


class Percent(Action, frozen=True, tag="percent", kw_only=True):
    """A share off each line; of level `order`, off the order, divided over its lines."""

    rate_ppm: int
    level: Literal["line", "order"] = "line"


class Amount(Action, frozen=True, tag="amount", kw_only=True):
    """An amount off each unit; of level `order`, once off the order, divided over its lines."""

    amount_minor: int
    level: Literal["line", "order"] = "line"


class FixedPrice(Action, frozen=True, tag="fixed_price", kw_only=True):
    """Each unit costs so much, where it costs more."""

    level: ClassVar[Level] = "line"
    amount_minor: int


class BuyXGetY(Action, frozen=True, tag="buy_x_get_y", kw_only=True):
    """Of each `buy` + `get` units, the `get` cheapest are reduced; by default they are free."""

    level: ClassVar[Level] = "line"
    buy: int
    get: int
    rate_ppm: int = 1_000_000


class Bundle(Action, frozen=True, tag="bundle", kw_only=True):
    """So many of each SKU together cost so much."""

    level: ClassVar[Level] = "line"
    parts: dict[str, int]
    amount_minor: int


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """From such a value on, a share or an amount off."""

    minimum_minor: int
    rate_ppm: int = 0
    amount_minor: int = 0


class Threshold(Action, frozen=True, tag="threshold", kw_only=True):
    """The more is bought, the more comes off the order: of the steps reached, the one that saves most."""

    level: ClassVar[Level] = "order"
    steps: tuple[Step, ...]


class Gift(Action, frozen=True, tag="gift", kw_only=True):
    """So many units of a SKU that is in the basket are free, once the other lines come to the minimum."""

    level: ClassVar[Level] = "line"
    sku: str
    quantity: int = 1


class Shipping(Action, frozen=True, tag="shipping", kw_only=True):
    """A share and an amount off the shipping charge."""

    level: ClassVar[Level] = "shipping"
    rate_ppm: int = 0
    amount_minor: int = 0


Actions = Percent | Amount | FixedPrice | BuyXGetY | Bundle | Threshold | Gift | Shipping


class Hours(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hours of the week in a time zone: days 1 (Monday) to 7, from one time until before another."""

    time_zone: str
    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    since: time = time(0)
    until: time | None = None

    def hold_at(self, at: datetime) -> bool:
        """Tell whether a moment lies within."""
        local = at.astimezone(ZoneInfo(self.time_zone))
        return (
            local.isoweekday() in self.days
            and self.since <= local.time()
            and (self.until is None or local.time() < self.until)
        )


class Promotion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A promotion: what it does, on what, for whom, when, and beside what else.

    It works on the lines whose SKU or one of whose categories it names (naming neither: all), where
    they come to `minimum_minor` at least, at the prices that the promotions before it left. Lines
    first, then the order, then shipping; of one level the highest priority, then the code. It stands
    alone unless `stackable`; one of an `exclusive_group` at most; after a `stop` none.
    `most_per_basket` bounds the units (of buy-x-get-y and bundles: the sets) that it works on in one
    basket, `usage_limit` the orders that it is used in.
    """

    code: str
    name: str
    action: Actions
    status: Literal["active", "archived"] = "active"
    priority: int = 0
    stackable: bool = True
    exclusive_group: str | None = None
    stop: bool = False
    currency: str | None = None
    skus: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    customer_groups: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    locations: frozenset[str] = frozenset()
    override_reason: str | None = None
    minimum_minor: int = 0
    most_per_basket: int | None = None
    usage_limit: int | None = None
    coupon_only: bool = False
    time_zone: str = "UTC"
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    hours: Hours | None = None

    @property
    def level(self) -> Level:
        """Whether it works on lines, on the order, or on shipping."""
        return self.action.level

    @property
    def turn(self) -> tuple[int, int, str]:
        """When it has its turn among others."""
        return _LEVELS.index(self.level), -self.priority, self.code

    @property
    def differs_by_channel(self) -> bool:
        """Tell whether it lets one customer pay different prices in different places of sale."""
        return bool(self.channels or self.locations)

    def holds_at(self, at: datetime) -> bool:
        """Tell whether the promotion is in force at a moment."""
        return (
            self.status == "active"
            and (self.valid_from is None or self.valid_from <= at)
            and (self.valid_until is None or at < self.valid_until)
        )

    def refusal(self, shopper: Shopper, currency: str, at: datetime) -> str | None:
        """Return why it is not for this shopper at this moment, in a word, or None."""
        reason = None
        if self.valid_from is not None and at < self.valid_from:
            reason = "not_yet"
        elif self.valid_until is not None and self.valid_until <= at:
            reason = "over"
        elif self.currency not in (None, currency):
            reason = "other_currency"
        elif self.customer_groups and not self.customer_groups & shopper.customer_groups:
            reason = "other_customers"
        elif self.differs_by_channel and not self._sold_there(shopper):
            reason = "other_channel"
        elif self.hours is not None and not self.hours.hold_at(at):
            reason = "other_hours"
        return reason

    def _sold_there(self, shopper: Shopper) -> bool:
        return (not self.channels or shopper.channel in self.channels) and (
            not self.locations or shopper.location in self.locations
        )


class Coupon(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A code that unlocks a promotion, for so many orders in all, and so many of one customer.

    Codes are told apart without regard to case: they are kept in upper case.
    """

    code: str
    promotion: str
    status: Literal["active", "archived"] = "active"
    usage_limit: int | None = None
    limit_per_customer: int | None = None
    time_zone: str = "UTC"
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def holds_at(self, at: datetime) -> bool:
        """Tell whether the coupon is good at a moment."""
        return (
            self.status == "active"
            and (self.valid_from is None or self.valid_from <= at)
            and (self.valid_until is None or at < self.valid_until)
        )


def coupon_code(text: str) -> str:
    """Return the form under which a coupon's code is kept, whatever the case it was typed in."""
    return text.upper()


Coupons = Mapping[str, Coupon]
