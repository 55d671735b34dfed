"""The Batcher: concurrent calls become one batch, and a failure reaches only its cause."""

import asyncio
from collections.abc import Sequence

import pytest

from omniretail.batching import Batcher
from omniretail.errors import DomainError, Refused


class Odd(Refused):
    """Odd numbers are refused."""


class Recorder:
    """Doubles numbers in batches, remembers the batches, and fails where it is told to."""

    def __init__(self, *, fails_on: int | None = None) -> None:
        self.batches: list[list[int]] = []
        self.fails_on = fails_on
        self.gate = asyncio.Event()
        self.gate.set()

    async def run(self, numbers: Sequence[int]) -> list[int | DomainError]:
        self.batches.append(list(numbers))
        await self.gate.wait()
        if self.fails_on in numbers:
            raise RuntimeError("broken")
        return [Odd("odd") if number % 2 else number * 2 for number in numbers]


async def test_a_lone_caller_waits_for_nobody() -> None:
    recorder = Recorder()

    assert await Batcher[int, int](recorder.run)(4) == 8
    assert recorder.batches == [[4]]


async def test_calls_that_come_while_a_batch_is_in_flight_become_the_next() -> None:
    recorder = Recorder()
    batcher = Batcher[int, int](recorder.run)
    recorder.gate.clear()

    first = asyncio.create_task(batcher(2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(batcher(number)) for number in (4, 6, 8)]
    await asyncio.sleep(0)
    recorder.gate.set()

    assert await asyncio.gather(first, *others) == [4, 8, 12, 16]
    assert recorder.batches == [[2], [4, 6, 8]]


async def test_no_batch_is_larger_than_allowed_and_order_is_kept() -> None:
    recorder = Recorder()
    batcher = Batcher[int, int](recorder.run, most=3)

    numbers = range(0, 16, 2)
    assert await asyncio.gather(*map(batcher, numbers)) == [number * 2 for number in numbers]
    assert [len(batch) for batch in recorder.batches] == [3, 3, 2]


async def test_a_refusal_is_raised_to_its_own_caller_only() -> None:
    batcher = Batcher[int, int](Recorder().run)

    answers = await asyncio.gather(*map(batcher, (2, 3, 4)), return_exceptions=True)

    assert (answers[0], answers[2]) == (4, 8)
    assert isinstance(answers[1], Odd)


async def test_a_failure_hits_only_its_cause() -> None:
    recorder = Recorder(fails_on=6)
    batcher = Batcher[int, int](recorder.run)

    answers = await asyncio.gather(*map(batcher, (2, 6, 4)), return_exceptions=True)

    assert (answers[0], answers[2]) == (4, 8)
    assert isinstance(answers[1], RuntimeError)
    assert recorder.batches == [[2, 6, 4], [2], [6], [4]]


async def test_a_caller_who_left_does_not_stop_the_others() -> None:
    recorder = Recorder()
    batcher = Batcher[int, int](recorder.run)
    recorder.gate.clear()
    staying, leaving = asyncio.create_task(batcher(2)), asyncio.create_task(batcher(4))
    await asyncio.sleep(0)

    leaving.cancel()
    recorder.gate.set()

    assert await staying == 4
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await batcher(6) == 12
