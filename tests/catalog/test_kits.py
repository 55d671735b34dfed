"""What a SKU is made of, tracked by, and sold like beyond its stock: set, kept, and refused."""

import asyncio
from typing import Any

import pytest

from omniretail import catalog, clock
from omniretail.catalog import Component, Ordering, SkuSpec, SkuTraits
from omniretail.db import Database, RaceLost
from omniretail.errors import DomainError
from tests.callers import Retailer


def kit(*parts: tuple[str, int]) -> dict[str, Any]:
    """A kit on the wire."""
    components = [{"sku": sku, "quantity": quantity} for sku, quantity in parts]
    return {"name": "Kit", "components": components}


async def test_a_kit_is_made_of_skus_that_exist(retailer: Retailer) -> None:
    """Given articles A and B, when two A and a B are packed together, then the pack says so."""
    made = await retailer.office.put("/v1/skus/PACK", kit(("B", 1), ("A", 2)))
    changed = await retailer.office.put("/v1/skus/PACK", kit(("A", 3)))

    assert made.json()["components"] == [
        {"sku": "A", "quantity": 2},
        {"sku": "B", "quantity": 1},
    ]
    assert changed.json()["components"] == [{"sku": "A", "quantity": 3}]
    assert (await retailer.till.get("/v1/skus/PACK")).json() == changed.json()
    assert (await retailer.till.get("/v1/skus", q="pack")).json()["items"] == [changed.json()]
    plain = (await retailer.till.get("/v1/skus/A")).json()
    assert (plain["components"], plain["tracking"], plain["ordering"]) == ([], None, None)


async def test_a_kit_is_not_made_of_kits(retailer: Retailer) -> None:
    await retailer.office.put("/v1/skus/PACK", kit(("A", 2)))

    nested = await retailer.office.put("/v1/skus/CRATE", kit(("B", 1), ("PACK", 6)))
    itself = await retailer.office.put("/v1/skus/PACK", kit(("PACK", 1)))

    for refused, sku in ((nested, "CRATE"), (itself, "PACK")):
        assert refused.status_code == 409
        assert refused.json()["type"] == "/problems/component_is_kit"
        assert (refused.json()["sku"], refused.json()["component"]) == (sku, "PACK")
    assert (await retailer.office.get("/v1/skus/CRATE")).status_code == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (kit(("A", 1), ("NOTHING", 1)), "/components/1/sku"),
        (kit(("PACK", 1)), "/components/0/sku"),
        (kit(("A", 1), ("B", 1), ("A", 2)), "/components/2/sku"),
        (kit(("A", 1)) | {"tracking": "serial"}, "/tracking"),
        ({"name": "Pre", "ordering": {"policy": "pre_order"}}, "/ordering/ships_at"),
    ],
)
async def test_what_cannot_be_is_refused_and_says_where(
    retailer: Retailer, body: dict[str, Any], pointer: str
) -> None:
    refused = await retailer.office.put("/v1/skus/PACK", body)

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert (await retailer.office.get("/v1/skus/PACK")).status_code == 404


_SHAPES: dict[str, dict[str, Any]] = {
    "PLAIN": {"name": "Plain"},
    "LOTS": {"name": "By lot", "tracking": "lot"},
    "SERIALS": {"name": "By serial number", "tracking": "serial"},
    "KIT": kit(("A", 1)),
}


async def test_a_sku_keeps_its_shape(retailer: Retailer) -> None:
    """Given stock may be kept by it, when tracking or being a kit shall change, then it is refused."""
    for sku, body in _SHAPES.items():
        assert (await retailer.office.put(f"/v1/skus/{sku}", body)).is_success

    for sku, own in _SHAPES.items():
        for body in _SHAPES.values():
            answer = await retailer.office.put(f"/v1/skus/{sku}", body)
            assert answer.status_code == (200 if body is own else 409), (sku, body)
            if body is not own:
                assert answer.json()["type"] == "/problems/sku_shape_fixed"
                assert answer.json()["tracking"] == own.get("tracking")
                assert answer.json()["is_kit"] is ("components" in own)


async def test_a_sku_may_be_sold_before_it_is_there(retailer: Retailer) -> None:
    """Given a SKU with a pre-order, when goods are there for all, then the next edit ends it."""
    ordering = {"policy": "pre_order", "limit": 40, "ships_at": "2031-03-01T09:00:00+01:00"}
    opened = await retailer.office.put("/v1/skus/A", {"name": "A", "ordering": ordering})
    read = await retailer.web.get("/v1/skus/A")
    later = await retailer.office.put(
        "/v1/skus/A", {"name": "A", "ordering": {"policy": "back_order"}}
    )
    ended = await retailer.office.put("/v1/skus/A", {"name": "A"})

    assert opened.json()["ordering"] == read.json()["ordering"] == ordering
    assert later.json()["ordering"] == {"policy": "back_order", "limit": 0, "ships_at": None}
    assert ended.json()["ordering"] is None


async def put(database: Database, *specs: SkuSpec) -> list[Any]:
    """Put SKUs in one list."""
    return await database.run(lambda tx: catalog.put_skus(tx, specs, now=clock.now()))


async def test_a_component_may_stand_in_the_same_list_before_its_kit(database: Database) -> None:
    cup, pack = SkuSpec(code="CUP", name="Cup"), (Component("CUP", 6),)
    outcomes = await put(
        database,
        SkuSpec(code="EARLY", name="Six cups", components=pack),
        cup,
        SkuSpec(code="SIX", name="Six cups", components=pack),
        SkuSpec(code="CUP", name="Six cups", components=pack),
        SkuSpec(code="CRATE", name="Crate", components=(Component("SIX", 4),)),
        SkuSpec(code="SIX", name="Six cups", tracking="lot"),
    )

    codes = [one.code if isinstance(one, DomainError) else one.version for one in outcomes]
    assert codes == ["invalid", 1, 1, "sku_shape_fixed", "component_is_kit", "sku_shape_fixed"]


async def test_the_traits_of_a_kit_come_with_those_of_its_components(database: Database) -> None:
    """Placing an order asks once: what a kit needs to be judged by is in the answer."""
    ordering = Ordering("back_order", 5, clock.now())
    await put(
        database,
        SkuSpec(code="CUP", name="Cup", tracking="lot", ordering=ordering),
        SkuSpec(code="TIN", name="Tin", status="blocked", tax_class="reduced"),
        SkuSpec(
            code="BOX",
            name="Box",
            components=(Component("CUP", 2), Component("TIN", 1)),
            categories=("gifts", "kitchen"),
        ),
        SkuSpec(code="OTHER", name="Other"),
    )

    async with database.transaction() as tx:
        kits, plain, nothing = await tx.read(
            catalog.skus_by_code(["BOX", "TIN", "NOBODY"]),
            catalog.skus_by_code(["OTHER"]),
            catalog.skus_by_code([]),
        )

    assert kits == {
        "BOX": SkuTraits(
            "active",
            components={"CUP": 2, "TIN": 1},
            categories=frozenset({"gifts", "kitchen"}),
        ),
        "CUP": SkuTraits("active", tracking="lot", ordering=ordering),
        "TIN": SkuTraits("blocked", tax_class="reduced"),
    }
    assert plain == {"OTHER": SkuTraits("active")}
    assert nothing == {}


async def somebody_waits(database: Database) -> bool:
    """Whether a transaction waits for another one."""
    async with database.transaction() as tx:
        return bool(await tx.fetch("select from pg_locks where not granted"))


async def test_two_create_one_sku_in_different_shapes(database: Database) -> None:
    """The second waits for the first and finds out; run again, it is refused."""
    await put(database, SkuSpec(code="CUP", name="Cup"))
    pack = SkuSpec(code="NEW", name="Pack", components=(Component("CUP", 2),))

    async with database.transaction() as second:
        async with database.transaction() as first:
            await catalog.put_skus(first, [SkuSpec(code="NEW", name="New")], now=clock.now())
            late = asyncio.ensure_future(catalog.put_skus(second, [pack], now=clock.now()))
            while not await somebody_waits(database):
                assert not late.done()
        with pytest.raises(RaceLost):
            await late

    (again,) = await put(database, pack)
    assert isinstance(again, catalog.SkuShapeFixed)
