"""The independent auditor: what a careful clerk would note of each event, in plain dictionaries.

He knows the trade and nothing of the ledger: his figure for any moment is the last count before it,
and what happened since.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

Place = tuple[str, str]
Needs = Counter[Place]

FOREVER = datetime.max.replace(tzinfo=UTC)
KITS: Mapping[str, Mapping[str, int]] = {"K": {"A": 2, "B": 1}}
SAFETY = {"WH": 0, "S1": 1, "S2": 0}


def needs(lines: Sequence[tuple[str, int]], location: str) -> Needs:
    """What some lines take at a location, kits by their components."""
    found: Needs = Counter()
    for sku, n in lines:
        for part, units in KITS.get(sku, {sku: 1}).items():
            found[part, location] += units * n
    return found


@dataclass
class Shelf:
    """One SKU at one location."""

    events: list[tuple[datetime, int]] = field(default_factory=list)
    counts: list[tuple[datetime, int]] = field(default_factory=list)
    allocated: int = 0
    damaged: int = 0
    quality_control: int = 0
    suspected: int = 0

    def at(self, moment: datetime) -> int:
        """How many were there at a moment, as far as is known today."""
        since, figure = None, 0
        for counted_at, counted in self.counts:
            if counted_at <= moment and (since is None or counted_at >= since):
                since, figure = counted_at, counted
        return figure + sum(
            change
            for happened_at, change in self.events
            if happened_at <= moment and (since is None or happened_at > since)
        )

    def spoken_for(self, moment: datetime) -> bool:
        """Whether a count speaks for what happened at a moment."""
        return any(counted_at >= moment for counted_at, _ in self.counts)

    @property
    def on_hand(self) -> int:
        """How many are there."""
        return self.at(FOREVER)

    @property
    def shelf(self) -> int:
        """How many of them are not set aside."""
        return self.on_hand - self.damaged - self.quality_control

    def count(self, moment: datetime, figure: int) -> None:
        """Note a count; where the shelf has too few to lose, what was inspected is lost first."""
        before, shelf = self.on_hand, max(0, self.shelf)
        self.counts.append((moment, figure))
        lost = max(0, before - self.on_hand - shelf)
        inspected = min(lost, self.quality_control)
        self.quality_control -= inspected
        self.damaged -= lost - inspected
        self.suspected = 0

    def suspect(self, n: int | None) -> int:
        """Note that staff did not find units that nobody ordered, all of them or some."""
        most = max(0, self.shelf - self.allocated - self.suspected)
        units = most if n is None else min(n, most)
        self.suspected += units
        return units


@dataclass
class Held:
    """What a hold keeps, and until when."""

    needs: Needs
    expires_at: datetime
    ended: bool = False
    released: bool = False
    converted: bool = False


class Auditor:
    """All shelves, lots, serial numbers and holds; who uses the coupon, and what is claimed of it."""

    def __init__(self, expiries: Mapping[str, date | None], today: date) -> None:
        self.shelves: defaultdict[Place, Shelf] = defaultdict(Shelf)
        self.lots: defaultdict[Place, Counter[str]] = defaultdict(Counter)
        self.serials: dict[str, bool] = {}
        self.holds: dict[UUID, Held] = {}
        self.uses: set[UUID] = set()
        self.claims: dict[UUID, datetime] = {}
        self.expiries = expiries
        self.today = today

    def keep_for(self, hold_id: UUID, kept: Needs, expires_at: datetime) -> None:
        """Note a hold that was placed."""
        self.holds[hold_id] = Held(kept, expires_at)

    def held(self, place: Place, now: datetime) -> int:
        """How many are held for baskets."""
        return sum(
            hold.needs[place]
            for hold in self.holds.values()
            if not hold.ended and hold.expires_at > now
        )

    def past_date(self, place: Place) -> int:
        """How many are of lots past their date."""
        return sum(n for lot, n in self.lots[place].items() if self.expired(lot))

    def expired(self, lot: str) -> bool:
        """Whether a lot is past its date."""
        expires_on = self.expiries[lot]
        return expires_on is not None and expires_on < self.today

    def sellable(self, place: Place) -> int:
        """How many may leave with a customer."""
        return self.shelves[place].shelf - self.past_date(place)

    def free(self, place: Place, now: datetime) -> int:
        """How many of those are promised to nobody."""
        return self.sellable(place) - self.shelves[place].allocated - self.held(place, now)

    def promisable(self, place: Place, now: datetime) -> int:
        """How many may be promised."""
        return max(0, self.free(place, now) - self.withheld(place))

    def withheld(self, place: Place) -> int:
        """How many are promised to nobody though they are free."""
        return SAFETY[place[1]] + self.shelves[place].suspected

    def live(self, hold_id: UUID | None, now: datetime) -> Needs:
        """What a basket's own hold keeps for it."""
        hold = self.holds.get(hold_id) if hold_id else None
        return Counter() if hold is None or hold.ended or hold.expires_at <= now else hold.needs

    def fits(self, wanted: Needs, kind: str, now: datetime, own: Needs | None = None) -> bool:
        """Whether an order can be served, with what its own hold keeps."""
        for place, n in wanted.items():
            kept = own[place] if own else 0
            if kind == "carry_out":
                if n > self.free(place, now) + kept or not self.lots_suffice(place, n):
                    return False
            elif n > max(0, self.free(place, now) + kept - self.withheld(place)):
                return False
        return True

    def lots_suffice(self, place: Place, n: int) -> bool:
        """Whether there are enough units of lots that may be sold, where there are lots."""
        if place[0] != "L":
            return True
        good = sum(units for lot, units in self.lots[place].items() if not self.expired(lot))
        return good >= n

    def take(self, wanted: Needs, kind: str, now: datetime) -> None:
        """Note an order that was accepted."""
        for place, n in wanted.items():
            if kind == "carry_out":
                self.leave(place, n, now)
            else:
                self.shelves[place].allocated += n

    def leave(self, place: Place, n: int, at: datetime) -> None:
        """Note what left: of lots the earliest expiry first, what is past its date last."""
        self.shelves[place].events.append((at, -n))
        if place[0] != "L":
            return
        lots = self.lots[place]
        for lot in sorted(
            lots, key=lambda one: (self.expired(one), self.expiries[one] or date.max, one)
        ):
            units = min(n, lots[lot])
            lots[lot] -= units
            n -= units

    def find_what_left(self) -> None:
        """What is not on a shelf any more is not missing there."""
        for shelf in self.shelves.values():
            shelf.suspected = min(shelf.suspected, max(0, shelf.shelf))

    def grants(
        self, lines: list[tuple[str, int]], location: str, now: datetime
    ) -> list[tuple[str, int]]:
        """How much of each line a hold gets that takes what there is, line by line."""
        left: dict[Place, int] = {}
        granted = []
        for sku, n in lines:
            parts = KITS.get(sku, {sku: 1})
            for part in parts:
                place = part, location
                left.setdefault(place, self.promisable(place, now))
            units = min(n, *(left[part, location] // per for part, per in parts.items()))
            for part, per in parts.items():
                left[part, location] -= units * per
            granted.append((sku, units))
        return granted
