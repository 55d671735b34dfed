"""What a channel may promise: the locations of its sourcing pool, less its own threshold."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import msgspec

from omniretail import catalog, channels
from omniretail.db import Read, Transaction, Write, sql
from omniretail.errors import Invalid, Refused
from omniretail.inventory.levels import InsufficientStock, Shortage

_POLICIES = sql("inventory.channel_policies")
_ROOM = sql("inventory.channel_room")
_POLICY = sql("inventory.channel_policy")
_PUT = sql("inventory.put_channel_policy")
_DROP_THRESHOLDS = sql("inventory.drop_channel_thresholds")
_PUT_THRESHOLDS = sql("inventory.put_channel_thresholds")


class LocationOutsidePool(Refused):
    """The channel does not sell from that location."""

    def __init__(self, *, channel: str, location: str) -> None:
        super().__init__(
            f"{location} is not in the sourcing pool of {channel}.",
            channel=channel,
            location=location,
        )


class SkuThreshold(msgspec.Struct, frozen=True):
    """How many units of one SKU a channel withholds, in place of its own threshold."""

    sku: str
    threshold: int


class StockPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A channel's policy as the retailer states it, in units; without a pool it sells everywhere."""

    channel: str
    pool: str | None = None
    threshold: int = 0
    sku_thresholds: tuple[SkuThreshold, ...] = ()


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

    def left(self, channel: str, sku: str) -> int | None:
        """Return how many the channel may still promise; None where it withholds nothing."""
        return self._room.get((channel, sku))

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
    tx: Transaction,
    policies: Mapping[str, ChannelPolicy],
    wanted: Iterable[tuple[str, str]],
    *,
    now: datetime,
) -> ChannelRoom:
    """Return how many the channels that withhold may still promise of (channel, SKU) pairs.

    Of a SKU that may be ordered beyond its stock nothing is withheld: there is no stock to oversell.
    """
    asked = sorted({(channel, sku) for channel, sku in wanted if _withholds(policies, channel)})
    if not asked:
        return ChannelRoom()
    rows = await tx.fetch(_ROOM, [channel for channel, _ in asked], [sku for _, sku in asked], now)
    return ChannelRoom({(row["channel"], row["sku"]): row["room"] for row in rows})


async def put_stock_policy(tx: Transaction, policy: StockPolicy, *, now: datetime) -> StockPolicy:
    """Put a channel's policy in place: its thresholds are those of `policy`, and no others.

    Locks: the policy. Raises: UnknownChannel, UnknownLocationGroup, Invalid (a SKU that is unknown, a
    kit, or there already).
    """
    known, groups, skus = await tx.read(
        channels.channels_by_code([policy.channel]),
        catalog.groups_by_code([policy.pool] if policy.pool else []),
        catalog.skus_by_code({own.sku for own in policy.sku_thresholds}),
    )
    if policy.channel not in known:
        raise channels.UnknownChannel(policy.channel)
    if policy.pool is not None and policy.pool not in groups:
        raise catalog.UnknownLocationGroup(policy.pool)
    if fault := _threshold_fault(policy, skus):
        raise fault
    own = {one.sku: one.threshold for one in policy.sku_thresholds}
    await tx.execute(_PUT, policy.channel, policy.pool, policy.threshold, now)
    await tx.write(
        Write(_DROP_THRESHOLDS, (policy.channel, list(own))),
        Write(_PUT_THRESHOLDS, (policy.channel, list(own), list(own.values()))),
    )
    return msgspec.structs.replace(
        policy, sku_thresholds=tuple(SkuThreshold(sku, own[sku]) for sku in sorted(own))
    )


async def get_stock_policy(tx: Transaction, channel: str) -> StockPolicy:
    """Return a channel's policy, which without one withholds nothing. Raises: UnknownChannel."""
    rows = await tx.fetch(_POLICY, channel)
    if not rows:
        raise channels.UnknownChannel(channel)
    return StockPolicy(
        channel=channel,
        pool=rows[0]["pool"],
        threshold=rows[0]["threshold"],
        sku_thresholds=tuple(
            SkuThreshold(row["sku"], row["own"]) for row in rows if row["sku"] is not None
        ),
    )


def _threshold_fault(policy: StockPolicy, skus: Mapping[str, catalog.SkuTraits]) -> Invalid | None:
    seen: set[str] = set()
    for position, own in enumerate(policy.sku_thresholds):
        wrong = ""
        if own.sku in seen:
            wrong = f"{own.sku} has a threshold already"
        elif own.sku not in skus:
            wrong = f"There is no SKU {own.sku!r}"
        elif skus[own.sku].components is not None:
            wrong = f"{own.sku} is a kit: withhold its components"
        if wrong:
            return Invalid.at(f"/sku_thresholds/{position}/sku", wrong)
        seen.add(own.sku)
    return None


def _withholds(policies: Mapping[str, ChannelPolicy], channel: str) -> bool:
    return channel in policies and policies[channel].withholds
