"""Errors as RFC 9457 problem documents. The one place that knows which kind is which status."""

import re
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from omniretail.api.request_id import request_id
from omniretail.channels import KeyNotValid
from omniretail.db import RaceLost
from omniretail.errors import (
    DomainError,
    Forbidden,
    Invalid,
    KeyReused,
    Missing,
    Refused,
    Stale,
    Unavailable,
)
from omniretail.forms import in_words

_log = structlog.get_logger()
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_FIELD = re.compile(r"^Object (?:contains unknown|missing required) field `(.*)`$", re.DOTALL)
_MISSING = re.compile(r"Missing required \w+ parameter '([^']*)'")
_RETRY_AFTER_SECONDS = "1"


class MalformedRequest(Invalid):
    """The request cannot be read."""


class NoSuchPath(Missing):
    """There is nothing at this path."""


class MethodNotAllowed(Refused):
    """This path does not answer to this method."""


class BodyTooLarge(Refused):
    """The request's body is too large."""


class UnsupportedMediaType(Refused):
    """The request's body is of a kind that this path does not read."""


class InternalError(DomainError):
    """Something went wrong here; it is our fault and was logged."""


_STATUSES: dict[type[DomainError], int] = {
    MethodNotAllowed: 405,
    BodyTooLarge: 413,
    UnsupportedMediaType: 415,
    InternalError: 500,
    KeyNotValid: 401,
    Invalid: 400,
    Forbidden: 403,
    Missing: 404,
    Refused: 409,
    Stale: 412,
    KeyReused: 422,
    Unavailable: 503,
}

_BY_STATUS: dict[int, type[DomainError]] = {
    401: KeyNotValid,
    403: Forbidden,
    404: NoSuchPath,
    405: MethodNotAllowed,
    413: BodyTooLarge,
    415: UnsupportedMediaType,
    503: Unavailable,
}


def status(kind: type[DomainError]) -> int:
    """Return the HTTP status of an error class."""
    return next(_STATUSES[base] for base in kind.__mro__ if base in _STATUSES)


def document(error: DomainError) -> dict[str, Any]:
    """Return the problem document of an error."""
    return {
        "type": f"/problems/{error.code}",
        "title": error.title(),
        "status": status(type(error)),
        "detail": error.detail,
        **error.fields,
    }


def answer(error: DomainError, *, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Return the response that tells a client of an error."""
    code = status(type(error))
    extra = dict(headers or {})
    if code == 401:
        extra["WWW-Authenticate"] = "Bearer"
    if code == 503:
        extra["Retry-After"] = _RETRY_AFTER_SECONDS
    return Response(
        msgspec.json.encode(document(error)),
        status_code=code,
        headers=extra,
        media_type="application/problem+json",
    )


def _domain_error(_: Request[Any, Any, State], error: DomainError) -> Response[bytes]:
    return answer(error)


def _http_exception(request: Request[Any, Any, State], error: HTTPException) -> Response[bytes]:
    headers = {
        name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"
    }
    return answer(_translated(request, error), headers=headers)


def _race_lost(_: Request[Any, Any, State], _error: RaceLost) -> Response[bytes]:
    return answer(Unavailable("Another request came first; send this one again."))


def _unexpected(request: Request[Any, Any, State], error: Exception) -> Response[bytes]:
    if isinstance(error, RecursionError):
        return answer(MalformedRequest("The body is nested too deeply."))
    _log.error(
        "request failed",
        method=request.method,
        path=request.url.path,
        request_id=request_id(request.scope),
        exc_info=error,
    )
    return answer(InternalError("The request could not be answered."))


def not_valid(message: str) -> Invalid:
    """Return the error for what msgspec says of a body: a text that ends in a path."""
    said, _, path = message.partition(" - at `$")
    pointer = "".join(f"/{name or index}" for name, index in _STEP.findall(path))
    if field := _FIELD.search(said):
        pointer += "/" + field[1].replace("~", "~0").replace("/", "~1")
    return _faulty({"pointer": pointer, "detail": in_words(said)})


def _translated(request: Request[Any, Any, State], error: HTTPException) -> DomainError:
    if error.status_code in _BY_STATUS:
        return _BY_STATUS[error.status_code](_plain(error.detail))
    if error.status_code >= 500:
        return InternalError("The request could not be answered.")
    if isinstance(error.extra, list) and error.extra:
        return _faulty(*(_fault(request, fault) for fault in error.extra))
    if missing := _MISSING.match(error.detail):
        return _faulty({"pointer": f"/{missing[1]}", "detail": "This parameter is missing"})
    return MalformedRequest(_plain(error.detail))


def _faulty(*faults: dict[str, str]) -> Invalid:
    return Invalid("The request is not valid.", errors=faults)


def _fault(request: Request[Any, Any, State], fault: Any) -> dict[str, str]:
    """Translate one fault in a parameter as the framework reports it: our name for it, a message."""
    name, said = str(fault.get("key", "")), str(fault.get("message", "is not valid"))
    if name == "data":
        return {"pointer": "", "detail": "The body is missing"}
    parameter = request.route_handler.parsed_fn_signature.parameters.get(name)
    outside = getattr(parameter and parameter.kwarg_definition, "name", None)
    return {"pointer": f"/{outside or name}", "detail": in_words(said)}


def _plain(detail: object) -> str:
    return str(detail) or "The request is not valid."


HANDLERS: ExceptionHandlersMap = {
    DomainError: _domain_error,
    HTTPException: _http_exception,
    RaceLost: _race_lost,
    Exception: _unexpected,
}
