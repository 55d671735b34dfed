"""What returns and claims are judged by and work on, and how what was decided is taken from it. Pure.

Everything here is locked; each command works on a draft of its own, which is accepted whole or not at all.
"""

from collections.abc import Callable, Mapping, Set
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import catalog, channels, events, inventory, payments, pricing
from omniretail.errors import DomainError, Missing, Refused
from omniretail.ids import new_id
from omniretail.orders import Change, Order, change_accounts
from omniretail.returns.claim import Claim
from omniretail.returns.document import Disposition, Return
from omniretail.returns.policy import ReturnPolicy


class UnknownReturn(Missing):
    """There is no such return."""

    def __init__(self, return_id: object) -> None:
        super().__init__(f"There is no return {return_id}.", **{"return": str(return_id)})


class ReturnStateRefused(Refused):
    """The return's state does not allow this step."""

    def __init__(self, *, state: str, step: str) -> None:
        super().__init__(f"The return is {state}: {step} is not possible.", state=state, step=step)


class MoreThanReturned(Refused):
    """More was named than the return's line has."""

    def __init__(self, *, line: int, requested: int, left: int) -> None:
        super().__init__(
            f"Line {line} of the return has {left} left, {requested} were named.",
            line=line,
            requested=requested,
            left=left,
        )


class Grading(msgspec.Struct, frozen=True, kw_only=True):
    """So many units of a return's line that were graded, from nothing when they came back."""

    return_id: UUID
    line_number: int
    location: str
    to_disposition: Disposition
    quantity: int
    occurred_at: datetime
    actor_id: UUID
    from_disposition: Disposition | None = None
    reason: str | None = None
    id: UUID = msgspec.field(default_factory=new_id)


class Receiptless(msgspec.Struct, frozen=True, kw_only=True):
    """What goods without a receipt are judged by.

    `lowest` are the lowest prices of SKUs, by the channel and location they come back to; `recent` the
    returns that each customer brought without one before, and when, cancelled ones left out.
    """

    known_channels: Mapping[str, channels.ChannelSpec] = {}
    skus: Mapping[str, catalog.SkuTraits] = {}
    lowest: Mapping[tuple[str, str], Mapping[str, int]] = {}
    recent: Mapping[str, Mapping[UUID, datetime]] = {}


class Desk(msgspec.Struct, kw_only=True):
    """The locked orders, returns, claims, stock and accounts, which change as commands are accepted.

    `names` say who is one customer, where documents and accounts call them otherwise.
    """

    orders: dict[UUID, Order]
    returns: dict[UUID, Return]
    stock: inventory.Stock
    accounts: payments.Accounts
    skus: Mapping[str, catalog.SkuTraits]
    locations: Mapping[str, catalog.LocationSpec]
    policies: Mapping[str, ReturnPolicy]
    book: pricing.Book
    units_sold: Set[tuple[UUID, str, str]]
    now: datetime
    receiptless: Receiptless = Receiptless()
    names: Mapping[str, str] = {}
    claims: dict[UUID, Claim] = {}
    gradings: list[Grading] = []
    changes: list[tuple[Order, Order, events.Happened]] = []
    happened: list[events.Happened] = []

    def order(self, named: UUID | str) -> Order | None:
        """Return an order by its id or its number."""
        if isinstance(named, UUID):
            return self.orders.get(named)
        return next((order for order in self.orders.values() if order.number == named), None)

    def policy(self, order: Order) -> ReturnPolicy:
        """Return the policy that an order was sold under."""
        return self.policies[order.channel]


class Draft(msgspec.Struct, kw_only=True):
    """A return, its order and what moves with them, as one command would leave them.

    `said` is what timelines say of it beside the lines.
    """

    doc: Return
    order: Order | None
    movements: list[inventory.Movement] = []
    gradings: list[Grading] = []
    credit: tuple[UUID, int] | None = None
    new_account: payments.Account | None = None
    said: dict[str, Any] = {}


def accepted(desk: Desk, draft: Draft, command: Change) -> Return | DomainError:
    """Take from the desk what a draft means: stock, accounts, the order one version on, the events."""
    doc, order = draft.doc, draft.order
    was = desk.orders[order.id] if order is not None else None
    entry = payments.EntrySource(
        actor_id=command.principal.id,
        occurred_at=command.occurred_at,
        return_id=doc.id,
        idempotency_key=command.key.key,
    )
    if refusal := taken(desk, draft, _source(doc, command), entry):
        return refusal
    if order is not None:
        order_changed(
            desk, order, command, lambda after: _event("order", after, draft, command, was)
        )
    desk.gradings += draft.gradings
    desk.happened.append(_event("return", doc, draft, command, was))
    desk.returns[doc.id] = doc
    return doc


def taken(
    desk: Desk, draft: Draft, source: inventory.Source, entry: payments.EntrySource
) -> DomainError | None:
    """Take from the desk the store credit and the goods that a draft moves: both, or neither."""
    mark = desk.accounts.mark()
    refusal = _credited(desk, draft, entry)
    if refusal is None and draft.movements:
        refusal = desk.stock.post(inventory.Posting(source, draft.movements))
    if refusal is not None:
        desk.accounts.take_back(mark)
    return refusal


def order_changed(
    desk: Desk, order: Order, command: Change, event: Callable[[Order], events.Happened]
) -> None:
    """Have the desk know an order as a draft leaves it, one version on, if anything of it changed."""
    was = desk.orders[order.id]
    if order == was:
        return
    order = replace(order, version=was.version + 1)
    change_accounts(desk.accounts, was, order, command.principal.id, now=desk.now)
    desk.changes.append((was, order, event(order)))
    desk.orders[order.id] = order


def _credited(desk: Desk, draft: Draft, source: payments.EntrySource) -> DomainError | None:
    """Put on an account what goes back as store credit, a new one where none is named."""
    if draft.credit is None:
        return None
    account_id, amount_minor = draft.credit
    if draft.new_account is not None:
        return desk.accounts.issue(draft.new_account, source)
    doc, stood = draft.doc, desk.returns.get(draft.doc.id)
    # What was issued for this return is added to even where nobody is known; no other such account is.
    issued_for_it = stood is not None and stood.account_id == account_id
    customer = doc.customer if issued_for_it else _as_owner(desk, account_id, doc.customer or "")
    return desk.accounts.credit(account_id, amount_minor, doc.currency, source, customer=customer)


def _as_owner(desk: Desk, account_id: UUID, customer: str) -> str:
    """Return a customer as the account calls them, if it is theirs."""
    account = desk.accounts.account(account_id)
    owner = account.customer if isinstance(account, payments.Account) else None
    names = desk.names
    if owner is not None and names.get(owner, owner) == names.get(customer, customer):
        return owner
    return customer


def of_order(doc: Return, units: Mapping[int, int]) -> dict[int, int]:
    """Return units of a return's lines as units of the lines of its order."""
    return {
        line.order_line: units[line.number]
        for line in doc.lines
        if line.order_line is not None and units.get(line.number)
    }


def _source(doc: Return, command: Change) -> inventory.Source:
    return inventory.Source(
        document_type="return",
        document_id=doc.id,
        actor_id=command.principal.id,
        channel=command.principal.channel,
        occurred_at=command.occurred_at,
        idempotency_key=command.key.key,
    )


def _event(
    kind: str,
    document: Return | Order,
    draft: Draft,
    command: Change,
    before: Order | None,
) -> events.Happened:
    """Return the event of a command, on the timeline of the return or on that of its order."""
    doc = draft.doc
    data: dict[str, Any] = {
        "return": str(doc.id),
        "number": doc.number,
        "state": doc.state,
        "lines": [
            {
                "line": line.order_line if kind == "order" else line.number,
                "sku": line.sku,
                "quantity": line.standing_quantity,
                "received": line.received_quantity,
                "refunded": line.refunded_quantity,
            }
            for line in doc.lines
        ],
    }
    if doc.refunds and doc.refunds[-1].refunded_at == command.occurred_at:
        data["refunded_minor"] = doc.refunds[-1].amount_minor
    data |= command.describe() | draft.said
    return events.Happened(
        document_type=kind,
        document_id=document.id,
        sequence=document.version,
        type=command.event_type,
        occurred_at=command.occurred_at,
        actor_id=command.principal.id,
        channel=command.principal.channel or (before.channel if before else None),
        data=data,
    )
