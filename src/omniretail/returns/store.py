"""Reading and writing returns as rows. It decides nothing: what a return may become is not its room."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import structs

from omniretail import customers, orders, payments
from omniretail.db import Read, Rows, Transaction, Write, sql, write_documents
from omniretail.returns.claim import Claim
from omniretail.returns.desk import Grading
from omniretail.returns.document import Return

_ORDERS_OF = sql("returns.orders_of")
_LOCK = sql("returns.lock_returns")
_RETURNS = sql("returns.returns")
_LINES = sql("returns.lines")
_PUT = sql("returns.put_returns")
_PUT_LINES = sql("returns.put_lines")
_GRADE = sql("returns.record_gradings")
_UNITS_SOLD = sql("returns.units_sold")


def orders_of(return_ids: Collection[UUID], numbers: Collection[str]) -> Read[set[UUID]]:
    """Return the read of the orders that returns are of, and of those with some numbers."""
    return Read(
        _ORDERS_OF,
        (list(return_ids), list(numbers)),
        lambda rows: {UUID(row["order_id"]) for row in rows},
    )


async def units_sold(tx: Transaction, order_ids: Collection[UUID]) -> set[tuple[UUID, str, str]]:
    """Return the units with a serial number that customers have of locked orders: order, SKU, serial."""
    if not order_ids:
        return set()
    rows = await tx.fetch(_UNITS_SOLD, list(order_ids))
    return {(row["order_id"], row["sku"], row["serial"]) for row in rows}


async def lock(tx: Transaction, return_ids: Collection[UUID]) -> dict[UUID, Return]:
    """Lock returns by id; return them."""
    if not return_ids:
        return {}
    rows = await tx.fetch(_LOCK, sorted(return_ids))
    return {doc.id: doc for doc in await load(tx, [row["id"] for row in rows])}


async def load(tx: Transaction, return_ids: Sequence[UUID]) -> list[Return]:
    """Return the returns that exist among `return_ids`, in that order."""
    ids = list(return_ids)
    rows, lines = await tx.read(Read(_RETURNS, (ids,), list), Read(_LINES, (ids,), list))
    found = {doc.id: doc for doc in _returns(rows, lines)}
    return [found[return_id] for return_id in ids if return_id in found]


def _returns(rows: Rows, lines: Rows) -> list[Return]:
    its_lines = defaultdict[Any, Rows](list)
    for line in lines:
        its_lines[line["return_id"]].append(_said(line))
    documents = [{**_said(row), "lines": its_lines[row["id"]]} for row in rows]
    return msgspec.convert(documents, list[Return])


def _said(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def write_returns(
    returns: Sequence[tuple[str, Return]], gradings: Sequence[Grading], *, now: datetime
) -> list[Write]:
    """Return the writes of returns as they are now, each with the key that made or changed it."""
    documents = [{"idempotency_key": key, **structs.asdict(doc)} for key, doc in returns]
    lines = [
        {"return_id": doc.id, **structs.asdict(line)} for _, doc in returns for line in doc.lines
    ]
    return [
        *write_documents(_PUT, documents, now),
        *write_documents(_PUT_LINES, lines),
        *write_documents(_GRADE, gradings, now),
    ]


async def names_of(
    tx: Transaction, accounts: payments.Accounts, documents: Iterable[orders.Order | Return | Claim]
) -> dict[str, str]:
    """Return under what each customer is kept whom documents and accounts name.

    Asks nobody where accounts are of those whom the documents name, in the same words.
    """
    named = {one.customer for one in documents if one.customer is not None}
    return await customers.names(tx, accounts.owners | named) if accounts.owners - named else {}
