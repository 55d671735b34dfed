"""What orders mean for loyalty accounts: the points they spend and earn, and what goes back of both. Pure.

What is earned follows what is kept of an order, what was spent follows what was given back: after every
change both are what the order says then, so that no sequence of changes gains or loses a point.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from omniretail import catalog, loyalty
from omniretail.errors import DomainError, Missing, Refused
from omniretail.ids import id_in
from omniretail.money import part
from omniretail.orders.order import Order, Tender
from omniretail.orders.wishes import PlaceOrder

REWARD = 0
"""An order's reward spends points as a tender with this number would."""


class NoLoyaltyAccount(Refused):
    """Points are of an account, and the customer is a member of none."""

    def __init__(self) -> None:
        super().__init__("The customer is a member of no loyalty account.")


class PointsNotTaken(Refused):
    """Points do not pay this: no programme is in force, or it does not take them for this."""

    def __init__(self, detail: str, **fields: object) -> None:
        super().__init__(detail, **fields)


class UnknownReward(Missing):
    """The loyalty programme in force has no such reward."""

    def __init__(self, reward: str) -> None:
        super().__init__(f"There is no reward {reward!r}.", reward=reward)


class RewardWithoutEffect(Refused):
    """The reward takes nothing off this basket."""

    def __init__(self, reward: str) -> None:
        super().__init__(f"{reward} takes nothing off these goods.", reward=reward)


class CouponNeedsReward(Refused):
    """The coupon is a reward of the loyalty programme: it costs points."""

    def __init__(self, coupon: str, reward: str) -> None:
        super().__init__(
            f"{coupon} works by the reward {reward} only.", coupon=coupon, reward=reward
        )


def rewarded(
    programme: loyalty.Programme | None, command: PlaceOrder, coupons: tuple[str, ...]
) -> loyalty.Reward | DomainError | None:
    """Return the reward of a command, of which `coupons` took something off; or why it cannot be."""
    rewards = programme.rewards if programme is not None else ()
    wanted = None
    if command.reward is not None:
        wanted = next((one for one in rewards if one.code == command.reward), None)
        if wanted is None:
            return UnknownReward(command.reward)
        if wanted.coupon not in coupons:
            return RewardWithoutEffect(wanted.code)
    for one in rewards:
        if one.coupon in coupons and one.coupon != (wanted and wanted.coupon):
            return CouponNeedsReward(one.coupon, one.code)
    return wanted


def with_points(
    ledger: loyalty.Ledger,
    version: tuple[UUID, loyalty.Programme] | None,
    command: PlaceOrder,
    order: Order,
    reward: loyalty.Reward | None,
    categories: Mapping[str, frozenset[str]],
) -> Order | DomainError:
    """Return a new order with the points that it spends, having earned what it earns; or why not.

    Spending comes first: what an order earns does not pay it. What was spent before a refusal is not
    taken back here. Who is a member of no account earns nothing.
    """
    account_id = account_of(ledger, order)
    spends = reward is not None or any(tender.type == "points" for tender in order.tenders)
    if version is None:
        return PointsNotTaken("No loyalty programme is in force.") if spends else order
    programme_id, programme = version
    if account_id is None:
        return NoLoyaltyAccount() if spends else order
    order = replace(order, loyalty_account=account_id)
    if spends and command.forced:
        return PointsNotTaken("A till without a connection takes no points.")
    if reward is not None:
        order = replace(
            order,
            reward=reward.code,
            reward_coupon=reward.coupon,
            reward_points=reward.points,
            reward_minor=_rewarded_minor(order, reward.coupon),
        )
        source = _source(order, command.principal.id, order.placed_at, REWARD)
        if refusal := ledger.spend(account_id, reward.points, source, programme):
            return refusal
    tenders = _spent(ledger, programme, command, order, order.tenders)
    if isinstance(tenders, DomainError):
        return tenders
    order = replace(order, tenders=tenders)
    _earn(ledger, programme_id, programme, order, None, categories, command.principal.id)
    return order


def account_of(ledger: loyalty.Ledger, order: Order) -> UUID | None:
    """Return the account that an order's customer is a member of, among those that are locked."""
    customer = id_in(order.customer)
    return ledger.members.get(customer) if customer is not None else None


def spend_more(
    ledger: loyalty.Ledger,
    programmes: loyalty.Programmes,
    command: PlaceOrder,
    order: Order,
    tenders: tuple[Tender, ...],
) -> tuple[Tender, ...] | DomainError:
    """Return the tenders that pay what comes into an order that stands, their points spent; or why not."""
    if not any(tender.type == "points" for tender in tenders):
        return tenders
    programme = programmes.in_force(command.placed_at)
    if programme is None:
        return PointsNotTaken("No loyalty programme is in force.")
    if order.loyalty_account is None:
        return NoLoyaltyAccount()
    return _spent(ledger, programme, command, order, tenders)


def followed(
    ledger: loyalty.Ledger,
    programmes: loyalty.Programmes,
    before: Order,
    after: Order,
    categories: Mapping[str, frozenset[str]],
    *,
    actor_id: UUID,
    at: datetime,
) -> None:
    """Have an order's points follow a change of it: what it earned by what is kept, what it spent by what
    was given back. Nothing of it can be refused.
    """
    version = programmes.at(at)
    if after.loyalty_account is None or version is None:
        return
    programme_id, programme = version
    source = _source(after, actor_id, at, None)
    known = before if before.loyalty_account is not None else None
    _earn(ledger, programme_id, programme, after, known, categories, actor_id, at)
    if after.id not in ledger.orders:
        return
    # Nobody owes points, or is forgiven some, who has points back at the same moment.
    for number, points in _owed_back(after):
        back = points - ledger.restored(after.id, number)
        if back > 0:
            tender = _source(after, actor_id, at, number)
            ledger.restore(after.id, number, back, tender, programme)
    record, kept = ledger.orders[after.id], kept_lines(after)
    due = [loyalty.due(earned, kept) for earned in record.parts]
    more = record.earned_points - record.reversed_points - sum(points for points, _ in due)
    base = record.qualifying_points - sum(base for _, base in due)
    if more > 0:
        ledger.reverse(after.id, more, max(0, base), source, programme)
    if after.fulfillment_status == "done" and before.fulfillment_status != "done":
        ledger.reached(after.id, at, programme)


def kept_lines(order: Order) -> dict[int, loyalty.Sold]:
    """Return what is kept of each line as ordered, with the parts and replacements of it."""
    kept: dict[int, loyalty.Sold] = {}
    for line in order.lines:
        number = line.part_of or line.number
        there = kept.get(number)
        kept[number] = loyalty.Sold(
            number=number,
            sku=line.sku,
            categories=frozenset(),
            quantity=line.quantity - line.gone_quantity + (there.quantity if there else 0),
            total_minor=line.kept_minor + (there.total_minor if there else 0),
            tax_minor=line.kept_tax_minor + (there.tax_minor if there else 0),
        )
    return kept


def _earn(
    ledger: loyalty.Ledger,
    programme_id: UUID,
    programme: loyalty.Programme,
    order: Order,
    before: Order | None,
    categories: Mapping[str, frozenset[str]],
    actor_id: UUID,
    at: datetime | None = None,
) -> None:
    """Earn points for the lines of an order that it did not have before; None: for all of them."""
    had = {line.part_of or line.number for line in before.lines} if before is not None else set()
    lines = [
        replace(line, categories=categories.get(line.sku, frozenset()))
        for number, line in kept_lines(order).items()
        if number not in had
    ]
    if not lines or order.loyalty_account is None:
        return
    paid_minor, points_minor = _shares(order)
    account = ledger.account(order.loyalty_account)
    assert isinstance(account, loyalty.Account), "who earns is locked"
    earned = loyalty.earned(
        programme,
        programme_id,
        lines,
        currency=order.currency,
        channel=order.channel,
        tier=account.tier,
        at=at or order.placed_at,
        total_minor=paid_minor,
        points_minor=points_minor,
    )
    if earned is None:
        return
    at = at or order.placed_at
    done = order.fulfillment_status == "done"
    late = before is None and at > order.placed_at and _too_late(programme, order, at)
    ledger.earn(
        account.id,
        earned,
        _source(order, actor_id, at, None),
        programme,
        reached_at=at if done else None,
        claimed_late=late,
    )


def _too_late(programme: loyalty.Programme, order: Order, at: datetime) -> bool:
    return (at - order.placed_at).days >= programme.late_claim_days


def _shares(order: Order) -> tuple[int, int]:
    """Return what an order's tenders pay of its price, and what of that points do."""
    paid = points = 0
    for tender in order.tenders:
        paid += tender.left_minor
        if tender.type == "points":
            points += tender.left_minor
    return paid, points


def _spent(
    ledger: loyalty.Ledger,
    programme: loyalty.Programme,
    command: PlaceOrder,
    order: Order,
    tenders: tuple[Tender, ...],
) -> tuple[Tender, ...] | DomainError:
    """Return tenders with the points that pay them, spent; or why they cannot be."""
    assert order.loyalty_account is not None, "points are of an account"
    account = ledger.account(order.loyalty_account)
    assert isinstance(account, loyalty.Account), "who spends is locked"
    holds = [tender.hold_id for tender in command.tenders]
    paid = []
    for tender, hold_id in zip(tenders, holds, strict=True):
        if tender.type != "points":
            paid.append(tender)
            continue
        points = loyalty.points_for(programme, tender.amount_minor, order.currency)
        if points is None:
            return PointsNotTaken(f"Points do not pay {order.currency}.", currency=order.currency)
        if points < programme.least_redeemed:
            return PointsNotTaken(
                f"No fewer than {programme.least_redeemed} points pay.",
                points=points,
                least_redeemed=programme.least_redeemed,
            )
        source = _source(order, command.principal.id, command.placed_at, tender.number)
        if refusal := ledger.spend(account.id, points, source, programme, hold_id=hold_id):
            return refusal
        paid.append(replace(tender, points=points))
    return tuple(paid)


def _owed_back(order: Order) -> list[tuple[int, int]]:
    """Return how many points of each points tender, and of the reward, have to be back by now."""
    back = [
        (tender.number, part(tender.points, tender.back_minor, tender.amount_minor))
        for tender in order.tenders
        if tender.points is not None
    ]
    if order.reward_coupon is not None and order.reward_minor:
        kept = min(order.reward_minor, _rewarded_minor(order, order.reward_coupon))
        gone = order.reward_minor - kept
        back.append((REWARD, part(order.reward_points, gone, order.reward_minor)))
    return back


def _rewarded_minor(order: Order, coupon: str) -> int:
    """Return what a reward takes off what is kept of an order."""
    off = 0
    for line in order.lines:
        for discount in line.discounts:
            if discount.coupon == coupon:
                gone = part(discount.amount_minor, line.gone_quantity, line.quantity)
                off += discount.amount_minor - gone
    if order.shipping is not None and order.keeps_shipping:
        off += sum(one.amount_minor for one in order.shipping.discounts if one.coupon == coupon)
    return off


def _source(order: Order, actor_id: UUID, at: datetime, number: int | None) -> loyalty.Source:
    return loyalty.Source(
        actor_id=actor_id, occurred_at=at, order_id=order.id, tender_number=number
    )


def points_wanted(programmes: loyalty.Programmes, command: PlaceOrder) -> int:
    """Return how many points a command asks for, at most."""
    programme = programmes.in_force(command.placed_at)
    if programme is None:
        return 0
    tendered = sum(
        loyalty.points_for(programme, tender.amount_minor, tender.currency) or 0
        for tender in command.tenders
        if tender.type == "points"
    )
    return tendered + sum(one.points for one in programme.rewards if one.code == command.reward)


def categories_of(skus: Mapping[str, catalog.SkuTraits]) -> dict[str, frozenset[str]]:
    """Return the categories of SKUs, which the rules of earning go by."""
    return {sku: traits.categories for sku, traits in skus.items()}
