"""Deciding what becomes of customers, command after command, on what was locked and read. Pure.

What happened is told without any personal value: which fields, which kind, which purpose.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET, structs
from msgspec.structs import replace

from omniretail import events
from omniretail.customers.commands import (
    AddIdentity,
    AddNote,
    Asking,
    ChangeCustomer,
    CreateCustomer,
    CustomerCommand,
    Decision,
    RemoveIdentity,
    SetConsents,
)
from omniretail.customers.customer import (
    MOST_IDENTITIES,
    MOST_PURPOSES,
    Consent,
    Customer,
    CustomerClosed,
    CustomerTooLarge,
    IdentityTaken,
    KeptIdentity,
    Note,
    Profile,
    UnknownCustomer,
    UnknownIdentity,
)
from omniretail.customers.identities import Identity
from omniretail.errors import DomainError, StaleVersion


class Register:
    """Customers as they were locked, whose the identities in question are, and what was accepted since."""

    def __init__(
        self,
        customers: Mapping[UUID, Customer],
        owners: Mapping[Identity, UUID],
        *,
        now: datetime,
    ) -> None:
        self.before = customers
        self.customers = dict(customers)
        self.owners = dict(owners)
        self.happened: list[events.Happened] = []
        self.consents: list[tuple[UUID, Consent]] = []
        self.notes: list[tuple[UUID, Note]] = []
        self.now = now

    def owner(self, identity: Identity) -> UUID | None:
        """Return whose an identity is, or what it claims besides."""
        return next((self.owners[one] for one in identity.claims if one in self.owners), None)

    def open(self, customer_id: UUID) -> Customer | DomainError:
        """Return a customer that may be changed, or why it may not."""
        customer = self.customers.get(customer_id)
        if customer is None:
            return UnknownCustomer(customer_id)
        if customer.status != "active":
            return CustomerClosed(
                customer_id, status=customer.status, merged_into=customer.merged_into
            )
        return customer

    def keep(self, customer: Customer, by: Asking, *told: tuple[str, dict[str, Any]]) -> Customer:
        """Take a customer as it is after a command; each thing that happened counts its version up."""
        after = replace(customer, version=customer.version + len(told), updated_at=self.now)
        before = self.customers.get(customer.id)
        for one in before.identities if before else ():
            self.owners.pop(one.identity, None)
        self.owners |= {one.identity: customer.id for one in after.identities}
        self.customers[customer.id] = after
        self.happened += [
            events.Happened(
                document_type="customer",
                document_id=customer.id,
                sequence=customer.version + number,
                type=kind,
                occurred_at=self.now,
                actor_id=by.actor_id,
                channel=by.channel,
                data=data,
            )
            for number, (kind, data) in enumerate(told, start=1)
        ]
        return after


def decide(register: Register, command: CustomerCommand) -> Customer | DomainError:
    """Return the customer after one command, kept in the register, or why it is refused."""
    if isinstance(command, CreateCustomer):
        return create(
            register,
            command,
            customer_id=command.customer_id,
            profile=command.profile,
            identities=command.identities,
            decisions=command.decisions,
        )
    customer = register.open(command.customer_id)
    if isinstance(customer, DomainError):
        return customer
    match command:
        case ChangeCustomer():
            outcome = _change(register, customer, command)
        case AddIdentity():
            outcome = _add(register, customer, command)
        case RemoveIdentity():
            outcome = _remove(register, customer, command)
        case SetConsents():
            outcome = _consent(register, customer, command)
        case AddNote():
            outcome = _note(register, customer, command)
    return outcome


def create(
    register: Register,
    by: Asking,
    *,
    customer_id: UUID,
    profile: Profile,
    identities: Iterable[Identity] = (),
    decisions: Iterable[Decision] = (),
) -> Customer | DomainError:
    """Return a new customer, kept in the register, or why there cannot be one."""
    fresh = Customer(
        id=customer_id,
        version=0,
        profile=profile,
        created_at=register.now,
        updated_at=register.now,
        created_by=by.actor_id,
        channel=by.channel,
    )
    known = known_by(register, fresh, identities, by)
    if isinstance(known, DomainError):
        return known
    decided = _decided(register, known, by, decisions)
    if isinstance(decided, DomainError):
        return decided
    told: dict[str, Any] = {
        "fields": changed(Profile(), profile),
        "identities": [one.kind for one in known.identities],
        "consents": {one.purpose: one.granted for one in decided.consents},
    }
    return register.keep(decided, by, ("created", told))


def known_by(
    register: Register, customer: Customer, identities: Iterable[Identity], by: Asking
) -> Customer | DomainError:
    """Return a customer who is known by some things more, or why somebody cannot be."""
    fresh = sorted(set(identities) - {one.identity for one in customer.identities})
    taken = {claim for one in customer.identities for claim in one.identity.claims}
    for identity in fresh:
        # Another's, or this one's own by another kind: a value stands for one thing.
        if register.owner(identity) is not None or taken & set(identity.claims):
            return IdentityTaken(identity.kind)
        taken |= set(identity.claims)
    if len(customer.identities) + len(fresh) > MOST_IDENTITIES:
        return CustomerTooLarge("identities", most=MOST_IDENTITIES)
    added = [
        KeptIdentity(
            kind=one.kind,
            issuer=one.issuer,
            value=one.value,
            added_at=register.now,
            added_by=by.actor_id,
        )
        for one in fresh
    ]
    return replace(customer, identities=_ordered([*customer.identities, *added]))


def changed(profile: Profile, after: Profile) -> list[str]:
    """Return the names of the fields in which two profiles differ."""
    return [
        name for name in Profile.__struct_fields__ if getattr(profile, name) != getattr(after, name)
    ]


def _change(
    register: Register, customer: Customer, command: ChangeCustomer
) -> Customer | DomainError:
    if command.expected_version not in {None, customer.version}:
        assert command.expected_version is not None
        return StaleVersion(
            code=str(customer.id), expected=command.expected_version, actual=customer.version
        )
    given = {
        name: value for name, value in structs.asdict(command.change).items() if value is not UNSET
    }
    after = replace(customer.profile, **given)
    fields = changed(customer.profile, after)
    if not fields:
        return customer
    return register.keep(replace(customer, profile=after), command, ("changed", {"fields": fields}))


def _add(register: Register, customer: Customer, command: AddIdentity) -> Customer | DomainError:
    known = known_by(register, customer, [command.identity], command)
    if isinstance(known, DomainError) or known == customer:
        return known
    return register.keep(known, command, ("identity_added", {"kind": command.identity.kind}))


def _remove(
    register: Register, customer: Customer, command: RemoveIdentity
) -> Customer | DomainError:
    left = tuple(one for one in customer.identities if one.identity != command.identity)
    if len(left) == len(customer.identities):
        return UnknownIdentity(command.identity.kind)
    return register.keep(
        replace(customer, identities=left),
        command,
        ("identity_removed", {"kind": command.identity.kind}),
    )


def _consent(
    register: Register, customer: Customer, command: SetConsents
) -> Customer | DomainError:
    decided = _decided(register, customer, command, command.decisions)
    if isinstance(decided, DomainError):
        return decided
    told: list[tuple[str, dict[str, Any]]] = [
        ("consent_given" if one.granted else "consent_withdrawn", {"purpose": one.purpose})
        for one in command.decisions
    ]
    return register.keep(decided, command, *told)


def _note(register: Register, customer: Customer, command: AddNote) -> Customer:
    note = Note(
        id=command.note_id,
        text=command.text,
        noted_at=register.now,
        actor_id=command.actor_id,
        channel=command.channel,
    )
    register.notes.append((customer.id, note))
    return register.keep(customer, command, ("note_added", {}))


def _decided(
    register: Register, customer: Customer, by: Asking, decisions: Iterable[Decision]
) -> Customer | CustomerTooLarge:
    """Return a customer with the decisions that count now, all of which are recorded."""
    made = [
        Consent(
            id=one.id,
            purpose=one.purpose,
            granted=one.granted,
            decided_at=one.decided_at,
            channel=by.channel,
            actor_id=by.actor_id,
            source=one.source,
            recorded_at=register.now,
        )
        for one in decisions
    ]
    latest: dict[str, Consent] = {}
    for one in sorted([*customer.consents, *made], key=lambda it: (it.decided_at, it.id)):
        latest[one.purpose] = one
    if len(latest) > MOST_PURPOSES:
        return CustomerTooLarge("purposes", most=MOST_PURPOSES)
    register.consents += [(customer.id, one) for one in made]
    return replace(customer, consents=tuple(latest[purpose] for purpose in sorted(latest)))


def _ordered(identities: Iterable[KeptIdentity]) -> tuple[KeptIdentity, ...]:
    return tuple(sorted(identities, key=lambda one: (one.kind, one.issuer, one.value)))
