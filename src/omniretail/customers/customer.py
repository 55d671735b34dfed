"""A customer: one profile of a person for all channels, by what it is known, and consents. No I/O."""

import unicodedata
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from omniretail.addresses import ShipTo
from omniretail.customers.identities import REFERENCES, Identity, IdentityKind
from omniretail.errors import Missing, Refused

CustomerStatus = Literal["active", "merged", "erased"]

MOST_ADDRESSES = 20
MOST_GROUPS = 20
MOST_IDENTITIES = 50
MOST_PURPOSES = 50


class UnknownCustomer(Missing):
    """There is no such customer."""

    def __init__(self, customer: UUID | str) -> None:
        super().__init__(f"There is no customer {customer}.", customer=str(customer))


class CustomerClosed(Refused):
    """The customer was merged into another one, or erased."""

    def __init__(self, customer: UUID, *, status: CustomerStatus, merged_into: UUID | None) -> None:
        super().__init__(
            f"The customer is {status}.",
            customer=str(customer),
            status=status,
            merged_into=merged_into and str(merged_into),
        )


class IdentityTaken(Refused):
    """A customer is known by that already.

    It never tells who, nor the value.
    """

    def __init__(self, kind: IdentityKind) -> None:
        super().__init__(f"A customer is known by this {kind} already.", kind=kind)


class UnknownIdentity(Missing):
    """The customer is not known by that."""

    def __init__(self, kind: IdentityKind) -> None:
        super().__init__(f"The customer is not known by this {kind}.", kind=kind)


class CustomerTooLarge(Refused):
    """The customer has as many of these as a customer can have."""

    def __init__(self, part: str, *, most: int) -> None:
        super().__init__(f"A customer has at most {most} {part}.", part=part, most=most)


def name_key(name: str) -> str:
    """Return a name as it is found by how it begins: without case, its letters composed."""
    return unicodedata.normalize("NFC", name.casefold())


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer states, and the groups by which the retailer prices."""

    given_name: str | None = None
    family_name: str | None = None
    birth_date: date | None = None
    locale: str | None = None
    customer_groups: tuple[str, ...] = ()
    addresses: tuple[ShipTo, ...] = ()


class KeptIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """By what a customer is known, since when, and who said so."""

    kind: IdentityKind
    issuer: str
    value: str
    added_at: datetime
    added_by: UUID

    @property
    def identity(self) -> Identity:
        """The identity itself."""
        return Identity(self.kind, self.value, self.issuer)


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer decided about a purpose, once; the latest by `decided_at` and id counts."""

    id: UUID
    purpose: str
    granted: bool
    decided_at: datetime
    channel: str | None
    actor_id: UUID
    source: str | None
    recorded_at: datetime


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody noted about a customer."""

    id: UUID
    text: str
    noted_at: datetime
    actor_id: UUID
    channel: str | None


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as stored; `consents` are those that count now, one per purpose."""

    id: UUID
    version: int
    status: CustomerStatus = "active"
    merged_into: UUID | None = None
    profile: Profile
    identities: tuple[KeptIdentity, ...] = ()
    consents: tuple[Consent, ...] = ()
    created_at: datetime
    updated_at: datetime
    created_by: UUID
    channel: str | None

    @property
    def references(self) -> set[str]:
        """What documents may call the customer by, besides the id."""
        return {one.value for one in self.identities if one.kind in REFERENCES}
