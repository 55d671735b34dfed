"""What orders do to accounts and authorizations: holding, taking, letting go and giving back.

Which amounts these are, `settlement` says. Accounts of ours are changed in the transaction of the
order itself; what a provider has to do is asked for there, and done later.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
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
    tx: Transaction,
    commands: Sequence[PlaceOrder],
    edited: Collection[Order] = (),
    paid_to: Collection[UUID] = (),
) -> tuple[payments.Accounts, payments.Payments]:
    """Lock the accounts and authorizations that are paid with, and some accounts more.

    These are those of `edited` orders, and those `paid_to`. Asks nobody about none.
    """
    given = [tender for command in commands for tender in command.tenders]
    named = {tender.account for tender in given if tender.account}
    theirs = {
        tender.account_id for order in edited for tender in order.tenders if tender.account_id
    } | set(paid_to)
    ids = {tender.payment_id for tender in given if tender.payment_id}
    accounts, authorized = payments.Accounts((), {}), payments.Payments(())
    if named or theirs:
        (accounts,) = await tx.read(payments.lock_accounts(named, theirs))
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
    tenders = set_aside(accounts, authorized, command, order, order.tenders, now=now)
    if isinstance(tenders, DomainError):
        return tenders
    if not any(tender.uncaptured_minor for tender in tenders):
        return order
    paid = replace(order, tenders=taken(tenders, due_minor(order)))
    change_accounts(accounts, None, paid, command.principal.id, now=now)
    return paid


def set_aside(
    accounts: payments.Accounts,
    authorized: payments.Payments,
    command: PlaceOrder,
    order: Order,
    tenders: Sequence[Tender],
    *,
    now: datetime,
) -> tuple[Tender, ...] | DomainError:
    """Return the tenders that a command pays an order with, their amounts held; or why not.

    What was set aside before a refusal is not taken back here.
    """
    held = []
    for given, tender in zip(command.tenders, tenders, strict=True):
        one = _set_aside(accounts, authorized, command, order, given, tender, now=now)
        if isinstance(one, DomainError):
            return one
        held.append(one)
    return tuple(held)


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
        payment = authorized.find(given.payment_id)
        return refusal or replace(tender, card_token=payment and payment.card_token)
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
    Locks: those accounts, by id.
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
        change_accounts(accounts, before, after, actor_id, now=now)
    return payments.write_accounts(accounts, now=now)


def change_accounts(
    accounts: payments.Accounts,
    before: Order | None,
    after: Order,
    actor_id: UUID,
    *,
    now: datetime,
) -> None:
    """Do on locked accounts what a change of an order means for them; None: it has just come in.

    Nothing of it can be refused: what is taken or let go was held.
    """
    for was, tender in _pairs(before, after):
        if tender.account_id is None:
            continue
        source = _source(after, tender, actor_id, now)
        if more := tender.captured_minor - was.captured_minor:
            accounts.commit(tender.account_id, more, source)
        if more := tender.voided_minor - was.voided_minor:
            accounts.void(tender.account_id, more, source)
        if more := tender.back_minor - was.back_minor:
            accounts.refund(tender.account_id, more, after.currency, source)


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
        "refund": tender.back_minor - was.back_minor,
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
