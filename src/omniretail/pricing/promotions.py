"""Putting promotions and coupons in place, and reading them. Each change gives the book a new version."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace
from sqlmodel import col, select

from omniretail import catalog, channels
from omniretail.db import Read, Transaction, sql, write_columns
from omniretail.errors import DomainError, Invalid, Missing, Refused
from omniretail.pricing import models
from omniretail.pricing.keeper import next_version
from omniretail.pricing.price_lists import OverrideUnexplained
from omniretail.pricing.promotion import Bundle, Coupon, Gift, Promotion, coupon_code
from omniretail.pricing.promotion_faults import coupon_fault, promotion_fault
from omniretail.pricing.times import in_zone
from omniretail.pricing.usage import Subject
from omniretail.pricing.usages import Asked, usages

_PUT_PROMOTION = sql("pricing.put_promotion")
_PUT_COUPONS = sql("pricing.put_coupons")
_BY_CODE = sql("pricing.promotions_by_code")


class UnknownPromotion(Missing):
    """There is no such promotion."""

    def __init__(self, promotion: str) -> None:
        super().__init__(f"There is no promotion {promotion!r}.", promotion=promotion)


class UnknownCoupon(Missing):
    """There is no such coupon."""

    def __init__(self, coupon: str) -> None:
        super().__init__(f"There is no coupon {coupon!r}.", coupon=coupon)


class PromotionNeedsNoCoupon(Refused):
    """The promotion holds for everybody: a coupon would unlock nothing."""

    def __init__(self, promotion: str) -> None:
        super().__init__(
            f"{promotion} holds without a coupon; make it `coupon_only` first.", promotion=promotion
        )


class CouponStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon, how many orders used it, and how many checkouts keep a use of it just now."""

    coupon: Coupon
    used: int
    claimed: int


async def put_promotion(tx: Transaction, spec: Promotion, *, now: datetime) -> Promotion:
    """Create a promotion or replace it; what was sold by it stays as it was.

    A time without an offset is a wall clock's in the promotion's zone. A bundle that names no SKUs
    works on its parts. Returns the promotion as stored.
    Locks: the book's version. Raises: Invalid, OverrideUnexplained, UnknownSku, UnknownChannel,
    UnknownLocation.
    """
    spec = replace(
        spec,
        valid_from=in_zone(spec.valid_from, spec.time_zone, pointer="/valid_from"),
        valid_until=in_zone(spec.valid_until, spec.time_zone, pointer="/valid_until"),
    )
    if isinstance(spec.action, Bundle) and not spec.skus:
        spec = replace(spec, skus=frozenset(spec.action.parts))
    if fault := promotion_fault(spec):
        raise fault
    if spec.differs_by_channel and (not spec.override_reason or spec.valid_until is None):
        raise OverrideUnexplained
    named = _skus(spec)
    sellers, places, skus = await tx.read(
        channels.channels_by_code(spec.channels),
        catalog.locations_by_code(spec.locations),
        catalog.skus_by_code(named),
    )
    for channel in sorted(spec.channels - sellers.keys()):
        raise channels.UnknownChannel(channel)
    for location in sorted(spec.locations - places.keys()):
        raise catalog.UnknownLocation(location)
    for sku in sorted(named - skus.keys()):
        raise catalog.UnknownSku(sku)
    await tx.execute(_PUT_PROMOTION, spec.code, _document(spec), await next_version(tx), now)
    return spec


async def put_coupons(
    tx: Transaction, specs: Sequence[Coupon], *, now: datetime
) -> list[Coupon | DomainError]:
    """Create or replace coupons; one outcome per coupon, in order. How often each was used stays.

    Codes are kept in upper case. The same code twice: the last one stands.
    Locks: the book's version. Outcomes: the coupon as stored, UnknownPromotion,
    PromotionNeedsNoCoupon, Invalid.
    """
    (promotions,) = await tx.read(_promotions_by_code({spec.promotion for spec in specs}))
    outcomes: list[Coupon | DomainError] = []
    accepted: dict[str, Coupon] = {}
    for spec in specs:
        outcome = _settled(spec, promotions)
        if isinstance(outcome, Coupon):
            accepted[outcome.code] = outcome
        outcomes.append(outcome)
    if accepted:
        rows = [(coupon.code, coupon.promotion, _document(coupon)) for coupon in accepted.values()]
        await tx.write(*write_columns(_PUT_COUPONS, rows, await next_version(tx), now))
    return outcomes


async def get_promotion(tx: Transaction, code: str) -> Promotion:
    """Return a promotion. Raises: UnknownPromotion."""
    rows = await tx.select(
        select(models.Promotion.document).where(col(models.Promotion.code) == code)
    )
    if not rows:
        raise UnknownPromotion(code)
    return msgspec.json.decode(rows[0]["document"], type=Promotion)


async def list_promotions(tx: Transaction, *, after: str, limit: int) -> list[Promotion]:
    """Return promotions in the order of their codes, archived ones among them."""
    rows = await tx.select(
        select(models.Promotion.document)
        .where(col(models.Promotion.code) > after)
        .order_by(col(models.Promotion.code))
        .limit(limit)
    )
    return [msgspec.json.decode(row["document"], type=Promotion) for row in rows]


async def get_coupon(tx: Transaction, code: str, *, now: datetime) -> CouponStanding:
    """Return a coupon, whatever the case its code was typed in. Raises: UnknownCoupon."""
    kept = coupon_code(code)
    rows = await tx.select(select(models.Coupon.document).where(col(models.Coupon.code) == kept))
    if not rows:
        raise UnknownCoupon(code)
    subject = Subject("coupon", kept)
    found = await usages(tx, Asked(subjects=frozenset({subject})), lock=False, now=now)
    used, claimed = found.so_far(subject)
    coupon = msgspec.json.decode(rows[0]["document"], type=Coupon)
    return CouponStanding(coupon=coupon, used=used, claimed=claimed)


def _promotions_by_code(codes: Collection[str]) -> Read[dict[str, bool]]:
    """Return the read of the promotions that exist: whether each needs a coupon."""
    return Read(
        _BY_CODE, (list(codes),), lambda rows: {row["code"]: row["coupon_only"] for row in rows}
    )


def _settled(spec: Coupon, promotions: Mapping[str, bool]) -> Coupon | DomainError:
    """Return a coupon as it is kept, or why it is refused."""
    if spec.promotion not in promotions:
        return UnknownPromotion(spec.promotion)
    if not promotions[spec.promotion]:
        return PromotionNeedsNoCoupon(spec.promotion)
    try:
        coupon = replace(
            spec,
            code=coupon_code(spec.code),
            valid_from=in_zone(spec.valid_from, spec.time_zone, pointer="/valid_from"),
            valid_until=in_zone(spec.valid_until, spec.time_zone, pointer="/valid_until"),
        )
    except Invalid as fault:
        return fault
    return coupon_fault(coupon) or coupon


def _skus(spec: Promotion) -> frozenset[str]:
    """Return every SKU that a promotion names."""
    match spec.action:
        case Gift(sku=gift):
            return spec.skus | {gift}
        case Bundle(parts=parts):
            return spec.skus | parts.keys()
        case _:
            return spec.skus


def _document(spec: Promotion | Coupon) -> str:
    stated = msgspec.to_builtins(spec, order="deterministic")
    # The encoder leaves out defaults, but not empty sets.
    return msgspec.json.encode(
        {name: value for name, value in stated.items() if value != []}
    ).decode()
