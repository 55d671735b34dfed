"""Approving at the till with a PIN: who may, what wrong PINs lead to, and what nobody gets to see."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from click.testing import CliRunner

from omniretail import channels, clock
from omniretail.api.approvals import (
    ApprovableRequest,
    ApprovalNeeded,
    ApprovalRequest,
    StaffPinRequest,
    approver_of,
    without_pin,
)
from omniretail.api.keyed import key
from omniretail.cli import main
from omniretail.db import Database
from omniretail.errors import DomainError
from tests.callers import Caller, Retailer

SCOPE = "prices:override"
MARIA = "4711"
WRONG = "0815"


class Discount(ApprovableRequest, frozen=True, kw_only=True):
    """Something that needs an approval."""

    percent: int


def _refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def prefix_of(caller: Caller) -> str:
    return caller.token.partition(".")[0]


async def principal(retailer: Retailer, caller: Caller) -> channels.Principal:
    async with retailer.process.database.reading() as tx:
        return await channels.authenticate(tx, caller.token)


async def manager(
    retailer: Retailer, code: str = "maria", pin: str = MARIA, **binding: Any
) -> Caller:
    """Give a member of staff who may override prices a PIN; their key is named by their code."""
    binding = {"scopes": frozenset({SCOPE}), "locations": frozenset({"S1"})} | binding
    made = await retailer.caller(code, "staff", **binding)
    answer = await retailer.office.put(
        f"/v1/staff-pins/{code}", {"key": prefix_of(made), "pin": pin}
    )
    assert answer.status_code == 200, answer.text
    return made


async def approved(
    retailer: Retailer, staff: str = "maria", pin: str = MARIA, location: str = "S1"
) -> channels.Approver | DomainError:
    """Ask at the till in S1, with a member of staff's code and PIN; a refusal is returned."""
    till = await principal(retailer, retailer.till)
    try:
        return await approver_of(
            retailer.process,
            till,
            ApprovalRequest(staff=staff, pin=pin),
            scope=SCOPE,
            location=location,
        )
    except DomainError as refusal:
        return refusal


async def tried(
    database: Database, till: channels.Principal, pin: str, *, now: datetime
) -> channels.Approver | DomainError:
    """Try maria's PIN at some time, in a transaction of its own."""
    async with database.reading() as tx:
        rows = await tx.fetch("select salt from staff_pin where code = 'maria'")
    attempt = channels.PinTry(
        code="maria",
        pin_hash=channels.hash_pin(pin, rows[0]["salt"]),
        principal=till,
        scope=SCOPE,
        location="S1",
    )
    return await database.run(lambda tx: channels.try_pin(tx, attempt, now=now))


def told(outcome: channels.Approver | DomainError) -> str:
    return outcome.code if isinstance(outcome, DomainError) else outcome.name


# Who approves.


async def test_a_manager_approves_at_the_till(retailer: Retailer) -> None:
    """Given a till that may not override prices, when maria types her PIN, then it is her who did."""
    made = await manager(retailer)

    approver = await approved(retailer)

    maria = await principal(retailer, made)
    assert approver == channels.Approver(id=maria.id, name="maria", code="maria")


async def test_whoever_has_the_scope_needs_no_approval(retailer: Retailer) -> None:
    office = await principal(retailer, retailer.office)

    for approval in (None, ApprovalRequest(staff="maria", pin=WRONG)):
        approver = await approver_of(retailer.process, office, approval, scope=SCOPE, location="S1")
        assert approver == channels.Approver(id=office.id, name="office", code=None)


async def test_without_scope_or_pin_an_approval_is_asked_for(retailer: Retailer) -> None:
    till = await principal(retailer, retailer.till)

    with pytest.raises(ApprovalNeeded) as refusal:
        await approver_of(retailer.process, till, None, scope=SCOPE, location="S1")

    assert refusal.value.fields == {"scope": SCOPE}


async def test_an_unknown_code_and_a_wrong_pin_are_told_the_same(retailer: Retailer) -> None:
    await manager(retailer)

    wrong, unknown = await approved(retailer, pin=WRONG), await approved(retailer, staff="mario")

    assert isinstance(wrong, channels.ApprovalRefused)
    assert isinstance(unknown, channels.ApprovalRefused)
    assert wrong.detail == unknown.detail
    assert (wrong.fields, unknown.fields) == ({"tries_left": 4}, {})


async def test_staff_approve_only_what_they_may_do_themselves(retailer: Retailer) -> None:
    """Their key has the scope, acts at the location, and in the caller's channel."""
    await manager(retailer, "scopeless", scopes=frozenset({"stock:read"}))
    await manager(retailer, "elsewhere", locations=frozenset({"S2", "S3"}))
    await manager(retailer, "online", channel="web")
    await manager(retailer, "chain", locations=frozenset())
    await manager(retailer, "counter", channel="pos")

    outcomes = {
        code: await approved(retailer, code)
        for code in ("scopeless", "elsewhere", "online", "chain", "counter")
    }

    assert {code: told(outcome) for code, outcome in outcomes.items()} == {
        "scopeless": "approver_not_allowed",
        "elsewhere": "approver_not_allowed",
        "online": "approver_not_allowed",
        "chain": "chain",
        "counter": "counter",
    }
    refusal = outcomes["elsewhere"]
    assert isinstance(refusal, channels.ApproverNotAllowed)
    assert refusal.fields == {"scope": SCOPE, "location": "S1"}


async def test_who_may_not_approve_is_told_to_whom_the_pin_belongs_only(
    retailer: Retailer,
) -> None:
    """A wrong PIN says nothing about what its owner may do."""
    await manager(retailer, "scopeless", scopes=frozenset({"stock:read"}))

    assert told(await approved(retailer, "scopeless", WRONG)) == "approval_refused"


async def test_a_revoked_key_approves_nothing_from_that_moment_on(retailer: Retailer) -> None:
    made = await manager(retailer)
    assert told(await approved(retailer)) == "maria"

    await retailer.process.database.run(
        lambda tx: channels.revoke_key(tx, prefix_of(made), now=clock.now())
    )

    refusal = await approved(retailer)
    assert isinstance(refusal, channels.ApprovalRefused)
    assert refusal.fields == {}
    assert (await retailer.office.get("/v1/staff-pins")).json() == {"items": []}


# Wrong PINs.


async def test_five_wrong_pins_lock_out_the_right_one_too(retailer: Retailer) -> None:
    await manager(retailer)
    await manager(retailer, "boris")

    outcomes = [await approved(retailer, pin=WRONG) for _ in range(6)]

    assert [told(one) for one in outcomes] == ["approval_refused"] * 5 + ["approval_locked"]
    assert [one.fields.get("tries_left") for one in outcomes[:5]] == [4, 3, 2, 1, 0]  # type: ignore[union-attr]
    assert told(await approved(retailer)) == "approval_locked"
    assert told(await approved(retailer, "boris")) == "boris"


async def test_the_right_pin_forgets_the_wrong_ones(retailer: Retailer) -> None:
    await manager(retailer)

    for _ in range(2):
        outcomes = [await approved(retailer, pin=WRONG) for _ in range(4)]
        assert {told(one) for one in outcomes} == {"approval_refused"}
        assert told(await approved(retailer)) == "maria"


async def test_the_right_pin_counts_although_it_may_not_approve(retailer: Retailer) -> None:
    """Tries are about who somebody is: what they may do is another question."""
    await manager(retailer, scopes=frozenset({"stock:read"}))

    for _ in range(3):
        outcomes = [await approved(retailer, pin=WRONG) for _ in range(2)]
        assert {told(one) for one in outcomes} == {"approval_refused"}
        assert told(await approved(retailer)) == "approver_not_allowed"


async def test_a_lock_ends_after_a_quarter_of_an_hour(retailer: Retailer) -> None:
    await manager(retailer)
    database, till = retailer.process.database, await principal(retailer, retailer.till)
    noon = clock.now()
    for _ in range(5):
        await tried(database, till, WRONG, now=noon)

    over = noon + channels.LOCKED_FOR
    just_before = over - timedelta(seconds=1)
    assert told(await tried(database, till, MARIA, now=just_before)) == "approval_locked"
    refusal = await tried(database, till, WRONG, now=over)
    assert isinstance(refusal, channels.ApprovalRefused)
    assert refusal.fields == {"tries_left": 4}
    assert told(await tried(database, till, MARIA, now=over)) == "maria"


async def test_a_pin_that_is_locked_is_not_even_hashed(retailer: Retailer) -> None:
    """A till that goes on guessing costs the others no time."""
    await manager(retailer)
    for _ in range(5):
        await approved(retailer, pin=WRONG)

    async with retailer.process.database.reading() as tx:
        with pytest.raises(channels.ApprovalLocked) as refusal:
            await channels.salt_of(tx, "maria", now=clock.now())
        later = clock.now() + channels.LOCKED_FOR
        assert len(await channels.salt_of(tx, "maria", now=later)) == 16
        assert len(await channels.salt_of(tx, "mario", now=later)) == 16

    locked_until = datetime.fromisoformat(refusal.value.fields["locked_until"])
    (listed,) = (await retailer.office.get("/v1/staff-pins")).json()["items"]
    assert datetime.fromisoformat(listed["locked_until"]) == locked_until


async def test_fifty_guesses_at_once_are_five_tries(retailer: Retailer) -> None:
    """Given fifty who guess at the same moment, one of them right, then five at most are judged."""
    await manager(retailer)
    till, now = await principal(retailer, retailer.till), clock.now()
    async with retailer.process.database.reading() as tx:
        salt = await channels.salt_of(tx, "maria", now=now)
    wrong = channels.hash_pin(WRONG, salt)
    attempt = channels.PinTry(
        code="maria", pin_hash=wrong, principal=till, scope=SCOPE, location="S1"
    )

    outcomes = await asyncio.gather(
        *(
            retailer.process.database.run(lambda tx: channels.try_pin(tx, attempt, now=now))
            for _ in range(50)
        )
    )

    found = Counter(told(one) for one in outcomes)
    assert found == {"approval_refused": 5, "approval_locked": 45}
    left = [one.fields["tries_left"] for one in outcomes if "tries_left" in one.fields]  # type: ignore[union-attr]
    assert sorted(left) == [0, 1, 2, 3, 4]


async def test_many_tills_guess_at_once(retailer: Retailer) -> None:
    """The whole way, with its hashes; the right PIN comes last and too late."""
    await manager(retailer)

    outcomes = await asyncio.gather(
        *(approved(retailer, pin=f"{number:04}") for number in range(20)), approved(retailer)
    )

    found = Counter(told(one) for one in outcomes)
    assert found == {"approval_refused": 5, "approval_locked": 16}


async def test_many_right_pins_at_once_all_approve(retailer: Retailer) -> None:
    await manager(retailer)

    outcomes = await asyncio.gather(*(approved(retailer) for _ in range(10)))

    assert {told(one) for one in outcomes} == {"maria"}


# Setting PINs.


async def test_a_pin_is_set_listed_and_taken_away(retailer: Retailer) -> None:
    made = await manager(retailer)
    boris = await manager(retailer, "boris", "1234")

    listed = (await retailer.office.get("/v1/staff-pins")).json()["items"]
    assert [(one["code"], one["key"], one["name"]) for one in listed] == [
        ("boris", prefix_of(boris), "boris"),
        ("maria", prefix_of(made), "maria"),
    ]
    assert set(listed[0]) == {"code", "key", "name", "locked_until", "updated_at"}

    gone = await retailer.office.send("DELETE", "/v1/staff-pins/maria")
    again = await retailer.office.send("DELETE", "/v1/staff-pins/maria")
    assert gone.status_code == 204
    assert _refused(again) == (404, "unknown_staff_pin")
    assert told(await approved(retailer)) == "approval_refused"
    assert told(await approved(retailer, "boris", "1234")) == "boris"


async def test_a_new_pin_replaces_the_old_one_and_ends_its_lock(retailer: Retailer) -> None:
    made = await manager(retailer)
    for _ in range(5):
        await approved(retailer, pin=WRONG)

    body = {"key": prefix_of(made), "pin": "90210"}
    answer = await retailer.office.put("/v1/staff-pins/maria", body)

    assert answer.json()["locked_until"] is None
    assert told(await approved(retailer, pin=MARIA)) == "approval_refused"
    assert told(await approved(retailer, pin="90210")) == "maria"


async def test_who_sets_pins_unlocks_one(retailer: Retailer) -> None:
    await manager(retailer)
    for _ in range(5):
        await approved(retailer, pin=WRONG)

    answer = await retailer.office.send("DELETE", "/v1/staff-pins/maria/lock")
    unknown = await retailer.office.send("DELETE", "/v1/staff-pins/mario/lock")

    assert (answer.status_code, answer.json()["locked_until"]) == (200, None)
    assert told(await approved(retailer)) == "maria"
    assert _refused(unknown) == (404, "unknown_staff_pin")


async def test_only_a_live_staff_key_has_a_pin(retailer: Retailer) -> None:
    gone = await retailer.caller("gone", "staff")
    await retailer.process.database.run(
        lambda tx: channels.revoke_key(tx, prefix_of(gone), now=clock.now())
    )

    for prefix in (prefix_of(retailer.till), prefix_of(retailer.office), prefix_of(gone)):
        answer = await retailer.office.put("/v1/staff-pins/x", {"key": prefix, "pin": MARIA})
        assert _refused(answer) == (404, "unknown_staff_key")


async def test_a_code_is_one_key_s_and_a_key_has_one_code(retailer: Retailer) -> None:
    made, mario = await manager(retailer), await retailer.caller("mario", "staff")

    taken = await retailer.office.put(
        "/v1/staff-pins/maria", {"key": prefix_of(mario), "pin": "1234"}
    )
    second = await retailer.office.put(
        "/v1/staff-pins/mia", {"key": prefix_of(made), "pin": "1234"}
    )

    assert _refused(taken) == (409, "staff_code_taken")
    assert _refused(second) == (409, "staff_key_has_code")
    assert second.json()["code"] == "maria"
    assert told(await approved(retailer)) == "maria"


async def test_the_code_of_a_revoked_key_is_free_for_its_successor(retailer: Retailer) -> None:
    made, successor = await manager(retailer), await retailer.caller("maria's new key", "staff")
    await retailer.process.database.run(
        lambda tx: channels.revoke_key(tx, prefix_of(made), now=clock.now())
    )

    answer = await retailer.office.put(
        "/v1/staff-pins/maria", {"key": prefix_of(successor), "pin": "1234"}
    )

    assert (answer.status_code, answer.json()["name"]) == (200, "maria's new key")


@pytest.mark.parametrize("revoked", [False, True])
async def test_one_code_for_two_at_once_goes_to_one_of_them(
    retailer: Retailer, revoked: bool
) -> None:
    """Whether nobody had the code, or a key that is revoked: neither of two takes it from the other."""
    staff = [await retailer.caller(f"maria {number}", "staff") for number in range(6)]
    if revoked:
        first = await manager(retailer)
        await retailer.process.database.run(
            lambda tx: channels.revoke_key(tx, prefix_of(first), now=clock.now())
        )

    answers = await asyncio.gather(
        *(
            retailer.office.put("/v1/staff-pins/maria", {"key": prefix_of(one), "pin": MARIA})
            for one in staff
        )
    )

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 5}
    (winner,) = (answer.json()["name"] for answer in answers if answer.is_success)
    (listed,) = (await retailer.office.get("/v1/staff-pins")).json()["items"]
    assert listed["name"] == winner


async def test_one_key_under_two_codes_at_once_has_one(retailer: Retailer) -> None:
    made = await retailer.caller("maria", "staff")

    answers = await asyncio.gather(
        *(
            retailer.office.put(f"/v1/staff-pins/m{n}", {"key": prefix_of(made), "pin": MARIA})
            for n in range(6)
        )
    )

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 5}
    assert len((await retailer.office.get("/v1/staff-pins")).json()["items"]) == 1


async def test_a_store_manager_sees_to_the_pins_of_their_store_only(retailer: Retailer) -> None:
    """Given a key for PINs in S1, then keys that act elsewhere too are unknown to it."""
    boss = await retailer.caller(
        "boss", "staff", scopes=frozenset({"staff:write"}), locations=frozenset({"S1"})
    )
    ours = await manager(retailer, "ours")
    chain = await manager(retailer, "chain", locations=frozenset())
    both = await manager(retailer, "both", locations=frozenset({"S1", "S2"}))

    for code, other in (("chain", chain), ("both", both)):
        body = {"key": prefix_of(other), "pin": "6666"}
        put = await boss.put(f"/v1/staff-pins/{code}", body)
        assert _refused(put) == (404, "unknown_staff_key")
        for path in (f"/v1/staff-pins/{code}", f"/v1/staff-pins/{code}/lock"):
            assert _refused(await boss.send("DELETE", path)) == (404, "unknown_staff_pin")
    listed = (await boss.get("/v1/staff-pins")).json()["items"]
    mine = await boss.put("/v1/staff-pins/ours", {"key": prefix_of(ours), "pin": "6666"})

    assert [one["code"] for one in listed] == ["ours"]
    assert mine.status_code == 200
    assert told(await approved(retailer, "ours", "6666")) == "ours"
    assert told(await approved(retailer, "chain")) == "chain"


@pytest.mark.parametrize("pin", ["123", "1" * 13, "12a4", "", "١٢٣٤", 4711, None])
async def test_what_is_no_pin_is_refused_and_not_repeated(retailer: Retailer, pin: Any) -> None:
    body = {"key": "omni_0123456789ab", "pin": pin}

    answer = await retailer.office.put("/v1/staff-pins/maria", body)

    assert _refused(answer) == (400, "invalid")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/pin"]
    assert not pin or str(pin) not in answer.text


async def test_a_whole_key_sent_for_its_prefix_is_not_repeated(retailer: Retailer) -> None:
    body = {"key": retailer.staff.token, "pin": MARIA}

    answer = await retailer.office.put("/v1/staff-pins/maria", body)

    assert _refused(answer) == (400, "invalid")
    assert retailer.staff.token.partition(".")[2] not in answer.text


async def test_a_pin_is_given_on_the_command_line(retailer: Retailer, database_url: str) -> None:
    """It is asked for twice, and shown neither there nor later."""
    made = await retailer.caller("Maria Rossi", "staff", scopes=frozenset({SCOPE}))

    async def command(*arguments: str, typed: str) -> Any:
        return await asyncio.to_thread(
            CliRunner().invoke,
            main,
            ["keys", "pin", *arguments],
            input=typed,
            env={"DATABASE_URL": database_url},
        )

    ran = await command(prefix_of(made), "--code", "maria", typed=f"{MARIA}\n{MARIA}\n")
    unknown = await command("omni_000000000000", "--code", "x", typed=f"{MARIA}\n{MARIA}\n")
    short = await command(prefix_of(made), "--code", "maria", typed="12\n12\n")
    code = await command(prefix_of(made), "--code", "a,b", typed=f"{MARIA}\n{MARIA}\n")

    assert ran.exit_code == 0, ran.output
    assert "Maria Rossi approves as maria." in ran.output
    assert MARIA not in ran.output
    assert [one.exit_code for one in (unknown, short, code)] == [1, 1, 1]
    assert told(await approved(retailer)) == "Maria Rossi"


# What nobody gets to see.


async def test_a_pin_is_kept_as_a_hash_only(retailer: Retailer) -> None:
    await manager(retailer, pin="314159265358")

    async with retailer.process.database.reading() as tx:
        (stored,) = await tx.fetch("select staff_pin::text as whole, pin_hash, salt from staff_pin")
    assert "314159265358" not in stored["whole"]
    assert b"314159265358".hex() not in stored["whole"]
    assert stored["pin_hash"] == channels.hash_pin("314159265358", stored["salt"])


def test_the_hash_of_a_request_knows_nothing_of_the_pin() -> None:
    """It does know who approves, and all the rest: another body under the key is still refused."""
    till = channels.Principal(
        id=UUID(int=1),
        kind="terminal",
        name="till",
        scopes=frozenset(),
        channel="pos",
        locations=frozenset({"S1"}),
    )

    def hashed(percent: int, staff: str | None, pin: str = MARIA) -> bytes:
        approval = None if staff is None else ApprovalRequest(staff=staff, pin=pin)
        data = Discount(percent=percent, approval=approval)
        return key("k", till, "/v1/x", without_pin(data)).request_hash

    assert hashed(10, "maria", MARIA) == hashed(10, "maria", WRONG)
    different = {hashed(10, "maria"), hashed(11, "maria"), hashed(10, "boris"), hashed(10, None)}
    assert len(different) == 4


def test_a_pin_is_in_no_traceback() -> None:
    approval = ApprovalRequest(staff="maria", pin=MARIA)
    discount = Discount(percent=10, approval=approval)
    request = StaffPinRequest(key="omni_0123456789ab", pin=MARIA)

    for shown in (repr(approval), repr(discount), repr(request)):
        assert MARIA not in shown
