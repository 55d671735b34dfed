"""The checks that prove the books. Each is one statement that returns what contradicts it, but for one.

They read tables of every domain and change none; a new ledger brings its own statement here. The
price book is no ledger: `one_price` asks it what it says.
"""

from datetime import datetime

import msgspec

from omniretail.audit.finding import MOST_EXAMPLES, Finding
from omniretail.audit.one_price import NAME, TRUTH, one_price
from omniretail.db import Transaction, sql


class Check(msgspec.Struct, frozen=True):
    """One truth about the books, in words, under the name of the statement that looks for exceptions."""

    name: str
    truth: str


_STATEMENTS = (
    Check("levels", "every level is the sum of its movements, state by state"),
    Check("legs", "the legs of all movements sum to 0, the outside accounts included"),
    Check("held", "every level's held is the sum of the open lines of holds"),
    Check("lots", "every lot is the sum of its movements, and what has lots moves by lot"),
    Check(
        "serials", "every serial number is where its last movement left it, and never left twice"
    ),
    Check("kits", "what moves for a kit is what its order line or hold says it is made of"),
    Check(
        "counts", "every count's variance is the sum of its movements, and the last count stands"
    ),
    Check("shortages", "what a level owes and has not is on order, or has exactly one open case"),
    Check("suspicions", "what is suspected is in the books, and somebody shall count it"),
    Check("costs", "every average cost follows from the one before it"),
    Check("allocations", "every level's allocated is the sum of what open orders still await"),
    Check("order_totals", "every order's total is the sum of its lines and its shipping"),
    Check("line_prices", "every line costs its price times its quantity less its discounts"),
    Check("taxes", "every line's tax is what its rate makes of what it costs, to the cent"),
    Check("tenders", "every order's tenders sum to its total, but for what coins round"),
    Check("tender_sources", "accounts and providers gave what tenders say, and got back as much"),
    Check(
        "refunds",
        "every order gave back, or owes, exactly what it costs less now, and to no tender more",
    ),
    Check("usages", "every use of a coupon or promotion is counted, by an order, within its limit"),
    Check(
        "account_balances",
        "every gift card and store credit is the sum of its entries, and never owed what it had not",
    ),
    Check(
        "payment_operations",
        "every payment was captured within what it authorized, refunded within that, there as here",
    ),
    Check("order_movements", "every order has one set of movements: promised, left, released"),
    Check("fulfillment_states", "every fulfillment's state is what its lines say"),
    Check(
        "returns", "what came back is what returns say, of each line, graded, moved and credited"
    ),
    Check(
        "claims",
        "what claims paid back, replaced and want back is what their units came to and are",
    ),
    Check("exchanges", "returned units paid for what came in, no more than they were worth"),
    Check("order_parts", "every line, tender, refund and fulfillment belongs to an order"),
    Check(
        "in_transit",
        "what is in transit is what transfers shipped and did not see arrive, be found or be lost",
    ),
    Check(
        "carts", "every cart ended as an order or cart that exists, and shares its hold with none"
    ),
    Check(
        "customers",
        "what is known and noted of customers is of active ones, to whom merged ones lead",
    ),
    Check(
        "points",
        "every loyalty account and lot is the sum of its entries, pending and active by its lots",
    ),
    Check("points_holds", "every lot holds what open holds of points promise, and no more"),
    Check("points_reviews", "exactly the lots that somebody has to decide about are in review"),
    Check("order_points", "orders earned, spent and gave back the points that their tenders say"),
    Check("members", "every member of a loyalty account is in one that is open"),
    Check("event_sequences", "every document's events count from 1 to its version without a gap"),
    Check("idempotency_keys", "every key placed at most one order"),
)
CHECKS = (*_STATEMENTS, Check(NAME, TRUTH))


async def audit(tx: Transaction, *, now: datetime) -> list[Finding]:
    """Run every check; `tx` must be a snapshot, so that all of them see one moment."""
    return [*[await _run(tx, check) for check in _STATEMENTS], await one_price(tx, now=now)]


async def _run(tx: Transaction, check: Check) -> Finding:
    rows = await tx.fetch(sql(f"audit.{check.name}"))
    examples = [
        ", ".join(f"{column} {value}" for column, value in row.items())
        for row in rows[:MOST_EXAMPLES]
    ]
    return Finding(check.name, check.truth, len(rows), examples)
