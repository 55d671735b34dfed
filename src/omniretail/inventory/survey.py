"""What a batch must know of its places beyond their levels: read once, and only where it matters."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import catalog
from omniretail.db import Read, Rows, Transaction, sql
from omniretail.ids import first_id
from omniretail.inventory.costs import Cost
from omniretail.inventory.counts import Counted
from omniretail.inventory.levels import Level, Place
from omniretail.inventory.lots import Lot, expired_units, utc_day
from omniretail.inventory.promises import HoldLine, Supply
from omniretail.inventory.serials import Serial
from omniretail.inventory.stock import Stock

_LOCK_SERIALS = sql("inventory.lock_serials")
_HOLD_LINES = sql("inventory.hold_lines")
_LOTS = sql("inventory.lots")
_COUNTS_SINCE = sql("inventory.counts_since")
_MOVED_SINCE = sql("inventory.moved_since")
_SUPPLY = sql("inventory.supply")
_AVERAGES = sql("inventory.averages")
_ON_THE_WAY = sql("inventory.lots_on_the_way")

# Identities are made right after the clock was read, by clocks that may differ a little.
_CLOCKS_DIFFER = timedelta(minutes=2)

Learn = Callable[[Stock, Rows, datetime], None]
Question = tuple[str, tuple[object, ...], Learn]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch wants to know of its places beyond their levels.

    `earliest` is when the first of its events happened; `counts` are the moments it counts at, by
    place and lot; `holds` are holds of its own; `lots` and `serials` those it names; `costs` the
    places whose average cost it changes; `arrivals` the orders whose goods arrive at a store.
    """

    earliest: datetime
    counts: Sequence[tuple[Place, str | None, datetime]] = ()
    holds: Sequence[UUID] = ()
    lots: Sequence[str] = ()
    serials: Sequence[tuple[str, str]] = ()
    costs: Sequence[Place] = ()
    arrivals: Sequence[UUID] = ()


async def survey(
    tx: Transaction,
    stock: Stock,
    skus: Mapping[str, catalog.SkuTraits],
    asked: Asked,
    *,
    now: datetime,
) -> None:
    """Learn what the levels alone do not say; nothing, most of the time, and then it asks nobody.

    The levels must be locked: what is read here changes only under their locks. Sweeps the expired
    holds of the places. Locks: serial numbers, after the levels.
    """
    stock.today = utc_day(now)
    stock.tracking = {sku: traits.tracking for sku, traits in skus.items() if traits.tracking}
    stock.ordering = {sku: traits.ordering for sku, traits in skus.items() if traits.ordering}
    if asked.arrivals and "lot" in stock.tracking.values():
        # Which lots arrive is known before they are looked up where they arrive.
        (sent,) = await tx.read(Read(_ON_THE_WAY, (list(set(asked.arrivals)),), list))
        asked = replace(asked, lots=[*asked.lots, *_learn_on_the_way(stock, sent)])
    questions = [*_of_levels(stock.before, asked, now), *_of_traits(stock, asked)]
    if questions:
        found = await tx.read(
            *(Read(statement, values, list) for statement, values, _ in questions)
        )
        for (_, _, learn), rows in zip(questions, found, strict=True):
            learn(stock, rows, now)


def _of_levels(levels: Mapping[Place, Level], asked: Asked, now: datetime) -> Iterator[Question]:
    held = [place for place, level in levels.items() if level.held]
    spoken = [
        place
        for place, level in levels.items()
        if level.counted_at is not None and level.counted_at >= asked.earliest
    ]
    moved = [count for count in asked.counts if _moved_after(levels.get(count[0]), count[2])]
    if held or asked.holds:
        yield _HOLD_LINES, (*_columns(held), now, list(set(asked.holds))), _learn_holds
    if spoken:
        yield _COUNTS_SINCE, (*_columns(spoken), asked.earliest), _learn_counts
    if moved:
        yield _MOVED_SINCE, _moments(moved), _learn_moved


def _of_traits(stock: Stock, asked: Asked) -> Iterator[Question]:
    lotted = [place for place in stock.before if stock.tracking.get(place[0]) == "lot"]
    coming = [place for place in stock.before if place[0] in stock.ordering]
    if lotted:
        yield _LOTS, (*_columns(lotted), list(set(asked.lots))), _learn_lots
    if coming:
        yield _SUPPLY, _columns(coming), _learn_supply
    if asked.serials:
        yield _LOCK_SERIALS, _columns(sorted(set(asked.serials))), _learn_serials
    if asked.costs:
        yield _AVERAGES, _columns(sorted(set(asked.costs))), _learn_averages


def _moved_after(level: Level | None, moment: datetime) -> bool:
    return level is not None and level.moved_at is not None and level.moved_at > moment


def _columns(rows: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [first for first, _ in rows], [second for _, second in rows]


def _moments(moved: Sequence[tuple[Place, str | None, datetime]]) -> tuple[list[Any], ...]:
    return (
        [sku for (sku, _), _, _ in moved],
        [location for (_, location), _, _ in moved],
        [lot for _, lot, _ in moved],
        [at for _, _, at in moved],
        [first_id(at - _CLOCKS_DIFFER) for _, _, at in moved],
    )


def _learn_holds(stock: Stock, rows: Rows, now: datetime) -> None:
    for row in rows:
        line = msgspec.convert(row, HoldLine)
        if line.expires_at <= now:
            stock.release([line])
        else:
            stock.holds.setdefault(line.hold_id, []).append(line)


def _learn_lots(stock: Stock, rows: Rows, _: datetime) -> None:
    for row in rows:
        place = row.pop("sku"), row.pop("location")
        stock.lots.setdefault(place, []).append(msgspec.convert(row, Lot))
    for place, lots in stock.lots.items():
        level = stock.level(*place)
        level.expired = stock.before[place].expired = expired_units(lots, stock.today)


def _learn_on_the_way(stock: Stock, rows: Rows) -> Iterator[str]:
    """Note what is on its way to stores, by order and SKU; yield the names of the lots."""
    for row in rows:
        document = UUID(row.pop("document_id")), row.pop("sku")
        stock.on_the_way.setdefault(document, []).append(msgspec.convert(row, Lot))
        yield row["lot"]


def _learn_counts(stock: Stock, rows: Rows, _: datetime) -> None:
    for row in rows:
        place = row.pop("sku"), row.pop("location")
        stock.counts.setdefault(place, []).append(msgspec.convert(row, Counted))


def _learn_moved(stock: Stock, rows: Rows, _: datetime) -> None:
    for row in rows:
        at = datetime.fromisoformat(row["at"])
        stock.moved_since[(row["sku"], row["location"]), row["lot"], at] = row["change"]


def _learn_supply(stock: Stock, rows: Rows, _: datetime) -> None:
    for row in rows:
        place = row.pop("sku"), row.pop("location")
        stock.supply.setdefault(place, []).append(msgspec.convert(row, Supply))


def _learn_serials(stock: Stock, rows: Rows, _: datetime) -> None:
    for row in rows:
        key = row.pop("sku"), row.pop("serial")
        stock.serials[key] = stock.serials_before[key] = msgspec.convert(row, Serial)


def _learn_averages(stock: Stock, rows: Rows, _: datetime) -> None:
    for row in rows:
        cost = Cost(Decimal(row["average"]), row["currency"])
        stock.averages[row["sku"], row["location"]] = cost
