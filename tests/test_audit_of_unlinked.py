"""The audit finds what is wrong with returns without a receipt: one fault planted, its checks fail."""

from omniretail import audit
from tests.callers import Retailer, line, order, served
from tests.orders.stepping import findings
from tests.returns.bringing import back, taken, units
from tests.returns.unlinked import PATH, no_receipt, without
from tests.test_audit import _plant

_UNLINKED = "(select id from sales_return where kind = 'unlinked')"
_LINKED = "(select id from sales_return where kind = 'return')"

FAULTS: list[tuple[tuple[str, ...], str, list[str]]] = [
    (
        ("account_balances", "returns"),
        "more was credited for a return than the store credit has",
        [
            (
                "update account_entry set balance_change_minor = balance_change_minor + 1"
                " where type = 'refunded' and return_id is not null"
            )
        ],
    ),
    (
        ("returns",),
        "store credit is of a return that never was",
        [
            (
                "update account_entry set return_id = gen_random_uuid()"
                f" where type = 'issued' and return_id in {_UNLINKED}"
            )
        ],
    ),
    (
        ("returns",),
        "store credit went to another account than the return says",
        [
            (
                "update sales_return set refunds = jsonb_set(refunds, '{0,account_id}',"
                " to_jsonb(gen_random_uuid())) where kind = 'unlinked' and jsonb_array_length(refunds) = 2"
            )
        ],
    ),
    (
        ("returns",),
        "a cent more was given than the account had of it, and than the lines say",
        [
            (
                "update sales_return set refunds = jsonb_set(refunds, '{0,amount_minor}', '2001')"
                " where kind = 'unlinked' and jsonb_array_length(refunds) = 2"
            )
        ],
    ),
    (
        ("returns",),
        "a line was paid back a cent more than its units are worth",
        [
            (
                "update return_line set refunded_minor = refunded_minor + 1"
                f" where refunded_quantity = 2 and return_id in {_UNLINKED}"
            )
        ],
    ),
    (
        ("returns",),
        "a line of it has no price",
        [f"update return_line set unit_minor = null where return_id in {_UNLINKED}"],
    ),
    (
        ("returns",),
        "what went back of a sale as store credit is on no account",
        [f"update account_entry set return_id = null where return_id in {_LINKED}"],
    ),
    (
        ("returns",),
        "components came back for another kit",
        [
            "update stock_movement set kit = 'TRIO' where document_type = 'return' and kit is not null"
        ],
    ),
    (
        ("returns",),
        "components came back for no kit",
        ["update stock_movement set kit = null where document_type = 'return' and kit is not null"],
    ),
    (
        ("levels", "legs", "returns"),
        "a unit more came back than the return says",
        [
            (
                "update stock_movement set quantity = quantity + 1"
                " where type = 'unlinked_return' and sku = 'C'"
            )
        ],
    ),
]


async def _books(retailer: Retailer) -> None:
    """Goods without a receipt, paid in two steps, among them a kit; and a sale paid back as credit."""
    office = retailer.office
    pair = {
        "name": "Pair",
        "components": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}],
    }
    assert (await office.put("/v1/skus/PAIR", pair)).is_success
    await retailer.prices(PAIR=4200)
    at = {"channel": "pos", "location": "S1", "received": True}
    body = no_receipt("ann", without("A", 3), without("C"), **at)
    path = f"/v1/returns/{(await taken(await office.post(PATH, body)))['id']}/refund"
    await taken(await office.post(path, {"lines": [{"line": 1, "quantity": 1}]}), 200)
    await taken(
        await office.post(
            path, {"lines": [{"line": 1, "quantity": 1}, {"line": 2, "quantity": 1}]}
        ),
        200,
    )
    kit = no_receipt("ben", without("PAIR"), refunded=True, **at)
    await taken(await office.post(PATH, kit))

    await retailer.receive("A", S1=2)
    sold = order(served("carry_out", None, line("A", 2)), paid=4000)
    sale = await taken(await retailer.till.post("/v1/orders", sold))
    as_credit = {"refund": {"method": "store_credit"}}
    await taken(await retailer.till.post("/v1/returns", back(sale, units(1), **as_credit)))


async def test_one_fault_fails_its_checks(retailer: Retailer) -> None:
    """Given true books of returns, when one thing in them is made untrue, then its checks say so."""
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
