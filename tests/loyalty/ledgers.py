"""Loyalty accounts for tests, changed through the ledger itself at moments that the test names."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from omniretail.channels import Principal
from omniretail.db import Database, Transaction
from omniretail.idempotency import Answer, Key
from omniretail.ids import new_id
from omniretail.loyalty import AddProgramme, Earned, Programme, add_programmes, store
from omniretail.loyalty.lot import Hold, Lot, Source
from omniretail.loyalty.points import Ledger
from omniretail.loyalty.store import Concerned

OFFICE = Principal(
    id=UUID(int=9),
    kind="integration",
    name="office",
    scopes=frozenset(),
    channel=None,
    locations=frozenset(),
)


def at(day: int, hour: int = 12, month: int = 6) -> datetime:
    """A moment of 2026 in UTC; in June, at noon, unless it is stated otherwise."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


OPENING = at(1, 0, 1)


def club(**more: Any) -> Programme:
    """A programme in which 100 points pay 1.00 and 80 % of them are expected back."""
    usual: dict[str, Any] = {
        "name": "Club",
        "zone": "Europe/Berlin",
        "per_minor": {"EUR": 100},
        "redeem_minor": {"EUR": 100},
    }
    return Programme(**(usual | more))


class Accounts:
    """The accounts of a club, as its office would change them."""

    def __init__(self, database: Database, programme: Programme) -> None:
        self.database = database
        self.programme = programme

    @classmethod
    async def of(
        cls, database: Database, programme: Programme | None = None, since: datetime = OPENING
    ) -> "Accounts":
        """The accounts of a club that opened at a moment."""
        accounts = cls(database, programme or club())
        await accounts.state(accounts.programme, since)
        return accounts

    async def state(self, programme: Programme, since: datetime) -> None:
        """Put a programme in force."""
        self.programme = programme
        command = AddProgramme(
            key=Key(OFFICE.id, str(new_id()), b""), principal=OFFICE, programme=programme
        )
        (outcome,) = await self.database.run(lambda tx: add_programmes(tx, [command], now=since))
        assert isinstance(outcome, Answer), outcome

    async def opened(self, now: datetime = OPENING) -> UUID:
        """Open an account."""
        account = new_id()
        async with self.database.transaction() as tx:
            await tx.execute(
                "insert into loyalty_account (id, version, status, lots_points, debt_points,"
                " active_points, pending_points, opened_at, opened_by)"
                " values ($1, 0, 'open', 0, 0, 0, 0, $2, $1)",
                account,
                now,
            )
        return account

    async def change(
        self, now: datetime, change: Callable[[Ledger], Any], concerned: Concerned
    ) -> Any:
        """Lock accounts, change them, and write what came of it."""

        async def work(tx: Transaction) -> Any:
            ledger = await store.lock(tx, concerned, self.programme, now=now)
            outcome = change(ledger)
            await tx.write(*store.write(ledger, now=now))
            return outcome

        return await self.database.run(work)

    async def earn(
        self,
        account: UUID,
        points: int,
        now: datetime,
        *,
        reached: bool = True,
        order: UUID | None = None,
        **more: Any,
    ) -> UUID:
        """Have an order earn points, whose goods were there at once or are awaited."""
        order = order or new_id()
        await self.change(
            now,
            lambda ledger: ledger.earn(
                account,
                _earned(points),
                Source(actor_id=OFFICE.id, occurred_at=now, order_id=order),
                self.programme,
                reached_at=now if reached else None,
                **more,
            ),
            Concerned(accounts=[account], orders=[order], days=[now]),
        )
        return order

    async def reach(self, account: UUID, order: UUID, now: datetime) -> None:
        """Have the goods of an order reach the customer."""
        await self.change(
            now,
            lambda ledger: ledger.reached(order, now, self.programme),
            Concerned(accounts=[account], orders=[order]),
        )

    async def put(self, account: UUID, points: int, now: datetime, ends: datetime | None) -> UUID:
        """Give an account points that count at once, until a moment."""
        lot = Lot(
            id=new_id(),
            account_id=account,
            kind="adjusted",
            quantity=points,
            remaining=points,
            earned_at=now,
            available_at=now,
            expires_at=ends,
        )
        source = Source(actor_id=OFFICE.id, occurred_at=now, reason="so that there are some")
        await self.change(
            now,
            lambda ledger: ledger.put_in(lot, "adjusted", source),
            Concerned(accounts=[account]),
        )
        return lot.id

    async def take(self, account: UUID, points: int, now: datetime) -> Any:
        """Take points from an account by hand."""
        source = Source(actor_id=OFFICE.id, occurred_at=now, reason="too many")
        return await self.change(
            now,
            lambda ledger: ledger.take(account, points, "adjusted", source),
            Concerned(accounts=[account], wanted={account: points}),
        )

    async def spend(
        self,
        account: UUID,
        points: int,
        now: datetime,
        hold: UUID | None = None,
        *,
        order: UUID | None = None,
        tender: int = 1,
    ) -> tuple[UUID, Any]:
        """Pay a tender of an order by points; return the order, and why it was refused, if it was."""
        order = order or new_id()
        source = Source(actor_id=OFFICE.id, occurred_at=now, order_id=order, tender_number=tender)
        outcome = await self.change(
            now,
            lambda ledger: ledger.spend(account, points, source, self.programme, hold_id=hold),
            Concerned(
                accounts=[account],
                orders=[order],
                days=[now],
                wanted={account: points},
                holds=[hold] if hold else [],
            ),
        )
        return order, outcome

    async def restore(self, account: UUID, order: UUID, points: int, now: datetime) -> None:
        """Give back points that an order spent."""
        source = Source(actor_id=OFFICE.id, occurred_at=now, order_id=order, tender_number=1)
        await self.change(
            now,
            lambda ledger: ledger.restore(order, 1, points, source, self.programme),
            Concerned(accounts=[account], orders=[order]),
        )

    async def reverse(self, account: UUID, order: UUID, points: int, now: datetime) -> None:
        """Take back points that an order earned."""
        source = Source(actor_id=OFFICE.id, occurred_at=now, order_id=order)
        await self.change(
            now,
            lambda ledger: ledger.reverse(order, points, points, source, self.programme),
            Concerned(
                accounts=[account],
                orders=[order],
                wanted={account: points},
            ),
        )

    async def hold(self, account: UUID, points: int, now: datetime, minutes: int = 15) -> UUID:
        """Promise points to a checkout for so many minutes."""
        hold = Hold(
            id=new_id(),
            account_id=account,
            points=points,
            state="held",
            placed_at=now,
            expires_at=now + timedelta(minutes=minutes),
            actor_id=OFFICE.id,
        )
        refusal = await self.change(
            now,
            lambda ledger: ledger.hold(hold),
            Concerned(accounts=[account], wanted={account: points}),
        )
        assert refusal is None, refusal
        return hold.id

    async def expire(self, now: datetime) -> None:
        """Book what has expired, as the job does."""
        async with self.database.transaction() as tx:
            due = await tx.fetch(
                "select id, account_id from loyalty_lot where remaining > 0 and expires_at <= $1",
                now,
            )
        concerned = Concerned(
            accounts=[row["account_id"] for row in due], lots=[row["id"] for row in due]
        )
        await self.change(now, lambda ledger: ledger.expire(OFFICE.id), concerned)


def _earned(points: int) -> Earned:
    return Earned(
        programme_id=UUID(int=1),
        currency="EUR",
        counted_minor=100 * points,
        total_minor=100 * points,
        tax_excluded=True,
        terms=(),
        lines=(),
        base_points=points,
        points=points,
    )
