"""Asking for quotes, at moments of the test's choosing too, and checking them with public keys alone."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt

from omniretail import pricing
from omniretail.errors import DomainError
from tests.callers import Retailer, line

HALF_AN_HOUR = timedelta(minutes=30)


async def quoted(
    retailer: Retailer, *lines: tuple[str, int], now: datetime, **wish: Any
) -> pricing.Quoted:
    """A quote that is given at a moment, through the web unless another channel is named."""
    made = await asked(retailer, *lines, now=now, **wish)
    assert isinstance(made, pricing.Quoted), made
    return made


async def asked(
    retailer: Retailer, *lines: tuple[str, int], now: datetime, **wish: Any
) -> pricing.Quoted | DomainError:
    """What comes of asking for a quote at a moment."""
    database = retailer.process.database
    await database.run(lambda tx: pricing.ensure_signing_key(tx, now=now))
    wanted = pricing.QuoteWish(
        lines=tuple(pricing.LineQuoted(sku=sku, quantity=quantity) for sku, quantity in lines),
        **{"channel": "web"} | wish,
    )
    async with database.reading() as tx:
        return await pricing.make_quote(
            tx, wanted, books=retailer.process.books, now=now, quotes_last=HALF_AN_HOUR
        )


async def promote(retailer: Retailer, *promotions: pricing.Promotion, now: datetime) -> None:
    """Put promotions in place."""
    for promotion in promotions:
        await retailer.process.database.run(
            lambda tx, spec=promotion: pricing.put_promotion(tx, spec, now=now)  # type: ignore[misc]
        )


def read_offline(token: str, keys: dict[str, Any]) -> Any:
    """What a quote says, as a till without a connection reads it: RFC 7515 and the public keys."""
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]].key
    # Its times are for the test to ask about, by its own clock.
    return jwt.decode(
        token, key, algorithms=["EdDSA"], options={"verify_exp": False, "verify_iat": False}
    )


def refused(answer: httpx.Response) -> tuple[int, str]:
    """The status and the type of a refusal."""
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def base64url(content: bytes) -> str:
    """Bytes as a part of a token."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def said_in(token: str) -> dict[str, Any]:
    """What a token says, its signature left aside."""
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


async def quote_of(retailer: Retailer, sku: str = "A", quantity: int = 2, **more: Any) -> Any:
    """The body of a quote that the web shop is given."""
    answer = await retailer.web.ask("/v1/quotes", {"lines": [line(sku, quantity)], **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def checked(retailer: Retailer, token: str) -> httpx.Response:
    """What the till is told of a quote."""
    return await retailer.till.ask("/v1/quotes/check", {"quote": token})
