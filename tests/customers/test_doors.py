"""One person has one name and one price at every door, whatever a caller calls them."""

from typing import Any

import pytest

from omniretail import pricing
from tests.api.test_imports import send
from tests.callers import EUR, Retailer, euro, line, order, served
from tests.carts.carting import begun, change, changed, merge, read, wants
from tests.customers.doors import CARD, CRM, GOLD, ann, bought, gold_member, list_for_group, priced
from tests.customers.people import external, made, refusal
from tests.loyalty.household import in_force
from tests.returns.bringing import back, taken, units
from tests.returns.test_unlinked import trusted
from tests.returns.unlinked import no_receipt, without


def pointers(answer: Any) -> list[str]:
    """What a refusal points at."""
    return [one["pointer"] for one in answer.json()["errors"]]


async def total(retailer: Retailer, cart: dict[str, Any]) -> int:
    """What a cart would cost now."""
    seen = await read(retailer.web, cart, priced=True)
    amount: int = seen["prices"]["total"]["amount"]
    return amount


async def test_a_gold_members_price_is_the_same_everywhere(retailer: Retailer) -> None:
    """Ann is gold: A is 15.00 by card or by id, at the till and on the web, in quote, cart and order."""
    who = await gold_member(retailer)
    for caller in (retailer.till, retailer.web):
        for name in (CARD, "lc-4 2", CRM, who):
            quote = await priced(caller, name, "A", "B")
            assert (quote["customer"], quote["total"]) == (who, euro(1500 + 400))
            assert quote["customer_groups"] == ["gold", "vip"]
    cart = await begun(retailer.web, wants("A", 1), customer=CRM)
    assert (cart["customer"], cart["customer_groups"]) == (who, [])
    assert await total(retailer, cart) == 1500
    carried = await bought(retailer.till, CARD, paid=1500)
    collected = await bought(retailer.web, who, paid=1500, kind="pickup")
    quote = await priced(retailer.web, CARD, "A")
    promised = await bought(retailer.till, CRM, paid=1500, quote=quote["quote"])
    for sale in (carried, collected, promised):
        assert (sale["customer"], sale["total"]) == (who, euro(1500))
    by_cart = {
        "cart": cart["id"],
        "fulfillments": [served("pickup", "S1", line("A", 1))],
        "tenders": [{"type": "cash", "amount": euro(1500)}],
    }
    sale = await taken(await retailer.web.post("/v1/orders", by_cart))
    assert (sale["customer"], sale["customer_groups"]) == (who, ["gold", "vip"])


async def test_groups_of_others_are_refused_at_every_door(retailer: Retailer) -> None:
    """Whoever is known has their own groups; saying others beside them is a mistake, which is told."""
    who = await gold_member(retailer)
    wrong = {"customer": CARD, "customer_groups": ["gold", "staff"]}
    cart = await begun(retailer.web, customer=who, customer_groups=["gold", "vip"])
    assert cart["customer_groups"] == []
    guest = await begun(retailer.web, wants("A", 1), customer="guest-1", customer_groups=["staff"])
    for answer in (
        await retailer.web.ask("/v1/quotes", {"lines": [line("A", 1)]} | wrong),
        await retailer.web.post("/v1/carts", wrong),
        await change(retailer.web, cart, customer_groups=["staff"]),
        await change(retailer.web, guest, customer=CARD, customer_groups=["staff"]),
        await retailer.till.post(
            "/v1/orders", order(served("carry_out", None, line("A", 1)), paid=1500) | wrong
        ),
    ):
        assert (refusal(answer), pointers(answer)) == ((400, "invalid"), ["/customer_groups"])
    # What was said of a guest says nothing of the member who signs in.
    signed_in = await changed(retailer.web, guest, customer=CARD)
    assert (signed_in["customer"], signed_in["customer_groups"]) == (who, [])
    assert await total(retailer, signed_in) == 1500


async def test_of_whom_nobody_knows_callers_say_the_groups(retailer: Retailer) -> None:
    """A guest is whom the shop says, with the groups that the shop says."""
    await list_for_group(retailer, "gold", A=1500)
    await retailer.receive("A", S1=5)
    quote = await priced(retailer.web, "guest-1", "A", customer_groups=["gold"])
    assert (quote["customer"], quote["total"]) == ("guest-1", euro(1500))
    cart = await begun(
        retailer.web, wants("A", 1), customer="guest-1", customer_groups=["gold", "blue"]
    )
    assert (cart["customer"], cart["customer_groups"]) == ("guest-1", ["blue", "gold"])
    assert await total(retailer, cart) == 1500
    sale = await bought(retailer.till, "guest-1", paid=1500, customer_groups=["gold"])
    assert (sale["customer"], sale["customer_groups"]) == ("guest-1", ["gold"])


async def test_a_cart_of_somebody_who_becomes_known_has_their_price(retailer: Retailer) -> None:
    """The shop called them CRM-9, and gold; now we know CRM-9, who is not: 20.00, and not stuck."""
    await list_for_group(retailer, "gold", A=1500)
    await retailer.receive("A", S1=5)
    cart = await begun(retailer.web, wants("A", 1), customer="CRM-9", customer_groups=["gold"])
    assert await total(retailer, cart) == 1500
    who = await made(retailer.web, external("CRM-9"))
    assert await total(retailer, cart) == 2000
    listed = await taken(await retailer.till.get("/v1/carts", customer=who["id"]), 200)
    assert [one["id"] for one in listed["items"]] == [cart["id"]]
    sale = await bought(
        retailer.web, None, paid=2000, kind="pickup", cart=cart["id"], channel="web"
    )
    assert (sale["customer"], sale["customer_groups"]) == (who["id"], [])


async def test_a_guests_cart_goes_to_the_member_who_signs_in(retailer: Retailer) -> None:
    """Merged into hers, the goods cost what she pays; the groups said of the guest are gone."""
    who = await gold_member(retailer)
    hers = await begun(retailer.web, wants("B", 1), customer=CRM)
    guest = await begun(retailer.web, wants("A", 1), customer_groups=["staff"])
    merged = await taken(await merge(retailer.web, hers, guest), 200)
    assert (merged["customer"], merged["customer_groups"]) == (who, [])
    assert await total(retailer, merged) == 1500 + 400
    for name in (who, CARD, CRM):
        listed = await taken(await retailer.till.get("/v1/carts", customer=name), 200)
        assert [one["id"] for one in listed["items"]] == [hers["id"]]


async def test_a_coupon_for_each_customer_is_counted_once_by_any_name(retailer: Retailer) -> None:
    """Once for each: claimed by her card it is hers, and by her id there is no second."""
    off = pricing.Promotion(
        code="OFF",
        name="Five off",
        action=pricing.Amount(amount_minor=500, level="order"),
        currency=EUR,
        coupon_only=True,
    )
    await retailer.define(off, pricing.Coupon(code="ONCE", promotion="OFF", limit_per_customer=1))
    await retailer.receive("A", S1=5)
    who = await ann(retailer)
    claim = {"coupon": "ONCE", "customer": CARD}
    claimed = await taken(await retailer.web.post("/v1/coupon-claims", claim))
    assert claimed["customer"] == who
    for name in (who, CRM, CARD):
        answer = await retailer.web.post("/v1/coupon-claims", claim | {"customer": name})
        assert refusal(answer) == (409, "coupon_exhausted")
    coupon = {"code": "ONCE", "claim": claimed["id"]}
    sale = await bought(retailer.till, CRM, paid=1500, coupons=[coupon])
    assert sale["customer"] == who
    once_more = order(served("carry_out", None, line("A", 1)), paid=1500, by="cash")
    answer = await retailer.till.post(
        "/v1/orders", once_more | {"customer": who, "coupons": [{"code": "ONCE"}]}
    )
    assert refusal(answer) == (409, "coupon_exhausted")


async def test_goods_without_a_receipt_are_counted_by_person(retailer: Retailer) -> None:
    """By card, by id and by the shop's number she has brought three, and that is the limit."""
    till = await trusted(retailer)
    who = await ann(retailer)
    for name in (CARD, who, CRM):
        wish = no_receipt(name, without("A"))
        doc = await taken(await till.post("/v1/unlinked-returns", wish))
        assert doc["customer"] == who
    answer = await till.post("/v1/unlinked-returns", no_receipt(CARD, without("A")))
    assert refusal(answer) == (409, "unlinked_limit_reached")
    path = "/v1/unlinked-returns/counters"
    counter = await taken(await retailer.till.get(path, customer=CRM), 200)
    assert (counter["customer"], counter["count"]) == (who, 3)


async def test_store_credit_is_of_the_person(retailer: Retailer) -> None:
    """Issued for her card, what goes back of her order goes there, which named her by id."""
    await retailer.receive("A", S1=5)
    who = await ann(retailer)
    issue = {"customer": CARD, "amount": euro(100)}
    credit = await taken(await retailer.office.post("/v1/store-credits", issue))
    assert credit["customer"] == who
    sale = await bought(retailer.till, who, paid=2000)
    refund = {"method": "store_credit", "account": credit["id"]}
    body = back(sale, units(1, sellable=1), refund=refund)
    await taken(await retailer.till.post("/v1/returns", body))
    account = await taken(await retailer.office.get(f"/v1/accounts/{credit['id']}"), 200)
    assert account["balance"] == euro(2100)


async def test_store_credit_from_before_we_knew_them_is_theirs(retailer: Retailer) -> None:
    """Issued to CRM-1 before we knew her, it takes what goes back of her orders, and of nobody else's."""
    await retailer.receive("A", S1=5)
    issue = {"customer": CRM, "amount": euro(100)}
    credit = await taken(await retailer.office.post("/v1/store-credits", issue))
    assert credit["customer"] == CRM
    who = await ann(retailer)
    refund = {"method": "store_credit", "account": credit["id"]}
    sale = await bought(retailer.till, CARD, paid=2000)
    assert sale["customer"] == who
    body = back(sale, units(1, sellable=1), refund=refund)
    await taken(await retailer.till.post("/v1/returns", body))
    others = await bought(retailer.till, "CRM-2", paid=2000)
    body = back(others, units(1, sellable=1), refund=refund)
    answer = await retailer.till.post("/v1/returns", body)
    assert refusal(answer) == (404, "unknown_account")
    account = await taken(await retailer.office.get(f"/v1/accounts/{credit['id']}"), 200)
    assert account["balance"] == euro(2100)


async def test_sales_are_found_under_every_name(retailer: Retailer) -> None:
    """Before we knew her the shop called her CRM-1; her id finds what she bought then as well."""
    await retailer.receive("A", S1=9)
    before = await bought(retailer.till, CRM, paid=2000)
    assert before["customer"] == CRM
    who = await ann(retailer)
    after = await bought(retailer.till, CARD, paid=2000)
    other = await bought(retailer.till, "CRM-2", paid=2000)
    gone = await taken(await retailer.office.post("/v1/returns", back(before, units(1))))
    for name in (who, CARD, CRM):
        found = await taken(await retailer.till.ask("/v1/orders/searches", {"customer": name}), 200)
        assert [sale["id"] for sale in found["items"]] == [after["id"], before["id"]]
        returned = await taken(await retailer.office.get("/v1/returns", customer=name), 200)
        assert [doc["id"] for doc in returned["items"]] == [gone["id"]]
    first = {"customer": who, "limit": 1}
    page = await taken(await retailer.till.ask("/v1/orders/searches", first), 200)
    assert [sale["id"] for sale in page["items"]] == [after["id"]]
    rest = first | {"cursor": page["next_cursor"]}
    page = await taken(await retailer.till.ask("/v1/orders/searches", rest), 200)
    assert [sale["id"] for sale in page["items"]] == [before["id"]]
    found = await taken(await retailer.till.ask("/v1/orders/searches", {"customer": "CRM-2"}), 200)
    assert [sale["id"] for sale in found["items"]] == [other["id"]]


async def test_a_price_list_for_one_customer_is_theirs_by_any_name(retailer: Retailer) -> None:
    """A list for her card is kept for her, and works where she is called by her id."""
    who = await ann(retailer)
    body = {"name": "Ann's", "currency": EUR, "priority": 9, "scope": {"customer": CARD}}
    stored = await taken(await retailer.office.put("/v1/price-lists/anns", body), 200)
    assert stored["scope"]["customer"] == who
    price = {"prices": [{"sku": "A", "price": euro(1200)}]}
    await taken(await retailer.office.put("/v1/price-lists/anns/prices", price), 200)
    for name in (CARD, CRM, who):
        assert (await priced(retailer.web, name, "A"))["total"] == euro(1200)
    assert (await priced(retailer.web, "CRM-2", "A"))["total"] == euro(2000)


async def test_a_price_list_from_before_we_knew_them_is_theirs(retailer: Retailer) -> None:
    """The list was for CRM-1, the next for CRM-2: whoever we come to know keeps their price."""
    for code in (CRM, "CRM-2"):
        body = {"name": code, "currency": EUR, "priority": 9, "scope": {"customer": code}}
        await taken(await retailer.office.put(f"/v1/price-lists/{code}", body), 200)
        price = {"prices": [{"sku": "A", "price": euro(1200)}]}
        await taken(await retailer.office.put(f"/v1/price-lists/{code}/prices", price), 200)
    assert (await priced(retailer.web, CRM, "A"))["total"] == euro(1200)
    who = await ann(retailer)
    file = "external_id\nCRM-2\n"
    assert (await send(retailer.office, "customers", file, "people")).json()["taken"] == 1
    assert (await priced(retailer.till, CARD, "A"))["total"] == euro(1200)
    assert (await priced(retailer.web, who, "A"))["total"] == euro(1200)
    stored = await taken(await retailer.office.get(f"/v1/price-lists/{CRM}"), 200)
    assert stored["scope"]["customer"] == who
    quote = await priced(retailer.web, "CRM-2", "A")
    assert (quote["total"], quote["customer"]) != (euro(1200), "CRM-2")
    assert quote["total"] == euro(1200)


@pytest.mark.parametrize("name", [CARD, CRM])
async def test_a_quote_from_before_we_knew_them_still_stands(retailer: Retailer, name: str) -> None:
    """The price that was shown is charged, and the order is theirs."""
    await in_force(retailer, tiers=(GOLD,))
    await retailer.receive("A", S1=5)
    quote = await priced(retailer.web, name, "A")
    who = await ann(retailer)
    sale = await bought(retailer.till, who, paid=2000, quote=quote["quote"])
    assert (sale["customer"], sale["total"]) == (who, euro(2000))
