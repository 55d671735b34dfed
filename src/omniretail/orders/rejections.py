"""Rejections and the database: whom one concerns, what a search goes by, and its rows."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from omniretail import inventory, sourcing
from omniretail.db import (
    RaceLost,
    Read,
    Rows,
    Transaction,
    Write,
    sql,
    write_columns,
    write_documents,
)
from omniretail.orders.exceptions import open_exceptions
from omniretail.orders.order import Order
from omniretail.orders.rejecting import UNPACKED
from omniretail.orders.resourcing import Place, Search, goods

_SAME_GOODS = sql("orders.same_goods")
_BARS = sql("orders.bars")
_RECORD = sql("orders.record_rejections")
_CLOSE = sql("orders.close_not_sourced")


def same_goods(fulfillments: Collection[UUID], places: Collection[Place]) -> Read[set[UUID]]:
    """Return the read of the orders that await goods of `fulfillments` where they are, or of `places`.

    Nothing is locked by it.
    """
    ordered = sorted(places)
    values = (
        list(fulfillments),
        [sku for sku, _ in ordered],
        [location for _, location in ordered],
        list(UNPACKED),
    )
    return Read(_SAME_GOODS, values, lambda rows: {UUID(row["order_id"]) for row in rows})


async def look_around(
    tx: Transaction,
    orders: Mapping[UUID, Order],
    fulfillments: Collection[UUID],
    places: Collection[Place],
    *,
    now: datetime,
) -> Search:
    """Return what finding other locations goes by, for goods of `fulfillments` and at `places`.

    The orders are locked. The levels of the search's places are yet to be; locks: none.
    """
    sellers = {order.channel for order in orders.values()}
    candidates, policies, pools, barred = await tx.read(
        sourcing.candidates(now=now),
        sourcing.policies(sellers),
        inventory.channel_policies(sellers),
        Read(_BARS, (list(orders), now), _barred),
    )
    lines = [
        (part, line)
        for order in orders.values()
        for part in order.fulfillments
        for line in part.lines
        if line.open_quantity
    ]
    asked = set(places) | {
        (sku, part.location)
        for part, line in lines
        if part.id in fulfillments
        for sku in goods(line)
    }
    skus = {
        sku
        for part, line in lines
        if any((sku, part.location) in asked for sku in goods(line))
        for sku in goods(line)
    }
    survey = sourcing.Survey(candidates, {})
    return Search(
        survey,
        policies,
        pools,
        barred,
        asked=frozenset(asked),
        places=frozenset((sku, location) for sku in skus for location in survey.locations),
    )


async def confirm(
    tx: Transaction,
    search: Search,
    orders: Mapping[UUID, Order],
    spreading: Collection[UUID],
    places: Collection[Place],
) -> None:
    """Make sure that whom a rejection concerns is locked, and learn what is being counted already.

    The caller holds the levels: nobody is promised anything there now. Raises: RaceLost, where
    somebody was after the orders had been looked for.
    """
    concerned, search.counting = await tx.read(
        same_goods(spreading, places), inventory.suspicions_open(search.asked)
    )
    if not concerned <= orders.keys():
        raise RaceLost


def write(search: Search, stock: inventory.Stock, *, now: datetime) -> list[Write]:
    """Return the writes of what a search came to: rejections, tasks to count, exceptions."""
    return [
        *write_documents(_RECORD, search.rejected),
        *inventory.suspicion_tasks(stock, search.suspicions, now=now),
        *open_exceptions(search.exceptions, now=now),
        *write_columns(_CLOSE, search.sourced, now),
    ]


def _barred(rows: Rows) -> dict[UUID, set[Place]]:
    barred: dict[UUID, set[Place]] = {}
    for row in rows:
        barred.setdefault(UUID(row["order_id"]), set()).add((row["sku"], row["location"]))
    return barred
