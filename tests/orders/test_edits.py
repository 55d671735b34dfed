"""Editing orders: what falls goes with its exact share, what comes in costs what it costs today."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from omniretail import channels, clock, idempotency, inventory, orders, pricing
from omniretail.ids import new_id
from tests.callers import EUR, Retailer, euro, line, order, served
from tests.payments.cards import SHOP

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
VAT_20 = pricing.TaxRate(tax_class="standard", valid_from=LONG_AGO, rate_ppm=200_000)
TEN_OFF = pricing.Promotion(
    code="TEN-OFF",
    name="Ten euro off",
    action=pricing.Amount(amount_minor=1000, level="order"),
    currency="EUR",
    coupon_only=True,
)


def card(amount: int) -> dict[str, Any]:
    return {"type": "card", "amount": euro(amount), "reference": "p-2"}


def stays(**lines: int) -> list[dict[str, int]]:
    """New quantities of lines: `stays(l1=0)` takes line 1 off."""
    return [{"line": int(name[1:]), "quantity": quantity} for name, quantity in lines.items()]


async def placed(retailer: Retailer, body: dict[str, Any], by: str = "web") -> dict[str, Any]:
    response = await retailer.callers[by].post("/v1/orders", body)
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def previewed(
    retailer: Retailer, sold: dict[str, Any], by: str = "web", **what: Any
) -> dict[str, Any]:
    response = await retailer.callers[by].ask(
        f"/v1/orders/{sold['id']}/edits/preview", {"reason": "they asked"} | what
    )
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def edited(
    retailer: Retailer, sold: dict[str, Any], by: str = "web", **what: Any
) -> dict[str, Any]:
    response = await retailer.callers[by].post(
        f"/v1/orders/{sold['id']}/edits", {"reason": "they asked"} | what
    )
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def refused(
    retailer: Retailer, sold: dict[str, Any], by: str = "web", **what: Any
) -> tuple[int, str, dict[str, Any]]:
    """Send an edit that is refused: it must leave everything as it was."""
    before = (await retailer.office.get(f"/v1/orders/{sold['id']}")).json()
    response = await retailer.callers[by].post(
        f"/v1/orders/{sold['id']}/edits", {"reason": "they asked"} | what
    )
    assert (await retailer.office.get(f"/v1/orders/{sold['id']}")).json() == before
    problem = response.json()
    return response.status_code, problem["type"].removeprefix("/problems/"), problem


def lines(answer: dict[str, Any]) -> list[tuple[int, str, int, int, int]]:
    """(number, SKU, quantity, cancelled, what is kept) of each line."""
    return [
        (
            one["line"],
            one["sku"],
            one["quantity"],
            one["cancelled_quantity"],
            one["kept"]["amount"],
        )
        for part in answer["fulfillments"]
        for one in part["lines"]
    ]


def money(answer: dict[str, Any]) -> list[tuple[int, int]]:
    """(amount, refunded) of each tender."""
    return [(one["amount"]["amount"], one["refunded"]["amount"]) for one in answer["tenders"]]


async def a_and_b(retailer: Retailer) -> dict[str, Any]:
    """A 60.00 and B 40.00 less a code of 10.00, VAT 20 % included; picked up in S1."""
    await retailer.prices(A=6000, B=4000, C=3000)
    await retailer.define(VAT_20, TEN_OFF, pricing.Coupon(code="TEN", promotion="TEN-OFF"))
    for sku in ("A", "B", "C"):
        await retailer.receive(sku, S1=5, WH=5)
    wanted = served("pickup", "S1", line("A", 1), line("B", 1))
    return await placed(retailer, order(wanted, paid=9000) | {"coupons": [{"code": "TEN"}]})


async def test_what_is_taken_off_goes_with_its_share(retailer: Retailer) -> None:
    """Given A 60.00, B 40.00, code −10.00, when B is taken off, then 36.00 goes back, A stays 54.00."""
    sold = await a_and_b(retailer)

    after = await edited(retailer, sold, lines=stays(l2=0))

    assert lines(after) == [(1, "A", 1, 0, 5400), (2, "B", 1, 1, 0)]
    assert money(after) == [(9000, 3600)]
    assert (after["total"], after["payment_status"], after["version"]) == (
        euro(9000),
        "partly_refunded",
        2,
    )
    assert await retailer.level("B", "S1") == (5, 0, 5)


async def test_something_cheaper_comes_in(retailer: Retailer) -> None:
    """Given B at 36.00 of 90.00, when C for 30.00 comes in its place, then 6.00 goes back."""
    sold = await a_and_b(retailer)
    what: dict[str, Any] = {"lines": stays(l2=0), "add": [served("pickup", "S1", line("C", 1))]}

    preview = await previewed(retailer, sold, **what)
    after = await edited(retailer, sold, **what)

    assert (preview["charge"], preview["refund"], preview["in_stock"]) == (euro(0), euro(600), True)
    assert lines(after) == [(1, "A", 1, 0, 5400), (2, "B", 1, 1, 0), (3, "C", 1, 0, 3000)]
    assert (after["total"], money(after)) == (euro(12000), [(9000, 600)])
    assert after["tax"] == [{"rate_ppm": 200_000, "net": euro(10000), "tax": euro(2000)}]
    assert [one["discounts"] for one in after["fulfillments"][1]["lines"]] == [[]]
    assert await retailer.level("C", "S1") == (5, 1, 4)


async def test_something_dearer_comes_in(retailer: Retailer) -> None:
    """Given B at 36.00 of 90.00, when another A for 60.00 comes in its place, then 24.00 is charged."""
    sold = await a_and_b(retailer)
    what: dict[str, Any] = {"lines": stays(l2=0), "add": [served("ship", "WH", line("A", 1))]}

    preview = await previewed(retailer, sold, **what)
    short = await refused(retailer, sold, **what, tenders=[card(2399)])
    unpaid = await refused(retailer, sold, **what)
    after = await edited(retailer, sold, **what, tenders=[card(2400)])
    timeline = (await retailer.web.get(f"/v1/orders/{sold['id']}/timeline")).json()["items"]

    assert (preview["charge"], preview["refund"]) == (euro(2400), euro(0))
    assert short[:2] == unpaid[:2] == (409, "tenders_mismatch")
    assert short[2]["total"] == euro(2400)
    assert money(after) == [(9000, 0), (2400, 0)]
    assert (after["total"], after["exchanged"]) == (euro(15000), euro(3600))
    assert after["payment_status"] == "paid"
    assert [part["number"] for part in after["fulfillments"]] == [1, 2]
    assert [(event["sequence"], event["type"]) for event in timeline] == [
        (1, "placed"),
        (2, "edited"),
    ]
    assert timeline[1]["data"] == {
        "reason": "they asked",
        "lines": [{"line": 2, "sku": "B", "quantity": 1}],
        "added": [{"line": 3, "sku": "A", "quantity": 1}],
        "exchanged_minor": 3600,
        "captured_minor": 2400,
    }


def without_identities(answer: dict[str, Any]) -> dict[str, Any]:
    stripped: dict[str, Any] = answer | {
        "fulfillments": [part | {"id": None} for part in answer["fulfillments"]]
    }
    return stripped


async def test_the_preview_is_what_happens(retailer: Retailer) -> None:
    """A preview shows the order as the edit leaves it, and has written nothing."""
    sold = await a_and_b(retailer)
    what: dict[str, Any] = {
        "lines": stays(l1=0),
        "add": [served("pickup", "S1", line("C", 1)), served("ship", "WH", line("C", 1))],
    }

    preview = await previewed(retailer, sold, **what)
    untouched = (await retailer.web.get(f"/v1/orders/{sold['id']}")).json()
    levels = await retailer.level("A", "S1"), await retailer.level("C", "S1")
    after = await edited(retailer, sold, **what, tenders=[card(600)])

    assert (untouched, levels) == (sold, ((5, 1, 4), (5, 0, 5)))
    assert preview["charge"] == euro(600)
    seen, done = without_identities(preview["order"]), without_identities(after)
    assert [one["number"] for one in done.pop("tenders")] == [1, 2]
    assert [one["number"] for one in seen.pop("tenders")] == [1]
    assert (seen.pop("payment_status"), done.pop("payment_status")) == ("partly_refunded", "paid")
    assert seen == done


async def test_one_of_three_goes(retailer: Retailer) -> None:
    """Given 3 × 9.99 less 5.00, when they fall to 2, then 8.33 goes back, and 8.32 with the next."""
    await retailer.prices(A=999)
    await retailer.define(
        pricing.Promotion(
            code="FIVE",
            name="Five off",
            action=pricing.Amount(amount_minor=500, level="order"),
            currency="EUR",
        )
    )
    await retailer.receive("A", S1=3)
    sold = await placed(retailer, order(served("pickup", "S1", line("A", 3)), paid=2497))

    first = await edited(retailer, sold, lines=stays(l1=2))
    second = await edited(retailer, sold, lines=stays(l1=1))

    assert (money(first), money(second)) == ([(2497, 833)], [(2497, 1665)])
    assert lines(second) == [(1, "A", 3, 2, 832)]


async def test_more_of_the_same_costs_what_it_costs_today(retailer: Retailer) -> None:
    """Given one A at 20.00, when the price is 25.00 and another comes, then it costs 25.00 and the first
    stays at 20.00."""
    await retailer.receive("A", S1=5)
    sold = await placed(retailer, order(served("pickup", "S1", line("A", 1)), paid=2000))
    await retailer.prices(A=2500)

    raised = await refused(retailer, sold, lines=stays(l1=2))
    same = await refused(retailer, sold, lines=stays(l1=1))
    after = await edited(
        retailer, sold, add=[served("pickup", "S1", line("A", 1))], tenders=[card(2500)]
    )

    assert raised[:2] == same[:2] == (409, "quantity_not_lower")
    assert (raised[2]["line"], raised[2]["requested"], raised[2]["quantity"]) == (1, 2, 1)
    assert lines(after) == [(1, "A", 1, 0, 2000), (2, "A", 1, 0, 2500)]


async def test_promotions_on_lines_work_on_what_comes_in(retailer: Retailer) -> None:
    """Half off C works; what works on a whole order, or is limited, was the order's when it was placed."""
    sold = await a_and_b(retailer)
    await retailer.define(
        pricing.Promotion(
            code="HALF-C",
            name="Half off C",
            action=pricing.Percent(rate_ppm=500_000),
            skus=frozenset({"C"}),
        ),
        pricing.Promotion(
            code="ALL",
            name="A tenth off the order",
            action=pricing.Percent(rate_ppm=100_000, level="order"),
        ),
        pricing.Promotion(
            code="FIRST",
            name="Half off A for the first two",
            action=pricing.Percent(rate_ppm=500_000),
            skus=frozenset({"A"}),
            usage_limit=2,
        ),
    )

    after = await edited(
        retailer,
        sold,
        add=[served("pickup", "S1", line("C", 1), line("A", 1))],
        tenders=[card(7500)],
    )

    c, a = after["fulfillments"][1]["lines"]
    assert (c["total"], [one["promotion"] for one in c["discounts"]]) == (euro(1500), ["HALF-C"])
    assert (a["total"], a["discounts"]) == (euro(6000), [])
    assert [one["total"]["amount"] for one in after["fulfillments"][0]["lines"]] == [5400, 3600]


async def test_a_gift_card_pays_the_difference(retailer: Retailer) -> None:
    """It is held until the goods leave; what is taken off again is let go."""
    sold = await a_and_b(retailer)
    made = await retailer.office.post(
        "/v1/gift-cards", {"code": "GIFT-0001-0001", "amount": euro(5000)}
    )
    account = made.json()["id"]

    async def standing() -> tuple[int, int]:
        found = (await retailer.office.get(f"/v1/accounts/{account}")).json()
        return found["balance"]["amount"], found["available"]["amount"]

    gift = {"type": "gift_card", "amount": euro(3000), "account": "GIFT-0001-0001"}
    after = await edited(retailer, sold, add=[served("pickup", "S1", line("C", 1))], tenders=[gift])
    held = await standing()
    again = await edited(retailer, sold, lines=stays(l3=0))
    left = await standing()
    collected = await retailer.staff.collect(again["fulfillments"][0]["id"])

    assert after["payment_status"] == "authorized"
    assert held == (5000, 2000)
    assert money(again) == [(9000, 2250), (3000, 0)]
    assert again["tenders"][1]["voided"] == euro(750)
    assert left == (5000, 2750)
    assert collected.status_code == 200, collected.text
    assert await standing() == (2750, 2750)


async def test_a_refused_gift_card_holds_nothing(retailer: Retailer) -> None:
    """Given a card that covers part, when the rest is short, then nothing of either is held."""
    sold = await a_and_b(retailer)
    cards = [
        (
            await retailer.office.post("/v1/gift-cards", {"code": code, "amount": euro(amount)})
        ).json()
        for code, amount in (("GIFT-0001-0001", 2000), ("GIFT-0002-0002", 500))
    ]
    answer = await refused(
        retailer,
        sold,
        add=[served("pickup", "S1", line("C", 1))],
        tenders=[
            {"type": "gift_card", "amount": euro(2000), "account": "GIFT-0001-0001"},
            {"type": "gift_card", "amount": euro(1000), "account": "GIFT-0002-0002"},
        ],
    )

    found = (await retailer.office.get(f"/v1/accounts/{cards[0]['id']}")).json()
    assert answer[:2] == (409, "insufficient_balance")
    assert found["available"] == euro(2000)
    assert await retailer.level("C", "S1") == (5, 0, 5)


async def test_a_card_authorized_for_the_difference(retailer: Retailer) -> None:
    """It is used by the edit, and captured as the goods that it pays leave."""
    sold = await a_and_b(retailer)
    wanted = {"type": "card", "amount": euro(3000), "method": "ok"}
    payment = (await retailer.web.post("/v1/payments", wanted)).json()["id"]
    tender = {"type": "card", "amount": euro(3000), "payment": payment}
    added = [served("pickup", "S1", line("C", 1))]

    other = await refused(
        retailer, sold, add=added, tenders=[tender | {"amount": euro(2900)}, card(100)]
    )
    after = await edited(retailer, sold, add=added, tenders=[tender])
    twice = await refused(retailer, sold, add=added, tenders=[tender])
    first = await retailer.staff.collect(after["fulfillments"][0]["id"])
    second = await retailer.staff.collect(after["fulfillments"][1]["id"])

    assert other[:2] == (409, "payment_amount_differs")
    assert twice[:2] == (409, "payment_used")
    assert after["tenders"][1]["captured"] == euro(0)
    assert first.json()["tenders"][1]["captured"] == euro(0)
    assert second.json()["tenders"][1]["captured"] == euro(3000)


async def test_cash_at_the_till_is_rounded(retailer: Retailer) -> None:
    """Given coins of 0.05, when 0.99 is added at the till and carried out, then 1.00 is paid in cash."""
    await retailer.define(pricing.Currency(code="EUR", exponent=2, cash_step_minor=5))
    await retailer.receive("A", S1=2)
    await retailer.receive("C", S1=2)
    sold = await placed(retailer, order(served("pickup", None, line("A", 1)), paid=2000), by="till")
    added = [served("carry_out", None, line("C", 1))]

    exact = await refused(
        retailer, sold, "till", add=added, tenders=[{"type": "cash", "amount": euro(99)}]
    )
    after = await edited(
        retailer, sold, "till", add=added, tenders=[{"type": "cash", "amount": euro(100)}]
    )

    assert exact[:2] == (409, "tenders_mismatch")
    assert after["tenders"][1]["rounding_minor"] == 1
    assert after["fulfillments"][1]["state"] == "handed_over"
    assert after["fulfillment_status"] == "part"
    assert await retailer.level("C", "S1") == (1, 0, 1)


async def test_what_has_left_stays(retailer: Retailer) -> None:
    """Given 2 of 3 shipped, when the line falls, then the third may go, and no more."""
    await retailer.receive("A", WH=5)
    await retailer.receive("B", WH=5)
    sold = await placed(retailer, order(served("ship", "WH", line("A", 3)), paid=6000))
    part = sold["fulfillments"][0]
    warehouse = await retailer.caller("packer", "staff", locations=frozenset({"WH"}))
    await warehouse.leave(part, lines=[{"line": 1, "quantity": 2}])

    many = await refused(retailer, sold, lines=stays(l1=1))
    after = await edited(
        retailer,
        sold,
        lines=stays(l1=2),
        add=[served("ship", "WH", line("B", 2))],
    )

    assert many[:2] == (409, "quantity_not_open")
    assert many[2]["open_quantity"] == 1
    assert lines(after) == [(1, "A", 3, 1, 4000), (2, "B", 2, 0, 1000)]
    assert money(after) == [(6000, 1000)]
    assert [one["state"] for one in after["fulfillments"]] == ["shipped", "allocated"]
    assert await retailer.level("A", "WH") == (3, 0, 3)


async def test_the_last_unit_changes_hands_within_the_order(retailer: Retailer) -> None:
    """Given the last A of S1, when it is taken off and carried out instead, then it is there for it."""
    await retailer.receive("A", S1=1)
    sold = await placed(retailer, order(served("pickup", None, line("A", 1)), paid=2000), by="till")

    after = await edited(
        retailer, sold, "till", lines=stays(l1=0), add=[served("carry_out", None, line("A", 1))]
    )

    assert money(after) == [(2000, 0)]
    assert [one["state"] for one in after["fulfillments"]] == ["cancelled", "handed_over"]
    assert after["fulfillment_status"] == "done"
    assert await retailer.level("A", "S1") == (0, 0, 0)
    assert (await retailer.movements("A"))[-2:] == [("released", "S1", 1), ("sold", "S1", 1)]


async def test_without_stock_nothing_changes(retailer: Retailer) -> None:
    sold = await a_and_b(retailer)
    what: dict[str, Any] = {"lines": stays(l2=0), "add": [served("pickup", "S1", line("C", 6))]}

    preview = await previewed(retailer, sold, **what)
    answer = await refused(retailer, sold, **what, tenders=[card(14400)])

    assert (preview["in_stock"], preview["order"], preview["charge"]) == (False, None, euro(14400))
    assert preview["shortages"] == [
        {"sku": "C", "location": "S1", "requested": 6, "available": 5, "missing": 1}
    ]
    assert answer[:2] == (409, "insufficient_stock")
    assert await retailer.level("B", "S1") == (5, 1, 4)


async def test_what_is_shipped_comes_from_where_it_is(retailer: Retailer) -> None:
    """Given 2 A in WH and 3 in S2, when 4 are added, then both serve, each with its exact share."""
    await retailer.receive("B", S1=1)
    await retailer.receive("A", WH=2, S2=3)
    sold = await placed(retailer, order(served("pickup", "S1", line("B", 1)), paid=500))

    preview = await previewed(retailer, sold, add=[served("ship", None, line("A", 4))])
    after = await edited(
        retailer, sold, add=[served("ship", None, line("A", 4))], tenders=[card(8000)]
    )
    nowhere = await refused(
        retailer, sold, add=[served("ship", None, line("A", 2))], tenders=[card(4000)]
    )

    assert (
        without_identities(preview["order"])["fulfillments"]
        == (without_identities(after)["fulfillments"])
    )
    new = after["fulfillments"][1:]
    assert {part["location"]: part["lines"][0]["quantity"] for part in new} == {"S2": 3, "WH": 1}
    assert sorted((one["line"], one["part_of"]) for part in new for one in part["lines"]) == [
        (2, None),
        (3, 2),
    ]
    assert nowhere[:2] == (409, "insufficient_stock")


async def test_an_edit_of_what_has_changed_is_refused(retailer: Retailer) -> None:
    sold = await a_and_b(retailer)
    await edited(retailer, sold, lines=stays(l2=0), version=1)

    stale = await refused(retailer, sold, lines=stays(l1=0), version=1)

    assert stale[:2] == (412, "stale_version")
    assert (stale[2]["expected_version"], stale[2]["version"]) == (1, 2)


async def test_two_edits_at_once(retailer: Retailer) -> None:
    """Both want the same unit off: one has it, and the other is told that it is gone."""
    await retailer.receive("A", S1=3)
    sold = await placed(retailer, order(served("pickup", "S1", line("A", 2)), paid=4000))
    path = f"/v1/orders/{sold['id']}/edits"

    answers = await asyncio.gather(
        *(
            retailer.web.post(path, {"reason": "they asked", "lines": stays(l1=1), "version": 1})
            for _ in range(2)
        ),
        *(
            retailer.web.post(path, {"reason": "they asked", "lines": stays(l1=1)})
            for _ in range(2)
        ),
    )

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 200
    assert set(statuses[1:]) <= {409, 412}
    after = (await retailer.web.get(f"/v1/orders/{sold['id']}")).json()
    assert (money(after), after["version"]) == ([(4000, 2000)], 2)


async def test_an_order_that_ended_is_not_edited(retailer: Retailer) -> None:
    """Neither one that was carried out nor one that was cancelled; nor may an edit leave nothing."""
    await retailer.receive("A", S1=5)
    done = await placed(
        retailer, order(served("carry_out", None, line("A", 1)), paid=2000), by="till"
    )
    sold = await placed(retailer, order(served("pickup", "S1", line("A", 1)), paid=2000))

    nothing = await refused(retailer, sold, lines=stays(l1=0))
    await retailer.web.post(f"/v1/orders/{sold['id']}/cancellation", {"reason": "unwanted"})
    more = {"add": [served("pickup", "S1", line("A", 1))], "tenders": [card(2000)]}

    assert nothing[:2] == (409, "edit_leaves_nothing")
    for order_of, by, state in ((done, "till", "done"), (sold, "web", "cancelled")):
        answer = await refused(retailer, order_of, by, **more)
        assert answer[:2] == (409, "transition_refused")
        assert answer[2]["state"] == state


@pytest.mark.parametrize(
    ("what", "status", "problem"),
    [
        ({}, 400, "invalid"),
        ({"lines": stays(l9=0)}, 400, "invalid"),
        ({"lines": [*stays(l1=0), *stays(l1=0)]}, 400, "invalid"),
        ({"lines": stays(l2=0), "tenders": [card(1)]}, 409, "tenders_mismatch"),
        ({"add": [served("pickup", "S1", line("X", 1))]}, 404, "unknown_sku"),
        ({"add": [served("pickup", "S9", line("A", 1))]}, 404, "unknown_location"),
        ({"add": [served("pickup", None, line("A", 1))]}, 400, "invalid"),
        (
            {
                "add": [served("pickup", "S1", line("A", 1))],
                "tenders": [{"type": "cash", "amount": {"amount": 6000, "currency": "USD"}}],
            },
            400,
            "invalid",
        ),
        (
            {"add": [served("pickup", "S1", line("A", 1, unit_price=euro(1), price_reason="x"))]},
            403,
            "price_override_forbidden",
        ),
    ],
)
async def test_what_an_edit_is_refused_for(
    retailer: Retailer, what: dict[str, Any], status: int, problem: str
) -> None:
    sold = await a_and_b(retailer)

    assert (await refused(retailer, sold, **what))[:2] == (status, problem)


async def test_a_price_of_its_own_comes_in_by_permission(retailer: Retailer) -> None:
    sold = await a_and_b(retailer)
    await retailer.caller(
        "manager",
        "channel",
        channel="web",
        scopes=channels.DEFAULT_SCOPES["channel"] | {"prices:override"},
    )
    own = line("C", 1, unit_price=euro(1000), price_reason="scratched")
    huge = line("C", 2, unit_price=euro(2**62 - 1), price_reason="a typing error")

    after = await edited(
        retailer,
        sold,
        "manager",
        add=[served("pickup", "S1", own)],
        tenders=[card(1000)],
    )
    large = await refused(retailer, sold, "manager", add=[served("pickup", "S1", huge)])

    assert after["fulfillments"][1]["lines"][0]["price_reason"] == "scratched"
    assert large[:2] == (409, "amount_too_large")


async def test_whose_order_is_edited(retailer: Retailer) -> None:
    """Another channel's order is none; staff may not edit, and till and shop may."""
    await retailer.receive("A", S2=2)
    sold = await placed(retailer, order(served("pickup", "S2", line("A", 2)), paid=4000))

    foreign = await refused(retailer, sold, "till", lines=stays(l1=1))
    staff = await refused(retailer, sold, "staff", lines=stays(l1=1))
    preview = await retailer.till.ask(
        f"/v1/orders/{sold['id']}/edits/preview", {"reason": "x", "lines": stays(l1=1)}
    )

    assert foreign[:2] == (404, "unknown_order")
    assert staff[0] == 403
    assert preview.status_code == 404


async def test_taxes_round_as_the_order_does(retailer: Retailer) -> None:
    """Given an order taxed by the line, when the currency is taxed by the unit since, then what is added
    is taxed by the line too."""
    sold = await a_and_b(retailer)
    await retailer.prices(C=99)
    await retailer.define(
        pricing.Currency(code="EUR", exponent=2, rounding="half_even", tax_per="unit")
    )

    after = await edited(
        retailer, sold, add=[served("pickup", "S1", line("C", 5))], tenders=[card(495)]
    )

    assert after["tax_per"] == "line"
    assert after["fulfillments"][1]["lines"][0]["tax"] == euro(82)


async def test_edits_after_an_adjusted_price(retailer: Retailer) -> None:
    """Given 2 × 20.00 lowered to 15.00, when one falls for B at 5.00, then 10.00 more goes back."""
    await retailer.receive("A", S1=2)
    await retailer.receive("B", S1=2)
    sold = await placed(retailer, order(served("pickup", "S1", line("A", 2)), paid=4000))
    lowered = await retailer.office.post(
        f"/v1/orders/{sold['id']}/price-adjustments",
        {"reason": "a match", "lines": [{"line": 1, "unit_price": euro(1500)}]},
    )

    after = await edited(
        retailer, sold, lines=stays(l1=1), add=[served("pickup", "S1", line("B", 1))]
    )
    ended = await retailer.web.post(
        f"/v1/orders/{sold['id']}/cancellation", {"reason": "all of it"}
    )

    assert money(lowered.json()) == [(4000, 1000)]
    assert money(after) == [(4000, 2000)]
    assert money(ended.json()) == [(4000, 4000)]
    assert ended.json()["payment_status"] == "refunded"


def edit_command(sold: dict[str, Any], **what: Any) -> orders.EditOrder:
    """The command to edit an order of the web shop."""
    wanted: dict[str, Any] = {
        "key": idempotency.Key(SHOP.id, str(new_id()), b"1" * 16),
        "principal": SHOP,
        "order_id": UUID(sold["id"]),
        "reason": "they asked",
        "quantities": {},
        "wanted": (),
        "tenders": (),
        "occurred_at": clock.now(),
    }
    return orders.EditOrder(**wanted | what)


def wish(sku: str, quantity: int) -> orders.FulfillmentWish:
    return orders.FulfillmentWish(
        id=new_id(),
        kind="pickup",
        location="S1",
        lines=(orders.LineWish(sku=sku, quantity=quantity),),
    )


async def test_edits_of_one_batch_see_each_other(retailer: Retailer) -> None:
    """Given 5 C, when three edits want 3, 9 and 2 of them, then the second alone is refused, and holds
    no money; what the first added, the fourth takes off again."""
    sold = await a_and_b(retailer)
    made = await retailer.office.post(
        "/v1/gift-cards", {"code": "GIFT-0001-0001", "amount": euro(50_000)}
    )

    def gift(amount: int) -> tuple[orders.TenderGiven, ...]:
        return (
            orders.TenderGiven(
                type="gift_card", amount_minor=amount, currency=EUR, account="GIFT-0001-0001"
            ),
        )

    commands = [
        edit_command(sold, wanted=(wish("C", 3),), tenders=gift(9000)),
        edit_command(sold, wanted=(wish("C", 9),), tenders=gift(27_000)),
        edit_command(sold, wanted=(wish("C", 2),), tenders=gift(6000)),
        edit_command(sold, quantities={3: 0}),
        edit_command(sold, quantities={1: 0}, version=1),
        edit_command({"id": str(new_id())}, quantities={1: 0}),
    ]
    outcomes = await retailer.process.ledger.run(
        lambda tx: orders.edit(tx, commands, books=retailer.process.books, now=clock.now())
    )

    assert [
        outcome.value.version if isinstance(outcome, idempotency.Answer) else type(outcome).__name__
        for outcome in outcomes
    ] == [2, "InsufficientStock", 3, 4, "StaleVersion", "UnknownOrder"]
    after = (await retailer.web.get(f"/v1/orders/{sold['id']}")).json()
    account = (await retailer.office.get(f"/v1/accounts/{made.json()['id']}")).json()
    assert [one["kept"]["amount"] for part in after["fulfillments"] for one in part["lines"]] == [
        5400,
        3600,
        0,
        6000,
    ]
    held = [one["amount"]["amount"] - one["voided"]["amount"] for one in after["tenders"][1:]]
    refunded = after["tenders"][0]["refunded"]["amount"]
    assert sum(held) + 9000 - refunded == 15_000
    assert account["available"] == euro(50_000 - sum(held))
    assert await retailer.level("C", "S1") == (5, 2, 3)


async def test_units_with_serial_numbers_and_kits_come_in(retailer: Retailer) -> None:
    """Given phones by serial number and a kit of A and B, when both are carried out, then the very unit
    and both components leave."""
    phone = {"name": "Phone", "tracking": "serial"}
    kit = {
        "name": "Pack",
        "components": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}],
    }
    assert (await retailer.office.put("/v1/skus/PHONE", phone)).is_success
    assert (await retailer.office.put("/v1/skus/PACK", kit)).is_success
    await retailer.prices(PHONE=90_000, PACK=4000)
    for sku in ("A", "B"):
        await retailer.receive(sku, S1=5)
    unit = {"sku": "PHONE", "location": "S1", "quantity": 2, "serials": ["s-1", "s-2"]}
    await retailer.office.post("/v1/stock/receipts", {"lines": [unit], "all_or_nothing": True})
    sold = await placed(retailer, order(served("pickup", None, line("A", 1)), paid=2000), by="till")
    carried = [served("carry_out", None, line("PHONE", 1, serials=["s-1"]), line("PACK", 1))]

    await edited(retailer, sold, "till", add=carried, tenders=[card(94_000)])
    twice = await refused(
        retailer,
        sold,
        "till",
        add=[served("carry_out", None, line("PHONE", 1, serials=["s-1"]))],
        tenders=[card(90_000)],
    )

    assert twice[0] == 409
    gone = (await retailer.office.get("/v1/stock/serials/PHONE/s-1")).json()
    assert gone["location"] is None
    assert await retailer.level("A", "S1") == (3, 1, 2)
    assert await retailer.level("B", "S1") == (4, 0, 4)


async def test_a_preview_writes_nothing_at_all(retailer: Retailer) -> None:
    """Given a SKU that may be ordered before it is there, when it is previewed, then no level is made."""
    sold = await a_and_b(retailer)
    coming = {"name": "New", "ordering": {"policy": "back_order", "limit": 5}}
    assert (await retailer.office.put("/v1/skus/NEW", coming)).is_success
    await retailer.prices(NEW=1000)
    what: dict[str, Any] = {"add": [served("pickup", "S1", line("NEW", 2))]}

    async def levels() -> int:
        async with retailer.process.database.transaction() as tx:
            rows = await tx.fetch("select count(*) as many from stock_level where sku = 'NEW'")
            found: int = rows[0]["many"]
            return found

    preview = await previewed(retailer, sold, **what)
    before = await levels()
    await edited(retailer, sold, **what, tenders=[card(2000)])

    assert (preview["in_stock"], preview["charge"]) == (True, euro(2000))
    assert (before, await levels()) == (0, 1)


async def test_a_channel_promises_no_more_than_its_share(retailer: Retailer) -> None:
    """Given 3 of 5 C withheld from the web shop, when 3 are added, then they are refused; 2 are not."""
    sold = await a_and_b(retailer)
    policy = {"pool": None, "threshold": 0, "sku_thresholds": [{"sku": "C", "threshold": 8}]}
    put = await retailer.office.put("/v1/channels/web/stock-policy", policy)
    assert put.is_success, put.text

    three = await refused(
        retailer, sold, add=[served("pickup", "S1", line("C", 3))], tenders=[card(9000)]
    )
    two = await edited(
        retailer, sold, add=[served("pickup", "S1", line("C", 2))], tenders=[card(6000)]
    )

    assert three[:2] == (409, "insufficient_stock")
    assert lines(two)[2][:3] == (3, "C", 2)


def test_what_is_freed_may_be_promised_again() -> None:
    """One posting may release units and promise them anew, and no more than those."""
    source = inventory.Source(
        document_type="order",
        document_id=new_id(),
        actor_id=new_id(),
        channel=None,
        occurred_at=clock.now(),
        idempotency_key="k",
    )

    def post(released: int, promised: int, sold: int) -> bool:
        stock = inventory.Stock({("A", "S1"): inventory.Level(on_hand=3, allocated=3)})
        movements = [
            make("A", "S1", quantity)
            for make, quantity in (
                (inventory.released, released),
                (inventory.allocated, promised),
                (inventory.sold, sold),
            )
            if quantity
        ]
        return stock.post(inventory.Posting(source, movements)) is None

    assert [post(2, 2, 0), post(2, 1, 1), post(2, 0, 2)] == [True, True, True]
    assert [post(2, 3, 0), post(2, 2, 1), post(0, 1, 0), post(1, 0, 2)] == [False] * 4


async def test_the_last_unit_for_one_of_many_edits(retailer: Retailer) -> None:
    """Given one C, when four orders want it added at once, one has it; the others are as they were."""
    await retailer.receive("A", S1=4)
    await retailer.receive("C", S1=1)
    sold = [
        await placed(retailer, order(served("pickup", "S1", line("A", 1)), paid=2000))
        for _ in range(4)
    ]
    body = {
        "reason": "they asked",
        "add": [served("pickup", "S1", line("C", 1))],
        "tenders": [card(99)],
    }

    answers = await asyncio.gather(
        *(retailer.web.post(f"/v1/orders/{one['id']}/edits", body) for one in sold)
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert await retailer.level("C", "S1") == (1, 1, 0)
    for one, answer in zip(sold, answers, strict=True):
        if answer.status_code == 409:
            assert answer.json()["type"] == "/problems/insufficient_stock"
            assert (await retailer.web.get(f"/v1/orders/{one['id']}")).json() == one
