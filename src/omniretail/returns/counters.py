"""How often customers bring goods back without a receipt: counting that under a lock, and telling it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from omniretail import catalog, channels, customers, pricing
from omniretail.db import Read, Rows, Transaction, sql
from omniretail.ids import first_id
from omniretail.returns.commands import OpenUnlinked
from omniretail.returns.desk import Receiptless
from omniretail.returns.policies import return_policies
from omniretail.returns.policy import MOST_UNLINKED, ReturnPolicy
from omniretail.returns.unlinked import brought

_PUT = sql("returns.put_unlinked_customers")
_LOCK = sql("returns.lock_unlinked_customers")
_RECENT = sql("returns.recent_unlinked")
# An id is made just before the moment that is written beside it, by a clock that may be another's.
_CLOCKS_DIFFER = timedelta(hours=1)


class UnlinkedCounter(msgspec.Struct, frozen=True, kw_only=True):
    """How many returns without a receipt a customer brought in `days`, and how many are taken."""

    customer: str
    channel: str
    count: int
    limit: int
    days: int


async def read_receiptless(
    tx: Transaction,
    commands: Sequence[OpenUnlinked],
    *,
    books: pricing.BookKeeper,
    now: datetime,
) -> Receiptless:
    """Read what goods without a receipt are judged by, and lock their customers, by code.

    Prices are replayed before anything is locked: it is the longest part.
    """
    if not commands:
        return Receiptless()
    named = {command.channel for command in commands}
    known, locations, policies, skus = await tx.read(
        channels.channels_by_code(named),
        catalog.locations_by_code({command.location for command in commands}),
        return_policies(named),
        catalog.skus_by_code({goods.sku for command in commands for goods in command.lines}),
    )
    lowest = await _lowest(tx, commands, known, locations, policies, books=books, now=now)
    theirs = sorted({command.customer for command in commands})
    await tx.execute(_PUT, theirs, now)
    await tx.fetch(_LOCK, theirs)
    days = max(policy.unlinked_days for policy in policies.values())
    since = min(command.occurred_at for command in commands) - timedelta(days=days)
    # A statement of its own: it sees what those did who had the lock before.
    (recent,) = await tx.read(_recent(theirs, since))
    return Receiptless(known_channels=known, skus=skus, lowest=lowest, recent=recent)


async def unlinked_counter(
    tx: Transaction, *, customer: str, channel: str, now: datetime
) -> UnlinkedCounter:
    """Return how many returns without a receipt a customer has brought. Raises: UnknownChannel."""
    known, policies = await tx.read(
        channels.channels_by_code([channel]), return_policies([channel])
    )
    if channel not in known:
        raise channels.UnknownChannel(channel)
    policy: ReturnPolicy = policies[channel]
    since = now - timedelta(days=policy.unlinked_days)
    customer = (await customers.names(tx, [customer]))[customer]
    (recent,) = await tx.read(_recent([customer], since))
    return UnlinkedCounter(
        customer=customer,
        channel=channel,
        count=brought(recent.get(customer, {}), since),
        limit=policy.unlinked_limit,
        days=policy.unlinked_days,
    )


async def _lowest(
    tx: Transaction,
    commands: Sequence[OpenUnlinked],
    known: Mapping[str, channels.ChannelSpec],
    locations: Mapping[str, catalog.LocationSpec],
    policies: Mapping[str, ReturnPolicy],
    *,
    books: pricing.BookKeeper,
    now: datetime,
) -> dict[tuple[str, str], dict[str, int]]:
    """Return the lowest prices of what comes back, by the channel and the location it comes back to."""
    wanted: dict[tuple[str, str], set[str]] = {}
    for command in commands:
        if command.channel in known and command.location in locations:
            skus = wanted.setdefault((command.channel, command.location), set())
            skus.update(goods.sku for goods in command.lines)
    found = {}
    for (channel, location), skus in wanted.items():
        found[channel, location] = await pricing.lowest_prices(
            tx,
            skus,
            currency=known[channel].currency,
            region=locations[location].region or known[channel].region,
            days=policies[channel].unlinked_price_days,
            until=now,
            books=books,
        )
    return found


def _recent(asked: Collection[str], since: datetime) -> Read[dict[str, dict[UUID, datetime]]]:
    """Return the read of the returns that customers brought, as many as a policy may count."""
    return Read(
        _RECENT,
        (list(asked), since, first_id(since - _CLOCKS_DIFFER), MOST_UNLINKED),
        _by_customer,
    )


def _by_customer(rows: Rows) -> dict[str, dict[UUID, datetime]]:
    found: dict[str, dict[UUID, datetime]] = {}
    for row in rows:
        requested_at = msgspec.convert(row["requested_at"], datetime)
        found.setdefault(row["customer"], {})[UUID(row["id"])] = requested_at
    return found
