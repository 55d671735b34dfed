"""What each kind of export says, and how it leaves: row after row, straight from the database.

The statements read tables of every domain and change none. Their columns are those that an import
of the same kind takes, so that what went out can come in again; levels come in as counts. Codes
and names leave as they stand. Times are RFC 3339, in UTC.
"""

from datetime import datetime
from typing import Literal, get_args

from omniretail import inventory
from omniretail.db import Output, Transaction, sql

Kind = Literal["counts", "levels", "locations", "loyalty_entries", "movements", "skus", "valuation"]
KINDS: tuple[Kind, ...] = get_args(Kind)

SCOPES: dict[Kind, str] = {
    "counts": "stock:read",
    "levels": "stock:read",
    "locations": "catalog:read",
    "loyalty_entries": "loyalty:report",
    "movements": "stock:read",
    "skus": "catalog:read",
    "valuation": "stock:value",
}
"""What a key must be allowed to read to export a kind."""


async def copy(
    tx: Transaction,
    kind: Kind,
    output: Output,
    *,
    as_of: datetime | None = None,
) -> int:
    """Hand a kind to `output` as CSV in UTF-8, piece by piece; return how many rows it has.

    The first line names the columns. `as_of` is for the valuation. `tx` should be a snapshot.
    """
    if kind == "valuation":
        return await inventory.copy_valuation(tx, output, as_of=as_of)
    return await tx.copy(sql(f"exports.{kind}"), output)
