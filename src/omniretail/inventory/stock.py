"""The stock a batch works on: locked levels, changed in memory first come first served. Pure.

Here is every rule of what may move. What is known of a place beyond its level (its lots, counts,
supply) is told by `operations.survey`; what was accepted is written by `operations.write`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Protocol
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail.errors import DomainError
from omniretail.ids import new_id
from omniretail.inventory.costs import Cost, CostCurrencyDiffers, moving_average
from omniretail.inventory.counts import (
    CountContradicted,
    Counted,
    CountRow,
    CountStale,
    count_after,
)
from omniretail.inventory.demands import Demand, demands_of
from omniretail.inventory.levels import (
    MOST_QUANTITY,
    InsufficientStock,
    Level,
    Place,
    QuantityTooLarge,
    Shortage,
)
from omniretail.inventory.lots import Lot, expired_units
from omniretail.inventory.movements import Movement, Posting, Source, counted
from omniretail.inventory.serials import Serial
from omniretail.inventory.tracking import Tracked, track


class Ordering(Protocol):
    """What a SKU allows beyond its stock: `limit` units nobody has announced, shipping then."""

    @property
    def policy(self) -> str: ...  # noqa: D102
    @property
    def limit(self) -> int: ...  # noqa: D102
    @property
    def ships_at(self) -> datetime | None: ...  # noqa: D102


class HoldLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a hold promises of one SKU at one place, for one of its lines."""

    hold_id: UUID
    number: int
    sku: str
    location: str
    kit: str | None
    per_unit: int
    requested: int
    quantity: int
    expires_at: datetime


class Supply(msgspec.Struct, frozen=True):
    """Units that are announced for a place, and when they are expected."""

    quantity: int
    expected_at: datetime


class OpenedShortage(msgspec.Struct, frozen=True, kw_only=True):
    """A case that a posting opened: so many units are owed and not there."""

    id: UUID
    sku: str
    location: str
    missing: int
    source: Source


class BookedCount(msgspec.Struct, frozen=True, kw_only=True):
    """A count that was accepted, with the variance it led to."""

    row: CountRow
    source: Source
    variance: int


class CostChange(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt whose cost is known, and the place's average after it."""

    movement_id: UUID
    sku: str
    location: str
    quantity: int
    cost: Cost
    on_hand_before: int
    average: Cost


class Stock:
    """Levels and all that was learned of them, changed by what is accepted."""

    def __init__(self, levels: Mapping[Place, Level]) -> None:
        self._levels = dict(levels)
        self.before = {place: replace(level) for place, level in levels.items()}
        self._moved: dict[Place, list[tuple[datetime, str | None, int]]] = defaultdict(list)
        # What the survey tells.
        self.today = date.min
        self.tracking: Mapping[str, str] = {}
        self.lots: dict[Place, list[Lot]] = {}
        self.serials: dict[tuple[str, str], Serial] = {}
        self.serials_before: dict[tuple[str, str], Serial] = {}
        self.counts: dict[Place, list[Counted]] = {}
        self.moved_since: dict[tuple[Place, str | None, datetime], int] = {}
        self.ordering: Mapping[str, Ordering] = {}
        self.supply: dict[Place, list[Supply]] = {}
        self.holds: dict[UUID, list[HoldLine]] = {}
        self.averages: dict[Place, Cost] = {}
        # What was accepted.
        self.accepted: list[tuple[Source, Sequence[Movement]]] = []
        self.closed_lines: list[HoldLine] = []
        self.opened: list[OpenedShortage] = []
        self.booked_counts: list[BookedCount] = []
        self.variances: dict[UUID, int] = defaultdict(int)
        self.lots_before: dict[Place, dict[str, Lot]] = {}
        self.serials_changed: dict[tuple[str, str], Serial] = {}
        self.cost_changes: list[CostChange] = []
        self.arrived: Counter[UUID] = Counter()

    def level(self, sku: str, location: str) -> Level:
        """Return the level of a place as it stands after what was accepted so far."""
        return self._levels.setdefault((sku, location), Level())

    def levels(self) -> Iterable[tuple[Place, Level]]:
        """Return every level that was asked for, in the one global order."""
        return sorted(self._levels.items())

    def post(self, posting: Posting, hold: Sequence[HoldLine] = ()) -> DomainError | None:
        """Accept a posting's movements, all or none; returns None, or why they are refused.

        Movements of one SKU at one location are summed before they are judged. The lines of `hold`
        are the poster's own: they do not stand in its way, and end with it.
        """
        tracked = self._tracked(posting)
        if isinstance(tracked, DomainError):
            return tracked
        movements = self._with_corrections(posting.source, tracked.movements)
        demands = demands_of(movements, posting.source.occurred_at)
        for line in hold:
            self.level(line.sku, line.location).held -= line.quantity
        refusal = self._refusal(demands, forced=posting.forced)
        if refusal:
            for line in hold:
                self.level(line.sku, line.location).held += line.quantity
            return refusal
        self.closed_lines += hold
        self._keep(tracked)
        if self.ordering:
            movements = self._on_order(movements, demands)
        opened = self._apply(posting.source, demands)
        if opened:
            movements = [
                movement._replace(shortage_id=opened.get((movement.sku, movement.location)))
                for movement in movements
            ]
        self._record(posting.source, movements)
        return None

    def count(self, source: Source, row: CountRow) -> int | DomainError:
        """Accept a count: its variance moves now; returns the variance, or why it is refused."""
        place = row.sku, row.location
        level = self.level(*place)
        lot = self._lot(place, row.lot)
        now_there = level.on_hand if lot is None else lot.on_hand
        since = self.moved_since.get((place, row.lot, row.occurred_at), 0) + sum(
            change
            for at, of_lot, change in self._moved.get(place, ())
            if at > row.occurred_at and of_lot == row.lot
        )
        figure = now_there - since
        if row.expected is not None and row.expected != figure:
            return CountStale(
                sku=row.sku, location=row.location, expected=row.expected, on_hand=figure
            )
        variance = row.quantity - figure
        later = count_after(self.counts.get(place, ()), row.occurred_at, row.lot, of_count=True)
        # A later count has said what is there: this one then changes what that one made of it.
        effect = 0 if later else variance
        if effect < 0 and now_there + effect < 0:
            return CountContradicted(
                sku=row.sku,
                location=row.location,
                quantity=row.quantity,
                on_hand=now_there + effect,
            )
        if level.on_hand + effect > MOST_QUANTITY:
            return QuantityTooLarge(sku=row.sku, location=row.location)
        movements = self._variance(row, variance, level if lot is None else lot)
        if later and variance:
            movements += self._correction(later, row.sku, row.location, -variance)
        self._count_movements(source, movements, level, lot)
        if level.counted_at is None or level.counted_at < row.occurred_at:
            level.counted_at = row.occurred_at
        self.counts.setdefault(place, []).append(Counted(row.id, row.occurred_at, row.lot))
        self.booked_counts.append(BookedCount(row=row, source=source, variance=variance))
        return variance

    def came_at(self, movement: Movement, cost: Cost, on_hand_before: int) -> None:
        """Note what the goods of an accepted movement cost; the place's average follows."""
        assert movement.id is not None, "a movement with a cost is known by its identity"
        place = movement.sku, movement.location
        known = self.averages.get(place)
        average = moving_average(
            on_hand_before, known.amount if known else None, movement.quantity, cost.amount
        )
        self.averages[place] = Cost(average, cost.currency)
        self.cost_changes.append(
            CostChange(
                movement_id=movement.id,
                sku=movement.sku,
                location=movement.location,
                quantity=movement.quantity,
                cost=cost,
                on_hand_before=on_hand_before,
                average=self.averages[place],
            )
        )

    def other_currency(self, sku: str, location: str, currency: str) -> CostCurrencyDiffers | None:
        """Return the refusal of a cost in another currency than the place is valued in."""
        known = self.averages.get((sku, location))
        if known is None or known.currency == currency:
            return None
        return CostCurrencyDiffers(sku=sku, location=location, currency=known.currency)

    def hold(self, lines: Sequence[HoldLine]) -> None:
        """Promise the lines of a hold, whose quantities were judged before."""
        for line in lines:
            self.level(line.sku, line.location).held += line.quantity

    def release(self, lines: Sequence[HoldLine]) -> None:
        """Take back what the lines of a hold promise."""
        for line in lines:
            self.level(line.sku, line.location).held -= line.quantity
        self.closed_lines += lines

    def orderable(self, sku: str, location: str) -> int:
        """Return what may be promised: what is there, and what is coming where that is allowed."""
        level = self.level(sku, location)
        ordering = self.ordering.get(sku)
        if ordering is None:
            return level.available_to_promise
        coming = sum(supply.quantity for supply in self.supply.get((sku, location), ()))
        return max(0, level.free - level.safety_stock + coming + ordering.limit)

    def promised_at(self, sku: str, location: str, quantity: int) -> datetime | None:
        """Return when so many more could leave; None means now, or that nobody knows."""
        level, ordering = self.level(sku, location), self.ordering.get(sku)
        if ordering is None or quantity <= level.available_to_promise:
            return None
        there = level.free - level.safety_stock
        return promise_date(there, self.supply.get((sku, location), ()), quantity, ordering)

    def _refusal(
        self, demands: Mapping[Place, Demand], *, forced: bool
    ) -> InsufficientStock | QuantityTooLarge | None:
        shortages: list[Shortage] = []
        for (sku, location), demand in demands.items():
            level = self.level(sku, location)
            if level.on_hand + demand.on_hand > MOST_QUANTITY:
                return QuantityTooLarge(sku=sku, location=location)
            available = self._lacking(sku, location, level, demand, forced=forced)
            if available is not None:
                shortages.append(Shortage(sku, location, demand.requested, max(0, available)))
            assert level.allocated + demand.allocated >= 0, "an order gave back more than it has"
        return InsufficientStock(shortages) if shortages else None

    def _lacking(
        self, sku: str, location: str, level: Level, demand: Demand, *, forced: bool
    ) -> int | None:
        """Return what there is where that is less than what is asked for, or None."""
        if demand.promised:
            most = level.available_to_promise
            if demand.promised > most:
                most = self.orderable(sku, location)
            if demand.promised > most:
                return most
        taken = demand.taken - demand.spoken_for
        if taken > 0 and not forced and taken + demand.promised > level.free:
            return level.free
        for wanted, there in (
            (demand.leaving - demand.spoken_for, level.sellable),
            (demand.from_shelf - demand.spoken_for, level.shelf),
            (demand.from_damaged, level.damaged),
            (demand.from_quality_control, level.quality_control),
        ):
            if wanted > max(0, there):
                return there
        return None

    def _on_order(
        self, movements: Sequence[Movement], demands: Mapping[Place, Demand]
    ) -> Sequence[Movement]:
        """Say of what is promised beyond what is there that it is on order."""
        beyond = {
            place: self.ordering[place[0]].policy
            for place, demand in demands.items()
            if demand.promised > self.level(*place).available_to_promise
        }
        return [
            movement._replace(reason=beyond[place])
            if movement.type == "allocated"
            and (place := (movement.sku, movement.location)) in beyond
            else movement
            for movement in movements
        ]

    def _apply(self, source: Source, demands: Mapping[Place, Demand]) -> dict[Place, UUID]:
        """Change the levels; return the case of each place that is short by this posting."""
        cases: dict[Place, UUID] = {}
        for place, demand in demands.items():
            level = self._levels[place]
            missing = level.missing
            level.on_hand += demand.on_hand
            level.allocated += demand.allocated
            level.damaged += demand.damaged
            level.quality_control += demand.quality_control
            if demand.moved_at and (level.moved_at is None or level.moved_at < demand.moved_at):
                level.moved_at = demand.moved_at
            if place in self.lots:
                level.expired = expired_units(self.lots[place], self.today)
            # Orders for goods that are coming owe what is not there by agreement.
            if level.missing > missing and not demand.promised:
                cases[place] = self._open_case(source, place, level)
        return cases

    def _open_case(self, source: Source, place: Place, level: Level) -> UUID:
        if level.shortage_id is None:
            level.shortage_id = new_id()
            self.opened.append(
                OpenedShortage(
                    id=level.shortage_id,
                    sku=place[0],
                    location=place[1],
                    missing=level.missing,
                    source=source,
                )
            )
        return level.shortage_id

    def _record(self, source: Source, movements: Sequence[Movement]) -> None:
        self.accepted.append((source, movements))
        for movement in movements:
            change = movement.on_hand_change
            if change:
                at = movement.occurred_at or source.occurred_at
                place = movement.sku, movement.location
                self._moved[place].append((at, movement.lot, change))
                if movement.type == "counted" and movement.corrects:
                    self.variances[movement.corrects] += change

    def _with_corrections(
        self, source: Source, movements: Sequence[Movement]
    ) -> Sequence[Movement]:
        """Add what takes back the effect of events that a count has spoken for already."""
        corrections: list[Movement] = []
        for movement in movements:
            place = movement.sku, movement.location
            if place not in self.counts or not movement.on_hand_change:
                continue
            at = movement.occurred_at or source.occurred_at
            if later := count_after(self.counts[place], at, movement.lot):
                corrections += self._correction(
                    later, movement.sku, movement.location, -movement.on_hand_change
                )
        return [*movements, *corrections] if corrections else movements

    def _correction(self, count: Counted, sku: str, location: str, change: int) -> list[Movement]:
        return [
            counted(sku, location, change)._replace(
                corrects=count.id, occurred_at=count.occurred_at, lot=count.lot
            )
        ]

    def _variance(self, row: CountRow, variance: int, there: Level | Lot) -> list[Movement]:
        """Return the movements of a variance; what the shelf cannot lose, the set-aside loses."""
        if variance == 0:
            return []
        plain = counted(row.sku, row.location, variance)._replace(
            occurred_at=row.occurred_at, lot=row.lot, id=row.id
        )
        lost = max(0, -variance - max(0, there.shelf))
        if lost == 0:
            return [plain]
        movements = [plain._replace(quantity=plain.quantity - lost)] if lost < -variance else []
        for state, held in (
            ("quality_control", there.quality_control),
            ("damaged", there.damaged),
        ):
            if units := min(lost, held):
                aside = plain._replace(from_state=state, quantity=units)
                movements.append(aside._replace(id=None) if movements else aside)
                lost -= units
        if lost:  # nothing is left here to lose: a later count takes it back again
            movements.append(plain._replace(quantity=lost, id=None))
        return movements

    def _count_movements(
        self, source: Source, movements: Sequence[Movement], level: Level, lot: Lot | None
    ) -> None:
        missing = level.missing
        for movement in movements:
            for there in (level, lot):
                if there is not None:
                    there.on_hand += movement.on_hand_change
                    there.damaged += movement.change("damaged")
                    there.quality_control += movement.change("quality_control")
            at = movement.occurred_at
            if at and (level.moved_at is None or level.moved_at < at):
                level.moved_at = at
        if movements:
            place = movements[0].sku, movements[0].location
            if place in self.lots:
                level.expired = expired_units(self.lots[place], self.today)
            if level.missing > missing:
                self._open_case(source, place, level)
            self._record(source, movements)

    def _lot(self, place: Place, name: str | None) -> Lot | None:
        if name is None:
            return None
        lots = self.lots[place]
        self.lots_before.setdefault(place, {lot.lot: replace(lot) for lot in lots})
        found = next((lot for lot in lots if lot.lot == name), None)
        if found is None:
            found = Lot(name)
            lots.append(found)
        return found

    def _tracked(self, posting: Posting) -> DomainError | Tracked:
        if not self.tracking:
            return Tracked(posting.movements)
        return track(
            posting.movements,
            tracking=self.tracking,
            lots=self.lots,
            serials=self.serials,
            today=self.today,
            forced=posting.forced,
        )

    def _keep(self, tracked: Tracked) -> None:
        for place, lots in tracked.lots.items():
            stood = self.lots.get(place, [])
            self.lots_before.setdefault(place, {lot.lot: lot for lot in stood})
            self.lots[place] = lots
        self.serials |= tracked.serials
        self.serials_changed |= tracked.serials


def promise_date(
    there: int, supply: Sequence[Supply], quantity: int, ordering: Ordering
) -> datetime | None:
    """Return when `quantity` more could leave, of what is there (below 0: owed) and coming.

    Announced supply is owed to earlier promises first. Beyond all of it stands the SKU's own date.
    """
    for coming in sorted(supply, key=lambda coming: coming.expected_at):
        there += coming.quantity
        if there >= quantity:
            return coming.expected_at
    return ordering.ships_at


def utc_day(moment: datetime) -> date:
    """Return the day of a moment, by which lots expire."""
    return moment.astimezone(UTC).date()
