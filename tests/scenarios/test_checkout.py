"""A payment that fails: the cart keeps what it holds, and the next attempt makes one order of it."""

import pytest

from omniretail import payments
from tests.callers import Retailer, line, order, served
from tests.carts.carting import at, begun, hold, read, refusal
from tests.live import SANDBOX_SECRET
from tests.orders.buying import authorized, carted, orders, told


@pytest.fixture(autouse=True)
def signed(retailer: Retailer) -> None:
    """A provider whose messages are believed."""
    retailer.process.provider = payments.SandboxProvider(
        retailer.process.database, secret=SANDBOX_SECRET
    )


async def test_my_own_hold_does_not_block_me(retailer: Retailer) -> None:
    """Given on hand 1, held by the cart, and a first payment that fails, when a second one is made and
    the order is placed: the hold becomes it, allocated 1, nothing left, one order only."""
    await retailer.receive("A", S1=1)
    cart = await begun(retailer.web, at("A", 1))
    assert (await hold(retailer.web, cart)).status_code == 200

    first = await authorized(retailer.web, cart, 2000, "declined")
    refused = await retailer.web.post("/v1/orders", carted(cart, (first, 2000)))
    heard = await told(retailer.http, first, "card_declined")
    between = await read(retailer.web, cart)
    others = await retailer.till.post(
        "/v1/orders", order(served("carry_out", None, line("A", 1)), paid=2000, by="cash")
    )
    second = await authorized(retailer.web, cart, 2000, "ok")
    placed = await retailer.web.post("/v1/orders", carted(cart, (second, 2000)))

    assert (first["state"], first["decline_code"]) == ("declined", "card_declined")
    assert refusal(refused) == (409, "payment_not_authorized")
    assert heard.status_code == 200
    assert (between["state"], between["hold"]["state"]) == ("open", "live")
    assert refusal(others) == (409, "insufficient_stock")
    assert placed.status_code == 201
    assert (await read(retailer.web, cart))["hold"]["state"] == "converted"
    assert await retailer.level("A", "S1") == (1, 1, 0)
    assert len(await orders(retailer.web)) == 1


@pytest.mark.parametrize("method", ["late", "twice"])
async def test_a_second_attempt_that_the_provider_completes(
    retailer: Retailer, method: str
) -> None:
    """Given a failed payment, when the second one is told of late, or twice, and the browser has gone,
    then the hold becomes the order all the same, once."""
    await retailer.receive("A", S1=1)
    cart = await begun(retailer.web, at("A", 1))
    assert (await hold(retailer.web, cart)).status_code == 200
    assert (await authorized(retailer.web, cart, 2000, "declined"))["state"] == "declined"
    second = await authorized(retailer.web, cart, 2000, method)

    heard = [await told(retailer.http, second) for _ in range(2)]

    assert [answer.status_code for answer in heard] == [200, 200]
    assert [one["cart_id"] for one in await orders(retailer.web)] == [cart["id"]]
    assert await retailer.level("A", "S1") == (1, 1, 0)
