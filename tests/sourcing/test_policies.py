"""Sourcing and fulfillment policies: defaults, versions, what is refused, and who sees them."""

import asyncio

import httpx
import pytest

from omniretail import clock, sourcing
from omniretail.errors import Invalid
from tests.callers import Retailer

WEB = "/v1/sourcing-policies/web"
S1 = "/v1/fulfillment-policies/S1"
STATED = {
    "rules": ["highest_stock", "preferred"],
    "max_distance_km": 80,
    "max_locations": 2,
    "cooling_off_hours": 0,
    "max_attempts": 1,
}


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def test_without_a_policy_the_defaults_hold(retailer: Retailer) -> None:
    channel, location = await retailer.web.get(WEB), await retailer.staff.get(S1)

    assert channel.json() == {
        "channel": "web",
        "rules": ["preferred", "fewest_splits", "proximity", "highest_stock"],
        "max_distance_km": None,
        "max_locations": 5,
        "cooling_off_hours": 72,
        "max_attempts": 3,
        "version": 0,
    }
    assert location.json() == {
        "location": "S1",
        "pickup_hours": 72,
        "reminder_hours": 24,
        "daily_capacity": None,
        "version": 0,
    }
    assert channel.headers["etag"] == location.headers["etag"] == '"0"'


async def test_a_policy_is_replaced_as_a_whole(retailer: Retailer) -> None:
    put = await retailer.office.put(WEB, STATED)
    read = await retailer.web.get(WEB)
    again = await retailer.office.put(WEB, {"rules": []})

    assert put.json() == read.json() == STATED | {"channel": "web", "version": 1}
    assert again.json()["rules"] == []
    assert (again.json()["max_locations"], again.json()["version"]) == (5, 2)
    stated = {"pickup_hours": 48, "reminder_hours": 6, "daily_capacity": 20}
    put = await retailer.office.put(S1, stated)
    assert put.json() == stated | {"location": "S1", "version": 1}
    assert (await retailer.till.get(S1)).json() == put.json()


@pytest.mark.parametrize("path", [WEB, S1])
async def test_a_stale_edit_is_refused(retailer: Retailer, path: str) -> None:
    first = await retailer.office.put(path, {}, **{"If-Match": '"0"'})
    stale = await retailer.office.put(path, {}, **{"If-Match": '"0"'})
    fresh = await retailer.office.put(path, {}, **{"If-Match": first.headers["etag"]})

    assert first.status_code == 200
    assert refusal(stale) == (412, "stale_version")
    assert (stale.json()["expected_version"], stale.json()["version"]) == (0, 1)
    assert fresh.headers["etag"] == '"2"'


@pytest.mark.parametrize("path", [WEB, S1])
async def test_two_who_put_the_first_one_at_once(retailer: Retailer, path: str) -> None:
    """One of them wins, or both do, one after the other; nobody is lost and nothing breaks."""
    answers = await asyncio.gather(*(retailer.office.put(path, {}) for _ in range(4)))

    taken = [answer for answer in answers if answer.is_success]
    assert taken
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert (await retailer.office.get(path)).json()["version"] == len(taken)


async def test_what_is_unknown_or_contradicts_itself_is_refused(retailer: Retailer) -> None:
    office = retailer.office
    nowhere = "/v1/fulfillment-policies/nowhere"

    assert refusal(await office.get("/v1/sourcing-policies/x")) == (404, "unknown_channel")
    assert refusal(await office.put("/v1/sourcing-policies/x", {})) == (404, "unknown_channel")
    assert refusal(await office.get(nowhere)) == (404, "unknown_location")
    assert refusal(await office.put(nowhere, {})) == (404, "unknown_location")
    twice = await office.put(WEB, {"rules": ["proximity", "proximity"]})
    assert refusal(twice) == (400, "invalid")
    assert twice.json()["errors"][0]["pointer"] == "/rules/1"
    late = await office.put(S1, {"pickup_hours": 12})
    assert refusal(late) == (400, "invalid")
    assert late.json()["errors"][0]["pointer"] == "/reminder_hours"


async def test_a_key_sees_its_own_channel_only(retailer: Retailer) -> None:
    assert refusal(await retailer.till.get(WEB)) == (404, "unknown_channel")
    assert (await retailer.till.get("/v1/sourcing-policies/pos")).status_code == 200
    assert (await retailer.staff.get(WEB)).status_code == 200


async def test_policies_are_read_together_with_their_defaults(retailer: Retailer) -> None:
    await retailer.office.put(WEB, STATED)
    await retailer.office.put(S1, {"daily_capacity": 3})
    async with retailer.process.database.reading() as tx:
        policies, locations = await tx.read(
            sourcing.policies(["web", "pos"]), sourcing.location_policies(["S1", "S2"])
        )

    assert policies == {
        "web": sourcing.SourcingPolicy(
            channel="web",
            rules=("highest_stock", "preferred"),
            max_distance_km=80,
            max_locations=2,
            cooling_off_hours=0,
            max_attempts=1,
        ),
        "pos": sourcing.SourcingPolicy(channel="pos"),
    }
    assert locations == {
        "S1": sourcing.FulfillmentPolicy(location="S1", daily_capacity=3),
        "S2": sourcing.FulfillmentPolicy(location="S2"),
    }


@pytest.mark.parametrize(
    "policy",
    [
        sourcing.SourcingPolicy(channel="web", max_locations=0),
        sourcing.SourcingPolicy(channel="web", max_distance_km=0),
        sourcing.SourcingPolicy(channel="web", cooling_off_hours=-1),
        sourcing.SourcingPolicy(channel="web", max_attempts=0),
    ],
)
async def test_bounds_hold_for_every_caller(
    retailer: Retailer, policy: sourcing.SourcingPolicy
) -> None:
    """Not only the wire says them: so does the operation."""
    with pytest.raises(Invalid):
        await retailer.process.database.run(
            lambda tx: sourcing.put_policy(tx, policy, now=clock.now())
        )
