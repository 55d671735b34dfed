"""SKUs, barcodes and locations: put in place by code, found by text and by scan."""

import pytest

from omniretail.catalog import normalized
from tests.callers import Retailer


async def test_a_sku_is_found_by_words_in_any_script_and_case(retailer: Retailer) -> None:
    """Given names in several scripts, when staff type a part of one, then it is found."""
    for sku, name in (
        ("CUP-1", "Becher, groß, 100 % Ton"),
        ("CUP-2", "マグカップ 大"),
        ("CUP-3", "Кружка большая"),
        ("CUP-4", "Mug_grand d’été"),
    ):
        assert (await retailer.office.put(f"/v1/skus/{sku}", {"name": name})).is_success

    async def found(q: str) -> list[str]:
        answer = await retailer.till.get("/v1/skus", q=q)
        return [item["sku"] for item in answer.json()["items"]]

    assert await found("BECHER GROSS") == ["CUP-1"]
    assert await found("カップ") == ["CUP-2"]
    assert await found("большая кружка") == ["CUP-3"]
    assert await found("cup-") == ["CUP-1", "CUP-2", "CUP-3", "CUP-4"]
    assert await found("100 %") == ["CUP-1"]
    assert await found("mug_") == ["CUP-4"]
    assert await found("nothing like it") == []


async def test_a_scan_finds_its_sku_whatever_the_length_it_was_printed_in(
    retailer: Retailer,
) -> None:
    """Given a UPC-A of 12 digits, when a scanner reads it as EAN-13, then the SKU is found."""
    body = {
        "name": "Soap",
        "barcodes": [
            {"code": "036000291452"},
            {"code": "4006381333931"},
            {"code": "OWN-77", "kind": "internal"},
        ],
    }
    assert (await retailer.office.put("/v1/skus/SOAP", body)).is_success

    for scan in ("036000291452", "0036000291452", "00036000291452", "4006381333931", "OWN-77"):
        answer = await retailer.till.get("/v1/skus", barcode=scan)
        assert [item["sku"] for item in answer.json()["items"]] == ["SOAP"], scan
    assert (await retailer.till.get("/v1/skus", barcode="4006381333932")).json()["items"] == []


async def test_a_false_check_digit_is_refused_and_says_where(retailer: Retailer) -> None:
    body = {"name": "Soap", "barcodes": [{"code": "036000291452"}, {"code": "4006381333932"}]}

    refused = await retailer.office.put("/v1/skus/SOAP", body)

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/barcodes/1"
    assert (await retailer.office.get("/v1/skus/SOAP")).status_code == 404


async def test_a_barcode_belongs_to_one_sku_until_that_one_gives_it_up(retailer: Retailer) -> None:
    with_code = {"name": "Soap", "barcodes": [{"code": "036000291452"}]}
    assert (await retailer.office.put("/v1/skus/SOAP", with_code)).is_success

    taken = await retailer.office.put("/v1/skus/SOAP-2", with_code)
    await retailer.office.put("/v1/skus/SOAP", {"name": "Soap"})
    freed = await retailer.office.put("/v1/skus/SOAP-2", with_code)

    assert (taken.status_code, taken.json()["sku"]) == (409, "SOAP")
    assert freed.status_code == 200


async def test_a_stale_edit_is_refused(retailer: Retailer) -> None:
    """Given two people editing one SKU, when the second saves what she read earlier, then 412."""
    read = await retailer.office.get("/v1/skus/A")

    first = await retailer.office.put(
        "/v1/skus/A", {"name": "Article A, new"}, **{"If-Match": read.headers["etag"]}
    )
    second = await retailer.office.put(
        "/v1/skus/A", {"name": "Article A, other"}, **{"If-Match": read.headers["etag"]}
    )

    assert (first.status_code, second.status_code) == (200, 412)
    assert second.json()["version"] == first.json()["version"] == 2
    assert (await retailer.office.get("/v1/skus/A")).json()["name"] == "Article A, new"


async def test_lists_are_read_page_by_page(retailer: Retailer) -> None:
    for number in range(7):
        await retailer.office.put(f"/v1/skus/P-{number}", {"name": "Paged"})

    seen: list[str] = []
    cursor = None
    while True:
        query = {"q": "paged", "limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await retailer.office.get("/v1/skus", **query)).json()
        seen += [item["sku"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == [f"P-{number}" for number in range(7)]


async def test_a_location_needs_a_zone_of_this_world_and_both_coordinates(
    retailer: Retailer,
) -> None:
    zone = await retailer.office.put("/v1/locations/S9", {"name": "S9", "time_zone": "Mars/Base"})
    half = await retailer.office.put("/v1/locations/S9", {"name": "S9", "latitude": 52.5})
    whole = await retailer.office.put(
        "/v1/locations/S9",
        {"name": "S9", "latitude": 52.5, "longitude": 13.4, "time_zone": "Europe/Berlin"},
    )

    assert (zone.status_code, half.status_code, whole.status_code) == (400, 400, 200)
    assert (await retailer.till.get("/v1/locations/S9")).json()["longitude"] == 13.4


async def test_a_location_withholds_what_it_is_told_to(retailer: Retailer) -> None:
    stated = await retailer.office.put("/v1/locations/S1", {"name": "S1", "safety_stock": 3})
    unstated = await retailer.office.put("/v1/locations/S2", {"name": "S2"})

    assert (stated.json()["safety_stock"], unstated.json()["safety_stock"]) == (3, 0)
    assert (await retailer.till.get("/v1/locations/S1")).json() == stated.json()


async def test_codes_that_differ_by_case_are_different_skus(retailer: Retailer) -> None:
    await retailer.office.put("/v1/skus/x1", {"name": "small"})
    await retailer.office.put("/v1/skus/X1", {"name": "large"})

    assert (await retailer.office.get("/v1/skus/x1")).json()["name"] == "small"
    assert (await retailer.office.get("/v1/skus/X1")).json()["name"] == "large"


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("036000291452", "00036000291452"),
        ("4006381333931", "04006381333931"),
        ("96385074", "00000096385074"),
        ("OWN-77", "OWN-77"),
        ("12345678", "12345678"),
    ],
)
def test_a_gtin_is_one_number_whatever_its_length(code: str, key: str) -> None:
    assert normalized(code) == key


async def test_a_sku_is_in_categories(retailer: Retailer) -> None:
    """Given a shirt in two categories, when it is put anew without any, then it is in none."""
    path, body = "/v1/skus/TEE", {"name": "Shirt", "tax_class": "reduced"}
    put = await retailer.office.put(path, body | {"categories": ["summer", "shirts", "summer"]})
    found = await retailer.till.get("/v1/skus", q="shirt")

    assert put.json()["categories"] == ["shirts", "summer"]
    assert put.json() == (await retailer.till.get(path)).json() == found.json()["items"][0]
    assert (await retailer.office.put(path, body)).json()["categories"] == []
    assert (await retailer.till.get(path)).json()["categories"] == []


async def test_places_of_sale_name_the_region_they_are_in(retailer: Retailer) -> None:
    store = {"name": "Store", "region": "NL"}
    web = {"name": "Web", "kind": "web", "currency": "EUR"}

    put = await retailer.office.put("/v1/locations/S1", store)
    read = await retailer.till.get("/v1/locations/S1")
    listed = (await retailer.till.get("/v1/locations")).json()["items"]
    channel = await retailer.office.put("/v1/channels/web", web | {"region": "DE"})
    channels = (await retailer.till.get("/v1/channels")).json()["items"]

    assert put.json() == read.json()
    assert {one["code"]: one["region"] for one in listed} == {
        "S1": "NL",
        "S2": None,
        "S3": None,
        "WH": None,
    }
    assert channel.json()["region"] == "DE"
    assert [(one["code"], one["region"]) for one in channels] == [("pos", None), ("web", "DE")]
    assert (await retailer.office.put("/v1/channels/web", web)).json()["region"] is None
    assert (await retailer.office.put("/v1/locations/S1", {"name": "S1"})).json()["region"] is None
