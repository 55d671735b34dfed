"""Coupons over HTTP, and claims: uses of coupons that are kept for a checkout."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, delete, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from omniretail import clock, pricing
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.problems import document
from omniretail.api.process import Tx
from omniretail.api.promotions import WallClock
from omniretail.api.wire import Code, CodeInPath, Moment, Quantity, Request, Text, View
from omniretail.errors import DomainError
from omniretail.ids import new_id

Seconds = Annotated[
    int,
    Meta(
        ge=1,
        le=int(pricing.LONGEST_CLAIM.total_seconds()),
        description="How long from now, at most four hours",
    ),
]


class CouponDefinition(Request, frozen=True, kw_only=True):
    """A coupon, all of it: what is left out takes its default. Its promotion is `coupon_only`."""

    promotion: Code
    status: Literal["active", "archived"] = "active"
    usage_limit: Annotated[
        Quantity | None, Meta(description="How many orders may use it; null: any number")
    ] = None
    limit_per_customer: Annotated[
        Quantity | None, Meta(description="How many orders of one customer may use it")
    ] = None
    time_zone: Text = "UTC"
    valid_from: WallClock | None = None
    valid_until: WallClock | None = None


class CouponRow(CouponDefinition, frozen=True, kw_only=True):
    """One coupon of many."""

    code: Code


class CouponsRequest(Request, frozen=True, kw_only=True):
    """Coupons to create or replace, each by itself."""

    coupons: Annotated[tuple[CouponRow, ...], Meta(min_length=1, max_length=10_000)]


class CouponView(View, frozen=True, kw_only=True):
    """A coupon as stored, how many orders used it, and how many checkouts keep a use just now."""

    code: str
    promotion: str
    status: str
    usage_limit: int | None
    limit_per_customer: int | None
    time_zone: str
    valid_from: Moment | None
    valid_until: Moment | None
    used: int
    claimed: int


class CouponOutcome(View, frozen=True, kw_only=True):
    """What became of one coupon: stored under this code, or refused with a problem."""

    code: str
    refused: dict[str, object] | None = None


class CouponsView(View, frozen=True, kw_only=True):
    """One outcome per coupon, in order."""

    outcomes: list[CouponOutcome]


class ClaimRequest(Request, frozen=True, kw_only=True):
    """A checkout wants to keep a use of a coupon; one limited per customer needs the customer.

    `customer` is an id, an external id or a loyalty card; uses of one who is known are counted together.
    """

    coupon: Code
    customer: Code | None = None
    ttl_seconds: Seconds = 600


class ClaimView(View, frozen=True, kw_only=True):
    """A claim of a coupon, and what has become of it."""

    id: UUID
    coupon: str
    customer: str | None
    state: Literal["claimed", "expired", "used", "freed"]
    expires_at: Moment
    order_id: UUID | None


@put("/v1/coupons/{code:str}", opt={"scope": "prices:write"})
async def put_coupon(tx: Tx, code: CodeInPath, data: JSONBody[CouponDefinition]) -> CouponView:
    """Create or replace a coupon; how often it was used stays."""
    now = clock.now()
    (outcome,) = await pricing.put_coupons(tx, [_spec(code, data)], now=now)
    if isinstance(outcome, DomainError):
        raise outcome
    return _coupon(await pricing.get_coupon(tx, code, now=now))


@put("/v1/coupons", opt={"scope": "prices:write"})
async def put_coupons(tx: Tx, data: JSONBody[CouponsRequest]) -> CouponsView:
    """Create or replace many coupons; each is stored or refused by itself."""
    specs = [_spec(row.code, row) for row in data.coupons]
    outcomes = await pricing.put_coupons(tx, specs, now=clock.now())
    return CouponsView(
        outcomes=[
            CouponOutcome(code=spec.code, refused=document(outcome))
            if isinstance(outcome, DomainError)
            else CouponOutcome(code=outcome.code)
            for spec, outcome in zip(specs, outcomes, strict=True)
        ]
    )


@get("/v1/coupons/{code:str}", opt={"scope": "prices:read"})
async def get_coupon(tx: Tx, code: CodeInPath) -> CouponView:
    """Return a coupon, and how often it was used."""
    return _coupon(await pricing.get_coupon(tx, code, now=clock.now()))


@post("/v1/coupon-claims", opt={"scope": "coupons:write"}, status_code=201)
async def claim_coupon(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[ClaimRequest],
    idempotency_key: KeyHeader = None,
) -> Response[ClaimView]:
    """Keep a use of a coupon for a checkout, until its order uses it, it is freed, or runs out."""
    now = clock.now()
    command = pricing.ClaimCoupon(
        key=key(idempotency_key, request.user, request.url.path, data),
        claim_id=new_id(),
        principal=request.user,
        coupon=data.coupon,
        customer=data.customer,
        seconds=data.ttl_seconds,
    )
    answer = await request.app.state.process.claim_coupon(command)
    return answered(answer, lambda claim: _claim(claim, now), status=201)


@get("/v1/coupon-claims/{claim_id:uuid}", opt={"scope": "coupons:write"})
async def get_claim(
    tx: Tx, request: HttpRequest[Any, Any, Any], claim_id: FromPath[UUID]
) -> ClaimView:
    """Return a claim of a coupon."""
    found = await pricing.find_claim(tx, claim_id, principal=request.user)
    return _claim(found, clock.now())


@delete("/v1/coupon-claims/{claim_id:uuid}", opt={"scope": "coupons:write"}, status_code=200)
async def free_claim(request: HttpRequest[Any, Any, Any], claim_id: FromPath[UUID]) -> ClaimView:
    """Give back what a claim keeps, such as after a payment that failed; twice is the same."""
    command = pricing.FreeClaim(claim_id=claim_id, principal=request.user)
    return _claim(await request.app.state.process.free_claim(command), clock.now())


def _spec(code: str, data: CouponDefinition) -> pricing.Coupon:
    return pricing.Coupon(
        code=code,
        promotion=data.promotion,
        status=data.status,
        usage_limit=data.usage_limit,
        limit_per_customer=data.limit_per_customer,
        time_zone=data.time_zone,
        valid_from=data.valid_from,
        valid_until=data.valid_until,
    )


def _coupon(standing: pricing.CouponStanding) -> CouponView:
    coupon = standing.coupon
    return CouponView(
        code=coupon.code,
        promotion=coupon.promotion,
        status=coupon.status,
        usage_limit=coupon.usage_limit,
        limit_per_customer=coupon.limit_per_customer,
        time_zone=coupon.time_zone,
        valid_from=coupon.valid_from,
        valid_until=coupon.valid_until,
        used=standing.used,
        claimed=standing.claimed,
    )


def _claim(claim: pricing.Claim, now: datetime) -> ClaimView:
    over = claim.state == "claimed" and not claim.live_at(now)
    return ClaimView(
        id=claim.id,
        coupon=claim.coupon,
        customer=claim.customer,
        state="expired" if over else claim.state,
        expires_at=claim.expires_at,
        order_id=claim.order_id,
    )


HANDLERS = [put_coupon, put_coupons, get_coupon, claim_coupon, get_claim, free_claim]
