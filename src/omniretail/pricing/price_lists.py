"""Putting price lists and prices in place, and reading them. Each change gives the book a new version."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
from sqlmodel import col, select

from omniretail import catalog, channels, customers
from omniretail.db import Transaction, constraint, sql, write_columns
from omniretail.errors import DomainError, Invalid, Missing, Refused
from omniretail.money import MOST_MINOR, is_currency
from omniretail.pricing.keeper import next_version
from omniretail.pricing.lists import MOST_PRIORITY, PriceFrom, PriceList
from omniretail.pricing.models import Price
from omniretail.pricing.times import in_zone, moment_fault, validity_fault

_LISTS = sql("pricing.lists_since")
_LISTS_FOR = sql("pricing.lists_for")
_PUT_LIST = sql("pricing.put_price_list")
_SET = sql("pricing.set_prices")
_MOST_QUANTITY = 2**31 - 1


class UnknownPriceList(Missing):
    """There is no such price list."""

    def __init__(self, price_list: str) -> None:
        super().__init__(f"There is no price list {price_list!r}.", price_list=price_list)


class PriceListShapeFixed(Refused):
    """A price list's currency, and whether its prices include tax, stand from its making."""

    def __init__(self, price_list: str) -> None:
        super().__init__(
            f"{price_list} keeps its currency, and whether its prices include tax.",
            price_list=price_list,
        )


class OverrideUnexplained(Refused):
    """What makes one customer pay different prices in different places needs a reason and an end."""

    def __init__(self) -> None:
        super().__init__(
            "A scope of a channel or a store breaks the promise of one price everywhere: give "
            "`override_reason` and `valid_until`."
        )


class OtherCurrency(Refused):
    """The price list has another currency."""

    def __init__(self, *, price_list: str, currency: str) -> None:
        super().__init__(
            f"{price_list} is a list in {currency}.", price_list=price_list, currency=currency
        )


constraint("price_list_override_explained", OverrideUnexplained)
constraint("promotion_override_explained", OverrideUnexplained)


class NewPrice(msgspec.Struct, frozen=True, kw_only=True):
    """What a SKU shall cost in a list from a moment on; no amount ends its sale there.

    An amount names its currency, which must be the list's. `tiers` are (from so many units, price of
    each), rising. A `valid_from` without an offset is what the clocks of the list's time zone show.
    """

    price_list: str
    sku: str
    amount_minor: int | None
    currency: str | None
    valid_from: datetime
    tiers: tuple[tuple[int, int], ...] = ()


async def put_price_list(tx: Transaction, spec: PriceList, *, now: datetime) -> PriceList:
    """Create a price list or replace what it says of itself; a known customer's is kept under the id.

    Locks: the book's version. Raises: Invalid (a currency, a time), OverrideUnexplained,
    UnknownChannel, UnknownLocation, PriceListShapeFixed.
    """
    if fault := _list_fault(spec):
        raise fault
    scope = spec.scope
    if scope.customer is not None:
        names = await customers.names(tx, [scope.customer])
        scope = msgspec.structs.replace(scope, customer=names[scope.customer])
        spec = msgspec.structs.replace(spec, scope=scope)
    if scope.differs_by_channel and (not spec.override_reason or spec.valid_until is None):
        raise OverrideUnexplained
    sellers, places = await tx.read(
        channels.channels_by_code([scope.channel] if scope.channel else []),
        catalog.locations_by_code([scope.location] if scope.location else []),
    )
    if scope.channel and not sellers:
        raise channels.UnknownChannel(scope.channel)
    if scope.location and not places:
        raise catalog.UnknownLocation(scope.location)
    written = await tx.execute(
        _PUT_LIST,
        spec.code,
        spec.name,
        spec.currency,
        spec.priority,
        spec.tax_included,
        scope.customer,
        scope.customer_group,
        scope.location,
        scope.region,
        scope.channel,
        spec.time_zone,
        spec.valid_from,
        spec.valid_until,
        spec.override_reason,
        await next_version(tx),
        now,
    )
    if written == 0:
        raise PriceListShapeFixed(spec.code)
    return spec


async def keep_lists_by_id(tx: Transaction, references: Collection[str], *, now: datetime) -> None:
    """Have price lists for customers who have come to be known be kept under their ids.

    `references` are those by which they are known. Locks: the book's version, where there are any.
    """
    if not references:
        return
    rows = await tx.fetch(_LISTS_FOR, sorted(references))
    if rows:
        lists = await price_lists(tx)
        for row in rows:
            await put_price_list(tx, lists[row["code"]], now=now)


async def set_prices(
    tx: Transaction, prices: Sequence[NewPrice], *, now: datetime
) -> list[NewPrice | DomainError]:
    """Set prices; one outcome per price, in order.

    Locks: the book's version row, so that versions are given in the order of commits. Outcomes:
    the price, its time in UTC; UnknownPriceList, OtherCurrency, UnknownSku, Invalid. The same SKU
    and time twice: the last one stands.
    """
    lists = await price_lists(tx)
    (skus,) = await tx.read(catalog.skus_by_code({price.sku for price in prices}))
    outcomes: list[NewPrice | DomainError] = []
    accepted: dict[tuple[str, str, datetime], NewPrice] = {}
    for price in prices:
        outcome = _judged(price, lists.get(price.price_list), skus)
        if isinstance(outcome, NewPrice):
            accepted[outcome.price_list, outcome.sku, outcome.valid_from] = outcome
        outcomes.append(outcome)
    if accepted:
        rows = [
            (
                price.price_list,
                price.sku,
                price.valid_from,
                price.amount_minor,
                msgspec.json.encode(price.tiers).decode() if price.tiers else None,
            )
            for price in accepted.values()
        ]
        await tx.write(*write_columns(_SET, rows, await next_version(tx), now))
    return outcomes


async def get_price_list(tx: Transaction, code: str) -> PriceList:
    """Return one price list. Raises: UnknownPriceList."""
    lists = await price_lists(tx)
    if code not in lists:
        raise UnknownPriceList(code)
    return lists[code]


async def price_lists(tx: Transaction) -> dict[str, PriceList]:
    """Return every price list, by code."""
    rows = await tx.fetch(_LISTS, -1)
    found = [
        msgspec.convert({**row, "scope": msgspec.json.decode(row["scope"])}, PriceList)
        for row in map(dict, rows)
    ]
    return {item.code: item for item in sorted(found, key=lambda item: item.code)}


async def prices_of_sku(
    tx: Transaction, *, price_list: str, sku: str
) -> tuple[PriceList, list[PriceFrom]]:
    """Return a list, and every price it has had or will have for a SKU, by time.

    Raises: UnknownPriceList.
    """
    found = await get_price_list(tx, price_list)
    rows = await tx.select(
        select(Price.valid_from, Price.amount_minor, Price.tiers)
        .where(col(Price.price_list) == price_list, col(Price.sku) == sku)
        .order_by(col(Price.valid_from))
    )
    return found, [
        PriceFrom(
            row["valid_from"],
            row["amount_minor"],
            msgspec.json.decode(row["tiers"] or "[]", type=tuple[tuple[int, int], ...]),
        )
        for row in rows
    ]


def _list_fault(spec: PriceList) -> Invalid | None:
    if not is_currency(spec.currency):
        return Invalid.at("/currency", f"{spec.currency} is not a currency of ISO 4217")
    if not -MOST_PRIORITY <= spec.priority <= MOST_PRIORITY:
        return Invalid.at("/priority", f"A priority is between ±{MOST_PRIORITY:,}")
    return validity_fault(spec.time_zone, spec.valid_from, spec.valid_until)


def _judged(
    price: NewPrice, price_list: PriceList | None, skus: Collection[str]
) -> NewPrice | DomainError:
    """Return a price as it is kept, its time in UTC, or why it is refused."""
    if price_list is None:
        return UnknownPriceList(price.price_list)
    if price.currency not in (None, price_list.currency):
        return OtherCurrency(price_list=price_list.code, currency=price_list.currency)
    if price.sku not in skus:
        return catalog.UnknownSku(price.sku)
    try:
        valid_from = in_zone(price.valid_from, price_list.time_zone, pointer="/valid_from")
    except Invalid as fault:
        return fault
    kept = msgspec.structs.replace(price, valid_from=valid_from)
    return _price_fault(kept) or kept


def _price_fault(price: NewPrice) -> Invalid | None:
    amounts = [] if price.amount_minor is None else [price.amount_minor]
    amounts += [amount for _, amount in price.tiers]
    if any(not 0 <= amount <= MOST_MINOR for amount in amounts):
        return Invalid.at("/amount", "A price is between 0 and 2^63 − 1 minor units")
    if price.tiers and price.amount_minor is None:
        return Invalid.at("/tiers", "What is not for sale has no tiers")
    if fault := moment_fault("/valid_from", price.valid_from):
        return fault
    quantities = [least for least, _ in price.tiers]
    if quantities != sorted(set(quantities)) or any(
        not 1 < least <= _MOST_QUANTITY for least in quantities
    ):
        return Invalid.at("/tiers", "Tiers begin at 2 units or more, each at more than the last")
    return None
