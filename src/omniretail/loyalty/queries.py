"""What stands on loyalty accounts, by the clock: balances, entries, lots, holds; and reviews."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from omniretail.db import Transaction, sql
from omniretail.loyalty.holds import holds_by_id
from omniretail.loyalty.lot import (
    Account,
    Entry,
    Hold,
    Lot,
    Review,
    UnknownLoyaltyAccount,
    UnknownLoyaltyHold,
)
from omniretail.loyalty.programmes import programmes
from omniretail.loyalty.store import accounts_by_id, days_of, qualifying_of, with_tier

_OF_CUSTOMERS = sql("loyalty.accounts_of_customers")
_ENTRIES = sql("loyalty.entries")
_LOTS = sql("loyalty.lots")
_LIVE_LOTS = sql("loyalty.lots_with_points")
_HOLDS = sql("loyalty.list_holds")
_REVIEWS = sql("loyalty.open_reviews")


class RecordedEntry(Entry, frozen=True, kw_only=True):
    """One change of an account, as it stands in the books."""

    recorded_at: datetime


async def balances(
    tx: Transaction, account_ids: Sequence[UUID], *, now: datetime
) -> list[Account | UnknownLoyaltyAccount]:
    """Return accounts as they are by the clock, or that there is none; one outcome each, in order."""
    (found,) = await tx.read(accounts_by_id(set(account_ids), now=now))
    accounts = {one.id: one for one in await _with_tiers(tx, found, now=now)}
    return [accounts.get(one) or UnknownLoyaltyAccount(one) for one in account_ids]


async def find_account(tx: Transaction, account_id: UUID, *, now: datetime) -> Account:
    """Return an account as it is by the clock. Raises: UnknownLoyaltyAccount."""
    (found,) = await balances(tx, [account_id], now=now)
    if isinstance(found, UnknownLoyaltyAccount):
        raise found
    return found


async def accounts_of_customers(
    tx: Transaction, customers: Collection[UUID], *, now: datetime
) -> list[Account]:
    """Return the accounts that customers are members of."""
    rows = await tx.fetch(_OF_CUSTOMERS, sorted(set(customers)))
    ids = sorted({row["account_id"] for row in rows})
    return [one for one in await balances(tx, ids, now=now) if isinstance(one, Account)]


async def list_entries(
    tx: Transaction, account_id: UUID, *, before: int | None = None, limit: int
) -> list[RecordedEntry]:
    """Return an account's entries, the latest first, those before number `before`."""
    rows = await tx.fetch(_ENTRIES, account_id, before, limit)
    return [msgspec.convert(dict(row), RecordedEntry) for row in rows]


async def list_lots(
    tx: Transaction,
    account_id: UUID,
    *,
    live: bool = False,
    before: UUID | None = None,
    limit: int,
    now: datetime,
) -> list[Lot]:
    """Return an account's lots, the latest first, older than `before`; `live`: those with points."""
    if live:
        rows = await tx.fetch(_LIVE_LOTS, account_id, before, limit, now)
    else:
        rows = await tx.fetch(_LOTS, account_id, before, limit)
    return [msgspec.convert(dict(row), Lot) for row in rows]


async def list_holds(
    tx: Transaction, account_id: UUID, *, before: UUID | None = None, limit: int
) -> list[Hold]:
    """Return an account's holds as they were last written, the latest first, older than `before`."""
    rows = await tx.fetch(_HOLDS, account_id, before, limit)
    return [msgspec.convert(dict(row), Hold) for row in rows]


async def find_hold(tx: Transaction, hold_id: UUID) -> Hold:
    """Return a hold of points as it was last written. Raises: UnknownLoyaltyHold."""
    (found,) = await tx.read(holds_by_id([hold_id]))
    if not found:
        raise UnknownLoyaltyHold(hold_id)
    hold: Hold = found[0]
    return hold


async def list_reviews(tx: Transaction, *, after: UUID | None = None, limit: int) -> list[Review]:
    """Return the reviews that wait for a decision, the oldest first, newer than `after`."""
    rows = await tx.fetch(_REVIEWS, after, limit)
    return [msgspec.convert(dict(row), Review) for row in rows]


async def _with_tiers(tx: Transaction, accounts: list[Account], *, now: datetime) -> list[Account]:
    """Have tiers be what they are by the clock, where one has ended and nobody has written that yet."""
    ended = [one.id for one in accounts if one.tier_until is not None and one.tier_until <= now]
    if not ended:
        return accounts
    (versions,) = await tx.read(programmes(now))
    programme = versions.in_force(now)
    if programme is None:
        return accounts
    (rows,) = await tx.read(qualifying_of(ended, programme, now=now))
    by_day = {UUID(row["account_id"]): days_of(row["by_day"]) for row in rows}
    return [
        with_tier(one, by_day.get(one.id, {}), programme, now=now) if one.id in ended else one
        for one in accounts
    ]
