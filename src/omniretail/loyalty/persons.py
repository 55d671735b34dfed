"""What loyalty holds of a person: whose account is whose, what happened to it, and leaving it for good.

Who a person is is for others to say.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from omniretail.db import Read, Transaction, sql

_BEFORE = sql("loyalty.entries_before")
_MEMBERS_OF = sql("loyalty.members_of")
_NAME = sql("loyalty.name_member")
_ALONE = sql("loyalty.accounts_alone")
_ERASE = sql("loyalty.erase_members")


class PointsMoved(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a loyalty account, or a hold of its points, as a timeline shows it.

    `points` of an entry have the sign of what they did to the balance. `type` is the entry's, or the
    hold's state.
    """

    id: UUID
    kind: Literal["points", "points_hold"]
    account_id: UUID
    type: str
    points: int
    at: datetime
    order_id: UUID | None
    channel: str | None
    location: str | None
    expires_at: datetime | None


def points_moved(
    customers: Collection[UUID], *, before: tuple[datetime, UUID] | None, limit: int
) -> Read[list[PointsMoved]]:
    """Return the read of what happened to the points of customers, the latest first, before `before`."""
    moment, last = before or (None, None)
    return Read(
        _BEFORE,
        (list(customers), moment, last, limit),
        lambda rows: msgspec.convert(rows, list[PointsMoved]),
    )


def memberships(customers: Collection[UUID]) -> Read[dict[UUID, UUID]]:
    """Return the read of the accounts that customers are members of, by customer."""
    return Read(
        _MEMBERS_OF,
        (list(customers),),
        lambda rows: {UUID(row["customer_id"]): UUID(row["account_id"]) for row in rows},
    )


async def name_member(tx: Transaction, customer: UUID, other: UUID, *, account: UUID) -> bool:
    """Have one customer be a member of an account in another's place; tells whether the other was.

    Locks: the membership. Raises: RaceLost where the customer joins an account at the same moment.
    """
    return await tx.execute(_NAME, other, customer, account) == 1


async def erase_members(tx: Transaction, customers: Collection[UUID]) -> list[UUID]:
    """Have customers be members no more; return the accounts that are nobody's then.

    Those keep their points, but not why anything was done to them by hand. Locks: what it changes.
    """
    accounts = [row["id"] for row in await tx.fetch(_ALONE, list(customers))]
    await tx.execute(_ERASE, list(customers), accounts)
    return accounts
