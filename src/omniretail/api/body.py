"""Reading a request's body: JSON once, strictly, straight into what the handler takes.

The framework alone would read dicts first, take `"5"` for 5 and any media type for JSON, and would
answer bad UTF-8 with a 500.
"""

import asyncio
from functools import cache
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.types import Empty

from omniretail.api import rows
from omniretail.api.problems import (
    BodyTooLarge,
    MalformedRequest,
    UnsupportedMediaType,
    not_valid,
)

_JSON = {"application/json", ""}
_ROWS = "application/x-ndjson"
# A client that is still sending would see a broken connection instead of our answer.
_DRAINED_BODIES = 4
_DRAIN_SECONDS = 2.0


class BodyRequest(Request[Any, Any, State]):
    """A request whose body is read in our way."""

    __slots__ = ()

    async def json(self) -> Any:
        """Return the body as the handler's `data`.

        Raises: UnsupportedMediaType, MalformedRequest, Invalid.
        """
        if self._json is Empty:
            media_type = self.content_type[0]
            taken = self.route_handler.parsed_data_field
            kind = taken.annotation if taken else Any
            if media_type == _ROWS and rows.takes_rows(kind):
                whole = self.query_params.get("all_or_nothing", "false") == "true"
                self._json = rows.decoded_lines(await self.body(), kind, all_or_nothing=whole)
            elif media_type in _JSON:
                self._json = _decoded(await self.body(), kind)
            else:
                raise UnsupportedMediaType(f"Send application/json, not {media_type}.")
        return self._json

    async def body(self) -> bytes:
        """Return the body's bytes. Raises: BodyTooLarge, MalformedRequest."""
        try:
            return await super().body()
        except HTTPException as error:
            if error.status_code == 500:  # the framework takes a connection's end for our fault
                raise MalformedRequest("The body broke off.") from error
            if error.status_code != 413:
                raise
            most = self.route_handler.resolve_request_max_body_size() or 0
            await self._drain(_DRAINED_BODIES * most)
            raise BodyTooLarge(f"A body has at most {most} bytes.") from error

    async def _drain(self, most: int) -> None:
        drained, more = 0, True
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while more and drained < most:
                    message = await self.receive()
                    more = message["type"] == "http.request" and message["more_body"]
                    drained += len(message["body"]) if message["type"] == "http.request" else 0
        except TimeoutError:
            pass


def _decoded(body: bytes, kind: Any) -> Any:
    try:
        return _decoder(kind).decode(body)
    except msgspec.ValidationError as error:
        if (found := rows.decoded_by_row(body, kind)) is not None:
            return found
        raise not_valid(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedRequest(f"The body is not JSON in UTF-8: {error}.") from error
    except RecursionError as error:
        raise MalformedRequest("The body is nested too deeply.") from error


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
