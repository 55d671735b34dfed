"""The Idempotency-Key header, and answers that say whether they were given before.

The header is a structured-field string by its draft (`"abc"`, RFC 8941 section 3.3.3); most clients
send it bare. Both name the same key.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Response
from litestar.params import HeaderParameter

from omniretail.channels import Principal
from omniretail.errors import Invalid
from omniretail.idempotency import Answer, Key

Value = TypeVar("Value")
View = TypeVar("View")

KeyHeader = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description="Names this write. Repeating it with the same body gives the first answer.",
    ),
]
_QUOTED = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_BARE = re.compile(r"[\x21\x23-\x7e][\x21-\x7e]*")
_LONGEST = 255


class IdempotencyKeyMissing(Invalid):
    """This request needs an Idempotency-Key."""

    def __init__(self) -> None:
        super().__init__("Send a header `Idempotency-Key` that names this write.")


class IdempotencyKeyInvalid(Invalid):
    """The Idempotency-Key cannot be read."""

    def __init__(self) -> None:
        super().__init__(
            f"A key is 1 to {_LONGEST} printable ASCII characters, bare or as a quoted string."
        )


def key(header: str | None, principal: Principal, path: str, body: Any) -> Key:
    """Return the key of a write. Raises: IdempotencyKeyMissing, IdempotencyKeyInvalid."""
    if header is None:
        raise IdempotencyKeyMissing
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    digest = hashlib.blake2b(path.encode() + b"\0" + content, digest_size=16).digest()
    return Key(principal.id, parse(header), digest)


def parse(header: str) -> str:
    """Return the key that a header names. Raises: IdempotencyKeyInvalid."""
    text = header.strip(" ")
    if quoted := _QUOTED.fullmatch(text):
        text = re.sub(r"\\(.)", r"\1", quoted[1])
    elif not _BARE.fullmatch(text):
        raise IdempotencyKeyInvalid
    if not 1 <= len(text) <= _LONGEST:
        raise IdempotencyKeyInvalid
    return text


def answered(
    answer: Answer[Value], view: Callable[[Value], View], *, status: int
) -> Response[View]:
    """Return the response to a write, marked where it only repeats the first answer."""
    headers = {"Idempotency-Replayed": "true"} if answer.replayed else None
    return Response(view(answer.value), status_code=status, headers=headers)
