"""The worked examples of points that are held, spent, taken back, given away and merged. No database."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from omniretail.errors import DomainError
from omniretail.ids import new_id
from omniretail.loyalty import (
    AdjustPoints,
    DecideReview,
    Gift,
    GiftClosed,
    GivePoints,
    Hold,
    InsufficientPoints,
    LoyaltyAccountMerged,
    Merge,
    MergeAccounts,
    MergeUndone,
    PlaceHold,
    PointsHoldEnded,
    Review,
    TakeGiftBack,
    TooManyMembers,
    UndoMerge,
)
from omniretail.loyalty.accounts import adjust
from omniretail.loyalty.gifts import give, take_back
from omniretail.loyalty.holds import place
from omniretail.loyalty.merging import merge, undo
from omniretail.loyalty.reviews import decide
from tests.loyalty.books import SOMEBODY, START, World, club, key


def day(year: int, month: int, number: int) -> datetime:
    return datetime(year, month, number, 23, tzinfo=UTC)


def hold(world: World, name: str, points: int, seconds: int | None = None) -> Hold | DomainError:
    command = PlaceHold(
        key=key(),
        principal=SOMEBODY,
        hold_id=new_id(),
        account_id=world.ids[name],
        points=points,
        seconds=seconds,
    )
    return world.do(lambda ledger: place(ledger, command, world.programme))


def gift(world: World, giver: str, receiver: str, points: int) -> Gift | DomainError:
    command = GivePoints(
        key=key(),
        principal=SOMEBODY,
        gift_id=new_id(),
        from_account_id=world.ids[giver],
        to_account_id=world.ids[receiver],
        points=points,
    )
    return world.do(lambda ledger: give(ledger, command, world.programme))


def back(world: World, given: Gift) -> Gift | DomainError:
    command = TakeGiftBack(key=key(), principal=SOMEBODY, gift_id=given.id)
    return world.do(lambda ledger: take_back(ledger, command, world.gifts.get(given.id)))


def merged(
    world: World, source: str, target: str, *, any_members: bool = False
) -> Merge | DomainError:
    command = MergeAccounts(
        key=key(),
        principal=SOMEBODY,
        merge_id=new_id(),
        source_id=world.ids[source],
        target_id=world.ids[target],
        any_members=any_members,
    )
    return world.do(lambda ledger: merge(ledger, command, world.programme))


def undone(world: World, made: Merge) -> Merge | DomainError:
    command = UndoMerge(key=key(), principal=SOMEBODY, merge_id=made.id)
    return world.do(lambda ledger: undo(ledger, command, world.merges.get(made.id)))


def decided(
    world: World, review: Review, decision: Literal["approved", "denied"]
) -> Review | DomainError:
    command = DecideReview(
        key=key(), principal=SOMEBODY, review_id=review.id, decision=decision, note="looked at it"
    )
    return world.do(lambda ledger: decide(ledger, command, world.reviews[review.id]))


def remaining(world: World, name: str) -> list[tuple[int, datetime | None]]:
    return [(lot.remaining, lot.expires_at) for lot in world.lots_on(name)]


def test_points_that_expire_the_soonest_are_spent_first() -> None:
    """Example 4."""
    world = World("ann")
    world.put_in("ann", 300, day(2027, 1, 31))
    world.put_in("ann", 500, day(2027, 3, 31))
    world.put_in("ann", 200, day(2026, 12, 31))

    world.spend("ann", 600)

    assert remaining(world, "ann") == [(400, day(2027, 3, 31))]
    assert [entry.points for entry in world.entries if entry.type == "spent"] == [200, 300, 100]


def test_what_one_device_holds_another_cannot() -> None:
    """Example 5."""
    world = World("ann")
    world.put_in("ann", 1000)

    first = hold(world, "ann", 800)
    second = hold(world, "ann", 300)

    assert isinstance(first, Hold)
    assert isinstance(second, InsufficientPoints)
    assert second.fields["available"] == 200
    assert world.do(lambda ledger: ledger.void(world.ids["ann"], first.id)) is None
    assert world.account("ann").spendable_points == 1000


def test_a_hold_that_has_run_out_pays_nothing() -> None:
    """Example 5: one second after its time."""
    world = World("ann")
    world.put_in("ann", 1000)
    held = hold(world, "ann", 800)
    assert isinstance(held, Hold)
    world.now = held.expires_at + timedelta(seconds=1)

    assert isinstance(world.spend("ann", 800, held.id), PointsHoldEnded)
    assert world.account("ann").spendable_points == 1000


def test_a_hold_lasts_no_longer_than_the_programme_says() -> None:
    world = World("ann", programme=club(web_hold_seconds=900))
    world.put_in("ann", 1000)

    longer, shorter = hold(world, "ann", 1, 5000), hold(world, "ann", 1, 60)

    assert isinstance(longer, Hold)
    assert isinstance(shorter, Hold)
    assert longer.expires_at == START + timedelta(seconds=900)
    assert shorter.expires_at == START + timedelta(seconds=60)


def test_points_that_a_live_hold_promises_do_not_expire() -> None:
    world = World("ann")
    world.put_in("ann", 100, START + timedelta(seconds=10))
    held = hold(world, "ann", 60)
    assert isinstance(held, Hold)
    world.now = START + timedelta(seconds=20)

    assert world.account("ann").balance_points == 60
    world.spend("ann", 60, held.id)

    world.do(lambda ledger: ledger.expire(SOMEBODY.id))
    assert world.account("ann").balance_points == 0
    (expired,) = [entry for entry in world.entries if entry.type == "expired"]
    assert (expired.points, expired.occurred_at) == (40, START + timedelta(seconds=10))


def test_what_was_earned_and_spent_is_owed_when_everything_comes_back() -> None:
    """Example 8."""
    world = World("ann", programme=club(pending_days=0))
    first = world.earn("ann", 200)
    world.spend("ann", 200)
    world.reverse(first, 200)
    assert world.account("ann").balance_points == -200

    world.earn("ann", 150)
    assert world.account("ann").balance_points == -50
    assert world.account("ann").spendable_points == 0

    world.earn("ann", 80)
    assert world.account("ann").spendable_points == 30


def test_what_had_expired_makes_no_difference_when_goods_come_back() -> None:
    """Example 11."""
    world = World("ann", programme=club(pending_days=0, lifetime_months=1))
    order = world.earn("ann", 120)
    world.spend("ann", 70)
    world.now = START + timedelta(days=60)
    world.put_in("ann", 30)

    world.reverse(order, 120)

    assert world.account("ann").balance_points == -40
    assert [(one.type, one.points) for one in world.entries[-4:]] == [
        ("expired", 50),
        ("absorbed", 50),
        ("reversed", 30),
        ("reversed", 40),
    ]


def test_two_accounts_become_one_with_the_debt_of_one() -> None:
    """Example 12."""
    world = World("a", "b", programme=club(pending_days=0))
    world.put_in("a", 300, day(2027, 5, 31))
    order = world.earn("b", 120)
    world.spend("b", 120)
    world.reverse(order, 120)

    made = merged(world, "b", "a")

    assert isinstance(made, Merge)
    after = world.account("a")
    assert (after.balance_points, after.debt_points, after.spendable_points) == (180, 120, 180)
    assert remaining(world, "a") == [(300, day(2027, 5, 31))]
    assert world.account("b").balance_points == 0
    assert len(after.members) == 2


def test_a_merge_is_undone_with_what_is_left() -> None:
    world = World("a", "b")
    world.put_in("a", 300, day(2027, 5, 31))
    world.put_in("b", 100, day(2027, 1, 31))
    members = world.account("b").members
    made = merged(world, "b", "a")
    assert isinstance(made, Merge)
    world.spend("a", 40)
    held = hold(world, "a", 50)
    assert isinstance(held, Hold)

    again = undone(world, made)

    assert isinstance(again, Merge)
    assert again.undone_at == world.now
    assert world.account("a").balance_points == 300
    assert world.account("b").spendable_points == 60
    assert world.account("b").members == members
    assert world.holds[held.id].state == "voided"
    assert isinstance(undone(world, made), MergeUndone)


def test_a_debt_goes_back_as_far_as_it_stands() -> None:
    world = World("a", "b", programme=club(pending_days=0))
    order = world.earn("b", 120)
    world.spend("b", 120)
    world.reverse(order, 120)
    made = merged(world, "b", "a")
    assert isinstance(made, Merge)
    world.earn("a", 70)

    undone(world, made)

    assert world.account("b").balance_points == -50
    assert world.account("a").balance_points == 0


def test_a_merge_into_an_account_that_was_merged_further_stays() -> None:
    world = World("a", "b", "c")
    first = merged(world, "a", "b")
    assert isinstance(first, Merge)
    second = merged(world, "b", "c")
    assert isinstance(second, Merge)
    assert isinstance(undone(world, first), LoyaltyAccountMerged)
    assert isinstance(merged(world, "a", "c"), LoyaltyAccountMerged)

    assert isinstance(undone(world, second), Merge)
    assert isinstance(undone(world, first), Merge)


def test_a_merge_has_no_more_members_than_the_programme_allows() -> None:
    world = World("a", "b", programme=club(most_members=1))

    refused = merged(world, "a", "b")

    assert isinstance(refused, TooManyMembers)
    assert refused.fields["members"] == 2
    assert isinstance(merged(world, "a", "b", any_members=True), Merge)


def test_open_holds_of_a_merged_account_are_voided() -> None:
    world = World("a", "b")
    world.put_in("a", 100)
    held = hold(world, "a", 80)
    assert isinstance(held, Hold)

    merged(world, "a", "b")

    assert world.holds[held.id].state == "voided"
    assert world.account("b").spendable_points == 100


def test_a_gift_keeps_the_expiry_of_what_was_given() -> None:
    """Example 13."""
    world = World("giver", "receiver")
    world.put_in("giver", 150, day(2027, 5, 31))
    world.put_in("giver", 400, day(2027, 8, 31))

    given = gift(world, "giver", "receiver", 200)

    assert isinstance(given, Gift)
    assert remaining(world, "receiver") == [(150, day(2027, 5, 31)), (50, day(2027, 8, 31))]
    assert world.account("giver").balance_points == 350
    waiting = world.account("receiver")
    assert (waiting.balance_points, waiting.spendable_points) == (200, 0)
    world.now = START + timedelta(hours=24)
    assert world.account("receiver").spendable_points == 200
    assert isinstance(back(world, given), GiftClosed)


def test_a_gift_is_taken_back_before_it_can_be_spent() -> None:
    world = World("giver", "receiver")
    world.put_in("giver", 150, day(2027, 5, 31))
    given = gift(world, "giver", "receiver", 150)
    assert isinstance(given, Gift)
    world.now = START + timedelta(hours=23)

    assert isinstance(back(world, given), Gift)

    assert remaining(world, "giver") == [(150, day(2027, 5, 31))]
    assert world.account("receiver").balance_points == 0
    assert isinstance(back(world, given), GiftClosed)


def test_what_would_expire_on_the_way_is_not_given() -> None:
    world = World("giver", "receiver")
    world.put_in("giver", 100, START + timedelta(hours=24))
    world.put_in("giver", 70, START + timedelta(hours=25))

    refused = gift(world, "giver", "receiver", 71)

    assert isinstance(refused, InsufficientPoints)
    assert refused.fields["available"] == 70
    assert isinstance(gift(world, "giver", "receiver", 70), Gift)
    assert remaining(world, "giver") == [(100, START + timedelta(hours=24))]


def test_a_gift_repays_no_debt() -> None:
    """It may be taken back still."""
    world = World("giver", "receiver", programme=club(pending_days=0))
    order = world.earn("receiver", 50)
    world.spend("receiver", 50)
    world.reverse(order, 50)
    world.put_in("giver", 80)

    given = gift(world, "giver", "receiver", 80)

    assert isinstance(given, Gift)
    assert world.account("receiver").debt_points == 50
    assert isinstance(back(world, given), Gift)
    assert world.account("giver").balance_points == 80
    assert world.account("receiver").balance_points == -50


def test_a_gift_that_was_merged_away_goes_back() -> None:
    world = World("giver", "receiver", "others", "family")
    world.put_in("giver", 80, day(2027, 5, 31))
    given = gift(world, "giver", "receiver", 80)
    assert isinstance(given, Gift)
    merged(world, "receiver", "others")
    merged(world, "giver", "family")

    assert isinstance(back(world, given), Gift)

    assert remaining(world, "family") == [(80, day(2027, 5, 31))]


def test_points_are_taken_by_hand_as_far_as_they_can_be_spent() -> None:
    world = World("ann")
    world.put_in("ann", 100)
    hold(world, "ann", 70)

    def by_hand(points: int) -> DomainError | None:
        command = AdjustPoints(
            key=key(),
            principal=SOMEBODY,
            account_id=world.ids["ann"],
            points=points,
            reason="a wrong receipt",
        )
        return world.do(lambda ledger: adjust(ledger, command, world.programme))

    assert isinstance(by_hand(-31), InsufficientPoints)
    assert by_hand(-30) is None
    assert world.account("ann").spendable_points == 0


def test_what_waits_for_a_review_counts_when_it_is_approved() -> None:
    world = World("ann", programme=club(pending_days=0, most_earned_a_day=100))
    world.earn("ann", 90)
    order = world.earn("ann", 60)
    (review,) = world.reviews.values()
    assert world.account("ann").spendable_points == 90
    world.now = START + timedelta(hours=1)

    assert isinstance(decided(world, review, "approved"), Review)

    assert world.account("ann").spendable_points == 150
    assert world.orders[order].reversed_points == 0


def test_what_waits_for_a_review_is_taken_back_when_it_is_denied() -> None:
    world = World("ann", programme=club(pending_days=0, most_earned_a_day=100))
    world.earn("ann", 90)
    order = world.earn("ann", 60)
    (review,) = world.reviews.values()

    assert isinstance(decided(world, review, "denied"), Review)

    assert world.account("ann").balance_points == 90
    assert world.orders[order].reversed_points == 60
    assert world.orders[order].qualifying_points == 0
    (reversed_,) = [entry for entry in world.entries if entry.type == "reversed"]
    assert reversed_.reason == "looked at it"
