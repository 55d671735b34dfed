"""Stock policies over HTTP: what a channel may promise, and what is withheld where."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request as HttpRequest
from litestar import get, put
from litestar.params import JSONBody
from msgspec import Meta

from omniretail import clock, inventory
from omniretail.api.problems import document
from omniretail.api.process import Tx
from omniretail.api.stock_documents import LevelView
from omniretail.api.wire import Code, CodeInPath, Request, RowFault, RowsRequest, View
from omniretail.errors import DomainError

Withheld = Annotated[int, Meta(ge=0, le=2**31 - 1, description="Units")]


class SkuThresholdBody(Request, frozen=True, kw_only=True):
    """How many units of a SKU a channel withholds, in place of its own threshold."""

    sku: Code
    threshold: Withheld


class StockPolicyRequest(Request, frozen=True, kw_only=True):
    """A channel's stock policy, all of it: what is left out takes its default.

    `pool` is the location group that the channel sells from; without one it sells from everywhere.
    The threshold is withheld of each SKU, from the sum over the pool.
    """

    pool: Code | None = None
    threshold: Withheld = 0
    sku_thresholds: Annotated[tuple[SkuThresholdBody, ...], Meta(max_length=10_000)] = ()


class StockPolicyView(View, frozen=True, kw_only=True):
    """A channel's stock policy as stored, its SKUs by code."""

    channel: str
    pool: str | None
    threshold: int
    sku_thresholds: list[SkuThresholdBody]


class SafetyLine(Request, frozen=True, kw_only=True):
    """So many units are withheld of a SKU at a location; null: as many as the location says."""

    sku: Code
    location: Code
    quantity: Withheld | None


class SafetyRequest(RowsRequest, frozen=True, kw_only=True):
    """Safety stocks: each line is taken by itself, unless it is all or nothing."""

    lines: Annotated[tuple[SafetyLine, ...], Meta(min_length=1, max_length=10_000)]


class SafetyRowView(View, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a line: what is withheld now and the level with it, or the problem."""

    status: Literal["put", "refused"]
    safety_stock: int | None = None
    level: LevelView | None = None
    problem: dict[str, Any] | None = None


class SafetyOutcomes(View, frozen=True, kw_only=True):
    """One outcome per line, in order."""

    outcomes: list[SafetyRowView]


@put("/v1/channels/{code:str}/stock-policy", opt={"scope": "channels:write"})
async def put_stock_policy(
    tx: Tx, code: CodeInPath, data: JSONBody[StockPolicyRequest]
) -> StockPolicyView:
    """Create or replace what a channel may promise."""
    policy = inventory.StockPolicy(
        channel=code,
        pool=data.pool,
        threshold=data.threshold,
        sku_thresholds=tuple(
            inventory.SkuThreshold(own.sku, own.threshold) for own in data.sku_thresholds
        ),
    )
    return _policy(await inventory.put_stock_policy(tx, policy, now=clock.now()))


@get("/v1/channels/{code:str}/stock-policy", opt={"scope": "channels:read"})
async def get_stock_policy(tx: Tx, code: CodeInPath) -> StockPolicyView:
    """Return what a channel may promise; without a policy, everything from everywhere."""
    return _policy(await inventory.get_stock_policy(tx, code))


@put("/v1/stock/safety-stock", opt={"scope": "stock:write"})
async def put_safety_stock(
    request: HttpRequest[Any, Any, Any], tx: Tx, data: JSONBody[SafetyRequest]
) -> SafetyOutcomes:
    """Put safety stocks in place: an outcome per line; also as newline-delimited JSON.

    They are withheld from what is promised, not from what leaves over a counter at once.
    """
    rows = [
        line.error()
        if isinstance(line, RowFault)
        else inventory.SafetyRow(sku=line.sku, location=line.location, quantity=line.quantity)
        for line in data.lines
    ]
    outcomes = await inventory.put_safety_stock(tx, rows, principal=request.user, now=clock.now())
    refused = [outcome for outcome in outcomes if isinstance(outcome, DomainError)]
    if refused and data.all_or_nothing:
        raise refused[0]  # and with it all that was written
    return SafetyOutcomes(outcomes=[_row(outcome) for outcome in outcomes])


def _policy(policy: inventory.StockPolicy) -> StockPolicyView:
    return StockPolicyView(
        channel=policy.channel,
        pool=policy.pool,
        threshold=policy.threshold,
        sku_thresholds=[
            SkuThresholdBody(sku=own.sku, threshold=own.threshold) for own in policy.sku_thresholds
        ],
    )


def _row(outcome: inventory.Withheld | DomainError) -> SafetyRowView:
    if isinstance(outcome, DomainError):
        return SafetyRowView(status="refused", problem=document(outcome))
    return SafetyRowView(
        status="put",
        safety_stock=outcome.quantity,
        level=msgspec.convert(outcome.level, LevelView, from_attributes=True),
    )


HANDLERS = [put_stock_policy, get_stock_policy, put_safety_stock]
