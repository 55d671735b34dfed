"""The audit finds what it is there for: one fault is planted in true books, and one check fails."""

from contextlib import suppress
from typing import Any

from omniretail import audit
from omniretail.db import Database
from tests.callers import Retailer, euro, line, order, served

_MOVE = (
    "insert into stock_movement (id, recorded_at, occurred_at, type, sku, location, from_state, "
    "to_state, quantity, document_type, document_id, actor_id, idempotency_key, serials) "
    "values (gen_random_uuid(), now(), now(), '{type}', '{sku}', 'S1', '{here}', '{there}', 1, "
    "'test', gen_random_uuid(), gen_random_uuid(), 'key', {serials})"
)
_ON_HAND = "update stock_level set on_hand = on_hand + {n} where sku = '{sku}' and location = 'S1'"


def _move(sku: str, kind: str, here: str, there: str, serials: str = "null") -> str:
    return _MOVE.format(sku=sku, type=kind, here=here, there=there, serials=serials)


def _on_hand(sku: str, n: int) -> str:
    return _ON_HAND.format(sku=sku, n=n)


FAULTS: list[tuple[str, str, list[str]]] = [
    (
        "levels",
        "more is damaged than was set aside",
        ["update stock_level set damaged = damaged + 1 where sku = 'A'"],
    ),
    (
        "legs",
        "goods left to nowhere",
        [
            "alter table stock_movement drop constraint stock_movement_states_known",
            _move("C", "adjusted", "available", "nowhere"),
            _on_hand("C", -1),
        ],
    ),
    (
        "held",
        "more is held than holds say",
        ["update stock_level set held = held + 1 where sku = 'A'"],
    ),
    ("held", "a released hold still holds", ["update hold set released_at = now()"]),
    ("held", "the lines of a hold have no hold", ["delete from hold"]),
    ("lots", "a lot has one more", ["update stock_lot set on_hand = on_hand + 1"]),
    (
        "lots",
        "goods came without their lot",
        [_move("MILK", "received", "supplier", "available"), _on_hand("MILK", 1)],
    ),
    (
        "serials",
        "a unit that is there is said to be gone",
        ["update stock_serial set state = 'gone', location = null where serial = 's-1'"],
    ),
    (
        "serials",
        "a unit that left is said to be there",
        ["update stock_serial set state = 'on_hand', location = 'S1' where serial = 's-2'"],
    ),
    (
        "serials",
        "a unit left twice",
        [
            _move("PHONE", "sold", "available", "customer", "array['s-2']"),
            _on_hand("PHONE", -1),
        ],
    ),
    ("serials", "a unit came from nowhere", ["delete from stock_serial where serial = 's-1'"]),
    (
        "kits",
        "components left for a kit nobody ordered",
        ["update stock_movement set kit = 'OTHER' where kit is not null"],
    ),
    (
        "kits",
        "a hold has too few components of a kit",
        [
            "update hold_line set quantity = quantity - 1 where sku = 'A'",
            "update stock_level set held = held - 1 where sku = 'A'",
        ],
    ),
    ("counts", "a variance is not what moved", ["update stock_count set variance = variance + 1"]),
    ("counts", "another figure was counted", ["update stock_count set quantity = quantity + 1"]),
    (
        "counts",
        "a sale before the count was not taken back",
        [
            _move("B", "sold", "available", "customer").replace("now(), now()", "now(), 'epoch'"),
            _on_hand("B", -1),
        ],
    ),
    (
        "shortages",
        "a case was closed that its level still names",
        ["update shortage set closed_at = now(), closed_by = gen_random_uuid()"],
    ),
    (
        "shortages",
        "a level owes what it has not, and nobody knows",
        [
            "delete from shortage",
            "update stock_level set shortage_id = null",
            "update stock_movement set shortage_id = null",
        ],
    ),
    ("shortages", "a level does not name its case", ["update shortage set sku = 'B'"]),
    (
        "in_transit",
        "goods left on a transfer that does not exist",
        [_move("A", "transfer_shipped", "available", "in_transit"), _on_hand("A", -1)],
    ),
    ("costs", "an average does not follow", ["update stock_cost set average = average + 0.00001"]),
    (
        "costs",
        "a cost is not of its receipt",
        ["update stock_cost set movement_id = gen_random_uuid() where quantity = 1"],
    ),
    (
        "allocations",
        "something is promised to no order",
        [
            _move("A", "allocated", "available", "allocated"),
            "update stock_level set allocated = allocated + 1 where sku = 'A'",
        ],
    ),
    (
        "order_totals",
        "an order costs more than its lines",
        [
            "update sales_order set total_minor = total_minor + 1",
            "update tender set amount_minor = amount_minor + 1",
        ],
    ),
    (
        "line_prices",
        "a line costs more than its units",
        ["update order_line set unit_price_minor = 1 where cancelled_quantity = 0"],
    ),
    ("tenders", "a payment is too large", ["update tender set amount_minor = amount_minor + 1"]),
    ("refunds", "too much went back", ["update refund set amount_minor = amount_minor + 1"]),
    (
        "order_movements",
        "goods were promised to an order that does not exist",
        ["update stock_movement set document_id = id where type = 'allocated' and kit is null"],
    ),
    (
        "fulfillment_states",
        "what is open is said to be over",
        ["update fulfillment set state = 'cancelled' where state = 'allocated'"],
    ),
    (
        "order_parts",
        "a payment has no order",
        ["insert into tender values (gen_random_uuid(), 1, 'cash', 1, null)"],
    ),
    ("event_sequences", "an event is missing", ["delete from event where type = 'cancelled'"]),
    (
        "idempotency_keys",
        "one key placed every order",
        ["update sales_order set idempotency_key = 'the-same'"],
    ),
]


async def _books(retailer: Retailer) -> None:
    """Fill every ledger with something: all of it is true."""
    office = retailer.office

    async def put(sku: str, **more: Any) -> None:
        assert (await office.put(f"/v1/skus/{sku}", {"name": sku, **more})).is_success

    async def post(path: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
        answer = await office.post(path, {"lines": list(lines), **more})
        assert answer.is_success, answer.text
        assert "refused" not in answer.text, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def at(sku: str, quantity: int, **more: Any) -> dict[str, Any]:
        return {"sku": sku, "location": "S1", "quantity": quantity, **more}

    await put("MILK", tracking="lot")
    await put("PHONE", tracking="serial")
    await put("PACK", components=[{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}])
    await retailer.prices(MILK=100, PHONE=90_000, PACK=4000)
    cost = {"currency": "EUR"}
    await post(
        "/v1/stock/receipts",
        at("A", 20, unit_cost=cost | {"amount": "1000"}),
        at("B", 20),
        at("C", 3),
        at("A", 1, unit_cost=cost | {"amount": "1500.5"}),
        at("MILK", 5, lot="L1", expires_on="2099-01-01"),
        at("PHONE", 2, serials=["s-1", "s-2"]),
    )
    await post("/v1/stock/set-asides", at("A", 2, to_state="damaged", reason="damaged"))
    await post("/v1/stock/counts", at("B", 19), at("MILK", 4, lot="L1"))
    await post("/v1/holds", at("PACK", 2))
    carried = served("carry_out", "S1", line("MILK", 1), line("PHONE", 1, serials=["s-2"]))
    for wanted, paid in (
        (served("pickup", "S1", line("A", 2)), 4000),
        (served("ship", "S1", line("PACK", 1)), 4000),
        (carried, 90_100),
        (served("pickup", "S1", line("C", 3)), 297),
    ):
        placed = await office.post("/v1/orders", order(wanted, paid=paid) | {"channel": "web"})
        assert placed.status_code == 201, placed.text
        if paid == 297:
            path = f"/v1/orders/{placed.json()['id']}/cancellation"
            lines = [{"line": 1, "quantity": 1}]
            assert (await office.post(path, {"reason": "no", "lines": lines})).is_success
    # Two of C are owed, and only one is there.
    stolen = {"sku": "C", "location": "S1", "change": -2, "reason": "theft"}
    await post("/v1/stock/adjustments", stolen)
    assert euro(99) == placed.json()["fulfillments"][0]["lines"][0]["unit_price"]


class _Planted(Exception):
    """Ends the transaction of a fault, which goes with it."""


async def _plant(database: Database, statements: list[str]) -> list[str]:
    """Return the checks that fail with a fault planted; it goes with its transaction."""
    failed: list[str] = []
    with suppress(_Planted):
        async with database.transaction() as tx:
            for statement in statements:
                assert await tx.execute(statement) or statement.startswith("alter"), statement
            failed += [found.check for found in await audit.audit(tx) if not found.holds]
            raise _Planted
    return failed


async def test_one_fault_fails_one_check(retailer: Retailer) -> None:
    """Given true books, when one thing in them is made untrue, then exactly its check says so."""
    await _books(retailer)
    async with retailer.process.database.transaction(snapshot=True) as tx:
        before = await audit.audit(tx)

    found = {
        fault: await _plant(retailer.process.database, statements)
        for _, fault, statements in FAULTS
    }

    assert [finding for finding in before if not finding.holds] == []
    assert found == {fault: [check] for check, fault, _ in FAULTS}


def test_every_check_is_seen_to_fail() -> None:
    assert {check for check, _, _ in FAULTS} == {check.name for check in audit.CHECKS}
