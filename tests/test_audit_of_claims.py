"""The audit finds what is wrong with returns and claims: one fault is planted, and its checks fail."""

from typing import Any

from omniretail import audit
from tests.callers import Retailer, line
from tests.orders.stepping import findings
from tests.returns.bringing import back, carried_out, shipped, taken, units
from tests.returns.test_claims import REFUND, bad, claim, others
from tests.test_audit import ELSEWHERE, _json, _plant

_OPEN = "(select id from claim where approved_at is null and denied_at is null)"
_DENIED = "(select id from claim where denied_at is not null)"
_REFUND = "(select id from claim where resolution = 'refund' and return_id is null)"
_REPLACED = "(select id from claim where resolution = 'replacement')"
_AWAITED = "(select return_id from claim where return_id is not null)"


def _paid_back(more: int) -> str:
    return _json("claim", "refund", "{amount_minor}", more) + f" and id in {_REFUND}"


FAULTS: list[tuple[tuple[str, ...], str, list[str]]] = [
    (
        ("returns",),
        "units are in a return that the line knows nothing of",
        [f"update return_line set quantity = quantity + 1 where return_id not in {_AWAITED}"],
    ),
    (
        ("returns",),
        "a claim has another unit than the line says",
        [f"update claim_line set quantity = quantity + 1 where claim_id in {_OPEN}"],
    ),
    (
        ("returns",),
        "units are claimed by nobody",
        [
            f"delete from claim_line where claim_id in {_OPEN} and number = 2",
        ],
    ),
    (
        ("returns",),
        "a denied claim keeps its units",
        [
            (
                "update claim set denied_at = null, denied_by = null, denial_reason = null"
                " where denied_at is not null"
            )
        ],
    ),
    (
        ("returns",),
        "an open claim is denied, and its units are not free",
        [
            (
                "update claim set denied_at = now(), denied_by = opened_by, denial_reason = 'no'"
                f" where id in {_OPEN}"
            )
        ],
    ),
    (
        ("returns",),
        "what a claim wants is another SKU",
        [f"update claim_line set sku = 'B' where claim_id in {_OPEN} and number = 1"],
    ),
    (
        ("returns", "event_sequences"),
        "lines of a return that does not exist",
        [
            f"delete from sales_return where id not in {_AWAITED}",
        ],
    ),
    (
        ("claims", "returns", "event_sequences"),
        "lines of a claim that does not exist",
        [f"delete from claim where id in {_OPEN}"],
    ),
    (
        ("claims",),
        "a claim of nothing",
        [f"delete from claim_line where claim_id in {_DENIED}"],
    ),
    (
        ("claims",),
        "a claim paid back a cent more than its units came to",
        [
            _paid_back(1),
        ],
    ),
    (
        ("claims",),
        "units came to more than their share",
        [
            f"update claim_line set worth_minor = worth_minor + 1 where claim_id in {_REFUND}",
            _paid_back(1),
        ],
    ),
    (
        ("claims",),
        "units came to less than their share",
        [
            f"update claim_line set worth_minor = worth_minor - 1 where claim_id in {_REFUND}",
            _paid_back(-1),
        ],
    ),
    (
        ("claims",),
        "there is more tax in it than money",
        [f"update claim_line set worth_tax_minor = worth_minor + 1 where claim_id in {_REFUND}"],
    ),
    (
        ("returns", "claims"),
        "a return awaits what was not claimed",
        [f"update return_line set quantity = quantity + 1 where return_id in {_AWAITED}"],
    ),
    (
        ("claims",),
        "what was replaced is told to be replaced by itself",
        [f"update claim_line set replaced_by = order_line where claim_id in {_REPLACED}"],
    ),
    (
        ("claims",),
        "what was replaced is replaced by nothing",
        [f"update claim_line set replaced_by = 9 where claim_id in {_REPLACED}"],
    ),
    (
        ("claims",),
        "what came in came by a fulfillment that does not exist",
        [f"update claim set fulfillment_id = id where id in {_REPLACED}"],
    ),
    (
        ("order_totals", "line_prices", "taxes", "claims"),
        "what came in is worth more than what it replaced",
        ["update order_line set total_minor = total_minor + 100 where part_of is not null"],
    ),
    (
        ("taxes",),
        "what came in bears tax that nobody owes",
        ["update order_line set tax_minor = tax_minor + 3 where part_of is not null"],
    ),
    (
        ("event_sequences",),
        "an event of a return is missing",
        ["delete from event where document_type = 'return' and type = 'return_opened'"],
    ),
    (
        ("event_sequences",),
        "an event of a claim is missing",
        ["delete from event where document_type = 'claim' and type = 'claim_approved'"],
    ),
    (
        ("event_sequences",),
        "a claim is a version on without an event",
        [f"update claim set version = version + 1 where id in {_OPEN}"],
    ),
    (
        ("event_sequences",),
        "a return is a version on without an event",
        [f"update sales_return set version = version + 1 where id in {_AWAITED}"],
    ),
]


async def _books(retailer: Retailer) -> None:
    """A return, and a claim of each state and of each way to resolve it."""

    async def post(path: str, body: Any, status: int = 200) -> dict[str, Any]:
        return await taken(await retailer.staff.post(path, body), status)

    rate = {"tax_class": "standard", "rate_ppm": 190_000, "valid_from": "2020-01-01T00:00:00Z"}
    assert (await retailer.office.put("/v1/tax-rates", {"rates": [rate]})).is_success
    await retailer.receive("A", WH=9, S1=2)
    await retailer.receive("B", WH=1)
    sold = await carried_out(retailer, line("A", 2), paid=4000)
    await taken(await retailer.till.post("/v1/returns", back(sold, units(1))))
    sale = await shipped(retailer, line("A", 6), line("B", 1), paid=12500)
    await post("/v1/claims", claim(sale, bad(1), bad(2)), 201)
    for step, body in (("denial", {"reason": "worn"}), ("approval", {})):
        made = await post("/v1/claims", claim(sale, bad(1)), 201)
        await post(f"/v1/claims/{made['id']}/{step}", body)
    for how, goods_back in ((REFUND, False), (REFUND, True), (others("ship", "WH"), False)):
        wanted = claim(sale, bad(1), resolution=how, goods_back=goods_back)
        await post("/v1/claims", wanted, 201)


async def test_one_fault_fails_its_checks(retailer: Retailer) -> None:
    """Given true books of returns and claims, when one thing is made untrue, its checks say so."""
    await _books(retailer)
    before = await findings(retailer)

    found = {
        fault: set(await _plant(retailer.process.database, statements))
        for _, fault, statements in FAULTS
    }

    assert before == []
    assert found == {fault: set(checks) for checks, fault, _ in FAULTS}


def test_the_checks_exist() -> None:
    failing = {check for checks, _, _ in FAULTS for check in checks}
    assert failing <= {check.name for check in audit.CHECKS}
    assert failing >= ELSEWHERE
