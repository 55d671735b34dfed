"""Identities of documents: UUIDs of version 7, whose order is the order of their making.

Inserts therefore land at the end of an index (RFC 9562, section 5.7).
"""

import secrets
from base64 import b32encode
from datetime import datetime
from uuid import UUID

from uuid_utils import uuid7 as _uuid7
from uuid_utils.compat import uuid7

_CROCKFORD = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)


def new_id() -> UUID:
    """Return a new identity."""
    return uuid7()


def new_id_text() -> str:
    """Return a new identity as text, for documents that only travel: six times as fast to make."""
    return str(_uuid7())


def id_in(text: str | None) -> UUID | None:
    """Return the identity that a text says, if it says one."""
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None


def first_id(moment: datetime) -> UUID:
    """Return what stands before every identity made at `moment` or later."""
    milliseconds = max(0, int(moment.timestamp() * 1000))
    return UUID(int=milliseconds << 80)


def spoken_code() -> str:
    """Return a new code that people read out, type or scan: 40 random bits, such as `7K3M9QXW`."""
    return _spoken(secrets.token_bytes(5))


def document_number(document_id: UUID, at: datetime) -> str:
    """Return what staff and customers read out: the day, then 40 random bits of the identity.

    Crockford's base 32 leaves out the letters that are mistaken for digits: `261122-7K3M9QXW`.
    Two documents of one day share a number about once in 10^12 pairs; the unique index refuses
    the second with 503, and sending it again, which makes a new identity, succeeds.
    """
    return f"{at:%y%m%d}-{_spoken(document_id.bytes[-5:])}"


def _spoken(content: bytes) -> str:
    return b32encode(content).translate(_CROCKFORD).decode()
