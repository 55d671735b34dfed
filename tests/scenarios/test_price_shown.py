"""The price I was shown: a quote is charged exactly, wherever it is shown, until it expires."""

from datetime import datetime, timedelta

import jwt
import pytest

from omniretail import clock, pricing
from omniretail.db import Transaction
from tests.callers import Retailer
from tests.pricing.quoting import promote, quoted, read_offline

DAY = clock.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def at(hour: int, minute: int = 0) -> datetime:
    """A time of tomorrow, so that what the retailer begins with holds already."""
    return DAY + timedelta(hours=hour, minutes=minute)


async def _sale_until_six(retailer: Retailer) -> None:
    """99.90, but 79.90 from nine to six."""
    steps = [(at(8), 9990), (at(9), 7990), (at(18), 9990)]

    async def put(tx: Transaction) -> None:
        prices = [
            pricing.NewPrice(
                price_list="retail", sku="A", amount_minor=amount, currency="EUR", valid_from=moment
            )
            for moment, amount in steps
        ]
        await pricing.set_prices(tx, prices, now=clock.now())

    await retailer.process.database.run(put)


async def test_a_till_without_a_connection_charges_what_the_web_shop_showed(
    retailer: Retailer,
) -> None:
    """Given 79.90 until six, shown at 17:55; at 18:10 it is 99.90, but the quote says 79.90 till 18:25.

    The till has the public keys of that morning, and nothing else.
    """
    await _sale_until_six(retailer)
    await quoted(retailer, ("B", 1), now=at(8))
    keys = (await retailer.http.get("/v1/quotes/keys")).json()

    shown = await quoted(retailer, ("A", 1), now=at(17, 55))
    later = await quoted(retailer, ("A", 1), now=at(18, 10))

    assert shown.token is not None
    said = read_offline(shown.token, keys)
    assert said["quote"]["priced"]["total_minor"] == 7990
    assert said["exp"] == at(18, 25).timestamp()
    assert at(18, 10).timestamp() < said["exp"]
    assert later.quote.priced.total_minor == 9990
    assert [shown.quote.live_at(at(18, minute)) for minute in (10, 24, 25)] == [True, True, False]


async def test_a_promotion_that_ends_is_still_in_the_quote(retailer: Retailer) -> None:
    """Given 20 % off until six, when it is over, then the quote of 17:55 has it and a new one not."""
    twenty = pricing.Promotion(
        code="TWENTY",
        name="20 % off",
        action=pricing.Percent(rate_ppm=200_000),
        valid_until=at(18),
    )
    await promote(retailer, twenty, now=at(8))

    shown = await quoted(retailer, ("A", 1), now=at(17, 55))
    last = await quoted(retailer, ("A", 1), now=at(18) - timedelta(microseconds=1))
    over = await quoted(retailer, ("A", 1), now=at(18))

    assert [made.quote.priced.total_minor for made in (shown, last, over)] == [1600, 1600, 2000]
    checked = await retailer.till.ask("/v1/quotes/check", {"quote": shown.token})
    assert checked.json()["live"] is True
    assert checked.json()["says"]["total"] == {"amount": 1600, "currency": "EUR"}
    assert [one["promotion"] for one in checked.json()["says"]["promotions"]] == ["TWENTY"]


async def test_a_quote_of_a_key_that_the_till_does_not_know_yet(retailer: Retailer) -> None:
    """Given keys of this morning, when a new one signs, then the till must fetch keys, and then can."""
    await quoted(retailer, ("A", 1), now=at(8))
    morning = (await retailer.http.get("/v1/quotes/keys")).json()
    before = await quoted(retailer, ("A", 1), now=at(9))

    rotated = await retailer.process.database.run(
        lambda tx: pricing.rotate_signing_key(tx, now=at(12))
    )
    after = await quoted(retailer, ("A", 1), now=at(13))
    evening = (await retailer.http.get("/v1/quotes/keys")).json()

    assert before.token is not None
    assert after.token is not None
    assert jwt.get_unverified_header(after.token)["kid"] == rotated
    with pytest.raises(KeyError):
        read_offline(after.token, morning)
    for token in (before.token, after.token):
        assert read_offline(token, evening)["quote"]["priced"]["total_minor"] == 2000
    assert len(morning["keys"]) == 1
    assert len(evening["keys"]) == 2


async def test_one_basket_costs_the_same_in_every_channel(retailer: Retailer) -> None:
    """Till, web and app: with taxes, tiers and promotions of every level, identical to the cent."""
    assert (
        await retailer.office.put(
            "/v1/channels/app", {"name": "App", "kind": "mobile", "currency": "EUR"}
        )
    ).is_success
    app = await retailer.caller("app", "channel", channel="app")
    await promote(
        retailer,
        pricing.Promotion(
            code="THREE",
            name="Three for two",
            action=pricing.BuyXGetY(buy=2, get=1),
            skus=frozenset({"A"}),
        ),
        pricing.Promotion(
            code="SEVEN",
            name="7 % off the order",
            action=pricing.Percent(rate_ppm=70_000, level="order"),
        ),
        pricing.Promotion(
            code="POST",
            name="Half the postage",
            action=pricing.Shipping(rate_ppm=500_000),
        ),
        now=clock.now(),
    )
    rate = pricing.TaxRate(tax_class="standard", valid_from=at(-48), rate_ppm=190_000)
    await retailer.process.database.run(
        lambda tx: pricing.put_tax_rates(tx, [rate], now=clock.now())
    )
    wish = {
        "lines": [
            {"sku": "A", "quantity": 3},
            {"sku": "B", "quantity": 7},
            {"sku": "C", "quantity": 11},
        ],
        "customer": "anna",
        "shipping": {"price": {"amount": 499, "currency": "EUR"}},
    }

    answers = [
        (await caller.ask("/v1/quotes", wish)).json()
        for caller in (retailer.till, retailer.web, app)
    ]
    said = [
        (await retailer.till.ask("/v1/quotes/check", {"quote": answer["quote"]})).json()["says"]
        for answer in answers
    ]

    assert [answer["channel"] for answer in answers] == ["pos", "web", "app"]
    where = {"id", "quote", "issued_at", "expires_at", "channel", "location"}
    priced = [
        {name: value for name, value in answer.items() if name not in where}
        for answer in (*answers, *said)
    ]
    assert priced == [priced[0]] * 6
    first = answers[0]
    # 60.00 − 20.00, 35.00 and 10.89 make 85.89; 7 % of it are 6.01; postage 4.99 less half of it.
    assert first["total"]["amount"] == 8589 - 601 + 249
    assert {one["promotion"]: one["amount"]["amount"] for one in first["promotions"]} == {
        "THREE": 2000,
        "SEVEN": 601,
        "POST": 250,
    }
    parts = [*first["lines"], first["shipping"]]
    assert sum(part["total"]["amount"] for part in parts) == first["total"]["amount"]
    assert sum(part["tax"]["amount"] for part in parts) == first["tax"][0]["tax"]["amount"]
    assert first["net"]["amount"] + first["tax"][0]["tax"]["amount"] == first["total"]["amount"]
