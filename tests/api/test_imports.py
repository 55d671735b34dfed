"""CSV files through the API: rows taken or refused by themselves, once under their key."""

from typing import Any

import httpx
import pytest

from omniretail.imports import KINDS, SCOPES
from tests.callers import Caller, Retailer
from tests.loyalty.household import PATH, in_force, items


async def send(caller: Caller, kind: str, text: str, key: str) -> httpx.Response:
    """Send a CSV file."""
    return await caller.send(
        "POST",
        f"/v1/imports/{kind}",
        content=text.encode(),
        headers={"Idempotency-Key": key, "Content-Type": "text/csv"},
    )


async def test_a_file_is_taken_row_by_row_and_says_what_it_refused(retailer: Retailer) -> None:
    file = (
        "code,name,barcodes,internal_barcodes\n"
        "N-1, Nest box ,4006381333931,SHELF-1\n"
        "N-2,,,\n"
        "\n"
        "N-3,Nest box 3,4006381333932,\n"
        "N/4,Nest box 4,,\n"
        'N-5,"Nest box, large ✓",,\n'
        "N-6,too,many,cells,here\n"
    )

    answer = (await send(retailer.office, "skus", file, "file-1")).json()

    assert answer["taken"] == 2
    assert [(row["line"], row["code"]) for row in answer["refused"]] == [
        (3, "invalid"),
        (5, "invalid"),
        (6, "invalid"),
        (8, "invalid"),
    ]
    found = (await retailer.office.get("/v1/skus", q="nest box")).json()["items"]
    assert [(sku["sku"], sku["name"]) for sku in found] == [
        ("N-1", "Nest box"),
        ("N-5", "Nest box, large ✓"),
    ]


async def test_a_file_of_skus_says_what_they_are_made_of_and_tracked_by(retailer: Retailer) -> None:
    """Given codes with spaces and colons, when a file packs them, then each is one component."""
    file = (
        "code,name,tracking,components,ordering,ordering_limit,ships_at\n"
        "CUP: red,Red cup,lot,,,,\n"
        "TIN 1,Tin,,,pre_order,7,2031-03-01T10:00:00+01:00\n"
        "BOX,Box,,CUP: red:2/TIN 1:1/,,,\n"
        "CRATE,Crate,,BOX:6,,,\n"
    )

    answer = (await send(retailer.office, "skus", file, "file-2")).json()

    assert answer["taken"] == 3
    assert [(row["line"], row["code"]) for row in answer["refused"]] == [(5, "component_is_kit")]
    box = (await retailer.office.get("/v1/skus/BOX")).json()
    assert box["components"] == [
        {"sku": "CUP: red", "quantity": 2},
        {"sku": "TIN 1", "quantity": 1},
    ]
    assert box["ordering"] is None
    cups = (await retailer.office.get("/v1/skus", q="cup")).json()["items"]
    assert [cup["tracking"] for cup in cups] == ["lot"]
    tin = (await retailer.office.get("/v1/skus/TIN 1")).json()
    assert tin["ordering"]["ships_at"] == "2031-03-01T09:00:00Z"


async def test_a_file_of_locations_says_what_they_withhold(retailer: Retailer) -> None:
    file = "code,name,safety_stock\nS1,Store 1,2\nS8,Store 8,\n"

    assert (await send(retailer.office, "locations", file, "file-3")).json()["taken"] == 2

    for code, withheld in (("S1", 2), ("S8", 0)):
        found = (await retailer.office.get(f"/v1/locations/{code}")).json()
        assert found["safety_stock"] == withheld


async def test_a_file_of_customers_says_who_they_are(retailer: Retailer) -> None:
    """Given a file that comes in twice, mended, then each row is one customer, and no other's."""
    header = "external_id,family_name,email,phone,phone_region,loyalty_card,customer_groups\n"
    first = (
        "C-1,Ahl,Ann@Example.com,030 901820,DE,lc 1,vip b2b\n"
        "C-2,Berg,ANN@example.com,,,,\n"
        "C-3,Curie,,,,LC-1,\n"
        "C-4,Dahl,,+46 8 123 456 00,,,\n"
        "LC1,Ek,,,,,\n"
    )
    second = "C-1,Ahlgren,ann2@example.com,,,,vip\nC-4,Dahl,,+46812345600,,,\nC-2,Berg,,,,,\n"

    answer = (await send(retailer.office, "customers", header + first, "people-1")).json()
    again = (await send(retailer.office, "customers", header + second, "people-2")).json()

    assert answer["taken"] == 2
    assert [(row["line"], row["code"], row["field"]) for row in answer["refused"]] == [
        (3, "identity_taken", "email"),
        (4, "identity_taken", "loyalty_card"),
        (6, "identity_taken", "external_id"),
    ]
    assert (again["taken"], again["refused"]) == (3, [])
    found = (await retailer.office.get("/v1/customers")).json()["items"]
    told = [
        (one["family_name"], one["version"], one["customer_groups"], len(one["identities"]))
        for one in found
    ]
    assert told == [
        ("Berg", 1, [], 1),
        ("Dahl", 1, [], 2),
        ("Ahlgren", 3, ["vip"], 5),
    ]
    assert [one["value"] for one in found[2]["identities"]] == [
        *("ann2@example.com", "ann@example.com", "C-1", "LC1", "+4930901820")
    ]


async def test_a_file_of_points_opens_balances(retailer: Retailer) -> None:
    """Given points from elsewhere, each customer has them, as long as the file or the programme says."""
    people = "external_id,loyalty_card\nC-1,LC1\nC-2,LC2\n"
    assert (await send(retailer.office, "customers", people, "people")).json()["taken"] == 2
    header = "customer,points,expires_at,reason\n"
    file = header + (
        "C-1,100,2999-01-01T00:00:00+01:00,moved\n"
        "LC 1,50,2998-01-01T00:00:00Z,\n"
        "LC2,7,,\n"
        "C-3,7,2999-01-01T00:00:00Z,\n"
        "C-2,7,2020-01-01T00:00:00Z,\n"
    )
    early = (await send(retailer.office, "loyalty_balances", header + "C-2,7,,\n", "early")).json()
    assert [(row["code"], row["line"]) for row in early["refused"]] == [
        ("no_programme_in_force", 2)
    ]
    await in_force(retailer)

    answer = (await send(retailer.office, "loyalty_balances", file, "points")).json()
    again = await send(retailer.office, "loyalty_balances", file, "points")

    assert (again.headers["idempotency-replayed"], again.json()) == ("true", answer)
    assert answer["taken"] == 3
    assert [(row["line"], row["code"], row["field"]) for row in answer["refused"]] == [
        (5, "unknown_customer", "customer"),
        (6, "invalid", "expires_at"),
    ]
    for customer, points, lots in (("C-1", 150, [50, 100]), ("C-2", 7, [7])):
        (account,) = await items(retailer.office, PATH, customer=customer)
        assert (account["spendable"], len(account["members"])) == (points, 1)
        seen = await items(retailer.office, f"{PATH}/{account['id']}/lots")
        assert [lot["quantity"] for lot in seen] == lots
        assert {lot["kind"] for lot in seen} == {"adjusted"}
        told = await items(retailer.office, f"{PATH}/{account['id']}/entries")
        assert {one["reason"] for one in told} <= {"moved", "opening_balance"}


async def test_the_same_file_under_the_same_key_is_taken_once(retailer: Retailer) -> None:
    file = "sku,location,quantity\nA,S1,5\nNOBODY,S1,5\nA,S1,0\n"

    first = await send(retailer.office, "receipts", file, "goods-1")
    again = await send(retailer.office, "receipts", file, "goods-1")
    other = await send(retailer.office, "receipts", file + "B,S1,1\n", "goods-1")

    assert [row["code"] for row in first.json()["refused"]] == ["unknown_sku", "invalid"]
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert other.status_code == 422
    assert await retailer.level("A", "S1") == (5, 0, 5)


async def test_prices_are_read_to_the_cent_and_in_their_lists_currency(retailer: Retailer) -> None:
    file = (
        "price_list,sku,amount,currency,valid_from\n"
        "retail,A,12.50,EUR,2020-01-01T00:00:00+00:00\n"
        "retail,B,12.505,EUR,\n"
        "retail,B,100,JPY,\n"
        "retail,B,5,EUR,2020-01-01T00:00:00\n"
    )

    answer = (await send(retailer.office, "prices", file, "prices-1")).json()

    assert answer["taken"] == 1
    assert [row["code"] for row in answer["refused"]] == ["invalid", "other_currency", "invalid"]
    prices = (await retailer.office.get("/v1/price-lists/retail/prices/A")).json()["prices"]
    assert prices[0]["price"] == {"amount": 1250, "currency": "EUR"}


async def test_amounts_have_as_many_decimals_as_the_retailer_gives_their_currency(
    retailer: Retailer,
) -> None:
    """Given rupiah without decimals and kronor with 3, then files are read so, as prices and as costs."""
    await retailer.office.put("/v1/currencies/IDR", {"exponent": 0})
    await retailer.office.put("/v1/currencies/SEK", {"exponent": 3})
    for code in ("IDR", "SEK"):
        await retailer.office.put(f"/v1/price-lists/{code}", {"name": code, "currency": code})
    prices = (
        "price_list,sku,amount,currency\n"
        "IDR,A,15000,IDR\nIDR,B,15000.50,IDR\nSEK,A,1.125,SEK\nSEK,B,1.1255,SEK\n"
    )
    goods = (
        "sku,location,quantity,unit_cost,currency\n"
        "A,S1,1,12000.5,IDR\nB,S1,1,1.1255,SEK\nC,S1,1,1.1255,EUR\n"
    )

    answer = (await send(retailer.office, "prices", prices, "p-1")).json()
    received = (await send(retailer.office, "receipts", goods, "r-1")).json()

    assert [(row["line"], row["field"]) for row in answer["refused"]] == [
        (3, "amount"),
        (5, "amount"),
    ]
    for code, minor in (("IDR", 15_000), ("SEK", 1125)):
        history = (await retailer.office.get(f"/v1/price-lists/{code}/prices/A")).json()
        assert history["prices"][0]["price"] == {"amount": minor, "currency": code}
    assert received == {"taken": 3, "refused": []}
    async with retailer.process.database.transaction() as tx:
        costs = await tx.fetch("select sku, unit_cost, currency from stock_cost order by sku")
    assert [(row["sku"], str(row["unit_cost"]), row["currency"]) for row in costs] == [
        ("A", "12000.5", "IDR"),
        ("B", "1125.5", "SEK"),
        ("C", "112.55", "EUR"),
    ]


async def test_tax_rates_come_by_file(retailer: Retailer) -> None:
    file = (
        "tax_class,region,rate_percent,valid_from\n"
        "standard,,19,2026-01-01T00:00:00+01:00\n"
        "reduced,DE,5.5,2026-01-01T00:00:00Z\n"
        "reduced,FR,100.1,2026-01-01T00:00:00Z\n"
        "reduced,FR,0.0001,2026-01-01T00:00:00Z\n"
        "reduced,NL,five,2026-01-01T00:00:00Z\n"
        "reduced,NL,5,\n"
    )

    answer = (await send(retailer.office, "tax_rates", file, "t-1")).json()

    assert [(row["line"], row["field"]) for row in answer["refused"]] == [
        (4, "rate_percent"),
        (6, "rate_percent"),
        (7, "valid_from"),
    ]
    rates = (await retailer.office.get("/v1/tax-rates")).json()["items"]
    assert [(one["tax_class"], one["region"], one["rate_ppm"]) for one in rates] == [
        ("reduced", "DE", 55_000),
        ("reduced", "FR", 1),
        ("standard", "", 190_000),
    ]
    assert rates[2]["valid_from"] == "2025-12-31T23:00:00Z"


async def test_a_file_says_what_skus_and_places_are_filed_under(retailer: Retailer) -> None:
    skus = "code,name,tax_class,categories\nTEE,Shirt,reduced,summer shirts\nA,Article A,,\n"
    places = "code,name,region\nS8,Store 8,NL\nS1,Store 1,\n"

    assert (await send(retailer.office, "skus", skus, "s-1")).json()["taken"] == 2
    assert (await send(retailer.office, "locations", places, "l-1")).json()["taken"] == 2

    for sku, filed in (("TEE", ["shirts", "summer"]), ("A", [])):
        assert (await retailer.office.get(f"/v1/skus/{sku}")).json()["categories"] == filed
    for place, region in (("S8", "NL"), ("S1", None)):
        assert (await retailer.office.get(f"/v1/locations/{place}")).json()["region"] == region


async def test_a_file_of_another_kind_is_refused_whole(retailer: Retailer) -> None:
    for text in ("", "sku,price\nA,1\n", "code,name,colour\nA,b,c\n", "code,code,name\n", '"code'):
        answer = await send(retailer.office, "skus", text, f"key-{len(text)}")
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/unreadable_file")


async def test_bytes_that_are_no_text_are_refused(retailer: Retailer) -> None:
    answer = await retailer.office.send(
        "POST",
        "/v1/imports/skus",
        content=b"code,name\nA,\xff\xfe\n",
        headers={"Idempotency-Key": "bytes"},
    )

    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/unreadable_file")


async def test_importing_needs_the_scope_of_what_is_written(retailer: Retailer) -> None:
    """Given a key that may import the catalog only, when it sends prices, then it may not."""
    keeper = await retailer.caller(
        "keeper", "integration", scopes=frozenset({"imports:write", "catalog:write"})
    )

    prices = await send(keeper, "prices", "price_list,sku,amount,currency\n", "p")
    skus = await send(keeper, "skus", "code,name\nK,Kept\n", "s")

    assert (prices.status_code, prices.json()["scope"]) == (403, "prices:write")
    assert skus.json()["taken"] == 1


async def refusals(caller: Caller, kind: str, text: str) -> list[tuple[int, str, str | None]]:
    """Send a file; return (line, code, field) of what was refused."""
    answer = await send(caller, kind, text, f"{kind}-{hash(text)}")
    assert answer.status_code == 200, answer.text
    return [(row["line"], row["code"], row["field"]) for row in answer.json()["refused"]]


async def on_hand(retailer: Retailer, sku: str, location: str) -> int:
    """How many of a SKU stand at a location."""
    return (await retailer.level(sku, location))[0]


async def test_a_receipt_brings_lots_serials_and_what_they_cost(retailer: Retailer) -> None:
    """Given milk by lot and phones by serial number, when a file brings both, then each is known."""
    await retailer.office.put("/v1/skus/MILK", {"name": "Milk", "tracking": "lot"})
    await retailer.office.put("/v1/skus/PHONE", {"name": "Phone", "tracking": "serial"})
    file = (
        "sku,location,quantity,lot,expires_on,serials,unit_cost,currency\n"
        "MILK,S1,4,L1,2031-01-31,,0.505,EUR\n"
        "PHONE,S1,2,,,X1 X2,120.00,EUR\n"
        "MILK,S1,4,,,,,\n"
        "PHONE,S1,2,,,X3,,\n"
        "A,S1,1,L1,,,,\n"
        "PHONE,S1,1,,,X1,,\n"
        "PHONE,S1,1,,,X4,100,USD\n"
        "A,S1,1,,,,5,\n"
        "A,S1,1,,,,0.000000001,EUR\n"
        "MILK,S1,1,L1,2031-02-01,,,\n"
    )

    assert await refusals(retailer.office, "receipts", file) == [
        (4, "lot_missing", "lot"),
        (5, "serials_missing", "serials"),
        (6, "lot_not_tracked", "lot"),
        (7, "serial_on_hand", "serials"),
        (8, "cost_currency_differs", "currency"),
        (9, "invalid", "currency"),
        (10, "invalid", "unit_cost"),
        (11, "lot_expiry_differs", "expires_on"),
    ]
    (lot,) = (await retailer.office.get("/v1/stock/lots", sku="MILK")).json()["items"]
    assert (lot["lot"], lot["expires_on"], lot["on_hand"]) == ("L1", "2031-01-31", 4)
    unit = (await retailer.office.get("/v1/stock/serials/PHONE/X2")).json()
    assert (unit["state"], unit["location"]) == ("on_hand", "S1")
    milk, phone = (await retailer.office.get("/v1/stock/valuation")).json()["items"]
    assert (milk["unit_cost"], milk["value"]["amount"]) == ("50.5", 202)
    assert (phone["unit_cost"], phone["value"]["amount"]) == ("12000", 24_000)


async def test_counts_come_by_file(retailer: Retailer) -> None:
    """Given 5 and 3 on the shelf, when 4 and 0 were counted, then that is what stands there."""
    await retailer.receive("A", S1=5)
    await retailer.receive("B", S1=3)
    file = "sku,location,quantity,expected\nA,S1,4,5\nB,S1,0,\nA,S1,9,5\nC,S1,-1,\nC,S1,,\n"

    assert await refusals(retailer.office, "counts", file) == [
        (4, "count_stale", "expected"),
        (5, "invalid", "quantity"),
        (6, "invalid", "quantity"),
    ]
    assert await on_hand(retailer, "A", "S1") == 4
    assert await on_hand(retailer, "B", "S1") == 0


async def test_adjustments_come_by_file(retailer: Retailer) -> None:
    await retailer.receive("A", S1=5)
    file = (
        "sku,location,change,reason\n"
        "A,S1,-2,theft\n"
        "A,S1,+1,found\n"
        "A,S1,0,theft\n"
        "A,S1,-9,theft\n"
        "A,S1,1,because\n"
        "A,S1,1,theft\n"
        "A,S1,1,\n"
        "A,MOON,1,found\n"
    )

    assert await refusals(retailer.office, "adjustments", file) == [
        (3, "invalid", "change"),
        (4, "invalid", "change"),
        (5, "insufficient_stock", "change"),
        (6, "invalid", "reason"),
        (7, "invalid", "reason"),
        (8, "invalid", "reason"),
        (9, "unknown_location", "location"),
    ]
    assert await on_hand(retailer, "A", "S1") == 3


async def test_set_asides_come_by_file(retailer: Retailer) -> None:
    await retailer.receive("A", S1=5)
    file = (
        "sku,location,quantity,from_state,to_state,reason\n"
        "A,S1,2,,damaged,damaged\n"
        "A,S1,1,damaged,shrinkage,damaged\n"
        "A,S1,1,,available,repaired\n"
        "A,S1,1,,shrinkage,theft\n"
        "A,S1,1,,lost,theft\n"
        "A,S1,9,,damaged,damaged\n"
    )

    assert await refusals(retailer.office, "set_asides", file) == [
        (4, "invalid", "to_state"),
        (5, "invalid", "to_state"),
        (6, "invalid", "to_state"),
        (7, "insufficient_stock", "quantity"),
    ]
    on_hand_, _, promised = await retailer.level("A", "S1")
    assert (on_hand_, promised) == (4, 3)


async def test_safety_stock_comes_by_file(retailer: Retailer) -> None:
    await retailer.receive("A", S1=5)
    file = "sku,location,quantity\nA,S1,2\nA,S1,-1\nNOBODY,S1,1\nA,MOON,1\n"

    assert await refusals(retailer.office, "safety_stock", file) == [
        (3, "invalid", "quantity"),
        (4, "unknown_sku", "sku"),
        (5, "unknown_location", "location"),
    ]
    assert await retailer.level("A", "S1") == (5, 0, 3)


async def test_a_key_imports_stock_at_its_own_locations_only(retailer: Retailer) -> None:
    keeper = await retailer.caller(
        "keeper",
        "staff",
        locations=frozenset({"S1"}),
        scopes=frozenset({"imports:write", "stock:write"}),
    )
    file = "sku,location,quantity\nA,S1,1\nA,S2,1\n"

    assert await refusals(keeper, "receipts", file) == [(3, "location_not_yours", "location")]


async def test_what_will_happen_has_not_happened(retailer: Retailer) -> None:
    """Nothing is recorded before it happens: a time ahead of ours is refused in files, too."""
    for kind, header, row in (
        ("receipts", "quantity", "1"),
        ("counts", "quantity", "1"),
        ("adjustments", "reason,change", "found,1"),
        ("set_asides", "to_state,reason,quantity", "damaged,damaged,1"),
    ):
        for at in ("2999-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2026-01-01T00:00:00", "now"):
            file = f"sku,location,{header},occurred_at\nA,S1,{row},{at}\n"
            assert await refusals(retailer.office, kind, file) == [(2, "invalid", "occurred_at")]


BAD = ["x" * 65, "a/b", "a|b", '"a,b"', "a\x00b", "a\x01b"]


@pytest.mark.parametrize("bad", BAD, ids=repr)
async def test_codes_in_a_file_are_codes(retailer: Retailer, bad: str) -> None:
    """What a request's body refuses as a code, a file's row refuses, naming the column."""
    rows: dict[str, dict[str, Any]] = {
        "locations": {"code": "N", "name": "n", "region": "r"},
        "skus": {"code": "N", "name": "n", "tax_class": "t"},
        "prices": {"price_list": "retail", "sku": "A", "amount": "1", "currency": "EUR"},
        "receipts": {"sku": "A", "location": "S1", "quantity": "1", "reason": "found", "lot": "L"},
        "adjustments": {"sku": "A", "location": "S1", "change": "1", "reason": "found"},
        "set_asides": {"sku": "A", "location": "S1", "quantity": "1", "to_state": "damaged"}
        | {"reason": "damaged"},
        "counts": {"sku": "A", "location": "S1", "quantity": "1", "lot": "L"},
        "safety_stock": {"sku": "A", "location": "S1", "quantity": "1"},
        "tax_rates": {"tax_class": "t", "region": "r", "rate_percent": "7"}
        | {"valid_from": "2026-01-01T00:00:00Z"},
        "customers": {"external_id": "7", "family_name": "n"},
        "loyalty_balances": {"customer": "7", "points": "1"},
    }
    assert set(rows) == set(KINDS)
    codes = {"external_id", "customer"} | {
        "code",
        "tax_class",
        "region",
        "price_list",
        "sku",
        "location",
        "reason",
        "lot",
    }
    for kind, row in rows.items():
        for column in codes & set(row):
            cells = row | {column: bad}
            file = f"{','.join(cells)}\n{','.join(cells.values())}\n"
            assert await refusals(retailer.office, kind, file) == [(2, "invalid", column)], kind


@pytest.mark.parametrize(
    ("kind", "file", "field"),
    [
        ("skus", "code,name\nN,a\x00b\n", "name"),
        ("skus", f"code,name\nN,{'x' * 501}\n", "name"),
        ("skus", f"code,name,barcodes\nN,n,{'x' * 65}\n", "barcodes"),
        ("skus", f"code,name,internal_barcodes\nN,n,{'x ' * 51}\n", "internal_barcodes"),
        ("skus", "code,name,barcodes\nN,n,4006381333932\n", "barcodes"),
        ("skus", "code,name,components\nN,n,A:1/NOBODY:2\n", "components"),
        ("skus", "code,name,components\nN,n,A:１\n", "components"),
        ("skus", "code,name,ordering,ordering_limit\nN,n,back_order,-1\n", "ordering_limit"),
        ("skus", "code,name,ordering\nN,n,pre_order\n", "ships_at"),
        ("locations", "code,name,capabilities\nN,n,ship fly\n", "capabilities"),
        ("locations", "code,name,time_zone\nN,n,Mars/Olympus\n", "time_zone"),
        ("locations", "code,name,latitude,longitude\nN,n,1e1,2\n", "latitude"),
        ("prices", "price_list,sku,amount,currency\nretail,A,1,eur\n", "currency"),
        ("prices", "price_list,sku,amount,currency\nnowhere,A,1,EUR\n", "price_list"),
        ("receipts", "sku,location,quantity\nA,S1,1_0\n", "quantity"),
        ("receipts", "sku,location,quantity\nA,S1,１\n", "quantity"),
        ("receipts", "sku,location,quantity,serials\nA,S1,1,a\x00b\n", "serials"),
        ("receipts", "sku,location,quantity,expires_on\nA,S1,1,2031-02-30\n", "expires_on"),
        ("receipts", "sku,location,quantity,expected_receipt\nA,S1,1,x\n", "expected_receipt"),
        ("receipts", "sku,location,quantity,unit_cost,currency\nA,S1,1,1e15,EUR\n", "unit_cost"),
        ("counts", f"sku,location,quantity,expected\nA,S1,1,{'9' * 15}\n", "expected"),
        ("loyalty_balances", "customer,points\nNOBODY,1\n", "customer"),
        ("loyalty_balances", "customer,points\nNOBODY,0\n", "points"),
        ("loyalty_balances", f"customer,points\nNOBODY,{'9' * 15}\n", "points"),
        (
            "loyalty_balances",
            "customer,points,expires_at\nNOBODY,1,9999-12-31T23:59:59-23:00\n",
            "expires_at",
        ),
    ],
)
async def test_a_cell_that_is_not_valid_is_named(
    retailer: Retailer, kind: str, file: str, field: str
) -> None:
    assert [row[2] for row in await refusals(retailer.office, kind, file)] == [field]


async def test_a_location_may_serve_nothing(retailer: Retailer) -> None:
    """An empty cell takes the default, which is everything; `none` is the word for nothing."""
    file = "code,name,capabilities\nN1,Depot,none\nN2,Store,\n"

    assert await refusals(retailer.office, "locations", file) == []

    for code, capabilities in (("N1", []), ("N2", ["carry_out", "pickup", "ship"])):
        found = (await retailer.office.get(f"/v1/locations/{code}")).json()
        assert found["capabilities"] == capabilities


async def test_every_kind_needs_its_scope(retailer: Retailer) -> None:
    for kind in KINDS:
        able = await retailer.caller(
            f"no {kind}", "integration", scopes=frozenset({"imports:write"})
        )
        answer = await send(able, kind, "", "k")
        assert (answer.status_code, answer.json()["scope"]) == (403, SCOPES[kind])
