"""What a payment provider is asked and answers. Those that ship are `sandbox` and `stripe`.

A provider is asked outside every transaction, and may be asked the same again with the same
identity: it does it once. Nothing of ours is remembered here.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from omniretail.errors import Invalid

OperationKind = Literal["capture", "void", "refund"]


class ProviderUnavailable(Exception):
    """The provider gave no answer that can be relied on: what was asked may have happened.

    Ask again with the same identity. It never reaches a caller.
    """


class CallbackNotAuthentic(Invalid):
    """The provider's message is not signed as it should be."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"{detail}; nothing was recorded.")


class Done(msgspec.Struct, frozen=True):
    """It is done, under this name at the provider.

    `card_token` is the provider's stable name of the card, where it tells one: the same for each
    payment with that card, and never its number.
    """

    reference: str
    card_token: str | None = None


class Declined(msgspec.Struct, frozen=True):
    """It is not done, and asking again will not change that."""

    code: str
    message: str


ProviderAnswer = Done | Declined


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """Set so much aside for us, by a payment method as the provider names it."""

    payment_id: UUID
    amount_minor: int
    currency: str
    method: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Take, release or give back so much of what was authorized under `reference`.

    `final` says that nothing is left to capture after it.
    """

    operation_id: UUID
    payment_id: UUID
    reference: str
    amount_minor: int
    currency: str
    final: bool = False


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider told by itself about an authorization."""

    payment_id: UUID
    answer: ProviderAnswer


class Provider(Protocol):
    """Who authorizes and moves the money of cards and wallets.

    Each but `heard` raises ProviderUnavailable where it is not known whether it happened.
    """

    @property
    def name(self) -> str:
        """Return the name that payments keep, so that each goes back to where it was made."""
        ...

    async def authorize(self, wanted: Authorization) -> ProviderAnswer:
        """Set money aside; once for each payment."""
        ...

    async def find(self, payment_id: UUID) -> ProviderAnswer | None:
        """Tell what became of an authorization; None where it never arrived."""
        ...

    async def capture(self, change: Change) -> ProviderAnswer:
        """Take so much of what is set aside; once for each operation."""
        ...

    async def void(self, change: Change) -> ProviderAnswer:
        """Release whatever is still set aside; once for each operation."""
        ...

    async def refund(self, change: Change) -> ProviderAnswer:
        """Give back so much of what was taken; once for each operation."""
        ...

    def heard(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Heard | None:
        """Return what a message of the provider says; None where it is about nothing of ours.

        Raises: CallbackNotAuthentic.
        """
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
