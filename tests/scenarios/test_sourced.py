"""Orders that name no location: who serves them, at which price; and a till that sells others' goods."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from omniretail import channels, clock, orders, pricing
from omniretail.idempotency import Answer, Key
from omniretail.ids import new_id
from tests.callers import Caller, Retailer, euro, line, order, served
from tests.carts.carting import begun, wants
from tests.orders.buying import HOME

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
VAT_20 = pricing.TaxRate(tax_class="standard", valid_from=LONG_AGO, rate_ppm=200_000)
TEN_OFF = pricing.Promotion(
    code="TEN-OFF",
    name="Ten euro off",
    action=pricing.Amount(amount_minor=1000, level="order"),
    currency="EUR",
    coupon_only=True,
)
HALF_OFF_A = pricing.Promotion(
    code="HALF-A",
    name="Half off A",
    action=pricing.Percent(rate_ppm=500_000),
    skus=frozenset({"A"}),
)
FIFTEEN_OFF = pricing.Promotion(
    code="15-OFF",
    name="15 % off the order",
    action=pricing.Percent(rate_ppm=150_000, level="order"),
    coupon_only=True,
)
ONCE = pricing.Coupon(code="ONCE", promotion="TEN-OFF", usage_limit=1)


def sent(*lines: dict[str, Any], paid: int, **more: Any) -> dict[str, Any]:
    """An order on the wire that is sent home, from wherever."""
    return order(served("ship", None, *lines), paid=paid) | {"ship_to": HOME} | more


async def placed(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    answer = await caller.post("/v1/orders", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def cancelled(caller: Caller, made: dict[str, Any]) -> dict[str, Any]:
    answer = await caller.post(f"/v1/orders/{made['id']}/cancellation", {"reason": "no longer"})
    assert answer.status_code == 200, answer.text
    after: dict[str, Any] = answer.json()
    return after


async def ranked(retailer: Retailer, *rules: str) -> None:
    answer = await retailer.office.put("/v1/sourcing-policies/web", {"rules": list(rules)})
    assert answer.is_success, answer.text


async def used(retailer: Retailer, coupon: str) -> int:
    count: int = (await retailer.office.get(f"/v1/coupons/{coupon}")).json()["used"]
    return count


def parts(made: dict[str, Any]) -> dict[str, list[tuple[str, int]]]:
    """By location, what it serves."""
    return {
        part["location"]: [(one["sku"], one["quantity"]) for one in part["lines"]]
        for part in made["fulfillments"]
    }


async def test_split_allocation_keeps_the_ledger_true(retailer: Retailer) -> None:
    """Given WH 4, S1 3, the highest stock first, when 5 are ordered: WH 4, S1 1; cancelled: the same
    come back, and not 5 + 5."""
    await retailer.receive("A", WH=4, S1=3)
    await ranked(retailer, "highest_stock")

    made = await placed(retailer.web, sent(line("A", 5), paid=10_000))
    levels = [await retailer.level("A", place) for place in ("WH", "S1")]
    after = await cancelled(retailer.web, made)

    assert parts(made) == {"WH": [("A", 4)], "S1": [("A", 1)]}
    assert levels == [(4, 4, 0), (3, 1, 2)]
    moved = await retailer.movements("A")
    assert sorted(moved[2:4]) == [("allocated", "S1", 1), ("allocated", "WH", 4)]
    assert sorted(moved[4:]) == [("released", "S1", 1), ("released", "WH", 4)]
    assert (after["fulfillment_status"], after["payment_status"]) == ("cancelled", "refunded")
    assert [await retailer.level("A", place) for place in ("WH", "S1")] == [(4, 0, 4), (3, 0, 3)]


async def test_what_if_is_what_the_order_gets(retailer: Retailer) -> None:
    """Given S1 {A2}, S2 {A2, B1}, S3 {A5, B5, inactive}, when A×2, B×1 are asked for and then ordered:
    S2 alone, with its reasons; asking writes nothing."""
    await retailer.receive("A", S1=2, S2=2, S3=5)
    await retailer.receive("B", S2=1, S3=5)
    off = {"name": "S3", "status": "inactive"}
    assert (await retailer.office.put("/v1/locations/S3", off)).is_success
    await ranked(retailer, "preferred", "fewest_splits", "proximity")
    what_if = {
        "kind": "ship",
        "lines": [wants("A", 2), wants("B", 1)],
        "point": {"latitude": HOME["latitude"], "longitude": HOME["longitude"]},
    }
    before = [await retailer.movements(sku) for sku in "AB"]

    plan = (await retailer.web.ask("/v1/sourcing/plans", what_if)).json()
    untouched = [await retailer.movements(sku) for sku in "AB"]
    made = await placed(retailer.web, sent(line("A", 2), line("B", 1), paid=4500))
    short = (await retailer.web.ask("/v1/sourcing/plans", what_if)).json()
    refused = await retailer.web.post("/v1/orders", sent(line("A", 2), line("B", 1), paid=4500))

    assert untouched == before
    planned = {
        part["location"]: [(one["sku"], one["quantity"]) for one in part["lines"]]
        for part in plan["parts"]
    }
    assert planned == parts(made) == {"S2": [("A", 2), ("B", 1)]}
    said = {
        one["location"]: (one["lines"], one["excluded"])
        for one in plan["explanation"]["candidates"]
    }
    assert said == {
        "S1": (1, None),
        "S2": (2, None),
        "S3": (0, "inactive"),
        "WH": (0, "nothing_there"),
    }
    assert (short["parts"], short["short"]) == ([], [{"sku": "B", "quantity": 1}])
    assert refused.json()["type"] == "/problems/insufficient_stock"
    assert refused.json()["shortages"] == [
        {"sku": "B", "location": "", "requested": 1, "available": 0, "missing": 1}
    ]


@pytest.mark.parametrize(
    ("wanted", "total"),
    [
        ({"A": 2, "B": 1}, 6120),
        ({"C": 7, "A": 2, "B": 2}, None),
        ({"B": 2, "C": 6, "A": 1}, None),
    ],
)
async def test_one_price_however_it_is_served(
    retailer: Retailer, wanted: dict[str, int], total: int | None
) -> None:
    """Given half off A, 15 % off all and net prices, then quote, web, till and an order that several
    places serve cost the same and tell the same; the parts of a line sum to it."""
    await retailer.define(
        VAT_20,
        pricing.PriceList(code="net", name="Net", currency="EUR", priority=5, tax_included=False),
        *(
            pricing.NewPrice(
                price_list="net", sku=sku, amount_minor=amount, currency="EUR", valid_from=LONG_AGO
            )
            for sku, amount in (("A", 1000), ("B", 5000), ("C", 333))
        ),
        *(HALF_OFF_A, FIFTEEN_OFF, pricing.Coupon(code="SAVE15", promotion="15-OFF")),
    )
    # S3 serves who comes, and the others who do not; none of these has all of it.
    here = {"name": "S3", "capabilities": ["pickup", "carry_out"]}
    assert (await retailer.office.put("/v1/locations/S3", here)).is_success
    coupons = [{"code": "SAVE15"}]
    lines = [line(sku, quantity) for sku, quantity in wanted.items()]
    quoted = await retailer.quote(*lines, coupons=coupons)
    paid = quoted["total"]["amount"]
    for sku, quantity in wanted.items():
        await retailer.receive(sku, S1=quantity, S3=quantity)
    at_till = await placed(
        retailer.till,
        order(served("carry_out", None, *lines), paid=paid) | {"coupons": coupons},
    )
    at_web = await placed(
        retailer.web, order(served("pickup", "S3", *lines), paid=paid) | {"coupons": coupons}
    )
    await retailer.receive("A", S1=1, S2=1)
    await retailer.receive("B", WH=2)
    await retailer.receive("C", S1=3, S2=2, WH=2)

    sourced = await placed(retailer.web, sent(*lines, paid=paid, coupons=coupons))

    assert total in (None, paid)
    assert len(parts(sourced)) > 1
    for told in ("total", "tax", "promotions"):
        assert at_web[told] == at_till[told] == sourced[told]
    assert sorted(one["promotion"] for one in sourced["promotions"]) == ["15-OFF", "HALF-A"]
    assert summed(at_web) == summed(at_till) == summed(sourced)
    assert sum(one["total"] for one in summed(sourced).values()) == paid
    assert quoted["tax"] == sourced["tax"]


def summed(made: dict[str, Any]) -> dict[int, dict[str, int]]:
    """What each line as ordered costs, its parts together."""
    sums: dict[int, Counter[str]] = {}
    for part in made["fulfillments"]:
        for one in part["lines"]:
            of_line = sums.setdefault(one["part_of"] or one["line"], Counter())
            of_line["quantity"] += one["quantity"]
            of_line["total"] += one["total"]["amount"]
            of_line["tax"] += one["tax"]["amount"]
            for discount in one["discounts"]:
                of_line[discount["promotion"]] += discount["amount"]["amount"]
    return {number: dict(of_line) for number, of_line in sums.items()}


async def test_the_price_i_was_shown_wherever_it_comes_from(retailer: Retailer) -> None:
    """Given a quote of 79.90, when the price rises, then an order that is sourced, and a cart, cost
    79.90 with it, and 99.90 without."""
    await retailer.prices(A=7990)
    await retailer.receive("A", WH=1, S1=1, S2=3)
    quote = (await retailer.quote(line("A", 2)))["quote"]
    await retailer.prices(A=9990)
    cart = await begun(retailer.web, wants("A", 2), ship_to=HOME)
    bought = {"cart": cart["id"], "tenders": order(paid=15_980)["tenders"]}

    dearer = await retailer.web.post("/v1/orders", sent(line("A", 2), paid=15_980))
    no_quote = await retailer.web.post("/v1/orders", bought)
    sourced = await placed(retailer.web, sent(line("A", 2), paid=15_980, quote=quote))
    from_cart = await placed(retailer.web, bought | {"quote": quote})

    for refused in (dearer, no_quote):
        assert refused.json()["type"] == "/problems/tenders_mismatch"
        assert refused.json()["total"] == euro(19_980)
    assert sourced["total"] == from_cart["total"] == euro(15_980)
    assert sourced["quote_id"] == from_cart["quote_id"] is not None
    assert parts(sourced) == {"S2": [("A", 2)]}
    assert sorted(parts(from_cart)) in (["S1", "S2"], ["S1", "WH"], ["S2", "WH"])


async def test_coupon_usage_is_honest_however_it_is_split(retailer: Retailer) -> None:
    """Given a coupon for one use, when its order is three shipments: used 1; cancelled: used 0."""
    await retailer.define(TEN_OFF, ONCE)
    await retailer.receive("A", WH=1, S1=1, S2=1)
    wanted = sent(line("A", 3), paid=5000, coupons=[{"code": "ONCE"}])

    made = await placed(retailer.web, wanted)
    after_placing = await used(retailer, "ONCE")
    await retailer.receive("A", S1=3)
    again = await retailer.web.post("/v1/orders", wanted)
    await cancelled(retailer.web, made)

    assert len(made["fulfillments"]) == 3
    assert after_placing == 1
    assert again.json()["type"] == "/problems/coupon_exhausted"
    assert await used(retailer, "ONCE") == 0


async def test_a_pickup_that_nobody_collects_keeps_the_coupon_of_the_other(
    retailer: Retailer,
) -> None:
    """Given two pickups and one coupon, when nobody comes for the first: used 1; for neither: used 0."""
    await retailer.define(TEN_OFF, ONCE)
    await retailer.receive("A", S1=1, S2=1)
    both = served("pickup", "S1", line("A", 1)), served("pickup", "S2", line("A", 1))
    made = await placed(retailer.web, order(*both, paid=3000) | {"coupons": [{"code": "ONCE"}]})
    for part in made["fulfillments"]:
        ready = await retailer.office.ready(part["id"])
        assert ready.status_code == 200, ready.text
    counted = []

    for part in made["fulfillments"]:
        await nobody_came(retailer, UUID(part["id"]))
        counted.append(await used(retailer, "ONCE"))

    assert counted == [1, 0]
    after = (await retailer.web.get(f"/v1/orders/{made['id']}")).json()
    assert [part["state"] for part in after["fulfillments"]] == ["no_show", "no_show"]
    assert sum(tender["refunded"]["amount"] for tender in after["tenders"]) == 3000
    assert [await retailer.level("A", place) for place in ("S1", "S2")] == [(1, 0, 1), (1, 0, 1)]


async def nobody_came(retailer: Retailer, fulfillment_id: UUID) -> None:
    """End a pickup a month later, as the worker does."""
    later = clock.now() + timedelta(days=30)
    worker = channels.Principal(
        id=new_id(),
        kind="integration",
        name="worker",
        scopes=frozenset(),
        channel=None,
        locations=frozenset(),
    )
    command = orders.NoShow(
        key=Key(worker.id, f"no-show-{fulfillment_id}", b"0" * 16),
        principal=worker,
        fulfillment_id=fulfillment_id,
        occurred_at=later,
    )
    (outcome,) = await retailer.process.ledger.run(
        lambda tx: orders.change(tx, [command], now=later)
    )
    assert isinstance(outcome, Answer), outcome


async def test_a_till_sells_what_the_warehouse_sends(retailer: Retailer) -> None:
    """Given A in the store and B in the warehouse only, when a customer takes A along and has B sent,
    then it is one order: A leaves at once, B is promised by the warehouse, all of it is paid."""
    await retailer.receive("A", S1=2)
    await retailer.receive("B", WH=5)

    made = await placed(
        retailer.till,
        order(
            served("carry_out", None, line("A", 1)),
            served("ship", None, line("B", 2)),
            paid=3000,
            by="cash",
        )
        | {"ship_to": HOME},
    )
    nowhere = await retailer.till.post(
        "/v1/orders",
        order(
            served("carry_out", None, line("A", 1)),
            served("ship", None, line("B", 4)),
            paid=4000,
            by="cash",
        ),
    )

    assert (made["location"], made["channel"], made["ship_to"]) == ("S1", "pos", HOME)
    assert [(part["kind"], part["location"], part["state"]) for part in made["fulfillments"]] == [
        ("carry_out", "S1", "handed_over"),
        ("ship", "WH", "allocated"),
    ]
    assert made["fulfillment_status"] == "part"
    assert await retailer.level("A", "S1") == (1, 0, 1)
    assert await retailer.level("B", "WH") == (5, 2, 3)
    # All or nothing: what could have been taken along stays as well.
    assert nowhere.json()["shortages"][0]["sku"] == "B"
    assert await retailer.movements("A") == [("received", "S1", 2), ("sold", "S1", 1)]


async def test_my_own_hold_serves_my_order_wherever_it_is(retailer: Retailer) -> None:
    """Given the last units held for this basket, when it is ordered without a location, then they go."""
    await retailer.receive("A", S1=1, S2=1)
    held = await retailer.web.post(
        "/v1/holds",
        {"lines": [wants("A", 1, location="S1"), wants("A", 1, location="S2")]},
    )
    assert held.status_code == 201, held.text

    others = await retailer.web.post("/v1/orders", sent(line("A", 1), paid=2000))
    made = await placed(retailer.web, sent(line("A", 2), paid=4000, hold=held.json()["id"]))

    assert others.json()["type"] == "/problems/insufficient_stock"
    assert parts(made) == {"S1": [("A", 1)], "S2": [("A", 1)]}
    assert [await retailer.level("A", place) for place in ("S1", "S2")] == [(1, 1, 0), (1, 1, 0)]
