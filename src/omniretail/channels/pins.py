"""The PINs that staff approve with: sealing one, and counting wrong tries. Pure.

A PIN can be guessed, unlike a key's secret. So its hash takes long (scrypt, RFC 7914), off the event
loop and outside of transactions, and few tries are judged.
"""

import hashlib
import re
import secrets
from datetime import datetime, timedelta

import msgspec

from omniretail.errors import Forbidden, Invalid
from omniretail.forms import PIN

MOST_WRONG_TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
NOBODYS_SALT = bytes(16)
"""What a PIN is hashed with where there is none to compare it with, so that it takes as long."""


class ApprovalRefused(Forbidden):
    """The member of staff or the PIN is wrong."""

    def __init__(self, *, tries_left: int | None = None) -> None:
        counted = {} if tries_left is None else {"tries_left": tries_left}
        super().__init__("The member of staff is unknown, or the PIN is not theirs.", **counted)


class ApprovalLocked(Forbidden):
    """Too many wrong PINs were tried."""

    def __init__(self, until: datetime) -> None:
        super().__init__(
            "Too many wrong PINs were tried; wait, or ask whoever sets PINs to unlock this one.",
            locked_until=until.isoformat(),
        )


class SealedPin(msgspec.Struct, frozen=True, kw_only=True):
    """A PIN as it is kept: its salt and its hash."""

    salt: bytes
    pin_hash: bytes


class Tries(msgspec.Struct, frozen=True, kw_only=True):
    """The wrong tries since the last right one, and until when none is judged."""

    wrong: int = 0
    locked_until: datetime | None = None

    def lock(self, *, now: datetime) -> ApprovalLocked | None:
        """Return why no try is judged now, or None."""
        if self.locked_until is None or self.locked_until <= now:
            return None
        return ApprovalLocked(self.locked_until)


def seal_pin(pin: str) -> SealedPin:
    """Return a PIN as it is kept; takes some 50 milliseconds, on purpose. Raises: Invalid."""
    if not re.fullmatch(PIN, pin):
        raise Invalid.at("/pin", "A PIN has 4 to 12 digits")
    salt = secrets.token_bytes(16)
    return SealedPin(salt=salt, pin_hash=hash_pin(pin, salt))


def hash_pin(pin: str, salt: bytes) -> bytes:
    """Return the hash of a PIN as somebody typed it; takes some 50 milliseconds, on purpose."""
    return hashlib.scrypt(pin.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)


def after_try(
    tries: Tries, *, fits: bool, now: datetime
) -> tuple[Tries, ApprovalRefused | ApprovalLocked | None]:
    """Return the tries after one more, and why it approves nothing, if so.

    While they are locked nothing counts, and the right PIN is refused too. Five wrong ones lock them.
    """
    if locked := tries.lock(now=now):
        return tries, locked
    if fits:
        return Tries(), None
    wrong = tries.wrong + 1
    if wrong < MOST_WRONG_TRIES:
        return Tries(wrong=wrong), ApprovalRefused(tries_left=MOST_WRONG_TRIES - wrong)
    return Tries(locked_until=now + LOCKED_FOR), ApprovalRefused(tries_left=0)
