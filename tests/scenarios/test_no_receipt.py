"""No receipt: store credit at the lowest price, three times in ninety days; or the sale is found."""

from datetime import datetime, timedelta
from typing import Any

from omniretail import clock
from tests.api.test_approvals import MARIA, manager
from tests.callers import Retailer, euro, line, order, served
from tests.pricing.test_price_history import set_price
from tests.returns.bringing import back, sale_now, taken, units
from tests.returns.unlinked import brought, no_receipt, without

CARD = "card-of-ann-7f3a"
APPROVING = frozenset({"returns:unlinked", "returns:override"})


async def _priced(retailer: Retailer) -> None:
    """COAT was 49.90, for five days 39.90, 49.90 again, and is 44.90 now."""
    assert (await retailer.office.put("/v1/skus/COAT", {"name": "Coat"})).is_success
    for ago_days, amount_minor in ((90, 4990), (25, 3990), (20, 4990), (5, 4490)):
        await set_price(retailer, amount_minor, ago_days=ago_days, sku="COAT")


async def _sold(retailer: Retailer, *, days_ago: float) -> dict[str, Any]:
    """Sell a COAT over the counter of S1, by card, so many days ago."""
    await retailer.receive("COAT", S1=1)
    body = order(served("carry_out", "S1", line("COAT", 1)), paid=4990)
    body["tenders"][0]["card_token"] = CARD
    at = (clock.now() - timedelta(days=days_ago)).isoformat()
    return await taken(
        await retailer.office.post("/v1/orders", body | {"channel": "pos", "placed_at": at})
    )


async def test_22_without_proof_it_is_the_lowest_price_as_store_credit(retailer: Retailer) -> None:
    """One coat without a receipt is worth 39.90 at most, whatever it costs now; it goes on the shelf."""
    await _priced(retailer)
    await manager(retailer, scopes=APPROVING)
    alone = await retailer.till.post("/v1/unlinked-returns", no_receipt("ann", without("COAT")))
    dear = await brought(retailer, "ann", without("COAT", unit_price=euro(3991)))
    made = await taken(await brought(retailer, "ann", without("COAT")))

    assert (alone.status_code, alone.json()["type"]) == (403, "/problems/approval_needed")
    assert (dear.status_code, dear.json()["type"]) == (409, "/problems/unlinked_price_too_high")
    assert dear.json()["highest_minor"] == 3990
    assert (made["kind"], made["state"], made["order_id"]) == ("unlinked", "refunded", None)
    assert made["lines"][0]["unit_price"] == made["refunded"] == euro(3990)
    assert made["refunds"][0]["paid_out"] == [{"type": "store_credit", "amount": euro(3990)}]
    assert await retailer.movements("COAT") == [("unlinked_return", "S1", 1)]
    assert await retailer.level("COAT", "S1") == (1, 0, 1)
    credit = (await retailer.office.get(f"/v1/accounts/{made['account_id']}")).json()
    assert (credit["kind"], credit["customer"]) == ("store_credit", "ann")
    assert credit["balance"] == euro(3990)


async def test_22_the_fourth_in_ninety_days_needs_the_manager(retailer: Retailer) -> None:
    """Three times staff may; then the manager types the PIN, and says why."""
    await _priced(retailer)
    await manager(retailer, scopes=APPROVING)
    for count in (1, 2, 3):
        made = await taken(await brought(retailer, "ann", without("COAT")))
        assert made["unlinked_count"] == count

    fourth = await brought(retailer, "ann", without("COAT"))
    why: dict[str, Any] = {"override": {"reason": "a regular, and we sold it"}}
    unapproved = await brought(retailer, "ann", without("COAT"), approval=None, **why)
    wrong = await brought(
        retailer, "ann", without("COAT"), approval={"staff": "maria", "pin": "0815"}, **why
    )
    allowed = await taken(await brought(retailer, "ann", without("COAT"), **why))
    other = await taken(await brought(retailer, "ben", without("COAT")))

    assert (fourth.status_code, fourth.json()["type"]) == (409, "/problems/unlinked_limit_reached")
    told = fourth.json()
    assert (told["limit"], told["days"], told["count"]) == (3, 90, 3)
    assert (unapproved.status_code, wrong.status_code) == (403, 403)
    assert (allowed["unlinked_count"], other["unlinked_count"]) == (4, 1)
    assert allowed["override"]["name"] == "maria"
    assert allowed["override"]["reason"] == "a regular, and we sold it"
    assert MARIA not in str(allowed)


async def test_22_a_sale_that_is_found_goes_back_to_its_card(retailer: Retailer) -> None:
    """The card's token finds what it paid twelve days ago: 49.90 go back, though it costs less now."""
    await _priced(retailer)
    sale = await _sold(retailer, days_ago=12)

    (found,) = (
        await taken(
            await retailer.till.ask("/v1/orders/searches", {"card_token": CARD, "sku": "COAT"}), 200
        )
    )["items"]
    made = await taken(await retailer.till.post("/v1/returns", back(found, units(1))))

    assert (made["kind"], made["refunded"]) == ("return", euro(4990))
    assert made["refunds"][0]["paid_out"] == [{"type": "card", "amount": euro(4990)}]
    assert (await sale_now(retailer, sale))["payment_status"] == "refunded"
    counter = await retailer.till.get("/v1/unlinked-returns/counters", customer="ann")
    assert counter.json()["count"] == 0


async def test_22_after_thirty_days_staff_override_by_name(retailer: Retailer) -> None:
    """31 days after the purchase it is refused, with the window; the manager lets it pass."""
    await _priced(retailer)
    await manager(retailer, scopes=APPROVING)
    sale = await _sold(retailer, days_ago=31)

    late = await retailer.till.post("/v1/returns", back(sale, units(1)))
    kind = {"override": {"reason": "was ill"}, "approval": {"staff": "maria", "pin": MARIA}}
    made = await taken(await retailer.till.post("/v1/returns", back(sale, units(1), **kind)))

    assert (late.status_code, late.json()["type"]) == (409, "/problems/outside_return_window")
    told = late.json()
    assert told["window_days"] == 30
    closed = datetime.fromisoformat(told["closed_at"])
    assert closed - datetime.fromisoformat(told["handed_over_at"]) == timedelta(days=30)
    assert (made["override"]["name"], made["override"]["reason"]) == ("maria", "was ill")
    assert made["refunded"] == euro(4990)
