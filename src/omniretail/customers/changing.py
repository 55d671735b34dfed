"""Changing customers in batches: lock, read what they are and whose the identities are, decide, write."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from omniretail import idempotency
from omniretail.customers.commands import (
    AddIdentity,
    Asking,
    ChangeCustomer,
    CreateCustomer,
    CustomerCommand,
    KeyedCommand,
    PutCustomer,
    RemoveIdentity,
)
from omniretail.customers.customer import Customer
from omniretail.customers.deciding import Register, changed, create, decide, known_by
from omniretail.customers.identities import Identity
from omniretail.customers.store import customers_by_id, identity_owners, lock_customers, write
from omniretail.db import RaceLost, Transaction
from omniretail.errors import DomainError
from omniretail.ids import new_id


async def change_customers(
    tx: Transaction, commands: Sequence[KeyedCommand], *, now: datetime
) -> list[idempotency.Answer[Customer] | DomainError]:
    """Create customers, change by what they are known, record consents and notes; one outcome each.

    Locks: keys, then customers by id. Outcomes: the customer after the command; UnknownCustomer,
    CustomerClosed, IdentityTaken, UnknownIdentity, CustomerTooLarge, IdempotencyKeyReused. Raises:
    RaceLost where an identity comes to be somebody's at the same moment.
    """
    return await idempotency.once(tx, commands, partial(_change, tx, now=now), Customer, now=now)


async def edit_customers(
    tx: Transaction, commands: Sequence[ChangeCustomer], *, now: datetime
) -> list[Customer | DomainError]:
    """Change profiles; one outcome per command, in order.

    Locks: customers by id. Outcomes: the customer after the change, which is the same where nothing
    changes; UnknownCustomer, CustomerClosed, StaleVersion.
    """
    return await _change(tx, commands, now=now)


async def put_customers(
    tx: Transaction,
    specs: Sequence[PutCustomer],
    *,
    actor_id: UUID,
    channel: str | None,
    now: datetime,
) -> list[Customer | DomainError]:
    """Put customers in place as a file states them, by their external ids; one outcome each, in order.

    Who has the external id keeps addresses and all else it is known by. Locks: customers by id.
    Outcomes: the customer, which is the same where nothing changes; IdentityTaken,
    CustomerTooLarge. Raises: RaceLost, as `change_customers` does.
    """
    named = {one for spec in specs for one in (spec.external_id, *spec.identities)}
    (owners,) = await tx.read(identity_owners({spec.external_id for spec in specs}))
    register = await _register(tx, owners.values(), named, now=now)
    by = Asking(actor_id=actor_id, channel=channel)
    outcomes = [_put(register, spec, by) for spec in specs]
    await write(tx, register)
    return outcomes


async def _change(
    tx: Transaction, commands: Sequence[CustomerCommand], *, now: datetime
) -> list[Customer | DomainError]:
    identities: set[Identity] = set()
    for command in commands:
        match command:
            case CreateCustomer():
                identities.update(command.identities)
            case AddIdentity() | RemoveIdentity():
                identities.add(command.identity)
    register = await _register(
        tx, [command.customer_id for command in commands], identities, now=now
    )
    outcomes = [decide(register, command) for command in commands]
    await write(tx, register)
    return outcomes


async def _register(
    tx: Transaction, ids: Iterable[UUID], identities: Iterable[Identity], *, now: datetime
) -> Register:
    (locked,) = await tx.read(lock_customers(set(ids)))
    customers, owners = await tx.read(customers_by_id(locked), identity_owners(identities))
    return Register(customers, owners, now=now)


def _put(register: Register, spec: PutCustomer, by: Asking) -> Customer | DomainError:
    owner = register.owners.get(spec.external_id)
    if owner is None:
        return create(
            register,
            by,
            customer_id=new_id(),
            profile=spec.profile,
            identities=(spec.external_id, *spec.identities),
        )
    if owner not in register.customers:
        raise RaceLost
    customer = register.open(owner)
    if isinstance(customer, DomainError):
        return customer
    known = known_by(register, customer, spec.identities, by)
    if isinstance(known, DomainError):
        return known
    profile = replace(spec.profile, addresses=customer.profile.addresses)
    fields = changed(customer.profile, profile)
    told: list[tuple[str, dict[str, Any]]] = [("changed", {"fields": fields})] if fields else []
    told += [
        ("identity_added", {"kind": one.kind})
        for one in known.identities
        if one not in customer.identities
    ]
    return register.keep(replace(known, profile=profile), by, *told) if told else customer
