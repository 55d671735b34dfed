"""CSV exports over HTTP: streamed from one snapshot, at the pace of who reads them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from litestar import Request as HttpRequest
from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from omniretail import clock, exports
from omniretail.api.auth import require
from omniretail.api.process import Process
from omniretail.api.wire import moment_in_query
from omniretail.errors import Invalid, Unavailable

# An export holds a connection and a snapshot for as long as somebody reads it.
_PATIENCE_SECONDS = 60.0


class ExportsBusy(Unavailable):
    """As many exports as may run at once are running."""


class _Copying:
    """An export under way: each piece waits until it is asked for, and the next one until it is gone."""

    def __init__(self, process: Process, kind: exports.Kind, as_of: datetime | None) -> None:
        # A piece; at the end nothing, or what went wrong.
        self._pieces: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self._copying = asyncio.create_task(self._copy(process, kind, as_of))

    async def next(self) -> bytes | None:
        """Return the next piece, or None at the end. Raises: what went wrong."""
        piece = await self._pieces.get()
        self._pieces.task_done()
        if isinstance(piece, Exception):
            raise piece
        return piece

    async def pieces(self, first: bytes | None) -> AsyncIterator[bytes]:
        """Yield every piece. Raises: what went wrong on the way, so that the answer breaks off."""
        try:
            piece = first
            while piece is not None:
                yield piece
                piece = await self.next()
        finally:
            self._copying.cancel()

    async def _copy(self, process: Process, kind: exports.Kind, as_of: datetime | None) -> None:
        end: Exception | None = None  # raised where the piece was asked for
        try:
            async with process.exporting, process.database.transaction(snapshot=True) as tx:
                await exports.copy(tx, kind, self._put, as_of=as_of)
        except Exception as error:
            end = error
        self._pieces.put_nowait(end)

    async def _put(self, piece: bytes) -> None:
        self._pieces.put_nowait(piece)
        # A reader that has gone without a word must not hold the snapshot for ever.
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await self._pieces.join()


@get("/v1/exports/{kind:str}", opt={"scope": "exports:read"}, media_type="text/csv")
async def export_file(
    request: HttpRequest[Any, Any, Any],
    kind: FromPath[exports.Kind],
    as_of: FromQuery[datetime | None] = None,
) -> Stream:
    """Stream a CSV file: levels, movements, counts, the valuation, skus, locations or loyalty_entries.

    All of it is of one moment. The key also needs the scope to read what the file is about. `as_of`
    values the stock of a moment of the past.
    """
    require(request.user, exports.SCOPES[kind])
    at = moment_in_query(as_of, now=clock.now(), pointer="/as_of")
    if at is not None and kind != "valuation":
        raise Invalid.at("/as_of", "Only the valuation is of a moment of the past")
    process = request.app.state.process
    if process.exporting.locked():
        raise ExportsBusy("Other exports are running; try again when they are done.")
    copying = _Copying(process, kind, at)
    # What goes wrong before the first piece is still answered as a problem.
    return Stream(
        copying.pieces(await copying.next()),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{kind}.csv"'},
    )


HANDLERS = [export_file]
