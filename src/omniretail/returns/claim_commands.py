"""The commands that make claims and decide about them. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec

from omniretail import channels, idempotency
from omniretail.returns.claim import ClaimKind, Resolution
from omniretail.returns.commands import RefundWish
from omniretail.returns.document import Override

ReplacementKind = Literal["ship", "pickup", "carry_out"]


class LineClaimed(msgspec.Struct, frozen=True, kw_only=True):
    """So many units of an order's line that were not as they should be, and how."""

    order_line: int
    quantity: int
    kind: ClaimKind
    note: str | None = None


class ReplacementWish(msgspec.Struct, frozen=True, kw_only=True):
    """How others of the same come: which location serves them, and by which fulfillment.

    `serials` name the units that are handed over at once, by the number of the claim's line.
    """

    fulfillment_id: UUID
    kind: ReplacementKind
    location: str
    serials: Mapping[int, tuple[str, ...]] = {}


ResolutionWish: TypeAlias = RefundWish | ReplacementWish


class OpenClaim(msgspec.Struct, frozen=True, kw_only=True):
    """The command to claim units of an order, named by its id or its number.

    With a `resolution` it is approved and resolved in the same step, by whom `decided_by` names.
    `override` is there where somebody allowed what the policy does not.
    """

    key: idempotency.Key
    principal: channels.Principal
    claim_id: UUID
    order: UUID | str
    lines: tuple[LineClaimed, ...]
    wish: Resolution
    occurred_at: datetime
    resolution: ResolutionWish | None = None
    decided_by: UUID | None = None
    goods_back: bool | None = None
    override: Override | None = None
    note: str | None = None

    @property
    def event_type(self) -> str:
        """What timelines call it."""
        return "claim_opened"

    def describe(self) -> dict[str, Any]:
        """What timelines say beside the lines."""
        return {}


class ApproveClaim(msgspec.Struct, frozen=True, kw_only=True):
    """The command to approve a claim; `goods_back` says whether its goods come back, else the policy."""

    key: idempotency.Key
    principal: channels.Principal
    claim_id: UUID
    occurred_at: datetime
    goods_back: bool | None = None

    @property
    def event_type(self) -> str:
        """What timelines call it."""
        return "claim_approved"

    def describe(self) -> dict[str, Any]:
        """What timelines say beside the lines."""
        return {}


class DenyClaim(msgspec.Struct, frozen=True, kw_only=True):
    """The command to deny a claim: its units may be returned, or claimed, again."""

    key: idempotency.Key
    principal: channels.Principal
    claim_id: UUID
    reason: str
    occurred_at: datetime

    @property
    def event_type(self) -> str:
        """What timelines call it."""
        return "claim_denied"

    def describe(self) -> dict[str, Any]:
        """What timelines say beside the lines."""
        return {"reason": self.reason}


class ResolveClaim(msgspec.Struct, frozen=True, kw_only=True):
    """The command to pay an approved claim back, or to have others of the same come."""

    key: idempotency.Key
    principal: channels.Principal
    claim_id: UUID
    resolution: ResolutionWish
    occurred_at: datetime

    @property
    def event_type(self) -> str:
        """What timelines call it."""
        return "claim_resolved"

    def describe(self) -> dict[str, Any]:
        """What timelines say beside the lines."""
        return {}


ClaimCommand: TypeAlias = OpenClaim | ApproveClaim | DenyClaim | ResolveClaim
