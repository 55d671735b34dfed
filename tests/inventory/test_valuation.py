"""What the stock is worth: moving averages with worked numbers, now and as of moments of the past."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from omniretail import catalog, channels, inventory
from omniretail.db import Database, Transaction
from omniretail.idempotency import Key
from omniretail.ids import new_id
from tests.callers import Retailer, line, order, served

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
_CLERK = channels.Principal(
    id=new_id(),
    kind="integration",
    name="clerk",
    scopes=frozenset(channels.SCOPES),
    channel=None,
    locations=frozenset(),
)


def bought(quantity: int, cost: str | None, **more: Any) -> dict[str, Any]:
    """A line of a receipt of A in S1 with its unit cost in cents."""
    unit_cost = {} if cost is None else {"unit_cost": {"amount": cost, "currency": "EUR"}}
    return {"sku": "A", "location": "S1", "quantity": quantity, **unit_cost, **more}


async def receive(retailer: Retailer, *lines: dict[str, Any]) -> list[Any]:
    """Book a receipt; return what became of its lines."""
    answer = await retailer.office.post("/v1/stock/receipts", {"lines": list(lines)})
    assert answer.status_code == 201, answer.text
    outcomes: list[Any] = answer.json()["outcomes"]
    return outcomes


async def value(retailer: Retailer, **query: Any) -> Any:
    """Ask for the valuation."""
    answer = await retailer.office.get("/v1/stock/valuation", **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def euro(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR"}


async def test_receipts_move_the_average_and_sales_leave_it(retailer: Retailer) -> None:
    """Given 10 at 1.00 and 10 at 2.00, when 5 are sold, then 15 are worth 1.50 each, 22.50 in all."""
    await receive(retailer, bought(10, "100"), bought(10, "200"))
    (item,) = (await value(retailer))["items"]
    assert (item["on_hand"], item["unit_cost"], item["value"]) == (20, "150", euro(3000))

    sale = order(served("carry_out", None, line("A", 5)), paid=10_000, by="cash")
    assert (await retailer.till.post("/v1/orders", sale)).status_code == 201
    (item,) = (await value(retailer))["items"]
    assert (item["on_hand"], item["unit_cost"], item["value"]) == (15, "150", euro(2250))

    # (15 × 150 + 5 × 50.5) / 20 = 125.125, and 20 of that are 2502.5: half goes to the even 2502.
    await receive(retailer, bought(5, "50.5"))
    (item,) = (await value(retailer))["items"]
    assert (item["on_hand"], item["unit_cost"], item["value"]) == (20, "125.125", euro(2502))


async def test_half_a_cent_goes_to_the_even_one(retailer: Retailer) -> None:
    """Given 3 at 0.5 and 1 at 0.5 cents elsewhere, then 1.5 makes 2, and 0.5 makes 0."""
    await receive(
        retailer,
        bought(3, "0.5"),
        bought(1, "0.5", location="S2"),
        bought(5, "0.5", location="S3"),
        bought(1, "0.500001", location="WH"),
    )

    found = await value(retailer)

    assert [item["value"]["amount"] for item in found["items"]] == [2, 0, 2, 1]
    assert found["totals"]["currencies"] == [{"on_hand": 10, "value": euro(5)}]


async def test_units_nobody_said_the_cost_of_are_counted_apart(retailer: Retailer) -> None:
    """Given 4 of B without a cost, then they have no value, and the totals say how many."""
    await receive(retailer, bought(2, "100"), bought(4, None, sku="B"))

    found = await value(retailer)

    a, b = found["items"]
    assert (a["value"], b["value"], b["unit_cost"], b["currency"]) == (euro(200), None, None, None)
    assert found["totals"] == {
        "currencies": [{"on_hand": 2, "value": euro(200)}],
        "units_without_cost": 4,
    }


async def test_a_place_is_valued_in_one_currency_and_places_may_differ(retailer: Retailer) -> None:
    """Given A in euro in S1, when dollars come there, then they are refused; in S2 they are taken."""
    in_dollars = {"unit_cost": {"amount": "300", "currency": "USD"}}

    outcomes = await receive(
        retailer,
        bought(1, "100"),
        bought(1, None) | in_dollars,
        bought(2, None, location="S2") | in_dollars,
    )

    assert [outcome["status"] for outcome in outcomes] == ["booked", "refused", "booked"]
    assert outcomes[1]["problem"]["type"] == "/problems/cost_currency_differs"
    totals = (await value(retailer))["totals"]["currencies"]
    assert totals == [
        {"on_hand": 1, "value": euro(100)},
        {"on_hand": 2, "value": {"amount": 600, "currency": "USD"}},
    ]


async def test_totals_are_of_the_selection_and_stand_on_the_first_page(retailer: Retailer) -> None:
    """Given five places, when they are read two at a time, then each comes once, in order."""
    await receive(
        retailer,
        *(bought(1, "100", location=location) for location in ("S1", "S2", "WH")),
        *(bought(2, "10", sku="B", location=location) for location in ("S1", "S2")),
    )

    pages = [await value(retailer, limit=2)]
    while cursor := pages[-1]["next_cursor"]:
        pages.append(await value(retailer, limit=2, cursor=cursor))
    places = [(item["sku"], item["location"]) for page in pages for item in page["items"]]

    assert places == [("A", "S1"), ("A", "S2"), ("A", "WH"), ("B", "S1"), ("B", "S2")]
    assert [page["totals"] is None for page in pages] == [False, True, True]
    assert pages[0]["totals"]["currencies"] == [{"on_hand": 7, "value": euro(340)}]
    at_s1 = await value(retailer, location="S1")
    assert [item["sku"] for item in at_s1["items"]] == ["A", "B"]
    assert at_s1["totals"]["currencies"] == [{"on_hand": 3, "value": euro(120)}]
    of_b = await value(retailer, sku="B", location="S2")
    assert of_b["totals"]["currencies"] == [{"on_hand": 2, "value": euro(20)}]


async def test_what_is_not_there_is_not_valued(retailer: Retailer) -> None:
    await receive(retailer, bought(2, "100"))
    await retailer.office.post(
        "/v1/stock/adjustments",
        {"lines": [{"sku": "A", "location": "S1", "change": -2, "reason": "theft"}]},
    )

    assert (await value(retailer))["items"] == []


async def test_what_nobody_could_pay_is_refused_not_wrong(retailer: Retailer) -> None:
    """Given a cost that was typed with too many digits, then the valuation says so."""
    await receive(retailer, bought(2_000_000_000, "9" * 15))

    answer = await retailer.office.get("/v1/stock/valuation")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/value_too_large")


async def test_as_of_must_be_a_moment_of_the_past(retailer: Retailer) -> None:
    for as_of in (
        *("2026-03-02T09:00:00", "2999-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"),
        "9999-12-31T23:59:59-14:00",
    ):
        answer = await retailer.office.get("/v1/stock/valuation", as_of=as_of)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/as_of"


async def book(
    tx: Transaction,
    quantity: int,
    cost: str | None = None,
    *,
    at: datetime,
    told: datetime,
) -> None:
    """Receive A in S1, or lose some below 0: it happened `at` one moment and was `told` at another."""
    row = inventory.DocumentRow(
        sku="A",
        location="S1",
        quantity=quantity,
        reason="purchase" if quantity > 0 else "theft",
        unit_cost=None if cost is None else inventory.Cost(Decimal(cost), "EUR"),
        occurred_at=at,
    )
    command = inventory.BookDocument(
        key=Key(_CLERK.id, str(uuid4()), b""),
        principal=_CLERK,
        document_id=new_id(),
        type="receipt" if quantity > 0 else "adjustment",
        rows=(row,),
        all_or_nothing=True,
    )
    (booked,) = await inventory.book_unkeyed(tx, [command], now=told)
    assert isinstance(booked, inventory.Booked)


async def valued_at(tx: Transaction, as_of: datetime) -> tuple[int, str, int | None] | None:
    """What A in S1 was worth at a moment."""
    found = await inventory.value_stock(tx, as_of=as_of, limit=2)
    if not found:
        return None
    (place,) = found
    return place.on_hand, str(place.unit_cost_minor), place.value_minor


async def test_the_past_is_valued_by_what_had_happened_by_then(database: Database) -> None:
    """Given a week of receipts and a loss, some told late, then each day has its own value.

    Averages follow in the order of telling: Wednesday's receipt is told on Friday, and is averaged
    with what Thursday's left.
    """
    tuesday, wednesday, thursday, friday = (MONDAY + DAY * days for days in range(1, 5))

    async def week(tx: Transaction) -> None:
        place = catalog.LocationSpec(code="S1", name="Store")
        await catalog.put_locations(tx, [place], now=MONDAY)
        await catalog.put_skus(tx, [catalog.SkuSpec(code="A", name="A")], now=MONDAY)
        await book(tx, 10, "100", at=MONDAY, told=MONDAY)
        await book(tx, 10, "200", at=tuesday, told=tuesday)
        await book(tx, -5, at=thursday, told=thursday)
        await book(tx, 5, "50", at=thursday, told=thursday)
        await book(tx, 20, "75", at=wednesday, told=friday)

    await database.run(week)

    async with database.transaction(snapshot=True) as tx:
        assert await valued_at(tx, MONDAY - DAY) is None
        assert await valued_at(tx, MONDAY) == (10, "100", 1000)
        assert await valued_at(tx, tuesday) == (20, "150", 3000)
        # On Thursday (15 × 150 + 5 × 50) / 20 = 125; with Wednesday's 20 at 75 it is 100.
        assert await valued_at(tx, wednesday) == (40, "100", 4000)
        assert await valued_at(tx, thursday) == (40, "100", 4000)
        now = await valued_at(tx, friday)
        assert now == (40, "100", 4000)
        (today,) = await inventory.value_stock(tx)
        assert (today.on_hand, today.value_minor) == (40, 4000)
        totals = await inventory.total_value(tx, as_of=tuesday, sku="A", location="S1")
        assert [(total.currency, total.value_minor) for total in totals.currencies] == [
            ("EUR", 3000)
        ]
        assert await inventory.value_stock(tx, as_of=tuesday, location="WH") == []


async def test_an_average_follows_from_the_one_before_whatever_the_clocks_say(
    database: Database,
) -> None:
    """Given two receipts, of which the second read its clock first, then the third builds on the second.

    A batch reads its clock before it waits for the levels' locks.
    """

    async def receipts(tx: Transaction) -> None:
        place = catalog.LocationSpec(code="S1", name="Store")
        await catalog.put_locations(tx, [place], now=MONDAY)
        await catalog.put_skus(tx, [catalog.SkuSpec(code="A", name="A")], now=MONDAY)
        await book(tx, 10, "100", at=MONDAY, told=MONDAY + timedelta(seconds=1))
        await book(tx, 10, "200", at=MONDAY, told=MONDAY)
        await book(tx, 20, "50", at=MONDAY, told=MONDAY + timedelta(seconds=2))

    await database.run(receipts)

    async with database.transaction(snapshot=True) as tx:
        (place,) = await inventory.value_stock(tx)
        assert place.unit_cost_minor == 100  # (20 × 150 + 20 × 50) / 40
