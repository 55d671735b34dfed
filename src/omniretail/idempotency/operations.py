"""Running a batch of commands at most once each, whatever they are.

The keys come first in the global lock order; a key is written once, with its answer, at the end of
the same transaction. A refusal writes no key: it is judged anew when the caller asks again.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar
from uuid import UUID

import msgspec

from omniretail.db import RaceLost, Transaction, constraint, sql
from omniretail.errors import DomainError, KeyReused

_KNOWN = sql("idempotency.known_keys")
_REMEMBER = sql("idempotency.remember_keys")
_FORGET = sql("idempotency.forget_keys")

# A duplicate that slipped in between our look-up and our insert: run again, and find it.
constraint("idempotency_key_pkey", RaceLost)


class Reused(KeyReused):
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


async def once(
    tx: Transaction,
    commands: Sequence[Command],
    run: Callable[[Sequence[Command]], Awaitable[Sequence[Value | DomainError]]],
    kind: type[Value],
    *,
    now: datetime,
) -> list[Answer[Value] | DomainError]:
    """Answer known keys from memory, `run` the other commands, and remember what was accepted.

    `run` takes the new commands, each key once, and answers one outcome per command; a value must
    be a `kind` that msgspec can encode. Locks: none of its own; `run` takes its locks after the
    look-up. Outcomes, in order: the first answer (`replayed`), a new one, a refusal, or `Reused`.
    """
    stored = await _known(tx, [command.key for command in commands])
    fresh: dict[tuple[UUID, str], Command] = {}
    for command in commands:
        identity = (command.key.principal_id, command.key.key)
        if identity not in stored:
            fresh.setdefault(identity, command)
    outcomes = dict(zip(fresh, await run(list(fresh.values())), strict=True)) if fresh else {}
    accepted = [
        (*identity, fresh[identity].key.request_hash, msgspec.json.encode(value).decode())
        for identity, value in outcomes.items()
        if not isinstance(value, DomainError)
    ]
    # Sorted, so that two batches that meet on several keys wait for each other in one order.
    await tx.write(_REMEMBER, sorted(accepted), now)

    answers: list[Answer[Value] | DomainError] = []
    for command in commands:
        identity = (command.key.principal_id, command.key.key)
        if identity in stored:
            first_hash, answer = stored[identity]
            if first_hash != command.key.request_hash:
                answers.append(Reused(command.key.key))
            else:
                answers.append(Answer(msgspec.json.decode(answer, type=kind), replayed=True))
            continue
        first, outcome = fresh[identity], outcomes[identity]
        if isinstance(outcome, DomainError):
            answers.append(outcome)
        elif first.key.request_hash != command.key.request_hash:
            answers.append(Reused(command.key.key))
        else:
            answers.append(Answer(outcome, replayed=first is not command))
    return answers


async def forget_before(tx: Transaction, *, moment: datetime, most: int) -> int:
    """Delete up to `most` keys recorded before a moment; returns how many were deleted."""
    return await tx.execute(_FORGET, moment, most)


async def _known(tx: Transaction, keys: Sequence[Key]) -> dict[tuple[UUID, str], tuple[bytes, str]]:
    rows = await tx.fetch(_KNOWN, [key.principal_id for key in keys], [key.key for key in keys])
    return {(row["principal_id"], row["key"]): (row["request_hash"], row["answer"]) for row in rows}
