"""Previews of plans: where an order would be served from, were it placed now. Nothing is written."""

from datetime import datetime

import msgspec

from omniretail import catalog, channels, inventory
from omniretail.db import Transaction
from omniretail.distances import Point
from omniretail.errors import Invalid
from omniretail.sourcing.asking import Ask, AskedLine, Kind, Plan
from omniretail.sourcing.policies import policies
from omniretail.sourcing.policy import SourcingPolicy
from omniretail.sourcing.survey import Survey, candidates, promisable


class PlanWish(msgspec.Struct, frozen=True, kw_only=True):
    """What would be asked for: (SKU, quantity) lines; without a channel, from everywhere."""

    kind: Kind
    lines: tuple[tuple[str, int], ...]
    prefer: str | None = None
    point: Point | None = None
    destination: str | None = None
    channel: str | None = None


async def preview(tx: Transaction, wish: PlanWish, *, now: datetime) -> Plan:
    """Return the plan that an order would be served by, and why; the channel's threshold is not seen.

    Locks: none. Raises: UnknownChannel, UnknownSku, SkuNotSold, UnknownLocation, LocationNotServing,
    Invalid.
    """
    named = [wish.channel] if wish.channel is not None else []
    asked = {sku for sku, _ in wish.lines}
    known, skus, stated, pools, found, units = await tx.read(
        channels.channels_by_code(named),
        catalog.skus_by_code(asked),
        policies(named),
        inventory.channel_policies(named),
        candidates(now=now),
        promisable(asked),
    )
    survey = Survey(found, units)
    if wish.channel is not None and wish.channel not in known:
        raise channels.UnknownChannel(wish.channel)
    for sku, _ in wish.lines:
        if sku not in skus:
            raise catalog.UnknownSku(sku)
        if skus[sku].status != "active":
            raise catalog.SkuNotSold(sku)
    _check_places(wish, survey)
    policy, pool = SourcingPolicy(channel=""), None
    if wish.channel is not None:
        policy, pool = stated[wish.channel], pools.get(wish.channel)
    ask = Ask(
        kind=wish.kind,
        lines=tuple(
            AskedLine(sku=sku, quantity=quantity, components=skus[sku].components)
            for sku, quantity in wish.lines
        ),
        prefer=wish.prefer,
        point=wish.point,
        destination=wish.destination,
        pool=None if pool is None else pool.pool,
    )
    return survey.plan(ask, policy, explain=True)


def _check_places(wish: PlanWish, survey: Survey) -> None:
    if wish.kind == "ship_to_store" and wish.destination is None:
        raise Invalid.at("/destination", "Name the store that the goods are shipped to")
    if wish.kind != "ship_to_store" and wish.destination is not None:
        raise Invalid.at("/destination", "Only what is shipped to a store has a destination")
    for location in (wish.prefer, wish.destination):
        if location is not None and location not in survey.locations:
            raise catalog.UnknownLocation(location)
    if wish.destination is not None and not survey.locations[wish.destination].serves("pickup"):
        raise catalog.LocationNotServing(location=wish.destination, kind=wish.kind)
