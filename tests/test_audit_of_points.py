"""The audit finds what is wrong with loyalty points: one fault is planted, and one check fails."""

from uuid import UUID

from omniretail.ids import new_id
from omniretail.loyalty.store import Concerned
from tests.callers import Retailer, line, order, served
from tests.loyalty.ledgers import Accounts, at, club
from tests.orders.stepping import findings
from tests.test_audit import OF_POINTS, _plant

_ONE = "(select id from loyalty_lot where kind = 'adjusted' and held = 0 order by id limit 1)"
_PAID = "(select order_id from tender where type = 'points' order by order_id limit 1)"
_LONELY = "(select id from loyalty_account where id not in (select account_id from loyalty_member))"
_CLOSED = "closed_at = now(), closed_by = gen_random_uuid()"

FAULTS: list[tuple[str, str, list[str]]] = [
    (
        "points",
        "an account has a point more than its lots",
        [f"update loyalty_account set lots_points = lots_points + 1 where id in {_LONELY}"],
    ),
    (
        "points",
        "an account owes more than was entered",
        ["update loyalty_account set debt_points = debt_points + 1 where debt_points > 0"],
    ),
    (
        "points",
        "an account counts an entry too many",
        [f"update loyalty_account set version = version + 1 where id in {_LONELY}"],
    ),
    (
        "points",
        "an account is gone, and its points stand",
        [f"delete from loyalty_account where id in {_LONELY}"],
    ),
    (
        "points",
        "a lot and its account have more than was entered",
        [
            f"update loyalty_lot set quantity = quantity + 1, remaining = remaining + 1 where id = {_ONE}",
            (
                "update loyalty_account set lots_points = lots_points + 1,"
                " active_points = active_points + 1"
                f" where id = (select account_id from loyalty_lot where id = {_ONE})"
            ),
        ],
    ),
    (
        "points",
        "points are in another lot than was entered",
        [
            f"update loyalty_lot set quantity = quantity + 9 where id = {_ONE}",
            f"update loyalty_lot set remaining = remaining + 1 where id = {_ONE}",
            (
                "update loyalty_lot set remaining = remaining - 1 where id = (select other.id"
                f" from loyalty_lot as other inner join loyalty_lot as one on one.id = {_ONE}"
                " where other.account_id = one.account_id and other.id <> one.id"
                " and other.available_at is not null and other.expires_at is null"
                " and other.remaining > other.held order by other.id limit 1)"
            ),
        ],
    ),
    ("points", "an entry is gone", [f"delete from loyalty_entry where lot_id = {_ONE}"]),
    (
        "points",
        "the entries of an account have a gap",
        [
            (
                "update loyalty_entry set sequence = sequence + 1 where (account_id, sequence) in"
                " (select account_id, max(sequence) from loyalty_entry group by account_id)"
            )
        ],
    ),
    (
        "points",
        "an entry is another account's",
        [
            (
                "update loyalty_entry set account_id = gen_random_uuid()"
                f" where lot_id = {_ONE} and sequence > 0"
            )
        ],
    ),
    (
        "points",
        "what is pending is said to be there",
        [
            (
                "update loyalty_account set active_points = active_points + pending_points,"
                " pending_points = 0 where pending_points > 0"
            )
        ],
    ),
    (
        "points",
        "a lot becomes active before its account knows",
        [
            (
                "update loyalty_lot set available_at = available_at - interval '1 day'"
                " where available_at in (select steady_until from loyalty_account)"
            )
        ],
    ),
    (
        "points",
        "a lot ends before its account knows",
        [f"update loyalty_lot set expires_at = available_at where id = {_ONE}"],
    ),
    (
        "points",
        "a lot says that more expired",
        ["update loyalty_lot set expired = expired + 1 where expired > 0"],
    ),
    (
        "points",
        "a lot says that more was absorbed",
        ["update loyalty_lot set absorbed = absorbed + 1 where absorbed > 0"],
    ),
    (
        "points_holds",
        "a lot holds less than was promised",
        ["update loyalty_lot set held = held - 1 where held > 0"],
    ),
    (
        "points_holds",
        "a hold ended, and its points are held",
        ["update loyalty_hold set state = 'voided', closed_at = now() where state = 'held'"],
    ),
    (
        "points_holds",
        "a hold says more than its lots",
        ["update loyalty_hold set points = points + 1 where state = 'voided'"],
    ),
    (
        "points_holds",
        "lots are promised by no hold",
        ["delete from loyalty_hold where state = 'voided'"],
    ),
    (
        "points_holds",
        "a lot is promised that does not exist",
        [
            (
                "update loyalty_hold_lot set lot_id = gen_random_uuid()"
                " where hold_id in (select id from loyalty_hold where state = 'held')"
            )
        ],
    ),
    (
        "points_holds",
        "a hold was spent for an order that no points pay",
        ["update loyalty_hold set order_id = gen_random_uuid() where state = 'committed'"],
    ),
    (
        "points_reviews",
        "a lot is in review, and nobody shall decide",
        ["update loyalty_lot set in_review = true where not in_review and available_at is null"],
    ),
    (
        "points_reviews",
        "somebody decided, and the lot is in review",
        [f"update loyalty_review set decision = 'approved', {_CLOSED} where decision is null"],
    ),
    (
        "points_reviews",
        "a review is of a lot that does not exist",
        [
            f"update loyalty_review set decision = 'denied', {_CLOSED}",
            "update loyalty_review set lot_id = gen_random_uuid()",
        ],
    ),
    (
        "points_reviews",
        "an open review is of another lot",
        [f"update loyalty_review set lot_id = {_ONE}"],
    ),
    (
        "members",
        "a member's account was merged",
        [
            (
                "update loyalty_account set status = 'merged', merged_into = gen_random_uuid()"
                " where id in (select account_id from loyalty_member)"
            )
        ],
    ),
    (
        "members",
        "a member's account does not exist",
        ["update loyalty_member set account_id = gen_random_uuid()"],
    ),
    (
        "order_points",
        "an order earned more than was entered",
        ["update loyalty_order set earned_points = earned_points + 1 where earned_points > 0"],
    ),
    (
        "order_points",
        "more of an order was reversed than was entered",
        [
            (
                "update loyalty_order set reversed_points = reversed_points + 1"
                " where reversed_points > 0 and reversed_points < earned_points"
            )
        ],
    ),
    (
        "order_points",
        "what was taken back is said to be forgiven",
        ["update loyalty_order set forgiven_points = 1 where reversed_points > 0"],
    ),
    (
        "order_points",
        "an order spent more than was entered",
        ["update loyalty_order set spent_points = spent_points + 1 where spent_points > 0"],
    ),
    (
        "order_points",
        "an order got back less than was entered",
        [
            (
                "update loyalty_order set restored_points = restored_points - 1"
                " where restored_points > 0"
            )
        ],
    ),
    (
        "order_points",
        "lots paid more than was spent",
        ["update loyalty_spending set points = points + 1"],
    ),
    (
        "order_points",
        "lots got back less than was restored",
        ["update loyalty_spending set restored = restored - 1 where restored > 0"],
    ),
    (
        "order_points",
        "a tender says more points than were spent",
        ["update tender set points = points + 1 where type = 'points'"],
    ),
    (
        "order_points",
        "a reward says more points than were spent",
        ["update sales_order set reward_points = reward_points + 1 where reward_points > 0"],
    ),
    (
        "order_points",
        "points were spent for another tender",
        [
            f"update loyalty_entry set tender_number = 2 where type = 'spent' and order_id = {_PAID}",
        ],
    ),
    (
        "order_points",
        "an order that earned names no account",
        ["update sales_order set loyalty_account = null where reward is null"],
    ),
    (
        "order_points",
        "points were earned for an order without a record",
        ["update loyalty_entry set order_id = gen_random_uuid() where type = 'earned'"],
    ),
    (
        "order_points",
        "a day has more qualifying points than its orders",
        ["update loyalty_day set qualifying = qualifying + 1 where qualifying > 0"],
    ),
    (
        "order_points",
        "an order qualifies for more than its day",
        [
            (
                "update loyalty_order set qualifying_points = qualifying_points + 1"
                " where earned_points > 0"
            )
        ],
    ),
]


async def _placed(
    retailer: Retailer, accounts: Accounts, account: UUID, *, cancelled: int = 0
) -> UUID:
    """Sell two A, which are awaited, by card, to the members of an account; some are cancelled."""
    wanted = order(served("ship", "S1", line("A", 2)), paid=4000)
    answer = await retailer.web.post("/v1/orders", wanted)
    assert answer.status_code == 201, answer.text
    placed = UUID(answer.json()["id"])
    if cancelled:
        body = {"reason": "fewer do", "lines": [{"line": 1, "quantity": cancelled}]}
        answer = await retailer.web.post(f"/v1/orders/{placed}/cancellation", body)
        assert answer.is_success, answer.text
    async with accounts.database.transaction() as tx:
        await tx.execute(
            "update sales_order set loyalty_account = $2 where id = $1", placed, account
        )
    return placed


async def _paid_by_points(
    retailer: Retailer, accounts: Accounts, account: UUID, hold: UUID | None = None
) -> UUID:
    """Sell two A for 4,000 points, and cancel one."""
    placed = await _placed(retailer, accounts, account, cancelled=1)
    async with accounts.database.transaction() as tx:
        await tx.execute(
            "update tender set type = 'points', points = 4000, reference = null where order_id = $1",
            placed,
        )
    _, refusal = await accounts.spend(account, 4000, at(3), hold, order=placed)
    assert refusal is None, refusal
    return placed


async def _books(retailer: Retailer) -> None:
    """Points of every sort: earned, pending, in review, spent, held, given back, owed, expired."""
    await retailer.receive("A", S1=30)
    accounts = await Accounts.of(retailer.process.database, club(pending_days=10))
    anna, ben, carl, dora = [await accounts.opened() for _ in range(4)]
    async with accounts.database.transaction() as tx:
        await tx.execute(
            "insert into loyalty_member (customer_id, account_id, joined_at, joined_by)"
            " values ($1, $2, now(), $1)",
            new_id(),
            anna,
        )
    for _ in range(2):
        await accounts.put(anna, 9000, at(1), None)
    await accounts.put(ben, 120, at(1), None)
    await accounts.put(carl, 50, at(1), at(2, 22))
    await accounts.expire(at(3))

    # One is paid by points that were held, and half of it given back; one by a reward.
    paid = await _paid_by_points(
        retailer, accounts, anna, await accounts.hold(anna, 4000, at(2, 23), minutes=900)
    )
    await accounts.restore(anna, paid, 2000, at(4))
    rewarded = await _placed(retailer, accounts, anna)
    async with accounts.database.transaction() as tx:
        await tx.execute(
            "update sales_order set reward = 'mug', reward_coupon = 'MUG', reward_points = 500"
            " where id = $1",
            rewarded,
        )
    await accounts.spend(anna, 500, at(4), order=rewarded, tender=0)

    # Earned: pending for goods that are awaited; active on a day; in review; taken back, and owed.
    for reached, late in ((False, False), (True, False), (False, True)):
        await accounts.earn(
            anna,
            40,
            at(5),
            reached=reached,
            claimed_late=late,
            order=await _placed(retailer, accounts, anna),
        )
    owed = await accounts.earn(ben, 40, at(5), order=await _placed(retailer, accounts, ben))
    await accounts.reach(ben, owed, at(5))
    await accounts.take(ben, 160, at(20))
    await accounts.reverse(ben, owed, 30, at(20))
    short = await Accounts.of(accounts.database, club(pending_days=0, lifetime_months=1), at(21))
    gone = await short.earn(carl, 20, at(22), order=await _placed(retailer, accounts, carl))
    await short.reverse(carl, gone, 5, at(25, month=7))

    await accounts.earn(dora, 10, at(25, month=7), order=await _placed(retailer, accounts, dora))
    await accounts.hold(anna, 100, at(25, month=7))
    voided = await accounts.hold(anna, 30, at(25, month=7))
    await accounts.change(
        at(25, month=7),
        lambda ledger: ledger.void(anna, voided),
        Concerned(accounts=[anna], holds=[voided]),
    )


async def test_one_fault_fails_one_check(retailer: Retailer) -> None:
    """Given true books of points, when one thing in them is made untrue, exactly its check says so."""
    await _books(retailer)
    before = await findings(retailer)

    found = {
        fault: await _plant(retailer.process.database, statements)
        for _, fault, statements in FAULTS
    }

    assert before == []
    assert found == {fault: [check] for check, fault, _ in FAULTS}
    assert {check for check, _, _ in FAULTS} == OF_POINTS


async def test_points_come_back_with_what_they_paid(retailer: Retailer) -> None:
    """Given half an order that points paid cancelled, the audit wants half of its points back."""
    await retailer.receive("A", S1=2)
    accounts = await Accounts.of(retailer.process.database)
    anna = await accounts.opened()
    await accounts.put(anna, 9000, at(1), None)
    paid = await _paid_by_points(retailer, accounts, anna)

    kept = await findings(retailer)
    await accounts.restore(anna, paid, 1999, at(4))
    too_few = await findings(retailer)
    await accounts.restore(anna, paid, 1, at(4))

    assert kept == too_few == ["order_points"]
    assert await findings(retailer) == []
