"""The holds of baskets that change: replaced, shrunk, extended, released, in their owners' transaction.

What a basket holds already does not stand in its way. Whose baskets they are is not known here.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from msgspec.structs import replace

from omniretail.db import Transaction, Write, sql, write_columns
from omniretail.errors import DomainError
from omniretail.inventory.hold import Hold
from omniretail.inventory.holds import (
    Surroundings,
    WantedHold,
    decide,
    needed,
    placed,
    surveyed,
    write_extended,
    write_placed,
    write_released,
)
from omniretail.inventory.levels import Place
from omniretail.inventory.operations import write
from omniretail.inventory.policies import ChannelRoom
from omniretail.inventory.promises import HoldLine
from omniretail.inventory.stock import Stock

_SHRINK = sql("inventory.shrink_hold_lines")


class Holding:
    """Locked levels and the live holds of some baskets, changed in memory, first come first served.

    Within one `write` a hold is placed, or changed, but not both.
    """

    def __init__(self, known: Surroundings, *, now: datetime) -> None:
        self._known = known
        self._stock = known.stock
        self._now = now
        self._placed: list[tuple[Hold, list[HoldLine]]] = []
        self._released: set[UUID] = set()
        self._extended: dict[UUID, datetime] = {}
        self._shrunk: list[HoldLine] = []

    def live(self, ids: Iterable[UUID]) -> tuple[UUID, ...]:
        """Return those of the holds that still promise something."""
        return tuple(hold_id for hold_id in ids if hold_id in self._stock.holds)

    def replace(self, own: Iterable[UUID], wanted: WantedHold) -> Hold | DomainError:
        """Hold what is wanted, in place of a basket's own holds, which are released.

        Outcomes: the hold; what `place_holds` refuses, and then the own holds stay as they were.
        """
        lines = [line for one in own for line in self._stock.holds.get(one, ())]
        self._give_back(wanted.channel, lines)
        decided = decide(self._known, wanted, now=self._now)
        if isinstance(decided, DomainError):
            self._give_back(wanted.channel, lines, sign=-1)
            return decided
        self._end(self.live(own), lines)
        self._stock.holds[wanted.hold_id] = decided
        hold = placed(wanted, decided, self._now)
        self._placed.append((hold, decided))
        return hold

    def release(self, ids: Iterable[UUID]) -> None:
        """Release those of the holds that are live."""
        live = self.live(ids)
        lines = [line for one in live for line in self._stock.holds[one]]
        for line in lines:
            self._stock.level(line.sku, line.location).held -= line.quantity
        self._end(live, lines)

    def shrink(self, own: Iterable[UUID], most: Mapping[Place, int]) -> tuple[UUID, ...]:
        """Keep of a basket's live holds at most so many of each SKU and location, a kit as itself.

        Returns the holds that still promise something; the others are released.
        """
        left = Counter(most)
        kept = []
        for hold_id in self.live(own):
            before = sorted(self._stock.holds[hold_id], key=attrgetter("number", "sku"))
            lines = [
                smaller
                for _, parts in groupby(before, attrgetter("number"))
                for smaller in _shrunk(list(parts), left)
            ]
            if not any(line.quantity for line in lines):
                self.release([hold_id])
                continue
            for was, line in zip(before, lines, strict=True):
                if was != line:
                    self._stock.level(line.sku, line.location).held += line.quantity - was.quantity
                    self._shrunk.append(line)
            self._stock.holds[hold_id] = lines
            kept.append(hold_id)
        return tuple(kept)

    def extend(self, ids: Iterable[UUID], until: datetime) -> None:
        """Let those of the holds that are live last until a moment, if they would not anyway."""
        for hold_id in self.live(ids):
            lines = self._stock.holds[hold_id]
            if all(line.expires_at >= until for line in lines):
                continue
            self._extended[hold_id] = until
            self._stock.holds[hold_id] = [replace(line, expires_at=until) for line in lines]

    async def write(self, tx: Transaction, *more: Write) -> None:
        """Write what was decided so far, with `more`, in a statement or two; it changes no more."""
        await tx.write(
            *write(self._stock, now=self._now),
            *write_placed(self._placed),
            *write_released(self._released, now=self._now),
            *write_columns(
                _SHRINK,
                [(line.hold_id, line.number, line.sku, line.quantity) for line in self._shrunk],
            ),
            *more,
        )
        # The lines of one hold are not extended and shrunk in one statement.
        await tx.write(*write_extended(self._extended))
        self._stock.settle()
        self._placed, self._shrunk = [], []
        self._released.clear()
        self._extended.clear()

    def _end(self, ids: Collection[UUID], lines: Sequence[HoldLine]) -> None:
        self._stock.closed_lines += lines
        self._released.update(ids)
        for hold_id in ids:
            self._extended.pop(hold_id, None)
            del self._stock.holds[hold_id]

    def _give_back(self, channel: str | None, lines: Sequence[HoldLine], *, sign: int = 1) -> None:
        """Take what a basket's own lines hold for free, or (-1) for held again."""
        again = Counter[Place]()
        policy = self._known.policies.get(channel or "")
        for line in lines:
            self._stock.level(line.sku, line.location).held -= sign * line.quantity
            if policy and (policy.pool is None or line.location in policy.pool):
                again[line.sku, line.location] -= sign * line.quantity
        if channel:
            self._known.room.take(channel, again)


async def lock_holding(
    tx: Transaction,
    *,
    places: Collection[Place],
    promised: Collection[tuple[str, str]],
    holds: Collection[UUID],
    now: datetime,
) -> Holding:
    """Lock what changing the holds of some baskets needs; for nothing, nobody is asked.

    `places` are those of the goods that may be held, `promised` the (channel, SKU) pairs of what may
    be promised, `holds` the baskets' own. Locks: the levels of all of them, by (SKU, location).
    """
    if not places and not holds:
        return Holding(Surroundings((), {}, {}, {}, ChannelRoom(), Stock({})), now=now)
    found = await tx.read(*needed(places, {channel for channel, _ in promised}, holds=holds))
    return Holding(await surveyed(tx, found, promised, holds=holds, now=now), now=now)


def _shrunk(parts: Sequence[HoldLine], left: Counter[Place]) -> list[HoldLine]:
    """Return the parts of one line of a hold, of so many units as are left of it at most."""
    first = parts[0]
    place = first.kit or first.sku, first.location
    units = min(first.quantity // first.per_unit, left[place])
    left[place] -= units
    return [
        part
        if part.quantity == units * part.per_unit
        else replace(part, quantity=units * part.per_unit)
        for part in parts
    ]
