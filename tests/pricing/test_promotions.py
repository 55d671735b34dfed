"""Promotions as the merchandiser states them: what is kept, what is refused, and what it then does."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from omniretail import clock, pricing
from omniretail.errors import Invalid
from tests.callers import Retailer, euro

NOW = datetime(2026, 7, 6, 12, tzinfo=UTC)  # a Monday
TENTH = {"type": "percent", "rate_ppm": 100_000}
BUNDLE = {
    "type": "bundle",
    "parts": [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1}],
    "amount": euro(2200),
}
ACTIONS: list[dict[str, Any]] = [
    TENTH | {"level": "order"},
    {"type": "amount", "amount": euro(150), "level": "line"},
    {"type": "fixed_price", "amount": euro(0)},
    {"type": "buy_x_get_y", "buy": 2, "get": 1, "rate_ppm": 1_000_000},
    BUNDLE,
    {
        "type": "threshold",
        "steps": [
            {"minimum": euro(0), "rate_ppm": 50_000, "amount": None},
            {"minimum": euro(9000), "rate_ppm": 100_000, "amount": euro(100)},
        ],
    },
    {"type": "gift", "sku": "C", "quantity": 2},
    {"type": "shipping", "rate_ppm": None, "amount": euro(499)},
]


def promotion(action: Any = TENTH, **more: Any) -> dict[str, Any]:
    return {"name": "Spring", "action": action, **more}


async def put(retailer: Retailer, code: str, action: Any = TENTH, **more: Any) -> dict[str, Any]:
    """Put a promotion in place."""
    answer = await retailer.office.put(f"/v1/promotions/{code}", promotion(action, **more))
    assert answer.status_code == 200, answer.text
    stored: dict[str, Any] = answer.json()
    return stored


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    """Return status, type and pointer of a refusal."""
    told = answer.json()
    errors = told.get("errors", [{"pointer": ""}])
    return answer.status_code, told["type"].removeprefix("/problems/"), errors[0]["pointer"]


async def priced(
    retailer: Retailer, *lines: tuple[str, int], at: datetime | None = None, **more: Any
) -> pricing.PricedBasket:
    """Price a basket by the book as it stands; the time is now unless one is named."""
    books = pricing.BookKeeper()
    async with retailer.process.database.transaction() as tx:
        (version,) = await tx.read(books.version())
        book = await books.at(tx, version)
    basket = pricing.Basket(
        currency="EUR", lines=tuple(pricing.BasketLine(*line) for line in lines), **more
    )
    outcome = pricing.price(book, basket, at or clock.now())
    assert isinstance(outcome, pricing.PricedBasket), outcome
    return outcome


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action["type"])
async def test_a_promotion_is_read_as_it_was_stated(
    retailer: Retailer, action: dict[str, Any]
) -> None:
    stored = await put(retailer, "spring", action)
    found = (await retailer.till.get("/v1/promotions/spring")).json()

    assert found == stored
    assert found["action"] == action
    assert found["code"] == "spring"
    assert found["status"] == "active"
    assert found["currency"] == ("EUR" if "EUR" in json.dumps(action) else None)


async def test_all_that_a_promotion_says_is_kept(retailer: Retailer) -> None:
    said = promotion(
        status="archived",
        priority=-3,
        stackable=False,
        exclusive_group="season",
        stop=True,
        currency="EUR",
        skus=["B", "A"],
        categories=["shirts"],
        customer_groups=["gold"],
        channels=["web"],
        locations=["S1", "S2"],
        override_reason="S1 and S2 open",
        minimum=euro(5000),
        most_per_basket=4,
        usage_limit=10,
        coupon_only=True,
        time_zone="Europe/Berlin",
        valid_from="2026-11-27T00:00:00",
        valid_until="2026-11-30T00:00:00+00:00",
        hours={
            "time_zone": "Asia/Tokyo",
            "days": [1, 5],
            "since": "17:30:00",
            "until": "19:00:00",
        },
    )
    answer = await retailer.office.put("/v1/promotions/friday", said)
    found = (await retailer.office.get("/v1/promotions/friday")).json()

    assert answer.json() == found
    assert found == said | {
        "code": "friday",
        "action": TENTH | {"level": "line"},
        "skus": ["A", "B"],
        # Midnight in Berlin, an hour east.
        "valid_from": "2026-11-26T23:00:00Z",
        "valid_until": "2026-11-30T00:00:00Z",
    }


async def test_a_promotion_counts_from_the_next_price_on(retailer: Retailer) -> None:
    """Given 20.00, when a tenth comes off, then 18.00; when it is archived, then 20.00 again."""
    before = await priced(retailer, ("A", 1))
    await put(retailer, "spring")
    with_it = await priced(retailer, ("A", 1))
    await put(retailer, "spring", status="archived")
    after = await priced(retailer, ("A", 1))

    assert [one.total_minor for one in (before, with_it, after)] == [2000, 1800, 2000]
    assert with_it.book_version < after.book_version


async def test_wall_clocks_of_the_promotions_zone(retailer: Retailer) -> None:
    """Given "1 July, midnight in New York", when it is 3:59 in London's winter time, then not yet."""
    await put(
        retailer,
        "july",
        time_zone="America/New_York",
        valid_from="2026-07-01T00:00:00",
        valid_until="2026-08-01T00:00:00",
    )
    await retailer.office.put(
        "/v1/price-lists/retail/prices",
        {"prices": [{"sku": "A", "price": euro(2000), "valid_from": "2026-01-01T00:00:00Z"}]},
    )

    totals = [
        (await priced(retailer, ("A", 1), at=at)).total_minor
        for at in (
            datetime(2026, 7, 1, 3, 59, 59, tzinfo=UTC),
            datetime(2026, 7, 1, 4, tzinfo=UTC),
            datetime(2026, 8, 1, 3, 59, 59, tzinfo=UTC),
            datetime(2026, 8, 1, 4, tzinfo=UTC),
        )
    ]

    assert totals == [2000, 1800, 1800, 2000]


async def test_happy_hours_are_the_promotions_own_by_default(retailer: Retailer) -> None:
    await put(
        retailer,
        "happy",
        time_zone="Europe/Berlin",
        hours={"days": [1], "since": "17:00:00", "until": "18:00:00"},
    )
    await retailer.office.put(
        "/v1/price-lists/retail/prices",
        {"prices": [{"sku": "A", "price": euro(2000), "valid_from": "2026-01-01T00:00:00Z"}]},
    )

    totals = [
        (await priced(retailer, ("A", 1), at=NOW.replace(hour=hour))).total_minor
        for hour in (14, 15, 16)
    ]

    assert totals == [2000, 1800, 2000]
    found = (await retailer.office.get("/v1/promotions/happy")).json()
    assert found["hours"]["time_zone"] == "Europe/Berlin"


async def test_a_bundle_works_on_its_parts(retailer: Retailer) -> None:
    """Given A and B together for 22.00, when the bundle names no SKUs, then they are its parts."""
    stored = await put(retailer, "set", BUNDLE)

    assert stored["skus"] == ["A", "B"]
    assert (await priced(retailer, ("A", 1), ("B", 1))).total_minor == 2200
    assert (await priced(retailer, ("A", 1), ("C", 1))).total_minor == 2099


async def test_a_bundle_that_leaves_a_part_out_is_refused(retailer: Retailer) -> None:
    only_a = await retailer.office.put("/v1/promotions/set", promotion(BUNDLE, skus=["A"]))
    more = await retailer.office.put("/v1/promotions/set", promotion(BUNDLE, skus=["A", "B", "C"]))

    assert refused(only_a) == (400, "invalid", "/skus")
    assert more.status_code == 200


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        (promotion(BUNDLE | {"parts": [{"sku": "A", "quantity": 1}]}), "/action/parts"),
        (
            promotion(BUNDLE | {"parts": [{"sku": "A", "quantity": 1}] * 2}),
            "/action/parts/1/sku",
        ),
        (promotion({"type": "amount", "amount": euro(0)}), "/action/amount"),
        (promotion({"type": "shipping"}), "/action"),
        (promotion({"type": "shipping", "amount": euro(0)}), "/action"),
        (
            promotion({"type": "threshold", "steps": [{"minimum": euro(1)}]}),
            "/action/steps/0",
        ),
        (
            promotion(
                {
                    "type": "threshold",
                    "steps": [{"minimum": euro(9), "rate_ppm": 1}, {"minimum": euro(9)}],
                }
            ),
            "/action/steps/1/minimum",
        ),
        (
            promotion(
                {
                    "type": "threshold",
                    "steps": [
                        {"minimum": euro(1), "amount": {"amount": 1, "currency": "USD"}},
                    ],
                }
            ),
            "/action/steps/0/amount/currency",
        ),
        (promotion(minimum={"amount": 5, "currency": "XAU"}), "/currency"),
        (promotion(currency="ZZZ"), "/currency"),
        (promotion(currency="USD", minimum=euro(5)), "/minimum/currency"),
        (promotion(TENTH | {"level": "order"}, most_per_basket=1), "/most_per_basket"),
        (promotion({"type": "gift", "sku": "A"}, most_per_basket=1), "/most_per_basket"),
        (promotion({"type": "shipping", "rate_ppm": 1}, most_per_basket=1), "/most_per_basket"),
        (promotion(time_zone="Atlantis"), "/time_zone"),
        (
            promotion(time_zone="Europe/Berlin", valid_from="2026-03-29T02:30:00"),
            "/valid_from",
        ),
        (
            promotion(valid_from="2026-03-01T00:00:00Z", valid_until="2026-03-01T00:00:00Z"),
            "/valid_until",
        ),
        (promotion(valid_until="1066-10-14T09:00:00"), "/valid_until"),
        (promotion(hours={"days": []}), "/hours/days"),
        (promotion(hours={"since": "12:00:00", "until": "12:00:00"}), "/hours/until"),
        (promotion(hours={"time_zone": "Atlantis"}), "/hours/time_zone"),
        (promotion(skus=["A"], categories=[f"c{n}" for n in range(10_000)]), "/skus"),
    ],
)
async def test_what_makes_no_sense_is_pointed_at(
    retailer: Retailer, said: dict[str, Any], pointer: str
) -> None:
    answer = await retailer.office.put("/v1/promotions/spring", said)

    assert refused(answer) == (400, "invalid", pointer)
    assert (await retailer.office.get("/v1/promotions")).json()["items"] == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (promotion(skus=["A", "NOTHING"]), "unknown_sku"),
        (promotion({"type": "gift", "sku": "NOTHING"}), "unknown_sku"),
        (
            promotion(BUNDLE | {"parts": [{"sku": "NOTHING", "quantity": 2}]}),
            "unknown_sku",
        ),
        (
            promotion(
                channels=["phone"], override_reason="a test", valid_until="2030-01-01T00:00:00"
            ),
            "unknown_channel",
        ),
        (
            promotion(
                locations=["S9"], override_reason="a test", valid_until="2030-01-01T00:00:00"
            ),
            "unknown_location",
        ),
    ],
)
async def test_what_a_promotion_names_exists(
    retailer: Retailer, said: dict[str, Any], code: str
) -> None:
    answer = await retailer.office.put("/v1/promotions/spring", said)

    assert refused(answer)[:2] == (404, code)


@pytest.mark.parametrize("place", [{"channels": ["web"]}, {"locations": ["S1"]}])
async def test_one_price_everywhere_unless_somebody_says_why(
    retailer: Retailer, place: dict[str, Any]
) -> None:
    """Given a promotion for one channel or store, when reason or end is missing, then it is refused."""
    reason, end = {"override_reason": "the web shop opens"}, {"valid_until": "2030-01-01T00:00:00"}
    answers = [
        await retailer.office.put("/v1/promotions/web", promotion(**place, **more))
        for more in ({}, reason, end, reason | end)
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 409, 200]
    assert {refused(answer)[1] for answer in answers[:3]} == {"override_unexplained"}


async def test_promotions_are_listed_by_code(retailer: Retailer) -> None:
    for code in ("spring", "autumn", "winter"):
        await put(retailer, code)

    first = (await retailer.staff.get("/v1/promotions", limit=2)).json()
    rest = (await retailer.staff.get("/v1/promotions", limit=2, cursor=first["next_cursor"])).json()

    assert [one["code"] for one in first["items"]] == ["autumn", "spring"]
    assert [one["code"] for one in rest["items"]] == ["winter"]
    assert rest["next_cursor"] is None


async def test_a_promotion_that_never_was(retailer: Retailer) -> None:
    answer = await retailer.till.get("/v1/promotions/never")

    assert refused(answer)[:2] == (404, "unknown_promotion")


async def test_ten_thousand_skus_in_one_promotion(retailer: Retailer) -> None:
    answer = await retailer.office.put(
        "/v1/promotions/all", promotion(skus=["A"], categories=[f"c{n}" for n in range(9_999)])
    )

    assert answer.status_code == 200
    assert (await priced(retailer, ("A", 1))).total_minor == 1800


async def test_what_only_the_inside_can_say_is_judged_too(retailer: Retailer) -> None:
    """Whoever calls the operation without the API's own limits meets the rules all the same."""
    most = 2**63 - 1
    for action, more, pointer in (
        (pricing.Percent(rate_ppm=0), {}, "/action/rate_ppm"),
        (pricing.Percent(rate_ppm=1_000_001), {}, "/action/rate_ppm"),
        (pricing.BuyXGetY(buy=0, get=1), {}, "/action/buy"),
        (pricing.BuyXGetY(buy=1, get=2**31), {}, "/action/get"),
        (pricing.Gift(sku="A", quantity=0), {}, "/action/quantity"),
        (pricing.FixedPrice(amount_minor=-1), {"currency": "EUR"}, "/action/amount"),
        (pricing.FixedPrice(amount_minor=1), {}, "/currency"),
        (pricing.Amount(amount_minor=most + 1), {"currency": "EUR"}, "/action/amount"),
        (pricing.Shipping(amount_minor=-1), {"currency": "EUR"}, "/action/amount"),
        (pricing.Shipping(rate_ppm=-1), {}, "/action/rate_ppm"),
        (pricing.Threshold(steps=()), {}, "/action/steps"),
        (pricing.Percent(rate_ppm=1), {"minimum_minor": -1, "currency": "EUR"}, "/minimum"),
        (pricing.Percent(rate_ppm=1), {"minimum_minor": 1}, "/currency"),
        (pricing.Percent(rate_ppm=1), {"usage_limit": 0}, "/usage_limit"),
        (pricing.Percent(rate_ppm=1), {"most_per_basket": 0}, "/most_per_basket"),
        (pricing.Percent(rate_ppm=1), {"priority": 1_000_001}, "/priority"),
        (
            pricing.Percent(rate_ppm=1),
            {"hours": pricing.Hours(time_zone="UTC", days=(0,))},
            "/hours/days",
        ),
    ):
        spec = pricing.Promotion(code="p", name="P", action=action, **more)
        async with retailer.process.database.transaction() as tx:
            with pytest.raises(Invalid) as found:
                await pricing.put_promotion(tx, spec, now=NOW)
        assert found.value.fields["errors"][0]["pointer"] == pointer, spec


async def test_a_promotion_that_is_over_or_archived_takes_its_coupons_along(
    retailer: Retailer,
) -> None:
    """Given a coupon, when its promotion is not in force, then it is refused, not silently left out."""
    tomorrow = (clock.now() + timedelta(days=1)).isoformat()
    await put(retailer, "spring", coupon_only=True)
    made = await retailer.office.put("/v1/coupons/TEN", {"promotion": "spring"})
    assert made.status_code == 200

    books = pricing.BookKeeper()
    outcomes = []
    for more in ({}, {"status": "archived"}, {"valid_from": tomorrow}):
        await put(retailer, "spring", coupon_only=True, **more)
        async with retailer.process.database.transaction() as tx:
            (version,) = await tx.read(books.version())
            book = await books.at(tx, version)
        basket = pricing.Basket(
            currency="EUR", lines=(pricing.BasketLine("A", 1),), coupons=("TEN",)
        )
        outcomes.append(pricing.price(book, basket, clock.now()))

    first, *others = outcomes
    assert isinstance(first, pricing.PricedBasket)
    assert first.total_minor == 1800
    assert all(isinstance(other, pricing.CouponNotValid) for other in others)
