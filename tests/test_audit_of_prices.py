"""The audit of what was charged: any tax, limits that were lowered, and one price everywhere."""

import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from omniretail import audit, clock, pricing
from omniretail.audit.one_price import Sample, chosen_skus, samples
from omniretail.channels import ChannelSpec
from omniretail.db import Database, Transaction, sql
from omniretail.ids import new_id
from tests.callers import EUR, Retailer, euro, line, order, served
from tests.test_cli_files import run

NOW = clock.now()
_ORDER = """
insert into sales_order (id, number, channel, currency, total_minor, book_version, placed_by,
placed_at, recorded_at, idempotency_key, version, rounding, tax_per)
values ($1, $1::uuid::text, 'web', 'EUR', 0, 0, $1, now(), now(), $1::uuid::text, 1, $2, $3)
"""
_LINE = """
insert into order_line (order_id, line_number, fulfillment_number, sku, quantity,
fulfilled_quantity, cancelled_quantity, unit_price_minor, total_minor, tax_included, tax_rate_ppm,
tax_minor, adjusted_total_minor, adjusted_tax_minor)
values ($1, $2, 1, 'A', $3, 0, 0, 0, $4, $5, $6, $7, $8, $9)
"""


class _Undone(Exception):
    """Ends a transaction, and all that was done in it."""


async def found_by(tx: Transaction, check: str) -> audit.Finding:
    findings = await audit.audit(tx, now=clock.now())
    return next(one for one in findings if one.check == check)


def _amounts(chance: random.Random) -> Iterator[tuple[int, int, int | None, bool]]:
    """(Amount, quantity, rate, included) of lines: many halves among them, and very large ones."""
    for _ in range(150):
        yield (
            chance.choice([chance.randint(0, 30), chance.randint(0, 99_999), 10**15 + 7]),
            chance.choice([1, 2, 3, 7, 1000]),
            chance.choice([None, 0, 50_000, 100_000, 190_000, 200_000, 250_000, 1_000_000]),
            chance.random() < 0.5,
        )


@pytest.mark.parametrize("rounding", ["half_up", "half_down", "half_even"])
@pytest.mark.parametrize("per", ["line", "unit"])
async def test_any_tax_is_what_the_engine_makes_it(
    database: Database, rounding: Any, per: pricing.TaxPer
) -> None:
    """Given lines taxed by `taxed`, the audit agrees with each; and with none that is a cent off."""
    chance, order_id = random.Random(f"{rounding} {per}"), new_id()

    def tax(amount: int, quantity: int, rate: int | None, included: bool) -> tuple[int, int]:
        parts = pricing.taxed(
            amount, rate or 0, included=included, rounding=rounding, per=per, quantity=quantity
        )
        return parts.total_minor, parts.tax_minor

    with suppress(_Undone):
        async with database.transaction() as tx:
            await tx.execute(_ORDER, order_id, rounding, per)
            lines = 0
            for amount, quantity, rate, included in _amounts(chance):
                total, taxes = tax(amount, quantity, rate, included)
                adjusted = tax(amount // 2, quantity, rate, included)
                if total <= 2**62:
                    lines += 1
                    await tx.execute(
                        _LINE, order_id, lines, quantity, total, included, rate, taxes, *adjusted
                    )
            agreed = await tx.fetch(sql("audit.taxes"))
            assert [dict(row) for row in agreed] == []
            # A line that costs nothing can bear no tax, says a constraint.
            some = await tx.execute(
                "update order_line set tax_minor = tax_minor + 1, total_minor = total_minor"
                " + (not tax_included)::integer where tax_minor < total_minor or not tax_included"
            )
            off = await tx.fetch(sql("audit.taxes"))
            assert len([row for row in off if row["agreed"] == "sold"]) == some > 100
            raise _Undone


async def test_a_limit_that_was_lowered_is_not_overstepped_by_what_came_before(
    retailer: Retailer,
) -> None:
    """Given two orders by a coupon for three, when it becomes one for one, then the books are true."""
    await retailer.receive("A", S1=5)
    off = {"type": "amount", "amount": euro(100)}
    promotion = {"name": "Save", "action": off, "currency": EUR, "coupon_only": True}
    coupon = {"promotion": "save", "usage_limit": 3}
    assert (await retailer.office.put("/v1/promotions/save", promotion)).is_success
    assert (await retailer.office.put("/v1/coupons/SAVE", coupon)).is_success
    sale = order(served("carry_out", None, line("A", 1)), paid=1900)
    for _ in range(2):
        sold = await retailer.till.post("/v1/orders", sale | {"coupons": [{"code": "SAVE"}]})
        assert sold.status_code == 201, sold.text

    lower = await retailer.office.put("/v1/coupons/SAVE", coupon | {"usage_limit": 1})
    refused = await retailer.till.post("/v1/orders", sale | {"coupons": [{"code": "SAVE"}]})

    assert (lower.status_code, refused.status_code) == (200, 409)
    async with retailer.process.database.transaction(snapshot=True) as tx:
        assert (await found_by(tx, "usages")).holds


def override(code: str = "web-sale", **scope: str) -> dict[str, Any]:
    """A list that sells for less in one channel or store, and says why and until when."""
    return {
        "name": code,
        "currency": EUR,
        "priority": 5,
        "scope": scope or {"channel": "web"},
        "override_reason": "clearing the web's own stock",
        "valid_until": (NOW + timedelta(days=9)).isoformat(),
    }


async def test_an_override_is_told_and_is_no_exception(retailer: Retailer) -> None:
    """Given a list of the web alone that says why, then `one_price` holds and names it."""
    body = override()
    assert (await retailer.office.put("/v1/price-lists/web-sale", body)).is_success
    prices = {"prices": [{"sku": "A", "price": euro(1800)}]}
    assert (await retailer.office.put("/v1/price-lists/web-sale/prices", prices)).is_success

    answer = (await retailer.office.get("/v1/audit")).json()

    (told,) = [one for one in answer["findings"] if one["check"] == "one_price"]
    until = body["valid_until"].replace("+00:00", "")
    assert (answer["holds"], told["exceptions"], told["examples"]) == (True, 0, [])
    assert told["notes"] == [
        f"price list web-sale until {until}+00:00: clearing the web's own stock"
    ]
    assert all(one["notes"] == [] for one in answer["findings"] if one is not told)


async def test_an_override_that_nobody_meets_is_not_told(retailer: Retailer) -> None:
    """Given a list of the web that asks the price of everywhere, then there is nothing to tell."""
    assert (await retailer.office.put("/v1/price-lists/web-sale", override())).is_success
    prices = {"prices": [{"sku": "A", "price": euro(2000)}]}
    assert (await retailer.office.put("/v1/price-lists/web-sale/prices", prices)).is_success

    async with retailer.process.database.transaction(snapshot=True) as tx:
        told = await found_by(tx, "one_price")

    assert (told.exceptions, told.notes) == (0, [])


async def test_the_exceptions_say_who_pays_what_where(retailer: Retailer) -> None:
    """Given a list of a store without its reason, each example names SKU, customer, place and prices."""
    body = override(location="S2")
    assert (await retailer.office.put("/v1/price-lists/s2", body)).is_success
    prices = {"prices": [{"sku": "A", "price": euro(1500)}]}
    assert (await retailer.office.put("/v1/price-lists/s2/prices", prices)).is_success

    with suppress(_Undone):
        async with retailer.process.database.transaction() as tx:
            await tx.execute("alter table price_list drop constraint price_list_override_explained")
            await tx.execute("update price_list set override_reason = null")
            told = await found_by(tx, "one_price")
            raise _Undone

    # In no channel, at the till, and on the web; now, and until the list ends.
    assert told.exceptions == 6
    assert len(told.examples) == 5
    assert all("sku A, anybody, at " in example for example in told.examples)
    assert all(
        example.endswith("location S2, EUR 1500, elsewhere 2000") for example in told.examples
    )


async def test_groups_and_regions_may_pay_prices_of_their_own(retailer: Retailer) -> None:
    """Given lists for gold customers and for Austria, and a promotion for trade, one price holds."""
    for code, scope in (("gold", {"customer_group": "gold"}), ("austria", {"region": "AT"})):
        body = {"name": code, "currency": EUR, "priority": 5, "scope": scope}
        assert (await retailer.office.put(f"/v1/price-lists/{code}", body)).is_success
        prices = {"prices": [{"sku": "A", "price": euro(1500)}]}
        path = f"/v1/price-lists/{code}/prices"
        assert (await retailer.office.put(path, prices)).is_success
    promotion = {
        "name": "Trade",
        "action": {"type": "percent", "rate_ppm": 100_000},
        "customer_groups": ["trade"],
    }
    assert (await retailer.office.put("/v1/promotions/trade", promotion)).is_success

    async with retailer.process.database.transaction(snapshot=True) as tx:
        told = await found_by(tx, "one_price")

    assert (told.exceptions, told.notes) == (0, [])


def a_book(
    skus: int, *lists: pricing.PriceList, promotions: tuple[pricing.Promotion, ...] = ()
) -> pricing.Book:
    """A book with so many SKUs in each of its lists; those of a channel have the last five alone."""
    step = pricing.PriceFrom(datetime(2020, 1, 1, tzinfo=UTC), 100)
    return pricing.Book().with_changes(
        1,
        pricing.Changes(
            lists=lists,
            promotions=promotions,
            prices=[
                pricing.PriceChange(item.code, f"{number:05}", step)
                for item in lists
                for number in range(skus - 5 if item.scope.channel else 0, skus)
            ],
        ),
    )


EVERYBODY = pricing.PriceList(code="retail", name="Retail", currency=EUR)
WEB = pricing.PriceList(
    code="web",
    name="Web",
    currency=EUR,
    scope=pricing.Scope(channel="web", location="S9"),
    valid_until=NOW + timedelta(days=3),
    override_reason="why",
)
GOLD = pricing.PriceList(
    code="gold", name="Gold", currency=EUR, scope=pricing.Scope(customer_group="gold")
)


def test_few_skus_are_all_looked_at() -> None:
    assert len(chosen_skus(a_book(500, EVERYBODY, WEB))) == 500


def test_of_very_many_skus_those_are_looked_at_that_may_differ() -> None:
    """Given 5,000 SKUs, five of them in a list of the web, then 500 are drawn, those five among them."""
    book = a_book(5000, EVERYBODY, WEB)

    chosen = chosen_skus(book)

    assert len(set(chosen)) == 500
    assert {f"{number:05}" for number in range(4995, 5000)} <= set(chosen)
    assert chosen == chosen_skus(book)


def _samples(book: pricing.Book) -> list[Sample]:
    sellers = [
        ChannelSpec(code=code, name=code, kind="web", currency=currency)
        for code, currency in (("pos", EUR), ("swiss", "CHF"), ("web", EUR))
    ]
    lines = [pricing.BasketLine(sku, 1) for sku in chosen_skus(book)]
    return list(samples(book, lines, sellers, ["S1", "S2", "S3"], now=NOW))


def test_a_small_sample_is_looked_at_as_a_whole() -> None:
    """Each currency's channels, stores that are named and some that are not; who has lists; when."""
    swiss, euros = _samples(a_book(6, EVERYBODY, WEB, GOLD))

    assert swiss.currency == "CHF"
    assert {channel for channel, _ in swiss.places} == {None, "swiss"}
    assert {channel for channel, _ in euros.places} == {None, "pos", "web"}
    assert {location for _, location in euros.places} == {None, "S1", "S2", "S9"}
    assert euros.places[0] == (None, None)
    assert [sorted(shopper.customer_groups) for shopper in euros.customers] == [[], ["gold"]]
    end = NOW + timedelta(days=3)
    assert euros.moments == [NOW, end - timedelta(microseconds=1), end]
    drawn = [(one.sku, shopper, at) for one, shopper, at in euros.drawn()]
    assert len(drawn) == len(set(map(str, drawn))) == 6 * 2 * 3


def test_of_a_large_sample_a_part_is_drawn_that_comes_by_everything() -> None:
    lists = [
        replace(GOLD, code=f"g{number}", scope=pricing.Scope(customer=f"c{number}"))
        for number in range(30)
    ]
    (_, euros) = _samples(a_book(600, EVERYBODY, *lists))

    drawn = list(euros.drawn())

    assert len(drawn) * len(euros.places) <= 10_000
    assert len(euros.customers) == 21
    assert {one.sku for one, _, _ in drawn} == {one.sku for one in euros.lines}
    assert {shopper.customer for _, shopper, _ in drawn} == {
        shopper.customer for shopper in euros.customers
    }


def test_an_empty_book_is_no_sample() -> None:
    assert _samples(pricing.Book()) == []


async def test_verify_tells_overrides(retailer: Retailer, database_url: str) -> None:
    """Given an override whose reason has a bracket, when books are proven, it is told as it is."""
    body = override() | {"override_reason": "[/]web"}
    assert (await retailer.office.put("/v1/price-lists/web-sale", body)).is_success
    prices = {"prices": [{"sku": "A", "price": euro(1800)}]}
    assert (await retailer.office.put("/v1/price-lists/web-sale/prices", prices)).is_success

    told = await run(database_url, "verify")

    assert told.exit_code == 0, told.output
    assert f"All {len(audit.CHECKS)} checks hold." in told.output
    assert "price list web-sale until" in told.output
    assert "[/]web" in told.output
