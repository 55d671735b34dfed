"""Supply: goods that a supplier has announced for a place and a time."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from omniretail.db import Read, sql
from omniretail.errors import Missing

_LOCK = sql("inventory.lock_expected_receipts")


class UnknownExpectedReceipt(Missing):
    """No such goods are expected there."""

    def __init__(self, expected_receipt: UUID) -> None:
        super().__init__(
            f"There is no expected receipt {expected_receipt} for this SKU and location.",
            expected_receipt=str(expected_receipt),
        )


class Expected(msgspec.Struct, frozen=True):
    """Announced goods: how many, and how many of them have arrived."""

    id: UUID
    sku: str
    location: str
    quantity: int
    received: int


def lock_expected(ids: Iterable[UUID]) -> Read[dict[UUID, Expected]]:
    """Return the read that locks the open expected receipts among `ids`, in the order of ids."""
    return Read(
        _LOCK,
        (list(set(ids)),),
        lambda rows: {UUID(row["id"]): msgspec.convert(row, Expected) for row in rows},
    )
