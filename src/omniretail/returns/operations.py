"""Changing returns: all locks, one decision after the other, all writes, for a batch of commands."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from msgspec.structs import replace

from omniretail import (
    catalog,
    customers,
    events,
    idempotency,
    inventory,
    orders,
    payments,
    pricing,
)
from omniretail.db import RaceLost, Transaction, Write, constraint
from omniretail.errors import DomainError
from omniretail.returns import store
from omniretail.returns.commands import (
    Grade,
    OpenReturn,
    OpenUnlinked,
    PayBack,
    Receive,
    ReturnCommand,
)
from omniretail.returns.counters import read_receiptless
from omniretail.returns.deciding import decide
from omniretail.returns.desk import Desk, Receiptless
from omniretail.returns.document import Return
from omniretail.returns.policies import return_policies

constraint("sales_return_number_key", RaceLost)


async def change_returns(
    tx: Transaction,
    commands: Sequence[ReturnCommand],
    *,
    books: pricing.BookKeeper,
    now: datetime,
) -> list[idempotency.Answer[Return] | DomainError]:
    """Open returns and bring them further, each all or nothing; one outcome per command, in order.

    Without a receipt, a known customer is counted under the id, whatever they are called.
    Locks: keys; orders by id; customers without a receipt by code; returns by id; stock by (SKU,
    location); serial numbers; payment accounts and loyalty accounts by id. Outcomes: the return
    after the command; UnknownOrder, UnknownReturn, UnknownLocation, UnknownChannel, UnknownSku,
    SkuNotSold, PriceMissing, UnlinkedPriceTooHigh, UnlinkedLimitReached, LocationNotYours,
    SerialNotSold, Invalid (a line number, a currency), NotHandedOver, AlreadyReturned,
    OutsideReturnWindow, ReturnStateRefused, ReceivedElsewhere, MoreThanReturned, NotReceived,
    NothingToPayBack, RefundMethodNotAllowed; those of lots and serial numbers, of levels, and of
    store credit; KeyReused.
    """
    run = partial(_change, tx, books=books, now=now)
    return await idempotency.once(tx, commands, run, Return, now=now)


async def _change(
    tx: Transaction,
    commands: Sequence[ReturnCommand],
    *,
    books: pricing.BookKeeper,
    now: datetime,
) -> list[Return | DomainError]:
    commands = await _of_known(tx, commands)
    before, desk = await _read(tx, commands, books=books, now=now)
    outcomes = [decide(desk, command) for command in commands]
    changed = {
        outcome.id: command.key.key
        for command, outcome in zip(commands, outcomes, strict=True)
        if isinstance(outcome, Return)
    }
    await tx.write(
        *written(desk, before, changed, now=now),
        *await orders.settle_points(tx, desk.changes, now=now),
    )
    return outcomes


def written(
    desk: Desk, before: Mapping[UUID, orders.Order], changed: Mapping[UUID, str], *, now: datetime
) -> list[Write]:
    """Return the writes of all that a desk accepted; `changed` are returns, with their last keys."""
    if not desk.happened:
        return []
    return [
        *inventory.write(desk.stock, now=now),
        *orders.write_changed(before, desk.orders, desk.changes, now=now),
        *store.write_returns(
            [(key, desk.returns[one]) for one, key in changed.items()], desk.gradings, now=now
        ),
        *events.record(desk.happened, now=now),
        *payments.write_accounts(desk.accounts, now=now),
        *orders.request_changes([(was, after) for was, after, _ in desk.changes], now=now),
    ]


async def _of_known(tx: Transaction, commands: Sequence[ReturnCommand]) -> list[ReturnCommand]:
    """Return the commands with their customers by id, where they are known."""
    names = await customers.names(
        tx, [command.customer for command in commands if isinstance(command, OpenUnlinked)]
    )
    return [
        replace(command, customer=names[command.customer])
        if isinstance(command, OpenUnlinked)
        else command
        for command in commands
    ]


async def _read(
    tx: Transaction,
    commands: Sequence[ReturnCommand],
    *,
    books: pricing.BookKeeper,
    now: datetime,
) -> tuple[dict[UUID, orders.Order], Desk]:
    """Lock and read all that deciding about returns needs."""
    opening = [command for command in commands if isinstance(command, OpenReturn)]
    named = {command.order for command in opening if isinstance(command.order, UUID)}
    numbers = {command.order for command in opening if isinstance(command.order, str)}
    unlinked = [command for command in commands if isinstance(command, OpenUnlinked)]
    further = {
        command.return_id
        for command in commands
        if not isinstance(command, OpenReturn | OpenUnlinked)
    }
    (theirs,) = await tx.read(store.orders_of(further, numbers))
    before = await orders.lock(tx, order_ids=named | theirs)
    receiptless = await read_receiptless(tx, unlinked, books=books, now=now)
    returns = await store.lock(tx, further)
    places = set(_places(commands, before, returns, receiptless))
    skus = {sku for sku, _ in places} | {
        line.sku for order in before.values() for line in order.lines
    }
    version, traits, locations, policies, stock, accounts = await tx.read(
        books.version(),
        catalog.skus_by_code(skus),
        catalog.locations_by_code(_locations(commands)),
        return_policies(
            {order.channel for order in before.values()} | {one.channel for one in unlinked}
        ),
        inventory.lock(places),
        payments.lock_accounts((), _accounts(commands, before, returns)),
    )
    asked = _asked(commands, before, returns, traits)
    await inventory.survey(tx, stock, traits, asked, now=now)
    desk = Desk(
        orders=dict(before),
        returns=returns,
        stock=stock,
        accounts=accounts,
        skus=traits,
        locations=locations,
        policies=policies,
        book=await books.at(tx, version),
        units_sold=await store.units_sold(tx, before if asked.serials else ()),
        now=now,
        receiptless=receiptless,
        names=await store.names_of(tx, accounts, [*before.values(), *returns.values()]),
    )
    return before, desk


def _locations(commands: Sequence[ReturnCommand]) -> set[str]:
    return {
        command.location
        for command in commands
        if isinstance(command, OpenReturn | OpenUnlinked | Receive) and command.location
    }


def _places(
    commands: Sequence[ReturnCommand],
    found: Mapping[UUID, orders.Order],
    returns: Mapping[UUID, Return],
    receiptless: Receiptless,
) -> Iterator[tuple[str, str]]:
    """Yield every SKU with the location where it comes back, or is graded again."""
    by_number = {order.number: order for order in found.values()}
    for command in commands:
        match command:
            case OpenReturn():
                order = (
                    found.get(command.order)
                    if isinstance(command.order, UUID)
                    else by_number.get(command.order)
                )
                if order is None or command.location is None:
                    continue
                wanted = {line.order_line for line in command.lines}
                goods = [
                    (line.sku, line.components) for line in order.lines if line.number in wanted
                ]
                location: str | None = command.location
            case OpenUnlinked():
                traits = receiptless.skus
                goods = [
                    (line.sku, traits[line.sku].components)
                    for line in command.lines
                    if line.sku in traits
                ]
                location = command.location
            case Receive() | Grade():
                doc = returns.get(command.return_id)
                if doc is None:
                    continue
                goods = [(line.sku, line.components) for line in doc.lines]
                location = command.location if isinstance(command, Receive) else doc.location
            case _:
                continue
        if location is not None:
            for sku, components in goods:
                for part in components or (sku,):
                    yield part, location


def _accounts(
    commands: Sequence[ReturnCommand],
    found: Mapping[UUID, orders.Order],
    returns: Mapping[UUID, Return],
) -> set[UUID]:
    """Return the accounts that orders were paid from, and those of store credit that goes back."""
    wished = [
        command.refund
        for command in commands
        if isinstance(command, OpenReturn | OpenUnlinked | PayBack) and command.refund is not None
    ]
    if not wished:
        return set()
    paid = {
        tender.account_id
        for order in found.values()
        for tender in order.tenders
        if tender.account_id
    }
    credited = {doc.account_id for doc in returns.values() if doc.account_id}
    return paid | credited | {wish.account_id for wish in wished if wish.account_id}


def _asked(
    commands: Sequence[ReturnCommand],
    found: Mapping[UUID, orders.Order],
    returns: Mapping[UUID, Return],
    traits: Mapping[str, catalog.SkuTraits],
) -> inventory.Asked:
    said = [
        one
        for command in commands
        for one in (
            command.arrivals
            if isinstance(command, OpenReturn | OpenUnlinked | Receive)
            else (command,)
            if isinstance(command, Grade)
            else ()
        )
    ]
    numbered = [sku for sku, one in traits.items() if one.tracking == "serial"]
    return inventory.Asked(
        earliest=min(command.occurred_at for command in commands),
        lots=sorted({one.lot for one in said if one.lot}),
        serials=[(sku, serial) for one in said for serial in one.serials for sku in numbered],
    )
