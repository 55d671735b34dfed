"""The types that every part of the wire shares: codes, quantities, money, times.

Requests refuse fields they do not know. Views of domains live beside their handlers.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar.params import PathParameter, QueryParameter
from msgspec import Meta

from omniretail.clock import FUTURE_TOLERANCE
from omniretail.errors import Invalid

# U+FFFD is what becomes of bytes in a path that are no UTF-8.
_PLAIN = r"[^\s,/|\x00-\x1f\x7f\ufffd]"
_WITHIN = r"[^,/|\x00-\x1f\x7f\ufffd]"

_CODE = rf"^{_PLAIN}({_WITHIN}*{_PLAIN})?\Z"
_CODE_IN_WORDS = "A code of the retailer's own; any script, no comma, slash, bar or outer space."
_TEXT = r"^[^\x00]*\Z"
_CURRENCY = r"^[A-Z]{3}\Z"
FORMS = {
    _CODE: "a code: any script, but no comma, slash, bar, control character or outer space",
    _TEXT: "a text without NUL characters",
    _CURRENCY: "three capital letters, as ISO 4217 names a currency",
}
"""What the patterns of this module ask for, in words."""

Code = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=_CODE,
        description=_CODE_IN_WORDS,
        examples=["TSHIRT-M"],
    ),
]
# The framework reads limits of a parameter from its own marker only, not from msgspec's.
_IN_PARAMETER: Any = {
    "min_length": 1,
    "max_length": 64,
    "pattern": _CODE,
    "description": _CODE_IN_WORDS,
}
CodeInPath = Annotated[str, PathParameter(**_IN_PARAMETER)]
CodeInQuery = Annotated[str, QueryParameter(**_IN_PARAMETER)]
CodeInQueryOrNone = Annotated[str | None, QueryParameter(**_IN_PARAMETER)]
Text = Annotated[str, Meta(min_length=1, max_length=500, pattern=_TEXT)]
Currency = Annotated[str, Meta(pattern=_CURRENCY, description="ISO 4217", examples=["EUR"])]
Quantity = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Serials = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=64, pattern=_TEXT)], ...],
    Meta(max_length=10_000, description="One per unit, of a SKU tracked by serial number"),
]
Change = Annotated[int, Meta(ge=-(2**31) + 1, le=2**31 - 1)]
AmountMinor = Annotated[int, Meta(ge=0, le=2**63 - 1, description="In minor units")]
Moment = Annotated[datetime, Meta(tz=True)]

_OLDEST = datetime(1970, 1, 1, tzinfo=UTC)


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request body, or a part of one."""


class RowFault(msgspec.Struct, frozen=True):
    """A row that cannot be read: what it was, where the fault lies, and what it is."""

    row: str
    pointer: str
    detail: str

    def error(self) -> Invalid:
        """Return the refusal of the row."""
        return Invalid(
            "The row is not valid.", errors=[{"pointer": self.pointer, "detail": self.detail}]
        )


class RowsRequest(Request, frozen=True, kw_only=True):
    """A body of many `lines`, each taken or refused by itself, unless it is all or nothing.

    It comes as one JSON object, or as newline-delimited JSON: one line each, with `all_or_nothing`
    in the query. A line that cannot be read is a `RowFault` among the others.
    """

    lines: tuple[Any, ...]
    all_or_nothing: bool = False


class View(msgspec.Struct, frozen=True, kw_only=True):
    """An answer's body, or a part of one."""


class Money(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in minor units: `{"amount": 12500, "currency": "EUR"}` is 125.00 euro."""

    amount: AmountMinor
    currency: Currency


def moment(
    given: datetime | None, *, now: datetime, pointer: str, oldest: timedelta | None = None
) -> datetime:
    """Return when something happened: as given, within bounds, or now.

    A clock that runs ahead of ours, within the tolerance, says now: nothing is recorded before it
    happens, and a count never speaks for a sale that is still to come.

    Raises: Invalid for a time ahead of ours by more than the tolerance, or older than allowed.
    """
    if given is None:
        return now
    if given > now + FUTURE_TOLERANCE:
        raise Invalid.at(pointer, f"{given.isoformat()} lies ahead of the present")
    if given < _OLDEST or (oldest is not None and given < now - oldest):
        raise Invalid.at(pointer, f"{given.isoformat()} lies too far in the past for this key")
    return min(now, given.astimezone(UTC))
