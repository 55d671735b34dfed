"""Location groups: named, replaced, read, and refused."""

import asyncio

import pytest

from omniretail import catalog, clock
from omniretail.catalog import LocationGroup, LocationSpec
from omniretail.db import Database, RaceLost
from tests.callers import Retailer
from tests.catalog.test_kits import somebody_waits

PATH = "/v1/location-groups/stores"


async def test_a_group_is_the_locations_last_said(retailer: Retailer) -> None:
    """Given a group of S2 and S1, when S2 gives way to S3, then the group is S1 and S3."""
    made = await retailer.office.put(PATH, {"name": "Stores", "locations": ["S2", "S1", "S2"]})
    changed = await retailer.office.put(PATH, {"name": "Shops", "locations": ["S3", "S1"]})

    assert made.json() == {
        "code": "stores",
        "name": "Stores",
        "locations": ["S1", "S2"],
        "version": 1,
    }
    assert changed.json() == {
        "code": "stores",
        "name": "Shops",
        "locations": ["S1", "S3"],
        "version": 2,
    }
    read = await retailer.till.get(PATH)
    assert (read.json(), read.headers["etag"]) == (changed.json(), '"2"')
    emptied = await retailer.office.put(PATH, {"name": "Shops", "locations": []})
    assert emptied.json()["locations"] == []


async def test_a_group_of_unknown_locations_is_refused_whole(retailer: Retailer) -> None:
    await retailer.office.put(PATH, {"name": "Stores", "locations": ["S1"]})

    refused = await retailer.office.put(PATH, {"name": "Other", "locations": ["S2", "NOWHERE"]})

    assert (refused.status_code, refused.json()["location"]) == (404, "NOWHERE")
    stands = (await retailer.office.get(PATH)).json()
    assert (stands["name"], stands["locations"], stands["version"]) == ("Stores", ["S1"], 1)


async def test_a_stale_edit_of_a_group_is_refused(retailer: Retailer) -> None:
    """Given two people editing one group, when the second saves what she read earlier, then 412."""
    made = await retailer.office.put(PATH, {"name": "Stores", "locations": ["S1"]})
    etag = {"If-Match": made.headers["etag"]}

    first = await retailer.office.put(PATH, {"name": "Stores", "locations": ["S2"]}, **etag)
    second = await retailer.office.put(PATH, {"name": "Stores", "locations": ["S3"]}, **etag)

    assert (first.status_code, second.status_code) == (200, 412)
    assert second.json()["version"] == 2
    assert (await retailer.office.get(PATH)).json()["locations"] == ["S2"]


async def test_a_group_nobody_made_is_unknown(retailer: Retailer) -> None:
    answer = await retailer.office.get(PATH)

    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown_location_group")
    assert answer.json()["location_group"] == "stores"


async def test_groups_are_listed_page_by_page(retailer: Retailer) -> None:
    for code in ("north", "east", "south"):
        body = {"name": code, "locations": ["S1", "WH"]}
        assert (await retailer.office.put(f"/v1/location-groups/{code}", body)).is_success

    first = (await retailer.staff.get("/v1/location-groups", limit=2)).json()
    rest = (
        await retailer.staff.get("/v1/location-groups", limit=2, cursor=first["next_cursor"])
    ).json()

    assert [group["code"] for group in first["items"]] == ["east", "north"]
    assert [group["code"] for group in rest["items"]] == ["south"]
    assert rest["next_cursor"] is None
    assert all(group["locations"] == ["S1", "WH"] for group in first["items"])


async def test_groups_are_found_by_code_with_their_locations(database: Database) -> None:
    async with database.transaction() as tx:
        places = [LocationSpec(code=code, name=code) for code in ("S1", "S2")]
        await catalog.put_locations(tx, places, now=clock.now())
        for code, locations in (("all", ("S2", "S1")), ("none", ())):
            group = LocationGroup(code=code, name=code, locations=locations)
            await catalog.put_location_group(tx, group, now=clock.now())
        (found,) = await tx.read(catalog.groups_by_code(["all", "none", "nowhere"]))

    assert found == {"all": frozenset({"S1", "S2"}), "none": frozenset()}


async def test_two_create_one_group_at_once(database: Database) -> None:
    """The second waits for the first and finds out, rather than overwrite what it has not read."""
    group = LocationGroup(code="stores", name="Stores")

    async with database.transaction() as second:
        async with database.transaction() as first:
            await catalog.put_location_group(first, group, now=clock.now())
            late = asyncio.ensure_future(
                catalog.put_location_group(second, group, expected_version=0, now=clock.now())
            )
            while not await somebody_waits(database):
                assert not late.done()
        with pytest.raises(RaceLost):
            await late
