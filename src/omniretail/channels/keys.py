"""API keys: making, checking and revoking them, and the principal that a valid one stands for.

A key is `prefix.secret`. The secret has 256 random bits, so one round of SHA-256 keeps it safe at
rest: slow password hashes exist for guessable secrets, and would cost each request its deadline.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

import asyncpg
import msgspec
from sqlmodel import col, select

from omniretail.channels.models import ApiKey
from omniretail.channels.operations import UnknownChannel, channels_by_code
from omniretail.db import Read, Transaction, sql
from omniretail.errors import Forbidden, Invalid
from omniretail.ids import new_id

Kind = Literal["terminal", "channel", "staff", "integration"]
KINDS: tuple[Kind, ...] = get_args(Kind)

SCOPES = (
    "accounts:read",
    "accounts:write",
    "audit:read",
    "carts:read",
    "carts:write",
    "catalog:read",
    "catalog:write",
    "channels:read",
    "channels:write",
    "claims:decide",
    "claims:write",
    "coupons:write",
    "customers:erase",
    "customers:export",
    "customers:merge",
    "customers:read",
    "customers:segment",
    "customers:write",
    "exports:read",
    "fulfillments:read",
    "fulfillments:write",
    "holds:read",
    "holds:write",
    "imports:write",
    "loyalty:adjust",
    "loyalty:configure",
    "loyalty:merge",
    "loyalty:read",
    "loyalty:report",
    "loyalty:review",
    "loyalty:write",
    "orders:backdate",
    "orders:edit",
    "orders:read",
    "orders:write",
    "payments:read",
    "payments:write",
    "pickups:without_code",
    "prices:override",
    "prices:read",
    "prices:write",
    "quotes:write",
    "returns:approve",
    "returns:configure",
    "returns:override",
    "returns:read",
    "returns:receive",
    "returns:refund",
    "returns:unlinked",
    "returns:write",
    "sourcing:read",
    "sourcing:write",
    "staff:write",
    "stock:read",
    "stock:value",
    "stock:write",
    "transfers:read",
    "transfers:write",
)

_SELLING = frozenset(
    {
        *("catalog:read", "channels:read", "loyalty:read", "prices:read"),
        *("returns:read", "sourcing:read", "stock:read"),
    }
)
_PROMISING = frozenset({"holds:read", "holds:write"})
_SHOPPING = frozenset({"carts:read", "carts:write"})
_COLLECTING = frozenset({"loyalty:read", "loyalty:write"})
_SERVING = frozenset({"customers:read", "customers:write"})
_QUOTING = frozenset({"coupons:write", "quotes:write"})
_RETURNING = frozenset({"claims:write", "returns:read", "returns:write"})
_TAKING_BACK = _RETURNING | {"returns:receive", "returns:refund"}
_PAYING = frozenset({"payments:read", "payments:write"})
DEFAULT_SCOPES: dict[Kind, frozenset[str]] = {
    "terminal": _SELLING
    | _PROMISING
    | _SHOPPING
    | _COLLECTING
    | _SERVING
    | _QUOTING
    | _PAYING
    | _TAKING_BACK
    | {"orders:read", "orders:edit", "orders:write", "transfers:read"}
    | {"fulfillments:read", "fulfillments:write"},
    "channel": _SELLING
    | _PROMISING
    | _SHOPPING
    | _COLLECTING
    | _SERVING
    | _QUOTING
    | _PAYING
    | _RETURNING
    | {"orders:read", "orders:edit", "orders:write", "fulfillments:read"},
    "staff": _SELLING
    | _PROMISING
    | _SHOPPING
    | _COLLECTING
    | _SERVING
    | _TAKING_BACK
    | {"accounts:read", "stock:write", "orders:read", "fulfillments:read", "fulfillments:write"}
    | {"claims:decide", "transfers:read", "transfers:write"},
    "integration": frozenset(SCOPES)
    - {"prices:override", "orders:backdate", "pickups:without_code", "returns:override"},
}
"""What a key may do unless it is made with other scopes. Everything else is denied."""

_CREATE = sql("channels.create_key")
_PRINCIPALS = sql("channels.principals_by_id")
_REVOKE = sql("channels.revoke_key")


class KeyNotValid(Forbidden):
    """The request carries no valid key."""


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who is calling. `locations` empty means every location; `channel` None means no one channel."""

    id: UUID
    kind: Kind
    name: str
    scopes: frozenset[str]
    channel: str | None
    locations: frozenset[str]

    def may_act_at(self, location: str) -> bool:
        """Tell whether this principal may change things at a location."""
        return not self.locations or location in self.locations


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key just made; `token` is shown this once and cannot be had again."""

    principal: Principal
    token: str


async def create_key(
    tx: Transaction,
    *,
    kind: Kind,
    name: str,
    channel: str | None = None,
    locations: frozenset[str] = frozenset(),
    scopes: frozenset[str] | None = None,
    now: datetime,
) -> NewKey:
    """Make a key. A terminal needs its channel and its one location; a channel key its channel.

    Raises: Invalid for a missing binding or an unknown scope, UnknownChannel.
    """
    if kind in {"terminal", "channel"} and channel is None:
        raise Invalid.at("/channel", f"A key of kind {kind} is bound to a channel.")
    if kind == "terminal" and len(locations) != 1:
        raise Invalid.at("/locations", "A terminal is bound to exactly one location.")
    granted = DEFAULT_SCOPES[kind] if scopes is None else scopes
    if unknown := granted - set(SCOPES):
        raise Invalid.at("/scopes", f"Unknown scopes: {', '.join(sorted(unknown))}.")
    (known,) = await tx.read(channels_by_code([channel] if channel else []))
    if channel is not None and channel not in known:
        raise UnknownChannel(channel)
    key_id, prefix, secret = new_id(), f"omni_{secrets.token_hex(6)}", secrets.token_urlsafe(32)
    await tx.execute(
        _CREATE,
        key_id,
        prefix,
        _digest(secret),
        kind,
        name,
        sorted(granted),
        channel,
        sorted(locations),
        now,
    )
    principal = Principal(
        id=key_id, kind=kind, name=name, scopes=granted, channel=channel, locations=locations
    )
    return NewKey(principal=principal, token=f"{prefix}.{secret}")


async def authenticate(tx: Transaction, token: str) -> Principal:
    """Return the principal that a token stands for. Raises: KeyNotValid."""
    prefix, _, secret = token.partition(".")
    rows = await tx.select(select(ApiKey).where(col(ApiKey.prefix) == prefix))
    # The comparison runs for unknown prefixes too, so that its time tells nothing.
    expected = rows[0]["secret_hash"] if rows else bytes(32)
    matches = hmac.compare_digest(expected, _digest(secret))
    if not rows or not matches or rows[0]["revoked_at"] is not None:
        raise KeyNotValid("The key is unknown or has been revoked.")
    return _principal(rows[0])


def principals_by_id(ids: Collection[UUID]) -> Read[dict[UUID, Principal]]:
    """Return the read of the principals among `ids` whose keys are not revoked."""
    return Read(
        _PRINCIPALS,
        (list(ids),),
        lambda rows: {one.id: one for one in msgspec.convert(rows, list[Principal])},
    )


async def list_keys(tx: Transaction) -> list[tuple[str, Principal, datetime | None]]:
    """Return every key as (prefix, principal, revoked at), in the order of their making."""
    rows = await tx.select(select(ApiKey).order_by(col(ApiKey.id)))
    return [(row["prefix"], _principal(row), row["revoked_at"]) for row in rows]


async def revoke_key(tx: Transaction, prefix: str, *, now: datetime) -> bool:
    """Revoke a key; tells whether there was a live one with that prefix."""
    return await tx.execute(_REVOKE, prefix, now) == 1


def _principal(row: asyncpg.Record) -> Principal:
    return msgspec.convert(dict(row), Principal)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
