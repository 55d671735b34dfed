"""Writing into the books what the clock did to loyalty accounts: expiries, holds and tiers that ended.

Nothing depends on it: whoever reads an account reads it by the clock.
"""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from omniretail.db import Transaction, sql
from omniretail.loyalty.programmes import programmes
from omniretail.loyalty.store import Concerned, write
from omniretail.loyalty.whole import lock_whole

_DUE = sql("loyalty.lock_due_accounts")


async def settle_accounts(tx: Transaction, *, actor_id: UUID, now: datetime, most: int) -> int:
    """Write what the clock did to accounts by now, up to `most` of them; returns of how many.

    Expired points are booked at the moment that they expired. Locks: the accounts, those that nobody
    else has locked.
    """
    (versions,) = await tx.read(programmes(now))
    programme = versions.in_force(now)
    rows = await tx.fetch(_DUE, now, most, programme is not None)
    if not rows:
        return 0
    concerned = Concerned(accounts=[row["id"] for row in rows])
    ledger = await lock_whole(tx, concerned, programme, now=now)
    ledger.expire(actor_id)
    # They were read by the clock, and are to be written as they were read.
    ledger.before = replace(ledger.before, accounts=(), unsettled=frozenset())
    await tx.write(*write(ledger, now=now))
    return len(rows)
