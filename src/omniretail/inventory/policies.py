"""What a channel may promise: the locations of its sourcing pool, less its own threshold."""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from omniretail.db import Read, Transaction, sql
from omniretail.errors import Refused
from omniretail.inventory.levels import InsufficientStock, Shortage

_POLICIES = sql("inventory.channel_policies")
_ROOM = sql("inventory.channel_room")


class LocationOutsidePool(Refused):
    """The channel does not sell from that location."""

    def __init__(self, *, channel: str, location: str) -> None:
        super().__init__(
            f"{location} is not in the sourcing pool of {channel}.",
            channel=channel,
            location=location,
        )


class ChannelPolicy(msgspec.Struct, frozen=True):
    """Which locations a channel sells from (None: all), and whether it withholds anything."""

    pool: frozenset[str] | None
    withholds: bool


class ChannelRoom:
    """How many more of each SKU a channel may promise, over all its locations.

    Only of channels that withhold a threshold. It is read without locks: the threshold is a margin,
    and the levels themselves guard the stock.
    """

    def __init__(self, room: Mapping[tuple[str, str], int] = {}) -> None:
        self._room = dict(room)

    def refusal(
        self, channel: str, wanted: Mapping[tuple[str, str], int]
    ) -> InsufficientStock | None:
        """Return why the channel may not promise so many, by (SKU, location), or None."""
        needs: dict[str, tuple[str, int]] = {}
        for (sku, location), quantity in wanted.items():
            needs[sku] = location, needs.get(sku, (location, 0))[1] + quantity
        shortages = [
            Shortage(sku, location, quantity, max(0, self._room[channel, sku]))
            for sku, (location, quantity) in needs.items()
            if quantity > self._room.get((channel, sku), quantity)
        ]
        return InsufficientStock(shortages) if shortages else None

    def take(self, channel: str, wanted: Mapping[tuple[str, str], int]) -> None:
        """Note what the channel has promised."""
        for (sku, _), quantity in wanted.items():
            if (channel, sku) in self._room:
                self._room[channel, sku] -= quantity


def channel_policies(channels: Collection[str]) -> Read[dict[str, ChannelPolicy]]:
    """Return the read of the policies of those `channels` that have one."""
    return Read(
        _POLICIES,
        (list(channels),),
        lambda rows: {
            row["channel"]: ChannelPolicy(
                None if row["pool"] is None else frozenset(row["locations"] or ()),
                row["withholds"],
            )
            for row in rows
        },
    )


async def channel_room(
    tx: Transaction, policies: Mapping[str, ChannelPolicy], wanted: Iterable[tuple[str, str]]
) -> ChannelRoom:
    """Return how many the channels that withhold may still promise of (channel, SKU) pairs."""
    asked = sorted({(channel, sku) for channel, sku in wanted if _withholds(policies, channel)})
    if not asked:
        return ChannelRoom()
    rows = await tx.fetch(_ROOM, [channel for channel, _ in asked], [sku for _, sku in asked])
    return ChannelRoom({(row["channel"], row["sku"]): row["room"] for row in rows})


def _withholds(policies: Mapping[str, ChannelPolicy], channel: str) -> bool:
    return channel in policies and policies[channel].withholds
