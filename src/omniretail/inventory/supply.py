"""Supply: goods that a supplier has announced for a place and a time, until they arrive."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import catalog, channels, idempotency
from omniretail.db import Read, Transaction, Write, sql, write_columns
from omniretail.errors import DomainError, Invalid, Missing, Refused
from omniretail.ids import new_id
from omniretail.inventory.rows import LocationNotYours, RowRefused, place_fault, refused

_LOCK = sql("inventory.lock_expected_receipts")
_ANNOUNCE = sql("inventory.announce_receipts")
_CANCEL = sql("inventory.cancel_expected_receipts")
_OPEN = sql("inventory.open_expected_receipts")
# Times that every part of the calendar's arithmetic can hold.
_FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_DAY = datetime(9999, 1, 1, tzinfo=UTC)


class UnknownExpectedReceipt(Missing):
    """No such goods are expected there."""

    def __init__(self, expected_receipt: UUID, *, of: str = "") -> None:
        super().__init__(
            f"There is no expected receipt {expected_receipt}{of}.",
            expected_receipt=str(expected_receipt),
        )


class NothingExpected(Refused):
    """Nothing of it is expected any more."""

    def __init__(self, expected_receipt: UUID, *, cancelled: bool) -> None:
        super().__init__(
            f"All of it has {'been cancelled' if cancelled else 'arrived'}.",
            expected_receipt=str(expected_receipt),
            state="cancelled" if cancelled else "received",
        )


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """Announced goods: how many, how many of them have arrived, and when the rest should."""

    id: UUID
    sku: str
    location: str
    quantity: int
    received: int
    expected_at: datetime
    reference: str | None
    created_at: datetime
    cancelled_at: datetime | None

    @property
    def open_quantity(self) -> int:
        """How many are still to come."""
        return 0 if self.cancelled_at else max(0, self.quantity - self.received)


class AnnouncedRow(msgspec.Struct, frozen=True, kw_only=True):
    """So many units that a supplier says will arrive at a location."""

    sku: str
    location: str
    quantity: int
    expected_at: datetime
    reference: str | None = None


class Announce(msgspec.Struct, frozen=True, kw_only=True):
    """The command to expect goods; `all_or_nothing` refuses it whole for one bad row.

    A row that could not be read stands there as the error that says why.
    """

    key: idempotency.Key
    principal: channels.Principal
    rows: tuple[AnnouncedRow | DomainError, ...]
    all_or_nothing: bool = False


class CancelExpected(msgspec.Struct, frozen=True, kw_only=True):
    """The command to expect no longer what has not arrived."""

    key: idempotency.Key
    principal: channels.Principal
    expected_receipt: UUID


class AnnouncedOutcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one row: expected, or refused."""

    expected: Expected | None = None
    refused: RowRefused | None = None


class Announced(msgspec.Struct, frozen=True):
    """An announcement as taken: one outcome per row, in order."""

    outcomes: list[AnnouncedOutcome]


def lock_expected(ids: Iterable[UUID]) -> Read[dict[UUID, Expected]]:
    """Return the read that locks the expected receipts among `ids`, in the order of ids."""
    return Read(
        _LOCK,
        (list(set(ids)),),
        lambda rows: {UUID(row["id"]): msgspec.convert(row, Expected) for row in rows},
    )


async def announce(
    tx: Transaction, commands: Sequence[Announce], *, now: datetime
) -> list[idempotency.Answer[Announced] | DomainError]:
    """Expect goods from suppliers; one outcome per command, in order.

    Locks: keys. (What is promised of supply is judged under the levels' locks; more supply needs
    none.) Outcomes: the announcement, in which each row was taken or refused by itself (UnknownSku,
    KitHasNoStock, UnknownLocation, LocationNotYours, Invalid); with `all_or_nothing` the first
    refusal, and nothing expected; KeyReused.
    """
    return await idempotency.once(tx, commands, partial(_announce, tx, now=now), Announced, now=now)


async def _announce(
    tx: Transaction, commands: Sequence[Announce], *, now: datetime
) -> list[Announced | DomainError]:
    rows = [row for command in commands for row in _good(command)]
    skus, locations = await tx.read(
        catalog.skus_by_code({row.sku for row in rows}),
        catalog.locations_by_code({row.location for row in rows}),
    )
    outcomes: list[Announced | DomainError] = []
    written: list[tuple[object, ...]] = []
    for command in commands:
        outcome = _judged(command, skus, locations, now)
        outcomes.append(outcome)
        if isinstance(outcome, Announced):
            written += [
                (
                    row.id,
                    row.sku,
                    row.location,
                    row.quantity,
                    row.expected_at,
                    row.reference,
                    command.principal.id,
                )
                for row in (one.expected for one in outcome.outcomes)
                if row
            ]
    await tx.write(*write_columns(_ANNOUNCE, written, now))
    return outcomes


async def cancel_expected(
    tx: Transaction, commands: Sequence[CancelExpected], *, now: datetime
) -> list[idempotency.Answer[Expected] | DomainError]:
    """Expect no longer what has not arrived; one outcome per command, in order.

    Locks: keys, expected receipts by id. What was promised of it stays promised. Outcomes: the
    expected receipt after it, UnknownExpectedReceipt, LocationNotYours, NothingExpected, KeyReused.
    """
    return await idempotency.once(tx, commands, partial(_cancel, tx, now=now), Expected, now=now)


async def _cancel(
    tx: Transaction, commands: Sequence[CancelExpected], *, now: datetime
) -> list[Expected | DomainError]:
    (known,) = await tx.read(lock_expected(command.expected_receipt for command in commands))
    outcomes: list[Expected | DomainError] = []
    cancelled: list[UUID] = []
    for command in commands:
        expected: Expected | None = known.get(command.expected_receipt)
        if expected is None:
            outcomes.append(UnknownExpectedReceipt(command.expected_receipt))
        elif not command.principal.may_act_at(expected.location):
            outcomes.append(LocationNotYours(expected.location))
        elif not expected.open_quantity:
            outcomes.append(
                NothingExpected(expected.id, cancelled=expected.cancelled_at is not None)
            )
        else:
            known[expected.id] = expected = replace(expected, cancelled_at=now)
            cancelled.append(expected.id)
            outcomes.append(expected)
    if cancelled:
        await tx.write(Write(_CANCEL, (cancelled, now)))
    return outcomes


async def list_expected(
    tx: Transaction,
    *,
    sku: str | None = None,
    location: str | None = None,
    after: UUID | None = None,
    limit: int,
) -> list[Expected]:
    """Return what is still to come of a SKU, to a location: the first announced first, behind `after`."""
    rows = await tx.fetch(_OPEN, sku, location, after, limit)
    return [msgspec.convert(dict(row), Expected) for row in rows]


def _judged(
    command: Announce,
    skus: Mapping[str, catalog.SkuTraits],
    locations: Mapping[str, catalog.LocationSpec],
    now: datetime,
) -> Announced | DomainError:
    outcomes: list[AnnouncedOutcome] = []
    for position, row in enumerate(command.rows):
        fault = (
            row
            if isinstance(row, DomainError)
            else place_fault(command.principal, skus, locations, row.sku, row.location)
            or _time_fault(position, row)
        )
        if fault and command.all_or_nothing:
            return fault
        if fault or isinstance(row, DomainError):
            assert fault is not None, "a row is read or refused"
            outcomes.append(AnnouncedOutcome(refused=refused(fault)))
        else:
            outcomes.append(AnnouncedOutcome(expected=_expected(row, now)))
    return Announced(outcomes)


def _expected(row: AnnouncedRow, now: datetime) -> Expected:
    return Expected(
        id=new_id(),
        sku=row.sku,
        location=row.location,
        quantity=row.quantity,
        received=0,
        expected_at=row.expected_at,
        reference=row.reference,
        created_at=now,
        cancelled_at=None,
    )


def _time_fault(position: int, row: AnnouncedRow) -> Invalid | None:
    if _FIRST_DAY <= row.expected_at < _LAST_DAY:
        return None
    return Invalid.at(
        f"/lines/{position}/expected_at", "Goods arrive between the years 1970 and 9998"
    )


def _good(command: Announce) -> Iterator[AnnouncedRow]:
    return (row for row in command.rows if not isinstance(row, DomainError))
