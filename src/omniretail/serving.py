"""Running the application in processes of its own, under granian; ending all of them together."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from granian import Granian
from granian.constants import Interfaces, Loops, RuntimeModes
from litestar import Litestar

from omniretail.app import create_app
from omniretail.settings import Settings

_GRACE_SECONDS = 10


def serve(settings: Settings) -> None:
    """Serve until this process is told to end (SIGINT, SIGTERM); a worker that dies is replaced.

    The workers read the settings from the environment.
    """
    Granian(
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
    ).serve()


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
