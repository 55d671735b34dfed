"""Who calls the API in tests: tills, the web shop, staff; each request a sentence, each write keyed."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from litestar import Litestar

from omniretail import channels, clock, pricing
from omniretail.api.process import Process
from omniretail.db import Transaction
from omniretail.errors import DomainError

EUR = "EUR"
_keys = itertools.count(1)
_codes: dict[str, str] = {}


def euro(minor: int) -> dict[str, Any]:
    """An amount on the wire."""
    return {"amount": minor, "currency": EUR}


def line(sku: str, quantity: int, **more: Any) -> dict[str, Any]:
    """An order line on the wire."""
    return {"sku": sku, "quantity": quantity, **more}


def served(kind: str, location: str | None, *lines: dict[str, Any]) -> dict[str, Any]:
    """A fulfillment on the wire; no location means the terminal's own."""
    place = {} if location is None else {"location": location}
    return {"kind": kind, **place, "lines": list(lines)}


def order(*fulfillments: dict[str, Any], paid: int, by: str = "card") -> dict[str, Any]:
    """An order on the wire, paid by one tender."""
    tender = {"type": by, "amount": euro(paid)} | ({"reference": "p-1"} if by == "card" else {})
    return {"fulfillments": list(fulfillments), "tenders": [tender] if paid else []}


@dataclass
class Caller:
    """One key's way to the API."""

    http: httpx.AsyncClient
    token: str
    written: list[tuple[str, Any, str, Any]] = field(default_factory=list)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        """Read something."""
        return await self.http.get(path, params=query, headers=self._headers())

    async def put(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """Put master data in place."""
        return await self.http.put(path, json=body, headers=self._headers() | headers)

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send anything, with this caller's key."""
        headers = self._headers() | options.pop("headers", {})
        return await self.http.request(method, path, headers=headers, **options)

    async def post(self, path: str, body: Any, key: str | None = None) -> httpx.Response:
        """Write something, under a new key unless one is given."""
        name = key or f"key-{next(_keys)}"
        response = await self.http.post(
            path, json=body, headers=self._headers() | {"Idempotency-Key": name}
        )
        if response.is_success:
            self.written.append((path, body, name, response.json()))
        return response

    async def ready(self, fulfillment: str) -> httpx.Response:
        """Say that a pickup waits for its customer, and keep the code that the answer tells."""
        answer = await self.post(f"/v1/fulfillments/{fulfillment}/readiness", {})
        if answer.is_success:
            _codes[fulfillment] = answer.json()["pickup_code"]
        return answer

    async def collect(self, fulfillment: str, **body: Any) -> httpx.Response:
        """Hand a pickup over against its code, made ready before where it is not."""
        await self.ready(fulfillment)
        code = _codes.get(fulfillment, "unknown")
        return await self.post(f"/v1/fulfillments/{fulfillment}/handover", {"code": code, **body})

    async def leave(self, part: dict[str, Any], **body: Any) -> httpx.Response:
        """Ship a fulfillment, or hand it over, whichever is its way."""
        if part["kind"] == "ship":
            return await self.post(f"/v1/fulfillments/{part['id']}/shipment", body)
        return await self.collect(part["id"], **body)

    async def ask(self, path: str, body: Any) -> httpx.Response:
        """Ask something that takes a body, and writes nothing."""
        return await self.http.post(path, json=body, headers=self._headers())

    async def repeat_every_write(self) -> None:
        """Send every accepted write once more: the first answer must come back, and say so."""
        for path, body, name, first in self.written:
            again = await self.http.post(
                path, json=body, headers=self._headers() | {"Idempotency-Key": name}
            )
            assert again.is_success, again.text
            assert again.headers["idempotency-replayed"] == "true"
            assert again.json() == first

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class Retailer:
    """A small retailer: warehouse WH, stores S1 to S3, SKUs A to C at 20.00, 5.00 and 0.99 euro.

    `till` stands in S1; `web` is the web shop; `staff` works in S1; `office` may do everything.
    """

    def __init__(self, app: Litestar, tokens: Mapping[str, str]) -> None:
        self.app = app
        # The application's errors become answers, as a server's would.
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        self.http = httpx.AsyncClient(transport=transport, base_url="http://test")
        self.process: Process = app.state.process
        self.callers = {name: Caller(self.http, token) for name, token in tokens.items()}

    @classmethod
    async def open(cls, app: Litestar) -> "Retailer":
        """Fill an empty database with the retailer, through the API's own doors."""
        made = cls(app, {})
        office = await made.caller("office", "integration", scopes=frozenset(channels.SCOPES))
        for code, kind in (("pos", "pos"), ("web", "web")):
            body = {"name": code, "kind": kind, "currency": EUR}
            assert (await office.put(f"/v1/channels/{code}", body)).is_success
        for code in ("WH", "S1", "S2", "S3"):
            body = {"name": code, "kind": "warehouse" if code == "WH" else "store"}
            assert (await office.put(f"/v1/locations/{code}", body)).is_success
        for sku in ("A", "B", "C"):
            assert (await office.put(f"/v1/skus/{sku}", {"name": f"Article {sku}"})).is_success
        assert (
            await office.put("/v1/price-lists/retail", {"name": "Retail", "currency": EUR})
        ).is_success
        await made.prices(A=2000, B=500, C=99)
        await made.caller("till", "terminal", channel="pos", locations=frozenset({"S1"}))
        await made.caller("web", "channel", channel="web")
        await made.caller("staff", "staff", locations=frozenset({"S1"}))
        return made

    async def caller(self, name: str, kind: channels.Kind, **binding: Any) -> Caller:
        """Make a key of a kind and return who holds it."""
        made = await self.process.database.run(
            lambda tx: channels.create_key(tx, kind=kind, name=name, now=clock.now(), **binding)
        )
        self.callers[name] = Caller(self.http, made.token)
        return self.callers[name]

    def __getattr__(self, name: str) -> Caller:
        """Return a caller by name: `retailer.till`, `retailer.web`."""
        try:
            return self.callers[name]
        except KeyError:
            raise AttributeError(name) from None

    async def prices(self, **amounts: int | None) -> None:
        """Set prices from now on, in cents; None ends a sale."""
        body = {
            "prices": [
                {"sku": sku, "price": None if amount is None else euro(amount)}
                for sku, amount in amounts.items()
            ]
        }
        response = await self.office.put("/v1/price-lists/retail/prices", body)
        assert response.is_success, response.text

    async def define(self, *definitions: Any) -> None:
        """Put promotions, coupons, lists, taxes and currencies in place, in that order."""

        async def put(tx: Transaction) -> None:
            now = clock.now()
            for one in definitions:
                match one:
                    case pricing.Promotion():
                        await pricing.put_promotion(tx, one, now=now)
                    case pricing.Coupon():
                        outcomes: Any = await pricing.put_coupons(tx, [one], now=now)
                        assert not isinstance(outcomes[0], DomainError), outcomes
                    case pricing.PriceList():
                        await pricing.put_price_list(tx, one, now=now)
                    case pricing.NewPrice():
                        outcomes = await pricing.set_prices(tx, [one], now=now)
                        assert not isinstance(outcomes[0], DomainError), outcomes
                    case pricing.TaxRate():
                        await pricing.put_tax_rates(tx, [one], now=now)
                    case pricing.Currency():
                        await pricing.put_currency(tx, one, now=now)
                    case _:
                        raise TypeError(one)

        await self.process.database.run(put)

    async def quote(self, *lines: dict[str, Any], by: str = "web", **more: Any) -> dict[str, Any]:
        """Return a quote of some lines."""
        response = await self.callers[by].send(
            "POST", "/v1/quotes", json={"lines": list(lines), **more}
        )
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def receive(self, sku: str, **quantities: int) -> None:
        """Receive goods: `receive("A", S1=3, WH=4)`."""
        lines = [
            {"sku": sku, "location": location, "quantity": quantity}
            for location, quantity in quantities.items()
        ]
        response = await self.office.post(
            "/v1/stock/receipts", {"lines": lines, "all_or_nothing": True}
        )
        assert response.status_code == 201, response.text

    async def level(self, sku: str, location: str) -> tuple[int, int, int]:
        """Return (on_hand, allocated, available_to_promise) of a SKU at a location."""
        response = await self.office.get("/v1/availability", sku=sku, location=location)
        assert response.status_code == 200, response.text
        standing = response.json()["items"][0]["locations"][0]
        return standing["on_hand"], standing["allocated"], standing["available_to_promise"]

    async def movements(self, sku: str) -> list[tuple[str, str, int]]:
        """Return (type, location, quantity) of a SKU's movements, first to last."""
        response = await self.office.get("/v1/stock/movements", sku=sku, limit=200)
        return [
            (movement["type"], movement["location"], movement["quantity"])
            for movement in reversed(response.json()["items"])
        ]

    async def repeat_every_write(self) -> None:
        """Send every accepted write of every caller once more."""
        for caller in self.callers.values():
            await caller.repeat_every_write()

    async def close(self) -> None:
        """Close the connections of the callers."""
        await self.http.aclose()
