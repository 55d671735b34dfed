"""Putting channels in place and looking them up."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal

import msgspec
from sqlmodel import col, select

from omniretail.channels.models import Channel
from omniretail.db import Read, Transaction, sql
from omniretail.errors import Invalid, Missing
from omniretail.money import is_currency

_BY_CODE = sql("channels.channels_by_code")
_PUT = sql("channels.put_channel")


class UnknownChannel(Missing):
    """There is no such channel."""

    def __init__(self, channel: str) -> None:
        super().__init__(f"There is no channel {channel!r}.", channel=channel)


class ChannelSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A channel as the retailer states it; `currency` is ISO 4217.

    `region` is what prices and taxes go by where no location says it.
    """

    code: str
    name: str
    kind: Literal["pos", "web", "mobile", "marketplace"]
    currency: str
    region: str | None = None


async def put_channel(tx: Transaction, channel: ChannelSpec, *, now: datetime) -> ChannelSpec:
    """Create or replace a channel. Raises: Invalid for a currency that ISO 4217 does not know."""
    if not is_currency(channel.currency):
        raise Invalid.at("/currency", f"{channel.currency} is not a currency of ISO 4217")
    await tx.execute(
        _PUT, channel.code, channel.name, channel.kind, channel.currency, channel.region, now
    )
    return channel


def channels_by_code(codes: Collection[str]) -> Read[dict[str, ChannelSpec]]:
    """Return the read of the channels among `codes` that exist, by code."""
    return Read(
        _BY_CODE,
        (list(codes),),
        lambda rows: {row["code"]: ChannelSpec(**row) for row in rows},
    )


async def list_channels(tx: Transaction) -> list[ChannelSpec]:
    """Return every channel, by code."""
    rows = await tx.select(select(Channel).order_by(col(Channel.code)))
    return [msgspec.convert(dict(row), ChannelSpec) for row in rows]
