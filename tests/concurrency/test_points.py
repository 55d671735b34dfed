"""Points among many, over real connections, to two server processes: nothing is promised twice."""

import asyncio
from collections import Counter

from tests.callers import Retailer
from tests.live import Live
from tests.loyalty.household import PATH, account, adjusted, customer, in_force, items, stands


async def test_fifty_devices_hold_no_more_than_there_is(retailer: Retailer, live: Live) -> None:
    """Given 1,000 points, when fifty devices want to hold 90 at once, then eleven do."""
    await in_force(retailer)
    made = await account(retailer)
    for _ in range(10):
        await adjusted(retailer, made, 100)
    web, till = live.caller(retailer.web), live.caller(retailer.till)
    path = f"{PATH}/{made}/holds"

    answers = await asyncio.gather(
        *(web.post(path, {"points": 90}) for _ in range(25)),
        *(till.post(path, {"points": 90}) for _ in range(25)),
    )

    assert Counter(answer.status_code for answer in answers) == {201: 11, 409: 39}
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["available"] < 90
    after = await stands(retailer.web, made)
    assert (after["held"], after["spendable"], after["balance"]) == (990, 10, 1000)
    lots = await items(retailer.web, f"{PATH}/{made}/lots")
    assert sum(lot["held"] for lot in lots) == 990
    assert all(lot["held"] <= lot["remaining"] for lot in lots)


async def test_a_customer_joins_one_of_many_accounts_at_once(
    retailer: Retailer, live: Live
) -> None:
    person = await customer(retailer)
    web = live.caller(retailer.web)

    answers = await asyncio.gather(*(web.post(PATH, {"members": [person]}) for _ in range(10)))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 9}


async def test_accounts_that_give_to_each_other_wait_for_each_other(
    retailer: Retailer, live: Live
) -> None:
    await in_force(retailer)
    first, second = await account(retailer, 500), await account(retailer, 500)
    web = live.caller(retailer.web)

    answers = await asyncio.gather(
        *(
            web.post(f"{PATH}/{giver}/gifts", {"to": receiver, "points": 30})
            for giver, receiver in ((first, second), (second, first)) * 10
        )
    )

    assert Counter(answer.status_code for answer in answers) == {201: 20}
    for one in (first, second):
        assert (await stands(retailer.web, one))["balance"] == 500


async def test_a_merge_and_holds_at_once(retailer: Retailer, live: Live) -> None:
    """Whoever is too late is told into which account it was merged."""
    await in_force(retailer)
    first, second = await account(retailer, 500), await account(retailer, 500)
    web, office = live.caller(retailer.web), live.caller(retailer.office)

    *holds, merged = await asyncio.gather(
        *(web.post(f"{PATH}/{second}/holds", {"points": 10}) for _ in range(10)),
        office.post(f"{PATH}/{first}/merges", {"source": second}),
    )

    assert merged.status_code == 201, merged.text
    assert {answer.status_code for answer in holds} <= {201, 409}
    after = await stands(retailer.web, first)
    assert (after["balance"], after["spendable"]) == (1000, 1000)
