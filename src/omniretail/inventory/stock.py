"""The stock a batch works on: locked levels, changed in memory first come first served. Pure.

Here is every rule of what may move. What is known of a place beyond its level (its lots, counts,
supply) is told by `operations.survey`; what was accepted is written by `operations.write`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec.structs import replace

from omniretail.errors import DomainError
from omniretail.ids import new_id
from omniretail.inventory.accepted import BookedCount, OpenedShortage, Posted
from omniretail.inventory.costs import Cost, CostChange, CostCurrencyDiffers, moving_average
from omniretail.inventory.counts import (
    CountContradicted,
    Counted,
    CountRow,
    CountStale,
    correction,
    count_after,
    first_after,
    variance_movements,
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
from omniretail.inventory.movements import Movement, Posting, Source
from omniretail.inventory.promises import HoldLine, Ordering, Supply, promise_date
from omniretail.inventory.serials import Serial
from omniretail.inventory.tracking import Tracked, track


class Stock:
    """Levels and all that was learned of them, changed by what is accepted."""

    def __init__(self, levels: Mapping[Place, Level]) -> None:
        self._levels = dict(levels)
        self._touched: set[Place] = set()
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
        self.on_the_way: dict[tuple[UUID, str], list[Lot]] = {}
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
        place = sku, location
        self._touched.add(place)
        level = self._levels.get(place)
        if level is None:
            level = self._levels[place] = Level()
        return level

    def levels(self) -> Iterable[tuple[Place, Level]]:
        """Return every level that was asked for, in the one global order."""
        return ((place, self._levels[place]) for place in sorted(self._touched))

    def add(self, more: "Stock") -> None:
        """Take in levels that were locked later, and not changed yet."""
        self._levels |= more._levels
        self.before |= more.before

    def settle(self) -> None:
        """Note that what was accepted so far is written, or about to be: it changes no more."""
        for place in self._touched:
            self.before[place] = replace(self._levels[place])
        self._touched.clear()
        self.serials_before |= self.serials_changed
        self.accepted, self.closed_lines, self.opened = [], [], []
        self.booked_counts, self.cost_changes = [], []
        self.variances, self.arrived = defaultdict(int), Counter()
        self.lots_before, self.serials_changed = {}, {}

    def post(self, posting: Posting, hold: Sequence[HoldLine] = ()) -> DomainError | None:
        """Accept a posting's movements, all or none; returns None, or why they are refused.

        Movements of one SKU at one location are summed before they are judged. The lines of `hold`
        are the poster's own: they do not stand in its way, and end with it.
        """
        tracked = self._tracked(posting)
        short = tracked if isinstance(tracked, InsufficientStock) else None
        movements = posting.movements
        if isinstance(tracked, Tracked):
            movements = self._with_corrections(posting.source, tracked)
        elif short is None:
            return tracked
        demands = demands_of(movements, posting.source.occurred_at)
        for line in hold:
            self.level(line.sku, line.location).held -= line.quantity
        # Of what the lots lack, the level says how much of them is promised to others.
        refusal = self._refusal(demands, forced=posting.forced) or short
        if refusal or isinstance(tracked, DomainError):
            for line in hold:
                self.level(line.sku, line.location).held += line.quantity
            return refusal
        self.closed_lines += hold
        self._keep(posting.source.document_id, tracked)
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

    def variance(self, row: CountRow) -> int | DomainError:
        """Return the variance that a count would have now, or why it is refused; books nothing."""
        place = row.sku, row.location
        level, lot = self.level(*place), self._lot(place, row.lot)
        now_there = level.on_hand if lot is None else lot.on_hand
        since = self.moved_since.get((place, row.lot, row.occurred_at), 0)
        if place in self._moved:
            since += sum(
                change
                for at, of_lot, change in self._moved[place]
                if at > row.occurred_at and of_lot == row.lot
            )
        figure = now_there - since
        if row.expected is not None and row.expected != figure:
            return CountStale(
                sku=row.sku, location=row.location, expected=row.expected, on_hand=figure
            )
        variance = row.quantity - figure
        effect = 0 if self._later(row) else variance
        if effect < 0 and now_there + effect < 0:
            return CountContradicted(
                sku=row.sku,
                location=row.location,
                quantity=row.quantity,
                on_hand=now_there + effect,
            )
        if level.on_hand + effect > MOST_QUANTITY:
            return QuantityTooLarge(sku=row.sku, location=row.location)
        return variance

    def count(self, source: Source, row: CountRow) -> int | DomainError:
        """Accept a count: its variance moves now; returns the variance, or why it is refused.

        Nothing is suspected of what was counted. A count of one lot of several leaves that open.
        """
        variance = self.variance(row)
        if isinstance(variance, DomainError):
            return variance
        place, later = (row.sku, row.location), self._later(row)
        level, lot = self.level(*place), self._lot(place, row.lot)
        effect, there = 0 if later else variance, level if lot is None else lot
        movements = variance_movements(row, variance, effect, there)
        if later and variance:
            movements += [correction(later, movement) for movement in movements]
        self._count_movements(source, movements, level, lot)
        if level.counted_at is None or level.counted_at < row.occurred_at:
            level.counted_at = row.occurred_at
        level.bound_suspicion()
        if not any(one.shelf > 0 for one in self.lots.get(place, ()) if one is not lot):
            level.suspected = 0
        self.counts.setdefault(place, []).append(Counted(row.id, row.occurred_at, row.lot))
        self.booked_counts.append(BookedCount(row=row, source=source))
        return variance

    def suspect(self, sku: str, location: str, quantity: int | None = None) -> int:
        """Mark units that are in the books and that nobody found; returns how many.

        So many more, or (None) all; at most what is neither set aside, promised to orders nor
        suspected already: release first what an order shall not get. It moves nothing. Nobody is
        promised these units until they are counted; a till still sells those it has in its hand.
        """
        assert quantity is None or quantity >= 0, "units are suspected, or none"
        level = self.level(sku, location)
        most = max(0, level.shelf - level.allocated - level.suspected)
        units = most if quantity is None else min(quantity, most)
        level.suspected += units
        return units

    def clear(self, sku: str, location: str) -> None:
        """Suspect nothing of a place any more: all of it was counted."""
        self.level(sku, location).suspected = 0

    def lots_to_count(self, sku: str, location: str) -> list[str | None]:
        """Return what to count to know what is there: each lot with units, or the SKU as such (None)."""
        if self.tracking.get(sku) != "lot":
            return [None]
        there = (lot.lot for lot in self.lots.get((sku, location), ()) if lot.on_hand > 0)
        return [*sorted(there)]

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

    def orderable(self, sku: str, location: str, freed: int = 0) -> int:
        """Return what may be promised: what is there, and what is coming where that is allowed.

        `freed` units are promised no longer, by the same posting.
        """
        level, ordering = self.level(sku, location), self.ordering.get(sku)
        if ordering is None:
            return max(0, level.raw + freed)
        coming = sum(supply.quantity for supply in self.supply.get((sku, location), ()))
        beyond = level.raw + freed + coming + ordering.limit
        return max(0, min(beyond, MOST_QUANTITY - level.allocated))

    def promised_at(self, sku: str, location: str, quantity: int) -> datetime | None:
        """Return when so many more could leave; None means now, or that nobody knows."""
        level, ordering = self.level(sku, location), self.ordering.get(sku)
        if ordering is None or quantity <= level.available_to_promise:
            return None
        return promise_date(level.raw, self.supply.get((sku, location), ()), quantity, ordering)

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
            elif level.allocated + demand.allocated > MOST_QUANTITY:
                return QuantityTooLarge(sku=sku, location=location)
            assert level.allocated + demand.allocated >= 0, "an order gave back more than it has"
        return InsufficientStock(shortages) if shortages else None

    def _lacking(
        self, sku: str, location: str, level: Level, demand: Demand, *, forced: bool
    ) -> int | None:
        """Return what there is where that is less than what is asked for, or None."""
        if demand.promised:
            most = max(0, level.raw + demand.freed)
            if demand.promised > most:
                most = self.orderable(sku, location, demand.freed)
            if demand.promised > most:
                return most
        taken = demand.taken - demand.spoken_for
        free = level.free + demand.freed
        if taken > 0 and not forced and taken + demand.promised > free:
            return free
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
            if demand.promised > max(0, self.level(*place).raw + demand.freed)
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
            level.bound_suspicion()
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
                if movement.type == "counted" and (count := movement.corrects or movement.id):
                    self.variances[count] += change

    def _with_corrections(self, source: Source, tracked: Tracked) -> Sequence[Movement]:
        """Add what takes back the effect of events that a count has spoken for already."""
        if not self.counts:
            return tracked.movements
        movements: list[Movement] = []
        corrections: list[Movement] = []
        for posted in tracked.movements:
            movement = posted
            place = movement.sku, movement.location
            counts = self.counts.get(place, ())
            at = movement.occurred_at or source.occurred_at
            later = count_after(counts, at, movement.lot) if movement.on_hand_change else None
            if later and movement.lot:
                lot = next(one for one in tracked.lots[place] if one.lot == movement.lot)
                lot.move(correction(later, movement))
            elif movement.lot is None and movement.on_hand_change and place in tracked.lots:
                # What left without a lot was of one that was counted since.
                later = first_after(counts, at)
                movement = movement._replace(lot=later.lot if later else None)
            movements.append(movement)
            if later:
                corrections.append(correction(later, movement))
        return [*movements, *corrections]

    def _count_movements(
        self, source: Source, movements: Sequence[Movement], level: Level, lot: Lot | None
    ) -> None:
        missing = level.missing
        for movement in movements:
            level.on_hand += movement.on_hand_change
            level.damaged += movement.change("damaged")
            level.quality_control += movement.change("quality_control")
            if lot is not None:
                lot.move(movement)
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

    def _later(self, row: CountRow) -> Counted | None:
        """Return the count that has said since what is there: `row` changes what it made of it."""
        counts = self.counts.get((row.sku, row.location))
        if not counts:
            return None
        return count_after(counts, row.occurred_at, row.lot, of_count=True)

    def _lot(self, place: Place, name: str | None) -> Lot | None:
        if name is None:
            return None
        lots = self.lots.setdefault(place, [])
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
            on_the_way={
                sku: lots
                for (document, sku), lots in self.on_the_way.items()
                if document == posting.source.document_id
            },
        )

    def _keep(self, document: UUID, tracked: Tracked) -> None:
        for place, lots in tracked.lots.items():
            stood = self.lots.get(place, [])
            self.lots_before.setdefault(place, {lot.lot: lot for lot in stood})
            self.lots[place] = lots
        for sku, lots in tracked.on_the_way.items():
            self.on_the_way[document, sku] = lots
        self.serials |= tracked.serials
        self.serials_changed |= tracked.serials


def posted(stock: Stock, sku: str, location: str) -> Posted:
    """Return the level of a place as it stands after what was accepted so far."""
    level = stock.level(sku, location)
    return Posted(
        sku,
        location,
        level.on_hand,
        level.allocated,
        level.held,
        level.damaged,
        level.quality_control,
        level.available_to_promise,
    )
