"""Which location serves an order: hard filters, rules in their order, splits, and what is said of it."""

from typing import Any

import pytest

from omniretail import sourcing
from tests.sourcing.planning import BERLIN, excluded, lines, location, plan


def test_first_non_tie_wins_and_says_why() -> None:
    """Given A×2, B×1; L1 {A2, B0}, L2 {A2, B1}, L3 {A5, B5, inactive}: L2 alone, and it says why."""
    stock = {"L1": {"A": 2}, "L2": {"A": 2, "B": 1}, "L3": {"A": 5, "B": 5}}
    places = [location("L1"), location("L2"), location("L3", status="inactive")]
    rules = ("preferred", "fewest_splits", "proximity")

    made = plan(lines(("A", 2), ("B", 1)), stock, places, rules=rules, explain=True)

    assert made.parts == {"L2": ((0, 2), (1, 1))}
    assert made.short == {}
    said = made.explanation
    assert said is not None
    assert (said.lines, said.units) == (2, 3)
    assert [(one.location, one.excluded, one.lines, one.units) for one in said.candidates] == [
        ("L1", None, 1, 2),
        ("L2", None, 2, 3),
        ("L3", "inactive", 0, 0),
    ]
    assert [(step.part, step.rule, step.left) for step in said.steps] == [
        (1, "preferred", None),
        (1, "fewest_splits", ("L2",)),
    ]


def test_split_by_the_highest_stock() -> None:
    """Given WH 4, S1 3 and the highest stock first: an order of 5 is WH 4, S1 1, and not 5 + 5."""
    stock = {"S1": {"A": 3}, "WH": {"A": 4}}

    made = plan(lines(("A", 5)), stock, rules=("highest_stock",))

    assert list(made.parts.items()) == [("WH", ((0, 4),)), ("S1", ((0, 1),))]


def test_the_default_rules_split_the_same_way() -> None:
    made = plan(lines(("A", 5)), {"S1": {"A": 3}, "WH": {"A": 4}})

    assert made.parts == {"WH": ((0, 4),), "S1": ((0, 1),)}


@pytest.mark.parametrize(
    ("asked", "stated", "winner"),
    [
        ({}, {}, "MUC"),  # everything there, and most of it
        ({"point": BERLIN}, {}, "BER"),
        ({"point": BERLIN}, {"rules": ("highest_stock", "proximity")}, "MUC"),
        ({"point": BERLIN, "prefer": "HAM"}, {}, "HAM"),
        ({"point": BERLIN, "prefer": "HAM"}, {"rules": ("proximity",)}, "BER"),
        ({"point": BERLIN, "prefer": "elsewhere"}, {}, "BER"),
        ({}, {"rules": ()}, "BER"),  # the code alone
    ],
)
def test_rules_decide_in_their_order(
    asked: dict[str, Any], stated: dict[str, Any], winner: str
) -> None:
    stock = {"MUC": {"A": 9}, "HAM": {"A": 3}, "BER": {"A": 2}, "POT": {"A": 2}}
    ask = sourcing.Ask(kind="ship", lines=lines(("A", 1)), **asked)

    assert list(plan(ask, stock, **stated).parts) == [winner]


def test_as_near_to_a_tenth_of_a_kilometer_is_a_tie() -> None:
    """Two shops of one street: the one that has more serves; a street further on, it does not."""
    stock = {"S1": {"A": 1}, "S2": {"A": 5}, "S3": {"A": 9}}
    street = [
        location("S1", latitude=52.52, longitude=13.405),
        location("S2", latitude=52.5201, longitude=13.405),
        location("S3", latitude=52.53, longitude=13.405),
    ]
    ask = sourcing.Ask(kind="ship", lines=lines(("A", 1)), point=BERLIN)

    assert list(plan(ask, stock, street).parts) == ["S2"]


def test_a_location_without_coordinates_is_neither_near_nor_too_far() -> None:
    ask = sourcing.Ask(kind="ship", lines=lines(("A", 1)), point=BERLIN)
    stock = {"MUC": {"A": 1}, "S1": {"A": 1}}

    assert list(plan(ask, stock).parts) == ["MUC"]
    assert list(plan(ask, stock, max_distance_km=500).parts) == ["S1"]


def test_a_preferred_location_gives_what_it_has_and_another_the_rest() -> None:
    ask = sourcing.Ask(kind="ship", lines=lines(("A", 3)), prefer="S1")
    stock = {"S1": {"A": 1}, "WH": {"A": 9}}

    assert plan(ask, stock).parts == {"S1": ((0, 1),), "WH": ((0, 2),)}
    later = ("fewest_splits", "preferred")
    assert plan(ask, stock, rules=later).parts == {"WH": ((0, 3),)}


def test_rules_that_scatter_give_way_before_an_order_is_refused() -> None:
    """By the highest stock first it would take three locations, and two are allowed: two do it."""
    stock = {
        "L1": {"A": 9, "B": 0, "C": 0},
        "L2": {"A": 1, "B": 1, "C": 0},
        "L3": {"A": 0, "B": 0, "C": 1},
    }
    wanted = lines(("A", 1), ("B", 1), ("C", 1))

    scattered = plan(wanted, stock, rules=("highest_stock",))
    made = plan(wanted, stock, rules=("highest_stock",), max_locations=2)

    assert list(scattered.parts) == ["L1", "L2", "L3"]
    assert set(made.parts) == {"L2", "L3"}


def test_every_reason_keeps_a_location_out() -> None:
    places = [
        location("BER"),
        location("HAM"),
        location("MUC"),
        location("POT"),
        location("S1", status="inactive"),
        location("S2", capabilities=("pickup",)),
        location("S3"),
        location("S4"),
        location("S5"),
    ]
    stock = {place.code: {"A": 5} for place in places} | {"HAM": {"A": 0}}
    ask = sourcing.Ask(
        kind="ship",
        lines=lines(("A", 1)),
        point=BERLIN,
        barred=frozenset({(0, "S4")}),
        pool=frozenset(stock) - {"S3"},
    )

    made = plan(ask, stock, places, max_distance_km=300, room={"POT": 0, "BER": 1}, explain=True)

    assert list(made.parts) == ["BER"]
    assert excluded(made) == {
        "BER": None,
        "HAM": "nothing_there",
        "MUC": "too_far",
        "POT": "at_capacity",
        "S1": "inactive",
        "S2": "does_not_offer",
        "S3": "outside_pool",
        "S4": "barred",
        "S5": None,
    }


def test_a_daily_capacity_is_for_shipping_only() -> None:
    stock = {"S1": {"A": 1}}
    pickup = sourcing.Ask(kind="pickup", lines=lines(("A", 1)))

    assert plan(lines(("A", 1)), stock, room={"S1": 0}).short == {"A": 1}
    assert plan(pickup, stock, room={"S1": 0}).parts == {"S1": ((0, 1),)}


def test_a_line_is_barred_where_another_is_not() -> None:
    """S1 rejected the first line: it still serves the second."""
    stock = {"S1": {"A": 9, "B": 9}, "WH": {"A": 1}}
    ask = sourcing.Ask(kind="ship", lines=lines(("A", 1), ("B", 1)), barred=frozenset({(0, "S1")}))

    assert plan(ask, stock).parts == {"S1": ((1, 1),), "WH": ((0, 1),)}


def test_who_is_barred_for_a_line_does_not_cover_all() -> None:
    """S1 has more of both, but rejected one: WH serves both, in one parcel."""
    stock = {"S1": {"A": 9, "B": 9}, "WH": {"A": 1, "B": 1}}
    ask = sourcing.Ask(kind="ship", lines=lines(("A", 1), ("B", 1)), barred=frozenset({(0, "S1")}))

    assert list(plan(ask, stock).parts) == ["WH"]


def test_the_destination_is_the_nearest_and_ships_nothing() -> None:
    """A store that cannot ship may still hand out what it has, to those who come for it."""
    places = [location("BER", capabilities=("pickup",)), location("POT"), location("HAM")]
    ask = sourcing.Ask(kind="ship_to_store", lines=lines(("A", 2)), destination="BER")

    has_all = plan(ask, {"BER": {"A": 2}, "POT": {"A": 9}}, places)
    has_one = plan(ask, {"BER": {"A": 1}, "POT": {"A": 9}, "HAM": {"A": 9}}, places)

    assert has_all.parts == {"BER": ((0, 2),)}
    assert has_one.parts == {"POT": ((0, 2),)}


def test_an_unplaced_destination_is_the_nearest_too() -> None:
    ask = sourcing.Ask(kind="ship_to_store", lines=lines(("A", 1)), destination="S2")

    assert list(plan(ask, {"S1": {"A": 9}, "S2": {"A": 1}}).parts) == ["S2"]


def test_a_kit_is_served_from_where_its_components_are() -> None:
    """Each kit whole at one location, and two lines never take the same unit."""
    kit = {"A": 2, "B": 1}
    stock = {"S1": {"A": 9, "B": 0}, "S2": {"A": 5, "B": 3}, "S3": {"A": 2, "B": 1}}

    assert plan(lines(("K", 2), K=kit), stock).parts == {"S2": ((0, 2),)}
    assert plan(lines(("K", 3), K=kit), stock).parts == {"S2": ((0, 2),), "S3": ((0, 1),)}
    assert plan(lines(("K", 4), K=kit), stock).short == {"K": 1}
    both = lines(("A", 2), ("K", 2), K=kit)
    assert plan(both, stock).parts == {"S2": ((1, 2),), "S1": ((0, 2),)}


def test_what_is_missing_is_said_and_nothing_is_planned() -> None:
    stock = {"S1": {"A": 1, "B": 1}, "S2": {"A": 1}}

    made = plan(lines(("A", 5), ("B", 1), ("A", 1)), stock, explain=True)

    assert made.parts == {}
    assert made.short == {"A": 4}


def test_more_locations_than_allowed_would_be_needed() -> None:
    stock = {f"S{number}": {"A": 1} for number in range(9)}

    assert len(plan(lines(("A", 5)), stock).parts) == 5
    assert plan(lines(("A", 6)), stock).short == {"A": 1}
    assert len(plan(lines(("A", 6)), stock, max_locations=6).parts) == 6


def test_a_search_among_very_many_ends() -> None:
    """Forty locations that have a little of everything: too many sets to look at, and still a plan."""
    stock = {
        f"S{number:02}": {"A": number % 3, "B": number % 5, "C": number % 7} for number in range(40)
    }
    wanted = lines(("A", 8), ("B", 14), ("C", 20))

    made = plan(wanted, stock)

    assert len(made.parts) == 5
    assert sum(quantity for part in made.parts.values() for _, quantity in part) == 42


def test_each_part_of_a_split_is_explained() -> None:
    made = plan(lines(("A", 5)), {"S1": {"A": 3}, "WH": {"A": 4}}, explain=True)

    assert made.explanation is not None
    assert [(step.part, step.rule, step.left) for step in made.explanation.steps] == [
        (1, "preferred", None),
        (1, "fewest_splits", ("S1", "WH")),
        (1, "proximity", None),
        (1, "highest_stock", ("WH",)),
        (2, "preferred", None),
        (2, "fewest_splits", ("S1",)),
    ]
    assert [(one.units, one.remaining) for one in made.explanation.candidates] == [(3, -2), (4, -1)]
