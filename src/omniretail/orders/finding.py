"""Finding a sale without its receipt: by who bought it, the card it was paid by, or a unit of it.

Whoever may ask sees the sales of every channel and location, since goods come back anywhere; but of
each only what was sold and how it was paid. It only reads.
"""

from datetime import datetime, timedelta
from itertools import chain
from uuid import UUID

import msgspec

from omniretail import customers, inventory
from omniretail.db import Read, Rows, Transaction, sql
from omniretail.ids import first_id
from omniretail.money import part
from omniretail.orders.order import TenderType

_FIND = sql("orders.find_sales")
_NUMBERED = sql("orders.find_order")
_BEHIND_ALL = UUID(int=2**128 - 1)
# Identities are made right after the clock was read, by clocks that may differ a little.
_CLOCKS_DIFFER = timedelta(minutes=2)


class SaleFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which sales: all that is given must hold, and one of the first five must be given.

    `customer` is an id, an external id or a loyalty card. `email` is in lower case. `serial` is the
    number of a unit that left with the sale, `sku` is among its lines, or a component of a kit among
    them. It was placed from `since` on, and before `until`.
    """

    customer: str | None = None
    email: str | None = None
    card_token: str | None = None
    number: str | None = None
    serial: str | None = None
    sku: str | None = None
    since: datetime
    until: datetime | None = None

    @property
    def leads_somewhere(self) -> bool:
        """Tell whether an index can find what is wanted."""
        known = (self.customer, self.email, self.card_token, self.number, self.serial)
        return any(one is not None for one in known)


class SaleLine(msgspec.Struct, frozen=True, kw_only=True):
    """So many of a SKU, and how far they came; `worth_minor` is what all of them came to."""

    number: int
    sku: str
    quantity: int
    fulfilled_quantity: int
    cancelled_quantity: int
    returned_quantity: int
    refunded_quantity: int
    worth_minor: int

    @property
    def kept_minor(self) -> int:
        """What its units come to that are not gone: each went with its exact share."""
        gone = self.cancelled_quantity + self.refunded_quantity
        return self.worth_minor - part(self.worth_minor, gone, self.quantity)

    @property
    def returnable_quantity(self) -> int:
        """How many of its units reached the customer and are in no return."""
        return self.fulfilled_quantity - self.returned_quantity


class SaleTender(msgspec.Struct, frozen=True, kw_only=True):
    """How much was paid in which way."""

    type: TenderType
    amount_minor: int


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """An order as anybody may see it to whom its goods come back, which is not whose it was."""

    id: UUID
    number: str
    placed_at: datetime
    channel: str
    location: str | None
    currency: str
    lines: tuple[SaleLine, ...]
    tenders: tuple[SaleTender, ...]


async def find_sales(
    tx: Transaction, wanted: SaleFilter, *, before: UUID | None = None, limit: int
) -> list[Sale]:
    """Return the sales that a filter wants, the latest recorded first, older than `before`."""
    assert wanted.leads_somewhere, "all sales there are is no question"
    named = await _named(tx, wanted)
    if named is not None and not named:
        return []
    called: list[str | None] = [None]
    if wanted.customer is not None:
        called = [*await customers.references_of(tx, wanted.customer)]
    # By each name apart, an index is read backwards and no further than wanted; by all of them at
    # once, everything that a customer ever bought would be sorted.
    found: list[list[Sale]]
    found = await tx.read(
        *(Read(_FIND, _values(wanted, named, one, before, limit), _sales) for one in called)
    )
    latest = sorted(chain.from_iterable(found), key=lambda sale: sale.id, reverse=True)
    return latest[:limit]


def _values(
    wanted: SaleFilter,
    named: list[UUID] | None,
    customer: str | None,
    before: UUID | None,
    limit: int,
) -> tuple[object, ...]:
    return (
        named,
        wanted.email,
        customer,
        wanted.card_token,
        wanted.sku,
        wanted.since,
        wanted.until,
        # Nothing is recorded before it happens, and identities grow with time: reading ends here.
        first_id(wanted.since - _CLOCKS_DIFFER),
        before or _BEHIND_ALL,
        limit,
    )


async def _named(tx: Transaction, wanted: SaleFilter) -> list[UUID] | None:
    """Return the orders that both a number and a unit name; None where neither is given."""
    reads: list[Read[list[UUID]]] = []
    if wanted.number is not None:
        reads.append(Read(_NUMBERED, (None, wanted.number), _ids))
    if wanted.serial is not None:
        reads.append(inventory.left_with(wanted.serial, wanted.sku))
    if not reads:
        return None
    first, *others = map(set, await tx.read(*reads))
    return list(first.intersection(*others))


def _ids(rows: Rows) -> list[UUID]:
    return [UUID(row["id"]) for row in rows]


def _sales(rows: Rows) -> list[Sale]:
    return msgspec.convert(rows, list[Sale])
