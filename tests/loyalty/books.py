"""Loyalty accounts without a database, moved by the real rules and checked by an auditor of its own."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from msgspec.structs import replace

from omniretail import channels
from omniretail.idempotency import Key
from omniretail.ids import new_id
from omniretail.loyalty import Earned, Programme, since
from omniretail.loyalty.books import Loaded, OrderPoints
from omniretail.loyalty.lot import (
    Account,
    Day,
    Entry,
    Gift,
    Hold,
    Lot,
    Merge,
    Review,
    Source,
    Spending,
)
from omniretail.loyalty.points import Ledger

Outcome = TypeVar("Outcome")

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOMEBODY = channels.Principal(
    id=UUID(int=7),
    kind="integration",
    name="office",
    scopes=frozenset(channels.SCOPES),
    channel=None,
    locations=frozenset(),
)
USUAL: dict[str, Any] = {
    "name": "Club",
    "zone": "Europe/Berlin",
    "per_minor": {"EUR": 100},
    "redeem_minor": {"EUR": 100},
}


def club(**more: Any) -> Programme:
    """A programme with one point per 1.00, a hundred of which pay 1.00."""
    return Programme(**(USUAL | more))


def key() -> Key:
    """A key that nobody used before."""
    return Key(SOMEBODY.id, str(new_id()), b"")


def source(now: datetime, **more: Any) -> Source:
    """Somebody changes an account."""
    return Source(actor_id=SOMEBODY.id, occurred_at=now, **more)


def earned(points: int) -> Earned:
    """What an order earned at the base rate."""
    return Earned(
        programme_id=UUID(int=1),
        currency="EUR",
        counted_minor=points * 100,
        total_minor=points * 100,
        tax_excluded=True,
        terms=(),
        lines=(),
        base_points=points,
        points=points,
    )


class World:
    """All loyalty accounts of a retailer, as rows would keep them."""

    def __init__(self, *names: str, programme: Programme | None = None) -> None:
        self.now = START
        self.programme = programme or club()
        self.entries: list[Entry] = []
        self.lots: dict[UUID, Lot] = {}
        self.holds: dict[UUID, Hold] = {}
        self.orders: dict[UUID, OrderPoints] = {}
        self.spendings: dict[tuple[UUID, int, int], Spending] = {}
        self.days: dict[tuple[UUID, Any], Day] = {}
        self.reviews: dict[UUID, Review] = {}
        self.gifts: dict[UUID, Gift] = {}
        self.merges: dict[UUID, Merge] = {}
        self.ids = {name: new_id() for name in names}
        self.accounts = {
            one: Account(
                id=one,
                version=0,
                status="open",
                lots_points=0,
                debt_points=0,
                active_points=0,
                pending_points=0,
                opened_at=START,
                opened_by=SOMEBODY.id,
                members=(new_id(),),
            )
            for one in self.ids.values()
        }

    def account(self, name: str) -> Account:
        """Return an account as it is by the clock."""
        return self.by_the_clock(self.accounts[self.ids[name]])

    def lots_on(self, name: str) -> list[Lot]:
        """Return the lots of an account that have points, the soonest expiry first."""
        lots = [
            lot for lot in self.lots.values() if lot.account_id == self.ids[name] and lot.remaining
        ]
        return sorted(lots, key=lambda lot: lot.expires_at or datetime.max.replace(tzinfo=UTC))

    def by_the_clock(self, account: Account) -> Account:
        """Return an account with the sums that its lots and holds have now."""
        live = [
            hold
            for hold in self.holds.values()
            if hold.account_id == account.id and hold.state == "held" and hold.expires_at > self.now
        ]
        active = pending = 0
        changes = [hold.expires_at for hold in live]
        for lot in self.lots.values():
            if lot.account_id != account.id or not lot.remaining:
                continue
            if lot.expires_at is not None and lot.expires_at <= self.now:
                active += sum(hold.lots.get(lot.id, 0) for hold in live)
                continue
            if lot.expires_at is not None:
                changes.append(lot.expires_at)
            if lot.in_review or lot.available_at is None or lot.available_at > self.now:
                pending += lot.remaining
                if lot.available_at is not None and not lot.in_review:
                    changes.append(lot.available_at)
            else:
                active += lot.remaining
        return replace(
            account,
            active_points=active,
            pending_points=pending,
            held_points=sum(hold.points for hold in live),
            steady_until=min(changes, default=None),
        )

    def root(self, account_id: UUID) -> UUID:
        """Return the account that an id means."""
        into = self.accounts[account_id].merged_into
        return account_id if into is None else self.root(into)

    def ledger(self) -> Ledger:
        """Return everything, locked."""
        return Ledger(
            Loaded(
                accounts=tuple(self.by_the_clock(one) for one in self.accounts.values()),
                named={one: self.root(one) for one in self.accounts},
                lots=tuple(self.lots.values()),
                holds=tuple(self.holds.values()),
                orders=tuple(self.orders.values()),
                spendings=tuple(self.spendings.values()),
                days=tuple(self.days.values()),
                members={
                    who: account.id for account in self.accounts.values() for who in account.members
                },
                qualifying={one: self._qualifying(one) for one in self.accounts},
            ),
            now=self.now,
        )

    def _qualifying(self, account_id: UUID) -> int:
        """Return what counts for the tier of an account now."""
        first = since(self.programme, self.now)
        return sum(
            day.qualifying
            for day in self.days.values()
            if day.account_id == account_id and day.day >= first
        )

    def do(self, what: Callable[[Ledger], Outcome]) -> Outcome:
        """Do something in a transaction of its own."""
        ledger = self.ledger()
        outcome = what(ledger)
        if isinstance(outcome, Gift):
            self.gifts[outcome.id] = outcome
        if isinstance(outcome, Merge):
            self.merges[outcome.id] = outcome
        self.keep(ledger)
        return outcome

    def keep(self, ledger: Ledger) -> None:
        """Have the world be what a ledger of it has become."""
        self.accounts, self.lots, self.holds = ledger.accounts, ledger.lots, ledger.holds
        self.orders, self.spendings, self.days = ledger.orders, ledger.spendings, ledger.days
        self.reviews |= ledger.reviews
        self.entries += ledger.entries
        self.audit()

    def put_in(self, name: str, points: int, expires_at: datetime | None = None) -> Lot:
        """Have points be on an account that can be spent, until a moment."""
        lot = Lot(
            id=new_id(),
            account_id=self.ids[name],
            kind="adjusted",
            quantity=points,
            remaining=points,
            earned_at=self.now,
            available_at=self.now,
            expires_at=expires_at,
        )
        why = source(self.now, reason="a gift of the house")
        return self.do(lambda ledger: ledger.put_in(lot, "adjusted", why))

    def earn(self, name: str, points: int, *, reached: bool = True) -> UUID:
        """Have an order of an account earn points; its goods have reached the customer, or not yet."""
        order = new_id()
        self.do(
            lambda ledger: ledger.earn(
                self.ids[name],
                earned(points),
                source(self.now, order_id=order),
                self.programme,
                reached_at=self.now if reached else None,
            )
        )
        return order

    def spend(self, name: str, points: int, hold: UUID | None = None) -> Any:
        """Have an account pay an order by points; return the order, or why not."""
        order = new_id()
        refusal = self.do(
            lambda ledger: ledger.spend(
                self.ids[name],
                points,
                source(self.now, order_id=order, tender_number=1),
                self.programme,
                hold_id=hold,
            )
        )
        return refusal or order

    def restore(self, order: UUID, points: int) -> None:
        """Give points back that an order spent."""
        why = source(self.now, order_id=order, tender_number=1)
        self.do(lambda ledger: ledger.restore(order, 1, points, why, self.programme))

    def reverse(self, order: UUID, points: int) -> None:
        """Take back points that an order earned."""
        why = source(self.now, order_id=order)
        self.do(lambda ledger: ledger.reverse(order, points, points, why, self.programme))

    def audit(self) -> None:
        """Prove the books by their entries alone, and the sums by lots and holds alone."""
        for account_id, account in self.accounts.items():
            entries = [one for one in self.entries if one.account_id == account_id]
            assert [one.sequence for one in entries] == list(range(1, len(entries) + 1))
            assert account.version == len(entries)
            lots = [one for one in self.lots.values() if one.account_id == account_id]
            assert account.lots_points == sum(one.remaining for one in lots)
            assert account.lots_points == sum(one.lot_change for one in entries)
            assert account.debt_points == sum(one.debt_change for one in entries)
            assert account.debt_points >= 0
            true = self.by_the_clock(account)
            sums = ("active_points", "pending_points", "held_points")
            assert [getattr(account, one) for one in sums] == [getattr(true, one) for one in sums]
            assert account.held_points <= account.active_points
            if account.steady_until is None or true.steady_until is None:
                assert true.steady_until is None
            else:
                assert account.steady_until <= true.steady_until
            assert self._ending(entries) == account.lots_points - account.debt_points
            if account.merged_into is not None:
                assert (account.lots_points, account.debt_points, account.members) == (0, 0, ())
        for moving in ("gifted", "moved"):
            changes = [
                one.lot_change - one.debt_change for one in self.entries if one.type == moving
            ]
            assert sum(changes) == 0
        for lot in self.lots.values():
            self._audit_lot(lot)
        for order in self.orders.values():
            self._audit_order(order)

    def _ending(self, entries: list[Entry]) -> int:
        """Return opening + earned + restored − spent − expired − reversed ± by hand, gifts and moves."""
        signs = {"earned": 1, "restored": 1, "spent": -1, "expired": -1, "reversed": -1}
        ending = sum(signs.get(one.type, 0) * one.points for one in entries)
        both = [one for one in entries if one.type in {"adjusted", "gifted", "moved"}]
        return ending + sum(one.lot_change - one.debt_change for one in both)

    def _audit_lot(self, lot: Lot) -> None:
        entries = [one for one in self.entries if one.lot_id == lot.id]
        assert lot.remaining == sum(one.lot_change for one in entries)
        assert lot.expired == sum(one.points for one in entries if one.type == "expired")
        assert lot.absorbed == sum(one.points for one in entries if one.type == "absorbed")
        held = [one for one in self.holds.values() if one.state == "held"]
        assert lot.held == sum(one.lots.get(lot.id, 0) for one in held)
        assert 0 <= lot.held <= lot.remaining <= lot.quantity
        assert 0 <= lot.absorbed <= lot.expired
        for one in entries:
            if one.type == "expired":
                assert one.occurred_at == lot.expires_at

    def _audit_order(self, order: OrderPoints) -> None:
        sums = dict.fromkeys(("earned", "reversed", "absorbed", "spent", "restored"), 0)
        for one in self.entries:
            if one.order_id == order.order_id and one.type in sums:
                sums[one.type] += one.points
        assert order.earned_points == sums["earned"]
        taken = sums["reversed"] + sums["absorbed"] + order.forgiven_points
        assert order.reversed_points == taken <= order.earned_points
        assert order.spent_points == sums["spent"]
        assert order.restored_points == sums["restored"] <= order.spent_points
        assert order.qualifying_points >= 0
