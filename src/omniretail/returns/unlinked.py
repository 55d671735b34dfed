"""Goods that come back without a receipt: at most their lowest price, and not too often. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from omniretail import catalog, channels, pricing
from omniretail.errors import DomainError, Invalid, Refused
from omniretail.ids import document_number
from omniretail.returns.commands import GoodsBack, OpenUnlinked
from omniretail.returns.desk import Desk, Draft
from omniretail.returns.document import Return, ReturnLine
from omniretail.returns.opening import done_at_once
from omniretail.returns.policy import ReturnPolicy


class UnlinkedLimitReached(Refused):
    """The customer has brought as many returns without a receipt as the policy takes."""

    def __init__(self, *, limit: int, days: int, count: int) -> None:
        super().__init__(
            f"Without a receipt {limit} returns are taken in {days} days; the customer brought {count}.",
            limit=limit,
            days=days,
            count=count,
        )


class UnlinkedPriceTooHigh(Refused):
    """Without a receipt, goods are taken back at no more than their lowest price."""

    def __init__(
        self, *, sku: str, requested_minor: int, highest_minor: int, currency: str, days: int
    ) -> None:
        super().__init__(
            f"{sku} is taken back at up to {highest_minor} minor units of {currency}, the lowest price "
            f"of {days} days; {requested_minor} were asked for.",
            sku=sku,
            requested_minor=requested_minor,
            highest_minor=highest_minor,
            currency=currency,
            days=days,
        )


def opened_unlinked(desk: Desk, command: OpenUnlinked) -> Draft | DomainError:
    """Take goods back from a customer whose sale nobody can name, at most at their lowest price."""
    channel = desk.receiptless.known_channels.get(command.channel)
    if channel is None:
        return channels.UnknownChannel(command.channel)
    highest = desk.receiptless.lowest.get((command.channel, command.location))
    if highest is None:
        return catalog.UnknownLocation(command.location)
    policy = desk.policies[channel.code]
    lines = _lines(desk, command, highest, channel.currency, policy)
    if isinstance(lines, DomainError):
        return lines
    since = command.occurred_at - timedelta(days=policy.unlinked_days)
    before = brought(_recent(desk, command.customer), since)
    if before >= policy.unlinked_limit and command.override is None:
        return UnlinkedLimitReached(
            limit=policy.unlinked_limit, days=policy.unlinked_days, count=before
        )
    doc = Return(
        id=command.return_id,
        number=document_number(command.return_id, command.occurred_at),
        kind="unlinked",
        currency=channel.currency,
        requested_at=command.occurred_at,
        requested_by=command.principal.id,
        version=0,
        lines=lines,
        channel=channel.code,
        location=command.location,
        customer=command.customer,
        approved_at=command.occurred_at,
        approved_by=command.approved_by,
        override=command.override,
        note=command.note,
        unlinked_count=before + 1,
    )
    return done_at_once(desk, Draft(doc=doc, order=None), command)


def brought(recent: Mapping[UUID, datetime], since: datetime) -> int:
    """Return how many returns a customer brought after a moment, of those and when they were asked for."""
    return sum(requested_at > since for requested_at in recent.values())


def _recent(desk: Desk, customer: str) -> dict[UUID, datetime]:
    """Return a customer's returns without a receipt that stand, with what the same batch did."""
    theirs = {
        doc.id: doc
        for doc in desk.returns.values()
        if doc.kind == "unlinked" and doc.customer == customer
    }
    told = {one: doc.requested_at for one, doc in theirs.items()}
    return {
        one: requested_at
        for one, requested_at in {**desk.receiptless.recent.get(customer, {}), **told}.items()
        if one not in theirs or theirs[one].state != "cancelled"
    }


def _lines(
    desk: Desk,
    command: OpenUnlinked,
    highest: Mapping[str, int],
    currency: str,
    policy: ReturnPolicy,
) -> tuple[ReturnLine, ...] | DomainError:
    lines = []
    for number, goods in enumerate(command.lines, start=1):
        traits = desk.receiptless.skus.get(goods.sku)
        if traits is None:
            return catalog.UnknownSku(goods.sku)
        if traits.status != "active":
            return catalog.SkuNotSold(goods.sku)
        if goods.currency not in {None, currency}:
            return Invalid.at(
                f"/lines/{number - 1}/unit_price/currency", f"The channel sells in {currency}"
            )
        if goods.sku not in highest:
            return pricing.PriceMissing(sku=goods.sku, currency=currency)
        unit_minor = _unit_minor(goods, highest[goods.sku], currency, policy)
        if isinstance(unit_minor, DomainError):
            return unit_minor
        lines.append(
            ReturnLine(
                number=number,
                sku=goods.sku,
                components=traits.components,
                quantity=goods.quantity,
                reason=goods.reason,
                unit_minor=unit_minor,
            )
        )
    return tuple(lines)


def _unit_minor(
    goods: GoodsBack, highest_minor: int, currency: str, policy: ReturnPolicy
) -> int | UnlinkedPriceTooHigh:
    if goods.unit_minor is None:
        return highest_minor
    if goods.unit_minor > highest_minor:
        return UnlinkedPriceTooHigh(
            sku=goods.sku,
            requested_minor=goods.unit_minor,
            highest_minor=highest_minor,
            currency=currency,
            days=policy.unlinked_price_days,
        )
    return goods.unit_minor
