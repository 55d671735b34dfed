"""The types that every part of the wire shares: codes, quantities, money, times.

Requests refuse fields they do not know. Views of domains live beside their handlers.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar.params import PathParameter, QueryParameter
from msgspec import Meta

from omniretail import clock
from omniretail.errors import Invalid
from omniretail.forms import CODE, CURRENCY, EMAIL, TEXT, is_card_number

_CODE_IN_WORDS = "A code of the retailer's own; any script, no comma, slash, bar or outer space."

Code = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=CODE,
        description=_CODE_IN_WORDS,
        examples=["TSHIRT-M"],
    ),
]
# The framework reads limits of a parameter from its own marker only, not from msgspec's.
_IN_PARAMETER: Any = {
    "min_length": 1,
    "max_length": 64,
    "pattern": CODE,
    "description": _CODE_IN_WORDS,
}
CodeInPath = Annotated[str, PathParameter(**_IN_PARAMETER)]
CodeInQuery = Annotated[str, QueryParameter(**_IN_PARAMETER)]
CodeInQueryOrNone = Annotated[str | None, QueryParameter(**_IN_PARAMETER)]
_SERIAL_IN_PARAMETER: Any = {"min_length": 1, "max_length": 64, "pattern": TEXT}
SerialInPath = Annotated[str, PathParameter(**_SERIAL_IN_PARAMETER)]
SerialInQueryOrNone = Annotated[str | None, QueryParameter(**_SERIAL_IN_PARAMETER)]
Text = Annotated[str, Meta(min_length=1, max_length=500, pattern=TEXT)]
Email = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=EMAIL,
        description="In any case of letters; kept in lower case",
        examples=["ann@example.com"],
    ),
]
CardToken = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        pattern=TEXT,
        description="What a card reader or a provider calls a card each time; never its number",
    ),
]
Currency = Annotated[str, Meta(pattern=CURRENCY, description="ISO 4217", examples=["EUR"])]
Quantity = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Serials = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=64, pattern=TEXT)], ...],
    Meta(max_length=10_000, description="One per unit, of a SKU tracked by serial number"),
]
Change = Annotated[int, Meta(ge=-(2**31) + 1, le=2**31 - 1)]
AmountMinor = Annotated[int, Meta(ge=0, le=2**63 - 1, description="In minor units")]
Moment = Annotated[datetime, Meta(tz=True)]
LocalMoment = Annotated[
    datetime,
    Meta(description="RFC 3339; without an offset it is what the clocks of the `time_zone` show"),
]


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


def card_token(given: str | None, pointer: str) -> str | None:
    """Return a card's token as it was given. Raises: Invalid for a card's number."""
    if given is not None and is_card_number(given):
        raise Invalid.at(pointer, "This is a card's number, which is kept nowhere: send its token")
    return given


def moment_in_query(given: datetime | None, *, now: datetime, pointer: str) -> datetime | None:
    """Return a past moment that an address names, if it does. Raises: Invalid."""
    if given is None:
        return None
    if given.tzinfo is None:
        raise Invalid.at(pointer, "A moment needs its time zone")
    return moment(given, now=now, pointer=pointer)


def moment(
    given: datetime | None, *, now: datetime, pointer: str, oldest: timedelta | None = None
) -> datetime:
    """Return when something happened: as given, within bounds, or now.

    Raises: Invalid for a time ahead of ours by more than the tolerance, or older than allowed.
    """
    if given is None:
        return now
    try:
        return clock.happened(given, now=now, oldest=oldest)
    except ValueError as error:
        raise Invalid.at(pointer, str(error)) from error
