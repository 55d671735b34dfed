"""Steps of customers and staff over HTTP, drawn by a seed; then everything comes back."""

import random
from typing import Any

import httpx
import pytest

from omniretail import pricing
from tests.callers import Retailer, euro, line, served
from tests.orders.buying import HOME
from tests.returns.bringing import taken
from tests.scenarios.test_return_anywhere import ONCE, TEN_OFF, VAT_20

Body = dict[str, Any]
LOCATIONS = ("WH", "S1", "S2", "S3")
DISPOSITIONS = ("sellable", "damaged", "quality_control", "to_vendor", "destroyed")
FIVE_CENTS = pricing.Currency(code="EUR", exponent=2, cash_step_minor=5)
POLICIES: dict[int, Body] = {
    1: {},
    2: {"refund_by": "priority", "priority": ["card", "cash"], "approval": "automatic"},
    3: {
        "refund_methods": {"card": ["bank_transfer", "cash"], "cash": ["cash", "store_credit"]},
        "refund_shipping": False,
    },
}
WEIGHTS = {
    "sell": 5,
    "leave": 9,
    "cancel": 3,
    "reject": 4,
    "adjust": 3,
    "receive_payment": 2,
    "bring": 8,
    "exchange": 6,
    "claim": 5,
    "settle": 5,
    "approve": 4,
    "receive": 8,
    "pay_back": 8,
    "give_up": 3,
    "grade": 4,
}


class Walk:
    """One shop, its orders, returns and claims by id, and dice."""

    def __init__(self, retailer: Retailer, seed: int) -> None:
        self.retailer, self.dice = retailer, random.Random(seed)
        self.orders: list[str] = []
        self.returns: list[str] = []
        self.claims: list[str] = []
        self.done, self.exchanged = 0, 0

    async def open(self, policy: Body) -> None:
        """Put prices, taxes, coins, the policy and goods in place."""
        await self.retailer.define(FIVE_CENTS, VAT_20, TEN_OFF, ONCE)
        await self.retailer.prices(A=1999, B=501, C=99)
        for channel in ("web", "pos"):
            path = f"/v1/channels/{channel}/return-policy"
            assert (await self.retailer.office.put(path, policy)).is_success
        for sku in "ABC":
            await self.retailer.receive(sku, **dict.fromkeys(LOCATIONS, 200))

    async def step(self) -> None:
        """Do one thing."""
        (name,) = self.dice.choices([*WEIGHTS], [*WEIGHTS.values()])
        await getattr(self, name)()

    async def post(self, path: str, body: Body) -> Body | None:
        """Write something; None where it was refused."""
        answer: httpx.Response = await self.retailer.office.post(path, body)
        assert answer.status_code < 500, answer.text
        if not answer.is_success:
            return None
        self.done += 1
        made: Body = answer.json()
        return made

    async def order(self, of: str | None = None) -> Body:
        """Return an order as it stands."""
        found = of or self.dice.choice(self.orders)
        return await taken(await self.retailer.office.get(f"/v1/orders/{found}"), 200)

    async def delivered(self) -> Body:
        """Return an order of which something can be returned, if there is one."""
        sales = [await self.order(each) for each in self.orders]
        found = [sale for sale in sales if any(returnable(sale).values())]
        return self.dice.choice(found or sales)

    async def document(self, of: str | None = None) -> Body:
        """Return a return as it stands."""
        found = of or self.dice.choice(self.returns)
        return await taken(await self.retailer.office.get(f"/v1/returns/{found}"), 200)

    async def sell(self) -> None:
        """Sell over the counter for cash, or on the web by several tenders."""
        dice = self.dice
        goods = [line(sku, dice.randint(1, 4)) for sku in dice.sample("ABC", dice.randint(1, 3))]
        coupons: Body = {}
        if not self.orders:
            goods, coupons = [line("A", 3), line("B", 4)], {"coupons": [{"code": "ONCE"}]}
        at_till = bool(self.orders) and dice.random() < 0.3
        by = "till" if at_till else "web"
        quoted = await self.retailer.quote(*goods, by=by, **coupons)
        total: int = quoted["total"]["amount"]
        if at_till:
            tenders = [{"type": "cash", "amount": euro((total + 2) // 5 * 5)}]
            body: Body = {"fulfillments": [served("carry_out", None, *goods)]}
        else:
            tenders = await self._tenders(total)
            kind, at = dice.choice([("ship", "WH"), ("ship", "S3"), ("pickup", "S2")])
            body = {"fulfillments": [served(kind, at, *goods)], **coupons}
            body |= {"ship_to": HOME} if kind == "ship" else {}
        answer = await self.retailer.callers[by].post("/v1/orders", body | {"tenders": tenders})
        self.orders.append((await taken(answer))["id"])

    async def _tenders(self, total: int) -> list[Body]:
        found: list[Body]
        by_gift, by_transfer = total // 3, total // 4 if self.dice.random() < 0.5 else 0
        code = f"GIFT-{self.dice.randrange(10**9):09}"
        assert await self.post("/v1/gift-cards", {"code": code, "amount": euro(by_gift + 10)})
        found = [
            {"type": "gift_card", "amount": euro(by_gift), "account": code},
            {"type": "card", "amount": euro(total - by_gift - by_transfer), "reference": "p"},
        ]
        if by_transfer:
            awaited = self.dice.random() < 0.5
            found.append({"type": "bank_transfer", "amount": euro(by_transfer), "awaited": awaited})
        return found

    def _some(self, lines: list[Body], left: dict[int, int]) -> list[Body]:
        """Return some units of one line of which any are left, or one too many."""
        found = [one for one in lines if left[one["line"]] > 0] or lines
        chosen = self.dice.choice(found)["line"]
        return [{"line": chosen, "quantity": self.dice.randint(1, max(1, left[chosen]))}]

    def _part(self, sale: Body) -> Body:
        """Return a fulfillment; of a rejected one all may have gone elsewhere."""
        found: Body = self.dice.choice([part for part in sale["fulfillments"] if part["lines"]])
        return found

    async def leave(self) -> None:
        """Goods reach their customer, all that is open of a fulfillment or some units."""
        part = self._part(await self.order())
        some: Body = (
            {"lines": self._some(part["lines"], opened(part))} if self.dice.random() < 0.7 else {}
        )
        answer = await self.retailer.office.leave(part, **some)
        assert answer.status_code < 500, answer.text
        self.done += answer.is_success

    async def cancel(self) -> None:
        """Something that is open is cancelled."""
        sale = await self.order()
        part = self._part(sale)
        body = {"reason": "any", "lines": self._some(part["lines"], opened(part))}
        await self.post(f"/v1/orders/{sale['id']}/cancellation", body)

    async def reject(self) -> None:
        """A location cannot serve what is open; another one does."""
        part = self._part(await self.order())
        body = {"reason": "no_variance", "lines": self._some(part["lines"], opened(part))}
        await self.post(f"/v1/fulfillments/{part['id']}/rejection", body)

    async def adjust(self) -> None:
        """A price is lowered after the sale."""
        sale = await self.order()
        one = self.dice.choice(lines_of(sale))
        price = one["unit_price"]["amount"] * self.dice.randint(5, 9) // 10
        body = {"reason": "match", "lines": [{"line": one["line"], "unit_price": euro(price)}]}
        await self.post(f"/v1/orders/{sale['id']}/price-adjustments", body)

    async def receive_payment(self) -> None:
        """A bank transfer arrives, if one is awaited."""
        sale = await self.order()
        await self.post(f"/v1/orders/{sale['id']}/payments", {"tender": 3})

    async def bring(self) -> None:
        """Goods are returned: brought and paid back, brought, paid back ahead, or only asked for."""
        dice, sale = self.dice, await self.delivered()
        (some,) = self._some(lines_of(sale), returnable(sale))
        here, pays = dice.random() < 0.6, dice.random() < 0.5
        body: Body = {
            "order": sale["id"],
            "lines": [some | {"reason": "too_small"}],
            "received": here,
            "refunded": pays,
        }
        if here:
            body["location"] = dice.choice(LOCATIONS)
            graded = {"disposition": dice.choice(DISPOSITIONS), "quantity": some["quantity"]}
            body["lines"] = [body["lines"][0] | {"dispositions": [graded]}]
        if pays:
            body["refund"] = self._refund()
        if not here:
            body["override"] = {"reason": "goodwill"}
        if made := await self.post("/v1/returns", body):
            self.returns.append(made["id"])

    async def exchange(self) -> None:
        """Units come back for others; the difference is paid by card, or goes back by the policy."""
        dice, sale = self.dice, await self.delivered()
        (some,) = self._some(lines_of(sale), returnable(sale))
        comes = line(dice.choice("ABC"), dice.randint(1, 3))
        here, kind = dice.random() < 0.7, dice.choice(["carry_out", "ship"])
        wanted: Body = {
            "order": sale["id"],
            "lines": [some | {"reason": "too_big"}],
            "add": [served(kind, dice.choice(LOCATIONS), comes)],
        }
        asked = await self.retailer.office.ask("/v1/exchanges/preview", wanted)
        assert asked.status_code < 500, asked.text
        if not asked.is_success:
            return
        difference = asked.json()["charge"]
        paid = [{"type": "card", "amount": difference, "reference": "t"}]
        settled = {"tenders": paid if difference["amount"] else [], "received": here}
        more: Body = {"location": dice.choice(LOCATIONS)}
        if not here:
            more = {"override": {"reason": "goodwill"}}
        if made := await self.post("/v1/exchanges", wanted | settled | more):
            self.exchanged += 1
            self.returns.append(made["id"])

    async def claim(self) -> None:
        """Goods were not as they should be; some claims are settled at once."""
        dice, sale = self.dice, await self.delivered()
        (some,) = self._some(lines_of(sale), returnable(sale))
        what = some | {"kind": dice.choice(["damaged", "missing", "wrong"])}
        body: Body = {"order": sale["id"], "lines": [what], "wish": "refund"}
        if dice.random() < 0.6:
            back = dice.choice([None, False, True])
            body |= {"resolution": self._resolution(), "goods_back": back}
        if made := await self.post("/v1/claims", body):
            self.claims.append(made["id"])

    async def settle(self) -> None:
        """A claim is approved, resolved or denied."""
        if not self.claims:
            return
        path, dice = f"/v1/claims/{self.dice.choice(self.claims)}", self.dice
        if dice.random() < 0.1:
            await self.post(f"{path}/denial", {"reason": "any"})
            return
        await self.post(f"{path}/approval", {"goods_back": dice.choice([None, False, True])})
        await self.post(f"{path}/resolution", self._resolution())

    def _resolution(self) -> Body:
        if self.dice.random() < 0.5:
            return {"resolution": "refund", "refund": self._refund()}
        way = {"kind": self.dice.choice(["carry_out", "ship"]), "location": "S1"}
        return {"resolution": "replacement", "fulfillment": way}

    def _refund(self) -> Body:
        method = self.dice.choice([None, None, "store_credit", "cash"])
        return {} if method is None else {"method": method}

    async def approve(self) -> None:
        """A return that was asked for is approved."""
        if self.returns:
            await self.post(f"/v1/returns/{(await self.document())['id']}/approval", {})

    async def receive(self) -> None:
        """Goods of a return arrive."""
        if not self.returns:
            return
        doc = await self.document()
        left = {
            one["line"]: one["quantity"] - one["cancelled_quantity"] - one["received_quantity"]
            for one in doc["lines"]
        }
        (some,) = self._some(doc["lines"], left)
        graded = {"disposition": self.dice.choice(DISPOSITIONS), "quantity": some["quantity"]}
        body = {
            "location": doc["location"] or self.dice.choice(LOCATIONS),
            "lines": [{"line": some["line"], "dispositions": [graded]}],
        }
        await self.post(f"/v1/returns/{doc['id']}/receipt", body)

    async def pay_back(self) -> None:
        """A return is paid back, perhaps ahead of its goods."""
        if not self.returns:
            return
        body: Body = {"refund": self._refund()}
        if self.dice.random() < 0.4:
            body["override"] = {"reason": "goodwill"}
        await self.post(f"/v1/returns/{(await self.document())['id']}/refund", body)

    async def give_up(self) -> None:
        """What did not come is not awaited any more."""
        if self.returns:
            doc = await self.document()
            await self.post(f"/v1/returns/{doc['id']}/cancellation", {"reason": "any"})

    async def grade(self) -> None:
        """Somebody looks closer."""
        doc = await self.document() if self.returns else {"lines": []}
        for one in doc["lines"]:
            for graded in one["dispositions"]:
                to = self.dice.choice(DISPOSITIONS)
                body = {
                    "line": one["line"],
                    "quantity": 1,
                    "from_disposition": graded["disposition"],
                    "to_disposition": to,
                }
                await self.post(f"/v1/returns/{doc['id']}/dispositions", body)
                return

    async def close(self) -> None:
        """Deny claims, cancel what is open, finish every return, and bring back the rest."""
        for each in self.claims:
            await self.post(f"/v1/claims/{each}/denial", {"reason": "the end"})
            claim = await taken(await self.retailer.office.get(f"/v1/claims/{each}"), 200)
            assert claim["state"] in {"resolved", "denied"}
            self.returns += [claim["return_id"]] if claim["return_id"] else []
        for each in self.orders:
            await self.post(f"/v1/orders/{each}/cancellation", {"reason": "the end"})
            for one in lines_of(await self.order(each)):
                if left := one["fulfilled_quantity"] - one["returned_quantity"]:
                    wanted = {"line": one["line"], "quantity": left, "reason": "the end"}
                    body = {"order": each, "lines": [wanted], "override": {"reason": "the end"}}
                    made = await self.post("/v1/returns", body)
                    assert made is not None
                    self.returns.append(made["id"])
        for each in self.returns:
            await self._finish(await self.document(each))

    async def _finish(self, doc: Body) -> None:
        path = f"/v1/returns/{doc['id']}"
        if doc["state"] == "requested":
            assert await self.post(f"{path}/approval", {})
        left = [
            (one["line"], one["quantity"] - one["cancelled_quantity"] - one["received_quantity"])
            for one in doc["lines"]
        ]
        lines = [
            {"line": number, "dispositions": [{"disposition": "sellable", "quantity": units}]}
            for number, units in left
            if units
        ]
        if lines:
            body = {"location": doc["location"] or "S2", "lines": lines}
            assert await self.post(f"{path}/receipt", body)
        if (await self.document(doc["id"]))["state"] == "received":
            assert await self.post(f"{path}/refund", {})
        assert (await self.document(doc["id"]))["state"] in {"refunded", "cancelled"}


def lines_of(sale: Body) -> list[Body]:
    """An order's lines."""
    return [one for part in sale["fulfillments"] for one in part["lines"]]


def returnable(sale: Body) -> dict[int, int]:
    """How many units of each line of an order reached the customer and are in no return."""
    return {
        one["line"]: one["fulfilled_quantity"] - one["returned_quantity"] for one in lines_of(sale)
    }


def opened(part: Body) -> dict[int, int]:
    """How many units of each line of a fulfillment are open."""
    return {
        one["line"]: one["quantity"] - one["fulfilled_quantity"] - one["cancelled_quantity"]
        for one in part["lines"]
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_after_any_walk_all_that_was_paid_has_gone_back(
    retailer: Retailer, seed: int
) -> None:
    """Orders are sold, shipped, rejected, adjusted and returned at random: the books stay true."""
    walk = Walk(retailer, seed)
    await walk.open(POLICIES[seed])
    for _ in range(3):
        await walk.sell()

    for _ in range(60):
        await walk.step()
    await walk.close()

    assert walk.done > 40
    assert walk.exchanged
    for each in walk.orders:
        sale = await walk.order(each)
        docs = [await walk.document(one) for one in walk.returns]
        mine = [doc for doc in docs if doc["order_id"] == each]
        assert sale["payment_status"] in {"refunded", "unpaid"}
        assert all(one["kept"] == euro(0) for one in lines_of(sale))
        assert sum(doc["refunded"]["amount"] for doc in mine) <= sale["total"]["amount"]
        for tender in sale["tenders"]:
            price = tender["captured"]["amount"] - tender["rounding_minor"]
            assert abs(tender["refunded"]["amount"] - price) <= 2
