"""A customer as a person whom several records may stand for: references, moving what is known, erasing.

What other rooms hold of the person is theirs to move and erase.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail.customers.commands import Asking
from omniretail.customers.customer import Customer, Profile
from omniretail.customers.deciding import Register
from omniretail.customers.queries import customers_by_reference
from omniretail.customers.store import customers_by_id, write
from omniretail.db import Read, Rows, Transaction, sql

_REFERENCES = sql("customers.references")
_MOVE_IDENTITIES = sql("customers.move_identities")
_MOVE_BACK_IDENTITIES = sql("customers.move_back_identities")
_MOVE_CONSENTS = sql("customers.move_consents")
_MOVE_NOTES = sql("customers.move_notes")
_MERGED = sql("customers.merged_customers")
_LEAD = sql("customers.lead_customers")
_FORGET = sql("customers.forget_said")


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who is one person: `ids` of a customer and of those merged into it; no ids, nobody.

    `references` are all that may name the person in documents; `codes` are those that are no id.
    """

    ids: tuple[UUID, ...]
    codes: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()

    @property
    def references(self) -> tuple[str, ...]:
        """All that may name the person in documents."""
        return (*map(str, self.ids), *self.codes)


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What was moved of a customer: by what it was known (kind, issuer, value), consents, notes."""

    identities: tuple[tuple[str, str, str], ...] = ()
    consents: tuple[UUID, ...] = ()
    notes: tuple[UUID, ...] = ()


class Restated(msgspec.Struct, frozen=True, kw_only=True):
    """A customer in another standing, and what its timeline says of it."""

    customer: Customer
    event: str
    data: dict[str, Any] = {}


def person(customer_id: UUID) -> Read[Person]:
    """Return the read of who is one person with a customer."""
    return Read(_REFERENCES, (customer_id,), _person)


async def references_of(tx: Transaction, reference: str) -> list[str]:
    """Return all that documents may call the customer by whom a reference names; else the reference.

    Documents keep a customer's id where they knew it, and else what their callers said.
    """
    (known,) = await tx.read(customers_by_reference([reference]))
    if reference not in known:
        return [reference]
    (who,) = await tx.read(person(known[reference].id))
    return sorted({reference, *who.references})


def merged_into(customers: Collection[UUID]) -> Read[list[UUID]]:
    """Return the read of the customers that were merged into some, which are locked."""
    return Read(_MERGED, (list(customers),), lambda rows: [UUID(row["id"]) for row in rows])


async def move_parts(tx: Transaction, source: UUID, target: UUID) -> Parts:
    """Move all that is known, decided and noted of one locked customer to another."""
    identities = await tx.fetch(_MOVE_IDENTITIES, source, target)
    consents = await tx.fetch(_MOVE_CONSENTS, source, target, None)
    notes = await tx.fetch(_MOVE_NOTES, source, target, None)
    return Parts(
        identities=tuple((row["kind"], row["issuer"], row["value"]) for row in identities),
        consents=tuple(row["id"] for row in consents),
        notes=tuple(row["id"] for row in notes),
    )


async def move_parts_back(tx: Transaction, parts: Parts, *, source: UUID, target: UUID) -> None:
    """Move back what had been moved from one locked customer to another, where it is there still."""
    if parts.identities:
        kinds, issuers, values = map(list, zip(*parts.identities, strict=True))
        await tx.execute(_MOVE_BACK_IDENTITIES, target, source, kinds, issuers, values)
    await tx.fetch(_MOVE_CONSENTS, target, source, list(parts.consents))
    await tx.fetch(_MOVE_NOTES, target, source, list(parts.notes))


async def lead(tx: Transaction, customers: Collection[UUID], *, present: UUID, to: UUID) -> None:
    """Have locked customers that were merged into one lead to another one."""
    if customers:
        await tx.execute(_LEAD, list(customers), present, to)


async def restate(
    tx: Transaction, changes: Sequence[Restated], *, by: Asking, now: datetime
) -> list[Customer]:
    """Have locked customers be in another standing; returns them, each one version on."""
    (before,) = await tx.read(customers_by_id([one.customer.id for one in changes]))
    register = Register(before, {}, now=now)
    kept = [register.keep(one.customer, by, (one.event, one.data)) for one in changes]
    await write(tx, register)
    return kept


async def erase(
    tx: Transaction, customers: Sequence[Customer], *, by: Asking, reason: str, now: datetime
) -> list[Customer]:
    """Have nothing personal be known of locked customers: profile, identities, notes; returns them.

    Of consents remains what was decided about which purpose, and when.
    """
    emptied = [
        Restated(
            customer=replace(
                one, status="erased", merged_into=None, profile=Profile(), identities=()
            ),
            event="erased",
            data={"reason": reason},
        )
        for one in customers
    ]
    erased = await restate(tx, emptied, by=by, now=now)
    await tx.execute(_FORGET, [one.id for one in customers])
    return erased


def _person(rows: Rows) -> Person:
    return Person(
        ids=tuple(UUID(row["value"]) for row in rows if row["kind"] == "id"),
        codes=tuple(row["value"] for row in rows if row["kind"] in ("external_id", "loyalty_card")),
        emails=tuple(row["value"] for row in rows if row["kind"] == "email"),
    )
