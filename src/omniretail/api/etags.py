"""Versions over HTTP: the ETag of an answer, and the If-Match of a request that must not be stale."""

import re
from typing import Annotated, Protocol, TypeVar

from litestar import Response
from litestar.params import HeaderParameter

from omniretail.errors import Invalid

IfMatch = Annotated[
    str | None,
    HeaderParameter(name="If-Match", description="The ETag you read; a stale edit answers 412"),
]
_ETAG = re.compile(r'(?:W/)?("?)(?P<version>[0-9]{1,9})\1')


class Versioned(Protocol):
    """A view that says its version."""

    @property
    def version(self) -> int: ...  # noqa: D102


Tagged = TypeVar("Tagged", bound=Versioned)


def tagged(view: Tagged) -> Response[Tagged]:
    """Return the response that shows a view under its ETag."""
    return Response(view, headers={"ETag": f'"{view.version}"'})


def expected_version(if_match: str | None) -> int | None:
    """Return the version that a request expects, if it does. Raises: Invalid."""
    if if_match is None or if_match.strip() == "*":
        return None
    tag = _ETAG.fullmatch(if_match.strip())
    if tag is None:
        raise Invalid.at("/If-Match", "This is not an ETag of ours")
    return int(tag["version"])
