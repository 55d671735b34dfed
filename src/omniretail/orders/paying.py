"""What orders do to accounts and authorizations: holding, taking, letting go and giving back.

Which amounts these are, `settlement` says. Accounts of ours are changed in the transaction of the
order itself; what a provider has to do is asked for there, and done later.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from omniretail import payments
from omniretail.db import Transaction, Write
from omniretail.errors import DomainError
from omniretail.orders.order import Order, Tender
from omniretail.orders.settlement import due_minor, taken
from omniretail.orders.wishes import PlaceOrder, TenderGiven


async def lock_tenders(
    tx: Transaction, commands: Sequence[PlaceOrder]
) -> tuple[payments.Accounts, payments.Payments]:
    """Lock the accounts and authorizations that commands pay with; asks nobody about none."""
    tenders = [tender for command in commands for tender in command.tenders]
    named = {tender.account for tender in tenders if tender.account}
    ids = {tender.payment_id for tender in tenders if tender.payment_id}
    accounts, authorized = payments.Accounts((), {}), payments.Payments(())
    if named:
        (accounts,) = await tx.read(payments.lock_accounts(named, ()))
    if ids:
        (authorized,) = await tx.read(payments.lock_payments(ids))
    return accounts, authorized


def pay(
    accounts: payments.Accounts,
    authorized: payments.Payments,
    command: PlaceOrder,
    order: Order,
    *,
    now: datetime,
) -> Order | DomainError:
    """Return the order with its tenders set aside, and what is due at once taken; or why not.

    What was set aside before a refusal is not taken back here.
    """
    tenders: list[Tender] = []
    for given, tender in zip(command.tenders, order.tenders, strict=True):
        held = _set_aside(accounts, authorized, command, order, given, tender, now=now)
        if isinstance(held, DomainError):
            return held
        tenders.append(held)
    if not any(tender.uncaptured_minor for tender in tenders):
        return order
    paid = replace(order, tenders=taken(tenders, due_minor(order)))
    for tender in paid.tenders:
        if tender.account_id is not None and tender.captured_minor:
            source = _source(order, tender, command.principal.id, now)
            accounts.commit(tender.account_id, tender.captured_minor, source)
    return paid


def _set_aside(
    accounts: payments.Accounts,
    authorized: payments.Payments,
    command: PlaceOrder,
    order: Order,
    given: TenderGiven,
    tender: Tender,
    *,
    now: datetime,
) -> Tender | DomainError:
    if given.payment_id is not None:
        refusal = authorized.use(
            given.payment_id,
            order_id=order.id,
            tender_number=tender.number,
            amount_minor=tender.amount_minor,
            currency=order.currency,
            principal=command.principal,
        )
        return refusal or tender
    if given.account is None:
        return tender
    account = accounts.find(given.account)
    if isinstance(account, DomainError):
        return account
    if account.kind != tender.type:
        return payments.UnknownAccount()
    source = _source(order, tender, command.principal.id, now)
    held = accounts.hold(account.id, tender.amount_minor, order.currency, source, now=now)
    # A card's code is money: it is kept nowhere.
    return held or replace(tender, account_id=account.id, reference=None)


async def settle_accounts(
    tx: Transaction, changes: Sequence[tuple[Order, Order, UUID]], *, now: datetime
) -> list[Write]:
    """Return the writes of what changes of orders mean for the accounts that they were paid from.

    Each change is the order before, after, and who made it.
    Locks: those accounts, by id. Nothing of it can be refused: what is taken or let go was held.
    """
    ids = {
        tender.account_id
        for _, after, _ in changes
        for tender in after.tenders
        if tender.account_id
    }
    if not ids:
        return []
    (accounts,) = await tx.read(payments.lock_accounts((), ids))
    for before, after, actor_id in changes:
        for was, tender in _pairs(before, after):
            if tender.account_id is None:
                continue
            source = _source(after, tender, actor_id, now)
            if more := tender.captured_minor - was.captured_minor:
                accounts.commit(tender.account_id, more, source)
            if more := tender.voided_minor - was.voided_minor:
                accounts.void(tender.account_id, more, source)
            if more := tender.refunded_minor - was.refunded_minor:
                accounts.refund(tender.account_id, more, after.currency, source)
    return payments.write_accounts(accounts, now=now)


def request_changes(changes: Sequence[tuple[Order | None, Order]], *, now: datetime) -> list[Write]:
    """Return the writes that have providers do what changes of orders mean for them."""
    wishes = [
        payments.OperationWish(
            payment_id=tender.payment_id,
            kind=kind,
            amount_minor=amount_minor,
            order_id=after.id,
            tender_number=tender.number,
        )
        for before, after in changes
        for was, tender in _pairs(before, after)
        if tender.payment_id is not None
        for kind, amount_minor in _differences(was, tender).items()
        if amount_minor > 0
    ]
    return payments.request_operations(wishes, now=now)


def _differences(was: Tender, tender: Tender) -> Mapping[payments.OperationKind, int]:
    return {
        "capture": tender.captured_minor - was.captured_minor,
        "void": tender.voided_minor - was.voided_minor,
        "refund": tender.refunded_minor - was.refunded_minor,
    }


def _pairs(before: Order | None, after: Order) -> Iterator[tuple[Tender, Tender]]:
    """Yield each tender as it was, or as it was promised when it came in, with what it is now."""
    stood = before.tenders if before is not None else ()
    for position, tender in enumerate(after.tenders):
        if position < len(stood):
            yield stood[position], tender
        else:
            yield replace(tender, uncaptured_minor=tender.amount_minor, voided_minor=0), tender


def _source(order: Order, tender: Tender, actor_id: UUID, now: datetime) -> payments.EntrySource:
    return payments.EntrySource(
        actor_id=actor_id, occurred_at=now, order_id=order.id, tender_number=tender.number
    )
