"""A customer whom callers name in several ways, and what they pay by their groups and their tier."""

from typing import Any

from omniretail import clock, pricing
from omniretail.loyalty import Tier
from tests.callers import EUR, Caller, Retailer, line, order, served
from tests.customers.people import card, external, made
from tests.loyalty.household import PATH, in_force
from tests.returns.bringing import taken

CARD, CRM = "LC-42", "CRM-1"
GOLD = Tier(code="gold", name="Gold", qualifying=50, customer_group="gold")


async def list_for_group(retailer: Retailer, group: str, **amounts: int) -> None:
    """Have a group of customers pay prices of its own."""
    await retailer.define(
        pricing.PriceList(
            code=group,
            name=group,
            currency=EUR,
            priority=10,
            scope=pricing.Scope(customer_group=group),
        ),
        *(
            pricing.NewPrice(
                price_list=group, sku=sku, amount_minor=amount, currency=EUR, valid_from=clock.now()
            )
            for sku, amount in amounts.items()
        ),
    )


async def ann(retailer: Retailer, **more: Any) -> str:
    """Ann, with a card and an id of another system; her id."""
    who = await made(retailer.web, card(CARD), external(CRM), **more)
    found: str = who["id"]
    return found


async def joined(retailer: Retailer, *members: str) -> str:
    """Open a loyalty account, and return its id."""
    opened = await taken(await retailer.web.post(PATH, {"members": list(members)}))
    found: str = opened["id"]
    return found


async def gold_member(retailer: Retailer) -> str:
    """Ann, a VIP who has bought enough to be gold; gold pays 15.00 for A, a VIP 4.00 for B."""
    await in_force(retailer, tiers=(GOLD,), pending_days=0)
    await list_for_group(retailer, "gold", A=1500)
    await list_for_group(retailer, "vip", B=400)
    await retailer.receive("A", S1=20, WH=20)
    await retailer.receive("B", S1=20, WH=20)
    who = await ann(retailer, customer_groups=["vip"])
    await joined(retailer, who)
    await bought(retailer.till, CARD, "A", quantity=3, paid=6000)
    return who


async def bought(
    caller: Caller,
    customer: str | None,
    sku: str = "A",
    *,
    quantity: int = 1,
    paid: int,
    kind: str = "carry_out",
    **more: Any,
) -> dict[str, Any]:
    """Buy so many of a SKU in S1, in cash, as a customer."""
    body = order(served(kind, "S1", line(sku, quantity)), paid=paid, by="cash") | more
    named = {} if customer is None else {"customer": customer}
    return await taken(await caller.post("/v1/orders", body | named))


async def priced(caller: Caller, customer: str | None, *skus: str, **more: Any) -> dict[str, Any]:
    """Ask for a quote of one of each."""
    body = {"lines": [line(sku, 1) for sku in skus], "customer": customer, **more}
    return await taken(await caller.ask("/v1/quotes", body), 200)
