"""Money that comes after the order: a transfer arrives, an authorization is taken before goods leave."""

from typing import Any
from uuid import UUID

from omniretail import clock, idempotency, orders, payments
from omniretail.ids import new_id
from tests.callers import Retailer, euro, line, order, served
from tests.payments.cards import SHOP

AWAITED = {"type": "bank_transfer", "awaited": True}


async def placed(retailer: Retailer, body: dict[str, Any], by: str = "web") -> dict[str, Any]:
    response = await retailer.callers[by].post("/v1/orders", body)
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def unpaid(retailer: Retailer) -> dict[str, Any]:
    """2 × A to be picked up and 1 × B to be shipped, 45.00 that a transfer shall pay."""
    await retailer.receive("A", S1=3)
    await retailer.receive("B", WH=3)
    parts = served("pickup", "S1", line("A", 2)), served("ship", "WH", line("B", 1))
    body = {"fulfillments": list(parts), "tenders": [AWAITED | {"amount": euro(4500)}]}
    return await placed(retailer, body)


async def authorized(retailer: Retailer, *amounts: int) -> dict[str, Any]:
    """3 × A by parcel from WH, 60.00, by cards of which each is authorized for an amount."""
    await retailer.receive("A", WH=3)
    tenders = []
    for amount in amounts:
        wanted = {"type": "card", "amount": euro(amount), "method": "ok"}
        payment = (await retailer.web.post("/v1/payments", wanted)).json()["id"]
        tenders.append({"type": "card", "amount": euro(amount), "payment": payment})
    body = {"fulfillments": [served("ship", "WH", line("A", 3))], "tenders": tenders}
    return await placed(retailer, body)


def states(answer: dict[str, Any]) -> list[str]:
    return [part["state"] for part in answer["fulfillments"]]


def captured(answer: dict[str, Any]) -> list[int]:
    return [tender["captured"]["amount"] for tender in answer["tenders"]]


async def test_a_transfer_arrives(retailer: Retailer) -> None:
    """Given goods that wait for a transfer, when it arrives, then they are paid and go on; once."""
    sold = await unpaid(retailer)
    path = f"/v1/orders/{sold['id']}/payments"
    too_soon = await retailer.office.post(
        f"/v1/fulfillments/{sold['fulfillments'][1]['id']}/shipment", {}
    )

    paid = await retailer.web.post(path, {"tender": 1, "reference": "bank-77"})
    again = await retailer.web.post(path, {"tender": 1})
    shipped = await retailer.office.post(
        f"/v1/fulfillments/{sold['fulfillments'][1]['id']}/shipment", {}
    )
    timeline = (await retailer.web.get(f"/v1/orders/{sold['id']}/timeline")).json()["items"]

    assert (sold["payment_status"], states(sold)) == ("unpaid", ["on_hold", "on_hold"])
    assert too_soon.status_code == 409
    assert paid.status_code == 200, paid.text
    assert (paid.json()["payment_status"], captured(paid.json())) == ("paid", [4500])
    assert paid.json()["tenders"][0]["reference"] == "bank-77"
    assert states(paid.json()) == ["allocated", "allocated"]
    assert (again.status_code, again.json()["type"]) == (409, "/problems/payment_not_awaited")
    assert shipped.status_code == 200
    assert timeline[1]["type"] == "payment_received"
    assert timeline[1]["data"] == {"lines": [], "tender": 1, "captured_minor": 4500}


async def test_other_holds_stay(retailer: Retailer) -> None:
    """What is held up for another reason as well is held up still."""
    sold = await unpaid(retailer)
    parcel = sold["fulfillments"][1]["id"]
    await retailer.process.change_order(
        orders.HoldUp(
            key=idempotency.Key(SHOP.id, "fraud-1", b"1" * 16),
            principal=SHOP,
            fulfillment_id=UUID(parcel),
            hold_id=new_id(),
            reason="fraud_review",
            occurred_at=clock.now(),
        )
    )

    paid = await retailer.web.post(f"/v1/orders/{sold['id']}/payments", {"tender": 1})

    assert states(paid.json()) == ["allocated", "on_hold"]
    assert [one["reason"] for one in paid.json()["fulfillments"][1]["holds"]] == ["fraud_review"]


async def test_goods_wait_for_every_transfer(retailer: Retailer) -> None:
    """Given two transfers, when one arrives, then the goods wait for the other."""
    await retailer.receive("A", S1=1)
    halves = [AWAITED | {"amount": euro(1500)}, AWAITED | {"amount": euro(500)}]
    sold = await placed(
        retailer, {"fulfillments": [served("pickup", "S1", line("A", 1))], "tenders": halves}
    )
    path = f"/v1/orders/{sold['id']}/payments"

    first = (await retailer.web.post(path, {"tender": 2})).json()
    second = (await retailer.web.post(path, {"tender": 1})).json()

    assert (first["payment_status"], states(first)) == ("unpaid", ["on_hold"])
    assert (second["payment_status"], states(second)) == ("paid", ["allocated"])


async def test_an_unpaid_order_is_cancelled(retailer: Retailer) -> None:
    """Its stock is free again, nothing is owed, and a transfer that comes late is none of it."""
    sold = await unpaid(retailer)

    ended = await retailer.web.post(f"/v1/orders/{sold['id']}/cancellation", {"reason": "no money"})
    late = await retailer.web.post(f"/v1/orders/{sold['id']}/payments", {"tender": 1})

    assert ended.status_code == 200, ended.text
    assert ended.json()["tenders"][0]["voided"] == euro(4500)
    assert ended.json()["tenders"][0]["refunded"] == euro(0)
    assert ended.json()["payment_status"] == "unpaid"
    assert await retailer.level("A", "S1") == (3, 0, 3)
    assert late.json()["type"] == "/problems/payment_not_awaited"


async def test_what_comes_into_an_unpaid_order_waits_too(retailer: Retailer) -> None:
    """Given an unpaid order, when B gives way to another and the rest falls, then less is awaited."""
    sold = await unpaid(retailer)
    edited = await retailer.web.post(
        f"/v1/orders/{sold['id']}/edits",
        {
            "reason": "they asked",
            "lines": [{"line": 1, "quantity": 1}, {"line": 2, "quantity": 0}],
            "add": [served("ship", "WH", line("B", 2))],
        },
    )
    paid = await retailer.web.post(f"/v1/orders/{sold['id']}/payments", {"tender": 1})

    assert edited.status_code == 200, edited.text
    assert states(edited.json())[2] == "on_hold"
    assert edited.json()["tenders"][0]["voided"] == euro(1500)
    assert captured(paid.json()) == [3000]
    assert states(paid.json()) == ["allocated", "cancelled", "allocated"]


async def test_a_transfer_for_what_comes_in(retailer: Retailer) -> None:
    """Given a paid order, when what comes in is paid by transfer, then that alone waits."""
    await retailer.receive("A", S1=2)
    sold = await placed(retailer, order(served("pickup", "S1", line("A", 1)), paid=2000))
    edited = await retailer.web.post(
        f"/v1/orders/{sold['id']}/edits",
        {
            "reason": "they asked",
            "add": [served("pickup", "S1", line("A", 1))],
            "tenders": [AWAITED | {"amount": euro(2000)}],
        },
    )

    assert edited.status_code == 200, edited.text
    assert states(edited.json()) == ["allocated", "on_hold"]
    assert edited.json()["payment_status"] == "unpaid"


async def test_which_tender_arrived(retailer: Retailer) -> None:
    """A tender that there is not is a fault of the request; one that awaits nothing is refused."""
    await retailer.receive("A", S1=1)
    sold = await placed(retailer, order(served("pickup", "S1", line("A", 1)), paid=2000))
    path = f"/v1/orders/{sold['id']}/payments"

    none = await retailer.web.post(path, {"tender": 2})
    by_card = await retailer.web.post(path, {"tender": 1})

    assert (none.status_code, none.json()["errors"][0]["pointer"]) == (400, "/tender")
    assert by_card.json()["type"] == "/problems/payment_not_awaited"


async def test_taken_before_goods_leave(retailer: Retailer) -> None:
    """Given 60.00 authorized, when 25.00 is taken early, then shipping 20.00 takes nothing, and the rest
    takes 35.00; the provider hears of both, and of no more."""
    sold = await authorized(retailer, 6000)
    path = f"/v1/orders/{sold['id']}/captures"
    parcel = f"/v1/fulfillments/{sold['fulfillments'][0]['id']}/shipment"

    early = await retailer.web.post(path, {"amount": euro(2500)})
    more = await retailer.web.post(path, {"amount": euro(3501)})
    first = await retailer.office.post(parcel, {"lines": [{"line": 1, "quantity": 1}]})
    rest = await retailer.office.post(parcel, {})
    nothing = await retailer.web.post(path, {})
    process = retailer.process
    while await payments.settle_due(process.database, process.provider, clock.now):
        pass
    standing = (await retailer.web.get(f"/v1/orders/{sold['id']}/payments")).json()

    assert early.status_code == 200, early.text
    assert (captured(early.json()), early.json()["payment_status"]) == ([2500], "authorized")
    assert (more.status_code, more.json()["type"]) == (409, "/problems/capture_too_large")
    assert more.json()["uncaptured"] == euro(3500)
    assert (captured(first.json()), captured(rest.json())) == ([2500], [6000])
    assert nothing.json()["uncaptured"] == euro(0)
    assert standing["payment_status"] == "paid"
    (card,) = standing["items"]
    assert (card["tender"]["captured"], card["uncaptured"]) == (euro(6000), euro(0))
    assert [(one["kind"], one["amount"], one["state"]) for one in card["operations"]] == [
        ("capture", euro(2500), "done"),
        ("capture", euro(3500), "done"),
    ]


async def test_all_of_one_tender_or_of_all_in_shares(retailer: Retailer) -> None:
    """Given 40.00 and 20.00, when 30.00 is taken, then 20.00 and 10.00; all of the second, 10.00 more."""
    sold = await authorized(retailer, 4000, 2000)
    path = f"/v1/orders/{sold['id']}/captures"

    shares = await retailer.web.post(path, {"amount": euro(3000)})
    second = await retailer.web.post(path, {"tender": 2})
    beyond = await retailer.web.post(path, {"tender": 2, "amount": euro(1)})
    unknown = await retailer.web.post(path, {"tender": 3})
    dollars = await retailer.web.post(path, {"amount": {"amount": 1, "currency": "USD"}})
    everything = await retailer.web.post(path, {})

    assert captured(shares.json()) == [2000, 1000]
    assert captured(second.json()) == [2000, 2000]
    assert beyond.json()["type"] == "/problems/capture_too_large"
    assert (unknown.status_code, dollars.status_code) == (400, 400)
    assert captured(everything.json()) == [4000, 2000]
    assert everything.json()["payment_status"] == "paid"


async def test_what_was_taken_early_goes_back(retailer: Retailer) -> None:
    """Given 25.00 taken of 60.00, when all is cancelled, then 35.00 is let go and 25.00 given back."""
    sold = await authorized(retailer, 6000)
    await retailer.web.post(f"/v1/orders/{sold['id']}/captures", {"amount": euro(2500)})

    ended = await retailer.web.post(f"/v1/orders/{sold['id']}/cancellation", {"reason": "unwanted"})

    tender = ended.json()["tenders"][0]
    assert (tender["voided"], tender["captured"], tender["refunded"]) == (
        euro(3500),
        euro(2500),
        euro(2500),
    )


async def test_a_transfer_is_not_captured(retailer: Retailer) -> None:
    """Money that is on its way cannot be taken: it arrives."""
    sold = await unpaid(retailer)

    answer = await retailer.web.post(f"/v1/orders/{sold['id']}/captures", {})
    view = (await retailer.web.get(f"/v1/orders/{sold['id']}/payments")).json()

    assert (answer.status_code, answer.json()["uncaptured"]) == (409, euro(0))
    assert [(one["uncaptured"], one["operations"]) for one in view["items"]] == [(euro(4500), [])]


async def test_whose_payments_they_are(retailer: Retailer) -> None:
    await retailer.receive("A", S2=1)
    sold = await placed(retailer, order(served("pickup", "S2", line("A", 1)), paid=2000))

    assert (await retailer.till.get(f"/v1/orders/{sold['id']}/payments")).status_code == 404
    for path, body in (("payments", {"tender": 1}), ("captures", {})):
        answer = await retailer.till.post(f"/v1/orders/{sold['id']}/{path}", body)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown_order")


async def test_a_refused_order_of_a_batch_holds_nothing(retailer: Retailer) -> None:
    """Given two gift cards of which one is too small, when a batch has another order that is taken, then
    nothing of the first card is held."""
    await retailer.receive("A", S1=5)
    ids = [
        (await retailer.office.post("/v1/gift-cards", {"code": code, "amount": euro(1500)})).json()
        for code in ("GIFT-0001-0001", "GIFT-0002-0002")
    ]

    def tender(code: str, amount: int) -> orders.TenderGiven:
        return orders.TenderGiven(
            type="gift_card", amount_minor=amount, currency="EUR", account=code
        )

    def command(units: int, *tenders: orders.TenderGiven) -> orders.PlaceOrder:
        wanted = orders.FulfillmentWish(
            id=new_id(),
            kind="pickup",
            location="S1",
            lines=(orders.LineWish(sku="A", quantity=units),),
        )
        return orders.PlaceOrder(
            key=idempotency.Key(SHOP.id, str(new_id()), b"1" * 16),
            order_id=new_id(),
            principal=SHOP,
            channel="web",
            location=None,
            placed_at=clock.now(),
            fulfillments=(wanted,),
            tenders=tenders,
        )

    by_card = orders.TenderGiven(type="card", amount_minor=2000, currency="EUR", reference="p-1")
    commands = [
        command(2, tender("GIFT-0001-0001", 1000), tender("GIFT-0002-0002", 3000)),
        command(1, by_card),
    ]
    refused, taken = await retailer.process.ledger.run(
        lambda tx: orders.place(tx, commands, books=retailer.process.books, now=clock.now())
    )

    assert isinstance(refused, payments.InsufficientBalance)
    assert isinstance(taken, idempotency.Answer)
    for account in ids:
        found = (await retailer.office.get(f"/v1/accounts/{account['id']}")).json()
        assert found["available"] == euro(1500)
