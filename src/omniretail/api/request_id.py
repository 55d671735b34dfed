"""The name of a request, in its answer and in the logs: the caller's X-Request-Id, or ours."""

import re

from litestar.types import Scope

from omniretail.ids import new_id_text

_READABLE = re.compile(rb"[\w.:-]{1,64}")


def request_id(scope: Scope) -> str:
    """Return the request's name, always the same for the same request."""
    state = scope["state"]
    if "request_id" not in state:
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        state["request_id"] = given.decode() if _READABLE.fullmatch(given) else new_id_text()
    name: str = state["request_id"]
    return name
