"""Which promotions may work on a basket, and on which lines; why others were not applied. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from omniretail.errors import Refused
from omniretail.money import Rounding
from omniretail.pricing.basket import Basket, NotApplied
from omniretail.pricing.book import Book
from omniretail.pricing.promotion import Gift, Promotion
from omniretail.pricing.savings import Amounts, Candidate, Goods, falls_short, shares

_REASONS = {
    "not_yet": "It has not begun.",
    "over": "It is over.",
    "other_currency": "It is in another currency.",
    "other_customers": "It is for other groups of customers.",
    "other_channel": "It is for other channels or stores.",
    "other_hours": "It holds at other hours.",
    "coupon_missing": "It needs a coupon.",
    "used_up": "It has been used as often as it may.",
    "no_such_goods": "Nothing that it works on is in the basket.",
    "gift_missing": "Its gift is not in the basket.",
    "below_minimum": "What it works on comes to less than its minimum.",
    "saves_nothing": "It would take nothing off.",
    "outweighed": "Other promotions, which it may not stand beside, take more off.",
}


class CouponNotValid(Refused):
    """The coupon does not exist, or it or its promotion is not in force at this time."""

    def __init__(self, coupon: str) -> None:
        super().__init__(f"The coupon {coupon} is not valid now.", coupon=coupon)


def unlocked(book: Book, basket: Basket, at: datetime) -> dict[str, str]:
    """Return the promotions that the basket's coupons unlock, each with its coupon.

    Of two coupons for one promotion the first by code is used. Raises: CouponNotValid.
    """
    found: dict[str, str] = {}
    for code in sorted(set(basket.coupons)):
        coupon = book.coupon(code, at)
        if coupon is None:
            raise CouponNotValid(code)
        found.setdefault(coupon.promotion, code)
    return found


def candidates(
    book: Book, basket: Basket, at: datetime, coupons: Mapping[str, str]
) -> list[Candidate]:
    """Return the promotions that may work on this basket, each with the lines it may work on."""
    open_lines = [n for n, line in enumerate(basket.lines) if line.own_price_minor is None]
    found = {promotion.code: (promotion, open_lines) for promotion in book.general}
    for position in open_lines:
        line = basket.lines[position]
        for promotion in book.promotions_of(line.sku, line.categories):
            _, positions = found.setdefault(promotion.code, (promotion, []))
            if positions is not open_lines:
                positions.append(position)
    return [
        Candidate(
            promotion=promotion,
            positions=_with_gift(promotion, basket, positions),
            coupon=coupons.get(code),
        )
        for code, (promotion, positions) in found.items()
        if _refusal(promotion, basket, at, coupons) is None
        and (positions if promotion.level != "shipping" else basket.shipping is not None)
    ]


def not_applied(
    book: Book,
    basket: Basket,
    at: datetime,
    *,
    coupons: Mapping[str, str],
    eligible: Sequence[Candidate],
    applied: frozenset[str],
    goods: Goods,
    amounts: Amounts,
    rounding: Rounding,
) -> tuple[NotApplied, ...]:
    """Return every promotion that was not applied, by code, with the reason.

    `amounts` are those before promotions.
    """
    by_code = {candidate.promotion.code: candidate for candidate in eligible}
    refused = []
    for code, promotion in sorted(book.promotions.items()):
        if promotion.status == "active" and code not in applied:
            candidate = by_code.get(code)
            if candidate is None:
                reason = _refusal(promotion, basket, at, coupons) or "no_such_goods"
            else:
                reason = _lost(candidate, goods, amounts, rounding)
            refused.append(NotApplied(promotion=code, reason=reason, detail=_REASONS[reason]))
    return tuple(refused)


def _refusal(
    promotion: Promotion, basket: Basket, at: datetime, coupons: Mapping[str, str]
) -> str | None:
    if promotion.coupon_only and promotion.code not in coupons:
        return "coupon_missing"
    if promotion.code in basket.exhausted:
        return "used_up"
    return promotion.refusal(basket.shopper, basket.currency, at)


def _lost(candidate: Candidate, goods: Goods, amounts: Amounts, rounding: Rounding) -> str:
    """Return why a promotion that might have been applied was not."""
    action = candidate.promotion.action
    if isinstance(action, Gift) and action.sku not in goods.skus:
        return "gift_missing"
    if falls_short(candidate, goods, amounts):
        return "below_minimum"
    return "outweighed" if shares(candidate, goods, amounts, rounding) else "saves_nothing"


def _with_gift(promotion: Promotion, basket: Basket, positions: list[int]) -> Sequence[int]:
    """Return a promotion's lines: those of a gift are its own, whether it names them or not."""
    if not isinstance(promotion.action, Gift):
        return positions
    gift = promotion.action.sku
    given = {n for n, line in enumerate(basket.lines) if line.sku == gift}
    priced = {n for n in given if basket.lines[n].own_price_minor is None}
    return sorted({*positions, *priced})
