"""Choosing the locations that serve lines: hard filters, then rules. Pure.

Each rule ranks or abstains; the first with a unique best wins, and ties carry on to the next. Who wins
gives as much as it can, and the rest is asked for in the same way. Finding the fewest locations is
the business of `covers`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import dist
from typing import TypeAlias

from omniretail.distances import Direction, chord, direction, km_apart
from omniretail.sourcing.asking import (
    Ask,
    Available,
    Candidate,
    Explanation,
    Plan,
    Reason,
    Step,
)
from omniretail.sourcing.covers import in_fewest
from omniretail.sourcing.places import Places
from omniretail.sourcing.policy import Rule, SourcingPolicy

Parts: TypeAlias = dict[str, tuple[tuple[int, int], ...]]

_OFFER = {"ship": "ship", "ship_to_store": "ship", "pickup": "pickup"}
"""What a location must be capable of, by the kind of the fulfillment."""


def make_plan(
    ask: Ask,
    places: Places,
    available: Available,
    policy: SourcingPolicy,
    *,
    room: Mapping[str, int] = {},
    explain: bool = False,
) -> Plan:
    """Return who serves an ask, all or nothing.

    `room` is how many more fulfillments may be given to locations that have a daily capacity. A plan
    is short where all candidates together have too little, or where too many of them would be needed.
    """
    choice = _Choice(ask, places, available, policy, room, explaining=explain)
    parts, rest = choice.filled(policy.rules)
    if any(rest) and not any(choice.lacking):
        # Rules may scatter what fewer locations could serve: better by another than not at all.
        others = (rule for rule in policy.rules if rule != "fewest_splits")
        parts, rest = choice.filled(("fewest_splits", *others))
    short = choice.by_sku(rest)
    return Plan(
        parts={} if short else parts,
        short=short,
        explanation=choice.explanation() if explain else None,
    )


class _Choice:
    """One search for a plan: who may serve, and what they have of the lines.

    Lines are looked at in an order of their own, whatever order they came in: those first that are
    hardest to serve. A quantity per line always stands in that order.
    """

    def __init__(
        self,
        ask: Ask,
        places: Places,
        available: Available,
        policy: SourcingPolicy,
        room: Mapping[str, int],
        *,
        explaining: bool,
    ) -> None:
        self.ask = ask
        self.places = places
        self.available = available
        self.policy = policy
        self.room = room
        self.steps: list[Step] = []
        self._explaining = explaining
        self._origin = self._seen_from()
        self._order = sorted(range(len(ask.lines)), key=self._hardest_first)
        self._lines = [ask.lines[position] for position in self._order]
        self._parts = [line.parts for line in self._lines]
        self.wanted = [line.quantity for line in self._lines]
        self._needs = self._units(self.wanted)
        self._contended = len(self._needs) < sum(len(parts) for parts in self._parts)
        self._alone: dict[str, list[int]] = {}
        self._candidates = self._admitted()

    def _seen_from(self) -> Direction | None:
        """Return from where distances are taken: the customer, else the destination, if known."""
        if self.ask.point is not None:
            return direction(self.ask.point)
        destination = self.ask.destination
        return None if destination is None else self.places.directions.get(destination)

    def _hardest_first(self, position: int) -> tuple[int, str, list[str], int]:
        line = self.ask.lines[position]
        barred = sorted(code for at, code in self.ask.barred if at == position)
        return -len(line.components or ()), line.sku, barred, -line.quantity

    def _stages(self) -> Iterator[tuple[Reason, list[str]]]:
        """Yield who is left after each reason that keeps locations out, whatever they have."""
        ask, pool, room, origin = self.ask, self.ask.pool, self.room, self._origin
        most_km, directions = self.policy.max_distance_km, self.places.directions
        yield "inactive", self.places.active
        codes = self.places.capable(_OFFER[ask.kind])
        if ask.destination in self.places.capable("pickup"):
            codes = sorted({*codes, ask.destination})
        yield "does_not_offer", codes
        if pool is not None:
            codes = [code for code in codes if code in pool]
            yield "outside_pool", codes
        if most_km is not None and origin is not None:
            codes = [
                code
                for code in codes
                if code not in directions or km_apart(origin, directions[code]) <= most_km
            ]
            yield "too_far", codes
        if room and ask.kind != "pickup":
            codes = [code for code in codes if room.get(code, 1) > 0]
            yield "at_capacity", codes

    def _admitted(self) -> list[str]:
        *_, (_, codes) = self._stages()
        return codes

    def _distance(self, code: str) -> float | None:
        """Return how far a location is, to a tenth of a kilometer."""
        if self._origin is None:
            return 0.0 if code == self.ask.destination else None
        towards = self.places.directions.get(code)
        return None if towards is None else round(km_apart(self._origin, towards), 1)

    def _units(self, rest: Sequence[int]) -> dict[str, int]:
        """Return how many units of which SKUs a number of each line takes from the shelves."""
        units: dict[str, int] = {}
        for parts, quantity in zip(self._parts, rest, strict=True):
            if quantity:
                for sku, each in parts.items():
                    units[sku] = units.get(sku, 0) + each * quantity
        return units

    def _stock(self, code: str, units: Mapping[str, int]) -> int:
        """Return how much a location has of the SKUs that are wanted."""
        return sum(max(0, self.available(sku, code)) for sku in units)

    def takes(self, location: str, rest: Sequence[int]) -> list[int]:
        """Return how many units of each line a location gives, of those still wanted."""
        alone = self.alone(location)
        if not self._contended:
            return [n if n < wanted else wanted for n, wanted in zip(alone, rest, strict=True)]
        left = {sku: self.available(sku, location) for sku in self._needs}
        given: list[int] = []
        for parts, most, wanted in zip(self._parts, alone, rest, strict=True):
            units = max(0, min(most, wanted, *(left[sku] // each for sku, each in parts.items())))
            for sku, each in parts.items():
                left[sku] -= units * each
            given.append(units)
        return given

    def alone(self, location: str) -> list[int]:
        """Return how many units of each line a location has, were it the only line."""
        found = self._alone.get(location)
        if found is None:
            barred, available = self.ask.barred, self.available
            found = self._alone[location] = [
                0
                if barred and (position, location) in barred
                else max(0, min([available(sku, location) // each for sku, each in parts.items()]))
                for position, parts in zip(self._order, self._parts, strict=True)
            ]
        return found

    def _covering(self, codes: Sequence[str], rest: Sequence[int]) -> list[str]:
        """Return those locations that have all that is wanted."""
        available = self.available
        covering = list(codes)
        for sku, units in self._units(rest).items():
            covering = [code for code in covering if available(sku, code) >= units]
        if not self.ask.barred:
            return covering
        rest = list(rest)
        return [code for code in covering if self.takes(code, rest) == rest]

    def filled(self, rules: Sequence[Rule]) -> tuple[Parts, list[int]]:
        """Return who gives what by the rules, and what is still wanted then."""
        self.steps.clear()
        parts: Parts = {}
        codes, rest = self._candidates, self.wanted
        covering = self._covering(codes, rest)
        if not covering and any(self.lacking):
            return parts, self.lacking
        while any(rest) and len(parts) < self.policy.max_locations:
            chosen = self._next(rules, codes, rest, covering, len(parts))
            if chosen is None:
                break
            given = self.takes(chosen, rest)
            parts[chosen] = tuple(
                sorted((at, n) for at, n in zip(self._order, given, strict=True) if n)
            )
            rest = [wanted - n for wanted, n in zip(rest, given, strict=True)]
            if any(rest):
                codes = [code for code in codes if code != chosen]
                covering = self._covering(codes, rest)
        return parts, rest

    @cached_property
    def lacking(self) -> list[int]:
        """How many units of each line all candidates together lack."""
        rest = self.wanted
        for code in self._candidates:
            given = self.takes(code, rest)
            rest = [wanted - n for wanted, n in zip(rest, given, strict=True)]
        return rest

    def by_sku(self, quantities: Sequence[int]) -> dict[str, int]:
        """Return a quantity of each line as one of each SKU."""
        units = Counter[str]()
        for line, quantity in zip(self._lines, quantities, strict=True):
            units[line.sku] += quantity
        return dict(sorted((+units).items()))

    def _next(
        self,
        rules: Sequence[Rule],
        codes: Sequence[str],
        rest: list[int],
        covering: list[str],
        chosen: int,
    ) -> str | None:
        """Return the location that the rules choose next, if any has something of what is wanted."""
        if covering and self._enough(rules, codes, covering):
            left = covering
        else:
            left = [code for code in codes if any(self.takes(code, rest))]
        if not left:
            return None
        for rule in rules:
            best = self._best(rule, left, codes, covering, rest, self.policy.max_locations - chosen)
            if self._explaining:
                said = None if best is None else tuple(best)
                self.steps.append(Step(part=chosen + 1, rule=rule, left=said))
            if best is not None:
                left = best
                if len(left) == 1:
                    return left[0]
        if self._explaining:
            self.steps.append(Step(part=chosen + 1, rule="code", left=(left[0],)))
        return left[0]

    def _enough(self, rules: Sequence[Rule], codes: Sequence[str], covering: Sequence[str]) -> bool:
        """Tell whether nobody can win but those that have all, so that nobody else is looked at."""
        first = next((rule for rule in rules if rule != "preferred"), None)
        prefer = self.ask.prefer
        return (
            first == "fewest_splits"
            and (prefer is None or prefer not in codes or prefer in covering)
            and not self._explaining
        )

    def _best(
        self,
        rule: Rule,
        left: list[str],
        codes: Sequence[str],
        covering: Sequence[str],
        rest: list[int],
        most: int,
    ) -> list[str] | None:
        """Return those of `left` that a rule finds best; None where it has nothing to say."""
        match rule:
            case "preferred":
                return [self.ask.prefer] if self.ask.prefer in left else None
            case "fewest_splits":
                if left is covering:
                    return left
                whole = [code for code in covering if code in left]
                return whole or in_fewest(self, left, codes, rest, most)
            case "proximity":
                return self._nearest(left)
            case "highest_stock":
                units = self._units(rest)
                return _least(left, [-self._stock(code, units) for code in left])

    def _nearest(self, left: list[str]) -> list[str] | None:
        """Return the nearest locations: those as near to a tenth of a kilometer tie."""
        if self._origin is None:
            return [self.ask.destination] if self.ask.destination in left else None
        origin, directions = self._origin, self.places.directions
        chords = {code: dist(origin, directions[code]) for code in left if code in directions}
        if not chords:
            return None
        least = min(chords, key=chords.__getitem__)
        most = max(chords[least], chord(round(km_apart(origin, directions[least]), 1) + 0.05))
        return [code for code, length in chords.items() if length <= most]

    def explanation(self) -> Explanation:
        """Return what was considered of each location, and each rule's word."""
        kept_out: dict[str, Reason] = {}
        for reason, codes in self._stages():
            for code in set(self.places.codes).difference(codes):
                kept_out.setdefault(code, reason)
        return Explanation(
            lines=len(self.wanted),
            units=sum(self.wanted),
            candidates=tuple(
                self._considered(code, kept_out.get(code)) for code in self.places.codes
            ),
            steps=tuple(self.steps),
        )

    def _considered(self, code: str, excluded: Reason | None) -> Candidate:
        distance = self._distance(code)
        if excluded:
            return Candidate(location=code, excluded=excluded, distance_km=distance)
        given = self.takes(code, self.wanted)
        if not any(given):
            barred = all((position, code) in self.ask.barred for position in self._order)
            excluded = "barred" if barred else "nothing_there"
        return Candidate(
            location=code,
            excluded=excluded,
            lines=sum(n == wanted for n, wanted in zip(given, self.wanted, strict=True)),
            units=sum(given),
            distance_km=distance,
            remaining=self._stock(code, self._needs) - sum(self._needs.values()),
        )


def _least(codes: Sequence[str], figures: Sequence[float]) -> list[str]:
    least = min(figures)
    return [code for code, figure in zip(codes, figures, strict=True) if figure == least]
