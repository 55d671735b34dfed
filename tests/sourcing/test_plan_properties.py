"""What must hold of any plan, beside a slow search that tries every set of locations."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from omniretail import catalog, sourcing
from tests.sourcing.planning import Stock, excluded, location

SKUS = ("A", "B", "C")
CODES = ("L1", "L2", "L3", "L4", "L5")
KITS = {"K": {"A": 2, "B": 1}, "J": {"B": 1, "C": 1}}


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[catalog.LocationSpec], Stock]:
    """Up to five locations, some of them closed or far away, and what stands there."""
    codes = draw(st.lists(st.sampled_from(CODES), min_size=1, unique=True))
    places = [
        location(
            code,
            status=draw(st.sampled_from(["active", "active", "active", "inactive"])),
            capabilities=draw(st.sampled_from([("ship", "pickup"), ("ship",), ("pickup",)])),
            **draw(st.sampled_from([{}, {"latitude": 50.0, "longitude": 8.0 + len(code)}])),
        )
        for code in codes
    ]
    units = st.dictionaries(st.sampled_from(SKUS), st.integers(-1, 4))
    return places, {code: draw(units) for code in codes}


def asked_lines(*, kits: bool) -> st.SearchStrategy[tuple[sourcing.AskedLine, ...]]:
    line = st.builds(
        lambda sku, quantity: sourcing.AskedLine(
            sku=sku, quantity=quantity, components=KITS.get(sku)
        ),
        st.sampled_from((*SKUS, *KITS) if kits else SKUS),
        st.integers(1, 6),
    )
    return st.lists(line, min_size=1, max_size=4).map(tuple)


@st.composite
def asks(draw: st.DrawFn) -> sourcing.Ask:
    wanted = draw(asked_lines(kits=True))
    barred = st.tuples(st.integers(0, len(wanted) - 1), st.sampled_from(CODES))
    kinds: list[sourcing.Kind] = ["ship", "ship_to_store", "pickup"]
    kind = draw(st.sampled_from(kinds))
    return sourcing.Ask(
        kind=kind,
        lines=wanted,
        prefer=draw(st.none() | st.sampled_from(CODES)),
        point=draw(st.sampled_from([None, (50.0, 8.0)])),
        destination=draw(st.sampled_from(CODES)) if kind == "ship_to_store" else None,
        barred=draw(st.frozensets(barred, max_size=3)),
        pool=draw(st.none() | st.frozensets(st.sampled_from(CODES))),
    )


policies = st.builds(
    sourcing.SourcingPolicy,
    channel=st.just("web"),
    rules=st.lists(st.sampled_from(sourcing.RULES), unique=True).map(tuple),
    max_distance_km=st.sampled_from([None, 10, 1000]),
    max_locations=st.integers(1, 5),
)
rooms = st.dictionaries(st.sampled_from(CODES), st.integers(0, 2))


def made(
    ask: sourcing.Ask,
    world: tuple[Sequence[catalog.LocationSpec], Stock],
    policy: sourcing.SourcingPolicy,
    **more: Any,
) -> sourcing.Plan:
    places, stock = world
    return sourcing.make_plan(
        ask,
        sourcing.Places(places),
        lambda sku, code: stock[code].get(sku, 0),
        policy,
        **more,
    )


@given(asks(), worlds(), policies, rooms)
def test_a_plan_takes_what_is_there_and_serves_all_or_nothing(
    ask: sourcing.Ask, world: Any, policy: sourcing.SourcingPolicy, room: dict[str, int]
) -> None:
    plan = made(ask, world, policy, room=room)
    explained = made(ask, world, policy, room=room, explain=True)
    why = excluded(explained)

    assert replace(explained, explanation=None) == plan
    assert set(why) == {place.code for place in world[0]}
    assert bool(plan.parts) is not bool(plan.short)
    assert len(plan.parts) <= policy.max_locations
    served = Counter[int]()
    for code, lines in plan.parts.items():
        assert why[code] is None
        taken = Counter[str]()
        for position, quantity in lines:
            assert quantity > 0
            assert (position, code) not in ask.barred
            served[position] += quantity
            for sku, each in ask.lines[position].parts.items():
                taken[sku] += each * quantity
        assert all(world[1][code].get(sku, 0) >= units for sku, units in taken.items())
    if plan.parts:
        assert served == Counter(dict(enumerate(line.quantity for line in ask.lines)))


@given(asks(), worlds(), policies, st.randoms(use_true_random=False))
def test_no_order_of_locations_or_lines_matters(
    ask: sourcing.Ask, world: Any, policy: sourcing.SourcingPolicy, dice: Any
) -> None:
    """Locations are no list to be first in, and neither are lines."""
    places = list(world[0])
    dice.shuffle(places)
    order = list(range(len(ask.lines)))
    dice.shuffle(order)
    shuffled = replace(
        ask,
        lines=tuple(ask.lines[position] for position in order),
        barred=frozenset((order.index(position), code) for position, code in ask.barred),
    )

    plan = made(ask, world, policy)

    assert made(ask, (places, world[1]), policy) == plan
    other = made(shuffled, world, policy)
    assert list(other.parts) == list(plan.parts)
    assert other.short == plan.short


@given(asked_lines(kits=False), worlds(), st.integers(1, 5))
def test_the_fewest_locations_are_the_fewest(
    wanted: tuple[sourcing.AskedLine, ...], world: Any, most: int
) -> None:
    """Beside a search of all sets: as few, or short by what all of them lack."""
    ask = sourcing.Ask(kind="ship", lines=wanted)
    policy = sourcing.SourcingPolicy(channel="web", rules=("fewest_splits",), max_locations=most)
    places, stock = world
    usable = [place.code for place in places if place.serves("ship")]
    needs = Counter[str]()
    for line in wanted:
        needs[line.sku] += line.quantity

    def lack(codes: Sequence[str]) -> dict[str, int]:
        have = {sku: sum(max(0, stock[code].get(sku, 0)) for code in codes) for sku in needs}
        return {sku: needs[sku] - have[sku] for sku in sorted(needs) if needs[sku] > have[sku]}

    sizes = [
        size
        for size in range(1, len(usable) + 1)
        if any(not lack(codes) for codes in combinations(usable, size))
    ]
    plan = made(ask, world, policy)

    if not sizes:
        assert plan.short == lack(usable)
    elif sizes[0] > most:
        assert plan.short
    else:
        assert len(plan.parts) == sizes[0]


@given(asks(), worlds(), policies)
def test_a_survey_gives_nothing_twice(
    ask: sourcing.Ask, world: Any, policy: sourcing.SourcingPolicy
) -> None:
    """Plans made one after the other together take no more than there is, and fill no day twice."""
    places, stock = world
    units: dict[str, dict[str, int]] = {}
    for code, standing in stock.items():
        for sku, quantity in standing.items():
            units.setdefault(sku, {})[code] = max(0, quantity)
    survey = sourcing.Survey(
        sourcing.Candidates({place.code: place for place in places}, {"L1": 1}), units
    )
    shipped = 0
    taken = Counter[tuple[str, str]]()
    for _ in range(3):
        plan = survey.plan(ask, policy)
        survey.take(ask, plan)
        shipped += "L1" in plan.parts and ask.kind != "pickup"
        for code, given_lines in plan.parts.items():
            for position, quantity in given_lines:
                for sku, each in ask.lines[position].parts.items():
                    taken[sku, code] += each * quantity

    assert shipped <= 1
    for code, standing in stock.items():
        for sku in SKUS:
            assert taken[sku, code] <= max(0, standing.get(sku, 0))
            assert survey.available(sku, code) == max(0, standing.get(sku, 0)) - taken[sku, code]
