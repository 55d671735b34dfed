"""What came back on the demo's day: to other stores than sold it, by parcel, and in every state.

It goes through the doors that a till and the web shop use.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from omniretail import channels, orders, pricing, returns
from omniretail.db import Transaction
from omniretail.demo.outcomes import all_good
from omniretail.idempotency import Key
from omniretail.ids import new_id


class Story(NamedTuple):
    """Units of an order that come back, by the SKU that it is known by, and how far that has come.

    Without a location they are still to come; without dispositions, all are sellable.
    """

    sku: str
    quantity: int
    reason: str
    location: str | None = None
    dispositions: Sequence[tuple[returns.Disposition, int]] = ()
    paid_back: bool = True
    approved: bool = True


_STORIES = (
    # Bought at a till in Amsterdam, brought back in Berlin.
    Story("TEE-BLA-M", 1, "too_small", "BER"),
    # Shipped from the warehouse, brought back where it was never sold; one of two is broken.
    Story("LAMP-WHI-M", 2, "changed_mind", "VIE", [("sellable", 1), ("damaged", 1)]),
    # Here, and somebody looks at it before anything is paid.
    Story("MUG-WHI-L", 1, "broken", "PAR", [("quality_control", 1)], paid_back=False),
    # Asked for on the web: one parcel may be sent, the other waits for somebody to say so.
    Story("TEE-WHI-L", 1, "too_large"),
    Story("TEE-GRE-S", 1, "wrong_color", approved=False),
)


async def load(
    tx: Transaction,
    principals: Mapping[str, channels.Principal],
    sold: Sequence[orders.Order],
    now: datetime,
) -> None:
    """Bring back what the stories tell, of the orders that were sold."""
    books = pricing.BookKeeper()
    by = principals["integration"]
    opened = all_good(
        await returns.change_returns(
            tx,
            [_opened(number, story, by, sold, now) for number, story in enumerate(_STORIES, 1)],
            books=books,
            now=now,
        )
    )
    asked = [
        answer.value
        for answer, story in zip(opened, _STORIES, strict=True)
        if story.location is None and story.approved
    ]
    approvals = [
        returns.Approve(
            key=Key(by.id, f"demo-approval-{doc.number}", b""),
            principal=by,
            return_id=doc.id,
            occurred_at=now,
        )
        for doc in asked
    ]
    all_good(await returns.change_returns(tx, approvals, books=books, now=now))


def _opened(
    number: int,
    story: Story,
    by: channels.Principal,
    sold: Sequence[orders.Order],
    now: datetime,
) -> returns.OpenReturn:
    order, line = next(
        (order, line)
        for order in sold
        for line in order.lines
        if line.sku == story.sku and line.fulfilled_quantity >= story.quantity
    )
    here = story.location is not None
    graded = story.dispositions or [("sellable", story.quantity)]
    return returns.OpenReturn(
        key=Key(by.id, f"demo-return-{number}", b""),
        principal=by,
        return_id=new_id(),
        order=order.id,
        lines=(
            returns.LineBack(order_line=line.number, quantity=story.quantity, reason=story.reason),
        ),
        occurred_at=now - timedelta(minutes=10 * (len(_STORIES) - number + 1)),
        location=story.location,
        arrivals=tuple(
            returns.Arrival(line=1, quantity=quantity, disposition=disposition)
            for disposition, quantity in graded
        )
        if here
        else (),
        refund=returns.RefundWish() if here and story.paid_back else None,
    )
