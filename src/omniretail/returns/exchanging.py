"""Exchanges: units of an order come back and pay for what comes in, in one step. Pure.

What comes in is the business of `orders`; here it meets the goods that come back, and their return.
"""

import copy
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from omniretail import inventory, money, orders
from omniretail.errors import DomainError
from omniretail.returns.commands import Exchange
from omniretail.returns.desk import Desk, Draft, accepted, of_order
from omniretail.returns.document import ExchangePart, Refund, Return
from omniretail.returns.opening import drafted, first_version, too_late
from omniretail.returns.receiving import received
from omniretail.returns.refunding import pay_backs
from omniretail.returns.repaying import NotReceived, methods_of, with_refund


class Exchanged(msgspec.Struct, frozen=True, kw_only=True):
    """The return that an exchange is, and its order after it."""

    doc: Return
    order: orders.Order


class ExchangePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What an exchange would do: what comes back and comes in, and the difference.

    `methods` is how much would go back by which means of payment. Where goods are `missing` there is no
    order after it, nor for who does not see the order; out of the return window (`in_window`) somebody has
    to allow it.
    """

    order: orders.Order | None
    off_minor: int
    added_minor: int
    charge_minor: int
    refund_minor: int
    methods: Mapping[str, int]
    currency: str
    in_window: bool
    missing: inventory.InsufficientStock | None = None


def exchanged(
    desk: Desk, surroundings: orders.Surroundings, command: Exchange
) -> Exchanged | DomainError:
    """Return an exchange, all that it means taken from the desk; or why not, and then nothing is.

    `surroundings` and `desk` have their stock and their accounts in common.
    """
    order = _order(desk, command)
    if order is None:
        return orders.UnknownOrder(command.order)
    stock, mark, points = desk.stock, desk.accounts.mark(), surroundings.points.mark()
    # What comes in is taken before the goods are back, which shall not serve it: tried on a copy.
    desk.stock = copy.deepcopy(stock)
    outcome = _exchanged(desk, replace(surroundings, stock=desk.stock), order, command)
    if isinstance(outcome, DomainError):
        desk.stock = stock
        desk.accounts.take_back(mark)
        surroundings.points.take_back(points)
        surroundings.payments.take_back(order.id, first=len(order.tenders) + 1)
    return outcome


def _exchanged(
    desk: Desk, surroundings: orders.Surroundings, order: orders.Order, command: Exchange
) -> Exchanged | DomainError:
    draft = _back(desk, order, command)
    if isinstance(draft, DomainError):
        return draft
    assert draft.order is not None, "it is of an order"
    difference, backs = _judged(desk, surroundings, draft.order, command)
    if isinstance(difference, DomainError):
        return difference
    tenders = orders.tendered(surroundings, draft.order, difference)
    if isinstance(tenders, DomainError):
        return tenders
    came = orders.exchange_goods(
        surroundings, draft.order, difference, backs=backs, tenders=tenders
    )
    if isinstance(came, DomainError):
        return came
    outcome = accepted(desk, _settled(desk, draft, command, difference, came.order, backs), command)
    if isinstance(outcome, DomainError):
        return outcome
    surroundings.room.take(order.channel, came.promised)
    return Exchanged(doc=outcome, order=desk.orders[order.id])


def previewed(
    desk: Desk, surroundings: orders.Surroundings, command: Exchange
) -> ExchangePreview | DomainError:
    """Return what an exchange would do; its tenders, and where its goods come back, are left out."""
    order = _order(desk, command)
    if order is None:
        return orders.UnknownOrder(command.order)
    claimed = orders.claimed(order, _units(command))
    if isinstance(claimed, DomainError):
        return claimed
    difference, backs = _judged(desk, surroundings, claimed, command)
    if isinstance(difference, DomainError):
        return difference
    came = orders.exchange_goods(surroundings, claimed, difference, backs=backs, tenders=())
    short = isinstance(came, inventory.InsufficientStock)
    if isinstance(came, DomainError) and not short:
        return came
    paid_out = dict[str, int]()
    by_number = {tender.number: tender for tender in order.tenders}
    for back in backs:
        method = back.method or by_number[back.tender_number].type
        paid_out[method] = paid_out.get(method, 0) + back.amount_minor
    return ExchangePreview(
        order=came.order
        if isinstance(came, orders.BroughtIn) and order.visible_to(command.principal)
        else None,
        off_minor=difference.off_minor,
        added_minor=difference.added_minor,
        charge_minor=difference.charge_minor,
        refund_minor=difference.refund_minor,
        methods=paid_out,
        currency=difference.currency,
        in_window=too_late(desk, order, command) is None,
        missing=came if isinstance(came, inventory.InsufficientStock) else None,
    )


def _order(desk: Desk, command: Exchange) -> orders.Order | None:
    """Return the order of an exchange: any for who takes goods back, its own for another channel."""
    order = desk.order(command.order)
    if order is None or (
        command.principal.kind == "channel" and not order.visible_to(command.principal)
    ):
        return None
    return order


def _units(command: Exchange) -> dict[int, int]:
    return {line.order_line: line.quantity for line in command.lines}


def _back(desk: Desk, order: orders.Order, command: Exchange) -> Draft | DomainError:
    """Claim the units of an exchange, and have them back as far as they are here."""
    draft = drafted(desk, order, command, kind="exchange", approved=True)
    if command.arrivals and isinstance(draft, Draft):
        assert command.location is not None, "goods come back somewhere"
        draft = received(desk, draft, command, command.location, command.arrivals)
    if isinstance(draft, DomainError) or command.override is not None:
        return draft
    for line in draft.doc.lines:
        if line.awaited_quantity:
            return NotReceived(
                line=line.number, requested=line.quantity, received=line.received_quantity
            )
    return draft


def _judged(
    desk: Desk, surroundings: orders.Surroundings, order: orders.Order, command: Exchange
) -> tuple[orders.Difference | DomainError, Sequence[orders.PayBack]]:
    """Return the difference of an exchange, or why there is none; and which tenders give it back."""
    difference = orders.judge_exchange(surroundings, order, _units(command), command)
    if isinstance(difference, DomainError):
        return difference, ()
    backs = pay_backs(
        order.tenders, difference.refund_minor, desk.policy(order), command.refund.method
    )
    if isinstance(backs, DomainError):
        return backs, ()
    return difference, backs


def _settled(
    desk: Desk,
    draft: Draft,
    command: Exchange,
    difference: orders.Difference,
    after: orders.Order,
    backs: Sequence[orders.PayBack],
) -> Draft:
    """Return the draft whose units are paid back: by what came in, and by the difference."""
    before, doc = draft.order, draft.doc
    assert before is not None, "it is of an order"
    units = {line.number: line.quantity for line in doc.lines}
    due = orders.refund_due(before, of_order(doc, units)).lines
    shares_minor = {
        line.number: (due[line.order_line].amount_minor, due[line.order_line].tax_minor)
        for line in doc.lines
        if line.order_line is not None
    }
    stood = {line.number for line in before.lines}
    added = [line for line in after.lines if line.number not in stood]
    part = ExchangePart(
        lines=tuple(line.number for line in added),
        added_minor=difference.added_minor,
        paid_minor=difference.paid_minor,
        charged_minor=difference.charge_minor,
        refunded_minor=difference.refund_minor,
    )
    refund = None
    if difference.refund_minor:
        tax_minor = sum(tax for _, tax in shares_minor.values())
        refund = Refund(
            amount_minor=difference.refund_minor,
            # The rest of the tax stands in what came in instead.
            tax_minor=money.part(tax_minor, difference.refund_minor, difference.off_minor),
            refunded_at=command.occurred_at,
            refunded_by=command.principal.id,
            methods=methods_of(before, after),
            sequence=before.version + 1,
        )
    credit_minor = sum(back.amount_minor for back in backs if back.method == "store_credit")
    draft.order, draft.doc = after, replace(doc, exchange=part)
    draft.said = {
        "added": [
            {"line": line.number, "sku": line.sku, "quantity": line.quantity} for line in added
        ],
        "exchanged_minor": part.paid_minor,
        "charged_minor": part.charged_minor,
    }
    return first_version(
        with_refund(desk, draft, command.refund, units, shares_minor, refund, credit_minor)
    )
