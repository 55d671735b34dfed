"""Coins round what is paid, not what it costs: refunds another way are to the cent."""

import pytest

from omniretail import pricing
from tests.callers import Retailer, euro, line
from tests.returns.bringing import back, carried_out, sale_now, taken, units

FIVE_CENTS = pricing.Currency(code="EUR", exponent=2, cash_step_minor=5)


@pytest.mark.parametrize(("price", "paid"), [(97, 95), (98, 100)])
async def test_what_coins_rounded_goes_back_as_store_credit_to_the_cent(
    retailer: Retailer, price: int, paid: int
) -> None:
    """0.97 was paid with 0.95 in coins: as store credit it is 0.97, and the books say why."""
    await retailer.define(FIVE_CENTS)
    await retailer.prices(A=price)
    await retailer.receive("A", S1=1)
    sale = await carried_out(retailer, line("A", 1), paid=paid)

    made = await taken(
        await retailer.till.post(
            "/v1/returns", back(sale, units(1), refund={"method": "store_credit"})
        )
    )

    assert made["refunded"] == euro(price)
    assert made["refunds"][0]["paid_out"] == [{"type": "store_credit", "amount": euro(price)}]
    assert (await sale_now(retailer, sale))["payment_status"] == "refunded"


async def test_what_coins_rounded_goes_back_in_the_same_coins(retailer: Retailer) -> None:
    """3 × 0.99 was 2.95: 1.00 and 1.00 go back, and of what was paid the rest."""
    await retailer.define(FIVE_CENTS)
    await retailer.prices(A=99)
    await retailer.receive("A", S1=3)
    sale = await carried_out(retailer, line("A", 3), paid=295)

    for _ in range(3):
        await taken(await retailer.till.post("/v1/returns", back(sale, units(1))))

    assert (await sale_now(retailer, sale))["tenders"][0]["refunded"] == euro(295)
