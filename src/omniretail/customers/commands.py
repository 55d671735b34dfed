"""What may be asked of customers. Identities come in the form under which they are kept."""

from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from omniretail import idempotency
from omniretail.addresses import ShipTo
from omniretail.customers.customer import Profile
from omniretail.customers.identities import Identity


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer decided about one purpose; `id` is the consent's that is kept of it."""

    id: UUID
    purpose: str
    granted: bool
    decided_at: datetime
    source: str | None = None


class ProfileChange(msgspec.Struct, frozen=True, kw_only=True):
    """What changes in a profile; what is UNSET stays."""

    given_name: str | UnsetType | None = UNSET
    family_name: str | UnsetType | None = UNSET
    birth_date: date | UnsetType | None = UNSET
    locale: str | UnsetType | None = UNSET
    customer_groups: tuple[str, ...] | UnsetType = UNSET
    addresses: tuple[ShipTo, ...] | UnsetType = UNSET


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and in which channel."""

    actor_id: UUID
    channel: str | None


class _Asked(Asking, frozen=True, kw_only=True):
    """Who asks, in which channel, and about which customer."""

    customer_id: UUID


class CreateCustomer(_Asked, frozen=True, kw_only=True):
    """The command to make a customer, with all that is known by then."""

    key: idempotency.Key
    profile: Profile = Profile()
    identities: tuple[Identity, ...] = ()
    decisions: tuple[Decision, ...] = ()


class ChangeCustomer(_Asked, frozen=True, kw_only=True):
    """The command to change a profile. It has no key: the same change again changes nothing."""

    change: ProfileChange
    expected_version: int | None = None


class AddIdentity(_Asked, frozen=True, kw_only=True):
    """The command to know a customer by one thing more."""

    key: idempotency.Key
    identity: Identity


class RemoveIdentity(_Asked, frozen=True, kw_only=True):
    """The command to know a customer by something no longer."""

    key: idempotency.Key
    identity: Identity


class SetConsents(_Asked, frozen=True, kw_only=True):
    """The command to record what a customer decided."""

    key: idempotency.Key
    decisions: tuple[Decision, ...]


class AddNote(_Asked, frozen=True, kw_only=True):
    """The command to note something about a customer."""

    key: idempotency.Key
    note_id: UUID
    text: str


class PutCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as a file states it, found by its external id; what else it is known by comes in.

    `profile` replaces what was stated, but for the addresses, which no file has.
    """

    external_id: Identity
    profile: Profile
    identities: tuple[Identity, ...] = ()


KeyedCommand: TypeAlias = CreateCustomer | AddIdentity | RemoveIdentity | SetConsents | AddNote
CustomerCommand: TypeAlias = KeyedCommand | ChangeCustomer
