"""Finding a sale without its receipt: by who bought it, by the card, by a unit; what it then shows."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from omniretail import clock, payments
from omniretail.forms import is_card_number
from tests.callers import Caller, Retailer, euro, line, order, served
from tests.carts.carting import begun, wants
from tests.live import SANDBOX_SECRET
from tests.orders.buying import HOME, authorized, carted

ANN, VISA = "Ann.Lee@Example.com", "card-4f2a"


def by_card(*paid: int, token: str | None = VISA) -> list[dict[str, Any]]:
    """Card payments of so many cents each, by one card."""
    named = {} if token is None else {"card_token": token}
    return [{"type": "card", "amount": euro(minor), "reference": "p-1"} | named for minor in paid]


async def bought(
    caller: Caller, sku: str = "A", quantity: int = 1, *, paid: int = 2000, **more: Any
) -> dict[str, Any]:
    """Buy so many of a SKU in S1, and return the order."""
    kind = more.pop("kind", "pickup")
    serials = {"serials": more.pop("serials")} if "serials" in more else {}
    body = order(served(kind, "S1", line(sku, quantity, **serials)), paid=paid) | more
    answer = await caller.post("/v1/orders", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def asked(caller: Caller, **known: Any) -> dict[str, Any]:
    """Ask for sales, and return the page."""
    answer = await caller.ask("/v1/orders/searches", known)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def found(caller: Caller, **known: Any) -> list[str]:
    """Return the numbers of the sales that are found, the latest first."""
    return [sale["number"] for sale in (await asked(caller, **known))["items"]]


def refusal(answer: httpx.Response) -> tuple[int, list[str]]:
    """Return the status of a refusal, and where it points."""
    return answer.status_code, [fault["pointer"] for fault in answer.json()["errors"]]


async def test_bought_online_and_found_at_the_till(retailer: Retailer) -> None:
    """Given an order of the web shop, when its customer stands at a till without a receipt, then any one
    thing they know finds it; and it tells what was sold, but not to whom."""
    await retailer.receive("A", S2=2)
    answer = await retailer.web.post(
        "/v1/orders",
        {
            "fulfillments": [served("pickup", "S2", line("A", 2))],
            "tenders": by_card(4000),
            "customer": "ann",
            "email": ANN,
            "ship_to": HOME,
        },
    )
    sold = answer.json()
    hidden = await retailer.till.get(f"/v1/orders/{sold['id']}")

    for known in (
        {"customer": "ann"},
        {"email": "ann.lee@example.com"},
        {"email": "ANN.LEE@EXAMPLE.COM"},
        {"card_token": VISA},
        {"number": sold["number"]},
    ):
        (sale,) = (await asked(retailer.till, **known))["items"]
        assert sale == {
            "id": sold["id"],
            "number": sold["number"],
            "placed_at": sold["placed_at"],
            "channel": "web",
            "location": None,
            "currency": "EUR",
            "lines": [
                {
                    "line": 1,
                    "sku": "A",
                    "quantity": 2,
                    "fulfilled_quantity": 0,
                    "cancelled_quantity": 0,
                    "returnable_quantity": 0,
                    "kept": euro(4000),
                }
            ],
            "tenders": [{"type": "card", "amount": euro(4000)}],
        }

    assert hidden.status_code == 404
    assert (sold["email"], sold["tenders"][0]["card_token"]) == ("ann.lee@example.com", VISA)


async def test_bought_in_a_store_and_found_by_the_shop(retailer: Retailer) -> None:
    """Whoever may ask sees every channel and location: the web shop, and staff of any store."""
    await retailer.receive("A", S1=1)
    sold = await bought(retailer.till, kind="carry_out", customer="ann")

    assert await found(retailer.web, customer="ann") == [sold["number"]]
    assert await found(retailer.staff, customer="ann") == [sold["number"]]
    assert (await asked(retailer.web, customer="ann"))["items"][0]["location"] == "S1"


async def test_all_that_is_said_must_be_true(retailer: Retailer) -> None:
    await retailer.receive("A", S1=9)
    await retailer.receive("B", S1=9)
    tills = retailer.till
    one = await bought(tills, customer="ann", email=ANN, tenders=by_card(2000))
    other = await bought(tills, "B", paid=500, customer="ann", tenders=by_card(500, token="card-2"))
    strange = await bought(tills, customer="bob", email=ANN, tenders=by_card(2000))

    assert await found(tills, customer="ann") == [other["number"], one["number"]]
    assert await found(tills, customer="ann", sku="B") == [other["number"]]
    assert await found(tills, customer="ann", card_token=VISA) == [one["number"]]
    assert await found(tills, email=ANN) == [strange["number"], one["number"]]
    assert await found(tills, email=ANN, customer="ann") == [one["number"]]
    assert await found(tills, email=ANN, customer="ann", sku="B") == []
    assert await found(tills, email=ANN, card_token="card-2") == []
    assert await found(tills, card_token=VISA, sku="A") == [strange["number"], one["number"]]
    assert await found(tills, number=one["number"], customer="ann") == [one["number"]]
    assert await found(tills, number=one["number"], email=ANN) == [one["number"]]
    assert await found(tills, number=one["number"], customer="bob") == []
    assert await found(tills, number=one["number"], card_token="card-2") == []
    assert await found(tills, number=one["number"], sku="B") == []
    assert await found(tills, number="260101-NOTHING") == []
    assert await found(tills, customer="nobody") == []


async def test_the_latest_first_page_by_page(retailer: Retailer) -> None:
    """An order that was paid by one card twice is one sale."""
    await retailer.receive("A", S1=9)
    numbers: list[str] = []
    for _ in range(5):
        split = by_card(1500, 500)
        sold = await bought(retailer.till, customer="ann", email=ANN, tenders=split)
        numbers.insert(0, sold["number"])

    for known in ({"customer": "ann"}, {"email": ANN}, {"card_token": VISA}):
        pages: list[list[str]] = []
        cursor = None
        while not pages or cursor:
            page = await asked(retailer.till, **known, limit=2, cursor=cursor)
            pages.append([sale["number"] for sale in page["items"]])
            cursor = page["next_cursor"]
        assert pages == [numbers[:2], numbers[2:4], numbers[4:]]


async def test_a_customer_of_many_pages_who_bought_it_once(retailer: Retailer) -> None:
    """What is not wanted takes no place on a page."""
    await retailer.receive("A", S1=1)
    await retailer.receive("B", S1=9)
    first = await bought(retailer.till, customer="ann")
    for _ in range(5):
        await bought(retailer.till, "B", paid=500, customer="ann")

    page = await asked(retailer.till, customer="ann", sku="A", limit=1)

    assert [sale["number"] for sale in page["items"]] == [first["number"]]
    assert page["next_cursor"] is None


async def test_as_long_ago_as_is_asked_for(retailer: Retailer) -> None:
    """Two years back unless more is asked for; the end of the day bounds nothing."""
    await retailer.receive("A", S1=9)
    now = clock.now()
    then = line("A", 1, unit_price=euro(2000), price_reason="as it was then")
    sold = {
        days: await bought(
            retailer.office,
            fulfillments=[served("pickup", "S1", then)],
            customer="ann",
            channel="web",
            placed_at=(now - timedelta(days=days)).isoformat(),
        )
        for days in (800, 400, 10, 0)
    }

    async def between(**bounds: Any) -> list[int]:
        told = {name: (now - timedelta(days=days)).isoformat() for name, days in bounds.items()}
        numbers = await found(retailer.till, customer="ann", **told)
        return [days for days, one in sold.items() if one["number"] in numbers]

    assert await between() == [400, 10, 0]
    assert await between(since=1000) == [800, 400, 10, 0]
    assert await between(since=400) == [400, 10, 0]
    assert await between(since=399) == [10, 0]
    assert await between(until=10) == [400]
    assert await between(until=9) == [400, 10]
    assert await between(until=-1) == [400, 10, 0]
    assert await between(since=9, until=100) == []


async def test_the_unit_is_all_there_is(retailer: Retailer) -> None:
    """Given two phones, when one is brought back, then its number finds the sale that it left with,
    however it left; and each of them, where it was sold twice."""
    await retailer.office.put("/v1/skus/PHONE", {"name": "A phone", "tracking": "serial"})
    await retailer.prices(PHONE=10_000)
    numbers = {"sku": "PHONE", "location": "S1", "quantity": 2, "serials": ["s-1", "s-2"]}
    await retailer.staff.post("/v1/stock/receipts", {"lines": [numbers]})
    over_the_counter = await bought(
        retailer.till, "PHONE", paid=10_000, kind="carry_out", serials=["s-1"]
    )
    collected = await bought(retailer.web, "PHONE", paid=10_000, customer="ann")
    before = await found(retailer.till, serial="s-2")
    part = collected["fulfillments"][0]
    units = {"lines": [{"line": 1, "quantity": 1, "serials": ["s-2"]}]}
    assert (await retailer.till.collect(part["id"], **units)).status_code == 200

    assert before == []
    assert await found(retailer.till, serial="s-1") == [over_the_counter["number"]]
    assert await found(retailer.till, serial="s-2") == [collected["number"]]
    assert await found(retailer.till, serial="s-2", sku="PHONE") == [collected["number"]]
    assert await found(retailer.till, serial="s-2", customer="ann") == [collected["number"]]
    assert await found(retailer.till, serial="s-2", number=collected["number"]) != []
    assert await found(retailer.till, serial="s-2", number=over_the_counter["number"]) == []
    assert await found(retailer.till, serial="s-2", sku="A") == []
    assert await found(retailer.till, serial="s-1", customer="ann") == []
    assert await found(retailer.till, serial="s-3") == []

    back = numbers | {"quantity": 1, "serials": ["s-1"]}
    assert (await retailer.staff.post("/v1/stock/receipts", {"lines": [back]})).is_success
    again = await bought(retailer.till, "PHONE", paid=10_000, kind="carry_out", serials=["s-1"])
    assert await found(retailer.till, serial="s-1") == [
        again["number"],
        over_the_counter["number"],
    ]


async def test_a_part_of_a_kit(retailer: Retailer) -> None:
    """Who brings back a component bought the kit."""
    parts = [{"sku": "B", "quantity": 1}]
    await retailer.office.put("/v1/skus/SET", {"name": "A set", "components": parts})
    await retailer.prices(SET=4000)
    await retailer.receive("B", S1=1)
    sold = await bought(retailer.till, "SET", paid=4000, customer="ann")

    for sku, numbers in (("SET", [sold["number"]]), ("B", [sold["number"]]), ("A", [])):
        assert await found(retailer.till, customer="ann", sku=sku) == numbers


async def test_what_was_cancelled_is_not_kept(retailer: Retailer) -> None:
    await retailer.receive("A", S1=3)
    sold = await bought(retailer.till, quantity=3, paid=6000, customer="ann")
    path = f"/v1/orders/{sold['id']}/cancellation"
    some = {"reason": "two will do", "lines": [{"line": 1, "quantity": 1}]}
    assert (await retailer.till.post(path, some)).status_code == 200

    (sale,) = (await asked(retailer.till, customer="ann"))["items"]

    (kept,) = sale["lines"]
    assert (kept["quantity"], kept["cancelled_quantity"], kept["kept"]) == (3, 1, euro(4000))


async def test_an_order_that_cost_nothing(retailer: Retailer) -> None:
    await retailer.prices(C=0)
    await retailer.receive("C", S1=1)
    await bought(retailer.till, "C", paid=0, customer="ann")

    (sale,) = (await asked(retailer.till, customer="ann"))["items"]

    assert (sale["lines"][0]["kept"], sale["tenders"]) == (euro(0), [])


async def test_the_card_of_a_checkout_is_named_by_its_provider(retailer: Retailer) -> None:
    """Given a cart with an address, paid in the browser, then the order has the cart's address, and the
    card that the provider told of; its timeline tells no address."""
    retailer.process.provider = payments.SandboxProvider(
        retailer.process.database, secret=SANDBOX_SECRET
    )
    await retailer.receive("A", WH=9)
    cart = await begun(retailer.web, wants("A", 1), email=ANN, ship_to=HOME)
    payment = await authorized(retailer.web, cart, 2000)
    paid = (await retailer.web.post("/v1/orders", carted(cart, (payment, 2000)))).json()

    assert (cart["email"], paid["email"]) == ("ann.lee@example.com", "ann.lee@example.com")
    assert paid["tenders"][0]["card_token"] == "sandbox-card-ok"
    assert await found(retailer.till, card_token="sandbox-card-ok") == [paid["number"]]
    assert await found(retailer.till, email=ANN) == [paid["number"]]
    timeline = (await retailer.web.get(f"/v1/orders/{paid['id']}/timeline")).text
    assert "ann.lee" not in timeline.lower()


async def test_the_address_of_a_cart_changes(retailer: Retailer) -> None:
    """It is given, taken away, taken over from a guest; of the cart's timeline it is no part."""
    cart = await begun(retailer.web, wants("A", 1))
    path = f"/v1/carts/{cart['id']}"

    async def change(**what: Any) -> Any:
        return (await retailer.web.send("PATCH", path, json=what)).json()["email"]

    given = await change(email=ANN)
    stays = await change(note="a gift")
    gone = await change(email=None)
    guest = await begun(retailer.web, wants("B", 1), email="bob@example.com")
    merged = await retailer.web.post(f"{path}/merge", {"from": guest["id"]})

    assert (given, stays, gone) == ("ann.lee@example.com", "ann.lee@example.com", None)
    assert merged.json()["email"] == "bob@example.com"
    timeline = (await retailer.web.get(f"{path}/timeline")).json()["items"]
    assert [event["data"].get("email") for event in timeline] == [None, True, None, False, True]


async def test_a_card_that_pays_what_is_added_later(retailer: Retailer) -> None:
    await retailer.receive("A", S1=9)
    sold = await bought(retailer.till, tenders=by_card(2000))
    more = {
        "reason": "one more",
        "add": [served("pickup", "S1", line("A", 1))],
        "tenders": by_card(2000, token="card-2"),
    }
    assert (await retailer.till.post(f"/v1/orders/{sold['id']}/edits", more)).status_code == 200

    assert await found(retailer.till, card_token=VISA) == [sold["number"]]
    assert await found(retailer.till, card_token="card-2") == [sold["number"]]


async def test_a_question_that_names_nobody_is_none(retailer: Retailer) -> None:
    """Nobody lists all sales by it."""
    for body in ({}, {"sku": "A"}, {"since": clock.now().isoformat(), "limit": 50}):
        refused = await retailer.office.ask("/v1/orders/searches", body)
        assert refusal(refused) == (400, ["/customer"])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"email": "ann"}, "/email"),
        ({"email": "ann@localhost"}, "/email"),
        ({"email": "ann@@example.com"}, "/email"),
        ({"email": "ann lee@example.com"}, "/email"),
        ({"email": "ann@example.com\u0000"}, "/email"),
        ({"email": f"{'a' * 250}@b.de"}, "/email"),
        ({"card_token": ""}, "/card_token"),
        ({"card_token": "x" * 129}, "/card_token"),
        ({"card_token": "4111 1111-11111111"}, "/card_token"),
        ({"customer": "ann", "limit": 51}, "/limit"),
        ({"customer": "ann", "cursor": "no cursor"}, "/cursor"),
        ({"customer": "ann", "since": "9999-12-31T23:59:59-14:00"}, "/since"),
        ({"customer": "ann", "since": "0001-01-01T00:00:00+14:00"}, "/since"),
        ({"customer": "ann", "until": "0001-01-01T00:00:00+14:00"}, "/until"),
    ],
)
async def test_a_question_that_cannot_be_asked(
    retailer: Retailer, body: dict[str, Any], pointer: str
) -> None:
    refused = await retailer.office.ask("/v1/orders/searches", body)
    assert refusal(refused) == (400, [pointer])


async def test_the_end_of_time_bounds_nothing(retailer: Retailer) -> None:
    await retailer.receive("A", S1=1)
    sold = await bought(retailer.till, customer="ann")
    far = "9999-12-31T23:59:59-14:00"
    assert await found(retailer.till, customer="ann", until=far) == [sold["number"]]


@pytest.mark.parametrize(
    ("tender", "pointer"),
    [
        ({"card_token": "4111111111111111"}, "/tenders/0/card_token"),
        ({"card_token": "4111-1111-1111-1111"}, "/tenders/0/card_token"),
        ({"type": "cash", "reference": None, "card_token": VISA}, "/tenders/0/card_token"),
        (
            {"payment": "0198c0de-0000-7000-8000-000000000000", "card_token": VISA},
            "/tenders/0/card_token",
        ),
    ],
)
async def test_a_cards_number_is_kept_nowhere(
    retailer: Retailer, tender: dict[str, Any], pointer: str
) -> None:
    """Nor a token where there is no card, or beside the one that its provider tells."""
    await retailer.receive("A", S1=1)
    body = order(served("pickup", "S1", line("A", 1)), paid=2000)
    body["tenders"] = [{"type": "card", "amount": euro(2000), "reference": "p-1"} | tender]

    refused = await retailer.till.post("/v1/orders", body)

    assert refusal(refused) == (400, [pointer])
    assert "4111" not in refused.text


@pytest.mark.parametrize("email", ["ann", "ann@example", "@example.com", "a,b@example.com"])
async def test_an_address_that_gets_no_mail(retailer: Retailer, email: str) -> None:
    body = order(served("pickup", "S1", line("A", 1)), paid=2000) | {"email": email}
    assert refusal(await retailer.till.post("/v1/orders", body)) == (400, ["/email"])
    cart = {"lines": [{"sku": "A", "quantity": 1}], "email": email}
    assert refusal(await retailer.web.post("/v1/carts", cart)) == (400, ["/email"])


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("4111111111111111", True),
        ("4111 1111 1111 1111", True),
        ("4111-1111-1111-1111", True),
        ("378282246310005", True),
        ("6304000000000000", True),
        ("6799990100000000019", True),
        ("4111111111111112", False),
        ("00000000000", False),
        ("00000000000000000000", False),
        ("tok_4111111111111111", False),
        ("４１１１１１１１１１１１１１１１", False),
        ("", False),
        (VISA, False),
    ],
)
def test_what_a_cards_number_is(text: str, is_one: bool) -> None:
    """Numbers that schemes publish for tests; what is one digit off, too short or too long is none."""
    assert is_card_number(text) is is_one
