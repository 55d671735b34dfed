"""What the demo does with outcomes: all of them must be good."""

from collections.abc import Sequence
from typing import TypeVar

from omniretail.errors import DomainError

Value = TypeVar("Value")


def all_good(outcomes: Sequence[Value | DomainError]) -> list[Value]:
    """Return the outcomes. Raises: the first refusal among them."""
    good: list[Value] = []
    for outcome in outcomes:
        if isinstance(outcome, DomainError):
            raise outcome
        good.append(outcome)
    return good
