"""Idempotency keys: repeating a write with its key gives the first answer and changes nothing."""

from omniretail.idempotency.operations import (
    Answer,
    IdempotencyKeyReused,
    Key,
    Repetitions,
    forget_before,
    known,
    once,
)
from omniretail.idempotency.persons import (
    restate_answers,
)

__all__ = [
    "Answer",
    "IdempotencyKeyReused",
    "Key",
    "Repetitions",
    "forget_before",
    "known",
    "once",
    "restate_answers",
]
