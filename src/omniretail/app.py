"""Builds the application: routes, the one transaction dependency, the guard, the problem map."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import structlog
from litestar import Litestar, Request, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.static_files import create_static_files_router
from litestar.types import Message, Scope

from omniretail import __version__
from omniretail.api import catalog, channels, orders, prices, problems, stock, system
from omniretail.api.auth import KeyRing, guard
from omniretail.api.process import Process
from omniretail.api.request_id import request_id
from omniretail.db import Database, Transaction
from omniretail.settings import Settings, load

HANDLERS = [
    *catalog.HANDLERS,
    *channels.HANDLERS,
    *orders.HANDLERS,
    *prices.HANDLERS,
    *stock.HANDLERS,
    *system.HANDLERS,
]


def create_app(settings: Settings | None = None) -> Litestar:
    """Return the application. It connects when it starts, and disconnects when it ends."""
    chosen = settings or load()
    configure_logs(chosen.log_level)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        database = Database(
            chosen.database_url,
            schema=chosen.schema,
            pool_size=chosen.pool_size,
            prepared_statements=chosen.prepared_statements,
        )
        app.state.process = Process(chosen, database)
        app.state.key_ring = KeyRing(app.state.process)
        watch = asyncio.create_task(_end_with_parent())
        try:
            yield
        finally:
            watch.cancel()
            await database.close()

    return Litestar(
        route_handlers=[*HANDLERS, _docs_assets()],
        dependencies={"tx": Provide(transaction)},
        guards=[guard],
        exception_handlers=problems.HANDLERS,
        lifespan=[lifespan],
        before_send=[_stamp],
        request_max_body_size=chosen.body_limit_bytes,
        openapi_config=_openapi(),
        logging_config=None,
    )


async def transaction(request: Request[Any, Any, State]) -> AsyncGenerator[Transaction, None]:
    """Give a handler its transaction: committed before the answer leaves, rolled back on error."""
    async with request.app.state.process.database.transaction() as tx:
        yield tx


def configure_logs(level: str) -> None:
    """Write structured logs, one JSON object a line, to the standard error output."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


async def _end_with_parent() -> None:
    """End this process when the one that started it was killed, so that no orphan keeps the port."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing tells of a parent's end but its number
        await asyncio.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


async def _stamp(message: Message, scope: Scope) -> None:
    """Name each request, by the caller's X-Request-Id or ours, in its answer and in the logs."""
    if message["type"] != "http.response.start":
        return
    name = request_id(scope)
    message["headers"] = [*message["headers"], (b"x-request-id", name.encode())]
    structlog.get_logger().debug(
        "answered",
        method=scope.get("method"),
        path=scope["path"],
        status=message["status"],
        request_id=name,
    )


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="omniretail",
        version=__version__,
        summary="One inventory ledger, one order book and one API behind every channel.",
        openapi_router=Router(path="/docs", route_handlers=[], opt={"public": True}),
        components=Components(
            security_schemes={"key": SecurityScheme(type="http", scheme="bearer")}
        ),
        security=[{"key": []}],
        render_plugins=[
            SwaggerRenderPlugin(
                path="/",
                js_url="/docs-assets/swagger-ui-bundle.js",
                css_url="/docs-assets/swagger-ui.css",
                standalone_preset_js_url="/docs-assets/swagger-ui-standalone-preset.js",
            )
        ],
    )


def _docs_assets() -> Any:
    """Serve the docs page's own script and style, so that it needs no other host."""
    directory = Path(str(resources.files("swagger_ui"))) / "static"
    return create_static_files_router(
        path="/docs-assets", directories=[directory], opt={"public": True}, include_in_schema=False
    )
