"""Returns among many, over real connections, to two server processes: nothing comes back twice."""

import asyncio
from typing import Any

from tests.callers import Retailer, euro, line, order, served
from tests.live import Live
from tests.returns.bringing import (
    back,
    came,
    refused,
    sale_now,
    shipped,
    taken,
    till_at,
    units,
)


async def test_two_stores_take_the_same_unit_back(retailer: Retailer, live: Live) -> None:
    """Given twenty parcels of one unit, when two stores take each back at once, then one of them does."""
    await retailer.receive("A", WH=20)
    sales = [await shipped(retailer, line("A", 1), paid=2000) for _ in range(20)]
    s2, s3 = [live.caller(await till_at(retailer, code)) for code in ("S2", "S3")]

    for sale in sales:
        answers = await asyncio.gather(
            *(till.post("/v1/returns", back(sale, units(1))) for till in (s2, s3))
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        lost = next(answer for answer in answers if answer.status_code == 409)
        assert refused(lost) == (409, "already_returned")
        assert (await sale_now(retailer, sale))["tenders"][0]["refunded"] == euro(2000)

    there = [(await retailer.level("A", code))[0] for code in ("WH", "S2", "S3")]
    assert there[0] == 0
    assert there[1] + there[2] == 20


async def asked(retailer: Retailer, quantity: int) -> tuple[dict[str, Any], str]:
    """A parcel of A whose return is asked for and approved; the sale, and the return's address."""
    await retailer.receive("A", WH=quantity)
    sale = await shipped(retailer, line("A", quantity), paid=quantity * 2000)
    made = await taken(await retailer.web.post("/v1/returns", back(sale, units(1, quantity))))
    path = f"/v1/returns/{made['id']}"
    await taken(await retailer.office.post(f"{path}/approval", {}), 200)
    return sale, path


async def test_cancelled_while_it_is_received(retailer: Retailer, live: Live) -> None:
    """Given six returns, when each is received and cancelled at once, then one or the other happens."""
    paths = [(await asked(retailer, 1))[1] for _ in range(6)]
    office, web = live.caller(retailer.office), live.caller(retailer.web)

    answers = await asyncio.gather(
        *(
            race
            for path in paths
            for race in (
                office.post(f"{path}/receipt", came((1, {"sellable": 1}), at="WH")),
                web.post(f"{path}/cancellation", {"reason": "kept after all"}),
            )
        )
    )

    statuses = [answer.status_code for answer in answers]
    for received, cancelled in zip(statuses[::2], statuses[1::2], strict=True):
        assert sorted([received, cancelled]) == [200, 409]
    came_back = statuses[::2].count(200)
    assert (await retailer.level("A", "WH"))[0] == came_back


async def test_a_return_is_paid_back_once(retailer: Retailer, live: Live) -> None:
    """Given two units that came back, when ten pay them back at once, then 40.00 goes out, not 400.00."""
    sale, path = await asked(retailer, 2)
    await taken(
        await retailer.office.post(f"{path}/receipt", came((1, {"sellable": 2}), at="WH")), 200
    )
    office = live.caller(retailer.office)

    answers = await asyncio.gather(*(office.post(f"{path}/refund", {}) for _ in range(10)))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200, *[409] * 9]
    assert (await sale_now(retailer, sale))["tenders"][0]["refunded"] == euro(4000)


async def test_one_key_pays_back_once(retailer: Retailer, live: Live) -> None:
    """Given one key, when a refund is sent ten times at once, then each is told the same."""
    sale, path = await asked(retailer, 1)
    await taken(
        await retailer.office.post(f"{path}/receipt", came((1, {"sellable": 1}), at="WH")), 200
    )
    office = live.caller(retailer.office)

    answers = await asyncio.gather(
        *(office.post(f"{path}/refund", {}, key="refund-1") for _ in range(10))
    )

    assert [answer.status_code for answer in answers] == [200] * 10
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert (await sale_now(retailer, sale))["tenders"][0]["refunded"] == euro(2000)


async def test_a_unit_comes_back_while_the_rest_is_cancelled(
    retailer: Retailer, live: Live
) -> None:
    """Given orders of two of which one left, when it comes back while the other is
    cancelled, then all is paid back.
    """
    await retailer.receive("A", WH=12)
    wanted = order(served("ship", "WH", line("A", 2)), paid=4000)
    sales = [await taken(await retailer.web.post("/v1/orders", wanted)) for _ in range(6)]
    for sale in sales:
        one = {"lines": [{"line": 1, "quantity": 1}]}
        assert (await retailer.office.leave(sale["fulfillments"][0], **one)).is_success
    s2, web = live.caller(await till_at(retailer, "S2")), live.caller(retailer.web)

    answers = await asyncio.gather(
        *(
            race
            for sale in sales
            for race in (
                s2.post("/v1/returns", back(sale, units(1))),
                web.post(f"/v1/orders/{sale['id']}/cancellation", {"reason": "too slow"}),
            )
        )
    )

    assert [answer.status_code for answer in answers] == [201, 200] * 6
    for sale in sales:
        after = await sale_now(retailer, sale)
        assert after["tenders"][0]["refunded"] == euro(4000)
        assert (after["payment_status"], after["return_status"]) == ("refunded", "full")
    assert await retailer.level("A", "WH") == (6, 0, 6)
    assert await retailer.level("A", "S2") == (6, 0, 6)
