"""Returns without a receipt: who may take them, at what price, how often, and what comes after."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from omniretail import channels, clock, idempotency, pricing, returns
from omniretail.errors import DomainError
from omniretail.ids import new_id
from tests.api.test_approvals import manager
from tests.api.test_routes import _refused
from tests.callers import Caller, Retailer, euro, line, order, served
from tests.pricing.test_price_history import set_price
from tests.returns.bringing import taken, till_at
from tests.returns.unlinked import PATH, brought, no_receipt, without

UNLINKED = frozenset(
    {"returns:read", "returns:write", "returns:receive", "returns:refund", "returns:unlinked"}
)


async def trusted(retailer: Retailer, location: str = "S1") -> Caller:
    """A till that takes goods without a receipt, within the limit, with nobody's approval."""
    return await retailer.caller(
        f"trusted-{location}",
        "terminal",
        channel="pos",
        locations=frozenset({location}),
        scopes=UNLINKED,
    )


async def count(retailer: Retailer, customer: str = "ann") -> int:
    """How many returns without a receipt count against a customer."""
    answer = await retailer.till.get(f"{PATH}/counters", customer=customer)
    found: int = (await taken(answer, 200))["count"]
    return found


async def limited(retailer: Retailer, **policy: Any) -> None:
    """Put another return policy in place for the tills."""
    answer = await retailer.office.put("/v1/channels/pos/return-policy", policy)
    assert answer.is_success, answer.text


async def test_two_tills_at_once_count_each_other(retailer: Retailer) -> None:
    """Two were brought before; of a third and a fourth at once in two stores, one is refused."""
    tills = [await trusted(retailer, code) for code in ("S1", "S2", "S3")]
    for _ in range(2):
        await taken(await tills[0].post(PATH, no_receipt("ann", without("A"))))

    answers = await asyncio.gather(
        *(till.post(PATH, no_receipt("ann", without("B"))) for till in tills)
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    for answer in answers:
        if answer.status_code == 409:
            assert _refused(answer) == (409, "unlinked_limit_reached")
            assert answer.json()["count"] == 3
    assert await count(retailer) == 3


@pytest.mark.parametrize("apart", [False, True])
async def test_a_first_and_a_second_at_once_count_each_other(
    retailer: Retailer, apart: bool
) -> None:
    """A customer of whom nothing was known: with a limit of one, one of two passes, however they meet."""
    await limited(retailer, unlinked_limit=1)
    office, now = retailer.office, clock.now()
    principal = await _principal(retailer, office)

    def command(key: str) -> returns.OpenUnlinked:
        return returns.OpenUnlinked(
            key=idempotency.Key(principal.id, key, key.encode()),
            principal=principal,
            return_id=new_id(),
            customer="new",
            channel="pos",
            location="S1",
            lines=(returns.GoodsBack(sku="A", quantity=1, reason="unwanted"),),
            approved_by=principal.id,
            occurred_at=now,
        )

    async def change(*commands: returns.OpenUnlinked) -> list[Any]:
        books = retailer.process.books
        return await retailer.process.database.run(
            lambda tx: returns.change_returns(tx, commands, books=books, now=now)
        )

    both = command("one"), command("two")
    found = (
        [one for answers in await asyncio.gather(*map(change, both)) for one in answers]
        if apart
        else await change(*both)
    )

    refused = [one for one in found if isinstance(one, DomainError)]
    assert [type(one) for one in refused] == [returns.UnlinkedLimitReached]
    assert await count(retailer, "new") == 1


async def test_what_was_brought_long_ago_or_cancelled_does_not_count(retailer: Retailer) -> None:
    """Ninety days later the customer may come again, and so may who never brought the goods."""
    till = await trusted(retailer)
    made = [
        await taken(
            await till.post(PATH, no_receipt("ann", without("A"), received=False, refunded=False))
        )
        for _ in range(3)
    ]
    assert (
        _refused(await till.post(PATH, no_receipt("ann", without("A"))))[1]
        == "unlinked_limit_reached"
    )

    path = f"/v1/returns/{made[0]['id']}/cancellation"
    await taken(await till.post(path, {"reason": "kept it"}), 200)
    assert await count(retailer) == 2
    third = await taken(await till.post(PATH, no_receipt("ann", without("A"))))
    assert third["unlinked_count"] == 3

    async with retailer.process.database.reading() as tx:
        for later, expected in (
            (timedelta(days=89, hours=23), 3),
            (timedelta(days=90, minutes=1), 0),
        ):
            counter = await returns.unlinked_counter(
                tx, customer="ann", channel="pos", now=clock.now() + later
            )
            assert (counter.count, counter.limit, counter.days) == (expected, 3, 90)


async def test_a_return_partly_cancelled_counts(retailer: Retailer) -> None:
    """Of two units one came back; the rest is not awaited any more, and it counts all the same."""
    till = await trusted(retailer)
    made = await taken(
        await till.post(PATH, no_receipt("ann", without("A", 2), received=False, refunded=False))
    )
    path = f"/v1/returns/{made['id']}"
    graded = [{"disposition": "sellable", "quantity": 1}]
    await taken(
        await till.post(f"{path}/receipt", {"lines": [{"line": 1, "dispositions": graded}]}), 200
    )
    await taken(await till.post(f"{path}/cancellation", {"reason": "one is lost"}), 200)
    paid = await taken(await till.post(f"{path}/refund", {}), 200)

    assert (paid["state"], paid["refunded"]) == ("refunded", euro(2000))
    assert await count(retailer) == 1


async def test_the_policy_of_the_channel_says_how_many_and_how_long(retailer: Retailer) -> None:
    """None are taken where the limit is none; and the price is that of so many days."""
    await limited(retailer, unlinked_limit=0, unlinked_days=10)
    till = await trusted(retailer)
    none = await till.post(PATH, no_receipt("ann", without("A")))
    assert _refused(none) == (409, "unlinked_limit_reached")
    assert (none.json()["limit"], none.json()["days"], none.json()["count"]) == (0, 10, 0)

    assert (await retailer.office.put("/v1/skus/COAT", {"name": "Coat"})).is_success
    await set_price(retailer, 3990, ago_days=25, sku="COAT")
    await set_price(retailer, 4490, ago_days=20, sku="COAT")
    found = []
    for days in (30, 10):
        await limited(retailer, unlinked_price_days=days)
        made = await taken(await till.post(PATH, no_receipt(f"c-{days}", without("COAT"))))
        found.append(made["refunded"])
    assert found == [euro(3990), euro(4490)]


async def test_who_takes_them(retailer: Retailer) -> None:
    """A till needs staff's PIN; staff who may not, or work elsewhere, approve nothing."""
    await manager(retailer, scopes=frozenset({"returns:unlinked"}))
    await manager(retailer, "carl", pin="1234", scopes=frozenset({"returns:write"}))
    away = await till_at(retailer, "S2")
    carl = {"staff": "carl", "pin": "1234"}

    assert _refused(await brought(retailer, "ann", without("A"), approval=carl)) == (
        403,
        "approver_not_allowed",
    )
    assert _refused(await brought(retailer, "ann", without("A"), till=away)) == (
        403,
        "approver_not_allowed",
    )
    over: dict[str, Any] = {"override": {"reason": "a regular"}}
    assert _refused(await brought(retailer, "ann", without("A"), **over)) == (
        403,
        "approver_not_allowed",
    )
    assert _refused(
        await retailer.web.post(PATH, no_receipt("ann", without("A"), location="S1"))
    ) == (403, "approval_needed")
    assert await count(retailer) == 0

    made = await taken(await brought(retailer, "ann", without("A")))
    maria = await _principal(retailer, retailer.callers["maria"])
    assert made["approved_by"] == str(maria.id) != made["requested_by"]
    timeline = (await retailer.till.get(f"/v1/returns/{made['id']}/timeline")).json()
    assert timeline["items"][0]["data"]["approved_by"] == str(maria.id)


async def test_price_and_currency(retailer: Retailer) -> None:
    """Less may be agreed on, more may not, in the channel's currency; without a price nothing is taken."""
    till = await trusted(retailer)
    assert (await retailer.office.put("/v1/skus/NEW", {"name": "New"})).is_success
    old = {"name": "Old", "status": "blocked"}
    assert (await retailer.office.put("/v1/skus/OLD", old)).is_success

    async def asked(sku: str, **more: Any) -> tuple[int, str]:
        return _refused(await till.post(PATH, no_receipt("ann", without(sku, **more))))

    assert await asked("A", unit_price=euro(2001)) == (409, "unlinked_price_too_high")
    dollars = {"amount": 100, "currency": "USD"}
    assert await asked("A", unit_price=dollars) == (400, "invalid")
    assert await asked("NEW") == (409, "price_missing")
    assert await asked("OLD") == (409, "sku_not_sold")
    assert await asked("NOBODY") == (404, "unknown_sku")
    made = await taken(
        await till.post(
            PATH, no_receipt("ann", without("A", 2, unit_price=euro(1500)), without("B"))
        )
    )
    assert made["refunded"] == euro(3500)
    assert [one["unit_price"] for one in made["lines"]] == [euro(1500), euro(500)]


async def test_prices_are_those_of_the_region_of_the_location(retailer: Retailer) -> None:
    """In S2, in Austria, A costs 18.00; so it is taken back there, and for 20.00 in S1."""
    spec = {"name": "S2", "kind": "store", "region": "AT"}
    assert (await retailer.office.put("/v1/locations/S2", spec)).is_success
    await retailer.define(
        pricing.PriceList(
            code="austria",
            name="Austria",
            currency="EUR",
            scope=pricing.Scope(region="AT"),
            priority=5,
        ),
        pricing.NewPrice(
            price_list="austria", sku="A", amount_minor=1800, currency="EUR", valid_from=clock.now()
        ),
    )

    found = [
        (
            await taken(
                await (await trusted(retailer, code)).post(PATH, no_receipt("ann", without("A")))
            )
        )["refunded"]
        for code in ("S1", "S2")
    ]

    assert found == [euro(2000), euro(1800)]


async def test_money_goes_to_the_customers_own_credit(retailer: Retailer) -> None:
    """Onto the account that is named, if it is the customer's; each later step goes to the same one."""
    till = await trusted(retailer)
    accounts = [
        (
            await taken(
                await retailer.office.post(
                    "/v1/store-credits", {"amount": euro(100), "customer": customer}
                )
            )
        )["id"]
        for customer in ("ann", "ben")
    ]
    of_ben = await till.post(PATH, no_receipt("ann", without("A"), account=accounts[1]))
    assert _refused(of_ben) == (404, "unknown_account")
    assert (await retailer.level("A", "S1"))[0] == 0
    made = await taken(await till.post(PATH, no_receipt("ann", without("A"), account=accounts[0])))

    assert made["account_id"] == accounts[0]
    credit = (await retailer.office.get(f"/v1/accounts/{accounts[0]}")).json()
    assert credit["balance"] == euro(2100)
    entries = (await retailer.office.get(f"/v1/accounts/{accounts[0]}/entries")).json()["items"]
    assert entries[0]["return_id"] == made["id"]


async def test_paying_back_is_a_step_of_its_own(retailer: Retailer) -> None:
    """The goods are here today; 20.00 tomorrow, and 40.00 the day after, on one new account; no cash."""
    till = await trusted(retailer)
    made = await taken(await till.post(PATH, no_receipt("ann", without("A", 3), refunded=False)))
    path = f"/v1/returns/{made['id']}/refund"
    assert (made["state"], made["refunded"]) == ("received", euro(0))

    cash = await till.post(path, {"refund": {"method": "cash"}})
    first = await taken(await till.post(path, {"lines": [{"line": 1, "quantity": 1}]}), 200)
    second = await taken(await till.post(path, {}), 200)
    third = await till.post(path, {})

    assert _refused(cash) == (400, "invalid")
    assert (first["refunded"], second["refunded"]) == (euro(2000), euro(6000))
    assert first["account_id"] == second["account_id"]
    assert second["state"] == "refunded"
    assert _refused(third)[0] == 409
    credit = (await retailer.office.get(f"/v1/accounts/{first['account_id']}")).json()
    assert credit["balance"] == euro(6000)


async def test_an_override_of_the_limit_pays_for_nothing_that_is_not_here(
    retailer: Retailer,
) -> None:
    body = no_receipt(
        "ann",
        without("A"),
        channel="pos",
        location="S1",
        received=False,
        refunded=True,
        override={"reason": "a regular"},
    )
    assert _refused(await retailer.office.post(PATH, body)) == (409, "nothing_to_pay_back")


async def test_goods_are_graded_and_graded_again(retailer: Retailer) -> None:
    """One of three is damaged; it was not, as the office sees, and then it is destroyed."""
    till = await trusted(retailer)
    graded = [
        {"disposition": "sellable", "quantity": 2},
        {"disposition": "damaged", "quantity": 1},
    ]
    made = await taken(
        await till.post(PATH, no_receipt("ann", without("A", 3, dispositions=graded)))
    )
    assert await retailer.level("A", "S1") == (3, 0, 2)

    path = f"/v1/returns/{made['id']}/dispositions"
    for was, becomes in (("damaged", "sellable"), ("sellable", "destroyed")):
        step = {"line": 1, "quantity": 1, "from_disposition": was, "to_disposition": becomes}
        await taken(await till.post(path, step), 200)

    assert await retailer.level("A", "S1") == (2, 0, 2)
    assert [kind for kind, _, _ in await retailer.movements("A")] == [
        "unlinked_return",
        "unlinked_return",
        "set_aside",
        "set_aside",
    ]


async def test_a_kit_comes_back_as_its_components(retailer: Retailer) -> None:
    """At its own price, and each of its components in its pieces."""
    kit = {"name": "Pair", "components": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]}
    assert (await retailer.office.put("/v1/skus/PAIR", kit)).is_success
    await retailer.prices(PAIR=4200)
    till = await trusted(retailer)

    made = await taken(await till.post(PATH, no_receipt("ann", without("PAIR", 2))))

    assert made["refunded"] == euro(8400)
    assert (await retailer.level("A", "S1"))[0] == 4
    assert (await retailer.level("B", "S1"))[0] == 2


async def test_a_unit_that_is_here_does_not_come_back(retailer: Retailer) -> None:
    """A phone whose serial number stands on the shelf was not sold; one that was sold comes back."""
    phone = {"name": "Phone", "tracking": "serial"}
    assert (await retailer.office.put("/v1/skus/PHONE", phone)).is_success
    await retailer.prices(PHONE=50000)
    goods = {"sku": "PHONE", "location": "S1", "quantity": 2, "serials": ["s-1", "s-2"]}
    received = {"lines": [goods], "all_or_nothing": True}
    assert (await retailer.office.post("/v1/stock/receipts", received)).is_success
    sold = line("PHONE", 1, serials=["s-1"])
    sale = order(served("carry_out", None, sold), paid=50000)
    await taken(await retailer.till.post("/v1/orders", sale))
    till = await trusted(retailer)

    def phone_back(serial: str) -> dict[str, Any]:
        one = {"disposition": "sellable", "quantity": 1, "serials": [serial]}
        return no_receipt("ann", without("PHONE", dispositions=[one]))

    assert (await till.post(PATH, phone_back("s-2"))).status_code == 409
    assert (await till.post(PATH, phone_back("s-1"))).status_code == 201
    assert await count(retailer) == 1


async def test_what_is_asked_for_must_fit(retailer: Retailer) -> None:
    """Places, channels, gradings and amounts that cannot be are refused."""
    office = {"channel": "pos", "location": "S1", "received": True, "refunded": True}

    async def asked(*lines: dict[str, Any], **more: Any) -> tuple[int, str]:
        body = no_receipt("ann", *(lines or (without("A"),)), **(office | more))
        return _refused(await retailer.office.post(PATH, body))

    one = [{"disposition": "sellable", "quantity": 1}]
    most = 2**31 - 1
    assert await asked(location=None) == (400, "invalid")
    assert await asked(location="NOWHERE") == (404, "unknown_location")
    assert await asked(channel=None) == (400, "invalid")
    assert await asked(channel="nowhere") == (404, "unknown_channel")
    assert await asked(without("A", 2, dispositions=one)) == (400, "invalid")
    assert await asked(without("A", dispositions=one), received=False) == (400, "invalid")
    assert await asked(account=str(new_id()), refunded=False) == (400, "invalid")
    assert await asked(account=str(new_id())) == (404, "unknown_account")
    assert (await asked(*[without("A", most)] * 2))[0] == 409
    assert await count(retailer) == 0
    web = await retailer.web.get(f"{PATH}/counters", customer="ann", channel="pos")
    assert _refused(web) == (403, "channel_bound")
    nameless = await retailer.office.get(f"{PATH}/counters", customer="ann", channel="nowhere")
    assert _refused(nameless) == (404, "unknown_channel")


async def _principal(retailer: Retailer, caller: Caller) -> channels.Principal:
    async with retailer.process.database.reading() as tx:
        return await channels.authenticate(tx, caller.token)
