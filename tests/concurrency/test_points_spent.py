"""Points that are spent by many at once, over real connections: none twice, and none for nothing.

After each, the audit proves the books: entries, lots, holds and orders say the same.
"""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

from omniretail import clock, loyalty
from omniretail.errors import DomainError
from omniretail.ids import new_id
from tests.callers import Caller, Retailer, euro, line, served
from tests.live import Live
from tests.loyalty.books import SOMEBODY
from tests.loyalty.household import (
    PATH,
    account,
    adjusted,
    balance_at,
    in_force,
    items,
    key,
    run,
    settled,
    stands,
)
from tests.orders.buying import HOME
from tests.returns.bringing import back, refused, taken, till_at, units


async def member(retailer: Retailer, points: int = 0) -> tuple[str, str]:
    """A customer with an account of so many points; the ids of both."""
    made = await account(retailer, points)
    (who,) = (await stands(retailer.web, made))["members"]
    return who, made


def by_points(who: str, minor: int, part: dict[str, Any], **tender: Any) -> dict[str, Any]:
    """An order of a customer on the wire that points pay."""
    paying = {"type": "points", "amount": euro(minor), **tender}
    return {"fulfillments": [part], "tenders": [paying], "customer": who, "ship_to": HOME}


async def test_fifty_pay_by_points_of_one_balance(retailer: Retailer, live: Live) -> None:
    """Given 5,000 points, when fifty want to pay 500 at once, half of them by a hold, then ten do."""
    await in_force(retailer)
    await retailer.receive("B", S1=50, WH=50)
    who, made = await member(retailer)
    for _ in range(25):
        await adjusted(retailer, made, 200)
    web, till = live.caller(retailer.web), live.caller(retailer.till)

    async def held_first(caller: Caller) -> int:
        hold = await caller.post(f"{PATH}/{made}/holds", {"points": 500})
        if hold.status_code == 409:
            return 409
        part = served("ship", "WH", line("B", 1))
        wish = by_points(who, 500, part, hold=hold.json()["id"])
        return (await caller.post("/v1/orders", wish)).status_code

    async def at_once(caller: Caller) -> int:
        wish = by_points(who, 500, served("carry_out", "S1", line("B", 1)))
        answer = await caller.post("/v1/orders", wish)
        assert answer.is_success or refused(answer) == (409, "insufficient_points"), answer.text
        return answer.status_code

    statuses = await asyncio.gather(
        *(held_first(web) for _ in range(25)), *(at_once(till) for _ in range(25))
    )

    assert Counter(statuses) == {201: 10, 409: 40}
    after = await stands(retailer.web, made)
    assert (after["balance"], after["held"], after["spendable"]) == (0, 0, 0)
    entries = await items(retailer.web, f"{PATH}/{made}/entries", limit=200)
    assert sum(one["points"] for one in entries if one["type"] == "spent") == 5000
    goods = [await retailer.level("B", code) for code in ("S1", "WH")]
    assert 100 - sum(available for _, _, available in goods) == 10


async def test_a_hold_and_the_end_of_its_points_at_once(retailer: Retailer) -> None:
    """A hold of the last second protects its points, or finds them gone; nothing in between."""
    await in_force(retailer)
    end = clock.now() + timedelta(minutes=1)
    late, after = end - timedelta(seconds=1), end + timedelta(seconds=1)
    made = [await account(retailer) for _ in range(12)]
    for one in made:
        await adjusted(retailer, one, 300, expires_at=end.isoformat())

    async def hold(one: str) -> Any:
        command = loyalty.PlaceHold(
            key=key(), principal=SOMEBODY, hold_id=new_id(), account_id=UUID(one), points=200
        )
        (outcome,) = await run(retailer, loyalty.place_holds, command, now=late)
        return outcome

    *outcomes, _, _ = await asyncio.gather(
        *(hold(one) for one in made), settled(retailer, after), settled(retailer, after)
    )
    await settled(retailer, after)

    for one, outcome in zip(made, outcomes, strict=True):
        there = 0 if isinstance(outcome, DomainError) else 200
        standing = await balance_at(retailer, one, after)
        assert (standing.balance_points, standing.held_points) == (there, there)
        expired = [
            entry["points"]
            for entry in await items(retailer.web, f"{PATH}/{one}/entries")
            if entry["type"] == "expired"
        ]
        assert sum(expired) == 300 - there


async def test_two_stores_take_back_what_earned_once(retailer: Retailer, live: Live) -> None:
    """Given units that earned, when two stores take each back at once, then each is reversed once."""
    await in_force(retailer, pending_days=0)
    await retailer.receive("A", S1=10)
    who, made = await member(retailer, 5000)
    s2, s3 = [live.caller(await till_at(retailer, code)) for code in ("S2", "S3")]
    for _ in range(10):
        wish = by_points(who, 500, served("carry_out", None, line("A", 1)))
        wish["tenders"].append({"type": "cash", "amount": euro(1500)})
        sale = await taken(await retailer.till.post("/v1/orders", wish))

        answers = await asyncio.gather(
            *(
                till.post("/v1/returns", back(sale, units(1, sellable=1), refund={}))
                for till in (s2, s3)
            )
        )

        assert sorted(answer.status_code for answer in answers) == [201, 409]
        points = await taken(await retailer.office.get(f"/v1/orders/{sale['id']}/points"), 200)
        assert (points["earned_points"], points["reversed_points"]) == (15, 15)
        assert (points["spent_points"], points["restored_points"]) == (500, 500)
    assert (await stands(retailer.web, made))["balance"] == 5000


async def test_units_of_one_order_come_back_in_two_stores_at_once(
    retailer: Retailer, live: Live
) -> None:
    """Ten units earned nine points together: wherever they come back, nine are taken in the end."""
    await in_force(retailer, pending_days=0)
    await retailer.receive("C", S1=10)
    who, made = await member(retailer, 100)
    wish = {
        "fulfillments": [served("carry_out", None, line("C", 10))],
        "tenders": [
            {"type": "points", "amount": euro(33)},
            {"type": "card", "amount": euro(957), "reference": "p"},
        ],
        "customer": who,
    }
    sale = await taken(await retailer.till.post("/v1/orders", wish))
    s2, s3 = [live.caller(await till_at(retailer, code)) for code in ("S2", "S3")]

    answers = await asyncio.gather(
        *(
            till.post("/v1/returns", back(sale, units(1, sellable=1), refund={}))
            for till in (s2, s3) * 5
        )
    )

    assert [answer.status_code for answer in answers] == [201] * 10
    points = await taken(await retailer.office.get(f"/v1/orders/{sale['id']}/points"), 200)
    assert (points["earned_points"], points["reversed_points"]) == (9, 9)
    assert (points["spent_points"], points["restored_points"]) == (33, 33)
    assert (await stands(retailer.web, made))["balance"] == 100


async def test_a_merge_against_redemptions(retailer: Retailer, live: Live) -> None:
    """Whoever pays while the account is merged pays of one account or the other, and once."""
    await in_force(retailer)
    await retailer.receive("B", WH=50)
    (who, made), (_, family) = await member(retailer, 3000), await member(retailer, 700)
    web, office = live.caller(retailer.web), live.caller(retailer.office)
    wish = by_points(who, 500, served("ship", "WH", line("B", 1)))

    *answers, merge = await asyncio.gather(
        *(web.post("/v1/orders", wish) for _ in range(10)),
        office.post(f"{PATH}/{family}/merges", {"source": made}),
    )

    assert merge.status_code == 201, merge.text
    assert {answer.status_code for answer in answers} <= {201, 409}
    paid = sum(answer.status_code == 201 for answer in answers)
    assert paid in {6, 7}
    after = await stands(retailer.web, family)
    assert after["balance"] == 3700 - 500 * paid
    for answer in answers:
        if answer.status_code == 201:
            path = f"/v1/orders/{answer.json()['id']}/cancellation"
            assert (await web.post(path, {"reason": "changed my mind"})).status_code == 200
    assert (await stands(retailer.web, family))["balance"] == 3700


async def test_the_worker_against_redemptions(retailer: Retailer, live: Live) -> None:
    """What expires while others pay is spent or expired, never both."""
    await in_force(retailer)
    await retailer.receive("B", WH=50)
    who, made = await member(retailer, 2000)
    end = clock.now() + timedelta(seconds=2)
    for _ in range(3):
        answer = await adjusted(retailer, made, 1000, expires_at=end.isoformat())
        assert answer.is_success, answer.text
    web = live.caller(retailer.web)
    wish = by_points(who, 500, served("ship", "WH", line("B", 1)))

    async def work() -> None:
        while (now := clock.now()) < end + timedelta(seconds=1):
            await settled(retailer, now)
            await asyncio.sleep(0.05)

    async def buy(after: float) -> int:
        await asyncio.sleep(after)
        return (await web.post("/v1/orders", wish)).status_code

    *statuses, _ = await asyncio.gather(*(buy(0.22 * step) for step in range(12)), work())

    spent = 500 * Counter(statuses)[201]
    entries = await items(retailer.web, f"{PATH}/{made}/entries", limit=200)
    expired = sum(one["points"] for one in entries if one["type"] == "expired")
    assert sum(one["points"] for one in entries if one["type"] == "spent") == spent
    assert (await stands(retailer.web, made))["balance"] == 5000 - spent - expired
    lots = await items(retailer.web, f"{PATH}/{made}/lots")
    assert all(lot["remaining"] == 0 for lot in lots if lot["expires_at"])
