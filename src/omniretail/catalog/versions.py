"""Versions of master data: each change counts one up."""

from typing import Generic, TypeVar

import msgspec

Spec = TypeVar("Spec")


class Stored(msgspec.Struct, Generic[Spec], frozen=True):
    """A document as stored: what the retailer states, and its version."""

    spec: Spec
    version: int
