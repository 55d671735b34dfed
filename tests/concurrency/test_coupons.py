"""Coupons among many, over real connections, to two server processes: no use is given away twice."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.callers import Retailer, line, order, served
from tests.live import Live


@pytest.fixture(autouse=True)
async def spring(retailer: Retailer) -> None:
    """A promotion that needs a coupon."""
    answer = await retailer.office.put(
        "/v1/promotions/spring",
        {
            "name": "Spring",
            "action": {"type": "percent", "rate_ppm": 100_000},
            "coupon_only": True,
        },
    )
    assert answer.status_code == 200


async def put(retailer: Retailer, code: str, **more: Any) -> None:
    answer = await retailer.office.put(f"/v1/coupons/{code}", {"promotion": "spring", **more})
    assert answer.status_code == 200


def statuses(answers: list[httpx.Response]) -> dict[int, int]:
    return dict(Counter(answer.status_code for answer in answers))


async def stored(retailer: Retailer, code: str) -> dict[str, int]:
    """Return how many rows a coupon has in each state."""
    async with retailer.process.database.transaction() as tx:
        rows = await tx.fetch(
            "select state, count(*) as many from usage where code = $1 group by state", code
        )
    return {row["state"]: row["many"] for row in rows}


async def test_a_hundred_uses_five_hundred_checkouts(retailer: Retailer, live: Live) -> None:
    """Given 100 uses, when 500 checkouts want one at once, then 100 have one and 400 are told."""
    await put(retailer, "HUNDRED", usage_limit=100)
    web, till = live.caller(retailer.web), live.caller(retailer.till)

    answers = await asyncio.gather(
        *(
            caller.post("/v1/coupon-claims", {"coupon": "hundred"})
            for _ in range(250)
            for caller in (web, till)
        )
    )

    assert statuses(answers) == {201: 100, 409: 400}
    told = {answer.json()["type"] for answer in answers if answer.status_code == 409}
    assert told == {"/problems/coupon_exhausted"}
    assert await stored(retailer, "HUNDRED") == {"claimed": 100}
    found = (await retailer.office.get("/v1/coupons/HUNDRED")).json()
    assert (found["used"], found["claimed"]) == (0, 100)


async def test_one_customer_in_many_places(retailer: Retailer, live: Live) -> None:
    """Given twice for each customer, when two customers ask 30 times each at once, each has it twice."""
    await put(retailer, "LOYAL", limit_per_customer=2)
    web, till = live.caller(retailer.web), live.caller(retailer.till)

    answers = await asyncio.gather(
        *(
            caller.post("/v1/coupon-claims", {"coupon": "LOYAL", "customer": customer})
            for _ in range(15)
            for caller in (web, till)
            for customer in ("ada", "bert")
        )
    )

    assert statuses(answers) == {201: 4, 409: 56}
    won = [answer.json()["customer"] for answer in answers if answer.status_code == 201]
    assert sorted(won) == ["ada", "ada", "bert", "bert"]


async def test_payments_fail_while_others_want_the_use(retailer: Retailer, live: Live) -> None:
    """Given five uses, when each winner gives back while 20 ask, then never more than five are kept."""
    await put(retailer, "FIVE", usage_limit=5)
    web, till = live.caller(retailer.web), live.caller(retailer.till)

    async def checkout(number: int) -> str:
        caller = (web, till)[number % 2]
        answer = await caller.post("/v1/coupon-claims", {"coupon": "FIVE"})
        if answer.status_code == 409:
            return "refused"
        if number % 4 == 3:
            return "kept"
        freed = await asyncio.gather(
            *(caller.send("DELETE", f"/v1/coupon-claims/{answer.json()['id']}") for _ in range(2))
        )
        assert {one.status_code for one in freed} == {200}
        assert {one.json()["state"] for one in freed} == {"freed"}
        return "freed"

    ends = Counter(await asyncio.gather(*(checkout(number) for number in range(80))))

    found = (await retailer.office.get("/v1/coupons/FIVE")).json()
    assert found["claimed"] == ends["kept"] <= 5
    rows = await stored(retailer, "FIVE")
    assert rows.get("claimed", 0) == ends["kept"]
    assert rows.get("freed", 0) == ends["freed"]


async def test_coupons_are_claimed_in_any_order(retailer: Retailer, live: Live) -> None:
    """Given ten coupons, when carts claim them in opposite orders at once, then none waits for ever."""
    codes = [f"C{number}" for number in range(10)]
    for code in codes:
        await put(retailer, code, usage_limit=20)
    web, till = live.caller(retailer.web), live.caller(retailer.till)

    answers = await asyncio.gather(
        *(
            caller.post("/v1/coupon-claims", {"coupon": code})
            for _ in range(15)
            for caller, order in ((web, codes), (till, codes[::-1]))
            for code in order
        )
    )

    assert statuses(answers) == {201: 200, 409: 100}
    for code in codes:
        assert await stored(retailer, code) == {"claimed": 20}


async def test_a_hundred_uses_five_hundred_orders(retailer: Retailer, live: Live) -> None:
    """Given 100 uses and goods for all, when 500 order with the coupon at once, then 100 have it."""
    await retailer.receive("A", S1=500)
    await put(retailer, "HUNDRED", usage_limit=100)
    web, till = live.caller(retailer.web), live.caller(retailer.till)
    wanted = order(served("pickup", "S1", line("A", 1)), paid=1800)
    wanted |= {"coupons": [{"code": "hundred"}]}

    answers = await asyncio.gather(
        *(caller.post("/v1/orders", wanted) for _ in range(250) for caller in (web, till))
    )

    assert statuses(answers) == {201: 100, 409: 400}
    told = {answer.json()["type"] for answer in answers if answer.status_code == 409}
    assert told == {"/problems/coupon_exhausted"}
    assert await stored(retailer, "HUNDRED") == {"used": 100}
    assert await retailer.level("A", "S1") == (500, 100, 400)
    found = (await retailer.office.get("/v1/coupons/HUNDRED")).json()
    assert (found["used"], found["claimed"]) == (100, 0)


async def test_claims_and_orders_share_the_uses(retailer: Retailer, live: Live) -> None:
    """Given 20 uses, when 30 claim and then order while 30 order at once, then 20 orders have one."""
    await retailer.receive("A", S1=100)
    await put(retailer, "TWENTY", usage_limit=20)
    web, till = live.caller(retailer.web), live.caller(retailer.till)

    def wanted(claim: str | None) -> dict[str, Any]:
        body = order(served("pickup", "S1", line("A", 1)), paid=1800)
        return body | {"coupons": [{"code": "TWENTY", "claim": claim}]}

    async def careful() -> int:
        claimed = await web.post("/v1/coupon-claims", {"coupon": "TWENTY"})
        if claimed.status_code == 409:
            return 409
        bought = await web.post("/v1/orders", wanted(claimed.json()["id"]))
        # What a claim keeps, its order has.
        assert bought.status_code == 201
        return 201

    async def hasty() -> int:
        return (await till.post("/v1/orders", wanted(None))).status_code

    ends = await asyncio.gather(*(buy() for _ in range(30) for buy in (careful, hasty)))

    assert Counter(ends) == {201: 20, 409: 40}
    assert await stored(retailer, "TWENTY") == {"used": 20}


async def test_a_claim_is_ordered_while_it_is_freed(retailer: Retailer, live: Live) -> None:
    """Given claims, when each is ordered and freed at once, then it ends one way, and is counted so."""
    await retailer.receive("A", S1=20)
    await put(retailer, "TEN", usage_limit=10)
    web = live.caller(retailer.web)
    body = order(served("pickup", "S1", line("A", 1)), paid=1800)
    claims = [
        (await web.post("/v1/coupon-claims", {"coupon": "TEN"})).json()["id"] for _ in range(10)
    ]

    answers = await asyncio.gather(
        *(
            race
            for claim in claims
            for race in (
                web.post("/v1/orders", body | {"coupons": [{"code": "TEN", "claim": claim}]}),
                web.send("DELETE", f"/v1/coupon-claims/{claim}"),
            )
        )
    )

    # Whose claim was freed first may still have a use that is free: there are as many as carts.
    bought = [answer.status_code for answer in answers[::2]]
    assert set(bought) <= {201, 409}
    freed = [answer.status_code for answer in answers[1::2]]
    assert set(freed) <= {200, 409}
    rows = await stored(retailer, "TEN")
    assert rows["used"] == bought.count(201)
    assert rows.get("freed", 0) == freed.count(200)
    assert rows.get("claimed", 0) == 0
    found = (await retailer.office.get("/v1/coupons/TEN")).json()
    assert (found["used"], found["claimed"]) == (bought.count(201), 0)
