"""The audit finds what is wrong with orders on their way: one fault is planted, and its checks fail."""

from uuid import UUID

from omniretail import audit
from tests.callers import Retailer, line, order, served
from tests.orders.stepping import authorized, findings, placed
from tests.orders.test_machine import walked
from tests.test_audit import _plant

_ON_THE_WAY = "(select id from fulfillment where kind = 'ship_to_store' and state = 'in_transit')"

FAULTS: list[tuple[tuple[str, ...], str, list[str]]] = [
    (
        ("fulfillment_states",),
        "what has left is said to be packed",
        ["update fulfillment set state = 'packed' where state = 'delivered'"],
    ),
    (
        ("fulfillment_states",),
        "what is open is said to be on its way to the customer",
        ["update fulfillment set state = 'shipped' where kind = 'ship' and state = 'picking'"],
    ),
    (
        ("fulfillment_states",),
        "what nobody collected is said to be handed over",
        ["update fulfillment set state = 'handed_over' where state = 'no_show'"],
    ),
    (
        ("fulfillment_states",),
        "it waits for its customer forever",
        ["update fulfillment set collect_by = null where state = 'ready'"],
    ),
    (
        ("fulfillment_states",),
        "it has a deadline before it is ready",
        ["update fulfillment set collect_by = now() where state = 'picking'"],
    ),
    (
        ("fulfillment_states",),
        "a parcel has a unit more than left",
        ["""update parcel set lines = '{"1": 2}' where number = 2"""],
    ),
    (
        ("fulfillment_states",),
        "a parcel is missing",
        ["delete from parcel where number = 2"],
    ),
    (
        ("fulfillment_states",),
        "a parcel has a line that the order has not",
        ["""update parcel set lines = lines || '{"9": 1}' where number = 2"""],
    ),
    (
        ("tenders",),
        "what was captured is not told",
        ["delete from capture where captured_minor > 0"],
    ),
    (
        ("tenders",),
        "a cent more was captured than was promised",
        ["update capture set captured_minor = captured_minor + 1 where captured_minor > 0"],
    ),
    (
        ("tenders",),
        "more was let go than the tender says",
        ["update capture set voided_minor = voided_minor + 1 where voided_minor > 0"],
    ),
    (
        ("tenders",),
        "what is promised still was taken",
        ["update tender set uncaptured_minor = uncaptured_minor - 1 where uncaptured_minor > 0"],
    ),
    (
        ("refunds",),
        "more was let go than the order costs less",
        [
            (
                "update tender set voided_minor = voided_minor + 1,"
                " uncaptured_minor = uncaptured_minor - 1 where voided_minor > 0"
            ),
            "update capture set voided_minor = voided_minor + 1 where voided_minor > 0",
        ],
    ),
    (
        ("tenders",),
        "an edit paid with what no tender had paid",
        [
            (
                "update sales_order set exchanged_minor = 100"
                " where id in (select order_id from fulfillment where state = 'no_show')"
            ),
            "update refund set amount_minor = amount_minor - 100",
        ],
    ),
    (
        ("refunds",),
        "an edit paid with what it had not taken off",
        [
            (
                "update sales_order set exchanged_minor = 100"
                " where id in (select order_id from fulfillment where state = 'ready')"
            ),
            (
                "update tender set amount_minor = amount_minor - 100"
                " where order_id in (select order_id from fulfillment where state = 'ready')"
            ),
        ],
    ),
    (
        ("order_movements",),
        "a location rejected what it was never promised",
        ["update rejection set quantity = quantity + 1"],
    ),
    (
        ("order_movements",),
        "what was promised and let go was never rejected",
        ["delete from rejection"],
    ),
    (
        ("order_movements",),
        "what is on its way to a store left for another order",
        ["update stock_movement set document_id = id where type = 'store_shipped'"],
    ),
    (
        ("allocations", "order_movements"),
        "what is promised where it stands is said to be on its way",
        [
            (
                "update fulfillment set state = 'in_transit'"
                " where kind = 'ship_to_store' and state = 'allocated'"
            )
        ],
    ),
    (
        ("allocations", "order_movements"),
        "what is on its way is said to stand where it was",
        [f"update fulfillment set state = 'packed' where id in {_ON_THE_WAY}"],
    ),
    (
        ("allocations", "order_movements"),
        "what was rejected is said to be promised",
        ["update fulfillment set state = 'allocated' where state = 'rejected'"],
    ),
    (
        ("fulfillment_states", "order_parts"),
        "a parcel belongs to no fulfillment",
        ["update parcel set fulfillment_id = gen_random_uuid()"],
    ),
    (
        ("order_parts",),
        "a capture is of no tender",
        ["insert into capture values (gen_random_uuid(), 1, 2, 100, 0, now())"],
    ),
    (
        ("order_parts",),
        "a rejection is of no fulfillment",
        ["update rejection set fulfillment_id = gen_random_uuid()"],
    ),
    (
        ("order_parts",),
        "staff must look after no order",
        [
            (
                "insert into order_exception (id, order_id, kind, detail, opened_at)"
                " values (gen_random_uuid(), gen_random_uuid(), 'not_sourced', '{}', now())"
            )
        ],
    ),
    (
        ("order_parts",),
        "a line is part of one that does not exist",
        ["update order_line set part_of = 99 where part_of is not null"],
    ),
    (
        ("allocations", "order_movements", "order_parts"),
        "a part of a line is of another SKU",
        ["update order_line set sku = 'B' where part_of is not null"],
    ),
    (
        ("taxes",),
        "a part of a line bears tax that the whole does not",
        ["update order_line set tax_minor = 1 where part_of is not null"],
    ),
]


async def _books(retailer: Retailer) -> None:
    """Orders of every kind in many states; one paid as it leaves, in parts, and one that is divided."""
    for kind, state in (
        *(("ship", "picking"), ("ship", "delivered"), ("pickup", "ready"), ("pickup", "no_show")),
        *(("pickup", "rejected"), ("ship_to_store", "allocated"), ("ship_to_store", "in_transit")),
        *(("ship_to_store", "handed_over"), ("carry_out", "handed_over")),
    ):
        await walked(retailer, kind, state)
    await _in_parcels(retailer)
    await _divided(retailer)


async def _in_parcels(retailer: Retailer) -> None:
    """Of 4 × 20.00 promised, 1 and 1 leave, 1 is cancelled, 1 is still to go."""
    bought = await placed(retailer, "ship", units=4)
    await authorized(retailer, bought["id"])
    path = f"/v1/fulfillments/{bought['fulfillments'][0]['id']}/shipment"
    one = {"lines": [{"line": 1, "quantity": 1}]}
    for _ in range(2):
        assert (await retailer.office.post(path, one)).is_success
    path = f"/v1/orders/{bought['id']}/cancellation"
    answer = await retailer.web.post(path, {"reason": "one less", **one})
    assert answer.is_success, answer.text


async def _divided(retailer: Retailer) -> None:
    """Two of A on one line, as two lines of one each."""
    await retailer.receive("A", S3=2)
    wanted = order(served("pickup", "S3", line("A", 2)), paid=4000)
    bought = (await retailer.web.post("/v1/orders", wanted)).json()
    async with retailer.process.database.transaction() as tx:
        await tx.execute(
            "update order_line set quantity = 1, total_minor = 2000 where order_id = $1",
            UUID(bought["id"]),
        )
        await tx.execute(
            "insert into order_line select (whole).* from (select jsonb_populate_record(line,"
            ' \'{"line_number": 2, "part_of": 1}\') as whole from order_line as line'
            " where order_id = $1) as divided",
            UUID(bought["id"]),
        )


async def test_one_fault_fails_its_checks(retailer: Retailer) -> None:
    """Given true books of orders on their way, when one thing is made untrue, then its checks say so."""
    await _books(retailer)
    before = await findings(retailer)

    found = {
        fault: tuple(await _plant(retailer.process.database, statements))
        for _, fault, statements in FAULTS
    }

    assert before == []
    assert found == {fault: checks for checks, fault, _ in FAULTS}


def test_the_checks_exist() -> None:
    known = {check.name for check in audit.CHECKS}
    assert {check for checks, _, _ in FAULTS for check in checks} <= known
