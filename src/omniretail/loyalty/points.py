"""What may be done with loyalty accounts, first come first served: earning, spending, giving back. Pure.

The accounts are locked, with those of their lots that may matter: the next to be spent, those of named
orders, and those that live holds promise. Locking, reading and writing live in `store`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from omniretail.errors import DomainError
from omniretail.ids import new_id
from omniretail.loyalty.books import Books, OrderPoints, spending_order
from omniretail.loyalty.earning import Earned
from omniretail.loyalty.lot import (
    Account,
    EntryType,
    Hold,
    InsufficientPoints,
    Lot,
    PointsHoldEnded,
    RedemptionLimitReached,
    Review,
    Source,
    Spending,
    UnknownLoyaltyHold,
)
from omniretail.loyalty.programme import Programme, day_ends_at, expires_at, local_day
from omniretail.loyalty.tiers import Standing, raised


class Ledger(Books):
    """Locked loyalty accounts, and what may be done with them, one command after the other."""

    def hold(self, hold: Hold) -> DomainError | None:
        """Promise points to a checkout for a while, those that expire the soonest first."""
        account = self.open_account(hold.account_id)
        if isinstance(account, DomainError):
            return account
        if refusal := _too_few(account, hold.points):
            return refusal
        lots: dict[UUID, int] = {}
        for lot, points in self.free_lots(account.id, hold.points):
            lots[lot.id] = points
            self.put_lot(replace(lot, held=lot.held + points))
        self.put(self.holds, hold.id, replace(hold, lots=lots))
        self.steady(account.id, hold.expires_at)
        self.add_held(account.id, hold.points)
        return None

    def live_hold(self, account_id: UUID, hold_id: UUID) -> Hold | DomainError:
        """Return a hold that still promises points of an account."""
        hold = self.holds.get(hold_id)
        if hold is None or hold.account_id != account_id:
            return UnknownLoyaltyHold(hold_id)
        return hold if hold.state == "held" else PointsHoldEnded(hold_id, hold.state)

    def void(self, account_id: UUID, hold_id: UUID) -> DomainError | None:
        """Give back what a hold promises; one that has ended already stays as it is."""
        hold = self.live_hold(account_id, hold_id)
        if isinstance(hold, PointsHoldEnded) and hold.fields["state"] in {"voided", "lapsed"}:
            return None
        if isinstance(hold, DomainError):
            return hold
        self.end_hold(hold, "voided")
        return None

    def spend(
        self,
        account_id: UUID,
        points: int,
        source: Source,
        programme: Programme,
        *,
        hold_id: UUID | None = None,
    ) -> DomainError | None:
        """Spend points for an order: those of its hold first, else those that expire the soonest.

        What a live hold promises can be spent though its lot expired meanwhile; a hold that has run
        out promises nothing.
        """
        assert source.order_id is not None, "points are spent for an order"
        assert source.tender_number is not None, "and for a tender of it, or its reward"
        account = self.open_account(account_id)
        if isinstance(account, DomainError):
            return account
        day = self.day_of(account.id, local_day(programme, source.occurred_at))
        most = programme.most_redemptions_a_day
        if most is not None and day.redemptions >= most:
            return RedemptionLimitReached(account.id, most=most)
        first: list[tuple[UUID, int]] = []
        if hold_id is not None:
            hold = self.live_hold(account.id, hold_id)
            if isinstance(hold, DomainError):
                return hold
            left = points
            for lot_id, held in hold.lots.items():
                first.append((lot_id, min(held, left)))
                left -= first[-1][1]
            if refusal := _too_few(account, left, promised=hold.points):
                return refusal
            self.end_hold(replace(hold, order_id=source.order_id), "committed")
        elif refusal := _too_few(account, points):
            return refusal
        used = self._spent(account.id, first, points, source)
        for position, (lot_id, taken) in enumerate(used):
            spending = Spending(
                order_id=source.order_id,
                tender_number=source.tender_number,
                position=position,
                lot_id=lot_id,
                points=taken,
            )
            self.put(self.spendings, (source.order_id, source.tender_number, position), spending)
        record = self.record_of(source.order_id, account.id, day.day)
        self.put(
            self.orders,
            source.order_id,
            replace(record, spent_points=record.spent_points + points),
        )
        self.put(self.days, (account.id, day.day), replace(day, redemptions=day.redemptions + 1))
        return None

    def restore(
        self,
        order_id: UUID,
        tender_number: int,
        points: int,
        source: Source,
        programme: Programme,
    ) -> None:
        """Give spent points back to the lots they came from, the last one first.

        They are valid for so many days at least, as the programme says; where their lot's time is over
        before that, they make a lot of their own. What the account owes is repaid from them at once.
        """
        record = self.orders[order_id]
        account = self.account_of(record)
        until = day_ends_at(programme, source.occurred_at + timedelta(days=programme.restored_days))
        left = points
        places = [key for key in self.spendings if key[:2] == (order_id, tender_number)]
        for place in sorted(places, reverse=True):
            spending = self.spendings[place]
            back = min(left, spending.points - spending.restored)
            if back == 0:
                continue
            left -= back
            lot = self.lots[spending.lot_id]
            ends = lot.expires_at
            if lot.account_id == account.id and (ends is None or ends >= until):
                lot = replace(lot, remaining=lot.remaining + back)
            else:
                lot = Lot(
                    id=new_id(),
                    account_id=account.id,
                    kind="restored",
                    quantity=back,
                    remaining=back,
                    earned_at=lot.earned_at,
                    available_at=source.occurred_at,
                    expires_at=None if ends is None else max(ends, until),
                    origin_id=lot.id,
                )
            self.put_lot(lot)
            self.enter("restored", back, source, lot=lot, lot_change=back)
            self.repay(lot, source)
            self.put(self.spendings, place, replace(spending, restored=spending.restored + back))
        assert left == 0, "an order gives back no more than it spent"
        restored = record.restored_points + points
        self.put(self.orders, order_id, replace(record, restored_points=restored))

    def earn(
        self,
        account_id: UUID,
        earned: Earned,
        source: Source,
        programme: Programme,
        *,
        reached_at: datetime | None,
        claimed_late: bool = False,
    ) -> None:
        """Note what an order earns, and put it in a lot; `reached_at` is when its goods were there.

        What an account owes is repaid at once. More than the programme allows in a day, or claimed too
        late, waits until somebody has looked at it.
        """
        assert source.order_id is not None
        account = self.account(account_id)
        assert isinstance(account, Account), "who earns is locked"
        today = local_day(programme, source.occurred_at)
        record = self.record_of(source.order_id, account.id, today)
        record = replace(
            record,
            parts=(*record.parts, earned),
            earned_points=record.earned_points + earned.points,
            qualifying_points=record.qualifying_points + earned.base_points,
        )
        self.put(self.orders, record.order_id, record)
        day = self.day_of(account.id, today)
        most = programme.most_earned_a_day
        too_much = most is not None and day.earned + earned.points > most
        self.put(self.days, (account.id, today), replace(day, earned=day.earned + earned.points))
        self.count(record, earned.base_points)
        self._qualify(account.id, earned.base_points, programme, source.occurred_at)
        if earned.points == 0:
            return
        lot = self.put_in(
            Lot(
                id=new_id(),
                account_id=account.id,
                kind="earned",
                quantity=earned.points,
                remaining=earned.points,
                earned_at=source.occurred_at,
                order_id=source.order_id,
                in_review=too_much or claimed_late,
                **_times(programme, reached_at),
            ),
            "earned",
            source,
        )
        if lot.in_review:
            self._have_reviewed(lot, claimed_late=claimed_late)

    def put_in(
        self, lot: Lot, kind: EntryType, source: Source, *, other: UUID | None = None
    ) -> Lot:
        """Put a new lot on its account; what the account owes is repaid from it at once."""
        self.put_lot(lot)
        self.enter(kind, lot.quantity, source, lot=lot, lot_change=lot.quantity, other=other)
        return lot if lot.in_review else self.repay(lot, source)

    def repay(self, lot: Lot, source: Source) -> Lot:
        """Repay what a lot's account owes from the lot, as far as it goes."""
        account = self.accounts[lot.account_id]
        repaid = min(account.debt_points, lot.remaining - lot.held)
        if repaid:
            lot = replace(lot, remaining=lot.remaining - repaid)
            self.put_lot(lot)
            self.enter("repaid", repaid, source, lot=lot, lot_change=-repaid, debt_change=-repaid)
        return lot

    def restored(self, order_id: UUID, tender_number: int) -> int:
        """Return how many points an order's tender, or its reward (0), has had back."""
        return sum(
            spending.restored
            for place, spending in self.spendings.items()
            if place[:2] == (order_id, tender_number)
        )

    def reached(self, order_id: UUID, at: datetime, programme: Programme) -> None:
        """Have the clock of an order's points begin: its goods have reached the customer."""
        for lot in self.lots_of(order_id):
            if lot.available_at is None:
                self.put_lot(replace(lot, **_times(programme, at)))

    def reverse(
        self,
        order_id: UUID,
        points: int,
        base_points: int,
        source: Source,
        programme: Programme,
    ) -> None:
        """Take back points that an order does not earn any more.

        First what is pending of them, then what is active; what had expired already makes no
        difference. The rest comes from other lots, and then is owed; how far that goes the programme
        says.
        """
        record = self.orders[order_id]
        account = self.account_of(record)
        assert points <= record.earned_points - record.reversed_points, "no more than was earned"
        left = self._reverse_own(order_id, account, points, source, programme)
        left = self._reverse_others(account.id, left, source, programme)
        if left and programme.negative == "debt":
            self.enter("reversed", left, source, account_id=account.id, debt_change=left)
            left = 0
        self.put(
            self.orders,
            order_id,
            replace(
                record,
                reversed_points=record.reversed_points + points,
                forgiven_points=record.forgiven_points + left,
                qualifying_points=record.qualifying_points - base_points,
            ),
        )
        self.count(record, -base_points)

    def _reverse_own(
        self, order_id: UUID, account: Account, points: int, source: Source, programme: Programme
    ) -> int:
        own = [lot for lot in self.lots_of(order_id) if lot.account_id == account.id]
        for lot in own:
            if lot.pending_at(self.now):
                points -= self.take_from("reversed", lot, points, source)
        if programme.negative == "only_pending":
            return points
        for lot in own:
            if not lot.pending_at(self.now) and not lot.expired_at(self.now):
                points -= self.take_from("reversed", lot, points, source)
        for lot_id in [lot.id for lot in own]:
            lot = self.lots[lot_id]
            if gone := lot.gone_points(self.now):
                self.book_expired(lot, gone, source)
        # What had expired stayed behind where accounts were merged: it makes no difference there either.
        for lot in self.lots_of(order_id):
            points -= self._absorb(lot, points, source, account)
        return points

    def _absorb(self, lot: Lot, most: int, source: Source, account: Account) -> int:
        """Reverse points that expired: they are gone already."""
        absorbed = min(most, lot.expired - lot.absorbed)
        if absorbed:
            self.put_lot(replace(lot, absorbed=lot.absorbed + absorbed))
            self.enter("absorbed", absorbed, source, lot=lot, account_id=account.id)
        return absorbed

    def _reverse_others(
        self, account_id: UUID, points: int, source: Source, programme: Programme
    ) -> int:
        if programme.negative == "only_pending":
            return points
        if programme.negative == "within_balance":
            account = self.accounts[account_id]
            within = max(0, account.balance_points - account.held_points)
        else:
            within = points
        allowed = min(points, within)
        for pending in (False, True):
            for lot in sorted(self.lots_on(account_id), key=spending_order):
                if lot.pending_at(self.now) == pending and not lot.expired_at(self.now):
                    taken = self.take_from("reversed", lot, allowed, source)
                    allowed -= taken
                    points -= taken
        return points

    def take(
        self,
        account_id: UUID,
        points: int,
        kind: EntryType,
        source: Source,
        *,
        other: UUID | None = None,
    ) -> list[tuple[Lot, int]] | DomainError:
        """Take free points from an account, those that expire the soonest first; or say why not."""
        account = self.open_account(account_id)
        if isinstance(account, DomainError):
            return account
        if refusal := _too_few(account, points):
            return refusal
        taken = list(self.free_lots(account.id, points))
        for lot, share in taken:
            self.take_from(kind, lot, share, source, other=other)
        return taken

    def take_lot(
        self, lot: Lot, kind: EntryType, source: Source, *, other: UUID | None = None
    ) -> int:
        """Take all that is left of a lot, but for what is promised."""
        return self.take_from(kind, lot, lot.remaining, source, other=other)

    def _spent(
        self,
        account_id: UUID,
        first: Iterable[tuple[UUID, int]],
        points: int,
        source: Source,
    ) -> list[tuple[UUID, int]]:
        """Take points from named lots, and the rest from those that expire the soonest."""
        used: dict[UUID, int] = {}
        for lot_id, share in first:
            if share:
                lot = self.lots[lot_id]
                self.put_lot(replace(lot, remaining=lot.remaining - share))
                self.enter("spent", share, source, lot=lot, lot_change=-share)
                used[lot_id] = share
                points -= share
        for lot, share in list(self.free_lots(account_id, points)):
            self.take_from("spent", lot, share, source)
            used[lot.id] = used.get(lot.id, 0) + share
        return list(used.items())

    def _have_reviewed(self, lot: Lot, *, claimed_late: bool) -> None:
        """Ask that somebody looks at a lot before it counts."""
        review = Review(
            id=new_id(),
            account_id=lot.account_id,
            lot_id=lot.id,
            order_id=lot.order_id,
            why="claimed_late" if claimed_late else "earned_too_much",
            points=lot.quantity,
            opened_at=self.now,
        )
        self.put(self.reviews, review.id, review)

    def count(self, record: OrderPoints, base_points: int) -> None:
        """Count qualifying points on the day that all of an order's count for."""
        day = self.day_of(record.account_id, record.day)
        counted = replace(day, qualifying=day.qualifying + base_points)
        self.put(self.days, (record.account_id, record.day), counted)

    def _qualify(
        self, account_id: UUID, base_points: int, programme: Programme, at: datetime
    ) -> None:
        """Count points for the tier, which rises at once."""
        self.put(self.qualifying, account_id, self.qualifying.get(account_id, 0) + base_points)
        account = self.accounts[account_id]
        standing = raised(
            programme,
            Standing(tier=account.tier, until=account.tier_until),
            self.qualifying[account_id],
            at,
        )
        if (standing.tier, standing.until) != (account.tier, account.tier_until):
            self.put(
                self.accounts,
                account_id,
                replace(account, tier=standing.tier, tier_until=standing.until),
            )


def _times(programme: Programme, reached_at: datetime | None) -> dict[str, Any]:
    """Return when points can be spent, and until when, by when their goods were there."""
    if reached_at is None:
        return {"available_at": None, "expires_at": None}
    available_at = reached_at + timedelta(days=programme.pending_days)
    return {"available_at": available_at, "expires_at": expires_at(programme, available_at)}


def _too_few(account: Account, points: int, *, promised: int = 0) -> InsufficientPoints | None:
    """Return why an account cannot spend so many points more than a hold of its own promises, or None."""
    if points <= account.spendable_points:
        return None
    return InsufficientPoints(
        account.id,
        requested=points + promised,
        available=account.spendable_points + promised,
    )
