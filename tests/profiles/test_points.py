"""Points of customers who are merged, parted, and erased; and in their timelines."""

import asyncio
from typing import Any

from tests.callers import Retailer
from tests.loyalty.household import PATH, adjusted, in_force, stands
from tests.profiles.persons import (
    customer,
    erased,
    merged,
    refused,
    taken,
    timeline,
    undone,
)


async def _account(retailer: Retailer, who: dict[str, Any], points: int) -> str:
    made = await taken(await retailer.web.post(PATH, {"members": [who["id"]]}), 201)
    await taken(await adjusted(retailer, made["id"], points), 201)
    number: str = made["id"]
    return number


async def _two(retailer: Retailer) -> tuple[dict[str, Any], dict[str, Any]]:
    await in_force(retailer)
    return await customer(retailer, known="ann-1"), await customer(retailer, known="anna-2")


async def test_points_of_both_come_together_and_apart(retailer: Retailer) -> None:
    """Given two records with 300 and 200 points, when merged, then it is 500; undone, each has its own."""
    ann, anna = await _two(retailer)
    hers, other = await _account(retailer, ann, 300), await _account(retailer, anna, 200)

    merge = await merged(retailer, ann, anna)

    assert merge["moved"]["points"] == 1
    assert (await stands(retailer.web, hers))["spendable"] == 500
    assert (await stands(retailer.web, other))["merged_into"] == hers
    moved = [item for item in await timeline(retailer.office, ann) if item["kind"] == "points"]
    assert sorted((item["type"], item["data"]["points"]) for item in moved) == [
        ("adjusted", 200),
        ("adjusted", 300),
        ("moved", -200),
        ("moved", 200),
    ]
    await undone(retailer, merge)
    assert (await stands(retailer.web, hers))["spendable"] == 300
    back = await stands(retailer.web, other)
    assert (back["spendable"], back["members"]) == (200, [anna["id"]])


async def test_who_has_no_account_takes_the_place_of_who_has(retailer: Retailer) -> None:
    """Given that only the source is a member, when merged, then the target is; undone, the source is."""
    ann, anna = await _two(retailer)
    account = await _account(retailer, anna, 200)
    merge = await merged(retailer, ann, anna)
    assert merge["moved"]["membership"] == 1
    assert (await stands(retailer.web, account))["members"] == [ann["id"]]
    await undone(retailer, merge)
    assert (await stands(retailer.web, account))["members"] == [anna["id"]]


async def test_members_of_one_account_stay_in_it(retailer: Retailer) -> None:
    """Given that both are of one household, when merged and parted, then its points are as they were."""
    ann, anna = await _two(retailer)
    account = await _account(retailer, ann, 100)
    path = f"{PATH}/{account}/members"
    await taken(await retailer.web.post(path, {"customer": anna["id"]}), 201)
    merge = await merged(retailer, ann, anna)
    assert set(merge["moved"]) == {"identity"}
    await undone(retailer, merge)
    assert (await stands(retailer.web, account))["spendable"] == 100


async def test_a_refused_undoing_changes_nothing(retailer: Retailer) -> None:
    """Given that the account was merged further, when the customers' merge is undone, then nothing is."""
    ann, anna = await _two(retailer)
    hers, _ = await _account(retailer, ann, 300), await _account(retailer, anna, 200)
    bob = await customer(retailer, known="bob")
    his = await _account(retailer, bob, 10)
    merge = await merged(retailer, ann, anna)
    path = f"{PATH}/{his}/merges"
    await taken(await retailer.office.post(path, {"source": hers, "reason": "married"}), 201)
    answer = await retailer.office.post(f"/v1/customers/merges/{merge['id']}/undoing", {})
    assert refused(answer) == (409, "loyalty_account_merged")
    still = await taken(await retailer.office.get(f"/v1/customers/{anna['id']}"))
    assert (still["status"], still["merged_into"]) == ("merged", ann["id"])
    (only,) = (await taken(await retailer.office.get(f"/v1/customers/{ann['id']}/merges")))["items"]
    assert only["undone_at"] is None


async def test_points_of_somebody_erased_are_nobodys(retailer: Retailer) -> None:
    """Given points and why they were given, when erased, then the points stay, and neither who nor why."""
    ann, _ = await _two(retailer)
    account = await _account(retailer, ann, 300)
    before = await stands(retailer.web, account)
    await taken(await adjusted(retailer, account, 50, reason="zqx was ill"), 201)

    await erased(retailer, ann)

    after = await stands(retailer.web, account)
    assert (after["spendable"], after["members"]) == (350, [])
    assert (before["spendable"], before["members"]) == (300, [ann["id"]])
    told = await taken(await retailer.office.get(f"{PATH}/{account}/entries"))
    assert [entry["reason"] for entry in told["items"]] == ["erased", "erased"]


async def test_holds_are_in_the_timeline_page_by_page(retailer: Retailer) -> None:
    """Given holds of points at once and entries, when read one by one, then each comes once."""
    ann, _ = await _two(retailer)
    account = await _account(retailer, ann, 300)
    holds = await asyncio.gather(
        *(retailer.web.post(f"{PATH}/{account}/holds", {"points": 10}) for _ in range(5))
    )
    assert all(hold.is_success for hold in holds)
    whole = await timeline(retailer.office, ann)
    assert [item["kind"] for item in whole].count("points_hold") == 5
    assert await timeline(retailer.office, ann, limit=1) == whole
