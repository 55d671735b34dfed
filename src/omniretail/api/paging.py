"""Lists: `?limit=&cursor=` in, `{"items": …, "next_cursor": …}` out."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar
from uuid import UUID

import msgspec
from litestar.params import QueryParameter

from omniretail.errors import Invalid

Item = TypeVar("Item")
View = TypeVar("View")

Limit = Annotated[int, QueryParameter(ge=1, le=200, description="How many items at most")]
Cursor = Annotated[
    str | None,
    QueryParameter(name="cursor", max_length=1100, description="`next_cursor` of the page before"),
]


class Page(msgspec.Struct, Generic[View], frozen=True):
    """Some items, and where the next page begins (null: there is none)."""

    items: list[View]
    next_cursor: str | None


def page(
    found: Sequence[Item],
    *,
    limit: int,
    view: Callable[[Item], View],
    key: Callable[[Item], object],
) -> Page[View]:
    """Make a page of what was found when one item more than `limit` was asked for."""
    shown = found[:limit]
    more = len(found) > limit
    return Page([view(item) for item in shown], _encode(str(key(shown[-1]))) if more else None)


def text_cursor(cursor: str | None) -> str:
    """Return the code that a cursor stands for, or the empty text. Raises: Invalid."""
    if not cursor:
        return ""
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        text = ""
    # The decoder skips what is not of its alphabet; a cursor of ours comes back as it was.
    if "\0" in text or _encode(text) != cursor:
        raise Invalid.at("/cursor", "This is not a cursor of ours")
    return text


def place_cursor(cursor: str | None, parts: int) -> tuple[str, ...]:
    """Return the codes that a cursor of several stands for, or empty texts. Raises: Invalid."""
    if not cursor:
        return ("",) * parts
    codes = tuple(text_cursor(cursor).split("|"))
    if len(codes) != parts:
        raise Invalid.at("/cursor", "This is not a cursor of ours")
    return codes


def id_cursor(cursor: str | None) -> UUID | None:
    """Return the identity that a cursor stands for, if any. Raises: Invalid."""
    if not cursor:
        return None
    try:
        return UUID(text_cursor(cursor))
    except ValueError as error:
        raise Invalid.at("/cursor", "This is not a cursor of ours") from error


def _encode(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")
