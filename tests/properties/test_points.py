"""Whatever comes back in whatever order, points are to the point what is kept earns, and what it cost.

No sequence of changes gains or loses one, whatever else the account does meanwhile.
"""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from omniretail.loyalty import EarnRule, Programme, Reward, Tier
from omniretail.orders import TenderType
from omniretail.returns import TENDER_TYPES, ReturnPolicy
from tests.loyalty.books import club
from tests.properties.points_steps import STEPS, Member
from tests.properties.sales import CUSTOMER, Sale, policies, sales

Step = tuple[str, int, int, int]

_RULES = (
    EarnRule(
        code="BOOKS",
        name="Books thrice",
        kind="multiplier",
        percent=300,
        categories=frozenset({"books"}),
    ),
    EarnRule(code="WEB", name="On the web", kind="rate", points=1, per_minor={"EUR": 333}),
    EarnRule(code="TEN-A", name="Ten each", kind="units", points=10, skus=frozenset("A")),
    EarnRule(
        code="TILL",
        name="At the till",
        kind="multiplier",
        percent=900,
        channels=frozenset({"pos"}),
    ),
)
_TIERS = (
    Tier(code="SILVER", name="Silver", qualifying=0, percent=100),
    Tier(code="GOLD", name="Gold", qualifying=60, percent=150),
)
_numbers = st.integers(0, 29)


def _taken(*names: str) -> st.SearchStrategy[Step]:
    return st.tuples(st.sampled_from(names), _numbers, _numbers, st.integers(1, 8))


@st.composite
def _programmes(draw: st.DrawFn) -> Programme:
    redeem_points, redeem_minor = draw(st.sampled_from([(100, 100), (1, 1), (3, 7), (1, 100)]))
    points, per_minor = draw(st.sampled_from([(1, 100), (1, 1000), (3, 7), (10, 100)]))
    reward = Reward(code="FIVE", name="Five off", points=draw(st.integers(1, 400)), coupon="TEN")
    return club(
        points=points,
        per_minor={"EUR": per_minor},
        redeem_points=redeem_points,
        redeem_minor={"EUR": redeem_minor},
        tax_excluded=draw(st.booleans()),
        excluded_skus=draw(st.sampled_from([frozenset(), frozenset("K")])),
        rules=tuple(draw(st.lists(st.sampled_from(_RULES), unique_by=lambda one: one.code))),
        tiers=draw(st.sampled_from([(), _TIERS])),
        rewards=draw(st.sampled_from([(), (reward,)])),
        pending_days=draw(st.sampled_from([0, 14])),
        lifetime_months=draw(st.sampled_from([None, 1, 24])),
        restored_days=draw(st.sampled_from([0, 30])),
        negative=draw(st.sampled_from(["debt", "debt", "debt", "within_balance", "only_pending"])),
        most_earned_a_day=draw(st.sampled_from([None, None, 40])),
        late_claim_days=draw(st.sampled_from([0, 30])),
    )


@st.composite
def _bought(draw: st.DrawFn) -> Sale:
    """A sale of a member, mostly, of which some is paid by points, mostly."""
    sale, ways = draw(sales), st.sampled_from([one for one in TENDER_TYPES if one != "points"])
    weights = st.integers(1, 9)
    tenders: list[tuple[TenderType, int]] = draw(
        st.lists(st.tuples(ways, weights), min_size=1, max_size=3)
    )
    for _ in range(draw(st.sampled_from([0, 1, 1, 2]))):
        tenders.insert(draw(st.integers(0, len(tenders))), ("points", draw(weights)))
    if len(tenders) > 1 and draw(st.integers(0, 9)) == 0:
        tenders = [one for one in tenders if one[0] == "points"] or tenders
    who = draw(st.sampled_from([CUSTOMER] * 7 + [None]))
    if who is None:
        tenders = [("card" if kind == "points" else kind, weight) for kind, weight in tenders]
    return replace(sale, tenders=tenders, customer=who)


_first = st.lists(
    _taken("leave", "leave", "leave", "cancel", "arrive", "adjust", "edit", "spend_elsewhere"),
    max_size=5,
)
_often = ["leave", "bring", "bring", "leave_at_desk", "elsewhere", "receive", "pay_back"]
_often += ["exchange", "exchange", "claim", "claim", "settle", "edit", "spend_elsewhere"]
_then = st.lists(_taken(*STEPS, *_often), min_size=4, max_size=16)
_openings = st.lists(st.sampled_from([None, 0, 1, 20, 200]), max_size=3)


@given(_bought(), policies, _programmes(), _openings, _first, _then)
def test_points_follow_whatever_happens_to_an_order(
    sale: Sale,
    policy: ReturnPolicy,
    programme: Programme,
    opening: list[int | None],
    first: list[Step],
    then: list[Step],
) -> None:
    """Reversed is what is not earned any more, restored what was given back; in the end, all of it."""
    trade = Member(sale, policy, programme, opening)
    trade.agree()
    for name, a, b, n in (*first, *then):
        STEPS[name](trade, a, b, n)
        trade.agree()
    trade.close()
    trade.agree()
    trade.nothing_is_left()
