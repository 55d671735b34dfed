"""Rewards: something off for points, where there is something, and as often as the programme allows."""

from typing import Any

from omniretail import loyalty, pricing
from tests.callers import Retailer, euro, line, served
from tests.loyalty.household import account, in_force, stands
from tests.returns.bringing import back, refused, taken, units

FIVE = loyalty.Reward(code="FIVE", name="5.00 off A", points=400, coupon="CLUB5")
FIVE_OFF_A = pricing.Promotion(
    code="CLUB5",
    name="5.00 off A",
    action=pricing.Amount(amount_minor=500),
    currency="EUR",
    skus=frozenset("A"),
    coupon_only=True,
)
CLUB5 = pricing.Coupon(code="CLUB5", promotion="CLUB5")


def counter(who: str, *goods: dict[str, Any], card: int, points: int = 0) -> dict[str, Any]:
    """A sale over the counter with the reward on the wire."""
    tenders: list[dict[str, Any]] = [{"type": "card", "amount": euro(card), "reference": "p"}]
    if points:
        tenders.append({"type": "points", "amount": euro(points)})
    part = served("carry_out", None, *goods)
    return {"fulfillments": [part], "tenders": tenders, "customer": who, "reward": "FIVE"}


async def member(retailer: Retailer, **programme: Any) -> tuple[str, str]:
    """A customer with 1,000 points where 400 of them take 5.00 off A; the ids of both."""
    await in_force(retailer, rewards=(FIVE,), **programme)
    await retailer.define(FIVE_OFF_A, CLUB5)
    for sku in "AB":
        await retailer.receive(sku, S1=9)
    made = await account(retailer, 1_000)
    (who,) = (await stands(retailer.web, made))["members"]
    return who, made


async def test_a_reward_that_takes_nothing_off_costs_nothing(retailer: Retailer) -> None:
    """There is no A in the basket: the sale is refused, and all points are there."""
    who, made = await member(retailer)
    answer = await retailer.till.post("/v1/orders", counter(who, line("B", 1), card=500))
    assert refused(answer) == (409, "reward_without_effect")
    assert (await stands(retailer.web, made))["spendable"] == 1_000
    assert await retailer.level("B", "S1") == (9, 0, 9)


async def test_a_reward_and_points_beside_it_are_spent_together_or_not_at_all(
    retailer: Retailer,
) -> None:
    """400 for the reward leave 600: 700 more are refused, and nothing is spent; 600 more are not."""
    who, made = await member(retailer)
    goods = line("A", 1)
    answer = await retailer.till.post("/v1/orders", counter(who, goods, card=800, points=700))
    assert refused(answer) == (409, "insufficient_points")
    assert (await stands(retailer.web, made))["spendable"] == 1_000
    sale = await taken(
        await retailer.till.post("/v1/orders", counter(who, goods, card=900, points=600))
    )
    assert (await stands(retailer.web, made))["spendable"] == 0
    await taken(
        await retailer.till.post("/v1/returns", back(sale, units(1, sellable=1), refund={}))
    )
    standing = await stands(retailer.web, made)
    assert (standing["balance"], standing["spendable"]) == (1_000, 1_000)


async def test_points_are_redeemed_as_often_as_the_programme_allows_in_a_day(
    retailer: Retailer,
) -> None:
    """The reward is one redemption, and points beside it are another."""
    who, made = await member(retailer, most_redemptions_a_day=2)
    await taken(
        await retailer.till.post("/v1/orders", counter(who, line("A", 1), card=1_400, points=100))
    )
    answer = await retailer.till.post("/v1/orders", counter(who, line("A", 1), card=1_500))
    assert refused(answer) == (409, "redemption_limit_reached")
    assert (await stands(retailer.web, made))["spendable"] == 500
