"""What only reads customers: one, those that references name, those somebody looks for, what was said.

Customers are seen in every channel: whoever may read customers may see each of them.
"""

from collections.abc import Collection
from uuid import UUID

import msgspec

from omniretail.customers.customer import (
    Consent,
    Customer,
    CustomerStatus,
    Note,
    UnknownCustomer,
    name_key,
)
from omniretail.customers.identities import Identity, card_form
from omniretail.customers.store import customers_by_id, identity_owners
from omniretail.db import Read, Transaction, sql
from omniretail.ids import id_in

_BY_REFERENCE = sql("customers.customers_by_reference")
_BY_NAME = sql("customers.customers_by_name")
_LIST = sql("customers.list_customers")
_CONSENTS = sql("customers.consents")
_NOTES = sql("customers.notes")
# No text goes on with the last character there is.
_LAST_CHARACTER = chr(0x10FFFF)


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a reference names, and the groups that prices go by; `status` is that of `id`."""

    id: UUID
    groups: frozenset[str]
    status: CustomerStatus


def customers_by_reference(references: Collection[str]) -> Read[dict[str, Known]]:
    """Return the read of the active customers that references name, by the reference as given.

    A reference is a customer's id, an external id or a loyalty card, in that order where it is
    several. Who was merged is whom they were merged into; erased and unknown ones are absent.
    """
    asked = sorted(set(references))
    return Read(
        _BY_REFERENCE,
        (asked, [id_in(one) for one in asked], [card_form(one) for one in asked]),
        lambda rows: {
            row["reference"]: Known(
                id=UUID(row["id"]),
                groups=frozenset(row["customer_groups"]),
                status=row["status"],
            )
            for row in rows
        },
    )


async def names(tx: Transaction, references: Collection[str | None]) -> dict[str, str]:
    """Return under what each reference is kept: the id of the customer that it names, or else itself.

    None names nobody. Asks nobody about none.
    """
    asked = {reference for reference in references if reference is not None}
    if not asked:
        return {}
    known: dict[str, Known]
    (known,) = await tx.read(customers_by_reference(asked))
    return {one: str(known[one].id) if one in known else one for one in asked}


async def find_customer(tx: Transaction, customer_id: UUID) -> Customer:
    """Return a customer, also one that was merged or erased. Raises: UnknownCustomer."""
    (found,) = await tx.read(customers_by_id([customer_id]))
    if customer_id not in found:
        raise UnknownCustomer(customer_id)
    customer: Customer = found[customer_id]
    return customer


async def list_customers(
    tx: Transaction, *, before: UUID | None = None, limit: int
) -> list[Customer]:
    """Return customers whatever their status, the latest first, those made before `before`."""
    rows = await tx.fetch(_LIST, before, limit)
    return await _in_order(tx, [row["id"] for row in rows])


async def search_customers(
    tx: Transaction,
    wanted: Identity | str,
    *,
    after: UUID | None = None,
    limit: int,
) -> list[Customer]:
    """Return the active customers who are known by an identity, or whose family name begins so.

    By their names, those after the customer `after`; the case of letters does not count.
    """
    if isinstance(wanted, Identity):
        (owners,) = await tx.read(identity_owners([wanted]))
        return await _in_order(tx, [owners[wanted]] if wanted in owners else [])
    first = name_key(wanted)
    rows = await tx.fetch(_BY_NAME, first, first + _LAST_CHARACTER, after, limit)
    return await _in_order(tx, [row["id"] for row in rows])


async def list_consents(
    tx: Transaction, customer_id: UUID, *, before: UUID | None = None, limit: int
) -> list[Consent]:
    """Return what a customer decided, the latest recorded first, before `before`.

    Raises: UnknownCustomer.
    """
    await find_customer(tx, customer_id)
    rows = await tx.fetch(_CONSENTS, customer_id, before, limit)
    return [msgspec.convert(dict(row), Consent) for row in rows]


async def list_notes(
    tx: Transaction, customer_id: UUID, *, before: UUID | None = None, limit: int
) -> list[Note]:
    """Return what was noted about a customer, the latest first, before `before`.

    Raises: UnknownCustomer.
    """
    await find_customer(tx, customer_id)
    rows = await tx.fetch(_NOTES, customer_id, before, limit)
    return [msgspec.convert(dict(row), Note) for row in rows]


async def _in_order(tx: Transaction, ids: list[UUID]) -> list[Customer]:
    if not ids:
        return []
    (found,) = await tx.read(customers_by_id(ids))
    return [found[one] for one in ids if one in found]
