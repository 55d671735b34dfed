"""Making, replacing and listing the keys that quotes are signed with. What a key does is `signing`."""

from datetime import datetime

import msgspec
from sqlmodel import col, select

from omniretail.db import Transaction, sql
from omniretail.pricing import models
from omniretail.pricing.keeper import next_version
from omniretail.pricing.signing import SigningKey, new_key

_PUT = sql("pricing.put_signing_key")
_RETIRE = sql("pricing.retire_signing_keys")
_LIVE = select(models.SigningKey.id).where(col(models.SigningKey.retired_at).is_(None)).limit(1)
_PUBLIC = select(
    models.SigningKey.id,
    models.SigningKey.public_key,
    models.SigningKey.created_at,
    models.SigningKey.retired_at,
).order_by(col(models.SigningKey.created_at), col(models.SigningKey.id))


class KeyOfQuotes(msgspec.Struct, frozen=True, kw_only=True):
    """A signing key as its keeper sees it: without what it signs with."""

    id: str
    public_key: bytes
    created_at: datetime
    retired_at: datetime | None


async def ensure_signing_key(tx: Transaction, *, now: datetime) -> None:
    """Make the first signing key, where there is none that signs.

    Locks: the book's version, if there is none. Two at once make one key: the second waits for the
    lock, and looks again.
    """
    if await tx.select(_LIVE):
        return
    version = await next_version(tx)
    if not await tx.select(_LIVE):
        await _put(tx, new_key(now=now), version, now=now)


async def rotate_signing_key(tx: Transaction, *, now: datetime) -> str:
    """Add a signing key and retire the others; return its id.

    What a retired key signed still stands. Locks: the book's version.
    """
    version = await next_version(tx)
    made = new_key(now=now)
    await _put(tx, made, version, now=now)
    await tx.execute(_RETIRE, made.id, now, version)
    return made.id


async def signing_keys(tx: Transaction) -> list[KeyOfQuotes]:
    """Return every signing key, in the order of their making."""
    return [msgspec.convert(dict(row), KeyOfQuotes) for row in await tx.select(_PUBLIC)]


async def _put(tx: Transaction, made: SigningKey, version: int, *, now: datetime) -> None:
    await tx.execute(_PUT, made.id, made.private_key, made.public_key, version, now)
