"""Return policies over HTTP: defaults, versions, what is refused, and who sees them."""

import asyncio
from typing import Any

import httpx
import pytest

from omniretail import clock, returns
from omniretail.errors import Invalid
from tests.callers import Retailer

WEB = "/v1/channels/web/return-policy"
METHODS = {
    "cash": ["cash", "store_credit"],
    "card": ["card", "store_credit"],
    "ewallet": ["ewallet", "store_credit"],
    "bank_transfer": ["bank_transfer", "store_credit"],
    "gift_card": ["gift_card", "store_credit"],
    "store_credit": ["store_credit"],
    "points": ["points"],
}
DEFAULTS = {
    "window_days": 30,
    "category_windows": [],
    "refund_by": "original_shares",
    "priority": [],
    "refund_methods": METHODS,
    "approval": "staff",
    "refund_shipping": True,
    "claims_keep_goods": True,
    "claim_days": 60,
    "unlinked_limit": 3,
    "unlinked_days": 90,
    "unlinked_price_days": 30,
}
STATED = {
    "window_days": 14,
    "category_windows": [
        {"category": "mattresses", "window_days": 100},
        {"category": "swimwear", "window_days": 0},
    ],
    "refund_by": "priority",
    "priority": ["gift_card", "card"],
    "refund_methods": METHODS | {"ewallet": ["store_credit"], "card": ["card", "bank_transfer"]},
    "approval": "automatic",
    "refund_shipping": False,
    "claims_keep_goods": False,
    "claim_days": 730,
    "unlinked_limit": 0,
    "unlinked_days": 365,
    "unlinked_price_days": 60,
}


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def test_without_a_policy_the_defaults_hold(retailer: Retailer) -> None:
    read = await retailer.web.get(WEB)

    assert read.json() == DEFAULTS | {"channel": "web", "version": 0}
    assert read.headers["etag"] == '"0"'


async def test_a_policy_is_replaced_as_a_whole(retailer: Retailer) -> None:
    put = await retailer.office.put(WEB, STATED)
    read = await retailer.web.get(WEB)
    again = await retailer.office.put(WEB, {"window_days": 28})

    assert put.json() == read.json() == STATED | {"channel": "web", "version": 1}
    assert again.json() == DEFAULTS | {"channel": "web", "window_days": 28, "version": 2}
    assert again.headers["etag"] == '"2"'
    # What one channel takes back says nothing about another.
    assert (await retailer.till.get("/v1/channels/pos/return-policy")).json()["version"] == 0


async def test_a_tender_that_is_left_out_of_the_matrix_takes_its_default(
    retailer: Retailer,
) -> None:
    put = await retailer.office.put(WEB, {"refund_methods": {"cash": ["store_credit", "cash"]}})

    assert put.json()["refund_methods"] == METHODS | {"cash": ["store_credit", "cash"]}


async def test_categories_are_told_by_their_code(retailer: Retailer) -> None:
    windows = [{"category": code, "window_days": 7} for code in ("shoes", "bags", "été")]
    put = await retailer.office.put(WEB, {"category_windows": windows})

    told = [one["category"] for one in put.json()["category_windows"]]
    assert told == ["bags", "shoes", "été"]


async def test_a_stale_edit_is_refused(retailer: Retailer) -> None:
    first = await retailer.office.put(WEB, {}, **{"If-Match": '"0"'})
    stale = await retailer.office.put(WEB, {}, **{"If-Match": '"0"'})
    fresh = await retailer.office.put(WEB, {}, **{"If-Match": first.headers["etag"]})

    assert first.status_code == 200
    assert refusal(stale) == (412, "stale_version")
    assert (stale.json()["expected_version"], stale.json()["version"]) == (0, 1)
    assert fresh.headers["etag"] == '"2"'


async def test_two_who_put_the_first_one_at_once(retailer: Retailer) -> None:
    """One of them wins, or both do, one after the other; nobody is lost and nothing breaks."""
    answers = await asyncio.gather(*(retailer.office.put(WEB, {}) for _ in range(4)))

    taken = [answer for answer in answers if answer.is_success]
    assert taken
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert (await retailer.office.get(WEB)).json()["version"] == len(taken)


async def test_an_unknown_channel_has_no_policy(retailer: Retailer) -> None:
    nowhere = "/v1/channels/nowhere/return-policy"

    assert refusal(await retailer.office.get(nowhere)) == (404, "unknown_channel")
    assert refusal(await retailer.office.put(nowhere, {})) == (404, "unknown_channel")


@pytest.mark.parametrize(
    ("stated", "pointer"),
    [
        ({"refund_methods": {"cash": ["cash", "card"]}}, "/refund_methods/cash/1"),
        ({"refund_methods": {"card": ["gift_card"]}}, "/refund_methods/card/0"),
        ({"refund_methods": {"store_credit": ["ewallet"]}}, "/refund_methods/store_credit/0"),
        ({"refund_methods": {"card": ["card", "card"]}}, "/refund_methods/card/1"),
        ({"refund_methods": {"card": []}}, "/refund_methods/card"),
        ({"refund_by": "priority", "priority": ["card", "card"]}, "/priority/1"),
        ({"priority": ["card"]}, "/priority"),
        (
            {"category_windows": [{"category": "a", "window_days": 1}] * 2},
            "/category_windows/1/category",
        ),
        (
            {"category_windows": [{"category": "summer shoes", "window_days": 1}]},
            "/category_windows/0/category",
        ),
    ],
)
async def test_what_contradicts_itself_is_refused(
    retailer: Retailer, stated: dict[str, Any], pointer: str
) -> None:
    """Nobody has a second card for money to go to; a list that has no say promises what is not done."""
    refused = await retailer.office.put(WEB, stated)

    assert refusal(refused) == (400, "invalid")
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert (await retailer.office.get(WEB)).json()["version"] == 0


async def test_a_key_sees_its_own_channel_only(retailer: Retailer) -> None:
    assert refusal(await retailer.till.get(WEB)) == (404, "unknown_channel")
    assert (await retailer.web.get(WEB)).status_code == 200
    assert (await retailer.staff.get(WEB)).status_code == 200
    assert (await retailer.web.put(WEB, {})).status_code == 403


async def test_policies_are_read_together_with_their_defaults(retailer: Retailer) -> None:
    await retailer.office.put(WEB, STATED)
    async with retailer.process.database.reading() as tx:
        (policies,) = await tx.read(returns.return_policies(["web", "pos"]))

    assert policies == {
        "web": returns.ReturnPolicy(
            channel="web",
            window_days=14,
            window_days_by_category={"mattresses": 100, "swimwear": 0},
            refund_by="priority",
            priority=("gift_card", "card"),
            refund_methods={
                **returns.REFUND_METHODS,
                "ewallet": ("store_credit",),
                "card": ("card", "bank_transfer"),
            },
            approval="automatic",
            refund_shipping=False,
            claims_keep_goods=False,
            claim_days=730,
            unlinked_limit=0,
            unlinked_days=365,
            unlinked_price_days=60,
            version=1,
        ),
        "pos": returns.ReturnPolicy(channel="pos"),
    }


@pytest.mark.parametrize(
    "policy",
    [
        returns.ReturnPolicy(channel="web", window_days=-1),
        returns.ReturnPolicy(channel="web", window_days=returns.MOST_DAYS + 1),
        returns.ReturnPolicy(channel="web", window_days_by_category={"shoes": -1}),
        returns.ReturnPolicy(
            channel="web",
            window_days_by_category={f"c{i}": 1 for i in range(returns.MOST_CATEGORIES + 1)},
        ),
        returns.ReturnPolicy(channel="web", claim_days=0),
        returns.ReturnPolicy(channel="web", unlinked_limit=-1),
        returns.ReturnPolicy(channel="web", unlinked_days=0),
        returns.ReturnPolicy(channel="web", unlinked_price_days=0),
        returns.ReturnPolicy(channel="web", refund_methods={"card": ()}),
    ],
)
async def test_bounds_hold_for_every_caller(
    retailer: Retailer, policy: returns.ReturnPolicy
) -> None:
    """Not only the wire says them: so does the operation."""
    with pytest.raises(Invalid):
        await retailer.process.database.run(
            lambda tx: returns.put_return_policy(tx, policy, now=clock.now())
        )
