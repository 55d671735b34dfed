"""The ledger of uses of coupons and limited promotions: locking, reading and writing it.

What a use may be is decided in `usage`. The counts come last in the global lock order, after stock.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from omniretail.db import Read, Transaction, Write, sql, write_columns
from omniretail.pricing.basket import Basket
from omniretail.pricing.book import Book
from omniretail.pricing.usage import Claim, Subject, Usages, subjects_of

_LOCK = sql("pricing.lock_usage_counts")
_COUNTS = sql("pricing.usage_counts")
_CLAIMED = sql("pricing.claims_counted")
_CUSTOMERS = sql("pricing.customers_counted")
_CLAIMS = sql("pricing.claims")
_RECORD = sql("pricing.record_usages")
_USE_CLAIMS = sql("pricing.use_claims")
_COUNT = sql("pricing.count_usages")
_OF_ORDERS = sql("pricing.usages_of_orders")
_FREE = sql("pricing.free_usages")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch needs to know: counts, claims by id, and (coupon, customer) pairs."""

    subjects: frozenset[Subject] = frozenset()
    claims: frozenset[UUID] = frozenset()
    customers: frozenset[tuple[str, str]] = frozenset()


def asked_of(book: Book, baskets: Iterable[Basket], claims: Iterable[UUID | None]) -> Asked:
    """Return what must be known to use the coupons and limited promotions of baskets."""
    subjects: set[Subject] = set()
    customers: set[tuple[str, str]] = set()
    for basket in baskets:
        found = subjects_of(book, basket)
        subjects |= found
        if (customer := basket.shopper.customer) is not None:
            customers |= {(code, customer) for kind, code in found if kind == "coupon"}
    return Asked(
        subjects=frozenset(subjects),
        claims=frozenset(claim for claim in claims if claim is not None),
        customers=frozenset(customers),
    )


async def usages(tx: Transaction, asked: Asked, *, lock: bool, now: datetime) -> Usages:
    """Return how often coupons and promotions were used; `lock` them where something will be used.

    Nothing asked costs no statement. Locks: the counts, by kind and code.
    """
    if not asked.subjects:
        return Usages({}, {}, {}, {}, now=now)
    ordered = sorted(asked.subjects)
    kinds, codes = [kind for kind, _ in ordered], [code for _, code in ordered]
    rows = await tx.fetch(_LOCK if lock else _COUNTS, kinds, codes)
    pairs = sorted(asked.customers)
    claimed, customers, claims = await tx.read(
        Read(_CLAIMED, (kinds, codes, now), lambda found: found),
        Read(
            _CUSTOMERS,
            ([code for code, _ in pairs], [customer for _, customer in pairs], now),
            lambda found: found,
        ),
        claims_by_id(asked.claims),
    )
    return Usages(
        {Subject(row["kind"], row["code"]): row["used"] for row in rows},
        {Subject(row["kind"], row["code"]): row["units"] for row in claimed},
        {(Subject("coupon", row["code"]), row["customer"]): row["units"] for row in customers},
        claims,
        now=now,
    )


def claims_by_id(ids: Iterable[UUID]) -> Read[dict[UUID, Claim]]:
    """Return the read of the claims that exist among `ids`."""
    return Read(
        _CLAIMS,
        (list(ids),),
        lambda rows: {claim.id: claim for claim in msgspec.convert(rows, list[Claim])},
    )


def write_usages(found: Usages, *, now: datetime) -> list[Write]:
    """Return the writes of what was used and claimed; the counts are locked."""
    return [
        *write_columns(
            _RECORD,
            [
                (
                    use.id,
                    use.subject.kind,
                    use.subject.code,
                    use.customer,
                    use.order_id,
                    use.claimed_by,
                    use.expires_at,
                )
                for use in found.uses
            ],
            now,
        ),
        *write_columns(
            _USE_CLAIMS,
            [(claim_id, *taken) for claim_id, taken in found.taken_claims.items()],
            now,
        ),
        *write_columns(_COUNT, [(*subject, units) for subject, units in found.more.items()]),
    ]


async def free_usages(
    tx: Transaction, order_ids: Collection[UUID], *, now: datetime
) -> list[Write]:
    """Return the writes that give back what orders used, which are locked and no more.

    Locks: the counts, by kind and code.
    """
    if not order_ids:
        return []
    rows = await tx.fetch(_OF_ORDERS, list(order_ids))
    if not rows:
        return []
    back = Counter(Subject(row["kind"], row["code"]) for row in rows)
    ordered = sorted(back)
    await tx.fetch(_LOCK, [kind for kind, _ in ordered], [code for _, code in ordered])
    return [
        Write(_FREE, ([row["id"] for row in rows], now)),
        *write_columns(_COUNT, [(*subject, -units) for subject, units in back.items()]),
    ]
