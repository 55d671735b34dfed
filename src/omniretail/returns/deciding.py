"""What may become of a return: one command judged after the other, each all or nothing. Pure."""

from msgspec.structs import replace

from omniretail.errors import DomainError
from omniretail.returns.commands import (
    Approve,
    CancelReturn,
    Grade,
    OpenReturn,
    OpenUnlinked,
    PayBack,
    Receive,
    ReturnCommand,
)
from omniretail.returns.desk import Desk, Draft, UnknownReturn, accepted
from omniretail.returns.document import Return
from omniretail.returns.opening import approved, cancelled, opened
from omniretail.returns.receiving import graded, received
from omniretail.returns.repaying import paid_back
from omniretail.returns.unlinked import opened_unlinked


def decide(desk: Desk, command: ReturnCommand) -> Return | DomainError:
    """Return the return after one command, all that it means taken from the desk; or why not."""
    match command:
        case OpenReturn():
            draft = opened(desk, command)
        case OpenUnlinked():
            draft = opened_unlinked(desk, command)
        case _:
            doc = desk.returns.get(command.return_id)
            if doc is None:
                return UnknownReturn(command.return_id)
            order = desk.orders[doc.order_id] if doc.order_id else None
            draft = _further(desk, Draft(doc=doc, order=order), command)
    if isinstance(draft, DomainError):
        return draft
    return accepted(desk, draft, command)


def _further(desk: Desk, draft: Draft, command: ReturnCommand) -> Draft | DomainError:
    match command:
        case Approve():
            return approved(draft, command)
        case Receive():
            return received(desk, draft, command, command.location, command.arrivals)
        case PayBack():
            if command.override is not None:
                draft.doc = replace(draft.doc, override=command.override)
            early = command.override is not None
            return paid_back(desk, draft, command, command.refund, early=early)
        case CancelReturn():
            return cancelled(draft, command)
        case Grade():
            return graded(draft, command)
    raise AssertionError("every command has its case")
