"""The ends of a cart that nobody asks of it by itself: it becomes an order, or its time is over."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import inventory
from omniretail.carts.cart import Cart
from omniretail.carts.store import NOBODY, Step, lock_expired, write_steps
from omniretail.db import Transaction, Write


class Conversion(msgspec.Struct, frozen=True, kw_only=True):
    """A cart, locked and open, the order that it becomes, and who places that in which channel."""

    cart: Cart
    order_id: UUID
    actor_id: UUID
    channel: str | None


def convert(conversions: Sequence[Conversion], *, now: datetime) -> list[Write]:
    """Return the writes of carts that became orders, each cart once. Their holds are converted apart."""
    return write_steps(
        (
            Step(
                cart=replace(
                    one.cart,
                    state="converted",
                    order_id=one.order_id,
                    version=one.cart.version + 1,
                    updated_at=now,
                ),
                type="cart_converted",
                actor_id=one.actor_id,
                channel=one.channel,
                data={"order": str(one.order_id)},
            )
            for one in conversions
        ),
        now=now,
    )


async def abandon_expired(tx: Transaction, *, now: datetime, most: int) -> int:
    """Close up to `most` open carts whose time is over, and release what they hold; returns how many.

    Nothing waits for it: whoever reads such a cart finds it abandoned already. Locks: the carts, but
    those that somebody else has locked are left to them; then the levels of their holds.
    """
    (carts,) = await tx.read(lock_expired(now=now, most=most))
    if not carts:
        return 0
    holds = {hold_id for cart in carts.values() for hold_id in cart.hold_ids}
    holding = await inventory.lock_holding(tx, places=(), promised=(), holds=holds, now=now)
    holding.release(holds)
    steps = [
        Step(
            cart=replace(
                cart, state="abandoned", hold_ids=(), version=cart.version + 1, updated_at=now
            ),
            type="cart_abandoned",
            actor_id=NOBODY,
            channel=None,
        )
        for cart in carts.values()
    ]
    await holding.write(tx, *write_steps(steps, now=now))
    return len(steps)
