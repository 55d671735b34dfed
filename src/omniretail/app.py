"""Builds the application: routes, the one transaction dependency, the problem map."""

import logging
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import structlog
from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import Message, Scope

from omniretail.api import (
    accounts,
    approvals,
    availability,
    carts,
    catalog,
    channels,
    claims,
    count_tasks,
    coupons,
    customers,
    docs,
    exchanges,
    exports,
    fulfillments,
    holds,
    loyalty,
    loyalty_liability,
    loyalty_programmes,
    order_edits,
    order_exceptions,
    order_payments,
    order_points,
    orders,
    payments,
    pickups,
    price_history,
    prices,
    problems,
    profiles,
    promotions,
    quotes,
    rejections,
    return_policies,
    returns,
    sales,
    segments,
    shortages,
    sourcing,
    stock,
    stock_documents,
    stock_policies,
    supply,
    system,
    taxes,
    transfers,
    unlinked_returns,
    valuation,
)
from omniretail.api.auth import KeyRing, authorize
from omniretail.api.body import BodyRequest
from omniretail.api.process import Process
from omniretail.api.request_id import request_id
from omniretail.db import Transaction
from omniretail.settings import Settings, load

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]

_log = structlog.get_logger()

HANDLERS = [
    *accounts.HANDLERS,
    *approvals.HANDLERS,
    *availability.HANDLERS,
    *carts.HANDLERS,
    *catalog.HANDLERS,
    *channels.HANDLERS,
    *claims.HANDLERS,
    *customers.HANDLERS,
    *order_exceptions.HANDLERS,
    *orders.HANDLERS,
    *order_edits.HANDLERS,
    *order_payments.HANDLERS,
    *order_points.HANDLERS,
    *exports.HANDLERS,
    *fulfillments.HANDLERS,
    *holds.HANDLERS,
    *loyalty.HANDLERS,
    *loyalty_liability.HANDLERS,
    *loyalty_programmes.HANDLERS,
    *pickups.HANDLERS,
    *payments.HANDLERS,
    *price_history.HANDLERS,
    *prices.HANDLERS,
    *profiles.HANDLERS,
    *promotions.HANDLERS,
    *coupons.HANDLERS,
    *quotes.HANDLERS,
    *rejections.HANDLERS,
    *returns.HANDLERS,
    *unlinked_returns.HANDLERS,
    *exchanges.HANDLERS,
    *return_policies.HANDLERS,
    *sales.HANDLERS,
    *segments.HANDLERS,
    *sourcing.HANDLERS,
    *stock.HANDLERS,
    *stock_documents.HANDLERS,
    *stock_policies.HANDLERS,
    *supply.HANDLERS,
    *count_tasks.HANDLERS,
    *shortages.HANDLERS,
    *system.HANDLERS,
    *taxes.HANDLERS,
    *transfers.HANDLERS,
    *valuation.HANDLERS,
]


def create_app(settings: Settings | None = None, *, lifespan: Sequence[Lifespan] = ()) -> Litestar:
    """Return the application. It connects when it starts, and disconnects when it ends."""
    chosen = settings or load()
    configure_logs(chosen.log_level)

    @asynccontextmanager
    async def connected(app: Litestar) -> AsyncIterator[None]:
        process = app.state.process = Process(app.state.settings)
        app.state.key_ring = KeyRing(process)
        try:
            yield
        finally:
            await process.close()

    return Litestar(
        route_handlers=[*docs.described(HANDLERS), docs.docs_asset],
        dependencies={"tx": Provide(transaction)},
        before_request=authorize,
        exception_handlers=problems.HANDLERS,
        lifespan=[connected, *lifespan],
        before_send=[_stamp],
        request_class=BodyRequest,
        request_max_body_size=chosen.body_limit_bytes,
        openapi_config=docs.openapi(),
        logging_config=None,
        state=State({"settings": chosen}),
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


async def _stamp(message: Message, scope: Scope) -> None:
    """Name each request, by the caller's X-Request-Id or ours, in its answer and in the logs."""
    if message["type"] != "http.response.start":
        return
    name = request_id(scope)
    message["headers"] = [*message["headers"], (b"x-request-id", name.encode())]
    _log.debug(
        "answered",
        method=scope.get("method"),
        path=scope["path"],
        status=message["status"],
        request_id=name,
    )
