"""Merging one customer into another, and undoing that by the trail.

All that names the source comes to name the target: by what it is known, consents, notes, carts, orders,
returns, claims, uses of coupons, store credit; its loyalty account becomes part of the target's, or it
is a member in its place. What arises for the source meanwhile still says so, and is found by whoever
asks for the target. Undone, exactly what was moved goes back, where it is the target's still; what arose
since stays.

Customers come right after keys in the global lock order, and before carts; loyalty accounts come last.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import (
    carts,
    channels,
    customers,
    idempotency,
    loyalty,
    orders,
    payments,
    pricing,
    returns,
)
from omniretail.db import RaceLost, Read, TakenBack, Transaction
from omniretail.errors import DomainError, Invalid, Missing, Refused
from omniretail.ids import new_id
from omniretail.profiles.trail import (
    CustomerMerge,
    Moved,
    MovedKind,
    items_of,
    merges_by_id,
    write_merge,
)


class UnknownCustomerMerge(Missing):
    """There is no such merge of customers."""

    def __init__(self, merge: UUID) -> None:
        super().__init__(f"There is no merge {merge}.", merge=str(merge))


class CustomerMergeUndone(Refused):
    """The merge of customers was undone before."""

    def __init__(self, merge: UUID, undone_at: datetime) -> None:
        super().__init__(
            f"It was undone at {undone_at.isoformat()}.",
            merge=str(merge),
            undone_at=undone_at.isoformat(),
        )


class MergeCustomers(msgspec.Struct, frozen=True, kw_only=True):
    """The command to merge the customer `source_id` into `target_id`."""

    key: idempotency.Key
    principal: channels.Principal
    merge_id: UUID
    source_id: UUID
    target_id: UUID
    reason: str | None = None


class UndoCustomerMerge(msgspec.Struct, frozen=True, kw_only=True):
    """The command to undo a merge of customers."""

    key: idempotency.Key
    principal: channels.Principal
    merge_id: UUID


MergeCommand: TypeAlias = MergeCustomers | UndoCustomerMerge


class _Room(msgspec.Struct, frozen=True):
    """Documents that name customers: how they are locked, and how they name others."""

    kind: MovedKind
    lock: Callable[[Sequence[str]], Read[dict[UUID, str]]]
    name: Callable[..., Awaitable[None]]


# In the global lock order.
_ROOMS = (
    _Room("cart", carts.lock_carts_of, carts.name_customers_of_carts),
    _Room("order", orders.lock_orders_of, orders.name_customers_of_orders),
    _Room("return", returns.lock_returns_of, returns.name_customers_of_returns),
    _Room("claim", returns.lock_claims_of, returns.name_customers_of_claims),
    _Room("usage", pricing.lock_usages_of, pricing.name_customers_of_usages),
    _Room("credit", payments.lock_accounts_of, payments.name_customers_of_accounts),
)


async def merge_customers(
    tx: Transaction, commands: Sequence[MergeCommand], *, now: datetime
) -> list[idempotency.Answer[CustomerMerge] | DomainError]:
    """Merge customers, and undo merges, one after another; one outcome per command, in order.

    Locks: customers by id, those that lead to the source among them; then carts, orders, counters of
    goods without a receipt, returns, claims, uses of coupons and payment accounts by id, loyalty
    accounts. Outcomes: the merge; Invalid (into itself), UnknownCustomer, CustomerClosed (merged or
    erased), UnknownCustomerMerge, CustomerMergeUndone, those of `loyalty.merge_accounts`,
    IdempotencyKeyReused.
    """
    return await idempotency.once(
        tx, commands, partial(_change, tx, now=now), CustomerMerge, now=now
    )


async def _change(
    tx: Transaction, commands: Sequence[MergeCommand], *, now: datetime
) -> list[CustomerMerge | DomainError]:
    return [await _attempt(tx, command, now=now) for command in commands]


async def _attempt(
    tx: Transaction, command: MergeCommand, *, now: datetime
) -> CustomerMerge | DomainError:
    """Do one command; what is refused on its way is as if it had never been."""
    outcome: CustomerMerge | DomainError | None = None
    try:
        async with tx.tentative():
            if isinstance(command, MergeCustomers):
                outcome = await _merge(tx, command, now=now)
            else:
                outcome = await _undo(tx, command, now=now)
            if isinstance(outcome, DomainError):
                raise TakenBack
    except TakenBack:
        pass
    assert outcome is not None, "it was done, or refused"
    return outcome


async def _merge(
    tx: Transaction, command: MergeCustomers, *, now: datetime
) -> CustomerMerge | DomainError:
    if command.source_id == command.target_id:
        return Invalid.at("/source", "Expected another customer")
    two = (command.source_id, command.target_id)
    known, led = await _locked(tx, two, leading_to=command.source_id)
    for customer_id in two:
        if refusal := closed(known, customer_id):
            return refusal
    (who,) = await tx.read(customers.person(command.source_id))
    source, target = (known[customer_id] for customer_id in two)
    said = {"merge": str(command.merge_id)}
    await customers.restate(
        tx,
        [
            customers.Restated(
                customer=replace(source, status="merged", merged_into=target.id),
                event="merged_into",
                data=said | {"into": str(target.id)},
            ),
            customers.Restated(
                customer=target, event="merged", data=said | {"customer": str(source.id)}
            ),
        ],
        by=_asking(command.principal),
        now=now,
    )
    parts = await customers.move_parts(tx, source.id, target.id)
    await customers.lead(tx, led, present=source.id, to=target.id)
    moved = [
        *(Moved("identity", msgspec.json.encode(one).decode()) for one in parts.identities),
        *(Moved("consent", str(one)) for one in parts.consents),
        *(Moved("note", str(one)) for one in parts.notes),
        *(Moved("customer", str(one)) for one in led),
        *await _move_documents(tx, who, to=str(target.id)),
    ]
    points = await _move_points(tx, command, now=now)
    if isinstance(points, DomainError):
        return points
    merge = CustomerMerge(
        id=command.merge_id,
        source_id=source.id,
        target_id=target.id,
        reason=command.reason,
        merged_at=now,
        merged_by=command.principal.id,
        moved=_counted([*moved, *points]),
    )
    await tx.write(*write_merge(merge, [*moved, *points]))
    return merge


async def _undo(
    tx: Transaction, command: UndoCustomerMerge, *, now: datetime
) -> CustomerMerge | DomainError:
    found = (await tx.read(merges_by_id([command.merge_id])))[0]
    if command.merge_id not in found:
        return UnknownCustomerMerge(command.merge_id)
    ids = (found[command.merge_id].source_id, found[command.merge_id].target_id)
    known, _ = await _locked(tx, ids, leading_to=ids[1])
    # Read anew: somebody may have undone it before we had the locks.
    merge: CustomerMerge = (await tx.read(merges_by_id([command.merge_id])))[0][command.merge_id]
    if merge.undone_at is not None:
        return CustomerMergeUndone(merge.id, merge.undone_at)
    if refusal := closed(known, merge.target_id):
        return refusal
    source, target = known[merge.source_id], known[merge.target_id]
    said = {"merge": str(merge.id)}
    await customers.restate(
        tx,
        [
            customers.Restated(
                customer=replace(source, status="active", merged_into=None),
                event="merge_undone",
                data=said | {"from": str(target.id)},
            ),
            customers.Restated(
                customer=target, event="merge_undone", data=said | {"customer": str(source.id)}
            ),
        ],
        by=_asking(command.principal),
        now=now,
    )
    items = await items_of(tx, merge.id)
    await _move_back(tx, items, source=source.id, target=target.id)
    refusal = await _move_points_back(tx, command, merge, items, now=now)
    if refusal is not None:
        return refusal
    merge = replace(merge, undone_at=now, undone_by=command.principal.id)
    await tx.write(*write_merge(merge))
    return merge


def closed(known: Mapping[UUID, customers.Customer], customer_id: UUID) -> DomainError | None:
    """Return why a customer takes part in nothing any more, if so."""
    customer = known.get(customer_id)
    if customer is None:
        return customers.UnknownCustomer(customer_id)
    if customer.status != "active":
        return customers.CustomerClosed(
            customer_id, status=customer.status, merged_into=customer.merged_into
        )
    return None


async def _locked(
    tx: Transaction, ids: Sequence[UUID], *, leading_to: UUID
) -> tuple[dict[UUID, customers.Customer], list[UUID]]:
    """Lock customers, and those that lead to one of them; return them, and who leads there."""
    (led,) = await tx.read(customers.merged_into([leading_to]))
    await tx.read(customers.lock_customers([*ids, *led]))
    known, still = await tx.read(
        customers.customers_by_id(ids), customers.merged_into([leading_to])
    )
    if set(still) - set(led):
        raise RaceLost
    return known, still


async def _move_documents(tx: Transaction, who: customers.Person, *, to: str) -> list[Moved]:
    """Have all documents that name a person name another customer; return which those are."""
    moved = []
    for room in _ROOMS:
        if room.kind == "return":
            await returns.lock_counters_of(tx, [*who.references, to])
        (said,) = await tx.read(room.lock(who.references))
        await room.name(tx, dict.fromkeys(said, to), present=who.references)
        moved += [Moved(room.kind, str(one), was) for one, was in said.items()]
    return moved


async def _move_back(
    tx: Transaction, items: Sequence[Moved], *, source: UUID, target: UUID
) -> None:
    """Move back what a merge moved, where it is the target's still."""
    keys: dict[str, list[str]] = {}
    for one in items:
        keys.setdefault(one.kind, []).append(one.key)
    parts = customers.Parts(
        identities=tuple(
            msgspec.json.decode(key, type=tuple[str, str, str]) for key in keys.get("identity", [])
        ),
        consents=tuple(UUID(key) for key in keys.get("consent", [])),
        notes=tuple(UUID(key) for key in keys.get("note", [])),
    )
    await customers.move_parts_back(tx, parts, source=source, target=target)
    await customers.lead(
        tx, [UUID(key) for key in keys.get("customer", [])], present=target, to=source
    )
    present = [str(target)]
    for room in _ROOMS:
        if room.kind == "return":
            await returns.lock_counters_of(tx, [str(source), *present])
        was = {UUID(one.key): one.was for one in items if one.kind == room.kind and one.was}
        if was:
            await tx.read(room.lock(present))
            await room.name(tx, was, present=present)


async def _move_points(
    tx: Transaction, command: MergeCustomers, *, now: datetime
) -> list[Moved] | DomainError:
    """Have the source's loyalty account be part of the target's, or the target be a member of it."""
    source, target = command.source_id, command.target_id
    (accounts,) = await tx.read(loyalty.memberships([source, target]))
    own, other = accounts.get(source), accounts.get(target)
    if own is None or own == other:
        return []
    if other is None:
        named = await loyalty.name_member(tx, target, source, account=own)
        return [Moved("membership", str(own))] if named else []
    merging = loyalty.MergeAccounts(
        key=_key(command.key),
        principal=command.principal,
        merge_id=new_id(),
        source_id=own,
        target_id=other,
        any_members=True,
    )
    (outcome,) = await loyalty.merge_accounts(tx, [merging], now=now)
    if isinstance(outcome, DomainError):
        return outcome
    return [Moved("points", str(outcome.value.id))]


async def _move_points_back(
    tx: Transaction,
    command: UndoCustomerMerge,
    merge: CustomerMerge,
    items: Sequence[Moved],
    *,
    now: datetime,
) -> DomainError | None:
    for one in items:
        if one.kind == "membership":
            await loyalty.name_member(tx, merge.source_id, merge.target_id, account=UUID(one.key))
        if one.kind == "points":
            undoing = loyalty.UndoMerge(
                key=_key(command.key), principal=command.principal, merge_id=UUID(one.key)
            )
            (outcome,) = await loyalty.merge_accounts(tx, [undoing], now=now)
            # Somebody may have parted the accounts before: they are where they shall be.
            if isinstance(outcome, DomainError) and not isinstance(outcome, loyalty.MergeUndone):
                return outcome
    return None


def _key(key: idempotency.Key) -> idempotency.Key:
    """Return the key of what loyalty does for it."""
    return replace(key, key=f"{key.key}:points")


def _asking(principal: channels.Principal) -> customers.Asking:
    return customers.Asking(actor_id=principal.id, channel=principal.channel)


def _counted(items: Sequence[Moved]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in items:
        found[one.kind] = found.get(one.kind, 0) + 1
    return found
