"""What is personal in what was said: taking it out of events and of remembered answers. Pure.

Amounts, identities, SKUs, times and who of the staff did something stay.
"""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

ERASED = "erased"
"""What stands in the place of a reason that must be there."""

_TAKEN_OUT = frozenset(
    {
        "birth_date",
        "card_token",
        "collected_by",
        "collector",
        "email",
        "family_name",
        "given_name",
        "locale",
        "note",
        "proof",
        "ship_to",
        "spot",
        "tracking_number",
        "tracking_url",
    }
)
# Their reasons are of a fixed list.
_CODED = frozenset({"erased", "held_up", "let_go_on", "rejected"})


class Eraser:
    """Takes one person out of what was said: whom `codes` name is `customer` by its id."""

    def __init__(self, codes: Collection[str], customer: UUID) -> None:
        self._codes = frozenset(codes)
        self._customer = str(customer)

    def event(self, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        """Return what an event says without anything personal."""
        said: dict[str, Any] = self.answer(data)
        if kind not in _CODED and isinstance(said.get("reason"), str):
            said = said | {"reason": ERASED}
        return said

    def answer(self, value: Any) -> Any:
        """Return a remembered answer without anything personal, in the same shape."""
        if isinstance(value, list):
            return [self.answer(one) for one in value]
        if not isinstance(value, dict):
            return value
        cleaned = {name: self._member(name, member) for name, member in value.items()}
        if "reference" in value and "expires_at" in value:
            cleaned["reference"] = None  # what a caller called a hold
        if "merged_at" in value and "reason" in value:
            cleaned["reason"] = None
        return cleaned

    def _member(self, name: str, value: Any) -> Any:
        change = _CHANGED.get(name)
        if value is None or isinstance(value, bool):
            said: Any = value
        elif name == "customer" and value in self._codes:
            said = self._customer
        elif change is not None:
            said = change(value)
        else:
            said = self.answer(value)
        return said


def _kinds_alone(value: Any) -> Any:
    """An event tells of identities the kinds alone; an answer all of them."""
    return [one for one in value if isinstance(one, str)]


def _unsourced(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [one | {"source": None} for one in value]


_CHANGED: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_TAKEN_OUT, lambda _: None),
    "addresses": _kinds_alone,
    "identities": _kinds_alone,
    "consents": _unsourced,
    "denial_reason": lambda _: ERASED,
    "price_reason": lambda _: ERASED,
    "override": lambda value: value | {"reason": ERASED},
}
