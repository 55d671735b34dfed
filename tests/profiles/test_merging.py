"""Merging customers, and undoing it."""

import asyncio
from typing import Any

from tests.callers import Retailer, euro, line, order, served
from tests.profiles.persons import (
    bought,
    customer,
    erased,
    merged,
    named_in,
    numbers,
    ordered,
    refused,
    shipped,
    standing,
    taken,
    timeline,
    undone,
)


async def _credit(retailer: Retailer, named: str) -> dict[str, Any]:
    body = {"amount": euro(500), "customer": named}
    return await taken(await retailer.office.post("/v1/store-credits", body), 201)


async def test_all_that_names_the_source_comes_to_name_the_target(retailer: Retailer) -> None:
    """Given two records of one person, when they are merged, then everything is the one's."""
    await retailer.receive("A", S1=5, WH=5)
    ann, anna = await customer(retailer, known="ann-1"), await customer(retailer, known="anna-2")
    sale = await bought(retailer, "anna-2")
    credit = await _credit(retailer, anna["id"])
    cart = await taken(
        await retailer.web.post("/v1/carts", {"customer": anna["id"], "lines": [line("A", 1)]}), 201
    )
    path = f"/v1/customers/{anna['id']}"
    consent = {"consents": [{"purpose": "email_marketing", "granted": True}]}
    await taken(await retailer.web.post(f"{path}/consents", consent), 201)
    await taken(await retailer.staff.post(f"{path}/notes", {"text": "Left-handed"}), 201)

    merge = await merged(retailer, ann, anna, reason="the same phone")

    assert merge["moved"] == {
        "identity": 2,
        "consent": 1,
        "note": 1,
        "cart": 1,
        "order": 1,
        "credit": 1,
    }
    source, target = await standing(retailer, anna), await standing(retailer, ann)
    assert (source["status"], source["merged_into"]) == ("merged", ann["id"])
    assert [one["value"] for one in target["identities"] if one["kind"] == "external_id"] == [
        "ann-1",
        "anna-2",
    ]
    assert [one["purpose"] for one in target["consents"]] == ["email_marketing"]
    assert await named_in(retailer, sale) == ann["id"]
    kept = await taken(await retailer.office.get(f"/v1/accounts/{credit['id']}"))
    assert kept["customer"] == ann["id"]
    items = await timeline(retailer.office, ann)
    assert numbers(items, "order") == [sale["number"]]
    assert numbers(items, "cart") == [cart["code"]]
    assert "merged" in [item["type"] for item in items]
    told = await taken(await retailer.office.get(f"/v1/customers/{ann['id']}/merges"))
    assert [one["id"] for one in told["items"]] == [merge["id"]]


async def test_undone_exactly_what_was_moved_goes_back(retailer: Retailer) -> None:
    """Given a merge and what arose since, when it is undone, then that stays and the rest goes back."""
    await retailer.receive("A", S1=9, WH=5)
    ann, anna = await customer(retailer, known="ann-1"), await customer(retailer, known="anna-2")
    hers, other = await bought(retailer, ann["id"]), await bought(retailer, "anna-2")
    before = await named_in(retailer, other)
    credit = await _credit(retailer, "anna-2")
    merge = await merged(retailer, ann, anna)
    since = await bought(retailer, "anna-2")
    assert await named_in(retailer, since) == ann["id"]

    back = await undone(retailer, merge)

    assert back["undone_at"] is not None
    assert await named_in(retailer, other) == before
    assert await named_in(retailer, hers) == ann["id"]
    assert await named_in(retailer, since) == ann["id"]
    kept = await taken(await retailer.office.get(f"/v1/accounts/{credit['id']}"))
    assert kept["customer"] == anna["id"]
    source = await standing(retailer, anna)
    assert (source["status"], source["merged_into"]) == ("active", None)
    assert [one["value"] for one in source["identities"]] == ["anna-2@example.com", "anna-2"]
    assert numbers(await timeline(retailer.office, anna), "order") == [other["number"]]
    assert await bought(retailer, "anna-2")
    again = await retailer.office.post(f"/v1/customers/merges/{merge['id']}/undoing", {})
    assert refused(again) == (409, "customer_merge_undone")


async def test_chains_of_merges_stay_flat_and_come_apart_one_by_one(retailer: Retailer) -> None:
    """Given one merged into another who is merged further, when undone, then each step is undone alone."""
    await retailer.receive("A", S1=9)
    one, two, three = [await customer(retailer, known=name) for name in ("one", "two", "three")]
    sale = await bought(retailer, "one")
    first = await merged(retailer, two, one)
    second = await merged(retailer, three, two)
    assert (await standing(retailer, one))["merged_into"] == three["id"]
    assert await named_in(retailer, sale) == three["id"]
    early = await retailer.office.post(f"/v1/customers/merges/{first['id']}/undoing", {})
    assert refused(early) == (409, "customer_closed")

    await undone(retailer, second)
    assert (await standing(retailer, one))["merged_into"] == two["id"]
    assert await named_in(retailer, sale) == two["id"]
    await undone(retailer, first)
    assert (await standing(retailer, one))["status"] == "active"
    assert numbers(await timeline(retailer.office, one), "order") == [sale["number"]]


async def test_merges_that_cannot_be_are_refused(retailer: Retailer) -> None:
    """Given itself, nobody, somebody merged or erased, when merged, then it is refused."""
    ann, bob, cid = [await customer(retailer, known=name) for name in ("ann", "bob", "cid")]
    path = f"/v1/customers/{ann['id']}/merge"
    itself = await retailer.office.post(path, {"source": ann["id"]})
    assert refused(itself) == (400, "invalid")
    nobody = await retailer.office.post(path, {"source": "01980000-0000-7000-8000-000000000000"})
    assert refused(nobody) == (404, "unknown_customer")
    await merged(retailer, ann, bob)
    again = await retailer.office.post(path, {"source": bob["id"]})
    assert refused(again) == (409, "customer_closed")
    await erased(retailer, cid)
    gone = await retailer.office.post(path, {"source": cid["id"]})
    assert refused(gone) == (409, "customer_closed")
    unknown = "/v1/customers/merges/01980000-0000-7000-8000-000000000000/undoing"
    assert refused(await retailer.office.post(unknown, {})) == (404, "unknown_customer_merge")


async def test_orders_placed_while_customers_are_merged_are_not_lost(retailer: Retailer) -> None:
    """Given orders for the source at the same moment as the merge, then the target's timeline has all."""
    await retailer.receive("A", S1=40)
    ann, anna = await customer(retailer, known="ann-1"), await customer(retailer, known="anna-2")
    body = order(served("carry_out", None, line("A", 1)), paid=2000, by="cash")

    async def buy(number: int) -> str:
        await asyncio.sleep(number / 500)
        named = "anna-2" if number % 2 else anna["id"]
        answer = await retailer.till.post("/v1/orders", body | {"customer": named})
        return str((await taken(answer, 201))["number"])

    async def merge() -> dict[str, Any]:
        await asyncio.sleep(0.02)
        return await merged(retailer, ann, anna)

    *sold, _ = await asyncio.gather(*(buy(number) for number in range(20)), merge())
    assert sorted(numbers(await timeline(retailer.office, ann), "order")) == sorted(
        str(number) for number in sold
    )


async def test_two_merges_at_once_are_one(retailer: Retailer) -> None:
    """Given each merged into the other at the same moment, then one is, and the other is refused."""
    ann, bob = await customer(retailer, known="ann"), await customer(retailer, known="bob")
    answers = await asyncio.gather(
        retailer.office.post(f"/v1/customers/{ann['id']}/merge", {"source": bob["id"]}),
        retailer.office.post(f"/v1/customers/{bob['id']}/merge", {"source": ann["id"]}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_the_counter_of_goods_without_a_receipt_moves_along(retailer: Retailer) -> None:
    """Given what the source brought without a receipt, when merged, then the target is counted with it."""
    await retailer.receive("A", WH=3)
    ann, anna = await customer(retailer, known="ann-1"), await customer(retailer, known="anna-2")
    web = await ordered(retailer, anna["id"])
    await shipped(retailer, web)
    await merged(retailer, ann, anna)
    assert numbers(await timeline(retailer.office, ann), "order") == [web["number"]]
