"""The liability report: what is owed in points, day by day, by the clock and in money."""

import random
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import asdict, replace

from omniretail import audit, clock
from omniretail.db import Database
from omniretail.errors import Invalid
from omniretail.ids import new_id
from omniretail.loyalty import LiabilityDay, NoProgrammeInForce, liability
from omniretail.loyalty.lot import Source
from omniretail.loyalty.points import Ledger
from omniretail.loyalty.store import Concerned
from tests.api.test_exports import export
from tests.callers import Retailer
from tests.loyalty.ledgers import OFFICE, Accounts, at, club


@pytest.fixture
async def database(retailer: Retailer) -> AsyncIterator[Database]:
    """Books in which orders earn and spend points that nobody placed: the audit says so, and no more.

    They are emptied afterwards, for the audit that follows every test.
    """
    opened = retailer.process.database
    yield opened
    assert await failing(opened) <= {"order_points", "points_holds"}
    async with opened.transaction() as tx:
        for table in ("entry", "lot", "hold", "hold_lot", "order", "spending", "day", "review"):
            await tx.execute(f"delete from loyalty_{table}")
        await tx.execute("delete from loyalty_account")


async def failing(database: Database) -> set[str]:
    """The checks of the audit that fail."""
    async with database.transaction() as tx:
        findings = await audit.audit(tx, now=clock.now())
    return {finding.check for finding in findings if not finding.holds}


async def days(
    accounts: Accounts, first: date, last: date, now: datetime, **more: Any
) -> list[LiabilityDay]:
    """The report of some days."""
    return await accounts.database.run(
        lambda tx: liability(tx, since=first, until=last, now=now, **more)
    )


async def june(accounts: Accounts, first: int, last: int, now: datetime) -> list[LiabilityDay]:
    """The report of some days of June 2026."""
    return await days(accounts, date(2026, 6, first), date(2026, 6, last), now)


def moves(day: LiabilityDay) -> dict[str, int]:
    """What changed on a day."""
    said = asdict(day)
    kinds = ("earned", "restored", "spent", "expired", "reversed", "adjusted")
    return {kind: said[f"{kind}_points"] for kind in kinds if said[f"{kind}_points"]}


def true(found: list[LiabilityDay]) -> None:
    """A report's days follow from each other, and its sums are sums."""
    for day in found:
        assert day.ending_points == (
            day.opening_points
            + day.earned_points
            + day.restored_points
            - day.spent_points
            - day.expired_points
            - day.reversed_points
            + day.adjusted_points
        )
        assert day.ending_points == day.outstanding_points - day.debt_points
        assert day.outstanding_points == day.pending_points + day.active_points
        assert min(day.pending_points, day.active_points, day.debt_points) >= 0
        if day.value_minor is not None:
            assert day.deferred_minor is not None
            assert day.breakage_minor is not None
            assert day.value_minor == day.deferred_minor + day.breakage_minor
    for one, after in pairwise(found):
        assert one.ending_points == after.opening_points
        assert one.day + timedelta(days=1) == after.day


async def test_a_month_of_points_by_day(database: Database) -> None:
    """Given points earned, spent, given back, reversed and adjusted, each stands on its day."""
    accounts = await Accounts.of(database, club(pending_days=2))
    anna = await accounts.opened()
    bought = await accounts.earn(anna, 300, at(1))
    paid, refusal = await accounts.spend(anna, 120, at(4))
    await accounts.restore(anna, paid, 20, at(5))
    await accounts.reverse(anna, bought, 50, at(6))
    await accounts.put(anna, 1000, at(7), None)
    await accounts.take(anna, 400, at(8))

    found = await june(accounts, 1, 9, at(9))

    true(found)
    assert refusal is None
    assert [moves(day) for day in found] == [
        {"earned": 300},
        {},
        {},
        {"spent": 120},
        {"restored": 20},
        {"reversed": 50},
        {"adjusted": 1000},
        {"adjusted": -400},
        {},
    ]
    assert [day.pending_points for day in found] == [300, 300, 0, 0, 0, 0, 0, 0, 0]
    assert [day.outstanding_points for day in found] == [
        300,
        300,
        300,
        180,
        200,
        150,
        1150,
        750,
        750,
    ]
    assert found[0].opening_points == 0
    assert (await june(accounts, 4, 6, at(9))) == found[3:6]


async def test_the_days_are_those_of_the_programmes_zone(database: Database) -> None:
    """Given points earned at 23:30 in London, in Berlin that is the next day."""
    accounts = await Accounts.of(database)
    anna = await accounts.opened()
    await accounts.earn(anna, 10, at(3, 22))
    await accounts.earn(anna, 5, at(3, 21))

    found = await june(accounts, 3, 4, at(5))

    assert [moves(day) for day in found] == [{"earned": 5}, {"earned": 10}]


async def test_what_expired_is_the_same_before_and_after_it_is_booked(database: Database) -> None:
    """Given points that run out at the end of 10 June, whether the job has run makes no difference."""
    accounts = await Accounts.of(database)
    anna = await accounts.opened()
    await accounts.put(anna, 500, at(1), at(10, 22))
    await accounts.put(anna, 70, at(1), at(30, 22))
    await accounts.spend(anna, 100, at(5))

    before = await june(accounts, 1, 20, at(20))
    await accounts.expire(at(20))
    after = await june(accounts, 1, 20, at(20))

    true(before)
    assert before == after
    assert moves(before[9]) == {}
    assert moves(before[10]) == {"expired": 400}
    assert (before[9].outstanding_points, before[10].outstanding_points) == (470, 70)


async def test_a_live_hold_keeps_what_would_have_expired(database: Database) -> None:
    """Given 30 of 100 points promised over their end, they expire on that day once it is let go."""
    accounts = await Accounts.of(database)
    anna = await accounts.opened()
    await accounts.put(anna, 100, at(1), at(10, 22))
    await accounts.hold(anna, 30, at(10, 21), minutes=90)

    held = await june(accounts, 11, 11, at(10, 22))
    await accounts.expire(at(10, 22))
    assert await june(accounts, 11, 11, at(10, 22)) == held
    assert "points" not in await failing(database)
    let_go = await june(accounts, 11, 11, at(10, 23))
    await accounts.expire(at(10, 23))
    booked = await june(accounts, 11, 11, at(10, 23))

    assert (moves(held[0]), held[0].active_points) == ({"expired": 70}, 30)
    assert (moves(let_go[0]), let_go[0].active_points) == ({"expired": 100}, 0)
    assert booked == let_go


async def test_what_is_spent_after_its_end_was_held_until_then(database: Database) -> None:
    """Given points promised before their end and spent after it, they were spent, and not expired."""
    accounts = await Accounts.of(database)
    anna = await accounts.opened()
    await accounts.put(anna, 100, at(1), at(10, 22))
    hold = await accounts.hold(anna, 30, at(10, 21), minutes=90)
    await accounts.spend(anna, 30, at(10, 22) + timedelta(minutes=10), hold)

    (day,) = await june(accounts, 11, 11, at(11))

    assert moves(day) == {"spent": 30, "expired": 70}
    assert day.ending_points == 0


async def test_what_accounts_owe_stands_beside(database: Database) -> None:
    """Given points spent and taken back, the account owes them until it earns again."""
    accounts = await Accounts.of(database, club(pending_days=0))
    anna, ben = await accounts.opened(), await accounts.opened()
    bought = await accounts.earn(anna, 200, at(1))
    await accounts.earn(ben, 1000, at(1))
    await accounts.spend(anna, 200, at(2, 13))
    await accounts.reverse(anna, bought, 200, at(3))
    await accounts.earn(anna, 150, at(4))
    await accounts.earn(anna, 80, at(5))

    found = await june(accounts, 1, 5, at(6))

    true(found)
    assert [day.debt_points for day in found] == [0, 0, 200, 50, 0]
    assert [day.outstanding_points for day in found] == [1200, 1000, 1000, 1000, 1030]
    assert [moves(day) for day in found[2:]] == [{"reversed": 200}, {"earned": 150}, {"earned": 80}]


async def test_reversing_what_expired_changes_nothing(database: Database) -> None:
    """Given an order whose points expired, taking them back absorbs what is gone already."""
    accounts = await Accounts.of(database, club(pending_days=0, lifetime_months=1))
    anna = await accounts.opened()
    bought = await accounts.earn(anna, 120, at(1))
    await accounts.reverse(anna, bought, 50, at(5, month=7))

    found = await days(accounts, date(2026, 6, 1), date(2026, 7, 6), at(6, month=7))

    true(found)
    assert [(day.day.day, moves(day)) for day in found if moves(day)] == [
        (1, {"earned": 120}),
        (2, {"expired": 120}),
    ]


async def test_points_are_pending_until_their_day(database: Database) -> None:
    """Given points whose goods are awaited, they are pending until so long after they were there."""
    accounts = await Accounts.of(database, club(pending_days=3))
    anna = await accounts.opened()
    bought = await accounts.earn(anna, 100, at(1), reached=False)
    await accounts.reverse(anna, bought, 40, at(2))
    await accounts.reach(anna, bought, at(4))

    found = await june(accounts, 1, 8, at(8))
    early = await june(accounts, 1, 7, at(7, 8))

    assert [day.pending_points for day in found] == [100, 60, 60, 60, 60, 60, 0, 0]
    assert [day.pending_points for day in early] == [100, 60, 60, 60, 60, 60, 60]


async def test_points_in_review_are_pending_until_somebody_decided(database: Database) -> None:
    """Given a late claim that is approved on 5 June, its points were pending until then."""
    accounts = await Accounts.of(database, club(pending_days=1))
    anna = await accounts.opened()
    await accounts.earn(anna, 100, at(1), claimed_late=True)
    waiting = await june(accounts, 1, 6, at(6))
    async with database.transaction() as tx:
        await tx.execute(
            "update loyalty_review set decision = 'approved', closed_at = $1, closed_by = id", at(5)
        )
        (lot,) = await tx.fetch("select id from loyalty_lot")

    def count(ledger: Ledger) -> None:
        ledger.put_lot(replace(ledger.lots[lot["id"]], in_review=False))

    await accounts.change(at(5), count, Concerned(accounts=[anna], lots=[lot["id"]]))
    decided = await june(accounts, 1, 6, at(6))

    assert [day.pending_points for day in waiting] == [100] * 6
    assert [day.pending_points for day in decided] == [100, 100, 100, 100, 0, 0]


async def test_what_moves_between_accounts_comes_to_nothing(database: Database) -> None:
    """Given 40 points given away, the report of all accounts is as it was."""
    accounts = await Accounts.of(database)
    anna, ben = await accounts.opened(), await accounts.opened()
    await accounts.put(anna, 100, at(1), None)
    source = Source(actor_id=OFFICE.id, occurred_at=at(2))

    def give(ledger: Ledger) -> None:
        taken = ledger.take(anna, 40, "gifted", source, other=ben)
        assert isinstance(taken, list)
        ((lot, points),) = taken
        parts = {"quantity": points, "remaining": points, "origin_id": lot.id}
        given = replace(lot, id=new_id(), account_id=ben, kind="gift", **parts)
        ledger.put_in(given, "gifted", source, other=anna)

    await accounts.change(at(2), give, Concerned(accounts=[anna, ben], wanted={anna: 40}))

    (day,) = await june(accounts, 2, 2, at(3))

    assert (moves(day), day.outstanding_points) == ({}, 100)


async def test_points_are_worth_what_the_programme_said_that_day(database: Database) -> None:
    """Given a programme by which 100 points pay 2.00 from 3 June on, the value doubles on that day."""
    accounts = await Accounts.of(database, club(expected_redemption_ppm=805_000))
    anna = await accounts.opened()
    await accounts.put(anna, 1010, at(1), None)
    await accounts.state(club(redeem_minor={"EUR": 200, "CHF": 210}), at(3))

    unnamed = await june(accounts, 2, 3, at(4))
    in_euro = await days(accounts, date(2026, 6, 2), date(2026, 6, 3), at(4), currency="EUR")

    assert [(day.currency, day.value_minor) for day in unnamed] == [("CHF", None), ("CHF", 2121)]
    assert [(day.value_minor, day.deferred_minor, day.breakage_minor) for day in in_euro] == [
        (1010, 813, 197),
        (2020, 1616, 404),
    ]


async def test_what_cannot_be_reported_is_refused(database: Database) -> None:
    """No day that has not begun, no more than 366, no currency that points do not pay."""
    with pytest.raises(NoProgrammeInForce):
        await days(Accounts(database, club()), date(2026, 6, 1), date(2026, 6, 1), at(1))
    accounts = await Accounts.of(database)
    today = date(2026, 6, 10)
    for first, last, more in (
        (today, date(2026, 6, 11), {}),
        (today, date(2026, 6, 9), {}),
        (date(2025, 6, 9), today, {}),
        (date(1, 1, 1), date(1, 1, 1), {}),
        (today, today, {"currency": "USD"}),
    ):
        with pytest.raises(Invalid):
            await days(accounts, first, last, at(10), **more)
    year = await days(accounts, date(2025, 6, 10), today, at(10))
    assert (len(year), year[0].value_minor, year[-1].value_minor) == (366, 0, 0)
    # In Berlin it is tomorrow already.
    assert len(await days(accounts, today, date(2026, 6, 11), at(10, 22))) == 2


@pytest.mark.parametrize("seed", range(4))
async def test_a_day_is_told_alike_at_its_end_and_ever_after(database: Database, seed: int) -> None:
    """Whatever is done, and whenever the job runs, a past day's report is what it was at its end."""
    chance = random.Random(seed)
    accounts = await Accounts.of(database, club(pending_days=2, lifetime_months=1, restored_days=5))
    people = [await accounts.opened() for _ in range(3)]
    bought: list[tuple[UUID, UUID, int]] = []
    paid: list[tuple[UUID, UUID, int]] = []
    told: list[LiabilityDay] = []
    start = at(1)
    for number in range(60):
        now = start + timedelta(days=number)
        for _ in range(chance.randrange(4)):
            now += timedelta(minutes=chance.randrange(1, 60))
            who, points = chance.choice(people), chance.randrange(1, 200)
            match chance.randrange(8):
                case 0 | 1:
                    reached = chance.random() < 0.7
                    order = await accounts.earn(who, points, now, reached=reached)
                    bought.append((who, order, points))
                case 2 | 3:
                    order, refusal = await accounts.spend(who, points, now)
                    paid += [(who, order, points)] if refusal is None else []
                case 4 if bought:
                    who, order, points = bought.pop(chance.randrange(len(bought)))
                    await accounts.reverse(who, order, points, now)
                case 5 if paid:
                    who, order, points = paid.pop(chance.randrange(len(paid)))
                    await accounts.restore(who, order, points, now)
                case 6 if bought:
                    await accounts.reach(*chance.choice(bought)[:2], now)
                case 7:
                    await accounts.expire(now)
        end = start.replace(hour=22) + timedelta(days=number, microseconds=-1)
        today = (start + timedelta(days=number)).date()
        told += await days(accounts, today, today, end)

    later = start + timedelta(days=200)
    found = await days(accounts, told[0].day, told[-1].day, later)
    await accounts.expire(later)

    true(found)
    assert found == told
    assert await days(accounts, told[0].day, told[-1].day, later) == told


async def test_the_office_reads_the_report(retailer: Retailer, database: Database) -> None:
    """Given points of today, the office reads what is owed; the till may not."""
    accounts = await Accounts.of(database, club(zone="UTC"))
    anna = await accounts.opened()
    await accounts.put(anna, 1000, at(1), None)
    asked = {"from": "2026-06-01", "to": "2026-06-02"}

    answer = await retailer.office.get("/v1/loyalty/liability", **asked)
    refused = await retailer.till.get("/v1/loyalty/liability", **asked)
    unasked = await retailer.office.get("/v1/loyalty/liability", to="2026-06-02")
    unpaid = await retailer.office.get("/v1/loyalty/liability", **asked, currency="USD")

    assert answer.status_code == 200, answer.text
    assert answer.json()["days"][1] == {
        "day": "2026-06-02",
        "opening_points": 1000,
        "earned_points": 0,
        "restored_points": 0,
        "spent_points": 0,
        "expired_points": 0,
        "reversed_points": 0,
        "adjusted_points": 0,
        "ending_points": 1000,
        "outstanding_points": 1000,
        "pending_points": 0,
        "active_points": 1000,
        "debt_points": 0,
        "value": {"amount": 1000, "currency": "EUR"},
        "deferred_revenue": {"amount": 800, "currency": "EUR"},
        "breakage": {"amount": 200, "currency": "EUR"},
    }
    assert refused.status_code == 403
    assert unasked.status_code == 400
    assert unpaid.json()["errors"][0]["pointer"] == "/currency"


async def test_the_ledger_leaves_as_a_file(retailer: Retailer, database: Database) -> None:
    """Given points put on an account and taken off it, the export has both entries, in order."""
    accounts = await Accounts.of(database)
    anna = await accounts.opened()
    await accounts.put(anna, 100, at(1), None)
    await accounts.take(anna, 30, at(2))

    rows = await export(retailer.office, "loyalty_entries")

    assert [
        (row["account_id"], row["sequence"], row["type"], row["lot_change"]) for row in rows
    ] == [
        (str(anna), "1", "adjusted", "100"),
        (str(anna), "2", "adjusted", "-30"),
    ]
    assert rows[1]["occurred_at"] == "2026-06-02T12:00:00.000000Z"
