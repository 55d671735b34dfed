"""The worked examples of the loyalty programme, with their numbers, at the doors of the API.

Unless it is said otherwise, a point is earned for each 1.00 that is paid for goods without their tax, and
a hundred points pay 1.00.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from omniretail import loyalty, pricing
from tests.callers import Caller, Retailer, euro, line, served
from tests.carts.carting import at, begun
from tests.loyalty.calendar import Calendar, end_of, noon
from tests.loyalty.household import PATH, account, adjusted, in_force, items, stands
from tests.orders.buying import HOME
from tests.returns.bringing import back, refused, taken, till_at, units

VAT_20 = pricing.TaxRate(
    tax_class="standard", valid_from=datetime(2026, 1, 1, tzinfo=UTC), rate_ppm=200_000
)
TEN_PERCENT_OFF_A = pricing.Promotion(
    code="TEN-OFF-A",
    name="Ten percent off A",
    action=pricing.Percent(rate_ppm=100_000),
    skus=frozenset("A"),
)
LATE = {"reason": "a good customer"}


async def member(retailer: Retailer, points: int = 0) -> tuple[str, str]:
    """A customer with an account of so many points; the ids of both."""
    made = await account(retailer, points)
    (who,) = (await stands(retailer.web, made))["members"]
    return who, made


async def sold(
    retailer: Retailer, who: str, *goods: dict[str, Any], card: int = 0, points: int = 0
) -> dict[str, Any]:
    """Sell to a customer over the counter of S1: so many cents by points, so many by card."""
    for one in goods:
        await retailer.receive(one["sku"], S1=one["quantity"])
    tenders: list[dict[str, Any]] = []
    if points:
        tenders.append({"type": "points", "amount": euro(points)})
    if card:
        tenders.append({"type": "card", "amount": euro(card), "reference": "p"})
    part = served("carry_out", None, *goods)
    body = {"fulfillments": [part], "tenders": tenders, "customer": who}
    return await taken(await retailer.till.post("/v1/orders", body))


async def brought(retailer: Retailer, sale: dict[str, Any], number: int, quantity: int = 1) -> Any:
    """Bring units of a sale back to S2, however late, and have what they cost."""
    body = back(sale, units(number, quantity, sellable=quantity), refund={}, override=LATE)
    here = {"location": "S2", "received": True}
    return await taken(await retailer.office.post("/v1/returns", body | here))


async def points_of(retailer: Retailer, sale: dict[str, Any], **query: Any) -> dict[str, Any]:
    """What an order earned and spent, and what of both went back."""
    return await taken(await retailer.office.get(f"/v1/orders/{sale['id']}/points", **query), 200)


async def lots(retailer: Retailer, made: str) -> list[tuple[int, str | None]]:
    """What is left in the lots of an account, and until when, in the order in which they came in."""
    found = await items(retailer.web, f"{PATH}/{made}/lots")
    return [(one["remaining"], one["expires_at"]) for one in reversed(found) if one["remaining"]]


async def entered(retailer: Retailer, made: str, *kinds: str) -> list[tuple[str, int]]:
    """What was entered of an account, the first entry first."""
    found = await items(retailer.web, f"{PATH}/{made}/entries")
    wanted = [(one["type"], one["points"]) for one in reversed(found)]
    return [one for one in wanted if one[0] in kinds]


async def given(retailer: Retailer, made: str, points: int, until: datetime) -> None:
    """Give an account points until a moment."""
    await taken(await adjusted(retailer, made, points, expires_at=until.isoformat()))


async def indebted(retailer: Retailer, points: int) -> tuple[str, str]:
    """A customer who spent what an order earned, and then brought its goods back: they are owed."""
    who, made = await member(retailer)
    await retailer.prices(A=points * 100, B=points)
    earning = await sold(retailer, who, line("A", 1), card=points * 100)
    await sold(retailer, who, line("B", 1), points=points)
    await brought(retailer, earning, 1)
    return who, made


async def test_01_cents_of_all_lines_come_together(retailer: Retailer) -> None:
    """19.99 + 5.49 + 0.99 = 26.47 earns 26; rounding each line down would give 24."""
    await in_force(retailer)
    await retailer.prices(A=1999, B=549, C=99)
    who, made = await member(retailer)
    sale = await sold(retailer, who, line("A", 1), line("B", 1), line("C", 1), card=2647)
    points = await points_of(retailer, sale)
    assert points["earned_points"] == 26
    assert sum(share["points"] for share in points["lines"]) == 26
    assert (await stands(retailer.web, made))["balance"] == 26


async def discounted(retailer: Retailer) -> str:
    """A member where A is 120.00 with 20 % tax in it, and 10 % off."""
    await retailer.define(VAT_20, TEN_PERCENT_OFF_A)
    await retailer.prices(A=12_000)
    return (await member(retailer, 2_000))[0]


async def test_02_neither_tax_nor_discount_earns(retailer: Retailer) -> None:
    """120.00 with 20 % tax, 10 % off: of 108.00 the net 90.00 earn 90."""
    await in_force(retailer)
    who = await discounted(retailer)
    sale = await sold(retailer, who, line("A", 1), card=10_800)
    assert (await points_of(retailer, sale))["earned_points"] == 90


async def test_03_what_points_pay_earns_nothing(retailer: Retailer) -> None:
    """The same with 2,000 points, 20.00: 90.00 × 88/108 = 73.33 earns 73."""
    await in_force(retailer)
    who = await discounted(retailer)
    sale = await sold(retailer, who, line("A", 1), points=2_000, card=8_800)
    points = await points_of(retailer, sale, explain=True)
    assert (points["earned_points"], points["spent_points"]) == (73, 2_000)
    assert [term["exact"] for term in points["explained"]] == ["73.3333"]
    assert sale["total"] == euro(10_800)


async def test_04_what_expires_the_soonest_is_spent_first(retailer: Retailer) -> None:
    """A 300 (to 31 January), B 500 (31 March), C 200 (31 December before): 600 are C, A, and 100 of B."""
    await in_force(retailer)
    await retailer.prices(A=600)
    who, made = await member(retailer)
    january, march = end_of(1, 31, years=1), end_of(3, 31, years=1)
    await given(retailer, made, 300, january)
    await given(retailer, made, 500, march)
    await given(retailer, made, 200, end_of(12, 31))
    await sold(retailer, who, line("A", 1), points=600)
    assert await entered(retailer, made, "spent") == [("spent", n) for n in (200, 300, 100)]
    ((left, until),) = await lots(retailer, made)
    assert (left, datetime.fromisoformat(until or "")) == (400, march)


async def test_05_what_one_device_holds_another_cannot(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 1,000, 800 are held: 300 more are refused, 200 free. A second after its time a hold is void."""
    await in_force(retailer)
    await retailer.prices(A=800)
    await retailer.receive("A", S1=1)
    who, made = await member(retailer, 1_000)
    first = await taken(await retailer.web.post(f"{PATH}/{made}/holds", {"points": 800}))
    second = await retailer.till.post(f"{PATH}/{made}/holds", {"points": 300})
    assert refused(second) == (409, "insufficient_points")
    assert second.json()["available"] == 200
    path = f"/v1/loyalty/holds/{first['id']}"
    assert (await retailer.web.send("DELETE", path)).is_success
    assert (await stands(retailer.web, made))["spendable"] == 1_000

    held = await taken(await retailer.web.post(f"{PATH}/{made}/holds", {"points": 800}))
    over = datetime.fromisoformat(held["expires_at"]) + timedelta(seconds=1)
    Calendar(monkeypatch, over)
    tender = {"type": "points", "amount": euro(800), "hold": held["id"]}
    part = served("carry_out", None, line("A", 1))
    body = {"fulfillments": [part], "tenders": [tender], "customer": who}
    assert refused(await retailer.till.post("/v1/orders", body)) == (409, "points_hold_ended")
    assert (await stands(retailer.web, made))["spendable"] == 1_000


async def test_06_what_is_kept_decides_what_is_reversed(retailer: Retailer) -> None:
    """40.00 + 35.50 + 24.99 earn 100 pending. 35.50 comes back: 64.99 earns 64, so 36 are reversed."""
    await in_force(retailer)
    await retailer.prices(A=4_000, B=3_550, C=2_499)
    who, made = await member(retailer)
    sale = await sold(retailer, who, line("A", 1), line("B", 1), line("C", 1), card=10_049)
    assert (await stands(retailer.web, made))["pending"] == 100
    await brought(retailer, sale, 2)
    assert (await points_of(retailer, sale))["reversed_points"] == 36
    standing = await stands(retailer.web, made)
    assert (standing["balance"], standing["pending"], standing["debt"]) == (64, 64, 0)


async def test_07_twenty_small_refunds_reverse_what_was_earned(retailer: Retailer) -> None:
    """At a point per 10.00, 100.00 earn 10. Twenty refunds of 5.00 reverse 10, every other one none."""
    await in_force(retailer, per_minor={"EUR": 1_000})
    who, made = await member(retailer)
    sale = await sold(retailer, who, line("B", 20), card=10_000)
    assert (await points_of(retailer, sale))["earned_points"] == 10
    reversed_by_then = []
    for _ in range(20):
        await brought(retailer, sale, 1)
        reversed_by_then.append((await points_of(retailer, sale))["reversed_points"])
    assert reversed_by_then == [n for n in range(1, 11) for _ in (1, 2)]
    assert (await stands(retailer.web, made))["balance"] == 0


async def test_08_what_was_spent_is_owed_when_the_goods_come_back(retailer: Retailer) -> None:
    """200 earned, 200 spent, everything back: −200. 150 more leave −50, and 80 more leave 30 to spend."""
    await in_force(retailer, pending_days=0)
    who, made = await indebted(retailer, 200)
    standing = await stands(retailer.web, made)
    assert (standing["balance"], standing["debt"], standing["spendable"]) == (-200, 200, 0)
    await retailer.prices(A=15_000, B=8_000)
    await sold(retailer, who, line("A", 1), card=15_000)
    standing = await stands(retailer.web, made)
    assert (standing["balance"], standing["debt"], standing["spendable"]) == (-50, 50, 0)
    await sold(retailer, who, line("B", 1), card=8_000)
    standing = await stands(retailer.web, made)
    assert (standing["balance"], standing["debt"], standing["spendable"]) == (30, 0, 30)


async def mixed(retailer: Retailer, who: str) -> dict[str, Any]:
    """A for 36.00 and B for 24.00, paid with 1,500 points and 45.00 by card."""
    await retailer.prices(A=3_600, B=2_400)
    return await sold(retailer, who, line("A", 1), line("B", 1), points=1_500, card=4_500)


async def test_09_each_line_has_its_share_of_points_and_card(retailer: Retailer) -> None:
    """A is 9.00 of points and 27.00 of card, B 6.00 and 18.00: 45 earned. With B go 18.00, 600, and 18."""
    await in_force(retailer)
    who, made = await member(retailer, 1_500)
    sale = await mixed(retailer, who)
    assert (await points_of(retailer, sale))["earned_points"] == 45
    doc = await brought(retailer, sale, 2)
    assert doc["refunded"] == euro(2_400)
    after = await taken(await retailer.office.get(f"/v1/orders/{sale['id']}"), 200)
    assert [one["refunded"] for one in after["tenders"]] == [euro(600), euro(1_800)]
    points = await points_of(retailer, sale)
    assert (points["restored_points"], points["reversed_points"]) == (600, 18)
    standing = await stands(retailer.web, made)
    assert (standing["active"], standing["pending"]) == (600, 27)


async def test_10_points_whose_time_is_over_come_back_for_a_while(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As 9, of points to 30 November: B comes back on 10 December, and its 600 are valid to 9 January."""
    calendar = Calendar(monkeypatch, noon(11, 20))
    await in_force(retailer)
    who, made = await member(retailer)
    await given(retailer, made, 1_500, end_of(11, 30))
    sale = await mixed(retailer, who)
    calendar.now = noon(12, 10)
    assert (await stands(retailer.web, made))["active"] == 45
    await brought(retailer, sale, 2)
    standing = await stands(retailer.web, made)
    assert (standing["active"], standing["spendable"]) == (600 + 27, 600 + 27)
    (one,) = [
        lot for lot in await items(retailer.web, f"{PATH}/{made}/lots") if lot["kind"] == "restored"
    ]
    assert (one["remaining"], calendar.last_day(one["expires_at"])) == (600, (1, 1, 9))


async def test_11_what_expired_is_not_taken_twice(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 120, 70 were spent and 50 expired. All comes back late: 50 make no difference, 70 are owed."""
    calendar = Calendar(monkeypatch, noon(3, 1))
    await in_force(retailer, pending_days=0, lifetime_months=1)
    await retailer.prices(A=12_000, B=70)
    who, made = await member(retailer)
    sale = await sold(retailer, who, line("A", 1), card=12_000)
    await sold(retailer, who, line("B", 1), points=70)
    calendar.now = noon(5, 1)
    assert (await stands(retailer.web, made))["balance"] == 0
    await given(retailer, made, 30, end_of(12, 31))
    await brought(retailer, sale, 1)
    kinds = ("expired", "absorbed", "reversed")
    assert await entered(retailer, made, *kinds) == [
        ("expired", 50),
        ("absorbed", 50),
        ("reversed", 30),
        ("reversed", 40),
    ]
    standing = await stands(retailer.web, made)
    assert (standing["balance"], standing["debt"]) == (-40, 40)


async def test_12_two_accounts_become_one_with_the_debt_of_one(retailer: Retailer) -> None:
    """A has 300, B owes 120: together they have 180."""
    await in_force(retailer, pending_days=0)
    _, debtor = await indebted(retailer, 120)
    _, made = await member(retailer, 300)
    assert (await stands(retailer.web, debtor))["balance"] == -120
    await taken(await retailer.office.post(f"{PATH}/{made}/merges", {"source": debtor}))
    standing = await stands(retailer.web, made)
    assert (standing["balance"], standing["spendable"], standing["debt"]) == (180, 180, 120)
    gone = await stands(retailer.web, debtor)
    assert (gone["status"], gone["merged_into"], gone["balance"]) == ("merged", made, 0)


async def test_13_a_gift_keeps_its_expiry(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 of 150 (May) and 400 (August): the receiver has 150 to May and 50 to August, the giver 350."""
    calendar = Calendar(monkeypatch, noon(3, 1))
    await in_force(retailer)
    (_, giver), (_, receiver) = await member(retailer), await member(retailer)
    may, august = end_of(5, 31), end_of(8, 31)
    await given(retailer, giver, 150, may)
    await given(retailer, giver, 400, august)
    await taken(await retailer.web.post(f"{PATH}/{giver}/gifts", {"to": receiver, "points": 200}))
    came = [(n, datetime.fromisoformat(at or "")) for n, at in await lots(retailer, receiver)]
    assert came == [(150, may), (50, august)]
    assert (await stands(retailer.web, giver))["balance"] == 350
    assert (await stands(retailer.web, receiver))["spendable"] == 0
    calendar.now += timedelta(hours=24)
    assert (await stands(retailer.web, receiver))["spendable"] == 200


async def test_14_gold_earns_half_as_much_again(retailer: Retailer) -> None:
    """75.50 at 1.5 times: 75 at the base rate and 37 for gold are 112, of which 75 count for the tier."""
    gold = loyalty.Tier(code="gold", name="Gold", qualifying=500, percent=150)
    await in_force(retailer, tiers=(gold,))
    await retailer.prices(A=50_000, B=7_550)
    who, made = await member(retailer)
    await sold(retailer, who, line("A", 1), card=50_000)
    assert (await stands(retailer.web, made))["tier"]["code"] == "gold"
    sale = await sold(retailer, who, line("B", 1), card=7_550)
    points = await points_of(retailer, sale, explain=True)
    assert points["earned_points"] == 112
    terms = [(term["rule"], term["exact"], term["points"]) for term in points["explained"]]
    assert terms == [("base", "75.5000", 75), ("tier", "37.7500", 37)]
    async with retailer.process.database.reading() as tx:
        (record,) = await tx.read(loyalty.order_points([UUID(sale["id"])]))
    assert [one.qualifying_points for one in record] == [75]


async def test_points_earned_in_any_channel_are_spent_in_every_other(retailer: Retailer) -> None:
    """Earned at the till, spent on the web; earned there, spent at the till of another store."""
    await in_force(retailer, pending_days=0)
    await retailer.prices(A=10_000, B=100)
    who, made = await member(retailer)
    await retailer.receive("B", WH=1, S2=1)
    await sold(retailer, who, line("A", 1), card=10_000)

    async def spend(caller: Caller, part: dict[str, Any]) -> int:
        tender = {"type": "points", "amount": euro(100)}
        body = {"fulfillments": [part], "tenders": [tender], "customer": who, "ship_to": HOME}
        await taken(await caller.post("/v1/orders", body))
        left: int = (await stands(caller, made))["spendable"]
        return left

    assert await spend(retailer.web, served("ship", "WH", line("B", 1))) == 0
    await retailer.receive("A", WH=1)
    part = served("ship", "WH", line("A", 1))
    card = {"type": "card", "amount": euro(10_000), "reference": "p"}
    body = {"fulfillments": [part], "tenders": [card], "customer": who, "ship_to": HOME}
    sale = await taken(await retailer.web.post("/v1/orders", body))
    assert (await retailer.office.leave(sale["fulfillments"][0])).is_success
    other = await till_at(retailer, "S2")
    assert await spend(other, served("carry_out", None, line("B", 1))) == 0


async def test_a_refund_gives_points_back_and_never_charges_them_again(retailer: Retailer) -> None:
    """However often it is asked for: the account stands as if nothing had been bought."""
    await in_force(retailer, pending_days=0)
    who, made = await member(retailer, 1_500)
    sale = await mixed(retailer, who)
    for number in (1, 2):
        await brought(retailer, sale, number)
        body = back(sale, units(number, 1, sellable=1), refund={}, location="S2", received=True)
        again = await retailer.office.post("/v1/returns", body)
        assert refused(again) == (409, "already_returned")
    points = await points_of(retailer, sale)
    assert (points["spent_points"], points["restored_points"]) == (1_500, 1_500)
    assert (points["earned_points"], points["reversed_points"]) == (45, 45)
    standing = await stands(retailer.web, made)
    assert (standing["balance"], standing["spendable"], standing["debt"]) == (1_500, 1_500, 0)


async def test_a_quote_and_a_cart_say_whose_points_they_are(retailer: Retailer) -> None:
    """Who is named by the quote, or the cart, alone earns with the order, and pays by points."""
    await in_force(retailer)
    await retailer.receive("A", WH=1, S1=1)
    who, made = await member(retailer, 1_000)
    tenders = [
        {"type": "points", "amount": euro(500)},
        {"type": "card", "amount": euro(1_500), "reference": "p"},
    ]
    quote = await retailer.quote(line("A", 1), customer=who)
    part = served("ship", "WH", line("A", 1))
    body = {"fulfillments": [part], "quote": quote["quote"], "tenders": tenders}
    by_quote = await taken(await retailer.web.post("/v1/orders", body))
    cart = await begun(retailer.web, at("A", 1), customer=who)
    by_cart = await taken(
        await retailer.web.post("/v1/orders", {"cart": cart["id"], "tenders": tenders})
    )
    for sale in (by_quote, by_cart):
        assert (sale["customer"], sale["loyalty_account"]) == (who, made)
        points = await points_of(retailer, sale)
        assert (points["earned_points"], points["spent_points"]) == (15, 500)
    standing = await stands(retailer.web, made)
    assert (standing["spendable"], standing["pending"]) == (0, 30)
