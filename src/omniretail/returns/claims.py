"""Changing claims: all locks, one decision after the other, all writes, for a batch of commands."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from omniretail import catalog, idempotency, inventory, orders, payments, pricing
from omniretail.db import RaceLost, Transaction, constraint
from omniretail.errors import DomainError
from omniretail.returns import claim_store, store
from omniretail.returns.claim import Claim
from omniretail.returns.claim_commands import (
    ClaimCommand,
    OpenClaim,
    ReplacementWish,
    ResolveClaim,
)
from omniretail.returns.claiming import decide
from omniretail.returns.commands import RefundWish
from omniretail.returns.desk import Desk
from omniretail.returns.operations import written
from omniretail.returns.policies import return_policies

constraint("claim_number_key", RaceLost)

Goods = tuple[str, dict[str, int] | None]
"""A SKU, and its components where it is a kit."""


async def change_claims(
    tx: Transaction,
    commands: Sequence[ClaimCommand],
    *,
    books: pricing.BookKeeper,
    now: datetime,
) -> list[idempotency.Answer[Claim] | DomainError]:
    """Open claims and decide about them, each all or nothing; one outcome per command, in order.

    Locks: keys; orders by id; claims by id; stock by (SKU, location); serial numbers; payment
    accounts by id. Outcomes: the claim after the command; UnknownOrder, UnknownGoodsClaim, Invalid (a line
    number, goods that cannot come back), NotHandedOver, AlreadyReturned, OutsideClaimWindow,
    ClaimStateRefused, RefundMethodNotAllowed; UnknownLocation, LocationNotServing, InsufficientStock
    and those of lots and serial numbers, AmountTooLarge; those of store credit; KeyReused.
    """
    run = partial(_change, tx, books=books, now=now)
    return await idempotency.once(tx, commands, run, Claim, now=now)


async def _change(
    tx: Transaction,
    commands: Sequence[ClaimCommand],
    *,
    books: pricing.BookKeeper,
    now: datetime,
) -> list[Claim | DomainError]:
    before, desk = await _read(tx, commands, books=books, now=now)
    outcomes = [decide(desk, command) for command in commands]
    changed = [
        (command.key.key, outcome)
        for command, outcome in zip(commands, outcomes, strict=True)
        if isinstance(outcome, Claim)
    ]
    opened = {claim.return_id: key for key, claim in changed if claim.return_id in desk.returns}
    await tx.write(
        *written(desk, before, opened, now=now),
        *claim_store.write_claims(
            [(key, desk.claims[one]) for one, key in {c.id: key for key, c in changed}.items()],
            now=now,
        ),
        *await orders.settle_points(tx, desk.changes, now=now),
    )
    return outcomes


async def _read(
    tx: Transaction,
    commands: Sequence[ClaimCommand],
    *,
    books: pricing.BookKeeper,
    now: datetime,
) -> tuple[dict[UUID, orders.Order], Desk]:
    """Lock and read all that deciding about claims needs."""
    opening = [command for command in commands if isinstance(command, OpenClaim)]
    named = {command.order for command in opening if isinstance(command.order, UUID)}
    numbers = {command.order for command in opening if isinstance(command.order, str)}
    further = {command.claim_id for command in commands if not isinstance(command, OpenClaim)}
    (theirs,) = await tx.read(claim_store.orders_of_claims(further, numbers))
    before = await orders.lock(tx, order_ids=named | theirs)
    claims = await claim_store.lock_claims(tx, further)
    coming = list(_coming(commands, before, claims))
    places = {
        (sku, wish.location) for wish, goods in coming for one in goods for sku in _parts(one)
    }
    version, traits, locations, policies, stock, accounts = await tx.read(
        books.version(),
        catalog.skus_by_code({sku for sku, _ in places}),
        catalog.locations_by_code({wish.location for wish, _ in coming}),
        return_policies({order.channel for order in before.values()}),
        inventory.lock(places),
        payments.lock_accounts((), _accounts(commands, before)),
    )
    on_order = {
        (sku, location)
        for sku, location in places
        if sku in traits and traits[sku].ordering and location in locations
    }
    await inventory.lock_more(tx, stock, on_order)
    asked = inventory.Asked(
        earliest=min(command.occurred_at for command in commands),
        serials=[
            (sku, serial)
            for wish, goods in coming
            for serials in wish.serials.values()
            for serial in serials
            for one in goods
            for sku in _parts(one)
        ],
    )
    await inventory.survey(tx, stock, traits, asked, now=now)
    desk = Desk(
        orders=dict(before),
        returns={},
        claims=claims,
        stock=stock,
        accounts=accounts,
        skus=traits,
        locations=locations,
        policies=policies,
        book=await books.at(tx, version),
        units_sold=frozenset(),
        now=now,
        names=await store.names_of(tx, accounts, [*before.values(), *claims.values()]),
    )
    return before, desk


def _coming(
    commands: Sequence[ClaimCommand],
    found: Mapping[UUID, orders.Order],
    claims: Mapping[UUID, Claim],
) -> Iterator[tuple[ReplacementWish, list[Goods]]]:
    """Yield each wish for others of the same, with what they are."""
    by_number = {order.number: order for order in found.values()}
    for command in commands:
        if not isinstance(command, OpenClaim | ResolveClaim):
            continue
        wish = command.resolution
        if not isinstance(wish, ReplacementWish):
            continue
        if isinstance(command, ResolveClaim):
            claim = claims.get(command.claim_id)
            yield wish, [(line.sku, line.components) for line in claim.lines] if claim else []
            continue
        order = (
            by_number.get(command.order)
            if isinstance(command.order, str)
            else found.get(command.order)
        )
        wanted = {line.order_line for line in command.lines}
        lines = order.lines if order is not None else ()
        yield wish, [(line.sku, line.components) for line in lines if line.number in wanted]


def _parts(goods: Goods) -> Sequence[str]:
    sku, components = goods
    return list(components or (sku,))


def _accounts(commands: Sequence[ClaimCommand], found: Mapping[UUID, orders.Order]) -> set[UUID]:
    """Return the accounts that orders were paid from, and those of store credit that goes back."""
    wished = [
        command.resolution
        for command in commands
        if isinstance(command, OpenClaim | ResolveClaim)
        and isinstance(command.resolution, RefundWish)
    ]
    if not wished:
        return set()
    paid = {
        tender.account_id
        for order in found.values()
        for tender in order.tenders
        if tender.account_id
    }
    return paid | {wish.account_id for wish in wished if wish.account_id}
