"""Putting return policies in place, and looking them up; else the defaults."""

from collections.abc import Collection
from datetime import datetime

import msgspec
from msgspec.structs import replace

from omniretail import catalog, channels
from omniretail.db import RaceLost, Read, Transaction, sql
from omniretail.returns.policy import ReturnPolicy, policy_fault

_POLICIES = sql("returns.policies")
_LOCK = sql("returns.lock_policy")
_PUT = sql("returns.put_policy")


def return_policies(channels: Collection[str]) -> Read[dict[str, ReturnPolicy]]:
    """Return the read of the return policies of all `channels`."""
    defaults = {channel: ReturnPolicy(channel=channel) for channel in channels}
    return Read(
        _POLICIES,
        (list(channels),),
        lambda rows: (
            defaults | {row["channel"]: msgspec.convert(row, ReturnPolicy) for row in rows}
        ),
    )


async def put_return_policy(
    tx: Transaction, policy: ReturnPolicy, *, expected_version: int | None = None, now: datetime
) -> ReturnPolicy:
    """Put a channel's return policy in place; it is returned with the version it has now.

    Locks: the policy. Raises: Invalid, UnknownChannel, StaleVersion; RaceLost where another
    transaction creates it at the same moment.
    """
    if fault := policy_fault(policy):
        raise fault
    known, version = await tx.read(
        channels.channels_by_code([policy.channel]),
        Read(_LOCK, (policy.channel,), lambda rows: rows[0]["version"] if rows else 0),
    )
    if policy.channel not in known:
        raise channels.UnknownChannel(policy.channel)
    if expected_version is not None and expected_version != version:
        raise catalog.StaleVersion(code=policy.channel, expected=expected_version, actual=version)
    stored = replace(policy, version=version + 1)
    if await tx.execute(_PUT, msgspec.json.encode(stored).decode(), now) == 0:
        raise RaceLost
    return stored


async def find_return_policy(tx: Transaction, channel: str) -> ReturnPolicy:
    """Return a channel's return policy, the defaults where none was put. Raises: UnknownChannel."""
    known, policies = await tx.read(
        channels.channels_by_code([channel]), return_policies([channel])
    )
    if channel not in known:
        raise channels.UnknownChannel(channel)
    found: ReturnPolicy = policies[channel]
    return found
