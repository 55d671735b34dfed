"""Erasing a person: nothing personal remains, and the books are as they were.

What goes, over all channels: profile, identities and notes; addresses, e-mail addresses and notes of
orders, carts, returns and claims; who collects, who collected and what proves it; parcels' numbers;
cards' tokens; free texts; and all of it in events and in the remembered answers of keys. Consents keep
what was decided about which purpose, and when. Documents name the customer by its id alone. Amounts,
identities, SKUs and times stay, and so do points, on an account that is nobody's.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

import msgspec

from omniretail import (
    carts,
    channels,
    customers,
    events,
    idempotency,
    inventory,
    loyalty,
    orders,
    payments,
    pricing,
    returns,
)
from omniretail.db import RaceLost, Transaction
from omniretail.errors import DomainError, Refused
from omniretail.profiles.personal import Eraser
from omniretail.profiles.trail import erase_merges
from omniretail.returns import ReturnOfPerson

_MOST_NAMED = 20


class CustomerHasOpenDocuments(Refused):
    """Something is still to be done for the customer."""

    def __init__(self, customer: UUID, open_documents: dict[str, list[str]]) -> None:
        super().__init__(
            "Something is still to be done for this customer; finish it first.",
            customer=str(customer),
            **{kind: numbers[:_MOST_NAMED] for kind, numbers in open_documents.items()},
        )


class EraseCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """The command to erase a customer; `reason` is a code, since a text might be personal."""

    key: idempotency.Key
    principal: channels.Principal
    customer_id: UUID
    reason: str


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """That customers were erased, and of how many documents each kind."""

    customer_id: UUID
    erased: tuple[UUID, ...]
    erased_at: datetime
    documents: dict[str, int]


class _Held(msgspec.Struct, frozen=True, kw_only=True):
    """All locked documents that hold something of a person."""

    orders: list[orders.OrderOfPerson]
    carts: list[carts.CartOfPerson]
    returns: list[ReturnOfPerson]
    claims: list[ReturnOfPerson]


async def erase_customers(
    tx: Transaction, commands: Sequence[EraseCustomer], *, now: datetime
) -> list[idempotency.Answer[Erasure] | DomainError]:
    """Erase customers, those merged into them with them, one after another; one outcome each, in order.

    An erased one may be erased again, for what came in since. Locks: customers by id, carts, orders,
    counters of goods without a receipt, returns, claims, uses of coupons and payment accounts by id;
    then what it changes. Outcomes: the erasure; UnknownCustomer, CustomerClosed (merged: erase whom it
    was merged into), CustomerHasOpenDocuments, IdempotencyKeyReused.
    """
    return await idempotency.once(tx, commands, partial(_change, tx, now=now), Erasure, now=now)


async def _change(
    tx: Transaction, commands: Sequence[EraseCustomer], *, now: datetime
) -> list[Erasure | DomainError]:
    return [await _erase(tx, command, now=now) for command in commands]


async def _erase(
    tx: Transaction, command: EraseCustomer, *, now: datetime
) -> Erasure | DomainError:
    before = (await tx.read(customers.person(command.customer_id)))[0]
    await tx.read(customers.lock_customers(before.ids))
    who, known = await tx.read(
        customers.person(command.customer_id), customers.customers_by_id(before.ids)
    )
    if command.customer_id not in known:
        return customers.UnknownCustomer(command.customer_id)
    if set(who.ids) != set(before.ids):
        raise RaceLost
    customer = known[command.customer_id]
    if customer.status == "merged":
        return customers.CustomerClosed(
            customer.id, status=customer.status, merged_into=customer.merged_into
        )
    held = await _lock(tx, who)
    if refusal := await _still_open(tx, customer.id, held, now=now):
        return refusal
    counted = await _erase_documents(tx, customer.id, who, held)
    await erase_merges(tx, who.ids)
    by = customers.Asking(actor_id=command.principal.id, channel=command.principal.channel)
    await customers.erase(tx, list(known.values()), by=by, reason=command.reason, now=now)
    return Erasure(
        customer_id=customer.id,
        erased=tuple(sorted(who.ids)),
        erased_at=now,
        documents=counted,
    )


async def _lock(tx: Transaction, who: customers.Person) -> _Held:
    """Lock all that holds something of a person, in the global order."""
    ordered = (await tx.read(orders.orders_of_person(who.references, who.emails)))[0]
    (own,) = await tx.read(carts.lock_carts_of_person(who.references, who.emails, ordered))
    (placed,) = await tx.read(orders.lock_orders_of_person(who.references, who.emails))
    ids = [order.id for order in placed]
    await returns.lock_counters_of(tx, who.references)
    (back,) = await tx.read(returns.lock_returns_of_person(who.references, ids))
    (claims,) = await tx.read(returns.lock_claims_of_person(who.references, ids))
    return _Held(orders=placed, carts=own, returns=back, claims=claims)


async def _still_open(
    tx: Transaction, customer: UUID, held: _Held, *, now: datetime
) -> CustomerHasOpenDocuments | None:
    holds = await inventory.holds_by_id(
        tx, [hold for cart in held.carts for hold in cart.hold_ids], now=now
    )
    live = {hold.id for hold in holds.values() if hold.state == "live"}
    waiting = {
        "orders": [one.number for one in held.orders if one.is_open],
        "returns": [one.number for one in held.returns if one.is_open],
        "claims": [one.number for one in held.claims if one.is_open],
        "carts": [one.code for one in held.carts if live & set(one.hold_ids)],
    }
    if any(waiting.values()):
        return CustomerHasOpenDocuments(customer, waiting)
    return None


async def _erase_documents(
    tx: Transaction, customer: UUID, who: customers.Person, held: _Held
) -> dict[str, int]:
    """Take a person out of all documents, of what they said, and of what was answered about them."""
    others = [code for code in who.references if code != str(customer)]
    order_ids, cart_ids, return_ids, claim_ids = (
        [one.id for one in documents]
        for documents in (held.orders, held.carts, held.returns, held.claims)
    )
    await carts.erase_carts(tx, cart_ids, customer=customer)
    await orders.erase_orders(tx, order_ids, customer=customer)
    await returns.erase_returns(
        tx, return_ids, claim_ids, references=who.references, customer=customer
    )
    await inventory.forget_reasons(tx, return_ids)
    hold_ids = await inventory.forget_references(
        tx, [hold for cart in held.carts for hold in cart.hold_ids], order_ids
    )
    (used,) = await tx.read(pricing.lock_usages_of(who.references))
    await pricing.name_customers_of_usages(
        tx, dict.fromkeys(used, str(customer)), present=who.references
    )
    (owned,) = await tx.read(payments.lock_accounts_of(who.references))
    await payments.erase_payments(
        tx, owned, customer=customer, order_ids=order_ids, cart_ids=cart_ids
    )
    await pricing.name_customer_of_lists(tx, others, customer=customer)
    points = await loyalty.erase_members(tx, who.ids)
    documents = {*who.ids, *order_ids, *cart_ids, *return_ids, *claim_ids}
    eraser = Eraser(others, customer)
    said = await events.restate(tx, documents, eraser.event)
    answered = await idempotency.restate_answers(
        tx, {*documents, *used, *owned, *points, *hold_ids}, eraser.answer
    )
    counts: dict[str, Collection[UUID]] = {
        "orders": order_ids,
        "carts": cart_ids,
        "returns": return_ids,
        "claims": claim_ids,
        "credits": owned,
    }
    return {kind: len(ids) for kind, ids in counts.items()} | {"events": said, "answers": answered}
