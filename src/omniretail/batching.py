"""The Batcher: concurrent calls become one batch, and one batch becomes one transaction.

It knows nothing of what a command means. What a batch does lives in the domains.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from omniretail.errors import DomainError

Command = TypeVar("Command")
Outcome = TypeVar("Outcome")


class Batcher(Generic[Command, Outcome]):
    """Gathers the calls that arrive while a batch is in flight, and hands them on as the next.

    A lone caller waits for nobody. `run` answers one outcome per command, in order; a refusal
    among them is raised to its own caller. Where `run` itself fails with a batch of many, each
    command runs again alone, so that a failure reaches only its cause; `run` must therefore do
    all or nothing, and be safe to repeat.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Command]], Awaitable[Sequence[Outcome | DomainError]]],
        *,
        most: int = 100,
    ) -> None:
        self._run = run
        self._most = most
        self._waiting: list[tuple[Command, asyncio.Future[Outcome]]] = []
        self._draining: asyncio.Task[None] | None = None

    async def __call__(self, command: Command) -> Outcome:
        """Return this command's outcome, or raise its refusal."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, future))
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting[: self._most]
                del self._waiting[: self._most]
                await self._settle(batch)
        finally:
            self._draining = None

    async def _settle(self, batch: list[tuple[Command, asyncio.Future[Outcome]]]) -> None:
        try:
            outcomes = await self._run([command for command, _ in batch])
        except Exception as error:
            if len(batch) == 1:
                _fail(batch[0][1], error)
            else:
                for one in batch:
                    await self._settle([one])
            return
        except BaseException as error:
            for _, future in batch:
                _fail(future, error)
            raise
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, DomainError):
                _fail(future, outcome)
            elif not future.done():
                future.set_result(outcome)


def _fail(future: asyncio.Future[Outcome], error: BaseException) -> None:
    """Hand an error to a caller, unless the caller has gone."""
    if not future.done():
        future.set_exception(error)
