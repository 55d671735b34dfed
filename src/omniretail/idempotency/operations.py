"""Running a batch of commands at most once each, whatever they are.

The keys come first in the global lock order; a key is written once, with its answer, at the end of
the same transaction. A refusal writes no key: it is judged anew when the caller asks again.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar
from uuid import UUID

import msgspec

from omniretail.db import RaceLost, Read, Transaction, Write, constraint, sql, write_columns
from omniretail.errors import DomainError, KeyReused

_KNOWN = sql("idempotency.known_keys")
_REMEMBER = sql("idempotency.remember_keys")
_FORGET = sql("idempotency.forget_keys")

# A duplicate that slipped in between our look-up and our insert: run again, and find it.
constraint("idempotency_key_pkey", RaceLost)


class IdempotencyKeyReused(KeyReused):
    """This Idempotency-Key was used before, for another request."""

    def __init__(self, key: str) -> None:
        super().__init__(f"The key {key!r} belongs to a request with another body.", key=key)


class Key(msgspec.Struct, frozen=True):
    """Names one write of one principal; `request_hash` tells a repetition from another request."""

    principal_id: UUID
    key: str
    request_hash: bytes


Value = TypeVar("Value")


class Answer(msgspec.Struct, Generic[Value], frozen=True):
    """What a command led to, and whether that had happened already before this call."""

    value: Value
    replayed: bool = False


class Keyed(Protocol):
    """A command that carries its key."""

    @property
    def key(self) -> Key: ...  # noqa: D102


Command = TypeVar("Command", bound=Keyed)
Identity = tuple[UUID, str]
Known = dict[Identity, tuple[bytes, str]]


def known(commands: Sequence[Keyed]) -> Read[Known]:
    """Return the read of those keys of `commands` that were used before."""
    keys = [command.key for command in commands]
    return Read(
        _KNOWN,
        ([key.principal_id for key in keys], [key.key for key in keys]),
        lambda rows: {
            (UUID(row["principal_id"]), row["key"]): (
                bytes.fromhex(row["request_hash"]),
                row["answer"],
            )
            for row in rows
        },
    )


class Repetitions(Generic[Command, Value]):
    """A batch of commands, sorted by what is known of their keys.

    `fresh` are the commands to judge, each key once. A `kind` is what an accepted one leads to; it
    must be something that msgspec can encode.
    """

    def __init__(self, commands: Sequence[Command], stored: Known, kind: type[Value]) -> None:
        self._commands = commands
        self._stored = stored
        self._kind = kind
        self._first: dict[Identity, Command] = {}
        for command in commands:
            identity = _identity(command)
            if identity not in stored:
                self._first.setdefault(identity, command)
        self.fresh = list(self._first.values())

    async def confirm(self, tx: Transaction, outcomes: Sequence[Value | DomainError]) -> None:
        """Make sure that nothing is refused that was accepted meanwhile. Raises: RaceLost.

        The keys were looked up before the locks were had, and whoever had them may have been the
        same command, sent twice: it must not be told that the goods are gone, which it has itself.
        """
        refused = [
            command
            for command, outcome in zip(self.fresh, outcomes, strict=True)
            if isinstance(outcome, DomainError)
        ]
        if refused and (await tx.read(known(refused)))[0]:
            raise RaceLost

    def remember(self, outcomes: Sequence[Value | DomainError], *, now: datetime) -> list[Write]:
        """Return the writes that keep the answers of the fresh commands that were accepted."""
        accepted = [
            (*identity, command.key.request_hash, msgspec.json.encode(outcome).decode())
            for (identity, command), outcome in zip(self._first.items(), outcomes, strict=True)
            if not isinstance(outcome, DomainError)
        ]
        # Sorted, so that two batches that meet on several keys wait for each other in one order.
        return write_columns(_REMEMBER, sorted(accepted), now)

    def answers(self, outcomes: Sequence[Value | DomainError]) -> list[Answer[Value] | DomainError]:
        """Return one answer per command, in order, from memory or from the fresh outcomes."""
        judged = dict(zip(self._first, outcomes, strict=True))
        return [self._answer(command, judged) for command in self._commands]

    def _answer(
        self, command: Command, judged: dict[Identity, Value | DomainError]
    ) -> Answer[Value] | DomainError:
        identity = _identity(command)
        if identity in self._stored:
            first_hash, answer = self._stored[identity]
            if first_hash != command.key.request_hash:
                return IdempotencyKeyReused(command.key.key)
            return Answer(msgspec.json.decode(answer, type=self._kind), replayed=True)
        first, outcome = self._first[identity], judged[identity]
        if isinstance(outcome, DomainError):
            return outcome
        if first.key.request_hash != command.key.request_hash:
            return IdempotencyKeyReused(command.key.key)
        return Answer(outcome, replayed=first is not command)


async def once(
    tx: Transaction,
    commands: Sequence[Command],
    run: Callable[[Sequence[Command]], Awaitable[Sequence[Value | DomainError]]],
    kind: type[Value],
    *,
    now: datetime,
) -> list[Answer[Value] | DomainError]:
    """Answer known keys from memory, `run` the other commands, and remember what was accepted.

    Locks: none of its own; `run` takes its locks after the look-up, and answers one outcome per
    command. Outcomes, in order: the first answer (`replayed`), a new one, a refusal, or
    IdempotencyKeyReused.
    """
    (stored,) = await tx.read(known(commands))
    repetitions = Repetitions(commands, stored, kind)
    outcomes = await run(repetitions.fresh) if repetitions.fresh else []
    await repetitions.confirm(tx, outcomes)
    await tx.write(*repetitions.remember(outcomes, now=now))
    return repetitions.answers(outcomes)


async def forget_before(tx: Transaction, *, moment: datetime, most: int) -> int:
    """Delete up to `most` keys recorded before a moment; returns how many were deleted."""
    return await tx.execute(_FORGET, moment, most)


def _identity(command: Keyed) -> Identity:
    return command.key.principal_id, command.key.key
