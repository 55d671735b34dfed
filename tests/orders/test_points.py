"""Orders that earn and spend points: as a tender, by a hold, as a reward, and claimed afterwards."""

from datetime import timedelta
from typing import Any

from omniretail import clock, loyalty, pricing
from tests.callers import Retailer, euro, line, served
from tests.loyalty.household import PATH, account, in_force, items, stands
from tests.returns.bringing import back, refused, taken, till_at, units


async def member(retailer: Retailer, points: int = 0) -> tuple[str, str]:
    """A customer with an account of so many points; the ids of both."""
    made = await account(retailer, points)
    (who,) = (await stands(retailer.web, made))["members"]
    return who, made


def counter(*lines: dict[str, Any], cash: int = 0, points: int = 0, **more: Any) -> dict[str, Any]:
    """A sale over the counter on the wire, paid in cash and by points."""
    hold = {"hold": more.pop("hold")} if "hold" in more else {}
    tenders: list[dict[str, Any]] = []
    if points:
        tenders.append({"type": "points", "amount": euro(points)} | hold)
    if cash:
        tenders.append({"type": "cash", "amount": euro(cash)})
    return {"fulfillments": [served("carry_out", None, *lines)], "tenders": tenders, **more}


async def sold(retailer: Retailer, body: dict[str, Any]) -> dict[str, Any]:
    """Sell over the counter."""
    return await taken(await retailer.till.post("/v1/orders", body))


async def points_of(retailer: Retailer, sale: dict[str, Any], **query: Any) -> dict[str, Any]:
    """What an order earned and spent."""
    return await taken(await retailer.office.get(f"/v1/orders/{sale['id']}/points", **query), 200)


async def test_a_sale_earns_points_and_says_why(retailer: Retailer) -> None:
    """45.99 at a point per 1.00 are 45 points, pending until the goods cannot come back any more."""
    await in_force(retailer)
    await retailer.receive("A", S1=5)
    await retailer.receive("C", S1=5)
    await retailer.receive("B", S1=5)
    who, made = await member(retailer)
    goods = [line("A", 2), line("B", 1), line("C", 1)]
    sale = await sold(retailer, counter(*goods, cash=4599, customer=who))
    assert (sale["customer"], sale["loyalty_account"]) == (who, made)
    standing = await stands(retailer.till, made)
    assert (standing["balance"], standing["pending"], standing["spendable"]) == (45, 45, 0)
    points = await points_of(retailer, sale, explain=True)
    assert points["earned_points"] == 45
    assert [share["points"] for share in points["lines"]] == [39, 5, 1]
    assert points["explained"]


async def test_points_pay_part_of_a_sale_and_come_back_with_the_goods(retailer: Retailer) -> None:
    """15.00 of 40.00 by points: what is paid so earns nothing, and half of both goes back with half."""
    await in_force(retailer, pending_days=0)
    await retailer.receive("A", S1=5)
    who, made = await member(retailer, 2000)
    sale = await sold(retailer, counter(line("A", 2), cash=2500, points=1500, customer=who))
    tender = sale["tenders"][0]
    assert (tender["type"], tender["points"], tender["captured"]) == ("points", 1500, euro(1500))
    assert (await stands(retailer.web, made))["balance"] == 2000 - 1500 + 25
    paris = await till_at(retailer, "S2")
    await taken(await paris.post("/v1/returns", back(sale, units(1, sellable=1), refund={})))
    points = await points_of(retailer, sale)
    assert (points["spent_points"], points["restored_points"]) == (1500, 750)
    assert (points["earned_points"], points["reversed_points"]) == (25, 13)
    assert (await stands(retailer.web, made))["balance"] == 500 + 750 + 12
    await taken(await paris.post("/v1/returns", back(sale, units(1, sellable=1), refund={})))
    assert (await stands(retailer.web, made))["balance"] == 2000


async def test_a_hold_of_points_becomes_a_tender(retailer: Retailer) -> None:
    """What a checkout holds nobody else spends; the order commits it, once."""
    await in_force(retailer)
    await retailer.receive("A", S1=5)
    who, made = await member(retailer, 2000)
    held = await taken(await retailer.web.post(f"{PATH}/{made}/holds", {"points": 1500}))
    wish = counter(line("A", 1), points=2000, customer=who)
    answer = await retailer.till.post("/v1/orders", wish)
    assert refused(answer) == (409, "insufficient_points")
    assert answer.json()["available"] == 500
    wish = counter(line("A", 1), points=2000, customer=who, hold=held["id"])
    await sold(retailer, wish)
    assert (await stands(retailer.web, made))["balance"] == 0
    answer = await retailer.till.post("/v1/orders", wish)
    assert refused(answer) == (409, "points_hold_ended")


async def test_a_cancelled_order_gives_its_points_back(retailer: Retailer) -> None:
    """Before anything left: what it earned is gone, what it spent is there again."""
    await in_force(retailer)
    await retailer.receive("A", WH=5)
    who, made = await member(retailer, 1000)
    body = {
        "fulfillments": [served("ship", "WH", line("A", 2))],
        "tenders": [
            {"type": "points", "amount": euro(1000)},
            {"type": "card", "amount": euro(3000), "reference": "p"},
        ],
        "customer": who,
    }
    sale = await taken(await retailer.web.post("/v1/orders", body))
    assert (await stands(retailer.web, made))["pending"] == 30
    path = f"/v1/orders/{sale['id']}/cancellation"
    await taken(await retailer.web.post(path, {"reason": "changed my mind"}), 200)
    standing = await stands(retailer.web, made)
    assert (standing["balance"], standing["pending"], standing["spendable"]) == (1000, 0, 1000)


async def test_points_wait_for_the_goods(retailer: Retailer) -> None:
    """Of what is shipped the points have no date before it is; then they have."""
    await in_force(retailer)
    await retailer.receive("A", WH=5)
    who, made = await member(retailer)
    body = {
        "fulfillments": [served("ship", "WH", line("A", 1))],
        "tenders": [{"type": "card", "amount": euro(2000), "reference": "p"}],
        "customer": who,
    }
    sale = await taken(await retailer.web.post("/v1/orders", body))
    (lot,) = await items(retailer.web, f"{PATH}/{made}/lots")
    assert (lot["state"], lot["available_at"]) == ("pending", None)
    await retailer.office.leave(sale["fulfillments"][0])
    (lot,) = await items(retailer.web, f"{PATH}/{made}/lots")
    assert lot["state"] == "pending"
    assert lot["available_at"] > (clock.now() + timedelta(days=13)).isoformat()


async def test_a_reward_takes_something_off_for_points(retailer: Retailer) -> None:
    """5.00 off for 400 points; with half of the goods half of the points come back."""
    reward = loyalty.Reward(code="FIVE", name="5.00 off", points=400, coupon="CLUB5")
    await in_force(retailer, rewards=(reward,))
    await retailer.define(
        pricing.Promotion(
            code="CLUB5",
            name="5.00 off",
            action=pricing.Amount(amount_minor=500, level="order"),
            currency="EUR",
            coupon_only=True,
        ),
        pricing.Coupon(code="CLUB5", promotion="CLUB5"),
    )
    await retailer.receive("A", S1=9)
    who, made = await member(retailer, 1000)
    goods = line("A", 2)
    free = counter(goods, cash=3500, customer=who, coupons=[{"code": "CLUB5"}])
    answer = await retailer.till.post("/v1/orders", free)
    assert refused(answer) == (409, "coupon_needs_reward")
    answer = await retailer.till.post("/v1/orders", counter(goods, cash=3500, reward="FIVE"))
    assert refused(answer) == (409, "no_loyalty_account")
    answer = await retailer.till.post(
        "/v1/orders", counter(goods, cash=4000, customer=who, reward="SIX")
    )
    assert refused(answer) == (404, "unknown_reward")
    sale = await sold(retailer, counter(goods, cash=3500, customer=who, reward="FIVE"))
    assert (sale["reward"], sale["reward_points"], sale["total"]) == ("FIVE", 400, euro(3500))
    assert (await stands(retailer.till, made))["spendable"] == 600
    body = back(sale, units(1, sellable=1), refund={})
    assert (await taken(await retailer.till.post("/v1/returns", body)))["refunded"] == euro(1750)
    assert (await points_of(retailer, sale))["restored_points"] == 200
    await taken(await retailer.till.post("/v1/returns", body))
    assert (await stands(retailer.till, made))["balance"] == 1000


async def test_points_are_refused_where_they_cannot_pay(retailer: Retailer) -> None:
    """Without a programme, an account, enough points, or as many as it takes at least."""
    await retailer.receive("A", S1=9)
    nobody = counter(line("A", 1), points=2000, customer="anybody")
    assert refused(await retailer.till.post("/v1/orders", nobody)) == (409, "points_not_taken")
    await in_force(retailer, least_redeemed=500)
    assert refused(await retailer.till.post("/v1/orders", nobody)) == (409, "no_loyalty_account")
    who, made = await member(retailer, 1000)
    much = counter(line("A", 1), points=2000, customer=who)
    answer = await retailer.till.post("/v1/orders", much)
    assert refused(answer) == (409, "insufficient_points")
    little = counter(line("A", 1), points=400, cash=1600, customer=who)
    assert refused(await retailer.till.post("/v1/orders", little)) == (409, "points_not_taken")
    offline = counter(line("A", 1), points=1000, cash=1000, customer=who, offline=True)
    offline |= {"fulfillments": [served("carry_out", "S1", line("A", 1))], "channel": "pos"}
    answer = await retailer.office.post("/v1/orders", offline)
    assert refused(answer) == (409, "points_not_taken")
    held = counter(line("A", 1), cash=2000)
    held["tenders"][0]["hold"] = made
    answer = await retailer.till.post("/v1/orders", held)
    assert answer.json()["errors"][0]["pointer"] == "/tenders/0/hold"
    assert (await stands(retailer.till, made))["balance"] == 1000
    assert await retailer.level("A", "S1") == (9, 0, 9)


async def test_a_receipt_is_claimed_once(retailer: Retailer) -> None:
    """A customer who did not show the card claims the points of the receipt; nobody does so twice."""
    await in_force(retailer)
    await retailer.receive("A", S1=5)
    who, made = await member(retailer)
    other, _ = await member(retailer)
    sale = await sold(retailer, counter(line("A", 1), cash=2000))
    path = f"/v1/orders/{sale['id']}/points-claim"
    claimed = await taken(await retailer.till.post(path, {"customer": who}), 200)
    assert (claimed["customer"], claimed["loyalty_account"]) == (who, made)
    assert (await stands(retailer.till, made))["pending"] == 20
    answer = await retailer.till.post(path, {"customer": other})
    assert refused(answer) == (409, "points_claimed_already")
    answer = await retailer.till.post(path, {"customer": "nobody"})
    assert refused(answer) == (404, "unknown_customer")


async def test_a_receipt_claimed_too_late_is_looked_at(retailer: Retailer) -> None:
    """After the programme's days the points wait for a decision: they are not lost, and not spent."""
    await in_force(retailer, late_claim_days=0, pending_days=0)
    await retailer.receive("A", S1=5)
    who, made = await member(retailer)
    sale = await sold(retailer, counter(line("A", 1), cash=2000))
    path = f"/v1/orders/{sale['id']}/points-claim"
    await taken(await retailer.till.post(path, {"customer": who}), 200)
    assert (await stands(retailer.till, made))["spendable"] == 0
    (review,) = await items(retailer.office, "/v1/loyalty/reviews")
    assert (review["why"], review["points"]) == ("claimed_late", 20)
    path = f"/v1/loyalty/reviews/{review['id']}/decision"
    await taken(
        await retailer.office.post(path, {"decision": "approved", "note": "had been ill"}), 200
    )
    assert (await stands(retailer.till, made))["spendable"] == 20


async def test_what_comes_into_an_order_is_paid_by_points_too(retailer: Retailer) -> None:
    """An edit adds 5.00, paid by 500 points; it earns for what money pays, and not for that."""
    await in_force(retailer)
    await retailer.receive("A", WH=5)
    await retailer.receive("B", WH=5)
    who, _ = await member(retailer, 1000)
    body = {
        "fulfillments": [served("ship", "WH", line("A", 1))],
        "tenders": [{"type": "card", "amount": euro(2000), "reference": "p"}],
        "customer": who,
    }
    sale = await taken(await retailer.web.post("/v1/orders", body))
    edit = {
        "reason": "one more",
        "add": [served("ship", "WH", line("B", 1))],
        "tenders": [{"type": "points", "amount": euro(500)}],
    }
    path = f"/v1/orders/{sale['id']}/edits"
    edited = await taken(await retailer.office.post(path, edit), 200)
    assert [tender["points"] for tender in edited["tenders"]] == [None, 500]
    points = await points_of(retailer, sale)
    assert (points["earned_points"], points["spent_points"]) == (20 + 4, 500)
    cancel = {"reason": "no more", "lines": [{"line": 2, "quantity": 1}]}
    await taken(await retailer.web.post(f"/v1/orders/{sale['id']}/cancellation", cancel), 200)
    points = await points_of(retailer, sale)
    assert points["reversed_points"] == 4
    assert points["restored_points"] == 100
