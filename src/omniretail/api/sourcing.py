"""Sourcing over HTTP: channels' and locations' policies, and where an order would be served from."""

from typing import Annotated, Any

from litestar import Request as HttpRequest
from litestar import Response, get, post, put
from litestar.params import JSONBody
from msgspec import Meta

from omniretail import catalog, channels, clock, sourcing
from omniretail.api.auth import acting_channel
from omniretail.api.etags import IfMatch, expected_version
from omniretail.api.process import Tx
from omniretail.api.wire import Code, CodeInPath, Quantity, Request, View

Hours = Annotated[int, Meta(ge=0, le=sourcing.MOST_HOURS)]


class SourcingPolicyRequest(Request, frozen=True, kw_only=True):
    """A channel's sourcing policy, all of it: what is left out takes its default.

    Of the `rules` the first that finds one location best decides, ties carry on to the next, and last
    of all the location's code decides. A rule that is not named has no say.
    """

    rules: Annotated[tuple[sourcing.Rule, ...], Meta(max_length=len(sourcing.RULES))] = (
        sourcing.RULES
    )
    max_distance_km: Annotated[int, Meta(ge=1, le=sourcing.MOST_KM)] | None = None
    max_locations: Annotated[int, Meta(ge=1, le=sourcing.MOST_LOCATIONS)] = 5
    cooling_off_hours: Annotated[
        Hours, Meta(description="How long a location is spared the lines that it rejected")
    ] = 72
    max_attempts: Annotated[
        int,
        Meta(
            ge=1,
            le=sourcing.MOST_ATTEMPTS,
            description="So many locations may reject a line before staff decide",
        ),
    ] = 3


class SourcingPolicyView(View, frozen=True, kw_only=True):
    """A channel's sourcing policy; version 0 was never put in place."""

    channel: str
    rules: tuple[sourcing.Rule, ...]
    max_distance_km: int | None
    max_locations: int
    cooling_off_hours: int
    max_attempts: int
    version: int


class FulfillmentPolicyRequest(Request, frozen=True, kw_only=True):
    """How a location serves orders, all of it: what is left out takes its default.

    `daily_capacity` is how many fulfillments it may be given to ship per UTC day; null is any number.
    """

    pickup_hours: Annotated[
        int, Meta(ge=1, le=sourcing.MOST_HOURS, description="How long a ready pickup waits")
    ] = 72
    reminder_hours: Annotated[
        Hours, Meta(description="How long before that ends its customer is reminded")
    ] = 24
    daily_capacity: Annotated[int, Meta(ge=0, le=sourcing.MOST_CAPACITY)] | None = None


class FulfillmentPolicyView(View, frozen=True, kw_only=True):
    """How a location serves orders; version 0 was never put in place."""

    location: str
    pickup_hours: int
    reminder_hours: int
    daily_capacity: int | None
    version: int


class PlanLineRequest(Request, frozen=True, kw_only=True):
    """So many of a SKU."""

    sku: Code
    quantity: Quantity


class PointRequest(Request, frozen=True, kw_only=True):
    """Where the customer is, in WGS 84 degrees."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]


class PlanRequest(Request, frozen=True, kw_only=True):
    """What would be ordered. Without a channel, from everywhere and by the default policy.

    `destination` is the store that goods shipped to a store go to.
    """

    kind: sourcing.Kind
    lines: Annotated[tuple[PlanLineRequest, ...], Meta(min_length=1, max_length=500)]
    prefer: Code | None = None
    point: PointRequest | None = None
    destination: Code | None = None
    channel: Code | None = None


class PlannedLineView(View, frozen=True, kw_only=True):
    """So many units of a line; lines are numbered from 1."""

    line: int
    sku: str
    quantity: int


class PlanPartView(View, frozen=True, kw_only=True):
    """What one location would serve."""

    location: str
    lines: list[PlannedLineView]


class ShortView(View, frozen=True, kw_only=True):
    """So many units that cannot be served; of a kit, in kits."""

    sku: str
    quantity: int


class CandidateView(View, frozen=True, kw_only=True):
    """A location as it was considered: why it was no candidate, or what it could serve alone.

    `lines` are those it could serve whole. `remaining` is its stock of the SKUs that are asked for,
    less what is asked for.
    """

    location: str
    excluded: sourcing.Reason | None
    lines: int
    units: int
    distance_km: float | None
    remaining: int | None


class StepView(View, frozen=True, kw_only=True):
    """A rule's word in the choice of the plan's n-th location: who was left, or null: it abstained."""

    part: int
    rule: str
    left: tuple[str, ...] | None


class ExplanationView(View, frozen=True, kw_only=True):
    """How the plan came about; `lines` and `units` are how many were asked for."""

    lines: int
    units: int
    candidates: list[CandidateView]
    steps: list[StepView]


class PlanView(View, frozen=True, kw_only=True):
    """Who would serve the lines now, all or nothing: either `parts`, or what is `short`."""

    parts: list[PlanPartView]
    short: list[ShortView]
    explanation: ExplanationView


@put("/v1/sourcing-policies/{channel:str}", opt={"scope": "sourcing:write"})
async def put_sourcing_policy(
    tx: Tx,
    channel: CodeInPath,
    data: JSONBody[SourcingPolicyRequest],
    if_match: IfMatch = None,
) -> Response[SourcingPolicyView]:
    """Create or replace how a channel's orders find their locations."""
    policy = sourcing.SourcingPolicy(
        channel=channel,
        rules=data.rules,
        max_distance_km=data.max_distance_km,
        max_locations=data.max_locations,
        cooling_off_hours=data.cooling_off_hours,
        max_attempts=data.max_attempts,
    )
    return _policy(
        await sourcing.put_policy(
            tx, policy, expected_version=expected_version(if_match), now=clock.now()
        )
    )


@get("/v1/sourcing-policies/{channel:str}", opt={"scope": "sourcing:read"})
async def get_sourcing_policy(
    request: HttpRequest[Any, Any, Any], tx: Tx, channel: CodeInPath
) -> Response[SourcingPolicyView]:
    """Return how a channel's orders find their locations; without a policy, the defaults."""
    if request.user.channel not in {None, channel}:
        raise channels.UnknownChannel(channel)
    return _policy(await sourcing.get_policy(tx, channel))


@put("/v1/fulfillment-policies/{location:str}", opt={"scope": "sourcing:write"})
async def put_fulfillment_policy(
    tx: Tx,
    location: CodeInPath,
    data: JSONBody[FulfillmentPolicyRequest],
    if_match: IfMatch = None,
) -> Response[FulfillmentPolicyView]:
    """Create or replace how a location serves orders."""
    policy = sourcing.FulfillmentPolicy(
        location=location,
        pickup_hours=data.pickup_hours,
        reminder_hours=data.reminder_hours,
        daily_capacity=data.daily_capacity,
    )
    return _location_policy(
        await sourcing.put_location_policy(
            tx, policy, expected_version=expected_version(if_match), now=clock.now()
        )
    )


@get("/v1/fulfillment-policies/{location:str}", opt={"scope": "sourcing:read"})
async def get_fulfillment_policy(tx: Tx, location: CodeInPath) -> Response[FulfillmentPolicyView]:
    """Return how a location serves orders; without a policy, the defaults."""
    return _location_policy(await sourcing.get_location_policy(tx, location))


@post("/v1/sourcing/plans", opt={"scope": "sourcing:read"}, status_code=200)
async def preview_plan(
    request: HttpRequest[Any, Any, Any], tx: Tx, data: JSONBody[PlanRequest]
) -> PlanView:
    """Say where an order would be served from, were it placed now, and why. Nothing is written.

    The channel's pool of locations is honored. Its threshold is not, nor are orders beyond stock.
    """
    wish = sourcing.PlanWish(
        kind=data.kind,
        lines=tuple((line.sku, line.quantity) for line in data.lines),
        prefer=data.prefer,
        point=None if data.point is None else (data.point.latitude, data.point.longitude),
        destination=data.destination,
        channel=acting_channel(request.user, data.channel),
    )
    return _plan(data, await sourcing.preview(tx, wish, now=clock.now()))


def _policy(stored: catalog.Stored[sourcing.SourcingPolicy]) -> Response[SourcingPolicyView]:
    policy = stored.spec
    view = SourcingPolicyView(
        channel=policy.channel,
        rules=policy.rules,
        max_distance_km=policy.max_distance_km,
        max_locations=policy.max_locations,
        cooling_off_hours=policy.cooling_off_hours,
        max_attempts=policy.max_attempts,
        version=stored.version,
    )
    return Response(view, headers={"ETag": f'"{stored.version}"'})


def _location_policy(
    stored: catalog.Stored[sourcing.FulfillmentPolicy],
) -> Response[FulfillmentPolicyView]:
    policy = stored.spec
    view = FulfillmentPolicyView(
        location=policy.location,
        pickup_hours=policy.pickup_hours,
        reminder_hours=policy.reminder_hours,
        daily_capacity=policy.daily_capacity,
        version=stored.version,
    )
    return Response(view, headers={"ETag": f'"{stored.version}"'})


def _plan(asked: PlanRequest, plan: sourcing.Plan) -> PlanView:
    said = plan.explanation
    assert said is not None, "a preview explains itself"
    return PlanView(
        parts=[
            PlanPartView(
                location=location,
                lines=[
                    PlannedLineView(
                        line=position + 1, sku=asked.lines[position].sku, quantity=quantity
                    )
                    for position, quantity in lines
                ],
            )
            for location, lines in plan.parts.items()
        ],
        short=[ShortView(sku=sku, quantity=quantity) for sku, quantity in plan.short.items()],
        explanation=ExplanationView(
            lines=said.lines,
            units=said.units,
            candidates=[
                CandidateView(
                    location=one.location,
                    excluded=one.excluded,
                    lines=one.lines,
                    units=one.units,
                    distance_km=one.distance_km,
                    remaining=one.remaining,
                )
                for one in said.candidates
            ],
            steps=[StepView(part=step.part, rule=step.rule, left=step.left) for step in said.steps],
        ),
    )


HANDLERS = [
    put_sourcing_policy,
    get_sourcing_policy,
    put_fulfillment_policy,
    get_fulfillment_policy,
    preview_plan,
]
