"""One customer in every channel: points earned at a till, spent on the web, right after a return."""

from typing import Any

from tests.callers import Retailer, euro, line, order, served
from tests.customers.doors import CARD, CRM, GOLD, ann, bought, gold_member, joined, priced
from tests.loyalty.household import PATH, in_force, items, stands
from tests.orders.buying import HOME
from tests.returns.bringing import back, taken, till_at, units


async def points_of(retailer: Retailer, sale: dict[str, Any]) -> dict[str, int]:
    """What an order earned and spent, and what of both went back."""
    told = await taken(await retailer.office.get(f"/v1/orders/{sale['id']}/points"), 200)
    return {name: told[f"{name}_points"] for name in ("earned", "reversed", "spent", "restored")}


async def balance(retailer: Retailer, account: str) -> tuple[int, int, int]:
    """What stands on an account: the balance, what is held of it, and what can be spent."""
    standing = await stands(retailer.till, account)
    return standing["balance"], standing["held"], standing["spendable"]


async def test_points_earned_at_the_till_pay_on_the_web_and_come_back_in_another_store(
    retailer: Retailer,
) -> None:
    """60.00 at the till earn 60 points at once; 0.50 of a web order are paid by 50 of them.

    The web order of 2 × 20.00 earns 39 of the 39.50 in money, when the parcel is there. One of the
    two goes back in S2: half of what it earned and of what it spent goes back with it.
    """
    await in_force(retailer, pending_days=0)
    await retailer.receive("A", S1=9, WH=9)
    who = await ann(retailer)
    account = await joined(retailer, who)
    assert await balance(retailer, account) == (0, 0, 0)

    earned = await bought(retailer.till, "LC-4-2", quantity=3, paid=6000)

    assert (earned["customer"], earned["loyalty_account"]) == (who, account)
    assert await balance(retailer, account) == (60, 0, 60)
    assert (await points_of(retailer, earned))["earned"] == 60

    held = await taken(await retailer.web.post(f"{PATH}/{account}/holds", {"points": 50}))
    assert await balance(retailer, account) == (60, 50, 10)
    body = {
        "fulfillments": [served("ship", "WH", line("A", 2))],
        "tenders": [
            {"type": "points", "amount": euro(50), "hold": held["id"]},
            {"type": "card", "amount": euro(3950), "reference": "p-1"},
        ],
        "ship_to": HOME,
        "customer": who,
    }
    spent = await taken(await retailer.web.post("/v1/orders", body))
    assert await balance(retailer, account) == (60 - 50 + 39, 0, 10)
    for part in spent["fulfillments"]:
        assert (await retailer.office.leave(part)).is_success
    assert await balance(retailer, account) == (49, 0, 49)
    assert await points_of(retailer, spent) == {
        "earned": 39,
        "reversed": 0,
        "spent": 50,
        "restored": 0,
    }

    s2 = await till_at(retailer, "S2")
    await taken(await s2.post("/v1/returns", back(spent, units(1, sellable=1), refund={})))

    assert await points_of(retailer, spent) == {
        "earned": 39,
        "reversed": 20,
        "spent": 50,
        "restored": 25,
    }
    assert await balance(retailer, account) == (60 - 25 + 19, 0, 54)
    listed = await items(retailer.till, f"{PATH}/{account}/entries")
    assert sum(one["lot_change"] - one["debt_change"] for one in listed) == 54


async def test_buying_and_bringing_back_ten_times_leaves_the_balance_as_it_was(
    retailer: Retailer,
) -> None:
    """Whatever she is called each time, and wherever it comes back: no point is won and none is lost."""
    await in_force(retailer, pending_days=0, tiers=(GOLD,))
    await retailer.receive("A", S1=3)
    account = await joined(retailer, who := await ann(retailer))
    given = {"points": 777, "reason": "welcome"}
    await taken(await retailer.office.post(f"{PATH}/{account}/adjustments", given))
    tills = [retailer.till, await till_at(retailer, "S2")]
    for time in range(10):
        body = {
            "fulfillments": [served("carry_out", None, line("A", 1))],
            "tenders": [
                {"type": "points", "amount": euro(377)},
                {"type": "cash", "amount": euro(1623)},
            ],
            "customer": (CARD, who, CRM)[time % 3],
        }
        sale = await taken(await retailer.till.post("/v1/orders", body))
        assert (sale["customer"], sale["loyalty_account"]) == (who, account)
        assert (await balance(retailer, account))[0] == 777 - 377 + 16
        wish = back(sale, units(1, sellable=1), refund={})
        await taken(await tills[time % 2].post("/v1/returns", wish))
        if time % 2:
            await retailer.receive("A", S1=1)
        assert await balance(retailer, account) == (777, 0, 777)
    assert (await stands(retailer.web, account))["tier"] is None


async def test_a_gold_member_sees_and_pays_one_price(retailer: Retailer) -> None:
    """Gold's 15.00 at the till, on the web, in a quote and in a cart; her sister pays it as well.

    Who shares the account shares its tier; a stranger pays 20.00.
    """
    who = await gold_member(retailer)
    (account,) = await items(retailer.web, PATH, customer=CRM)
    assert account["tier"]["code"] == "gold"
    sister = (await taken(await retailer.web.post("/v1/customers", {})))["id"]
    joining = {"customer": sister}
    await taken(await retailer.web.post(f"{PATH}/{account['id']}/members", joining))
    for name, price in ((CARD, 1500), (who, 1500), (sister, 1500), ("stranger", 2000)):
        assert (await priced(retailer.till, name, "A"))["total"] == euro(price)
        assert (await priced(retailer.web, name, "A"))["total"] == euro(price)
        wish = {"lines": [{"sku": "A", "quantity": 1}], "customer": name}
        cart = await taken(await retailer.web.post("/v1/carts", wish))
        for caller in (retailer.web, retailer.till):
            seen = await taken(await caller.get(f"/v1/carts/{cart['id']}", priced=True), 200)
            assert seen["prices"]["total"] == euro(price)
        carried = await bought(retailer.till, name, paid=price)
        shipped = order(served("ship", "WH", line("A", 1)), paid=price)
        sent = await taken(
            await retailer.web.post("/v1/orders", shipped | {"ship_to": HOME, "customer": name})
        )
        assert (carried["total"], sent["total"]) == (euro(price), euro(price))
