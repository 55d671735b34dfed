"""Changing carts in batches: lock the carts, then the levels of what they hold; decide; write."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from msgspec import UNSET

from omniretail import catalog, channels, idempotency, inventory, loyalty
from omniretail.carts.cart import Cart, CartNow
from omniretail.carts.commands import (
    CartCommand,
    CreateCart,
    EditCart,
    HoldCart,
    MergeCarts,
    ReleaseCart,
)
from omniretail.carts.deciding import Decided, Surroundings, decide, holding_channel
from omniretail.carts.lines import located
from omniretail.carts.store import lock_carts, with_holds, write_steps
from omniretail.db import Transaction
from omniretail.errors import DomainError


async def change_carts(
    tx: Transaction, commands: Sequence[CreateCart | HoldCart | MergeCarts], *, now: datetime
) -> list[idempotency.Answer[CartNow] | DomainError]:
    """Create, hold or merge carts; one outcome per command, in order.

    A cart keeps the id of a known customer, whatever they are called. Locks: keys, carts by id, then
    the levels of what they hold or want held, by (SKU, location). Outcomes: the cart (of a merge the
    target) with its holds; UnknownChannel, UnknownSku, SkuNotSold, UnknownLocation, Invalid (a
    currency, groups of others, a cart merged with itself), CartTooLarge, UnknownCart, CartClosed,
    CartCurrencyDiffers, CartNothingToHold, LocationNotServing, LocationOutsidePool, InsufficientStock,
    IdempotencyKeyReused.
    """
    return await idempotency.once(tx, commands, partial(_change, tx, now=now), CartNow, now=now)


async def edit_carts(
    tx: Transaction, commands: Sequence[EditCart | ReleaseCart], *, now: datetime
) -> list[CartNow | DomainError]:
    """Change what is in carts, or release what they hold; one outcome per command, in order.

    What is live of a cart's holds lasts anew with each change, and holds no more than the lines want.
    Locks: carts by id, then the levels of their holds. Outcomes: the cart with its holds; UnknownCart,
    CartClosed, StaleVersion, UnknownCartLine, UnknownSku, SkuNotSold, UnknownLocation, CartTooLarge,
    Invalid (a currency, groups of others).
    """
    return await _change(tx, commands, now=now)


async def _change(
    tx: Transaction, commands: Sequence[CartCommand], *, now: datetime
) -> list[CartNow | DomainError]:
    known = await _surroundings(tx, commands, now=now)
    outcomes: list[CartNow | DomainError] = []
    for some in _rounds(commands):
        decided = [decide(known, command) for command in some]
        accepted = [one for one in decided if isinstance(one, Decided)]
        steps = [step for one in accepted for step in one.steps]
        if steps:
            await known.holding.write(tx, *write_steps(steps, now=now))
        stood = iter(await with_holds(tx, [known.carts[one.cart_id] for one in accepted], now=now))
        outcomes += [next(stood) if isinstance(one, Decided) else one for one in decided]
    return outcomes


def _rounds(commands: Sequence[CartCommand]) -> Iterator[list[CartCommand]]:
    """Yield the commands in order, in rounds that name each cart once: a write holds one step of it."""
    some: list[CartCommand] = []
    named: set[UUID] = set()
    for command in commands:
        if named & command.cart_ids:
            yield some
            some, named = [], set()
        some.append(command)
        named |= command.cart_ids
    if some:
        yield some


async def _surroundings(
    tx: Transaction, commands: Sequence[CartCommand], *, now: datetime
) -> Surroundings:
    """Lock the carts, then what holding for them needs, and learn what the commands name."""
    changes = [
        change
        for command in commands
        if isinstance(command, CreateCart | EditCart)
        for change in command.lines
        if change.brings_in
    ]
    created = {command.channel for command in commands if isinstance(command, CreateCart)}
    carts, sellers, skus, locations = await tx.read(
        lock_carts({cart_id for command in commands for cart_id in command.cart_ids}),
        channels.channels_by_code(created),
        catalog.skus_by_code({change.sku for change in changes if change.sku}),
        catalog.locations_by_code({change.location for change in changes if change.location}),
    )
    holders = [command for command in commands if isinstance(command, HoldCart)]
    # A batch may merge a cart into one that it holds goods for: each may come to want what any wants.
    places = (
        {place for cart in carts.values() for place in located(cart.lines)} if holders else set()
    )
    selling = {
        holding_channel(command, carts[command.cart_id])
        for command in holders
        if command.cart_id in carts
    }
    holding = await inventory.lock_holding(
        tx,
        places=places,
        promised={(channel, sku) for channel in selling for sku, _ in places},
        holds={
            hold_id for cart in carts.values() if cart.state == "open" for hold_id in cart.hold_ids
        },
        now=now,
    )
    return Surroundings(
        carts=carts,
        channels=sellers,
        skus=skus,
        locations=locations,
        holding=holding,
        people=await loyalty.people(tx, set(_named(commands, carts)), now=now),
        now=now,
    )


def _named(commands: Sequence[CartCommand], carts: Mapping[UUID, Cart]) -> Iterator[str | None]:
    """Yield the customers whom commands name; and those of carts, where their groups may matter."""
    for command in commands:
        named = command.customer if isinstance(command, CreateCart | EditCart) else UNSET
        if named is not UNSET:
            yield named
        if isinstance(command, MergeCarts) or (
            isinstance(command, EditCart) and command.customer_groups is not UNSET
        ):
            yield from (carts[one].customer for one in command.cart_ids if one in carts)
