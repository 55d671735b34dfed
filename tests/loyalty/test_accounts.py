"""Loyalty accounts over HTTP: who shares one, and what is held of it, given, merged and adjusted."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from omniretail import clock, loyalty
from omniretail.db import Transaction
from omniretail.ids import new_id
from tests.callers import Retailer, line, order, served
from tests.loyalty.books import SOMEBODY, club
from tests.loyalty.household import (
    PATH,
    account,
    adjusted,
    balance_at,
    customer,
    in_force,
    items,
    key,
    run,
    settled,
    stands,
)


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["type"].endswith(code), problem
    return problem


async def test_a_customer_opens_an_account_and_finds_it_by_card(retailer: Retailer) -> None:
    person = await customer(retailer, "2100000000017")

    opened = await retailer.till.post(PATH, {"members": [person]})

    assert opened.status_code == 201, opened.text
    assert opened.json()["balance"] == 0
    assert opened.json()["members"] == [person]
    for name in (person, "2100000000017"):
        assert await items(retailer.web, PATH, customer=name) == [opened.json()]
    assert await items(retailer.web, PATH, customer="nobody") == []


async def test_a_customer_is_a_member_of_one_account(retailer: Retailer) -> None:
    first, person = await account(retailer), await customer(retailer)
    second = await account(retailer)
    joined = await retailer.web.post(f"{PATH}/{first}/members", {"customer": person})
    assert joined.status_code == 201, joined.text
    assert person in joined.json()["members"]

    for path, body in (
        (f"{PATH}/{second}/members", {"customer": person}),
        (f"{PATH}/{first}/members", {"customer": person}),
        (PATH, {"members": [person]}),
    ):
        problem = refused(await retailer.web.post(path, body), 409, "already_member")
        assert problem["account"] == first

    left = await retailer.web.post(f"{PATH}/{first}/member-removals", {"customer": person})
    assert left.status_code == 201, left.text
    again = await retailer.web.post(f"{PATH}/{second}/members", {"customer": person})
    assert again.status_code == 201, again.text
    assert len(again.json()["members"]) == 2


async def test_nobody_joins_who_is_not_known(retailer: Retailer) -> None:
    nobody = {"customer": str(new_id())}
    made = await account(retailer)

    refused(await retailer.web.post(f"{PATH}/{made}/members", nobody), 404, "unknown_customer")
    refused(
        await retailer.web.post(f"{PATH}/{made}/member-removals", nobody), 404, "unknown_member"
    )
    person = {"customer": await customer(retailer)}
    strange = f"{PATH}/{new_id()}"
    refused(await retailer.web.post(f"{strange}/members", person), 404, "unknown_loyalty_account")
    refused(await retailer.web.get(strange), 404, "unknown_loyalty_account")


async def test_the_last_member_stays(retailer: Retailer) -> None:
    made = await account(retailer)
    (person,) = (await stands(retailer.web, made))["members"]

    answer = await retailer.web.post(f"{PATH}/{made}/member-removals", {"customer": person})

    refused(answer, 409, "last_member")


async def test_six_may_share_an_account_unless_the_programme_says_otherwise(
    retailer: Retailer,
) -> None:
    family = await account(retailer, members=6)
    seventh = {"customer": await customer(retailer)}
    problem = refused(
        await retailer.web.post(f"{PATH}/{family}/members", seventh), 409, "too_many_members"
    )
    assert problem["most_members"] == 6

    await in_force(retailer, most_members=7)

    assert (await retailer.web.post(f"{PATH}/{family}/members", seventh)).status_code == 201


async def test_what_one_device_holds_another_cannot(retailer: Retailer) -> None:
    """Example 5."""
    await in_force(retailer)
    made = await account(retailer, 1000)

    first = await retailer.web.post(f"{PATH}/{made}/holds", {"points": 800})
    second = await retailer.till.post(f"{PATH}/{made}/holds", {"points": 300})

    assert first.status_code == 201, first.text
    assert first.json()["channel"] == "web"
    problem = refused(second, 409, "insufficient_points")
    assert (problem["requested"], problem["available"]) == (300, 200)
    assert (await stands(retailer.till, made))["held"] == 800
    hold = f"/v1/loyalty/holds/{first.json()['id']}"
    for _ in range(2):
        voided = await retailer.till.send("DELETE", hold)
        assert voided.status_code == 200, voided.text
        assert voided.json()["state"] == "voided"
    after = await stands(retailer.web, made)
    assert (after["balance"], after["spendable"]) == (1000, 1000)
    assert (await retailer.web.get(hold)).json()["state"] == "voided"
    assert len(await items(retailer.web, f"{PATH}/{made}/holds")) == 1


async def test_a_hold_lasts_as_long_as_the_programme_says(retailer: Retailer) -> None:
    await in_force(retailer, web_hold_seconds=900, till_hold_seconds=300)
    made = await account(retailer, 1000)

    def seconds(answer: httpx.Response) -> float:
        body = answer.json()
        moments = [datetime.fromisoformat(body[one]) for one in ("placed_at", "expires_at")]
        return (moments[1] - moments[0]).total_seconds()

    path = f"{PATH}/{made}/holds"
    assert seconds(await retailer.web.post(path, {"points": 1})) == 900
    assert seconds(await retailer.till.post(path, {"points": 1})) == 300
    assert seconds(await retailer.till.post(path, {"points": 1, "seconds": 60})) == 60
    assert seconds(await retailer.till.post(path, {"points": 1, "seconds": 900})) == 300


async def test_a_hold_that_has_run_out_promises_nothing(retailer: Retailer) -> None:
    await in_force(retailer)
    made = await account(retailer, 1000)
    held = (await retailer.web.post(f"{PATH}/{made}/holds", {"points": 800})).json()
    over = clock.now() + timedelta(seconds=901)

    assert (await balance_at(retailer, made, over)).spendable_points == 1000
    void = loyalty.VoidHold(principal=SOMEBODY, hold_id=UUID(held["id"]))
    for _ in range(2):
        (ended,) = await run(retailer, loyalty.void_holds, void, now=over)
        assert ended.state == "lapsed"
    assert (await balance_at(retailer, made, over)).held_points == 0


async def test_nothing_is_held_without_a_programme(retailer: Retailer) -> None:
    made = await account(retailer)

    refused(
        await retailer.web.post(f"{PATH}/{made}/holds", {"points": 1}),
        404,
        "no_programme_in_force",
    )
    refused(await adjusted(retailer, made, 5), 404, "no_programme_in_force")
    ends = (clock.now() + timedelta(days=3)).isoformat()
    assert (await adjusted(retailer, made, 5, expires_at=ends)).status_code == 201


async def test_points_change_by_hand_with_a_reason(retailer: Retailer) -> None:
    await in_force(retailer)
    made = await account(retailer, 500)

    taken = await adjusted(retailer, made, -200)
    problem = refused(await adjusted(retailer, made, -301), 409, "insufficient_points")

    assert taken.json()["balance"] == 300
    assert problem["available"] == 300
    entries = await items(retailer.web, f"{PATH}/{made}/entries")
    assert [(one["type"], one["lot_change"], one["reason"]) for one in entries] == [
        ("adjusted", -200, "by hand"),
        ("adjusted", 500, "by hand"),
    ]
    (lot,) = await items(retailer.web, f"{PATH}/{made}/lots")
    assert (lot["state"], lot["quantity"], lot["remaining"]) == ("active", 500, 300)
    past = (clock.now() - timedelta(seconds=1)).isoformat()
    refused(await adjusted(retailer, made, 1, expires_at=past), 400, "invalid")
    refused(await adjusted(retailer, made, 0), 400, "invalid")


async def test_entries_and_lots_come_page_by_page(retailer: Retailer) -> None:
    await in_force(retailer)
    made = await account(retailer)
    for points in (1, 2, 3):
        await adjusted(retailer, made, points)
    for what, name in (("entries", "points"), ("lots", "quantity")):
        seen, cursor = [], None
        while True:
            query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            answer = (await retailer.web.get(f"{PATH}/{made}/{what}", **query)).json()
            seen += [one[name] for one in answer["items"]]
            cursor = answer["next_cursor"]
            if cursor is None:
                break
        assert seen == [3, 2, 1]


async def test_a_gift_keeps_its_expiry_and_waits_a_day(retailer: Retailer) -> None:
    """Example 13."""
    await in_force(retailer)
    giver, receiver = await account(retailer), await account(retailer)
    may, august = (clock.now() + timedelta(days=days) for days in (190, 280))
    await adjusted(retailer, giver, 400, expires_at=august.isoformat())
    await adjusted(retailer, giver, 150, expires_at=may.isoformat())

    given = await retailer.web.post(f"{PATH}/{giver}/gifts", {"to": receiver, "points": 200})

    assert given.status_code == 201, given.text
    lots = await items(retailer.web, f"{PATH}/{receiver}/lots", live=True)
    found = {datetime.fromisoformat(one["expires_at"]): one["remaining"] for one in lots}
    assert found == {may: 150, august: 50}
    assert (await stands(retailer.web, giver))["balance"] == 350
    waiting = await stands(retailer.web, receiver)
    assert (waiting["balance"], waiting["pending"], waiting["spendable"]) == (200, 200, 0)
    later = await balance_at(retailer, receiver, clock.now() + timedelta(hours=25))
    assert later.spendable_points == 200
    for one in await items(retailer.web, f"{PATH}/{receiver}/entries"):
        assert (one["type"], one["other_account"]) == ("gifted", giver)

    back = await retailer.web.post(f"/v1/loyalty/gifts/{given.json()['id']}/return", {})

    assert back.status_code == 200, back.text
    assert back.json()["taken_back_at"] is not None
    assert (await stands(retailer.web, giver))["spendable"] == 550
    assert (await stands(retailer.web, receiver))["balance"] == 0
    again = await retailer.web.post(f"/v1/loyalty/gifts/{given.json()['id']}/return", {})
    refused(again, 409, "gift_closed")


async def test_a_gift_that_can_be_spent_is_not_taken_back(retailer: Retailer) -> None:
    await in_force(retailer)
    giver, receiver = await account(retailer, 100), await account(retailer)
    given = await retailer.web.post(f"{PATH}/{giver}/gifts", {"to": receiver, "points": 60})
    command = loyalty.TakeGiftBack(key=key(), principal=SOMEBODY, gift_id=UUID(given.json()["id"]))

    (outcome,) = await run(
        retailer, loyalty.change_gifts, command, now=clock.now() + timedelta(hours=24)
    )

    assert isinstance(outcome, loyalty.GiftClosed)


async def test_what_cannot_be_given(retailer: Retailer) -> None:
    await in_force(retailer)
    giver, receiver = await account(retailer, 100), await account(retailer)
    path = f"{PATH}/{giver}/gifts"

    refused(await retailer.web.post(path, {"to": giver, "points": 1}), 400, "invalid")
    refused(
        await retailer.web.post(path, {"to": receiver, "points": 101}), 409, "insufficient_points"
    )
    refused(
        await retailer.web.post(path, {"to": str(new_id()), "points": 1}),
        404,
        "unknown_loyalty_account",
    )
    refused(
        await retailer.web.post(f"/v1/loyalty/gifts/{new_id()}/return", {}), 404, "unknown_gift"
    )


async def test_two_accounts_become_one_and_two_again(retailer: Retailer) -> None:
    await in_force(retailer)
    first, second = await account(retailer, 300), await account(retailer, 120)
    held = await retailer.web.post(f"{PATH}/{second}/holds", {"points": 100})

    merged = await retailer.office.post(
        f"{PATH}/{first}/merges", {"source": second, "reason": "a household"}
    )

    assert merged.status_code == 201, merged.text
    one = await stands(retailer.web, first)
    assert (one["balance"], one["spendable"], len(one["members"])) == (420, 420, 2)
    gone = await stands(retailer.web, second)
    assert (gone["status"], gone["merged_into"], gone["balance"]) == ("merged", first, 0)
    assert gone["members"] == []
    hold = f"/v1/loyalty/holds/{held.json()['id']}"
    assert (await retailer.web.get(hold)).json()["state"] == "voided"
    for path, body in ((f"{second}/holds", {"points": 1}), (f"{first}/merges", {"source": second})):
        problem = refused(
            await retailer.office.post(f"{PATH}/{path}", body), 409, "loyalty_account_merged"
        )
        assert problem["merged_into"] == first
    await adjusted(retailer, first, -150)

    undone = await retailer.office.post(f"/v1/loyalty/merges/{merged.json()['id']}/undoing", {})

    assert undone.status_code == 200, undone.text
    back, again = await stands(retailer.web, second), await stands(retailer.web, first)
    assert (back["status"], again["status"]) == ("open", "open")
    assert back["balance"] + again["balance"] == 270
    assert (len(back["members"]), len(again["members"])) == (1, 1)
    refused(
        await retailer.office.post(f"/v1/loyalty/merges/{merged.json()['id']}/undoing", {}),
        409,
        "merge_undone",
    )
    assert (await retailer.web.post(f"{PATH}/{second}/holds", {"points": 1})).status_code == 201


async def test_what_cannot_be_merged(retailer: Retailer) -> None:
    await in_force(retailer, most_members=1)
    first, second = await account(retailer), await account(retailer)

    refused(
        await retailer.office.post(f"{PATH}/{first}/merges", {"source": second}),
        409,
        "too_many_members",
    )
    refused(await retailer.office.post(f"{PATH}/{first}/merges", {"source": first}), 400, "invalid")
    refused(
        await retailer.office.post(f"/v1/loyalty/merges/{new_id()}/undoing", {}),
        404,
        "unknown_merge",
    )
    command = loyalty.MergeAccounts(
        key=key(),
        principal=SOMEBODY,
        merge_id=new_id(),
        source_id=UUID(first),
        target_id=UUID(second),
        any_members=True,
    )
    (merged,) = await run(retailer, loyalty.merge_accounts, command, now=clock.now())
    assert isinstance(merged, loyalty.Merge)


async def test_points_expire_without_anybody_doing_anything(retailer: Retailer) -> None:
    await in_force(retailer)
    made = await account(retailer)
    ends = clock.now() + timedelta(days=10)
    await adjusted(retailer, made, 70, expires_at=ends.isoformat())
    await adjusted(retailer, made, 30)

    before = await balance_at(retailer, made, ends - timedelta(seconds=1))
    after = await balance_at(retailer, made, ends)

    assert (before.balance_points, after.balance_points) == (100, 30)
    assert after.version == before.version

    assert await settled(retailer, ends) == 1
    assert await settled(retailer, ends) == 0
    booked = await balance_at(retailer, made, ends)
    assert (booked.balance_points, booked.version) == (30, after.version + 1)
    (entry, *_) = await items(retailer.web, f"{PATH}/{made}/entries")
    assert (entry["type"], entry["points"]) == ("expired", 70)
    assert datetime.fromisoformat(entry["occurred_at"]) == ends


async def test_a_gift_becomes_active_with_or_without_the_worker(retailer: Retailer) -> None:
    await in_force(retailer)
    giver, receiver = await account(retailer, 100), await account(retailer)
    await retailer.web.post(f"{PATH}/{giver}/gifts", {"to": receiver, "points": 60})
    later = clock.now() + timedelta(hours=25)

    assert await settled(retailer, later) == 1
    assert await settled(retailer, later) == 0
    assert (await balance_at(retailer, receiver, later)).spendable_points == 60


async def test_a_hold_that_ran_out_is_closed_by_the_worker(retailer: Retailer) -> None:
    await in_force(retailer)
    made = await account(retailer, 100)
    await retailer.web.post(f"{PATH}/{made}/holds", {"points": 60})
    later = clock.now() + timedelta(hours=1)

    assert await settled(retailer, later) == 1

    async def state(tx: Transaction) -> str:
        (hold,) = await loyalty.list_holds(tx, UUID(made), limit=2)
        return hold.state

    assert await retailer.process.database.run(state) == "lapsed"
    assert (await balance_at(retailer, made, later)).spendable_points == 100


async def earn(retailer: Retailer, made: str, points: int) -> None:
    """Have a member of an account buy goods over the counter for so many points, ten a piece."""
    member = (await stands(retailer.web, made))["members"][0]
    await retailer.prices(A=1000)
    await retailer.receive("A", S1=points // 10)
    goods = served("carry_out", None, line("A", points // 10))
    bought = await retailer.till.post(
        "/v1/orders", order(goods, paid=points * 100, by="cash") | {"customer": member}
    )
    assert bought.status_code == 201, bought.text


async def test_points_that_are_too_many_wait_for_somebody_to_look(retailer: Retailer) -> None:
    await in_force(retailer, most_earned_a_day=100, pending_days=0)
    made = await account(retailer)
    for points in (90, 60, 70):
        await earn(retailer, made, points)
    first, second = await items(retailer.office, "/v1/loyalty/reviews")
    assert (first["points"], first["why"]) == (60, "earned_too_much")
    assert (await stands(retailer.web, made))["spendable"] == 90

    def path(review: dict[str, Any]) -> str:
        return f"/v1/loyalty/reviews/{review['id']}/decision"

    approved = await retailer.office.post(
        path(first), {"decision": "approved", "note": "a wedding"}
    )
    denied = await retailer.office.post(path(second), {"decision": "denied", "note": "a fraud"})

    assert (approved.status_code, denied.status_code) == (200, 200), denied.text
    assert denied.json()["decision"] == "denied"
    after = await stands(retailer.web, made)
    assert (after["balance"], after["spendable"]) == (150, 150)
    assert await items(retailer.office, "/v1/loyalty/reviews") == []
    refused(
        await retailer.office.post(path(first), {"decision": "denied", "note": "no"}),
        409,
        "review_decided",
    )
    refused(
        await retailer.office.post(
            f"/v1/loyalty/reviews/{new_id()}/decision", {"decision": "denied", "note": "no"}
        ),
        404,
        "unknown_review",
    )


async def test_a_tier_ends_by_the_clock(retailer: Retailer) -> None:
    tiers = (loyalty.Tier(code="silver", name="Silver", qualifying=50),)
    await in_force(retailer, tiers=tiers)
    made = await account(retailer)
    await earn(retailer, made, 60)
    tier = (await stands(retailer.web, made))["tier"]
    assert tier["code"] == "silver"
    until = datetime.fromisoformat(tier["until"])
    later = until + timedelta(days=2 * 366)

    assert (await balance_at(retailer, made, later)).tier is None
    assert await settled(retailer, later) == 1
    assert await settled(retailer, later) == 0
    assert (await balance_at(retailer, made, later)).tier is None


async def test_the_higher_tier_outlives_a_merge(retailer: Retailer) -> None:
    tiers = (loyalty.Tier(code="silver", name="Silver", qualifying=50),)
    await in_force(retailer, tiers=tiers)
    first, second = await account(retailer), await account(retailer)
    await earn(retailer, second, 60)

    await retailer.office.post(f"{PATH}/{first}/merges", {"source": second})

    assert (await stands(retailer.web, first))["tier"]["code"] == "silver"


def test_a_programme_for_tests_is_one() -> None:
    assert loyalty.programme_fault(club()) is None
