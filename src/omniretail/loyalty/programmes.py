"""Putting versions of the loyalty programme in place, and reading them. None is ever changed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import msgspec

from omniretail import channels, idempotency
from omniretail.clock import FUTURE_TOLERANCE
from omniretail.db import RaceLost, Read, Transaction, constraint, sql, write_documents
from omniretail.errors import DomainError, Invalid, Missing, Refused
from omniretail.ids import new_id
from omniretail.loyalty.programme import Programme, Programmes, ProgrammeVersion
from omniretail.loyalty.programme_faults import LAST, programme_fault

_ADD = sql("loyalty.add_programmes")
_FROM = sql("loyalty.programmes_from")
_PROGRAMMES = sql("loyalty.programmes")
_LIST = sql("loyalty.list_programmes")

constraint("loyalty_programme_effective_from_key", RaceLost)


class ProgrammeExists(Refused):
    """Another version of the loyalty programme comes into force at that moment."""

    def __init__(self, effective_from: datetime) -> None:
        super().__init__(
            f"A version comes into force at {effective_from.isoformat()} already.",
            effective_from=effective_from.isoformat(),
        )


class NoProgrammeInForce(Missing):
    """No loyalty programme is in force at that moment."""

    def __init__(self, at: datetime) -> None:
        super().__init__(
            f"At {at.isoformat()} no loyalty programme is in force.", at=at.isoformat()
        )


class AddProgramme(msgspec.Struct, frozen=True, kw_only=True):
    """The command to put a programme in force from a moment on; None: from now on."""

    key: idempotency.Key
    principal: channels.Principal
    programme: Programme
    effective_from: datetime | None = None


async def add_programmes(
    tx: Transaction, commands: Sequence[AddProgramme], *, now: datetime
) -> list[idempotency.Answer[ProgrammeVersion] | DomainError]:
    """Add versions of the programme; one outcome per command, in order.

    Locks: keys. A moment that has just passed means now: what was earned before stays as it was.
    Outcomes: the version, Invalid, ProgrammeExists, IdempotencyKeyReused.
    """
    return await idempotency.once(
        tx, commands, partial(_add, tx, now=now), ProgrammeVersion, now=now
    )


def programmes(earliest: datetime) -> Read[Programmes]:
    """Return the read of every version that counts at a moment or later."""
    return Read(
        _PROGRAMMES,
        (earliest,),
        lambda rows: Programmes(msgspec.convert(rows, tuple[ProgrammeVersion, ...])),
    )


async def programme_at(tx: Transaction, at: datetime) -> ProgrammeVersion:
    """Return the version in force at a moment. Raises: NoProgrammeInForce."""
    found: Programmes
    (found,) = await tx.read(programmes(at))
    versions = [version for version in found.versions if version.effective_from <= at]
    if not versions:
        raise NoProgrammeInForce(at)
    return versions[-1]


async def list_programmes(
    tx: Transaction, *, before: datetime | None = None, limit: int
) -> list[ProgrammeVersion]:
    """Return the versions that come into force before a moment, the last one first."""
    (found,) = await tx.read(
        Read(
            _LIST,
            (before, limit),
            lambda rows: msgspec.convert(rows, list[ProgrammeVersion]),
        )
    )
    versions: list[ProgrammeVersion] = found
    return versions


async def _add(
    tx: Transaction, commands: Sequence[AddProgramme], *, now: datetime
) -> list[ProgrammeVersion | DomainError]:
    decided = [_decided(command, now) for command in commands]
    moments = [each.effective_from for each in decided if isinstance(each, ProgrammeVersion)]
    taken = {row["effective_from"] for row in await tx.fetch(_FROM, moments)}
    outcomes: list[ProgrammeVersion | DomainError] = []
    for each in decided:
        if isinstance(each, ProgrammeVersion) and each.effective_from in taken:
            outcomes.append(ProgrammeExists(each.effective_from))
        else:
            outcomes.append(each)
            if isinstance(each, ProgrammeVersion):
                taken.add(each.effective_from)
    await tx.write(
        *write_documents(_ADD, [each for each in outcomes if isinstance(each, ProgrammeVersion)])
    )
    return outcomes


def _decided(command: AddProgramme, now: datetime) -> ProgrammeVersion | Invalid:
    effective_from = command.effective_from or now
    if not now - FUTURE_TOLERANCE <= effective_from <= LAST:
        return Invalid.at("/effective_from", "A programme comes into force now, or later")
    if fault := programme_fault(command.programme):
        return fault
    return ProgrammeVersion(
        id=new_id(),
        effective_from=max(now, effective_from.astimezone(UTC)),
        programme=command.programme,
        created_at=now,
        created_by=command.principal.id,
    )
