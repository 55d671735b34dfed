"""All that is held about a person, as one document."""

import json

from omniretail.ids import new_id
from tests.callers import Retailer, euro, line
from tests.profiles.persons import (
    bought,
    customer,
    erased,
    merged,
    ordered,
    refused,
    shipped,
    taken,
)


async def test_an_export_holds_everything_about_the_person(retailer: Retailer) -> None:
    """Given purchases, a cart, a return, credit and a merged record, when exported, then all is in it."""
    await retailer.receive("A", S1=5, WH=5)
    ann = await customer(retailer, known="ann-1", given_name="Ann", addresses=[])
    anna = await customer(retailer, known="anna-2", given_name="Anna")
    store = await bought(retailer, "anna-2")
    web = await ordered(retailer, ann["id"], email="ann-1@example.com")
    await shipped(retailer, web)
    body = {"customer": ann["id"], "lines": [line("A", 1)], "note": "ring twice"}
    cart = await taken(await retailer.web.post("/v1/carts", body), 201)
    back = {"line": 1, "quantity": 1, "reason": "unwanted"}
    doc = await taken(
        await retailer.till.post("/v1/returns", {"order": store["id"], "lines": [back]}), 201
    )
    credit = {"amount": euro(500), "customer": "ann-1"}
    account = await taken(await retailer.office.post("/v1/store-credits", credit), 201)
    path = f"/v1/customers/{ann['id']}"
    await taken(await retailer.staff.post(f"{path}/notes", {"text": "Prefers mornings"}), 201)
    await merged(retailer, ann, anna)

    held = await taken(await retailer.office.get(f"{path}/export"))

    assert held["customer"]["given_name"] == "Ann"
    assert [one["given_name"] for one in held["merged"]] == ["Anna"]
    assert [one["text"] for one in held["notes"]] == ["Prefers mornings"]
    assert [one["id"] for one in held["orders"]] == [store["id"], web["id"]]
    assert held["orders"][1]["ship_to"]["name"] == "Ann Lee"
    assert held["orders"][1]["fulfillments"][0]["lines"][0]["sku"] == "A"
    assert [one["id"] for one in held["returns"]] == [doc["id"]]
    assert [(one["id"], one["note"]) for one in held["carts"]] == [(cart["id"], "ring twice")]
    (owned,) = held["credits"]
    assert (owned["account"]["id"], len(owned["entries"])) == (account["id"], 1)
    assert len(held["timeline"]) >= 7


async def test_nothing_personal_is_in_an_export_of_somebody_erased(retailer: Retailer) -> None:
    """Given an erased customer, when exported, then it is what was sold; nobody is refused."""
    await retailer.receive("A", S1=5)
    ann = await customer(retailer, known="zqx-1", given_name="Zqx")
    sale = await bought(retailer, "zqx-1", email="zqx-1@example.com")
    await erased(retailer, ann)
    held = await taken(await retailer.office.get(f"/v1/customers/{ann['id']}/export"))
    assert [one["id"] for one in held["orders"]] == [sale["id"]]
    assert "zqx" not in json.dumps(held).lower()
    nobody = await retailer.office.get(f"/v1/customers/{new_id()}/export")
    assert refused(nobody) == (404, "unknown_customer")
