"""Valuation: what the goods on hand are worth, at the moving average of what they cost.

The average of a place changes with each receipt whose cost is known, in the order of recording
(`costs.moving_average`). As of a moment of the past stands what had happened by then, however late
it was told: the quantity is today's less all that happened since, and the average is the one after
the receipt that was recorded last among those that had happened by then.
"""

from datetime import datetime
from decimal import Decimal

import msgspec

from omniretail.db import Output, Transaction, bare, sql
from omniretail.errors import Refused
from omniretail.inventory.levels import Place
from omniretail.money import MOST_MINOR

_VALUATION = sql("inventory.valuation")
_TOTALS = (
    "select valued.currency, sum(valued.on_hand)::bigint as on_hand, sum(valued.value_minor) as value"  # noqa: S608 - our own named statement, no value
    f" from ({bare(_VALUATION)}) as valued group by valued.currency order by valued.currency"
)

_BEFORE_ALL: Place = ("", "")


class ValueTooLarge(Refused):
    """The goods are worth more than an amount can say."""

    def __init__(self, *, currency: str) -> None:
        super().__init__(
            f"A value in {currency} is above {MOST_MINOR} minor units.", currency=currency
        )


class Valued(msgspec.Struct, frozen=True, kw_only=True):
    """What stands at a place, what one unit of it cost, and what it is worth; None: nobody said.

    `unit_cost_minor` has up to six digits after the point; `value_minor` is rounded half to even.
    Where more left than there was, both the quantity and the value are below zero.
    """

    sku: str
    location: str
    on_hand: int
    unit_cost_minor: Decimal | None
    currency: str | None
    value_minor: int | None


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """What all the goods valued in a currency are worth: the sum of their rounded values."""

    currency: str
    on_hand: int
    value_minor: int


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The totals of a selection by currency, and how many units have no known cost."""

    currencies: list[Total]
    without_cost: int


async def value_stock(
    tx: Transaction,
    *,
    as_of: datetime | None = None,
    sku: str | None = None,
    location: str | None = None,
    after: Place = _BEFORE_ALL,
    limit: int | None = None,
) -> list[Valued]:
    """Return the places that have goods on hand, by (SKU, location), after a place.

    Takes no locks. Raises: ValueTooLarge.
    """
    rows = await tx.fetch(_VALUATION, *_values(as_of, sku, location, after, limit))
    return [
        Valued(
            sku=row["sku"],
            location=row["location"],
            on_hand=row["on_hand"],
            unit_cost_minor=row["unit_cost_minor"],
            currency=row["currency"],
            value_minor=None
            if row["value_minor"] is None
            else _amount(row["value_minor"], row["currency"]),
        )
        for row in rows
    ]


async def total_value(
    tx: Transaction,
    *,
    as_of: datetime | None = None,
    sku: str | None = None,
    location: str | None = None,
) -> Totals:
    """Return what all the goods of a selection are worth. Takes no locks. Raises: ValueTooLarge."""
    rows = await tx.fetch(_TOTALS, *_values(as_of, sku, location, _BEFORE_ALL, None))
    return Totals(
        currencies=[
            Total(
                currency=row["currency"],
                on_hand=row["on_hand"],
                value_minor=_amount(row["value"], row["currency"]),
            )
            for row in rows
            if row["currency"] is not None
        ],
        without_cost=sum(row["on_hand"] for row in rows if row["currency"] is None),
    )


async def copy_valuation(
    tx: Transaction,
    output: Output,
    *,
    as_of: datetime | None = None,
) -> int:
    """Hand the whole valuation to `output` as CSV, piece by piece; return how many places it has."""
    return await tx.copy(_VALUATION, output, *_values(as_of, None, None, _BEFORE_ALL, None))


def _values(
    as_of: datetime | None, sku: str | None, location: str | None, after: Place, limit: int | None
) -> tuple[object, ...]:
    return as_of, sku, location, *after, limit


def _amount(value: Decimal, currency: str) -> int:
    if abs(value) > MOST_MINOR:
        raise ValueTooLarge(currency=currency)
    return int(value)
