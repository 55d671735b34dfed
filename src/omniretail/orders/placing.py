"""Placing orders: price, stock, money, event and key, in one transaction, for a batch of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from omniretail import catalog, channels, idempotency, inventory, pricing
from omniretail.db import RaceLost, Transaction, constraint
from omniretail.errors import DomainError, Invalid, Refused
from omniretail.ids import document_number
from omniretail.orders import store
from omniretail.orders.order import (
    Fulfillment,
    FulfillmentKind,
    Order,
    OrderLine,
    Tender,
    TenderType,
)

constraint("sales_order_number_key", RaceLost)


class TendersMismatch(Refused):
    """The tenders do not add up to the total."""

    def __init__(self, *, total_minor: int, tendered_minor: int, currency: str) -> None:
        super().__init__(
            f"The order costs {total_minor} minor units of {currency}, tendered were "
            f"{tendered_minor}.",
            total={"amount": total_minor, "currency": currency},
            tendered={"amount": tendered_minor, "currency": currency},
        )


class LineWish(msgspec.Struct, frozen=True, kw_only=True):
    """So many of a SKU; a price of its own replaces the book's, and needs a reason."""

    sku: str
    quantity: int
    own_price_minor: int | None = None
    own_price_currency: str | None = None
    price_reason: str | None = None


class FulfillmentWish(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that one location shall serve in one way."""

    id: UUID
    kind: FulfillmentKind
    location: str
    lines: tuple[LineWish, ...]


class TenderGiven(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that was made; card payments carry the provider's reference."""

    type: TenderType
    amount_minor: int
    currency: str
    reference: str | None = None


class PlaceOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The command to place one order; `location` is where it is placed, if at a till."""

    key: idempotency.Key
    order_id: UUID
    principal: channels.Principal
    channel: str
    location: str | None
    placed_at: datetime
    fulfillments: tuple[FulfillmentWish, ...]
    tenders: tuple[TenderGiven, ...]


class Surroundings(msgspec.Struct, frozen=True):
    """All that deciding about orders needs to know; `stock` is locked and changes as it goes."""

    book: pricing.Book
    channels: Mapping[str, channels.ChannelSpec]
    skus: Mapping[str, str]
    locations: Mapping[str, catalog.LocationSpec]
    stock: inventory.Stock


async def place(
    tx: Transaction,
    commands: Sequence[PlaceOrder],
    *,
    books: pricing.BookKeeper,
    now: datetime,
) -> list[idempotency.Answer[Order] | DomainError]:
    """Place orders, each all or nothing, first come first served; one outcome each, in order.

    Locks: stock by (SKU, location), in the statement that looks the keys up. Outcomes: the order,
    UnknownChannel, UnknownSku, SkuNotSold, UnknownLocation, LocationNotServing, PriceMissing,
    AmountTooLarge, Invalid (a currency), TendersMismatch, InsufficientStock, KeyReused.
    """
    places = {
        (line.sku, wish.location)
        for command in commands
        for wish in command.fulfillments
        for line in wish.lines
    }
    known, version, *found = await tx.read(
        idempotency.known(commands),
        books.version(),
        channels.channels_by_code({command.channel for command in commands}),
        catalog.skus_by_code({sku for sku, _ in places}),
        catalog.locations_by_code({location for _, location in places}),
        inventory.lock(places),
    )
    surroundings = Surroundings(await books.at(tx, version), *found)
    repetitions = idempotency.Repetitions(commands, known, Order)
    outcomes = decide(surroundings, repetitions.fresh)
    placed = [
        (command.key.key, order)
        for command, order in zip(repetitions.fresh, outcomes, strict=True)
        if isinstance(order, Order)
    ]
    if placed:
        await tx.write(
            *inventory.write(surroundings.stock, now=now),
            *store.write_placed(placed, now=now),
            *repetitions.remember(outcomes, now=now),
        )
    return repetitions.answers(outcomes)


def decide(surroundings: Surroundings, commands: Sequence[PlaceOrder]) -> list[Order | DomainError]:
    """Judge each command after the ones before it; what is accepted is taken from the stock."""
    return [_decide(surroundings, command) for command in commands]


def _decide(surroundings: Surroundings, command: PlaceOrder) -> Order | DomainError:
    channel = surroundings.channels.get(command.channel)
    if channel is None:
        return channels.UnknownChannel(command.channel)
    if refusal := _cannot_be_served(surroundings, command):
        return refusal
    if refusal := _other_currency(command, channel):
        return refusal
    basket = pricing.Basket(
        channel.currency,
        tuple(
            pricing.BasketLine(line.sku, line.quantity, line.own_price_minor)
            for wish in command.fulfillments
            for line in wish.lines
        ),
    )
    priced = pricing.price(surroundings.book, basket, command.placed_at)
    if isinstance(priced, DomainError):
        return priced
    tendered = sum(tender.amount_minor for tender in command.tenders)
    if tendered != priced.total_minor:
        return TendersMismatch(
            total_minor=priced.total_minor, tendered_minor=tendered, currency=channel.currency
        )
    order = _order(command, priced, channel.currency)
    return surroundings.stock.post(_posting(command, order)) or order


def _cannot_be_served(surroundings: Surroundings, command: PlaceOrder) -> DomainError | None:
    for wish in command.fulfillments:
        location = surroundings.locations.get(wish.location)
        if location is None:
            return catalog.UnknownLocation(wish.location)
        if not location.serves(wish.kind):
            return catalog.LocationNotServing(location=wish.location, kind=wish.kind)
        for line in wish.lines:
            status = surroundings.skus.get(line.sku)
            if status is None:
                return catalog.UnknownSku(line.sku)
            if status != "active":
                return catalog.SkuNotSold(line.sku)
    return None


def _other_currency(command: PlaceOrder, channel: channels.ChannelSpec) -> Invalid | None:
    wrong = [
        f"/tenders/{position}/amount/currency"
        for position, tender in enumerate(command.tenders)
        if tender.currency != channel.currency
    ] + [
        f"/fulfillments/{part}/lines/{position}/unit_price/currency"
        for part, wish in enumerate(command.fulfillments)
        for position, line in enumerate(wish.lines)
        if line.own_price_currency not in {None, channel.currency}
    ]
    return Invalid.at(wrong[0], f"{channel.code} sells in {channel.currency}") if wrong else None


def _order(command: PlaceOrder, priced: pricing.PricedBasket, currency: str) -> Order:
    prices = iter(enumerate(priced.lines, start=1))
    fulfillments = []
    for position, wish in enumerate(command.fulfillments, start=1):
        lines = []
        for line in wish.lines:
            number, charged = next(prices)
            lines.append(
                OrderLine(
                    number=number,
                    sku=line.sku,
                    quantity=line.quantity,
                    list_price_minor=charged.list_price_minor,
                    unit_price_minor=charged.unit_price_minor,
                    price_reason=line.price_reason,
                    total_minor=charged.total_minor,
                    fulfilled_quantity=line.quantity if wish.kind == "carry_out" else 0,
                )
            )
        fulfillments.append(
            Fulfillment(
                id=wish.id,
                number=position,
                kind=wish.kind,
                location=wish.location,
                lines=tuple(lines),
            )
        )
    return Order(
        id=command.order_id,
        number=document_number(command.order_id, command.placed_at),
        channel=command.channel,
        location=command.location,
        currency=currency,
        total_minor=priced.total_minor,
        book_version=priced.book_version,
        placed_by=command.principal.id,
        placed_at=command.placed_at,
        version=1,
        fulfillments=tuple(fulfillments),
        tenders=tuple(
            Tender(
                number=number,
                type=tender.type,
                amount_minor=tender.amount_minor,
                reference=tender.reference,
            )
            for number, tender in enumerate(command.tenders, start=1)
        ),
    )


def _posting(command: PlaceOrder, order: Order) -> inventory.Posting:
    source = inventory.Source(
        document_type="order",
        document_id=order.id,
        actor_id=command.principal.id,
        channel=order.channel,
        occurred_at=order.placed_at,
        idempotency_key=command.key.key,
    )
    return inventory.Posting(
        source,
        [
            (inventory.sold if fulfillment.kind == "carry_out" else inventory.allocated)(
                line.sku, fulfillment.location, line.quantity
            )
            for fulfillment in order.fulfillments
            for line in fulfillment.lines
        ],
    )
