"""The bundled load generator: raw HTTP/1.1 over connections that stay open, for want of wrk.

Run as `python -m benchmarks.client`, with a `Job` on the standard input and a `Load` on the output.
It takes a core for itself sooner than wrk does, which is why it tells its share.
"""

import asyncio
import random
import sys
import time
from functools import cache
from pathlib import Path

import msgspec
import uvloop

from benchmarks.load import BODIES, HOLD_BODY, RETURN_BODY, Job, Load

_LENGTH = b"content-length: "


class Tally(msgspec.Struct):
    """What all connections saw."""

    latencies: list[float] = []
    wrong: int = 0
    example: bytes = b""


def request(job: Job, connection: int, count: int) -> bytes:
    """Return the bytes of one request of a job."""
    head = f"Host: 127.0.0.1:{job.port}\r\nAuthorization: Bearer {job.token}\r\n"
    if job.kind == "fixed":
        return f"GET {job.path} HTTP/1.1\r\n{head}\r\n".encode()
    if job.kind == "asked":
        body = random.choice(job.bodies)
        return (
            f"POST {job.path} HTTP/1.1\r\n{head}Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
    if job.kind == "about":
        return f"GET {job.path % random.choice(_names(job.names))} HTTP/1.1\r\n{head}\r\n".encode()
    first = random.randrange(job.skus)
    if job.kind == "availability":
        return f"GET {job.path}?sku=SKU-{first:04} HTTP/1.1\r\n{head}\r\n".encode()
    location = random.randrange(job.locations)
    if job.kind == "hold":
        body = HOLD_BODY % (location, first)
    elif job.kind == "return":
        names = _names(job.names)
        body = RETURN_BODY % names[(connection + (count - 1) * job.clients) % len(names)]
    else:
        second = (first + random.randint(1, max(1, job.skus - 1))) % job.skus
        body = BODIES[job.kind] % (
            (location, first, second, random.choice(_names(job.names)))
            if job.kind == "member"
            else (location, first, second)
        )
    return (
        f"POST {job.path} HTTP/1.1\r\n{head}Content-Type: application/json\r\n"
        f"Idempotency-Key: {job.name}-{connection:02}-{count:08}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


@cache
def _names(path: str) -> list[str]:
    return Path(path).read_text().split()


async def _connection(job: Job, number: int, until: float, tally: Tally) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", job.port, limit=1 << 20)
    count = 0
    while (sent := time.perf_counter()) < until:
        count += 1
        writer.write(request(job, number, count))
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        # An answer without a length would be a surprise; it ends the run here.
        start = head.index(_LENGTH) + len(_LENGTH)
        body = await reader.readexactly(int(head[start : head.index(b"\r", start)]))
        tally.latencies.append(time.perf_counter() - sent)
        if int(head[9:12]) != job.status:
            tally.wrong += 1
            tally.example = tally.example or head[9:12] + b" " + body[:500]
    writer.close()


async def run(job: Job) -> tuple[Load, bytes]:
    """Run a job to its end; return what it came to, and the first answer that was wrong."""
    tally = Tally()
    used, began = time.process_time(), time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(job.clients):
            tasks.create_task(_connection(job, number, began + job.seconds, tally))
    seconds = time.perf_counter() - began
    ordered = sorted(tally.latencies)
    load = Load(
        requests=len(ordered),
        seconds=seconds,
        p50_ms=ordered[len(ordered) // 2] * 1e3 if ordered else 0.0,
        p99_ms=ordered[int(len(ordered) * 0.99)] * 1e3 if ordered else 0.0,
        cpu_share=(time.process_time() - used) / seconds,
        wrong=tally.wrong,
    )
    return load, tally.example


def main() -> None:
    """Read the job, run it, write what it came to."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        load, example = runner.run(run(job))
    sys.stderr.write(example.decode(errors="replace"))
    sys.stdout.buffer.write(msgspec.json.encode(load))


if __name__ == "__main__":
    main()
