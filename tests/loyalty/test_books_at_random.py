"""Whatever happens to loyalty accounts, in whatever order and at whatever time: their books are true."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from omniretail.errors import DomainError
from omniretail.loyalty import AdjustPoints, Gift, Hold
from omniretail.loyalty.accounts import adjust
from tests.loyalty.books import SOMEBODY, World, club, key
from tests.loyalty.test_examples import back, decided, gift, hold, merged, undone

NAMES = ("ann", "bo", "cy")
Draw = Callable[[st.SearchStrategy[Any]], Any]
points = st.integers(1, 200)
names = st.sampled_from(NAMES)
programmes = st.builds(
    club,
    pending_days=st.sampled_from([0, 14]),
    lifetime_months=st.sampled_from([None, 1, 24]),
    negative=st.sampled_from(["debt", "within_balance", "only_pending"]),
    most_earned_a_day=st.sampled_from([None, 250]),
    most_redemptions_a_day=st.sampled_from([None, 3]),
    most_members=st.sampled_from([2, 6]),
)


def earn(world: World, draw: Draw) -> None:
    world.earn(draw(names), draw(points), reached=draw(st.booleans()))


def reach(world: World, draw: Draw) -> None:
    waiting = [lot.order_id for lot in world.lots.values() if lot.available_at is None]
    if waiting:
        order = draw(st.sampled_from(waiting))
        world.do(lambda ledger: ledger.reached(order, world.now, world.programme))


def place(world: World, draw: Draw) -> None:
    name, wanted = draw(names), draw(points)
    before = world.account(name)
    placed = hold(world, name, wanted, draw(st.sampled_from([None, 30])))
    fits = wanted <= before.spendable_points and before.merged_into is None
    assert isinstance(placed, Hold) == fits


def void(world: World, draw: Draw) -> None:
    if world.holds:
        one = draw(st.sampled_from(list(world.holds.values())))
        world.do(lambda ledger: ledger.void(one.account_id, one.id))


def spend(world: World, draw: Draw) -> None:
    name = draw(names)
    live = [one for one in world.holds.values() if one.state_at(world.now) == "held"]
    own = [one for one in live if one.account_id == world.ids[name]]
    held = draw(st.sampled_from([None, *own]))
    world.spend(name, draw(points), None if held is None else held.id)


def restore(world: World, draw: Draw) -> None:
    some = [one for one in world.orders.values() if one.spent_points > one.restored_points]
    if some:
        order = draw(st.sampled_from(some))
        left = order.spent_points - order.restored_points
        world.restore(order.order_id, draw(st.integers(1, left)))


def reverse(world: World, draw: Draw) -> None:
    some = [one for one in world.orders.values() if one.qualifying_points]
    some = [one for one in some if one.earned_points > one.reversed_points]
    if some:
        order = draw(st.sampled_from(some))
        left = min(order.earned_points - order.reversed_points, order.qualifying_points)
        world.reverse(order.order_id, draw(st.integers(1, left)))


def change_by_hand(world: World, draw: Draw) -> None:
    ends = draw(st.sampled_from([None, timedelta(seconds=20), timedelta(days=3)]))
    command = AdjustPoints(
        key=key(),
        principal=SOMEBODY,
        account_id=world.ids[draw(names)],
        points=draw(points) * draw(st.sampled_from([1, -1])),
        reason="by hand",
        expires_at=None if ends is None else world.now + ends,
    )
    world.do(lambda ledger: adjust(ledger, command, world.programme))


def give(world: World, draw: Draw) -> None:
    giver, receiver, wanted = draw(names), draw(names), draw(points)
    before = world.account(giver)
    given_ = gift(world, giver, receiver, wanted)
    if isinstance(given_, Gift):
        assert world.account(giver).balance_points == before.balance_points - wanted


def take_gift_back(world: World, draw: Draw) -> None:
    if world.gifts:
        back(world, draw(st.sampled_from(list(world.gifts.values()))))


def merge(world: World, draw: Draw) -> None:
    source, target = draw(names), draw(names)
    before = world.account(source).balance_points + world.account(target).balance_points
    made = merged(world, source, target)
    if not isinstance(made, DomainError):
        assert world.account(target).balance_points == before


def undo(world: World, draw: Draw) -> None:
    if world.merges:
        made = draw(st.sampled_from(list(world.merges.values())))
        before = sum(world.account(one).balance_points for one in NAMES)
        undone(world, made)
        assert sum(world.account(one).balance_points for one in NAMES) == before


def review(world: World, draw: Draw) -> None:
    if world.reviews:
        one = draw(st.sampled_from(list(world.reviews.values())))
        decided(world, one, draw(st.sampled_from(["approved", "denied"])))


def settle(world: World, draw: Draw) -> None:
    before = [world.account(one).balance_points for one in NAMES]
    world.do(lambda ledger: ledger.expire(SOMEBODY.id))
    assert [world.account(one).balance_points for one in NAMES] == before


def wait(world: World, draw: Draw) -> None:
    seconds, hours, days = timedelta(seconds=20), timedelta(hours=25), timedelta(days=20)
    world.now += draw(st.sampled_from([seconds, timedelta(minutes=20), hours, days]))


STEPS = (
    *(earn, reach, place, void, spend, restore, reverse, change_by_hand),
    *(give, take_gift_back, merge, undo, review, settle, wait, wait),
)


@given(programme=programmes, data=st.data())
def test_the_books_are_true_whatever_happens(programme: Any, data: st.DataObject) -> None:
    world = World(*NAMES, programme=programme)
    for step in data.draw(st.lists(st.sampled_from(STEPS), min_size=5, max_size=40)):
        world.now += timedelta(seconds=1)
        step(world, data.draw)
