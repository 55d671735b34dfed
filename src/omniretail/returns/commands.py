"""The commands that make returns and bring them further. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from omniretail import channels, idempotency, orders
from omniretail.returns.document import Disposition, Override


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """So many units of a return's line that came back, and what they are graded as."""

    line: int
    quantity: int
    disposition: Disposition
    serials: tuple[str, ...] = ()
    lot: str | None = None


class LineBack(msgspec.Struct, frozen=True, kw_only=True):
    """So many units of an order's line that come back, and why."""

    order_line: int
    quantity: int
    reason: str


class GoodsBack(msgspec.Struct, frozen=True, kw_only=True):
    """So many units of a SKU that come back without a receipt, and why.

    `unit_minor` is what one is taken back at, in `currency`; None is the most that is allowed.
    """

    sku: str
    quantity: int
    reason: str
    unit_minor: int | None = None
    currency: str | None = None


class RefundWish(msgspec.Struct, frozen=True, kw_only=True):
    """How to pay back: by the policy, or by one `method`; store credit to an `account_id`, or a new one.

    `quantities` are how many units of each line, by its number; none named means all that came back and
    were not paid back.
    """

    quantities: Mapping[int, int] = {}
    method: orders.TenderType | None = None
    account_id: UUID | None = None


def _allowed(override: Override | None) -> dict[str, Any]:
    """Return what timelines say of who allowed what the policy does not."""
    return {} if override is None else {"override": msgspec.to_builtins(override)}


class OpenReturn(msgspec.Struct, frozen=True, kw_only=True):
    """The command to return units of an order, named by its id or its number.

    A till has them back (`arrivals`, whose lines count from 1) and pays them back (`refund`) in the
    same step. `override` is there where somebody allowed what the policy does not.
    """

    key: idempotency.Key
    principal: channels.Principal
    return_id: UUID
    order: UUID | str
    lines: tuple[LineBack, ...]
    occurred_at: datetime
    location: str | None = None
    arrivals: tuple[Arrival, ...] = ()
    refund: RefundWish | None = None
    override: Override | None = None
    note: str | None = None

    @property
    def event_type(self) -> str:
        """What timelines call it."""
        return "return_opened"

    def describe(self) -> dict[str, Any]:
        """What timelines say beside the lines."""
        return _allowed(self.override)


class OpenUnlinked(msgspec.Struct, frozen=True, kw_only=True):
    """The command to take goods back from a customer whose sale nobody can name.

    `channel` gives currency and policy, `location` the region of the prices. `approved_by` answers for
    it. `arrivals`, `refund` and `override` are as for an order's return.
    """

    key: idempotency.Key
    principal: channels.Principal
    return_id: UUID
    customer: str
    channel: str
    location: str
    lines: tuple[GoodsBack, ...]
    approved_by: UUID
    occurred_at: datetime
    arrivals: tuple[Arrival, ...] = ()
    refund: RefundWish | None = None
    override: Override | None = None
    note: str | None = None

    @property
    def event_type(self) -> str:
        """What timelines call it."""
        return "return_opened"

    def describe(self) -> dict[str, Any]:
        """What timelines say beside the lines."""
        return {"approved_by": str(self.approved_by)}


class Approve(msgspec.Struct, frozen=True, kw_only=True):
    """The command to approve a return that was asked for."""

    key: idempotency.Key
    principal: channels.Principal
    return_id: UUID
    occurred_at: datetime

    @property
    def event_type(self) -> str:
        """What timelines call it."""
        return "return_approved"

    def describe(self) -> dict[str, Any]:
        """What timelines say beside the lines."""
        return {}


class Receive(msgspec.Struct, frozen=True, kw_only=True):
    """The command to receive goods of a return at a location; money is another matter."""

    key: idempotency.Key
    principal: channels.Principal
    return_id: UUID
    location: str
    arrivals: tuple[Arrival, ...]
    occurred_at: datetime

    @property
    def event_type(self) -> str:
        """What timelines call it."""
        return "return_received"

    def describe(self) -> dict[str, Any]:
        """What timelines say beside the lines."""
        return {}


class PayBack(msgspec.Struct, frozen=True, kw_only=True):
    """The command to pay a return back, wholly or in part."""

    key: idempotency.Key
    principal: channels.Principal
    return_id: UUID
    refund: RefundWish
    occurred_at: datetime
    override: Override | None = None

    @property
    def event_type(self) -> str:
        """What timelines call it."""
        return "return_refunded"

    def describe(self) -> dict[str, Any]:
        """What timelines say beside the lines."""
        return _allowed(self.override)


class CancelReturn(msgspec.Struct, frozen=True, kw_only=True):
    """The command to cancel what did not come back and was not paid back: it may be returned again."""

    key: idempotency.Key
    principal: channels.Principal
    return_id: UUID
    reason: str
    occurred_at: datetime

    @property
    def event_type(self) -> str:
        """What timelines call it."""
        return "return_cancelled"

    def describe(self) -> dict[str, Any]:
        """What timelines say beside the lines."""
        return {"reason": self.reason}


class Grade(msgspec.Struct, frozen=True, kw_only=True):
    """The command to grade units again that came back: from one disposition to another."""

    key: idempotency.Key
    principal: channels.Principal
    return_id: UUID
    line: int
    quantity: int
    from_disposition: Disposition
    to_disposition: Disposition
    occurred_at: datetime
    reason: str | None = None
    serials: tuple[str, ...] = ()
    lot: str | None = None

    @property
    def event_type(self) -> str:
        """What timelines call it."""
        return "return_graded"

    def describe(self) -> dict[str, Any]:
        """What timelines say beside the lines."""
        return {"reason": self.reason} if self.reason else {}


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """The command to exchange units of an order for what is `wanted`; one difference is settled.

    The goods are back at once (`arrivals`, whose lines count from 1); some may come later where
    somebody allowed it (`override`). What they are worth more than what comes in goes back as
    `refund` wishes; `tenders` pay what they are worth less. `version` is the order's, as it was read.
    """

    key: idempotency.Key
    principal: channels.Principal
    return_id: UUID
    order: UUID | str
    lines: tuple[LineBack, ...]
    wanted: tuple[orders.FulfillmentWish, ...]
    occurred_at: datetime
    tenders: tuple[orders.TenderGiven, ...] = ()
    location: str | None = None
    arrivals: tuple[Arrival, ...] = ()
    refund: RefundWish = RefundWish()
    override: Override | None = None
    note: str | None = None
    version: int | None = None

    @property
    def event_type(self) -> str:
        """What timelines call it."""
        return "exchanged"

    def describe(self) -> dict[str, Any]:
        """What timelines say beside the lines."""
        return {}


ReturnCommand: TypeAlias = (
    OpenReturn | OpenUnlinked | Approve | Receive | PayBack | CancelReturn | Grade
)
