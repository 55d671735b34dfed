"""What orders hold of a person: those somebody placed, naming another customer in them, erasing.

Who a person is, by which references, is for others to say.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from omniretail.db import Read, Transaction, sql
from omniretail.orders import store
from omniretail.orders.order import Order

_LOCK_OF_CUSTOMERS = sql("orders.lock_orders_of_customers")
_NAME = sql("orders.name_customers")
_LOCK_OF_PERSON = sql("orders.lock_orders_of_person")
_ERASE = sql("orders.erase_orders")
_OF_PERSON = sql("orders.orders_of_person")
_PLACED = sql("orders.orders_placed")


class OrderPlaced(msgspec.Struct, frozen=True, kw_only=True):
    """An order, and when it was placed."""

    id: UUID
    placed_at: datetime


class OrderOfPerson(msgspec.Struct, frozen=True, kw_only=True):
    """An order that holds personal data of somebody; `is_open` while goods or money are awaited."""

    id: UUID
    number: str
    cart_id: UUID | None
    is_open: bool


def orders_placed(
    references: Collection[str], *, before: tuple[datetime, UUID] | None, limit: int
) -> Read[list[OrderPlaced]]:
    """Return the read of the orders of whom references name, the latest first, placed before `before`."""
    moment, last = before or (None, None)
    return Read(
        _PLACED,
        (sorted(references), moment, last, limit),
        lambda rows: msgspec.convert(rows, list[OrderPlaced]),
    )


async def orders_by_id(tx: Transaction, order_ids: Sequence[UUID]) -> list[Order]:
    """Return the orders that exist among `order_ids`, in that order, whoever may see them."""
    return await store.load(tx, order_ids)


def lock_orders_of(references: Collection[str]) -> Read[dict[UUID, str]]:
    """Return the read that locks the orders of whom references name, by id, with what each says."""
    return Read(
        _LOCK_OF_CUSTOMERS,
        (sorted(references),),
        lambda rows: {UUID(row["id"]): row["customer"] for row in rows},
    )


async def name_customers_of_orders(
    tx: Transaction, named: Mapping[UUID, str], *, present: Collection[str]
) -> None:
    """Have locked orders name other customers, where they name one of `present` now."""
    if named:
        await tx.execute(_NAME, list(named), list(named.values()), sorted(present))


def orders_of_person(references: Collection[str], emails: Collection[str]) -> Read[list[UUID]]:
    """Return the read of all orders that hold something of a person, the oldest first."""
    return Read(
        _OF_PERSON,
        (sorted(references), sorted(emails)),
        lambda rows: [UUID(row["id"]) for row in rows],
    )


def lock_orders_of_person(
    references: Collection[str], emails: Collection[str]
) -> Read[list[OrderOfPerson]]:
    """Return the read that locks all orders that hold something of a person, by id."""
    return Read(
        _LOCK_OF_PERSON,
        (sorted(references), sorted(emails)),
        lambda rows: msgspec.convert(rows, list[OrderOfPerson]),
    )


async def erase_orders(tx: Transaction, order_ids: Collection[UUID], *, customer: UUID) -> None:
    """Take all that is personal out of locked orders; whose they were is `customer`, by its id."""
    await tx.execute(_ERASE, list(order_ids), str(customer))
