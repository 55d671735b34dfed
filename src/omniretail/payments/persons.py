"""What payments hold of a person: store credits and gift cards of somebody's own, and tokens of cards.

Who a person is, by which references, is for others to say.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from omniretail.db import Read, Transaction, sql

_LOCK_OF_CUSTOMERS = sql("payments.lock_accounts_of_customers")
_NAME = sql("payments.name_customers")
_ERASE = sql("payments.erase_payments")
_OF_CUSTOMERS = sql("payments.accounts_of_customers")


def accounts_of(references: Collection[str]) -> Read[list[UUID]]:
    """Return the read of the accounts of whom references name, the oldest first."""
    return Read(
        _OF_CUSTOMERS, (sorted(references),), lambda rows: [UUID(row["id"]) for row in rows]
    )


def lock_accounts_of(references: Collection[str]) -> Read[dict[UUID, str]]:
    """Return the read that locks the accounts of whom references name, by id, with what each says."""
    return Read(
        _LOCK_OF_CUSTOMERS,
        (sorted(references),),
        lambda rows: {UUID(row["id"]): row["customer"] for row in rows},
    )


async def name_customers_of_accounts(
    tx: Transaction, named: Mapping[UUID, str], *, present: Collection[str]
) -> None:
    """Have locked accounts name other customers, where they name one of `present` now."""
    if named:
        await tx.execute(_NAME, list(named), list(named.values()), sorted(present))


async def erase_payments(
    tx: Transaction,
    account_ids: Collection[UUID],
    *,
    customer: UUID,
    order_ids: Collection[UUID],
    cart_ids: Collection[UUID],
) -> None:
    """Take all that is personal out of locked accounts, and cards' tokens out of payments.

    What a provider calls a payment stays: it is how money finds its way back.
    """
    await tx.execute(_ERASE, list(account_ids), str(customer), list(order_ids), list(cart_ids))
