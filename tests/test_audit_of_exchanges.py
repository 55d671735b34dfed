"""The audit finds what is wrong with exchanges: one fault is planted, and its checks fail."""

from tests.callers import Retailer, line, served
from tests.orders.stepping import findings
from tests.returns.bringing import carried_out, taken, units
from tests.test_audit import _plant

FAULTS: list[tuple[tuple[str, ...], str, list[str]]] = [
    (
        ("exchanges",),
        "the units paid for more than they were worth",
        [
            (
                """update sales_return set exchange = exchange || '{"paid_minor": 4001}'"""
                " where exchange ->> 'refunded_minor' = '0'"
            )
        ],
    ),
    (
        ("exchanges",),
        "what came in was paid twice",
        ["""update sales_return set exchange = exchange || '{"charged_minor": 1}'"""],
    ),
    (
        ("exchanges",),
        "what came in costs another amount",
        [
            """update sales_return set exchange = exchange || '{"added_minor": 1, "paid_minor": 1}'"""
        ],
    ),
    (
        ("exchanges",),
        "what came in is on no line",
        ["""update sales_return set exchange = exchange || '{"lines": []}'"""],
    ),
    (
        ("exchanges",),
        "more went back than the units were worth more",
        [
            (
                """update sales_return set refunds = '[{"amount_minor": 3501}]'"""
                " where exchange ->> 'refunded_minor' <> '0'"
            )
        ],
    ),
    (
        ("exchanges",),
        "nobody knows what came in",
        ["update sales_return set exchange = null"],
    ),
    (
        ("exchanges",),
        "something came in for a mere return",
        ["update sales_return set kind = 'return'"],
    ),
    (
        ("tenders", "refunds", "exchanges"),
        "the order knows of nothing that was exchanged",
        ["update sales_order set exchanged_minor = 0"],
    ),
]


async def _books(retailer: Retailer) -> None:
    """A kit is exchanged for B, which is cheaper, and one for another kit, and one A for that again."""
    kit = {
        "name": "Pack",
        "components": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}],
    }
    assert (await retailer.office.put("/v1/skus/PACK", kit)).is_success
    await retailer.prices(PACK=4000)
    await retailer.receive("A", S1=9)
    await retailer.receive("B", S1=9)
    for takes, paid in (("B", 0), ("A", 0), ("PACK", 0)):
        sale = await carried_out(retailer, line("PACK", 1), paid=4000)
        body = {"order": sale["id"], "lines": [units(1)]}
        add = [served("carry_out", None, line(takes, 2 if takes == "A" else 1))]
        made = await taken(await retailer.till.post("/v1/exchanges", body | {"add": add}))
        assert made["exchange"]["charge"]["amount"] == paid
        if takes == "PACK":
            again = {"order": sale["id"], "lines": [units(2)], "add": add}
            await taken(await retailer.till.post("/v1/exchanges", again))


async def test_one_fault_fails_its_checks(retailer: Retailer) -> None:
    """Given true books with exchanges, when one thing is made untrue, then its checks say so."""
    await _books(retailer)
    before = await findings(retailer)

    found = {
        fault: tuple(await _plant(retailer.process.database, statements))
        for _, fault, statements in FAULTS
    }

    assert before == []
    assert found == {fault: checks for checks, fault, _ in FAULTS}
