"""The versions of the programme: put in force from a moment on, read, and never changed."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from omniretail import channels, clock
from omniretail.db import Database, Transaction
from omniretail.errors import DomainError, Invalid
from omniretail.idempotency import Answer, IdempotencyKeyReused, Key
from omniretail.loyalty import (
    AddProgramme,
    EarnRule,
    NoProgrammeInForce,
    Programme,
    ProgrammeExists,
    Programmes,
    ProgrammeVersion,
    Tier,
    add_programmes,
    programme_at,
    programmes,
)
from tests.callers import Retailer, euro
from tests.loyalty.clubs import NOON, club

OFFICE = channels.Principal(
    id=UUID(int=9),
    kind="integration",
    name="office",
    scopes=frozenset({"loyalty:configure"}),
    channel=None,
    locations=frozenset(),
)


def stated(name: str = "Club", **more: Any) -> dict[str, Any]:
    """A programme on the wire: a point per 1.00, of which a hundred pay 1.00."""
    return {
        "name": name,
        "time_zone": "Europe/Berlin",
        "earn": {"points": 1, "per": [euro(100)]},
        "redeem": {"points": 100, "for": [euro(100)]},
        **more,
    }


async def add(
    retailer: Retailer, programme: dict[str, Any], begins: datetime | None = None
) -> httpx.Response:
    """Put a programme in force."""
    body: dict[str, Any] = {"programme": programme}
    if begins is not None:
        body["effective_from"] = begins.isoformat()
    return await retailer.office.post("/v1/loyalty/programmes", body)


def command(
    name: str, begins: datetime | None = None, *, key: str | None = None, **more: Any
) -> AddProgramme:
    """The command to put a programme in force, under a key of its own name."""
    return AddProgramme(
        key=Key(OFFICE.id, key or name, name.encode()),
        principal=OFFICE,
        programme=club(name=name, **more),
        effective_from=begins,
    )


async def added(
    database: Database, *commands: AddProgramme, now: datetime = NOON
) -> list[Answer[ProgrammeVersion] | DomainError]:
    """What becomes of a batch of commands."""
    return await database.run(lambda tx: add_programmes(tx, commands, now=now))


async def read(database: Database, earliest: datetime) -> Programmes:
    """The versions that count at a moment or later."""

    async def work(tx: Transaction) -> Programmes:
        found: Programmes
        (found,) = await tx.read(programmes(earliest))
        return found

    return await database.run(work)


def names(found: Programmes) -> list[str]:
    """What versions are called."""
    return [version.programme.name for version in found.versions]


def version(outcome: Answer[ProgrammeVersion] | DomainError) -> ProgrammeVersion:
    """The version that a command was answered with."""
    assert isinstance(outcome, Answer), outcome
    return outcome.value


async def test_a_retailer_opens_its_club(retailer: Retailer) -> None:
    nobody = await retailer.till.get("/v1/loyalty/programme")
    opened = await add(retailer, stated())
    now = await retailer.till.get("/v1/loyalty/programme")

    assert nobody.status_code == 404
    assert nobody.json()["type"] == "/problems/no_programme_in_force"
    assert opened.status_code == 201
    assert now.json() == opened.json()
    told = opened.json()["programme"]
    assert told["earn"]["per"] == [euro(100)]
    assert told["redeem"]["for"] == [euro(100)]
    assert told["earn"]["pending_days"] == 14
    assert told["tier_period"] == {"kind": "rolling", "months": 12}


async def test_what_is_told_can_be_sent(retailer: Retailer) -> None:
    """All of a programme, and again what the answer says of it: the same programme."""
    usd = {"amount": 120, "currency": "USD"}
    whole = stated(
        earn={
            "points": 2,
            "per": [euro(100), usd],
            "tax_excluded": False,
            "excluded_skus": ["GIFT-25", "GIFT-50"],
            "excluded_categories": ["deposits"],
            "rules": [
                {
                    "code": "coffee",
                    "name": "Double on coffee",
                    "kind": "multiplier",
                    "percent": 200,
                    "points": 0,
                    "per": [],
                    "skus": ["A", "B"],
                    "categories": ["coffee"],
                    "channels": ["app", "web"],
                    "tiers": ["gold"],
                    "valid_from": "2026-12-01T00:00:00Z",
                    "valid_to": "2027-01-01T00:00:00Z",
                },
            ],
            "pending_days": 30,
            "most_a_day": 5_000,
            "late_claim_days": 10,
        },
        redeem={
            "points": 200,
            "for": [euro(100), usd],
            "least": 200,
            "rewards": [{"code": "mug", "name": "A mug", "points": 500, "coupon": "MUG"}],
            "web_hold_seconds": 600,
            "till_hold_seconds": 200,
            "restored_days": 60,
            "most_a_day": 3,
        },
        lifetime_months=None,
        tiers=[
            {"code": "gold", "name": "Gold", "qualifying": 500, "percent": 150}
            | {"customer_group": "gold"}
        ],
        tier_period={"kind": "calendar", "months": 6},
        negative="only_pending",
        gift_hours=48,
        expected_redemption_ppm=750_000,
        most_members=4,
    )
    first = await add(retailer, whole)
    again = await add(retailer, first.json()["programme"], clock.now() + timedelta(days=1))

    assert first.status_code == again.status_code == 201
    assert first.json()["programme"] == again.json()["programme"] == whole


async def test_next_years_programme_waits_for_its_day(retailer: Retailer) -> None:
    begins = clock.now().replace(microsecond=0) + timedelta(days=40)
    await add(retailer, stated("This year's"))
    await add(retailer, stated("Next year's"), begins)

    async def called(at: str) -> str:
        found = await retailer.web.get("/v1/loyalty/programme", at=at)
        name: str = found.json()["programme"]["name"]
        return name

    assert await called(clock.now().isoformat()) == "This year's"
    assert await called((begins - timedelta(seconds=1)).isoformat()) == "This year's"
    assert await called(begins.isoformat()) == "Next year's"
    assert await called("9000-01-01T00:00:00Z") == "Next year's"


async def test_two_versions_for_one_moment_are_one_too_many(retailer: Retailer) -> None:
    begins = clock.now().replace(microsecond=0) + timedelta(days=40)
    first, second = await asyncio.gather(
        add(retailer, stated("One"), begins), add(retailer, stated("Other"), begins)
    )

    assert sorted([first.status_code, second.status_code]) == [201, 409]
    refused = first if first.status_code == 409 else second
    assert refused.json()["type"] == "/problems/programme_exists"
    assert refused.json()["effective_from"] == begins.astimezone(UTC).isoformat()


async def test_versions_are_listed_page_by_page_the_last_first(retailer: Retailer) -> None:
    begins = clock.now() + timedelta(days=1)
    for number in range(3):
        await add(retailer, stated(f"Club {number}"), begins + timedelta(days=number))

    page = (await retailer.staff.get("/v1/loyalty/programmes", limit=2)).json()
    rest = await retailer.staff.get("/v1/loyalty/programmes", cursor=page["next_cursor"])

    assert [each["programme"]["name"] for each in page["items"]] == ["Club 2", "Club 1"]
    assert [each["programme"]["name"] for each in rest.json()["items"]] == ["Club 0"]
    assert rest.json()["next_cursor"] is None


async def test_a_programme_that_makes_no_sense_is_not_put_in_force(retailer: Retailer) -> None:
    both = stated(tiers=[{"code": "gold", "name": "Gold", "qualifying": 500}] * 2)
    refused = await add(retailer, both | {"time_zone": "Atlantis"})

    assert refused.status_code == 400
    assert [error["pointer"] for error in refused.json()["errors"]] == [
        "/programme/time_zone",
        "/programme/tiers/1/code",
        "/programme/tiers/1/qualifying",
    ]
    twice = await add(retailer, stated(earn={"per": [euro(100), euro(200)]}))
    assert twice.json()["errors"][0]["pointer"] == "/programme/earn/per/1/currency"


async def test_the_past_is_not_rewritten(database: Database) -> None:
    """A moment that has just passed means now; one that lies further back is refused."""
    just, long_ago = await added(
        database,
        command("just", NOON - timedelta(minutes=4)),
        command("long ago", NOON - timedelta(minutes=6)),
    )

    assert version(just).effective_from == NOON
    assert isinstance(long_ago, Invalid)
    assert long_ago.fields["errors"][0]["pointer"] == "/effective_from"


async def test_a_batch_is_answered_in_order(database: Database) -> None:
    later = NOON + timedelta(days=1)
    first, same, bad, other = await added(
        database,
        command("first", later),
        command("same", later.astimezone(None)),
        command("bad", points=0),
        command("other"),
    )

    assert version(first).effective_from == later
    assert isinstance(same, ProgrammeExists)
    assert isinstance(bad, Invalid)
    assert version(other).effective_from == NOON
    assert names(await read(database, NOON)) == ["other", "first"]
    (again,) = await added(database, command("again", later), now=NOON + timedelta(hours=1))
    assert isinstance(again, ProgrammeExists)


async def test_a_key_adds_one_version(database: Database) -> None:
    rules = (EarnRule(code="x", name="X", kind="units", points=5),)
    first, twin = await added(database, *(command("one", rules=rules) for _ in range(2)))
    (later,) = await added(database, command("one", rules=rules), now=NOON + timedelta(days=1))
    (other,) = await added(database, command("other", key="one"))

    assert version(first) == version(twin) == version(later)
    assert isinstance(twin, Answer)
    assert twin.replayed
    assert isinstance(other, IdempotencyKeyReused)
    assert names(await read(database, NOON)) == ["one"]


async def test_what_counts_at_a_moment_or_later_is_read(database: Database) -> None:
    """The one in force by then, and all that follow; before the first one, all of them."""
    for day in range(3):
        begins = NOON + timedelta(days=day)
        await added(database, command(f"Club {day}"), now=begins)

    assert names(await read(database, NOON - timedelta(days=1))) == ["Club 0", "Club 1", "Club 2"]
    assert names(await read(database, NOON)) == ["Club 0", "Club 1", "Club 2"]
    assert names(await read(database, NOON + timedelta(hours=47))) == ["Club 1", "Club 2"]
    found = await read(database, NOON + timedelta(days=900))
    assert names(found) == ["Club 2"]
    assert found.at(NOON + timedelta(days=900)) == (
        found.versions[0].id,
        found.versions[0].programme,
    )


async def test_a_programme_comes_back_as_it_was(database: Database) -> None:
    whole: dict[str, Any] = {
        "excluded_skus": frozenset({"GIFT-25"}),
        "lifetime_months": None,
        "most_earned_a_day": 10**9,
        "tiers": (Tier(code="gold", name="Gold", qualifying=500, customer_group="gold"),),
        "rules": (
            EarnRule(
                code="x",
                name="„X“ ≥ 2",
                kind="rate",
                points=3,
                per_minor={"EUR": 10**12, "JPY": 1},
                tiers=frozenset({"gold"}),
                valid_from=NOON,
            ),
        ),
    }
    await added(database, command("whole", **whole))

    async def work(tx: Transaction) -> Programme:
        return (await programme_at(tx, NOON)).programme

    assert await database.run(work) == club(name="whole", **whole)


async def test_before_the_first_one_none_is_in_force(database: Database) -> None:
    await added(database, command("one", NOON + timedelta(days=1)))

    async def work(tx: Transaction) -> DomainError | None:
        try:
            await programme_at(tx, NOON)
        except NoProgrammeInForce as error:
            return error
        return None

    refused = await database.run(work)
    assert refused is not None
    assert refused.fields["at"] == NOON.isoformat()


async def test_two_processes_add_a_version_for_one_moment(database: Database) -> None:
    """The second waits for the first, runs again, and finds its version."""
    outcomes = await asyncio.gather(
        *(added(database, command(f"Club {number}", NOON)) for number in range(6))
    )

    kinds = sorted(type(outcome).__name__ for (outcome,) in outcomes)
    assert kinds == ["Answer", *["ProgrammeExists"] * 5]
