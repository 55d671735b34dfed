"""Reading and writing customers as rows, with the events that changed them. It decides nothing."""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

import msgspec
from msgspec import structs

from omniretail import events
from omniretail.customers.customer import Customer, name_key
from omniretail.customers.deciding import Register
from omniretail.customers.identities import Identity
from omniretail.db import (
    RaceLost,
    Read,
    Rows,
    Transaction,
    Write,
    constraint,
    sql,
    write_documents,
)

_LOCK = sql("customers.lock_customers")
_CUSTOMERS = sql("customers.customers")
_OWNERS = sql("customers.identity_owners")
_CREATE = sql("customers.create_customers")
_CHANGE = sql("customers.change_customers")
_ADD_IDENTITIES = sql("customers.add_identities")
_REMOVE_IDENTITIES = sql("customers.remove_identities")
_RECORD_CONSENTS = sql("customers.record_consents")
_RECORD_NOTES = sql("customers.record_notes")

# Somebody else is known by it since we looked: run again, and find whose it is.
constraint("customer_identity_pkey", RaceLost)
constraint("customer_identity_reference_key", RaceLost)


def lock_customers(ids: Collection[UUID]) -> Read[set[UUID]]:
    """Return the read that locks the customers among `ids` that exist, in the order of their ids.

    What they are is read afterwards, in a statement of its own, which sees what was waited for.
    """
    return Read(_LOCK, (list(set(ids)),), lambda rows: {UUID(row["id"]) for row in rows})


def customers_by_id(ids: Collection[UUID]) -> Read[dict[UUID, Customer]]:
    """Return the read of the customers among `ids` that exist, whatever their status."""
    return Read(_CUSTOMERS, (list(set(ids)),), _customers)


def identity_owners(identities: Iterable[Identity]) -> Read[dict[Identity, UUID]]:
    """Return the read of whose identities are, and what they claim; of those that are somebody's."""
    claims = sorted({claim for identity in identities for claim in identity.claims})
    return Read(
        _OWNERS,
        (
            [claim.kind for claim in claims],
            [claim.issuer for claim in claims],
            [claim.value for claim in claims],
        ),
        lambda rows: {
            Identity(row["kind"], row["value"], row["issuer"]): UUID(row["customer_id"])
            for row in rows
        },
    )


async def write(tx: Transaction, register: Register) -> None:
    """Write all that was accepted; the customers are locked, or new.

    Raises: RaceLost where an identity came to be another's meanwhile.
    """
    touched = [
        customer
        for customer_id, customer in register.customers.items()
        if register.before.get(customer_id) != customer
    ]
    if not touched:
        return
    made = [one for one in touched if one.id not in register.before]
    stood = [one for one in touched if one.id in register.before]
    before = {(part, one.id) for one in stood for part in register.before[one.id].identities}
    after = {(part, one.id) for one in touched for part in one.identities}
    await _remove(tx, [part.identity for part, _ in before - after])
    # In one order, so that two batches that meet on several identities wait for each other in it.
    added = sorted(after - before, key=lambda pair: pair[0].identity)
    await tx.write(
        *write_documents(_CREATE, [_row(one) for one in made]),
        *_changes(stood),
        *write_documents(
            _ADD_IDENTITIES,
            [structs.asdict(part) | {"customer_id": owner} for part, owner in added],
        ),
        *write_documents(
            _RECORD_CONSENTS,
            [structs.asdict(one) | {"customer_id": owner} for owner, one in register.consents],
        ),
        *write_documents(
            _RECORD_NOTES,
            [structs.asdict(one) | {"customer_id": owner} for owner, one in register.notes],
        ),
        *events.record(register.happened, now=register.now),
    )


async def _remove(tx: Transaction, identities: Collection[Identity]) -> None:
    if not identities:
        return
    removed = await tx.execute(
        _REMOVE_IDENTITIES,
        [one.kind for one in identities],
        [one.issuer for one in identities],
        [one.value for one in identities],
    )
    assert removed == len(identities), "their customers are locked"


def _changes(customers: Collection[Customer]) -> list[Write]:
    if not customers:
        return []
    rows = msgspec.json.encode([_row(one) for one in customers]).decode()
    return [Write(_CHANGE, ([one.id for one in customers], rows))]


def _row(customer: Customer) -> dict[str, Any]:
    row = structs.asdict(customer)
    for part in ("profile", "identities", "consents"):
        del row[part]
    name = customer.profile.family_name
    return row | structs.asdict(customer.profile) | {"family_name_key": name and name_key(name)}


def _customers(rows: Rows) -> dict[UUID, Customer]:
    return {one.id: one for one in msgspec.convert(rows, list[Customer])}
