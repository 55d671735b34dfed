"""Versions of master data: each change counts one up, and a stale edit is refused."""

from typing import Generic, TypeVar

import msgspec

from omniretail.errors import Stale

Spec = TypeVar("Spec")


class StaleVersion(Stale):
    """The document has changed since you read it."""

    def __init__(self, *, code: str, expected: int, actual: int) -> None:
        super().__init__(
            f"{code} is at version {actual}, not {expected}.",
            expected_version=expected,
            version=actual,
        )


class Stored(msgspec.Struct, Generic[Spec], frozen=True):
    """A document as stored: what the retailer states, and its version."""

    spec: Spec
    version: int
