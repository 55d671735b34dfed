"""CSV files through the API: rows taken or refused by themselves, once under their key."""

import httpx

from tests.callers import Caller, Retailer


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
