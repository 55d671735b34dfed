"""What carts hold of a person: those somebody made, naming another customer in them, erasing.

Who a person is, by which references, is for others to say.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from omniretail.carts.cart import CartNow, CartState
from omniretail.carts.store import carts_by, with_holds
from omniretail.db import Read, Transaction, sql

_LOCK_OF_CUSTOMERS = sql("carts.lock_carts_of_customers")
_NAME = sql("carts.name_customers")
_LOCK_OF_PERSON = sql("carts.lock_carts_of_person")
_ERASE = sql("carts.erase_carts")
_MADE = sql("carts.carts_made")
_OF_PERSON = sql("carts.carts_of_person")


class CartMade(msgspec.Struct, frozen=True, kw_only=True):
    """A cart as a timeline shows it; `held` counts the holds it owns, live or not."""

    id: UUID
    code: str
    channel: str
    currency: str
    state: CartState
    order_id: UUID | None
    merged_into: UUID | None
    held: int
    created_at: datetime
    created_by: UUID
    expires_at: datetime


class CartOfPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A cart that holds personal data of somebody, and the holds it owns."""

    id: UUID
    code: str
    hold_ids: tuple[UUID, ...]


def carts_made(
    references: Collection[str], *, before: tuple[datetime, UUID] | None, limit: int
) -> Read[list[CartMade]]:
    """Return the read of the carts of whom references name, the latest first, made before `before`."""
    moment, last = before or (None, None)
    return Read(
        _MADE,
        (sorted(references), moment, last, limit),
        lambda rows: msgspec.convert(rows, list[CartMade]),
    )


async def carts_of(tx: Transaction, references: Collection[str], *, now: datetime) -> list[CartNow]:
    """Return all carts of whom references name, whatever their state, the oldest first."""
    rows = await tx.fetch(_OF_PERSON, sorted(references))
    (found,) = await tx.read(carts_by(ids=[row["id"] for row in rows]))
    return await with_holds(tx, sorted(found, key=lambda cart: cart.id), now=now)


def lock_carts_of(references: Collection[str]) -> Read[dict[UUID, str]]:
    """Return the read that locks the carts of whom references name, by id, with what each says."""
    return Read(
        _LOCK_OF_CUSTOMERS,
        (sorted(references),),
        lambda rows: {UUID(row["id"]): row["customer"] for row in rows},
    )


async def name_customers_of_carts(
    tx: Transaction, named: Mapping[UUID, str], *, present: Collection[str]
) -> None:
    """Have locked carts name other customers, where they name one of `present` now."""
    if named:
        await tx.execute(_NAME, list(named), list(named.values()), sorted(present))


def lock_carts_of_person(
    references: Collection[str], emails: Collection[str], order_ids: Collection[UUID]
) -> Read[list[CartOfPerson]]:
    """Return the read that locks all carts that hold something of a person, by id."""
    return Read(
        _LOCK_OF_PERSON,
        (sorted(references), sorted(emails), list(order_ids)),
        lambda rows: msgspec.convert(rows, list[CartOfPerson]),
    )


async def erase_carts(tx: Transaction, cart_ids: Collection[UUID], *, customer: UUID) -> None:
    """Take all that is personal out of locked carts; whose they were is `customer`, by its id."""
    await tx.execute(_ERASE, list(cart_ids), str(customer))
