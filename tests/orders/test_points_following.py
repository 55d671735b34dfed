"""Points that follow their orders where accounts were merged, owe something, or are spent elsewhere."""

from datetime import timedelta
from typing import Any

from tests.callers import Retailer, euro, line, served
from tests.loyalty.books import START, World, club
from tests.loyalty.household import PATH, account, in_force, stands
from tests.loyalty.test_examples import merged
from tests.orders.buying import HOME
from tests.returns.bringing import back, taken, units


async def member(retailer: Retailer, points: int = 0) -> tuple[str, str]:
    """A customer with an account of so many points; the ids of both."""
    made = await account(retailer, points)
    (who,) = (await stands(retailer.web, made))["members"]
    return who, made


async def sold(retailer: Retailer, who: str, sku: str, **tenders: int) -> dict[str, Any]:
    """Sell one of a SKU over the counter."""
    await retailer.receive(sku, S1=1)
    body = {
        "fulfillments": [served("carry_out", None, line(sku, 1))],
        "tenders": [{"type": kind, "amount": euro(minor)} for kind, minor in tenders.items()],
        "customer": who,
    }
    return await taken(await retailer.till.post("/v1/orders", body))


async def test_points_of_a_merged_account_pay_what_comes_into_an_older_order(
    retailer: Retailer,
) -> None:
    """The order was placed before the merge; what pays an edit are the points of both."""
    await in_force(retailer)
    await retailer.receive("A", WH=1)
    await retailer.receive("B", WH=1)
    (who, made), (_, family) = await member(retailer, 200), await member(retailer, 300)
    body = {
        "fulfillments": [served("ship", "WH", line("A", 1))],
        "tenders": [{"type": "card", "amount": euro(2_000), "reference": "p"}],
        "customer": who,
        "ship_to": HOME,
    }
    sale = await taken(await retailer.web.post("/v1/orders", body))
    await taken(await retailer.office.post(f"{PATH}/{family}/merges", {"source": made}))
    edit = {
        "reason": "one more",
        "add": [served("ship", "WH", line("B", 1))],
        "tenders": [{"type": "points", "amount": euro(500)}],
    }
    await taken(await retailer.office.post(f"/v1/orders/{sale['id']}/edits", edit), 200)
    standing = await stands(retailer.web, family)
    assert (standing["spendable"], standing["pending"]) == (0, 24)
    path = f"/v1/orders/{sale['id']}/cancellation"
    await taken(await retailer.web.post(path, {"reason": "changed my mind"}), 200)
    standing = await stands(retailer.web, family)
    assert (standing["spendable"], standing["pending"], standing["debt"]) == (500, 0, 0)


def test_what_expired_before_a_merge_makes_no_difference_after_it() -> None:
    """Of 120, 70 were spent and 50 expired; then the account became part of another: 70 are owed there."""
    world = World("a", "b", programme=club(pending_days=0, lifetime_months=1))
    order = world.earn("b", 120)
    world.spend("b", 70)
    world.now = START + timedelta(days=60)
    merged(world, "b", "a")

    world.reverse(order, 120)

    assert world.account("a").balance_points == -70
    taken_back = [(one.type, one.points) for one in world.entries if one.order_id == order]
    assert taken_back == [("earned", 120), ("absorbed", 50), ("reversed", 70)]


async def test_nobody_owes_who_has_points_back_at_the_same_moment(retailer: Retailer) -> None:
    """The 15 that an order earned were spent elsewhere; it comes back with the 500 that it had spent."""
    await in_force(retailer, pending_days=0)
    await retailer.prices(C=15)
    who, made = await member(retailer, 500)
    sale = await sold(retailer, who, "A", points=500, cash=1_500)
    await sold(retailer, who, "C", points=15)
    assert (await stands(retailer.web, made))["balance"] == 0
    body = back(sale, units(1, sellable=1), refund={})
    await taken(await retailer.till.post("/v1/returns", body))
    standing = await stands(retailer.web, made)
    assert (standing["balance"], standing["active"], standing["debt"]) == (485, 485, 0)


async def test_nothing_is_forgiven_who_has_points_back_at_the_same_moment(
    retailer: Retailer,
) -> None:
    """Where nobody shall owe points, the same 15 are taken from those that come back."""
    await in_force(retailer, pending_days=0, negative="within_balance")
    await retailer.prices(C=15)
    who, made = await member(retailer, 500)
    sale = await sold(retailer, who, "A", points=500, cash=1_500)
    await sold(retailer, who, "C", points=15)
    body = back(sale, units(1, sellable=1), refund={})
    await taken(await retailer.till.post("/v1/returns", body))
    points = await taken(await retailer.office.get(f"/v1/orders/{sale['id']}/points"), 200)
    assert (points["reversed_points"], points["forgiven_points"]) == (15, 0)
    assert (await stands(retailer.web, made))["balance"] == 485
