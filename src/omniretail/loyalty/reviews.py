"""Deciding whether points count that wait for somebody to look at them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import channels, idempotency
from omniretail.db import Read, Transaction, sql
from omniretail.errors import DomainError, Missing, Refused
from omniretail.loyalty.lot import Review, Source
from omniretail.loyalty.points import Ledger
from omniretail.loyalty.store import Concerned, lock, write

_REVIEWS = sql("loyalty.reviews")


class UnknownReview(Missing):
    """There is no such review of points."""

    def __init__(self, review: UUID) -> None:
        super().__init__(f"There is no review {review}.", review=str(review))


class ReviewDecided(Refused):
    """The review was decided before."""

    def __init__(self, review: UUID, decision: str) -> None:
        super().__init__(f"It was {decision} before.", review=str(review), decision=decision)


class DecideReview(msgspec.Struct, frozen=True, kw_only=True):
    """The command to have points count that were looked at, or not, and why."""

    key: idempotency.Key
    principal: channels.Principal
    review_id: UUID
    decision: Literal["approved", "denied"]
    note: str


async def decide_reviews(
    tx: Transaction, commands: Sequence[DecideReview], *, now: datetime
) -> list[idempotency.Answer[Review] | DomainError]:
    """Decide reviews, first come first served; one outcome per command, in order.

    Locks: the accounts by id. Outcomes: the review, UnknownReview, ReviewDecided,
    IdempotencyKeyReused.
    """
    return await idempotency.once(tx, commands, partial(_decide, tx, now=now), Review, now=now)


async def _decide(
    tx: Transaction, commands: Sequence[DecideReview], *, now: datetime
) -> list[Review | DomainError]:
    asked = {command.review_id for command in commands}
    (found,) = await tx.read(reviews_by_id(asked))
    orders = {one.order_id for one in found if one.order_id is not None}
    concerned = Concerned(
        accounts={one.account_id for one in found},
        lots={one.lot_id for one in found},
        orders=orders,
    )
    ledger = await lock(tx, concerned, None, now=now)
    # Read anew: somebody may have decided one before we had the locks.
    (found,) = await tx.read(reviews_by_id(asked))
    reviews = {one.id: one for one in found}
    outcomes: list[Review | DomainError] = []
    for command in commands:
        review = ledger.reviews.get(command.review_id) or reviews.get(command.review_id)
        outcomes.append(decide(ledger, command, review))
    await tx.write(*write(ledger, now=now))
    return outcomes


def decide(ledger: Ledger, command: DecideReview, review: Review | None) -> Review | DomainError:
    """Return a review after it was decided, its account locked and its lot here; or why it is not.

    What counts repays the account's debt first; what does not is taken back, as far as it is there.
    """
    if review is None:
        return UnknownReview(command.review_id)
    if review.decision is not None:
        return ReviewDecided(review.id, review.decision)
    source = Source(
        actor_id=command.principal.id,
        occurred_at=ledger.now,
        idempotency_key=command.key.key,
        order_id=review.order_id,
        reason=command.note,
    )
    lot = ledger.lots[review.lot_id]
    if gone := lot.gone_points(ledger.now):
        lot = ledger.book_expired(lot, gone, source)
    if command.decision == "denied":
        _deny(ledger, review, ledger.take_lot(lot, "reversed", source))
    lot = replace(ledger.lots[lot.id], in_review=False)
    ledger.put_lot(lot)
    ledger.repay(lot, source)
    decided = replace(
        review,
        decision=command.decision,
        closed_at=ledger.now,
        closed_by=command.principal.id,
        note=command.note,
    )
    ledger.put(ledger.reviews, review.id, decided)
    return decided


def reviews_by_id(review_ids: Collection[UUID]) -> Read[list[Review]]:
    """Return the read of reviews, of those that exist."""
    return Read(_REVIEWS, (sorted(review_ids),), lambda rows: msgspec.convert(rows, list[Review]))


def _deny(ledger: Ledger, review: Review, points: int) -> None:
    """Have the order of a review have earned so much less; what counts for its tier goes with it."""
    if review.order_id is None:
        return
    record = ledger.orders[review.order_id]
    parts = [part for part in record.parts if part.points == review.points]
    base_points = min(record.qualifying_points, parts[0].base_points if parts else points, points)
    ledger.put(
        ledger.orders,
        record.order_id,
        replace(
            record,
            reversed_points=record.reversed_points + points,
            qualifying_points=record.qualifying_points - base_points,
        ),
    )
    ledger.count(record, -base_points)
