"""Collecting in a store: the code, who may collect, the proof, the deadline, and nobody coming. Pure.

The code is made from a key of the retailer's and the fulfillment, so that it can be told again and
is kept nowhere; what is kept is its hash, by a function that takes long (scrypt, RFC 7914).
"""

import hashlib
import hmac
from base64 import b32encode
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import channels, idempotency
from omniretail.errors import DomainError, Forbidden, Invalid, Refused
from omniretail.orders.machine import after
from omniretail.orders.order import Fulfillment, Order, Pickup
from omniretail.orders.world import World

PICKUP_CODES = "pickup codes"
"""What the secret is for that codes are made with."""
MOST_WRONG_TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
LONGEST_KEPT = timedelta(days=366)

_CROCKFORD = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)
_MISREAD = str.maketrans("OIL", "011")


class PickupCodeWrong(Forbidden):
    """The code is not this pickup's."""

    def __init__(self, *, tries_left: int) -> None:
        super().__init__(
            f"That is not the code; {tries_left} tries are left.", tries_left=tries_left
        )


class PickupLocked(Refused):
    """Too many wrong codes were tried."""

    def __init__(self, until: datetime) -> None:
        super().__init__(
            "Too many wrong codes were tried; wait, or ask who may hand over without one.",
            locked_until=until.isoformat(),
        )


class ProofMissing(Refused):
    """Nothing proves who collects."""

    def __init__(self) -> None:
        super().__init__(
            "Name who collects, with the pickup's code; or, with the scope "
            "pickups:without_code, with the reference of a signature."
        )


class PickupExpired(Refused):
    """The time to collect is over."""

    def __init__(self, collect_by: datetime) -> None:
        super().__init__(
            "The time to collect is over; move the deadline to hand over all the same.",
            collect_by=collect_by.isoformat(),
        )


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """Who collected, and what proves that they may: the code's hash, or a signature's reference."""

    name: str | None = None
    code_hash: str | None = None
    signature_reference: str | None = None
    without_code: bool = False


class ChangePickup(msgspec.Struct, frozen=True, kw_only=True):
    """The command to note who collects, where they wait outside, or until when goods are kept."""

    key: idempotency.Key
    principal: channels.Principal
    fulfillment_id: UUID
    step: Literal["collector", "curbside", "deadline"]
    occurred_at: datetime
    collector: str | None = None
    spot: str | None = None
    collect_by: datetime | None = None

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return {
            "collector": "collector_named",
            "curbside": "customer_waiting",
            "deadline": "deadline_moved",
        }[self.step]

    def describe(self) -> dict[str, Any]:
        """What the timeline says beside the lines."""
        said = {"collector": self.collector, "spot": self.spot, "collect_by": self.collect_by}
        return {
            "fulfillment": str(self.fulfillment_id),
            **{name: value for name, value in said.items() if value is not None},
        }


class Remind(msgspec.Struct, frozen=True, kw_only=True):
    """The command to remind of a pickup that nobody has collected yet."""

    key: idempotency.Key
    principal: channels.Principal
    fulfillment_id: UUID
    occurred_at: datetime

    @property
    def event_type(self) -> str:
        """What the order's timeline calls it."""
        return "reminder_due"

    def describe(self) -> dict[str, Any]:
        """What the timeline says beside the lines."""
        return {"fulfillment": str(self.fulfillment_id)}


def code_of(secret: bytes, fulfillment_id: UUID) -> str:
    """Return a pickup's code: 40 bits in Crockford's base 32, such as `7K3M-9QXW`."""
    digest = hmac.digest(secret, b"pickup code of " + fulfillment_id.bytes, "sha256")
    code = b32encode(digest[:5]).translate(_CROCKFORD).decode()
    return f"{code[:4]}-{code[4:]}"


def hash_of(code: str, fulfillment_id: UUID) -> str:
    """Return the hash of a code as somebody typed it; takes some milliseconds, on purpose."""
    typed = "".join(code.split()).replace("-", "").upper().translate(_MISREAD)
    salt = fulfillment_id.bytes
    return hashlib.scrypt(typed.encode(), salt=salt, n=2**13, r=8, p=1, dklen=32).hex()


def changed(
    world: World, order: Order, part: Fulfillment, command: ChangePickup
) -> Order | DomainError:
    """Return the order after a change of who collects, where they wait, or until when.

    Outcomes: that order, TransitionRefused, Invalid (a deadline that is over, or a year away).
    """
    state = after(part.kind, part.state, command.step)
    if isinstance(state, DomainError):
        return state
    pickup = part.pickup or Pickup()
    if command.step == "collector":
        return order.with_part(replace(part, pickup=replace(pickup, collector=command.collector)))
    if command.step == "curbside":
        waiting = replace(pickup, spot=command.spot, waiting_since=command.occurred_at)
        return order.with_part(replace(part, pickup=waiting))
    until = command.collect_by
    if until is None or not world.now < until <= world.now + LONGEST_KEPT:
        return Invalid.at("/collect_by", "Goods are kept until a time to come, for a year at most")
    until = until.astimezone(UTC)
    remind_at = until - timedelta(hours=world.waiting[part.collected_at].reminder_hours)
    # Whoever asked for more time shall be reminded of its end, not of the past.
    moved = replace(part, collect_by=until, remind_at=remind_at if remind_at > world.now else None)
    return order.with_part(moved)


def reminded(_: World, order: Order, part: Fulfillment, command: Remind) -> Order | DomainError:
    """Return the order whose customer was reminded; once is enough."""
    state = after(part.kind, part.state, "reminder", held=bool(part.holds))
    if isinstance(state, DomainError):
        return state
    return order.with_part(replace(part, remind_at=None)) if part.remind_at else order


def ready(
    part: Fulfillment,
    *,
    at: datetime,
    code_key: str | None,
    code_hash: str | None,
    pickup_hours: int,
    reminder_hours: int,
) -> Fulfillment:
    """Return a fulfillment that waits for its customer from `at` on, under its code."""
    collect_by = at + timedelta(hours=pickup_hours)
    return replace(
        part,
        pickup=replace(
            part.pickup or Pickup(), ready_at=at, code_key=code_key, code_hash=code_hash
        ),
        collect_by=collect_by,
        remind_at=collect_by - timedelta(hours=reminder_hours) if reminder_hours else None,
    )


def not_proven(part: Fulfillment, proof: Proof, *, now: datetime) -> DomainError | None:
    """Return why goods may not be handed over to whoever asks for them, or None."""
    pickup = part.pickup or Pickup()
    if part.collect_by is not None and part.collect_by < now:
        return PickupExpired(part.collect_by)
    if proof.code_hash is None:
        by_signature = proof.without_code and proof.name and proof.signature_reference
        return None if pickup.code_hash is None or by_signature else ProofMissing()
    if pickup.locked_until is not None and now < pickup.locked_until:
        return PickupLocked(pickup.locked_until)
    if pickup.code_hash is None or hmac.compare_digest(proof.code_hash, pickup.code_hash):
        return None
    return PickupCodeWrong(tries_left=max(0, MOST_WRONG_TRIES - 1 - pickup.wrong_tries))


def tried(part: Fulfillment, *, now: datetime) -> Fulfillment:
    """Return the fulfillment after one more wrong code; five of them lock it for 15 minutes."""
    pickup = part.pickup or Pickup()
    tries = pickup.wrong_tries + 1
    if tries < MOST_WRONG_TRIES:
        return replace(part, pickup=replace(pickup, wrong_tries=tries))
    return replace(part, pickup=replace(pickup, wrong_tries=0, locked_until=now + LOCKED_FOR))


def collected(part: Fulfillment, proof: Proof, at: datetime) -> Fulfillment:
    """Return the fulfillment with the proof of who collected it, and when."""
    said = {
        "name": proof.name,
        "code": "given" if proof.code_hash else None,
        "signature_reference": proof.signature_reference,
    }
    kept = {name: value for name, value in said.items() if value}
    pickup = replace(
        part.pickup or Pickup(), proof=kept, wrong_tries=0, locked_until=None, handed_over_at=at
    )
    return replace(part, pickup=pickup)
