"""Running the application in processes of its own, under granian, and the worker beside it; ending all
of them together.
"""

import asyncio
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
from granian import Granian
from granian.constants import Interfaces, Loops, RuntimeModes
from litestar import Litestar

from omniretail.app import configure_logs, create_app
from omniretail.settings import Settings

_GRACE_SECONDS = 10
_AGAIN_SECONDS = 2.0

_log = structlog.get_logger()


def serve(settings: Settings) -> None:
    """Serve until this process is told to end (SIGINT, SIGTERM); a worker that dies is replaced.

    The workers read the settings from the environment.
    """
    configure_logs(settings.log_level)
    server = Granian(
        "omniretail.serving:worker",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        runtime_mode=RuntimeModes.st,
        workers=settings.workers,
        workers_kill_timeout=_GRACE_SECONDS,
        websockets=False,
        respawn_failed_workers=True,
        log_enabled=False,
    )
    with _background(settings):
        server.serve()


@contextmanager
def _background(settings: Settings) -> Iterator[None]:
    """Run `omniretail worker` beside the API for as long as the block lasts, unless it is off.

    Where it dies it is started again. Where this process is killed, it ends by itself.
    """
    if settings.worker == "off":
        yield
        return
    ended = threading.Event()
    keeper = threading.Thread(target=_keep_working, args=(ended,), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()


def _keep_working(ended: threading.Event) -> None:
    command = [sys.executable, "-m", "omniretail", "worker", "--parent", str(os.getpid())]
    while not ended.is_set():
        # Not by `subprocess`, which waits for the end of a pipe: a server process that is forked at
        # that moment would hold its other end. In a group of its own: Ctrl-C reaches this process,
        # which decides when the worker ends.
        pid = os.posix_spawn(sys.executable, command, os.environ, setpgroup=0)
        while (status := _ended_with(pid)) is None and not ended.wait(0.2):
            pass
        if status is None:
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + _GRACE_SECONDS
            while _ended_with(pid) is None:
                time.sleep(0.05)
                if time.monotonic() > deadline:
                    os.kill(pid, signal.SIGKILL)
        elif not ended.is_set():
            _log.warning("worker_died", status=status)
            ended.wait(_AGAIN_SECONDS)


def _ended_with(pid: int) -> int | None:
    """Return the exit status of a process of ours (negative: the signal), or None while it runs."""
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def worker() -> Litestar:
    """Return the application of one worker process, which lives and ends with the one above it."""
    return create_app(lifespan=[_bound_to_parent])


@asynccontextmanager
async def _bound_to_parent(_: Litestar) -> AsyncIterator[None]:
    # Ctrl-C reaches the whole process group; only the process above decides when a worker ends,
    # and granian's workers hang when they are told so twice.
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: None)
    # Collections of garbage that walk all that the process holds are what the slowest sales wait
    # for: what stands now is left out, and young garbage is gathered in larger heaps.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    watch = asyncio.create_task(_end_with_parent())
    yield
    watch.cancel()


async def _end_with_parent() -> None:
    """End this process when the one above it was killed, so that no orphan keeps the port."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing tells of a parent's end but its number
        await asyncio.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
