"""Coupons, and claims on them: what is kept for a checkout, for how long, and who gets it after."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from omniretail import channels, clock, idempotency, pricing
from omniretail.db import Database
from omniretail.errors import DomainError
from omniretail.ids import new_id
from tests.callers import Caller, Retailer, line, order, served

T0 = datetime(2026, 7, 6, 12, tzinfo=UTC)
CHECKOUT = channels.Principal(
    id=new_id(),
    kind="channel",
    name="a checkout",
    scopes=frozenset({"coupons:write"}),
    channel="web",
    locations=frozenset(),
)
NOBODY = "0198c0de-0000-7000-8000-000000000000"


@pytest.fixture(autouse=True)
async def spring(retailer: Retailer) -> None:
    """A promotion that needs a coupon: a tenth off everything."""
    answer = await retailer.office.put(
        "/v1/promotions/spring",
        {
            "name": "Spring",
            "action": {"type": "percent", "rate_ppm": 100_000},
            "coupon_only": True,
        },
    )
    assert answer.status_code == 200


async def put(retailer: Retailer, code: str, **more: Any) -> dict[str, Any]:
    """Put a coupon for the spring promotion in place."""
    answer = await retailer.office.put(f"/v1/coupons/{code}", {"promotion": "spring", **more})
    assert answer.status_code == 200, answer.text
    stored: dict[str, Any] = answer.json()
    return stored


async def claim(caller: Caller, coupon: str, **more: Any) -> httpx.Response:
    return await caller.post("/v1/coupon-claims", {"coupon": coupon, **more})


async def free(caller: Caller, claimed: httpx.Response) -> httpx.Response:
    return await caller.send("DELETE", f"/v1/coupon-claims/{claimed.json()['id']}")


async def uses(retailer: Retailer, code: str) -> tuple[int, int]:
    """Return how many orders used a coupon, and how many checkouts keep a use."""
    found = (await retailer.office.get(f"/v1/coupons/{code}")).json()
    return found["used"], found["claimed"]


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def claim_at(
    database: Database,
    coupon: str,
    at: datetime,
    *,
    seconds: int = 600,
    customer: str | None = None,
) -> pricing.Claim | DomainError:
    """Claim a coupon at a moment."""
    command = pricing.ClaimCoupon(
        key=idempotency.Key(CHECKOUT.id, str(new_id()), b"hash"),
        claim_id=new_id(),
        principal=CHECKOUT,
        coupon=coupon,
        customer=customer,
        seconds=seconds,
    )
    (outcome,) = await database.run(
        lambda tx: pricing.claim_coupons(tx, [command], books=pricing.BookKeeper(), now=at)
    )
    return outcome.value if isinstance(outcome, idempotency.Answer) else outcome


async def buy(
    retailer: Retailer, coupon: str, *, claimed: str | None = None, customer: str | None = None
) -> httpx.Response:
    """Order one A, a tenth off by a coupon, which a claim keeps for it or not."""
    wanted = order(served("pickup", "S1", line("A", 1)), paid=1800)
    more = {"coupons": [{"code": coupon, "claim": claimed}], "customer": customer}
    return await retailer.web.post("/v1/orders", wanted | more)


async def test_a_coupon_is_read_as_it_was_stated(retailer: Retailer) -> None:
    stored = await put(
        retailer,
        "ten-off",
        status="archived",
        usage_limit=5,
        limit_per_customer=1,
        time_zone="Europe/Berlin",
        valid_from="2026-07-01T00:00:00",
        valid_until="2026-07-31T22:00:00Z",
    )

    assert stored == {
        "code": "TEN-OFF",
        "promotion": "spring",
        "status": "archived",
        "usage_limit": 5,
        "limit_per_customer": 1,
        "time_zone": "Europe/Berlin",
        "valid_from": "2026-06-30T22:00:00Z",
        "valid_until": "2026-07-31T22:00:00Z",
        "used": 0,
        "claimed": 0,
    }


async def test_a_code_is_the_same_in_any_case(retailer: Retailer) -> None:
    """Given "Spring10", when it is put, read and claimed in other cases, then it is one coupon."""
    await put(retailer, "Spring10", usage_limit=1)
    await put(retailer, "SPRING10", usage_limit=2)

    found = [
        (await retailer.till.get(f"/v1/coupons/{code}")).json() for code in ("spring10", "SpRiNg10")
    ]
    claimed = [await claim(retailer.web, code) for code in ("sprinG10", "SPRING10", "spring10")]

    assert [one["code"] for one in found] == ["SPRING10", "SPRING10"]
    assert found[0]["usage_limit"] == 2
    assert [answer.status_code for answer in claimed] == [201, 201, 409]
    assert claimed[0].json()["coupon"] == "SPRING10"


async def test_two_checkouts_want_the_last_use(retailer: Retailer) -> None:
    """Given one use, when two checkouts want it, one has it; when its payment fails, the other may."""
    await put(retailer, "ONCE", usage_limit=1)

    answers = await asyncio.gather(claim(retailer.web, "ONCE"), claim(retailer.till, "once"))
    winner, loser = sorted(answers, key=lambda answer: answer.status_code)
    callers = (retailer.web, retailer.till)
    first, second = callers if answers[0] is winner else reversed(callers)

    assert (winner.status_code, refused(loser)) == (201, (409, "coupon_exhausted"))
    assert (loser.json()["coupon"], loser.json()["limit"]) == ("ONCE", 1)
    assert await uses(retailer, "ONCE") == (0, 1)

    freed = await free(first, winner)
    assert (freed.status_code, freed.json()["state"]) == (200, "freed")
    assert await uses(retailer, "ONCE") == (0, 0)
    assert (await claim(second, "ONCE")).status_code == 201
    assert refused(await claim(first, "ONCE")) == (409, "coupon_exhausted")


async def test_a_claim_runs_out_by_itself(retailer: Retailer) -> None:
    """Given a claim for ten minutes, when 599 seconds have gone it stands, after 600 nobody has it."""
    await put(retailer, "ONCE", usage_limit=1)
    ledger = retailer.process.ledger
    first = await claim_at(ledger, "ONCE", T0)
    assert isinstance(first, pricing.Claim)
    assert first.expires_at == T0 + timedelta(seconds=600)

    early = await claim_at(ledger, "ONCE", T0 + timedelta(seconds=599))
    assert isinstance(early, pricing.CouponExhausted)
    late = await claim_at(ledger, "ONCE", T0 + timedelta(seconds=600))
    assert isinstance(late, pricing.Claim)
    later = await claim_at(ledger, "ONCE", T0 + timedelta(seconds=601))
    assert isinstance(later, pricing.CouponExhausted)


async def test_a_claim_that_ran_out_says_so(retailer: Retailer) -> None:
    await put(retailer, "ONCE", usage_limit=1)
    past = clock.now() - timedelta(hours=1)
    first = await claim_at(retailer.process.ledger, "ONCE", past)
    assert isinstance(first, pricing.Claim)

    found = await retailer.office.get(f"/v1/coupon-claims/{first.id}")

    assert found.json()["state"] == "expired"
    assert await uses(retailer, "ONCE") == (0, 0)
    assert (await claim(retailer.web, "ONCE")).status_code == 201
    freed = await retailer.office.send("DELETE", f"/v1/coupon-claims/{first.id}")
    assert freed.json()["state"] == "freed"
    assert await uses(retailer, "ONCE") == (0, 1)


async def test_a_claim_is_answered_in_full(retailer: Retailer) -> None:
    await put(retailer, "ANY")
    before = clock.now()
    claimed = await claim(retailer.web, "any", customer="ada", ttl_seconds=60)
    told = claimed.json()
    found = await retailer.web.get(f"/v1/coupon-claims/{told['id']}")

    assert claimed.status_code == 201
    assert found.json() == told
    expires_at = datetime.fromisoformat(told.pop("expires_at"))
    assert before + timedelta(seconds=60) <= expires_at <= clock.now() + timedelta(seconds=60)
    assert told == {
        "id": told["id"],
        "coupon": "ANY",
        "customer": "ada",
        "state": "claimed",
        "order_id": None,
    }


async def test_a_claim_lasts_ten_minutes_unless_told(retailer: Retailer) -> None:
    await put(retailer, "ANY")
    before = clock.now()
    told = (await claim(retailer.web, "ANY")).json()
    longest = await claim(retailer.web, "ANY", ttl_seconds=14_400)
    too_long = await claim(retailer.web, "ANY", ttl_seconds=14_401)

    expires_at = datetime.fromisoformat(told["expires_at"])
    assert before + timedelta(seconds=600) <= expires_at <= clock.now() + timedelta(seconds=600)
    assert longest.status_code == 201
    assert refused(too_long) == (400, "invalid")


async def test_a_claim_is_made_once_under_its_key(retailer: Retailer) -> None:
    """Given one use, when the answer got lost and the claim is sent again, then it is the same one."""
    await put(retailer, "ONCE", usage_limit=1)
    first = await retailer.web.post("/v1/coupon-claims", {"coupon": "ONCE"}, key="cart-1")
    again = await retailer.web.post("/v1/coupon-claims", {"coupon": "ONCE"}, key="cart-1")
    other = await retailer.web.post("/v1/coupon-claims", {"coupon": "TWICE"}, key="cart-1")

    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert refused(other) == (422, "idempotency_key_reused")
    assert await uses(retailer, "ONCE") == (0, 1)


async def test_one_key_at_once(retailer: Retailer) -> None:
    """Given one use, when one cart asks ten times at once, then none of them is told that it is gone."""
    await put(retailer, "ONCE", usage_limit=1)
    answers = await asyncio.gather(
        *(
            retailer.web.post("/v1/coupon-claims", {"coupon": "ONCE"}, key="cart-1")
            for _ in range(10)
        )
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await uses(retailer, "ONCE") == (0, 1)


async def test_so_often_for_each_customer(retailer: Retailer) -> None:
    """Given twice for each customer, when Ada wants it three times, then Bert may still have it."""
    await put(retailer, "LOYAL", limit_per_customer=2)

    ada = [await claim(retailer.web, "LOYAL", customer="ada") for _ in range(3)]
    bert = await claim(retailer.till, "LOYAL", customer="bert")
    somebody = await claim(retailer.till, "LOYAL")

    assert [answer.status_code for answer in ada] == [201, 201, 409]
    assert refused(ada[2]) == (409, "coupon_exhausted")
    assert (ada[2].json()["customer"], ada[2].json()["limit"]) == ("ada", 2)
    assert bert.status_code == 201
    assert refused(somebody) == (409, "coupon_needs_customer")

    await free(retailer.web, ada[0])
    assert (await claim(retailer.till, "LOYAL", customer="ada")).status_code == 201


async def test_what_orders_used_counts_for_the_customer(retailer: Retailer) -> None:
    await put(retailer, "LOYAL", limit_per_customer=1, usage_limit=3)
    await retailer.receive("A", S1=5)
    assert (await buy(retailer, "LOYAL", customer="ada")).status_code == 201

    again = await claim(retailer.web, "LOYAL", customer="ada")
    bert = await claim(retailer.web, "LOYAL", customer="bert")

    assert refused(again) == (409, "coupon_exhausted")
    assert bert.status_code == 201
    assert await uses(retailer, "LOYAL") == (1, 1)


async def test_claims_that_ran_out_do_not_count_for_the_customer(retailer: Retailer) -> None:
    await put(retailer, "LOYAL", limit_per_customer=1)
    ledger = retailer.process.ledger

    outcomes = [
        await claim_at(ledger, "LOYAL", T0 + timedelta(seconds=at), customer="ada")
        for at in (0, 599, 600)
    ]

    assert [type(outcome) for outcome in outcomes] == [
        pricing.Claim,
        pricing.CouponExhausted,
        pricing.Claim,
    ]


async def test_a_claim_becomes_an_orders(retailer: Retailer) -> None:
    """Given one use, claimed, when its order is placed, it has the use until it is cancelled."""
    await retailer.receive("A", S1=5)
    await put(retailer, "ONCE", usage_limit=1)
    claimed = await claim(retailer.web, "ONCE")
    name = claimed.json()["id"]
    assert refused(await buy(retailer, "ONCE")) == (409, "coupon_exhausted")

    bought = await buy(retailer, "once", claimed=name)
    assert bought.status_code == 201, bought.text
    order_id = bought.json()["id"]

    freed = await free(retailer.web, claimed)
    found = (await retailer.web.get(f"/v1/coupon-claims/{name}")).json()
    assert refused(freed) == (409, "claim_ended")
    assert freed.json()["state"] == "used"
    assert (found["state"], found["order_id"]) == ("used", order_id)
    assert await uses(retailer, "ONCE") == (1, 0)
    assert refused(await claim(retailer.web, "ONCE")) == (409, "coupon_exhausted")

    cancelled = await retailer.web.post(
        f"/v1/orders/{order_id}/cancellation", {"reason": "no longer wanted"}
    )
    assert cancelled.status_code == 200
    assert await uses(retailer, "ONCE") == (0, 0)
    assert (await free(retailer.web, claimed)).json()["state"] == "freed"
    assert (await claim(retailer.web, "ONCE")).status_code == 201


async def test_an_order_that_fails_leaves_its_claim(retailer: Retailer) -> None:
    """Given one use, claimed, when its order finds no stock, then the claim still keeps it."""
    await put(retailer, "ONCE", usage_limit=1)
    claimed = await claim(retailer.web, "ONCE")
    name = claimed.json()["id"]

    assert refused(await buy(retailer, "ONCE", claimed=name)) == (409, "insufficient_stock")
    assert await uses(retailer, "ONCE") == (0, 1)
    await retailer.receive("A", S1=1)
    assert (await buy(retailer, "ONCE", claimed=name)).status_code == 201
    assert await uses(retailer, "ONCE") == (1, 0)


async def test_freed_twice_is_the_same_answer(retailer: Retailer) -> None:
    await put(retailer, "ONCE", usage_limit=1)
    claimed = await claim(retailer.web, "ONCE")

    first, second = await free(retailer.web, claimed), await free(retailer.web, claimed)

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert first.json() == claimed.json() | {"state": "freed"}


async def test_who_sees_a_claim(retailer: Retailer) -> None:
    """Whoever made it, staff and integrations; for another till it was never made."""
    await put(retailer, "ANY")
    helper = await retailer.caller("helper", "staff", scopes=frozenset({"coupons:write"}))
    claimed = await claim(retailer.web, "ANY")
    path = f"/v1/coupon-claims/{claimed.json()['id']}"

    for caller in (retailer.web, helper, retailer.office):
        assert (await caller.get(path)).status_code == 200
    assert refused(await retailer.till.get(path)) == (404, "unknown_claim")
    assert refused(await retailer.till.send("DELETE", path)) == (404, "unknown_claim")
    assert refused(await retailer.web.get(f"/v1/coupon-claims/{NOBODY}")) == (
        404,
        "unknown_claim",
    )
    assert refused(await retailer.web.send("DELETE", f"/v1/coupon-claims/{NOBODY}")) == (
        404,
        "unknown_claim",
    )
    assert (await helper.send("DELETE", path)).json()["state"] == "freed"


async def test_a_coupon_that_is_not_good_now(retailer: Retailer) -> None:
    """Unknown, archived, not begun, over: the buyer learns that it is not valid, and no more."""
    day = timedelta(days=1)
    await put(retailer, "ARCHIVED", status="archived")
    await put(retailer, "TOMORROW", valid_from=(clock.now() + day).isoformat())
    await put(retailer, "OVER", valid_until=(clock.now() - day).isoformat())
    await put(retailer, "GOOD", valid_from=(clock.now() - day).isoformat())

    for code in ("NEVER", "ARCHIVED", "TOMORROW", "OVER"):
        answer = await claim(retailer.web, code)
        assert refused(answer) == (409, "coupon_not_valid")
        assert answer.json()["coupon"] == code
    assert (await claim(retailer.web, "GOOD")).status_code == 201


async def test_a_coupon_of_a_promotion_that_is_archived(retailer: Retailer) -> None:
    await put(retailer, "ANY")
    await retailer.office.put(
        "/v1/promotions/spring",
        {
            "name": "Spring",
            "action": {"type": "percent", "rate_ppm": 1},
            "coupon_only": True,
            "status": "archived",
        },
    )

    assert refused(await claim(retailer.web, "ANY")) == (409, "coupon_not_valid")


async def test_a_lower_limit_counts_at_once(retailer: Retailer) -> None:
    """Given two of three uses claimed, when the limit becomes 2, then the third is refused."""
    await put(retailer, "SOME", usage_limit=3)
    for _ in range(2):
        assert (await claim(retailer.web, "SOME")).status_code == 201

    stored = await put(retailer, "SOME", usage_limit=2)

    assert (stored["used"], stored["claimed"]) == (0, 2)
    assert refused(await claim(retailer.web, "SOME")) == (409, "coupon_exhausted")


async def test_claims_of_a_coupon_without_limits_count_once_it_has_one(retailer: Retailer) -> None:
    await put(retailer, "ANY")
    for _ in range(3):
        assert (await claim(retailer.web, "ANY")).status_code == 201

    await put(retailer, "ANY", usage_limit=3)

    assert refused(await claim(retailer.web, "ANY")) == (409, "coupon_exhausted")


async def test_unique_codes_by_the_thousand(retailer: Retailer) -> None:
    """Given ten thousand codes good for one order each, when they are put, each can be claimed once."""
    rows = [
        {
            "code": f"one-{number}",
            "promotion": "spring",
            "usage_limit": 1,
            "time_zone": "Europe/Berlin",
            "valid_until": "2100-01-01T00:00:00",
        }
        for number in range(10_000)
    ]
    answer = await retailer.office.put("/v1/coupons", {"coupons": rows})

    assert answer.status_code == 200
    outcomes = answer.json()["outcomes"]
    assert [one["code"] for one in outcomes] == [row["code"].upper() for row in rows]  # type: ignore[attr-defined]
    assert all(one["refused"] is None for one in outcomes)
    assert (await claim(retailer.web, "one-9999")).status_code == 201
    assert refused(await claim(retailer.web, "one-9999")) == (409, "coupon_exhausted")


async def test_each_coupon_of_many_is_judged_by_itself(retailer: Retailer) -> None:
    await retailer.office.put(
        "/v1/promotions/open",
        {"name": "Open", "action": {"type": "percent", "rate_ppm": 1}},
    )
    rows: list[dict[str, Any]] = [
        {"code": "GOOD", "promotion": "spring"},
        {"code": "LOST", "promotion": "never"},
        {"code": "OPEN", "promotion": "open"},
        {"code": "ZONE", "promotion": "spring", "time_zone": "Atlantis"},
        {
            "code": "SKIPPED",
            "promotion": "spring",
            "time_zone": "Europe/Berlin",
            "valid_from": "2026-03-29T02:30:00",
        },
        {
            "code": "BACKWARDS",
            "promotion": "spring",
            "valid_from": "2026-03-29T02:30:00",
            "valid_until": "2026-03-28T02:30:00",
        },
        {"code": "ß" * 33, "promotion": "spring"},
        {"code": "Twice", "promotion": "spring", "usage_limit": 1},
        {"code": "tWICE", "promotion": "spring", "usage_limit": 2},
    ]
    outcomes = (await retailer.office.put("/v1/coupons", {"coupons": rows})).json()["outcomes"]

    found = [
        one["refused"]
        and (
            one["refused"]["type"].removeprefix("/problems/"),
            [fault["pointer"] for fault in one["refused"].get("errors", ())],
        )
        for one in outcomes
    ]
    assert found == [
        None,
        ("unknown_promotion", []),
        ("promotion_needs_no_coupon", []),
        ("invalid", ["/time_zone"]),
        ("invalid", ["/valid_from"]),
        ("invalid", ["/valid_until"]),
        ("invalid", ["/code"]),
        None,
        None,
    ]
    assert (await retailer.office.get("/v1/coupons/twice")).json()["usage_limit"] == 2
    for code in ("LOST", "OPEN", "ZONE", "SKIPPED", "BACKWARDS"):
        answer = await retailer.office.get(f"/v1/coupons/{code}")
        assert refused(answer) == (404, "unknown_coupon")


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"promotion": "never"}, 404, "unknown_promotion"),
        ({"promotion": "spring", "usage_limit": 0}, 400, "invalid"),
        ({"promotion": "spring", "limit_per_customer": 0}, 400, "invalid"),
        ({"promotion": "spring", "time_zone": "Atlantis"}, 400, "invalid"),
        ({"promotion": "spring", "valid_until": "1066-10-14T09:00:00"}, 400, "invalid"),
        ({}, 400, "invalid"),
    ],
)
async def test_a_coupon_that_cannot_be(
    retailer: Retailer, said: dict[str, Any], status: int, code: str
) -> None:
    answer = await retailer.office.put("/v1/coupons/NEW", said)

    assert refused(answer) == (status, code)
    assert refused(await retailer.office.get("/v1/coupons/NEW")) == (404, "unknown_coupon")


async def test_a_refused_batch_leaves_the_book_as_it_was(retailer: Retailer) -> None:
    async def version() -> int:
        async with retailer.process.database.transaction() as tx:
            return int((await tx.read(pricing.BookKeeper.version()))[0])

    before = await version()
    await retailer.office.put("/v1/coupons", {"coupons": [{"code": "X", "promotion": "never"}]})
    assert await version() == before
    await put(retailer, "X")
    assert await version() == before + 1


async def test_limits_from_inside_are_judged_too(retailer: Retailer) -> None:
    async with retailer.process.database.transaction() as tx:
        outcomes = await pricing.put_coupons(
            tx,
            [
                pricing.Coupon(code="X", promotion="spring", usage_limit=0),
                pricing.Coupon(code="X", promotion="spring", limit_per_customer=2**31),
            ],
            now=T0,
        )

    assert [
        outcome.fields["errors"][0]["pointer"]
        for outcome in outcomes
        if isinstance(outcome, DomainError)
    ] == ["/usage_limit", "/limit_per_customer"]


async def test_old_claims_are_forgotten(retailer: Retailer) -> None:
    """Given claims of long ago, when the books are tidied, then what orders used stays."""
    await put(retailer, "ANY")
    ledger = retailer.process.ledger
    now = clock.now()
    old = [await claim_at(ledger, "ANY", now - timedelta(days=40)) for _ in range(3)]
    fresh = await claim_at(ledger, "ANY", now)
    assert isinstance(fresh, pricing.Claim)
    await retailer.receive("A", S1=1)
    used = await claim(retailer.web, "ANY")
    assert (await buy(retailer, "ANY", claimed=used.json()["id"])).status_code == 201

    moment = now - timedelta(days=30)
    forgotten = [
        await ledger.run(lambda tx: pricing.forget_claims(tx, moment=moment, most=2))
        for _ in range(3)
    ]

    assert forgotten == [2, 1, 0]
    for claimed in old:
        assert isinstance(claimed, pricing.Claim)
        answer = await retailer.office.get(f"/v1/coupon-claims/{claimed.id}")
        assert refused(answer) == (404, "unknown_claim")
    assert (await retailer.office.get(f"/v1/coupon-claims/{fresh.id}")).status_code == 200
    assert await uses(retailer, "ANY") == (1, 1)
