"""Collecting in a store: ready is not handed over, and only who can prove it takes the goods."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from omniretail import clock, orders, pricing
from omniretail.channels import DEFAULT_SCOPES
from tests.callers import Retailer, euro, line, order, served
from tests.orders.stepping import (
    authorized,
    by,
    change,
    changed,
    code,
    findings,
    handover,
    named,
    placed,
    readiness,
)

TEN = datetime(2026, 11, 20, 10, tzinfo=UTC)
QUARTER_TO_ELEVEN = TEN + timedelta(minutes=45)
ELEVEN = TEN + timedelta(hours=1)
VAT_20 = pricing.TaxRate(
    tax_class="standard", valid_from=datetime(2026, 1, 1, tzinfo=UTC), rate_ppm=200_000
)

PRICE = pricing.NewPrice(
    price_list="retail",
    sku="A",
    amount_minor=2000,
    currency="EUR",
    valid_from=datetime(2026, 1, 1, tzinfo=UTC),
)


async def _at_ten(retailer: Retailer, *, stock: int = 6) -> tuple[str, str]:
    """Two of A at 20.00, paid online at ten, to be collected in S1: (order, fulfillment)."""
    await retailer.receive("A", S1=stock)
    await retailer.define(PRICE)
    shop = await retailer.caller(
        "shop", "channel", channel="web", scopes=DEFAULT_SCOPES["channel"] | {"orders:backdate"}
    )
    wanted = order(served("pickup", "S1", line("A", 2)), paid=4000)
    answer = await shop.post("/v1/orders", wanted | {"placed_at": TEN.isoformat()})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], answer.json()["fulfillments"][0]["id"]


async def _left(retailer: Retailer) -> int:
    """How many movements took goods out of the books."""
    return sum(kind == "handed_over" for kind, _, _ in await retailer.movements("A"))


async def test_click_and_collect_to_the_door(retailer: Retailer) -> None:
    """Given 2 × 20.00 paid at ten, when they are ready, then collected, then stock and money follow."""
    await retailer.define(VAT_20)
    order_id, pickup = await _at_ten(retailer)
    await authorized(retailer, order_id)

    ready = await changed(retailer, readiness(pickup, QUARTER_TO_ELEVEN))

    assert ready.fulfillments[0].state == "ready"
    assert (ready.fulfillment_status, ready.payment_status) == ("ready", "authorized")
    assert ready.captured_minor == 0
    assert ready.fulfillments[0].collect_by == QUARTER_TO_ELEVEN + timedelta(hours=72)
    assert ready.fulfillments[0].remind_at == QUARTER_TO_ELEVEN + timedelta(hours=48)
    assert await retailer.level("A", "S1") == (6, 2, 4)

    left = []
    for minute in range(5):
        at = ELEVEN + timedelta(minutes=minute)
        wrong = await change(retailer, handover(pickup, at, said="0000-0000", name="Ann"))
        assert isinstance(wrong, orders.PickupCodeWrong)
        left.append(wrong.fields["tries_left"])
    assert left == [4, 3, 2, 1, 0]

    fifth = ELEVEN + timedelta(minutes=4)
    until = fifth + timedelta(minutes=15)
    locked = await change(retailer, handover(pickup, until - timedelta(microseconds=1), name="Ann"))
    assert isinstance(locked, orders.PickupLocked)
    assert locked.fields == {"locked_until": until.isoformat()}
    assert await retailer.level("A", "S1") == (6, 2, 4)

    collected = await changed(retailer, handover(pickup, until, name="Ann"))

    assert collected.fulfillments[0].state == "handed_over"
    assert (collected.fulfillment_status, collected.payment_status) == ("done", "paid")
    assert (collected.captured_minor, collected.refunded_minor) == (4000, 0)
    assert [tax.tax_minor for tax in collected.tax] == [667]
    assert await retailer.level("A", "S1") == (4, 0, 4)
    kept = collected.fulfillments[0].pickup
    assert kept is not None
    assert kept.proof == {"name": "Ann", "code": "given"}

    again = await changed(retailer, handover(pickup, until + timedelta(minutes=1), name="Bo"))
    assert again == collected
    assert await retailer.movements("A") == [
        ("received", "S1", 6),
        ("allocated", "S1", 2),
        ("handed_over", "S1", 2),
    ]
    timeline = (await retailer.office.get(f"/v1/orders/{order_id}/timeline")).json()["items"]
    assert [(event["type"], event["occurred_at"]) for event in timeline] == [
        ("placed", "2026-11-20T10:00:00Z"),
        ("ready", "2026-11-20T10:45:00Z"),
        ("handed_over", "2026-11-20T11:19:00Z"),
    ]
    assert timeline[2]["data"]["collected_by"] == "Ann"
    assert timeline[2]["data"]["captured_minor"] == 4000


async def test_a_handover_repeated_with_its_key_or_another_is_one(retailer: Retailer) -> None:
    part = (await placed(retailer, "pickup"))["fulfillments"][0]
    told = (await retailer.staff.ready(part["id"])).json()["pickup_code"]
    path, body = f"/v1/fulfillments/{part['id']}/handover", {"code": told, "name": "Ann"}

    first = await retailer.staff.post(path, body, key="once")
    same = await retailer.staff.post(path, body, key="once")
    other = await retailer.staff.post(path, body, key="twice")
    stranger = await retailer.staff.post(path, {"code": "0000-0000", "name": "Ann"})

    assert [answer.status_code for answer in (first, same, other)] == [200] * 3
    assert first.json() == same.json() == other.json()
    assert (stranger.status_code, stranger.json()["type"]) == (403, "/problems/pickup_code_wrong")
    assert await _left(retailer) == 1


async def test_a_code_as_people_write_it(retailer: Retailer) -> None:
    """Given a code, when it comes in small letters, with spaces, O for 0 and l for 1, then it is right."""
    part = (await placed(retailer, "pickup"))["fulfillments"][0]
    told = (await retailer.staff.ready(part["id"])).json()["pickup_code"]
    typed = f" {told.lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')} "

    answer = await retailer.staff.post(
        f"/v1/fulfillments/{part['id']}/handover", {"code": typed, "name": "Ann"}
    )

    assert answer.status_code == 200, answer.text


def test_a_code_is_eight_letters_that_nobody_misreads() -> None:
    codes = [orders.code_of(b"secret", UUID(int=number)) for number in range(200)]

    assert len(set(codes)) == 200
    assert {(len(told), told[4]) for told in codes} == {(9, "-")}
    assert set("".join(codes)) - {"-"} <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert orders.code_of(b"another", UUID(int=1)) != codes[1]
    assert orders.hash_of(codes[1], UUID(int=1)) != orders.hash_of(codes[1], UUID(int=2))


async def test_a_code_is_kept_nowhere(retailer: Retailer, database_url: str) -> None:
    """Given a pickup that is ready, when all rows of all tables are read, then its code is in none."""
    placed_order = await placed(retailer, "pickup")
    part = placed_order["fulfillments"][0]
    told = (await retailer.staff.ready(part["id"])).json()["pickup_code"]
    wrong = {"code": "WRNG-C0DE", "name": "Ann"}
    await retailer.staff.post(f"/v1/fulfillments/{part['id']}/handover", wrong)
    await retailer.staff.post(
        f"/v1/fulfillments/{part['id']}/handover", {"code": told, "name": "Ann"}
    )

    async with retailer.process.database.transaction() as tx:
        tables = await tx.fetch(
            "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        )
        said = [
            row["said"]
            for table in tables
            for row in await tx.fetch(f"select t::text as said from {table['relname']} as t")
        ]
    hashed = orders.hash_of(told, UUID(part["id"]))
    assert len(said) > 20
    for secret in (told, told.replace("-", ""), "WRNG-C0DE"):
        assert [row for row in said if secret in row] == []
    assert [row for row in said if part["id"] in row and hashed in row]


async def test_the_code_is_told_again(retailer: Retailer) -> None:
    """Given a pickup that is ready, when till or shop ask again, then it is the same code."""
    part = (await placed(retailer, "pickup"))["fulfillments"][0]
    path = f"/v1/fulfillments/{part['id']}"
    early = await retailer.web.get(f"{path}/pickup-code")
    first = await retailer.staff.post(f"{path}/readiness", {}, key="ready")
    # A newer key signs what is made ready from now on.
    await retailer.process.database.run(lambda tx: pricing.rotate_signing_key(tx, now=clock.now()))
    again = await retailer.staff.post(f"{path}/readiness", {}, key="ready")
    asked = await retailer.web.get(f"{path}/pickup-code")
    till = await retailer.staff.get(f"{path}/pickup-code")
    other = await retailer.caller("other", "channel", channel="pos")
    stranger = await other.get(f"{path}/pickup-code")

    assert (early.status_code, early.json()["type"]) == (409, "/problems/transition_refused")
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    told = first.json()["pickup_code"]
    assert asked.json() == {
        "fulfillment_id": part["id"],
        "pickup_code": told,
        "collect_by": first.json()["order"]["fulfillments"][0]["pickup"]["collect_by"],
    }
    assert (till.status_code, stranger.status_code) == (403, 404)
    taken = await retailer.staff.post(f"{path}/handover", {"code": told, "name": "Ann"})
    assert taken.status_code == 200


async def test_without_the_code_by_permission_name_and_signature(retailer: Retailer) -> None:
    part = (await placed(retailer, "pickup"))["fulfillments"][0]
    path = f"/v1/fulfillments/{part['id']}/handover"
    await retailer.staff.ready(part["id"])
    manager = await retailer.caller(
        "manager",
        "staff",
        locations=frozenset({"S1"}),
        scopes=DEFAULT_SCOPES["staff"] | {"pickups:without_code"},
    )
    signed = {"name": "Ann", "signature_reference": "scan-17"}

    clerk = await retailer.staff.post(path, signed)
    refused = [
        await manager.post(path, body)
        for body in ({}, {"name": "Ann"}, {"signature_reference": "x"})
    ]
    wrong = await manager.post(path, signed | {"code": "0000-0000"})
    given = await manager.post(path, signed)

    assert (clerk.status_code, clerk.json()["type"]) == (403, "/problems/code_needed")
    for answer in refused:
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/proof_missing")
    assert (wrong.status_code, wrong.json()["tries_left"]) == (403, 4)
    assert given.status_code == 200, given.text
    assert given.json()["fulfillments"][0]["pickup"]["proof"] == signed


async def test_somebody_else_collects(retailer: Retailer) -> None:
    """Given a pickup, when the customer names a friend before and after it is ready, then both stand."""
    placed_order = await placed(retailer, "pickup")
    pickup = placed_order["fulfillments"][0]["id"]
    path = f"/v1/fulfillments/{pickup}/collector"

    early = await retailer.web.post(path, {"name": "Bo"})
    ready = await retailer.staff.ready(pickup)
    late = await retailer.web.post(path, {"name": "Cy"})
    taken = await retailer.staff.collect(pickup, name="Cy")
    after = await retailer.web.post(path, {"name": "Di"})

    assert early.json()["fulfillments"][0]["pickup"]["collector"] == "Bo"
    kept = ready.json()["order"]["fulfillments"][0]["pickup"]
    assert (kept["collector"], kept["ready_at"] is None) == ("Bo", False)
    assert late.json()["fulfillments"][0]["pickup"]["collector"] == "Cy"
    proof = taken.json()["fulfillments"][0]["pickup"]["proof"]
    assert proof == {"name": "Cy", "code": "given"}
    assert (after.status_code, after.json()["step"]) == (409, "collector")
    told = (await retailer.web.get(f"/v1/orders/{placed_order['id']}/timeline")).json()["items"]
    assert [event["data"].get("collector") for event in told] == [None, "Bo", None, "Cy", None]


async def test_the_customer_waits_outside(retailer: Retailer) -> None:
    placed_order = await placed(retailer, "pickup")
    pickup = placed_order["fulfillments"][0]["id"]
    path = f"/v1/fulfillments/{pickup}/curbside"

    early = await retailer.web.post(path, {"spot": "bay 4"})
    await retailer.staff.ready(pickup)
    here = await retailer.web.post(path, {"spot": "bay 4"})
    queue = await retailer.staff.get("/v1/fulfillments", location="S1", state="ready")

    assert (early.status_code, early.json()["step"]) == (409, "curbside")
    assert here.json()["fulfillments"][0]["pickup"]["spot"] == "bay 4"
    (waiting,) = queue.json()["items"]
    assert waiting["fulfillment"]["pickup"]["waiting_since"] is not None
    assert (waiting["order_number"], waiting["channel"]) == (placed_order["number"], "web")


async def test_too_late_unless_the_deadline_is_moved(retailer: Retailer) -> None:
    """Given goods kept for three days, when they are over, then only a later deadline helps."""
    _, pickup = await _at_ten(retailer)
    ready = await changed(retailer, readiness(pickup, QUARTER_TO_ELEVEN))
    end = ready.fulfillments[0].collect_by
    assert end is not None
    moment = timedelta(microseconds=1)

    late = await change(retailer, handover(pickup, end + moment, name="Ann"))
    guess = await change(retailer, handover(pickup, end + moment, said="0000-0000"))
    until = end + timedelta(days=2)
    moved = await changed(
        retailer,
        orders.ChangePickup(**by(pickup, end + moment), step="deadline", collect_by=until),
    )
    early = await change(retailer, orders.NoShow(**by(pickup, until - moment)))
    taken = await changed(retailer, handover(pickup, until, name="Ann"))

    assert isinstance(late, orders.PickupExpired)
    assert late.fields == {"collect_by": end.isoformat()}
    assert isinstance(guess, orders.PickupExpired)
    assert moved.fulfillments[0].collect_by == until
    assert isinstance(early, orders.NotYetExpired)
    assert taken.fulfillments[0].state == "handed_over"
    assert taken.fulfillments[0].collect_by is None


async def test_a_deadline_moved_once_was_moved_also_when_it_is_over(retailer: Retailer) -> None:
    """Given a deadline moved, when it is repeated after that, then the answer is the first one."""
    _, pickup = await _at_ten(retailer)
    await changed(retailer, readiness(pickup, QUARTER_TO_ELEVEN))
    until = ELEVEN + timedelta(days=5)
    command = orders.ChangePickup(**by(pickup, ELEVEN), step="deadline", collect_by=until)

    first = await changed(retailer, command)
    again = await changed(retailer, command, now=until + timedelta(days=1))

    assert first == again
    assert first.fulfillments[0].collect_by == until


async def test_a_deadline_is_to_come(retailer: Retailer) -> None:
    part = (await placed(retailer, "pickup"))["fulfillments"][0]
    await retailer.staff.ready(part["id"])
    path = f"/v1/fulfillments/{part['id']}/deadline"

    for at in (
        (clock.now() - timedelta(seconds=1)).isoformat(),
        (clock.now() + timedelta(days=367)).isoformat(),
        *("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"),
    ):
        refused = await retailer.staff.post(path, {"collect_by": at})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/collect_by")
    until = (clock.now() + timedelta(days=30)).replace(microsecond=0)
    moved = await retailer.staff.post(path, {"collect_by": until.isoformat()})

    kept = moved.json()["fulfillments"][0]["pickup"]["collect_by"]
    assert datetime.fromisoformat(kept) == until


async def test_nobody_comes(retailer: Retailer) -> None:
    """Given one of two collected, when nobody comes for the other, then it goes back on the shelf."""
    order_id, pickup = await _at_ten(retailer)
    await authorized(retailer, order_id)
    await changed(retailer, readiness(pickup, QUARTER_TO_ELEVEN))
    one = await changed(retailer, handover(pickup, ELEVEN, name="Ann", quantities={1: 1}))
    assert (one.fulfillments[0].state, one.captured_minor) == ("ready", 2000)

    over = await changed(retailer, orders.NoShow(**by(pickup, ELEVEN + timedelta(days=4))))

    assert over.fulfillments[0].state == "handed_over"
    assert (over.fulfillment_status, over.captured_minor, over.voided_minor) == ("done", 2000, 2000)
    assert over.refunded_minor == 0
    assert await retailer.level("A", "S1") == (5, 0, 5)


async def test_nobody_comes_for_anything(retailer: Retailer) -> None:
    order_id, pickup = await _at_ten(retailer)
    await changed(retailer, readiness(pickup, QUARTER_TO_ELEVEN))

    over = await changed(retailer, orders.NoShow(**by(pickup, ELEVEN + timedelta(days=4))))

    assert over.fulfillments[0].state == "no_show"
    assert (over.fulfillment_status, over.payment_status) == ("cancelled", "refunded")
    assert over.refunded_minor == 4000
    assert await retailer.level("A", "S1") == (6, 0, 6)
    assert [kind for kind, _, _ in await retailer.movements("A")][-1] == "released"
    told = (await retailer.office.get(f"/v1/orders/{order_id}")).json()
    assert told["fulfillments"][0]["pickup"]["collect_by"] is None


async def test_part_now_the_rest_later(retailer: Retailer) -> None:
    """Given 3 ready, when 1 is taken, 1 cancelled and 1 taken, then each is paid as it goes."""
    placed_order = await placed(retailer, "pickup", units=3)
    order_id, pickup = placed_order["id"], placed_order["fulfillments"][0]["id"]
    await authorized(retailer, order_id)
    first = (await retailer.staff.collect(pickup, lines=[{"line": 1, "quantity": 1}])).json()
    body = {"reason": "one too many", "lines": [{"line": 1, "quantity": 1}]}
    second = (await retailer.web.post(f"/v1/orders/{order_id}/cancellation", body)).json()
    last = (await retailer.staff.collect(pickup, name="Ann")).json()

    def said(told: dict[str, Any]) -> tuple[str, str, dict[str, Any], dict[str, Any]]:
        tender = told["tenders"][0]
        state = told["fulfillments"][0]["state"]
        return state, told["fulfillment_status"], tender["captured"], tender["voided"]

    assert said(first) == ("ready", "part", euro(2000), euro(0))
    assert said(second) == ("ready", "part", euro(2000), euro(2000))
    assert said(last) == ("handed_over", "done", euro(4000), euro(2000))
    assert last["payment_status"] == "partly_refunded"
    assert await retailer.level("A", "S1") == (1, 0, 1)
    assert await _left(retailer) == 2


async def test_partly_refunded_it_is_still_collected(retailer: Retailer) -> None:
    """Given 2 paid and ready, when 1 is cancelled, then its money goes back and the other is collected."""
    order_id, pickup = await _at_ten(retailer)
    await changed(retailer, readiness(pickup, QUARTER_TO_ELEVEN))
    cancel = orders.Cancel(
        key=named(),
        principal=by(pickup, ELEVEN)["principal"],
        order_id=UUID(order_id),
        reason="one is enough",
        quantities={1: 1},
        occurred_at=ELEVEN,
    )
    less = await changed(retailer, cancel)
    taken = await changed(retailer, handover(pickup, ELEVEN, name="Ann"))

    assert (less.fulfillments[0].state, less.payment_status) == ("ready", "partly_refunded")
    assert less.refunded_minor == 2000
    assert (taken.fulfillments[0].state, taken.refunded_minor) == ("handed_over", 2000)
    assert await retailer.level("A", "S1") == (5, 0, 5)
    assert await findings(retailer) == []


async def test_it_is_handed_over_where_it_is(retailer: Retailer) -> None:
    """Given a pickup in S1, when staff of S2 try, then it is as if there were none."""
    part = (await placed(retailer, "pickup"))["fulfillments"][0]
    there = await retailer.caller("there", "staff", locations=frozenset({"S2"}))
    await retailer.staff.ready(part["id"])

    for step, body in (
        ("handover", {"code": code(part["id"])}),
        ("readiness", {}),
        ("deadline", {"collect_by": (clock.now() + timedelta(days=1)).isoformat()}),
    ):
        answer = await there.post(f"/v1/fulfillments/{part['id']}/{step}", body)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown_fulfillment")


async def test_a_wrong_code_counts_also_beside_others(retailer: Retailer) -> None:
    """Given six tries in one batch, when five are wrong, then the sixth finds it locked, though right."""
    _, pickup = await _at_ten(retailer)
    await changed(retailer, readiness(pickup, QUARTER_TO_ELEVEN))
    tries = [handover(pickup, ELEVEN, said="0000-0000") for _ in range(5)]

    outcomes = await retailer.process.ledger.run(
        lambda tx: orders.change(tx, [*tries, handover(pickup, ELEVEN)], now=ELEVEN)
    )

    assert [type(outcome) for outcome in outcomes] == [
        *[orders.PickupCodeWrong] * 5,
        orders.PickupLocked,
    ]
    # What was locked once may be tried five times again.
    later = ELEVEN + timedelta(minutes=15)
    wrong = await change(retailer, handover(pickup, later, said="0000-0000"))
    assert isinstance(wrong, orders.PickupCodeWrong)
    assert wrong.fields["tries_left"] == 4
