"""Putting sourcing and fulfillment policies in place, and looking them up; else the defaults."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from omniretail import catalog, channels
from omniretail.db import RaceLost, Read, Rows, Transaction, sql
from omniretail.sourcing.policy import (
    FulfillmentPolicy,
    SourcingPolicy,
    fulfillment_fault,
    sourcing_fault,
)

_POLICIES = sql("sourcing.policies")
_LOCK = sql("sourcing.lock_policy")
_PUT = sql("sourcing.put_policy")
_LOCATION_POLICIES = sql("sourcing.location_policies")
_LOCK_LOCATION = sql("sourcing.lock_location_policy")
_PUT_LOCATION = sql("sourcing.put_location_policy")

Policy = TypeVar("Policy", SourcingPolicy, FulfillmentPolicy)


def policies(channels: Collection[str]) -> Read[dict[str, SourcingPolicy]]:
    """Return the read of the sourcing policies of all `channels`."""
    defaults = {channel: SourcingPolicy(channel=channel) for channel in channels}
    return Read(
        _POLICIES,
        (list(channels),),
        lambda rows: (
            defaults | {row["channel"]: msgspec.convert(row, SourcingPolicy) for row in rows}
        ),
    )


def location_policies(codes: Collection[str]) -> Read[dict[str, FulfillmentPolicy]]:
    """Return the read of the fulfillment policies of all locations `codes`."""
    defaults = {code: FulfillmentPolicy(location=code) for code in codes}
    return Read(
        _LOCATION_POLICIES,
        (list(codes),),
        lambda rows: (
            defaults | {row["location"]: msgspec.convert(row, FulfillmentPolicy) for row in rows}
        ),
    )


async def put_policy(
    tx: Transaction, policy: SourcingPolicy, *, expected_version: int | None = None, now: datetime
) -> catalog.Stored[SourcingPolicy]:
    """Put a channel's sourcing policy in place.

    Locks: the policy. Raises: Invalid, UnknownChannel, StaleVersion; RaceLost where another
    transaction creates it at the same moment.
    """
    if fault := sourcing_fault(policy):
        raise fault
    known, version = await tx.read(
        channels.channels_by_code([policy.channel]), _locked(_LOCK, policy.channel)
    )
    if policy.channel not in known:
        raise channels.UnknownChannel(policy.channel)
    _refuse_stale(policy.channel, expected_version, version)
    written = await tx.execute(
        _PUT,
        policy.channel,
        list(policy.rules),
        policy.max_distance_km,
        policy.max_locations,
        policy.cooling_off_hours,
        policy.max_attempts,
        version + 1,
        now,
    )
    if written == 0:
        raise RaceLost
    return catalog.Stored(policy, version + 1)


async def get_policy(tx: Transaction, channel: str) -> catalog.Stored[SourcingPolicy]:
    """Return a channel's sourcing policy; one that was never put is version 0. Raises: UnknownChannel."""
    known, stored = await tx.read(
        channels.channels_by_code([channel]), Read(_POLICIES, ([channel],), list)
    )
    if channel not in known:
        raise channels.UnknownChannel(channel)
    return _stored(stored, SourcingPolicy(channel=channel))


async def put_location_policy(
    tx: Transaction,
    policy: FulfillmentPolicy,
    *,
    expected_version: int | None = None,
    now: datetime,
) -> catalog.Stored[FulfillmentPolicy]:
    """Put a location's fulfillment policy in place.

    Locks: the policy. Raises: Invalid, UnknownLocation, StaleVersion; RaceLost where another
    transaction creates it at the same moment.
    """
    if fault := fulfillment_fault(policy):
        raise fault
    known, version = await tx.read(
        catalog.locations_by_code([policy.location]), _locked(_LOCK_LOCATION, policy.location)
    )
    if policy.location not in known:
        raise catalog.UnknownLocation(policy.location)
    _refuse_stale(policy.location, expected_version, version)
    written = await tx.execute(
        _PUT_LOCATION,
        policy.location,
        policy.pickup_hours,
        policy.reminder_hours,
        policy.daily_capacity,
        version + 1,
        now,
    )
    if written == 0:
        raise RaceLost
    return catalog.Stored(policy, version + 1)


async def get_location_policy(tx: Transaction, location: str) -> catalog.Stored[FulfillmentPolicy]:
    """Return a location's fulfillment policy; one that was never put is version 0.

    Raises: UnknownLocation.
    """
    known, stored = await tx.read(
        catalog.locations_by_code([location]), Read(_LOCATION_POLICIES, ([location],), list)
    )
    if location not in known:
        raise catalog.UnknownLocation(location)
    return _stored(stored, FulfillmentPolicy(location=location))


def _locked(statement: str, code: str) -> Read[int]:
    return Read(statement, (code,), lambda rows: rows[0]["version"] if rows else 0)


def _refuse_stale(code: str, expected: int | None, actual: int) -> None:
    if expected is not None and expected != actual:
        raise catalog.StaleVersion(code=code, expected=expected, actual=actual)


def _stored(rows: Rows, default: Policy) -> catalog.Stored[Policy]:
    if not rows:
        return catalog.Stored(default, 0)
    found: dict[str, Any] = rows[0]
    return catalog.Stored(msgspec.convert(found, type(default)), found["version"])
