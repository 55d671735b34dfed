"""Making exchanges, and previewing them: all locks, one decision after the other, all writes.

What an exchange means is in `exchanging`.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from uuid import UUID

from omniretail import idempotency, loyalty, orders, payments, pricing
from omniretail.db import TakenBack, Transaction
from omniretail.errors import DomainError
from omniretail.returns import store
from omniretail.returns.commands import Exchange
from omniretail.returns.desk import Desk
from omniretail.returns.exchanging import Exchanged, ExchangePreview, exchanged, previewed
from omniretail.returns.operations import written
from omniretail.returns.policies import return_policies


async def exchange(
    tx: Transaction, commands: Sequence[Exchange], *, books: pricing.BookKeeper, now: datetime
) -> list[idempotency.Answer[Exchanged] | DomainError]:
    """Exchange units of orders for others, each all or nothing; one outcome per command, in order.

    Locks: keys; orders by id; by (SKU, location) the stock of orders, of what comes back, and of what
    comes in, with every location that may serve it; serial numbers; counts of limited promotions;
    payment accounts, payments and loyalty accounts.
    Outcomes: the return and its order; UnknownOrder, StaleVersion, UnknownLocation, Invalid (a line
    number, a currency), NotHandedOver, AlreadyReturned, OutsideReturnWindow, NotReceived,
    RefundMethodNotAllowed, TendersMismatch; those of placing an order but for quotes, carts, holds
    and coupons; those of lots and serial numbers, and of store credit; KeyReused.
    """
    run = partial(_exchange, tx, books=books, now=now)
    return await idempotency.once(tx, commands, run, Exchanged, now=now)


async def preview_exchange(
    tx: Transaction, command: Exchange, *, books: pricing.BookKeeper, now: datetime
) -> ExchangePreview | DomainError:
    """Return what an exchange would do now, tenders and goods back left out; nothing stays written.

    Locks: as `exchange`, given back before it returns. Outcomes: the preview, and the refusals of
    `exchange` but those of stock, tenders, the return window, and of goods that come back.
    """
    seen: list[ExchangePreview | DomainError] = []
    with suppress(TakenBack):
        async with tx.tentative():
            _, read = await _read(tx, [command], books=books, now=now)
            seen.append(
                orders.UnknownOrder(command.order) if read is None else previewed(*read, command)
            )
            raise TakenBack
    return seen[0]


async def _exchange(
    tx: Transaction, commands: Sequence[Exchange], *, books: pricing.BookKeeper, now: datetime
) -> list[Exchanged | DomainError]:
    before, read = await _read(tx, commands, books=books, now=now)
    if read is None:
        return [orders.UnknownOrder(command.order) for command in commands]
    desk, surroundings = read
    outcomes = [exchanged(desk, surroundings, command) for command in commands]
    changed = {
        outcome.doc.id: command.key.key
        for command, outcome in zip(commands, outcomes, strict=True)
        if isinstance(outcome, Exchanged)
    }
    programmes = surroundings.shoppers.programmes
    orders.follow(surroundings.points, programmes, desk.changes, surroundings.skus)
    await tx.write(
        *written(desk, before, changed, now=now),
        *payments.write_payments(surroundings.payments),
        *loyalty.write(surroundings.points, now=now),
    )
    return outcomes


async def _read(
    tx: Transaction, commands: Sequence[Exchange], *, books: pricing.BookKeeper, now: datetime
) -> tuple[dict[UUID, orders.Order], tuple[Desk, orders.Surroundings] | None]:
    """Lock and read all that deciding about exchanges needs; nothing where no order is known."""
    ids = {command.order for command in commands if isinstance(command.order, UUID)}
    numbers = {command.order for command in commands if isinstance(command.order, str)}
    named = (await tx.read(store.orders_of((), numbers)))[0] if numbers else set()
    before = await orders.lock(tx, order_ids=ids | named)
    known = {order.number: order for order in before.values()} | {**before}
    of = [(known[command.order], command) for command in commands if command.order in known]
    if not of:
        return before, None
    surroundings = await orders.lock_additions(
        tx,
        [orders.addition_of(order, command) for order, command in of],
        before.values(),
        _concerned(of, before.values()),
        books=books,
        now=now,
    )
    (policies,) = await tx.read(return_policies({order.channel for order in before.values()}))
    numbered = any(arrival.serials for _, command in of for arrival in command.arrivals)
    desk = Desk(
        orders=dict(before),
        returns={},
        stock=surroundings.stock,
        accounts=surroundings.accounts,
        skus=surroundings.skus,
        locations=surroundings.locations,
        policies=policies,
        book=surroundings.prices.book,
        units_sold=await store.units_sold(tx, before if numbered else ()),
        now=now,
        names=await store.names_of(tx, surroundings.accounts, before.values()),
    )
    return before, (desk, surroundings)


def _concerned(
    of: Sequence[tuple[orders.Order, Exchange]], locked: Collection[orders.Order]
) -> orders.Concerned:
    """Return where goods come back, which they are, and the accounts that are paid to."""
    places: set[tuple[str, str]] = set()
    serials: set[tuple[str, str]] = set()
    for order, command in of:
        by_number = {line.number: line for line in order.lines}
        goods = [
            tuple(line.components or (line.sku,))
            if (line := by_number.get(back.order_line)) is not None
            else ()
            for back in command.lines
        ]
        if command.location is not None:
            places |= {(sku, command.location) for parts in goods for sku in parts}
        serials |= {
            (sku, serial)
            for arrival in command.arrivals
            for serial in arrival.serials
            for sku in goods[arrival.line - 1]
        }
    return orders.Concerned(
        places=frozenset(places),
        skus=frozenset(line.sku for order in locked for line in order.lines),
        serials=tuple(sorted(serials)),
        lots=tuple(sorted({one.lot for _, command in of for one in command.arrivals if one.lot})),
        accounts=frozenset(
            command.refund.account_id for _, command in of if command.refund.account_id
        ),
    )
