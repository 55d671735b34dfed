"""The sandbox: a payment provider for trying things out and for tests. No money moves.

What it does depends on the payment method alone (`METHODS`). It keeps its charges in a table of its
own, in transactions of its own, as a real provider would: processes and restarts agree on them.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec

from omniretail.db import Database, Transaction, sql
from omniretail.payments.provider import (
    Authorization,
    CallbackNotAuthentic,
    Change,
    Declined,
    Done,
    Heard,
    OperationKind,
    ProviderAnswer,
    ProviderUnavailable,
)
from omniretail.payments.signatures import sign, verify

NAME = "sandbox"
SIGNATURE = "sandbox-signature"
"""The header in which the sandbox signs what it tells."""

_AUTHORIZE = sql("payments.authorize_at_sandbox")
_ASK = sql("payments.ask_sandbox")
_LOCK = sql("payments.lock_sandbox_charge")
_CHARGES = sql("payments.sandbox_charges")
_CHANGE = sql("payments.change_at_sandbox")


class Method(NamedTuple):
    """How a payment method behaves: what it declines, how many answers get lost, how often it tells."""

    declines: frozenset[str] = frozenset()
    declines_once: frozenset[str] = frozenset()
    lost: int = 0
    callbacks: int = 0


METHODS = {
    "ok": Method(),
    "declined": Method(declines=frozenset({"authorization"})),
    # It is done, but the first answer to each question is lost.
    "timeout": Method(lost=1),
    # Asked once more it still says nothing; then it tells by itself.
    "late": Method(lost=2, callbacks=1),
    "twice": Method(callbacks=2),
    "capture_declined": Method(declines=frozenset({"capture"})),
    "refund_declined": Method(declines=frozenset({"refund"})),
    # The first refund that it is asked for; another one is made.
    "refund_declined_once": Method(declines_once=frozenset({"refund"})),
    "void_declined": Method(declines=frozenset({"void"})),
}
_UNKNOWN = Method(declines=frozenset({"authorization"}))


class _Charge(msgspec.Struct, frozen=True):
    """What the sandbox did, or declined, and how often it was asked."""

    id: UUID
    kind: Literal["authorization"] | OperationKind
    amount_minor: int
    currency: str
    method: str
    decline_code: str | None
    asked: int


class _Message(msgspec.Struct, frozen=True):
    """What the sandbox tells by itself."""

    payment_id: UUID
    decline_code: str | None
    card_token: str | None = None


class SandboxProvider:
    """The provider that ships for trials; `secret` signs what it tells."""

    name = NAME

    def __init__(self, database: Database, *, secret: str = "") -> None:
        self._database = database
        self._secret = secret

    async def authorize(self, wanted: Authorization) -> ProviderAnswer:
        """Set money aside, unless the method declines; once for each payment."""
        method = METHODS.get(wanted.method, _UNKNOWN)
        code = None if wanted.method in METHODS else "unknown_method"
        if code is None and "authorization" in method.declines:
            code = "card_declined"

        async def work(tx: Transaction) -> _Charge:
            rows = await tx.fetch(
                _AUTHORIZE,
                wanted.payment_id,
                wanted.amount_minor,
                wanted.currency,
                wanted.method,
                code,
            )
            return _charges(rows)[0]

        return await self._answered(work)

    async def find(self, payment_id: UUID) -> ProviderAnswer | None:
        """Tell what became of an authorization; None where it never arrived."""

        async def work(tx: Transaction) -> list[_Charge]:
            return _charges(await tx.fetch(_ASK, payment_id))

        found = await self._database.run(work)
        return _answer(found[0]) if found else None

    async def capture(self, change: Change) -> ProviderAnswer:
        """Take so much of what is set aside; once for each operation."""
        return await self._change("capture", change)

    async def void(self, change: Change) -> ProviderAnswer:
        """Release whatever is still set aside; once for each operation."""
        return await self._change("void", change)

    async def refund(self, change: Change) -> ProviderAnswer:
        """Give back so much of what was taken; once for each operation."""
        return await self._change("refund", change)

    def heard(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Heard | None:
        """Return what a message of the sandbox says. Raises: CallbackNotAuthentic."""
        verify(self._secret, headers.get(SIGNATURE, ""), body, now=now)
        try:
            message = msgspec.json.decode(body, type=_Message)
        except msgspec.DecodeError as error:
            raise CallbackNotAuthentic("The sandbox never says that") from error
        answer = _said(message.payment_id, message.decline_code, message.card_token)
        return Heard(payment_id=message.payment_id, answer=answer)

    async def callbacks(self, payment_id: UUID, *, now: datetime) -> list[tuple[str, bytes]]:
        """Return what the sandbox tells of a payment by itself, as (signature, body) each.

        It knows no address to send them to: whoever tries it out posts them.
        """
        async with self._database.reading() as tx:
            charges = _charges(await tx.fetch(_CHARGES, payment_id))
        charge = next((one for one in charges if one.kind == "authorization"), None)
        if charge is None:
            return []
        body = msgspec.json.encode(
            _Message(payment_id, charge.decline_code, card_token(charge.method))
        )
        times = METHODS.get(charge.method, _UNKNOWN).callbacks
        return [(sign(self._secret, body, at=now), body)] * times

    async def close(self) -> None:
        """Close nothing: the connections are the process's."""

    async def _change(self, kind: OperationKind, change: Change) -> ProviderAnswer:
        async def work(tx: Transaction) -> _Charge:
            found = _charges(await tx.fetch(_LOCK, change.payment_id))
            if asked := _charges(await tx.fetch(_ASK, change.operation_id)):
                return asked[0]
            before = _charges(await tx.fetch(_CHARGES, change.payment_id))
            rows = await tx.fetch(
                _CHANGE,
                change.operation_id,
                change.payment_id,
                kind,
                change.amount_minor,
                change.currency,
                found[0].method if found else "",
                _refusal(kind, change, before),
            )
            return _charges(rows)[0]

        return await self._answered(work)

    async def _answered(self, work: Callable[[Transaction], Awaitable[_Charge]]) -> ProviderAnswer:
        return _answer(await self._database.run(work))


def _answer(charge: _Charge) -> ProviderAnswer:
    """Return what stands, unless its answer gets lost. Raises: ProviderUnavailable."""
    if charge.asked <= METHODS.get(charge.method, _UNKNOWN).lost:
        raise ProviderUnavailable("The answer was lost.")
    named = card_token(charge.method) if charge.kind == "authorization" else None
    return _said(charge.id, charge.decline_code, named)


def _said(identity: UUID, decline_code: str | None, named: str | None) -> ProviderAnswer:
    if decline_code is not None:
        return Declined(decline_code, "The sandbox declines it.")
    return Done(f"sandbox-{identity}", named)


def card_token(method: str) -> str:
    """Return the stable name of the sandbox's one card of a method."""
    return f"sandbox-card-{method}"


def _refusal(kind: OperationKind, change: Change, charges: Sequence[_Charge]) -> str | None:
    """Return why an operation is declined, as a provider would, after what was done before; or None."""
    done = [charge for charge in charges if charge.decline_code is None]
    authorized = next((charge for charge in done if charge.kind == "authorization"), None)
    if authorized is None or authorized.currency != change.currency:
        return "unknown_charge"
    method = METHODS.get(authorized.method, _UNKNOWN)
    asked_before = any(charge.kind == kind for charge in charges)
    if kind in method.declines or (kind in method.declines_once and not asked_before):
        return f"{kind}_declined"
    captured, refunded = (
        sum(charge.amount_minor for charge in done if charge.kind == moved)
        for moved in ("capture", "refund")
    )
    released = any(charge.kind == "void" for charge in done)
    left = {
        "capture": 0 if released else authorized.amount_minor - captured,
        "refund": captured - refunded,
    }
    if kind == "void":
        return "already_voided" if released else None
    return "amount_too_large" if change.amount_minor > left[kind] else None


def _charges(rows: Sequence[Any]) -> list[_Charge]:
    return [msgspec.convert(dict(row), _Charge) for row in rows]
