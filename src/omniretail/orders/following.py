"""Having points follow changes of orders: locking the accounts, writing what the changes mean for them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import catalog, channels, events, idempotency, loyalty
from omniretail.db import Transaction, Write
from omniretail.errors import DomainError, Refused
from omniretail.orders.order import Order
from omniretail.orders.points import categories_of, followed


class PointsClaimedAlready(Refused):
    """The order has earned its points already, or is another customer's."""

    def __init__(self, order: UUID) -> None:
        super().__init__("The order has earned points, or is another customer's.", order=str(order))


class ClaimPoints(msgspec.Struct, frozen=True, kw_only=True):
    """The command to have an order earn points that was placed without saying whose it was.

    `customer_id` is who claims them, where that is said, for an account that exists.
    """

    key: idempotency.Key
    principal: channels.Principal
    order_id: UUID
    account_id: UUID
    customer_id: UUID | None
    occurred_at: datetime

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return "points_claimed"

    def describe(self) -> dict[str, str]:
        """What the timeline says beside the lines."""
        return {"loyalty_account": str(self.account_id)}


def claim_points(order: Order, command: ClaimPoints) -> Order | DomainError:
    """Return the order as one of the account's: each earns once, and nobody earns by another's."""
    claimant = str(command.customer_id) if command.customer_id else None
    if order.loyalty_account is not None or order.customer not in {None, claimant}:
        return PointsClaimedAlready(order.id)
    return replace(
        order,
        version=order.version + 1,
        customer=claimant,
        loyalty_account=command.account_id,
    )


async def settle_points(
    tx: Transaction, changes: Sequence[tuple[Order, Order, events.Happened]], *, now: datetime
) -> list[Write]:
    """Return the writes of what changes of orders mean for their loyalty accounts.

    Each change is the order before, after, and the event that it was. Locks: the accounts, by id.
    """
    changes = [change for change in changes if change[1].loyalty_account is not None]
    if not changes:
        return []
    came = {
        line.sku
        for was, after, _ in changes
        for line in after.lines
        if was.loyalty_account is None or line.number > max(one.number for one in was.lines)
    }
    earliest = min([now, *(event.occurred_at for _, _, event in changes)])
    programmes, skus = await tx.read(loyalty.programmes(earliest), catalog.skus_by_code(came))
    ledger = await loyalty.lock(
        tx,
        loyalty.Concerned(
            accounts={after.loyalty_account for _, after, _ in changes if after.loyalty_account},
            orders=[after.id for _, after, _ in changes],
            days=[event.occurred_at for _, _, event in changes],
        ),
        programmes.in_force(now),
        now=now,
    )
    follow(ledger, programmes, changes, skus)
    return loyalty.write(ledger, now=now)


def follow(
    ledger: loyalty.Ledger,
    programmes: loyalty.Programmes,
    changes: Sequence[tuple[Order, Order, events.Happened]],
    skus: Mapping[str, catalog.SkuTraits],
) -> None:
    """Have locked accounts follow changes of orders, one after the other."""
    for was, after, event in changes:
        followed(
            ledger,
            programmes,
            was,
            after,
            categories_of(skus),
            actor_id=event.actor_id,
            at=event.occurred_at,
        )
