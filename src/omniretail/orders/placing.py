"""Placing orders: price, stock, money, event and key, in one transaction, for a batch of them."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias
from uuid import UUID

from msgspec.structs import replace

from omniretail import carts, channels, idempotency, inventory, loyalty, payments, pricing
from omniretail.db import RaceLost, TakenBack, Transaction, Write, constraint
from omniretail.errors import DomainError, Refused
from omniretail.orders import store
from omniretail.orders.charge import (
    Charge,
    basket,
    charge,
    other_currency,
    use,
)
from omniretail.orders.drafting import draft, posting, promised
from omniretail.orders.order import Order
from omniretail.orders.paying import pay, request_changes
from omniretail.orders.points import categories_of, rewarded, with_points
from omniretail.orders.routing import router, unrouted
from omniretail.orders.surroundings import Surroundings, cannot_be_served, read_surroundings
from omniretail.orders.wishes import PlaceOrder

constraint("sales_order_number_key", RaceLost)


class CartChanged(Refused):
    """The cart was changed after it was read."""

    def __init__(self, cart: UUID) -> None:
        super().__init__("The cart was changed meanwhile; look at it once more.", cart=str(cart))


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
    the statement that looks the keys up; then serial numbers; then the counts of coupons and
    limited promotions; then payment accounts, payments, and loyalty accounts. Outcomes: the order,
    UnknownChannel, UnknownSku, SkuNotSold, UnknownLocation, LocationNotServing,
    LocationOutsidePool, Invalid (a currency), those of `charge`, UnknownCart, CartClosed,
    CartChanged, UnknownHold, HoldEnded, InsufficientStock, those of serial numbers, accounts and
    payments, of points and rewards, KeyReused.
    """
    read = partial(read_surroundings, tx, commands, books=books, now=now, quotes_last=quotes_last)
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
            *loyalty.write(surroundings.points, now=now),
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


def decide(surroundings: Surroundings, commands: Sequence[PlaceOrder]) -> list[Order | DomainError]:
    """Judge each command after the ones before it; what is accepted is taken from the stock."""
    return [_decide(surroundings, command) for command in commands]


def _decide(surroundings: Surroundings, command: PlaceOrder) -> Order | DomainError:
    known = surroundings.shoppers.known(command)
    if isinstance(known, DomainError):
        return known
    command = known
    channel = surroundings.channels.get(command.channel)
    if channel is None:
        return channels.UnknownChannel(command.channel)
    cart = _cart(surroundings, command, channel)
    if isinstance(cart, Order | DomainError):
        return cart
    if refusal := (
        cannot_be_served(surroundings, command)
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
        order = surroundings.converted.get(became) if became else None
        return order if order is not None and order.visible_to(command.principal) else cart
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
    mark, points = surroundings.accounts.mark(), surroundings.points.mark()
    paid = _pay(surroundings, command, order)
    refused = paid if isinstance(paid, DomainError) else stock.post(moves, holds)
    if refused:
        surroundings.points.take_back(points)
        surroundings.accounts.take_back(mark)
        surroundings.payments.take_back(order.id)
        return refused
    surroundings.room.take(command.channel, +more)
    if searching:
        searching.take(routes)
    for hold in command.hold_ids:
        stock.holds.pop(hold, None)
    return paid


def _pay(surroundings: Surroundings, command: PlaceOrder, order: Order) -> Order | DomainError:
    """Set an order's tenders aside, and have it spend and earn points; what was done is not taken back."""
    version = surroundings.shoppers.programmes.at(command.placed_at)
    reward = rewarded(version and version[1], command, order.coupons)
    if isinstance(reward, DomainError):
        return reward
    paid = pay(surroundings.accounts, surroundings.payments, command, order, now=surroundings.now)
    if isinstance(paid, DomainError):
        return paid
    categories = categories_of({line.sku: surroundings.skus[line.sku] for line in paid.lines})
    return with_points(surroundings.points, version, command, paid, reward, categories)


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
