"""Locking loyalty accounts with every lot that something is left of, for what concerns them all."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import structs

from omniretail.db import Read, Transaction, sql
from omniretail.loyalty.lot import Account, Lot
from omniretail.loyalty.points import Ledger
from omniretail.loyalty.programme import Programme
from omniretail.loyalty.store import Concerned, lock

_LIVE_LOTS = sql("loyalty.live_lots")


async def lock_whole(
    tx: Transaction, concerned: Concerned, programme: Programme | None, *, now: datetime
) -> Ledger:
    """Lock loyalty accounts by id and return them with all lots that something is left of.

    Raises: RaceLost where one was merged while we waited for it.
    """
    ledger = await lock(tx, concerned, programme, now=now)
    (lots,) = await tx.read(lots_of_accounts(ledger.accounts))
    ledger.add_lots(lots)
    return ledger


def lots_of_accounts(account_ids: Collection[UUID]) -> Read[list[Lot]]:
    """Return the read of the lots of locked accounts that something is left of."""
    return Read(_LIVE_LOTS, (sorted(account_ids),), lambda rows: msgspec.convert(rows, list[Lot]))


def add_accounts(ledger: Ledger, accounts: Iterable[Account]) -> None:
    """Have merged accounts be in the books, which the locks of those they are part of protect."""
    more = {one.id: one for one in accounts if one.id not in ledger.accounts}
    ledger.accounts.update(more)
    ledger.before = structs.replace(
        ledger.before, accounts=(*ledger.before.accounts, *more.values())
    )
