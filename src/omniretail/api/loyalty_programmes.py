"""The loyalty programme over HTTP: its versions, and which one is in force.

Its amounts are amounts: what points are given for stands in `per`, what they pay in `for`. What an
answer tells as `programme` can be sent as one.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.params import FromQuery, JSONBody
from msgspec import Meta, field

from omniretail import clock, loyalty
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.paging import Cursor, Limit, Page, page, text_cursor
from omniretail.api.process import Tx
from omniretail.api.wire import Code, Moment, Money, Request, Text, View
from omniretail.errors import Invalid

Points = Annotated[int, Meta(ge=1, le=loyalty.MOST_POINTS)]
Days = Annotated[int, Meta(ge=0, le=loyalty.MOST_DAYS)]
HoldSeconds = Annotated[int, Meta(ge=1, le=loyalty.MOST_HOLD_SECONDS)]
Percent = Annotated[
    int, Meta(ge=100, le=loyalty.MOST_PERCENT, description="Of the base rate: 200 doubles it")
]
Amounts = Annotated[
    tuple[Money, ...],
    Meta(max_length=loyalty.MOST_CURRENCIES, description="One amount a currency"),
]
Codes = Annotated[tuple[Code, ...], Meta(max_length=loyalty.MOST_CODES)]


class EarnRuleBody(Request, frozen=True, kw_only=True):
    """Points on top of the base rate, for the lines that it names (naming none: for all that count).

    A `multiplier` adds `percent` − 100 percent of the base rate, a `rate` so many `points` for each
    amount in `per`, `units` so many `points` a unit. Naming no channels, it holds in all of them;
    naming no tiers, for everybody.
    """

    code: Code
    name: Text
    kind: loyalty.RuleKind
    percent: Percent = 100
    points: Annotated[int, Meta(ge=0, le=loyalty.MOST_POINTS)] = 0
    per: Amounts = ()
    skus: Codes = ()
    categories: Codes = ()
    channels: Codes = ()
    tiers: Codes = ()
    valid_from: Moment | None = None
    valid_to: Moment | None = None


class EarnBody(Request, frozen=True, kw_only=True):
    """How points are earned: `points` for each amount in `per`; other currencies earn nothing.

    They can be spent `pending_days` after the goods reached the customer.
    """

    points: Points = 1
    per: Amounts
    tax_excluded: bool = True
    excluded_skus: Codes = ()
    excluded_categories: Codes = ()
    rules: Annotated[tuple[EarnRuleBody, ...], Meta(max_length=loyalty.MOST_RULES)] = ()
    pending_days: Days = 14
    most_a_day: Points | None = None
    late_claim_days: Annotated[
        int, Meta(ge=0, le=loyalty.MOST_DAYS, description="How long a receipt can be claimed later")
    ] = 30


class RewardBody(Request, frozen=True, kw_only=True):
    """A coupon that is had for points."""

    code: Code
    name: Text
    points: Points
    coupon: Code


class RedeemBody(Request, frozen=True, kw_only=True):
    """How points are spent: so many `points` pay an amount in `for`, or buy a reward."""

    points: Points = 100
    pays: Amounts = field(name="for")
    least: Annotated[
        int, Meta(ge=1, le=loyalty.MOST_POINTS, description="The fewest points to spend at once")
    ] = 1
    rewards: Annotated[tuple[RewardBody, ...], Meta(max_length=loyalty.MOST_REWARDS)] = ()
    web_hold_seconds: HoldSeconds = 900
    till_hold_seconds: HoldSeconds = 300
    restored_days: Annotated[
        int, Meta(ge=0, le=loyalty.MOST_DAYS, description="Points given back last so long at least")
    ] = 30
    most_a_day: (
        Annotated[int, Meta(ge=1, le=loyalty.MOST_POINTS, description="Redemptions of one account")]
        | None
    ) = None


class TierBody(Request, frozen=True, kw_only=True):
    """A tier, from so many qualifying points on; each begins above the last."""

    code: Code
    name: Text
    qualifying: Points
    percent: Percent = 100
    customer_group: Code | None = None


class TierPeriodBody(Request, frozen=True, kw_only=True):
    """The time in which points count for tiers: the last months, or those of the calendar."""

    kind: loyalty.TierPeriod = "rolling"
    months: Annotated[int, Meta(ge=1, le=loyalty.MOST_MONTHS)] = 12


class ProgrammeBody(Request, frozen=True, kw_only=True):
    """A loyalty programme, all of it: what is left out takes its default.

    Points expire `lifetime_months` after they can be spent, when the local day ends in `time_zone`;
    null: never. `negative` says what becomes of points that are taken back when they are spent: a
    debt that later earnings repay, as many as the balance has, or only such as were still pending.
    """

    name: Text
    time_zone: Text
    earn: EarnBody
    redeem: RedeemBody
    lifetime_months: Annotated[int, Meta(ge=1, le=loyalty.MOST_MONTHS)] | None = 24
    tiers: Annotated[tuple[TierBody, ...], Meta(max_length=loyalty.MOST_TIERS)] = ()
    tier_period: TierPeriodBody = field(default_factory=TierPeriodBody)
    negative: loyalty.Negative = "debt"
    gift_hours: Annotated[
        int,
        Meta(ge=0, le=24 * loyalty.MOST_DAYS, description="How long a gift of points waits"),
    ] = 24
    expected_redemption_ppm: Annotated[
        int, Meta(ge=0, le=1_000_000, description="What part of all points is ever spent")
    ] = 800_000
    most_members: Annotated[
        int, Meta(ge=1, le=loyalty.MOST_MEMBERS, description="Members of one account")
    ] = 6


class ProgrammeRequest(Request, frozen=True, kw_only=True):
    """A version of the programme, in force from a moment on: from now on, where none is named."""

    programme: ProgrammeBody
    effective_from: Moment | None = None


class ProgrammeView(View, frozen=True, kw_only=True):
    """A version of the programme; it is in force until the next one is."""

    id: UUID
    effective_from: Moment
    programme: ProgrammeBody
    created_at: Moment
    created_by: UUID


@post("/v1/loyalty/programmes", opt={"scope": "loyalty:configure"})
async def add_programme(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[ProgrammeRequest],
    idempotency_key: KeyHeader = None,
) -> Response[ProgrammeView]:
    """Put a loyalty programme in force, from now or a later moment on. None is changed afterwards."""
    command = loyalty.AddProgramme(
        key=key(idempotency_key, request.user, request.url.path, data),
        principal=request.user,
        programme=_programme(data.programme),
        effective_from=data.effective_from,
    )
    answer = await request.app.state.process.add_programme(command)
    return answered(answer, _view, status=201)


@get("/v1/loyalty/programmes", opt={"scope": "loyalty:read"})
async def list_programmes(tx: Tx, limit: Limit = 50, cursor: Cursor = None) -> Page[ProgrammeView]:
    """List the versions of the loyalty programme, the last one to come into force first."""
    found = await loyalty.list_programmes(tx, before=_before(cursor), limit=limit + 1)
    return page(
        found, limit=limit, view=_view, key=lambda version: version.effective_from.isoformat()
    )


@get("/v1/loyalty/programme", opt={"scope": "loyalty:read"})
async def get_programme(tx: Tx, at: FromQuery[datetime | None] = None) -> ProgrammeView:
    """Return the version of the loyalty programme that is in force at a moment, else now."""
    return _view(await loyalty.programme_at(tx, clock.now() if at is None else _utc("/at", at)))


def _before(cursor: str | None) -> datetime | None:
    if not cursor:
        return None
    try:
        return _utc("/cursor", datetime.fromisoformat(text_cursor(cursor)))
    except ValueError as error:
        raise Invalid.at("/cursor", "This is not a cursor of ours") from error


def _utc(pointer: str, moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise Invalid.at(pointer, "A moment needs its time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise Invalid.at(pointer, "That is outside the calendar") from error


def _programme(body: ProgrammeBody) -> loyalty.Programme:
    earn, redeem = body.earn, body.redeem
    return loyalty.Programme(
        name=body.name,
        zone=body.time_zone,
        points=earn.points,
        per_minor=_by_currency("/programme/earn/per", earn.per),
        tax_excluded=earn.tax_excluded,
        excluded_skus=frozenset(earn.excluded_skus),
        excluded_categories=frozenset(earn.excluded_categories),
        rules=tuple(_rule(number, rule) for number, rule in enumerate(earn.rules)),
        pending_days=earn.pending_days,
        lifetime_months=body.lifetime_months,
        redeem_points=redeem.points,
        redeem_minor=_by_currency("/programme/redeem/for", redeem.pays),
        least_redeemed=redeem.least,
        rewards=tuple(
            loyalty.Reward(code=one.code, name=one.name, points=one.points, coupon=one.coupon)
            for one in redeem.rewards
        ),
        tiers=tuple(_tier(tier) for tier in body.tiers),
        tier_period=body.tier_period.kind,
        tier_months=body.tier_period.months,
        web_hold_seconds=redeem.web_hold_seconds,
        till_hold_seconds=redeem.till_hold_seconds,
        restored_days=redeem.restored_days,
        negative=body.negative,
        most_earned_a_day=earn.most_a_day,
        most_redemptions_a_day=redeem.most_a_day,
        late_claim_days=earn.late_claim_days,
        gift_hours=body.gift_hours,
        expected_redemption_ppm=body.expected_redemption_ppm,
        most_members=body.most_members,
    )


def _rule(number: int, body: EarnRuleBody) -> loyalty.EarnRule:
    return loyalty.EarnRule(
        code=body.code,
        name=body.name,
        kind=body.kind,
        percent=body.percent,
        points=body.points,
        per_minor=_by_currency(f"/programme/earn/rules/{number}/per", body.per),
        skus=frozenset(body.skus),
        categories=frozenset(body.categories),
        channels=frozenset(body.channels),
        tiers=frozenset(body.tiers),
        valid_from=body.valid_from,
        valid_to=body.valid_to,
    )


def _tier(body: TierBody) -> loyalty.Tier:
    return loyalty.Tier(
        code=body.code,
        name=body.name,
        qualifying=body.qualifying,
        percent=body.percent,
        customer_group=body.customer_group,
    )


def _by_currency(pointer: str, amounts: Sequence[Money]) -> dict[str, int]:
    found: dict[str, int] = {}
    for number, money in enumerate(amounts):
        if money.currency in found:
            raise Invalid.at(f"{pointer}/{number}/currency", f"{money.currency} is named above")
        found[money.currency] = money.amount
    return found


def _amounts(by_currency: Mapping[str, int]) -> tuple[Money, ...]:
    return tuple(Money(amount, currency) for currency, amount in sorted(by_currency.items()))


def _view(version: loyalty.ProgrammeVersion) -> ProgrammeView:
    return ProgrammeView(
        id=version.id,
        effective_from=version.effective_from,
        programme=_body(version.programme),
        created_at=version.created_at,
        created_by=version.created_by,
    )


def _body(programme: loyalty.Programme) -> ProgrammeBody:
    return ProgrammeBody(
        name=programme.name,
        time_zone=programme.zone,
        earn=_earn_body(programme),
        redeem=_redeem_body(programme),
        lifetime_months=programme.lifetime_months,
        tiers=tuple(
            TierBody(
                code=tier.code,
                name=tier.name,
                qualifying=tier.qualifying,
                percent=tier.percent,
                customer_group=tier.customer_group,
            )
            for tier in programme.tiers
        ),
        tier_period=TierPeriodBody(kind=programme.tier_period, months=programme.tier_months),
        negative=programme.negative,
        gift_hours=programme.gift_hours,
        expected_redemption_ppm=programme.expected_redemption_ppm,
        most_members=programme.most_members,
    )


def _earn_body(programme: loyalty.Programme) -> EarnBody:
    return EarnBody(
        points=programme.points,
        per=_amounts(programme.per_minor),
        tax_excluded=programme.tax_excluded,
        excluded_skus=tuple(sorted(programme.excluded_skus)),
        excluded_categories=tuple(sorted(programme.excluded_categories)),
        rules=tuple(_rule_body(rule) for rule in programme.rules),
        pending_days=programme.pending_days,
        most_a_day=programme.most_earned_a_day,
        late_claim_days=programme.late_claim_days,
    )


def _rule_body(rule: loyalty.EarnRule) -> EarnRuleBody:
    return EarnRuleBody(
        code=rule.code,
        name=rule.name,
        kind=rule.kind,
        percent=rule.percent,
        points=rule.points,
        per=_amounts(rule.per_minor),
        skus=tuple(sorted(rule.skus)),
        categories=tuple(sorted(rule.categories)),
        channels=tuple(sorted(rule.channels)),
        tiers=tuple(sorted(rule.tiers)),
        valid_from=rule.valid_from,
        valid_to=rule.valid_to,
    )


def _redeem_body(programme: loyalty.Programme) -> RedeemBody:
    return RedeemBody(
        points=programme.redeem_points,
        pays=_amounts(programme.redeem_minor),
        least=programme.least_redeemed,
        rewards=tuple(
            RewardBody(code=one.code, name=one.name, points=one.points, coupon=one.coupon)
            for one in programme.rewards
        ),
        web_hold_seconds=programme.web_hold_seconds,
        till_hold_seconds=programme.till_hold_seconds,
        restored_days=programme.restored_days,
        most_a_day=programme.most_redemptions_a_day,
    )


HANDLERS = [add_programme, list_programmes, get_programme]
