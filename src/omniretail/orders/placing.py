"""Placing orders: price, stock, money, event and key, in one transaction, for a batch of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    """So many of a SKU; a price of its own replaces the book's, and needs a reason.

    `serials` name the units that a till hands over, of SKUs that are tracked by serial number.
    """

    sku: str
    quantity: int
    own_price_minor: int | None = None
    own_price_currency: str | None = None
    price_reason: str | None = None
    serials: tuple[str, ...] = ()


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
    """The command to place one order; `location` is where it is placed, if at a till.

    `hold_id` is the basket's own hold, which becomes the order. What is `forced` was carried out
    already, at a till that was offline: no lack of stock refuses it.
    """

    key: idempotency.Key
    order_id: UUID
    principal: channels.Principal
    channel: str
    location: str | None
    placed_at: datetime
    fulfillments: tuple[FulfillmentWish, ...]
    tenders: tuple[TenderGiven, ...]
    hold_id: UUID | None = None
    forced: bool = False


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """All that deciding about orders needs to know; `stock` is locked and changes as it goes."""

    book: pricing.Book
    channels: Mapping[str, channels.ChannelSpec]
    skus: Mapping[str, catalog.SkuTraits]
    locations: Mapping[str, catalog.LocationSpec]
    policies: Mapping[str, inventory.ChannelPolicy]
    stock: inventory.Stock
    holds: Mapping[UUID, inventory.Hold]
    room: inventory.ChannelRoom


async def place(
    tx: Transaction,
    commands: Sequence[PlaceOrder],
    *,
    books: pricing.BookKeeper,
    now: datetime,
) -> list[idempotency.Answer[Order] | DomainError]:
    """Place orders, each all or nothing, first come first served; one outcome each, in order.

    Locks: stock by (SKU, location), in the statement that looks the keys up; then serial numbers.
    Outcomes: the order, UnknownChannel, UnknownSku, SkuNotSold, UnknownLocation,
    LocationNotServing, LocationOutsidePool, PriceMissing, AmountTooLarge, Invalid (a currency),
    TendersMismatch, UnknownHold, HoldEnded, InsufficientStock, those of serial numbers, KeyReused.
    """
    places = {
        (line.sku, wish.location)
        for command in commands
        for wish in command.fulfillments
        for line in wish.lines
    }
    holds = [command.hold_id for command in commands if command.hold_id]
    known, version, sellers, skus, locations, policies, stock = await tx.read(
        idempotency.known(commands),
        books.version(),
        channels.channels_by_code({command.channel for command in commands}),
        catalog.skus_by_code({sku for sku, _ in places}),
        catalog.locations_by_code({location for _, location in places}),
        inventory.channel_policies({command.channel for command in commands}),
        inventory.lock(places, holds=holds),
    )
    await inventory.lock_more(tx, stock, _on_order(places, skus, locations))
    await inventory.survey(tx, stock, skus, _asked(commands, holds, skus), now=now)
    surroundings = Surroundings(
        book=await books.at(tx, version),
        channels=sellers,
        skus=skus,
        locations=locations,
        policies=policies,
        stock=stock,
        holds=await inventory.holds_by_id(tx, holds, now=now),
        room=await inventory.channel_room(tx, policies, _promised(commands, skus), now=now),
    )
    repetitions = idempotency.Repetitions(commands, known, Order)
    outcomes = decide(surroundings, repetitions.fresh)
    await repetitions.confirm(tx, outcomes)
    placed = [
        (command, order)
        for command, order in zip(repetitions.fresh, outcomes, strict=True)
        if isinstance(order, Order)
    ]
    if placed:
        await tx.write(
            *inventory.write(stock, now=now),
            *inventory.convert_holds(
                {command.hold_id: order.id for command, order in placed if command.hold_id}
            ),
            *store.write_placed([(command.key.key, order) for command, order in placed], now=now),
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
    if refusal := (
        _cannot_be_served(surroundings, command)
        or _other_currency(command, channel)
        or _hold_refused(surroundings, command)
    ):
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
    order = _order(surroundings, command, priced, channel.currency)
    return _take(surroundings, command, order) or order


def _take(surroundings: Surroundings, command: PlaceOrder, order: Order) -> DomainError | None:
    """Take an order's goods from the stock, its own hold first; returns why not, or None."""
    stock = surroundings.stock
    hold = stock.holds.get(command.hold_id, []) if command.hold_id else []
    posting = _posting(stock, command, order)
    promised = Counter[tuple[str, str]]()
    for movement in posting.movements:
        if movement.type == "allocated":
            promised[movement.sku, movement.location] += movement.quantity
    for line in hold:
        promised[line.sku, line.location] -= line.quantity
    more = +promised
    if refusal := surroundings.room.refusal(command.channel, more):
        return refusal
    if refused := stock.post(posting, hold):
        return refused
    surroundings.room.take(command.channel, more)
    if command.hold_id:
        stock.holds.pop(command.hold_id, None)
    return None


def _hold_refused(surroundings: Surroundings, command: PlaceOrder) -> DomainError | None:
    """A hold that ran out is no help, and no hindrance; one that became an order is."""
    if command.hold_id is None:
        return None
    hold = surroundings.holds.get(command.hold_id)
    if hold is None or not hold.visible_to(command.principal):
        return inventory.UnknownHold(command.hold_id)
    if hold.state == "converted" or (
        hold.state == "live" and command.hold_id not in surroundings.stock.holds
    ):
        return inventory.HoldEnded(hold.id, "converted")
    return None


def _cannot_be_served(surroundings: Surroundings, command: PlaceOrder) -> DomainError | None:
    for wish in command.fulfillments:
        location = surroundings.locations.get(wish.location)
        if location is None:
            return catalog.UnknownLocation(wish.location)
        if not location.serves(wish.kind):
            return catalog.LocationNotServing(location=wish.location, kind=wish.kind)
        if refusal := _outside_pool(surroundings, command, wish):
            return refusal
        for line in wish.lines:
            traits = surroundings.skus.get(line.sku)
            if traits is None:
                return catalog.UnknownSku(line.sku)
            if traits.status != "active":
                return catalog.SkuNotSold(line.sku)
    return None


def _outside_pool(
    surroundings: Surroundings, command: PlaceOrder, wish: FulfillmentWish
) -> DomainError | None:
    policy = surroundings.policies.get(command.channel)
    if policy is None or policy.pool is None or wish.kind == "carry_out":
        return None
    if wish.location in policy.pool:
        return None
    return inventory.LocationOutsidePool(channel=command.channel, location=wish.location)


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


def _order(
    surroundings: Surroundings, command: PlaceOrder, priced: pricing.PricedBasket, currency: str
) -> Order:
    stock = surroundings.stock
    prices = iter(enumerate(priced.lines, start=1))
    # What the lines so far want, less what the basket's own hold keeps for them.
    wanted = Counter[tuple[str, str]]()
    for held in stock.holds.get(command.hold_id, []) if command.hold_id else []:
        wanted[held.sku, held.location] -= held.quantity
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
                    components=(components := surroundings.skus[line.sku].components),
                    promised_at=_promised_at(stock, wish, line, components, wanted),
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


def _promised_at(
    stock: inventory.Stock,
    wish: FulfillmentWish,
    line: LineWish,
    components: Mapping[str, int] | None,
    wanted: Counter[tuple[str, str]],
) -> datetime | None:
    """Return when goods will be there that are not: the last of a kit's components decides.

    `wanted` is what the lines before it want; this one's goods are added.
    """
    if not stock.ordering:
        return None
    dates: list[datetime | None] = []
    for part in inventory.parts(line.sku, line.quantity, components):
        wanted[part.sku, wish.location] += part.quantity
        if wish.kind != "carry_out":
            dates.append(
                stock.promised_at(part.sku, wish.location, wanted[part.sku, wish.location])
            )
    return max((at for at in dates if at), default=None)


def _posting(stock: inventory.Stock, command: PlaceOrder, order: Order) -> inventory.Posting:
    source = inventory.Source(
        document_type="order",
        document_id=order.id,
        actor_id=command.principal.id,
        channel=order.channel,
        occurred_at=order.placed_at,
        idempotency_key=command.key.key,
    )
    movements: list[inventory.Movement] = []
    for wish, fulfillment in zip(command.fulfillments, order.fulfillments, strict=True):
        for wanted, line in zip(wish.lines, fulfillment.lines, strict=True):
            leave = inventory.sold if fulfillment.kind == "carry_out" else inventory.allocated
            movements += inventory.moved(
                leave,
                line.sku,
                fulfillment.location,
                line.quantity,
                line.components,
                wanted.serials,
                tracking=stock.tracking,
            )
    return inventory.Posting(source, movements, forced=command.forced)


def _asked(
    commands: Sequence[PlaceOrder], holds: Sequence[UUID], skus: Mapping[str, catalog.SkuTraits]
) -> inventory.Asked:
    return inventory.Asked(
        earliest=min(command.placed_at for command in commands),
        holds=holds,
        serials=[
            (sku, serial)
            for command in commands
            for wish in command.fulfillments
            for line in wish.lines
            if line.serials and line.sku in skus
            for sku in skus[line.sku].components or (line.sku,)
            for serial in line.serials
        ],
    )


def _on_order(
    places: Iterable[tuple[str, str]],
    skus: Mapping[str, catalog.SkuTraits],
    locations: Mapping[str, catalog.LocationSpec],
) -> set[tuple[str, str]]:
    """Return the places where more may be promised than there is, levels or not."""
    if not any(traits.ordering for traits in skus.values()):
        return set()
    return {
        (part, location)
        for sku, location in places
        if sku in skus and location in locations
        for part in skus[sku].components or (sku,)
        if skus[part].ordering
    }


def _promised(
    commands: Sequence[PlaceOrder], skus: Mapping[str, catalog.SkuTraits]
) -> Iterator[tuple[str, str]]:
    """Yield each channel with each SKU that it promises, components of kits among them."""
    for command in commands:
        for wish in command.fulfillments:
            if wish.kind != "carry_out":
                for line in wish.lines:
                    yield command.channel, line.sku
                    if line.sku in skus:
                        for component in skus[line.sku].components or ():
                            yield command.channel, component
