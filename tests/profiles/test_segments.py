"""Segments: customers who have something in common."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from omniretail import clock, profiles
from omniretail.profiles import OrderCount, Rule, Spend
from tests.callers import Retailer, euro
from tests.profiles.persons import bought, customer, merged, ordered, refused, taken


async def _segment(retailer: Retailer, code: str, **rule: Any) -> dict[str, Any]:
    body = {"name": code.title(), "rule": rule}
    answer = await retailer.office.put(f"/v1/segments/{code}", body)
    return await taken(answer)


async def _in(retailer: Retailer, code: str, **query: Any) -> list[str]:
    answer = await retailer.office.get(f"/v1/segments/{code}/customers", **query)
    return [one["id"] for one in (await taken(answer))["items"]]


async def _judged(retailer: Retailer, *people: dict[str, Any], **rule: Any) -> list[int]:
    """Which of some people, by their places, a rule holds for."""
    await _segment(retailer, "judged", **rule)
    found = await _in(retailer, "judged")
    return [place for place, one in enumerate(people) if one["id"] in found]


async def test_channels_spend_and_orders(retailer: Retailer) -> None:
    """Given who bought where, and for how much, when segments are asked, then each holds who fits."""
    await retailer.receive("A", S1=20, WH=20)
    ann, bob, cid = [await customer(retailer, known=name) for name in ("ann", "bob", "cid")]
    people = (ann, bob, cid)
    await bought(retailer, "ann", paid=6000)
    await ordered(retailer, ann["id"])
    await bought(retailer, "bob")

    assert await _judged(retailer, *people, channels_any=["pos", "web"]) == [0, 1]
    assert await _judged(retailer, *people, channels_all=["pos", "web"]) == [0]
    assert await _judged(retailer, *people, channels_any=["web"]) == [0]
    assert await _judged(retailer, *people, ordered_within_days=1) == [0, 1]
    assert await _judged(retailer, *people, not_ordered_for_days=1) == [2]
    year: dict[str, Any] = {"currency": "EUR", "days": 365}
    assert await _judged(retailer, *people, spend=year | {"at_least": euro(8000)}) == [0]
    assert await _judged(retailer, *people, spend=year | {"at_least": euro(8001)}) == []
    assert await _judged(retailer, *people, spend=year | {"at_most": euro(2000)}) == [1, 2]
    assert await _judged(retailer, *people, orders={"days": 30, "at_least": 2}) == [0]
    assert await _judged(retailer, *people, orders={"days": 30, "at_most": 0}) == [2]
    assert await _judged(retailer, *people) == [0, 1, 2]


async def test_what_was_given_back_or_cancelled_was_not_spent(retailer: Retailer) -> None:
    """Given a return and a cancelled order, when spend is asked, then neither counts."""
    await retailer.receive("A", S1=20, WH=20)
    ann, bob = [await customer(retailer, known=name) for name in ("ann", "bob")]
    sale = await bought(retailer, "ann", paid=4000)
    back = {"line": 1, "quantity": 1, "reason": "unwanted"}
    await taken(
        await retailer.till.post("/v1/returns", {"order": sale["id"], "lines": [back]}), 201
    )
    gone = await ordered(retailer, "bob")
    path = f"/v1/orders/{gone['id']}/cancellation"
    await taken(await retailer.office.post(path, {"reason": "changed their mind"}))
    spent: dict[str, Any] = {"currency": "EUR", "days": 30}
    assert await _judged(
        retailer, ann, bob, spend=spent | {"at_least": euro(2000), "at_most": euro(2000)}
    ) == [0]
    assert await _judged(retailer, ann, bob, ordered_within_days=1) == [0]
    assert await _judged(retailer, ann, bob, spend=spent | {"at_most": euro(0)}) == [1]


async def test_groups_and_consents(retailer: Retailer) -> None:
    """Given groups and decisions, when asked, then one group is enough, and every consent is needed."""
    ann = await customer(retailer, known="ann", customer_groups=["club", "staff"])
    bob = await customer(retailer, known="bob", customer_groups=["club"])
    for who, granted in ((ann, True), (bob, True), (bob, False)):
        said = {"consents": [{"purpose": "sms", "granted": granted}]}
        answer = await retailer.office.post(f"/v1/customers/{who['id']}/consents", said)
        await taken(answer, 201)
    assert await _judged(retailer, ann, bob, groups=["staff", "other"]) == [0]
    assert await _judged(retailer, ann, bob, groups=["club"]) == [0, 1]
    assert await _judged(retailer, ann, bob, consents=["sms"]) == [0]
    assert await _judged(retailer, ann, bob, consents=["sms", "post"]) == []


async def test_a_merged_customer_counts_as_whom_it_became(retailer: Retailer) -> None:
    """Given two records that are merged, when spend is asked, then it is of both, and one is there."""
    await retailer.receive("A", S1=9)
    ann, anna = [await customer(retailer, known=name) for name in ("ann", "anna")]
    await bought(retailer, "ann")
    await bought(retailer, "anna")
    await merged(retailer, ann, anna)
    least = {"currency": "EUR", "days": 30, "at_least": euro(4000)}
    assert await _judged(retailer, ann, anna, spend=least) == [0]


async def test_segments_are_listed_and_paged(retailer: Retailer) -> None:
    """Given segments, when listed, read, put again and asked of a customer, then they are as stated."""
    people = [await customer(retailer, known=name) for name in ("ann", "bob", "cid")]
    stated = await _segment(retailer, "all")
    await _segment(retailer, "club", groups=["club"])
    assert await taken(await retailer.office.get("/v1/segments/all")) == stated
    again = {name: stated[name] for name in ("name", "rule")}
    assert await taken(await retailer.office.put("/v1/segments/all", again)) == stated
    listed = await taken(await retailer.office.get("/v1/segments"))
    assert [one["code"] for one in listed["items"]] == ["all", "club"]
    page = await taken(await retailer.office.get("/v1/segments/all/customers", limit=2))
    rest = await _in(retailer, "all", cursor=page["next_cursor"])
    assert [one["id"] for one in page["items"]] + rest == [one["id"] for one in people]
    answer = await retailer.office.get(f"/v1/customers/{people[0]['id']}/segments")
    assert [one["code"] for one in answer.json()] == ["all"]
    unknown = await retailer.office.get("/v1/segments/none/customers")
    assert refused(unknown) == (404, "unknown_segment")


async def test_time_alone_ends_membership(retailer: Retailer) -> None:
    """Given an order, when weeks pass, then who ordered lately is who did not for long."""
    await retailer.receive("A", S1=2)
    ann = await customer(retailer, known="ann")
    await bought(retailer, "ann")
    await _segment(retailer, "lately", ordered_within_days=30)
    await _segment(retailer, "lapsed", not_ordered_for_days=30)

    async def members(code: str, days: int) -> Sequence[UUID]:
        now = clock.now() + timedelta(days=days)
        async with retailer.process.database.reading() as tx:
            return await profiles.segment_customers(tx, code, limit=9, now=now)

    assert [str(one) for one in await members("lately", 29)] == [ann["id"]]
    assert await members("lapsed", 29) == []
    assert await members("lately", 31) == []
    assert [str(one) for one in await members("lapsed", 31)] == [ann["id"]]


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        (Rule(ordered_within_days=0), "/ordered_within_days"),
        (Rule(ordered_within_days=7, not_ordered_for_days=7), "/not_ordered_for_days"),
        (Rule(spend=Spend(currency="EUR", days=9)), "/spend"),
        (Rule(orders=OrderCount(days=9, at_least=2, at_most=1)), "/orders/at_most"),
        (Rule(groups=frozenset(map(str, range(101)))), "/groups"),
    ],
)
def test_rules_that_cannot_hold_are_faults(rule: Rule, pointer: str) -> None:
    assert [where for where, _ in profiles.rule_faults(rule)] == [pointer]
    assert profiles.rule_faults(Rule()) == []
