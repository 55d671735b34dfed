"""Quotes: what they say, who can check them, what cannot be made of them, and when there is none."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from click.testing import CliRunner

from omniretail import clock, pricing
from omniretail.cli import main
from omniretail.db import Database
from omniretail.pricing import candidates
from omniretail.pricing.signing import SigningKey, new_key
from tests.callers import Retailer, euro, line, order, served
from tests.pricing.quoting import (
    asked,
    checked,
    promote,
    quote_of,
    quoted,
    read_offline,
    refused,
    said_in,
)

# A Wednesday, so that hours of the week are the same whenever the test runs.
NOON = datetime(2030, 5, 15, 12, tzinfo=UTC)


# What a quote says.


async def test_a_quote_says_what_the_basket_costs_and_until_when(retailer: Retailer) -> None:
    """Given 20.00 and 5.00, when the web asks for two and one, then 45.00, for half an hour."""
    answer = await retailer.web.ask("/v1/quotes", {"lines": [line("A", 2), line("B", 1)]})

    said = answer.json()
    assert answer.status_code == 200
    assert (said["total"], said["net"], said["tax"]) == (euro(4500), euro(4500), [])
    assert [
        (one["sku"], one["quantity"], one["unit_price"], one["total"]) for one in said["lines"]
    ] == [("A", 2, euro(2000), euro(4000)), ("B", 1, euro(500), euro(500))]
    assert {one["price_list"] for one in said["lines"]} == {"retail"}
    assert (said["channel"], said["location"], said["currency"]) == ("web", None, "EUR")
    assert (said["search"], said["rounding"], said["tax_per"]) == ("exact", "half_up", "line")
    assert said["not_applied"] is None
    lasts = datetime.fromisoformat(said["expires_at"]) - datetime.fromisoformat(said["issued_at"])
    assert timedelta(minutes=29, seconds=59) <= lasts <= timedelta(minutes=30)
    claims = said_in(said["quote"])
    assert claims["jti"] == said["id"]
    assert claims["exp"] == datetime.fromisoformat(said["expires_at"]).timestamp()


async def test_a_till_stands_in_its_store(retailer: Retailer) -> None:
    """Given an override of S1's, then its till pays that, the web not, and no other till may ask."""
    body = {
        "name": "Opening",
        "currency": "EUR",
        "scope": {"location": "S1"},
        "priority": 10,
        "override_reason": "opening of S1",
        "valid_until": "2099-01-01T00:00:00Z",
    }
    assert (await retailer.office.put("/v1/price-lists/opening", body)).is_success
    prices = {"prices": [{"sku": "A", "price": euro(1500)}]}
    assert (await retailer.office.put("/v1/price-lists/opening/prices", prices)).is_success
    other = await retailer.caller("other", "terminal", channel="pos", locations=frozenset({"S2"}))
    wish = {"lines": [line("A", 1)]}

    here = (await retailer.till.ask("/v1/quotes", wish)).json()
    there = (await other.ask("/v1/quotes", wish)).json()
    web = (await retailer.web.ask("/v1/quotes", wish)).json()

    assert [(one["location"], one["total"]) for one in (here, there, web)] == [
        ("S1", euro(1500)),
        ("S2", euro(2000)),
        (None, euro(2000)),
    ]
    assert refused(await other.ask("/v1/quotes", wish | {"location": "S1"})) == (
        403,
        "location_bound",
    )


async def test_a_price_of_ones_own_is_in_the_quote(retailer: Retailer) -> None:
    wish = {"lines": [line("A", 2, unit_price=euro(1234), price_reason="a scratch")]}

    made = await retailer.office.ask("/v1/quotes", wish | {"channel": "pos"})
    forbidden = await retailer.till.ask("/v1/quotes", wish)
    unexplained = await retailer.office.ask(
        "/v1/quotes", {"lines": [line("A", 2, unit_price=euro(1))], "channel": "pos"}
    )
    says = (await checked(retailer, made.json()["quote"])).json()["says"]

    assert (made.json()["total"], says["lines"][0]["price_reason"]) == (euro(2468), "a scratch")
    assert says["lines"][0]["list_price"] == euro(2000)
    assert refused(forbidden) == (403, "price_override_forbidden")
    assert unexplained.json()["errors"][0]["pointer"] == "/lines/0/price_reason"


async def test_taxes_go_by_the_region_named_then_the_stores_then_the_channels(
    retailer: Retailer,
) -> None:
    """Given 10 % in the north, 20 % in the south and 0 % elsewhere; the channel is in the south."""
    south = {"name": "pos", "kind": "pos", "currency": "EUR", "region": "south"}
    assert (await retailer.office.put("/v1/channels/pos", south)).is_success
    north = {"name": "S2", "kind": "store", "region": "north"}
    assert (await retailer.office.put("/v1/locations/S2", north)).is_success
    rates = [
        pricing.TaxRate(
            tax_class="standard", region=region, valid_from=NOON.replace(year=2020), rate_ppm=rate
        )
        for region, rate in (("north", 100_000), ("south", 200_000), ("", 0))
    ]
    await retailer.process.database.run(
        lambda tx: pricing.put_tax_rates(tx, rates, now=clock.now())
    )

    async def taxed(**where: str) -> tuple[str, int, int]:
        wish = {"lines": [line("A", 1)], "channel": "pos", **where}
        said = (await retailer.office.ask("/v1/quotes", wish)).json()
        (tax,) = said["tax"]
        assert said["net"]["amount"] + tax["tax"]["amount"] == 2000
        return said["region"], tax["rate_ppm"], tax["tax"]["amount"]

    assert await taxed() == ("south", 200_000, 333)
    assert await taxed(location="S1") == ("south", 200_000, 333)
    assert await taxed(location="S2") == ("north", 100_000, 182)
    assert await taxed(location="S2", region="abroad") == ("abroad", 0, 0)


async def test_a_quote_for_another_moment_is_a_preview(retailer: Retailer) -> None:
    """Given a price of tomorrow, then its quote shows it, and binds nobody."""
    tomorrow = clock.now() + timedelta(days=1)
    body = {"prices": [{"sku": "A", "price": euro(1), "valid_from": tomorrow.isoformat()}]}
    assert (await retailer.office.put("/v1/price-lists/retail/prices", body)).is_success

    now = await quote_of(retailer)
    ahead = await quote_of(retailer, at=tomorrow.isoformat())
    before = await retailer.web.ask(
        "/v1/quotes", {"lines": [line("A", 1)], "at": "2000-01-01T00:00:00Z"}
    )

    assert (now["total"], ahead["total"]) == (euro(4000), euro(2))
    assert [ahead[name] for name in ("id", "quote", "expires_at")] == [None, None, None]
    assert refused(before) == (409, "price_missing")
    for at in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        answer = await retailer.web.ask("/v1/quotes", {"lines": [line("A", 1)], "at": at})
        assert refused(answer) == (400, "invalid")
        assert answer.json()["errors"][0]["pointer"] == "/at"


@pytest.mark.parametrize(
    ("wish", "status", "problem"),
    [
        ({"lines": [line("Z", 1)]}, 404, "unknown_sku"),
        ({"lines": [line("A", 1)], "location": "XX"}, 404, "unknown_location"),
        ({"lines": [line("A", 1)], "channel": "XX"}, 404, "unknown_channel"),
        ({"lines": [line("A", 1)], "channel": None}, 400, "invalid"),
        ({"lines": [line("A", 1)], "coupons": [{"code": "NONE"}]}, 409, "coupon_not_valid"),
        ({"lines": [line("A", 2**31 - 1)] * 500}, 200, None),
        ({"lines": [line("D", 2**31 - 1)] * 5}, 409, "amount_too_large"),
        (
            {"lines": [line("A", 1)], "shipping": {"price": {"amount": 1, "currency": "CHF"}}},
            400,
            "invalid",
        ),
        (
            {
                "lines": [
                    line("A", 1, unit_price={"amount": 1, "currency": "CHF"}, price_reason="x")
                ]
            },
            400,
            "invalid",
        ),
    ],
)
async def test_what_cannot_be_quoted(
    retailer: Retailer, wish: dict[str, Any], status: int, problem: str | None
) -> None:
    assert (await retailer.office.put("/v1/skus/D", {"name": "Dear"})).is_success
    await retailer.prices(D=2**32)

    answer = await retailer.office.ask("/v1/quotes", {"channel": "web"} | wish)

    assert answer.status_code == status, answer.text
    if problem:
        assert refused(answer) == (status, problem)


async def test_what_is_blocked_or_without_a_price_is_not_quoted(retailer: Retailer) -> None:
    blocked = {"name": "Article A", "status": "blocked"}
    assert (await retailer.office.put("/v1/skus/A", blocked)).is_success
    await retailer.prices(B=None)

    for sku, problem in (("A", "sku_not_sold"), ("B", "price_missing")):
        answer = await retailer.web.ask("/v1/quotes", {"lines": [line(sku, 1)]})
        assert refused(answer) == (409, problem)


# Why promotions were not applied.


def promotion(code: str, action: Any, **more: Any) -> pricing.Promotion:
    return pricing.Promotion(code=code, name=f"Promotion {code}", action=action, **more)


async def test_explain_names_every_promotion_applied_and_every_other_with_the_reason(
    retailer: Retailer,
) -> None:
    """Fourteen promotions, one applied: each of the others says its own reason, and none is left out."""
    half, tenth = pricing.Percent(rate_ppm=500_000), pricing.Percent(rate_ppm=100_000)
    everyday = {"currency": "EUR", "skus": frozenset({"A"})}
    await promote(retailer, promotion("USED", tenth, usage_limit=1), now=clock.now())
    await retailer.receive("B", S1=9)
    sale = order(served("carry_out", None, line("B", 1)), paid=450, by="cash")
    assert (await retailer.till.post("/v1/orders", sale)).status_code == 201
    await promote(
        retailer,
        promotion("HALF", half, exclusive_group="sale", skus=frozenset({"A"})),
        promotion("LESS", tenth, exclusive_group="sale", skus=frozenset({"A"})),
        promotion("SOON", half, valid_from=NOON + timedelta(seconds=1)),
        promotion("OVER", half, valid_until=NOON),
        promotion("YEN", pricing.Amount(amount_minor=1), currency="JPY"),
        promotion("GOLD", half, customer_groups=frozenset({"gold"})),
        promotion(
            "TILL",
            half,
            channels=frozenset({"pos"}),
            override_reason="tills only",
            valid_until=NOON + timedelta(days=1),
        ),
        promotion("SUNDAY", half, hours=pricing.Hours(time_zone="Europe/Berlin", days=(7,))),
        promotion("CODE", half, coupon_only=True),
        promotion("SOCKS", half, skus=frozenset({"C"})),
        promotion("GIFT", pricing.Gift(sku="C"), skus=frozenset({"A"})),
        promotion("LARGE", half, minimum_minor=1_000_000, **everyday),
        promotion("DEARER", pricing.FixedPrice(amount_minor=9999), **everyday),
        now=clock.now(),
    )

    said = await quote_of(retailer, explain=True, at=NOON.isoformat())

    assert {one["promotion"]: one["amount"] for one in said["promotions"]} == {"HALF": euro(2000)}
    reasons = {one["promotion"]: one["reason"] for one in said["not_applied"]}
    assert reasons == {
        "CODE": "coupon_missing",
        "DEARER": "saves_nothing",
        "GIFT": "gift_missing",
        "GOLD": "other_customers",
        "LARGE": "below_minimum",
        "LESS": "outweighed",
        "OVER": "over",
        "SOCKS": "no_such_goods",
        "SOON": "not_yet",
        "SUNDAY": "other_hours",
        "TILL": "other_channel",
        "USED": "used_up",
        "YEN": "other_currency",
    }
    assert set(reasons.values()) == set(candidates._REASONS), "a reason that nobody has seen"
    assert all(one["detail"] for one in said["not_applied"])
    unexplained = await quote_of(retailer, at=NOON.isoformat())
    assert unexplained == said | {"not_applied": None, "issued_at": unexplained["issued_at"]}


# Coupons.


async def _coupon(retailer: Retailer, **limits: Any) -> None:
    await promote(
        retailer,
        promotion("TEN", pricing.Percent(rate_ppm=100_000), coupon_only=True),
        now=clock.now(),
    )
    coupon = pricing.Coupon(code="SAVE10", promotion="TEN", **limits)
    await retailer.process.database.run(
        lambda tx: pricing.put_coupons(tx, [coupon], now=clock.now())
    )


async def test_a_coupon_is_applied_in_whatever_case_it_is_typed(retailer: Retailer) -> None:
    await _coupon(retailer)

    for coupons in ([{"code": "SAVE10"}], [{"code": "save10"}], [{"code": "sAVE10"}] * 2):
        said = await quote_of(retailer, coupons=coupons)
        assert (said["total"], said["coupons"]) == (euro(3600), ["SAVE10"])
        (applied,) = said["promotions"]
        assert (applied["coupon"], applied["amount"]) == ("SAVE10", euro(400))
        assert said["lines"][0]["discounts"] == [
            {"promotion": "TEN", "coupon": "SAVE10", "amount": euro(400)}
        ]
    assert (await quote_of(retailer))["total"] == euro(4000)


async def test_a_coupon_that_somebody_claimed_is_quoted_to_nobody_else(retailer: Retailer) -> None:
    """Given one use, claimed at one checkout: that one is quoted it, with its claim; another is not."""
    await _coupon(retailer, usage_limit=1)
    before = await quote_of(retailer, coupons=[{"code": "SAVE10"}])
    claim = (await retailer.web.post("/v1/coupon-claims", {"coupon": "SAVE10"})).json()["id"]

    others = await retailer.web.ask(
        "/v1/quotes", {"lines": [line("A", 2)], "coupons": [{"code": "save10"}]}
    )
    own = await quote_of(retailer, coupons=[{"code": "save10", "claim": claim}])

    assert refused(others) == (409, "coupon_exhausted")
    assert (before["total"], own["total"]) == (euro(3600), euro(3600))


async def test_a_coupon_limited_for_each_customer_needs_one(retailer: Retailer) -> None:
    await _coupon(retailer, limit_per_customer=1)
    wish = {"lines": [line("A", 2)], "coupons": [{"code": "SAVE10"}]}

    anybody = await retailer.web.ask("/v1/quotes", wish)
    anna = await retailer.web.ask("/v1/quotes", wish | {"customer": "anna"})

    assert refused(anybody) == (409, "coupon_needs_customer")
    assert anna.json()["total"] == euro(3600)


# Whatever changes, a quote says what it said.


async def test_a_quote_replays_to_the_cent_after_any_change(retailer: Retailer) -> None:
    """Prices up and down and ended, a promotion, a tax, a coin, the SKU's own class: it still stands."""
    made = await quote_of(retailer)
    changes = [
        retailer.prices(A=1),
        retailer.prices(A=999_999),
        promote(retailer, promotion("ALL", pricing.Percent(rate_ppm=900_000)), now=clock.now()),
        retailer.process.database.run(
            lambda tx: pricing.put_tax_rates(
                tx,
                [
                    pricing.TaxRate(
                        tax_class="standard", valid_from=NOON.replace(year=2020), rate_ppm=1
                    )
                ],
                now=clock.now(),
            )
        ),
        retailer.office.put("/v1/skus/A", {"name": "A", "tax_class": "other"}),
        retailer.prices(A=None),
    ]

    for change in changes:
        await change
        answer = (await checked(retailer, made["quote"])).json()
        assert answer["live"] is True
        assert answer["says"] == made


async def test_another_process_quotes_the_new_price_at_once(
    retailer: Retailer, database_url: str
) -> None:
    """Given a process that has the book, when another changes anything in it, then it is read anew."""
    there = Database(database_url)
    keeper = pricing.BookKeeper()
    wish = pricing.QuoteWish(
        channel="web", lines=(pricing.LineQuoted(sku="A", quantity=1),), customer="anna"
    )
    await quote_of(retailer)

    async def total() -> int:
        async with there.reading() as tx:
            made = await pricing.make_quote(
                tx, wish, books=keeper, now=clock.now(), quotes_last=timedelta(minutes=1)
            )
        assert isinstance(made, pricing.Quoted)
        return made.quote.priced.total_minor

    try:
        assert await total() == 2000
        await retailer.prices(A=1500)
        assert await total() == 1500
        await promote(
            retailer, promotion("TEN", pricing.Percent(rate_ppm=100_000)), now=clock.now()
        )
        assert await total() == 1350
        rate = pricing.TaxRate(
            tax_class="standard", valid_from=NOON.replace(year=2020), rate_ppm=200_000
        )
        await retailer.process.database.run(
            lambda tx: pricing.put_tax_rates(tx, [rate], now=clock.now())
        )
        assert await total() == 1350
        rotated = await retailer.process.database.run(
            lambda tx: pricing.rotate_signing_key(tx, now=clock.now())
        )
        async with there.reading() as tx:
            made = await pricing.make_quote(
                tx, wish, books=keeper, now=clock.now(), quotes_last=timedelta(minutes=1)
            )
        assert isinstance(made, pricing.Quoted)
        assert made.token is not None
        assert jwt.get_unverified_header(made.token)["kid"] == rotated
        assert made.quote.priced.lines[0].tax_rate_ppm == 200_000
    finally:
        await there.close()


# Keys.


async def test_many_first_quotes_at_once_make_one_key(retailer: Retailer) -> None:
    assert (await retailer.http.get("/v1/quotes/keys")).json() == {"keys": []}

    made = await asyncio.gather(*(quote_of(retailer) for _ in range(20)))

    keys = (await retailer.http.get("/v1/quotes/keys")).json()
    assert len(keys["keys"]) == 1
    assert {said_in(one["quote"])["quote"]["priced"]["total_minor"] for one in made} == {4000}
    for one in made:
        assert read_offline(one["quote"], keys)["jti"] == one["id"]


async def test_keys_at_once_over_many_connections(database: Database) -> None:
    await asyncio.gather(
        *(
            database.run(lambda tx: pricing.ensure_signing_key(tx, now=clock.now()))
            for _ in range(8)
        )
    )
    await asyncio.gather(
        *(
            database.run(lambda tx: pricing.rotate_signing_key(tx, now=clock.now()))
            for _ in range(4)
        )
    )

    async with database.reading() as tx:
        keys = await pricing.signing_keys(tx)
    assert len(keys) == 5
    assert [key.retired_at is None for key in keys].count(True) == 1


async def test_keys_are_rotated_and_listed_on_the_command_line(
    retailer: Retailer, database_url: str
) -> None:
    """Given a quote, when the key is rotated, then new ones are signed by another, and it still stands."""
    first = await quote_of(retailer)
    environment = {"DATABASE_URL": database_url, "COLUMNS": "200"}

    async def command(*arguments: str) -> str:
        ran = await asyncio.to_thread(
            CliRunner().invoke, main, ["quote-keys", *arguments], env=environment
        )
        assert ran.exit_code == 0, ran.output
        return ran.output

    rotated = await command("rotate")
    second = await quote_of(retailer)
    listed = await command("list")

    kids = [jwt.get_unverified_header(one["quote"])["kid"] for one in (first, second)]
    assert kids[0] != kids[1]
    assert kids[1] in rotated
    assert [kid in listed for kid in kids] == [True, True]
    async with retailer.process.database.transaction() as tx:
        (secrets,) = await tx.fetch(
            "select array_agg(encode(private_key, 'hex')) as found from signing_key"
        )
    assert not any(secret in listed for secret in secrets["found"])
    for one in (first, second):
        assert (await checked(retailer, one["quote"])).json()["says"]["total"] == euro(4000)


async def test_public_keys_are_for_everybody_and_nothing_else_is(retailer: Retailer) -> None:
    await quote_of(retailer)

    answer = await retailer.http.get("/v1/quotes/keys")

    (key,) = answer.json()["keys"]
    assert set(key) == {"kty", "crv", "use", "alg", "kid", "x"}
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "EdDSA", "sig")
    assert "max-age" in answer.headers["cache-control"]


def test_the_newest_key_signs_and_each_may_have_signed() -> None:
    old, new = (new_key(now=NOON + timedelta(days=day)) for day in (0, 1))
    assert not pricing.SigningKeys({}).can_sign
    before = pricing.SigningKeys({old.id: old}).sign({"quote": 1})
    both = pricing.SigningKeys({key.id: key for key in (new, old)})

    assert both.read(before) == {"quote": 1}
    assert jwt.get_unverified_header(both.sign({}))["kid"] == new.id
    retired = SigningKey(
        id=new.id,
        private_key=new.private_key,
        public_key=new.public_key,
        created_at=new.created_at,
        retired_at=NOON,
    )
    without = pricing.SigningKeys({old.id: old, new.id: retired})
    assert jwt.get_unverified_header(without.sign({}))["kid"] == old.id
    assert not pricing.SigningKeys({new.id: retired}).can_sign


async def test_an_expired_quote_says_so(retailer: Retailer) -> None:
    """A quote of a day ago is read as it was, and is not live."""
    made = await quoted(retailer, ("A", 1), now=clock.now() + timedelta(hours=1))
    live = (await checked(retailer, made.token or "")).json()
    keys = retailer.process.books.keys
    old = pricing.signed_quote(
        pricing.Quote(
            id=made.quote.id,
            issued_at=clock.now() - timedelta(days=1),
            expires_at=clock.now() - timedelta(seconds=1),
            basket=made.quote.basket,
            priced=made.quote.priced,
            price_reasons=made.quote.price_reasons,
        ),
        keys,
    )

    answer = await checked(retailer, old)

    assert live["live"] is True
    assert (answer.status_code, answer.json()["live"]) == (200, False)
    assert answer.json()["says"]["total"] == euro(2000)


async def test_asking_writes_nothing(retailer: Retailer) -> None:
    """A quote takes no coupon, moves no stock, and leaves no row; nor does checking it."""
    await _coupon(retailer, usage_limit=1)
    first = await quote_of(retailer, coupons=[{"code": "SAVE10"}])
    tables = ("usage", "usage_count", "price_book", "signing_key", "idempotency_key", "event")

    async def rows() -> list[Any]:
        async with retailer.process.database.transaction() as tx:
            return [
                [tuple(row) for row in await tx.fetch(f"select {table}::text from {table}")]
                for table in tables
            ]

    before = await rows()
    for _ in range(3):
        await quote_of(retailer, coupons=[{"code": "SAVE10"}])
        await checked(retailer, first["quote"])
    assert await rows() == before


async def test_a_limited_promotion_that_is_used_up_is_not_quoted(retailer: Retailer) -> None:
    """Given one use, when the till sold by it, then the web is quoted the full price."""
    await promote(
        retailer,
        promotion("FIRST", pricing.Percent(rate_ppm=500_000), usage_limit=1),
        now=clock.now(),
    )
    await retailer.receive("A", S1=3)
    before = await asked(retailer, ("A", 1), now=clock.now())
    sale = order(served("carry_out", None, line("A", 1)), paid=1000, by="cash")
    assert (await retailer.till.post("/v1/orders", sale)).status_code == 201
    after = await asked(retailer, ("A", 1), now=clock.now())

    assert isinstance(before, pricing.Quoted)
    assert isinstance(after, pricing.Quoted)
    assert [made.quote.priced.total_minor for made in (before, after)] == [1000, 2000]
