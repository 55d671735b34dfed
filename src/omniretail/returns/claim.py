"""A claim as everybody sees it: goods that were damaged, missing or wrong, and its state. Pure."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from omniretail.returns.document import Override, Refund

ClaimKind = Literal["damaged", "missing", "wrong"]
Resolution = Literal["refund", "replacement"]
ClaimState = Literal["open", "approved", "resolved", "denied"]


class ClaimLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """So many units of an order's line that were not as they should be.

    Once the claim is resolved, `worth_minor` is what they came to, their exact share with its tax;
    and `replaced_by` the line of the order that came in for them, where one did.
    """

    number: int
    order_line: int
    sku: str
    quantity: int
    kind: ClaimKind
    components: dict[str, int] | None = None
    note: str | None = None
    worth_minor: int = 0
    worth_tax_minor: int = 0
    replaced_by: int | None = None


class Claim(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Units of an order that were damaged, missing or wrong, and what became of it.

    `goods_back` is decided when it is approved; then its resolution opens a return (`return_id`) of
    what reached the customer, which waits for the goods and for nothing else. A resolution has a
    `refund`, or a `fulfillment_id` by which others come.
    """

    id: UUID
    number: str
    order_id: UUID
    currency: str
    wish: Resolution
    opened_at: datetime
    opened_by: UUID
    version: int
    lines: tuple[ClaimLine, ...]
    channel: str | None = None
    customer: str | None = None
    approved_at: datetime | None = None
    approved_by: UUID | None = None
    goods_back: bool | None = None
    denied_at: datetime | None = None
    denied_by: UUID | None = None
    denial_reason: str | None = None
    resolved_at: datetime | None = None
    resolved_by: UUID | None = None
    resolution: Resolution | None = None
    refund: Refund | None = None
    fulfillment_id: UUID | None = None
    return_id: UUID | None = None
    override: Override | None = None
    note: str | None = None

    @property
    def state(self) -> ClaimState:
        """How far it has come."""
        if self.denied_at is not None:
            return "denied"
        if self.resolved_at is not None:
            return "resolved"
        return "open" if self.approved_at is None else "approved"

    @property
    def units(self) -> dict[int, int]:
        """How many units of each line of its order are claimed, by its number."""
        return {line.order_line: line.quantity for line in self.lines}

    @property
    def reached(self) -> tuple[ClaimLine, ...]:
        """Its lines whose goods reached the customer: what is missing cannot come back."""
        return tuple(line for line in self.lines if line.kind != "missing")
