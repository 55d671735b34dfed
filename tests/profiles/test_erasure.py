"""Erasing a person: no personal value anywhere in a dump, and the books as they were."""

import json
from typing import Any

import pytest

from omniretail import audit, clock
from omniretail.pricing import Coupon
from tests.api.test_approvals import MARIA, manager
from tests.callers import Retailer, euro, line, order, served
from tests.orders.test_edits import TEN_OFF
from tests.profiles.persons import (
    bought,
    customer,
    erased,
    merged,
    named_in,
    ordered,
    refused,
    shipped,
    standing,
    taken,
    timeline,
)

MARK = "zqx"
"""In every personal value that these tests fill in, and nowhere else."""
KNOWN = f"{MARK}-external"
CARD = f"{MARK}CARD1".upper()
EMAIL = f"{MARK}@example.com"
PHONE = "+4930901820"
BORN = "1987-06-05"
HERE = 52.987654
OVERRIDE = {"reason": f"{MARK} asked"}

_BOOKS = (
    "stock_level",
    "stock_movement",
    "refund",
    "capture",
    "loyalty_lot",
    "usage_count",
)


def _home(name: str) -> dict[str, Any]:
    return {
        "name": f"{MARK} {name}",
        "street": f"{MARK} street 1",
        "city": f"{MARK}burg",
        "postal_code": f"{MARK}10",
        "country": "DE",
        "latitude": HERE,
        "longitude": 13.4,
    }


async def _dump(retailer: Retailer) -> dict[str, str]:
    """Every table as text, partitions among them."""
    async with retailer.process.database.transaction(snapshot=True) as tx:
        named = await tx.fetch(
            "select relname from pg_class where relkind in ('r', 'p')"
            " and relnamespace = 'public'::regnamespace order by relname"
        )
        return {
            row["relname"]: "\n".join(
                sorted(
                    one["row"]
                    for one in await tx.fetch(f'select t::text as row from "{row["relname"]}" as t')
                )
            )
            for row in named
        }


def _marked(dumped: dict[str, str]) -> set[str]:
    """The tables in which something personal stands."""
    return {
        table
        for table, text in dumped.items()
        if any(value in text.lower() for value in (MARK, PHONE, BORN, str(HERE)))
    }


_HOLDING = {
    "account_entry",
    "book_change",
    "cart",
    "claim",
    "claim_line",
    "customer",
    "customer_consent",
    "customer_identity",
    "customer_merge",
    "customer_merge_item",
    "customer_note",
    "event",
    "fulfillment",
    "hold",
    "idempotency_key",
    "order_exception",
    "order_line",
    "parcel",
    "payment_account",
    "return_grading",
    "sales_order",
    "sales_return",
    "tender",
    "unlinked_customer",
    "usage",
}


async def _books(retailer: Retailer) -> dict[str, Any]:
    """What must be as it was: findings, stock, and every amount."""
    async with retailer.process.database.transaction(snapshot=True) as tx:
        findings = await audit.audit(tx, now=clock.now())
        amounts = await tx.fetch(
            "select (select json_agg((id, version, total_minor, channel, location, placed_at) order by id)"
            " from sales_order)::text as orders,"
            " (select json_agg((order_id, number, type, amount_minor, reference)"
            " order by order_id, number) from tender)::text as tenders,"
            " (select json_agg((id, balance_minor, held_minor, version) order by id)"
            " from payment_account)::text as accounts,"
            " (select json_agg((account_id, sequence, type, balance_change_minor)"
            " order by account_id, sequence) from account_entry)::text as entries,"
            " (select json_agg((id, kind, refunds, version) order by id)"
            " from sales_return)::text as returned"
        )
    dumped = await _dump(retailer)
    kept = {table: dumped[table] for table in _BOOKS}
    # Goods moved as they did; only why staff graded them another way is not told any more.
    kept["stock_movement"] = kept["stock_movement"].replace(f'"{MARK} wore it"', "erased")
    return {"audit": findings, "amounts": dict(amounts[0]), **kept}


async def _profile(retailer: Retailer) -> dict[str, Any]:
    """A customer with everything that a profile can hold."""
    identities = [
        {"kind": "external_id", "value": KNOWN},
        {"kind": "loyalty_card", "value": CARD},
        {"kind": "email", "value": EMAIL},
        {"kind": "phone", "value": PHONE},
        {"kind": "app", "value": f"{MARK}-subject", "issuer": f"https://{MARK}.example.com"},
    ]
    body = {
        "given_name": f"{MARK} Ann",
        "family_name": f"{MARK} Lee",
        "birth_date": BORN,
        "locale": "de-DE",
        "customer_groups": ["club"],
        "addresses": [_home("Lee")],
        "identities": identities,
        "consents": [
            {"purpose": "email_marketing", "granted": True, "source": f"{MARK} signed form 7"}
        ],
    }
    who = await taken(await retailer.office.post("/v1/customers", body), 201)
    path = f"/v1/customers/{who['id']}"
    await taken(await retailer.staff.post(f"{path}/notes", {"text": f"{MARK} is shy"}), 201)
    consent = {"purpose": "profiling", "granted": False, "source": f"{MARK} by phone"}
    await taken(await retailer.web.post(f"{path}/consents", {"consents": [consent]}), 201)
    more = {"kind": "email", "value": f"{MARK}-2@example.com"}
    await taken(await retailer.web.post(f"{path}/identities", more), 201)
    await taken(await retailer.web.post(f"{path}/identity-removals", more))
    return who


async def _web_purchase(retailer: Retailer, who: dict[str, Any]) -> None:
    """A cart with everything, its payment, its order, shipped, with a claim denied and one made good."""
    hold = {"reference": f"{MARK} basket", "lines": [line("A", 1, location="WH")], "seconds": 60}
    held = await taken(await retailer.web.post("/v1/holds", hold), 201)
    cart = await taken(
        await retailer.web.post(
            "/v1/carts",
            {
                "customer": KNOWN,
                "email": EMAIL,
                "ship_to": _home("Lee"),
                "note": f"{MARK} ring twice",
                "lines": [line("A", 1, kind="ship", location="WH")],
            },
        ),
        201,
    )
    changed = await retailer.web.send(
        "PATCH", f"/v1/carts/{cart['id']}", json={"note": f"{MARK} ring once"}
    )
    assert changed.status_code == 200, changed.text
    cart = changed.json()
    body = order(served("ship", "WH", line("A", 2)), paid=4000) | {
        "customer": KNOWN,
        "email": EMAIL.upper(),
        "ship_to": _home("Lee"),
        "hold": held["id"],
    }
    body["tenders"][0]["card_token"] = f"{MARK}-visa"
    sale = await taken(await retailer.web.post("/v1/orders", body), 201)
    (part,) = sale["fulfillments"]
    path = f"/v1/fulfillments/{part['id']}"
    waits = {"reason": "fraud_review", "note": f"{MARK} looks odd"}
    answer = await retailer.office.post(f"{path}/hold", waits)
    assert answer.is_success, answer.text
    await taken(await retailer.office.post(f"{path}/release", {}))
    tracking = {
        "carrier": "DHL",
        "tracking_number": f"{MARK}-track",
        "tracking_url": f"https://{MARK}.example.com/t",
    }
    await shipped(retailer, sale, **tracking)
    claim = {
        "order": sale["id"],
        "wish": "refund",
        "note": f"{MARK} cries",
        "lines": [{"line": 1, "quantity": 1, "kind": "damaged", "note": f"{MARK} scratch"}],
        "override": OVERRIDE,
    }
    denied = await taken(await retailer.office.post("/v1/claims", claim), 201)
    why = {"reason": f"{MARK} did it"}
    await taken(await retailer.office.post(f"/v1/claims/{denied['id']}/denial", why))


async def _pickup(retailer: Retailer, who: dict[str, Any]) -> None:
    """A pickup that a friend collects, after one place could not serve it and staff looked after it."""
    body = order(served("pickup", "S1", line("A", 1)), paid=2000)
    body |= {"customer": who["id"], "email": EMAIL}
    sale = await taken(await retailer.web.post("/v1/orders", body), 201)
    (part,) = sale["fulfillments"]
    path = f"/v1/fulfillments/{part['id']}"
    await taken(await retailer.web.post(f"{path}/collector", {"name": f"{MARK} Bo"}))
    await retailer.staff.ready(part["id"])
    await taken(await retailer.web.post(f"{path}/curbside", {"spot": f"{MARK} car"}))
    proof = {"name": f"{MARK} Bo", "signature_reference": f"{MARK} scan"}
    await taken(await retailer.office.post(f"{path}/handover", proof))
    body = order(served("pickup", "S1", line("B", 1)), paid=500)
    body |= {"customer": who["id"], "email": EMAIL}
    rejected = await taken(await retailer.web.post("/v1/orders", body), 201)
    path = f"/v1/fulfillments/{rejected['fulfillments'][0]['id']}"
    why = {"reason": "damaged", "note": f"{MARK} broke it"}
    await taken(await retailer.staff.post(f"{path}/rejection", why))
    found = await taken(await retailer.office.get("/v1/order-exceptions"))
    for one in found["items"]:
        closing = f"/v1/order-exceptions/{one['id']}/closing"
        await taken(await retailer.office.post(closing, {"note": f"{MARK} was told"}))
    gone = {"reason": f"{MARK} moved away"}
    await taken(await retailer.office.post(f"/v1/orders/{rejected['id']}/cancellation", gone))


async def _before_we_knew_them(retailer: Retailer) -> None:
    """Goods without a receipt, a store credit, a coupon: of whom the shop knew, and we did not."""
    unlinked = {
        "customer": KNOWN,
        "lines": [{"sku": "A", "quantity": 1, "reason": "unwanted"}],
        "approval": {"staff": "maria", "pin": MARIA},
        "note": f"{MARK} lost the receipt",
    }
    await taken(await retailer.till.post("/v1/unlinked-returns", unlinked), 201)
    credit = {"amount": euro(500), "customer": KNOWN}
    account = await taken(await retailer.office.post("/v1/store-credits", credit), 201)
    more = {"change": euro(100), "reason": f"{MARK} complained"}
    answer = await retailer.office.post(f"/v1/accounts/{account['id']}/adjustments", more)
    assert answer.is_success, answer.text
    claim = {"coupon": "ONCE", "customer": KNOWN}
    await taken(await retailer.web.post("/v1/coupon-claims", claim), 201)


async def _store_visits(retailer: Retailer, who: dict[str, Any]) -> None:
    """A purchase at a lower price, its return, a coupon."""
    manual = line("A", 1, unit_price=euro(1500), price_reason=f"{MARK} is a friend")
    body = order(served("carry_out", "S1", manual), paid=1500, by="cash")
    sale = await taken(
        await retailer.office.post("/v1/orders", body | {"customer": KNOWN, "channel": "pos"}), 201
    )
    back = {
        "order": sale["id"],
        "lines": [{"line": 1, "quantity": 1, "reason": "unwanted"}],
        "received": True,
        "refunded": True,
        "location": "S1",
        "note": f"{MARK} did not like it",
        "override": OVERRIDE,
    }
    doc = await taken(await retailer.office.post("/v1/returns", back), 201)
    graded = {
        "line": 1,
        "quantity": 1,
        "from_disposition": "sellable",
        "to_disposition": "damaged",
        "reason": f"{MARK} wore it",
    }
    await taken(await retailer.office.post(f"/v1/returns/{doc['id']}/dispositions", graded))
    used = order(served("carry_out", None, line("A", 1)), paid=1000, by="cash")
    await taken(
        await retailer.till.post(
            "/v1/orders", used | {"customer": KNOWN, "coupons": [{"code": "TWICE"}]}
        ),
        201,
    )


@pytest.fixture
async def prepared(retailer: Retailer) -> Retailer:
    """A retailer with staff who approve, coupons, and a price list of one customer's own."""
    scopes = frozenset({"returns:unlinked", "returns:override"})
    await manager(retailer, scopes=scopes)
    await retailer.receive("A", S1=20, WH=20)
    await retailer.receive("B", S1=1)
    await retailer.define(
        TEN_OFF,
        Coupon(code="ONCE", promotion=TEN_OFF.code, limit_per_customer=1),
        Coupon(code="TWICE", promotion=TEN_OFF.code, limit_per_customer=2),
    )
    own = {"name": "Own", "currency": "EUR", "scope": {"customer": KNOWN}}
    assert (await retailer.office.put("/v1/price-lists/own", own)).is_success
    return retailer


async def _everything(retailer: Retailer) -> dict[str, Any]:
    """A customer who left something personal wherever the product keeps any."""
    await _before_we_knew_them(retailer)
    who = await _profile(retailer)
    await _web_purchase(retailer, who)
    await _pickup(retailer, who)
    await _store_visits(retailer, who)
    return who


async def test_no_personal_value_stands_anywhere_afterwards(prepared: Retailer) -> None:
    """Given a customer who left personal data wherever there is room, when erased, then none is in a dump.

    And the books are as they were, in every amount.
    """
    retailer = prepared
    who = await _everything(retailer)
    double = await customer(retailer, known=f"{MARK}-double", given_name=f"{MARK} Anna")
    await bought(retailer, f"{MARK}-double")
    await merged(retailer, who, double, reason=f"{MARK} said so")
    assert _marked(await _dump(retailer)) >= _HOLDING
    before = await _books(retailer)

    answer = await erased(retailer, who)

    assert sorted(answer["erased"]) == sorted([who["id"], double["id"]])
    assert _marked(await _dump(retailer)) == set()
    assert await _books(retailer) == before
    for one in (who, double):
        now = await standing(retailer, one)
        assert now["status"] == "erased"
        assert (now["given_name"], now["identities"], now["addresses"]) == (None, [], [])
    consents = await taken(await retailer.office.get(f"/v1/customers/{who['id']}/consents"))
    assert {one["purpose"]: one["granted"] for one in consents["items"]} == {
        "email_marketing": True,
        "profiling": False,
    }
    for caller in retailer.callers.values():
        assert MARK not in json.dumps([answer for _, _, _, answer in caller.written]).lower()


async def test_what_stays_names_the_customer_by_its_id(prepared: Retailer) -> None:
    """Given orders that say an external id, when their customer is erased, then they say its id."""
    retailer = prepared
    who = await customer(retailer, known=KNOWN)
    sale = await bought(retailer, KNOWN)
    await erased(retailer, who)
    assert await named_in(retailer, sale) == who["id"]
    kinds = [item["kind"] for item in await timeline(retailer.office, who)]
    assert kinds == ["profile", "order", "profile"]
    lists = await taken(await retailer.office.get("/v1/price-lists/own"))
    assert lists["scope"]["customer"] == who["id"]
    # Somebody else may be known by it from then on.
    assert (await customer(retailer, known=KNOWN))["id"] != who["id"]


async def test_whoever_awaits_something_is_not_erased_yet(prepared: Retailer) -> None:
    """Given an open order, return or held cart, when its customer shall be erased, then it says which."""
    retailer = prepared
    who = await customer(retailer, known=KNOWN)
    sale = await ordered(retailer, KNOWN)
    cart = await taken(
        await retailer.web.post(
            "/v1/carts",
            {"customer": who["id"], "lines": [line("A", 1, kind="pickup", location="S1")]},
        ),
        201,
    )
    held = await retailer.web.post(f"/v1/carts/{cart['id']}/hold", {"seconds": 600})
    assert held.is_success, held.text
    path = f"/v1/customers/{who['id']}/erasure"
    body = {"reason": "customer_request"}

    first = await retailer.office.post(path, body)

    assert refused(first) == (409, "customer_has_open_documents")
    assert first.json()["orders"] == [sale["number"]]
    assert first.json()["carts"] == [cart["code"]]
    await shipped(retailer, sale)
    back = {"order": sale["id"], "lines": [{"line": 1, "quantity": 1, "reason": "unwanted"}]}
    doc = await taken(await retailer.web.post("/v1/returns", back), 201)
    released = await retailer.web.send("DELETE", f"/v1/carts/{cart['id']}/hold")
    assert released.is_success, released.text
    second = await retailer.office.post(path, body)
    assert (second.json()["returns"], second.json()["carts"]) == ([doc["number"]], [])
    why = {"reason": "kept after all"}
    await taken(await retailer.office.post(f"/v1/returns/{doc['id']}/cancellation", why))
    await erased(retailer, who)


async def test_erased_again_removes_what_came_in_since(prepared: Retailer) -> None:
    """Given an order that arrives late for somebody erased, when erased again, then that is empty too."""
    retailer = prepared
    who = await customer(retailer, known=KNOWN)
    await erased(retailer, who)
    body = order(served("carry_out", None, line("A", 1)), paid=2000, by="cash")
    late = await retailer.till.post("/v1/orders", body | {"customer": who["id"], "email": EMAIL})
    await taken(late, 201)
    assert "sales_order" in _marked(await _dump(retailer))
    await erased(retailer, who)
    assert _marked(await _dump(retailer)) == set()


async def test_a_guest_order_under_the_address_goes_with_its_owner(prepared: Retailer) -> None:
    """Given an order that names nobody and has the customer's e-mail address, then that is emptied."""
    retailer = prepared
    who = await customer(retailer, known=MARK)
    body = order(served("carry_out", None, line("A", 1)), paid=2000, by="cash")
    guest = await taken(await retailer.till.post("/v1/orders", body | {"email": EMAIL}), 201)
    await erased(retailer, who)
    found = await taken(await retailer.office.get(f"/v1/orders/{guest['id']}"))
    assert (found["email"], found["customer"]) == (None, None)
    assert _marked(await _dump(retailer)) <= {"price_list", "book_change"}


async def test_others_keep_theirs(prepared: Retailer) -> None:
    """Given two customers, when one is erased, then the other's documents and answers are as they were."""
    retailer = prepared
    ann, bob = await customer(retailer, known="ann"), await customer(retailer, known="bob")
    await bought(retailer, "ann", email="ann@example.com")
    kept = await bought(retailer, "bob", email="bob@example.com")
    written = list(retailer.till.written)
    await erased(retailer, ann)
    assert retailer.till.written[-1] == written[-1]
    found = await taken(await retailer.office.get(f"/v1/orders/{kept['id']}"))
    assert (found["email"], found["customer"]) == ("bob@example.com", bob["id"])
    assert (await standing(retailer, bob))["status"] == "active"


async def test_who_was_merged_is_erased_with_whom_they_became(retailer: Retailer) -> None:
    """Given a merged customer, when it shall be erased alone, then it is refused; nobody is unknown."""
    ann, bob = await customer(retailer, known="ann"), await customer(retailer, known="bob")
    await merged(retailer, ann, bob)
    body = {"reason": "customer_request"}
    answer = await retailer.office.post(f"/v1/customers/{bob['id']}/erasure", body)
    assert refused(answer) == (409, "customer_closed")
    nobody = "01980000-0000-7000-8000-000000000000"
    unknown = await retailer.office.post(f"/v1/customers/{nobody}/erasure", body)
    assert refused(unknown) == (404, "unknown_customer")
