"""Return policies over HTTP: what is taken back of a channel's orders, and how its money goes back."""

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Request as HttpRequest
from litestar import Response, get, put
from litestar.params import JSONBody
from msgspec import Meta

from omniretail import channels, clock, orders, returns
from omniretail.api.etags import IfMatch, expected_version, tagged
from omniretail.api.process import Tx
from omniretail.api.wire import Code, CodeInPath, Request, View
from omniretail.errors import Invalid

Days = Annotated[int, Meta(ge=1, le=returns.MOST_DAYS)]
Window = Annotated[
    int,
    Meta(
        ge=0, le=returns.MOST_DAYS, description="Days from the hand-over on; 0 takes nothing back"
    ),
]
Methods = Annotated[
    tuple[orders.TenderType, ...], Meta(min_length=1, max_length=len(returns.TENDER_TYPES))
]
_USUAL = returns.REFUND_METHODS


class CategoryWindowBody(Request, frozen=True, kw_only=True):
    """For how long the goods of a category are taken back; of several categories the shortest counts."""

    category: Code
    window_days: Window


class RefundMethodsBody(Request, frozen=True, kw_only=True):
    """As what the money of each purchase tender may go back; the first unless another is asked for.

    Each may go back to itself, and as cash, store credit or a bank transfer.
    """

    cash: Methods = _USUAL["cash"]
    card: Methods = _USUAL["card"]
    ewallet: Methods = _USUAL["ewallet"]
    bank_transfer: Methods = _USUAL["bank_transfer"]
    gift_card: Methods = _USUAL["gift_card"]
    store_credit: Methods = _USUAL["store_credit"]
    points: Methods = _USUAL["points"]


class ReturnPolicyRequest(Request, frozen=True, kw_only=True):
    """A channel's return policy, all of it: what is left out takes its default.

    Refunds go back in the shares of what each tender has left (`original_shares`), or by `priority`: to
    the types of tenders that it lists, one after the other, and last to those it does not.
    """

    window_days: Window = 30
    category_windows: Annotated[
        tuple[CategoryWindowBody, ...], Meta(max_length=returns.MOST_CATEGORIES)
    ] = ()
    refund_by: returns.RefundBy = "original_shares"
    priority: Annotated[
        tuple[orders.TenderType, ...], Meta(max_length=len(returns.TENDER_TYPES))
    ] = ()
    refund_methods: RefundMethodsBody = RefundMethodsBody()
    approval: Annotated[
        returns.Approval, Meta(description="Who approves a return that is requested in time")
    ] = "staff"
    refund_shipping: Annotated[
        bool, Meta(description="Whether the shipping charge goes back with the last of the goods")
    ] = True
    claims_keep_goods: Annotated[
        bool, Meta(description="Whether goods that are claimed stay with the customer")
    ] = True
    claim_days: Annotated[
        Days, Meta(description="For how long after the hand-over something may be claimed")
    ] = 60
    unlinked_limit: Annotated[
        int,
        Meta(
            ge=0,
            le=returns.MOST_UNLINKED,
            description="So many returns without a receipt a customer brings in `unlinked_days`",
        ),
    ] = 3
    unlinked_days: Days = 90
    unlinked_price_days: Annotated[
        Days, Meta(description="Without a receipt the lowest price of so many days is refunded")
    ] = 30


class ReturnPolicyView(View, frozen=True, kw_only=True):
    """A channel's return policy, its categories by code; version 0 was never put in place."""

    channel: str
    window_days: int
    category_windows: list[CategoryWindowBody]
    refund_by: returns.RefundBy
    priority: tuple[orders.TenderType, ...]
    refund_methods: RefundMethodsBody
    approval: returns.Approval
    refund_shipping: bool
    claims_keep_goods: bool
    claim_days: int
    unlinked_limit: int
    unlinked_days: int
    unlinked_price_days: int
    version: int


@put("/v1/channels/{code:str}/return-policy", opt={"scope": "returns:configure"})
async def put_return_policy(
    tx: Tx,
    code: CodeInPath,
    data: JSONBody[ReturnPolicyRequest],
    if_match: IfMatch = None,
) -> Response[ReturnPolicyView]:
    """Create or replace what is taken back of a channel's orders, and how its money goes back."""
    policy = returns.ReturnPolicy(
        channel=code,
        window_days=data.window_days,
        window_days_by_category=_by_category(data.category_windows),
        refund_by=data.refund_by,
        priority=data.priority,
        refund_methods={one: getattr(data.refund_methods, one) for one in returns.TENDER_TYPES},
        approval=data.approval,
        refund_shipping=data.refund_shipping,
        claims_keep_goods=data.claims_keep_goods,
        claim_days=data.claim_days,
        unlinked_limit=data.unlinked_limit,
        unlinked_days=data.unlinked_days,
        unlinked_price_days=data.unlinked_price_days,
    )
    stored = await returns.put_return_policy(
        tx, policy, expected_version=expected_version(if_match), now=clock.now()
    )
    return tagged(_policy(stored))


@get("/v1/channels/{code:str}/return-policy", opt={"scope": "returns:read"})
async def get_return_policy(
    request: HttpRequest[Any, Any, Any], tx: Tx, code: CodeInPath
) -> Response[ReturnPolicyView]:
    """Return what is taken back of a channel's orders; without a policy, the defaults."""
    if request.user.channel not in {None, code}:
        raise channels.UnknownChannel(code)
    return tagged(_policy(await returns.find_return_policy(tx, code)))


def _by_category(windows: Sequence[CategoryWindowBody]) -> dict[str, int]:
    found: dict[str, int] = {}
    for position, one in enumerate(windows):
        if one.category in found:
            raise Invalid.at(
                f"/category_windows/{position}/category", f"{one.category} has a window already"
            )
        found[one.category] = one.window_days
    return found


def _policy(policy: returns.ReturnPolicy) -> ReturnPolicyView:
    return ReturnPolicyView(
        channel=policy.channel,
        window_days=policy.window_days,
        category_windows=[
            CategoryWindowBody(category=category, window_days=days)
            for category, days in sorted(policy.window_days_by_category.items())
        ],
        refund_by=policy.refund_by,
        priority=policy.priority,
        refund_methods=RefundMethodsBody(
            **{tender: policy.methods(tender) for tender in returns.TENDER_TYPES}
        ),
        approval=policy.approval,
        refund_shipping=policy.refund_shipping,
        claims_keep_goods=policy.claims_keep_goods,
        claim_days=policy.claim_days,
        unlinked_limit=policy.unlinked_limit,
        unlinked_days=policy.unlinked_days,
        unlinked_price_days=policy.unlinked_price_days,
        version=policy.version,
    )


HANDLERS = [put_return_policy, get_return_policy]
