"""Reading and writing carts as rows, with the events that changed them. It decides nothing."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import structs

from omniretail import channels, events, inventory
from omniretail.carts.cart import Cart, CartNow
from omniretail.db import (
    RaceLost,
    Read,
    Rows,
    Transaction,
    Write,
    constraint,
    sql,
    write_documents,
)

_LOCK = sql("carts.lock_carts")
_LOCK_EXPIRED = sql("carts.lock_expired_carts")
_CARTS = sql("carts.carts")
_CREATE = sql("carts.create_carts")
_CHANGE = sql("carts.change_carts")

# The next run gives the cart another code.
constraint("cart_code_key", RaceLost)

NOBODY = UUID(int=0)
"""Who did what time alone did."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A cart after one event of its timeline, and who made it happen; the first one creates it."""

    cart: Cart
    type: str
    actor_id: UUID
    channel: str | None
    data: dict[str, Any] = {}

    @classmethod
    def by(
        cls, principal: channels.Principal, cart: Cart, kind: str, data: dict[str, Any]
    ) -> "Step":
        """Return the step that a principal made."""
        return cls(
            cart=cart, type=kind, actor_id=principal.id, channel=principal.channel, data=data
        )


def lock_carts(ids: Collection[UUID]) -> Read[dict[UUID, Cart]]:
    """Return the read that locks the carts among `ids` that exist, in the order of their ids."""
    return Read(_LOCK, (list(set(ids)),), lambda rows: {cart.id: cart for cart in _carts(rows)})


def lock_expired(*, now: datetime, most: int) -> Read[dict[UUID, Cart]]:
    """Return the read that locks up to `most` open carts whose time is over, but none that is locked."""
    return Read(_LOCK_EXPIRED, (now, most), lambda rows: {cart.id: cart for cart in _carts(rows)})


def carts_by(*, ids: Sequence[UUID] = (), codes: Sequence[str] = ()) -> Read[list[Cart]]:
    """Return the read of the carts that exist, by id or by code."""
    return Read(_CARTS, (list(ids), list(codes)), _carts)


async def with_holds(tx: Transaction, carts: Sequence[Cart], *, now: datetime) -> list[CartNow]:
    """Return carts as they stand at a moment, with the holds they own; asks nobody about none."""
    wanted = [hold_id for cart in carts for hold_id in cart.hold_ids]
    holds = await inventory.holds_by_id(tx, wanted, now=now)
    return [
        CartNow(
            cart=cart.judged(now),
            holds=tuple(holds[hold_id] for hold_id in cart.hold_ids if hold_id in holds),
        )
        for cart in carts
    ]


def write_steps(steps: Iterable[Step], *, now: datetime) -> list[Write]:
    """Return the writes of steps, which are each of another cart; the carts are locked, or new."""
    made: list[Cart] = []
    changed: list[Cart] = []
    happened = []
    for step in steps:
        cart = step.cart
        (made if cart.version == 1 else changed).append(cart)
        happened.append(
            events.Happened(
                document_type="cart",
                document_id=cart.id,
                sequence=cart.version,
                type=step.type,
                occurred_at=now,
                actor_id=step.actor_id,
                channel=step.channel,
                data=step.data,
            )
        )
    ids = [cart.id for cart in changed]
    return [
        *write_documents(_CREATE, [structs.asdict(cart) for cart in made]),
        *([Write(_CHANGE, (ids, _documents(changed)))] if changed else []),
        *events.record(happened, now=now),
    ]


def _documents(carts: Sequence[Cart]) -> str:
    return msgspec.json.encode([structs.asdict(cart) for cart in carts]).decode()


def _carts(rows: Rows) -> list[Cart]:
    return msgspec.convert(rows, list[Cart])
