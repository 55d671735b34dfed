"""Money goes back before the goods do, or piece by piece, and much may happen to the order between."""

from tests.callers import Retailer, euro, line, order, served
from tests.orders.buying import HOME
from tests.returns.bringing import back, carried_out, sale_now, taken, units


async def test_goods_come_back_after_the_rest_of_their_line_was_rejected(
    retailer: Retailer,
) -> None:
    """Of 4 shipped 3 are paid back ahead; WH lacks the fifth, which S1 ships; then the 3 come to S2."""
    office = retailer.office
    await retailer.receive("A", WH=5, S1=1)
    body = order(served("ship", "WH", line("A", 5)), paid=10000) | {"ship_to": HOME}
    sale = await taken(await retailer.web.post("/v1/orders", body))
    part = sale["fulfillments"][0]
    assert (await office.leave(part, lines=[{"line": 1, "quantity": 4}])).is_success
    ahead = back(sale, units(1, 3), received=False, override={"reason": "loyal"}, refunded=True)
    made = await taken(await office.post("/v1/returns", ahead))
    assert (made["state"], made["refunded"]) == ("approved", euro(6000))

    path = f"/v1/fulfillments/{part['id']}/rejection"
    await taken(await office.post(path, {"reason": "damaged"}), 200)
    receipt = {
        "location": "S2",
        "lines": [{"line": 1, "dispositions": [{"disposition": "sellable", "quantity": 3}]}],
    }
    came = await taken(await office.post(f"/v1/returns/{made['id']}/receipt", receipt), 200)

    assert (came["state"], came["refunded"]) == ("refunded", euro(6000))
    assert await retailer.level("A", "S2") == (3, 0, 3)
    after = await sale_now(retailer, sale)
    kept = [one["kept"]["amount"] for each in after["fulfillments"] for one in each["lines"]]
    assert sorted(kept) == [0, 2000, 2000]
    last = await taken(await office.post("/v1/returns", back(sale, units(1), refunded=False)))
    assert last["lines"][0]["quantity"] == 1


async def test_a_return_of_nobody_known_adds_to_its_own_store_credit(retailer: Retailer) -> None:
    """Somebody without an account brings 2 of A, and has 20.00 of store credit twice: 40.00 on one."""
    await retailer.receive("A", S1=2)
    sale = await carried_out(retailer, line("A", 2), paid=4000)
    made = await taken(
        await retailer.till.post("/v1/returns", back(sale, units(1, 2), refunded=False))
    )
    path = f"/v1/returns/{made['id']}/refund"
    one = {"refund": {"method": "store_credit"}, "lines": [{"line": 1, "quantity": 1}]}

    first = await taken(await retailer.till.post(path, one), 200)
    second = await taken(await retailer.till.post(path, one), 200)

    assert first["account_id"] == second["account_id"]
    account = await retailer.office.get(f"/v1/accounts/{second['account_id']}")
    assert account.json()["balance"] == euro(4000)
    assert (second["state"], second["refunded"]) == ("refunded", euro(4000))
