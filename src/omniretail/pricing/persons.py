"""What pricing holds of a person: uses of coupons, and price lists of somebody's own.

Who a person is, by which references, is for others to say.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from omniretail.db import Read, Transaction, sql
from omniretail.pricing.keeper import next_version

_LOCK_OF_CUSTOMERS = sql("pricing.lock_usages_of_customers")
_NAME = sql("pricing.name_customers")
_LISTS_OF = sql("pricing.lists_of_customers")
_NAME_OF_LISTS = sql("pricing.name_customer_of_lists")


def lock_usages_of(references: Collection[str]) -> Read[dict[UUID, str]]:
    """Return the read that locks uses and claims of whom references name, by id, with what each says."""
    return Read(
        _LOCK_OF_CUSTOMERS,
        (sorted(references),),
        lambda rows: {UUID(row["id"]): row["customer"] for row in rows},
    )


async def name_customers_of_usages(
    tx: Transaction, named: Mapping[UUID, str], *, present: Collection[str]
) -> None:
    """Have locked uses and claims name other customers, where they name one of `present` now.

    How often a coupon was used in all stays as it is; what each customer may still use goes along.
    """
    if named:
        await tx.execute(_NAME, list(named), list(named.values()), sorted(present))


async def name_customer_of_lists(
    tx: Transaction, references: Collection[str], *, customer: UUID
) -> None:
    """Have the price lists of whom references name be those of a customer by its id.

    Locks: the book's version, where there are any.
    """
    if references and await tx.fetch(_LISTS_OF, sorted(references)):
        version = await next_version(tx)
        await tx.execute(_NAME_OF_LISTS, sorted(references), str(customer), version)
