"""Stock documents: a receipt or an adjustment of many rows, booked once, with an outcome per row."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal
from uuid import UUID

import msgspec

from omniretail import channels, idempotency
from omniretail.db import Transaction
from omniretail.errors import DomainError, Forbidden, Invalid
from omniretail.inventory.movements import REASONS, Movement, Posting, Source, adjusted, received
from omniretail.inventory.operations import Posted, post


class LocationNotYours(Forbidden):
    """This key may not act at that location."""

    def __init__(self, location: str) -> None:
        super().__init__(f"This key may not act at {location}.", location=location)


class DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row: `change` units arrive (a receipt: above 0) or turn out to be there or missing."""

    sku: str
    location: str
    change: int
    reason: str
    occurred_at: datetime


class BookDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The command to book a document; `all_or_nothing` refuses it whole for one bad row."""

    key: idempotency.Key
    principal: channels.Principal
    document_id: UUID
    type: Literal["receipt", "adjustment"]
    rows: tuple[DocumentRow, ...]
    all_or_nothing: bool = False


class RowRefused(msgspec.Struct, frozen=True):
    """Why a row was not booked."""

    code: str
    title: str
    detail: str
    fields: dict[str, Any]


class RowOutcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one row: booked, or refused."""

    booked: Posted | None = None
    refused: RowRefused | None = None


class Booked(msgspec.Struct, frozen=True):
    """A document as booked: one outcome per row, in order."""

    document_id: UUID
    outcomes: list[RowOutcome]


async def book(
    tx: Transaction, commands: Sequence[BookDocument], *, now: datetime
) -> list[idempotency.Answer[Booked] | DomainError]:
    """Book documents; one outcome per command, in order.

    Locks: keys, then levels by (SKU, location). Outcomes: the booked document, in which each row
    was posted or refused by itself; with `all_or_nothing` the first refusal, and nothing booked.
    """
    return await idempotency.once(tx, commands, partial(book_unkeyed, tx, now=now), Booked, now=now)


async def book_unkeyed(
    tx: Transaction, commands: Sequence[BookDocument], *, now: datetime
) -> list[Booked | DomainError]:
    """Book documents as `book` does, as a part of something that is itself done once under a key."""
    postings: list[Posting] = []
    refusals: list[list[DomainError | None]] = []
    for command in commands:
        judged = [_refusal(command, position) for position in range(len(command.rows))]
        refusals.append(judged)
        good = [row for row, refusal in zip(command.rows, judged, strict=True) if refusal is None]
        if not command.all_or_nothing:
            postings += [_posting(command, [row]) for row in good]
        elif len(good) == len(judged):
            postings.append(_posting(command, good))
    posted = iter(await post(tx, postings, now=now))
    return [
        _outcome(command, judged, posted)
        for command, judged in zip(commands, refusals, strict=True)
    ]


def _outcome(
    command: BookDocument, judged: list[DomainError | None], posted: Any
) -> Booked | DomainError:
    if command.all_or_nothing:
        whole = next((refusal for refusal in judged if refusal), None) or next(posted)
        if isinstance(whole, DomainError):
            return whole
        return Booked(command.document_id, [RowOutcome(booked=level) for level in whole])
    outcomes = []
    for refusal in judged:
        outcome = refusal or next(posted)
        if isinstance(outcome, DomainError):
            refused = RowRefused(
                outcome.code, outcome.title(), outcome.detail, dict(outcome.fields)
            )
            outcomes.append(RowOutcome(refused=refused))
        else:
            outcomes.append(RowOutcome(booked=outcome[0]))
    return Booked(command.document_id, outcomes)


def _refusal(command: BookDocument, position: int) -> DomainError | None:
    row = command.rows[position]
    known = REASONS["received" if command.type == "receipt" else "adjusted"]
    if row.reason not in known:
        return Invalid.at(
            f"/lines/{position}/reason",
            f"{row.reason!r} is not a reason; known are {', '.join(known)}",
        )
    if not command.principal.may_act_at(row.location):
        return LocationNotYours(row.location)
    return None


def _posting(command: BookDocument, rows: Sequence[DocumentRow]) -> Posting:
    source = Source(
        document_type=command.type,
        document_id=command.document_id,
        actor_id=command.principal.id,
        channel=command.principal.channel,
        occurred_at=rows[0].occurred_at,
        idempotency_key=command.key.key,
    )
    return Posting(source, [_movement(command, row) for row in rows])


def _movement(command: BookDocument, row: DocumentRow) -> Movement:
    if command.type == "receipt":
        return received(row.sku, row.location, row.change, row.reason)
    return adjusted(row.sku, row.location, row.change, row.reason)
