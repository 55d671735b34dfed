"""What planning knows of stock and days: read at once, and used up plan by plan."""

from datetime import datetime, timedelta

from omniretail import clock, sourcing
from tests.callers import Retailer, line, order, served
from tests.sourcing.planning import lines


async def surveyed(retailer: Retailer, *skus: str, now: datetime | None = None) -> sourcing.Survey:
    async with retailer.process.ledger.reading() as tx:
        return await sourcing.survey(tx, skus, now=now or clock.now())


async def test_a_batch_is_planned_order_by_order(retailer: Retailer) -> None:
    """Given S1 3, S2 2: of three orders of 2 the first two are served, and the third is short by 1."""
    await retailer.receive("A", S1=3, S2=2)
    survey = await surveyed(retailer, "A")
    ask = sourcing.Ask(kind="ship", lines=lines(("A", 2)))
    policy = sourcing.SourcingPolicy(channel="web")
    plans = []
    for _ in range(3):
        plan = survey.plan(ask, policy)
        survey.take(ask, plan)
        plans.append(plan)

    assert [list(plan.parts) for plan in plans] == [["S1"], ["S2"], []]
    assert plans[2].short == {"A": 1}
    assert (survey.available("A", "S1"), survey.available("A", "S2")) == (1, 0)
    assert await retailer.level("A", "S1") == (3, 0, 3)


async def test_a_kit_brings_its_components_along(retailer: Retailer) -> None:
    components = [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]
    body = {"name": "Twin pack", "components": components}
    assert (await retailer.office.put("/v1/skus/TWIN", body)).is_success
    await retailer.receive("A", S1=4)
    await retailer.receive("B", S1=1, S2=1)

    survey = await surveyed(retailer, "TWIN", "B")

    assert survey.available("A", "S1") == 4
    assert (survey.available("B", "S1"), survey.available("B", "S2")) == (1, 1)
    assert survey.available("TWIN", "S1") == survey.available("C", "S1") == 0
    ask = sourcing.Ask(kind="ship", lines=lines(("TWIN", 1), TWIN={"A": 2, "B": 1}))
    survey.take(ask, survey.plan(ask, sourcing.SourcingPolicy(channel="web")))
    assert (survey.available("A", "S1"), survey.available("B", "S1")) == (2, 0)


async def test_a_day_ends_at_midnight_utc(retailer: Retailer) -> None:
    """What was given to a location yesterday leaves it its whole capacity today."""
    await retailer.receive("A", S1=9)
    body = {"daily_capacity": 2}
    assert (await retailer.office.put("/v1/fulfillment-policies/S1", body)).is_success
    before = clock.now()
    for kind, quantity in (("ship", 3), ("pickup", 1)):
        wanted = order(served(kind, "S1", line("A", quantity)), paid=2000 * quantity)
        assert (await retailer.web.post("/v1/orders", wanted)).status_code == 201

    today = await surveyed(retailer, "A", now=before)
    tomorrow = await surveyed(retailer, "A", now=clock.now() + timedelta(days=1))

    # It is fulfillments that count, not their units.
    assert today.room == {"S1": 1}
    assert tomorrow.room == {"S1": 2}


async def test_a_plan_uses_up_the_day(retailer: Retailer) -> None:
    await retailer.receive("A", S1=9, S2=1)
    body = {"daily_capacity": 1}
    assert (await retailer.office.put("/v1/fulfillment-policies/S1", body)).is_success
    survey = await surveyed(retailer, "A")
    policy = sourcing.SourcingPolicy(channel="web")
    shipped = sourcing.Ask(kind="ship", lines=lines(("A", 1)))
    fetched = sourcing.Ask(kind="pickup", lines=lines(("A", 1)))
    found = []
    for ask in (fetched, shipped, shipped, fetched):
        plan = survey.plan(ask, policy)
        survey.take(ask, plan)
        found.append(list(plan.parts))

    assert found == [["S1"], ["S1"], ["S2"], ["S1"]]
