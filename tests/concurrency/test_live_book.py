"""A change of the price book, on a real server of two processes: live everywhere once it is answered."""

import asyncio
from typing import Any

import httpx
import jwt

from omniretail import clock, pricing
from tests.callers import Caller, Retailer, euro, line
from tests.live import Live
from tests.pricing.quoting import promote, read_offline

# A new connection goes to either process: that all go to the same one happens once in 2^31.
_CONNECTIONS = 32


async def asked_everywhere(live: Live, caller: Caller, *, sku: str = "A") -> list[Any]:
    """The quotes of one unit, asked over many fresh connections at once."""
    base = f"http://{live.host}:{live.port}"

    async def ask() -> Any:
        async with httpx.AsyncClient(base_url=base, timeout=30) as http:
            answer = await Caller(http, caller.token).ask("/v1/quotes", {"lines": [line(sku, 1)]})
            assert answer.status_code == 200, answer.text
            return answer.json()

    return await asyncio.gather(*(ask() for _ in range(_CONNECTIONS)))


def totals(quotes: list[Any]) -> set[int]:
    return {quote["total"]["amount"] for quote in quotes}


async def test_a_new_price_is_in_every_quote_from_its_answer_on(
    retailer: Retailer, live: Live
) -> None:
    """Given two processes, when a price is set through one, then no quote has the old one any more."""
    office, web = live.caller(retailer.office), live.caller(retailer.web)
    keys = (await live.http.get("/v1/quotes/keys")).json()["keys"]
    assert len(keys) == 1, "a server that starts has a key to sign with"
    assert totals(await asked_everywhere(live, web)) == {2000}

    for amount in (1990, 2490, 999, 1):
        body = {"prices": [{"sku": "A", "price": euro(amount)}]}
        assert (await office.put("/v1/price-lists/retail/prices", body)).is_success
        assert totals(await asked_everywhere(live, web)) == {amount}


async def test_a_change_from_anywhere_is_live_in_every_channel(
    retailer: Retailer, live: Live
) -> None:
    """Given a promotion and a key that another process put in place, then both processes have them."""
    web, till = live.caller(retailer.web), live.caller(retailer.till)
    await asked_everywhere(live, web)
    await promote(
        retailer,
        pricing.Promotion(code="TEN", name="Ten", action=pricing.Percent(rate_ppm=100_000)),
        now=clock.now(),
    )
    rotated = await retailer.process.database.run(
        lambda tx: pricing.rotate_signing_key(tx, now=clock.now())
    )

    quotes = [*await asked_everywhere(live, web), *await asked_everywhere(live, till)]
    keys = (await live.http.get("/v1/quotes/keys")).json()
    checks = [
        (await till.ask("/v1/quotes/check", {"quote": quote["quote"]})).json()["live"]
        for quote in quotes[:4]
    ]

    assert totals(quotes) == {1800}
    assert {jwt.get_unverified_header(quote["quote"])["kid"] for quote in quotes} == {rotated}
    assert {read_offline(quote["quote"], keys)["jti"] for quote in quotes} == {
        quote["id"] for quote in quotes
    }
    assert checks == [True] * 4


async def test_prices_that_change_while_they_are_asked(retailer: Retailer, live: Live) -> None:
    """Given prices that rise one cent at a time, then no caller ever sees one fall back."""
    office, web = live.caller(retailer.office), live.caller(retailer.web)
    done = asyncio.Event()

    async def rise() -> None:
        for amount in range(2001, 2041):
            body = {"prices": [{"sku": "A", "price": euro(amount)}]}
            assert (await office.put("/v1/price-lists/retail/prices", body)).is_success
        done.set()

    async def watch() -> list[int]:
        seen = []
        while not done.is_set():
            answer = await web.ask("/v1/quotes", {"lines": [line("A", 1)]})
            seen.append(answer.json()["total"]["amount"])
        return seen

    rising = asyncio.create_task(rise())
    seen = await asyncio.gather(*(watch() for _ in range(8)))
    await rising

    for one in seen:
        assert one == sorted(one)
    assert totals(await asked_everywhere(live, web)) == {2040}
