"""What providers still have to do: captured, voided, given back; once each, whoever dies in between."""

import asyncio
from uuid import UUID

import pytest

from omniretail import payments
from omniretail.ids import new_id
from tests.callers import Retailer
from tests.payments.cards import Cards


@pytest.fixture
def cards(retailer: Retailer) -> Cards:
    return Cards(retailer)


async def lease(cards: Cards, most: int = 20) -> list[payments.LeasedOperation]:
    """Lease what is due, as a worker does before it asks."""
    return await cards.database.run(
        lambda tx: payments.lease_operations(tx, provider="sandbox", now=cards.clock(), most=most)
    )


async def record(
    cards: Cards, operation: payments.LeasedOperation, answer: payments.ProviderAnswer | None
) -> bool:
    """Record what became of an operation; tells whether it was news."""
    return await cards.database.run(
        lambda tx: payments.record_operation(tx, operation, answer, now=cards.clock())
    )


async def test_an_order_is_captured_as_it_ships(cards: Cards) -> None:
    """Given 20.00 authorized, when two parcels leave and one comes back, then 12.00 and 8.00 are
    captured and 8.00 given back."""
    sold = await cards.sold()
    await cards.request(sold, ("capture", 1200))
    first = await cards.settle()
    await cards.request(sold, ("capture", 800), ("refund", 800))
    rest = await cards.settle_all()

    assert (first, rest) == (1, 2)
    assert await cards.operations(sold) == [
        ("capture", 1200, "done", None),
        ("capture", 800, "done", None),
        ("refund", 800, "done", None),
    ]
    assert await cards.at_the_sandbox(sold[0]) == [
        ("authorization", 2000, None),
        ("capture", 1200, None),
        ("capture", 800, None),
        ("refund", 800, None),
    ]


async def test_the_last_capture_says_so(cards: Cards) -> None:
    """A provider keeps what is set aside until it hears that no more is coming."""
    finals: list[tuple[int, bool]] = []

    class Listening(payments.SandboxProvider):
        async def capture(self, change: payments.Change) -> payments.ProviderAnswer:
            finals.append((change.amount_minor, change.final))
            return await super().capture(change)

    cards.provider = Listening(cards.database)
    await cards.request(await cards.sold(), ("capture", 1200), ("capture", 300), ("capture", 500))
    await cards.settle_all()

    assert finals == [(1200, False), (300, False), (500, True)]


async def test_what_is_not_captured_is_released(cards: Cards) -> None:
    """One of two parcels is cancelled: what is left is released, and no longer there to capture."""
    sold = await cards.sold()
    await cards.request(sold, ("capture", 1200), ("void", 800))
    await cards.settle_all()
    late = await cards.provider.capture(
        payments.Change(
            operation_id=new_id(),
            payment_id=sold[0],
            reference="any",
            amount_minor=800,
            currency="EUR",
        )
    )

    assert [state for _, _, state, _ in await cards.operations(sold)] == ["done", "done"]
    assert isinstance(late, payments.Declined)
    assert late.code == "amount_too_large"


async def test_a_refund_waits_for_its_capture(cards: Cards) -> None:
    """Of one payment one thing is asked at a time, first come first; others are not held up."""
    sold, other = await cards.sold(), await cards.sold()
    await cards.request(sold, ("capture", 2000), ("refund", 2000))
    await cards.request(other, ("capture", 2000))

    first = await lease(cards)
    meanwhile = await lease(cards)
    for operation in first:
        assert await record(cards, operation, await payments.perform(cards.provider, operation))
    then = await lease(cards)

    assert sorted(operation.payment_id for operation in first) == sorted([sold[0], other[0]])
    assert meanwhile == []
    assert [(operation.payment_id, operation.kind) for operation in then] == [(sold[0], "refund")]


async def test_a_declined_refund_is_kept_as_failed(cards: Cards) -> None:
    """The provider will not give back: it is told once, and nobody is asked again."""
    sold = await cards.sold("refund_declined")
    await cards.request(sold, ("capture", 2000), ("refund", 500))

    assert await cards.settle_all() == 2
    assert await cards.operations(sold) == [
        ("capture", 2000, "done", None),
        ("refund", 500, "failed", "refund_declined: The sandbox declines it."),
    ]


async def test_a_declined_capture_is_kept_as_failed(cards: Cards) -> None:
    sold = await cards.sold("capture_declined")
    await cards.request(sold, ("capture", 2000))

    assert await cards.settle_all() == 1
    assert [state for _, _, state, _ in await cards.operations(sold)] == ["failed"]


async def test_a_lost_answer_is_asked_for_again(cards: Cards) -> None:
    """Given a capture whose answer is lost, when its turn comes again, then it is found done, once."""
    sold = await cards.sold("timeout")
    await cards.request(sold, ("capture", 2000))
    first = await cards.settle()
    at_once = await cards.settle()
    standing = await cards.operations(sold)
    cards.clock.move(seconds=10)
    again = await cards.settle()

    assert (first, at_once, again) == (1, 0, 1)
    assert standing == [("capture", 2000, "due", None)]
    assert await cards.operations(sold) == [("capture", 2000, "done", None)]
    assert await cards.at_the_sandbox(sold[0]) == [
        ("authorization", 2000, None),
        ("capture", 2000, None),
    ]


async def test_the_worker_dies_before_it_asks(cards: Cards) -> None:
    """What was leased and never asked for is due again once the lease has run out."""
    sold = await cards.sold()
    await cards.request(sold, ("capture", 2000))
    (leased,) = await lease(cards)
    cards.clock.move(seconds=59)
    too_soon = await lease(cards)
    cards.clock.move(seconds=1)
    (again,) = await lease(cards)

    assert too_soon == []
    assert (leased.attempts, again.attempts, again.id) == (1, 2, leased.id)


async def test_the_worker_dies_before_it_records(cards: Cards) -> None:
    """The provider has done it already: asked once more it says so, and nothing is captured twice."""
    sold = await cards.sold()
    await cards.request(sold, ("capture", 2000))
    (leased,) = await lease(cards)
    done = await payments.perform(cards.provider, leased)
    cards.clock.move(minutes=1)

    assert isinstance(done, payments.Done)
    assert await cards.settle() == 1
    assert await cards.operations(sold) == [("capture", 2000, "done", None)]
    assert len(await cards.at_the_sandbox(sold[0])) == 2


async def test_a_worker_that_was_slow_changes_nothing(cards: Cards) -> None:
    """Given a lease that ran out, when both workers record, then the first answer stands, and the slow
    one cannot take the lease of the other."""
    sold = await cards.sold()
    await cards.request(sold, ("capture", 2000))
    (slow,) = await lease(cards)
    cards.clock.move(minutes=1)
    (other,) = await lease(cards)

    nothing = await record(cards, slow, None)
    meanwhile = await lease(cards)
    done = await payments.perform(cards.provider, other)
    first = await record(cards, other, done)
    late = await record(cards, slow, payments.Declined("late", "Too late."))

    assert (nothing, meanwhile, first, late) == (False, [], True, False)
    assert await cards.operations(sold) == [("capture", 2000, "done", None)]


async def test_two_workers_do_nothing_twice(cards: Cards) -> None:
    """Both lease at once, again and again: no operation is with two, and none is left out."""
    for _ in range(12):
        await cards.request(await cards.sold(), ("capture", 2000))
    leased: list[UUID] = []

    async def work() -> None:
        while found := await lease(cards, most=2):
            leased.extend(operation.id for operation in found)
            for operation in found:
                answer = await payments.perform(cards.provider, operation)
                assert await record(cards, operation, answer)

    await asyncio.gather(work(), work(), work())

    assert len(leased) == len(set(leased)) == 12


async def test_another_provider_s_payments_are_left_to_it(cards: Cards) -> None:
    """A retailer that changed providers: each payment goes back to where it was made."""
    sold = await cards.sold()
    await cards.request(sold, ("capture", 2000))

    class Other(payments.SandboxProvider):
        name = "other"

    other = Other(cards.database)

    assert await payments.settle_due(cards.database, other, cards.clock) == 0
    assert await cards.settle() == 1


async def test_a_provider_that_is_down_is_asked_less_and_less(cards: Cards) -> None:
    """Given no answers for a day, when the provider is back, then it is asked within the hour."""

    class Down(payments.SandboxProvider):
        async def capture(self, change: payments.Change) -> payments.ProviderAnswer:
            raise payments.ProviderUnavailable

    sold = await cards.sold()
    await cards.request(sold, ("capture", 2000))
    down, asked = Down(cards.database), 0
    for _ in range(24 * 60):
        cards.clock.move(minutes=1)
        asked += await payments.settle_due(cards.database, down, cards.clock)
    cards.clock.move(hours=1)

    assert 24 <= asked <= 40
    assert await cards.settle() == 1
    assert await cards.operations(sold) == [("capture", 2000, "done", None)]


async def test_an_order_without_cards_has_nothing_to_settle(cards: Cards) -> None:
    assert await cards.operations((new_id(), new_id())) == []
    assert await cards.settle() == 0
