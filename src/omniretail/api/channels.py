"""Channels over HTTP. Keys are made on the command line only."""

from typing import Annotated, Literal

from litestar import get, put
from litestar.params import JSONBody
from msgspec import Meta

from omniretail import channels, clock
from omniretail.api.process import Tx
from omniretail.api.wire import Code, CodeInPath, Currency, Request, Text, View


class ChannelRequest(Request, frozen=True, kw_only=True):
    """A channel, all of it."""

    name: Text
    kind: Literal["pos", "web", "mobile", "marketplace"]
    currency: Currency
    region: Annotated[Code | None, Meta(description="What prices and taxes go by")] = None


class ChannelView(View, frozen=True, kw_only=True):
    """A channel as stored."""

    code: str
    name: str
    kind: str
    currency: str
    region: str | None


class ChannelList(View, frozen=True, kw_only=True):
    """Every channel."""

    items: list[ChannelView]


@put("/v1/channels/{code:str}", opt={"scope": "channels:write"})
async def put_channel(tx: Tx, code: CodeInPath, data: JSONBody[ChannelRequest]) -> ChannelView:
    """Create or replace a channel."""
    spec = channels.ChannelSpec(
        code=code, name=data.name, kind=data.kind, currency=data.currency, region=data.region
    )
    return _view(await channels.put_channel(tx, spec, now=clock.now()))


@get("/v1/channels", opt={"scope": "channels:read"})
async def list_channels(tx: Tx) -> ChannelList:
    """List every channel."""
    return ChannelList(items=[_view(spec) for spec in await channels.list_channels(tx)])


def _view(spec: channels.ChannelSpec) -> ChannelView:
    return ChannelView(
        code=spec.code,
        name=spec.name,
        kind=spec.kind,
        currency=spec.currency,
        region=spec.region,
    )


HANDLERS = [put_channel, list_channels]
