"""Which points are spent first, which come back, and until when: at the very moments. No database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from omniretail.loyalty import Hold, InsufficientPoints, PointsHoldEnded
from tests.loyalty.books import START, World, club
from tests.loyalty.test_examples import gift, hold, merged, remaining

LATER = datetime(2028, 5, 31, 22, tzinfo=UTC)


def test_what_never_expires_is_spent_last() -> None:
    world = World("ann")
    world.put_in("ann", 100)
    world.put_in("ann", 100, LATER)

    world.spend("ann", 150)

    assert remaining(world, "ann") == [(50, None)]


def test_of_what_expires_together_the_oldest_is_spent_first() -> None:
    world = World("ann")
    first = world.put_in("ann", 100, LATER)
    world.now += timedelta(days=1)
    second = world.put_in("ann", 100, LATER)

    world.spend("ann", 150)

    assert [world.lots[lot.id].remaining for lot in (first, second)] == [0, 50]


def test_a_hold_is_over_at_the_moment_at_which_it_ends() -> None:
    world = World("ann")
    world.put_in("ann", 100)
    held = hold(world, "ann", 80)
    assert isinstance(held, Hold)

    world.now = held.expires_at
    assert isinstance(world.spend("ann", 80, held.id), PointsHoldEnded)

    assert world.account("ann").spendable_points == 100


def test_points_come_back_to_the_lot_that_was_spent_last() -> None:
    """A part of what was spent comes back: it is that which is valid the longest."""
    world = World("ann")
    world.put_in("ann", 100, START + timedelta(days=40))
    world.put_in("ann", 100, LATER)
    order = world.spend("ann", 150)

    world.restore(order, 30)

    assert remaining(world, "ann") == [(80, LATER)]


def test_points_keep_their_end_where_their_lot_stayed_with_a_merged_account() -> None:
    """All of the lot was spent, so nothing of it moved; what comes back is valid as long as it was."""
    world = World("a", "b", programme=club(restored_days=30))
    world.put_in("b", 100, LATER)
    order = world.spend("b", 100)
    merged(world, "b", "a")

    world.restore(order, 60)

    assert remaining(world, "a") == [(60, LATER)]


def test_what_expired_makes_no_difference_once() -> None:
    """Of 120, 70 were spent and 50 expired. Half comes back, then the rest: 10 and 60 are owed."""
    world = World("ann", programme=club(pending_days=0, lifetime_months=1))
    order = world.earn("ann", 120)
    world.spend("ann", 70)
    world.now = START + timedelta(days=60)

    balances = []
    for _ in range(2):
        world.reverse(order, 60)
        balances.append(world.account("ann").balance_points)

    assert balances == [-10, -70]
    assert world.orders[order].forgiven_points == 0


def test_what_a_hold_promises_is_taken_by_nobody_else() -> None:
    """An order that earned 100 comes back while 60 are promised: 40 are taken, and 60 owed."""
    world = World("ann", programme=club(pending_days=0))
    order = world.earn("ann", 100)
    held = hold(world, "ann", 60)
    assert isinstance(held, Hold)

    world.reverse(order, 100)

    account = world.account("ann")
    assert (account.active_points, account.held_points, account.debt_points) == (60, 60, 60)
    assert isinstance(world.spend("ann", 60, held.id), UUID)
    assert world.account("ann").balance_points == -60


def test_other_points_are_taken_before_those_that_are_awaited() -> None:
    world = World("ann", programme=club(pending_days=0))
    order = world.earn("ann", 100)
    world.spend("ann", 100)
    active = world.put_in("ann", 40)
    world.earn("ann", 50, reached=False)

    world.reverse(order, 60)

    account = world.account("ann")
    assert world.lots[active.id].remaining == 0
    assert (account.active_points, account.pending_points, account.debt_points) == (0, 30, 0)


def owing() -> tuple[World, UUID]:
    """Ann owes 20 and was given 80; an order that earned 30, which she spent, may come back still."""
    world = World("ann", "bo", programme=club(pending_days=0))
    first, second = world.earn("ann", 20), world.earn("ann", 30)
    world.spend("ann", 50)
    world.reverse(first, 20)
    world.put_in("bo", 80)
    gift(world, "bo", "ann", 80)
    world.now += timedelta(hours=24)
    return world, second


def test_what_is_owed_cannot_be_spent() -> None:
    world, _ = owing()

    refused = world.spend("ann", 61)

    assert isinstance(refused, InsufficientPoints)
    assert refused.fields["available"] == 60
    assert isinstance(world.spend("ann", 60), UUID)


def test_within_the_balance_neither_debt_nor_promises_are_touched() -> None:
    """Of 80, 20 are owed and 50 promised: of 30 that an order does not earn any more, 10 are taken."""
    world, order = owing()
    hold(world, "ann", 50)
    world.programme = club(pending_days=0, negative="within_balance")

    world.reverse(order, 30)

    account = world.account("ann")
    assert (account.balance_points, account.held_points, account.debt_points) == (50, 50, 20)
    assert world.orders[order].forgiven_points == 20
