"""Editing orders, and previewing it: all locks, one decision, all writes. What it means is in `edits`."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import events, idempotency, inventory, loyalty, payments, pricing
from omniretail.db import TakenBack, Transaction
from omniretail.errors import DomainError
from omniretail.orders import store
from omniretail.orders.additions import addition_of
from omniretail.orders.changing import UnknownOrder, happened
from omniretail.orders.edits import EditOrder, applied, decide, judge
from omniretail.orders.following import follow
from omniretail.orders.order import Order
from omniretail.orders.paying import request_changes
from omniretail.orders.routing import router, unrouted
from omniretail.orders.surroundings import (
    NOTHING_ELSE,
    Concerned,
    Surroundings,
    read_surroundings,
)
from omniretail.orders.wishes import PlaceOrder

_NO_QUOTES = timedelta()


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What an edit would do; where goods are `missing`, there is no order after it."""

    order: Order | None
    charge_minor: int
    refund_minor: int
    currency: str
    missing: inventory.InsufficientStock | None = None


async def edit(
    tx: Transaction, commands: Sequence[EditOrder], *, books: pricing.BookKeeper, now: datetime
) -> list[idempotency.Answer[Order] | DomainError]:
    """Edit orders, each all or nothing, first come first served; one outcome each, in order.

    Locks: orders by id; their stock and that of what comes in, by (SKU, location), with every
    location that may serve it; serial numbers; payment accounts, payments and loyalty accounts.
    Outcomes: the order after the edit, UnknownOrder, StaleVersion, TransitionRefused,
    QuantityNotLower, QuantityNotOpen, EditLeavesNothing, Invalid (a line number, a currency), those
    of placing an order but for quotes, carts, holds and coupons, TendersMismatch, KeyReused.
    """
    run = partial(_edit, tx, books=books, now=now)
    return await idempotency.once(tx, commands, run, Order, now=now)


async def preview_edit(
    tx: Transaction, command: EditOrder, *, books: pricing.BookKeeper, now: datetime
) -> Preview | DomainError:
    """Return what an edit would do now, its tenders left out; nothing of it stays written.

    Locks: as `edit`, given back before it returns. Outcomes: the preview, and the refusals of `edit`
    but those of stock and tenders.
    """
    seen: list[Preview | DomainError] = []
    with suppress(TakenBack):
        async with tx.tentative():
            seen.append(await _preview(tx, command, books=books, now=now))
            raise TakenBack
    return seen[0]


async def _preview(
    tx: Transaction, command: EditOrder, *, books: pricing.BookKeeper, now: datetime
) -> Preview | DomainError:
    orders, surroundings = await _read(tx, [command], books=books, now=now)
    order = _found(orders, command)
    if isinstance(order, DomainError):
        return order
    assert surroundings is not None, "it was read for every order that there is"
    difference = judge(surroundings, order, command)
    if isinstance(difference, DomainError):
        return difference
    after = applied(surroundings, order, difference, ())
    if isinstance(after, DomainError) and not isinstance(after, inventory.InsufficientStock):
        return after
    return Preview(
        order=after if isinstance(after, Order) else None,
        charge_minor=difference.charge_minor,
        refund_minor=difference.refund_minor,
        currency=difference.currency,
        missing=after if isinstance(after, inventory.InsufficientStock) else None,
    )


async def _edit(
    tx: Transaction, commands: Sequence[EditOrder], *, books: pricing.BookKeeper, now: datetime
) -> list[Order | DomainError]:
    before, surroundings = await _read(tx, commands, books=books, now=now)
    orders = dict(before)
    changes: list[tuple[Order, Order, events.Happened]] = []
    outcomes: list[Order | DomainError] = []
    for command in commands:
        found = _found(orders, command)
        outcome: Order | DomainError = found
        if isinstance(found, Order) and surroundings is not None:
            outcome = decide(surroundings, found, command)
        outcomes.append(outcome)
        if isinstance(outcome, Order):
            previous, orders[outcome.id] = orders[outcome.id], outcome
            changes.append((previous, outcome, _happened(command, previous, outcome)))
    if changes and surroundings is not None:
        follow(surroundings.points, surroundings.shoppers.programmes, changes, surroundings.skus)
        await tx.write(
            *inventory.write(surroundings.stock, now=now),
            *store.write_changed(before, orders, changes, now=now),
            *payments.write_accounts(surroundings.accounts, now=now),
            *payments.write_payments(surroundings.payments),
            *loyalty.write(surroundings.points, now=now),
            *request_changes([(was, order) for was, order, _ in changes], now=now),
        )
    return outcomes


async def _read(
    tx: Transaction, commands: Sequence[EditOrder], *, books: pricing.BookKeeper, now: datetime
) -> tuple[dict[UUID, Order], Surroundings | None]:
    """Lock the orders of commands, and all that deciding about them needs."""
    ids = {command.order_id for command in commands}
    orders = await store.lock(tx, order_ids=ids, fulfillment_ids=())
    additions = [
        addition_of(order, command)
        for command in commands
        if (order := orders.get(command.order_id))
    ]
    if not additions:
        return orders, None
    return orders, await lock_additions(tx, additions, orders.values(), books=books, now=now)


async def lock_additions(
    tx: Transaction,
    additions: Sequence[PlaceOrder],
    edited: Collection[Order],
    concerned: Concerned = NOTHING_ELSE,
    *,
    books: pricing.BookKeeper,
    now: datetime,
) -> Surroundings:
    """Lock and read all that deciding about additions to `edited` orders, which are locked, needs.

    They are rare: where one leaves open who serves what comes in, every candidate is locked at once,
    and the plan that is made then holds.
    Locks: stock by (SKU, location); serial numbers; counts of coupons; payment accounts, payments and
    loyalty accounts.
    """
    searched = [addition for addition in additions if unrouted(addition)]
    surroundings, _ = await read_surroundings(
        tx,
        additions,
        await router(tx, searched, now=now) if searched else None,
        searched,
        edited=edited,
        concerned=concerned,
        books=books,
        now=now,
        quotes_last=_NO_QUOTES,
    )
    return surroundings


def _found(orders: Mapping[UUID, Order], command: EditOrder) -> Order | UnknownOrder:
    order = orders.get(command.order_id)
    if order is None or not order.visible_to(command.principal):
        return UnknownOrder(command.order_id)
    return order


def _happened(command: EditOrder, before: Order, after: Order) -> events.Happened:
    """Return the event of an edit: what was taken off, what came in, and what was paid for it."""
    stood = {line.number for line in before.lines}
    added = [
        {"line": line.number, "sku": line.sku, "quantity": line.quantity}
        for line in after.lines
        if line.number not in stood
    ]
    event = happened(command, before, after)
    said = {"added": added, "exchanged_minor": after.exchanged_minor - before.exchanged_minor}
    return replace(event, data=event.data | {name: what for name, what in said.items() if what})
