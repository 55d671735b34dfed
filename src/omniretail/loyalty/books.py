"""The locked books of loyalty accounts: lots, entries and sums, which follow what is accepted. Pure.

What may be done with them is decided in `points`; how they are locked, read and written is in `store`.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail.errors import DomainError
from omniretail.loyalty.earning import Earned
from omniretail.loyalty.lot import (
    Account,
    Day,
    Entry,
    EntryType,
    Hold,
    HoldState,
    Lot,
    LoyaltyAccountMerged,
    Review,
    Source,
    Spending,
    UnknownLoyaltyAccount,
)

Name = TypeVar("Name")
Thing = TypeVar("Thing")


class OrderPoints(msgspec.Struct, frozen=True, kw_only=True):
    """What an order earned, by which terms, and what of it was taken back; what it spent, and got back.

    Of `reversed_points`, `forgiven_points` were taken from nobody, since the programme asks for no more.
    `day` is the local day that it counts for.
    """

    order_id: UUID
    account_id: UUID
    day: date
    parts: tuple[Earned, ...] = ()
    earned_points: int = 0
    reversed_points: int = 0
    forgiven_points: int = 0
    qualifying_points: int = 0
    spent_points: int = 0
    restored_points: int = 0


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What was locked and read: `named` says which account an id or a merged account's id means.

    `members` says the account of each customer; `qualifying` what counts for each account's tier. What
    the clock did to `unsettled` accounts is not written yet, such as points that expired.
    """

    accounts: tuple[Account, ...] = ()
    named: Mapping[UUID, UUID] = {}
    members: Mapping[UUID, UUID] = {}
    lots: tuple[Lot, ...] = ()
    holds: tuple[Hold, ...] = ()
    orders: tuple[OrderPoints, ...] = ()
    spendings: tuple[Spending, ...] = ()
    days: tuple[Day, ...] = ()
    qualifying: Mapping[UUID, int] = {}
    unsettled: frozenset[UUID] = frozenset()


class Books:
    """Locked loyalty accounts, changed by what is accepted; all points are whole and above none.

    Holds that have run out are let go as the first thing, whoever comes.
    """

    def __init__(self, loaded: Loaded, *, now: datetime) -> None:
        self.now = now
        self.accounts = {one.id: one for one in loaded.accounts}
        self.lots = {one.id: one for one in loaded.lots}
        self.holds = {one.id: one for one in loaded.holds}
        self.orders = {one.order_id: one for one in loaded.orders}
        self.spendings = {
            (one.order_id, one.tender_number, one.position): one for one in loaded.spendings
        }
        self.days = {(one.account_id, one.day): one for one in loaded.days}
        self.members = loaded.members
        self.entries: list[Entry] = []
        self.reviews: dict[UUID, Review] = {}
        self.before = loaded
        self._named = loaded.named
        self.qualifying = dict(loaded.qualifying)
        self._been_on: dict[UUID, dict[UUID, None]] = {}
        for lot in loaded.lots:
            self._note(lot)
        self._undo: list[tuple[MutableMapping[Any, Any], Any, Any]] = []
        for hold in loaded.holds:
            if hold.state == "held" and hold.expires_at <= now:
                self._lapse(hold)

    def account(self, account_id: UUID) -> Account | DomainError:
        """Return an account as it stands after what was accepted so far."""
        account = self.accounts.get(self._named.get(account_id, account_id))
        return account or UnknownLoyaltyAccount(account_id)

    def open_account(self, account_id: UUID) -> Account | DomainError:
        """Return an account that was not merged into another one."""
        account = self.account(account_id)
        if isinstance(account, Account) and account.id != account_id:
            return LoyaltyAccountMerged(account_id, account.id)
        return account

    def expire(self, actor_id: UUID) -> None:
        """Write what expired by the clock into the books, of all lots that are here."""
        for lot in list(self.lots.values()):
            if lot.account_id in self.accounts and (gone := lot.gone_points(self.now)):
                self.book_expired(lot, gone, Source(actor_id=actor_id, occurred_at=self.now))

    def book_expired(self, lot: Lot, gone: int, source: Source) -> Lot:
        """Book points of a lot as expired, at the moment that they did."""
        ends = lot.expires_at
        assert ends is not None, "what expired had an end"
        lot = replace(lot, remaining=lot.remaining - gone, expired=lot.expired + gone)
        self.put_lot(lot)
        when = Source(actor_id=source.actor_id, occurred_at=ends)
        self.enter("expired", gone, when, lot=lot, lot_change=-gone)
        return lot

    def mark(self) -> tuple[int, int]:
        """Return a mark of what was accepted so far, for `take_back`."""
        return len(self._undo), len(self.entries)

    def take_back(self, mark: tuple[int, int]) -> None:
        """Undo what was accepted since a mark: a command was refused after its first tender."""
        undo, entries = mark
        del self.entries[entries:]
        while len(self._undo) > undo:
            table, name, before = self._undo.pop()
            if before is None:
                del table[name]
            else:
                table[name] = before

    def free_lots(self, account_id: UUID, points: int) -> Iterator[tuple[Lot, int]]:
        """Yield lots and how many of their free points make up so many, in the order of spending."""
        for lot in sorted(self.lots_on(account_id), key=spending_order):
            share = min(points, lot.free_points(self.now))
            if share and not lot.expired_at(self.now):
                points -= share
                yield lot, share
        assert points == 0, "what is free is in lots that were read"

    def take_from(
        self, kind: EntryType, lot: Lot, most: int, source: Source, *, other: UUID | None = None
    ) -> int:
        """Take up to so many points from a lot, but for those that are promised; return how many."""
        taken = min(most, lot.remaining - lot.held)
        if taken:
            self.put_lot(replace(lot, remaining=lot.remaining - taken))
            self.enter(kind, taken, source, lot=lot, lot_change=-taken, other=other)
        return taken

    def _lapse(self, hold: Hold) -> None:
        """Close a hold that has run out; the sums of its account are by the clock already."""
        for lot_id, points in hold.lots.items():
            lot = self.lots[lot_id]
            self.lots[lot_id] = replace(lot, held=lot.held - points)
        self.holds[hold.id] = replace(hold, state="lapsed", closed_at=self.now)

    def end_hold(self, hold: Hold, state: HoldState) -> None:
        """Close a hold: its points are free, or about to be spent."""
        for lot_id, points in hold.lots.items():
            lot = self.lots[lot_id]
            self.put_lot(replace(lot, held=lot.held - points))
        self.add_held(hold.account_id, -hold.points)
        self.put(self.holds, hold.id, replace(hold, state=state, closed_at=self.now))

    def account_of(self, record: OrderPoints) -> Account:
        """Return the account that an order's points are of now."""
        account = self.account(record.account_id)
        assert isinstance(account, Account), "an order's account is locked"
        return account

    def record_of(self, order_id: UUID, account_id: UUID, day: date) -> OrderPoints:
        """Return what an order earned and spent so far."""
        return self.orders.get(order_id) or OrderPoints(
            order_id=order_id, account_id=account_id, day=day
        )

    def day_of(self, account_id: UUID, day: date) -> Day:
        """Return what an account did on a day, as far as it was read."""
        return self.days.get((account_id, day)) or Day(account_id=account_id, day=day)

    def lots_of(self, order_id: UUID) -> list[Lot]:
        """Return the lots that an order earned."""
        return [
            lot for lot in self.lots.values() if lot.order_id == order_id and lot.kind == "earned"
        ]

    def lots_on(self, account_id: UUID) -> list[Lot]:
        """Return the lots of an account that are here."""
        been = [self.lots.get(lot_id) for lot_id in self._been_on.get(account_id, ())]
        return [lot for lot in been if lot is not None and lot.account_id == account_id]

    def put_lot(self, lot: Lot) -> None:
        """Have a lot be as it is given, and its account's sums follow."""
        was = self.lots.get(lot.id)
        self.put(self.lots, lot.id, lot)
        if was is not None and was.account_id != lot.account_id:
            self._sum(was.account_id, was, None)
            was = None
        if was is None:
            self._note(lot)
        self._sum(lot.account_id, was, lot)
        self.steady(lot.account_id, lot.changes_at(self.now))

    def add_lots(self, lots: Iterable[Lot]) -> None:
        """Have lots be here that were read after the locks were had; those that are here already stay."""
        more = {lot.id: lot for lot in lots if lot.id not in self.lots}
        self.lots.update(more)
        for lot in more.values():
            self._note(lot)
        self.before = replace(self.before, lots=(*self.before.lots, *more.values()))

    def _note(self, lot: Lot) -> None:
        """Note that a lot is on its account, or has been: looking at all lots each time takes long."""
        self._been_on.setdefault(lot.account_id, {})[lot.id] = None

    def _sum(self, account_id: UUID, was: Lot | None, lot: Lot | None) -> None:
        """Have an account's sums follow what a lot of it was, and is."""
        account = self.accounts.get(account_id)
        if account is None:
            return
        points, active, pending = account.lots_points, account.active_points, account.pending_points
        if was is not None:
            points -= was.remaining
            active -= was.active_points(self.now)
            pending -= was.pending_points(self.now)
        if lot is not None:
            points += lot.remaining
            active += lot.active_points(self.now)
            pending += lot.pending_points(self.now)
        account = replace(account, lots_points=points, active_points=active, pending_points=pending)
        self.put(self.accounts, account_id, account)

    def steady(self, account_id: UUID, until: datetime | None) -> None:
        """Have an account's sums count no longer than until a moment."""
        account = self.accounts.get(account_id)
        if account is None or until is None:
            return
        if account.steady_until is None or until < account.steady_until:
            self.put(self.accounts, account_id, replace(account, steady_until=until))

    def add_held(self, account_id: UUID, more: int) -> None:
        """Have live holds promise so many points more of an account."""
        account = self.accounts[account_id]
        self.put(
            self.accounts, account_id, replace(account, held_points=account.held_points + more)
        )

    def enter(
        self,
        kind: EntryType,
        points: int,
        source: Source,
        *,
        lot: Lot | None = None,
        account_id: UUID | None = None,
        lot_change: int = 0,
        debt_change: int = 0,
        other: UUID | None = None,
    ) -> None:
        """Write an entry of an account: its version counts up, and what it owes follows."""
        on = account_id or (lot.account_id if lot is not None else None)
        assert on is not None, "an entry is of an account"
        assert points > 0, "an entry is of points"
        account = self.accounts[on]
        account = replace(
            account,
            version=account.version + 1,
            debt_points=account.debt_points + debt_change,
        )
        self.put(self.accounts, on, account)
        self.entries.append(
            Entry(
                account_id=on,
                sequence=account.version,
                type=kind,
                points=points,
                lot_id=lot.id if lot is not None else None,
                lot_change=lot_change,
                debt_change=debt_change,
                order_id=source.order_id,
                tender_number=source.tender_number,
                other_account_id=other,
                reason=source.reason,
                occurred_at=source.occurred_at,
                actor_id=source.actor_id,
                idempotency_key=source.idempotency_key,
            )
        )

    def put(self, table: MutableMapping[Name, Thing], name: Name, thing: Thing) -> None:
        """Have a thing be as it is given, so that it can be taken back."""
        self._undo.append((table, name, table.get(name)))
        table[name] = thing


def spending_order(lot: Lot) -> tuple[bool, float, datetime, UUID]:
    """Sort lots in the order of spending: the soonest expiry first, then the oldest."""
    ends = lot.expires_at
    return ends is None, ends.timestamp() if ends else 0.0, lot.earned_at, lot.id
