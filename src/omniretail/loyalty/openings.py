"""Opening balances: points that customers bring along when a retailer moves here."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from omniretail import channels, customers, idempotency
from omniretail.db import RaceLost, Transaction
from omniretail.errors import DomainError
from omniretail.ids import new_id
from omniretail.loyalty.accounts import AdjustPoints, OpenAccount, change_unkeyed
from omniretail.loyalty.lot import Account
from omniretail.loyalty.queries import accounts_of_customers


class OpeningBalance(msgspec.Struct, frozen=True, kw_only=True):
    """Points that a customer, by id, external id or loyalty card, brings along until they expire."""

    customer: str
    points: int
    reason: str
    expires_at: datetime | None = None


async def open_balances(
    tx: Transaction,
    balances: Sequence[OpeningBalance],
    *,
    key: idempotency.Key,
    principal: channels.Principal,
    now: datetime,
) -> list[Account | DomainError]:
    """Put points on the accounts of customers, opening those that are missing; one outcome each.

    `key` is that of the whole, whose answers the caller remembers. Locks: the accounts by id.
    Outcomes: the account, UnknownCustomer, Invalid, NoProgrammeInForce. Raises: RaceLost where a
    customer joins elsewhere at the same moment.
    """
    (known,) = await tx.read(customers.customers_by_reference({one.customer for one in balances}))
    theirs = await accounts_of_customers(tx, [one.id for one in known.values()], now=now)
    accounts: dict[UUID, UUID] = {who: one.id for one in theirs for who in one.members}
    commands: list[OpenAccount | AdjustPoints] = []
    for balance in balances:
        if balance.customer not in known:
            continue
        who = known[balance.customer].id
        if who not in accounts:
            accounts[who] = new_id()
            opening = OpenAccount(
                key=key, principal=principal, account_id=accounts[who], members=(who,)
            )
            commands.append(opening)
        commands.append(
            AdjustPoints(
                key=key,
                principal=principal,
                account_id=accounts[who],
                points=balance.points,
                reason=balance.reason,
                expires_at=balance.expires_at,
            )
        )
    outcomes = list(zip(commands, await change_unkeyed(tx, commands, now=now), strict=True))
    if any(isinstance(one, OpenAccount) and isinstance(to, DomainError) for one, to in outcomes):
        raise RaceLost
    put = iter([to for one, to in outcomes if isinstance(one, AdjustPoints)])
    return [
        next(put) if one.customer in known else customers.UnknownCustomer(one.customer)
        for one in balances
    ]
