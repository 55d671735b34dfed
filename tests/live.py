"""A real server for tests: `omniretail serve` with two workers, and callers over real connections.

The server stands over the same database as the `retailer` of the test, so that what came in by one
process is replayed and audited by another.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from tests.callers import Caller

SANDBOX_SECRET = "whsec_of_tests"
"""Signs what the payment provider tells by itself."""

_START_SECONDS = 30.0
_STOP_SECONDS = 20.0


@dataclass
class Live:
    """A server that listens at `host:port`, and a client with as many connections as are wanted."""

    host: str
    port: int
    http: httpx.AsyncClient
    pid: int

    def caller(self, known: Caller) -> Caller:
        """Return the same principal over real connections; its writes are repeated with the others'."""
        return Caller(self.http, known.token, known.written)

    async def raw(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        """Send bytes as they are; return the status, the headers and the body of the answer."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            writer.write(request)
            # The server may answer and close before it has read all: the answer counts.
            answer = await _all_of(reader)
        finally:
            writer.transport.abort()  # what the server does not read must not keep it waiting
        head, _, body = answer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        return int(first.split(" ")[1]) if first else 0, headers, body


@asynccontextmanager
async def serving(
    database_url: str, *, workers: int = 2, worker: str = "off"
) -> AsyncIterator[Live]:
    """Run `omniretail serve` over a database until the block ends, and stop it by its process id.

    What is due by time is done only where `worker` is on: tests say themselves what time it is.
    """
    port = _free_port()
    chosen = {
        "DATABASE_URL": database_url,
        "OMNIRETAIL_HOST": "127.0.0.1",
        "OMNIRETAIL_PORT": str(port),
        "OMNIRETAIL_WORKERS": str(workers),
        "OMNIRETAIL_LOG_LEVEL": "error",
        "OMNIRETAIL_WORKER": worker,
        "OMNIRETAIL_SANDBOX_SECRET": SANDBOX_SECRET,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "omniretail", "serve"),
        env=os.environ | chosen,
        stdout=asyncio.subprocess.DEVNULL,
    )
    limits = httpx.Limits(max_connections=300, max_keepalive_connections=300)
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=30
        ) as http:
            await asyncio.wait_for(_ready(process, http), _START_SECONDS)
            yield Live("127.0.0.1", port, http, process.pid)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)


async def _ready(process: asyncio.subprocess.Process, http: httpx.AsyncClient) -> None:
    """Ask until the server answers; a server that ended never will."""
    while True:
        assert process.returncode is None, f"the server ended with {process.returncode}"
        try:
            if (await http.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.05)


async def _all_of(reader: asyncio.StreamReader) -> bytes:
    """Read an answer to its end, which the connection's end or its Content-Length tells."""
    answer = b""
    try:
        while piece := await reader.read(65536):
            answer += piece
            head, ended, body = answer.partition(b"\r\n\r\n")
            for line in head.split(b"\r\n")[1:] if ended else []:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length" and len(body) >= int(value):
                    return answer
    except ConnectionError:
        pass
    return answer


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
