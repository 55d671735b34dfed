"""Segments: putting their rules in place, and who belongs to them, judged when somebody asks."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from omniretail import customers
from omniretail.db import Transaction, sql
from omniretail.errors import Invalid, Missing
from omniretail.money import is_currency
from omniretail.profiles.segment import Rule, rule_faults

_PUT = sql("profiles.put_segment")
_SEGMENTS = sql("profiles.segments")
_MEMBERS = sql("profiles.segment_customers")

_MOST_OF_ONE = 1_000


class UnknownSegment(Missing):
    """There is no such segment."""

    def __init__(self, segment: str) -> None:
        super().__init__(f"There is no segment {segment}.", segment=segment)


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A rule by which customers belong together."""

    code: str
    name: str
    rule: Rule


async def put_segment(tx: Transaction, segment: Segment, *, now: datetime) -> Segment:
    """Put a segment in place, new or instead of what it was. Raises: Invalid."""
    found = [
        {"pointer": f"/rule{pointer}", "detail": detail}
        for pointer, detail in rule_faults(segment.rule)
    ]
    spend = segment.rule.spend
    if spend is not None and not is_currency(spend.currency):
        found.append(
            {
                "pointer": "/rule/spend/currency",
                "detail": f"{spend.currency} is not a currency of ISO 4217",
            }
        )
    if found:
        raise Invalid("The rule is not valid.", errors=found)
    rule = msgspec.json.encode(segment.rule).decode()
    await tx.execute(_PUT, segment.code, segment.name, rule, now)
    return segment


async def find_segment(tx: Transaction, code: str) -> Segment:
    """Return a segment. Raises: UnknownSegment."""
    rows = await tx.fetch(_SEGMENTS, [code], "", 1)
    if not rows:
        raise UnknownSegment(code)
    return _segment(dict(rows[0]))


async def list_segments(tx: Transaction, *, after: str = "", limit: int) -> list[Segment]:
    """Return segments by code, those behind `after`."""
    return [_segment(dict(row)) for row in await tx.fetch(_SEGMENTS, None, after, limit)]


async def segment_customers(
    tx: Transaction, code: str, *, after: UUID | None = None, limit: int, now: datetime
) -> list[UUID]:
    """Return the active customers of a segment as of now, the oldest first, behind `after`.

    Raises: UnknownSegment.
    """
    segment = await find_segment(tx, code)
    return await _members(tx, segment.rule, among=None, after=after, limit=limit, now=now)


async def segments_of_customer(
    tx: Transaction, customer_id: UUID, *, now: datetime
) -> list[Segment]:
    """Return the segments that a customer belongs to as of now, by code. Raises: UnknownCustomer."""
    await customers.find_customer(tx, customer_id)
    return [
        segment
        for segment in await list_segments(tx, limit=_MOST_OF_ONE)
        if await _members(tx, segment.rule, among=[customer_id], after=None, limit=1, now=now)
    ]


async def _members(
    tx: Transaction,
    rule: Rule,
    *,
    among: Collection[UUID] | None,
    after: UUID | None,
    limit: int,
    now: datetime,
) -> list[UUID]:
    spend, count = rule.spend, rule.orders
    rows = await tx.fetch(
        _MEMBERS,
        None if among is None else list(among),
        after,
        limit,
        sorted(rule.channels_any) or None,
        sorted(rule.channels_all) or None,
        _since(rule.ordered_within_days, now),
        _since(rule.not_ordered_for_days, now),
        spend and spend.currency,
        spend and _since(spend.days, now),
        spend and spend.at_least_minor,
        spend and spend.at_most_minor,
        count and _since(count.days, now),
        count and count.at_least,
        count and count.at_most,
        sorted(rule.tiers) or None,
        sorted(rule.groups) or None,
        sorted(rule.consents) or None,
    )
    return [row["id"] for row in rows]


def _since(days: int | None, now: datetime) -> datetime | None:
    return None if days is None else now - timedelta(days=days)


def _segment(row: dict[str, str]) -> Segment:
    return Segment(
        code=row["code"], name=row["name"], rule=msgspec.json.decode(row["rule"], type=Rule)
    )
