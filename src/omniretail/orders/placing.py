"""Placing orders: price, stock, money, event and key, in one transaction, for a batch of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import catalog, channels, idempotency, inventory, pricing
from omniretail.db import RaceLost, Transaction, constraint
from omniretail.errors import DomainError
from omniretail.ids import document_number
from omniretail.orders import settlement, store
from omniretail.orders.charge import (
    Charge,
    Prices,
    basket,
    charge,
    counted,
    other_currency,
    read_quotes,
    use,
)
from omniretail.orders.order import Fulfillment, Order, OrderLine
from omniretail.orders.wishes import FulfillmentWish, LineWish, PlaceOrder

constraint("sales_order_number_key", RaceLost)


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """All that deciding about orders needs to know; `stock` is locked and changes as it goes."""

    prices: Prices
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
    quotes_last: timedelta = timedelta(minutes=30),
) -> list[idempotency.Answer[Order] | DomainError]:
    """Place orders, each all or nothing, first come first served; one outcome each, in order.

    `quotes_last` is how long a fresh quote lives that is offered for an expired one. Locks: stock
    by (SKU, location), in the statement that looks the keys up; then serial numbers; then the counts
    of coupons and limited promotions. Outcomes: the order, UnknownChannel, UnknownSku, SkuNotSold,
    UnknownLocation, LocationNotServing, LocationOutsidePool, Invalid (a currency), those of
    `charge`, UnknownHold, HoldEnded, InsufficientStock, those of serial numbers, KeyReused.
    """
    surroundings, repetitions = await _locked(
        tx, commands, books=books, now=now, quotes_last=quotes_last
    )
    outcomes = decide(surroundings, repetitions.fresh)
    await repetitions.confirm(tx, outcomes)
    placed = [
        (command, order)
        for command, order in zip(repetitions.fresh, outcomes, strict=True)
        if isinstance(order, Order)
    ]
    if placed:
        await tx.write(
            *inventory.write(surroundings.stock, now=now),
            *inventory.convert_holds(
                {command.hold_id: order.id for command, order in placed if command.hold_id}
            ),
            *store.write_placed([(command.key.key, order) for command, order in placed], now=now),
            *pricing.write_usages(surroundings.prices.usages, now=now),
            *repetitions.remember(outcomes, now=now),
        )
    return repetitions.answers(outcomes)


async def _locked(
    tx: Transaction,
    commands: Sequence[PlaceOrder],
    *,
    books: pricing.BookKeeper,
    now: datetime,
    quotes_last: timedelta,
) -> tuple[Surroundings, idempotency.Repetitions[PlaceOrder, Order]]:
    """Lock and read what deciding about orders needs; return it with what is known of their keys."""
    places = {
        (line.sku, wish.location)
        for command in commands
        for wish in command.fulfillments
        for line in wish.lines
    }
    holds = [command.hold_id for command in commands if command.hold_id]
    # Reading a large quote takes a while: nobody shall wait behind locks for it.
    quotes = read_quotes(commands, books.keys)
    known, version, sellers, skus, locations, policies, stock = await tx.read(
        idempotency.known(commands),
        books.version(),
        channels.channels_by_code({command.channel for command in commands}),
        catalog.skus_by_code({sku for sku, _ in places}),
        catalog.locations_by_code(_locations(commands)),
        inventory.channel_policies({command.channel for command in commands}),
        inventory.lock(places, holds=holds),
    )
    await inventory.lock_more(tx, stock, _on_order(places, skus, locations))
    await inventory.survey(tx, stock, skus, _asked(commands, holds, skus), now=now)
    repetitions = idempotency.Repetitions(commands, known, Order)
    book = await books.at(tx, version)
    quotes |= read_quotes(commands, books.keys, again=quotes)
    surroundings = Surroundings(
        channels=sellers,
        skus=skus,
        locations=locations,
        policies=policies,
        stock=stock,
        holds=await inventory.holds_by_id(tx, holds, now=now),
        room=await inventory.channel_room(tx, policies, _promised(commands, skus), now=now),
        prices=Prices(
            book=book,
            keys=books.keys,
            quotes=quotes,
            usages=await pricing.usages(
                tx,
                counted(repetitions.fresh, book, quotes, sellers, locations, skus),
                lock=True,
                now=now,
            ),
            quotes_last=quotes_last,
            now=now,
        ),
    )
    return surroundings, repetitions


def decide(surroundings: Surroundings, commands: Sequence[PlaceOrder]) -> list[Order | DomainError]:
    """Judge each command after the ones before it; what is accepted is taken from the stock."""
    return [_decide(surroundings, command) for command in commands]


def _decide(surroundings: Surroundings, command: PlaceOrder) -> Order | DomainError:
    channel = surroundings.channels.get(command.channel)
    if channel is None:
        return channels.UnknownChannel(command.channel)
    if refusal := (
        _cannot_be_served(surroundings, command)
        or other_currency(command, channel)
        or _hold_refused(surroundings, command)
    ):
        return refusal
    wanted = basket(command, channel, surroundings.locations, surroundings.skus)
    charged = charge(surroundings.prices, command, wanted)
    if isinstance(charged, DomainError):
        return charged
    order = _order(surroundings, command, charged, channel.currency)
    if any(tender.uncaptured_minor for tender in order.tenders):
        order = replace(order, tenders=settlement.taken(order.tenders, settlement.due_minor(order)))
    if refusal := _take(surroundings, command, order):
        return refusal
    use(surroundings.prices, command, charged)
    return order


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


def _order(
    surroundings: Surroundings, command: PlaceOrder, charged: Charge, currency: str
) -> Order:
    return Order(
        id=command.order_id,
        number=document_number(command.order_id, command.placed_at),
        channel=command.channel,
        location=command.location,
        currency=currency,
        total_minor=charged.priced.total_minor,
        book_version=charged.priced.book_version,
        placed_by=command.principal.id,
        placed_at=command.placed_at,
        version=1,
        fulfillments=_fulfillments(surroundings, command, charged),
        tenders=charged.tenders,
        customer=charged.shopper.customer,
        customer_groups=tuple(sorted(charged.shopper.customer_groups)),
        region=charged.shopper.region,
        quote_id=charged.quote_id,
        coupons=charged.coupons,
        rounding=charged.priced.rounding,
        tax_per=charged.priced.tax_per,
        shipping=charged.priced.shipping,
        ship_to=command.ship_to,
        cart_id=command.cart_id,
    )


def _fulfillments(
    surroundings: Surroundings, command: PlaceOrder, charged: Charge
) -> tuple[Fulfillment, ...]:
    stock = surroundings.stock
    numbered = iter(enumerate(zip(charged.lines, charged.reasons, strict=True), start=1))
    # What the lines so far want, less what the basket's own hold keeps for them.
    wanted = Counter[tuple[str, str]]()
    for held in stock.holds.get(command.hold_id, []) if command.hold_id else []:
        wanted[held.sku, held.location] -= held.quantity
    fulfillments = []
    for position, wish in enumerate(command.fulfillments, start=1):
        lines = []
        for line in wish.lines:
            number, (priced, reason) = next(numbered)
            lines.append(
                OrderLine(
                    number=number,
                    sku=line.sku,
                    quantity=line.quantity,
                    list_price_minor=priced.list_price_minor,
                    unit_price_minor=priced.unit_price_minor,
                    price_reason=reason,
                    total_minor=priced.total_minor,
                    fulfilled_quantity=line.quantity if wish.kind == "carry_out" else 0,
                    components=(components := surroundings.skus[line.sku].components),
                    promised_at=_promised_at(stock, wish, line, components, wanted),
                    price_list=priced.price_list,
                    discounts=priced.discounts,
                    tax_class=priced.tax_class,
                    tax_included=priced.tax_included,
                    tax_rate_ppm=priced.tax_rate_ppm,
                    tax_minor=priced.tax_minor,
                )
            )
        fulfillments.append(
            Fulfillment(
                id=wish.id,
                number=position,
                kind=wish.kind,
                location=wish.location,
                lines=tuple(lines),
                state="handed_over" if wish.kind == "carry_out" else "allocated",
            )
        )
    return tuple(fulfillments)


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


def _locations(commands: Sequence[PlaceOrder]) -> set[str]:
    """Return where orders are placed, and where they are served."""
    served = {wish.location for command in commands for wish in command.fulfillments}
    return served | {command.location for command in commands if command.location}


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
