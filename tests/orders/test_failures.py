"""A capture that was declined: no more is promised again than was not given back, nor is owed."""

from typing import Any

import pytest

from omniretail import channels, clock, idempotency, payments
from omniretail.ids import new_id
from omniretail.orders import NoteFailure, Order, Tender
from omniretail.orders.failures import noted

WORKER = channels.Principal(
    id=new_id(),
    kind="integration",
    name="worker",
    scopes=frozenset(),
    channel=None,
    locations=frozenset(),
)


def card(**more: Any) -> Tender:
    """A card of 10.00."""
    return Tender(number=1, type="card", amount_minor=1000, reference=None, **more)


def in_cash(back_minor: int, rounding_minor: int) -> Tender:
    """A card of which something went back in cash, in coins of 5 cents."""
    return card(
        otherwise={"cash": back_minor},
        refunded_minor=back_minor + rounding_minor,
        refunded_rounding_minor=rounding_minor,
    )


@pytest.mark.parametrize(
    ("tender", "declined", "promised"),
    [
        (card(), 400, 400),
        (card(refunded_minor=300), 1000, 700),
        # To give 3.00 back was declined, 7.00 went back since: nothing is left to be taken.
        (card(refunded_minor=700, owed_minor=300), 400, 0),
        (in_cash(703, 2), 1000, 297),
        (in_cash(702, -2), 1000, 298),
    ],
)
def test_what_could_not_be_taken_is_promised_as_far_as_it_is_left(
    tender: Tender, declined: int, promised: int
) -> None:
    now, order_id = clock.now(), new_id()
    order = Order(
        id=order_id,
        number="1",
        channel="web",
        location=None,
        currency="EUR",
        total_minor=1000,
        book_version=1,
        placed_by=WORKER.id,
        placed_at=now,
        version=1,
        fulfillments=(),
        tenders=(tender,),
    )
    failed = payments.FailedOperation(
        id=new_id(),
        order_id=order_id,
        tender_number=1,
        kind="capture",
        amount_minor=declined,
        failure="declined",
        done_at=now,
    )
    key = idempotency.Key(WORKER.id, "any", b"")
    command = NoteFailure(key=key, principal=WORKER, operation=failed, occurred_at=now)

    (after,) = noted(order, command).tenders

    assert after.uncaptured_minor == promised
    assert after.left_minor == tender.left_minor
