"""What an exchange means for its order: returned units pay for what comes in. Pure.

Whether units may be returned, and which tenders give back what they are worth more, lives in `returns`.
"""

from collections.abc import Sequence

from omniretail.errors import DomainError
from omniretail.orders.additions import (
    Adding,
    BroughtIn,
    Difference,
    addition_of,
    brought_in,
    charged,
    stale,
    worth_minor,
)
from omniretail.orders.order import Order, PayBack, Tender
from omniretail.orders.returning import Units, credited
from omniretail.orders.settlement import paid_back
from omniretail.orders.surroundings import Surroundings


def judge_exchange(
    surroundings: Surroundings, order: Order, units: Units, command: Adding
) -> Difference | DomainError:
    """Return what it means to exchange claimed units of an order for what a command wants; or why not.

    Outcomes: the difference; StaleVersion, UnknownLocation, LocationNotServing, LocationOutsidePool,
    UnknownSku, SkuNotSold, Invalid (a currency), those of `pricing.price`, AmountTooLarge.
    """
    if refusal := stale(order, command):
        return refusal
    smaller = credited(order, units)
    addition = addition_of(order, command)
    charge = charged(surroundings, order, addition)
    if isinstance(charge, DomainError):
        return charge
    return Difference(
        parts=smaller.fulfillments,
        off_minor=worth_minor(order) - worth_minor(smaller),
        addition=addition,
        charge=charge,
        currency=order.currency,
    )


def exchange_goods(
    surroundings: Surroundings,
    order: Order,
    difference: Difference,
    *,
    backs: Sequence[PayBack],
    tenders: Sequence[Tender],
) -> BroughtIn | DomainError:
    """Return the order after an exchange, what comes in taken from the stock; or why not.

    `backs` give back what the returned units are worth more, the new `tenders` pay what comes in is.
    The stock is changed only where it is accepted; what it had promised is for the caller to note.
    """
    step_minor = surroundings.prices.book.currency(order.currency).cash_step_minor
    stood = paid_back(order.tenders, backs, cash_step_minor=step_minor)
    return brought_in(surroundings, order, difference, stood=stood, tenders=tenders)
