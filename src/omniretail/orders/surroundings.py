"""What deciding about wanted goods goes by, locked and read: those of new orders, and those of edits."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from omniretail import carts, catalog, channels, idempotency, inventory, loyalty, payments, pricing
from omniretail.db import Transaction
from omniretail.errors import DomainError
from omniretail.orders import store
from omniretail.orders.charge import Prices, counted, read_quotes
from omniretail.orders.drafting import Routes
from omniretail.orders.order import Order
from omniretail.orders.paying import lock_tenders
from omniretail.orders.routing import Router
from omniretail.orders.shoppers import Shoppers, lock_points, read_shoppers
from omniretail.orders.wishes import FulfillmentWish, LineWish, PlaceOrder


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
    shoppers: Shoppers
    points: loyalty.Ledger
    routes: Routes
    router: Router | None = None
    searched: frozenset[UUID] = frozenset()
    now: datetime


class Concerned(msgspec.Struct, frozen=True, kw_only=True):
    """What is concerned beside what is wanted: where goods come back, and accounts that are paid to.

    The serial numbers are those of goods that come back, by SKU, and so are the lots. `skus` are
    those of which something must be known.
    """

    places: frozenset[tuple[str, str]] = frozenset()
    skus: frozenset[str] = frozenset()
    serials: tuple[tuple[str, str], ...] = ()
    lots: tuple[str, ...] = ()
    accounts: frozenset[UUID] = frozenset()


NOTHING_ELSE = Concerned()


async def read_surroundings(
    tx: Transaction,
    commands: Sequence[PlaceOrder],
    made: Router | None = None,
    searched: Sequence[PlaceOrder] = (),
    *,
    edited: Collection[Order] = (),
    concerned: Concerned = NOTHING_ELSE,
    books: pricing.BookKeeper,
    now: datetime,
    quotes_last: timedelta,
) -> tuple[Surroundings, idempotency.Repetitions[PlaceOrder, Order]]:
    """Lock and read what deciding about orders needs; return it with what is known of their keys.

    `searched` are the commands whose plan is made anew, by all that their candidates have. `edited`
    are orders, locked, to which the commands add: their stock and their accounts are locked as well,
    and so is what else is `concerned`.
    """
    routes = made.routes if made else {}
    places = _places(commands, routes) | (set(made.places(searched)) if made else set())
    theirs = {place for order in edited for place in places_of(order)}
    holds = [hold for command in commands for hold in command.hold_ids]
    # Reading a large quote takes a while: nobody shall wait behind locks for it.
    quotes = read_quotes(commands, books.keys)
    locked_carts, converted = await _carts(tx, commands)
    shoppers = await read_shoppers(tx, commands, quotes, edited=bool(edited), now=now)
    known, version, sellers, skus, locations, policies, stock = await _locked(
        tx, commands, places, theirs, concerned, holds, now=now
    )
    repetitions = idempotency.Repetitions(commands, known, Order)
    book = await books.at(tx, version)
    quotes |= read_quotes(commands, books.keys, again=quotes)
    fresh = shoppers.all_known(repetitions.fresh)
    uses = counted(fresh, book, quotes, sellers, locations, skus, shoppers.people.ids)
    usages = await pricing.usages(tx, uses, lock=True, now=now)
    accounts, authorized = await lock_tenders(tx, commands, edited, concerned.accounts)
    surroundings = Surroundings(
        channels=sellers,
        skus=skus,
        locations=locations,
        policies=policies,
        stock=stock,
        holds=await inventory.holds_by_id(tx, holds, now=now),
        room=await inventory.channel_room(tx, policies, _promised(commands, skus), now=now),
        prices=Prices(
            book, books.keys, quotes, usages, quotes_last, now=now, people=shoppers.people.ids
        ),
        carts=locked_carts,
        converted=converted,
        accounts=accounts,
        payments=authorized,
        shoppers=shoppers,
        points=await lock_points(tx, shoppers, commands, quotes, edited, now=now),
        routes=routes,
        router=made,
        searched=frozenset(command.order_id for command in searched),
        now=now,
    )
    return surroundings, repetitions


async def _locked(
    tx: Transaction,
    commands: Sequence[PlaceOrder],
    places: set[tuple[str, str]],
    theirs: set[tuple[str, str]],
    concerned: Concerned,
    holds: Sequence[UUID],
    *,
    now: datetime,
) -> list[Any]:
    """Lock the stock of what is wanted and of edited orders, and read what else commands name."""
    found = await tx.read(
        idempotency.known(commands),
        pricing.BookKeeper.version(),
        channels.channels_by_code({command.channel for command in commands}),
        catalog.skus_by_code(_skus(commands) | {sku for sku, _ in theirs} | concerned.skus),
        catalog.locations_by_code(
            _locations(commands) | {place for _, place in places | concerned.places}
        ),
        inventory.channel_policies({command.channel for command in commands}),
        inventory.lock(places | theirs | concerned.places, holds=holds),
    )
    _, _, _, skus, locations, _, stock = found
    await inventory.lock_more(tx, stock, _on_order(places, skus, locations))
    await inventory.survey(tx, stock, skus, _asked(commands, concerned, holds, skus), now=now)
    return found


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


def _skus(commands: Sequence[PlaceOrder]) -> set[str]:
    return {line.sku for command in commands for line in command.lines}


def _places(commands: Sequence[PlaceOrder], routes: Routes) -> set[tuple[str, str]]:
    """Return every SKU with the locations that serve it, as far as they are named or planned."""
    return {
        (line.sku, location)
        for command in commands
        for wish in command.fulfillments
        for location, lines in _served(wish, routes)
        for line in lines
    }


def places_of(order: Order) -> Iterator[tuple[str, str]]:
    """Yield every SKU with every location where an order's goods are, or go to."""
    for part in order.fulfillments:
        for line in part.lines:
            for sku in line.components or (line.sku,):
                yield sku, part.location
                if part.destination is not None:
                    yield sku, part.destination


def _served(wish: FulfillmentWish, routes: Routes) -> Iterator[tuple[str, Sequence[LineWish]]]:
    """Yield the locations that serve a fulfillment, as it names one or as they were found."""
    if wish.location is not None:
        yield wish.location, wish.lines
    for location, units in routes.get(wish.id, {}).items():
        yield location, [wish.lines[position] for position, _ in units]


def cannot_be_served(surroundings: Surroundings, command: PlaceOrder) -> DomainError | None:
    """Return why a command wants what is not sold, or from where it is not served, or None."""
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
    commands: Sequence[PlaceOrder],
    concerned: Concerned,
    holds: Sequence[UUID],
    skus: Mapping[str, catalog.SkuTraits],
) -> inventory.Asked:
    return inventory.Asked(
        earliest=min(command.placed_at for command in commands),
        holds=holds,
        lots=concerned.lots,
        serials=[
            *concerned.serials,
            *(
                (sku, serial)
                for command in commands
                for wish in command.fulfillments
                for line in wish.lines
                if line.serials and line.sku in skus
                for sku in skus[line.sku].components or (line.sku,)
                for serial in line.serials
            ),
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
