"""The keys that quotes are signed with (Ed25519, RFC 8032), and their tokens (JWS, RFC 7515). Pure.

Whoever has the public keys can check a token: another process, or a till without a connection.
"""

import base64
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ALGORITHM = "EdDSA"


class TokenNotOurs(Exception):
    """The token is broken, or none of our keys signed it."""


class SigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """A pair of keys, raw. A retired one signs no more, but what it signed still stands."""

    id: str
    private_key: bytes
    public_key: bytes
    created_at: datetime
    retired_at: datetime | None = None


class SigningKeys:
    """The keys of one retailer: the newest signs, each of them may have signed."""

    def __init__(self, keys: Mapping[str, SigningKey]) -> None:
        self._keys = keys

    @property
    def can_sign(self) -> bool:
        """Tell whether there is a key to sign with."""
        return any(key.retired_at is None for key in self._keys.values())

    def sign(self, claims: dict[str, Any]) -> str:
        """Return a token that says `claims`, signed by the newest key; there must be one."""
        newest = self._newest()
        private = Ed25519PrivateKey.from_private_bytes(newest.private_key)
        return jwt.encode(claims, private, algorithm=_ALGORITHM, headers={"kid": newest.id})

    def read(self, token: str) -> dict[str, Any]:
        """Return what a token says, whenever it expires. Raises: TokenNotOurs."""
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            public = Ed25519PublicKey.from_public_bytes(key.public_key)
            claims: dict[str, Any] = jwt.decode(
                token,
                public,
                algorithms=[_ALGORITHM],
                options={"verify_exp": False, "verify_iat": False},
            )
        except (jwt.PyJWTError, KeyError, ValueError, TypeError, RecursionError) as error:
            raise TokenNotOurs from error
        return claims

    def secret(self, purpose: str, key_id: str | None = None) -> tuple[str, bytes]:
        """Return a secret for a purpose, made from a key, the newest unless one is named; and which."""
        key = self._keys.get(key_id or "") or self._newest()
        return key.id, hmac.digest(key.private_key, purpose.encode(), "sha256")

    def _newest(self) -> SigningKey:
        signing = [key for key in self._keys.values() if key.retired_at is None]
        return max(signing, key=lambda key: (key.created_at, key.id))

    def public(self) -> list[dict[str, str]]:
        """Return the public keys as a JSON Web Key Set has them (RFC 7517, RFC 8037)."""
        return [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "use": "sig",
                "alg": _ALGORITHM,
                "kid": key.id,
                "x": base64.urlsafe_b64encode(key.public_key).rstrip(b"=").decode(),
            }
            for key in sorted(self._keys.values(), key=lambda key: key.id)
        ]


def new_key(*, now: datetime) -> SigningKey:
    """Return a new pair of keys."""
    private = Ed25519PrivateKey.generate()
    return SigningKey(
        id=f"{now:%Y%m%d}-{secrets.token_hex(4)}",
        private_key=private.private_bytes_raw(),
        public_key=private.public_key().public_bytes_raw(),
        created_at=now,
    )
