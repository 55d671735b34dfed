"""A transfer of goods between two locations, the steps it can take, and why they are refused. Pure."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from omniretail import channels, idempotency
from omniretail.errors import Missing, Refused
from omniretail.inventory.costs import Cost

TransferState = Literal["draft", "shipped", "partially_received", "received", "cancelled"]
Resolution = Literal["found", "lost"]


class UnknownTransfer(Missing):
    """There is no such transfer, or it is not yours to see."""

    def __init__(self, transfer: UUID) -> None:
        super().__init__(f"There is no transfer {transfer}.", transfer=str(transfer))


class UnknownDiscrepancy(Missing):
    """The transfer has no such discrepancy."""

    def __init__(self, transfer: UUID, discrepancy: int) -> None:
        super().__init__(
            f"The transfer has no discrepancy {discrepancy}.",
            transfer=str(transfer),
            discrepancy=discrepancy,
        )


class TransferStateRefused(Refused):
    """The transfer's state does not allow this step."""

    def __init__(self, *, state: TransferState, step: str) -> None:
        super().__init__(f"The transfer is {state}: no {step} now.", state=state, step=step)


class DiscrepancyClosed(Refused):
    """The discrepancy is closed already."""

    def __init__(self, discrepancy: int, state: Resolution) -> None:
        super().__init__(
            f"Discrepancy {discrepancy} is closed as {state}.",
            discrepancy=discrepancy,
            state=state,
        )


class TransferLine(msgspec.Struct, frozen=True, kw_only=True):
    """So many of a SKU, and what became of those that were shipped; the rest is in transit.

    `returned` were put back by a cancellation. `found` and `lost` is how a shortfall was closed.
    `unit_cost` is the source's average when they left.
    """

    number: int
    sku: str
    quantity: int
    shipped: int = 0
    received: int = 0
    returned: int = 0
    found: int = 0
    lost: int = 0
    unit_cost: Cost | None = None

    @property
    def in_transit(self) -> int:
        """Units that left and are nowhere yet."""
        return self.shipped - self.received - self.returned - self.found - self.lost


class Discrepancy(msgspec.Struct, frozen=True, kw_only=True):
    """More (`over`) or fewer (`under`) arrived of a line than were in transit, until it is closed."""

    number: int
    line: int
    kind: Literal["over", "under"]
    quantity: int
    opened_at: datetime
    opened_by: UUID
    resolution: Resolution | None = None
    note: str | None = None
    closed_at: datetime | None = None
    closed_by: UUID | None = None


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that go from one location to another; `closed_at` is when nothing more would come."""

    id: UUID
    number: str
    source: str
    destination: str
    note: str | None
    created_at: datetime
    created_by: UUID
    expected_at: datetime | None
    version: int
    lines: tuple[TransferLine, ...]
    shipped_at: datetime | None = None
    closed_at: datetime | None = None
    discrepancies: tuple[Discrepancy, ...] = ()

    @property
    def state(self) -> TransferState:
        """What its times and lines say."""
        if self.closed_at is not None:
            put_back = any(line.returned for line in self.lines)
            return "cancelled" if self.shipped_at is None or put_back else "received"
        if self.shipped_at is None:
            return "draft"
        received = any(line.received for line in self.lines)
        return "partially_received" if received else "shipped"

    def visible_to(self, principal: channels.Principal) -> bool:
        """Tell whether a principal may see it: located ones, where an end of it is theirs."""
        return principal.may_act_at(self.source) or principal.may_act_at(self.destination)


class TransferWish(msgspec.Struct, frozen=True, kw_only=True):
    """So many of a SKU shall go."""

    sku: str
    quantity: int


class LineUnits(msgspec.Struct, frozen=True, kw_only=True):
    """So many units of a line, by its number; of one lot, where the lot is named."""

    line: int
    quantity: int
    lot: str | None = None


class DraftTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """The command to plan a transfer; nothing moves yet."""

    key: idempotency.Key
    principal: channels.Principal
    transfer_id: UUID
    source: str
    destination: str
    lines: tuple[TransferWish, ...]
    expected_at: datetime | None = None
    note: str | None = None


class ShipTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """The command to send goods off: `units` (None: all); what they leave out never goes."""

    key: idempotency.Key
    principal: channels.Principal
    transfer_id: UUID
    occurred_at: datetime
    units: tuple[LineUnits, ...] | None = None
    expected_at: datetime | None = None


class ReceiveTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """The command that `units` arrived (None: all in transit); `complete`: no more will come."""

    key: idempotency.Key
    principal: channels.Principal
    transfer_id: UUID
    occurred_at: datetime
    units: tuple[LineUnits, ...] | None = None
    complete: bool = False


class CloseDiscrepancy(msgspec.Struct, frozen=True, kw_only=True):
    """The command to say what a discrepancy was.

    `location` is where a shortfall was found (None: the destination); `lot` is what lot a surplus
    is of, of a SKU tracked by lot.
    """

    key: idempotency.Key
    principal: channels.Principal
    transfer_id: UUID
    occurred_at: datetime
    discrepancy: int
    resolution: Resolution
    location: str | None = None
    lot: str | None = None
    note: str | None = None


class CancelTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """The command to cancel a transfer: what has not arrived is put back at the source."""

    key: idempotency.Key
    principal: channels.Principal
    transfer_id: UUID
    occurred_at: datetime
    reason: str


TransferStep = ShipTransfer | ReceiveTransfer | CloseDiscrepancy | CancelTransfer
