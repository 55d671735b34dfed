"""Paying returns back: what the sale stored, replayed; without a sale, store credit. Pure."""

from collections import Counter
from collections.abc import Mapping

from msgspec.structs import replace

from omniretail import orders, payments
from omniretail.errors import DomainError, Invalid, Refused
from omniretail.ids import new_id
from omniretail.returns.commands import RefundWish
from omniretail.returns.desk import Desk, Draft, MoreThanReturned, ReturnStateRefused, of_order
from omniretail.returns.document import Refund, Return
from omniretail.returns.refunding import pay_backs


class NotReceived(Refused):
    """The goods have not come back; paying before that is for who may."""

    def __init__(self, *, line: int, requested: int, received: int) -> None:
        super().__init__(
            f"Of line {line}, {received} came back and were not paid back, {requested} were named.",
            line=line,
            requested=requested,
            received=received,
        )


class NothingToPayBack(Refused):
    """All of it was paid back already, or nothing came back yet."""

    def __init__(self) -> None:
        super().__init__("There is nothing to pay back.")


def paid_back(
    desk: Desk, draft: Draft, command: orders.Change, wish: RefundWish, *, early: bool
) -> Draft | DomainError:
    """Pay units back: what the sale stored, by the policy; `early`: also those that did not come back."""
    doc = draft.doc
    if doc.state not in {"approved", "received"}:
        return ReturnStateRefused(state=doc.state, step="refund")
    units = _to_pay(doc, wish.quantities, early=early)
    if isinstance(units, DomainError):
        return units
    if draft.order is None:
        return _paid_back_unlinked(desk, draft, command, wish, units)
    order, policy = draft.order, desk.policy(draft.order)
    shares = of_order(doc, units)
    due = orders.refund_due(order, shares, refund_shipping=policy.refund_shipping)
    backs = pay_backs(order.tenders, due.amount_minor, policy, wish.method)
    if isinstance(backs, DomainError):
        return backs
    after = orders.refunded(
        order,
        shares,
        backs,
        refund_shipping=policy.refund_shipping,
        cash_step_minor=desk.book.currency(order.currency).cash_step_minor,
    )
    credit_minor = sum(back.amount_minor for back in backs if back.method == "store_credit")
    refund = Refund(
        amount_minor=due.amount_minor,
        tax_minor=due.tax_minor,
        shipping_minor=due.shipping_minor,
        refunded_at=command.occurred_at,
        refunded_by=command.principal.id,
        methods=methods_of(order, after),
        sequence=desk.orders[order.id].version + 1,
    )
    by_line = {line.order_line: line.number for line in doc.lines}
    shares_minor = {
        by_line[number]: (share.amount_minor, share.tax_minor)
        for number, share in due.lines.items()
    }
    draft.order = after
    return with_refund(desk, draft, wish, units, shares_minor, refund, credit_minor)


def _paid_back_unlinked(
    desk: Desk, draft: Draft, command: orders.Change, wish: RefundWish, units: Mapping[int, int]
) -> Draft | DomainError:
    """Pay units back that have no sale: as store credit, at the price that they were taken back at."""
    if wish.method not in {None, "store_credit"}:
        return Invalid.at("/refund/method", "Without a sale, money goes back as store credit")
    shares_minor = {
        line.number: ((line.unit_minor or 0) * units[line.number], 0)
        for line in draft.doc.lines
        if line.number in units
    }
    amount_minor = sum(amount for amount, _ in shares_minor.values())
    refund = Refund(
        amount_minor=amount_minor,
        tax_minor=0,
        refunded_at=command.occurred_at,
        refunded_by=command.principal.id,
        methods={"store_credit": amount_minor},
    )
    return with_refund(desk, draft, wish, units, shares_minor, refund, amount_minor)


def with_refund(
    desk: Desk,
    draft: Draft,
    wish: RefundWish,
    units: Mapping[int, int],
    shares_minor: Mapping[int, tuple[int, int]],
    refund: Refund | None,
    credit_minor: int,
) -> Draft:
    """Note what units were paid back, and store credit to the account that is wished, or a new one."""
    doc = draft.doc
    account_id = wish.account_id or doc.account_id
    if credit_minor:
        if account_id is None:
            account_id = new_id()
            draft.new_account = payments.fresh_account(
                account_id,
                customer=doc.customer,
                amount_minor=credit_minor,
                currency=doc.currency,
                now=desk.now,
            )
        draft.credit = (account_id, credit_minor)
        refund = refund and replace(refund, account_id=account_id)
    draft.doc = replace(
        doc,
        version=doc.version + 1,
        account_id=account_id if credit_minor else doc.account_id,
        refunds=doc.refunds if refund is None else (*doc.refunds, refund),
        lines=tuple(
            replace(
                line,
                refunded_quantity=line.refunded_quantity + units[line.number],
                refunded_minor=line.refunded_minor + shares_minor[line.number][0],
                refunded_tax_minor=line.refunded_tax_minor + shares_minor[line.number][1],
            )
            if line.number in units
            else line
            for line in doc.lines
        ),
    )
    return draft


def _to_pay(
    doc: Return, quantities: Mapping[int, int], *, early: bool
) -> dict[int, int] | DomainError:
    """Return how many units of each line are meant: those named, or all that may be paid back."""
    may = {
        line.number: (line.standing_quantity if early else line.received_quantity)
        - line.refunded_quantity
        for line in doc.lines
    }
    if not quantities:
        units = {number: quantity for number, quantity in may.items() if quantity > 0}
        return units or NothingToPayBack()
    by_number = {line.number: line for line in doc.lines}
    for number, quantity in quantities.items():
        if number not in may:
            return Invalid.at("/lines", f"There is no line {number} here")
        line = by_number[number]
        left = line.standing_quantity - line.refunded_quantity
        if quantity > left:
            return MoreThanReturned(line=number, requested=quantity, left=left)
        if quantity > may[number]:
            return NotReceived(line=number, requested=quantity, received=max(0, may[number]))
    return dict(quantities)


def methods_of(before: orders.Order, after: orders.Order) -> dict[str, int]:
    """Return how much of a refund went back by which means of payment, coins' rounding within."""
    methods = Counter[str]()
    for was, tender in zip(before.tenders, after.tenders, strict=True):
        own = tender.back_minor - was.back_minor
        rounding = tender.refunded_rounding_minor - was.refunded_rounding_minor
        methods[tender.type] += own + tender.voided_minor - was.voided_minor
        for method, minor in tender.otherwise.items():
            methods[method] += minor - was.otherwise.get(method, 0)
        methods["cash"] += rounding
    return {method: minor for method, minor in methods.items() if minor}
