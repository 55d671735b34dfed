"""Signing and verifying a provider's messages: HMAC-SHA256 over the time and the body. Pure.

The form is Stripe's (`t=1700000000,v1=<hex>`); the sandbox signs in the same one.
"""

import hashlib
import hmac
from datetime import datetime, timedelta

from omniretail.payments.provider import CallbackNotAuthentic

TOLERANCE = timedelta(seconds=300)
"""How old a message may be, or how far ahead of our clock: a recorded one cannot be sent later."""


def sign(secret: str, body: bytes, *, at: datetime) -> str:
    """Return the header that proves who sent a body, and when."""
    moment = int(at.timestamp())
    return f"t={moment},v1={_digest(secret, str(moment), body)}"


def verify(secret: str, header: str, body: bytes, *, now: datetime) -> None:
    """Make sure that a body was sent by who knows the secret, and just now.

    A header may carry several signatures, while its sender changes secrets: one must be ours.

    Raises: CallbackNotAuthentic; always where there is no secret to know.
    """
    if not secret:
        raise CallbackNotAuthentic("No secret is set that messages are signed with")
    parts = [part.strip().partition("=") for part in header.split(",")]
    moment = next((value for name, _, value in parts if name == "t"), "")
    signatures = [value for name, _, value in parts if name == "v1"]
    expected = _digest(secret, moment, body).encode()
    if not any(hmac.compare_digest(expected, given.encode()) for given in signatures):
        raise CallbackNotAuthentic("The signature does not match")
    # Whoever knows the secret wrote it, so that it is a number; but none need be trusted with that.
    if not (moment.isascii() and moment.isdecimal() and len(moment) <= 12):
        raise CallbackNotAuthentic("The signature has no time")
    if abs(int(now.timestamp()) - int(moment)) > TOLERANCE.total_seconds():
        raise CallbackNotAuthentic("The signature is too old")


def _digest(secret: str, moment: str, body: bytes) -> str:
    signed = moment.encode() + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
