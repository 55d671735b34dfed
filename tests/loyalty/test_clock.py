"""What points are is read from the clock: whether a job has run makes no difference to anybody."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from omniretail import clock
from tests.callers import Retailer, euro, line, served
from tests.loyalty.calendar import Calendar, end_of, noon
from tests.loyalty.household import PATH, account, adjusted, in_force, items, settled, stands
from tests.orders.buying import HOME
from tests.returns.bringing import refused, taken

SECOND = timedelta(seconds=1)


async def ordered(retailer: Retailer, who: str) -> dict[str, Any]:
    """Order A on the web for 20.00, to be shipped."""
    card = {"type": "card", "amount": euro(2_000), "reference": "p"}
    part = served("ship", "WH", line("A", 1))
    body = {"fulfillments": [part], "tenders": [card], "customer": who, "ship_to": HOME}
    return await taken(await retailer.web.post("/v1/orders", body))


async def member(retailer: Retailer) -> tuple[str, str]:
    """A customer with an account; the ids of both."""
    made = await account(retailer)
    (who,) = (await stands(retailer.web, made))["members"]
    return who, made


async def lived(retailer: Retailer, calendar: Calendar, who: str, made: str, *, jobs: bool) -> Any:
    """Let an account live through a year; what it was at each moment, and what was entered."""
    calendar.now = noon(3, 1)
    sale = await ordered(retailer, who)
    calendar.now = shipped = noon(3, 4)
    assert (await retailer.office.leave(sale["fulfillments"][0])).is_success
    available, expires = shipped + timedelta(days=14), end_of(4, 18) + SECOND
    seen = []
    for moment in (
        noon(3, 1),
        shipped,
        available - SECOND,
        available,
        expires - SECOND,
        expires,
        noon(6, 1),
    ):
        calendar.now = moment
        if jobs:
            await settled(retailer, moment)
        standing = await stands(retailer.web, made)
        (lot,) = await items(retailer.web, f"{PATH}/{made}/lots")
        figures = [standing[name] for name in ("pending", "active", "spendable", "balance")]
        seen.append((lot["state"], figures))
    await settled(retailer, calendar.now)
    entries = await items(retailer.web, f"{PATH}/{made}/entries")
    told = [(one["type"], one["points"], one["occurred_at"]) for one in reversed(entries)]
    return seen, told, await items(retailer.web, f"{PATH}/{made}/lots")


async def test_pending_active_expired_with_or_without_a_job(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shipped on 4 March, the 20 points can be spent from 18 March, noon, to the end of 18 April."""
    calendar = Calendar(monkeypatch, noon(2, 1))
    await in_force(retailer, lifetime_months=1)
    await retailer.receive("A", WH=2)
    (first, idle), (second, worked) = await member(retailer), await member(retailer)

    alone, told, (lot,) = await lived(retailer, calendar, first, idle, jobs=False)
    tended, told_too, _ = await lived(retailer, calendar, second, worked, jobs=True)

    pending, active, gone = [20, 0, 0, 20], [0, 20, 20, 20], [0, 0, 0, 0]
    assert alone == [
        ("pending", pending),
        ("pending", pending),
        ("pending", pending),
        ("active", active),
        ("active", active),
        ("expired", gone),
        ("expired", gone),
    ]
    assert tended == alone
    assert told == told_too
    ended = datetime.fromisoformat(told[-1][2])
    assert [(kind, points) for kind, points, _ in told] == [("earned", 20), ("expired", 20)]
    assert ended == datetime.fromisoformat(lot["expires_at"]) == end_of(4, 18) + SECOND
    assert (lot["remaining"], lot["expired"]) == (0, 20)


async def test_points_are_spendable_from_one_moment_to_another(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second before, a checkout is refused, and then not any more; at the end itself it is too late."""
    calendar = Calendar(monkeypatch, noon(2, 1))
    await in_force(retailer, lifetime_months=1)
    await retailer.receive("A", WH=1)
    who, made = await member(retailer)
    sale = await ordered(retailer, who)
    assert (await retailer.office.leave(sale["fulfillments"][0])).is_success
    available = clock.now() + timedelta(days=14)

    async def hold(at: datetime) -> Any:
        calendar.now = at
        return await retailer.web.post(f"{PATH}/{made}/holds", {"points": 5})

    assert refused(await hold(available - SECOND)) == (409, "insufficient_points")
    await taken(await hold(available))
    ends = end_of(3, 15) + SECOND
    last = await taken(await hold(ends - SECOND))
    assert refused(await hold(ends)) == (409, "insufficient_points")
    # What the last second promised is there until its hold runs out, and so is spendable by it alone.
    standing = await stands(retailer.web, made)
    assert (standing["balance"], standing["held"], standing["spendable"]) == (5, 5, 0)
    calendar.now = datetime.fromisoformat(last["expires_at"])
    assert (await stands(retailer.web, made))["balance"] == 0
    await settled(retailer, calendar.now)
    entries = await items(retailer.web, f"{PATH}/{made}/entries")
    assert sum(one["points"] for one in entries if one["type"] == "expired") == 20


async def test_a_hold_spends_what_expired_while_it_was_live(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the job has come by meanwhile or not: it books what nobody was promised, and no more."""
    calendar = Calendar(monkeypatch, noon(2, 1))
    await in_force(retailer)
    await retailer.receive("B", WH=2)
    ends = noon(2, 2)
    for jobs in (False, True):
        calendar.now = noon(2, 1)
        who, made = await member(retailer)
        await taken(await adjusted(retailer, made, 700, expires_at=ends.isoformat()))
        calendar.now = ends - SECOND
        held = await taken(await retailer.web.post(f"{PATH}/{made}/holds", {"points": 500}))
        calendar.now = ends + timedelta(minutes=5)
        if jobs:
            await settled(retailer, calendar.now)
        tender = {"type": "points", "amount": euro(500), "hold": held["id"]}
        part = served("ship", "WH", line("B", 1))
        body = {"fulfillments": [part], "tenders": [tender], "customer": who, "ship_to": HOME}
        await taken(await retailer.web.post("/v1/orders", body))
        await settled(retailer, calendar.now + SECOND)
        entries = await items(retailer.web, f"{PATH}/{made}/entries")
        figures = sorted((one["type"], one["points"]) for one in entries)
        assert figures == [("adjusted", 700), ("expired", 200), ("spent", 500)]
        assert (await stands(retailer.web, made))["balance"] == 0


async def test_what_expired_is_booked_whoever_came_before_the_job(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody changes the account after its points expired: the job still finds them, once."""
    calendar = Calendar(monkeypatch, noon(2, 1))
    await in_force(retailer)
    ends = noon(2, 2)
    made = await account(retailer)
    await taken(await adjusted(retailer, made, 700, expires_at=ends.isoformat()))
    for moment in (ends, ends + timedelta(hours=1)):
        calendar.now = moment
        await taken(await adjusted(retailer, made, 10))
        assert (await stands(retailer.web, made))["balance"] == (10 if moment == ends else 20)
    assert await settled(retailer, calendar.now + SECOND) == 1
    assert await settled(retailer, calendar.now + SECOND) == 0
    entries = await items(retailer.web, f"{PATH}/{made}/entries")
    (expired,) = [one for one in entries if one["type"] == "expired"]
    assert expired["points"] == 700
    assert datetime.fromisoformat(expired["occurred_at"]) == ends
