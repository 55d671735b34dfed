"""Who may take what back, and until when: windows, overrides, PINs, scopes, locations and keys."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from omniretail import clock
from tests.api.test_approvals import prefix_of
from tests.callers import Caller, Retailer, line
from tests.returns.bringing import (
    back,
    came,
    carried_out,
    euro,
    refused,
    sale_now,
    shipped,
    taken,
    till_at,
    units,
)

WHY = {"reason": "a good customer"}
ANN = {"staff": "ann", "pin": "4711"}


async def sold_long_ago(retailer: Retailer, days: float = 31) -> dict[str, Any]:
    """Sell one of A over the counter, so many days ago."""
    await retailer.receive("A", S1=1)
    sale = await carried_out(retailer, line("A", 1), paid=2000)
    async with retailer.process.database.transaction() as tx:
        await tx.execute(
            "update sales_order set placed_at = $2 where id = $1",
            UUID(sale["id"]),
            clock.now() - timedelta(days=days),
        )
    return sale


async def manager(retailer: Retailer, *scopes: str, **binding: Any) -> Caller:
    """Ann, who may override what the policy says, has a PIN."""
    binding = {"locations": frozenset({"S1"})} | binding
    made = await retailer.caller("ann", "staff", scopes=frozenset(scopes), **binding)
    body = {"key": prefix_of(made), "pin": ANN["pin"]}
    answer = await retailer.office.put("/v1/staff-pins/ann", body)
    assert answer.is_success, answer.text
    return made


async def test_after_thirty_days_it_is_too_late(retailer: Retailer) -> None:
    """On the 31st day nothing is taken back; on the 30th it is."""
    late, in_time = await sold_long_ago(retailer), await sold_long_ago(retailer, 29.9)

    refusal = await retailer.till.post("/v1/returns", back(late, units(1)))
    made = await retailer.till.post("/v1/returns", back(in_time, units(1)))

    assert refused(refusal) == (409, "outside_return_window")
    assert refusal.json()["window_days"] == 30
    assert made.status_code == 201
    assert await retailer.level("A", "S1") == (1, 0, 1)


async def test_what_a_category_says_counts(retailer: Retailer) -> None:
    """Swimwear is never taken back, however early it comes."""
    await retailer.office.put("/v1/skus/A", {"name": "A", "categories": ["swimwear"]})
    windows = [{"category": "swimwear", "window_days": 0}]
    await retailer.office.put("/v1/channels/pos/return-policy", {"category_windows": windows})
    await retailer.receive("A", S1=1)
    sale = await carried_out(retailer, line("A", 1), paid=2000)

    refusal = await retailer.till.post("/v1/returns", back(sale, units(1)))

    assert refused(refusal) == (409, "outside_return_window")
    assert refusal.json()["closed_at"] is None


async def test_the_window_opens_when_the_parcel_leaves(retailer: Retailer) -> None:
    """Ordered 40 days ago, sent 10 days ago: in time."""
    await retailer.receive("A", WH=1)
    sale = await shipped(retailer, line("A", 1), paid=2000)
    async with retailer.process.database.transaction() as tx:
        past = [clock.now() - timedelta(days=days) for days in (40, 10)]
        await tx.execute("update sales_order set placed_at = $1", past[0])
        await tx.execute("update parcel set shipped_at = $1", past[1])

    assert (await retailer.web.post("/v1/returns", back(sale, units(1)))).status_code == 201


async def test_who_has_the_scope_overrides_the_window(retailer: Retailer) -> None:
    """And says why; their name and reason stay with the return."""
    sale = await sold_long_ago(retailer)
    boss = await retailer.caller(
        "boss",
        "staff",
        locations=frozenset({"S1"}),
        scopes=frozenset(
            {"returns:write", "returns:receive", "returns:refund", "returns:override"}
        ),
    )
    body = back(sale, units(1), received=True, refunded=True, location="S1", override=WHY)

    made = await taken(await boss.post("/v1/returns", body))

    assert (made["override"]["name"], made["override"]["reason"]) == ("boss", WHY["reason"])
    assert made["state"] == "refunded"


async def test_a_till_overrides_with_the_pin_of_a_manager(retailer: Retailer) -> None:
    """Without a PIN, with a wrong one, and with the right one: under Ann's name."""
    sale = await sold_long_ago(retailer)
    await manager(retailer, "returns:override")
    body = back(sale, units(1), override=WHY)

    alone = await retailer.till.post("/v1/returns", body)
    wrong = await retailer.till.post("/v1/returns", body | {"approval": ANN | {"pin": "0815"}})
    made = await taken(await retailer.till.post("/v1/returns", body | {"approval": ANN}))

    assert refused(alone) == (403, "approval_needed")
    assert alone.json()["scope"] == "returns:override"
    assert (refused(wrong), wrong.json()["tries_left"]) == ((403, "approval_refused"), 4)
    assert (made["override"]["name"], made["override"]["reason"]) == ("ann", WHY["reason"])
    assert made["override"]["by"] != made["requested_by"]


async def test_who_may_not_override_cannot_approve_it(retailer: Retailer) -> None:
    """Neither Ann without the scope, nor Ann of another store."""
    sale = await sold_long_ago(retailer)
    await manager(retailer, "returns:write", locations=frozenset({"S2"}))
    body = back(sale, units(1), override=WHY, approval=ANN)

    assert refused(await retailer.till.post("/v1/returns", body)) == (403, "approver_not_allowed")


async def test_paying_before_the_goods_are_here_is_an_override(retailer: Retailer) -> None:
    """The customer sent it and needs the money: whoever may, pays ahead; the goods come later."""
    await retailer.receive("A", WH=2)
    sale = await shipped(retailer, line("A", 2), paid=4000)
    asked = await taken(await retailer.web.post("/v1/returns", back(sale, units(1, 2))))
    path = f"/v1/returns/{asked['id']}"
    await retailer.office.post(f"{path}/approval", {})
    one = {"lines": [{"line": 1, "quantity": 1}]}

    nothing = await retailer.staff.post(f"{path}/refund", {})
    early = await retailer.staff.post(f"{path}/refund", one)
    alone = await retailer.staff.post(f"{path}/refund", one | {"override": WHY})
    ahead = await taken(await retailer.office.post(f"{path}/refund", one | {"override": WHY}), 200)
    both = await taken(
        await retailer.office.post(f"{path}/receipt", came((1, {"sellable": 2}), at="WH")), 200
    )
    rest = await taken(await retailer.staff.post(f"{path}/refund", {}), 200)

    assert refused(nothing) == (409, "nothing_to_pay_back")
    assert refused(early) == (409, "not_received")
    assert refused(alone) == (403, "approval_needed")
    assert (ahead["state"], ahead["refunded"]) == ("approved", euro(2000))
    assert ahead["override"]["name"] == "office"
    told = (await retailer.office.get(f"{path}/timeline")).json()["items"]
    assert [one["data"].get("override", {}).get("name") for one in told] == [
        *(None, None, "office", None, None)
    ]
    assert both["state"] == "received"
    assert (rest["state"], rest["refunded"]) == ("refunded", euro(4000))


async def test_what_was_paid_ahead_is_not_cancelled(retailer: Retailer) -> None:
    """Of 2, one is paid ahead: a cancellation leaves that one, and it is still awaited."""
    await retailer.receive("A", WH=2)
    sale = await shipped(retailer, line("A", 2), paid=4000)
    asked = await taken(await retailer.web.post("/v1/returns", back(sale, units(1, 2))))
    path = f"/v1/returns/{asked['id']}"
    await retailer.office.post(f"{path}/approval", {})
    one = {"lines": [{"line": 1, "quantity": 1}], "override": WHY}
    await taken(await retailer.office.post(f"{path}/refund", one), 200)

    cut = await taken(await retailer.web.post(f"{path}/cancellation", {"reason": "kept"}), 200)
    again = await retailer.web.post(f"{path}/cancellation", {"reason": "kept"})

    assert (cut["state"], cut["refund_status"]) == ("approved", "full")
    assert cut["lines"][0]["cancelled_quantity"] == 1
    assert refused(again) == (409, "return_state_refused")


async def test_the_policy_approves_by_itself(retailer: Retailer) -> None:
    """Where the channel that sold it says so, a parcel may come at once."""
    await retailer.office.put("/v1/channels/web/return-policy", {"approval": "automatic"})
    await retailer.receive("A", WH=1)
    sale = await shipped(retailer, line("A", 1), paid=2000)

    asked = await taken(await retailer.web.post("/v1/returns", back(sale, units(1))))
    again = await retailer.office.post(f"/v1/returns/{asked['id']}/approval", {})

    assert asked["state"] == "approved"
    assert refused(again) == (409, "return_state_refused")


async def test_goods_are_taken_back_where_the_key_may_act(retailer: Retailer) -> None:
    """A till in S1 and staff of S1 take nothing back in S2, and grade nothing there."""
    await retailer.receive("A", WH=2)
    sale = await shipped(retailer, line("A", 2), paid=4000)
    here = back(sale, units(1), received=True, location="S2")
    s2 = await till_at(retailer, "S2")

    elsewhere = [
        await caller.post("/v1/returns", here) for caller in (retailer.till, retailer.staff)
    ]
    made = await taken(await s2.post("/v1/returns", back(sale, units(1))))
    asked = await taken(
        await retailer.staff.post("/v1/returns", back(sale, units(1), location="S2"))
    )
    await retailer.office.post(f"/v1/returns/{asked['id']}/approval", {})
    change = {"from_disposition": "sellable", "to_disposition": "destroyed"}
    more = [
        await retailer.staff.post(
            f"/v1/returns/{made['id']}/dispositions", {"line": 1, "quantity": 1} | change
        ),
        await retailer.till.post(
            f"/v1/returns/{asked['id']}/receipt", came((1, {"sellable": 1}), at="S2")
        ),
    ]

    assert {refused(one) for one in [*elsewhere, *more]} == {(403, "location_not_yours")}
    assert await retailer.level("A", "S2") == (1, 0, 1)


@pytest.mark.parametrize("missing", ["returns:receive", "returns:refund"])
async def test_each_step_needs_its_scope(retailer: Retailer, missing: str) -> None:
    """Also where they are one step: what the key may not do alone, it may not do at once."""
    await retailer.receive("A", S1=1)
    sale = await carried_out(retailer, line("A", 1), paid=2000)
    scopes = frozenset({"returns:write", "returns:receive", "returns:refund"}) - {missing}
    caller = await retailer.caller("short", "staff", locations=frozenset({"S1"}), scopes=scopes)
    at_once = {"received": True, "refunded": True, "location": "S1"}

    refusal = await caller.post("/v1/returns", back(sale, units(1), **at_once))
    asked = await taken(await caller.post("/v1/returns", back(sale, units(1))))
    steps = [
        await caller.post(f"/v1/returns/{asked['id']}/{step}", body)
        for step, body in (
            ("approval", {}),
            *((("receipt", came((1, {"sellable": 1}), at="S1")),) * (missing == "returns:receive")),
            *((("refund", {}),) * (missing == "returns:refund")),
        )
    ]

    assert refused(refusal) == (403, "return_step_forbidden")
    assert refusal.json()["scope"] == missing
    assert {refused(one) for one in steps} == {(403, "scope_missing")}
    assert (await sale_now(retailer, sale))["tenders"][0]["refunded"] == euro(0)


async def test_staff_name_the_place(retailer: Retailer) -> None:
    """Only a till stands somewhere; an unknown place is no place, asked for or received at."""
    await retailer.receive("A", WH=1)
    sale = await shipped(retailer, line("A", 1), paid=2000)
    body = back(sale, units(1))

    nowhere = await retailer.staff.post("/v1/returns", body | {"received": True})
    unknown = [
        await retailer.office.post("/v1/returns", body | {"location": "X9", "received": received})
        for received in (True, False)
    ]
    asked = await taken(await retailer.web.post("/v1/returns", body))
    path = f"/v1/returns/{asked['id']}"
    await retailer.office.post(f"{path}/approval", {})
    late = await retailer.office.post(f"{path}/receipt", came((1, {"sellable": 1}), at="X9"))

    assert refused(nowhere) == (400, "invalid")
    assert {refused(one) for one in [*unknown, late]} == {(404, "unknown_location")}


async def test_a_key_means_one_return(retailer: Retailer) -> None:
    """The same request is answered the same; another one under its key is refused."""
    await retailer.receive("A", S1=2)
    sale = await carried_out(retailer, line("A", 2), paid=4000)

    first = await retailer.till.post("/v1/returns", back(sale, units(1)), key="r-1")
    again = await retailer.till.post("/v1/returns", back(sale, units(1)), key="r-1")
    other = await retailer.till.post("/v1/returns", back(sale, units(1, 2)), key="r-1")

    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert refused(other) == (422, "idempotency_key_reused")
    assert await retailer.level("A", "S1") == (1, 0, 1)


async def test_nobody_knows_that_return(retailer: Retailer) -> None:
    path = "/v1/returns/0198c0de-0000-7000-8000-000000000000"
    answers = [
        await retailer.office.get(path),
        await retailer.office.get(f"{path}/timeline"),
        await retailer.office.post(f"{path}/approval", {}),
        await retailer.office.post(f"{path}/refund", {}),
        await retailer.office.post(f"{path}/cancellation", {"reason": "x"}),
        await retailer.office.post(f"{path}/receipt", came((1, {"sellable": 1}), at="S1")),
    ]

    assert {refused(one) for one in answers} == {(404, "unknown_return")}
