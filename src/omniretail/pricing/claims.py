"""Claiming a use of a coupon for a checkout, and giving it back. What may be claimed is in `usage`.

A claim that has run out keeps nothing: whoever asks judges that, and nobody needs to sweep.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import channels, customers, idempotency
from omniretail.db import Transaction, Write, sql
from omniretail.errors import DomainError
from omniretail.pricing.book import Book
from omniretail.pricing.candidates import CouponNotValid
from omniretail.pricing.keeper import BookKeeper
from omniretail.pricing.promotion import coupon_code
from omniretail.pricing.usage import Claim, ClaimEnded, Subject, UnknownClaim, Usages, Use
from omniretail.pricing.usages import Asked, claims_by_id, usages, write_usages

_FREE = sql("pricing.free_usages")
_FORGET = sql("pricing.forget_claims")

LONGEST_CLAIM = timedelta(hours=4)


class ClaimCoupon(msgspec.Struct, frozen=True, kw_only=True):
    """The command to keep a use of a coupon, for a customer where one is named, for `seconds`.

    The customer is an id, an external id or a loyalty card.
    """

    key: idempotency.Key
    claim_id: UUID
    principal: channels.Principal
    coupon: str
    customer: str | None
    seconds: int


class FreeClaim(msgspec.Struct, frozen=True, kw_only=True):
    """The command to give back what a claim keeps."""

    claim_id: UUID
    principal: channels.Principal


async def claim_coupons(
    tx: Transaction, commands: Sequence[ClaimCoupon], *, books: BookKeeper, now: datetime
) -> list[idempotency.Answer[Claim] | DomainError]:
    """Claim coupons, first come first served; one outcome per command, in order.

    Uses of a known customer are counted under the id, whatever they are called. Locks: the counts of
    the limited ones, by code. Outcomes: the claim, CouponNotValid, CouponExhausted,
    CouponNeedsCustomer, IdempotencyKeyReused.
    """
    named = {command.customer for command in commands if command.customer is not None}
    known, version, people = await tx.read(
        idempotency.known(commands), books.version(), customers.customers_by_reference(named)
    )
    book = await books.at(tx, version)
    repetitions = idempotency.Repetitions(commands, known, Claim)
    fresh = [
        replace(command, customer=str(people[command.customer].id))
        if command.customer in people
        else command
        for command in repetitions.fresh
    ]
    found = await usages(tx, _asked(book, fresh), lock=True, now=now)
    outcomes = [_claimed(book, found, command, now=now) for command in fresh]
    await repetitions.confirm(tx, outcomes)
    await tx.write(*write_usages(found, now=now), *repetitions.remember(outcomes, now=now))
    return repetitions.answers(outcomes)


async def free_claims(
    tx: Transaction, commands: Sequence[FreeClaim], *, now: datetime
) -> list[Claim | DomainError]:
    """Give back what claims keep; one outcome per command, in order. Freed again: the same answer.

    Locks: the counts of their coupons, by code. Outcomes: the freed claim, UnknownClaim, ClaimEnded
    (it became an order's).
    """
    ids = frozenset(command.claim_id for command in commands)
    (seen,) = await tx.read(claims_by_id(ids))
    subjects = frozenset(Subject("coupon", claim.coupon) for claim in seen.values())
    # An order may have used one while this waited for the counts: they are read again behind them.
    claims = (await usages(tx, Asked(subjects=subjects, claims=ids), lock=True, now=now)).claims
    freed: set[UUID] = set()
    outcomes: list[Claim | DomainError] = []
    for command in commands:
        claim = claims.get(command.claim_id)
        if claim is None or not _visible(claim, command.principal):
            outcomes.append(UnknownClaim(command.claim_id))
        elif claim.state == "used":
            outcomes.append(ClaimEnded(claim.id, claim.state))
        else:
            if claim.state == "claimed":
                freed.add(claim.id)
                claims[claim.id] = claim = replace(claim, state="freed")
            outcomes.append(claim)
    if freed:
        await tx.write(Write(_FREE, (list(freed), now)))
    return outcomes


async def find_claim(tx: Transaction, claim_id: UUID, *, principal: channels.Principal) -> Claim:
    """Return a claim. Raises: UnknownClaim."""
    (claims,) = await tx.read(claims_by_id([claim_id]))
    claim: Claim | None = claims.get(claim_id)
    if claim is None or not _visible(claim, principal):
        raise UnknownClaim(claim_id)
    return claim


async def forget_claims(tx: Transaction, *, moment: datetime, most: int) -> int:
    """Delete up to `most` claims that ran out before a moment and became no order's.

    Nothing waits for it. Returns how many were deleted.
    """
    return await tx.execute(_FORGET, moment, most)


def _asked(book: Book, commands: Sequence[ClaimCoupon]) -> Asked:
    """Return the limited coupons of commands, with their customers where that matters."""
    subjects: set[Subject] = set()
    customers: set[tuple[str, str]] = set()
    for command in commands:
        coupon = book.coupons.get(coupon_code(command.coupon))
        if coupon is None:
            continue
        if coupon.usage_limit is not None or coupon.limit_per_customer is not None:
            subjects.add(Subject("coupon", coupon.code))
        if coupon.limit_per_customer is not None and command.customer is not None:
            customers.add((coupon.code, command.customer))
    return Asked(subjects=frozenset(subjects), customers=frozenset(customers))


def _claimed(
    book: Book, found: Usages, command: ClaimCoupon, *, now: datetime
) -> Claim | DomainError:
    """Return one claim, kept in `found`, or why it is refused."""
    code = coupon_code(command.coupon)
    coupon = book.coupon(code, now)
    if coupon is None:
        return CouponNotValid(code)
    claim = Claim(
        id=command.claim_id,
        coupon=code,
        customer=command.customer,
        state="claimed",
        claimed_by=command.principal.id,
        expires_at=now + timedelta(seconds=command.seconds),
    )
    use = Use(
        id=claim.id,
        subject=Subject("coupon", code),
        customer=claim.customer,
        claimed_by=claim.claimed_by,
        expires_at=claim.expires_at,
    )
    return found.claim(coupon, use) or claim


def _visible(claim: Claim, principal: channels.Principal) -> bool:
    return claim.claimed_by == principal.id or principal.kind in {"staff", "integration"}
