"""Counts: absolute figures at a moment, whatever was told before them and comes to light after."""

import asyncio
import itertools
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from omniretail import clock
from omniretail.errors import DomainError
from omniretail.ids import new_id
from omniretail.inventory import (
    Level,
    Movement,
    Posting,
    Source,
    Stock,
    adjusted,
    received,
    sold,
)
from omniretail.inventory.counts import CountRow
from tests.callers import Retailer, euro, line, order, served
from tests.live import Live

_BASE = datetime(2026, 11, 22, tzinfo=UTC)
_PLACE = ("A", "S1")
_skus = itertools.count(1)


def ago(**time: float) -> str:
    """A moment before now, on the wire."""
    return (clock.now() - timedelta(**time)).isoformat()


def figure(quantity: int, **more: Any) -> dict[str, Any]:
    """A row of a count: so many of A in S1."""
    return {"sku": "A", "location": "S1", "quantity": quantity, **more}


async def count(retailer: Retailer, *rows: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """Count, and return what became of each row."""
    answer = await retailer.office.post("/v1/stock/counts", {"lines": list(rows), **more})
    assert answer.status_code == 201, answer.text
    outcomes: list[dict[str, Any]] = answer.json()["outcomes"]
    return outcomes


async def receive_at(retailer: Retailer, quantity: int, at: str, **more: Any) -> dict[str, Any]:
    """Receive units of A in S1 that arrived at a moment, and return the row's outcome."""
    line = {"sku": "A", "location": "S1", "quantity": quantity, "occurred_at": at, **more}
    answer = await retailer.office.post("/v1/stock/receipts", {"lines": [line]})
    outcome: dict[str, Any] = answer.json()["outcomes"][0]
    assert outcome["status"] == "booked", outcome
    return outcome


def refusal(outcome: dict[str, Any]) -> str:
    """The type of a row's problem."""
    assert outcome["status"] == "refused", outcome
    name: str = outcome["problem"]["type"].removeprefix("/problems/")
    return name


async def counts(retailer: Retailer, **query: Any) -> list[dict[str, Any]]:
    """The counts in the books, the latest first."""
    items: list[dict[str, Any]] = (await retailer.office.get("/v1/stock/counts", **query)).json()[
        "items"
    ]
    return items


async def test_a_count_replaces_what_the_books_say(retailer: Retailer) -> None:
    await retailer.receive("A", S1=10)

    (fewer,) = await count(retailer, figure(7))
    (more,) = await count(retailer, figure(9))

    assert (fewer["variance"], fewer["level"]["on_hand"]) == (-3, 7)
    assert (more["variance"], more["level"]["on_hand"]) == (2, 9)
    assert await retailer.movements("A") == [
        ("received", "S1", 10),
        ("counted", "S1", 3),
        ("counted", "S1", 2),
    ]


async def test_a_place_that_never_had_any_can_be_counted(retailer: Retailer) -> None:
    none, some = await count(retailer, figure(0), figure(4, location="S2"))

    assert (none["variance"], none["level"]["on_hand"]) == (0, 0)
    assert (some["variance"], some["level"]["on_hand"]) == (4, 4)
    assert await retailer.level("A", "S2") == (4, 0, 4)


async def test_a_count_may_say_what_the_books_should_say(retailer: Retailer) -> None:
    """Given 5 and a sale while somebody counted, when they expected 5, then that row is refused."""
    await retailer.receive("A", S1=4)
    await retailer.receive("B", S1=2)

    stale, good = await count(
        retailer, figure(5, expected=5), figure(1, sku="B", expected=2), all_or_nothing=False
    )

    assert refusal(stale) == "count_stale"
    assert (stale["problem"]["expected"], stale["problem"]["on_hand"]) == (5, 4)
    assert (good["variance"], good["level"]["on_hand"]) == (-1, 1)
    assert await retailer.level("A", "S1") == (4, 0, 4)


async def test_what_is_expected_is_the_figure_of_the_counts_own_moment(retailer: Retailer) -> None:
    """Given 4 an hour ago and 3 more since, when 4 are counted for then, 4 was right to expect."""
    await receive_at(retailer, 4, ago(hours=2))
    await retailer.receive("A", S1=3)

    (row,) = await count(retailer, figure(4, expected=4, occurred_at=ago(hours=1)))

    assert (row["variance"], row["level"]["on_hand"]) == (0, 7)


async def test_counts_that_stand_or_fall_together(retailer: Retailer) -> None:
    await retailer.receive("A", S1=4)
    body = {"lines": [figure(9), figure(1, sku="NOBODY")], "all_or_nothing": True}

    answer = await retailer.office.post("/v1/stock/counts", body)

    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown_sku")
    assert await retailer.level("A", "S1") == (4, 0, 4)
    assert await counts(retailer) == []


async def test_what_the_shelf_cannot_lose_the_damaged_goods_lose(retailer: Retailer) -> None:
    """Given 5 of which 3 are damaged, when 1 is counted, then 2 sellable and 2 damaged are gone."""
    await retailer.receive("A", S1=5)
    aside = {"sku": "A", "location": "S1", "quantity": 3, "to_state": "damaged"}
    await retailer.office.post("/v1/stock/set-asides", {"lines": [aside | {"reason": "damaged"}]})

    (row,) = await count(retailer, figure(1))

    assert row["variance"] == -4
    assert (row["level"]["on_hand"], row["level"]["damaged"]) == (1, 1)
    assert row["level"]["available_to_promise"] == 0
    assert (await counts(retailer))[0]["variance"] == -4


async def test_a_count_that_cannot_have_been(retailer: Retailer) -> None:
    """Given 5 an hour ago and 4 stolen since, nobody can have counted 3 then: 4 of 3 cannot go."""
    await receive_at(retailer, 5, ago(hours=2))
    theft = {"sku": "A", "location": "S1", "change": -4, "reason": "theft"}
    await retailer.office.post("/v1/stock/adjustments", {"lines": [theft]})

    (row,) = await count(retailer, figure(3, occurred_at=ago(hours=1)))

    assert refusal(row) == "count_contradicted"
    assert row["problem"]["on_hand"] == -1
    assert await retailer.level("A", "S1") == (1, 0, 1)


async def test_a_late_event_between_two_counts(retailer: Retailer) -> None:
    """Given counts at 3 and 1 hours ago, when a receipt of 2 hours ago is told now, then the first
    count stands as it is, the second's variance takes it up, and today's figure stays.
    """
    await receive_at(retailer, 10, ago(hours=4))
    await count(retailer, figure(9, occurred_at=ago(hours=3)))
    await count(retailer, figure(12, occurred_at=ago(hours=1)))

    late = await receive_at(retailer, 2, ago(hours=2))

    assert late["level"]["on_hand"] == 12
    second, first = await counts(retailer, sku="A")
    assert (first["quantity"], first["variance"]) == (9, -1)
    assert (second["quantity"], second["variance"]) == (12, 1)


async def test_a_late_sale_that_a_count_has_spoken_for_is_not_refused(retailer: Retailer) -> None:
    """Given an empty shelf by count, when a theft from before it is told, then nothing is short."""
    await receive_at(retailer, 3, ago(hours=3))
    await count(retailer, figure(0, occurred_at=ago(hours=1)))
    theft = {"sku": "A", "location": "S1", "change": -3, "reason": "theft"}

    answer = await retailer.office.post(
        "/v1/stock/adjustments", {"lines": [theft | {"occurred_at": ago(hours=2)}]}
    )

    assert answer.json()["outcomes"][0]["status"] == "booked"
    assert await retailer.level("A", "S1") == (0, 0, 0)
    assert (await counts(retailer))[0]["variance"] == 0


async def test_a_late_count_before_another(retailer: Retailer) -> None:
    """Given a count an hour ago, when one of two hours ago is told, then today stays as it is."""
    await receive_at(retailer, 10, ago(hours=3))
    await count(retailer, figure(6, occurred_at=ago(hours=1)))

    (row,) = await count(retailer, figure(8, occurred_at=ago(hours=2)))

    assert (row["variance"], row["level"]["on_hand"]) == (-2, 6)
    by_moment = {item["quantity"]: item["variance"] for item in await counts(retailer)}
    assert by_moment == {6: -2, 8: -2}


async def test_a_late_count_leaves_the_damaged_goods_of_today(retailer: Retailer) -> None:
    """Given 4 damaged by now and counted, a lower count from before takes nothing of them away."""
    await receive_at(retailer, 4, ago(hours=3))
    aside = {"sku": "A", "location": "S1", "quantity": 4, "to_state": "damaged"}
    await retailer.office.post("/v1/stock/set-asides", {"lines": [aside | {"reason": "damaged"}]})
    await count(retailer, figure(4, occurred_at=ago(hours=1)))

    (row,) = await count(retailer, figure(1, occurred_at=ago(hours=2)))

    assert (row["variance"], row["level"]["on_hand"], row["level"]["damaged"]) == (-3, 4, 4)


async def test_first_counts_at_the_same_moment_give_the_figure_once(retailer: Retailer) -> None:
    """Given a place without a level, when twelve count 5 at once, then there are 5 and not 60."""
    answers = await asyncio.gather(
        *(
            caller.post("/v1/stock/counts", {"lines": [figure(5)]})
            for caller in (retailer.office, retailer.staff)
            for _ in range(6)
        ),
    )

    variances = [answer.json()["outcomes"][0]["variance"] for answer in answers]
    assert sorted(variances) == [0] * 11 + [5]
    assert await retailer.level("A", "S1") == (5, 0, 5)


async def test_two_processes_that_count_a_place_first(retailer: Retailer, live: Live) -> None:
    """The same through two worker processes, whose batches do not know of each other.

    A count that is booked later may have been taken earlier: then it takes the variance over.
    """
    office = live.caller(retailer.office)

    await asyncio.gather(
        *(office.post("/v1/stock/counts", {"lines": [figure(5)]}) for _ in range(12))
    )

    counts = (await office.get("/v1/stock/counts", sku="A", location="S1")).json()["items"]
    assert sorted(one["variance"] for one in counts) == [0] * 11 + [5]
    assert await retailer.level("A", "S1") == (5, 0, 5)


async def test_a_count_of_the_future_is_refused_by_row(retailer: Retailer) -> None:
    ahead, good = await count(retailer, figure(3, occurred_at=ago(minutes=-10)), figure(4, sku="B"))

    assert refusal(ahead) == "invalid"
    assert ahead["problem"]["errors"][0]["pointer"] == "/lines/0/occurred_at"
    assert good["status"] == "booked"
    assert await retailer.level("A", "S1") == (0, 0, 0)


async def test_a_clock_that_runs_a_little_ahead_says_now(retailer: Retailer) -> None:
    """Given a counter whose clock is 3 minutes fast, a sale right after the count is not eaten."""
    await retailer.receive("A", S1=5)
    await count(retailer, figure(5, occurred_at=ago(minutes=-3)))
    theft = {"sku": "A", "location": "S1", "change": -1, "reason": "theft"}
    await retailer.office.post("/v1/stock/adjustments", {"lines": [theft]})

    (item,) = await counts(retailer)

    assert await retailer.level("A", "S1") == (4, 0, 4)
    assert item["occurred_at"] <= item["recorded_at"]
    assert item["variance"] == 0


async def _lot_tracked(retailer: Retailer) -> None:
    body = {"name": "Milk", "tracking": "lot"}
    assert (await retailer.office.put("/v1/skus/MILK", body)).is_success


async def test_lots_are_counted_one_by_one(retailer: Retailer) -> None:
    await _lot_tracked(retailer)
    await receive_at(retailer, 4, ago(hours=2), sku="MILK", lot="L1")
    await receive_at(retailer, 6, ago(hours=2), sku="MILK", lot="L2")

    first, second, unnamed, plain = await count(
        retailer,
        figure(3, sku="MILK", lot="L1"),
        figure(7, sku="MILK", lot="L2", expected=6),
        figure(3, sku="MILK"),
        figure(3, lot="L1"),
    )

    assert (first["variance"], second["variance"]) == (-1, 1)
    assert refusal(unnamed) == "lot_missing"
    assert refusal(plain) == "lot_not_tracked"
    assert await retailer.level("MILK", "S1") == (10, 0, 10)
    assert [item["lot"] for item in await counts(retailer, sku="MILK")] == ["L2", "L1"]


async def test_a_lot_can_be_counted_where_there_was_none(retailer: Retailer) -> None:
    await _lot_tracked(retailer)

    (row,) = await count(retailer, figure(3, sku="MILK", lot="L9"))

    assert (row["variance"], row["level"]["on_hand"]) == (3, 3)


async def test_a_late_event_of_a_counted_lot_changes_that_lot_no_more(retailer: Retailer) -> None:
    """Given a lot counted an hour ago, a receipt of it from before changes its count's variance."""
    await _lot_tracked(retailer)
    await receive_at(retailer, 4, ago(hours=3), sku="MILK", lot="L1")
    await count(retailer, figure(6, sku="MILK", lot="L1", occurred_at=ago(hours=1)))

    late = await receive_at(retailer, 2, ago(hours=2), sku="MILK", lot="L1")
    (again,) = await count(retailer, figure(6, sku="MILK", lot="L1", expected=6))

    assert late["level"]["on_hand"] == 6
    assert again["variance"] == 0
    assert [item["variance"] for item in await counts(retailer)] == [0, 0]


async def test_a_kit_and_a_foreign_place_are_not_counted(retailer: Retailer) -> None:
    kit = {"name": "Kit", "components": [{"sku": "A", "quantity": 2}]}
    await retailer.office.put("/v1/skus/KIT", kit)

    answer = await retailer.staff.post(
        "/v1/stock/counts", {"lines": [figure(1, sku="KIT"), figure(1, location="S2"), figure(1)]}
    )

    no_kit, foreign, good = answer.json()["outcomes"]
    assert refusal(no_kit) == "kit_has_no_stock"
    assert refusal(foreign) == "location_not_yours"
    assert good["status"] == "booked"


async def _lines(retailer: Retailer, lines: list[bytes], key: str) -> httpx.Response:
    return await retailer.office.send(
        "POST",
        "/v1/stock/counts",
        content=b"\n".join(lines),
        headers={"Content-Type": "application/x-ndjson", "Idempotency-Key": key},
    )


async def test_counts_one_a_line(retailer: Retailer) -> None:
    lines = [
        json.dumps(figure(3)).encode(),
        json.dumps(figure(-1)).encode(),
        json.dumps(figure(2, sku="B")).encode(),
    ]

    answer = await _lines(retailer, lines, "inventory-night")
    again = await _lines(retailer, lines, "inventory-night")

    first, bad, last = answer.json()["outcomes"]
    assert (first["variance"], last["variance"]) == (3, 2)
    assert bad["problem"]["errors"][0]["pointer"] == "/lines/1/quantity"
    assert again.json() == answer.json()
    assert again.headers["idempotency-replayed"] == "true"


async def test_ten_thousand_rows_in_one_call(retailer: Retailer) -> None:
    """A whole store on one night: good rows are booked, each bad one says what is wrong with it."""
    places = [(sku, location) for sku in "ABC" for location in ("WH", "S1", "S2", "S3")]
    rows = [
        {"sku": sku, "location": location, "quantity": number % 90}
        for number in range(10_000)
        for sku, location in [places[number % len(places)]]
    ]
    rows[17]["quantity"] = -1
    rows[1_234]["sku"] = "NOBODY"
    rows[5_000]["expected"] = -3
    rows[9_999]["occurred_at"] = ago(hours=-1)

    outcomes = await count(retailer, *rows)

    refused = {
        number: refusal(outcome)
        for number, outcome in enumerate(outcomes)
        if outcome["status"] == "refused"
    }
    assert refused == {17: "invalid", 1_234: "unknown_sku", 5_000: "count_stale", 9_999: "invalid"}
    last = {
        (row["sku"], row["location"]): row["quantity"]
        for number, row in enumerate(rows)
        if number not in refused
    }
    for sku, location in places:
        assert (await retailer.level(sku, location))[0] == last[sku, location]


async def test_the_counts_are_listed_with_who_and_what_document(retailer: Retailer) -> None:
    answer = await retailer.staff.post("/v1/stock/counts", {"lines": [figure(3)]})
    await count(retailer, figure(2, location="S2"), figure(1, sku="B"))

    (item,) = await counts(retailer, sku="A", location="S1")
    page = (await retailer.office.get("/v1/stock/counts", limit=2)).json()
    rest = (await retailer.office.get("/v1/stock/counts", cursor=page["next_cursor"])).json()

    assert item["document_id"] == answer.json()["id"]
    assert item["document_type"] == "count"
    assert (item["quantity"], item["variance"]) == (3, 3)
    assert item["actor_id"] != page["items"][0]["actor_id"]
    assert [row["id"] for row in rest["items"]] == [item["id"]]


class _Event:
    """Something that happened at an hour, and is told in its turn."""

    def __init__(self, hour: int, kind: str, quantity: int, lot: str | None) -> None:
        self.at = _BASE + timedelta(hours=hour)
        self.kind, self.quantity, self.lot = kind, quantity, lot

    def __repr__(self) -> str:
        return f"{self.kind} {self.quantity} of {self.lot} at {self.at.hour}"

    def movement(self) -> Movement:
        if self.kind == "receipt":
            moved = received(*_PLACE, self.quantity, "purchase")
        elif self.kind == "sale":
            moved = sold(*_PLACE, self.quantity)
        else:
            moved = adjusted(*_PLACE, self.quantity - 5 or 1, "other")
        return moved._replace(lot=self.lot)

    def source(self) -> Source:
        return Source(
            document_type="test",
            document_id=UUID(int=1),
            actor_id=UUID(int=2),
            channel=None,
            occurred_at=self.at,
            idempotency_key="k",
        )

    def tell(self, stock: Stock) -> int | DomainError | None:
        if self.kind == "count":
            row = CountRow(
                id=new_id(),
                sku=_PLACE[0],
                location=_PLACE[1],
                quantity=self.quantity,
                occurred_at=self.at,
                lot=self.lot,
            )
            return stock.count(self.source(), row)
        return stock.post(Posting(self.source(), [self.movement()]))


def _events(lots: list[str | None]) -> st.SearchStrategy[list[_Event]]:
    return st.lists(
        st.builds(
            _Event,
            st.integers(0, 8),
            st.sampled_from(["receipt", "receipt", "sale", "adjustment", "count"]),
            st.integers(1, 9),
            st.sampled_from(lots),
        ),
        max_size=25,
    )


def _told(stock: Stock) -> list[tuple[datetime, str | None, int]]:
    """When, of which lot and by how much each accepted movement changes what is on hand."""
    return [
        (movement.occurred_at or source.occurred_at, movement.lot, movement.on_hand_change)
        for source, movements in stock.accepted
        for movement in movements
    ]


def _prove(stock: Stock, accepted: list[_Event], lot: str | None, on_hand: int) -> None:
    told = [(at, change) for at, of_lot, change in _told(stock) if of_lot == lot]
    counted = [event for event in accepted if event.kind == "count" and event.lot == lot]
    assert on_hand == sum(change for _, change in told)
    assert on_hand >= 0
    # Of several counts of one moment the one told last stands.
    figures = {event.at: event.quantity for event in counted}
    for moment, quantity in figures.items():
        assert sum(change for at, change in told if at <= moment) == quantity
    last = max(figures, default=None)
    since = sum(
        event.movement().on_hand_change
        for event in accepted
        if event.kind != "count" and event.lot == lot and (last is None or event.at > last)
    )
    assert on_hand == (0 if last is None else figures[last]) + since


def _prove_variances(stock: Stock) -> None:
    moved: Counter[UUID] = Counter()
    for _, movements in stock.accepted:
        for movement in movements:
            if movement.type == "counted":
                named = movement.corrects or movement.id
                assert named is not None
                moved[named] += movement.on_hand_change
    booked = {count.row.id for count in stock.booked_counts}
    assert set(moved) <= booked
    for count_id in booked:
        assert stock.variances.get(count_id, 0) == moved[count_id]


@given(_events([None]))
def test_whatever_is_told_in_whatever_order_the_counts_stand(events: list[_Event]) -> None:
    """The movements up to a count sum to its figure; today is the last count and all after it."""
    stock = Stock({_PLACE: Level()})
    accepted: list[_Event] = []

    for event in events:
        if not isinstance(event.tell(stock), DomainError):
            accepted.append(event)
        _prove(stock, accepted, None, stock.level(*_PLACE).on_hand)

    _prove_variances(stock)


@given(_events(["L1", "L2"]))
def test_the_counts_of_lots_stand_as_well(events: list[_Event]) -> None:
    """The same for each lot, and the place has what its lots have."""
    stock = Stock({_PLACE: Level()})
    stock.tracking = {_PLACE[0]: "lot"}
    accepted: list[_Event] = []

    for event in events:
        if not isinstance(event.tell(stock), DomainError):
            accepted.append(event)
        there = {lot.lot: lot.on_hand for lot in stock.lots.get(_PLACE, ())}
        for lot in ("L1", "L2"):
            _prove(stock, accepted, lot, there.get(lot, 0))
        assert stock.level(*_PLACE).on_hand == sum(there.values())

    _prove_variances(stock)


@given(_events([None]), st.integers(0, 8), st.integers(0, 20))
def test_a_variance_is_told_without_booking_anything(
    events: list[_Event], hour: int, quantity: int
) -> None:
    """What a count would differ by is what it then differs by, and asking changes nothing."""
    stock = Stock({_PLACE: Level()})
    for event in events:
        event.tell(stock)
    asked = _Event(hour, "count", quantity, None)
    row = CountRow(
        id=new_id(), sku=_PLACE[0], location=_PLACE[1], quantity=quantity, occurred_at=asked.at
    )
    before = (_told(stock), stock.level(*_PLACE).on_hand, len(stock.booked_counts))

    variance = stock.variance(row)

    assert (_told(stock), stock.level(*_PLACE).on_hand, len(stock.booked_counts)) == before
    booked = stock.count(asked.source(), row)
    if isinstance(variance, DomainError):
        assert type(booked) is type(variance)
    else:
        assert booked == variance


async def _send(retailer: Retailer, sku: str, event: _Event, at: str) -> dict[str, Any] | None:
    """Tell an event over HTTP; returns the outcome of a row, or None for an order that was taken."""
    where = {"sku": sku, "location": "S1"}
    if event.kind == "sale":
        sale = line(sku, event.quantity, unit_price=euro(1), price_reason="a test")
        body = order(served("carry_out", "S1", sale), paid=event.quantity)
        answer = await retailer.office.post(
            "/v1/orders", body | {"channel": "pos", "placed_at": at}
        )
        return None if answer.status_code == 201 else {"status": "refused"}
    rows: dict[str, tuple[str, dict[str, Any]]] = {
        "receipt": ("receipts", {"quantity": event.quantity}),
        "adjustment": ("adjustments", {"change": event.quantity - 5 or 1, "reason": "other"}),
        "count": ("counts", {"quantity": event.quantity}),
    }
    path, row = rows[event.kind]
    answer = await retailer.office.post(
        f"/v1/stock/{path}", {"lines": [where | row | {"occurred_at": at}]}
    )
    outcome: dict[str, Any] = answer.json()["outcomes"][0]
    return outcome


@settings(max_examples=25)
@given(events=_events([None]).filter(bool))
async def test_told_one_by_one_the_database_knows_what_one_batch_would(
    retailer: Retailer, events: list[_Event]
) -> None:
    """What is surveyed anew for each call is what a single batch keeps in memory."""
    sku = f"SKU-{next(_skus)}"
    assert (await retailer.office.put(f"/v1/skus/{sku}", {"name": sku})).is_success
    stock, base = Stock({_PLACE: Level()}), clock.now() - timedelta(hours=10)

    for event in events:
        at = (base + (event.at - _BASE)).isoformat()
        outcome = await _send(retailer, sku, event, at)
        expected = event.tell(stock)
        if isinstance(expected, DomainError):
            assert outcome is not None
            assert outcome["status"] == "refused"
        elif event.kind == "count":
            assert outcome is not None
            assert outcome["variance"] == expected
        else:
            assert outcome is None or outcome["status"] == "booked"
        assert (await retailer.level(sku, "S1"))[0] == stock.level(*_PLACE).on_hand

    told = {UUID(item["id"]): item["variance"] for item in await counts(retailer, sku=sku)}
    assert sorted(told.values()) == sorted(
        stock.variances.get(booked.row.id, 0) for booked in stock.booked_counts
    )
