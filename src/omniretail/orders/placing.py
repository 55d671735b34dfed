"""Placing orders: price, stock, money, event and key, in one transaction, for a batch of them."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import carts, catalog, channels, idempotency, inventory, payments, pricing
from omniretail.db import RaceLost, TakenBack, Transaction, Write, constraint
from omniretail.errors import DomainError, Refused
from omniretail.orders import store
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
from omniretail.orders.drafting import Routes, draft, posting, promised
from omniretail.orders.order import Order
from omniretail.orders.paying import lock_tenders, pay, request_changes
from omniretail.orders.routing import Router, router, unrouted
from omniretail.orders.wishes import FulfillmentWish, LineWish, PlaceOrder

constraint("sales_order_number_key", RaceLost)


class CartChanged(Refused):
    """The cart was changed after it was read."""

    def __init__(self, cart: UUID) -> None:
        super().__init__("The cart was changed meanwhile; look at it once more.", cart=str(cart))


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
    carts: dict[UUID, carts.Cart]
    converted: dict[UUID, Order]
    accounts: payments.Accounts
    payments: payments.Payments
    routes: Routes
    router: Router | None = None
    searched: frozenset[UUID] = frozenset()
    now: datetime


async def place(
    tx: Transaction,
    commands: Sequence[PlaceOrder],
    *,
    books: pricing.BookKeeper,
    now: datetime,
    quotes_last: timedelta = timedelta(minutes=30),
) -> list[idempotency.Answer[Order] | DomainError]:
    """Place orders, each all or nothing, first come first served; one outcome each, in order.

    `quotes_last` is how long a fresh quote lives that is offered for an expired one. A cart that is
    an order already is answered with that order. Locks: carts by id; stock by (SKU, location), in
    the statement that looks the keys up; then serial numbers; then the counts of coupons and limited
    promotions; then payment accounts and payments. Outcomes: the order, UnknownChannel, UnknownSku,
    SkuNotSold, UnknownLocation, LocationNotServing, LocationOutsidePool, Invalid (a currency), those
    of `charge`, UnknownCart, CartClosed, CartChanged, UnknownHold, HoldEnded, InsufficientStock,
    those of serial numbers, accounts and payments, KeyReused.
    """
    read = partial(_read, tx, commands, books=books, now=now, quotes_last=quotes_last)
    if any(unrouted(command) for command in commands):
        judged = await _routed(tx, commands, read, now=now)
    else:
        judged = await _judged(tx, await read())
    surroundings, repetitions, outcomes = judged
    placed = [
        (command, order)
        for command, order in zip(repetitions.fresh, outcomes, strict=True)
        if isinstance(order, Order) and order.id == command.order_id
    ]
    if placed:
        await tx.write(
            *inventory.write(surroundings.stock, now=now),
            *inventory.convert_holds(
                {hold: order.id for command, order in placed for hold in command.hold_ids}
            ),
            *_convert_carts(surroundings, placed),
            *store.write_placed([(command.key.key, order) for command, order in placed], now=now),
            *pricing.write_usages(surroundings.prices.usages, now=now),
            *payments.write_accounts(surroundings.accounts, now=now),
            *payments.write_payments(surroundings.payments),
            *request_changes([(None, order) for _, order in placed], now=now),
            *repetitions.remember(outcomes, now=now),
        )
    else:
        await tx.write(*repetitions.remember(outcomes, now=now))
    return repetitions.answers(outcomes)


Judged: TypeAlias = tuple[
    Surroundings, idempotency.Repetitions[PlaceOrder, Order], list[Order | DomainError]
]


async def _judged(
    tx: Transaction, known: tuple[Surroundings, idempotency.Repetitions[PlaceOrder, Order]]
) -> Judged:
    surroundings, repetitions = known
    outcomes = decide(surroundings, repetitions.fresh)
    await repetitions.confirm(tx, outcomes)
    return surroundings, repetitions, outcomes


async def _routed(
    tx: Transaction,
    commands: Sequence[PlaceOrder],
    read: Callable[..., Awaitable[tuple[Surroundings, idempotency.Repetitions[PlaceOrder, Order]]]],
    *,
    now: datetime,
) -> Judged:
    """Judge commands of which some leave open who serves them.

    Their plans are made without locks. Where one turns out to be too good, or none was found, all
    locks are given back, those of every candidate are taken in the one order, and what is planned
    then stands.
    """
    made = await router(tx, commands, now=now)
    planned = [command for command in commands if made.is_planned(command)]
    try:
        async with tx.tentative():
            if len(planned) < len(commands):
                raise TakenBack
            judged = await _judged(tx, await read(made))
            if any(_fell_short(command, judged) for command in planned):
                raise TakenBack
            return judged
    except TakenBack:
        searched = [command for command in commands if unrouted(command)]
        return await _judged(tx, await read(made, searched))


def _fell_short(command: PlaceOrder, judged: Judged) -> bool:
    """Tell whether goods were gone that a command's plan had counted on."""
    _, repetitions, outcomes = judged
    return bool(unrouted(command)) and any(
        one is command and isinstance(outcome, inventory.InsufficientStock)
        for one, outcome in zip(repetitions.fresh, outcomes, strict=True)
    )


def _convert_carts(
    surroundings: Surroundings, placed: Sequence[tuple[PlaceOrder, Order]]
) -> list[Write]:
    return carts.convert(
        [
            carts.Conversion(
                cart=surroundings.carts[command.cart_id],
                order_id=order.id,
                actor_id=command.principal.id,
                channel=command.channel,
            )
            for command, order in placed
            if command.cart_id is not None
        ],
        now=surroundings.now,
    )


async def _read(
    tx: Transaction,
    commands: Sequence[PlaceOrder],
    made: Router | None = None,
    searched: Sequence[PlaceOrder] = (),
    *,
    books: pricing.BookKeeper,
    now: datetime,
    quotes_last: timedelta,
) -> tuple[Surroundings, idempotency.Repetitions[PlaceOrder, Order]]:
    """Lock and read what deciding about orders needs; return it with what is known of their keys.

    `searched` are the commands whose plan is made anew, by all that their candidates have.
    """
    routes = made.routes if made else {}
    places = {
        (line.sku, location)
        for command in commands
        for wish in command.fulfillments
        for location, lines in _served(wish, routes)
        for line in lines
    }
    if made:
        places |= set(made.places(searched))
    holds = [hold for command in commands for hold in command.hold_ids]
    # Reading a large quote takes a while: nobody shall wait behind locks for it.
    quotes = read_quotes(commands, books.keys)
    locked_carts, converted = await _carts(tx, commands)
    known, version, sellers, skus, locations, policies, stock = await tx.read(
        idempotency.known(commands),
        books.version(),
        channels.channels_by_code({command.channel for command in commands}),
        catalog.skus_by_code({line.sku for command in commands for line in command.lines}),
        catalog.locations_by_code(_locations(commands) | {place for _, place in places}),
        inventory.channel_policies({command.channel for command in commands}),
        inventory.lock(places, holds=holds),
    )
    await inventory.lock_more(tx, stock, _on_order(places, skus, locations))
    await inventory.survey(tx, stock, skus, _asked(commands, holds, skus), now=now)
    repetitions = idempotency.Repetitions(commands, known, Order)
    book = await books.at(tx, version)
    quotes |= read_quotes(commands, books.keys, again=quotes)
    prices = Prices(
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
    )
    accounts, authorized = await lock_tenders(tx, commands)
    surroundings = Surroundings(
        channels=sellers,
        skus=skus,
        locations=locations,
        policies=policies,
        stock=stock,
        holds=await inventory.holds_by_id(tx, holds, now=now),
        room=await inventory.channel_room(tx, policies, _promised(commands, skus), now=now),
        prices=prices,
        carts=locked_carts,
        converted=converted,
        accounts=accounts,
        payments=authorized,
        routes=routes,
        router=made,
        searched=frozenset(command.order_id for command in searched),
        now=now,
    )
    return surroundings, repetitions


async def _carts(
    tx: Transaction, commands: Sequence[PlaceOrder]
) -> tuple[dict[UUID, carts.Cart], dict[UUID, Order]]:
    """Lock the carts that become orders, and return them with the orders that some are already."""
    ids = [command.cart_id for command in commands if command.cart_id]
    if not ids:
        return {}, {}
    (locked,) = await tx.read(carts.lock_carts(ids))
    became = [cart.order_id for cart in locked.values() if cart.order_id]
    orders = await store.load(tx, became) if became else []
    return locked, {order.id: order for order in orders}


def _served(wish: FulfillmentWish, routes: Routes) -> Iterator[tuple[str, Sequence[LineWish]]]:
    """Yield the locations that serve a fulfillment, as it names one or as they were found."""
    if wish.location is not None:
        yield wish.location, wish.lines
    for location, units in routes.get(wish.id, {}).items():
        yield location, [wish.lines[position] for position, _ in units]


def decide(surroundings: Surroundings, commands: Sequence[PlaceOrder]) -> list[Order | DomainError]:
    """Judge each command after the ones before it; what is accepted is taken from the stock."""
    return [_decide(surroundings, command) for command in commands]


def _decide(surroundings: Surroundings, command: PlaceOrder) -> Order | DomainError:
    channel = surroundings.channels.get(command.channel)
    if channel is None:
        return channels.UnknownChannel(command.channel)
    cart = _cart(surroundings, command, channel)
    if isinstance(cart, Order | DomainError):
        return cart
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
    order = _take(surroundings, command, charged, channel.currency)
    if isinstance(order, Order):
        use(surroundings.prices, command, charged)
        if command.cart_id is not None:
            _close_cart(surroundings, command.cart_id, order)
    return order


def _cart(
    surroundings: Surroundings, command: PlaceOrder, channel: channels.ChannelSpec
) -> carts.Cart | Order | DomainError | None:
    """Return the cart of a command, the order that it is already, or why it cannot become one."""
    if command.cart_id is None:
        return None
    cart = carts.open_cart(surroundings.carts, command.cart_id, now=surroundings.now)
    if isinstance(cart, carts.CartClosed):
        became = surroundings.carts[command.cart_id].order_id
        return surroundings.converted.get(became, cart) if became else cart
    if isinstance(cart, DomainError):
        return cart
    if cart.currency != channel.currency:
        return carts.CartCurrencyDiffers(cart.id, currency=cart.currency, other=channel.currency)
    if cart.version != command.cart_version:
        return CartChanged(cart.id)
    return cart


def _close_cart(surroundings: Surroundings, cart_id: UUID, order: Order) -> None:
    """Have the rest of the batch find the order that the cart has become."""
    cart = surroundings.carts[cart_id]
    surroundings.carts[cart_id] = replace(cart, state="converted", order_id=order.id)
    surroundings.converted[order.id] = order


def _take(
    surroundings: Surroundings, command: PlaceOrder, charged: Charge, currency: str
) -> Order | DomainError:
    """Take an order's goods from the stock, its own holds first, and its tenders from where they are."""
    stock, routes = surroundings.stock, surroundings.routes
    searching = surroundings.router if command.order_id in surroundings.searched else None
    if searching:
        found = searching.route(command, stock)
        if isinstance(found, DomainError):
            return found
        routes = found
    order = draft(command, charged, currency, routes, surroundings.skus)
    holds = [line for hold in command.hold_ids for line in stock.holds.get(hold, ())]
    held = Counter[tuple[str, str]]()
    for line in holds:
        held[line.sku, line.location] += line.quantity
    order = promised(order, stock, held)
    moves = posting(stock, command, order)
    more = Counter[tuple[str, str]]()
    for movement in moves.movements:
        if movement.type == "allocated":
            more[movement.sku, movement.location] += movement.quantity
    more.subtract(held)
    if refusal := surroundings.room.refusal(command.channel, +more):
        return refusal
    mark = surroundings.accounts.mark()
    paid = pay(surroundings.accounts, surroundings.payments, command, order, now=surroundings.now)
    if isinstance(paid, DomainError):
        return paid
    if refused := stock.post(moves, holds):
        surroundings.accounts.take_back(mark)
        surroundings.payments.take_back(order.id)
        return refused
    surroundings.room.take(command.channel, +more)
    if searching:
        searching.take(routes)
    for hold in command.hold_ids:
        stock.holds.pop(hold, None)
    return paid


def _hold_refused(surroundings: Surroundings, command: PlaceOrder) -> DomainError | None:
    """A hold that ran out is no help, and no hindrance; one that became an order is.

    A cart's own holds may come from wherever the cart has been.
    """
    for hold_id in command.hold_ids:
        hold = surroundings.holds.get(hold_id)
        if hold is None or not (command.cart_id or hold.visible_to(command.principal)):
            return inventory.UnknownHold(hold_id)
        if hold.state == "converted" or (
            hold.state == "live" and hold_id not in surroundings.stock.holds
        ):
            return inventory.HoldEnded(hold.id, "converted")
    return None


def _cannot_be_served(surroundings: Surroundings, command: PlaceOrder) -> DomainError | None:
    for wish in command.fulfillments:
        for place, kind in _duties(wish):
            location = surroundings.locations.get(place)
            if location is None:
                return catalog.UnknownLocation(place)
            if not location.serves(kind):
                return catalog.LocationNotServing(location=place, kind=kind)
        if refusal := _outside_pool(surroundings, command, wish):
            return refusal
        for line in wish.lines:
            traits = surroundings.skus.get(line.sku)
            if traits is None:
                return catalog.UnknownSku(line.sku)
            if traits.status != "active":
                return catalog.SkuNotSold(line.sku)
    return None


def _duties(wish: FulfillmentWish) -> Iterator[tuple[str, str]]:
    """Yield each location that a fulfillment names, with what it has to offer."""
    if wish.location is not None:
        yield wish.location, "ship" if wish.kind == "ship_to_store" else wish.kind
    if wish.destination is not None:
        yield wish.destination, "pickup"


def _outside_pool(
    surroundings: Surroundings, command: PlaceOrder, wish: FulfillmentWish
) -> DomainError | None:
    policy = surroundings.policies.get(command.channel)
    if policy is None or policy.pool is None or wish.kind == "carry_out":
        return None
    if wish.location is None or wish.location in policy.pool:
        return None
    return inventory.LocationOutsidePool(channel=command.channel, location=wish.location)


def _locations(commands: Sequence[PlaceOrder]) -> set[str]:
    """Return where orders are placed, and every location that they name."""
    named = {
        place for command in commands for wish in command.fulfillments for place, _ in _duties(wish)
    }
    return named | {command.location for command in commands if command.location}


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
