"""One timeline of a customer over all channels."""

from omniretail import clock
from omniretail.ids import new_id
from tests.callers import Retailer, line
from tests.profiles.persons import (
    bought,
    customer,
    numbers,
    ordered,
    refused,
    shipped,
    taken,
    timeline,
)


async def test_a_timeline_tells_of_every_channel_the_latest_first(retailer: Retailer) -> None:
    """Given purchases, a cart and a return in two channels, when staff look, then all are there."""
    await retailer.receive("A", S1=5, WH=5)
    ann = await customer(retailer, known="ann-1", given_name="Ann")
    store = await bought(retailer, "ann-1")
    web = await ordered(retailer, ann["id"])
    await shipped(retailer, web)
    cart = await taken(
        await retailer.web.post("/v1/carts", {"customer": ann["id"], "lines": [line("A", 1)]}), 201
    )
    back = {"line": 1, "quantity": 1, "reason": "unwanted"}
    returned = await taken(
        await retailer.till.post("/v1/returns", {"order": store["id"], "lines": [back]}), 201
    )
    note = {"text": "Prefers mornings"}
    await taken(await retailer.staff.post(f"/v1/customers/{ann['id']}/notes", note), 201)

    items = await timeline(retailer.staff, ann)

    moments = [item["at"] for item in items]
    assert moments == sorted(moments, reverse=True)
    assert numbers(items, "order") == [web["number"], store["number"]]
    assert numbers(items, "cart") == [cart["code"]]
    assert numbers(items, "return") == [returned["number"]]
    assert [item["type"] for item in items if item["kind"] == "profile"] == [
        "note_added",
        "created",
    ]
    sold = next(item for item in items if item["document"]["id"] == store["id"])
    assert (sold["channel"], sold["location"]) == ("pos", "S1")
    assert sold["data"]["total"] == {"amount": 2000, "currency": "EUR"}
    assert sold["data"]["return_status"] == "full"
    assert "Ann" not in str(items)
    assert "mornings" not in str(items)


async def test_pages_leave_nothing_out_and_show_nothing_twice(retailer: Retailer) -> None:
    """Given orders of one and the same moment, when pages of one are read, then each comes once."""
    await retailer.receive("A", S1=9)
    ann = await customer(retailer, known="ann-1")
    at = clock.now().isoformat()
    sold = [await bought(retailer, "ann-1", placed_at=at) for _ in range(4)]
    await bought(retailer, "ann-1")

    whole = await timeline(retailer.office, ann)
    single = await timeline(retailer.office, ann, limit=1)

    assert single == whole
    assert {one["number"] for one in sold} <= set(numbers(whole, "order"))
    assert len(numbers(whole, "order")) == 5


async def test_a_timeline_of_nobody_is_refused(retailer: Retailer) -> None:
    """Given no such customer, or a cursor of somebody else's, when asked, then it is said so."""
    ann = await customer(retailer, known="ann-1")
    unknown = await retailer.office.get(f"/v1/customers/{new_id()}/timeline")
    assert refused(unknown) == (404, "unknown_customer")
    for cursor in ("x", "MjAyNg", "MDAwMS0wMS0wMVQwMDowMDowMCsxNDowMHww"):
        answer = await retailer.office.get(f"/v1/customers/{ann['id']}/timeline", cursor=cursor)
        assert refused(answer) == (400, "invalid")
